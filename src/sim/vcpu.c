/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One access of a virtual CPU, from the linear address to the host frame.
 *
 * The order is the processor's: canonical form, then per page a cached translation or the
 * two-dimensional walk (EPT events on a table page come before what a lower guest level would say),
 * the guest's rights, the guest's flags, and last the EPT translation of the page itself.  Where
 * the architecture leaves a choice this takes the one that docs/MODEL.md names.
 */
#include "sim/vcpu.h"

#include <string.h>

#include "ept/memtype.h"

#define ACCESS_RETRIES 1024

/* --- events ------------------------------------------------------------------------------ */

static void
emit(const struct vcpu *vcpu, struct event *event)
{
	event->thread = vcpu->thread;
	event->step = vcpu->step;
	vcpu->sink(vcpu->sink_ctx, event);
}

static void
emit_read(const struct vcpu *vcpu, enum event_side side, unsigned level, uint64_t slot,
    uint64_t entry, unsigned *order)
{
	struct event event = { .kind = EVENT_TABLE_READ, .side = side, .level = level };

	event.slot = slot;
	event.value = entry;
	event.order = order != NULL ? ++*order : 0;
	emit(vcpu, &event);
}

static void
emit_flags(const struct vcpu *vcpu, enum event_side side, unsigned level, uint64_t slot,
    uint64_t before, uint64_t after)
{
	struct event event = { .kind = EVENT_FLAGS, .side = side, .level = level };

	if (before == after)
		return;
	event.slot = slot;
	event.before = before;
	event.value = after;
	emit(vcpu, &event);
}

static void
emit_ept_walk(const struct vcpu *vcpu, const struct ept_walk *walk, enum ept_status status,
    unsigned *order)
{
	unsigned level;

	if (walk->level == 0)
		return;
	for (level = vcpu->ept.levels; level >= walk->level; level--)
		emit_read(vcpu, EVENT_EPT, level, walk->step[level].slot.v,
		    walk->step[level].entry, order);
	if (status != EPT_OK || !vcpu->ept.ad)
		return;
	for (level = vcpu->ept.levels; level >= walk->level; level--) {
		const struct ept_step *step = &walk->step[level];
		uint64_t dirty = level == walk->level && (walk->acc & VK_ACC_W) ? EPT_D : 0;

		emit_flags(vcpu, EVENT_EPT, level, step->slot.v, step->entry,
		    step->entry | EPT_A | dirty);
	}
}

static unsigned
guest_level_of_slot(const struct guestpt_walk *walk, unsigned levels, gpa_t slot, uint64_t entry)
{
	unsigned level;

	for (level = levels; level >= walk->level && level > 0; level--) {
		if (walk->step[level].slot.v == slot.v &&
		    (walk->step[level].entry | VK_PG_A | VK_PG_D) ==
		    (entry | VK_PG_A | VK_PG_D))
			return level;
	}
	return walk->level;
}

/* The guest's walk where no EPT walks record what became of it. */
static void
emit_flat_walk(const struct vcpu *vcpu, const struct guestpt_walk *guest, unsigned levels,
    bool done)
{
	unsigned order = 0, level;

	for (level = levels; level >= guest->level && level > 0; level--)
		emit_read(vcpu, EVENT_GUEST, level, guest->step[level].slot.v,
		    guest->step[level].entry, &order);
	for (level = levels; done && level >= guest->level && level > 0; level--) {
		uint64_t entry = guest->step[level].entry;
		uint64_t dirty = level == guest->level && (guest->acc & VK_ACC_W) ? VK_PG_D : 0;

		emit_flags(vcpu, EVENT_GUEST, level, guest->step[level].slot.v, entry,
		    entry | VK_PG_A | dirty);
	}
}

