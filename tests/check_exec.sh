#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Programs under the model: the examples, every way that one can go wrong, and
# files that are none; what each finds when it starts [ELF-START].
. "$(dirname "$0")/lib.sh"
: "${BUILD:?}"
cd "$SRC" || exit 3
programs=$BUILD/programs
bad=$BUILD/tests/programs/misbehave

# ends STATUS WAY SENTENCE PATTERN: what becomes of one way of tests/programs/misbehave.c.
ends()
{
	expect "$1" "$3" "$4" "$VKEPT" exec --limit 20M --memory 16M "$bad" "$2"
}

# --- the examples ----------------------------------------------------------

if [ -x "$programs/printf" ]; then
	expect 0 'printf prints' '^hello, nested paging$' "$VKEPT" exec "$programs/printf"
	expect 0 'and its arguments' '^argument 2: -q$' "$VKEPT" exec -q "$programs/printf" -- -q
	expect 0 'what it took is told' '^  VM exits .*: .* EPT violations, .* page faults' \
	    "$VKEPT" exec "$programs/printf"
	expect 0 'every kind of memory' '^113 checks, 0 failures$' "$VKEPT" exec "$programs/memory"
	expect 0 'with translations that outlive exits' ', 0 failures$' \
	    "$VKEPT" exec --vpid "$programs/memory"
	expect 0 'with few translations' ', 0 failures$' \
	    "$VKEPT" exec --tlb-entries 8 "$programs/memory"
	expect 0 'strings across pages' '^all strings are whole$' "$VKEPT" exec "$programs/strings"
	expect 0 'without a TLB' '^all strings are whole$' \
	    "$VKEPT" exec --tlb-entries 0 "$programs/strings"
	expect 0 'self-modifying code' '^every change was seen$' "$VKEPT" exec "$programs/modify"
	expect 0 'also while every event is told' '^every change was seen$' \
	    sh -c '"$VKEPT" exec --trace "$1" 2>"$2"' - "$programs/modify" "$tmp/told"
	expect 0 'on standard error' 'EPT violation' cat "$tmp/told"
	for seed in 1 2 3; do
		expect 0 "two threads count, seed $seed" 'with LOCK 40000, under a mutex 2500' \
		    "$VKEPT" exec --cpus 3 --seed $seed "$programs/threads"
	done
	expect 0 'two threads count, in turn' 'with LOCK 40000, under a mutex 2500' \
	    "$VKEPT" exec --cpus 3 --vpid --slice 37 "$programs/threads"
	expect 1 'a thread needs a vCPU' 'there is no vCPU' "$VKEPT" exec --cpus 2 "$programs/threads"
	for name in printf memory strings modify; do
		"$VKEPT" exec -q "$programs/$name" >"$tmp/ours"
		"$programs/$name" >"$tmp/theirs"
		expect 0 "$name writes what it writes on this machine" '' \
		    cmp "$tmp/ours" "$tmp/theirs"
	done
	"$VKEPT" exec -f json --trace --cpus 3 --seed 5 "$programs/threads" >"$tmp/first"
	"$VKEPT" exec -f json --trace --cpus 3 --seed 5 "$programs/threads" >"$tmp/second"
	expect 0 'a run is repeated by repeating it' '' cmp "$tmp/first" "$tmp/second"
fi

# --- ways to end -----------------------------------------------------------

