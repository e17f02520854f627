/* SPDX-License-Identifier: BSD-2-Clause */
/* The vCPU and the numbers of its exits; the entries and the pointer of its EPT. */
#ifndef VK_DECL_MACHINE_BASE_VMM_VMX_H
#define VK_DECL_MACHINE_BASE_VMM_VMX_H

#include <sys/types.h>

#define EXIT_REASON_EXCEPTION       0
#define EXIT_REASON_EXT_INTR        1
#define EXIT_REASON_CPUID           10
#define EXIT_REASON_EPT_FAULT       48
#define EXIT_REASON_EPT_MISCONFIG   49
#define VMCS_EXCEPTION_NMI          2
#define VMCS_EXCEPTION_HARDWARE     3
#define VMCS_EXCEPTION_SOFTWARE     6
#define VMCS_EXCEPTION_NUMBER(info) ((info)&0xff)

#define EPT_PG_READ                0x001ull
#define EPT_PG_WRITE               0x002ull
#define EPT_PG_EXECUTE             0x004ull
#define EPT_IGNORE_PAT             0x040ull
#define EPT_PG_PS                  0x080ull
#define EPT_PG_A                   0x100ull
#define EPT_PG_M                   0x200ull
#define EPT_MEM_TYPE_SHIFT         3
#define EPT_MEM_TYPE_MASK          0x38ull
#define EPTP_AD_ENABLE             0x40ull
#define EPTP_PWLEN(levels)         ((levels) << 3)
#define EPT_PWL4(cap)              ((cap) & (1ull << 6))
#define EPT_MEMORY_TYPE_WB(cap)    ((cap) & (1ull << 14))
#define EPT_AD_BITS_SUPPORTED(cap) ((cap) & (1ull << 21))

/* The CR3 of the guest stands at another place in each release. */
struct vmx_thread_info {
	uint64_t guest_physical_address;
#if __DragonFly_version >= 500901
	uint64_t guest_cr0;
	uint64_t guest_cr3;
#else
	register_t guest_cr3;
#endif
};

#endif
