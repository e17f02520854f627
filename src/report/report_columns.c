/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Columns of what threads did.
 *
 * A move begins with its touch of what is shared, and ends before the next; what happens in between
 * follows the touch.  A step is announced when something is told of it, not when the thread merely
 * stands at its beginning.  What a thread does again in the same words, as in a busy wait, is told
 * once.
 */
#include "report/report_columns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 20000u
#define LINE_SIZE 512
#define PAGE_WIDTH 100u /* of all columns together, unless there are many */
#define WIDTH_FEW 32u /* at least, of up to FEW columns */
#define FEW 3u
#define WIDTH_MANY 26u /* of more */
#define WIDTH_MAX 60u
#define NUMBER_WIDTH 6u

/* --- taking in -------------------------------------------------------------------------------- */

int
columns_init(struct columns *columns, const struct scenario *scenario)
{
	size_t i;

	memset(columns, 0, sizeof(*columns));
	columns->scenario = scenario;
	columns->move = COLUMNS_NO_MOVE;
	cells_init(&columns->cells, scenario);
	for (i = 0; i < EXPLORE_THREADS_MAX; i++)
		columns->begun[i] = -1;
	return decoder_init(&columns->decoder, scenario, 0);
}

static void
rows_free(struct columns_row *row, size_t rows)
{
	size_t i;

	for (i = 0; i < rows; i++)
		free(row[i].what);
	free(row);
}

void
columns_free(struct columns *columns)
{
	rows_free(columns->row, columns->rows);
	rows_free(columns->held, columns->helds);
	cells_free(&columns->cells);
	decoder_free(&columns->decoder);
	memset(columns, 0, sizeof(*columns));
}

/* Appends a row; what it holds belongs to the list from then on. */
static void
append(struct columns *columns, struct columns_row **list, size_t *count, size_t *room,
    const struct columns_row *row)
{
	if (*count == *room) {
		size_t more = *room == 0 ? 64 : 2 * *room;
		struct columns_row *bigger = realloc(*list, more * sizeof(*bigger));

		if (bigger == NULL) {
			columns->no_memory = 1;
			free(row->what);
			return;
		}
		*list = bigger;
		*room = more;
	}
	(*list)[(*count)++] = *row;
}

static void
keep(struct columns *columns, const struct columns_row *row)
{
	if (columns->rows == ROWS_MAX) {
		columns->more++;
		free(row->what);
		return;
	}
	append(columns, &columns->row, &columns->rows, &columns->room, row);
}

/* Says in which step a thread is, if that was not said. */
static void
keep_step(struct columns *columns, size_t move, unsigned thread)
{
	struct columns_row row = { .kind = COLUMNS_STEP, .move = move, .thread = thread,
		.step = columns->begun[thread] };

	if (columns->untold[thread])
		keep(columns, &row);
	columns->untold[thread] = 0;
}

static char *
copy_string(struct columns *columns, const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = malloc(size);

	if (copy != NULL)
		memcpy(copy, string, size);
	else
		columns->no_memory = 1;
	return copy;
}

static void
hold(struct columns *columns, enum columns_kind kind, unsigned thread, int step, const char *what)
{
	struct columns_row row = { .kind = kind, .move = columns->move, .thread = thread,
		.step = step };

	if (what != NULL)
		row.what = copy_string(columns, what);
	append(columns, &columns->held, &columns->helds, &columns->held_room, &row);
}

/* What the story has to tell so far. */
static void
hold_scene(struct columns *columns)
{
	struct story_scene *scene = &columns->scene;
	char line[STORY_ITEM_SIZE + 32];
	unsigned i;

	for (i = 0; i < scene->items; i++) {
		struct text_buffer buffer = { line, sizeof(line), 0 };
		struct scn_sink sink = text_buffer_sink(&buffer);
		struct text text;

		/* That an access passed goes without saying. */
		if (strcmp(scene->item[i].what, "ok") == 0)
			continue;
		text_init(&text, &sink, 0);
		text_str(&text, scene->item[i].what);
		if (scene->item[i].times > 1)
			text_add(&text, " (%" PRIu64 " times)", scene->item[i].times);
		hold(columns, COLUMNS_HAPPENED, (unsigned)scene->thread, scene->step, line);
	}
	scene->items = 0;
}

