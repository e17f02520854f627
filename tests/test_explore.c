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

#include "explore/explore_replay.h"

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
#define DEADLOCK                                                                                   \
	BARE("a", "0", "wait: {thread: b, step: 1}, write: {at: 0x1000, value: 1}")                \
	BARE("b", "1", "wait: {thread: a, step: 1}, write: {at: 0x1010, value: 1}")
#define ROUNDS BARE("c", "2", "{add: {at: 0x1000, size: 1, value: 64}, repeat: forever}")
#define SEEN(label, value) "{thread: r, step: " label ", value: " value "}"

/*
 * One vCPU shoots down the entry of a page, whose next owner then writes to it; another vCPU's call
 * is in the host's copyio meanwhile.  `defects` is a line of its own, or nothing.  [DF-SYNC]
 * [DF-COPYIO]
 */
#define COPY_AND_SHOOTDOWN(defects, call, after)                                                   \
	"scenario: s\nschedule: explore\nmachine: {cpus: 2}\n" defects                             \
	"host: {spaces: {main: [{at: 0x1000, size: 64K, prot: rw},\n"                              \
	"  {at: 0x100000, size: 4K, prot: rw}]}}\n"                                                \
	"guest:\n"                                                                                 \
	"  spaces: {main: {root: 0x1000, map: [{gva: 0x400000, gpa: 0x100000, size: 4K}]}}\n"      \
	"  memory: [{gpa: 0x100000, words: [1]}]\n"                                                \
	"threads:\n"                                                                               \
	"  - name: master\n    role: master\n    steps: [vminit: {},\n" \
	"      wait: {thread: slave, step: 2},\n"                                                  \
	"      pmap: {op: inval, gva: 0x400000}, poke: {gpa: 0x100000, value: 2}]\n"               \
	"  - name: slave\n    role: slave\n    cpu: 1\n    steps:\n"                               \
	"      - wait: {thread: master, step: 1}\n      - vminit: {}\n"                            \
	"      - {label: copy, " call ", expect: {either: [{outcome: ok}, {outcome: efault}]}}\n"  \
	"expect:\n"                                                                                \
	"  reachable:\n"                                                                           \
	"    - {steps: [{thread: slave, step: copy, outcome: ok}]}\n"                              \
	"    - {steps: [{thread: slave, step: copy, outcome: efault}]}\n"                          \
	"  " after "\n"
