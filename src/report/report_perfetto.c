/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace as a timeline, in the JSON form of Chrome traces that ui.perfetto.dev and
 * chrome://tracing open.
 *
 * A scenario is a process and each of its threads a track.  There is no time in the model: one
 * event of the run takes one unit, so what stands further right happened later and lengths count
 * events.  On a track a step is a slice, in it each stay outside the guest (from the exit to the
 * next entry) and each walk (from the first entry that it looks for to the access that it is for);
 * every other event is a slice of one unit.  An arrow leads from the last change of an entry that
 * was in use to each invalidation that follows it, on whichever processor.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "report/report_formats.h"

#define NAME_SIZE 160

/* What may be open on a track, from the outside in. */
enum slice_kind {
	SLICE_STEP,
	SLICE_EXIT,
	SLICE_WALK,
	SLICES
};


struct report_perfetto {
	uint64_t pid;
	uint64_t now;   /* events so far */
	int edited;     /* an entry was changed: */
	uint64_t edit_tid, edit_at;
	unsigned char open[]; /* of each track a bit for each kind; [0]: the machine itself */
};

static const char *const categories[SLICES] = { "step", "exit", "walk" };

/* --- records ---------------------------------------------------------------------------------- */

/* The members that every record has; the record stays open. */
static void
open_record(struct report *report, const char *phase, const char *category, const char *name,
    uint64_t tid, uint64_t at)
{
	struct json *json = &report->json;

	json_put_line_object(json, NULL);
	json_put_string(json, "ph", phase);
	json_put_string(json, "cat", category);
	json_put_string(json, "name", name);
	json_put_number(json, "pid", report->perfetto->pid);
	json_put_number(json, "tid", tid);
	json_put_number(json, "ts", at);
}

static void
write_args(struct report *report, const struct event *event)
{
	json_put_object(&report->json, "args");
	trace_event_members(&report->json, &report->decoder, event);
	json_put_end(&report->json);
}

/* What a process, or a track, is called. */
static void
write_name(struct report *report, const char *what, uint64_t tid, const char *name)
{
	struct json *json = &report->json;

	json_put_line_object(json, NULL);
	json_put_string(json, "ph", "M");
	json_put_string(json, "name", what);
	json_put_number(json, "pid", report->perfetto->pid);
	json_put_number(json, "tid", tid);
	json_put_object(json, "args");
	json_put_string(json, "name", name);
	json_put_end(json);
	json_put_end(json);
}

static void
write_flow_end(struct report *report, const char *phase, uint64_t id, uint64_t tid, uint64_t at)
{
	struct json *json = &report->json;

	open_record(report, phase, "invalidation", "invalidation", tid, at);
	json_put_number(json, "id", id);
	if (phase[0] == 'f')
		json_put_string(json, "bp", "e");
	json_put_end(json);
}

/* --- slices ----------------------------------------------------------------------------------- */

static int
is_open(const struct report *report, uint64_t tid, enum slice_kind kind)
{
	return (report->perfetto->open[tid] >> kind & 1) != 0;
}

/* Ends a slice, and first those within it. */
static void
close_slices(struct report *report, uint64_t tid, enum slice_kind outermost, uint64_t end)
{
	struct json *json = &report->json;
	unsigned kind;

	for (kind = SLICES; kind-- > (unsigned)outermost;) {
		if (!is_open(report, tid, kind))
			continue;
		json_put_line_object(json, NULL);
		json_put_string(json, "ph", "E");
		json_put_number(json, "pid", report->perfetto->pid);
		json_put_number(json, "tid", tid);
		json_put_number(json, "ts", end);
		json_put_end(json);
	}
	report->perfetto->open[tid] &= (unsigned char)((1u << outermost) - 1);
}

