/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watch on a run: lets a thread go until its next touch of a shared cell, and records what it
 * read and wrote on the way.
 *
 * The number of a place is a hash chain: it starts anew at an anchor from the thread's own state,
 * and takes in each value read and each choice made since.  Two waits of the core leave nothing
 * behind, and are taken back to where they began, or else a thread that waits would never be in the
 * same place twice: a turn of a busy wait in which nothing was written, and a compare-and-swap that
 * failed, after which only the value seen counts.
 */
#include "explore/explore_live.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 4096u
#define TOUCHES_MAX 1000000u /* of a move: whoever makes more never ends */
#define SECTION_CELLS 1024u
#define ITEMS_MAX 65536u
#define LEGS_MAX 100000u     /* of one of the steps that come first */

/* How far a thread goes when it is moved. */
enum leg {
	LEG_MOVE,  /* to its next touch of a shared cell */
	LEG_START, /* to its first, or its first open choice */
	LEG_STEP,  /* to the end of its step, or to a turn of a wait */
	LEG_NUDGE  /* to its next touch of whatever cell */
};

/* What is known of a thread beside its place. */
struct mover {
	struct explore_place place;
	bool waited;                /* nothing written since the turn of a wait at `at_wait` */
	bool looked;                /* and something read */
	uint64_t at_wait[2];
	watch_cell raced;           /* last touched, by a load or a lost compare-and-swap */
	bool racing;
	uint64_t before_race[2];
	uint64_t raced_value;
	unsigned quiet, whole;      /* of the watch, when it left */
	unsigned section;           /* the whole section that has had its touch; 0: none */
	unsigned along_section;     /* and one that has touched these before its turn: */
	unsigned alongs;
	struct explore_cell *along[SECTION_CELLS];
};

struct suspect {
	watch_cell id;
	uint64_t value; /* before it was written */
};

struct explore_live {
	const struct scenario *scenario;
	struct explore_cells *cells;
	struct play_options options;
	struct play_outcome outcome;
	void (*listener)(void *ctx, const struct explore_cell *cell, unsigned how);
	void *listener_ctx;
	struct play_live *play;
	struct watch watch;
	enum explore_live_status status;
	struct mover mover[EXPLORE_THREADS_MAX];
	/* of the move under way: */
	unsigned thread;
	enum leg leg;
	bool passed;                /* its shared touch is behind it */
	uint64_t progress;          /* of the thread, before the leg */
	unsigned touches;
	unsigned script_length, choices;
	const unsigned char *script;
	struct explore_item *item;
	size_t items;
	struct explore_cell **written;
	size_t writtens, written_room;
	struct suspect *suspect;
	size_t suspects, suspect_room;
	uint64_t *value;            /* of the live cells, before the move */
	watch_cell untold;
	size_t mismatches;          /* before the move */
	uint64_t held;              /* the frame whose bytes somebody has; 0: nobody */
	bool held_to_write;
	unsigned char held_before[PAGE_BYTES];
};

/* --- numbers ---------------------------------------------------------------------------------- */

static void
stir(uint64_t number[2], uint64_t word)
{
	number[0] = (number[0] ^ word) * 0xff51afd7ed558ccdull;
	number[0] ^= number[0] >> 32;
	number[1] = (number[1] + word) * 0xc4ceb9fe1a85ec53ull;
	number[1] ^= (number[1] >> 29) ^ number[0];
}

static void
stir_bytes(void *ctx, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;

	while (size != 0) {
		size_t part = size < sizeof(uint64_t) ? size : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, from, part);
		stir(ctx, word);
		from += part;
		size -= part;
	}
}

static void
give_up(struct explore_live *live, enum explore_live_status status)
{
	if (live->status == EXPLORE_LIVE_FINE)
		live->status = status;
}

static void
take_status(struct explore_live *live, enum play_status status)
{
	if (status == PLAY_DONE)
		return;
	give_up(live, status == PLAY_NO_MEMORY ? EXPLORE_LIVE_NO_MEMORY : EXPLORE_LIVE_OVER_LIMIT);
}

/* What the steps that come first do is the same in every schedule. */
static bool
is_explored(const struct explore_live *live)
{
	return live->leg == LEG_MOVE || live->leg == LEG_START;
}

