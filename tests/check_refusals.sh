#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is said of each argument, and each file, that is refused: what was found, or what was
# expected.  One row a refusal; the rest of the prompt is in check_cli.sh.
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3
cores=tests/data/linux-guest
core=$cores/l4-basic/pt.elf.gz
nested=$cores/nested-ept/pt.elf.gz
printf=scenarios/copyio/printf.yaml
bare=tests/data/cli/bare.yaml
export tmp cores core nested printf bare
limit=20

# refused STATUS: rows of a pattern, a bar, and the arguments.
refused()
{
	while IFS='|' read -r pattern arguments; do
		expect "$1" "vkept$arguments" "${pattern% }" sh -c "\"\$VKEPT\" $arguments"
	done
}

# --- arguments -----------------------------------------------------------------

refused 2 <<'END'
--level: expected 1 to 5 | bits --level 0 1
--maxphyaddr: expected a number up to 52, found '53' | bits --maxphyaddr 53 1
--maxphyaddr: expected 32 to 52 | bits --maxphyaddr 31 1
--list takes no value | bits --list 1
no value was given | bits
unknown name 'guest-ptee', did you mean 'guest-pte' | bits --as guest-ptee 1
--feature: unknown name 'pkss', did you mean 'pks' | bits --feature nx,no-pkss 1
--feature: unknown name 'no', did you mean 'nx' | bits --feature none,all,no 1
--reference: expected markdown.mdoc, found 'xml' | check --reference xml
no scenario was named | check
--schema takes no file | check --schema x
no vector file was named | conform
--show: expected a number up to 1000000, found 'x' | conform --show x y
--env: expected NAME=VALUE, found 'x' | exec --env x y
--env: expected NAME=VALUE, found '=x' | exec --env =x y
--env: expected at most 64 of them | exec $(seq -f "--env A%g=" 65) y
--cpus: expected a larger number, found '0' | exec --cpus 0 y
--tlb-entries: expected a number up to 65536, found 'x' | exec --tlb-entries x y
--jobs: expected a number up to 256, found 'x' | run --jobs x y
--color: expected auto.always.never, found 'x' | run --color x y
--cpl: expected 0 or 3, found '1' | graph --cpl 1 --walk 0 $printf
--access: expected r, w or x, found 'q' | graph --access q --walk 0 $printf
--table: expected guest.ept.npt.both, found 'x' | graph --table x $printf
the outer tables are of the other kind | graph --table npt $printf
--limit: expected a number up to 1000, found 'x' | graph --limit x $printf
--rows: expected a number from 4, found '1' | graph --rows 1 $printf
--against: expected the number of a step, found '0' | graph --against 0 $printf
--against: expected the number of a step, found 'x' | maps --against x $printf
the run ended before that step | maps --against 99 $printf
--summary and --against do not go together | maps --summary --against 2 $printf
have formats text and json | maps --summary -f info-tlb $printf
have formats text and json | maps --against 2 -f info-mem $printf
--table: expected guest.ept.npt.both, found 'x' | maps --table x $printf
the outer tables are of the other kind | maps --table npt $printf
--page: expected 4K.2M.1G, found 'x' | maps --page x $printf
--range: expected START-END, found '5-x' | maps --range 5-x $printf
--range: expected START-END, found 'x-5' | maps --range x-5 $printf
--range: expected START-END | maps --range 0x00000000000000000000000000000000000000000000001-2 $printf
no thread 'vmm', expected one of master | maps --thread vmm $printf
--size: expected a number up to 16, found 'x' | walk --size x --gva 0 $bare
--size: expected a number from 1 to 16, found '0' | walk --size 0 --gva 0 $bare
--cpl belongs to --core or --raw: a scenario's thread has one | walk --cpl 3 --gva 0 $bare
--cpl: expected 0 or 3, found '1' | walk --cpl 1 --core $core --gva 0
--access: expected r, w or x, found 'q' | walk --access q --core $core --gva 0
belong to --gva | walk --access w $bare
expected an address of the machine, --gva | walk --core $core
--cr4: expected a number, found 'x' | maps --cr4 x --core $core
--maxphyaddr: expected a number from 32 to 52, found '31' | maps --maxphyaddr 31 --core $core
--nested: expected ept.npt.npt5, found 'x' | maps --nested x --core $nested
--raw: expected FILE@ADDRESS, found '@5' | maps --raw @5
--raw: expected FILE@ADDRESS, found 'x@zz' | maps --raw x@zz
--raw: expected FILE@ADDRESS, found 'x' | maps --raw x
--cpu: expected one of the 2 CPUs in the file, found 99 | maps --cpu 99 --core $core
--against-cpu: expected one of the 2 CPUs in the file, found 99 | maps --against-cpu 99 --core $core
unknown subcommand 'xx', expected one of run | help xx
END

