/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One schedule again: from a file, of the scenario that it names.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli_explore.h"
#include "explore/explore_file.h"

struct replay {
	struct report *report;
	const char *path; /* of the schedule */
	struct scenario_list list;
};

static enum cli_status
no_memory(void)
{
	cli_complain("out of memory");
	return CLI_ENVIRONMENT;
}

static enum cli_status
complain_of_errors(struct replay *replay, const struct scenario_errors *errors)
{
	cli_scenario_errors(errors);
	report_bad_file(replay->report, errors);
	return CLI_BAD;
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

/* What is wrong with a schedule that can be read and not be run. */
static enum cli_status
complain_of_move(struct replay *replay, const struct scenario *scenario,
    const struct explore_file *file, const struct explore_replayed *replayed)
{
	const struct explore_move *move = &file->schedule.move[replayed->unfit], *made;
	struct scn_mark mark = file->mark[replayed->unfit];
	char line[160];
	struct scenario_error error = { mark.line, mark.column, line };
	struct scenario_errors errors = { .file = replay->path, .error = &error, .count = 1 };
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	text_str(&text, "found ");
	made = &replayed->made.move[replayed->made.moves - 1];
	if (replayed->status == EXPLORE_REPLAY_ENDED) {
		text_add(&text, "a move of %s, which has ended; expected one of another thread",
		    scenario->thread[move->thread].name);
	} else if (move->choices != made->choices) {
		text_count(&text, move->choices, "choice");
		text_add(&text, ", expected %u: so many the move has to make", made->choices);
	} else {
		text_str(&text, "a choice of what there is not, expected a smaller number");
	}
	return complain_of_errors(replay, &errors);
}

static enum cli_status
replay_schedule(struct replay *replay, const struct scenario *scenario,
    const struct explore_file *file)
{
	const struct explore_replayed *replayed;
	struct cli_explored explored;
	enum cli_status status;

	cli_explored_replay(scenario, &file->schedule, &explored);
	replayed = &explored.run.replayed;
	if (replayed->status == EXPLORE_REPLAY_ENDED || replayed->status == EXPLORE_REPLAY_CHOICE)
		status = complain_of_move(replay, scenario, file, replayed);
	else
		status = cli_explored_report(replay->report, scenario, &explored);
	cli_explored_free(&explored);
	return status;
}

/* Reads the schedule with the scenario that it names. */
static enum cli_status
replay_bytes(struct replay *replay, const char *bytes, size_t size)
{
	struct scenario_errors errors;
	struct explore_file file;
	struct scenario *scenario;
	enum cli_status status;

	(void)explore_file_read(replay->path, bytes, size, NULL, &file, &errors);
	scenario = find_scenario(&replay->list, &file);
	explore_file_free(&file);
	scenario_errors_free(&errors);
	if (scenario == NULL)
		return no_memory();
	switch (explore_file_read(replay->path, bytes, size, scenario, &file, &errors)) {
	case EXPLORE_FILE_OK:
		status = replay_schedule(replay, scenario, &file);
		break;
	case EXPLORE_FILE_BAD:
		status = complain_of_errors(replay, &errors);
		break;
	default:
		status = no_memory();
		break;
	}
	explore_file_free(&file);
	scenario_errors_free(&errors);
	scenario_free(scenario);
	return status;
}

static enum cli_status
replay_file(struct replay *replay)
{
	enum cli_status status;
	size_t size;
	char *bytes;

	status = cli_file_read(replay->path, CLI_SCENARIO_MAX, &bytes, &size);
	if (status == CLI_OK)
		status = replay_bytes(replay, bytes, size);
	else
		cli_report_unread(replay->report, replay->path);
	free(bytes);
	return status;
}

enum cli_status
cli_replay(struct report *report, const char *schedule, const char *scenario)
{
	struct replay replay = { .report = report, .path = schedule };
	struct scenario_errors errors;
	enum cli_status status = cli_scenarios_load(scenario, &replay.list, &errors);

	report_file_begin(report, scenario);
	if (status == CLI_OK)
		status = replay_file(&replay);
	else if (errors.count != 0)
		status = complain_of_errors(&replay, &errors);
	else
		cli_report_unread(report, scenario);
	report_file_end(report);
	scenario_errors_free(&errors);
	scenario_list_free(&replay.list);
	return status;
}
