/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ranges of guest-physical memory: gathered from the drawn entries, sorted, cut where the outer
 * tables change, and joined again where they do not.
 *
 * The guest's tables come first.  A range may be mapped by several guest entries; it then has a row
 * for each.  Large pages over
 * small ones are followed in steps of the smaller, up to a limit on all steps.
 */
#include "graph/graph_memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MOST 4 /* tables that are named; more are counted */

/* Guest-physical memory of one use and one fate. */
struct graph_piece {
	uint64_t start, size;
	size_t row;             /* of the guest entry that maps it, or GRAPH_NO_ROW: a table */
	size_t order;           /* of gathering */
	uint64_t gva;           /* what is mapped here */
	const char *what;       /* of a table: its name */
	unsigned names;         /* in it; a page can be a table of several levels */
	struct graph_way way;   /* of its first address through the outer tables */
	uint64_t hpa_end;       /* mapped: behind its last byte, as far as it is in one piece */
	bool scattered;         /* mapped to frames in no order */
	bool followed;
	bool held;              /* not mapped, but the host has the pages */
	size_t drawn;           /* its row, or GRAPH_NO_ROW */
};

/* --- gathering -------------------------------------------------------------------------------- */

static void
add_piece(struct graph_memory *memory, const struct graph_piece *piece)
{
	if (memory->pieces == memory->room) {
		size_t room = memory->room != 0 ? 2 * memory->room : 256;
		struct graph_piece *grown = realloc(memory->piece, room * sizeof(*grown));

		if (grown == NULL) {
			memory->failed = true;
			return;
		}
		memory->piece = grown;
		memory->room = room;
	}
	memory->piece[memory->pieces] = *piece;
	memory->piece[memory->pieces].order = memory->pieces;
	memory->pieces++;
}

/* The row of a drawn table that an entry is in, or GRAPH_NO_ROW. */
static size_t
row_of(const struct graph *graph, size_t node, unsigned index)
{
	const struct graph_node *box = &graph->node[node];
	size_t i;

	for (i = box->row; i < box->row + box->rows; i++) {
		const struct graph_row *row = &graph->row[i];

		if (row->kind < GRAPH_ROW_EMPTY && index - row->first < row->count)
			return i;
	}
	return GRAPH_NO_ROW;
}

static void
gather_pages(struct graph_memory *memory, const struct graph_open *open)
{
	const struct graph_scan *scan = &memory->guest->scan;
	struct graph_pages pages;
	unsigned index;

	graph_scan_pages(scan, open->pair, &pages);
	for (index = 0; index < VK_TABLE_ENTRIES; index++) {
		struct graph_item item = graph_scan_item(scan, &pages, open->level, index);
		struct graph_piece piece = { .size = vk_level_size(open->level) };

		if (item.kind != GRAPH_ROW_PAGE)
			continue;
		piece.row = row_of(memory->graph, open->node, index);
		if (piece.row == GRAPH_NO_ROW)
			continue;
		piece.start = graph_space_target(scan->after, open->level, item.after);
		piece.gva = graph_space_address(scan->after,
		    open->base + index * vk_level_size(open->level));
		add_piece(memory, &piece);
	}
}

static void
gather(struct graph_memory *memory)
{
	size_t i;

	for (i = 0; i < memory->guest->opens; i++) {
		const struct graph_open *open = &memory->guest->open[i];
		struct graph_piece piece = { .size = VK_PAGE_BYTES, .row = GRAPH_NO_ROW,
			.names = 1 };

		piece.start = open->pair.after;
		piece.what = graph_space_table_name(memory->guest->scan.after, open->level);
		add_piece(memory, &piece);
		gather_pages(memory, open);
	}
}

/* Tables before pages, which may well lie at the same addresses. */
static int
compare_pieces(const void *a, const void *b)
{
	const struct graph_piece *one = a, *two = b;
	bool table = one->row == GRAPH_NO_ROW;

	if (table != (two->row == GRAPH_NO_ROW))
		return table ? -1 : 1;
	if (one->start != two->start)
		return one->start < two->start ? -1 : 1;
	return one->order < two->order ? -1 : 1;
}

/* --- through the outer tables ----------------------------------------------------------------- */

static bool
is_mapped(const struct graph_piece *piece)
{
	return piece->followed && piece->way.kind == GRAPH_ROW_PAGE;
}

static uint64_t
rights_of(const struct graph_memory *memory, const struct graph_way *way)
{
	return way->entry & ~graph_space_frame(memory->outer, way->level, way->entry);
}

/* Whether both end in the same outer table with the same entry, but for the address. */
static bool
is_same_fate(const struct graph_memory *memory, const struct graph_piece *a,
    const struct graph_piece *b)
{
	if (a->followed != b->followed || a->held != b->held)
		return false;
	if (!a->followed)
		return true;
	if (a->way.level != b->way.level || a->way.kind != b->way.kind)
		return false;
	return a->way.level == 0 ||
	    (a->way.table[a->way.level] == b->way.table[b->way.level] &&
	        rights_of(memory, &a->way) == rights_of(memory, &b->way));
}

