#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `--save` and `--load`: what was kept is unwound where neither the process nor its files are, by
# nobody special, as it was when it was captured.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq objcopy strip ldd
make_user

# A root with nspeek in it, what that needs, and nothing of any target: no /proc, no /dev.
BARE=$WORK/bare
mkdir "$BARE"
cp "$NSPEEK" "$BARE/nspeek"
ldd "$NSPEEK" 2>/dev/null | grep -o '/[^ ]*' | while read -r file; do
	mkdir -p "$BARE/$(dirname "$file")"
	cp -L "$file" "$BARE/$file"
done
IN_BARE=(chroot "--userspec=$TEST_UID:$TEST_GID" "$BARE")
# A sanitizer cannot be without /proc.
# shellcheck disable=SC2016
[ ! -e "$BARE/lib64" ] || IN_BARE=(unshare -m bash -c
	'mkdir -p "$0/proc" && mount -t proc proc "$0/proc" && exec chroot --userspec="$1" "$0" "${@:2}"' "$BARE"
	"$TEST_UID:$TEST_GID")

# expect_bare STATUS OPTION...: `nspeek stack OPTION...` there.
expect_bare() {
	local status=$1
	shift
	expect_status "$status" "${IN_BARE[@]}" /nspeek stack "$@"
}

# save NAME STATUS OPTION...: keeps NAME.snapshot, and what was printed, as text; debug information is not kept.
save() {
	local name=$1 status=$2
	shift 2
	expect_status "$status" "$NSPEEK" stack --no-inlines --save "$WORK/$name.snapshot" "$@"
	cp "$WORK/run.out" "$WORK/$name.text"
	assert_eq "$(stat -c '%a %F' "$WORK/$name.snapshot")" "600 regular file" "the file"
	cp "$WORK/$name.snapshot" "$BARE/$name.snapshot"
	chmod 644 "$BARE/$name.snapshot"
}

# loads_as_saved NAME STATUS OPTION...: printed there it is the same, but for where it is from.
loads_as_saved() {
	local name=$1 status=$2
	shift 2
	expect_bare "$status" --load "$name.snapshot" "$@"
	assert_eq "$(grep -c "^loaded from $name.snapshot, saved 20.* UTC on $(uname -n)\$" "$WORK/run.out")" \
		"$(grep -c '^process ' "$WORK/run.out")" "lines that say where it is from"
	grep -v '^loaded from ' "$WORK/run.out" >"$WORK/loaded.text"
	cmp -s "$WORK/$name.text" "$WORK/loaded.text" ||
		fail "$name is not what it was:"$'\n'"$(diff "$WORK/$name.text" "$WORK/loaded.text" | head -40)"
}

# A container of one static program, some threads of which are alike.
start_demo
target_before "$TARGET"
save demo 0 "$TARGET"
assert_eq "$ERR" "" stderr
assert_contains "$OUT" wait_for_work
target_after "$TARGET"
DEMO=$TARGET

