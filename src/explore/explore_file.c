/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Schedules as text: one thing a line, a keyword first.
 *
 * A line is taken apart into words and quoted strings, each with its place.  What a keyword wants
 * stands in a table.  A file of another version is not looked at any further, since nothing is
 * known of its lines; otherwise all errors are collected.
 */
#include "explore/explore_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bits/bits_number.h"
#include "explore/explore_names.h"
#include "scenario/scenario_errors.h"
#include "sim/grow.h"

#define MAGIC "vkept-schedule"
#define CELLS_MAX 1024u
#define WORDS_MAX (EXPLORE_CHOICES_MAX + 4)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- writing ---------------------------------------------------------------------------------- */

static void
put(const struct scn_sink *sink, const char *text)
{
	sink->write(sink->ctx, text, strlen(text));
}

static void
put_number(const struct scn_sink *sink, const char *format, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), format, number);
	put(sink, text);
}

static void
put_quoted(const struct scn_sink *sink, const char *text)
{
	char escape[8];

	put(sink, "\"");
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			snprintf(escape, sizeof(escape), "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			snprintf(escape, sizeof(escape), "\\x%02x", c);
		else
			snprintf(escape, sizeof(escape), "%c", c);
		put(sink, escape);
	}
	put(sink, "\"");
}

static void
put_cell(const struct scn_sink *sink, const struct scenario *scenario, watch_cell cell)
{
	uint64_t number = watch_number_of(cell);

	put(sink, "cell ");
	put(sink, explore_kind_name(watch_kind_of(cell)));
	switch (explore_kind_operand(watch_kind_of(cell))) {
	case EXPLORE_OPERAND_HPA:
		put_number(sink, " 0x%" PRIx64, number * sizeof(uint64_t));
		break;
	case EXPLORE_OPERAND_VMM:
		put(sink, " ");
		put(sink, scenario->host.space[explore_vmm_process(cell)].name);
		put(sink, " ");
		put(sink, explore_vmm_name(explore_vmm_word(cell)));
		break;
	case EXPLORE_OPERAND_CPU:
		put_number(sink, " %" PRIu64, number);
		break;
	case EXPLORE_OPERAND_THREAD:
		put(sink, " ");
		put(sink, scenario->thread[number].name);
		break;
	case EXPLORE_OPERAND_NONE:
		break;
	}
	put(sink, "\n");
}

static void
put_move(const struct scn_sink *sink, const struct scenario *scenario,
    const struct explore_move *move)
{
	unsigned i;

	put(sink, "move ");
	put(sink, scenario->thread[move->thread].name);
	if (move->choices != 0)
		put(sink, " choose");
	for (i = 0; i < move->choices; i++)
		put_number(sink, " %" PRIu64, move->choice[i]);
	put(sink, "\n");
}

/* A remark cannot end before its line does. */
static void
put_note(const struct scn_sink *sink, const char *note)
{
	put(sink, "# ");
	while (*note != '\0') {
		size_t length = strcspn(note, "\r\n");

		sink->write(sink->ctx, note, length);
		note += length;
		if (*note != '\0') {
			put(sink, " ");
			note++;
		}
	}
	put(sink, "\n");
}

void
explore_file_write(const struct scn_sink *sink, const struct scenario *scenario,
    const struct explore_schedule *schedule, const char *note)
{
	size_t i;

	put_number(sink, MAGIC " %" PRIu64 "\n", EXPLORE_FILE_VERSION);
	if (note != NULL)
		put_note(sink, note);
	put(sink, "scenario ");
	put_quoted(sink, scenario->name);
	put(sink, "\n");
	if (scenario->variant[0] != '\0') {
		put(sink, "variant ");
		put_quoted(sink, scenario->variant);
		put(sink, "\n");
	}
	for (i = 0; i < schedule->cells; i++)
		put_cell(sink, scenario, schedule->cell[i]);
	for (i = 0; i < schedule->moves; i++)
		put_move(sink, scenario, &schedule->move[i]);
	put_number(sink, "end %" PRIu64 "\n", schedule->moves);
}

/* --- words ------------------------------------------------------------------------------------ */

struct word {
	const char *text;
	size_t size;
	struct scn_mark mark;
	bool quoted; /* text is what stands between the quotes, as written */
};

