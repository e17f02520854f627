/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contexts of one processor, their epochs, and the values held in each.
 *
 * All is kept in an order that depends on the contents alone, so that two processors that may do
 * the same are walked through in the same order and have the same bytes.
 */
#include "sim/adversary_epochs.h"

#include <stdlib.h>
#include <string.h>

#include "sim/grow.h"

#define HELD_MAX 1024u
#define EPOCHS_MAX 128u
#define SPANS_MAX 1024u

static bool
grow(struct adversary *a, void **array, size_t *room, size_t count, size_t element)
{
	if (array_grow(array, room, count, 8, element))
		return true;
	a->failure = ADVERSARY_NO_MEMORY;
	return false;
}

void
adversary_give_up(struct adversary *a)
{
	if (a->failure == ADVERSARY_FINE)
		a->failure = ADVERSARY_OVER_LIMIT;
}

/* --- entries --------------------------------------------------------------------------------- */

static uint64_t
flags_of(const struct context *context)
{
	return context->key.side == ADVERSARY_EPT ? EPT_A | EPT_D : VK_PG_A | VK_PG_D;
}

void
epochs_look(struct adversary *a)
{
	size_t count, i;
	const struct table_slot *slot = table_log_slots(a->log, &count);

	while (a->now_room < count) {
		if (!grow(a, (void **)&a->now, &a->now_room, a->now_room, sizeof(*a->now)))
			return;
	}
	for (i = 0; i < count; i++)
		a->now[i] = hostmem_load(a->mem, slot[i].slot);
	a->nows = count;
}

