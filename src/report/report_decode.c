/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a trace: levels, entries, exits, operations.
 *
 * Entries are taken apart by the tables of src/bits, for the machine that the scenario describes.
 * What depends on a thread's registers (EFER.NXE, CR4) is followed through the steps that set them,
 * not through what a step came to: a MOV to CR4 that faulted is taken to have been carried out.
 */
#include "report/report_decode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/access.h"
#include "copyio/vk_pmap.h"
#include "ept/ept.h"

/* --- the machine ------------------------------------------------------------------------------ */

struct pair {
	uint64_t from, to;
};

static const struct pair machine_pairs[] = {
	{ SCN_FEATURE_1G_PAGES, BITS_PAGE1G },
	{ SCN_FEATURE_EPT_AD, BITS_EPT_AD },
	{ SCN_FEATURE_EPT_2M, BITS_EPT_2M },
	{ SCN_FEATURE_EPT_1G, BITS_EPT_1G },
	{ SCN_FEATURE_EXEC_ONLY, BITS_EPT_XO },
	{ SCN_FEATURE_EPT_5LEVEL, BITS_EPT_5L },
	{ SCN_FEATURE_MBEC, BITS_EPT_MBEC },
	{ SCN_FEATURE_SPP, BITS_EPT_SPP },
	{ SCN_FEATURE_VE, BITS_EPT_VE },
	{ SCN_FEATURE_ADV_INFO, BITS_ADV_INFO },
};

static const struct pair cr4_pairs[] = {
	{ VK_CR4_SMEP, BITS_SMEP },
	{ VK_CR4_PGE, BITS_PGE },
	{ VK_CR4_PKE, BITS_PKE },
	{ VK_CR4_PKS, BITS_PKS },
	{ VK_CR4_PCIDE, BITS_PCIDE },
	{ VK_CR4_LA57, BITS_LA57 },
};

static const struct pair ept_cap_pairs[] = {
	{ EPT_CAP_EXEC_ONLY, BITS_EPT_XO },
	{ EPT_CAP_WALK5, BITS_EPT_5L },
	{ EPT_CAP_2M, BITS_EPT_2M },
	{ EPT_CAP_1G, BITS_EPT_1G },
	{ EPT_CAP_ADV_INFO, BITS_ADV_INFO },
};

