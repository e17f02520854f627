/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The language as a JSON Schema (draft 7), written from the same tables that read it.
 *
 * A schema cannot say everything: which keys a role may have, that names are declared, that sizes
 * match.  It is for editors; what it accepts may still be refused by the reader, and what it
 * refuses is refused by the reader too.  Scalars may always hold a variable of a matrix.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scenario/scenario_scalar.h"
#include "scenario/scenario_tables.h"

#define TABLES_MAX 128
#define TEXT_MAX 512

struct writer {
	const struct scn_sink *sink;
	unsigned depth;
	unsigned flat; /* brackets, counted, whose items stay on one line */
	int first; /* nothing stands in the innermost brackets yet */
	const struct scn_table *table[TABLES_MAX]; /* to be defined */
	size_t tables;
};

/* --- JSON ------------------------------------------------------------------------------------- */

static void
put(struct writer *w, const char *text)
{
	w->sink->write(w->sink->ctx, text, strlen(text));
}

/* A string in quotes; the tables hold printable ASCII. */
static void
put_quoted(struct writer *w, const char *text)
{
	char escaped[3] = "\\x";
	const char *s;

	put(w, "\"");
	for (s = text; *s != '\0'; s++) {
		escaped[1] = *s;
		w->sink->write(w->sink->ctx, *s == '"' || *s == '\\' ? escaped : escaped + 1,
		    *s == '"' || *s == '\\' ? 2 : 1);
	}
	put(w, "\"");
}

static void
new_line(struct writer *w)
{
	unsigned i;

	put(w, "\n");
	for (i = 0; i < w->depth; i++)
		put(w, "  ");
}

/* Begins an item; key is NULL in arrays. */
static void
item(struct writer *w, const char *key)
{
	put(w, w->first ? "" : w->flat ? ", " : ",");
	if (!w->flat)
		new_line(w);
	if (key != NULL) {
		put_quoted(w, key);
		put(w, ": ");
	}
	w->first = 0;
}

static void
begin(struct writer *w, const char *key, const char *bracket)
{
	item(w, key);
	put(w, bracket);
	w->depth++;
	w->first = 1;
	if (w->flat)
		w->flat++;
}

/* The same, and everything in it is one line. */
static void
begin_flat(struct writer *w, const char *key, const char *bracket)
{
	begin(w, key, bracket);
	if (!w->flat)
		w->flat = 1;
}

static void
end(struct writer *w, const char *bracket)
{
	w->depth--;
	if (w->flat)
		w->flat--;
	else if (!w->first)
		new_line(w);
	put(w, bracket);
	w->first = 0;
}

static void
put_string(struct writer *w, const char *key, const char *value)
{
	item(w, key);
	put_quoted(w, value);
}

/* A number, true, false or null. */
static void
put_raw(struct writer *w, const char *key, const char *value)
{
	item(w, key);
	put(w, value);
}

static void
put_number(struct writer *w, const char *key, uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	put_raw(w, key, text);
}

/* { "$ref": "#/definitions/NAME" } as an item of an array. */
static void
put_ref(struct writer *w, const char *key, const char *name)
{
	char text[TEXT_MAX];

	begin_flat(w, key, "{");
	snprintf(text, sizeof(text), "#/definitions/%s", name);
	put_string(w, "$ref", text);
	end(w, "}");
}

/* --- values of rows --------------------------------------------------------------------------- */

static const char *const name_pattern = "^[A-Za-z][A-Za-z0-9_.-]*$";

/* The table will be defined; returns its name. */
static const char *
table_use(struct writer *w, const struct scn_table *table)
{
	size_t i;

	for (i = 0; i < w->tables; i++) {
		if (w->table[i] == table)
			return table->name;
	}
	if (w->tables < TABLES_MAX)
		w->table[w->tables++] = table;
	return table->name;
}

/* Alternatives for a number of a range, inside an "anyOf". */
static void
number_alternatives(struct writer *w, const struct scn_range *range)
{
	begin_flat(w, NULL, "{");
	put_string(w, "type", "integer");
	put_number(w, "minimum", range->min);
	put_number(w, "maximum", range->max);
	if (range->multiple != 1)
		put_number(w, "multipleOf", range->multiple);
	end(w, "}");
	put_ref(w, NULL, "number");
}

static void
write_number(struct writer *w, const void *detail)
{
	begin_flat(w, "anyOf", "[");
	number_alternatives(w, detail);
	end(w, "]");
}