# --- threads that have no tables -----------------------------------------------

refused 2 <<'END'
no thread of this scenario is a vCPU | walk scenarios/copyio/every-call-std.yaml
this thread is no vCPU | walk --thread host scenarios/shootdown/alone-ept.yaml
END
sed 's/^    role: bare/    role: bare\n    mode: {paging: no}/' $bare >"$tmp/unpaged.yaml"
refused 2 <<'END'
the guest has paging off at that point | maps --table guest $tmp/unpaged.yaml
the guest has paging off at that point | graph --table guest $tmp/unpaged.yaml
END

# --- registers of a machine ----------------------------------------------------

# The notes of a CPU have CR0 at this place, where it is 0x80050033, and CR4 32 bytes on.
gzip -dc $core >"$tmp/core"
cr0=$(LC_ALL=C grep -obUaP -m1 '\x33\x00\x05\x80\x00\x00\x00\x00' "$tmp/core" | sed -n '1s/:.*//p')
put_byte()
{
	cp "$tmp/core" "$tmp/$1"
	printf '%b' "$3" | dd of="$tmp/$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
put_byte unpaged $((cr0 + 3)) '\0000'
put_byte narrow $((cr0 + 32)) '\0000'
refused 2 <<'END'
this CPU has paging off; another may do, or --cr3 | maps --cpu 0 --core $tmp/unpaged
no registers found in this file, or paging is off | maps --core $tmp/unpaged
the CPU has 32-bit paging (CR4.PAE is 0); expected one with 4 or 5 levels | maps --core $tmp/narrow
END
expect 0 'a CR4 that is told goes before that of the CPU' 'leads to' \
    "$VKEPT" maps --cr4 0x20 --core "$tmp/narrow"
expect 0 'EFER without no-execute and a narrower physical address are believed' '' sh -c '
    "$VKEPT" maps --efer 0x500 --maxphyaddr 40 --core $core >"$tmp/told" &&
    ! "$VKEPT" maps --core $core | cmp -s - "$tmp/told"'
expect 2 'tables of another depth are not compared' 'different numbers of levels' \
    "$VKEPT" maps --core $core --against $cores/l5-la57/pt.elf.gz

# --- what is empty -----------------------------------------------------------------

for command in run check explore exec walk maps graph conform report; do
	expect 2 "$command: nothing is called by no name" \
	    "^vkept $command: expected [^ ]*\(FILE\|PROGRAM\).*, found ''\$" "$VKEPT" $command ''
done
expect 2 'nor is anything among others' "expected FILE|DIR..., found ''$" \
    "$VKEPT" run $printf '' $bare
expect 2 'an operand behind -- is none, either' "found ''$" "$VKEPT" walk -- ''
expect 2 'a program may be given it' 'exited with status 2$' \
    "$VKEPT" exec scenarios/programs/hello.elf ''
for value in '' ' ' ' , '; do
	expect 2 "'$value' is no value" "^vkept bits: expected .*, found '$value'$" \
	    "$VKEPT" bits --as ept "$value"
	expect 2 "'$value' is none behind another" ", found '$value'$" "$VKEPT" bits 1 "$value"
done
expect 0 'blanks around a value are' '^EPT PTE 0x1 ' "$VKEPT" bits --as ept ' 1 '
while read -r command option expected; do
	expect 2 "$command $option with nothing" \
	    "^vkept $command: $option: expected $expected, found ''$" "$VKEPT" $command $option= x
done <<'END'
run --output FILE
run --seed N
run --format text|json|tap|junit
explore --save FILE
explore --replay FILE
walk --core FILE
walk --variant TEXT|N
maps --range START-END
maps --thread NAME
bits --feature LIST
bits --as FORMAT
exec --env NAME=VALUE
END
expect 2 'a list of features without one' "unknown name ','" "$VKEPT" bits --feature , 1

# --- files that are no memory --------------------------------------------------

: | gzip >"$tmp/nothing.gz"
xzcat $cores/l4-basic/paging-core.elf.xz >"$tmp/many"
printf '\050' | dd of="$tmp/many" bs=1 seek=58 conv=notrunc 2>/dev/null
refused 2 <<'END'
nothing in the packed file found, the memory of a machine expected | maps --core $tmp/nothing.gz
section headers of size 40 found, 64 expected | maps --core $tmp/many
END

# --- more than is listed -----------------------------------------------------------

# vectors COUNT SED: the first case that often, each with its number for N.
vectors()
{
	awk -v count="$1" 'NR == 1 { print } NR == 2 { for (i = 1; i <= count; i++) {
	    line = $0; sub(FROM, TO, line); gsub("@N@", i, line); print line } exit }' \
	    FROM="$2" TO="$3" tests/data/vectors/ept.jsonl >"$tmp/many.jsonl"
}
vectors 9 '"qual":"181"' '"qual":"182"'
expect 1 'of many differences some are explained' '^and 6 more$' \
    "$VKEPT" conform --show 3 "$tmp/many.jsonl"
