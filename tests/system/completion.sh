#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion: what the program says that can stand there, which each value that it names must be, and
# the three shells that ask it. Each command and option has its man page.
. "$(dirname "$0")/../support/lib.sh"

need_tool zsh fish script
PATH=$WORK:$PATH
mkdir "$WORK/dir" && touch "$WORK/file" "$WORK/dir/inner" && cd "$WORK" || fail "$WORK"
touch ./fish-file

# asked WORD...: what there is, the first word of each line; and the directive alone.
asked() {
	expect_status 0 "$NSPEEK" --complete "$@"
	assert_eq "$ERR" "" stderr
	DIRECTIVE=$(tail -n 1 "$WORK/run.out")
	ANSWER=$(grep -v '^:' "$WORK/run.out" | cut -f 1 | tr '\n' ' ')
	ANSWER=${ANSWER% }
}
# is DIRECTIVE ANSWER WORD...
is() {
	asked "${@:3}"
	assert_eq "$DIRECTIVE $ANSWER" "$1 $2" "what can be in '${*:3}'"
}
is :words "stack" s
is :words "stack" help st
is :words "--pause=" stack --pau
is :words "--pause=auto --pause=all" stack --pause=a
is :words "never" stack --pause n
is :words "never" stack -t 1 --pause n
is :words "--except=mount,user --except=mount,uts" --except=mount,u
is :words "pid,user pid,userns" ps -o pid,us
is :words "USER USERNS" ps -o US
is :words "+user +userns" ps -o +us
is :words "--output=help" ps --output=he
is :words "runtime rootless" list -o r
is :words "" list "$$"
is :words "" ps --no-such=x
is :words "" stack -n ""
is :words "" stack -- -
is :words "--version --verbose" --v
is :files "" stack --load ""
is :files "" stack --save=x
is :files "" --net=x
is :dirs "" --root=/t
is ":command 1" "" 4711 l
is ":command 2" "" enter 4711 l
is ":command 2" "" -m 4711 ls -l
is ":command 2" "" 4711 -- -
is ":command 3" "" --env=host 4711 -- ""
asked stack ""
assert_matches " $ANSWER " " $$ "
is :words "$$" ps "$$"
asked ps ""
assert_lacks " $ANSWER " " $(kernel_thread) "
mkfifo "$WORK/odd.fifo"
# shellcheck disable=SC2016
start odd bash -c 'exec 9<>"$0"; printf "a\033[mb" >/proc/self/comm; echo READY; read -u 9' "$WORK/odd.fifo"
await_line "$WORK/odd.out" '^READY'
expect_status 0 "$NSPEEK" --complete ps "$STARTED"
assert_eq "$OUT" "$STARTED"$'\ta\\x1b[mb\n:words' "a name that a terminal would obey"

# Every command and every option of it.
asked help ""
commands=${ANSWER// /$'\n'}
assert_matches "$commands" $'^enter\nstack\n'
for command in $commands; do
	man=$TREE/man/nspeek-$command.1
	[ -f "$man" ] || fail "no man page of $command"
	sed 's/\\-/-/g; s/\\f.//g' "$man" "$TREE/man/nspeek.1" >"$WORK/man"
	asked "$command" --
	options=$ANSWER
	assert_contains "$options" --help
	for option in $options; do
		name=${option%=}
		[ "$name" = --help ] || grep -qE -- "$name([^a-z-]|\$)" "$WORK/man" ||
			fail "no $name of $command in its man page"
		[ "$option" != "$name" ] || continue
		asked "$command" "$option"
		[ -n "$ANSWER" ] || continue
		# What the program names it takes, and nothing else.
		for value in $ANSWER; do
			run "$NSPEEK" "$command" "$value"
			assert_lacks "$ERR" "'${value#*=}'"
		done
		case $option in
		--caps= | --groups=) ;;
		*)
			expect_status "$([ "$command" = enter ] && echo 125 || echo 64)" "$NSPEEK" "$command" "${option}nonsense"
			assert_contains "$ERR" nonsense
			;;
		esac
	done
done

