#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The program at the prompt: statuses, streams, files, directories.  What it
# prints is held by the golden outputs and by test_report.
. "$(dirname "$0")/lib.sh"
data=tests/data/cli
export tmp data
limit=20
cd "$SRC" || exit 3
mkdir "$tmp/d"

# --- usage -----------------------------------------------------------------

expect 2 'no arguments: usage, status 2' '^usage: vkept' "$VKEPT"
expect 2 'an unknown subcommand is suggested for' "did you mean 'walk'" "$VKEPT" wlak
expect 2 'an unknown option is suggested for' "did you mean 'quiet'" "$VKEPT" run --quite x
expect 2 'an unknown letter is named' "unknown option '-z'" "$VKEPT" run -z x
expect 2 'a missing argument is named' '--seed needs an argument' "$VKEPT" run --seed
expect 2 'an argument too many is named' '--quiet takes no argument' "$VKEPT" run --quiet=1 x
expect 2 'a bad number is named' "expected a number, found '-1'" "$VKEPT" run --seed -1 x
expect 2 'a number beyond 64 bits is refused' 'expected a number' \
    "$VKEPT" run --seed 0x10000000000000000 x
expect 2 'a bad word is named' "found 'xml'" "$VKEPT" run -f xml x
expect 2 'a timeline is the only other form of a trace' "expected perfetto, found 'chrome'" \
    "$VKEPT" run --trace-format chrome x
expect 2 'a timeline has no other format' 'there is no --format' \
    "$VKEPT" run --trace-format perfetto -f json x
expect 2 'nor is there anything to leave out' 'there is no --quiet' \
    "$VKEPT" run --trace-format perfetto -q x
expect 2 'a limit of a timeline needs one' 'belongs to --trace-format' \
    "$VKEPT" run --trace-limit 1M x
expect 2 'and is something' 'expected a number of at least 1' "$VKEPT" run --trace-limit 0 x
expect 0 'events beyond the limit of a timeline are counted' \
    'ends at its limit of 10240 bytes (--trace-limit): 44 events are not on it' \
    sh -c '"$VKEPT" run --trace-format perfetto --trace-limit 10K $data/bare.yaml 2>&1 >/dev/null'
expect 2 'nothing to run is bad usage' 'no scenario was named' "$VKEPT" run
expect 2 'walk wants one file' 'expected one scenario' "$VKEPT" walk a b
expect 2 'walk refuses a size without an address' 'belong to --gva' "$VKEPT" walk --size 4 a
expect 2 'walk names the threads there are' 'expected one of vcpu' \
    "$VKEPT" walk --thread x $data/bare.yaml
expect 2 'walk refuses a step beyond the end' 'the run ended before' \
    "$VKEPT" walk --step 9 $data/bare.yaml
expect 2 'walk refuses a variant that is not there' "--variant: .* found '5'" \
    "$VKEPT" walk --variant 5 $data/matrix.yaml
expect 2 'bits names its formats' 'expected one of guest-pte' "$VKEPT" bits --as xyzzy 1
expect 0 'an entry by its name is of its level' '^PDE 0x7 ' "$VKEPT" bits --as pde 7
expect 2 'the name of an entry and another level' 'the name in --as' \
    "$VKEPT" bits --as pde --level 1 7
expect 2 'bits refuses a level that is none' '--level' "$VKEPT" bits --level 6 1
expect 2 'bits refuses a level for what has none' 'no levels' "$VKEPT" bits --as cr3 --level 1 1
expect 2 'bits names what it does not know' 'unknown name "RWX"' "$VKEPT" bits RWX
for command in run check explore exec report walk maps graph bits conform; do
	expect 0 "$command --help prints usage" "^usage: vkept $command" "$VKEPT" $command --help
	expect 0 "help $command prints usage" "^usage: vkept $command" "$VKEPT" help $command
	expect 0 "$command --version prints the version" '^vkept [0-9]' "$VKEPT" $command --version
	expect 0 "$command --help fits a screen" '' sh -c '"$VKEPT" "$1" --help |
	    awk "length > 80 || NR > 24 { print; bad = 1 } END { exit bad }"' - $command
	expect 0 "$command takes the options that are common to all" "^usage: vkept $command" \
	    "$VKEPT" $command -q -v --quiet --verbose --color=never -o x --help
	expect 2 "$command takes three words for colours" 'expected auto|always|never' \
	    "$VKEPT" $command --color blue
	expect 0 "$command --help has an example" "^  vkept $command " "$VKEPT" $command --help
	expect 0 "help $command tells of each option that --help names" '' sh -c '
	    "$VKEPT" "$1" --help | grep -o -e "--[a-z0-9-]*" | sort -u >"$tmp/short"
	    "$VKEPT" help "$1" | grep -o -e "--[a-z0-9-]*" | sort -u | comm -13 - "$tmp/short"' - $command