# A program whose library is its own, and deleted; and one of threads in many situations, libraries
# and handlers; one without names; one without call frame information; one without a library.
mkdir "$WORK/lib"
LIB=libnspeekversion.so.1
cp "$FIXTURES/version/container/$LIB" "$WORK/lib/$LIB"
cp "$FIXTURES/version_main" "$WORK/version_main"
start version env LD_LIBRARY_PATH="$WORK/lib" "$WORK/version_main"
await_line "$WORK/version.out" '^READY'
await_state "$STARTED" S
rm "$WORK/lib/$LIB"
VERSION=$STARTED
save version 0 "$VERSION"
assert_contains "$OUT" inner_of_container
rm "$WORK/version_main"
saved=(demo version)
for program in chain/gcc-O0-dynamic chain/gcc-O2-unframed chain/gcc-O2-stripped overflow tiny \
	chain/clang-O2-dynamic; do
	[ -x "$FIXTURES/$program" ] || continue
	name=${program//\//-}
	cp "$FIXTURES/$program" "$WORK/$name"
	case $program in
	chain/*) start "$name" "$WORK/$name" threads ;;
	overflow) start "$name" "$WORK/$name" thread ;;
	*) start "$name" "$WORK/$name" ;;
	esac
	[ "$program" = tiny ] || await_line "$WORK/$name.out" '^READY'
	retry 5 has_state "$STARTED" S || fail "$name does not come to rest"
	run "$NSPEEK" stack "$STARTED"
	save "$name" "$STATUS" "$STARTED"
	[ "$program" != tiny ] || assert_contains "$OUT" "_start+0x8 in $WORK/tiny"
	finish "$STARTED"
	rm "$WORK/$name"
	saved+=("$name:$STATUS")
done
finish "$DEMO"
finish "$VERSION"
for name in "${saved[@]}"; do
	status=${name#*:}
	[ "$status" != "$name" ] || status=0
	loads_as_saved "${name%:*}" "$status"
done

# As JSON, with the options of output; those of capturing make no sense.
expect_bare 0 --json --load demo.snapshot
assert_eq "$(jq -c '.processes[0].loaded | .file, .host' "$WORK/run.out")" \
	"\"demo.snapshot\""$'\n'"\"$(uname -n)\"" "where it is from"
assert_eq "$(jq -c '[.processes[0].pid, .processes[0].ns_pid, (.processes[0].threads | length)]' \
	"$WORK/run.out")" "[$DEMO,1,5]" "the process"
expect_bare 1 --max-frames 2 --load demo.snapshot
assert_contains "$OUT" "cut after 2 frames"
expect_bare 0 --no-unique --load demo.snapshot
assert_eq "$(grep -c ' in handle_requests\|handle_requests+' "$WORK/run.out")" 4 "handle_requests"
for words in 1 "--save x" --pause=all "-t 1"; do
	# shellcheck disable=SC2086
	expect_bare 64 --load demo.snapshot $words
	assert_one_error --load
done

# What it may say of a thread that has no stack, it says again.
start zombie "$FIXTURES/container" zombie-leader
await_line "$WORK/zombie.out" '^READY'
await_state "$STARTED" Z
save zombie 0 "$STARTED"
finish "$STARTED"
loads_as_saved zombie 0

# Several targets are in one file, a missing one is not; the last is what a second pass saw.
start one "$FIXTURES/container" threads 1
await_line "$WORK/one.out" '^READY'
ONE=$STARTED
start two "$FIXTURES/container" threads 2
await_line "$WORK/two.out" '^READY'
TWO=$STARTED
dead_pid
save both 1 "$ONE" "$DEAD_PID" "$TWO"
loads_as_saved both 0
expect_bare 0 --json --load both.snapshot
assert_eq "$(jq -c '[.processes[].pid]' "$WORK/run.out")" "[$ONE,$TWO]" "processes"

# An existing file is replaced; when there is nothing to keep, it stays.
before=$(stat -c %i "$WORK/both.snapshot")
save both 0 "$ONE"
assert_ne "$(stat -c %i "$WORK/both.snapshot")" "$before" "the file"
before=$(sha256sum <"$WORK/both.snapshot")
expect_status 2 "$NSPEEK" stack --save "$WORK/both.snapshot" "$DEAD_PID"
assert_contains "$ERR" "was not written"
assert_eq "$(sha256sum <"$WORK/both.snapshot")" "$before" "the file"
ln -s both.snapshot "$WORK/link.snapshot"
expect_status 0 "$NSPEEK" stack --load "$WORK/link.snapshot"
expect_status 0 "$NSPEEK" stack --load /dev/stdin <"$WORK/both.snapshot"

# Names from a debug file of the container's are kept too.
make_root "$WORK/debug"
id=$(readelf -n "$FIXTURES/container" | awk '/Build ID/ { print $3 }')
mkdir -p "$WORK/debug/usr/lib/debug/.build-id/${id:0:2}"
objcopy --only-keep-debug "$FIXTURES/container" "$WORK/debug/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug"
strip --strip-all "$WORK/debug/bin/app"
start debug chroot "$WORK/debug" /bin/app threads 2
await_line "$WORK/debug.out" '^READY'
save debug 0 "$STARTED"
assert_contains "$OUT" wait_for_work
finish "$STARTED"
rm -r "$WORK/debug"
loads_as_saved debug 0

# So is one that is known by its sum alone; and the second engine needs no more than the first.
make_root "$WORK/link"
objcopy --remove-section=.note.gnu.build-id "$FIXTURES/container" "$WORK/link/bin/app"
objcopy --only-keep-debug "$WORK/link/bin/app" "$WORK/link/bin/app.debug"
strip --strip-all "$WORK/link/bin/app"
(cd "$WORK/link/bin" && objcopy --add-gnu-debuglink=app.debug app)
start link chroot "$WORK/link" /bin/app threads 2
await_line "$WORK/link.out" '^READY'
save link 0 --verify "$STARTED"
assert_contains "$OUT" wait_for_work
finish "$STARTED"
rm -r "$WORK/link"
loads_as_saved link 0 --verify

# A file that is too large is kept by its path and build id, and taken only if it is that one.
mkdir "$WORK/big"
cp "$FIXTURES/container" "$WORK/big/app"
truncate -s 5G "$WORK/big/app"
start big "$WORK/big/app" threads 1
await_line "$WORK/big.out" '^READY'
save big 0 "$STARTED"
assert_contains "$ERR" "1 files of process $STARTED are kept by path and build id only"
finish "$STARTED"
expect_status 0 "$NSPEEK" stack --load "$WORK/big.snapshot"
assert_contains "$OUT" wait_for_work
assert_contains "$OUT" "note: $WORK/big/app: not kept; found on this host by path and build id"
cp "$FIXTURES/overflow" "$WORK/big/app"
expect_status 1 "$NSPEEK" stack --load "$WORK/big.snapshot"
assert_lacks "$OUT" wait_for_work
assert_contains "$OUT" "note: $WORK/big/app: its file was not kept, and is not at its path on this host"
rm "$WORK/big/app"
mkfifo "$WORK/big/app"
expect_status 1 "$NSPEEK" stack --load "$WORK/big.snapshot"
assert_contains "$OUT" "is not at its path on this host"

# With too few fds what cannot be opened is said.
expect_status 1 prlimit --nofile=69:69 "$NSPEEK" stack --load "$WORK/version.snapshot"
assert_contains "$OUT" "more files are kept than may be opened"
target_before "$ONE"
target_after "$ONE"
passed
