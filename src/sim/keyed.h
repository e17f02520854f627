/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open-addressed tables.  An element is any struct that begins with a uint64_t, its key; a key of 0
 * is that of a free place.  How many places there are is 0 or a power of two, and never more than
 * half of them are taken, so that a search ends.
 */
#ifndef VK_SIM_KEYED_H
#define VK_SIM_KEYED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The element of that key, or the free place where it would stand.  `room` is not 0; the caller who
 * takes a free place writes the key and counts it.
 */
static inline void *
keyed_find(const void *table, size_t room, size_t element, uint64_t key)
{
	/* Fibonacci hashing: neighbouring keys spread over the table. */
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15ull) >> 32);

	for (;; at++) {
		void *place = (char *)(uintptr_t)table + (at & (room - 1)) * element;
		const uint64_t *found = place;

		if (*found == key || *found == 0)
			return place;
	}
}

/*
 * Room in *table for one more than the `taken` elements of `element` bytes; it begins with `first`
 * places and doubles, and then all elements move.  False when out of memory, and then nothing has
 * changed.  The table belongs to the caller, who frees it with free().
 */
bool keyed_grow(void **table, size_t *room, size_t taken, size_t first, size_t element);

#endif
