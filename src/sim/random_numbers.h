/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chance by seed: the same numbers everywhere.
 */
#ifndef VK_SIM_RANDOM_NUMBERS_H
#define VK_SIM_RANDOM_NUMBERS_H

#include <stdint.h>

/* A state for random_xorshift(): of any seed one that is not 0. */
static inline uint64_t
random_seeded(uint64_t seed)
{
	uint64_t state = seed * 0x9e3779b97f4a7c15ull + 0x2545f4914f6cdd1dull;

	return state != 0 ? state : 1;
}

/* The next number of the generator xorshift64, which is also its state. */
static inline uint64_t
random_xorshift(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A number from 0 to below - 1. */
static inline unsigned
random_xorshift_below(uint64_t *state, unsigned below)
{
	return (unsigned)((random_xorshift(state) >> 11) % below);
}

/* The next number of the generator splitmix64, whose state may be anything. */
static inline uint64_t
random_splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

#endif
