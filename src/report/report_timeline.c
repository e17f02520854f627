/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace as a timeline, in the JSON form of Chrome traces that ui.perfetto.dev and
 * chrome://tracing open.
 *
 * A scenario, or a program, is a process and each of its threads a track.  There is no time in the
 * model: one event of the run takes one unit, so what stands further right happened later and
 * lengths count events.  On a track a step is a slice, in it each stay outside the guest (from the
 * exit to the next entry) and each walk (from the first entry that it looks for to the access that
 * it is for); every other event is a slice of one unit.  An arrow leads from the last change of an
 * entry that was in use to each invalidation that follows it, on whichever processor.
 *
 * Bytes are counted as they are written.  Events beyond the limit, where a mark stands, are only
 * counted; what is open there ends there, names and marks are written all the same.
 */
#include "report/report_timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_trace.h"

#define NAME_SIZE 160

/* What may be open on a track, from the outside in. */
enum slice_kind {
	SLICE_STEP,
	SLICE_EXIT,
	SLICE_WALK,
	SLICES
};

static const char *const categories[SLICES] = { "step", "exit", "walk" };

/* --- records ---------------------------------------------------------------------------------- */

/* The members that every record has; the record stays open. */
static void
open_record(struct timeline *timeline, const char *phase, const char *category, const char *name,
    uint64_t tid, uint64_t at)
{
	struct json *json = &timeline->json;

	json_put_line_object(json, NULL);
	json_put_string(json, "ph", phase);
	json_put_string(json, "cat", category);
	json_put_string(json, "name", name);
	json_put_number(json, "pid", timeline->processes);
	json_put_number(json, "tid", tid);
	json_put_number(json, "ts", at);
}

static void
write_args(struct timeline *timeline, const struct event *event)
{
	json_put_object(&timeline->json, "args");
	trace_event_members(&timeline->json, timeline->decoder, event);
	json_put_end(&timeline->json);
}

/* What a process, or a track, is called. */
static void
write_name(struct timeline *timeline, const char *what, uint64_t tid, const char *name)
{
	struct json *json = &timeline->json;

	json_put_line_object(json, NULL);
	json_put_string(json, "ph", "M");
	json_put_string(json, "name", what);
	json_put_number(json, "pid", timeline->processes);
	json_put_number(json, "tid", tid);
	json_put_object(json, "args");
	json_put_string(json, "name", name);
	json_put_end(json);
	json_put_end(json);
}

static void
write_flow_end(struct timeline *timeline, const char *phase, uint64_t id, uint64_t tid, uint64_t at)
{
	struct json *json = &timeline->json;

	open_record(timeline, phase, "invalidation", "invalidation", tid, at);
	json_put_number(json, "id", id);
	if (phase[0] == 'f')
		json_put_string(json, "bp", "e");
	json_put_end(json);
}

/* --- slices ----------------------------------------------------------------------------------- */

static int
is_open(const struct timeline *timeline, uint64_t tid, enum slice_kind kind)
{
	return (timeline->open[tid] >> kind & 1) != 0;
}

/* Ends a slice, and first those within it. */
static void
close_slices(struct timeline *timeline, uint64_t tid, enum slice_kind outermost, uint64_t end)
{
	struct json *json = &timeline->json;
	unsigned kind;

	for (kind = SLICES; kind-- > (unsigned)outermost;) {
		if (!is_open(timeline, tid, kind))
			continue;
		json_put_line_object(json, NULL);
		json_put_string(json, "ph", "E");
		json_put_number(json, "pid", timeline->processes);
		json_put_number(json, "tid", tid);
		json_put_number(json, "ts", end);
		json_put_end(json);
	}
	timeline->open[tid] &= (unsigned char)((1u << outermost) - 1);
}

/* Begins one here, in place of one of its kind.  It tells of an event, unless that is NULL. */
static void
open_slice(struct timeline *timeline, uint64_t tid, enum slice_kind kind, const char *name,
    const struct event *event)
{
	close_slices(timeline, tid, kind, timeline->now);
	open_record(timeline, "B", categories[kind], name, tid, timeline->now);
	if (event != NULL)
		write_args(timeline, event);
	json_put_end(&timeline->json);
	timeline->open[tid] |= (unsigned char)(1u << kind);
}