uint64_t
epochs_now_of(const struct adversary *a, const struct context *context, uint64_t slot)
{
	size_t count, low = 0, high = a->nows;
	const struct table_slot *slots = table_log_slots(a->log, &count);

	if (slot == ADVERSARY_ROOT)
		return context->root | VK_PG_P;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (slots[middle].slot.v < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low < a->nows && slots[low].slot.v == slot ? a->now[low] : 0;
}

/* --- values held ----------------------------------------------------------------------------- */

static size_t
find_held(const struct adversary *a, unsigned epoch, uint64_t slot, uint64_t value)
{
	size_t i;

	for (i = 0; i < a->helds; i++) {
		if (a->held[i].epoch == epoch && a->held[i].slot == slot &&
		    a->held[i].value == value)
			break;
	}
	return i;
}

bool
epochs_holds(const struct adversary *a, unsigned epoch, uint64_t slot, uint64_t value)
{
	return find_held(a, epoch, slot, value) != a->helds;
}

void
epochs_hold(struct adversary *a, unsigned epoch, uint64_t slot, uint64_t value)
{
	if (find_held(a, epoch, slot, value) != a->helds)
		return;
	if (a->helds == HELD_MAX) {
		adversary_give_up(a);
		return;
	}
	if (!grow(a, (void **)&a->held, &a->held_room, a->helds, sizeof(*a->held)))
		return;
	a->held[a->helds++] = (struct held){ epoch, slot, value };
}

void
epochs_unhold(struct adversary *a, size_t i)
{
	if (i < a->helds)
		a->held[i] = a->held[--a->helds];
}

static bool
is_stale(const struct adversary *a, const struct held *held)
{
	const struct context *context = &a->context[a->epoch[held->epoch].context];
	uint64_t now = epochs_now_of(a, context, held->slot);

	/* With fewer flags than memory has, it can be used for nothing that memory cannot. */
	return (held->value & ~now) != 0 || ((held->value ^ now) & ~flags_of(context)) != 0;
}

/* --- epochs and contexts --------------------------------------------------------------------- */

static unsigned
add_epoch(struct adversary *a, unsigned context, bool past)
{
	if (a->epochs == EPOCHS_MAX) {
		adversary_give_up(a);
		return 0;
	}
	if (!grow(a, (void **)&a->epoch, &a->epoch_room, a->epochs, sizeof(*a->epoch)))
		return 0;
	a->epoch[a->epochs] = (struct epoch){ .context = context, .past = past };
	return (unsigned)a->epochs++;
}

unsigned
epochs_present(const struct adversary *a, unsigned context)
{
	unsigned i = 0;

	while (a->epoch[i].context != context || a->epoch[i].past)
		i++;
	return i;
}

void
epochs_forget_values(struct adversary *a, unsigned epoch)
{
	size_t i;

	for (i = 0; i < a->helds;) {
		if (a->held[i].epoch == epoch)
			epochs_unhold(a, i);
		else
			i++;
	}
	for (i = 0; i < a->spans;) {
		if (a->span[i].epoch == epoch)
			a->span[i] = a->span[--a->spans];
		else
			i++;
	}
}

/* The epochs behind it get other numbers. */
void
epochs_remove(struct adversary *a, unsigned epoch)
{
	size_t i;

	epochs_forget_values(a, epoch);
	a->epochs--;
	memmove(&a->epoch[epoch], &a->epoch[epoch + 1],
	    (a->epochs - epoch) * sizeof(a->epoch[0]));
	for (i = 0; i < a->helds; i++)
		a->held[i].epoch -= a->held[i].epoch > epoch;
	for (i = 0; i < a->spans; i++)
		a->span[i].epoch -= a->span[i].epoch > epoch;
}

void
epochs_remove_context(struct adversary *a, unsigned context)
{
	unsigned i;

	for (i = 0; i < a->epochs;) {
		if (a->epoch[i].context == context)
			epochs_remove(a, i);
		else
			i++;
	}
	a->contexts--;
	memmove(&a->context[context], &a->context[context + 1],
	    (a->contexts - context) * sizeof(a->context[0]));
	for (i = 0; i < a->epochs; i++)
		a->epoch[i].context -= a->epoch[i].context > context;
}

unsigned
epochs_find_context(const struct adversary *a, const struct adversary_key *key)
{
	unsigned i = 0;

	while (i < a->contexts && !epochs_keys_equal(&a->context[i].key, key))
		i++;
	return i;
}

unsigned
epochs_add_context(struct adversary *a, const struct adversary_key *key, uint64_t root)
{
	unsigned at = (unsigned)a->contexts;

	if (!grow(a, (void **)&a->context, &a->context_room, a->contexts, sizeof(*a->context)))
		return at;
	a->context[a->contexts++] = (struct context){ .key = *key, .root = root };
	(void)add_epoch(a, at, false);
	return at;
}

void
epochs_see_memory(struct adversary *a, unsigned context)
{
	enum adversary_side side = a->context[context].key.side;
	unsigned epoch = epochs_present(a, context);
	size_t count, i;
	const struct table_slot *slot = table_log_slots(a->log, &count);

	a->epoch[epoch].seen = true;
	for (i = 0; i < a->nows; i++) {
		if ((slot[i].kind & epochs_kind(side)) && epochs_is_present(side, a->now[i]))
			epochs_hold(a, epoch, slot[i].slot.v, a->now[i]);
	}
}

/* --- order ----------------------------------------------------------------------------------- */

#define ORDER(x, y)                                                                                \
	do {                                                                                       \
		if ((x) != (y))                                                                    \
			return (x) < (y) ? -1 : 1;                                                 \
	} while (0)

static int
compare_helds(const void *x, const void *y)
{
	const struct held *a = x, *b = y;

	ORDER(a->epoch, b->epoch);
	ORDER(a->slot, b->slot);
	ORDER(a->value, b->value);
	return 0;
}

static int
compare_spans(const void *x, const void *y)
{
	const struct span *a = x, *b = y;

	ORDER(a->epoch, b->epoch);
	ORDER(a->address, b->address);
	ORDER(a->shift, b->shift);
	ORDER(a->uses, b->uses);
	return 0;
}

static int
compare_contexts(const struct context *a, const struct context *b)
{
	ORDER(a->key.side, b->key.side);
	ORDER(a->key.tag.vpid, b->key.tag.vpid);
	ORDER(a->key.tag.pcid, b->key.tag.pcid);
	ORDER(a->key.tag.eptrta, b->key.tag.eptrta);
	return 0;
}

/* Where the values, or the spans, of an epoch begin in their order. */
size_t
epochs_first_held(const struct adversary *a, unsigned epoch)
{
	size_t i = 0;

	while (i < a->helds && a->held[i].epoch < epoch)
		i++;
	return i;
}

static size_t
first_span(const struct adversary *a, unsigned epoch)
{
	size_t i = 0;

	while (i < a->spans && a->span[i].epoch < epoch)
		i++;
	return i;
}

static int
compare_values(const struct adversary *a, unsigned x, unsigned y)
{
	size_t i = epochs_first_held(a, x), j = epochs_first_held(a, y);

	for (;; i++, j++) {
		bool more_i = i < a->helds && a->held[i].epoch == x;
		bool more_j = j < a->helds && a->held[j].epoch == y;

		ORDER(more_i, more_j);
		if (!more_i)
			return 0;
		ORDER(a->held[i].slot, a->held[j].slot);
		ORDER(a->held[i].value, a->held[j].value);
	}
}

static int
compare_pages(const struct adversary *a, unsigned x, unsigned y)
{
	size_t i = first_span(a, x), j = first_span(a, y);

	for (;; i++, j++) {
		bool more_i = i < a->spans && a->span[i].epoch == x;
		bool more_j = j < a->spans && a->span[j].epoch == y;

		ORDER(more_i, more_j);
		if (!more_i)
			return 0;
		ORDER(a->span[i].address, a->span[j].address);
		ORDER(a->span[i].shift, a->span[j].shift);
		ORDER(a->span[i].uses, a->span[j].uses);
	}
}

static int
compare_epochs(const struct adversary *a, unsigned x, unsigned y)
{
	const struct epoch *e = &a->epoch[x], *f = &a->epoch[y];
	int order;

	ORDER(e->context, f->context);
	ORDER(e->past, f->past);
	ORDER(e->globals_only, f->globals_only);
	order = compare_values(a, x, y);
	return order != 0 ? order : compare_pages(a, x, y);
}

static void
sort_contents(struct adversary *a)
{
	if (a->helds != 0)
		qsort(a->held, a->helds, sizeof(a->held[0]), compare_helds);
	if (a->spans != 0)
		qsort(a->span, a->spans, sizeof(a->span[0]), compare_spans);
}

static void
swap_epochs(struct adversary *a, unsigned x, unsigned y)
{
	struct epoch kept = a->epoch[x];
	size_t i;

	a->epoch[x] = a->epoch[y];
	a->epoch[y] = kept;
	for (i = 0; i < a->helds; i++)
		a->held[i].epoch = a->held[i].epoch == x ? y :
		    a->held[i].epoch == y ? x : a->held[i].epoch;
	for (i = 0; i < a->spans; i++)
		a->span[i].epoch = a->span[i].epoch == x ? y :
		    a->span[i].epoch == y ? x : a->span[i].epoch;
	sort_contents(a);
}

static void
swap_contexts(struct adversary *a, unsigned x, unsigned y)
{
	struct context kept = a->context[x];
	size_t i;

	a->context[x] = a->context[y];
	a->context[y] = kept;
	for (i = 0; i < a->epochs; i++)
		a->epoch[i].context = a->epoch[i].context == x ? y :
		    a->epoch[i].context == y ? x : a->epoch[i].context;
}

/* There are few of either: each goes down to its place. */
static void
put_in_order(struct adversary *a)
{
	unsigned i, j;

	for (i = 1; i < a->contexts; i++) {
		for (j = i; j > 0 && compare_contexts(&a->context[j - 1], &a->context[j]) > 0; j--)
			swap_contexts(a, j - 1, j);
	}
	sort_contents(a);
	for (i = 1; i < a->epochs; i++) {
		for (j = i; j > 0 && compare_epochs(a, j - 1, j) > 0; j--)
			swap_epochs(a, j - 1, j);
	}
}

/* --- what is kept of the past ---------------------------------------------------------------- */

static void
copy_epoch(struct adversary *a, unsigned from, unsigned to)
{
	size_t i, helds = a->helds, spans = a->spans;

	for (i = 0; i < helds; i++) {
		if (a->held[i].epoch == from)
			epochs_hold(a, to, a->held[i].slot, a->held[i].value);
	}
	for (i = 0; i < spans; i++) {
		if (a->span[i].epoch != from)
			continue;
		if (a->spans == SPANS_MAX)
			adversary_give_up(a);
		else if (grow(a, (void **)&a->span, &a->span_room, a->spans, sizeof(*a->span))) {
			a->span[a->spans] = a->span[i];
			a->span[a->spans++].epoch = to;
		}
	}
	a->epoch[to].seen = a->epoch[from].seen;
}

void
epochs_keep_as_past(struct adversary *a, unsigned context)
{
	unsigned present = epochs_present(a, context), past;

	if (!a->epoch[present].seen || (!a->epoch[present].stale && a->context[context].resident))
		return;
	past = add_epoch(a, context, true);
	if (a->failure == ADVERSARY_FINE)
		copy_epoch(a, present, past);
}

void
epochs_exclude(struct adversary *a, unsigned epoch, const struct adversary_path *path,
    unsigned uses)
{
	struct span span = { epoch, path->address >> path->shift << path->shift, path->shift,
		uses };
	size_t i;

	for (i = 0; i < a->spans; i++) {
		if (compare_spans(&a->span[i], &span) == 0)
			return;
	}
	if (a->spans == SPANS_MAX)
		adversary_give_up(a);
	else if (grow(a, (void **)&a->span, &a->span_room, a->spans, sizeof(*a->span)))
		a->span[a->spans++] = span;
}

/* --- what has been revoked ------------------------------------------------------------------- */

static bool
is_revoked_as(const struct revoked *revoked, uint64_t slot, uint64_t value)
{
	return revoked->slot == slot && revoked->value == (value & ~revoked->flags);
}

static void
forget_revoked(struct adversary *a, size_t i)
{
	a->revokeds--;
	memmove(&a->revoked[i], &a->revoked[i + 1],
	    (a->revokeds - i) * sizeof(a->revoked[0]));
}

static bool
is_held_as(const struct adversary *a, const struct revoked *revoked)
{
	size_t i = 0;

	while (i < a->helds && !is_revoked_as(revoked, a->held[i].slot, a->held[i].value))
		i++;
	return i < a->helds;
}

/* What is not held any more need not be known to be revoked. */
static void
settle_revoked(struct adversary *a)
{
	size_t i;

	for (i = 0; i < a->revokeds;) {
		if (is_held_as(a, &a->revoked[i]))
			i++;
		else
			forget_revoked(a, i);
	}
}

void
epochs_put_back(struct adversary *a, const struct table_change *change)
{
	size_t i;

	for (i = 0; i < a->revokeds;) {
		if (is_revoked_as(&a->revoked[i], change->slot.v, change->after))
			forget_revoked(a, i);
		else
			i++;
	}
}

void
adversary_revoke(struct adversary *a, const struct table_change *change)
{
	uint64_t flags = table_flags(change->kind);
	struct revoked revoked = { change->slot.v, change->before & ~flags, flags };
	size_t at = 0;

	if (adversary_is_revoked(a, change->slot, change->before) || !is_held_as(a, &revoked) ||
	    !grow(a, (void **)&a->revoked, &a->revoked_room, a->revokeds, sizeof(*a->revoked)))
		return;
	while (at < a->revokeds && (a->revoked[at].slot < revoked.slot ||
	    (a->revoked[at].slot == revoked.slot && a->revoked[at].value < revoked.value)))
		at++;
	memmove(&a->revoked[at + 1], &a->revoked[at],
	    (a->revokeds - at) * sizeof(a->revoked[0]));
	a->revoked[at] = revoked;
	a->revokeds++;
}

bool
adversary_is_revoked(const struct adversary *a, hpa_t slot, uint64_t value)
{
	size_t i = 0;

	while (i < a->revokeds && !is_revoked_as(&a->revoked[i], slot.v, value))
		i++;
	return i < a->revokeds;
}

/* --- what need not be kept ------------------------------------------------------------------- */

/* A value that another one of the epoch can do everything for. */
static bool
is_outdone(const struct adversary *a, const struct held *held)
{
	const struct context *context = &a->context[a->epoch[held->epoch].context];
	size_t i;

	if (held->value == epochs_now_of(a, context, held->slot))
		return false;
	for (i = 0; i < a->helds; i++) {
		const struct held *other = &a->held[i];

		if (other->epoch == held->epoch && other->slot == held->slot &&
		    other->value != held->value && (held->value & ~other->value) == 0 &&
		    ((held->value ^ other->value) & ~flags_of(context)) == 0)
			return true;
	}
	return false;
}

/* Whether all that one epoch may be used for another may too. */
static bool
is_within(const struct adversary *a, unsigned small, unsigned large)
{
	size_t i, j;

	if (a->epoch[small].context != a->epoch[large].context || !a->epoch[large].seen ||
	    (a->epoch[large].globals_only && !a->epoch[small].globals_only))
		return false;
	for (i = 0; i < a->helds; i++) {
		if (a->held[i].epoch == small &&
		    find_held(a, large, a->held[i].slot, a->held[i].value) == a->helds)
			return false;
	}
	for (i = 0; i < a->spans; i++) {
		const struct span *span = &a->span[i];

		if (span->epoch != large)
			continue;
		for (j = 0; j < a->spans; j++) {
			if (a->span[j].epoch == small && a->span[j].address == span->address &&
			    a->span[j].shift == span->shift && a->span[j].uses == span->uses)
				break;
		}
		if (j == a->spans)
			return false;
	}
	return true;
}

static bool
is_needless(const struct adversary *a, unsigned epoch)
{
	unsigned i;

	if (!a->epoch[epoch].past)
		return false;
	if (!a->epoch[epoch].stale && a->epoch[epochs_present(a, a->epoch[epoch].context)].seen)
		return true;
	for (i = 0; i < a->epochs; i++) {
		if (i != epoch && is_within(a, epoch, i))
			return true;
	}
	return false;
}

static void
mark_stale(struct adversary *a)
{
	size_t i;

	for (i = 0; i < a->epochs; i++)
		a->epoch[i].stale = false;
	for (i = 0; i < a->helds; i++) {
		if (is_stale(a, &a->held[i]))
			a->epoch[a->held[i].epoch].stale = true;
	}
}

/* After each operation. */
void
epochs_settle(struct adversary *a)
{
	size_t i;
	unsigned e;

	for (i = 0; i < a->helds;) {
		if (is_outdone(a, &a->held[i]))
			epochs_unhold(a, i);
		else
			i++;
	}
	mark_stale(a);
	for (e = 0; e < a->epochs;) {
		if (is_needless(a, e))
			epochs_remove(a, e);
		else
			e++;
	}
	settle_revoked(a);
	put_in_order(a);
}

/* --- canonical bytes ------------------------------------------------------------------------- */

/* The values of a slot in an epoch, unless they are what memory alone says. */
static void
put_slot(const struct adversary *a, unsigned epoch, uint64_t slot, const struct watch_sink *sink)
{
	const struct context *context = &a->context[a->epoch[epoch].context];
	uint64_t now = epochs_now_of(a, context, slot);
	size_t first = epochs_first_held(a, epoch), count = 0, i;

	while (first < a->helds && a->held[first].epoch == epoch && a->held[first].slot < slot)
		first++;
	while (first + count < a->helds && a->held[first + count].epoch == epoch &&
	    a->held[first + count].slot == slot)
		count++;
	if (count == 1 ? a->held[first].value == now :
	    count == 0 && (slot == ADVERSARY_ROOT || !epochs_is_present(context->key.side, now)))
		return;
	watch_put64(sink, slot);
	watch_put64(sink, count);
	for (i = 0; i < count; i++)
		watch_put64(sink, a->held[first + i].value);
}

static void
put_epoch(const struct adversary *a, unsigned epoch, const struct watch_sink *sink)
{
	const struct epoch *e = &a->epoch[epoch];
	unsigned kind = epochs_kind(a->context[e->context].key.side);
	size_t count, i;
	const struct table_slot *slot = table_log_slots(a->log, &count);

	watch_put64(sink, (uint64_t)e->past | (uint64_t)e->seen << 1 |
	    (uint64_t)e->globals_only << 2 | (uint64_t)e->context << 3);
	for (i = 0; e->seen && i < a->nows; i++) {
		if (slot[i].kind & kind)
			put_slot(a, epoch, slot[i].slot.v, sink);
	}
	put_slot(a, epoch, ADVERSARY_ROOT, sink);
	for (i = first_span(a, epoch); i < a->spans && a->span[i].epoch == epoch; i++) {
		watch_put64(sink, a->span[i].address);
		watch_put64(sink, a->span[i].shift | (uint64_t)a->span[i].uses << 8);
	}
}

void
adversary_state(const struct adversary *a, const struct watch_sink *sink)
{
	size_t count, i;
	const struct table_slot *slot = table_log_slots(a->log, &count);

	/* Which entries are followed decides what is read from now on. */
	for (i = 0; i < count; i++)
		watch_put64(sink, slot[i].slot.v);
	for (i = 0; i < a->contexts; i++) {
		const struct context *context = &a->context[i];

		watch_put64(sink, context->key.side | (uint64_t)context->resident << 2 |
		    (uint64_t)context->flags << 3 | (uint64_t)context->key.tag.vpid << 16 |
		    (uint64_t)context->key.tag.pcid << 32);
		watch_put64(sink, context->key.tag.eptrta);
		watch_put64(sink, context->root);
	}
	for (i = 0; i < a->epochs; i++)
		put_epoch(a, (unsigned)i, sink);
	for (i = 0; i < a->revokeds; i++) {
		watch_put64(sink, a->revoked[i].slot);
		watch_put64(sink, a->revoked[i].value);
	}
}

/* --- life ------------------------------------------------------------------------------------ */

struct adversary *
adversary_create(struct hostmem *mem, const struct table_log *log)
{
	struct adversary *a = calloc(1, sizeof(*a));

	if (a != NULL) {
		a->mem = mem;
		a->log = log;
	}
	return a;
}

void
adversary_destroy(struct adversary *a)
{
	if (a == NULL)
		return;
	free(a->context);
	free(a->epoch);
	free(a->held);
	free(a->span);
	free(a->revoked);
	free(a->now);
	free(a->room);
	free(a);
}

void *
adversary_room(struct adversary *a, size_t size)
{
	if (size > a->room_size) {
		free(a->room);
		a->room = malloc(size);
		a->room_size = a->room != NULL ? size : 0;
	}
	if (a->room == NULL)
		a->failure = ADVERSARY_NO_MEMORY;
	return a->room;
}

enum adversary_failure
adversary_failed(const struct adversary *a)
{
	return a->failure;
}
