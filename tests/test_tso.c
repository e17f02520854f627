/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The user-level tests of tests/data/tso.txt: their verdicts against a naive model of x86-TSO, and
 * every outcome of each against explorations of the same program as a scenario, without and with
 * store buffers: an outcome is reachable exactly when the naive model has it. [TSO-BUFFER]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/explore.h"
#include "oracle/naive_tso.h"
#include "support/support_rows.h"

#define LIST "tests/data/tso.txt"
#define TESTS 128

enum verdict { FORBIDDEN, PERMITTED, REQUIRED, VERDICTS };

static const char *const verdict_names[] = {"forbidden", "permitted", "required"};

struct litmus {
	char name[32];
	enum verdict verdict;
	struct tso_program program;
	struct tso_outcome outcome; /* TSO_ANY where it does not matter */
};

/* --- the list ------------------------------------------------------------------------------ */

static unsigned char
location_of(char c)
{
	assert_true(c >= 'x' && c < 'x' + TSO_LOCATIONS);
	return (unsigned char)(c - 'x');
}

static signed char
value_of(const char *text)
{
	if (*text == '\0')
		return TSO_ANY;
	assert_true(text[0] >= '0' && text[0] <= '9' && text[1] == '\0');
	return (signed char)(text[0] - '0');
}

/* "x=1", "x?1", "x!1?0" or "mf" at the end of a thread. */
static void
read_op(struct litmus *litmus, unsigned thread, const char *word)
{
	unsigned at = litmus->program.ops[thread]++;
	struct tso_op *op = &litmus->program.op[thread][at];

	assert_true(thread < TSO_THREADS && at < TSO_OPS);
	if (strcmp(word, "mf") == 0) {
		op->kind = TSO_FENCE;
		return;
	}
	op->location = location_of(word[0]);
	switch (word[1]) {
	case '=':
		op->kind = TSO_STORE;
		op->stored = (unsigned char)value_of(word + 2);
		break;
	case '?':
		op->kind = TSO_LOAD;
		litmus->outcome.got[thread][at] = value_of(word + 2);
		break;
	default:
		assert_int_equal(word[1], '!');
		assert_int_equal(word[3], '?');
		op->kind = TSO_EXCHANGE;
		op->stored = (unsigned char)(word[2] - '0');
		litmus->outcome.got[thread][at] = value_of(word + 4);
	}
}

static void
read_words(struct litmus *litmus)
{
	bool at_end = false;
	const char *word;

	litmus->program.threads = 1;
	while ((word = strtok(NULL, " \n")) != NULL) {
		if (strcmp(word, "|") == 0)
			litmus->program.threads++;
		else if (strcmp(word, "->") == 0)
			at_end = true;
		else if (at_end)
			litmus->outcome.memory[location_of(word[0])] = value_of(word + 2);
		else
			read_op(litmus, litmus->program.threads - 1, word);
	}
}

static void
read_line(struct litmus *litmus, char *line)
{
	const char *verdict;

	memset(litmus, 0, sizeof(*litmus));
	memset(&litmus->outcome, TSO_ANY, sizeof(litmus->outcome));
	snprintf(litmus->name, sizeof(litmus->name), "%s", strtok(line, " "));
	verdict = strtok(NULL, " ");
	assert_non_null(verdict);
	while (strcmp(verdict, verdict_names[litmus->verdict]) != 0)
		assert_true(++litmus->verdict < VERDICTS);
	read_words(litmus);
}

static size_t
read_list(struct litmus *litmus)
{
	FILE *file = fopen(LIST, "r");
	size_t count = 0;
	char line[256];

	if (file == NULL) {
		perror(LIST);
		exit(1);
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (count == TESTS) {
			fprintf(stderr, "%s has more than %d tests\n", LIST, TESTS);
			exit(1);
		}
		read_line(&litmus[count++], line);
	}
	fclose(file);
	return count;
}

/* --- outcomes ------------------------------------------------------------------------------ */

static bool
is_as_said(const struct litmus *litmus, const struct tso_outcome *outcome)
{
	const signed char *said = (const signed char *)&litmus->outcome;
	const signed char *found = (const signed char *)outcome;
	size_t i;

	for (i = 0; i < sizeof(*outcome); i++) {
		if (said[i] != TSO_ANY && said[i] != found[i])
			return false;
	}
	return true;
}

static bool
comes_of_some_schedule(const struct litmus *litmus, bool buffers)
{
	struct tso_outcome outcome[TSO_OUTCOMES];
	size_t count = tso_outcomes(&litmus->program, buffers, outcome), i;

	for (i = 0; i < count; i++) {
		if (is_as_said(litmus, &outcome[i]))
			return true;
	}
	return false;
}

static void
run_verdict(void **state)
{
	const struct litmus *litmus = *state;

	assert_int_equal(comes_of_some_schedule(litmus, true), litmus->verdict != FORBIDDEN);
	assert_int_equal(comes_of_some_schedule(litmus, false), litmus->verdict == REQUIRED);
}

/* --- as a scenario ------------------------------------------------------------------------- */

#define TEXT 65536
#define GROUP 60 /* conditions of one scenario, and outcomes */

struct yaml {
	char text[TEXT];
	size_t size;
};

static void __attribute__((format(printf, 2, 3)))
put(struct yaml *yaml, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	yaml->size += (size_t)vsnprintf(
	    yaml->text + yaml->size, TEXT - yaml->size, format, args);
	va_end(args);
	assert_true(yaml->size < TEXT);
}

#define FENCE_ADDRESS 0x8000u
#define ADDRESS(location) (0x1000u + 0x40u * (location))

