#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Starting the command: what execve(2) can say against it, each in one line; where and as what it
# begins when the target gives nothing for that; every exit status, again and again.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox mkfifo script taskset
ROOT=$WORK/root
make_root "$ROOT"
add_busybox "$ROOT"
mkdir "$ROOT"/{gone,noexec}

# start_here DIR [VARIABLE...]: a container that works in DIR, with a PATH and these variables.
start_here() {
	local dir=$1
	shift
	# shellcheck disable=SC2016
	start_unshare --mount --pid --uts --fork -- env -i PATH=/bin "$@" "$(command -v chroot)" "$ROOT" \
		/bin/busybox sh -c 'busybox mount -t proc proc /proc &&
			busybox mount -t tmpfs -o noexec tmpfs /noexec && busybox cp /bin/app /noexec/app &&
			cd "$1" && exec app init' sh "$dir"
}

# The directory in which the target works was removed: / is used, and that is said.
start_here /gone
rmdir "$ROOT/gone"
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- app pwd
assert_eq "$OUT" / "the working directory"
assert_matches "$ERR" '^nspeek: warning: [^'$'\n'']*working directory[^'$'\n'']*deleted[^'$'\n'']*$'
target_after "$TARGET"
finish "$STARTED"

# Words and environment that are too long together, though neither is.
long=$(printf '%0100000d' 0)
mapfile -t many < <(for i in {0..11}; do printf 'LONG%d=%s\n' "$i" "$long"; done)
start_here / "${many[@]}"
target_before "$TARGET"
expect_status 0 "$NSPEEK" "$TARGET" -- app exit 0
# shellcheck disable=SC2046
expect_status 126 "$NSPEEK" "$TARGET" -- app echo $(for i in {0..11}; do printf '%s ' "$long"; done)
assert_one_error /bin/app "Argument list too long"
target_after "$TARGET"
finish "$STARTED"

start_here /
target_before "$TARGET"

# No passwd file: HOME is /. With one: what stands there.
expect_status 0 "$NSPEEK" "$TARGET" -- app printenv HOME
assert_eq "$OUT" / "HOME"
printf 'other:x:7:7::/other:/bin/sh\nroot:x:0:0::/of-root:/bin/sh\n' >"$ROOT/etc/passwd"
expect_status 0 "$NSPEEK" "$TARGET" -- app printenv HOME
assert_eq "$OUT" /of-root "HOME"

# Its process group is one that it can see; on a terminal, it is the one in the foreground.
read_groups() {
	read -r _ _ GROUP _ _ FOREGROUND _ < <(sed 's/.*) //' "$1" | tr -d '\r')
}
expect_status 0 "$NSPEEK" "$TARGET" -- app cat /proc/self/stat
read_groups "$WORK/run.out"
((GROUP > 0)) || fail "the command's process group is $GROUP"
script -qefc "'$NSPEEK' $TARGET -- app cat /proc/self/stat" "$WORK/screen" </dev/null >/dev/null 2>&1
grep '(app)' "$WORK/screen" >"$WORK/stat"
read_groups "$WORK/stat"
((GROUP > 0 && GROUP == FOREGROUND)) ||
	fail "the command's process group is $GROUP, and $FOREGROUND has the terminal"

# It may run where we may.
expect_status 0 taskset --cpu-list 0 "$NSPEEK" "$TARGET" -- app cat /proc/self/status
assert_contains "$OUT" "Cpus_allowed_list:"$'\t'"0"$'\n'

# refused PROGRAM PART...: it is there, but cannot be executed, and why is said.
refused() {
	expect_status 126 "$NSPEEK" "$TARGET" -- "$1" word
	assert_one_error "$@"
}

# add_script NAME TEXT: an executable file.
add_script() {
	printf '%b' "$2" >"$ROOT/bin/$1"
	chmod 755 "$ROOT/bin/$1"
}

ln -s loop "$ROOT/bin/loop"
refused /bin/loop "ymbolic link"
refused loop "ymbolic link"
mkfifo -m 755 "$ROOT/bin/fifo"
refused /bin/fifo "Permission denied"
refused /noexec/app "Permission denied"
assert_contains "$ERR" "hint: it is on a file system that is mounted noexec"
cp "$FIXTURES/container" "$ROOT/bin/busy"
exec 5>>"$ROOT/bin/busy"
refused /bin/busy "Text file busy"
# A program for another machine is not given to the shell as a script.
ln -s busybox "$ROOT/bin/sh"
{
	head -c 18 "$FIXTURES/container"
	printf '\0\0'
	tail -c +21 "$FIXTURES/container"
} >"$ROOT/bin/foreign"
chmod 755 "$ROOT/bin/foreign"
refused foreign "Exec format error"
rm "$ROOT/bin/sh"
exec 5>&-
add_script arguments '#!/no/such/interpreter one two\nexit 1\n'
refused arguments "interpreter /no/such/interpreter is missing"
add_script carriage-return '#!/bin/busybox\r\nexit 1\n'
refused carriage-return "interpreter /bin/busybox" missing
add_script directory '#!/bin\nexit 1\n'
refused directory "interpreter /bin cannot be executed"
printf 'no program\n' >"$ROOT/bin/plain"
add_script by-plain '#!/bin/plain\nexit 1\n'
refused by-plain "interpreter /bin/plain cannot be executed"
add_script by-script '#!/bin/arguments\nexit 1\n'
refused by-script "is missing"
expect_status 127 "$NSPEEK" "$TARGET" -- "/$(printf '%0300d' 0)"
assert_one_error "/0000"

for ((status = 0; status < 256; status++)); do
	expect_status "$status" "$NSPEEK" "$TARGET" -- app exit "$status"
	assert_eq "$OUT$ERR" "" "output with status $status"
done
target_after "$TARGET"
finish "$STARTED"

# A user namespace of its own, and our network: that is seen from there.
start_unshare --user --map-root-user --mount --pid --mount-proc --fork -- "$FIXTURES/container" init
target_before "$TARGET"
for file in route dev; do
	expect_status 0 "$NSPEEK" "$TARGET" -- "$FIXTURES/container" cat "/proc/net/$file"
	assert_eq "$(awk '{ print $1 }' "$WORK/run.out")" "$(awk '{ print $1 }' "/proc/net/$file")" \
		"the interfaces in /proc/net/$file"
done
target_after "$TARGET"
passed
