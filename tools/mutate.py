#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""mutate.py [--build DIR] [-j N] [--seed N] [--sample N] [--under S] [--again] [--list] [FILE...]

Breaks the core in small ways, one at a time, and sees that a test notices: operators, constants,
conditions, statements left out.  DIR is a build directory with the tests, made by Ninja,
build/gcc unless told; FILE is a source or header of the core, or FILE:LINE a line of it; all
unless told.

The tests are linked once, with the core as a shared library.  A mutant is a library of one object
that is loaded before that, so that nothing else is compiled or linked and the tree stays as it is;
that of a header has all of the core's objects.  One whose code is the same as that of the original
is counted apart: nothing could notice it.

What judges is every test program, the scenarios folder by folder, and the recorded vectors: of
these those that reach the line, as gcov says, and first those that kill most in a second.  Which
lines they reach is kept in DIR/mutate.reach until they change, and verdicts in DIR/mutate.jsonl
until the source changes: a run that was interrupted goes on.  --again tries what survived before
once more, --under asks only what takes less than S seconds.  Survivors are printed with their
place; the status is 1 when fewer than 95 of a hundred are killed.
"""
import argparse
import concurrent.futures
import glob
import hashlib
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SRC = os.path.join(ROOT, "src")
ENOUGH = 0.95
PATIENCE = 2  # times what a test takes with counters in it, in seconds of processor time
WALL_SECONDS = 600

VECTORS = ["tests/data/vectors/" + n for n in ("ept.jsonl", "guest-paging.jsonl", "pku.jsonl")]

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
    """(kind, token, offset) of what is code: no comments, strings, lines that begin with #."""
    text = re.sub(r"^[ \t]*#[^\n]*", lambda m: " " * len(m.group()), text, flags=re.M)
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


def run(command, cwd, seconds, **environment):
    """Whether a command succeeds, and the processor time that it took.

    A test program has failed as soon as it says so of one of its tests."""
    def limits():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with subprocess.Popen(command, cwd=cwd, shell=isinstance(command, str),
                          env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          preexec_fn=limits) as process:
        alarm = threading.Timer(WALL_SECONDS, os.kill, (process.pid, signal.SIGKILL))
        alarm.start()
        for line in process.stderr:
            if line.startswith(b"[  FAILED  ]"):
                os.kill(process.pid, signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
        alarm.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode in (0, 77), usage.ru_utime + usage.ru_stime


def read(path, mode="r"):
    with open(path, mode, encoding=None if "b" in mode else "utf-8") as f:
        return f.read()


def name_of(source):
    return os.path.relpath(source, SRC)


def core_sources():
    words = re.findall(r"^CORE_SRCS\+=\s*(.*)$", read(os.path.join(SRC, "core.mk")), re.M)
    return [os.path.join(SRC, n) for n in " ".join(words).split()]


class Check:
    """One judge of mutants: a program of the build, and what it is told."""

    def __init__(self, target, words=()):
        self.target, self.words = target, list(words)
        self.name = " ".join([target] + self.words)
        self.seconds, self.lines = 0.0, {}

    def inputs(self):
        for word in self.words:
            path = os.path.join(ROOT, word)
            yield from sorted(glob.glob(path + "/*")) if os.path.isdir(path) else [path]

    def digest(self, build):
        where = "" if self.words else "tests"
        parts = [os.path.join(build.directory, where, self.target)] + list(self.inputs())
        total = hashlib.sha256()
        for path in parts:
            if os.path.isfile(path):
                total.update(read(path, "rb"))
        return total.hexdigest()

    def passes(self, program, core, mutant):
        return run([program] + self.words, ROOT, max(2, int(PATIENCE * self.seconds) + 1),
                   LD_LIBRARY_PATH=core, LD_PRELOAD=mutant)[0]


def all_checks():
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "test_*.c"))):
        yield Check(os.path.basename(path)[:-2])
    for path in sorted(glob.glob(os.path.join(ROOT, "scenarios", "*", ""))):
        yield Check("vkept", ["run", "-q", os.path.relpath(path, ROOT)])
    yield Check("vkept", ["conform"] + VECTORS)


