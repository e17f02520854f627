/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread has to hand over before it becomes a vCPU: options in its memory, and for a master
 * the stack on which the guest goes on.
 *
 * The caller is an ordinary thread still; nothing of a vCPU exists before all of it was taken.
 */
#include "vmm/vmm.h"

#define PIECE 256 /* bytes of a stack that are moved at once */

static int
copy_stack_page(struct vk_us *us, gva_t from, gva_t to)
{
	char bytes[PIECE];
	unsigned at;

	for (at = 0; at < VK_PAGE_BYTES; at += PIECE) {
		if (vk_copyin(us, vk_gva(from.v + at), bytes, PIECE, NULL) != VK_OK ||
		    vk_copyout(us, bytes, vk_gva(to.v + at), PIECE, NULL) != VK_OK)
			return 0;
	}
	return 1;
}

/* From the top of the stack down to the page of the stack pointer. */
static int
copy_stack(const struct vmm_caller *caller, gva_t new_end)
{
	gva_t from = caller->stack_end, to = new_end;

	while (from.v > caller->sp.v) {
		from.v -= VK_PAGE_BYTES;
		to.v -= VK_PAGE_BYTES;
		if (!copy_stack_page(caller->us, from, to))
			return 0;
	}
	return 1;
}

enum vmm_status
vmm_guest_run(struct vmm_vcpu *vcpu, struct vmm_proc *proc, const struct vmm_host_ops *ops,
    void *ctx, const struct vmm_caller *caller, gva_t uoptions)
{
	struct vmm_user_options user;
	struct vmm_options options;

	if (vk_copyin(caller->us, uoptions, &user, sizeof(user), NULL) != VK_OK)
		return VMM_FAULT;
	if (user.master != 0 && !copy_stack(caller, vk_gva(user.new_stack)))
		return VMM_FAULT;
	options.master = user.master != 0;
	options.guest_cr3 = user.guest_cr3;
	options.ept_root = user.ept_root;
	options.threads = caller->threads;
	options.maxphyaddr = caller->maxphyaddr;
	return vmm_init(vcpu, proc, ops, ctx, &options);
}
