# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion for bash(1): asks nspeek what can stand there (src/complete.h).

_nspeek() {
	local line=${COMP_LINE:0:COMP_POINT} words word text kind keep
	# Split by blanks alone: bash would split at = and : too.
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=("")
	word=${words[${#words[@]} - 1]}
	COMPREPLY=()
	while IFS= read -r text; do
		case $text in
		:*) kind=$text ;;
		*) COMPREPLY+=("${text%%$'\t'*}") ;;
		esac
	done < <(command "${words[0]}" --complete "${words[@]:1}" 2>/dev/null)
	case ${kind:-} in
	:files) mapfile -t COMPREPLY < <(compgen -f -- "${word#--*=}") && compopt -o filenames 2>/dev/null ;;
	:dirs) mapfile -t COMPREPLY < <(compgen -d -- "${word#--*=}") && compopt -o filenames 2>/dev/null ;;
	:command*)
		if ((${kind#:command } + 2 == ${#words[@]})); then
			mapfile -t COMPREPLY < <(compgen -c -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word") && compopt -o filenames 2>/dev/null
		fi
		return
		;;
	*)
		# What stands before the last = or : is no part of the word that bash replaces.
		keep=${word%"${word##*[=:]}"}
		COMPREPLY=("${COMPREPLY[@]#"$keep"}")
		;;
	esac
	if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}
complete -F _nspeek nspeek
