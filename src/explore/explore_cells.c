/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cells are found while threads run: a cell that nobody changes is no part of a state, and one that
 * only one thread touches is no reason to let another go first.  Both are known for certain only
 * when a pass over all schedules has seen nothing new.
 */
#include "explore/explore_cells.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024
#define NARROW_VALUES 256
#define FEW_VALUES 32u /* are looked through */

bool
explore_cells_init(struct explore_cells *cells)
{
	memset(cells, 0, sizeof(*cells));
	cells->slot = calloc(FIRST_SLOTS, sizeof(*cells->slot));
	cells->slots = FIRST_SLOTS;
	return cells->slot != NULL;
}

static void
cell_free(struct explore_cell *cell)
{
	free(cell->value);
	free(cell->slot);
	free(cell);
}

void
explore_cells_free(struct explore_cells *cells)
{
	size_t i;

	for (i = 0; i < cells->count; i++)
		cell_free(cells->cell[i]);
	free(cells->cell);
	free(cells->slot);
	free(cells->live);
	memset(cells, 0, sizeof(*cells));
}

static size_t
slot_of(const struct explore_cells *cells, watch_cell id)
{
	size_t at = (size_t)((id * 0x9e3779b97f4a7c15ull) >> 20) & (cells->slots - 1);

	while (cells->slot[at] != 0 && cells->cell[cells->slot[at] - 1]->id != id)
		at = (at + 1) & (cells->slots - 1);
	return at;
}

static bool
grow(struct explore_cells *cells)
{
	size_t room = cells->room == 0 ? 256 : cells->room * 2, i;
	struct explore_cell **cell = realloc(cells->cell, room * sizeof(*cell));
	uint32_t *slot;

	if (cell == NULL)
		return false;
	cells->cell = cell;
	slot = calloc(room * 4, sizeof(*slot));
	if (slot == NULL)
		return false;
	free(cells->slot);
	cells->slot = slot;
	cells->slots = room * 4;
	cells->room = room;
	for (i = 0; i < cells->count; i++)
		slot[slot_of(cells, cell[i]->id)] = (uint32_t)(i + 1);
	return true;
}

struct explore_cell *
explore_cells_get(struct explore_cells *cells, watch_cell id)
{
	size_t at = slot_of(cells, id);
	struct explore_cell *cell;

	if (cells->slot[at] != 0)
		return cells->cell[cells->slot[at] - 1];
	if (cells->count == cells->room) {
		if (!grow(cells)) {
			cells->failed = true;
			return NULL;
		}
		at = slot_of(cells, id);
	}
	cell = calloc(1, sizeof(*cell));
	if (cell == NULL) {
		cells->failed = true;
		return NULL;
	}
	cells->cell[cells->count] = cell;
	cell->id = id;
	cell->wide = 1;
	cells->slot[at] = (uint32_t)++cells->count;
	return cell;
}

/* What others see of a thread counts only where somebody looks. */
static bool
should_live(const struct explore_cell *cell)
{
	return cell->changes && (watch_kind_of(cell->id) != WATCH_THREAD || cell->readers != 0);
}

static bool
should_be_shared(const struct explore_cell *cell)
{
	uint64_t touchers = cell->readers | cell->writers;

	return should_live(cell) && cell->bare && (touchers & (touchers - 1)) != 0;
}

bool
explore_cells_settle(struct explore_cells *cells)
{
	unsigned *live = realloc(cells->live, (cells->count + 1) * sizeof(*live));
	size_t i;

	if (live == NULL)
		return false;
	cells->live = live;
	cells->live_count = 0;
	for (i = 0; i < cells->count; i++) {
		struct explore_cell *cell = cells->cell[i];

		if (cell->values > NARROW_VALUES)
			cell->wide = 2;
		cell->values = cell->slots = 0;
		cell->live = should_live(cell);
		cell->shared = should_be_shared(cell);
		if (cell->live) {
			cell->index = cells->live_count;
			live[cells->live_count++] = (unsigned)i;
		}
	}
	return true;
}

bool
explore_cells_unsettled(const struct explore_cells *cells)
{
	size_t i;

	for (i = 0; i < cells->count; i++) {
		const struct explore_cell *cell = cells->cell[i];

		if (should_live(cell) != cell->live || should_be_shared(cell) != cell->shared ||
		    (cell->values > NARROW_VALUES && cell->wide == 1))
			return true;
	}
	return false;
}

bool
explore_cells_share(struct explore_cells *cells, const watch_cell *id, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		struct explore_cell *cell = explore_cells_get(cells, id[i]);

		if (cell == NULL)
			return false;
		cell->changes = cell->bare = true;
		cell->readers = cell->writers = 3;
	}
	return explore_cells_settle(cells);
}

/* --- values ----------------------------------------------------------------------------------- */

static uint32_t *
value_slot(const struct explore_cell *cell, uint64_t value)
{
	unsigned at = (unsigned)((value * 0x9e3779b97f4a7c15ull) >> 32) & (cell->slots - 1);

	while (cell->slot[at] != 0 && cell->value[cell->slot[at] - 1] != value)
		at = (at + 1) & (cell->slots - 1);
	return &cell->slot[at];
}

/* A table twice as large as there is room for values, once they are many. */
static bool
index_values(struct explore_cell *cell)
{
	unsigned slots = 2 * cell->room, i;
	uint32_t *slot = calloc(slots, sizeof(*slot));

	if (slot == NULL)
		return false;
	free(cell->slot);
	cell->slot = slot;
	cell->slots = slots;
	for (i = 0; i < cell->values; i++)
		*value_slot(cell, cell->value[i]) = i + 1;
	return true;
}

static bool
grow_values(struct explore_cell *cell)
{
	unsigned room = cell->room == 0 ? 8 : cell->room * 2;
	uint64_t *bigger = realloc(cell->value, room * sizeof(*bigger));

	if (bigger == NULL)
		return false;
	cell->value = bigger;
	cell->room = room;
	return true;
}

/* The index of a value, or how many there are. */
static unsigned
find_value(const struct explore_cell *cell, uint64_t value)
{
	unsigned i = 0;

	if (cell->slots != 0) {
		uint32_t found = *value_slot(cell, value);

		return found != 0 ? found - 1 : cell->values;
	}
	while (i < cell->values && cell->value[i] != value)
		i++;
	return i;
}

unsigned
explore_cell_value(struct explore_cell *cell, uint64_t value)
{
	unsigned found = find_value(cell, value);

	if (found < cell->values)
		return found;
	if (cell->values == cell->room && !grow_values(cell))
		return EXPLORE_NO_VALUE;
	cell->value[cell->values++] = value;
	if (cell->slots != 0 && cell->slots >= 2 * cell->values)
		*value_slot(cell, value) = cell->values;
	else if (cell->values > FEW_VALUES && !index_values(cell))
		return EXPLORE_NO_VALUE;
	return cell->values - 1;
}
