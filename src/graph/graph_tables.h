/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of one structure as boxes: which of them are drawn, and how their entries are folded
 * into rows.
 */
#ifndef VK_GRAPH_GRAPH_TABLES_H
#define VK_GRAPH_GRAPH_TABLES_H

#include "graph/graph.h"
#include "graph/graph_scan.h"

#define GRAPH_NOT_OPEN SIZE_MAX

/* A table that is drawn. */
struct graph_open {
	struct graph_pair pair;
	unsigned level;
	uint64_t base;       /* first address that it translates, by the first way to it */
	uint64_t references; /* entries that lead to it */
	size_t node;
};

struct graph_tables {
	struct graph *graph;
	struct graph_scan scan;
	unsigned limit;          /* tables */
	unsigned rows;           /* of a table */
	unsigned fan;            /* children of a table that are drawn */
	struct graph_open open[GRAPH_LIMIT_MOST];
	size_t opens;
	uint16_t place[4096];    /* open[place - 1] by hash */
	const struct graph_pair *only; /* tables to be drawn rather than others */
	const unsigned *only_level;
	size_t onlys;            /* 0: any */
	bool narrow;             /* draw no others even if there is room */
	unsigned hidden;         /* tables that the drawn ones refer to, and that are not drawn */
};

/*
 * Adds the tables of a structure and the arrows between them, from the register that holds its
 * root.  tables->graph, scan, limit, rows and only are to be set; the rest is filled in.
 */
void graph_tables_add(struct graph_tables *tables);

/* The drawn table of that pair and level, or GRAPH_NOT_OPEN. */
size_t graph_tables_find(const struct graph_tables *tables, struct graph_pair pair,
    unsigned level);

/* "512 pages of 4 KiB, 3 of 2 MiB"; "no page". */
const char *graph_count_text(struct graph *graph, const struct graph_count *count);

#endif
