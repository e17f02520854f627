#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vkept explore at the prompt: statuses, bounds, schedules that are saved and
# run again, files that do not fit, any number of jobs.  What it prints is held
# by the golden outputs.
. "$(dirname "$0")/lib.sh"
data=tests/data/explore
lost=$data/lost.yaml
stuck=$data/stuck.yaml
stale=$data/stale.yaml
message=$data/message.yaml
export tmp data lost stuck stale message
cd "$SRC" || exit 3

# --- what it comes to ------------------------------------------------------

expect 0 'a scenario that holds under every schedule: status 0' 'under every schedule (' \
    "$VKEPT" explore $message
expect 1 'one that some schedule breaks: status 1' 'cause: quick writes' "$VKEPT" explore $lost
expect 1 'one that can get stuck: status 1' 'nobody can go on' "$VKEPT" explore $stuck
expect 1 'a stale translation is named as the cause' 'INVVPID of the address 0x400000 on CPU 1' \
    "$VKEPT" explore $stale
expect 0 'reachable outcomes are counted' 'reachable outcomes: 3 of 3 found' \
    "$VKEPT" explore $message
expect 0 'a schedule to each is there when asked for' 'the data without the flag' \
    "$VKEPT" explore -v $message
expect 1 'one that is not found is a violation' ': reachable: expected some schedule' sh -c '
    sed "s/step: flag, value: 1}, {thread: reader, step: data, value: 1/step: flag, value: 7/" \
        $message >"$tmp/seven.yaml"; "$VKEPT" explore "$tmp/seven.yaml"'
expect 1 'after a violation the search goes on when asked to' 'under every schedule' \
    "$VKEPT" explore --keep-going $lost
expect 0 'quiet success is silent' '' "$VKEPT" explore -q $message
expect 0 'run explores it too' 'under every schedule' "$VKEPT" run $message
expect 1 'and fails with it' 'cause: ' "$VKEPT" run $lost
expect 0 'a seed makes run play one schedule' 'with --seed 3' "$VKEPT" run --seed 3 $message
expect 2 'a bad file: status 2' ':3:1: ' "$VKEPT" explore tests/data/cli_bad.yaml
expect 3 'a file that is not there: status 3' 'No such file' "$VKEPT" explore "$tmp/nothing.yaml"

# --- bounds ----------------------------------------------------------------

for option in budget depth runs jobs; do
	expect 2 "--$option 0 is refused" "$option: expected a number of at least 1, found '0'" \
	    "$VKEPT" explore --$option 0 $message
	expect 2 "--$option x is refused" "$option: expected a number" \
	    "$VKEPT" explore --$option x $message
done
expect 2 'too many preemptions are refused' 'expected a number up to 255' \
    "$VKEPT" explore --preemptions 256 $message
expect 2 'a bound has no meaning with schedules by chance' 'by chance' \
    "$VKEPT" explore --runs 3 --budget 5 $message
expect 2 'and none with one that is given' 'and nothing else' \
    "$VKEPT" explore --replay x --seed 5 $message
expect 2 'nothing to explore is bad usage' 'no scenario was named' "$VKEPT" explore
expect 1 'a limit of states is said to have come first' \
    'found the limit of states after 7 states: every schedule is covered up to 2 moves, 3 states not f' \
    "$VKEPT" explore --budget 5 $message
expect 1 'so is a limit of memory' 'found the limit of memory after' \
    "$VKEPT" explore --budget 1K $message
expect 2 'a budget of no memory is refused' "budget: expected a number of at least 1, found '0M'" \
    "$VKEPT" explore --budget 0M $message
expect 2 'so is one that no machine has' "budget: expected a number, found '99999999999T'" \
    "$VKEPT" explore --budget 99999999999T $message
expect 1 'of two budgets the smaller one counts' 'the limit of memory after' \
    "$VKEPT" explore --budget 100 --budget 1K $message
expect 1 'outcomes beyond a limit of moves are missed' 'every schedule of at most 3 moves' \
    "$VKEPT" explore --depth 3 $message
expect 0 'a limit of moves that is not reached is none' 'under every schedule (13 states)' \
    "$VKEPT" explore --depth 9 $message
