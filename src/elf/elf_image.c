/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The headers of an ELF file [ELF-HEADER] [ELF-SEGMENT].
 *
 * Fields are taken byte by byte from where the format has them; no field is believed before it was
 * held against the size of the file.  Sections matter only for the names of symbols.
 */
#include "elf/elf_image.h"

#include <string.h>

#define HEADER_SIZE 64u
#define PHDR_SIZE 56u
#define SHDR_SIZE 64u
#define SYMBOL_SIZE 24u

enum {
	TYPE_EXEC = 2,
	TYPE_DYN = 3,
	MACHINE_X86_64 = 62,
	PT_LOAD = 1,
	PT_INTERP = 3,
	PT_GNU_STACK = 0x6474e551,
	SHT_SYMTAB = 2
};

struct file {
	const unsigned char *bytes;
	size_t size;
	uint64_t *offset; /* of what is wrong */
};

/* A little-endian number of `width` bytes; what lies beyond the file is 0. */
static uint64_t
number(const struct file *file, uint64_t at, unsigned width)
{
	uint64_t value = 0;
	unsigned i;

	*file->offset = at;
	if (at > file->size || file->size - at < width)
		return 0;
	for (i = 0; i < width; i++)
		value |= (uint64_t)file->bytes[at + i] << (8 * i);
	return value;
}

/* Whether [at, at + size) lies in the file. */
static bool
is_inside(const struct file *file, uint64_t at, uint64_t size)
{
	return at <= file->size && size <= file->size - at;
}

static const char *
check_header(const struct file *file)
{
	*file->offset = 0;
	if (file->size == 0)
		return "expected an ELF file, found an empty file";
	if (file->size < 4 || memcmp(file->bytes, "\177ELF", 4) != 0)
		return "expected an ELF file, found other bytes";
	if (file->size < HEADER_SIZE)
		return "expected an ELF header of 64 bytes, found the end of the file";
	if (number(file, 4, 1) != 2)
		return "expected a 64-bit ELF file, found another class";
	if (number(file, 5, 1) != 1)
		return "expected a little-endian ELF file, found another byte order";
	if (number(file, 6, 1) != 1)
		return "expected ELF version 1, found another";
	if (number(file, 18, 2) != MACHINE_X86_64)
		return "expected a program for x86-64, found another machine";
	if (number(file, 16, 2) != TYPE_EXEC && number(file, 16, 2) != TYPE_DYN)
		return "expected an executable, found another type of ELF file";
	if (number(file, 54, 2) != PHDR_SIZE)
		return "expected program headers of 56 bytes, found another size";
	return NULL;
}

/* Whether two neighbours lie in pages of their own. */
static bool
is_apart(const struct elf_segment *low, const struct elf_segment *high)
{
	return (low->end + 0xfff) >> 12 <= high->start >> 12;
}

/* Adds a segment in its place; overlaps are found by its neighbours. */
static const char *
add_segment(struct elf_image *image, const struct elf_segment *segment)
{
	size_t at = image->segments;

	_Static_assert(ELF_SEGMENTS_MAX == 64, "the message says another number");
	if (image->segments == ELF_SEGMENTS_MAX)
		return "expected at most 64 segments to be loaded, found more";
	while (at > 0 && image->segment[at - 1].start > segment->start)
		at--;
	if ((at > 0 && !is_apart(&image->segment[at - 1], segment)) ||
	    (at < image->segments && !is_apart(segment, &image->segment[at])))
		return "expected segments in pages of their own, found two that overlap";
	memmove(&image->segment[at + 1], &image->segment[at],
	    (image->segments - at) * sizeof(*segment));
	image->segment[at] = *segment;
	image->segments++;
	return NULL;
}

static const char *
read_load(const struct file *file, uint64_t at, uint64_t limit, struct elf_image *image)
{
	struct elf_segment segment = { .prot = (unsigned)number(file, at + 4, 4) & 7 };
	uint64_t memory = number(file, at + 40, 8);

	segment.offset = number(file, at + 8, 8);
	segment.start = number(file, at + 16, 8);
	segment.file_size = number(file, at + 32, 8);
	if (memory == 0 && segment.file_size == 0)
		return NULL;
	if (segment.file_size > memory)
		return "expected no more bytes from the file than in memory, found more";
	if (!is_inside(file, segment.offset, segment.file_size))
		return "expected a segment within the file, found one beyond its end";
	if (segment.start >= limit || memory > limit - segment.start)
		return "expected a segment within user space, found one beyond its end";
	if ((segment.start & 0xfff) != (segment.offset & 0xfff))
		return "expected address and offset of a segment equal modulo 4096, found others";
	segment.end = segment.start + memory;
	return add_segment(image, &segment);
}

