/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watch on the thread that runs.  A simulated machine runs one thread at a time, so there is
 * one watch at most in an OS thread.
 */
#include "sim/watch.h"

_Thread_local struct watch *watch_current;
