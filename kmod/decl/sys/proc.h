/* SPDX-License-Identifier: BSD-2-Clause */
/* The member of a process that the glue reads. */
#ifndef VK_DECL_SYS_PROC_H
#define VK_DECL_SYS_PROC_H

#include <sys/thread.h>

struct vmspace;

struct proc {
	struct vmspace *p_vmspace;
};

#endif
