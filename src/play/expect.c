/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What came of a step, or of a run, against what the scenario expects.  Every difference is
 * recorded, each with the place in the file that it contradicts.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guestpt/vpte.h"
#include "play/player.h"

#define TEXT 96
#define BYTES_SHOWN 16

/* Where a comparison stands. */
struct place {
	struct player *player;
	int thread, step;
	bool quiet;            /* trying an alternative: count, do not record */
	size_t failures;
	const struct step_result *result; /* NULL: the end of the run */
};

/* --- recording -------------------------------------------------------------------------------- */

static char *
copy_text(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = malloc(size);

	if (copy != NULL)
		memcpy(copy, text, size);
	return copy;
}

void
expect_failed(struct player *player, struct scn_mark mark, int thread, int step, const char *field,
    const char *expected, const char *found, const struct explanation *why)
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
	mismatch->expected = copy_text(expected);
	mismatch->found = copy_text(found);
	mismatch->why = NULL;
	if (why != NULL)
		mismatch->why = malloc(sizeof(*why));
	if (mismatch->why != NULL)
		*mismatch->why = *why;
	if (mismatch->expected == NULL || mismatch->found == NULL ||
	    (why != NULL && mismatch->why == NULL))
		player->status = PLAY_NO_MEMORY;
}

static void
differ(struct place *place, struct scn_mark mark, const char *field, const char *expected,
    const char *found)
{
	const struct step_result *result = place->result;
	struct explanation *why = NULL;

	place->failures++;
	if (place->quiet)
		return;
	if (result != NULL && result->accessed) {
		why = malloc(sizeof(*why));
		if (why != NULL)
			explain_access(&place->player->thread[place->thread].machine.vcpu,
			    &result->access, why);
	}
	expect_failed(place->player, mark, place->thread, place->step, field, expected, found,
	    why);
	free(why);
}

static void
differ_number(struct place *place, struct scn_mark mark, const char *field, uint64_t expected,
    uint64_t found)
{
	char want[TEXT], got[TEXT];

	snprintf(want, sizeof(want), "0x%" PRIx64, expected);
	snprintf(got, sizeof(got), "0x%" PRIx64, found);
	differ(place, mark, field, want, got);
}

/* --- fields ----------------------------------------------------------------------------------- */

static void
check_number(struct place *place, const struct scn_src *src, enum scn_key key, uint64_t expected,
    uint64_t found)
{
	char want[TEXT];

	if (!scn_has(src, key))
		return;
	if (!result_has(place->result, key)) {
		snprintf(want, sizeof(want), "0x%" PRIx64, expected);
		differ(place, scn_mark_of(src, key), scn_key_name(key), want,
		    "none: the step has no such result");
	} else if (expected != found) {
		differ_number(place, scn_mark_of(src, key), scn_key_name(key), expected, found);
	}
}

static void
show_bytes(char *text, size_t room, const unsigned char *bytes, size_t size)
{
	size_t at = 0, i;

	at += (size_t)snprintf(text, room, "%zu bytes:", size);
	for (i = 0; i < size && i < BYTES_SHOWN && at + 8 < room; i++)
		at += (size_t)snprintf(text + at, room - at, " %02x", bytes[i]);
	if (i < size)
		snprintf(text + at, room - at, " ...");
}

static void
check_bytes(struct place *place, struct scn_mark mark, const char *field,
    const struct scn_content *expected, const unsigned char *found, size_t size)
{
	unsigned char shown[BYTES_SHOWN];
	char want[TEXT], got[TEXT];
	uint64_t i;
	size_t n;

	for (i = 0; i < expected->size && i < size; i++) {
		if (content_byte(expected, i) != found[i])
			break;
	}
	if (i == expected->size && i == size)
		return;
	/* Show from the first difference on. */
	for (n = 0; n < BYTES_SHOWN && i + n < expected->size; n++)
		shown[n] = content_byte(expected, i + n);
	if (expected->size != size) {
		snprintf(want, sizeof(want), "%" PRIu64 " bytes", expected->size);
		snprintf(got, sizeof(got), "%zu bytes", size);
		differ(place, mark, field, want, got);
		return;
	}
	show_bytes(want, sizeof(want), shown, n);
	show_bytes(got, sizeof(got), found + i, size - (size_t)i < BYTES_SHOWN ?
	    size - (size_t)i : BYTES_SHOWN);
	differ(place, mark, field, want, got);
}

