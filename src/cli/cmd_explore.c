/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vkept explore: all schedules of scenarios, some of them, or one again.
 */
#include <string.h>

#include "cli/cli_sweep.h"
#include "explore/explore_random.h"

enum {
	OPTION_PREEMPTIONS = CLI_OWN,
	OPTION_DEPTH,
	OPTION_BUDGET,
	OPTION_RUNS,
	OPTION_SEED,
	OPTION_REPLAY,
	OPTION_SAVE,
	OPTION_KEEP_GOING,
	OPTION_TRACE_FORMAT,
	OPTION_JOBS,
	OPTION_TRACE_LIMIT = CLI_DETAIL
};

static const struct cli_option options[] = {
	{ OPTION_PREEMPTIONS, 0, "preemptions", "N", "at most N switches from who could go on" },
	{ OPTION_DEPTH, 0, "depth", "N", "at most N moves" },
	{ OPTION_BUDGET, 0, "budget", "N|SIZE",
	    "give up after N states (20000000) or SIZE" },
	{ OPTION_RUNS, 0, "runs", "N", "N random schedules instead of all (1000)" },
	{ OPTION_SEED, 0, "seed", "N", "random schedules from seed N (0)" },
	{ OPTION_REPLAY, 0, "replay", "FILE", "one schedule, from FILE" },
	{ OPTION_SAVE, 0, "save", "FILE", "write the first failing schedule to FILE" },
	{ OPTION_KEEP_GOING, 'k', "keep-going", NULL, "look for every outcome after a violation" },
	CLI_OPTION_TRACE_FORMAT(OPTION_TRACE_FORMAT, "the run that fails as a timeline"),
	CLI_OPTION_LIMIT_OF_TRACE(OPTION_TRACE_LIMIT),
	SWEEP_OPTION_JOBS(OPTION_JOBS),
	{ CLI_VERBOSE, 'v', "verbose", NULL, "figures, and a schedule to each outcome" },
	{ CLI_QUIET, 'q', "quiet", NULL, "failures only" },
	CLI_OPTION_FORMAT("text|json|tap|junit"),
	CLI_OPTION_OUTPUT,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	{ 0, 0, NULL, NULL, NULL },
};

#define STATES_MAX 4000000000u /* are numbered with 32 bits */
#define PREEMPTIONS_MAX 255u
#define COUNT_MAX 0xffffffffu  /* of moves, or of random schedules */

_Static_assert(EXPLORE_STATES_DEFAULT == 20000000 && EXPLORE_RUNS_DEFAULT == 1000,
    "the help says other numbers");

struct explore {
	struct cli *cli;
	const char *bound;  /* an option that bounds a search through all, or NULL */
	const char *chance; /* an option of schedules by chance, or NULL */
	const char *replay;
	struct sweep sweep;
	struct report report;
};

/* --- options ---------------------------------------------------------------------------------- */

/* A number of states or, with its unit, an amount of memory. */
static int
take_budget(struct explore *explore, const char *argument)
{
	struct cli_search *search = &explore->sweep.search;
	size_t length = strlen(argument);

	search->states_given = 1;
	if (length == 0 || strchr("KMGT", argument[length - 1]) == NULL)
		return cli_positive_argument(explore->cli, "budget", argument, STATES_MAX,
		    &search->options.states_max);
	if (search->options.states_max == 0)
		search->options.states_max = STATES_MAX;
	return cli_positive_argument(explore->cli, "budget", argument, UINT64_MAX,
	    &search->options.bytes_max);
}

/* Options of a search through all schedules. */
static int
take_bound(struct explore *explore, int id, const char *argument)
{
	struct cli_search *search = &explore->sweep.search;
	const struct cli *cli = explore->cli;
	uint64_t number;

	switch (id) {
	case OPTION_PREEMPTIONS:
		explore->bound = "--preemptions";
		search->preemptions_given = 1;
		search->options.bounded = true;
		if (!cli_number_argument(cli, "preemptions", argument, PREEMPTIONS_MAX, &number))
			return 0;
		search->options.preemptions = (unsigned)number;
		return 1;
	default:
		explore->bound = "--budget";
		return take_budget(explore, argument);
	}
}

static int
take_option(struct explore *explore, int id, const char *argument)
{
	struct cli_search *search = &explore->sweep.search;
	const struct cli *cli = explore->cli;

	switch (id) {
	case OPTION_DEPTH:
		search->depth_given = 1;
		return cli_positive_argument(cli, "depth", argument, COUNT_MAX,
		    &search->options.depth_max);
	case OPTION_RUNS:
		explore->chance = "--runs";
		return cli_positive_argument(cli, "runs", argument, COUNT_MAX, &search->runs);
	case OPTION_SEED:
		explore->chance = "--seed";
		return cli_number_argument(cli, "seed", argument, UINT64_MAX, &search->seed);
	case OPTION_REPLAY:
		explore->replay = argument;
		return 1;
	case OPTION_SAVE:
		explore->sweep.save = argument;
		return 1;
	case OPTION_KEEP_GOING:
		search->options.end_at_violation = false;
		return 1;
	case OPTION_TRACE_FORMAT:
		return cli_trace_format_argument(cli, argument, &explore->sweep.timeline);
	case OPTION_TRACE_LIMIT:
		return cli_trace_limit_argument(cli, argument, &explore->sweep.timeline);
	case OPTION_JOBS:
		return sweep_take_jobs(&explore->sweep, argument);
	default:
		return take_bound(explore, id, argument);
	}
}