/* --- names ------------------------------------------------------------------------------------ */

/* A text for names, in a buffer that is emptied. */
struct name {
	char bytes[NAME_SIZE];
	struct text_buffer buffer;
	struct scn_sink sink;
	struct text text;
};

static struct text *
name_begin(struct name *name)
{
	name->buffer = (struct text_buffer){ name->bytes, sizeof(name->bytes), 0 };
	name->sink = text_buffer_sink(&name->buffer);
	text_init(&name->text, &name->sink, 0);
	name->bytes[0] = '\0';
	return &name->text;
}

static void
name_event(struct text *text, const struct event *event)
{
	switch (event->kind) {
	case EVENT_TABLE_READ:
	case EVENT_CACHED:
	case EVENT_FLAGS:
	case EVENT_EDIT:
		text_str(text, decode_level(event->side, event->level));
		if (event->kind != EVENT_TABLE_READ)
			text_add(text, " %s", trace_event_kind(event));
		break;
	case EVENT_ACCESS:
	case EVENT_STALE:
		text_add(text, "%s 0x%" PRIx64, decode_access(event->acc), event->address);
		if (event->outcome != EVENT_OK)
			text_add(text, ": %s", decode_outcome(event->outcome));
		if (event->kind == EVENT_STALE)
			text_str(text, ", stale");
		break;
	case EVENT_ENTER:
		text_str(text, event->result != NULL ? event->result : "VM entry");
		break;
	case EVENT_INVALIDATE:
	case EVENT_COPY:
	case EVENT_CALL:
	case EVENT_UNDEFINED:
		text_str(text, event->name);
		break;
	default:
		text_str(text, trace_event_kind(event));
		break;
	}
}

/* --- events ----------------------------------------------------------------------------------- */

static int
is_of_walk(const struct event *event)
{
	return event->kind == EVENT_TABLE_READ || event->kind == EVENT_CACHED ||
	    event->kind == EVENT_FLAGS;
}

/* A walk goes on to the access that it is for, or up to anything else. */
static void
follow_walk(struct timeline *timeline, uint64_t tid, const struct event *event)
{
	if (!is_of_walk(event) && event->kind != EVENT_ACCESS)
		close_slices(timeline, tid, SLICE_WALK, timeline->now);
	else if (is_of_walk(event) && !is_open(timeline, tid, SLICE_WALK))
		open_slice(timeline, tid, SLICE_WALK, "walk", NULL);
}

/* From the last change of an entry to what drops what was cached of it; nothing is of a new one. */
static void
follow_change(struct timeline *timeline, uint64_t tid, const struct event *event)
{
	if (event->kind == EVENT_EDIT && event->before != 0) {
		timeline->edited = 1;
		timeline->edit_tid = tid;
		timeline->edit_at = timeline->now;
	} else if (event->kind == EVENT_INVALIDATE && timeline->edited) {
		timeline->flows++;
		write_flow_end(timeline, "s", timeline->flows, timeline->edit_tid,
		    timeline->edit_at);
		write_flow_end(timeline, "f", timeline->flows, tid, timeline->now);
	}
}

static void
write_event(struct timeline *timeline, uint64_t tid, const struct event *event)
{
	struct name name;

	name_event(name_begin(&name), event);
	open_record(timeline, "X", trace_event_kind(event), name.bytes, tid, timeline->now);
	json_put_number(&timeline->json, "dur", 1);
	write_args(timeline, event);
	json_put_end(&timeline->json);
}

static void
begin_step(struct timeline *timeline, uint64_t tid, const struct event *event)
{
	struct name name;
	struct text *text = name_begin(&name);

	text_add(text, "%d ", event->step + 1);
	decode_operation(text, timeline->decoder->scenario, event->thread, event->step);
	open_slice(timeline, tid, SLICE_STEP, name.bytes, NULL);
}

