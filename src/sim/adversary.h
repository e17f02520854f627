/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A processor that has cached whatever it was allowed to: which values of table entries one logical
 * processor may still be using [TLB-KINDS] [TLB-TAGS] [TLB-USE].
 *
 * Only entries that software has changed are kept, with the values that they have had; any other
 * entry has one value to choose from.  A context is what a set of tags stands for: tables of a
 * guest under VPID, PCID and EPT root, or an EPT by its root.  A value joins a context when it is
 * in memory while the processor is in guest mode under those tags, since it may then read it for
 * reasons of its own, and leaves with the invalidation that covers it.
 *
 * A context is cut into epochs.  In the present one any mixture of values makes a walk: upper
 * entries may come from paging-structure caches, lower ones from memory.  When the structures go
 * and translations stay (INVLPG of another page, MOV to CR3 and global pages), the epoch becomes a
 * past one: whole translations made of its values may be used, and no mixture with later values.
 */
#ifndef VK_SIM_ADVERSARY_H
#define VK_SIM_ADVERSARY_H

#include "sim/table_log.h"
#include "sim/tlb.h"

enum adversary_side {
	ADVERSARY_LINEAR,   /* guest tables, no EPT in use */
	ADVERSARY_COMBINED, /* guest tables through an EPT */
	ADVERSARY_EPT       /* EPT tables: the root is the only tag */
};

struct adversary_key {
	enum adversary_side side;
	struct tlb_tag tag;
};

/* A guest entry of this name is the root itself: CR3 is no entry of memory. */
#define ADVERSARY_ROOT (~0ull)

struct adversary;

/* NULL when out of memory; the log and the memory have to stay. */
struct adversary *adversary_create(struct hostmem *mem, const struct table_log *log);
void adversary_destroy(struct adversary *adversary);

/* The processor is in guest mode under these tags and tables, and under no others. */
struct adversary_guest {
	struct tlb_tag tag;
	uint64_t root;  /* the guest's tables: CR3 without its low bits */
	bool ept;       /* in use, with tag.eptrta as root ... */
	bool ept_flags; /* ... and accessed and dirty flags */
};
void adversary_enter(struct adversary *adversary, const struct adversary_guest *guest);

/* It has left guest mode. */
void adversary_leave(struct adversary *adversary);

/* An entry was changed. */
void adversary_changed(struct adversary *adversary, const struct table_change *change);

/*
 * After adversary_changed(), for a change that another processor has made: a walk of this one that
 * is on its way may have found nothing there, and still end in a page fault, once.
 */
void adversary_was_absent(struct adversary *adversary, const struct table_change *change);

/* What an invalidation of one address needs to know of the walks for it, in the current context. */
struct adversary_path {
	uint64_t address;
	unsigned shift;     /* of the page that is invalidated as one */
	const hpa_t *slot;  /* entries that lead there, among those that have changed */
	size_t slots;
	bool known;         /* else any entry may lead there */
	bool globals;       /* global translations can exist */
};

/*
 * Forgets what an invalidation covers [TLB-INVALIDATE].  `path` is needed with scope->by_address
 * alone; of contexts other than the current one all upper entries are forgotten then.
 */
void adversary_drop(struct adversary *adversary, const struct tlb_scope *scope,
    const struct adversary_path *path);

/* Whether nothing but the values in memory can be used under these tags. */
bool adversary_is_plain(const struct adversary *adversary, const struct adversary_key *key,
    bool globals);

/* Which translations a source may give: not global ones, global ones. */
#define ADVERSARY_LOCAL 1u
#define ADVERSARY_GLOBAL 2u

/* Where the entries of one translation may come from: an epoch of some context. */
struct adversary_source {
	unsigned epoch;
	bool present;  /* the present one of the context itself: entries of memory mix in */
	unsigned uses;
	uint64_t root; /* guest tables: as last loaded in that context */
};

/*
 * The sources of translations of an address, beside memory itself, in an order of their own that
 * depends on what they hold alone.  Returns how many; no more than `room` are given.
 */
unsigned adversary_sources(const struct adversary *adversary, const struct adversary_key *key,
    uint64_t address, bool globals, struct adversary_source *source, unsigned room);

/* The values that an entry, or ADVERSARY_ROOT, may have in a source; ascending. */
unsigned adversary_values(const struct adversary *adversary,
    const struct adversary_source *source, hpa_t slot, uint64_t *value, unsigned room);

/* The change took a value away that nobody may use any more. */
void adversary_revoke(struct adversary *adversary, const struct table_change *change);

/* Whether a value of an entry, but for flags, has been revoked and not been in memory since. */
bool adversary_is_revoked(const struct adversary *adversary, hpa_t slot, uint64_t value);

/*
 * Hands over all of it as canonical bytes: of two processors with equal bytes over equal memory
 * each may do what the other may.
 */
void adversary_state(const struct adversary *adversary, const struct watch_sink *sink);

enum adversary_failure {
	ADVERSARY_FINE,
	ADVERSARY_NO_MEMORY,
	ADVERSARY_OVER_LIMIT /* more values, epochs or alternatives than are kept */
};
enum adversary_failure adversary_failed(const struct adversary *adversary);

/* For who finds more alternatives than there is room for. */
void adversary_give_up(struct adversary *adversary);

/* Room of the caller's, the same at each call; NULL when out of memory, which is kept. */
void *adversary_room(struct adversary *adversary, size_t size);

#endif
