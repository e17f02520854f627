/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings that are kept once and known by number.
 */
#ifndef VK_PAGE_PAGE_STRINGS_H
#define VK_PAGE_PAGE_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Number 0 is the empty string. */
struct page_strings {
	char **string;
	uint32_t count;
	size_t room;
	uint32_t *slot; /* number + 1 by hash; 0: free */
	size_t slots;   /* a power of two */
	bool failed;    /* out of memory: numbers given since are 0 */
};

void page_strings_init(struct page_strings *strings);
void page_strings_free(struct page_strings *strings);

/* The number of a string, which is copied. */
uint32_t page_strings_add(struct page_strings *strings, const char *string);

#endif
