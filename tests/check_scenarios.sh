#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every scenario of the tree holds, one case a file, and what a run of all of
# them prints does not depend on the locale, the time zone or the order asked.
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3
files=$(find scenarios -name '*.yaml' | sort)

for file in $files; do
	expect_pass "$file holds" "$VKEPT" run "$file"
done

# output NAME COMMAND...: keeps both streams and the status.
output()
{
	name=$1
	shift
	"$@" >"$tmp/$name" 2>&1 </dev/null
	echo "status $?" >>"$tmp/$name"
}

# Of those that are explored, which takes longest, a few will do.
# shellcheck disable=SC2086 # one argument a file
some="$(grep -L '^schedule: .*explore' $files) $(echo scenarios/schedules/*.yaml)"
for format in text json tap; do
	# shellcheck disable=SC2086 # one argument a file
	output one env LC_ALL=C TZ=UTC "$VKEPT" run -v -f $format $some
	# shellcheck disable=SC2086 # one argument a file
	output two env LC_ALL=de_DE.UTF-8 LANG=tr_TR.UTF-8 TZ=Asia/Kathmandu \
	    "$VKEPT" run -v -f $format $some
	expect_pass "a run as $format is the same in another locale and time zone" \
	    cmp "$tmp/one" "$tmp/two"
	expect_pass "a run as $format ends well" grep -q -x 'status 0' "$tmp/one"
done
output one "$VKEPT" run -v -f tap scenarios/exits
# shellcheck disable=SC2046 # one argument a file
output two "$VKEPT" run -v -f tap $(find scenarios/exits -name '*.yaml' | sort)
expect_pass 'a directory is run in order of its files' cmp "$tmp/one" "$tmp/two"

# Scenarios that expect something else must not hold.
wrong()
{
	sed "$3" "scenarios/$2" >"$tmp/wrong.yaml"
	expect_fail "$1" '^FAIL ' "$VKEPT" run "$tmp/wrong.yaml"
}
wrong 'a wrong error code is noticed' paging/t03-not-present.yaml 's/error-code: 0x14/error-code: 0x4/'
wrong 'a wrong flag of an entry is noticed' paging/t02-write.yaml 's/entry: 0x10067/entry: 0x10027/'
wrong 'a wrong qualification is noticed' ept/e04-write-denied.yaml 's/0x1aa/0x1ab/'
wrong 'a wrong number of references is noticed' features/five-on-five.yaml 's/reads: 35/reads: 34/'
wrong 'a wrong slot of a log is noticed' features/pml.yaml 's/0x4000, 0x3000/0x3000, 0x4000/'
wrong 'a wrong word of an information page is noticed' features/ve.yaml 's/0xffffffff00000030/0x30/'
wrong 'a wrong memory type is noticed' features/memtype.yaml 's/memtype: wp}$/memtype: wb}/'
finish
