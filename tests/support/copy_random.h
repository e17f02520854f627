/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random user spaces, random calls on them, and a memory that answers at random; from a seed or
 * from the bytes of a fuzzer.
 */
#ifndef TESTS_COPY_RANDOM_H
#define TESTS_COPY_RANDOM_H

#include "support/support_copyio.h"

#define COPY_RANDOM_TABLES 6      /* the first pages of memory are tables */
#define COPY_RANDOM_BUFFER 0x5000 /* bytes that a call may move */

/* Where numbers come from: bytes for as long as there are some, then a seed. */
struct copy_chance {
	uint64_t state;
	const unsigned char *bytes;
	size_t size;            /* of what is left of them */
	unsigned lost, refused; /* that copy_random_answer() did such things */
};

void copy_chance_seed(struct copy_chance *chance, uint64_t seed);
void copy_chance_bytes(struct copy_chance *chance, const unsigned char *bytes, size_t size);

/* 0 .. below - 1 */
unsigned copy_draw(struct copy_chance *chance, unsigned below);
uint64_t copy_draw64(struct copy_chance *chance);

/* Fills an empty memory and makes the user space over it; `ept` chooses the family. */
void copy_random_space(struct copy_chance *chance, struct umem *mem, struct vk_us *us, int ept);

/*
 * Fills *args for a call; its buffer is COPY_RANDOM_BUFFER bytes and is filled too: with `fill`, or
 * with what copyout is to store.  A length that would not fit is one that no range has.  Now and
 * then user space ends near the call.
 */
void copy_random_args(struct copy_chance *chance, struct umem *mem, struct vk_us *us,
    enum copy_name name, struct copy_args *args, unsigned char *buffer, unsigned char fill);

/*
 * umem_meanwhile, `ctx` a struct copy_chance: every load gives an entry that somebody might have
 * put there, mostly usable and sometimes forged, another one each time; flags are lost or refused,
 * and pages too.
 */
void copy_random_answer(struct umem *mem, void *ctx, struct umem_event *event);

#endif
