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

# no_parts FILE...: whether the pattern has met nothing.
no_parts()
{
	[ ! -e "$1" ]
}

# expect STATUS SENTENCE PATTERN COMMAND...: as in check_cli.sh; and a status of
# 2 or 3 leaves no file behind.
expect()
{
	wanted=$1 sentence=$2 pattern=$3
	shift 3
	rm -f "$out"
	timeout 60 "$@" >"$tmp/.output" 2>&1 </dev/null
	status=$?
	if [ "$status" -eq "$wanted" ] && grep -q -e "$pattern" "$tmp/.output" &&
	    { [ "$wanted" -lt 2 ] || [ ! -e "$out" ]; } && no_parts "$tmp"/*.part; then
		case_passed "$sentence"
	else
		echo "(status $status, expected $wanted and: $pattern)" >>"$tmp/.output"
		case_failed "$sentence"
	fi
}

# --- usage -----------------------------------------------------------------

expect 2 'the page needs a name' 'expected -o FILE' "$VKEPT" report $data/bare.yaml
expect 2 'a page is of a scenario' 'expected one scenario' "$VKEPT" report -o "$out"
expect 2 'a page is of one scenario' 'expected one scenario' \
    "$VKEPT" report -o "$out" $data/bare.yaml $data/failing.yaml
expect 2 'an unknown option is suggested for' "did you mean 'replay'" \
    "$VKEPT" report --reply x -o "$out" $data/bare.yaml
expect 2 'the subcommand is suggested' "did you mean 'report'" "$VKEPT" reprot
expect 2 'a seed is a number' "expected a number, found 'x'" \
    "$VKEPT" report --seed x -o "$out" $data/bare.yaml
expect 2 'a variant has to be there' "found '9'" \
    "$VKEPT" report --variant 9 -o "$out" $data/matrix.yaml
expect 2 'a schedule leaves nothing to chance' 'nothing else' \
    "$VKEPT" report --replay $explore/lost.replay --seed 1 -o "$out" $explore/lost.yaml

# --- files -----------------------------------------------------------------

expect 2 'a broken scenario: its errors, and no page' 'cli_bad.yaml:3:1: ' \
    "$VKEPT" report -o "$out" tests/data/cli_bad.yaml
expect 3 'a scenario that is not there' 'No such file' \
    "$VKEPT" report -o "$out" "$tmp/nothing.yaml"
expect 3 'a directory is no scenario' 'Is a directory' "$VKEPT" report -o "$out" $data
mkfifo "$tmp/fifo"
expect 2 'a named pipe without a writer does not hang' 'fifo:1:1: ' \
    "$VKEPT" report -o "$out" "$tmp/fifo"
expect 2 'a page does not go into a named pipe' 'not a regular file' \
    "$VKEPT" report -o "$tmp/fifo" $data/bare.yaml
expect 2 'a page is no directory' 'not a regular file' "$VKEPT" report -o "$tmp" $data/bare.yaml
expect 3 'a page needs its directory' 'No such file' \
    "$VKEPT" report -o "$tmp/nowhere/out.html" $data/bare.yaml
expect 3 'a full disk leaves no page' 'No space left' \
    sh -c '"$VKEPT" report -o - $data/bare.yaml >/dev/full'
expect 3 'a schedule that is not there' 'No such file' \
    "$VKEPT" report --replay "$tmp/nothing" -o "$out" $explore/lost.yaml
put bad.replay 'replay: [1'
expect 2 'a broken schedule' 'bad.replay:' \
    "$VKEPT" report --replay "$tmp/bad.replay" -o "$out" $explore/lost.yaml
echo precious >"$tmp/kept.html"
expect 2 'what was there stays when there is no page' '' \
    "$VKEPT" report -o "$tmp/kept.html" tests/data/cli_bad.yaml
expect_pass 'and it is what it was' grep -q -x precious "$tmp/kept.html"

# --- which run -------------------------------------------------------------

expect 0 'a scenario that holds: status 0, and nothing is said' '^0$' \
    sh -c '"$VKEPT" report -o "$out" $data/bare.yaml; echo $?; test -s "$out"'
expect 1 'one that fails: status 1, and a page' '"field": "qualification"' \
    sh -c '"$VKEPT" report -o "$out" $data/failing.yaml; s=$?; cat "$out"; exit $s'
expect 1 'one that some schedule breaks is shown as it breaks' '"kind": "stale"' \
    sh -c '"$VKEPT" report -o - $explore/stale.yaml'
expect 1 'its page says why' '"cause": "slave uses a cached translation' \
    sh -c '"$VKEPT" report -o - $explore/stale.yaml'
expect 0 'one that every schedule leaves whole is shown in order' '"how": "holds under every' \
    sh -c '"$VKEPT" report -o - $explore/message.yaml'
expect 1 'a schedule of a file is played again' '"how": "the schedule of a file: ' \
    sh -c '"$VKEPT" report --replay $explore/lost.replay -o - $explore/lost.yaml'
expect 0 'a seed is said' '"how": "threads by chance, from seed 7"' \
    "$VKEPT" report --seed 7 -o - $explore/message.yaml
expect 0 'a variant of a matrix has its name' '"variant": "' \
    "$VKEPT" report --variant 2 -o - $data/matrix.yaml
expect 0 'the same run, the same bytes' '^same$' sh -c '
	"$VKEPT" report -o "$tmp/one.html" scenarios/copyio/printf.yaml
	LC_ALL=C.UTF-8 TZ=Asia/Tokyo "$VKEPT" report -o "$tmp/two.html" scenarios/copyio/printf.yaml
	cmp "$tmp/one.html" "$tmp/two.html" && echo same'
finish
