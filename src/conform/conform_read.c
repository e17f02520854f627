/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector files, line by line: from bytes to cases played, compared and counted.
 *
 * A line with errors is reported and left out; reading goes on, so that all errors of a file come
 * at once, up to a bound.  A line too long, or bytes that cannot be had, end the file.
 */
#include "conform/conform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "conform/conform_compare.h"

#define GZIP_BUFFER (128u * 1024)
#define PROGRESS_EVERY 1024u /* cases */

/* One file on its way through. */
struct run {
	const struct conform_options *options;
	struct conform_place place;
	struct conform_player *player; /* from the header on */
	uint64_t cases;
	unsigned errors_before; /* of earlier files */
	struct conform_case c;
	struct conform_played played;
};

/* --- a case -------------------------------------------------------------------------------- */

/* Describes the difference and takes over the fields; false when memory ran out. */
static bool
describe_difference(struct run *run, struct conform_fields *fields,
    struct conform_difference *difference)
{
	const struct conform_case *c = &run->c;
	const struct vcpu_result *last = &run->played.last;
	size_t size = strlen(run->place.file) + 1;

	difference->line = run->place.line;
	difference->id = c->id;
	conform_copy_text(difference->family, sizeof(difference->family), c->family);
	conform_copy_text(difference->tag, sizeof(difference->tag), c->tag);
	difference->fields = fields->count;
	difference->field = fields->field;
	fields->field = NULL;
	difference->file = malloc(size);
	difference->why = calloc(1, sizeof(*difference->why));
	if (difference->file == NULL || difference->why == NULL)
		return false;
	memcpy(difference->file, run->place.file, size);
	/* The same once more, this time with an explanation. */
	conform_player_undo(run->player);
	conform_player_run(run->player, c, &run->played, difference->why);
	difference->step = run->played.step;
	difference->steps = c->steps;
	if (run->played.step != 0)
		conform_copy_text(difference->step_name, sizeof(difference->step_name),
		    conform_step_name(c->step[run->played.step - 1]));
	difference->cached = last->pieces != 0 && last->piece[last->pieces - 1].cached;
	return true;
}

static void
keep_difference(struct run *run, struct conform_fields *fields)
{
	struct conform_difference difference;

	memset(&difference, 0, sizeof(difference));
	if (describe_difference(run, fields, &difference)) {
		conform_report_difference(run->place.report, &difference);
	} else {
		conform_difference_free(&difference);
		conform_report_memory(run->place.report);
	}
}

/* Plays the case and says how it ended, with the fields to show for it. */
static enum conform_result
judge_case(struct run *run, struct conform_fields *fields)
{
	conform_player_run(run->player, &run->c, &run->played, NULL);
	/* To tell of a difference it is played again, and then nobody knows of this any more. */
	fields->out_of_memory = run->played.out_of_memory;
	if (run->played.unsupported != NULL) {
		conform_fields_add(fields, "unsupported", "a case that can be judged",
		    run->played.unsupported);
		return CONFORM_UNSUPPORTED;
	}
	conform_compare(run->player, &run->c, &run->played, run->options->either, fields);
	return fields->count == 0 ? CONFORM_AGREES : CONFORM_DIFFERS;
}

static void
take_case(struct run *run)
{
	struct conform_report *report = run->place.report;
	struct conform_fields fields = { 0, 0, NULL, false };

	run->cases++;
	if (run->options->progress != NULL && report->total.cases % PROGRESS_EVERY == 0)
		run->options->progress(report->total.cases);
	if (run->c.unsupported) {
		conform_report_count(report, run->c.family, CONFORM_UNSUPPORTED);
		return;
	}
	conform_report_count(report, run->c.family, judge_case(run, &fields));
	if (fields.count != 0 && report->differences < run->options->show)
		keep_difference(run, &fields);
	else
		report->differences_left_out += fields.count != 0;
	if (run->played.out_of_memory || fields.out_of_memory)
		conform_report_memory(report);
	conform_player_undo(run->player);
	free(fields.field);
}

/* --- lines --------------------------------------------------------------------------------- */

/* The first line of a file; false when the rest cannot be read without it. */
static bool
take_header(struct run *run, const char *text, size_t size)
{
	struct conform_header header;

	if (!conform_header_parse(&run->place, text, size, &header))
		return false;
	run->player = conform_player_create(&header);
	if (run->player == NULL)
		conform_report_memory(run->place.report);
	return run->player != NULL;
}

/* False when there is no point in reading on. */
static bool
take_line(struct run *run, const char *text, size_t size)
{
	run->place.line++;
	if (run->player == NULL)
		return take_header(run, text, size);
	if (conform_case_parse(&run->place, text, size, &run->c))
		take_case(run);
	return !conform_report_is_full(run->place.report);
}

