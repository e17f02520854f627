/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moving a string out of memory that somebody else writes at the same time.
 */
#ifndef VK_COPYIO_US_STRING_H
#define VK_COPYIO_US_STRING_H

#include "base/env.h"

/*
 * Moves the bytes at `from` up to and including the first NUL, at most `limit`; returns how many,
 * and sets *ended if the last one is the NUL.  Each byte is read once: what is moved is what was
 * judged, whoever writes `from` meanwhile.  No byte past from[limit - 1] is read and none past the
 * NUL written.
 */
size_t us_move_string(char *to, const char *from, size_t limit, int *ended);

#endif
