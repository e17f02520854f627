/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vkernel's invalidating routines: a change of one of its page-table entries together with the
 * invalidation that makes the change count.
 *
 * Before nested paging these called madvise(MADV_INVAL) and the host threw its shadow tables away.
 * With nested paging the processor reads the entry itself and keeps what it read; only a real TLB
 * invalidation, on every processor that may hold it, makes a change count [DF-INVAL].
 */
#ifndef VK_GUESTPT_PMAP_INVAL_H
#define VK_GUESTPT_PMAP_INVAL_H

#include "base/mem.h"

/*
 * What the vkernel can ask of what lies below it.  `slot` is the guest-physical address of the
 * entry (the vkernel's tables are in its identity map).
 */
struct pmap_inval_ops {
	/* Atomically replaces the entry and returns the old value in *old; 0 when refused. */
	int (*swap)(void *ctx, gpa_t slot, uint64_t value, uint64_t *old);
	/* Reads the entry; 0 when refused. */
	int (*load)(void *ctx, gpa_t slot, uint64_t *value);
	/* Drops what this virtual CPU may have cached of the address. */
	void (*flush_self)(void *ctx, gva_t gva);
	/*
	 * Replaces the entry while no other virtual CPU of the process is in guest mode, and makes
	 * each of them flush before it next is (vmm_guest_sync_addr); 0 when refused.
	 */
	int (*sync)(void *ctx, gpa_t slot, uint64_t value, uint64_t *old);
	/* Whether any other virtual CPU has this address space active. */
	int (*active_elsewhere)(void *ctx);
};

struct pmap_inval {
	const struct pmap_inval_ops *ops;
	void *ctx;
};

/* Each returns non-zero when done, with the entry's value from before in *old (never NULL). */

/* Removes the entry everywhere. [DF-INVAL] */
int pmap_inval_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old);

/* Removes the entry where only this virtual CPU can have used it. [DF-INVAL-QUICK] */
int pmap_inval_pte_quick(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old);

/* Makes the entry read-only and clean; *old tells whether it was dirty. [DF-CLEAN] */
int pmap_clean_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old);

/* Makes the entry read-only, keeping its dirty flag. [DF-SETRO] */
int pmap_setro_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old);

/* Takes the entry out and hands it over, flags and all. [DF-INVAL] */
int pmap_load_and_clear_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old);

#endif
