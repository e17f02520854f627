# SPDX-License-Identifier: BSD-2-Clause
#
# What the check_*.sh scripts share.  A check consists of cases, each a
# sentence: some hold the tree against a tool, the others hold the tool against
# small wrong trees made under $tmp, so that a check which cannot fail is
# itself a failure.

set -u
LC_ALL=C
export LC_ALL
: "${SRC:=$(cd "$(dirname "$0")/.." && pwd)}"
passed=0
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/vkept-check.XXXXXX") || exit 3
trap 'rm -rf "$tmp"' EXIT
trap 'exit 129' HUP INT TERM

case_passed()
{
	passed=$((passed + 1))
	echo "ok: $1"
}

case_failed()
{
	failed=$((failed + 1))
	echo "FAILED: $1"
	sed 's/^/    /' "$tmp/.output"
}

# expect_pass SENTENCE COMMAND...
expect_pass()
{
	sentence=$1
	shift
	if "$@" >"$tmp/.output" 2>&1 </dev/null; then
		case_passed "$sentence"
	else
		case_failed "$sentence"
	fi
}

# expect_fail SENTENCE PATTERN COMMAND...: the command must fail with status 1
# and say why, in a line that matches PATTERN.
expect_fail()
{
	sentence=$1 pattern=$2
	shift 2
	"$@" >"$tmp/.output" 2>&1 </dev/null
	status=$?
	if [ "$status" -eq 1 ] && grep -q -e "$pattern" "$tmp/.output"; then
		case_passed "$sentence"
	else
		echo "(status $status, expected 1 and a line matching: $pattern)" \
		    >>"$tmp/.output"
		case_failed "$sentence"
	fi
}

# said PATTERN: whether the output is as expected: a line matches, or there is
# none where the pattern is empty.
said()
{
	if [ -z "$1" ]; then
		[ ! -s "$tmp/.output" ]
	else
		grep -q -e "$1" "$tmp/.output"
	fi
}

# expect STATUS SENTENCE PATTERN COMMAND...: the status within $limit seconds,
# and standard output and standard error as said.
limit=60
expect()
{
	wanted=$1 sentence=$2 pattern=$3
	shift 3
	timeout "$limit" "$@" >"$tmp/.output" 2>&1 </dev/null
	status=$?
	if [ "$status" -eq "$wanted" ] && said "$pattern"; then
		case_passed "$sentence"
	else
		sed -n '1,20p' "$tmp/.output" >"$tmp/.head"
		echo "(status $status, expected $wanted and: $pattern)" >>"$tmp/.head"
		mv "$tmp/.head" "$tmp/.output"
		case_failed "$sentence"
	fi
}

# put FILE LINE...: writes a file of a small tree.
put()
{
	put_file=$tmp/$1
	shift
	mkdir -p "${put_file%/*}"
	printf '%s\n' "$@" >"$put_file"
}

# The last line of a check: the counts that ./dev test adds up.
finish()
{
	echo "# cases: $passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}
