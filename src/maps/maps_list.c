/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings: runs of entries taken apart, filtered, and led through the outer tables.
 *
 * A guest's page is as large as its leaf, and what backs it may come in parts of any size: each
 * outer leaf makes a mapping of its own, and so does each stretch that the outer tables do not map.
 * The part found last, and the tables that led to it, are kept: neighbours mostly share them.
 */
#include <stdlib.h>

#include "maps/maps_tables.h"

/* How often the outer tables may be asked in one listing. */
#define LOOKUPS_MAX (1u << 25)

/* What the outer tables make of a stretch of guest-physical memory. */
struct part {
	uint64_t gpa, size, hpa;
	uint64_t perm, leaf;
	unsigned level;
	enum maps_kind kind; /* MAPS_PAGE, or why it cannot be had */
};

struct maps {
	const struct view *view;
	enum maps_side side;
	struct maps_filter filter;
	bool is_filtered;           /* beyond the range */
	uint64_t key_bits;          /* of a guest's leaf */
	struct maps_run run;
	unsigned next;              /* of the run's entries */
	struct maps_mapping page;   /* MAPS_BOTH: the guest's page, of which ... */
	uint64_t left;              /* ... so much is still to be listed */
	struct part part;
	unsigned lookups;
	bool failed;
	struct maps_walk walk;
	struct maps_walk outer;     /* MAPS_BOTH: only its tables, kept open from part to part */
};

/* --- leaves ----------------------------------------------------------------------------------- */

#define PUT(value, at) ((uint64_t)(value) << (at))

static inline uint64_t
what_of_guest(uint64_t entry, uint64_t perm, unsigned level, uint64_t key_bits)
{
	uint64_t rights = maps_guest_rights(perm);
	uint64_t pat = entry >> (level == 1 ? 7 : 12) & 1;

	return rights << MAPS_AT_RIGHTS | rights << MAPS_AT_GUEST_RIGHTS |
	    PUT((entry >> 8 & MAPS_G) | (entry >> 4 & (MAPS_A | MAPS_D)), MAPS_AT_FLAGS) |
	    PUT((entry >> 3 & 3) | pat << 2, MAPS_AT_CACHE) |
	    PUT((entry & key_bits) >> VK_PG_PKEY_SHIFT, MAPS_AT_KEY) |
	    PUT(level, MAPS_AT_LEVEL) | PUT(MAPS_PAGE, MAPS_AT_KIND);
}

/* Flags of an outer leaf; an EPT has them only where EPTP bit 6 is set. */
static unsigned
outer_flags(const struct view *view, uint64_t leaf)
{
	if (view->outer == VIEW_NPT)
		return (unsigned)(leaf >> 4 & (MAPS_A | MAPS_D));
	return view->ept.ad ? (unsigned)(leaf >> 7 & (MAPS_A | MAPS_D)) : 0;
}

/* Memory type and IPAT, which stand side by side but for bit 6. */
static unsigned
outer_memtype(const struct view *view, uint64_t leaf)
{
	return view->outer == VIEW_EPT ? (unsigned)(leaf >> EPT_MEMTYPE_SHIFT & 0xf) : 0;
}

static uint64_t
what_of_outer(const struct maps *maps, uint64_t entry, uint64_t perm, unsigned level)
{
	unsigned rights = maps_walk_rights(&maps->walk, perm);

	return PUT(rights, MAPS_AT_RIGHTS) | PUT(rights, MAPS_AT_OUTER_RIGHTS) |
	    PUT(outer_flags(maps->view, entry), MAPS_AT_FLAGS) |
	    PUT(outer_memtype(maps->view, entry), MAPS_AT_MEMTYPE) |
	    PUT(level, MAPS_AT_LEVEL) | PUT(MAPS_PAGE, MAPS_AT_KIND);
}

/* --- filter ----------------------------------------------------------------------------------- */

static bool
is_in(uint64_t address, uint64_t start, uint64_t size)
{
	return address - start < size;
}

