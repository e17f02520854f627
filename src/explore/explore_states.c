/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States in chunks, in the order in which they came, and an open-addressed index over them.  A slot
 * of the index has half of the hash beside the number: states that differ are seldom compared.
 */
#define _DEFAULT_SOURCE /* madvise() */
#include "explore/explore_states.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK_STATES 65536u
#define CHUNKS_MOST 65535u
#define FIRST_SLOTS 65536u

struct chunk {
	unsigned char *state;
	uint32_t *from;
	uint8_t *move; /* thread and branch, by turns */
};

struct slot {
	uint32_t number; /* plus one; 0: empty */
	uint32_t tag;
};

struct explore_states {
	size_t width;
	uint32_t count;
	uint32_t most; /* before the index grows */
	struct chunk *chunk;
	size_t chunks, chunk_room;
	struct slot *slot;
	size_t slots;
};

#define LARGE_PAGE ((size_t)1 << 21)

/*
 * Zeroes, in large pages where they are worth it: states come in no order, and each look at them
 * would miss the TLB otherwise.
 */
static void *
get_memory(size_t count, size_t each)
{
	size_t size = (count * each + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
	void *memory;

	if (count * each < 4 * LARGE_PAGE)
		return calloc(count, each);
	memory = aligned_alloc(LARGE_PAGE, size);
	if (memory == NULL)
		return NULL;
	(void)madvise(memory, size, MADV_HUGEPAGE);
	return memset(memory, 0, size);
}

struct explore_states *
explore_states_create(size_t width)
{
	struct explore_states *states = calloc(1, sizeof(*states));

	if (states == NULL)
		return NULL;
	states->width = width;
	states->slots = FIRST_SLOTS;
	states->most = FIRST_SLOTS / 8 * 7;
	states->slot = calloc(FIRST_SLOTS, sizeof(*states->slot));
	if (states->slot == NULL) {
		free(states);
		return NULL;
	}
	return states;
}

static void
chunk_free(struct chunk *chunk)
{
	free(chunk->state);
	free(chunk->from);
	free(chunk->move);
}

void
explore_states_destroy(struct explore_states *states)
{
	size_t i;

	if (states == NULL)
		return;
	for (i = 0; i < states->chunks; i++)
		chunk_free(&states->chunk[i]);
	free(states->chunk);
	free(states->slot);
	free(states);
}

uint64_t
explore_states_hash(const struct explore_states *states, const void *state)
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
	number ^= number >> 29;
	return number * 0xff51afd7ed558ccdull;
}

const void *
explore_states_at(const struct explore_states *states, uint32_t number)
{
	return states->chunk[number / CHUNK_STATES].state +
	    (size_t)(number % CHUNK_STATES) * states->width;
}

struct explore_way
explore_states_way(const struct explore_states *states, uint32_t number)
{
	const struct chunk *chunk = &states->chunk[number / CHUNK_STATES];
	size_t at = number % CHUNK_STATES;
	struct explore_way way = { chunk->from[at], chunk->move[2 * at], chunk->move[2 * at + 1] };

	return way;
}

uint32_t
explore_states_count(const struct explore_states *states)
{
	return states->count;
}

size_t
explore_states_bytes(const struct explore_states *states)
{
	size_t each = states->width + sizeof(uint32_t) + 2;

	return states->chunks * CHUNK_STATES * each + states->slots * sizeof(*states->slot);
}

static uint32_t
tag_of(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

/*
 * Where the search for a tag begins: scaled, so that an index that grows is read and written from
 * one end to the other.
 */
static size_t
first_slot(const struct explore_states *states, uint32_t tag)
{
	return (size_t)((uint64_t)tag * states->slots >> 32);
}

void
explore_states_expect(const struct explore_states *states, uint64_t hash)
{
	__builtin_prefetch(&states->slot[first_slot(states, tag_of(hash))]);
}

void
explore_states_expect_state(const struct explore_states *states, uint64_t hash)
{
	uint32_t tag = tag_of(hash);
	const struct slot *slot = &states->slot[first_slot(states, tag)];
	unsigned i;

	/* Most are at their first slot or the next ones, in the same line of the cache. */
	for (i = 0; i < 3 && slot < states->slot + states->slots; i++, slot++) {
		if (slot->number != 0 && slot->tag == tag)
			__builtin_prefetch(explore_states_at(states, slot->number - 1));
	}
}

/* The slot that holds the state, or the empty one where it belongs. */
static struct slot *
find_slot(const struct explore_states *states, const void *state, uint64_t hash)
{
	uint32_t tag = tag_of(hash);
	size_t at = first_slot(states, tag);

	for (;;) {
		struct slot *slot = &states->slot[at];

		if (slot->number == 0 || (slot->tag == tag && memcmp(
		    explore_states_at(states, slot->number - 1), state, states->width) == 0))
			return slot;
		if (++at == states->slots)
			at = 0;
	}
}

/* By a half each time: the index is never much larger than it has to be. */
static bool
grow_slots(struct explore_states *states)
{
	size_t slots = states->slots + states->slots / 2;
	struct slot *slot = get_memory(slots, sizeof(*slot));
	struct explore_states grown = *states;
	size_t i;

	if (slot == NULL)
		return false;
	grown.slots = slots;
	for (i = 0; i < states->slots; i++) {
		size_t at = first_slot(&grown, states->slot[i].tag);

		if (states->slot[i].number == 0)
			continue;
		while (slot[at].number != 0)
			at = at + 1 == slots ? 0 : at + 1;
		slot[at] = states->slot[i];
	}
	free(states->slot);
	states->slot = slot;
	states->slots = slots;
	states->most = (uint32_t)(slots / 8 * 7);
	return true;
}

static bool
grow_chunks(struct explore_states *states)
{
	struct chunk *chunk;

	if (states->chunks == CHUNKS_MOST)
		return false;
	if (states->chunks == states->chunk_room) {
		size_t room = states->chunk_room == 0 ? 16 : 2 * states->chunk_room;
		struct chunk *bigger = realloc(states->chunk, room * sizeof(*bigger));

		if (bigger == NULL)
			return false;
		states->chunk = bigger;
		states->chunk_room = room;
	}
	chunk = &states->chunk[states->chunks];
	chunk->state = malloc(CHUNK_STATES * states->width + 1);
	chunk->from = malloc(CHUNK_STATES * sizeof(*chunk->from));
	chunk->move = malloc(CHUNK_STATES * 2);
	if (chunk->state == NULL || chunk->from == NULL || chunk->move == NULL) {
		chunk_free(chunk);
		return false;
	}
	states->chunks++;
	return true;
}

uint32_t
explore_states_add(struct explore_states *states, const void *state, uint64_t hash,
    const struct explore_way *way)
{
	struct slot *slot = find_slot(states, state, hash);
	uint32_t number = states->count;
	size_t at = number % CHUNK_STATES;
	struct chunk *chunk;

	if (slot->number != 0)
		return slot->number - 1;
	if (number == states->chunks * CHUNK_STATES && !grow_chunks(states))
		return EXPLORE_STATES_FULL;
	chunk = &states->chunk[number / CHUNK_STATES];
	memcpy(chunk->state + at * states->width, state, states->width);
	chunk->from[at] = way->from;
	chunk->move[2 * at] = way->thread;
	chunk->move[2 * at + 1] = way->branch;
	slot->number = ++states->count;
	slot->tag = tag_of(hash);
	if (states->count >= states->most && !grow_slots(states))
		return EXPLORE_STATES_FULL;
	return number;
}
