/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows and rules: what the format tables of this room are written in.  Not for other rooms.
 */
#ifndef VK_BITS_BITS_ROWS_H
#define VK_BITS_BITS_ROWS_H

#include "bits/bits.h"

/*
 * Facts about a value, beside the machine's features.  A format's rules derive them, in order, and
 * its rows ask for them.
 */
#define FACT_ABSENT VK_BIT(32)    /* not present, or not valid: the other bits mean nothing */
#define FACT_LEAF VK_BIT(33)      /* the entry maps a page */
#define FACT_KEYS VK_BIT(34)      /* protection keys are on for some addresses */
#define FACT_FETCH VK_BIT(35)     /* #PF error codes report fetches */
#define FACT_GLA VK_BIT(36)       /* the guest-linear address is valid */
#define FACT_FINAL VK_BIT(37)     /* ... and the access is to its translation */
#define FACT_MOV VK_BIT(38)       /* MOV to or from a control register */
#define FACT_LMSW VK_BIT(39)      /* LMSW */
#define FACT_EXCEPTION VK_BIT(40) /* the vector is that of an exception */
#define FACT_HEAD VK_BIT(41)      /* VPTE: the layout with a no-execute bit */

/* Set of levels; 0 in a row or rule means any. */
#define AT(level) (1u << (level))

/* Bounds that depend on MAXPHYADDR. */
#define PA_TOP 0xfeu /* high: MAXPHYADDR-1 */
#define PA_END 0xffu /* low: MAXPHYADDR; the row is empty when that is above its high */

struct bits_value {
	uint64_t value;
	const char *name; /* NULL ends a table */
	const char *meaning;
};

struct bits_row {
	const char *name;
	unsigned char high, low;
	unsigned char kind; /* enum bits_kind */
	unsigned char levels;
	uint64_t need;    /* applies when all of these facts hold ... */
	uint64_t without; /* ... and none of these */
	const struct bits_value *values;
	const char *clear; /* meaning of 0 */
	const char *set;   /* meaning of anything else that has no name */
};

/* Where (value & mask) == match, and the facts so far allow, add a fact or say a sentence. */
struct bits_rule {
	uint64_t fact;
	unsigned levels;
	uint64_t need, without;
	uint64_t mask, match;
	const char *note;
};

#define FLAG(name, bit, levels, need, without, clear, set)                                         \
	{ name, bit, bit, BITS_FLAG, levels, need, without, NULL, clear, set }
#define NUMBER(name, high, low, levels, need, without, values, meaning)                            \
	{ name, high, low, BITS_NUMBER, levels, need, without, values, meaning, meaning }
#define CHOICE(name, high, low, levels, need, without, values)                                     \
	{ name, high, low, BITS_CHOICE, levels, need, without, values, "reserved value",           \
	    "reserved value" }
#define FRAME(high, low, levels, need, without, meaning)                                           \
	{ "frame", high, low, BITS_FRAME, levels, need, without, NULL, meaning, meaning }
#define ZERO(name, high, low, levels, need, without, why)                                          \
	{ name, high, low, BITS_ZERO, levels, need, without, NULL, why, why }
#define ONE(high, low, why)                                                                        \
	{ NULL, high, low, BITS_ONE, 0, 0, 0, NULL, why, why }
#define FREE(name, high, low, levels, need, without, why)                                          \
	{ name, high, low, BITS_FREE, levels, need, without, NULL, why, why }

#define RULE(fact, levels, need, without, mask, match)                                             \
	{ fact, levels, need, without, mask, match, NULL }
#define NOTE(levels, need, without, mask, match, note)                                             \
	{ 0, levels, need, without, mask, match, note }

#define BITS_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A row's bits on one machine. */
struct bits_span {
	unsigned high, low;
	uint64_t mask;
};

/* The formats, in the order of bits_format_at(). */
extern const struct bits_format bits_guest_formats[];
extern const size_t bits_guest_formats_count;
extern const struct bits_format bits_ept_formats[];
extern const size_t bits_ept_formats_count;
extern const struct bits_format bits_vmx_formats[];
extern const size_t bits_vmx_formats_count;
extern const struct bits_format bits_register_formats[];
extern const size_t bits_register_formats_count;

/* Everything that holds for a value: features of the machine and derived facts. */
uint64_t bits_facts(const struct bits_view *view, uint64_t value);

/* Whether a row is of the view's level and the facts let it apply; fills *span if so. */
int bits_row_applies(const struct bits_row *row, const struct bits_view *view, uint64_t facts,
    struct bits_span *span);

/* The entry of `values` (may be NULL) with that value, or NULL. */
const struct bits_value *bits_value_find(const struct bits_value *values, uint64_t value);

/* A text that grows as far as its buffer reaches and keeps count beyond. */
struct bits_text {
	char *buf;
	size_t size;
	size_t used;
};

/* Appends as printf would. */
void bits_text_add(struct bits_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether two strings are equal but for the case of ASCII letters; `b` ends after `length`. */
int bits_name_equal(const char *a, const char *b, size_t length);

/*
 * How unlike a word is to a name: edits of one character, case aside.  Returns SIZE_MAX when they
 * are too unlike for a suggestion.
 */
size_t bits_name_distance(const char *name, const char *word, size_t length);

#endif
