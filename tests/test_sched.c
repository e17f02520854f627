/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler: who goes next under each policy, the same every time, and what it says when nobody
 * gets on.
 *
 * The threads of a row are little programs in letters; each letter that is done is written down
 *with the thread's number. s	a step a	an atomic operation w	wait until the flag is up,
 *turn by turn f	put the flag up o	a step for which the thread waits until it gets the
 *turn, counting false starts i	raise the interrupt of thread 0 n	wait for ever r	a step again
 *and again
 */
#include <string.h>
#include <unistd.h>

#include "base/env.h"
#include "sim/sched.h"
#include "support/support_rows.h"

#define THREADS 4

static struct {
	struct sched *sched;
	char log[512];
	uint64_t word;
	bool flag, interrupt[THREADS];
	unsigned false_starts;
} world;

struct actor {
	unsigned index;
	const char *program;
};

static void
note(unsigned thread, char what)
{
	size_t used = strlen(world.log);

	if (used + 4 > sizeof(world.log))
		return;
	world.log[used] = (char)('0' + thread);
	world.log[used + 1] = what;
	world.log[used + 2] = ' ';
}

static void
act(const struct actor *actor, char what)
{
	switch (what) {
	case 's':
		while (!sched_step(world.sched))
			;
		break;
	case 'a':
		(void)vk_atomic_add64(&world.word, 1);
		break;
	case 'w':
		while (!world.flag)
			sched_pause(world.sched);
		break;
	case 'f':
		world.flag = true;
		break;
	case 'o':
		while (!sched_step(world.sched)) {
			world.false_starts++;
			world.interrupt[actor->index] = false;
			note(actor->index, '!');
		}
		break;
	case 'i':
		world.interrupt[0] = true;
		break;
	case 'n':
		for (;;)
			sched_pause(world.sched);
	case 'r':
		for (;;)
			(void)sched_step(world.sched);
	default:
		fail_msg("no such letter: %c", what);
	}
	note(actor->index, what);
}

static void
actor_life(void *arg)
{
	const struct actor *actor = arg;
	const char *at;

	assert_int_equal(sched_current(world.sched), actor->index);
	for (at = actor->program; *at != '\0'; at++)
		act(actor, *at);
}

/* Plays the programs; what they did is in world.log afterwards. */
static enum sched_end
play(const struct sched_policy *policy, const char *const *program, uint64_t limit)
{
	struct actor actor[THREADS];
	enum sched_end end;
	unsigned i;

	memset(&world, 0, sizeof(world));
	world.sched = sched_create(policy, THREADS);
	assert_non_null(world.sched);
	for (i = 0; i < THREADS && program[i] != NULL; i++) {
		actor[i].index = i;
		actor[i].program = program[i];
		assert_true(sched_add(world.sched, actor_life, &actor[i], &world.interrupt[i]));
	}
	end = sched_run(world.sched, limit);
	return end;
}

/* --- in order and by script ------------------------------------------------------------------ */

struct order_row {
	const char *what;
	const char *program[THREADS];
	const char *script; /* digits; NULL: in order */
	const char *log;
	enum sched_end end;
	unsigned used; /* places of the script */
	unsigned false_starts;
};

