/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is made of a failing schedule: that it gets shorter and still fails alike, that the order
 * named as its cause decides, and that chance finds such schedules too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explore/explore_cause.h"
#include "explore/explore_minimise.h"
#include "explore/explore_random.h"

static struct scenario *
load(const char *yaml)
{
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *s;

	if (scenario_load("file", yaml, strlen(yaml), &list, &errors) != SCENARIO_OK)
		fail_msg("%u:%u: %s\n%s", errors.error[0].line, errors.error[0].column,
		    errors.error[0].text, yaml);
	s = scenario_list_make(&list, 0);
	assert_non_null(s);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
	return s;
}

#define HEAD "scenario: s\nschedule: explore\nmachine: {cpus: 4}\nthreads:\n"
#define BARE(name, cpu, steps)                                                                     \
	"  - {name: " name ", role: bare, cpu: " cpu ", mode: {paging: no}, steps: [" steps "]}\n"

/* A counter read and written back, with an addition in between; c has nothing to do with it. */
#define LOST                                                                                       \
	HEAD BARE("a", "0", "read: 0x1000, write: {at: 0x1000, value: 1}")                         \
	BARE("b", "1", "wait: {thread: a, step: 1}, add: {at: 0x1000, value: 16}")                 \
	BARE("c", "2", "add: {at: 0x2000, value: 1}, add: {at: 0x2000, value: 1}")                 \
	BARE("d", "3", "add: {at: 0x2000, value: 1}, add: {at: 0x2000, value: 1}")                 \
	"expect: {memory: [{hpa: 0x1000, words: [17]}]}\n"

#define LOST_BY_STEP                                                                               \
	HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}, {read: 0x1000, expect: {value: 1}}")   \
	BARE("b", "1", "write: {at: 0x1000, value: 2}")

#define STUCK                                                                                      \
	HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}, wait: {thread: b, step: 1}")           \
	BARE("b", "1", "wait: {thread: a, step: 2}, read: 0x1000")

#define ALWAYS                                                                                     \
	HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}")                                       \
	BARE("b", "1", "{read: 0x1000, expect: {value: 7}}")

#define HOLDS                                                                                      \
	HEAD BARE("a", "0", "add: {at: 0x1000, value: 1}")                                         \
	BARE("b", "1", "add: {at: 0x1000, value: 1}")                                              \
	"expect: {memory: [{hpa: 0x1000, words: [2]}]}\n"

/* --- minimising ------------------------------------------------------------------------------- */

static const struct minimise_row {
	const char *what;
	const char *yaml;
	unsigned char move[16]; /* threads */
	size_t moves;
	size_t least, switches;
} minimise_rows[] = {
	{ "what has nothing to do with it comes in one piece", LOST,
	    { 2, 0, 3, 2, 1, 3, 1, 0, 2, 3 }, 10, 8, 4 },
	{ "a schedule that cannot get better stays", LOST, { 0, 1, 1, 0, 2, 2, 3, 3 }, 8, 8, 4 },
	{ "the run ends where it fails", LOST_BY_STEP, { 0, 1, 0 }, 3, 3, 2 },
	{ "turns of a wait are left out", STUCK, { 0, 1, 0, 1, 0, 0, 1, 1, 0 }, 9, 3, 1 },
	{ "what fails in any order is told in the shortest", ALWAYS, { 0, 1 }, 2, 1, 0 },
};

static const watch_cell cells[] = {
	(watch_cell)WATCH_WORD << 56 | 0x1000 / 8,
	(watch_cell)WATCH_WORD << 56 | 0x2000 / 8,
	(watch_cell)WATCH_THREAD << 56 | 0,
	(watch_cell)WATCH_THREAD << 56 | 1,
};

static void
make_schedule(struct explore_schedule *schedule, const unsigned char *threads, size_t moves)
{
	struct explore_move move[16] = { { 0 } };
	watch_cell cell[4];
	struct explore_schedule fixed = { cell, 4, move, moves };
	size_t i;

	memcpy(cell, cells, sizeof(cell));
	for (i = 0; i < moves; i++)
		move[i].thread = threads[i];
	assert_true(explore_schedule_copy(schedule, &fixed));
}

