/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Nodes to structures, by table.
 *
 * An object is read row by row in the order of its table, so that a row can rely on those before it.
 * Whatever is wrong is recorded and reading goes on; a field that could not be read keeps a value
 * that is safe to look at (references SCN_NONE, all else 0 or its default).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scenario/scenario_reader.h"
#include "scenario/scenario_scalar.h"

#define EXPECTED_SIZE 128

/* An object that is being read. */
struct state {
	struct scn_src *src;
	struct scn_mark mark[SCN_KEYS];             /* of the values given */
	const struct scn_node *value[SCN_ROWS_MAX]; /* by row; NULL when absent */
	int good;
};

/* --- scalars ---------------------------------------------------------------------------------- */

int
scn_node_is_null(const struct scn_node *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };
	size_t i;

	node = scn_node_real(node);
	if (node->kind != SCN_NODE_SCALAR || !node->plain)
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
		scn_error(rd->errors, node->mark, "found '${%s}', which no matrix defines%s",
		    scn_show(shown, name, size),
		    scn_suggest(hint, sizeof(hint), name, size, variable_at, rd->file));
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
				memcpy(out + length, "${", 2);
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

const char *
scn_read_text(struct scn_reader *rd, const struct scn_node *node, struct scn_text *text)
{
	size_t length;
	char *expanded;

	node = scn_node_real(node);
	text->s = node->u.text;
	text->size = node->count;
	if (!node->dollar)
		return text->s;
	length = text_expand(rd, node, NULL);
	if (length == SIZE_MAX)
		return NULL;
	expanded = scn_arena_alloc(rd->arena, length + 1, 1);
	if (expanded == NULL)
		return NULL;
	text_expand(rd, node, expanded);
	text->s = expanded;
	text->size = length;
	return expanded;
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
	scn_error(rd->errors, node->mark, "found %s%s%s%s, expected %s", found, key ? " for '" : "",
	    key ? key : "", key ? "'" : "", expected);
	return 0;
}

