/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Playing or exploring the scenarios of many files, several at a time.
 */
#ifndef VK_CLI_CLI_SWEEP_H
#define VK_CLI_CLI_SWEEP_H

#include <pthread.h>

#include "cli/cli_explore.h"

/* The scenarios of one file, or its errors. */
struct sweep_input {
	const char *path;
	struct scenario_list list;
	struct scenario_errors errors;
	enum cli_status status;
	int named;    /* itself, not a directory that it is in */
	size_t items; /* of its scenarios, which are taken up */
};

/* One scenario. */
struct sweep_item {
	struct sweep *sweep;
	struct sweep_input *input;
	size_t index; /* in its list */
	struct scenario *scenario;
	struct cli_explored *explored; /* NULL: it is played once */
	struct play_outcome outcome;   /* of that, where it was played ahead of its report */
	enum play_status played;
	int ahead;
	struct explore_stats stats; /* while it is explored, under the lock */
	int under_way;
};

struct sweep {
	struct cli *cli;
	struct cli_search search;
	const char *save;        /* a file for the first failing schedule, or NULL */
	size_t jobs;             /* scenarios at a time */
	struct cli_timeline timeline; /* whether the report is one */
	int once;                /* only what asks to be explored is; the rest is played */
	struct play_options play; /* how */
	int told;                /* the report wants the events of what is played */
	struct report *report;
	struct report_bytes saved;  /* what belongs into that file */
	struct cli_paths paths;
	struct sweep_input *input;
	size_t inputs;
	struct sweep_item *item;
	size_t items;
	pthread_mutex_t lock;    /* over items under way, and over the making of scenarios */
};

#define SWEEP_JOBS_MAX 256u

#define SWEEP_OPTION_JOBS(id) { id, 'j', "jobs", "N", "scenarios at a time (one a processor)" }

/* The jobs there are when nobody says how many. */
size_t sweep_jobs(void);

/* Takes the argument of --jobs; 0 with a complaint. */
int sweep_take_jobs(struct sweep *sweep, const char *argument);

/* Whether the other options go with a timeline; CLI_BAD with a complaint. */
enum cli_status sweep_check_timeline(const struct sweep *sweep);

/* The form of the report. */
enum report_format_id sweep_format(const struct sweep *sweep);

/* Reads the files of the operands; of a directory, unless `once`, those that ask to be explored. */
enum cli_status sweep_read(struct sweep *sweep);

/* Plays or explores all of them, and reports each. */
enum cli_status sweep_report(struct sweep *sweep);

void sweep_free(struct sweep *sweep);

#endif