static bool
is_wanted(const struct maps *maps, const struct maps_mapping *mapping)
{
	const struct maps_filter *filter = &maps->filter;
	unsigned rights = maps_part(mapping, MAPS_AT_RIGHTS, MAPS_RIGHTS);
	unsigned flags = maps_part(mapping, MAPS_AT_FLAGS, MAPS_FLAGS);

	if (mapping->start >= filter->end || mapping->start + mapping->size <= filter->start)
		return false;
	if (maps_kind_of(mapping) > MAPS_UNBACKED)
		return !maps->is_filtered;
	if ((filter->rights & ~rights) != 0 || (filter->no_rights & rights) != 0 ||
	    (filter->flags & ~flags) != 0 || (filter->no_flags & flags) != 0)
		return false;
	if ((filter->levels >> maps_part(mapping, MAPS_AT_LEVEL, 7) & 1) == 0)
		return false;
	if (filter->by_gpa && !is_in(filter->gpa, mapping->gpa, mapping->size))
		return false;
	return !filter->by_hpa || (maps_kind_of(mapping) == MAPS_PAGE &&
	    is_in(filter->hpa, mapping->hpa, mapping->size));
}

/* --- one table -------------------------------------------------------------------------------- */

/* An entry that leads nowhere, or must not be as it is. */
static void
fill_trouble(const struct maps *maps, uint64_t start, unsigned level, uint64_t target,
    enum maps_kind kind, struct maps_mapping *mapping)
{
	mapping->start = start;
	mapping->size = vk_level_size(level);
	mapping->gpa = maps->side == MAPS_OUTER ? start : target;
	mapping->hpa = maps->side == MAPS_OUTER ? target : MAPS_NOWHERE;
	mapping->what = PUT(level, MAPS_AT_LEVEL) | PUT(kind, MAPS_AT_KIND);
}

/*
 * What entries of a run are read by; a copy, so that what is listed cannot change it.  And what the
 * last of them said beside its frame, which its neighbours mostly say, too.
 */
struct reading {
	uint64_t start, size, perm, present, flip, frame_bits, reserved, key_bits;
	unsigned level;
	bool is_outer, is_flat, is_malformed;
	const struct ept *ept;
	uint64_t said; /* 0: nothing yet */
	uint64_t what;
};

static struct reading
begin_reading(const struct maps *maps)
{
	const struct maps_run *run = &maps->run;
	const struct maps_walk *walk = &maps->walk;
	struct reading reading = { .start = run->start, .perm = run->perm, .level = run->level,
		.size = vk_level_size(run->level), .present = walk->present, .flip = walk->flip,
		.reserved = walk->reserved[run->level][1], .key_bits = maps->key_bits,
		.is_outer = maps->side == MAPS_OUTER,
		.is_flat = maps->view->outer == VIEW_FLAT, .ept = walk->ept };

	reading.frame_bits = walk->frame_bits & ~(reading.size - 1);
	return reading;
}

/* Takes apart what a present entry says. */
static void
read_entry(const struct maps *maps, struct reading *reading, uint64_t entry)
{
	uint64_t perm = reading->perm & (entry ^ reading->flip);

	reading->said = entry & ~reading->frame_bits;
	reading->is_malformed = reading->ept == NULL ? (entry & reading->reserved) != 0 :
	    maps_walk_is_malformed(&maps->walk, entry, reading->level);
	reading->what = reading->is_outer ?
	    what_of_outer(maps, entry, perm, reading->level) :
	    what_of_guest(entry, perm, reading->level, reading->key_bits);
}

static inline void
fill_mapping(const struct maps *maps, struct reading *reading, uint64_t entry, unsigned index,
    struct maps_mapping *mapping)
{
	uint64_t start = reading->start + index * reading->size;
	uint64_t frame = entry & reading->frame_bits;

	if (reading->said != (entry & ~reading->frame_bits))
		read_entry(maps, reading, entry);
	if (reading->is_malformed) {
		fill_trouble(maps, start, reading->level, 0, MAPS_MALFORMED, mapping);
		return;
	}
	mapping->start = start;
	mapping->size = reading->size;
	mapping->gpa = reading->is_outer ? start : frame;
	mapping->hpa = reading->is_outer || reading->is_flat ? frame : MAPS_NOWHERE;
	mapping->what = reading->what;
}

/* Lists what is left of a run of leaves. */
static size_t
list_leaves(struct maps *maps, struct maps_mapping *mapping, size_t room)
{
	struct reading reading = begin_reading(maps);
	const unsigned char *table = maps->run.entry;
	unsigned index = maps->next, end = maps->run.count;
	bool is_filtered = maps->is_filtered;
	size_t n = 0;

	while (index < end && n < room) {
		uint64_t entry = image_entry(table, index);

		if (!(entry & reading.present)) {
			index = image_next_entry(table, index, end);
			continue;
		}
		fill_mapping(maps, &reading, entry, index++, &mapping[n]);
		/* The walk has seen to the range. */
		n += !is_filtered || is_wanted(maps, &mapping[n]);
	}
	maps->next = index;
	return n;
}

