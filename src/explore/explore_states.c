/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States in chunks, in the order in which they came, and an open-addressed index over them.
 */
#include "explore/explore_states.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_STATES 65536u
#define CHUNKS_MOST 65535u
#define FIRST_SLOTS 65536u

struct chunk {
	unsigned char *state;
	struct explore_way *way;
};

struct explore_states {
	size_t width;
	uint32_t count;
	struct chunk *chunk;
	size_t chunks, chunk_room;
	uint32_t *slot; /* number plus one; 0: empty */
	size_t slots;   /* a power of two */
};

struct explore_states *
explore_states_create(size_t width)
{
	struct explore_states *states = calloc(1, sizeof(*states));

	if (states == NULL)
		return NULL;
	states->width = width;
	states->slots = FIRST_SLOTS;
	states->slot = calloc(FIRST_SLOTS, sizeof(*states->slot));
	if (states->slot == NULL) {
		free(states);
		return NULL;
	}
	return states;
}

void
explore_states_destroy(struct explore_states *states)
{
	size_t i;

	if (states == NULL)
		return;
	for (i = 0; i < states->chunks; i++) {
		free(states->chunk[i].state);
		free(states->chunk[i].way);
	}
	free(states->chunk);
	free(states->slot);
	free(states);
}

static uint64_t
hash(const struct explore_states *states, const void *state)
{
	const unsigned char *from = state;
	uint64_t number = states->width, word;
	size_t left = states->width;

	while (left >= sizeof(word)) {
		memcpy(&word, from, sizeof(word));
		number = (number ^ word) * 0xff51afd7ed558ccdull;
		number ^= number >> 32;
		from += sizeof(word);
		left -= sizeof(word);
	}
	word = 0;
	memcpy(&word, from, left);
	number = (number ^ word) * 0xc4ceb9fe1a85ec53ull;
	return number ^ number >> 29;
}

const void *
explore_states_at(const struct explore_states *states, uint32_t number)
{
	return states->chunk[number / CHUNK_STATES].state +
	    (size_t)(number % CHUNK_STATES) * states->width;
}

const struct explore_way *
explore_states_way(const struct explore_states *states, uint32_t number)
{
	return &states->chunk[number / CHUNK_STATES].way[number % CHUNK_STATES];
}

uint32_t
explore_states_count(const struct explore_states *states)
{
	return states->count;
}

size_t
explore_states_bytes(const struct explore_states *states)
{
	return states->chunks * CHUNK_STATES * (states->width + sizeof(struct explore_way)) +
	    states->slots * sizeof(*states->slot);
}

/* The slot that holds the state, or the empty one where it belongs. */
static size_t
find_slot(const struct explore_states *states, const void *state, uint64_t number)
{
	size_t at = (size_t)number & (states->slots - 1);

	while (states->slot[at] != 0 && memcmp(explore_states_at(states, states->slot[at] - 1),
	    state, states->width) != 0)
		at = (at + 1) & (states->slots - 1);
	return at;
}

static bool
grow_slots(struct explore_states *states)
{
	size_t slots = states->slots * 2;
	uint32_t *slot = calloc(slots, sizeof(*slot)), i;

	if (slot == NULL)
		return false;
	for (i = 0; i < states->count; i++) {
		size_t at = (size_t)hash(states, explore_states_at(states, i)) & (slots - 1);

		while (slot[at] != 0)
			at = (at + 1) & (slots - 1);
		slot[at] = i + 1;
	}
	free(states->slot);
	states->slot = slot;
	states->slots = slots;
	return true;
}

static bool
grow_chunks(struct explore_states *states)
{
	struct chunk *chunk;

	if (states->chunks == states->chunk_room) {
		size_t room = states->chunk_room == 0 ? 16 : 2 * states->chunk_room;
		struct chunk *bigger = realloc(states->chunk, room * sizeof(*bigger));

		if (bigger == NULL || room > CHUNKS_MOST)
			return false;
		states->chunk = bigger;
		states->chunk_room = room;
	}
	chunk = &states->chunk[states->chunks];
	chunk->state = malloc(CHUNK_STATES * states->width);
	chunk->way = malloc(CHUNK_STATES * sizeof(*chunk->way));
	if (chunk->state == NULL || chunk->way == NULL) {
		free(chunk->state);
		free(chunk->way);
		return false;
	}
	states->chunks++;
	return true;
}

uint32_t
explore_states_add(struct explore_states *states, const void *state,
    const struct explore_way *way, bool *is_new)
{
	size_t at = find_slot(states, state, hash(states, state));
	uint32_t number = states->count;

	*is_new = states->slot[at] == 0;
	if (!*is_new)
		return states->slot[at] - 1;
	if ((number == states->chunks * CHUNK_STATES && !grow_chunks(states)))
		return EXPLORE_STATES_FULL;
	memcpy(states->chunk[number / CHUNK_STATES].state +
	    (size_t)(number % CHUNK_STATES) * states->width, state, states->width);
	states->chunk[number / CHUNK_STATES].way[number % CHUNK_STATES] = *way;
	states->slot[at] = ++states->count;
	if (states->count > states->slots / 4 * 3 && !grow_slots(states))
		return EXPLORE_STATES_FULL;
	return number;
}

void
explore_states_expect(const struct explore_states *states, const void *state)
{
	__builtin_prefetch(&states->slot[(size_t)hash(states, state) & (states->slots - 1)]);
}

uint32_t
explore_states_find(const struct explore_states *states, const void *state)
{
	size_t at = find_slot(states, state, hash(states, state));

	return states->slot[at] == 0 ? EXPLORE_STATES_FULL : states->slot[at] - 1;
}
