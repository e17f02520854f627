/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scenarios of scenarios/transistency, each over all schedules: tests of memory order in which
 * mappings change, by the programs and verdicts of the TransForm comparison set.  Those that turn
 * on an invalidation do not hold without it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/explore.h"
#include "support/support_rows.h"

#define DIRECTORY "scenarios/transistency"
#define TEXT 16384

static void
read_file(const char *name, char text[TEXT])
{
	char path[512];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), DIRECTORY "/%s", name);
	file = fopen(path, "r");
	assert_non_null(file);
	size = fread(text, 1, TEXT - 1, file);
	assert_true(size > 0 && size < TEXT - 1);
	text[size] = '\0';
	fclose(file);
}

static enum explore_violation
explore(const char *name, const char *text)
{
	const struct explore_options options = {.states_max = 0};
	struct explore_result result;
	struct scenario_errors errors;
	enum explore_violation found;
	struct scenario_list list;
	struct scenario *scenario;

	if (scenario_load(name, text, strlen(text), &list, &errors) != SCENARIO_OK)
		fail_msg("%s:%u: %s", name, errors.error[0].line, errors.error[0].text);
	scenario = scenario_list_make(&list, 0);
	assert_non_null(scenario);
	explore_run(scenario, &options, &result);
	if (result.violation == EXPLORE_NONE)
		assert_int_equal(result.end, EXPLORE_COMPLETE);
	found = result.violation;
	explore_result_free(&result);
	scenario_free(scenario);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
	return found;
}

static void
run_file(void **state)
{
	char text[TEXT];

	read_file(*state, text);
	assert_int_equal(explore(*state, text), EXPLORE_NONE);
}

/* Without the lines that are INVLPG steps. */
static void
run_without_invalidations(void **state)
{
	char text[TEXT], *line;
	unsigned steps = 0;

	read_file(*state, text);
	while ((line = strstr(text, "      - invlpg: ")) != NULL) {
		const char *next = strchr(line, '\n') + 1;

		memmove(line, next, strlen(next) + 1);
		steps++;
	}
	assert_true(steps > 0);
	assert_int_not_equal(explore(*state, text), EXPLORE_NONE);
}

static int
is_yaml(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".yaml") == 0;
}

int
main(void)
{
	static const char *const need_invalidation[] = {"ptwalk2.yaml", "ptwalktest.yaml",
	    "dirtybit2.yaml", "dirtybit3.yaml", "ipi4.yaml", "ipi5.yaml", "ipi8.yaml"};
	struct rows rows = {0};
	struct dirent **entry;
	int count = scandir(DIRECTORY, &entry, is_yaml, alphasort), failed, i;
	size_t j;

	if (count != 31) {
		fprintf(stderr, "found %d scenarios in %s, expected 31\n", count, DIRECTORY);
		return 1;
	}
	for (i = 0; i < count; i++)
		rows_add(&rows, NULL, entry[i]->d_name, run_file, entry[i]->d_name);
	for (j = 0; j < ROWS_COUNT(need_invalidation); j++)
		rows_add(&rows, "without INVLPG", need_invalidation[j], run_without_invalidations,
		    need_invalidation[j]);
	failed = rows_run(&rows, "transistency");
	for (i = 0; i < count; i++)
		free(entry[i]);
	free(entry);
	return failed != 0;
}
