/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the walk and the census share: opening tables, and telling their entries apart.
 */
#ifndef VK_MAPS_MAPS_TABLES_H
#define VK_MAPS_MAPS_TABLES_H

#include "maps/maps.h"

/* Prepares all of *walk but its frames. */
void maps_walk_init(struct maps_walk *walk, const struct view *view, enum maps_side side,
    const struct maps_filter *filter, bool as_monitor);

/* Where the root is: guest-physical or host-physical, by the side. */
uint64_t maps_walk_root(const struct maps_walk *walk);

/* Lets frame[level] have the page of a table: MAPS_PAGE, or why it cannot be had. */
enum maps_kind maps_table_open(struct maps_walk *walk, uint64_t address, unsigned level);

/*
 * The entries, [*first, *end), of a table whose entry 0 translates `base`, that the filter's range
 * has something of.
 */
static inline void
maps_table_clip(const struct maps_filter *filter, uint64_t base, unsigned level, unsigned *first,
    unsigned *end)
{
	uint64_t size = vk_level_size(level);

	*first = filter->start <= base ? 0 : (unsigned)((filter->start - base) / size);
	*end = filter->end - base >= size * VK_TABLE_ENTRIES ? VK_TABLE_ENTRIES :
	    (unsigned)((filter->end - base + size - 1) / size);
}

/* Whether the filter wants leaves below a table's entry of that level. */
static inline bool
maps_table_has_levels(const struct maps_filter *filter, unsigned level)
{
	return (filter->levels & (VK_BIT(level) - 2)) != 0;
}

/* Whether a present entry names a table; the formats have bit 7 in common. */
static inline bool
maps_entry_is_table(const struct maps_walk *walk, uint64_t entry, unsigned level)
{
	return (entry & walk->present) != 0 && !guestpt_is_leaf(level, entry);
}

#endif
