/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slower parts of writing lines.
 */
#include "report/report_line.h"

#include "report/report_text.h"

void
lines_init(struct lines *lines, const struct scn_sink *sink)
{
	static const char digit[] = "0123456789abcdef";
	unsigned i;

	lines->sink = *sink;
	lines->at = lines->buf;
	for (i = 0; i < 256; i++) {
		lines->pair[i][0] = digit[i >> 4];
		lines->pair[i][1] = digit[i & 15];
	}
}

void
lines_flush(struct lines *lines)
{
	lines->sink.write(lines->sink.ctx, lines->buf, (size_t)(lines->at - lines->buf));
	lines->at = lines->buf;
}

void
lines_hex(struct lines *lines, uint64_t value)
{
	unsigned digits = 1;

	while (digits < 16 && value >> (4 * digits) != 0)
		digits++;
	lines_put(lines, "0x", 2);
	if (digits & 1) {
		lines_char(lines, lines->pair[value >> (4 * (digits - 1))][1]);
		digits--;
	}
	lines_hex_digits(lines, value, digits);
}

void
lines_decimal(struct lines *lines, uint64_t value)
{
	char digits[TEXT_DIGITS];

	lines_str(lines, text_number(digits, value, 10));
}