/* The guest's walk, with the EPT walk that led to each of its entries. */
static void
emit_walk(const struct vcpu *vcpu, const struct vcpu_result *result,
    const struct vcpu_piece *piece)
{
	const struct guestpt_walk *guest = &piece->guest;
	unsigned levels = (vcpu->mode.cr0 & VK_CR0_PG) == 0 ? 0 :
	    (vcpu->mode.cr4 & VK_CR4_LA57) ? 5 : 4;
	unsigned order = 0, i, level = levels;

	if (!vcpu->ept_on) {
		emit_flat_walk(vcpu, guest, levels, result->outcome == VCPU_DONE);
		return;
	}
	for (i = 0; i < result->gpm.count; i++) {
		const struct ept_gpm_access *access = &result->gpm.access[i];

		/* What setting a guest flag reads is not one of the walk's references. */
		emit_ept_walk(vcpu, &access->walk, access->status,
		    access->update ? NULL : &order);
		if (access->status != EPT_OK)
			continue;
		if (access->update) {
			unsigned at = guest_level_of_slot(guest, levels, access->walk.gpa,
			    access->entry);

			emit_flags(vcpu, EVENT_GUEST, at, access->walk.gpa.v,
			    guest->step[at].entry, access->entry);
		} else {
			emit_read(vcpu, EVENT_GUEST, level--, access->walk.gpa.v, access->entry,
			    &order);
		}
	}
	if (piece->final_walked)
		emit_ept_walk(vcpu, &piece->final, piece->final_status, &order);
}

static const enum event_outcome outcome_events[] = {
	[VCPU_DONE] = EVENT_OK,
	[VCPU_PF] = EVENT_PAGE_FAULT,
	[VCPU_GP] = EVENT_GENERAL_PROTECTION,
	[VCPU_EXIT] = EVENT_VM_EXIT,
	[VCPU_VE] = EVENT_VIRTUALIZATION,
};

static void
emit_piece(const struct vcpu *vcpu, const struct vcpu_request *request,
    const struct vcpu_result *result, const struct vcpu_piece *piece)
{
	struct event event = { .kind = EVENT_ACCESS };

	if (vcpu->sink == NULL)
		return;
	if (!piece->cached)
		emit_walk(vcpu, result, piece);
	event.address = piece->gva.v;
	event.size = piece->size;
	event.acc = request->acc;
	event.outcome = outcome_events[result->outcome];
	event.error = result->error_code;
	event.gpa = piece->gpa.v;
	event.value = piece->hpa.v;
	event.cached = piece->cached;
	emit(vcpu, &event);
	if (piece->stale) {
		event.kind = EVENT_STALE;
		emit(vcpu, &event);
	}
}

/* --- guest-physical memory without EPT ---------------------------------------------------- */

static int
flat_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	*entry = hostmem_load(ctx, vk_hpa(slot.v));
	return 1;
}

static enum cas_status
flat_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct hpm hpm = hostmem_hpm(ctx);

	return hpm.ops->cas(hpm.ctx, vk_hpa(slot.v), old, new_value);
}

static int
look_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	const struct vcpu *vcpu = ctx;

	if (vcpu->look.ops == NULL)
		return flat_load(vcpu->mem, slot, entry);
	*entry = vcpu->look.ops->load(vcpu->look.ctx, vk_hpa(slot.v));
	return 1;
}

static enum cas_status
flat_look(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	(void)ctx;
	(void)slot;
	(void)old;
	(void)new_value;
	return CAS_DONE;
}

static const struct gpm_ops flat_ops = { flat_load, flat_cas, NULL, NULL };
static const struct gpm_ops flat_look_ops = { look_load, flat_look, NULL, NULL };

/* --- page-modification log and #VE -------------------------------------------------------- */

#define PML_ENTRIES 512

/* A full log forbids EPT flags; a dirty flag that went up is logged. */
static int
pml_log(void *ctx, const struct ept_walk *walk, int done)
{
	struct vcpu *vcpu = ctx;

	if (!done)
		return vcpu->pml.index >= PML_ENTRIES;
	if (ept_ad_owed(&vcpu->ept, walk) & EPT_D) {
		hostmem_store(vcpu->mem, vk_hpa(vcpu->pml.log.v + 8u * vcpu->pml.index),
		    walk->gpa.v & ~VK_PAGE_OFFSET_MASK);
		vcpu->pml.index--;
	}
	return 0;
}

