/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exit reason, qualification and address fields of EPT violations, EPT misconfigurations and
 * sub-page events.  The bits about NMI unblocking, shadow stacks and asynchronous accesses are not
 * modelled and stay 0.
 */
#include "ept/ept_exit.h"

static uint64_t
qualification_of_access(unsigned acc)
{
	uint64_t bits = acc & VK_ACC_RWX;

	/* A data access that writes reports the write; a table access reports both. */
	if ((bits & EPT_QUAL_W) && !(acc & VK_ACC_TABLE))
		bits &= ~EPT_QUAL_R;
	return bits;
}

static uint64_t
qualification_of_rights(const struct ept *ept, const struct ept_walk *walk)
{
	uint64_t bits;

	/* Without a complete path there are no rights to report. */
	if (walk->why != EPT_WHY_PERMISSION && walk->why != EPT_WHY_SUBPAGE)
		return 0;
	bits = walk->perm & EPT_RWX;
	if ((ept->controls & EPT_CTL_MBEC) && (walk->perm & EPT_XU))
		bits |= VK_BIT(3);
	return bits << EPT_QUAL_PERM_SHIFT;
}

static uint64_t
qualification_of_linear(const struct ept *ept, const struct ept_linear *linear)
{
	uint64_t bits = 0;

	if (!linear->valid)
		return 0;
	bits |= EPT_QUAL_GLA_VALID;
	if (!linear->final)
		return bits;
	bits |= EPT_QUAL_FINAL;
	if (ept->cap & EPT_CAP_ADV_INFO) {
		bits |= linear->user ? EPT_QUAL_USER : 0;
		bits |= linear->writable ? EPT_QUAL_WRITABLE : 0;
		bits |= linear->xd ? EPT_QUAL_XD : 0;
	}
	return bits;
}

void
ept_exit_build(const struct ept *ept, const struct ept_walk *walk, enum ept_status status,
    const struct ept_linear *linear, struct ept_exit *exit)
{
	exit->gpa = walk->gpa;
	exit->gla = vk_gva(0);
	exit->gla_valid = 0;
	exit->qualification = 0;
	if (status == EPT_MISCONFIG) {
		exit->reason = EPT_EXIT_MISCONFIG;
		return;
	}
	exit->gla_valid = linear->valid;
	exit->gla = linear->valid ? linear->gla : vk_gva(0);
	if (status == EPT_SPP_EVENT) {
		exit->reason = EPT_EXIT_SPP;
		exit->qualification = walk->why == EPT_WHY_SPP_MISS ? EPT_QUAL_SPP_MISS : 0;
		return;
	}
	exit->reason = EPT_EXIT_VIOLATION;
	exit->qualification = qualification_of_access(walk->acc) |
	    qualification_of_rights(ept, walk) | qualification_of_linear(ept, linear);
}
