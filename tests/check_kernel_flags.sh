#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: once
# The core under a kernel module's flags.
. "$(dirname "$0")/lib.sh"
kernel=$SRC/tools/check_kernel_flags.sh
sizes=$SRC/tools/check_sizes.sh

for variant in gcc-head clang-head gcc-3.8 clang-3.8; do
	expect_pass "the core compiles as a kernel module with $variant" \
	    env VARIANTS=$variant "$kernel" "$SRC"
done

expect_pass 'docs/KMOD.md has the sizes of the core' "$sizes" "$SRC"

put tree/src/core.mk 'CORE_SRCS+=	base/a.c'
mkdir -p "$tmp/tree/kmod/shim/base"
cp "$SRC/kmod/shim/base/env.h" "$tmp/tree/kmod/shim/base/env.h"
put tree/src/base/env.h '#include <stdint.h>'
put tree/src/base/a.h '#include "base/env.h"' 'uint64_t vk_a(uint64_t n);'

# Each file begins with the header and one function that is as it should be.
core()
{
	put tree/src/base/a.c '#include "base/a.h"' 'uint64_t vk_a(uint64_t n) { return n + 1; }' "$@"
}

# wrong VARIANT PATTERN SENTENCE LINE...
wrong()
{
	variant=$1 pattern=$2 sentence=$3
	shift 3
	core "$@"
	expect_fail "$sentence" "$pattern" env VARIANTS="$variant" "$kernel" "$tmp/tree"
}

core
expect_pass 'a file that keeps to the rules is accepted' "$kernel" "$tmp/tree"
wrong gcc-head 'a.c does not compile' 'a system header is refused with gcc' '#include <stdint.h>'
wrong clang-head 'a.c does not compile' 'a system header is refused with clang' \
    '#include <stdint.h>'
wrong gcc-head 'a.c does not compile' 'a function without a prototype is refused' \
    'int vk_b(void) { return 1; }'
wrong clang-head 'a.c does not compile' 'a cast that drops const is refused' \
    'int *vk_b(const int *p);' 'int *vk_b(const int *p) { return (int *)p; }'
wrong gcc-head 'outside the core: puts' 'a call of the C library is refused' \
    'int puts(const char *s);' 'int vk_b(void);' 'int vk_b(void) { return puts("a"); }'
wrong clang-head 'outside the core: memcmp' 'a symbol that 3.8 lacks is refused' \
    'int memcmp(const void *a, const void *b, size_t n);' 'int vk_b(const char *p, size_t n);' \
    'int vk_b(const char *p, size_t n) { return memcmp(p, p + n, n); }'
wrong gcc-3.8 'can be written: vk_count' 'data that can be written is refused' \
    'int vk_b(void);' 'static int vk_count;' 'int vk_b(void) { return vk_count++; }'
wrong gcc-head 'floating-point' 'a vector register is refused' \
    'void vk_b(void);' 'void vk_b(void) { __asm__("movaps %xmm0, %xmm1"); }'
wrong gcc-head 'floating-point' 'an x87 instruction is refused' \
    'void vk_b(void);' 'void vk_b(void) { __asm__("fninit"); }'
wrong gcc-head 'stack frame of' 'a frame of 512 bytes is refused' \
    'int vk_b(int n);' \
    'int vk_b(int n) { volatile char b[600]; b[n] = 1; return b[n / 2]; }'
wrong gcc-head 'unknown size' 'a frame of unknown size is refused' \
    'int vk_b(int n);' 'int vk_b(int n) { volatile char b[n]; b[0] = 1; return b[n / 2]; }'
wrong gcc-head 'outside the core: __udivti3' 'a division of 128 bits is refused' \
    'unsigned __int128 vk_b(unsigned __int128 a, unsigned __int128 b);' \
    'unsigned __int128 vk_b(unsigned __int128 a, unsigned __int128 b) { return a / b; }'

core
put tree/src/core.mk 'CORE_SRCS+=	base/a.c copyio/copyio.c'
put tree/src/copyio/copyio.c '#include "base/a.h"' 'uint64_t vk_b(uint64_t n);' \
    'uint64_t vk_b(uint64_t n) { return vk_a(n); }'
expect_fail 'a call from copyio that is not known never to sleep is refused' \
    'copyio.o calls vk_a, which may sleep' env VARIANTS=clang-3.8 "$kernel" "$tmp/tree"
put tree/src/core.mk 'CORE_SRCS+=	base/a.c'

# Figures of the small tree: some code, a frame.
row='| base/a.c | 1000 | 200 | vk_b |'
core 'int vk_b(int n);' 'int vk_b(int n) { volatile char b[160]; b[n] = 1; return b[n / 2]; }'
env PRINT=1 "$sizes" "$tmp/tree" >"$tmp/rows"
expect_pass 'figures that are right are accepted' sh -c '
	mkdir -p "$2/docs" && cp "$3" "$2/docs/KMOD.md" && "$1" "$2"' - "$sizes" "$tmp/tree" "$tmp/rows"
put tree/docs/KMOD.md "$row"
expect_fail 'figures that are far off are refused' 'says 1000 and 200 of base/a.c, which has' \
    "$sizes" "$tmp/tree"
put tree/docs/KMOD.md "$(cat "$tmp/rows")" '| base/b.c | 10 | 8 | vk_b |'
expect_fail 'a row of a file that is gone is refused' 'a row for base/b.c' "$sizes" "$tmp/tree"
put tree/docs/KMOD.md 'nothing'
expect_fail 'a file without a row is refused' 'no row for base/a.c' "$sizes" "$tmp/tree"

core
rm "$tmp/tree/kmod/shim/base/env.h"
expect_fail 'a tree without the kernel door is refused' 'env.h is absent' "$kernel" "$tmp/tree"
finish