/* --- records ---------------------------------------------------------------------------------- */

static void
record_item(struct explore_live *live, struct explore_cell *cell, uint64_t value, unsigned taken)
{
	struct explore_item *item = &live->item[live->items];

	if (live->items == ITEMS_MAX) {
		give_up(live, EXPLORE_LIVE_OVER_LIMIT);
		return;
	}
	item->cell = cell;
	item->value = value;
	item->taken = taken;
	live->items++;
}

static bool
is_written(const struct explore_live *live, const struct explore_cell *cell)
{
	size_t i;

	for (i = 0; i < live->writtens; i++) {
		if (live->written[i] == cell)
			return true;
	}
	return false;
}

static bool
is_read(const struct explore_live *live, const struct explore_cell *cell)
{
	size_t i;

	for (i = 0; i < live->items; i++) {
		if (live->item[i].cell == cell)
			return true;
	}
	return false;
}

static void
record_written(struct explore_live *live, struct explore_cell *cell)
{
	if (is_written(live, cell))
		return;
	if (live->writtens == live->written_room) {
		size_t room = live->written_room == 0 ? 64 : 2 * live->written_room;
		struct explore_cell **bigger = realloc(live->written, room * sizeof(*bigger));

		if (bigger == NULL) {
			give_up(live, EXPLORE_LIVE_NO_MEMORY);
			return;
		}
		live->written = bigger;
		live->written_room = room;
	}
	live->written[live->writtens++] = cell;
}

/* A cell that is not live is about to be written: it may turn out to change. */
static void
record_suspect(struct explore_live *live, watch_cell id, uint64_t value)
{
	if (live->suspects == live->suspect_room) {
		size_t room = live->suspect_room == 0 ? 64 : 2 * live->suspect_room;
		struct suspect *bigger = realloc(live->suspect, room * sizeof(*bigger));

		if (bigger == NULL) {
			give_up(live, EXPLORE_LIVE_NO_MEMORY);
			return;
		}
		live->suspect = bigger;
		live->suspect_room = room;
	}
	live->suspect[live->suspects].id = id;
	live->suspect[live->suspects++].value = value;
}

uint64_t
explore_live_value(const struct explore_live *live, const struct explore_cell *cell)
{
	return play_live_cell(live->play, cell->id);
}

/* --- places ----------------------------------------------------------------------------------- */

/*
 * A value was read.  After a compare-and-swap that lost, only what it saw counts: the thread stands
 * where it would stand had it loaded that value in the first place.
 */
static void
advance_by_value(struct explore_live *live, const struct explore_cell *cell, uint64_t value,
    unsigned how)
{
	struct mover *mover = &live->mover[live->thread];
	uint64_t *number = mover->place.number;
	bool again = mover->racing && mover->raced == cell->id && (how & WATCH_CAS);

	if (how & WATCH_BLIND) {
		stir(number, ~cell->id);
		mover->looked = true;
		mover->racing = false;
		return;
	}
	if (again && mover->raced_value != value)
		memcpy(number, mover->before_race, sizeof(mover->before_race));
	else
		memcpy(mover->before_race, number, sizeof(mover->before_race));
	mover->racing = how == WATCH_READ || (again && mover->raced_value != value);
	mover->raced = cell->id;
	mover->raced_value = value;
	mover->looked = true;
	stir(number, cell->id);
	stir(number, value);
}

/* A store as such tells the thread nothing, but it has gone on. */
static void
advance_by_write(struct explore_live *live, const struct explore_cell *cell)
{
	stir(live->mover[live->thread].place.number, ~cell->id);
	live->mover[live->thread].racing = false;
}

/* Each thread has its own sections; they are kept while others run. */
static void
leave(struct explore_live *live)
{
	struct mover *mover = &live->mover[live->thread];
	unsigned section = live->watch.section;

	mover->quiet = live->watch.quiet;
	mover->whole = live->watch.whole;
	play_live_leave(live->play);
	live->watch.quiet = mover->quiet;
	live->watch.whole = mover->whole;
	live->watch.section = section;
	mover->place.waits = false;
}

/* --- the watch -------------------------------------------------------------------------------- */

