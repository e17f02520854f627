/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept report: one run of a scenario as one page that steps through it.
 *
 * Where schedules are to be explored it is the run that broke something; where none did, or none
 * are explored, it is the run in order.  A run that is longer than a page holds is played a second
 * time, for the part in which it failed.
 */
#include "cli/cli_explore.h"
#include "cli/cli_view.h"
#include "page/page.h"

enum {
	OPTION_VARIANT = CLI_OWN,
	OPTION_SEED,
	OPTION_REPLAY
};

static const struct cli_option options[] = {
	{ CLI_OUTPUT, 'o', "output", "FILE", "write the page to FILE, whole or not at all" },
	{ OPTION_VARIANT, 0, "variant", "TEXT|N", "of a matrix: its name or number, from 1" },
	{ OPTION_SEED, 0, "seed", "N", "schedule the threads by chance, from seed N" },
	{ OPTION_REPLAY, 0, "replay", "FILE", "a schedule, of explore --save" },
	CLI_OPTION_NO_QUIET,
	CLI_OPTION_NO_VERBOSE,
	CLI_OPTION_NO_COLOR,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

#define SENTENCE 512

struct report_command {
	struct cli *cli;
	const char *variant;
	const char *replay;
	struct play_options play;
	const struct scenario *scenario;
	const struct explore_schedule *schedule; /* NULL: it is played, not replayed */
	char how[SENTENCE], cause[SENTENCE];
	struct page *page;
	struct play_outcome outcome;
};

/* --- options ---------------------------------------------------------------------------------- */

static enum cli_status
read_options(struct report_command *command)
{
	struct cli *cli = command->cli;
	const char *argument;
	int id;

	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (id == OPTION_VARIANT)
			command->variant = argument;
		if (id == OPTION_REPLAY)
			command->replay = argument;
		if (id == OPTION_SEED) {
			if (!cli_number_argument(cli, "seed", argument, UINT64_MAX,
			    &command->play.seed))
				return CLI_BAD;
			command->play.seed_given = true;
		}
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	if (cli->argc - cli->operand != 1)
		return cli_usage(cli, "expected one scenario");
	if (cli->path == NULL)
		return cli_usage(cli, "expected -o FILE, where the page is to be written");
	if (command->replay != NULL && (command->play.seed_given || command->variant != NULL))
		return cli_usage(cli, "--replay runs the schedule of its file and nothing else");
	return CLI_OK;
}

/* --- one run ---------------------------------------------------------------------------------- */

/* Plays with a page that listens; false: it could not be played, *status says how. */
static bool
listen(struct report_command *command, uint64_t skip, enum cli_status *status)
{
	struct play_observer observer;
	struct explore_replayed replayed;
	enum play_status played = PLAY_DONE;

	command->page = page_create(command->scenario, skip);
	if (command->page == NULL) {
		cli_complain("out of memory");
		*status = CLI_ENVIRONMENT;
		return false;
	}
	observer = page_observer(command->page);
	if (command->schedule != NULL) {
		const struct explore_replay_options options = { .sink = page_event,
			.sink_ctx = command->page, .observer = &observer, .before = page_before,
			.after = page_after, .ctx = command->page };

		explore_replay(command->scenario, command->schedule, &options, &replayed);
		if (replayed.status == EXPLORE_REPLAY_NO_MEMORY)
			played = PLAY_NO_MEMORY;
		if (replayed.status == EXPLORE_REPLAY_OVER_LIMIT)
			played = PLAY_OVER_LIMIT;
		command->outcome = replayed.outcome;
		memset(&replayed.outcome, 0, sizeof(replayed.outcome));
		explore_replayed_free(&replayed);
	} else {
		command->play.sink = page_event;
		command->play.sink_ctx = command->page;
		command->play.observer = &observer;
		played = play_run(command->scenario, &command->play, &command->outcome);
	}
	page_end(command->page, &command->outcome);
	if (played == PLAY_DONE && !page_failed(command->page))
		return true;
	*status = played == PLAY_OVER_LIMIT || played == PLAY_OVER_CHOICES ? CLI_BAD :
	    CLI_ENVIRONMENT;
	cli_complain_of(command->scenario->file, *status == CLI_BAD ? report_unplayed(played) :
	    "out of memory");
	return false;
}

static void
forget(struct report_command *command)
{
	page_free(command->page);
	play_outcome_free(&command->outcome);
	command->page = NULL;
}

/* Makes the page of one run, and writes it. */
static enum cli_status
write_run(struct report_command *command)
{
	const struct page_facts facts = { VKEPT_VERSION, command->how, command->cause };
	struct scn_sink sink = cli_output_sink(command->cli->output);
	enum cli_status status = CLI_OK;
	uint64_t skip;

	if (listen(command, 0, &status)) {
		skip = page_skip(command->page);
		if (skip != 0)
			forget(command);
		if (skip == 0 || listen(command, skip, &status)) {
			page_write(command->page, &facts, &sink);
			status = command->outcome.mismatches == 0 ? CLI_OK : CLI_FAILED;
		}
	}
	forget(command);
	return status;
}

/* --- which run -------------------------------------------------------------------------------- */

static struct text
sentence(struct text_buffer *buffer, struct scn_sink *sink, char words[SENTENCE])
{
	struct text text;

	*buffer = (struct text_buffer){ words, SENTENCE, 0 };
	*sink = text_buffer_sink(buffer);
	text_init(&text, sink, 0);
	return text;
}

/* What is said of a schedule that breaks something. */
static void
tell_schedule(struct report_command *command, const struct report_finding *finding,
    const char *begin)
{
	struct text_buffer buffer;
	struct scn_sink sink;
	struct text text = sentence(&buffer, &sink, command->how);

	text_str(&text, begin);
	text_count(&text, command->schedule->moves, "move");
	text_str(&text, " by ");
	text_count(&text, command->scenario->threads, "thread");
	text = sentence(&buffer, &sink, command->cause);
	report_write_cause(&text, command->scenario, finding);
}

static enum cli_status
replay(struct report_command *command, const struct explore_schedule *schedule,
    const struct report_finding *finding, const char *begin)
{
	command->schedule = schedule;
	tell_schedule(command, finding, begin);
	return write_run(command);
}

static enum cli_status
complain_of_exploring(const struct report_command *command, const struct cli_explored *explored)
{
	cli_complain_of(command->scenario->file, report_unexplored(&explored->finding));
	return cli_explored_status(command->scenario, explored);
}

/* Explores; what is shown of a scenario that holds is the run in order. */
static enum cli_status
explore(struct report_command *command)
{
	const struct cli_search search = { .options.end_at_violation = true };
	struct text_buffer buffer;
	struct scn_sink sink;
	struct cli_explored explored;
	enum cli_status status, found;
	struct text text;

	cli_explored_make(command->scenario, &search, &explored);
	found = cli_explored_status(command->scenario, &explored);
	if (found >= CLI_BAD) {
		status = complain_of_exploring(command, &explored);
	} else if (explored.finding.run != NULL) {
		status = replay(command, &explored.run.replayed.made, &explored.finding,
		    "the shortest schedule found that fails: ");
	} else {
		text = sentence(&buffer, &sink, command->how);
		text_str(&text, found == CLI_OK ? "holds " : "an outcome was not found ");
		report_write_coverage(&text, &explored.finding);
		text_str(&text, "; this is the run in order");
		status = cli_worse(write_run(command), found);
	}
	cli_explored_free(&explored);
	return status;
}

static enum cli_status
report_replay(struct report_command *command, struct scenario_list *list)
{
	struct cli_schedule schedule;
	struct cli_explored explored;
	enum cli_status status = cli_schedule_open(command->replay, list, &schedule);

	if (status == CLI_OK) {
		command->scenario = schedule.scenario;
		cli_explored_replay(command->scenario, &schedule.file.schedule, &explored);
		if (!cli_schedule_fits(&schedule, &explored.run.replayed, NULL))
			status = CLI_BAD;
		else if (cli_explored_status(command->scenario, &explored) >= CLI_BAD)
			status = complain_of_exploring(command, &explored);
		else
			status = replay(command, &schedule.file.schedule, &explored.finding,
			    "the schedule of a file: ");
		cli_explored_free(&explored);
	}
	cli_schedule_close(&schedule);
	return status;
}

static enum cli_status
report_scenario_file(struct report_command *command)
{
	struct cli_scenario opened;
	struct text_buffer buffer;
	struct scn_sink sink;
	struct text text;
	enum cli_status status = cli_scenario_load(command->cli, command->variant, &opened);

	if (status != CLI_OK)
		return status;
	command->scenario = opened.scenario;
	if (command->replay != NULL) {
		status = report_replay(command, &opened.list);
	} else if (opened.scenario->schedule.order == SCN_ORDER_EXPLORE &&
	    !command->play.seed_given) {
		status = explore(command);
	} else {
		if (command->play.seed_given) {
			text = sentence(&buffer, &sink, command->how);
			text_add(&text, "threads by chance, from seed %llu",
			    (unsigned long long)command->play.seed);
		}
		status = write_run(command);
	}
	cli_scenario_close(&opened);
	return status;
}

static enum cli_status
command_report(struct cli *cli)
{
	struct report_command command = { .cli = cli };
	enum cli_status status = read_options(&command);

	if (status != CLI_OK || cli->stopped)
		return status;
	status = cli_output_open(cli->output, cli->path);
	if (status != CLI_OK)
		return status;
	return cli_output_close(cli->output, report_scenario_file(&command));
}

const struct cli_command cli_report = {
	.name = "report",
	.operands = "FILE -o OUT.html",
	.summary = "one self-contained page that steps through a run",
	.about = "Plays a scenario and writes a page that steps through the run, event by event:\n"
	    "threads, tables, the walk, what is cached, registers, memory.  It opens where\n"
	    "something failed.  Where schedules are explored it is a run that fails.\n",
	.examples = "  vkept report scenarios/copyio/printf.yaml -o printf.html\n"
	    "  vkept report --replay race.replay FILE -o race.html\n",
	.option = options,
	.run = command_report,
};
