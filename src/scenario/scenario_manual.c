/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The language as a manual, in Markdown or mdoc(7), written from the same tables that read it.
 *
 * It says what can be written and what is taken where nothing is; how keys go together beyond the
 * rules of one object is left to the messages of the reader.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scenario/scenario_scalar.h"
#include "scenario/scenario_tables.h"

#define TABLES_MAX 128
#define SEEN_MAX 128
#define TEXT_SIZE 1024
#define WIDTH 78u

struct manual {
	const struct scn_sink *sink;
	enum scenario_manual_format format;
	unsigned column;
	unsigned indent; /* of running text in Markdown */
	int sentence;    /* the last word ended one */
	const struct scn_table *table[TABLES_MAX]; /* to be described */
	size_t tables;
	const void *seen[SEEN_MAX]; /* choices and flags that are explained already */
	size_t seens;
};

/* --- text ------------------------------------------------------------------------------------- */

static void
put(struct manual *m, const char *text)
{
	m->sink->write(m->sink->ctx, text, strlen(text));
}

static void
end_line(struct manual *m)
{
	if (m->column != 0)
		put(m, "\n");
	m->column = 0;
	m->sentence = 0;
}

static void
put_line(struct manual *m, const char *line)
{
	end_line(m);
	put(m, line);
	put(m, "\n");
}

/* A word of running text; markup in it is made harmless. */
static void
put_word(struct manual *m, const char *word, size_t size)
{
	const char *special = m->format == SCENARIO_MANUAL_MDOC ? "\\" : "|<*_";
	size_t i = 0;

	if (m->format == SCENARIO_MANUAL_MDOC && m->column == 0 &&
	    (word[0] == '.' || word[0] == '\''))
		put(m, "\\&");
	if (m->format == SCENARIO_MANUAL_MDOC && size >= 9 && memcmp(word, "DragonFly", 9) == 0) {
		put(m, "Dragon\\&Fly"); /* there is a macro for it, with a version */
		i = 9;
	}
	for (; i < size; i++) {
		if (strchr(special, word[i]) != NULL)
			put(m, m->format == SCENARIO_MANUAL_MDOC ? "\\e" : "\\");
		if (m->format != SCENARIO_MANUAL_MDOC || word[i] != '\\')
			m->sink->write(m->sink->ctx, word + i, 1);
	}
}

/* What stands before a word: a blank, or the margin. */
static void
put_gap(struct manual *m)
{
	unsigned i;

	if (m->column != 0) {
		put(m, " ");
		return;
	}
	for (i = 0; m->format == SCENARIO_MANUAL_MARKDOWN && i < m->indent; i++)
		put(m, " ");
	m->column = m->format == SCENARIO_MANUAL_MARKDOWN ? m->indent : 0;
}

/* Running text, filled; in mdoc each sentence begins a line. */
static void
put_text(struct manual *m, const char *text)
{
	size_t size;

	for (; *text != '\0'; text += size) {
		text += strspn(text, " ");
		size = strcspn(text, " ");
		if (size == 0)
			return;
		if (m->column + size + 1 > WIDTH ||
		    (m->format == SCENARIO_MANUAL_MDOC && m->sentence))
			end_line(m);
		put_gap(m);
		put_word(m, text, size);
		m->column += (unsigned)size + 1;
		m->sentence = text[size - 1] == '.' || text[size - 1] == ':';
	}
}

static void
put_heading(struct manual *m, const char *name)
{
	char line[TEXT_SIZE];

	m->indent = 0;
	snprintf(line, sizeof(line), m->format == SCENARIO_MANUAL_MDOC ? ".Ss %s" : "\n## %s\n",
	    name);
	put_line(m, line);
}

static void
list_begin(struct manual *m)
{
	if (m->format == SCENARIO_MANUAL_MDOC)
		put_line(m, ".Bl -tag -width Ds");
	else
		put_line(m, "");
}

static void
list_end(struct manual *m)
{
	end_line(m);
	m->indent = 0;
	if (m->format == SCENARIO_MANUAL_MDOC)
		put_line(m, ".El");
}

