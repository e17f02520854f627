/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The cases of the module's glue.  Exchanges and additions are not among those of 3.8.
 */
#ifndef TESTS_GLUE_CASES_H
#define TESTS_GLUE_CASES_H

/* Runs the cases that the kernel linked in has; `release` names it.  A status for main(). */
int glue_cases_run(const char *release);

#endif