class Build:
    """A build directory: how a source is compiled and a program is linked."""

    def __init__(self, directory, work):
        self.directory, self.work = os.path.abspath(directory), work
        self.compile, self.originals, self.programs = {}, {}, {}
        for entry in json.loads(read(os.path.join(self.directory, "compile_commands.json"))):
            self.compile.setdefault(entry["file"], entry["command"])
        self.lock = threading.Lock()
        self.core = self.core_with("", "plain")

    def core_with(self, flags, name):
        """The folder of a shared library that is all of the core."""
        where = os.path.join(self.work, name)
        objects = [self.compiled(s, s, where, name_of(s) + ".o", flags) for s in core_sources()]
        self.shared(objects, os.path.join(where, "libvkept_mutate.so"), flags)
        return where

    def shared(self, objects, out, flags=""):
        if not run("gcc -shared %s -Wl,-soname,%s -o %s %s" % (
                flags, os.path.basename(out), out, " ".join(objects)), ROOT, 60)[0]:
            sys.exit("%s cannot be linked" % out)
        return out

    def compiled(self, source, path, where, out, flags=""):
        """Compiles what is at path, relative to where, as if it were a source."""
        out = os.path.join(where, out)
        os.makedirs(os.path.dirname(out), exist_ok=True)
        flags += " -g0 -w -Wno-error -fPIC -fsemantic-interposition"
        command = re.sub(r"^\S*ccache ", "", self.compile[source])
        command = re.sub(r" -o \S+", " %s -o %s" % (flags, out), command)
        command = re.sub(r" -c \S+$", " -c " + path, command)
        command = command.replace(" -I", " -I%s -I" % where, 1)
        return out if run("cd %s && %s" % (where, command), where, 60)[0] else None

    def objects(self, source, text, where):
        """The objects that have a text in the place of a source, or None.

        The text stays in where, under its name in the tree: a test may include it."""
        path = os.path.join(where, name_of(source))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        found = []
        for each in core_sources() if source.endswith(".h") else [source]:
            text_of = name_of(each) if each == source else each
            found.append(self.compiled(each, text_of, where, name_of(each) + ".o"))
            if found[-1] is None:
                return None
        return found

    def original(self, source):
        """The bytes of the objects of a source that is as it was."""
        with self.lock:
            if source not in self.originals:
                with tempfile.TemporaryDirectory(dir=self.work) as where:
                    objects = self.objects(source, read(source), where)
                    self.originals[source] = [read(o, "rb") for o in objects]
            return self.originals[source]

    def program(self, target):
        """The path of a program of the build, linked with the shared core; None without it."""
        with self.lock:
            if target not in self.programs:
                self.programs[target] = self.link(target, os.path.join(self.work, target))
            return self.programs[target]

    def link(self, target, out, own=None):
        lines = subprocess.run(["ninja", "-t", "commands", target], cwd=self.directory,
                               capture_output=True, text=True, check=False).stdout.splitlines()
        if not lines:
            return None
        command = re.sub(r" -o \S+ ", " -o %s " % out, lines[-1], count=1)
        command = command.replace(" -static ", " -no-pie ").replace(
            " libvkept_core.a", " " + os.path.join(self.core, "libvkept_mutate.so"))
        if own:
            command = re.sub(r" \S+/%s\.c\.o " % target, " %s " % own, command)
        if not run(command, self.directory, 60)[0]:
            sys.exit("%s cannot be linked with a shared core" % target)
        return out

    def program_for(self, target, source, where):
        """The program, or one with its own test compiled again, where that has a source in it."""
        if not includes(target, source):
            return self.program(target)
        test = os.path.join(ROOT, "tests", target + ".c")
        own = self.compiled(test, test, where, "test.o")
        return self.link(target, os.path.join(where, target), own)


