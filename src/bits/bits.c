/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading values by the format tables: which rows apply, what they say, and the short text form.
 *
 * Every answer is a function of the view and the value.  Fields are judged one by one, by their own
 * rows; what several fields mean together is left to the formats' notes, which name the common
 * mistakes and are no complete check of a register or an entry.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bits/bits_rows.h"

struct format_group {
	const struct bits_format *format;
	const size_t *count;
};

static const struct format_group format_group[] = {
	{ bits_guest_formats, &bits_guest_formats_count },
	{ bits_ept_formats, &bits_ept_formats_count },
	{ bits_vmx_formats, &bits_vmx_formats_count },
	{ bits_register_formats, &bits_register_formats_count },
};

/* --- text ------------------------------------------------------------------------------------- */

void
bits_text_add(struct bits_text *text, const char *format, ...)
{
	char *end = text->used < text->size ? text->buf + text->used : NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(end, end != NULL ? text->size - text->used : 0, format, args);
	va_end(args);
	if (length > 0)
		text->used += (size_t)length;
}

/* The locale has no say in what a letter is. */
static char
fold(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char)(c - 'A' + 'a') : c;
}

int
bits_name_equal(const char *a, const char *b, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (a[i] == '\0' || fold(a[i]) != fold(b[i]))
			return 0;
	}
	return a[length] == '\0';
}

/* How many edits still count as a slip of the keyboard. */
static size_t
slips_allowed(size_t length)
{
	return length < 2 ? 0 : length < 5 ? 1 : length < 9 ? 2 : 3;
}

#define WORD_MAX 32

size_t
bits_name_distance(const char *name, const char *word, size_t length)
{
	size_t row[WORD_MAX + 1];
	size_t i, j;

	if (length > WORD_MAX)
		return SIZE_MAX;
	for (j = 0; j <= length; j++)
		row[j] = j;
	for (i = 0; name[i] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (j = 0; j < length; j++) {
			size_t changed = diagonal + (fold(name[i]) != fold(word[j]));
			size_t other = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;

			diagonal = row[j + 1];
			row[j + 1] = changed < other ? changed : other;
		}
	}
	return row[length] <= slips_allowed(length) ? row[length] : SIZE_MAX;
}

/* --- formats ---------------------------------------------------------------------------------- */

const struct bits_format *
bits_format_at(size_t index)
{
	size_t g;

	for (g = 0; g < BITS_COUNT(format_group); g++) {
		if (index < *format_group[g].count)
			return &format_group[g].format[index];
		index -= *format_group[g].count;
	}
	return NULL;
}

const struct bits_format *
bits_format_find(const char *name)
{
	size_t length = strlen(name);
	const struct bits_format *format;
	size_t i;

	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		if (bits_name_equal(format->name, name, length))
			return format;
	}
	return NULL;
}

/* "ept-pde" and "EPT PDE" */
static int
entry_name_equal(const char *entry, const char *name)
{
	size_t i;

	for (i = 0; entry[i] != '\0'; i++) {
		if (fold(name[i]) != fold(entry[i]) && !(entry[i] == ' ' && name[i] == '-'))
			return 0;
	}
	return name[i] == '\0';
}

const struct bits_format *
bits_format_of_entry(const char *name, unsigned *level)
{
	const struct bits_format *format;
	unsigned l;
	size_t i;

	for (i = 0; (format = bits_format_at(i)) != NULL; i++) {
		for (l = 1; format->entry != NULL && l <= VK_LEVELS; l++) {
			if (!entry_name_equal(format->entry[l], name))
				continue;
			*level = l;
			return format;
		}
	}
	return NULL;
}

/* --- rows ------------------------------------------------------------------------------------- */

enum bits_status
bits_check(const struct bits_view *view)
{
	const struct bits_machine *machine = &view->machine;

	if (view->format->entry != NULL && (view->level < 1 || view->level > VK_LEVELS))
		return BITS_BAD_LEVEL;
	if (machine->maxphyaddr < 32 || machine->maxphyaddr > 52 ||
	    (machine->features & ~BITS_FEATURES) != 0)
		return BITS_BAD_MACHINE;
	return BITS_OK;
}

static int
applies(unsigned levels, uint64_t need, uint64_t without, const struct bits_view *view,
    uint64_t facts)
{
	if (levels != 0 && !(levels & AT(view->level)))
		return 0;
	return (facts & need) == need && (facts & without) == 0;
}

static int
rule_holds(const struct bits_rule *rule, const struct bits_view *view, uint64_t facts,
    uint64_t value)
{
	return applies(rule->levels, rule->need, rule->without, view, facts) &&
	    (value & rule->mask) == rule->match;
}

uint64_t
bits_facts(const struct bits_view *view, uint64_t value)
{
	const struct bits_format *format = view->format;
	uint64_t facts = view->machine.features | format->facts;
	size_t i;

	for (i = 0; i < format->rules; i++) {
		if (rule_holds(&format->rule[i], view, facts, value))
			facts |= format->rule[i].fact;
	}
	return facts;
}

int
bits_row_applies(const struct bits_row *row, const struct bits_view *view, uint64_t facts,
    struct bits_span *span)
{
	unsigned maxphyaddr = view->machine.maxphyaddr;

	span->high = row->high == PA_TOP ? maxphyaddr - 1 : row->high;
	span->low = row->low == PA_END ? maxphyaddr : row->low;
	if (span->low > span->high || !applies(row->levels, row->need, row->without, view, facts))
		return 0;
	span->mask = VK_BITS(span->high, span->low);
	return 1;
}

const struct bits_value *
bits_value_find(const struct bits_value *values, uint64_t value)
{
	if (values == NULL)
		return NULL;
	for (; values->name != NULL; values++) {
		if (values->value == value)
			return values;
	}
	return NULL;
}

