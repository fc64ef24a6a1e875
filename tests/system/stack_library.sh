#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A library that is not the host's file of the same path: names come from the file that is mapped.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool jq
LIB=libnspeekversion.so.1

# symbols_of PID: of its first thread, one line each, from JSON.
symbols_of() {
	expect_status 0 "$NSPEEK" stack --json "$1"
	jq -r '.processes[0].threads[0].frames[] | .symbol // "?"' "$WORK/run.out"
}

# names_are VERSION: the stack of TARGET names this version's functions, and no other's.
names_are() {
	local other=host symbols
	[ "$1" != host ] || other=container
	target_before "$TARGET"
	symbols=$(symbols_of "$TARGET")
	assert_contains "$symbols" "inner_of_$1"
	assert_contains "$symbols" "outer_of_$1"
	assert_contains "$symbols" version_run
	assert_contains "$symbols" main
	assert_lacks "$symbols" "of_$other"
	assert_matches "$(jq -r '[.processes[0].threads[0].frames[] | select(.symbol == "version_run")
		| .module] | unique[]' "$WORK/run.out")" "$WORK/lib/$LIB${2:-}\$"
	expect_status 0 "$NSPEEK" stack "$TARGET"
	assert_contains "$OUT" "inner_of_$1"
	assert_lacks "$OUT" "of_$other"
	target_after "$TARGET"
}

start_program() {
	start "$1" env LD_LIBRARY_PATH="$WORK/lib" "${@:2}"
	await_line "$WORK/$1.out" '^READY'
}

mkdir "$WORK/lib"
cp "$FIXTURES/version/host/$LIB" "$WORK/lib/$LIB"
start_program plain "$FIXTURES/version_main"
TARGET=$STARTED
await_state "$TARGET" S
names_are host

# In a container that has another version mounted over the host's path.
# shellcheck disable=SC2016
start_program mounted unshare --mount sh -c 'mount --bind "$1" "$2" && exec "$3"' sh \
	"$FIXTURES/version/container/$LIB" "$WORK/lib/$LIB" "$FIXTURES/version_main"
TARGET=$STARTED
await_state "$TARGET" S
names_are container

# In a container with a root of its own, where the path is the same as on the host.
make_root "$WORK/root"
cp "$FIXTURES/version_main" "$WORK/root/bin/version_main"
# The loader and the libraries that the program needs, at the host's paths.
ldd "$FIXTURES/version_main" | grep -o '/[^ ]*' | grep -v "$LIB" | while read -r file; do
	mkdir -p "$WORK/root/$(dirname "$file")"
	cp -L "$file" "$WORK/root/$file"
done
mkdir -p "$WORK/root/$WORK/lib"
cp "$FIXTURES/version/container/$LIB" "$WORK/root/$WORK/lib/$LIB"
start rooted unshare --mount --pid --fork --kill-child \
	env LD_LIBRARY_PATH="$WORK/lib" chroot "$WORK/root" /bin/version_main
await_line "$WORK/rooted.out" '^READY'
await_child "$STARTED"
TARGET=$CHILD
await_state "$TARGET" S
names_are container

# The file is replaced after the start, as an upgrade does: the mapped one counts.
cp "$FIXTURES/version/host/$LIB" "$WORK/lib/$LIB"
start_program replaced "$FIXTURES/version_main"
TARGET=$STARTED
await_state "$TARGET" S
cp "$FIXTURES/version/container/$LIB" "$WORK/lib/new"
mv "$WORK/lib/new" "$WORK/lib/$LIB"
names_are host " .deleted."

# And deleted.
rm "$WORK/lib/$LIB"
names_are host " .deleted."

# The same when the map_files of the target cannot be had (an ordinary user has no right to them):
# the file at the path inside the target's root, if it is the one that is mapped.
make_user
cp "$FIXTURES/version/container/$LIB" "$WORK/lib/$LIB"
cp "$FIXTURES/version_main" "$WORK/version_main" # the user may not come where the tests were built
start_program users "${AS_USER[@]}" LD_LIBRARY_PATH="$WORK/lib" "$WORK/version_main"
TARGET=$STARTED
await_state "$TARGET" S
target_before "$TARGET"
expect_status 0 "${AS_USER[@]}" "$NSPEEK" stack --json "$TARGET"
symbols=$(jq -r '.processes[0].threads[0].frames[] | .symbol // "?"' "$WORK/run.out")
assert_contains "$symbols" inner_of_container
# Replaced: it is not, and no name is better than a wrong one.
cp "$FIXTURES/version/host/$LIB" "$WORK/lib/new"
mv "$WORK/lib/new" "$WORK/lib/$LIB"
run "${AS_USER[@]}" "$NSPEEK" stack --json "$TARGET"
assert_lacks "$OUT" of_host
target_after "$TARGET"
passed
