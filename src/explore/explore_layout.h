/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a state looks like: the index of each live cell's value, then each thread's place, then,
 * where preemptions are counted, who moved last and how many there were; all in as few bytes as
 * will do.
 */
#ifndef VK_EXPLORE_EXPLORE_LAYOUT_H
#define VK_EXPLORE_EXPLORE_LAYOUT_H

#include "explore/explore_cells.h"

#define EXPLORE_CELLS_MOST 480u

struct explore_layout {
	unsigned cells, threads;
	uint16_t at[EXPLORE_CELLS_MOST]; /* offset of a cell's value */
	uint8_t wide[EXPLORE_CELLS_MOST]; /* its bytes: 1 or 2 */
	unsigned places;                 /* offset of the first thread's place */
	unsigned place_wide;             /* its bytes: 2 or 4 */
	unsigned last;                   /* offset of the thread that moved last; 0: not kept */
	unsigned width;                  /* of the whole */
};

static inline uint32_t
layout_get(const unsigned char *from, unsigned wide)
{
	uint32_t value = from[0];
	unsigned i;

	for (i = 1; i < wide; i++)
		value |= (uint32_t)from[i] << (8 * i);
	return value;
}

static inline void
layout_put(unsigned char *to, uint32_t value, unsigned wide)
{
	unsigned i;

	for (i = 0; i < wide; i++)
		to[i] = (unsigned char)(value >> (8 * i));
}

/* So many bytes tell where all threads and cells stand. */
static inline size_t
layout_compared(const struct explore_layout *layout)
{
	return layout->last != 0 ? layout->last : layout->width;
}

static inline uint32_t
layout_value(const struct explore_layout *layout, const unsigned char *state, unsigned cell)
{
	return layout_get(state + layout->at[cell], layout->wide[cell]);
}

/* false: the value has outgrown its place. */
static inline bool
layout_set_value(const struct explore_layout *layout, unsigned char *state, unsigned cell,
    uint32_t value)
{
	if (layout->wide[cell] == 1 && value > 255)
		return false;
	layout_put(state + layout->at[cell], value, layout->wide[cell]);
	return true;
}

static inline uint32_t
layout_place(const struct explore_layout *layout, const unsigned char *state, unsigned thread)
{
	return layout_get(state + layout->places + thread * layout->place_wide,
	    layout->place_wide);
}

static inline bool
layout_set_place(const struct explore_layout *layout, unsigned char *state, unsigned thread,
    uint32_t place)
{
	if (layout->place_wide == 2 && place > 65535)
		return false;
	layout_put(state + layout->places + thread * layout->place_wide, place,
	    layout->place_wide);
	return true;
}

#endif
