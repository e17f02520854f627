/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run by a given schedule, and its end by a rule of its own.
 *
 * A schedule says where moves end by the cells at whose touches they do, so that it gives the same
 * run whatever an exploration would learn of the scenario today.  It may stop short of the end, as
 * one does from which the end cannot be reached: then the threads are moved on by turns, until all
 * of them only wait.  That nothing changes while each of them turns round many times is taken for
 * a standstill.
 */
#include "explore/explore_replay.h"

#include <stdlib.h>
#include <string.h>

#include "explore/explore_live.h"

#define QUIET_ROUNDS 16u
#define TOUCHES_KEPT 4096u /* of a move */

struct stage {
	const struct scenario *scenario;
	const struct explore_replay_options *options;
	struct explore_replayed *replayed;
	struct explore_cells cells;
	struct explore_live *live;
	size_t room; /* of replayed->made.move */
	struct explore_touch *touch;
	size_t touches;
	bool wrote; /* the last move wrote to a shared cell */
};

/* --- schedules -------------------------------------------------------------------------------- */

size_t
explore_switches(const struct explore_schedule *schedule)
{
	size_t switches = 0, i;

	for (i = 1; i < schedule->moves; i++)
		switches += schedule->move[i].thread != schedule->move[i - 1].thread;
	return switches;
}

static bool
copy_cells(struct explore_schedule *to, const struct explore_schedule *from)
{
	to->cell = malloc((from->cells + 1) * sizeof(*to->cell));
	if (to->cell == NULL)
		return false;
	if (from->cells != 0)
		memcpy(to->cell, from->cell, from->cells * sizeof(*to->cell));
	to->cells = from->cells;
	return true;
}

bool
explore_schedule_copy(struct explore_schedule *to, const struct explore_schedule *from)
{
	memset(to, 0, sizeof(*to));
	to->move = malloc((from->moves + 1) * sizeof(*to->move));
	if (to->move == NULL || !copy_cells(to, from)) {
		explore_schedule_free(to);
		return false;
	}
	if (from->moves != 0)
		memcpy(to->move, from->move, from->moves * sizeof(*to->move));
	to->moves = from->moves;
	return true;
}

/* --- where a run stands ----------------------------------------------------------------------- */

static const struct explore_place *
place_of(const struct stage *stage, unsigned thread)
{
	return explore_live_place(stage->live, thread);
}

static bool
is_over(const struct stage *stage)
{
	unsigned i;

	for (i = 0; i < stage->scenario->threads; i++) {
		if (!place_of(stage, i)->ended &&
		    !scn_thread_is_daemon(&stage->scenario->thread[i]))
			return false;
	}
	return true;
}

static bool
is_broken(const struct stage *stage)
{
	return explore_live_outcome(stage->live)->mismatches != 0;
}

/* --- moves ------------------------------------------------------------------------------------ */

static void
take_touch(void *ctx, const struct explore_cell *cell, unsigned how)
{
	struct stage *stage = ctx;
	struct explore_touch *touch;

	stage->wrote |= (how & WATCH_WRITE) != 0;
	if (stage->options->after == NULL || stage->touches == TOUCHES_KEPT)
		return;
	touch = &stage->touch[stage->touches++];
	touch->cell = cell->id;
	touch->how = how;
	touch->before = explore_live_value(stage->live, cell);
}

/* Keeps what was done, with the choices that were made. */
static bool
record_move(struct stage *stage, unsigned thread)
{
	struct explore_schedule *made = &stage->replayed->made;
	const struct explore_item *item;
	struct explore_move *move;
	size_t items, i;

	if (made->moves == stage->room) {
		size_t room = stage->room == 0 ? 64 : 2 * stage->room;
		struct explore_move *bigger = realloc(made->move, room * sizeof(*bigger));

		if (bigger == NULL)
			return false;
		made->move = bigger;
		stage->room = room;
	}
	move = &made->move[made->moves++];
	memset(move, 0, sizeof(*move));
	move->thread = (unsigned char)thread;
	item = explore_live_items(stage->live, &items);
	for (i = 0; i < items; i++) {
		if (item[i].cell == NULL)
			move->choice[move->choices++] = (unsigned char)item[i].taken;
	}
	return true;
}

