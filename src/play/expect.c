/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What came of a step, or of a run, against what the scenario expects.  Every difference is
 * recorded, each with the place in the file that it contradicts.
 *
 * Comparing and recording are apart: a comparison that finds a difference asks differs() whether it
 * is to be told, and then tells it in words.  So alternatives, and the outcomes that a scenario
 * calls reachable or unreachable, are compared by the same code, which then only counts.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guestpt/vpte.h"
#include "play/player.h"
#include "sim/watch.h"

#define TEXT 96
#define BYTES_SHOWN 16

/* Where a comparison stands. */
struct place {
	struct player *player;
	int thread, step;
	bool quiet;            /* only to see whether it holds: count, do not record */
	size_t failures;
	const struct step_result *result; /* NULL: the end of the run */
};

/* --- recording -------------------------------------------------------------------------------- */

static void *
copy_of(struct player *player, const void *what, size_t size)
{
	void *copy = what != NULL ? malloc(size) : NULL;

	if (copy != NULL)
		memcpy(copy, what, size);
	else if (what != NULL)
		player->status = PLAY_NO_MEMORY;
	return copy;
}

void
expect_failed(struct player *player, struct scn_mark mark, int thread, int step, const char *field,
    const char *expected, const char *found, const struct expect_reason *reason)
{
	struct play_outcome *outcome = player->outcome;
	struct play_mismatch *mismatch;

	if (outcome->mismatches == PLAY_MISMATCHES_MAX) {
		outcome->more++;
		return;
	}
	if (outcome->mismatch == NULL)
		outcome->mismatch = calloc(PLAY_MISMATCHES_MAX, sizeof(*outcome->mismatch));
	if (outcome->mismatch == NULL) {
		player->status = PLAY_NO_MEMORY;
		return;
	}
	mismatch = &outcome->mismatch[outcome->mismatches++];
	mismatch->mark = mark;
	mismatch->thread = thread;
	mismatch->step = step;
	mismatch->field = field;
	mismatch->expected = copy_of(player, expected, strlen(expected) + 1);
	mismatch->found = copy_of(player, found, strlen(found) + 1);
	mismatch->why = NULL;
	mismatch->stale = NULL;
	if (reason == NULL)
		return;
	mismatch->why = copy_of(player, reason->why, sizeof(*reason->why));
	mismatch->stale = copy_of(player, reason->stale, sizeof(*reason->stale));
}

/* Counts a difference; whether it is to be told. */
static bool
differs(struct place *place)
{
	place->failures++;
	return !place->quiet;
}

static void
tell(struct place *place, struct scn_mark mark, const char *field, const char *expected,
    const char *found)
{
	const struct step_result *result = place->result;
	struct expect_reason reason = { .why = NULL };
	struct explanation *why = NULL;

	if (result != NULL && result->accessed) {
		why = malloc(sizeof(*why));
		if (why == NULL)
			place->player->status = PLAY_NO_MEMORY;
		watch_quiet(true);
		if (why != NULL)
			explain_access(&place->player->thread[place->thread].machine.vcpu,
			    &result->access, why);
		watch_quiet(false);
	}
	reason.why = why;
	if (result != NULL && result->stale)
		reason.stale = &result->history;
	expect_failed(place->player, mark, place->thread, place->step, field, expected, found,
	    &reason);
	free(why);
}

static void
tell_number(struct place *place, struct scn_mark mark, const char *field, uint64_t expected,
    uint64_t found)
{
	char want[TEXT], got[TEXT];

	snprintf(want, sizeof(want), "0x%" PRIx64, expected);
	snprintf(got, sizeof(got), "0x%" PRIx64, found);
	tell(place, mark, field, want, got);
}

/* At most BYTES_SHOWN of them. */
static void
show_bytes(char text[TEXT], const unsigned char *bytes, size_t size)
{
	int at = snprintf(text, TEXT, "%zu bytes:", size);
	size_t i;

	for (i = 0; i < size; i++)
		at += snprintf(text + at, TEXT - (size_t)at, " %02x", bytes[i]);
}