static void
note_stale(struct columns *columns, const struct event *event)
{
	struct columns_stale *stale = &columns->stale;

	if (event->kind == EVENT_EDIT)
		columns->edited[event->thread] = columns->move;
	if (event->kind != EVENT_STALE)
		return;
	stale->seen = 1;
	stale->thread = (unsigned)event->thread;
	stale->step = event->step;
	stale->address = event->address;
	stale->history = *event->stale;
	stale->change_move = event->stale->changer >= 0 ?
	    columns->edited[event->stale->changer] : 0;
}

void
columns_event(void *ctx, const struct event *event)
{
	struct columns *columns = ctx;
	struct event own = *event;

	if (own.thread < 0)
		own.thread = (int)columns->thread;
	if ((size_t)own.thread >= columns->scenario->threads)
		return;
	cells_learn(&columns->cells, event);
	note_stale(columns, &own);
	if (columns->scene.thread != own.thread || own.kind == EVENT_STEP) {
		hold_scene(columns);
		story_begin(&columns->scene, &own);
	}
	if (own.kind == EVENT_STEP)
		hold(columns, COLUMNS_STEP, (unsigned)own.thread, own.step, NULL);
	else
		story_add(&columns->scene, &columns->decoder, &own);
}


/* What came after the touches; a step that begins is told of once there is something to tell. */
static void
release_held(struct columns *columns)
{
	size_t i;

	hold_scene(columns);
	for (i = 0; i < columns->helds; i++) {
		struct columns_row *row = &columns->held[i];

		if (row->kind == COLUMNS_STEP) {
			keep_step(columns, row->move, row->thread);
			columns->begun[row->thread] = row->step;
			columns->untold[row->thread] = 1;
			continue;
		}
		keep_step(columns, row->move, row->thread);
		keep(columns, row);
	}
	columns->helds = 0;
}

/* What came ahead of the first move is told by now. */
void
columns_before(void *ctx, size_t move, unsigned thread)
{
	struct columns *columns = ctx;

	release_held(columns);
	columns->move = move;
	columns->thread = thread;
	columns->scene.thread = (int)thread;
}

/* To wait is to look first: the step begins with the touch. */
static void
begin_wait(struct columns *columns, unsigned thread)
{
	const struct columns_row *row = columns->held;
	const struct scn_step *step;

	if (columns->helds == 0 || row->kind != COLUMNS_STEP || row->thread != thread)
		return;
	step = decode_find_step(columns->scenario, (int)thread, row->step);
	if (step == NULL || step->op != SCN_OP_WAIT)
		return;
	keep_step(columns, row->move, thread);
	columns->begun[thread] = row->step;
	columns->untold[thread] = 1;
	columns->helds--;
	memmove(columns->held, row + 1, columns->helds * sizeof(*row));
}


void
columns_after(void *ctx, size_t move, unsigned thread, const struct explore_touch *touch,
    size_t touches)
{
	struct columns *columns = ctx;
	size_t i;

	hold_scene(columns);
	begin_wait(columns, thread);
	for (i = 0; i < touches; i++) {
		struct columns_row row = { .kind = COLUMNS_TOUCH, .move = move, .thread = thread,
			.touch = touch[i] };

		/* Touches of the same, with nothing in between, are one. */
		for (; i + 1 < touches && touch[i + 1].cell == touch[i].cell; i++)
			row.touch.how |= touch[i + 1].how;
		keep_step(columns, move, thread);
		keep(columns, &row);
	}
	release_held(columns);
}

