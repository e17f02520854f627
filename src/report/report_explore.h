/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What came of exploring the schedules of one scenario.
 */
#ifndef VK_REPORT_REPORT_EXPLORE_H
#define VK_REPORT_REPORT_EXPLORE_H

#include "explore/explore_cause.h"
#include "report/report_columns.h"

/* One schedule, replayed to be looked at. */
struct report_run {
	struct explore_replayed replayed;
	struct columns columns;
};

/* Which schedules were looked at. */
enum report_search {
	REPORT_ALL,    /* within the bounds of the options */
	REPORT_RANDOM, /* `runs` of them, by chance */
	REPORT_REPLAY  /* one that was given */
};

/* What was explored, how, and what was found; all of it is whoever's made it. */
struct report_finding {
	const struct explore_options *options;
	enum report_search search;
	uint64_t seed, runs;
	struct explore_result result;
	struct report_run *run;      /* the schedule of the violation, or the one that was
	                              * given; NULL: none */
	size_t shortest;      /* moves of it as it was found */
	struct explore_cause cause;
	struct report_run *witness;  /* result.witnesses of them, where those were asked for */
	const char *saved;    /* the file that the failing schedule went to, or NULL */
};

enum report_verdict {
	REPORT_HOLDS,      /* as far as was asked for */
	REPORT_VIOLATED,
	REPORT_NOT_COVERED, /* a budget came first */
	REPORT_TOO_LARGE,  /* more threads, frames or choices than can be explored */
	REPORT_BROKEN      /* out of memory, or a mistake in the program */
};

enum report_verdict report_finding_verdict(const struct scenario *scenario,
    const struct report_finding *finding);

/* Outcomes that some schedule should come to and none did, bit by bit. */
uint64_t report_finding_missing(const struct scenario *scenario,
    const struct report_finding *finding);

/* "under every schedule (82 states)", "under 1000 random schedules", "not covered: ..." */
void report_write_coverage(struct text *text, const struct report_finding *finding);

/*
 * The cause in one sentence; nothing where none was found.  Complete when the run is that of the
 * failing schedule.
 */
void report_write_cause(struct text *text, const struct scenario *scenario,
    const struct report_finding *finding);

#endif
