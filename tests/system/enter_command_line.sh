#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The words of the command line: what is an option of ours, what is the command's.
. "$(dirname "$0")/../support/lib.sh"

need_root
APP=$FIXTURES/container
start_unshare --pid --uts --mount-proc --fork -- "$APP" init
target_before "$TARGET"

# expect_echo WORDS COMMAND-LINE...: the command is given just these words.
expect_echo() {
	local words=$1
	shift
	expect_status 0 "$NSPEEK" "$@"
	assert_eq "$OUT" "$words" "the command's words for: $*"
}

expect_echo "-l --all --" "$TARGET" "$APP" echo -l --all --
expect_echo "x" "$TARGET" -- "$APP" echo x
expect_echo "x -- y" "$TARGET" -- "$APP" echo x -- y
expect_echo "x" --all "$TARGET" -- "$APP" echo x
expect_echo "x" -a "$TARGET" "$APP" echo x
expect_echo "x" enter "$TARGET" "$APP" echo x
expect_echo "x" enter --all -- "$TARGET" "$APP" echo x
expect_echo "x" -- "$TARGET" "$APP" echo x
expect_echo "a  b" "$TARGET" "$APP" echo "a  b"
expect_echo "" "$TARGET" "$APP" echo ""
expect_echo "stack" "$TARGET" "$APP" echo stack
expect_echo "-v" "$TARGET" "$APP" echo -v
# Options stand also between TARGET and COMMAND.
expect_echo "x" "$TARGET" --all "$APP" echo x

# Short options together.
expect_status 0 "$NSPEEK" -pu "$TARGET" -- "$APP" ns
expect_same_view "$TARGET" pid uts
expect_our_view mnt

# Help and version go to stdout and succeed.
expect_status 0 "$NSPEEK" --version
assert_matches "$OUT" '^nspeek [0-9]+\.[0-9]+\.[0-9]+$'
for words in --help help "help enter" "help stack" "enter --help" "stack --help"; do
	# shellcheck disable=SC2086
	expect_status 0 "$NSPEEK" $words
	assert_contains "$OUT" TARGET
	assert_eq "$ERR" "" "stderr of $words"
done
# Every namespace type is in the help, and so are the options.
expect_status 0 "$NSPEEK" help enter
for name in user cgroup ipc uts net pid mount time except privileged setuid setgid groups as caps env \
	setenv unsetenv env-file root wd; do
	assert_contains "$OUT" "--$name"
done
expect_status 64 "$NSPEEK" help nonsense
for words in --version --help "help stack" "stack --help" "ps -o help" "--complete ps --"; do
	# shellcheck disable=SC2016
	expect_status 1 sh -c '"$0" $1 >/dev/full' "$NSPEEK" "$words"
	assert_one_error "write failed on standard output: "
	# shellcheck disable=SC2016
	expect_status 1 sh -c '"$0" $1 >&-' "$NSPEEK" "$words"
	assert_one_error "write failed on standard output: "
done

# What is wrong with an option is said in one line, with the exit status of the command.
refused() {
	local message=$1 status=125
	shift
	[ "$1" != stack ] || status=64
	expect_status "$status" "$NSPEEK" "$@"
	assert_one_error "$message"
}
refused "there is no option --nonsense" --nonsense=1 "$TARGET"
refused "there is no option -x" -vx "$TARGET"
refused "there is no option -x" stack -x "$TARGET"
refused "option --en is ambiguous: --env --env-file" --en=host "$TARGET"
refused "--setuid needs its UID" -S
refused "--max-frames needs its N" stack "$TARGET" --max-frames
refused "--verbose takes no value" --verbose=1 "$TARGET"
# A value that looks like `--' is one, and abbreviations that mean one option are fine.
refused "--env: '--' is none of target, host, clean" --env -- "$TARGET"
expect_echo "x" --verb --exc=uts "$TARGET" "$APP" echo x

# A line is one write, so that lines of several processes do not mix.
need_tool strace
long=$(printf 'x%.0s' {1..500})
expect_status 125 env ASAN_OPTIONS=detect_leaks=0 strace -o "$WORK/trace" "$NSPEEK" "$long"
assert_contains "$ERR" "$long"
assert_eq "$(grep -c '^write.*(2,.*nspeek: no ' "$WORK/trace")" 1 "writes for one line"

# Nothing to join is not what anybody means, and an empty word is no command.
expect_status 125 "$NSPEEK" -m --except=mnt "$TARGET" -- true
assert_one_error "no namespace is left to join"
expect_status 127 "$NSPEEK" "$TARGET" -- ""
assert_one_error "COMMAND is an empty word"
target_after "$TARGET"
passed