static void
tell_bytes(struct place *place, struct scn_mark mark, const char *field,
    const struct scn_content *expected, const unsigned char *found, size_t size, size_t from)
{
	unsigned char shown[BYTES_SHOWN];
	char want[TEXT], got[TEXT];
	size_t n;

	if (expected->size != size) {
		snprintf(want, sizeof(want), "%" PRIu64 " bytes", expected->size);
		snprintf(got, sizeof(got), "%zu bytes", size);
		tell(place, mark, field, want, got);
		return;
	}
	for (n = 0; n < BYTES_SHOWN && from + n < size; n++)
		shown[n] = content_byte(expected, from + n);
	show_bytes(want, shown, n);
	show_bytes(got, found + from, n);
	tell(place, mark, field, want, got);
}

static void
tell_bits(struct place *place, struct scn_mark mark, const char *field, uint64_t set,
    uint64_t clear, uint64_t found)
{
	char want[TEXT], got[TEXT];

	snprintf(want, sizeof(want), "0x%" PRIx64 " set and 0x%" PRIx64 " clear", set, clear);
	snprintf(got, sizeof(got), "0x%" PRIx64, found);
	tell(place, mark, field, want, got);
}

static void
tell_exits(struct place *place, struct scn_mark mark, size_t expected,
    const struct step_result *result)
{
	char want[TEXT], got[TEXT];

	snprintf(want, sizeof(want), "%zu exits", expected);
	if (result->exits > expected && expected < PLAYER_EXITS_MAX) {
		const struct vmx_exit *next = &result->exit[expected];

		snprintf(got, sizeof(got), "%zu; the next: reason %u, qualification 0x%" PRIx64
		    ", GPA 0x%" PRIx64, result->exits, (unsigned)(next->reason & 0xffff),
		    next->qualification, next->gpa.v);
	} else {
		snprintf(got, sizeof(got), "%zu", result->exits);
	}
	tell(place, mark, "exits", want, got);
}

/* --- fields ----------------------------------------------------------------------------------- */

static void
check_value(struct place *place, struct scn_mark mark, const char *field, uint64_t expected,
    uint64_t found)
{
	if (expected != found && differs(place))
		tell_number(place, mark, field, expected, found);
}

static void
check_number(struct place *place, const struct scn_src *src, enum scn_key key, uint64_t expected,
    uint64_t found)
{
	char want[TEXT];

	if (!scn_has(src, key))
		return;
	if (result_has(place->result, key)) {
		check_value(place, scn_mark_of(src, key), scn_key_name(key), expected, found);
	} else if (differs(place)) {
		snprintf(want, sizeof(want), "0x%" PRIx64, expected);
		tell(place, scn_mark_of(src, key), scn_key_name(key), want,
		    "none: the step has no such result");
	}
}

static void
check_bytes(struct place *place, struct scn_mark mark, const char *field,
    const struct scn_content *expected, const unsigned char *found, size_t size)
{
	size_t i = 0;

	while (i < expected->size && i < size && content_byte(expected, i) == found[i])
		i++;
	if ((i != expected->size || i != size) && differs(place))
		tell_bytes(place, mark, field, expected, found, size, i);
}

/* --- entries and memory ----------------------------------------------------------------------- */

/* exact, or bits set and bits clear */
static void
check_entry_value(struct place *place, struct scn_mark mark, const char *field,
    enum scn_entry_form form, uint64_t exact, uint64_t set, uint64_t clear, uint64_t found)
{
	if (form == SCN_ENTRY_EXACT)
		check_value(place, mark, field, exact, found);
	else if (((found & set) != set || (found & clear) != 0) && differs(place))
		tell_bits(place, mark, field, set, clear, found);
}

static void
check_entry(struct place *place, const struct scn_entry *entry)
{
	struct player *player = place->player;
	enum scn_layout layout = player->scenario->guest.space[entry->space].layout;
	uint32_t host_space;
	uint64_t value;
	gpa_t slot;

	if (!player_entry_slot(player, entry, &slot, &host_space) ||
	    !player_read(player, host_space, slot.v, &value, sizeof(value))) {
		if (differs(place))
			tell(place, entry->src.mark, "entry", "an entry there", "no table there");
		return;
	}
	if (layout == SCN_LAYOUT_VPTE_OLD && entry->form != SCN_ENTRY_EXACT)
		value = vpte_from_old(value);
	check_entry_value(place, entry->src.mark, "entry", entry->form, entry->entry, entry->set,
	    entry->clear, value);
}

