/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open-addressed tables that grow, by doubling.
 */
#include "sim/keyed.h"

#include <stdlib.h>
#include <string.h>

bool
keyed_grow(void **table, size_t *room, size_t taken, size_t first, size_t element)
{
	size_t wanted = *room == 0 ? first : 2 * *room, at;
	void *bigger;

	if (2 * taken < *room)
		return true;
	bigger = calloc(wanted, element);
	if (bigger == NULL)
		return false;
	for (at = 0; at < *room; at++) {
		const char *from = (const char *)*table + at * element;
		uint64_t key;

		memcpy(&key, from, sizeof(key));
		if (key != 0)
			memcpy(keyed_find(bigger, wanted, element, key), from, element);
	}
	free(*table);
	*table = bigger;
	*room = wanted;
	return true;
}