/* A word that is written as it is, and what follows about it. */
static void
list_item(struct manual *m, const char *word, unsigned depth)
{
	char line[TEXT_SIZE];

	end_line(m);
	if (m->format == SCENARIO_MANUAL_MDOC) {
		snprintf(line, sizeof(line), ".It Cm %s", word);
		put_line(m, line);
	} else {
		snprintf(line, sizeof(line), "%*s- `%s`:", (int)(2 * depth), "", word);
		put(m, line);
		m->column = (unsigned)strlen(line);
		m->indent = 2 * depth + 2;
	}
}

/* --- values ----------------------------------------------------------------------------------- */

/* The table will be described; returns its name. */
static const char *
table_use(struct manual *m, const struct scn_table *table)
{
	size_t i;

	for (i = 0; i < m->tables; i++) {
		if (m->table[i] == table)
			return table->name;
	}
	if (m->tables < TABLES_MAX)
		m->table[m->tables++] = table;
	return table->name;
}

static const char *
say_range(char text[TEXT_SIZE], const struct scn_range *range)
{
	const char *form = range->hex ? "%s from 0x%" PRIx64 " to 0x%" PRIx64 :
	    "%s from %" PRIu64 " to %" PRIu64;
	size_t used;

	if (range->max == UINT64_MAX)
		used = (size_t)snprintf(text, TEXT_SIZE, "%s of at most 64 bits", range->what);
	else
		used = (size_t)snprintf(text, TEXT_SIZE, form, range->what, range->min,
		    range->max);
	if (range->multiple != 1 && used < TEXT_SIZE)
		snprintf(text + used, TEXT_SIZE - used, ", a multiple of 0x%" PRIx64,
		    range->multiple);
	return text;
}

static void
say_number(struct manual *m, const void *detail)
{
	char text[TEXT_SIZE];

	put_text(m, say_range(text, detail));
}

/* Whether this set of names is still to be explained. */
static int
is_new(const struct manual *m, const void *detail, const char *doc)
{
	size_t i;

	for (i = 0; i < m->seens; i++) {
		if (m->seen[i] == detail)
			return 0;
	}
	return doc != NULL && m->seens < SEEN_MAX;
}

static void
say_choice(struct manual *m, const void *detail)
{
	const struct scn_choices *choices = detail;
	char text[TEXT_SIZE];
	size_t i;

	put_text(m, choices->what);
	put_text(m, is_new(m, choices, choices->choice[0].doc) ? "out of these" : "out of");
	for (i = 0; i < choices->count && !is_new(m, choices, choices->choice[0].doc); i++) {
		snprintf(text, sizeof(text), "%s%s", choices->choice[i].name,
		    i + 1 < choices->count ? "," : "");
		put_text(m, text);
	}
	if (choices->range != NULL) {
		put_text(m, "or");
		put_text(m, say_range(text, choices->range));
	}
}

static void
say_flag_names(struct manual *m, const struct scn_flags *flags)
{
	char text[TEXT_SIZE];
	size_t i;

	if (is_new(m, flags, flags->flag[0].doc)) {
		put_text(m, "these");
		return;
	}
	for (i = 0; i < flags->count; i++) {
		snprintf(text, sizeof(text), "%s%s", flags->flag[i].name,
		    i + 1 < flags->count ? "," : "");
		put_text(m, text);
	}
}

static void
say_flags(struct manual *m, const void *detail)
{
	const struct scn_flags *flags = detail;

	put_text(m, "any of");
	say_flag_names(m, flags);
	if (flags->open)
		put_text(m, "or bitN or a number");
	put_text(m, "as a list, or in one text");
}

static void
say_switches(struct manual *m, const void *detail)
{
	put_text(m, "a mapping to yes or no of");
	say_flag_names(m, detail);
}

static void
say_ref(struct manual *m, const void *detail)
{
	const struct scn_section *section = detail;

	put_text(m, "the name of");
	put_text(m, section->what);
}

static void
say_refs(struct manual *m, const void *detail)
{
	const struct scn_section *section = detail;

	put_text(m, "a list of names, each of");
	put_text(m, section->what);
}

static void
say_numbers(struct manual *m, const void *detail)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "a list of at most %d, each", SCN_ARGS_MAX);
	put_text(m, text);
	say_number(m, detail);
}

static void
say_object(struct manual *m, const void *detail)
{
	put_text(m, "as under");
	put_text(m, table_use(m, detail));
}

