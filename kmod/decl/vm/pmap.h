/* SPDX-License-Identifier: BSD-2-Clause */
/* The copy functions of a pmap in the shapes of each release, and the bits of entries. */
#ifndef VK_DECL_VM_PMAP_H
#define VK_DECL_VM_PMAP_H

#include <sys/param.h>

#define X86_PG_V       0x001
#define X86_PG_RW      0x002
#define X86_PG_U       0x004
#define X86_PG_NC_PWT  0x008
#define X86_PG_NC_PCD  0x010
#define X86_PG_A       0x020
#define X86_PG_M       0x040
#define X86_PG_PS      0x080
#define X86_PG_PTE_PAT 0x080
#define X86_PG_G       0x100
#define X86_PG_PDE_PAT 0x1000
#define X86_PG_NX      (1ul << 63)
#define PG_FRAME       0x000ffffffffff000ul

struct pmap {
	int (*copyinstr)(const void *, void *, size_t, size_t *);
	int (*copyin)(const void *, void *, size_t);
	int (*copyout)(const void *, void *, size_t);
#if __DragonFly_version >= 400713
	int (*fubyte)(const uint8_t *);
	int (*subyte)(uint8_t *, uint8_t);
	int32_t (*fuword32)(const uint32_t *);
	int64_t (*fuword64)(const uint64_t *);
	int (*suword64)(uint64_t *, uint64_t);
	int (*suword32)(uint32_t *, int);
	uint32_t (*swapu32)(volatile uint32_t *, uint32_t);
	uint64_t (*swapu64)(volatile uint64_t *, uint64_t);
#else
	int (*fubyte)(const void *);
	int (*subyte)(void *, int);
	long (*fuword)(const void *);
	int (*suword)(void *, long);
	int (*suword32)(void *, int);
#endif
#if __DragonFly_version >= 500308
	uint32_t (*fuwordadd32)(volatile uint32_t *, uint32_t);
	uint64_t (*fuwordadd64)(volatile uint64_t *, uint64_t);
#endif
#if __DragonFly_version >= 400713
	long pm_invgen; /* moves with every invalidation */
#endif
};

#endif