vectors 70 '"rip"' '"new@N@":1,"rip"'
expect 2 'of many unknown names some are named' '^and 6 more of other unknown names$' \
    "$VKEPT" conform "$tmp/many.jsonl"
expect 0 'which may be let pass' 'total  *70  *70 ' "$VKEPT" conform --lenient "$tmp/many.jsonl"
vectors 70 '"fam":"a"' '"fam":"a@N@"'
sed -i '71s/"qual":"181"/"qual":"182"/' "$tmp/many.jsonl"
expect 1 'families that are too many for a row each share one' '^(others)  *6  *5  *1  *0$' \
    "$VKEPT" conform --lenient "$tmp/many.jsonl"
expect 1 'in TAP, too' '^not ok 65 - family (others): 6 cases, 1 differ$' \
    "$VKEPT" conform --lenient -f tap "$tmp/many.jsonl"
expect 1 'with what differs in them, and nowhere else' '^1 of 1$' sh -c '
    "$VKEPT" conform --lenient -f tap "$tmp/many.jsonl" >"$tmp/out"; status=$?
    echo "$(sed -n "/^not ok 65/,\$p" "$tmp/out" | grep -c ":71: case .* found 0x181")" \
        "of $(grep -c ": case " "$tmp/out")"
    exit $status'
expect 1 'and in JUnit' 'tests="65" failures="1"' \
    "$VKEPT" conform --lenient -f junit "$tmp/many.jsonl"
vectors 64 '"fam":"a"' '"fam":"a@N@"'
expect 0 'as many as have a row share none' '^1..64$' \
    "$VKEPT" conform --lenient -f tap "$tmp/many.jsonl"
vectors 3 '"rip"' '"new":1,"rip"'
expect 2 'an unknown name is counted' 'found unknown field "new", 3 times$' \
    "$VKEPT" conform "$tmp/many.jsonl"
vectors 101 '"cpl":0' '"cpl":2'
expect 2 'of many errors some are told' '^and more errors$' "$VKEPT" conform "$tmp/many.jsonl"
vectors 2 '"steps":."r".' '"steps":["dance"]'
expect 1 'what cannot be played is a difference' 'total  *2  *0  *0  *2$' \
    "$VKEPT" conform --lenient "$tmp/many.jsonl"
expect 0 'or is let pass' 'total' "$VKEPT" conform --lenient --allow-unsupported "$tmp/many.jsonl"
expect 0 'what the architecture leaves open may be either way' 'total' \
    "$VKEPT" conform --either tests/data/vectors/ept.jsonl

finish
