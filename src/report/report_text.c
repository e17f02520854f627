/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text on its way out.
 *
 * Columns are characters, one place each: double-width and combining characters are not known here,
 * so a name that has them may stand out of line.  Nothing depends on the locale.
 */
#include "report/report_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void
text_init(struct text *text, const struct scn_sink *sink, int color)
{
	text->sink = *sink;
	text->column = 0;
	text->color = color;
}

void
text_put(struct text *text, const char *bytes, size_t size)
{
	const char *at = bytes, *newline;

	if (size == 0)
		return;
	text->column += (unsigned)size;
	while ((newline = memchr(at, '\n', (size_t)(bytes + size - at))) != NULL) {
		at = newline + 1;
		text->column = (unsigned)(bytes + size - at);
	}
	text->sink.write(text->sink.ctx, bytes, size);
}

void
text_str(struct text *text, const char *string)
{
	text_put(text, string, strlen(string));
}

/* --- numbers and formats ---------------------------------------------------------------------- */

const char *
text_number(char digits[TEXT_DIGITS], uint64_t value, unsigned base)
{
	static const char digit[] = "0123456789abcdef";
	char *at = &digits[TEXT_DIGITS - 1];

	*at = '\0';
	do {
		*--at = digit[value % base];
		value /= base;
	} while (value != 0);
	return at;
}

/* One directive of a format, after its percent sign. */
struct directive {
	char kind;       /* s c d u x % */
	int zeroes;      /* fill with them, not with blanks */
	int is_long;     /* l, ll, z: all of 64 bits */
	unsigned width;
};

static const char *
directive_read(const char *at, struct directive *directive)
{
	directive->zeroes = *at == '0';
	directive->width = 0;
	directive->is_long = 0;
	while (*at >= '0' && *at <= '9')
		directive->width = 10 * directive->width + (unsigned)(*at++ - '0');
	while (*at == 'l' || *at == 'z') {
		directive->is_long = 1;
		at++;
	}
	directive->kind = *at;
	return at + 1;
}

static void
put_filled(struct text *text, const struct directive *directive, const char *string)
{
	size_t length = strlen(string);

	for (; length < directive->width; length++)
		text_put(text, directive->zeroes ? "0" : " ", 1);
	text_str(text, string);
}

void
text_add(struct text *text, const char *format, ...)
{
	struct directive directive;
	char digits[TEXT_DIGITS];
	uint64_t value;
	va_list args;

	va_start(args, format);
	for (;;) {
		size_t run = strcspn(format, "%");

		text_put(text, format, run);
		if (format[run] == '\0')
			break;
		format = directive_read(format + run + 1, &directive);
		switch (directive.kind) {
		case 's':
			put_filled(text, &directive, va_arg(args, const char *));
			break;
		case 'c':
			digits[0] = (char)va_arg(args, int);
			text_put(text, digits, 1);
			break;
		case '%':
			text_put(text, "%", 1);
			break;
		default: /* d stands for counts, which are not negative */
			value = directive.is_long ? va_arg(args, uint64_t) :
			    va_arg(args, unsigned);
			put_filled(text, &directive,
			    text_number(digits, value, directive.kind == 'x' ? 16 : 10));
			break;
		}
	}
	va_end(args);
}

/* --- foreign bytes ---------------------------------------------------------------------------- */

/* Smallest code point that needs so many bytes; less is an overlong form. */
static const uint32_t least_code[] = { 0, 0, 0x80, 0x800, 0x10000 };

size_t
text_character(const char *s, size_t size)
{
	unsigned char lead = size != 0 ? (unsigned char)s[0] : 0;
	size_t length, i;
	uint32_t code;

	if (lead < 0x80)
		return lead >= 0x20 && lead != 0x7f;
	length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (lead < 0xc2 || lead > 0xf4 || length > size)
		return 0;
	code = lead & (0x7fu >> length);
	for (i = 1; i < length; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
		code = (code << 6) | ((unsigned char)s[i] & 0x3fu);
	}
	/* C1 controls, surrogates and what lies beyond Unicode are no characters. */
	if (code < 0xa0 || code < least_code[length] || (code >= 0xd800 && code < 0xe000) ||
	    code > 0x10ffff)
		return 0;
	return length;
}

const char *
text_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return NULL;
	}
}

/* A text before which every character that `write` has something else for is replaced. */
static struct text
filtered(struct text *text, void (*write)(void *, const char *, size_t))
{
	struct scn_sink sink = { write, text };
	struct text filter;

	text_init(&filter, &sink, 0);
	return filter;
}

static void
content_write(void *ctx, const char *bytes, size_t size)
{
	struct text *text = ctx;
	size_t i, from = 0;

	for (i = 0; i < size; i++) {
		const char *entity = text_entity(bytes[i]);

		if (entity == NULL)
			continue;
		text_put(text, bytes + from, i - from);
		text_str(text, entity);
		from = i + 1;
	}
	text_put(text, bytes + from, size - from);
}

