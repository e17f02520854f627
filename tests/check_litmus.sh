#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every id of the catalogue has its scenario, each scenario comes to what it
# states, and docs/LITMUS.md says so.
. "$(dirname "$0")/lib.sh"
write=$SRC/tools/write_litmus.sh

writes()
{
	sh "$write" "$SRC" >"$tmp/litmus"
}
expect_pass 'every id has a scenario that holds' writes
expect_pass 'docs/LITMUS.md is as tools/write_litmus.sh writes it' \
    diff "$tmp/litmus" "$SRC/docs/LITMUS.md"

# catalogue FAMILIES: the tool with these families, beside the scenarios of a small tree.
catalogue()
{
	mkdir -p "$tmp/tools"
	awk -v families="$1" '
	/^FAMILIES=/ { print "FAMILIES=\047\n" families; skip = 1; next }
	skip && /^\047$/ { skip = 0 }
	!skip
	' "$write" >"$tmp/tools/write_litmus.sh"
	sh "$tmp/tools/write_litmus.sh" "$tmp"
}

# scenario FILE STATUS: a thread that exits with that status, expected to be 0.
scenario()
{
	put "scenarios/$1" 'scenario: an exit' 'threads:' \
	    "  - {name: a, role: process, steps: [{exit: $2, expect: {value: 0}}]}" \
	    'host: {spaces: {main: []}}'
}
scenario room/x01-one.yaml 0
scenario other/x02-two.yaml 0
scenario other/x02-two-more.yaml 0
scenario other/without-id.yaml 1
expect_pass 'files are found by their names, wherever they are' catalogue 'X 2 exits'
has_row()
{
	catalogue 'X 2 exits' | grep -q -x -F -e "$1"
}
expect_pass 'a row has what the scenario says of itself' has_row \
    '| X01 | [x01-one](../scenarios/room/x01-one.yaml) | an exit | the one stated | holds |'
expect_pass 'a family may leave numbers out' catalogue 'X 1,2-2 exits'
expect_fail 'an id without a scenario is noticed' 'X03 has no scenario' catalogue 'X 3 exits'
expect_fail 'a scenario without a family is noticed' 'x02.*yaml: its id is in no family' \
    catalogue 'X 1 exits'
scenario other/x02-two-more.yaml 1
expect_fail 'a scenario that does not hold is noticed' '| 0 of 1 hold |' catalogue 'X 2 exits'
finish