/* The text of a node that has to be a scalar; 0 after recording that it is none. */
static int
want_text(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    const char *expected, struct scn_text *text)
{
	if (scn_node_real(node)->kind != SCN_NODE_SCALAR || scn_node_is_null(node))
		return wrong(rd, row, node, NULL, expected);
	return scn_read_text(rd, node, text) != NULL;
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

static void
field_store_list(const struct scn_row *row, void *object, const void *list, size_t count)
{
	memcpy(field_of(row, object), &list, sizeof(list));
	memcpy((unsigned char *)object + row->count_offset, &count, sizeof(count));
}

/* --- numbers ---------------------------------------------------------------------------------- */

static const char *
range_show(char buf[EXPECTED_SIZE], const struct scn_range *range)
{
	int hex = range->hex || range->max > 999999;
	size_t used = (size_t)snprintf(buf, EXPECTED_SIZE, "%s", range->what);

	if (range->min != 0 || range->max != UINT64_MAX)
		used += (size_t)snprintf(buf + used, EXPECTED_SIZE - used,
		    hex ? " from %#" PRIx64 " to %#" PRIx64 : " from %" PRIu64 " to %" PRIu64, range->min,
		    range->max);
	if (range->multiple != 1)
		snprintf(buf + used, EXPECTED_SIZE - used, ", a multiple of %" PRIu64, range->multiple);
	return buf;
}

/* 1, or 0 after recording what is wrong with it. */
static int
number_judge(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    const struct scn_text *text, const struct scn_range *range, uint64_t *number)
{
	char expected[EXPECTED_SIZE];

	if (scn_number_parse(text->s, text->size, number) == SCN_NUMBER_OK && *number >= range->min &&
	    *number <= range->max && *number % range->multiple == 0)
		return 1;
	return wrong(rd, row, node, text, range_show(expected, range));
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
read_bool(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
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
read_text(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
{
	struct scn_text text;
	const char *copy;

	if (!want_text(rd, row, node, "a text", &text))
		return 0;
	if (text.size == 0 || memchr(text.s, '\0', text.size) != NULL)
		return wrong(rd, row, node, &text, "a text that is not empty and has no NUL");
	copy = scn_arena_copy(rd->arena, text.s, text.size);
	memcpy(field_of(row, object), &copy, sizeof(copy));
	return copy != NULL;
}

static const char *const name_expected =
    "a name: a letter, then letters, digits, '-', '_' or '.'";

static int
read_name(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
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
	scn_error(rd->errors, scn_node_real(node)->mark, "found '%s'%s%s%s, which is not %s%s",
	    scn_show(shown, s, size), key ? " for '" : "", key ? key : "", key ? "'" : "", what,
	    scn_suggest(hint, sizeof(hint), s, size, name_at, ctx));
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
	if (choices->range == NULL || scn_number_parse(text.s, text.size, &number) == SCN_NUMBER_NONE)
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
	return unknown(rd, row, node, section->what, text.s, text.size, name_at, names);
}

static int
read_ref(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
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

/* A name, bitN or a number; 0 when it is none of these. */
static int
flag_parse(const struct scn_flags *flags, const char *s, size_t size, uint64_t *mask)
{
	const struct scn_flag *flag = flag_find(flags, s, size);
	uint64_t bit;

	if (flag != NULL) {
		*mask = flag->mask;
		return 1;
	}
	if (!flags->open)
		return 0;
	if (size > 3 && memcmp(s, "bit", 3) == 0 &&
	    scn_number_parse(s + 3, size - 3, &bit) == SCN_NUMBER_OK && bit < 64) {
		*mask = (uint64_t)1 << bit;
		return 1;
	}
	return scn_number_parse(s, size, mask) == SCN_NUMBER_OK;
}

/* Adds the flags that a scalar names. */
static int
flags_add(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    uint64_t *mask)
{
	const struct scn_flags *flags = row->detail;
	const char *s, *end, *word;
	struct scn_text text;
	uint64_t bits;
	size_t size;

	if (scn_node_real(node)->kind != SCN_NODE_SCALAR || scn_node_is_null(node))
		return wrong(rd, row, node, NULL, flags->what);
	if (scn_read_text(rd, node, &text) == NULL)
		return 0;
	s = text.s;
	end = s + text.size;
	while ((size = scn_word_next(&s, end, &word)) != 0) {
		if (!flag_parse(flags, word, size, &bits))
			return unknown(rd, row, node, flags->what, word, size, flag_at, flags);
		*mask |= bits;
	}
	return 1;
}

static int
read_flags(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
{
	const struct scn_node *real = scn_node_real(node), *item;
	uint64_t mask = 0;
	int good = 1;

	if (real->kind == SCN_NODE_MAP)
		return wrong(rd, row, node, NULL, "a list of flags");
	if (real->kind == SCN_NODE_SCALAR) {
		good = flags_add(rd, row, node, &mask);
	} else {
		for (item = real->u.child; item != NULL; item = item->next)
			good &= flags_add(rd, row, item, &mask);
	}
	if (good)
		field_store(row, object, mask);
	return good;
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
		return unknown(rd, row, key, flags->what, name->u.text, name->count, flag_at, flags);
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
read_bytes(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
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
read_words(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
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
read_fill(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
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
		    "found %zu numbers for '%s', expected at most %d", count, scn_key_names[row->key],
		    SCN_ARGS_MAX);
		return 0;
	}
	field_store_list(row, object, number, count);
	return 1;
}

static int
read_refs(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
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
	memcpy((unsigned char *)object + row->mark_offset, &mark, sizeof(mark));
	return 1;
}

static int
read_list(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
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
		if (table == &scn_table_thread)
			rd->thread_index = i;
		scn_read_object(rd, item, table, list + i * table->size);
	}
	return 1;
}

/* A map from names to objects. */
static int
read_named(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
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
		const char *name = scn_node_real(key)->kind == SCN_NODE_SCALAR ?
		    scn_arena_copy(rd->arena, scn_node_real(key)->u.text, scn_node_real(key)->count) :
		    "";

		rd->item = (uint32_t)i;
		scn_read_object(rd, key->next, table, list + i * table->size);
		memcpy(list + i * table->size + table->name_offset, &name, sizeof(name));
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
	memcpy(field_of(row, object), &target, sizeof(target));
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

static int
read_counters(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object)
{
	const struct scn_node *real = scn_node_real(node), *key, *name;
	struct scn_expect_counter *list;
	const struct scn_choice *choice;
	uint64_t seen = 0;
	struct scn_row value_row;
	size_t count = 0;

	if (real->kind != SCN_NODE_MAP)
		return wrong(rd, row, node, NULL, "a mapping of counters to numbers");
	list = scn_arena_alloc(rd->arena, SCN_COUNTERS, sizeof(*list));
	if (list == NULL)
		return 0;
	memset(&value_row, 0, sizeof(value_row));
	value_row.width = sizeof(uint64_t);
	value_row.detail = &scn_range_any;
	for (key = real->u.child; key != NULL; key = key->next->next) {
		name = scn_node_real(key);
		choice = name->kind == SCN_NODE_SCALAR ?
		    choice_find(&scn_choices_counter, name->u.text, name->count) : NULL;
		if (choice == NULL) {
			unknown(rd, row, key, "a counter", name->kind == SCN_NODE_SCALAR ?
			    name->u.text : "", name->kind == SCN_NODE_SCALAR ? name->count : 0,
			    choice_at, &scn_choices_counter);
		} else if (seen >> choice->value & 1) {
			scn_error(rd->errors, name->mark, "found '%s' twice, expected it once",
			    choice->name);
		} else if (read_number(rd, &value_row, key->next, &list[count].value)) {
			seen |= (uint64_t)1 << choice->value;
			list[count].counter = (enum scn_counter)choice->value;
			list[count++].mark = scn_node_real(key->next)->mark;
		}
	}
	field_store_list(row, object, list, count);
	return 1;
}

static int
read_ends(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
{
	static const struct scn_section section = { SCN_SECTION_THREAD, "a thread" };
	const struct scn_node *real = scn_node_real(node), *key;
	unsigned char seen[SCN_NAMES_MAX] = { 0 };
	struct scn_row key_row, value_row;
	struct scn_expect_thread *list;
	size_t count = 0;

	if (real->kind != SCN_NODE_MAP)
		return wrong(rd, row, node, NULL, "a mapping of threads to how they end");
	list = scn_arena_alloc(rd->arena, rd->names[SCN_SECTION_THREAD].count + 1, sizeof(*list));
	if (list == NULL)
		return 0;
	memset(&key_row, 0, sizeof(key_row));
	key_row.detail = &section;
	memset(&value_row, 0, sizeof(value_row));
	value_row.width = sizeof(uint32_t);
	value_row.detail = &scn_choices_end;
	for (key = real->u.child; key != NULL; key = key->next->next) {
		struct scn_expect_thread *item = &list[count];

		if (!ref_find(rd, &key_row, key, &item->thread))
			continue;
		if (seen[item->thread]) {
			scn_error(rd->errors, scn_node_real(key)->mark,
			    "found '%s' twice, expected it once",
			    rd->names[SCN_SECTION_THREAD].name[item->thread]);
			continue;
		}
		seen[item->thread] = 1;
		item->mark = scn_node_real(key->next)->mark;
		if (read_choice(rd, &value_row, key->next, &item->end))
			count++;
	}
	field_store_list(row, object, list, count);
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

/* --- objects ---------------------------------------------------------------------------------- */

typedef int row_reader(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    void *object);

static row_reader read_steps;

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
	[SCN_TYPE_REFS] = read_refs,
	[SCN_TYPE_OBJECT] = read_object_row,
	[SCN_TYPE_POINTER] = read_pointer,
	[SCN_TYPE_LIST] = read_list,
	[SCN_TYPE_NAMED] = read_named,
	[SCN_TYPE_EPT_ITEMS] = read_ept_items,
	[SCN_TYPE_STEPS] = read_steps,
	[SCN_TYPE_COUNTERS] = read_counters,
	[SCN_TYPE_ENDS] = read_ends,
	[SCN_TYPE_MATRIX] = read_matrix,
};

/* Gives a field the value it has when its key is absent. */
static void
row_default(struct scn_reader *rd, const struct scn_row *row, void *object, struct scn_mark mark)
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
			row_default(rd, &table->row[i], field, mark);
	} else if (row->flags & SCN_ROW_DEFAULT) {
		field_store(row, object, row->dflt);
	}
	if (row->type == SCN_TYPE_SWITCHES)
		memset(rd->given, 0, sizeof(rd->given));
}

static void
state_give(struct state *state, enum scn_key key, struct scn_mark mark)
{
	state->src->has[key / 64] |= (uint64_t)1 << (key % 64);
	state->mark[key] = mark;
}

static void
row_read(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node,
    struct state *state, void *object)
{
	if (row->type == SCN_TYPE_REF)
		field_store(row, object, SCN_NONE);
	if (row->type == SCN_TYPE_SWITCHES)
		memset(rd->given, 0, sizeof(rd->given));
	if (row->key != SCN_KEY_NONE)
		state_give(state, row->key, scn_node_real(node)->mark);
	if (row_readers[row->type](rd, row, node, object))
		return;
	state->good = 0;
	row_default(rd, row, object, state->src->mark);
}

static const char *
row_name_at(const void *ctx, size_t index)
{
	const struct scn_table *table = ctx;

	return index < table->rows ? scn_key_names[table->row[index].key] : NULL;
}

/* Files the value of one key under its row. */
static void
pair_file(struct scn_reader *rd, const struct scn_node *key, const struct scn_table *table,
    struct state *state)
{
	const struct scn_node *name = scn_node_real(key);
	char shown[SCN_SHOWN_SIZE], hint[SCN_SUGGEST_SIZE];
	const struct scn_row *row;

	if (scn_errors_enough(rd->errors))
		return;
	state->good &= name->kind == SCN_NODE_SCALAR;
	if (name->kind != SCN_NODE_SCALAR) {
		scn_error(rd->errors, key->mark, "found %s as a key of %s, expected a name",
		    scn_node_show(shown, key), table->what);
		return;
	}
	row = scn_row_find(table, name->u.text, name->count);
	if (row == NULL) {
		state->good = 0;
		scn_error(rd->errors, key->mark, "found unknown key '%s' in %s%s",
		    scn_show(shown, name->u.text, name->count), table->what,
		    scn_suggest(hint, sizeof(hint), name->u.text, name->count, row_name_at, table));
	} else if (state->value[row - table->row] != NULL) {
		state->good = 0;
		scn_error(rd->errors, key->mark, "found '%s' twice in %s, expected it once",
		    scn_key_names[row->key], table->what);
	} else {
		state->value[row - table->row] = key->next;
	}
}

/* Reads the rows for which values were found; thread steps are left for later. */
static void
rows_read(struct scn_reader *rd, const struct scn_table *table, struct state *state, void *object)
{
	const struct scn_row *row;

	for (row = table->row; row < table->row + table->rows; row++) {
		const struct scn_node *value = state->value[row - table->row];

		if (value == NULL) {
			row_default(rd, row, object, state->src->mark);
			if ((row->flags & SCN_ROW_REQUIRED) == 0)
				continue;
			state->good = 0;
			scn_error(rd->errors, state->src->mark, "found no '%s' in %s, expected one",
			    scn_key_names[row->key], table->what);
		} else if (row->type == SCN_TYPE_STEPS) {
			state_give(state, row->key, scn_node_real(value)->mark);
		} else {
			row_read(rd, row, value, state, object);
		}
	}
}

/* Writes the keys of a rule's groups: "a, b or c". */
static const char *
rule_show(char *buf, size_t size, const struct scn_rule *rule, size_t first, size_t last)
{
	size_t used = 0, i, j;

	buf[0] = '\0';
	for (i = first; i <= last; i++) {
		for (j = 0; j < SCN_GROUP_KEYS_MAX && rule->group[i][j] != 0 && used < size; j++)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used > 0 ? ", " : "",
			    scn_key_names[rule->group[i][j]]);
	}
	return buf;
}

/* The first key given of a group; SCN_KEYS when none is. */
static enum scn_key
group_given(const struct scn_src *src, const enum scn_key *group)
{
	size_t i;

	for (i = 0; i < SCN_GROUP_KEYS_MAX && group[i] != 0; i++) {
		if (scn_has(src, group[i]))
			return group[i];
	}
	return SCN_KEYS;
}

static void
rule_judge(struct scn_reader *rd, const struct scn_table *table, const struct scn_rule *rule,
    struct state *state)
{
	enum scn_key given[2] = { SCN_KEYS, SCN_KEYS }, key;
	size_t groups = 0, count = 0;
	char keys[256];

	while (groups < SCN_GROUPS_MAX && rule->group[groups][0] != 0) {
		key = group_given(state->src, rule->group[groups++]);
		if (key != SCN_KEYS && count < 2)
			given[count++] = key;
	}
	if (rule->kind == SCN_RULE_NEEDS) {
		key = group_given(state->src, rule->group[0]);
		if (key == SCN_KEYS || group_given(state->src, rule->group[1]) != SCN_KEYS)
			return;
		scn_error(rd->errors, state->mark[key], "found '%s' in %s, expected it only with %s",
		    scn_key_names[key], table->what, rule_show(keys, sizeof(keys), rule, 1, 1));
	} else if (count == 0 && rule->kind != SCN_RULE_MOST) {
		scn_error(rd->errors, state->src->mark, "found none of %s in %s, expected %s",
		    rule_show(keys, sizeof(keys), rule, 0, groups - 1), table->what,
		    rule->kind == SCN_RULE_ONE ? "one" : "at least one");
	} else if (count == 2 && rule->kind != SCN_RULE_ANY) {
		key = state->mark[given[0]].line > state->mark[given[1]].line ||
		    (state->mark[given[0]].line == state->mark[given[1]].line &&
		    state->mark[given[0]].column > state->mark[given[1]].column) ? given[0] : given[1];
		scn_error(rd->errors, state->mark[key], "found '%s' beside '%s' in %s, expected only one "
		    "of %s", scn_key_names[key], scn_key_names[key == given[0] ? given[1] : given[0]],
		    table->what, rule_show(keys, sizeof(keys), rule, 0, groups - 1));
	} else {
		return;
	}
	state->good = 0;
}

/* The values of an object, by its rows, and the rules among them. */
static void
body_read(struct scn_reader *rd, const struct scn_node *node, const struct scn_table *table,
    struct state *state, void *object)
{
	const struct scn_node *real = scn_node_real(node), *key;
	char shown[SCN_SHOWN_SIZE];
	size_t i;

	memset(state->value, 0, sizeof(state->value));
	if (real->kind == SCN_NODE_MAP && table->rows != 0) {
		for (key = real->u.child; key != NULL; key = key->next->next)
			pair_file(rd, key, table, state);
	} else if (real->kind == SCN_NODE_MAP && table->whole == NULL && real->count == 0) {
		return;
	} else if (table->whole == NULL) {
		state->good = 0;
		scn_error(rd->errors, real->mark, "found %s for %s, expected %s",
		    scn_node_show(shown, node), table->what, table->rows != 0 ? "a mapping" : "nothing");
		for (i = 0; i < table->rows; i++)
			row_default(rd, &table->row[i], object, state->src->mark);
		return;
	} else if (table->whole >= table->row && table->whole < table->row + table->rows) {
		state->value[table->whole - table->row] = node;
	} else {
		row_read(rd, table->whole, node, state, object);
		return;
	}
	rows_read(rd, table, state, object);
	for (i = 0; i < table->rules; i++)
		rule_judge(rd, table, &table->rule[i], state);
}

/* Keeps the marks of the keys given, in order of the keys. */
static void
state_pack(struct scn_reader *rd, struct state *state)
{
	struct scn_mark *packed;
	size_t count = 0;
	unsigned key;

	for (key = 0; key < SCN_SRC_WORDS; key++)
		count += (size_t)__builtin_popcountll(state->src->has[key]);
	if (count == 0)
		return;
	packed = scn_arena_alloc(rd->arena, count, sizeof(*packed));
	state->src->value = packed;
	if (packed == NULL) {
		memset(state->src->has, 0, sizeof(state->src->has));
		return;
	}
	for (key = 0; key < SCN_KEYS; key++) {
		if (scn_has(state->src, (enum scn_key)key))
			*packed++ = state->mark[key];
	}
}

struct scn_mark
scn_mark_of(const struct scn_src *src, enum scn_key key)
{
	size_t rank = 0;
	unsigned word;

	if (!scn_has(src, key))
		return src->mark;
	for (word = 0; word < key / 64; word++)
		rank += (size_t)__builtin_popcountll(src->has[word]);
	rank += (size_t)__builtin_popcountll(src->has[word] & (((uint64_t)1 << (key % 64)) - 1));
	return src->value[rank];
}

static void
state_begin(struct state *state, void *object, size_t size, struct scn_mark mark)
{
	memset(object, 0, size);
	state->src = object;
	state->src->mark = mark;
	state->good = 1;
}

int
scn_read_object(struct scn_reader *rd, const struct scn_node *node, const struct scn_table *table,
    void *object)
{
	struct state state;
	size_t i;

	state_begin(&state, object, table->size, scn_node_real(node)->mark);
	body_read(rd, node, table, &state, object);
	state_pack(rd, &state);
	if (state.good && table->settle != NULL)
		state.good = table->settle(rd, object);
	for (i = 0; i < table->rows; i++) {
		if (table->row[i].type == SCN_TYPE_STEPS && state.value[i] != NULL) {
			rd->thread = object;
			rd->thread_good = state.good;
			read_steps(rd, &table->row[i], state.value[i], object);
			rd->thread = NULL;
		}
	}
	return state.good;
}

/* --- steps ------------------------------------------------------------------------------------ */

/* Names of operations, then the keys that every step may have. */
static const char *
step_key_at(const void *ctx, size_t index)
{
	(void)ctx;
	if (index < SCN_OPS)
		return scn_op_table[index].name;
	return row_name_at(&scn_table_step, index - SCN_OPS);
}

static enum scn_op
op_find(const struct scn_node *name)
{
	unsigned op;

	for (op = 0; op < SCN_OPS; op++) {
		if (scn_text_is(name->u.text, name->count, scn_op_table[op].name))
			break;
	}
	return (enum scn_op)op;
}

/* A step as it is written: its operation, and the values of its other keys in state->value. */
struct written {
	enum scn_op op;
	const struct scn_node *key;     /* of the operation */
	const struct scn_node *operand; /* NULL when nothing is written */
};

static void
step_key(struct scn_reader *rd, const struct scn_node *key, struct state *state,
    struct written *written)
{
	const struct scn_node *name = scn_node_real(key);
	char shown[SCN_SHOWN_SIZE], hint[SCN_SUGGEST_SIZE];
	enum scn_op op;

	if (name->kind != SCN_NODE_SCALAR || scn_errors_enough(rd->errors) ||
	    scn_row_find(&scn_table_step, name->u.text, name->count) != NULL) {
		pair_file(rd, key, &scn_table_step, state);
		return;
	}
	op = op_find(name);
	if (op == SCN_OPS) {
		state->good = 0;
		scn_error(rd->errors, key->mark, "found '%s' in a step, which is not an operation%s",
		    scn_show(shown, name->u.text, name->count),
		    scn_suggest(hint, sizeof(hint), name->u.text, name->count, step_key_at, NULL));
	} else if (written->key != NULL) {
		state->good = 0;
		scn_error(rd->errors, key->mark, "found the operation '%s' beside '%s', expected one "
		    "operation a step", scn_op_table[op].name, scn_op_table[written->op].name);
	} else {
		written->op = op;
		written->key = key;
		written->operand = key->next;
	}
}

/* Which operation a step is; 0 after recording that it is none. */
static int
step_take(struct scn_reader *rd, const struct scn_node *node, struct state *state,
    struct written *written)
{
	const struct scn_node *real = scn_node_real(node), *key;
	char shown[SCN_SHOWN_SIZE];

	memset(state->value, 0, sizeof(state->value));
	memset(written, 0, sizeof(*written));
	if (real->kind == SCN_NODE_SCALAR && !scn_node_is_null(node)) {
		/* An operation without operands may stand alone. */
		step_key(rd, node, state, written);
		written->operand = NULL;
		return written->key != NULL;
	}
	if (real->kind != SCN_NODE_MAP) {
		scn_error(rd->errors, real->mark, "found %s for a step, expected a mapping with one "
		    "operation", scn_node_show(shown, node));
		return 0;
	}
	for (key = real->u.child; key != NULL; key = key->next->next)
		step_key(rd, key, state, written);
	if (written->key == NULL && state->good)
		scn_error(rd->errors, real->mark, "found no operation in a step, expected one");
	return written->key != NULL;
}

/* Reads operands into the structure that the operation wants them in. */
static void
operands_read(struct scn_reader *rd, const struct written *written, struct state *state,
    struct scn_step *step)
{
	static const struct scn_node nothing = { .kind = SCN_NODE_MAP };
	const struct scn_op_row *op = &scn_op_table[written->op];
	const struct scn_node *operand = written->operand;
	struct scn_node empty = nothing;
	void *target;

	if (operand == NULL || scn_node_is_null(operand)) {
		empty.mark = written->key->mark;
		operand = &empty;
	}
	if (op->target == SCN_TARGET_STEP) {
		body_read(rd, operand, op->table, state, step);
		return;
	}
	target = scn_arena_alloc(rd->arena, 1, op->table->size);
	if (target == NULL)
		return;
	switch (op->target) {
	case SCN_TARGET_REGION:
		step->region = target;
		break;
	case SCN_TARGET_ENTRY:
		step->entry = target;
		break;
	default:
		step->ept = target;
		break;
	}
	state->good &= scn_read_object(rd, operand, op->table, target);
}

static void
step_read(struct scn_reader *rd, const struct scn_node *node, struct scn_step *step)
{
	struct written written;
	struct state state;

	state_begin(&state, step, sizeof(*step), scn_node_real(node)->mark);
	step->space = step->host_space = step->thread = SCN_NONE;
	if (!step_take(rd, node, &state, &written))
		return;
	step->op = written.op;
	step->src.mark = written.key->mark;
	rows_read(rd, &scn_table_step, &state, step);
	operands_read(rd, &written, &state, step);
	state_pack(rd, &state);
	scn_settle_step(rd, step, state.good);
}

static int
read_steps(struct scn_reader *rd, const struct scn_row *row, const struct scn_node *node, void *object)
{
	const struct scn_node *real = scn_node_real(node), *item;
	struct scn_step *step;
	size_t i = 0;

	if (real->kind != SCN_NODE_LIST)
		return wrong(rd, row, node, NULL, "a list of steps");
	step = scn_arena_alloc(rd->arena, (size_t)real->count + 1, sizeof(*step));
	if (step == NULL)
		return 0;
	field_store_list(row, object, step, real->count);
	for (item = real->u.child; item != NULL && !scn_errors_enough(rd->errors); item = item->next)
		step_read(rd, item, &step[i++]);
	return 1;
}
