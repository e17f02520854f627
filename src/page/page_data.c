/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The data of a page, as JSON: what docs/REPORT.md describes.
 *
 * The machine is given as it was at the end, and each event with what it changed, before and after.
 * Addresses and words are hexadecimal digits without 0x; strings are numbers into one list.
 */
#include <stdio.h>

#include "explore/explore_names.h"
#include "page/page_record.h"
#include "report/report_json.h"
#include "report/report_trace.h"

static void
put_hex(struct json *json, const char *key, uint64_t value)
{
	char digits[TEXT_DIGITS];

	json_put_string(json, key, text_number(digits, value, 16));
}

static void
put_id(struct json *json, const char *key, uint32_t id)
{
	if (id != 0)
		json_put_number(json, key, id);
}

/* --- the scenario ----------------------------------------------------------------------------- */

static void
put_steps(struct json *json, const struct page *page, unsigned thread)
{
	const struct scn_thread *scn = &page->scenario->thread[thread];
	char operation[TEXT_PIECE];
	size_t i;

	json_put_array(json, "steps");
	for (i = 0; i < scn->steps; i++) {
		struct text_buffer buffer = { operation, sizeof(operation), 0 };
		struct scn_sink sink = text_buffer_sink(&buffer);
		struct text text;

		text_init(&text, &sink, 0);
		decode_operation(&text, page->scenario, (int)thread, (int)i);
		json_put_line_array(json, NULL);
		json_put_number(json, NULL, scn->step[i].src.mark.line);
		json_put_string(json, NULL, operation);
		if (scn->step[i].what != NULL)
			json_put_string(json, NULL, scn->step[i].what);
		json_put_end(json);
	}
	json_put_end(json);
}

static void
put_threads(struct json *json, const struct page *page)
{
	const struct scenario *scenario = page->scenario;
	unsigned i;

	json_put_array(json, "threads");
	for (i = 0; i < scenario->threads; i++) {
		json_put_object(json, NULL);
		json_put_string(json, "name", scenario->thread[i].name);
		json_put_string(json, "role", scn_role_name(scenario->thread[i].role));
		json_put_bool(json, "vcpu", (scenario->thread[i].role & SCN_ROLE_VCPUS) != 0);
		json_put_number(json, "space", page_space_of(page, i));
		put_steps(json, page, i);
		json_put_end(json);
	}
	json_put_end(json);
}

static void
put_names(struct json *json, const struct page *page)
{
	static const char *const registers[PLAY_REGISTERS] = {
		[PLAY_RIP] = "RIP", [PLAY_CPL] = "CPL", [PLAY_CR0] = "CR0", [PLAY_CR3] = "CR3",
		[PLAY_CR4] = "CR4", [PLAY_EFER] = "EFER", [PLAY_EPTP] = "EPTP",
		[PLAY_VPID] = "VPID", [PLAY_CPU] = "CPU", [PLAY_GUEST] = "guest mode",
	};
	unsigned i;

	json_put_line_array(json, "registers");
	for (i = 0; i < PLAY_REGISTERS; i++)
		json_put_string(json, NULL, registers[i]);
	json_put_end(json);
	json_put_line_array(json, "vmm");
	for (i = 0; i < PLAY_VMM_WORDS; i++)
		json_put_string(json, NULL, explore_vmm_name(i));
	json_put_end(json);
	json_put_line_array(json, "processes");
	for (i = 0; i < page->scenario->host.spaces; i++)
		json_put_string(json, NULL, page->scenario->host.space[i].name);
	json_put_end(json);
	json_put_number(json, "cpus", page->scenario->machine.cpus);
	json_put_string(json, "tlb", page->scenario->machine.tlb == SCN_TLB_NONE ? "none" :
	    page->scenario->machine.tlb == SCN_TLB_CACHING ? "caching" : "adversarial");
}

/* --- what did not hold ------------------------------------------------------------------------ */

static void
put_failure(struct json *json, const struct page *page, size_t index)
{
	const struct play_mismatch *mismatch = &page->outcome->mismatch[index];

	json_put_object(json, NULL);
	json_put_number(json, "event", page->at[index]);
	json_put_number(json, "line", mismatch->mark.line);
	json_put_number(json, "column", mismatch->mark.column);
	if (mismatch->thread >= 0) {
		json_put_number(json, "thread", (uint64_t)mismatch->thread);
		json_put_number(json, "step", (uint64_t)mismatch->step);
	}
	json_put_string(json, "field", mismatch->field);
	json_put_string(json, "expected", mismatch->expected);
	json_put_string(json, "found", mismatch->found);
	if (mismatch->why != NULL) {
		json_put_string(json, "verdict", mismatch->why->verdict);
		json_put_string(json, "remedy", mismatch->why->remedy);
		json_put_string(json, "rule", mismatch->why->rule);
	}
	json_put_end(json);
}

