/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Edits of extended page tables.  Splitting and merging keep the translation of every address as it
 * was; they still owe an invalidation, since a processor may hold the old size.
 */
#include "ept/ept_edit.h"

/* Flags that a processor may set while we look; an edit keeps them. */
#define EPT_HARDWARE_FLAGS (EPT_A | EPT_D)

static struct ept_edit
ept_edit_result(enum ept_edit_status status, enum ept_owed owed, uint64_t before)
{
	struct ept_edit edit;

	edit.status = status;
	edit.owed = owed;
	edit.before = before;
	return edit;
}

static uint64_t
ept_load(const struct ept *ept, hpa_t slot)
{
	return ept->mem.ops->load(ept->mem.ctx, slot);
}

enum ept_owed
ept_owed_for(const struct ept *ept, uint64_t before, uint64_t after)
{
	uint64_t meaning = ~(VK_BITS(62, 52) | VK_BIT(11) | ept->present);
	uint64_t bits;

	/* What is not present or not well formed was never cached. */
	if (!ept_is_present(ept, before) || ept_entry_check(ept, before, 1, &bits))
		return EPT_OWES_NOTHING;
	if (before & ept->present & ~after)
		return EPT_OWES_INVEPT;
	if (!(ept->controls & EPT_CTL_MBEC))
		meaning &= ~EPT_XU;
	if (!ept->ad)
		meaning &= ~EPT_HARDWARE_FLAGS;
	if (ept->controls & EPT_CTL_SPP)
		meaning |= EPT_SPP;
	/* Flags that go from 0 to 1 were set early, which is no harm. */
	return ((before & ~after) | ((before ^ after) & ~EPT_HARDWARE_FLAGS)) & meaning ?
	    EPT_OWES_INVEPT : EPT_OWES_NOTHING;
}

int
ept_find(const struct ept *ept, gpa_t gpa, unsigned level, hpa_t *slot, unsigned *found)
{
	uint64_t frame = vk_frame_mask(ept->maxphyaddr, VK_PAGE_SHIFT);
	uint64_t table = ept->eptp & frame;
	unsigned at;

	for (at = ept->levels;; at--) {
		uint64_t entry;

		*slot = vk_hpa(table + vk_level_index(gpa.v, at) * 8);
		*found = at;
		if (at == level)
			return 1;
		entry = ept_load(ept, *slot);
		if (!ept_is_present(ept, entry))
			return 0;
		if (ept_is_leaf(at, entry))
			return 1;
		table = entry & frame;
	}
}

/* Replaces bits of an entry; the others keep what they have when it happens. */
static struct ept_edit
ept_replace(const struct ept *ept, hpa_t slot, uint64_t after, uint64_t replaced_bits)
{
	uint64_t before, wanted;
	enum cas_status status;

	do {
		before = ept_load(ept, slot);
		wanted = (before & ~replaced_bits) | after;
		status = ept->mem.ops->cas(ept->mem.ctx, slot, before, wanted);
	} while (status == CAS_LOST);
	if (status == CAS_REFUSED)
		return ept_edit_result(EPT_EDIT_REFUSED, EPT_OWES_NOTHING, before);
	return ept_edit_result(EPT_EDIT_DONE, ept_owed_for(ept, before, wanted), before);
}

/* Hangs a new table under an entry that is not present. */
static enum ept_edit_status
ept_add_table(const struct ept *ept, const struct ept_frames *frames, hpa_t slot)
{
	uint64_t before = ept_load(ept, slot);
	enum cas_status status;
	hpa_t table;

	if (ept_is_present(ept, before)) /* somebody else was first; theirs will do */
		return EPT_EDIT_DONE;
	if (!frames->take(frames->ctx, &table))
		return EPT_EDIT_NO_FRAME;
	status = ept->mem.ops->cas(ept->mem.ctx, slot, before, table.v | ept->present);
	if (status != CAS_DONE)
		frames->give(frames->ctx, table);
	return status == CAS_REFUSED ? EPT_EDIT_REFUSED : EPT_EDIT_DONE;
}

struct ept_edit
ept_map(const struct ept *ept, const struct ept_frames *frames, gpa_t gpa, hpa_t hpa,
    unsigned level, uint64_t flags)
{
	uint64_t frame = vk_frame_mask(ept->maxphyaddr, vk_level_shift(level));
	uint64_t leaf = (hpa.v & frame) | flags | (level > 1 ? EPT_PS : 0);
	uint64_t before;
	unsigned found;
	hpa_t slot;

	while (!ept_find(ept, gpa, level, &slot, &found)) {
		enum ept_edit_status status = ept_add_table(ept, frames, slot);

		if (status != EPT_EDIT_DONE)
			return ept_edit_result(status, EPT_OWES_NOTHING, 0);
	}
	before = ept_load(ept, slot);
	if (found != level || (ept_is_present(ept, before) && !ept_is_leaf(level, before)))
		return ept_edit_result(EPT_EDIT_NO_ENTRY, EPT_OWES_NOTHING, 0);
	return ept_replace(ept, slot, leaf, ~0ull);
}

/* Finds the leaf that maps gpa. */
static int
ept_find_leaf(const struct ept *ept, gpa_t gpa, hpa_t *slot, unsigned *level)
{
	return ept_find(ept, gpa, 1, slot, level) &&
	    ept_is_present(ept, ept_load(ept, *slot));
}