if [ -x "$bad" ]; then
	ends 42 none 'the status is the program'\''s' 'exited with status 42$'
	ends 1 overflow 'a stack overflow' 'stack overflow: write to 0x7ff[0-9a-f]* at 0x'
	ends 1 nowhere 'a jump to nowhere' 'fetch from 0xdead0000: nothing is mapped there$'
	ends 1 noncanonical 'a jump to no address' '#GP at 0x8000000000000000$'
	ends 1 null 'a null pointer' 'page fault: read from 0x0 at 0x[0-9a-f]* (mov, 48 8b'
	ends 1 constant 'a write to a constant' 'write to .*: the page does not allow it$'
	ends 1 data 'data that is executed' 'fetch from .*: the page does not allow it$'
	ends 1 kernel-read 'a look at the vkernel' 'read from 0xffff8.*: the page does not allow'
	ends 1 kernel-write 'a write to its own page tables' 'write to 0xffff8.* does not allow'
	ends 42 kernel-pointers 'kernel pointers for every call' '^nobody fell for it$'
	ends 42 terabyte 'a terabyte' '^refused$'
	ends 1 greedy 'all of the memory' 'out of memory: write to 0x'
	ends 1 endless 'an endless loop' 'stopped after 20[0-9]* instructions'
	ends 1 endless-calls 'a loop of calls that move much' 'stopped after .* instructions'
	ends 42 unmap-all 'more than there is, unmapped' '^nothing left$'
	ends 1 endless-string 'a loop of long instructions' 'stopped after .* instructions'
	ends 1 float 'floating point' 'not executed here, at 0x[0-9a-f]* (addsd, f2 0f 58 c1)$'
	ends 1 x87 'x87' 'not executed here, at 0x[0-9a-f]* (fldz, d9 ee)$'
	ends 1 avx 'AVX' '#UD .* (c5 fd ef c0 .*): no instruction of this processor$'
	ends 1 ud2 'UD2' '#UD at 0x[0-9a-f]* (ud2, 0f 0b)$'
	ends 1 divide 'a division by zero' '#DE at 0x[0-9a-f]* (div, f7 f1)$'
	ends 1 int3 'a breakpoint' '#BP at'
	ends 1 hlt 'HLT' '#GP at 0x[0-9a-f]* (hlt, f4)$'
	ends 1 vmcall 'VMCALL' 'VM exit 18 .* (vmcall, 0f 01 c1)$'
	ends 1 trap 'the trap flag' '#DB at'
	ends 42 flush 'the call that does nothing' '^flushed$'
	ends 42 cpuid 'CPUID' '^GenuineIntel'
	ends 1 signal 'a signal to itself' 'ended by signal 6'
	ends 1 deadlock 'a wait without end' 'deadlock: every thread waits'
	ends 42 fork 'fork' '^no fork$'
	ends 42 unknown-call 'calls that are none' '^ENOSYS$'
	ends 1 unmap-itself 'a program that unmaps itself' 'fetch from .*: nothing is mapped there$'
	expect 42 'every call refuses what is wrong' '^all asked$' \
	    sh -c 'echo abc | "$VKEPT" exec -q "$1" calls' - "$bad"
	expect 1 'and says nothing else' '' \
	    sh -c 'echo abc | "$VKEPT" exec -q "$1" calls | grep -a wrong:' - "$bad"
	expect 42 'a thread whose number goes nowhere is none' '^nobody came$' \
	    "$VKEPT" exec --cpus 2 "$bad" clone-nowhere
	expect 42 'an environment is handed over' '^flushed$' \
	    "$VKEPT" exec --env A=1 --env B= "$bad" flush
	expect 42 'the trace of several vCPUs says whose each event is' '^  vCPU 0$' \
	    "$VKEPT" exec --trace --cpus 2 "$bad" clone-nowhere
	expect 0 'what is told goes to a file' 'exited with status 42' sh -c '
	    "$VKEPT" exec -o "$2" "$1" flush; cat "$2"' - "$bad" "$tmp/told"
	expect 3 'more output than is kept' 'program.s output: more than 16 MiB' \
	    "$VKEPT" exec -f json "$bad" floods
	head -c 70000 /dev/zero | tr '\0' a >"$tmp/long"
	expect 2 'more arguments than there is room for' 'found more than 128 KiB of arguments' \
	    sh -c 'exec "$VKEPT" exec "$1" -- "$(cat "$2")" "$(cat "$2")"' - "$bad" "$tmp/long"
	expect 2 'or more of an environment' 'found more than 128 KiB of arguments' \
	    sh -c 'exec "$VKEPT" exec --env "A=$(cat "$2")" --env "B=$(cat "$2")" "$1"' - "$bad" "$tmp/long"
	expect 42 'half of each is room enough' 'flushed' \
	    sh -c 'exec "$VKEPT" exec --env "A=$(cat "$2")" "$1" flush' - "$bad" "$tmp/long"
	expect 42 'standard input is read' '^from a pipe$' \
	    sh -c 'echo from a pipe | "$VKEPT" exec -q "$1" echo' - "$bad"
	expect 1 'JSON says which signal it was' '"kind": "signal".*"status": 6' sh -c '
	    "$VKEPT" exec -f json "$1" signal | tr "\n" " "; "$VKEPT" exec -q "$1" signal 2>/dev/null' \
	    - "$bad"
	expect 1 'and where a fault was' '"address": "0x0"' "$VKEPT" exec -f json "$bad" null
	expect 42 'JSON takes in what is written' '"output": "flushed\\n"' \
	    "$VKEPT" exec -f json "$bad" flush
	expect 42 'or goes to a file' '^flushed$' "$VKEPT" exec -f json -o "$tmp/json" "$bad" flush
	expect 0 'which is an object' '"kind": "exited"' cat "$tmp/json"
	expect 42 'a timeline goes to its file, the end is told' 'exited with status 42' \
	    "$VKEPT" exec --trace-format perfetto -o "$tmp/line" "$bad" flush
	expect 0 'it has the end as a mark' '"ph": "i", "cat": "end".* status 42"' cat "$tmp/line"
	expect 0 'a system call as an exit with its name in it' \
	    '"cat": "call", "name": "write"' cat "$tmp/line"
	expect 42 'an endless timeline has a limit' '^vkept: the timeline ends at its limit of 50000' \
	    "$VKEPT" exec -q --trace-format perfetto --trace-limit 50000 -o "$tmp/line" "$bad" flush
	expect 0 'which it keeps to' '' sh -c 'test "$(wc -c <"$1")" -lt 52000' - "$tmp/line"
	expect 1 'of a program without an end, too' 'stopped after 20' \
	    "$VKEPT" exec --limit 20M --trace-format perfetto -o "$tmp/line" "$bad" endless
	for file in '' '-o -'; do
		# shellcheck disable=SC2086
		expect 2 "a timeline needs a file of its own ($file)" 'expected a file for the timeline' \
		    "$VKEPT" exec --trace-format perfetto $file "$bad" flush
	done
	expect 2 'a timeline has no other format' 'there is no --format' \
	    "$VKEPT" exec --trace-format perfetto -f json -o "$tmp/line" "$bad" flush
	expect 2 'a limit of a timeline needs one' 'belongs to --trace-format' \
	    "$VKEPT" exec --trace-limit 1M "$bad" flush
	expect 2 'no timeline of what is no program' 'expected a file of this machine\|at byte' \
	    "$VKEPT" exec --trace-format perfetto -o "$tmp/none" tests/check_exec.sh
	expect 1 'and no file' '' test -e "$tmp/none"
	expect 3 'a full disk' 'No space' sh -c '"$VKEPT" exec "$1" flush >/dev/full' - "$bad"
