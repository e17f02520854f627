/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Breadth first over all states.
 *
 * A pass begins with what is known of the cells: which change, which are shared.  Where it learns
 * more, another pass follows; the last one has seen nothing new, and only its answer counts.
 * States come in the order of the number of moves that lead to them, so the first violation has a
 * shortest schedule.
 *
 * The reduction is the granularity of moves: what a thread does between two touches of shared cells
 * touches nothing that another thread touches in any schedule, so it commutes with all of it and is
 * made at once.
 */
#include "explore/explore.h"

#include <stdlib.h>
#include <string.h>

#include "explore/explore_memo.h"
#include "explore/explore_states.h"

#define CELLS_MOST 480u
#define PASSES_MOST 200u
#define EARLY_STATES 2000u /* a pass that is known to be in vain is not carried much further */
#define PROGRESS_EVERY 65536u
#define NOWHERE UINT32_MAX

/* A state taken apart. */
struct state {
	uint16_t value[CELLS_MOST];
	uint32_t place[EXPLORE_THREADS_MAX];
	uint8_t last;      /* who moved last, and how often it was made to stop: bounded only */
	uint8_t preempted;
};

struct explorer {
	const struct scenario *scenario;
	const struct explore_options *options;
	struct explore_result *result;
	struct explore_cells cells;
	struct explore_live *live;
	uint32_t live_at;          /* the state that the live run is in, or NOWHERE */
	struct memo memo;
	struct explore_states *states;
	unsigned threads;
	unsigned place_wide;       /* bytes of a place in a state */
	size_t width;
	uint32_t level_end;        /* states from here on are more than stats.depth moves away */
	bool again;                /* the pass is in vain */
	bool stop;
	struct state from, to;
	unsigned char packed[EXPLORE_STATE_MOST];
};

static void
stop(struct explorer *e, enum explore_end end)
{
	e->stop = true;
	e->result->end = end;
}

/* --- states ----------------------------------------------------------------------------------- */

static unsigned char *
put(unsigned char *to, uint32_t value, unsigned bytes)
{
	for (; bytes != 0; bytes--, value >>= 8)
		*to++ = (unsigned char)value;
	return to;
}

static const unsigned char *
get(const unsigned char *from, uint32_t *value, unsigned bytes)
{
	unsigned i;

	*value = 0;
	for (i = 0; i < bytes; i++)
		*value |= (uint32_t)*from++ << (8 * i);
	return from;
}

static const struct explore_cell *
live_cell(const struct explorer *e, unsigned index)
{
	return e->cells.cell[e->cells.live[index]];
}

static size_t
measure(const struct explorer *e)
{
	size_t width = (size_t)e->threads * e->place_wide + (e->options->bounded ? 2 : 0);
	unsigned i;

	for (i = 0; i < e->cells.live_count; i++)
		width += live_cell(e, i)->wide;
	return width;
}

/* false: some number has outgrown its bytes, and the pass is in vain. */
static bool
pack(struct explorer *e, const struct state *state)
{
	unsigned char *to = e->packed;
	unsigned i;

	for (i = 0; i < e->cells.live_count; i++) {
		unsigned wide = live_cell(e, i)->wide;

		if (wide == 1 && state->value[i] > 255)
			return false;
		to = put(to, state->value[i], wide);
	}
	for (i = 0; i < e->threads; i++) {
		if (e->place_wide == 2 && state->place[i] > 65535) {
			e->place_wide = 4;
			return false;
		}
		to = put(to, state->place[i], e->place_wide);
	}
	if (e->options->bounded) {
		*to++ = state->last;
		*to = state->preempted;
	}
	return true;
}

static void
unpack(const struct explorer *e, const unsigned char *from, struct state *state)
{
	uint32_t value;
	unsigned i;

	for (i = 0; i < e->cells.live_count; i++) {
		from = get(from, &value, live_cell(e, i)->wide);
		state->value[i] = (uint16_t)value;
	}
	for (i = 0; i < e->threads; i++)
		from = get(from, &state->place[i], e->place_wide);
	if (e->options->bounded) {
		state->last = *from++;
		state->preempted = *from;
	}
}