static void
check_ept_entry(struct place *place, const struct scn_ept_entry *entry)
{
	hpa_t slot;

	if (!player_ept_slot(place->player, entry, &slot)) {
		/* Where no table is, no right is either. */
		check_entry_value(place, entry->src.mark, "EPT entry", entry->form, entry->entry,
		    entry->set, entry->clear, 0);
		return;
	}
	check_entry_value(place, entry->src.mark, "EPT entry", entry->form, entry->entry,
	    entry->set, entry->clear, hostmem_load(place->player->machine.mem, slot));
}

static void
check_memory(struct place *place, const struct scn_memory *memory)
{
	size_t size = (size_t)memory->content.size;
	unsigned char *found = malloc(size != 0 ? size : 1);
	bool there = true;

	if (found == NULL) {
		place->player->status = PLAY_NO_MEMORY;
		return;
	}
	if (memory->kind == SCN_AT_HPA)
		hostmem_read(place->player->machine.mem, vk_hpa(memory->at), found, size);
	else
		there = player_read(place->player, memory->host_space, memory->at, found, size);
	if (there)
		check_bytes(place, memory->src.mark, "memory", &memory->content, found, size);
	else if (differs(place))
		tell(place, memory->src.mark, "memory", "memory there", "nothing there");
	free(found);
}

/* --- what is cached --------------------------------------------------------------------------- */

static const enum tlb_kind tlb_kinds[] = {
	[SCN_TLB_LINEAR] = TLB_LINEAR,
	[SCN_TLB_LINEAR_STRUCTURE] = TLB_LINEAR_STRUCTURE,
	[SCN_TLB_GUEST_PHYSICAL] = TLB_GUEST_PHYSICAL,
	[SCN_TLB_GUEST_PHYSICAL_STRUCTURE] = TLB_GUEST_PHYSICAL_STRUCTURE,
	[SCN_TLB_COMBINED] = TLB_COMBINED,
	[SCN_TLB_COMBINED_STRUCTURE] = TLB_COMBINED_STRUCTURE,
};

static uint64_t
gva_or_gpa(const struct scn_tlb_items *items)
{
	return scn_has(&items->src, SCN_KEY_GPA) ? items->gpa : items->gva;
}

static bool
serves_address(const struct scn_tlb_items *items, const struct tlb_entry *item)
{
	bool gpa = scn_has(&items->src, SCN_KEY_GPA);

	if (!gpa && !scn_has(&items->src, SCN_KEY_GVA))
		return true;
	return tlb_kind_is_guest_physical(item->kind) == gpa &&
	    tlb_entry_serves(item, gva_or_gpa(items));
}

static bool
has_tags(const struct scn_tlb_items *items, const struct tlb_entry *item)
{
	const struct scn_src *src = &items->src;

	return (!scn_has(src, SCN_KEY_VPID) || item->tag.vpid == items->vpid) &&
	    (!scn_has(src, SCN_KEY_PCID) || item->tag.pcid == items->pcid) &&
	    (!scn_has(src, SCN_KEY_EPT_ROOT) ||
	    item->tag.eptrta == items->ept_root >> VK_PAGE_SHIFT) &&
	    (!scn_has(src, SCN_KEY_GLOBAL) || item->global == (items->global != 0));
}

/* Where an item leads: its table, or the byte of an address that it serves. */
static uint64_t
led_to(const struct tlb_entry *item, uint64_t address)
{
	uint64_t offset = address & ((1ull << item->shift) - 1);
	unsigned shift = item->kind == TLB_GUEST_PHYSICAL ? item->shift : VK_PAGE_SHIFT;

	if (!tlb_kind_is_guest_physical(item->kind))
		return tlb_kind_is_structure(item->kind) ? item->table.v : item->frame.v | offset;
	if (item->kind == TLB_GUEST_PHYSICAL_STRUCTURE)
		offset = 0;
	return (item->step[item->level] & vk_frame_mask(52, shift)) | offset;
}

static bool
is_like(const struct scn_tlb_items *items, const struct tlb_entry *item)
{
	const struct scn_src *src = &items->src;

	return serves_address(items, item) && has_tags(items, item) &&
	    (!scn_has(src, SCN_KEY_LEVEL) ||
	    (tlb_kind_is_structure(item->kind) && item->level == items->level)) &&
	    (!scn_has(src, SCN_KEY_HPA) || led_to(item, gva_or_gpa(items)) == items->hpa);
}

