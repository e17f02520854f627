#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: once
# Pages of vkept report in a headless Chromium: keys, slider, narrow screens,
# both schemes, print, and nothing on the console.  Where there is no browser,
# or no Python to speak to it, nothing is checked, and it says so.
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3

if ! command -v python3 >/dev/null 2>&1; then
	echo "no python3 here: the pages were not opened"
	exit 77
fi

# Two threads over 64 pages each, again and again.
{
	cat <<'END'
scenario: many events </script><b>over & over</b>
about: a run that is long enough to be slow, if drawing were slow
machine: {cpus: 2, tlb: caching, tlb-entries: 8}
host:
  ept:
    - {gpa: 0, hpa: 0x100000, size: 1M}
guest:
  spaces:
    main:
      root: 0x1000
      tables: {at: 0x2000, size: 64K}
      map:
        - {gva: 0x400000, gpa: 0x20000, size: 256K, flags: [p, w, u]}
threads:
END
	for thread in 0 1; do
		printf '  - name: thread%d\n    role: bare\n    cpu: %d\n    steps:\n' $thread $thread
		awk 'BEGIN {
			for (i = 0; i < 900; i++)
				printf "      - write: {at: 0x%x, value: %d}\n",
				    4194304 + i % 64 * 4096 + 8 * int(i / 64), i + 1
		}'
	done
} >"$tmp/long.yaml"

# page STATUS NAME ARGUMENT...
page()
{
	wanted=$1 name=$2
	shift 2
	"$VKEPT" report "$@" -o "$tmp/$name.html"
	[ $? -eq "$wanted" ] || { echo "FAILED: no page $name"; exit 1; }
}
page 0 nested scenarios/copyio/printf.yaml
page 1 failing tests/data/cli/failing.yaml
page 1 counterexample tests/data/explore/stale.yaml
page 0 long "$tmp/long.yaml"
size=$(wc -c <"$tmp/long.html")
if [ "$size" -ge 10485760 ]; then
	echo "FAILED: a page of 10000 events has $size bytes"
	exit 1
fi
PYTHONDONTWRITEBYTECODE=1 python3 "$SRC/tests/browser/check_page.py" "$tmp"
