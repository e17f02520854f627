/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One access, from the linear address to host-physical memory or to what stops it: the canonical
 * check, the guest walk whose every table reference goes through EPT, the guest rights, the
 * guest's accessed and dirty flags, and the final EPT translation, in this order.
 */
#include "naive.h"

#define P        (UINT64_C(1) << 0)
#define RW       (UINT64_C(1) << 1)
#define US       (UINT64_C(1) << 2)
#define ACCESSED (UINT64_C(1) << 5)
#define DIRTY    (UINT64_C(1) << 6)
#define XD       (UINT64_C(1) << 63)

/* Exit qualification of an EPT violation; bits 6:3 come with the translation's result. */
#define Q_READ       (UINT64_C(1) << 0)
#define Q_WRITE      (UINT64_C(1) << 1)
#define Q_FETCH      (UINT64_C(1) << 2)
#define Q_GLA_VALID  (UINT64_C(1) << 7)
#define Q_FINAL      (UINT64_C(1) << 8)
#define Q_USER       (UINT64_C(1) << 9)
#define Q_WRITABLE   (UINT64_C(1) << 10)
#define Q_NO_EXECUTE (UINT64_C(1) << 11)

/* One page's worth of an access under way: who asks, and what the guest walk has found. */
struct walk {
	struct naive_machine *m;
	const struct naive_access *a;
	struct naive_result *r;
	uint64_t la; /* first byte in this page */
	unsigned n;  /* guest entries used, root first */
	uint64_t entry_gpa[5];
	uint64_t entry_hpa[5];
	struct naive_rights rights;
	unsigned leaf_level;
	uint64_t gpa; /* of the byte at la */
};

static bool
stop_page_fault(struct walk *w, bool present, bool reserved, bool key)
{
	w->r->outcome = NAIVE_PF;
	w->r->error_code = naive_error_code(w->m, w->a, present, reserved, key);
	w->r->cr2 = w->la;
	return false;
}

/*
 * #VE takes the place of the exit when the control is on, the entry does not suppress it, and
 * the guest has released the information page (the dword at offset 4 is 0).
 */
static bool
convert_to_ve(
    struct naive_machine *m, const struct naive_ept_result *e, const struct naive_result *r)
{
	uint64_t first, index;

	if (!m->ve || e->suppress_ve)
		return false;
	first = m->read(m->ctx, m->ve_info);
	if ((first & naive_bits(63, 32)) != 0)
		return false;
	m->write(m->ctx, m->ve_info, UINT64_C(0xffffffff00000000) | 48);
	m->write(m->ctx, m->ve_info + 8, r->qualification);
	m->write(m->ctx, m->ve_info + 16, r->gla);
	m->write(m->ctx, m->ve_info + 24, r->gpa);
	index = m->read(m->ctx, m->ve_info + 32);
	m->write(m->ctx, m->ve_info + 32, (index & ~naive_bits(15, 0)) | m->eptp_index);
	return true;
}

/* `access` is the part of the qualification that depends on who asked and why. */
static bool
stop_ept(struct walk *w, const struct naive_ept_result *e, uint64_t gpa, uint64_t access)
{
	struct naive_result *r = w->r;

	r->outcome = e->outcome;
	if (e->outcome == NAIVE_PML_FULL)
		return false;
	r->gpa = gpa;
	r->gla = w->la;
	if (e->outcome == NAIVE_EPT_MISCONFIG)
		return false;
	r->qualification = access | e->rights | Q_GLA_VALID;
	if (convert_to_ve(w->m, e, r))
		r->outcome = NAIVE_VE;
	return false;
}

/*
 * The processor reaches for a guest table entry, to read it or to set a flag in it.  With EPT
 * A/D on either counts as a write; with A/D off only the setting does.
 */
static bool
reach_table_entry(struct walk *w, uint64_t gpa, bool update, uint64_t *hpa)
{
	bool write = update || naive_ept_has_ad(w->m);
	struct naive_ept_need need = {.read = true, .write = write, .table = true};
	struct naive_ept_result e;

	if (!w->m->ept) {
		*hpa = gpa;
		return true;
	}
	naive_ept_translate(w->m, gpa, &need, &e);
	if (e.outcome != NAIVE_OK)
		return stop_ept(w, &e, gpa, write ? Q_READ | Q_WRITE : Q_READ);
	*hpa = e.hpa;
	return true;
}

