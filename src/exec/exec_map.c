/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Areas in an array by address.  A change of a part first cuts the areas at its ends, so that each
 * is inside or outside as a whole.
 */
#include "exec/exec_map.h"

#include <stdlib.h>
#include <string.h>

void
exec_map_free(struct exec_map *map)
{
	free(map->area);
	memset(map, 0, sizeof(*map));
}

/* Index of the first area that ends above an address. */
static size_t
first_above(const struct exec_map *map, uint64_t address)
{
	size_t low = 0, high = map->areas;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (map->area[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct exec_area *
exec_map_find(const struct exec_map *map, uint64_t address)
{
	size_t i = first_above(map, address);

	return i < map->areas && map->area[i].start <= address ? &map->area[i] : NULL;
}

bool
exec_map_is_free(const struct exec_map *map, uint64_t start, uint64_t end)
{
	size_t i = first_above(map, start);

	return i == map->areas || map->area[i].start >= end;
}

uint64_t
exec_map_gap(const struct exec_map *map, uint64_t low, uint64_t high, uint64_t size)
{
	size_t i = map->areas;

	if (size == 0 || high < low)
		return 0;
	while (i > 0 && map->area[i - 1].start >= high)
		i--;
	for (;;) {
		uint64_t bottom = i > 0 && map->area[i - 1].end > low ? map->area[i - 1].end : low;

		if (high > bottom && high - bottom >= size)
			return high - size;
		if (i == 0 || map->area[i - 1].start <= low)
			return 0;
		high = map->area[--i].start;
	}
}

static bool
make_room(struct exec_map *map)
{
	size_t room = map->room == 0 ? 16 : 2 * map->room;
	struct exec_area *bigger;

	if (map->areas < map->room)
		return true;
	if (room > EXEC_AREAS_MAX)
		return false;
	bigger = realloc(map->area, room * sizeof(*bigger));
	if (bigger == NULL) {
		map->failed = true;
		return false;
	}
	map->area = bigger;
	map->room = room;
	return true;
}

static bool
insert(struct exec_map *map, size_t at, const struct exec_area *area)
{
	if (!make_room(map))
		return false;
	memmove(&map->area[at + 1], &map->area[at], (map->areas - at) * sizeof(*area));
	map->area[at] = *area;
	map->areas++;
	return true;
}

/* Whether two neighbours are one area. */
static bool
is_joint(const struct exec_area *low, const struct exec_area *high)
{
	return low->end == high->start && low->prot == high->prot &&
	    low->file_start == high->file_start && low->file_size == high->file_size &&
	    low->file_offset == high->file_offset;
}

/* Joins the areas around an index where they go on alike. */
static void
join(struct exec_map *map, size_t at)
{
	size_t i = at > 0 ? at - 1 : 0;

	while (i + 1 < map->areas && i <= at) {
		if (!is_joint(&map->area[i], &map->area[i + 1])) {
			i++;
			continue;
		}
		map->area[i].end = map->area[i + 1].end;
		map->areas--;
		memmove(&map->area[i + 1], &map->area[i + 2],
		    (map->areas - i - 1) * sizeof(*map->area));
	}
}

enum exec_map_status
exec_map_add(struct exec_map *map, const struct exec_area *area)
{
	size_t at = first_above(map, area->start);

	if (!exec_map_is_free(map, area->start, area->end))
		return EXEC_MAP_TAKEN;
	if (!insert(map, at, area))
		return EXEC_MAP_NO_MEMORY;
	join(map, at);
	return EXEC_MAP_DONE;
}

/* Makes an address a border between areas, if it lies within one. */
static bool
cut(struct exec_map *map, uint64_t address)
{
	size_t i = first_above(map, address);
	struct exec_area upper;

	if (i == map->areas || map->area[i].start >= address)
		return true;
	upper = map->area[i];
	upper.start = address;
	if (!insert(map, i + 1, &upper))
		return false;
	map->area[i].end = address;
	return true;
}

enum exec_map_status
exec_map_remove(struct exec_map *map, uint64_t start, uint64_t end)
{
	size_t first, last;

	if (!cut(map, start) || !cut(map, end))
		return EXEC_MAP_NO_MEMORY;
	first = last = first_above(map, start);
	while (last < map->areas && map->area[last].start < end)
		last++;
	if (first == last)
		return EXEC_MAP_DONE;
	memmove(&map->area[first], &map->area[last], (map->areas - last) * sizeof(*map->area));
	map->areas -= last - first;
	return EXEC_MAP_DONE;
}

enum exec_map_status
exec_map_protect(struct exec_map *map, uint64_t start, uint64_t end, unsigned prot)
{
	uint64_t covered = start;
	size_t first, i;

	if (!cut(map, start) || !cut(map, end))
		return EXEC_MAP_NO_MEMORY;
	first = first_above(map, start);
	for (i = first; i < map->areas && map->area[i].start < end; i++) {
		if (map->area[i].start == covered)
			covered = map->area[i].end;
		map->area[i].prot = prot;
	}
	while (i-- > first)
		join(map, i);
	return covered == end ? EXEC_MAP_DONE : EXEC_MAP_HOLES;
}
