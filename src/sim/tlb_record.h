/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What cached items were made of: the entries that a walk used, in the order in which it came to
 * them, each with where it is, what it held and who read it.
 *
 * A walk has one record; each item that it fills keeps a stretch of it.  What a walk took from a
 * cached item it takes over from that item's stretch.
 */
#ifndef VK_SIM_TLB_RECORD_H
#define VK_SIM_TLB_RECORD_H

#include "base/ptlevel.h"
#include "sim/table_log.h"

/* The kind of an origin that is no entry: CR3 without its low bits. */
#define TLB_ROOT 0u

struct tlb_origin {
	unsigned kind;    /* TABLE_GUEST, TABLE_EPT or TLB_ROOT */
	unsigned level;
	hpa_t slot;
	uint64_t place;   /* the same in the space of its tables: guest-physical for a guest's */
	uint64_t value;   /* as it was read */
	uint64_t number;  /* of changes until then */
	int thread, step; /* who read it */
};

/* CR3; two EPT walks to each guest entry, to read it and to set its flags; the page's own. */
#define TLB_ORIGINS_MAX (1 + VK_LEVELS * (2 * VK_LEVELS + 1) + VK_LEVELS)

struct tlb_record {
	struct tlb_record *next, **at; /* all of a TLB's */
	unsigned users;
	unsigned count;
	struct tlb_origin origin[TLB_ORIGINS_MAX];
};

/*
 * NULL when out of memory: then there is no history, and nothing else is different.  It stands in
 * the list until it is released: a walk may be given up with its thread.
 */
struct tlb_record *tlb_record_create(struct tlb_record **all);

/* Frees what is left in a list. */
void tlb_record_destroy_all(struct tlb_record **all);

/* Each that is created or held is released once; NULL may be. */
struct tlb_record *tlb_record_hold(struct tlb_record *record);
void tlb_record_release(struct tlb_record *record);

/* NULL adds nothing. */
void tlb_record_add(struct tlb_record *record, const struct tlb_origin *origin);

/* A stretch of a record. */
struct tlb_stretch {
	struct tlb_record *record; /* NULL: nothing is known */
	unsigned first, count;
};

void tlb_record_take(struct tlb_record *record, const struct tlb_stretch *stretch);

#endif