/* Names in an enumeration; one that YAML takes for a number is that number too. */
static void
write_choice(struct writer *w, const void *detail)
{
	const struct scn_choices *choices = detail;
	uint64_t number;
	size_t i;

	begin(w, "anyOf", "[");
	begin_flat(w, NULL, "{");
	begin_flat(w, "enum", "[");
	for (i = 0; i < choices->count; i++) {
		const char *name = choices->choice[i].name;

		put_string(w, NULL, name);
		if (scn_number_parse(name, strlen(name), &number) == BITS_NUMBER_OK &&
		    name[strlen(name) - 1] <= '9')
			put_number(w, NULL, number);
	}
	end(w, "]");
	end(w, "}");
	if (choices->range != NULL)
		number_alternatives(w, choices->range);
	put_ref(w, NULL, "variable");
	end(w, "]");
}

/* Names of flags in one string, separators between. */
static void
flag_pattern(struct writer *w, const struct scn_flags *flags)
{
	size_t i;

	item(w, "pattern");
	put(w, "\"^([ \\\\t\\\\n\\\\r,|]|(");
	for (i = 0; i < flags->count; i++) {
		put(w, i != 0 ? "|" : "");
		put(w, flags->flag[i].name);
	}
	if (flags->open)
		put(w, "|bit[0-9]{1,2}|0[xX][0-9a-fA-F_]+|[0-9][0-9_]*[KMGT]?");
	put(w, ")(?![^ \\\\t\\\\n\\\\r,|]))*$|\\\\$\\\\{\"");
}

/* Alternatives for flags in one scalar, inside an "anyOf". */
static void
flag_alternatives(struct writer *w, const struct scn_flags *flags)
{
	size_t i;

	begin_flat(w, NULL, "{");
	begin_flat(w, "enum", "[");
	for (i = 0; i < flags->count; i++)
		put_string(w, NULL, flags->flag[i].name);
	end(w, "]");
	end(w, "}");
	begin_flat(w, NULL, "{");
	put_string(w, "type", "string");
	flag_pattern(w, flags);
	end(w, "}");
	if (flags->open)
		number_alternatives(w, &scn_range_any);
}

static void
write_flags(struct writer *w, const void *detail)
{
	begin(w, "anyOf", "[");
	begin(w, NULL, "{");
	put_string(w, "type", "array");
	begin(w, "items", "{");
	begin(w, "anyOf", "[");
	flag_alternatives(w, detail);
	end(w, "]");
	end(w, "}");
	end(w, "}");
	flag_alternatives(w, detail);
	end(w, "]");
}

static void
write_switches(struct writer *w, const void *detail)
{
	const struct scn_flags *flags = detail;
	size_t i;

	put_string(w, "type", "object");
	begin(w, "properties", "{");
	for (i = 0; i < flags->count; i++) {
		begin_flat(w, flags->flag[i].name, "{");
		put_string(w, "description", flags->flag[i].doc);
		put_string(w, "$ref", "#/definitions/bool");
		end(w, "}");
	}
	end(w, "}");
	put_raw(w, "additionalProperties", "false");
}

static void
write_bool(struct writer *w, const void *detail)
{
	(void)detail;
	put_string(w, "$ref", "#/definitions/bool");
}

static void
write_name(struct writer *w, const void *detail)
{
	(void)detail;
	put_string(w, "$ref", "#/definitions/name");
}

static void
write_text(struct writer *w, const void *detail)
{
	(void)detail;
	put_string(w, "$ref", "#/definitions/text");
}

static void
write_items(struct writer *w, const char *ref)
{
	put_string(w, "type", "array");
	put_ref(w, "items", ref);
}

static void
write_words(struct writer *w, const void *detail)
{
	(void)detail;
	put_string(w, "type", "array");
	begin(w, "items", "{");
	write_number(w, &scn_range_any);
	end(w, "}");
}

static void
write_numbers(struct writer *w, const void *detail)
{
	put_string(w, "type", "array");
	put_number(w, "maxItems", SCN_ARGS_MAX);
	begin(w, "items", "{");
	write_number(w, detail);
	end(w, "}");
}

static void
write_texts(struct writer *w, const void *detail)
{
	put_string(w, "type", "array");
	begin(w, "items", "{");
	write_text(w, detail);
	end(w, "}");
}

