/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core as a library of its own: nobody is told of atomic operations.
 *
 * A program that wants to be told, as the simulator does, defines vk_env_point() itself; that
 * definition is then taken in place of this one.
 */
#include "base/env.h"

void
vk_env_point(enum vk_env_op op, const void *where)
{
	(void)op;
	(void)where;
}
