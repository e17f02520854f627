/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What VM entry and MOV to CR3 check of the two roots.  Other VM-entry checks are not modelled:
 * everything else about the machine is taken to be valid.
 */
#include "naive.h"

/*
 *	2:0	memory type	0 with the UC capability, 6 with the WB capability
 *	5:3	levels - 1	3 with the 4-level capability, 4 with the 5-level capability
 *	6	A/D		0, or 1 with the capability
 *	7	SSS		0, or 1 with the capability
 *	11:8	reserved	0
 *	N-1:12	root table	any
 *	63:N	reserved	0
 */
static bool
eptp_is_valid(const struct naive_machine *m)
{
	uint64_t memtype = m->eptp & naive_bits(2, 0);
	uint64_t levels = ((m->eptp & naive_bits(5, 3)) >> 3) + 1;
	uint64_t cap = m->ept_cap;

	if (!(memtype == 0 && (cap & NAIVE_CAP_UC)) && !(memtype == 6 && (cap & NAIVE_CAP_WB)))
		return false;
	if (!(levels == 4 && (cap & NAIVE_CAP_WALK4)) && !(levels == 5 && (cap & NAIVE_CAP_WALK5)))
		return false;
	if ((m->eptp & naive_bits(6, 6)) && !(cap & NAIVE_CAP_AD))
		return false;
	if ((m->eptp & naive_bits(7, 7)) && !(cap & NAIVE_CAP_SSS))
		return false;
	if (m->eptp & naive_bits(11, 8))
		return false;
	if (m->eptp & naive_bits(63, m->maxphyaddr))
		return false;
	return true;
}

enum naive_vmentry
naive_vmentry_check(const struct naive_machine *m)
{
	if (m->ept && !eptp_is_valid(m))
		return NAIVE_VMENTRY_BAD_CONTROL;
	/* Bits 11:0 are free; there is no "keep translations" bit at VM entry. */
	if (m->cr3 & naive_bits(63, m->maxphyaddr))
		return NAIVE_VMENTRY_BAD_GUEST_STATE;
	return NAIVE_VMENTRY_OK;
}

/* With PCIDE bit 63 of the operand is the "keep translations" bit. */
bool
naive_mov_cr3_faults(const struct naive_machine *m, uint64_t source)
{
	if (m->pcide)
		return (source & naive_bits(62, m->maxphyaddr)) != 0;
	return (source & naive_bits(63, m->maxphyaddr)) != 0;
}
