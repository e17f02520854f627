/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The value of one row: from a node to a field of a structure, by the row's type.
 *
 * A reader that finds something wrong records it and leaves the field alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scenario/scenario_reader.h"
#include "scenario/scenario_scalar.h"

#define EXPECTED_SIZE 128

/* --- scalars ---------------------------------------------------------------------------------- */

int
scn_node_is_null(const struct scn_node *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };
	size_t i;

	node = scn_node_real(node);
	if (node->kind != SCN_NODE_SCALAR || !node->plain || node->count > strlen("null"))
		return 0;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], node->u.text) == 0)
			return 1;
	}
	return 0;
}

const char *
scn_node_show(char buf[SCN_SHOWN_SIZE], const struct scn_node *node)
{
	char text[SCN_SHOWN_SIZE];

	node = scn_node_real(node);
	if (node->kind == SCN_NODE_LIST)
		return "a list";
	if (node->kind == SCN_NODE_MAP)
		return "a mapping";
	if (scn_node_is_null(node))
		return "nothing";
	snprintf(buf, SCN_SHOWN_SIZE, "'%s'", scn_show(text, node->u.text, node->count));
	return buf;
}

static const char *
variable_at(const void *ctx, size_t index)
{
	const struct scn_file *file = ctx;

	return index < file->variables ? file->variable[index].name : NULL;
}

struct scn_variable *
scn_variable_find(struct scn_file *file, const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < file->variables; i++) {
		if (scn_text_is(name, size, file->variable[i].name))
			return &file->variable[i];
	}
	return NULL;
}

/* The value of the variable that a text after "${" names; NULL when there is none. */
static const struct scn_node *
variable_value(struct scn_reader *rd, const struct scn_node *node, const char *name, size_t size)
{
	struct scn_variable *variable = scn_variable_find(rd->file, name, size);
	char shown[SCN_SHOWN_SIZE], hint[SCN_SUGGEST_SIZE];

	if (variable == NULL) {
		scn_error(rd->errors, node->mark,
		    "found '${%s}', which no matrix defines%s", scn_show(shown, name, size),
		    scn_suggest(hint, name, size, variable_at, rd->file));
		return NULL;
	}
	if (!variable->used)
		variable->used = 1;
	return rd->value[variable - rd->file->variable];
}

/*
 * Puts variables into a text, or counts how long it gets when `out` is NULL.  Returns the length,
 * SIZE_MAX when a variable is missing.
 */
static size_t
text_expand(struct scn_reader *rd, const struct scn_node *node, char *out)
{
	const char *s = node->u.text, *end = s + node->count, *close;
	const struct scn_node *value;
	size_t length = 0;

	while (s < end) {
		close = s + 2 < end && s[0] == '$' && s[1] == '{' ?
		    memchr(s + 2, '}', (size_t)(end - s) - 2) : NULL;
		if (close != NULL) {
			value = variable_value(rd, node, s + 2, (size_t)(close - s) - 2);
			if (value == NULL)
				return SIZE_MAX;
			if (out != NULL)
				memcpy(out + length, value->u.text, value->count);
			length += value->count;
			s = close + 1;
			continue;
		}
		if (s + 2 < end && s[0] == '$' && s[1] == '$' && s[2] == '{') {
			/* "$${" is a literal "${". */
			if (out != NULL)
				memcpy(out + length, s + 1, 2);
			length += 2;
			s += 3;
			continue;
		}
		if (out != NULL)
			out[length] = *s;
		length++;
		s++;
	}
	return length;
}

int
scn_read_text(struct scn_reader *rd, const struct scn_node *node, struct scn_text *text)
{
	size_t length;
	char *expanded;

	node = scn_node_real(node);
	text->s = node->u.text;
	text->size = node->count;
	if (!node->dollar)
		return 1;
	length = text_expand(rd, node, NULL);
	if (length == SIZE_MAX)
		return 0;
	if (length > SCN_TEXT_MAX - rd->expanded) {
		scn_error(rd->errors, node->mark,
		    "found more than %u bytes of text with variables put in, expected less",
		    SCN_TEXT_MAX);
		return 0;
	}
	rd->expanded += length;
	expanded = scn_arena_alloc(rd->arena, length + 1, 1);
	if (expanded == NULL)
		return 0;
	text_expand(rd, node, expanded);
	text->s = expanded;
	text->size = length;
	return 1;
}

