#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# vkept report at the prompt: usage, files, which run it is.  What is in a page
# is held by test_page, what a browser makes of it by check_browser.
. "$(dirname "$0")/lib.sh"
data=tests/data/cli
explore=tests/data/explore
out=$tmp/out.html
export tmp data explore out
cd "$SRC" || exit 3

# expect_page STATUS SENTENCE PATTERN COMMAND...: as expect, from where there is no
# page; a status of 2 or 3 leaves none, nor half of one.
expect_page()
{
	rm -f "$out"
	expect "$@"
	[ "$1" -lt 2 ] || expect_pass "$2: no page" nothing_left "$out" "$tmp"/*.part
}

# nothing_left FILE...: whether there is none of them.
nothing_left()
{
	for left in "$@"; do
		[ ! -e "$left" ] || { echo "$left is left"; return 1; }
	done
}

# --- usage -----------------------------------------------------------------

expect_page 2 'the page needs a name' 'expected -o FILE' "$VKEPT" report $data/bare.yaml
expect_page 2 'a page is of a scenario' 'expected one scenario' "$VKEPT" report -o "$out"
expect_page 2 'a page is of one scenario' 'expected one scenario' \
    "$VKEPT" report -o "$out" $data/bare.yaml $data/failing.yaml
expect_page 2 'an unknown option is suggested for' "did you mean 'replay'" \
    "$VKEPT" report --reply x -o "$out" $data/bare.yaml
expect_page 2 'the subcommand is suggested' "did you mean 'report'" "$VKEPT" reprot
expect_page 2 'a seed is a number' "expected a number, found 'x'" \
    "$VKEPT" report --seed x -o "$out" $data/bare.yaml
expect_page 2 'a variant has to be there' "found '9'" \
    "$VKEPT" report --variant 9 -o "$out" $data/matrix.yaml
expect_page 2 'a schedule leaves nothing to chance' 'nothing else' \
    "$VKEPT" report --replay $explore/lost.replay --seed 1 -o "$out" $explore/lost.yaml

# --- files -----------------------------------------------------------------

expect_page 2 'a broken scenario: its errors, and no page' 'cli_bad.yaml:3:1: ' \
    "$VKEPT" report -o "$out" tests/data/cli_bad.yaml
expect_page 3 'a scenario that is not there' 'No such file' \
    "$VKEPT" report -o "$out" "$tmp/nothing.yaml"
expect_page 3 'a directory is no scenario' 'Is a directory' "$VKEPT" report -o "$out" $data
mkfifo "$tmp/fifo"
expect_page 2 'a named pipe without a writer does not hang' 'fifo:1:1: ' \
    "$VKEPT" report -o "$out" "$tmp/fifo"
expect_page 2 'a page does not go into a named pipe' 'not a regular file' \
    "$VKEPT" report -o "$tmp/fifo" $data/bare.yaml
expect_page 2 'a page is no directory' 'not a regular file' "$VKEPT" report -o "$tmp" $data/bare.yaml
expect_page 3 'a page needs its directory' 'No such file' \
    "$VKEPT" report -o "$tmp/nowhere/out.html" $data/bare.yaml
expect_page 3 'a full disk leaves no page' 'No space left' \
    sh -c '"$VKEPT" report -o - $data/bare.yaml >/dev/full'
expect_page 3 'a schedule that is not there' 'No such file' \
    "$VKEPT" report --replay "$tmp/nothing" -o "$out" $explore/lost.yaml
put bad.replay 'replay: [1'
expect_page 2 'a broken schedule' 'bad.replay:' \
    "$VKEPT" report --replay "$tmp/bad.replay" -o "$out" $explore/lost.yaml
echo precious >"$tmp/kept.html"
expect 2 'what was there stays when there is no page' 'cli_bad.yaml:3:1: ' \
    "$VKEPT" report -o "$tmp/kept.html" tests/data/cli_bad.yaml
expect_pass 'and it is what it was' grep -q -x precious "$tmp/kept.html"

# --- which run -------------------------------------------------------------

expect_page 0 'a scenario that holds: status 0, and nothing is said' '^0$' \
    sh -c '"$VKEPT" report -o "$out" $data/bare.yaml; echo $?; test -s "$out"'
expect_page 1 'one that fails: status 1, and a page' '"field": "qualification"' \
    sh -c '"$VKEPT" report -o "$out" $data/failing.yaml; s=$?; cat "$out"; exit $s'
expect_page 1 'one that some schedule breaks is shown as it breaks' '"kind": "stale"' \
    sh -c '"$VKEPT" report -o - $explore/stale.yaml'
expect_page 1 'its page says why' '"cause": "slave uses a cached translation' \
    sh -c '"$VKEPT" report -o - $explore/stale.yaml'
expect_page 0 'one that every schedule leaves whole is shown in order' '"how": "holds under every' \
    sh -c '"$VKEPT" report -o - $explore/message.yaml'
expect_page 1 'a schedule of a file is played again' '"how": "the schedule of a file: ' \
    sh -c '"$VKEPT" report --replay $explore/lost.replay -o - $explore/lost.yaml'
expect_page 0 'a seed is said' '"how": "threads by chance, from seed 7"' \
    "$VKEPT" report --seed 7 -o - $explore/message.yaml
expect_page 0 'a variant of a matrix has its name' '"variant": "' \
    "$VKEPT" report --variant 2 -o - $data/matrix.yaml
expect_page 0 'the same run, the same bytes' '^same$' sh -c '
	"$VKEPT" report -o "$tmp/one.html" scenarios/copyio/printf.yaml
	LC_ALL=C.UTF-8 TZ=Asia/Tokyo "$VKEPT" report -o "$tmp/two.html" scenarios/copyio/printf.yaml
	cmp "$tmp/one.html" "$tmp/two.html" && echo same'
finish
