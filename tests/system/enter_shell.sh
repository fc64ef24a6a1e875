#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No COMMAND: the shell that the container's own passwd file gives the user, else /bin/sh, else every
# place that was searched is named.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox
make_root "$WORK/root"
add_busybox "$WORK/root"
ln -s busybox "$WORK/root/bin/ash"
start_unshare --mount --pid --fork -- chroot "$WORK/root" /bin/app init
target_before "$TARGET"

shell_says() {
	printf '%s\n' "echo \$0; exit 4" >"$WORK/script"
	# shellcheck disable=SC2016
	expect_status 4 bash -c '"$0" "$1" <"$2"' "$NSPEEK" "$TARGET" "$WORK/script"
	assert_eq "$OUT" "$1" "the shell"
}

no_shell() {
	expect_status 127 "$NSPEEK" --tools=never "$TARGET"
	assert_one_error "$@"
}

passwd_shell() {
	printf 'daemon:x:1:1::/:/bin/app\nroot:x:0:0:root:/:%s\nroot2:x:0:0::/:/bin/app\n' "$1" \
		>"$WORK/root/etc/passwd"
}

# There is no passwd file, and no /bin/sh.
no_shell /bin/sh

passwd_shell /bin/ash
shell_says ash
# A shell that is not there, or that lets nobody in: /bin/sh, but there is none.
passwd_shell /bin/zsh
no_shell /bin/zsh /bin/sh
passwd_shell /usr/sbin/nologin
no_shell /bin/sh
# One that is there, but nobody may execute it, is another matter.
printf 'no program\n' >"$WORK/root/bin/plain"
passwd_shell /bin/plain
expect_status 126 "$NSPEEK" "$TARGET"
assert_one_error /bin/plain "Permission denied"
ln -s busybox "$WORK/root/bin/sh"
shell_says sh
passwd_shell /bin/zsh
shell_says sh
passwd_shell /bin/false
shell_says sh
passwd_shell relative
shell_says sh
passwd_shell /bin/ash
shell_says ash
# The host's $SHELL has no say.
SHELL=/bin/bash shell_says ash

# What a container may put there: nothing of it blocks or is followed out of the root.
rm "$WORK/root/etc/passwd"
mkfifo "$WORK/root/etc/passwd"
RUN_SECONDS=10 shell_says sh
rm "$WORK/root/etc/passwd"
ln -s /dev/zero "$WORK/root/etc/passwd"
RUN_SECONDS=10 shell_says sh
rm "$WORK/root/etc/passwd"
ln -s ../../../../../../etc/passwd "$WORK/root/etc/passwd"
shell_says sh
rm "$WORK/root/etc/passwd"
head -c 3000000 /dev/zero >"$WORK/root/etc/passwd"
shell_says sh

# Shells of the host are not used in silence.
rm "$WORK/root/bin/sh" "$WORK/root/etc/passwd"
no_shell /bin/sh
SHELL=/bin/bash shell_says bash
assert_contains "$ERR" "a shell is not in the container"
target_after "$TARGET"
passed
