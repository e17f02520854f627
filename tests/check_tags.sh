#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: once
# Tags of rules: cited, resolved, exercised.
. "$(dirname "$0")/lib.sh"
tags=$SRC/tools/check_tags.sh

expect_pass 'every tag has its row and every row its test' "$tags" "$SRC"

# The tags of the small trees are put together here, so that this file names none.
one='[EPT''-1]'
two='[EPT''-2]'
put tree/src/ept/a.c "/* A rule $one. */"
put tree/docs/SPEC-REFS.md '| tag | source |' '|---|---|' "| $one | a manual |"
put tree/tests/test_a.c "/* $one */"
expect_pass 'a tag with its row and its test is accepted' "$tags" "$tmp/tree"

put tree/src/ept/b.h '' "/* $two */"
expect_fail 'a tag without a row is refused' 'src/ept/b.h:2: .* has no row' "$tags" "$tmp/tree"
put tree/docs/SPEC-REFS.md "| $one | a manual |" "| $two | a manual |"
expect_fail 'a row without a test is refused' '2\] is named by no test' "$tags" "$tmp/tree"
put tree/scenarios/b.yaml "# $two"
expect_pass 'a scenario that names the tag is enough' "$tags" "$tmp/tree"
put tree/docs/SPEC-REFS.md "| $one | a manual |" "| $two | a manual |" "| $one | again |"
expect_fail 'two rows for one tag are refused' 'has two rows for' "$tags" "$tmp/tree"
rm "$tmp/tree/docs/SPEC-REFS.md"
expect_fail 'tags without a file of references are refused' 'has no row' "$tags" "$tmp/tree"
finish
