/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host-physical memory that is only looked at: of a core file, of a raw dump, or of a simulated
 * machine as it was at one moment.
 *
 * It is a list of runs, each with its bytes where they lie; those of a file are in its mapping.
 * An address in no run has no bytes: whoever walks tables there must say so.
 */
#ifndef VK_IMAGE_IMAGE_H
#define VK_IMAGE_IMAGE_H

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/ptlevel.h"

struct image_run {
	uint64_t start, end;        /* [start, end), of any alignment */
	const unsigned char *bytes; /* of the first address; NULL: zeroes */
};

struct image {
	struct image_run *run; /* ascending, without overlap */
	size_t runs, room;
	void *block;           /* what the bytes are in; NULL: the caller's */
	size_t block_size;
	bool block_mapped;     /* by mmap(2), else by malloc(3) */
};

/* NULL when out of memory. */
struct image *image_create(void);

/* Frees the image and its block. */
void image_destroy(struct image *image);

/*
 * Adds a run behind those that there are; one that continues the last, in address and in bytes, is
 * joined to it.  false: out of memory.
 */
bool image_append(struct image *image, uint64_t start, uint64_t end, const unsigned char *bytes);

/* The run that holds an address, or NULL. */
const struct image_run *image_find(const struct image *image, hpa_t hpa);

/*
 * The 4096 bytes of a page: where they lie, or put together in `scratch` where they are in several
 * runs.  NULL when a part of them is in none.
 */
const unsigned char *image_page(const struct image *image, hpa_t page,
    unsigned char scratch[VK_PAGE_BYTES]);

/* The aligned 64-bit word at `slot`; false when it is not there. */
bool image_load(const struct image *image, hpa_t slot, uint64_t *word);

/*
 * As a walker sees it: what is not there reads as all ones, and nothing can be changed.  The image
 * must outlive it.
 */
struct hpm image_hpm(const struct image *image);

/* Entry `index` of a table; bytes in memory of any alignment. */
static inline uint64_t
image_entry(const unsigned char *table, unsigned index)
{
	uint64_t entry;

	memcpy(&entry, table + 8 * (size_t)index, sizeof(entry));
	return entry;
}

/*
 * From an entry that is of no interest to the next that is not 0, or `end`: eight at a time are
 * passed over, since tables are mostly empty.
 */
static inline unsigned
image_next_entry(const unsigned char *table, unsigned index, unsigned end)
{
	for (index++; index + 8 <= end; index += 8) {
		uint64_t any = 0;
		unsigned i;

		for (i = 0; i < 8; i++)
			any |= image_entry(table, index + i);
		if (any != 0)
			break;
	}
	while (index < end && image_entry(table, index) == 0)
		index++;
	return index;
}

#endif