/* Presence and reserved bits count on the way down, rights only when a page is reached. */
static bool
walk_guest_tables(struct walk *w)
{
	struct naive_machine *m = w->m;
	uint64_t table = m->cr3 & naive_bits(m->maxphyaddr - 1, 12);
	uint64_t entry = 0, hpa;

	w->rights = (struct naive_rights){.user = true, .writable = true};
	for (unsigned level = m->levels; level >= 1; level--) {
		uint64_t gpa = table + 8 * naive_index(w->la, level);

		if (!reach_table_entry(w, gpa, false, &hpa))
			return false;
		entry = m->read(m->ctx, hpa);
		if ((entry & P) == 0)
			return stop_page_fault(w, false, false, false);
		if ((entry & naive_guest_reserved(m, level, entry)) != 0)
			return stop_page_fault(w, true, true, false);
		w->entry_gpa[w->n] = gpa;
		w->entry_hpa[w->n] = hpa;
		w->n++;
		w->rights.user = w->rights.user && (entry & US) != 0;
		w->rights.writable = w->rights.writable && (entry & RW) != 0;
		w->rights.no_execute = w->rights.no_execute || (entry & XD) != 0;
		w->leaf_level = level;
		if (naive_guest_is_leaf(level, entry))
			break;
		table = naive_guest_frame(m, level, entry);
	}
	w->rights.key = (entry >> 59) & 0xf;
	w->gpa = naive_guest_frame(m, w->leaf_level, entry) |
	    (w->la & naive_bits(11 + 9 * (w->leaf_level - 1), 0));
	return true;
}

static bool
check_guest_rights(struct walk *w)
{
	if (naive_rights_allow(w->m, w->a, &w->rights))
		return true;
	return stop_page_fault(w, true, false, naive_key_denies(w->m, w->a, &w->rights));
}

/* Accessed in every entry, dirty in the leaf of a write; an entry that has them is left alone. */
static bool
set_guest_flags(struct walk *w)
{
	struct naive_machine *m = w->m;

	for (unsigned i = 0; i < w->n; i++) {
		bool leaf = i == w->n - 1;
		uint64_t flags = leaf && naive_access_is_write(w->a) ? ACCESSED | DIRTY : ACCESSED;
		uint64_t hpa = w->entry_hpa[i];

		if ((m->read(m->ctx, hpa) & flags) == flags)
			continue;
		if (!reach_table_entry(w, w->entry_gpa[i], true, &hpa))
			return false;
		m->write(m->ctx, hpa, m->read(m->ctx, hpa) | flags);
	}
	return true;
}

/* Qualification bits 0-2 of a data access, and bits 8-11. */
static uint64_t
final_qualification(const struct walk *w)
{
	uint64_t q = Q_FINAL;

	switch (w->a->kind) {
	case NAIVE_READ:
		q |= Q_READ;
		break;
	case NAIVE_WRITE:
	case NAIVE_RMW:
		q |= Q_WRITE;
		break;
	case NAIVE_FETCH:
		q |= Q_FETCH;
		break;
	}
	if (w->m->ept_cap & NAIVE_CAP_ADVANCED) {
		q |= w->rights.user ? Q_USER : 0;
		q |= w->rights.writable ? Q_WRITABLE : 0;
		q |= w->rights.no_execute ? Q_NO_EXECUTE : 0;
	}
	return q;
}

static bool
reach_final_page(struct walk *w, struct naive_piece *p)
{
	struct naive_ept_need need = {
	    .read = w->a->kind == NAIVE_READ || w->a->kind == NAIVE_RMW,
	    .write = naive_access_is_write(w->a),
	    .fetch = w->a->kind == NAIVE_FETCH,
	    .user_address = w->rights.user,
	};
	struct naive_ept_result e;

	p->gpa = w->gpa;
	p->guest_level = w->leaf_level;
	if (!w->m->ept) {
		p->hpa = w->gpa;
		return true;
	}
	naive_ept_translate(w->m, w->gpa, &need, &e);
	if (e.outcome != NAIVE_OK)
		return stop_ept(w, &e, w->gpa, final_qualification(w));
	p->hpa = e.hpa;
	p->ept_level = e.level;
	return true;
}

static bool
translate_piece(struct naive_machine *m, const struct naive_access *a, struct naive_result *r,
    struct naive_piece *p)
{
	struct walk w = {.m = m, .a = a, .r = r, .la = p->la};

	return walk_guest_tables(&w) && check_guest_rights(&w) && set_guest_flags(&w) &&
	    reach_final_page(&w, p);
}

void
naive_translate(struct naive_machine *m, const struct naive_access *a, struct naive_result *r)
{
	unsigned done = 0;

	*r = (struct naive_result){.outcome = NAIVE_OK};
	for (unsigned i = 0; i < a->size; i++) {
		if (!naive_is_canonical(m, a->la + i)) {
			r->outcome = NAIVE_GP;
			return;
		}
	}
	while (done < a->size && r->npieces < 2) {
		struct naive_piece p = {.la = a->la + done};

		/* To the end of the access or of the page, whichever comes first. */
		while (done < a->size && (p.size == 0 || ((a->la + done) & 0xfff) != 0)) {
			p.size++;
			done++;
		}
		if (!translate_piece(m, a, r, &p))
			return;
		r->piece[r->npieces++] = p;
	}
}

void
naive_guest_walk(
    const struct naive_machine *m, const struct naive_access *a, struct naive_result *r)
{
	struct naive_machine flat = *m;

	flat.ept = false;
	naive_translate(&flat, a, r);
}
