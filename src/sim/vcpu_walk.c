/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks that begin with what is cached: paging-structure entries and guest-physical translations.
 *
 * The walkers of the core read entry after entry from a memory that they are given.  Here that
 * memory answers from a cached item for as long as the item has the entry, and from the real memory
 * below it, so that rights, flags and faults come from the same code as ever.  The longest cached
 * prefix is taken.  What a walk has read, with its accessed flags set, is cached as it goes.
 *
 * A walk that used cached items and then fails is made again from the root, so that a fault always
 * comes from the tables as they are.  Where the model stops: nothing is cached by a guest walk that
 * fails, although its upper entries could be.
 */
#include "sim/vcpu_access.h"

/* --- the EPT's entries ---------------------------------------------------------------------- */

static uint64_t
load_ept_entry(void *ctx, hpa_t slot)
{
	struct cached_walk *walk = ctx;
	unsigned level = walk->ept_next;

	/* Past the leaf, sub-page permission tables are read. */
	if (level != 0)
		walk->ept_next--;
	if (walk->ept_level != 0 && level >= walk->ept_level)
		return walk->ept_item.step[level];
	return walk->memory.ops->load(walk->memory.ctx, slot);
}

static enum cas_status
cas_ept_entry(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	struct cached_walk *walk = ctx;
	enum cas_status status = walk->memory.ops->cas(walk->memory.ctx, slot, old, new_value);

	if (status != CAS_DONE) { /* the EPT is walked again, from its root */
		walk->ept_level = *walk->ept_record = 0;
		walk->ept_next = walk->ept.levels;
		if (walk->record != NULL)
			walk->record->count = walk->ept_first;
	}
	return status;
}

static const struct hpm_ops ept_entry_ops = { load_ept_entry, cas_ept_entry };

/* The rights that the access needs of EPT entries. */
static uint64_t
ept_rights_needed(const struct ept *ept, unsigned acc)
{
	uint64_t need = acc & (VK_ACC_R | VK_ACC_W);

	if (acc & VK_ACC_X)
		need |= (ept->controls & EPT_CTL_MBEC) && (acc & VK_ACC_USER_ADDR) ? EPT_XU :
		    EPT_X;
	return need;
}

/* Whether an item grants the access, with no flag left to set. */
static bool
ept_item_allows(const struct ept *ept, const struct tlb_entry *item, unsigned acc)
{
	uint64_t all = ~0ull;
	unsigned level;

	for (level = item->level; level <= item->levels; level++)
		all &= item->step[level];
	if ((ept_rights_needed(ept, acc) & ~all) != 0 || (ept->ad && !(all & EPT_A)))
		return false;
	return item->kind != TLB_GUEST_PHYSICAL || !ept->ad || !(acc & VK_ACC_W) ||
	    (item->step[item->level] & EPT_D) != 0;
}

/* --- history -------------------------------------------------------------------------------- */

/* The walk has come to an entry; its frame is one of tables from now on. */
static void
note_origin(struct cached_walk *walk, unsigned kind, unsigned level, hpa_t slot, uint64_t place,
    uint64_t value)
{
	const struct vcpu *vcpu = walk->state->vcpu;
	struct table_log *log = tlb_log(walk->tlb);
	struct tlb_origin origin = { .kind = kind, .level = level, .slot = slot, .place = place,
		.value = value, .thread = vcpu->thread, .step = vcpu->step };

	if (walk->record == NULL)
		return;
	if (kind != TLB_ROOT)
		(void)table_log_add(log, vk_hpa(slot.v & ~VK_PAGE_OFFSET_MASK), kind);
	origin.number = table_log_number(log);
	tlb_record_add(walk->record, &origin);
}

static void
note_root(struct cached_walk *walk)
{
	const struct guestpt_mode *mode = &walk->state->vcpu->mode;

	if (walk->levels != 0)
		note_origin(walk, TLB_ROOT, 0, vk_hpa(0), 0,
		    mode->cr3 & vk_frame_mask(mode->maxphyaddr, VK_PAGE_SHIFT));
}