def includes(target, source):
    """Whether a test is compiled with a source in it, which it then has all of."""
    test = os.path.join(ROOT, "tests", target + ".c")
    return os.path.exists(test) and '#include "%s"' % name_of(source) in read(test)


def measure(build, check, core):
    """Runs a check over a core with counters: the time it takes, the lines it reaches."""
    program = build.program(check.target)
    if program is None:
        return
    passed, check.seconds = run([program] + check.words, ROOT, 600, LD_LIBRARY_PATH=core)
    if not passed:
        sys.exit("%s fails without a mutant" % check.name)
    counts = glob.glob(os.path.join(core, "**", "*.gcda"), recursive=True)
    if not counts:
        return
    out = subprocess.run(["gcov", "--json-format", "--stdout"] + counts, cwd=core,
                         capture_output=True, text=True, check=True).stdout
    for report in out.splitlines():
        for source in json.loads(report)["files"]:
            name = source["file"].rpartition("src/")[2]
            lines = {n["line_number"] for n in source["lines"] if n["count"]}
            check.lines[name] = check.lines.get(name, set()) | lines
    for path in counts:
        os.remove(path)


def reach(build):
    """All checks, with what each reaches; as it was kept, where nothing of it changed."""
    path = os.path.join(build.directory, "mutate.reach")
    kept = json.loads(read(path)) if os.path.exists(path) else {}
    checks, now, core = list(all_checks()), {}, None
    for check in checks:
        digest = check.digest(build)
        old = kept.get(check.name)
        if old and old["digest"] == digest:
            check.seconds = old["seconds"]
            check.lines = {n: set(lines) for n, lines in old["lines"].items()}
        else:
            core = core or build.core_with("--coverage -O0", "counted")
            measure(build, check, core)
        now[check.name] = {"digest": digest, "seconds": check.seconds,
                           "lines": {n: sorted(lines) for n, lines in check.lines.items()}}
    new = "%s.%d" % (path, os.getpid())
    with open(new, "w", encoding="utf-8") as f:
        json.dump(now, f)
    os.replace(new, path)
    return checks


class Judges:
    """The checks, asked in the order in which they kill most in a second."""

    def __init__(self, build, under):
        self.checks = [c for c in reach(build) if c.lines and c.seconds < under]
        self.have = {name_of(s): [c for c in self.checks if includes(c.target, s)]
                     for s in core_sources()}
        self.tried, self.killed = {}, {}

    def of(self, source, line):
        """Who reaches a line; or the file, where nobody does: a table has no code.

        And who is compiled with the source in it, of which there are no counts.  What a header
        says beside code, of a type or a constant, may matter to anybody."""
        name = name_of(source)
        have = self.have.get(name, [])
        found = [c for c in self.checks if line in c.lines.get(name, ()) and c not in have]
        if not found and name.endswith(".c"):
            found = [c for c in self.checks if c.lines.get(name) and c not in have]
        found = found + have or self.checks
        return sorted(found, key=lambda c: (c.seconds + 0.02) * (self.tried.get((c, name), 0) + 1)
                      / (self.killed.get((c, name), 0) + 1))

    def tell(self, check, source, killed):
        of = self.killed if killed else {}
        for counts in (self.tried, of):
            counts[(check, name_of(source))] = counts.get((check, name_of(source)), 0) + 1


def judge(build, judges, source, mutant):
    """killed, survived, same or invalid; and by whom."""
    at, before, after = mutant
    text = read(source)
    unchanged = build.original(source)
    with tempfile.TemporaryDirectory(dir=build.work) as where:
        objects = build.objects(source, text[:at] + after + text[at + len(before):], where)
        if objects is None:
            return "invalid", ""
        if [read(o, "rb") for o in objects] == unchanged:
            return "same", ""
        library = build.shared(objects, os.path.join(where, "mutant.so"))
        for check in judges.of(source, place(text, at)[0]):
            program = build.program_for(check.target, source, where)
            passed = check.passes(program, build.core, library)
            judges.tell(check, source, not passed)
            if not passed:
                return "killed", check.name
    return "survived", ""


