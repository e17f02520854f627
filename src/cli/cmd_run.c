/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept run: plays scenarios and says what did not hold.
 *
 * A file or scenario that cannot be played does not keep the others from being played; the exit
 * status is that of the worst.
 */
#include "cli/cli_sweep.h"

enum {
	OPTION_SEED = CLI_OWN,
	OPTION_MISSING,
	OPTION_TRACE,
	OPTION_TRACE_FORMAT,
	OPTION_JOBS,
	OPTION_TRACE_LIMIT = CLI_DETAIL
};

static const struct cli_option options[] = {
	{ CLI_VERBOSE, 'v', "verbose", NULL, "every event of the run (text and JSON)" },
	{ OPTION_TRACE, 't', "trace", NULL, "the same as --verbose" },
	CLI_OPTION_TRACE_FORMAT(OPTION_TRACE_FORMAT, "every event as a timeline"),
	CLI_OPTION_LIMIT_OF_TRACE(OPTION_TRACE_LIMIT),
	{ CLI_QUIET, 'q', "quiet", NULL, "failures only" },
	{ OPTION_SEED, 0, "seed", "N", "schedule the threads by chance, from seed N" },
	{ OPTION_MISSING, 0, "missing", NULL, "invalidations that are, after which step" },
	SWEEP_OPTION_JOBS(OPTION_JOBS),
	CLI_OPTION_FORMAT("text|json|tap|junit"),
	CLI_OPTION_OUTPUT,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

struct run {
	struct cli *cli;
	struct sweep sweep;
	struct report report;
};

static enum cli_status
run_options(struct run *run)
{
	struct play_options *play = &run->sweep.play;
	struct cli *cli = run->cli;
	const char *argument;
	int id;

	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (id == OPTION_TRACE)
			cli->verbose = 1;
		if (id == OPTION_JOBS && !sweep_take_jobs(&run->sweep, argument))
			return CLI_BAD;
		if (id == OPTION_TRACE_FORMAT &&
		    !cli_trace_format_argument(cli, argument, &run->sweep.timeline))
			return CLI_BAD;
		if (id == OPTION_TRACE_LIMIT &&
		    !cli_trace_limit_argument(cli, argument, &run->sweep.timeline))
			return CLI_BAD;
		if (id == OPTION_MISSING)
			play->advise = true;
		if (id == OPTION_SEED) {
			if (!cli_number_argument(cli, "seed", argument, UINT64_MAX, &play->seed))
				return CLI_BAD;
			play->seed_given = true;
		}
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	if (cli->operand == cli->argc)
		return cli_usage(cli, "no scenario was named");
	return sweep_check_timeline(&run->sweep);
}

static enum cli_status
run_all(struct run *run)
{
	struct cli *cli = run->cli;
	struct sweep *sweep = &run->sweep;
	struct report_options options = {
		.format = sweep_format(sweep),
		.trace = cli->verbose || sweep->timeline.wanted,
		.quiet = cli->quiet,
		.details = cli->verbose ? 2 : 0,
		.color = cli_wants_color(cli),
		.advise = sweep->play.advise,
		.seed_given = sweep->play.seed_given,
		.seed = sweep->play.seed,
		.timeline_most = sweep->timeline.most,
		.version = VKEPT_VERSION,
		.command = cli->command->name,
	};
	struct scn_sink sink = cli_output_sink(cli->output);
	enum cli_status status = sweep_read(sweep);

	/* One scenario by itself is told; more are listed. */
	if (sweep->inputs == 1 && sweep->items == 1)
		options.story = options.details = !cli->quiet;
	report_begin(&run->report, &options, &sink);
	status = cli_worse(status, sweep_report(sweep));
	status = cli_worse(status, cli_report_end(cli, &run->report));
	sweep_free(sweep);
	return status;
}

static enum cli_status
command_run(struct cli *cli)
{
	struct run run = { .cli = cli }; /* on the stack, whose pages are there already */
	enum cli_status status;

	run.sweep.cli = cli;
	run.sweep.report = &run.report;
	run.sweep.once = 1;
	run.sweep.jobs = sweep_jobs();
	run.sweep.search.options.end_at_violation = true;
	status = run_options(&run);
	if (status != CLI_OK || cli->stopped)
		return status;
	run.sweep.search.options.witnesses = cli->verbose;
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
	.examples =
	    "  vkept run scenarios/copyio/printf.yaml     what the program does, step by step\n"
	    "  vkept run -q scenarios                     what does not hold\n"
	    "  vkept run -f junit -o out.xml scenarios    for a CI server\n"
	    "  vkept run --trace-format perfetto -o out.json FILE  for ui.perfetto.dev\n",
	.option = options,
	.run = command_run,
};
