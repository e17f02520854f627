/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drawings of paging structures: the tables of a view, what differs between two views, the walk of
 * one access.
 *
 * A drawing is made from views and explanations and then written, as DOT for Graphviz or as JSON.
 * Nothing here lays out or renders; the program vkept-draw does that.
 */
#ifndef VK_GRAPH_GRAPH_H
#define VK_GRAPH_GRAPH_H

#include "graph/graph_model.h"
#include "graph/graph_theme.h"
#include "scenario/scenario.h"
#include "sim/explain.h"
#include "view/view.h"

/* Tables of a structure, and rows of a table, that may be drawn; and those that are unless told. */
#define GRAPH_LIMIT_LEAST 5u   /* a path from the root to a page */
#define GRAPH_LIMIT_MOST 1000u
#define GRAPH_LIMIT 40u
#define GRAPH_ROWS_LEAST 4u
#define GRAPH_ROWS_MOST 520u   /* every entry, and what is said at the end */
#define GRAPH_ROWS 16u
#define GRAPH_LIMIT_TIMES_ROWS 16384u /* what the two may come to */

/* What of a view is to be drawn. */
struct graph_request {
	const struct view *before; /* the earlier of two states to be compared; NULL: one only */
	const struct view *after;
	bool guest, outer;         /* which structures; those that the view has not are left out */
	uint64_t start, last;      /* addresses of the first of them, inclusive */
	bool ranged;               /* not all addresses were asked for */
	unsigned limit;            /* tables of a structure: GRAPH_LIMIT_LEAST to _MOST */
	unsigned rows;             /* rows of a table: GRAPH_ROWS_LEAST to _MOST */
};

/* Draws tables.  false: the view has none of those asked for. */
bool graph_draw_tables(struct graph *graph, const struct graph_request *request);

/*
 * Makes of an access under outer tables what the guest knows of it: the reads of its own tables,
 * and a view in which guest-physical memory is all there is.
 */
void graph_forget_outer(struct view *view, struct explanation *why);

/*
 * Draws one access: every reference in its order, a row for each guest-physical address that is
 * looked up, and how it ended.  The view says what the entries mean; nothing is read from it.
 * Where an entry was not in the memory, *absent is where it should be; else `absent` is NULL.
 */
void graph_draw_walk(struct graph *graph, const struct view *view, const struct explanation *why,
    const uint64_t *absent);

/* Writes a drawing as a graph in the language of Graphviz. */
void graph_write_dot(const struct graph *graph, const struct graph_theme *theme,
    const struct scn_sink *sink);

/* Writes a drawing for programs: what it shows, without a look. */
void graph_write_json(const struct graph *graph, const struct scn_sink *sink);

#endif
