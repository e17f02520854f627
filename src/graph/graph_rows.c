/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folding: neighbours that say the same become one row.
 *
 * What "the same" means depends on how much there is to say.  At first everything but the index and
 * an address that goes up by one page must be equal; when that makes too many rows, addresses may
 * be any; then the flags that processors set as they go may differ; then only the kind of entry
 * counts.  What is still too much is cut, and said to be.  Entries that lead to a table
 * that is drawn keep rows of their own, which their arrows leave from.
 */
#include "graph/graph_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum detail { DETAIL_ADDRESSES, DETAIL_ENTRIES, DETAIL_RIGHTS, DETAIL_KINDS, DETAILS };

/* What becomes of an entry in the drawing. */
enum fate {
	FATE_ROW,
	FATE_QUIET,   /* nothing to see: empty, or equal in both states */
	FATE_OUTSIDE  /* not asked for */
};

struct run {
	enum fate fate;
	unsigned first, count;
	struct graph_item item;  /* the first */
	struct graph_item last;
	uint64_t all, any;       /* AND and OR of the entries */
	size_t open;             /* the drawn table that it leads to, or GRAPH_NOT_OPEN */
	bool differs;            /* something below differs */
	bool scattered;          /* the addresses do not go up page by page */
};

struct folding {
	struct graph_tables *tables;
	const struct graph_open *open;
	const struct graph_pages *pages;
	struct run run[VK_TABLE_ENTRIES];
	unsigned runs;
	unsigned shown;          /* runs that are rows */
	unsigned quiet, outside; /* entries */
	bool same;               /* of the quiet ones: some are not empty */
};

/* --- one entry -------------------------------------------------------------------------------- */

static uint64_t
value_of(const struct graph_item *item)
{
	return item->mark == GRAPH_REMOVED ? item->before : item->after;
}

static uint64_t
target_of(const struct folding *folding, const struct graph_item *item)
{
	return graph_space_target(folding->tables->scan.after, folding->open->level,
	    value_of(item));
}

static struct run
run_of(struct folding *folding, unsigned index)
{
	struct graph_tables *tables = folding->tables;
	const struct graph_open *open = folding->open;
	struct run run = { .first = index, .count = 1, .open = GRAPH_NOT_OPEN };
	struct graph_count below;

	if (!graph_scan_covers(&tables->scan, open->base, open->level, index)) {
		run.fate = FATE_OUTSIDE;
		return run;
	}
	run.item = graph_scan_item(&tables->scan, folding->pages, open->level, index);
	run.last = run.item;
	run.all = run.any = value_of(&run.item);
	if (graph_pair_is_table(run.item.child)) {
		run.open = graph_tables_find(tables, run.item.child, open->level - 1);
		if (tables->scan.before != NULL) {
			below = graph_scan_count(&tables->scan, run.item.child, open->level - 1,
			    open->base + index * vk_level_size(open->level));
			run.differs = graph_count_differs(&below);
		}
	}
	if (run.item.mark == GRAPH_SAME && (run.item.kind == GRAPH_ROW_EMPTY ||
	    (tables->scan.before != NULL && !run.differs)))
		run.fate = FATE_QUIET;
	return run;
}

/* --- folding ---------------------------------------------------------------------------------- */

/* The bits of an entry that make it another one, at a degree of detail. */
static uint64_t
telling_bits(const struct folding *folding, enum detail detail, const struct graph_item *item,
    uint64_t entry)
{
	const struct graph_space *space = folding->tables->scan.after;
	unsigned level = folding->open->level;
	uint64_t bits = ~graph_space_frame(space, level, entry);

	/* What nothing looks at is left to the tooltip, unless it is the difference. */
	if (item->mark != GRAPH_CHANGED)
		bits &= ~graph_space_free(space, level, entry);
	if (detail >= DETAIL_RIGHTS)
		bits &= ~(space->is_ept ? EPT_A | EPT_D : VK_PG_A | VK_PG_D);
	return bits;
}

