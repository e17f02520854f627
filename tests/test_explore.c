/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exploration of schedules: what is reachable and what is not, where a run can get stuck, and that
 * the schedule of a violation gives it again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explore/explore.h"

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

/* --- what is found ---------------------------------------------------------------------------- */

#define HEAD "scenario: s\nschedule: explore\nmachine: {cpus: 4}\nthreads:\n"
#define BARE(name, cpu, steps)                                                                     \
	"  - {name: " name ", role: bare, cpu: " cpu ", mode: {paging: no}, steps: [" steps "]}\n"
#define SEEN(label, value) "{thread: r, step: " label ", value: " value "}"

static const struct found_row {
	const char *what;
	const char *yaml;
	enum explore_violation violation;
	uint64_t reached; /* bit n: outcome n */
} found_rows[] = {
	{ "one thread has one schedule",
	    HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}, read: 0x1000")
	    "expect: {reachable: [{memory: [{hpa: 0x1000, words: [1]}]}]}\n",
	    EXPLORE_NONE, 1 },
	{ "two writers of one word leave either value",
	    HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}")
	    BARE("b", "1", "write: {at: 0x1000, value: 2}")
	    "expect: {reachable: [{memory: [{hpa: 0x1000, words: [1]}]},\n"
	    "  {memory: [{hpa: 0x1000, words: [2]}]}],\n"
	    "  unreachable: [{memory: [{hpa: 0x1000, words: [3]}]}]}\n",
	    EXPLORE_NONE, 3 },
	{ "a message is never seen before what was written ahead of it",
	    HEAD BARE("w", "0", "write: {at: 0x1000, value: 1}, write: {at: 0x1008, value: 1}")
	    BARE("r", "1", "{label: flag, read: 0x1008}, {label: data, read: 0x1000}")
	    "expect:\n"
	    "  reachable:\n"
	    "    - {steps: [" SEEN("flag", "0") ", " SEEN("data", "0") "]}\n"
	    "    - {steps: [" SEEN("flag", "0") ", " SEEN("data", "1") "]}\n"
	    "    - {steps: [" SEEN("flag", "1") ", " SEEN("data", "1") "]}\n"
	    "  unreachable:\n"
	    "    - {steps: [" SEEN("flag", "1") ", " SEEN("data", "0") "]}\n",
	    EXPLORE_NONE, 7 },
	{ "without store buffers, one of two threads sees the other's store",
	    HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}, {label: l, read: 0x1008}")
	    BARE("b", "1", "write: {at: 0x1008, value: 1}, {label: l, read: 0x1000}")
	    "expect:\n"
	    "  unreachable:\n"
	    "    - {steps: [{thread: a, step: l, value: 0}, {thread: b, step: l, value: 0}]}\n",
	    EXPLORE_NONE, 0 },
	{ "an outcome that cannot be and should be is missed",
	    HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}")
	    "expect: {reachable: [{memory: [{hpa: 0x1000, words: [2]}]}]}\n",
	    EXPLORE_UNREACHED, 0 },
	{ "an outcome that should not be is found, in one of the orders",
	    HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}")
	    BARE("b", "1", "write: {at: 0x1000, value: 2}")
	    "expect: {unreachable: [{memory: [{hpa: 0x1000, words: [1]}]}]}\n",
	    EXPLORE_EXPECTATION, 1 },
	{ "a read and a write of it back lose another's addition",
	    HEAD BARE("a", "0", "{label: l, read: 0x1000}, write: {at: 0x1000, value: 1}")
	    BARE("b", "1", "add: {at: 0x1000, value: 16}")
	    "expect:\n"
	    "  reachable:\n"
	    "    - {steps: [{thread: a, step: l, value: 0}], memory: [{hpa: 0x1000, words: [1]}]}\n"
	    "    - {memory: [{hpa: 0x1000, words: [17]}]}\n"
	    "  unreachable: [{memory: [{hpa: 0x1000, words: [0]}]}]\n",
	    EXPLORE_NONE, 3 },
	{ "locked additions are never lost",
	    HEAD BARE("a", "0", "add: {at: 0x1000, value: 1}, add: {at: 0x1000, value: 1}")
	    BARE("b", "1", "add: {at: 0x1000, value: 16}, add: {at: 0x1000, value: 16}")
	    BARE("c", "2", "add: {at: 0x1000, value: 256}")
	    "expect: {memory: [{hpa: 0x1000, words: [0x122]}]}\n",
	    EXPLORE_NONE, 0 },
	{ "two that wait for each other are stuck",
	    HEAD BARE("a", "0", "wait: {thread: b, step: 1}, write: {at: 0x1000, value: 1}")
	    BARE("b", "1", "wait: {thread: a, step: 1}, write: {at: 0x1008, value: 1}"),
	    EXPLORE_STUCK, 0 },
	{ "one that waits for another is not",
	    HEAD BARE("a", "0", "wait: {thread: b, step: 1}, {read: 0x1008, expect: {value: 1}}")
	    BARE("b", "1", "write: {at: 0x1008, value: 1}"),
	    EXPLORE_NONE, 0 },
	{ "a thread that goes round for ever does not keep a run from ending",
	    HEAD BARE("a", "0", "add: {at: 0x1000, value: 1}")
	    BARE("b", "1", "{read: 0x1000, repeat: forever}")
	    "expect: {memory: [{hpa: 0x1000, words: [1]}]}\n",
	    EXPLORE_NONE, 0 },
};

