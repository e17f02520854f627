/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slower parts of writing lines.
 */
#include "report/report_line.h"

#include "report/report_text.h"

void
lines_init(struct lines *lines, const struct scn_sink *sink)
{
	lines->sink = *sink;
	lines->at = lines->buf;
	lines->high = 0;
	lines->high_digits = lines_hex8(0);
}

void
lines_flush(struct lines *lines)
{
	lines->sink.write(lines->sink.ctx, lines->buf, (size_t)(lines->at - lines->buf));
	lines->at = lines->buf;
}

void
lines_decimal(struct lines *lines, uint64_t value)
{
	char digits[TEXT_DIGITS];

	lines_str(lines, text_number(digits, value, 10));
}