static const struct pair ept_control_pairs[] = {
	{ EPT_CTL_MBEC, BITS_EPT_MBEC },
	{ EPT_CTL_SPP, BITS_EPT_SPP },
	{ EPT_CTL_VE, BITS_EPT_VE },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t
translate_bits(const struct pair *pair, size_t pairs, uint64_t from)
{
	uint64_t to = 0;
	size_t i;

	for (i = 0; i < pairs; i++) {
		if (from & pair[i].from)
			to |= pair[i].to;
	}
	return to;
}

/* Of the machine, and of a thread's registers before its first step. */
static uint64_t
first_features(const struct scenario *scenario, int thread)
{
	uint64_t features = translate_bits(machine_pairs, COUNT(machine_pairs),
	    scenario->machine.features);
	const struct scn_thread *scn;

	if (thread < 0 || (size_t)thread >= scenario->threads)
		return features;
	scn = &scenario->thread[thread];
	features |= translate_bits(cr4_pairs, COUNT(cr4_pairs), scn->cr4);
	if (scn->efer & VK_EFER_NXE)
		features |= BITS_NXE;
	if (scn_has(&scn->src, SCN_KEY_EPTP))
		features = (features & ~BITS_EPT_AD) | ((scn->eptp & EPTP_AD) ? BITS_EPT_AD : 0);
	else if (scn->eptp_bits & EPTP_AD)
		features ^= BITS_EPT_AD;
	return features;
}

int
decoder_init(struct decoder *decoder, const struct scenario *scenario, int follow)
{
	size_t i;

	decoder->scenario = scenario;
	memset(decoder->format, 0, sizeof(decoder->format));
	decoder->features = NULL;
	if (!follow)
		return 1;
	decoder->features = calloc(scenario->threads + 1, sizeof(*decoder->features));
	if (decoder->features == NULL)
		return 0;
	for (i = 0; i < scenario->threads; i++)
		decoder->features[i] = first_features(scenario, (int)i);
	return 1;
}

void
decoder_init_view(struct decoder *decoder, const struct view *view)
{
	memset(decoder, 0, sizeof(*decoder));
	decoder->machine.maxphyaddr = view->mode.maxphyaddr;
	decoder->machine.features = translate_bits(cr4_pairs, COUNT(cr4_pairs), view->mode.cr4) |
	    translate_bits(ept_cap_pairs, COUNT(ept_cap_pairs), view->ept.cap) |
	    translate_bits(ept_control_pairs, COUNT(ept_control_pairs), view->ept.controls);
	if (view->mode.efer & VK_EFER_NXE)
		decoder->machine.features |= BITS_NXE;
	if (view->mode.page1g)
		decoder->machine.features |= BITS_PAGE1G;
	if (view->ept.ad)
		decoder->machine.features |= BITS_EPT_AD;
	if (view->ept.eptp & EPTP_SSS)
		decoder->machine.features |= BITS_EPT_SSS;
}

void
decoder_free(struct decoder *decoder)
{
	free(decoder->features);
	decoder->features = NULL;
}

void
decoder_step(struct decoder *decoder, int thread, int step)
{
	const struct scn_step *scn = decode_find_step(decoder->scenario, thread, step);
	uint64_t *features;

	if (scn == NULL || decoder->features == NULL)
		return;
	features = &decoder->features[thread];
	if (scn->op == SCN_OP_MOV_CR4) {
		*features |= translate_bits(cr4_pairs, COUNT(cr4_pairs), scn->set);
		*features &= ~translate_bits(cr4_pairs, COUNT(cr4_pairs), scn->clear);
	} else if (scn->op == SCN_OP_MODE && scn_has(&scn->src, SCN_KEY_NXE)) {
		*features = (*features & ~BITS_NXE) | (scn->nxe ? BITS_NXE : 0);
	}
}

/* Most runs need few formats, or none: each is looked up when it is first asked for. */
static const struct bits_format *
format_of(struct decoder *decoder, enum decode_format format)
{
	static const char name[DECODE_FORMATS][20] = {
		[DECODE_GUEST] = "guest-pte",
		[DECODE_EPT] = "ept",
		[DECODE_QUALIFICATION] = "qualification",
		[DECODE_ERROR_CODE] = "error-code",
		[DECODE_REASON] = "exit-reason",
		[DECODE_INTR_INFO] = "interruption-info",
	};

	if (decoder->format[format] == NULL)
		decoder->format[format] = bits_format_find(name[format]);
	return decoder->format[format];
}

static struct bits_view
view_of(struct decoder *decoder, enum decode_format format, unsigned level, int thread)
{
	struct bits_view view = { .format = format_of(decoder, format), .level = level };

	if (decoder->scenario == NULL) {
		view.machine = decoder->machine;
		return view;
	}
	view.machine.maxphyaddr = decoder->scenario->machine.maxphyaddr;
	if (decoder->features != NULL && thread >= 0)
		view.machine.features = decoder->features[thread];
	else
		view.machine.features = first_features(decoder->scenario, thread);
	return view;
}

static void
put_value(struct text *text, const struct bits_view *view, uint64_t value)
{
	char fields[TEXT_PIECE];

	if (bits_write_short(view, value, fields, sizeof(fields)) != 0)
		text_str(text, fields);
	else
		text_add(text, "0x%" PRIx64, value);
}

/* --- entries ---------------------------------------------------------------------------------- */

const char *
decode_level(enum event_side side, unsigned level)
{
	static const char name[][VK_LEVELS + 1][7] = {
		[EVENT_GUEST] = { "?", "PTE", "PDE", "PDPTE", "PML4E", "PML5E" },
		[EVENT_EPT] = { "EPT", "EPT L1", "EPT L2", "EPT L3", "EPT L4", "EPT L5" },
		[EVENT_NPT] = { "NPT", "NPT L1", "NPT L2", "NPT L3", "NPT L4", "NPT L5" },
	};

	return name[side][level <= VK_LEVELS ? level : 0];
}

void
decode_slot(struct text *text, enum event_side side, unsigned level, uint64_t slot)
{
	text_add(text, "%s[%u] at %s 0x%" PRIx64, decode_level(side, level),
	    (unsigned)(slot >> 3) & (VK_TABLE_ENTRIES - 1), side == EVENT_GUEST ? "GPA" : "HPA",
	    slot);
}

struct bits_view
decode_view(struct decoder *decoder, int thread, enum event_side side, unsigned level)
{
	return view_of(decoder, side == EVENT_EPT ? DECODE_EPT : DECODE_GUEST, level, thread);
}

void
decode_entry(struct text *text, struct decoder *decoder, int thread, enum event_side side,
    unsigned level, uint64_t entry)
{
	struct bits_view view = decode_view(decoder, thread, side, level);

	put_value(text, &view, entry);
}

void
decode_entry_json(struct json *json, struct decoder *decoder, int thread,
    enum event_side side, unsigned level, uint64_t slot, uint64_t entry)
{
	static const char side_name[][6] = { "guest", "ept", "npt" };
	char fields[TEXT_PIECE];
	struct text_buffer buffer = { fields, sizeof(fields), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	decode_entry(&text, decoder, thread, side, level, entry);
	json_put_string(json, "side", side_name[side]);
	json_put_number(json, "level", level);
	json_put_string(json, "name", decode_level(side, level));
	json_put_address(json, "slot", slot);
	json_put_address(json, "entry", entry);
	json_put_string(json, "fields", fields);
}

/* --- qualifications and error codes ----------------------------------------------------------- */

void
decode_qualification(struct text *text, struct decoder *decoder, uint64_t qualification)
{
	struct bits_view view = view_of(decoder, DECODE_QUALIFICATION, 0, -1);

	put_value(text, &view, qualification);
}

void
decode_error_code(struct text *text, struct decoder *decoder, int thread, uint64_t code)
{
	struct bits_view view = view_of(decoder, DECODE_ERROR_CODE, 0, thread);

	put_value(text, &view, code);
}

/* --- field by field --------------------------------------------------------------------------- */

static void
put_fields(struct text *text, const struct bits_view *view, uint64_t value)
{
	struct bits_field field[BITS_FIELDS_MAX];
	size_t i, fields = bits_decode(view, value, field);
	char name[TEXT_PIECE];

	for (i = 0; i < fields; i++) {
		if (field[i].state == BITS_CLEAR ||
		    bits_write_field(&field[i], name, sizeof(name)) == 0)
			continue;
		text_add(text, "%s\t%s\n", name,
		    field[i].meaning != NULL ? field[i].meaning : "");
	}
}

void
decode_entry_fields(struct text *text, struct decoder *decoder, int thread, enum event_side side,
    unsigned level, uint64_t entry)
{
	struct bits_view view = decode_view(decoder, thread, side, level);

	put_fields(text, &view, entry);
}

void
decode_qualification_fields(struct text *text, struct decoder *decoder, uint64_t qualification)
{
	struct bits_view view = view_of(decoder, DECODE_QUALIFICATION, 0, -1);

	put_fields(text, &view, qualification);
}

void
decode_error_code_fields(struct text *text, struct decoder *decoder, int thread, uint64_t code)
{
	struct bits_view view = view_of(decoder, DECODE_ERROR_CODE, 0, thread);

	put_fields(text, &view, code);
}

/* --- exits ------------------------------------------------------------------------------------ */

/* The name and meaning that a format's field gives to a value of it. */
static int
find_field(const struct bits_format *format, const char *name, uint64_t value,
    struct bits_field *found)
{
	struct bits_field field[BITS_FIELDS_MAX];
	struct bits_view view = { .format = format, .machine = { 52, 0 } };
	size_t i, fields = bits_decode(&view, value, field);

	for (i = 0; i < fields; i++) {
		if (field[i].name == NULL || strcmp(field[i].name, name) != 0)
			continue;
		*found = field[i];
		return found->value_name != NULL;
	}
	return 0;
}

void
decode_exit_name(struct text *text, struct decoder *decoder, const struct vmx_exit *exit)
{
	unsigned reason = exit->reason & 0xffffu;
	struct bits_field field;

	if (exit->reason & VMX_REASON_ENTRY_FAILED)
		text_str(text, "VM entry failed: ");
	if (reason == VMX_EXIT_EXCEPTION && (exit->intr_info & VMX_INTR_VALID) != 0) {
		if (find_field(format_of(decoder, DECODE_INTR_INFO), "vector", exit->intr_info,
		    &field))
			text_str(text, field.value_name);
		else
			text_add(text, "vector %u", exit->intr_info & VMX_INTR_VECTOR);
	} else if (reason == VMX_EXIT_GUEST_STATE) {
		text_str(text, "invalid guest state");
	} else if (find_field(format_of(decoder, DECODE_REASON), "reason", reason, &field)) {
		text_str(text, field.meaning);
	} else {
		text_add(text, "exit %u", reason);
	}
}

const char *
decode_access(unsigned acc)
{
	static const char *const name[] = { "access", "read", "write", "read-modify-write",
		"fetch", "read and fetch", "write and fetch", "any access" };

	return name[acc & VK_ACC_RWX];
}

const char *
decode_outcome(enum event_outcome outcome)
{
	switch (outcome) {
	case EVENT_OK:
		return "ok";
	case EVENT_PAGE_FAULT:
		return "#PF";
	case EVENT_GENERAL_PROTECTION:
		return "#GP";
	case EVENT_VM_EXIT:
		return "VM exit";
	case EVENT_VIRTUALIZATION:
		return "#VE";
	case EVENT_NESTED_FAULT:
		return "nested page fault";
	}
	return "?";
}

const char *
decode_fault(enum event_fault fault)
{
	switch (fault) {
	case EVENT_FAULT_ZERO:
		return "a fresh page of zeroes";
	case EVENT_FAULT_FILE:
		return "a page of its backing";
	case EVENT_FAULT_COPY:
		return "a private copy";
	case EVENT_FAULT_PRESENT:
		return "the page was there";
	case EVENT_FAULT_REFUSED:
		return "refused";
	}
	return "?";
}

/* --- the script ------------------------------------------------------------------------------- */

const char *
decode_thread(const struct scenario *scenario, int thread)
{
	if (thread < 0 || (size_t)thread >= scenario->threads)
		return "machine";
	return scenario->thread[thread].name;
}

const struct scn_step *
decode_find_step(const struct scenario *scenario, int thread, int step)
{
	if (thread < 0 || (size_t)thread >= scenario->threads || step < 0 ||
	    (size_t)step >= scenario->thread[thread].steps)
		return NULL;
	return &scenario->thread[thread].step[step];
}

/* What of an operation's operands is worth naming beside its name. */
#define SHOW_AT 1u
#define SHOW_SIZE 2u
#define SHOW_SPACE 4u
#define SHOW_LEAF 8u
#define SHOW_NUMBER 16u
#define SHOW_VALUE 32u
#define SHOW_THREAD 64u
#define SHOW_VECTOR 128u

static unsigned
operands_of(enum scn_op op)
{
	static const unsigned char show[SCN_OPS] = {
		[SCN_OP_READ] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_WRITE] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_FETCH] = SHOW_AT,
		[SCN_OP_PREFETCH] = SHOW_AT,
		[SCN_OP_XCHG] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_ADD] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_CAS] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_MOV_CR3] = SHOW_SPACE,
		[SCN_OP_INVLPG] = SHOW_AT,
		[SCN_OP_CPUID] = SHOW_LEAF,
		[SCN_OP_EXCEPTION] = SHOW_VECTOR,
		[SCN_OP_SYSCALL] = SHOW_NUMBER,
		[SCN_OP_COPYIN] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_COPYOUT] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_COPYINSTR] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_FUBYTE] = SHOW_AT,
		[SCN_OP_FUWORD32] = SHOW_AT,
		[SCN_OP_FUWORD64] = SHOW_AT,
		[SCN_OP_SUBYTE] = SHOW_AT,
		[SCN_OP_SUWORD32] = SHOW_AT,
		[SCN_OP_SUWORD64] = SHOW_AT,
		[SCN_OP_SWAPU32] = SHOW_AT,
		[SCN_OP_SWAPU64] = SHOW_AT,
		[SCN_OP_CASU32] = SHOW_AT,
		[SCN_OP_CASU64] = SHOW_AT,
		[SCN_OP_FUWORDADD32] = SHOW_AT,
		[SCN_OP_FUWORDADD64] = SHOW_AT,
		[SCN_OP_EXIT] = SHOW_VALUE,
		[SCN_OP_WAIT] = SHOW_THREAD,
		[SCN_OP_MPROTECT] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_MUNMAP] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_POKE] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_PEEK] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_PMAP] = SHOW_AT,
		[SCN_OP_VK_COPYIN] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_VK_COPYOUT] = SHOW_AT | SHOW_SIZE,
		[SCN_OP_NEW_SPACE] = SHOW_SPACE,
		[SCN_OP_RUN_USER] = SHOW_SPACE,
	};

	return (unsigned)op < SCN_OPS ? show[op] : 0;
}

