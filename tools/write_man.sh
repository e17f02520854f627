#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Writes docs/man/vkept.1 from docs/man/vkept.1.in: write_man.sh >docs/man/vkept.1
#
# @COMMANDS@ becomes what each subcommand of $VKEPT says of itself; @NAME@ the
# number that the source defines as NAME, @FILE:NAME@ that of one file.
set -u
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/.." || exit 3
: "${VKEPT:=build/vkept}"

commands()
{
	for command in $("$VKEPT" --help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
		"$VKEPT" help "$command" | awk -v command="$command" '
		function roff(s)
		{
			gsub(/\\/, "\\e", s)
			gsub(/DragonFly/, "Dragon\\\&Fly", s)
			return s
		}
		NR == 1 {
			print ".Ss " command
			operands = $0
			sub(/.*\[OPTION\]\.\.\. /, "", operands)
			print ".Nm vkept Cm " command
			print ".Op Ar option ..."
			print ".Ar " operands
			print ".Pp"
			next
		}
		/^$/ { if (listed) ending = 1; next }
		/^ *(-., )?--/ && !ending {
			if (!listed++)
				print ".Bl -tag -width Ds"
			match($0, /^ *(-., )?--[^ ]+( [^ ]+)?/)
			flag = substr($0, 1, RLENGTH)
			text = substr($0, RLENGTH + 1)
			if (flag !~ / [^ ]+$/ || text !~ /^  /) {
				# No argument: what was taken for one begins the text.
				if (text !~ /^ *$/ && text !~ /^  /) {
					match(flag, / [^ ]+$/)
					text = substr(flag, RSTART) text
					flag = substr(flag, 1, RSTART - 1)
				}
			}
			sub(/^ */, "", flag)
			count = split(flag, part, / /)
			line = ".It"
			for (i = 1; i <= count; i++) {
				word = part[i]
				comma = sub(/,$/, "", word)
				if (sub(/^-/, "", word))
					line = line " Fl " word (comma ? " ," : "")
				else
					line = line " Ar " word
			}
			print line
			sub(/^ */, "", text)
			print roff(text)
			next
		}
		listed && !ending { sub(/^ */, ""); print roff($0); next }
		ending {
			if (!examples++)
				print ".El\n.Pp\nFor example:\n.Bd -literal"
			sub(/^  /, "")
			print roff($0)
			next
		}
		{
			gsub(/\.  /, ".\n")
			print roff($0)
		}
		END { print examples ? ".Ed" : ".El" }'
	done
}

commands | awk '
# The value of a C expression of numbers, <<, * and names of other constants.
function value(expression, part, n, i, result)
{
	gsub(/[()]/, "", expression)
	gsub(/size_t|uint64_t/, "", expression)
	if (split(expression, part, / *<< */) == 2)
		return value(part[1]) * 2 ^ value(part[2])
	n = split(expression, part, / *\* */)
	result = 1
	for (i = 1; i <= n; i++)
		result *= number(part[i])
	return result
}
function number(word)
{
	gsub(/^ +| +$/, "", word)
	if (word ~ /^[A-Z_]+/)
		return value(defined[word])
	sub(/[uUlL]+$/, "", word)
	return word ~ /^0x/ ? hex(substr(word, 3)) : word + 0
}
function hex(digits, i, result)
{
	result = 0
	for (i = 1; i <= length(digits); i++)
		result = result * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
	return result
}
function put_in(name)
{
	if (!(name in defined) || times[name] > 1) {
		print "write_man: " name " is not defined once" >"/dev/stderr"
		bad = 1
		return "?"
	}
	return sprintf("%.0f", value(defined[name]))
}
FILENAME == "-" { commands = commands $0 "\n"; next }
FILENAME ~ /\.[ch]$/ {
	if ($1 == "#define" && NF > 2 && $2 ~ /^[A-Z][A-Z0-9_]*$/) {
		text = $0
		sub(/^#define +[A-Z0-9_]+[ \t]+/, "", text)
		sub(/[ \t]*\/\*.*/, "", text)
		file = FILENAME
		sub(/.*\//, "", file)
		if (!($2 in defined) || defined[$2] != text)
			times[$2]++
		defined[$2] = text
		defined[file ":" $2] = text
	}
	next
}
$0 == "@COMMANDS@" { printf "%s", commands; next }
/^\.\\" From this/ { print ".\\\" Written by tools/write_man.sh from docs/man/vkept.1.in."; next }
/^\.\\" says of itself/ { next }
{
	while (match($0, /@[a-z0-9_.]*:?[A-Z0-9_]+@/))
		$0 = substr($0, 1, RSTART - 1) put_in(substr($0, RSTART + 1, RLENGTH - 2)) \
		    substr($0, RSTART + RLENGTH)
	print
}
END { exit bad }' - src/*/*.[ch] docs/man/vkept.1.in
