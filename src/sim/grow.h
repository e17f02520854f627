/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arrays that grow.
 */
#ifndef VK_SIM_GROW_H
#define VK_SIM_GROW_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Room in *array for one more than `count` elements of `element` bytes; it begins with `first` of
 * them and doubles.  False when out of memory, and then *array and *room are as they were.  The
 * array belongs to the caller, who frees it with free().
 */
bool array_grow(void **array, size_t *room, size_t count, size_t first, size_t element);

#endif