/* Begins one here, in place of one of its kind.  It tells of an event, unless that is NULL. */
static void
open_slice(struct report *report, uint64_t tid, enum slice_kind kind, const char *name,
    const struct event *event)
{
	close_slices(report, tid, kind, report->perfetto->now);
	open_record(report, "B", categories[kind], name, tid, report->perfetto->now);
	if (event != NULL)
		write_args(report, event);
	json_put_end(&report->json);
	report->perfetto->open[tid] |= (unsigned char)(1u << kind);
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
follow_walk(struct report *report, uint64_t tid, const struct event *event)
{
	if (!is_of_walk(event) && event->kind != EVENT_ACCESS)
		close_slices(report, tid, SLICE_WALK, report->perfetto->now);
	else if (is_of_walk(event) && !is_open(report, tid, SLICE_WALK))
		open_slice(report, tid, SLICE_WALK, "walk", NULL);
}

/* From the last change of an entry to what drops what was cached of it; nothing is of a new one. */
static void
follow_change(struct report *report, uint64_t tid, const struct event *event)
{
	struct report_perfetto *perfetto = report->perfetto;

	if (event->kind == EVENT_EDIT && event->before != 0) {
		perfetto->edited = 1;
		perfetto->edit_tid = tid;
		perfetto->edit_at = perfetto->now;
	} else if (event->kind == EVENT_INVALIDATE && perfetto->edited) {
		report->flows++;
		write_flow_end(report, "s", report->flows, perfetto->edit_tid, perfetto->edit_at);
		write_flow_end(report, "f", report->flows, tid, perfetto->now);
	}
}

static void
write_event(struct report *report, uint64_t tid, const struct event *event)
{
	struct name name;

	name_event(name_begin(&name), event);
	open_record(report, "X", trace_event_kind(event), name.bytes, tid, report->perfetto->now);
	json_put_number(&report->json, "dur", 1);
	write_args(report, event);
	json_put_end(&report->json);
}

static void
begin_step(struct report *report, uint64_t tid, const struct event *event)
{
	struct name name;
	struct text *text = name_begin(&name);

	text_add(text, "%d ", event->step + 1);
	decode_operation(text, report->scenario, event->thread, event->step);
	open_slice(report, tid, SLICE_STEP, name.bytes, NULL);
}

static void
begin_exit(struct report *report, uint64_t tid, const struct event *event)
{
	struct name name;

	decode_exit_name(name_begin(&name), &report->decoder, &event->exit);
	open_slice(report, tid, SLICE_EXIT, name.bytes, event);
}

static void
timeline_event(struct report *report, const struct event *event)
{
	struct report_perfetto *perfetto = report->perfetto;
	uint64_t tid = (uint64_t)event->thread + 1; /* 0: the machine, -1 */

	if (perfetto == NULL)
		return;
	follow_walk(report, tid, event);
	if (event->kind == EVENT_STEP)
		begin_step(report, tid, event);
	else if (event->kind == EVENT_EXIT)
		begin_exit(report, tid, event);
	else
		write_event(report, tid, event);
	if (event->kind == EVENT_ACCESS)
		close_slices(report, tid, SLICE_WALK, perfetto->now + 1);
	if (event->kind == EVENT_ENTER)
		close_slices(report, tid, SLICE_EXIT, perfetto->now + 1);
	follow_change(report, tid, event);
	perfetto->now++;
}

/* --- scenarios -------------------------------------------------------------------------------- */

static void
timeline_begin(struct report *report)
{
	struct json *json = &report->json;

	json_put_object(json, NULL);
	json_put_line_object(json, "otherData");
	json_put_string(json, "vkept", report->options.version);
	json_put_string(json, "time", "one unit, shown as 1 us, is one event");
	json_put_end(json);
	json_put_array(json, "traceEvents");
}

static void
timeline_scenario(struct report *report)
{
	const struct scenario *scenario = report->scenario;
	struct name name;
	size_t i;

	report->perfetto = calloc(1, sizeof(*report->perfetto) +
	    scenario->threads + 1);
	report->processes++;
	if (report->perfetto == NULL) {
		report->no_memory = 1;
		return;
	}
	report->perfetto->pid = report->processes;
	decode_name(name_begin(&name), scenario);
	write_name(report, "process_name", 0, name.bytes);
	write_name(report, "thread_name", 0, "machine");
	for (i = 0; i < scenario->threads; i++)
		write_name(report, "thread_name", i + 1, scenario->thread[i].name);
}

/* What did not hold, as a mark at the end of its thread's track. */
static void
write_failure(struct report *report, const struct play_mismatch *mismatch)
{
	struct name name;
	struct text *text = name_begin(&name);

	text_add(text, "FAILS: %s: expected ", mismatch->field);
	text_safe(text, mismatch->expected);
	text_str(text, ", found ");
	text_safe(text, mismatch->found);
	open_record(report, "i", "failure", name.bytes, (uint64_t)mismatch->thread + 1,
	    report->perfetto->now);
	json_put_string(&report->json, "s", "p");
	json_put_end(&report->json);
}

static void
timeline_outcome(struct report *report, enum play_status status, const struct play_outcome *outcome)
{
	struct report_perfetto *perfetto = report->perfetto;
	uint64_t tid;
	size_t i;

	if (perfetto == NULL)
		return;
	for (tid = 0; tid <= report->scenario->threads; tid++)
		close_slices(report, tid, SLICE_STEP, perfetto->now);
	for (i = 0; status == PLAY_DONE && i < outcome->mismatches; i++)
		write_failure(report, &outcome->mismatch[i]);
	free(perfetto);
	report->perfetto = NULL;
}

static void
timeline_end(struct report *report)
{
	json_put_end(&report->json);
	json_put_end(&report->json);
}

const struct report_format report_format_perfetto = {
	.begin = timeline_begin,
	.scenario = timeline_scenario,
	.event = timeline_event,
	.outcome = timeline_outcome,
	.end = timeline_end,
};
