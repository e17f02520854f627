/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trial and error: a change to the schedule is kept when the same thing still fails in a run of it.
 *
 * Nothing is assumed of what moves mean.  A move is the next piece of its thread, so after a change
 * it may do something else; moves that no longer fit are left out.  The result is a schedule from
 * which no single change of these kinds can be made, not the smallest of all.
 */
#include "explore/explore_minimise.h"

#include <stdlib.h>
#include <string.h>

#define TRIALS_MAX 3000u
#define MOVES_MAX 400000u /* in all trials together */

struct minimiser {
	const struct scenario *scenario;
	struct explore_schedule best;
	struct explore_failure failure;
	struct explore_move *trial; /* room for best.moves */
	size_t trials, moves;       /* made so far */
	bool no_memory;
};

bool
explore_failure_of(const struct explore_replayed *replayed, struct explore_failure *failure)
{
	const struct play_mismatch *mismatch = replayed->outcome.mismatch;

	if (replayed->status != EXPLORE_REPLAYED || replayed->outcome.mismatches == 0)
		return false;
	failure->mark = mismatch->mark;
	failure->thread = mismatch->thread;
	failure->step = mismatch->step;
	failure->field = mismatch->field;
	return true;
}

bool
explore_failures_alike(const struct explore_failure *a, const struct explore_failure *b)
{
	return a->mark.line == b->mark.line && a->mark.column == b->mark.column &&
	    a->thread == b->thread && a->step == b->step && strcmp(a->field, b->field) == 0;
}

/* --- trials ----------------------------------------------------------------------------------- */

static bool
is_better(const struct minimiser *m, const struct explore_schedule *made)
{
	if (made->moves != m->best.moves)
		return made->moves < m->best.moves;
	return explore_switches(made) < explore_switches(&m->best);
}

/* Whether the first so many moves of m->trial still fail, and better; they are the best then. */
static bool
try_moves(struct minimiser *m, size_t moves)
{
	const struct explore_replay_options options = { .lenient = true };
	struct explore_schedule schedule = { m->best.cell, m->best.cells, m->trial, moves };
	struct explore_replayed replayed;
	struct explore_failure failure;
	bool better;

	if (m->no_memory || m->trials == TRIALS_MAX || m->moves > MOVES_MAX)
		return false;
	m->trials++;
	explore_replay(m->scenario, &schedule, &options, &replayed);
	m->no_memory = replayed.status == EXPLORE_REPLAY_NO_MEMORY;
	m->moves += replayed.stop == EXPLORE_ENDLESS ? EXPLORE_ADDED_MAX : replayed.made.moves;
	better = !m->no_memory && explore_failure_of(&replayed, &failure) &&
	    explore_failures_alike(&failure, &m->failure) && is_better(m, &replayed.made);
	if (better) {
		explore_schedule_free(&m->best);
		m->best = replayed.made;
		memset(&replayed.made, 0, sizeof(replayed.made));
	}
	explore_replayed_free(&replayed);
	return better;
}

/* --- fewer moves ------------------------------------------------------------------------------ */

static bool
try_without(struct minimiser *m, size_t from, size_t to)
{
	size_t rest = m->best.moves - to;

	memcpy(m->trial, m->best.move, from * sizeof(*m->trial));
	memcpy(m->trial + from, m->best.move + to, rest * sizeof(*m->trial));
	return try_moves(m, from + rest);
}

/* Leaves out pieces, large ones first. */
static bool
leave_out(struct minimiser *m)
{
	bool gained = false;
	size_t size, at;

	for (size = m->best.moves / 2; size != 0; size /= 2) {
		for (at = 0; at + size <= m->best.moves;) {
			if (try_without(m, at, at + size))
				gained = true;
			else
				at += size;
		}
	}
	return gained;
}

/* --- fewer changes of thread ------------------------------------------------------------------ */

/* Where the moves end that a thread makes in a row from `at` on. */
static size_t
row_end(const struct explore_schedule *schedule, size_t at)
{
	size_t end = at;

	while (end < schedule->moves && schedule->move[end].thread == schedule->move[at].thread)
		end++;
	return end;
}

/* The last move of this thread before `at`, plus one; 0 when there is none. */
static size_t
thread_before(const struct explore_schedule *schedule, unsigned thread, size_t at)
{
	while (at != 0 && schedule->move[at - 1].thread != thread)
		at--;
	return at;
}

/* Its next move from `at` on; the number of moves when there is none. */
static size_t
thread_after(const struct explore_schedule *schedule, unsigned thread, size_t at)
{
	while (at < schedule->moves && schedule->move[at].thread != thread)
		at++;
	return at;
}

/* Some moves of a row join the row of the same thread before it, the others the one behind it. */
static bool
try_split(struct minimiser *m, size_t from, size_t split, size_t to)
{
	const struct explore_schedule *best = &m->best;
	unsigned thread = best->move[from].thread;
	size_t before = split == from ? from : thread_before(best, thread, from);
	size_t after = split == to ? to : thread_after(best, thread, to);
	struct explore_move *end = m->trial;
	const struct {
		size_t from, to;
	} piece[] = {
		{ 0, before }, { from, split }, { before, from },
		{ to, after }, { split, to }, { after, best->moves },
	};
	size_t i;

	for (i = 0; i < sizeof(piece) / sizeof(piece[0]); i++) {
		memcpy(end, best->move + piece[i].from,
		    (piece[i].to - piece[i].from) * sizeof(*end));
		end += piece[i].to - piece[i].from;
	}
	return try_moves(m, best->moves);
}

static bool
join_rows(struct minimiser *m)
{
	bool gained = false;
	size_t from = 0;

	while (from < m->best.moves) {
		size_t to = row_end(&m->best, from), split = to;
		bool joined;

		/* All of it to the front first, all of it to the back last. */
		do
			joined = try_split(m, from, split, to);
		while (!joined && split-- != from);
		gained |= joined;
		from = joined ? 0 : to;
	}
	return gained;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* The schedule as a replay makes it, with its end; false: it does not fail. */
static bool
begin(struct minimiser *m, const struct explore_schedule *schedule)
{
	const struct explore_replay_options options = { .lenient = true };
	struct explore_replayed replayed;
	bool fails;

	explore_replay(m->scenario, schedule, &options, &replayed);
	m->no_memory = replayed.status == EXPLORE_REPLAY_NO_MEMORY;
	fails = !m->no_memory && explore_failure_of(&replayed, &m->failure);
	if (fails) {
		m->best = replayed.made;
		memset(&replayed.made, 0, sizeof(replayed.made));
		m->trial = malloc((m->best.moves + 1) * sizeof(*m->trial));
		m->no_memory = m->trial == NULL;
	}
	explore_replayed_free(&replayed);
	return fails && !m->no_memory;
}

bool
explore_minimise(const struct scenario *scenario, struct explore_schedule *schedule)
{
	struct minimiser m = { .scenario = scenario };
	bool gained = begin(&m, schedule), failing = gained;

	while (gained) {
		gained = leave_out(&m);
		gained |= join_rows(&m);
	}
	free(m.trial);
	if (failing && !m.no_memory) {
		explore_schedule_free(schedule);
		*schedule = m.best;
	} else {
		explore_schedule_free(&m.best);
	}
	return !m.no_memory;
}
