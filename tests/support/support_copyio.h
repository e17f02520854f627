/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of a user space, as copyio's callbacks see it, with an eye on every rule of hold and
 * release; and the witness, which holds a recorded call against the rules of translation.
 *
 * A held page appears at an address of its own, between unmapped pages, and is gone at its release:
 * a byte reached after the release, beyond the page, or written in a page held for reading is a
 * fault of this process.  What breaks a rule without such a fault is kept as a sentence for
 * umem_check().
 *
 * Pages are found by guest-physical address; for an ordinary process (std_*) that is the user
 * address.
 */
#ifndef TESTS_SUPPORT_COPYIO_H
#define TESTS_SUPPORT_COPYIO_H

#include "copyio/vk_pmap.h"
#include "guestpt/guestpt.h"

#define UMEM_PAGES  64
#define UMEM_EVENTS 16384

#define UMEM_R  VK_ACC_R
#define UMEM_W  VK_ACC_W
#define UMEM_RW (VK_ACC_R | VK_ACC_W)

enum umem_op { UMEM_LOAD, UMEM_CAS, UMEM_HOLD, UMEM_RELEASE, UMEM_OPS };

struct umem_event {
	enum umem_op op;
	uint64_t gpa;
	uint64_t entry;  /* LOAD: the answer; CAS: the value expected */
	uint64_t wanted; /* CAS */
	unsigned acc;    /* HOLD */
	int granted;     /* LOAD, HOLD */
	enum cas_status status;
};

struct umem;

/*
 * Another processor, or a map that changes its mind: called before each operation that would be
 * granted.  *event is what is about to be answered and may be changed.
 */
typedef void (*umem_meanwhile)(struct umem *mem, void *ctx, struct umem_event *event);

struct umem {
	struct {
		uint64_t gpa;
		unsigned rights; /* UMEM_R, UMEM_W */
	} page[UMEM_PAGES];
	unsigned pages;
	unsigned char *bytes;   /* of page 0, 1, ...: always reachable, not counted */
	unsigned char *windows; /* where held pages appear */
	int file;
	int held;        /* index of the page; -1: none */
	unsigned window; /* the one in use, or last used */
	unsigned calls[UMEM_OPS];
	unsigned events;
	struct umem_event event[UMEM_EVENTS];
	umem_meanwhile meanwhile;
	void *meanwhile_ctx;
	const char *broken; /* the first rule that was broken; NULL: none */
};

/* Makes an empty memory; fails the test when the system gives none. */
void umem_init(struct umem *mem);
void umem_destroy(struct umem *mem);

/* Back to an empty memory, without the cost of a new one. */
void umem_clear(struct umem *mem);

/*
 * Adds a page of non-zero bytes that depend on `pattern` (below UMEM_PAGES) only, or changes a
 * page's rights.
 */
void umem_add(struct umem *mem, uint64_t gpa, unsigned rights, unsigned pattern);
void umem_set_rights(struct umem *mem, uint64_t gpa, unsigned rights);

/* Forgets events and counts. */
void umem_forget(struct umem *mem);

/* Not counted.  umem_at(): NULL where there is no page. */
unsigned char *umem_at(struct umem *mem, uint64_t gpa);
uint64_t umem_word(struct umem *mem, uint64_t gpa);
void umem_set_word(struct umem *mem, uint64_t gpa, uint64_t value);

/* The byte that umem_add() puts at an offset of a page of that pattern. */
unsigned char umem_pattern(unsigned pattern, uint64_t offset);

struct gpm umem_gpm(struct umem *mem);

/*
 * Fails when a rule was broken or a page is still held.  That a call does not end is noticed
 * sooner, by its UMEM_EVENTS-th operation.
 */
void umem_check(const struct umem *mem);

/* How many operations of all kinds. */
unsigned umem_operations(const struct umem *mem);

/* --- the witness --------------------------------------------------------------------------- */

/* One user address that a call may have translated, and for what. */
struct umem_translation {
	uint64_t gva;
	unsigned acc;
};

/*
 * Holds the events against the translations that the call had to make, in this order; it may have
 * stopped after any refusal.  Every walk must read one entry a level, each where the one above
 * points, and stop where those very answers forbid to go on; flags are set root first, each by a
 * compare-and-swap against the answer; a lost one begins the walk anew; the page held is the one
 * that these answers name, and is released before anything else happens.  [DF-HOLD]
 */
void umem_witness(const struct umem *mem, const struct vk_us *us,
    const struct umem_translation *translation, size_t count);

/* The translations of the calls; return how many there are (at most `room`). */
size_t umem_expect_range(
    struct umem_translation *translation, size_t room, uint64_t gva, uint64_t size, unsigned acc);
size_t umem_expect_store(struct umem_translation *translation, uint64_t gva, unsigned size);

/* --- the calls ----------------------------------------------------------------------------- */

enum copy_name {
	COPYIN,
	COPYOUT,
	COPYINSTR,
	FUBYTE,
	FUWORD32,
	FUWORD64,
	SUBYTE,
	SUWORD32,
	SUWORD64,
	SWAPU32,
	SWAPU64,
	CASU32,
	CASU64,
	FUWORDADD32,
	FUWORDADD64,
	COPY_CALLS
};

struct copy_args {
	uint64_t gva;
	uint64_t len; /* of the three that move a range */
	unsigned char *buffer;
	uint64_t value;    /* to store, swap or add */
	uint64_t expected; /* of a compare-and-swap */
};

#define COPY_UNTOUCHED 0xdeadbeefcafef00dull

struct copy_result {
	int error;
	size_t done;    /* of a range */
	uint64_t value; /* fetched, or from before; COPY_UNTOUCHED cut to size when not given */
};

struct copy_call {
	const char *name;
	unsigned size; /* of the value; 0: moves a range */
	unsigned acc;  /* what the user would need */
	void (*make)(struct vk_us *us, const struct copy_args *args, struct copy_result *result);
};

extern const struct copy_call copy_call[COPY_CALLS];

/* Makes one call through the public name, and with it the user space's function table. */
void copy_make(struct vk_us *us, enum copy_name name, const struct copy_args *args,
    struct copy_result *result);

/* The translations that a call may make, for umem_witness(). */
size_t copy_expect(enum copy_name name, const struct copy_args *args,
    struct umem_translation *translation, size_t room);

/* --- the usual user spaces ----------------------------------------------------------------- */

/* Guest-physical addresses of the tables and of three data pages. */
#define COPY_PML4 0x1000ull
#define COPY_PDPT 0x2000ull
#define COPY_PD   0x3000ull
#define COPY_PT   0x4000ull
#define COPY_A    0x10000ull
#define COPY_B    0x11000ull
#define COPY_C    0x12000ull

/* User addresses: all four indices of X are 1; Y and Z follow. */
#define COPY_X   0x0000008040201000ull
#define COPY_Y   (COPY_X + 0x1000)
#define COPY_Z   (COPY_X + 0x2000)
#define COPY_END 0x0000800000000000ull

#define COPY_PWU (VK_PG_P | VK_PG_RW | VK_PG_US)

/* 64-bit mode, four levels, NXE, MAXPHYADDR 46. */
extern const struct guestpt_mode copy_mode;

/* Adds the four tables, in which X maps A and nothing else is mapped. */
void copy_tables(struct umem *mem);

#endif
