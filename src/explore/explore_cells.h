/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cells of a scenario: which of them change, who touches them, and the values they take.
 */
#ifndef VK_EXPLORE_EXPLORE_CELLS_H
#define VK_EXPLORE_EXPLORE_CELLS_H

#include "sim/watch.h"

struct explore_cell {
	watch_cell id;
	uint64_t readers, writers; /* bit n: thread n, as far as it has been seen */
	bool changes;              /* some thread has changed its value */
	bool bare;                 /* touched without a lock that keeps all others from it */
	bool live;                 /* in the state, in this pass */
	bool shared;               /* and touched by several threads: moves end before it */
	unsigned index;            /* in the state, of a live one */
	uint64_t *value;           /* of a live one: those it has had; a state holds the index */
	unsigned values, room;
	uint32_t *slot;            /* hash table over many values: index plus one */
	unsigned slots;
	unsigned wide;             /* bytes in the state: 1 or 2 */
};

struct explore_cell_slot;

struct explore_cells {
	struct explore_cell **cell;
	size_t count, room;
	struct explore_cell_slot *slot; /* from name to cell */
	size_t slots;
	unsigned *live;            /* index in the state to index into cell[] */
	unsigned live_count;
	bool failed;               /* out of memory */
};

bool explore_cells_init(struct explore_cells *cells);
void explore_cells_free(struct explore_cells *cells);

/* The cell of that name, made if it was not known; NULL when out of memory. */
struct explore_cell *explore_cells_get(struct explore_cells *cells, watch_cell id);

/*
 * Starts a pass: decides which cells are live and which shared from what was seen so far, and
 * forgets their values.  false: out of memory.
 */
bool explore_cells_settle(struct explore_cells *cells);

/* Whether what was seen since asks for another pass. */
bool explore_cells_unsettled(const struct explore_cells *cells);

/* Makes exactly these shared, whatever was seen: for a schedule that says so. */
bool explore_cells_share(struct explore_cells *cells, const watch_cell *id, size_t count);

#define EXPLORE_NO_VALUE (~0u)

/* The index of a live cell's value, made if it is new; EXPLORE_NO_VALUE when out of memory. */
unsigned explore_cell_value(struct explore_cell *cell, uint64_t value);

#endif
