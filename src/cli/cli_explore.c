/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a scenario to a finding: explore, minimise, look for the cause, replay for the report.
 *
 * Nothing is printed here, and nothing shared is touched, so that several scenarios can be explored
 * at once.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli_explore.h"
#include "explore/explore_minimise.h"
#include "explore/explore_random.h"

void
cli_report_unread(struct report *report, const char *path)
{
	struct scenario_error error = { 0, 0, "the file cannot be read" };
	struct scenario_errors errors = { .file = path, .error = &error, .count = 1 };

	report_bad_file(report, &errors);
}

enum cli_status
cli_report_end(const struct cli *cli, struct report *report)
{
	struct text *text;

	report_end(report);
	if (report->no_memory) {
		cli_complain("out of memory");
		return CLI_ENVIRONMENT;
	}
	if (report->options.format == REPORT_PERFETTO)
		cli_timeline_complain(report->timeline.most, report->timeline.left_out);
	if (!report_is_good(report) &&
	    (report->options.format != REPORT_TEXT || cli->path != NULL)) {
		text = cli_error();
		text_str(text, "vkept: ");
		report_write_summary(text, report);
		text_str(text, "\n");
	}
	return CLI_OK;
}

/* What the scenario says counts where the command line says nothing. */
static void
options_make(const struct scenario *scenario, const struct cli_search *search,
    struct explore_options *options)
{
	const struct scn_explore *explore = &scenario->schedule.explore;
	int asked = scenario->schedule.order == SCN_ORDER_EXPLORE;

	*options = search->options;
	if (asked && !search->preemptions_given && scn_has(&explore->src, SCN_KEY_PREEMPTIONS)) {
		options->bounded = true;
		options->preemptions = explore->preemptions;
	}
	if (asked && !search->states_given && scn_has(&explore->src, SCN_KEY_STATES))
		options->states_max = explore->states;
	if (asked && !search->depth_given && scn_has(&explore->src, SCN_KEY_DEPTH))
		options->depth_max = explore->depth;
}

/* Runs a schedule for the report; false: out of memory. */
static bool
look_at(const struct scenario *scenario, const struct explore_schedule *schedule,
    struct report_run *run)
{
	const struct explore_replay_options options = { .sink = columns_event,
		.sink_ctx = &run->columns, .before = columns_before, .after = columns_after,
		.ctx = &run->columns };

	if (!columns_init(&run->columns, scenario))
		return false;
	explore_replay(scenario, schedule, &options, &run->replayed);
	if (run->replayed.status == EXPLORE_REPLAY_NO_MEMORY)
		return false;
	columns_end(&run->columns, &run->replayed);
	return !run->columns.no_memory;
}

static void
run_free(struct report_run *run)
{
	explore_replayed_free(&run->replayed);
	columns_free(&run->columns);
}

/* What the report needs of a violation; false: out of memory. */
static bool
look_at_violation(const struct scenario *scenario, struct cli_explored *explored)
{
	struct report_finding *finding = &explored->finding;
	struct explore_schedule *schedule = &finding->result.schedule;

	finding->shortest = schedule->moves;
	finding->run = &explored->run;
	if (!explore_minimise(scenario, schedule) ||
	    !explore_find_cause(scenario, schedule, &finding->cause) ||
	    !look_at(scenario, schedule, &explored->run))
		return false;
	/* A run without end may be what the scenario expects. */
	if (explored->run.replayed.outcome.mismatches == 0) {
		finding->result.violation = EXPLORE_NONE;
		finding->run = NULL;
		run_free(&explored->run);
	}
	return true;
}

static bool
look_at_witnesses(const struct scenario *scenario, struct report_finding *finding)
{
	const struct explore_result *result = &finding->result;
	size_t i;

	if (result->witnesses == 0)
		return true;
	finding->witness = calloc(result->witnesses, sizeof(*finding->witness));
	if (finding->witness == NULL)
		return false;
	for (i = 0; i < result->witnesses; i++) {
		if (result->witness[i].move != NULL &&
		    !look_at(scenario, &result->witness[i], &finding->witness[i]))
			return false;
	}
	return true;
}

void
cli_explored_make(const struct scenario *scenario, const struct cli_search *search,
    struct cli_explored *explored)
{
	struct report_finding *finding = &explored->finding;
	struct explore_result *result = &finding->result;
	bool ok = true;

