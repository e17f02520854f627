/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which tables are drawn.
 *
 * All, when the limit allows.  Else every table shows the same number of its children, the first
 * ones by address, and that number is the greatest with which the drawing stays within the limit:
 * so each level is seen, down to the pages, and what is left out is counted where it hangs.  Where
 * two states are compared, only tables with a difference in or under them are drawn.
 */
#include "graph/graph_tables.h"

#include <inttypes.h>
#include <string.h>

#include "graph/graph_rows.h"

#define PLACES (sizeof(((struct graph_tables *)0)->place) / sizeof(uint16_t))

static size_t
place_of(const struct graph_tables *tables, struct graph_pair pair, unsigned level)
{
	uint64_t hash = (pair.before * 31 + pair.after + level) * 0x9e3779b97f4a7c15ull;
	size_t at = (size_t)(hash >> 40) % PLACES;

	while (tables->place[at] != 0) {
		const struct graph_open *open = &tables->open[tables->place[at] - 1];

		if (open->level == level && open->pair.before == pair.before &&
		    open->pair.after == pair.after)
			break;
		at = (at + 1) % PLACES;
	}
	return at;
}

size_t
graph_tables_find(const struct graph_tables *tables, struct graph_pair pair, unsigned level)
{
	uint16_t found = tables->place[place_of(tables, pair, level)];

	return found != 0 ? (size_t)found - 1 : GRAPH_NOT_OPEN;
}

/* --- which ------------------------------------------------------------------------------------ */

static bool
is_wanted(struct graph_tables *tables, struct graph_pair pair, unsigned level, uint64_t base)
{
	struct graph_count count;
	size_t i;

	if (tables->scan.before != NULL) {
		count = graph_scan_count(&tables->scan, pair, level, base);
		return graph_count_differs(&count);
	}
	if (tables->onlys == 0)
		return true;
	for (i = 0; i < tables->onlys; i++) {
		if (tables->only_level[i] == level && tables->only[i].after == pair.after)
			return true;
	}
	return false;
}

static void
open_table(struct graph_tables *tables, struct graph_pair pair, unsigned level, uint64_t base)
{
	tables->open[tables->opens] = (struct graph_open){ .pair = pair, .level = level,
		.base = base };
	tables->place[place_of(tables, pair, level)] = (uint16_t)++tables->opens;
}

/* Opens children of one table; false: there are more than the limit allows. */
static bool
open_children(struct graph_tables *tables, const struct graph_open *open)
{
	struct graph_pages pages;
	unsigned index, level = open->level - 1, opened = 0;

	graph_scan_pages(&tables->scan, open->pair, &pages);
	for (index = 0; index < VK_TABLE_ENTRIES; index++) {
		uint64_t base = open->base + index * vk_level_size(open->level);
		struct graph_item item;
		size_t known;

		if (!graph_scan_covers(&tables->scan, open->base, open->level, index))
			continue;
		item = graph_scan_item(&tables->scan, &pages, open->level, index);
		if (!graph_pair_is_table(item.child))
			continue;
		known = graph_tables_find(tables, item.child, level);
		if (known != GRAPH_NOT_OPEN) {
			tables->open[known].references++;
			continue;
		}
		if (!is_wanted(tables, item.child, level, base)) {
			tables->hidden += tables->scan.before == NULL;
			continue;
		}
		if (opened == tables->fan) {
			tables->hidden++;
			continue;
		}
		if (tables->opens == tables->limit)
			return false;
		open_table(tables, item.child, level, base);
		tables->open[tables->opens - 1].references = 1;
		opened++;
	}
	return true;
}

/* Chooses the tables, each showing at most so many children; false: too many. */
static bool
choose(struct graph_tables *tables, unsigned fan)
{
	size_t i;

	tables->fan = fan;
	tables->opens = 0;
	tables->hidden = 0;
	memset(tables->place, 0, sizeof(tables->place));
	open_table(tables, graph_scan_root(&tables->scan), tables->scan.after->levels, 0);
	for (i = 0; i < tables->opens; i++) {
		if (tables->open[i].level > 1 && !open_children(tables, &tables->open[i]))
			return false;
	}
	return true;
}

