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
	void (*scene_begin)(struct report *report);
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

/* Whether events are wanted at all. */
int report_wants_events(const struct report *report);

/* "file:12:5: qualification: expected 0x182, found 0x181". */
void report_write_mismatch(struct text *text, const struct scenario *scenario,
    const struct play_mismatch *mismatch);

/* "main, step 3 (write 0x400000, 8 bytes): what the file says about it"; nothing at the end. */
void report_write_where(struct text *text, const struct scenario *scenario,
    const struct play_mismatch *mismatch);

#endif
