/* SPDX-License-Identifier: BSD-2-Clause */
/* Allocation.  A type of memory registers itself by name when the module is loaded. */
#ifndef VK_DECL_SYS_MALLOC_H
#define VK_DECL_SYS_MALLOC_H

#include <sys/kernel.h>

#define M_WAITOK 0x0002
#define M_ZERO   0x0100

struct malloc_type {
	const char *ks_shortdesc;
};

void malloc_init(void *type);
void malloc_uninit(void *type);
void *kmalloc(unsigned long size, struct malloc_type *type, int flags);
void kfree(void *addr, struct malloc_type *type);

#define MALLOC_DEFINE(type, shortdesc, longdesc)                            \
	static struct malloc_type type[1] = {{shortdesc}};                  \
	SYSINIT(type##_init, SI_SUB_KMEM, SI_ORDER_ANY, malloc_init, type); \
	SYSINIT(type##_uninit, SI_SUB_KMEM, SI_ORDER_ANY, malloc_uninit, type)

#endif
