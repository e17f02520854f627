/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The history of a stale translation: the first entry on its way that no longer is what was read,
 * the change that made it so, and the invalidation that was due.
 *
 * Where it stops: of an entry that went back and forth the first change counts; an item whose walk
 * found no memory for a record has no history.
 */
#include "sim/stale.h"

#include <string.h>

#include "sim/vcpu.h"

#define FRAME_BITS 0x000ffffffffff000ull

/* Which changes demand an invalidation. */
struct rule {
	uint64_t any;     /* of these bits ... */
	uint64_t leaf;    /* ... and of these in a leaf */
	uint64_t cleared;
	uint64_t set;
};

static struct rule
rule_of(const struct vcpu *vcpu, unsigned kind)
{
	struct rule guest = { FRAME_BITS | VK_PG_PWT | VK_PG_PCD | VK_PG_PS, VK_PG_G | VK_PG_PKEY,
		VK_PG_P | VK_PG_RW | VK_PG_US, VK_PG_XD };
	struct rule ept = { FRAME_BITS | EPT_PS, EPT_MEMTYPE | EPT_IPAT, EPT_RWX, 0 };

	/* Of a page that becomes a user's, supervisor fetches may still be allowed. */
	if (vcpu->mode.cr4 & VK_CR4_SMEP)
		guest.set |= VK_PG_US;
	if (vcpu->ept.controls & EPT_CTL_MBEC)
		ept.cleared |= EPT_XU;
	return kind == TABLE_EPT ? ept : guest;
}

static bool
is_leaf(const struct tlb_origin *origin)
{
	return origin->kind == TABLE_EPT ? ept_is_leaf(origin->level, origin->value) :
	    guestpt_is_leaf(origin->level, origin->value);
}

static bool
demands(const struct vcpu *vcpu, const struct tlb_origin *origin, uint64_t now)
{
	struct rule rule = rule_of(vcpu, origin->kind);
	uint64_t changed = origin->value ^ now;

	if (is_leaf(origin))
		rule.any |= rule.leaf;
	return (changed & (rule.any | (rule.cleared & ~now) | (rule.set & now))) != 0;
}

static uint64_t
entry_now(const struct vcpu *vcpu, const struct tlb_origin *origin)
{
	uint64_t now;

	watch_quiet(true); /* the processor does not look */
	now = hostmem_load(vcpu->mem, origin->slot);
	watch_quiet(false);
	if (vcpu->stores != NULL) /* what was read may be there alone */
		vcpu_stores_overlay(vcpu->stores, origin->slot, &now, sizeof(now));
	return now;
}

static uint64_t
root_now(const struct vcpu *vcpu)
{
	return vcpu->mode.cr3 & vk_frame_mask(vcpu->mode.maxphyaddr, VK_PAGE_SHIFT);
}

/* Whether what was read is not there any more; *demanded: and the item had to go for it. */
static bool
is_gone(const struct vcpu *vcpu, const struct tlb_origin *origin, bool *demanded)
{
	uint64_t now;

	*demanded = true;
	if (origin->kind == TLB_ROOT)
		return origin->value != root_now(vcpu);
	now = entry_now(vcpu, origin);
	*demanded = demands(vcpu, origin, now);
	return ((origin->value ^ now) & ~table_flags(origin->kind)) != 0;
}

/* --- what is told ---------------------------------------------------------------------------- */

static void
begin(const struct vcpu *vcpu, struct stale *stale)
{
	memset(stale, 0, sizeof(*stale));
	stale->cpu = tlb_cpu(vcpu->tlb);
	stale->reader = stale->reader_step = stale->changer = stale->changer_step = -1;
}

static void
set_remedy(const struct vcpu *vcpu, gva_t gva, bool by_guest, struct stale *stale)
{
	stale->operand = gva.v;
	if (stale->side == EVENT_EPT) {
		stale->remedy = STALE_INVEPT;
		stale->operand = vcpu->ept.eptp & FRAME_BITS;
	} else if (by_guest) {
		stale->remedy = STALE_INVLPG;
	} else {
		stale->remedy = vcpu->vpid_on ? STALE_INVVPID : STALE_EXIT;
	}
}

static void
tell_entry(const struct vcpu *vcpu, gva_t gva, const struct tlb_origin *origin,
    const struct table_change *change, struct stale *stale)
{
	stale->what = STALE_ENTRY;
	stale->side = origin->kind == TABLE_EPT ? EVENT_EPT : EVENT_GUEST;
	stale->level = origin->level;
	stale->place = origin->place;
	stale->before = origin->value;
	stale->after = entry_now(vcpu, origin);
	if (change != NULL) {
		stale->before = change->before;
		stale->after = change->after;
		stale->changer = change->thread;
		stale->changer_step = change->step;
		stale->number = change->number;
	}
	set_remedy(vcpu, gva, change == NULL || change->by_guest, stale);
}

void
stale_of_root(const struct vcpu *vcpu, int reader, struct stale *stale)
{
	bool shared = vcpu->vpid_on && reader >= 0 && reader != vcpu->thread;

	begin(vcpu, stale);
	stale->what = STALE_ROOT;
	stale->reader = reader;
	stale->remedy = shared ? STALE_INVVPID_SINGLE : STALE_MOV_CR3;
	stale->operand = shared ? vcpu->vpid : root_now(vcpu);
}

void
stale_of_entry(const struct vcpu *vcpu, gva_t gva, const struct tlb_origin *origin,
    struct stale *stale)
{
	begin(vcpu, stale);
	tell_entry(vcpu, gva, origin,
	    table_log_last(tlb_log(vcpu->tlb), origin->slot, origin->value), stale);
}

/* The first entry that is gone, before others one for which the item had to go. */
static const struct tlb_origin *
find_gone(const struct vcpu *vcpu, const struct tlb_stretch *made_of, bool *demanded)
{
	const struct tlb_origin *found = NULL;
	unsigned i;

	*demanded = false;
	for (i = 0; made_of->record != NULL && i < made_of->count && !*demanded; i++) {
		const struct tlb_origin *origin = &made_of->record->origin[made_of->first + i];
		bool demands_it;

		if (!is_gone(vcpu, origin, &demands_it))
			continue;
		if (found == NULL || demands_it)
			found = origin;
		*demanded = demands_it;
	}
	return found;
}

static void
tell_origin(const struct vcpu *vcpu, gva_t gva, const struct tlb_origin *origin,
    struct stale *stale)
{
	if (origin->kind == TLB_ROOT) {
		stale_of_root(vcpu, origin->thread, stale);
	} else {
		begin(vcpu, stale);
		tell_entry(vcpu, gva, origin, table_log_first(tlb_log(vcpu->tlb), origin->slot,
		    origin->value, origin->number), stale);
	}
	stale->reader = origin->thread;
	stale->reader_step = origin->step;
}

void
stale_of_stretch(const struct vcpu *vcpu, gva_t gva, const struct tlb_stretch *made_of,
    struct stale *stale)
{
	bool demanded;
	const struct tlb_origin *origin = find_gone(vcpu, made_of, &demanded);

	if (origin != NULL)
		tell_origin(vcpu, gva, origin, stale);
	else
		begin(vcpu, stale);
}

bool
stale_is_item(const struct vcpu *vcpu, const struct tlb_entry *item, struct stale *stale)
{
	bool demanded;
	const struct tlb_origin *origin = find_gone(vcpu, &item->made_of, &demanded);

	if (!demanded)
		return false;
	tell_origin(vcpu, vk_gva(item->address), origin, stale);
	return true;
}
