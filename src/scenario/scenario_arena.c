/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario is built once and dropped as a whole, so its memory comes from chunks that only ever
 * fill up.  Chunks grow slowly, by an eighth of what there is, so that a small scenario touches no
 * more pages than it fills; their number stays small all the same.  A failed allocation is
 * remembered: a reader may go on after one and have its caller ask in the end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario_arena.h"

#define CHUNK_LEAST 1024u
#define CHUNK_MOST 1048576u
#define ALIGNMENT 16u

struct chunk {
	struct chunk *next;
	size_t used, size; /* of bytes */
	_Alignas(ALIGNMENT) unsigned char bytes[];
};

struct scn_arena {
	struct chunk *chunk; /* the one that fills up, then the full ones */
	size_t total; /* bytes of all chunks */
	int failed;
};

struct scn_arena *
scn_arena_new(void)
{
	return calloc(1, sizeof(struct scn_arena));
}

void
scn_arena_free(struct scn_arena *arena)
{
	struct chunk *chunk, *next;

	if (arena == NULL)
		return;
	for (chunk = arena->chunk; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	free(arena);
}

int
scn_arena_failed(const struct scn_arena *arena)
{
	return arena->failed;
}

/* A chunk with room for `size` bytes becomes the one that fills up. */
static int
chunk_add(struct scn_arena *arena, size_t size)
{
	size_t room = arena->total / 8;
	struct chunk *chunk;

	if (room < CHUNK_LEAST)
		room = CHUNK_LEAST;
	if (room > CHUNK_MOST)
		room = CHUNK_MOST;
	if (room < size)
		room = size;
	chunk = malloc(sizeof(*chunk) + room);
	if (chunk == NULL)
		return 0;
	chunk->used = 0;
	chunk->size = room;
	chunk->next = arena->chunk;
	arena->chunk = chunk;
	arena->total += room;
	return 1;
}

static void *
bytes_take(struct scn_arena *arena, size_t size)
{
	struct chunk *chunk = arena->chunk;
	void *bytes;

	if (size > SIZE_MAX / 2) {
		arena->failed = 1;
		return NULL;
	}
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (chunk == NULL || chunk->size - chunk->used < size) {
		if (!chunk_add(arena, size)) {
			arena->failed = 1;
			return NULL;
		}
		chunk = arena->chunk;
	}
	bytes = chunk->bytes + chunk->used;
	chunk->used += size;
	return bytes;
}

void *
scn_arena_alloc(struct scn_arena *arena, size_t count, size_t size)
{
	size_t total;
	void *bytes;

	if (__builtin_mul_overflow(count, size, &total)) {
		arena->failed = 1;
		return NULL;
	}
	bytes = bytes_take(arena, total);
	if (bytes != NULL)
		memset(bytes, 0, total);
	return bytes;
}

char *
scn_arena_copy(struct scn_arena *arena, const char *text, size_t size)
{
	char *copy = size < SIZE_MAX ? bytes_take(arena, size + 1) : NULL;

	if (copy == NULL)
		return NULL;
	if (size != 0)
		memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}
