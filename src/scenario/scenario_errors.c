/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Collecting errors: sorted by position, each once, and a bounded number of them.  A file that is
 * wrong in thousands of places is soon given up, so that being wrong is not slower than being
 * right.  Also what messages are made of: foreign text made harmless, and the nearest of a set of
 * names.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scenario/scenario_arena.h"
#include "scenario/scenario_errors.h"

#define UNIQUE_MAX 1000u   /* errors kept while reading */
#define REPORTS_MAX 10000u /* errors found, before reading is given up */
#define TEXT_MAX 1024u
#define SHOWN_MAX 40u
#define NAME_MAX_COMPARED 40u
#define LISTED_MAX 200u /* characters of names, about, before a list is cut */

void
scn_errors_begin(struct scn_errlist *list, const char *file, struct scenario_errors *out)
{
	memset(list, 0, sizeof(*list));
	memset(out, 0, sizeof(*out));
	list->out = out;
	out->arena = scn_arena_new();
	out->file = out->arena != NULL ? scn_arena_copy(out->arena, file, strlen(file)) : NULL;
	list->failed = out->file == NULL;
}

void
scn_errors_end(struct scn_errlist *list)
{
	struct scenario_errors *out = list->out;
	struct scenario_error *last;
	char text[64];

	if (out->count <= SCN_ERRORS_MAX)
		return;
	snprintf(text, sizeof(text), "%s%zu more errors",
	    scn_errors_enough(list) ? "at least " : "", out->count - SCN_ERRORS_MAX);
	out->count = SCN_ERRORS_MAX + 1;
	last = &out->error[SCN_ERRORS_MAX];
	last->line = 0;
	last->column = 0;
	last->text = scn_arena_copy(out->arena, text, strlen(text));
	if (last->text == NULL)
		list->failed = 1;
}

void
scenario_errors_free(struct scenario_errors *errors)
{
	scn_arena_free(errors->arena);
	memset(errors, 0, sizeof(*errors));
}

int
scn_errors_enough(const struct scn_errlist *list)
{
	return list->reports >= REPORTS_MAX || list->out->count >= UNIQUE_MAX;
}

static int
error_compare(const struct scenario_error *error, struct scn_mark mark, const char *text)
{
	if (error->line != mark.line)
		return error->line < mark.line ? -1 : 1;
	if (error->column != mark.column)
		return error->column < mark.column ? -1 : 1;
	return strcmp(error->text, text);
}

static void
error_insert(struct scn_errlist *list, struct scn_mark mark, const char *text)
{
	struct scenario_errors *out = list->out;
	size_t low = 0, high = out->count, middle;
	const char *copy;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = error_compare(&out->error[middle], mark, text);
		if (order == 0)
			return;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	copy = scn_arena_copy(out->arena, text, strlen(text));
	if (copy == NULL) {
		list->failed = 1;
		return;
	}
	memmove(&out->error[low + 1], &out->error[low], (out->count - low) * sizeof(out->error[0]));
	out->error[low].line = mark.line;
	out->error[low].column = mark.column;
	out->error[low].text = copy;
	out->count++;
}

void
scn_error(struct scn_errlist *list, struct scn_mark mark, const char *format, ...)
{
	struct scenario_errors *out = list->out;
	char text[TEXT_MAX];
	va_list args;

	if (list->failed || scn_errors_enough(list))
		return;
	list->reports++;
	if (out->error == NULL)
		out->error = scn_arena_alloc(out->arena, UNIQUE_MAX + 1, sizeof(out->error[0]));
	if (out->error == NULL) {
		list->failed = 1;
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_insert(list, mark, text);
}

/* --- foreign text ----------------------------------------------------------------------------- */

/* Bytes of the UTF-8 character that starts with this byte; 0 in the middle of one. */
static size_t
utf8_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc0)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

const char *
scn_show(char buf[SCN_SHOWN_SIZE], const char *text, size_t size)
{
	size_t i = 0, out = 0, length;
	int control;

	while (i < size) {
		length = utf8_length((unsigned char)text[i]);
		if (length == 0 || length > size - i)
			length = 1;
		if (i + length > SHOWN_MAX)
			break;
		control = (length == 1 && (text[i] < ' ' || text[i] > '~')) ||
		    (length == 2 && text[i] == '\xc2' && (unsigned char)text[i + 1] < 0xa0);
		if (control) {
			buf[out++] = '?';
		} else {
			memcpy(buf + out, text + i, length);
			out += length;
		}
		i += length;
	}
	memcpy(buf + out, i < size ? "..." : "", i < size ? 4 : 1);
	return buf;
}

/* --- the nearest name ------------------------------------------------------------------------- */

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Edits that turn one into the other: insert, drop, replace a character, swap two.  Both at most
 * NAME_MAX_COMPARED long.
 */
static unsigned
edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	unsigned row[3][NAME_MAX_COMPARED + 1];
	unsigned *before = row[0], *last = row[1], *now = row[2], *oldest;
	size_t i, j;

	for (j = 0; j <= b_size; j++)
		last[j] = (unsigned)j;
	for (i = 1; i <= a_size; i++) {
		now[0] = (unsigned)i;
		for (j = 1; j <= b_size; j++) {
			now[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]),
			    least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		oldest = before;
		before = last;
		last = now;
		now = oldest;
	}
	return last[b_size];
}

static const char *
name_nearest(const char *text, size_t size, scn_name_at *name_at, const void *ctx)
{
	const char *nearest = NULL, *name;
	unsigned best, distance;
	size_t i, length;

	if (size == 0 || size > NAME_MAX_COMPARED)
		return NULL;
	best = size < 5 ? 1 : (unsigned)(size + 1) / 3;
	for (i = 0; (name = name_at(ctx, i)) != NULL; i++) {
		length = strlen(name);
		if (length > NAME_MAX_COMPARED)
			continue;
		distance = edit_distance(text, size, name, length);
		if (distance <= best && distance < length) {
			nearest = name;
			best = distance - 1;
			if (distance == 0)
				break;
		}
	}
	return nearest;
}

/* Names from `*index` on that are not placeholders; NULL when there is none left. */
static const char *
name_next(scn_name_at *name_at, const void *ctx, size_t *index)
{
	const char *name;

	do
		name = name_at(ctx, (*index)++);
	while (name != NULL && name[0] == '\0');
	return name;
}

const char *
scn_suggest(char buf[SCN_SUGGEST_SIZE], const char *text, size_t size, scn_name_at *name_at,
    const void *ctx)
{
	const char *name = name_nearest(text, size, name_at, ctx);
	size_t used = 0, index = 0;

	if (name != NULL) {
		snprintf(buf, SCN_SUGGEST_SIZE, ", did you mean '%s'?", name);
		return buf;
	}
	while ((name = name_next(name_at, ctx, &index)) != NULL && used < LISTED_MAX) {
		used += (size_t)snprintf(buf + used, SCN_SUGGEST_SIZE - used, "%s%.*s",
		    used == 0 ? ", expected one of " : ", ", (int)NAME_MAX_COMPARED, name);
	}
	snprintf(buf + used, SCN_SUGGEST_SIZE - used, "%s", used == 0 ? ", expected none" :
	    name != NULL ? ", ..." : "");
	return buf;
}
