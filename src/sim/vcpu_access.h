/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One access under way; shared by the files that make, cache and tell of it.
 */
#ifndef VK_SIM_VCPU_ACCESS_H
#define VK_SIM_VCPU_ACCESS_H

#include "sim/vcpu.h"

struct cached_walk;
struct chosen_walk;

struct access_state {
	struct vcpu *vcpu;
	const struct vcpu_request *request;
	struct vcpu_result *result;
	unsigned acc;   /* with VK_ACC_USER, VK_ACC_IMPLICIT as the access is */
	bool look_only;
	struct hpm memory; /* as its walks see it */
	struct cached_walk *caches; /* of the walk under way; NULL: it reads all from memory ... */
	struct chosen_walk *choices; /* ... or, where this is not NULL, what it may have cached */
};

/* One attempt to walk for a piece, for who only wants to see what it comes to. */
enum vcpu_outcome vcpu_try_piece(struct access_state *state, struct vcpu_piece *piece,
    const struct guestpt *pt);

/* Prepares the tables of an access, and the memory that they are in. */
void vcpu_init_tables(struct access_state *state, struct guestpt *pt);

/* Levels of the guest's tables; 0 without paging. */
static inline unsigned
vcpu_levels(const struct vcpu *vcpu)
{
	if (!(vcpu->mode.cr0 & VK_CR0_PG))
		return 0;
	return (vcpu->mode.cr4 & VK_CR4_LA57) ? 5 : 4;
}

/* --- vcpu_cache.c: whole translations --------------------------------------------------------- */

/* Takes the translation of a piece from the cache; false: it has to be walked. */
bool piece_from_cache(struct access_state *state, struct vcpu_piece *piece);

/* Caches the translation that a walk of the piece came to. */
void cache_piece(struct access_state *state, const struct vcpu_piece *piece);

/* Sees whether a piece whose translation was made of these entries is stale, and why. */
void judge_piece(const struct access_state *state, struct vcpu_piece *piece,
    const struct tlb_stretch *made_of);

/* Drops what a fault or an exit of the piece demands [TLB-INVALIDATE]. */
void drop_after_failure(struct access_state *state, const struct vcpu_piece *piece);

/* --- vcpu_inval.c: events --------------------------------------------------------------------- */

/* A page fault at the piece; an EPT violation at `gpa`, `final` when the piece translates to it. */
void drop_at_fault(struct access_state *state, const struct vcpu_piece *piece);
void drop_at_violation(struct access_state *state, const struct vcpu_piece *piece, gpa_t gpa,
    bool final);

/* --- vcpu_walk.c: a walk that begins with what is cached -------------------------------------- */

/*
 * A walker of the core starts at the root.  What it takes from the caches is given to it in place
 * of the words of memory: the entries of the levels that a cached item stands for.
 */
struct cached_walk {
	struct access_state *state;
	struct vcpu_piece *piece;
	struct tlb *tlb;
	struct tlb_tag tag;
	struct gpm below;     /* guest-physical memory, as it is without these caches */
	struct hpm memory;    /* host-physical memory */
	struct ept ept;       /* the vCPU's, but that its entries come through here */
	unsigned levels;      /* of guest tables */
	bool fresh;           /* nothing more is taken from the caches */
	bool helped;          /* something was, in this attempt */
	struct tlb_entry guest_item; /* where guest_level is not 0 */
	unsigned guest_level; /* the lowest level that it stands for */
	unsigned guest_next;  /* level of the entry that the walker asks for next */
	unsigned updating;    /* level of the entry whose flags are being set */
	hpa_t word[VK_LEVELS + 1]; /* where guest entries were read, by level */
	struct tlb_entry ept_item; /* the same for the EPT walk under way */
	unsigned ept_level, ept_next;
	unsigned *ept_record; /* where the result tells ept_level */
	struct tlb_record *record; /* of the entries used; NULL: nobody asks */
	unsigned ept_first;   /* where those of the EPT walk under way begin */
	bool revoked, ept_revoked; /* something of it was; of the EPT walk under way */
	unsigned before[VK_LEVELS + 1]; /* how many come before a guest entry, by level */
};

/*
 * Prepares walks of a piece over `memory`, the guest-physical memory of the access, which is
 * replaced.  To be ended by cached_walk_end().
 */
void cached_walk_init(struct cached_walk *walk, struct access_state *state,
    struct vcpu_piece *piece, struct gpm *memory);
void cached_walk_end(struct cached_walk *walk);

/* Before each attempt. */
void cached_walk_begin(struct cached_walk *walk);

/* The EPT translation of the page that the guest's walk has come to. */
enum ept_status cached_walk_translate(struct cached_walk *walk, unsigned acc);

/* Whether something that it took from the caches may not be used any more. */
bool cached_walk_is_revoked(const struct cached_walk *walk);

/* After an attempt that succeeded: caches the upper guest entries that it used. */
void cached_walk_fill(struct cached_walk *walk);

/* --- vcpu_events.c ---------------------------------------------------------------------------- */

void emit_piece(const struct vcpu *vcpu, const struct vcpu_request *request,
    const struct vcpu_result *result, const struct vcpu_piece *piece);

/* No table is read and no piece begun: the access is all there is to tell. */
void emit_not_canonical(const struct access_state *state);

#endif
