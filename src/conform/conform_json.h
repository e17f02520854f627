/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of JSON, read by Jansson.
 */
#ifndef VK_CONFORM_CONFORM_JSON_H
#define VK_CONFORM_CONFORM_JSON_H

#include <jansson.h>
#include <stdbool.h>

/*
 * The value, for conform_json_free() alone; no name stands twice in an object.  NULL: *no_memory,
 * or *error tells what is wrong and where.  One value at a time, in one thread.
 */
json_t *conform_json_load(const char *text, size_t size, json_error_t *error, bool *no_memory);
void conform_json_free(json_t *value);

#endif