static enum explore_replay_status
status_of(enum explore_live_status status)
{
	switch (status) {
	case EXPLORE_LIVE_FINE:
	case EXPLORE_LIVE_NOT_BUILT: /* the outcome says what */
	case EXPLORE_LIVE_UNTOLD:
		return EXPLORE_REPLAYED;
	case EXPLORE_LIVE_NO_MEMORY:
		return EXPLORE_REPLAY_NO_MEMORY;
	case EXPLORE_LIVE_OVER_LIMIT:
	case EXPLORE_LIVE_NO_YIELD:
		break;
	}
	return EXPLORE_REPLAY_OVER_LIMIT;
}

/* false: the run cannot go on. */
static bool
make_move(struct stage *stage, const struct explore_move *move)
{
	size_t number = stage->replayed->made.moves, i;

	if (stage->options->before != NULL)
		stage->options->before(stage->options->ctx, number, move->thread);
	stage->touches = 0;
	stage->wrote = false;
	explore_live_move(stage->live, move->thread, move->choice, move->choices);
	stage->replayed->status = status_of(explore_live_status(stage->live));
	if (!record_move(stage, move->thread))
		stage->replayed->status = EXPLORE_REPLAY_NO_MEMORY;
	for (i = 0; i < stage->touches; i++)
		stage->touch[i].after = explore_live_value(stage->live,
		    explore_cells_get(&stage->cells, stage->touch[i].cell));
	if (stage->options->after != NULL)
		stage->options->after(stage->options->ctx, number, move->thread, stage->touch,
		    stage->touches);
	return stage->replayed->status == EXPLORE_REPLAYED;
}

static bool
has_choices_of(const struct explore_move *made, const struct explore_move *asked)
{
	return made->choices == asked->choices &&
	    memcmp(made->choice, asked->choice, made->choices) == 0;
}

static void
make_schedule(struct stage *stage, const struct explore_schedule *schedule)
{
	struct explore_replayed *replayed = stage->replayed;
	size_t i;

	for (i = 0; i < schedule->moves; i++) {
		const struct explore_move *move = &schedule->move[i];

		if (stage->options->lenient && is_broken(stage))
			return;
		replayed->unfit = i;
		if (move->thread >= stage->scenario->threads ||
		    place_of(stage, move->thread)->ended) {
			if (stage->options->lenient)
				continue;
			replayed->status = EXPLORE_REPLAY_ENDED;
			return;
		}
		if (!make_move(stage, move))
			return;
		if (!stage->options->lenient &&
		    !has_choices_of(&replayed->made.move[replayed->made.moves - 1], move)) {
			replayed->status = EXPLORE_REPLAY_CHOICE;
			return;
		}
	}
}

/* --- the end ---------------------------------------------------------------------------------- */

/* What a round of turns came to. */
struct round {
	bool changed; /* somebody wrote, or ended */
	bool moved;   /* somebody stands elsewhere now, if only at a turn of a wait */
};

/* A thread goes on until it ends, waits, or something is wrong; false: the run cannot go on. */
static bool
carry_on(struct stage *stage, unsigned thread, struct round *round)
{
	struct explore_move move = { .thread = (unsigned char)thread };
	struct explore_place before = *place_of(stage, thread);

	while (!place_of(stage, thread)->ended && !is_broken(stage) && !is_over(stage)) {
		if (stage->replayed->added++ == EXPLORE_ADDED_MAX || !make_move(stage, &move))
			return false;
		round->changed |= stage->wrote || place_of(stage, thread)->ended;
		if (place_of(stage, thread)->waits)
			break;
	}
	round->moved |= memcmp(place_of(stage, thread)->number, before.number,
	    sizeof(before.number)) != 0;
	return true;
}