static void
choose_tables(struct graph_tables *tables)
{
	size_t onlys = tables->onlys;
	unsigned low = 1, high = tables->rows - 2;

	/* Those that are to be drawn rather than others come to bear when there is too much. */
	tables->onlys = 0;
	if (!tables->narrow && choose(tables, high))
		return;
	tables->onlys = onlys;
	if (choose(tables, high))
		return;
	while (high - low > 1) {
		unsigned middle = (low + high) / 2;

		if (choose(tables, middle))
			low = middle;
		else
			high = middle;
	}
	(void)choose(tables, low);
}

/* --- boxes ------------------------------------------------------------------------------------ */

const char *
graph_count_text(struct graph *graph, const struct graph_count *count)
{
	static const char size[VK_LEVELS + 1][6] = { "", "4 KiB", "2 MiB", "1 GiB", "", "" };
	const char *text = "", *more = count->cut ? "at least " : "";
	unsigned level;

	for (level = 1; level <= 3; level++) {
		if (count->pages[level] == 0)
			continue;
		text = graph_text(graph, "%s%s%" PRIu64 " page%s of %s", text,
		    *text != '\0' ? ", " : more, count->pages[level],
		    count->pages[level] == 1 ? "" : "s", size[level]);
	}
	if (*text == '\0')
		return count->cut ? "not counted" : "no page";
	return text;
}

/* "GPA 0x1000", or both addresses where they differ. */
static const char *
place_text(struct graph *graph, const struct graph_space *space, struct graph_pair pair)
{
	const char *kind = space->part == GRAPH_GUEST ? space->to : "HPA";

	if (pair.before == GRAPH_NO_TABLE || pair.after == GRAPH_NO_TABLE ||
	    pair.before == pair.after)
		return graph_text(graph, "%s 0x%" PRIx64, kind,
		    pair.after != GRAPH_NO_TABLE ? pair.after : pair.before);
	return graph_text(graph, "%s 0x%" PRIx64 ", was 0x%" PRIx64, kind, pair.after,
	    pair.before);
}

static const char *
access_text(struct graph *graph, const struct graph_space *space, const struct graph_page *page)
{
	const char *outer = space->view->outer == VIEW_EPT ? "EPT" : "nested tables";

	switch (page->access) {
	case GRAPH_READABLE:
		return space->part == GRAPH_GUEST && space->view->outer != VIEW_FLAT ?
		    graph_text(graph, "in the %s: HPA 0x%" PRIx64, outer, page->hpa) : "";
	case GRAPH_BEHIND:
		return graph_text(graph, "NOT in the %s; the host has it", outer);
	case GRAPH_UNMAPPED:
		return graph_text(graph, "NOT in the %s", outer);
	case GRAPH_NOWHERE:
		break;
	}
	return "NO MEMORY at this address";
}

static const char *
sub_text(struct graph_tables *tables, const struct graph_open *open,
    const struct graph_page *page)
{
	const struct graph_space *space = tables->scan.after;
	struct graph *graph = tables->graph;
	uint64_t size = vk_level_size(open->level) * VK_TABLE_ENTRIES;
	const char *sub = access_text(graph, space, page);

	if (open->level < space->levels)
		sub = graph_text(graph, "%s 0x%" PRIx64 "-0x%" PRIx64 "%s%s", space->from,
		    graph_space_address(space, open->base),
		    graph_space_address(space, open->base + (size - 1)),
		    *sub != '\0' ? "\n" : "", sub);
	if (open->references > 1)
		sub = graph_text(graph, "%s%s%" PRIu64 " entries lead here", sub,
		    *sub != '\0' ? "\n" : "", open->references);
	return *sub != '\0' ? sub : NULL;
}

