/* SPDX-License-Identifier: BSD-2-Clause */
/* What is called when a module comes and goes: entries that the loader finds by their section. */
#ifndef VK_DECL_SYS_KERNEL_H
#define VK_DECL_SYS_KERNEL_H

#include <sys/types.h>

#define SI_SUB_KMEM    0x1800000
#define SI_SUB_DRIVERS 0x3100000
#define SI_ORDER_ANY   0xfffffff

struct sysinit {
	unsigned int subsystem;
	unsigned int order;
	void (*func)(void *);
	const void *udata;
};

/* A section of pointers, so that a loader knows how far it is from one to the next. */
#define DECL_SET(set, entry) \
	static const void *const entry##_in_##set __attribute__((used, section(#set))) = &entry

#define SYSINIT(name, sub, order, function, data)                                  \
	static const struct sysinit name##_sysinit = {sub, order, function, data}; \
	DECL_SET(set_sysinit, name##_sysinit)

#endif
