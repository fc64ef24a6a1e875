#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command's new terminal: the container's own where it has a devpts, the size of ours, nothing
# lost on the way, job control in it, and ours out of its reach, whichever standard fds are terminals.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool script runc jq busybox
# A container with a devpts, and a shell by name.
write_bundle "$WORK/bundle" /bin/app init
add_busybox "$WORK/bundle/rootfs"
ln -s busybox "$WORK/bundle/rootfs/bin/sh"
jq '.mounts += [{"destination": "/dev/pts", "type": "devpts", "source": "devpts",
	"options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]}]' \
	"$WORK/bundle/config.json" >"$WORK/config" && mv "$WORK/config" "$WORK/bundle/config.json"
ID=nspeek-test-$$
defer runc --root "$WORK/runc" delete -f "$ID"
runc --root "$WORK/runc" run -d -b "$WORK/bundle" "$ID" </dev/null >"$WORK/runc.out" 2>"$WORK/runc.err" ||
	skip "a runc container: $(tail -n 1 "$WORK/runc.err")"
TARGET=$(runc --root "$WORK/runc" state "$ID" | jq .pid)
await_program "$TARGET" app
target_before "$TARGET"

# shellcheck disable=SC2317
shows() {
	grep -q -a -- "$1" <(tr -d '\r' <"$WORK/terminal")
}

# type_at REGEX TEXT: TEXT is typed once the terminal shows a line with REGEX.
type_at() {
	retry 10 shows "$1"
	printf '%b' "$2"
}

# on_terminal COMMAND: the shell command on a terminal, with the keys that stdin types. OUT is what
# the terminal showed.
on_terminal() {
	timeout -k 2 20 script -qefc "$1" "$WORK/terminal" >/dev/null 2>&1
	STATUS=$?
	OUT=$(tr -d '\r\0' <"$WORK/terminal")
}
: >"$WORK/terminal"

# It has a name in the container, its size is ours, and it is the command's controlling terminal.
on_terminal "stty rows 33 cols 77; '$NSPEEK' $TARGET -- sh -c 'busybox tty; busybox stty size; busybox tty </dev/tty'" </dev/null
assert_contains "$OUT" "/dev/pts/0"
assert_contains "$OUT" "33 77"
assert_eq "$STATUS" 0 "status"
# It belongs to the command's user.
on_terminal "'$NSPEEK' -S 1234 $TARGET -- sh -c 'busybox stat -c \"owner %u\" /dev/pts/0'" </dev/null
assert_contains "$OUT" "owner 1234"
# Where there is none, one of the host's, which has no name there.
start_demo
DEMO=$TARGET
TARGET=$(runc --root "$WORK/runc" state "$ID" | jq .pid)
on_terminal "'$NSPEEK' -v $DEMO -- app tty" </dev/null
assert_contains "$OUT" "0 tty"
assert_contains "$OUT" "a new one of the host"

# The size follows ours.
on_terminal "stty rows 20 cols 40; (sleep 1; stty rows 21 cols 41 </dev/tty) & '$NSPEEK' $TARGET -- sh -c 'trap \"busybox stty size; exit 6\" WINCH; while :; do busybox sleep 0.1; done'" </dev/null
assert_contains "$OUT" "21 41"
assert_eq "$STATUS" 6 "status"

# Every byte, in both directions: text of a megabyte out, and through it in and out.
head -c 1000000 /dev/urandom | base64 >"$WORK/text"
cp "$WORK/text" "$WORK/bundle/rootfs/text" 2>/dev/null
on_terminal "'$NSPEEK' $TARGET -- app cat /text" </dev/null
# (The end of script(1)'s own input is a key. A terminal that is not raw shows it: ours before the
# text, the command's anywhere in it. No text in base64 has a circumflex.)
tr -d '\r\b\0' <"$WORK/terminal" | sed 's/\^[@D]//g' | grep -a -v '^Script ' | grep -a -v '^$' >"$WORK/shown"
cmp "$WORK/text" "$WORK/shown" || fail "a megabyte through the terminal is not what it was"
on_terminal "'$NSPEEK' $TARGET -- sh -c 'busybox stty raw -echo; echo READY; busybox head -c 3000 | busybox md5sum'" < <(
	type_at READY "$(head -c 3000 "$WORK/text" | tr '\n' ' ')"
	sleep 1
)
assert_contains "$OUT" "$(head -c 3000 "$WORK/text" | tr '\n' ' ' | md5sum | cut -d' ' -f1)"
# Standard fds that are no terminals are the caller's own, whatever bytes they carry.
head -c 1048576 /dev/urandom >"$WORK/bytes"
on_terminal "'$NSPEEK' $TARGET -- app copy <'$WORK/bytes' >'$WORK/copied'" </dev/null
cmp "$WORK/bytes" "$WORK/copied" || fail "a megabyte through nspeek is not what it was"
"$NSPEEK" "$TARGET" -- app copy <"$WORK/bytes" | cmp - "$WORK/bytes" || fail "a pipe is not exact"

