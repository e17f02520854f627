/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A store of each kind of cached item, fully associative, with first-in first-out replacement.
 *
 * Modelled: what a processor may keep until it must go.  It never drops an item by itself but to
 * make room, and an invalidation drops what it must and no more.  Where the model stops: pages of
 * more than 4 KiB are kept in pieces of 4 KiB, and nothing is cached that no access has used.
 */
#include "sim/tlb.h"

#include <stdlib.h>
#include <string.h>

#include "sim/adversary.h"

#define FIRST_ROOM 8

/* The items of one kind, oldest first; room is made as it is needed. */
struct store {
	struct tlb_entry *entry;
	unsigned count, room, capacity;
};

struct tlb {
	struct tlb_stats stats;
	struct store store[TLB_KINDS];
	struct table_log *log;       /* NULL: nobody asks for history */
	struct tlb_record *records;  /* all that there are */
	struct adversary *adversary; /* in place of the stores */
	unsigned cpu;
	bool cancelled; /* there has been an invalidation since the last walk began */
	bool failed;    /* out of memory */
	bool counts_origins; /* what items are made of is part of the state */
};

const char *
tlb_kind_name(enum tlb_kind kind)
{
	static const char *const names[TLB_KINDS] = {
		[TLB_LINEAR] = "linear",
		[TLB_LINEAR_STRUCTURE] = "linear-structure",
		[TLB_GUEST_PHYSICAL] = "guest-physical",
		[TLB_GUEST_PHYSICAL_STRUCTURE] = "guest-physical-structure",
		[TLB_COMBINED] = "combined",
		[TLB_COMBINED_STRUCTURE] = "combined-structure",
	};

	return names[kind];
}

struct tlb *
tlb_create(const struct tlb_sizes *sizes, unsigned cpu)
{
	struct tlb *tlb = calloc(1, sizeof(*tlb));
	unsigned kind;

	if (tlb == NULL)
		return NULL;
	tlb->cpu = cpu;
	for (kind = 0; kind < TLB_KINDS; kind++)
		tlb->store[kind].capacity = tlb_kind_is_structure((enum tlb_kind)kind) ?
		    sizes->structures : sizes->translations;
	tlb->store[TLB_GUEST_PHYSICAL].capacity = sizes->guest_physical;
	return tlb;
}

void
tlb_destroy(struct tlb *tlb)
{
	unsigned kind;

	if (tlb == NULL)
		return;
	for (kind = 0; kind < TLB_KINDS; kind++)
		free(tlb->store[kind].entry);
	tlb_record_destroy_all(&tlb->records);
	adversary_destroy(tlb->adversary);
	free(tlb);
}

bool
tlb_follow(struct tlb *tlb, struct hostmem *mem, struct table_log *log, bool adversarial)
{
	tlb->log = log;
	if (adversarial)
		tlb->adversary = adversary_create(mem, log);
	return !adversarial || tlb->adversary != NULL;
}

unsigned
tlb_cpu(const struct tlb *tlb)
{
	return tlb->cpu;
}

struct tlb_record **
tlb_records(struct tlb *tlb)
{
	return &tlb->records;
}

void
tlb_count_origins(struct tlb *tlb)
{
	tlb->counts_origins = true;
}

struct table_log *
tlb_log(const struct tlb *tlb)
{
	return tlb->log;
}

struct adversary *
tlb_adversary(const struct tlb *tlb)
{
	return tlb->adversary;
}

struct tlb_stats *
tlb_stats(struct tlb *tlb)
{
	return &tlb->stats;
}

const struct tlb_entry *
tlb_entry_at(const struct tlb *tlb, enum tlb_kind kind, unsigned i)
{
	return i < tlb->store[kind].count ? &tlb->store[kind].entry[i] : NULL;
}

void
tlb_touch(const struct tlb *tlb, unsigned how)
{
	watch_touch(watch_cell_of(WATCH_TLB, tlb->cpu), how);
}

/* --- canonical bytes ---------------------------------------------------------------------- */

static void
put_origins(const struct tlb_stretch *made_of, const struct watch_sink *sink)
{
	unsigned i;

	for (i = 0; made_of->record != NULL && i < made_of->count; i++) {
		const struct tlb_origin *origin = &made_of->record->origin[made_of->first + i];

		watch_put64(sink, origin->slot.v | origin->kind);
		watch_put64(sink, origin->value);
	}
}

