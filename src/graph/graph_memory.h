/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest-physical memory between two structures: the pages that the drawn guest tables map, and
 * those tables themselves, each with where the outer tables put it.
 */
#ifndef VK_GRAPH_GRAPH_MEMORY_H
#define VK_GRAPH_GRAPH_MEMORY_H

#include "graph/graph_tables.h"

#define GRAPH_MEMORY_STEPS_MAX 262144u /* looks through the outer tables */

struct graph_piece;

struct graph_memory {
	struct graph *graph;
	const struct graph_tables *guest; /* drawn already */
	const struct graph_space *outer;
	unsigned rows;                    /* at most */
	struct graph_piece *piece;        /* what the rows are made of, by address */
	size_t pieces, room;
	unsigned steps;
	size_t node;
	struct graph_pair *table;         /* outer tables that the pieces go through */
	unsigned *level;
	size_t tables, table_room;
	bool failed;                      /* out of memory */
};

/* Adds the list of guest-physical memory and the arrows from guest entries to it. */
void graph_memory_add(struct graph_memory *memory);

/* Adds the arrows from there to entries of the outer tables, once those are drawn. */
void graph_memory_link(struct graph_memory *memory, const struct graph_tables *outer);

void graph_memory_free(struct graph_memory *memory);

#endif
