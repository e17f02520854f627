/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Takes in a run: a row for each event, and with each row what changed.
 *
 * Most events are told when what they tell of has been done, so that what is found to have changed
 * when one comes belongs to it.  A step is told before; what has changed by then belongs to what
 * came before.  The flags of a walk are set together and told one by one, so that of each only its
 * entry is looked at.  Between reads of entries nothing is looked for.  Of a replayed schedule a
 * move's touches of what threads share come ahead of its events.
 */
#include "page/page_record.h"

#include <stdlib.h>
#include <string.h>

#include "report/report_trace.h"
#include "sim/grow.h"

struct page *
page_create(const struct scenario *scenario, uint64_t skip)
{
	struct page *page = calloc(1, sizeof(*page));

	if (page == NULL)
		return NULL;
	page->scenario = scenario;
	page->skip = skip;
	page->first_failure = UINT64_MAX;
	page_strings_init(&page->strings);
	page_strings_init(&page->keys);
	cells_init(&page->cells, scenario);
	page->registers = calloc(scenario->threads, sizeof(*page->registers));
	page->vmm = calloc(scenario->host.spaces + 1, sizeof(*page->vmm));
	page->cache = calloc(scenario->machine.cpus, sizeof(*page->cache));
	if (decoder_init(&page->decoder, scenario, 1) && page->registers != NULL &&
	    page->vmm != NULL && page->cache != NULL)
		return page;
	page_free(page);
	return NULL;
}

void
page_free(struct page *page)
{
	size_t i;

	if (page == NULL)
		return;
	for (i = 0; i < page->frames; i++)
		free(page->frame[i]);
	for (i = 0; page->cache != NULL && i < page->scenario->machine.cpus; i++)
		free(page->cache[i].item);
	free(page->frame);
	free(page->row);
	free(page->change);
	free(page->mapped);
	free(page->registers);
	free(page->vmm);
	free(page->cache);
	free(page->entry);
	page_strings_free(&page->strings);
	page_strings_free(&page->keys);
	cells_free(&page->cells);
	decoder_free(&page->decoder);
	free(page);
}

bool
page_failed(const struct page *page)
{
	return page->failed || page->strings.failed || page->keys.failed || page->cells.no_memory;
}

bool
page_grow(struct page *page, void **array, size_t count, size_t *room, size_t size)
{
	if (array_grow(array, room, count, 64, size))
		return true;
	page->failed = true;
	return false;
}

/* --- rows ------------------------------------------------------------------------------------- */

const char *
page_row_kind(const struct page_row *row)
{
	struct event event = { .kind = (enum event_kind)row->kind };

	return row->kind == PAGE_TOUCH ? "touch" : trace_event_kind(&event);
}

void
page_add_change(struct page *page, enum page_change_kind kind, uint32_t who, uint64_t which,
    uint64_t before, uint64_t after)
{
	struct page_change change = { kind, who, which, before, after };
	void *array = page->change;

	if (!page->recording || page->rows == 0 || before == after ||
	    !page_grow(page, &array, page->changes, &page->change_room, sizeof(change)))
		return;
	page->change = array;
	page->change[page->changes++] = change;
	page->row[page->rows - 1].changes++;
}

static struct page_row *
add_row(struct page *page)
{
	void *array = page->row;
	struct page_row *row;

	if (!page_grow(page, &array, page->rows, &page->row_room, sizeof(*row)))
		return NULL;
	page->row = array;
	row = &page->row[page->rows++];
	memset(row, 0, sizeof(*row));
	row->change = page->changes;
	row->moved = page->moving;
	row->move = page->move;
	return row;
}

static void
add_event(struct page *page, const struct event *event)
{
	struct page_row *row = add_row(page);

	if (row == NULL)
		return;
	row->kind = (int)event->kind;
	row->side = event->side;
	row->level = event->level;
	row->order = event->order;
	row->thread = event->thread;
	row->step = event->step;
	row->address = event->address;
	row->slot = event->slot;
	row->value = event->value;
	row->gpa = event->gpa;
	row->size = event->size;
	row->passed = event->kind == EVENT_STALE ||
	    (event->kind == EVENT_ACCESS && event->outcome == EVENT_OK);
	row->cached = event->kind == EVENT_STALE || event->cached;
	page_describe(page, row, event);
}

/* Mismatches that were found since the last row. */
static void
note_mismatches(struct page *page, size_t mismatches)
{
	if (mismatches > page->found && page->first_failure == UINT64_MAX)
		page->first_failure = page->events;
	for (; page->found < mismatches; page->found++)
		page->at[page->found] = page->rows == 0 ? 0 : page->rows - 1;
}