/* Where the entry that decided a violation says bit 63, no #VE is raised for it. */
static bool
ve_is_suppressed(const struct vcpu *vcpu, const struct ept_walk *walk)
{
	if (!(vcpu->ept.controls & EPT_CTL_VE) || walk->level == 0)
		return true;
	return (walk->step[walk->level].entry & EPT_SVE) != 0;
}

/* Turns a violation into exception 20 when everything allows it [EPT-VE]. */
static bool
ve_raise(struct vcpu *vcpu, const struct vcpu_request *request, const struct ept_walk *walk,
    const struct ept_exit *exit)
{
	hpa_t page = vcpu->ve_page;

	if (exit->reason != EPT_EXIT_VIOLATION || request->delivering ||
	    ve_is_suppressed(vcpu, walk) || (hostmem_load(vcpu->mem, page) >> 32) != 0)
		return false;
	hostmem_store(vcpu->mem, page, (0xffffffffull << 32) | EPT_EXIT_VIOLATION);
	hostmem_store(vcpu->mem, vk_hpa(page.v + 8), exit->qualification);
	hostmem_store(vcpu->mem, vk_hpa(page.v + 16), exit->gla.v);
	hostmem_store(vcpu->mem, vk_hpa(page.v + 24), exit->gpa.v);
	/* The EPTP index, 0, has 16 bits; what lies above them is not the processor's. */
	hostmem_store(vcpu->mem, vk_hpa(page.v + 32),
	    hostmem_load(vcpu->mem, vk_hpa(page.v + 32)) & ~0xffffull);
	return true;
}

/* --- one page ------------------------------------------------------------------------------ */

struct access_state {
	struct vcpu *vcpu;
	const struct vcpu_request *request;
	struct vcpu_result *result;
	unsigned acc;   /* with VK_ACC_USER, VK_ACC_IMPLICIT as the access is */
	bool look_only;
};

static unsigned
acc_of_request(const struct vcpu *vcpu, const struct vcpu_request *request)
{
	if (request->implicit)
		return request->acc | VK_ACC_IMPLICIT;
	return request->acc | (vcpu->cpl == 3 ? VK_ACC_USER : 0);
}

static enum vcpu_outcome
fail_exit(struct access_state *state, struct vcpu_piece *piece, const struct ept_walk *walk,
    enum ept_status status, bool final, const struct guestpt *pt)
{
	struct vcpu_result *result = state->result;
	struct ept_linear linear = { .gla = piece->gva, .valid = 1, .final = final };

	if (final) {
		linear.user = guestpt_is_user(&piece->guest);
		linear.writable = guestpt_is_writable(&piece->guest);
		linear.xd = guestpt_is_xd(pt, &piece->guest);
		if (pt->levels == 0) /* no paging: everything is allowed */
			linear.user = linear.writable = 1;
	}
	if (result->gpm.stopped_by_log) {
		memset(&result->exit, 0, sizeof(result->exit));
		result->exit.reason = 62;
		result->exit.gpa = vk_gpa(0);
		return VCPU_EXIT;
	}
	ept_exit_build(&state->vcpu->ept, walk, status, &linear, &result->exit);
	if (!state->look_only && ve_raise(state->vcpu, state->request, walk, &result->exit))
		return VCPU_VE;
	return VCPU_EXIT;
}

static enum vcpu_outcome
finish_guest_failure(struct access_state *state, struct vcpu_piece *piece,
    enum guestpt_status status, const struct guestpt *pt)
{
	struct vcpu_result *result = state->result;

	if (status == GUESTPT_PF) {
		result->error_code = piece->guest.error_code;
		result->cr2 = piece->gva;
		return VCPU_PF;
	}
	if (status == GUESTPT_GP)
		return VCPU_GP;
	if (state->vcpu->ept_on && result->gpm.count > 0) {
		const struct ept_gpm_access *last = &result->gpm.access[result->gpm.count - 1];

		return fail_exit(state, piece, &last->walk, last->status, false, pt);
	}
	return VCPU_GP; /* a table beyond the end of memory that could not take a flag */
}

