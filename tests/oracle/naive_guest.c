/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules of the guest's own tables, each as a function without memory: canonical addresses,
 * entry formats, access rights, protection keys and the page-fault error code.  The walk that
 * applies them is in naive.c.
 */
#include "naive.h"

#define PS (UINT64_C(1) << 7)

uint64_t
naive_bits(unsigned hi, unsigned lo)
{
	uint64_t mask = 0;

	for (unsigned bit = lo; bit <= hi && bit < 64; bit++)
		mask |= UINT64_C(1) << bit;
	return mask;
}

/*	level	5	4	3	2	1
 *	index	56:48	47:39	38:30	29:21	20:12	*/
uint64_t
naive_index(uint64_t addr, unsigned level)
{
	static const unsigned low[6] = {0, 12, 21, 30, 39, 48};

	return (addr >> low[level]) & 0x1ff;
}

/* Bits 63:47 are all equal, or 63:56 when linear addresses have 57 bits. */
bool
naive_is_canonical(const struct naive_machine *m, uint64_t la)
{
	uint64_t top = m->levels == 5 ? naive_bits(63, 56) : naive_bits(63, 47);

	return (la & top) == 0 || (la & top) == top;
}

/* Bit 7 chooses between page and table in a PDPTE and a PDE; in a PTE it is PAT. */
bool
naive_guest_is_leaf(unsigned level, uint64_t entry)
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

/*
 * Bit 12 of a large leaf is PAT.  Without 1 GiB pages a PDPTE with PS = 1 faults whatever else
 * it holds: PS itself is the bit that it must not have.
 */
uint64_t
naive_guest_reserved(const struct naive_machine *m, unsigned level, uint64_t entry)
{
	uint64_t common = naive_bits(51, m->maxphyaddr) | (m->nxe ? 0 : naive_bits(63, 63));
	bool leaf = naive_guest_is_leaf(level, entry);

	switch (level) {
	case 5:
	case 4:
		return common | PS;
	case 3:
		if (!leaf)
			return common;
		return m->p1g ? common | naive_bits(29, 13) : common | PS;
	case 2:
		return leaf ? common | naive_bits(20, 13) : common;
	default:
		return common;
	}
}

uint64_t
naive_guest_frame(const struct naive_machine *m, unsigned level, uint64_t entry)
{
	if (level == 3 && naive_guest_is_leaf(level, entry))
		return entry & naive_bits(m->maxphyaddr - 1, 30);
	if (level == 2 && naive_guest_is_leaf(level, entry))
		return entry & naive_bits(m->maxphyaddr - 1, 21);
	return entry & naive_bits(m->maxphyaddr - 1, 12);
}

bool
naive_access_is_user(const struct naive_machine *m, const struct naive_access *a)
{
	return m->cpl == 3 && !a->implicit;
}

bool
naive_access_is_write(const struct naive_access *a)
{
	return a->kind == NAIVE_WRITE || a->kind == NAIVE_RMW;
}

/* Bit 2i of the register is "access disable" of key i, bit 2i+1 "write disable". */
bool
naive_key_denies(
    const struct naive_machine *m, const struct naive_access *a, const struct naive_rights *g)
{
	uint32_t keys;

	if (a->kind == NAIVE_FETCH)
		return false;
	if (g->user && m->pke)
		keys = m->pkru;
	else if (!g->user && m->pks)
		keys = m->pkrs;
	else
		return false;

	bool access_disable = (keys >> (2 * g->key)) & 1;
	bool write_disable = (keys >> (2 * g->key + 1)) & 1;

	if (access_disable)
		return true;
	return write_disable && naive_access_is_write(a) && (naive_access_is_user(m, a) || m->wp);
}

/* One row a combination of access and address. */
bool
naive_rights_allow(
    const struct naive_machine *m, const struct naive_access *a, const struct naive_rights *g)
{
	bool key = !naive_key_denies(m, a, g);
	bool exec = !m->nxe || !g->no_execute;
	bool smap = !m->smap || (!a->implicit && m->ac);
	bool fetch = a->kind == NAIVE_FETCH;
	bool write = naive_access_is_write(a);

	if (naive_access_is_user(m, a) && g->user) {
		if (fetch)
			return exec;
		if (write)
			return g->writable && key;
		return key;
	}
	if (naive_access_is_user(m, a) && !g->user)
		return false;
	if (!g->user) {
		if (fetch)
			return exec;
		if (write)
			return (g->writable || !m->wp) && key;
		return key;
	}
	if (fetch)
		return !m->smep && exec;
	if (write)
		return smap && (g->writable || !m->wp) && key;
	return smap && key;
}

uint32_t
naive_error_code(const struct naive_machine *m, const struct naive_access *a, bool present,
    bool reserved, bool key)
{
	uint32_t code = 0;

	if (present)
		code |= 1u << 0;
	if (naive_access_is_write(a))
		code |= 1u << 1;
	if (naive_access_is_user(m, a))
		code |= 1u << 2;
	if (reserved)
		code |= 1u << 3;
	if (a->kind == NAIVE_FETCH && (m->smep || m->nxe))
		code |= 1u << 4;
	if (key)
		code |= 1u << 5;
	return code;
}