struct reader {
	const char *at, *end;
	struct scn_mark mark;     /* of *at */
	struct scn_errlist errors;
	const struct scenario *scenario; /* NULL: names are not looked up */
	struct explore_file *file;
	struct word word[WORDS_MAX + 1]; /* of the line; the last has size 0 and the line's end */
	unsigned words;
	bool no_memory;
	bool named[2];            /* lines `scenario` and `variant` were there, right or wrong */
	bool ended;               /* the `end` line was read */
	size_t move_lines;        /* also those that are wrong */
	size_t cell_room, move_room;
};

static bool
word_is(const struct word *word, const char *text)
{
	return !word->quoted && word->size == strlen(text) &&
	    memcmp(word->text, text, word->size) == 0;
}

static void
complain(struct reader *r, const struct word *word, const char *expected)
{
	char shown[SCN_SHOWN_SIZE];

	if (word->size == 0 && !word->quoted)
		scn_error(&r->errors, word->mark, "found the end of the line, expected %s",
		    expected);
	else
		scn_error(&r->errors, word->mark, "found '%s', expected %s",
		    scn_show(shown, word->text, word->size), expected);
}

/* Over one byte; continuation bytes of a character have no column of their own. */
static void
step(struct reader *r)
{
	if (((unsigned char)*r->at & 0xc0) != 0x80)
		r->mark.column++;
	r->at++;
}

static bool
at_line_end(const struct reader *r)
{
	return r->at == r->end || *r->at == '\n';
}

/* The rest of a quoted string, its opening quote passed. */
static void
read_quoted(struct reader *r, struct word *word)
{
	word->quoted = true;
	word->text = r->at;
	while (!at_line_end(r) && *r->at != '"') {
		if (*r->at == '\\' && r->at + 1 != r->end && r->at[1] != '\n')
			step(r);
		step(r);
	}
	word->size = (size_t)(r->at - word->text);
	if (at_line_end(r))
		scn_error(&r->errors, r->mark, "found the end of the line, expected '\"'");
	else
		step(r);
}

static void
read_word(struct reader *r, struct word *word)
{
	word->mark = r->mark;
	word->quoted = false;
	if (*r->at == '"') {
		step(r);
		read_quoted(r, word);
		return;
	}
	word->text = r->at;
	while (!at_line_end(r) && strchr(" \t\r#", *r->at) == NULL)
		step(r);
	if (r->at == word->text) /* a NUL byte */
		step(r);
	word->size = (size_t)(r->at - word->text);
}

