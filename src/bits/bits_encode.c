/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From words to a value, by the same rows that take values apart.
 *
 * A name's place can depend on the rest of the value: PAT is bit 12 once PS is set, and nowhere
 * before.  So the words are read in rounds.  Each round takes the shape of the value found so far;
 * a word without a place in that shape waits for the next round.  The shape only gains bits, hence
 * the rounds end, and what the last one finds wrong is the error.
 */
#include <string.h>

#include "bits/bits_number.h"
#include "bits/bits_rows.h"

/* One word of the text: "name" or "name=arg". */
struct word {
	const char *text;
	size_t length;
	size_t name_length;
	const char *arg; /* NULL without '=' */
	size_t arg_length;
};

/* Where a word goes. */
struct place {
	const struct bits_row *row; /* NULL for bits by position */
	struct bits_span span;
};

struct encoder {
	const struct bits_view *view;
	const char *text;
	uint64_t facts; /* of the shape of this round */
	uint64_t value; /* found in this round */
	uint64_t taken; /* bits that a word has given */
	struct bits_error *error;
};

/* --- scanning --------------------------------------------------------------------------------- */

static int
is_separator(char c)
{
	return c != '\0' && strchr(BITS_SEPARATORS, c) != NULL;
}

static int
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes the next word off *text; 0 when there is none. */
static int
word_next(const char **text, struct word *word)
{
	const char *s = *text, *equals;

	while (is_separator(*s))
		s++;
	word->text = s;
	while (*s != '\0' && !is_separator(*s))
		s++;
	word->length = (size_t)(s - word->text);
	*text = s;
	equals = memchr(word->text, '=', word->length);
	word->name_length = equals != NULL ? (size_t)(equals - word->text) : word->length;
	word->arg = equals != NULL ? equals + 1 : NULL;
	word->arg_length = equals != NULL ? (size_t)(s - equals) - 1 : 0;
	return word->length != 0;
}

/* --- errors ----------------------------------------------------------------------------------- */

#define SHOWN_MAX 40

/* A word as a message shows it: short, and in plain ASCII. */
static void
show(char shown[SHOWN_MAX + 4], const char *s, size_t length)
{
	size_t i, n = length < SHOWN_MAX ? length : SHOWN_MAX;

	for (i = 0; i < n; i++)
		shown[i] = (s[i] > ' ' && s[i] <= '~') ? s[i] : '?';
	memcpy(shown + n, length > SHOWN_MAX ? "..." : "", length > SHOWN_MAX ? 4 : 1);
}

/* Starts the message about a word, unless an earlier word of this round has one. */
static int
error_open(struct encoder *enc, enum bits_status status, const struct word *word,
    struct bits_text *text)
{
	struct bits_error *error = enc->error;

	if (error->status != BITS_OK)
		return 0;
	error->status = status;
	error->offset = (size_t)(word->text - enc->text);
	error->length = word->length;
	text->buf = error->text;
	text->size = sizeof(error->text);
	text->used = 0;
	return 1;
}

static const char *
entry_name(const struct bits_view *view)
{
	return view->format->entry != NULL ? view->format->entry[view->level] :
	    view->format->summary;
}

/* Whether a row can apply on this machine and level for some value. */
static int
row_is_possible(const struct bits_row *row, const struct bits_view *view)
{
	uint64_t features = view->machine.features;

	if (row->name == NULL || (row->levels != 0 && !(row->levels & AT(view->level))))
		return 0;
	return (row->need & BITS_FEATURES & ~features) == 0 && (row->without & features) == 0;
}

/* The first possible row of a name stands for all of them. */
static int
row_is_listed(const struct bits_view *view, size_t index)
{
	const struct bits_row *row = view->format->row;
	size_t i;

	if (!row_is_possible(&row[index], view))
		return 0;
	for (i = 0; i < index; i++) {
		if (row_is_possible(&row[i], view) && strcmp(row[i].name, row[index].name) == 0)
			return 0;
	}
	return 1;
}

static const char *
nearest_name(const struct bits_view *view, const struct word *word)
{
	const struct bits_format *format = view->format;
	const char *best = NULL;
	size_t i, least = SIZE_MAX;

	for (i = 0; i < format->rows; i++) {
		size_t distance;

		if (!row_is_listed(view, i))
			continue;
		distance = bits_name_distance(format->row[i].name, word->text, word->name_length);
		if (distance < least) {
			least = distance;
			best = format->row[i].name;
		}
	}
	return best;
}

