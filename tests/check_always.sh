#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Properties of whole runs: each file of tests/data/always fails by the property
# that it asks for, and holds without its defect.
. "$(dirname "$0")/lib.sh"
dir=$SRC/tests/data/always

# broken NAME PATTERN
broken()
{
	expect_fail "$1 is noticed" "$2" "$VKEPT" run "$dir/$1.yaml"
	expect_fail "$1 is noticed by each kind of TLB" ': 0 passed, ' "$VKEPT" run "$dir/$1.yaml"
	grep -v '^defects:' "$dir/$1.yaml" >"$tmp/$1.yaml"
	expect_pass "$1 without its defect holds" "$VKEPT" run "$tmp/$1.yaml"
	# It is the property that fails, and not something else beside it.
	sed 's/^  always:.*/  always: []/' "$dir/$1.yaml" >"$tmp/$1.yaml"
	expect_pass "$1 is noticed by its property alone" "$VKEPT" run "$tmp/$1.yaml"
}

taken='no-revoked-use: expected no use of a translation that was taken away'
broken revoked-guest "$taken, found one that leads 0x400000 to HPA"
broken revoked-ept "$taken, found one that leads 0x400000 to HPA"
broken revoked-run "$taken, found one that leads 0x400000 to HPA"
broken revoked-upper "$taken, found one that leads 0x401000 to HPA"
broken revoked-often "$taken, found one that leads 0x401000 to HPA"
often=$("$VKEPT" run "$dir/revoked-often.yaml" | grep -c "$taken")
expect_pass 'what is cached of what was taken away is no better' [ "$often" -eq 2 ]
broken root-forged 'same-root: expected entries with EPTP 0x[1-9a-f][0-9a-f]*, found one with 0x1005e'
broken root-freed 'same-root: expected no entry without an EPT, found one with 0x[1-9a-f]'
broken gate 'gate-balanced: expected an open gate at which nobody is counted, found cpulock 0x2'
# Where a stale translation may be used.
kept()
{
	expect_pass "$1 holds" "$VKEPT" run "$dir/$1.yaml"
	sed 's/^  always:.*/  always: []/' "$dir/$1.yaml" >"$tmp/$1.yaml"
	expect_pass "$1 is the same to who does not ask" "$VKEPT" run "$tmp/$1.yaml"
}

kept put-back
kept plain-store
for file in "$dir"/*.yaml; do
	expect_pass "$(basename "$file") is one of the cases" \
	    grep -q -E "^(broken|kept) $(basename "$file" .yaml)( |\$)" "$0"
done
finish
