/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The JSON writer [RFC 8259]: two blanks a level, members in the order of the calls.
 *
 * It keeps only which of the open levels are arrays and which have members.  That the calls match
 * is the caller's duty; depths beyond JSON_DEPTH_MAX do not occur.
 */
#include "report/report_json.h"

#include <string.h>

#include "report/report_text.h"

static void
put(const struct scn_sink *sink, const char *bytes, size_t size)
{
	if (size != 0)
		sink->write(sink->ctx, bytes, size);
}

static void
put_string(const struct scn_sink *sink, const char *string)
{
	put(sink, string, strlen(string));
}

void
json_put_init(struct json *json, const struct scn_sink *sink)
{
	memset(json, 0, sizeof(*json));
	json->sink = *sink;
}

/* --- strings ---------------------------------------------------------------------------------- */

static void
put_code(const struct scn_sink *sink, unsigned code)
{
	static const char digit[] = "0123456789abcdef";
	char escape[6] = { '\\', 'u', digit[code >> 12 & 0xf], digit[code >> 8 & 0xf],
		digit[code >> 4 & 0xf], digit[code & 0xf] };

	put(sink, escape, sizeof(escape));
}

/* What of `s` can stand in a JSON string as it is; 0 when its first byte cannot. */
static size_t
plain_run(const char *s, size_t size)
{
	size_t run = 0, length;

	while (run < size && s[run] != '"' && s[run] != '\\') {
		length = text_character(s + run, size - run);
		if (length == 0)
			break;
		run += length;
	}
	return run;
}

static void
put_special(const struct scn_sink *sink, unsigned char byte)
{
	char pair[2] = { '\\', (char)byte };

	if (byte == '"' || byte == '\\') {
		put(sink, pair, 2);
	} else if (byte == '\n') {
		put(sink, "\\n", 2);
	} else if (byte < 0x80) {
		put_code(sink, byte);
	} else {
		put_code(sink, 0xfffd);
	}
}

void
json_put_quoted(const struct scn_sink *sink, const char *string)
{
	size_t size = strlen(string), run;

	put(sink, "\"", 1);
	while (size != 0) {
		run = plain_run(string, size);
		put(sink, string, run);
		if (run < size)
			put_special(sink, (unsigned char)string[run++]);
		string += run;
		size -= run;
	}
	put(sink, "\"", 1);
}

/* --- structure -------------------------------------------------------------------------------- */

static void
put_break(const struct json *json)
{
	unsigned i;

	if (json->line_depth != 0 && json->depth >= json->line_depth)
		return;
	put(&json->sink, "\n", 1);
	for (i = 0; i < json->depth; i++)
		put(&json->sink, "  ", 2);
}

static uint32_t
level_bit(const struct json *json)
{
	return 1u << (json->depth - 1);
}

/* What comes before a member: comma, line break, key. */
static void
member(struct json *json, const char *key)
{
	int in_line = json->line_depth != 0 && json->depth >= json->line_depth;

	if (json->depth == 0)
		return;
	if (json->started & level_bit(json))
		put_string(&json->sink, in_line ? ", " : ",");
	json->started |= level_bit(json);
	put_break(json);
	if (key != NULL) {
		json_put_quoted(&json->sink, key);
		put_string(&json->sink, ": ");
	}
}

static void
open_level(struct json *json, const char *key, int array, int in_line)
{
	member(json, key);
	put_string(&json->sink, array ? "[" : "{");
	json->depth++;
	json->started &= ~level_bit(json);
	if (array)
		json->arrays |= level_bit(json);
	else
		json->arrays &= ~level_bit(json);
	if (in_line && json->line_depth == 0)
		json->line_depth = json->depth;
}

void
json_put_object(struct json *json, const char *key)
{
	open_level(json, key, 0, 0);
}

void
json_put_array(struct json *json, const char *key)
{
	open_level(json, key, 1, 0);
}

void
json_put_line_object(struct json *json, const char *key)
{
	open_level(json, key, 0, 1);
}

void
json_put_line_array(struct json *json, const char *key)
{
	open_level(json, key, 1, 1);
}

void
json_put_end(struct json *json)
{
	int array = (json->arrays & level_bit(json)) != 0;
	int members = (json->started & level_bit(json)) != 0;
	int in_line = json->line_depth != 0 && json->depth >= json->line_depth;

	if (json->depth == json->line_depth)
		json->line_depth = 0;
	json->depth--;
	if (members && !in_line)
		put_break(json);
	put_string(&json->sink, array ? "]" : "}");
	if (json->depth == 0)
		put_string(&json->sink, "\n");
}

/* --- values ----------------------------------------------------------------------------------- */

void
json_put_string(struct json *json, const char *key, const char *string)
{
	member(json, key);
	json_put_quoted(&json->sink, string != NULL ? string : "");
}

void
json_put_bytes(struct json *json, const char *key, const void *bytes, size_t size)
{
	const char *at = bytes;
	size_t i, run;

	member(json, key);
	put(&json->sink, "\"", 1);
	for (i = 0; i < size; i += run) {
		unsigned char byte = (unsigned char)at[i];

		run = 0;
		while (i + run < size && at[i + run] >= 0x20 && at[i + run] < 0x7f &&
		    at[i + run] != '"' && at[i + run] != '\\')
			run++;
		put(&json->sink, at + i, run);
		if (run != 0)
			continue;
		if (byte < 0x80)
			put_special(&json->sink, byte);
		else
			put_code(&json->sink, byte);
		run = 1;
	}
	put(&json->sink, "\"", 1);
}

#define EXACT_MAX (1ull << 53)

void
json_put_number(struct json *json, const char *key, uint64_t number)
{
	char digits[TEXT_DIGITS];

	if (number > EXACT_MAX) {
		json_put_address(json, key, number);
		return;
	}
	member(json, key);
	put_string(&json->sink, text_number(digits, number, 10));
}

void
json_put_address(struct json *json, const char *key, uint64_t address)
{
	char digits[TEXT_DIGITS];

	member(json, key);
	put(&json->sink, "\"0x", 3);
	put_string(&json->sink, text_number(digits, address, 16));
	put(&json->sink, "\"", 1);
}

void
json_put_bool(struct json *json, const char *key, int truth)
{
	member(json, key);
	put_string(&json->sink, truth ? "true" : "false");
}