static void
error_unknown(struct encoder *enc, const struct word *word)
{
	const struct bits_view *view = enc->view;
	const char *nearest = nearest_name(view, word);
	char shown[SHOWN_MAX + 4];
	struct bits_text text;
	size_t i, listed = 0;

	if (!error_open(enc, BITS_BAD_NAME, word, &text))
		return;
	show(shown, word->text, word->name_length);
	bits_text_add(&text, "unknown name \"%s\" (%s)", shown, entry_name(view));
	if (nearest != NULL)
		bits_text_add(&text, "; did you mean \"%s\"?", nearest);
	bits_text_add(&text, "%s names:", nearest != NULL ? "" : ";");
	for (i = 0; i < view->format->rows; i++) {
		if (row_is_listed(view, i))
			bits_text_add(&text, "%s %s", listed++ != 0 ? "," : "",
			    view->format->row[i].name);
	}
}

struct fact_text {
	uint64_t fact;
	const char *text;
};

/* What it takes for a field to exist that the value so far has no place for. */
static const struct fact_text fact_text[] = {
	{ FACT_LEAF, "only an entry that maps a page has it" },
	{ FACT_FINAL, "it exists with GLA and FINAL only" },
	{ FACT_GLA, "it exists with GLA only" },
	{ FACT_MOV, "it exists for MOV only" },
	{ FACT_LMSW, "it exists for LMSW only" },
};

static void
error_misplaced(struct encoder *enc, const struct word *word, const struct bits_row *row)
{
	const char *why = "it belongs to other levels or another machine";
	uint64_t missing = row->need & ~enc->facts;
	char shown[SHOWN_MAX + 4];
	struct bits_text text;
	size_t i;

	if (!error_open(enc, BITS_BAD_PLACE, word, &text))
		return;
	for (i = 0; i < BITS_COUNT(fact_text); i++) {
		if (row_is_possible(row, enc->view) && (missing & fact_text[i].fact)) {
			why = fact_text[i].text;
			break;
		}
	}
	show(shown, word->text, word->name_length);
	bits_text_add(&text, "no place for \"%s\" in this value (%s): %s", shown,
	    entry_name(enc->view), why);
}

static void
error_value(struct encoder *enc, const struct word *word, const char *why)
{
	char shown[SHOWN_MAX + 4];
	struct bits_text text;

	if (!error_open(enc, BITS_BAD_VALUE, word, &text))
		return;
	show(shown, word->text, word->length);
	bits_text_add(&text, "\"%s\": %s", shown, why);
}

/* --- places ----------------------------------------------------------------------------------- */

static const struct bits_row *
row_by_name(const struct encoder *enc, const struct word *word, uint64_t facts,
    struct bits_span *span)
{
	const struct bits_format *format = enc->view->format;
	size_t i;

	for (i = 0; i < format->rows; i++) {
		const struct bits_row *row = &format->row[i];

		if (row->name != NULL &&
		    bits_name_equal(row->name, word->text, word->name_length) &&
		    bits_row_applies(row, enc->view, facts, span))
			return row;
	}
	return NULL;
}

/* The row that explains why a name has no place: a possible one, else any of that name. */
static const struct bits_row *
row_elsewhere(const struct encoder *enc, const struct word *word)
{
	const struct bits_format *format = enc->view->format;
	const struct bits_row *any = NULL;
	size_t i;

	for (i = 0; i < format->rows; i++) {
		const struct bits_row *row = &format->row[i];

		if (row->name == NULL ||
		    !bits_name_equal(row->name, word->text, word->name_length))
			continue;
		if (row_is_possible(row, enc->view))
			return row;
		any = row;
	}
	return any;
}

/* One bit number, 0 to 63, up to `stop`; moves *s to it. */
static int
bit_number(const char **s, const char *end, char stop, unsigned *bit)
{
	const char *p = *s;
	uint64_t n;

	while (p < end && *p != stop)
		p++;
	if (!is_digit(**s) || bits_number_read(*s, (size_t)(p - *s), &n) != BITS_NUMBER_OK ||
	    n > 63)
		return 0;
	*bit = (unsigned)n;
	*s = p;
	return 1;
}

/* "bit7" or "bits[58:52]". */
static int
place_by_position(const struct word *word, struct place *place)
{
	const char *s = word->text, *end = word->text + word->name_length;
	unsigned high, low;

	if (word->name_length < 4 || !bits_name_equal("bit", s, 3))
		return 0;
	s += 3;
	if (is_digit(*s)) {
		if (!bit_number(&s, end, '\0', &high))
			return 0;
		low = high;
	} else {
		if (end - s < 2 || (s[0] != 's' && s[0] != 'S') || s[1] != '[')
			return 0;
		s += 2;
		if (s == end || !bit_number(&s, end, ':', &high) || s == end)
			return 0;
		s++;
		if (s == end || !bit_number(&s, end, ']', &low) || end - s != 1 || low > high)
			return 0;
	}
	place->row = NULL;
	place->span.high = high;
	place->span.low = low;
	place->span.mask = VK_BITS(high, low);
	return 1;
}

