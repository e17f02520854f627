/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an adversary holds, for adversary.c alone: contexts, their epochs, the values in each, and
 * the addresses that were taken from an epoch.  Who changes any of it calls epochs_settle() last;
 * until then numbers of epochs and contexts stay, but for those behind one that is removed.
 */
#ifndef VK_SIM_ADVERSARY_EPOCHS_H
#define VK_SIM_ADVERSARY_EPOCHS_H

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "sim/adversary.h"

struct context {
	struct adversary_key key;
	uint64_t root; /* guest tables: as last loaded */
	bool resident; /* the processor is in guest mode under it */
	bool flags;    /* an entry without its accessed flag is not cached */
};

struct epoch {
	unsigned context;
	bool past;
	bool seen;         /* there has been guest mode in it */
	bool globals_only;
	bool stale;        /* it holds what memory does not */
};

struct held {
	unsigned epoch;
	uint64_t slot;
	uint64_t value;
};

/* Addresses whose translations are gone from an epoch. */
struct span {
	unsigned epoch;
	uint64_t address;
	unsigned shift;
	unsigned uses;
};

/* A value, but for flags, that may not be used any more although it is held. */
struct revoked {
	uint64_t slot;
	uint64_t value;
	uint64_t flags; /* those bits */
};

struct adversary {
	struct hostmem *mem;
	const struct table_log *log;
	struct context *context; /* by key */
	size_t contexts, context_room;
	struct epoch *epoch; /* by context, the present one first, then by what they hold */
	size_t epochs, epoch_room;
	struct held *held; /* by epoch, slot, value */
	size_t helds, held_room;
	struct span *span; /* by epoch, address, shift */
	size_t spans, span_room;
	struct revoked *revoked; /* by slot, value */
	size_t revokeds, revoked_room;
	uint64_t *now; /* what the entries of the log hold in memory */
	size_t nows, now_room;
	void *room;
	size_t room_size;
	enum adversary_failure failure;
};

static inline unsigned
epochs_kind(enum adversary_side side)
{
	return side == ADVERSARY_EPT ? TABLE_EPT : TABLE_GUEST;
}

/* Whether anything could be cached of it; whether it is well formed is judged where it is used. */
static inline bool
epochs_is_present(enum adversary_side side, uint64_t value)
{
	return side == ADVERSARY_EPT ? (value & (EPT_RWX | EPT_XU)) != 0 : (value & VK_PG_P) != 0;
}

static inline bool
epochs_keys_equal(const struct adversary_key *x, const struct adversary_key *y)
{
	return x->side == y->side && x->tag.vpid == y->tag.vpid && x->tag.pcid == y->tag.pcid &&
	    x->tag.eptrta == y->tag.eptrta;
}

/* Reads the entries of the log, in their order: before any of the following. */
void epochs_look(struct adversary *a);

/* What the slot holds in memory; `context` is whose root is meant by ADVERSARY_ROOT. */
uint64_t epochs_now_of(const struct adversary *a, const struct context *context, uint64_t slot);

bool epochs_holds(const struct adversary *a, unsigned epoch, uint64_t slot, uint64_t value);
void epochs_hold(struct adversary *a, unsigned epoch, uint64_t slot, uint64_t value);

/* The i-th value goes, and the last one takes its place. */
void epochs_unhold(struct adversary *a, size_t i);

/* Where the values of an epoch begin, in settled order. */
size_t epochs_first_held(const struct adversary *a, unsigned epoch);

/* The place of the context with this key, or how many contexts there are. */
unsigned epochs_find_context(const struct adversary *a, const struct adversary_key *key);

/* Adds one that is not resident, with a present epoch; behind the others, until settled. */
unsigned epochs_add_context(struct adversary *a, const struct adversary_key *key, uint64_t root);
void epochs_remove_context(struct adversary *a, unsigned context);

/* The present epoch of a context. */
unsigned epochs_present(const struct adversary *a, unsigned context);

/* The values of memory can be read in the present epoch of a context now. */
void epochs_see_memory(struct adversary *a, unsigned context);

/* Values and taken addresses of an epoch; the epoch itself stays. */
void epochs_forget_values(struct adversary *a, unsigned epoch);
void epochs_remove(struct adversary *a, unsigned epoch);

/*
 * Keeps whole translations of the present epoch when its upper entries go.  There is nothing to
 * keep where all of it is in memory and the processor can read it again at once.
 */
void epochs_keep_as_past(struct adversary *a, unsigned context);

/* Translations of the page at path->address, of these uses, are gone from an epoch. */
void epochs_exclude(struct adversary *a, unsigned epoch, const struct adversary_path *path,
    unsigned uses);

/* What is in memory again may be used again. */
void epochs_put_back(struct adversary *a, const struct table_change *change);

/* Forgets what need not be kept, and puts the rest in order. */
void epochs_settle(struct adversary *a);

#endif
