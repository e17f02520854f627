/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Outcomes of whole runs: which of those that a scenario names a run has come to, whatever the
 * schedule, and which of them are mismatches; and threads that go round until the others have
 * ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "play/play.h"

/* Plays the only scenario of a text. */
static enum play_status
play_text(const char *yaml, const struct play_options *options, struct play_outcome *outcome)
{
	struct scenario_errors errors;
	struct scenario_list list;
	enum play_status status;
	struct scenario *s;

	if (scenario_load("file", yaml, strlen(yaml), &list, &errors) != SCENARIO_OK)
		fail_msg("%u:%u: %s\n%s", errors.error[0].line, errors.error[0].column,
		    errors.error[0].text, yaml);
	s = scenario_list_make(&list, 0);
	assert_non_null(s);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
	status = play_run(s, options, outcome);
	scenario_free(s);
	return status;
}

/* --- outcomes --------------------------------------------------------------------------------- */

/* A writer and a reader of two words; the reader reads in the other order, the first word twice. */
#define MESSAGE                                                                                    \
	"scenario: a message\n"                                                                    \
	"threads:\n"                                                                               \
	"  - {name: w, role: bare, mode: {paging: no}, steps: [\n"                                 \
	"      write: {at: 0x1000, value: 1}, write: {at: 0x1008, value: 1}]}\n"                   \
	"  - {name: r, role: bare, mode: {paging: no}, steps: [\n"                                 \
	"      {label: second, read: 0x1008}, {label: first, read: 0x1000, repeat: 2}]}\n"

static const struct reach_row {
	const char *what;
	const char *schedule;
	const char *expect; /* of the outcomes, all in one line */
	uint64_t reached;
	const char *field;  /* of the one mismatch; NULL: none */
	uint32_t line;      /* of it */
} reach_rows[] = {
	{ "a reader after the writer sees both words", "{script: [w, w, r, r, r]}",
	    "{reachable: [{steps: [{thread: r, step: second, value: 1}, {thread: r, step: first, "
	    "value: 1}]}, {steps: [{thread: r, step: second, value: 0}]}]}", 0x1, NULL, 0 },
	{ "a reader before the writer sees none", "{script: [r, r, r, w, w]}",
	    "{reachable: [{steps: [{thread: r, step: second, value: 1}, {thread: r, step: first, "
	    "value: 1}]}, {steps: [{thread: r, step: second, value: 0}, {thread: r, step: first, "
	    "value: 0}]}]}", 0x2, NULL, 0 },
	{ "steps may be named by their index", "{script: [w, w, r, r, r]}",
	    "{reachable: [{steps: [{thread: r, step: 0, value: 1}]}, "
	    "{steps: [{thread: w, step: 0x1}, {thread: r, step: 1, value: 0}]}]}", 0x1, NULL, 0 },
	{ "a condition without fields is that the step was made", "in-order",
	    "{reachable: [{steps: [{thread: w, step: 1}]}]}", 0x1, NULL, 0 },
	{ "of a repeated step the last time counts: what held once has gone",
	    "{script: [r, r, w, w, r]}",
	    "{reachable: [{steps: [{thread: r, step: first, value: 0}]}]}", 0, NULL, 0 },
	{ "of a repeated step the last time counts: what has come holds",
	    "{script: [r, r, w, w, r]}",
	    "{reachable: [{steps: [{thread: r, step: first, value: 1}]}]}", 0x1, NULL, 0 },
	{ "one condition that fails is enough", "{script: [w, w, r, r, r]}",
	    "{unreachable: [{steps: [{thread: r, step: second, value: 1}, {thread: r, step: "
	    "first, value: 0}]}]}", 0, NULL, 0 },
	{ "a field that the step does not have does not hold", "in-order",
	    "{unreachable: [{steps: [{thread: w, step: 0, error-code: 0}]}]}", 0, NULL, 0 },
	{ "alternatives of a condition: one of them is enough", "{script: [r, r, r, w, w]}",
	    "{reachable: [{steps: [{thread: r, step: second, either: [{value: 7}, {value: 0}]}]}, "
	    "{steps: [{thread: r, step: second, either: [{value: 7}, {value: 8}]}]}]}", 0x1,
	    NULL, 0 },
	{ "memory after a step is that of then", "{script: [r, r, r, w, w]}",
	    "{reachable: [{steps: [{thread: w, step: 0, memory: [{hpa: 0x1008, words: [0]}]}], "
	    "memory: [{hpa: 0x1008, words: [1]}]}]}", 0x1, NULL, 0 },
	{ "memory at the end must be as said", "in-order",
	    "{reachable: [{memory: [{hpa: 0x1000, words: [1, 1]}]}, "
	    "{memory: [{hpa: 0x1000, words: [1, 0]}]}]}", 0x1, NULL, 0 },
	{ "counts are of the whole run", "in-order",
	    "{reachable: [{counters: {tlb-hits: 0, exits: 0}}, {counters: {exits: 1}}]}", 0x1,
	    NULL, 0 },
	{ "ends are of the threads that are named", "in-order",
	    "{reachable: [{threads: {w: finished}}, {threads: {w: finished, r: killed}}]}", 0x1,
	    NULL, 0 },
	{ "an outcome that must not be, and is, is a mismatch at its place", "in-order",
	    "{reachable: [{threads: {w: killed}}],\n"
	    "  unreachable: [{threads: {r: killed}},\n"
	    "    {what: both, steps: [{thread: r, step: first, value: 1}]}]}", 0x4, "unreachable",
	    10 },
	{ "an exploration goes in order where it is only run", "explore",
	    "{unreachable: [{steps: [{thread: r, step: second, value: 0}]}]}", 0, NULL, 0 },
	{ "what is expected of every run is still expected", "in-order",
	    "{memory: [{hpa: 0x1000, words: [2]}],\n"
	    "  reachable: [{memory: [{hpa: 0x1000, words: [1]}]}]}", 0x1, "memory", 8 },
};

