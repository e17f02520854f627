#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# seed_faults.sh [--check] [--root DIR] [--jobs N] [NAME...]: breaks one rule at
# a time and sees that the named tests notice.
#
# A fault is a file tests/faults/NAME.fault:
#
#	file: src/ept/ept.c
#	what: one sentence that says what is broken
#	tests: test_ept test_ept_exit
#	--- before
#	exact text, which stands in the file once
#	--- after
#	the text that replaces it
#
# tests: holds test names, or one regular expression for ctest -R.  All faults
# are applied in turn to one copy of the tree, with one build directory, so that
# a fault costs the compilation of a file.  Prints a line a fault and fails when
# a fault does not apply, does not compile or is caught by none of its tests, or
# when a named test fails without any fault.  --check only sees that every fault
# still applies.

set -u
LC_ALL=C
export LC_ALL
tools=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$tools/.." && pwd)
check=0
jobs=0
while :; do
	case ${1:-} in
	--check) check=1 ;;
	--jobs)
		case ${2:-} in
		'' | 0* | *[!0-9]*) echo "seed_faults.sh: --jobs wants a number" >&2; exit 2 ;;
		esac
		jobs=$2
		shift
		;;
	--root) root=$(cd "$2" && pwd) || exit 2; shift ;;
	-*)
		echo "usage: seed_faults.sh [--check] [--root DIR] [--jobs N] [NAME...]" >&2
		exit 2
		;;
	*) break ;;
	esac
	shift
done
cd "$root" || exit 3

if [ $# -eq 0 ]; then
	for fault in tests/faults/*.fault; do
		[ -f "$fault" ] && set -- "$@" "$(basename "$fault" .fault)"
	done
fi
for name in "$@"; do
	[ -f "tests/faults/$name.fault" ] && continue
	echo "tests/faults/$name.fault: absent" >&2
	exit 2
done

copy=$(mktemp -d "${TMPDIR:-/tmp}/vkept-faults.XXXXXX") || exit 3
running='' # shares, by their process
# shellcheck disable=SC2086 # numbers are words
trap '[ -z "$running" ] || kill $running; rm -rf "$copy"' EXIT
trap 'exit 129' HUP INT TERM
log=$copy/log

# header NAME FIELD
header()
{
	awk -v mode="$2" -f "$tools/fault.awk" "tests/faults/$1.fault"
}

# broken NAME OUT: writes the source file of a fault, broken, to OUT.
broken()
{
	file=$(header "$1" file) || return 1
	if [ ! -f "$file" ]; then
		echo "tests/faults/$1.fault: $file is absent" >&2
		return 1
	fi
	awk -v mode=apply -v source="$file" -f "$tools/fault.awk" \
	    "tests/faults/$1.fault" >"$2"
}

if [ $check -eq 1 ]; then
	bad=0
	for name in "$@"; do
		broken "$name" "$copy/broken" || bad=$((bad + 1))
	done
	echo "$# faults, $bad do not apply"
	[ $bad -eq 0 ]
	exit
fi

# --- shares, each with a copy ------------------------------------------------

if [ "$jobs" -eq 0 ]; then
	jobs=$(nproc 2>/dev/null || echo 1)
	[ "$jobs" -le $(($# / 30)) ] || jobs=$(($# / 30 + 1))
fi

# line NAME FILE CAUGHT-BY
line()
{
	printf '%-32s %-28s %s\n' "$@"
}

# deal NAME...: this script for each share, at the same time; sets shares.
deal()
{
	each=$((($# + jobs - 1) / jobs))
	shares=0
	while [ $# -gt 0 ]; do
		share=''
		taken=0
		while [ $# -gt 0 ] && [ $taken -lt $each ]; do
			share="$share $1"
			taken=$((taken + 1))
			shift
		done
		shares=$((shares + 1))
		# shellcheck disable=SC2086 # names are words
		sh "$tools/seed_faults.sh" --root "$root" --jobs 1 $share \
		    >"$copy/share.$shares" 2>&1 &
		running="$running $!"
	done
	wait
	running=''
}

if [ "$jobs" -gt 1 ]; then
	all=$#
	deal "$@"
	line fault file caught-by
	passed=0
	i=1
	while [ $i -le $shares ]; do
		sed -e '/^fault  *file  *caught-by$/d' -e '/^[0-9]* faults, [0-9]* not caught$/d' \
		    -e '/^# cases: /d' "$copy/share.$i"
		held=$(sed -n 's/^# cases: \([0-9]*\) passed.*/\1/p' "$copy/share.$i")
		passed=$((passed + ${held:-0}))
		i=$((i + 1))
	done
	echo "$all faults, $((all - passed)) not caught"
	echo "# cases: $passed passed, $((all - passed)) failed"
	[ $passed -eq "$all" ]
	exit
fi

# --- one copy, built once without any fault --------------------------------

mkdir "$copy/tree"
tar -c --exclude=./build --exclude=./.git . | tar -x -C "$copy/tree" || exit 3
if ! cmake -S "$copy/tree" -B "$copy/build" -G Ninja -DCMAKE_C_COMPILER=gcc \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O1 -DVKEPT_TESTS=ON -DVKEPT_TEST_TIMEOUT=60 \
    >"$log" 2>&1 || ! ninja -C "$copy/build" >"$log" 2>&1; then
	cat "$log"
	echo "the tree does not build without a fault" >&2
	exit 1
fi

# The regular expression for ctest -R: a list of names becomes an alternative.
regex_of()
{
	case $1 in
	*[\ ,]*) echo "^($(echo "$1" | sed 's/[ ,][ ,]*/|/g'))\$" ;;
	*[!A-Za-z0-9_]*) echo "$1" ;;
	*) echo "^$1\$" ;;
	esac
}

