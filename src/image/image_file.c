/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files: opened, mapped or unpacked, and handed to their readers.
 *
 * Only regular files can be mapped, and only they are taken: a pipe would have to be read to its
 * end before its kind is known.  A file should not be written to while it is looked at; what it is
 * mapped as is kept, so that who loses a part of it can say which.
 */
#include "image/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/image_reader.h"

/* --- complaints ------------------------------------------------------------------------------- */

enum image_status
image_bad(struct image_error *error, const char *format, ...)
{
	va_list list;

	error->at_offset = false;
	va_start(list, format);
	vsnprintf(error->text, sizeof(error->text), format, list);
	va_end(list);
	return IMAGE_BAD;
}

enum image_status
image_bad_at(struct image_error *error, uint64_t offset, const char *format, ...)
{
	va_list list;

	error->at_offset = true;
	error->offset = offset;
	va_start(list, format);
	vsnprintf(error->text, sizeof(error->text), format, list);
	va_end(list);
	return IMAGE_BAD;
}

enum image_status
image_failed(struct image_error *error, const char *what)
{
	(void)image_bad(error, "%s", what);
	return IMAGE_ENVIRONMENT;
}

/* --- files ------------------------------------------------------------------------------------ */

static const char *
kind_of_file(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	if (S_ISFIFO(mode))
		return "a named pipe";
	return S_ISSOCK(mode) ? "a socket" : "a device";
}

/* What was mapped last.  An address is in at most one mapping: a later one is the right one. */
static struct {
	char path[256];
	const unsigned char *start;
	size_t size;
} mapped[IMAGE_MAPPED];
static unsigned mapped_next;

static void
note_mapped(const char *path, const struct image_bytes *bytes)
{
	unsigned i = mapped_next++ % IMAGE_MAPPED;

	snprintf(mapped[i].path, sizeof(mapped[i].path), "%s", path);
	mapped[i].start = bytes->block;
	mapped[i].size = bytes->mapped;
}

bool
image_find_mapped(const void *address, const char **path, uint64_t *offset)
{
	unsigned back;

	for (back = 1; back <= IMAGE_MAPPED; back++) {
		unsigned i = (mapped_next - back) % IMAGE_MAPPED;
		uint64_t distance = (uint64_t)(uintptr_t)address -
		    (uint64_t)(uintptr_t)mapped[i].start;

		if (distance < mapped[i].size) {
			*path = mapped[i].path;
			*offset = distance;
			return true;
		}
	}
	return false;
}

static enum image_status
map_open(int fd, struct image_bytes *bytes, struct image_error *error)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return image_failed(error, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return image_bad(error, "%s found, a file expected", kind_of_file(st.st_mode));
	if (st.st_size == 0)
		return image_bad_at(error, 0, "an empty file found, the memory of a machine "
		    "expected");
	bytes->size = bytes->mapped = (size_t)st.st_size;
	bytes->block = mmap(NULL, bytes->mapped, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes->block == MAP_FAILED)
		return image_failed(error, strerror(errno));
	return IMAGE_OK;
}

/* All bytes of a file, unpacked. */
static enum image_status
map_file(const char *path, struct image_bytes *bytes, struct image_error *error)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	enum image_packing packing;
	enum image_status status;
	struct image_bytes packed;

	memset(bytes, 0, sizeof(*bytes));
	if (fd < 0)
		return image_failed(error, strerror(errno));
	status = map_open(fd, bytes, error);
	(void)close(fd);
	if (status != IMAGE_OK)
		return status;
	note_mapped(path, bytes);
	packing = image_packing_of(bytes->block, bytes->size);
	if (packing == IMAGE_PLAIN)
		return IMAGE_OK;
	packed = *bytes;
	status = image_unpack(packing, packed.block, packed.size, &image_limits, bytes, error);
	(void)munmap(packed.block, packed.mapped);
	if (status == IMAGE_OK && bytes->size == 0)
		return image_bad_at(error, 0, "nothing in the packed file found, the memory of a "
		    "machine expected");
	return status;
}

/* The image of a core takes the mapping over, or it goes. */
static enum image_status
keep_bytes(struct image_core *core, const struct image_bytes *bytes, enum image_status status)
{
	if (status != IMAGE_OK) {
		(void)munmap(bytes->block, bytes->mapped);
		return status;
	}
	core->image->block = bytes->block;
	core->image->block_size = bytes->mapped;
	core->image->block_mapped = true;
	return IMAGE_OK;
}

enum image_status
image_core_open(const char *path, struct image_core *core, struct image_error *error)
{
	struct image_bytes bytes;
	enum image_status status = map_file(path, &bytes, error);

	if (status != IMAGE_OK)
		return status;
	return keep_bytes(core, &bytes, image_core_read(bytes.block, bytes.size, core, error));
}

static enum image_status
read_raw(const struct image_bytes *bytes, uint64_t at, struct image_core *core,
    struct image_error *error)
{
	memset(core, 0, sizeof(*core));
	if (at > VK_BITS(51, 0) || bytes->size > VK_BIT(52) - at)
		return image_bad(error, "0x%llx bytes at 0x%llx found, addresses of 52 bits "
		    "expected", (unsigned long long)bytes->size, (unsigned long long)at);
	core->image = image_create();
	if (core->image != NULL && image_append(core->image, at, at + bytes->size, bytes->block))
		return IMAGE_OK;
	image_core_free(core);
	return image_failed(error, "out of memory");
}

enum image_status
image_raw_open(const char *path, uint64_t at, struct image_core *core, struct image_error *error)
{
	struct image_bytes bytes;
	enum image_status status = map_file(path, &bytes, error);

	if (status != IMAGE_OK)
		return status;
	return keep_bytes(core, &bytes, read_raw(&bytes, at, core, error));
}

void
image_core_free(struct image_core *core)
{
	image_destroy(core->image);
	free(core->cpu);
	memset(core, 0, sizeof(*core));
}
