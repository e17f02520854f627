/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `vkept exec` says of a program: how it ended and what that took; and its trace.
 */
#ifndef VK_REPORT_REPORT_EXEC_H
#define VK_REPORT_REPORT_EXEC_H

#include "exec/exec_outcome.h"
#include "report/report_decode.h"
#include "report/report_json.h"
#include "report/report_text.h"
#include "report/report_timeline.h"

/* The machine of a program, for the words of its trace. */
void exec_report_decoder(struct decoder *decoder);

/*
 * One event as a line, or as an element of an array.  Left out are accesses that the TLB answered,
 * of which most are not even told, and the host's own accesses to pages that were there.
 */
void exec_report_event(struct text *text, struct decoder *decoder, const struct event *event);
void exec_report_event_json(struct json *json, struct decoder *decoder,
    const struct event *event);

/* The program as a process on a timeline, each vCPU a thread of it.  0: out of memory. */
int exec_report_timeline(struct timeline *timeline, struct decoder *decoder, const char *program,
    unsigned cpus);

/* One event, with the same left out. */
void exec_report_event_timeline(struct timeline *timeline, const struct event *event);

/* The end of the program as a mark, and of its process. */
void exec_report_end_timeline(struct timeline *timeline, const struct exec_outcome *outcome);

/* "exited with status 0". */
void exec_report_end(struct text *text, const struct exec_outcome *outcome);

/* A line for each kind of thing that was counted. */
void exec_report_text(struct text *text, const char *program, const struct exec_outcome *outcome);

/* The members of an object that is open. */
void exec_report_json(struct json *json, const char *program, const struct exec_outcome *outcome);

#endif