# build_for REGEX: what the tests of that name need.  A fault may make more
# warnings than the tree does, so warnings are not errors here.
build_for()
{
	targets=$(ctest --test-dir "$copy/build" -N -R "$1" |
	    sed -n 's/^ *Test *#[0-9]*: //p' | sed 's/^check_.*/vkept/' | sort -u)
	[ -n "$targets" ] || return 1
	# shellcheck disable=SC2086 # targets are words
	ninja -C "$copy/build" $targets >"$log" 2>&1
}

# failing REGEX: the names of the tests that fail, on one line.
failing()
{
	ctest --test-dir "$copy/build" -j2 -R "$1" >"$log" 2>&1
	sed -n 's/^[[:blank:]]*[0-9]* - \([A-Za-z0-9_]*\) (.*/\1/p' "$log" | sort -u | tr '\n' ' ' |
	    sed 's/ $//'
}

# The expressions whose tests are known to pass without any fault.
healthy=' '

# seed NAME: sets caught to the tests that noticed, or problem.
seed()
{
	caught='' problem=''
	file=$(header "$1" file) || { problem='is not a fault file'; return; }
	regex=$(regex_of "$(header "$1" tests)")
	if ! broken "$1" "$copy/broken"; then
		problem='does not apply'
		return
	fi
	if ! build_for "$regex"; then
		problem='names no test that builds'
		return
	fi
	case $healthy in
	*" $regex "*) ;;
	*)
		unfaulted=$(failing "$regex")
		if [ -n "$unfaulted" ]; then
			problem="fails without the fault: $unfaulted"
			return
		fi
		healthy="$healthy$regex "
		;;
	esac
	cp "$copy/broken" "$copy/tree/$file"
	if build_for "$regex"; then
		caught=$(failing "$regex")
		[ -n "$caught" ] || problem='NOT CAUGHT'
	else
		problem='does not compile'
	fi
	cp "$file" "$copy/tree/$file"
	touch "$copy/tree/$file"
}

bad=0
line fault file caught-by
for name in "$@"; do
	seed "$name"
	if [ -n "$problem" ]; then
		bad=$((bad + 1))
		line "$name" "${file:-?}" "** $problem: $(header "$name" what)"
		case $problem in
		'does not compile' | 'names no test'*) tail -n 20 "$log" ;;
		esac
	else
		line "$name" "$file" "$caught"
	fi
done
echo "$# faults, $bad not caught"
echo "# cases: $(($# - bad)) passed, $bad failed"
[ $bad -eq 0 ]
