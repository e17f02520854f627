#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# write_litmus.sh [ROOT]: prints docs/LITMUS.md, from the scenarios whose names
# begin with an id of the catalogue and from a run of each.  VKEPT is the
# program; without it, the one that ./dev build leaves behind.
#
# Fails when an id of a family has no scenario, when a scenario's id is in no
# family, and when a scenario does not hold.

set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/..}"
: "${VKEPT:=build/vkept}"
if ! [ -x "$VKEPT" ]; then
	echo "write_litmus.sh: no program at $VKEPT: ./dev build makes build/vkept" >&2
	exit 3
fi

# Letter, last number (or ranges of numbers), what the family is about.  An id is
# the letter and two digits; a scenario's file begins with it, in lower case.
FAMILIES='
T 37 guest tables alone, one CPU
E 30 nested translation
S 41 stale translations, on one CPU and on two
D 10,21-42 shootdowns, right ones and wrong ones
A 16 accessed and dirty flags
C 50 copyio
R 14 copyio in races
L 18 the life of masters, slaves and their VMCSs
V 20 exits
'
export FAMILIES

files=$(find scenarios -name '[a-z][0-9][0-9]-*.yaml' |
    awk -F / '{ print $NF, $0 }' | sort | sed 's/^[^ ]* //')
status=0
# shellcheck disable=SC2086 # one argument a file
ran=$("$VKEPT" run -f tap $files) || status=1
printf '%s\n' "$ran" | awk '
function complain(what)
{
	print "write_litmus.sh: " what >"/dev/stderr"
	bad = 1
}

function id_of(file)
{
	sub(/.*\//, "", file)
	return toupper(substr(file, 1, 3))
}

# What the file itself says: its title, alternatives, and outcomes over schedules.
function look_into(file,    line, list)
{
	title[file] = list = ""
	while ((getline line <file) > 0) {
		if (sub(/^scenario: /, "", line))
			title[file] = line
		if (line ~ /^ *either:|[{ ]either:/)
			either[file] = 1
		if (line ~ /^  [a-z]/)
			list = line ~ /^  reachable:/ ? "may: " : \
			    line ~ /^  unreachable:/ ? "must not: " : ""
		if (list != "" && sub(/^ *- [{]?what: /, "", line))
			schedules[file] = schedules[file] \
			    (schedules[file] == "" ? "" : "; ") list said(line)
	}
	close(file)
	gsub(/\|/, "\\|", title[file])
}

# A sentence without what stands around it in the file.
function said(line)
{
	sub(/, (steps|memory|entries|ept|console|counters|threads): .*/, "", line)
	gsub(/^"|"$/, "", line)
	gsub(/\|/, "\\|", line)
	return line
}

function outcomes_of(file)
{
	if (file in schedules)
		return schedules[file]
	return (file in either) ? "one of those stated" : "the one stated"
}

function row(file,    id, name, result)
{
	id = id_of(file)
	name = file
	sub(/.*\//, "", name)
	sub(/\.yaml$/, "", name)
	result = good[file] == cases[file] ? "holds" : \
	    good[file] + 0 " of " cases[file] " hold"
	if (cases[file] > 1 && result == "holds")
		result = "all " cases[file] " hold"
	return "| " id " | [" name "](../" file ") | " title[file] " | " \
	    outcomes_of(file) " | " result " |"
}

function write_family(letter, numbers, about,    range, ends, n, i)
{
	print ""
	print "## " letter ": " about
	print ""
	print "| id | scenario | shows | outcomes | result |"
	print "|---|---|---|---|---|"
	n = split(numbers, range, ",")
	for (i = 1; i <= n; i++) {
		if (split(range[i], ends, "-") == 2)
			write_range(letter, ends[1] + 0, ends[2] + 0)
		else
			write_range(letter, 1, range[i] + 0)
	}
}

function write_range(letter, first, last,    i, j, id)
{
	for (i = first; i <= last; i++) {
		id = sprintf("%s%02d", letter, i)
		if (!(id in count))
			complain(id " has no scenario")
		for (j = 1; j <= count[id]; j++)
			print row(of_id[id, j])
		delete count[id]
	}
}

/^(not )?ok / {
	is_ok = $1 == "ok"
	sub(/^(not )?ok [0-9]+ - /, "")
	file = $0
	sub(/\.yaml(:.*)?$/, ".yaml", file)
	if (!(file in cases)) {
		id = id_of(file)
		of_id[id, ++count[id]] = file
		look_into(file)
	}
	cases[file]++
	good[file] += is_ok
	total += 1
	total_good += is_ok
}

END {
	print "# The litmus catalogue"
	print ""
	print "Small situations, each with what must come of it. The name of a scenario file"
	print "begins with the id of its row; where a row has several cases it has several files,"
	print "or one that expands to them. `" total_good "` of `" total "` cases hold."
	print ""
	print "Outcomes: a step must come to exactly what its scenario states, or to one of the"
	print "alternatives that it states where the architecture leaves a choice. Scenarios"
	print "explored over schedules name what may be reached and what must not."
	print ""
	print "This file is written by `tools/write_litmus.sh`, which runs them all."
	n = split(ENVIRON["FAMILIES"], family, "\n")
	for (i = 1; i <= n; i++) {
		if (split(family[i], word, " ") < 3)
			continue
		about = family[i]
		sub(/^[^ ]+ [^ ]+ /, "", about)
		write_family(word[1], word[2], about)
	}
	for (id in count)
		complain(of_id[id, 1] ": its id is in no family")
	exit bad
}
' || status=1
exit $status
