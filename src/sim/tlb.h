/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one logical processor has cached of its translations.
 *
 * Six kinds of items [TLB-KINDS]: translations of linear and of guest-physical pages, and
 * paging-structure entries, which say where a walk may begin below the root.  Each has its tags
 * [TLB-TAGS]; the guest-physical kinds have neither VPID nor PCID.  Rights are cached as the walk
 * accumulated them; CPL, WP, SMEP, SMAP and protection keys are judged at each use.
 */
#ifndef VK_SIM_TLB_H
#define VK_SIM_TLB_H

#include <stdbool.h>

#include "base/addr.h"
#include "base/ptlevel.h"
#include "sim/tlb_record.h"
#include "sim/watch.h"

enum tlb_kind {
	TLB_LINEAR,                   /* linear page, while no EPT is in use */
	TLB_LINEAR_STRUCTURE,         /* upper linear bits to a guest table, likewise */
	TLB_GUEST_PHYSICAL,           /* guest-physical page */
	TLB_GUEST_PHYSICAL_STRUCTURE, /* upper guest-physical bits to an EPT table */
	TLB_COMBINED,                 /* linear page, through an EPT */
	TLB_COMBINED_STRUCTURE,       /* upper linear bits to a guest table, through an EPT */
	TLB_KINDS
};

/* Sets of kinds, as masks. */
#define TLB_MASK(kind) (1u << (kind))
#define TLB_ALL_LINEAR (TLB_MASK(TLB_LINEAR) | TLB_MASK(TLB_LINEAR_STRUCTURE))
#define TLB_ALL_GUEST_PHYSICAL                                                                     \
	(TLB_MASK(TLB_GUEST_PHYSICAL) | TLB_MASK(TLB_GUEST_PHYSICAL_STRUCTURE))
#define TLB_ALL_COMBINED (TLB_MASK(TLB_COMBINED) | TLB_MASK(TLB_COMBINED_STRUCTURE))
#define TLB_ALL (TLB_MASK(TLB_KINDS) - 1)

/* "combined", "combined-structure" ... */
const char *tlb_kind_name(enum tlb_kind kind);

static inline bool
tlb_kind_is_structure(enum tlb_kind kind)
{
	return kind == TLB_LINEAR_STRUCTURE || kind == TLB_GUEST_PHYSICAL_STRUCTURE ||
	    kind == TLB_COMBINED_STRUCTURE;
}

static inline bool
tlb_kind_is_guest_physical(enum tlb_kind kind)
{
	return kind == TLB_GUEST_PHYSICAL || kind == TLB_GUEST_PHYSICAL_STRUCTURE;
}

struct tlb_tag {
	uint16_t vpid;
	uint16_t pcid;
	uint64_t eptrta; /* EPTP bits 51:12; 0 without EPT */
};

struct tlb_entry {
	enum tlb_kind kind;
	struct tlb_tag tag;
	uint64_t address; /* the first that it serves; guest-physical where the kind is */
	unsigned shift;   /* log2 of how many bytes it serves */
	/* All but linear and combined translations: the entries that it stands for, by level. */
	uint64_t step[VK_LEVELS + 1];
	unsigned levels;  /* of the tables: the first in step[] */
	unsigned level;   /* the last */
	/* Linear and combined structures. */
	hpa_t table;      /* the table that the last entry names */
	/* Linear and combined translations. */
	hpa_t frame;
	gpa_t gpa_frame;
	uint64_t guest_perm;  /* as guestpt_walk.perm */
	uint64_t guest_leaf;  /* the leaf entry: key, global flag */
	uint64_t ept_perm;
	unsigned guest_shift; /* of the guest page: INVLPG drops all of it */
	bool fetch;
	bool global;
	bool writable;        /* filled by a write: both leaves are dirty, writes may use it */
	bool revoked;         /* a shootdown of what it is made of has returned */
	struct tlb_stretch made_of; /* history, for whoever explains a stale use */
};

struct tlb_kind_stats {
	uint64_t hits;      /* a walk, or all of an access, was spared by one */
	uint64_t misses;    /* there was none of use */
	uint64_t fills;
	uint64_t evictions; /* to make room */
	uint64_t dropped;   /* by invalidations */
};

struct tlb_stats {
	struct tlb_kind_stats kind[TLB_KINDS];
	uint64_t stale; /* accesses that used what the tables no longer hold */
};