static uint64_t
count_items(const struct scn_tlb_items *items, const struct tlb *tlb)
{
	const struct tlb_entry *item;
	uint64_t count = 0;
	unsigned kind, i;

	tlb_touch(tlb, WATCH_READ);
	for (kind = 0; kind < TLB_KINDS; kind++) {
		if (scn_has(&items->src, SCN_KEY_KIND) && tlb_kinds[items->kind] != kind)
			continue;
		for (i = 0; (item = tlb_entry_at(tlb, (enum tlb_kind)kind, i)) != NULL; i++)
			count += is_like(items, item);
	}
	return count;
}

static void
check_tlb(struct place *place, const struct scn_tlb_items *items)
{
	const struct player *player = place->player;
	unsigned cpu = place->thread < 0 ? 0 : player->thread[place->thread].machine.cpu;
	bool exactly = scn_has(&items->src, SCN_KEY_COUNT);
	char want[TEXT], got[TEXT];
	uint64_t found;

	if (scn_has(&items->src, SCN_KEY_CPU))
		cpu = items->cpu;
	found = count_items(items, player->machine.cpu[cpu].tlb);
	if ((exactly ? found == items->count : found != 0) || !differs(place))
		return;
	snprintf(want, sizeof(want), "%s%" PRIu64 " such item%s on CPU %u",
	    exactly ? "" : "at least ", exactly ? items->count : 1,
	    exactly && items->count != 1 ? "s" : "", cpu);
	snprintf(got, sizeof(got), "%" PRIu64, found);
	tell(place, items->src.mark, "tlb", want, got);
}

/* --- exits ------------------------------------------------------------------------------------ */

static void
check_exit(struct place *place, const struct scn_exit *expected, const struct vmx_exit *found)
{
	struct field {
		enum scn_key key;
		uint64_t expected, found;
	} fields[] = {
		{ SCN_KEY_REASON, expected->reason, found->reason & 0xffff },
		{ SCN_KEY_QUALIFICATION, expected->qualification, found->qualification },
		{ SCN_KEY_GPA, expected->gpa, found->gpa.v },
		{ SCN_KEY_GLA, expected->gla, found->gla.v },
		{ SCN_KEY_INTR_INFO, expected->intr_info, found->intr_info },
		{ SCN_KEY_IDT_INFO, expected->idt_info, found->idt_info },
		{ SCN_KEY_LENGTH, expected->length, found->instruction_length },
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (scn_has(&expected->src, fields[i].key))
			check_value(place, scn_mark_of(&expected->src, fields[i].key),
			    scn_key_name(fields[i].key), fields[i].expected, fields[i].found);
	}
}

