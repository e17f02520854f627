/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * EPT: the entry formats, misconfiguration, and one translation of a guest-physical address with
 * its accessed and dirty flags and its modification log.  Who asks and what an exit then reports
 * is the business of naive.c.
 */
#include "naive.h"

#define RD       (UINT64_C(1) << 0)
#define WR       (UINT64_C(1) << 1)
#define EX       (UINT64_C(1) << 2)
#define PS       (UINT64_C(1) << 7)
#define ACCESSED (UINT64_C(1) << 8)
#define DIRTY    (UINT64_C(1) << 9)
#define XU       (UINT64_C(1) << 10)
#define PWA      (UINT64_C(1) << 58)
#define SVE      (UINT64_C(1) << 63)

/* The entries that one translation used, root first. */
struct path {
	unsigned n;
	uint64_t hpa[5];
	uint64_t entry[5];
};

bool
naive_ept_has_ad(const struct naive_machine *m)
{
	return (m->eptp >> 6) & 1;
}

bool
naive_ept_is_present(const struct naive_machine *m, uint64_t entry)
{
	if (m->mbec)
		return (entry & (RD | WR | EX | XU)) != 0;
	return (entry & (RD | WR | EX)) != 0;
}

/* Bit 7 of an EPT PTE is ignored. */
bool
naive_ept_is_leaf(unsigned level, uint64_t entry)
{
	switch (level) {
	case 1:
		return true;
	case 2:
	case 3:
		return (entry & PS) != 0;
	default:
		return false;
	}
}

/* Where a page size is unsupported its bit 7 is reserved.  Bit 12 of a large leaf is, too. */
uint64_t
naive_ept_reserved(const struct naive_machine *m, unsigned level, uint64_t entry)
{
	uint64_t hi = naive_bits(51, m->maxphyaddr);
	bool leaf = naive_ept_is_leaf(level, entry);

	switch (level) {
	case 5:
	case 4:
		return hi | naive_bits(7, 3);
	case 3:
		if (!leaf)
			return hi | naive_bits(6, 3);
		return (m->ept_cap & NAIVE_CAP_1G) ? hi | naive_bits(29, 12) : hi | PS;
	case 2:
		if (!leaf)
			return hi | naive_bits(6, 3);
		return (m->ept_cap & NAIVE_CAP_2M) ? hi | naive_bits(20, 12) : hi | PS;
	default:
		return hi;
	}
}

bool
naive_ept_is_misconfigured(const struct naive_machine *m, unsigned level, uint64_t entry)
{
	bool leaf = naive_ept_is_leaf(level, entry);
	bool executable = (entry & EX) != 0 || (m->mbec && (entry & XU) != 0);
	uint64_t memtype = (entry >> 3) & 7;

	/* writable but not readable */
	if ((entry & RD) == 0 && (entry & WR) != 0)
		return true;
	/* execute-only, where the processor has no such thing */
	if ((entry & RD) == 0 && executable && (m->ept_cap & NAIVE_CAP_EXEC_ONLY) == 0)
		return true;
	/* a reserved bit */
	if (entry & naive_ept_reserved(m, level, entry))
		return true;
	/* a memory type that is none */
	if (leaf && (memtype == 2 || memtype == 3 || memtype == 7))
		return true;
	/* paging may write what nobody may read */
	if (leaf && m->paging_write && (entry & PWA) != 0 && (entry & RD) == 0)
		return true;
	return false;
}

uint64_t
naive_ept_frame(const struct naive_machine *m, unsigned level, uint64_t entry)
{
	if (level == 3 && naive_ept_is_leaf(level, entry))
		return entry & naive_bits(m->maxphyaddr - 1, 30);
	if (level == 2 && naive_ept_is_leaf(level, entry))
		return entry & naive_bits(m->maxphyaddr - 1, 21);
	return entry & naive_bits(m->maxphyaddr - 1, 12);
}

/* `all` is the AND over the entries used, `leaf` the last of them. */
static bool
is_allowed(
    const struct naive_machine *m, const struct naive_ept_need *need, uint64_t all, uint64_t leaf)
{
	/* Table accesses may write where the leaf says so, whatever the write permission. */
	bool writable = (all & WR) != 0 || (need->table && m->paging_write && (leaf & PWA) != 0);
	bool executable = m->mbec && need->user_address ? (all & XU) != 0 : (all & EX) != 0;

	if (need->read && (all & RD) == 0)
		return false;
	if (need->write && !writable)
		return false;
	if (need->fetch && !executable)
		return false;
	return true;
}

