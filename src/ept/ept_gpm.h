/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest-physical memory as the processor sees it: through an EPT.
 *
 * This is how the two walks nest.  A guest walk asks its memory for a guest-physical word; this
 * memory answers by an EPT walk.  Every EPT walk made on behalf of one guest walk is kept, in
 * order, so that an exit, a trace or a drawing can be made from the record.
 */
#ifndef VK_EPT_EPT_GPM_H
#define VK_EPT_EPT_GPM_H

#include "ept/ept.h"

/* One access to a guest table entry: which EPT walk led to it and what was there. */
struct ept_gpm_access {
	struct ept_walk walk;
	enum ept_status status;
	uint64_t entry;  /* guest entry read, or written by an A/D update */
	int update;      /* an update of accessed or dirty flags, not a read */
};

/*
 * At most one read and one flag update a guest level.  A record that ran full keeps the last access
 * in its last place, so that a failure is never lost.
 */
#define EPT_GPM_ACCESSES (2 * VK_LEVELS)

struct ept_gpm {
	const struct ept *ept;
	/*
	 * Where the guest's words lie: the EPT's own memory, unless whoever initialised the record
	 * lets another answer.
	 */
	struct hpm words;
	/*
	 * Asked with `done` 0 before accessed or dirty flags of the EPT are set; `walk` tells the
	 * flags owed (ept_ad_owed).  Non-zero forbids them: the access is then refused, with no
	 * flag set.  Told with `done` 1 once they are set, which a lost race may put off.  NULL:
	 * always allowed.  This is where page-modification logging stands [EPT-PML].
	 */
	int (*log)(void *log_ctx, const struct ept_walk *walk, int done);
	void *log_ctx;
	int look_only;      /* set no flag, refuse no update: for a tool that only explains */
	int stopped_by_log; /* the last refusal came from log() */
	unsigned count;     /* accesses recorded */
	struct ept_gpm_access access[EPT_GPM_ACCESSES];
};

/* Prepares an empty record over an initialised EPT, which must outlive it. */
void ept_gpm_init(struct ept_gpm *gpm, const struct ept *ept);

/* Forgets what was recorded; to be called before each guest walk. */
void ept_gpm_reset(struct ept_gpm *gpm);

/*
 * The memory operations for a guest walk.  load() counts as a write when EPTP bit 6 is set
 * [EPT-AD-TABLE]; cas() is always a write [EPT-VIOLATION].  Both set the EPT's own flags as each
 * EPT translation completes.  hold() is not offered: the processor does not hold pages.
 */
struct gpm ept_gpm_memory(struct ept_gpm *gpm);

/*
 * Makes one EPT translation, sets the flags it owes and walks again when an entry changed
 * meanwhile. *walk is the record of the last attempt; `stopped_by_log` is set when log() forbade
 * it.
 */
enum ept_status ept_gpm_translate(struct ept_gpm *gpm, gpa_t gpa, unsigned acc,
    struct ept_walk *walk);

#endif
