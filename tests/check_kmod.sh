#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: once
# The kernel module, compiled as each release of DragonFly compiles it.
. "$(dirname "$0")/lib.sh"
kmod=$SRC/tools/check_kmod.sh

# load VARIANT: in a process, at the low addresses that a kernel's code model allows.
load()
{
	${CC:-cc} -no-pie -o "$tmp/load-$1" "$SRC/tests/kmod/load_module.c" "$tmp/$1.ko" &&
	    "$tmp/load-$1" >"$tmp/load-$1.out" && cat "$tmp/load-$1.out" &&
	    ! grep FAILED "$tmp/load-$1.out" &&
	    [ "$(grep -c 'vectors, 0 failed' "$tmp/load-$1.out")" -eq 2 ]
}

for variant in gcc-head clang-head gcc-3.8 clang-3.8; do
	expect_pass "the module compiles with $variant and asks for nothing unknown" \
	    env VARIANTS=$variant KEEP="$tmp" "$kmod" "$SRC"
	expect_pass "the module of $variant loads, runs its vectors and unloads" load $variant
done

# A small module: one file of core, one of glue, the real declarations.
mkdir -p "$tmp/tree/kmod/shim/base"
cp "$SRC/kmod/shim/base/env.h" "$tmp/tree/kmod/shim/base/env.h"
cp -R "$SRC/kmod/decl" "$tmp/tree/kmod/decl"
put tree/src/core.mk 'CORE_SRCS+=	base/a.c'
put tree/src/base/a.h '#include "base/env.h"' 'uint64_t vk_a(uint64_t n);'
put tree/src/base/a.c '#include "base/a.h"' 'uint64_t vk_a(uint64_t n) { return n + 1; }'
put tree/kmod/Makefile 'KMOD=	small' 'SRCS=	glue.c' "SRCS+=	\${CORE_SRCS:T}"

# Each glue begins with the kernel's headers and a function that is as it should be.
glue()
{
	put tree/kmod/glue.c '#include <sys/param.h>' '#include <sys/systm.h>' \
	    '#include <vm/vm_page.h>' '#include <vm/vm_extern.h>' '#include "base/a.h"' \
	    'void df_a(vm_page_t page);' \
	    'void df_a(vm_page_t page) { if (vk_a(1)) vm_page_unhold(page); }' "$@"
}

# wrong VARIANT PATTERN SENTENCE LINE...
wrong()
{
	variant=$1 pattern=$2 sentence=$3
	shift 3
	glue "$@"
	expect_fail "$sentence" "$pattern" env VARIANTS="$variant" "$kmod" "$tmp/tree"
}

glue
expect_pass 'a module that keeps to the rules is accepted' "$kmod" "$tmp/tree"
wrong gcc-head 'glue.c does not compile' 'the contract of 3.8 is refused in HEAD' \
    'void df_b(vm_map_t map);' \
    'void df_b(vm_map_t map) { int e; vm_fault_page(map, 0, VM_PROT_READ, 0, &e); }'
wrong clang-3.8 'glue.c does not compile' 'the contract of HEAD is refused in 3.8' \
    'void df_b(vm_map_t map);' \
    'void df_b(vm_map_t map) { int e; vm_fault_page(map, 0, VM_PROT_READ, 0, &e, NULL); }'
wrong gcc-3.8 'glue.c does not compile' 'a constant that differs is refused' \
    'CTASSERT(PAGE_SIZE == 8192);'
wrong clang-head 'glue.c does not compile' 'a size that differs is refused' \
    'CTASSERT(sizeof(register_t) == 4);'
wrong gcc-3.8 'glue.c does not compile' 'a cast that drops const is refused' \
    'int *df_b(const int *p);' 'int *df_b(const int *p) { return (int *)p; }'
wrong gcc-head 'may lack: panic' 'a call that is not on the list is refused' \
    'void panic(const char *);' 'void df_b(void);' 'void df_b(void) { panic("a"); }'
wrong clang-3.8 'may lack: memcmp' 'memcmp, which 3.8 lacks, is refused' \
    'int memcmp(const void *, const void *, size_t);' 'int df_b(const char *, size_t);' \
    'int df_b(const char *p, size_t n) { return memcmp(p, p + n, n); }'
wrong gcc-head 'division by a helper: __udivti3' 'a division of 128 bits is refused' \
    'unsigned __int128 df_b(unsigned __int128, unsigned __int128);' \
    'unsigned __int128 df_b(unsigned __int128 a, unsigned __int128 b) { return a / b; }'
wrong clang-head 'floating-point' 'a vector register is refused' \
    'void df_b(void);' 'void df_b(void) { __asm__("movaps %xmm0, %xmm1"); }'
wrong gcc-3.8 'floating-point' 'an x87 instruction is refused' \
    'void df_b(void);' 'void df_b(void) { __asm__("fninit"); }'
wrong gcc-head 'stack frame of' 'a frame of 512 bytes is refused with gcc' 'int df_b(int);' \
    'int df_b(int n) { volatile char b[600]; b[n] = 1; return b[n / 2]; }'
wrong clang-head 'stack frame of' 'a frame of 512 bytes is refused with clang' 'int df_b(int);' \
    'int df_b(int n) { volatile char b[600]; b[n] = 1; return b[n / 2]; }'
wrong gcc-3.8 'does not link' 'a name that is defined twice is refused' \
    'uint64_t vk_a(uint64_t n) { return n; }'
glue
put tree/kmod/other.c 'int df_c;'
expect_fail 'a file that the Makefile does not name is refused' 'other.c: is not listed' \
    env VARIANTS=gcc-head "$kmod" "$tmp/tree"
rm "$tmp/tree/kmod/other.c"
put tree/kmod/Makefile 'SRCS=	glue.c gone.c'
expect_fail 'a name without its file is refused' 'lists gone.c, which is absent' \
    env VARIANTS=gcc-head "$kmod" "$tmp/tree"
finish
