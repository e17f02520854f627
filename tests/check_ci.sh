#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What CI servers read: TAP and JUnit keep to their rules over every scenario, and
# all forms are the same for any number of jobs.  check_results.sh holds the JSON.
# runs: once
. "$(dirname "$0")/lib.sh"
data=tests/data
cd "$SRC" || exit 3

# output NAME COMMAND...: keeps both streams and the status.
output()
{
	name=$1
	shift
	"$@" >"$tmp/$name" 2>"$tmp/$name.err" </dev/null
	echo "status $?" >>"$tmp/$name.err"
}

same()
{
	cmp "$tmp/$1" "$tmp/$2" && cmp "$tmp/$1.err" "$tmp/$2.err"
}

# Scenarios of all kinds: that hold, that fail, of a matrix, explored, broken.
set -- scenarios/process $data/cli $data/cli_bad.yaml $data/explore/lost.yaml \
    $data/explore/matrix.yaml scenarios/bringup "$tmp/nothing.yaml"
jobs=2
for format in text tap junit json; do
	output one "$VKEPT" run -j 1 -f $format "$@"
	output more "$VKEPT" run -j $jobs -f $format "$@"
	expect_pass "$jobs jobs give the same $format as one" same one more
	jobs=$((jobs + 2))
	mv "$tmp/one" "$tmp/$format"
	expect_pass "a run as $format names its first failure once, in one line" sh -c '
	    [ "$(cat "$1" "$2" | grep -c "^\(vkept: \)\{0,1\}[0-9]* scenarios: .*; first: .*:[0-9]*:[0-9]*$")" = 1 ]' \
	    - "$tmp/$format" "$tmp/one.err"
done
output one "$VKEPT" run -v -j 1 -f json scenarios/copyio
output more "$VKEPT" run -v -j 5 -f json scenarios/copyio
expect_pass 'events do not depend on the number of jobs' same one more

# Whoever waits at a terminal, while results go to a file, is told how far it is.
if script -q -c true /dev/null >/dev/null 2>&1; then
	long=scenarios/shootdown/shares-guest.yaml
	script -q -c "$VKEPT run -j 1 -o $tmp/long.out $long $long" /dev/null </dev/null |
	    tr '\r' '\n' >"$tmp/told"
	expect_pass 'a long run tells how far it is' grep -q '^[0-9]* of [0-9][0-9]*' "$tmp/told"
fi

# What is explored for long has no more to tell than what is not.
every="$(find scenarios -name '*.yaml' ! -path '*/shootdown/*' | sort)
    scenarios/shootdown/ept-entry.yaml scenarios/shootdown/guest-entry.yaml"

# --- TAP -------------------------------------------------------------------

tap_holds()
{
	awk -f tests/schema/tap.awk "$1"
}
# shellcheck disable=SC2086 # names are words
"$VKEPT" run -f tap $every >"$tmp/all.tap" 2>/dev/null
expect_pass 'the TAP of every scenario keeps to version 13' tap_holds "$tmp/all.tap"
expect_pass 'the TAP of failures keeps to version 13' tap_holds "$tmp/tap"
sed 's/^ok 3 /ok 4 /' "$tmp/all.tap" >"$tmp/wrong.tap"
expect_fail 'a point out of turn is noticed' 'point 4, expected 3' tap_holds "$tmp/wrong.tap"
sed '$s/\.\..*/..1/' "$tmp/all.tap" >"$tmp/wrong.tap"
expect_fail 'a wrong plan is noticed' 'plan' tap_holds "$tmp/wrong.tap"
sed 's/^  \.\.\.$//' "$tmp/tap" >"$tmp/wrong.tap"
expect_fail 'a block without its end is noticed' 'block' tap_holds "$tmp/wrong.tap"

# --- JUnit -----------------------------------------------------------------

# The counts of each suite are those of its cases.
counts_hold()
{
	awk '/<testsuite name/ {
		split($0, part, "\"")
		tests = part[4]; failures = part[6]; errors = part[8]; seen++
	}
	/<testcase / { tests-- }
	/<failure / { failures-- }
	/<error / { errors-- }
	/<\/testsuite>/ && (tests || failures || errors) { print "line " NR ": counts"; bad = 1 }
	END { exit bad || !seen }' "$1"
}
if command -v xmllint >/dev/null 2>&1; then
	# shellcheck disable=SC2086
	"$VKEPT" run -f junit $every >"$tmp/all.xml" 2>/dev/null
	"$VKEPT" explore -v -f junit $data/explore >"$tmp/explore.xml" 2>/dev/null
	for file in all.xml junit explore.xml; do
		expect_pass "the JUnit of $file is valid" \
		    xmllint --noout --schema schema/junit.xsd "$tmp/$file"
		expect_pass "the counts of $file are right" counts_hold "$tmp/$file"
	done
	sed 's/ errors="[0-9]*"//' "$tmp/junit" >"$tmp/wrong.xml"
	expect_pass 'a suite without its counts is refused' sh -c \
	    '! xmllint --noout --schema schema/junit.xsd "$1"' - "$tmp/wrong.xml"
	sed 's/ failures="[0-9]*"/ failures="9"/' "$tmp/junit" >"$tmp/wrong.xml"
	expect_fail 'a wrong count is noticed' 'counts' counts_hold "$tmp/wrong.xml"
fi
finish
