/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One access as a grid: a lane for each guest-physical address that the processor has to find, with
 * the outer entries that it reads for that from left to right, and at their end the guest's entry
 * (or the page) that lies there.  Down the last column runs the guest's own walk.
 *
 * The reads by which flags of guest entries are set come after the walk; they are drawn only when
 * one of them is what failed.  Of an access over a page border the first page is drawn, or the one
 * that failed.
 */
#include <inttypes.h>
#include <string.h>

#include "base/access.h"
#include "graph/graph.h"
#include "graph/graph_space.h"

#define ANSWER_WIDTH 46 /* characters of a line of the explanation */

struct walk {
	struct graph *graph;
	const struct view *view;
	const struct explanation *why;
	struct graph_space guest, outer;
	bool has_guest, has_outer;
	unsigned lane, column;
	unsigned order;       /* of the last reference */
	size_t last;          /* box of this lane, or GRAPH_NO_ROW */
	size_t last_guest;    /* box of the guest's entry before, or GRAPH_NO_ROW */
	size_t failed;        /* box that failed, or GRAPH_NO_ROW */
	bool absent;          /* the last entry is not in the memory */
};

/* --- boxes ------------------------------------------------------------------------------------ */

static void
connect(struct walk *walk, size_t from, size_t to)
{
	struct graph_edge edge = { .kind = GRAPH_EDGE_STEP, .from = from, .to = to,
		.from_row = GRAPH_NO_ROW, .to_row = GRAPH_NO_ROW };

	if (from != GRAPH_NO_ROW)
		(void)graph_add_edge(walk->graph, &edge);
}

static size_t
add_box(struct walk *walk, struct graph_node *node)
{
	size_t index;

	node->lane = walk->lane;
	node->column = walk->column++;
	index = graph_add_node(walk->graph, node);
	connect(walk, walk->last, index);
	walk->last = index;
	return index;
}

static bool
is_outer(const struct explain_read *read)
{
	return read->side != EVENT_GUEST;
}

/* What an entry says and where it leads. */
static const char *
entry_text(struct walk *walk, const struct graph_space *space, const struct explain_read *read)
{
	enum graph_row_kind kind = graph_space_entry(space, read->level, read->entry);
	struct graph *graph = walk->graph;

	if (walk->absent && read == &walk->why->read[walk->why->reads - 1])
		return "not in this memory";
	switch (kind) {
	case GRAPH_ROW_EMPTY:
		return "0: not present";
	case GRAPH_ROW_ABSENT:
		return graph_text(graph, "not present\n0x%" PRIx64, read->entry);
	case GRAPH_ROW_BAD:
		return graph_text(graph, "%s\n0x%" PRIx64, graph_space_fields(space, graph,
		    read->level, read->entry, NULL, "", ""), read->entry);
	default:
		return graph_text(graph, "%s\n-> %s 0x%" PRIx64, graph_space_fields(space, graph,
		    read->level, read->entry, NULL, "", ""), space->to,
		    graph_space_target(space, read->level, read->entry));
	}
}

static void
add_step(struct walk *walk, const struct explain_read *read)
{
	const struct graph_space *space = is_outer(read) ? &walk->outer : &walk->guest;
	struct graph_node node = { .kind = GRAPH_NODE_STEP, .part = space->part };
	struct graph *graph = walk->graph;
	unsigned index = (unsigned)(read->slot >> 3) & (VK_TABLE_ENTRIES - 1);
	size_t box;

	node.order = read->update ? 0 : ++walk->order;
	node.level = read->level;
	node.address = read->slot;
	node.entry = read->entry;
	node.failed = read->failed;
	node.name = graph_text(graph, "%u: %s[%u] %u", walk->order,
	    graph_space_entry_name(space, read->level), index, walk->lane);
	node.head = graph_text(graph, "%s%s[%u]", read->failed ? "X " : "",
	    graph_space_entry_name(space, read->level), index);
	node.sub = graph_text(graph, "at %s 0x%" PRIx64 "\n%s", is_outer(read) ? "HPA" : space->to,
	    read->slot, entry_text(walk, space, read));
	node.tip = graph_text(graph, "%s at %s 0x%" PRIx64 "\n%s",
	    graph_space_entry_name(space, read->level), is_outer(read) ? "HPA" : space->to,
	    read->slot, graph_space_decoded(space, graph, read->level, read->entry));
	if (!is_outer(read))
		walk->column = walk->outer.levels + 1 +
		    (walk->has_outer ? 0 : walk->guest.levels - read->level);
	box = add_box(walk, &node);
	if (read->failed)
		walk->failed = box;
	if (is_outer(read))
		return;
	if (walk->has_outer)
		connect(walk, walk->last_guest, box);
	walk->last_guest = box;
}

