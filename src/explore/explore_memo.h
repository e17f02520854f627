/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What threads do, as far as it has been seen: from each place, a tree of what a move reads or
 * chooses next, down to what it wrote and where it went.
 */
#ifndef VK_EXPLORE_EXPLORE_MEMO_H
#define VK_EXPLORE_EXPLORE_MEMO_H

#include "explore/explore_live.h"

#define MEMO_UNKNOWN UINT32_MAX

enum memo_kind { MEMO_EMPTY, MEMO_READ, MEMO_CHOOSE, MEMO_END };

struct memo_node {
	uint8_t kind;
	uint8_t broke;     /* MEMO_END: an expectation did not hold */
	uint16_t writes;   /* MEMO_END */
	uint32_t what;     /* READ: the cell's place in a state; CHOOSE: how many; END: to where */
	uint32_t children; /* READ, CHOOSE: length of child[] */
	union {
		uint32_t *child;          /* by index of the value, or by choice; MEMO_UNKNOWN */
		struct memo_write *write; /* MEMO_END */
	} u;
};

struct memo_write {
	uint16_t cell;  /* its place in a state */
	uint16_t value; /* index */
};

/* A place where some thread can stand; those of all threads are numbered together. */
struct memo_place {
	struct explore_place place;
	unsigned thread;
	uint32_t root; /* of its tree, or MEMO_UNKNOWN */
};

struct memo {
	struct memo_node *node;
	size_t nodes, node_room;
	struct memo_place *place;
	size_t places, place_room;
	uint32_t *slot; /* hash table over the places: number plus one */
	size_t slots;
};

bool memo_init(struct memo *memo);
void memo_free(struct memo *memo);

/* The number of a thread's place, made if it is new; MEMO_UNKNOWN when out of memory. */
uint32_t memo_place(struct memo *memo, unsigned thread, const struct explore_place *place);

enum memo_learned {
	MEMO_LEARNED,
	MEMO_CONTRADICTION, /* it went another way from the same place over the same values */
	MEMO_NO_MEMORY,
	MEMO_TOO_WIDE       /* more values, or cells, than a state can tell apart */
};

/* Takes in the last move of the live run, made by this thread from this place. */
enum memo_learned memo_learn(struct memo *memo, const struct explore_live *live, unsigned thread,
    uint32_t from);

#endif
