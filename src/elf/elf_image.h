/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs: statically linked x86-64 ELF files, as far as a loader has to know them.
 *
 * A file is foreign bytes.  What is handed out has been checked: its segments lie within the file,
 * follow each other without overlap, and stay below the limit that the reader sets.
 */
#ifndef VK_ELF_ELF_IMAGE_H
#define VK_ELF_ELF_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS_MAX 64

#define ELF_R 4u /* as in p_flags */
#define ELF_W 2u
#define ELF_X 1u

struct elf_segment {
	uint64_t start, end;   /* linear addresses as linked, bytes; start < end */
	uint64_t offset;       /* in the file, of the byte at `start` */
	uint64_t file_size;    /* bytes from the file; what follows is zero */
	unsigned prot;         /* ELF_R, ELF_W, ELF_X */
};

struct elf_image {
	uint64_t entry;
	bool relocatable;      /* linked for address 0, to be put anywhere */
	uint64_t headers;      /* linear address of the program headers; 0: not loaded */
	unsigned header_count;
	bool stack_executable; /* what the file asks for */
	struct elf_segment segment[ELF_SEGMENTS_MAX]; /* by address */
	size_t segments;
};

/*
 * Reads the headers of a file that lies in memory.  NULL, or what is wrong: what was found and
 * what was expected, in words; *offset is where in the file.  Segments end at or below `limit`.
 */
const char *elf_image_read(const unsigned char *bytes, size_t size, uint64_t limit,
    struct elf_image *image, uint64_t *offset);

/*
 * The address of a symbol of the static symbol table; false when there is no such table or name.
 */
bool elf_image_symbol(const unsigned char *bytes, size_t size, const char *name, uint64_t *value);

#endif
