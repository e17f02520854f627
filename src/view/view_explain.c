/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Explanations of accesses to what is only looked at.
 *
 * Under nothing or an EPT the access is the simulator's, made without effect.  Under nested tables
 * of the ordinary format the walk is put together here, from the core's walker twice: each entry of
 * the guest is reached by a walk that counts as a write, and what the outer tables deny is a nested
 * page fault.  An access of several pages is explained by its first, or by the one that fails.
 */
#include "view/view_explain.h"

#include <inttypes.h>
#include <stdio.h>

#include "sim/vcpu.h"

/* --- memory that notes what it has not -------------------------------------------------------- */

struct looking {
	const struct image *image;
	bool absent;
	hpa_t hpa; /* of the first word that is not there */
};

static uint64_t
looking_load(void *ctx, hpa_t slot)
{
	struct looking *looking = ctx;
	uint64_t word = 0;

	if (!image_load(looking->image, slot, &word) && !looking->absent) {
		looking->absent = true;
		looking->hpa = slot;
	}
	return word;
}

static enum cas_status
looking_cas(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	(void)ctx;
	(void)slot;
	(void)old;
	(void)new_value;
	return CAS_DONE;
}

static const struct hpm_ops looking_ops = { looking_load, looking_cas };

/* --- under nothing, or an EPT ----------------------------------------------------------------- */

static void
explain_by_vcpu(const struct view *view, struct looking *looking,
    const struct vcpu_request *request, unsigned cpl, struct explanation *why)
{
	struct hpm memory = { &looking_ops, looking };
	struct vcpu vcpu = { .mode = view->mode, .cpl = cpl, .look = memory };

	if (view->outer == VIEW_EPT) {
		vcpu.ept_on = true;
		vcpu.ept = view->ept;
		vcpu.ept.mem = memory;
	}
	explain_access(&vcpu, request, why);
	/* Which PAT the machine had is not known. */
	why->memtype = EXPLAIN_MEMTYPE_UNKNOWN;
}

/* --- under nested tables ---------------------------------------------------------------------- */

struct npt_state {
	const struct view *view;
	struct looking *looking;
	struct guestpt npt;         /* as the view's, over memory that takes notes */
	struct guestpt_walk walk;   /* the last one through it */
	enum guestpt_status status;
	struct explanation *why;
	uint64_t gva;
	unsigned level;             /* of the guest entry that is read next */
};

static int
npt_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	*entry = looking_load(ctx, vk_hpa(slot.v));
	return 1;
}

static enum cas_status
npt_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	return looking_cas(ctx, vk_hpa(slot.v), old, new_value);
}

static const struct gpm_ops npt_ops = { npt_load, npt_cas, NULL, NULL };

/* One walk of the nested tables, with its entries taken down. */
static enum guestpt_status
npt_walk(struct npt_state *state, gpa_t gpa, unsigned acc)
{
	const struct guestpt_walk *walk = &state->walk;
	unsigned level = state->npt.levels;

	state->status = view_npt_walk(&state->npt, gpa, acc, &state->walk);
	for (; walk->level != 0 && level >= walk->level; level--)
		(void)explain_add_read(state->why, EVENT_NPT, level, walk->step[level].slot.v,
		    walk->step[level].entry, gpa.v);
	return state->status;
}

/* A guest entry: the processor may set its accessed flag, and so asks to write [NPT-WALK]. */
static int
guest_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct npt_state *state = ctx;

	if (npt_walk(state, slot, VK_ACC_R | VK_ACC_W) != GUESTPT_OK)
		return 0;
	*entry = looking_load(state->looking, vk_hpa(state->walk.gpa.v));
	(void)explain_add_read(state->why, EVENT_GUEST, state->level--, slot.v, *entry,
	    state->gva);
	return 1;
}

static enum cas_status
guest_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	(void)ctx;
	return looking_cas(NULL, vk_hpa(slot.v), old, new_value);
}

static const struct gpm_ops guest_ops = { guest_load, guest_cas, NULL, NULL };

/* What the outer tables do not let through [NPT-FAULT]. */
static void
explain_nested_fault(struct npt_state *state, gpa_t gpa, bool final)
{
	struct explanation *why = state->why;

	why->outcome = EVENT_NESTED_FAULT;
	why->gpa = gpa.v;
	why->error_code = state->walk.error_code;
	why->qualification = state->walk.error_code | (final ? VK_BIT(32) : VK_BIT(33));
	if (state->status == GUESTPT_GP) {
		explain_blame(why, EVENT_NPT, 0, 0, 0, 0, "NPT-FAULT");
		snprintf(why->verdict, sizeof(why->verdict), "nested page fault: GPA 0x%" PRIx64
		    " has more bits than the nested tables translate", gpa.v);
		return;
	}
	explain_page_fault(why, EVENT_NPT, state->npt.levels, &state->walk);
}

