/* SPDX-License-Identifier: BSD-2-Clause */
/* A page, and how it is given back: woken up when it was busied, unheld when it was held. */
#ifndef VK_DECL_VM_VM_PAGE_H
#define VK_DECL_VM_VM_PAGE_H

#include <vm/vm.h>

struct vm_page {
	vm_paddr_t phys_addr;
};

#define VM_PAGE_TO_PHYS(page) ((page)->phys_addr)

void vm_page_dirty(vm_page_t page);
void vm_page_unhold(vm_page_t page);
void vm_page_wakeup(vm_page_t page);

#endif
