/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the record of a failed EPT walk to what the VMCS would say about it.
 */
#ifndef VK_EPT_EPT_EXIT_H
#define VK_EPT_EPT_EXIT_H

#include "ept/ept.h"

#define EPT_EXIT_VIOLATION 48u
#define EPT_EXIT_MISCONFIG 49u
#define EPT_EXIT_SPP 66u

/* Bits of the exit qualification of an EPT violation [EPT-QUALIFICATION]. */
#define EPT_QUAL_R VK_BIT(0)
#define EPT_QUAL_W VK_BIT(1)
#define EPT_QUAL_X VK_BIT(2)
#define EPT_QUAL_PERM_SHIFT 3 /* bits 5:3: rights of the entries, ANDed; bit 6: XU */
#define EPT_QUAL_GLA_VALID VK_BIT(7)
#define EPT_QUAL_FINAL VK_BIT(8) /* the GPA is the translation of the linear address */
#define EPT_QUAL_USER VK_BIT(9)
#define EPT_QUAL_WRITABLE VK_BIT(10)
#define EPT_QUAL_XD VK_BIT(11)
#define EPT_QUAL_SPP_MISS VK_BIT(11) /* of exit 66: 1 not valid, 0 misconfigured */

/* The linear access that the guest-physical one was made for. */
struct ept_linear {
	gva_t gla;
	int valid;    /* there is one */
	int final;    /* the GPA is its translation, not a table entry on the way */
	int user;     /* U/S set at all levels */
	int writable; /* R/W set at all levels */
	int xd;       /* execute-disabled */
};

/* What an EPT exit leaves in the VMCS.  Fields that are not defined for the exit are 0. */
struct ept_exit {
	unsigned reason;
	uint64_t qualification;
	gpa_t gpa;
	gva_t gla; /* defined iff gla_valid */
	int gla_valid;
};

/*
 * Fills *exit from the record of a walk that returned `status` (not EPT_OK).  Advanced information
 * (bits 11:9) is given only with EPT_CAP_ADV_INFO.  A read-modify-write reports a write alone; the
 * manual leaves its read bit open [EPT-QUALIFICATION].
 */
void ept_exit_build(const struct ept *ept, const struct ept_walk *walk, enum ept_status status,
    const struct ept_linear *linear, struct ept_exit *exit);

#endif
