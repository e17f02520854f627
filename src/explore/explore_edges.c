/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A search backwards from the ends, over the moves turned round.
 */
#include "explore/explore_edges.h"

#include <stdlib.h>
#include <string.h>

void
explore_edges_free(struct explore_edges *edges)
{
	free(edges->to);
	free(edges->start);
	free(edges->end);
	memset(edges, 0, sizeof(*edges));
}

static bool
grow(uint32_t **array, size_t *room, size_t count)
{
	size_t wanted = *room == 0 ? 4096 : *room + *room / 2;
	uint32_t *bigger;

	if (count < *room)
		return true;
	bigger = realloc(*array, wanted * sizeof(*bigger));
	if (bigger == NULL)
		return false;
	*array = bigger;
	*room = wanted;
	return true;
}

/* The states up to this one begin no earlier than here. */
static bool
start_until(struct explore_edges *edges, uint32_t state)
{
	while (edges->starts <= state) {
		if (!grow(&edges->start, &edges->start_room, edges->starts))
			return false;
		edges->start[edges->starts++] = (uint32_t)edges->count;
	}
	return true;
}

bool
explore_edges_add(struct explore_edges *edges, uint32_t from, uint32_t to)
{
	if (edges->count == UINT32_MAX || !start_until(edges, from) ||
	    !grow(&edges->to, &edges->room, edges->count))
		return false;
	edges->to[edges->count++] = to;
	return true;
}

bool
explore_edges_add_end(struct explore_edges *edges, uint32_t state)
{
	if (!grow(&edges->end, &edges->end_room, edges->ends))
		return false;
	edges->end[edges->ends++] = state;
	return true;
}

size_t
explore_edges_bytes(const struct explore_edges *edges)
{
	return (edges->room + edges->start_room + edges->end_room) * sizeof(uint32_t);
}

/* What leads to state n is from[first[n]] up to from[first[n + 1]]. */
struct back {
	uint32_t *first;
	uint32_t *from;
};

static bool
turn_round(const struct explore_edges *edges, uint32_t states, struct back *back)
{
	uint32_t state;
	size_t at;

	back->first = calloc((size_t)states + 2, sizeof(*back->first));
	back->from = malloc((edges->count + 1) * sizeof(*back->from));
	if (back->first == NULL || back->from == NULL)
		return false;
	for (at = 0; at < edges->count; at++)
		back->first[edges->to[at] + 2]++;
	for (state = 2; state < states + 2; state++)
		back->first[state] += back->first[state - 1];
	/* While it is filled, first[n + 1] is where the next of n goes. */
	for (state = 0; state < states; state++) {
		for (at = edges->start[state]; at < edges->start[state + 1]; at++)
			back->from[back->first[edges->to[at] + 1]++] = state;
	}
	return true;
}

static uint32_t
first_unmarked(const unsigned char *marked, uint32_t states)
{
	uint32_t state = 0;

	while (state < states && marked[state])
		state++;
	return state == states ? EXPLORE_ALL_REACH : state;
}

/* Marks what leads to the ends; `queue` has room for all states. */
static void
search(const struct explore_edges *edges, const struct back *back, unsigned char *marked,
    uint32_t *queue)
{
	size_t head = 0, tail = 0, i;
	uint32_t at;

	for (i = 0; i < edges->ends; i++) {
		if (!marked[edges->end[i]])
			queue[tail++] = edges->end[i];
		marked[edges->end[i]] = 1;
	}
	while (head < tail) {
		uint32_t state = queue[head++];

		for (at = back->first[state]; at < back->first[state + 1]; at++) {
			if (!marked[back->from[at]]) {
				marked[back->from[at]] = 1;
				queue[tail++] = back->from[at];
			}
		}
	}
}

bool
explore_edges_stuck(struct explore_edges *edges, uint32_t states, uint32_t *stuck)
{
	struct back back = { NULL, NULL };
	unsigned char *marked = calloc((size_t)states + 1, 1);
	uint32_t *queue = malloc(((size_t)states + 1) * sizeof(*queue));
	bool ok = marked != NULL && queue != NULL && start_until(edges, states) &&
	    turn_round(edges, states, &back);

	if (ok) {
		search(edges, &back, marked, queue);
		*stuck = first_unmarked(marked, states);
	}
	free(back.first);
	free(back.from);
	free(marked);
	free(queue);
	return ok;
}