static void
put_op(struct yaml *yaml, unsigned at, const struct tso_op *op)
{
	unsigned address = ADDRESS(op->location);

	if (op->kind == TSO_LOAD)
		put(yaml, "      - {label: s%u, read: %#x}\n", at, address);
	else if (op->kind == TSO_STORE)
		put(yaml, "      - write: {at: %#x, value: %u}\n", address, op->stored);
	else if (op->kind == TSO_EXCHANGE)
		put(yaml, "      - {label: s%u, xchg: {at: %#x, value: %u}}\n", at, address,
		    op->stored);
	else /* any locked operation is a fence */
		put(yaml, "      - add: {at: %#x, value: 0}\n", FENCE_ADDRESS);
}

static void
put_program(struct yaml *yaml, const struct tso_program *program, bool buffers)
{
	unsigned t, i;

	yaml->size = 0;
	put(yaml, "scenario: s\nschedule: {explore: {memory: %s}}\n", buffers ? "tso" : "sc");
	put(yaml, "machine: {cpus: %d}\nthreads:\n", TSO_THREADS);
	for (t = 0; t < program->threads; t++) {
		put(yaml, "  - name: t%u\n    role: bare\n    cpu: %u\n", t, t);
		put(yaml, "    mode: {paging: no}\n    steps:\n");
		for (i = 0; i < program->ops[t]; i++)
			put_op(yaml, i, &program->op[t][i]);
	}
	put(yaml, "expect:\n  reachable:\n");
}

/* Adds an outcome; returns how many conditions it has. */
static size_t
put_outcome(struct yaml *yaml, const struct tso_program *program, const struct tso_outcome *outcome)
{
	size_t conditions = 0;
	unsigned t, i;

	put(yaml, "    - memory: [");
	for (i = 0; i < TSO_LOCATIONS; i++)
		put(yaml, "%s{hpa: %#x, words: [%d]}", i == 0 ? "" : ", ", ADDRESS(i),
		    outcome->memory[i]);
	put(yaml, "]\n      steps: [");
	for (t = 0; t < program->threads; t++) {
		for (i = 0; i < program->ops[t]; i++) {
			if (outcome->got[t][i] == TSO_ANY)
				continue;
			put(yaml, "%s{thread: t%u, step: s%u, value: %d}",
			    conditions == 0 ? "" : ", ", t, i, outcome->got[t][i]);
			conditions++;
		}
	}
	put(yaml, "]\n");
	return conditions;
}

/* Which of the outcomes in the text an exploration finds. */
static uint64_t
explore(const struct yaml *yaml)
{
	const struct explore_options options = {.states_max = 0};
	struct explore_result result;
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *scenario;
	uint64_t reached;

	if (scenario_load("program", yaml->text, yaml->size, &list, &errors) != SCENARIO_OK)
		fail_msg("%u: %s\n%s", errors.error[0].line, errors.error[0].text, yaml->text);
	scenario = scenario_list_make(&list, 0);
	assert_non_null(scenario);
	explore_run(scenario, &options, &result);
	assert_int_equal(result.end, EXPLORE_COMPLETE);
	assert_true(result.violation == EXPLORE_NONE || result.violation == EXPLORE_UNREACHED);
	reached = result.reached;
	explore_result_free(&result);
	scenario_free(scenario);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
	return reached;
}

static bool
has_outcome(const struct tso_outcome *list, size_t count, const struct tso_outcome *outcome)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (memcmp(&list[i], outcome, sizeof(*outcome)) == 0)
			return true;
	}
	return false;
}

/* Explores for as many outcomes from the first as fit; returns how many. */
static size_t
explore_group(const struct litmus *litmus, bool buffers, const struct tso_outcome *outcome,
    size_t count, uint64_t *reached)
{
	static struct yaml yaml;
	size_t conditions = 0, i;

	put_program(&yaml, &litmus->program, buffers);
	for (i = 0; i < count && i < GROUP && conditions < GROUP - TSO_THREADS * TSO_OPS; i++)
		conditions += put_outcome(&yaml, &litmus->program, &outcome[i]);
	*reached = explore(&yaml);
	return i;
}

/* Of the outcomes that buffers allow, an exploration with them finds all; without, fewer. */
static void
compare_outcomes(const struct litmus *litmus, bool buffers)
{
	static struct tso_outcome all[TSO_OUTCOMES], plain[TSO_OUTCOMES];
	size_t alls = tso_outcomes(&litmus->program, true, all);
	size_t plains = tso_outcomes(&litmus->program, buffers, plain);
	size_t at = 0, i;

	while (at < alls) {
		uint64_t reached;
		size_t count = explore_group(litmus, buffers, &all[at], alls - at, &reached);

		for (i = 0; i < count; i++)
			assert_int_equal(
			    reached >> i & 1, has_outcome(plain, plains, &all[at + i]));
		at += count;
	}
}

static void
run_outcomes(void **state)
{
	compare_outcomes(*state, false);
}

static void
run_outcomes_with_buffers(void **state)
{
	compare_outcomes(*state, true);
}

int
main(void)
{
	static struct litmus litmus[TESTS];
	size_t count = read_list(litmus), i;
	struct rows rows = {0};

	for (i = 0; i < count; i++) {
		rows_add(&rows, "verdict", litmus[i].name, run_verdict, &litmus[i]);
		rows_add(&rows, "outcomes without buffers", litmus[i].name, run_outcomes,
		    &litmus[i]);
		rows_add(&rows, "outcomes with buffers", litmus[i].name,
		    run_outcomes_with_buffers, &litmus[i]);
	}
	return rows_run(&rows, "tso") != 0;
}
