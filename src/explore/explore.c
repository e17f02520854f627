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

#include "explore/explore_edges.h"
#include "explore/explore_layout.h"
#include "explore/explore_memo.h"
#include "explore/explore_states.h"

#define PASSES_MOST 200u
#define EARLY_STATES 2000u /* a pass that is known to be in vain is not carried much further */
#define PROGRESS_EVERY 65536u
#define WANDER_MOST 4096u /* moves */
#define NOWHERE UINT32_MAX

#define BATCH 64u /* states that are made before they are looked up, to wait for memory once */

struct made {
	struct explore_way way;
	uint64_t hash;
};

struct explorer {
	const struct scenario *scenario;
	const struct explore_options *options;
	struct explore_result *result;
	struct explore_cells cells;
	struct explore_layout layout;
	struct explore_live *live;
	uint32_t live_at;          /* the state that the live run is in, or NOWHERE */
	struct memo memo;
	struct explore_states *states;
	struct explore_edges edges;
	bool keeps_edges;
	unsigned threads;
	uint32_t level_end;        /* states from here on are more than stats.depth moves away */
	bool stands;               /* no move from e->from has led elsewhere so far */
	bool again;                /* the pass is in vain */
	bool stop;
	struct made made[BATCH];
	unsigned mades;
	unsigned char batch[BATCH * EXPLORE_STATE_MOST];
	unsigned char from[EXPLORE_STATE_MOST]; /* the state that is looked at */
	unsigned char seen[EXPLORE_STATE_MOST]; /* the state that the live run is in */
};

static void
stop(struct explorer *e, enum explore_end end)
{
	e->stop = true;
	e->result->end = end;
}

/* --- states ----------------------------------------------------------------------------------- */

/* Where everything goes; false: it is too much. */
static bool
lay_out(struct explorer *e)
{
	struct explore_layout *layout = &e->layout;
	unsigned at = 0, i;

	layout->cells = e->cells.live_count;
	layout->threads = e->threads;
	if (layout->cells > EXPLORE_CELLS_MOST)
		return false;
	for (i = 0; i < layout->cells; i++) {
		layout->at[i] = (uint16_t)at;
		layout->wide[i] = (uint8_t)e->cells.cell[e->cells.live[i]]->wide;
		at += layout->wide[i];
	}
	layout->places = at;
	at += e->threads * layout->place_wide;
	layout->last = e->options->bounded ? at : 0;
	layout->width = at + (e->options->bounded ? 2 : 0);
	return layout->width <= EXPLORE_STATE_MOST;
}

static const struct explore_place *
place_of(const struct explorer *e, const unsigned char *state, unsigned thread)
{
	return &e->memo.place[layout_place(&e->layout, state, thread)].place;
}

static bool
is_over(const struct explorer *e, const unsigned char *state)
{
	unsigned i;

	for (i = 0; i < e->threads; i++) {
		if (!place_of(e, state, i)->ended)
			return false;
	}
	return true;
}

