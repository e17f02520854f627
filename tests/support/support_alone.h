/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For a test program without scheduler: the door of base/env.h for whoever is alone.  It is
 * included once in a program, by the file that has main().
 */
#ifndef TESTS_SUPPORT_ALONE_H
#define TESTS_SUPPORT_ALONE_H

#include "base/env.h"

/* Nobody else is there to go first. */
void
vk_env_point(enum vk_env_op op, const void *where)
{
	(void)op;
	(void)where;
}

#endif
