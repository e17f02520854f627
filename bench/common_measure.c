/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processor time and medians.
 */
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <time.h>

#include "common_measure.h"

double
measure_clock(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

double
measure_median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}