static bool
is_alike(const struct folding *folding, enum detail detail, const struct graph_item *item,
    uint64_t a, uint64_t b)
{
	uint64_t bits = telling_bits(folding, detail, item, a);

	return detail == DETAIL_KINDS || (bits == telling_bits(folding, detail, item, b) &&
	    ((a ^ b) & bits) == 0);
}

static bool
continues(const struct folding *folding, const struct run *run, const struct run *next)
{
	uint64_t size = vk_level_size(folding->open->level);

	if (run->item.kind != GRAPH_ROW_PAGE)
		return true;
	return target_of(folding, &next->item) == target_of(folding, &run->last) + size;
}

static bool
may_join(const struct folding *folding, enum detail detail, const struct run *run,
    const struct run *next)
{
	if (run->item.kind != next->item.kind || run->item.mark != next->item.mark ||
	    run->open != next->open || run->differs != next->differs)
		return false;
	if (run->open != GRAPH_NOT_OPEN)
		return run->item.after == next->item.after &&
		    run->item.before == next->item.before;
	if (run->item.kind == GRAPH_ROW_ABSENT && detail == DETAIL_ADDRESSES)
		return run->item.after == next->item.after;
	if (detail == DETAIL_ADDRESSES && !continues(folding, run, next))
		return false;
	return is_alike(folding, detail, &run->item, run->item.after, next->item.after) &&
	    (run->item.mark == GRAPH_SAME ||
	        is_alike(folding, detail, &run->item, run->item.before, next->item.before));
}

static void
join(const struct folding *folding, struct run *run, const struct run *next)
{
	run->scattered |= !continues(folding, run, next);
	run->last = next->item;
	run->all &= next->all;
	run->any |= next->any;
	run->count++;
}

static void
fold(struct folding *folding, enum detail detail)
{
	struct run *last = NULL;
	unsigned index;

	folding->runs = folding->shown = folding->quiet = folding->outside = 0;
	folding->same = false;
	for (index = 0; index < VK_TABLE_ENTRIES; index++) {
		struct run next = run_of(folding, index);

		folding->quiet += next.fate == FATE_QUIET;
		folding->outside += next.fate == FATE_OUTSIDE;
		if (next.fate != FATE_ROW) {
			folding->same |= next.fate == FATE_QUIET &&
			    next.item.kind != GRAPH_ROW_EMPTY;
			last = NULL;
		} else if (last != NULL && may_join(folding, detail, last, &next)) {
			join(folding, last, &next);
		} else {
			last = &folding->run[folding->runs++];
			*last = next;
			folding->shown++;
		}
	}
}

/* Rows that are said in the end take their place, too. */
static unsigned
rows_left(const struct folding *folding)
{
	unsigned end = (unsigned)(folding->quiet != 0) + (folding->outside != 0);

	return folding->tables->rows - end;
}

/* --- words ------------------------------------------------------------------------------------ */

static const char *
index_text(struct graph *graph, unsigned first, unsigned count)
{
	if (count == 1)
		return graph_text(graph, "[%u]", first);
	return graph_text(graph, "[%u-%u]", first, first + count - 1);
}

static const char *
size_name(unsigned level)
{
	static const char *const name[VK_LEVELS + 1] = { "", "page", "2 MiB page", "1 GiB page",
		"", "" };

	return name[level];
}

/* Both states of an address where it has changed. */
static const char *
target_text(const struct folding *folding, const struct run *run)
{
	struct graph *graph = folding->tables->graph;
	const struct graph_space *space = folding->tables->scan.after;
	uint64_t now = target_of(folding, &run->item);
	uint64_t then = graph_space_target(space, folding->open->level, run->item.before);

	if (run->item.mark == GRAPH_CHANGED && then != now &&
	    graph_space_entry(space, folding->open->level, run->item.before) < GRAPH_ROW_ABSENT)
		return graph_text(graph, "0x%" PRIx64 ", was 0x%" PRIx64, now, then);
	return graph_text(graph, "0x%" PRIx64, now);
}

