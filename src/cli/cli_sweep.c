/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many scenarios, played or explored by several OS threads, each by one alone.
 *
 * Results are reported in the order in which the scenarios were named, as soon as all before them
 * are there, so that nothing but the time depends on the number of threads.  Where the events of a
 * run are wanted they are not kept: the scenario is played when its turn in the report comes.
 */
#define _DEFAULT_SOURCE /* _SC_NPROCESSORS_ONLN */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli_pool.h"
#include "cli/cli_sweep.h"
#include "explore/explore_file.h"

/* --- options ---------------------------------------------------------------------------------- */

size_t
sweep_jobs(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors < 1 ? 1 : processors > (long)SWEEP_JOBS_MAX ? SWEEP_JOBS_MAX :
	    (size_t)processors;
}

int
sweep_take_jobs(struct sweep *sweep, const char *argument)
{
	uint64_t number;

	if (!cli_positive_argument(sweep->cli, "jobs", argument, SWEEP_JOBS_MAX, &number))
		return 0;
	sweep->jobs = (size_t)number;
	return 1;
}

enum cli_status
sweep_check_timeline(const struct sweep *sweep)
{
	if (sweep->timeline.wanted && sweep->cli->quiet)
		return cli_usage(sweep->cli, "--trace-format writes a timeline and nothing else: "
		    "there is no --quiet");
	return cli_timeline_check(sweep->cli, &sweep->timeline);
}

enum report_format_id
sweep_format(const struct sweep *sweep)
{
	return sweep->timeline.wanted ? REPORT_PERFETTO : (enum report_format_id)sweep->cli->format;
}

/* --- input ------------------------------------------------------------------------------------ */

static enum cli_status
no_memory(void)
{
	cli_complain("out of memory");
	return CLI_ENVIRONMENT;
}

/* Of a directory only what is meant to be explored is. */
static int
is_wanted(const struct sweep *sweep, struct sweep_input *input)
{
	struct scenario *scenario;
	int wanted;

	if (sweep->once || input->named || input->list.count == 0)
		return 1;
	scenario = scenario_list_make(&input->list, 0);
	wanted = scenario == NULL || scenario->schedule.order == SCN_ORDER_EXPLORE;
	scenario_free(scenario);
	return wanted;
}

static enum cli_status
read_input(struct sweep *sweep, const char *path, int named)
{
	struct sweep_input *input = &sweep->input[sweep->inputs];

	memset(input, 0, sizeof(*input));
	input->path = path;
	input->named = named;
	input->status = cli_scenarios_load(path, &input->list, &input->errors);
	if (input->errors.count != 0)
		cli_scenario_errors(&input->errors);
	if (is_wanted(sweep, input)) {
		input->items = input->list.count;
		sweep->items += input->items;
		sweep->inputs++;
		return input->status;
	}
	scenario_list_free(&input->list);
	scenario_errors_free(&input->errors);
	return CLI_OK;
}

/* Reads the file of an operand, or those of a directory. */
static enum cli_status
read_operand(struct sweep *sweep, const char *operand)
{
	size_t first = sweep->paths.count, inputs = sweep->inputs, i;
	enum cli_status status = cli_paths_add(&sweep->paths, operand);
	struct sweep_input *input;

	input = realloc(sweep->input, (sweep->paths.count + 1) * sizeof(*input));
	if (input == NULL)
		return no_memory();
	sweep->input = input;
	for (i = first; i < sweep->paths.count; i++) {
		const char *path = sweep->paths.path[i];

		status = cli_worse(status, read_input(sweep, path, strcmp(path, operand) == 0));
	}
	if (status == CLI_OK && sweep->inputs == inputs) {
		cli_complain_of(operand, "no scenario with 'schedule: explore' in this directory");
		status = CLI_BAD;
	}
	return status;
}

enum cli_status
sweep_read(struct sweep *sweep)
{
	struct cli *cli = sweep->cli;
	enum cli_status status = CLI_OK;
	size_t i, j, next = 0;
	int at;

	for (at = cli->operand; at < cli->argc; at++)
		status = cli_worse(status, read_operand(sweep, cli->argv[at]));
	sweep->item = calloc(sweep->items + 1, sizeof(*sweep->item));
	if (sweep->item == NULL)
		return no_memory();
	for (i = 0; i < sweep->inputs; i++) {
		for (j = 0; j < sweep->input[i].items; j++, next++) {
			sweep->item[next].input = &sweep->input[i];
			sweep->item[next].index = j;
			sweep->item[next].sweep = sweep;
		}
	}
	return status;
}

static void
item_free(struct sweep_item *item)
{
	if (item->explored != NULL)
		cli_explored_free(item->explored);
	free(item->explored);
	if (item->ahead)
		play_outcome_free(&item->outcome);
	scenario_free(item->scenario);
	item->ahead = 0;
	item->explored = NULL;
	item->scenario = NULL;
}

