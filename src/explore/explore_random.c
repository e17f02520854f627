/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random runs.
 *
 * In the first run nothing is known to be shared, so each thread goes to its end in one move; from
 * what a run shows, moves become shorter in the next.  How willing a run is to let another thread
 * go differs from run to run: some errors need many changes of thread, others long stretches
 * without.  A run in which all threads wait, and nothing changes while each turns round many times,
 * is stuck; one that goes on beyond a number of moves is given up and says nothing.
 */
#include "explore/explore_random.h"

#include <stdlib.h>
#include <string.h>

#include "explore/explore_live.h"
#include "sim/random_numbers.h"

#define QUIET_TURNS 16u
#define WILLINGNESS 6u /* 1, 1/2, 1/4 ... */

struct walker {
	const struct scenario *scenario;
	const struct explore_options *options;
	struct explore_result *result;
	struct explore_cells cells;
	struct explore_live *live;
	uint64_t random;
	struct explore_move *move;         /* of this run */
	size_t moves, room;
	unsigned quiet[EXPLORE_THREADS_MAX]; /* turns since something changed */
	bool stop;
};

static bool
has_ended(const struct walker *w, unsigned thread)
{
	return explore_live_place(w->live, thread)->ended;
}

static bool
is_over(const struct walker *w)
{
	unsigned i;

	for (i = 0; i < w->scenario->threads; i++) {
		if (!has_ended(w, i) && !scn_thread_is_daemon(&w->scenario->thread[i]))
			return false;
	}
	return true;
}

static bool
is_stuck(const struct walker *w)
{
	unsigned i;

	for (i = 0; i < w->scenario->threads; i++) {
		if (!has_ended(w, i) && w->quiet[i] < QUIET_TURNS)
			return false;
	}
	return true;
}

static void
fail(struct walker *w, enum explore_end end)
{
	w->result->end = end;
	w->stop = true;
}

/* Whether the live run has failed, which ends everything. */
static bool
live_failed(struct walker *w)
{
	if (explore_live_status(w->live) == EXPLORE_LIVE_FINE)
		return false;
	fail(w, explore_live_end(w->live));
	return true;
}

/* --- moves ------------------------------------------------------------------------------------ */

static bool
record_move(struct walker *w, unsigned thread)
{
	const struct explore_item *item;
	struct explore_move *move;
	size_t items, i;

	if (w->moves == w->room) {
		size_t room = w->room == 0 ? 256 : 2 * w->room;
		struct explore_move *bigger = realloc(w->move, room * sizeof(*bigger));

		if (bigger == NULL)
			return false;
		w->move = bigger;
		w->room = room;
	}
	move = &w->move[w->moves++];
	memset(move, 0, sizeof(*move));
	move->thread = (unsigned char)thread;
	item = explore_live_items(w->live, &items);
	for (i = 0; i < items; i++) {
		if (item[i].cell == NULL)
			move->choice[move->choices++] = (unsigned char)item[i].taken;
	}
	return true;
}

static void
count_quiet(struct walker *w, unsigned thread)
{
	size_t written;

	(void)explore_live_written(w->live, &written);
	if (written != 0 || has_ended(w, thread) || !explore_live_place(w->live, thread)->waits)
		memset(w->quiet, 0, sizeof(w->quiet));
	else
		w->quiet[thread]++;
}

static void
move_thread(struct walker *w, unsigned thread)
{
	unsigned char script[EXPLORE_CHOICES_MAX];
	uint64_t bits = 0;
	unsigned i;

	for (i = 0; i < sizeof(script); i++, bits >>= 8) {
		if (i % 8 == 0)
			bits = random_splitmix(&w->random);
		script[i] = (unsigned char)bits;
	}
	explore_live_move(w->live, thread, script, sizeof(script));
	w->result->stats.live_moves++;
	if (live_failed(w))
		return;
	count_quiet(w, thread);
	if (!record_move(w, thread))
		fail(w, EXPLORE_NO_MEMORY);
}

/* Who goes next: the same as before, but for a chance of one in `willing`. */
static unsigned
choose_thread(struct walker *w, unsigned last, uint64_t willing)
{
	unsigned thread, left = 0, i;

	if (last < w->scenario->threads && !has_ended(w, last) &&
	    !explore_live_place(w->live, last)->waits && random_splitmix(&w->random) % willing != 0)
		return last;
	for (i = 0; i < w->scenario->threads; i++)
		left += !has_ended(w, i);
	left = (unsigned)(random_splitmix(&w->random) % left);
	for (thread = 0; has_ended(w, thread) || left-- != 0; thread++)
		;
	return thread;
}

/* --- what a run came to ----------------------------------------------------------------------- */

static bool
keep_schedule(struct walker *w, struct explore_schedule *schedule)
{
	unsigned i;

	memset(schedule, 0, sizeof(*schedule));
	schedule->cell = malloc((w->cells.live_count + 1) * sizeof(*schedule->cell));
	schedule->move = malloc((w->moves + 1) * sizeof(*schedule->move));
	if (schedule->cell == NULL || schedule->move == NULL) {
		explore_schedule_free(schedule);
		fail(w, EXPLORE_NO_MEMORY);
		return false;
	}
	for (i = 0; i < w->cells.live_count; i++) {
		const struct explore_cell *cell = w->cells.cell[w->cells.live[i]];

		if (cell->shared)
			schedule->cell[schedule->cells++] = cell->id;
	}
	schedule->moves = w->moves;
	if (w->moves != 0)
		memcpy(schedule->move, w->move, w->moves * sizeof(*schedule->move));
	return true;
}

