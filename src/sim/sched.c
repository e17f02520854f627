/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The deterministic scheduler, and the scheduling point that the core's atomic operations call.
 */
#include "sim/sched.h"

#include <stdlib.h>

#include "base/env.h"
#include "sim/coro.h"
#include "sim/random_numbers.h"
#include "sim/watch.h"

/* So many waits without a step in between: nobody makes progress. */
#define WAITS_MAX 10000

struct thread {
	struct coro *coro;
	struct sched *sched;
	void (*body)(void *arg);
	void *arg;
	const bool *wake;
	bool ended;
	bool awaits_turn; /* stands before a step */
	bool has_turn;
};

struct sched {
	struct sched_policy policy;
	uint64_t random;
	size_t script_used;
	uint64_t points;
	uint64_t waits; /* in a row */
	uint64_t switches;
	unsigned count, capacity;
	unsigned current;
	bool pausing; /* the thread that just stopped waits for somebody else */
	struct thread thread[];
};

/* The scheduler whose thread is running, for vk_env_point(); one at a time in an OS thread. */
static _Thread_local struct sched *running;

struct sched *
sched_create(const struct sched_policy *policy, unsigned threads)
{
	struct sched *sched = calloc(1, sizeof(*sched) + threads * sizeof(sched->thread[0]));

	if (sched == NULL)
		return NULL;
	sched->policy = *policy;
	sched->capacity = threads;
	sched->random = random_seeded(policy->seed);
	return sched;
}

void
sched_destroy(struct sched *sched)
{
	unsigned i;

	if (sched == NULL)
		return;
	for (i = 0; i < sched->count; i++)
		coro_destroy(sched->thread[i].coro);
	free(sched);
}

static void
thread_body(void *arg)
{
	struct thread *thread = arg;

	thread->body(thread->arg);
	thread->ended = true;
	for (;;)
		coro_leave(thread->coro);
}

bool
sched_add(struct sched *sched, void (*body)(void *arg), void *arg, const bool *wake)
{
	struct thread *thread = &sched->thread[sched->count];

	if (sched->count == sched->capacity)
		return false;
	thread->sched = sched;
	thread->body = body;
	thread->arg = arg;
	thread->wake = wake;
	thread->coro = coro_create(thread_body, thread);
	if (thread->coro == NULL)
		return false;
	sched->count++;
	return true;
}

void
sched_set_wake(struct sched *sched, unsigned thread, const bool *wake)
{
	if (sched != NULL && thread < sched->count)
		sched->thread[thread].wake = wake;
}

/* Whether a thread may run although no turn was given to it. */
static bool
is_free(const struct thread *thread)
{
	return !thread->ended && (!thread->awaits_turn || thread->has_turn ||
	    (thread->wake != NULL && *thread->wake));
}

/* The next thread in order after `from` for which `wanted` holds; count when there is none. */
static unsigned
next_in_order(const struct sched *sched, unsigned from, bool only_free)
{
	unsigned i;

	for (i = 0; i < sched->count; i++) {
		unsigned at = (from + i) % sched->count;
		const struct thread *thread = &sched->thread[at];

		if (only_free ? is_free(thread) : !thread->ended)
			return at;
	}
	return sched->count;
}

static unsigned
choose_by_seed(struct sched *sched)
{
	unsigned alive = 0, i, nth;

	for (i = 0; i < sched->count; i++)
		alive += !sched->thread[i].ended;
	if (alive == 0)
		return sched->count;
	nth = (unsigned)(random_xorshift(&sched->random) % alive);
	for (i = 0; i < sched->count; i++) {
		if (!sched->thread[i].ended && nth-- == 0)
			break;
	}
	sched->thread[i].has_turn = true;
	return i;
}

/* The script's next thread that is still alive gets the turn. */
static unsigned
choose_by_script(struct sched *sched)
{
	unsigned free_one;

	/* Whoever is not at a step finishes what it is about, a waiting one after the others. */
	free_one = next_in_order(sched, sched->current + (sched->pausing ? 1 : 0), true);
	if (free_one != sched->count)
		return free_one;
	while (sched->script_used < sched->policy.script_length) {
		unsigned named = sched->policy.script[sched->script_used++];

		if (named < sched->count && !sched->thread[named].ended) {
			sched->thread[named].has_turn = true;
			return named;
		}
	}
	free_one = next_in_order(sched, 0, false);
	if (free_one != sched->count)
		sched->thread[free_one].has_turn = true;
	return free_one;
}

/* Whether every thread that may run has waited since the last step. */
static bool
all_wait(const struct sched *sched)
{
	unsigned i, free_ones = 0;

	for (i = 0; i < sched->count; i++)
		free_ones += is_free(&sched->thread[i]);
	return sched->pausing && sched->waits >= free_ones;
}

