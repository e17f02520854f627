/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The release, and the geometry of pages.  DECL_VERSION chooses the release: 300800 is 3.8, 500901
 * the HEAD of July 2020.
 */
#ifndef VK_DECL_SYS_PARAM_H
#define VK_DECL_SYS_PARAM_H

#include <sys/types.h>

#ifndef DECL_VERSION
#error "DECL_VERSION is not set"
#endif
#define __DragonFly_version DECL_VERSION

#define NULL ((void *)0)

#define PAGE_SHIFT    12
#define PAGE_SIZE     (1 << PAGE_SHIFT)
#define PAGE_MASK     (PAGE_SIZE - 1)
#define NPTEPG        (PAGE_SIZE / sizeof(pt_entry_t))
#define PDRSHIFT      21
#define PDPSHIFT      30
#define PML4SHIFT     39
#define trunc_page(x) ((unsigned long)(x) & ~(unsigned long)PAGE_MASK)

#endif