static void
violated(struct walker *w, enum explore_violation violation)
{
	struct explore_result *result = w->result;

	if (result->violation != EXPLORE_NONE || !keep_schedule(w, &result->schedule))
		return;
	result->violation = violation;
	w->stop |= w->options->end_at_violation;
}

static void
note_witnesses(struct walker *w, uint64_t outcomes)
{
	struct explore_result *result = w->result;

	if (outcomes != 0 && result->witness == NULL) {
		result->witness = calloc(w->scenario->reaches, sizeof(*result->witness));
		if (result->witness == NULL) {
			fail(w, EXPLORE_NO_MEMORY);
			return;
		}
		result->witnesses = w->scenario->reaches;
	}
	for (; outcomes != 0; outcomes &= outcomes - 1) {
		if (!keep_schedule(w, &result->witness[__builtin_ctzll(outcomes)]))
			return;
	}
}

static void
judge_end(struct walker *w, enum explore_violation violation)
{
	const struct play_outcome *outcome = explore_live_outcome(w->live);

	w->result->stats.ends++;
	explore_live_finish(w->live);
	if (live_failed(w))
		return;
	if (w->options->witnesses)
		note_witnesses(w, outcome->reached & ~w->result->reached);
	w->result->reached |= outcome->reached;
	if (outcome->mismatches != 0)
		violated(w, violation);
}

/* --- runs ------------------------------------------------------------------------------------- */

static bool
begin_run(struct walker *w)
{
	w->moves = 0;
	memset(w->quiet, 0, sizeof(w->quiet));
	w->result->stats.runs++;
	if (explore_cells_unsettled(&w->cells)) {
		w->result->stats.passes++;
		if (!explore_cells_settle(&w->cells)) {
			fail(w, EXPLORE_NO_MEMORY);
			return false;
		}
	}
	if (explore_live_restart(w->live))
		return true;
	if (explore_live_status(w->live) == EXPLORE_LIVE_NOT_BUILT)
		violated(w, EXPLORE_EXPECTATION);
	else
		(void)live_failed(w);
	w->stop = true;
	return false;
}

static void
make_run(struct walker *w, uint64_t willing)
{
	const struct play_outcome *outcome = explore_live_outcome(w->live);
	uint64_t depth = w->options->depth_max != 0 ? w->options->depth_max :
	    EXPLORE_RUN_MOVES_DEFAULT;
	unsigned thread = EXPLORE_THREADS_MAX;

	if (!begin_run(w))
		return;
	while (!w->stop && outcome->mismatches == 0 && !is_over(w) && !is_stuck(w) &&
	    w->moves < depth) {
		thread = choose_thread(w, thread, willing);
		move_thread(w, thread);
	}
	if (w->moves > w->result->stats.depth)
		w->result->stats.depth = w->moves;
	if (w->stop)
		return;
	if (is_over(w))
		judge_end(w, EXPLORE_EXPECTATION);
	else if (outcome->mismatches != 0)
		violated(w, EXPLORE_EXPECTATION);
	else if (is_stuck(w))
		judge_end(w, EXPLORE_STUCK);
}

static void
count_cells(struct walker *w)
{
	struct explore_stats *stats = &w->result->stats;
	unsigned i;

	stats->cells = w->cells.live_count;
	stats->shared = 0;
	for (i = 0; i < w->cells.live_count; i++)
		stats->shared += w->cells.cell[w->cells.live[i]]->shared;
}

static void
make_runs(struct walker *w, uint64_t runs)
{
	uint64_t run;

	for (run = 0; run < runs && !w->stop; run++) {
		make_run(w, 1ull << run % WILLINGNESS);
		if (w->options->progress != NULL)
			w->options->progress(w->options->progress_ctx, &w->result->stats);
	}
	count_cells(w);
}

void
explore_random(const struct scenario *scenario, const struct explore_options *options,
    uint64_t seed, uint64_t runs, struct explore_result *result)
{
	struct play_options play = { .sink = NULL };
	struct walker w = { .scenario = scenario, .options = options, .result = result,
		.random = seed };

	memset(result, 0, sizeof(*result));
	result->end = EXPLORE_NO_MEMORY;
	if (scenario->programs != 0 && scenario->schedule.explore.memory == SCN_STORES_TSO) {
		result->end = EXPLORE_PROGRAMS;
	} else if (scenario->threads > EXPLORE_THREADS_MAX) {
		result->end = EXPLORE_OVER_LIMIT;
	} else if (explore_cells_init(&w.cells) && explore_cells_settle(&w.cells)) {
		w.live = explore_live_create(scenario, &w.cells, &play);
		if (w.live != NULL) {
			result->end = EXPLORE_SAMPLED;
			make_runs(&w, runs);
		}
	}
	explore_live_destroy(w.live);
	explore_cells_free(&w.cells);
	free(w.move);
}