/* clang-format off */
static const struct order_row order_rows[] = {
	{ .what = "in order, one thread ends before the next begins",
	    { "sss", "ss", "s" }, .log = "0s 0s 0s 1s 1s 2s " },
	{ .what = "in order, atomic operations do not change who runs",
	    { "aasa", "asa" }, .log = "0a 0a 0s 0a 1a 1s 1a " },
	{ .what = "in order, a thread that waits lets the next one go",
	    { "sws", "sfs" }, .log = "0s 1s 1f 1s 0w 0s " },
	{ .what = "in order, a wait goes round past others that wait",
	    { "ws", "ws", "sfs" }, .log = "2s 2f 2s 0w 0s 1w 1s " },
	{ .what = "in order, threads without a program end at once",
	    { "", "s", "" }, .log = "1s " },
	{ .what = "in order, waits with steps in between are no livelock",
	    { "wn", "sssrsss" }, .log = "1s 1s 1s ", .end = SCHED_LIVELOCK },
	{ .what = "threads that only wait are a livelock",
	    { "sn", "sn" }, .log = "0s 1s ", .end = SCHED_LIVELOCK },
	{ .what = "a thread that goes on for ever is a livelock",
	    { "sr" }, .log = "0s ", .end = SCHED_LIVELOCK },

	{ .what = "the script names every step",
	    { "sss", "ss" }, "01010", "0s 1s 0s 1s 0s ", .used = 5 },
	{ .what = "the script may begin with any thread",
	    { "ss", "ss", "ss" }, "210210", "2s 1s 0s 2s 1s 0s ", .used = 6 },
	{ .what = "after the script, in order",
	    { "sss", "sss" }, "1", "1s 1s 1s 0s 0s 0s ", .used = 1 },
	{ .what = "an empty script is in order", { "ss", "s" }, "", "0s 0s 1s " },
	{ .what = "what belongs to a step is done before the next step",
	    { "asaa", "asaa" }, "10", "0a 1a 1s 1a 1a 0s 0a 0a ", .used = 2 },
	{ .what = "the script passes over threads that have ended",
	    { "s", "ss" }, "0001", "0s 1s 1s ", .used = 4 },
	{ .what = "the script passes over threads that never were",
	    { "s", "s" }, "9170", "1s 0s ", .used = 4 },
	{ .what = "a thread that waits within a step lets the script go on",
	    { "sws", "ssf", "s" }, "0112", "0s 1s 1s 1f 0w 2s 0s ", .used = 4 },
	{ .what = "two threads that wait within a step let the script go on",
	    { "sws", "sws", "ssf" }, "0122", "0s 1s 2s 2s 2f 0w 0s 1w 1s ", .used = 4 },
	{ .what = "a wait does not stop at a thread of the script that has ended",
	    { "sws", "s", "ssf" }, "101212", "1s 0s 2s 2s 2f 0w 0s ", .used = 6 },
	{ .what = "a wait that the script does not end is a livelock",
	    { "sws", "ss" }, "01", "0s 1s 1s ", .end = SCHED_LIVELOCK, .used = 2 },
	{ .what = "an interrupt lets a thread go on out of turn",
	    { "oo", "sisi" }, "1100", "1s 1i 0! 1s 1i 0! 0o 0o ", .used = 4, .false_starts = 2 },
	{ .what = "in order, a thread always has its turn",
	    { "oo", "si" }, .log = "0o 0o 1s 1i " },
};
/* clang-format on */

static void
run_order_row(void **state)
{
	const struct order_row *row = *state;
	unsigned script[16], length = 0;
	struct sched_policy policy = {
	    .kind = row->script == NULL ? SCHED_IN_ORDER : SCHED_SCRIPT, .script = script};

	while (row->script != NULL && row->script[length] != '\0') {
		script[length] = (unsigned)(row->script[length] - '0');
		length++;
	}
	policy.script_length = length;
	assert_int_equal(play(&policy, row->program, 20000), row->end);
	assert_string_equal(world.log, row->log);
	assert_int_equal(sched_script_used(world.sched), row->used);
	assert_int_equal(world.false_starts, row->false_starts);
	sched_destroy(world.sched);
}

/* --- by seed ---------------------------------------------------------------------------------- */

static const char *const seed_programs[THREADS] = {"sasas", "ssaas", "wsas", "asfs"};

static void
the_same_seed_gives_the_same_sequence(void **state)
{
	struct sched_policy policy = {.kind = SCHED_SEED};
	char first[sizeof(world.log)];
	uint64_t switches;

	(void)state;
	for (policy.seed = 0; policy.seed < 300; policy.seed++) {
		assert_int_equal(play(&policy, seed_programs, 10000), SCHED_DONE);
		memcpy(first, world.log, sizeof(first));
		switches = sched_switches(world.sched);
		sched_destroy(world.sched);
		assert_int_equal(play(&policy, seed_programs, 10000), SCHED_DONE);
		assert_string_equal(world.log, first);
		assert_int_equal(sched_switches(world.sched), switches);
		sched_destroy(world.sched);
	}
}