static bool
may_join(const struct graph_memory *memory, const struct graph_piece *a,
    const struct graph_piece *b)
{
	if (a->row != b->row || !is_same_fate(memory, a, b))
		return false;
	if (a->row == GRAPH_NO_ROW && a->start + a->size == b->start + b->size)
		return true;
	if (a->start + a->size != b->start)
		return false;
	return a->row == GRAPH_NO_ROW || a->gva + a->size == b->gva;
}

static void
join(struct graph_memory *memory, struct graph_piece *a, const struct graph_piece *b)
{
	if (a->row == GRAPH_NO_ROW && a->names++ < NAMES_MOST)
		a->what = graph_text(memory->graph, "%s, %s", a->what, b->what);
	if (a->start + a->size == b->start + b->size)
		return;
	if (is_mapped(a)) {
		a->scattered |= a->hpa_end != b->way.target;
		a->hpa_end = b->hpa_end;
	}
	a->size += b->size;
}

/* How far the way of an address is the way of those behind it. */
static void
follow_one(struct graph_memory *memory, struct graph_piece *part)
{
	const struct view *view = memory->outer->view;
	hpa_t unused;

	part->followed = memory->steps < GRAPH_MEMORY_STEPS_MAX;
	if (!part->followed)
		return;
	memory->steps++;
	graph_space_walk(memory->outer, part->start, &part->way);
	if (part->way.next - part->start < part->size)
		part->size = part->way.next - part->start;
	if (part->way.kind == GRAPH_ROW_PAGE || view->helds == 0)
		return;
	part->held = view_find_held(view, vk_gpa(part->start), &unused);
	if (part->size > VK_PAGE_BYTES)
		part->size = VK_PAGE_BYTES;
}

/* Cuts one piece where its way changes, and adds the parts, joined where they can be. */
static void
follow(struct graph_memory *memory, const struct graph_piece *whole)
{
	uint64_t at = whole->start, end = whole->start + whole->size;

	while (at < end && !memory->failed) {
		struct graph_piece part = *whole;
		struct graph_piece *last = memory->pieces != 0 ?
		    &memory->piece[memory->pieces - 1] : NULL;

		part.start = at;
		part.gva = whole->gva + (at - whole->start);
		part.size = end - at;
		follow_one(memory, &part);
		part.hpa_end = part.way.target + part.size;
		at += part.size;
		if (last != NULL && may_join(memory, last, &part))
			join(memory, last, &part);
		else
			add_piece(memory, &part);
	}
}

/* Replaces what was gathered by parts that each have one fate. */
static void
follow_all(struct graph_memory *memory)
{
	struct graph_piece *gathered = memory->piece;
	size_t i, count = memory->pieces;

	if (count != 0)
		qsort(gathered, count, sizeof(*gathered), compare_pieces);
	memory->piece = NULL;
	memory->pieces = memory->room = 0;
	for (i = 0; i < count; i++)
		follow(memory, &gathered[i]);
	free(gathered);
}

/* --- rows ------------------------------------------------------------------------------------- */

static const char *
what_text(struct graph_memory *memory, const struct graph_piece *piece)
{
	const char *from = memory->guest->scan.after->from;
	uint64_t pages = piece->size >> VK_PAGE_SHIFT;

	if (piece->row == GRAPH_NO_ROW && piece->names > NAMES_MOST)
		return graph_text(memory->graph, "%u guest tables", piece->names);
	if (piece->row == GRAPH_NO_ROW)
		return graph_text(memory->graph, "guest table%s %s", piece->names > 1 ? "s" : "",
		    piece->what);
	if (pages == 1)
		return graph_text(memory->graph, "page of %s 0x%" PRIx64, from, piece->gva);
	return graph_text(memory->graph, "%" PRIu64 " pages of %s 0x%" PRIx64, pages, from,
	    piece->gva);
}

static const char *
way_text(struct graph_memory *memory, const struct graph_piece *piece)
{
	const char *name = memory->outer->is_ept ? "EPT" : "nested tables";
	struct graph *graph = memory->graph;

	if (!piece->followed)
		return "not looked up";
	switch (piece->way.kind) {
	case GRAPH_ROW_PAGE:
		if (piece->scattered)
			return "HPA scattered";
		return graph_text(graph, "HPA 0x%" PRIx64, piece->way.target);
	case GRAPH_ROW_BAD:
		return graph_text(graph, "misconfigured in the %s", name);
	default:
		return graph_text(graph, "NOT in the %s%s", name,
		    piece->held ? "; the host has it" : "");
	}
}

