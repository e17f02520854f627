#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_kmod.sh [ROOT]: compiles the module, core and glue, as DragonFly HEAD
# and 3.8 compile it, with gcc and clang, against the declarations of the
# kernel's interface in kmod/decl, and links it into one object.  Looks at what
# came of it: no symbol asked of the kernel but those that both releases have,
# no floating-point or vector register, no stack frame of 512 bytes or more,
# every file of kmod named in its Makefile.
#
# VARIANTS chooses among gcc-head clang-head gcc-3.8 clang-3.8.  With SIZES set,
# prints the sizes of the objects as well; with KEEP set, leaves the linked
# objects in that directory as VARIANT.ko.

set -eu
LC_ALL=C
export LC_ALL
tools=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$tools/..}"

variants=${VARIANTS:-gcc-head clang-head gcc-3.8 clang-3.8}
# shellcheck disable=SC2034 # for the looks
frame_limit=512

# What the kernels of 3.8 and HEAD both define.  Not among them: memcmp, which
# 3.8 has only as an inline, and the compiler's helpers for division.
kernel='globaldata kfree kmalloc kprintf malloc_init malloc_uninit memcpy memmove memset
module_register_init sysctl__debug_children sysctl_handle_int vm_fault_page vm_page_dirty
vm_page_unhold vm_page_wakeup'

# shellcheck source=tools/kernel_build.sh
. "$tools/kernel_build.sh"

objects=$(mktemp -d "${TMPDIR:-/tmp}/vkept-kmod.XXXXXX")
trap 'rm -rf "$objects"' EXIT
trap 'exit 129' HUP INT TERM
status=0

complain()
{
	echo "$1"
	status=1
}

# The words of the lists that a file assigns to a variable: words_of VARIABLE FILE
words_of()
{
	sed -n "s/^$1+*=[[:blank:]]*//p" "$2" | tr -s '[:blank:]' '\n' | grep -v -e '^\$' -e '^$'
}

version_of()
{
	case $1 in
	*-head) echo 500901 ;;
	*-3.8) echo 300800 ;;
	esac
}

# Each prints what is wrong and nothing when all is well.
look_at_list()
{
	words_of SRCS kmod/Makefile | sort >"$objects/listed"
	find kmod -maxdepth 1 -name '*.c' | sed 's|.*/||' | sort >"$objects/there"
	comm -23 "$objects/listed" "$objects/there" |
	    sed 's|.*|kmod/Makefile: lists &, which is absent|'
	comm -13 "$objects/listed" "$objects/there" |
	    sed 's|.*|kmod/&: is not listed in kmod/Makefile|'
}

look_at_symbols()
{
	nm -u "$1" | awk -v allowed="$kernel" '
	BEGIN { n = split(allowed, word); for (i = 1; i <= n; i++) known[word[i]] = 1 }
	$2 ~ /^__u?(div|mod|mul)[a-z]*[dt]i[0-9]$/ { print "division by a helper: " $2; next }
	!($2 in known) { print "symbol that a kernel may lack: " $2 }'
}

found=$(look_at_list)
[ -z "$found" ] || complain "$found"
core=$(words_of CORE_SRCS src/core.mk | sed 's|^|src/|')
glue=$(words_of SRCS kmod/Makefile | sed 's|^|kmod/|')

for variant in $variants; do
	flags="$(flags_of "$variant") -DDECL_VERSION=$(version_of "$variant")"
	out=$objects/$variant
	mkdir "$out"
	compiled=1
	for name in $core $glue; do
		object=$out/$(basename "$name" .c).o
		# shellcheck disable=SC2086 # the flags are words
		if ! ${variant%%-*} $flags -Ikmod/shim -Isrc -Ikmod -Ikmod/decl -c "$name" \
		    -o "$object"; then
			complain "$variant: $name does not compile"
			compiled=0
		fi
	done
	[ $compiled -eq 1 ] || continue
	if ! ld -r -o "$objects/$variant.ko" "$out"/*.o; then
		complain "$variant: the module does not link"
		continue
	fi
	found=$(look_at_symbols "$objects/$variant.ko"; look_at_code "$out"; look_at_frames "$out")
	[ -z "$found" ] || complain "$(printf '%s\n' "$found" | sed "s/^/$variant: /")"
	[ -z "${KEEP:-}" ] || cp "$objects/$variant.ko" "$KEEP/"
	if [ -n "${SIZES:-}" ]; then
		echo "$variant:"
		(cd "$out" && size -t -- *.o)
	fi
done
exit $status
