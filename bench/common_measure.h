/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the benchmarks take time.
 */
#ifndef VK_BENCH_COMMON_MEASURE_H
#define VK_BENCH_COMMON_MEASURE_H

#include <stddef.h>

/* The thread's processor time, in nanoseconds. */
double measure_clock(void);

/* Sorts the values. */
double measure_median(double *values, size_t count);

#endif
