/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario is built once and dropped as a whole, so its memory comes from chunks that only ever
 * fill up.  Chunks grow from a few pages, which is all that most scenarios need, to a megabyte.  A
 * failed allocation is remembered: a reader may go on after one and have its caller ask in the end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario_arena.h"

#define CHUNK_FIRST 8192u
#define CHUNK_LAST 1048576u
#define ALIGNMENT 16u

struct chunk {
	struct chunk *next;
	size_t used, size; /* of bytes */
	_Alignas(ALIGNMENT) unsigned char bytes[];
};

struct scn_arena {
	struct chunk *chunk; /* the one that fills up, then the full ones */
	size_t next_size;
	int failed;
};

struct scn_arena *
scn_arena_new(void)
{
	struct scn_arena *arena = calloc(1, sizeof(*arena));

	if (arena != NULL)
		arena->next_size = CHUNK_FIRST;
	return arena;
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
	size_t room = arena->next_size - sizeof(struct chunk);
	struct chunk *chunk;

	if (room < size)
		room = size;
	chunk = malloc(sizeof(*chunk) + room);
	if (chunk == NULL)
		return 0;
	chunk->used = 0;
	chunk->size = room;
	chunk->next = arena->chunk;
	arena->chunk = chunk;
	if (arena->next_size < CHUNK_LAST)
		arena->next_size *= 2;
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
	void *bytes;

	if (size != 0 && count > SIZE_MAX / 2 / size) {
		arena->failed = 1;
		return NULL;
	}
	bytes = bytes_take(arena, count * size);
	if (bytes != NULL)
		memset(bytes, 0, count * size);
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
