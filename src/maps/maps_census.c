/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The census: how many tables there are, how often they are entered, how much they map.
 *
 * Tables form a graph: kernels let many entries name one table, and nothing keeps tables from
 * naming each other round and round.  A walk enters them each time, at most once a level down one
 * path.  The census looks at each pair of table and level once and remembers what lies below it, so
 * that it ends soon where the walk would not end in a lifetime.
 */
#include <stdlib.h>

#include "maps/maps_tables.h"
#include "sim/keyed.h"

#define FIRST_NODES 256u /* a power of two */

/* What one pair of table and level leads to; sums stay below 2^64, since addresses do. */
struct sums {
	uint64_t entered;
	uint64_t pages[4]; /* leaves by level, 1 to 3 */
};

struct node {
	uint64_t key; /* address of the table plus level */
	struct sums sums;
};

struct counting {
	struct maps_walk walk;
	const struct maps_filter *filter;
	struct maps_census *census;
	bool pages;
	struct node *node;
	size_t nodes, room;
	bool no_memory;
};

/* --- memory ----------------------------------------------------------------------------------- */

static struct node *
node_find(const struct counting *counting, uint64_t key)
{
	return keyed_find(counting->node, counting->room, sizeof(*counting->node), key);
}

static void
remember(struct counting *counting, uint64_t key, const struct sums *sums)
{
	struct node *node;

	if (!keyed_grow((void **)&counting->node, &counting->room, counting->nodes, FIRST_NODES,
	    sizeof(*counting->node))) {
		counting->no_memory = true;
		return;
	}
	node = node_find(counting, key);
	node->key = key;
	node->sums = *sums;
	counting->nodes++;
}

/* --- counting --------------------------------------------------------------------------------- */

static void
add_sums(struct sums *to, const struct sums *from)
{
	unsigned i;

	to->entered += from->entered;
	for (i = 0; i < 4; i++)
		to->pages[i] += from->pages[i];
}

/* Whether the range has all that a table translates: then it is the same wherever it is entered. */
static bool
is_whole(const struct counting *counting, uint64_t base, unsigned level)
{
	return counting->filter->start <= base &&
	    counting->filter->end - base >= vk_level_size(level + 1);
}

static void count_table(struct counting *counting, uint64_t address, unsigned level, uint64_t base,
    struct sums *sums);

static void
count_entry(struct counting *counting, unsigned level, unsigned index, uint64_t base,
    struct sums *sums)
{
	const struct maps_walk *walk = &counting->walk;
	uint64_t entry = image_entry(walk->frame[level].table, index);

	if (!(entry & walk->present))
		return;
	if (maps_walk_is_malformed(walk, entry, level))
		counting->census->malformed++;
	else if (!maps_entry_is_table(walk, entry, level))
		sums->pages[level] += counting->filter->levels >> level & 1;
	else if (maps_table_has_levels(counting->filter, level))
		count_table(counting, entry & walk->frame_bits, level - 1,
		    base + index * vk_level_size(level), sums);
}

static void
count_entries(struct counting *counting, uint64_t address, unsigned level, uint64_t base,
    struct sums *sums)
{
	unsigned index, end;

	if (maps_table_open(&counting->walk, address, level) != MAPS_PAGE) {
		counting->census->absent++;
		return;
	}
	maps_table_clip(counting->filter, base, level, &index, &end);
	while (index < end && !counting->no_memory) {
		const unsigned char *table = counting->walk.frame[level].table;

		if (image_entry(table, index) == 0) {
			index = image_next_entry(table, index, end);
			continue;
		}
		count_entry(counting, level, index++, base, sums);
	}
}

/* Adds what a table leads to; a lower one that is opened below takes another frame. */
static void
count_table(struct counting *counting, uint64_t address, unsigned level, uint64_t base,
    struct sums *sums)
{
	struct sums own = { .entered = 1 };
	bool whole = is_whole(counting, base, level);
	uint64_t key = address + level;

	if (whole && counting->room != 0) {
		const struct node *node = node_find(counting, key);

		if (node->key == key) {
			add_sums(sums, &node->sums);
			return;
		}
	}
	counting->census->tables[level]++;
	/* How many tables there are is known without reading the last ones. */
	if (level > 1 || counting->pages)
		count_entries(counting, address, level, base, &own);
	if (whole)
		remember(counting, key, &own);
	add_sums(sums, &own);
}

enum maps_status
maps_census_make(struct maps_census *census, const struct view *view, enum maps_side side,
    const struct maps_filter *filter, bool pages)
{
	struct counting counting = { .filter = filter, .census = census, .pages = pages };
	struct sums sums = { .entered = 0 };
	uint64_t tables = 0;
	unsigned level;

	memset(census, 0, sizeof(*census));
	maps_walk_init(&counting.walk, view, side == MAPS_OUTER ? MAPS_OUTER : MAPS_GUEST, filter,
	    false);
	if (maps_table_open(&counting.walk, maps_walk_root(&counting.walk),
	    counting.walk.levels) == MAPS_ABSENT)
		return MAPS_NO_ROOT;
	if (filter->start < filter->end)
		count_table(&counting, maps_walk_root(&counting.walk), counting.walk.levels, 0,
		    &sums);
	free(counting.node);
	if (counting.no_memory)
		return MAPS_NO_MEMORY;
	census->entered = sums.entered;
	memcpy(census->pages, sums.pages, sizeof(sums.pages));
	for (level = 1; level <= VK_LEVELS; level++)
		tables += census->tables[level];
	return sums.entered - tables > MAPS_REPEATS_MAX ? MAPS_TOO_MANY : MAPS_OK;
}