static void
put_failures(struct json *json, const struct page *page)
{
	size_t i;

	json_put_array(json, "failures");
	for (i = 0; i < page->found; i++)
		put_failure(json, page, i);
	json_put_end(json);
	json_put_number(json, "more", page->outcome->more);
}

/* --- events ----------------------------------------------------------------------------------- */

static void
put_change(struct json *json, const struct page_change *change)
{
	static const char kind[PAGE_CHANGES][2] = { "w", "r", "v", "c", "m" };

	json_put_line_array(json, NULL);
	json_put_string(json, NULL, kind[change->kind]);
	if (change->kind != PAGE_WORD)
		json_put_number(json, NULL, change->who);
	if (change->kind == PAGE_REGISTER || change->kind == PAGE_VMM ||
	    change->kind == PAGE_CACHED)
		json_put_number(json, NULL, change->which);
	else
		put_hex(json, NULL, change->which);
	if (change->kind == PAGE_MAPPED && change->before == PAGE_NOWHERE)
		json_put_string(json, NULL, "");
	else
		put_hex(json, NULL, change->before);
	if (change->kind == PAGE_MAPPED && change->after == PAGE_NOWHERE)
		json_put_string(json, NULL, "");
	else
		put_hex(json, NULL, change->after);
	json_put_end(json);
}

/* What an event is about, as far as the page draws it. */
static void
put_subject(struct json *json, const struct page_row *row)
{
	switch (row->kind) {
	case EVENT_TABLE_READ:
	case EVENT_CACHED:
	case EVENT_FLAGS:
	case EVENT_EDIT:
		json_put_string(json, "side", row->side == EVENT_EPT ? "e" : "g");
		json_put_number(json, "level", row->level);
		if (row->order != 0)
			json_put_number(json, "order", row->order);
		if (row->slot != 0)
			put_hex(json, "slot", row->slot);
		put_hex(json, "word", row->value);
		if (row->slot == 0 || row->kind == EVENT_CACHED)
			put_hex(json, "address", row->address);
		break;
	case EVENT_ACCESS:
	case EVENT_STALE:
		put_hex(json, "address", row->address);
		json_put_bool(json, "passed", row->passed);
		if (row->passed) {
			if (row->kind == EVENT_ACCESS)
				put_hex(json, "gpa", row->gpa);
			put_hex(json, "hpa", row->value);
			json_put_number(json, "size", row->size);
		}
		if (row->cached)
			json_put_bool(json, "cached", 1);
		break;
	default:
		break;
	}
}

static void
put_row(struct json *json, const struct page *page, const struct page_row *row)
{
	size_t i;

	json_put_line_object(json, NULL);
	json_put_string(json, "kind", page_row_kind(row));
	if (row->thread >= 0)
		json_put_number(json, "thread", (uint64_t)row->thread);
	if (row->step >= 0)
		json_put_number(json, "step", (uint64_t)row->step);
	if (row->moved)
		json_put_number(json, "move", row->move + 1);
	put_id(json, "text", row->text);
	put_id(json, "fields", row->fields);
	put_id(json, "verdict", row->verdict);
	put_id(json, "remedy", row->remedy);
	put_id(json, "rule", row->rule);
	put_subject(json, row);
	if (row->changes != 0) {
		json_put_array(json, "changes");
		for (i = 0; i < row->changes; i++)
			put_change(json, &page->change[row->change + i]);
		json_put_end(json);
	}
	json_put_end(json);
}

static void
put_rows(struct json *json, const struct page *page)
{
	size_t i;

	json_put_array(json, "events");
	for (i = 0; i < page->rows; i++)
		put_row(json, page, &page->row[i]);
	json_put_end(json);
}

/* --- the machine at the end ------------------------------------------------------------------- */

/* A frame: its address, and for each word that is not zero its index and the word. */
static void
put_frame(struct json *json, const struct page_frame *frame)
{
	size_t i;

	json_put_line_array(json, NULL);
	put_hex(json, NULL, frame->hpa);
	for (i = 0; i < VK_TABLE_ENTRIES; i++) {
		if (frame->word[i] == 0)
			continue;
		json_put_number(json, NULL, i);
		put_hex(json, NULL, frame->word[i]);
	}
	json_put_end(json);
}

