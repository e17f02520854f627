/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sparse host memory: an open-addressed table from frame number to 4 KiB of bytes.
 *
 * Frames come from chunks that the system fills in at once: one fault a frame would cost a small
 * scenario more than all that it simulates.  Chunks grow with what is used.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_POPULATE */
#include "sim/hostmem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_CHUNK 16 /* frames */
#define LARGEST_CHUNK 256
#define FIRST_SLOTS 64 /* a power of two */

struct slot {
	uint64_t frame; /* number plus one; 0: empty */
	unsigned char *bytes;
};

struct chunk {
	struct chunk *next;
	unsigned char *bytes;
	size_t frames;
	size_t used;
};

struct hostmem {
	uint64_t size;
	struct slot *slots;
	size_t slot_count;
	size_t frames;
	size_t frame_limit;
	struct chunk *chunks;
	enum hostmem_failure failure;
};

struct hostmem *
hostmem_create(uint64_t size, size_t frame_limit)
{
	struct hostmem *mem = calloc(1, sizeof(*mem));

	if (mem == NULL)
		return NULL;
	mem->slots = calloc(FIRST_SLOTS, sizeof(*mem->slots));
	if (mem->slots == NULL) {
		free(mem);
		return NULL;
	}
	mem->slot_count = FIRST_SLOTS;
	mem->size = size;
	mem->frame_limit = frame_limit;
	return mem;
}

void
hostmem_destroy(struct hostmem *mem)
{
	if (mem == NULL)
		return;
	while (mem->chunks != NULL) {
		struct chunk *chunk = mem->chunks;

		mem->chunks = chunk->next;
		munmap(chunk->bytes, chunk->frames * VK_PAGE_BYTES);
		free(chunk);
	}
	free(mem->slots);
	free(mem);
}

uint64_t
hostmem_size(const struct hostmem *mem)
{
	return mem->size;
}

enum hostmem_failure
hostmem_failed(const struct hostmem *mem)
{
	return mem->failure;
}

size_t
hostmem_frames(const struct hostmem *mem)
{
	return mem->frames;
}

/* Fibonacci hashing: neighbouring frames spread over the table. */
static size_t
slot_index(uint64_t key, size_t count)
{
	return (size_t)((key * 0x9e3779b97f4a7c15ull) >> 32) & (count - 1);
}

static struct slot *
slot_find(struct slot *slots, size_t count, uint64_t key)
{
	size_t at = slot_index(key, count);

	while (slots[at].frame != 0 && slots[at].frame != key)
		at = (at + 1) & (count - 1);
	return &slots[at];
}

static bool
hostmem_grow(struct hostmem *mem)
{
	size_t count = mem->slot_count * 2, i;
	struct slot *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (i = 0; i < mem->slot_count; i++) {
		if (mem->slots[i].frame != 0)
			*slot_find(slots, count, mem->slots[i].frame) = mem->slots[i];
	}
	free(mem->slots);
	mem->slots = slots;
	mem->slot_count = count;
	return true;
}

static struct chunk *
chunk_create(size_t frames)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk));
	void *bytes;

	if (chunk == NULL)
		return NULL;
	bytes = mmap(NULL, frames * VK_PAGE_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (bytes == MAP_FAILED) {
		free(chunk);
		return NULL;
	}
	chunk->bytes = bytes;
	chunk->frames = frames;
	return chunk;
}

static unsigned char *
chunk_take(struct hostmem *mem)
{
	struct chunk *chunk = mem->chunks;

	if (chunk == NULL || chunk->used == chunk->frames) {
		size_t frames = chunk == NULL ? FIRST_CHUNK : 2 * chunk->frames;

		chunk = chunk_create(frames > LARGEST_CHUNK ? LARGEST_CHUNK : frames);
		if (chunk == NULL)
			return NULL;
		chunk->next = mem->chunks;
		mem->chunks = chunk;
	}
	return chunk->bytes + VK_PAGE_BYTES * chunk->used++;
}

const void *
hostmem_peek(const struct hostmem *mem, hpa_t hpa)
{
	return slot_find(mem->slots, mem->slot_count, (hpa.v >> VK_PAGE_SHIFT) + 1)->bytes;
}

