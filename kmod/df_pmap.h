/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core's copy functions in the shapes that a DragonFly kernel calls.
 *
 * Include after the kernel's own headers.
 */
#ifndef VK_KMOD_DF_PMAP_H
#define VK_KMOD_DF_PMAP_H

#include "copyio/vk_pmap.h"

struct pmap;
struct vmspace;

/* Asks the processor what the walk has to know.  Once, before any other function here. */
void df_pmap_init(void);

/*
 * Sets the copy functions of a pmap whose process runs in guest mode: copyin, copyout, copyinstr,
 * and as many of the word functions as the release has in its pmap.  They reach the user space of
 * the current thread by its guest CR3 and return what the kernel's callers expect: 0, EFAULT or
 * ENAMETOOLONG from copies, the value or -1 from fetches and exchanges, 0 or -1 from stores.  A
 * thread that is no vCPU has no such user space: EFAULT or -1. [DF-COPYIO] [DF-DISPATCH]
 */
void df_pmap_install(struct pmap *pmap);

/*
 * Compare and exchange in the user space of the current thread.  Returns what *uaddr held, or all
 * ones when it could not be reached.  A pmap has no place for them in any release.
 */
uint32_t df_casu32(volatile uint32_t *uaddr, uint32_t expected, uint32_t value);
uint64_t df_casu64(volatile uint64_t *uaddr, uint64_t expected, uint64_t value);

/*
 * Translates a guest-virtual address as a user's read would, without setting flags.  Returns 0, or
 * EFAULT with all ones in *gpa, which no memory map has: a caller that does not look at the status
 * finds no memory there. [DF-EPT-COPYIO]
 */
int
df_guest_phys_addr(struct vmspace *vm, register_t *gpa, register_t guest_cr3, vm_offset_t uaddr);

#endif
