#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# check_arrows.sh [ROOT]: who may know whom.  Fails on an include between rooms
# that docs/ARCHITECTURE.md does not allow, on a library header outside the one
# file that may include it, and on a call that a room must leave to src/cli.

set -eu
LC_ALL=C
export LC_ALL
tools=$(cd "$(dirname "$0")" && pwd)
cd "${1:-$tools/..}"

# Each room and what it may include: rooms, or single headers of a room.
ARROWS='
base      base
ept       base ept
guestpt   base guestpt
nested    base ept guestpt nested
copyio    base guestpt copyio
vmm       base ept copyio vmm
lib       base
bits      base ept guestpt vmm bits
sim       base ept guestpt nested copyio vmm sim
defect    base ept guestpt copyio vmm sim defect
scenario  base ept guestpt bits defect/defect_list.h elf scenario
image     base guestpt image
x86       x86
elf       elf
exec      base ept guestpt copyio vmm sim x86 elf exec
view      base ept guestpt image sim view
maps      base ept guestpt image view maps sim/keyed.h
play      base ept guestpt nested copyio vmm bits sim defect scenario view image x86 elf exec play
explore   base ept guestpt nested copyio vmm bits sim scenario play explore
conform   base ept guestpt nested copyio vmm bits sim conform
report    base ept guestpt copyio vmm bits sim/event.h sim/explain.h sim/grow.h sim/stale.h scenario view image maps play explore exec/exec_outcome.h exec/exec_end.h report
graph     base ept guestpt bits image view sim/event.h sim/explain.h scenario report graph
page      base ept guestpt bits sim/event.h sim/explain.h sim/grow.h sim/tlb.h scenario play/play.h play/play_sight.h explore report page
draw      draw
cli       base ept guestpt nested copyio vmm bits sim scenario play explore image view maps conform report graph page exec cli
kmod      base ept guestpt nested copyio vmm kmod
'

CORE='base ept guestpt nested copyio vmm'

# The only file that may include a library's header.
OWNERS='
yaml.h      scenario/scenario_yaml.c
lzma.h      image/image_unpack.c
graphviz/   draw/draw_graphviz.c
gvc.h       draw/draw_graphviz.c
cgraph.h    draw/draw_graphviz.c
'

# Calls that a core room never makes, and those that a hosted room leaves to
# src/cli: what ends the process, opens files, prints to a standard stream or
# brings in time, chance or the environment.
CORE_CALLS='printf fprintf sprintf snprintf vprintf vfprintf vsnprintf puts fputs putchar
fopen open read write close malloc calloc realloc free exit _exit abort getenv time'
HOST_CALLS='printf vprintf puts putchar perror fopen freopen fdopen open openat gzopen gzdopen
exit _exit system popen fork getenv setenv setlocale time clock clock_gettime gettimeofday
localtime gmtime rand random srand srandom'

# Readers that open the file they are named after: "file call".
ALLOWED='
scenario/scenario_load.c  fopen
scenario/scenario_load.c  open
scenario/scenario_yaml.c  fopen
image/*  open
image/*  fopen
image/*  gzopen
conform/*  fopen
conform/*  open
conform/*  gzopen
'
export ARROWS CORE OWNERS CORE_CALLS HOST_CALLS ALLOWED

for tree in src kmod; do
	[ -d "$tree" ] && find "$tree" -name '*.[ch]' -print
done | sort | while IFS= read -r file; do
	awk -f "$tools/strip.awk" "$file"
done | awk '
function complain(what)
{
	print where ": " what
	bad = 1
}

# Whether name stands in the blank-separated list of words.
function in_words(name, words)
{
	return index(" " words " ", " " name " ") > 0
}

function check_quoted(header,    slash)
{
	slash = index(header, "/")
	if (slash == 0) {
		if (room != "kmod")
			complain("include \"" header "\" does not name its room")
		return
	}
	if (!in_words(substr(header, 1, slash - 1), arrows[room]) &&
	    !in_words(header, arrows[room]))
		complain(room " may not include \"" header "\"")
}

function check_system(header,    owner)
{
	if (in_words(room, ENVIRON["CORE"]) && file != "base/env.h")
		complain("only base/env.h includes a system header in the core: <" header ">")
	for (owner in owners)
		if (index(header, owner) == 1 && file != owners[owner])
			complain("only " owners[owner] " includes <" header ">")
}

function check_calls(text, calls,    n, call, i)
{
	n = split(calls, call)
	for (i = 1; i <= n; i++)
		if (text ~ ("(^|[^A-Za-z0-9_.>])" call[i] "[ \t]*\\(") &&
		    !((file, call[i]) in allowed) && !((room "/*", call[i]) in allowed))
			complain(room " may not call " call[i] "()")
}

BEGIN {
	n = split(ENVIRON["ARROWS"], line, "\n")
	for (i = 1; i <= n; i++) {
		name = line[i]
		sub(/[ \t].*/, "", name)
		rest = line[i]
		sub(/^[^ \t]+[ \t]+/, "", rest)
		arrows[name] = rest
	}
	n = split(ENVIRON["OWNERS"], word)
	for (i = 1; i < n; i += 2)
		owners[word[i]] = word[i + 1]
	n = split(ENVIRON["ALLOWED"], word)
	for (i = 1; i < n; i += 2)
		allowed[word[i], word[i + 1]] = 1
}

{
	split($0, part, ":")
	where = part[1] ":" part[2]
	text = substr($0, length(where) + 2)
	file = part[1]
	sub(/^src\//, "", file)
	room = file
	sub(/\/.*/, "", room)
	if (!(room in arrows)) {
		if (!(room in seen))
			complain("the room " room " is not in the table of arrows")
		seen[room] = 1
		next
	}
	if (text ~ /^[ \t]*#[ \t]*include/) {
		header = text
		if (sub(/^[^"<]*"/, "", header)) {
			sub(/".*/, "", header)
			check_quoted(header)
		} else if (sub(/^[^<]*</, "", header) && room != "kmod") {
			sub(/>.*/, "", header)
			check_system(header)
		}
		next
	}
	if (in_words(room, ENVIRON["CORE"]))
		check_calls(text, ENVIRON["CORE_CALLS"])
	else if (room != "cli" && room != "draw" && room != "kmod")
		check_calls(text, ENVIRON["HOST_CALLS"])
}

END { exit bad }
'