/* --- entries and memory ----------------------------------------------------------------------- */

/* exact, or bits set and bits clear */
static void
check_entry_value(struct place *place, struct scn_mark mark, const char *field,
    enum scn_entry_form form, uint64_t exact, uint64_t set, uint64_t clear, uint64_t found)
{
	char want[TEXT], got[TEXT];

	if (form == SCN_ENTRY_EXACT) {
		if (exact != found)
			differ_number(place, mark, field, exact, found);
		return;
	}
	if ((found & set) == set && (found & clear) == 0)
		return;
	snprintf(want, sizeof(want), "0x%" PRIx64 " set and 0x%" PRIx64 " clear", set, clear);
	snprintf(got, sizeof(got), "0x%" PRIx64, found);
	differ(place, mark, field, want, got);
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
		differ(place, entry->src.mark, "entry", "an entry there", "no table there");
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
	else
		differ(place, memory->src.mark, "memory", "memory there", "nothing there");
	free(found);
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
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (scn_has(&expected->src, fields[i].key) &&
		    fields[i].expected != fields[i].found)
			differ_number(place, scn_mark_of(&expected->src, fields[i].key),
			    scn_key_name(fields[i].key), fields[i].expected, fields[i].found);
	}
}

static void
check_exits(struct place *place, const struct scn_expect *expect)
{
	const struct step_result *result = place->result;
	char want[TEXT], got[TEXT];
	size_t i;

	if (!scn_has(&expect->src, SCN_KEY_EXITS))
		return;
	for (i = 0; i < expect->exits && i < result->exits && i < PLAYER_EXITS_MAX; i++)
		check_exit(place, &expect->exit[i], &result->exit[i]);
	if (expect->exits == result->exits)
		return;
	snprintf(want, sizeof(want), "%zu exits", expect->exits);
	if (result->exits > expect->exits && expect->exits < PLAYER_EXITS_MAX) {
		const struct vmx_exit *next = &result->exit[expect->exits];

		snprintf(got, sizeof(got), "%zu; the next: reason %u, qualification 0x%" PRIx64
		    ", GPA 0x%" PRIx64, result->exits, (unsigned)(next->reason & 0xffff),
		    next->qualification, next->gpa.v);
	} else {
		snprintf(got, sizeof(got), "%zu", result->exits);
	}
	differ(place, scn_mark_of(&expect->src, SCN_KEY_EXITS), "exits", want, got);
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

	if (scn_has(&expect->src, SCN_KEY_OUTCOME) && expect->outcome != result->outcome)
		differ(place, scn_mark_of(&expect->src, SCN_KEY_OUTCOME), "outcome",
		    scn_outcome_name(expect->outcome), scn_outcome_name(result->outcome));
	check_numbers(place, expect);
	if (has_content(&expect->src))
		check_bytes(place, expect->src.mark, "bytes", &expect->content, result->bytes,
		    result->size);
	check_exits(place, expect);
	if (scn_has(&expect->src, SCN_KEY_PML_INDEX)) {
		uint16_t index = place->player->thread[place->thread].machine.vcpu.pml.index;

		if (expect->pml_index != index)
			differ_number(place, scn_mark_of(&expect->src, SCN_KEY_PML_INDEX),
			    "pml-index", expect->pml_index, index);
	}
	for (i = 0; i < expect->entries; i++)
		check_entry(place, &expect->entry[i]);
	for (i = 0; i < expect->epts; i++)
		check_ept_entry(place, &expect->ept[i]);
	for (i = 0; i < expect->memories; i++)
		check_memory(place, &expect->memory[i]);
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
	if (expect->eithers != 0)
		differ(place, scn_mark_of(&expect->src, SCN_KEY_EITHER), "either",
		    "one of the alternatives", scn_outcome_name(place->result->outcome));
}