done

expect 0 'the help of the program fits a screen' '' sh -c '"$VKEPT" --help |
    awk "length > 80 || NR > 24 { print; bad = 1 } END { exit bad }"'
expect 0 'and has examples' '^  vkept run ' "$VKEPT" --help

# --- statuses --------------------------------------------------------------

expect 0 'a scenario that holds: status 0' '^ok ' "$VKEPT" run $data/bare.yaml
expect 1 'an expectation that fails: status 1' '^FAIL ' "$VKEPT" run $data/failing.yaml
expect 2 'a bad file: status 2' ':3:1: ' "$VKEPT" run tests/data/cli_bad.yaml
expect 3 'a file that is not there: status 3' 'No such file' "$VKEPT" run "$tmp/nothing.yaml"
expect 3 'the worst status counts' 'No such file' \
    "$VKEPT" run $data/failing.yaml tests/data/cli_bad.yaml "$tmp/nothing.yaml" $data/bare.yaml
expect 2 'bad input outweighs a failure' '1 failed, 1 bad file' \
    "$VKEPT" run $data/failing.yaml tests/data/cli_bad.yaml
expect 0 'quiet success is silent' '' "$VKEPT" run -q $data/bare.yaml
expect 0 'check accepts what can be loaded' 'matrix.yaml: 4 scenarios' "$VKEPT" check $data
expect 2 'check refuses what cannot' 'unknown key' "$VKEPT" check tests/data/cli_bad.yaml
expect 0 'check prints the schema' '"\$schema"' "$VKEPT" check --schema
expect 0 'check names the scenarios of a file' 'who reads them .cpl=0 flags=p' \
    "$VKEPT" check -v $data/matrix.yaml
expect 0 'check speaks TAP: a scenario is a point' '^ok 2 - .*flags=p' \
    "$VKEPT" check -f tap $data/matrix.yaml
expect 2 'check speaks TAP: a file that is bad is a point' '^not ok 1 - .*cli_bad.yaml' \
    "$VKEPT" check -f tap tests/data/cli_bad.yaml
expect 2 'check speaks JUnit: errors stand in it' 'found unknown key .machnie' \
    "$VKEPT" check -f junit tests/data/cli_bad.yaml
expect 0 'walk -q leaves out the entries' '' sh -c '"$VKEPT" walk -q $data/bare.yaml >"$tmp/out" &&
    grep -q "^outcome" "$tmp/out" && ! grep -q "EPT L4" "$tmp/out"'
expect 0 'maps -q has no heading' '' sh -c '"$VKEPT" maps -q $data/bare.yaml >"$tmp/out" &&
    grep -q "^0x" "$tmp/out" && ! grep -q "^#" "$tmp/out"'
expect 0 'walk explains a failure with status 0' 'why  ' "$VKEPT" walk --step 2 $data/bare.yaml
expect 3 'conform: a file that is not there' 'No such file' "$VKEPT" conform "$tmp/nothing"
expect 2 'conform: no vectors in it' 'expected a header' "$VKEPT" conform /dev/null
sed '2s/"qual":"181"/"qual":"182"/' tests/data/vectors/ept.jsonl >"$tmp/differs.jsonl"
expect 0 'conform -q is silent where all agree' '' sh -c \
    '"$VKEPT" conform -q tests/data/vectors/ept.jsonl >"$tmp/out" && ! [ -s "$tmp/out" ]'
expect 1 'conform -q has the family that differs' '^a  *44  *43  *1 ' \
    "$VKEPT" conform -q "$tmp/differs.jsonl"
expect 0 'and no other' '' sh -c '! "$VKEPT" conform -q "$tmp/differs.jsonl" | grep -q "^[b-z] "'
expect 1 'conform speaks TAP: a family is a point' '^not ok 1 - family a: 44 cases, 1 differ' \
    "$VKEPT" conform -f tap "$tmp/differs.jsonl"
expect 1 'conform speaks TAP: with what differs' 'case 0: qual: expected 0x182, found 0x181' \
    "$VKEPT" conform -f tap "$tmp/differs.jsonl"
expect 1 'conform speaks JUnit' '<testsuite name="conform" tests="13" failures="1" errors="0">' \
    "$VKEPT" conform -f junit "$tmp/differs.jsonl"
if command -v xmllint >/dev/null 2>&1; then
	expect 0 'which is as its schema says' '' sh -c '"$VKEPT" conform -f junit "$tmp/differs.jsonl" |
	    xmllint --noout --schema schema/junit.xsd - 2>/dev/null'
