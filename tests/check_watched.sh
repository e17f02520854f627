#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: watched
# Every command of the program, watched: by valgrind, $WATCHER, or, where that is
# empty, by the thread sanitizer it is built with.  What either finds wrong ends a
# program with status 99.
. "$(dirname "$0")/lib.sh"
: "${VKEPT:?}" "${BUILD:?}" "${WATCHER?}"
cd "$SRC" || exit 3

# watched STATUS COMMAND...
watched()
{
	wanted=$1
	shift
	# shellcheck disable=SC2086 # the watcher is words
	$WATCHER "$@" >"$tmp/.output" 2>&1 </dev/null
	status=$?
	shift
	sentence=$(printf '%.80s' "$*")
	if [ "$status" -eq "$wanted" ] && ! grep -q -e '^==[0-9]*==' "$tmp/.output"; then
		case_passed "nothing is wrong with $sentence"
	else
		echo "(status $status, expected $wanted)" >>"$tmp/.output"
		tail -n 40 "$tmp/.output" >"$tmp/.end"
		mv "$tmp/.end" "$tmp/.output"
		case_failed "nothing is wrong with $sentence"
	fi
}

# A watcher that sees nothing would find nothing.
if [ -n "$WATCHER" ]; then
	put wrong.c '#include <stdlib.h>' 'int main(void)' \
	    '{ char *p = malloc(2); int wrong = p[1] == 7; free(p); return wrong; }'
else
	put wrong.c '#include <pthread.h>' 'static int shared;' \
	    'static void *add(void *p) { shared++; return p; }' 'int main(void)' \
	    '{ pthread_t t; pthread_create(&t, 0, add, 0); shared++; return pthread_join(t, 0); }'
	set -- -fsanitize=thread
fi
expect_pass 'a wrong program can be made' "$CC" -O0 -g "$@" -o "$tmp/wrong" "$tmp/wrong.c"
# shellcheck disable=SC2086
$WATCHER "$tmp/wrong" >"$tmp/.output" 2>&1
expect_pass 'what is wrong with it is found' [ $? -eq 99 ]

# Threads.
watched 0 "$VKEPT" run -q --jobs 4 scenarios/vmm scenarios/tlb
watched 0 "$VKEPT" run -v -f json --jobs 3 scenarios/shootdown/d39-nobody-ept.yaml \
    scenarios/shootdown/d41-initiator-counted-guest.yaml scenarios/shootdown/ept-entry.yaml
watched 1 "$VKEPT" explore --jobs 4 tests/data/explore/lost.yaml tests/data/explore/message.yaml
watched 0 "$VKEPT" explore --jobs 4 --runs 20 tests/data/explore/matrix.yaml
watched 2 "$VKEPT" run --jobs 2 tests/data/cli_bad.yaml scenarios/paging
[ -n "$WATCHER" ] || finish

for dir in scenarios/*/; do
	[ "$dir" = scenarios/shootdown/ ] || watched 0 "$VKEPT" run -v "$dir"
done
watched 1 "$VKEPT" run -f junit -o "$tmp/out" tests/data/cli
watched 1 "$VKEPT" run --trace-format perfetto -o "$tmp/out" tests/data/explore/lost.yaml
watched 1 "$VKEPT" report -o "$tmp/out" tests/data/explore/lost.yaml
watched 0 "$VKEPT" report -o "$tmp/out" scenarios/copyio/printf.yaml
watched 1 "$VKEPT" explore --replay tests/data/explore/lost.replay tests/data/explore/lost.yaml
watched 1 "$VKEPT" explore --save "$tmp/saved" tests/data/explore/stale.yaml
watched 2 "$VKEPT" check tests/data/bad/*.yaml
watched 0 "$VKEPT" check --schema
watched 0 "$VKEPT" walk --step 2 tests/data/cli/bare.yaml
watched 0 "$VKEPT" maps --step 1 --against 3 scenarios/copyio/printf.yaml
watched 0 "$VKEPT" maps --core tests/data/linux-guest/l4-basic/paging-core.elf.xz
watched 0 "$VKEPT" maps --summary --core tests/data/linux-guest/l5-la57/pt.elf.gz
watched 0 "$VKEPT" graph scenarios/copyio/printf.yaml
watched 0 "$VKEPT" graph -T json --walk 0x600000 scenarios/copyio/printf.yaml
watched 0 "$VKEPT" bits --as ept R W memtype=WB frame=0x1000
watched 0 "$VKEPT" bits -f json --as qualification 0x182 0x83
watched 0 "$VKEPT" conform tests/data/vectors/pku-few.jsonl.gz
watched 0 "$VKEPT" --help
for program in memory modify printf strings threads; do
	[ ! -x "$BUILD/programs/$program" ] ||
	    watched 0 "$VKEPT" exec --cpus 3 "$BUILD/programs/$program"
done
watched 1 "$VKEPT" exec tests/fuzz/seeds/elf/pie
watched 1 "$VKEPT" exec --trace-format perfetto -o "$tmp/out" scenarios/programs/hello.elf
watched 1 "$VKEPT" exec tests/fuzz/seeds/elf/static
watched 2 "$VKEPT" exec tests/fuzz/seeds/elf/interpreted
finish
