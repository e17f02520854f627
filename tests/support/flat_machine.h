/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A two-dimensional machine in one flat piece of memory, for walks over a window of it.
 *
 * The standard one is ordinary in every way: four levels at both sides, 4 KiB pages, A/D on, all
 * flags set, every right given.  Its frames, guest-physical pages and indices are all different, so
 * that whatever is mixed up leads elsewhere.
 */
#ifndef TESTS_FLAT_MACHINE_H
#define TESTS_FLAT_MACHINE_H

#include "nested/nested_walk.h"

#define FLAT_FRAMES 64u
#define FLAT_BYTES (FLAT_FRAMES * VK_PAGE_BYTES)
#define FLAT_WORDS (FLAT_BYTES / 8)
#define FLAT_ENTRIES 160
#define FLAT_REFERENCES 24 /* of a walk of 4 KiB pages */

#define FLAT_FRAME_BITS VK_BITS(51, 12)
#define FLAT_WB (6ull << EPT_MEMTYPE_SHIFT)
#define FLAT_EPT_PAGE (EPT_RWX | FLAT_WB | EPT_A | EPT_D)
#define FLAT_GUEST_TABLE (VK_PG_P | VK_PG_RW | VK_PG_US | VK_PG_A)
#define FLAT_GUEST_PAGE (FLAT_GUEST_TABLE | VK_PG_D)

/* The page that the standard machine maps, if its sizes allow: see flat_add_page(). */
#define FLAT_GVA 0x00002a5f49c03000ull
#define FLAT_GPA 0x0000351e7a2b1000ull

struct flat_machine {
	uint64_t *memory; /* FLAT_WORDS of them; host-physical address 0 is the first byte */
	unsigned frames;  /* handed out so far */
	uint64_t eptp;
	uint64_t cap;
	uint32_t controls;
	uint64_t marks;   /* in EPT entries that name tables */
	uint64_t next_gpa; /* of the next guest table */
	unsigned table_level; /* of the EPT leaves that map guest tables: 1 to 3 */
	unsigned guest_level; /* of the standard page, at either side */
	unsigned ept_level;
	struct guestpt_mode mode;
	struct nested nested;
	struct hpm window;   /* what m->nested made of it; its operations are now counted: */
	unsigned loads;
	unsigned updates;    /* compare-and-swaps, done or not */
	/* Another processor: called before each of them, and may change any word. */
	void (*meanwhile)(struct flat_machine *m, uint64_t slot, int is_update);
	unsigned entries; /* written by flat_map_*() */
	uint64_t entry[FLAT_ENTRIES]; /* where: HPA */
	uint64_t gva;        /* of the page mapped last, and where its leaves are: HPA */
	uint64_t guest_leaf;
	uint64_t ept_leaf;
};

/* Empty tables; registers, capabilities and EPTP as the standard machine has them. */
void flat_init_empty(struct flat_machine *m);
/* The standard machine's tables in an empty one. */
void flat_fill(struct flat_machine *m);
/* The standard machine, ready for walks. */
void flat_init(struct flat_machine *m);
void flat_destroy(struct flat_machine *m);

/* Makes m->nested from the other fields; to be called after they change. */
void flat_set(struct flat_machine *m);
/* The same with another window. */
void flat_set_window(struct flat_machine *m, struct nested_window window);

uint64_t flat_load(const struct flat_machine *m, uint64_t hpa);
void flat_store(struct flat_machine *m, uint64_t hpa, uint64_t value);

/* Maps with tables as they are needed.  False: no frame is left, or a large page is in the way. */
int flat_map_gpa(struct flat_machine *m, uint64_t gpa, uint64_t hpa, unsigned level,
    uint64_t flags);
int flat_map_gva(struct flat_machine *m, uint64_t gva, uint64_t gpa, unsigned level,
    uint64_t flags);

/*
 * Maps a linear page to a frame of its own through leaves of these levels.  Where one is large,
 * `gpa` or `gva` is moved so that its low bits are the frame's address: all of memory is in the
 * first large page of the host.  False as above.
 */
int flat_add_page(struct flat_machine *m, uint64_t gva, uint64_t gpa, unsigned guest_level,
    unsigned ept_level, uint64_t guest_flags, uint64_t ept_flags);

/* A frame not used before; 0 when none is left. */
uint64_t flat_new_frame(struct flat_machine *m);

/* A guest-physical page for a guest table, mapped to a frame of its own; 0 when none is left. */
uint64_t flat_new_guest_table(struct flat_machine *m);

/* The places (HPA) of the 24 entries that a walk of 4 KiB pages reads, in order. */
void flat_path(const struct flat_machine *m, uint64_t gva, uint64_t slot[FLAT_REFERENCES]);

#endif