/* What a whole section has touched of its own is touched in the move that it goes on in, too. */
static void
take_section_along(struct explore_live *live)
{
	const struct mover *mover = &live->mover[live->thread];
	unsigned i;

	if (mover->along_section != live->watch.section)
		return;
	for (i = 0; i < mover->alongs; i++) {
		struct explore_cell *cell = mover->along[i];

		if (!is_written(live, cell) && !is_read(live, cell))
			record_item(live, cell, explore_live_value(live, cell), 0);
		record_written(live, cell);
	}
}

/* The move ends before its second touch of a shared cell; a whole section has one in all. */
static void
wait_for_turn(struct explore_live *live)
{
	struct mover *mover = &live->mover[live->thread];

	if (live->watch.whole != 0 && mover->section == live->watch.section)
		return;
	if (live->leg == LEG_STEP)
		return;
	if (live->passed || live->leg == LEG_START) {
		leave(live);
		if (live->watch.whole != 0)
			take_section_along(live);
	}
	live->passed = true;
	mover->section = live->watch.whole != 0 ? live->watch.section : 0;
}

/* Remembers a cell that a whole section touches before its turn. */
static void
note_section(struct explore_live *live, struct explore_cell *cell)
{
	struct mover *mover = &live->mover[live->thread];

	if (live->watch.whole == 0 || mover->section == live->watch.section)
		return;
	if (mover->along_section != live->watch.section)
		mover->alongs = 0;
	mover->along_section = live->watch.section;
	if (mover->alongs == SECTION_CELLS)
		give_up(live, EXPLORE_LIVE_OVER_LIMIT);
	else
		mover->along[mover->alongs++] = cell;
}

/* What is cached on a CPU is out of reach for who is not in that CPU's critical section. */
static bool
is_locked(const struct explore_live *live, watch_cell id)
{
	return watch_kind_of(id) == WATCH_TLB &&
	    play_live_holds_cpu(live->play, live->thread, watch_number_of(id));
}

static void
on_touch(void *ctx, watch_cell id, unsigned how)
{
	struct explore_live *live = ctx;
	struct explore_cell *cell = explore_cells_get(live->cells, id);
	uint64_t bit = 1ull << live->thread;

	if (cell == NULL) {
		give_up(live, EXPLORE_LIVE_NO_MEMORY);
		return;
	}
	if (id == watch_cell_of(WATCH_THREAD, live->thread))
		return; /* itself */
	if (is_explored(live)) {
		cell->readers |= how & WATCH_READ ? bit : 0;
		cell->writers |= how & WATCH_WRITE ? bit : 0;
		cell->bare = cell->bare || !is_locked(live, id);
	}
	if (++live->touches > TOUCHES_MAX) {
		give_up(live, EXPLORE_LIVE_NO_YIELD);
		leave(live);
	}
	if (cell->shared || live->leg == LEG_NUDGE) {
		wait_for_turn(live);
		if (live->listener != NULL && live->leg == LEG_MOVE)
			live->listener(live->listener_ctx, cell, how);
		if (!(how & WATCH_READ))
			advance_by_write(live, cell);
	}
	if (!cell->live) {
		if (how & WATCH_WRITE)
			record_suspect(live, id, explore_live_value(live, cell));
		return;
	}
	if (how & WATCH_WRITE)
		note_section(live, cell);
	if ((how & WATCH_READ) && !is_written(live, cell)) {
		uint64_t value = explore_live_value(live, cell);

		if (!is_read(live, cell))
			record_item(live, cell, value, 0);
		advance_by_value(live, cell, value, how);
	}
	if (how & WATCH_WRITE)
		record_written(live, cell);
}

static unsigned
on_choose(void *ctx, unsigned count)
{
	struct explore_live *live = ctx;
	unsigned taken;

	if (count < 2)
		return 0;
	if (live->leg == LEG_START)
		leave(live);
	taken = live->choices < live->script_length ? live->script[live->choices] % count : 0;
	if (live->choices == EXPLORE_CHOICES_MAX || count > 255) {
		give_up(live, EXPLORE_LIVE_OVER_LIMIT);
		return 0;
	}
	live->choices++;
	record_item(live, NULL, count, taken);
	stir(live->mover[live->thread].place.number, taken + 1);
	live->mover[live->thread].racing = false;
	return taken;
}

