/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept run: plays scenarios and says what did not hold.
 *
 * A file or scenario that cannot be played does not keep the others from being played; the exit
 * status is that of the worst.
 */
#include <string.h>

#include "cli/cli_explore.h"

enum {
	OPTION_SEED = CLI_OWN,
	OPTION_MISSING,
	OPTION_TRACE,
	OPTION_TRACE_FORMAT
};

static const struct cli_option options[] = {
	{ CLI_VERBOSE, 'v', "verbose", NULL, "every event of the run (text and JSON)" },
	{ OPTION_TRACE, 't', "trace", NULL, "the same as --verbose" },
	{ OPTION_TRACE_FORMAT, 0, "trace-format", "perfetto", "every event as a timeline" },
	{ CLI_QUIET, 'q', "quiet", NULL, "failures only" },
	{ OPTION_SEED, 0, "seed", "N", "schedule the threads by chance, from seed N" },
	{ OPTION_MISSING, 0, "missing", NULL, "which invalidations are, and after which step" },
	CLI_OPTION_FORMAT("text|json|tap|junit"),
	CLI_OPTION_OUTPUT,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

struct run {
	struct cli *cli;
	int timeline;
	struct report_options options;
	struct play_options play;
	struct cli_paths paths;
	struct report report;
};

static enum cli_status
run_options(struct run *run)
{
	struct cli *cli = run->cli;
	const char *argument;
	int id;

	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (id == OPTION_TRACE)
			cli->verbose = 1;
		if (id == OPTION_TRACE_FORMAT && strcmp(argument, "perfetto") != 0)
			return cli_bad_argument(cli, "trace-format", "perfetto", argument);
		run->timeline |= id == OPTION_TRACE_FORMAT;
		if (id == OPTION_MISSING)
			run->play.advise = true;
		if (id == OPTION_SEED) {
			if (!cli_number_argument(cli, "seed", argument, UINT64_MAX,
			    &run->play.seed))
				return CLI_BAD;
			run->play.seed_given = true;
		}
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	if (run->timeline && (cli->format != 0 || cli->quiet))
		return cli_usage(cli, "--trace-format writes a timeline and nothing else: there is "
		    "no --format or --quiet");
	if (cli->operand == cli->argc)
		return cli_usage(cli, "no scenario was named");
	return CLI_OK;
}

/* --- playing ---------------------------------------------------------------------------------- */

static enum cli_status
status_of(enum play_status played, const struct play_outcome *outcome)
{
	switch (played) {
	case PLAY_DONE:
		return outcome->passed ? CLI_OK : CLI_FAILED;
	case PLAY_OVER_LIMIT:
	case PLAY_OVER_CHOICES:
		return CLI_BAD;
	case PLAY_NO_MEMORY:
		break;
	}
	return CLI_ENVIRONMENT;
}

/* One whose schedules are to be explored; a seed chooses a single one instead. */
static enum cli_status
explore_scenario(struct run *run, const struct scenario *scenario)
{
	struct cli_search search = { .options.end_at_violation = true,
		.options.witnesses = run->cli->verbose };
	struct report_options told = run->report.options;
	struct cli_explored explored;
	enum cli_status status;

	/* There is no one run whose events could be told. */
	run->report.options.story = run->report.options.trace = 0;
	cli_explored_make(scenario, &search, &explored);
	status = cli_explored_report(&run->report, scenario, &explored);
	run->report.options.story = told.story;
	run->report.options.trace = told.trace;
	cli_explored_free(&explored);
	return status;
}

static enum cli_status
run_scenario(struct run *run, const struct scenario *scenario)
{
	struct play_outcome outcome;
	enum play_status played;
	enum cli_status status;

	if (scenario->schedule.order == SCN_ORDER_EXPLORE && !run->play.seed_given)
		return explore_scenario(run, scenario);
	report_scenario(&run->report, scenario);
	run->play.sink = report_event_sink(&run->report);
	run->play.sink_ctx = &run->report;
	played = play_run(scenario, &run->play, &outcome);
	report_outcome(&run->report, played, &outcome);
	status = status_of(played, &outcome);
	if (status >= CLI_BAD)
		cli_complain_of(scenario->file, report_unplayed(played));
	play_outcome_free(&outcome);
	return status;
}

static enum cli_status
run_list(struct run *run, struct scenario_list *list)
{
	enum cli_status status = CLI_OK;
	size_t i;

	for (i = 0; i < list->count; i++) {
		struct scenario *scenario = scenario_list_make(list, i);

		if (scenario == NULL) {
			cli_complain("out of memory");
			return CLI_ENVIRONMENT;
		}
		status = cli_worse(status, run_scenario(run, scenario));
		scenario_free(scenario);
		if (list->count > 1 && run->paths.count == 1)
			cli_progress(run->cli->output, i + 1, list->count);
	}
	return status;
}

static enum cli_status
run_file(struct run *run, const char *path)
{
	struct scenario_errors errors;
	struct scenario_list list;
	enum cli_status status = cli_scenarios_load(path, &list, &errors);

	/* One scenario by itself is told; more are listed. */
	if (list.count == 1 && run->paths.count == 1)
		run->report.options.story = run->report.options.details = !run->cli->quiet;
	report_file_begin(&run->report, path);
	if (status == CLI_OK) {
		status = run_list(run, &list);
		scenario_list_free(&list);
	} else if (errors.count != 0) {
		cli_scenario_errors(&errors);
		report_bad_file(&run->report, &errors);
	} else {
		cli_report_unread(&run->report, path);
	}
	scenario_errors_free(&errors);
	report_file_end(&run->report);
	return status;
}

static enum cli_status
run_paths(struct run *run)
{
	struct cli_output *output = run->cli->output;
	enum cli_status status = CLI_OK;
	size_t i;

	for (i = 0; i < run->paths.count; i++) {
		status = cli_worse(status, run_file(run, run->paths.path[i]));
		if (output->terminal)
			cli_output_flush(output);
		if (run->paths.count > 1)
			cli_progress(output, i + 1, run->paths.count);
	}
	return status;
}

static enum cli_status
run_all(struct run *run)
{
	struct cli *cli = run->cli;
	struct scn_sink sink = cli_output_sink(cli->output);
	enum cli_status status = CLI_OK;
	int i;

	for (i = cli->operand; i < cli->argc; i++)
		status = cli_worse(status, cli_paths_add(&run->paths, cli->argv[i]));
	run->options.format = run->timeline ? REPORT_PERFETTO :
	    (enum report_format_id)cli->format;
	run->options.trace = cli->verbose || run->timeline;
	run->options.quiet = cli->quiet;
	run->options.details = cli->verbose ? 2 : 0;
	run->options.color = cli_wants_color(cli);
	run->options.advise = run->play.advise;
	run->options.seed_given = run->play.seed_given;
	run->options.seed = run->play.seed;
	run->options.version = VKEPT_VERSION;
	run->options.command = run->cli->command->name;
	report_begin(&run->report, &run->options, &sink);
	status = cli_worse(status, run_paths(run));
	report_end(&run->report);
	if (run->report.no_memory) {
		cli_complain("out of memory");
		status = CLI_ENVIRONMENT;
	}
	cli_paths_free(&run->paths);
	return status;
}

static enum cli_status
command_run(struct cli *cli)
{
	struct run run = { .cli = cli }; /* on the stack, whose pages are there already */
	enum cli_status status = run_options(&run);

	if (status != CLI_OK || cli->stopped)
		return status;
	status = cli_output_open(cli->output, cli->path);
	if (status != CLI_OK)
		return status;
	return cli_output_close(cli->output, run_all(&run));
}

const struct cli_command cli_run = {
	.name = "run",
	.operands = "FILE|DIR...",
	.summary = "run scenarios",
	.about = "Runs scenarios; of a directory every *.yaml under it, by path.  One scenario by\n"
	    "itself is told step by step, of several each has its line.\n",
	.examples = "examples:\n"
	    "  vkept run scenarios/copyio/printf.yaml     what the program does, step by step\n"
	    "  vkept run -q scenarios                     what does not hold\n"
	    "  vkept run -f junit -o out.xml scenarios    for a CI server\n"
	    "  vkept run --trace-format perfetto -o out.json FILE  for ui.perfetto.dev\n",
	.option = options,
	.run = command_run,
};
