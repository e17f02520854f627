/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Steps through a run.
 *
 * The data holds the machine as it was at the end and, for each event, what changed, before and
 * after.  Going to an event makes or unmakes the changes on the way; then what there is at that
 * moment is drawn anew.  Physical addresses fit a number of JavaScript; words and linear addresses
 * stay strings of hexadecimal digits.
 */
(function () {
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const events = data.events, strings = data.strings, threads = data.threads;
const PAGE = 4096, WORD = 8;
const TABLES_DRAWN = 40, ROWS_DRAWN = 8, SCENES_AROUND = 14, EVENTS_AROUND = 14, LINES_DRAWN = 24;

/* What each kind of event is, for who sees one for the first time. */
const kinds = {
	step: ["step", "The thread begins the next step of its script."],
	access: ["access", "An access of the guest, or the part of it in one page, has ended."],
	entry: ["entry read", "The walk reads an entry of a table."],
	cached: ["cached", "The walk begins below this entry: the processor has it cached."],
	flags: ["flags", "The processor sets accessed or dirty flags in an entry."],
	exit: ["VM exit", "The processor leaves guest mode: the host decides how to go on."],
	enter: ["VM entry", "The host lets the processor enter guest mode."],
	fault: ["host fault", "The host resolves an access to guest-physical memory by its memory map."],
	invalidate: ["invalidation", "Cached translations are dropped."],
	stale: ["stale", "The access used a cached translation that the tables no longer hold."],
	copy: ["copy", "The host's kernel has copied from or to the guest's memory."],
	edit: ["edit", "Software changes an entry of a table."],
	call: ["call", "A system call, or a call of the VMM, has ended."],
	console: ["console", "Bytes reach the console."],
	undefined: ["undefined", "Software did what the architecture leaves undefined."],
	touch: ["shared", "The thread touches what others share; another may run before and after."]
};

/* --- making elements ----------------------------------------------------- */

function byId(id) {
	return document.getElementById(id);
}

/* An element with a class and children; strings become text. */
function make(tag, className, ...children) {
	const element = document.createElement(tag);

	if (className)
		element.className = className;
	element.append(...children.filter((child) => child !== null && child !== undefined));
	return element;
}

function fill(element, ...children) {
	element.replaceChildren(...children.filter((child) => child !== null));
}

function hex(number) {
	return "0x" + number.toString(16);
}

function text(id) {
	return id === undefined ? "" : strings[id];
}

/* --- the machine at one event -------------------------------------------- */

const machine = {
	memory: new Map(), /* frame -> words, as strings; a word that is missing is 0 */
	registers: data.end.registers,
	vmm: data.end.vmm,
	cached: data.end.cached.map((items) => new Set(items)),
	mapped: new Map(), /* "space:gpa" -> frame */
	names: new Map()   /* frame -> guest-physical address */
};

function frameOf(address) {
	return address - address % PAGE;
}

function wordsOf(frame) {
	let words = machine.memory.get(frame);

	if (words === undefined) {
		words = new Map();
		machine.memory.set(frame, words);
	}
	return words;
}

function setWord(address, word) {
	const words = wordsOf(frameOf(address)), index = address % PAGE / WORD;

	if (word === "0")
		words.delete(index);
	else
		words.set(index, word);
}

function setMapped(space, gpa, hpa) {
	const key = space + ":" + parseInt(gpa, 16);

	if (hpa === "") {
		machine.mapped.delete(key);
	} else {
		machine.mapped.set(key, parseInt(hpa, 16));
		machine.names.set(parseInt(hpa, 16), parseInt(gpa, 16));
	}
}

/* Makes a change, or unmakes it: `value` is where in it the value stands. */
function apply(change, forward) {
	const value = change[change.length - (forward ? 1 : 2)];

	switch (change[0]) {
	case "w":
		setWord(parseInt(change[1], 16), value);
		break;
	case "r":
		machine.registers[change[1]][change[2]] = value;
		break;
	case "v":
		machine.vmm[change[1]][change[2]] = value;
		break;
	case "c":
		if (value === "1")
			machine.cached[change[1]].add(change[2]);
		else
			machine.cached[change[1]].delete(change[2]);
		break;
	case "m":
		setMapped(change[1], change[2], value);
		break;
	}
}

let now = events.length - 1;

function goMachine(to) {
	for (; now < to; now++) {
		for (const change of events[now + 1].changes || [])
			apply(change, true);
	}
	for (; now > to; now--) {
		for (const change of (events[now].changes || []).slice().reverse())
			apply(change, false);
	}
}

function loadMachine() {
	for (const [frame, ...words] of data.end.memory) {
		const map = wordsOf(parseInt(frame, 16));

		for (let i = 0; i < words.length; i += 2)
			map.set(words[i], words[i + 1]);
	}
	for (const [space, gpa, hpa] of data.end.mapped)
		setMapped(space, gpa, hpa);
	for (const event of events) {
		if (event.gpa)
			machine.names.set(frameOf(parseInt(event.hpa, 16)),
			    frameOf(parseInt(event.gpa, 16)));
	}
}

/* --- scenes: runs of events of one step of one thread --------------------- */

const scenes = [], sceneOf = [];
const failing = new Map(); /* event -> failures */

function isShown(event) {
	return !["step", "entry", "cached", "flags", "enter"].includes(event.kind) &&
	    !(event.kind === "access" && event.passed);
}

/* What a scene came to, in few words. */
function summary(scene) {
	const parts = [];

	for (let i = scene.first; i <= scene.last && parts.length < 40; i++) {
		const event = events[i];
		const line = text(event.text);

		if (isShown(event))
			parts.push(line.length > 90 ? line.slice(0, 88) + "\u2026" : line);
	}
	if (parts.length > 3)
		parts.splice(2, parts.length - 3, "\u2026 " + (parts.length - 3) + " more");
	return parts;
}

function findScenes() {
	const begun = new Set(); /* threads */

	events.forEach((event, i) => {
		const scene = scenes[scenes.length - 1];
		const thread = event.thread === undefined ? -1 : event.thread;
		const step = event.step === undefined ? -1 : event.step;

		if (scene && scene.thread === thread && scene.step === step &&
		    event.kind !== "step")
			scene.last = i;
		else
			scenes.push({ thread, step, first: i, last: i,
			    begins: step < 0 || event.kind === "step",
			    ends: step < 0 && begun.has(thread) });
		if (step >= 0)
			begun.add(thread);
		sceneOf.push(scenes.length - 1);
	});
	for (const failure of data.failures) {
		if (!failing.has(failure.event))
			failing.set(failure.event, []);
		failing.get(failure.event).push(failure);
	}
}

function threadName(thread) {
	return thread >= 0 ? threads[thread].name : "machine";
}

function sceneName(scene) {
	if (scene.thread < 0 || scene.step < 0)
		return scene.ends ? "after its last step" : "before its first step";
	return (scene.step + 1) + ". " + threads[scene.thread].steps[scene.step][1];
}

/* --- the walk that an event belongs to ------------------------------------ */

function isOfWalk(event) {
	return ["entry", "cached", "flags"].includes(event.kind);
}

/*
 * The events of one walk, by number, that the event is part of, or that its scene made last before
 * it; null: none.
 */
function findWalk(at) {
	const thread = events[at].thread, scene = scenes[sceneOf[at]];
	let last = at, first;
	const same = (i) => events[i].thread === thread;

	while (last >= scene.first && !(same(last) && (isOfWalk(events[last]) ||
	    events[last].kind === "access")))
		last--;
	if (last < scene.first)
		return null;
	first = last;
	while (first > 0 && (!same(first - 1) || isOfWalk(events[first - 1])) &&
	    last - first < 400)
		first--;
	while (last + 1 < events.length && events[last].kind !== "access" &&
	    (!same(last + 1) || isOfWalk(events[last + 1]) ||
	    events[last + 1].kind === "access") && last - first < 800)
		last++;
	const walk = [];
	for (let i = first; i <= last; i++) {
		if (same(i) && (isOfWalk(events[i]) || events[i].kind === "access"))
			walk.push(i);
	}
	return walk.length === 0 ? null : walk;
}

/* A row for each guest-physical address that is looked up; the guest's own entries end rows. */
function lanesOf(walk) {
	const lanes = [];
	let lane = [];

	for (const i of walk) {
		const event = events[i];

		if (!(event.kind === "cached" || (event.kind === "entry" && event.order)))
			continue;
		lane.push(i);
		if (event.side === "g" && event.kind === "entry") {
			lanes.push(lane);
			lane = [];
		}
	}
	if (lane.length !== 0)
		lanes.push(lane);
	return lanes;
}

/* Entries that the walk has read by now: slot -> order; and the one of this event. */
function readEntries(walk) {
	const read = { e: new Map(), g: new Map() };

	for (const i of walk || []) {
		const event = events[i];

		if (i <= now && event.kind === "entry" && event.order)
			read[event.side].set(parseInt(event.slot, 16), event.order);
	}
	return read;
}

const levelNames = { g: ["", "PTE", "PDE", "PDPTE", "PML4E", "PML5E"],
    e: ["", "EPT L1", "EPT L2", "EPT L3", "EPT L4", "EPT L5"] };
const tableNames = { g: ["", "PT", "PD", "PDPT", "PML4", "PML5"],
    e: ["", "EPT L1", "EPT L2", "EPT L3", "EPT L4", "EPT L5"] };

function entryOf(side, level, word) {
	return data.entries[side + level + ":" + word];
}

function fieldsOf(side, level, word) {
	const entry = entryOf(side, level, word);

	return word === "0" ? "0" : entry ? text(entry[1]) : "0x" + word;
}

/* The same where the address in it stands beside. */
function shortFields(side, level, word) {
	return fieldsOf(side, level, word).replace(/ ?frame=0x[0-9a-f]+/, "");
}

/* --- drawing: the event --------------------------------------------------- */

function drawFields(id) {
	const list = make("dl", "fields");

	for (const line of text(id).split("\n")) {
		const [name, meaning] = line.split("\t");

		if (line !== "")
			list.append(make("dt", "", name), make("dd", "", meaning));
	}
	return make("div", "part", make("h3", "", "Bit by bit"), list);
}

/* What an event is, in general. */
function explain(event) {
	if (event.kind === "entry" && !event.order)
		return "An entry is read to set a flag in another, not for the walk itself.";
	if (event.kind === "access" && event.cached)
		return "The access was answered by what the processor has cached: no walk was made.";
	return kinds[event.kind][1];
}

/* Which entry of which tables a word of memory is now. */
let drawnSlots = new Map(), tableFrames = new Set();

function wordName(address) {
	const slot = drawnSlots.get(address), gpa = machine.names.get(frameOf(address));

	if (slot)
		return levelNames[slot.side][slot.level] + "[" + address % PAGE / WORD + "] at " +
		    (slot.side === "g" ? "GPA " + hex(slot.table + address % PAGE) :
		    "HPA " + hex(address));
	return "memory at HPA " + hex(address) +
	    (gpa === undefined ? "" : " (GPA " + hex(gpa + address % PAGE) + ")");
}

function wordValue(address, word) {
	const slot = drawnSlots.get(address);

	return slot && word !== "0" ? fieldsOf(slot.side, slot.level, word) : "0x" + word;
}

function change(name, before, after) {
	return make("li", "", make("span", "name", name + " "),
	    before === "" ? null : make("span", "old mono", before), before === "" ? null : " \u2192 ",
	    make("span", "new mono", after));
}

function drawChange(item) {
	switch (item[0]) {
	case "w": {
		const address = parseInt(item[1], 16);

		return change(wordName(address), wordValue(address, item[2]),
		    wordValue(address, item[3]));
	}
	case "r":
		return change(threadName(item[1]) + ": " + data.registers[item[2]],
		    "0x" + item[3], "0x" + item[4]);
	case "v":
		return change("VMM of " + data.processes[item[1]] + ": " + data.vmm[item[2]],
		    "0x" + item[3], "0x" + item[4]);
	case "c":
		return change("CPU " + item[1] + (item[4] === "1" ? " now caches" :
		    " no longer caches"), "", text(item[2]).split("|").slice(0, 4).join(", "));
	default:
		return change("page at GPA 0x" + item[2], item[3] === "" ? "nowhere" :
		    "HPA 0x" + item[3], item[4] === "" ? "nowhere" : "HPA 0x" + item[4]);
	}
}

/* What did not hold here, and once what is to be said of it. */
function drawFailures(failures) {
	const verdicts = new Set(failures.map((failure) => failure.verdict));

	return make("div", "box bad", make("h3", "", "Not as expected"),
	    ...failures.map((failure) => make("p", "", failure.field + ": expected ",
	    make("b", "", failure.expected), ", found ", make("b", "", failure.found),
	    " (line " + failure.line + ")")), ...[...verdicts].map((verdict) => verdict ?
	    make("p", "verdict", "By the tables: " + verdict) : null));
}

function drawEvent(event, scene) {
	const failures = failing.get(now) || [];
	const bad = failures.length !== 0 || event.kind === "stale" || event.kind === "undefined";
	const what = scene.step >= 0 ? threads[scene.thread].steps[scene.step] : null;
	const body = byId("event-body"), kind = kinds[event.kind];
	/* What was used, and how that came to be. */
	const told = text(event.text), colon = event.kind === "stale" ? told.indexOf(": ") : -1;

	byId("event").classList.toggle("bad", bad);
	fill(body, make("p", "where", make("span", bad ? "kind bad" : "kind", kind[0]),
	    make("b", "", threadName(scene.thread)),
	    make("span", "", sceneName(scene)),
	    event.move ? make("span", "", "move " + event.move) : null,
	    what ? make("span", "mono", data.file.split("/").pop() + ":" + what[0]) : null),
	    what && what[2] ? make("p", "story", what[2]) : null,
	    make("p", "what", colon < 0 ? told : told.slice(0, colon)),
	    colon < 0 ? null : make("p", "history", told.slice(colon + 2) + "."),
	    make("p", "why", explain(event)));
	if (failures.length !== 0)
		body.append(drawFailures(failures));
	if (event.verdict)
		body.append(make("div", "box", make("h3", "", "Why"),
		    make("p", "", text(event.verdict)), event.remedy ?
		    make("p", "", "To pass: " + text(event.remedy)) : null,
		    event.rule ? make("p", "none", "Rule " + text(event.rule)) : null));
	if (event.fields)
		body.append(drawFields(event.fields));
	if (event.changes)
		body.append(make("div", "part", make("h3", "", "What changed"),
		    make("ul", "changes", ...event.changes.slice(0, 40).map(drawChange),
		    event.changes.length > 40 ? make("li", "none", "and " +
		    (event.changes.length - 40) + " more") : null)));
}

/* --- drawing: threads ------------------------------------------------------ */

function goButton(className, to, ...children) {
	const button = make("button", className, ...children);

	button.type = "button";
	button.dataset.to = to;
	return button;
}

/* Lines of a scene: [first, last] event; what a walk did is one line, unless it is going on. */
function linesOf(scene) {
	const lines = [];

	for (let i = scene.first; i <= scene.last; i++) {
		const line = lines[lines.length - 1];

		if (line && line.walk && isOfWalk(events[i]))
			line.last = i;
		else
			lines.push({ first: i, last: i, walk: isOfWalk(events[i]) });
	}
	return lines.flatMap((line) => line.first === line.last || now < line.first ||
	    now > line.last ? [line] : Array.from({ length: line.last - line.first + 1 },
	    (none, i) => ({ first: line.first + i, last: line.first + i })));
}

function drawLine(line) {
	const count = line.last - line.first + 1;
	const item = make("li", line.last < now ? "past" : line.first > now ? "later" : "now");
	const button = goButton("", line.first, count === 1 ? text(events[line.first].text) :
	    "walk: " + count + " entries read or flagged");

	for (let i = line.first; i <= line.last; i++) {
		if (failing.has(i) || events[i].kind === "stale")
			item.classList.add("bad");
	}
	if (item.classList.contains("now"))
		button.setAttribute("aria-current", "step");
	item.append(button);
	return item;
}

function drawSceneEvents(scene) {
	const list = make("ol", ""), lines = linesOf(scene);
	const at = lines.findIndex((line) => line.last >= now);
	const first = Math.max(0, at - EVENTS_AROUND);
	const last = Math.min(lines.length - 1, at + EVENTS_AROUND);

	if (first > 0)
		list.append(make("li", "gap", "\u2026 " + first + " before"));
	list.append(...lines.slice(first, last + 1).map(drawLine));
	if (last < lines.length - 1)
		list.append(make("li", "gap", "\u2026 " + (lines.length - 1 - last) + " after"));
	return list;
}

function drawScene(scene, index, current, columns, row) {
	const box = make("div", "scene" + (index === current ? " now" : index > current ?
	    " later" : ""));
	const head = goButton("", scene.first, make("span", "who",
	    threadName(scene.thread) + " "), (scene.begins ? "" : "\u2026 ") +
	    sceneName(scene));

	box.style.gridColumn = columns.indexOf(scene.thread) + 1;
	box.style.gridRow = row;
	for (let i = scene.first; i <= scene.last; i++) {
		if (failing.has(i))
			box.classList.add("fails");
	}
	if (index !== current) {
		scene.summary = scene.summary || summary(scene);
		head.append(...scene.summary.map((part) => make("span", "sum", part)));
	}
	box.append(head);
	if (index === current)
		box.append(drawSceneEvents(scene));
	return box;
}

function drawThreads(current) {
	const first = Math.max(0, current - SCENES_AROUND);
	const last = Math.min(scenes.length - 1, current + SCENES_AROUND);
	const box = byId("threads"), columns = threads.map((thread, i) => i);
	const held = box.contains(document.activeElement);

	if (scenes.some((scene) => scene.thread < 0))
		columns.unshift(-1);
	box.style.gridTemplateColumns = "repeat(" + columns.length + ", minmax(120px, 1fr))";
	fill(box, ...columns.map((thread) => make("div", "thread-head", threadName(thread) + " ",
	    make("small", "", thread < 0 ? "" : threads[thread].role))));
	for (let i = first; i <= last; i++)
		box.append(drawScene(scenes[i], i, current, columns, i - first + 2));
	/* Of so many buttons one can be reached by Tab; the others by the keys that step. */
	for (const button of box.querySelectorAll("button:not([aria-current])"))
		button.tabIndex = -1;
	const mark = box.querySelector("li.now");
	if (held && mark)
		mark.firstChild.focus({ preventScroll: true });
	showInside(box, mark);
}

/* Scrolls a box, and nothing else, until what is marked is in its middle. */
function showInside(box, mark) {
	if (mark)
		box.scrollTop += mark.getBoundingClientRect().top -
		    box.getBoundingClientRect().top - box.clientHeight / 2;
}

/* --- drawing: the walk ------------------------------------------------------ */

function drawReference(i) {
	const event = events[i], slot = event.slot ? parseInt(event.slot, 16) : 0;
	const state = i > now ? " later" : i === now ? " now" : "";
	const entry = entryOf(event.side, event.level, event.word);
	const ref = make("span", "ref " + event.side + state +
	    (event.kind === "cached" ? " cached" : "") +
	    (i <= now && (event.word === "0" || (entry && (entry[0] === "bad" ||
	    entry[0] === "absent"))) ? " bad" : ""),
	    make("span", "n", event.kind === "cached" ? "TLB" : String(event.order)),
	    levelNames[event.side][event.level] +
	    (event.slot ? "[" + slot % PAGE / WORD + "]" : ""), make("br"),
	    make("span", "w", i > now ? "not yet" : "0x" + event.word));

	if (i <= now)
		ref.title = fieldsOf(event.side, event.level, event.word);
	return ref;
}

function laneHead(lane, lanes) {
	const last = events[lane[lane.length - 1]];

	if (last.side === "g")
		return lanes.nested ? "to read the " + levelNames.g[last.level] : "";
	return "to find the page";
}

/* How the walk ended, or that it goes on. */
function drawResult(walk) {
	const end = events[walk[walk.length - 1]];

	if (end.kind !== "access")
		return "";
	return walk[walk.length - 1] <= now ? text(end.text) : "goes on";
}

function drawWalk(walk) {
	const table = make("table", "walk"), body = make("tbody");
	const lanes = walk ? lanesOf(walk) : [];
	const used = { e: new Set(), g: new Set() };

	byId("walk-card").hidden = false;
	if (lanes.length === 0) {
		fill(byId("walk"), make("p", "none", "No walk at this point of the step."));
		return;
	}
	for (const i of lanes.flat())
		used[events[i].side].add(events[i].level);
	lanes.nested = used.e.size !== 0;
	const columns = lanes.nested ? [5, 4, 3, 2, 1].filter((level) =>
	    used.e.has(level)).map((level) => "e" + level).concat("g") :
	    [5, 4, 3, 2, 1].filter((level) => used.g.has(level)).map((level) => "g" + level);
	const rows = lanes.nested ? lanes : [lanes.flat()];
	table.append(make("caption", "hear", "References of the walk in their order"));
	for (const lane of rows) {
		const row = make("tr", "", make("th", "", laneHead(lane, lanes)));

		row.firstChild.scope = "row";
		for (const column of columns) {
			const i = lane.find((at) => column === "g" ? events[at].side === "g" :
			    events[at].side + events[at].level === column);

			row.append(make("td", "", i === undefined ? null : drawReference(i)));
		}
		body.append(row);
	}
	table.append(body);
	fill(byId("walk"), table, make("p", "result", drawResult(walk)));
}

/* --- drawing: tables --------------------------------------------------------- */

/* The address that an entry of a table begins to translate. */
function covered(base, level, index) {
	return base + (BigInt(index) << BigInt(12 + 9 * (level - 1)));
}

function showAddress(side, levels, address) {
	const bits = BigInt(levels === 5 ? 57 : 48);
	const sign = side === "g" && address >> (bits - 1n) & 1n;

	return "0x" + BigInt.asUintN(64, sign ? address - (1n << bits) : address).toString(16);
}

/* Where the page of a table is: guest tables by what the host has at their address. */
function framesOf(side, space, address) {
	return side === "e" ? address : machine.mapped.get(space + ":" + address);
}

/* All tables from a root downwards, as far as they are drawn. */
function findTables(side, space, level, root) {
	const tables = [{ side, level, address: root, base: 0n, parent: null, index: 0 }];
	const seen = new Set();

	for (let i = 0; i < tables.length; i++) {
		const table = tables[i];

		table.frame = framesOf(side, space, table.address);
		table.words = table.frame === undefined ? undefined :
		    machine.memory.get(table.frame);
		tableFrames.add(table.frame);
		for (const [index, word] of table.words || []) {
			const entry = entryOf(side, table.level, word);
			const key = table.level + ":" + (entry ? entry[2] : "");

			drawnSlots.set(table.frame + index * WORD, { side, level: table.level,
			    table: table.address });
			if (!entry || entry[0] !== "table" || seen.has(key) ||
			    tables.length >= 200)
				continue;
			seen.add(key);
			tables.push({ side, level: table.level - 1, parent: table, index,
			    address: parseInt(entry[2], 16),
			    base: covered(table.base, table.level, index) });
		}
	}
	return tables;
}

/* Words of a frame that this event changed: index -> before. */
function changedWords() {
	const changed = new Map();

	for (const item of events[now].changes || []) {
		if (item[0] === "w")
			changed.set(parseInt(item[1], 16), item[2]);
	}
	return changed;
}

function sizeName(level) {
	return ["", "4K", "2M", "1G", "512G", "256T"][level];
}

function drawEntry(table, index, levels, marks) {
	const address = table.frame + index * WORD, word = table.words.get(index) || "0";
	const slot = table.side === "g" ? table.address + index * WORD : address;
	const entry = entryOf(table.side, table.level, word);
	const before = marks.changed.get(address), order = marks.read[table.side].get(slot);
	const kind = word === "0" ? "absent" : entry ? entry[0] : "absent";
	const row = make("div", "row is-" + kind), body = make("div", "f");
	const event = events[now];

	if (before !== undefined)
		row.classList.add(before === "0" ? "added" : word === "0" ? "removed" : "changed");
	if (order !== undefined)
		row.classList.add("read");
	if (event.slot && event.side === table.side && parseInt(event.slot, 16) === slot)
		row.classList.add("now");
	if (kind === "maps")
		body.append(make("span", "to", order === undefined ? null :
		    make("span", "badge-n", String(order)), showAddress(table.side, levels,
		    covered(table.base, table.level, index)) + " \u2192 " +
		    (table.side === "g" ? "GPA" : "HPA") + " 0x" + entry[2] +
		    (table.level > 1 ? ", " + sizeName(table.level) : "")));
	else if (order !== undefined)
		body.append(make("span", "badge-n", String(order)));
	body.append(make("span", "bits", shortFields(table.side, table.level, word) +
	    (kind === "table" ? " \u2192 0x" + entry[2] : "")));
	if (before !== undefined)
		body.append(make("span", "to", "was " +
		    fieldsOf(table.side, table.level, before)));
	row.append(make("span", "i", String(index)), body);
	row.dataset.index = index;
	return row;
}

/* Which entries of a table are drawn: those that matter now, and the first of the others. */
function chooseEntries(table, marks, isParent) {
	const wanted = new Set(), all = [...(table.words || new Map()).keys()];

	for (const address of marks.changed.keys()) {
		if (frameOf(address) === table.frame)
			wanted.add(address % PAGE / WORD);
	}
	for (const slot of marks.read[table.side].keys()) {
		if (frameOf(slot) === (table.side === "g" ? table.address : table.frame))
			wanted.add(slot % PAGE / WORD);
	}
	all.sort((a, b) => a - b);
	for (const index of all) {
		if (isParent.has(index) && wanted.size < 2 * ROWS_DRAWN)
			wanted.add(index);
	}
	for (const index of all) {
		if (wanted.size < ROWS_DRAWN)
			wanted.add(index);
	}
	return [...wanted].sort((a, b) => a - b);
}

function drawTable(table, levels, marks, tables) {
	const isParent = new Set(tables.filter((other) => other.parent === table)
	    .map((other) => other.index));
	const box = make("div", "table " + table.side, make("h3", "",
	    tableNames[table.side][table.level] + " ", make("span", "mono",
	    (table.side === "g" ? "GPA " : "HPA ") + hex(table.address))));
	const chosen = table.frame === undefined ? [] : chooseEntries(table, marks, isParent);

	if (table.words === undefined || (table.words.size === 0 && chosen.length === 0))
		box.append(make("div", "row more", make("span"), make("span", "",
		    table.frame === undefined ? "not in memory" : "all zero")));
	else
		box.append(...chosen.map((index) => drawEntry(table, index, levels, marks)));
	if (table.words && table.words.size > chosen.filter((i) => table.words.has(i)).length)
		box.append(make("div", "row more", make("span"), make("span", "", "and " +
		    (table.words.size - chosen.filter((i) => table.words.has(i)).length) +
		    " more entries")));
	table.box = box;
	return box;
}

/* Lines from entries to the tables that they refer to; only where levels lie side by side. */
function drawWires(box, tables) {
	const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
	const origin = box.getBoundingClientRect();

	svg.setAttribute("class", "wires");
	svg.setAttribute("aria-hidden", "true");
	for (const table of tables) {
		const row = table.parent && table.parent.box && table.box ?
		    table.parent.box.querySelector("[data-index='" + table.index + "']") : null;

		if (!row)
			continue;
		const from = row.getBoundingClientRect(), to = table.box.getBoundingClientRect();
		const x = from.right - origin.left, y = from.top + from.height / 2 - origin.top;
		const u = to.left - origin.left, v = to.top + 14 - origin.top;
		const path = document.createElementNS("http://www.w3.org/2000/svg", "path");

		path.setAttribute("d", "M" + x + " " + y + "C" + (x + u) / 2 + " " + y + " " +
		    (x + u) / 2 + " " + v + " " + u + " " + v);
		path.setAttribute("class", row.classList.contains("read") ? "read" : "");
		svg.append(path);
	}
	box.append(svg);
}

function drawTables(id, side, thread, marks) {
	const registers = machine.registers[thread], card = byId(id + "-card");
	const index = (name) => data.registers.indexOf(name);
	const value = (name) => BigInt("0x" + registers[index(name)]);
	const frame = (word) => Number(word & 0xffffffffff000n);
	const on = side === "g" ? value("CR0") >> 31n & 1n : value("EPTP");
	const levels = side === "g" ? (value("CR4") >> 12n & 1n ? 5 : 4) :
	    Number(value("EPTP") >> 3n & 7n) + 1;
	const box = make("div", "levels");

	byId(id + "-head").replaceChildren(side === "g" ? "Guest page table " : "EPT ",
	    make("span", "of", "of " + threadName(thread) + (on ? ", " +
	    (side === "g" ? "CR3 0x" + registers[index("CR3")] :
	    "EPTP 0x" + registers[index("EPTP")]) : "")));
	if (!on) {
		card.hidden = side === "e" && !everNested;
		fill(byId(id), make("p", "none", side === "g" ? "Paging is off." :
		    "No EPT at this point."));
		return;
	}
	card.hidden = false;
	const tables = findTables(side, threads[thread].space, levels,
	    frame(value(side === "g" ? "CR3" : "EPTP")));
	const drawn = tables.slice(0, TABLES_DRAWN);
	for (let level = levels; level > 0; level--) {
		const those = drawn.filter((table) => table.level === level);

		if (those.length !== 0)
			box.append(make("div", level === 1 ? "level leaf" : "level", ...those.map((table) =>
			    drawTable(table, levels, marks, drawn))));
	}
	fill(byId(id), box, tables.length > drawn.length ? make("p", "none", "and " +
	    (tables.length - drawn.length) + " more tables") : null);
	drawWires(box, drawn);
	/* What the event is about is to be seen. */
	const row = box.querySelector(".row.now") || box.querySelector(".row.changed, .row.added") ||
	    [...box.querySelectorAll(".row.read")].pop();
	if (row) {
		const scroll = byId(id), at = row.getBoundingClientRect();
		const seen = scroll.getBoundingClientRect();

		if (at.right > seen.right)
			scroll.scrollLeft += at.right - seen.right + 8;
		else if (at.left < seen.left)
			scroll.scrollLeft -= seen.left - at.left + 8;
	}
}

/* --- drawing: what is cached -------------------------------------------------- */

/* Whether an item that is cached was of use to the access of this event. */
function isUsed(cpu, parts) {
	const event = events[now], at = data.registers.indexOf("CPU");
	const unit = { K: 10n, M: 20n, G: 30n, T: 40n, P: 50n };

	if (!(event.cached || event.kind === "stale") || event.thread === undefined || !parts[1].startsWith("GVA") ||
	    parts[0].endsWith("structure") ||
	    parseInt(machine.registers[event.thread][at], 16) !== cpu)
		return false;
	const size = BigInt(parseInt(parts[2], 10)) << (unit[parts[2].slice(-1)] || 0n);
	const from = BigInt(parts[1].slice(4)), address = BigInt("0x" + event.address);
	return address >= from && address < from + size;
}

function drawCached() {
	const box = byId("cached"), fresh = new Set(), gone = new Map();
	const use = events[now].kind === "stale" ? " used is-bad" : " used";

	byId("cached-card").hidden = data.tlb === "none";
	if (data.tlb === "adversarial") {
		fill(box, make("p", "none", "The processor may have cached whatever it could have " +
		    "read since the last invalidation."));
		return;
	}
	for (const item of events[now].changes || []) {
		if (item[0] === "c" && item[4] === "1")
			fresh.add(item[1] + ":" + item[2]);
		else if (item[0] === "c")
			gone.set(item[1], (gone.get(item[1]) || []).concat(item[2]));
	}
	fill(box);
	machine.cached.forEach((items, cpu) => {
		const list = [...items].concat(gone.get(cpu) || []).sort((a, b) => a - b);
		const table = make("table", "items", make("caption", "", "CPU " + cpu));

		if (list.length === 0) {
			box.append(make("p", "none", "CPU " + cpu + " has nothing cached."));
			return;
		}
		table.append(make("thead", "", make("tr", "", ...["Kind", "For", "Size", "Leads to",
		    "Rights", "Tags"].map((name) => make("th", "", name)))));
		for (const id of list.slice(0, 60)) {
			const mark = fresh.has(cpu + ":" + id) ? "added" :
			    items.has(id) ? "" : "removed";
			const parts = text(id).split("|");

			table.append(make("tr", isUsed(cpu, parts) ? mark + use : mark,
			    ...parts.map((part, i) => make("td", i === 0 || i > 3 ? "" : "m",
			    part))));
		}
		box.append(table, list.length > 60 ? make("p", "none", "and " +
		    (list.length - 60) + " more") : "");
	});
	showInside(box, box.querySelector(".used") || box.querySelector(".added, .removed"));
}

/* --- drawing: registers --------------------------------------------------------- */

function drawValues(head, names, values, changed, isNow, skip) {
	const list = make("dl", "");

	names.forEach((name, i) => {
		if (skip(name))
			return;
		const item = make("div", changed.has(i) ? "changed" : "", make("dt", "", name),
		    make("dd", "", name === "CPU" || name === "CPL" || name === "VPID" ?
		    String(parseInt(values[i], 16)) : name === "guest mode" ?
		    (values[i] === "1" ? "yes" : "no") : "0x" + values[i]));

		if (changed.has(i))
			item.title = "was 0x" + changed.get(i);
		list.append(item);
	});
	return make("div", "regs", make("h3", isNow ? "regs-now" : "", head), list);
}

function drawRegisters(thread) {
	const changed = { r: new Map(), v: new Map() };
	const box = byId("registers");
	const of = (kind, who) => changed[kind].get(who) || new Map();

	for (const item of events[now].changes || []) {
		if (item[0] !== "r" && item[0] !== "v")
			continue;
		if (!changed[item[0]].has(item[1]))
			changed[item[0]].set(item[1], new Map());
		changed[item[0]].get(item[1]).set(item[2], item[3]);
	}
	fill(box, ...threads.map((own, i) => drawValues(own.name, data.registers,
	    machine.registers[i], of("r", i), i === thread, (name) => !own.vcpu &&
	    name !== "CPU")), ...data.processes.map((name, i) => drawValues("VMM of " + name,
	    data.vmm, machine.vmm[i], of("v", i), false, () => false)));
}

/* --- drawing: memory ------------------------------------------------------------- */

let shownFrame, chosenFrame;

function bytesOf(word) {
	return word.padStart(16, "0").match(/../g).reverse();
}

function ascii(bytes) {
	return bytes.map((byte) => {
		const code = parseInt(byte, 16);

		return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ".";
	}).join("");
}

/* The bytes that the event is about: of the page that it accessed, or changed. */
function touchedBytes() {
	const event = events[now];

	if (event.passed)
		return { from: parseInt(event.hpa, 16), size: event.size };
	for (const item of event.changes || []) {
		if (item[0] === "w" && !tableFrames.has(frameOf(parseInt(item[1], 16))))
			return { from: parseInt(item[1], 16), size: WORD };
	}
	return null;
}

function frameName(frame) {
	const gpa = machine.names.get(frame);

	return "HPA " + hex(frame) + (gpa === undefined || gpa === frame ? "" :
	    ", GPA " + hex(gpa));
}

function drawDumpLine(frame, line, changed, touched) {
	const words = machine.memory.get(frame) || new Map();
	const cells = make("td", ""), bytes = [];

	for (let half = 0; half < 2; half++) {
		const index = line * 2 + half, address = frame + index * WORD;
		const own = bytesOf(words.get(index) || "0"), before = changed.get(address);
		const old = before === undefined ? own : bytesOf(before);

		own.forEach((byte, i) => {
			const at = address + i;
			const mark = (old[i] !== byte ? "new" : byte === "00" ? "zero" : "") +
			    (touched && at >= touched.from && at < touched.from + touched.size ?
			    " touched" : "");

			cells.append(mark === "" ? byte : make("span", mark, byte),
			    i === 7 && half === 0 ? "  " : " ");
		});
		bytes.push(...own);
	}
	return make("tr", "", make("td", "at", hex(frame + line * 16)), cells,
	    make("td", "at", ascii(bytes)));
}

function drawMemory() {
	const changed = changedWords(), touched = touchedBytes(), lines = new Set();
	const select = byId("frame"), box = byId("memory");
	const frames = [...machine.memory.keys()].sort((a, b) => a - b);

	if (chosenFrame !== undefined)
		shownFrame = chosenFrame;
	else if (touched)
		shownFrame = frameOf(touched.from);
	if (shownFrame === undefined)
		shownFrame = frames.find((frame) => !tableFrames.has(frame)) || frames[0];
	byId("frame-label").hidden = frames.length === 0;
	if (frames.length === 0) {
		fill(box, make("p", "none", "Nothing was written."));
		return;
	}
	if (!frames.includes(shownFrame))
		frames.push(shownFrame);
	fill(select, ...frames.map((frame) => {
		const option = make("option", "", frameName(frame));

		option.value = frame;
		option.selected = frame === shownFrame;
		return option;
	}));
	for (const address of changed.keys()) {
		if (frameOf(address) === shownFrame)
			lines.add(Math.floor(address % PAGE / 16));
	}
	if (touched && frameOf(touched.from) === shownFrame) {
		for (let at = touched.from; at < touched.from + touched.size; at += 8)
			lines.add(Math.floor(at % PAGE / 16));
	}
	const used = [...(machine.memory.get(shownFrame) || new Map()).keys()]
	    .sort((a, b) => a - b).map((index) => Math.floor(index / 2));
	const all = new Set([...lines, ...used]);
	for (const line of used) {
		if (lines.size < LINES_DRAWN)
			lines.add(line);
	}
	if (lines.size === 0)
		fill(box, make("p", "none", "All zero."));
	else
		fill(box, make("table", "dump", make("tbody", "", ...[...lines].sort((a, b) =>
		    a - b).map((line) => drawDumpLine(shownFrame, line, changed, touched)))),
		    make("p", "none", all.size > lines.size ? "and " + (all.size - lines.size) +
		    " more lines; what is not shown is zero" : "What is not shown is zero."));
}

/* --- all of it --------------------------------------------------------------------- */

const everNested = data.end.registers.concat(...events.map((event) => (event.changes || [])
    .filter((item) => item[0] === "r" && data.registers[item[2]] === "EPTP")
    .map((item) => [item[3], item[4]]))).some((values) => values.length === 2 ?
    values.some((value) => value !== "0") : values[data.registers.indexOf("EPTP")] !== "0");
let shownThread = Math.max(0, threads.findIndex((thread) => thread.vcpu));

function draw() {
	const event = events[now], scene = scenes[sceneOf[now]], walk = findWalk(now);
	const marks = { changed: changedWords(), read: readEntries(walk) };
	const slider = byId("slider");
	const place = threadName(scene.thread) + ", " + sceneName(scene);

	if (scene.thread >= 0 && threads[scene.thread].vcpu)
		shownThread = scene.thread;
	drawnSlots = new Map();
	tableFrames = new Set();
	drawTables("guest", "g", shownThread, marks);
	drawTables("ept", "e", shownThread, marks);
	drawEvent(event, scene);
	drawThreads(sceneOf[now]);
	drawWalk(walk);
	drawCached();
	drawRegisters(scene.thread);
	drawMemory();
	slider.value = now;
	slider.setAttribute("aria-valuetext", "event " + (now + 1) + " of " + events.length + ", " +
	    place + ": " + kinds[event.kind][0] + ", " + text(event.text));
	byId("count").textContent = (now + 1) + " of " + events.length;
	for (const id of ["first", "back", "step-back"])
		byId(id).disabled = now === 0;
	for (const id of ["last", "on", "step-on"])
		byId(id).disabled = now === events.length - 1;
	byId("hear").textContent = place + ". " + kinds[event.kind][0] + ": " + text(event.text) +
	    (failing.has(now) ? ". Not as expected." : "");
}

let wanted = null;

/* Goes to an event; many requests within one frame of the screen are one. */
function go(to) {
	to = Math.max(0, Math.min(events.length - 1, to));
	if (wanted === null)
		requestAnimationFrame(() => {
			const target = wanted;

			wanted = null;
			if (target === now)
				return;
			goMachine(target);
			chosenFrame = undefined;
			draw();
			history.replaceState(null, "", "#" + (now + 1));
		});
	wanted = to;
}

/* Where requests that follow each other quickly count from. */
function here() {
	return wanted === null ? now : wanted;
}

function goStep(by) {
	const current = sceneOf[here()];

	if (by < 0 && here() > scenes[current].first)
		go(scenes[current].first);
	else if (current + by >= 0 && current + by < scenes.length)
		go(scenes[current + by].first);
	else
		go(by < 0 ? 0 : events.length - 1);
}

function goFailure() {
	const all = [...failing.keys()].sort((a, b) => a - b);

	if (all.length !== 0)
		go(all.find((at) => at > here()) ?? all[0]);
}

const keys = {
	ArrowLeft: () => go(here() - 1),
	ArrowRight: () => go(here() + 1),
	ArrowUp: () => goStep(-1),
	ArrowDown: () => goStep(1),
	PageUp: () => go(here() - 20),
	PageDown: () => go(here() + 20),
	Home: () => go(0),
	End: () => go(events.length - 1),
	f: goFailure,
	F: goFailure
};

function isScrolled(target) {
	return target.closest && target.closest(".scroll, select") !== null;
}

function listen() {
	const slider = byId("slider");

	document.addEventListener("keydown", (event) => {
		if (event.ctrlKey || event.altKey || event.metaKey || isScrolled(event.target) ||
		    !keys[event.key])
			return;
		keys[event.key]();
		event.preventDefault();
	});
	slider.addEventListener("input", () => go(Number(slider.value)));
	document.addEventListener("click", (event) => {
		const button = event.target.closest("[data-to]");

		if (button)
			go(Number(button.dataset.to));
	});
	byId("first").addEventListener("click", () => go(0));
	byId("last").addEventListener("click", () => go(events.length - 1));
	byId("back").addEventListener("click", () => go(here() - 1));
	byId("on").addEventListener("click", () => go(here() + 1));
	byId("step-back").addEventListener("click", () => goStep(-1));
	byId("step-on").addEventListener("click", () => goStep(1));
	byId("frame").addEventListener("change", (event) => {
		chosenFrame = Number(event.target.value);
		drawMemory();
	});
	window.addEventListener("hashchange", () => {
		const to = Number(location.hash.slice(1));

		if (to >= 1 && to <= events.length)
			go(to - 1);
	});
	window.addEventListener("resize", () => requestAnimationFrame(draw));
}

/* --- the head ------------------------------------------------------------------------ */

/* What did not hold at one event, as a way to it. */
function drawHeadFailure(failures) {
	const first = failures[0];

	return goButton("failure", first.event, ...failures.slice(0, 3).map((failure) =>
	    make("span", "", make("b", "", failure.field), ": expected " + failure.expected +
	    ", found " + failure.found)), failures.length > 3 ? make("span", "", "and " +
	    (failures.length - 3) + " more") : null, make("small", "", data.file + ":" +
	    first.line + ":" + first.column + (first.thread === undefined ? ", at the end" :
	    ", " + threadName(first.thread) + ", " + sceneName(first))));
}

function drawHead() {
	const verdict = byId("verdict"), marks = byId("marks");
	const name = data.name + (data.variant ? " [" + data.variant + "]" : "");
	const parts = [data.how, data.cause ? "Cause: " + data.cause : "", data.total >
	    events.filter((event) => event.kind !== "touch").length ? "Events " + data.first +
	    " to " + (data.first + events.length - 1) + " of " + data.total + " are shown." : "",
	    data.frames > data.end.memory.length ? "Of " + data.frames + " frames of memory " +
	    data.end.memory.length + " are shown." : ""].filter((part) => part);

	byId("file").textContent = data.file;
	byId("title").textContent = name;
	byId("how").textContent = parts.map((part) => part[0].toUpperCase() + part.slice(1) +
	    (part.endsWith(".") ? "" : ".")).join(" ");
	byId("how").hidden = parts.length === 0;
	byId("about").hidden = !data.about;
	byId("about-text").textContent = data.about || "";
	verdict.textContent = data.passed ? "as expected" : "failed";
	verdict.className = "badge " + (data.passed ? "good" : "bad");
	byId("failures").hidden = data.failures.length === 0;
	fill(byId("failures"), ...[...failing.keys()].sort((a, b) => a - b).slice(0, 4)
	    .map((at) => drawHeadFailure(failing.get(at))), failing.size > 4 ?
	    make("p", "none", "and at " + (failing.size - 4) + " more events") : null,
	    data.more !== 0 ? make("p", "none", "and " + data.more +
	    " more that were not kept") : null);
	byId("slider").max = Math.max(0, events.length - 1);
	for (const at of failing.keys()) {
		const mark = make("i", "");

		mark.style.left = 100 * at / Math.max(1, events.length - 1) + "%";
		marks.append(mark);
	}
	byId("made").textContent = "vkept " + data.vkept;
}

function start() {
	const asked = Number(location.hash.slice(1));
	const open = data.failures.length !== 0 ? data.failures[0].event : 0;

	loadMachine();
	findScenes();
	drawHead();
	if (events.length === 0) {
		byId("bar").hidden = true;
		document.querySelector("main").hidden = true;
		return;
	}
	listen();
	goMachine(asked >= 1 && asked <= events.length ? asked - 1 : open);
	draw();
}

start();
})();