static unsigned
origins(const struct cached_walk *walk)
{
	return walk->record != NULL ? walk->record->count : 0;
}

/* An attempt begins; what items were made of by those before stays theirs. */
static void
begin_record(struct cached_walk *walk)
{
	if (tlb_log(walk->tlb) == NULL)
		return;
	if (walk->record != NULL && walk->record->users == 1) {
		walk->record->count = 0;
		return;
	}
	tlb_record_release(walk->record);
	walk->record = tlb_record_create(tlb_records(walk->tlb));
	if (walk->record == NULL)
		tlb_fail(walk->tlb);
}

/* --- guest-physical translations -------------------------------------------------------------- */

static bool
take_ept_item(struct cached_walk *walk, enum tlb_kind kind, gpa_t gpa, unsigned acc)
{
	const struct tlb_entry *item = tlb_find(walk->tlb, kind, &walk->tag, gpa.v, false);
	bool hit = item != NULL && ept_item_allows(&walk->ept, item, acc);

	tlb_count_use(walk->tlb, kind, hit);
	if (!hit)
		return false;
	walk->ept_item = *item;
	walk->ept_level = *walk->ept_record = item->level;
	tlb_record_take(walk->record, &item->made_of);
	walk->ept_revoked |= item->revoked;
	walk->revoked |= item->revoked;
	walk->helped = true;
	return true;
}

/* Before a translation of `gpa`; *record is to tell how much of it was cached. */
static void
begin_ept_walk(struct cached_walk *walk, gpa_t gpa, unsigned acc, unsigned *record)
{
	walk->ept_record = record;
	walk->ept_level = *record = 0;
	walk->ept_next = walk->ept.levels;
	walk->ept_first = origins(walk);
	walk->ept_revoked = false;
	if (!walk->fresh && !take_ept_item(walk, TLB_GUEST_PHYSICAL, gpa, acc))
		(void)take_ept_item(walk, TLB_GUEST_PHYSICAL_STRUCTURE, gpa, acc);
}

/* After one that succeeded: its translation, and the upper entries. */
static void
fill_guest_physical(struct cached_walk *walk, const struct ept_walk *found)
{
	struct tlb_entry item = { .kind = TLB_GUEST_PHYSICAL_STRUCTURE };
	unsigned level, first = walk->ept_level != 0 ? walk->ept_level - 1 : walk->ept.levels;

	for (level = first; level >= found->level; level--)
		note_origin(walk, TABLE_EPT, level, found->step[level].slot,
		    found->step[level].slot.v, found->step[level].entry);
	if (walk->ept_level == found->level)
		return;
	item.made_of = (struct tlb_stretch){ walk->record, walk->ept_first, 0 };
	item.revoked = walk->ept_revoked;
	item.levels = walk->ept.levels;
	item.tag.eptrta = walk->tag.eptrta;
	for (level = walk->ept.levels; level >= found->level; level--) {
		item.step[level] = found->step[level].entry | (walk->ept.ad ? EPT_A : 0);
		item.made_of.count++;
		item.level = level;
		item.shift = vk_level_shift(level);
		item.address = found->gpa.v >> item.shift << item.shift;
		if (level > found->level && level <= first)
			tlb_fill(walk->tlb, &item);
	}
	item.kind = TLB_GUEST_PHYSICAL;
	item.shift = VK_PAGE_SHIFT;
	item.address = found->gpa.v & ~VK_PAGE_OFFSET_MASK;
	if (walk->ept.ad && (found->acc & VK_ACC_W))
		item.step[found->level] |= EPT_D;
	tlb_fill(walk->tlb, &item);
}

enum ept_status
cached_walk_translate(struct cached_walk *walk, unsigned acc)
{
	struct vcpu_piece *piece = walk->piece;
	enum ept_status status;

	begin_ept_walk(walk, piece->gpa, acc, &piece->final_cached);
	status = ept_gpm_translate(&walk->state->result->gpm, piece->gpa, acc, &piece->final);
	if (status == EPT_OK)
		fill_guest_physical(walk, &piece->final);
	return status;
}

