#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Inlined functions, files and lines, of programs by gcc and clang whose debug information is in every
# place and form: in the file, compressed, split, packed, apart, shared by dwz, in a container only.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool gcc clang jq objcopy strip dwz dwp llvm-dwp
SOURCE=$WORK/inlined.c
cp "$TREE/tests/fixtures/inlined.c" "$SOURCE"

line_of() {
	grep -n "// LINE_$1\$" "$SOURCE" | cut -d: -f1
}

LINES=$(for name in INNERMOST MIDDLE OUTER MAIN; do line_of $name; done | tr '\n' ' ')
read -r innermost middle outer main <<<"$LINES"
FULL="innermost true $innermost,middle true $middle,outer false $outer,main false $main"
BARE="innermost true null,middle true null,outer false null,main false null"
OUTER="outer false $outer,main false $main"
PLAIN="outer false null,main false null"

# build NAME COMPILER FLAG...: the program NAME.
build() {
	local name=$1
	shift
	(cd "$WORK" && "$1" -O2 -fno-optimize-sibling-calls "${@:2}" -o "$name" inlined.c) ||
		fail "$* does not build"
}

# run_program COMMAND...: TARGET is its process.
run_program() {
	[ -z "${STARTED:-}" ] || finish "$STARTED"
	start program "$@"
	await_line "$WORK/program.out" READY
	TARGET=${CHILD:-$STARTED}
	await_state "$TARGET" S
}

# shows WANTED OPTION...: the frames of the program, as "function inline line", by JSON.
shows() {
	local wanted=$1 files
	shift
	expect_status "${STATUS_WANTED:-0}" "$NSPEEK" stack --json "$@" "$TARGET"
	jq '[.processes[0].threads[0].frames[] | select(.symbol // "" | test("^(innermost|middle|outer|main)$"))]' \
		"$WORK/run.out" >"$WORK/frames.json"
	assert_eq "$(jq -r 'map("\(.symbol) \(.inline) \(.line)") | join(",")' "$WORK/frames.json")" \
		"$wanted" "what is shown with '$*'"
	files=$(jq -r 'map(.file) | unique[]' "$WORK/frames.json")
	[[ $wanted == *null* ]] || assert_eq "$(sed 's,/\./,/,g' <<<"$files")" "$SOURCE" "the file"
}

# Each form: inlined functions by default, lines if asked for; both can be done without.
check_all() {
	shows "$BARE"
	shows "$FULL" --lines
	shows "$OUTER" -l --no-inlines
	shows "$PLAIN" --no-inlines
	assert_lacks "$OUT" '"file":"'
}

while read -r compiler flags; do
	# shellcheck disable=SC2086
	build lines_program "$compiler" $flags
	run_program "$WORK/lines_program"
	shows "$BARE"
	shows "$FULL" -l
done <<'END'
gcc -gdwarf-2
gcc -gdwarf-3
gcc -gdwarf-4 -fdebug-types-section
gcc -gdwarf-5
gcc -gdwarf64 -g
gcc -g -static
gcc -g -no-pie -Wl,--gc-sections -ffunction-sections
gcc -g -flto
gcc -g -gz=zlib
gcc -g -gz=zlib-gnu
gcc -g -gsplit-dwarf
gcc -gdwarf-4 -gsplit-dwarf
clang -gdwarf-4
clang -gdwarf-5
clang -g -gsplit-dwarf
clang -gdwarf-4 -gsplit-dwarf
clang -gline-tables-only
END
target_before "$TARGET"
check_all
target_after "$TARGET"

# As text, with the pc of the function that they are in, numbered as frames.
expect_status 0 "$NSPEEK" stack -l "$TARGET"
assert_matches "$OUT" "#1 +0x([0-9a-f]+) innermost at $SOURCE:$innermost in $WORK/lines_program \[inline\]
#2 +0x([0-9a-f]+) middle at $SOURCE:$middle in $WORK/lines_program \[inline\]
#3 +0x([0-9a-f]+) outer\+0x[0-9a-f]+ at $SOURCE:$outer in $WORK/lines_program
#4 +0x[0-9a-f]+ main\+0x[0-9a-f]+ at $SOURCE:$main in $WORK/lines_program"
assert_eq "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}" "${BASH_REMATCH[3]} ${BASH_REMATCH[3]}" "the pcs"

