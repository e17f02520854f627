#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# write_copyio.sh PROGRAM: prints docs/COPYIO.md.  PROGRAM is the test whose
# rows the tables are: build/gcc/tests/test_copyio_contract.

set -eu
LC_ALL=C
export LC_ALL
program=${1:?usage: write_copyio.sh PROGRAM}

cat <<'END'
# copyio, condition by condition

`src/copyio/copyio.h` says what each function does; the names that callers use are in `vk_pmap.h`.
Here stands what each must do under each condition, and that is a test: the tables are printed by
the program that plays them.

A cell is the case `FAMILY FUNCTION: CONDITION` of `tests/test_copyio_contract.c`, and its text is the
result that the case asks for:

| cell | result |
|---|---|
| ok | VK_OK; all bytes moved |
| ok n | VK_OK; a string of n bytes, its NUL among them |
| F | VK_EFAULT; nothing moved |
| F n | VK_EFAULT; n bytes moved before, which copyin, copyout and copyinstr count |
| L n | VK_ENAMETOOLONG; n bytes moved, none of them NUL |
| any | VK_OK or VK_EFAULT by what the others do, a hundred times by seed; both must come about |
| – (n) | the condition does not apply; note n says why |
| [x] | another test covers it; the list at the end names it |

Beside its result every cell asks for the same five things:

1. Each entry was read once a walk, each where the one above points; flags were set from the root down
   over the values read; one page was held at a time, for the right kind of access, with no other
   operation until its release; every page was released. (`umem_witness()`)
2. All of memory, with the flags in the tables, the buffer and the value are what a naive copy makes of
   them: byte by byte, by a second model of paging that shares no code with the core. Where the memory
   does not keep its word, they are what the call's own operations allow. (`tests/support/copy_oracle.h`,
   `copy_replay.h`)
3. The bytes came from, or went to, the place that the row names.
4. A call that is refused beforehand, or has nothing to move, asked the memory for nothing.
5. After an error `*value` and `*old` are what they were; nothing around the buffer was written.

What is not told in single conditions:

| test | holds |
|---|---|
| `test_copyio` | values of every size at every offset around a page border, with every kind of both pages; calls that follow each other |
| `test_copyio_random` | 12,000 calls on random tables against the naive copy; 20,000 on a memory that answers differently at every reading |
| `test_copyio_hostile` | refusals and lost races at each operation in turn; memory that changes between any two instructions |
| `test_copyio_guard` | a shootdown by another thread between any two operations of a call; the order of the guard's own operations |
| `test_direct` | the short way does what a walk for every page does |
| `test_copyio_short` | how many pages the short way asks for, one by one or at once, which lines ahead, and what is left to the long way |
| `test_copyio_points` | the atomic operations let another thread in once, before they are made |
| `test_us_string` | strings of every length up to any end of memory |
| `test_vk_pmap` | the public names reach their function of the family |
| `tests/fuzz/fuzz_copyio.c` | tables, calls and answers made of any bytes |
| `tests/check_kernel_flags.sh` | what the compiled functions use and call |
| `scenarios/regress` | the same rules broken one at a time; see `DEFECTS.md` |

This file is written by `tools/write_copyio.sh`.

END
"$program" --table
