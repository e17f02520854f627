/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many lines, fast: put together in one large buffer by functions that the compiler sees through.
 *
 * What goes in is ASCII and known; foreign text goes by report_text.h.  A caller asks for room once
 * a line, and then writes no more than LINE_MOST bytes.
 */
#ifndef VK_REPORT_REPORT_LINE_H
#define VK_REPORT_REPORT_LINE_H

#include <string.h>

#include "scenario/scenario.h"

#define LINE_MOST 1024u
#define LINES_SIZE 65536u

struct lines {
	struct scn_sink sink;
	char *at;
	char pair[256][2];   /* a byte as two hexadecimal digits */
	char buf[LINES_SIZE + LINE_MOST];
};

void lines_init(struct lines *lines, const struct scn_sink *sink);

/* Hands on what has been put together. */
void lines_flush(struct lines *lines);

/* Makes room for a line. */
static inline void
lines_begin(struct lines *lines)
{
	if ((size_t)(lines->at - lines->buf) >= LINES_SIZE)
		lines_flush(lines);
}

static inline void
lines_char(struct lines *lines, char c)
{
	*lines->at++ = c;
}

static inline void
lines_put(struct lines *lines, const char *bytes, size_t size)
{
	memcpy(lines->at, bytes, size);
	lines->at += size;
}

static inline void
lines_str(struct lines *lines, const char *string)
{
	lines_put(lines, string, strlen(string));
}

/* The low `digits` (an even number) hexadecimal digits, with leading zeroes. */
static inline void
lines_hex_digits(struct lines *lines, uint64_t value, unsigned digits)
{
	unsigned i;

	for (i = digits / 2; i-- > 0; value >>= 8)
		memcpy(lines->at + 2 * i, lines->pair[value & 0xff], 2);
	lines->at += digits;
}

/* "0x" and no more digits than it takes. */
void lines_hex(struct lines *lines, uint64_t value);
void lines_decimal(struct lines *lines, uint64_t value);

/* Blanks up to `width` characters from `start` on. */
static inline void
lines_fill(struct lines *lines, const char *start, size_t width)
{
	while ((size_t)(lines->at - start) < width)
		*lines->at++ = ' ';
}

#endif