/* Each thread has its turn; false: the run cannot go on. */
static bool
carry_round(struct stage *stage, struct round *round)
{
	unsigned thread;

	for (thread = 0; thread < stage->scenario->threads; thread++) {
		if (!carry_on(stage, thread, round))
			return false;
	}
	return true;
}

/*
 * Threads whose end is not in the schedule.  What they do over and over is no part of what was
 * made: neither the turns of a standstill nor a run without end.
 */
static void
carry_all_on(struct stage *stage)
{
	struct explore_replayed *replayed = stage->replayed;
	size_t given = replayed->made.moves, kept = given;
	unsigned quiet = 0;

	while (quiet < QUIET_ROUNDS && !is_over(stage) && !is_broken(stage)) {
		struct round round = { false, false };

		if (!carry_round(stage, &round)) {
			if (replayed->added > EXPLORE_ADDED_MAX)
				replayed->stop = EXPLORE_ENDLESS;
			break;
		}
		quiet = round.changed ? 0 : quiet + 1;
		if (round.changed || round.moved)
			kept = replayed->made.moves;
	}
	if (replayed->stop != EXPLORE_ENDLESS)
		replayed->stop = is_over(stage) ? EXPLORE_OVER :
		    is_broken(stage) ? EXPLORE_BROKEN : EXPLORE_QUIET;
	if (replayed->stop == EXPLORE_QUIET)
		replayed->made.moves = kept;
	else if (replayed->stop == EXPLORE_ENDLESS)
		replayed->made.moves = given;
	replayed->added = replayed->made.moves - given;
}

static void
play_schedule(struct stage *stage, const struct explore_schedule *schedule)
{
	struct explore_replayed *replayed = stage->replayed;

	if (!explore_live_restart(stage->live)) {
		replayed->status = status_of(explore_live_status(stage->live));
		replayed->stop = EXPLORE_BROKEN;
		return;
	}
	make_schedule(stage, schedule);
	if (replayed->status == EXPLORE_REPLAYED)
		carry_all_on(stage);
	if (replayed->status == EXPLORE_REPLAYED &&
	    (replayed->stop != EXPLORE_BROKEN || is_over(stage))) {
		explore_live_finish(stage->live);
		replayed->status = status_of(explore_live_status(stage->live));
	}
}

void
explore_replay(const struct scenario *scenario, const struct explore_schedule *schedule,
    const struct explore_replay_options *options, struct explore_replayed *replayed)
{
	struct play_options play = { .sink = options->sink, .sink_ctx = options->sink_ctx,
		.observer = options->observer };
	struct stage stage = { .scenario = scenario, .options = options,
		.replayed = replayed };

	memset(replayed, 0, sizeof(*replayed));
	if (options->after != NULL)
		stage.touch = malloc(TOUCHES_KEPT * sizeof(*stage.touch));
	if ((options->after == NULL || stage.touch != NULL) &&
	    copy_cells(&replayed->made, schedule) && explore_cells_init(&stage.cells) &&
	    explore_cells_share(&stage.cells, schedule->cell, schedule->cells))
		stage.live = explore_live_create(scenario, &stage.cells, &play);
	if (stage.live == NULL) {
		replayed->status = EXPLORE_REPLAY_NO_MEMORY;
	} else {
		explore_live_listen(stage.live, take_touch, &stage);
		play_schedule(&stage, schedule);
		replayed->outcome = *explore_live_outcome(stage.live);
		memset(explore_live_outcome(stage.live), 0, sizeof(replayed->outcome));
	}
	explore_live_destroy(stage.live);
	explore_cells_free(&stage.cells);
	free(stage.touch);
}

void
explore_replayed_free(struct explore_replayed *replayed)
{
	explore_schedule_free(&replayed->made);
	play_outcome_free(&replayed->outcome);
}