/* Lists what is left of the run; returns how many. */
static size_t
list_run(struct maps *maps, struct maps_mapping *mapping, size_t room)
{
	if (maps->run.kind == MAPS_PAGE)
		return list_leaves(maps, mapping, room);
	maps->next = maps->run.count;
	fill_trouble(maps, maps->run.start, maps->run.level, maps->run.target, maps->run.kind,
	    mapping);
	return is_wanted(maps, mapping) ? 1 : 0;
}

/* --- through the outer one -------------------------------------------------------------------- */

/* The lowest open table of the outer ones that translates an address. */
static unsigned
lowest_frame(struct maps_walk *outer, uint64_t gpa)
{
	unsigned level = outer->level;

	while (level < outer->levels &&
	    (gpa ^ outer->frame[level].base) >> vk_level_shift(level + 1) != 0)
		level++;
	return level;
}

/*
 * Walks the outer tables, from the lowest that is open, to what an address leads to.  *part covers
 * all that the last entry does.
 */
static void
walk_outer(struct maps_walk *outer, uint64_t gpa, struct part *part)
{
	unsigned level = lowest_frame(outer, gpa);

	for (;; level--) {
		struct maps_frame *frame = &outer->frame[level];
		uint64_t size = vk_level_size(level);
		uint64_t entry = image_entry(frame->table, vk_level_index(gpa, level));
		uint64_t perm = frame->perm & (entry ^ outer->flip);

		outer->level = level;
		part->gpa = gpa & ~(size - 1);
		part->size = size;
		part->level = level;
		part->leaf = entry;
		part->perm = perm;
		part->hpa = entry & outer->frame_bits & ~(size - 1);
		part->kind = MAPS_PAGE;
		if (!(entry & outer->present))
			part->kind = MAPS_UNBACKED;
		else if (maps_walk_is_malformed(outer, entry, level))
			part->kind = MAPS_MALFORMED;
		else if (maps_entry_is_table(outer, entry, level))
			part->kind = maps_table_open(outer, entry & outer->frame_bits,
			    level - 1);
		else
			return;
		if (part->kind != MAPS_PAGE)
			return;
		outer->frame[level - 1].base = part->gpa;
		outer->frame[level - 1].perm = perm;
	}
}

/* The part that a guest-physical address is in; false when there have been too many. */
static bool
find_part(struct maps *maps, uint64_t gpa)
{
	unsigned width = vk_level_shift(maps->outer.levels + 1);
	struct part *part = &maps->part;

	if (part->size != 0 && is_in(gpa, part->gpa, part->size))
		return true;
	if (++maps->lookups > LOOKUPS_MAX) {
		maps->failed = true;
		return false;
	}
	if (gpa >> width == 0) {
		walk_outer(&maps->outer, gpa, part);
		return true;
	}
	/* More bits than the tables translate: no entry is read. */
	memset(part, 0, sizeof(*part));
	part->gpa = gpa & ~(VK_BIT(width) - 1);
	part->size = VK_BIT(width);
	part->kind = MAPS_UNBACKED;
	return true;
}

/* What an EPT allows; fetches from pages of user mode may have a right of their own. */
static unsigned
rights_by_ept(const struct ept *ept, unsigned guest, uint64_t perm)
{
	unsigned rights = maps_ept_rights(perm);

	if ((ept->controls & EPT_CTL_MBEC) && (guest & MAPS_U))
		rights = (rights & ~MAPS_X) | ((rights & MAPS_U) != 0 ? MAPS_X : 0);
	return rights & ~MAPS_U;
}

static uint64_t
what_of_both(const struct maps *maps, uint64_t guest, const struct part *part)
{
	uint64_t what = guest & ~PUT(MAPS_RIGHTS, MAPS_AT_RIGHTS);
	unsigned rights = (unsigned)guest & MAPS_RIGHTS, outer;

	if (part->kind != MAPS_PAGE)
		return what | PUT(part->kind, MAPS_AT_KIND) |
		    PUT(part->level, MAPS_AT_OUTER_LEVEL);
	outer = maps->view->outer == VIEW_EPT ?
	    rights_by_ept(&maps->view->ept, rights, part->perm) : maps_npt_rights(part->perm);
	return what | PUT(rights & (outer | MAPS_U), MAPS_AT_RIGHTS) |
	    PUT(outer, MAPS_AT_OUTER_RIGHTS) | PUT(part->level, MAPS_AT_OUTER_LEVEL) |
	    PUT(outer_flags(maps->view, part->leaf), MAPS_AT_OUTER_FLAGS) |
	    PUT(outer_memtype(maps->view, part->leaf), MAPS_AT_MEMTYPE);
}

