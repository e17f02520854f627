/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From events to one line a step.
 *
 * Entries read, flags, VM entries that succeed and pages that only had to be mapped are left to the
 * trace; what is told is what a step came to and what it took to get there.
 */
#include "report/report_story.h"

#include <inttypes.h>
#include <string.h>

#include "copyio/copyio.h"
#include "ept/ept_exit.h"
#include "report/report_stale.h"

#define CONSOLE_SHOWN 40
#define COLUMN_OPERATION 19
#define COLUMN_HAPPENED 52

int
story_is_over(const struct story_scene *scene, const struct event *event)
{
	return event->kind == EVENT_STEP || event->thread != scene->thread ||
	    event->step != scene->step;
}

void
story_begin(struct story_scene *scene, const struct event *event)
{
	scene->thread = event->thread;
	scene->step = event->step;
	scene->continued = event->kind != EVENT_STEP && event->step >= 0;
	scene->items = 0;
	scene->more = 0;
}

int
story_is_empty(const struct story_scene *scene)
{
	return scene->items == 0 && (scene->step < 0 || scene->continued);
}

/* --- what an event means ---------------------------------------------------------------------- */

static void
tell_access(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	switch (event->outcome) {
	case EVENT_OK:
		text_str(text, event->cached ? "ok from the TLB" : "ok");
		break;
	case EVENT_PAGE_FAULT:
		text_add(text, "#PF at 0x%" PRIx64 ", error code 0x%x", event->address,
		    event->error);
		break;
	case EVENT_GENERAL_PROTECTION:
	case EVENT_VIRTUALIZATION:
	case EVENT_NESTED_FAULT:
		text_str(text, decode_outcome(event->outcome));
		break;
	case EVENT_VM_EXIT:
		break; /* the exit comes as an event of its own */
	}
}

static void
tell_exit(struct text *text, struct decoder *decoder, const struct event *event)
{
	const struct vmx_exit *exit = &event->exit;
	unsigned reason = exit->reason & 0xffffu;

	decode_exit_name(text, decoder, exit);
	if (reason == VMX_EXIT_EPT_VIOLATION && exit->gla_valid &&
	    !(exit->qualification & EPT_QUAL_FINAL)) {
		text_str(text, " on a guest table");
	} else if (reason == VMX_EXIT_EPT_VIOLATION) {
		text_add(text, " (%s) at GPA 0x%" PRIx64,
		    decode_access((unsigned)exit->qualification), exit->gpa.v);
	} else if (reason == VMX_EXIT_EPT_MISCONFIG || reason == VMX_EXIT_SPP) {
		text_add(text, " at GPA 0x%" PRIx64, exit->gpa.v);
	} else {
		text_str(text, " exit");
	}
}

static void
tell_enter(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	/* VMLAUNCH and VMRESUME go without saying. */
	if (event->result != NULL && strcmp(event->result, "VMfail") == 0)
		text_str(text, event->result);
}

static void
tell_fault(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	if (event->fault == EVENT_FAULT_REFUSED)
		text_add(text, "GPA 0x%" PRIx64 " refused", event->address);
	else if (event->fault != EVENT_FAULT_PRESENT)
		text_str(text, decode_fault(event->fault));
}

static void
tell_invalidate(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_str(text, event->name);
	if (event->done != 0)
		text_add(text, " drops %" PRIu64, event->done);
}

static void
tell_stale(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_add(text, "stale translation to HPA 0x%" PRIx64, event->value);
	if (event->stale->remedy == STALE_NO_REMEDY)
		return;
	text_str(text, " for want of ");
	stale_write_remedy(text, event->stale);
}

static void
tell_copy(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_str(text, event->name);
	if (event->error != VK_OK)
		text_add(text, " %s", trace_copy_error(event->error));
	text_add(text, " %" PRIu64 " of ", event->done);
	text_amount(text, event->size);
}

static void
tell_edit(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	/* What a fault enters into the EPT is told by the fault. */
	if (event->side == EVENT_GUEST || event->value == 0)
		text_add(text, "%s %s", decode_level(event->side, event->level),
		    event->value == 0 ? "cleared" : "changed");
}

