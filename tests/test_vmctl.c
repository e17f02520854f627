/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread hands over before it becomes a vCPU: rows of calls of vmm_guest_ctl(2), each with
 * options, a stack and pages that are or are not there.
 *
 * [DF-CTL]
 */
#include <string.h>

#include "support/support_copyio.h"
#include "support/support_rows.h"
#include "support/support_vmhost.h"

#define OPTIONS   0x20000u
#define STACK_END 0x40000u
#define NEW_END   0x60000u

struct call_row {
	const char *what;
	uint64_t sp;       /* 0: at the end of the stack */
	uint64_t options;  /* 0: OPTIONS */
	struct vmm_user_options user; /* guest_cr3 0: VMHOST_CR3 */
	unsigned lost;      /* pages of the new stack, from its top, before a missing one */
	unsigned read_only; /* the same before one that may not be written; 0: none */
	enum vmm_status status;
	unsigned copied;   /* pages of the stack */
	int record;        /* another thread is the master */
};

#define ALL 9

/* clang-format off */
static const struct call_row call_rows[] = {
	{ .what = "a master with an empty stack", .user = { .master = 1 }, .lost = ALL },
	{ .what = "a master with a stack within one page", .sp = STACK_END - 8,
	    .user = { .master = 1 }, .lost = ALL, .copied = 1 },
	{ .what = "a stack pointer at the beginning of a page", .sp = STACK_END - 0x1000,
	    .user = { .master = 1 }, .lost = ALL, .copied = 1 },
	{ .what = "a stack pointer at the end of a page", .sp = STACK_END - 0x1001,
	    .user = { .master = 1 }, .lost = ALL, .copied = 2 },
	{ .what = "a stack of three pages", .sp = STACK_END - 0x2ff0,
	    .user = { .master = 1 }, .lost = ALL, .copied = 3 },
	{ .what = "any number but 0 makes a master", .sp = STACK_END - 8,
	    .user = { .master = 1ull << 40 }, .lost = ALL, .copied = 1 },
	{ .what = "a slave's stack stays where it is", .sp = STACK_END - 0x2ff0,
	    .lost = ALL, .status = VMM_NO_RECORD },
	{ .what = "a slave without a record is refused, whatever root it brings",
	    .user = { .ept_root = 0x1000001e }, .status = VMM_NO_RECORD },
	{ .what = "a slave need not bring a root", .record = 1 },
	{ .what = "a slave may bring the root of the record", .user = { .ept_root = 0x10001e },
	    .record = 1 },
	{ .what = "a slave that brings another root is refused", .user = { .ept_root = 0x20001e },
	    .record = 1, .status = VMM_BAD_ROOT },
	{ .what = "a master with a bad CR3 is refused after its stack was copied",
	    .sp = STACK_END - 8, .user = { .master = 1, .guest_cr3 = 1ull << 63 }, .lost = ALL,
	    .status = VMM_BAD_CR3, .copied = 1 },
	{ .what = "options that are not mapped", .options = 0x90000, .user = { .master = 1 },
	    .status = VMM_FAULT },
	{ .what = "options that run into a page that is not mapped", .options = OPTIONS + 0xff0,
	    .user = { .master = 1 }, .status = VMM_FAULT },
	{ .what = "options beyond user space", .options = COPY_END - 8, .user = { .master = 1 },
	    .status = VMM_FAULT },
	{ .what = "options around the end of memory", .options = ~7ull, .user = { .master = 1 },
	    .status = VMM_FAULT },
	{ .what = "a new stack that is not mapped at all", .sp = STACK_END - 8,
	    .user = { .master = 1 }, .lost = 0, .status = VMM_FAULT },
	{ .what = "a new stack whose second page is not mapped", .sp = STACK_END - 0x2ff0,
	    .user = { .master = 1 }, .lost = 1, .status = VMM_FAULT, .copied = 1 },
	{ .what = "a new stack whose third page is not mapped", .sp = STACK_END - 0x2ff0,
	    .user = { .master = 1 }, .lost = 2, .status = VMM_FAULT, .copied = 2 },
	{ .what = "a new stack whose second page is read-only", .sp = STACK_END - 0x2ff0,
	    .user = { .master = 1 }, .lost = ALL, .read_only = 1, .status = VMM_FAULT,
	    .copied = 1 },
	{ .what = "a stack that is longer than what is mapped", .sp = STACK_END - 0x4008,
	    .user = { .master = 1 }, .lost = ALL, .status = VMM_FAULT, .copied = 4 },
};
/* clang-format on */

