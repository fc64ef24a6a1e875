#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The files of `--save` and `--load`: what is no sound one is refused with one line, and what cannot
# be written whole leaves nothing.
. "$(dirname "$0")/../support/lib.sh"

need_root
mkdir "$WORK/out"
start target "$FIXTURES/pause_meter" 15 26 idle
await_line "$WORK/target.out" '^READY'
TARGET=$STARTED
GOOD=$WORK/good.snapshot
expect_status 0 "$NSPEEK" stack --save "$GOOD" "$TARGET"
SIZE=$(stat -c %s "$GOOD")
RUN_SECONDS=10

# refused FILE PART...: by --load, with nothing on stdout, and without hanging.
refused() {
	local file=$1
	shift
	expect_status 2 "$NSPEEK" stack --load "$file"
	assert_one_error "$@"
	expect_status 2 "$NSPEEK" stack --json --load "$file"
	assert_one_error "$@"
}

# refused_bytes PART...: stdin is the file.
refused_bytes() {
	cat >"$WORK/bad.snapshot"
	refused "$WORK/bad.snapshot" "loading failed on $WORK/bad.snapshot: " "$@"
}

mkfifo "$WORK/fifo"
for file in "$WORK/fifo" "$WORK/out" /dev/zero /dev/null /dev/tty0 "$WORK/nothing" "$WORK/good.snapshot/x"; do
	refused "$file" "open failed on $file: "
done
refused_bytes "not written by nspeek" </dev/null
refused_bytes "not written by nspeek" < <(head -c 7 "$GOOD")
refused_bytes "not written by nspeek" <"$NSPEEK"
refused_bytes "version 9" < <(head -c 8 "$GOOD" && printf '\011\0\0\0' && tail -c +13 "$GOOD")
refused_bytes "another machine" < <(head -c 12 "$GOOD" && printf '\002\0\0\0' && tail -c +17 "$GOOD")
refused_bytes "something follows" < <(cat "$GOOD" "$GOOD")
for len in 16 20 30 100 1000 100000 $((SIZE - 4)) $((SIZE - 1)); do
	refused_bytes "it is cut off" < <(head -c "$len" "$GOOD")
done
# A file that goes on for ever, but is not there: nothing is made of its length.
cp "$GOOD" "$WORK/bad.snapshot"
truncate -s 4E "$WORK/bad.snapshot" 2>/dev/null || truncate -s 8T "$WORK/bad.snapshot"
refused "$WORK/bad.snapshot" "something follows"
head -c 30 "$GOOD" >"$WORK/bad.snapshot"
truncate -s 8T "$WORK/bad.snapshot"
refused "$WORK/bad.snapshot" "loading failed"

# Somebody else's that may not be read.
make_user
chmod 600 "$GOOD"
chmod 755 "$WORK"
expect_status 2 "${AS_USER[@]}" "$NSPEEK" stack --load "$GOOD"
assert_one_error "open failed on $GOOD: Permission denied"

# not_saved FILE STATUS PART...: no file comes to be; the report is printed if anything was taken.
not_saved() {
	local before file=$1 status=$2
	shift 2
	before=$(ls -lA "$WORK/out" "$file" 2>&1)
	expect_status "$status" "$NSPEEK" stack --save "$file" "$TARGET"
	for part in "$@"; do
		assert_contains "$ERR" "$part"
	done
	assert_eq "$(printf '%s\n' "$ERR" | wc -l)" 1 "lines on stderr"
	assert_eq "$(ls -lA "$WORK/out" "$file" 2>&1)" "$before" "what is there"
}

for file in "$WORK/out" "$WORK/out/" "$WORK/fifo" /dev/null /dev/full "" "$WORK/nothing/x" "$GOOD/x"; do
	not_saved "$file" 2 "nspeek: " failed
	assert_eq "$OUT" "" stdout
done

# A disk that is full, before and in the middle; the old file stays.
mkdir "$WORK/disk"
mount -t tmpfs -o size=64k none "$WORK/disk" || skip "mounting a tmpfs"
defer umount "$WORK/disk"
printf old >"$WORK/disk/file"
for file in "$WORK/disk/file" "$WORK/disk/new"; do
	not_saved "$file" 2 "nspeek: write failed on $file: No space left on device"
	assert_contains "$OUT" "process $TARGET"
done
assert_eq "$(cd "$WORK/disk" && echo *)" file "what is on the disk"
assert_eq "$(cat "$WORK/disk/file")" old "the old file"
[ -z "$(find "$WORK/disk" -name '.nspeek*')" ] || fail "something is left on the disk"