static bool
is_over(const struct explorer *e, const struct state *state)
{
	unsigned i;

	for (i = 0; i < e->threads; i++) {
		if (!e->memo.place[state->place[i]].place.ended &&
		    !scn_thread_is_daemon(&e->scenario->thread[i]))
			return false;
	}
	return true;
}

/* --- moves from memory ------------------------------------------------------------------------ */

/* A way through a tree: the choices made so far on it. */
struct way {
	unsigned char choice[EXPLORE_CHOICES_MAX];
	unsigned char count[EXPLORE_CHOICES_MAX]; /* from how many */
	unsigned choices;
};

/* Follows the tree over the values of a state; the node that ends the move, or MEMO_UNKNOWN. */
static uint32_t
follow(const struct explorer *e, const struct state *state, unsigned thread, struct way *way)
{
	uint32_t at = e->memo.place[state->place[thread]].root;
	unsigned choices = 0;

	while (at != MEMO_UNKNOWN) {
		const struct memo_node *node = &e->memo.node[at];
		uint32_t branch;

		if (node->kind == MEMO_END)
			break;
		if (node->kind == MEMO_READ) {
			branch = state->value[node->what];
		} else {
			if (choices == way->choices) {
				way->choice[choices] = 0;
				way->count[choices] = (unsigned char)node->what;
				way->choices++;
			}
			branch = way->choice[choices++];
		}
		at = branch < node->children ? node->u.child[branch] : MEMO_UNKNOWN;
	}
	return at;
}

/* The next way, by the last choice that leaves another; false: that was all. */
static bool
next_way(struct way *way)
{
	while (way->choices != 0) {
		unsigned last = way->choices - 1;

		if (++way->choice[last] < way->count[last])
			return true;
		way->choices--;
	}
	return false;
}

/* Whether the thread may be moved from there, and what that makes of the bound. */
static bool
may_move(const struct explorer *e, const struct state *state, unsigned thread, unsigned *preempted)
{
	const struct explore_place *place = &e->memo.place[state->place[thread]].place;
	const struct explore_place *last;

	if (place->ended)
		return false;
	*preempted = state->preempted;
	if (!e->options->bounded || state->last == thread || state->last >= e->threads)
		return true;
	last = &e->memo.place[state->place[state->last]].place;
	if (!last->ended && !last->waits)
		++*preempted;
	return *preempted <= e->options->preemptions;
}

/* What a move makes of a state. */
static void
apply(const struct explorer *e, const struct state *from, unsigned thread, unsigned preempted,
    const struct memo_node *end, struct state *to)
{
	unsigned i;

	memcpy(to->value, from->value, e->cells.live_count * sizeof(to->value[0]));
	memcpy(to->place, from->place, e->threads * sizeof(to->place[0]));
	for (i = 0; i < end->writes; i++)
		to->value[end->u.write[i].cell] = end->u.write[i].value;
	to->place[thread] = end->what;
	to->last = (uint8_t)thread;
	to->preempted = (uint8_t)preempted;
}

/* --- the live run ----------------------------------------------------------------------------- */

static bool
live_failed(struct explorer *e)
{
	switch (explore_live_status(e->live)) {
	case EXPLORE_LIVE_FINE:
		return false;
	case EXPLORE_LIVE_NO_MEMORY:
		stop(e, EXPLORE_NO_MEMORY);
		return true;
	case EXPLORE_LIVE_UNTOLD:
		stop(e, EXPLORE_UNFIT);
		return true;
	default:
		stop(e, EXPLORE_OVER_LIMIT);
		return true;
	}
}