static void
put_entry(const struct tlb_entry *entry, const struct watch_sink *sink)
{
	unsigned level;

	watch_put64(sink, (uint64_t)entry->tag.vpid | (uint64_t)entry->tag.pcid << 16 |
	    (uint64_t)entry->guest_shift << 32 | (uint64_t)entry->fetch << 40 |
	    (uint64_t)entry->global << 41 | (uint64_t)entry->writable << 42 |
	    (uint64_t)entry->shift << 43 | (uint64_t)entry->level << 49 |
	    (uint64_t)entry->levels << 52 | (uint64_t)entry->kind << 55 |
	    (uint64_t)entry->revoked << 58);
	watch_put64(sink, entry->tag.eptrta);
	watch_put64(sink, entry->address);
	for (level = entry->level; level != 0 && level <= entry->levels; level++)
		watch_put64(sink, entry->step[level]);
	watch_put64(sink, entry->table.v);
	watch_put64(sink, entry->frame.v);
	watch_put64(sink, entry->gpa_frame.v);
	watch_put64(sink, entry->guest_perm);
	watch_put64(sink, entry->guest_leaf);
	watch_put64(sink, entry->ept_perm);
}

void
tlb_state(const struct tlb *tlb, const struct watch_sink *sink)
{
	unsigned kind, i;

	if (tlb->adversary != NULL) {
		adversary_state(tlb->adversary, sink);
		return;
	}
	watch_put64(sink, tlb->cancelled);
	for (kind = 0; kind < TLB_KINDS; kind++) {
		for (i = 0; i < tlb->store[kind].count; i++) {
			const struct tlb_entry *entry = &tlb->store[kind].entry[i];

			put_entry(entry, sink);
			if (tlb->counts_origins)
				put_origins(&entry->made_of, sink);
		}
	}
}

/* --- what is there ------------------------------------------------------------------------ */

static bool
tag_matches(const struct tlb_entry *entry, const struct tlb_tag *tag)
{
	if (entry->tag.eptrta != tag->eptrta)
		return false;
	if (tlb_kind_is_guest_physical(entry->kind))
		return true;
	return entry->tag.vpid == tag->vpid && (entry->global || entry->tag.pcid == tag->pcid);
}

const struct tlb_entry *
tlb_find(struct tlb *tlb, enum tlb_kind kind, const struct tlb_tag *tag, uint64_t address,
    bool fetch)
{
	const struct store *store = &tlb->store[kind];
	const struct tlb_entry *found = NULL;
	unsigned i;

	tlb_touch(tlb, WATCH_READ);
	for (i = 0; i < store->count; i++) {
		const struct tlb_entry *entry = &store->entry[i];

		if (entry->fetch == fetch && tlb_entry_serves(entry, address) &&
		    tag_matches(entry, tag) && (found == NULL || entry->shift < found->shift))
			found = entry;
	}
	return found;
}

void
tlb_count_use(struct tlb *tlb, enum tlb_kind kind, bool hit)
{
	struct tlb_kind_stats *stats = &tlb->stats.kind[kind];

	if (hit)
		stats->hits++;
	else
		stats->misses++;
}

void
tlb_walk_begin(struct tlb *tlb)
{
	tlb_touch(tlb, WATCH_READ | WATCH_WRITE);
	tlb->cancelled = false;
}

static void
store_remove(struct store *store, unsigned i)
{
	tlb_record_release(store->entry[i].made_of.record);
	store->count--;
	memmove(&store->entry[i], &store->entry[i + 1],
	    (store->count - i) * sizeof(store->entry[0]));
}

enum growth { GROWN, FULL, NO_MEMORY };

static enum growth
store_grow(struct store *store)
{
	unsigned room = store->room == 0 ? FIRST_ROOM : 2 * store->room;
	struct tlb_entry *bigger;

	if (store->count == store->capacity)
		return FULL;
	if (store->count < store->room)
		return GROWN;
	bigger = realloc(store->entry, room * sizeof(*bigger));
	if (bigger == NULL)
		return NO_MEMORY;
	store->entry = bigger;
	store->room = room;
	return GROWN;
}

