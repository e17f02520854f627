/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers as people write them: digits of a base, then a suffix for a power of 1024.
 */
#include <string.h>

#include "bits/bits_number.h"

unsigned
bits_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* Log2 of what a suffix multiplies by; 0 for anything else. */
static unsigned
suffix_shift(char c)
{
	static const char suffixes[] = "KkMmGgTt";
	const char *found = c != '\0' ? strchr(suffixes, c) : NULL;

	return found != NULL ? 10 * ((unsigned)(found - suffixes) / 2 + 1) : 0;
}

/* Digits of one base with underscores between them. */
static enum bits_number
digits_read(const char *s, size_t size, unsigned base, uint64_t *number)
{
	uint64_t n = 0;
	unsigned digit;
	int too_big = 0;
	size_t i;

	if (size == 0 || s[0] == '_' || s[size - 1] == '_')
		return BITS_NUMBER_NONE;
	for (i = 0; i < size; i++) {
		if (s[i] == '_' && s[i - 1] != '_')
			continue;
		digit = bits_digit(s[i]);
		if (digit >= base)
			return BITS_NUMBER_NONE;
		too_big |= __builtin_mul_overflow(n, (uint64_t)base, &n);
		too_big |= __builtin_add_overflow(n, (uint64_t)digit, &n);
	}
	*number = too_big ? UINT64_MAX : n;
	return too_big ? BITS_NUMBER_TOO_BIG : BITS_NUMBER_OK;
}

enum bits_number
bits_number_read(const char *s, size_t size, uint64_t *number)
{
	enum bits_number status;
	unsigned base = 10, shift;

	if (size > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
		size -= 2;
	}
	shift = size > 1 ? suffix_shift(s[size - 1]) : 0;
	if (shift != 0)
		size--;
	status = digits_read(s, size, base, number);
	if (status != BITS_NUMBER_OK)
		return status;
	if (*number > UINT64_MAX >> shift) {
		*number = UINT64_MAX;
		return BITS_NUMBER_TOO_BIG;
	}
	*number <<= shift;
	return BITS_NUMBER_OK;
}