static void
explain_npt_page(struct npt_state *state, unsigned acc)
{
	struct gpm memory = { &guest_ops, state };
	struct explanation *why = state->why;
	struct guestpt_walk walk;
	struct guestpt pt;

	guestpt_init(&pt, memory, &state->view->mode);
	state->level = pt.levels;
	switch (guestpt_walk(&pt, vk_gva(state->gva), acc, &walk)) {
	case GUESTPT_OK:
		why->gpa = walk.gpa.v;
		if (npt_walk(state, walk.gpa, acc & VK_ACC_RWX) != GUESTPT_OK) {
			explain_nested_fault(state, walk.gpa, true);
			return;
		}
		why->hpa = state->walk.gpa.v;
		return;
	case GUESTPT_PF:
		why->outcome = EVENT_PAGE_FAULT;
		why->error_code = walk.error_code;
		explain_page_fault(why, EVENT_GUEST, pt.levels, &walk);
		return;
	case GUESTPT_GP:
		why->outcome = EVENT_GENERAL_PROTECTION;
		explain_not_canonical(why, pt.width);
		return;
	case GUESTPT_REFUSED:
	case GUESTPT_UNSTABLE: /* not of a walk alone */
		explain_nested_fault(state, walk.step[walk.level].slot, false);
		return;
	}
}

static void
explain_by_npt(const struct view *view, struct looking *looking,
    const struct vcpu_request *request, unsigned cpl, struct explanation *why)
{
	struct npt_state state = { .view = view, .looking = looking, .npt = view->npt,
		.why = why };
	uint64_t last = request->gva.v + request->size - 1;
	unsigned acc = request->acc | (cpl == VIEW_USER ? VK_ACC_USER : 0);

	state.npt.mem.ops = &npt_ops;
	state.npt.mem.ctx = looking;
	state.gva = request->gva.v;
	explain_begin(why, state.gva, request->acc);
	why->memtype = EXPLAIN_MEMTYPE_UNKNOWN;
	explain_npt_page(&state, acc);
	if (why->outcome == EVENT_OK && ((state.gva ^ last) & ~VK_PAGE_OFFSET_MASK) != 0) {
		static struct explanation second;

		state.why = &second;
		state.gva = last & ~VK_PAGE_OFFSET_MASK;
		explain_begin(&second, state.gva, request->acc);
		second.memtype = EXPLAIN_MEMTYPE_UNKNOWN;
		explain_npt_page(&state, acc);
		if (second.outcome != EVENT_OK)
			*why = second;
	}
	if (why->outcome == EVENT_OK)
		explain_passed(why);
	else
		explain_mark_failed(why);
}

/* --- all -------------------------------------------------------------------------------------- */

/* Whether the page, as far as the tables lead, is one of user mode. */
static bool
is_user_page(const struct view *view, gva_t gva)
{
	struct guestpt_walk walk;
	enum guestpt_status status;
	struct guestpt pt;

	guestpt_init(&pt, view_guest_memory(view), &view->mode);
	status = guestpt_walk(&pt, gva, VK_ACC_R | VK_ACC_USER, &walk);
	return status == GUESTPT_OK || (status == GUESTPT_PF &&
	    walk.why == GUESTPT_WHY_RIGHTS && guestpt_is_user(&walk));
}

enum view_status
view_explain(const struct view *view, gva_t gva, unsigned size, unsigned acc, enum view_cpl cpl,
    struct explanation *why, hpa_t *absent)
{
	struct looking looking = { .image = view->image };
	struct vcpu_request request = { .gva = gva, .size = size, .acc = acc };

	if (cpl == VIEW_EITHER)
		cpl = is_user_page(view, gva) ? VIEW_USER : VIEW_SUPERVISOR;
	if (view->outer == VIEW_NPT)
		explain_by_npt(view, &looking, &request, cpl, why);
	else
		explain_by_vcpu(view, &looking, &request, cpl, why);
	*absent = looking.hpa;
	return looking.absent ? VIEW_ABSENT : VIEW_OK;
}