void
tlb_fill(struct tlb *tlb, const struct tlb_entry *entry)
{
	struct store *store = &tlb->store[entry->kind];
	unsigned i;

	if (store->capacity == 0)
		return;
	tlb_touch(tlb, WATCH_READ | WATCH_WRITE);
	if (tlb->cancelled)
		return;
	for (i = 0; i < store->count; i++) {
		const struct tlb_entry *old = &store->entry[i];

		if (old->address == entry->address && old->shift == entry->shift &&
		    old->fetch == entry->fetch && tag_matches(old, &entry->tag)) {
			store_remove(store, i);
			break;
		}
	}
	switch (store_grow(store)) {
	case GROWN:
		break;
	case FULL:
		store_remove(store, 0);
		tlb->stats.kind[entry->kind].evictions++;
		break;
	case NO_MEMORY:
		tlb->failed = true;
		return;
	}
	store->entry[store->count++] = *entry;
	(void)tlb_record_hold(entry->made_of.record);
	tlb->stats.kind[entry->kind].fills++;
}

void
tlb_fail(struct tlb *tlb)
{
	tlb->failed = true;
}

bool
tlb_failed(const struct tlb *tlb)
{
	return tlb->failed;
}

/* --- what goes ---------------------------------------------------------------------------- */

static bool
tags_in_scope(const struct tlb_entry *entry, const struct tlb_scope *scope)
{
	if (scope->by_eptrta && entry->tag.eptrta != scope->tag.eptrta)
		return false;
	if (tlb_kind_is_guest_physical(entry->kind))
		return true;
	if ((scope->by_vpid && entry->tag.vpid != scope->tag.vpid) ||
	    (scope->keep_vpid_0 && entry->tag.vpid == 0) ||
	    (scope->keep_globals && entry->global))
		return false;
	return !scope->by_pcid || entry->tag.pcid == scope->tag.pcid ||
	    (scope->global_any_pcid && entry->global);
}

static bool
in_scope(const struct tlb_entry *entry, const struct tlb_scope *scope)
{
	unsigned shift = entry->shift;

	if (!tags_in_scope(entry, scope))
		return false;
	if (!scope->by_address ||
	    (scope->all_structures && tlb_kind_is_structure(entry->kind)))
		return true;
	/* A large page may be held in pieces: all of them go. */
	if (shift < entry->guest_shift)
		shift = entry->guest_shift;
	return entry->address >> shift == scope->address >> shift;
}

unsigned
tlb_drop(struct tlb *tlb, const struct tlb_scope *scope)
{
	unsigned kind, i, dropped = 0;

	tlb_touch(tlb, WATCH_READ | WATCH_WRITE);
	tlb->cancelled = true;
	for (kind = 0; kind < TLB_KINDS; kind++) {
		struct store *store = &tlb->store[kind];
		unsigned before = store->count;

		if (!(scope->kinds & TLB_MASK(kind)))
			continue;
		for (i = 0; i < store->count;) {
			if (in_scope(&store->entry[i], scope))
				store_remove(store, i);
			else
				i++;
		}
		dropped += before - store->count;
		tlb->stats.kind[kind].dropped += before - store->count;
	}
	return dropped;
}

/* --- what nobody may use any more ------------------------------------------------------------- */

static bool
is_made_of_revoked(const struct tlb_stretch *made_of,
    bool (*is_revoked)(void *ctx, const struct tlb_origin *origin), void *ctx)
{
	unsigned i;

	for (i = 0; made_of->record != NULL && i < made_of->count; i++) {
		if (is_revoked(ctx, &made_of->record->origin[made_of->first + i]))
			return true;
	}
	return false;
}

void
tlb_revoke(struct tlb *tlb, bool (*is_revoked)(void *ctx, const struct tlb_origin *origin),
    void *ctx)
{
	unsigned kind, i;

	tlb_touch(tlb, WATCH_READ | WATCH_WRITE);
	for (kind = 0; kind < TLB_KINDS; kind++) {
		for (i = 0; i < tlb->store[kind].count; i++) {
			struct tlb_entry *entry = &tlb->store[kind].entry[i];

			if (is_made_of_revoked(&entry->made_of, is_revoked, ctx))
				entry->revoked = true;
		}
	}
}