/* Takes the next line apart. */
static void
read_line(struct reader *r)
{
	struct word *end;

	r->words = 0;
	for (;;) {
		while (!at_line_end(r) && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
			step(r);
		if (at_line_end(r) || *r->at == '#' || r->words == WORDS_MAX)
			break;
		read_word(r, &r->word[r->words++]);
	}
	end = &r->word[r->words];
	end->text = "";
	end->size = 0;
	end->quoted = false;
	end->mark = r->mark;
	while (!at_line_end(r))
		step(r);
	if (r->at != r->end) {
		r->at++;
		r->mark.line++;
		r->mark.column = 1;
	}
}

/* Decimal or 0x hexadecimal. */
static bool
read_number(const struct word *word, uint64_t *number)
{
	unsigned base = word->size > 2 && memcmp(word->text, "0x", 2) == 0 ? 16 : 10;
	size_t i = base == 16 ? 2 : 0;

	*number = 0;
	if (word->quoted || i == word->size)
		return false;
	for (; i < word->size; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = word->text[i] == '\0' ? NULL : strchr(digits, word->text[i]);
		uint64_t value = digit != NULL ? (uint64_t)(digit - digits) : base;

		if (value >= base || *number > (UINT64_MAX - value) / base)
			return false;
		*number = *number * base + value;
	}
	return true;
}

/* One character of a quoted string, at *at; 256 when it is written in no way that is known. */
static unsigned
unquote(const char *text, size_t size, size_t *at)
{
	unsigned high, low;

	if (text[*at] != '\\')
		return (unsigned char)text[(*at)++];
	++*at;
	if (*at < size && (text[*at] == '"' || text[*at] == '\\'))
		return (unsigned char)text[(*at)++];
	if (size - *at < 3 || text[*at] != 'x')
		return 256;
	high = bits_digit(text[*at + 1]);
	low = bits_digit(text[*at + 2]);
	*at += 3;
	return high == 16 || low == 16 || high + low == 0 ? 256 : high * 16 + low;
}

/* What a quoted string means, to be freed; NULL after a complaint. */
static char *
read_string(struct reader *r, const struct word *word)
{
	char *string;
	size_t i = 0, length = 0;

	if (!word->quoted) {
		complain(r, word, "a name in quotes");
		return NULL;
	}
	string = malloc(word->size + 1);
	if (string == NULL) {
		r->no_memory = true;
		return NULL;
	}
	while (i < word->size) {
		unsigned c = unquote(word->text, word->size, &i);

		if (c == 256 || c == 0) {
			complain(r, word, "no escapes but \\\", \\\\ and \\xNN");
			free(string);
			return NULL;
		}
		string[length++] = (char)c;
	}
	string[length] = '\0';
	return string;
}

/* --- names ------------------------------------------------------------------------------------ */

static const char *
thread_name_at(const void *ctx, size_t index)
{
	const struct scenario *scenario = ctx;

	return index < scenario->threads ? scenario->thread[index].name : NULL;
}

static const char *
space_name_at(const void *ctx, size_t index)
{
	const struct scenario *scenario = ctx;

	return index < scenario->host.spaces ? scenario->host.space[index].name : NULL;
}

static const char *
vmm_name_at(const void *ctx, size_t index)
{
	(void)ctx;
	return explore_vmm_name(index);
}

static const char *
kind_name_at(const void *ctx, size_t index)
{
	(void)ctx;
	return index < WATCH_KINDS ? explore_kind_name((enum watch_kind)index) : NULL;
}

/* The index of a name; false after a complaint.  `what` it is the name of, "thread". */
static bool
find_name(struct reader *r, const struct word *word, const char *what, scn_name_at *name_at,
    const void *ctx, uint64_t *index)
{
	char shown[SCN_SHOWN_SIZE], suggestion[SCN_SUGGEST_SIZE];
	const char *name;

	if (word->quoted) {
		complain(r, word, "a name without quotes");
		return false;
	}
	for (*index = 0; (name = name_at(ctx, (size_t)*index)) != NULL; ++*index) {
		if (word_is(word, name))
			return true;
	}
	if (word->size == 0)
		scn_error(&r->errors, word->mark, "found the end of the line%s",
		    scn_suggest(suggestion, "", 0, name_at, ctx));
	else
		scn_error(&r->errors, word->mark, "found the %s '%s'%s", what,
		    scn_show(shown, word->text, word->size),
		    scn_suggest(suggestion, word->text, word->size, name_at, ctx));
	return false;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Complains of a word too many. */
static bool
is_last(struct reader *r, unsigned words)
{
	if (r->words <= words)
		return true;
	complain(r, &r->word[words], "the end of the line");
	return false;
}

static void
line_name(struct reader *r, char **name, const char *what, const char *expected)
{
	const struct word *word = &r->word[1];
	char shown[2][SCN_SHOWN_SIZE];
	char *found = read_string(r, word);

	if (found == NULL || !is_last(r, 2)) {
		free(found);
		return;
	}
	if (*name != NULL) {
		scn_error(&r->errors, r->word[0].mark, "found a second %s, expected one", what);
		free(found);
		return;
	}
	*name = found;
	if (expected == NULL || strcmp(found, expected) == 0)
		return;
	scn_error(&r->errors, word->mark, "found the %s \"%s\", expected \"%s\"", what,
	    scn_show(shown[0], found, strlen(found)),
	    scn_show(shown[1], expected, strlen(expected)));
	r->scenario = NULL; /* whose names would tell nothing */
}

static void
line_scenario(struct reader *r)
{
	r->named[0] = true;
	line_name(r, &r->file->scenario, "scenario",
	    r->scenario != NULL ? r->scenario->name : NULL);
}

static void
line_variant(struct reader *r)
{
	r->named[1] = true;
	line_name(r, &r->file->variant, "variant",
	    r->scenario != NULL ? r->scenario->variant : NULL);
}

/* Room for one more; false when out of memory. */
static bool
grow(struct reader *r, void *array, size_t count, size_t *room, size_t size)
{
	if (array_grow(array, room, count, 64, size))
		return true;
	r->no_memory = true;
	return false;
}

/* The number of a cell from the words behind its kind; their count in *words. */
static bool
read_operand(struct reader *r, enum watch_kind kind, uint64_t *number, unsigned *words)
{
	const struct word *word = &r->word[2];
	uint64_t process;

	*words = 3;
	*number = 0;
	switch (explore_kind_operand(kind)) {
	case EXPLORE_OPERAND_NONE:
		*words = 2;
		return true;
	case EXPLORE_OPERAND_VMM:
		*words = 4;
		if (!find_name(r, word, "process", space_name_at, r->scenario, &process) ||
		    !find_name(r, word + 1, "word", vmm_name_at, NULL, number))
			return false;
		*number = watch_number_of(explore_vmm_cell(process, *number));
		return true;
	case EXPLORE_OPERAND_THREAD:
		return find_name(r, word, "thread", thread_name_at, r->scenario, number);
	case EXPLORE_OPERAND_CPU:
		if (read_number(word, number))
			return true;
		complain(r, word, "the number of a CPU");
		return false;
	case EXPLORE_OPERAND_HPA:
		break;
	}
	if (read_number(word, number) && *number % sizeof(uint64_t) == 0) {
		*number /= sizeof(uint64_t);
		return true;
	}
	complain(r, word, "an address that is a multiple of 8");
	return false;
}

static bool
has_cell(const struct explore_schedule *schedule, watch_cell cell)
{
	size_t i;

	for (i = 0; i < schedule->cells; i++) {
		if (schedule->cell[i] == cell)
			return true;
	}
	return false;
}

static void
line_cell(struct reader *r)
{
	struct explore_schedule *schedule = &r->file->schedule;
	uint64_t kind, number;
	unsigned words;
	watch_cell cell;

	if (!find_name(r, &r->word[1], "kind of cell", kind_name_at, NULL, &kind) ||
	    r->scenario == NULL ||
	    !read_operand(r, (enum watch_kind)kind, &number, &words) || !is_last(r, words))
		return;
	cell = watch_cell_of((enum watch_kind)kind, number);
	if (!explore_cell_exists(r->scenario, cell)) {
		complain(r, &r->word[words - 1], "one that the scenario has");
	} else if (has_cell(schedule, cell)) {
		scn_error(&r->errors, r->word[0].mark, "found the same cell again, expected it "
		    "once");
	} else if (schedule->cells == CELLS_MAX) {
		scn_error(&r->errors, r->word[0].mark, "found more than %u cells, expected fewer",
		    CELLS_MAX);
	} else if (grow(r, &schedule->cell, schedule->cells, &r->cell_room,
	    sizeof(*schedule->cell))) {
		schedule->cell[schedule->cells++] = cell;
	}
}

static bool
read_choices(struct reader *r, struct explore_move *move)
{
	unsigned i;

	if (r->words <= 2)
		return true;
	if (!word_is(&r->word[2], "choose")) {
		complain(r, &r->word[2], "'choose' or the end of the line");
		return false;
	}
	if (r->words == 3 || r->words > 3 + EXPLORE_CHOICES_MAX) {
		complain(r, &r->word[r->words == 3 ? 3 : 3 + EXPLORE_CHOICES_MAX],
		    r->words == 3 ? "the number of a choice" : "no more choices in one move");
		return false;
	}
	for (i = 3; i < r->words; i++) {
		uint64_t number;

		if (!read_number(&r->word[i], &number) || number > UINT8_MAX) {
			complain(r, &r->word[i], "the number of a choice, up to 255");
			return false;
		}
		move->choice[move->choices++] = (unsigned char)number;
	}
	return true;
}

static void
line_move(struct reader *r)
{
	struct explore_schedule *schedule = &r->file->schedule;
	struct explore_move move = { 0 };
	struct scn_mark **mark = &r->file->mark;
	size_t mark_room = r->move_room;
	uint64_t thread;

	r->move_lines++;
	if (!read_choices(r, &move) || r->scenario == NULL ||
	    !find_name(r, &r->word[1], "thread", thread_name_at, r->scenario, &thread))
		return;
	if (!grow(r, mark, schedule->moves, &mark_room, sizeof(**mark)) ||
	    !grow(r, &schedule->move, schedule->moves, &r->move_room, sizeof(*schedule->move)))
		return;
	move.thread = (unsigned char)thread;
	(*mark)[schedule->moves] = r->word[1].mark;
	schedule->move[schedule->moves++] = move;
}

static void
line_end(struct reader *r)
{
	uint64_t number;
	char expected[64];

	r->ended = true;
	snprintf(expected, sizeof(expected), "%zu, the number of moves above", r->move_lines);
	if (!read_number(&r->word[1], &number) || number != r->move_lines)
		complain(r, &r->word[1], expected);
	else
		(void)is_last(r, 2);
}

static const struct line {
	const char *keyword;
	void (*read)(struct reader *r);
} lines[] = {
	{ "scenario", line_scenario },
	{ "variant", line_variant },
	{ "cell", line_cell },
	{ "move", line_move },
	{ "end", line_end },
};

static const char *
keyword_at(const void *ctx, size_t index)
{
	(void)ctx;
	return index < COUNT(lines) ? lines[index].keyword : NULL;
}

/* --- files ------------------------------------------------------------------------------------ */

/* false: nothing can be known of what follows. */
static bool
read_version(struct reader *r)
{
	uint64_t version;

	while (r->words == 0 && r->at != r->end)
		read_line(r);
	if (r->words == 0) {
		scn_error(&r->errors, r->word[0].mark,
		    "found nothing, expected '" MAGIC " %u'", EXPLORE_FILE_VERSION);
		return false;
	}
	if (!word_is(&r->word[0], MAGIC)) {
		complain(r, &r->word[0], "'" MAGIC " 1', with which a schedule begins");
		return false;
	}
	if (!read_number(&r->word[1], &version) || version != EXPLORE_FILE_VERSION) {
		complain(r, &r->word[1], "version 1, the only one that is known");
		return false;
	}
	(void)is_last(r, 2);
	return true;
}

/* What is wrong when a line for a name is not there; of a cut file that goes without saying. */
static void
check_names(struct reader *r)
{
	char shown[SCN_SHOWN_SIZE];

	if (!r->ended)
		return;
	if (!r->named[0])
		scn_error(&r->errors, r->mark, "found no line 'scenario', expected its name");
	if (!r->named[1] && r->scenario != NULL && r->scenario->variant[0] != '\0')
		scn_error(&r->errors, r->mark, "found no line 'variant', expected \"%s\"",
		    scn_show(shown, r->scenario->variant, strlen(r->scenario->variant)));
}

static void
read_rest(struct reader *r)
{
	uint64_t line;

	while (r->at != r->end && !scn_errors_enough(&r->errors) && !r->no_memory) {
		read_line(r);
		if (r->words == 0)
			continue;
		if (r->ended) {
			complain(r, &r->word[0], "nothing behind 'end'");
			return;
		}
		if (find_name(r, &r->word[0], "keyword", keyword_at, NULL, &line))
			lines[line].read(r);
	}
	check_names(r);
	if (!r->ended)
		scn_error(&r->errors, r->mark, "found the end of the file, expected 'end %zu': "
		    "the file was cut short", r->move_lines);
}

enum explore_file_status
explore_file_read(const char *name, const char *text, size_t size, const struct scenario *scenario,
    struct explore_file *file, struct scenario_errors *errors)
{
	enum explore_file_status status = EXPLORE_FILE_NO_MEMORY;
	struct reader *r = calloc(1, sizeof(*r));

	memset(file, 0, sizeof(*file));
	memset(errors, 0, sizeof(*errors));
	if (r == NULL)
		return status;
	scn_errors_begin(&r->errors, name, errors);
	r->at = text;
	r->end = text + size;
	r->mark.line = r->mark.column = 1;
	r->scenario = scenario;
	r->file = file;
	read_line(r);
	if (read_version(r))
		read_rest(r);
	scn_errors_end(&r->errors);
	if (!r->no_memory && !r->errors.failed)
		status = errors->count == 0 ? EXPLORE_FILE_OK : EXPLORE_FILE_BAD;
	free(r);
	return status;
}

void
explore_file_free(struct explore_file *file)
{
	explore_schedule_free(&file->schedule);
	free(file->scenario);
	free(file->variant);
	free(file->mark);
	memset(file, 0, sizeof(*file));
}
