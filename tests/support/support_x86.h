/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random instructions and states for the processor, to be held against another one.
 */
#ifndef TESTS_SUPPORT_X86_H
#define TESTS_SUPPORT_X86_H

#include "x86/x86_table.h"

#define RANDOM_CODE 0x40000000ull
#define RANDOM_CODE_SIZE 4096u
#define RANDOM_DATA 0x10000ull /* low, so that sums of addresses are often addresses too */
#define RANDOM_DATA_SIZE 0x10000u

struct random_case {
	const struct x86_row *row;
	unsigned char bytes[24];
	struct x86_op op;
	unsigned reg;      /* ModRM.reg */
	unsigned selected; /* of the row: which of its instructions */
	bool operand16;    /* prefix 66 */
	bool rex;
	bool rip_relative;
	unsigned offset; /* in the page of code */
	uint64_t before[X86_RIP + 1];
	uint64_t rflags;
};

/* The processor, its page of code and its data. */
struct random_world {
	struct x86_cpu cpu;
	struct x86_code *decoded;
	unsigned char *code; /* RANDOM_CODE_SIZE bytes at RANDOM_CODE */
	unsigned char *data; /* RANDOM_DATA_SIZE bytes at RANDOM_DATA */
	uint64_t state;      /* of the generator */
	unsigned shown;      /* differences told */
};

/* `code` and `data` are the caller's.  false: out of memory. */
bool random_world_init(
    struct random_world *world, unsigned char *code, unsigned char *data, uint64_t seed);
void random_world_free(struct random_world *world);

/* An instruction that is executed here, at an offset of the page of code; false: try again. */
bool random_instruction(struct random_world *world, struct random_case *c, unsigned offset);

/* A number below n. */
unsigned random_below(struct random_world *world, unsigned n);

/* What a register may hold: small, anything, or an address of data or of code. */
uint64_t random_value(struct random_world *world);

/* Registers, vectors, flags and some words of the data. */
void random_state(struct random_world *world, struct random_case *c);

/*
 * Whether a refused instruction has left registers and flags as they were; for string instructions
 * and ENTER there is nothing to tell.
 */
bool random_unchanged(const struct random_world *world, const struct random_case *c);

/* Says what differs: the first few times. */
void random_tell(struct random_world *world, const struct random_case *c, const char *what,
    uint64_t found, uint64_t expected);

/* Flags that the manual leaves undefined after this instruction. */
uint64_t random_undefined(const struct random_case *c);

static inline bool
random_is_string(const struct random_case *c)
{
	return c->row->what >= X86_MOVS && c->row->what <= X86_SCAS;
}

#endif
