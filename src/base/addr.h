/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The three address spaces of nested paging, as types that do not mix.
 *
 * An address is a byte address.  Arithmetic on one is spelled out (`vk_gpa(a.v + n)`), so that a
 * change of space, or of unit, is always visible in the text.
 */
#ifndef VK_BASE_ADDR_H
#define VK_BASE_ADDR_H

#include "base/env.h"

typedef struct {
	uint64_t v;
} gva_t; /* guest-virtual (linear) */

typedef struct {
	uint64_t v;
} gpa_t; /* guest-physical */

typedef struct {
	uint64_t v;
} hpa_t; /* host-physical */

static inline gva_t
vk_gva(uint64_t v)
{
	gva_t a = { v };

	return a;
}

static inline gpa_t
vk_gpa(uint64_t v)
{
	gpa_t a = { v };

	return a;
}

static inline hpa_t
vk_hpa(uint64_t v)
{
	hpa_t a = { v };

	return a;
}

/*
 * Whether bits 63 to width-1 of a linear address are all equal [GUEST-CANONICAL].  width is 48, or
 * 57 with LA57.
 */
static inline int
vk_gva_is_canonical(gva_t gva, unsigned width)
{
	return (uint64_t)((int64_t)gva.v >> (width - 1)) + 1 < 2;
}

#endif