expect 1 'preemptions are needed for some outcome' 'with at most 0 preemptions' \
    "$VKEPT" explore --preemptions 0 $message
expect 0 'one is enough' 'with at most 1 preemption (' "$VKEPT" explore --preemptions 1 $message
sed 's/^schedule: explore/schedule: {explore: {states: 5}}/' $message >"$tmp/states.yaml"
expect 1 'a bound of the file counts' 'the limit of states after 7' \
    "$VKEPT" explore "$tmp/states.yaml"
expect 0 'unless the command line has another' 'under every schedule' \
    "$VKEPT" explore --budget 100 "$tmp/states.yaml"
expect 1 'and it counts for run' 'the limit of states after 7' "$VKEPT" run "$tmp/states.yaml"

# --- threads that do not get on --------------------------------------------

sed 's/- read: 0x1000/- {read: 0x2000, repeat: 900000}/' $lost >"$tmp/private.yaml"
expect 2 'a thread that never yields in a million touches: status 2' \
    'goes on and on, and lets no other thread go on' "$VKEPT" explore "$tmp/private.yaml"
expect 2 'by chance, too' 'goes on and on' "$VKEPT" explore --runs 3 "$tmp/private.yaml"
sed '1i\
defects: [no-ipi]' scenarios/shootdown/alone-ept.yaml >"$tmp/livelock.yaml"
expect 1 'a state that no schedule leads out of: status 1' 'found livelock' \
    "$VKEPT" explore "$tmp/livelock.yaml"

# --- schedules by chance ---------------------------------------------------

expect 0 'schedules by chance come to their number' 'under 50 random schedules from seed 0' \
    "$VKEPT" explore --runs 50 $message
expect 1 'they find what is to be found' 'random schedules from seed 9' \
    "$VKEPT" explore --seed 9 $lost
expect 0 'a seed makes the same runs each time' '' sh -c '
    "$VKEPT" explore -v --seed 9 --runs 30 $message >"$tmp/a"
    "$VKEPT" explore -v --seed 9 --runs 30 $message | cmp - "$tmp/a"'
expect 1 'and another seed others' ' differ: ' sh -c '
    for seed in 1 2; do
	"$VKEPT" explore -v --runs 4 --seed $seed $message >"$tmp/a$seed"
    done
    sed "s/seed 2/seed 1/" "$tmp/a2" | cmp "$tmp/a1" -'
expect 1 'one that gets stuck is found by chance' 'nobody can go on' \
    "$VKEPT" explore --runs 5 $stuck

# --- schedules as files ----------------------------------------------------

for name in lost stuck stale; do
	file=$data/$name.yaml
	export file name
	expect 1 "the schedule of $name can be saved" "vkept explore --replay $tmp/$name.replay" \
	    "$VKEPT" explore --save "$tmp/$name.replay" "$file"
	expect 1 "and is run again" ', replayed$' "$VKEPT" explore --replay "$tmp/$name.replay" "$file"
	expect 0 "with the same steps, touches and end" '' sh -c '
	    strip() { grep -v -e "states$" -e replayed -e explored: -e saved; }
	    "$VKEPT" explore "$file" | strip >"$tmp/a"
	    "$VKEPT" explore --replay "$tmp/$name.replay" "$file" | strip | cmp - "$tmp/a"'
	expect 0 "as often as you like" '' sh -c '
	    "$VKEPT" explore -f json --replay "$tmp/$name.replay" "$file" >"$tmp/a" 2>&1
	    "$VKEPT" explore -f json --replay "$tmp/$name.replay" "$file" 2>&1 | cmp - "$tmp/a"'
done
echo before >"$tmp/kept"
expect 0 'nothing is saved of what holds' '^before$' sh -c '
    "$VKEPT" explore -q --save "$tmp/kept" $message && cat "$tmp/kept"'
expect 3 'a file that cannot be written: status 3' 'No such file' \
    "$VKEPT" explore --save "$tmp/nowhere/x" $lost
