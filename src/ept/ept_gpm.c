/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The nesting of a guest walk in an EPT, by composition: guest-physical loads and compare-and-swaps
 * that go through ept_walk().
 */
#include "ept/ept_gpm.h"

/*
 * A translation is tried again when one of its entries changed before its flags were set.  Each
 * retry means that somebody else made progress; the bound only keeps a memory that answers at
 * random from holding us for ever.
 */
#define EPT_GPM_RETRIES 1024

void
ept_gpm_init(struct ept_gpm *gpm, const struct ept *ept)
{
	gpm->ept = ept;
	gpm->words = ept->mem;
	gpm->log = NULL;
	gpm->log_ctx = NULL;
	gpm->look_only = 0;
	ept_gpm_reset(gpm);
}

void
ept_gpm_reset(struct ept_gpm *gpm)
{
	gpm->stopped_by_log = 0;
	gpm->count = 0;
}

enum ept_status
ept_gpm_translate(struct ept_gpm *gpm, gpa_t gpa, unsigned acc, struct ept_walk *walk)
{
	enum ept_status status;
	unsigned tries;
	int logged;

	gpm->stopped_by_log = 0;
	for (tries = 0; tries < EPT_GPM_RETRIES; tries++) {
		status = ept_walk(gpm->ept, gpa, acc, walk);
		if (status != EPT_OK || gpm->look_only)
			return status;
		logged = gpm->log != NULL && ept_ad_owed(gpm->ept, walk) != 0;
		if (logged && gpm->log(gpm->log_ctx, walk, 0)) {
			gpm->stopped_by_log = 1;
			return EPT_VIOLATION;
		}
		if (ept_commit_ad(gpm->ept, walk) == CAS_DONE) {
			if (logged)
				(void)gpm->log(gpm->log_ctx, walk, 1);
			return EPT_OK;
		}
	}
	walk->why = EPT_WHY_UNSTABLE;
	return EPT_VIOLATION;
}

static struct ept_gpm_access *
ept_gpm_next(struct ept_gpm *gpm)
{
	if (gpm->count < EPT_GPM_ACCESSES)
		gpm->count++;
	return &gpm->access[gpm->count - 1];
}

static int
ept_gpm_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct ept_gpm *gpm = ctx;
	struct ept_gpm_access *access = ept_gpm_next(gpm);
	unsigned acc = VK_ACC_R | VK_ACC_TABLE | (gpm->ept->ad ? VK_ACC_W : 0);

	access->update = 0;
	access->entry = 0;
	access->status = ept_gpm_translate(gpm, slot, acc, &access->walk);
	if (access->status != EPT_OK)
		return 0;
	access->entry = gpm->words.ops->load(gpm->words.ctx, access->walk.hpa);
	*entry = access->entry;
	return 1;
}

static enum cas_status
ept_gpm_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct ept_gpm *gpm = ctx;
	struct ept_gpm_access *access = ept_gpm_next(gpm);

	access->update = 1;
	access->entry = new_value;
	access->status = ept_gpm_translate(gpm, slot, VK_ACC_R | VK_ACC_W | VK_ACC_TABLE,
	    &access->walk);
	if (access->status != EPT_OK)
		return CAS_REFUSED;
	if (gpm->look_only)
		return CAS_DONE;
	return gpm->words.ops->cas(gpm->words.ctx, access->walk.hpa, old, new_value);
}

static const struct gpm_ops ept_gpm_ops = {
	ept_gpm_load,
	ept_gpm_cas,
	NULL,
	NULL,
};

struct gpm
ept_gpm_memory(struct ept_gpm *gpm)
{
	struct gpm memory;

	memory.ops = &ept_gpm_ops;
	memory.ctx = gpm;
	return memory;
}
