/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What threads share, in words: cells, their values, what was done to them.
 *
 * A word of memory is called by what it is, as far as the events of the run have told: an entry of
 * a table, or a guest-physical address.
 */
#ifndef VK_REPORT_REPORT_CELLS_H
#define VK_REPORT_REPORT_CELLS_H

#include "explore/explore_replay.h"
#include "report/report_decode.h"

/* What is known of memory. */
struct cells_page {
	uint64_t hpa, gpa;
};

struct cells_entry {
	uint64_t slot; /* in its side's space */
	enum event_side side;
	unsigned level;
};

struct cells {
	const struct scenario *scenario;
	struct cells_page *page;
	size_t pages, page_room;
	struct cells_entry *entry;
	size_t entries, entry_room;
	int no_memory;
};

void cells_init(struct cells *cells, const struct scenario *scenario);
void cells_free(struct cells *cells);

/* Takes in what an event tells of memory. */
void cells_learn(struct cells *cells, const struct event *event);

/* "cpulock", "PTE[0] at GPA 0x5000", "the TLB of CPU 1". */
void cells_write_name(struct text *text, const struct cells *cells, watch_cell cell);

/* "reads", "changes" ... */
const char *cells_verb(const struct explore_touch *touch);

/* "reads cpulock: shut, 1 in", "changes invgen: 1 -> 2". */
void cells_write_touch(struct text *text, const struct cells *cells,
    const struct explore_touch *touch);

#endif
