/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the core takes for granted, held against the kernel's own headers while it is compiled.
 *
 * No code and no data come of this file.  A line that does not compile names a constant, a size or
 * a place on which core and kernel do not agree.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/errno.h>
#include <sys/proc.h>
#include <sys/vkernel.h>
#include <machine/thread.h>
#include <vm/vm.h>
#include <vm/pmap.h>
#include <vm/vm_map.h>
#include <vm/vm_page.h>
#include <cpu/lwbuf.h>
#include <machine_base/vmm/vmx.h>

#include "ept/ept.h"
#include "guestpt/vpte.h"
#include "vmm/vmm.h"

/* Types: the sizes, and the signs where one matters. */
CTASSERT(sizeof(size_t) == 8 && sizeof(uintptr_t) == 8 && (size_t)-1 > 0);
CTASSERT(sizeof(uint8_t) == 1 && sizeof(uint16_t) == 2 && sizeof(uint32_t) == 4);
CTASSERT(sizeof(uint64_t) == 8 && (uint64_t)-1 > 0);
CTASSERT(sizeof(int64_t) == 8 && (int64_t)-1 < 0);
CTASSERT(sizeof(long) == sizeof(uint64_t));
CTASSERT(sizeof(register_t) == 8 && (register_t)-1 < 0);
CTASSERT(sizeof(vm_offset_t) == sizeof(uint64_t));
CTASSERT(sizeof(pt_entry_t) == sizeof(uint64_t));
CTASSERT(sizeof(vpte_t) == sizeof(uint64_t));
CTASSERT(sizeof(((struct vmx_thread_info *)0)->guest_cr3) == sizeof(uint64_t));

/* The geometry of tables. */
CTASSERT(PAGE_SHIFT == VK_PAGE_SHIFT);
CTASSERT(PAGE_SIZE == VK_PAGE_BYTES);
CTASSERT(PAGE_MASK == VK_PAGE_OFFSET_MASK);
CTASSERT(NPTEPG == VK_TABLE_ENTRIES);
CTASSERT(PDRSHIFT == VK_PAGE_SHIFT + 9);
CTASSERT(PDPSHIFT == VK_PAGE_SHIFT + 2 * 9);
CTASSERT(PML4SHIFT == VK_PAGE_SHIFT + 3 * 9);

/* The end of user space is canonical, and an address from it on is refused before a walk. */
CTASSERT(VM_MAX_USER_ADDRESS <= 0x0000800000000000ul);
CTASSERT(VM_MAX_USER_ADDRESS > 0x00007f0000000000ul);
CTASSERT((VM_MAX_USER_ADDRESS & PAGE_MASK) == 0);

/* Guest entries. */
CTASSERT(X86_PG_V == VK_PG_P);
CTASSERT(X86_PG_RW == VK_PG_RW);
CTASSERT(X86_PG_U == VK_PG_US);
CTASSERT(X86_PG_NC_PWT == VK_PG_PWT);
CTASSERT(X86_PG_NC_PCD == VK_PG_PCD);
CTASSERT(X86_PG_A == VK_PG_A);
CTASSERT(X86_PG_M == VK_PG_D);
CTASSERT(X86_PG_PS == VK_PG_PS);
CTASSERT(X86_PG_PTE_PAT == VK_PG_PAT);
CTASSERT(X86_PG_G == VK_PG_G);
CTASSERT(X86_PG_PDE_PAT == VK_PG_PAT_LARGE);
CTASSERT(X86_PG_NX == VK_PG_XD);
CTASSERT(PG_FRAME == VK_BITS(51, 12));

/* The vkernel's entries. */
CTASSERT(VPTE_V == VK_VPTE_V && VPTE_V == VK_PG_P);
CTASSERT(VPTE_RW == VK_VPTE_RW && VPTE_RW == VK_PG_RW);
CTASSERT(VPTE_U == VK_VPTE_U && VPTE_U == VK_PG_US);
CTASSERT(VPTE_A == VK_VPTE_A && VPTE_A == VK_PG_A);
CTASSERT(VPTE_M == VK_VPTE_M && VPTE_M == VK_PG_D);
CTASSERT(VPTE_PS == VK_VPTE_PS && VPTE_PS == VK_PG_PS);
CTASSERT(VPTE_G == VK_VPTE_G && VPTE_G == VK_PG_G);
CTASSERT(VPTE_WIRED == VK_VPTE_WIRED);
CTASSERT(VPTE_MANAGED == VK_VPTE_MANAGED);
CTASSERT(VPTE_FRAME == VK_VPTE_FRAME);
#ifdef VPTE_NX
CTASSERT(VPTE_NX == VK_VPTE_NX);
#endif

/* EPT entries and EPTP. */
CTASSERT(EPT_PG_READ == EPT_R);
CTASSERT(EPT_PG_WRITE == EPT_W);
CTASSERT(EPT_PG_EXECUTE == EPT_X);
CTASSERT(EPT_PG_PS == EPT_PS);
CTASSERT(EPT_PG_A == EPT_A);
CTASSERT(EPT_PG_M == EPT_D);
CTASSERT(EPT_IGNORE_PAT == EPT_IPAT);
CTASSERT(EPT_MEM_TYPE_SHIFT == EPT_MEMTYPE_SHIFT);
CTASSERT(EPT_MEM_TYPE_MASK == EPT_MEMTYPE);
CTASSERT(EPTP_AD_ENABLE == EPTP_AD);
CTASSERT(EPTP_PWLEN(1) == 1 << EPTP_WALK_SHIFT);
CTASSERT(EPT_PWL4(EPT_CAP_WALK4) != 0);
CTASSERT(EPT_MEMORY_TYPE_WB(EPT_CAP_WB) != 0);
CTASSERT(EPT_AD_BITS_SUPPORTED(EPT_CAP_AD) != 0);

/* Exits. */
CTASSERT(EXIT_REASON_EXCEPTION == (int)VMX_EXIT_EXCEPTION);
CTASSERT(EXIT_REASON_EXT_INTR == (int)VMX_EXIT_INTERRUPT);
CTASSERT(EXIT_REASON_CPUID == (int)VMX_EXIT_CPUID);
CTASSERT(EXIT_REASON_EPT_FAULT == (int)VMX_EXIT_EPT_VIOLATION);
CTASSERT(EXIT_REASON_EPT_MISCONFIG == (int)VMX_EXIT_EPT_MISCONFIG);
CTASSERT(VMCS_EXCEPTION_HARDWARE == VMX_INTR_HARDWARE);
CTASSERT(VMCS_EXCEPTION_SOFTWARE == VMX_INTR_SOFTWARE);
CTASSERT(VMCS_EXCEPTION_NMI == VMX_INTR_NMI);
CTASSERT(VMCS_EXCEPTION_NUMBER((VMX_INTR_VALID | 14)) == 14);

#ifdef CPULOCK_EXCL
/* The gate, on which the glue does what the core does on its own. */
CTASSERT(CPULOCK_EXCL == VMM_LOCK_EXCL && CPULOCK_INCR == VMM_LOCK_STEP);
#endif

/* The glue tells success from failure by 0 and gives callers these two. */
CTASSERT(EFAULT > 0 && ENAMETOOLONG > 0 && EFAULT != ENAMETOOLONG);
