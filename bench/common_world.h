/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world of the benchmarks that walk.
 *
 * A guest of 4-level tables over a 4-level EPT, all pages 4 KiB, all accessed and dirty flags set,
 * linear pages mapped to randomly permuted guest-physical ones.  Host-physical memory is one
 * mapping with large pages where the system gives them, as a kernel's direct map has: tables come
 * first, data after them.
 */
#ifndef VK_BENCH_COMMON_WORLD_H
#define VK_BENCH_COMMON_WORLD_H

#include "nested/nested_walk.h"

#define WORLD_LINEAR 0x00002a5f40000000ull /* the first linear page */
#define WORLD_FRAME  VK_BITS(51, 12)

struct world_shape {
	uint64_t pages;      /* linear ones */
	uint64_t gpa_pages;  /* more than these: guest tables are among them */
	uint64_t table_room; /* bytes of host memory */
	uint64_t data_bytes; /* of host memory, which guest-physical pages share if they are more */
};

struct world {
	struct world_shape shape;
	char *base;         /* host-physical address 0 */
	uint64_t size;
	uint64_t next;      /* host frame for the next table */
	uint64_t root;      /* of the EPT */
	uint32_t *page;     /* guest-physical page numbers, permuted: first the linear pages' */
	uint64_t next_page; /* of them */
	uint64_t random;
	struct guestpt_mode mode;
	struct nested nested;
};

/* Ends the program when there is no memory.  *w must not be moved. */
void world_init(struct world *w, const struct world_shape *shape);
void world_destroy(struct world *w);

/* Memory of the program's own; as much as there is address space for. */
void *world_map_memory(uint64_t size);

/* The next random number. */
uint64_t world_draw(struct world *w);

/* Says why on standard error and ends the program. */
_Noreturn void world_fail(const char *what);

static inline uint64_t *
world_word(const struct world *w, uint64_t hpa)
{
	return (uint64_t *)(void *)(w->base + hpa);
}

/* --- the bare chain: 24 dependent loads with masks and no check ------------------------------ */

static inline uint64_t
world_chain_read(const struct world *w, uint64_t table, uint64_t address, unsigned level)
{
	return *world_word(w, table + (address >> (vk_level_shift(level) - 3) & 0xff8));
}

/* The frame of a guest-physical page. */
static inline uint64_t
world_chain_gpa(const struct world *w, uint64_t gpa)
{
	uint64_t table = w->root;

	table = world_chain_read(w, table, gpa, 4) & WORLD_FRAME;
	table = world_chain_read(w, table, gpa, 3) & WORLD_FRAME;
	table = world_chain_read(w, table, gpa, 2) & WORLD_FRAME;
	table = world_chain_read(w, table, gpa, 1) & WORLD_FRAME;
	return table;
}

/* The host-physical address. */
static inline uint64_t
world_chain(const struct world *w, uint64_t gva)
{
	uint64_t table = w->mode.cr3;

	table = world_chain_read(w, world_chain_gpa(w, table), gva, 4) & WORLD_FRAME;
	table = world_chain_read(w, world_chain_gpa(w, table), gva, 3) & WORLD_FRAME;
	table = world_chain_read(w, world_chain_gpa(w, table), gva, 2) & WORLD_FRAME;
	table = world_chain_read(w, world_chain_gpa(w, table), gva, 1) & WORLD_FRAME;
	return world_chain_gpa(w, table) + (gva & VK_PAGE_OFFSET_MASK);
}

#endif