static void
tell_call(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_add(text, "%s: %s", event->name, event->result != NULL ? event->result : "done");
}

static void
tell_console(struct text *text, struct decoder *decoder, const struct event *event)
{
	size_t size = event->size < CONSOLE_SHOWN ? (size_t)event->size : CONSOLE_SHOWN;

	(void)decoder;
	text_str(text, "prints ");
	text_quoted(text, event->bytes, size);
	if (size < event->size)
		text_str(text, "...");
}

static void
tell_undefined(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_add(text, "undefined: %s", event->name);
}

typedef void tell(struct text *text, struct decoder *decoder, const struct event *event);

static tell *const tells[] = {
	[EVENT_ACCESS] = tell_access,
	[EVENT_EXIT] = tell_exit,
	[EVENT_ENTER] = tell_enter,
	[EVENT_FAULT] = tell_fault,
	[EVENT_INVALIDATE] = tell_invalidate,
	[EVENT_STALE] = tell_stale,
	[EVENT_COPY] = tell_copy,
	[EVENT_EDIT] = tell_edit,
	[EVENT_CALL] = tell_call,
	[EVENT_CONSOLE] = tell_console,
	[EVENT_UNDEFINED] = tell_undefined,
};

/* Room for one more; what is neither among the first nor among the last makes way. */
static struct story_item *
item_next(struct story_scene *scene)
{
	struct story_item *middle = &scene->item[STORY_FIRST];

	if (scene->items < STORY_ITEMS)
		return &scene->item[scene->items++];
	scene->more += middle->times;
	memmove(middle, middle + 1, (STORY_ITEMS - STORY_FIRST - 1) * sizeof(*middle));
	return &scene->item[STORY_ITEMS - 1];
}

void
story_add(struct story_scene *scene, struct decoder *decoder, const struct event *event)
{
	struct story_item *last = scene->items != 0 ? &scene->item[scene->items - 1] : NULL;
	char what[STORY_ITEM_SIZE];
	struct text_buffer buffer = { what, sizeof(what), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	if ((size_t)event->kind >= sizeof(tells) / sizeof(tells[0]) || tells[event->kind] == NULL)
		return;
	text_init(&text, &sink, 0);
	tells[event->kind](&text, decoder, event);
	if (buffer.used == 0)
		return;
	if (last != NULL && strcmp(last->what, what) == 0) {
		last->times++;
		return;
	}
	last = item_next(scene);
	memcpy(last->what, what, buffer.used + 1);
	last->times = 1;
}

/* --- the line --------------------------------------------------------------------------------- */

static void
write_place(struct text *text, const struct scenario *scenario, const struct story_scene *scene)
{
	text_str(text, "  ");
	text_safe(text, decode_thread(scenario, scene->thread));
	if (scene->step < 0)
		return;
	text_to(text, COLUMN_OPERATION - 5);
	text_add(text, "%3d", scene->step + 1);
	text_to(text, COLUMN_OPERATION);
	decode_operation(text, scenario, scene->thread, scene->step);
	if (scene->continued)
		text_str(text, ", goes on");
}

void
story_write_text(struct text *text, const struct scenario *scenario,
    const struct story_scene *scene)
{
	unsigned i;

	write_place(text, scenario, scene);
	if (scene->items == 0)
		return;
	text_to(text, COLUMN_HAPPENED);
	for (i = 0; i < scene->items; i++) {
		text_str(text, i != 0 ? ", " : "");
		if (i == STORY_FIRST && scene->more != 0)
			text_add(text, "%" PRIu64 " more, ", scene->more);
		text_str(text, scene->item[i].what);
		if (scene->item[i].times > 1)
			text_add(text, " (%" PRIu64 " times)", scene->item[i].times);
	}
}

void
story_write_json(struct json *json, const struct story_scene *scene)
{
	unsigned i;

	json_put_array(json, "happened");
	for (i = 0; i < scene->items; i++) {
		json_put_line_object(json, NULL);
		json_put_string(json, "what", scene->item[i].what);
		json_put_number(json, "times", scene->item[i].times);
		json_put_end(json);
	}
	json_put_end(json);
	json_put_number(json, "more", scene->more);
}