/* One attempt; VCPU_DONE with *lost set means that a flag lost its race. */
static enum vcpu_outcome
try_piece(struct access_state *state, struct vcpu_piece *piece, const struct guestpt *pt,
    bool *lost)
{
	struct vcpu_result *result = state->result;
	enum guestpt_status status;
	unsigned acc = state->acc;
	enum cas_status flags;

	*lost = false;
	ept_gpm_reset(&result->gpm);
	piece->final_walked = false;
	status = guestpt_walk(pt, piece->gva, acc, &piece->guest);
	if (status != GUESTPT_OK)
		return finish_guest_failure(state, piece, status, pt);
	flags = guestpt_commit_ad(pt, &piece->guest);
	if (flags == CAS_REFUSED)
		return finish_guest_failure(state, piece, GUESTPT_REFUSED, pt);
	*lost = flags == CAS_LOST;
	if (*lost)
		return VCPU_DONE;
	piece->gpa = piece->guest.gpa;
	piece->hpa = vk_hpa(piece->gpa.v);
	if (!state->vcpu->ept_on)
		return VCPU_DONE;
	acc &= VK_ACC_RWX;
	if (guestpt_is_user(&piece->guest) || pt->levels == 0)
		acc |= VK_ACC_USER_ADDR;
	piece->final_status = ept_gpm_translate(&result->gpm, piece->gpa, acc, &piece->final);
	piece->final_walked = true;
	piece->hpa = piece->final.hpa;
	if (piece->final_status != EPT_OK)
		return fail_exit(state, piece, &piece->final, piece->final_status, true, pt);
	return VCPU_DONE;
}

static void
init_tables(struct access_state *state, struct guestpt *pt)
{
	struct vcpu *vcpu = state->vcpu;
	struct vcpu_result *result = state->result;
	struct gpm memory = { &flat_ops, vcpu->mem };

	result->gpm.count = 0;
	result->gpm.stopped_by_log = 0;
	if (vcpu->ept_on) {
		ept_gpm_init(&result->gpm, &vcpu->ept);
		result->gpm.look_only = state->look_only;
		if (vcpu->ept.controls & EPT_CTL_PML) {
			result->gpm.log = pml_log;
			result->gpm.log_ctx = vcpu;
		}
		memory = ept_gpm_memory(&result->gpm);
	} else if (state->look_only) {
		memory.ops = &flat_look_ops;
		memory.ctx = vcpu;
	}
	guestpt_init(pt, memory, &vcpu->mode);
}

static unsigned
count_reads(const struct access_state *state, const struct vcpu_piece *piece,
    const struct guestpt *pt)
{
	const struct ept *ept = &state->vcpu->ept;
	unsigned reads = 0, i;

	if (pt->levels != 0 && piece->guest.level != 0)
		reads += pt->levels - piece->guest.level + 1;
	for (i = 0; state->vcpu->ept_on && i < state->result->gpm.count; i++) {
		const struct ept_gpm_access *access = &state->result->gpm.access[i];

		if (!access->update && access->walk.level != 0)
			reads += ept->levels - access->walk.level + 1;
		/* The entry behind a failed translation was not read. */
		if (!access->update && access->status != EPT_OK)
			reads--;
	}
	if (piece->final_walked && piece->final.level != 0)
		reads += ept->levels - piece->final.level + 1;
	return reads;
}

static enum vcpu_outcome
walk_piece(struct access_state *state, struct vcpu_piece *piece)
{
	enum vcpu_outcome outcome = VCPU_GP;
	struct guestpt pt;
	bool lost = true;
	unsigned tries;

	init_tables(state, &pt);
	for (tries = 0; lost && tries < ACCESS_RETRIES; tries++)
		outcome = try_piece(state, piece, &pt, &lost);
	if (lost) /* tables that change under every attempt: no translation, no access */
		outcome = VCPU_GP;
	state->result->reads += count_reads(state, piece, &pt);
	return outcome;
}

