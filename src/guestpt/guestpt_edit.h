/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Building and changing guest page tables, through guest-physical memory.
 */
#ifndef VK_GUESTPT_GUESTPT_EDIT_H
#define VK_GUESTPT_GUESTPT_EDIT_H

#include "guestpt/guestpt.h"

enum guestpt_edit_status {
	GUESTPT_EDIT_DONE,
	GUESTPT_EDIT_NO_PAGE,  /* no page for a table; nothing of the mapping was changed */
	GUESTPT_EDIT_NO_ENTRY, /* no such mapping, or one of another size is in the way */
	GUESTPT_EDIT_REFUSED   /* the memory refused an access, or paging is off */
};

/* The invalidation that a changed entry owes [GUEST-INVALIDATE]. */
enum guestpt_owed {
	GUESTPT_OWES_NOTHING,
	GUESTPT_OWES_INVLPG /* of the address, for every PCID and processor that may have it */
};

struct guestpt_edit {
	enum guestpt_edit_status status;
	enum guestpt_owed owed;
	uint64_t before; /* the leaf entry that was replaced; 0 when there was none */
};

/* Where new tables come from: zeroed pages of guest-physical memory. */
struct guestpt_pages {
	int (*take)(void *ctx, gpa_t *page); /* 0: none left */
	void (*give)(void *ctx, gpa_t page); /* the one just taken was not needed */
	void *ctx;
};

/*
 * Makes the leaf of `level` (1 to 3) for `gva` map `gpa` with `flags`; VK_PG_PS is added where it
 * belongs.  Missing tables get P, RW and US: the leaf alone decides.  Where somebody else makes a
 * table first, theirs is used; where tables keep coming and going it is refused.
 */
VK_MUST_CHECK struct guestpt_edit guestpt_map(const struct guestpt *pt,
    const struct guestpt_pages *pages, gva_t gva, gpa_t gpa, unsigned level, uint64_t flags);

/* Makes the leaf that maps `gva`, of whatever size, zero. */
VK_MUST_CHECK struct guestpt_edit guestpt_unmap(const struct guestpt *pt, gva_t gva);

/*
 * Finds the slot of the entry for `gva` at `level`, or that of a leaf met above it (*found tells
 * its level).  GUESTPT_EDIT_NO_ENTRY when a table on the way is not present.
 */
enum guestpt_edit_status guestpt_find(const struct guestpt *pt, gva_t gva, unsigned level,
    gpa_t *slot, unsigned *found);

/* What a change of one entry owes, by comparison of before and after [GUEST-INVALIDATE]. */
enum guestpt_owed guestpt_owed_for(uint64_t before, uint64_t after, int smep);

#endif