# Compressed by zstd; then it says to be in a way that is not known: what was not read is said; functions
# have their names.
build lines_program gcc -g
objcopy --compress-debug-sections=zstd "$WORK/lines_program" "$WORK/lines_zstd"
readelf -t "$WORK/lines_zstd" | grep -q ZSTD || fail "objcopy knows no zstd"
mv "$WORK/lines_zstd" "$WORK/lines_program"
run_program "$WORK/lines_program"
shows "$FULL" -l
expect_status 0 "$NSPEEK" stack -l "$TARGET"
assert_lacks "$OUT" "note: $WORK/lines_program"
build lines_program gcc -g
objcopy --compress-debug-sections=zstd "$WORK/lines_program" "$WORK/lines_unknown"
while read -r offset; do
	printf '\115' | dd of="$WORK/lines_unknown" bs=1 seek=$((16#$offset)) conv=notrunc status=none
done < <(readelf -SW "$WORK/lines_unknown" | sed 's/^ *\[ *[0-9]*\]//' | awk '$1 ~ /^\.debug_/ && $7 ~ /C/ {print $4}')
readelf -t "$WORK/lines_unknown" 2>&1 | grep -q ZSTD && fail "some are by zstd still"
mv "$WORK/lines_unknown" "$WORK/lines_program"
run_program "$WORK/lines_program"
shows "outer false null,main false null" -l
expect_status 0 "$NSPEEK" stack -l "$TARGET"
assert_contains "$OUT" "note: $WORK/lines_program: its debug information is compressed in an unknown way"
expect_status 0 "$NSPEEK" stack --no-inlines "$TARGET"
assert_lacks "$OUT" "note: $WORK/lines_program"

# Split units: none that is another's, or not there, and then a note; a package beside the program.
build lines_program gcc -g -gsplit-dwarf
rm -f "$WORK"/*.dwo
build lines_other gcc -g -O1 -DOTHER -gsplit-dwarf
build lines_program gcc -g -gsplit-dwarf
unit=$(echo "$WORK"/lines_program*.dwo)
[ -f "$unit" ] || fail "no .dwo: $(ls "$WORK")"
run_program "$WORK/lines_program"
shows "$FULL" -l
mv "$unit" "$WORK/kept"
for wrong in none other fifo secret; do
	case $wrong in
	other) cp "$WORK"/lines_other*.dwo "$unit" ;;
	fifo) mkfifo "$unit" ;;
	secret) install -m 600 "$WORK/kept" "$unit" ;;
	esac
	lost=0 note="not all of its debug information was found (.dwo or .dwp)"
	if [ "$wrong" = fifo ]; then
		lost=1 note="where debug information of it should be is something else"
	fi
	STATUS_WANTED=$lost shows "outer false $innermost,main false $main" -l
	expect_status "$lost" "$NSPEEK" stack "$TARGET"
	assert_contains "$OUT" "note: $WORK/lines_program: $note"
	rm -f "$unit"
done
# Each packer does only what its own compiler makes of version 5.
rm -f "$WORK"/*.dwo
build lines_program clang -gdwarf-5 -gsplit-dwarf
unit=$(echo "$WORK"/*.dwo)
timeout 20 llvm-dwp "$unit" -o "$WORK/lines_program.dwp" || fail "llvm-dwp"
rm "$unit"
run_program "$WORK/lines_program"
check_all
rm "$WORK/lines_program.dwp"
build lines_program gcc -gdwarf-4 -gsplit-dwarf
(cd "$WORK" && timeout 20 dwp -e lines_program -o lines_program.dwp) || fail "dwp of version 4"
rm "$WORK"/*.dwo
run_program "$WORK/lines_program"
check_all
rm "$WORK/lines_program.dwp"

# A file of its own, by link and by build id; its debug information can be in yet another.
build lines_program gcc -g
objcopy --only-keep-debug "$WORK/lines_program" "$WORK/lines_program.debug"
strip --strip-all "$WORK/lines_program"
objcopy --add-gnu-debuglink="$WORK/lines_program.debug" "$WORK/lines_program"
run_program "$WORK/lines_program"
check_all
mkdir "$WORK/.debug"
mv "$WORK/lines_program.debug" "$WORK/.debug/lines_program.debug"
cp "$WORK/.debug/lines_program.debug" "$WORK/whole.debug"
strip --strip-debug "$WORK/whole.debug" -o "$WORK/lines_program.debug" 2>/dev/null
shows "$PLAIN"
shows "$FULL" -l

# In a container with a root of its own, whose debug files the host does not have; what dwz has taken
# out of two of them is known by its build id.
build other gcc -g
make_root "$WORK/root"
for name in lines_program other; do
	build "$name" gcc -g -static -DNAME="$name" -Wl,--build-id=sha1
	objcopy --only-keep-debug "$WORK/$name" "$WORK/$name.dbg"
	id=$(readelf -n "$WORK/$name" | sed -nE 's/.*Build ID: ([0-9a-f]+).*/\1/p')
	mkdir -p "$WORK/root/usr/lib/debug/.build-id/${id:0:2}"
	strip --strip-all "$WORK/$name" -o "$WORK/root/bin/$name"
	declare "debug_of_$name=$WORK/root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
	cp "$WORK/$name.dbg" "$WORK/root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
done
# shellcheck disable=SC2154
run_program chroot "$WORK/root" /bin/lines_program
check_all
(cd "$WORK" && dwz -m common.debug -M /usr/lib/debug/.dwz/common.debug lines_program.dbg other.dbg) ||
	fail "dwz"
readelf -S "$WORK/lines_program.dbg" | grep -q gnu_debugaltlink || fail "dwz has shared nothing"
cp "$WORK/lines_program.dbg" "$debug_of_lines_program"
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_contains "$OUT" "not all of its debug information was found (of dwz)"
mkdir "$WORK/root/usr/lib/debug/.dwz"
cp "$WORK/whole.debug" "$WORK/root/usr/lib/debug/.dwz/common.debug"
expect_status 0 "$NSPEEK" stack "$TARGET"
assert_contains "$OUT" "not all of its debug information was found (of dwz)"
cp "$WORK/common.debug" "$WORK/root/usr/lib/debug/.dwz/common.debug"
check_all
rm "$WORK/root/usr/lib/debug/.dwz/common.debug"
id=$(readelf -n "$WORK/common.debug" | sed -nE 's/.*Build ID: ([0-9a-f]+).*/\1/p')
mkdir -p "$WORK/root/usr/lib/debug/.build-id/${id:0:2}"
cp "$WORK/common.debug" "$WORK/root/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
check_all

# Kept, it has no debug information; where the host has it, a loaded one has it again.
expect_status 0 "$NSPEEK" stack -l --save "$WORK/kept.snapshot" "$TARGET"
assert_contains "$OUT" "innermost at "
expect_status 0 "$NSPEEK" stack -l --load "$WORK/kept.snapshot"
assert_contains "$OUT" "outer+0x"
assert_lacks "$OUT" "innermost at "
id=$(readelf -n "$WORK/lines_program" | sed -nE 's/.*Build ID: ([0-9a-f]+).*/\1/p')
# shellcheck disable=SC2016
expect_status 0 unshare --mount sh -ec 'mkdir -p /usr/lib/debug; mount --bind "$1" /usr/lib/debug; shift; exec "$@"' sh \
	"$WORK/root/usr/lib/debug" "$NSPEEK" stack -l --load "$WORK/kept.snapshot"
assert_contains "$OUT" "innermost at "
assert_contains "$OUT" ":$middle in "
passed