static void
say_list(struct manual *m, const void *detail)
{
	put_text(m, "a list, each item as under");
	put_text(m, table_use(m, detail));
}

static void
say_named(struct manual *m, const void *detail)
{
	put_text(m, "a mapping of names, each to what is under");
	put_text(m, table_use(m, detail));
}

static void
say_ept_items(struct manual *m, const void *detail)
{
	(void)detail;
	put_text(m, "a list, each item as under");
	put_text(m, table_use(m, &scn_table_ept_map));
	put_text(m, "or");
	put_text(m, table_use(m, &scn_table_ept_entry));
}

static void
say_steps(struct manual *m, const void *detail)
{
	(void)detail;
	say_list(m, &scn_table_step);
}

static void
say_counters(struct manual *m, const void *detail)
{
	size_t i;

	(void)detail;
	put_text(m, "a mapping to numbers of");
	for (i = 0; i < scn_choices_counter.count; i++) {
		put_text(m, scn_choices_counter.choice[i].name);
		put_text(m, i + 1 < scn_choices_counter.count ? "and" : "");
	}
}

static void
say_ends(struct manual *m, const void *detail)
{
	(void)detail;
	put_text(m, "a mapping of threads to");
	say_choice(m, &scn_choices_end);
}

typedef void value_sayer(struct manual *m, const void *detail);

/* What is written for a row, in words or by a function of the row's detail. */
static const struct {
	const char *words;
	value_sayer *say;
} values[SCN_TYPES] = {
	[SCN_TYPE_NUMBER] = { NULL, say_number },
	[SCN_TYPE_BOOL] = { "yes or no", NULL },
	[SCN_TYPE_TEXT] = { "a text", NULL },
	[SCN_TYPE_NAME] = { "a name", NULL },
	[SCN_TYPE_CHOICE] = { NULL, say_choice },
	[SCN_TYPE_FLAGS] = { NULL, say_flags },
	[SCN_TYPE_SWITCHES] = { NULL, say_switches },
	[SCN_TYPE_REF] = { NULL, say_ref },
	[SCN_TYPE_STRING] = { "a text", NULL },
	[SCN_TYPE_BYTES] = { "pairs of hexadecimal digits", NULL },
	[SCN_TYPE_WORDS] = { "a list of numbers", NULL },
	[SCN_TYPE_FILL] = { NULL, say_object },
	[SCN_TYPE_NUMBERS] = { NULL, say_numbers },
	[SCN_TYPE_TEXTS] = { "a list of texts", NULL },
	[SCN_TYPE_REFS] = { NULL, say_refs },
	[SCN_TYPE_OBJECT] = { NULL, say_object },
	[SCN_TYPE_POINTER] = { NULL, say_object },
	[SCN_TYPE_LIST] = { NULL, say_list },
	[SCN_TYPE_NAMED] = { NULL, say_named },
	[SCN_TYPE_THREADS] = { NULL, say_list },
	[SCN_TYPE_EPT_ITEMS] = { NULL, say_ept_items },
	[SCN_TYPE_STEPS] = { NULL, say_steps },
	[SCN_TYPE_COUNTERS] = { NULL, say_counters },
	[SCN_TYPE_ENDS] = { NULL, say_ends },
	[SCN_TYPE_OUTCOMES] = { NULL, say_list },
	[SCN_TYPE_MATRIX] = { "a mapping of names, each to a list of values", NULL },
};

