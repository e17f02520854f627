#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The schema of scenarios and the program give the same verdict, as far as a
# schema can tell: on every shipped scenario, on the broken ones, on mutants.
# runs: once
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3
schema=schema/scenario.schema.json
bad=tests/data/bad
python3 -W ignore -c 'import jsonschema, yaml' 2>/dev/null || {
	echo 'python3-jsonschema and python3-yaml are not there: nothing was checked'
	exit 77
}

hold()
{
	python3 -W ignore tests/schema/schema.py "$@"
}

expect_pass 'the schema accepts every shipped scenario' hold scenarios $schema "$VKEPT" scenarios
expect_pass 'flags may stand without a list' hold scenarios $schema "$VKEPT" tests/data/schema
expect_pass 'schema and program refuse the broken ones' \
    hold broken $schema "$VKEPT" $bad tests/schema/beyond.txt
mkdir "$tmp/mutants" "$tmp/few"
expect_pass 'schema and program agree on mutants' \
    hold mutants $schema "$VKEPT" scenarios "$tmp/mutants"

# What must be noticed.
sed 's/"required": \["scenario", "threads"\]/"required": ["scenario"]/' $schema >"$tmp/lax.json"
sed 's/"bare"/"bear"/' $schema >"$tmp/strict.json"
sed -E 's/^ {12}\{("enum": \[|"type": "string", "pattern").*\},$/{"enum": ["xyzzy"]},/' $schema \
    >"$tmp/lists.json"
sed '/^keys.yaml/d; /^roles.yaml/d' tests/schema/beyond.txt >"$tmp/short.txt"
cp scenarios/paging/*.yaml "$tmp/few"
mkdir "$tmp/out"
expect_fail 'a schema that forgets a key is noticed' 'is accepted by the schema' \
    hold mutants "$tmp/lax.json" "$VKEPT" "$tmp/few" "$tmp/out"
expect_fail 'a schema that refuses too much is noticed' 'role' \
    hold scenarios "$tmp/strict.json" "$VKEPT" scenarios/paging
expect_fail 'a schema that wants flags in a list is noticed' "'flags': 'a'} is not valid" \
    hold scenarios "$tmp/lists.json" "$VKEPT" tests/data/schema
expect_fail 'a broken scenario that is not listed is noticed' 'roles.yaml is accepted' \
    hold broken $schema "$VKEPT" $bad "$tmp/short.txt"
finish