fi

# --- programs in scenarios -------------------------------------------------

examples=scenarios/programs
for name in hello count; do
	if command -v as >/dev/null && command -v ld >/dev/null; then
		as --64 -o "$tmp/$name.o" $examples/$name.s
		ld -static -nostdlib -s --build-id=none -z noseparate-code -z max-page-size=4096 \
		    -o "$tmp/$name.elf" "$tmp/$name.o"
		for file in "$tmp/$name.elf" $examples/$name.elf; do
			readelf -x .text -x .data -x .bss "$file" 2>/dev/null | grep '^ *0x'
			readelf -h "$file" | grep Entry
		done | sort | uniq -c | awk '$1 != 2' >"$tmp/odd"
		expect 0 "$name.elf is what $name.s says" '' cmp "$tmp/odd" /dev/null
	fi
done
cp $examples/hello.elf $examples/hello.yaml "$tmp"
expect 0 'a program is found beside its scenario' '1 passed' "$VKEPT" run "$tmp/hello.yaml"
expect 0 'and from anywhere' '1 passed' \
    sh -c 'cd "$1" && "$VKEPT" run hello.yaml' - "$tmp"
cp $examples/count.elf "$tmp"
sed 's/explore: {after/explore: {memory: tso, after/' $examples/explored.yaml >"$tmp/tso.yaml"
expect 2 'store buffers are refused' 'do not store through buffers' "$VKEPT" explore "$tmp/tso.yaml"
sed 's/value: 1}/value: 3}/' $examples/explored.yaml >"$tmp/never.yaml"
expect 1 'what no schedule leads to is told' 'reachable: expected some schedule' \
    "$VKEPT" explore "$tmp/never.yaml"
expect 0 'schedules by chance lead there too' '2 of 2 found' \
    "$VKEPT" explore --runs 200 $examples/explored.yaml
head -c 100 $examples/hello.elf >"$tmp/hello.elf"
expect 2 'a program that is none has its place in the scenario' \
    'hello.yaml:12:17: found the program .hello.elf.: at byte .* beyond its end' \
    "$VKEPT" run "$tmp/hello.yaml"
rm "$tmp/hello.elf"
expect 2 'so has one that is not there' 'hello.yaml:12:17: .*No such file' \
    "$VKEPT" check "$tmp/hello.yaml"
mkdir "$tmp/hello.elf"
expect 2 'or is a directory' 'no plain file' "$VKEPT" check "$tmp/hello.yaml"
rmdir "$tmp/hello.elf"
head -c 1048577 /dev/zero >"$tmp/hello.elf"
expect 2 'or is too large' 'larger than' "$VKEPT" check "$tmp/hello.yaml"
sed 's/size: 1M, prot/size: 20K, prot/' $examples/hello.yaml >"$tmp/small.yaml"
cp $examples/hello.elf "$tmp"
expect 1 'a vkernel with too little memory' 'small.yaml:12:17: .*no memory left for the stack' \
    "$VKEPT" run "$tmp/small.yaml"
