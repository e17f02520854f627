/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the architecture leaves open about an access that fails, so that a recording of another
 * processor may differ from the model and both be right:
 *
 *  - bit 0 of the qualification of a read-modify-write's violation, and of one for an accessed or
 *    dirty flag of a guest entry when EPTP bit 6 is clear [EPT-QUALIFICATION];
 *  - the qualification of an EPT misconfiguration;
 *  - accessed flags of the guest entries above the one that ended the walk, and, when the guest's
 *    rights allowed the access, of all entries with the dirty flag of the leaf [GUEST-AD];
 *  - with EPTP bit 6 set, flags of EPT entries of translations that the access completed, and
 *    accessed flags above the entry that ended the last one [EPT-AD];
 *  - with EPTP bit 6 clear and guest tables on read-only pages, which flag the walk fails to set
 *    first, and whether that comes before a fault or exit of a lower level [EPT-ORDER].
 *
 * Nothing is open about an access that succeeds.
 */
#ifndef VK_CONFORM_CONFORM_EITHER_H
#define VK_CONFORM_CONFORM_EITHER_H

#include "conform/conform_play.h"

/* Two pages, five guest levels each behind five EPT levels, and the pages themselves. */
#define CONFORM_EITHER_MAX 72

struct conform_either {
	unsigned slots;
	struct {
		uint64_t pa;   /* host-physical address of an entry */
		uint64_t bits; /* that may be set or not */
	} slot[CONFORM_EITHER_MAX];
	bool exchange; /* the access was a read-modify-write */
	bool update;   /* the recorded exit is one of those that may come instead of ours */
};

/* Finds out what is open about the outcome of a case that was just played. */
void conform_either_collect(const struct vcpu *vcpu, const struct conform_played *played,
    const struct conform_outcome *expected, struct conform_either *either);

/* The bits of the qword at `pa` that are open. */
uint64_t conform_either_bits(const struct conform_either *either, uint64_t pa);

/* The bits of the qualification that are open, given the model's. */
uint64_t conform_either_qualification(const struct conform_either *either,
    const struct vcpu *vcpu, const struct conform_outcome *found);

#endif
