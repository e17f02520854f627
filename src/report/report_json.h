/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON as it is written: member by member, in the order of the calls, without a tree in memory.
 *
 * A run may have millions of events; what a writer must not do is hold them.  `key` is NULL for the
 * elements of an array.  Addresses and entries are strings of 0x and lower-case digits.
 */
#ifndef VK_REPORT_REPORT_JSON_H
#define VK_REPORT_REPORT_JSON_H

#include "scenario/scenario.h"

#define JSON_DEPTH_MAX 32

struct json {
	struct scn_sink sink;
	unsigned depth;       /* open objects and arrays */
	unsigned line_depth;  /* from this depth on everything stays on one line; 0: nowhere */
	uint32_t arrays;      /* bit n: what is open at depth n + 1 is an array */
	uint32_t started;     /* bit n: it has a member */
};

void json_put_init(struct json *json, const struct scn_sink *sink);

/* Opens an object or an array, one member a line. */
void json_put_object(struct json *json, const char *key);
void json_put_array(struct json *json, const char *key);

/* The same, all of it on one line. */
void json_put_line_object(struct json *json, const char *key);
void json_put_line_array(struct json *json, const char *key);

/* Closes what was opened last; the last of all ends the document with a newline. */
void json_put_end(struct json *json);

/* A string in UTF-8, "" for NULL; bytes that are none become U+FFFD. */
void json_put_string(struct json *json, const char *key, const char *string);

/* Raw bytes: each becomes the character of its number, U+0000 to U+00FF. */
void json_put_bytes(struct json *json, const char *key, const void *bytes, size_t size);

/* A number; beyond 2^53, which readers cannot hold exactly, a string like an address. */
void json_put_number(struct json *json, const char *key, uint64_t number);

void json_put_address(struct json *json, const char *key, uint64_t address);
void json_put_bool(struct json *json, const char *key, int truth);

/* Writes a string with its quotes and nothing around it; JSON strings are YAML strings too. */
void json_put_quoted(const struct scn_sink *sink, const char *string);

#endif
