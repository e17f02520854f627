# SPDX-License-Identifier: BSD-2-Clause
#
# Holds a file against TAP version 13: the version, points that are numbered in
# order, YAML blocks that end, one plan of as many points.

function wrong(what)
{
	print "line " NR ": " what
	bad = 1
}

NR == 1 && $0 != "TAP version 13" { wrong("not the version") }
NR == 1 { next }
inside && /^  \.\.\.$/ { inside = 0; next }
inside && /^  / { next }
inside { wrong("a block without its end"); inside = 0 }
/^  ---$/ { if (!points || plan) wrong("a block without its point"); inside = 1; next }
/^(not )?ok [0-9]+ - ./ {
	number = $1 == "not" ? $3 : $2
	if (number != ++points)
		wrong("point " number ", expected " points)
	next
}
/^1\.\.[0-9]+$/ { plan++; planned = substr($0, 4); next }
{ wrong("no line of TAP: " $0) }
END {
	if (plan != 1 || planned != points)
		wrong("the plan is " planned ", there were " points " points")
	exit bad
}
