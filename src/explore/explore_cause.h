/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a schedule fails: the two touches whose order decides it.
 */
#ifndef VK_EXPLORE_EXPLORE_CAUSE_H
#define VK_EXPLORE_EXPLORE_CAUSE_H

#include "explore/explore_replay.h"

/* One touch, by one thread, in one move of a schedule. */
struct explore_moment {
	size_t move;
	unsigned thread;
	struct explore_touch touch;
};

struct explore_cause {
	bool found;
	struct explore_moment first, second; /* of the same cell, in this order */
	bool holds; /* the other way round nothing fails; else only what fails now does not */
};

/* Looks for the cause, in bounded time, by runs in another order.  false: out of memory. */
bool explore_find_cause(const struct scenario *scenario, const struct explore_schedule *schedule,
    struct explore_cause *cause);

#endif