sed -e 's/^  hello: .*/&\n  other: {file: hello.elf, at: 1028K, size: 4K}/' $examples/hello.yaml \
    >"$tmp/shared.yaml"
expect 2 'vkernels have memory of their own' \
    'shared.yaml:13:32: found memory that the program .hello. has too' \
    "$VKEPT" check "$tmp/shared.yaml"
if [ -x "$bad" ]; then
	# What a program ends by among outcomes: the step is all that there is.
	outcome()
	{
		cat >"$tmp/ends.yaml" <<-END
			scenario: an end
			machine: {tlb: caching}
			host: {spaces: {main: [{at: 1M, size: 16M, prot: rwx}]}}
			programs: {bad: {file: $bad, args: [bad, $1], at: 1M, size: 16M}}
			threads:
			  - {name: a, role: master, program: bad, steps: [{run: {}, expect: $2}]}
		END
		expect 0 "$1 in a scenario: $2" '1 passed' "$VKEPT" run "$tmp/ends.yaml"
	}
	outcome none '{outcome: exited, value: 42}'
	outcome nowhere '{outcome: pf, error-code: 0x14, cr2: 0xdead0000}'
	outcome overflow '{outcome: pf, error-code: 0x6}'
	outcome noncanonical '{outcome: gp}'
	outcome avx '{outcome: ud}'
	outcome x87 '{outcome: refused}'
	outcome divide '{outcome: exception, vector: 0}'
	outcome vmcall '{outcome: exit, reason: 18}'
	outcome signal '{outcome: signal, value: 6}'
	outcome greedy '{outcome: enomem}'
	outcome endless '{outcome: livelock}'
	outcome fork '{outcome: exited, value: 42}'
fi

# --- files that are no programs --------------------------------------------

expect 2 'no program' 'expected a program' "$VKEPT" exec
expect 3 'a file that is not there' 'No such file' "$VKEPT" exec "$tmp/nothing"
expect 3 'a directory' 'directory' "$VKEPT" exec "$tmp"
: >"$tmp/empty"
expect 2 'an empty file' 'at byte 0: .*found an empty file' "$VKEPT" exec "$tmp/empty"
expect 2 'a script' 'found other bytes' "$VKEPT" exec "$SRC/dev"
if [ -x "$bad" ]; then
	head -c 100 "$bad" >"$tmp/cut"
	expect 2 'a file cut short' 'beyond its end' "$VKEPT" exec "$tmp/cut"
	cp "$bad" "$tmp/class"
	printf '\001' | dd of="$tmp/class" bs=1 seek=4 conv=notrunc 2>/dev/null
	expect 2 'a 32-bit file' 'expected a 64-bit ELF file' "$VKEPT" exec "$tmp/class"

	# patched NAME OFFSET BYTES: the program with other bytes there.
	patched()
	{
		cp "$bad" "$tmp/$1"
		printf '%b' "$3" | dd of="$tmp/$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
	}
	patched anywhere 16 '\0003'
	expect 1 'a file that can be put anywhere is put there' 'at 0x5555559[0-9a-f]* (' \
	    "$VKEPT" exec "$tmp/anywhere" none
	# Where the header of the last segment to be loaded is.
	last=$(readelf -lW "$bad" | awk '/^  [A-Z]/ && $1 != "Type" { n++ }
	    $1 == "LOAD" { last = n } END { print 64 + 56 * (last - 1) }')
	patched high $((last + 18)) '\0360\0377\0377\0177'
	expect 2 'a segment at the place of the stack' 'found a segment where the stack goes' \
	    "$VKEPT" exec "$tmp/high"
	patched big $((last + 44)) '\0005'
	expect 2 'a segment of more than can be had' 'found segments of more than 16 GiB' \
	    "$VKEPT" exec "$tmp/big"
fi
shared=$(command -v sh)
if head -c 4096 "$shared" | grep -q -a ld-linux; then
	expect 2 'a dynamically linked program' 'names an interpreter' "$VKEPT" exec "$shared"
fi
expect 2 'no vCPU' '--cpus: expected' "$VKEPT" exec --cpus 0 x
expect 2 'too many vCPUs' '--cpus: expected' "$VKEPT" exec --cpus 17 x
expect 2 'an environment without a name' '--env: expected NAME=VALUE' "$VKEPT" exec --env =x y
expect 2 'more memory than a run may have' '--memory: expected' "$VKEPT" exec --memory 5G x
finish
