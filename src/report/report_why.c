/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explanations as text and as JSON.
 *
 * Both say the same.  Entries are numbered as the walk refers to them; those that are read again
 * to set a flag have no number.  The text groups the entries by the guest-physical address that
 * the EPT was asked for, since that is how a two-dimensional walk is drawn.
 */
#include "report/report_why.h"

#include <inttypes.h>

#include "base/access.h"
#include "ept/memtype.h"

#define WIDTH_SLOT 34
#define WIDTH_ENTRY 20

static void
indent_to(struct text *text, unsigned indent)
{
	if (indent != 0)
		text_to(text, indent);
}

/* NULL where it is not known. */
static const char *
memtype_name(unsigned memtype)
{
	switch (memtype) {
	case EXPLAIN_MEMTYPE_UNKNOWN:
		return NULL;
	case MEMTYPE_UC:
		return "UC";
	case MEMTYPE_WC:
		return "WC";
	case MEMTYPE_WT:
		return "WT";
	case MEMTYPE_WP:
		return "WP";
	case MEMTYPE_WB:
		return "WB";
	default:
		return "UC-";
	}
}

/* --- text ------------------------------------------------------------------------------------- */

/* Entries that belong to another translation than those before. */
static int
begins_walk(const struct explanation *why, unsigned i)
{
	const struct explain_read *read = &why->read[i];

	if (read->side == EVENT_GUEST)
		return 0;
	return i == 0 || read[-1].side == EVENT_GUEST || read[-1].address != read->address ||
	    read[-1].update != read->update;
}

static void
write_read(struct text *text, struct decoder *decoder, int thread,
    const struct explain_read *read, unsigned order, unsigned indent)
{
	indent_to(text, indent);
	text_style(text, read->failed ? TEXT_BAD : TEXT_PLAIN);
	if (read->update)
		text_str(text, "  - ");
	else
		text_add(text, "%3u ", order);
	decode_slot(text, read->side, read->level, read->slot);
	text_to(text, indent + 4 + WIDTH_SLOT);
	text_add(text, "0x%016" PRIx64, read->entry);
	text_to(text, indent + 4 + WIDTH_SLOT + WIDTH_ENTRY);
	decode_entry(text, decoder, thread, read->side, read->level, read->entry);
	if (read->failed)
		text_str(text, "  <- here");
	text_style(text, TEXT_PLAIN);
	text_str(text, "\n");
}

void
why_write_reads(struct text *text, struct decoder *decoder, int thread,
    const struct explanation *why, unsigned indent)
{
	unsigned i, order = 0;

	for (i = 0; i < why->reads && i < EXPLAIN_READS; i++) {
		order += !why->read[i].update;
		if (begins_walk(why, i)) {
			indent_to(text, indent);
			text_style(text, TEXT_FAINT);
			text_add(text, "GPA 0x%" PRIx64 " through the %s%s",
			    why->read[i].address,
			    why->read[i].side == EVENT_EPT ? "EPT" : "nested tables",
			    why->read[i].update ? ", to set flags of the guest's entry" : "");
			text_style(text, TEXT_PLAIN);
			text_str(text, "\n");
		}
		write_read(text, decoder, thread, &why->read[i], order, indent);
	}
}

/* The guest-physical address that the EPT did not translate: a table's, or the access' own. */
static uint64_t
failed_gpa(const struct explanation *why)
{
	unsigned i;

	for (i = 0; i < why->reads && i < EXPLAIN_READS; i++) {
		if (why->read[i].failed && why->read[i].side == EVENT_EPT)
			return why->read[i].address;
	}
	return why->gpa;
}

static struct vmx_exit
exit_of(const struct explanation *why)
{
	struct vmx_exit exit = { .reason = why->exit_reason };

	exit.qualification = why->qualification;
	return exit;
}

