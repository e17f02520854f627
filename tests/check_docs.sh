#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every command of the documentation is run, and prints what stands there.
# runs: once
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3

# A place to run in: the tree, with the program where it says that it is.
place()
{
	mkdir -p "$1/build" "$1/bin"
	for name in scenarios tests docs schema examples; do
		ln -s "$SRC/$name" "$1/$name"
	done
	ln -s "$VKEPT" "$1/build/vkept"
	[ ! -d "$BUILD/programs" ] || ln -s "$BUILD/programs" "$1/build/programs"
	ln -s "$VKEPT" "$1/bin/vkept"
}

# matches EXPECTED FOUND: line by line, where "..." is any number of lines.  How
# many states an exploration takes is no promise.
matches()
{
	awk -v found="$2" '
	function next_line(got)
	{
		got = (getline line <found) > 0
		gsub(/[0-9]+ states/, "N states", line)
		return got
	}
	/^\.\.\.$/ { skip = 1; next }
	{
		gsub(/[0-9]+ states/, "N states")
		do {
			if (!next_line()) {
				print "expected: " $0
				exit bad = 1
			}
		} while (line != $0 && skip)
		if (line != $0) {
			print "expected: " $0 "\nfound:    " line
			exit bad = 1
		}
		skip = 0
	}
	END {
		if (!bad && !skip && next_line()) {
			print "found:    " line
			bad = 1
		}
		exit bad
	}' "$1"
}

# run_one BLOCK: a status of 1 is a result; 2 and more say that it is no command.
run_one()
{
	(cd "$where" && PATH=$where/bin:$PATH && export PATH && timeout 60 sh "$1.sh") \
	    >"$1.found" 2>&1 </dev/null
	ended=$?
	if [ $ended -gt 1 ] && ! grep -q -x -F -f "$1.found" "$1.out" 2>/dev/null; then
		cat "$1.sh" "$1.found"
		return 1
	fi
	[ ! -f "$1.out" ] || matches "$1.out" "$1.found"
}

# page FILE: each of its blocks, in order, in one place.
page()
{
	rm -rf "$tmp/blocks" "$tmp/where"
	mkdir "$tmp/blocks"
	where=$tmp/where
	place "$where"
	awk -v out="$tmp/blocks" -f tools/check_docs.awk "$1"
	for block in "$tmp"/blocks/*.sh; do
		[ -f "$block" ] || continue
		block=${block%.sh}
		"$2" "$(cat "$block.at")" run_one "$block"
	done
}

pass()
{
	sentence=$1
	shift
	expect_pass "the command at $sentence does what it says" "$@"
}
for file in README.md CONTRIBUTING.md docs/*.md; do
	[ "$file" != docs/SCENARIOS.md ] && page "$file" pass
done

# Pages that are wrong.
put wrong.md '```sh' 'vkept bits --as error-code 7 | tail -n 1' '```' '' '```text' '  = P W' '```'
put usage.md '    vkept run --quite x'
fail()
{
	shift
	expect_fail "$sentence" "$pattern" "$@"
}
sentence='an output that is another is noticed' pattern='^found: *= P W US'
page "$tmp/wrong.md" fail
sentence='a command that is none is noticed' pattern='did you mean .quiet'
page "$tmp/usage.md" fail

# What pages point to is there.
links()
{
	for file in README.md CONTRIBUTING.md docs/*.md; do
		grep -o ']([^)#:]*)' "$file" | sed 's/^](//; s/)$//' | while IFS= read -r target; do
			[ -e "$(dirname "$file")/$target" ] || echo "$file: no $target"
		done
	done >"$tmp/links"
	cat "$tmp/links"
	[ ! -s "$tmp/links" ]
}
expect_pass 'every link leads somewhere' links
lectures()
{
	for file in scenarios/lectures/*.yaml; do
		number=${file##*/}
		grep -q -F "$file" docs/LECTURES.md &&
		    grep -q -F "img/lectures/${number%%-*}.svg" docs/LECTURES.md || return 1
	done
}
expect_pass 'each lecture has its drawing and its place' lectures
expect_pass 'the README fits a screen' sh -c '[ "$(wc -l <README.md)" -le 60 ]'
finish
