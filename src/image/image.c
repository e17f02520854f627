/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs of memory in ascending order, found by bisection.
 *
 * Page tables are little-endian; so is every processor that has them, and so must be the one that
 * looks at them here: a word is read as it lies.
 */
#include "image/image.h"

#include <stdlib.h>
#include <sys/mman.h>

struct image *
image_create(void)
{
	return calloc(1, sizeof(struct image));
}

void
image_destroy(struct image *image)
{
	if (image == NULL)
		return;
	if (image->block_mapped)
		(void)munmap(image->block, image->block_size);
	else
		free(image->block);
	free(image->run);
	free(image);
}

/* Whether a run goes on where the last one ends. */
static bool
continues(const struct image_run *last, uint64_t start, const unsigned char *bytes)
{
	if (last->end != start)
		return false;
	if (last->bytes == NULL || bytes == NULL)
		return last->bytes == bytes;
	return last->bytes + (last->end - last->start) == bytes;
}

bool
image_append(struct image *image, uint64_t start, uint64_t end, const unsigned char *bytes)
{
	if (image->runs != 0 && continues(&image->run[image->runs - 1], start, bytes)) {
		image->run[image->runs - 1].end = end;
		return true;
	}
	if (image->runs == image->room) {
		size_t room = image->room != 0 ? 2 * image->room : 16;
		struct image_run *grown = realloc(image->run, room * sizeof(*grown));

		if (grown == NULL)
			return false;
		image->run = grown;
		image->room = room;
	}
	image->run[image->runs++] = (struct image_run){ start, end, bytes };
	return true;
}

const struct image_run *
image_find(const struct image *image, hpa_t hpa)
{
	size_t low = 0, high = image->runs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (image->run[middle].end <= hpa.v)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == image->runs || image->run[low].start > hpa.v)
		return NULL;
	return &image->run[low];
}

static const unsigned char zeroes[VK_PAGE_BYTES];

/* Copies bytes that may be in several runs; false when a part of them is in none. */
static bool
gather(const struct image *image, uint64_t at, unsigned char *to, size_t size)
{
	while (size != 0) {
		const struct image_run *run = image_find(image, vk_hpa(at));
		size_t part = size;

		if (run == NULL)
			return false;
		if (run->end - at < part)
			part = (size_t)(run->end - at);
		memcpy(to, run->bytes != NULL ? run->bytes + (at - run->start) : zeroes, part);
		at += part;
		to += part;
		size -= part;
	}
	return true;
}

const unsigned char *
image_page(const struct image *image, hpa_t page, unsigned char scratch[VK_PAGE_BYTES])
{
	const struct image_run *run = image_find(image, page);

	if (run == NULL)
		return NULL;
	if (run->end - page.v < VK_PAGE_BYTES)
		return gather(image, page.v, scratch, VK_PAGE_BYTES) ? scratch : NULL;
	return run->bytes != NULL ? run->bytes + (page.v - run->start) : zeroes;
}

bool
image_load(const struct image *image, hpa_t slot, uint64_t *word)
{
	unsigned char bytes[sizeof(*word)];

	if (!gather(image, slot.v & ~7ull, bytes, sizeof(bytes)))
		return false;
	memcpy(word, bytes, sizeof(*word));
	return true;
}

/* --- as a walker sees it ---------------------------------------------------------------------- */

static uint64_t
hpm_load(void *ctx, hpa_t slot)
{
	uint64_t word;

	return image_load(ctx, slot, &word) ? word : ~0ull;
}

static enum cas_status
hpm_refuse(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	(void)ctx;
	(void)slot;
	(void)old;
	(void)new_value;
	return CAS_REFUSED;
}

static const struct hpm_ops image_ops = { hpm_load, hpm_refuse };

struct hpm
image_hpm(const struct image *image)
{
	/* Nothing is written through this pointer. */
	struct hpm hpm = { &image_ops, (void *)(uintptr_t)image };

	return hpm;
}