static void
check_exits(struct place *place, const struct scn_expect *expect)
{
	const struct step_result *result = place->result;
	size_t i;

	if (!scn_has(&expect->src, SCN_KEY_EXITS))
		return;
	for (i = 0; i < expect->exits && i < result->exits && i < PLAYER_EXITS_MAX; i++)
		check_exit(place, &expect->exit[i], &result->exit[i]);
	if (expect->exits != result->exits && differs(place))
		tell_exits(place, scn_mark_of(&expect->src, SCN_KEY_EXITS), expect->exits, result);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void
check_numbers(struct place *place, const struct scn_expect *expect)
{
	const struct step_result *result = place->result;
	uint64_t reason = result->reason;

	/* A plain number means the basic reason; one with bit 31 the whole word. */
	if (!(expect->reason & VMX_REASON_ENTRY_FAILED))
		reason &= 0xffff;
	check_number(place, &expect->src, SCN_KEY_REASON, expect->reason, reason);
	check_number(place, &expect->src, SCN_KEY_INTR_INFO, expect->intr_info, result->intr_info);
	check_number(place, &expect->src, SCN_KEY_IDT_INFO, expect->idt_info, result->idt_info);
	check_number(place, &expect->src, SCN_KEY_MEMTYPE, expect->memtype, result->memtype);
	check_number(place, &expect->src, SCN_KEY_INSTRUCTION_ERROR, expect->instruction_error,
	    result->instruction_error);
	check_number(place, &expect->src, SCN_KEY_VECTOR, expect->vector, result->vector);
	check_number(place, &expect->src, SCN_KEY_ERROR_CODE, expect->error_code,
	    result->error_code);
	check_number(place, &expect->src, SCN_KEY_CR2, expect->cr2, result->cr2);
	check_number(place, &expect->src, SCN_KEY_QUALIFICATION, expect->qualification,
	    result->qualification);
	check_number(place, &expect->src, SCN_KEY_GPA, expect->gpa, result->gpa);
	check_number(place, &expect->src, SCN_KEY_GLA, expect->gla, result->gla);
	check_number(place, &expect->src, SCN_KEY_HPA, expect->hpa, result->hpa);
	check_number(place, &expect->src, SCN_KEY_VALUE, expect->value, result->value);
	check_number(place, &expect->src, SCN_KEY_DONE, expect->done, result->done);
	check_number(place, &expect->src, SCN_KEY_RIP, expect->rip, result->rip);
	check_number(place, &expect->src, SCN_KEY_READS, expect->reads, result->reads);
	check_number(place, &expect->src, SCN_KEY_STALE, (uint64_t)expect->stale, result->stale);
}

static bool
has_content(const struct scn_src *src)
{
	return scn_has(src, SCN_KEY_STRING) || scn_has(src, SCN_KEY_BYTES) ||
	    scn_has(src, SCN_KEY_WORDS) || scn_has(src, SCN_KEY_FILL);
}

static void
check_expect(struct place *place, const struct scn_expect *expect)
{
	const struct step_result *result = place->result;
	size_t i;

	if (scn_has(&expect->src, SCN_KEY_OUTCOME) && expect->outcome != result->outcome &&
	    differs(place))
		tell(place, scn_mark_of(&expect->src, SCN_KEY_OUTCOME), "outcome",
		    scn_outcome_name(expect->outcome), scn_outcome_name(result->outcome));
	check_numbers(place, expect);
	if (has_content(&expect->src))
		check_bytes(place, expect->src.mark, "bytes", &expect->content, result->bytes,
		    result->size);
	check_exits(place, expect);
	if (scn_has(&expect->src, SCN_KEY_PML_INDEX))
		check_value(place, scn_mark_of(&expect->src, SCN_KEY_PML_INDEX), "pml-index",
		    expect->pml_index,
		    place->player->thread[place->thread].machine.vcpu.pml.index);
	for (i = 0; i < expect->entries; i++)
		check_entry(place, &expect->entry[i]);
	for (i = 0; i < expect->epts; i++)
		check_ept_entry(place, &expect->ept[i]);
	for (i = 0; i < expect->memories; i++)
		check_memory(place, &expect->memory[i]);
	for (i = 0; i < expect->tlbs; i++)
		check_tlb(place, &expect->tlb[i]);
}

/* At least one of the alternatives must hold. */
static void
check_either(struct place *place, const struct scn_expect *expect)
{
	struct place attempt = *place;
	size_t i;

	attempt.quiet = true;
	for (i = 0; i < expect->eithers; i++) {
		attempt.failures = 0;
		check_expect(&attempt, &expect->either[i]);
		if (attempt.failures == 0)
			return;
	}
	if (expect->eithers != 0 && differs(place))
		tell(place, scn_mark_of(&expect->src, SCN_KEY_EITHER), "either",
		    "one of the alternatives", scn_outcome_name(place->result->outcome));
}

/* What outcomes of the scenario say about the step; a repeated one is judged anew each time. */
static void
note_conditions(struct play_thread *thread, const struct scn_step *step, struct place place)
{
	uint64_t left;

	thread->held &= ~step->conditions;
	place.quiet = true;
	for (left = step->conditions; left != 0; left &= left - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(left);
		const struct scn_expect *expect =
		    &thread->player->scenario->condition[bit]->expect;

		place.failures = 0;
		check_expect(&place, expect);
		check_either(&place, expect);
		if (place.failures == 0)
			thread->held |= (uint64_t)1 << bit;
	}
}

void
expect_step(struct play_thread *thread, const struct scn_step *step)
{
	struct place place = { .player = thread->player, .thread = (int)thread->index,
		.step = (int)thread->at, .result = &thread->result };
	const struct scn_expect *expect = step->expect;
	enum scn_outcome outcome = thread->result.outcome;

	note_conditions(thread, step, place);

	if (expect == NULL || (!scn_has(&expect->src, SCN_KEY_OUTCOME) && expect->eithers == 0)) {
		/* What a step does not speak of is expected to go well. */
		if (outcome != SCN_OUTCOME_OK && outcome != SCN_OUTCOME_EXITED &&
		    differs(&place))
			tell(&place, step->src.mark, "outcome", "ok", scn_outcome_name(outcome));
	}
	if (expect == NULL)
		return;
	check_expect(&place, expect);
	check_either(&place, expect);
}

/* What is undefined is wrong, unless the scenario counts it or the step expects it. */
void
expect_defined(void *ctx, const struct machine_thread *thread, const char *what)
{
	struct player *player = ctx;
	const struct scn_final *final = &player->scenario->expect;
	const struct play_thread *who = &player->thread[thread->index];
	const struct scn_step *step = play_step(who);
	size_t i;

	if (who->scn->role == SCN_ROLE_BARE)
		return; /* it is the outcome of the step */
	for (i = 0; i < final->counters; i++) {
		if (final->counter[i].counter == SCN_COUNTER_UNDEFINED)
			return;
	}
	expect_failed(player, step != NULL ? step->src.mark : who->scn->src.mark,
	    (int)thread->index, who->begun ? (int)who->at : -1, "undefined",
	    "nothing that the architecture leaves undefined", what, NULL);
}

/* --- the end ---------------------------------------------------------------------------------- */

#define COUNT_AT(field) offsetof(struct machine_counters, field)

/* Where the machine counts what; hits and misses are counted by each TLB. */
static const size_t count_at[SCN_COUNTERS] = {
	[SCN_COUNTER_ENTRIES] = COUNT_AT(entries),
	[SCN_COUNTER_EXITS] = COUNT_AT(exits),
	[SCN_COUNTER_EPT_VIOLATIONS] = COUNT_AT(ept_violations),
	[SCN_COUNTER_PAGE_FAULTS] = COUNT_AT(page_faults),
	[SCN_COUNTER_VM_FAULTS] = COUNT_AT(vm_faults),
	[SCN_COUNTER_COW_COPIES] = COUNT_AT(cow_copies),
	[SCN_COUNTER_GUEST_READS] = COUNT_AT(guest_reads),
	[SCN_COUNTER_EPT_READS] = COUNT_AT(ept_reads),
	[SCN_COUNTER_AD_UPDATES] = COUNT_AT(ad_updates),
	[SCN_COUNTER_TLB_FLUSHES] = COUNT_AT(tlb_flushes),
	[SCN_COUNTER_INVEPTS] = COUNT_AT(invepts),
	[SCN_COUNTER_INVVPIDS] = COUNT_AT(invvpids),
	[SCN_COUNTER_IPIS] = COUNT_AT(ipis),
	[SCN_COUNTER_INTERRUPTS] = COUNT_AT(interrupts),
	[SCN_COUNTER_SYSCALLS] = COUNT_AT(syscalls),
	[SCN_COUNTER_COPIES] = COUNT_AT(copies),
	[SCN_COUNTER_EPT_FREES] = COUNT_AT(ept_frees),
	[SCN_COUNTER_UNDEFINED] = COUNT_AT(undefined),
};

static uint64_t
count_in_tlb(const struct tlb_stats *stats, enum scn_counter counter)
{
	const struct tlb_kind_stats *linear = &stats->kind[TLB_LINEAR];
	const struct tlb_kind_stats *combined = &stats->kind[TLB_COMBINED];

	return counter == SCN_COUNTER_TLB_HITS ? linear->hits + combined->hits :
	    linear->misses + combined->misses;
}

static uint64_t
count_of(const struct player *player, enum scn_counter counter)
{
	const char *counts = (const char *)&player->machine.count;
	uint64_t count = 0;
	unsigned i;

	if (counter != SCN_COUNTER_TLB_HITS && counter != SCN_COUNTER_TLB_MISSES) {
		memcpy(&count, counts + count_at[counter], sizeof(count));
		return count;
	}
	for (i = 0; i < player->machine.config.cpus; i++) {
		struct tlb *tlb = player->machine.cpu[i].tlb;

		if (tlb != NULL)
			count += count_in_tlb(tlb_stats(tlb), counter);
	}
	return count;
}

/* What is expected of a thread by name; NULL when nothing is. */
static const struct scn_expect_thread *
find_thread(const struct scn_final *final, size_t thread)
{
	size_t i;

	for (i = 0; i < final->threads; i++) {
		if (final->thread[i].thread == thread)
			return &final->thread[i];
	}
	return NULL;
}

/* Whether the run's end, or a reachable outcome that it has come to, has this thread's. */
static bool
is_named(const struct player *player, size_t thread)
{
	const struct scenario *scenario = player->scenario;
	size_t i;

	for (i = 0; i < scenario->reaches; i++) {
		if (scenario->reach[i].wanted && (player->outcome->reached >> i & 1) != 0 &&
		    find_thread(&scenario->reach[i].final, thread) != NULL)
			return true;
	}
	return find_thread(&scenario->expect, thread) != NULL;
}

/* A thread that nobody speaks of may end in any way its steps have told. */
static void
check_unnamed_threads(struct place *place)
{
	const struct scenario *scenario = place->player->scenario;
	size_t i;

	for (i = 0; i < scenario->threads; i++) {
		enum scn_end end = place->player->outcome->end[i];

		if (end != SCN_END_FINISHED && end != SCN_END_EXITED && end != SCN_END_KILLED &&
		    end != SCN_END_FAILED && !is_named(place->player, i) && differs(place))
			tell(place, scenario->thread[i].src.mark, "end of thread",
			    scn_end_name(SCN_END_FINISHED), scn_end_name(end));
	}
}

/* All that is said about the end of a run. */
static void
check_final(struct place *place, const struct scn_final *final)
{
	const struct play_outcome *outcome = place->player->outcome;
	size_t i;

	if (scn_has(&final->src, SCN_KEY_CONSOLE))
		check_bytes(place, scn_mark_of(&final->src, SCN_KEY_CONSOLE), "console",
		    &final->console, outcome->console, outcome->console_size);
	for (i = 0; i < final->memories; i++)
		check_memory(place, &final->memory[i]);
	for (i = 0; i < final->entries; i++)
		check_entry(place, &final->entry[i]);
	for (i = 0; i < final->epts; i++)
		check_ept_entry(place, &final->ept[i]);
	for (i = 0; i < final->tlbs; i++)
		check_tlb(place, &final->tlb[i]);
	for (i = 0; i < final->counters; i++) {
		const struct scn_expect_counter *counter = &final->counter[i];

		check_value(place, counter->mark, scn_counter_name(counter->counter),
		    counter->value, count_of(place->player, counter->counter));
	}
	for (i = 0; i < final->threads; i++) {
		const struct scn_expect_thread *thread = &final->thread[i];
		enum scn_end end = outcome->end[thread->thread];

		if (end != thread->end && differs(place))
			tell(place, thread->mark, "end of thread", scn_end_name(thread->end),
			    scn_end_name(end));
	}
}

uint64_t
expect_reached(struct player *player)
{
	const struct scenario *scenario = player->scenario;
	uint64_t held = 0, reached = 0;
	size_t i;

	for (i = 0; i < scenario->threads; i++)
		held |= player->thread[i].held;
	for (i = 0; i < scenario->reaches; i++) {
		const struct scn_reach *reach = &scenario->reach[i];
		struct place place = { .player = player, .thread = -1, .step = -1,
			.quiet = true };

		if ((held & reach->needs) != reach->needs)
			continue;
		check_final(&place, &reach->final);
		if (place.failures == 0)
			reached |= (uint64_t)1 << i;
	}
	return reached;
}

/* An outcome that no run may come to. */
static void
check_unreachable(struct place *place)
{
	const struct scenario *scenario = place->player->scenario;
	size_t i;

	for (i = 0; i < scenario->reaches; i++) {
		const struct scn_reach *reach = &scenario->reach[i];

		if (!reach->wanted && (place->player->outcome->reached >> i & 1) != 0 &&
		    differs(place))
			tell(place, reach->final.src.mark, "unreachable", "any other outcome",
			    reach->what != NULL ? reach->what : "this one");
	}
}

void
expect_final(struct player *player)
{
	const struct scn_final *final = &player->scenario->expect;
	struct place place = { .player = player, .thread = -1, .step = -1 };
	unsigned i;

	for (i = 0; i < SCN_COUNTERS; i++)
		player->outcome->counter[i] = count_of(player, (enum scn_counter)i);
	player->outcome->reached = expect_reached(player);
	check_final(&place, final);
	check_unnamed_threads(&place);
	check_unreachable(&place);
}