/* --- the cache ----------------------------------------------------------------------------- */

static struct tlb_tag
current_tag(const struct vcpu *vcpu)
{
	struct tlb_tag tag = { 0, 0, 0 };

	if (vcpu->vpid_on)
		tag.vpid = vcpu->vpid;
	if (vcpu->mode.cr4 & VK_CR4_PCIDE)
		tag.pcid = (uint16_t)(vcpu->mode.cr3 & VK_CR3_PCID);
	if (vcpu->ept_on)
		tag.eptrta = vcpu->ept.eptp >> VK_PAGE_SHIFT;
	return tag;
}

/* Whether a cached translation serves this access; rights are judged by today's registers. */
static bool
entry_allows(const struct access_state *state, const struct tlb_entry *entry)
{
	const struct vcpu *vcpu = state->vcpu;
	unsigned acc = state->acc;
	uint64_t need = acc & (VK_ACC_R | VK_ACC_W);
	struct guestpt pt;

	if ((acc & VK_ACC_W) && !entry->writable)
		return false;
	guestpt_init(&pt, (struct gpm){ &flat_ops, NULL }, &vcpu->mode);
	if (guestpt_denials(&pt, acc, entry->guest_perm, entry->guest_leaf) != 0)
		return false;
	if (!vcpu->ept_on)
		return true;
	if (acc & VK_ACC_X)
		need |= (vcpu->ept.controls & EPT_CTL_MBEC) && (entry->guest_perm & VK_PG_US) ?
		    EPT_XU : EPT_X;
	return (need & ~entry->ept_perm) == 0;
}

/* Compares a cached translation with what the tables hold now. */
static bool
is_stale(const struct access_state *state, const struct vcpu_piece *piece)
{
	struct vcpu_request request = *state->request;
	struct vcpu_result now;
	bool stale;

	request.gva = piece->gva;
	request.size = piece->size;
	watch_quiet(true); /* the processor does not look */
	stale = vcpu_explain(state->vcpu, &request, &now) != VCPU_DONE ||
	    now.piece[0].hpa.v != piece->hpa.v;
	watch_quiet(false);
	return stale;
}

static bool
piece_from_cache(struct access_state *state, struct vcpu_piece *piece)
{
	struct vcpu *vcpu = state->vcpu;
	struct tlb_tag tag = current_tag(vcpu);
	const struct tlb_entry *entry;
	uint64_t offset = piece->gva.v & VK_PAGE_OFFSET_MASK;

	if (vcpu->tlb == NULL || state->look_only || !(vcpu->mode.cr0 & VK_CR0_PG))
		return false;
	entry = tlb_find(vcpu->tlb, &tag, piece->gva, (state->acc & VK_ACC_X) != 0);
	if (entry == NULL || !entry_allows(state, entry)) {
		tlb_stats(vcpu->tlb)->misses++;
		return false;
	}
	tlb_stats(vcpu->tlb)->hits++;
	piece->cached = true;
	piece->gpa = vk_gpa(entry->gpa_frame.v | offset);
	piece->hpa = vk_hpa(entry->frame.v | offset);
	piece->guest.level = 0;
	piece->stale = is_stale(state, piece);
	if (piece->stale)
		tlb_stats(vcpu->tlb)->stale++;
	return true;
}

