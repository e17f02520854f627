/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four operations of guest-physical memory over vmspace_fault().
 */
#include "support/map_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Faults the page of an address in; where its byte then is, or refused. */
static bool
map_find(struct map_memory *memory, gpa_t gpa, unsigned acc, hpa_t *hpa)
{
	struct vm_fault found;

	assert_false(memory->held);
	found = vmspace_fault(memory->space, gpa.v, acc);
	*hpa = vk_hpa(found.frame.v | (gpa.v & VK_PAGE_OFFSET_MASK));
	return found.status == VM_FAULT_OK;
}

static int
map_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct map_memory *memory = ctx;
	hpa_t hpa;

	if (!map_find(memory, slot, VK_ACC_R, &hpa))
		return 0;
	*entry = hostmem_load(memory->host, hpa);
	return 1;
}

static enum cas_status
map_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct map_memory *memory = ctx;
	struct hpm hpm = hostmem_hpm(memory->host);
	hpa_t hpa;

	if (!map_find(memory, slot, VK_ACC_W, &hpa))
		return CAS_REFUSED;
	return hpm.ops->cas(hpm.ctx, hpa, old, new_value);
}

static void *
map_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	struct map_memory *memory = ctx;
	char *frame;
	hpa_t hpa;

	if (!map_find(memory, gpa, acc, &hpa))
		return NULL;
	frame = hostmem_frame(memory->host, vk_hpa(hpa.v & ~VK_PAGE_OFFSET_MASK));
	assert_non_null(frame);
	memory->held = 1;
	*cookie = frame;
	return frame + (hpa.v & VK_PAGE_OFFSET_MASK);
}

static void
map_release(void *ctx, void *cookie)
{
	struct map_memory *memory = ctx;

	assert_true(memory->held && cookie != NULL);
	memory->held = 0;
}

static const struct gpm_ops map_memory_ops = {map_load, map_cas, map_hold, map_release};

struct gpm
map_memory_gpm(struct map_memory *memory)
{
	struct gpm gpm = {&map_memory_ops, memory};

	return gpm;
}
