/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run of several threads, a column each, in the order in which things happened.
 *
 * It is taken in while a schedule is replayed, and written afterwards.
 */
#ifndef VK_REPORT_REPORT_COLUMNS_H
#define VK_REPORT_REPORT_COLUMNS_H

#include "report/report_cells.h"
#include "report/report_story.h"
#include "sim/stale.h"

#define COLUMNS_NO_MOVE SIZE_MAX /* before the first */

enum columns_kind {
	COLUMNS_STEP,     /* a step begins: `step` */
	COLUMNS_TOUCH,    /* of something shared: `touch` */
	COLUMNS_HAPPENED, /* `what` */
	COLUMNS_FAILURE   /* likewise: an expectation that did not hold */
};

/* One thing that a thread did. */
struct columns_row {
	enum columns_kind kind;
	size_t move;
	unsigned thread;
	int step;
	struct explore_touch touch;
	char *what;
};

/* An access by a stale translation, and how that came about. */
struct columns_stale {
	int seen;
	unsigned thread;
	int step;
	uint64_t address;
	struct stale history;
	size_t change_move;   /* of the last edit by who changed the entry; 0: not known */
};

struct columns {
	const struct scenario *scenario;
	struct decoder decoder;
	struct cells cells;
	struct columns_row *row;
	size_t rows, room;
	size_t more;          /* things that were not kept */
	struct columns_stale stale; /* the last */
	/* While the run is taken in: */
	size_t move;
	unsigned thread;
	struct story_scene scene;
	struct columns_row *held; /* of this move, behind its touches */
	size_t helds, held_room;
	int begun[EXPLORE_THREADS_MAX];   /* the step that a thread is in, or -1 */
	int untold[EXPLORE_THREADS_MAX];  /* and nothing was told of it yet */
	size_t edited[EXPLORE_THREADS_MAX]; /* the move of its last edit of an entry */
	int no_memory;
};

/* Keeps a pointer to the scenario; 0 when out of memory. */
int columns_init(struct columns *columns, const struct scenario *scenario);
void columns_free(struct columns *columns);

/* The listeners of a replay; `ctx` is the columns. */
void columns_event(void *ctx, const struct event *event);
void columns_before(void *ctx, size_t move, unsigned thread);
void columns_after(void *ctx, size_t move, unsigned thread, const struct explore_touch *touch,
    size_t touches);

/* The run is over, and this is what did not hold. */
void columns_end(struct columns *columns, const struct explore_replayed *replayed);

/* One row as a line, without thread and move. */
void columns_write_row(struct text *text, struct columns *columns, const struct columns_row *row);

/* All of it, each line behind `indent` blanks; of `moves` moves, or fewer. */
void columns_write(struct text *text, struct columns *columns, size_t moves, unsigned indent);

#endif
