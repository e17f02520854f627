# SPDX-License-Identifier: BSD-2-Clause
#
# fish completion for vkept: subcommands, options and their words are asked of
# the program itself, so that there is one list of them.

function __vkept_commands
    vkept --help 2>/dev/null | string replace -rf '^  ([a-z]+)  +(.*)$' '$1\t$2'
    printf 'help\tprint help\n'
end

function __vkept_command
    commandline -opc | string match -rv '^-' | sed -n 2p
end

function __vkept_options
    vkept help (__vkept_command) 2>/dev/null |
        string replace -rf '^ *(?:-., )?(--[a-z0-9-]+) .*?(?:  +(\S.*))?$' '$1\t$2'
end

function __vkept_last
    set -l last (commandline -opc)[-1]
    if string match -qr '^-[a-zA-Z]$' -- $last
        vkept help (__vkept_command) 2>/dev/null |
            string replace -rf "^  $last, (--[a-z0-9-]+) .*" '$1'
    else
        printf '%s\n' $last
    end
end

function __vkept_words
    set -l last (__vkept_last)
    string match -q -- '--*' $last
    and vkept help (__vkept_command) 2>/dev/null |
        string replace -rf "^ *(?:-., )?$last ([a-z0-9|-]+)  .*" '$1' |
        string split '|'
end

# Whether the name of a subcommand is due: the first word, or the one after help.
function __vkept_wants_command
    set -l words (commandline -opc)
    test (count $words) -eq 1; or test "$words[2..]" = help
end

complete -c vkept -n __vkept_wants_command -f -a '(__vkept_commands)'
complete -c vkept -n 'not __vkept_wants_command; and string match -q -- "-*" (commandline -ct)' \
    -a '(__vkept_options)'
complete -c vkept -n 'not __vkept_wants_command; and count (__vkept_words) >/dev/null' -f \
    -a '(__vkept_words)'