class Verdicts:
    """What was found before, kept in a file line by line."""

    def __init__(self, path, again):
        self.path, self.known, self.lock = path, {}, threading.Lock()
        for line in read(path).splitlines() if os.path.exists(path) else []:
            entry = json.loads(line)
            self.known[tuple(entry["key"])] = entry["verdict"]
        if again:
            self.known = {k: v for k, v in self.known.items() if v != "survived"}

    @staticmethod
    def key(source, mutant):
        digest = hashlib.sha256(read(source, "rb")).hexdigest()
        return (name_of(source), digest) + tuple(mutant)

    def of(self, build, judges, source, mutant):
        key = self.key(source, mutant)
        if key not in self.known:
            verdict, who = judge(build, judges, source, mutant)
            with self.lock, open(self.path, "a", encoding="utf-8") as f:
                f.write(json.dumps({"key": key, "verdict": verdict, "by": who}) + "\n")
                self.known[key] = verdict
        return self.known[key]


def place(text, at):
    line = text.count("\n", 0, at) + 1
    return line, text.splitlines()[line - 1].strip()


def sources(names):
    """(path, line or None) of what is to be mutated."""
    if names:
        parts = [n.partition(":") for n in names]
        return [(os.path.abspath(n), int(line) if line else None) for n, _, line in parts]
    rooms = {os.path.dirname(s) for s in core_sources()} | {os.path.join(SRC, "base")}
    headers = [h for room in sorted(rooms) for h in sorted(glob.glob(room + "/*.h"))]
    return [(path, None) for path in core_sources() + headers]


def choose(files, seed, sample):
    mutants = []
    for source, line in files:
        text = read(source)
        mutants += [(source, m) for m in sorted(set(mutations(text)))
                    if line in (None, place(text, m[0])[0])]
    total = len(mutants)
    if sample and sample < total:
        mutants = random.Random(seed).sample(mutants, sample)
    return total, mutants


def show(source, mutant):
    line, code = place(read(source), mutant[0])
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
            name_of(source), sum(c.values()),
            c.get("killed", 0), c.get("same", 0), c.get("survived", 0)))
    killed, survived = total.get("killed", 0), total.get("survived", 0)
    score = killed / (killed + survived) if killed + survived else 1.0
    print("%d killed, %d survived, %d the same code, %d do not compile: %.1f %%" % (
        killed, survived, total.get("same", 0), total.get("invalid", 0), 100 * score))
    return score


def try_all(build, mutants, args):
    """How many of each file came to which verdict."""
    judges, counts = Judges(build, args.under), {}
    verdicts = Verdicts(os.path.join(build.directory, "mutate.jsonl"), args.again)
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        results = pool.map(lambda m: verdicts.of(build, judges, *m), mutants)
        for (source, mutant), verdict in zip(mutants, results):
            count = counts.setdefault(source, {})
            count[verdict] = count.get(verdict, 0) + 1
            if verdict == "survived":
                print("survived: " + show(source, mutant), flush=True)
    return counts


def main():
    parser = argparse.ArgumentParser(description="see the beginning of this file")
    parser.add_argument("-j", type=int, default=2, metavar="N")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--sample", type=int, default=0, metavar="N")
    parser.add_argument("--under", type=float, default=float("inf"), metavar="S")
    parser.add_argument("--again", action="store_true")
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
    with tempfile.TemporaryDirectory(prefix="vkept-mutate.") as work:
        counts = try_all(Build(args.build, work), mutants, args)
    return 0 if print_table(counts) >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
