# SPDX-License-Identifier: BSD-2-Clause
#
# shellcheck shell=sh
# What the checks of kernel objects share.  To be sourced first of all, with the
# root of the tree as the script's only argument, if any: goes there, and knows
# how DragonFly compiles a module with each compiler in each release, and how
# to look at what came of it.  $objects is a directory that goes with the
# script; $status becomes 1 with the first complaint.

set -eu
LC_ALL=C
export LC_ALL
tools=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$tools/..}"

# shellcheck disable=SC2034 # for the script
variants=${VARIANTS:-gcc-head clang-head gcc-3.8 clang-3.8}
frame_limit=512 # bytes
# shellcheck disable=SC2034 # for the script
status=0
objects=$(mktemp -d "${TMPDIR:-/tmp}/vkept-kernel.XXXXXX")
trap 'rm -rf "$objects"' EXIT
trap 'exit 129' HUP INT TERM

complain()
{
	echo "$1"
	# shellcheck disable=SC2034 # for the script
	status=1
}

# report WHERE FINDINGS: each line of what a look printed is a complaint.
report()
{
	[ -z "$2" ] || complain "$(printf '%s\n' "$2" | awk -v where="$1" '{ print where ": " $0 }')"
}

# The words of the lists that a makefile assigns to a variable: words_of VARIABLE FILE
words_of()
{
	sed -n "s/^$1+*=[[:blank:]]*//p" "$2" | tr -s '[:blank:]' '\n' |
	    grep -v -e '^\$' -e '^$' || :
}

# --- compiling ---------------------------------------------------------------

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

# compile VARIANT FLAGS FILE...: into $objects/VARIANT; false when one does not.
compile()
{
	variant=$1 flags="$(flags_of "$1") $2" compiled=0
	shift 2
	mkdir "$objects/$variant"
	for name in "$@"; do
		# shellcheck disable=SC2086 # the flags are words
		${variant%%-*} $flags -Ikmod/shim -Isrc -c "$name" \
		    -o "$objects/$variant/$(basename "$name" .c).o" && continue
		complain "$variant: $name does not compile"
		compiled=1
	done
	return $compiled
}

# --- looks: each prints what is wrong and nothing when all is well -----------

# look_at_code VARIANT
look_at_code()
{
	objdump -d --no-show-raw-insn "$objects/$1"/*.o | awk -F'\t' '
	/file format/ { sub(/:.*/, ""); sub(/.*\//, ""); file = $0; next }
	/^[0-9a-f]+ <.*>:$/ { name = $0; sub(/^[^<]*</, "", name); sub(/>:$/, "", name); next }
	NF >= 2 && ($2 ~ /^(f[a-z]|emms)/ || $2 ~ /%(xmm|ymm|zmm|mm[0-7]|st)/) &&
	    !((file, name) in seen) {
		seen[file, name] = 1
		print file ": " name " uses floating-point or vector registers: " $2
	}'
}

# look_at_frames VARIANT
look_at_frames()
{
	cat "$objects/$1"/*.su | awk -F'\t' -v limit="$frame_limit" '
	$2 >= limit { print $1 ": stack frame of " $2 " bytes" }
	$3 != "static" { print $1 ": stack frame of unknown size" }'
}
