/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The moves between states, kept to find the states from which the end is out of reach.
 */
#ifndef VK_EXPLORE_EXPLORE_EDGES_H
#define VK_EXPLORE_EXPLORE_EDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct explore_edges {
	uint32_t *to;
	size_t count, room;
	uint32_t *start;  /* of a state: its first edge; moves come in the order of states */
	uint32_t starts;  /* states that have theirs */
	size_t start_room;
	uint32_t *end;    /* states in which all is over */
	size_t ends, end_room;
};

void explore_edges_free(struct explore_edges *edges);

/* false: out of memory. */
bool explore_edges_add(struct explore_edges *edges, uint32_t from, uint32_t to);
bool explore_edges_add_end(struct explore_edges *edges, uint32_t state);

#define EXPLORE_ALL_REACH UINT32_MAX

/* Where runs go round for ever. */
struct explore_stuck {
	uint32_t first; /* the first state from which no end can be reached, or EXPLORE_ALL_REACH */
	uint32_t round; /* reached from there, and again from whatever is reached from it */
};

/* Among `states` states.  false: out of memory. */
bool explore_edges_stuck(struct explore_edges *edges, uint32_t states,
    struct explore_stuck *stuck);

size_t explore_edges_bytes(const struct explore_edges *edges);

#endif
