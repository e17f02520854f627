/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why an access ended as it did: the entries read, the verdict, the rule, what would have to
 * change.
 */
#ifndef VK_REPORT_REPORT_WHY_H
#define VK_REPORT_REPORT_WHY_H

#include "report/report_decode.h"
#include "report/report_json.h"
#include "sim/explain.h"

/*
 * Several lines, each behind `indent` blanks.  `thread` (an index) says by whose registers entries
 * are decoded.
 */
void why_write_reads(struct text *text, struct decoder *decoder, int thread,
    const struct explanation *why, unsigned indent);
void why_write_verdict(struct text *text, struct decoder *decoder, int thread,
    const struct explanation *why, unsigned indent);

/* The same as one object. */
void why_write_json(struct json *json, const char *key, struct decoder *decoder, int thread,
    const struct explanation *why);

#endif