	memset(explored, 0, sizeof(*explored));
	options_make(scenario, search, &explored->options);
	finding->options = &explored->options;
	finding->search = search->random ? REPORT_RANDOM : REPORT_ALL;
	finding->seed = search->seed;
	finding->runs = search->runs;
	if (search->random)
		explore_random(scenario, &explored->options, search->seed, search->runs, result);
	else
		explore_run(scenario, &explored->options, result);
	if (result->violation == EXPLORE_EXPECTATION || result->violation == EXPLORE_STUCK)
		ok = look_at_violation(scenario, explored);
	if (!ok || !look_at_witnesses(scenario, finding))
		result->end = EXPLORE_NO_MEMORY;
}

void
cli_explored_replay(const struct scenario *scenario, const struct explore_schedule *schedule,
    struct cli_explored *explored)
{
	struct report_finding *finding = &explored->finding;
	struct explore_replayed *replayed = &explored->run.replayed;

	memset(explored, 0, sizeof(*explored));
	finding->options = &explored->options;
	finding->search = REPORT_REPLAY;
	finding->run = &explored->run;
	finding->result.end = EXPLORE_SAMPLED;
	if (!look_at(scenario, schedule, &explored->run) ||
	    !explore_find_cause(scenario, schedule, &finding->cause))
		finding->result.end = EXPLORE_NO_MEMORY;
	else if (replayed->status == EXPLORE_REPLAY_OVER_LIMIT)
		finding->result.end = EXPLORE_OVER_LIMIT;
	else if (replayed->outcome.mismatches != 0)
		finding->result.violation = replayed->stop == EXPLORE_QUIET ||
		    replayed->stop == EXPLORE_ENDLESS ? EXPLORE_STUCK : EXPLORE_EXPECTATION;
	finding->result.reached = replayed->outcome.reached;
}

enum cli_status
cli_explored_status(const struct scenario *scenario, const struct cli_explored *explored)
{
	switch (report_finding_verdict(scenario, &explored->finding)) {
	case REPORT_HOLDS:
		return CLI_OK;
	case REPORT_VIOLATED:
	case REPORT_NOT_COVERED:
		return CLI_FAILED;
	case REPORT_TOO_LARGE:
		return CLI_BAD;
	case REPORT_BROKEN:
		break;
	}
	return CLI_ENVIRONMENT;
}

/*
 * The one run whose events are told: the one that broke something, else the one in order of the
 * scenario.  False: out of memory.
 */
static bool
tell_run(struct report *report, const struct scenario *scenario,
    const struct cli_explored *explored)
{
	struct play_options play = { .sink = report_event_sink(report), .sink_ctx = report };
	const struct explore_replay_options replay = { .sink = play.sink, .sink_ctx = report };
	struct explore_replayed replayed;
	struct play_outcome outcome;
	bool told;

	if (explored->finding.run != NULL) {
		explore_replay(scenario, &explored->run.replayed.made, &replay, &replayed);
		told = replayed.status != EXPLORE_REPLAY_NO_MEMORY;
		explore_replayed_free(&replayed);
	} else {
		told = play_run(scenario, &play, &outcome) != PLAY_NO_MEMORY;
		play_outcome_free(&outcome);
	}
	return told;
}

enum cli_status
cli_explored_report(struct report *report, const struct scenario *scenario,
    const struct cli_explored *explored)
{
	enum cli_status status = cli_explored_status(scenario, explored);

	report_scenario(report, scenario);
	if (report_tells_explored(report) && status <= CLI_FAILED &&
	    !tell_run(report, scenario, explored))
		report->no_memory = 1;
	report_explored(report, &explored->finding);
	if (status >= CLI_BAD)
		cli_complain_of(scenario->file, report_unexplored(&explored->finding));
	return status;
}

void
cli_explored_free(struct cli_explored *explored)
{
	struct report_finding *finding = &explored->finding;
	size_t i;

	if (finding->run != NULL)
		run_free(&explored->run);
	for (i = 0; finding->witness != NULL && i < finding->result.witnesses; i++)
		run_free(&finding->witness[i]);
	free(finding->witness);
	explore_result_free(&finding->result);
}