/* The state that the live run is in. */
static bool
live_state(struct explorer *e, struct state *state)
{
	unsigned i;

	for (i = 0; i < e->cells.live_count; i++) {
		struct explore_cell *cell = e->cells.cell[e->cells.live[i]];
		unsigned value = explore_cell_value(cell, explore_live_value(e->live, cell));

		if (value > UINT16_MAX) {
			stop(e, value == EXPLORE_NO_VALUE ? EXPLORE_NO_MEMORY :
			    EXPLORE_OVER_LIMIT);
			return false;
		}
		state->value[i] = (uint16_t)value;
	}
	for (i = 0; i < e->threads; i++) {
		state->place[i] = memo_place(&e->memo, i, explore_live_place(e->live, i));
		if (state->place[i] == MEMO_UNKNOWN) {
			stop(e, EXPLORE_NO_MEMORY);
			return false;
		}
	}
	return true;
}

/* The schedule that led to a state first. */
static bool
schedule_to(const struct explorer *e, uint32_t number, struct explore_schedule *schedule)
{
	size_t moves = 0;
	uint32_t at;

	for (at = number; at != 0; at = explore_states_way(e->states, at)->from)
		moves++;
	memset(schedule, 0, sizeof(*schedule));
	schedule->move = calloc(moves + 1, sizeof(*schedule->move)); /* room for one more */
	if (schedule->move == NULL)
		return false;
	schedule->moves = moves;
	for (at = number; at != 0;) {
		const struct explore_way *way = explore_states_way(e->states, at);
		struct explore_move *move = &schedule->move[--moves];
		unsigned branch;
		struct way choices = { .choices = 0 };
		struct state state;

		unpack(e, explore_states_at(e->states, way->from), &state);
		(void)follow(e, &state, way->thread, &choices);
		for (branch = 0; branch < way->branch && next_way(&choices); branch++)
			(void)follow(e, &state, way->thread, &choices);
		move->thread = way->thread;
		move->choices = (unsigned char)choices.choices;
		memcpy(move->choice, choices.choice, choices.choices);
		at = way->from;
	}
	return true;
}

/* Runs a schedule from the beginning; false: it cannot be run, or the run has failed. */
static bool
live_run(struct explorer *e, const struct explore_schedule *schedule)
{
	size_t i;

	e->live_at = NOWHERE;
	e->result->stats.runs++;
	if (!explore_live_restart(e->live))
		return !live_failed(e);
	for (i = 0; i < schedule->moves; i++) {
		const struct explore_move *move = &schedule->move[i];

		if (explore_live_place(e->live, move->thread)->ended) {
			e->again = true;
			return false;
		}
		explore_live_move(e->live, move->thread, move->choice, move->choices);
		e->result->stats.live_moves++;
		if (live_failed(e))
			return false;
	}
	return true;
}

/* Whether the live run is in that state; if not, memory and code disagree. */
static bool
live_agrees(struct explorer *e, uint32_t number)
{
	struct state state;

	if (!live_state(e, &state))
		return false;
	state.last = ((const struct state *)&e->from)->last;
	state.preempted = e->from.preempted;
	if (pack(e, &state) &&
	    memcmp(e->packed, explore_states_at(e->states, number), e->width) == 0)
		return true;
	if (explore_cells_unsettled(&e->cells))
		e->again = true;
	else
		stop(e, EXPLORE_UNFIT);
	return false;
}

/* Brings the live run to the state e->from, which has this number. */
static bool
live_goto(struct explorer *e, uint32_t number)
{
	struct explore_schedule schedule;
	bool ok;

	if (e->live_at == number)
		return true;
	if (!schedule_to(e, number, &schedule)) {
		stop(e, EXPLORE_NO_MEMORY);
		return false;
	}
	ok = live_run(e, &schedule);
	explore_schedule_free(&schedule);
	if (!ok || !live_agrees(e, number))
		return false;
	e->live_at = number;
	return true;
}

/* Makes a move that is not known by the real code, from where the live run is. */
static bool
learn_move(struct explorer *e, unsigned thread, uint32_t place, const struct way *way)
{
	explore_live_move_judged(e->live, thread, way->choice, way->choices);
	e->live_at = NOWHERE;
	e->result->stats.live_moves++;
	if (live_failed(e))
		return false;
	switch (memo_learn(&e->memo, e->live, thread, place)) {
	case MEMO_LEARNED:
		return true;
	case MEMO_NO_MEMORY:
		stop(e, EXPLORE_NO_MEMORY);
		return false;
	case MEMO_TOO_WIDE:
		stop(e, EXPLORE_OVER_LIMIT);
		return false;
	case MEMO_CONTRADICTION:
		break;
	}
	if (explore_cells_unsettled(&e->cells))
		e->again = true;
	else
		stop(e, EXPLORE_UNFIT);
	return false;
}

