#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_copyio.sh PROGRAM [ROOT]: docs/COPYIO.md is what its rows print, every
# function of copyio.h has a column in each of its tables, and the tests and
# scenarios that it names elsewhere are there.

set -eu
LC_ALL=C
export LC_ALL
tools=$(cd "$(dirname "$0")" && pwd)
program=${1:?usage: check_copyio.sh PROGRAM [ROOT]}
cd "${2:-$tools/..}"
status=0

complain()
{
	echo "docs/COPYIO.md: $1"
	status=1
}

written=$(mktemp "${TMPDIR:-/tmp}/vkept-copyio.XXXXXX")
trap 'rm -f "$written"' EXIT
trap 'exit 129' HUP INT TERM

sh "$tools/write_copyio.sh" "$program" >"$written"
diff "$written" docs/COPYIO.md || complain 'is not what tools/write_copyio.sh writes'

# Every table of conditions has the functions of the header as its columns.
functions=$(sed -n 's/^VK_COPYIO(\([a-z0-9]*\),.*/\1/p' src/copyio/copyio.h)
[ -n "$functions" ] || complain 'src/copyio/copyio.h declares no function'
grep '^| condition |' docs/COPYIO.md | sort -u |
    while IFS= read -r heading; do
	for name in $functions; do
		case $heading in
		*"| $name |"*) ;;
		*) echo "no column for $name" ;;
		esac
	done
    done >"$written"
[ ! -s "$written" ] || complain "$(sort -u "$written")"
grep -q '^| condition |' docs/COPYIO.md || complain 'has no table'

# "PROGRAM: case" stands in that program's source; else the name is a file's.
# shellcheck disable=SC2016 # the backquotes are meant
sed -n 's/^| \[[a-z]\] | `\(.*\)` |$/\1/p' docs/COPYIO.md >"$written"
while IFS= read -r name; do
	case $name in
	*': '*)
		grep -q -w -e "${name#*: }" "tests/${name%%: *}.c" 2>/dev/null ||
		    complain "names $name, which is no test"
		;;
	*)
		[ -f "$name" ] || complain "names $name, which is absent"
		;;
	esac
done <"$written"
exit $status
