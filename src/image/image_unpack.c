/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gzip and xz, into memory.
 *
 * Memory dumps are mostly zeroes, which packed files shrink a thousandfold.  Unpacked pages that
 * are zero are therefore not written, and the mapping that stands for the file takes memory for the
 * others only.  Both sizes are limited, since a small file can unpack to anything.
 *
 * xz keeps what it has unpacked last, 64 MiB at -9, which is mostly zeroes, too: now and then the
 * pages of these are given back.
 */
#define _GNU_SOURCE /* mremap, mincore */
#include <lzma.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <zlib.h>

#include "image/image_reader.h"

#define CHUNK ((size_t)1 << 18)   /* unpacked at a time; a multiple of a page */
#define FIRST_ROOM ((size_t)1 << 22)
#define XZ_MEMORY ((uint64_t)256 << 20) /* for the dictionary: xz -9 needs 65 MiB */

#define UNPACKED_MAX (4ull << 30)
#define UNPACKED_KEPT_MAX (1ull << 30) /* in pages that are not zero */

const struct image_limits image_limits = { UNPACKED_MAX, UNPACKED_KEPT_MAX };

/* What a decoder remembers, where it is large. */
#define MEMORY_LEAST ((size_t)1 << 20)
#define MEMORY_MOST ((size_t)XZ_MEMORY)
#define SWEEP ((size_t)1 << 22) /* unpacked between two looks for zeroes in it */

struct memory {
	unsigned char *block;
	size_t size;                 /* whole pages; 0: none */
	size_t unseen;               /* bytes that were unpacked since the last look */
	unsigned char resident[MEMORY_MOST / VK_PAGE_BYTES];
};

static struct {
	void (*note)(void *ctx, uint64_t bytes);
	void *ctx;
} watcher;

struct unpacking {
	const struct image_limits *limits;
	struct image_bytes *bytes;
	uint64_t kept;               /* bytes of pages that are not zero */
	struct image_error *error;
	struct memory memory;
	unsigned char chunk[CHUNK];
};

enum image_packing
image_packing_of(const unsigned char *packed, size_t size)
{
	static const unsigned char gzip[] = { 0x1f, 0x8b };
	static const unsigned char xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

	if (size >= sizeof(gzip) && memcmp(packed, gzip, sizeof(gzip)) == 0)
		return IMAGE_GZIP;
	if (size >= sizeof(xz) && memcmp(packed, xz, sizeof(xz)) == 0)
		return IMAGE_XZ;
	return IMAGE_PLAIN;
}

/* --- what was unpacked ------------------------------------------------------------------------ */

static bool
is_zero(const unsigned char *page, size_t size)
{
	return page[0] == 0 && memcmp(page, page + 1, size - 1) == 0;
}

/* Copies pages that are not zero; both places begin at a page. */
static uint64_t
copy_pages(unsigned char *to, const unsigned char *from, size_t size)
{
	uint64_t kept = 0;
	size_t at;

	for (at = 0; at < size; at += VK_PAGE_BYTES) {
		size_t part = size - at < VK_PAGE_BYTES ? size - at : VK_PAGE_BYTES;

		if (is_zero(from + at, part))
			continue;
		memcpy(to + at, from + at, part);
		kept += part;
	}
	return kept;
}

/* Zeroes that take no memory until they are written to, a page at a time. */
static void *
map_zeroes(size_t size)
{
	void *block = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (block == MAP_FAILED)
		return NULL;
	(void)madvise(block, size, MADV_NOHUGEPAGE);
	return block;
}

/* Makes the mapping large enough for another chunk. */
static bool
make_room(struct image_bytes *bytes)
{
	size_t room = bytes->mapped != 0 ? 2 * bytes->mapped : FIRST_ROOM;
	void *block;

	if (bytes->size + CHUNK <= bytes->mapped)
		return true;
	if (bytes->block == NULL)
		block = map_zeroes(room);
	else
		block = mremap(bytes->block, bytes->mapped, room, MREMAP_MAYMOVE);
	if (block == NULL || block == MAP_FAILED)
		return false;
	bytes->block = block;
	bytes->mapped = room;
	return true;
}

