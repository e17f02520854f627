#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The table of conditions and functions, as it is documented.
. "$(dirname "$0")/lib.sh"
copyio=$SRC/tools/check_copyio.sh
program=$BUILD/tests/test_copyio_contract

expect_pass 'docs/COPYIO.md is the table that is tested, with every function and test' \
    sh "$copyio" "$program" "$SRC"

# A small tree: two functions, one row, one test elsewhere.
table()
{
	put program '#!/bin/sh' "cat <<'END'" "$@" 'END'
	chmod +x "$tmp/program"
	mkdir -p "$tmp/tree/docs"
	sh "$SRC/tools/write_copyio.sh" "$tmp/program" >"$tmp/tree/docs/COPYIO.md"
}

put tree/src/copyio/copyio.h 'VK_COPYIO(copyin, (void));' 'VK_COPYIO(copyout, (void));'
put tree/tests/test_a.c 'a_case_that_is_there'
put tree/scenarios/a.yaml 'scenario: a'
heading='| condition | copyin | copyout |'
table "$heading" '| none | ok | [a] |' "| [a] | \`test_a: a_case_that_is_there\` |" \
    "| [b] | \`scenarios/a.yaml\` |"
expect_pass 'a table that is complete is accepted' sh "$copyio" "$tmp/program" "$tmp/tree"
sed 's/none | ok/none | F/' "$tmp/tree/docs/COPYIO.md" >"$tmp/changed"
mv "$tmp/changed" "$tmp/tree/docs/COPYIO.md"
expect_fail 'a cell that the test does not ask for is refused' 'is not what' \
    sh "$copyio" "$tmp/program" "$tmp/tree"
table "$heading" '| none | ok | ok |' '' '| condition | copyin |' '| more | ok |'
expect_fail 'a function without a column is refused' 'no column for copyout' \
    sh "$copyio" "$tmp/program" "$tmp/tree"
table 'none'
expect_fail 'a document without tables is refused' 'has no table' \
    sh "$copyio" "$tmp/program" "$tmp/tree"
table "$heading" "| [a] | \`test_a: a_case\` |"
expect_fail 'a case that does not exist is refused' 'a_case, which is no test' \
    sh "$copyio" "$tmp/program" "$tmp/tree"
table "$heading" "| [a] | \`test_b: a_case_that_is_there\` |"
expect_fail 'a test program that does not exist is refused' 'which is no test' \
    sh "$copyio" "$tmp/program" "$tmp/tree"
table "$heading" "| [a] | \`scenarios/b.yaml\` |"
expect_fail 'a scenario that does not exist is refused' 'scenarios/b.yaml, which is absent' \
    sh "$copyio" "$tmp/program" "$tmp/tree"
put tree/src/copyio/copyio.h 'int copyin(void);'
expect_fail 'a header without functions is refused' 'declares no function' \
    sh "$copyio" "$tmp/program" "$tmp/tree"
finish
