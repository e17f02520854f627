/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The walk over all entries of a table and of those below it, in ascending order.
 *
 * It stops at each run of entries that map pages and hands them out as they lie, so that a page
 * costs whoever lists it one look at its entry and the walk nothing.  One table a level is open;
 * the walk can stop anywhere and needs no stack of calls.
 */
#include "maps/maps_tables.h"

#define MONITOR_FRAME VK_BITS(49, 12) /* what QEMU's monitor takes for a physical address */

/* --- formats ---------------------------------------------------------------------------------- */

unsigned
maps_width(const struct view *view, enum maps_side side)
{
	unsigned levels = side == MAPS_OUTER ? view_outer_levels(view) : view_guest_levels(view);

	return vk_level_shift(levels + 1);
}

static void
set_ordinary(struct maps_walk *walk, const struct guestpt *pt)
{
	walk->present = VK_PG_P;
	walk->flip = VK_PG_XD;
	walk->perm_bits = VK_PG_RW | VK_PG_US | VK_PG_XD;
	walk->frame_bits = vk_frame_mask(pt->mode.maxphyaddr, VK_PAGE_SHIFT);
	memcpy(walk->reserved, pt->reserved, sizeof(walk->reserved));
	walk->levels = pt->levels;
}

static void
set_ept(struct maps_walk *walk, const struct ept *ept)
{
	walk->ept = ept;
	walk->present = ept->present;
	walk->perm_bits = ept->present;
	walk->frame_bits = vk_frame_mask(ept->maxphyaddr, VK_PAGE_SHIFT);
	walk->levels = ept->levels;
}

static void
set_format(struct maps_walk *walk)
{
	const struct view *view = walk->view;
	struct gpm nowhere = { NULL, NULL };
	struct guestpt guest;

	if (walk->side == MAPS_OUTER && view->outer == VIEW_EPT) {
		set_ept(walk, &view->ept);
	} else if (walk->side == MAPS_OUTER) {
		set_ordinary(walk, &view->npt);
	} else {
		guestpt_init(&guest, nowhere, &view->mode);
		set_ordinary(walk, &guest);
	}
	if (walk->as_monitor) {
		walk->frame_bits = MONITOR_FRAME;
		memset(walk->reserved, 0, sizeof(walk->reserved));
	}
}

bool
maps_walk_is_malformed(const struct maps_walk *walk, uint64_t entry, unsigned level)
{
	uint64_t bits;

	if (walk->ept != NULL)
		return ept_entry_check(walk->ept, entry, level, &bits) != EPT_WHY_NONE;
	return (entry & walk->reserved[level][guestpt_is_leaf(level, entry)]) != 0;
}

unsigned
maps_walk_rights(const struct maps_walk *walk, uint64_t perm)
{
	if (walk->ept != NULL)
		return maps_ept_rights(perm);
	return walk->side == MAPS_OUTER ? maps_npt_rights(perm) : maps_guest_rights(perm);
}

/* --- filter ----------------------------------------------------------------------------------- */

void
maps_filter_init(struct maps_filter *filter, const struct view *view, enum maps_side side)
{
	memset(filter, 0, sizeof(*filter));
	filter->end = VK_BIT(maps_width(view, side));
	filter->levels = ~0u;
}

/* Whether a page below an entry of that level, by these rights, could be wanted. */
static bool
may_be_wanted(const struct maps_walk *walk, uint64_t perm, unsigned level)
{
	return maps_table_has_levels(walk->filter, level) &&
	    (walk->filter->rights & ~maps_walk_rights(walk, perm)) == 0;
}

/* --- frames ----------------------------------------------------------------------------------- */

enum maps_kind
maps_table_open(struct maps_walk *walk, uint64_t address, unsigned level)
{
	const struct view *view = walk->view;
	struct maps_frame *frame = &walk->frame[level];
	hpa_t hpa = vk_hpa(address);

	if (walk->side == MAPS_GUEST) {
		switch (view_guest_page(view, vk_gpa(address), &hpa, walk->scratch[level],
		    &frame->table)) {
		case VIEW_OK:
			return MAPS_PAGE;
		case VIEW_REFUSED:
			return MAPS_LOST;
		case VIEW_ABSENT:
			return MAPS_ABSENT;
		}
	}
	frame->table = image_page(view->image, hpa, walk->scratch[level]);
	return frame->table != NULL ? MAPS_PAGE : MAPS_ABSENT;
}

/* Lets the frame of an opened table be on top. */
static void
set_frame(struct maps_walk *walk, unsigned level, uint64_t base, uint64_t perm)
{
	struct maps_frame *frame = &walk->frame[level];

	frame->base = base;
	frame->perm = perm;
	maps_table_clip(walk->filter, base, level, &frame->next, &frame->end);
	walk->level = level;
}

