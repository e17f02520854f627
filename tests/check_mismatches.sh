#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a scenario says that does not come true: of a step, with what was expected and found, and of
# a machine that cannot be made.  One row a message; the scenario around it is always the same.
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3
limit=20

plain='  ept:
    - {gpa: 0x1000, hpa: 0x101000, size: 16K}
    - {gpa: 0x10000, hpa: 0x110000, size: 4K, rights: r}'

# scenario EXPECTATION: of a read; $machine, $host and $map may say more.
scenario()
{
	cat <<-END
		scenario: a mismatch
		machine: {tlb: caching${machine:+, $machine}}
		host:
		${host:-$plain}
		guest:
		  spaces:
		    main:
		      root: 0x1000
		      tables: {at: 0x2000, size: 12K}
		      map:
		        - {gva: 0x400000, gpa: 0x10000, size: 4K, flags: [p, w, u]}
		${map:-}
		threads:
		  - name: vcpu
		    role: bare
		    steps:
		      - read: 0x400008
		        expect: $1
	END
}

# fails SENTENCE MESSAGE EXPECTATION
fails()
{
	scenario "$3" >"$tmp/s.yaml"
	expect 1 "$1" "$2" "$VKEPT" run "$tmp/s.yaml"
}

# --- what a step was to lead to --------------------------------------------------

fails 'an outcome' 'outcome: expected pf, found ok' '{outcome: pf}'
fails 'none of some alternatives' 'either: expected one of the alternatives, found ok' \
    '{either: [{outcome: pf}, {outcome: gp}]}'
fails 'an entry in a table that is not there' 'entry: expected an entry there, found no table' \
    '{entries: [{gva: 0x7000000000, entry: 0}]}'
fails 'memory that is not there' 'memory: expected memory there, found nothing there' \
    '{memory: [{gpa: 0x7000000, words: [1]}]}'
fails 'bytes, from the first that differs on' \
    'memory: expected 9 bytes: 01 00 00 00 00 00 00 00 02, found 9 bytes: 00 00' \
    '{memory: [{hpa: 0x110008, words: [0, 0, 0x0100000000000000, 0x0200000000000000]}]}'
fails 'of many bytes, 16' 'memory: expected 16 bytes: 01 .* 02 .*, found 16 bytes: 00 00' \
    '{memory: [{hpa: 0x110008, words: [1, 2, 3, 4]}]}'
fails 'something in the TLB' 'tlb: expected at least 1 such item on CPU 0, found 0' \
    '{tlb: [{kind: linear}]}'
fails 'so many of it' 'tlb: expected 2 such items on CPU 0, found 1' \
    '{tlb: [{kind: combined, count: 2}]}'
fails 'no more of it' 'tlb: expected 1 such item on CPU 0, found [2-9]' \
    '{tlb: [{kind: guest-physical, count: 1}]}'
fails 'one of it' 'tlb: expected 1 such item on CPU 0, found 0' '{tlb: [{kind: linear, count: 1}]}'

# --- machines that cannot be made ------------------------------------------------

host='  ept:
    - {gpa: 0x0, hpa: 0x200000, size: 2M, page: 2M}
    - {gpa: 0x10000, hpa: 0x110000, size: 4K}' \
    fails 'a page in a large one of the EPT' 'expected a range that the EPT can take, found a larger' '{}'
host='  frames:
    - {hpa: 0x7fffffffffff8, words: [1]}
  ept:
    - {gpa: 0x1000, hpa: 0x101000, size: 16K}' \
    fails 'a frame beyond memory' 'expected an address within host memory, found one beyond it' '{}'
host='  memory: 16K
  ept:
    - {gpa: 0x1000, hpa: 0x101000, size: 16K}' \
    fails 'no room for the EPT' 'behind all that the file places there, found none' '{}'
map='        - {gva: 0x40000000, gpa: 0x40000000, size: 1G, page: 1G}
        - {gva: 0x40001000, gpa: 0x20000, size: 4K}' \
    fails 'a page in a large one' 'expected a range that can be mapped, found a larger page' '{}'
map='        - {gva: 0x40000000, gpa: 0x40000000, size: 1G, page: 1G}
      entries:
        - {gva: 0x40001000, level: 1, entry: 0}' \
    fails 'an entry below a large page' 'expected an entry that can be reached, found a larger' '{}'
map='        - {gva: 0x40000000, gpa: 0x20000, size: 4K}
        - {gva: 0x80000000, gpa: 0x20000, size: 4K}' \
    fails 'too little room for tables' 'found no page left for a table: `tables` is too small' '{}'

# The least memory that an EPT of that depth takes is found by trying; one page less is too little.
for frames in 1 2 3 4 5 6 7 8; do
	host="  memory: $((1024 + 4 * frames))K
  ept:
    - {gpa: 0x1000, hpa: 0x101000, size: 16K}"
	scenario '{}' >"$tmp/s.yaml"
	"$VKEPT" run "$tmp/s.yaml" >>"$tmp/tried" 2>&1
done
expect 0 'memory for the root alone is not memory for its tables' \
    'expected a range that the EPT can take, found no host memory left' cat "$tmp/tried"

finish