static void
add_row(struct graph_memory *memory, struct graph_piece *piece)
{
	struct graph *graph = memory->graph;
	struct graph_row row = { .kind = GRAPH_ROW_TEXT, .weak = !is_mapped(piece) };
	struct graph_edge edge = { .kind = GRAPH_EDGE_MAPS, .to = memory->node };

	row.address = piece->start;
	row.size = piece->size;
	row.target = is_mapped(piece) ? piece->way.target : 0;
	row.cell[0] = graph_text(graph, "0x%" PRIx64 "-0x%" PRIx64, piece->start,
	    piece->start + (piece->size - 1));
	row.cell[1] = what_text(memory, piece);
	row.cell[2] = way_text(memory, piece);
	piece->drawn = graph_add_row(graph, &row);
	if (piece->row == GRAPH_NO_ROW || graph_failed(graph))
		return;
	for (edge.from = 0; piece->row >= graph->node[edge.from].row +
	    graph->node[edge.from].rows; edge.from++)
		;
	edge.from_row = piece->row;
	edge.to_row = piece->drawn;
	(void)graph_add_edge(graph, &edge);
}

static void
add_left_out(struct graph_memory *memory, size_t from)
{
	struct graph_row row = { .kind = GRAPH_ROW_MORE, .weak = true };
	uint64_t bytes = 0, mapped = 0;
	size_t i;

	for (i = from; i < memory->pieces; i++) {
		bytes += memory->piece[i].size;
		mapped += is_mapped(&memory->piece[i]) ? memory->piece[i].size : 0;
		memory->piece[i].drawn = GRAPH_NO_ROW;
	}
	row.cell[0] = graph_text(memory->graph, "left out: %zu ranges, %" PRIu64
	    " KiB, of which %" PRIu64 " KiB are in the %s", memory->pieces - from, bytes >> 10,
	    mapped >> 10, memory->outer->is_ept ? "EPT" : "nested tables");
	(void)graph_add_row(memory->graph, &row);
}

/* The outer tables that a drawn piece goes through, for who draws those. */
static void
remember_way(struct graph_memory *memory, const struct graph_way *way)
{
	unsigned level;
	size_t i;

	for (level = memory->outer->levels; way->level != 0 && level >= way->level; level--) {
		for (i = 0; i < memory->tables; i++) {
			if (memory->level[i] == level &&
			    memory->table[i].after == way->table[level])
				break;
		}
		if (i < memory->tables || memory->tables == memory->table_room)
			continue;
		memory->level[memory->tables] = level;
		memory->table[memory->tables++] =
		    (struct graph_pair){ GRAPH_NO_TABLE, way->table[level] };
	}
}

void
graph_memory_add(struct graph_memory *memory)
{
	struct graph_node node = { .kind = GRAPH_NODE_PAGES, .part = GRAPH_MEMORY,
		.name = "guest-physical memory", .head = "guest-physical memory" };
	size_t i, shown;

	gather(memory);
	follow_all(memory);
	memory->node = graph_add_node(memory->graph, &node);
	memory->table_room = GRAPH_LIMIT_MOST;
	memory->table = calloc(memory->table_room, sizeof(*memory->table));
	memory->level = calloc(memory->table_room, sizeof(*memory->level));
	memory->failed |= memory->table == NULL || memory->level == NULL;
	if (memory->failed)
		return;
	shown = memory->pieces <= memory->rows ? memory->pieces : memory->rows - 1;
	for (i = 0; i < shown; i++) {
		add_row(memory, &memory->piece[i]);
		remember_way(memory, &memory->piece[i].way);
	}
	if (shown < memory->pieces)
		add_left_out(memory, shown);
}

/* --- arrows to the outer tables --------------------------------------------------------------- */

/* The row of an entry, or the one that stands for all empty ones. */
static size_t
outer_row(const struct graph *graph, size_t node, unsigned index)
{
	const struct graph_node *box = &graph->node[node];
	size_t row = row_of(graph, node, index);

	if (row == GRAPH_NO_ROW && box->rows != 0 &&
	    graph->row[box->row + box->rows - 1].kind == GRAPH_ROW_EMPTY)
		row = box->row + box->rows - 1;
	return row;
}

void
graph_memory_link(struct graph_memory *memory, const struct graph_tables *outer)
{
	struct graph_edge edge = { .kind = GRAPH_EDGE_THROUGH, .from = memory->node };
	size_t i, open;

	for (i = 0; i < memory->pieces; i++) {
		const struct graph_piece *piece = &memory->piece[i];
		struct graph_pair pair = { GRAPH_NO_TABLE, piece->way.table[piece->way.level] };

		if (piece->drawn == GRAPH_NO_ROW || piece->way.level == 0)
			continue;
		open = graph_tables_find(outer, pair, piece->way.level);
		if (open == GRAPH_NOT_OPEN)
			continue;
		edge.to = outer->open[open].node;
		edge.from_row = piece->drawn;
		edge.to_row = outer_row(memory->graph, edge.to,
		    vk_level_index(piece->start, piece->way.level));
		if (edge.to_row != GRAPH_NO_ROW)
			(void)graph_add_edge(memory->graph, &edge);
	}
}

void
graph_memory_free(struct graph_memory *memory)
{
	free(memory->piece);
	free(memory->table);
	free(memory->level);
}