#define NEXT_OWNERS_BYTES "[{steps: [{thread: slave, step: copy, value: 2}]}]"
#define NEXT_OWNERS_LOSS  "[{memory: [{gpa: 0x100000, words: [3]}]}]"

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
	{ "unless that is what is expected of them",
	    HEAD BARE("a", "0", "wait: {thread: b, step: 1}, write: {at: 0x1000, value: 1}")
	    BARE("b", "1", "wait: {thread: a, step: 1}, write: {at: 0x1008, value: 1}")
	    "expect:\n"
	    "  threads: {a: blocked, b: blocked}\n"
	    "  reachable: [{memory: [{hpa: 0x1000, words: [0]}]}]\n",
	    EXPLORE_NONE, 1 },
	{ "two that wait for each other while a third goes round are stuck",
	    HEAD DEADLOCK ROUNDS,
	    EXPLORE_STUCK, 0 },
	{ "unless an outcome that can be reached has it",
	    HEAD DEADLOCK ROUNDS
	    BARE("d", "3", "write: {at: 0x1008, value: 1}")
	    "expect:\n"
	    "  reachable:\n"
	    "    - {threads: {a: blocked, b: blocked}, memory: [{hpa: 0x1008, words: [1]}]}\n",
	    EXPLORE_NONE, 1 },
	{ "where some orders only come to that outcome the others are stuck",
	    HEAD DEADLOCK ROUNDS
	    BARE("d", "3", "write: {at: 0x1008, value: 1}")
	    BARE("e", "0", "write: {at: 0x1008, value: 2}")
	    "expect:\n"
	    "  reachable:\n"
	    "    - {threads: {a: blocked, b: blocked}, memory: [{hpa: 0x1008, words: [1]}]}\n",
	    EXPLORE_STUCK, 1 },
	{ "one that waits in some orders only is stuck in those",
	    HEAD BARE("a", "0", "wait: {thread: b, step: 1}, write: {at: 0x1000, value: 1}")
	    BARE("b", "1", "{read: 0x1000, expect: {either: [{value: 0}, {value: 1}]}}")
	    BARE("c", "2", "wait: {thread: d, step: 1}")
	    BARE("d", "3", "wait: {thread: c, step: 1}")
	    "expect: {threads: {c: blocked, d: finished}}\n",
	    EXPLORE_STUCK, 0 },
	{ "one that waits for another is not",
	    HEAD BARE("a", "0", "wait: {thread: b, step: 1}, {read: 0x1008, expect: {value: 1}}")
	    BARE("b", "1", "write: {at: 0x1008, value: 1}"),
	    EXPLORE_NONE, 0 },
	{ "no fetch is of a page that was shot down before it, in whatever order",
	    COPY_AND_SHOOTDOWN("", "fuword64: 0x400000", "unreachable: " NEXT_OWNERS_BYTES),
	    EXPLORE_NONE, 3 },
	{ "without its guard a fetch is of a page that was shot down before",
	    COPY_AND_SHOOTDOWN("defects: [copy-unguarded]\n", "fuword64: 0x400000",
		"unreachable: " NEXT_OWNERS_BYTES),
	    EXPLORE_EXPECTATION, 7 },
	{ "no store is to a page that was shot down before it, in whatever order",
	    COPY_AND_SHOOTDOWN("", "suword64: {at: 0x400000, value: 3}",
		"unreachable: " NEXT_OWNERS_LOSS),
	    EXPLORE_NONE, 3 },
	{ "without its guard a store is to a page that was shot down before",
	    COPY_AND_SHOOTDOWN("defects: [copy-unguarded]\n", "suword64: {at: 0x400000, value: 3}",
		"unreachable: " NEXT_OWNERS_LOSS),
	    EXPLORE_EXPECTATION, 7 },
	{ "a thread that goes round for ever does not keep a run from ending",
	    HEAD BARE("a", "0", "add: {at: 0x1000, value: 1}")
	    BARE("b", "1", "{read: 0x1000, repeat: forever}")
	    "expect: {memory: [{hpa: 0x1000, words: [1]}]}\n",
	    EXPLORE_NONE, 0 },
	{ "two vCPUs that share a CPU have it in turns, in either order",
	    "scenario: s\nschedule: {explore: {after: [a, b]}}\nmachine: {tlb: caching}\n"
	    "host: {spaces: {main: [{at: 0x1000, size: 64K, prot: rw},\n"
	    "  {at: 0x100000, size: 4K, prot: rw}]}}\n"
	    "guest: {spaces: {main: {root: 0x1000,\n"
	    "  map: [{gva: 0x400000, gpa: 0x100000, size: 4K}]}}}\n"
	    "threads:\n"
	    "  - name: a\n    role: master\n    steps: [write: {at: 0x400000, value: 0},\n"
	    "      write: {at: 0x400000, value: 1}]\n"
	    "  - name: b\n    role: slave\n    steps: [read: 0x400000,\n"
	    "      write: {at: 0x400000, value: 2}]\n"
	    "expect: {reachable: [{memory: [{gpa: 0x100000, words: [1]}]},\n"
	    "  {memory: [{gpa: 0x100000, words: [2]}]}]}\n",
	    EXPLORE_NONE, 3 },
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
	struct explore_replay_options replay = { .lenient = false };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(found_rows) / sizeof(found_rows[0]); i++) {
		const struct found_row *row = &found_rows[i];
		struct explore_result result;
		struct explore_replayed replayed;
		struct scenario *s;

		if (row->violation != EXPLORE_EXPECTATION && row->violation != EXPLORE_STUCK)
			continue;
		s = load(row->yaml);
		explore_run(s, &options, &result);
		explore_replay(s, &result.schedule, &replay, &replayed);
		assert_int_equal(replayed.status, EXPLORE_REPLAYED);
		if (replayed.outcome.mismatches == 0)
			fail_msg("%s: nothing is wrong with the schedule", row->what);
		explore_replayed_free(&replayed);
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

/* Within a bound nobody looks for rounds, but a standstill is plain to see. */
static void
a_bound_on_preemptions_hides_no_standstill(void **state)
{
	struct explore_options options = { .states_max = 100000, .bounded = true };
	struct explore_result result;

	(void)state;
	explore_text(HEAD DEADLOCK, &options, &result);
	assert_int_equal(result.violation, EXPLORE_STUCK);
	explore_result_free(&result);
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

#define FOUR_STORES                                                                                \
	HEAD BARE("a", "0", "write: {at: 0x1000, value: 1}, write: {at: 0x1000, value: 3}")        \
	BARE("b", "1", "write: {at: 0x1000, value: 2}, write: {at: 0x1000, value: 4}")

static void
a_budget_of_memory_is_kept(void **state)
{
	struct explore_options options = { .bytes_max = 1 };
	struct explore_result result;

	(void)state;
	explore_text(FOUR_STORES, &options, &result);
	assert_int_equal(result.end, EXPLORE_BYTES);
	explore_result_free(&result);
}

/* Four moves lead to each end, so three lead to none. */
static void
a_bound_on_moves_is_kept(void **state)
{
	struct explore_options options = { .depth_max = 3 };
	struct explore_result result;

	(void)state;
	explore_text(FOUR_STORES, &options, &result);
	assert_int_equal(result.end, EXPLORE_DEPTH);
	assert_int_equal(result.stats.depth, 3);
	assert_int_equal(result.stats.ends, 0);
	explore_result_free(&result);
	options.depth_max = 4;
	explore_text(FOUR_STORES, &options, &result);
	assert_int_equal(result.end, EXPLORE_COMPLETE);
	assert_int_equal(result.stats.depth, 4);
	assert_int_equal(result.stats.visited, result.stats.states);
	explore_result_free(&result);
}

/* Each outcome that was found comes with a schedule, and that schedule comes to it. */
static void
witnesses_come_to_their_outcomes(void **state)
{
	struct explore_options options = { .witnesses = true };
	struct explore_replay_options replay = { .lenient = false };
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(found_rows) / sizeof(found_rows[0]); i++) {
		struct scenario *s = load(found_rows[i].yaml);
		struct explore_replayed replayed;
		struct explore_result result;

		explore_run(s, &options, &result);
		for (n = 0; n < s->reaches; n++) {
			if ((result.reached >> n & 1) == 0)
				continue;
			assert_true(n < result.witnesses);
			explore_replay(s, &result.witness[n], &replay, &replayed);
			assert_int_equal(replayed.status, EXPLORE_REPLAYED);
			assert_true(replayed.stop == EXPLORE_OVER ||
			    replayed.stop == EXPLORE_QUIET);
			assert_int_equal(replayed.added, 0);
			if ((replayed.outcome.reached >> n & 1) == 0)
				fail_msg("%s: outcome %zu", found_rows[i].what, n);
			explore_replayed_free(&replayed);
		}
		explore_result_free(&result);
		scenario_free(s);
	}
}

/* --- replaying -------------------------------------------------------------------------------- */

#define MOVE(t, ...) { .thread = t, __VA_ARGS__ }

static const struct replay_row {
	const char *what;
	struct explore_move move[4];
	size_t moves;
	bool lenient;
	enum explore_replay_status status;
	enum explore_stop stop;
	size_t made, added;
} replay_rows[] = {
	{ "a whole schedule is over", { MOVE(1), MOVE(1), MOVE(0), MOVE(0) }, 4, false,
	    EXPLORE_REPLAYED, EXPLORE_OVER, 4, 0 },
	{ "a part of one is carried on in order", { MOVE(1) }, 1, false,
	    EXPLORE_REPLAYED, EXPLORE_OVER, 4, 3 },
	{ "a thread that has ended cannot move", { MOVE(1), MOVE(1), MOVE(1) }, 3, false,
	    EXPLORE_REPLAY_ENDED, EXPLORE_OVER, 2, 0 },
	{ "a thread that is not there cannot move", { MOVE(2) }, 1, false,
	    EXPLORE_REPLAY_ENDED, EXPLORE_OVER, 0, 0 },
	{ "choices that are not to be made do not fit", { MOVE(1, .choices = 1) }, 1, false,
	    EXPLORE_REPLAY_CHOICE, EXPLORE_OVER, 1, 0 },
	{ "what does not fit can be left out", { MOVE(1), MOVE(1), MOVE(1), MOVE(2) }, 4, true,
	    EXPLORE_REPLAYED, EXPLORE_OVER, 4, 2 },
};

static void
schedules_are_replayed(void **state)
{
	struct scenario *s = load(FOUR_STORES);
	watch_cell cell = watch_cell_of(WATCH_WORD, 0x1000 / 8);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(replay_rows) / sizeof(replay_rows[0]); i++) {
		const struct replay_row *row = &replay_rows[i];
		struct explore_move move[4];
		struct explore_schedule schedule = { &cell, 1, move, row->moves };
		struct explore_replay_options options = { .lenient = row->lenient };
		struct explore_replayed replayed;

		memcpy(move, row->move, sizeof(move));
		explore_replay(s, &schedule, &options, &replayed);
		if (replayed.status != row->status || replayed.made.moves != row->made ||
		    replayed.added != row->added || replayed.stop != row->stop)
			fail_msg("%s: status %d, stop %d, %zu moves, %zu added", row->what,
			    replayed.status, replayed.stop, replayed.made.moves,
			    replayed.added);
		explore_replayed_free(&replayed);
	}
	scenario_free(s);
}