/* A thread whose next move from a state is not known; `threads` when each one's is. */
static unsigned
find_unknown(const struct explorer *e, const struct state *state, struct way *way)
{
	unsigned thread;

	for (thread = 0; thread < e->threads; thread++) {
		if (e->memo.place[state->place[thread]].place.ended)
			continue;
		way->choices = 0;
		if (follow(e, state, thread, way) == MEMO_UNKNOWN)
			break;
	}
	return thread;
}

/* While the live run is somewhere new it learns what is to be learnt there; that saves runs. */
static bool
wander(struct explorer *e)
{
	struct state state = { .last = 0 };
	struct way way;
	unsigned thread;

	for (;;) {
		if (!live_state(e, &state))
			return false;
		thread = find_unknown(e, &state, &way);
		if (thread == e->threads)
			return true;
		if (!learn_move(e, thread, state.place[thread], &way))
			return false;
	}
}

/* Makes a move that is not known, from e->from. */
static bool
learn(struct explorer *e, uint32_t number, unsigned thread, const struct way *way)
{
	return live_goto(e, number) && learn_move(e, thread, e->from.place[thread], way) &&
	    wander(e);
}

/* --- violations ------------------------------------------------------------------------------- */

/* Notes the cells at which the moves of a schedule end. */
static bool
schedule_cells(const struct explorer *e, struct explore_schedule *schedule)
{
	unsigned i;

	schedule->cell = calloc(e->cells.live_count + 1, sizeof(*schedule->cell));
	if (schedule->cell == NULL)
		return false;
	for (i = 0; i < e->cells.live_count; i++) {
		if (live_cell(e, i)->shared)
			schedule->cell[schedule->cells++] = live_cell(e, i)->id;
	}
	return true;
}

/* A violation in a state, or in a move from it (`way` then). */
static void
violated(struct explorer *e, enum explore_violation violation, uint32_t number, unsigned thread,
    const struct way *way)
{
	struct explore_schedule *schedule = &e->result->schedule;

	if (e->result->violation != EXPLORE_NONE)
		return;
	if (!schedule_to(e, number, schedule) || !schedule_cells(e, schedule)) {
		stop(e, EXPLORE_NO_MEMORY);
		return;
	}
	if (way != NULL) {
		struct explore_move *move = &schedule->move[schedule->moves++];

		move->thread = (unsigned char)thread;
		move->choices = (unsigned char)way->choices;
		memcpy(move->choice, way->choice, way->choices);
	}
	e->result->violation = violation;
	if (e->options->end_at_violation)
		e->stop = true;
}

static void
witnesses_free(struct explore_result *result)
{
	size_t i;

	for (i = 0; i < result->witnesses; i++)
		explore_schedule_free(&result->witness[i]);
	free(result->witness);
	result->witness = NULL;
	result->witnesses = 0;
}

/* Keeps the way to a state in which these outcomes were found for the first time. */
static bool
note_witnesses(struct explorer *e, uint32_t number, uint64_t outcomes)
{
	struct explore_result *result = e->result;

	if (outcomes != 0 && result->witness == NULL) {
		result->witness = calloc(e->scenario->reaches, sizeof(*result->witness));
		if (result->witness == NULL)
			return false;
		result->witnesses = e->scenario->reaches;
	}
	for (; outcomes != 0; outcomes &= outcomes - 1) {
		struct explore_schedule *schedule = &result->witness[__builtin_ctzll(outcomes)];

		if (!schedule_to(e, number, schedule) || !schedule_cells(e, schedule))
			return false;
	}
	return true;
}