/* --- decoding --------------------------------------------------------------------------------- */

static enum bits_state
state_of(enum bits_kind kind, uint64_t in_place, uint64_t mask, int named)
{
	switch (kind) {
	case BITS_ZERO:
		return in_place != 0 ? BITS_RESERVED_BAD : BITS_CLEAR;
	case BITS_ONE:
		return in_place != mask ? BITS_RESERVED_BAD : BITS_SET;
	case BITS_FREE:
		return in_place != 0 ? BITS_FREE_SET : BITS_CLEAR;
	case BITS_CHOICE:
		if (!named)
			return BITS_VALUE_BAD;
		break;
	case BITS_FLAG:
	case BITS_NUMBER:
	case BITS_FRAME:
		break;
	}
	return in_place != 0 ? BITS_SET : BITS_CLEAR;
}

static void
field_fill(struct bits_field *field, const struct bits_row *row, const struct bits_span *span,
    uint64_t value)
{
	uint64_t in_place = value & span->mask;
	const struct bits_value *named;

	field->name = row->name;
	field->kind = (enum bits_kind)row->kind;
	field->high = span->high;
	field->low = span->low;
	field->mask = span->mask;
	field->value = field->kind == BITS_FRAME ? in_place : in_place >> span->low;
	named = bits_value_find(row->values, field->value);
	field->state = state_of(field->kind, in_place, span->mask, named != NULL);
	field->value_name = named != NULL ? named->name : NULL;
	field->meaning = named != NULL ? named->meaning : in_place != 0 ? row->set : row->clear;
}

size_t
bits_decode(const struct bits_view *view, uint64_t value, struct bits_field field[BITS_FIELDS_MAX])
{
	const struct bits_format *format = view->format;
	struct bits_span span;
	uint64_t facts;
	size_t i, fields = 0;

	if (bits_check(view) != BITS_OK)
		return 0;
	facts = bits_facts(view, value);
	for (i = 0; i < format->rows && fields < BITS_FIELDS_MAX; i++) {
		if (bits_row_applies(&format->row[i], view, facts, &span))
			field_fill(&field[fields++], &format->row[i], &span, value);
	}
	return fields;
}

void
bits_masks_get(const struct bits_view *view, uint64_t value, struct bits_masks *masks)
{
	struct bits_field field[BITS_FIELDS_MAX];
	size_t i, fields = bits_decode(view, value, field);

	masks->zero = masks->one = masks->free = masks->bad = 0;
	for (i = 0; i < fields; i++) {
		uint64_t mask = field[i].mask;

		if (field[i].kind == BITS_ZERO)
			masks->zero |= mask;
		if (field[i].kind == BITS_ONE)
			masks->one |= mask;
		if (field[i].kind == BITS_FREE)
			masks->free |= mask;
		if (field[i].state == BITS_VALUE_BAD)
			masks->bad |= mask;
	}
	masks->bad |= (value & masks->zero) | (~value & masks->one);
}

const char *
bits_note(const struct bits_view *view, uint64_t value, size_t *next)
{
	const struct bits_format *format = view->format;
	uint64_t facts;

	if (bits_check(view) != BITS_OK)
		return NULL;
	facts = bits_facts(view, value);
	while (*next < format->rules) {
		const struct bits_rule *rule = &format->rule[(*next)++];

		if (rule->note != NULL && rule_holds(rule, view, facts, value))
			return rule->note;
	}
	return NULL;
}

/* --- the short form --------------------------------------------------------------------------- */

/* Bits that have no meaning here go by their place, so that reading them back is exact. */
static void
add_by_place(struct bits_text *text, const struct bits_field *field)
{
	uint64_t value = field->value;
	unsigned bit = 0;

	if (value == 0)
		return;
	if ((value & (value - 1)) != 0) {
		bits_text_add(text, "bits[%u:%u]=0x%" PRIx64, field->high, field->low, value);
		return;
	}
	while (!(value & VK_BIT(bit)))
		bit++;
	bits_text_add(text, "bit%u", field->low + bit);
}

static void
add_field(struct bits_text *text, const struct bits_field *field)
{
	switch (field->kind) {
	case BITS_FLAG:
		if (field->value != 0)
			bits_text_add(text, "%s", field->name);
		break;
	case BITS_NUMBER:
	case BITS_CHOICE:
	case BITS_FRAME:
		if (field->value_name != NULL)
			bits_text_add(text, "%s=%s", field->name, field->value_name);
		else
			bits_text_add(text, "%s=0x%" PRIx64, field->name, field->value);
		break;
	case BITS_ZERO:
	case BITS_ONE:
	case BITS_FREE:
		add_by_place(text, field);
		break;
	}
}

size_t
bits_write_field(const struct bits_field *field, char *buf, size_t size)
{
	struct bits_text text = { buf, size, 0 };

	bits_text_add(&text, "%s", "");
	add_field(&text, field);
	return text.used;
}

/* A zero that has a name of its own (UC, CR0, #DE) says something; others go without saying. */
static int
is_worth_saying(const struct bits_field *field)
{
	return field->value != 0 || field->value_name != NULL;
}

size_t
bits_write_short(const struct bits_view *view, uint64_t value, char *buf, size_t size)
{
	struct bits_field field[BITS_FIELDS_MAX];
	size_t i, fields = bits_decode(view, value, field);
	struct bits_text text = { buf, size, 0 };

	bits_text_add(&text, "%s", "");
	for (i = 0; i < fields; i++) {
		if (!is_worth_saying(&field[i]))
			continue;
		if (text.used != 0)
			bits_text_add(&text, " ");
		add_field(&text, &field[i]);
	}
	if (text.used == 0 && fields != 0)
		bits_text_add(&text, "0");
	return text.used;
}