static void
a_run_tells_which_outcomes_it_came_to(void **state)
{
	const struct play_options options = { .seed_given = false };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(reach_rows) / sizeof(reach_rows[0]); i++) {
		const struct reach_row *row = &reach_rows[i];
		struct play_outcome outcome;
		char yaml[2048];

		print_message("%s\n", row->what);
		snprintf(yaml, sizeof(yaml), MESSAGE "schedule: %s\nexpect: %s\n", row->schedule,
		    row->expect);
		assert_int_equal(play_text(yaml, &options, &outcome), PLAY_DONE);
		assert_int_equal(outcome.reached, row->reached);
		assert_int_equal(outcome.mismatches, row->field != NULL);
		assert_int_equal(outcome.passed, row->field == NULL);
		if (row->field != NULL) {
			assert_string_equal(outcome.mismatch[0].field, row->field);
			assert_int_equal(outcome.mismatch[0].mark.line, row->line);
			assert_int_equal(outcome.mismatch[0].thread, -1);
		}
		play_outcome_free(&outcome);
	}
}

static void
an_outcome_is_called_by_what_it_would_mean(void **state)
{
	static const struct {
		const char *what, *expect, *found;
	} row[] = {
		{ "with a sentence", "{what: it ended, threads: {t: finished}}", "it ended" },
		{ "without", "{threads: {t: finished}}", "this one" },
	};
	const struct play_options options = { .seed_given = false };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct play_outcome outcome;
		char yaml[512];

		print_message("%s\n", row[i].what);
		snprintf(yaml, sizeof(yaml), "scenario: x\n"
		    "threads: [{name: t, role: bare, mode: {paging: no}, steps: [read: 8]}]\n"
		    "expect: {unreachable: [%s]}\n", row[i].expect);
		assert_int_equal(play_text(yaml, &options, &outcome), PLAY_DONE);
		assert_int_equal(outcome.mismatches, 1);
		assert_string_equal(outcome.mismatch[0].expected, "any other outcome");
		assert_string_equal(outcome.mismatch[0].found, row[i].found);
		play_outcome_free(&outcome);
	}
}

/* --- for ever --------------------------------------------------------------------------------- */

#define BARE "role: bare, mode: {paging: no}"
#define MAIN_SPACES                                                                                \
	"host: {spaces: {main: [{at: 0x1000, size: 64K}, {at: 0x100000, size: 64K}]}}\n"           \
	"guest: {spaces: {main: {root: 0x1000, map: [{gva: 0x400000, gpa: 0x100000, "              \
	"size: 4K}]}}}\n"

