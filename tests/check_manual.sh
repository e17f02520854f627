#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The manual pages and the reference are those of this program: options,
# keys and limits, each with its number.
# runs: once
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3
export VKEPT

same()
{
	file=$1
	shift
	"$@" | diff -u "$file" -
}

expect_pass 'vkept.1 is as tools/write_man.sh writes it' same docs/man/vkept.1 tools/write_man.sh
expect_pass 'vkept-scenario.5 is as the tables of keys' \
    same docs/man/vkept-scenario.5 "$VKEPT" check --reference mdoc
expect_pass 'SCENARIOS.md is as the tables of keys' \
    same docs/SCENARIOS.md "$VKEPT" check --reference markdown

# limits DIRECTORY: constants of its sources that look like limits are in the
# manual page, or in the list of those that are none.
limits()
{
	grep -rhoE '^#define [A-Z0-9_]*(_MAX|_MOST|_RETRIES|_TRIES|LIMIT)\b' "$1" | sed 's/^#define //' |
	    sort -u >"$tmp/defined"
	{
		grep -oE '@[a-z0-9_.]*:?[A-Z0-9_]+@' docs/man/vkept.1.in | tr -d @ | sed 's/.*://'
		sed 's/#.*//; s/ .*//' docs/man/internal-limits.txt
	} | sort -u >"$tmp/told"
	comm -23 "$tmp/defined" "$tmp/told" | sed 's/^/nobody states the limit /' >"$tmp/wrong"
	sed 's/#.*//; s/ .*//; /^$/d' docs/man/internal-limits.txt | sort -u |
	    comm -23 - "$tmp/defined" | sed 's/$/ is listed and not defined/' >>"$tmp/wrong"
	cat "$tmp/wrong"
	[ ! -s "$tmp/wrong" ]
}
expect_pass 'every limit of the source is stated' limits src
mkdir "$tmp/tree"
cp -R src "$tmp/tree/src"
echo '#define THINGS_MAX 7u' >>"$tmp/tree/src/cli/cli.h"
expect_fail 'a limit that is not stated is noticed' 'THINGS_MAX' limits "$tmp/tree/src"
# A tool beside other sources looks at those.
mkdir -p "$tmp/tree/tools" "$tmp/tree/docs"
cp tools/write_man.sh "$tmp/tree/tools"
cp -R docs/man "$tmp/tree/docs"
sed -i 's/^#define SCN_NAMES_MAX 256u/#define SCN_NAMES_MAX 257u/' "$tmp/tree/src/scenario/scenario.h"
expect_fail 'a limit with another number is noticed' '^+257' \
    same docs/man/vkept.1 "$tmp/tree/tools/write_man.sh"

if command -v mandoc >/dev/null 2>&1; then
	lint()
	{
		# Where they refer to each other, neither is installed.
		mandoc -T lint "$@" | grep -v 'referenced manual not found: Xr vkept'
		[ $? -eq 1 ]
	}
	expect_pass 'the manual pages are without a complaint' \
	    lint docs/man/vkept.1 docs/man/vkept-draw.1 docs/man/vkept-scenario.5
	sed 's/^\.El$//' docs/man/vkept.1 >"$tmp/vkept.1"
	expect_fail 'a list that does not end is complained about' 'Bl' lint "$tmp/vkept.1"
fi
finish
