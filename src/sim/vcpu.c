/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One access of a virtual CPU, from the linear address to the host frame.
 *
 * The order is the processor's: canonical form, then per page a cached translation or the
 * two-dimensional walk (EPT events on a table page come before what a lower guest level would say),
 * the guest's rights, the guest's flags, and last the EPT translation of the page itself.  Where
 * the architecture leaves a choice this takes the one that docs/MODEL.md names.
 */
#include <string.h>

#include "ept/memtype.h"
#include "sim/vcpu_choose.h"

#define ACCESS_RETRIES 1024

/* --- guest-physical memory without EPT ---------------------------------------------------- */

static int
flat_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	const struct hpm *memory = ctx;

	*entry = memory->ops->load(memory->ctx, vk_hpa(slot.v));
	return 1;
}

static enum cas_status
flat_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	const struct hpm *memory = ctx;

	return memory->ops->cas(memory->ctx, vk_hpa(slot.v), old, new_value);
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
static const struct gpm_ops flat_look_ops = { flat_load, flat_look, NULL, NULL };

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
		linear.gla.v += walk->gpa.v - piece->gpa.v; /* more than 0: of a later sub-page */
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

#define SUB_PAGE 128u

/*
 * Each sub-page that a write touches has to allow it; no access touches more than two.  The second
 * is judged before the page's flags are set, so that a write which is denied sets none [EPT-SPP].
 */
static enum ept_status
judge_second_sub_page(const struct access_state *state, struct vcpu_piece *piece, unsigned acc)
{
	const struct ept *ept = &state->vcpu->ept;
	gpa_t border = vk_gpa((piece->gpa.v | (SUB_PAGE - 1)) + 1);
	struct ept_walk walk;
	enum ept_status status;

	if (!(ept->controls & EPT_CTL_SPP) || !(acc & VK_ACC_W) ||
	    piece->gpa.v + piece->size <= border.v)
		return EPT_OK;
	if (ept_walk(ept, piece->gpa, acc, &walk) != EPT_OK)
		return EPT_OK; /* the first decides, when it is translated */
	status = ept_walk(ept, border, acc, &walk);
	if (status != EPT_OK)
		piece->final = walk;
	return status;
}

static enum ept_status
translate_page(struct access_state *state, struct vcpu_piece *piece, const struct guestpt *pt)
{
	unsigned acc = state->acc & VK_ACC_RWX;
	enum ept_status status;

	if (guestpt_is_user(&piece->guest) || pt->levels == 0)
		acc |= VK_ACC_USER_ADDR;
	piece->final_walked = true;
	status = judge_second_sub_page(state, piece, acc);
	if (status != EPT_OK)
		return status;
	if (state->caches != NULL)
		return cached_walk_translate(state->caches, acc);
	if (state->choices != NULL)
		return chosen_walk_translate(state->choices, acc);
	return ept_gpm_translate(&state->result->gpm, piece->gpa, acc, &piece->final);
}

/* Whether the attempt took something from a cache: then it is not to be believed when it fails. */
static bool
was_helped(const struct access_state *state)
{
	return state->caches != NULL && state->caches->helped;
}

/*
 * One attempt.  VCPU_DONE with *again set: a flag lost its race, or cached items led nowhere; it is
 * to be made again.
 */
static enum vcpu_outcome
try_piece(struct access_state *state, struct vcpu_piece *piece, const struct guestpt *pt,
    bool *again)
{
	enum guestpt_status status;
	enum cas_status flags;

	*again = false;
	ept_gpm_reset(&state->result->gpm);
	piece->final_walked = false;
	status = guestpt_walk(pt, piece->gva, state->acc, &piece->guest);
	if (status == GUESTPT_OK) {
		flags = guestpt_commit_ad(pt, &piece->guest);
		*again = flags == CAS_LOST;
		if (flags == CAS_REFUSED)
			status = GUESTPT_REFUSED;
	}
	if (status != GUESTPT_OK)
		*again = was_helped(state);
	if (*again)
		return VCPU_DONE;
	if (status != GUESTPT_OK)
		return finish_guest_failure(state, piece, status, pt);
	piece->gpa = piece->guest.gpa;
	piece->hpa = vk_hpa(piece->gpa.v);
	if (!state->vcpu->ept_on)
		return VCPU_DONE;
	piece->final_status = translate_page(state, piece, pt);
	piece->hpa = piece->final.hpa;
	if (piece->final_status == EPT_OK)
		return VCPU_DONE;
	*again = was_helped(state);
	return *again ? VCPU_DONE :
	    fail_exit(state, piece, &piece->final, piece->final_status, true, pt);
}

