#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Completion in each shell that is there.
# runs: once
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3
mkdir "$tmp/bin"
ln -s "$VKEPT" "$tmp/bin/vkept"
PATH=$tmp/bin:$PATH
HOME=$tmp
export PATH HOME tmp

# completed SHELL LINE WORD...: completing the line offers each word.
completed()
{
	shell=$1 line=$2
	shift 2
	"complete_$shell" "$line" >"$tmp/offered" 2>&1
	for word in "$@"; do
		grep -q -x -e "$word" "$tmp/offered" || { cat "$tmp/offered"; return 1; }
	done
}

complete_bash()
{
	bash --norc --noprofile -c '
	    . completions/vkept.bash
	    read -r -a COMP_WORDS <<<"$1"
	    [[ $1 == *" " ]] && COMP_WORDS+=("")
	    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	    _vkept vkept "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	    printf "%s\n" "${COMPREPLY[@]}"' - "$1"
}

complete_fish()
{
	fish --no-config -c '
	    source completions/vkept.fish
	    complete -C "$argv[1]"' "$1" | cut -f 1
}

# What _arguments and _describe are given is what zsh offers.
complete_zsh()
{
	zsh -f -c '
	    _describe() { print -rl -- ${(P)2} | sed "s/:.*//" }
	    _arguments() {
		local last=$words[CURRENT-1] spec
		[[ $words[CURRENT] == -* ]] && { print -rl -- $@ | sed -e "s/\[.*//" -e "s/[=+].*//"; return }
		for spec in $@; do
			[[ $spec == ${last}*:word:* ]] && print -rl -- ${=${${spec##*:\(}%\)}}
		done
	    }
	    words=(${=1}) ; [[ $1 == *" " ]] && words+=("")
	    CURRENT=$#words
	    source completions/_vkept' - "$1"
}

for shell in bash zsh fish; do
	command -v $shell >/dev/null 2>&1 || continue
	expect_pass "$shell completes subcommands" \
	    completed $shell 'vkept ' run explore walk help
	expect_pass "$shell completes a beginning of one" completed $shell 'vkept exp' explore
	expect_pass "$shell completes the options of a subcommand" \
	    completed $shell 'vkept run --' --jobs --seed --help --format
	expect_pass "$shell completes options that --help only names" \
	    completed $shell 'vkept walk --ne' --nested --nested-root
	expect_pass "$shell completes the words of an option" \
	    completed $shell 'vkept run --format ' text json tap junit
	expect_pass "$shell completes them after a letter" \
	    completed $shell 'vkept maps -f ' text json info-tlb info-mem
	expect_pass "$shell completes the only word of an option" \
	    completed $shell 'vkept run --trace-format ' perfetto
	expect_pass "$shell completes what there is help for" completed $shell 'vkept help ' run walk
	expect_fail "$shell offers what is a subcommand only" . completed $shell 'vkept ' vkept
	expect_fail "$shell offers nothing else after such an option" . \
	    completed $shell 'vkept maps -f ' --fold
	expect_fail "$shell offers no file where there is help" . completed $shell 'vkept help ' docs/
done
expect_fail 'what is not offered is missed' . completed bash 'vkept run --' --nested
finish
