/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a copy keeps shootdowns away from the page that it touches.
 *
 * A copy walks the tables, holds the page that they name, and moves bytes.  Another processor may
 * take the translation back in between, by a shootdown that the copy takes no part in, and what is
 * touched afterwards is no longer the user's.  Who runs the shootdowns can offer a guard against
 * that.  A copy then goes, for each page:
 *
 *	look -> walk, hold -> enter -> touch the page -> leave -> release
 *
 * Inside, no shootdown completes, and enter() refuses if one has begun since look().  So the walk,
 * however long ago it was, is one that holds until leave().  A second walk inside would not do: it
 * would read entries, for which a kernel may sleep, while a page is held [DF-HOLD].  A copy that is
 * refused releases its page and begins again with look().
 *
 * Between enter() and leave() nothing sleeps, faults or asks for a page.
 */
#ifndef VK_BASE_GUARD_H
#define VK_BASE_GUARD_H

#include "base/env.h"

struct vk_guard_ops {
	/*
	 * Waits until no shootdown is under way and returns the number of those so far.  May sleep;
	 * the caller holds no page.
	 */
	uint64_t (*look)(void *ctx);
	/* Returns 1, and is inside; or 0: look() would give another number now, or wait. */
	int (*enter)(void *ctx, uint64_t seen);
	void (*leave)(void *ctx);
};

/* Without operations it is none: shootdowns are kept away by other means, or not at all. */
struct vk_guard {
	const struct vk_guard_ops *ops;
	void *ctx;
};

#endif
