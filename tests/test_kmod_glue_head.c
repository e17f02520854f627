/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module's glue as DragonFly HEAD compiles it; the cases are those of tests/kmod/glue_cases.c.
 */
#include "kmod/glue_cases.h"

int
main(void)
{
	return glue_cases_run("HEAD");
}
