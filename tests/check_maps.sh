#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vkept maps: what a monitor printed of real machines, line for line [QEMU-INFO]; options;
# files that are none.  What it prints of small tables is in the golden outputs.
. "$(dirname "$0")/lib.sh"
data=tests/data/linux-guest
export tmp data
cd "$SRC" || exit 3

# --- the monitor -----------------------------------------------------------

# recorded CASE CPU FORMAT: the listing is the recorded one.
recorded()
{
	xzcat "$data/$1/$3.cpu$2.txt.xz" >"$tmp/expected" &&
	    "$VKEPT" maps --core "$data/$1/pt.elf.gz" --cpu "$2" -f "$3" >"$tmp/found" &&
	    [ -s "$tmp/found" ] && cmp "$tmp/found" "$tmp/expected"
}

for machine in l4-basic l4-kpti-huge; do
	for cpu in 0 1; do
		for format in info-tlb info-mem; do
			expect_pass "$format of $machine, CPU $cpu" recorded $machine $cpu $format
		done
	done
done
expect_pass 'info-tlb of l5-la57' recorded l5-la57 0 info-tlb
expect_pass 'its second CPU has the same tables' sh -c '
    "$VKEPT" maps --core $data/l5-la57/pt.elf.gz --cpu 1 -f info-tlb | cmp - "$tmp/found"'
expect_pass 'a core of more than 65535 program headers, packed by xz' sh -c '
    xzcat $data/l4-basic/info-tlb.cpu0.txt.xz >"$tmp/expected"
    "$VKEPT" maps --core $data/l4-basic/paging-core.elf.xz -f info-tlb | cmp - "$tmp/expected"'
expect_pass 'info-mem of five levels has the ranges of user mode that info-tlb has pages of' sh -c '
    "$VKEPT" maps --core $data/l5-la57/pt.elf.gz -f info-mem | grep " u" |
    awk "{ n = 0; size = \$2; for (i = 1; i <= 16; i++) n = n * 16 + index(\"0123456789abcdef\",
        substr(size, i, 1)) - 1; total += n } END { print total / 4096 }" >"$tmp/a"
    "$VKEPT" maps --core $data/l5-la57/pt.elf.gz -f info-tlb --only u | wc -l >"$tmp/b"
    [ "$(cat "$tmp/a")" -gt 1000 ] && [ "$(cat "$tmp/a")" -eq "$(cat "$tmp/b")" ]'