static void
say_value(struct manual *m, const struct scn_row *row)
{
	if (values[row->type].words != NULL)
		put_text(m, values[row->type].words);
	else
		values[row->type].say(m, row->detail);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void
say_default_names(struct manual *m, const struct scn_row *row)
{
	const struct scn_flags *flags = row->detail;
	uint64_t left = row->dflt;
	size_t i;

	for (i = 0; i < flags->count; i++) {
		if (flags->flag[i].mask == 0 || (left & flags->flag[i].mask) != flags->flag[i].mask)
			continue;
		put_text(m, flags->flag[i].name);
		left &= ~flags->flag[i].mask;
	}
	if (left == row->dflt)
		put_text(m, "none");
}

static void
say_default(struct manual *m, const struct scn_row *row)
{
	const struct scn_choices *choices = row->detail;
	const struct scn_range *range = row->detail;
	char text[TEXT_SIZE];
	size_t i;

	if ((row->flags & SCN_ROW_DEFAULT) == 0)
		return;
	put_text(m, "Unless told:");
	if (row->type == SCN_TYPE_FLAGS || row->type == SCN_TYPE_SWITCHES) {
		say_default_names(m, row);
	} else if (row->type == SCN_TYPE_BOOL) {
		put_text(m, row->dflt ? "yes" : "no");
	} else {
		snprintf(text, sizeof(text), row->type == SCN_TYPE_NUMBER &&
		    (range->hex || range->max == UINT64_MAX) && row->dflt > 9 ?
		    "0x%" PRIx64 : "%" PRIu64, row->dflt);
		for (i = 0; row->type == SCN_TYPE_CHOICE && i < choices->count; i++) {
			if (choices->choice[i].value == row->dflt)
				snprintf(text, sizeof(text), "%s", choices->choice[i].name);
		}
		put_text(m, text);
	}
	put_word(m, ".", 1);
	m->sentence = 1;
}

static void
say_roles(struct manual *m, unsigned roles)
{
	unsigned all = 0;
	size_t i;

	for (i = 0; i < scn_choices_role.count; i++)
		all |= (unsigned)scn_choices_role.choice[i].value;
	if (roles == 0 || roles == all)
		return;
	put_text(m, "Threads that may have it:");
	for (i = 0; i < scn_choices_role.count; i++) {
		if ((roles & scn_choices_role.choice[i].value) != 0)
			put_text(m, scn_choices_role.choice[i].name);
	}
	put_word(m, ".", 1);
	m->sentence = 1;
}

/* What each name of a set means, where that is told for the first time. */
static void
explain_names(struct manual *m, const struct scn_row *row)
{
	const struct scn_choices *choices = row->detail;
	const struct scn_flags *flags = row->detail;
	int set = row->type == SCN_TYPE_FLAGS || row->type == SCN_TYPE_SWITCHES;
	size_t i, count;

	if (!set && row->type != SCN_TYPE_CHOICE)
		return;
	count = set ? flags->count : choices->count;
	if (!is_new(m, row->detail, set ? flags->flag[0].doc : choices->choice[0].doc))
		return;
	m->seen[m->seens++] = row->detail;
	if (m->format == SCENARIO_MANUAL_MDOC)
		put_line(m, ".Bl -tag -width Ds -compact");
	for (i = 0; i < count; i++) {
		list_item(m, set ? flags->flag[i].name : choices->choice[i].name, 1);
		put_text(m, set ? flags->flag[i].doc : choices->choice[i].doc);
	}
	list_end(m);
}

static void
write_row(struct manual *m, const struct scn_row *row)
{
	list_item(m, scn_key_names[row->key], 0);
	put_text(m, row->doc);
	put_text(m, row->flags & SCN_ROW_REQUIRED ? "Required:" : "Value:");
	say_value(m, row);
	put_word(m, ".", 1);
	m->sentence = 1;
	say_default(m, row);
	say_roles(m, row->roles);
	explain_names(m, row);
}

/* --- rules ------------------------------------------------------------------------------------ */

static void
say_groups(struct manual *m, const struct scn_rule *rule, size_t first, size_t last)
{
	size_t i, j;

	for (i = first; i <= last && i < SCN_GROUPS_MAX && rule->group[i][0] != SCN_KEY_NONE; i++) {
		if (i != first)
			put_text(m, "or");
		for (j = 0; j < SCN_GROUP_KEYS_MAX && rule->group[i][j] != SCN_KEY_NONE; j++) {
			put_text(m, j != 0 ? "and" : "");
			put_text(m, scn_key_names[rule->group[i][j]]);
		}
	}
}

static void
write_rule(struct manual *m, const struct scn_rule *rule)
{
	static const char *const words[] = {
		[SCN_RULE_ONE] = "Exactly one of",
		[SCN_RULE_MOST] = "At most one of",
		[SCN_RULE_ANY] = "At least one of",
		[SCN_RULE_NEEDS] = "What belongs together:",
	};

	put_text(m, words[rule->kind]);
	if (rule->kind == SCN_RULE_NEEDS) {
		say_groups(m, rule, 0, 0);
		put_text(m, "only with");
		say_groups(m, rule, 1, 1);
	} else {
		say_groups(m, rule, 0, SCN_GROUPS_MAX);
	}
	put_word(m, ".", 1);
	m->sentence = 1;
}

/* --- tables ----------------------------------------------------------------------------------- */

static void
write_table(struct manual *m, const struct scn_table *table, const char *name, const char *doc,
    unsigned roles)
{
	size_t i;

	put_heading(m, name);
	put_text(m, doc);
	say_roles(m, roles);
	if (table->whole != NULL) {
		put_text(m, table->rows != 0 ? "Without keys it is" : "It is");
		say_value(m, table->whole);
		put_word(m, ".", 1);
		m->sentence = 1;
	}
	for (i = 0; i < table->rules; i++)
		write_rule(m, &table->rule[i]);
	if (table->whole != NULL)
		explain_names(m, table->whole);
	if (table->rows == 0)
		return;
	list_begin(m);
	for (i = 0; i < table->rows; i++)
		write_row(m, &table->row[i]);
	list_end(m);
}

static void
write_operations(struct manual *m)
{
	char name[TEXT_SIZE];
	unsigned op;

	for (op = 0; op < SCN_OPS; op++) {
		snprintf(name, sizeof(name), "step: %s", scn_op_table[op].name);
		write_table(m, scn_op_table[op].table, name, scn_op_table[op].doc,
		    scn_op_table[op].roles);
	}
}

/* --- the manual ------------------------------------------------------------------------------- */

static const char *const markdown_head[] = {
	"# Scenarios: the reference",
	"",
	"One YAML file holds one scenario, or a matrix that expands to several. This page",
	"is written from the tables that the program reads scenarios by:",
	"",
	"```sh",
	"vkept check --reference markdown",
	"```",
	"",
	"[TUTORIAL.md](TUTORIAL.md) is the way in; `schema/scenario.schema.json` is the same",
	"for editors. Numbers are decimal or `0x` hexadecimal, may have underscores between",
	"digits and K, M, G or T at the end. Names begin with a letter; letters, digits, `-`,",
	"`_` and `.` follow. `${NAME}` in a value stands for a variable of the matrix.",
};

static const char *const mdoc_head[] = {
	".\\\" SPDX-License-Identifier: BSD-2-Clause",
	".\\\" Written by: vkept check --reference mdoc",
	".Dd November 22, 2026",
	".Dt VKEPT-SCENARIO 5",
	".Os",
	".Sh NAME",
	".Nm vkept-scenario",
	".Nd what happens on a machine with nested page tables, and what must come of it",
	".Sh DESCRIPTION",
	"One YAML file holds one scenario, or a matrix that expands to several.",
	"Numbers are decimal or 0x hexadecimal, may have underscores between digits and",
	"K, M, G or T at the end.",
	"Names begin with a letter; letters, digits,",
	".Sq - ,",
	".Sq _",
	"and",
	".Sq \\&.",
	"follow.",
	".Sq ${NAME}",
	"in a value stands for a variable of the matrix.",
};

static const char *const mdoc_tail[] = {
	".Sh SEE ALSO",
	".Xr vkept 1",
};

static void
put_lines(struct manual *m, const char *const *line, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		put_line(m, line[i]);
}

#define PUT_LINES(m, array) put_lines(m, array, sizeof(array) / sizeof((array)[0]))

void
scenario_manual_write(const struct scn_sink *sink, enum scenario_manual_format format)
{
	struct manual m = { .sink = sink, .format = format };
	size_t i;

	if (format == SCENARIO_MANUAL_MDOC)
		PUT_LINES(&m, mdoc_head);
	else
		PUT_LINES(&m, markdown_head);
	(void)table_use(&m, &scn_table_scenario);
	/* The list grows while tables are written that refer to others. */
	for (i = 0; i < m.tables; i++) {
		write_table(&m, m.table[i], m.table[i]->name, m.table[i]->doc, 0);
		if (m.table[i] == &scn_table_step)
			write_operations(&m);
	}
	end_line(&m);
	if (format == SCENARIO_MANUAL_MDOC)
		PUT_LINES(&m, mdoc_tail);
}
