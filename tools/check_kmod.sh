#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_kmod.sh [ROOT]: compiles the module, core and glue, as DragonFly HEAD
# and 3.8 compile it, with gcc and clang, against the declarations of the
# kernel's interface in kmod/decl, and links it into one object.  Looks at what
# came of it: no symbol asked of the kernel but those that the release has, no
# floating-point or vector register, no stack frame of 512 bytes or more,
# every file of kmod named in its Makefile.
#
# VARIANTS chooses among gcc-head clang-head gcc-3.8 clang-3.8.  With KEEP set,
# leaves the linked objects in that directory as VARIANT.ko.

# shellcheck source=tools/kernel_build.sh
. "$(dirname "$0")/kernel_build.sh"

# What the kernels of 3.8 and HEAD both define.  Not among them: memcmp, which
# 3.8 has only as an inline, and the compiler's helpers for division.
kernel='globaldata kfree kmalloc kprintf malloc_init malloc_uninit memcpy memmove memset
module_register_init sysctl__debug_children sysctl_handle_int vm_fault_page vm_page_dirty
vm_page_unhold vm_page_wakeup'
# What the glue asks of HEAD alone.
kernel_head='crit_exit_wrapper lwkt_yield'

version_of()
{
	case $1 in
	*-head) echo 500901 ;;
	*-3.8) echo 300800 ;;
	esac
}

look_at_list()
{
	words_of SRCS kmod/Makefile | sort >"$objects/listed"
	find kmod -maxdepth 1 -name '*.c' | sed 's|.*/||' | sort >"$objects/there"
	comm -23 "$objects/listed" "$objects/there" |
	    sed 's|.*|kmod/Makefile: lists &, which is absent|'
	comm -13 "$objects/listed" "$objects/there" |
	    sed 's|.*|kmod/&: is not listed in kmod/Makefile|'
}

# look_at_symbols VARIANT
look_at_symbols()
{
	case $1 in
	*-head) allowed="$kernel $kernel_head" ;;
	*) allowed=$kernel ;;
	esac
	nm -u "$objects/$1.ko" | awk -v allowed="$allowed" '
	BEGIN { n = split(allowed, word); for (i = 1; i <= n; i++) known[word[i]] = 1 }
	$2 ~ /^__u?(div|mod|mul)[a-z]*[dt]i[0-9]$/ { print "division by a helper: " $2; next }
	!($2 in known) { print "symbol that a kernel may lack: " $2 }'
}

report kmod "$(look_at_list)"
files="$(words_of CORE_SRCS src/core.mk | sed 's|^|src/|')
$(words_of SRCS kmod/Makefile | sed 's|^|kmod/|')"

for variant in $variants; do
	# shellcheck disable=SC2086 # the files are words
	compile "$variant" "-DDECL_VERSION=$(version_of "$variant") -Ikmod -Ikmod/decl" $files ||
	    continue
	if ! ld -r -o "$objects/$variant.ko" "$objects/$variant"/*.o; then
		complain "$variant: the module does not link"
		continue
	fi
	report "$variant" "$(
		look_at_symbols "$variant"
		look_at_code "$variant"
		look_at_frames "$variant"
	)"
	[ -z "${KEEP:-}" ] || cp "$objects/$variant.ko" "$KEEP/"
done
exit $status