/* --- listeners -------------------------------------------------------------------------------- */

static void
take_event(struct page *page, const struct event *event)
{
	if (page->rows == 0 && page->skip != 0)
		page_look(page);
	page->recording = true;
	if (event->kind == EVENT_STEP)
		page_look(page);
	if (page->rows == PAGE_EVENTS_MAX) {
		page_look(page);
		page->full = true;
		return;
	}
	/* A thread that comes to its next instruction has its registers from before. */
	if (event->kind == EVENT_TABLE_READ || event->kind == EVENT_CACHED ||
	    event->kind == EVENT_ACCESS)
		page_look_at_registers(page);
	add_event(page, event);
	if (event->kind == EVENT_FLAGS)
		page_look_at_entry(page, event);
	else if (event->kind != EVENT_STEP && event->kind != EVENT_TABLE_READ &&
	    event->kind != EVENT_CACHED)
		page_look(page);
}

void
page_event(void *ctx, const struct event *event)
{
	struct page *page = ctx;
	struct event own = *event;

	if (page->sight == NULL)
		return;
	if (own.thread < 0 && page->moving)
		own.thread = (int)page->mover;
	note_mismatches(page, play_sight_mismatches(page->sight));
	cells_learn(&page->cells, &own);
	if (own.kind == EVENT_STEP)
		decoder_step(&page->decoder, own.thread, own.step);
	if (page->events >= page->skip && !page->full && !page->failed)
		take_event(page, &own);
	page->events++;
}

static void
begins(void *ctx, const struct play_sight *sight)
{
	struct page *page = ctx;

	page->sight = sight;
	page->roots_changed = true;
	if (page->skip == 0)
		page_look(page);
}

static void
ends(void *ctx)
{
	struct page *page = ctx;

	if (page->recording && !page->full)
		page_look(page);
	page->sight = NULL;
}

struct play_observer
page_observer(struct page *page)
{
	struct play_observer observer = { begins, ends, page };

	return observer;
}

/* --- replays ---------------------------------------------------------------------------------- */

void
page_before(void *ctx, size_t move, unsigned thread)
{
	struct page *page = ctx;

	page->moving = true;
	page->mover = thread;
	page->move = move;
	page->move_row = page->rows;
}

/* The step that a thread was in when a row was made. */
static int
step_before(const struct page *page, size_t row, unsigned thread)
{
	while (row-- > 0) {
		if (page->row[row].thread == (int)thread)
			return page->row[row].step;
	}
	return -1;
}

/* Rows of touches, ahead of what the move did after them. */
static void
insert_touch(struct page *page, unsigned thread, const struct explore_touch *touch, size_t at)
{
	char line[TEXT_PIECE];
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct page_row *row = add_row(page), own;
	struct text text;
	size_t i;

	if (row == NULL)
		return;
	text_init(&text, &sink, 0);
	cells_write_touch(&text, &page->cells, touch);
	row->kind = PAGE_TOUCH;
	row->thread = (int)thread;
	row->step = step_before(page, at, thread);
	row->text = page_strings_add(&page->strings, line);
	own = *row;
	memmove(&page->row[at + 1], &page->row[at], (page->rows - 1 - at) * sizeof(own));
	page->row[at] = own;
	for (i = 0; i < page->found; i++)
		page->at[i] += page->at[i] >= at;
}

void
page_after(void *ctx, size_t move, unsigned thread, const struct explore_touch *touch,
    size_t touches)
{
	struct page *page = ctx;
	size_t i, at = page->move_row;

	(void)move;
	if (page->full || page->failed || page->rows + touches > PAGE_EVENTS_MAX)
		return;
	page->recording = true;
	for (i = 0; i < touches; i++) {
		struct explore_touch one = touch[i];

		/* Touches of the same, with nothing in between, are one. */
		for (; i + 1 < touches && touch[i + 1].cell == one.cell; i++)
			one.how |= touch[i + 1].how;
		insert_touch(page, thread, &one, at++);
	}
	page_look(page);
}

/* --- the end ---------------------------------------------------------------------------------- */

void
page_end(struct page *page, const struct play_outcome *outcome)
{
	page->outcome = outcome;
	note_mismatches(page, outcome->mismatches);
}

uint64_t
page_events(const struct page *page)
{
	return page->events;
}

uint64_t
page_skip(const struct page *page)
{
	const uint64_t behind = PAGE_EVENTS_MAX / 20; /* are shown after the failure */

	if (page->first_failure == UINT64_MAX || page->first_failure < PAGE_EVENTS_MAX)
		return 0;
	return page->first_failure + behind - PAGE_EVENTS_MAX;
}