# A page whose entry is 0x800c0000000050e7: no-execute, bits 51 and 50, PAT, dirty, accessed, user,
# writable.
entry()
{
	printf '%b' "$2" | dd of="$tmp/small" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
truncate -s 16384 "$tmp/small"
entry 0 '\0007\0020'
entry 4096 '\0007\0040'
entry 8192 '\0007\0060'
entry 12288 '\0347\0120\0000\0000\0000\0000\0014\0200'
expect 0 'the monitor takes 50 bits for the address, and PAT of a small page for nothing' \
    '^0000000000000000: 0000000000005000 X--DA--UW$' \
    "$VKEPT" maps --raw "$tmp/small@0" --cr3 0 -f info-tlb
entry 8200 '\0347\0020\0040'
expect 0 'nor bit 12 of a large one' '^0000000000200000: 0000000000200000 --PDA--UW$' \
    "$VKEPT" maps --raw "$tmp/small@0" --cr3 0 -f info-tlb
expect 0 'text takes all of them' '^0x0*0-0x0*1000 4K *4K *rw-u -AD 0xc000000005000 PAT$' \
    "$VKEPT" maps --raw "$tmp/small@0" --cr3 0

# --- filters and formats agree ---------------------------------------------

core=$data/l4-kpti-huge/pt.elf.gz
export core
for filter in '--only u' '--only w,x' '--only -x' '--only g,-d' '--page 2M' \
    '--range 0x7f0000000000-0x800000000000' '--maps-gpa 0x1056000' '--range 0xffffff6000000000-'; do
	expect_pass "the lines of info-tlb are those of text: $filter" sh -c '
	    "$VKEPT" maps --core $core $1 -f info-tlb | sed "s/:.*//" >"$tmp/a"
	    "$VKEPT" maps --core $core $1 --fold none |
	        sed -n "s/^0x\([0-9a-f]*\)-.*/\1/p" | cmp - "$tmp/a"' - "$filter"
done
expect_pass 'the filters above find something' test -s "$tmp/a"
expect 0 'who maps an address is told with the address that leads there' \
    'HPA 0x6400000 WB IPAT  at 0x401dd010$' "$VKEPT" maps --core $data/nested-ept/pt.elf.gz \
    --cr3 0x1000 --nested ept --nested-root 0x63d005e --maps-hpa 0x65dd010
expect 0 'a page that is mapped again and again, by the first of its addresses' \
    '0x1056000  at 0xffffff6000006123  and so 65536 times, every 64K$' \
    "$VKEPT" maps --core $data/l4-basic/pt.elf.gz --maps-gpa 0x1056123
expect 0 'in JSON, too' '"at": "0xffffff6000006123"' \
    "$VKEPT" maps --core $data/l4-basic/pt.elf.gz --maps-hpa 0x1056123 -f json
expect_pass 'a summary counts what is listed' sh -c '
    lines=$("$VKEPT" maps --core $core --fold none --page 4K | grep -c ^0x)
    "$VKEPT" maps --core $core --summary | grep -q "^pages: $lines of 4K"'
expect_pass 'so does one of filtered pages' sh -c '
    lines=$("$VKEPT" maps --core $core --fold none --only u,w --page 4K | grep -c ^0x)
    [ "$lines" -gt 0 ]
    "$VKEPT" maps --core $core --summary --only u,w | grep -q "^pages: $lines of 4K"'
expect_pass 'JSON has the same ranges as text' sh -c '
    "$VKEPT" maps --core $core | sed -n "s/^0x0*\([0-9a-f]\)/0x\1/p" | sed "s/-.*//" >"$tmp/a"
    "$VKEPT" maps --core $core -f json | sed -n "s/.*\"start\": \"\([^\"]*\)\".*/\1/p" |
        cmp - "$tmp/a"'
expect 0 'two CPUs of one machine differ in what only one maps' '^- 0x' \
    "$VKEPT" maps --core $core --cpu 1 --against-cpu 0
expect 0 'colours when asked for' "$(printf '^\033\\[1;31m- 0x')" \
    "$VKEPT" maps --core $core --cpu 1 --against-cpu 0 --color always
expect 0 'a machine does not differ from itself' '^# range' \
    "$VKEPT" maps --core $core --against $core
expect 1 '... in any line' '' sh -c '"$VKEPT" maps --core $core --against $core | grep -v "^#"'
gzip -dc $core >"$tmp/core.elf"
expect 0 'the registers may be given' 'guest tables of 4 levels at 0x11e70e000' \
    "$VKEPT" maps --core $core --cr3 0x11e70e000 --summary
# --- usage -----------------------------------------------------------------

expect 2 'nothing to list is bad usage' 'expected one scenario' "$VKEPT" maps
expect 2 'a scenario and a core are too much' 'expected one of' \
    "$VKEPT" maps --core $core tests/data/cli/bare.yaml
expect 2 'so are a core and raw memory' 'one of --core and --raw' \
    "$VKEPT" maps --core $core --raw x@0
expect 2 'a scenario has its own registers' 'belong to --core' \
    "$VKEPT" maps --cr3 0x1000 tests/data/cli/bare.yaml
expect 2 'a machine has no steps' 'belong to a scenario' "$VKEPT" maps --core $core --step 2
expect 2 'nested tables need a root' 'go together' "$VKEPT" maps --core $core --nested ept
expect 2 'an EPTP of three levels is none' 'walk length' \
    "$VKEPT" maps --core $core --nested ept --nested-root 0x63d0056
expect 2 'raw memory needs an address' 'FILE@ADDRESS' "$VKEPT" maps --raw $core
expect 2 'there are two CPUs' 'one of the 2 CPUs' "$VKEPT" maps --core $core --cpu 2
expect 2 'a core without registers needs some' 'expected --cr3' \
    "$VKEPT" maps --core $data/nested-ept/pt.elf.gz
expect 2 'there is no outer table' 'no outer tables' "$VKEPT" maps --core $core --table ept
expect 2 'a range has two ends' 'START-END' "$VKEPT" maps --core $core --range 0x1000
expect 2 'a range does not run backwards' 'START-END' \
    "$VKEPT" maps --core $core --range 0x2000-0x1000
expect 2 'rights have letters' 'r,w,x,u,g,a,d' "$VKEPT" maps --core $core --only k
expect 2 'info-tlb is of the ordinary format' 'table guest' "$VKEPT" maps \
    --core $data/nested-ept/pt.elf.gz --cr3 0x1000 --nested ept --nested-root 0x63d005e -f info-tlb
expect 2 'CR3 outside the memory is told' 'root table of the guest at 0x123456000' \
    "$VKEPT" maps --core $core --cr3 0x123456000
expect 2 '... before anything is written' '^vkept: .* expected an address from 0x100000000 to' \
    sh -c '"$VKEPT" maps --core $core --cr3 0x123456000 2>"$tmp/a" | grep . && exit 1
        cat "$tmp/a"; exit 2'
expect 2 '... of either state' 'guest at 0x123456000' \
    "$VKEPT" maps --core $core --against-cr3 0x123456000
expect 2 'so is an outer root' 'root table of the outer tables at 0x123456000' \
    "$VKEPT" maps --core $core --nested npt --nested-root 0x123456000
expect 2 'an entry that is not in the memory is told by walk' 'HPA 0x123456' \
    "$VKEPT" walk --core $core --cr3 0x123456000 --gva 0

# --- files -----------------------------------------------------------------

mkfifo "$tmp/fifo"
expect 2 'a named pipe is no core' 'a named pipe found' "$VKEPT" maps --core "$tmp/fifo"
expect 2 'a directory is no core' 'a directory found' "$VKEPT" maps --core "$tmp"
expect 2 'a device is no core' 'a device found' "$VKEPT" maps --core /dev/zero
: >"$tmp/empty"
expect 2 'an empty file is no core' 'offset 0x0: an empty file' "$VKEPT" maps --core "$tmp/empty"
expect 2 'text is no core' 'offset 0x0: no ELF file found' "$VKEPT" maps --core README.md
expect 2 'a program is no core' 'offset 0x10: ELF type' "$VKEPT" maps --core "$VKEPT"
expect 3 'a file that is not there' 'No such file' "$VKEPT" maps --core "$tmp/nothing"
head -c 300000 "$tmp/core.elf" >"$tmp/cut.elf"
expect 2 'a core that was cut' 'cut off' "$VKEPT" maps --core "$tmp/cut.elf"
head -c 10000 $core >"$tmp/cut.gz"
expect 2 'a packed core that was cut' 'the end found, gzip data expected' \
    "$VKEPT" maps --core "$tmp/cut.gz"
expect 2 'tables that loop are refused' 'its tables loop' sh -c '
    i=0
    while [ $i -lt 512 ]; do printf "\147\0\0\0\0\0\0\0"; i=$((i + 1)); done >"$tmp/loop"
    "$VKEPT" maps --raw "$tmp/loop@0" --cr3 0'
expect 0 'raw memory is where it is told to be' 'table at HPA 0x0 not in the memory' \
    "$VKEPT" maps --raw "$tmp/loop@0x5000" --cr3 0x5000
expect 0 'but counted' '68719476736 of 4K' "$VKEPT" maps --raw "$tmp/loop@0" --cr3 0 --summary
expect 0 'and walked' 'HPA 0x123' "$VKEPT" walk --raw "$tmp/loop@0" --cr3 0 --gva 0x123 --size 1
expect 0 'and a part of them listed' 'and so 16 times, every 4K' \
    "$VKEPT" maps --raw "$tmp/loop@0" --cr3 0 --range 0x10000-0x20000
# Its reader stops after a line, while most of the tables have yet to be read.
cp "$tmp/core.elf" "$tmp/shrinking.elf"
expect 0 'a core that is cut while it is read is an error, with its place' '^3$' sh -c '
    { "$VKEPT" maps --core "$tmp/shrinking.elf" --fold none 2>"$tmp/cut.err"; echo $? >"$tmp/a"; } |
        { read -r line; truncate -s 8192 "$tmp/shrinking.elf"; cat >/dev/null; }
    cat "$tmp/a"'
expect 0 '... and it is said' 'shrinking.elf: offset 0x[0-9a-f]*: it can no longer be read there' \
    cat "$tmp/cut.err"
expect 3 'a full disk' 'No space' sh -c '"$VKEPT" maps --core $core >/dev/full'
expect 3 'a directory that is not there' 'No such file' \
    "$VKEPT" maps --core $core -o "$tmp/nowhere/out"
echo before >"$tmp/out"
expect 0 'nothing is written with bad input' '^before$' sh -c '
    "$VKEPT" maps --core "$tmp/cut.elf" -o "$tmp/out" 2>/dev/null; cat "$tmp/out"'
expect_pass 'a file has what standard output would have' sh -c '
    "$VKEPT" maps --core $core -o "$tmp/out" && "$VKEPT" maps --core $core | cmp - "$tmp/out"'

# A monitor's line of another case is not this one's.
xzcat $data/l4-basic/info-tlb.cpu1.txt.xz >"$tmp/expected"
expect_fail 'a listing that is not the recorded one is found' 'differ' sh -c '
    "$VKEPT" maps --core $data/l4-basic/pt.elf.gz --cpu 0 -f info-tlb | cmp - "$tmp/expected"'
finish
