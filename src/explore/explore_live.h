/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real run under an explorer: its threads are moved one at a time, and each move is recorded.
 */
#ifndef VK_EXPLORE_EXPLORE_LIVE_H
#define VK_EXPLORE_EXPLORE_LIVE_H

#include "explore/explore.h"
#include "explore/explore_cells.h"
#include "play/play_live.h"

/* What a move did, in order: it read a live cell, or it took one of several open choices. */
struct explore_item {
	struct explore_cell *cell; /* NULL: a choice */
	uint64_t value;            /* read; or how many there were to choose from */
	unsigned taken;
};

/*
 * Where a thread stands: a number made of all that its next moves can depend on, namely its own
 * state at its last anchor and what it has read since.
 */
struct explore_place {
	uint64_t number[2];
	bool ended;
	bool waits; /* at a turn of a busy wait */
};

struct explore_live;

/* NULL: *status tells why, as of play_live_open().  The cells must stay. */
struct explore_live *explore_live_create(const struct scenario *scenario,
    struct explore_cells *cells, const struct play_options *options);
void explore_live_destroy(struct explore_live *live);

/*
 * Starts the run over; each thread goes to its first touch of a shared cell.  false: the machine
 * could not be built, see explore_live_status() and the outcome.
 */
bool explore_live_restart(struct explore_live *live);

enum explore_live_status {
	EXPLORE_LIVE_FINE,
	EXPLORE_LIVE_NO_MEMORY,
	EXPLORE_LIVE_OVER_LIMIT, /* frames, or choices in a move */
	EXPLORE_LIVE_NO_YIELD,   /* a move that never ends */
	EXPLORE_LIVE_NOT_BUILT,  /* the outcome says what */
	EXPLORE_LIVE_UNTOLD      /* a cell changed that nobody had announced to write */
};

enum explore_live_status explore_live_status(const struct explore_live *live);
/* What a status that is not fine makes of an exploration. */
enum explore_end explore_live_end(const struct explore_live *live);

/*
 * Moves a thread that has not ended.  Each choice is the script's number, modulo how many there are
 * to choose from, and beyond the script 0.
 */
void explore_live_move(struct explore_live *live, unsigned thread, const unsigned char *script,
    unsigned length);

/* The same, and makes sure that nothing changed but what the move has announced to write. */
void explore_live_move_judged(struct explore_live *live, unsigned thread,
    const unsigned char *script, unsigned length);

/* Tells of each touch of a shared cell in a move, before it is made; WATCH_* in `how`. */
void explore_live_listen(struct explore_live *live,
    void (*touch)(void *ctx, const struct explore_cell *cell, unsigned how), void *ctx);

/* What the last move did; valid until the next. */
const struct explore_item *explore_live_items(const struct explore_live *live, size_t *count);
struct explore_cell *const *explore_live_written(const struct explore_live *live, size_t *count);
/* Whether it broke an expectation. */
bool explore_live_broke(const struct explore_live *live);

const struct explore_place *explore_live_place(const struct explore_live *live, unsigned thread);
uint64_t explore_live_value(const struct explore_live *live, const struct explore_cell *cell);

/* Compares the end with what was expected; the outcome is kept until the next restart. */
void explore_live_finish(struct explore_live *live);
struct play_outcome *explore_live_outcome(struct explore_live *live);

#endif