/* --- the guest's entries -------------------------------------------------------------------- */

/* The words that the EPT walks of guest entries lead to. */
static uint64_t
load_word(void *ctx, hpa_t slot)
{
	struct cached_walk *walk = ctx;

	walk->word[walk->guest_next + 1] = slot;
	return walk->memory.ops->load(walk->memory.ctx, slot);
}

/* The flags of an entry are set where it was read, or not at all: the walk is made again. */
static enum cas_status
cas_word(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	struct cached_walk *walk = ctx;

	if (slot.v != walk->word[walk->updating].v)
		return CAS_LOST;
	return walk->memory.ops->cas(walk->memory.ctx, slot, old, new_value);
}

static const struct hpm_ops word_ops = { load_word, cas_word };

/* The record that the next table access will have. */
static unsigned *
next_record(struct cached_walk *walk)
{
	struct vcpu_result *result = walk->state->result;
	unsigned next = result->gpm.count;

	return &result->table_cached[next < EPT_GPM_ACCESSES ? next : EPT_GPM_ACCESSES - 1];
}

static void
fill_last_access(struct cached_walk *walk)
{
	const struct ept_gpm *gpm = &walk->state->result->gpm;

	if (gpm->access[gpm->count - 1].status == EPT_OK)
		fill_guest_physical(walk, &gpm->access[gpm->count - 1].walk);
}

/* An item for the levels above it is made of all that comes before it in the record. */
static void
note_guest_entry(struct cached_walk *walk, unsigned level, gpa_t slot, uint64_t entry)
{
	walk->before[level] = origins(walk);
	note_origin(walk, TABLE_GUEST, level, walk->word[level], slot.v, entry);
}

static int
load_below(struct cached_walk *walk, unsigned level, gpa_t slot, uint64_t *entry)
{
	int loaded;

	walk->word[level] = vk_hpa(slot.v); /* where there is no EPT */
	if (walk->state->vcpu->ept_on)
		begin_ept_walk(walk, slot,
		    VK_ACC_R | VK_ACC_TABLE | (walk->ept.ad ? VK_ACC_W : 0),
		    next_record(walk));
	loaded = walk->below.ops->load(walk->below.ctx, slot, entry);
	if (walk->state->vcpu->ept_on)
		fill_last_access(walk);
	if (loaded)
		note_guest_entry(walk, level, slot, *entry);
	return loaded;
}

static int
load_guest_entry(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct cached_walk *walk = ctx;
	unsigned level = walk->guest_next--;

	if (walk->guest_level != 0 && level >= walk->guest_level) {
		*entry = walk->guest_item.step[level];
		return 1;
	}
	if (level + 1 != walk->guest_level)
		return load_below(walk, level, slot, entry);
	walk->word[level] =
	    vk_hpa(walk->guest_item.table.v | (slot.v & VK_PAGE_OFFSET_MASK));
	*entry = walk->memory.ops->load(walk->memory.ctx, walk->word[level]);
	note_guest_entry(walk, level, slot, *entry);
	walk->piece->guest_direct = true;
	return 1;
}

static enum cas_status
cas_guest_entry(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct cached_walk *walk = ctx;
	const struct guestpt_walk *guest = &walk->piece->guest;
	enum cas_status status;

	for (walk->updating = walk->levels; walk->updating > guest->level; walk->updating--) {
		if (guest->step[walk->updating].slot.v == slot.v &&
		    guest->step[walk->updating].entry == old)
			break;
	}
	if (walk->state->vcpu->ept_on)
		begin_ept_walk(walk, slot, VK_ACC_R | VK_ACC_W | VK_ACC_TABLE, next_record(walk));
	status = walk->below.ops->cas(walk->below.ctx, slot, old, new_value);
	if (walk->state->vcpu->ept_on)
		fill_last_access(walk);
	return status;
}

