#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_kernel_flags.sh [ROOT]: compiles the core as a DragonFly kernel module
# compiles it, with gcc and clang, with the flags of HEAD and of 3.8, without
# any system header, and looks at the objects: no symbol from outside the core
# but those that every kernel has, no data that can be written, no
# floating-point or vector register, no stack frame of 512 bytes or more.
#
# VARIANTS chooses among gcc-head clang-head gcc-3.8 clang-3.8.

set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/..}"

variants=${VARIANTS:-gcc-head clang-head gcc-3.8 clang-3.8}
frame_limit=512
outside='memcpy memset memmove'

# bsd.kmod.mk, what both compilers know.
common='-std=c99 -D_KERNEL -DKLD_MODULE -nostdinc -ffreestanding -fno-common
-fno-stack-protector -fno-strict-aliasing -fno-strict-overflow -mcmodel=kernel -mno-red-zone
-mno-mmx -mno-3dnow -mno-sse -mno-sse2 -mno-sse3 -mno-avx -msoft-float
-fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fno-pic'
warnings='-Wall -Wredundant-decls -Wnested-externs -Wstrict-prototypes -Wmissing-prototypes
-Wpointer-arith -Wcast-qual -Wold-style-definition -Winit-self -Wundef'
# What gcc alone knows, and what makes a Linux compiler one for DragonFly.
gcc_only='-mfpmath=387 -mpreferred-stack-boundary=4 -fno-pie -U__linux__ -D__DragonFly__=5
-fstack-usage'
clang_only='-target x86_64-unknown-dragonfly'

flags_of()
{
	case $1 in
	gcc-*) set -- "$1" "$common $warnings $gcc_only" ;;
	clang-*) set -- "$1" "$common $warnings $clang_only" ;;
	esac
	case $1 in
	gcc-head) echo "$2 -O2 -Werror -mindirect-branch=thunk-inline" ;;
	clang-head) echo "$2 -O2 -Werror" ;;
	*-3.8) echo "$2 -O" ;;
	esac
}

if [ ! -f kmod/shim/base/env.h ]; then
	echo "kmod/shim/base/env.h is absent"
	exit 1
fi
sources=$(sed -n 's/^CORE_SRCS+=//p' src/core.mk)
if ! printf '%s' "$sources" | grep -q '[^[:blank:]]'; then
	echo "src/core.mk lists no sources"
	exit 1
fi

objects=$(mktemp -d "${TMPDIR:-/tmp}/vkept-kernel.XXXXXX")
trap 'rm -rf "$objects"' EXIT
trap 'exit 129' HUP INT TERM
status=0

complain()
{
	echo "$1"
	status=1
}

# Each look at the objects prints what is wrong and nothing when all is well.
look_at_symbols()
{
	nm "$1"/*.o | awk -v allowed="$outside" '
	BEGIN { n = split(allowed, word); for (i = 1; i <= n; i++) defined[word[i]] = 1 }
	$1 == "U" { wanted[$2] = 1; next }
	NF == 3 { defined[$3] = 1 }
	NF == 3 && $2 ~ /^[bBdDgGsSC]$/ { print "data that can be written: " $3 }
	END {
		for (name in wanted)
			if (!(name in defined))
				print "symbol from outside the core: " name
	}' | sort
}

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
	cat "$1"/*.su | awk -F'\t' -v limit=$frame_limit '
	$2 >= limit { print $1 ": stack frame of " $2 " bytes" }
	$3 != "static" { print $1 ": stack frame of unknown size" }'
}

for variant in $variants; do
	flags=$(flags_of "$variant")
	out=$objects/$variant
	mkdir "$out"
	compiled=1
	for name in $sources; do
		[ -f "src/$name" ] || continue
		object=$out/$(basename "$name" .c).o
		# shellcheck disable=SC2086 # the flags are words
		if ! ${variant%%-*} $flags -Ikmod/shim -Isrc -c "src/$name" -o "$object"; then
			complain "$variant: src/$name does not compile"
			compiled=0
		fi
	done
	[ $compiled -eq 1 ] || continue
	found=$(look_at_symbols "$out"; look_at_code "$out")
	case $variant in
	gcc-*) found=$found$(look_at_frames "$out") ;;
	esac
	[ -z "$found" ] || complain "$(printf '%s\n' "$found" | sed "s/^/$variant: /")"
done
exit $status
