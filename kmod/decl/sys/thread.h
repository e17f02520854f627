/* SPDX-License-Identifier: BSD-2-Clause */
/* The members of a thread that the glue reads. */
#ifndef VK_DECL_SYS_THREAD_H
#define VK_DECL_SYS_THREAD_H

#include <sys/param.h>

struct proc;

struct thread {
	struct proc *td_proc;
	void *td_vmm; /* of a vCPU; NULL for other threads */
#if __DragonFly_version >= 400713
	int td_critcount; /* critical sections that it is in */
#endif
};

#if __DragonFly_version >= 400713
#define IN_CRITICAL_SECT(td) ((td)->td_critcount)

void lwkt_yield(void);
#endif

#endif
