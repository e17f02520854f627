#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Scenarios whose result no schedule may change, played under many: a seed chooses who goes next at
# every step and at every atomic operation.

set -u
LC_ALL=C
export LC_ALL
passed=0
failed=0

for file in vmm/concurrent-revoke.yaml copyio/every-call-ept.yaml process/vkernel-copyio.yaml; do
	seed=1
	while [ "$seed" -le 60 ]; do
		if "$VKEPT" run -q --seed "$seed" "$SRC/scenarios/$file" >/dev/null 2>&1; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			echo "$file: seed $seed"
			"$VKEPT" run -q --seed "$seed" "$SRC/scenarios/$file" 2>&1 | head -n 5
		fi
		seed=$((seed + 1))
	done
done
echo "# cases: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
