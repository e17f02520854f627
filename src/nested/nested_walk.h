/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two-dimensional walk over a flat window of host-physical memory, as a kernel's direct map is.
 *
 * There are two ways through the same tables.  The readable one is guestpt_access() over ept_gpm:
 * every feature, every page size, every fault and exit, flags set, all of it recorded.  The fast
 * one, nested_fast() and nested_fast_large(), knows the ordinary case only: four levels at both
 * sides, and entries that want nothing done to them.  It makes every check that the readable one
 * makes, and whatever is not ordinary (a flag to be set, a missing right, a reserved bit, a frame
 * outside the window) it declines.  The readable walk is then made from the beginning.
 *
 * So the fast walk has one answer, a host-physical address, and gives it only where the readable
 * walk would give the same and would write nothing.  Each of the two reads an entry exactly once
 * and decides on that alone: what the fast walk saw before it declined is not handed on, so that an
 * answer never rests on two readings of one entry.
 */
#ifndef VK_NESTED_NESTED_WALK_H
#define VK_NESTED_NESTED_WALK_H

#include "base/direct.h"
#include "ept/ept_exit.h"
#include "ept/ept_gpm.h"
#include "guestpt/guestpt.h"

/* Host-physical address a, below `size`, is the byte at `base` + a.  `base` is page aligned. */
struct nested_window {
	void *base;
	uint64_t size; /* in bytes */
};

/* The kinds of access that the fast walk tells apart. */
enum nested_kind {
	NESTED_USER_READ,
	NESTED_USER_WRITE, /* or read-modify-write */
	NESTED_USER_FETCH,
	NESTED_SUPERVISOR_READ,
	NESTED_SUPERVISOR_WRITE,
	NESTED_SUPERVISOR_FETCH,
	NESTED_KINDS
};

/*
 * Which entries are ordinary: those that are a frame and nothing else once the bits outside `care`
 * are dropped and `minus`, the expected flags negated, is added.
 */
struct nested_pattern {
	uint64_t care;
	uint64_t minus;
};

/* The patterns of one kind of access. */
struct nested_rights {
	struct nested_pattern table; /* guest entry that names a table */
	struct nested_pattern leaf;  /* guest entry that maps the page */
	struct nested_pattern page;  /* EPT leaf of the page */
};

/*
 * One guest address space under one EPT.  Filled by nested_init() and nested_set_guest(), read-only
 * afterwards; it points into itself and must not be moved.
 */
struct nested {
	/* For the fast walk.  Rows are host addresses biased by `minus`: see nested_row(). */
	uint64_t table_minus;            /* EPT entries that name tables: exactly these flags */
	uintptr_t table_row;             /* of what such an entry names */
	struct nested_pattern leaf;      /* EPT leaves of guest tables */
	uintptr_t leaf_row;
	uintptr_t root;                  /* the EPT's root, a host address */
	uint64_t frames;                 /* whole frames in the window that an entry may name */
	uint64_t not_gpa_frame;
	uintptr_t cr3_row[VK_LEVELS];    /* by EPT level: on the way to the guest's root */
	struct nested_rights rights[NESTED_KINDS];
	uint64_t ept_large[4];           /* by level: see nested_split() */
	uint64_t guest_large[4];
	uint64_t empty;                  /* an entry that is not present */

	/* For the readable walk. */
	struct nested_window window;
	struct ept ept;
	struct guestpt_mode mode;
	int (*log)(void *log_ctx, const struct ept_walk *walk, int done); /* see struct ept_gpm */
	void *log_ctx;
};

/* What nested_fast() returns; two registers. */
struct nested_fast {
	hpa_t hpa; /* inside the window, if taken */
	int taken; /* 0: declined, nothing is known */
};

enum nested_status {
	NESTED_OK,
	NESTED_PF,       /* page fault: guest.error_code */
	NESTED_GP,       /* not canonical */
	NESTED_EXIT,     /* EPT violation, misconfiguration or sub-page event: exit */
	NESTED_LOG_FULL, /* log() forbade a flag [EPT-PML] */
	NESTED_UNSTABLE  /* entries kept changing under the walk */
};

