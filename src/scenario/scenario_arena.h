/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is given back all at once.
 */
#ifndef VK_SCENARIO_SCENARIO_ARENA_H
#define VK_SCENARIO_SCENARIO_ARENA_H

#include <stddef.h>

struct scn_arena;

/* An empty arena, or NULL when there is no memory. */
struct scn_arena *scn_arena_new(void);

/* Gives back the arena and all that came from it; NULL is allowed. */
void scn_arena_free(struct scn_arena *arena);

/* `count` times `size` zeroed bytes, aligned for any type; NULL when there is no memory. */
void *scn_arena_alloc(struct scn_arena *arena, size_t count, size_t size);

/* A copy of `size` bytes with a NUL behind it; NULL when there is no memory. */
char *scn_arena_copy(struct scn_arena *arena, const char *text, size_t size);

/* Whether any allocation has failed so far. */
int scn_arena_failed(const struct scn_arena *arena);

#endif