/* Records that a value is not what its row wants. */
static int
wrong(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    const struct scn_text *text, const char *expected)
{
	char buf[SCN_SHOWN_SIZE], shown[SCN_SHOWN_SIZE];
	const char *found = scn_node_show(buf, node);
	const char *key = row->key != SCN_KEY_NONE ? scn_key_names[row->key] : NULL;

	node = scn_node_real(node);
	if (text != NULL) {
		snprintf(buf, sizeof(buf), "'%s'", scn_show(shown, text->s, text->size));
		found = buf;
	}
	scn_error(rd->errors, node->mark,
	    "found %s%s%s%s, expected %s", found, key ? " for '" : "", key ? key : "",
	    key ? "'" : "", expected);
	return 0;
}

/* The text of a node that has to be a scalar; 0 after recording that it is none. */
static int
want_text(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    const char *expected, struct scn_text *text)
{
	if (scn_node_real(node)->kind == SCN_NODE_SCALAR && !scn_node_is_null(node))
		return scn_read_text(rd, node, text);
	wrong(rd, row, node, NULL, expected);
	return 0;
}

/* --- fields ----------------------------------------------------------------------------------- */

static void *
field_of(const struct scn_row *row, void *object)
{
	return (unsigned char *)object + row->offset;
}

static void
field_store(const struct scn_row *row, void *object, uint64_t value)
{
	void *field = field_of(row, object);
	uint32_t word = (uint32_t)value;
	uint64_t bits;

	if (row->flags & SCN_ROW_BITS) {
		memcpy(&bits, field, sizeof(bits));
		value = bits | value << row->shift;
	}
	if (row->width == sizeof(word))
		memcpy(field, &word, sizeof(word));
	else
		memcpy(field, &value, sizeof(value));
}

/* Stores a pointer of any type. */
static void
pointer_store(void *object, size_t offset, const void *pointer)
{
	memcpy((unsigned char *)object + offset, &pointer, sizeof(pointer));
}

