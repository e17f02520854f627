# SPDX-License-Identifier: BSD-2-Clause
#
# shellcheck shell=sh
# What the checks of kernel objects share: how DragonFly compiles a module with
# each compiler in each release, and two looks at what came of it.  A caller
# has set frame_limit, in bytes.

# bsd.kmod.mk, what both compilers know.
common='-std=c99 -D_KERNEL -DKLD_MODULE -nostdinc -ffreestanding -fno-common
-fno-stack-protector -fno-strict-aliasing -fno-strict-overflow -mcmodel=kernel -mno-red-zone
-mno-mmx -mno-3dnow -mno-sse -mno-sse2 -mno-sse3 -mno-avx -msoft-float
-fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fno-pic -fstack-usage'
warnings='-Wall -Wredundant-decls -Wnested-externs -Wstrict-prototypes -Wmissing-prototypes
-Wpointer-arith -Wcast-qual -Wold-style-definition -Winit-self -Wundef'
# What gcc alone knows, and what makes a Linux compiler one for DragonFly.
gcc_only='-mfpmath=387 -mpreferred-stack-boundary=4 -fno-pie -U__linux__ -D__DragonFly__=5'
clang_only='-target x86_64-unknown-dragonfly'

# flags_of VARIANT: gcc-head clang-head gcc-3.8 clang-3.8.  That warnings are
# errors in 3.8 too is asked for here, not by 3.8.
flags_of()
{
	case $1 in
	gcc-*) set -- "$1" "$common $warnings $gcc_only" ;;
	clang-*) set -- "$1" "$common $warnings $clang_only" ;;
	esac
	case $1 in
	gcc-head) echo "$2 -O2 -Werror -mindirect-branch=thunk-inline" ;;
	clang-head) echo "$2 -O2 -Werror" ;;
	*-3.8) echo "$2 -O -Werror" ;;
	esac
}

# Each look prints what is wrong and nothing when all is well.
look_at_code()
{
	objdump -d --no-show-raw-insn "$1"/*.o | awk -F'\t' '
	/file format/ { sub(/:.*/, ""); sub(/.*\//, ""); file = $0; next }
	/^[0-9a-f]+ <.*>:$/ { name = $0; sub(/^[^<]*</, "", name); sub(/>:$/, "", name); next }
	NF >= 2 && ($2 ~ /^(f[a-z]|emms)/ || $2 ~ /%(xmm|ymm|zmm|mm[0-7]|st)/) &&
	    !((file, name) in seen) {
		seen[file, name] = 1
		print file ": " name " uses floating-point or vector registers: " $2
	}'
}

look_at_frames()
{
	cat "$1"/*.su | awk -F'\t' -v limit="${frame_limit:?}" '
	$2 >= limit { print $1 ": stack frame of " $2 " bytes" }
	$3 != "static" { print $1 ": stack frame of unknown size" }'
}
