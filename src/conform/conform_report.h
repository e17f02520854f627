/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a report grows.  For this room; readers of a report need conform.h alone.
 */
#ifndef VK_CONFORM_CONFORM_REPORT_H
#define VK_CONFORM_CONFORM_REPORT_H

#include "conform/conform.h"

/*
 * Adds "file:line: message", or "file: message" when `line` is 0.  Past CONFORM_ERRORS_MAX only the
 * count goes on.
 */
void conform_report_error(struct conform_report *report, const char *file, uint64_t line,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Notes that the process could not get memory. */
void conform_report_memory(struct conform_report *report);

/* Whether further errors would no longer be kept. */
bool conform_report_is_full(const struct conform_report *report);

void conform_report_unknown(struct conform_report *report, const char *file, uint64_t line,
    enum conform_kind kind, const char *name);

/* How one case ended. */
enum conform_result { CONFORM_AGREES, CONFORM_DIFFERS, CONFORM_UNSUPPORTED };

void conform_report_count(struct conform_report *report, const char *family,
    enum conform_result result);

/* Takes over the difference and what it points to. */
void conform_report_difference(struct conform_report *report,
    const struct conform_difference *difference);

/* Releases what a difference points to. */
void conform_difference_free(struct conform_difference *difference);

/*
 * Copies `from` into a buffer of `size` bytes, cut to fit, with everything but printable ASCII
 * replaced by '?': names come from foreign files and end on terminals.
 */
void conform_copy_text(char *to, size_t size, const char *from);

#endif
