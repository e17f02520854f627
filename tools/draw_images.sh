#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# draw_images.sh [--check]: the drawings of the documentation, docs/img/*.svg
# and docs/img/lectures/*.svg, made anew.  With --check it changes nothing and fails when one would differ.
# They are laid out by Graphviz 2.43, Debian 12's; another version may differ.

set -eu
LC_ALL=C
export LC_ALL
cd "$(dirname "$0")/.."
: "${VKEPT:=$PWD/build/vkept}"
printf=scenarios/copyio/printf.yaml
process=tests/data/linux-guest/l4-basic/pt.elf.gz
check=${1:-}
case $check in
'' | --check) ;;
*) echo "usage: draw_images.sh [--check]" >&2; exit 2 ;;
esac

new=$(mktemp "${TMPDIR:-/tmp}/vkept-image.XXXXXX")
trap 'rm -f "$new"' EXIT
trap 'exit 129' HUP INT TERM
bad=0

# image NAME ARGUMENT...
image()
{
	file=docs/img/$1.svg
	shift
	"$VKEPT" graph -T svg "$@" >"$new"
	if [ -z "$check" ]; then
		cat "$new" >"$file"
	elif ! cmp -s "$new" "$file"; then
		echo "$file: not what tools/draw_images.sh makes"
		bad=1
	fi
}

image tables $printf
image walk --walk 0x400000 --access x $printf
image failed-walk --walk 0x600000 $printf
image difference --step 1 --against 2 $printf
image process --core $process --range 0x400000-0x800000

# lecture NUMBER ARGUMENT...: of the lecture's scenario.
lecture()
{
	number=$1
	shift
	image "lectures/$number" "$@" "$(echo scenarios/lectures/"$number"-*.yaml)"
}

lecture 01 --table guest
lecture 02 --table guest
lecture 03 --walk 0x401234 --table guest
lecture 04 --step 1 --against 3 --table guest
lecture 05 --table guest
lecture 06 --step 2 --against 3 --table guest
lecture 07
lecture 08 --walk 0x400000
lecture 09
lecture 10
exit $bad
