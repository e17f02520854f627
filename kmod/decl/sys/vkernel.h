/* SPDX-License-Identifier: BSD-2-Clause */
/* Page-table entries of a vkernel. */
#ifndef VK_DECL_SYS_VKERNEL_H
#define VK_DECL_SYS_VKERNEL_H

#include <sys/types.h>

typedef uint64_t vpte_t;

#define VPTE_FRAME   0x000ffffffffff000L
#define VPTE_V       0x001
#define VPTE_RW      0x002
#define VPTE_U       0x004
#define VPTE_A       0x020
#define VPTE_M       0x040
#define VPTE_PS      0x080
#define VPTE_G       0x100
#define VPTE_WIRED   0x200
#define VPTE_MANAGED 0x400
#if __DragonFly_version >= 500901
#define VPTE_NX 0x800
#endif

#endif