void
maps_walk_init(struct maps_walk *walk, const struct view *view, enum maps_side side,
    const struct maps_filter *filter, bool as_monitor)
{
	/* All but what a table is put together in. */
	memset(walk, 0, offsetof(struct maps_walk, scratch));
	walk->view = view;
	walk->side = side;
	walk->filter = filter;
	walk->as_monitor = as_monitor;
	set_format(walk);
}

uint64_t
maps_walk_root(const struct maps_walk *walk)
{
	uint64_t root = walk->side == MAPS_OUTER ? view_outer_root(walk->view).v :
	    view_guest_root(walk->view).v;

	return root & walk->frame_bits;
}

enum maps_status
maps_walk_begin(struct maps_walk *walk, const struct view *view, enum maps_side side,
    const struct maps_filter *filter, bool as_monitor)
{
	enum maps_kind kind;

	maps_walk_init(walk, view, side, filter, as_monitor);
	kind = maps_table_open(walk, maps_walk_root(walk), walk->levels);
	if (kind == MAPS_ABSENT)
		return MAPS_NO_ROOT;
	walk->lost_root = kind == MAPS_LOST;
	if (filter->start < filter->end && !walk->lost_root)
		set_frame(walk, walk->levels, 0, walk->perm_bits);
	else
		walk->level = walk->levels + 1;
	return MAPS_OK;
}

/* --- runs ------------------------------------------------------------------------------------- */

static inline bool
is_present(const struct maps_walk *walk, uint64_t entry)
{
	return (entry & walk->present) != 0;
}

/* Entries from the frame's next on, up to one that names a table; none when that is the next. */
static bool
take_leaves(const struct maps_walk *walk, struct maps_frame *frame, unsigned level,
    struct maps_run *run)
{
	unsigned first = frame->next, end = frame->end;

	if (level > 1) {
		/* What is not present leads and follows no run. */
		while (first < frame->end && !is_present(walk, image_entry(frame->table, first)))
			first++;
		end = first;
		while (end < frame->end &&
		    !maps_entry_is_table(walk, image_entry(frame->table, end), level))
			end++;
	}
	frame->next = end;
	if (first == end)
		return false;
	run->kind = MAPS_PAGE;
	run->level = level;
	run->count = end - first;
	run->start = frame->base + first * vk_level_size(level);
	run->perm = frame->perm;
	run->entry = frame->table + 8 * (size_t)first;
	return true;
}

/* Opens the table that the next entry names.  true: it leads nowhere, and *run says so. */
static bool
enter_table(struct maps_walk *walk, struct maps_frame *frame, unsigned level,
    struct maps_run *run)
{
	unsigned index = frame->next++;
	uint64_t entry = image_entry(frame->table, index);
	uint64_t perm = frame->perm & (entry ^ walk->flip);
	uint64_t base = frame->base + index * vk_level_size(level);

	run->kind = MAPS_MALFORMED;
	if (walk->as_monitor || !maps_walk_is_malformed(walk, entry, level)) {
		if (!may_be_wanted(walk, perm, level))
			return false;
		run->kind = maps_table_open(walk, entry & walk->frame_bits, level - 1);
	}
	if (run->kind == MAPS_PAGE) {
		set_frame(walk, level - 1, base, perm);
		return false;
	}
	run->level = level;
	run->count = 1;
	run->start = base;
	run->perm = perm;
	run->target = entry & walk->frame_bits;
	run->entry = frame->table + 8 * (size_t)index;
	return true;
}

/* The root itself, which the outer tables do not map: as if an entry above had named it. */
static bool
tell_lost_root(struct maps_walk *walk, struct maps_run *run)
{
	memset(run, 0, sizeof(*run));
	run->kind = MAPS_LOST;
	run->level = walk->levels + 1;
	run->count = 1;
	run->target = maps_walk_root(walk);
	walk->lost_root = false;
	return true;
}

bool
maps_walk_next(struct maps_walk *walk, struct maps_run *run)
{
	if (walk->lost_root)
		return tell_lost_root(walk, run);
	while (walk->level <= walk->levels) {
		struct maps_frame *frame = &walk->frame[walk->level];

		if (take_leaves(walk, frame, walk->level, run))
			return true;
		/* The last level has nothing but leaves. */
		if (frame->next >= frame->end || walk->level < 2)
			walk->level++;
		else if (enter_table(walk, frame, walk->level, run))
			return true;
	}
	return false;
}