static void
write_refs(struct writer *w, const void *detail)
{
	(void)detail;
	write_items(w, "name");
}

static void
write_object(struct writer *w, const void *detail)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "#/definitions/%s", table_use(w, detail));
	put_string(w, "$ref", text);
}

static void
write_list(struct writer *w, const void *detail)
{
	write_items(w, table_use(w, detail));
}

static void
write_threads(struct writer *w, const void *detail)
{
	write_list(w, detail);
	put_number(w, "minItems", 1);
	put_number(w, "maxItems", SCN_NAMES_MAX);
}

/* A map whose keys are names. */
static void
write_named_of(struct writer *w, const char *ref, unsigned max)
{
	put_string(w, "type", "object");
	put_number(w, "maxProperties", max);
	begin_flat(w, "propertyNames", "{");
	put_string(w, "pattern", name_pattern);
	end(w, "}");
	put_ref(w, "additionalProperties", ref);
}

static void
write_named(struct writer *w, const void *detail)
{
	write_named_of(w, table_use(w, detail), SCN_NAMES_MAX);
}

static void
write_ept_items(struct writer *w, const void *detail)
{
	(void)detail;
	put_string(w, "type", "array");
	begin(w, "items", "{");
	begin(w, "anyOf", "[");
	put_ref(w, NULL, table_use(w, &scn_table_ept_map));
	put_ref(w, NULL, table_use(w, &scn_table_ept_entry));
	end(w, "]");
	end(w, "}");
}

static void
write_steps(struct writer *w, const void *detail)
{
	(void)detail;
	write_items(w, table_use(w, &scn_table_step));
}

static void
write_counters(struct writer *w, const void *detail)
{
	size_t i;

	(void)detail;
	put_string(w, "type", "object");
	begin(w, "properties", "{");
	for (i = 0; i < scn_choices_counter.count; i++) {
		begin_flat(w, scn_choices_counter.choice[i].name, "{");
		put_string(w, "description", scn_choices_counter.choice[i].doc);
		write_number(w, &scn_range_any);
		end(w, "}");
	}
	end(w, "}");
	put_raw(w, "additionalProperties", "false");
}

static void
write_ends(struct writer *w, const void *detail)
{
	(void)detail;
	put_string(w, "type", "object");
	begin(w, "additionalProperties", "{");
	write_choice(w, &scn_choices_end);
	end(w, "}");
}

static void
write_matrix(struct writer *w, const void *detail)
{
	(void)detail;
	write_named_of(w, "values", SCN_VARIABLES_MAX);
}

typedef void value_writer(struct writer *w, const void *detail);

static value_writer *const value_writers[SCN_TYPES] = {
	[SCN_TYPE_NUMBER] = write_number,
	[SCN_TYPE_BOOL] = write_bool,
	[SCN_TYPE_TEXT] = write_text,
	[SCN_TYPE_NAME] = write_name,
	[SCN_TYPE_CHOICE] = write_choice,
	[SCN_TYPE_FLAGS] = write_flags,
	[SCN_TYPE_SWITCHES] = write_switches,
	[SCN_TYPE_REF] = write_name,
	[SCN_TYPE_STRING] = write_text,
	[SCN_TYPE_BYTES] = write_text,
	[SCN_TYPE_WORDS] = write_words,
	[SCN_TYPE_FILL] = write_object,
	[SCN_TYPE_NUMBERS] = write_numbers,
	[SCN_TYPE_TEXTS] = write_texts,
	[SCN_TYPE_REFS] = write_refs,
	[SCN_TYPE_OBJECT] = write_object,
	[SCN_TYPE_POINTER] = write_object,
	[SCN_TYPE_LIST] = write_list,
	[SCN_TYPE_NAMED] = write_named,
	[SCN_TYPE_THREADS] = write_threads,
	[SCN_TYPE_EPT_ITEMS] = write_ept_items,
	[SCN_TYPE_STEPS] = write_steps,
	[SCN_TYPE_COUNTERS] = write_counters,
	[SCN_TYPE_ENDS] = write_ends,
	[SCN_TYPE_OUTCOMES] = write_list,
	[SCN_TYPE_MATRIX] = write_matrix,
};

/* --- rows ------------------------------------------------------------------------------------- */