/* What for a lane looks up its guest-physical address: the next guest entry, or the page. */
static const char *
purpose_of(struct walk *walk, unsigned first)
{
	const struct explanation *why = walk->why;
	unsigned level = walk->guest.levels, i;
	struct graph *graph = walk->graph;

	if (why->read[first].update)
		return "to set a flag in a guest table";
	for (i = 0; i < first; i++) {
		if (!is_outer(&why->read[i]) && !why->read[i].update) {
			level = why->read[i].level - 1;
			if (guestpt_is_leaf(why->read[i].level, why->read[i].entry))
				level = 0;
		}
	}
	if (!walk->has_guest || level == 0)
		return "to reach the page itself";
	return graph_text(graph, "to read %s[%u]", graph_space_entry_name(&walk->guest, level),
	    vk_level_index(why->gva, level));
}

static void
begin_lane(struct walk *walk, unsigned first)
{
	struct graph_node node = { .kind = GRAPH_NODE_QUESTION, .part = GRAPH_SAYING };
	struct graph *graph = walk->graph;
	const struct explain_read *read = &walk->why->read[first];

	if (walk->last != GRAPH_NO_ROW)
		walk->lane++;
	walk->last = GRAPH_NO_ROW;
	walk->column = 0;
	node.address = read->address;
	node.name = graph_text(graph, "lane %u", walk->lane);
	node.head = is_outer(read) ? graph_text(graph, "where is GPA 0x%" PRIx64 "?",
	    read->address) : graph_text(graph, "CR3 0x%" PRIx64, walk->view->mode.cr3);
	node.sub = is_outer(read) ? purpose_of(walk, first) : "the root table";
	(void)add_box(walk, &node);
}

/* --- the end ---------------------------------------------------------------------------------- */

/* A text in lines of so many characters, broken between words. */
static const char *
wrap(struct graph *graph, const char *text, size_t width)
{
	char buf[GRAPH_TEXT_MAX];
	size_t used = 0, line = 0, blank = 0;

	for (; *text != '\0' && used + 1 < sizeof(buf); text++) {
		buf[used] = *text;
		if (*text == '\n')
			line = used + 1;
		if (*text == ' ')
			blank = used;
		used++;
		if (used - line > width && blank > line) {
			buf[blank] = '\n';
			line = blank + 1;
		}
	}
	buf[used] = '\0';
	return graph_text(graph, "%s", buf);
}

static const char *
failure_name(const struct explanation *why)
{
	switch (why->outcome) {
	case EVENT_PAGE_FAULT:
		return "page fault: the guest's kernel handles it";
	case EVENT_GENERAL_PROTECTION:
		return "general protection: the guest's kernel handles it";
	case EVENT_VIRTUALIZATION:
		return "#VE: the guest's kernel handles it";
	default:
		return "VM exit: the host handles it";
	}
}

static void
add_failure(struct walk *walk, const uint64_t *absent)
{
	const struct explanation *why = walk->why;
	struct graph_node node = { .kind = GRAPH_NODE_ANSWER, .part = GRAPH_SAYING,
		.failed = true, .name = "answer" };
	struct graph *graph = walk->graph;

	if (absent != NULL) {
		node.head = "X the walk cannot go on";
		node.sub = wrap(graph, graph_text(graph, "There is no memory at HPA 0x%" PRIx64
		    ", where this entry should be.", *absent), ANSWER_WIDTH);
	} else {
		node.head = graph_text(graph, "X %s", failure_name(why));
		node.sub = wrap(graph, graph_text(graph, "%s.\nTo pass: %s.\nRule: %s",
		    why->verdict, why->remedy, why->rule), ANSWER_WIDTH);
	}
	if (walk->failed != GRAPH_NO_ROW) {
		walk->lane = graph->node[walk->failed].lane;
		walk->column = graph->node[walk->failed].column + 1;
		walk->last = walk->failed;
	}
	(void)add_box(walk, &node);
}

static void
add_page(struct walk *walk)
{
	const struct explanation *why = walk->why;
	struct graph_node node = { .kind = GRAPH_NODE_ANSWER, .part = GRAPH_MEMORY,
		.name = "answer", .head = "the page: the access passes" };
	struct graph *graph = walk->graph;
	size_t box;

	node.address = why->hpa;
	node.sub = walk->has_outer ? graph_text(graph, "GVA 0x%" PRIx64 "\nGPA 0x%" PRIx64
	    "\nHPA 0x%" PRIx64, why->gva, why->gpa, why->hpa) :
	    graph_text(graph, "VA 0x%" PRIx64 "\nPA 0x%" PRIx64, why->gva, why->gpa);
	if (walk->has_outer)
		walk->column = walk->outer.levels + 1;
	box = add_box(walk, &node);
	if (walk->has_outer)
		connect(walk, walk->last_guest, box);
}

