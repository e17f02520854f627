#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: once
# What every file keeps to: licence line, width, no paths of one machine.
. "$(dirname "$0")/lib.sh"
text=$SRC/tools/check_text.sh
licence='/* SPDX-License-Identifier: BSD-2-Clause */'

expect_pass 'the files of the tree keep to the rules of text' "$text" "$SRC"

wide=$(printf '%092d' 0)
put tree/src/a.c "$licence" "	$wide" '/* a network, a framework/work */' \
    '/* see shared/page.c */' '/* äöü */'
put tree/build/b.c 'int built;'
expect_pass 'a tree within the rules is accepted' "$text" "$tmp/tree"

# wrong PATTERN SENTENCE LINE...
wrong()
{
	pattern=$1 sentence=$2
	shift 2
	put tree/src/a.c "$@"
	expect_fail "$sentence" "src/a.c:[0-9]*:.*$pattern" "$text" "$tmp/tree"
}

wrong 'licence' 'a file without the licence line is refused' 'int x;'
wrong 'is 101 columns' 'a line of 101 columns is refused' "$licence" "	0$wide"
wrong 'blank at the end' 'a blank at the end of a line is refused' "$licence" 'int x; '
wrong 'to be done' 'a mark of something to be done is refused' "$licence" "/* TO""DO */"
put tree/src/a.c "$licence"
for path in "/wo""rk/main" "..""/shared/design"; do
	put tree/docs/a.md "Read \`$path\`."
	expect_fail 'a path outside the tree is refused' 'docs/a.md:1:.*outside the tree' \
	    "$text" "$tmp/tree"
done
finish