/* The names that stand for a set of bits, as an array or, for switches, a map. */
static void
default_flags(struct writer *w, const struct scn_row *row)
{
	const struct scn_flags *flags = row->detail;
	int map = row->type == SCN_TYPE_SWITCHES;
	size_t i;

	begin_flat(w, "default", map ? "{" : "[");
	for (i = 0; i < flags->count; i++) {
		if ((row->dflt & flags->flag[i].mask) == 0)
			continue;
		if (map)
			put_raw(w, flags->flag[i].name, "true");
		else
			put_string(w, NULL, flags->flag[i].name);
	}
	end(w, map ? "}" : "]");
}

static void
row_default(struct writer *w, const struct scn_row *row)
{
	const struct scn_choices *choices = row->detail;
	size_t i;
	int named = 0;

	if ((row->flags & SCN_ROW_DEFAULT) == 0)
		return;
	if (row->type == SCN_TYPE_FLAGS || row->type == SCN_TYPE_SWITCHES) {
		default_flags(w, row);
	} else if (row->type == SCN_TYPE_BOOL) {
		put_raw(w, "default", row->dflt ? "true" : "false");
	} else if (row->type == SCN_TYPE_CHOICE) {
		for (i = 0; i < choices->count; i++) {
			if (choices->choice[i].value != row->dflt)
				continue;
			put_string(w, "default", choices->choice[i].name);
			named = 1;
		}
		if (!named)
			put_number(w, "default", row->dflt);
	} else {
		put_number(w, "default", row->dflt);
	}
}

/* Appends " Only for bare, master." where that is so. */
static const char *
with_roles(char text[TEXT_MAX], const char *doc, unsigned roles)
{
	size_t used = (size_t)snprintf(text, TEXT_MAX, "%s", doc), i;
	unsigned all = 0;
	int first = 1;

	for (i = 0; i < scn_choices_role.count; i++)
		all |= (unsigned)scn_choices_role.choice[i].value;
	if (roles == 0 || roles == all)
		return text;
	for (i = 0; i < scn_choices_role.count && used < TEXT_MAX; i++) {
		if ((roles & scn_choices_role.choice[i].value) == 0)
			continue;
		used += (size_t)snprintf(text + used, TEXT_MAX - used, "%s%s",
		    first ? " Only for " : ", ", scn_choices_role.choice[i].name);
		first = 0;
	}
	if (used < TEXT_MAX)
		snprintf(text + used, TEXT_MAX - used, ".");
	return text;
}

static void
write_row(struct writer *w, const struct scn_row *row)
{
	char text[TEXT_MAX];

	begin(w, scn_key_names[row->key], "{");
	put_string(w, "description", with_roles(text, row->doc, row->roles));
	row_default(w, row);
	value_writers[row->type](w, row->detail);
	end(w, "}");
}

/* --- rules ------------------------------------------------------------------------------------ */

/* That at least one key of a group is there. */
static void
write_group(struct writer *w, const enum scn_key *group)
{
	size_t i;

	begin_flat(w, NULL, "{");
	begin(w, "anyOf", "[");
	for (i = 0; i < SCN_GROUP_KEYS_MAX && group[i] != SCN_KEY_NONE; i++) {
		begin_flat(w, NULL, "{");
		begin_flat(w, "required", "[");
		put_string(w, NULL, scn_key_names[group[i]]);
		end(w, "]");
		end(w, "}");
	}
	end(w, "]");
	end(w, "}");
}

static void
write_groups(struct writer *w, const char *key, const struct scn_rule *rule, size_t first,
    size_t last)
{
	size_t i;

	begin(w, key, "[");
	for (i = first; i <= last && i < SCN_GROUPS_MAX && rule->group[i][0] != SCN_KEY_NONE; i++)
		write_group(w, rule->group[i]);
	end(w, "]");
}

static void
write_rule(struct writer *w, const struct scn_rule *rule)
{
	begin_flat(w, NULL, "{");
	switch (rule->kind) {
	case SCN_RULE_ONE:
		write_groups(w, "oneOf", rule, 0, SCN_GROUPS_MAX);
		break;
	case SCN_RULE_ANY:
		write_groups(w, "anyOf", rule, 0, SCN_GROUPS_MAX);
		break;
	case SCN_RULE_MOST:
		begin(w, "anyOf", "[");
		begin(w, NULL, "{");
		write_groups(w, "oneOf", rule, 0, SCN_GROUPS_MAX);
		end(w, "}");
		begin(w, NULL, "{");
		begin(w, "not", "{");
		write_groups(w, "anyOf", rule, 0, SCN_GROUPS_MAX);
		end(w, "}");
		end(w, "}");
		end(w, "]");
		break;
	case SCN_RULE_NEEDS:
		begin(w, "anyOf", "[");
		begin(w, NULL, "{");
		begin(w, "not", "{");
		write_groups(w, "anyOf", rule, 0, 0);
		end(w, "}");
		end(w, "}");
		write_group(w, rule->group[1]);
		end(w, "]");
		break;
	}
	end(w, "}");
}

