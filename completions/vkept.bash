# SPDX-License-Identifier: BSD-2-Clause
#
# bash completion for vkept: subcommands, options and their words are asked of
# the program itself, so that there is one list of them.

_vkept_commands()
{
	"$1" --help 2>/dev/null | sed -n 's/^  \([a-z]*\)  .*/\1/p'
}

_vkept_options()
{
	"$1" help "$2" 2>/dev/null | sed -n 's/^ *\(-., \)\{0,1\}\(--[a-z0-9-]*\).*/\2/p'
}

# The words of an option's argument, where it has some.
_vkept_words()
{
	"$1" help "$2" 2>/dev/null |
	    sed -n "s/^ *\\(-., \\)\\{0,1\\}$3 \\([a-z0-9|-][a-z0-9|-]*\\)  .*/\\2/p" | tr '|' ' '
}

_vkept_long()
{
	"$1" help "$2" 2>/dev/null | sed -n "s/^  $3, \\(--[a-z0-9-]*\\) .*/\\1/p"
}

_vkept()
{
	local program=${COMP_WORDS[0]} command= word=$2 before=$3 words i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != -* ]]; then
			command=${COMP_WORDS[i]}
			break
		fi
	done
	if [[ -z $command || ( $command == help && $COMP_CWORD -eq $((i + 1)) ) ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_vkept_commands "$program") help" -- "$word")
		return
	fi
	[[ $before == -[a-zA-Z] ]] && before=$(_vkept_long "$program" "$command" "$before")
	[[ $before == --* ]] && words=$(_vkept_words "$program" "$command" "$before")
	if [[ -n $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_vkept_options "$program" "$command")" -- "$word")
	fi
}

complete -o default -o bashdefault -F _vkept vkept
