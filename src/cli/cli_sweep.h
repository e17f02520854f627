/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exploring the scenarios of many files.
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
	size_t items; /* of its scenarios, which are explored */
};

/* One scenario. */
struct sweep_item {
	struct sweep *sweep;
	struct sweep_input *input;
	size_t index; /* in its list */
	struct scenario *scenario;
	struct cli_explored *explored;
	struct explore_stats stats; /* while it is explored, under the lock */
	int under_way;
};

struct sweep {
	struct cli *cli;
	struct cli_search search;
	const char *save;        /* a file for the first failing schedule, or NULL */
	size_t jobs;             /* scenarios at a time */
	struct report *report;
	struct cli_bytes saved;  /* what belongs into that file */
	struct cli_paths paths;
	struct sweep_input *input;
	size_t inputs;
	struct sweep_item *item;
	size_t items;
	pthread_mutex_t lock;    /* over items under way, and over the making of scenarios */
};

/* Reads the files of the operands; of a directory those that ask for an exploration. */
enum cli_status sweep_read(struct sweep *sweep);

/* Explores all of them, and reports each. */
enum cli_status sweep_explore(struct sweep *sweep);

void sweep_free(struct sweep *sweep);

#endif
