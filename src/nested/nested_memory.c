/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest-physical words and pages by a walk of the EPT each.  Words of guest tables are read through
 * ept_gpm, which knows how the processor reads them; a page is an access of its own.
 */
#include "nested/nested_memory.h"

static int
nested_memory_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct nested_memory *memory = ctx;
	struct gpm words = ept_gpm_memory(&memory->gpm);

	return words.ops->load(words.ctx, slot, entry);
}

static enum cas_status
nested_memory_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct nested_memory *memory = ctx;
	struct gpm words = ept_gpm_memory(&memory->gpm);

	return words.ops->cas(words.ctx, slot, old, new_value);
}

static void *
nested_memory_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	struct nested_memory *memory = ctx;
	const struct nested_window *window = &memory->nested->window;
	struct ept_walk walk;

	*cookie = NULL;
	if (ept_gpm_translate(&memory->gpm, gpa, acc, &walk) != EPT_OK ||
	    walk.hpa.v >> VK_PAGE_SHIFT >= window->size >> VK_PAGE_SHIFT)
		return NULL;
	return (char *)window->base + walk.hpa.v;
}

static void
nested_memory_release(void *ctx, void *cookie)
{
	(void)ctx;
	(void)cookie;
}

static const struct gpm_ops nested_memory_ops = {
    nested_memory_load,
    nested_memory_cas,
    nested_memory_hold,
    nested_memory_release,
};

void
nested_memory_init(struct nested_memory *memory, const struct nested *n)
{
	memory->nested = n;
	ept_gpm_init(&memory->gpm, &n->ept);
	memory->gpm.log = n->log;
	memory->gpm.log_ctx = n->log_ctx;
}

struct gpm
nested_memory_gpm(struct nested_memory *memory)
{
	struct gpm gpm;

	gpm.ops = &nested_memory_ops;
	gpm.ctx = memory;
	return gpm;
}
