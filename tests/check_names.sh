#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: once
# File names, and the list of core sources.
. "$(dirname "$0")/lib.sh"
names=$SRC/tools/check_names.sh
list=$SRC/tools/check_core_list.sh

expect_pass 'every C file of the tree has a name of its own' "$names" "$SRC"
expect_pass 'src/core.mk lists the core as it is on disk' "$list" "$SRC"

put tree/src/base/env.h ''
put tree/kmod/shim/base/env.h ''
put tree/src/ept/a.c ''
put tree/src/core.mk '# sources' '' 'CORE_SRCS+=	ept/a.c'
expect_pass 'a header and its kernel stand-in may share a name' "$names" "$tmp/tree"
expect_pass 'a list that is complete is accepted' "$list" "$tmp/tree"

put tree/tests/oracle/a.c ''
expect_fail 'one name in two rooms is refused' 'tests/oracle/a.c: has the name of src/ept/a.c' \
    "$names" "$tmp/tree"
put tree/src/vmm/b.c ''
expect_fail 'a core file outside the list is refused' 'vmm/b.c: is not listed' \
    "$list" "$tmp/tree"
put tree/src/core.mk 'CORE_SRCS+=	ept/a.c vmm/b.c vmm/c.c'
expect_fail 'a listed file that is absent is refused' 'vmm/c.c, which is absent' \
    "$list" "$tmp/tree"
put tree/src/core.mk 'CORE_SRCS+=	ept/a.c vmm/b.c' 'CORE_SRCS+=	ept/a.c'
expect_fail 'a file listed twice is refused' 'ept/a.c twice' "$list" "$tmp/tree"
# shellcheck disable=SC1003 # the backslash is meant
put tree/src/core.mk 'CORE_SRCS+=	ept/a.c \' '	vmm/b.c'
expect_fail 'a continued line is refused' 'no list of sources' "$list" "$tmp/tree"
finish
