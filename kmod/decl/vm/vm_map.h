/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory map of a process. */
#ifndef VK_DECL_VM_VM_MAP_H
#define VK_DECL_VM_VM_MAP_H

#include <vm/pmap.h>
#include <vm/vm.h>

struct vm_map {
	struct pmap *pmap;
};

struct vmspace {
	struct vm_map vm_map;
	struct pmap vm_pmap;
};

#endif
