/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `vkept run` says: scenarios as they are played, in one of four formats.
 *
 * A report is told what happens in order and writes as it goes; it keeps counts, the place of the
 * first failure and, while a scenario is played, the scene under way.  It reads scenarios, events
 * and outcomes, and never a machine.
 */
#ifndef VK_REPORT_REPORT_H
#define VK_REPORT_REPORT_H

#include "play/play.h"
#include "report/report_bytes.h"
#include "report/report_explore.h"
#include "report/report_story.h"
#include "report/report_timeline.h"

enum report_format_id {
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_TAP,
	REPORT_JUNIT,
	REPORT_PERFETTO /* a timeline of the trace */
};

struct report_options {
	enum report_format_id format;
	int trace;      /* every event: text and JSON; always given for a timeline */
	int story;      /* text: one line a step */
	int quiet;      /* text: failures only */
	int advise;     /* which invalidations were missing: text and JSON */
	int details;    /* text: how an exploration went; 2: with figures and witnesses */
	int color;      /* text */
	int seed_given; /* the schedule was replaced; said with failures */
	uint64_t seed;
	uint64_t timeline_most; /* bytes of a timeline; 0: as many as are usual */
	const char *version;
	const char *command; /* whose report it is: "run" */
};

struct report_counts {
	uint64_t passed, failed;
	uint64_t unplayed;  /* could not be played to their end */
	uint64_t bad_files; /* whose scenarios could not be loaded */
};

#define REPORT_PLACE_SIZE 512
#define REPORT_LINE_SIZE 1024

struct report {
	struct report_options options;
	const struct report_format *format;
	struct text text;
	struct json json;
	struct report_counts counts;
	char first[REPORT_PLACE_SIZE]; /* "file:line:column" of the first failure */
	int no_memory;                 /* something could not be told */
	/* JUnit: the cases of a file, which stand behind their counts. */
	struct text suites;
	struct report_bytes suite;
	struct report_counts before;
	/* While a scenario is played. */
	const struct scenario *scenario;
	struct decoder decoder;
	struct story_scene scene;
	int in_scene;
	const struct report_finding *finding; /* NULL: it was played once */
	char line[REPORT_LINE_SIZE]; /* the last line of the story, and how often it came again */
	uint64_t line_again;
	struct timeline timeline;
};

/* Starts a report; everything it writes goes to `sink`. */
void report_begin(struct report *report, const struct report_options *options,
    const struct scn_sink *sink);

/* The scenarios of this file follow, or its errors. */
void report_file_begin(struct report *report, const char *file);
void report_file_end(struct report *report);

/* The file that was begun could not be loaded. */
void report_bad_file(struct report *report, const struct scenario_errors *errors);

/* This scenario is played next; it has to live until report_outcome(). */
void report_scenario(struct report *report, const struct scenario *scenario);

/* Whether events are told also of a scenario whose schedules are explored: those of one run. */
int report_tells_explored(const struct report *report);

/* Takes its events, with the report as context; NULL when no events are wanted. */
event_sink report_event_sink(const struct report *report);

/* How the scenario ended; with anything but PLAY_DONE the outcome is not looked at. */
void report_outcome(struct report *report, enum play_status status,
    const struct play_outcome *outcome);

/* The same of a scenario whose schedules were explored. */
void report_explored(struct report *report, const struct report_finding *finding);

/* Writes what comes last: counts, closing brackets. */
void report_end(struct report *report);

/* Whether all that was reported held. */
int report_is_good(const struct report *report);

/* "481 scenarios: 480 passed, 1 failed; first: file:20:38". */
void report_write_summary(struct text *text, const struct report *report);

/* Why a scenario could not be played, or explored, in words; NULL when it was. */
const char *report_unplayed(enum play_status status);
const char *report_unexplored(const struct report_finding *finding);

#endif