static void
write_outcome(struct text *text, struct decoder *decoder, int thread,
    const struct explanation *why)
{
	struct vmx_exit exit = exit_of(why);

	switch (why->outcome) {
	case EVENT_OK:
		text_add(text, "ok, GPA 0x%" PRIx64 ", HPA 0x%" PRIx64, why->gpa, why->hpa);
		if (memtype_name(why->memtype) != NULL)
			text_add(text, ", memory type %s", memtype_name(why->memtype));
		break;
	case EVENT_PAGE_FAULT:
		text_add(text, "#PF, error code 0x%" PRIx32 " (", why->error_code);
		decode_error_code(text, decoder, thread, why->error_code);
		text_add(text, "), CR2 0x%" PRIx64, why->gva);
		break;
	case EVENT_NESTED_FAULT:
		text_add(text, "nested page fault, error code 0x%" PRIx64 " (",
		    why->qualification);
		decode_error_code(text, decoder, thread, why->error_code);
		text_add(text, "; %s), GPA 0x%" PRIx64, (why->qualification & VK_BIT(33)) != 0 ?
		    "of a guest table" : "of the page itself", why->gpa);
		break;
	case EVENT_GENERAL_PROTECTION:
	case EVENT_VIRTUALIZATION:
		text_str(text, decode_outcome(why->outcome));
		break;
	case EVENT_VM_EXIT:
		decode_exit_name(text, decoder, &exit);
		if (why->exit_reason == VMX_EXIT_EPT_VIOLATION) {
			text_add(text, ", qualification 0x%" PRIx64 " (", why->qualification);
			decode_qualification(text, decoder, why->qualification);
			text_str(text, ")");
		}
		text_add(text, ", GPA 0x%" PRIx64, failed_gpa(why));
		break;
	}
}

static void
write_label(struct text *text, unsigned indent, const char *label)
{
	indent_to(text, indent);
	text_style(text, TEXT_STRONG);
	text_str(text, label);
	text_style(text, TEXT_PLAIN);
	text_to(text, indent + 9);
}

void
why_write_verdict(struct text *text, struct decoder *decoder, int thread,
    const struct explanation *why, unsigned indent)
{
	write_label(text, indent, "outcome");
	write_outcome(text, decoder, thread, why);
	text_str(text, "\n");
	if (why->rule != NULL && why->rule[0] != '\0') {
		write_label(text, indent, "why");
		text_str(text, why->verdict);
		text_add(text, " [%s]\n", why->rule);
	}
	if (why->level != 0) {
		write_label(text, indent, "entry");
		decode_slot(text, why->side, why->level, why->slot);
		text_add(text, " is 0x%" PRIx64, why->entry);
		if (why->bits != 0)
			text_add(text, "; bits 0x%" PRIx64 " decide", why->bits);
		text_str(text, "\n");
	}
	if (why->remedy[0] != '\0') {
		write_label(text, indent, "to pass");
		text_str(text, why->remedy);
		text_str(text, "\n");
	}
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void
json_read(struct json *json, struct decoder *decoder, int thread,
    const struct explain_read *read, unsigned order)
{
	json_put_line_object(json, NULL);
	if (!read->update)
		json_put_number(json, "order", order);
	decode_entry_json(json, decoder, thread, read->side, read->level, read->slot, read->entry);
	json_put_address(json, "address", read->address);
	json_put_bool(json, "update", read->update);
	json_put_bool(json, "failed", read->failed);
	json_put_end(json);
}

static void
json_outcome(struct json *json, const struct explanation *why)
{
	json_put_string(json, "outcome", decode_outcome(why->outcome));
	json_put_address(json, "gva", why->gva);
	json_put_address(json, "gpa", why->gpa);
	json_put_address(json, "hpa", why->hpa);
	json_put_string(json, "access", decode_access(why->acc));
	if (why->outcome == EVENT_NESTED_FAULT)
		json_put_address(json, "error-code", why->qualification);
	if (why->outcome == EVENT_PAGE_FAULT)
		json_put_address(json, "error-code", why->error_code);
	if (why->outcome == EVENT_VM_EXIT) {
		json_put_number(json, "exit-reason", why->exit_reason);
		json_put_address(json, "qualification", why->qualification);
	}
	if (why->outcome == EVENT_OK && memtype_name(why->memtype) != NULL)
		json_put_string(json, "memtype", memtype_name(why->memtype));
}

void
why_write_json(struct json *json, const char *key, struct decoder *decoder, int thread,
    const struct explanation *why)
{
	unsigned i, order = 0;

	json_put_object(json, key);
	json_outcome(json, why);
	json_put_string(json, "rule", why->rule);
	json_put_string(json, "verdict", why->verdict);
	json_put_string(json, "remedy", why->remedy);
	if (why->level != 0) {
		json_put_line_object(json, "entry");
		decode_entry_json(json, decoder, thread, why->side, why->level, why->slot,
		    why->entry);
		json_put_address(json, "bits", why->bits);
		json_put_end(json);
	}
	json_put_array(json, "reads");
	for (i = 0; i < why->reads && i < EXPLAIN_READS; i++) {
		order += !why->read[i].update;
		json_read(json, decoder, thread, &why->read[i], order);
	}
	json_put_end(json);
	json_put_end(json);
}