static void
map_pages(struct umem *mem, const struct call_row *row)
{
	unsigned i;

	umem_add(mem, OPTIONS, UMEM_R, 0);
	for (i = 1; i <= 4; i++)
		umem_add(mem, STACK_END - i * 0x1000, UMEM_R, i);
	for (i = 1; i <= 4 && i <= row->lost; i++)
		umem_add(mem, NEW_END - i * 0x1000,
		    row->read_only != 0 && i > row->read_only ? UMEM_R : UMEM_RW, 10 + i);
}

/* A page of the new stack has the stack's bytes if it was copied, else its own. */
static void
assert_copied(struct umem *mem, const struct call_row *row)
{
	unsigned i, at;

	for (i = 1; i <= 4 && i <= row->lost; i++) {
		unsigned pattern = i <= row->copied ? i : 10 + i;

		for (at = 0; at < 0x1000; at++)
			assert_int_equal(
			    *umem_at(mem, NEW_END - i * 0x1000 + at), umem_pattern(pattern, at));
	}
}

static void
run_call_row(void **state)
{
	static const struct vmhost_program none = {.calls = 0};
	const struct call_row *row = *state;
	struct vmm_user_options user = row->user;
	struct vmm_caller caller = {.threads = 1, .maxphyaddr = 46};
	struct vmhost_thread *thread, *master;
	static struct vmhost host;
	struct umem mem;
	struct vk_us us;

	umem_init(&mem);
	map_pages(&mem, row);
	if (user.guest_cr3 == 0)
		user.guest_cr3 = VMHOST_CR3;
	user.new_stack = NEW_END;
	memcpy(umem_at(&mem, OPTIONS), &user, sizeof(user));
	memcpy(umem_at(&mem, OPTIONS + 0xff0), &user, 16);
	vk_us_init_std(&us, umem_gpm(&mem), vk_gva(COPY_END));
	caller.us = &us;
	caller.sp = vk_gva(row->sp != 0 ? row->sp : STACK_END);
	caller.stack_end = vk_gva(STACK_END);
	vmhost_init(&host, 1, 0);
	thread = vmhost_add(&host, &none);
	master = vmhost_add(&host, &none);
	master->options.master = 1;
	master->options.guest_cr3 = VMHOST_CR3;
	if (row->record)
		assert_int_equal(vmm_init(&master->vcpu, &host.proc, &vmhost_ops, master,
		                     &master->options),
		    VMM_OK);
	assert_int_equal(vmm_guest_run(&thread->vcpu, &host.proc, &vmhost_ops, thread, &caller,
	                     vk_gva(row->options != 0 ? row->options : OPTIONS)),
	    row->status);
	assert_int_equal(thread->vcpu.exists, row->status == VMM_OK);
	assert_int_equal(host.created, row->record || row->status == VMM_OK);
	assert_int_equal(host.proc.ready, row->record || row->status == VMM_OK);
	assert_copied(&mem, row);
	if (row->status == VMM_OK)
		assert_int_equal(thread->vcpu.cr3, VMHOST_CR3);
	vmm_destroy(&thread->vcpu);
	vmm_destroy(&master->vcpu);
	assert_int_equal(host.created, host.destroyed);
	umem_check(&mem);
	umem_destroy(&mem);
}

int
main(void)
{
	struct rows rows = {0};
	size_t i;

	for (i = 0; i < ROWS_COUNT(call_rows); i++)
		rows_add(&rows, NULL, call_rows[i].what, run_call_row, &call_rows[i]);
	return rows_run(&rows, "vmctl") != 0;
}