fi
sed 's/"qual":"181"/"qual":"182"/' tests/data/vectors/ept.jsonl >"$tmp/many.jsonl"
expect 0 'conform explains the first differences' '' sh -c \
    '[ "$("$VKEPT" conform "$tmp/many.jsonl" | grep -c ": case ")" -eq 5 ]'
expect 0 'conform -v explains more' '' sh -c \
    '[ "$("$VKEPT" conform -v "$tmp/many.jsonl" | grep -c ": case ")" -eq 19 ]'
expect 0 'the first mismatch is named in the last line' '; first: .*failing.yaml:20:38$' \
    sh -c '"$VKEPT" run $data/failing.yaml | tail -n 1'

# --- input -----------------------------------------------------------------

expect 0 'standard input is a file' '^ok    -: ' sh -c '"$VKEPT" run - <$data/bare.yaml'
expect 0 'a pipe is a file' '^ok ' sh -c 'cat $data/bare.yaml | "$VKEPT" run /dev/stdin'
mkfifo "$tmp/fifo"
expect 2 'a named pipe without a writer does not hang' 'fifo:1:1: ' "$VKEPT" run "$tmp/fifo"
expect 2 'an endless device is cut off' 'larger than' "$VKEPT" run /dev/zero
expect 2 'a pipe may not bring more than a file' 'larger than' \
    sh -c 'head -c 16777217 /dev/zero | "$VKEPT" run -'
truncate -s 17M "$tmp/huge.yaml"
expect 2 'a huge file is refused unread' 'larger than' "$VKEPT" run "$tmp/huge.yaml"
expect 2 'a directory without scenarios is bad input' 'no scenario' "$VKEPT" run "$tmp/d"
expect 3 'a file that is no directory, as one' 'Not a directory' "$VKEPT" run $data/bare.yaml/x

mkdir -p "$tmp/d/a/b" "$tmp/d/a-c"
for name in z a/b/1 a/2 a-c/3 a/b.yaml.d; do
	mkdir -p "$tmp/d/$(dirname "$name")"
	cp $data/bare.yaml "$tmp/d/$name.yaml"
done
: >"$tmp/d/a/not-a-scenario"
ln -s . "$tmp/d/loop"
ln -s z.yaml "$tmp/d/link.yaml"
mkfifo "$tmp/d/pipe.yaml"
mkdir "$tmp/d/directory.yaml"
printf '%s\n' a-c/3 a/2 a/b.yaml.d a/b/1 link z >"$tmp/order"
expect 0 'a directory is run in the order of its paths' '' sh -c '
    "$VKEPT" run "$tmp/d" | sed -n "s|^ok *$tmp/d/\(.*\).yaml: .*|\1|p" | diff "$tmp/order" -'
printf '%s\n' z a/2 >"$tmp/order"
expect 0 'files are run in the order given' '' sh -c '
    "$VKEPT" run "$tmp/d/z.yaml" "$tmp/d/a/2.yaml" |
    sed -n "s|^ok *$tmp/d/\(.*\).yaml: .*|\1|p" | diff "$tmp/order" -'
evil=$tmp/$(printf 'e\033[31m\nvil.yaml')
cp $data/failing.yaml "$evil"
expect 1 'a file name cannot write to the terminal' 'e\\x1b\[31m\\x0avil.yaml:20:38: ' \
    "$VKEPT" run "$evil"
expect 1 'and no escape gets through' '' sh -c '"$VKEPT" run "$tmp"/e*vil.yaml | grep "$(printf "\033")"'

# --- output ----------------------------------------------------------------

expect 3 'a full disk: status 3' 'No space' sh -c '"$VKEPT" run $data/bare.yaml >/dev/full'
expect 3 'a closed standard output: status 3' 'standard output' \
    sh -c '"$VKEPT" run $data/bare.yaml >&-'
expect 0 'a reader that went away: status 3' '^3$' sh -c '
    { sleep 1; "$VKEPT" run -v $data/bare.yaml 2>/dev/null; echo $? >"$tmp/status"; } | :
    cat "$tmp/status"'
expect 3 'help on a full disk: status 3' 'No space' sh -c '"$VKEPT" --help >/dev/full'

out=$tmp/out
echo before >"$out"
chmod 640 "$out"
expect 2 'nothing is written with bad input' '' sh -c '
    "$VKEPT" run -o "$tmp/out" $data/bare.yaml tests/data/cli_bad.yaml 2>/dev/null'
expect 3 'nothing is written when a file cannot be read' '' sh -c '
    "$VKEPT" run -o "$tmp/out" $data/bare.yaml "$tmp/nothing.yaml" 2>/dev/null'
