/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Schedules by chance, for scenarios with too many to try them all.
 */
#ifndef VK_EXPLORE_EXPLORE_RANDOM_H
#define VK_EXPLORE_EXPLORE_RANDOM_H

#include "explore/explore.h"

#define EXPLORE_RUNS_DEFAULT 1000u
#define EXPLORE_RUN_MOVES_DEFAULT 20000u /* of one run, unless options->depth_max says otherwise */

/*
 * Makes so many runs; which thread moves next is drawn from a generator with this seed.  Of the
 * options depth_max, end_at_violation, witnesses and progress count.  The result ends as
 * EXPLORE_SAMPLED; EXPLORE_UNREACHED is never found out.
 */
void explore_random(const struct scenario *scenario, const struct explore_options *options,
    uint64_t seed, uint64_t runs, struct explore_result *result);

#endif
