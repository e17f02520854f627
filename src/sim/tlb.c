/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small, fully associative cache of combined translations with first-in first-out replacement.
 *
 * Modelled: what a cache may keep until it must go.  Not modelled here: paging-structure caches and
 * guest-physical mappings; a walk always starts at the root.
 */
#include "sim/tlb.h"

#include <stdlib.h>
#include <string.h>

#include "base/ptlevel.h"

struct tlb {
	struct tlb_stats stats;
	unsigned cpu;
	unsigned count;
	unsigned capacity;
	struct tlb_entry entry[]; /* oldest first */
};

struct tlb *
tlb_create(unsigned entries, unsigned cpu)
{
	struct tlb *tlb = calloc(1, sizeof(*tlb) + entries * sizeof(tlb->entry[0]));

	if (tlb != NULL) {
		tlb->capacity = entries;
		tlb->cpu = cpu;
	}
	return tlb;
}

void
tlb_destroy(struct tlb *tlb)
{
	free(tlb);
}

struct tlb_stats *
tlb_stats(struct tlb *tlb)
{
	return &tlb->stats;
}

const struct tlb_entry *
tlb_entry_at(const struct tlb *tlb, unsigned i)
{
	return i < tlb->count ? &tlb->entry[i] : NULL;
}

static void
touch(const struct tlb *tlb, unsigned how)
{
	watch_touch(watch_cell_of(WATCH_TLB, tlb->cpu), how);
}

void
tlb_state(const struct tlb *tlb, const struct watch_sink *sink)
{
	unsigned i;

	for (i = 0; i < tlb->count; i++) {
		const struct tlb_entry *entry = &tlb->entry[i];

		watch_put64(sink, (uint64_t)entry->tag.vpid | (uint64_t)entry->tag.pcid << 16 |
		    (uint64_t)entry->guest_shift << 32 | (uint64_t)entry->fetch << 40 |
		    (uint64_t)entry->global << 41 | (uint64_t)entry->writable << 42);
		watch_put64(sink, entry->tag.eptrta);
		watch_put64(sink, entry->page);
		watch_put64(sink, entry->frame.v);
		watch_put64(sink, entry->gpa_frame.v);
		watch_put64(sink, entry->guest_perm);
		watch_put64(sink, entry->guest_leaf);
		watch_put64(sink, entry->ept_perm);
	}
}

static bool
tag_matches(const struct tlb_entry *entry, const struct tlb_tag *tag)
{
	return entry->tag.vpid == tag->vpid && entry->tag.eptrta == tag->eptrta &&
	    (entry->global || entry->tag.pcid == tag->pcid);
}

const struct tlb_entry *
tlb_find(struct tlb *tlb, const struct tlb_tag *tag, gva_t gva, bool fetch)
{
	unsigned i;

	touch(tlb, WATCH_READ);
	for (i = 0; i < tlb->count; i++) {
		const struct tlb_entry *entry = &tlb->entry[i];

		if (entry->page == gva.v >> VK_PAGE_SHIFT && entry->fetch == fetch &&
		    tag_matches(entry, tag))
			return entry;
	}
	return NULL;
}

static void
tlb_remove(struct tlb *tlb, unsigned i)
{
	tlb->count--;
	memmove(&tlb->entry[i], &tlb->entry[i + 1], (tlb->count - i) * sizeof(tlb->entry[0]));
}

void
tlb_fill(struct tlb *tlb, const struct tlb_entry *entry)
{
	unsigned i;

	touch(tlb, WATCH_READ | WATCH_WRITE);
	for (i = 0; i < tlb->count; i++) {
		if (tlb->entry[i].page == entry->page && tlb->entry[i].fetch == entry->fetch &&
		    tag_matches(&tlb->entry[i], &entry->tag)) {
			tlb_remove(tlb, i);
			break;
		}
	}
	if (tlb->count == tlb->capacity) {
		tlb_remove(tlb, 0);
		tlb->stats.evictions++;
	}
	tlb->entry[tlb->count++] = *entry;
	tlb->stats.fills++;
}

static bool
in_scope(const struct tlb_entry *entry, const struct tlb_scope *scope)
{
	if (scope->by_vpid && entry->tag.vpid != scope->tag.vpid)
		return false;
	if (scope->by_eptrta && entry->tag.eptrta != scope->tag.eptrta)
		return false;
	if ((scope->keep_globals && entry->global) || (scope->keep_vpid_0 && entry->tag.vpid == 0))
		return false;
	if (scope->by_pcid && entry->tag.pcid != scope->tag.pcid &&
	    !(scope->global_any_pcid && entry->global))
		return false;
	/* A large page may be held in pieces: all of them go. */
	if (scope->by_address && (entry->page << VK_PAGE_SHIFT) >> entry->guest_shift !=
	    scope->address.v >> entry->guest_shift)
		return false;
	return true;
}

unsigned
tlb_drop(struct tlb *tlb, const struct tlb_scope *scope)
{
	unsigned i = 0, dropped = 0;

	touch(tlb, WATCH_READ | WATCH_WRITE);
	while (i < tlb->count) {
		if (in_scope(&tlb->entry[i], scope)) {
			tlb_remove(tlb, i);
			dropped++;
		} else {
			i++;
		}
	}
	tlb->stats.dropped += dropped;
	return dropped;
}
