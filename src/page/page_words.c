/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Events in words: the line of the trace, the fields of the word that it is about, and of an access
 * that failed the verdict.
 */
#include <inttypes.h>
#include <string.h>

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "page/page_record.h"
#include "report/report_trace.h"

#define WORDS_SIZE 4096

/* A text that is put together and then kept as a string. */
struct words {
	char bytes[WORDS_SIZE];
	struct text_buffer buffer;
	struct scn_sink sink;
	struct text text;
};

static struct text *
words_begin(struct words *words)
{
	words->buffer = (struct text_buffer){ words->bytes, sizeof(words->bytes), 0 };
	words->sink = text_buffer_sink(&words->buffer);
	words->bytes[0] = '\0';
	text_init(&words->text, &words->sink, 0);
	return &words->text;
}

static uint32_t
words_end(struct page *page, const struct words *words)
{
	return page_strings_add(&page->strings, words->bytes);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* The line of the trace without its first word, and without the blanks that make columns. */
static void
put_trace_line(struct page *page, struct text *text, const struct event *event)
{
	struct words line;
	const char *at;

	trace_event_text(words_begin(&line), &page->decoder, event);
	at = line.bytes + strspn(line.bytes, " ");
	at += strcspn(at, " \n");
	at += strspn(at, " ");
	for (; *at != '\0' && *at != '\n'; at++) {
		if (*at != ' ' || at[1] != ' ')
			text_put(text, at, 1);
	}
}

static void
put_line(struct page *page, struct text *text, const struct event *event)
{
	struct decoder *decoder = &page->decoder;

	switch (event->kind) {
	case EVENT_STEP:
		decode_operation(text, page->scenario, event->thread, event->step);
		break;
	case EVENT_TABLE_READ:
		decode_slot(text, event->side, event->level, event->slot);
		text_add(text, ": 0x%" PRIx64 " (", event->value);
		decode_entry(text, decoder, event->thread, event->side, event->level,
		    event->value);
		text_str(text, ")");
		break;
	case EVENT_CACHED:
		text_add(text, "%s for %s 0x%" PRIx64 " is cached (%s): 0x%" PRIx64 " (",
		    decode_level(event->side, event->level),
		    event->side == EVENT_EPT ? "GPA" : "GVA", event->address, event->name,
		    event->value);
		decode_entry(text, decoder, event->thread, event->side, event->level,
		    event->value);
		text_str(text, ")");
		break;
	case EVENT_FLAGS:
		decode_slot(text, event->side, event->level, event->slot);
		text_add(text, " gets %s: 0x%" PRIx64 " -> 0x%" PRIx64, trace_flags(event),
		    event->before, event->value);
		break;
	default:
		put_trace_line(page, text, event);
		break;
	}
}

static uint32_t
describe_fields(struct page *page, const struct event *event)
{
	struct decoder *decoder = &page->decoder;
	struct words words;
	struct text *text = words_begin(&words);

	switch (event->kind) {
	case EVENT_TABLE_READ:
	case EVENT_CACHED:
	case EVENT_FLAGS:
	case EVENT_EDIT:
		decode_entry_fields(text, decoder, event->thread, event->side, event->level,
		    event->value);
		break;
	case EVENT_EXIT:
		if ((event->exit.reason & 0xffffu) == VMX_EXIT_EPT_VIOLATION)
			decode_qualification_fields(text, decoder, event->exit.qualification);
		break;
	case EVENT_ACCESS:
		if (event->outcome == EVENT_PAGE_FAULT)
			decode_error_code_fields(text, decoder, event->thread, event->error);
		break;
	default:
		break;
	}
	return words_end(page, &words);
}

/* Why an access did not pass. */
static void
describe_failure(struct page *page, struct page_row *row, const struct event *event)
{
	struct explanation why;

	play_sight_explain(page->sight, event, &why);
	if (why.outcome != event->outcome)
		return; /* of another state already: nothing can be said */
	row->verdict = page_strings_add(&page->strings, why.verdict);
	row->remedy = page_strings_add(&page->strings, why.remedy);
	row->rule = page_strings_add(&page->strings, why.rule);
}

void
page_describe(struct page *page, struct page_row *row, const struct event *event)
{
	struct words words;

	put_line(page, words_begin(&words), event);
	row->text = words_end(page, &words);
	row->fields = describe_fields(page, event);
	if (event->kind == EVENT_ACCESS && event->outcome != EVENT_OK && event->thread >= 0)
		describe_failure(page, row, event);
}

/* --- what is cached --------------------------------------------------------------------------- */

static void
put_size(struct text *text, unsigned shift)
{
	static const char unit[] = " KMGTPE";

	text_add(text, "%u", 1u << shift % 10);
	if (shift >= 10)
		text_put(text, &unit[shift / 10], 1);
}

/* Rights as they were accumulated: of the guest's tables, and of the EPT's. */
static void
put_rights(struct text *text, const struct tlb_entry *entry)
{
	if (tlb_kind_is_guest_physical(entry->kind) || tlb_kind_is_structure(entry->kind))
		return;
	text_add(text, "%s%s%s", entry->guest_perm & VK_PG_US ? "user" : "supervisor",
	    entry->guest_perm & VK_PG_RW ? " w" : "", entry->guest_perm & VK_PG_XD ? " x" : "");
	if (entry->kind == TLB_COMBINED)
		text_add(text, ", EPT %s%s%s", entry->ept_perm & EPT_R ? "r" : "",
		    entry->ept_perm & EPT_W ? "w" : "", entry->ept_perm & EPT_X ? "x" : "");
	text_add(text, "%s%s%s", entry->writable ? ", dirty" : "", entry->global ? ", global" : "",
	    entry->fetch ? ", for fetches" : "");
}

static void
put_target(struct text *text, const struct tlb_entry *entry)
{
	if (tlb_kind_is_guest_physical(entry->kind))
		text_add(text, "%s: 0x%" PRIx64, decode_level(EVENT_EPT, entry->level),
		    entry->step[entry->level]);
	else if (tlb_kind_is_structure(entry->kind))
		text_add(text, "table at HPA 0x%" PRIx64, entry->table.v);
	else
		text_add(text, "HPA 0x%" PRIx64, entry->frame.v);
}

uint32_t
page_describe_cached(struct page *page, const struct tlb_entry *entry)
{
	bool physical = tlb_kind_is_guest_physical(entry->kind);
	struct words words;
	struct text *text = words_begin(&words);

	text_add(text, "%s|%s 0x%" PRIx64 "|", tlb_kind_name(entry->kind),
	    physical ? "GPA" : "GVA", entry->address);
	put_size(text, entry->shift);
	text_str(text, "|");
	put_target(text, entry);
	text_str(text, "|");
	put_rights(text, entry);
	text_str(text, "|");
	if (!physical)
		text_add(text, "VPID %u, PCID %u", (unsigned)entry->tag.vpid,
		    (unsigned)entry->tag.pcid);
	if (entry->tag.eptrta != 0)
		text_add(text, "%sEPT 0x%" PRIx64, physical ? "" : ", ",
		    entry->tag.eptrta << VK_PAGE_SHIFT);
	return words_end(page, &words);
}
