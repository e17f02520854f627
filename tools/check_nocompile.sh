#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_nocompile.sh [ROOT]: every tests/nocompile/*.c says in a comment on its
# second line why it must not compile, is refused by the compiler, and compiles
# with -DVKEPT_CONTROL, so that it is the stated mistake that is refused and not
# a misspelling.

set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/..}"

status=0
count=0
for file in tests/nocompile/*.c; do
	[ -f "$file" ] || continue
	count=$((count + 1))
	if ! sed -n 2p "$file" | grep -q '^/\* .*\*/$'; then
		echo "$file: the second line does not say why it must not compile"
		status=1
	fi
	set -- "${CC:-cc}" -std=c11 -fsyntax-only -Isrc "$file"
	if "$@" 2>/dev/null; then
		echo "$file: compiles"
		status=1
	fi
	if ! "$@" -DVKEPT_CONTROL; then
		echo "$file: does not compile as a control"
		status=1
	fi
done
if [ $count -eq 0 ]; then
	echo "tests/nocompile: has no files"
	status=1
fi
exit $status
