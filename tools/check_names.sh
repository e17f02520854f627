#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_names.sh [ROOT]: every .c and .h file has a name of its own, because a
# kernel build flattens directories.  kmod/shim and kmod/decl are left out: their
# files stand in for the headers of the same name.

set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/..}"

for tree in src kmod tests bench; do
	[ -d "$tree" ] && find "$tree" -path kmod/shim -prune -o -path kmod/decl -prune -o -name '*.[ch]' -print
done | sort | awk -F/ '
$NF in first { print $0 ": has the name of " first[$NF]; bad = 1; next }
{ first[$NF] = $0 }
END { exit bad }
'