/* One will do here; the others stand elsewhere. */
static void
hold_failure(struct columns *columns, const struct play_mismatch *mismatch)
{
	char line[LINE_SIZE];
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	if (mismatch->thread < 0 || (size_t)mismatch->thread >= columns->scenario->threads)
		return;
	text_init(&text, &sink, 0);
	text_add(&text, "FAILS: %s: expected ", mismatch->field);
	text_safe(&text, mismatch->expected);
	text_str(&text, ", found ");
	text_safe(&text, mismatch->found);
	hold(columns, COLUMNS_FAILURE, (unsigned)mismatch->thread, mismatch->step, line);
}

void
columns_end(struct columns *columns, const struct explore_replayed *replayed)
{
	size_t i;

	release_held(columns);
	if (replayed->outcome.mismatches != 0)
		hold_failure(columns, &replayed->outcome.mismatch[0]);
	release_held(columns);
	for (i = 0; i < columns->scenario->threads; i++) {
		if (replayed->stop != EXPLORE_OVER && i < EXPLORE_THREADS_MAX)
			keep_step(columns, columns->move, (unsigned)i);
	}
}

/* --- rows ------------------------------------------------------------------------------------- */

void
columns_write_row(struct text *text, struct columns *columns, const struct columns_row *row)
{
	switch (row->kind) {
	case COLUMNS_STEP:
		text_add(text, "step %d: ", row->step + 1);
		decode_operation(text, columns->scenario, (int)row->thread, row->step);
		break;
	case COLUMNS_TOUCH:
		cells_write_touch(text, &columns->cells, &row->touch);
		break;
	case COLUMNS_HAPPENED:
	case COLUMNS_FAILURE:
		text_str(text, row->what != NULL ? row->what : "");
		break;
	}
}