void
sweep_free(struct sweep *sweep)
{
	size_t i;

	for (i = 0; sweep->item != NULL && i < sweep->items; i++)
		item_free(&sweep->item[i]);
	for (i = 0; i < sweep->inputs; i++) {
		scenario_list_free(&sweep->input[i].list);
		scenario_errors_free(&sweep->input[i].errors);
	}
	free(sweep->input);
	free(sweep->item);
	cli_paths_free(&sweep->paths);
	free(sweep->saved.bytes);
}

/* --- work ------------------------------------------------------------------------------------- */

static void
note_progress(void *ctx, const struct explore_stats *stats)
{
	struct sweep_item *item = ctx;

	(void)pthread_mutex_lock(&item->sweep->lock);
	item->stats = *stats;
	(void)pthread_mutex_unlock(&item->sweep->lock);
}

static void
set_under_way(struct sweep_item *item, int under_way)
{
	(void)pthread_mutex_lock(&item->sweep->lock);
	item->under_way = under_way;
	(void)pthread_mutex_unlock(&item->sweep->lock);
}

/* A seed chooses one schedule instead of all. */
static int
is_played_once(const struct sweep *sweep, const struct scenario *scenario)
{
	return sweep->once &&
	    (scenario->schedule.order != SCN_ORDER_EXPLORE || sweep->play.seed_given);
}

static void
explore_item(struct sweep *sweep, struct sweep_item *item)
{
	struct cli_search search = sweep->search;

	search.options.progress = note_progress;
	search.options.progress_ctx = item;
	set_under_way(item, 1);
	cli_explored_make(item->scenario, &search, item->explored);
	set_under_way(item, 0);
}

static void
make_scenario(struct sweep_item *item)
{
	(void)pthread_mutex_lock(&item->sweep->lock);
	if (item->scenario == NULL)
		item->scenario = scenario_list_make(&item->input->list, item->index);
	(void)pthread_mutex_unlock(&item->sweep->lock);
}

/* In a thread of the pool. */
static void
do_item(void *ctx, size_t index)
{
	struct sweep *sweep = ctx;
	struct sweep_item *item = &sweep->item[index];

	make_scenario(item);
	if (item->scenario == NULL)
		return;
	if (!is_played_once(sweep, item->scenario)) {
		item->explored = calloc(1, sizeof(*item->explored));
		if (item->explored != NULL)
			explore_item(sweep, item);
	} else if (!sweep->told) {
		item->played = play_run(item->scenario, &sweep->play, &item->outcome);
		item->ahead = 1;
	}
}

/* --- patience --------------------------------------------------------------------------------- */

/* How long one takes until its limit at most, in seconds; 0: who knows. */
static double
time_left(const struct sweep *sweep, const struct explore_stats *stats, double seconds)
{
	uint64_t most = sweep->search.options.states_max, done = stats->states;

	if (most == 0)
		most = EXPLORE_STATES_DEFAULT;
	if (sweep->search.random) {
		most = sweep->search.runs;
		done = stats->runs;
	}
	return done == 0 || done > most ? 0 : seconds * (double)(most - done) / (double)done;
}

static void
say_progress(struct sweep *sweep, size_t done, double seconds)
{
	char line[160];
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct explore_stats sum = { 0 };
	struct text text;
	double left;
	size_t i;

	(void)pthread_mutex_lock(&sweep->lock);
	for (i = done; i < sweep->items && i < done + 5 * sweep->jobs; i++) {
		if (!sweep->item[i].under_way)
			continue;
		sum.states += sweep->item[i].stats.states;
		sum.visited += sweep->item[i].stats.visited;
		sum.runs += sweep->item[i].stats.runs;
	}
	(void)pthread_mutex_unlock(&sweep->lock);
	text_init(&text, &sink, 0);
	if (sweep->items > 1)
		text_add(&text, "%zu of %zu", done, sweep->items);
	if (sweep->items > 1 && (sweep->search.random || sum.states != 0))
		text_str(&text, "; ");
	if (sweep->search.random)
		text_count(&text, sum.runs, "run");
	else if (sum.states != 0)
		text_add(&text, "%llu states, %llu of them still to follow",
		    (unsigned long long)sum.states,
		    (unsigned long long)(sum.states - sum.visited));
	else if (sweep->items == 1)
		text_str(&text, "beginning");
	left = sweep->items > 1 ? 0 : time_left(sweep, &sum, seconds);
	if (sweep->items > 1 && done != 0)
		left = seconds * (double)(sweep->items - done) / (double)done;
	if (left >= 1)
		text_add(&text, "; %s%llu s more", sweep->items > 1 ? "about " : "at most ",
		    (unsigned long long)left);
	cli_progress_say(line);
}

