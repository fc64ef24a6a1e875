#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What stands in place of a file that debug information refers to (.gnu_debugaltlink of dwz, .dwp, .dwo): a FIFO, a
# device, a directory, a socket, a link that leads to itself, out of the root or nowhere; one that is no ELF file, is cut
# off, is endless or is damaged. Nothing is waited for, nothing of the host's is opened, one line says what was lost, the
# exit status is 1, and functions have their names.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool gcc jq strace dwz dwp chroot python3 readelf
SECRET=$WORK/secret.dwo
echo "of the host" >"$SECRET"
cp "$TREE/tests/fixtures/inlined.c" "$WORK/inlined.c"
ROOT=$WORK/root
make_root "$ROOT"
mkdir -p "$ROOT/src" "$ROOT/usr/lib/debug/bin" "$ROOT/usr/lib/debug/.dwz"

# build NAME FLAG...: the program NAME, as if it had been compiled in /src.
build() {
	local name=$1
	shift
	(cd "$WORK" && gcc -O2 -static -fno-optimize-sibling-calls "-ffile-prefix-map=$WORK=/src" "$@" -o "$name" inlined.c) ||
		fail "gcc $* does not build"
}

# run_app PROGRAM: TARGET is its process, in the root.
run_app() {
	cp "$1" "$ROOT/bin/app"
	start app chroot "$ROOT" /bin/app
	await_line "$WORK/app.out" READY
	TARGET=$STARTED
	await_state "$TARGET" S
	target_before "$TARGET"
}

end_app() {
	target_after "$TARGET"
	finish "$TARGET"
}

# shows STATUS NOTE FRAMES: what is shown of the program's functions, "NAME INLINE" each, and what is noted.
shows() {
	expect_status "$1" timeout 20 "$NSPEEK" stack -l --json "$TARGET"
	assert_eq "$(jq -r '[.processes[0].left_out[].reason] | join(", ")' "$WORK/run.out")" "$2" "what is said"
	assert_eq "$(jq -r '[.processes[0].threads[0].frames[] | select(.symbol // "" | test("^(innermost|middle|outer|main)$")) |
		"\(.symbol) \(.inline)"] | join(",")' "$WORK/run.out")" "$3" "the functions"
	assert_eq "$(jq -r '.processes[0].threads[0].status' "$WORK/run.out")" complete "the stack"
}

WHOLE="innermost true,middle true,outer false,main false"
BARE="outer false,main false"
OTHER="where debug information of it should be is something else"
BROKEN="its debug information is broken"

# opens_nothing: no file of the host's is opened for it, nor anything but what it may look at.
opens_nothing() {
	run env ASAN_OPTIONS=detect_leaks=0 timeout 20 strace -f -y -o "$WORK/trace" -e trace=open,openat,openat2,execve,execveat \
		"$NSPEEK" stack -l "$TARGET"
	assert_eq "$STATUS" 1 "status under strace"
	assert_eq "$(grep -c '^note: ' "$WORK/run.out")" 1 "lines that say so"
	! grep -F secret "$WORK/trace" | grep -vE 'ENOENT|EXDEV' || fail "opened"
	assert_lacks "$(grep -E 'O_WRONLY|O_CREAT|O_TRUNC' "$WORK/trace" || true)" open
	assert_contains "$(cat "$WORK/trace")" "${PLACE##*/}"
}

# put HOW: something else is at PLACE.
put() {
	rm -rf "$PLACE"
	case $1 in
	fifo) mkfifo -m 644 "$PLACE" ;;
	device) mknod -m 644 "$PLACE" c 1 5 ;;
	directory) mkdir "$PLACE" ;;
	socket) python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$PLACE" ;;
	loop) ln -s "${PLACE##*/}" "$PLACE" ;;
	up) ln -s "../../../../../../..$SECRET" "$PLACE" ;;
	out) ln -s "$SECRET" "$PLACE" ;;
	magic) ln -s /proc/self/exe "$PLACE" ;;
	text) printf 'no debug information\n' >"$PLACE" ;;
	empty) : >"$PLACE" ;;
	cut) head -c 700 "$RIGHT" >"$PLACE" ;;
	endless) truncate -s 4T "$PLACE" ;;
	esac
	case $1 in
	text | empty | cut | endless) chmod 644 "$PLACE" ;;
	esac
}

# damage: a copy of RIGHT at PLACE whose units are as they were up to the first entry, and then anything.
damage() {
	local offset size
	read -r offset size < <(readelf -SW "$RIGHT" | sed 's/\[ *//' | awk '$2 ~ /^\.debug_info(\.dwo)?$/ { print $5, $6 }')
	cp "$RIGHT" "$PLACE"
	python3 - "$PLACE" "$((16#$offset))" "$((16#$size))" <<'END'
import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]) + 40)
    file.write(b"\xff" * (int(sys.argv[3]) - 40))
END
}

# check_places PLACE...: RIGHT is what the program's debug information refers to, and is looked for there.
check_places() {
	local how
	for PLACE; do
		for how in fifo device directory socket loop up out magic text empty cut endless; do
			put "$how"
			shows 1 "$OTHER" "$WITHOUT"
			case $how in
			fifo | up | endless) opens_nothing ;;
			esac
		done
		rm -rf "$PLACE"
		damage
		expect_status 1 timeout 20 "$NSPEEK" stack -l "$TARGET"
		assert_contains "$OUT" "/bin/app: $BROKEN"
		assert_contains "$OUT" "outer+0x"
		rm -f "$PLACE"
		install -m 644 "$RIGHT" "$PLACE"
		truncate -s 4T "$PLACE" # behind what is right there is no end
		shows 0 "" "$WHOLE"
		rm -f "$PLACE"
	done
}

# Without what dwz has taken out, an inlined function has no name; without its split unit there is none.
build app -g -DNAME=app
build other -g -DNAME=other
(cd "$WORK" && dwz -m common.debug -M /usr/lib/debug/.dwz/common.debug app other) || fail "dwz"
RIGHT=$WORK/common.debug
run_app "$WORK/app"
WITHOUT=$BARE
id=$(readelf -n "$RIGHT" | sed -nE 's/.*Build ID: ([0-9a-f]+).*/\1/p')
mkdir -p "$ROOT/usr/lib/debug/.build-id/${id:0:2}"
check_places "$ROOT/usr/lib/debug/.dwz/common.debug" "$ROOT/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
end_app

build app -gdwarf-4 -gsplit-dwarf
unit=$(cd "$WORK" && echo ./app*.dwo)
RIGHT=$WORK/${unit#./}
[ -f "$RIGHT" ] || fail "no .dwo: $(ls "$WORK")"
run_app "$WORK/app"
check_places "$ROOT/src/${unit#./}"
# What is in place of the package costs nothing when the unit is found.
install -m 644 "$RIGHT" "$ROOT/src/${unit#./}"
PLACE=$ROOT/bin/app.dwp
put fifo
shows 0 "" "$WHOLE"
rm "$PLACE" "$ROOT/src/${unit#./}"
(cd "$WORK" && timeout 20 dwp -e app -o app.dwp) || fail "dwp"
RIGHT=$WORK/app.dwp
check_places "$ROOT/bin/app.dwp" "$ROOT/usr/lib/debug/bin/app.dwp"
end_app
passed
