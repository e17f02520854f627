/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moves that were made once need not be made again: from one place, over the same values read and
 * the same choices, the real code does the same.
 */
#include "explore/explore_memo.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024
#define VALUES_MOST 65535u

bool
memo_init(struct memo *memo)
{
	memset(memo, 0, sizeof(*memo));
	memo->slot = calloc(FIRST_SLOTS, sizeof(*memo->slot));
	memo->slots = FIRST_SLOTS;
	return memo->slot != NULL;
}

void
memo_free(struct memo *memo)
{
	size_t i;

	for (i = 0; i < memo->nodes; i++) {
		if (memo->node[i].kind == MEMO_END)
			free(memo->node[i].u.write);
		else
			free(memo->node[i].u.child);
	}
	free(memo->node);
	free(memo->place);
	free(memo->slot);
	memset(memo, 0, sizeof(*memo));
}

/* --- places ----------------------------------------------------------------------------------- */

static bool
is_same(const struct memo_place *known, unsigned thread, const struct explore_place *place)
{
	return known->thread == thread && known->place.number[0] == place->number[0] &&
	    known->place.number[1] == place->number[1] && known->place.ended == place->ended &&
	    known->place.waits == place->waits;
}

static size_t
slot_of(const struct memo *memo, unsigned thread, const struct explore_place *place)
{
	size_t at = (size_t)(place->number[0] ^ place->number[1] >> 7) & (memo->slots - 1);

	while (memo->slot[at] != 0 && !is_same(&memo->place[memo->slot[at] - 1], thread, place))
		at = (at + 1) & (memo->slots - 1);
	return at;
}

static bool
grow_places(struct memo *memo)
{
	size_t room = memo->place_room == 0 ? 256 : 2 * memo->place_room, i;
	struct memo_place *place = realloc(memo->place, room * sizeof(*place));
	uint32_t *slot;

	if (place == NULL)
		return false;
	memo->place = place;
	slot = calloc(4 * room, sizeof(*slot));
	if (slot == NULL)
		return false;
	free(memo->slot);
	memo->slot = slot;
	memo->slots = 4 * room;
	memo->place_room = room;
	for (i = 0; i < memo->places; i++)
		slot[slot_of(memo, place[i].thread, &place[i].place)] = (uint32_t)(i + 1);
	return true;
}

uint32_t
memo_place(struct memo *memo, unsigned thread, const struct explore_place *place)
{
	size_t at = slot_of(memo, thread, place);
	struct memo_place *made;

	if (memo->slot[at] != 0)
		return memo->slot[at] - 1;
	if (memo->places == memo->place_room) {
		if (!grow_places(memo))
			return MEMO_UNKNOWN;
		at = slot_of(memo, thread, place);
	}
	made = &memo->place[memo->places];
	made->place = *place;
	made->thread = thread;
	made->root = MEMO_UNKNOWN;
	memo->slot[at] = (uint32_t)++memo->places;
	return memo->slot[at] - 1;
}

/* --- trees ------------------------------------------------------------------------------------ */

static uint32_t
node_add(struct memo *memo, enum memo_kind kind, uint32_t what)
{
	struct memo_node *node;

	if (memo->nodes == memo->node_room) {
		size_t room = memo->node_room == 0 ? 1024 : 2 * memo->node_room;
		struct memo_node *bigger = realloc(memo->node, room * sizeof(*bigger));

		if (bigger == NULL)
			return MEMO_UNKNOWN;
		memo->node = bigger;
		memo->node_room = room;
	}
	node = &memo->node[memo->nodes];
	memset(node, 0, sizeof(*node));
	node->kind = (uint8_t)kind;
	node->what = what;
	return (uint32_t)memo->nodes++;
}

/* Makes child[index] there; false: out of memory. */
static bool
node_widen(struct memo_node *node, uint32_t index)
{
	uint32_t room = node->children == 0 ? 2 : node->children;
	uint32_t *child;

	if (index < node->children)
		return true;
	while (room <= index)
		room *= 2;
	child = realloc(node->u.child, room * sizeof(*child));
	if (child == NULL)
		return false;
	memset(child + node->children, 0xff, (room - node->children) * sizeof(*child));
	node->u.child = child;
	node->children = room;
	return true;
}

