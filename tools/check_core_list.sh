#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_core_list.sh [ROOT]: src/core.mk lists the .c files of the core's rooms,
# all of them, once each, and nothing else.

set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/..}/src"

listed=$(sed -n 's/^CORE_SRCS+=//p' core.mk | tr -s '[:blank:]' '\n' | sed '/^$/d' | sort)
there=$(for room in base ept guestpt nested copyio vmm; do
	[ -d "$room" ] && find "$room" -name '*.c' -print
done | sort)

status=0
for name in $(printf '%s\n' "$listed" | uniq -d); do
	echo "src/core.mk: lists $name twice"
	status=1
done
for name in $listed; do
	[ -f "$name" ] && continue
	echo "src/core.mk: lists $name, which is absent"
	status=1
done
for name in $there; do
	printf '%s\n' "$listed" | grep -q -x -F -e "$name" && continue
	echo "src/$name: is not listed in src/core.mk"
	status=1
done
if grep -v -e '^#' -e '^$' -e '^CORE_SRCS+=' core.mk; then
	echo "src/core.mk: has a line that is no list of sources"
	status=1
fi
exit $status
