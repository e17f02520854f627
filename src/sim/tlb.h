/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cached translations of one logical processor.
 *
 * Combined mappings (linear page to host frame), tagged with VPID, PCID and EP4TA [TLB-TAGS]; data
 * and fetches are kept apart.  A cache of finite size replaces its oldest entry.  Rights are cached
 * as accumulated by the walk; CPL, WP, SMEP, SMAP and protection keys are judged at each use.
 */
#ifndef VK_SIM_TLB_H
#define VK_SIM_TLB_H

#include <stdbool.h>

#include "base/addr.h"
#include "sim/watch.h"

struct tlb_tag {
	uint16_t vpid;
	uint16_t pcid;
	uint64_t eptrta; /* EPTP bits 51:12; 0 without EPT */
};

struct tlb_entry {
	struct tlb_tag tag;
	uint64_t page;        /* linear address / 4 KiB */
	hpa_t frame;
	gpa_t gpa_frame;
	uint64_t guest_perm;  /* as guestpt_walk.perm */
	uint64_t guest_leaf;  /* the leaf entry: key, global flag */
	uint64_t ept_perm;
	unsigned guest_shift; /* of the guest page: INVLPG drops all of it */
	bool fetch;
	bool global;
	bool writable;        /* filled by a write: both leaves are dirty, writes may use it */
	int filled_by_thread; /* history, for whoever explains a stale use */
	int filled_by_step;
};

struct tlb_stats {
	uint64_t hits;
	uint64_t misses;
	uint64_t fills;
	uint64_t evictions;
	uint64_t dropped;
	uint64_t stale;
};

struct tlb;

/* `entries` at least 1; `cpu` is whose it is.  NULL when out of memory. */
struct tlb *tlb_create(unsigned entries, unsigned cpu);
void tlb_destroy(struct tlb *tlb);

/* The translation of `gva` for a data access or a fetch; NULL when there is none. */
const struct tlb_entry *tlb_find(struct tlb *tlb, const struct tlb_tag *tag, gva_t gva, bool fetch);

/* Replaces the entry of the same page, tag and kind, or else the oldest. */
void tlb_fill(struct tlb *tlb, const struct tlb_entry *entry);

/* Which entries an invalidation drops; an unset condition is met by all. */
struct tlb_scope {
	bool by_vpid, by_pcid, by_eptrta, by_address;
	bool keep_globals;
	bool global_any_pcid; /* with by_pcid: global entries of other PCIDs too (INVLPG) */
	bool keep_vpid_0;     /* entries made without VPIDs stay */
	struct tlb_tag tag;
	gva_t address;
};

/* Drops them and returns how many. [TLB-INVALIDATE] */
unsigned tlb_drop(struct tlb *tlb, const struct tlb_scope *scope);

struct tlb_stats *tlb_stats(struct tlb *tlb);

/* Hands over what is cached as canonical bytes: equal contents, equal bytes; no history. */
void tlb_state(const struct tlb *tlb, const struct watch_sink *sink);

/* The i-th entry in order of filling, oldest first; NULL past the last. */
const struct tlb_entry *tlb_entry_at(const struct tlb *tlb, unsigned i);

#endif
