/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of docs/FINDINGS.md: each row is a protocol, with defects or without, and what comes
 * of it over all schedules of a scenario in four settings.
 *
 * A row that says something else than the exploration finds fails, and so does a document with
 * fewer rows than there are mutants.  Rows of many states are explored with VKEPT_FULL in the
 * environment alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore/explore.h"
#include "support/support_rows.h"

#define DOCUMENT "docs/FINDINGS.md"
#define TEXT 16384
#define ROWS_MAX 256
#define ROWS_LEAST 140

enum { ID, WHAT, PROTOCOL, WITH, SCENARIO, SETTINGS, CELLS = SETTINGS + 4 };

struct table_row {
	char line[512];
	char name[128];
	char *cell[CELLS];
};

static const struct setting {
	const char *change; /* the scenario's file is named by it */
	size_t variant;     /* VPID off, on */
	const char *what;
} settings[] = {
	{"guest", 0, "guest entry, VPID off"},
	{"guest", 1, "guest entry, VPID on"},
	{"ept", 0, "EPT entry, VPID off"},
	{"ept", 1, "EPT entry, VPID on"},
};

/* A word of the cell SCENARIO that asks for another TLB than the file has. */
#define ADVERSARIAL "adversarial"

/* Scenarios, and a TLB, of many states. */
static const char *const deep[] = {"three", "shares", ADVERSARIAL};

/* Without the blanks and the quotes around it. */
static char *
trim(char *cell)
{
	char *end;

	cell += strspn(cell, " `");
	end = cell + strlen(cell);
	while (end > cell && strchr(" `\n", end[-1]) != NULL)
		end--;
	*end = '\0';
	return cell;
}

/* "| a | b | ... |"; false when it has another number of cells. */
static int
split(struct table_row *row)
{
	char *at = row->line + 1;
	size_t i;

	for (i = 0; i < CELLS; i++) {
		char *bar = strchr(at, '|');

		if (bar == NULL)
			return 0;
		*bar = '\0';
		row->cell[i] = trim(at);
		at = bar + 1;
	}
	return *at == '\n' && strcmp(row->cell[ID], "id") != 0 && row->cell[ID][0] != '-';
}

static size_t
read_table(struct table_row row[ROWS_MAX])
{
	FILE *file = fopen(DOCUMENT, "r");
	size_t count = 0;

	if (file == NULL)
		return 0;
	while (count < ROWS_MAX && fgets(row[count].line, sizeof(row[0].line), file) != NULL) {
		if (row[count].line[0] != '|' || !split(&row[count]))
			continue;
		snprintf(row[count].name, sizeof(row[0].name), "%s, %s, %s", row[count].cell[ID],
		    row[count].cell[PROTOCOL], row[count].cell[SCENARIO]);
		count++;
	}
	fclose(file);
	return count;
}

static bool
is_deep(const struct table_row *row)
{
	size_t i;

	for (i = 0; i < ROWS_COUNT(deep); i++) {
		if (strstr(row->cell[SCENARIO], deep[i]) != NULL)
			return true;
	}
	return false;
}

static void
read_file(const struct table_row *row, const char *change, char text[TEXT])
{
	char path[256];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "scenarios/shootdown/%.*s-%s.yaml",
	    (int)strcspn(row->cell[SCENARIO], " "), row->cell[SCENARIO], change);
	file = fopen(path, "r");
	if (file == NULL)
		fail_msg("%s: no such scenario", path);
	size = fread(text, 1, TEXT - 1, file);
	text[size] = '\0';
	fclose(file);
}

/* Puts `now` in the place of `before`, which has to be there. */
static void
replace(char text[TEXT], const char *before, const char *now)
{
	char rest[TEXT], *at = strstr(text, before);
	size_t room;

	assert_non_null(at);
	snprintf(rest, sizeof(rest), "%s", at + strlen(before));
	room = (size_t)(text + TEXT - at);
	assert_true(strlen(now) + strlen(rest) < room);
	snprintf(at, room, "%s%s", now, rest);
}

/* The scenario with the row's protocol, defects and TLB in place of what it has. */
static void
read_scenario(const struct table_row *row, const char *change, char text[TEXT])
{
	const char *with = row->cell[WITH];
	char words[256];

	read_file(row, change, text);
	snprintf(words, sizeof(words), "protocol: %s", row->cell[PROTOCOL]);
	replace(text, "protocol: vkept", words);
	if (strstr(row->cell[SCENARIO], ADVERSARIAL) != NULL)
		replace(text, "tlb: caching", "tlb: " ADVERSARIAL);
	snprintf(words, sizeof(words), "defects: [%s]\nmatrix:",
	    strcmp(with, "-") == 0 ? "" : with);
	replace(text, "matrix:", words);
}

static const char *
name_result(const struct table_row *row, const struct explore_result *result)
{
	if (result->violation == EXPLORE_STUCK)
		return "stuck";
	if (result->violation == EXPLORE_EXPECTATION)
		return strncmp(row->cell[SCENARIO], "cleans", 6) == 0 ? "lost" : "stale";
	return result->violation == EXPLORE_NONE && result->end == EXPLORE_COMPLETE ? "-" : "?";
}

static void
run_setting(const struct table_row *row, const struct setting *setting, const char *expected)
{
	const struct explore_options options = {.end_at_violation = true};
	struct explore_result result;
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *scenario;
	char text[TEXT];

	read_scenario(row, setting->change, text);
	if (scenario_load(row->name, text, strlen(text), &list, &errors) != SCENARIO_OK)
		fail_msg("%s:%u: %s", row->name, errors.error[0].line, errors.error[0].text);
	assert_int_equal(list.count, 2);
	scenario = scenario_list_make(&list, setting->variant);
	assert_non_null(scenario);
	explore_run(scenario, &options, &result);
	if (strcmp(name_result(row, &result), expected) != 0)
		fail_msg("%s, %s: found %s, the document says %s", row->name, setting->what,
		    name_result(row, &result), expected);
	explore_result_free(&result);
	scenario_free(scenario);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
}

static void
run_row(void **state)
{
	const struct table_row *row = *state;
	size_t i;

	for (i = 0; i < ROWS_COUNT(settings); i++) {
		if (strcmp(row->cell[SETTINGS + i], "n/a") != 0)
			run_setting(row, &settings[i], row->cell[SETTINGS + i]);
	}
}

int
main(void)
{
	static struct table_row row[ROWS_MAX];
	size_t count = read_table(row), i;
	bool full = getenv("VKEPT_FULL") != NULL;
	struct rows rows = {0};

	if (count < ROWS_LEAST || count == ROWS_MAX) {
		fprintf(stderr, "%s: found %zu rows, expected %d to %d\n", DOCUMENT, count,
		    ROWS_LEAST, ROWS_MAX - 1);
		return 1;
	}
	for (i = 0; i < count; i++) {
		if (full || !is_deep(&row[i]))
			rows_add(&rows, row[i].cell[WHAT], row[i].name, run_row, &row[i]);
	}
	return rows_run(&rows, "mutants");
}