static int
place_find(struct encoder *enc, const struct word *word, struct place *place)
{
	const struct bits_row *elsewhere;

	if (place_by_position(word, place))
		return 1;
	place->row = row_by_name(enc, word, enc->facts, &place->span);
	/* Of an entry that is not present one may still say what its bits would mean. */
	if (place->row == NULL)
		place->row = row_by_name(enc, word, enc->facts & ~FACT_ABSENT, &place->span);
	if (place->row != NULL)
		return 1;
	elsewhere = row_elsewhere(enc, word);
	if (elsewhere != NULL)
		error_misplaced(enc, word, elsewhere);
	else
		error_unknown(enc, word);
	return 0;
}

/* --- values ----------------------------------------------------------------------------------- */

static const struct bits_value *
value_by_name(const struct bits_value *values, const struct word *word)
{
	for (; values != NULL && values->name != NULL; values++) {
		if (bits_name_equal(values->name, word->arg, word->arg_length))
			return values;
	}
	return NULL;
}

/* The bits, in place, that a word gives its field. */
static int
word_value(struct encoder *enc, const struct word *word, const struct place *place,
    uint64_t *in_place)
{
	const struct bits_span *span = &place->span;
	const struct bits_value *named;
	uint64_t n;

	if (word->arg == NULL) {
		if (span->high != span->low) {
			error_value(enc, word, "a field of several bits needs a value, NAME=VALUE");
			return 0;
		}
		*in_place = span->mask;
		return 1;
	}
	named = place->row != NULL ? value_by_name(place->row->values, word) : NULL;
	if (named != NULL) {
		*in_place = named->value << span->low;
		return 1;
	}
	if (bits_number_read(word->arg, word->arg_length, &n) != BITS_NUMBER_OK) {
		error_value(enc, word, "neither a number nor the name of a value of this field");
		return 0;
	}
	if (place->row != NULL && place->row->kind == BITS_FRAME) {
		*in_place = n;
		if ((n & ~span->mask) == 0)
			return 1;
		error_value(enc, word, n > span->mask ? "an address beyond the width of the field" :
		    "an address that is not aligned to the page or table");
		return 0;
	}
	*in_place = n << span->low;
	if (n <= span->mask >> span->low)
		return 1;
	error_value(enc, word, "too large for the field");
	return 0;
}

static void
take(struct encoder *enc, const struct word *word, uint64_t mask, uint64_t in_place)
{
	char shown[SHOWN_MAX + 4];
	struct bits_text text;

	if (enc->taken & mask) {
		if (!error_open(enc, BITS_BAD_TWICE, word, &text))
			return;
		show(shown, word->text, word->length);
		bits_text_add(&text, "\"%s\" gives bits that an earlier word has given", shown);
		return;
	}
	enc->taken |= mask;
	enc->value |= in_place;
}

static void
word_encode(struct encoder *enc, const struct word *word)
{
	struct place place;
	uint64_t in_place;

	if (is_digit(word->text[0])) {
		if (bits_number_read(word->text, word->length, &in_place) == BITS_NUMBER_OK)
			take(enc, word, in_place, in_place);
		else
			error_value(enc, word, "not a number of 64 bits");
		return;
	}
	if (place_find(enc, word, &place) && word_value(enc, word, &place, &in_place))
		take(enc, word, place.span.mask, in_place);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void
encode_round(struct encoder *enc, uint64_t shape)
{
	const char *rest = enc->text;
	struct word word;

	enc->facts = bits_facts(enc->view, shape);
	enc->value = 0;
	enc->taken = 0;
	memset(enc->error, 0, sizeof(*enc->error));
	while (word_next(&rest, &word))
		word_encode(enc, &word);
}

static enum bits_status
error_of_view(const struct bits_view *view, struct bits_error *error)
{
	struct bits_text text = { error->text, sizeof(error->text), 0 };

	memset(error, 0, sizeof(*error));
	error->status = bits_check(view);
	if (error->status == BITS_BAD_LEVEL)
		bits_text_add(&text, "%s: level %u is not one of 1 to %d", view->format->name,
		    view->level, VK_LEVELS);
	if (error->status == BITS_BAD_MACHINE)
		bits_text_add(&text, "MAXPHYADDR %u is not one of 32 to 52, or unknown features",
		    view->machine.maxphyaddr);
	return error->status;
}

enum bits_status
bits_encode(const struct bits_view *view, const char *text, uint64_t *value,
    struct bits_error *error)
{
	struct encoder enc = { .view = view, .text = text, .error = error };
	uint64_t shape = 0, before;

	if (error_of_view(view, error) != BITS_OK)
		return error->status;
	do {
		before = shape;
		encode_round(&enc, shape);
		shape |= enc.value;
	} while (shape != before);
	if (error->status == BITS_OK)
		*value = enc.value;
	return error->status;
}