struct ept_edit
ept_unmap(const struct ept *ept, gpa_t gpa)
{
	unsigned level;
	hpa_t slot;

	if (!ept_find_leaf(ept, gpa, &slot, &level))
		return ept_edit_result(EPT_EDIT_NO_ENTRY, EPT_OWES_NOTHING, 0);
	return ept_replace(ept, slot, 0, ~0ull);
}

struct ept_edit
ept_protect(const struct ept *ept, gpa_t gpa, uint64_t rights)
{
	unsigned level;
	hpa_t slot;

	if (!ept_find_leaf(ept, gpa, &slot, &level))
		return ept_edit_result(EPT_EDIT_NO_ENTRY, EPT_OWES_NOTHING, 0);
	return ept_replace(ept, slot, rights & ept->present, ept->present);
}

/* Fills a table that nobody sees yet with the smaller leaves that a leaf of `level` is made of. */
static enum cas_status
ept_fill_split(const struct ept *ept, hpa_t table, uint64_t leaf, unsigned level)
{
	uint64_t frame = leaf & vk_frame_mask(ept->maxphyaddr, vk_level_shift(level));
	uint64_t flags = leaf & ~vk_frame_mask(ept->maxphyaddr, VK_PAGE_SHIFT);
	enum cas_status status = CAS_DONE;
	unsigned i;

	if (level == 2)
		flags &= ~EPT_PS;
	for (i = 0; i < VK_TABLE_ENTRIES && status == CAS_DONE; i++) {
		hpa_t slot = vk_hpa(table.v + i * 8);

		status = ept->mem.ops->cas(ept->mem.ctx, slot, ept_load(ept, slot),
		    (frame + i * vk_level_size(level - 1)) | flags);
	}
	return status;
}

struct ept_edit
ept_split(const struct ept *ept, const struct ept_frames *frames, gpa_t gpa)
{
	enum cas_status status;
	uint64_t before;
	unsigned level;
	hpa_t slot, table;

	if (!ept_find_leaf(ept, gpa, &slot, &level) || level == 1)
		return ept_edit_result(EPT_EDIT_NO_ENTRY, EPT_OWES_NOTHING, 0);
	if (!frames->take(frames->ctx, &table))
		return ept_edit_result(EPT_EDIT_NO_FRAME, EPT_OWES_NOTHING, 0);
	do {
		before = ept_load(ept, slot);
		if (!ept_is_present(ept, before) || !ept_is_leaf(level, before)) {
			frames->give(frames->ctx, table);
			return ept_edit_result(EPT_EDIT_NO_ENTRY, EPT_OWES_NOTHING, before);
		}
		status = ept_fill_split(ept, table, before, level);
		if (status == CAS_DONE)
			status = ept->mem.ops->cas(ept->mem.ctx, slot, before,
			    table.v | ept->present);
	} while (status == CAS_LOST);
	if (status == CAS_REFUSED) {
		frames->give(frames->ctx, table);
		return ept_edit_result(EPT_EDIT_REFUSED, EPT_OWES_NOTHING, before);
	}
	return ept_edit_result(EPT_EDIT_DONE, EPT_OWES_INVEPT, before);
}

/* Whether 512 entries are one page of `level`; joins their accessed and dirty flags in *leaf. */
static int
ept_is_even(const struct ept *ept, uint64_t table, unsigned level, uint64_t *leaf)
{
	uint64_t first = ept_load(ept, vk_hpa(table));
	uint64_t step = vk_level_size(level - 1), flags = 0;
	unsigned i;

	if (!ept_is_present(ept, first) || !ept_is_leaf(level - 1, first) ||
	    (first & vk_frame_mask(ept->maxphyaddr, VK_PAGE_SHIFT) & (vk_level_size(level) - 1)))
		return 0;
	for (i = 0; i < VK_TABLE_ENTRIES; i++) {
		uint64_t entry = ept_load(ept, vk_hpa(table + i * 8));

		flags |= entry & EPT_HARDWARE_FLAGS;
		if ((entry & ~EPT_HARDWARE_FLAGS) != (first & ~EPT_HARDWARE_FLAGS) + i * step)
			return 0;
	}
	*leaf = first | flags | EPT_PS;
	return 1;
}

struct ept_edit
ept_merge(const struct ept *ept, gpa_t gpa, unsigned level, hpa_t *table)
{
	uint64_t leaf = 0, before;
	enum cas_status status;
	unsigned found;
	hpa_t slot;

	if (!ept_find(ept, gpa, level, &slot, &found) || found != level)
		return ept_edit_result(EPT_EDIT_NO_ENTRY, EPT_OWES_NOTHING, 0);
	do {
		before = ept_load(ept, slot);
		if (!ept_is_present(ept, before) || ept_is_leaf(level, before))
			return ept_edit_result(EPT_EDIT_NO_ENTRY, EPT_OWES_NOTHING, 0);
		*table = vk_hpa(before & vk_frame_mask(ept->maxphyaddr, VK_PAGE_SHIFT));
		if (!ept_is_even(ept, table->v, level, &leaf))
			return ept_edit_result(EPT_EDIT_UNEVEN, EPT_OWES_NOTHING, before);
		/* An upper entry may have denied a right to all of it. */
		leaf &= before | ~ept->present;
		status = ept->mem.ops->cas(ept->mem.ctx, slot, before, leaf);
	} while (status == CAS_LOST);
	if (status == CAS_REFUSED)
		return ept_edit_result(EPT_EDIT_REFUSED, EPT_OWES_NOTHING, before);
	return ept_edit_result(EPT_EDIT_DONE, EPT_OWES_INVEPT, before);
}
