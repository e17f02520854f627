/* SPDX-License-Identifier: BSD-2-Clause */
/* The members of a process that the glue knows. */
#ifndef VK_DECL_SYS_PROC_H
#define VK_DECL_SYS_PROC_H

#include <sys/param.h>
#include <sys/cpumask.h>
#include <sys/thread.h>

struct vmspace;

struct proc {
	struct vmspace *p_vmspace;
#if __DragonFly_version >= 400713
	cpulock_t p_vmm_cpulock; /* the gate of its vCPUs */
#endif
};

#endif
