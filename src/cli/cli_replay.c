/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One schedule again: from a file, of the scenario that it names.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli_explore.h"

static enum cli_status
no_memory(void)
{
	cli_complain("out of memory");
	return CLI_ENVIRONMENT;
}

/* The scenario that a file with a schedule names; the first where it names none that is there. */
static struct scenario *
find_scenario(struct scenario_list *list, const struct explore_file *file)
{
	struct scenario *scenario;
	size_t i;

	for (i = 0; i < list->count && file->scenario != NULL; i++) {
		scenario = scenario_list_make(list, i);
		if (scenario == NULL || (strcmp(scenario->name, file->scenario) == 0 &&
		    strcmp(scenario->variant, file->variant != NULL ? file->variant : "") == 0))
			return scenario;
		scenario_free(scenario);
	}
	return scenario_list_make(list, 0);
}

/* --- a schedule and its scenario -------------------------------------------------------------- */

/* Reads the schedule with the scenario that it names. */
static enum cli_status
read_schedule(struct cli_schedule *schedule, const char *bytes, size_t size,
    struct scenario_list *list)
{
	(void)explore_file_read(schedule->path, bytes, size, NULL, &schedule->file,
	    &schedule->errors);
	schedule->scenario = find_scenario(list, &schedule->file);
	explore_file_free(&schedule->file);
	scenario_errors_free(&schedule->errors);
	if (schedule->scenario == NULL)
		return no_memory();
	switch (explore_file_read(schedule->path, bytes, size, schedule->scenario, &schedule->file,
	    &schedule->errors)) {
	case EXPLORE_FILE_OK:
		return CLI_OK;
	case EXPLORE_FILE_BAD:
		cli_scenario_errors(&schedule->errors);
		return CLI_BAD;
	default:
		return no_memory();
	}
}

enum cli_status
cli_schedule_open(const char *path, struct scenario_list *list, struct cli_schedule *schedule)
{
	enum cli_status status;
	size_t size;
	char *bytes;

	memset(schedule, 0, sizeof(*schedule));
	schedule->path = path;
	status = cli_file_read(path, CLI_SCENARIO_MAX, &bytes, &size);
	if (status == CLI_OK)
		status = read_schedule(schedule, bytes, size, list);
	free(bytes);
	return status;
}

void
cli_schedule_close(struct cli_schedule *schedule)
{
	explore_file_free(&schedule->file);
	scenario_errors_free(&schedule->errors);
	scenario_free(schedule->scenario);
}

/* What is wrong with a move that can be read and not be made. */
static void
write_misfit(struct text *text, const struct cli_schedule *schedule,
    const struct explore_replayed *replayed)
{
	const struct explore_move *move = &schedule->file.schedule.move[replayed->unfit];
	const struct explore_move *made = &replayed->made.move[replayed->made.moves - 1];

	text_str(text, "found ");
	if (replayed->status == EXPLORE_REPLAY_ENDED) {
		text_add(text, "a move of %s, which has ended; expected one of another thread",
		    schedule->scenario->thread[move->thread].name);
	} else if (move->choices != made->choices) {
		text_count(text, move->choices, "choice");
		text_add(text, ", expected %u: so many the move has to make", made->choices);
	} else {
		text_str(text, "a choice of what there is not, expected a smaller number");
	}
}

bool
cli_schedule_fits(const struct cli_schedule *schedule, const struct explore_replayed *replayed,
    struct report *report)
{
	struct scn_mark mark;
	char line[160];
	struct scenario_error error = { 0, 0, line };
	struct scenario_errors errors = { .file = schedule->path, .error = &error, .count = 1 };
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	if (replayed->status != EXPLORE_REPLAY_ENDED && replayed->status != EXPLORE_REPLAY_CHOICE)
		return true;
	mark = schedule->file.mark[replayed->unfit];
	error.line = mark.line;
	error.column = mark.column;
	text_init(&text, &sink, 0);
	write_misfit(&text, schedule, replayed);
	cli_scenario_errors(&errors);
	if (report != NULL)
		report_bad_file(report, &errors);
	return false;
}

/* --- for a report ----------------------------------------------------------------------------- */

static enum cli_status
replay_schedule(struct report *report, const struct cli_schedule *schedule)
{
	struct cli_explored explored;
	enum cli_status status = CLI_BAD;

	cli_explored_replay(schedule->scenario, &schedule->file.schedule, &explored);
	if (cli_schedule_fits(schedule, &explored.run.replayed, report))
		status = cli_explored_report(report, schedule->scenario, &explored);
	cli_explored_free(&explored);
	return status;
}

static enum cli_status
replay_file(struct report *report, const char *path, struct scenario_list *list)
{
	struct cli_schedule schedule;
	enum cli_status status = cli_schedule_open(path, list, &schedule);

	if (status == CLI_OK)
		status = replay_schedule(report, &schedule);
	else if (schedule.errors.count != 0)
		report_bad_file(report, &schedule.errors);
	else if (schedule.scenario == NULL)
		cli_report_unread(report, path);
	cli_schedule_close(&schedule);
	return status;
}

enum cli_status
cli_replay(struct report *report, const char *schedule, const char *scenario)
{
	struct scenario_errors errors;
	struct scenario_list list;
	enum cli_status status = cli_scenarios_load(scenario, &list, &errors);

	report_file_begin(report, scenario);
	if (status == CLI_OK) {
		status = replay_file(report, schedule, &list);
	} else if (errors.count != 0) {
		cli_scenario_errors(&errors);
		report_bad_file(report, &errors);
	} else {
		cli_report_unread(report, scenario);
	}
	report_file_end(report);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
	return status;
}
