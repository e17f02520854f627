/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shootdown: nobody in guest mode while an entry changes, and everybody flushed before the next
 * entry.
 *
 * With VPID off the forced exit already drops translations that came from guest tables; those that
 * came from the EPT survive exits and go only by the generation and the INVEPT that it causes.
 */
#include "vmm/vmm.h"

void
vmm_stop_begin(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx)
{
	uint64_t lock = vk_atomic_load64(&proc->cpulock);

	for (;;) {
		if (lock & VMM_LOCK_EXCL) {
			vk_pause();
			lock = vk_atomic_load64(&proc->cpulock);
		} else if (vk_atomic_cas64(&proc->cpulock, lock, lock | VMM_LOCK_EXCL, &lock)) {
			break;
		}
	}
	/* The mask is read after EXCL is set: whoever was counted before that is in it. */
	if (lock != 0)
		ops->ipi(ctx, vk_atomic_load64(&proc->cpumask));
	while (vk_atomic_load64(&proc->cpulock) != VMM_LOCK_EXCL)
		vk_pause();
	vk_atomic_plus64(&proc->invgen, 1);
}

void
vmm_stop_end(struct vmm_proc *proc)
{
	vk_atomic_plus64(&proc->cpulock, 0 - VMM_LOCK_EXCL);
}

/* The word at src goes to dst, and what dst held goes to src; all of it or nothing. */
static enum vmm_status
vmm_swap_words(struct vk_us *us, gva_t dst, gva_t src)
{
	uint64_t value, old;

	if (vk_fuword64(us, src, &value) != VK_OK)
		return VMM_FAULT;
	/* src must take the old value: try that before anything changes. */
	if (vk_suword64(us, src, value) != VK_OK || vk_swapu64(us, dst, value, &old) != VK_OK)
		return VMM_FAULT;
	if (vk_suword64(us, src, old) == VK_OK)
		return VMM_OK;
	/*
	 * src has gone since it was tried, be it that the new value is the entry that maps it.  The
	 * old value goes back to dst, which only an entry that maps itself could prevent.
	 */
	(void)vk_swapu64(us, dst, old, &value);
	return VMM_FAULT;
}

enum vmm_status
vmm_guest_sync_addr(struct vmm_proc *proc, const struct vmm_host_ops *ops, void *ctx,
    struct vk_us *us, gva_t dst, gva_t src)
{
	enum vmm_status status = VMM_OK;

	if (!vk_atomic_load64(&proc->ready))
		return VMM_NO_RECORD;
	ops->protocol->sync_begin(proc, ops, ctx);
	if (dst.v != 0) {
		struct vk_us unguarded = *us;

		unguarded.guard.ops = NULL;
		status = vmm_swap_words(&unguarded, dst, src);
	}
	ops->protocol->sync_end(proc, ops, ctx);
	return status;
}
