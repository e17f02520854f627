/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A memory that keeps count, keeps history and misbehaves when told to.
 *
 * It stands where a walker expects guest-physical or host-physical memory.  Below is a sparse
 * hostmem; looking at it directly is not counted.  Addresses are plain numbers here, since one
 * memory plays either part.
 */
#ifndef TESTS_FAKE_MEMORY_H
#define TESTS_FAKE_MEMORY_H

#include "base/mem.h"
#include "sim/hostmem.h"

#define FAKE_EVENTS 512
#define FAKE_NOWHERE 1ull /* no slot has this address */

enum fake_op { FAKE_LOAD, FAKE_CAS };

struct fake_event {
	enum fake_op op;
	uint64_t address;
	uint64_t value;         /* what was loaded, or what a compare-and-swap wanted to write */
	enum cas_status status; /* of a compare-and-swap */
};

struct fake_memory {
	struct hostmem *mem;
	unsigned loads;
	unsigned swaps; /* compare-and-swaps that were done */
	unsigned events;
	struct fake_event event[FAKE_EVENTS]; /* the first ones */
	/* Another processor: called before each operation, and may change any word. */
	void (*meanwhile)(struct fake_memory *memory, enum fake_op op, uint64_t address);
	void *meanwhile_ctx;
	uint64_t refuse_load; /* the slot that may not be read (guest-physical side only) */
	uint64_t refuse_cas;  /* the slot that takes no compare-and-swap */
};

/* Memory of `size` bytes, all zero.  Fails the test when there is none to be had. */
void fake_init(struct fake_memory *memory, uint64_t size);
void fake_destroy(struct fake_memory *memory);

/* Forgets what was counted. */
void fake_reset(struct fake_memory *memory);

/* Not counted. */
uint64_t fake_peek(const struct fake_memory *memory, uint64_t address);
void fake_poke(struct fake_memory *memory, uint64_t address, uint64_t value);

/* How often the slot was loaded, by the history. */
unsigned fake_loads_of(const struct fake_memory *memory, uint64_t address);

/* The memory as a walker sees it. */
struct gpm fake_gpm(struct fake_memory *memory);
struct hpm fake_hpm(struct fake_memory *memory);

#endif
