/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers as people write them, the same at the prompt, in scenarios and in files.
 */
#ifndef VK_BITS_BITS_NUMBER_H
#define VK_BITS_BITS_NUMBER_H

#include <stddef.h>

#include "base/env.h"

enum bits_number {
	BITS_NUMBER_OK,
	BITS_NUMBER_NONE,   /* it is no number */
	BITS_NUMBER_TOO_BIG /* for 64 bits */
};

/* What one digit is worth, of either case; 16 for what is none. */
unsigned bits_digit(char c);

/*
 * Decimal or 0x and hexadecimal digits, single underscores between digits, and one of K, M, G, T,
 * of either case, at the end for a power of 1024.  *number is UINT64_MAX for one that is too big,
 * and stays as it is when there is none.
 */
enum bits_number bits_number_read(const char *s, size_t size, uint64_t *number);

#endif