/* Takes in a chunk; only the last may be less than whole. */
static enum image_status
keep_chunk(struct unpacking *unpacking, size_t size)
{
	struct image_bytes *bytes = unpacking->bytes;

	if (size == 0)
		return IMAGE_OK;
	if (!make_room(bytes))
		return image_failed(unpacking->error, "out of memory");
	unpacking->kept += copy_pages((unsigned char *)bytes->block + bytes->size,
	    unpacking->chunk, size);
	bytes->size += size;
	if (watcher.note != NULL)
		watcher.note(watcher.ctx, bytes->size);
	if (bytes->size <= unpacking->limits->all && unpacking->kept <= unpacking->limits->kept)
		return IMAGE_OK;
	return image_bad(unpacking->error, "it unpacks to more than %llu MiB, or %llu MiB of pages "
	    "that are not zero: unpack it into a file and give that",
	    (unsigned long long)unpacking->limits->all >> 20,
	    (unsigned long long)unpacking->limits->kept >> 20);
}

/* --- gzip ------------------------------------------------------------------------------------- */

/* Unpacks until the chunk is full or the input ends; *left is what the chunk has room for. */
static int
inflate_chunk(z_stream *stream, const unsigned char **packed, size_t *size)
{
	int code;

	do {
		if (stream->avail_in == 0) {
			size_t part = *size < CHUNK ? *size : CHUNK;

			stream->next_in = (unsigned char *)(uintptr_t)*packed;
			stream->avail_in = (uInt)part;
			*packed += part;
			*size -= part;
		}
		code = inflate(stream, Z_NO_FLUSH);
		/* A file may be several that were packed one by one. */
		if (code == Z_STREAM_END && stream->avail_in + *size != 0)
			code = inflateReset(stream);
	} while (code == Z_OK && stream->avail_out != 0 && stream->avail_in + *size != 0);
	return code;
}

static enum image_status
unpack_gzip(struct unpacking *unpacking, const unsigned char *packed, size_t size)
{
	enum image_status status = IMAGE_OK;
	size_t left = size;
	z_stream stream;
	int code = Z_OK;

	memset(&stream, 0, sizeof(stream));
	if (inflateInit2(&stream, 15 + 16) != Z_OK)
		return image_failed(unpacking->error, "out of memory");
	do {
		stream.next_out = unpacking->chunk;
		stream.avail_out = CHUNK;
		code = inflate_chunk(&stream, &packed, &left);
		status = keep_chunk(unpacking, CHUNK - stream.avail_out);
	} while (status == IMAGE_OK && code == Z_OK && stream.avail_out == 0);
	left += stream.avail_in;
	(void)inflateEnd(&stream);
	if (status != IMAGE_OK || code == Z_STREAM_END)
		return status;
	if (code == Z_MEM_ERROR)
		return image_failed(unpacking->error, "out of memory");
	return image_bad(unpacking->error, "byte %zu of the packed file: %s found, gzip data "
	    "expected", size - left, left == 0 ? "the end" : "something else");
}

/* --- what xz remembers ------------------------------------------------------------------------ */

static void *
memory_alloc(void *ctx, size_t count, size_t size)
{
	struct memory *memory = ctx;

	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	size *= count;
	if (size < MEMORY_LEAST || size > MEMORY_MOST - VK_PAGE_BYTES || memory->size != 0)
		return malloc(size != 0 ? size : 1);
	memory->size = (size + VK_PAGE_BYTES - 1) & ~(size_t)VK_PAGE_OFFSET_MASK;
	memory->block = map_zeroes(memory->size);
	if (memory->block == NULL)
		memory->size = 0;
	return memory->block;
}

