#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_kernel_flags.sh [ROOT]: compiles the core as a DragonFly kernel module
# compiles it, with gcc and clang, with the flags of HEAD and of 3.8, without
# any system header, and looks at the objects: no symbol from outside the core
# but those that every kernel has, no data that can be written, no
# floating-point or vector register, no stack frame of 512 bytes or more, and
# from copyio no call but those that never sleep or never come while a page is
# held.
#
# VARIANTS chooses among gcc-head clang-head gcc-3.8 clang-3.8.

# shellcheck source=tools/kernel_build.sh
. "$(dirname "$0")/kernel_build.sh"

outside='memcpy memset memmove'

# Between hold and release copyio moves bytes by one of the first two; the third
# is the walk, which comes before the hold.  All else that it calls, it calls
# through the memory's operations.
copyio_calls='memcpy us_move_string guestpt_access'
us_string_calls='memcpy'

if [ ! -f kmod/shim/base/env.h ]; then
	echo "kmod/shim/base/env.h is absent"
	exit 1
fi
sources=$(words_of CORE_SRCS src/core.mk | sed 's|^|src/|')
if [ -z "$sources" ]; then
	echo "src/core.mk lists no sources"
	exit 1
fi

# look_at_symbols VARIANT
look_at_symbols()
{
	nm "$objects/$1"/*.o | awk -v allowed="$outside" '
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

# look_at_calls VARIANT NAME ALLOWED: what one object asks of others.
look_at_calls()
{
	[ -f "$objects/$1/$2.o" ] || return 0
	nm -u "$objects/$1/$2.o" | awk -v name="$2" -v allowed="$3" '
	BEGIN { n = split(allowed, word); for (i = 1; i <= n; i++) known[word[i]] = 1 }
	!($2 in known) { print name ".o calls " $2 ", which may sleep while a page is held" }'
}

for variant in $variants; do
	# shellcheck disable=SC2086 # the sources are words
	compile "$variant" '' $sources || continue
	report "$variant" "$(
		look_at_symbols "$variant"
		look_at_code "$variant"
		look_at_frames "$variant"
		look_at_calls "$variant" copyio "$copyio_calls"
		look_at_calls "$variant" us_string "$us_string_calls"
	)"
done
exit $status
