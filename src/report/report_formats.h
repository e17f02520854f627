/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The formats of a report; private to this room.
 */
#ifndef VK_REPORT_REPORT_FORMATS_H
#define VK_REPORT_REPORT_FORMATS_H

#include "report/report.h"
#include "report/report_why.h"

/* What a format does at each point; NULL: nothing. */
struct report_format {
	void (*begin)(struct report *report);
	void (*file_begin)(struct report *report, const char *file);
	void (*file_end)(struct report *report);
	void (*bad_file)(struct report *report, const struct scenario_errors *errors);
	void (*scenario)(struct report *report);
	void (*scene_begin)(struct report *report); /* NULL: events are not cut into scenes */
	void (*event)(struct report *report, const struct event *event);
	void (*scene_end)(struct report *report);
	void (*outcome)(struct report *report, enum play_status status,
	    const struct play_outcome *outcome);
	void (*end)(struct report *report);
};

extern const struct report_format report_format_text;
extern const struct report_format report_format_json;
extern const struct report_format report_format_tap;
extern const struct report_format report_format_junit;
extern const struct report_format report_format_perfetto;

/* Whether events are wanted at all. */
int report_wants_events(const struct report *report);

/* Why the scenario could not be played, or explored. */
const char *report_reason(const struct report *report, enum play_status status);

/* The scenario's title, and how much of its schedules was covered where they were explored. */
void report_write_title(const struct report *report, struct text *text);

/* The cause of a violation as one line; empty where none was found. */
void report_cause_line(const struct report *report, char *line, size_t size);

/* Outcomes that some schedule has to come to, bit by bit. */
uint64_t report_wanted(const struct scenario *scenario);

/* Behind the outcome: cause and run of a violation, and what else is asked for. */
void report_explored_text(struct report *report);

/* A member of the object of the scenario. */
void report_explored_json(struct report *report);

/* Lines of the YAML block of a violation. */
void report_explored_tap(struct report *report);

/* The cause of a violation, and what the threads did, as plain lines. */
void report_explored_lines(struct report *report, struct text *text);

/* "file:12:5: qualification: expected 0x182, found 0x181". */
void report_write_mismatch(struct text *text, const struct scenario *scenario,
    const struct play_mismatch *mismatch);

/* "main, step 3 (write 0x400000, 8 bytes): what the file says about it"; nothing at the end. */
void report_write_where(struct text *text, const struct scenario *scenario,
    const struct play_mismatch *mismatch);

#endif
