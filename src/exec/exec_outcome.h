/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program came to, and what it took: complete in itself, for whoever reports it.
 */
#ifndef VK_EXEC_EXEC_OUTCOME_H
#define VK_EXEC_EXEC_OUTCOME_H

#include "exec/exec_end.h"

#define EXEC_CPUS_MAX 16u

enum exec_status {
	EXEC_ENDED,      /* the outcome tells how */
	EXEC_BAD_FILE,   /* `wrong` and `offset` tell */
	EXEC_BAD_START,  /* it cannot be started: `wrong` tells what was found */
	EXEC_HOST_MEMORY /* this process could not get more memory */
};

/* What a run is counted by. */
enum exec_count {
	EXEC_COUNT_INSTRUCTIONS,
	EXEC_COUNT_ENTRIES,       /* VM entries */
	EXEC_COUNT_EXITS,
	EXEC_COUNT_EPT_VIOLATIONS,
	EXEC_COUNT_PAGE_FAULTS,   /* #PF of the guest */
	EXEC_COUNT_SYSCALLS,
	EXEC_COUNT_COPIES,        /* calls of the copyio family */
	EXEC_COUNT_WALKS,         /* accesses that the TLB did not answer alone */
	EXEC_COUNT_GUEST_READS,   /* entries read from guest tables by the processor */
	EXEC_COUNT_EPT_READS,
	EXEC_COUNT_AD_UPDATES,    /* entries in which a walk set flags */
	EXEC_COUNT_TLB_HITS,
	EXEC_COUNT_TLB_MISSES,
	EXEC_COUNT_TLB_FILLS,
	EXEC_COUNT_TLB_EVICTIONS,
	EXEC_COUNT_TLB_DROPPED,   /* translations, by invalidations and VM transitions */
	EXEC_COUNT_STALE,         /* accesses by a translation that the tables no longer hold */
	EXEC_COUNT_INVEPTS,
	EXEC_COUNT_IPIS,
	EXEC_COUNT_FAULTS_SERVED, /* by the vkernel's handler */
	EXEC_COUNT_PAGES,         /* of the vkernel's memory that were used, tables included */
	EXEC_COUNTS
};

struct exec_outcome {
	const char *wrong;
	uint64_t offset;
	struct exec_end end;
	uint64_t count[EXEC_COUNTS];
	bool has_tlb;
	unsigned cpus;
	uint64_t retired[EXEC_CPUS_MAX]; /* instructions by vCPU */
};

/* "tlb-hits": the name of a count in formats for programs. */
const char *exec_count_name(enum exec_count count);

/* The same for how a program ended: "exited", "page-fault". */
const char *exec_end_name(enum exec_end_kind kind);

#endif