static void
explore_text(const char *yaml, const struct explore_options *options, struct explore_result *result)
{
	struct scenario *s = load(yaml);

	explore_run(s, options, result);
	scenario_free(s);
}

static void
exploration_finds(void **state)
{
	struct explore_options options = { .states_max = 100000 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(found_rows) / sizeof(found_rows[0]); i++) {
		const struct found_row *row = &found_rows[i];
		struct explore_result result;

		explore_text(row->yaml, &options, &result);
		if (result.end != EXPLORE_COMPLETE || result.violation != row->violation ||
		    result.reached != row->reached)
			fail_msg("%s: end %d, violation %d, reached %#llx", row->what, result.end,
			    result.violation, (unsigned long long)result.reached);
		explore_result_free(&result);
	}
}

/* The schedule of each violation, run by itself, breaks an expectation or gets nowhere. */
static void
violations_come_again(void **state)
{
	struct explore_options options = { .states_max = 100000, .end_at_violation = true };
	struct play_options play = { .sink = NULL };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(found_rows) / sizeof(found_rows[0]); i++) {
		const struct found_row *row = &found_rows[i];
		struct explore_result result;
		struct play_outcome outcome;
		struct scenario *s;

		if (row->violation != EXPLORE_EXPECTATION)
			continue;
		s = load(row->yaml);
		explore_run(s, &options, &result);
		assert_int_equal(explore_replay(s, &result.schedule, &play, NULL, NULL, &outcome),
		    EXPLORE_REPLAYED);
		if (outcome.mismatches == 0)
			fail_msg("%s: nothing is wrong with the schedule", row->what);
		play_outcome_free(&outcome);
		explore_result_free(&result);
		scenario_free(s);
	}
}

/* --- how much is looked at -------------------------------------------------------------------- */

/*
 * Two threads of n stores each to one word: every state is a pair of positions and, but in the
 * first, who stored last.
 */
static void
states_are_counted_once(void **state)
{
	struct explore_options options = { .states_max = 100000 };
	struct explore_result result;

	(void)state;
	explore_text(HEAD
	    BARE("a", "0", "write: {at: 0x1000, value: 1}, write: {at: 0x1000, value: 1}")
	    BARE("b", "1", "write: {at: 0x1000, value: 2}, write: {at: 0x1000, value: 2}"),
	    &options, &result);
	assert_int_equal(result.end, EXPLORE_COMPLETE);
	/* (0,0); (i,0) and (0,j) with one last writer each; the other 4 with two. */
	assert_int_equal(result.stats.states, 1 + 2 + 2 + 4 * 2);
	explore_result_free(&result);
}

static void
what_is_not_shared_is_not_interleaved(void **state)
{
	struct explore_options options = { .states_max = 100000 };
	struct explore_result result;

	(void)state;
	explore_text(HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}, read: 0x1000")
	    BARE("b", "1", "write: {at: 0x2000, value: 2}, read: 0x2000"), &options, &result);
	assert_int_equal(result.stats.states, 1);
	assert_int_equal(result.stats.shared, 0);
	explore_result_free(&result);
}

/* Two preemptions are needed to lose an addition between another's read and write. */
static void
a_bound_on_preemptions_hides_what_needs_more(void **state)
{
	static const char text[] =
	    HEAD BARE("a", "0", "read: 0x1000, write: {at: 0x1000, value: 1}, read: 0x1000")
	    BARE("b", "1", "read: 0x1000, write: {at: 0x1000, value: 2}, read: 0x1000")
	    "expect: {memory: [{hpa: 0x1000, words: [2]}]}\n";
	struct explore_options options = { .states_max = 100000, .bounded = true };
	struct explore_result result;
	unsigned bound;
	uint64_t before = 0;

	(void)state;
	for (bound = 0; bound < 4; bound++) {
		options.preemptions = bound;
		explore_text(text, &options, &result);
		assert_int_equal(result.end, EXPLORE_COMPLETE);
		assert_true(result.stats.moves > before || bound == 3);
		before = result.stats.moves;
		explore_result_free(&result);
	}
}

static void
a_budget_is_kept(void **state)
{
	struct explore_options options = { .states_max = 3 };
	struct explore_result result;

	(void)state;
	explore_text(HEAD
	    BARE("a", "0", "write: {at: 0x1000, value: 1}, write: {at: 0x1000, value: 3}")
	    BARE("b", "1", "write: {at: 0x1000, value: 2}, write: {at: 0x1000, value: 4}"),
	    &options, &result);
	assert_int_equal(result.end, EXPLORE_BUDGET);
	explore_result_free(&result);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exploration_finds),
		cmocka_unit_test(violations_come_again),
		cmocka_unit_test(states_are_counted_once),
		cmocka_unit_test(what_is_not_shared_is_not_interleaved),
		cmocka_unit_test(a_bound_on_preemptions_hides_what_needs_more),
		cmocka_unit_test(a_budget_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
