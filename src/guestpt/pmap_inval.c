/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inval, clean, setro and load-and-clear of a vkernel's page-table entry, after the source of 2020:
 * one core routine that replaces an entry and invalidates it as far as it can have spread.
 */
#include "guestpt/pmap_inval.h"
#include "guestpt/vpte.h"

/* Replaces the entry and drops it from this virtual CPU alone. */
static int
pmap_replace_here(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t value,
    uint64_t *old)
{
	if (!pi->ops->swap(pi->ctx, slot, value, old))
		return 0;
	pi->ops->flush_self(pi->ctx, gva);
	return 1;
}

/* The change with the smallest invalidation that suffices. */
static int
pmap_sync_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t value, uint64_t *old)
{
	if (pi->ops->active_elsewhere(pi->ctx))
		return pi->ops->sync(pi->ctx, slot, value, old);
	return pmap_replace_here(pi, slot, gva, value, old);
}

int
pmap_inval_pte_quick(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old)
{
	return pmap_replace_here(pi, slot, gva, 0, old);
}

int
pmap_inval_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old)
{
	return pmap_sync_pte(pi, slot, gva, 0, old);
}

int
pmap_load_and_clear_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old)
{
	return pmap_sync_pte(pi, slot, gva, 0, old);
}

/* Clears `bits` everywhere; a dirty flag set between our look and the change is in *old. */
static int
pmap_downgrade_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t bits,
    uint64_t *old)
{
	uint64_t value;

	if (!pi->ops->load(pi->ctx, slot, &value))
		return 0;
	return pmap_sync_pte(pi, slot, gva, value & ~bits, old);
}

int
pmap_clean_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old)
{
	return pmap_downgrade_pte(pi, slot, gva, VK_VPTE_RW | VK_VPTE_M, old);
}

int
pmap_setro_pte(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old)
{
	uint64_t lost;

	if (!pmap_downgrade_pte(pi, slot, gva, VK_VPTE_RW, old))
		return 0;
	/* A dirty flag that came between the look and the swap goes back in. */
	lost = *old & VK_VPTE_M;
	return lost == 0 || pi->ops->swap(pi->ctx, slot, (*old & ~VK_VPTE_RW), &lost);
}