expect 0 'the file is as it was' '^before$' cat "$out"
expect 1 'a failure is a result: it is written' 'first: .*:20:38$' "$VKEPT" run -o "$out" $data/failing.yaml
expect 0 'it replaced the file' '^FAIL ' cat "$out"
expect 0 'and kept its mode' '^640$' stat -c %a "$out"
"$VKEPT" run $data/failing.yaml >"$tmp/straight"
expect 0 'the file has what standard output would have had' '' cmp "$out" "$tmp/straight"
ln -s out "$tmp/link"
expect 0 'a link to a file stays a link' '' "$VKEPT" bits -o "$tmp/link" 7
expect 0 'and its target is replaced' '^out$' readlink "$tmp/link"
expect 0 '... with the result' '^PTE 0x7' cat "$out"
expect 0 'a new file follows the umask' '^644$' sh -c '
    umask 022; "$VKEPT" bits -o "$tmp/new" 7 && stat -c %a "$tmp/new"'
expect 2 'what cannot be replaced as a whole is refused' 'not a regular file' \
    "$VKEPT" run -o /dev/null $data/bare.yaml
expect 3 'a directory that is not there' 'No such file' \
    "$VKEPT" run -o "$tmp/nowhere/out" $data/bare.yaml
expect 0 'with standard output closed the file gets the result' '^ok ' sh -c '
    "$VKEPT" run -o "$tmp/out" $data/bare.yaml >&-; cat "$tmp/out"'
expect 0 'with all streams closed too' '^PTE 0x9' sh -c '
    "$VKEPT" bits -o "$tmp/out" 9 <&- >&- 2>&-; cat "$tmp/out"'
mkfifo "$tmp/waiting"
for signal in TERM XCPU; do
	expect 0 "SIG$signal removes what was begun" "^$signal\$" sh -c '
	    exec 3<>"$tmp/waiting"
	    "$VKEPT" run -o "$tmp/unborn" "$tmp/waiting" &
	    until ls "$tmp" | grep -q "^unborn.*part$"; do sleep 0.01; done
	    kill -$1 $!
	    wait $!
	    status=$?
	    [ ! -e "$tmp/unborn" ] && kill -l $status' - $signal
done
expect 3 'a file that may not grow is not left cut off' 'unborn: File too large' sh -c '
    ulimit -f 1; exec "$VKEPT" check --schema -o "$tmp/unborn"'
expect 0 'nothing else is left behind' '' sh -c 'ls -A "$tmp" | grep part; [ $? -eq 1 ]'

# --- the same for everybody ------------------------------------------------

"$VKEPT" run -v tests/data/cli/failing.yaml >"$tmp/a"
expect 0 'locale, time zone, terminal and addresses make no difference' '' sh -c '
    LC_ALL=de_DE.UTF-8 LANG=tr_TR TZ=Asia/Tokyo COLUMNS=20 TERM=dumb MALLOC_PERTURB_=165 \
        setarch -R "$VKEPT" run -v $data/failing.yaml | cmp - "$tmp/a"'
expect 0 'json too' '' sh -c '
    "$VKEPT" run -v -f json $data/failing.yaml >"$tmp/b" 2>&1
    TZ=Asia/Tokyo MALLOC_PERTURB_=90 "$VKEPT" run -v -f json $data/failing.yaml 2>&1 |
	cmp - "$tmp/b"'
expect 1 'no colours but on a terminal' '' sh -c '"$VKEPT" run $data/bare.yaml | grep "$(printf "\033")"'
expect 0 'colours when asked for' 'ok' \
    sh -c '"$VKEPT" run --color always $data/bare.yaml | grep "$(printf "\033\\[32mok")"'
expect 1 'no colours in a machine format' '' \
    sh -c '"$VKEPT" run --color always -f tap $data/bare.yaml | grep "$(printf "\033")"'
# Where no pseudo-terminal can be had (a root without /dev/pts), there is none to colour.
if script -q -c true /dev/null >/dev/null 2>&1; then
	expect 0 'a terminal gets colours' 'ok' sh -c '
	    TERM=xterm script -q -c "$VKEPT run $data/bare.yaml" /dev/null |
	    grep "$(printf "\033\\[32m")ok"'
	expect 1 'NO_COLOR takes them away' '' sh -c '
	    TERM=xterm NO_COLOR=1 script -q -c "$VKEPT run $data/bare.yaml" /dev/null |
	    grep "$(printf "\033")"'
fi
expect 0 'a seed makes the same run each time' '' sh -c '
    "$VKEPT" run -v --seed 7 scenarios/vmm/l02-master-and-slave.yaml >"$tmp/a"
    "$VKEPT" run -v --seed 7 scenarios/vmm/l02-master-and-slave.yaml | cmp - "$tmp/a"'
finish