expect 0 'the first failing schedule is saved' "^scenario .two threads wait" sh -c '
    "$VKEPT" explore -q --save "$tmp/first" $message $stuck $lost >/dev/null; cat "$tmp/first"'
{ grep -v -e '^move' -e '^end' "$tmp/lost.replay"; echo 'move slow'; echo 'end 1'; } >"$tmp/short"
expect 0 'a schedule that stops early is carried on to the end' '^ *4 moves, 1 change of thread' \
    "$VKEPT" explore --replay "$tmp/short" $lost

# wrong SENTENCE PATTERN SED-SCRIPT: a schedule that does not fit.
wrong()
{
	sed "$3" "$tmp/lost.replay" >"$tmp/wrong"
	expect 2 "$1" "wrong:[0-9]*:[0-9]*: $2" "$VKEPT" explore --replay "$tmp/wrong" $lost
}
wrong 'a schedule of another version' "found '2', expected version 1" '1s/1/2/'
wrong 'a schedule without its end' 'found the end of the file.*cut short' '$d'
wrong 'a schedule that lacks a move' "found '4', expected 3, the number of moves" '/^move quick/{N;s/.*\n//}'
wrong 'a schedule of another scenario' 'found the scenario "other"' 's/^scenario.*/scenario "other"/'
wrong 'a thread that is not there' "found the thread 'quik', did you mean 'quick'" 's/quick/quik/'
wrong 'a thread that has ended' 'found a move of slow, which has ended' 's/move quick/move slow/'
wrong 'a choice that is not to be made' 'found 1 choice, expected 0' 's/move quick/& choose 1/'
wrong 'a cell that is not there' '.*expected one that the scenario has' 's/^cell word.*/cell cpu 9/'
expect 2 'no schedule at all' "expected 'vkept-schedule 1'" "$VKEPT" explore --replay /dev/null $lost
expect 3 'a schedule that cannot be read' 'No such file' \
    "$VKEPT" explore --replay "$tmp/nothing" $lost
expect 2 'a schedule without end' 'larger than' "$VKEPT" explore --replay /dev/zero $lost
expect 2 'a schedule is for one scenario' 'for one scenario' \
    "$VKEPT" explore --replay "$tmp/lost.replay" $lost $stuck

# --- many scenarios --------------------------------------------------------

mkdir -p "$tmp/d/e"
for i in 1 2 3 4 5 6 7 8 9; do
	cp $lost "$tmp/d/lost$i.yaml"
	cp $message "$tmp/d/e/message$i.yaml"
	cp tests/data/cli/bare.yaml "$tmp/d/bare$i.yaml"
done
cp $data/matrix.yaml "$tmp/d/matrix.yaml"
for format in text json tap junit; do
	export format
	expect 0 "any number of jobs gives the same, as $format" '' sh -c '
	    "$VKEPT" explore -v -j 1 -f $format "$tmp/d" >"$tmp/a" 2>&1
	    for jobs in 2 3 16; do
		"$VKEPT" explore -v -j $jobs -f $format "$tmp/d" 2>&1 |
		    cmp - "$tmp/a" || exit 1
	    done'
done
expect 1 'of a directory what asks for it is explored' '^21 scenarios: 12 passed, 9 failed' \
    "$VKEPT" explore "$tmp/d"
mkdir "$tmp/none"
cp tests/data/cli/bare.yaml "$tmp/none"
expect 2 'a directory without such is bad input' "no scenario with 'schedule: explore'" \
    "$VKEPT" explore "$tmp/none"
expect 0 'a file that is named is explored in any case' 'under every schedule (1 state)' \
    "$VKEPT" explore tests/data/cli/bare.yaml
expect 1 'the timeline of what was explored is the run that broke something' '"ph": "i".*FAILS: memory' \
    "$VKEPT" run --trace-format perfetto $lost
expect 0 'where nothing is broken it is a run' '"step", "name": "2 ' \
    "$VKEPT" run --trace-format perfetto $message
expect 1 'exploring writes the same timeline' 'same' sh -c '
    "$VKEPT" run --trace-format perfetto '$lost' >"$1"
    "$VKEPT" explore --trace-format perfetto '$lost' >"$2"; status=$?
    cmp "$1" "$2" && echo same; exit $status' - "$tmp/run" "$tmp/explored"
