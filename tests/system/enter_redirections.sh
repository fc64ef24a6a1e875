#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The standard fds of the command, each of them a terminal, /dev/null or a file, in all combinations;
# a shell that reads its commands from a pipe; much output through a pipe and on a terminal.
. "$(dirname "$0")/../support/lib.sh"

need_root
need_tool busybox script
make_root "$WORK/root"
add_busybox "$WORK/root"
ln -s busybox "$WORK/root/bin/sh"
start_unshare --mount --pid --uts --fork -- chroot "$WORK/root" /bin/app init
target_before "$TARGET"
NULL_BEFORE=$(stat -c '%u:%g %a' /dev/null)

STDINS=("" "</dev/null" "<$WORK/in")
STDOUTS=("" ">/dev/null" ">$WORK/out.\$id")
STDERRS=("" "2>/dev/null" "2>$WORK/err.\$id")
# Says what it read, then fails.
# shellcheck disable=SC2016
COMMAND='read -r line; echo "out-$1=$line"; echo "err-$1" >&2; exit 7'

# One script on one terminal runs them all, and notes each status.
printf 'from-file\n' >"$WORK/in"
# shellcheck disable=SC2016
{
	printf 'nspeek() { %q %q -- /bin/busybox sh -c %q sh "$1"; }\n' "$NSPEEK" "$TARGET" "$COMMAND"
	for i in 0 1 2; do
		for o in 0 1 2; do
			for e in 0 1 2; do
				printf 'id=%s; nspeek $id %s; echo $id $? >>%q\n' $i$o$e \
					"${STDINS[i]} ${STDOUTS[o]} ${STDERRS[e]}" "$WORK/statuses"
			done
		done
	done
	printf 'touch %q\n' "$WORK/done"
} >"$WORK/all.sh"
: >"$WORK/statuses"
# Whoever wants a line from the terminal gets one.
for ((n = 0; n < 300; n++)); do
	[ ! -e "$WORK/done" ] || break
	printf 'typed\n'
	sleep 0.1
done | timeout -k 2 60 script -qefc "stty -echo; bash '$WORK/all.sh'" "$WORK/screen" >/dev/null 2>&1
tr -d '\r' <"$WORK/screen" >"$WORK/shown"
[ -e "$WORK/done" ] || fail "not all combinations ended; the terminal showed: $(cat "$WORK/shown")"

# text_at WHERE NAME ID: what the fd NAME of combination ID gave there: on the terminal, in a file, or
# nowhere.
text_at() {
	case $1 in
	0) grep -o -E "$2-$3(=[a-z-]*)?" "$WORK/shown" ;;
	2) cat "$WORK/$2.$3" ;;
	esac
}

LINES_READ=(typed "" from-file)
for i in 0 1 2; do
	for o in 0 1 2; do
		for e in 0 1 2; do
			id=$i$o$e
			assert_eq "$(grep -c "^$id 7\$" "$WORK/statuses")" 1 "how often $id ended with status 7"
			wanted="out-$id=${LINES_READ[i]}"
			[ $o != 1 ] || wanted=
			assert_eq "$(text_at $o out $id)" "$wanted" "stdout of $id"
			[ $o = 0 ] || assert_lacks "$(cat "$WORK/shown")" "out-$id"
			wanted="err-$id"
			[ $e != 1 ] || wanted=
			assert_eq "$(text_at $e err $id)" "$wanted" "stderr of $id"
			[ $e = 0 ] || assert_lacks "$(cat "$WORK/shown")" "err-$id"
		done
	done
done

# Without a COMMAND, a shell that reads a script from a pipe.
printf 'echo "shell=$0"; no-such-command; exit 4\n' |
	"$NSPEEK" "$TARGET" >"$WORK/script.out" 2>"$WORK/script.err"
assert_eq $? 4 "the script's status"
assert_eq "$(cat "$WORK/script.out")" "shell=sh" "the script's stdout"
assert_contains "$(cat "$WORK/script.err")" no-such-command

# A million random bytes into the container and back, through pipes all the way.
head -c 1000000 /dev/urandom >"$WORK/random"
# shellcheck disable=SC2002
cat "$WORK/random" | "$NSPEEK" "$TARGET" -- /bin/busybox tee /tmp/random | cat >"$WORK/copied" ||
	fail "copying"
cmp "$WORK/random" "$WORK/copied" || fail "the bytes that came back differ"
cmp "$WORK/random" "$WORK/root/tmp/random" || fail "the bytes that arrived differ"

# As many, printed on a terminal: nothing is lost, nothing comes twice.
script -qefc "'$NSPEEK' $TARGET -- /bin/busybox sh -c 'hexdump -C /tmp/random; exit 5'" "$WORK/screen" \
	</dev/null >/dev/null 2>&1
assert_eq $? 5 "the status of much output"
# (The end of script(1)'s own input is a key, and shown when it comes before the terminal is raw.)
hexdump_shown() {
	tr -d '\r\b\0' <"$WORK/screen" | sed 's/^^[@D]//' | grep -E '^[0-9a-f]{8}  |^[0-9a-f]{8}$'
}
/bin/busybox hexdump -C "$WORK/random" >"$WORK/dump"
cmp "$WORK/dump" <(hexdump_shown) || fail "the terminal showed something else"
rm "$WORK/root/tmp/random"
# Runtimes have given the host's /dev/null away to the user that a command runs as.
assert_eq "$(stat -c '%u:%g %a' /dev/null)" "$NULL_BEFORE" "owner and mode of /dev/null"
target_after "$TARGET"
passed
