#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What the program writes as JSON is as its schema says: each subcommand's, over the
# shipped scenarios (some of them; with VKEPT_FULL all), dumps, vectors and programs;
# and the schema refuses all that differs.
. "$(dirname "$0")/lib.sh"
: "${BUILD:?}"
cd "$SRC" || exit 3
schema=schema/results.schema.json
data=tests/data
guests=$data/linux-guest
python3 -W ignore -c 'import jsonschema, yaml' 2>/dev/null || {
	echo 'python3-jsonschema and python3-yaml are not there: nothing was checked'
	exit 77
}

hold()
{
	python3 -W ignore tests/schema/schema.py "$@"
}

# What a command cannot tell of is complained of, not written.
results=$tmp/results
mkdir "$results"
number=0
write()
{
	number=$((number + 1))
	result=$results/$1.$number
	"$VKEPT" "$@" >"$result" 2>"$tmp/complaint" </dev/null
	[ -s "$result" ] || rm "$result"
}

stride=5
[ -z "${VKEPT_FULL:-}" ] || stride=1
find scenarios -name '*.yaml' | sort | awk -v n=$stride 'NR % n == 0' >"$tmp/list"
while IFS= read -r file; do
	write walk -f json "$file"
	write maps -f json "$file"
	write graph -T json "$file"
done <"$tmp/list"

# shellcheck disable=SC2046 # file names without blanks
write run -f json $(cat "$tmp/list")
write run -f json scenarios/process $data/cli $data/cli_bad.yaml $data/explore/lost.yaml \
    $data/explore/matrix.yaml "$tmp/nothing.yaml"
write run -v --missing --seed 5 -f json scenarios/bringup scenarios/tlb $data/cli $data/tlb
write run -v -f json scenarios/exits scenarios/features/delivery-types.yaml
write explore -v -f json $data/explore
write explore --runs 20 --seed 3 -f json $data/explore/lost.yaml
write explore --preemptions 1 --depth 40 --budget 1M -f json $data/explore/lost.yaml
printf=scenarios/copyio/printf.yaml
write walk --step 5 -f json scenarios/bringup/first-touch.yaml
write walk -f json --core $guests/nested-npt/pt.elf.gz --nested npt --nested-root 0x114f2000 \
    --gva 0x600000 --access x --cpl 3
for table in guest ept both; do
	write maps --table $table -f json $printf
	write maps --table $table --summary -f json $printf
done
write maps --step 2 --against 5 -f json $printf
write maps --maps-gpa 0x200000 -f json $printf
write maps -f json scenarios/ept/e08-execute-only.yaml
write maps -f json --core $guests/l4-basic/pt.elf.gz --against $guests/l4-kpti-huge/pt.elf.gz \
    --range 0x400000-0x600000
write maps -f json --core $guests/l4-basic/pt.elf.gz --cpu 0 --against-cpu 1
write maps -f json --summary --core $guests/l5-la57/pt.elf.gz
write maps -f json --core $guests/l4-kpti-huge/pt.elf.gz
for view in '--summary' '--fold rights' '--table npt'; do
	# shellcheck disable=SC2086 # options
	write maps -f json $view --core $guests/nested-npt/pt.elf.gz --nested npt \
	    --nested-root 0x114f2000
done
write graph --walk 0x600000 -T json $printf
write graph --step 2 --against 5 -T json $printf
write check -f json scenarios/paging $data/bad
write bits --list -f json
write bits -f json 0x80000000002000e7 0x18
write bits --as ept -v -f json 0x1007 0xffffffffffffffff
write bits --as qualification -f json 0x1aa
write conform -f json $data/vectors/ept.jsonl $data/vectors/pku-few.jsonl.gz
sed 's/"cpl":3/"cpl":0/; s/"family":"p"/"family":"zz"/' $data/vectors/pku.jsonl >"$tmp/other.jsonl"
sed 's/"out":"[^"]*"/"out":"pf"/' $data/vectors/guest-paging.jsonl >"$tmp/wrong.jsonl"
write conform --show 100 -f json "$tmp/other.jsonl" "$tmp/wrong.jsonl" "$tmp/nothing.jsonl"
bad=$BUILD/tests/programs/misbehave
if [ -x "$bad" ]; then
	write exec --trace --limit 2000 -f json "$bad" loop
	for way in $("$VKEPT" exec -q "$bad" 2>&1); do
		write exec --limit 1M --memory 16M -f json "$bad" "$way"
	done
fi
[ ! -x "$BUILD/programs/printf" ] || write exec --trace -f json "$BUILD/programs/printf"

expect_pass 'the JSON of every subcommand is as its schema says' \
    hold results $schema "$results"/*
expect_pass 'no member of it may have another name, or be something else' \
    hold changed $schema "$results"/*

# What must be noticed.
sed 's/"repeats"/"repeated"/' $schema >"$tmp/strict.json"
sed 's/"additionalProperties": false/"additionalProperties": true/' $schema >"$tmp/lax.json"
sed 's/"kind": {"enum": [^]]*\]}/"kind": {}/' $schema >"$tmp/vague.json"
expect_fail 'a member that the schema does not know is noticed' 'repeats' \
    hold results "$tmp/strict.json" "$results"/maps.*
expect_fail 'a schema that allows members of any name is noticed' 'may have any name' \
    hold changed "$tmp/lax.json" "$results"/walk.*
expect_fail 'a schema that allows anything is noticed' 'may be anything' \
    hold changed "$tmp/vague.json" "$results"/graph.*
expect_fail 'a member that no result has is noticed' 'in no result: .*outer-page' \
    hold changed $schema "$results"/graph.*
finish
