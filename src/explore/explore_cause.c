/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two touches of one cell by two threads, at least one of which changes it, are tried the other way
 * round: the later one's thread goes first, as far as that touch, and all else stays in order.  If
 * the failure is gone, their order decides it.  Of several, one after which everything holds counts
 * before one after which something else fails, a word before what is only a number to people, and
 * then the pair that is closest together, which says most; of equals the last.
 *
 * That is an answer in terms of this schedule, found by experiment.  A failure that needs the order
 * of two pairs may show either of them, or none.
 */
#include "explore/explore_cause.h"

#include <stdlib.h>
#include <string.h>

#include "explore/explore_minimise.h"

#define MOMENTS_MAX 20000u
#define TRIALS_MAX 400u
#define TRIAL_MOVES_MAX 400000u /* in all trials together */

struct detective {
	const struct scenario *scenario;
	const struct explore_schedule *schedule;
	struct explore_failure failure;
	struct explore_moment *moment;
	size_t moments, room;
	struct explore_move *trial;
	size_t trials, moves;
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
	d->moves += d->schedule->moves;
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

static bool
is_word(const struct explore_moment *moment)
{
	enum watch_kind kind = watch_kind_of(moment->touch.cell);

	return kind == WATCH_WORD || kind == WATCH_VMM;
}

static bool
is_better(const struct explore_cause *a, const struct explore_cause *b)
{
	if (!b->found || a->holds != b->holds)
		return !b->found || a->holds;
	if (is_word(&a->first) != is_word(&b->first))
		return is_word(&a->first);
	return a->second.move - a->first.move < b->second.move - b->first.move;
}

/* The last touch before this one that conflicts with it; NULL when there is none. */
static const struct explore_moment *
conflict_before(const struct detective *d, const struct explore_moment *moment)
{
	const struct explore_moment *before = moment;

	while (before-- != d->moment) {
		if (are_in_conflict(before, moment))
			return before;
	}
	return NULL;
}

static void
look(struct detective *d, struct explore_cause *best)
{
	size_t i;

	for (i = d->moments; i-- > 1;) {
		const struct explore_moment *second = &d->moment[i];
		const struct explore_moment *first = conflict_before(d, second);
		struct explore_cause cause = { .found = true };
		enum verdict verdict;

		/* Beyond the schedule nobody chose the order. */
		if (first == NULL || second->move >= d->schedule->moves)
			continue;
		if (d->trials == TRIALS_MAX || d->moves > TRIAL_MOVES_MAX || d->no_memory)
			return;
		verdict = try_order(d, first->move, second->move);
		cause.holds = verdict == HOLDS;
		cause.first = *first;
		cause.second = *second;
		if (verdict != SAME && is_better(&cause, best))
			*best = cause;
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