/* Memory as the walks of an access see it [TSO-WALK]. */
static struct hpm
walked_memory(const struct access_state *state)
{
	const struct vcpu *vcpu = state->vcpu;

	if (state->look_only && vcpu->look.ops != NULL)
		return vcpu->look;
	if (vcpu->stores != NULL && !(state->acc & VK_ACC_X))
		return vcpu_stores_hpm(vcpu->stores);
	return hostmem_hpm(vcpu->mem);
}

void
vcpu_init_tables(struct access_state *state, struct guestpt *pt)
{
	struct vcpu *vcpu = state->vcpu;
	struct vcpu_result *result = state->result;
	struct gpm memory = { state->look_only ? &flat_look_ops : &flat_ops, &state->memory };

	state->memory = walked_memory(state);
	if (vcpu->stores != NULL)
		vcpu->ept.mem = state->memory;
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
	}
	guestpt_init(pt, memory, &vcpu->mode);
}

/* Entries read from level `levels` down to `level`; those down to `cached`, if any, were not. */
static unsigned
levels_read(unsigned levels, unsigned cached, unsigned level)
{
	return (cached != 0 ? cached - 1 : levels) - level + 1;
}

static unsigned
count_reads(const struct access_state *state, const struct vcpu_piece *piece,
    const struct guestpt *pt)
{
	const struct vcpu_result *result = state->result;
	const struct ept *ept = &state->vcpu->ept;
	unsigned reads = 0, i;

	if (pt->levels != 0 && piece->guest.level != 0)
		reads += levels_read(pt->levels, piece->guest_cached, piece->guest.level);
	for (i = 0; state->vcpu->ept_on && i < result->gpm.count; i++) {
		const struct ept_gpm_access *access = &result->gpm.access[i];

		if (!access->update && access->walk.level != 0)
			reads += levels_read(ept->levels, result->table_cached[i],
			    access->walk.level);
		/* The entry behind a failed translation was not read. */
		if (!access->update && access->status != EPT_OK)
			reads--;
	}
	if (piece->final_walked && piece->final.level != 0)
		reads += levels_read(ept->levels, piece->final_cached, piece->final.level);
	return reads;
}

/* Walks until nobody comes between; only the first attempt makes use of what is cached. */
static enum vcpu_outcome
try_until_done(struct access_state *state, struct vcpu_piece *piece, const struct guestpt *pt)
{
	unsigned tries;

	for (tries = 0; tries < ACCESS_RETRIES; tries++) {
		enum vcpu_outcome outcome;
		bool again;

		if (state->caches != NULL)
			cached_walk_begin(state->caches);
		if (state->choices != NULL)
			chosen_walk_begin(state->choices);
		outcome = try_piece(state, piece, pt, &again);
		if (!again)
			return outcome;
		if (state->caches != NULL)
			state->caches->fresh = true;
	}
	return VCPU_GP; /* tables that change under every attempt: no translation, no access */
}

enum vcpu_outcome
vcpu_try_piece(struct access_state *state, struct vcpu_piece *piece, const struct guestpt *pt)
{
	bool again;

	chosen_walk_begin(state->choices);
	return try_piece(state, piece, pt, &again);
}

static void
judge_walk(const struct cached_walk *caches)
{
	struct tlb_stretch made_of = { .record = caches->record };

	if (made_of.record != NULL)
		made_of.count = made_of.record->count;
	judge_piece(caches->state, caches->piece, &made_of);
}

static enum vcpu_outcome
walk_with_caches(struct access_state *state, struct vcpu_piece *piece, struct guestpt *pt)
{
	struct cached_walk caches;
	enum vcpu_outcome outcome;

	cached_walk_init(&caches, state, piece, &pt->mem);
	outcome = try_until_done(state, piece, pt);
	if (outcome == VCPU_DONE) {
		cached_walk_fill(&caches);
		cache_piece(state, piece);
	}
	state->result->outcome = outcome;
	if (outcome == VCPU_DONE && caches.helped) {
		piece->revoked = cached_walk_is_revoked(&caches);
		judge_walk(&caches);
	}
	drop_after_failure(state, piece);
	cached_walk_end(&caches);
	return outcome;
}

static unsigned
ask(const struct vcpu *vcpu, unsigned count)
{
	if (count < 2)
		return 0;
	return vcpu->choose != NULL ? vcpu->choose(vcpu->choose_ctx, count) : watch_choose(count);
}

