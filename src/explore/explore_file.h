/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A schedule as a file, so that a run can be made again elsewhere.
 *
 *	vkept-schedule 1
 *	scenario "a page is taken away under a reader"
 *	variant "page=2M"
 *	cell vmm main cpulock
 *	cell word 0x105000
 *	move master
 *	move slave choose 1
 *	end 2
 *
 * Cells are those at whose touches moves end; moves come in order.  Blank lines, and what follows a
 * hash, are passed over.  The number of moves at the end tells whether all of the file is there.
 */
#ifndef VK_EXPLORE_EXPLORE_FILE_H
#define VK_EXPLORE_EXPLORE_FILE_H

#include "explore/explore.h"

#define EXPLORE_FILE_VERSION 1u

/* Writes a schedule of this scenario.  `note` is put ahead as a remark; one line, or NULL. */
void explore_file_write(const struct scn_sink *sink, const struct scenario *scenario,
    const struct explore_schedule *schedule, const char *note);

struct explore_file {
	char *scenario; /* its name, as the file gives it; NULL when it does not */
	char *variant;  /* likewise */
	struct explore_schedule schedule;
	struct scn_mark *mark; /* of each move */
};

enum explore_file_status {
	EXPLORE_FILE_OK,
	EXPLORE_FILE_BAD,      /* the file is wrong, or does not fit the scenario: see the errors */
	EXPLORE_FILE_NO_MEMORY /* no error is recorded for that */
};

/*
 * Reads a file's bytes; `name` is what messages call it.  Names are looked up in the scenario.
 * With none only the form is checked, and the schedule is empty: so it can be found out for which
 * scenario the file is.  *file is to be freed in each case, *errors too.
 */
enum explore_file_status explore_file_read(const char *name, const char *text, size_t size,
    const struct scenario *scenario, struct explore_file *file, struct scenario_errors *errors);

void explore_file_free(struct explore_file *file);

#endif