/* How many of each kind there is room for. */
struct tlb_sizes {
	unsigned translations;   /* linear, combined; at least 1 */
	unsigned guest_physical; /* guest-physical translations; 0: none are kept */
	unsigned structures;     /* of each of the three kinds; 0: none are kept */
};

struct tlb;
struct adversary;

/* `cpu` is whose it is.  NULL when out of memory. */
struct tlb *tlb_create(const struct tlb_sizes *sizes, unsigned cpu);
void tlb_destroy(struct tlb *tlb);

unsigned tlb_cpu(const struct tlb *tlb);

/*
 * Gives it the log of the machine's tables, which has to stay: what is cached has a history then.
 * `adversarial`: from now on nothing is filled, and what may be used is what the architecture
 * allows (sim/adversary.h).  false: out of memory.
 */
bool tlb_follow(struct tlb *tlb, struct hostmem *mem, struct table_log *log, bool adversarial);
struct table_log *tlb_log(const struct tlb *tlb);

/* The list of the records that its items and walks have. */
struct tlb_record **tlb_records(struct tlb *tlb);
struct adversary *tlb_adversary(const struct tlb *tlb); /* NULL: it caches what it is filled with */

/* Announces that somebody is about to look at it, or to change it. */
void tlb_touch(const struct tlb *tlb, unsigned how);

/*
 * The item of that kind for an address, the one for the longest prefix where several serve it; NULL
 * when there is none.  `fetch` is for linear and combined translations, of which there are separate
 * ones for data and fetches.  It is valid until the next fill or drop.
 */
const struct tlb_entry *tlb_find(struct tlb *tlb, enum tlb_kind kind, const struct tlb_tag *tag,
    uint64_t address, bool fetch);

/* Counts whether what tlb_find() gave was of use. */
void tlb_count_use(struct tlb *tlb, enum tlb_kind kind, bool hit);

/*
 * Replaces the item for the same addresses under the same tag, or else the oldest of its kind.
 * Holds the record that it was made by.
 */
void tlb_fill(struct tlb *tlb, const struct tlb_entry *entry);

/* Keeps in mind that something about it was lost because the process has no memory. */
void tlb_fail(struct tlb *tlb);

/* Whether an entry, or something about one, was lost so. */
bool tlb_failed(const struct tlb *tlb);

/* What items are made of belongs to its state: tlb_revoke() depends on it. */
void tlb_count_origins(struct tlb *tlb);

/* Marks the items that are made of an entry of which `is_revoked` says that nobody may use it. */
void tlb_revoke(struct tlb *tlb, bool (*is_revoked)(void *ctx, const struct tlb_origin *origin),
    void *ctx);

/* Which items an invalidation drops; an unset condition is met by all. */
struct tlb_scope {
	unsigned kinds;       /* TLB_MASK() of those that it acts on */
	bool by_vpid, by_pcid, by_eptrta;
	bool by_address;      /* items that serve this address */
	bool all_structures;  /* ... and structures for whatever address (INVLPG) */
	bool keep_globals;
	bool global_any_pcid; /* with by_pcid: global translations of other PCIDs too */
	bool keep_vpid_0;     /* items made without VPIDs stay */
	struct tlb_tag tag;
	uint64_t address;     /* guest-physical for the kinds that are */
};

/* Drops them and returns how many. [TLB-INVALIDATE] */
unsigned tlb_drop(struct tlb *tlb, const struct tlb_scope *scope);

/*
 * A walk begins.  One that is under way when an invalidation comes fills nothing any more: what it
 * read may be what was invalidated.
 */
void tlb_walk_begin(struct tlb *tlb);

struct tlb_stats *tlb_stats(struct tlb *tlb);

/* Hands over what is cached as canonical bytes: equal contents, equal bytes; no history. */
void tlb_state(const struct tlb *tlb, const struct watch_sink *sink);

/* The i-th item of a kind in order of filling, oldest first; NULL past the last. */
const struct tlb_entry *tlb_entry_at(const struct tlb *tlb, enum tlb_kind kind, unsigned i);

/* Whether an item is for this address. */
static inline bool
tlb_entry_serves(const struct tlb_entry *entry, uint64_t address)
{
	return entry->address >> entry->shift == address >> entry->shift;
}

#endif
