#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same bytes in every format, whatever the surroundings: locale, time zone, terminal, mask of
# file modes, working directory, where memory lies and what is in it, processors and jobs.
# VKEPT_FULL: over all scenarios.
# runs: once
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3
root=$(pwd)
scenarios="$root/scenarios/vmm $root/scenarios/copyio/printf.yaml"
[ -z "${VKEPT_FULL:-}" ] || scenarios=$root/scenarios
data=$root/tests/data
guest=$data/linux-guest/l5-la57/pt.elf.gz
printf=$root/scenarios/copyio/printf.yaml

# Command lines, all with absolute paths; @ is where a result goes.
cat >"$tmp/lines" <<END
run -v $scenarios
run -v -f json $scenarios
run -f tap $scenarios $data/cli
run -f junit $scenarios $data/cli_bad.yaml
run --trace-format perfetto $printf
run -v --seed 11 -o @ $scenarios
check -f json $data/bad
explore $data/explore
explore -f json -k $data/explore/lost.yaml $data/explore/stuck.yaml
explore --runs 20 --seed 5 $data/explore/message.yaml
walk --step 2 $data/cli/bare.yaml
walk -f json --core $guest --gva 0x400000
maps $printf
maps -f json --core $guest
graph -o @ $printf
graph -T json $printf
graph --step 1 --against 2 $printf
maps --summary --core $guest
report -o @ $printf
explore --save @ $data/explore/lost.yaml
check --reference mdoc
bits -v --as ept 0x8000000000001037
exec --trace-format perfetto -o @ $root/scenarios/programs/hello.elf
conform $data/vectors/ept.jsonl
conform -f json $data/vectors/pku.jsonl
END

# What two runs of an exploration took is no part of the result.
measured='"stats"\|made by the code\|seconds'

# all_lines DIR COMMAND...: what each line gives, with its status, run by a command.
all_lines()
{
	dir=$tmp/$1
	shift
	mkdir "$dir"
	number=0
	while read -r line; do
		number=$((number + 1))
		rm -f "$tmp/result"
		# shellcheck disable=SC2046 # a line is words
		"$@" "$VKEPT" $(printf '%s\n' "$line" | sed "s|@|$tmp/result|") \
		    >"$tmp/raw" 2>&1 </dev/null
		status=$?
		[ ! -f "$tmp/result" ] || cat "$tmp/result" >>"$tmp/raw"
		{ echo "$line"; grep -v -e "$measured" "$tmp/raw"; echo "status $status"; } \
		    >"$dir/$number"
	done <"$tmp/lines"
}

# same SENTENCE COMMAND...
same()
{
	sentence=$1
	shift
	rm -rf "$tmp/other"
	all_lines other "$@"
	expect_pass "$sentence" diff -rq "$tmp/plain" "$tmp/other"
}

elsewhere()
(
	cd / && umask 077 && "$@"
)

# Options only of run and explore: how many scenarios at a time.
by_seven()
{
	program=$1 verb=$2
	shift 2
	case $verb in
	run | explore) "$program" "$verb" --jobs 7 "$@" ;;
	*) "$program" "$verb" "$@" ;;
	esac
}

few_files()
(
	# shellcheck disable=SC3045 # every shell that is sh here has them
	ulimit -s 64 && ulimit -n 64 && "$@"
)

all_lines plain env -i LC_ALL=C TZ=UTC
expect_pass 'every line gives something' sh -c '! find "$1" -size -40c | grep .' - "$tmp/plain"
same 'in another locale, time zone and terminal' env LC_ALL=tr_TR.UTF-8 LANG=de_DE.UTF-8 \
    TZ=Asia/Kathmandu TERM=xterm-256color COLUMNS=17 LINES=5 HOME=/nonexistent
same 'in another directory, with another mask of modes' elsewhere
same 'with seven scenarios at a time' by_seven
same 'with a small stack and few files' few_files
same 'with memory that is not zero' env MALLOC_PERTURB_=165 MALLOC_ARENA_MAX=1
if setarch -R true 2>/dev/null; then
	same 'with memory always at the same place' setarch -R
fi
if taskset -c 0 true 2>/dev/null; then
	same 'on one processor' taskset -c 0
fi
# A comparison that cannot fail would pass here.
printf 'run --seed 12 %s\n' "$scenarios" >"$tmp/lines"
rm -rf "$tmp/other"
all_lines other env
expect_fail 'other bytes are noticed' '^Only in\|differ\|^diff' diff -r "$tmp/plain" "$tmp/other"
finish