/* The record of a readable walk. */
struct nested_result {
	enum nested_status status;
	hpa_t hpa;                 /* with NESTED_OK; may lie outside the window */
	struct guestpt_walk guest;
	struct ept_gpm gpm;        /* the EPT walks to guest entries, in order */
	struct ept_walk page;      /* the EPT walk of the page itself */
	int page_walked;           /* there was one */
	struct ept_exit exit;      /* with NESTED_EXIT */
};

/*
 * Prepares *n for walks of an EPT whose tables are in the window.  *ept is what ept_init() made, of
 * whatever memory: it is copied, and the copy reads the window.  `marks` are the ignored bits,
 * usually none, that this EPT carries in every entry that names a table; the fast walk takes only
 * entries that have these, all rights and, with A/D, the accessed flag.  The window stays the
 * caller's.  n->log may be set afterwards.  [EPT-ENTRY]
 */
void nested_init(struct nested *n, struct nested_window window, const struct ept *ept,
    uint64_t marks);

/* Takes over the guest's registers; to be called before the first walk and whenever they change. */
void nested_set_guest(struct nested *n, const struct guestpt_mode *mode);

/*
 * The fast walk, for one of n->rights.  Writes nothing, allocates nothing, reads each entry once:
 * 24 loads when it is taken, no more when it declines.
 */
struct nested_fast nested_fast(const struct nested *n, const struct nested_rights *rights,
    gva_t gva);

/* The same, a little slower, for pages of all sizes at both sides. */
struct nested_fast nested_fast_large(const struct nested *n, const struct nested_rights *rights,
    gva_t gva);

/*
 * The fast walk as copyio's short way to user memory (base/direct.h).  Of several pages all but the
 * first cost three reads where the guest's tables map 4 KiB pages.  *n stays the caller's.
 */
struct vk_direct nested_direct(struct nested *n);

/*
 * The readable walk: translates `gva` for an access of kind `acc` (VK_ACC_R, _W, _X with
 * VK_ACC_USER or VK_ACC_IMPLICIT), sets the flags that this owes, and leaves the whole record in
 * *result, which is too large for a kernel's stack.  [EPT-ORDER]
 */
enum nested_status nested_walk_recorded(const struct nested *n, gva_t gva, unsigned acc,
    struct nested_result *result);

/*
 * A walk by the first way that takes it: nested_fast(), nested_fast_large(),
 * nested_walk_recorded(). Of *result, status is set, hpa with NESTED_OK, and the rest with anything
 * else.
 */
enum nested_status nested_walk(const struct nested *n, gva_t gva, unsigned acc,
    struct nested_result *result);

/* The same for one of the kinds, without nested_fast(), which has declined. */
enum nested_status nested_walk_kind(const struct nested *n, gva_t gva, enum nested_kind kind,
    struct nested_result *result);

/*
 * The same as nested_walk() where the kind is known; what is not ordinary stays out of line.  *hpa
 * is set with NESTED_OK, *result as by nested_walk(), but not by nested_fast().
 */
static inline enum nested_status
nested_access(const struct nested *n, enum nested_kind kind, gva_t gva, hpa_t *hpa,
    struct nested_result *result)
{
	struct nested_fast fast = nested_fast(n, &n->rights[kind], gva);
	enum nested_status status;

	if (__builtin_expect(fast.taken, 1)) {
		*hpa = fast.hpa;
		return NESTED_OK;
	}
	status = nested_walk_kind(n, gva, kind, result);
	*hpa = result->hpa;
	return status;
}

static inline enum nested_status
nested_user_read(const struct nested *n, gva_t gva, hpa_t *hpa, struct nested_result *result)
{
	return nested_access(n, NESTED_USER_READ, gva, hpa, result);
}

#endif
