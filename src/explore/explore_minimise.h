/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a failing schedule easier to read.
 */
#ifndef VK_EXPLORE_EXPLORE_MINIMISE_H
#define VK_EXPLORE_EXPLORE_MINIMISE_H

#include "explore/explore_replay.h"

/* That something did not hold, and what; two runs fail alike when these are equal. */
struct explore_failure {
	struct scn_mark mark;
	int thread, step;
	const char *field;
};

/* The first thing that did not hold; false when all did. */
bool explore_failure_of(const struct explore_replayed *replayed, struct explore_failure *failure);

bool explore_failures_alike(const struct explore_failure *a, const struct explore_failure *b);

/*
 * Leaves out moves, and reorders them so that threads take over from each other less often, while
 * the same thing fails.  The schedule is replaced; it is complete then, with what a replay adds.
 * One that does not fail is left as it is.  The work is bounded.  false: out of memory.
 */
bool explore_minimise(const struct scenario *scenario, struct explore_schedule *schedule);

#endif