void
decode_operation(struct text *text, const struct scenario *scenario, int thread, int step)
{
	const struct scn_step *scn = decode_find_step(scenario, thread, step);
	unsigned show;

	if (scn == NULL)
		return;
	show = operands_of(scn->op);
	text_str(text, scn_op_name(scn->op));
	if (show & SHOW_AT)
		text_add(text, " 0x%" PRIx64, scn->at);
	if (show & SHOW_SIZE) {
		text_str(text, ", ");
		text_amount(text, scn->size);
	}
	if ((show & SHOW_SPACE) && scn->space < scenario->guest.spaces) {
		text_str(text, " ");
		text_safe(text, scenario->guest.space[scn->space].name);
	}
	if (show & SHOW_LEAF)
		text_add(text, " 0x%" PRIx32, scn->leaf);
	if (show & SHOW_NUMBER)
		text_add(text, " %" PRIu64, scn->number);
	if (show & SHOW_VALUE)
		text_add(text, " %" PRIu64, scn->value);
	if (show & SHOW_VECTOR)
		text_add(text, " %" PRIu32, scn->vector);
	if (show & SHOW_THREAD) {
		text_str(text, " for ");
		text_safe(text, decode_thread(scenario, (int)scn->thread));
	}
}

void
decode_name(struct text *text, const struct scenario *scenario)
{
	text_safe(text, scenario->name);
	if (scenario->variant[0] != '\0') {
		text_str(text, " [");
		text_safe(text, scenario->variant);
		text_str(text, "]");
	}
}

void
decode_title(struct text *text, const struct scenario *scenario)
{
	text_safe(text, scenario->file);
	text_str(text, ": ");
	decode_name(text, scenario);
}
