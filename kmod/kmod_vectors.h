/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vectors that try the copy functions over a small guest in memory of their own.
 *
 * The same table runs in a kernel, when the module is loaded and on demand, and in the hosted
 * tests.  Nothing here touches a process, a page table in use, or any state that outlives a run.
 */
#ifndef VK_KMOD_VECTORS_H
#define VK_KMOD_VECTORS_H

#include "copyio/vk_pmap.h"

enum kmod_call {
	KMOD_COPYIN,
	KMOD_COPYOUT,
	KMOD_COPYINSTR,
	KMOD_FUBYTE,
	KMOD_SUBYTE,
	KMOD_FUWORD32,
	KMOD_FUWORD64,
	KMOD_SUWORD32,
	KMOD_SUWORD64,
	KMOD_SWAPU32,
	KMOD_SWAPU64,
	KMOD_CASU32,
	KMOD_CASU64,
	KMOD_ADDU32,
	KMOD_ADDU64
};

enum kmod_family { KMOD_EPT, KMOD_STD };

/* A word of the guest's memory, by its guest-physical address; address 0 ends a list. */
struct kmod_word {
	uint64_t at;
	uint64_t value;
};

#define KMOD_WORDS 4

struct kmod_vector {
	const char *name; /* what holds, as a sentence */
	enum kmod_family family;
	enum kmod_call call;
	struct kmod_word set[KMOD_WORDS]; /* memory before the call, beyond the usual guest */
	uint64_t cr3;                     /* 0: that of the usual guest */
	uint64_t uaddr;
	uint64_t len;     /* of a copy; of casu*, the value expected */
	uint64_t value;   /* that is stored, exchanged or added */
	int error;        /* VK_OK, VK_EFAULT, VK_ENAMETOOLONG */
	uint64_t result;  /* bytes moved; of a fetch or exchange that succeeds, the value */
	uint64_t from[2]; /* guest-physical: where the bytes moved are, page by page */
	struct kmod_word left[KMOD_WORDS]; /* memory after the call */
};

extern const struct kmod_vector kmod_vectors[];
extern const unsigned kmod_vectors_count;

/* --- the usual guest, described in kmod_selftest.c --- */

#define KMOD_MEMORY_BYTES 0x10000u
#define KMOD_USER_END     0x7fffffe00000ull

/* Bytes of memory that kmod_vector_run() needs, zeroed or not; it is the caller's. */
size_t kmod_scratch_bytes(void);

/*
 * Plays one vector in `scratch`.  Returns NULL when all of it held, else what did not, as a
 * constant phrase.
 */
const char *kmod_vector_run(const struct kmod_vector *vector, void *scratch);

#endif
