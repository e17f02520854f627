/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All schedules of a scenario: the threads' own code is run, and every order of what they share is
 * tried.
 *
 * How: what threads share is made of cells (sim/watch.h).  A state is the values of the cells that
 * ever change and, for each thread, where it stands.  A move is what one thread does from one touch
 * of a shared cell to the next; it is made by the real code once, and remembered as what it read,
 * what it wrote and where it went.  docs/EXPLORE.md argues why that is enough.
 */
#ifndef VK_EXPLORE_EXPLORE_H
#define VK_EXPLORE_EXPLORE_H

#include "play/play.h"
#include "sim/watch.h"

#define EXPLORE_THREADS_MAX 16
#define EXPLORE_CHOICES_MAX 64 /* open choices in one move */

/* One move of a schedule. */
struct explore_move {
	unsigned char thread;
	unsigned char choices;
	unsigned char choice[EXPLORE_CHOICES_MAX];
};

/*
 * A schedule: moves, and the cells at whose touches moves end.  With the scenario it gives the same
 * run everywhere.
 */
struct explore_schedule {
	watch_cell *cell;
	size_t cells;
	struct explore_move *move;
	size_t moves;
};

void explore_schedule_free(struct explore_schedule *schedule);

struct explore_stats {
	uint64_t states;
	uint64_t visited;     /* of these, all moves were followed */
	uint64_t moves;       /* between states, each counted */
	uint64_t ends;        /* states in which every thread has ended, or nothing moves */
	uint64_t depth;       /* moves of the longest of the shortest ways */
	uint64_t live_moves;  /* that the real code made; the others were remembered */
	uint64_t runs;        /* of the real code from the beginning */
	uint64_t passes;      /* until no further cell turned out to be shared */
	uint64_t state_bytes; /* of one state as it is kept, its place in the index included */
	uint64_t cells;       /* that change */
	uint64_t shared;      /* of these, touched by several threads */
	uint64_t places;      /* at which threads can stand, over all threads */
};

struct explore_options {
	uint64_t states_max;   /* 0: EXPLORE_STATES_DEFAULT */
	uint64_t bytes_max;    /* of the states as they are kept; 0: any number */
	uint64_t depth_max;    /* moves of a schedule; 0: any number */
	bool bounded;          /* by preemptions */
	unsigned preemptions;  /* switches away from a thread that could go on */
	bool end_at_violation; /* rather than look for every reachable outcome */
	bool safety_only;      /* do not look for states from which the end cannot be reached */
	bool witnesses;        /* keep a schedule for each outcome that is found */
	/* Called now and then; may be NULL. */
	void (*progress)(void *ctx, const struct explore_stats *stats);
	void *progress_ctx;
};

#define EXPLORE_STATES_DEFAULT 20000000u

enum explore_end {
	EXPLORE_COMPLETE,   /* every schedule (within the bound) was covered */
	EXPLORE_BUDGET,     /* the limit of states came first */
	EXPLORE_BYTES,      /* the limit of their memory came first */
	EXPLORE_DEPTH,      /* some schedules have more moves than they may */
	EXPLORE_SAMPLED,    /* some schedules, taken by chance, were made */
	EXPLORE_NO_MEMORY,
	EXPLORE_OVER_LIMIT, /* the scenario needs more frames, threads or choices than may be */
	EXPLORE_PROGRAMS,   /* store buffers are asked for, through which programs do not store */
	EXPLORE_NO_YIELD,   /* a thread goes on and on, and lets nobody else go on */
	EXPLORE_UNFIT       /* the model contradicts itself: a mistake in the simulator */
};

enum explore_violation {
	EXPLORE_NONE,
	EXPLORE_EXPECTATION, /* a step or the end is not as expected: see the outcome */
	EXPLORE_STUCK,       /* a standstill that is not expected, or the end is out of reach */
	EXPLORE_UNREACHED    /* an outcome that should be reachable was not found */
};

struct explore_result {
	enum explore_end end;
	enum explore_violation violation;
	struct explore_schedule schedule; /* of the violation: as few moves as any */
	uint64_t reached;                 /* bit n: the scenario's outcome n was found */
	/* To outcome n, as few moves as any; NULL unless asked for, and while none was found. */
	struct explore_schedule *witness;
	size_t witnesses;
	struct explore_stats stats;
};

/* Explores; the result is the caller's to free with explore_result_free(). */
void explore_run(const struct scenario *scenario, const struct explore_options *options,
    struct explore_result *result);

void explore_result_free(struct explore_result *result);

#endif