# bash: what TAB would insert for the line $1, a line each.
in_bash() {
	# shellcheck disable=SC2016
	run bash --norc -c '. "$1"; COMP_LINE=$2; COMP_POINT=${#2}; _nspeek; printf "%s\n" "${COMPREPLY[@]}"' \
		bash "$TREE/completion/nspeek.bash" "$1"
	assert_eq "$ERR" "" "stderr of bash"
	OUT=$(sort -u <<<"$OUT")
}
in_bash "nspeek sta"
assert_eq "$OUT" stack "bash"
in_bash "nspeek stack --paus"
assert_eq "$OUT" --pause= "bash"
in_bash "nspeek stack --pause=a"
assert_eq "$OUT" $'all\nauto' "bash: behind ="
in_bash "nspeek stack --pause "
assert_eq "$OUT" $'all\nauto\neach\nnever' "bash: a value"
in_bash "nspeek stack --load=fi"
assert_eq "$OUT" $'file\nfish-file' "bash: files"
in_bash "nspeek --root=d"
assert_eq "$OUT" dir "bash: directories"
in_bash "nspeek ps $$"
assert_eq "$OUT" "$$" "bash: a PID"
in_bash "nspeek 4711 basenam"
assert_eq "$OUT" basename "bash: a command"
in_bash "nspeek 4711 ls fi"
assert_eq "$OUT" $'file\nfish-file' "bash: its arguments"
in_bash "nspeek ps -o pid,nsui"
assert_eq "$OUT" pid,nsuid "bash: columns"

# fish: the same.
in_fish() {
	run env HOME="$WORK" fish --no-config -c "source $TREE/completion/nspeek.fish; complete -C'$1'"
	assert_eq "$ERR" "" "stderr of fish"
	OUT=$(cut -f 1 <<<"$OUT" | sort -u)
}
in_fish "nspeek sta"
assert_eq "$OUT" stack "fish"
in_fish "nspeek stack --pause=a"
assert_eq "$OUT" $'--pause=all\n--pause=auto' "fish"
in_fish "nspeek stack --load fi"
assert_eq "$OUT" $'file\nfish-file' "fish: files"
in_fish "nspeek stack --load=fi"
assert_eq "$OUT" $'--load=file\n--load=fish-file' "fish: files behind ="
in_fish "nspeek ps $$"
assert_eq "$OUT" "$$" "fish: a PID"
in_fish "nspeek 4711 basenam"
assert_eq "$OUT" basename "fish: a command"

# zsh, on a terminal of its own: the line that TAB makes of $1.
in_zsh() {
	cat >"$WORK/zsh.script" <<'END'
zmodload zsh/zpty
zpty z "zsh -f -i"
zpty -w z "PS1= RPS1= PROMPT_EOL_MARK= HISTFILE=; unsetopt zle_bracketed_paste; PATH=$1:\$PATH; cd $1"
zpty -w z "fpath=($2 \$fpath); autoload -Uz compinit && compinit -u -D && bindkey -e && print RE''ADY"
zpty -r -m z line '*READY*' || exit 1
# The line stands between two marks.
zpty -n -w z "$3"$'\t'
zpty -w z $'\C-e]END\C-aprint -r -- BEG"IN[\C-e"'
zpty -r -m z line '*BEGIN\[*\]END*' || exit 1
print -r -- "${${line##*BEGIN\[}%%\]END*}"
zpty -d z
END
	run timeout -k 2 20 zsh -f "$WORK/zsh.script" "$WORK" "$TREE/completion" "$1"
	OUT=${OUT% }
}
in_zsh "nspeek sta"
assert_eq "$OUT" "nspeek stack" "zsh"
in_zsh "nspeek stack --paus"
assert_eq "$OUT" "nspeek stack --pause=" "zsh"
in_zsh "nspeek stack --pause=n"
assert_eq "$OUT" "nspeek stack --pause=never" "zsh"
in_zsh "nspeek stack --load=fil"
assert_eq "$OUT" "nspeek stack --load=file" "zsh: files"
in_zsh "nspeek --root=d"
assert_eq "${OUT%/}" "nspeek --root=dir" "zsh: directories"
in_zsh "nspeek ps -o pid,nsui"
assert_eq "$OUT" "nspeek ps -o pid,nsuid" "zsh: columns"
in_zsh "nspeek 4711 basenam"
assert_eq "$OUT" "nspeek 4711 basename" "zsh: a command"
passed