static const char *
page_text(const struct folding *folding, const struct run *run)
{
	struct graph *graph = folding->tables->graph;
	const char *name = size_name(folding->open->level);

	if (run->scattered)
		return graph_text(graph, "%u %ss, scattered", run->count, name);
	if (run->count > 1)
		return graph_text(graph, "%u %ss from %s %s", run->count, name,
		    folding->tables->scan.after->to, target_text(folding, run));
	return graph_text(graph, "%s %s %s", name, folding->tables->scan.after->to,
	    target_text(folding, run));
}

/* What hangs under tables that are not drawn. */
static const char *
hidden_text(struct folding *folding, const struct run *run)
{
	struct graph_tables *tables = folding->tables;
	struct graph *graph = tables->graph;
	struct graph_count sum = { .cut = false };
	unsigned i, level = folding->open->level;
	const char *name = graph_space_table_name(tables->scan.after, level - 1);
	const char *text;

	for (i = run->first; i < run->first + run->count; i++) {
		struct graph_item item = graph_scan_item(&tables->scan, folding->pages, level, i);
		struct graph_count count = graph_scan_count(&tables->scan, item.child, level - 1,
		    folding->open->base + i * vk_level_size(level));

		graph_count_add(&sum, &count);
	}
	text = run->count == 1 ? graph_text(graph, "%s %s", name, target_text(folding, run)) :
	    graph_text(graph, "%u %ss", run->count, name);
	if (sum.unread == run->count)
		return graph_text(graph, "%s: cannot be read", text);
	if (tables->scan.before != NULL && run->differs)
		return graph_text(graph, "%s, not drawn: %" PRIu64 " added, %" PRIu64
		    " removed, %" PRIu64 " changed", text, sum.differ[GRAPH_ADDED],
		    sum.differ[GRAPH_REMOVED], sum.differ[GRAPH_CHANGED]);
	return graph_text(graph, "%s, not drawn: %s", text, graph_count_text(graph, &sum));
}

static const char *
table_text(struct folding *folding, const struct run *run)
{
	struct graph *graph = folding->tables->graph;
	const char *name = graph_space_table_name(folding->tables->scan.after,
	    folding->open->level - 1);

	if (run->open == GRAPH_NOT_OPEN)
		return hidden_text(folding, run);
	if (run->count > 1)
		return graph_text(graph, "%u times %s %s", run->count, name,
		    target_text(folding, run));
	return graph_text(graph, "%s %s", name, target_text(folding, run));
}

/* [EPT-MISCONFIG] [GUEST-ENTRY] */
static const char *
bad_text(const struct folding *folding, const struct run *run)
{
	static const char *const misconfigured[] = {
		[EPT_WHY_WRITE_WITHOUT_READ] = "MISCONFIGURED: W without R",
		[EPT_WHY_EXEC_ONLY] = "MISCONFIGURED: X without R",
		[EPT_WHY_MEMTYPE] = "MISCONFIGURED: memory type",
	};
	const struct graph_space *space = folding->tables->scan.after;
	unsigned level = folding->open->level;
	uint64_t value = value_of(&run->item);
	uint64_t bits = value & space->reserved[level][guestpt_is_leaf(level, value)];
	enum ept_why why = space->is_ept ?
	    ept_entry_check(&space->view->ept, value, level, &bits) : EPT_WHY_RESERVED;

	if (why != EPT_WHY_RESERVED)
		return misconfigured[why];
	return graph_text(folding->tables->graph, "%s: reserved bits 0x%" PRIx64,
	    space->is_ept ? "MISCONFIGURED" : "REFUSED", bits);
}

static const char *
absent_text(const struct folding *folding, const struct run *run)
{
	struct graph *graph = folding->tables->graph;

	if (run->item.after == run->last.after)
		return graph_text(graph, "not present: 0x%" PRIx64, run->item.after);
	return graph_text(graph, "%u not present, not zero", run->count);
}

