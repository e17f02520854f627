# SPDX-License-Identifier: BSD-2-Clause
"""Pages of vkept report in a browser, as somebody uses them.

check_page.py DIRECTORY: the directory has nested.html (a run that holds),
failing.html, counterexample.html and long.html.  Prints a line a case.
"""
import os
import sys
import time

import browser

CASES = []
COUNT = "document.getElementById('count').textContent"
AT = "Number(document.getElementById('slider').value)"
WHAT = "document.querySelector('.what').textContent"
KIND = "document.querySelector('#event .kind').textContent"
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

# Elements whose text has too little contrast to what is behind it (WCAG 2.1, 4.5 to 1).
CONTRAST = """(() => {
	const part = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
	const light = (c) => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
	const colour = (text) => text.match(/[\\d.]+/g).map(Number);
	const behind = (element) => {
		for (; element; element = element.parentElement) {
			const c = colour(getComputedStyle(element).backgroundColor);
			if (c.length < 4 || c[3] > 0.99)
				return c;
		}
		return [255, 255, 255];
	};
	const faded = (element) => {
		for (; element; element = element.parentElement)
			if (getComputedStyle(element).opacity !== "1")
				return true;
		return false;
	};
	const bad = [];
	for (const element of document.querySelectorAll("body *")) {
		const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
		if (!own || !element.offsetParent || faded(element) || element.closest("select"))
			continue;
		const a = light(colour(getComputedStyle(element).color)), b = light(behind(element));
		if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5)
			bad.push(element.className + ": " + element.textContent.slice(0, 30));
	}
	return bad;
})()"""

# What a screen reader would have no name for.
NAMELESS = """[...document.querySelectorAll("button, input, select, section, nav, [role=group]")]
    .filter((e) => e.offsetParent && !e.getAttribute("aria-label") &&
    !document.getElementById(e.getAttribute("aria-labelledby")) &&
    !(e.labels && e.labels.length) && !e.textContent.trim()).map((e) => e.outerHTML.slice(0, 80))"""


def case(what):
    """Marks a function as a case: a sentence and what it takes."""
    def add(function):
        CASES.append((what, function))
        return function
    return add


def expect(found, wanted, what=""):
    if found != wanted:
        raise AssertionError("%s: expected %r, found %r" % (what, wanted, found))


class Pages:
    def __init__(self, directory, page):
        self.directory, self.page = directory, page

    def open(self, name, fragment=""):
        self.page.open(os.path.join(self.directory, name), fragment)


@case("a run that holds opens at its first event")
def _(pages):
    page = pages.page
    pages.open("nested.html")
    expect(page.run(AT), 0)
    expect(page.run("document.getElementById('verdict').textContent"), "as expected")


@case("keys step through events, steps and to the ends")
def _(pages):
    page = pages.page
    pages.open("nested.html")
    last = page.run("Number(document.getElementById('slider').max)")
    for key, wanted in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", last),
                        ("ArrowRight", last), ("Home", 0), ("ArrowLeft", 0)):
        page.key(key)
        expect(page.run(AT), wanted, key)
    page.key("ArrowDown")
    first = page.run(AT)
    expect(page.run(KIND), "step")
    page.key("ArrowRight")
    page.key("ArrowUp")
    expect(page.run(AT), first, "back to the beginning of the step")
    page.key("ArrowUp")
    expect(page.run(AT), 0, "back to the step before")


@case("the slider moves, and says to a listener where it is")
def _(pages):
    page = pages.page
    pages.open("nested.html")
    page.run("(() => { const s = document.getElementById('slider'); s.value = 40;"
             " s.dispatchEvent(new Event('input', {bubbles: true})); })()")
    page.settle()
    expect(page.run(COUNT), "41 of %d" % (page.run(
        "Number(document.getElementById('slider').max)") + 1))
    said = page.run("document.getElementById('slider').getAttribute('aria-valuetext')")
    assert said.startswith("event 41 of "), said
    heard = page.run("document.getElementById('hear').textContent")
    assert page.run(WHAT) in heard, heard


@case("going there and back shows the same")
def _(pages):
    page = pages.page
    pages.open("nested.html", "#60")
    before = page.run("document.querySelector('main').textContent")
    for key in ("End", "Home"):
        page.key(key)
    page.run("location.hash = '#60'")
    page.settle()
    expect(page.run(AT), 59)
    expect(page.run("document.querySelector('main').textContent"), before)


@case("the walk is drawn as far as it has come, and its entries are marked in the tables")
def _(pages):
    page = pages.page
    pages.open("nested.html")
    page.run("(() => { const d = JSON.parse(document.getElementById('data').textContent);"
             " location.hash = '#' + (d.events.findIndex((e) => e.order === 10) + 1); })()")
    page.settle()
    expect(page.run("document.querySelectorAll('.ref').length >= 14"), True)
    expect(page.run("document.querySelectorAll('.ref:not(.later)').length"), 10)
    expect(page.run("document.querySelector('.ref.now .n').textContent"), "10")
    expect(page.run("document.querySelectorAll('#guest .row.now').length"), 1)
    expect(page.run("document.querySelectorAll('#guest .row.read').length"), 2)
    expect(page.run("document.querySelectorAll('#ept .row.read').length"), 5)


@case("what changed is marked where it is")
def _(pages):
    page = pages.page
    pages.open("nested.html")
    page.run("(() => { const d = JSON.parse(document.getElementById('data').textContent);"
             " location.hash = '#' + (d.events.findIndex((e) => e.kind === 'edit') + 1); })()")
    page.settle()
    expect(page.run("document.querySelectorAll('#ept .row.added').length"), 4)
    expect(page.run("document.querySelectorAll('.changes li').length"), 4)


