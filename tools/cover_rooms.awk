# SPDX-License-Identifier: BSD-2-Clause
#
# From gcovr's table of files: lines and branches of each room of src/, those that no test reaches,
# and the core as a whole.

BEGIN {
	FS = ","
	core = "^(base|ept|guestpt|nested|copyio|vmm)$"
	format = "%-10s %8s %8s %7s %9s %8s %7s\n"
	printf format, "room", "lines", "missed", "%", "branches", "missed", "%"
}

function row(name, lines, hit, branches, taken)
{
	printf format, name, lines, lines - hit,
	    lines ? sprintf("%.1f", 100 * hit / lines) : "-", branches, branches - taken,
	    branches ? sprintf("%.1f", 100 * taken / branches) : "-"
}

function add(name)
{
	lines[name] += $2
	hit[name] += $3
	branches[name] += $5
	taken[name] += $6
}

$1 ~ /^src\// {
	split($1, part, "/")
	if (!(part[2] in lines))
		order[++rooms] = part[2]
	add(part[2])
	add(part[2] ~ core ? "core" : "rest")
}

END {
	for (i = 1; i <= rooms; i++)
		row(order[i], lines[order[i]], hit[order[i]], branches[order[i]], taken[order[i]])
	row("core", lines["core"], hit["core"], branches["core"], taken["core"])
	row("rest", lines["rest"], hit["rest"], branches["rest"], taken["rest"])
}
