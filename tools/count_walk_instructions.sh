#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# count_walk_instructions.sh [BENCH_WALK [LIMIT]]: how many instructions one walk
# takes, counted by callgrind over 10,000 walks, less those of the loop around
# them.  Prints the lines of a benchmark, and fails when the checked walk takes
# more than LIMIT (265): above some 300 a walk no longer overlaps with the next.
#
# BENCH_WALK is the benchmark's program; by default the one that ./dev bench
# builds.

set -eu
LC_ALL=C
export LC_ALL
bench=${1:-${BUILD:-$(dirname "$0")/../build/bench}/bench_walk}
limit=${2:-265}

if ! command -v valgrind >/dev/null 2>&1; then
	echo "count_walk_instructions.sh: needs valgrind" >&2
	exit 3
fi
if [ ! -x "$bench" ]; then
	echo "count_walk_instructions.sh: $bench is absent: ./dev bench builds it" >&2
	exit 3
fi

# instructions CONTENDER N: of a whole run.
instructions()
{
	valgrind --tool=callgrind --callgrind-out-file=/dev/null \
	    "$bench" --count "$1" "$2" 2>&1 | sed -n 's/^==.*Collected *: *\([0-9]*\).*/\1/p'
}

for contender in empty chain checked readable; do
	echo "$contender $(instructions $contender 1000) $(instructions $contender 11000)"
done | awk -v limit="$limit" '
function line(name, what)
{
	printf "{\"bench\": \"walk\", \"case\": \"%s\", \"unit\": \"instructions\", " \
	    "\"value\": %.1f, \"baseline\": \"bare-chain\", \"baseline_value\": %.1f, " \
	    "\"ratio\": %.3f, \"runs\": 1}\n",
	    name, walk[what], walk["chain"], walk[what] / walk["chain"]
}
NF != 3 { failed = 1; exit }
{ walk[$1] = ($3 - $2) / 10000 - walk["empty"] }
END {
	if (failed) {
		print "count_walk_instructions.sh: the program or valgrind failed" >"/dev/stderr"
		exit 3
	}
	line("instructions", "checked")
	line("instructions-readable", "readable")
	if (walk["checked"] > limit) {
		print "a checked walk takes more than " limit " instructions" >"/dev/stderr"
		exit 1
	}
}'
