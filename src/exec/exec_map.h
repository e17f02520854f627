/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's address space as its vkernel describes it: areas of linear addresses, what may be
 * done with them and what they are filled with.  No page and no table is touched here.
 */
#ifndef VK_EXEC_EXEC_MAP_H
#define VK_EXEC_EXEC_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXEC_R 1u
#define EXEC_W 2u
#define EXEC_X 4u

#define EXEC_PAGE 4096u
#define EXEC_AREAS_MAX 4096u

struct exec_area {
	uint64_t start, end;   /* bytes, multiples of a page */
	unsigned prot;         /* EXEC_* */
	uint64_t file_start;   /* linear address of the first byte from the file ... */
	uint64_t file_size;    /* ... how many there are; around them are zeroes */
	uint64_t file_offset;  /* ... and where they are in the file */
};

struct exec_map {
	struct exec_area *area; /* by address, apart from each other */
	size_t areas, room;
	bool failed; /* for want of memory, and not because a limit was reached */
};

enum exec_map_status {
	EXEC_MAP_DONE,
	EXEC_MAP_NO_MEMORY, /* or more areas than there may be */
	EXEC_MAP_TAKEN,     /* something is there already */
	EXEC_MAP_HOLES      /* something is missing; what there is has been changed */
};

void exec_map_free(struct exec_map *map);

/* Adds an area where nothing is. */
enum exec_map_status exec_map_add(struct exec_map *map, const struct exec_area *area);

/* Takes [start, end) out, whatever is there. */
enum exec_map_status exec_map_remove(struct exec_map *map, uint64_t start, uint64_t end);

/* Changes what may be done with [start, end). */
enum exec_map_status exec_map_protect(struct exec_map *map, uint64_t start, uint64_t end,
    unsigned prot);

/* The area of an address, or NULL. */
const struct exec_area *exec_map_find(const struct exec_map *map, uint64_t address);

bool exec_map_is_free(const struct exec_map *map, uint64_t start, uint64_t end);

/* The highest place for `size` bytes in [low, high); 0: none. */
uint64_t exec_map_gap(const struct exec_map *map, uint64_t low, uint64_t high, uint64_t size);

#endif
