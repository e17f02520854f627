/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why an access could go where its tables no longer lead: who read the entry that was used, who
 * changed it since, and what would have dropped it.
 */
#ifndef VK_SIM_STALE_H
#define VK_SIM_STALE_H

#include "base/addr.h"
#include "sim/event.h"

enum stale_what {
	STALE_UNKNOWN, /* its history is not known, or too long ago */
	STALE_ENTRY,   /* an entry was changed */
	STALE_ROOT     /* the tags were in use with another root, and nothing was flushed since */
};

/* The cheapest invalidation that the architecture demands after such a change [TLB-REQUIRED]. */
enum stale_remedy {
	STALE_NO_REMEDY,
	STALE_INVLPG,  /* the guest's, of the linear address */
	STALE_INVVPID, /* the host's, of the linear address */
	STALE_EXIT,    /* likewise where there are no VPIDs: any VM exit */
	STALE_INVEPT,  /* of the root */
	STALE_MOV_CR3, /* with bit 63 clear */
	STALE_INVVPID_SINGLE /* of a VPID that was another vCPU's */
};

struct stale {
	enum stale_what what;
	unsigned cpu;                /* whose cache it is */
	int reader, reader_step;     /* who read what was used; -1: nobody in particular did */
	/* STALE_ENTRY: */
	enum event_side side;
	unsigned level;
	uint64_t place;              /* of the entry, in the space of its tables */
	uint64_t before, after;      /* the change; where it is not known, what was used and is */
	int changer, changer_step;   /* who took it out; -1: nobody that is known */
	uint64_t number;             /* of the change; 0: not known */
	enum stale_remedy remedy;
	uint64_t operand;            /* linear address, EPT root, CR3 or VPID */
};

struct vcpu;
struct tlb_entry;
struct tlb_origin;
struct tlb_stretch;

/* Why a translation that was made of these entries is stale for that linear address. */
void stale_of_stretch(const struct vcpu *vcpu, gva_t gva, const struct tlb_stretch *made_of,
    struct stale *stale);

/* Why it is if this entry was used as it was once; who read it is not known. */
void stale_of_entry(const struct vcpu *vcpu, gva_t gva, const struct tlb_origin *origin,
    struct stale *stale);

/* Why it is if the tables of another root were used; `reader` is whose, -1 where nobody knows. */
void stale_of_root(const struct vcpu *vcpu, int reader, struct stale *stale);

/*
 * Whether an item is stale so that the architecture demands that it goes [TLB-REQUIRED]; of an item
 * without history false.
 */
bool stale_is_item(const struct vcpu *vcpu, const struct tlb_entry *item, struct stale *stale);

#endif