/* The sequence of one seed, written down: it must not depend on machine or compiler. */
static void
the_sequence_of_a_seed_is_the_same_everywhere(void **state)
{
	static const char *const programs[THREADS] = {"ssss", "ssss", "ssss"};
	struct sched_policy policy = {.kind = SCHED_SEED, .seed = 2013};

	(void)state;
	assert_int_equal(play(&policy, programs, 1000), SCHED_DONE);
	assert_string_equal(world.log, "1s 2s 1s 2s 0s 0s 1s 1s 0s 2s 2s 0s ");
	sched_destroy(world.sched);
}

/* All six orders of two steps by two threads. */
static void
every_interleaving_has_its_seeds(void **state)
{
	static const char *const programs[THREADS] = {"ss", "ss"};
	static const char *const orders[] = {"0s 0s 1s 1s ", "0s 1s 0s 1s ", "0s 1s 1s 0s ",
	    "1s 0s 0s 1s ", "1s 0s 1s 0s ", "1s 1s 0s 0s "};
	struct sched_policy policy = {.kind = SCHED_SEED};
	unsigned seen[ROWS_COUNT(orders)] = {0};
	size_t i;

	(void)state;
	for (policy.seed = 0; policy.seed < 600; policy.seed++) {
		assert_int_equal(play(&policy, programs, 1000), SCHED_DONE);
		for (i = 0; i < ROWS_COUNT(orders); i++)
			seen[i] += strcmp(world.log, orders[i]) == 0;
		sched_destroy(world.sched);
	}
	for (i = 0; i < ROWS_COUNT(orders); i++)
		assert_true(seen[i] > 10);
}

/* An atomic operation is announced before it is carried out, and others may come in between. */
static void
by_seed_an_atomic_operation_is_a_scheduling_point(void **state)
{
	static const char *const programs[THREADS] = {"aa", "aa"};
	struct sched_policy policy = {.kind = SCHED_SEED};
	unsigned mixed = 0;

	(void)state;
	for (policy.seed = 0; policy.seed < 100; policy.seed++) {
		assert_int_equal(play(&policy, programs, 1000), SCHED_DONE);
		assert_int_equal(world.word, 4);
		mixed += strcmp(world.log, "0a 0a 1a 1a ") != 0 &&
		    strcmp(world.log, "1a 1a 0a 0a ") != 0;
		sched_destroy(world.sched);
	}
	assert_true(mixed > 20);
}

static void
by_seed_a_livelock_is_found(void **state)
{
	static const char *const waits[THREADS] = {"sn", "sn", "ss"};
	static const char *const goes_on[THREADS] = {"r", "n"};
	struct sched_policy policy = {.kind = SCHED_SEED};

	(void)state;
	for (policy.seed = 0; policy.seed < 5; policy.seed++) {
		assert_int_equal(play(&policy, waits, 1000000), SCHED_LIVELOCK);
		sched_destroy(world.sched);
		assert_int_equal(play(&policy, goes_on, 5000), SCHED_LIVELOCK);
		sched_destroy(world.sched);
	}
}

/* However many points are allowed; a scheduler that misses it would run for ever. */
static void
a_livelock_needs_no_limit_to_be_found(void **state)
{
	static const char *const waits[THREADS] = {"sn", "sn"};
	struct sched_policy policy = {.kind = SCHED_IN_ORDER};

	(void)state;
	(void)alarm(20);
	assert_int_equal(play(&policy, waits, UINT64_MAX), SCHED_LIVELOCK);
	(void)alarm(0);
	sched_destroy(world.sched);
}

/* --- outside, and the edges ------------------------------------------------------------------- */

static void
outside_a_thread_an_atomic_operation_just_happens(void **state)
{
	uint64_t word = 1;

	(void)state;
	vk_pause();
	assert_int_equal(vk_atomic_add64(&word, 2), 1);
	assert_int_equal(word, 3);
}

