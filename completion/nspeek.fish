# SPDX-License-Identifier: GPL-2.0-or-later
# Completion for fish(1): asks nspeek what can stand there (src/complete.h).

function __nspeek_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l answer (command $words[1] --complete $words[2..-1] "$word" 2>/dev/null)
    set -l lead (string match -r -- '^--[^=]*=' "$word")
    switch "$answer[-1]"
        case :files
            for path in (__fish_complete_path (string replace -- "$lead" "" "$word"))
                echo -- "$lead$path"
            end
        case :dirs
            for path in (__fish_complete_directories (string replace -- "$lead" "" "$word"))
                echo -- "$lead$path"
            end
        case ':command *'
            set -l from (math (string replace ':command ' '' -- $answer[-1]) + 2)
            set -l line $words[$from..-1] "$word"
            complete -C (string join ' ' -- (string escape -- $line[1..-2]) "$word")
        case '*'
            printf '%s\n' $answer[1..-2]
    end
end
complete -c nspeek -f -a '(__nspeek_complete)'
