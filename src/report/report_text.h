/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on its way out: pieces in order, columns counted, foreign bytes made harmless, colours where
 * they are wanted.
 *
 * Nothing is kept here and nothing is allocated; a piece goes to the sink at once.
 */
#ifndef VK_REPORT_REPORT_TEXT_H
#define VK_REPORT_REPORT_TEXT_H

#include "scenario/scenario.h"

struct text {
	struct scn_sink sink;
	unsigned column; /* characters since the last newline */
	int color;       /* whether text_style() has an effect */
};

/* How a word is to look where there are colours. */
enum text_style {
	TEXT_PLAIN,
	TEXT_GOOD,
	TEXT_BAD,
	TEXT_STRONG,
	TEXT_FAINT,
	TEXT_STYLES
};

void text_init(struct text *text, const struct scn_sink *sink, int color);

/* Writes ASCII as it is. */
void text_put(struct text *text, const char *bytes, size_t size);

/* The same up to the NUL. */
void text_str(struct text *text, const char *string);

/*
 * As printf, for %s %c %d %u %x and %%, with a width, leading zeroes and the lengths l, ll and z,
 * of any size.  It costs a tenth of printf, on which most of a short report would be spent.
 */
void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Writes what came from a file or from a command line: UTF-8 as it is, control characters and bytes
 * that are no UTF-8 as \xNN.
 */
void text_safe(struct text *text, const char *string);

/* Writes raw bytes: printable ASCII as it is, the rest as \xNN. */
void text_bytes(struct text *text, const void *bytes, size_t size);

/* The same in double quotes; newline, tab, backslash and double quote as C writes them. */
void text_quoted(struct text *text, const void *bytes, size_t size);

/* Fills with blanks up to a column; writes one where the column has been reached already. */
void text_to(struct text *text, unsigned column);

#define TEXT_DIGITS 24

/* Writes a number to the end of `digits`, terminated, and returns its first digit. */
const char *text_number(char digits[TEXT_DIGITS], uint64_t value, unsigned base);

#define TEXT_PIECE 512 /* enough for the fields of an entry */

/* What makes a terminal show text so, where colours are wanted. */
const char *text_escape(enum text_style style);

/* What follows looks like this; TEXT_PLAIN ends it. */
void text_style(struct text *text, enum text_style style);

/* "1 step", "2 steps"; the second counts bytes, and writes more than 2^32 in hexadecimal. */
void text_count(struct text *text, uint64_t count, const char *noun);
void text_amount(struct text *text, uint64_t bytes);

/*
 * The length of the UTF-8 character at the start of `s`, 1 to 4; 0 when it is none or a control
 * character, C1 included.
 */
size_t text_character(const char *s, size_t size);

/* What stands for a character in the text and the attributes of XML; NULL for itself. */
const char *text_entity(char c);

/*
 * A text every character of which is content of the XML that `text` is, not markup.  It takes no
 * control characters but newlines: text_safe() and text_bytes() leave none.
 */
struct text text_content(struct text *text);

/* The same for what follows the number of a test point in TAP: a hash would begin a directive. */
struct text text_description(struct text *text);

/* A sink that keeps what fits into a buffer, always terminated. */
struct text_buffer {
	char *buf;
	size_t size; /* at least 1 */
	size_t used; /* without the terminator */
};

struct scn_sink text_buffer_sink(struct text_buffer *buffer);

#endif
