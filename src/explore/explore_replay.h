/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One schedule again: by the real code, with all its events, and with every touch of what threads
 * share.
 */
#ifndef VK_EXPLORE_EXPLORE_REPLAY_H
#define VK_EXPLORE_EXPLORE_REPLAY_H

#include "explore/explore.h"

/* One touch of a cell at whose touches moves end. */
struct explore_touch {
	watch_cell cell;
	unsigned how;    /* WATCH_* */
	uint64_t before; /* what it held then; of a cell larger than a word a number made of it */
	uint64_t after;  /* what it held when the move was over */
};

struct explore_replay_options {
	event_sink sink; /* may be NULL */
	void *sink_ctx;
	const struct play_observer *observer; /* may be NULL */
	/* Ahead of each move, counted from 0, and after it; each may be NULL. */
	void (*before)(void *ctx, size_t move, unsigned thread);
	void (*after)(void *ctx, size_t move, unsigned thread, const struct explore_touch *touch,
	    size_t touches);
	void *ctx;
	/* Moves that do not fit are left out, and choices made as far as there are any. */
	bool lenient;
};

enum explore_replay_status {
	EXPLORE_REPLAYED,
	EXPLORE_REPLAY_ENDED,  /* a move of a thread that has ended */
	EXPLORE_REPLAY_CHOICE, /* a move with other choices than it has to make */
	EXPLORE_REPLAY_NO_MEMORY,
	EXPLORE_REPLAY_OVER_LIMIT /* frames, choices, or a move that never ends */
};

/* How a run ended. */
enum explore_stop {
	EXPLORE_OVER,   /* every thread has ended */
	EXPLORE_BROKEN, /* something was not as expected: the run was not carried on */
	EXPLORE_QUIET,  /* the threads that are left only wait, and nothing changes any more */
	EXPLORE_ENDLESS /* the threads that are left go on and on */
};

struct explore_replayed {
	enum explore_replay_status status;
	size_t unfit; /* REPLAY_ENDED, REPLAY_CHOICE: the move */
	enum explore_stop stop;
	struct explore_schedule made; /* the moves that were made, with those added at the end */
	size_t added;
	struct play_outcome outcome;
};

#define EXPLORE_ADDED_MAX 20000u /* moves, before a run is called endless */

/*
 * Runs a schedule.  Where it ends before the threads do, and nothing has gone wrong by then, they
 * go on: each as far as it can, in order of the scenario.  What they came to is compared with what
 * was expected.  *replayed is the caller's to free with explore_replayed_free().
 */
void explore_replay(const struct scenario *scenario, const struct explore_schedule *schedule,
    const struct explore_replay_options *options, struct explore_replayed *replayed);

void explore_replayed_free(struct explore_replayed *replayed);

/* Threads taking over from each other, as often as that happens in a schedule. */
size_t explore_switches(const struct explore_schedule *schedule);

/* A copy; false when out of memory. */
bool explore_schedule_copy(struct explore_schedule *to, const struct explore_schedule *from);

#endif
