/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every scenario that asks to be explored, over all its schedules.  Those of scenarios/transistency
 * and scenarios/staleness that turn on an invalidation do not hold without it.  Any other scenario
 * can be explored too: the first states of each never contradict themselves.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/explore.h"
#include "support/support_rows.h"

#define DIRECTORY "scenarios"
#define ASKS "\nschedule: explore"
#define HAS_FILES "\nprograms:" /* beside it, which tests/check_exec.sh has read */
#define FILES 1024
#define TEXT 65536
#define FIRST_STATES 200

static char *explored[FILES], *others[FILES];
static size_t count, other_count;

/* The file's text; too long a text ends the test. */
static void
read_file(const char *path, char text[TEXT])
{
	FILE *file = fopen(path, "r");
	size_t size;

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	size = fread(text, 1, TEXT, file);
	fclose(file);
	if (size == TEXT) {
		fprintf(stderr, "%s has more than %d bytes\n", path, TEXT - 1);
		exit(1);
	}
	text[size] = '\0';
}

static int
look_at(const char *path, const struct stat *info, int kind)
{
	static char text[TEXT];
	const char *dot = strrchr(path, '.');

	(void)info;
	if (kind != FTW_F || dot == NULL || strcmp(dot, ".yaml") != 0)
		return 0;
	read_file(path, text);
	if (strstr(text, HAS_FILES) != NULL)
		return 0;
	if (count == FILES || other_count == FILES) {
		fprintf(stderr, "more than %d scenarios are to be explored\n", FILES);
		exit(1);
	}
	if (strstr(text, ASKS) != NULL)
		explored[count++] = strdup(path);
	else
		others[other_count++] = strdup(path);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The first violation of a scenario of the file. */
static enum explore_violation
explore(const char *path, const char *text)
{
	const struct explore_options options = {.states_max = 0};
	enum explore_violation found = EXPLORE_NONE;
	struct scenario_errors errors;
	struct scenario_list list;
	size_t i;

	if (scenario_load(path, text, strlen(text), &list, &errors) != SCENARIO_OK)
		fail_msg("%s:%u: %s", path, errors.error[0].line, errors.error[0].text);
	for (i = 0; i < list.count && found == EXPLORE_NONE; i++) {
		struct scenario *scenario = scenario_list_make(&list, i);
		struct explore_result result;

		assert_non_null(scenario);
		explore_run(scenario, &options, &result);
		found = result.violation;
		if (found == EXPLORE_NONE)
			assert_int_equal(result.end, EXPLORE_COMPLETE);
		explore_result_free(&result);
		scenario_free(scenario);
	}
	scenario_errors_free(&errors);
	scenario_list_free(&list);
	return found;
}

/* Whatever the schedule that a scenario asks for: what it comes to is not looked at. */
static void
run_first_states(void **state)
{
	const struct explore_options options = {.states_max = FIRST_STATES};
	static char text[TEXT];
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *scenario;
	struct explore_result result;

	read_file(*state, text);
	assert_int_equal(scenario_load(*state, text, strlen(text), &list, &errors), SCENARIO_OK);
	scenario = scenario_list_make(&list, 0);
	assert_non_null(scenario);
	scenario->schedule.order = SCN_ORDER_EXPLORE;
	explore_run(scenario, &options, &result);
	assert_int_not_equal(result.end, EXPLORE_UNFIT);
	explore_result_free(&result);
	scenario_free(scenario);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
}

static void
run_file(void **state)
{
	static char text[TEXT];

	read_file(*state, text);
	assert_int_equal(explore(*state, text), EXPLORE_NONE);
}

/* Without the lines that are INVLPG steps. */
static void
run_without_invalidations(void **state)
{
	static char text[TEXT];
	unsigned steps = 0;
	char *line;

	read_file(*state, text);
	while ((line = strstr(text, "      - invlpg: ")) != NULL) {
		const char *next = strchr(line, '\n') + 1;

		memmove(line, next, strlen(next) + 1);
		steps++;
	}
	assert_true(steps > 0);
	assert_int_not_equal(explore(*state, text), EXPLORE_NONE);
}

#define NEEDS(name) DIRECTORY "/transistency/" name ".yaml"
#define STALE(name) DIRECTORY "/staleness/" name ".yaml"

int
main(void)
{
	static const char *const need_invalidation[] = {NEEDS("ptwalk2"), NEEDS("ptwalktest"),
	    NEEDS("dirtybit2"), NEEDS("dirtybit3"), NEEDS("ipi4"), NEEDS("ipi5"), NEEDS("ipi8"),
	    STALE("s01-invalidated"), STALE("s04-shootdown"), STALE("s06-flag-and-invalidation"),
	    STALE("s13-becomes-read-only-invalidated"), STALE("s15-table-replaced"),
	    STALE("s18-accessed-cleared-invalidated"),
	    STALE("s20-dirty-cleared-invalidated"), STALE("s28-walk-on-its-way"),
	    STALE("s41-large-page-split-invalidated")};
	struct rows rows = {0};
	size_t i;
	int failed;

	if (ftw(DIRECTORY, look_at, 16) != 0 || count < 31) {
		fprintf(stderr, "found %zu scenarios to explore in %s\n", count, DIRECTORY);
		return 1;
	}
	qsort(explored, count, sizeof(explored[0]), compare);
	qsort(others, other_count, sizeof(others[0]), compare);
	for (i = 0; i < count; i++)
		rows_add(&rows, NULL, explored[i], run_file, explored[i]);
	for (i = 0; i < ROWS_COUNT(need_invalidation); i++)
		rows_add(&rows, "without INVLPG", need_invalidation[i], run_without_invalidations,
		    need_invalidation[i]);
	for (i = 0; i < other_count; i++)
		rows_add(&rows, "the first states", others[i], run_first_states, others[i]);
	failed = rows_run(&rows, "explored");
	for (i = 0; i < count; i++)
		free(explored[i]);
	for (i = 0; i < other_count; i++)
		free(others[i]);
	return failed != 0;
}
