/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A search backwards from the ends, over the moves turned round, and from what it leaves over a
 * search forwards for where runs remain.
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

/* What a search has come to: `queue` has room for all states. */
struct search {
	unsigned char *marked;
	uint32_t *queue;
	size_t tail;
};

static void
mark(struct search *search, uint32_t state)
{
	if (!search->marked[state])
		search->queue[search->tail++] = state;
	search->marked[state] = 1;
}

/* Marks all from which the states marked so far can be reached. */
static void
search_back(struct search *search, const struct back *back)
{
	size_t head;
	uint32_t at;

	for (head = 0; head < search->tail; head++) {
		uint32_t state = search->queue[head];

		for (at = back->first[state]; at < back->first[state + 1]; at++)
			mark(search, back->from[at]);
	}
}

/* Marks all that can be reached from those. */
static void
search_on(struct search *search, const struct explore_edges *edges)
{
	size_t head;
	uint32_t at;

	for (head = 0; head < search->tail; head++) {
		uint32_t state = search->queue[head];

		for (at = edges->start[state]; at < edges->start[state + 1]; at++)
			mark(search, edges->to[at]);
	}
}

static void
search_begin(struct search *search, uint32_t states)
{
	memset(search->marked, 0, states);
	search->tail = 0;
}

/*
 * From a state to one from which all that is reached leads back: whoever does not lead back lies
 * further on, and its own reach is smaller.
 */
static uint32_t
find_round(const struct explore_edges *edges, const struct back *back, uint32_t states,
    struct search *on, struct search *behind, uint32_t state)
{
	for (;;) {
		uint32_t last = state;
		size_t i;

		search_begin(on, states);
		mark(on, state);
		search_on(on, edges);
		search_begin(behind, states);
		mark(behind, state);
		search_back(behind, back);
		for (i = 0; i < on->tail; i++) {
			if (!behind->marked[on->queue[i]])
				last = on->queue[i];
		}
		if (last == state)
			return state;
		state = last;
	}
}

static bool
search_create(struct search *search, uint32_t states)
{
	search->marked = calloc((size_t)states + 1, 1);
	search->queue = malloc(((size_t)states + 1) * sizeof(*search->queue));
	search->tail = 0;
	return search->marked != NULL && search->queue != NULL;
}

static void
search_destroy(struct search *search)
{
	free(search->marked);
	free(search->queue);
}

bool
explore_edges_stuck(struct explore_edges *edges, uint32_t states, struct explore_stuck *stuck)
{
	struct back back = { NULL, NULL };
	struct search on, behind;
	bool ok = search_create(&on, states);
	size_t i;

	ok = search_create(&behind, states) && ok && start_until(edges, states) &&
	    turn_round(edges, states, &back);
	if (ok) {
		for (i = 0; i < edges->ends; i++)
			mark(&behind, edges->end[i]);
		search_back(&behind, &back);
		stuck->first = stuck->round = first_unmarked(behind.marked, states);
		if (stuck->first != EXPLORE_ALL_REACH)
			stuck->round = find_round(edges, &back, states, &on, &behind, stuck->first);
	}
	free(back.first);
	free(back.from);
	search_destroy(&on);
	search_destroy(&behind);
	return ok;
}