void *
hostmem_frame(struct hostmem *mem, hpa_t hpa)
{
	uint64_t key = (hpa.v >> VK_PAGE_SHIFT) + 1;
	struct slot *slot = slot_find(mem->slots, mem->slot_count, key);

	if (slot->frame != 0)
		return slot->bytes;
	if (hpa.v >= mem->size)
		return NULL;
	if (mem->frames >= mem->frame_limit) {
		mem->failure = HOSTMEM_OVER_LIMIT;
		return NULL;
	}
	if (mem->frames * 2 >= mem->slot_count) {
		if (!hostmem_grow(mem)) {
			mem->failure = HOSTMEM_OUT_OF_MEMORY;
			return NULL;
		}
		slot = slot_find(mem->slots, mem->slot_count, key);
	}
	slot->bytes = chunk_take(mem);
	if (slot->bytes == NULL) {
		mem->failure = HOSTMEM_OUT_OF_MEMORY;
		return NULL;
	}
	slot->frame = key;
	mem->frames++;
	return slot->bytes;
}

uint64_t
hostmem_load(const struct hostmem *mem, hpa_t slot)
{
	const unsigned char *frame = hostmem_peek(mem, slot);
	uint64_t value;

	if (frame == NULL)
		return slot.v < mem->size ? 0 : ~0ull;
	memcpy(&value, frame + (slot.v & VK_PAGE_OFFSET_MASK & ~7ull), sizeof(value));
	return value;
}

bool
hostmem_store(struct hostmem *mem, hpa_t slot, uint64_t value)
{
	unsigned char *frame = hostmem_frame(mem, slot);

	if (frame == NULL)
		return false;
	memcpy(frame + (slot.v & VK_PAGE_OFFSET_MASK & ~7ull), &value, sizeof(value));
	return true;
}

static size_t
piece_of_page(hpa_t hpa, size_t size)
{
	size_t room = VK_PAGE_BYTES - (size_t)(hpa.v & VK_PAGE_OFFSET_MASK);

	return size < room ? size : room;
}

void
hostmem_read(const struct hostmem *mem, hpa_t hpa, void *bytes, size_t size)
{
	unsigned char *to = bytes;

	while (size != 0) {
		size_t piece = piece_of_page(hpa, size);
		const unsigned char *frame = hostmem_peek(mem, hpa);

		if (frame != NULL)
			memcpy(to, frame + (hpa.v & VK_PAGE_OFFSET_MASK), piece);
		else
			memset(to, hpa.v < mem->size ? 0 : 0xff, piece);
		to += piece;
		hpa.v += piece;
		size -= piece;
	}
}

bool
hostmem_write(struct hostmem *mem, hpa_t hpa, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;
	bool all = true;

	while (size != 0) {
		size_t piece = piece_of_page(hpa, size);
		unsigned char *frame = hostmem_frame(mem, hpa);

		if (frame != NULL)
			memcpy(frame + (hpa.v & VK_PAGE_OFFSET_MASK), from, piece);
		else
			all = false;
		from += piece;
		hpa.v += piece;
		size -= piece;
	}
	return all;
}

static uint64_t
hpm_load(void *ctx, hpa_t slot)
{
	return hostmem_load(ctx, slot);
}

static enum cas_status
hpm_cas(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	if (hostmem_load(ctx, slot) != old)
		return CAS_LOST;
	return hostmem_store(ctx, slot, new_value) ? CAS_DONE : CAS_REFUSED;
}

static const struct hpm_ops hostmem_ops = { hpm_load, hpm_cas };

struct hpm
hostmem_hpm(struct hostmem *mem)
{
	struct hpm hpm = { &hostmem_ops, mem };

	return hpm;
}

static int
slot_compare(const void *a, const void *b)
{
	uint64_t x = ((const struct slot *)a)->frame, y = ((const struct slot *)b)->frame;

	return (x > y) - (x < y);
}

bool
hostmem_visit(const struct hostmem *mem, void (*visit)(void *ctx, hpa_t frame, const void *bytes),
    void *ctx)
{
	struct slot *sorted;
	size_t i, n = 0;

	if (mem->frames == 0)
		return true;
	sorted = malloc(mem->frames * sizeof(*sorted));
	if (sorted == NULL)
		return false;
	for (i = 0; i < mem->slot_count; i++) {
		if (mem->slots[i].frame != 0)
			sorted[n++] = mem->slots[i];
	}
	qsort(sorted, n, sizeof(*sorted), slot_compare);
	for (i = 0; i < n; i++)
		visit(ctx, vk_hpa((sorted[i].frame - 1) << VK_PAGE_SHIFT), sorted[i].bytes);
	free(sorted);
	return true;
}
