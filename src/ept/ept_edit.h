/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changing an EPT: map, unmap, protect, split, merge.
 *
 * Every change is made by compare-and-swap, so that an accessed or dirty flag that the processor
 * sets meanwhile is never lost, and says which invalidation it owes [EPT-INVALIDATE].  The
 * invalidation itself, and the waiting for other processors, are the caller's.
 */
#ifndef VK_EPT_EPT_EDIT_H
#define VK_EPT_EPT_EDIT_H

#include "ept/ept.h"

enum ept_edit_status {
	EPT_EDIT_DONE,
	EPT_EDIT_NO_FRAME, /* no frame for a table; nothing of the mapping was changed */
	EPT_EDIT_NO_ENTRY, /* there is no such mapping, or one of another size is in the way */
	EPT_EDIT_UNEVEN,   /* merge: the entries do not form one large page */
	EPT_EDIT_REFUSED   /* the memory of the tables took no change */
};

enum ept_owed {
	EPT_OWES_NOTHING,
	EPT_OWES_INVEPT /* on every processor that ran this root, before it next does */
};

struct ept_edit {
	enum ept_edit_status status;
	enum ept_owed owed;
	uint64_t before; /* the leaf entry that was replaced; 0 when there was none */
};

/* Where new tables come from: zeroed frames of the host. */
struct ept_frames {
	int (*take)(void *ctx, hpa_t *frame); /* 0: none left */
	void (*give)(void *ctx, hpa_t frame);
	void *ctx;
};

/*
 * Makes the leaf of `level` (1 to 3) for `gpa` map the frame at `hpa` with `flags` (rights, memory
 * type, software bits; EPT_PS is added where it belongs), with tables above it that allow
 * everything.
 */
VK_MUST_CHECK struct ept_edit ept_map(const struct ept *ept, const struct ept_frames *frames,
    gpa_t gpa, hpa_t hpa, unsigned level, uint64_t flags);

/* Makes the leaf that maps `gpa`, of whatever size, not present. */
VK_MUST_CHECK struct ept_edit ept_unmap(const struct ept *ept, gpa_t gpa);

/* Gives the leaf that maps `gpa` exactly the rights `rights` (EPT_R | EPT_W | EPT_X | EPT_XU). */
VK_MUST_CHECK struct ept_edit ept_protect(const struct ept *ept, gpa_t gpa, uint64_t rights);

/* Replaces the 2 MiB or 1 GiB leaf that maps `gpa` by a table of the next smaller size. */
VK_MUST_CHECK struct ept_edit ept_split(const struct ept *ept, const struct ept_frames *frames,
    gpa_t gpa);

/*
 * Replaces the table under the entry of `level` (2 or 3) by one leaf, when its 512 entries are
 * leaves that together are that page, with equal rights and type.  Accessed and dirty flags are
 * joined.  The table is not given back here: that has to wait for the invalidation; *table tells
 * where it is.
 */
VK_MUST_CHECK struct ept_edit ept_merge(const struct ept *ept, gpa_t gpa, unsigned level,
    hpa_t *table);

/*
 * Finds the slot of the entry for `gpa` at `level`, or that of a leaf met above it (*found tells
 * its level).  0 when a table on the way is not present; *slot is then the entry that should name
 * it.
 */
int ept_find(const struct ept *ept, gpa_t gpa, unsigned level, hpa_t *slot, unsigned *found);

/* What a change of one entry owes, by comparison of before and after [EPT-INVALIDATE]. */
enum ept_owed ept_owed_for(const struct ept *ept, uint64_t before, uint64_t after);

#endif