/* The end of a run: what the scenario says of it. */
static void
judge_over(struct explorer *e, uint32_t number)
{
	const struct play_outcome *outcome;

	e->result->stats.ends++;
	if (!live_goto(e, number))
		return;
	explore_live_finish(e->live);
	e->live_at = NOWHERE;
	outcome = explore_live_outcome(e->live);
	if (e->options->witnesses &&
	    !note_witnesses(e, number, outcome->reached & ~e->result->reached))
		stop(e, EXPLORE_NO_MEMORY);
	e->result->reached |= outcome->reached;
	if (outcome->mismatches != 0)
		violated(e, EXPLORE_EXPECTATION, number, 0, NULL);
}

/* --- a pass ----------------------------------------------------------------------------------- */

static void
add_state(struct explorer *e, uint32_t from, unsigned thread, unsigned branch)
{
	struct explore_way way = { from, (uint8_t)thread, (uint8_t)branch };
	uint32_t number;
	bool is_new;

	if (!pack(e, &e->to)) {
		e->again = true;
		return;
	}
	e->result->stats.moves++;
	number = explore_states_add(e->states, e->packed, &way, &is_new);
	if (number == EXPLORE_STATES_FULL)
		stop(e, EXPLORE_NO_MEMORY);
}

/* All that one thread can do next. */
static void
move_thread(struct explorer *e, uint32_t number, unsigned thread)
{
	struct way way = { .choices = 0 };
	unsigned preempted, branch = 0;

	if (!may_move(e, &e->from, thread, &preempted))
		return;
	do {
		uint32_t end = follow(e, &e->from, thread, &way);

		if (end == MEMO_UNKNOWN) {
			if (!learn(e, number, thread, &way))
				return;
			end = follow(e, &e->from, thread, &way);
			if (end == MEMO_UNKNOWN || branch > UINT8_MAX) {
				stop(e, end == MEMO_UNKNOWN ? EXPLORE_UNFIT : EXPLORE_OVER_LIMIT);
				return;
			}
		}
		if (e->memo.node[end].broke)
			violated(e, EXPLORE_EXPECTATION, number, thread, &way);
		apply(e, &e->from, thread, preempted, &e->memo.node[end], &e->to);
		add_state(e, number, thread, branch++);
	} while (!e->stop && !e->again && next_way(&way));
}

static void
visit(struct explorer *e, uint32_t number)
{
	unsigned thread;

	unpack(e, explore_states_at(e->states, number), &e->from);
	if (is_over(e, &e->from)) {
		judge_over(e, number);
		return;
	}
	if (e->options->depth_max != 0 && e->result->stats.depth == e->options->depth_max) {
		e->result->end = EXPLORE_DEPTH;
		return;
	}
	for (thread = 0; thread < e->threads && !e->stop && !e->again; thread++)
		move_thread(e, number, thread);
}

static void
count_states(struct explorer *e)
{
	struct explore_stats *stats = &e->result->stats;
	unsigned i;

	stats->states = explore_states_count(e->states);
	stats->state_bytes = stats->states == 0 ? 0 :
	    (explore_states_bytes(e->states) + stats->states - 1) / stats->states;
	stats->cells = e->cells.live_count;
	stats->shared = 0;
	for (i = 0; i < e->cells.live_count; i++)
		stats->shared += live_cell(e, i)->shared;
	stats->places = e->memo.places;
}

static void
report_progress(struct explorer *e, uint32_t number)
{
	if (number % PROGRESS_EVERY != 0 || e->options->progress == NULL)
		return;
	count_states(e);
	e->options->progress(e->options->progress_ctx, &e->result->stats);
}

