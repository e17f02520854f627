/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of real machines, from files.
 *
 * Two kinds: an ELF core of 64-bit x86, as QEMU's dump-guest-memory (with and without paging) and
 * Linux' kdump write them, and raw memory from one address on, as QEMU's pmemsave does.  Either may
 * be packed by gzip or xz, which its first bytes tell.  A file that is not packed is mapped and its
 * tables are read in place; one that is unpacked costs memory for those of its pages that are not
 * zero.
 */
#ifndef VK_IMAGE_IMAGE_FILE_H
#define VK_IMAGE_IMAGE_FILE_H

#include "image/image.h"

enum image_status {
	IMAGE_OK,
	IMAGE_BAD,        /* the file is not what it should be */
	IMAGE_ENVIRONMENT /* it cannot be read, or memory ran out */
};

/* What was found and what was expected, in a sentence without newline. */
struct image_error {
	bool at_offset;   /* it is about the bytes at `offset` of the (unpacked) file */
	uint64_t offset;
	char text[256];
};

/* Registers of a processor that a core's notes tell. */
struct image_cpu {
	uint64_t cr0, cr3, cr4;
};

struct image_core {
	struct image *image;
	struct image_cpu *cpu; /* in the order of the notes */
	size_t cpus;
	bool has_kernel;       /* a VMCOREINFO note names the kernel's own tables: */
	struct image_cpu kernel;
};

/* Opens an ELF core.  IMAGE_OK: *core is to be freed; else *error says why not. */
enum image_status image_core_open(const char *path, struct image_core *core,
    struct image_error *error);

/* Opens raw memory whose first byte is at the host-physical address `at`; *core has no CPU. */
enum image_status image_raw_open(const char *path, uint64_t at, struct image_core *core,
    struct image_error *error);

/* The same for bytes in memory, which must outlive *core. */
enum image_status image_core_read(const unsigned char *bytes, size_t size,
    struct image_core *core, struct image_error *error);

void image_core_free(struct image_core *core);

/* Lets `note` be told now and then how many bytes have been unpacked; NULL: nobody. */
void image_watch_unpacking(void (*note)(void *ctx, uint64_t bytes), void *ctx);

/*
 * A file that is cut while it is mapped cannot be read where its end was: the processor's complaint
 * comes as SIGBUS.  Says of the address in it which file that is, and at which offset; false: none
 * of the last IMAGE_MAPPED that were mapped.  For a signal's handler.
 */
#define IMAGE_MAPPED 4
bool image_find_mapped(const void *address, const char **path, uint64_t *offset);

#endif
