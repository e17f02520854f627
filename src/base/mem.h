/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory as a walker sees it.
 *
 * Guest-physical and host-physical memory have the same four operations and different types, so
 * that a walk of guest tables cannot be handed the memory of a walk of an EPT.  The two obvious
 * backends of guest-physical memory are ept_gpm (what the processor sees: through the EPT) and the
 * VMM's own (what the host kernel sees: through its memory map, faulting pages in).
 *
 * Rules that every user of hold() keeps, since a kernel's hold may sleep on a page that the caller
 * itself has busied: never two pages held at once, no other operation of the same memory while one
 * is held, page tables held for reading only [DF-HOLD].
 */
#ifndef VK_BASE_MEM_H
#define VK_BASE_MEM_H

#include "base/addr.h"

/* LOST: the entry changed under us, walk again.  REFUSED: no access at all. */
enum cas_status { CAS_DONE, CAS_LOST, CAS_REFUSED };

struct gpm_ops {
	/*
	 * Reads the aligned 64-bit word at `slot` with one load.  Returns 0 when the access is
	 * refused; *entry is then unchanged.
	 */
	int (*load)(void *ctx, gpa_t slot, uint64_t *entry);
	/* Replaces the aligned word at `slot` if it still holds `old`. */
	enum cas_status (*cas)(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value);
	/*
	 * Makes the page of `gpa` present for an access of kind `acc` (VK_ACC_R, VK_ACC_W) and
	 * keeps it so until release().  Returns where the byte at `gpa` can be reached; valid to
	 * the end of its 4 KiB page.  NULL when the access is refused; nothing is then to be
	 * released.
	 */
	void *(*hold)(void *ctx, gpa_t gpa, unsigned acc, void **cookie);
	void (*release)(void *ctx, void *cookie);
};

struct gpm {
	const struct gpm_ops *ops;
	void *ctx;
};

/* Host-physical memory.  An address that nothing answers reads as all ones. */
struct hpm_ops {
	uint64_t (*load)(void *ctx, hpa_t slot);
	enum cas_status (*cas)(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value);
};

struct hpm {
	const struct hpm_ops *ops;
	void *ctx;
};

#endif