static bool
begin_pass(struct explorer *e)
{
	struct explore_stats *stats = &e->result->stats;

	e->again = false;
	e->live_at = NOWHERE;
	stats->passes++;
	stats->visited = stats->moves = stats->ends = stats->depth = 0;
	e->level_end = 0;
	e->result->reached = 0;
	e->result->violation = EXPLORE_NONE;
	explore_schedule_free(&e->result->schedule);
	witnesses_free(e->result);
	e->result->end = EXPLORE_COMPLETE;
	memo_free(&e->memo);
	explore_states_destroy(e->states);
	e->states = NULL;
	if (!explore_cells_settle(&e->cells) || !memo_init(&e->memo)) {
		stop(e, EXPLORE_NO_MEMORY);
		return false;
	}
	e->width = measure(e);
	if (e->cells.live_count > CELLS_MOST || e->width > EXPLORE_STATE_MOST) {
		stop(e, EXPLORE_OVER_LIMIT);
		return false;
	}
	e->states = explore_states_create(e->width);
	if (e->states == NULL)
		stop(e, EXPLORE_NO_MEMORY);
	return e->states != NULL;
}

/* The first state; false: there is none. */
static bool
begin_states(struct explorer *e)
{
	struct explore_way way = { 0, 0, 0 };
	bool is_new;

	e->result->stats.runs++;
	if (!explore_live_restart(e->live)) {
		if (explore_live_status(e->live) == EXPLORE_LIVE_NOT_BUILT)
			e->result->violation = EXPLORE_EXPECTATION;
		else
			(void)live_failed(e);
		e->stop = true;
		return false;
	}
	if (explore_cells_unsettled(&e->cells)) {
		e->again = true; /* the threads went further than they should */
		return false;
	}
	if (explore_live_outcome(e->live)->mismatches != 0) {
		e->result->violation = EXPLORE_EXPECTATION; /* before anything is shared */
		if (!schedule_cells(e, &e->result->schedule))
			e->result->end = EXPLORE_NO_MEMORY;
		e->stop = true;
		return false;
	}
	if (!live_state(e, &e->to))
		return false;
	e->to.last = UINT8_MAX;
	e->to.preempted = 0;
	if (!pack(e, &e->to)) {
		e->again = true;
		return false;
	}
	if (explore_states_add(e->states, e->packed, &way, &is_new) == EXPLORE_STATES_FULL)
		stop(e, EXPLORE_NO_MEMORY);
	e->from = e->to;
	e->live_at = 0;
	return !e->stop;
}

static uint64_t
states_max(const struct explorer *e)
{
	return e->options->states_max != 0 ? e->options->states_max : EXPLORE_STATES_DEFAULT;
}

/* States come in order of the moves that lead to them. */
static void
count_depth(struct explorer *e, uint32_t number)
{
	if (number != e->level_end)
		return;
	e->result->stats.depth += number != 0;
	e->level_end = explore_states_count(e->states);
}

static void
keep_budget(struct explorer *e)
{
	if (explore_states_count(e->states) > states_max(e))
		stop(e, EXPLORE_BUDGET);
	else if (e->options->bytes_max != 0 &&
	    explore_states_bytes(e->states) > e->options->bytes_max)
		stop(e, EXPLORE_BYTES);
}

/* true: the pass is the last. */
static bool
pass(struct explorer *e)
{
	uint32_t number;

	if (!begin_pass(e) || !begin_states(e))
		return !e->again;
	for (number = 0; number < explore_states_count(e->states) && !e->stop && !e->again;
	    number++) {
		count_depth(e, number);
		visit(e, number);
		e->result->stats.visited++;
		report_progress(e, number);
		if (number >= EARLY_STATES && number % EARLY_STATES == 0 &&
		    explore_cells_unsettled(&e->cells))
			e->again = true;
		keep_budget(e);
	}
	count_states(e);
	if (explore_cells_unsettled(&e->cells)) {
		/* Nothing that it found is certain to be the shortest, or all. */
		if (e->result->end != EXPLORE_NO_MEMORY)
			e->stop = false;
		return e->stop;
	}
	return !e->again;
}

/* --- states from which the end is out of reach ------------------------------------------------ */

struct reach {
	unsigned char *reaches; /* a bit a state */
};

static bool
reaches(const struct reach *reach, uint32_t number)
{
	return (reach->reaches[number / 8] >> (number % 8) & 1) != 0;
}