/* What a listener is told. */
struct heard {
	size_t moves, touches;
	uint64_t last;
};

static void
hear_move(void *ctx, size_t move, unsigned thread)
{
	struct heard *heard = ctx;

	assert_int_equal(move, heard->moves++);
	assert_true(thread < 2);
}

static void
hear_touches(void *ctx, size_t move, unsigned thread, const struct explore_touch *touch,
    size_t touches)
{
	struct heard *heard = ctx;
	size_t i;

	(void)thread;
	assert_int_equal(move + 1, heard->moves);
	for (i = 0; i < touches; i++) {
		assert_int_equal(touch[i].how, WATCH_WRITE);
		assert_int_equal(touch[i].before, heard->last);
		heard->last = touch[i].after;
		heard->touches++;
	}
}

static void
a_replay_tells_of_each_touch(void **state)
{
	struct scenario *s = load(FOUR_STORES);
	watch_cell cell = watch_cell_of(WATCH_WORD, 0x1000 / 8);
	struct explore_schedule schedule = { &cell, 1, NULL, 0 };
	struct heard heard = { 0 };
	struct explore_replay_options options = { .before = hear_move, .after = hear_touches,
		.ctx = &heard };
	struct explore_replayed replayed;

	(void)state;
	explore_replay(s, &schedule, &options, &replayed);
	assert_int_equal(heard.moves, 4);
	assert_int_equal(heard.touches, 4);
	assert_int_equal(heard.last, 4);
	assert_int_equal(explore_switches(&replayed.made), 1);
	explore_replayed_free(&replayed);
	scenario_free(s);
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
		cmocka_unit_test(a_bound_on_preemptions_hides_no_standstill),
		cmocka_unit_test(a_budget_is_kept),
		cmocka_unit_test(a_budget_of_memory_is_kept),
		cmocka_unit_test(a_bound_on_moves_is_kept),
		cmocka_unit_test(witnesses_come_to_their_outcomes),
		cmocka_unit_test(schedules_are_replayed),
		cmocka_unit_test(a_replay_tells_of_each_touch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
