/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Playing a scenario: from the tree to a machine, through its steps, to an outcome that is held
 * against its expectations.
 */
#ifndef VK_PLAY_PLAY_H
#define VK_PLAY_PLAY_H

#include <stdbool.h>

#include "scenario/scenario.h"
#include "sim/event.h"
#include "sim/explain.h"
#include "sim/stale.h"
#include "view/view.h"

struct play_observer; /* play_sight.h */

struct play_options {
	bool seed_given;      /* overrides the scenario's schedule */
	uint64_t seed;
	event_sink sink;      /* NULL: no trace */
	void *sink_ctx;
	bool advise;          /* the outcome says which invalidations were missing */
	const struct play_observer *observer; /* NULL: nobody follows the machine itself */
};

/* One expectation that did not hold. */
struct play_mismatch {
	struct scn_mark mark; /* of what was expected */
	int thread, step;     /* -1: of the end of the run */
	const char *field;    /* "outcome", "memory", "unreachable" ... */
	char *expected;       /* as text */
	char *found;
	struct explanation *why; /* of the access that the step made; NULL when there was none */
	struct stale *stale;  /* of a stale translation that it used, likewise */
};

/* An invalidation that was missing, and what came of it. */
struct play_advice {
	struct stale stale;
	uint64_t uses;        /* accesses; 0: it was only kept to the end */
	int thread, step;     /* the first of them */
	uint64_t address;     /* where it went to; of what was kept the first address */
	const char *kept;     /* uses 0: as what kind of item */
};

enum play_status {
	PLAY_DONE,       /* the run came to an end; see `passed` */
	PLAY_NO_MEMORY,  /* the process could not get more memory */
	PLAY_OVER_LIMIT, /* the scenario used more frames than a scenario may */
	PLAY_OVER_CHOICES /* what processors may have cached grew beyond what is followed */
};

struct play_outcome {
	bool passed;
	struct play_mismatch *mismatch;
	size_t mismatches;   /* kept; at most PLAY_MISMATCHES_MAX */
	size_t more;         /* not kept */
	struct play_advice *advice;
	size_t advices, more_advices; /* likewise; at most PLAY_ADVICES_MAX */
	unsigned char *console;
	size_t console_size;
	uint64_t counter[SCN_COUNTERS];
	enum scn_end *end;   /* of each thread */
	uint64_t reached;    /* bit n: the run came to the scenario's outcome `reach[n]` */
	uint64_t steps;      /* made, over all threads */
};

#define PLAY_MISMATCHES_MAX 100
#define PLAY_ADVICES_MAX 100

/*
 * Plays one scenario from its beginning to its end, once.  A scenario whose schedule is to be
 * explored goes in order: an outcome that it must not come to is a mismatch, one that only some
 * schedule has to come to is none.  The outcome is the caller's to free.
 */
enum play_status play_run(const struct scenario *scenario, const struct play_options *options,
    struct play_outcome *outcome);

void play_outcome_free(struct play_outcome *outcome);

/* A moment of a run, as a thread sees it, and an access. */
struct play_question {
	unsigned thread;      /* index; a vCPU */
	size_t step;          /* the state before this step of it; past the last: at the end */
	bool gva_given;       /* else: the access of that step */
	uint64_t gva;
	unsigned acc;         /* VK_ACC_R, _W or _X */
	unsigned size;
};

enum play_answer {
	PLAY_ANSWERED,
	PLAY_NOT_REACHED,     /* the run ended before that step */
	PLAY_NO_ACCESS,       /* that step makes no access, and no address was given */
	PLAY_NO_TABLES,       /* the thread has no guest mode at that point */
	PLAY_ANSWER_NO_MEMORY
};

/* Plays up to a step and explains one access in that state. */
enum play_answer play_walk(const struct scenario *scenario, const struct play_question *question,
    struct explanation *why);

/*
 * Plays up to a step and makes a view of the tables that the thread's guest has then; of the
 * question only `thread` and `step` count.  PLAY_ANSWERED: *view is to be freed.
 */
enum play_answer play_view(const struct scenario *scenario, const struct play_question *question,
    struct view *view);

#endif