/* The node that a branch leads to: the one known, which must be of this kind, or a new one. */
static enum memo_learned
descend(struct memo *memo, uint32_t parent, uint32_t branch, uint32_t *root, enum memo_kind kind,
    uint32_t what, uint32_t *reached)
{
	uint32_t known = parent == MEMO_UNKNOWN ? *root : memo->node[parent].u.child[branch];
	uint32_t made;

	if (known != MEMO_UNKNOWN) {
		*reached = known;
		return memo->node[known].kind == kind && memo->node[known].what == what ?
		    MEMO_LEARNED : MEMO_CONTRADICTION;
	}
	made = node_add(memo, kind, what);
	if (made == MEMO_UNKNOWN)
		return MEMO_NO_MEMORY;
	if (parent == MEMO_UNKNOWN)
		*root = made;
	else
		memo->node[parent].u.child[branch] = made;
	*reached = made;
	return MEMO_LEARNED;
}

static enum memo_learned
learn_writes(const struct explore_live *live, struct memo_node *node)
{
	struct explore_cell *const *written;
	size_t count, i;

	written = explore_live_written(live, &count);
	if (node->u.write != NULL || count == 0)
		return MEMO_LEARNED; /* known */
	if (count > UINT16_MAX)
		return MEMO_TOO_WIDE;
	node->u.write = malloc(count * sizeof(*node->u.write));
	if (node->u.write == NULL)
		return MEMO_NO_MEMORY;
	node->writes = (uint16_t)count;
	for (i = 0; i < count; i++) {
		unsigned value = explore_cell_value(written[i],
		    explore_live_value(live, written[i]));

		if (value == EXPLORE_NO_VALUE)
			return MEMO_NO_MEMORY;
		if (value > VALUES_MOST)
			return MEMO_TOO_WIDE;
		node->u.write[i].cell = (uint16_t)written[i]->index;
		node->u.write[i].value = (uint16_t)value;
	}
	return MEMO_LEARNED;
}

/* The branch that an item takes. */
static enum memo_learned
branch_of(const struct explore_item *item, struct memo_node *node, uint32_t *branch)
{
	*branch = item->taken;
	if (item->cell != NULL) {
		*branch = explore_cell_value(item->cell, item->value);
		if (*branch == EXPLORE_NO_VALUE)
			return MEMO_NO_MEMORY;
		if (*branch > VALUES_MOST)
			return MEMO_TOO_WIDE;
	}
	return node_widen(node, *branch) ? MEMO_LEARNED : MEMO_NO_MEMORY;
}

enum memo_learned
memo_learn(struct memo *memo, const struct explore_live *live, unsigned thread, uint32_t from)
{
	uint32_t root = memo->place[from].root, at = MEMO_UNKNOWN, branch = 0, reached, to;
	enum memo_learned learned;
	const struct explore_item *item;
	size_t count, i;

	item = explore_live_items(live, &count);
	for (i = 0; i < count; i++) {
		enum memo_kind kind = item[i].cell != NULL ? MEMO_READ : MEMO_CHOOSE;
		uint32_t what = item[i].cell != NULL ? item[i].cell->index :
		    (uint32_t)item[i].value;

		learned = descend(memo, at, branch, &root, kind, what, &reached);
		if (learned == MEMO_LEARNED)
			learned = branch_of(&item[i], &memo->node[reached], &branch);
		if (learned != MEMO_LEARNED)
			return learned;
		at = reached;
	}
	to = memo_place(memo, thread, explore_live_place(live, thread));
	if (to == MEMO_UNKNOWN)
		return MEMO_NO_MEMORY;
	learned = descend(memo, at, branch, &root, MEMO_END, to, &reached);
	if (learned != MEMO_LEARNED)
		return learned;
	memo->place[from].root = root;
	memo->node[reached].broke = explore_live_broke(live);
	return learn_writes(live, &memo->node[reached]);
}
