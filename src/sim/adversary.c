/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What entering guest mode, changes of entries and invalidations do to what a processor may hold,
 * and what of it an access may use.
 *
 * More is allowed here than by the architecture: in the present epoch values mix across levels
 * whatever the moments at which they were in memory; an address is invalidated in another context
 * than the current one without knowing its tables, which takes all upper entries there; and what
 * walks set of accessed flags by themselves is seen by nobody, but a plain store that replaces an
 * entry may have replaced one that had got its flag.
 */
#include "sim/adversary.h"

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "sim/adversary_epochs.h"

/* --- guest mode ------------------------------------------------------------------------------ */

/* No walk is on its way any more. */
static void
forget_absent(struct adversary *a)
{
	size_t i;

	for (i = 0; i < a->helds;) {
		const struct held *held = &a->held[i];

		if (epochs_is_present(a->context[a->epoch[held->epoch].context].key.side,
		    held->value))
			i++;
		else
			epochs_unhold(a, i);
	}
	epochs_settle(a);
}

/* Another root under the same tags: what was cached by the old one is not told apart. */
static void
change_root(struct adversary *a, unsigned context, uint64_t root)
{
	uint64_t before = a->context[context].root;
	unsigned i;

	if (before == root)
		return;
	for (i = 0; i < a->epochs; i++) {
		if (a->epoch[i].context == context && a->epoch[i].seen)
			epochs_hold(a, i, ADVERSARY_ROOT, before | VK_PG_P);
	}
	a->context[context].root = root;
	epochs_hold(a, epochs_present(a, context), ADVERSARY_ROOT, root | VK_PG_P);
}

static void
enter_context(struct adversary *a, const struct adversary_key *key, uint64_t root, bool flags)
{
	unsigned at = epochs_find_context(a, key);

	if (at == a->contexts)
		(void)epochs_add_context(a, key, root);
	if (a->failure != ADVERSARY_FINE)
		return;
	a->context[at].flags = flags;
	a->context[at].resident = true;
	change_root(a, at, root);
	epochs_see_memory(a, at);
}

static void
leave_all(struct adversary *a)
{
	size_t i;

	for (i = 0; i < a->contexts; i++)
		a->context[i].resident = false;
}

void
adversary_enter(struct adversary *a, const struct adversary_guest *guest)
{
	struct adversary_key key = { guest->ept ? ADVERSARY_COMBINED : ADVERSARY_LINEAR,
		guest->tag };

	epochs_look(a);
	leave_all(a);
	forget_absent(a);
	enter_context(a, &key, guest->root, true);
	if (guest->ept) {
		key = (struct adversary_key){ .side = ADVERSARY_EPT };
		key.tag.eptrta = guest->tag.eptrta;
		enter_context(a, &key, 0, guest->ept_flags);
	}
	epochs_settle(a);
}

void
adversary_leave(struct adversary *a)
{
	leave_all(a);
	epochs_look(a);
	forget_absent(a);
}

/* --- changes --------------------------------------------------------------------------------- */

static uint64_t
accessed_of(const struct context *context)
{
	if (context->key.side != ADVERSARY_EPT)
		return VK_PG_A;
	return context->flags ? EPT_A : 0;
}

/* What can have been cached of a value that was replaced; 0: nothing. */
static uint64_t
cacheable(const struct context *context, const struct table_change *change)
{
	uint64_t accessed = accessed_of(context);

	if (!epochs_is_present(context->key.side, change->before))
		return 0;
	if ((change->before & accessed) == accessed)
		return change->before;
	return change->writer == TABLE_BY_STORE ? change->before | accessed : 0;
}

/* Values without accessed flag were kept only to know that they could be read. */
static void
drop_unaccessed(struct adversary *a, unsigned epoch, const struct table_change *change)
{
	const struct context *context = &a->context[a->epoch[epoch].context];
	uint64_t accessed = accessed_of(context);
	bool could_read = false;
	size_t i;

	for (i = 0; i < a->helds;) {
		const struct held *held = &a->held[i];

		if (held->epoch != epoch || held->slot != change->slot.v ||
		    (held->value & accessed) == accessed) {
			i++;
			continue;
		}
		could_read = could_read || held->value == change->before;
		epochs_unhold(a, i);
	}
	if (could_read && cacheable(context, change) != 0)
		epochs_hold(a, epoch, change->slot.v, cacheable(context, change));
}

static void
change_in_epoch(struct adversary *a, unsigned epoch, const struct table_change *change)
{
	const struct context *context = &a->context[a->epoch[epoch].context];

	if (!change->first)
		drop_unaccessed(a, epoch, change);
	else if (a->epoch[epoch].seen && cacheable(context, change) != 0)
		epochs_hold(a, epoch, change->slot.v, cacheable(context, change));
	if (!a->epoch[epoch].past && context->resident &&
	    epochs_is_present(context->key.side, change->after))
		epochs_hold(a, epoch, change->slot.v, change->after);
}

