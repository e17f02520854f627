/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copy at the gate of p_vmm_cpulock: as src/vmm/gate.c, on the kernel's words.
 *
 * The kernel's shootdown shuts the gate by CPULOCK_EXCL, waits until nobody is counted in, and
 * moves pm_invgen before it changes the entry.  It spins while it waits: on the processor of a copy
 * that is counted in it would spin for ever, so such a copy is in a critical section.
 *
 * The gate has a count since it left the mask of processors, and the shootdown moves the generation
 * since still later.  In a release without both, a copy cannot know that there was a shootdown
 * between its walk and its page; it goes without a guard.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/thread.h>
#include <machine/thread.h>
#include <vm/vm.h>
#include <vm/pmap.h>
#include <vm/vm_map.h>

#include "df_guard.h"

/* Gate and generation are older, from 300900 and 400702 on; glue is for this or for 3.8. */
#define DF_VERSION_GATE 400713

#if __DragonFly_version >= DF_VERSION_GATE
#include <sys/thread2.h>

static uint64_t
df_generation(const struct proc *p)
{
	return (uint64_t)__atomic_load_n(&p->p_vmspace->vm_pmap.pm_invgen, __ATOMIC_SEQ_CST);
}

static uint64_t
df_guard_look(void *ctx)
{
	struct proc *p = ctx;
	uint64_t seen = df_generation(p);

	while (__atomic_load_n(&p->p_vmm_cpulock, __ATOMIC_SEQ_CST) & CPULOCK_EXCL) {
		lwkt_yield(); /* who keeps it shut may sleep, and want this processor */
		seen = df_generation(p);
	}
	return seen;
}

static void
df_guard_leave(void *ctx)
{
	struct proc *p = ctx;

	(void)__atomic_fetch_sub(&p->p_vmm_cpulock, CPULOCK_INCR, __ATOMIC_SEQ_CST);
	crit_exit();
}

static int
df_guard_enter(void *ctx, uint64_t seen)
{
	struct proc *p = ctx;
	cpulock_t lock;

	crit_enter();
	lock = __atomic_load_n(&p->p_vmm_cpulock, __ATOMIC_SEQ_CST);
	do {
		if (lock & CPULOCK_EXCL) {
			crit_exit();
			return 0;
		}
	} while (!__atomic_compare_exchange_n(&p->p_vmm_cpulock, &lock, lock + CPULOCK_INCR, 0,
	    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	if (df_generation(p) == seen)
		return 1;
	df_guard_leave(p);
	return 0;
}

static const struct vk_guard_ops df_guard_ops = {df_guard_look, df_guard_enter, df_guard_leave};

struct vk_guard
df_guard(struct proc *p)
{
	struct vk_guard guard = {&df_guard_ops, NULL};

	guard.ctx = p;
	if (IN_CRITICAL_SECT(curthread))
		guard.ops = NULL;
	return guard;
}
#else
struct vk_guard
df_guard(struct proc *p)
{
	struct vk_guard none = {NULL, NULL};

	(void)p;
	return none;
}
#endif
