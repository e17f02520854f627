# SPDX-License-Identifier: BSD-2-Clause
#
# Adds up the cases in ctest's JUnit files and prints "PASSED FAILED SKIPPED".
# A CMocka program counts as its cases, a program or script that prints
# "# cases: N passed, N failed" as those, and every other test as one.  A test
# that failed without naming a failed case, because it crashed or ran out of
# time, adds one failure.

function end_of_test()
{
	if (state == "")
		return
	if (state == "notrun" || state == "disabled") {
		skipped++
		return
	}
	if (state == "fail" && cases_failed == 0)
		cases_failed = 1
	if (state == "run" && cases_passed + cases_failed == 0)
		cases_passed = 1
	passed += cases_passed
	failed += cases_failed
}

/<testcase / {
	end_of_test()
	state = $0
	sub(/.* status="/, "", state)
	sub(/".*/, "", state)
	cases_passed = cases_failed = 0
}

/\[  PASSED  \] [0-9]+ test/ {
	sub(/.*\[  PASSED  \] /, "")
	cases_passed += $1
}
/\[  FAILED  \] .*[0-9]+ test\(s\), listed below/ {
	sub(/ test\(s\), listed below.*/, "")
	cases_failed += $NF
}
/# cases: [0-9]+ passed, [0-9]+ failed/ {
	sub(/.*# cases: /, "")
	cases_passed += $1
	cases_failed += $3
}

END {
	end_of_test()
	print passed + 0, failed + 0, skipped + 0
}