static void
no_more_threads_are_added_than_were_asked_for(void **state)
{
	struct sched_policy policy = {.kind = SCHED_IN_ORDER};
	struct actor actor = {0, ""};

	(void)state;
	memset(&world, 0, sizeof(world));
	world.sched = sched_create(&policy, 1);
	assert_true(sched_add(world.sched, actor_life, &actor, NULL));
	assert_false(sched_add(world.sched, actor_life, &actor, NULL));
	assert_int_equal(sched_run(world.sched, 10), SCHED_DONE);
	sched_destroy(world.sched);
}

static void
without_threads_there_is_nothing_to_do(void **state)
{
	static const enum sched_policy_kind kinds[] = {SCHED_IN_ORDER, SCHED_SEED, SCHED_SCRIPT};
	static const unsigned script[] = {0, 1};
	size_t i;

	(void)state;
	for (i = 0; i < ROWS_COUNT(kinds); i++) {
		struct sched_policy policy = {
		    .kind = kinds[i], .script = script, .script_length = 2};
		struct sched *sched = sched_create(&policy, 0);

		assert_non_null(sched);
		assert_int_equal(sched_run(sched, 10), SCHED_DONE);
		sched_destroy(sched);
	}
	sched_destroy(NULL);
}

static void
switches_are_counted(void **state)
{
	static const unsigned script[] = {1, 0, 1, 0};
	static const char *const programs[THREADS] = {"ss", "ss"};
	struct sched_policy policy = {.kind = SCHED_IN_ORDER, .script = script, .script_length = 4};

	(void)state;
	assert_int_equal(play(&policy, programs, 100), SCHED_DONE);
	assert_int_equal(sched_switches(world.sched), 1);
	sched_destroy(world.sched);
	policy.kind = SCHED_SCRIPT;
	assert_int_equal(play(&policy, programs, 100), SCHED_DONE);
	assert_true(sched_switches(world.sched) >= 4);
	sched_destroy(world.sched);
}

/* A scheduler inside a thread of another: points belong to the inner one while it runs. */
static struct sched *outer;
static unsigned inner_runs;

static void
runs_an_inner_one(void *arg)
{
	static const char *const programs[THREADS] = {"sas", "sas"};
	struct sched_policy policy = {.kind = SCHED_SEED, .seed = 1};

	(void)arg;
	assert_int_equal(play(&policy, programs, 1000), SCHED_DONE);
	sched_destroy(world.sched);
	inner_runs++;
	assert_true(sched_step(outer));
	inner_runs++;
}

static void
a_scheduler_can_run_inside_a_thread(void **state)
{
	struct sched_policy policy = {.kind = SCHED_IN_ORDER};

	(void)state;
	inner_runs = 0;
	outer = sched_create(&policy, 2);
	assert_true(sched_add(outer, runs_an_inner_one, NULL, NULL));
	assert_true(sched_add(outer, runs_an_inner_one, NULL, NULL));
	assert_int_equal(sched_run(outer, 1000), SCHED_DONE);
	assert_int_equal(inner_runs, 4);
	sched_destroy(outer);
}

int
main(void)
{
	struct rows rows = {0};
	size_t i;

	for (i = 0; i < ROWS_COUNT(order_rows); i++)
		rows_add(&rows, NULL, order_rows[i].what, run_order_row, &order_rows[i]);
	ROWS_ADD_TEST(&rows, the_same_seed_gives_the_same_sequence);
	ROWS_ADD_TEST(&rows, the_sequence_of_a_seed_is_the_same_everywhere);
	ROWS_ADD_TEST(&rows, every_interleaving_has_its_seeds);
	ROWS_ADD_TEST(&rows, by_seed_an_atomic_operation_is_a_scheduling_point);
	ROWS_ADD_TEST(&rows, by_seed_a_livelock_is_found);
	ROWS_ADD_TEST(&rows, a_livelock_needs_no_limit_to_be_found);
	ROWS_ADD_TEST(&rows, outside_a_thread_an_atomic_operation_just_happens);
	ROWS_ADD_TEST(&rows, no_more_threads_are_added_than_were_asked_for);
	ROWS_ADD_TEST(&rows, without_threads_there_is_nothing_to_do);
	ROWS_ADD_TEST(&rows, switches_are_counted);
	ROWS_ADD_TEST(&rows, a_scheduler_can_run_inside_a_thread);
	return rows_run(&rows, "sched") != 0;
}
