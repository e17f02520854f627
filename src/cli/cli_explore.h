/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exploring one scenario, for the subcommands that do.
 */
#ifndef VK_CLI_CLI_EXPLORE_H
#define VK_CLI_CLI_EXPLORE_H

#include "cli/cli.h"
#include "explore/explore_file.h"
#include "report/report.h"

/* What reports say of a file that was complained about already. */
void cli_report_unread(struct report *report, const char *path);

/*
 * Ends a report.  What did not hold is counted, and the first place of it named, in one line: that
 * of the report, or on standard error where the report is for programs or for a file.
 */
enum cli_status cli_report_end(const struct cli *cli, struct report *report);

/* How schedules are looked for; what is not given is as the scenario says. */
struct cli_search {
	struct explore_options options;
	int states_given, preemptions_given, depth_given;
	int random;            /* schedules by chance instead of all */
	uint64_t seed, runs;
};

/* What came of it.  Not to be copied: the finding points into it. */
struct cli_explored {
	struct explore_options options;
	struct report_finding finding;
	struct report_run run;
};

/*
 * Explores; what fails is minimised and replayed.  The scenario has to stay until
 * cli_explored_free().  Several may go on in OS threads of their own.
 */
void cli_explored_make(const struct scenario *scenario, const struct cli_search *search,
    struct cli_explored *explored);

/* Replays one schedule; the finding is as if exploring had found it. */
void cli_explored_replay(const struct scenario *scenario, const struct explore_schedule *schedule,
    struct cli_explored *explored);

/* The status that this comes to. */
enum cli_status cli_explored_status(const struct scenario *scenario,
    const struct cli_explored *explored);

/* Reports, with a complaint where there is more to it than a violation; the status. */
enum cli_status cli_explored_report(struct report *report, const struct scenario *scenario,
    const struct cli_explored *explored);

void cli_explored_free(struct cli_explored *explored);

/* A schedule from a file, and the scenario that it is of. */
struct cli_schedule {
	const char *path;
	struct scenario *scenario;
	struct explore_file file;
	struct scenario_errors errors; /* of the file; complained about already */
};

/* Reads it, with a complaint unless CLI_OK.  In any case to be closed. */
enum cli_status cli_schedule_open(const char *path, struct scenario_list *list,
    struct cli_schedule *schedule);
void cli_schedule_close(struct cli_schedule *schedule);

/* Whether its moves could be made; else with a complaint, also to the report unless it is NULL. */
bool cli_schedule_fits(const struct cli_schedule *schedule,
    const struct explore_replayed *replayed, struct report *report);

/* Runs the schedule of one file, of the scenario of another, and reports. */
enum cli_status cli_replay(struct report *report, const char *schedule, const char *scenario);

#endif
