/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk of guest tables that copyio makes, with the defects that hypervisors have had in it.
 *
 * Written beside the core's walk, not over it: with no defect it finds the same, entry by entry.
 * Where a kernel would read past a table into the next host frame, this reads the next
 * guest-physical page, since frames of the simulated host do not follow each other.
 */
#include "defect/defect.h"

#define RETRIES 1024

#define OLD_PG_FRAME VK_BITS(51, 12) /* the mask with which the low bits of a large page stay */

/* The walk as far as it has come. */
struct defect_walk {
	struct defects *defects;
	struct vk_us *us;
	struct guestpt_walk walk;
	uint64_t table;
	uint64_t entry;   /* whose bits say where the page is */
	uint64_t checked; /* whose bits say what may be done */
};

static bool
has(const struct defect_walk *state, enum defect defect)
{
	return defects_have(state->defects, defect);
}

/* Where the entry of this level is. */
static gpa_t
slot_of(const struct defect_walk *state, unsigned level)
{
	const struct guestpt *pt = &state->us->pt;
	uint64_t index = vk_level_index(state->walk.gva.v, level);
	uint64_t low = 0;

	if (level == pt->levels) {
		if (has(state, DEFECT_PML4_INDEX_UNMASKED))
			index = state->walk.gva.v >> vk_level_shift(level);
		if (has(state, DEFECT_CR3_LOW_BITS_SCALED))
			low = pt->mode.cr3 & VK_CR3_PCID;
	}
	return vk_gpa(state->table + 8 * (low + index));
}

/* The entry as it was when it was read first. */
static void
remember_entry(struct defects *defects, gpa_t slot, uint64_t *entry)
{
	unsigned i;

	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
	for (i = 0; i < defects->remembered_count; i++) {
		if (defects->remembered[i].slot.v == slot.v) {
			*entry = defects->remembered[i].entry;
			return;
		}
	}
	if (i == DEFECT_REMEMBERED)
		return;
	defects->remembered[i].slot = slot;
	defects->remembered[i].entry = *entry;
	defects->remembered_count++;
}

static int
read_entry(struct defect_walk *state, unsigned level)
{
	struct gpm *mem = &state->us->mem;
	struct machine_process *process = state->defects->process;
	gpa_t slot = slot_of(state, level);
	uint64_t page = slot.v & ~VK_PAGE_OFFSET_MASK;

	if (!mem->ops->load(mem->ctx, slot, &state->entry))
		return 0;
	if (level == 1 && has(state, DEFECT_TABLE_REMEMBERED))
		remember_entry(state->defects, slot, &state->entry);
	if (has(state, DEFECT_COPYIO_REMOVES_PAGES) && process != NULL)
		machine_process_revoke(process, page, page + VK_PAGE_BYTES, true);
	state->checked = state->entry;
	if (level == 1 && has(state, DEFECT_ENTRY_READ_TWICE)) {
		vk_pause();
		if (!mem->ops->load(mem->ctx, slot, &state->entry))
			return 0;
	}
	state->walk.level = level;
	state->walk.step[level].slot = slot;
	state->walk.step[level].entry = state->entry;
	if (has(state, DEFECT_ENTRY_UPPER_HALF_LOST))
		state->entry = state->checked = state->entry & 0xffffffffu;
	return 1;
}

static int
is_leaf(const struct defect_walk *state, unsigned level)
{
	if (level == 3 && has(state, DEFECT_ONE_G_AS_TABLE))
		return 0;
	return guestpt_is_leaf(level, state->entry);
}