static enum vcpu_outcome
walk_by_choice(struct access_state *state, struct vcpu_piece *piece, struct guestpt *pt)
{
	struct chosen_walk choices;
	enum vcpu_outcome outcome;

	chosen_walk_init(&choices, state, piece, pt);
	chosen_walk_find(&choices);
	chosen_walk_take(&choices, ask(state->vcpu, choices.ways));
	outcome = try_until_done(state, piece, pt);
	state->result->outcome = outcome;
	chosen_walk_judge(&choices);
	drop_after_failure(state, piece);
	chosen_walk_end(&choices);
	return outcome;
}

static enum vcpu_outcome
walk_piece(struct access_state *state, struct vcpu_piece *piece)
{
	bool caching = state->vcpu->tlb != NULL && !state->look_only;
	enum vcpu_outcome outcome;
	struct guestpt pt;

	vcpu_init_tables(state, &pt);
	if (!caching)
		outcome = try_until_done(state, piece, &pt);
	else if (tlb_adversary(state->vcpu->tlb) != NULL)
		outcome = walk_by_choice(state, piece, &pt);
	else
		outcome = walk_with_caches(state, piece, &pt);
	state->result->reads += count_reads(state, piece, &pt);
	return outcome;
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

static void
translate_piece(struct access_state *state, gva_t gva, unsigned size)
{
	struct vcpu_result *result = state->result;
	struct vcpu_piece *piece = &result->piece[result->pieces++];

	piece->gva = gva;
	piece->size = size;
	piece->gpa = vk_gpa(0);
	piece->hpa = vk_hpa(0);
	piece->revoked = false;
	piece->cached = piece->stale = piece->final_walked = piece->guest_direct = false;
	piece->guest_cached = piece->final_cached = 0;
	result->outcome = piece_from_cache(state, piece) ? VCPU_DONE : walk_piece(state, piece);
	if (piece->stale)
		tlb_stats(state->vcpu->tlb)->stale++;
	if (!state->look_only)
		emit_piece(state->vcpu, state->request, result, piece);
}

/* What may have been cached is looked at, and its flags set, with nobody in between. */
static void
translate_part(struct access_state *state, gva_t gva, unsigned size)
{
	const struct tlb *tlb = state->vcpu->tlb;
	bool whole = tlb != NULL && tlb_adversary(tlb) != NULL && !state->look_only;

	if (whole) {
		watch_whole(true);
		tlb_touch(tlb, WATCH_READ);
	}
	translate_piece(state, gva, size);
	if (whole)
		watch_whole(false);
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
	memset(result->table_cached, 0, sizeof(result->table_cached));
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
	translate_part(state, request->gva, first);
	if (result->outcome == VCPU_DONE && first < request->size)
		translate_part(state, vk_gva(request->gva.v + first), request->size - first);
	return result->outcome;
}

enum vcpu_outcome
vcpu_translate(struct vcpu *vcpu, const struct vcpu_request *request, struct vcpu_result *result)
{
	struct access_state state = { .vcpu = vcpu, .request = request, .result = result };

	return translate(&state);
}

void
vcpu_prefetch(struct vcpu *vcpu, gva_t gva)
{
	struct vcpu_request request = { .gva = gva, .size = 1, .acc = VK_ACC_R,
		.delivering = true }; /* no #VE either */
	struct vcpu without_cache = *vcpu;
	struct vcpu_result result;

	without_cache.tlb = NULL;
	(void)vcpu_translate(&without_cache, &request, &result);
}

enum vcpu_outcome
vcpu_explain(const struct vcpu *vcpu, const struct vcpu_request *request,
    struct vcpu_result *result)
{
	/* look_only keeps every path from writing through this pointer. */
	struct access_state state = { .vcpu = (struct vcpu *)vcpu, .request = request,
		.result = result, .look_only = true };

	return translate(&state);
}

void
vcpu_load_pieces(const struct vcpu *vcpu, const struct vcpu_result *result, void *bytes)
{
	unsigned char *to = bytes;
	unsigned i;

	for (i = 0; i < result->pieces; i++) {
		hostmem_read(vcpu->mem, result->piece[i].hpa, to, result->piece[i].size);
		if (vcpu->stores != NULL)
			vcpu_stores_overlay(vcpu->stores, result->piece[i].hpa, to,
			    result->piece[i].size);
		to += result->piece[i].size;
	}
}

void
vcpu_store_pieces(struct vcpu *vcpu, const struct vcpu_result *result, const void *bytes)
{
	const unsigned char *from = bytes;
	unsigned i;

	for (i = 0; i < result->pieces; i++) {
		if (vcpu->stores != NULL)
			vcpu_stores_put(vcpu->stores, result->piece[i].hpa, from,
			    result->piece[i].size);
		else
			hostmem_write(vcpu->mem, result->piece[i].hpa, from,
			    result->piece[i].size);
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