static void
cache_piece(struct access_state *state, const struct vcpu_piece *piece)
{
	struct vcpu *vcpu = state->vcpu;
	const struct guestpt_walk *guest = &piece->guest;
	struct tlb_entry entry;

	if (vcpu->tlb == NULL || state->look_only || guest->level == 0)
		return;
	memset(&entry, 0, sizeof(entry));
	entry.tag = current_tag(vcpu);
	entry.page = piece->gva.v >> VK_PAGE_SHIFT;
	entry.frame = vk_hpa(piece->hpa.v & ~VK_PAGE_OFFSET_MASK);
	entry.gpa_frame = vk_gpa(piece->gpa.v & ~VK_PAGE_OFFSET_MASK);
	entry.guest_perm = guest->perm;
	entry.guest_leaf = guest->step[guest->level].entry;
	entry.ept_perm = piece->final_walked ? piece->final.perm : EPT_RWX;
	entry.guest_shift = vk_level_shift(guest->level);
	entry.fetch = (state->acc & VK_ACC_X) != 0;
	entry.global = (vcpu->mode.cr4 & VK_CR4_PGE) && (entry.guest_leaf & VK_PG_G);
	entry.writable = (state->acc & VK_ACC_W) != 0;
	entry.filled_by_thread = vcpu->thread;
	entry.filled_by_step = vcpu->step;
	tlb_fill(vcpu->tlb, &entry);
}

/* A fault or an exit drops what was cached of the address [TLB-INVALIDATE]. */
static void
drop_after_failure(struct access_state *state, const struct vcpu_piece *piece)
{
	struct tlb_scope scope = { .by_vpid = true, .by_pcid = true, .by_address = true,
		.global_any_pcid = true };

	if (state->vcpu->tlb == NULL || state->look_only)
		return;
	scope.tag = current_tag(state->vcpu);
	scope.address = piece->gva;
	tlb_drop(state->vcpu->tlb, &scope);
}

/* --- one access ---------------------------------------------------------------------------- */

static bool
is_canonical(const struct vcpu *vcpu, const struct vcpu_request *request)
{
	unsigned width = (vcpu->mode.cr4 & VK_CR4_LA57) ? 57 : 48;

	if (!(vcpu->mode.cr0 & VK_CR0_PG))
		return true;
	return vk_gva_is_canonical(request->gva, width) &&
	    vk_gva_is_canonical(vk_gva(request->gva.v + request->size - 1), width);
}

/* No table is read and no piece begun: the access is all there is to tell. */
static void
emit_not_canonical(const struct access_state *state)
{
	struct event event = { .kind = EVENT_ACCESS, .outcome = EVENT_GENERAL_PROTECTION };

	if (state->vcpu->sink == NULL || state->look_only)
		return;
	event.address = state->request->gva.v;
	event.size = state->request->size;
	event.acc = state->request->acc;
	emit(state->vcpu, &event);
}

static void
translate_piece(struct access_state *state, gva_t gva, unsigned size)
{
	struct vcpu_result *result = state->result;
	struct vcpu_piece *piece = &result->piece[result->pieces++];

	piece->gva = gva;
	piece->size = size;
	piece->gpa = vk_gpa(0);
	piece->hpa = vk_hpa(0);
	piece->cached = piece->stale = piece->final_walked = false;
	if (piece_from_cache(state, piece)) {
		result->outcome = VCPU_DONE;
	} else {
		result->outcome = walk_piece(state, piece);
		if (result->outcome == VCPU_DONE)
			cache_piece(state, piece);
		else
			drop_after_failure(state, piece);
	}
	if (!state->look_only)
		emit_piece(state->vcpu, state->request, result, piece);
}

static void
clear_result(struct vcpu_result *result)
{
	result->error_code = 0;
	result->cr2 = vk_gva(0);
	memset(&result->exit, 0, sizeof(result->exit));
	result->reads = 0;
	result->pieces = 0;
	result->gpm.count = 0;
	result->gpm.stopped_by_log = 0;
	result->outcome = VCPU_DONE;
}

static enum vcpu_outcome
translate(struct access_state *state)
{
	const struct vcpu_request *request = state->request;
	struct vcpu_result *result = state->result;
	unsigned room = VK_PAGE_BYTES - (unsigned)(request->gva.v & VK_PAGE_OFFSET_MASK);
	unsigned first = request->size < room ? request->size : room;

	clear_result(result);
	state->acc = acc_of_request(state->vcpu, request);
	if (!is_canonical(state->vcpu, request)) {
		result->outcome = VCPU_GP;
		emit_not_canonical(state);
		return VCPU_GP;
	}
	translate_piece(state, request->gva, first);
	if (result->outcome == VCPU_DONE && first < request->size)
		translate_piece(state, vk_gva(request->gva.v + first), request->size - first);
	return result->outcome;
}

