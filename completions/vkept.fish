# SPDX-License-Identifier: BSD-2-Clause
#
# fish completion for vkept: subcommands, options and their words are asked of
# the program itself, so that there is one list of them.

function __vkept_commands
    vkept --help 2>/dev/null | string replace -rf '^  ([a-z]+) +(.*)$' '$1\t$2'
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
        string replace -rf "^ *(?:-., )?$last ([a-z0-9|-]*\|[a-z0-9|-]*) .*" '$1' |
        string split '|'
end

complete -c vkept -n 'test (count (commandline -opc)) -eq 1' -f -a '(__vkept_commands)'
complete -c vkept -n 'test (count (commandline -opc)) -gt 1' -a '(__vkept_options)'
complete -c vkept -n 'test (count (commandline -opc)) -gt 1' -a '(__vkept_words)'
