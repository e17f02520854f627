#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mutate.py [--build DIR] [-j N] [--seed N] [--sample N] [--list] [FILE...]

Breaks the core in small ways, one at a time, and sees that a test notices: operators, constants,
conditions, statements left out.  DIR is a build directory with the tests, made by Ninja,
build/gcc unless told; FILE is a source of the core, or FILE:LINE a line of it; all unless told.

A mutant is one object file, put before the libraries when a test is linked again, so that nothing
else is compiled and the tree stays as it is.  One whose code is the same as that of the original
is counted apart: nothing could notice it.  Tests that know the file come first; the scenarios and
the recorded vectors are the last resort.  Survivors are printed with their place; the status is 1
when fewer than 95 of a hundred are killed.
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENOUGH = 0.95
CPU_SECONDS = 20
WALL_SECONDS = 400

# Who knows a file; the rest of the tests of its room, and the whole program, follow.
KNOWS = {
    "ept/ept.c": "test_ept test_ept_gpm test_reach test_nested",
    "ept/ept_edit.c": "test_ept_edit",
    "ept/ept_exit.c": "test_ept_exit test_vmexit",
    "ept/ept_gpm.c": "test_ept_gpm test_nested_reads",
    "ept/ept_spp.c": "test_ept test_vcpu",
    "ept/memtype.c": "test_memtype",
    "guestpt/guestpt.c": "test_guestpt test_reach test_nested",
    "guestpt/guestpt_edit.c": "test_guestpt_edit",
    "guestpt/pmap_inval.c": "test_pmap_inval",
    "guestpt/vpte.c": "test_vpte",
    "copyio/copyio.c": "test_copyio test_copyio_contract test_direct test_copyio_guard",
    "copyio/us_string.c": "test_copyio test_copyio_contract test_copyio_hostile",
    "copyio/vk_pmap.c": "test_vk_pmap",
    "vmm/gate.c": "test_sync test_copyio_guard test_vmrun test_mutants",
    "vmm/sync.c": "test_sync test_mutants",
    "vmm/vmctl.c": "test_vmctl",
    "vmm/vmexit.c": "test_vmexit",
    "vmm/vminit.c": "test_vminit",
    "vmm/vmm_history.c": "test_vmrun test_vmexit test_sync test_mutants",
    "vmm/vmrun.c": "test_vmrun",
    "nested/nested_memory.c": "test_nested test_nested_reads test_direct",
    "nested/nested_walk.c": "test_nested test_nested_reads test_direct",
}
LATER = "test_sweep test_kmod_vectors test_copyio_random"
PROGRAM = ("run -q scenarios", "conform tests/data/vectors/ept.jsonl "
           "tests/data/vectors/guest-paging.jsonl tests/data/vectors/pku.jsonl")

OPERATORS = {
    "==": ["!="], "!=": ["=="], "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="],
    ">=": [">", "<"], "&&": ["||"], "||": ["&&"], "&": ["|"], "|": ["&"], "^": ["|"],
    "<<": [">>"], ">>": ["<<"], "+": ["-"], "-": ["+"], "|=": ["="], "&=": ["="],
    "+=": ["-="], "-=": ["+="], "++": ["--"], "--": ["++"],
}
WORDS = {"true": ["false"], "false": ["true"], "break": ["continue"], "continue": ["break"]}

TOKEN = re.compile(r"""
    (?P<blank>\s+ | /\*.*?\*/ | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*')
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]* | [0-9]+[uUlL]*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<operator><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=?:;,.(){}\[\]])
""", re.X | re.S)


def code_tokens(text):
    """(kind, token, offset) of what is code: no comments, no strings, no preprocessor."""
    text = re.sub(r"^[ \t]*#(?:[^\n]|\\\n)*", lambda m: " " * len(m.group()), text, flags=re.M)
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            at += 1
            continue
        if match.lastgroup != "blank":
            yield match.lastgroup, match.group(), at
        at = match.end()


def is_binary(tokens, i):
    """Whether an operator stands between two values, not before one or in a declaration."""
    kind, token, _ = tokens[i - 1]
    if kind == "word":
        return token not in ("return", "case", "sizeof", "const", "void", "char", "hpm", "gpm")
    return kind == "number" or token in ")]"