/* A walk has set flags: whoever could read the entry can read it with them. */
static void
flags_in_epoch(struct adversary *a, unsigned epoch, const struct table_change *change)
{
	bool could_read = epochs_holds(a, epoch, change->slot.v, change->before);

	if (could_read && !a->epoch[epoch].past && a->context[a->epoch[epoch].context].resident)
		epochs_hold(a, epoch, change->slot.v, change->after);
}

void
adversary_changed(struct adversary *a, const struct table_change *change)
{
	unsigned i;

	if (change->writer == TABLE_BY_WALK && !table_log_has_slot(a->log, change->slot))
		return;
	epochs_look(a);
	epochs_put_back(a, change);
	for (i = 0; i < a->epochs && a->failure == ADVERSARY_FINE; i++) {
		enum adversary_side side = a->context[a->epoch[i].context].key.side;

		if (!(change->kind & epochs_kind(side)))
			continue;
		if (change->writer == TABLE_BY_WALK)
			flags_in_epoch(a, i, change);
		else
			change_in_epoch(a, i, change);
	}
	epochs_settle(a);
}

/* Guest tables only: what an EPT lacks, the host puts there before it lets the guest run. */
void
adversary_was_absent(struct adversary *a, const struct table_change *change)
{
	unsigned i;

	if (!(change->kind & TABLE_GUEST) || (change->before & VK_PG_P) != 0)
		return;
	epochs_look(a);
	for (i = 0; i < a->epochs && a->failure == ADVERSARY_FINE; i++) {
		const struct context *context = &a->context[a->epoch[i].context];

		if (context->key.side != ADVERSARY_EPT && context->resident && !a->epoch[i].past)
			epochs_hold(a, i, change->slot.v, change->before);
	}
	epochs_settle(a);
}

/* --- invalidations --------------------------------------------------------------------------- */

/* The present epoch begins anew: with what memory holds, if the processor can read it. */
static void
begin_anew(struct adversary *a, unsigned context)
{
	unsigned epoch = epochs_present(a, context);

	epochs_forget_values(a, epoch);
	a->epoch[epoch].seen = false;
	if (a->context[context].resident)
		epochs_see_memory(a, context);
}

/*
 * Keeps whole translations of the present epoch when its upper entries go.  There is nothing to
 * keep where all of it is in memory and the processor can read it again at once.
 */
static void
exclude_from_past(struct adversary *a, unsigned context, const struct adversary_path *path,
    unsigned uses)
{
	unsigned i;

	for (i = 0; i < a->epochs; i++) {
		if (a->epoch[i].context == context && a->epoch[i].past)
			epochs_exclude(a, i, path, uses);
	}
}

/* In the present epoch, only memory leads on from these entries. */
static void
restrict_to_memory(struct adversary *a, unsigned context, const struct adversary_path *path)
{
	unsigned epoch = epochs_present(a, context);
	enum adversary_side side = a->context[context].key.side;
	size_t i, j;

	for (i = 0; i < path->slots; i++) {
		uint64_t slot = path->slot[i].v, now = epochs_now_of(a, &a->context[context], slot);

		for (j = 0; j < a->helds;) {
			if (a->held[j].epoch == epoch && a->held[j].slot == slot &&
			    a->held[j].value != now)
				epochs_unhold(a, j);
			else
				j++;
		}
		if (epochs_is_present(side, now))
			epochs_hold(a, epoch, slot, now);
	}
}

/* One address goes, with the upper entries that lead to it, or all upper entries. */
static void
drop_address(struct adversary *a, unsigned context, const struct tlb_scope *scope,
    const struct adversary_path *path)
{
	unsigned uses = ADVERSARY_LOCAL | (scope->keep_globals ? 0 : ADVERSARY_GLOBAL);

	epochs_keep_as_past(a, context);
	exclude_from_past(a, context, path, uses);
	if (scope->all_structures || !path->known || !a->context[context].resident)
		begin_anew(a, context);
	else
		restrict_to_memory(a, context, path);
}

/* Global translations of an address go that another PCID has made. */
static void
drop_global_address(struct adversary *a, unsigned context, const struct adversary_path *path)
{
	epochs_keep_as_past(a, context);
	exclude_from_past(a, context, path, ADVERSARY_GLOBAL);
	begin_anew(a, context);
}

/* All but global translations go. */
static void
drop_local(struct adversary *a, unsigned context)
{
	unsigned i;

	epochs_keep_as_past(a, context);
	for (i = 0; i < a->epochs; i++) {
		if (a->epoch[i].context == context && a->epoch[i].past)
			a->epoch[i].globals_only = true;
	}
	begin_anew(a, context);
}

