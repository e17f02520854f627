#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: once
# Every seeded fault still applies; ./dev test --full sees that each is caught.
. "$(dirname "$0")/lib.sh"
faults=$SRC/tools/seed_faults.sh

expect_pass 'every fault of the tree still applies' "$faults" --check --root "$SRC"

# One test that holds the sum of 2 and 3 against the program under test.
put tree/CMakeLists.txt 'cmake_minimum_required(VERSION 3.21)' 'project(sum C)' \
    'enable_testing()' 'add_executable(test_sum src/sum.c)' \
    'add_test(NAME test_sum COMMAND test_sum)'
put tree/src/sum.c 'static int' 'sum(int a, int b)' '{' '	return a + b;' '}' \
    'int main(void) { return sum(2, 3) != 5; }'

# fault BEFORE AFTER: writes the one fault of the small tree.
fault()
{
	put tree/tests/faults/one.fault 'file: src/sum.c' 'what: the sum is wrong' \
	    'tests: test_sum' '--- before' "$1" '--- after' "$2"
}

fault '	return a + b;
}' '	return a - b;
}'
expect_pass 'a fault of two lines applies' "$faults" --check --root "$tmp/tree"
expect_pass 'a fault that its test notices is caught' "$faults" --root "$tmp/tree"
expect_pass 'the table names who caught it' \
    sh -c '"$1" --root "$2" | grep "^one  *src/sum.c  *test_sum$"' - "$faults" "$tmp/tree"
fault 'return a + b' 'return b + a'
expect_fail 'a fault that nobody notices is reported' 'NOT CAUGHT: the sum is wrong' \
    "$faults" --root "$tmp/tree"
put tree/tests/faults/two.fault 'file: src/sum.c' 'what: the sum is twice as much' \
    'tests: test_sum' '--- before' 'return a + b' '--- after' 'return 2 * (a + b)'
printf '%-32s %-28s %s\n' fault file caught-by \
    one src/sum.c '** NOT CAUGHT: the sum is wrong' two src/sum.c test_sum >"$tmp/wanted"
printf '%s\n' '2 faults, 1 not caught' '# cases: 1 passed, 1 failed' >>"$tmp/wanted"
"$faults" --root "$tmp/tree" --jobs 2 >"$tmp/two"
expect_pass 'two at a time are told as one after the other' diff "$tmp/wanted" "$tmp/two"
rm "$tmp/tree/tests/faults/two.fault"
fault 'return a + b' 'return a +'
expect_fail 'a fault that does not compile is reported' 'does not compile' \
    "$faults" --root "$tmp/tree"
fault 'return a * b' 'return a'
expect_fail 'a fault whose text is gone is reported' 'stands in src/sum.c 0 times' \
    "$faults" --check --root "$tmp/tree"
fault 'int' 'long'
expect_fail 'a fault whose text stands twice is reported' 'times, not once' \
    "$faults" --check --root "$tmp/tree"
put tree/tests/faults/one.fault 'file: src/sum.c' 'what: no text' 'tests: test_sum'
expect_fail 'a fault without its blocks is reported' 'needs a block' \
    "$faults" --check --root "$tmp/tree"
fault 'return a + b' 'return a - b'
put tree/src/sum.c 'static int' 'sum(int a, int b) { return a + b; }' \
    'int main(void) { return sum(2, 3) == 5; }'
expect_fail 'a test that fails without the fault catches nothing' 'without the fault' \
    "$faults" --root "$tmp/tree"
finish
