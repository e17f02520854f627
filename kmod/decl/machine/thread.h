/* SPDX-License-Identifier: BSD-2-Clause */
/* The current thread, found through the per-CPU data. */
#ifndef VK_DECL_MACHINE_THREAD_H
#define VK_DECL_MACHINE_THREAD_H

struct globaldata {
	struct thread *gd_curthread;
};

extern struct globaldata globaldata;

#define curthread (globaldata.gd_curthread)

#endif
