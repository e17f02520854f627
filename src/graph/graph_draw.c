/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables: the guest's, the outer ones, or both with guest-physical memory between them.
 *
 * Where both are drawn, the outer tables that are opened first are those that the guest's pages and
 * tables go through.  Where two states are compared, each structure is drawn by itself: what links
 * the two may differ from state to state.
 */
#include <stdlib.h>
#include <string.h>

#include "graph/graph.h"
#include "graph/graph_memory.h"

struct drawing {
	struct graph *graph;
	const struct graph_request *request;
	struct graph_tables guest, outer;
	struct graph_space guest_space[2], outer_space[2]; /* earlier, later */
	bool has_guest, has_outer;
	struct graph_memory memory;
};

/* Both states of a structure; in the earlier one it must have as many levels. */
static bool
find_spaces(const struct graph_request *request, struct graph_space space[2],
    bool (*find)(struct graph_space *space, const struct view *view))
{
	if (!find(&space[1], request->after))
		return false;
	return request->before == NULL || (find(&space[0], request->before) &&
	    space[0].levels == space[1].levels && space[0].is_ept == space[1].is_ept);
}

static void
prepare(struct drawing *drawing, struct graph_tables *tables, const struct graph_space space[2],
    bool ranged)
{
	const struct graph_request *request = drawing->request;
	uint64_t all = (vk_level_size(space[1].levels) << 9) - 1;

	tables->graph = drawing->graph;
	tables->limit = request->limit;
	tables->rows = request->rows;
	graph_scan_init(&tables->scan, request->before != NULL ? &space[0] : NULL, &space[1],
	    ranged ? request->start & all : 0, ranged ? request->last & all : all);
}

/* --- what is said ----------------------------------------------------------------------------- */

static void
say_guest(struct drawing *drawing)
{
	struct graph *graph = drawing->graph;
	const struct graph_space *space = &drawing->guest_space[1];

	graph->label[GRAPH_GUEST] = graph_text(graph, "the guest's page table: %s to %s",
	    space->from, space->to);
	graph_add_line(graph, drawing->has_outer ?
	    "The guest's page table turns a guest-virtual address (GVA) of a program into a "
	    "guest-physical one (GPA)." :
	    "The page table turns a virtual address of a program into a physical one.");
	if (drawing->request->before != NULL)
		return;
	graph_add_line(graph, graph_text(graph, "From CR3 on, 9 bits of the address choose an "
	    "entry of each table (%sPML4, PDPT, PD, PT); it leads on, and at last to a page.",
	    space->levels == 5 ? "PML5, " : ""));
}

static void
say_outer(struct drawing *drawing)
{
	struct graph *graph = drawing->graph;
	const struct graph_space *space = &drawing->outer_space[1];
	const char *name = space->is_ept ? "EPT" : "nested page table";

	graph->label[GRAPH_OUTER] = graph_text(graph, "the host's %s: GPA to HPA", name);
	graph_add_line(graph, graph_text(graph, "The %s is the host's: it turns every "
	    "guest-physical address into a host-physical one (HPA), real memory.", name));
	if (drawing->request->before != NULL)
		return;
	if (drawing->has_guest)
		graph_add_line(graph, graph_text(graph, "The guest's own tables are in "
		    "guest-physical memory, too: the processor goes through the %s to read each.",
		    name));
	graph_add_line(graph, graph_text(graph, "An access to what is NOT in the %s leaves the "
	    "guest (a VM exit); the host may then put it there.", name));
}

static void
say_limits(struct drawing *drawing, const struct graph_tables *tables, const char *which)
{
	struct graph *graph = drawing->graph;

	if (tables->hidden == 0)
		return;
	if (tables->narrow) {
		graph_add_line(graph, graph_text(graph, "Of %s those tables are drawn that the "
		    "addresses shown go through.", which));
		return;
	}
	graph_add_line(graph, graph_text(graph, "Not all is drawn of %s: %zu tables, at most %u of "
	    "those that one table leads to (--limit %u). The rows say what is left out.", which,
	    tables->opens, tables->fan, tables->limit));
}

