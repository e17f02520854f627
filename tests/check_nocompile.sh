#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the types forbid: files that the compiler must refuse.
. "$(dirname "$0")/lib.sh"
nocompile=$SRC/tools/check_nocompile.sh

expect_pass 'every mistake in tests/nocompile is refused by the compiler' "$nocompile" "$SRC"

# file WRONG-LINE RIGHT-LINE
file()
{
	put tree/tests/nocompile/a.c '/* SPDX-License-Identifier: BSD-2-Clause */' "$reason" \
	    '#ifdef VKEPT_CONTROL' "$2" '#else' "$1" '#endif'
}

mkdir "$tmp/tree" && mkdir "$tmp/tree/src"
expect_fail 'a tree without such files is refused' 'has no files' "$nocompile" "$tmp/tree"
reason='/* A struct is no integer. */'
file 'struct s { int v; } s; int x = s;' 'int x;'
expect_pass 'a mistake with its control is accepted' "$nocompile" "$tmp/tree"
file 'int y;' 'int x;'
expect_fail 'a mistake that compiles is refused' 'a.c: compiles' "$nocompile" "$tmp/tree"
file 'int x = ;' 'int x'
expect_fail 'a control that does not compile is refused' 'as a control' "$nocompile" "$tmp/tree"
reason=
file 'int x = ;' 'int x;'
expect_fail 'a file without its reason is refused' 'does not say why' "$nocompile" "$tmp/tree"
finish
