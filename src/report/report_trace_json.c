/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One event, one JSON object, on a line of its own.
 *
 * Which members an object has follows from its "event"; what an event does not define is left out.
 */
#include "report/report_trace.h"

#include "copyio/copyio.h"
#include "report/report_stale.h"

/* --- by kind ---------------------------------------------------------------------------------- */

static void
members_entry(struct json *json, struct decoder *decoder, const struct event *event)
{
	/* What is read to set a flag has no place in the walk. */
	if (event->kind == EVENT_TABLE_READ && event->order != 0)
		json_put_number(json, "order", event->order);
	if (event->kind == EVENT_EDIT)
		json_put_address(json, "address", event->address);
	decode_entry_json(json, decoder, event->thread, event->side, event->level, event->slot,
	    event->value);
	if (event->kind != EVENT_TABLE_READ)
		json_put_address(json, "before", event->before);
}

static void
members_cached(struct json *json, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	json_put_string(json, "kind", event->name);
	json_put_address(json, event->side == EVENT_EPT ? "gpa" : "gva", event->address);
	json_put_number(json, "level", event->level);
	json_put_address(json, "entry", event->value);
}

static void
members_access(struct json *json, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	json_put_string(json, "access", decode_access(event->acc));
	json_put_address(json, "gva", event->address);
	json_put_number(json, "size", event->size);
	json_put_string(json, "outcome", decode_outcome(event->outcome));
	if (event->outcome == EVENT_PAGE_FAULT)
		json_put_address(json, "error-code", event->error);
	if (event->outcome == EVENT_OK) {
		json_put_address(json, "gpa", event->gpa);
		json_put_address(json, "hpa", event->value);
		json_put_bool(json, "cached", event->cached);
	}
}

static void
members_stale(struct json *json, struct decoder *decoder, const struct event *event)
{
	members_access(json, decoder, event);
	stale_write_json(json, decoder->scenario, event->stale);
}

static void
members_exit(struct json *json, struct decoder *decoder, const struct event *event)
{
	const struct vmx_exit *exit = &event->exit;
	char name[TEXT_PIECE];
	struct text_buffer buffer = { name, sizeof(name), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	decode_exit_name(&text, decoder, exit);
	json_put_address(json, "reason", exit->reason);
	json_put_string(json, "name", name);
	json_put_address(json, "qualification", exit->qualification);
	json_put_address(json, "gpa", exit->gpa.v);
	if (exit->gla_valid)
		json_put_address(json, "gla", exit->gla.v);
	json_put_address(json, "intr-info", exit->intr_info);
	if (exit->intr_info & VMX_INTR_CODE_VALID)
		json_put_address(json, "intr-error", exit->intr_error);
	if (exit->idt_info & VMX_INTR_VALID)
		json_put_address(json, "idt-info", exit->idt_info);
	json_put_number(json, "instruction-length", exit->instruction_length);
}

static void
members_fault(struct json *json, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	json_put_string(json, "access", decode_access(event->acc));
	json_put_address(json, "gpa", event->address);
	json_put_string(json, "result", decode_fault(event->fault));
	if (event->fault != EVENT_FAULT_REFUSED)
		json_put_address(json, "hpa", event->gpa);
}

static void
members_invalidate(struct json *json, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	json_put_string(json, "name", event->name);
	json_put_address(json, "address", event->address);
	json_put_number(json, "dropped", event->done);
}

static void
members_copy(struct json *json, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	json_put_string(json, "name", event->name);
	json_put_address(json, "address", event->address);
	json_put_number(json, "size", event->size);
	json_put_number(json, "done", event->done);
	json_put_string(json, "error", trace_copy_error(event->error));
}

static void
members_named(struct json *json, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	if (event->name != NULL)
		json_put_string(json, "name", event->name);
	if (event->result != NULL)
		json_put_string(json, "result", event->result);
}

static void
members_console(struct json *json, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	json_put_bytes(json, "bytes", event->bytes, (size_t)event->size);
}

struct object {
	char kind[12];
	void (*members)(struct json *json, struct decoder *decoder,
	    const struct event *event);
};

static const struct object objects[EVENT_UNDEFINED + 1] = {
	[EVENT_STEP] = { "step", members_named },
	[EVENT_ACCESS] = { "access", members_access },
	[EVENT_TABLE_READ] = { "entry", members_entry },
	[EVENT_CACHED] = { "cached", members_cached },
	[EVENT_FLAGS] = { "flags", members_entry },
	[EVENT_EXIT] = { "exit", members_exit },
	[EVENT_ENTER] = { "enter", members_named },
	[EVENT_FAULT] = { "fault", members_fault },
	[EVENT_INVALIDATE] = { "invalidate", members_invalidate },
	[EVENT_STALE] = { "stale", members_stale },
	[EVENT_COPY] = { "copy", members_copy },
	[EVENT_EDIT] = { "edit", members_entry },
	[EVENT_CALL] = { "call", members_named },
	[EVENT_CONSOLE] = { "console", members_console },
	[EVENT_UNDEFINED] = { "undefined", members_named },
};

const char *
trace_event_kind(const struct event *event)
{
	return objects[event->kind].kind;
}

void
trace_event_members(struct json *json, struct decoder *decoder, const struct event *event)
{
	objects[event->kind].members(json, decoder, event);
}

void
trace_event_json(struct json *json, struct decoder *decoder, const struct event *event)
{
	json_put_line_object(json, NULL);
	json_put_string(json, "event", trace_event_kind(event));
	trace_event_members(json, decoder, event);
	json_put_end(json);
}
