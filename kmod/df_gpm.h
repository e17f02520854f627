/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest-physical memory as a DragonFly kernel reaches it: a guest-physical address is an address
 * of the vkernel's process, and its page comes from the process' memory map [DF-EPT-COPYIO].
 *
 * Include after the kernel's own headers.
 */
#ifndef VK_KMOD_DF_GPM_H
#define VK_KMOD_DF_GPM_H

#include "base/mem.h"

/* The memory of one process, during one call.  Lives on the caller's stack. */
struct df_gpm {
	struct vmspace *vm;
	vm_page_t page;     /* the one page that is ours for the moment; NULL for none */
	struct lwbuf *lwb;  /* where the kernel sees it */
	struct lwbuf cache; /* what lwb points to; nothing is allocated */
	int busied;         /* the page is busied, not held */
	int written;        /* the page was asked for to be written */
};

/* Prepares *mem; the reference to the vmspace stays the caller's. */
void df_gpm_init(struct df_gpm *mem, struct vmspace *vm);

/*
 * The operations on it.  load, cas and hold may sleep, so no spinlock and no critical section
 * around them; between hold and release nothing sleeps [DF-HOLD].  Each gives back what it took
 * before it returns, save hold, whose page release() gives back.
 */
extern const struct gpm_ops df_gpm_ops;

#endif