static void
on_pause(void *ctx)
{
	struct explore_live *live = ctx;
	struct mover *mover = &live->mover[live->thread];

	if (mover->waited && mover->looked && live->writtens == 0) {
		memcpy(mover->place.number, mover->at_wait, sizeof(mover->at_wait));
	} else {
		stir(mover->place.number, ~0ull);
		memcpy(mover->at_wait, mover->place.number, sizeof(mover->at_wait));
		mover->waited = true;
	}
	mover->looked = mover->racing = false;
	mover->place.waits = true;
	leave(live);
}

/* The place of a thread that has all of its state where it can be seen. */
static void
take_place(struct explore_live *live, unsigned place)
{
	struct mover *mover = &live->mover[live->thread];
	struct watch_sink sink = { stir_bytes, mover->place.number };

	mover->place.number[0] = mover->place.number[1] = live->thread + 1;
	stir(mover->place.number, place);
	play_live_thread_state(live->play, live->thread, &sink);
	mover->waited = mover->racing = false;
}

static void
on_anchor(void *ctx, unsigned place)
{
	struct explore_live *live = ctx;

	take_place(live, place);
	if (live->leg == LEG_STEP &&
	    play_live_progress(live->play, live->thread) != live->progress)
		leave(live);
}

/* Whoever has the bytes of a frame has written what differs when it is done. */
static void
frame_given_back(struct explore_live *live)
{
	const unsigned char *now = play_live_frame(live->play, live->held);
	size_t at;

	for (at = 0; live->held_to_write && now != NULL && at < PAGE_BYTES; at += 8) {
		struct explore_cell *cell;
		uint64_t before;

		if (memcmp(now + at, live->held_before + at, 8) == 0)
			continue;
		cell = explore_cells_get(live->cells,
		    watch_cell_of(WATCH_WORD, (live->held + at) / 8));
		if (cell == NULL) {
			give_up(live, EXPLORE_LIVE_NO_MEMORY);
			return;
		}
		if (is_explored(live)) {
			cell->writers |= 1ull << live->thread;
			cell->bare = true;
		}
		memcpy(&before, live->held_before + at, sizeof(before));
		if (!cell->live)
			record_suspect(live, cell->id, before);
	}
	live->held = 0;
}

static void
on_frame(void *ctx, uint64_t hpa, unsigned how)
{
	struct explore_live *live = ctx;
	const void *bytes;
	unsigned i;

	if (how == 0) {
		frame_given_back(live);
		return;
	}
	watch_whole(true); /* all of its words at once */
	for (i = 0; i < live->cells->live_count; i++) {
		watch_cell id = live->cells->cell[live->cells->live[i]]->id;

		if (watch_kind_of(id) == WATCH_WORD &&
		    watch_number_of(id) * 8 / PAGE_BYTES == hpa / PAGE_BYTES)
			on_touch(ctx, id, how);
	}
	watch_whole(false);
	live->held = hpa;
	live->held_to_write = (how & WATCH_WRITE) != 0;
	bytes = play_live_frame(live->play, hpa);
	if (bytes != NULL)
		memcpy(live->held_before, bytes, PAGE_BYTES);
	else
		memset(live->held_before, 0, PAGE_BYTES);
}

static bool
on_cell_at(void *ctx, const void *where, watch_cell *cell)
{
	const struct explore_live *live = ctx;

	return play_live_cell_at(live->play, where, cell);
}

/* --- moves ------------------------------------------------------------------------------------ */

/* Which of the cells that were written, and are not live, have changed. */
static void
judge_suspects(struct explore_live *live)
{
	size_t i;

	for (i = 0; i < live->suspects && is_explored(live); i++) {
		struct explore_cell *cell = explore_cells_get(live->cells, live->suspect[i].id);

		if (play_live_cell(live->play, cell->id) != live->suspect[i].value)
			cell->changes = true;
	}
	live->suspects = 0;
}

