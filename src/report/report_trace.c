/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One event, one line.
 *
 * Lines have a word for the kind of event, then what happened, in columns where events of a kind
 * follow each other.  A page walk reads down its numbered entries, guest and EPT, in the order in
 * which the processor read them, and ends with the access it was for.
 */
#include "report/report_trace.h"

#include <inttypes.h>

#include "copyio/copyio.h"
#include "ept/ept_exit.h"
#include "report/report_stale.h"

#define COLUMN_KIND 6
#define COLUMN_WHAT 13
#define COLUMN_ENTRY 45
#define COLUMN_FIELDS 65

const char *
trace_copy_error(unsigned error)
{
	switch (error) {
	case VK_OK:
		return "ok";
	case VK_EFAULT:
		return "EFAULT";
	case VK_ENAMETOOLONG:
		return "ENAMETOOLONG";
	default:
		return "?";
	}
}

const char *
trace_flags(const struct event *event)
{
	static const char name[4][4] = { "", "A", "D", "A D" };
	uint64_t set = event->value & ~event->before;

	if (event->side == EVENT_EPT)
		return name[((set & EPT_A) ? 1 : 0) | ((set & EPT_D) ? 2 : 0)];
	return name[((set & VK_PG_A) ? 1 : 0) | ((set & VK_PG_D) ? 2 : 0)];
}

/* --- entries ---------------------------------------------------------------------------------- */

static void
line_read(struct text *text, struct decoder *decoder, const struct event *event)
{
	if (event->order != 0)
		text_add(text, "%3u ", event->order);
	else /* read to set a flag, not for the walk */
		text_str(text, "  - ");
	decode_slot(text, event->side, event->level, event->slot);
	text_to(text, COLUMN_ENTRY);
	text_add(text, "0x%016" PRIx64, event->value);
	text_to(text, COLUMN_FIELDS);
	decode_entry(text, decoder, event->thread, event->side, event->level, event->value);
}

/* Upper entries that were not read: the walk began below this one. */
static void
line_cached(struct text *text, struct decoder *decoder, const struct event *event)
{
	text_add(text, "    %s for %s 0x%" PRIx64, decode_level(event->side, event->level),
	    event->side == EVENT_EPT ? "GPA" : "GVA", event->address);
	text_to(text, COLUMN_ENTRY);
	text_add(text, "0x%016" PRIx64, event->value);
	text_to(text, COLUMN_FIELDS);
	decode_entry(text, decoder, event->thread, event->side, event->level, event->value);
	text_add(text, " (%s)", event->name);
}

static void
line_flags(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_str(text, "    ");
	decode_slot(text, event->side, event->level, event->slot);
	text_to(text, COLUMN_ENTRY);
	text_add(text, "0x%016" PRIx64, event->value);
	text_to(text, COLUMN_FIELDS);
	text_add(text, "sets %s", trace_flags(event));
}

static void
line_edit(struct text *text, struct decoder *decoder, const struct event *event)
{
	if (event->slot != 0)
		decode_slot(text, event->side, event->level, event->slot);
	else
		text_add(text, "%s of 0x%" PRIx64, decode_level(event->side, event->level),
		    event->address);
	text_add(text, ": 0x%" PRIx64 " -> 0x%" PRIx64 " (", event->before, event->value);
	decode_entry(text, decoder, event->thread, event->side, event->level, event->value);
	text_str(text, ")");
}

/* --- accesses and exits ----------------------------------------------------------------------- */

static void
line_access(struct text *text, struct decoder *decoder, const struct event *event)
{
	text_add(text, "%s 0x%" PRIx64 ", ", decode_access(event->acc), event->address);
	text_amount(text, event->size);
	if (event->outcome == EVENT_OK) {
		text_add(text, " -> GPA 0x%" PRIx64 " -> HPA 0x%" PRIx64 "%s", event->gpa,
		    event->value, event->cached ? ", from the TLB" : "");
		return;
	}
	text_add(text, ": %s", decode_outcome(event->outcome));
	if (event->outcome == EVENT_PAGE_FAULT) {
		text_add(text, " 0x%x (", event->error);
		decode_error_code(text, decoder, event->thread, event->error);
		text_str(text, ")");
	}
}