/* --- what is said ----------------------------------------------------------------------------- */

static void
say_address(struct walk *walk)
{
	struct graph *graph = walk->graph;
	const char *text = graph_text(graph, "The address is taken apart:");
	unsigned level;

	for (level = walk->guest.levels; level > 0; level--)
		text = graph_text(graph, "%s %s[%u],", text,
		    graph_space_table_name(&walk->guest, level),
		    vk_level_index(walk->why->gva, level));
	graph_add_line(graph, graph_text(graph, "%s and byte 0x%x of the page.", text,
	    (unsigned)(walk->why->gva & VK_PAGE_OFFSET_MASK)));
}

static void
say_walk(struct walk *walk)
{
	unsigned guest = walk->guest.levels, outer = walk->outer.levels;
	unsigned all = walk->has_outer ? (guest + 1) * (outer + 1) - 1 : guest;
	struct graph *graph = walk->graph;

	if (walk->has_guest)
		say_address(walk);
	if (walk->has_outer && walk->order != 0)
		graph_add_line(graph, graph_text(graph, "Every address in a guest table is "
		    "guest-physical: before each guest entry (right) the processor walks the %s "
		    "(a row).", walk->outer.is_ept ? "EPT" : "nested tables"));
	if (walk->order == 0)
		graph_add_line(graph, "No table is read.");
	else if (walk->failed != GRAPH_NO_ROW && graph->node[walk->failed].order == 0)
		graph_add_line(graph, graph_text(graph, "After reference %u the processor has to "
		    "set a flag in a guest table; that fails, marked X.", walk->order));
	else if (walk->failed != GRAPH_NO_ROW)
		graph_add_line(graph, graph_text(graph, "The walk fails at reference %u, marked X; "
		    "a whole one has up to %u.", walk->order, all));
	else
		graph_add_line(graph, graph_text(graph, "%u references to memory, in the order of "
		    "their numbers, before the access itself.", walk->order));
}

/* --- all -------------------------------------------------------------------------------------- */

/* Whether this read begins to look up another address than the one before. */
static bool
begins_lane(const struct explanation *why, unsigned i)
{
	const struct explain_read *read = &why->read[i];

	if (i == 0)
		return true;
	if (!is_outer(read))
		return false;
	return !is_outer(read - 1) || read[-1].address != read->address ||
	    read[-1].update != read->update;
}

/* Flags are set after the walk; that is worth a lane when it fails. */
static bool
is_drawn(const struct explanation *why, unsigned i)
{
	unsigned at;

	if (!why->read[i].update)
		return true;
	for (at = i; at < why->reads && why->read[at].update &&
	    why->read[at].address == why->read[i].address; at++) {
		if (why->read[at].failed)
			return true;
	}
	return false;
}

void
graph_forget_outer(struct view *view, struct explanation *why)
{
	unsigned i, kept = 0;

	for (i = 0; i < why->reads && i < EXPLAIN_READS; i++) {
		if (!is_outer(&why->read[i]))
			why->read[kept++] = why->read[i];
	}
	why->reads = kept;
	view->outer = VIEW_FLAT;
}

void
graph_draw_walk(struct graph *graph, const struct view *view, const struct explanation *why,
    const uint64_t *absent)
{
	struct walk walk = { .graph = graph, .view = view, .why = why, .last = GRAPH_NO_ROW,
		.last_guest = GRAPH_NO_ROW, .failed = GRAPH_NO_ROW, .absent = absent != NULL };
	unsigned i;

	graph->layout = GRAPH_WALK;
	walk.has_guest = graph_space_guest(&walk.guest, view);
	walk.has_outer = graph_space_outer(&walk.outer, view);
	for (i = 0; i < why->reads && i < EXPLAIN_READS; i++) {
		if (!is_drawn(why, i))
			continue;
		if (begins_lane(why, i))
			begin_lane(&walk, i);
		add_step(&walk, &why->read[i]);
	}
	/* Without memory there is no box where its number says. */
	if (graph_failed(graph))
		return;
	if (absent != NULL || why->outcome != EVENT_OK)
		add_failure(&walk, absent);
	else
		add_page(&walk);
	say_walk(&walk);
}
