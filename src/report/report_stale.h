/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a translation became stale, and what would have dropped it, in words and as members of an
 * object.
 */
#ifndef VK_REPORT_REPORT_STALE_H
#define VK_REPORT_REPORT_STALE_H

#include "report/report_decode.h"
#include "sim/stale.h"

/*
 * "PTE[1] at GPA 0x2008, read by vcpu in step 1, was changed by vcpu in step 2 from 0x10067 to
 * 0x11007; INVLPG 0x8040201000 on CPU 0 after that would have dropped it".
 */
void stale_write(struct text *text, const struct scenario *scenario, const struct stale *stale);

/* The first of these parts, and the other: "INVLPG 0x8040201000 on CPU 0". */
void stale_write_cause(struct text *text, const struct scenario *scenario,
    const struct stale *stale);
void stale_write_remedy(struct text *text, const struct stale *stale);

/* Members: cpu, reader, change, missing. */
void stale_write_json(struct json *json, const struct scenario *scenario,
    const struct stale *stale);

#endif