/* Some number has outgrown its bytes: the next pass has more for it. */
static void
widen_places(struct explorer *e)
{
	e->layout.place_wide = 4;
	e->again = true;
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
follow(const struct explorer *e, const unsigned char *state, unsigned thread, struct way *way)
{
	uint32_t at = e->memo.place[layout_place(&e->layout, state, thread)].root;
	unsigned choices = 0;

	while (at != MEMO_UNKNOWN) {
		const struct memo_node *node = &e->memo.node[at];
		uint32_t branch;

		if (node->kind == MEMO_END)
			break;
		if (node->kind == MEMO_READ) {
			branch = layout_value(&e->layout, state, node->what);
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
may_move(const struct explorer *e, const unsigned char *state, unsigned thread,
    unsigned *preempted)
{
	const struct explore_place *last;

	*preempted = 0;
	if (place_of(e, state, thread)->ended)
		return false;
	if (!e->options->bounded)
		return true;
	*preempted = state[e->layout.last + 1];
	if (state[e->layout.last] == thread || state[e->layout.last] >= e->threads)
		return true;
	last = place_of(e, state, state[e->layout.last]);
	*preempted += !last->ended && !last->waits;
	return *preempted <= e->options->preemptions;
}

/* What a move makes of a state; false: some number has outgrown its bytes. */
static bool
apply(struct explorer *e, const unsigned char *from, unsigned thread, unsigned preempted,
    const struct memo_node *end, unsigned char *to)
{
	unsigned i;

	memcpy(to, from, e->layout.width);
	for (i = 0; i < end->writes; i++) {
		if (!layout_set_value(&e->layout, to, end->u.write[i].cell,
		    end->u.write[i].value))
			return false;
	}
	if (!layout_set_place(&e->layout, to, thread, end->what)) {
		widen_places(e);
		return false;
	}
	if (e->options->bounded) {
		to[e->layout.last] = (unsigned char)thread;
		to[e->layout.last + 1] = (unsigned char)preempted;
	}
	return true;
}

/* --- the live run ----------------------------------------------------------------------------- */

static bool
live_failed(struct explorer *e)
{
	if (explore_live_status(e->live) == EXPLORE_LIVE_FINE)
		return false;
	stop(e, explore_live_end(e->live));
	return true;
}

/* The state that the live run is in, but for the bound. */
static bool
live_state(struct explorer *e, unsigned char *state)
{
	unsigned i;

	memcpy(state, e->from, e->layout.width);
	for (i = 0; i < e->layout.cells; i++) {
		struct explore_cell *cell = e->cells.cell[e->cells.live[i]];
		unsigned value = explore_cell_value(cell, explore_live_value(e->live, cell));

		if (value > UINT16_MAX) {
			stop(e, value == EXPLORE_NO_VALUE ? EXPLORE_NO_MEMORY :
			    EXPLORE_OVER_LIMIT);
			return false;
		}
		if (!layout_set_value(&e->layout, state, i, value)) {
			e->again = true;
			return false;
		}
	}
	for (i = 0; i < e->threads; i++) {
		uint32_t place = memo_place(&e->memo, i, explore_live_place(e->live, i));

		if (place == MEMO_UNKNOWN) {
			stop(e, EXPLORE_NO_MEMORY);
			return false;
		}
		if (!layout_set_place(&e->layout, state, i, place)) {
			widen_places(e);
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

	for (at = number; at != 0; at = explore_states_way(e->states, at).from)
		moves++;
	memset(schedule, 0, sizeof(*schedule));
	schedule->move = calloc(moves + 1, sizeof(*schedule->move)); /* room for one more */
	if (schedule->move == NULL)
		return false;
	schedule->moves = moves;
	for (at = number; at != 0;) {
		const struct explore_way way = explore_states_way(e->states, at);
		struct explore_move *move = &schedule->move[--moves];
		unsigned branch;
		struct way choices = { .choices = 0 };
		const unsigned char *state = explore_states_at(e->states, way.from);

		(void)follow(e, state, way.thread, &choices);
		for (branch = 0; branch < way.branch && next_way(&choices); branch++)
			(void)follow(e, state, way.thread, &choices);
		move->thread = way.thread;
		move->choices = (unsigned char)choices.choices;
		memcpy(move->choice, choices.choice, choices.choices);
		at = way.from;
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
	if (!live_state(e, e->seen))
		return false;
	if (memcmp(e->seen, explore_states_at(e->states, number), e->layout.width) == 0)
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
find_unknown(const struct explorer *e, const unsigned char *state, struct way *way)
{
	unsigned thread;

	for (thread = 0; thread < e->threads; thread++) {
		if (place_of(e, state, thread)->ended)
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
	struct way way;
	unsigned thread, moves;

	for (moves = 0; moves < WANDER_MOST; moves++) {
		if (!live_state(e, e->seen))
			return false;
		thread = find_unknown(e, e->seen, &way);
		if (thread == e->threads)
			return true;
		if (!learn_move(e, thread, layout_place(&e->layout, e->seen, thread), &way))
			return false;
	}
	return true;
}

/* Makes a move that is not known, from e->from. */
static bool
learn(struct explorer *e, uint32_t number, unsigned thread, const struct way *way)
{
	return live_goto(e, number) &&
	    learn_move(e, thread, layout_place(&e->layout, e->from, thread), way) && wander(e);
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
		const struct explore_cell *cell = e->cells.cell[e->cells.live[i]];

		if (cell->shared)
			schedule->cell[schedule->cells++] = cell->id;
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

/* Whoever is in the way of a standstill would go on, if memory and code agreed. */
static bool
stands_still(const struct explorer *e)
{
	unsigned i;

	for (i = 0; i < e->threads; i++) {
		const struct explore_place *place = place_of(e, e->from, i);

		if (!place->ended && !place->waits)
			return false;
	}
	return true;
}

/*
 * The end of a run, or where one stands still or goes round for ever: what the scenario says of
 * it.  `first` is where a violation is.
 */
static void
judge_end(struct explorer *e, uint32_t number, enum explore_violation violation, uint32_t first)
{
	const struct play_outcome *outcome;

	e->result->stats.ends++;
	if (e->keeps_edges && !explore_edges_add_end(&e->edges, number))
		stop(e, EXPLORE_NO_MEMORY);
	if (!live_goto(e, number))
		return;
	explore_live_finish(e->live);
	e->live_at = NOWHERE;
	if (live_failed(e))
		return;
	outcome = explore_live_outcome(e->live);
	if (e->options->witnesses &&
	    !note_witnesses(e, number, outcome->reached & ~e->result->reached))
		stop(e, EXPLORE_NO_MEMORY);
	e->result->reached |= outcome->reached;
	if (outcome->mismatches != 0)
		violated(e, violation, first, 0, NULL);
}

/* --- a pass ----------------------------------------------------------------------------------- */

/* Looks up, or adds, the states that have been made. */
static void
add_made(struct explorer *e)
{
	unsigned i;

	for (i = 0; i < e->mades; i++)
		explore_states_expect_state(e->states, e->made[i].hash);
	for (i = 0; i < e->mades && !e->stop; i++) {
		const unsigned char *state = e->batch + (size_t)i * e->layout.width;
		uint32_t number = explore_states_add(e->states, state, e->made[i].hash,
		    &e->made[i].way);

		if (number == EXPLORE_STATES_FULL || (e->keeps_edges &&
		    !explore_edges_add(&e->edges, e->made[i].way.from, number)))
			stop(e, EXPLORE_NO_MEMORY);
	}
	e->result->stats.moves += e->mades;
	e->mades = 0;
}

/* Makes the state that a move leads to. */
static void
make_state(struct explorer *e, uint32_t from, unsigned thread, unsigned preempted,
    unsigned branch, const struct memo_node *end)
{
	unsigned char *state = e->batch + (size_t)e->mades * e->layout.width;
	struct made *made = &e->made[e->mades];

	if (!apply(e, e->from, thread, preempted, end, state)) {
		e->again = true;
		return;
	}
	e->stands = e->stands && memcmp(state, e->from, layout_compared(&e->layout)) == 0;
	made->way = (struct explore_way){ from, (uint8_t)thread, (uint8_t)branch };
	made->hash = explore_states_hash(e->states, state);
	explore_states_expect(e->states, made->hash);
	if (++e->mades == BATCH)
		add_made(e);
}

/* All that one thread can do next. */
static void
move_thread(struct explorer *e, uint32_t number, unsigned thread)
{
	struct way way;
	unsigned preempted, branch = 0;

	if (!may_move(e, e->from, thread, &preempted))
		return;
	way.choices = 0; /* what is beyond them is not looked at */
	do {
		uint32_t end = follow(e, e->from, thread, &way);

		if (end == MEMO_UNKNOWN) {
			if (!learn(e, number, thread, &way))
				return;
			end = follow(e, e->from, thread, &way);
			if (end == MEMO_UNKNOWN || branch > UINT8_MAX) {
				stop(e, end == MEMO_UNKNOWN ? EXPLORE_UNFIT : EXPLORE_OVER_LIMIT);
				return;
			}
		}
		if (e->memo.node[end].broke)
			violated(e, EXPLORE_EXPECTATION, number, thread, &way);
		make_state(e, number, thread, preempted, branch++, &e->memo.node[end]);
	} while (!e->stop && !e->again && next_way(&way));
}

static void
visit(struct explorer *e, uint32_t number)
{
	unsigned thread;

	memcpy(e->from, explore_states_at(e->states, number), e->layout.width);
	if (is_over(e, e->from)) {
		judge_end(e, number, EXPLORE_EXPECTATION, number);
		return;
	}
	if (e->options->depth_max != 0 && e->result->stats.depth == e->options->depth_max) {
		e->result->end = EXPLORE_DEPTH;
		return;
	}
	e->stands = true;
	for (thread = 0; thread < e->threads && !e->stop && !e->again; thread++)
		move_thread(e, number, thread);
	if (!e->stands || e->stop || e->again)
		return;
	if (stands_still(e))
		judge_end(e, number, EXPLORE_STUCK, number);
	else
		stop(e, EXPLORE_UNFIT);
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
		stats->shared += e->cells.cell[e->cells.live[i]]->shared;
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
	explore_edges_free(&e->edges);
	explore_states_destroy(e->states);
	e->states = NULL;
	e->mades = 0;
	if (!explore_cells_settle(&e->cells) || !memo_init(&e->memo)) {
		stop(e, EXPLORE_NO_MEMORY);
		return false;
	}
	if (!lay_out(e)) {
		stop(e, EXPLORE_OVER_LIMIT);
		return false;
	}
	e->states = explore_states_create(e->layout.width);
	if (e->states == NULL)
		stop(e, EXPLORE_NO_MEMORY);
	return e->states != NULL;
}

/* The first state; false: there is none. */
static bool
begin_states(struct explorer *e)
{
	struct explore_way way = { 0, 0, 0 };

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
	memset(e->from, 0, e->layout.width);
	if (e->options->bounded)
		e->from[e->layout.last] = UINT8_MAX;
	if (!live_state(e, e->seen))
		return false;
	if (explore_states_add(e->states, e->seen, explore_states_hash(e->states, e->seen),
	    &way) == EXPLORE_STATES_FULL)
		stop(e, EXPLORE_NO_MEMORY);
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
	add_made(e);
	e->result->stats.depth += number != 0;
	e->level_end = explore_states_count(e->states);
}

static void
keep_budget(struct explorer *e)
{
	enum explore_end end = EXPLORE_COMPLETE;

	if (explore_states_count(e->states) > states_max(e))
		end = EXPLORE_BUDGET;
	else if (e->options->bytes_max != 0 &&
	    explore_states_bytes(e->states) + explore_edges_bytes(&e->edges) >
	    e->options->bytes_max)
		end = EXPLORE_BYTES;
	if (end == EXPLORE_COMPLETE || e->stop)
		return;
	add_made(e); /* what is told of it has all that was found */
	stop(e, end);
}

/* true: the pass is the last. */
static bool
pass(struct explorer *e)
{
	uint32_t number;

	if (!begin_pass(e) || !begin_states(e))
		return !e->again;
	for (number = 0; !e->stop && !e->again; number++) {
		if (number == explore_states_count(e->states))
			add_made(e);
		if (e->stop || number == explore_states_count(e->states))
			break;
		count_depth(e, number);
		visit(e, number);
		e->result->stats.visited++;
		report_progress(e, number);
		if (number >= EARLY_STATES && number % EARLY_STATES == 0 &&
		    explore_cells_unsettled(&e->cells))
			e->again = true;
		keep_budget(e);
	}
	add_made(e);
	count_states(e);
	if (explore_cells_unsettled(&e->cells)) {
		/* Nothing that it found is certain to be the shortest, or all. */
		if (e->result->end != EXPLORE_NO_MEMORY)
			e->stop = false;
		return e->stop;
	}
	return !e->again;
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

/* Each round that runs cannot leave counts as an end, like a standstill. */
static void
find_stuck(struct explorer *e)
{
	struct explore_stuck stuck;

	do {
		if (!explore_edges_stuck(&e->edges, explore_states_count(e->states), &stuck))
			stop(e, EXPLORE_NO_MEMORY);
		else if (stuck.first != EXPLORE_ALL_REACH)
			judge_end(e, stuck.round, EXPLORE_STUCK, stuck.first);
	} while (!e->stop && e->result->violation == EXPLORE_NONE &&
	    stuck.first != EXPLORE_ALL_REACH);
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
	if (e->keeps_edges)
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
	e->layout.place_wide = 2;
	/* Within a bound an end may be out of reach for no other reason. */
	e->keeps_edges = !options->safety_only && !options->bounded;
	if (scenario->programs != 0 && scenario->schedule.explore.memory == SCN_STORES_TSO) {
		result->end = EXPLORE_PROGRAMS;
	} else if (scenario->threads > EXPLORE_THREADS_MAX) {
		result->end = EXPLORE_OVER_LIMIT;
	} else if (explore_cells_init(&e->cells)) {
		e->live = explore_live_create(scenario, &e->cells, &play);
		result->end = e->live != NULL ? EXPLORE_COMPLETE : EXPLORE_NO_MEMORY;
		if (e->live != NULL)
			explore(e);
	}
	explore_live_destroy(e->live);
	explore_states_destroy(e->states);
	explore_edges_free(&e->edges);
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
