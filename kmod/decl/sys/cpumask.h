/* SPDX-License-Identifier: BSD-2-Clause */
/* A lock that has a count beside its exclusive bit. */
#ifndef VK_DECL_SYS_CPUMASK_H
#define VK_DECL_SYS_CPUMASK_H

#include <sys/types.h>

typedef uint32_t cpulock_t;

#define CPULOCK_EXCL 0x00000001
#define CPULOCK_INCR 0x00000002

#endif