static struct explore_failure
failure_of(const struct scenario *s, const struct explore_schedule *schedule, bool *fails)
{
	struct explore_replay_options options = { .lenient = true };
	struct explore_failure failure = { .field = "" };
	struct explore_replayed replayed;

	explore_replay(s, schedule, &options, &replayed);
	*fails = explore_failure_of(&replayed, &failure);
	explore_replayed_free(&replayed);
	return failure;
}

static void
failing_schedules_get_shorter(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(minimise_rows) / sizeof(minimise_rows[0]); i++) {
		const struct minimise_row *row = &minimise_rows[i];
		struct scenario *s = load(row->yaml);
		struct explore_failure before, after;
		struct explore_schedule schedule;
		bool fails;

		make_schedule(&schedule, row->move, row->moves);
		before = failure_of(s, &schedule, &fails);
		if (!fails)
			fail_msg("%s: does not fail", row->what);
		assert_true(explore_minimise(s, &schedule));
		after = failure_of(s, &schedule, &fails);
		if (!fails || !explore_failures_alike(&before, &after))
			fail_msg("%s: fails otherwise", row->what);
		if (schedule.moves != row->least || explore_switches(&schedule) != row->switches)
			fail_msg("%s: %zu moves, %zu switches", row->what, schedule.moves,
			    explore_switches(&schedule));
		explore_schedule_free(&schedule);
		scenario_free(s);
	}
}

static void
a_schedule_that_holds_is_left_alone(void **state)
{
	static const unsigned char threads[] = { 1, 0 };
	struct scenario *s = load(HOLDS);
	struct explore_schedule schedule;

	(void)state;
	make_schedule(&schedule, threads, 2);
	assert_true(explore_minimise(s, &schedule));
	assert_int_equal(schedule.moves, 2);
	assert_int_equal(schedule.move[0].thread, 1);
	explore_schedule_free(&schedule);
	scenario_free(s);
}

/* --- causes ----------------------------------------------------------------------------------- */

static const struct cause_row {
	const char *what;
	const char *yaml;
	unsigned char move[16];
	size_t moves;
	bool found, holds;
	unsigned first, second; /* threads */
	size_t first_move, second_move;
} cause_rows[] = {
	{ "an addition before what was read is written back", LOST, { 0, 1, 1, 0, 2, 2, 3, 3 }, 8,
	    true, true, 1, 0, 2, 3 },
	{ "a store between a store and its check", LOST_BY_STEP, { 0, 1, 0 }, 3,
	    true, true, 1, 0, 1, 2 },
	{ "what fails in any order has no such cause", ALWAYS, { 0, 1 }, 2,
	    false, false, 0, 0, 0, 0 },
	{ "what holds has none", HOLDS, { 0, 1 }, 2, false, false, 0, 0, 0, 0 },
};

static void
causes_are_orders_that_decide(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cause_rows) / sizeof(cause_rows[0]); i++) {
		const struct cause_row *row = &cause_rows[i];
		struct scenario *s = load(row->yaml);
		struct explore_schedule schedule;
		struct explore_cause cause;

		make_schedule(&schedule, row->move, row->moves);
		assert_true(explore_find_cause(s, &schedule, &cause));
		if (cause.found != row->found || cause.holds != row->holds ||
		    cause.first.thread != row->first || cause.second.thread != row->second ||
		    cause.first.move != row->first_move || cause.second.move != row->second_move)
			fail_msg("%s: found %d, holds %d: %u in move %zu, %u in move %zu",
			    row->what, cause.found, cause.holds, cause.first.thread,
			    cause.first.move, cause.second.thread, cause.second.move);
		explore_schedule_free(&schedule);
		scenario_free(s);
	}
}

/* --- chance ----------------------------------------------------------------------------------- */