/* --- tables ----------------------------------------------------------------------------------- */

/* Whether nothing at all can be written in its place. */
static int
table_is_optional(const struct scn_table *table)
{
	size_t i;

	for (i = 0; i < table->rows; i++) {
		if (table->row[i].flags & SCN_ROW_REQUIRED)
			return 0;
	}
	for (i = 0; i < table->rules; i++) {
		if (table->rule[i].kind == SCN_RULE_ONE || table->rule[i].kind == SCN_RULE_ANY)
			return 0;
	}
	return 1;
}

/* The keys of an object, inside its braces. */
static void
write_keys(struct writer *w, const struct scn_table *table)
{
	int required = 0;
	size_t i;

	put_string(w, "type", "object");
	begin(w, "properties", "{");
	for (i = 0; i < table->rows; i++) {
		write_row(w, &table->row[i]);
		required |= (table->row[i].flags & SCN_ROW_REQUIRED) != 0;
	}
	end(w, "}");
	put_raw(w, "additionalProperties", "false");
	if (required) {
		begin_flat(w, "required", "[");
		for (i = 0; i < table->rows; i++) {
			if (table->row[i].flags & SCN_ROW_REQUIRED)
				put_string(w, NULL, scn_key_names[table->row[i].key]);
		}
		end(w, "]");
	}
	if (table->rules != 0) {
		begin(w, "allOf", "[");
		for (i = 0; i < table->rules; i++)
			write_rule(w, &table->rule[i]);
		end(w, "]");
	}
}

/* What else than a map may stand for it: one of its values, or nothing. */
static void
write_short(struct writer *w, const struct scn_table *table, int may_be_nothing)
{
	if (table->whole != NULL) {
		begin(w, NULL, "{");
		value_writers[table->whole->type](w, table->whole->detail);
		end(w, "}");
	}
	if (may_be_nothing) {
		begin_flat(w, NULL, "{");
		put_string(w, "type", "null");
		end(w, "}");
	}
}

static void
write_table(struct writer *w, const struct scn_table *table, const char *doc, int may_be_nothing)
{
	begin(w, table->name, "{");
	if (doc != NULL)
		put_string(w, "description", doc);
	if (table->rows == 0 && table->whole != NULL) {
		value_writers[table->whole->type](w, table->whole->detail);
	} else if (table->whole == NULL && !may_be_nothing) {
		write_keys(w, table);
	} else {
		begin(w, "anyOf", "[");
		begin(w, NULL, "{");
		write_keys(w, table);
		end(w, "}");
		write_short(w, table, may_be_nothing);
		end(w, "]");
	}
	end(w, "}");
}

/* An operation alone, or a map with one operation and what every step may have. */
static void
write_step(struct writer *w)
{
	char text[TEXT_MAX];
	unsigned op;
	size_t i;

	begin(w, scn_table_step.name, "{");
	put_string(w, "description", scn_table_step.doc);
	begin(w, "anyOf", "[");
	begin_flat(w, NULL, "{");
	begin_flat(w, "enum", "[");
	for (op = 0; op < SCN_OPS; op++) {
		if (table_is_optional(scn_op_table[op].table))
			put_string(w, NULL, scn_op_table[op].name);
	}
	end(w, "]");
	end(w, "}");
	begin(w, NULL, "{");
	put_string(w, "type", "object");
	begin(w, "properties", "{");
	for (i = 0; i < scn_table_step.rows; i++)
		write_row(w, &scn_table_step.row[i]);
	for (op = 0; op < SCN_OPS; op++) {
		begin(w, scn_op_table[op].name, "{");
		put_string(w, "description", with_roles(text, scn_op_table[op].doc,
		    scn_op_table[op].roles));
		write_object(w, scn_op_table[op].table);
		end(w, "}");
	}
	end(w, "}");
	put_raw(w, "additionalProperties", "false");
	begin(w, "oneOf", "[");
	for (op = 0; op < SCN_OPS; op++) {
		begin_flat(w, NULL, "{");
		begin_flat(w, "required", "[");
		put_string(w, NULL, scn_op_table[op].name);
		end(w, "]");
		end(w, "}");
	}
	end(w, "]");
	end(w, "}");
	end(w, "]");
	end(w, "}");
}

