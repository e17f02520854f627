/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cells are found while threads run: a cell that nobody changes is no part of a state, and one that
 * only one thread touches is no reason to let another go first.  Both are known for certain only
 * when a pass over all schedules has seen nothing new.
 */
#include "explore/explore_cells.h"

#include <stdlib.h>
#include <string.h>

#include "sim/grow.h"
#include "sim/keyed.h"

#define FIRST_CELLS 256
#define FIRST_SLOTS 1024
#define NARROW_VALUES 256
#define FEW_VALUES 32u /* are looked through */

struct explore_cell_slot {
	uint64_t key; /* name of the cell plus one */
	struct explore_cell *cell;
};

bool
explore_cells_init(struct explore_cells *cells)
{
	memset(cells, 0, sizeof(*cells));
	return keyed_grow((void **)&cells->slot, &cells->slots, 0, FIRST_SLOTS,
	    sizeof(*cells->slot));
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

static struct explore_cell_slot *
slot_of(const struct explore_cells *cells, watch_cell id)
{
	return keyed_find(cells->slot, cells->slots, sizeof(*cells->slot), id + 1);
}

static struct explore_cell *
add_cell(struct explore_cells *cells, watch_cell id)
{
	struct explore_cell *cell;

	if (!array_grow((void **)&cells->cell, &cells->room, cells->count, FIRST_CELLS,
	    sizeof(*cells->cell)) || !keyed_grow((void **)&cells->slot, &cells->slots,
	    cells->count, FIRST_SLOTS, sizeof(*cells->slot)))
		return NULL;
	cell = calloc(1, sizeof(*cell));
	if (cell == NULL)
		return NULL;
	cell->id = id;
	cell->wide = 1;
	cells->cell[cells->count++] = cell;
	*slot_of(cells, id) = (struct explore_cell_slot){ id + 1, cell };
	return cell;
}

struct explore_cell *
explore_cells_get(struct explore_cells *cells, watch_cell id)
{
	struct explore_cell *cell = slot_of(cells, id)->cell;

	if (cell == NULL)
		cell = add_cell(cells, id);
	if (cell == NULL)
		cells->failed = true;
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