static void
field_store_list(const struct scn_row *row, void *object, const void *list, size_t count)
{
	pointer_store(object, row->offset, list);
	memcpy((unsigned char *)object + row->count_offset, &count, sizeof(count));
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* A number as people write it: 0x1000, or 64K, or 12. */
static const char *
number_show(char buf[24], uint64_t number, int hex)
{
	static const char suffixes[] = "KMGT";
	unsigned shift = 0;

	while (!hex && shift < 4 && number != 0 && number % 1024 == 0) {
		number /= 1024;
		shift++;
	}
	if (shift > 0)
		snprintf(buf, 24, "%" PRIu64 "%c", number, suffixes[shift - 1]);
	else
		snprintf(buf, 24, hex ? "%#" PRIx64 : "%" PRIu64, number);
	return buf;
}

static const char *
range_show(char buf[EXPECTED_SIZE], const struct scn_range *range)
{
	char min[24], max[24];
	size_t used = (size_t)snprintf(buf, EXPECTED_SIZE, "%s", range->what);

	if (range->max == UINT64_MAX)
		used += (size_t)snprintf(buf + used, EXPECTED_SIZE - used, " of at most 64 bits");
	else
		used += (size_t)snprintf(buf + used, EXPECTED_SIZE - used, " from %s to %s",
		    number_show(min, range->min, range->hex),
		    number_show(max, range->max, range->hex));
	if (range->multiple != 1)
		snprintf(buf + used, EXPECTED_SIZE - used, ", a multiple of %s",
		    number_show(max, range->multiple, range->hex));
	return buf;
}

/* 1, or 0 after recording what is wrong with it. */
static int
number_judge(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    const struct scn_text *text, const struct scn_range *range, uint64_t *number)
{
	char expected[EXPECTED_SIZE];

	if (scn_number_parse(text->s, text->size, number) == BITS_NUMBER_OK &&
	    *number >= range->min && *number <= range->max && *number % range->multiple == 0)
		return 1;
	wrong(rd, row, node, text, range_show(expected, range));
	return 0;
}

static int
read_number(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_range *range = row->detail;
	struct scn_text text;
	uint64_t number;

	if (!want_text(rd, row, node, range->what, &text) ||
	    !number_judge(rd, row, node, &text, range, &number))
		return 0;
	field_store(row, object, number);
	return 1;
}

static int
read_bool(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	struct scn_text text;
	int value;

	if (!want_text(rd, row, node, "yes or no", &text))
		return 0;
	value = scn_bool_parse(text.s, text.size);
	if (value < 0)
		return wrong(rd, row, node, &text, "yes or no");
	field_store(row, object, (uint64_t)value);
	return 1;
}

/* --- texts and names -------------------------------------------------------------------------- */

static int
read_text(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	struct scn_text text;
	const char *copy;

	if (!want_text(rd, row, node, "a text", &text))
		return 0;
	if (text.size == 0 || memchr(text.s, '\0', text.size) != NULL)
		return wrong(rd, row, node, &text, "a text that is not empty and has no NUL");
	copy = scn_arena_copy(rd->arena, text.s, text.size);
	pointer_store(object, row->offset, copy);
	return copy != NULL;
}

static const char *const name_expected =
    "a name: a letter, then letters, digits, '-', '_' or '.'";

static int
read_name(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	struct scn_text text;

	if (!want_text(rd, row, node, name_expected, &text))
		return 0;
	if (!scn_is_name(text.s, text.size))
		return wrong(rd, row, node, &text, name_expected);
	return read_text(rd, row, node, object);
}

/* Records that a name is none of a set of names. */
static int
unknown(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    const char *what, const char *s, size_t size, scn_name_at *name_at, const void *ctx)
{
	const char *key = row->key != SCN_KEY_NONE ? scn_key_names[row->key] : NULL;
	char shown[SCN_SHOWN_SIZE], hint[SCN_SUGGEST_SIZE];

	if (scn_errors_enough(rd->errors))
		return 0;
	scn_error(rd->errors, scn_node_real(node)->mark,
	    "found '%s'%s%s%s, which is not %s%s", scn_show(shown, s, size), key ? " for '" : "",
	    key ? key : "", key ? "'" : "", what, scn_suggest(hint, s, size, name_at, ctx));
	return 0;
}

static const char *
choice_at(const void *ctx, size_t index)
{
	const struct scn_choices *choices = ctx;

	return index < choices->count ? choices->choice[index].name : NULL;
}

static const struct scn_choice *
choice_find(const struct scn_choices *choices, const char *s, size_t size)
{
	size_t i;

	for (i = 0; i < choices->count; i++) {
		if (scn_text_is(s, size, choices->choice[i].name))
			return &choices->choice[i];
	}
	return NULL;
}

static int
read_choice(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_choices *choices = row->detail;
	const struct scn_choice *choice;
	struct scn_text text;
	uint64_t number;

	if (!want_text(rd, row, node, choices->what, &text))
		return 0;
	choice = choice_find(choices, text.s, text.size);
	if (choice != NULL) {
		field_store(row, object, choice->value);
		return 1;
	}
	if (choices->range == NULL ||
	    scn_number_parse(text.s, text.size, &number) == BITS_NUMBER_NONE)
		return unknown(rd, row, node, choices->what, text.s, text.size, choice_at, choices);
	if (!number_judge(rd, row, node, &text, choices->range, &number))
		return 0;
	field_store(row, object, number);
	return 1;
}

static const char *
name_at(const void *ctx, size_t index)
{
	const struct scn_names *names = ctx;

	return index < names->count ? names->name[index] : NULL;
}

/* Looks up a name that the scenario declares; 0 after recording that there is none. */
static int
ref_find(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    uint32_t *index)
{
	const struct scn_section *section = row->detail;
	const struct scn_names *names = &rd->names[section->id];
	struct scn_text text;
	size_t i;

	if (!want_text(rd, row, node, section->what, &text))
		return 0;
	for (i = 0; i < names->count; i++) {
		if (text.size != 0 && scn_text_is(text.s, text.size, names->name[i])) {
			*index = (uint32_t)i;
			return 1;
		}
	}
	unknown(rd, row, node, section->what, text.s, text.size, name_at, names);
	return 0;
}

static int
read_ref(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	uint32_t index;

	if (!ref_find(rd, row, node, &index))
		return 0;
	field_store(row, object, index);
	return 1;
}

/* --- flags ------------------------------------------------------------------------------------ */

static const char *
flag_at(const void *ctx, size_t index)
{
	const struct scn_flags *flags = ctx;

	return index < flags->count ? flags->flag[index].name : NULL;
}

static const struct scn_flag *
flag_find(const struct scn_flags *flags, const char *s, size_t size)
{
	size_t i;

	for (i = 0; i < flags->count; i++) {
		if (scn_text_is(s, size, flags->flag[i].name))
			return &flags->flag[i];
	}
	return NULL;
}

/* A name, bitN or a number, of one of the masks; 0 when it is none of these. */
static int
flag_parse(const struct scn_flags *flags, const char *s, size_t size, uint64_t *mask,
    unsigned *word)
{
	const struct scn_flag *flag = flag_find(flags, s, size);
	uint64_t bit;

	*word = 0;
	if (flag != NULL) {
		*mask = flag->mask;
		*word = flags->words != 0 ? flag->word : 0;
		return 1;
	}
	if (!flags->open)
		return 0;
	if (size > 3 && memcmp(s, "bit", 3) == 0 &&
	    scn_number_parse(s + 3, size - 3, &bit) == BITS_NUMBER_OK && bit < 64) {
		*mask = (uint64_t)1 << bit;
		return 1;
	}
	return scn_number_parse(s, size, mask) == BITS_NUMBER_OK;
}

/* Adds the flags that a scalar names to the masks. */
static int
flags_add(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    uint64_t *mask)
{
	const struct scn_flags *flags = row->detail;
	const char *s, *end, *word;
	struct scn_text text;
	unsigned place;
	uint64_t bits;
	size_t size;

	if (scn_node_real(node)->kind != SCN_NODE_SCALAR || scn_node_is_null(node))
		return wrong(rd, row, node, NULL, flags->what);
	if (!scn_read_text(rd, node, &text))
		return 0;
	s = text.s;
	end = s + text.size;
	while ((size = scn_word_next(&s, end, &word)) != 0) {
		if (!flag_parse(flags, word, size, &bits, &place))
			return unknown(rd, row, node, flags->what, word, size, flag_at, flags);
		mask[place] |= bits;
	}
	return 1;
}

static int
read_flags(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *item;
	const struct scn_flags *flags = row->detail;
	uint64_t mask[SCN_FLAG_WORDS] = { 0 };
	int good = 1;

	if (real->kind == SCN_NODE_MAP)
		return wrong(rd, row, node, NULL, "a list of flags");
	if (real->kind == SCN_NODE_SCALAR) {
		good = flags_add(rd, row, node, mask);
	} else {
		for (item = real->u.child; item != NULL; item = item->next)
			good &= flags_add(rd, row, item, mask);
	}
	if (!good)
		return 0;
	field_store(row, object, mask[0]);
	if (flags->words != 0)
		memcpy(field_of(row, object), mask, sizeof(mask));
	return 1;
}

/* One switch of a map of switches. */
static int
switch_read(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *key,
    uint64_t *word)
{
	const struct scn_flags *flags = row->detail;
	const struct scn_node *name = scn_node_real(key);
	const struct scn_flag *flag;
	struct scn_row value_row;
	uint32_t value = 0;

	if (name->kind != SCN_NODE_SCALAR)
		return wrong(rd, row, key, NULL, flags->what);
	flag = flag_find(flags, name->u.text, name->count);
	if (flag == NULL)
		return unknown(rd, row, key, flags->what, name->u.text, name->count,
		    flag_at, flags);
	if (rd->given[flag->word] & flag->mask) {
		scn_error(rd->errors, name->mark, "found '%s' twice, expected it once", flag->name);
		return 0;
	}
	memset(&value_row, 0, sizeof(value_row));
	value_row.width = sizeof(value);
	if (!read_bool(rd, &value_row, key->next, &value))
		return 0;
	rd->given[flag->word] |= flag->mask;
	word[flag->word] &= ~flag->mask;
	if (value)
		word[flag->word] |= flag->mask;
	return 1;
}

static int
read_switches(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *key;
	uint64_t *word = field_of(row, object);
	int good = 1;

	if (real->kind != SCN_NODE_MAP)
		return wrong(rd, row, node, NULL, "a mapping of names to yes or no");
	word[0] = row->dflt;
	for (key = real->u.child; key != NULL; key = key->next->next)
		good &= switch_read(rd, row, key, word);
	return good;
}

/* --- bytes ------------------------------------------------------------------------------------ */

static int
content_store(const struct scn_row *row, void *object, const void *data, uint64_t size,
    unsigned char fill)
{
	struct scn_content *content = field_of(row, object);

	content->data = data;
	content->size = size;
	content->fill = fill;
	return 1;
}

static int
read_string(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	struct scn_text text;
	const char *copy;

	if (!want_text(rd, row, node, "a text", &text))
		return 0;
	copy = scn_arena_copy(rd->arena, text.s, text.size);
	return copy != NULL && content_store(row, object, copy, text.size, 0);
}

static int
read_bytes(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	static const char *const expected = "pairs of hexadecimal digits, such as \"de ad be ef\"";
	unsigned char *bytes;
	struct scn_text text;
	size_t count;

	if (!want_text(rd, row, node, expected, &text))
		return 0;
	count = scn_bytes_parse(text.s, text.size, NULL);
	if (count == SIZE_MAX)
		return wrong(rd, row, node, &text, expected);
	bytes = scn_arena_alloc(rd->arena, count + 1, 1);
	if (bytes == NULL)
		return 0;
	scn_bytes_parse(text.s, text.size, bytes);
	return content_store(row, object, bytes, count, 0);
}

/* The items of a list of numbers, as an array of the arena; NULL after recording what is wrong. */
static uint64_t *
numbers_read(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    const struct scn_range *range)
{
	const struct scn_node *real = scn_node_real(node), *item;
	uint64_t *number;
	struct scn_row item_row;
	size_t i = 0;
	int good = 1;

	if (real->kind != SCN_NODE_LIST) {
		wrong(rd, row, node, NULL, "a list of numbers");
		return NULL;
	}
	number = scn_arena_alloc(rd->arena, (size_t)real->count + 1, sizeof(*number));
	if (number == NULL)
		return NULL;
	memset(&item_row, 0, sizeof(item_row));
	item_row.key = row->key;
	item_row.width = sizeof(*number);
	item_row.detail = range;
	for (item = real->u.child; item != NULL; item = item->next, i++)
		good &= read_number(rd, &item_row, item, &number[i]);
	return good ? number : NULL;
}

static int
read_words(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	uint64_t *number = numbers_read(rd, row, node, &scn_range_any);
	size_t count, i;
	unsigned char *bytes;

	if (number == NULL)
		return 0;
	count = scn_node_real(node)->count;
	bytes = scn_arena_alloc(rd->arena, count + 1, 8);
	if (bytes == NULL)
		return 0;
	for (i = 0; i < count * 8; i++)
		bytes[i] = (unsigned char)(number[i / 8] >> (i % 8 * 8));
	return content_store(row, object, bytes, count * 8, 0);
}

static int
read_fill(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	struct scn_fill fill;

	if (!scn_read_object(rd, node, row->detail, &fill))
		return 0;
	return content_store(row, object, NULL, fill.size, (unsigned char)fill.byte);
}

/* --- lists ------------------------------------------------------------------------------------ */

static int
read_numbers(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	uint64_t *number = numbers_read(rd, row, node, row->detail);
	size_t count;

	if (number == NULL)
		return 0;
	count = scn_node_real(node)->count;
	if (count > SCN_ARGS_MAX) {
		scn_error(rd->errors, scn_node_real(node)->mark,
		    "found %zu numbers for '%s', expected at most %d", count,
		    scn_key_names[row->key], SCN_ARGS_MAX);
		return 0;
	}
	field_store_list(row, object, number, count);
	return 1;
}

static int
read_texts(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *item;
	struct scn_row item_row;
	const char **text;
	size_t i = 0;

	if (real->kind != SCN_NODE_LIST)
		return wrong(rd, row, node, NULL, "a list of texts");
	memset(&item_row, 0, sizeof(item_row));
	item_row.key = row->key;
	text = scn_arena_alloc(rd->arena, (size_t)real->count + 1, sizeof(*text));
	if (text == NULL)
		return 0;
	for (item = real->u.child; item != NULL; item = item->next) {
		if (!read_text(rd, &item_row, item, &text[i++]))
			return 0;
	}
	field_store_list(row, object, text, real->count);
	return 1;
}

static int
read_refs(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *item;
	struct scn_mark *mark;
	uint32_t *index;
	size_t i = 0;
	int good = 1;

	if (real->kind != SCN_NODE_LIST)
		return wrong(rd, row, node, NULL, "a list of names");
	index = scn_arena_alloc(rd->arena, (size_t)real->count + 1, sizeof(*index));
	mark = scn_arena_alloc(rd->arena, (size_t)real->count + 1, sizeof(*mark));
	if (index == NULL || mark == NULL)
		return 0;
	for (item = real->u.child; item != NULL; item = item->next, i++) {
		mark[i] = item->mark;
		good &= ref_find(rd, row, item, &index[i]);
	}
	if (!good)
		return 0;
	field_store_list(row, object, index, real->count);
	pointer_store(object, row->mark_offset, mark);
	return 1;
}

static int
read_list(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *item;
	const struct scn_table *table = row->detail;
	unsigned char *list;
	size_t i = 0;

	if (real->kind != SCN_NODE_LIST)
		return wrong(rd, row, node, NULL, "a list");
	list = scn_arena_alloc(rd->arena, (size_t)real->count + 1, table->size);
	if (list == NULL)
		return 0;
	field_store_list(row, object, list, real->count);
	for (item = real->u.child; item != NULL; item = item->next, i++) {
		unsigned char *at = list + i * table->size;

		/* What could not be read takes no part in what is judged later. */
		if (!scn_read_object(rd, item, table, at))
			memset(at, 0, table->size);
	}
	return 1;
}

static int
read_threads(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *item;
	struct scn_thread *thread;

	if (real->kind != SCN_NODE_LIST)
		return wrong(rd, row, node, NULL, "a list");
	thread = scn_arena_alloc(rd->arena, (size_t)real->count + 1, sizeof(*thread));
	if (thread == NULL)
		return 0;
	field_store_list(row, object, thread, real->count);
	rd->thread_index = 0;
	for (item = real->u.child; item != NULL; item = item->next) {
		scn_read_thread(rd, item, &thread[rd->thread_index]);
		rd->thread_index++;
	}
	return 1;
}

/* A map from names to objects. */
static int
read_named(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *key;
	const struct scn_table *table = row->detail;
	unsigned char *list;
	size_t i = 0, count;

	if (real->kind != SCN_NODE_MAP)
		return wrong(rd, row, node, NULL, "a mapping of names");
	count = real->count < SCN_NAMES_MAX ? real->count : SCN_NAMES_MAX;
	list = scn_arena_alloc(rd->arena, count + 1, table->size);
	if (list == NULL)
		return 0;
	field_store_list(row, object, list, count);
	for (key = real->u.child; key != NULL && i < count; key = key->next->next, i++) {
		const struct scn_node *name_node = scn_node_real(key);
		const char *name = "";

		if (name_node->kind == SCN_NODE_SCALAR)
			name = scn_arena_copy(rd->arena, name_node->u.text, name_node->count);
		rd->item = (uint32_t)i;
		scn_read_object(rd, key->next, table, list + i * table->size);
		pointer_store(list + i * table->size, table->name_offset, name);
	}
	rd->item = SCN_NONE;
	return 1;
}

static int
read_object_row(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	scn_read_object(rd, node, row->detail, field_of(row, object));
	return 1;
}

static int
read_pointer(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_table *table = row->detail;
	void *target = scn_arena_alloc(rd->arena, 1, table->size);

	if (target == NULL)
		return 0;
	pointer_store(object, row->offset, target);
	scn_read_object(rd, node, table, target);
	return 1;
}

/* --- maps with keys of their own -------------------------------------------------------------- */

static int
map_has(const struct scn_node *map, const char *name)
{
	const struct scn_node *key;

	for (key = map->u.child; key != NULL; key = key->next->next) {
		if (scn_node_real(key)->kind == SCN_NODE_SCALAR &&
		    strcmp(scn_node_real(key)->u.text, name) == 0)
			return 1;
	}
	return 0;
}

/* An item is a mapped range if it has a size, otherwise one entry. */
static int
read_ept_items(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *item, *map;
	struct scn_ept_item *list;
	size_t i = 0;

	if (real->kind != SCN_NODE_LIST)
		return wrong(rd, row, node, NULL, "a list");
	list = scn_arena_alloc(rd->arena, (size_t)real->count + 1, sizeof(*list));
	if (list == NULL)
		return 0;
	field_store_list(row, object, list, real->count);
	for (item = real->u.child; item != NULL; item = item->next, i++) {
		const struct scn_table *table = &scn_table_ept_entry;
		void *target;

		map = scn_node_real(item);
		if (map->kind == SCN_NODE_MAP && (map_has(map, "size") || map_has(map, "page")))
			table = &scn_table_ept_map;
		target = scn_arena_alloc(rd->arena, 1, table->size);
		if (target == NULL)
			return 0;
		if (table == &scn_table_ept_map)
			list[i].map = target;
		else
			list[i].entry = target;
		scn_read_object(rd, item, table, target);
	}
	return 1;
}

/* One counter and the number that it must have; 0 when something is wrong. */
static int
counter_read(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *key,
    uint64_t *seen, struct scn_expect_counter *counter)
{
	const struct scn_node *name = scn_node_real(key);
	const struct scn_choice *choice;
	struct scn_row value_row;

	if (name->kind != SCN_NODE_SCALAR)
		return wrong(rd, row, key, NULL, "a counter");
	choice = choice_find(&scn_choices_counter, name->u.text, name->count);
	if (choice == NULL)
		return unknown(rd, row, key, "a counter", name->u.text, name->count, choice_at,
		    &scn_choices_counter);
	if (*seen >> choice->value & 1) {
		scn_error(rd->errors, name->mark, "found '%s' twice, expected it once",
		    choice->name);
		return 0;
	}
	*seen |= (uint64_t)1 << choice->value;
	counter->counter = (enum scn_counter)choice->value;
	counter->mark = scn_node_real(key->next)->mark;
	memset(&value_row, 0, sizeof(value_row));
	value_row.width = sizeof(counter->value);
	value_row.detail = &scn_range_any;
	return read_number(rd, &value_row, key->next, &counter->value);
}

static int
read_counters(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *key;
	struct scn_expect_counter *list;
	uint64_t seen = 0;
	size_t count = 0;

	if (real->kind != SCN_NODE_MAP)
		return wrong(rd, row, node, NULL, "a mapping of counters to numbers");
	list = scn_arena_alloc(rd->arena, SCN_COUNTERS, sizeof(*list));
	if (list == NULL)
		return 0;
	/* None is read twice, so there is room for all. */
	for (key = real->u.child; key != NULL; key = key->next->next) {
		struct scn_expect_counter counter = { { 0, 0 }, SCN_COUNTER_ENTRIES, 0 };

		if (counter_read(rd, row, key, &seen, &counter))
			list[count++] = counter;
	}
	field_store_list(row, object, list, count);
	return 1;
}

/* One thread and how it must end; 0 when something is wrong. */
static int
end_read(struct scn_reader *rd, const struct scn_node *key, unsigned char *seen,
    struct scn_expect_thread *item)
{
	static const struct scn_section section = { SCN_SECTION_THREAD, "a thread" };
	struct scn_row key_row, value_row;

	memset(&key_row, 0, sizeof(key_row));
	key_row.detail = &section;
	if (!ref_find(rd, &key_row, key, &item->thread))
		return 0;
	if (seen[item->thread]) {
		scn_error(rd->errors, scn_node_real(key)->mark,
		    "found '%s' twice, expected it once",
		    rd->names[SCN_SECTION_THREAD].name[item->thread]);
		return 0;
	}
	seen[item->thread] = 1;
	item->mark = scn_node_real(key->next)->mark;
	memset(&value_row, 0, sizeof(value_row));
	value_row.width = sizeof(uint32_t);
	value_row.detail = &scn_choices_end;
	return read_choice(rd, &value_row, key->next, &item->end);
}

static int
read_ends(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *key;
	unsigned char seen[SCN_NAMES_MAX] = { 0 };
	struct scn_expect_thread *list;
	size_t count = 0;

	if (real->kind != SCN_NODE_MAP)
		return wrong(rd, row, node, NULL, "a mapping of threads to how they end");
	list = scn_arena_alloc(rd->arena, rd->names[SCN_SECTION_THREAD].count + 1, sizeof(*list));
	if (list == NULL)
		return 0;
	for (key = real->u.child; key != NULL; key = key->next->next) {
		struct scn_expect_thread item = { { 0, 0 }, 0, SCN_END_FINISHED };

		if (end_read(rd, key, seen, &item))
			list[count++] = item;
	}
	field_store_list(row, object, list, count);
	return 1;
}

/* Outcomes of both kinds are one list of the scenario. */
static int
read_outcomes(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *item;
	struct scenario *scenario = rd->scenario;
	struct scn_reach *list;
	size_t count = scenario->reaches, i;

	(void)object;
	if (real->kind != SCN_NODE_LIST)
		return wrong(rd, row, node, NULL, "a list");
	list = scn_arena_alloc(rd->arena, SCN_REACHES_MAX, sizeof(*list));
	if (list == NULL)
		return 0;
	if (count != 0)
		memcpy(list, scenario->reach, count * sizeof(*list));
	for (item = real->u.child; item != NULL; item = item->next) {
		if (count == SCN_REACHES_MAX) {
			scn_error(rd->errors, scn_node_real(item)->mark,
			    "found more than %u outcomes, expected at most that many",
			    SCN_REACHES_MAX);
			break;
		}
		scn_read_object(rd, item, row->detail, &list[count]);
		list[count].wanted = row->key == SCN_KEY_REACHABLE;
		for (i = 0; i < list[count].conditions; i++)
			list[count].needs |= (uint64_t)1 << list[count].condition[i].bit;
		count++;
	}
	scenario->reach = list;
	scenario->reaches = count;
	return 1;
}

/* The matrix is taken apart before any scenario is read. */
static int
read_matrix(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	(void)rd;
	(void)row;
	(void)node;
	(void)object;
	return 1;
}

/* --- rows ------------------------------------------------------------------------------------- */

typedef int row_reader(struct scn_reader *rd, const struct scn_row *row,
    const struct scn_node *node,
    void *object);

static row_reader *const row_readers[SCN_TYPES] = {
	[SCN_TYPE_NUMBER] = read_number,
	[SCN_TYPE_BOOL] = read_bool,
	[SCN_TYPE_TEXT] = read_text,
	[SCN_TYPE_NAME] = read_name,
	[SCN_TYPE_CHOICE] = read_choice,
	[SCN_TYPE_FLAGS] = read_flags,
	[SCN_TYPE_SWITCHES] = read_switches,
	[SCN_TYPE_REF] = read_ref,
	[SCN_TYPE_STRING] = read_string,
	[SCN_TYPE_BYTES] = read_bytes,
	[SCN_TYPE_WORDS] = read_words,
	[SCN_TYPE_FILL] = read_fill,
	[SCN_TYPE_NUMBERS] = read_numbers,
	[SCN_TYPE_TEXTS] = read_texts,
	[SCN_TYPE_REFS] = read_refs,
	[SCN_TYPE_OBJECT] = read_object_row,
	[SCN_TYPE_POINTER] = read_pointer,
	[SCN_TYPE_LIST] = read_list,
	[SCN_TYPE_NAMED] = read_named,
	[SCN_TYPE_THREADS] = read_threads,
	[SCN_TYPE_EPT_ITEMS] = read_ept_items,
	[SCN_TYPE_COUNTERS] = read_counters,
	[SCN_TYPE_ENDS] = read_ends,
	[SCN_TYPE_OUTCOMES] = read_outcomes,
	[SCN_TYPE_MATRIX] = read_matrix,
};

int
scn_read_row(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	/* A reference that cannot be read is none. */
	if (row->type == SCN_TYPE_REF)
		field_store(row, object, SCN_NONE);
	if (row->type == SCN_TYPE_SWITCHES)
		memset(rd->given, 0, sizeof(rd->given));
	if (row_readers[row->type](rd, row, node, object))
		return 1;
	scn_default_row(rd, row, object, scn_node_real(node)->mark);
	return 0;
}

void
scn_default_row(struct scn_reader *rd, const struct scn_row *row, void *object,
    struct scn_mark mark)
{
	const struct scn_table *table;
	unsigned char *field = field_of(row, object);
	size_t i;

	if (row->type == SCN_TYPE_REF) {
		field_store(row, object, SCN_NONE);
	} else if (row->type == SCN_TYPE_OBJECT) {
		table = row->detail;
		((struct scn_src *)(void *)field)->mark = mark;
		for (i = 0; i < table->rows; i++)
			scn_default_row(rd, &table->row[i], field, mark);
	} else if (row->flags & SCN_ROW_DEFAULT) {
		field_store(row, object, row->dflt);
	}
	if (row->type == SCN_TYPE_SWITCHES)
		memset(rd->given, 0, sizeof(rd->given));
}