static const struct gpm_ops guest_entry_ops = { load_guest_entry, cas_guest_entry, NULL, NULL };

static enum tlb_kind
structure_kind(const struct cached_walk *walk)
{
	return walk->state->vcpu->ept_on ? TLB_COMBINED_STRUCTURE : TLB_LINEAR_STRUCTURE;
}

static void
take_guest_item(struct cached_walk *walk)
{
	enum tlb_kind kind = structure_kind(walk);
	const struct tlb_entry *item = tlb_find(walk->tlb, kind, &walk->tag, walk->piece->gva.v,
	    false);

	tlb_count_use(walk->tlb, kind, item != NULL);
	if (item == NULL)
		return;
	walk->guest_item = *item;
	walk->guest_level = item->level;
	tlb_record_take(walk->record, &item->made_of);
	walk->revoked |= item->revoked;
	walk->helped = true;
}

bool
cached_walk_is_revoked(const struct cached_walk *walk)
{
	return walk->revoked;
}

void
cached_walk_fill(struct cached_walk *walk)
{
	const struct guestpt_walk *guest = &walk->piece->guest;
	unsigned level, first = walk->guest_level != 0 ? walk->guest_level - 1 : walk->levels;
	struct tlb_entry item = { .kind = structure_kind(walk), .tag = walk->tag };

	item.levels = walk->levels;
	item.made_of.record = walk->record;
	item.revoked = walk->revoked;
	for (level = walk->levels; level > guest->level; level--) {
		item.step[level] = guest->step[level].entry | VK_PG_A;
		item.level = level;
		item.shift = vk_level_shift(level);
		item.address = guest->gva.v >> item.shift << item.shift;
		item.table = vk_hpa(walk->word[level - 1].v & ~VK_PAGE_OFFSET_MASK);
		item.made_of.count = walk->before[level - 1];
		if (level <= first)
			tlb_fill(walk->tlb, &item);
	}
}

/* --- a walk --------------------------------------------------------------------------------- */

void
cached_walk_init(struct cached_walk *walk, struct access_state *state, struct vcpu_piece *piece,
    struct gpm *memory)
{
	struct vcpu *vcpu = state->vcpu;
	struct vcpu_result *result = state->result;

	walk->state = state;
	walk->piece = piece;
	walk->tlb = vcpu->tlb;
	walk->tag = vcpu_tag(vcpu);
	walk->below = *memory;
	walk->levels = vcpu_levels(vcpu);
	walk->fresh = false;
	walk->record = NULL;
	walk->memory = vcpu->ept_on ? vcpu->ept.mem : state->memory;
	if (vcpu->ept_on) {
		walk->ept = vcpu->ept;
		walk->ept.mem.ops = &ept_entry_ops;
		walk->ept.mem.ctx = walk;
		result->gpm.ept = &walk->ept;
		result->gpm.words.ops = &word_ops;
		result->gpm.words.ctx = walk;
	}
	memory->ops = &guest_entry_ops;
	memory->ctx = walk;
	state->caches = walk;
	tlb_walk_begin(walk->tlb);
}

void
cached_walk_begin(struct cached_walk *walk)
{
	struct vcpu_piece *piece = walk->piece;

	walk->helped = walk->revoked = false;
	walk->guest_next = walk->levels;
	walk->guest_level = 0;
	piece->guest_direct = false;
	piece->final_cached = 0;
	begin_record(walk);
	if (!walk->fresh && walk->levels != 0)
		take_guest_item(walk);
	if (walk->guest_level == 0)
		note_root(walk);
	piece->guest_cached = walk->guest_level;
}

void
cached_walk_end(struct cached_walk *walk)
{
	walk->state->caches = NULL;
	tlb_record_release(walk->record);
	/* The result outlives the walk. */
	if (walk->state->vcpu->ept_on)
		walk->state->result->gpm.ept = &walk->state->vcpu->ept;
}