/* What others see of the thread may have changed by the way. */
static void
judge_thread(struct explore_live *live, uint64_t before)
{
	watch_cell id = watch_cell_of(WATCH_THREAD, live->thread);
	struct explore_cell *cell;

	if (!is_explored(live) || play_live_cell(live->play, id) == before)
		return;
	cell = explore_cells_get(live->cells, id);
	if (cell == NULL) {
		give_up(live, EXPLORE_LIVE_NO_MEMORY);
		return;
	}
	cell->changes = cell->bare = true;
	cell->writers |= 1ull << live->thread;
	if (cell->live)
		record_written(live, cell);
}

/* The place of a thread that has ended is its last state. */
static void
judge_end(struct explore_live *live)
{
	struct mover *mover = &live->mover[live->thread];

	mover->place.ended = play_live_ended(live->play, live->thread);
	if (mover->place.ended) {
		take_place(live, ~0u);
		mover->place.waits = false;
	}
}

/* The values of the live cells before a move. */
static void
note_values(struct explore_live *live)
{
	unsigned i;

	for (i = 0; i < live->cells->live_count; i++)
		live->value[i] = explore_live_value(live,
		    live->cells->cell[live->cells->live[i]]);
}

/* The memory of moves rests on this: what was not announced has not changed. */
static void
judge_untold(struct explore_live *live)
{
	unsigned i;

	for (i = 0; i < live->cells->live_count; i++) {
		struct explore_cell *cell = live->cells->cell[live->cells->live[i]];

		if (!is_written(live, cell) && explore_live_value(live, cell) != live->value[i]) {
			give_up(live, EXPLORE_LIVE_UNTOLD);
			live->untold = cell->id;
		}
	}
}

static void
run_thread(struct explore_live *live, unsigned thread, enum leg leg)
{
	uint64_t seen = play_live_cell(live->play, watch_cell_of(WATCH_THREAD, thread));

	live->thread = thread;
	live->leg = leg;
	live->progress = play_live_progress(live->play, thread);
	live->items = live->writtens = live->suspects = 0;
	live->choices = live->touches = 0;
	live->passed = false;
	live->watch.quiet = live->watch.whole = 0;
	live->mismatches = live->outcome.mismatches;
	play_live_resume(live->play, thread, &live->watch);
	judge_suspects(live);
	judge_thread(live, seen);
	judge_end(live);
	if (live->writtens != 0 && !live->mover[thread].place.waits)
		live->mover[thread].waited = false;
	take_status(live, play_live_status(live->play));
}

void
explore_live_move(struct explore_live *live, unsigned thread, const unsigned char *script,
    unsigned length)
{
	live->script = script;
	live->script_length = length;
	run_thread(live, thread, LEG_MOVE);
}

void
explore_live_move_judged(struct explore_live *live, unsigned thread, const unsigned char *script,
    unsigned length)
{
	note_values(live);
	explore_live_move(live, thread, script, length);
	judge_untold(live);
}

/* --- the steps that come first ---------------------------------------------------------------- */

/* Whoever is in the way of a thread that waits makes one touch. */
static void
nudge_others(struct explore_live *live, unsigned thread)
{
	unsigned i;

	for (i = 0; i < live->scenario->threads && live->status == EXPLORE_LIVE_FINE; i++) {
		if (i != thread && !live->mover[i].place.ended)
			run_thread(live, i, LEG_NUDGE);
	}
}

/* One step of a thread, with as little of the others as it needs. */
static void
make_step(struct explore_live *live, unsigned thread)
{
	const struct mover *mover = &live->mover[thread];
	uint64_t progress = play_live_progress(live->play, thread);
	unsigned legs;

	for (legs = 0; legs < LEGS_MAX && live->status == EXPLORE_LIVE_FINE; legs++) {
		if (mover->place.ended ||
		    play_live_progress(live->play, thread) != progress)
			return;
		run_thread(live, thread, LEG_STEP);
		if (mover->place.waits)
			nudge_others(live, thread);
	}
	give_up(live, EXPLORE_LIVE_NO_YIELD);
}

static void
make_first_steps(struct explore_live *live)
{
	const struct scn_explore *explore = &live->scenario->schedule.explore;
	size_t i;

	if (live->scenario->schedule.order != SCN_ORDER_EXPLORE)
		return;
	for (i = 0; i < explore->afters && live->status == EXPLORE_LIVE_FINE; i++)
		make_step(live, explore->after[i]);
}

