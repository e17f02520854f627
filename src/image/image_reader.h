/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the readers of this room share: bytes of a file, words in them, complaints.
 */
#ifndef VK_IMAGE_IMAGE_READER_H
#define VK_IMAGE_IMAGE_READER_H

#include "image/image_file.h"

/* All bytes of a file, mapped or unpacked. */
struct image_bytes {
	void *block;
	size_t size;  /* of the file, unpacked */
	size_t mapped; /* of the mapping */
};

/* Notes a complaint and returns IMAGE_BAD; the second form is about the bytes at an offset. */
enum image_status image_bad(struct image_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum image_status image_bad_at(struct image_error *error, uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for what is nobody's fault but the machine's; returns IMAGE_ENVIRONMENT. */
enum image_status image_failed(struct image_error *error, const char *what);

/* Little-endian words at any place. */
static inline uint16_t
image_u16(const unsigned char *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t
image_u32(const unsigned char *bytes)
{
	return (uint32_t)image_u16(bytes) | (uint32_t)image_u16(bytes + 2) << 16;
}

static inline uint64_t
image_u64(const unsigned char *bytes)
{
	return (uint64_t)image_u32(bytes) | (uint64_t)image_u32(bytes + 4) << 32;
}

/* --- image_unpack.c --------------------------------------------------------------------------- */

enum image_packing { IMAGE_PLAIN, IMAGE_GZIP, IMAGE_XZ };

/* How the bytes are packed, by the first of them. */
enum image_packing image_packing_of(const unsigned char *packed, size_t size);

/* How much a file may unpack to, in bytes. */
struct image_limits {
	uint64_t all;
	uint64_t kept; /* pages that are not zero */
};

extern const struct image_limits image_limits; /* 4 GiB and 1 GiB */

/*
 * Unpacks them into a mapping of its own, in which pages of zeroes stay untouched.  IMAGE_OK:
 * bytes->block is to be unmapped, unless bytes->size is 0.
 */
enum image_status image_unpack(enum image_packing packing, const unsigned char *packed,
    size_t size, const struct image_limits *limits, struct image_bytes *bytes,
    struct image_error *error);

/* --- image_note.c ----------------------------------------------------------------------------- */

/*
 * Takes the registers from the notes in bytes [offset, offset + size) of a file; unknown notes are
 * passed over.
 */
enum image_status image_notes_read(const unsigned char *file, uint64_t offset, uint64_t size,
    struct image_core *core, struct image_error *error);

#endif
