/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guard of a process in guest mode, on the kernel's own gate.
 *
 * Include after the kernel's own headers.
 */
#ifndef VK_KMOD_DF_GUARD_H
#define VK_KMOD_DF_GUARD_H

#include "base/guard.h"

struct proc;

/*
 * Keeps vmm_guest_sync_addr() away from the page that a copy of the current thread touches.  It has
 * no operations, which is no guard, in a release whose gate cannot tell that there was a shootdown,
 * and in a critical section: the only copies made in one are those of the shootdown itself, which
 * has shut the gate and would wait for itself.  [DF-SYNC] [DF-GATE]
 */
struct vk_guard df_guard(struct proc *p);

#endif
