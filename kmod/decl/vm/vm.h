/* SPDX-License-Identifier: BSD-2-Clause */
/* Protections, and the names of what is mapped. */
#ifndef VK_DECL_VM_VM_H
#define VK_DECL_VM_VM_H

#include <sys/types.h>

typedef unsigned char vm_prot_t;

#define VM_PROT_READ  ((vm_prot_t)0x01)
#define VM_PROT_WRITE ((vm_prot_t)0x02)

typedef struct vm_page *vm_page_t;
typedef struct vm_map *vm_map_t;

#define VM_MAX_USER_ADDRESS 0x7fffffe00000ul

#endif