def number_changed(token):
    digits = re.match(r"0[xX][0-9a-fA-F]+|[0-9]+", token).group()
    value, suffix = int(digits, 0), token[len(digits):]
    changed = [value + 1] if value == 0 else [value + 1, value - 1] if value < 4 else [value + 1]
    return ["%d%s" % (v, suffix) for v in changed]


def enclosed(tokens, i):
    """The offset behind the parenthesis that opens at tokens[i]."""
    depth = 0
    for kind, token, offset in tokens[i:]:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth == 0:
            return offset + 1
    return None


def statements(text):
    """Statements of one line that can be left out: a call, or a change of something."""
    pattern = r"^(\t+)((?:\(void\))?[a-z_][\w>.\[\]-]*(?:\([^\n]*\)| [|&+-]?= [^\n]*|\+\+));$"
    for match in re.finditer(pattern, text, re.M):
        yield match.start(2), match.group(2), "(void)0"


def mutations(text):
    """(offset, before, after) of every mutant of a source."""
    tokens = list(code_tokens(text))
    depth = 0
    for i, (kind, token, at) in enumerate(tokens):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth == 0:
            continue
        if kind == "number":
            for after in number_changed(token):
                yield at, token, after
        elif kind == "word" and token in WORDS:
            for after in WORDS[token]:
                yield at, token, after
        elif kind == "word" and token in ("if", "while") and tokens[i + 1][1] == "(":
            start, end = tokens[i + 1][2], enclosed(tokens, i + 1)
            yield start, text[start:end], "(!%s)" % text[start:end]
        elif kind == "operator" and token == "!":
            yield at, token, ""
        elif kind == "operator" and token == "~":
            yield at, token, ""
        elif kind == "operator" and token in OPERATORS and (
                token in ("++", "--") or is_binary(tokens, i)):
            for after in OPERATORS[token]:
                yield at, token, after
    yield from statements(text)