/* Everything goes.  Returns whether the context itself did, as nothing can be read in it. */
static bool
drop_all(struct adversary *a, unsigned context)
{
	unsigned i;

	for (i = 0; i < a->epochs;) {
		if (a->epoch[i].context == context && a->epoch[i].past)
			epochs_remove(a, i);
		else
			i++;
	}
	if (!a->context[context].resident) {
		epochs_remove_context(a, context);
		return true;
	}
	begin_anew(a, context);
	return false;
}

static bool
acts_on(const struct tlb_scope *scope, const struct adversary_key *key)
{
	static const unsigned kinds[] = {
		[ADVERSARY_LINEAR] = TLB_ALL_LINEAR,
		[ADVERSARY_COMBINED] = TLB_ALL_COMBINED,
		[ADVERSARY_EPT] = TLB_ALL_GUEST_PHYSICAL,
	};

	if (!(scope->kinds & kinds[key->side]) ||
	    (scope->by_eptrta && key->tag.eptrta != scope->tag.eptrta))
		return false;
	return key->side == ADVERSARY_EPT ||
	    !((scope->by_vpid && key->tag.vpid != scope->tag.vpid) ||
	    (scope->keep_vpid_0 && key->tag.vpid == 0));
}

/* Returns whether the context itself is gone. */
static bool
drop_in_context(struct adversary *a, unsigned context, const struct tlb_scope *scope,
    const struct adversary_path *path)
{
	const struct adversary_key *key = &a->context[context].key;
	bool of_guest = key->side != ADVERSARY_EPT;

	if (!acts_on(scope, key))
		return false;
	if (of_guest && scope->by_pcid && key->tag.pcid != scope->tag.pcid) {
		/* Of other PCIDs, global translations at most. */
		if (scope->global_any_pcid && scope->by_address && path->globals)
			drop_global_address(a, context, path);
		return false;
	}
	if (scope->by_address)
		drop_address(a, context, scope, path);
	else if (of_guest && scope->keep_globals)
		drop_local(a, context);
	else
		return drop_all(a, context);
	return false;
}

void
adversary_drop(struct adversary *a, const struct tlb_scope *scope,
    const struct adversary_path *path)
{
	unsigned i;

	epochs_look(a);
	for (i = 0; i < a->contexts && a->failure == ADVERSARY_FINE;) {
		if (!drop_in_context(a, i, scope, path))
			i++;
	}
	epochs_settle(a);
}

/* --- what may be used ------------------------------------------------------------------------ */

/* Whether translations of a context may serve under a key: its own, or global ones of its VPID. */
static unsigned
uses_of_context(const struct context *context, const struct adversary_key *key, bool globals)
{
	if (epochs_keys_equal(&context->key, key))
		return ADVERSARY_LOCAL | (globals ? ADVERSARY_GLOBAL : 0);
	if (globals && key->side != ADVERSARY_EPT && context->key.side == key->side &&
	    context->key.tag.vpid == key->tag.vpid && context->key.tag.eptrta == key->tag.eptrta)
		return ADVERSARY_GLOBAL;
	return 0;
}

bool
adversary_is_plain(const struct adversary *a, const struct adversary_key *key, bool globals)
{
	size_t i;

	for (i = 0; i < a->epochs; i++) {
		if (a->epoch[i].stale &&
		    uses_of_context(&a->context[a->epoch[i].context], key, globals) != 0)
			return false;
	}
	return true;
}

static unsigned
excluded(const struct adversary *a, unsigned epoch, uint64_t address)
{
	unsigned uses = a->epoch[epoch].globals_only ? ADVERSARY_LOCAL : 0;
	size_t i;

	for (i = 0; i < a->spans; i++) {
		const struct span *span = &a->span[i];

		if (span->epoch == epoch && span->address >> span->shift == address >> span->shift)
			uses |= span->uses;
	}
	return uses;
}

unsigned
adversary_sources(const struct adversary *a, const struct adversary_key *key, uint64_t address,
    bool globals, struct adversary_source *source, unsigned room)
{
	unsigned count = 0, i;

	for (i = 0; i < a->epochs; i++) {
		const struct epoch *epoch = &a->epoch[i];
		const struct context *context = &a->context[epoch->context];
		unsigned uses = uses_of_context(context, key, globals);
		bool present = !epoch->past && epochs_keys_equal(&context->key, key);

		if (!present)
			uses &= ~excluded(a, i, address);
		if (!epoch->stale || uses == 0 || count == room)
			continue;
		source[count++] = (struct adversary_source){ i, present, uses, context->root };
	}
	return count;
}

unsigned
adversary_values(const struct adversary *a, const struct adversary_source *source, hpa_t slot,
    uint64_t *value, unsigned room)
{
	unsigned count = 0;
	size_t i;

	for (i = epochs_first_held(a, source->epoch); i < a->helds; i++) {
		if (a->held[i].epoch != source->epoch || count == room)
			break;
		if (a->held[i].slot == slot.v)
			value[count++] = a->held[i].value;
	}
	return count;
}
