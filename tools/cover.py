#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""cover.py [--gaps REGEX] [--html DIR] BUILD

Lines and branches that tests reached, by room.  BUILD is a build directory of the preset "cover";
what its programs counted, in BUILD/profiles, is added up.

The compiler counts in the source, before anything is inlined or optimised.  Each operand of a
condition has two branches, true and false; each case of a switch has one, and so has what no case
names.  A condition in a macro counts where the macro is used.  A line counts when it has code.

Of the core all has to be reached, and what is not is listed; of the rest, ENOUGH.  Status 1 tells
that it is not so.  --gaps lists what nothing reaches in the files whose path matches, --html writes
the sources with their counts.
"""
import argparse
import collections
import glob
import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORE = ("base", "ept", "guestpt", "nested", "copyio", "vmm")
ENOUGH = 0.9
WANTED = ("src/", "kmod/")
DOUBLES = ("vkept_shared.dir", "vkept_static.dir")  # the core once more
FORMAT = "%-10s %8s %8s %7s %9s %8s %7s"
USE_OF_A_MACRO = 1  # a kind of region

Gap = collections.namedtuple("Gap", "path line text what")


def room_of(path):
    return path.split("/")[path.startswith("src/")]


class Source:
    """One file: the counts of its lines, and of the branches of its conditions."""

    def __init__(self, path):
        self.path = path
        self.lines = {}
        self.branches = collections.defaultdict(lambda: [0, 0])
        self.macros = set()
        self.text = []
        if path.startswith(WANTED):
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                self.text = file.read().split("\n")

    def has_code(self, line):
        """Neither blank, nor braces alone, nor comment, nor what the preprocessor takes."""
        text = self.text[line - 1].strip()
        if not re.search(r"\w", text) or text.startswith(("/*", "* ", "*/")):
            return False
        while line > 1 and self.text[line - 2].endswith("\\"):
            line -= 1
        return not self.text[line - 1].startswith("#")

    def add_lines(self, segments):
        """The count of a line is the highest of what begins on it, or goes on from before."""
        by_line = collections.defaultdict(list)
        for line, _, count, has_count, is_entry, is_gap in segments:
            by_line[line].append((count, has_count, is_entry, is_gap))
        before = None
        for line in range(1, len(self.text) + 1):
            here = by_line.get(line, [])
            counts = [s[0] for s in here if s[1] and s[2] and not s[3]]
            is_skipped = bool(here) and not here[0][1] and here[0][2]
            if before is not None and before[1]:
                counts.append(before[0])
            if counts and not is_skipped and self.has_code(line):
                self.lines[line] = max(counts)
            before = here[-1] if here else before

    def text_of(self, place):
        """What stands from a place to a place; with the use of a macro, its parameters."""
        first, start, last, end = place
        text = "\n".join(self.text[first - 1:])
        size = sum(len(line) + 1 for line in self.text[first - 1:last - 1]) + end - 1
        if place in self.macros and text[size:size + 1] == "(":
            depth = 0
            while size == end - 1 or depth > 0:
                depth += {"(": 1, ")": -1}.get(text[size], 0)
                size += 1
        return " ".join(text[start - 1:size].split())

    def conditions(self):
        """(line, text, count of each branch) of each condition and each case."""
        for (place, _), counts in sorted(self.branches.items()):
            text = self.text_of(place)
            if self.text[place[0] - 1][:place[1] - 1].endswith("switch ("):
                yield place[0], "switch (" + text + ")", {"never another": counts[0]}
            elif text.startswith(("case ", "default:")):
                yield place[0], text, {"never taken": counts[0]}
            else:
                yield place[0], text, {"never true": counts[0], "never false": counts[1]}

    def gaps(self):
        for line, count in sorted(self.lines.items()):
            if count == 0:
                yield Gap(self.path, line, self.text[line - 1].strip(), "never reached")
        for line, text, counts in self.conditions():
            for what, count in counts.items():
                if count == 0:
                    yield Gap(self.path, line, text, what)

    def figures(self):
        """Lines, those reached, branches, those taken."""
        taken = [count > 0 for _, _, counts in self.conditions() for count in counts.values()]
        return (len(self.lines), sum(count > 0 for count in self.lines.values()),
                len(taken), sum(taken))


# --- what was counted ---------------------------------------------------------


def llvm_cov(verb, build, *options):
    """The counters of all runs, laid over the sources."""
    objects = [name for name in glob.glob(os.path.join(build, "**", "*.o"), recursive=True)
               if not any(double in name for double in DOUBLES)]
    profiles = glob.glob(os.path.join(build, "profiles", "*.profraw"))
    if not objects or not profiles:
        sys.exit("cover.py: no object files, or nothing counted, in " + build)
    merged = os.path.join(build, "all.profdata")
    subprocess.run(["llvm-profdata", "merge", "-sparse", "-o", merged] + sorted(profiles),
                   check=True)
    arguments = ["llvm-cov", verb, "-instr-profile=" + merged, *options]
    for name in sorted(objects):
        arguments += ["-object", name]
    told = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if told.returncode != 0:
        sys.exit(told.stderr.decode())
    return told.stdout  # standard error has functions that only tests of their own kind have


def add_branches(function, source_of):
    """Those of a function; of a condition in a macro the place is where that is used."""
    names = function["filenames"]
    used_at = {r[6]: (r[5], tuple(r[:4])) for r in function["regions"] if r[7] == USE_OF_A_MACRO}
    for branch in function["branches"]:
        place, where = tuple(branch[:4]), branch[6]
        site = place
        while where in used_at:
            where, site = used_at[where]
            source_of(names[where]).macros.add(site)
        known = source_of(names[where]).branches[(site, place)]
        known[0] += branch[4]
        known[1] += branch[5]


def read(build):
    """The sources, by path."""
    data = json.loads(llvm_cov("export", build))["data"][0]
    sources = {}
    inside = os.path.relpath(build, ROOT) + os.sep

    def source_of(name):
        # The compiler says it from the root, with or without the place it was called in.
        path = os.path.relpath(os.path.normpath(os.path.join(ROOT, name)), ROOT)
        path = path[len(inside):] if path.startswith(inside) else path
        if path not in sources:
            sources[path] = Source(path)
        return sources[path]

    for file in data["files"]:
        source_of(file["filename"]).add_lines(file["segments"])
    for function in data["functions"]:
        add_branches(function, source_of)
    return {path: source for path, source in sorted(sources.items())
            if path.startswith(WANTED)}


# --- what has to be -----------------------------------------------------------


def percent(part, whole):
    """Rounded down: 100 are all."""
    return "%.1f" % (1000 * part // whole / 10) if whole else "-"


def print_rooms(sources):
    """The table; whether the core has all of it, and the rest enough."""
    rooms = collections.defaultdict(lambda: [0, 0, 0, 0])
    for path, source in sources.items():
        room = room_of(path)
        for name in (room, "the core" if room in CORE else "the rest"):
            rooms[name] = [a + b for a, b in zip(rooms[name], source.figures())]
    print(FORMAT % ("room", "lines", "missed", "%", "branches", "missed", "%"))
    for name in sorted(rooms, key=lambda name: (name.startswith("the "), name)):
        lines, reached, branches, taken = rooms[name]
        print(FORMAT % (name, lines, lines - reached, percent(reached, lines), branches,
                        branches - taken, percent(taken, branches)))
    lines, reached, branches, taken = rooms["the rest"]
    return (rooms["the core"][0::2] == rooms["the core"][1::2] and
            reached >= ENOUGH * lines and taken >= ENOUGH * branches)


def print_gaps(sources, is_wanted):
    for path, source in sources.items():
        if is_wanted(path):
            for gap in source.gaps():
                print("%s:%d: `%s` is %s" % gap)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--gaps", type=re.compile)
    parser.add_argument("--html")
    parser.add_argument("build")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    sources = read(build)
    if options.html:
        llvm_cov("show", build, "-format=html", "-show-branches=count",
                 "-ignore-filename-regex=/tests/", "-output-dir=" + options.html)
    if options.gaps:
        print_gaps(sources, options.gaps.search)
        return 0
    is_enough = print_rooms(sources)
    print_gaps(sources, lambda path: room_of(path) in CORE)
    return 0 if is_enough else 1


if __name__ == "__main__":
    sys.exit(main())