# Job control: a shell has it; keys work on the job and not on nspeek.
: >"$WORK/terminal"
on_terminal "'$NSPEEK' $TARGET -- sh -i; echo \"ended \$?\"" < <(
	type_at '[#$] ' "echo one\"\"READY; busybox sleep 1000\n"
	type_at '^oneREADY' ''
	sleep 0.3
	printf '\032'
	type_at 'Stopped' "jobs; echo two\"\"READY; fg\n"
	type_at '^twoREADY' ''
	sleep 0.3
	printf '\003'
	sleep 0.3
	printf 'echo three""READY; exit 7\n'
	sleep 0.3
)
assert_contains "$OUT" threeREADY
assert_contains "$OUT" "ended 7"
assert_lacks "$OUT" "access tty"
assert_lacks "$OUT" "job control"

# No terminal of ours can be typed into: neither with a new one, nor where only some standard fds are
# terminals and are passed through pipes.
for how in "" "</dev/null" ">'$WORK/out'" "2>'$WORK/out'" "</dev/null 2>'$WORK/out'" "| cat" "</dev/null | cat"; do
	: >"$WORK/terminal"
	on_terminal "'$NSPEEK' --privileged $TARGET -- app type pwned $how; read -r -t 0.5 word; echo \"got [\$word]\"" < <(sleep 1.5)
	assert_contains "$OUT" "got []"
done

# The signals of keys, when no key was typed: the container cannot reach our caller's process group.
for signal in INT QUIT TSTP; do
	on_terminal "'$NSPEEK' $TARGET -- sh -c 'kill -$signal \$\$; exit 3'; echo AF\"\"TER" < <(
		sleep 1
		[ "$signal" != TSTP ] || pkill -CONT -f "^'*$NSPEEK"
	)
	assert_contains "$OUT" "AFTER"
done

# A pipeline: keys are lines for the command, and Ctrl-C reaches it; and where the other end has
# taken the terminal for itself, as a pager does, keys are its own.
: >"$WORK/terminal"
on_terminal "'$NSPEEK' $TARGET -- app copy | sed 's/^/copied /'" < <(
	sleep 0.5
	printf 'typed\n'
	sleep 0.5
	printf '\004'
	sleep 0.5
)
assert_contains "$OUT" "copied typed"
: >"$WORK/terminal"
on_terminal "'$NSPEEK' $TARGET -- app copy | (stty raw -echo </dev/tty; echo RE\"\"ADY; dd bs=1 count=3 </dev/tty 2>/dev/null; stty sane </dev/tty; echo)" < <(
	type_at READY ''
	sleep 0.5
	printf 'xyz'
	sleep 0.5
	printf '\004'
	sleep 0.5
)
assert_contains "$OUT" "xyz"

# A terminal where there is none of ours, and none where there is.
expect_status 0 "$NSPEEK" --tty=always "$TARGET" -- app tty
assert_eq "$(printf '%s' "$OUT" | tr -d '\r')" "0 tty"$'\n'"1 tty"$'\n'"2 tty" "with --tty=always"
echo "echo from a script" >"$WORK/script"
run sh -c 'exec "$@" <"$0"' "$WORK/script" "$NSPEEK" -t always "$TARGET" -- sh
assert_eq "$STATUS" 0 "status of a shell whose input ends"
assert_contains "$OUT" "from a script"
on_terminal "'$NSPEEK' --tty=never $TARGET -- app tty" </dev/null
assert_contains "$OUT" "0 no"
assert_contains "$OUT" "2 no"
expect_status 125 "$NSPEEK" --tty=sometimes "$TARGET" -- app tty
assert_one_error "--tty"

# What is in the place of the container's devpts is not opened: a FIFO would hold us.
target_after "$TARGET"
mkdir -p "$WORK/fake"
make_root "$WORK/fake"
mkdir -p "$WORK/fake/dev/pts"
mkfifo "$WORK/fake/dev/pts/ptmx"
start_unshare --pid --mount --mount-proc --fork --root="$WORK/fake" -- /bin/app init
target_before "$TARGET"
on_terminal "'$NSPEEK' -v $TARGET -- app tty" </dev/null
assert_contains "$OUT" "a new one of the host"
assert_contains "$OUT" "0 tty"
target_after "$TARGET"
passed