static void
line_exit(struct text *text, struct decoder *decoder, const struct event *event)
{
	const struct vmx_exit *exit = &event->exit;
	unsigned reason = exit->reason & 0xffffu;

	text_add(text, "%u ", reason);
	decode_exit_name(text, decoder, exit);
	if (reason == VMX_EXIT_EPT_VIOLATION) {
		text_add(text, ", qualification 0x%" PRIx64 " (", exit->qualification);
		decode_qualification(text, decoder, exit->qualification);
		text_str(text, ")");
	} else if (exit->qualification != 0) {
		text_add(text, ", qualification 0x%" PRIx64, exit->qualification);
	}
	if (reason == VMX_EXIT_EPT_VIOLATION || reason == VMX_EXIT_EPT_MISCONFIG ||
	    reason == VMX_EXIT_SPP)
		text_add(text, ", GPA 0x%" PRIx64, exit->gpa.v);
	if (exit->gla_valid)
		text_add(text, ", GLA 0x%" PRIx64, exit->gla.v);
	if (exit->intr_info & VMX_INTR_CODE_VALID)
		text_add(text, ", error code 0x%x", exit->intr_error);
	if (exit->idt_info & VMX_INTR_VALID)
		text_add(text, ", delivering vector %u", exit->idt_info & VMX_INTR_VECTOR);
	if (exit->instruction_length != 0)
		text_add(text, ", instruction length %u", exit->instruction_length);
}

static void
line_enter(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_str(text, event->result != NULL ? event->result : "VM entry");
}

static void
line_fault(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_add(text, "%s of GPA 0x%" PRIx64 ": %s", decode_access(event->acc), event->address,
	    decode_fault(event->fault));
	if (event->fault != EVENT_FAULT_REFUSED)
		text_add(text, ", HPA 0x%" PRIx64, event->gpa);
}

/* --- caches, copies, calls -------------------------------------------------------------------- */

static void
line_invalidate(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_add(text, "%s 0x%" PRIx64 ": ", event->name, event->address);
	text_count(text, event->done, "item");
	text_str(text, " dropped");
}

static void
line_stale(struct text *text, struct decoder *decoder, const struct event *event)
{
	text_add(text, "%s 0x%" PRIx64 " went to HPA 0x%" PRIx64
	    " by a translation that the tables no longer hold: ",
	    decode_access(event->acc), event->address, event->value);
	stale_write(text, decoder->scenario, event->stale);
}

static void
line_copy(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_add(text, "%s 0x%" PRIx64 ": %s, %" PRIu64 " of ", event->name, event->address,
	    trace_copy_error(event->error), event->done);
	text_amount(text, event->size);
}

static void
line_call(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_add(text, "%s: %s", event->name, event->result != NULL ? event->result : "done");
}

static void
line_console(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_quoted(text, event->bytes, (size_t)event->size);
}

static void
line_undefined(struct text *text, struct decoder *decoder, const struct event *event)
{
	(void)decoder;
	text_add(text, "%s", event->name);
}

/* --- all of them ------------------------------------------------------------------------------ */

struct line {
	char kind[8];
	enum text_style style;
	void (*write)(struct text *text, struct decoder *decoder, const struct event *event);
};

static const struct line lines[] = {
	[EVENT_ACCESS] = { "access", TEXT_PLAIN, line_access },
	[EVENT_TABLE_READ] = { "entry", TEXT_FAINT, line_read },
	[EVENT_CACHED] = { "cached", TEXT_FAINT, line_cached },
	[EVENT_FLAGS] = { "flags", TEXT_FAINT, line_flags },
	[EVENT_EXIT] = { "exit", TEXT_STRONG, line_exit },
	[EVENT_ENTER] = { "enter", TEXT_STRONG, line_enter },
	[EVENT_FAULT] = { "fault", TEXT_PLAIN, line_fault },
	[EVENT_INVALIDATE] = { "flush", TEXT_PLAIN, line_invalidate },
	[EVENT_STALE] = { "stale", TEXT_BAD, line_stale },
	[EVENT_COPY] = { "copy", TEXT_PLAIN, line_copy },
	[EVENT_EDIT] = { "edit", TEXT_PLAIN, line_edit },
	[EVENT_CALL] = { "call", TEXT_PLAIN, line_call },
	[EVENT_CONSOLE] = { "console", TEXT_PLAIN, line_console },
	[EVENT_UNDEFINED] = { "undef", TEXT_BAD, line_undefined },
};

void
trace_event_text(struct text *text, struct decoder *decoder, const struct event *event)
{
	const struct line *line;

	if ((size_t)event->kind >= sizeof(lines) / sizeof(lines[0]))
		return;
	line = &lines[event->kind];
	if (line->write == NULL)
		return;
	text_to(text, COLUMN_KIND);
	text_style(text, line->style);
	text_str(text, line->kind);
	text_to(text, COLUMN_WHAT);
	line->write(text, decoder, event);
	text_style(text, TEXT_PLAIN);
	text_str(text, "\n");
}
