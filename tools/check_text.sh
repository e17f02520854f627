#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_text.sh [ROOT]: what every file of the tree keeps to.  C files begin
# with their licence, have lines of at most 100 columns and no blanks at the end
# of a line, and leave nothing marked as to be done.  No file names a directory
# of the machine on which it happened to be written.

set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/..}"

status=0
list=$(mktemp "${TMPDIR:-/tmp}/vkept-text.XXXXXX")
trap 'rm -f "$list"' EXIT
find . -name .git -prune -o -path ./build -prune -o -type f -print | sort >"$list"

# Private directories: a path that starts with one, or climbs out of the tree.
while IFS= read -r file; do
	grep -H -n -I -E '(^|[^A-Za-z0-9_.-])[/]work/|[.][.]/shared([^A-Za-z0-9_-]|$)' "$file" || :
done <"$list" | sed 's/$/   <- a path outside the tree/' >"$list.bad"

grep -E '\.[ch]$' "$list" | while IFS= read -r file; do
	awk -v file="$file" '
	function complain(what) { print file ":" FNR ": " what }
	FNR == 1 && $0 != "/* SPDX-License-Identifier: BSD-2-Clause */" {
		complain("does not begin with the licence line")
	}
	/[ \t\r]$/ { complain("blank at the end of the line") }
	/(^|[^A-Za-z0-9_])(TODO|FIXME|XXX|HACK)([^A-Za-z0-9_]|$)/ {
		complain("something is marked as to be done")
	}
	{
		columns = 0
		n = split($0, piece, "\t")
		for (i = 1; i <= n; i++) {
			# A byte that continues a UTF-8 character takes no column.
			gsub(/[\200-\277]/, "", piece[i])
			columns += length(piece[i])
			if (i < n)
				columns += 8 - columns % 8
		}
		if (columns > 100)
			complain("is " columns " columns wide")
	}' "$file"
done >>"$list.bad"

if [ -s "$list.bad" ]; then
	cat "$list.bad"
	status=1
fi
rm -f "$list.bad"
exit $status
