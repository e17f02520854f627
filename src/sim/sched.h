/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which simulated thread goes next.
 *
 * Threads are coroutines; only one runs at a time, and it runs until it reaches a scheduling point:
 * a step of its script, an atomic operation (vk_env_point), or a turn of a busy wait.  Every choice
 * is made by the policy alone, so that a run is repeated by repeating its policy.
 */
#ifndef VK_SIM_SCHED_H
#define VK_SIM_SCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sched_policy_kind {
	SCHED_IN_ORDER, /* a thread runs until it is done or waits; then the next in order */
	SCHED_SEED,     /* at every point, a thread chosen by a generator with this seed */
	SCHED_SCRIPT    /* the next step is of the thread that the script names; then in order */
};

struct sched_policy {
	enum sched_policy_kind kind;
	uint64_t seed;
	const unsigned *script; /* indices of threads, one a step */
	size_t script_length;
};

enum sched_end {
	SCHED_DONE,    /* every thread ended */
	SCHED_LIVELOCK /* the threads that are left only wait for each other, or go on for ever */
};

struct sched;

struct sched *sched_create(const struct sched_policy *policy, unsigned threads);
void sched_destroy(struct sched *sched);

/*
 * Adds a thread; its index is the count before.  `wake` may be NULL, or point to a flag that lets a
 * thread that waits for its turn go on out of turn (a pending interrupt).  false: out of memory.
 */
bool sched_add(struct sched *sched, void (*body)(void *arg), void *arg, const bool *wake);

/* Another flag for a thread that has been added: it runs on another processor now. */
void sched_set_wake(struct sched *sched, unsigned thread, const bool *wake);

/* Runs all threads.  A livelock is declared after so many scheduling points. */
enum sched_end sched_run(struct sched *sched, uint64_t point_limit);

struct watch;

/*
 * Runs one thread, and no other, until it calls sched_leave() or ends: for whoever makes the
 * choices itself.  `watch` is told of every touch meanwhile.
 */
void sched_resume(struct sched *sched, unsigned thread, struct watch *watch);

/* In a thread that sched_resume() runs: back to its caller. */
void sched_leave(struct sched *sched);

bool sched_ended(const struct sched *sched, unsigned thread);

/*
 * In a thread: before a step of its script.  true: the step may be made; false: the thread was let
 * go on out of turn, for what `wake` tells, and has to ask again.
 */
bool sched_step(struct sched *sched);

/* In a thread: one turn of a wait for somebody else. */
void sched_pause(struct sched *sched);

/* Index of the thread that runs, or ran last. */
unsigned sched_current(const struct sched *sched);

/* How many places of the script were used. */
size_t sched_script_used(const struct sched *sched);

/* How many times another thread was chosen than the one that ran. */
uint64_t sched_switches(const struct sched *sched);

#endif
