/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Folding: neighbours that are alike become one.
 *
 * First, mappings whose addresses and whose memory go on without a gap are joined.  Second, ranges
 * that lead to the same memory again and again at equal distances are counted: kernels map one page
 * in 65,536 places that way, and nobody wants to read them all.
 */
#include "maps/maps.h"

void
maps_folder_init(struct maps_folder *folder, enum maps_fold fold)
{
	memset(folder, 0, sizeof(*folder));
	folder->fold = fold;
}

/* What of a mapping must be the same in its neighbour. */
static uint64_t
what_counts(enum maps_fold fold, const struct maps_mapping *mapping)
{
	uint64_t rights = (uint64_t)MAPS_RIGHTS << MAPS_AT_RIGHTS |
	    (uint64_t)MAPS_RIGHTS << MAPS_AT_GUEST_RIGHTS |
	    (uint64_t)MAPS_RIGHTS << MAPS_AT_OUTER_RIGHTS | (uint64_t)7 << MAPS_AT_KIND;

	return fold == MAPS_FOLD_RIGHTS ? mapping->what & rights : mapping->what;
}

/* Whether memory goes on; what leads nowhere goes on leading nowhere. */
static bool
goes_on(uint64_t from, uint64_t to, uint64_t size)
{
	return from == MAPS_NOWHERE ? to == MAPS_NOWHERE : to == from + size;
}

bool
maps_continues(enum maps_fold fold, const struct maps_mapping *range,
    const struct maps_mapping *mapping)
{
	if (range->start + range->size != mapping->start ||
	    what_counts(fold, range) != what_counts(fold, mapping))
		return false;
	if (maps_kind_of(mapping) > MAPS_UNBACKED)
		return false;
	return fold == MAPS_FOLD_RIGHTS || (goes_on(range->gpa, mapping->gpa, range->size) &&
	    goes_on(range->hpa, mapping->hpa, range->size));
}

/* Whether a range leads where the series leads, as far from its last as those are apart. */
static bool
repeats(const struct maps_range *series, const struct maps_range *range)
{
	const struct maps_mapping *first = &series->mapping, *next = &range->mapping;
	uint64_t last = first->start + (series->repeats - 1) * series->step;

	if (first->size != next->size || first->what != next->what || first->gpa != next->gpa ||
	    first->hpa != next->hpa || maps_kind_of(next) > MAPS_UNBACKED)
		return false;
	return series->repeats == 1 || next->start - last == series->step;
}

/* Takes in a complete range; true: the series before it is complete. */
static bool
add_range(struct maps_folder *folder, const struct maps_range *range, struct maps_range *complete)
{
	bool has = folder->has_series;

	if (has && folder->fold == MAPS_FOLD_EQUAL && repeats(&folder->series, range)) {
		if (folder->series.repeats == 1)
			folder->series.step = range->mapping.start - folder->series.mapping.start;
		folder->series.repeats++;
		return false;
	}
	*complete = folder->series;
	folder->series = *range;
	folder->has_series = true;
	return has;
}

bool
maps_folder_add(struct maps_folder *folder, const struct maps_mapping *mapping,
    struct maps_range *range)
{
	struct maps_range *growing = &folder->range;
	bool complete = false;

	if (folder->has_range && folder->fold != MAPS_FOLD_NONE &&
	    maps_continues(folder->fold, &growing->mapping, mapping)) {
		growing->mapping.size += mapping->size;
		growing->pages++;
		return false;
	}
	if (folder->has_range)
		complete = add_range(folder, growing, range);
	growing->mapping = *mapping;
	growing->pages = 1;
	growing->repeats = 1;
	growing->step = 0;
	folder->has_range = true;
	return complete;
}

bool
maps_folder_finish(struct maps_folder *folder, struct maps_range *range)
{
	if (folder->has_range) {
		folder->has_range = false;
		if (add_range(folder, &folder->range, range))
			return true;
	}
	if (!folder->has_series)
		return false;
	*range = folder->series;
	folder->has_series = false;
	return true;
}