def limits():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def succeeds(command, cwd, shell=False):
    try:
        done = subprocess.run(command, cwd=cwd, shell=shell, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              timeout=WALL_SECONDS, preexec_fn=limits, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


class Build:
    """A build directory: how a source is compiled and a program is linked."""

    def __init__(self, directory):
        self.directory = os.path.abspath(directory)
        with open(os.path.join(self.directory, "compile_commands.json"), encoding="utf-8") as f:
            self.compile = {e["file"]: e["command"] for e in json.load(f)}
        self.links = {}

    def link_command(self, target):
        if target not in self.links:
            out = subprocess.run(["ninja", "-t", "commands", target], cwd=self.directory,
                                 capture_output=True, text=True, check=False).stdout
            self.links[target] = out.splitlines()[-1] if out else None
        return self.links[target]

    def object_of(self, source, text, where):
        """Compiles a text in the place of a source; the path of the object, or None.

        The text stays in where, under its name in the tree: a test may include it."""
        name = os.path.relpath(source, os.path.join(ROOT, "src"))
        os.makedirs(os.path.join(where, os.path.dirname(name)), exist_ok=True)
        with open(os.path.join(where, name), "w", encoding="utf-8") as f:
            f.write(text)
        return self.compiled(source, name, where, "mutant.o")

    def compiled(self, source, path, where, out):
        out = os.path.join(where, out)
        command = re.sub(r" -o \S+", " -g0 -w -Wno-error -o " + out, self.compile[source])
        command = re.sub(r" -c \S+$", " -c " + path, command)
        command = command.replace(" -I", " -I%s -I" % where, 1)
        return out if succeeds("cd %s && %s" % (where, command), where, True) else None

    def link(self, target, source, obj, where):
        """The path of a test or of the program with this object, or None where there is none."""
        out, command = os.path.join(where, "program"), self.link_command(target)
        if command is None:
            return None
        test = os.path.join(ROOT, "tests", target + ".c")
        if os.path.exists(test) and includes(test, source):
            own = self.compiled(test, test, where, "test.o")
            if own is None:
                return None
            command = re.sub(r" \S+/%s\.c\.o " % target, " %s " % own, command)
            obj = ""
        command = re.sub(r" -o \S+ ", " -o %s %s " % (out, obj), command, count=1)
        if not succeeds(command, self.directory, True):
            sys.exit("%s cannot be linked with another %s" % (target, source))
        return out


def includes(test, source):
    name = os.path.relpath(source, os.path.join(ROOT, "src"))
    with open(test, encoding="utf-8") as f:
        return '#include "%s"' % name in f.read()


def bytes_of(path):
    with open(path, "rb") as f:
        return f.read()


def tests_of(name):
    return (KNOWS.get(name, "") + " " + LATER).split()


def judge(build, source, mutant):
    """killed, survived, same or invalid; and by whom."""
    at, before, after = mutant
    with open(source, encoding="utf-8") as f:
        text = f.read()
    with tempfile.TemporaryDirectory(prefix="vkept-mutant.") as where:
        original = build.object_of(source, text, where)
        unchanged = bytes_of(original)
        obj = build.object_of(source, text[:at] + after + text[at + len(before):], where)
        if obj is None:
            return "invalid", ""
        if bytes_of(obj) == unchanged:
            return "same", ""
        for test in tests_of(os.path.relpath(source, os.path.join(ROOT, "src"))):
            program = build.link(test, source, obj, where)
            if program is not None and not succeeds([program], ROOT):
                return "killed", test
        program = build.link("vkept", source, obj, where)
        for words in PROGRAM:
            if program is not None and not succeeds([program] + words.split(), ROOT):
                return "killed", "vkept " + words.split()[0]
    return "survived", ""


def place(text, at):
    line = text.count("\n", 0, at) + 1
    return line, text.splitlines()[line - 1].strip()


def sources(names):
    """(path, line or None) of what is to be mutated."""
    if names:
        parts = [n.partition(":") for n in names]
        return [(os.path.abspath(n), int(line) if line else None) for n, _, line in parts]
    with open(os.path.join(ROOT, "src", "core.mk"), encoding="utf-8") as f:
        words = re.findall(r"^CORE_SRCS\+=\s*(.*)$", f.read(), re.M)
    return [(os.path.join(ROOT, "src", n), None) for n in " ".join(words).split()]


def choose(files, seed, sample):
    mutants = []
    for source, line in files:
        with open(source, encoding="utf-8") as f:
            text = f.read()
        mutants += [(source, m) for m in sorted(set(mutations(text)))
                    if line in (None, place(text, m[0])[0])]
    total = len(mutants)
    if sample and sample < total:
        mutants = random.Random(seed).sample(mutants, sample)
    return total, mutants


def show(source, mutant):
    with open(source, encoding="utf-8") as f:
        line, code = place(f.read(), mutant[0])
    return "%s:%d: %s -> %s   in: %s" % (os.path.relpath(source, ROOT), line,
                                         mutant[1].split("\n")[0], mutant[2].split("\n")[0]
                                         or "nothing", code)


def print_table(counts):
    print("%-24s %8s %8s %8s %8s" % ("file", "mutants", "killed", "same", "survived"))
    total = {}
    for source in sorted(counts):
        c = counts[source]
        for k, v in c.items():
            total[k] = total.get(k, 0) + v
        print("%-24s %8d %8d %8d %8d" % (
            os.path.relpath(source, os.path.join(ROOT, "src")), sum(c.values()),
            c.get("killed", 0), c.get("same", 0), c.get("survived", 0)))
    killed, survived = total.get("killed", 0), total.get("survived", 0)
    score = killed / (killed + survived) if killed + survived else 1.0
    print("%d killed, %d survived, %d the same code, %d do not compile: %.1f %%" % (
        killed, survived, total.get("same", 0), total.get("invalid", 0), 100 * score))
    return score


def main():
    parser = argparse.ArgumentParser(description="see the beginning of this file")
    parser.add_argument("-j", type=int, default=2, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "gcc"), metavar="DIR")
    parser.add_argument("file", nargs="*")
    args = parser.parse_args()
    total, mutants = choose(sources(args.file), args.seed, args.sample)
    print("%d of %d mutants" % (len(mutants), total), flush=True)
    if args.list:
        for source, mutant in mutants:
            print(show(source, mutant))
        return 0
    build, counts = Build(args.build), {}
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        results = pool.map(lambda m: judge(build, *m), mutants)
        for (source, mutant), (verdict, _) in zip(mutants, results):
            count = counts.setdefault(source, {})
            count[verdict] = count.get(verdict, 0) + 1
            if verdict == "survived":
                print("survived: " + show(source, mutant), flush=True)
    return 0 if print_table(counts) >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