/* Qualification bits 5:3 repeat bits 2:0 of the AND; bit 6 repeats bit 10, under MBEC only. */
static uint64_t
qualification_rights(const struct naive_machine *m, uint64_t all)
{
	uint64_t rights = (all & (RD | WR | EX)) << 3;

	if (m->mbec && (all & XU) != 0)
		rights |= naive_bits(6, 6);
	return rights;
}

/* A locked OR into an entry, which is left alone when it has the flags already. */
static void
set_flags(struct naive_machine *m, uint64_t hpa, uint64_t flags)
{
	uint64_t entry = m->read(m->ctx, hpa);

	if ((entry & flags) != flags)
		m->write(m->ctx, hpa, entry | flags);
}

/*
 * Accessed flags in all entries, the dirty flag in the leaf when the access writes.  The log
 * index is looked at when any flag has to change; an entry is logged for a dirty flag only.
 * False: the log is full, and nothing has happened.
 */
static bool
commit_flags(struct naive_machine *m, const struct path *path, uint64_t gpa, bool write)
{
	unsigned leaf = path->n - 1;
	bool new_dirty = write && (path->entry[leaf] & DIRTY) == 0;
	bool any = new_dirty;

	for (unsigned i = 0; i < path->n; i++)
		if ((path->entry[i] & ACCESSED) == 0)
			any = true;
	if (any && m->pml && m->pml_index > 511)
		return false;

	for (unsigned i = 0; i < path->n; i++)
		set_flags(m, path->hpa[i], ACCESSED);
	if (write)
		set_flags(m, path->hpa[leaf], DIRTY);

	if (new_dirty && m->pml) {
		m->write(m->ctx, m->pml_log + 8 * (uint64_t)m->pml_index, gpa & ~naive_bits(11, 0));
		m->pml_index = (uint16_t)(m->pml_index - 1);
	}
	return true;
}

/* False: the walk met an entry that is not present or misconfigured; r says which. */
static bool
walk_ept_tables(
    struct naive_machine *m, uint64_t gpa, struct path *path, struct naive_ept_result *r)
{
	unsigned levels = ((m->eptp >> 3) & 7) == 4 ? 5 : 4;
	uint64_t table = m->eptp & naive_bits(m->maxphyaddr - 1, 12);

	/*
	 * An address wider than the tables reach: no entry is read.  None can allow #VE then,
	 * which the architecture does not spell out.
	 */
	if (levels == 4 && (gpa & naive_bits(51, 48)) != 0) {
		r->suppress_ve = true;
		return false;
	}

	for (unsigned level = levels; level >= 1; level--) {
		uint64_t slot = table + 8 * naive_index(gpa, level);
		uint64_t entry = m->read(m->ctx, slot);

		r->level = level;
		r->suppress_ve = (entry & SVE) != 0;
		if (!naive_ept_is_present(m, entry))
			return false;
		if (naive_ept_is_misconfigured(m, level, entry)) {
			r->outcome = NAIVE_EPT_MISCONFIG;
			return false;
		}
		path->hpa[path->n] = slot;
		path->entry[path->n] = entry;
		path->n++;
		if (naive_ept_is_leaf(level, entry))
			break;
		table = naive_ept_frame(m, level, entry);
	}
	return true;
}

void
naive_ept_translate(struct naive_machine *m, uint64_t gpa, const struct naive_ept_need *need,
    struct naive_ept_result *r)
{
	struct path path = {0};
	uint64_t all = ~UINT64_C(0);
	uint64_t leaf;

	*r = (struct naive_ept_result){.outcome = NAIVE_EPT_VIOLATION};
	if (!walk_ept_tables(m, gpa, &path, r))
		return;

	/* Permission is a matter of all entries, and judged after the last. */
	for (unsigned i = 0; i < path.n; i++)
		all &= path.entry[i];
	leaf = path.entry[path.n - 1];
	if (!is_allowed(m, need, all, leaf)) {
		r->rights = qualification_rights(m, all);
		return;
	}
	if (naive_ept_has_ad(m) && !commit_flags(m, &path, gpa, need->write)) {
		r->outcome = NAIVE_PML_FULL;
		return;
	}
	r->outcome = NAIVE_OK;
	r->hpa =
	    naive_ept_frame(m, r->level, leaf) | (gpa & naive_bits(11 + 9 * (r->level - 1), 0));
}
