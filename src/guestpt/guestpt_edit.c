/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits of guest page tables.  Every change is a compare-and-swap, as flags may be set meanwhile.
 */
#include "guestpt/guestpt_edit.h"

/* A guest that keeps changing the very entry we edit gets its way after so many tries. */
#define GUESTPT_EDIT_RETRIES 1024

static struct guestpt_edit
guestpt_edit_result(enum guestpt_edit_status status, enum guestpt_owed owed, uint64_t before)
{
	struct guestpt_edit edit;

	edit.status = status;
	edit.owed = owed;
	edit.before = before;
	return edit;
}

enum guestpt_owed
guestpt_owed_for(uint64_t before, uint64_t after, int smep)
{
	uint64_t changed = before ^ after;

	/* Absence is not cached, nor anything from an entry whose accessed flag is clear. */
	if (!(before & VK_PG_P) || !(before & VK_PG_A))
		return GUESTPT_OWES_NOTHING;
	changed &= ~(VK_BITS(11, 9) | VK_BITS(58, 52));
	/* A right or a dirty flag that was added is no harm. */
	changed &= ~(after & (VK_PG_RW | VK_PG_D));
	/* With SMEP a supervisor page that becomes a user page must stop supervisor fetches. */
	if (!smep)
		changed &= ~(after & VK_PG_US);
	if (!(after & VK_PG_XD))
		changed &= ~VK_PG_XD;
	return changed ? GUESTPT_OWES_INVLPG : GUESTPT_OWES_NOTHING;
}

enum guestpt_edit_status
guestpt_find(const struct guestpt *pt, gva_t gva, unsigned level, gpa_t *slot, unsigned *found)
{
	uint64_t frame = vk_frame_mask(pt->mode.maxphyaddr, VK_PAGE_SHIFT);
	uint64_t table = pt->mode.cr3 & frame;
	uint64_t entry;
	unsigned at;

	*slot = vk_gpa(table);
	*found = 0;
	if (pt->levels == 0) /* no paging, no tables */
		return GUESTPT_EDIT_REFUSED;
	for (at = pt->levels;; at--) {
		*slot = vk_gpa(table + vk_level_index(gva.v, at) * 8);
		*found = at;
		if (at == level)
			return GUESTPT_EDIT_DONE;
		if (!pt->mem.ops->load(pt->mem.ctx, *slot, &entry))
			return GUESTPT_EDIT_REFUSED;
		if (!(entry & VK_PG_P))
			return GUESTPT_EDIT_NO_ENTRY;
		if (guestpt_is_leaf(at, entry))
			return GUESTPT_EDIT_DONE;
		table = entry & frame;
	}
}

/* Replaces a whole entry by compare-and-swap. */
static struct guestpt_edit
guestpt_replace(const struct guestpt *pt, gpa_t slot, uint64_t after)
{
	int smep = (pt->mode.cr4 & VK_CR4_SMEP) != 0;
	uint64_t before = 0;
	unsigned tries;

	for (tries = 0; tries < GUESTPT_EDIT_RETRIES; tries++) {
		enum cas_status status;

		if (!pt->mem.ops->load(pt->mem.ctx, slot, &before))
			break;
		status = pt->mem.ops->cas(pt->mem.ctx, slot, before, after);
		if (status == CAS_DONE)
			return guestpt_edit_result(GUESTPT_EDIT_DONE,
			    guestpt_owed_for(before, after, smep), before);
		if (status == CAS_REFUSED)
			break;
	}
	return guestpt_edit_result(GUESTPT_EDIT_REFUSED, GUESTPT_OWES_NOTHING, before);
}

/* Hangs a new table under the entry at `slot`, which was not present. */
static enum guestpt_edit_status
guestpt_add_table(const struct guestpt *pt, const struct guestpt_pages *pages, gpa_t slot)
{
	enum cas_status status;
	uint64_t before;
	gpa_t page;

	if (!pt->mem.ops->load(pt->mem.ctx, slot, &before))
		return GUESTPT_EDIT_REFUSED;
	if (before & VK_PG_P) /* somebody else was first; theirs will do */
		return GUESTPT_EDIT_DONE;
	if (!pages->take(pages->ctx, &page))
		return GUESTPT_EDIT_NO_PAGE;
	status = pt->mem.ops->cas(pt->mem.ctx, slot, before,
	    page.v | VK_PG_P | VK_PG_RW | VK_PG_US);
	if (status != CAS_DONE)
		pages->give(pages->ctx, page);
	return status == CAS_REFUSED ? GUESTPT_EDIT_REFUSED : GUESTPT_EDIT_DONE;
}

/* Finds the slot of a leaf of `level`, or of one above it, making the tables that are missing. */
static enum guestpt_edit_status
guestpt_make_way(const struct guestpt *pt, const struct guestpt_pages *pages, gva_t gva,
    unsigned level, gpa_t *slot, unsigned *found)
{
	unsigned tries;

	for (tries = 0; tries < GUESTPT_EDIT_RETRIES; tries++) {
		enum guestpt_edit_status status = guestpt_find(pt, gva, level, slot, found);

		if (status != GUESTPT_EDIT_NO_ENTRY)
			return status;
		status = guestpt_add_table(pt, pages, *slot);
		if (status != GUESTPT_EDIT_DONE)
			return status;
	}
	return GUESTPT_EDIT_REFUSED;
}

struct guestpt_edit
guestpt_map(const struct guestpt *pt, const struct guestpt_pages *pages, gva_t gva, gpa_t gpa,
    unsigned level, uint64_t flags)
{
	uint64_t frame = vk_frame_mask(pt->mode.maxphyaddr, vk_level_shift(level));
	enum guestpt_edit_status status;
	uint64_t before;
	unsigned found;
	gpa_t slot;

	status = guestpt_make_way(pt, pages, gva, level, &slot, &found);
	if (status != GUESTPT_EDIT_DONE)
		return guestpt_edit_result(status, GUESTPT_OWES_NOTHING, 0);
	if (!pt->mem.ops->load(pt->mem.ctx, slot, &before))
		return guestpt_edit_result(GUESTPT_EDIT_REFUSED, GUESTPT_OWES_NOTHING, 0);
	if (found != level || ((before & VK_PG_P) && !guestpt_is_leaf(level, before)))
		return guestpt_edit_result(GUESTPT_EDIT_NO_ENTRY, GUESTPT_OWES_NOTHING, 0);
	return guestpt_replace(pt, slot,
	    (gpa.v & frame) | flags | (level > 1 ? VK_PG_PS : 0));
}

struct guestpt_edit
guestpt_unmap(const struct guestpt *pt, gva_t gva)
{
	enum guestpt_edit_status status;
	uint64_t before;
	unsigned found;
	gpa_t slot;

	status = guestpt_find(pt, gva, 1, &slot, &found);
	if (status != GUESTPT_EDIT_DONE)
		return guestpt_edit_result(status, GUESTPT_OWES_NOTHING, 0);
	if (!pt->mem.ops->load(pt->mem.ctx, slot, &before))
		return guestpt_edit_result(GUESTPT_EDIT_REFUSED, GUESTPT_OWES_NOTHING, 0);
	if (!(before & VK_PG_P))
		return guestpt_edit_result(GUESTPT_EDIT_NO_ENTRY, GUESTPT_OWES_NOTHING, before);
	return guestpt_replace(pt, slot, 0);
}
