/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the vkernel's pmap routines see of the machine, with defects in between: who is active, how
 * an entry is replaced, who is flushed.
 */
#include "defect/defect.h"

static bool
has(const struct defect_pmap *pmap, enum defect defect)
{
	return defects_have(pmap->defects, defect);
}

static int
pmap_swap(void *ctx, gpa_t slot, uint64_t value, uint64_t *old)
{
	struct defect_pmap *pmap = ctx;

	return pmap->real->swap(pmap->ctx, slot, value, old);
}

static int
pmap_load(void *ctx, gpa_t slot, uint64_t *value)
{
	struct defect_pmap *pmap = ctx;

	return pmap->real->load(pmap->ctx, slot, value);
}

static void
pmap_flush_self(void *ctx, gva_t gva)
{
	struct defect_pmap *pmap = ctx;

	if (!has(pmap, DEFECT_NO_SELF_FLUSH))
		pmap->real->flush_self(pmap->ctx, gva);
}

/* The old entry is what it was some time before the change. */
static int
pmap_sync(void *ctx, gpa_t slot, uint64_t value, uint64_t *old)
{
	struct defect_pmap *pmap = ctx;
	uint64_t lost;

	if (!has(pmap, DEFECT_PTE_PLAIN_STORE))
		return pmap->real->sync(pmap->ctx, slot, value, old);
	if (!pmap->real->load(pmap->ctx, slot, old))
		return 0;
	vk_pause();
	return pmap->real->sync(pmap->ctx, slot, value, &lost);
}

static int
pmap_active_elsewhere(void *ctx)
{
	struct defect_pmap *pmap = ctx;
	int active;

	if (has(pmap, DEFECT_ACTIVE_MISSED))
		return 0;
	active = pmap->real->active_elsewhere(pmap->ctx);
	if (has(pmap, DEFECT_ACTIVE_UNLOCKED)) {
		vk_pause();
		vk_pause();
	}
	return active;
}

const struct pmap_inval_ops defect_pmap_ops = {
	pmap_swap,
	pmap_load,
	pmap_flush_self,
	pmap_sync,
	pmap_active_elsewhere,
};
