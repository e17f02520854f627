/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Differences of two listings.
 *
 * Both are pulled side by side.  A page of one may stand against several of the other, so each is
 * compared as far as both reach; what is the same goes unsaid, and what follows it begins anew.
 */
#include <stdlib.h>

#include "maps/maps.h"

#define BATCH 64

/* One of the two listings, and the mapping it has come to. */
struct side {
	struct maps *maps;
	struct maps_mapping batch[BATCH];
	size_t next, count;
	struct maps_mapping at; /* what is left of one */
	bool has;
};

struct maps_differ {
	struct side side[2];
	enum maps_fold fold;
	struct maps_difference growing;
	bool has_growing;
};

/* --- pulling ---------------------------------------------------------------------------------- */

static void
pull_any(struct side *side)
{
	if (side->next == side->count) {
		side->next = 0;
		side->count = maps_next(side->maps, side->batch, BATCH);
	}
	side->has = side->count != 0;
	if (side->has)
		side->at = side->batch[side->next++];
}

/* The next page: entries that lead nowhere map nothing, and so does what they stand against. */
static void
pull(struct side *side)
{
	do
		pull_any(side);
	while (side->has && maps_kind_of(&side->at) > MAPS_UNBACKED);
}

/* The first `size` bytes of a mapping, which it then no longer has. */
static struct maps_mapping
cut(struct side *side, uint64_t size)
{
	struct maps_mapping part = side->at;

	part.size = size;
	side->at.start += size;
	side->at.size -= size;
	side->at.gpa += size;
	side->at.hpa += part.hpa != MAPS_NOWHERE ? size : 0;
	if (side->at.size == 0)
		pull(side);
	return part;
}

/* --- comparing -------------------------------------------------------------------------------- */

static bool
is_same(enum maps_fold fold, const struct maps_mapping *a, const struct maps_mapping *b)
{
	uint64_t rights = (uint64_t)MAPS_RIGHTS << MAPS_AT_RIGHTS | (uint64_t)7 << MAPS_AT_KIND;

	if (fold == MAPS_FOLD_RIGHTS)
		return ((a->what ^ b->what) & rights) == 0;
	return a->what == b->what && a->gpa == b->gpa && a->hpa == b->hpa;
}

/* The next stretch in which both have something, or one has; false at the end. */
static bool
next_stretch(struct maps_differ *differ, struct maps_difference *stretch)
{
	struct side *a = &differ->side[0], *b = &differ->side[1];
	uint64_t start, end = UINT64_MAX;
	unsigned i;

	if (!a->has && !b->has)
		return false;
	start = !b->has || (a->has && a->at.start < b->at.start) ? a->at.start : b->at.start;
	for (i = 0; i < 2; i++) {
		const struct side *side = &differ->side[i];
		uint64_t stop;

		stretch->has[i] = side->has && side->at.start == start;
		stop = stretch->has[i] ? side->at.start + side->at.size : side->at.start;
		if (side->has && stop < end)
			end = stop;
	}
	for (i = 0; i < 2; i++) {
		if (stretch->has[i])
			stretch->mapping[i] = cut(&differ->side[i], end - start);
	}
	stretch->pages = 1;
	return true;
}

/* Whether a difference goes on where another ends, on both sides alike. */
static bool
continues(const struct maps_differ *differ, const struct maps_difference *next)
{
	const struct maps_difference *growing = &differ->growing;
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (growing->has[i] != next->has[i])
			return false;
		if (growing->has[i] && !maps_continues(differ->fold, &growing->mapping[i],
		    &next->mapping[i]))
			return false;
	}
	return differ->fold != MAPS_FOLD_NONE;
}

/* --- all -------------------------------------------------------------------------------------- */

struct maps_differ *
maps_differ_begin(struct maps *before, struct maps *after, enum maps_fold fold)
{
	struct maps_differ *differ = calloc(1, sizeof(*differ));

	if (differ == NULL) {
		maps_end(before);
		maps_end(after);
		return NULL;
	}
	differ->fold = fold;
	differ->side[0].maps = before;
	differ->side[1].maps = after;
	pull(&differ->side[0]);
	pull(&differ->side[1]);
	return differ;
}

void
maps_differ_end(struct maps_differ *differ)
{
	if (differ == NULL)
		return;
	maps_end(differ->side[0].maps);
	maps_end(differ->side[1].maps);
	free(differ);
}

bool
maps_differ_next(struct maps_differ *differ, struct maps_difference *difference)
{
	struct maps_difference stretch;
	unsigned i;

	while (next_stretch(differ, &stretch)) {
		if (stretch.has[0] && stretch.has[1] &&
		    is_same(differ->fold, &stretch.mapping[0], &stretch.mapping[1]))
			continue;
		if (differ->has_growing && continues(differ, &stretch)) {
			for (i = 0; i < 2; i++) {
				if (stretch.has[i])
					differ->growing.mapping[i].size += stretch.mapping[i].size;
			}
			differ->growing.pages++;
			continue;
		}
		*difference = differ->growing;
		differ->growing = stretch;
		if (differ->has_growing)
			return true;
		differ->has_growing = true;
	}
	*difference = differ->growing;
	i = differ->has_growing;
	differ->has_growing = false;
	return i != 0;
}

bool
maps_differ_failed(const struct maps_differ *differ)
{
	return maps_failed(differ->side[0].maps) || maps_failed(differ->side[1].maps);
}
