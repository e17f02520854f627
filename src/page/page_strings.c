/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An open-addressed table over a list of strings, numbered in the order in which they came.
 */
#include "page/page_strings.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024u

void
page_strings_init(struct page_strings *strings)
{
	memset(strings, 0, sizeof(*strings));
	(void)page_strings_add(strings, "");
}

void
page_strings_free(struct page_strings *strings)
{
	uint32_t i;

	for (i = 0; i < strings->count; i++)
		free(strings->string[i]);
	free(strings->string);
	free(strings->slot);
	memset(strings, 0, sizeof(*strings));
}

/* FNV-1a. */
static size_t
hash(const char *string)
{
	uint64_t sum = 0xcbf29ce484222325ull;

	for (; *string != '\0'; string++)
		sum = (sum ^ (unsigned char)*string) * 0x100000001b3ull;
	return (size_t)(sum ^ sum >> 32);
}

/* Where a string is, or where it would go. */
static uint32_t *
find(const struct page_strings *strings, const char *string)
{
	size_t at = hash(string) & (strings->slots - 1);

	while (strings->slot[at] != 0 &&
	    strcmp(strings->string[strings->slot[at] - 1], string) != 0)
		at = (at + 1) & (strings->slots - 1);
	return &strings->slot[at];
}

static bool
grow(struct page_strings *strings)
{
	size_t slots = strings->slots == 0 ? FIRST_SLOTS : 2 * strings->slots;
	char **string = realloc(strings->string, slots / 2 * sizeof(*string));
	uint32_t *slot, i;

	if (string == NULL)
		return false;
	strings->string = string;
	strings->room = slots / 2;
	slot = calloc(slots, sizeof(*slot));
	if (slot == NULL)
		return false;
	free(strings->slot);
	strings->slot = slot;
	strings->slots = slots;
	for (i = 0; i < strings->count; i++)
		*find(strings, string[i]) = i + 1;
	return true;
}

uint32_t
page_strings_add(struct page_strings *strings, const char *string)
{
	size_t size = strlen(string) + 1;
	uint32_t *slot;

	if (strings->failed || (strings->count == strings->room && !grow(strings))) {
		strings->failed = true;
		return 0;
	}
	slot = find(strings, string);
	if (*slot != 0)
		return *slot - 1;
	strings->string[strings->count] = malloc(size);
	if (strings->string[strings->count] == NULL) {
		strings->failed = true;
		return 0;
	}
	memcpy(strings->string[strings->count], string, size);
	*slot = ++strings->count;
	return strings->count - 1;
}