static const struct daemon_row {
	const char *what;
	const char *yaml;   /* machine, threads and schedule */
	size_t threads;
	enum scn_end end[3];
	uint64_t steps;     /* in order; 0: not counted */
	const char *field;  /* of the first mismatch; NULL: none */
	bool scripted;      /* the ends are those of this schedule only */
} daemon_rows[] = {
	{ "a daemon that comes first lets the others get on",
	    "threads: [{name: d, " BARE ", steps: [{add: {at: 8, value: 1}, repeat: forever}]}, "
	    "{name: t, " BARE ", steps: [read: 8, read: 8]}]\n"
	    "expect: {threads: {d: finished}}\n",
	    2, { SCN_END_FINISHED, SCN_END_FINISHED }, 3, NULL, false },
	{ "a daemon that comes last finds nobody left",
	    "threads: [{name: t, " BARE ", steps: [read: 8, read: 8]}, "
	    "{name: d, " BARE ", steps: [read: 8, {read: 8, repeat: forever}]}]\n",
	    2, { SCN_END_FINISHED, SCN_END_FINISHED }, 2, NULL, false },
	{ "a daemon goes round while another thread waits for what it does first",
	    "threads: [{name: t, " BARE ", steps: [{wait: {thread: d, step: 2}}, read: 8]}, "
	    "{name: d, " BARE ", steps: [read: 8, read: 8, {read: 8, repeat: forever}]}]\n",
	    2, { SCN_END_FINISHED, SCN_END_FINISHED }, 0, NULL, false },
	{ "daemons do not keep each other alive",
	    "threads: [{name: d, " BARE ", steps: [{read: 8, repeat: forever}]}, "
	    "{name: e, " BARE ", steps: [{read: 8, repeat: forever}]}, "
	    "{name: t, " BARE ", steps: [{read: 8, repeat: 5}]}]\n",
	    3, { SCN_END_FINISHED, SCN_END_FINISHED, SCN_END_FINISHED }, 7, NULL, false },
	{ "a daemon gets the rounds that a script gives it",
	    "threads: [{name: d, " BARE ", steps: [{add: {at: 8, value: 1}, repeat: forever}]}, "
	    "{name: t, " BARE ", steps: [read: 8, {read: 8, expect: {value: 3}}]}]\n"
	    "schedule: {script: [d, t, d, d, t]}\n",
	    2, { SCN_END_FINISHED, SCN_END_FINISHED }, 5, NULL, false },
	{ "two threads that wait for each other are seen beside a daemon",
	    "threads: [{name: d, " BARE ", steps: [{read: 8, repeat: forever}]}, "
	    "{name: t, " BARE ", steps: [wait: u]}, {name: u, " BARE ", steps: [wait: t]}]\n",
	    3, { SCN_END_FINISHED, SCN_END_BLOCKED, SCN_END_BLOCKED }, 0, "end of thread", false },
	{ "a daemon that waits for another daemon is taken down too",
	    "threads: [{name: d, " BARE ", steps: [{wait: {thread: e, step: 1}}, "
	    "{read: 8, repeat: forever}]}, "
	    "{name: t, " BARE ", steps: [read: 8]}, "
	    "{name: e, " BARE ", steps: [{read: 8, repeat: 3}, {read: 8, repeat: forever}]}]\n",
	    3, { SCN_END_FINISHED, SCN_END_FINISHED, SCN_END_FINISHED }, 0, NULL, false },
	{ "a vCPU under the VMM goes round, and is shot down meanwhile",
	    "machine: {cpus: 2, tlb: caching}\n" MAIN_SPACES
	    "threads: [{name: m, role: master, steps: [read: 0x400000, "
	    "{pmap: {op: inval, gva: 0x400000}, repeat: 3}]}, "
	    "{name: s, role: slave, cpu: 1, steps: [{wait: {thread: m, step: 1}}, "
	    "{read: 0x400000, repeat: forever, expect: {either: [{outcome: ok}, "
	    "{outcome: signal}]}}]}]\n"
	    "schedule: {script: [m, s, s, s, m, s]}\n",
	    2, { SCN_END_FINISHED, SCN_END_FINISHED }, 0, NULL, true },
	{ "a slave that never comes to guest mode is taken down",
	    "machine: {cpus: 2}\n" MAIN_SPACES
	    "threads: [{name: m, role: process, steps: [fubyte: 0x1000]}, "
	    "{name: s, role: slave, cpu: 1, steps: [{mprotect: {at: 0x1000, size: 4K, prot: rw}, "
	    "repeat: forever}]}]\n",
	    2, { SCN_END_FINISHED, SCN_END_FINISHED }, 0, NULL, false },
	{ "a round is held against its expectation each time",
	    "threads: [{name: d, " BARE ", steps: [{add: {at: 8, value: 1}, repeat: forever, "
	    "expect: {value: 0}}]}, {name: t, " BARE ", steps: [read: 8, read: 8]}]\n"
	    "schedule: {script: [d, t, d, t]}\n",
	    2, { SCN_END_FINISHED, SCN_END_FINISHED }, 4, "value", false },
};

/* Another schedule than the row's changes what comes of steps, not how threads end. */
static void
daemon_play(const struct daemon_row *row, const struct play_options *options)
{
	struct play_outcome outcome;
	char yaml[2048];
	size_t i;

	snprintf(yaml, sizeof(yaml), "scenario: x\n%s", row->yaml);
	assert_int_equal(play_text(yaml, options, &outcome), PLAY_DONE);
	for (i = 0; i < row->threads; i++)
		assert_int_equal(outcome.end[i], row->end[i]);
	if (!options->seed_given) {
		if (outcome.mismatches != 0 && row->field != NULL)
			assert_string_equal(outcome.mismatch[0].field, row->field);
		assert_int_equal(outcome.passed, row->field == NULL);
		if (row->steps != 0)
			assert_int_equal(outcome.steps, row->steps);
	}
	play_outcome_free(&outcome);
}

static void
a_run_is_over_when_all_that_end_by_themselves_have(void **state)
{
	const struct play_options in_order = { .seed_given = false };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(daemon_rows) / sizeof(daemon_rows[0]); i++) {
		struct play_options seeded = { .seed_given = true };

		print_message("%s\n", daemon_rows[i].what);
		daemon_play(&daemon_rows[i], &in_order);
		for (seeded.seed = 0; !daemon_rows[i].scripted && seeded.seed < 5; seeded.seed++)
			daemon_play(&daemon_rows[i], &seeded);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_tells_which_outcomes_it_came_to),
		cmocka_unit_test(an_outcome_is_called_by_what_it_would_mean),
		cmocka_unit_test(a_run_is_over_when_all_that_end_by_themselves_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
