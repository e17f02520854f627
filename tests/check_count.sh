#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: once
# The counting of test cases behind the last line of ./dev test.
. "$(dirname "$0")/lib.sh"

# counted SENTENCE NUMBERS LINE...: a project whose tests are the lines, each
# "name command", run by ctest and counted.
counted()
{
	sentence=$1 numbers=$2
	shift 2
	rm -rf "$tmp/project"
	{
		echo 'cmake_minimum_required(VERSION 3.21)'
		echo 'project(counted NONE)'
		echo 'enable_testing()'
		for line in "$@"; do
			name=${line%% *}
			echo "add_test(NAME $name COMMAND sh -c [==[${line#* }]==])"
			echo "set_tests_properties($name PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 2)"
		done
	} >"$tmp/CMakeLists.txt"
	mkdir "$tmp/project"
	mv "$tmp/CMakeLists.txt" "$tmp/project"
	expect_pass "$sentence" sh -c '
		cmake -G Ninja -S "$1" -B "$1/build" >/dev/null
		ctest --test-dir "$1/build" --output-junit "$1/junit.xml" \
		    --test-output-size-passed 1000000 --test-output-size-failed 1000000
		found=$(awk -f "$2/tools/count_tests.awk" "$1/junit.xml")
		echo "found $found, expected $3"
		[ "$found" = "$3" ]
	' - "$tmp/project" "$SRC" "$numbers"
}

cmocka_passed='echo "[  PASSED  ] 3 test(s)."'
cmocka_failed='echo "[  PASSED  ] 2 test(s)."
	echo "[  FAILED  ] group: 1 test(s), listed below:"'

counted 'a plain test counts once' '1 0 0' 'a true'
counted 'a plain failure counts once' '0 1 0' 'a false'
counted 'a CMocka program counts its cases' '3 0 0' "a $cmocka_passed"
counted 'two groups of cases add up' '6 0 0' "a $cmocka_passed; $cmocka_passed"
counted 'a failed case counts beside those that passed' '2 1 0' "a $cmocka_failed; exit 1"
counted 'a crash after its cases passed is a failure' '3 1 0' "a $cmocka_passed; kill -SEGV \$\$"
counted 'a script counts what it says' '4 2 0' 'a echo "# cases: 4 passed, 2 failed"; exit 1'
counted 'a test that runs out of time is a failure' '0 1 0' 'a sleep 10'
counted 'a skipped test is neither' '1 0 1' 'a true' 'b exit 77'
counted 'the counts stand behind long output' '3 0 0' \
    "a i=0; while [ \$i -lt 3000 ]; do echo line \$i; i=\$((i + 1)); done; $cmocka_passed"
counted 'tests add up' '8 3 0' 'a true' "b $cmocka_passed" 'c false' \
    'd echo "# cases: 4 passed, 2 failed"; exit 1'
finish