/* The flags of all entries; those of only some of them have a question mark. */
static const char *
fields_text(const struct folding *folding, enum detail detail, const struct run *run)
{
	const struct graph_tables *tables = folding->tables;
	const struct graph_space *space = tables->scan.after;
	uint64_t frame = graph_space_frame(space, folding->open->level, run->all);
	uint64_t free = graph_space_free(space, folding->open->level, run->all);
	uint64_t some = run->any & ~run->all & ~frame & ~free;
	struct graph *graph = tables->graph;

	if (detail == DETAIL_KINDS && some != 0)
		return "various";
	if (run->item.mark == GRAPH_CHANGED)
		return graph_space_fields(space, graph, folding->open->level, run->item.after,
		    &run->item.before, "+", "-");
	if (some != 0)
		graph_add_word(graph, space->part, "~", "in front: not in all of these entries");
	return graph_space_fields(space, graph, folding->open->level, run->all | some,
	    some != 0 ? &run->all : NULL, "~", "");
}

static const char *
tip_text(const struct folding *folding, const struct run *run)
{
	const struct graph_tables *tables = folding->tables;
	const struct graph_space *space = tables->scan.after;
	const struct graph_open *open = folding->open;
	struct graph *graph = tables->graph;
	uint64_t size = vk_level_size(open->level), from = open->base + run->first * size;
	const char *tip = graph_text(graph, "%s%s of the %s at 0x%" PRIx64 "\n%s 0x%" PRIx64
	    "-0x%" PRIx64 "\n%s%s", graph_space_entry_name(space, open->level),
	    index_text(graph, run->first, run->count),
	    graph_space_table_name(space, open->level),
	    open->pair.after != GRAPH_NO_TABLE ? open->pair.after : open->pair.before,
	    space->from, graph_space_address(space, from),
	    graph_space_address(space, from + (run->count * size - 1)),
	    run->count > 1 ? "the first: " : "",
	    graph_space_decoded(space, graph, open->level, value_of(&run->item)));

	if (run->item.mark == GRAPH_CHANGED)
		tip = graph_text(graph, "%s\nbefore: %s", tip, graph_space_decoded(space, graph,
		    open->level, run->item.before));
	return tip;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void
add_edge(const struct folding *folding, const struct run *run, size_t row)
{
	const struct graph_tables *tables = folding->tables;
	struct graph_edge edge = { .kind = GRAPH_EDGE_REFERS, .mark = run->item.mark,
		.from = folding->open->node, .from_row = row, .to_row = GRAPH_NO_ROW };

	edge.to = tables->open[run->open].node;
	(void)graph_add_edge(tables->graph, &edge);
}

static void
add_run(struct folding *folding, enum detail detail, const struct run *run)
{
	struct graph_tables *tables = folding->tables;
	const struct graph_open *open = folding->open;
	struct graph *graph = tables->graph;
	struct graph_row row = { .kind = run->item.kind, .mark = run->item.mark,
		.first = run->first, .count = run->count };
	size_t index;

	row.size = vk_level_size(open->level) * run->count;
	row.address = graph_space_address(tables->scan.after,
	    open->base + run->first * vk_level_size(open->level));
	row.entry = value_of(&run->item);
	row.before = run->item.before;
	row.target = target_of(folding, &run->item);
	row.cell[0] = index_text(graph, run->first, run->count);
	row.cell[1] = graph_text(graph, "0x%" PRIx64, row.address);
	if (run->item.kind == GRAPH_ROW_ABSENT) {
		row.cell[2] = absent_text(folding, run);
	} else {
		row.cell[2] = fields_text(folding, detail, run);
		row.cell[3] = run->item.kind == GRAPH_ROW_PAGE ? page_text(folding, run) :
		    run->item.kind == GRAPH_ROW_BAD ? bad_text(folding, run) :
		    table_text(folding, run);
	}
	row.tip = tip_text(folding, run);
	index = graph_add_row(graph, &row);
	if (run->open != GRAPH_NOT_OPEN)
		add_edge(folding, run, index);
}

static void
add_end(struct folding *folding, enum graph_row_kind kind, unsigned count, const char *text)
{
	struct graph_row row = { .kind = kind, .weak = true };

	row.cell[0] = text;
	row.count = count;
	(void)graph_add_row(folding->tables->graph, &row);
}

/* Those that still do not fit: how many of which kind. */
static void
add_cut(struct folding *folding, unsigned rows, unsigned entries, const struct graph_count *left)
{
	struct graph *graph = folding->tables->graph;

	add_end(folding, GRAPH_ROW_MORE, entries, graph_text(graph,
	    "left out: %u entries in %u rows; %s", entries, rows, graph_count_text(graph, left)));
}

static void
count_left(struct folding *folding, const struct run *run, struct graph_count *left)
{
	struct graph_tables *tables = folding->tables;
	unsigned i, level = folding->open->level;

	for (i = run->first; i < run->first + run->count; i++) {
		struct graph_item item = graph_scan_item(&tables->scan, folding->pages, level, i);
		struct graph_count below;

		left->pages[level] += item.kind == GRAPH_ROW_PAGE;
		if (!graph_pair_is_table(item.child))
			continue;
		below = graph_scan_count(&tables->scan, item.child, level - 1,
		    folding->open->base + i * vk_level_size(level));
		graph_count_add(left, &below);
	}
}

static void
add_runs(struct folding *folding, enum detail detail)
{
	unsigned i, room = rows_left(folding), open = 0, cut_rows = 0, cut_entries = 0;
	struct graph_count left = { .cut = false };
	bool all = folding->shown <= room;

	for (i = 0; i < folding->runs; i++)
		open += folding->run[i].open != GRAPH_NOT_OPEN;
	/* Of the others as many as there is room for, with a row for what is cut. */
	room = all ? folding->runs : room > open + 1 ? room - open - 1 : 0;
	for (i = 0; i < folding->runs; i++) {
		const struct run *run = &folding->run[i];

		if (run->open != GRAPH_NOT_OPEN || room > 0) {
			room -= run->open == GRAPH_NOT_OPEN && room > 0;
			add_run(folding, detail, run);
			continue;
		}
		cut_rows++;
		cut_entries += run->count;
		count_left(folding, run, &left);
	}
	if (cut_rows != 0)
		add_cut(folding, cut_rows, cut_entries, &left);
}

static void
add_rows(struct folding *folding)
{
	struct graph_tables *tables = folding->tables;
	const struct graph_pages *pages = folding->pages;
	struct graph *graph = tables->graph;
	enum detail detail;

	if (pages->after.bytes == NULL && pages->before.bytes == NULL) {
		add_end(folding, GRAPH_ROW_TEXT, 0, "nobody can read its entries");
		return;
	}
	for (detail = DETAIL_ADDRESSES; ; detail++) {
		fold(folding, detail);
		if (detail == DETAIL_KINDS || folding->shown <= rows_left(folding))
			break;
	}
	add_runs(folding, detail);
	if (folding->outside != 0)
		add_end(folding, GRAPH_ROW_MORE, folding->outside,
		    graph_text(graph, "%u outside the range", folding->outside));
	if (folding->quiet == VK_TABLE_ENTRIES)
		add_end(folding, GRAPH_ROW_EMPTY, folding->quiet,
		    tables->scan.before != NULL ? "no difference" : "all 512 entries are empty");
	else if (folding->quiet != 0)
		add_end(folding, GRAPH_ROW_EMPTY, folding->quiet, graph_text(graph,
		    tables->scan.before != NULL ? "%u without a difference" :
		    folding->quiet == 1 ? "%u other is empty" : "%u others are empty",
		    folding->quiet));
}

void
graph_rows_add(struct graph_tables *tables, const struct graph_open *open,
    const struct graph_pages *pages)
{
	struct folding *folding = calloc(1, sizeof(*folding)); /* too large for a small stack */

	if (folding == NULL) {
		tables->graph->failed = true;
		return;
	}
	folding->tables = tables;
	folding->open = open;
	folding->pages = pages;
	add_rows(folding);
	free(folding);
}