/* Threads that only wait let the script go on, if it names one that stands before a step. */
static unsigned
choose_past_waiting(struct sched *sched)
{
	unsigned chosen = choose_by_script(sched);

	while (all_wait(sched) && sched->script_used < sched->policy.script_length) {
		unsigned named = sched->policy.script[sched->script_used];
		bool gone = named >= sched->count || sched->thread[named].ended;

		if (!gone && !sched->thread[named].awaits_turn)
			break;
		sched->script_used++;
		if (gone)
			continue;
		sched->thread[named].has_turn = true;
		return named;
	}
	return chosen;
}

static unsigned
choose(struct sched *sched)
{
	unsigned chosen;

	switch (sched->policy.kind) {
	case SCHED_SEED:
		return choose_by_seed(sched);
	case SCHED_SCRIPT:
		if (sched->script_used < sched->policy.script_length)
			return choose_past_waiting(sched);
		break;
	case SCHED_IN_ORDER:
		break;
	}
	chosen = next_in_order(sched, sched->current + (sched->pausing ? 1 : 0), false);
	if (chosen != sched->count)
		sched->thread[chosen].has_turn = true;
	return chosen;
}

enum sched_end
sched_run(struct sched *sched, uint64_t point_limit)
{
	struct sched *outer = running;
	enum sched_end end = SCHED_DONE;

	running = sched;
	for (;;) {
		unsigned chosen = choose(sched);

		if (chosen == sched->count)
			break;
		if (sched->points++ > point_limit || sched->waits > WAITS_MAX) {
			end = SCHED_LIVELOCK;
			break;
		}
		sched->switches += chosen != sched->current;
		sched->current = chosen;
		sched->pausing = false;
		coro_resume(sched->thread[chosen].coro);
	}
	running = outer;
	return end;
}

void
sched_resume(struct sched *sched, unsigned thread, struct watch *watch)
{
	struct sched *outer = running;
	struct watch *outer_watch = watch_current;

	running = sched;
	watch_current = watch;
	sched->switches += thread != sched->current;
	sched->current = thread;
	coro_resume(sched->thread[thread].coro);
	watch_current = outer_watch;
	running = outer;
}

void
sched_leave(struct sched *sched)
{
	coro_leave(sched->thread[sched->current].coro);
}

bool
sched_ended(const struct sched *sched, unsigned thread)
{
	return sched->thread[thread].ended;
}

bool
sched_step(struct sched *sched)
{
	struct thread *thread = &sched->thread[sched->current];
	bool has_turn;

	/* Who watches chooses among touches; a step is what happens between them. */
	if (watch_current != NULL)
		return true;
	sched->waits = 0;
	thread->awaits_turn = true;
	thread->has_turn = false;
	coro_leave(thread->coro);
	has_turn = thread->has_turn;
	thread->awaits_turn = thread->has_turn = false;
	return has_turn;
}

void
sched_pause(struct sched *sched)
{
	if (watch_current != NULL) {
		watch_current->pause(watch_current->ctx);
		return;
	}
	sched->waits++;
	sched->pausing = true;
	coro_leave(sched->thread[sched->current].coro);
}

static void
announce_atomic(enum vk_env_op op, const void *where)
{
	static const unsigned how[] = {
		[VK_ENV_LOAD] = WATCH_READ,
		[VK_ENV_STORE] = WATCH_WRITE,
		[VK_ENV_ADD] = WATCH_READ | WATCH_WRITE,
		[VK_ENV_CHANGE] = WATCH_READ | WATCH_WRITE | WATCH_BLIND,
		[VK_ENV_SWAP] = WATCH_READ | WATCH_WRITE,
		[VK_ENV_CAS] = WATCH_READ | WATCH_WRITE | WATCH_CAS,
	};
	watch_cell cell;

	if (watch_current->cell_at(watch_current->ctx, where, &cell))
		watch_touch(cell, how[op]);
}

void
vk_env_point(enum vk_env_op op, const void *where)
{
	struct sched *sched = running;

	if (sched == NULL)
		return;
	if (op == VK_ENV_PAUSE) {
		sched_pause(sched);
	} else if (watch_current != NULL) {
		announce_atomic(op, where);
	} else if (sched->policy.kind == SCHED_SEED) {
		coro_leave(sched->thread[sched->current].coro);
	}
}

unsigned
sched_current(const struct sched *sched)
{
	return sched->current;
}

size_t
sched_script_used(const struct sched *sched)
{
	return sched->script_used;
}

uint64_t
sched_switches(const struct sched *sched)
{
	return sched->switches;
}