static const struct random_row {
	const char *what;
	const char *yaml;
	enum explore_violation violation;
} random_rows[] = {
	{ "an addition gets lost", LOST, EXPLORE_EXPECTATION },
	{ "a step sees another's store", LOST_BY_STEP, EXPLORE_EXPECTATION },
	{ "two wait for each other", STUCK, EXPLORE_STUCK },
	{ "locked additions do not get lost", HOLDS, EXPLORE_NONE },
};

static void
chance_finds_what_can_happen(void **state)
{
	struct explore_options options = { .end_at_violation = true };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(random_rows) / sizeof(random_rows[0]); i++) {
		const struct random_row *row = &random_rows[i];
		struct scenario *s = load(row->yaml);
		struct explore_result result, again;
		bool fails;

		explore_random(s, &options, 7, 200, &result);
		if (result.violation != row->violation || result.end != EXPLORE_SAMPLED)
			fail_msg("%s: violation %d, end %d", row->what, result.violation,
			    result.end);
		explore_random(s, &options, 7, 200, &again);
		assert_int_equal(again.schedule.moves, result.schedule.moves);
		assert_int_equal(again.stats.live_moves, result.stats.live_moves);
		if (row->violation != EXPLORE_NONE) {
			(void)failure_of(s, &result.schedule, &fails);
			assert_true(fails);
			assert_memory_equal(again.schedule.move, result.schedule.move,
			    result.schedule.moves * sizeof(*result.schedule.move));
		} else {
			assert_int_equal(result.stats.runs, 200);
			assert_int_equal(result.stats.ends, 200);
		}
		explore_result_free(&again);
		explore_result_free(&result);
		scenario_free(s);
	}
}

/* Two stores of each leave one of two values; every schedule is among the runs soon. */
static void
chance_comes_to_every_outcome(void **state)
{
	static const char text[] =
	    HEAD BARE("a", "0", "{label: l, read: 0x1000}, write: {at: 0x1000, value: 1}")
	    BARE("b", "1", "{label: l, read: 0x1000}, write: {at: 0x1000, value: 2}")
	    "expect:\n"
	    "  reachable:\n"
	    "    - {steps: [{thread: a, step: l, value: 0}, {thread: b, step: l, value: 0}]}\n"
	    "    - {steps: [{thread: a, step: l, value: 2}]}\n"
	    "    - {steps: [{thread: b, step: l, value: 1}]}\n"
	    "    - {steps: [{thread: a, step: l, value: 2}, {thread: b, step: l, value: 1}]}\n";
	struct explore_options options = { .witnesses = true };
	struct explore_replay_options replay = { .lenient = false };
	struct explore_replayed replayed;
	struct explore_result result;
	struct scenario *s = load(text);
	size_t i;

	(void)state;
	explore_random(s, &options, 1, 100, &result);
	assert_int_equal(result.reached, 7);
	for (i = 0; i < 3; i++) {
		explore_replay(s, &result.witness[i], &replay, &replayed);
		assert_int_equal(replayed.status, EXPLORE_REPLAYED);
		assert_true((replayed.outcome.reached >> i & 1) != 0);
		explore_replayed_free(&replayed);
	}
	explore_result_free(&result);
	scenario_free(s);
}

static void
a_run_that_goes_on_is_given_up(void **state)
{
	struct explore_options options = { .depth_max = 2 };
	struct explore_result result;
	struct scenario *s = load(HEAD BARE("a", "0", "{add: {at: 0x1000, value: 1}, repeat: 50}")
	    BARE("b", "1", "{add: {at: 0x1000, value: 1}, repeat: 50}"));

	(void)state;
	explore_random(s, &options, 1, 10, &result);
	assert_int_equal(result.violation, EXPLORE_NONE);
	assert_int_equal(result.stats.runs, 10);
	assert_true(result.stats.ends <= 2); /* while nothing was known to be shared */
	explore_result_free(&result);
	scenario_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failing_schedules_get_shorter),
		cmocka_unit_test(a_schedule_that_holds_is_left_alone),
		cmocka_unit_test(causes_are_orders_that_decide),
		cmocka_unit_test(chance_finds_what_can_happen),
		cmocka_unit_test(chance_comes_to_every_outcome),
		cmocka_unit_test(a_run_that_goes_on_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
