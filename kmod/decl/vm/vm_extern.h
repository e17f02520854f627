/* SPDX-License-Identifier: BSD-2-Clause */
/* Faulting in a page of a map, in the two contracts there are. */
#ifndef VK_DECL_VM_VM_EXTERN_H
#define VK_DECL_VM_VM_EXTERN_H

#include <vm/vm_map.h>

#define VM_FAULT_NORMAL 0

#if __DragonFly_version >= 400713
vm_page_t
vm_fault_page(vm_map_t map, vm_offset_t va, vm_prot_t prot, int flags, int *errorp, int *busyp);
#else
vm_page_t vm_fault_page(vm_map_t map, vm_offset_t va, vm_prot_t prot, int flags, int *errorp);
#endif

#endif
