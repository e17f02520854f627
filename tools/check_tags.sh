#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_tags.sh [ROOT]: every [TAG] in src and kmod has a row in
# docs/SPEC-REFS.md ("| [TAG] | ... |"), once, and every row is named by at
# least one test or scenario.

set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/..}"

tag='\[[A-Z][A-Z0-9]+(-[A-Z0-9]+)+\]'
refs=docs/SPEC-REFS.md
rows=
[ -f $refs ] && rows=$(grep -o -E "^\| *$tag *\|" $refs | grep -o -E "$tag" | sort || :)

# tags_in TREE...: "file:line:[TAG]" for every mention below the trees.
tags_in()
{
	for tree in "$@"; do
		[ -d "$tree" ] && grep -r -n -o -I -E "$tag" "$tree"
	done | sort
	return 0
}

status=0
for name in $(printf '%s\n' "$rows" | uniq -d); do
	echo "$refs: has two rows for $name"
	status=1
done
cited=$(tags_in src kmod)
for mention in $cited; do
	name=${mention##*:}
	printf '%s\n' "$rows" | grep -q -x -F -e "$name" && continue
	echo "${mention%:*}: $name has no row in $refs"
	status=1
done
exercised=$(tags_in tests scenarios | sed 's/.*://' | sort -u)
for name in $rows; do
	printf '%s\n' "$exercised" | grep -q -x -F -e "$name" && continue
	echo "$refs: $name is named by no test and no scenario"
	status=1
done
exit $status