static void
memory_free(void *ctx, void *block)
{
	struct memory *memory = ctx;

	if (memory->size == 0 || block != memory->block) {
		free(block);
		return;
	}
	(void)munmap(memory->block, memory->size);
	memory->size = 0;
}

/* Gives back pages that are zero: they are zero when they are looked at again. */
static void
memory_sweep(struct memory *memory, size_t unpacked)
{
	size_t pages = memory->size / VK_PAGE_BYTES, page, first;

	memory->unseen += unpacked;
	if (memory->size == 0 || memory->unseen < SWEEP)
		return;
	memory->unseen = 0;
	if (mincore(memory->block, memory->size, memory->resident) != 0)
		return;
	for (page = 0; page < pages; page++) {
		for (first = page; page < pages && (memory->resident[page] & 1) != 0 &&
		    is_zero(memory->block + page * VK_PAGE_BYTES, VK_PAGE_BYTES); page++)
			;
		if (page != first)
			(void)madvise(memory->block + first * VK_PAGE_BYTES,
			    (page - first) * VK_PAGE_BYTES, MADV_DONTNEED);
	}
}

/* --- xz --------------------------------------------------------------------------------------- */

static enum image_status
complain_of_xz(struct unpacking *unpacking, lzma_ret code, size_t at)
{
	if (code == LZMA_MEM_ERROR)
		return image_failed(unpacking->error, "out of memory");
	if (code == LZMA_MEMLIMIT_ERROR)
		return image_bad(unpacking->error, "it needs more than %llu MiB to be unpacked",
		    (unsigned long long)XZ_MEMORY >> 20);
	return image_bad(unpacking->error, "byte %zu of the packed file: %s found, xz data "
	    "expected", at, code == LZMA_BUF_ERROR ? "the end" : "something else");
}

static enum image_status
unpack_xz(struct unpacking *unpacking, const unsigned char *packed, size_t size)
{
	struct memory *memory = &unpacking->memory;
	const lzma_allocator allocator = { memory_alloc, memory_free, memory };
	lzma_stream stream = LZMA_STREAM_INIT;
	enum image_status status;
	lzma_ret code;

	memory->unseen = 0;
	stream.allocator = &allocator;
	if (lzma_stream_decoder(&stream, XZ_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
		return image_failed(unpacking->error, "out of memory");
	stream.next_in = packed;
	stream.avail_in = size;
	do {
		stream.next_out = unpacking->chunk;
		stream.avail_out = CHUNK;
		do
			code = lzma_code(&stream, LZMA_FINISH);
		while (code == LZMA_OK && stream.avail_out != 0);
		status = keep_chunk(unpacking, CHUNK - stream.avail_out);
		memory_sweep(memory, CHUNK - stream.avail_out);
	} while (status == IMAGE_OK && code == LZMA_OK);
	lzma_end(&stream);
	if (status != IMAGE_OK || code == LZMA_STREAM_END)
		return status;
	return complain_of_xz(unpacking, code, size - stream.avail_in);
}

/* --- all -------------------------------------------------------------------------------------- */

void
image_watch_unpacking(void (*note)(void *ctx, uint64_t bytes), void *ctx)
{
	watcher.note = note;
	watcher.ctx = ctx;
}

enum image_status
image_unpack(enum image_packing packing, const unsigned char *packed, size_t size,
    const struct image_limits *limits, struct image_bytes *bytes, struct image_error *error)
{
	static struct unpacking unpacking;
	enum image_status status;

	memset(bytes, 0, sizeof(*bytes));
	unpacking.limits = limits;
	unpacking.bytes = bytes;
	unpacking.kept = 0;
	unpacking.error = error;
	status = packing == IMAGE_GZIP ? unpack_gzip(&unpacking, packed, size) :
	    unpack_xz(&unpacking, packed, size);
	if (status != IMAGE_OK && bytes->block != NULL) {
		(void)munmap(bytes->block, bytes->mapped);
		bytes->block = NULL;
	}
	return status;
}