static void
say_difference(struct drawing *drawing, struct graph_tables *tables)
{
	struct graph_count count = graph_scan_count(&tables->scan,
	    graph_scan_root(&tables->scan), tables->scan.after->levels, 0);
	struct graph *graph = drawing->graph;

	graph_add_line(graph, graph_text(graph, "%s %s: %llu entries added (+), %llu removed (-), "
	    "%llu changed (~); tables and entries without a difference are left out.",
	    tables->scan.after->part == GRAPH_GUEST ? "The guest's" : "The host's",
	    tables->scan.after->name, (unsigned long long)count.differ[GRAPH_ADDED],
	    (unsigned long long)count.differ[GRAPH_REMOVED],
	    (unsigned long long)count.differ[GRAPH_CHANGED]));
}

/* --- drawing ---------------------------------------------------------------------------------- */

static void
draw_memory(struct drawing *drawing)
{
	struct graph_memory *memory = &drawing->memory;

	memory->graph = drawing->graph;
	memory->guest = &drawing->guest;
	memory->outer = &drawing->outer_space[1];
	memory->rows = drawing->request->rows * 3 / 2;
	graph_memory_add(memory);
	drawing->outer.only = memory->table;
	drawing->outer.only_level = memory->level;
	drawing->outer.onlys = memory->tables;
	drawing->graph->failed |= memory->failed;
}

static void
draw(struct drawing *drawing)
{
	const struct graph_request *request = drawing->request;
	bool linked = drawing->has_guest && drawing->has_outer && request->before == NULL;

	if (drawing->has_guest) {
		prepare(drawing, &drawing->guest, drawing->guest_space, request->ranged);
		say_guest(drawing);
		graph_tables_add(&drawing->guest);
		say_limits(drawing, &drawing->guest, "the guest's page table");
	}
	/* Without memory there are boxes and rows that were promised and never made. */
	if (linked && !graph_failed(drawing->graph))
		draw_memory(drawing);
	if (drawing->has_outer) {
		prepare(drawing, &drawing->outer, drawing->outer_space,
		    request->ranged && !drawing->has_guest);
		say_outer(drawing);
		drawing->outer.narrow = linked && request->ranged;
		graph_tables_add(&drawing->outer);
		say_limits(drawing, &drawing->outer, graph_text(drawing->graph, "the %s",
		    drawing->outer_space[1].name));
	}
	if (linked && !graph_failed(drawing->graph))
		graph_memory_link(&drawing->memory, &drawing->outer);
	if (request->before != NULL && drawing->has_guest)
		say_difference(drawing, &drawing->guest);
	if (request->before != NULL && drawing->has_outer)
		say_difference(drawing, &drawing->outer);
	drawing->graph->failed |= drawing->guest.scan.failed || drawing->outer.scan.failed;
}

bool
graph_draw_tables(struct graph *graph, const struct graph_request *request)
{
	struct drawing *drawing = calloc(1, sizeof(*drawing));
	bool found;

	if (drawing == NULL) {
		graph->failed = true;
		return true;
	}
	graph->layout = GRAPH_TABLES;
	graph->compares = request->before != NULL;
	drawing->graph = graph;
	drawing->request = request;
	drawing->has_guest = request->guest &&
	    find_spaces(request, drawing->guest_space, graph_space_guest);
	drawing->has_outer = request->outer &&
	    find_spaces(request, drawing->outer_space, graph_space_outer);
	found = drawing->has_guest || drawing->has_outer;
	if (found)
		draw(drawing);
	graph_scan_free(&drawing->guest.scan);
	graph_scan_free(&drawing->outer.scan);
	graph_memory_free(&drawing->memory);
	free(drawing);
	return found;
}
