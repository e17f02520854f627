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
tools=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$tools/..}"

variants=${VARIANTS:-gcc-head clang-head gcc-3.8 clang-3.8}
# shellcheck disable=SC2034 # for the looks
frame_limit=512
outside='memcpy memset memmove'

# shellcheck source=tools/kernel_build.sh
. "$tools/kernel_build.sh"

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

# Prints what is wrong and nothing when all is well.
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
	found=$(look_at_symbols "$out"; look_at_code "$out"; look_at_frames "$out")
	[ -z "$found" ] || complain "$(printf '%s\n' "$found" | sed "s/^/$variant: /")"
done
exit $status
