/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two touches of one cell by two threads, at least one of which changes it, are tried the other way
 * round: the later one's thread goes first, as far as that touch, and all else stays in order.  If
 * the failure is gone, their order decides it.  Of several the last counts, and one after which
 * everything holds before one after which something else fails.
 *
 * That is an answer in terms of this schedule, found by experiment.  A failure that needs the order
 * of two pairs may show either of them, or none.
 */
#include "explore/explore_cause.h"

#include <stdlib.h>
#include <string.h>

#include "explore/explore_minimise.h"

#define MOMENTS_MAX 20000u
#define TRIALS_MAX 300u

struct detective {
	const struct scenario *scenario;
	const struct explore_schedule *schedule;
	struct explore_failure failure;
	struct explore_moment *moment;
	size_t moments, room;
	struct explore_move *trial;
	unsigned trials;
	bool no_memory;
};

/* --- what happened ---------------------------------------------------------------------------- */

static bool
is_change(const struct explore_touch *touch)
{
	return (touch->how & WATCH_WRITE) != 0 && touch->before != touch->after;
}

static bool
keep_room(struct detective *d)
{
	size_t room = d->room == 0 ? 256 : 2 * d->room;
	struct explore_moment *bigger;

	if (d->moments < d->room)
		return true;
	bigger = realloc(d->moment, room * sizeof(*bigger));
	if (bigger == NULL) {
		d->no_memory = true;
		return false;
	}
	d->moment = bigger;
	d->room = room;
	return true;
}

static void
note_touches(void *ctx, size_t move, unsigned thread, const struct explore_touch *touch,
    size_t touches)
{
	struct detective *d = ctx;
	size_t i;

	for (i = 0; i < touches && d->moments < MOMENTS_MAX && keep_room(d); i++) {
		struct explore_moment *moment = &d->moment[d->moments++];

		moment->move = move;
		moment->thread = thread;
		moment->touch = touch[i];
	}
}

/* Runs the schedule as it is; false: it does not fail. */
static bool
observe(struct detective *d)
{
	const struct explore_replay_options options = { .after = note_touches, .ctx = d,
		.lenient = true };
	struct explore_replayed replayed;
	bool fails;

	explore_replay(d->scenario, d->schedule, &options, &replayed);
	d->no_memory |= replayed.status == EXPLORE_REPLAY_NO_MEMORY;
	fails = explore_failure_of(&replayed, &d->failure);
	explore_replayed_free(&replayed);
	return fails && !d->no_memory;
}

/* --- the other way round ---------------------------------------------------------------------- */

/* The thread of move `last` makes its moves from `first` to `last` before anybody else's. */
static size_t
turn_round(struct detective *d, size_t first, size_t last)
{
	const struct explore_move *move = d->schedule->move;
	unsigned thread = move[last].thread;
	struct explore_move *end = d->trial;
	size_t i;

	for (i = 0; i < first; i++)
		*end++ = move[i];
	for (i = first; i <= last; i++) {
		if (move[i].thread == thread)
			*end++ = move[i];
	}
	for (i = first; i <= last; i++) {
		if (move[i].thread != thread)
			*end++ = move[i];
	}
	for (i = last + 1; i < d->schedule->moves; i++)
		*end++ = move[i];
	return d->schedule->moves;
}

enum verdict { SAME, OTHER, HOLDS };

static enum verdict
try_order(struct detective *d, size_t first, size_t last)
{
	const struct explore_replay_options options = { .lenient = true };
	struct explore_schedule schedule = { d->schedule->cell, d->schedule->cells, d->trial,
		turn_round(d, first, last) };
	struct explore_replayed replayed;
	struct explore_failure failure;
	enum verdict verdict = HOLDS;

	d->trials++;
	explore_replay(d->scenario, &schedule, &options, &replayed);
	d->no_memory |= replayed.status == EXPLORE_REPLAY_NO_MEMORY;
	if (replayed.status != EXPLORE_REPLAYED)
		verdict = SAME;
	else if (explore_failure_of(&replayed, &failure))
		verdict = explore_failures_alike(&failure, &d->failure) ? SAME : OTHER;
	explore_replayed_free(&replayed);
	return verdict;
}

static bool
are_in_conflict(const struct explore_moment *a, const struct explore_moment *b)
{
	return a->touch.cell == b->touch.cell && a->thread != b->thread &&
	    (is_change(&a->touch) || is_change(&b->touch));
}

static void
look(struct detective *d, struct explore_cause *cause)
{
	size_t i, j;

	for (j = d->moments; j-- > 1 && !cause->holds;) {
		enum verdict verdict;

		/* Beyond the schedule nobody chose the order. */
		if (d->moment[j].move >= d->schedule->moves)
			continue;
		for (i = j; i-- > 0 && !are_in_conflict(&d->moment[i], &d->moment[j]);)
			;
		if (i == SIZE_MAX || d->trials == TRIALS_MAX || d->no_memory)
			continue;
		verdict = try_order(d, d->moment[i].move, d->moment[j].move);
		if (verdict == SAME || (verdict == OTHER && cause->found))
			continue;
		cause->found = true;
		cause->holds = verdict == HOLDS;
		cause->first = d->moment[i];
		cause->second = d->moment[j];
	}
}

bool
explore_find_cause(const struct scenario *scenario, const struct explore_schedule *schedule,
    struct explore_cause *cause)
{
	struct detective d = { .scenario = scenario, .schedule = schedule };

	memset(cause, 0, sizeof(*cause));
	d.trial = malloc((schedule->moves + 1) * sizeof(*d.trial));
	if (d.trial == NULL)
		return false;
	if (observe(&d))
		look(&d, cause);
	free(d.trial);
	free(d.moment);
	return !d.no_memory;
}