/* --- the schema ------------------------------------------------------------------------------- */

/* A string of a pattern. */
static void
write_pattern(struct writer *w, const char *key, const char *doc, const char *pattern)
{
	begin(w, key, "{");
	put_string(w, "description", doc);
	put_string(w, "type", "string");
	put_string(w, "pattern", pattern);
	end(w, "}");
}

static void
write_scalars(struct writer *w)
{
	static const char *const bools[] = { "yes", "no", "true", "false", "on", "off", "Yes", "No",
		"True", "False", "On", "Off", "YES", "NO", "TRUE", "FALSE", "ON", "OFF" };
	size_t i;

	write_pattern(w, "variable", "A variable of the matrix.", "\\$\\{");
	write_pattern(w, "number",
	    "Decimal or 0x, underscores between digits, K, M, G or T at the end.",
	    "^(0|[1-9][0-9_]*|0[xX][0-9a-fA-F][0-9a-fA-F_]*)[KMGTkmgt]?$|\\$\\{");
	begin(w, "name", "{");
	put_string(w, "description",
	    "A letter, then letters, digits, '-', '_' or '.'; YAML may take it for a truth value.");
	begin_flat(w, "type", "[");
	put_string(w, NULL, "string");
	put_string(w, NULL, "boolean");
	end(w, "]");
	put_string(w, "pattern", "^[A-Za-z][A-Za-z0-9_.-]{0,63}$|\\$\\{");
	end(w, "}");
	begin(w, "text", "{");
	put_string(w, "description", "A text; YAML may take it for a number or a truth value.");
	begin_flat(w, "type", "[");
	put_string(w, NULL, "string");
	put_string(w, NULL, "number");
	put_string(w, NULL, "boolean");
	end(w, "]");
	end(w, "}");
	begin(w, "bool", "{");
	put_string(w, "description", "Yes or no.");
	begin(w, "anyOf", "[");
	begin_flat(w, NULL, "{");
	put_string(w, "type", "boolean");
	end(w, "}");
	begin_flat(w, NULL, "{");
	begin_flat(w, "enum", "[");
	for (i = 0; i < sizeof(bools) / sizeof(bools[0]); i++)
		put_string(w, NULL, bools[i]);
	end(w, "]");
	end(w, "}");
	put_ref(w, NULL, "variable");
	end(w, "]");
	end(w, "}");
	begin(w, "values", "{");
	put_string(w, "description", "The values of a variable.");
	put_string(w, "type", "array");
	put_number(w, "minItems", 1);
	put_ref(w, "items", "text");
	end(w, "}");
}

/* The operation whose operands a table has; NULL when it is no such table. */
static const struct scn_op_row *
op_of(const struct scn_table *table)
{
	unsigned op;

	for (op = 0; op < SCN_OPS; op++) {
		if (scn_op_table[op].table == table)
			return &scn_op_table[op];
	}
	return NULL;
}

void
scenario_schema_write(const struct scn_sink *sink)
{
	struct writer w = { .sink = sink, .first = 1 };
	const struct scn_op_row *op;
	size_t i;

	put(&w, "{");
	w.depth = 1;
	put_string(&w, "$schema", "http://json-schema.org/draft-07/schema#");
	put_string(&w, "title", "vkept scenario");
	begin(&w, "allOf", "[");
	put_ref(&w, NULL, table_use(&w, &scn_table_scenario));
	end(&w, "]");
	begin(&w, "definitions", "{");
	write_scalars(&w);
	/* The list grows while tables are written that refer to others. */
	for (i = 0; i < w.tables; i++) {
		op = op_of(w.table[i]);
		if (w.table[i] == &scn_table_step)
			write_step(&w);
		else if (op != NULL)
			write_table(&w, w.table[i], op->doc, table_is_optional(op->table));
		else
			write_table(&w, w.table[i], w.table[i]->doc, 0);
	}
	end(&w, "}");
	end(&w, "}");
	put(&w, "\n");
}
