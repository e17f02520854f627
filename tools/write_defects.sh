#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# write_defects.sh [ROOT]: prints docs/DEFECTS.md, from the list of defects, from
# the scenarios that show their damage, from the rows of docs/FINDINGS.md, and
# from the list of known bugs.  A name
# in the latter that does not exist, or a pair that it does not name, is an
# error; COUNTS=1 prints the numbers of pairs alone: all, from DragonFly, from
# elsewhere.

set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/..}"
bugs=scenarios/regress/known-bugs.txt

# The pairs, by what their -bad scenario is called and the defects it has.
pairs()
{
	for file in scenarios/regress/*-bad.yaml; do
		name=$(basename "$file" -bad.yaml)
		echo "pair|$name|$(sed -n 's/^scenario: //p' "$file")|$(
		    sed -n 's/^defects: \[\(.*\)\]$/\1/p' "$file" | tr -d ,)"
	done
}

# The rows of the tables of findings, by the defects that they have.
explored()
{
	[ ! -f docs/FINDINGS.md ] || awk -F'|' '
	NF == 11 && $5 ~ /`/ {
		gsub(/[ `]/, "", $2)
		gsub(/[`,]/, "", $5)
		print "row|" $2 "|" $6 "|" $5
	}' docs/FINDINGS.md
}

# "bug | shown by": every name that stands for something has to be there.
check_names()
{
	sed -n 's/^[^#].* | //p' "$bugs" | while IFS= read -r shown; do
		# shellcheck disable=SC2086 # names are words
		set -- $shown
		case ${1:-} in
		-) [ $# -gt 1 ] || echo "$bugs: a bug without a reason" ;;
		fault)
			shift
			for name in "$@"; do
				[ -f "tests/faults/$name.fault" ] ||
				    echo "$bugs: no fault of the name $name"
			done
			;;
		test) [ -f "$2" ] || echo "$bugs: $2 is absent" ;;
		*)
			for name in "$@"; do
				[ -f "scenarios/regress/$name-bad.yaml" ] ||
				    echo "$bugs: no pair of the name $name"
			done
			;;
		esac
	done
	pairs | while IFS='|' read -r _ name _; do
		grep -q -e " $name\$" -e " $name " "$bugs" ||
		    echo "$bugs: nothing is known of the pair $name"
	done
}

wrong=$(check_names)
if [ -n "$wrong" ]; then
	echo "$wrong"
	exit 1
fi

# counts: how many pairs there are, and how many a group of bugs names.
counts()
{
	pairs | awk -F'|' '
	FILENAME == "-" { pair[$2] = 1; all++; next }
	sub(/^# /, "") { from = /^DragonFly/ ? "d" : /^Other/ ? "o" : ""; next }
	from != "" {
		n = split(substr($0, index($0, " | ") + 3), name, " ")
		for (i = 1; i <= n; i++)
			if (name[i] in pair && !((from, name[i]) in seen)) {
				seen[from, name[i]] = 1
				count[from]++
			}
	}
	END { print all, count["d"] + 0, count["o"] + 0 }' - "$bugs"
}

# shellcheck disable=SC2046 # three numbers
set -- $(counts)
if [ -n "${COUNTS:-}" ]; then
	echo "$@"
	exit 0
fi

cat <<END
# Defects on purpose

A scenario can switch defects on, to show what they do: \`defects: [pat-in-gpa]\`. Each is one
deviation from the core, in the room \`src/defect\`, which only the player of scenarios links. For each
damage there are two scenarios with the same steps in \`scenarios/regress\`: NAME\`-bad.yaml\`, which
passes because it expects the damage, and NAME\`-fixed.yaml\`, without the defect. What needs all
schedules to be shown is a row of [FINDINGS.md](FINDINGS.md) instead. \`tests/check_regress.sh\`
sees to it that the first fails without the defect and the second with it.

There are $1 pairs: $2 for bugs that DragonFly has or had, $3 for bugs of others.

This file is written by \`tools/write_defects.sh\`.

| defect | what deviates | damage shown |
|---|---|---|
END
{
	pairs
	explored
} | awk -F'|' '
FILENAME == "-" && $1 == "row" {
	n = split($4, name, " ")
	for (i = 1; i <= n; i++)
		if (shown[name[i]] !~ /FINDINGS/)
			shown[name[i]] = shown[name[i]] (shown[name[i]] == "" ? "" : "; ") \
			    "explored: row " $2 " of [FINDINGS.md](FINDINGS.md)"
	next
}
FILENAME == "-" {
	n = split($4, name, " ")
	for (i = 1; i <= n; i++)
		shown[name[i]] = shown[name[i]] (shown[name[i]] == "" ? "" : "; ") \
		    $3 " (`" $2 "`)"
	next
}
/^\tDEFECT\(/ { row = 1; text = "" }
row { text = text $0 }
row && /"\)/ {
	split(text, part, "\"")
	print "| `" part[2] "` | " part[4] " | " shown[part[2]] " |"
	row = 0
}' - src/defect/defect_list.h
cat <<'END'

## Known bugs

Where such bugs were seen, and what shows each: a pair above, a seeded fault of `tests/faults`, a test,
or the reason why there is none. What a commit or an advisory of others says is told by its cause.
END
awk '
sub(/^# /, "") { heading = $0; next }
/^#/ || /^$/ { heading = ""; next }
{
	if (heading != "") {
		print "\n### " heading "\n\n| bug | shown by |\n|---|---|"
		heading = ""
	}
	at = index($0, " | ")
	bug = substr($0, 1, at - 1)
	shown = substr($0, at + 3)
	if (sub(/^- /, "", shown)) {
		print "| " bug " | – " shown " |"
		next
	}
	prefix = ""
	if (sub(/^fault /, "", shown))
		prefix = "fault "
	sub(/^test /, "", shown)
	gsub(/ /, "`, `", shown)
	print "| " bug " | " prefix "`" shown "` |"
}' "$bugs"