/* Whether some move leads to a state from which the end is known to be in reach. */
static bool
is_in_reach(struct explorer *e, const struct reach *reach, uint32_t number)
{
	unsigned thread, preempted;

	unpack(e, explore_states_at(e->states, number), &e->from);
	if (is_over(e, &e->from))
		return true;
	for (thread = 0; thread < e->threads; thread++) {
		struct way way = { .choices = 0 };

		if (!may_move(e, &e->from, thread, &preempted))
			continue;
		do {
			uint32_t end = follow(e, &e->from, thread, &way), next;

			apply(e, &e->from, thread, preempted, &e->memo.node[end], &e->to);
			(void)pack(e, &e->to);
			next = explore_states_find(e->states, e->packed);
			if (next != EXPLORE_STATES_FULL && reaches(reach, next))
				return true;
		} while (next_way(&way));
	}
	return false;
}

/*
 * Backwards, until nothing is gained: most moves lead to a later state, so few rounds are needed.
 * The first state that is left over is where the run got stuck, or is bound to.
 */
static void
find_stuck(struct explorer *e)
{
	uint32_t count = explore_states_count(e->states), number;
	struct reach reach = { calloc(count / 8 + 1, 1) };
	bool gained = true;

	if (reach.reaches == NULL) {
		stop(e, EXPLORE_NO_MEMORY);
		return;
	}
	while (gained) {
		gained = false;
		for (number = count; number-- != 0;) {
			if (reaches(&reach, number) || !is_in_reach(e, &reach, number))
				continue;
			reach.reaches[number / 8] |= (unsigned char)(1u << number % 8);
			gained = true;
		}
	}
	for (number = 0; number < count && reaches(&reach, number); number++)
		;
	if (number != count)
		violated(e, EXPLORE_STUCK, number, 0, NULL);
	free(reach.reaches);
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool
is_complete(const struct explorer *e)
{
	return e->result->end == EXPLORE_COMPLETE && !e->stop;
}

/* Outcomes that should be reachable and were not. */
static uint64_t
missing(const struct explorer *e)
{
	uint64_t wanted = 0;
	size_t i;

	for (i = 0; i < e->scenario->reaches; i++)
		wanted |= e->scenario->reach[i].wanted ? 1ull << i : 0;
	return wanted & ~e->result->reached;
}

static void
explore(struct explorer *e)
{
	while (!pass(e)) {
		if (e->result->stats.passes == PASSES_MOST) {
			e->result->end = EXPLORE_UNFIT;
			return;
		}
	}
	if (!is_complete(e) || e->result->violation != EXPLORE_NONE)
		return;
	if (!e->options->safety_only && !e->options->bounded)
		find_stuck(e);
	if (is_complete(e) && e->result->violation == EXPLORE_NONE && missing(e) != 0)
		e->result->violation = EXPLORE_UNREACHED;
}

void
explore_run(const struct scenario *scenario, const struct explore_options *options,
    struct explore_result *result)
{
	struct play_options play = { .sink = NULL };
	struct explorer *e = calloc(1, sizeof(*e));

	memset(result, 0, sizeof(*result));
	result->end = EXPLORE_NO_MEMORY;
	if (e == NULL)
		return;
	e->scenario = scenario;
	e->options = options;
	e->result = result;
	e->threads = (unsigned)scenario->threads;
	e->place_wide = 2;
	if (scenario->threads > EXPLORE_THREADS_MAX) {
		result->end = EXPLORE_OVER_LIMIT;
	} else if (explore_cells_init(&e->cells)) {
		e->live = explore_live_create(scenario, &e->cells, &play);
		result->end = e->live != NULL ? EXPLORE_COMPLETE : EXPLORE_NO_MEMORY;
		if (e->live != NULL)
			explore(e);
	}
	explore_live_destroy(e->live);
	explore_states_destroy(e->states);
	memo_free(&e->memo);
	explore_cells_free(&e->cells);
	free(e);
}

void
explore_schedule_free(struct explore_schedule *schedule)
{
	free(schedule->cell);
	free(schedule->move);
	memset(schedule, 0, sizeof(*schedule));
}

void
explore_result_free(struct explore_result *result)
{
	explore_schedule_free(&result->schedule);
	witnesses_free(result);
}
