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
	uint32_t high;        /* half of a number, ... */
	uint64_t high_digits; /* ... and its digits */
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

/* The eight hexadecimal digits of a word, the first in the lowest byte. */
static inline uint64_t
lines_hex8(uint32_t value)
{
	uint64_t x = value, beyond_9;

	/* A nibble a byte, then the order of bytes turned over. */
	x = (x << 16 | x) & 0x0000ffff0000ffffull;
	x = (x << 8 | x) & 0x00ff00ff00ff00ffull;
	x = (x << 4 | x) & 0x0f0f0f0f0f0f0f0full;
	x = __builtin_bswap64(x);
	beyond_9 = (x + 0x0606060606060606ull) >> 4 & 0x0101010101010101ull;
	return x + 0x3030303030303030ull + beyond_9 * ('a' - '9' - 1);
}

/* All sixteen digits, of which the first eight mostly are those of the time before. */
static inline void
lines_hex16(struct lines *lines, uint64_t value)
{
	uint64_t low = lines_hex8((uint32_t)value);

	if (value >> 32 != lines->high) {
		lines->high = (uint32_t)(value >> 32);
		lines->high_digits = lines_hex8(lines->high);
	}
	memcpy(lines->at, &lines->high_digits, 8);
	memcpy(lines->at + 8, &low, 8);
	lines->at += 16;
}

/* "0x" and no more digits than it takes.  Writes beyond them, where the next comes. */
static inline void
lines_hex(struct lines *lines, uint64_t value)
{
	unsigned digits = (67 - (unsigned)__builtin_clzll(value | 1)) / 4;
	uint64_t part = lines_hex8((uint32_t)value);

	memcpy(lines->at, "0x", 2);
	lines->at += 2;
	if (digits > 8) {
		uint64_t high = lines_hex8((uint32_t)(value >> 32)) >> 8 * (16 - digits);

		memcpy(lines->at, &high, 8);
		lines->at += digits - 8;
		digits = 8;
	}
	part >>= 8 * (8 - digits);
	memcpy(lines->at, &part, 8);
	lines->at += digits;
}

void lines_decimal(struct lines *lines, uint64_t value);

/* Blanks up to `width` characters from `start` on. */
static inline void
lines_fill(struct lines *lines, const char *start, size_t width)
{
	while ((size_t)(lines->at - start) < width)
		*lines->at++ = ' ';
}

#endif
