/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recorded behaviour of processors against the model.
 *
 * A vector file holds what a processor did: one header line, then one case a line, as JSON objects,
 * plain or compressed by gzip.  Each case is a guest in 64-bit mode with given paging structures
 * and registers that makes one access or a short sequence.  The model plays the case and everything
 * that was recorded is compared: outcome, error code, CR2, exit qualification, addresses,
 * instruction error, RIP, frames reached, bytes written and every qword of the paging structures
 * that changed.
 *
 * A report accumulates over files.  It is plain data: counts by family, the first differences with
 * the walk behind them, what was not known, and errors of the input.  Nothing in it depends on
 * time, addresses or the order of a hash.
 */
#ifndef VK_CONFORM_CONFORM_H
#define VK_CONFORM_CONFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/explain.h"

#define CONFORM_SHOW_DEFAULT 5
#define CONFORM_LINE_MAX (1u << 20) /* bytes of one line of a vector file */
#define CONFORM_NAME_SIZE 32
#define CONFORM_TEXT_SIZE 160
#define CONFORM_ERRORS_MAX 100  /* errors kept; reading a file stops when there are more */
#define CONFORM_UNKNOWNS_MAX 64 /* different unknown names kept */
#define CONFORM_FAMILIES_MAX 64 /* families with a row of their own */

struct conform_options {
	unsigned show;          /* differences kept for display */
	bool either;            /* accept what the architecture leaves open (conform_either.h) */
	bool lenient;           /* unknown fields, families and steps do not fail the run */
	bool allow_unsupported; /* cases that cannot be played do not fail the run */
	bool quiet;             /* as text, only what does not agree */
	void (*progress)(uint64_t cases); /* told now and then how many were played, or NULL */
};

struct conform_family {
	char name[CONFORM_NAME_SIZE];
	uint64_t cases;
	uint64_t agree;
	uint64_t differ;
	uint64_t unsupported;
};

/* One field in which a case differs; both texts are for people. */
struct conform_field {
	char name[CONFORM_NAME_SIZE];
	char expected[CONFORM_TEXT_SIZE];
	char found[CONFORM_TEXT_SIZE];
};

/* A case that differs, or one that was played and cannot be judged: its field is "unsupported". */
struct conform_difference {
	char *file;
	uint64_t line;
	uint64_t id;
	char family[CONFORM_NAME_SIZE];
	char tag[CONFORM_TEXT_SIZE];
	unsigned step;            /* at which the model ended, from 1; 0: at VM entry */
	unsigned steps;
	char step_name[CONFORM_NAME_SIZE];
	bool cached;              /* the deciding access used a cached translation: */
	struct explanation *why;  /* what it read and why it ended so, or would without the cache */
	unsigned fields;
	struct conform_field *field;
};

enum conform_kind { CONFORM_FIELD, CONFORM_FAMILY, CONFORM_STEP, CONFORM_OUTCOME };

/* A name that the reader does not know, with its first place. */
struct conform_unknown {
	enum conform_kind kind;
	char name[CONFORM_NAME_SIZE];
	char *file;
	uint64_t line;
	uint64_t count;
};

struct conform_report {
	unsigned families;
	/* By name; families past the bound share a last one. */
	struct conform_family family[CONFORM_FAMILIES_MAX + 1];
	struct conform_family total;
	unsigned differences;
	struct conform_difference *difference; /* the first ones, in order */
	uint64_t differences_left_out;
	unsigned unknowns;
	struct conform_unknown unknown[CONFORM_UNKNOWNS_MAX]; /* in order of appearance */
	uint64_t unknowns_left_out;
	unsigned errors;
	char *error[CONFORM_ERRORS_MAX]; /* "file:line: what was found, what was expected" */
	uint64_t errors_left_out;
	bool environment_failed;         /* out of memory, or a file that cannot be read */
};

/* The verdicts are exit statuses. */
enum conform_verdict {
	CONFORM_HELD = 0,       /* every case agrees */
	CONFORM_DIFFERED = 1,   /* a case differs or, unless allowed, is unsupported */
	CONFORM_BAD_INPUT = 2,  /* an error, or an unknown name without `lenient` */
	CONFORM_ENVIRONMENT = 3 /* see environment_failed */
};

/* Prepares an empty report; conform_report_free() releases what it came to hold. */
void conform_report_init(struct conform_report *report);
void conform_report_free(struct conform_report *report);

enum {
	CONFORM_READ_BAD = -1,   /* what is there cannot be decoded, or is cut off */
	CONFORM_READ_FAILED = -2 /* the system did not give it */
};

/*
 * Where bytes come from: puts up to `size` of them into `bytes` and returns how many, 0 at the end,
 * or one of the above with *why (a long-lived string) saying what happened.
 */
typedef ptrdiff_t (*conform_read)(void *ctx, void *bytes, size_t size, const char **why);

/*
 * Read vectors to their end and add what they say to the report; `name` is what messages call the
 * file.  conform_file() opens `path` itself and reads gzip as well as plain files.
 */
void conform_stream(const char *name, conform_read read, void *ctx,
    const struct conform_options *options, struct conform_report *report);
void conform_memory(const char *name, const void *bytes, size_t size,
    const struct conform_options *options, struct conform_report *report);
void conform_file(const char *path, const struct conform_options *options,
    struct conform_report *report);

/* The row that counts a family of this name; NULL: none yet. */
const struct conform_family *conform_family_of(const struct conform_report *report,
    const char *name);

/* What the report amounts to under these options; the gravest reason wins. */
enum conform_verdict conform_verdict(const struct conform_report *report,
    const struct conform_options *options);

/* Receives a rendering piece by piece; nothing is terminated by a NUL. */
typedef void (*conform_put)(void *ctx, const char *text, size_t size);

/*
 * For people: a table with one line a family and a total, then the differences that were kept, then
 * the unknown names.  Every line ends with a newline.  With `quiet`, families that agree are left
 * out, and the total with them, so that nothing is written where all agree.
 */
void conform_write_text(const struct conform_report *report, const struct conform_options *options,
    conform_put put, void *ctx);

/*
 * One JSON document with one object a line: "families", "total", "differences", "unknown",
 * "errors".  Addresses and entries are strings in "0x" hexadecimal.  Returns false when it ran out
 * of memory; what was put is then to be discarded.
 */
bool conform_write_json(const struct conform_report *report, conform_put put, void *ctx);

/* For standard error: the errors and, unless `lenient`, the unknown names, one a line. */
void conform_write_errors(const struct conform_report *report,
    const struct conform_options *options, conform_put put, void *ctx);

#endif
