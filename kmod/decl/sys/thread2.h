/* SPDX-License-Identifier: BSD-2-Clause */
/* Critical sections of the current thread, as HEAD has them: the end may be a call. */
#ifndef VK_DECL_SYS_THREAD2_H
#define VK_DECL_SYS_THREAD2_H

#include <sys/thread.h>
#include <machine/thread.h>

#define crit_exit() crit_exit_wrapper()

void crit_exit_wrapper(void);

static inline void
crit_enter(void)
{
	++curthread->td_critcount;
}

#endif
