/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A timeline of runs, one after the other, in the JSON form of Chrome traces.
 *
 * It is told of a process, then of its threads by name, of its events, of what was found at its
 * end, and of the next one.
 */
#ifndef VK_REPORT_REPORT_TIMELINE_H
#define VK_REPORT_REPORT_TIMELINE_H

#include "report/report_decode.h"
#include "report/report_json.h"

#define TIMELINE_BYTES_DEFAULT 0x10000000u /* 256 MiB, which viewers still open */

struct timeline {
	struct json json;
	struct scn_sink sink;          /* where it goes */
	uint64_t written, most;        /* bytes */
	uint64_t left_out;             /* events beyond them */
	uint64_t processes, flows;
	/* Of the process under way: */
	struct decoder *decoder;
	uint64_t now;                  /* events so far */
	int edited;                    /* an entry was changed: */
	uint64_t edit_tid, edit_at;
	size_t tracks;                 /* a thread has one, the first is the machine's */
	unsigned char *open;           /* of each a bit for each kind of slice; NULL: no process */
};

/*
 * Begins a timeline that tells of no more events once it has `most` bytes; 0: as many as are usual.
 */
void timeline_begin(struct timeline *timeline, const struct scn_sink *sink, const char *version,
    uint64_t most);

/* The events that follow are those of this process.  0: out of memory, nothing is told of it. */
int timeline_process(struct timeline *timeline, struct decoder *decoder, const char *name,
    size_t threads);

/* What a thread of it is called, by its index. */
void timeline_thread(struct timeline *timeline, size_t thread, const char *name);

void timeline_event(struct timeline *timeline, const struct event *event);

/* Nothing goes on any more: every slice ends here. */
void timeline_stop(struct timeline *timeline);

/* A mark where the timeline has come to, of a thread or, -1, the machine; across all tracks. */
void timeline_mark(struct timeline *timeline, int thread, const char *category, const char *text);

void timeline_process_end(struct timeline *timeline);

void timeline_end(struct timeline *timeline);

#endif