static void
row_line(struct columns *columns, const struct columns_row *row, char line[LINE_SIZE])
{
	struct text_buffer buffer = { line, LINE_SIZE, 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	columns_write_row(&text, columns, row);
}

static size_t
move_end(const struct columns *columns, size_t at)
{
	size_t end = at;

	while (end < columns->rows && columns->row[end].move == columns->row[at].move &&
	    columns->row[end].thread == columns->row[at].thread)
		end++;
	return end;
}

/* Whether two moves of a thread are told in the same words. */
static int
are_alike(struct columns *columns, size_t a, size_t a_end, size_t b, size_t b_end)
{
	char line[2][LINE_SIZE];

	if (a_end - a != b_end - b || columns->row[a].thread != columns->row[b].thread)
		return 0;
	for (; a < a_end; a++, b++) {
		row_line(columns, &columns->row[a], line[0]);
		row_line(columns, &columns->row[b], line[1]);
		if (columns->row[a].kind != columns->row[b].kind || strcmp(line[0], line[1]) != 0)
			return 0;
	}
	return 1;
}

/* --- layout ----------------------------------------------------------------------------------- */

struct layout {
	unsigned indent, width;
	unsigned place[EXPLORE_THREADS_MAX]; /* where the column of a thread begins */
	unsigned char shown[EXPLORE_THREADS_MAX];
	unsigned columns;
};

static void
layout_make(const struct columns *columns, unsigned indent, struct layout *layout)
{
	unsigned i, at = 0, least;
	size_t row;

	memset(layout, 0, sizeof(*layout));
	layout->indent = indent;
	for (row = 0; row < columns->rows; row++)
		layout->shown[columns->row[row].thread] = 1;
	for (i = 0; i < EXPLORE_THREADS_MAX; i++)
		layout->columns += layout->shown[i];
	if (layout->columns == 0)
		return;
	layout->width = (PAGE_WIDTH - indent - NUMBER_WIDTH) / layout->columns - 2;
	least = layout->columns <= FEW ? WIDTH_FEW : WIDTH_MANY;
	if (layout->width < least)
		layout->width = least;
	if (layout->width > WIDTH_MAX)
		layout->width = WIDTH_MAX;
	for (i = 0; i < EXPLORE_THREADS_MAX; i++) {
		layout->place[i] = indent + NUMBER_WIDTH + at * (layout->width + 2);
		at += layout->shown[i];
	}
}

/* Bytes of `line` that go on this line of a column: whole words where there are any. */
static size_t
fit(const char *line, size_t width)
{
	size_t at;

	if (strlen(line) <= width)
		return strlen(line);
	for (at = width; at > width / 2; at--) {
		if (line[at] == ' ')
			return at;
	}
	return width;
}

static void
write_line(struct text *text, const struct layout *layout, unsigned thread,
    enum columns_kind kind, const char *line)
{
	static const enum text_style styles[] = {
		[COLUMNS_STEP] = TEXT_STRONG,
		[COLUMNS_TOUCH] = TEXT_PLAIN,
		[COLUMNS_HAPPENED] = TEXT_FAINT,
		[COLUMNS_FAILURE] = TEXT_BAD,
	};
	unsigned indent = kind == COLUMNS_STEP ? 0 : 2;

	for (;;) {
		size_t part = fit(line, layout->width - indent);

		text_to(text, layout->place[thread] + indent);
		text_style(text, styles[kind]);
		text_put(text, line, part);
		text_style(text, TEXT_PLAIN);
		text_str(text, "\n");
		line += part;
		line += strspn(line, " ");
		if (*line == '\0')
			break;
		indent = 4;
	}
}

static void
write_heads(struct text *text, const struct columns *columns, const struct layout *layout)
{
	size_t i;

	for (i = 0; i < columns->scenario->threads && i < EXPLORE_THREADS_MAX; i++) {
		if (!layout->shown[i])
			continue;
		text_to(text, layout->place[i]);
		text_style(text, TEXT_STRONG);
		text_safe(text, columns->scenario->thread[i].name);
		text_style(text, TEXT_PLAIN);
	}
	text_str(text, "\n");
}

static void
write_again(struct text *text, const struct layout *layout, unsigned thread, size_t again)
{
	char line[64];
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text piece;

	if (again == 0)
		return;
	text_init(&piece, &sink, 0);
	text_str(&piece, "the same again, ");
	text_count(&piece, again, "time");
	write_line(text, layout, thread, COLUMNS_HAPPENED, line);
}

static void
write_move(struct text *text, struct columns *columns, const struct layout *layout, size_t at,
    size_t end)
{
	char line[LINE_SIZE];

	if (columns->row[at].move != COLUMNS_NO_MOVE) {
		text_to(text, layout->indent);
		text_add(text, "%3zu", columns->row[at].move + 1);
	}
	for (; at < end; at++) {
		row_line(columns, &columns->row[at], line);
		write_line(text, layout, columns->row[at].thread, columns->row[at].kind, line);
	}
}

void
columns_write(struct text *text, struct columns *columns, size_t moves, unsigned indent)
{
	size_t at = 0, end, last = 0, last_end = 0, again = 0;
	struct layout layout;

	layout_make(columns, indent, &layout);
	write_heads(text, columns, &layout);
	for (; at < columns->rows; at = end) {
		const struct columns_row *row = &columns->row[at];

		end = move_end(columns, at);
		if (row->move != COLUMNS_NO_MOVE && row->move >= moves)
			continue;
		if (last_end != 0 && are_alike(columns, last, last_end, at, end)) {
			again++;
			continue;
		}
		if (last_end != 0)
			write_again(text, &layout, columns->row[last].thread, again);
		write_move(text, columns, &layout, at, end);
		again = 0;
		last = at;
		last_end = end;
	}
	if (last_end != 0)
		write_again(text, &layout, columns->row[last].thread, again);
	if (columns->more != 0) {
		text_to(text, indent);
		text_add(text, "and %zu more lines\n", columns->more);
	}
}
