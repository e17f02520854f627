/* SPDX-License-Identifier: BSD-2-Clause */
/* Printing and assertions. */
#ifndef VK_DECL_SYS_SYSTM_H
#define VK_DECL_SYS_SYSTM_H

#include <sys/types.h>

#define CTASSERT(holds) _Static_assert(holds, #holds)

int kprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