/* Lists the next part of the guest's page; 0 where it is not wanted, or nothing goes on. */
static size_t
list_part(struct maps *maps, struct maps_mapping *mapping)
{
	const struct part *part = &maps->part;
	uint64_t done = maps->page.size - maps->left, gpa = maps->page.gpa + done, rest;

	if (!find_part(maps, gpa)) {
		maps->left = 0;
		return 0;
	}
	rest = part->size - (gpa - part->gpa);
	if (rest > maps->left)
		rest = maps->left;
	mapping->start = maps->page.start + done;
	mapping->size = rest;
	mapping->gpa = gpa;
	mapping->hpa = part->kind == MAPS_PAGE ? part->hpa + (gpa - part->gpa) :
	    MAPS_NOWHERE;
	mapping->what = what_of_both(maps, maps->page.what, part);
	maps->left -= rest;
	return is_wanted(maps, mapping) ? 1 : 0;
}

/* Takes the next entry of the run, to be listed part by part, or as what is wrong with it. */
static size_t
begin_page(struct maps *maps, struct maps_mapping *mapping)
{
	struct maps_mapping *page = &maps->page;
	struct reading reading;
	uint64_t entry;

	if (maps->run.kind != MAPS_PAGE)
		return list_run(maps, mapping, 1);
	entry = image_entry(maps->run.entry, maps->next++);
	if (!(entry & maps->walk.present))
		return 0;
	reading = begin_reading(maps);
	fill_mapping(maps, &reading, entry, maps->next - 1, page);
	if (maps_kind_of(page) == MAPS_PAGE) {
		maps->left = page->size;
		return 0;
	}
	*mapping = *page;
	return is_wanted(maps, mapping) ? 1 : 0;
}

/* --- all -------------------------------------------------------------------------------------- */

enum maps_status
maps_begin(struct maps **result, const struct view *view, enum maps_side side,
    const struct maps_filter *filter)
{
	struct maps_census census;
	enum maps_status status = maps_census_make(&census, view, side, filter, false);
	struct maps *maps;

	*result = NULL;
	if (status != MAPS_OK)
		return status;
	maps = malloc(sizeof(*maps));
	if (maps == NULL)
		return MAPS_NO_MEMORY;
	memset(maps, 0, offsetof(struct maps, walk));
	maps->view = view;
	maps->side = side;
	maps->filter = *filter;
	maps->is_filtered = (filter->rights | filter->no_rights | filter->flags |
	    filter->no_flags) != 0 || filter->by_gpa || filter->by_hpa || filter->levels != ~0u;
	if (view->mode.cr4 & (VK_CR4_PKE | VK_CR4_PKS))
		maps->key_bits = VK_PG_PKEY;
	status = maps_walk_begin(&maps->walk, view, side == MAPS_OUTER ? MAPS_OUTER : MAPS_GUEST,
	    &maps->filter, false);
	if (status == MAPS_OK && side == MAPS_BOTH)
		status = maps_walk_begin(&maps->outer, view, MAPS_OUTER, &maps->filter, false);
	if (status != MAPS_OK) {
		free(maps);
		return status;
	}
	*result = maps;
	return MAPS_OK;
}

void
maps_end(struct maps *maps)
{
	free(maps);
}

size_t
maps_next(struct maps *maps, struct maps_mapping *mapping, size_t room)
{
	size_t n = 0;

	while (n < room && !maps->failed) {
		if (maps->left != 0) {
			n += list_part(maps, &mapping[n]);
		} else if (maps->next < maps->run.count) {
			n += maps->side == MAPS_BOTH ? begin_page(maps, &mapping[n]) :
			    list_run(maps, &mapping[n], room - n);
		} else {
			maps->next = 0;
			if (!maps_walk_next(&maps->walk, &maps->run)) {
				maps->run.count = 0;
				break;
			}
		}
	}
	return n;
}

bool
maps_failed(const struct maps *maps)
{
	return maps->failed;
}
