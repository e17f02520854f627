#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Pictures: their files, what in them must not vary, and what is said when none
# can be made.  What they show is held by test_graph and the golden outputs.
. "$(dirname "$0")/lib.sh"
cd "$SRC" || exit 3
printf=scenarios/copyio/printf.yaml
cores=tests/data/linux-guest
export printf cores tmp

# --- usage -----------------------------------------------------------------

expect 2 'an unknown format is named' 'expected dot, svg, png, pdf or json, found .gif' \
    "$VKEPT" graph -T gif $printf
expect 2 'an unknown theme is named' 'expected light, dark or print' \
    "$VKEPT" graph --theme sepia $printf
expect 2 'a range has two ends' 'expected START-END' "$VKEPT" graph --range 5 $printf
expect 2 'a range does not descend' 'expected START-END' "$VKEPT" graph --range 5-4 $printf
expect 2 'a limit below a path is refused' 'a path to a page' "$VKEPT" graph --limit 4 $printf
expect 2 'limits that come to too much are refused' 'at most' \
    "$VKEPT" graph --limit 1000 --rows 500 $printf
expect 2 'an access belongs to a walk' 'belong to --walk' "$VKEPT" graph --access w $printf
expect 2 'a walk is no comparison' 'expected one of --walk' \
    "$VKEPT" graph --walk 0 --against 1 $printf
expect 2 'a scenario or a machine is needed' 'expected one scenario' "$VKEPT" graph
expect 2 'a machine without registers is said to have none' 'expected --cr3' \
    "$VKEPT" graph --core $cores/nested-ept/pt.elf.gz
expect 2 'tables that are not there cannot be drawn' 'no outer tables' \
    "$VKEPT" graph --table ept --core $cores/l4-basic/pt.elf.gz
expect 3 'an output that cannot be written' 'No such file' \
    "$VKEPT" graph -o "$tmp/nowhere/x.dot" $printf
expect 0 'an address that is not mapped is a drawing' 'where is GPA' \
    "$VKEPT" graph --walk 0x12345000 $printf
{ printf '\147\0\60\0\0\0\0\0'; head -c 4088 /dev/zero; } >"$tmp/root"
expect 0 'so is an entry that the memory has not' 'There is no memory at HPA' \
    "$VKEPT" graph --raw "$tmp/root@0" --cr3 0 --walk 0
expect 2 'but a root table that it has not is bad input' 'guest at 0x7ffff000 is not in this' \
    "$VKEPT" graph --core $cores/l4-basic/pt.elf.gz --cr3 0x7ffff000 --walk 0
expect 2 '... of tables, too' 'guest at 0x7ffff000 is not in this memory; expected an address' \
    "$VKEPT" graph --core $cores/l4-basic/pt.elf.gz --cr3 0x7ffff000
expect 2 '... and of the host' 'outer tables at 0x7ffff000 is not in this' "$VKEPT" graph \
    --core $cores/nested-ept/pt.elf.gz --cr3 0x1000 --nested ept --nested-root 0x7ffff000
expect 2 '... and of the other state' 'guest at 0x7ffff000 is not in this' \
    "$VKEPT" graph --core $cores/l4-basic/pt.elf.gz --against-cr3 0x7ffff000
expect 0 'the name of the output chooses the format' '"vkept"' \
    sh -c '"$VKEPT" graph -o "$tmp/x.json" $printf && cat "$tmp/x.json"'

# A program by itself, without the one that draws.
cp "$VKEPT" "$tmp/alone"
expect 3 'without vkept-draw pictures are not made, and it is said how to get them' \
    'vkept-draw: not found beside this program.*libgraphviz-dev.*-T dot' \
    "$tmp/alone" graph -T svg $printf
expect 2 'a name whose end is that of no drawing is not written' \
    "expected a name that ends in .dot, .svg, .png, .pdf or .json.*found '.*x.jpg'" \
    "$tmp/alone" graph -o "$tmp/x.jpg" $printf
