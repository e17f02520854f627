/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The errors of one file, collected in any order; private to this room.
 */
#ifndef VK_SCENARIO_SCENARIO_ERRORS_H
#define VK_SCENARIO_SCENARIO_ERRORS_H

#include "scenario/scenario.h"

struct scn_errlist {
	struct scenario_errors *out; /* sorted, without duplicates */
	size_t reports;              /* duplicates counted */
	int failed;                  /* no memory */
};

/* Starts with no error.  The list fills `out`, which is the caller's. */
void scn_errors_begin(struct scn_errlist *list, const char *file, struct scenario_errors *out);

/* Cuts the list to what is shown and says how many more there were. */
void scn_errors_end(struct scn_errlist *list);

/* Whether so much is wrong that looking on is of no use. */
int scn_errors_enough(const struct scn_errlist *list);

/* Records an error; one that is there already is not recorded twice. */
void scn_error(struct scn_errlist *list, struct scn_mark mark, const char *format, ...)
    __attribute__((cold, format(printf, 3, 4)));

#define SCN_SHOWN_SIZE 48

/*
 * Writes at most 40 bytes of foreign text for use in a message: no control characters, no half
 * characters, "..." where it was cut.  Returns buf.
 */
const char *scn_show(char buf[SCN_SHOWN_SIZE], const char *text, size_t size);

/* Names by index, NULL from the last on. */
typedef const char *scn_name_at(const void *ctx, size_t index);

#define SCN_SUGGEST_SIZE 320

/*
 * Ends a message about a name that was not found: ", did you mean 'size'?" or ", expected one of
 * at, size" or ", expected none".  Empty names are placeholders and are passed over.  Returns buf.
 */
const char *scn_suggest(char buf[SCN_SUGGEST_SIZE], const char *text, size_t size,
    scn_name_at *name_at, const void *ctx);

#endif
