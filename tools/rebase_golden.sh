#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# rebase_golden.sh [--check] [--root DIR] [NAME...]: golden outputs.
#
# tests/golden/NAME.cmd is one shell line that uses $VKEPT and runs in the
# root of the tree; NAME.out, NAME.err and NAME.status hold its standard output,
# standard error and exit status.  The script rewrites them from what the
# program does now; read the difference before committing it.  With --check it
# rewrites nothing, prints the differences and fails when there are any.

set -u
LC_ALL=C
export LC_ALL
root=$(cd "$(dirname "$0")/.." && pwd)
check=0
while :; do
	case ${1:-} in
	--check) check=1 ;;
	--root) root=$(cd "$2" && pwd) || exit 2; shift ;;
	-*) echo "usage: rebase_golden.sh [--check] [--root DIR] [NAME...]" >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done

: "${VKEPT:=$root/build/vkept}"
case $VKEPT in
/*) ;;
*) VKEPT=$PWD/$VKEPT ;;
esac
export VKEPT
cd "$root" || exit 3
if [ ! -x "$VKEPT" ]; then
	echo "no program at $VKEPT: ./dev build makes build/vkept" >&2
	exit 3
fi
if [ $# -eq 0 ]; then
	# shellcheck disable=SC2046 # names are words
	set -- $(for file in tests/golden/*; do
		[ -f "$file" ] && basename "${file%.*}"
	done | sort -u)
fi

new=$(mktemp -d "${TMPDIR:-/tmp}/vkept-golden.XXXXXX") || exit 3
trap 'rm -rf "$new"' EXIT
trap 'exit 129' HUP INT TERM

# differs NAME: prints how what was run differs from the files; status 1 if so.
differs()
{
	same=0
	for part in out err status; do
		diff -u "tests/golden/$1.$part" "$new/$part" && continue
		same=1
	done
	return $same
}

bad=0
good=0
for name in "$@"; do
	if [ ! -f "tests/golden/$name.cmd" ]; then
		echo "tests/golden/$name.cmd: absent"
		bad=$((bad + 1))
		continue
	fi
	timeout 60 sh -c "$(cat "tests/golden/$name.cmd")" \
	    </dev/null >"$new/out" 2>"$new/err"
	echo $? >"$new/status"
	if [ $check -eq 0 ]; then
		for part in out err status; do
			cp "$new/$part" "tests/golden/$name.$part"
		done
	elif ! differs "$name"; then
		echo "golden $name differs: $(cat "tests/golden/$name.cmd")"
		bad=$((bad + 1))
		continue
	fi
	good=$((good + 1))
done
if [ $check -eq 0 ]; then
	echo "$good golden outputs written"
else
	echo "$good golden outputs agree, $bad differ"
fi
[ $bad -eq 0 ]
