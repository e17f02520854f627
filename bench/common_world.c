/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds the world: the EPT first, all of it, then the guest's tables in pages of their own.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common_world.h"
#include "sim/random_numbers.h"

#define EPT_TABLE   (EPT_RWX | EPT_A)
#define EPT_PAGE    (EPT_RWX | EPT_A | EPT_D | 6ull << EPT_MEMTYPE_SHIFT)
#define GUEST_TABLE (VK_PG_P | VK_PG_RW | VK_PG_US | VK_PG_A)
#define GUEST_PAGE  (GUEST_TABLE | VK_PG_D)

_Noreturn void
world_fail(const char *what)
{
	fprintf(stderr, "benchmark: %s\n", what);
	exit(3);
}

uint64_t
world_draw(struct world *w)
{
	return random_splitmix(&w->random);
}

void *
world_map_memory(uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		world_fail("out of memory");
	(void)madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

/* --- tables ---------------------------------------------------------------------------------- */

static uint64_t
new_frame(struct world *w)
{
	uint64_t frame = w->next;

	w->next += VK_PAGE_BYTES;
	if (w->next > w->shape.table_room)
		world_fail("the room for tables is too small");
	return frame;
}

static void
map_gpa(struct world *w, uint64_t gpa, uint64_t hpa)
{
	uint64_t table = w->root;
	unsigned level;

	for (level = 4; level > 1; level--) {
		uint64_t *entry = world_word(w, table + vk_level_index(gpa, level) * 8);

		if (*entry == 0)
			*entry = new_frame(w) | EPT_TABLE;
		table = *entry & WORLD_FRAME;
	}
	*world_word(w, table + vk_level_index(gpa, 1) * 8) = hpa | EPT_PAGE;
}

/* A guest-physical page for a guest table, on a host frame of its own. */
static uint64_t
new_guest_table(struct world *w)
{
	uint64_t gpa = (uint64_t)w->page[w->next_page++] << VK_PAGE_SHIFT;

	if (w->next_page > w->shape.gpa_pages)
		world_fail("there are too few guest-physical pages");
	map_gpa(w, gpa, new_frame(w));
	return gpa;
}

static void
map_gva(struct world *w, uint64_t gva, uint64_t gpa)
{
	uint64_t table = w->mode.cr3;
	unsigned level;

	for (level = 4; level > 1; level--) {
		uint64_t *entry = world_word(w,
		    world_chain_gpa(w, table) + vk_level_index(gva, level) * 8);

		if (*entry == 0)
			*entry = new_guest_table(w) | GUEST_TABLE;
		table = *entry & WORLD_FRAME;
	}
	*world_word(w, world_chain_gpa(w, table) + vk_level_index(gva, 1) * 8) = gpa | GUEST_PAGE;
}

static void
make_tables(struct world *w)
{
	const struct world_shape *shape = &w->shape;
	uint64_t i;

	w->root = new_frame(w);
	for (i = 0; i < shape->gpa_pages; i++) {
		uint64_t j = world_draw(w) % (i + 1);

		w->page[i] = w->page[j];
		w->page[j] = (uint32_t)i;
		map_gpa(w, i * VK_PAGE_BYTES,
		    shape->table_room + i * VK_PAGE_BYTES % shape->data_bytes);
	}
	w->mode.cr3 = new_guest_table(w);
	for (i = 0; i < shape->pages; i++)
		map_gva(w, WORLD_LINEAR + i * VK_PAGE_BYTES,
		    (uint64_t)w->page[i] << VK_PAGE_SHIFT);
}

static void
init_nested(struct world *w)
{
	struct nested_window window = { w->base, w->size };
	uint64_t cap = EPT_CAP_WALK4 | EPT_CAP_WB | EPT_CAP_AD | EPT_CAP_2M | EPT_CAP_1G;
	uint64_t eptp = w->root | EPTP_AD | 3ull << EPTP_WALK_SHIFT | 6;
	struct hpm nowhere = { NULL, NULL };
	struct ept ept;

	if (ept_init(&ept, nowhere, eptp, cap, 0, w->mode.maxphyaddr) != EPTP_VALID)
		world_fail("the EPTP is not valid");
	nested_init(&w->nested, window, &ept, 0);
	nested_set_guest(&w->nested, &w->mode);
}

void
world_init(struct world *w, const struct world_shape *shape)
{
	memset(w, 0, sizeof(*w));
	w->shape = *shape;
	w->random = 1;
	w->size = shape->table_room + shape->data_bytes;
	w->base = world_map_memory(w->size);
	w->page = world_map_memory(shape->gpa_pages * sizeof(*w->page));
	w->next_page = shape->pages;
	w->mode = (struct guestpt_mode){ .cr0 = VK_CR0_PG | VK_CR0_WP,
		.cr4 = VK_CR4_PGE | VK_CR4_SMEP | VK_CR4_SMAP,
		.efer = VK_EFER_NXE,
		.page1g = 1,
		.maxphyaddr = 46 };
	make_tables(w);
	init_nested(w);
}

void
world_destroy(struct world *w)
{
	(void)munmap(w->base, w->size);
	(void)munmap(w->page, w->shape.gpa_pages * sizeof(*w->page));
}