/* Takes the complete lines of a buffer and moves the rest to its start; false to stop. */
static bool
take_buffer(struct run *run, char *buffer, size_t *used)
{
	char *start = buffer, *end = buffer + *used, *newline;
	bool go_on = true;

	while (go_on && (newline = memchr(start, '\n', (size_t)(end - start))) != NULL) {
		go_on = take_line(run, start, (size_t)(newline - start));
		start = newline + 1;
	}
	*used = (size_t)(end - start);
	memmove(buffer, start, *used);
	return go_on;
}

static void
report_long_line(struct run *run)
{
	conform_report_error(run->place.report, run->place.file, run->place.line + 1,
	    "found a line longer than %u bytes, expected a case", CONFORM_LINE_MAX);
}

/* The bytes stopped coming before their end. */
static void
report_read_failure(struct run *run, ptrdiff_t status, const char *why, size_t rest)
{
	struct conform_report *report = run->place.report;

	if (status == CONFORM_READ_FAILED) {
		conform_report_error(report, run->place.file, 0, "cannot read: %s", why);
		report->environment_failed = true;
		return;
	}
	conform_report_error(report, run->place.file, run->place.line + 1,
	    "found %s %s, expected the rest of the file", why,
	    rest == 0 ? "after the previous line" : "within this line");
}

static void
read_lines(struct run *run, conform_read read, void *ctx, char *buffer)
{
	const char *why = "";
	size_t used = 0;
	ptrdiff_t got;

	while ((got = read(ctx, buffer + used, CONFORM_LINE_MAX - used, &why)) > 0) {
		used += (size_t)got;
		if (!take_buffer(run, buffer, &used))
			return;
		if (used == CONFORM_LINE_MAX) {
			report_long_line(run);
			return;
		}
	}
	if (got < 0) {
		report_read_failure(run, got, why, used);
		return;
	}
	/* A last line without its newline is whole or it is not JSON. */
	if (used != 0 && !take_line(run, buffer, used))
		return;
	if (run->cases == 0 && run->place.report->errors == run->errors_before)
		conform_report_error(run->place.report, run->place.file, run->place.line + 1,
		    "found the end of the file, expected a %s",
		    run->player == NULL ? "header line" : "case");
}

void
conform_stream(const char *name, conform_read read, void *ctx,
    const struct conform_options *options, struct conform_report *report)
{
	struct run *run = calloc(1, sizeof(*run));
	char *buffer = malloc(CONFORM_LINE_MAX);

	if (run == NULL || buffer == NULL) {
		conform_report_memory(report);
	} else {
		run->options = options;
		run->place.report = report;
		run->place.file = name;
		run->errors_before = report->errors;
		read_lines(run, read, ctx, buffer);
		conform_player_destroy(run->player);
	}
	free(buffer);
	free(run);
}

/* --- sources of bytes ---------------------------------------------------------------------- */

struct memory_source {
	const char *at;
	size_t left;
};

static ptrdiff_t
memory_read(void *ctx, void *bytes, size_t size, const char **why)
{
	struct memory_source *source = ctx;
	size_t piece = size < source->left ? size : source->left;

	(void)why;
	memcpy(bytes, source->at, piece);
	source->at += piece;
	source->left -= piece;
	return (ptrdiff_t)piece;
}

void
conform_memory(const char *name, const void *bytes, size_t size,
    const struct conform_options *options, struct conform_report *report)
{
	struct memory_source source = { size == 0 ? "" : bytes, size };

	conform_stream(name, memory_read, &source, options, report);
}

static ptrdiff_t
gzip_read(void *ctx, void *bytes, size_t size, const char **why)
{
	gzFile file = ctx;
	int got = gzread(file, bytes, (unsigned)size), error = Z_OK;

	if (got > 0)
		return got;
	gzerror(file, &error);
	switch (error) {
	case Z_OK:
	case Z_STREAM_END:
		return 0;
	case Z_BUF_ERROR:
		*why = "the compressed data cut off";
		return CONFORM_READ_BAD;
	case Z_DATA_ERROR:
	case Z_STREAM_ERROR:
		*why = "damaged compressed data";
		return CONFORM_READ_BAD;
	default:
		*why = error == Z_ERRNO ? strerror(errno) : "no memory to decompress";
		return CONFORM_READ_FAILED;
	}
}

void
conform_file(const char *path, const struct conform_options *options,
    struct conform_report *report)
{
	gzFile file;

	errno = 0;
	file = gzopen(path, "rb");
	if (file == NULL) {
		conform_report_error(report, path, 0, "cannot open: %s",
		    errno != 0 ? strerror(errno) : "no memory");
		report->environment_failed = true;
		return;
	}
	gzbuffer(file, GZIP_BUFFER);
	conform_stream(path, gzip_read, file, options, report);
	gzclose(file);
}
