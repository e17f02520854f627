/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gzip and xz, into memory.
 *
 * Memory dumps are mostly zeroes, which packed files shrink a thousandfold.  Unpacked pages that
 * are zero are therefore not written, and the mapping that stands for the file takes memory for the
 * others only.  Both sizes are limited, since a small file can unpack to anything.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <lzma.h>
#include <sys/mman.h>
#include <zlib.h>

#include "image/image_reader.h"

#define CHUNK ((size_t)1 << 18)   /* unpacked at a time; a multiple of a page */
#define FIRST_ROOM ((size_t)1 << 22)
#define XZ_MEMORY ((uint64_t)256 << 20) /* for the dictionary: xz -9 needs 65 MiB */

const struct image_limits image_limits = { 4ull << 30, 1ull << 30 };

struct unpacking {
	const struct image_limits *limits;
	struct image_bytes *bytes;
	uint64_t kept;               /* bytes of pages that are not zero */
	struct image_error *error;
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

/* Makes the mapping large enough for another chunk. */
static bool
make_room(struct image_bytes *bytes)
{
	size_t room = bytes->mapped != 0 ? 2 * bytes->mapped : FIRST_ROOM;
	void *block;

	if (bytes->size + CHUNK <= bytes->mapped)
		return true;
	block = mmap(NULL, room, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (block == MAP_FAILED)
		return false;
	if (bytes->block != NULL) {
		(void)copy_pages(block, bytes->block, bytes->size);
		(void)munmap(bytes->block, bytes->mapped);
	}
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

/* --- xz --------------------------------------------------------------------------------------- */

static enum image_status
complain_of_xz(struct unpacking *unpacking, lzma_ret code, size_t at)
{
	if (code == LZMA_MEM_ERROR)
		return image_failed(unpacking->error, "out of memory");
	if (code == LZMA_MEMLIMIT_ERROR)
		return image_bad(unpacking->error, "it needs more than 256 MiB to be unpacked");
	return image_bad(unpacking->error, "byte %zu of the packed file: %s found, xz data "
	    "expected", at, code == LZMA_BUF_ERROR ? "the end" : "something else");
}

static enum image_status
unpack_xz(struct unpacking *unpacking, const unsigned char *packed, size_t size)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	enum image_status status;
	lzma_ret code;

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
	} while (status == IMAGE_OK && code == LZMA_OK);
	lzma_end(&stream);
	if (status != IMAGE_OK || code == LZMA_STREAM_END)
		return status;
	return complain_of_xz(unpacking, code, size - stream.avail_in);
}

/* --- all -------------------------------------------------------------------------------------- */

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
