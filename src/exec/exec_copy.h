/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel's copies from and to a program's memory: the core's copyio through both tables, and
 * the vkernel's handler where it finds nothing yet.
 */
#ifndef VK_EXEC_EXEC_COPY_H
#define VK_EXEC_EXEC_COPY_H

#include "exec/exec_space.h"

/* Each returns an enum vk_error; *done counts what was moved and may be NULL. */
int exec_copyin(struct exec_space *space, uint64_t from, void *to, size_t size, size_t *done);
int exec_copyout(struct exec_space *space, const void *from, uint64_t to, size_t size,
    size_t *done);
/* A string with its NUL into `size` bytes. */
int exec_copyinstr(struct exec_space *space, uint64_t from, char *to, size_t size, size_t *done);

#endif