enum vcpu_outcome
vcpu_translate(struct vcpu *vcpu, const struct vcpu_request *request, struct vcpu_result *result)
{
	struct access_state state = { vcpu, request, result, 0, false };

	return translate(&state);
}

enum vcpu_outcome
vcpu_explain(const struct vcpu *vcpu, const struct vcpu_request *request,
    struct vcpu_result *result)
{
	/* look_only keeps every path from writing through this pointer. */
	struct access_state state = { (struct vcpu *)vcpu, request, result, 0, true };

	return translate(&state);
}

void
vcpu_load_pieces(const struct vcpu *vcpu, const struct vcpu_result *result, void *bytes)
{
	unsigned char *to = bytes;
	unsigned i;

	for (i = 0; i < result->pieces; i++) {
		hostmem_read(vcpu->mem, result->piece[i].hpa, to, result->piece[i].size);
		to += result->piece[i].size;
	}
}

void
vcpu_store_pieces(struct vcpu *vcpu, const struct vcpu_result *result, const void *bytes)
{
	const unsigned char *from = bytes;
	unsigned i;

	for (i = 0; i < result->pieces; i++) {
		hostmem_write(vcpu->mem, result->piece[i].hpa, from, result->piece[i].size);
		from += result->piece[i].size;
	}
}

static enum vcpu_outcome
simple_access(struct vcpu *vcpu, gva_t gva, unsigned size, unsigned acc,
    struct vcpu_result *result)
{
	struct vcpu_request request = { .gva = gva, .size = size, .acc = acc };

	return vcpu_translate(vcpu, &request, result);
}

enum vcpu_outcome
vcpu_read(struct vcpu *vcpu, gva_t gva, void *bytes, unsigned size, struct vcpu_result *result)
{
	if (simple_access(vcpu, gva, size, VK_ACC_R, result) == VCPU_DONE)
		vcpu_load_pieces(vcpu, result, bytes);
	return result->outcome;
}

enum vcpu_outcome
vcpu_fetch(struct vcpu *vcpu, gva_t gva, void *bytes, unsigned size, struct vcpu_result *result)
{
	if (simple_access(vcpu, gva, size, VK_ACC_X, result) == VCPU_DONE)
		vcpu_load_pieces(vcpu, result, bytes);
	return result->outcome;
}

enum vcpu_outcome
vcpu_write(struct vcpu *vcpu, gva_t gva, const void *bytes, unsigned size,
    struct vcpu_result *result)
{
	if (simple_access(vcpu, gva, size, VK_ACC_W, result) == VCPU_DONE)
		vcpu_store_pieces(vcpu, result, bytes);
	return result->outcome;
}

void
vcpu_exit_fields(const struct vcpu_result *result, struct vmx_exit *exit)
{
	exit->reason = result->exit.reason;
	exit->qualification = result->exit.qualification;
	exit->gpa = result->exit.gpa;
	exit->gla = result->exit.gla;
	exit->gla_valid = result->exit.gla_valid;
}

unsigned
vcpu_memtype(const struct vcpu *vcpu, const struct vcpu_piece *piece)
{
	bool disabled = (vcpu->mode.cr0 & VK_CR0_CD) != 0;
	enum memtype pat = MEMTYPE_WB;
	uint64_t leaf;

	if (vcpu->mode.cr0 & VK_CR0_PG)
		pat = memtype_from_pat(vcpu->pat, guestpt_pat_index(&piece->guest));
	if (!vcpu->ept_on)
		return disabled ? MEMTYPE_UC : pat;
	leaf = piece->final.step[piece->final.level].entry;
	return memtype_combine((enum memtype)((leaf & EPT_MEMTYPE) >> EPT_MEMTYPE_SHIFT), pat,
	    (leaf & EPT_IPAT) != 0, disabled);
}