expect 1 'and so does replaying' 'same' sh -c '
    "$VKEPT" explore --save "$1.replay" '$lost' >/dev/null
    "$VKEPT" explore --trace-format perfetto --replay "$1.replay" '$lost' >"$2"; status=$?
    cmp "$1" "$2" && echo same; exit $status' - "$tmp/run" "$tmp/explored"
expect 2 'which has no other format' 'there is no --format' \
    "$VKEPT" explore --trace-format perfetto -f tap $lost

# values COUNT: a page that leads to one frame after the other, nothing is invalidated, and a read.
values()
{
	cat <<END
scenario: an entry with $1 values
machine: {tlb: adversarial, cpus: 1, features: {ept-ad: no}}
host:
  ept: [{gpa: 0x0, size: 1M, hpa: 0x1000000}]
guest:
  spaces:
    main:
      root: 0x1000
      tables: {at: 0x2000, size: 28K}
      map: [{gva: 0x8040201000, gpa: 0x10000, size: 4K, flags: [p, u, a, d]}]
  memory:
$(seq "$1" | awk '{ printf "    - {gpa: %d, words: [%d]}\n", 61440 + $1 * 4096, $1 }')
threads:
  - name: vcpu
    role: bare
    steps:
      - read: 0x8040201000
$(seq 2 "$1" | awk '{ printf "      - set-entry: {gva: 0x8040201000, entry: %d}\n", 61541 + $1 * 4096 }')
      - read: 0x8040201000
schedule: explore
END
}
values 64 >"$tmp/values.yaml"
expect 0 'every value that an entry had is one that may be cached' '64 moves, 1 end' \
    "$VKEPT" explore -v "$tmp/values.yaml"
values 65 >"$tmp/values.yaml"
expect 2 'of more values none is left out in silence' 'more threads, memory, choices or moves' \
    "$VKEPT" explore "$tmp/values.yaml"

# threads COUNT: so many, each with one read.
threads()
{
	printf 'scenario: many threads\nschedule: explore\nmachine: {cpus: 1}\nthreads:\n'
	seq "$1" | sed 's/.*/  - {name: t&, role: bare, mode: {paging: no}, steps: [{read: 0x1000}]}/'
}
threads 16 >"$tmp/threads.yaml"
expect 0 'sixteen threads are followed' '^1 scenario: 1 passed' \
    "$VKEPT" explore --runs 3 "$tmp/threads.yaml"
threads 17 >"$tmp/threads.yaml"
expect 2 'more are not, and it is said' 'more threads, memory, choices or moves' \
    "$VKEPT" explore "$tmp/threads.yaml"
{
	printf 'scenario: many values of one word\nschedule: explore\nmachine: {cpus: 2}\nthreads:\n'
	printf '  - name: slow\n    role: bare\n    mode: {paging: no}\n    steps:\n'
	seq 300 | sed 's/.*/      - write: {at: 0x1000, value: &}/'
	printf '  - {name: quick, role: bare, cpu: 1, mode: {paging: no},\n'
	printf '     steps: [{read: 0x1000}, {read: 0x1000}]}\n'
} >"$tmp/counts.yaml"
expect 0 'a word may have more values than a byte' 'every schedule (903 states)' \
    "$VKEPT" explore "$tmp/counts.yaml"
cat >"$tmp/unbuilt.yaml" <<'END'
scenario: a machine that cannot be built
schedule: explore
machine: {cpus: 1}
host:
  memory: 1M
  frames: [{hpa: 0x100000, words: [1]}]
threads:
  - {name: a, role: bare, mode: {paging: no}, steps: [{read: 0x1000}]}
END
for way in '' '--runs 3'; do
	# shellcheck disable=SC2086
	expect 1 "a machine that cannot be built fails before anything moves ($way)" \
	    'unbuilt.yaml:6:1[0-9]: machine: expected an address within host memory' \
	    "$VKEPT" explore $way "$tmp/unbuilt.yaml"
done
expect 1 'its schedule of no moves is replayed' 'machine: expected an address within' sh -c '
    "$VKEPT" explore --save "$1.none" "$1" >/dev/null
    "$VKEPT" explore --replay "$1.none" "$1"' - "$tmp/unbuilt.yaml"
expect 0 'progress is for terminals' '' sh -c '"$VKEPT" explore $message 2>&1 >/dev/null'
finish
