/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arrays that grow, by doubling.
 */
#include "sim/grow.h"

#include <stdlib.h>

bool
array_grow(void **array, size_t *room, size_t count, size_t first, size_t element)
{
	size_t wanted = *room == 0 ? first : 2 * *room;
	void *bigger;

	if (count < *room)
		return true;
	bigger = realloc(*array, wanted * element);
	if (bigger == NULL)
		return false;
	*array = bigger;
	*room = wanted;
	return true;
}
