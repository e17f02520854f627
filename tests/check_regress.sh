#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Each defect does the damage that its scenario shows, and nothing else does:
# a -bad scenario fails without its defects, a -fixed one fails with them, and
# but for expectations the two are the same.
. "$(dirname "$0")/lib.sh"
dir=$SRC/scenarios/regress

# Steps and machine of a scenario, without title, explanation, defects and
# expectations.  What these hold is indented deeper than their key.
steps_of()
{
	awk '
	/^(scenario|defects):/ { next }
	/^ *(- )?what:/ { next }
	{
		match($0, /^ */)
		indent = RLENGTH
	}
	skipping && indent > depth { next }
	{ skipping = 0 }
	/^about:|^ *expect:/ { skipping = 1; depth = indent; next }
	{ print }
	' "$1"
}

# same_steps NAME
same_steps()
{
	steps_of "$dir/$1-bad.yaml" >"$tmp/bad.steps"
	steps_of "$dir/$1-fixed.yaml" >"$tmp/fixed.steps"
	diff "$tmp/bad.steps" "$tmp/fixed.steps"
}

# Each name of the list stands in a scenario that shows its damage, or in a row
# of the tables that are explored.
all_shown()
{
	sed -n 's/^[[:space:]]*DEFECT([A-Z0-9_]*, "\([^"]*\)".*/\1/p' \
	    "$SRC/src/defect/defect_list.h" | sort -u >"$tmp/listed"
	{
		sed -n 's/^defects: \[\(.*\)\]$/\1/p' "$dir"/*-bad.yaml
		awk -F'|' 'NF == 11 && $5 ~ /`/ { gsub(/`/, "", $5); print $5 }' \
		    "$SRC/docs/FINDINGS.md"
	} | tr -d ' ' | tr , '\n' | sort -u >"$tmp/shown"
	[ -s "$tmp/listed" ] && diff "$tmp/listed" "$tmp/shown"
}

is_written()
{
	sh "$SRC/tools/write_defects.sh" "$SRC" | diff - "$SRC/docs/DEFECTS.md"
}

count=0
for bad in "$dir"/*-bad.yaml; do
	name=$(basename "$bad" -bad.yaml)
	count=$((count + 1))
	grep '^defects: ' "$bad" >"$tmp/defects"
	sed '/^defects: /d' "$bad" >"$tmp/$name-without.yaml"
	{
		cat "$tmp/defects"
		cat "$dir/$name-fixed.yaml"
	} >"$tmp/$name-with.yaml"
	expect_pass "$name: the damage is as described" "$VKEPT" run "$bad"
	expect_pass "$name: without defects all is well" "$VKEPT" run "$dir/$name-fixed.yaml"
	expect_fail "$name: the damage is the defect's" '^FAIL' \
	    "$VKEPT" run "$tmp/$name-without.yaml"
	expect_fail "$name: the defect is noticed" '^FAIL' "$VKEPT" run "$tmp/$name-with.yaml"
	expect_pass "$name: both make the same steps" same_steps "$name"
	rm -f "$tmp/$name"-*.yaml
done
expect_pass 'every defect is shown' all_shown
expect_pass 'docs/DEFECTS.md is as tools/write_defects.sh writes it' is_written

# enough ALL DRAGONFLY OTHERS
enough()
{
	echo "$* pairs"
	[ "$1" -eq "$count" ] && [ "$2" -ge 25 ] && [ "$3" -ge 15 ]
}

# shellcheck disable=SC2046 # three numbers
expect_pass 'there are 25 pairs from DragonFly and 15 from elsewhere' \
    enough $(COUNTS=1 sh "$SRC/tools/write_defects.sh" "$SRC")

# A small tree with one pair and one bug.
write=$SRC/tools/write_defects.sh
put tree/scenarios/regress/one-bad.yaml 'scenario: one' 'defects: [a-defect]'
put tree/src/defect/defect_list.h '	DEFECT(A, "a-defect",' '	    "it deviates")'
put tree/tests/faults/two.fault ''
bugs()
{
	put tree/scenarios/regress/known-bugs.txt '# DragonFly' "$@"
}

bugs 'a bug | one' 'another | fault two' 'a third | - no reason at all'
expect_pass 'a list of bugs that is complete is accepted' sh "$write" "$tmp/tree"
bugs 'a bug | one three'
expect_fail 'a bug with a pair that does not exist is refused' 'no pair of the name three' \
    sh "$write" "$tmp/tree"
bugs 'a bug | one' 'another | fault three'
expect_fail 'a bug with a fault that does not exist is refused' 'no fault of the name three' \
    sh "$write" "$tmp/tree"
bugs 'a bug | one' 'another | test tests/three.c'
expect_fail 'a bug with a test that does not exist is refused' 'tests/three.c is absent' \
    sh "$write" "$tmp/tree"
bugs 'a bug | one' 'another | -'
expect_fail 'a bug without a pair or a reason is refused' 'without a reason' \
    sh "$write" "$tmp/tree"
bugs 'a bug | fault two'
expect_fail 'a pair that nobody knows a bug for is refused' 'nothing is known of the pair one' \
    sh "$write" "$tmp/tree"

put misspelt.yaml 'scenario: a misspelt defect' 'defects: [pml4-index-unmaskd]' 'threads:' \
    '  - {name: a, role: kernel, steps: [{exit: 0}]}'
expect_fail 'a misspelt defect is refused, with the name that was meant' \
    'pml4-index-unmasked' sh -c '"$1" check "$2"; [ $? -eq 0 ] || exit 1' - "$VKEPT" \
    "$tmp/misspelt.yaml"
# Beside what it breaks, a copy with a defect does as one without.
copies=$SRC/tests/data/defects/copies.yaml
expect 0 'where there is nothing to copy nobody copies' '^4 scenarios: 4 passed' \
    "$VKEPT" run "$copies"
sed '/^matrix:/,/^defects:/d' "$copies" >"$tmp/whole.yaml"
expect 0 'nor does the copy that is whole' '^ok ' "$VKEPT" run "$tmp/whole.yaml"
finish