/* --- runs ------------------------------------------------------------------------------------- */

static void
end_run(struct explore_live *live)
{
	if (live->play == NULL)
		return;
	play_live_close(live->play);
	live->play = NULL;
	play_outcome_free(&live->outcome);
}

bool
explore_live_restart(struct explore_live *live)
{
	enum play_status status;
	unsigned thread;

	end_run(live);
	play_outcome_free(&live->outcome);
	live->status = EXPLORE_LIVE_FINE;
	free(live->value);
	live->value = malloc((live->cells->live_count + 1) * sizeof(*live->value));
	if (live->value == NULL) {
		live->status = EXPLORE_LIVE_NO_MEMORY;
		return false;
	}
	live->play = play_live_open(live->scenario, &live->options, &live->outcome, &status);
	if (live->play == NULL) {
		live->status = status == PLAY_NO_MEMORY ? EXPLORE_LIVE_NO_MEMORY :
		    status == PLAY_OVER_LIMIT ? EXPLORE_LIVE_OVER_LIMIT : EXPLORE_LIVE_NOT_BUILT;
		return false;
	}
	memset(live->mover, 0, sizeof(live->mover));
	live->script_length = 0;
	for (thread = 0; thread < live->scenario->threads; thread++)
		live->mover[thread].place.number[0] = thread + 1;
	make_first_steps(live);
	for (thread = 0; thread < live->scenario->threads; thread++) {
		if (!live->mover[thread].place.ended)
			run_thread(live, thread, LEG_START);
	}
	return live->status == EXPLORE_LIVE_FINE;
}

struct explore_live *
explore_live_create(const struct scenario *scenario, struct explore_cells *cells,
    const struct play_options *options)
{
	struct explore_live *live = calloc(1, sizeof(*live));

	if (live == NULL)
		return NULL;
	live->scenario = scenario;
	live->cells = cells;
	live->options = *options;
	live->watch.touch = on_touch;
	live->watch.choose = on_choose;
	live->watch.pause = on_pause;
	live->watch.anchor = on_anchor;
	live->watch.frame = on_frame;
	live->watch.cell_at = on_cell_at;
	live->watch.ctx = live;
	live->item = malloc(ITEMS_MAX * sizeof(*live->item));
	if (live->item == NULL) {
		free(live);
		return NULL;
	}
	return live;
}

void
explore_live_destroy(struct explore_live *live)
{
	if (live == NULL)
		return;
	end_run(live);
	play_outcome_free(&live->outcome);
	free(live->item);
	free(live->written);
	free(live->suspect);
	free(live->value);
	free(live);
}

enum explore_live_status
explore_live_status(const struct explore_live *live)
{
	return live->status;
}

enum explore_end
explore_live_end(const struct explore_live *live)
{
	switch (live->status) {
	case EXPLORE_LIVE_NO_MEMORY:
		return EXPLORE_NO_MEMORY;
	case EXPLORE_LIVE_UNTOLD:
		return EXPLORE_UNFIT;
	case EXPLORE_LIVE_NO_YIELD:
		return EXPLORE_NO_YIELD;
	default:
		return EXPLORE_OVER_LIMIT;
	}
}

void
explore_live_listen(struct explore_live *live,
    void (*touch)(void *ctx, const struct explore_cell *cell, unsigned how), void *ctx)
{
	live->listener = touch;
	live->listener_ctx = ctx;
}

const struct explore_item *
explore_live_items(const struct explore_live *live, size_t *count)
{
	*count = live->items;
	return live->item;
}

struct explore_cell *const *
explore_live_written(const struct explore_live *live, size_t *count)
{
	*count = live->writtens;
	return live->written;
}

bool
explore_live_broke(const struct explore_live *live)
{
	return live->outcome.mismatches > live->mismatches;
}

const struct explore_place *
explore_live_place(const struct explore_live *live, unsigned thread)
{
	return &live->mover[thread].place;
}

void
explore_live_finish(struct explore_live *live)
{
	take_status(live, play_live_finish(live->play));
}

struct play_outcome *
explore_live_outcome(struct explore_live *live)
{
	return &live->outcome;
}
