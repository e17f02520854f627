/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * States as they are kept: a few bytes each, whole, so that two are told apart for certain.
 */
#ifndef VK_EXPLORE_EXPLORE_STATES_H
#define VK_EXPLORE_EXPLORE_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPLORE_STATE_MOST 1024 /* bytes of one */

/* How one was reached first. */
struct explore_way {
	uint32_t from;
	uint8_t thread;
	uint8_t branch; /* which of the thread's moves from there, in the order of its choices */
};

struct explore_states;

/* NULL when out of memory. */
struct explore_states *explore_states_create(size_t width);
void explore_states_destroy(struct explore_states *states);

#define EXPLORE_STATES_FULL UINT32_MAX

/* What the functions below want to know of a state, `width` bytes, beside itself. */
uint64_t explore_states_hash(const struct explore_states *states, const void *state);

/* A hint that explore_states_add() will be called with that hash soon. */
void explore_states_expect(const struct explore_states *states, uint64_t hash);

/* The same when that has had time: asks for the state that it may be equal to. */
void explore_states_expect_state(const struct explore_states *states, uint64_t hash);

/*
 * The number of this state, which is added if it is not there yet.  States are numbered from 0 in
 * the order in which they come.  EXPLORE_STATES_FULL when out of memory.
 */
uint32_t explore_states_add(struct explore_states *states, const void *state, uint64_t hash,
    const struct explore_way *way);

const void *explore_states_at(const struct explore_states *states, uint32_t number);
struct explore_way explore_states_way(const struct explore_states *states, uint32_t number);
uint32_t explore_states_count(const struct explore_states *states);
size_t explore_states_bytes(const struct explore_states *states);

#endif