# A file may not become so large.
# shellcheck disable=SC2016
run bash -c 'ulimit -f 8; exec "$@"' bash "$NSPEEK" stack --save "$WORK/out/file" "$TARGET"
assert_eq "$STATUS" 2 status
assert_contains "$ERR" "write failed on $WORK/out/file: File too large"
assert_eq "$(ls -A "$WORK/out")" "" "what is left"

# A file system that does not answer when the file is read holds nothing for ever; and a process of
# which nothing could be had in time is kept as such.
if command -v strace >/dev/null; then
	expect_status 2 env ASAN_OPTIONS=detect_leaks=0 strace -f -o "$WORK/trace" -P "$FIXTURES/pause_meter" -e trace=pread64 \
		-e inject=pread64:delay_enter=4s "$NSPEEK" stack --timeout 1 --save "$WORK/out/file" "$TARGET"
	assert_contains "$ERR" "write failed on $WORK/out/file: reading the process's files did not end in time"
	assert_contains "$OUT" "process $TARGET"
	assert_eq "$(ls -A "$WORK/out")" "" "what is left"
	expect_status 2 env ASAN_OPTIONS=detect_leaks=0 strace -f -o "$WORK/trace" -e trace=process_vm_readv \
		-e inject=process_vm_readv:delay_enter=4s "$NSPEEK" stack --timeout 1 --json --save "$WORK/late" "$TARGET"
	assert_contains "$OUT" '"window_us":0}'
	sed 's/"loaded":null//; s/"time":"[^"]*"/"time":null/; s/"worker":{[^}]*}//' "$WORK/run.out" >"$WORK/late.json"
	expect_status 2 "$NSPEEK" stack --json --load "$WORK/late"
	assert_eq "$(sed 's/"loaded":{[^}]*}//; s/"worker":{[^}]*}//' "$WORK/run.out")" "$(cat "$WORK/late.json")" "what was kept"
	assert_matches "$ERR" "^nspeek: .*process $TARGET "
fi

# A directory that may not be written to, for an ordinary user's own process.
cp "$FIXTURES/pause_meter" "$WORK/pause_meter"
start users "${AS_USER[@]}" "$WORK/pause_meter" 3 5 idle
await_line "$WORK/users.out" '^READY'
expect_status 2 "${AS_USER[@]}" "$NSPEEK" stack --save "$WORK/out/file" "$STARTED"
assert_one_error "creating failed on $WORK/out/file: Permission denied"
install -d -o "$TEST_UID" "$WORK/users"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" stack --save "$WORK/users/file" "$STARTED"
assert_eq "$(stat -c '%u %a' "$WORK/users/file")" "$TEST_UID 600" "the file"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" stack --load "$WORK/users/file"

# SIGKILL at any moment: there is the old file or the new one, whole, and nothing beside.
target_before "$TARGET"
exec {never}<> <(:)
cp "$GOOD" "$WORK/out/file"
old=$(stat -c %i "$WORK/out/file") replaced=0 killed=0
for ((i = 0; i < 60; i++)); do
	"$NSPEEK" stack --save "$WORK/out/file" "$TARGET" >/dev/null 2>&1 &
	victim=$!
	read -r -t "0.$(printf '%05d' $((i * 20)))" -u "$never"
	kill -KILL "$victim" 2>/dev/null
	wait "$victim" 2>/dev/null
	[ $? != 137 ] || killed=$((killed + 1))
	[ "$(stat -c %i "$WORK/out/file")" = "$old" ] || replaced=$((replaced + 1))
	old=$(stat -c %i "$WORK/out/file")
	expect_status 0 "$NSPEEK" stack --load "$WORK/out/file"
	# Between the names that it has there is a moment in which it has both.
	rm -f "$WORK/out"/.nspeek-*
	assert_eq "$(ls -A "$WORK/out")" file "what is there after kill $i"
	rm -f "$WORK/out/file"
	"$NSPEEK" stack --save "$WORK/out/file" "$TARGET" >/dev/null 2>&1 &
	victim=$!
	read -r -t "0.$(printf '%05d' $((i * 20)))" -u "$never"
	kill -KILL "$victim" 2>/dev/null
	wait "$victim" 2>/dev/null
	# Where there was none, not even that.
	[ "$(ls -A "$WORK/out")" = "" ] || assert_eq "$(ls -A "$WORK/out")" file "what is there after kill $i"
	cp "$GOOD" "$WORK/out/file"
	old=$(stat -c %i "$WORK/out/file")
done
say "60 kills: $killed in time, $replaced after the file was replaced"
((killed > 10)) || fail "only $killed kills came in time"
target_after "$TARGET"
passed
