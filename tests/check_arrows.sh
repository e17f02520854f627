#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# runs: once
# Includes and calls against the arrows between rooms.
. "$(dirname "$0")/lib.sh"
arrows=$SRC/tools/check_arrows.sh

expect_pass 'the tree keeps to the arrows' "$arrows" "$SRC"

put good/src/base/env.h '#include <stddef.h>'
put good/src/ept/a.c '#include "base/env.h"' '/* printf("no call"); */' 'x = ops->open(p);' \
    'y = "exit(1)";' '// fopen(a)' 'vk_open(z);'
put good/src/report/b.c '#include "sim/event.h"' '#include <stdio.h>' 'fprintf(out, "");'
put good/src/scenario/scenario_yaml.c '#include <yaml.h>'
put good/src/cli/main.c '#include "explore/e.h"' 'exit(fopen("a", "r") == 0);'
expect_pass 'a tree within the arrows is accepted' "$arrows" "$tmp/good"

# wrong ROOM/FILE PATTERN SENTENCE LINE...
wrong()
{
	file=$1 pattern=$2 sentence=$3
	shift 3
	rm -rf "$tmp/bad"
	put "bad/src/$file" "$@"
	expect_fail "$sentence" "^src/$file:[0-9]*: $pattern" "$arrows" "$tmp/bad"
}

wrong ept/a.c 'ept may not include' 'ept may not know guestpt' '#include "guestpt/guestpt.h"'
wrong guestpt/a.h 'guestpt may not include' 'guestpt may not know ept' '#include "ept/ept.h"'
wrong base/a.c 'base may not include' 'the core may not know sim' '' '#include "sim/sim.h"'
wrong sim/a.c 'sim may not include' 'sim may not know scenario' '#include "scenario/scenario.h"'
wrong report/a.c 'report may not include' 'report may not know a live machine' \
    '#include "sim/machine.h"'
wrong bits/a.c 'bits may not include' 'bits may not know copyio' '#include "copyio/copyio.h"'
wrong play/a.c 'include "b.h" does not name' 'an include names its room' '#include "b.h"'
wrong copyio/a.c 'only base/env.h' 'the core has one door to the system' '#include <string.h>'
wrong play/a.c 'only scenario/scenario_yaml.c' 'one file includes libyaml' '#include <yaml.h>'
wrong sim/graph.c 'only draw/draw_graphviz.c' 'one file includes Graphviz' '#include <graphviz/gvc.h>'
wrong vmm/a.c 'vmm may not call printf' 'the core does not print' '/* say */ printf ("x");'
wrong sim/a.c 'sim may not call exit' 'sim does not end the process' '{ exit(1); }'
wrong report/a.c 'report may not call fopen' 'report opens no file' 'f = fopen(n, "w");'
wrong sim/a.c 'sim may not call time' 'sim does not ask for the time' '	x =' 'time(NULL);'
wrong attic/a.c 'the room attic is not' 'a room outside the table is refused' 'int x;'
finish
