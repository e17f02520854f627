#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_sizes.sh [ROOT]: docs/KMOD.md has a row for each object of the core,
# with its size and its largest stack frame as they are, to a quarter: figures
# of another compiler, or of a small change, are no reason to complain.
#
# With PRINT set, prints the rows as they should stand there.

# shellcheck source=tools/kernel_build.sh
. "$(dirname "$0")/kernel_build.sh"

variant=gcc-head
sources=$(words_of CORE_SRCS src/core.mk | sed 's|^|src/|')
# shellcheck disable=SC2086 # the sources are words
compile $variant '' $sources || exit 1

# One row an object: code and constants in bytes, the largest frame, whose it is.
for name in $sources; do
	object=$objects/$variant/$(basename "$name" .c)
	bytes=$(size -A "$object.o" | awk '
	$1 ~ /^\.(text|rodata|data|bss)/ { sum += $2 } END { print sum + 0 }')
	frame=$(sort -t '	' -k 2,2nr "$object.su" | head -n 1 | awk -F'\t' '{
		sub(/.*:/, "", $1)
		print $2 " | " $1
	}')
	echo "| ${name#src/} | $bytes | ${frame:-0 | none} |"
done >"$objects/found"
if [ -n "${PRINT:-}" ]; then
	cat "$objects/found"
	exit 0
fi

grep '^| [a-z]*/[a-z_]*\.c | [0-9]* | [0-9]* | ' docs/KMOD.md >"$objects/written" || :
report docs/KMOD.md "$(awk -F' *[|] *' '
function differ(a, b,    d) {
	d = a > b ? a - b : b - a
	return d > 64 && 4 * d > b
}
FILENAME == ARGV[1] { bytes[$2] = $3; frame[$2] = $4; next }
{
	if (!($2 in bytes))
		print "no row for " $2
	else if (differ(bytes[$2], $3) || differ(frame[$2], $4))
		print "says " bytes[$2] " and " frame[$2] " of " $2 ", which has " $3 " and " $4
	delete bytes[$2]
}
END {
	for (name in bytes)
		print "a row for " name ", which is not in the core"
}' "$objects/written" "$objects/found")"
[ $status -eq 0 ] || echo 'PRINT=1 tools/check_sizes.sh prints the rows as they should be'
exit $status
