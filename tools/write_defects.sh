#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# write_defects.sh [ROOT]: prints docs/DEFECTS.md, from the list of defects and
# from the scenarios that show their damage.

set -eu
LC_ALL=C
export LC_ALL
cd "${1:-$(dirname "$0")/..}"

cat <<'END'
# Defects on purpose

A scenario can switch defects on, to show what they do: `defects: [pat-in-gpa]`. Each is one
deviation from the core, in the room `src/defect`, which only the player of scenarios links. For each
damage there are two scenarios with the same steps in `scenarios/regress`: NAME`-bad.yaml`, which
passes because it expects the damage, and NAME`-fixed.yaml`, without the defect. `tests/check_regress.sh`
sees to it that the first fails without the defect and the second with it.

This file is written by `tools/write_defects.sh`.

| defect | what deviates | where it was seen | damage shown |
|---|---|---|---|
END
awk '
FILENAME ~ /\.yaml$/ {
	if (sub(/^scenario: /, "")) {
		title = $0
	} else if (sub(/^defects: \[/, "")) {
		sub(/\].*/, "")
		n = split($0, name, /, */)
		file = FILENAME
		sub(/.*\//, "", file)
		sub(/-bad\.yaml$/, "", file)
		for (i = 1; i <= n; i++)
			shown[name[i]] = shown[name[i]] (shown[name[i]] == "" ? "" : "; ") \
			    title " (`" file "`)"
	}
	next
}
/^\tDEFECT\(/ { row = 1; text = "" }
row { text = text $0 }
row && /"\)/ {
	n = split(text, part, "\"")
	gsub(/\|/, "\\|", part[6])
	print "| `" part[2] "` | " part[4] " | " part[6] " | " shown[part[2]] " |"
	row = 0
}
' scenarios/regress/*-bad.yaml src/defect/defect_list.h
cat <<'END'

## What is not here

- **Stale upper entries**: Xen XSA-286. The simulated TLB has paging-structure caches; no defect here
  leaves anything behind in them.
- **What has no counterpart in the model**: an EPT misconfiguration without a case of its own (the
  core ends the process too, and says whose fault it is), pointers left dangling in a kernel, XSA-60
  and XSA-402 (caches of data), XSA-304 (machine checks).
END