static void
tell_progress(struct sweep *sweep, size_t done)
{
	double seconds;

	if (cli_progress_due(&seconds))
		say_progress(sweep, done, seconds);
}

/* --- reporting -------------------------------------------------------------------------------- */

/* Keeps the first failing schedule as a file. */
static void
keep_failing(struct sweep *sweep, struct sweep_item *item)
{
	struct report_finding *finding = &item->explored->finding;
	struct scn_sink sink;
	char note[REPORT_LINE_SIZE];
	struct text_buffer buffer = { note, sizeof(note), 0 };
	struct scn_sink note_sink = text_buffer_sink(&buffer);
	struct text text;

	if (sweep->save == NULL || sweep->saved.size != 0 || finding->run == NULL)
		return;
	sink = report_bytes_sink(&sweep->saved);
	text_init(&text, &note_sink, 0);
	report_write_cause(&text, item->scenario, finding);
	explore_file_write(&sink, item->scenario, &finding->run->replayed.made, note);
	finding->saved = sweep->save;
}

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

static enum cli_status
report_played(struct sweep *sweep, struct sweep_item *item)
{
	struct report *report = sweep->report;
	struct play_options play = sweep->play;
	enum cli_status status;

	report_scenario(report, item->scenario);
	if (!item->ahead) {
		play.sink = report_event_sink(report);
		play.sink_ctx = report;
		item->played = play_run(item->scenario, &play, &item->outcome);
		item->ahead = 1;
	}
	report_outcome(report, item->played, &item->outcome);
	status = status_of(item->played, &item->outcome);
	if (status >= CLI_BAD)
		cli_complain_of(item->scenario->file, report_unplayed(item->played));
	return status;
}

/* There is no one run whose events could be told. */
static enum cli_status
report_explored_item(struct sweep *sweep, struct sweep_item *item)
{
	struct report *report = sweep->report;
	struct report_options told = report->options;
	enum cli_status status;

	keep_failing(sweep, item);
	report->options.story = report->options.trace = 0;
	status = cli_explored_report(report, item->scenario, item->explored);
	report->options.story = told.story;
	report->options.trace = told.trace;
	return status;
}

static enum cli_status
report_item(struct sweep *sweep, struct sweep_item *item)
{
	if (item->scenario == NULL)
		return no_memory();
	if (is_played_once(sweep, item->scenario))
		return report_played(sweep, item);
	return item->explored != NULL ? report_explored_item(sweep, item) : no_memory();
}

static enum cli_status
report_input(struct sweep *sweep, struct cli_pool *pool, struct sweep_input *input, size_t first)
{
	struct cli_output *output = sweep->cli->output;
	enum cli_status status = CLI_OK;
	size_t i;

	report_file_begin(sweep->report, input->path);
	if (input->errors.count != 0)
		report_bad_file(sweep->report, &input->errors);
	else if (input->status != CLI_OK)
		cli_report_unread(sweep->report, input->path);
	for (i = first; i < first + input->items; i++) {
		while (!cli_pool_wait(pool, i))
			tell_progress(sweep, i);
		status = cli_worse(status, report_item(sweep, &sweep->item[i]));
		item_free(&sweep->item[i]);
		/* Where results scroll by, they are progress enough. */
		if (output->terminal)
			cli_output_flush(output);
		else
			tell_progress(sweep, i + 1);
	}
	report_file_end(sweep->report);
	return status;
}

/*
 * How many threads are worth their start.  One scenario that is only played is over before a thread
 * would be there; an exploration has a thread, so that its progress can be shown.
 */
static size_t
threads(struct sweep *sweep)
{
	struct sweep_item *item = sweep->item;

	if (sweep->items != 1)
		return sweep->jobs;
	make_scenario(item);
	return item->scenario == NULL || is_played_once(sweep, item->scenario) ? 0 : 1;
}

enum cli_status
sweep_report(struct sweep *sweep)
{
	struct cli_pool *pool;
	enum cli_status status = CLI_OK;
	size_t first = 0, i;

	if (sweep->item == NULL)
		return CLI_ENVIRONMENT; /* which was complained about */
	/* Asked before there are threads: the report's options change while it is written. */
	sweep->told = report_event_sink(sweep->report) != NULL;
	(void)pthread_mutex_init(&sweep->lock, NULL);
	pool = cli_pool_start(sweep->items, threads(sweep), do_item, sweep);
	if (pool == NULL)
		return no_memory();
	for (i = 0; i < sweep->inputs; i++) {
		status = cli_worse(status,
		    report_input(sweep, pool, &sweep->input[i], first));
		first += sweep->input[i].items;
	}
	cli_pool_end(pool);
	(void)pthread_mutex_destroy(&sweep->lock);
	return status;
}