void
expect_step(struct play_thread *thread, const struct scn_step *step)
{
	struct place place = { .player = thread->player, .thread = (int)thread->index,
		.step = (int)thread->at, .result = &thread->result };
	const struct scn_expect *expect = step->expect;
	enum scn_outcome outcome = thread->result.outcome;

	if (expect == NULL || (!scn_has(&expect->src, SCN_KEY_OUTCOME) && expect->eithers == 0)) {
		/* What a step does not speak of is expected to go well. */
		if (outcome != SCN_OUTCOME_OK && outcome != SCN_OUTCOME_EXITED)
			differ(&place, step->src.mark, "outcome", "ok",
			    scn_outcome_name(outcome));
	}
	if (expect == NULL)
		return;
	check_expect(&place, expect);
	check_either(&place, expect);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void
collect_counters(struct player *player)
{
	const struct machine_counters *count = &player->machine.count;
	uint64_t *counter = player->outcome->counter;
	unsigned i;

	counter[SCN_COUNTER_ENTRIES] = count->entries;
	counter[SCN_COUNTER_EXITS] = count->exits;
	counter[SCN_COUNTER_EPT_VIOLATIONS] = count->ept_violations;
	counter[SCN_COUNTER_PAGE_FAULTS] = count->page_faults;
	counter[SCN_COUNTER_VM_FAULTS] = count->vm_faults;
	counter[SCN_COUNTER_COW_COPIES] = count->cow_copies;
	counter[SCN_COUNTER_GUEST_READS] = count->guest_reads;
	counter[SCN_COUNTER_EPT_READS] = count->ept_reads;
	counter[SCN_COUNTER_AD_UPDATES] = count->ad_updates;
	counter[SCN_COUNTER_TLB_FLUSHES] = count->tlb_flushes;
	counter[SCN_COUNTER_INVEPTS] = count->invepts;
	counter[SCN_COUNTER_INVVPIDS] = count->invvpids;
	counter[SCN_COUNTER_IPIS] = count->ipis;
	counter[SCN_COUNTER_SYSCALLS] = count->syscalls;
	counter[SCN_COUNTER_COPIES] = count->copies;
	for (i = 0; i < player->machine.config.cpus; i++) {
		if (player->machine.cpu[i].tlb == NULL)
			continue;
		counter[SCN_COUNTER_TLB_HITS] += tlb_stats(player->machine.cpu[i].tlb)->hits;
		counter[SCN_COUNTER_TLB_MISSES] += tlb_stats(player->machine.cpu[i].tlb)->misses;
	}
}

static void
check_threads(struct place *place, const struct scn_final *final)
{
	struct player *player = place->player;
	size_t i, j;

	for (i = 0; i < player->scenario->threads; i++) {
		enum scn_end end = player->outcome->end[i], expected = SCN_END_FINISHED;
		struct scn_mark mark = player->scenario->thread[i].src.mark;
		bool named = false;

		for (j = 0; j < final->threads; j++) {
			if (final->thread[j].thread == i) {
				expected = final->thread[j].end;
				mark = final->thread[j].mark;
				named = true;
			}
		}
		/* A thread that nobody speaks of may end in any way its steps have told. */
		if (end == expected || (!named && (end == SCN_END_EXITED ||
		    end == SCN_END_KILLED || end == SCN_END_FAILED)))
			continue;
		differ(place, mark, "end of thread", scn_end_name(expected), scn_end_name(end));
	}
}

void
expect_final(struct player *player)
{
	const struct scn_final *final = &player->scenario->expect;
	struct place place = { .player = player, .thread = -1, .step = -1 };
	size_t i;

	collect_counters(player);
	if (scn_has(&final->src, SCN_KEY_CONSOLE))
		check_bytes(&place, scn_mark_of(&final->src, SCN_KEY_CONSOLE), "console",
		    &final->console, player->outcome->console, player->outcome->console_size);
	for (i = 0; i < final->memories; i++)
		check_memory(&place, &final->memory[i]);
	for (i = 0; i < final->entries; i++)
		check_entry(&place, &final->entry[i]);
	for (i = 0; i < final->epts; i++)
		check_ept_entry(&place, &final->ept[i]);
	for (i = 0; i < final->counters; i++) {
		const struct scn_expect_counter *counter = &final->counter[i];
		uint64_t found = player->outcome->counter[counter->counter];

		if (found != counter->value)
			differ_number(&place, counter->mark, scn_counter_name(counter->counter),
			    counter->value, found);
	}
	check_threads(&place, final);
}