static void
put_registers(struct json *json, const struct page *page)
{
	size_t i, j;

	json_put_array(json, "registers");
	for (i = 0; i < page->scenario->threads; i++) {
		json_put_line_array(json, NULL);
		for (j = 0; j < PLAY_REGISTERS; j++)
			put_hex(json, NULL, page->registers[i][j]);
		json_put_end(json);
	}
	json_put_end(json);
	json_put_array(json, "vmm");
	for (i = 0; i < page->scenario->host.spaces; i++) {
		json_put_line_array(json, NULL);
		for (j = 0; j < PLAY_VMM_WORDS; j++)
			put_hex(json, NULL, page->vmm[i][j]);
		json_put_end(json);
	}
	json_put_end(json);
}

static void
put_machine(struct json *json, const struct page *page)
{
	size_t i, j;

	json_put_object(json, "end");
	json_put_array(json, "memory");
	for (i = 0; i < page->frames; i++)
		put_frame(json, page->frame[i]);
	json_put_end(json);
	put_registers(json, page);
	json_put_array(json, "cached");
	for (i = 0; i < page->scenario->machine.cpus; i++) {
		json_put_line_array(json, NULL);
		for (j = 0; j < page->cache[i].items; j++)
			json_put_number(json, NULL, page->cache[i].item[j]);
		json_put_end(json);
	}
	json_put_end(json);
	json_put_array(json, "mapped");
	for (i = 0; i < page->mappings; i++) {
		if (page->mapped[i].hpa == PAGE_NOWHERE)
			continue;
		json_put_line_array(json, NULL);
		json_put_number(json, NULL, page->mapped[i].space);
		put_hex(json, NULL, page->mapped[i].gpa);
		put_hex(json, NULL, page->mapped[i].hpa);
		json_put_end(json);
	}
	json_put_end(json);
	json_put_end(json);
}

/* What words mean as entries: "g4:2007" is one of the guest's level 4. */
static void
put_entries(struct json *json, const struct page *page)
{
	static const char name[][8] = {
		[PAGE_ENTRY_ABSENT] = "absent",
		[PAGE_ENTRY_BAD] = "bad",
		[PAGE_ENTRY_TABLE] = "table",
		[PAGE_ENTRY_MAPS] = "maps",
	};
	uint32_t i;

	json_put_object(json, "entries");
	for (i = 1; i < page->keys.count; i++) {
		const struct page_entry *entry = &page->entry[i];

		json_put_line_array(json, page->keys.string[i]);
		json_put_string(json, NULL, name[entry->kind]);
		json_put_number(json, NULL, entry->fields);
		if (entry->kind >= PAGE_ENTRY_TABLE)
			put_hex(json, NULL, entry->target);
		json_put_end(json);
	}
	json_put_end(json);
}

/* --- all of it -------------------------------------------------------------------------------- */

static void
put_strings(struct json *json, const struct page *page)
{
	uint32_t i;

	json_put_array(json, "strings");
	for (i = 0; i < page->strings.count; i++)
		json_put_string(json, NULL, page->strings.string[i]);
	json_put_end(json);
}

static void
put_fact(struct json *json, const char *key, const char *fact)
{
	if (fact != NULL && fact[0] != '\0')
		json_put_string(json, key, fact);
}

void
page_write_data(struct page *page, const struct page_facts *facts, const struct scn_sink *sink)
{
	const struct scenario *scenario = page->scenario;
	struct json json;

	json_put_init(&json, sink);
	json_put_object(&json, NULL);
	json_put_string(&json, "vkept", facts->version);
	json_put_string(&json, "file", scenario->file);
	json_put_string(&json, "name", scenario->name);
	put_fact(&json, "variant", scenario->variant);
	put_fact(&json, "about", scenario->about);
	put_fact(&json, "how", facts->how);
	put_fact(&json, "cause", facts->cause);
	json_put_bool(&json, "passed", page->outcome->mismatches == 0);
	json_put_number(&json, "first", page->skip + 1);
	json_put_number(&json, "total", page->events);
	json_put_number(&json, "frames", page->frame_count);
	put_threads(&json, page);
	put_names(&json, page);
	put_failures(&json, page);
	put_rows(&json, page);
	put_machine(&json, page);
	put_entries(&json, page);
	put_strings(&json, page);
	json_put_end(&json);
}