static enum graph_mark
mark_of(const struct graph_tables *tables, struct graph_pair pair)
{
	if (tables->scan.before == NULL)
		return GRAPH_SAME;
	if (pair.before == GRAPH_NO_TABLE)
		return GRAPH_ADDED;
	if (pair.after == GRAPH_NO_TABLE)
		return GRAPH_REMOVED;
	return pair.before == pair.after ? GRAPH_SAME : GRAPH_CHANGED;
}

static void
add_table(struct graph_tables *tables, struct graph_open *open)
{
	const struct graph_space *space = tables->scan.after;
	struct graph *graph = tables->graph;
	struct graph_node node = { .kind = GRAPH_NODE_TABLE, .part = space->part };
	struct graph_pages pages;
	const struct graph_page *page = &pages.after;
	uint64_t address = open->pair.after;

	graph_scan_pages(&tables->scan, open->pair, &pages);
	if (address == GRAPH_NO_TABLE) {
		page = &pages.before;
		address = open->pair.before;
	}
	node.level = open->level;
	node.address = address;
	node.before = open->pair.before != GRAPH_NO_TABLE ? open->pair.before : address;
	node.mark = mark_of(tables, open->pair);
	node.missing = page->access != GRAPH_READABLE;
	node.shared = open->references > 1;
	node.name = graph_text(graph, "%s 0x%" PRIx64 "%s",
	    graph_space_table_name(space, open->level), address,
	    node.mark == GRAPH_REMOVED ? " removed" :
	    node.mark == GRAPH_CHANGED ? graph_text(graph, " was 0x%" PRIx64, open->pair.before) :
	    "");
	node.head = graph_text(graph, "%s at %s", graph_space_table_name(space, open->level),
	    place_text(graph, space, open->pair));
	node.sub = sub_text(tables, open, page);
	open->node = graph_add_node(graph, &node);
	graph_rows_add(tables, open, &pages);
}

/* The register that holds the root's address. */
static uint64_t
value_of(const struct graph_space *space)
{
	const struct view *view = space->view;

	if (space->part == GRAPH_GUEST)
		return view->mode.cr3;
	return space->is_ept ? view->ept.eptp : view->npt.mode.cr3;
}

static size_t
add_register(struct graph_tables *tables)
{
	const struct graph_space *space = tables->scan.after;
	struct graph *graph = tables->graph;
	struct graph_node node = { .kind = GRAPH_NODE_REGISTER, .part = space->part };
	const char *name = space->part == GRAPH_GUEST ? "CR3" :
	    space->is_ept ? "EPTP" : "nested CR3";
	struct bits_view bits = { bits_format_find(space->is_ept ? "eptp" : "cr3"), 0,
		space->machine };
	uint64_t value = value_of(space);
	char fields[256];

	(void)bits_write_short(&bits, value, fields, sizeof(fields));
	node.address = node.before = value;
	if (tables->scan.before != NULL && value_of(tables->scan.before) != value)
		node.mark = GRAPH_CHANGED;
	node.name = node.head = name;
	node.sub = graph_text(graph, "0x%" PRIx64, value);
	if (tables->scan.before != NULL && value_of(tables->scan.before) != value)
		node.sub = graph_text(graph, "%s,\nwas 0x%" PRIx64, node.sub,
		    value_of(tables->scan.before));
	node.tip = graph_text(graph, "%s 0x%016" PRIx64 "\n%s", name, value, fields);
	return graph_add_node(graph, &node);
}

void
graph_tables_add(struct graph_tables *tables)
{
	struct graph_edge edge = { .kind = GRAPH_EDGE_REFERS, .from_row = GRAPH_NO_ROW,
		.to_row = GRAPH_NO_ROW };
	size_t i;

	choose_tables(tables);
	edge.from = add_register(tables);
	/* Rows refer to boxes that come later: the numbers are fixed before. */
	for (i = 0; i < tables->opens; i++)
		tables->open[i].node = edge.from + 1 + i;
	for (i = 0; i < tables->opens; i++)
		add_table(tables, &tables->open[i]);
	edge.to = edge.from + 1;
	(void)graph_add_edge(tables->graph, &edge);
}