struct text
text_content(struct text *text)
{
	return filtered(text, content_write);
}

static void
description_write(void *ctx, const char *bytes, size_t size)
{
	struct text *text = ctx;
	const char *hash;

	while ((hash = memchr(bytes, '#', size)) != NULL) {
		text_put(text, bytes, (size_t)(hash - bytes));
		text_put(text, "\\#", 2);
		size -= (size_t)(hash - bytes) + 1;
		bytes = hash + 1;
	}
	text_put(text, bytes, size);
}

struct text
text_description(struct text *text)
{
	return filtered(text, description_write);
}

/* Whole characters: each takes one column, whatever its bytes. */
static void
put_characters(struct text *text, const char *bytes, size_t size, size_t characters)
{
	text_put(text, bytes, size);
	text->column -= (unsigned)(size - characters);
}

static void
put_escaped(struct text *text, unsigned char byte)
{
	static const char digit[] = "0123456789abcdef";
	char escape[4] = { '\\', 'x', digit[byte >> 4], digit[byte & 0xf] };

	text_put(text, escape, sizeof(escape));
}

void
text_safe(struct text *text, const char *string)
{
	size_t size = strlen(string), run = 0, characters = 0, length;

	while (run < size) {
		length = text_character(string + run, size - run);
		if (length != 0) {
			run += length;
			characters++;
			continue;
		}
		put_characters(text, string, run, characters);
		put_escaped(text, (unsigned char)string[run]);
		string += run + 1;
		size -= run + 1;
		run = characters = 0;
	}
	put_characters(text, string, run, characters);
}

/* The letter after the backslash, 0 for a byte that has none. */
static char
escape_letter(unsigned char byte)
{
	switch (byte) {
	case '\n':
		return 'n';
	case '\t':
		return 't';
	case '\\':
	case '"':
		return (char)byte;
	default:
		return 0;
	}
}

static void
put_bytes(struct text *text, const char *at, size_t size, int letters)
{
	size_t run = 0;

	while (run < size) {
		unsigned char byte = (unsigned char)at[run];
		char letter[2] = { '\\', letters ? escape_letter(byte) : 0 };

		if (byte >= 0x20 && byte < 0x7f && letter[1] == 0) {
			run++;
			continue;
		}
		text_put(text, at, run);
		if (letter[1] != 0)
			text_put(text, letter, sizeof(letter));
		else
			put_escaped(text, byte);
		at += run + 1;
		size -= run + 1;
		run = 0;
	}
	text_put(text, at, run);
}

void
text_bytes(struct text *text, const void *bytes, size_t size)
{
	put_bytes(text, bytes, size, 0);
}

void
text_quoted(struct text *text, const void *bytes, size_t size)
{
	text_put(text, "\"", 1);
	put_bytes(text, bytes, size, 1);
	text_put(text, "\"", 1);
}

/* --- layout ----------------------------------------------------------------------------------- */

void
text_to(struct text *text, unsigned column)
{
	static const char blanks[] = "                                ";
	unsigned missing = text->column < column ? column - text->column : 1;

	while (missing > 0) {
		unsigned part = missing < sizeof(blanks) - 1 ? missing : sizeof(blanks) - 1;

		text_put(text, blanks, part);
		missing -= part;
	}
}

const char *
text_escape(enum text_style style)
{
	static const char escape[TEXT_STYLES][8] = {
		[TEXT_PLAIN] = "\033[0m",
		[TEXT_GOOD] = "\033[32m",
		[TEXT_BAD] = "\033[1;31m",
		[TEXT_STRONG] = "\033[1m",
		[TEXT_FAINT] = "\033[2m",
	};

	return escape[style];
}

void
text_style(struct text *text, enum text_style style)
{
	const char *escape = text_escape(style);

	if (text->color) /* no columns are used */
		text->sink.write(text->sink.ctx, escape, strlen(escape));
}

void
text_count(struct text *text, uint64_t count, const char *noun)
{
	text_add(text, "%" PRIu64 " %s%s", count, noun, count == 1 ? "" : "s");
}

void
text_amount(struct text *text, uint64_t bytes)
{
	if (bytes <= UINT32_MAX)
		text_count(text, bytes, "byte");
	else
		text_add(text, "0x%" PRIx64 " bytes", bytes);
}

/* --- into memory ------------------------------------------------------------------------------ */

static void
buffer_write(void *ctx, const char *bytes, size_t size)
{
	struct text_buffer *buffer = ctx;
	size_t room = buffer->size - 1 - buffer->used;

	if (size > room)
		size = room;
	memcpy(buffer->buf + buffer->used, bytes, size);
	buffer->used += size;
	buffer->buf[buffer->used] = '\0';
}

struct scn_sink
text_buffer_sink(struct text_buffer *buffer)
{
	struct scn_sink sink = { buffer_write, buffer };

	buffer->used = 0;
	buffer->buf[0] = '\0';
	return sink;
}
