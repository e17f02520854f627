/* SPDX-License-Identifier: BSD-2-Clause */
/* The members of a thread that the glue reads. */
#ifndef VK_DECL_SYS_THREAD_H
#define VK_DECL_SYS_THREAD_H

struct proc;

struct thread {
	struct proc *td_proc;
	void *td_vmm; /* of a vCPU; NULL for other threads */
};

#endif
