/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A naive model of a few processors that share memory: every order of loads, stores, locked
 * exchanges and fences, with a store buffer for each processor or without.
 *
 * It is written from the description of x86-TSO: a store goes to the end of its processor's buffer
 * and from there, in order, to memory; a load gets the youngest store to its location in its own
 * buffer, else what memory holds; a locked operation and a fence wait until the buffer is empty.
 */
#ifndef TESTS_ORACLE_NAIVE_TSO_H
#define TESTS_ORACLE_NAIVE_TSO_H

#include <stdbool.h>
#include <stddef.h>

#define TSO_THREADS   4
#define TSO_OPS       4 /* of a thread */
#define TSO_LOCATIONS 3
#define TSO_OUTCOMES  128
#define TSO_ANY       (-1)

enum tso_kind { TSO_LOAD, TSO_STORE, TSO_EXCHANGE, TSO_FENCE };

struct tso_op {
	enum tso_kind kind;
	unsigned char location;
	unsigned char stored; /* TSO_STORE, TSO_EXCHANGE */
};

struct tso_program {
	unsigned threads;
	unsigned ops[TSO_THREADS];
	struct tso_op op[TSO_THREADS][TSO_OPS];
};

/* What a run came to: what each load and exchange got, and memory at the end. */
struct tso_outcome {
	signed char got[TSO_THREADS][TSO_OPS]; /* of others TSO_ANY */
	signed char memory[TSO_LOCATIONS];
};

/*
 * All outcomes of a program, each once; returns how many.  Aborts where there are more than
 * TSO_OUTCOMES.
 */
size_t tso_outcomes(const struct tso_program *program, bool buffers,
    struct tso_outcome outcome[TSO_OUTCOMES]);

#endif