static int
is_refused(const struct defect_walk *state, unsigned level)
{
	int leaf = is_leaf(state, level);
	uint64_t reserved = state->us->pt.reserved[level][leaf];

	if (level == 1 && has(state, DEFECT_PTE_PAT_AS_PS) && (state->checked & VK_PG_PAT))
		return 1;
	if (has(state, DEFECT_NO_RESERVED_CHECK) ||
	    (level == 4 && has(state, DEFECT_PML4_RESERVED_IGNORED)))
		return 0;
	if (has(state, DEFECT_NX_NEVER_RESERVED))
		reserved &= ~VK_PG_XD;
	if (leaf && level > 1 && has(state, DEFECT_LARGE_PAGE_LOW_BITS))
		reserved &= ~VK_BITS(29, 13);
	return (state->checked & reserved) != 0;
}

static uint64_t
frame_of(const struct defect_walk *state, unsigned level)
{
	uint64_t frame = state->entry &
	    vk_frame_mask(state->us->pt.mode.maxphyaddr, vk_level_shift(level));

	if (level > 1 && has(state, DEFECT_PAT_IN_GPA))
		frame = state->entry & OLD_PG_FRAME;
	if (level > 1 && has(state, DEFECT_LARGE_PAGE_LOW_BITS))
		frame = state->entry & OLD_PG_FRAME & ~VK_PG_PAT_LARGE;
	if (has(state, DEFECT_GFN_TRUNCATED))
		frame &= VK_BITS(43, 0);
	return frame;
}

/* Goes from the root to the leaf. */
static int
descend(struct defect_walk *state)
{
	unsigned level;

	for (level = state->us->pt.levels;; level--) {
		if (level == 0 || !read_entry(state, level) || !(state->checked & VK_PG_P) ||
		    is_refused(state, level))
			return 0;
		if (is_leaf(state, level) || !has(state, DEFECT_RIGHTS_OF_LEAF_ONLY))
			state->walk.perm &= state->checked ^ VK_PG_XD;
		if (is_leaf(state, level))
			return 1;
		state->table = state->entry &
		    vk_frame_mask(state->us->pt.mode.maxphyaddr, VK_PAGE_SHIFT);
	}
}

static int
walk_once(struct defect_walk *state, gva_t uaddr, unsigned acc)
{
	const struct guestpt *pt = &state->us->pt;
	struct guestpt_walk *walk = &state->walk;

	walk->gva = uaddr;
	if (pt->levels == 5 && has(state, DEFECT_LA57_TRUNCATED))
		walk->gva.v &= VK_BITS(47, 0);
	walk->acc = acc | (has(state, DEFECT_ACCESS_AS_SUPERVISOR) ? 0 : VK_ACC_USER);
	walk->perm = VK_PG_P | VK_PG_RW | VK_PG_US | VK_PG_XD;
	state->table = pt->mode.cr3 & OLD_PG_FRAME;
	if (!has(state, DEFECT_NO_RANGE_CHECK) && !vk_gva_is_canonical(walk->gva, pt->width))
		return 0;
	if (!descend(state))
		return 0;
	if (!has(state, DEFECT_NO_PERMISSION_CHECK) &&
	    guestpt_denials(pt, walk->acc, walk->perm, state->checked) != 0)
		return 0;
	walk->gpa = vk_gpa(frame_of(state, walk->level) |
	    (uaddr.v & (vk_level_size(walk->level) - 1)));
	return 1;
}

int
defect_translate(struct defects *defects, struct vk_us *us, gva_t uaddr, unsigned acc, gpa_t *gpa)
{
	struct defect_walk state = { .defects = defects, .us = us };
	enum cas_status flags = CAS_LOST;
	unsigned tries;

	for (tries = 0; tries < RETRIES && flags == CAS_LOST; tries++) {
		if (us->pt.levels == 0 || !walk_once(&state, uaddr, acc)) {
			*gpa = vk_gpa(0);
			return defects_have(defects, DEFECT_WALK_ERROR_IGNORED);
		}
		flags = defects_have(defects, DEFECT_NO_AD_UPDATE) ? CAS_DONE :
		    guestpt_commit_ad(&us->pt, &state.walk);
	}
	*gpa = state.walk.gpa;
	return flags == CAS_DONE;
}