@case("a failed expectation is where the page opens, and F comes back to it")
def _(pages):
    page = pages.page
    pages.open("failing.html")
    assert "expected" in page.run("document.querySelector('#event .box.bad').textContent")
    at = page.run(AT)
    page.key("Home")
    page.key("f")
    expect(page.run(AT), at)
    page.key("Home")
    x, y = page.run("(() => { const r = document.querySelector('.failure')"
                    ".getBoundingClientRect(); return [r.x + 20, r.y + 10]; })()")
    page.click(x, y)
    expect(page.run(AT), at)


@case("a counterexample has its threads in columns and opens where it fails")
def _(pages):
    page = pages.page
    pages.open("counterexample.html")
    expect(page.run(KIND), "stale")
    columns = page.run("[...new Set([...document.querySelectorAll('.scene')]"
                       ".map((s) => s.style.gridColumn))].length")
    expect(columns, 2)
    expect(page.run("[...document.querySelectorAll('.scene')].every((s, i, all) => i === 0 ||"
                    " s.getBoundingClientRect().top >= all[i - 1].getBoundingClientRect()"
                    ".bottom)"), True, "one below the other")
    assert "Cause" in page.run("document.getElementById('how').textContent")
    assert "would have dropped" in page.run("document.querySelector('.history').textContent")
    assert "would have dropped" not in page.run(WHAT)
    expect(page.run("document.querySelectorAll('#cached tr.used').length"), 1)
    expect(page.run("(() => { const b = document.getElementById('cached')"
                    ".getBoundingClientRect(), r = document.querySelector("
                    "'#cached tr.used.is-bad').getBoundingClientRect();"
                    " return r.top >= b.top && r.bottom <= b.bottom; })()"), True,
           "what was used is in sight")


@case("an event in the list is a button that leads there")
def _(pages):
    page = pages.page
    pages.open("nested.html", "#30")
    wanted = page.run("(() => { const b = document.querySelector('.scene.now li button');"
                      " b.focus(); b.click(); return Number(b.dataset.to); })()")
    page.settle()
    expect(page.run(AT), wanted)
    expect(page.run("document.activeElement.getAttribute('aria-current')"), "step", "focus")
    page.key("ArrowRight")
    expect(page.run(AT), wanted + 1)


@case("everything that can be used can be reached and has a name")
def _(pages):
    page = pages.page
    pages.open("counterexample.html", "#20")
    expect(page.run(NAMELESS), [])
    seen = set()
    for _ in range(40):
        page.key("Tab")
        seen.add(page.run("document.activeElement.id"))
    assert {"first", "on", "slider", "frame", "guest", "memory"} <= seen, seen


@case("a screen of any width is enough, in either scheme, and text stands out")
def _(pages):
    page = pages.page
    for name in ("nested.html", "counterexample.html", "long.html"):
        for width, height, phone in ((320, 568, True), (390, 844, True), (768, 1024, True),
                                     (1280, 800, False), (1920, 1080, False)):
            page.size(width, height, phone)
            pages.open(name, "#70")
            expect(page.run(WIDE), 0, "%s at %d" % (name, width))
        for scheme in ("light", "dark"):
            page.look(scheme)
            expect(page.run(CONTRAST), [], name + ", " + scheme)
    page.size(1280, 800)
    page.look("light")


@case("on paper there are no buttons, and it is black on white")
def _(pages):
    page = pages.page
    pages.open("nested.html", "#70")
    page.look("dark", "print")
    expect(page.run("getComputedStyle(document.querySelector('.buttons')).display"), "none")
    expect(page.run("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)")
    expect(page.run("getComputedStyle(document.body).color"), "rgb(0, 0, 0)")
    page.size(720, 1000)
    expect(page.run(WIDE), 0)
    page.size(1280, 800)
    page.look("light")


@case("a run of 10000 events opens and steps without delay, and draws a part of it")
def _(pages):
    page = pages.page
    began = time.monotonic()
    pages.open("long.html")
    opened = time.monotonic() - began
    events = page.run("Number(document.getElementById('slider').max)")
    assert events >= 10000, events
    spent = page.run("""(async () => {
	const slider = document.getElementById("slider"), spent = [];
	for (const to of [5000, 5001, 5002, 9999, 9998, 1, 2, 3, 8000, 8001]) {
		const began = performance.now();
		slider.value = to;
		slider.dispatchEvent(new Event("input", {bubbles: true}));
		await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
		spent.push(performance.now() - began);
	}
	return spent.sort((a, b) => a - b)[5];
    })()""")
    # Far above what it takes: this machine may be busy.
    assert opened < 20 and spent < 1000, (opened, spent)
    drawn = page.run("document.querySelectorAll('*').length")
    assert drawn < 5000, drawn


def main():
    program = browser.find()
    if program is None:
        print("no browser here: the pages were not opened (install chromium)")
        return 77
    try:
        page = browser.Browser(program)
    except (EOFError, OSError, TimeoutError) as error:
        print("%s does not run here (%s): the pages were not opened" % (program, error))
        return 77
    failed = 0
    try:
        page.size(1280, 800)
        page.look("light")
        pages = Pages(sys.argv[1], page)
        for what, function in CASES:
            try:
                function(pages)
                if page.errors:
                    raise AssertionError("the console complains: %s" % page.errors)
                print("ok: " + what)
            except (AssertionError, RuntimeError) as error:
                failed += 1
                print("FAILED: %s\n    %s" % (what, error))
            page.errors.clear()
    finally:
        page.close()
    print("# cases: %d passed, %d failed" % (len(CASES) - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