static void
begin_exit(struct timeline *timeline, uint64_t tid, const struct event *event)
{
	struct name name;

	decode_exit_name(name_begin(&name), timeline->decoder, &event->exit);
	open_slice(timeline, tid, SLICE_EXIT, name.bytes, event);
}

/* --- the limit -------------------------------------------------------------------------------- */

static void
count_bytes(void *ctx, const char *bytes, size_t size)
{
	struct timeline *timeline = ctx;

	timeline->written += size;
	timeline->sink.write(timeline->sink.ctx, bytes, size);
}

/* From here on nothing is told but names and marks, and time stands still. */
static void
cut_off(struct timeline *timeline)
{
	struct name name;

	text_add(name_begin(&name), "the timeline ends here, at its limit of %" PRIu64 " bytes",
	    timeline->most);
	timeline_mark(timeline, -1, "limit", name.bytes);
}

/* Whether there is room for one more event. */
static int
has_room(struct timeline *timeline)
{
	if (timeline->written < timeline->most)
		return 1;
	if (timeline->left_out++ == 0)
		cut_off(timeline);
	return 0;
}

/* --- what it is told -------------------------------------------------------------------------- */

void
timeline_begin(struct timeline *timeline, const struct scn_sink *sink, const char *version,
    uint64_t most)
{
	struct scn_sink counted = { count_bytes, timeline };
	struct json *json = &timeline->json;

	memset(timeline, 0, sizeof(*timeline));
	timeline->sink = *sink;
	timeline->most = most != 0 ? most : TIMELINE_BYTES_DEFAULT;
	json_put_init(json, &counted);
	json_put_object(json, NULL);
	json_put_line_object(json, "otherData");
	json_put_string(json, "vkept", version);
	json_put_string(json, "time", "one unit, shown as 1 us, is one event");
	json_put_end(json);
	json_put_array(json, "traceEvents");
}

int
timeline_process(struct timeline *timeline, struct decoder *decoder, const char *name,
    size_t threads)
{
	timeline->open = calloc(threads + 1, 1);
	timeline->processes++;
	if (timeline->open == NULL)
		return 0;
	timeline->tracks = threads + 1;
	timeline->decoder = decoder;
	timeline->now = 0;
	timeline->edited = 0;
	write_name(timeline, "process_name", 0, name);
	write_name(timeline, "thread_name", 0, "machine");
	return 1;
}

void
timeline_thread(struct timeline *timeline, size_t thread, const char *name)
{
	write_name(timeline, "thread_name", thread + 1, name);
}

void
timeline_event(struct timeline *timeline, const struct event *event)
{
	uint64_t tid = (uint64_t)event->thread + 1; /* 0: the machine, -1 */

	if (timeline->open == NULL || !has_room(timeline))
		return;
	follow_walk(timeline, tid, event);
	if (event->kind == EVENT_STEP)
		begin_step(timeline, tid, event);
	else if (event->kind == EVENT_EXIT)
		begin_exit(timeline, tid, event);
	else
		write_event(timeline, tid, event);
	if (event->kind == EVENT_ACCESS)
		close_slices(timeline, tid, SLICE_WALK, timeline->now + 1);
	if (event->kind == EVENT_ENTER)
		close_slices(timeline, tid, SLICE_EXIT, timeline->now + 1);
	follow_change(timeline, tid, event);
	timeline->now++;
}

void
timeline_mark(struct timeline *timeline, int thread, const char *category, const char *text)
{
	open_record(timeline, "i", category, text, (uint64_t)thread + 1, timeline->now);
	json_put_string(&timeline->json, "s", "p");
	json_put_end(&timeline->json);
}

void
timeline_stop(struct timeline *timeline)
{
	uint64_t tid;

	for (tid = 0; tid < timeline->tracks; tid++)
		close_slices(timeline, tid, SLICE_STEP, timeline->now);
}

void
timeline_process_end(struct timeline *timeline)
{
	free(timeline->open);
	timeline->open = NULL;
	timeline->tracks = 0;
}

void
timeline_end(struct timeline *timeline)
{
	json_put_end(&timeline->json);
	json_put_end(&timeline->json);
}