static const char *
read_segment(const struct file *file, uint64_t at, uint64_t limit, struct elf_image *image)
{
	switch (number(file, at, 4)) {
	case PT_LOAD:
		return read_load(file, at, limit, image);
	case PT_INTERP:
		return "expected a statically linked program, found one that names an interpreter";
	case PT_GNU_STACK:
		image->stack_executable = (number(file, at + 4, 4) & ELF_X) != 0;
		return NULL;
	default:
		return NULL;
	}
}

/* Where in memory the byte at this offset of the file comes to lie; 0: nowhere. */
static uint64_t
address_of(const struct elf_image *image, uint64_t offset, uint64_t size)
{
	size_t i;

	for (i = 0; i < image->segments; i++) {
		const struct elf_segment *segment = &image->segment[i];

		if (offset >= segment->offset && size <= segment->file_size &&
		    offset - segment->offset <= segment->file_size - size)
			return segment->start + (offset - segment->offset);
	}
	return 0;
}

static const char *
check_entry(const struct file *file, struct elf_image *image)
{
	size_t i;

	image->entry = number(file, 24, 8);
	for (i = 0; i < image->segments; i++) {
		const struct elf_segment *segment = &image->segment[i];

		if (image->entry >= segment->start && image->entry < segment->end)
			return segment->prot & ELF_X ? NULL :
			    "expected an entry point in code, found one in data";
	}
	return "expected an entry point within a segment, found one in none";
}

const char *
elf_image_read(const unsigned char *bytes, size_t size, uint64_t limit, struct elf_image *image,
    uint64_t *offset)
{
	struct file file = { bytes, size, offset };
	const char *wrong = check_header(&file);
	uint64_t headers;
	unsigned i;

	memset(image, 0, sizeof(*image));
	if (wrong != NULL)
		return wrong;
	image->relocatable = number(&file, 16, 2) == TYPE_DYN;
	image->header_count = (unsigned)number(&file, 56, 2);
	headers = number(&file, 32, 8);
	if (image->header_count == 0)
		return "expected program headers, found none";
	if (!is_inside(&file, headers, (uint64_t)image->header_count * PHDR_SIZE))
		return "expected program headers within the file, found them beyond its end";
	for (i = 0; i < image->header_count; i++) {
		uint64_t at = headers + (uint64_t)i * PHDR_SIZE;

		wrong = read_segment(&file, at, limit, image);
		*offset = at;
		if (wrong != NULL)
			return wrong;
	}
	*offset = headers;
	if (image->segments == 0)
		return "expected a segment to be loaded, found none";
	image->headers = address_of(image, headers, (uint64_t)image->header_count * PHDR_SIZE);
	return check_entry(&file, image);
}

/* --- symbols ---------------------------------------------------------------------------------- */

/* Whether the string at this offset of the file is `name`. */
static bool
name_is(const struct file *file, uint64_t at, const char *name)
{
	size_t length = strlen(name) + 1;

	return is_inside(file, at, length) && memcmp(file->bytes + at, name, length) == 0;
}

static bool
find_in_table(const struct file *file, uint64_t table, uint64_t strings, const char *name,
    uint64_t *value)
{
	uint64_t at = number(file, table + 24, 8), size = number(file, table + 32, 8), i;
	uint64_t names = number(file, strings + 24, 8);

	if (!is_inside(file, at, size) || names > file->size)
		return false;
	for (i = 0; i + SYMBOL_SIZE <= size; i += SYMBOL_SIZE) {
		bool defined = number(file, at + i + 6, 2) != 0;

		if (defined && name_is(file, names + number(file, at + i, 4), name)) {
			*value = number(file, at + i + 8, 8);
			return true;
		}
	}
	return false;
}

bool
elf_image_symbol(const unsigned char *bytes, size_t size, const char *name, uint64_t *value)
{
	uint64_t offset, sections, count, i;
	struct file file = { bytes, size, &offset };

	if (check_header(&file) != NULL)
		return false;
	sections = number(&file, 40, 8);
	count = number(&file, 60, 2);
	if (number(&file, 58, 2) != SHDR_SIZE || !is_inside(&file, sections, count * SHDR_SIZE))
		return false;
	for (i = 0; i < count; i++) {
		uint64_t at = sections + i * SHDR_SIZE;
		uint64_t strings = sections + number(&file, at + 40, 4) * SHDR_SIZE;

		if (number(&file, at + 4, 4) == SHT_SYMTAB && number(&file, at + 40, 4) < count)
			return find_in_table(&file, at, strings, name, value);
	}
	return false;
}
