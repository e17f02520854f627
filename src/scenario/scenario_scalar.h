/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the text of a scalar can mean; private to this room.
 */
#ifndef VK_SCENARIO_SCENARIO_SCALAR_H
#define VK_SCENARIO_SCENARIO_SCALAR_H

#include <string.h>

#include "bits/bits_number.h"

/* As bits_number_read(), but no decimal number begins with 0, which YAML takes for an octal one. */
enum bits_number scn_number_parse(const char *s, size_t size, uint64_t *number);

/* Whether a text that need not be terminated is this name; most names differ at once. */
static inline int
scn_text_is(const char *s, size_t size, const char *name)
{
	if (size != 0 && s[0] != name[0])
		return 0;
	return strlen(name) == size && memcmp(name, s, size) == 0;
}

/* yes, true, on: 1; no, false, off: 0; each also Capitalised or UPPER; otherwise -1. */
int scn_bool_parse(const char *s, size_t size);

/* Whether it is a name: a letter, then letters, digits, '-', '_', '.'; at most 64 characters. */
int scn_is_name(const char *s, size_t size);

/*
 * Pairs of hexadecimal digits, blanks between pairs.  Returns how many bytes they are, and writes
 * them to `bytes` unless it is NULL; SIZE_MAX when the text is something else.
 */
size_t scn_bytes_parse(const char *s, size_t size, unsigned char *bytes);

/*
 * The next word of a set of words separated by blanks, commas or bars: moves *s past it and returns
 * its length, 0 at the end; *word is where it begins.
 */
size_t scn_word_next(const char **s, const char *end, const char **word);

#endif