expect 2 'a walk is not one of the EPT alone' 'expected --table guest or both' \
    "$tmp/alone" graph --walk 0x600000 --table ept $printf
expect 0 'a walk as the guest sees it has its own entries only' '"4 references to memory' \
    "$tmp/alone" graph --walk 0x400000 --table guest -T json scenarios/lectures/08-nested.yaml
expect 0 'without vkept-draw there is DOT' '^digraph' "$tmp/alone" graph $printf
expect 3 'a picture that was not made leaves no file' 'not found' \
    sh -c '"$tmp/alone" graph -o "$tmp/none.svg" $printf; s=$?; [ ! -e "$tmp/none.svg" ] && exit $s'

# One that fails without a word.
printf '#!/bin/sh\nexit 5\n' >"$tmp/vkept-draw"
chmod +x "$tmp/vkept-draw"
expect 3 'a picture that vkept-draw does not make is none' 'no picture was made' \
    "$tmp/alone" graph -T svg $printf
printf 'no program' >"$tmp/vkept-draw"
expect 3 'nor does one that cannot be run' 'no picture was made' \
    "$tmp/alone" graph -T svg $printf
rm "$tmp/vkept-draw"

draw=${VKEPT%/*}/vkept-draw
if [ ! -x "$draw" ]; then
	echo "no vkept-draw here: pictures are not checked"
	finish
fi

# --- the program that draws ------------------------------------------------

expect 2 'it draws one of three formats' '^usage: vkept-draw svg.png.pdf' "$draw" gif
expect 2 'and one at a time' '^usage: vkept-draw' "$draw" svg png
expect 3 'what is no graph is not drawn' 'cannot draw this graph' \
    sh -c 'echo nonsense | "$1" svg' - "$draw"
expect 3 'nor what is no markup' 'cannot draw this graph' \
    sh -c 'echo "digraph { a [label=<<b>>] }" | "$1" svg' - "$draw"
expect 3 'nor half a graph' 'cannot draw this graph' \
    sh -c 'echo "digraph { a -> " | "$1" png' - "$draw"
expect 3 'nor nothing' 'cannot draw this graph' sh -c '"$1" pdf </dev/null' - "$draw"
expect 2 'bytes of zero are no graph' 'a byte of zero found' \
    sh -c 'printf "digraph { a }\0" | "$1" svg' - "$draw"
expect 2 'input without end is refused' 'more than 64 MiB found' \
    sh -c '"$1" svg </dev/zero' - "$draw"
"$draw" svg >"$tmp/links.svg" <<'END'
digraph {
	a [URL="#a", tooltip="what a is"]; b [URL="#b", tooltip=" "]
	c [tooltip="c"]; d [URL="#d"]
}
END
expect 0 'what a link tells becomes its title' '<a xlink:href="#a"><title>what a is</title>' \
    cat "$tmp/links.svg"
expect 0 'where it tells nothing there is none' '<a xlink:href="#b">$' cat "$tmp/links.svg"
expect 3 'nor is what cannot be read' '^vkept-draw: Is a directory' sh -c '"$1" svg </' - "$draw"
for format in svg png pdf; do
	expect 3 "a full disk, $format" '^vkept-draw: No space left' \
	    sh -c 'echo "digraph { a -> b }" | "$1" "$2" >/dev/full' - "$draw" $format
done
{ head -c 200000 /dev/zero | tr '\0' ' '; echo 'digraph { first -> last }'; } >"$tmp/long.dot"
expect 0 'a graph of many bytes is read to its end' 'first.*last' \
    sh -c '"$1" svg <"$2" | tr "\n" " "' - "$draw" "$tmp/long.dot"

# --- pictures --------------------------------------------------------------

# well_formed FILE: by whatever reads XML here; without any it is assumed.
well_formed()
{
	if command -v xmllint >/dev/null 2>&1; then
		xmllint --noout "$1"
	elif command -v python3 >/dev/null 2>&1; then
		python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$1"
	fi
}

drawn_twice()
{
	timeout 60 "$VKEPT" graph -o "$tmp/$name.svg" "$@" &&
	    timeout 60 "$VKEPT" graph -o "$tmp/again.svg" "$@" &&
	    cmp "$tmp/$name.svg" "$tmp/again.svg" && well_formed "$tmp/$name.svg" &&
	    ! grep -i -e '<!--' -e graphviz "$tmp/$name.svg" | grep -v -e 'DOCTYPE'
}

# picture NAME ARGUMENT...: an SVG that is well-formed, the same twice, and says
# nothing of who made it.
picture()
{
	name=$1
	shift
	if drawn_twice "$@" >"$tmp/.output" 2>&1 </dev/null; then
		case_passed "$name is a picture"
	else
		case_failed "$name is a picture"
	fi
}

picture tables $printf
picture dark --theme dark $printf
picture print --theme print $printf
picture walk --walk 0x400000 $printf
picture failed-walk --walk 0x600000 $printf
picture difference --step 1 --against 5 $printf
picture guest-only --table guest $printf
picture ept-only --table ept $printf
picture l4 --core $cores/l4-basic/pt.elf.gz
picture l4-process --core $cores/l4-basic/pt.elf.gz --range 0x400000-0x800000
picture l4-kpti --core $cores/l4-kpti-huge/pt.elf.gz --cpu 1
picture l5 --core $cores/l5-la57/pt.elf.gz --walk 0x400000
picture l4-two-processes --core $cores/l4-basic/pt.elf.gz --against-cpu 1
picture nested-ept --core $cores/nested-ept/pt.elf.gz --cr3 0x1000 --nested ept \
    --nested-root 0x63d005e
picture nested-npt --core $cores/nested-npt/pt.elf.gz --nested npt --nested-root 0x114f2000
picture nested-npt-walk --core $cores/nested-npt/pt.elf.gz --nested npt \
    --nested-root 0x114f2000 --walk 0x200000
# What a scenario may be called.
cat >"$tmp/name.yaml" <<'END'
scenario: "a <b>&amp; \"\\N\" \u0001 \u0085 \uFFFE é"
guest: {spaces: {main: {root: 0x1000, map: [{gva: 0x400000, gpa: 0x5000, size: 4K}]}}}
threads: [{name: vcpu, role: bare, steps: [{read: 0x400000}]}]
END
picture foreign-name "$tmp/name.yaml"

expect 0 'a walk shows 24 references' '^24$' \
    sh -c 'grep -c "<title>[0-9]*: [A-Z0-9 ]*\[[0-9]*\] [0-9]*</title>" "$tmp/walk.svg"'
expect 0 'tooltips tell the bits' '<title>PTE\[0\].*RW: writable' cat "$tmp/tables.svg"
expect 0 'nothing is left of the attribute that few viewers show' '^0$' \
    sh -c 'grep -c "xlink:title" "$tmp/tables.svg" || true'
expect 0 'the font is one that is about' "font-family=\"'DejaVu Sans Mono'" cat "$tmp/tables.svg"
expect 0 'a name is text, whatever is in it' '&lt;b&gt;&amp;amp; &quot;\\N&quot; \\x01' \
    cat "$tmp/foreign-name.svg"

# same FORMAT FIRST-BYTES
same()
{
	expect 0 "$1: the right kind of file, and the same twice" '^same' sh -c '
	    "$VKEPT" graph -T '"$1"' $printf >"$tmp/1" && sleep 1 &&
	    "$VKEPT" graph -T '"$1"' $printf >"$tmp/2" && cmp "$tmp/1" "$tmp/2" &&
	    head -c 8 "$tmp/1" | grep -q -a -e "'"$2"'" && echo same'
}

same png PNG
same pdf '%PDF'

# The layout is that of one version of Graphviz.
if [ "$(pkg-config --modversion libgvc 2>/dev/null)" = 2.43.0 ]; then
	expect_pass 'the pictures of the documentation are as they would be drawn now' \
	    tools/draw_images.sh --check
fi

finish
