/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace: every event of a run, as a line for people or as an object for programs.
 */
#ifndef VK_REPORT_REPORT_TRACE_H
#define VK_REPORT_REPORT_TRACE_H

#include "report/report_decode.h"
#include "report/report_json.h"

/* One line, indented; nothing for EVENT_STEP, which opens a paragraph of its own. */
void trace_event_text(struct text *text, struct decoder *decoder, const struct event *event);

/* One element of an array.  Steps count from 1, addresses and entries are strings. */
void trace_event_json(struct json *json, struct decoder *decoder, const struct event *event);

/* "access", "exit" ...: the word of an event in that object. */
const char *trace_event_kind(const struct event *event);

/* The members of that object by themselves, without the word. */
void trace_event_members(struct json *json, struct decoder *decoder, const struct event *event);

/* "error" of a copyio call, as errno names it. */
const char *trace_copy_error(unsigned error);

/* The flags that an EVENT_FLAGS set: "A", "D" or "A D". */
const char *trace_flags(const struct event *event);

#endif
