/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sweeps: the core and the naive model answer the same question, over and over.
 *
 * A sweep is a list of parts.  A part is a list of dimensions, and its cases are all combinations
 * of their values: case number n has the digits of n in the mixed radix of the dimensions, the
 * first digit turning fastest.  A stride of k runs every k-th case of a part.
 */
#ifndef TESTS_SWEEP_H
#define TESTS_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SWEEP_DIMENSIONS 12

struct sweep {
	unsigned stride;       /* 1: every case */
	bool only_count;       /* compare nothing */
	uint64_t cases;        /* compared, or counted, so far */
	char difference[1024]; /* the first case on which the two differ; "" while none does */
};

/* Compares one case; on a difference describes it in s->difference and returns false. */
typedef bool sweep_check(struct sweep *s, void *ctx, const unsigned *digit);

/*
 * Runs a part of `dimensions` dimensions of `count` values each.  False: stopped at a difference.
 */
bool sweep_run(struct sweep *s, const unsigned *count, unsigned dimensions, sweep_check *check,
    void *ctx);

/* Writes a sentence, printf-like, into s->difference (appending) and returns false. */
bool sweep_differs(struct sweep *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* One dimension: guest tables alone. */
bool sweep_guest(struct sweep *s);

/* The other: EPT alone. */
bool sweep_ept(struct sweep *s);

/*
 * Both: `machines` random machines, the first made from `seed`, the next from the number after it.
 */
bool sweep_nested(struct sweep *s, uint64_t seed, unsigned machines);

/* A memory of one table a level, for a walk that takes one path. */
struct sweep_memory {
	uint64_t frame[6]; /* by level: where the table is */
	uint64_t word[6];  /* what each of its entries holds */
	uint64_t slot[6];  /* the address at which it was last read */
	unsigned loads;
	unsigned stray; /* reads of no table at all: nobody answers, all ones */
};

/* Frames of the tables on a processor with that address width; the highest bit is used. */
void sweep_memory_place(struct sweep_memory *memory, unsigned maxphyaddr);

/* Sets the words and forgets what was counted. */
void sweep_memory_fill(struct sweep_memory *memory, const uint64_t *entry);

uint64_t sweep_memory_load(struct sweep_memory *memory, uint64_t address);
/* False when there is no such table. */
bool sweep_memory_store(struct sweep_memory *memory, uint64_t address, uint64_t value);

/* Appends what the entries of levels top to 1 were. */
void sweep_describe_entries(struct sweep *s, const uint64_t *entry, unsigned top);

#endif
