#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Golden outputs; tools/rebase_golden.sh rewrites them.
. "$(dirname "$0")/lib.sh"
golden=$SRC/tools/rebase_golden.sh

for file in "$SRC"/tests/golden/*; do
	[ -f "$file" ] && basename "${file%.*}"
done | sort -u >"$tmp/names"
while IFS= read -r name; do
	expect_pass "golden $name" "$golden" --check --root "$SRC" "$name"
done <"$tmp/names"

# A program that prints its argument, complains and ends with status 3.
put tree/say '#!/bin/sh' 'echo "$1"' 'echo complaint >&2' 'exit 3'
chmod +x "$tmp/tree/say"
put tree/tests/golden/a.cmd '$VKEPT "two words"'
VKEPT=$tmp/tree/say
export VKEPT
expect_fail 'a command without golden files is refused' 'differs' \
    "$golden" --check --root "$tmp/tree"
expect_pass 'golden files can be written' "$golden" --root "$tmp/tree"
expect_pass 'what was written agrees' "$golden" --check --root "$tmp/tree"
expect_pass 'what was written is the output' grep -q -x 'two words' "$tmp/tree/tests/golden/a.out"
for part in out err status; do
	put tree/tests/golden/a.$part other
	expect_fail "a difference in .$part is found" '^-other' "$golden" --check --root "$tmp/tree" a
	"$golden" --root "$tmp/tree" >"$tmp/.output"
done
put tree/tests/golden/b.out other
expect_fail 'a golden file without its command is refused' 'b.cmd: absent' \
    "$golden" --check --root "$tmp/tree"
finish