/* Options that contradict each other. */
static enum cli_status
check_options(const struct explore *explore)
{
	const struct cli *cli = explore->cli;

	if (explore->replay != NULL && (explore->bound != NULL || explore->chance != NULL ||
	    explore->sweep.search.depth_given || explore->sweep.save != NULL))
		return cli_usage(cli, "--replay runs the schedule of its file and nothing else");
	if (explore->bound != NULL && explore->chance != NULL)
		return cli_usage(cli, "--runs and --seed take schedules by chance: there are no "
		    "--preemptions or --budget");
	if (cli->operand == cli->argc)
		return cli_usage(cli, "no scenario was named");
	if (explore->replay != NULL && cli->argc - cli->operand != 1)
		return cli_usage(cli, "--replay is for one scenario file");
	return sweep_check_timeline(&explore->sweep);
}

static enum cli_status
read_options(struct explore *explore)
{
	struct cli *cli = explore->cli;
	const char *argument;
	int id;

	explore->sweep.cli = cli;
	explore->sweep.report = &explore->report;
	explore->sweep.jobs = sweep_jobs();
	explore->sweep.search.runs = EXPLORE_RUNS_DEFAULT;
	explore->sweep.search.options.end_at_violation = true;
	while ((id = cli_option_next(cli, &argument)) >= CLI_OWN) {
		if (!take_option(explore, id, argument))
			return CLI_BAD;
	}
	if (id == CLI_STOP)
		return cli->stop_status;
	explore->sweep.search.random = explore->chance != NULL;
	explore->sweep.search.options.witnesses = cli->verbose;
	return check_options(explore);
}

/* --- the command ------------------------------------------------------------------------------ */

static enum cli_status
explore_all(struct explore *explore)
{
	const struct cli *cli = explore->cli;
	const struct report_options options = {
		.format = sweep_format(&explore->sweep),
		.trace = explore->sweep.timeline.wanted,
		.timeline_most = explore->sweep.timeline.most,
		.quiet = cli->quiet,
		.details = cli->quiet ? 0 : 1 + cli->verbose,
		.color = cli_wants_color(cli),
		.version = VKEPT_VERSION,
		.command = cli->command->name,
	};
	struct scn_sink sink = cli_output_sink(cli->output);
	enum cli_status status;

	report_begin(&explore->report, &options, &sink);
	if (explore->replay != NULL) {
		status = cli_replay(&explore->report, explore->replay, cli->argv[cli->operand]);
	} else {
		status = sweep_read(&explore->sweep);
		status = cli_worse(status, sweep_report(&explore->sweep));
	}
	status = cli_worse(status, cli_report_end(cli, &explore->report));
	if (explore->sweep.saved.failed) {
		cli_complain("out of memory");
		status = CLI_ENVIRONMENT;
	}
	return status;
}

/* The failing schedule, while the report can still be held back. */
static enum cli_status
save_failing(struct explore *explore, enum cli_status status)
{
	const struct report_bytes *saved = &explore->sweep.saved;
	static struct cli_output output; /* too large for a small stack */
	struct scn_sink sink;
	enum cli_status opened;

	if (status != CLI_FAILED || saved->size == 0)
		return status;
	opened = cli_output_open(&output, explore->sweep.save);
	if (opened != CLI_OK)
		return opened;
	sink = cli_output_sink(&output);
	sink.write(sink.ctx, saved->bytes, saved->size);
	return cli_output_close(&output, status);
}

static enum cli_status
command_explore(struct cli *cli)
{
	struct explore explore = { .cli = cli };
	enum cli_status status = read_options(&explore);

	if (status != CLI_OK || cli->stopped)
		return status;
	status = cli_output_open(cli->output, cli->path);
	if (status != CLI_OK)
		return status;
	status = save_failing(&explore, explore_all(&explore));
	status = cli_output_close(cli->output, status);
	sweep_free(&explore.sweep);
	return status;
}

const struct cli_command cli_explore = {
	.name = "explore",
	.operands = "FILE|DIR...",
	.summary = "run scenarios under every schedule",
	.about = "Runs scenarios under every schedule; of a directory those that ask for it.\n",
	.examples = "  vkept explore --save f FILE, and then vkept explore --replay f FILE\n",
	.option = options,
	.run = command_explore,
};
