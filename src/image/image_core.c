/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF cores whose program headers tell where physical memory is in the file [ELF-CORE].
 *
 * QEMU's dump with paging has a header for each range of linear addresses, so that one page of
 * memory may be named by many, with the same place in the file; beyond 65,534 the number of headers
 * stands in section 0.  kdump has the kernel's image twice, at two places with equal bytes.  Two
 * headers that give one address different bytes are an error.  What a header has in memory but not
 * in the file is zero, unless another has it.
 */
#include <stdlib.h>

#include "image/image_reader.h"

/* Places in the file header, a program header and a section header; all that is looked at. */
enum {
	E_CLASS = 4, E_DATA = 5, E_VERSION = 6, E_TYPE = 16, E_MACHINE = 18, E_PHOFF = 32,
	E_SHOFF = 40, E_PHENTSIZE = 54, E_PHNUM = 56, E_SHENTSIZE = 58, E_SIZE = 64,
	P_TYPE = 0, P_OFFSET = 8, P_VADDR = 16, P_PADDR = 24, P_FILESZ = 32, P_MEMSZ = 40,
	P_SIZE = 56,
	SH_INFO = 44, SH_SIZE = 64
};

#define CLASS_64 2u
#define DATA_LITTLE 1u
#define TYPE_CORE 4u
#define MACHINE_X86_64 62u
#define PHNUM_IN_SECTION 0xffffu
#define PT_LOAD 1u
#define PT_NOTE 4u
#define PHYSICAL_BITS 52
#define COMPARED_MAX (256ull << 20) /* bytes that several headers have, each with a copy */

/* What a program header says of a range of memory: its bytes in the file, or that it is zero. */
struct part {
	uint64_t start, end;
	uint64_t vaddr;
	uint64_t at;                /* of the program header in the file */
	const unsigned char *bytes; /* NULL: zeroes */
};

struct reader {
	const unsigned char *file;
	uint64_t size;
	struct image_core *core;
	struct image_error *error;
	uint64_t phoff;
	size_t phnum;
	struct part *data, *rest;   /* room for one a program header each */
	size_t datas, rests;
	uint64_t compared;
};

/* --- the file header -------------------------------------------------------------------------- */

/* A field of the file header that must have one value. */
struct must {
	unsigned at, size;
	uint64_t value;
	const char *found, *expected;
};

static const struct must musts[] = {
	{ E_CLASS, 1, CLASS_64, "ELF class", "2 (64-bit)" },
	{ E_DATA, 1, DATA_LITTLE, "ELF byte order", "1 (little-endian)" },
	{ E_VERSION, 1, 1, "ELF version", "1" },
	{ E_TYPE, 2, TYPE_CORE, "ELF type", "4 (core)" },
	{ E_MACHINE, 2, MACHINE_X86_64, "ELF machine", "62 (x86-64)" },
	{ E_PHENTSIZE, 2, P_SIZE, "program headers of size", "56" },
};

/* Dumps of other kinds, by how they begin. */
static const char *
kind_of(const unsigned char *file, uint64_t size)
{
	static const struct {
		const char *begins;
		const char *kind;
	} kinds[] = {
		{ "KDUMP   ", "a compressed kdump (makedumpfile -E writes ELF instead)" },
		{ "DISKDUMP", "a compressed diskdump" },
		{ "makedumpfile", "a flattened dump (makedumpfile -R makes it whole)" },
		{ "PMDMPD64", "a Windows dump" },
		{ "PAGEDU64", "a Windows dump" },
		{ "EMiL", "a LiME dump" },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (size >= strlen(kinds[i].begins) &&
		    memcmp(file, kinds[i].begins, strlen(kinds[i].begins)) == 0)
			return kinds[i].kind;
	}
	return "no ELF file";
}

static enum image_status
check_file_header(const struct reader *reader)
{
	const unsigned char *file = reader->file;
	size_t i;

	if (reader->size == 0)
		return image_bad_at(reader->error, 0, "an empty file found, an ELF core expected");
	if (reader->size < 4 || memcmp(file, "\177ELF", 4) != 0)
		return image_bad_at(reader->error, 0, "%s found, an ELF core expected",
		    kind_of(file, reader->size));
	if (reader->size < E_SIZE)
		return image_bad_at(reader->error, reader->size, "the end of the file found, "
		    "the %u bytes of an ELF header expected", (unsigned)E_SIZE);
	for (i = 0; i < sizeof(musts) / sizeof(musts[0]); i++) {
		const struct must *must = &musts[i];
		unsigned found = must->size == 1 ? file[must->at] : image_u16(file + must->at);

		if (found != must->value)
			return image_bad_at(reader->error, must->at, "%s %u found, %s expected",
			    must->found, found, must->expected);
	}
	return IMAGE_OK;
}

/* Whether `count` items of `size` bytes from `offset` on are in the file. */
static bool
is_inside(const struct reader *reader, uint64_t offset, uint64_t count, uint64_t size)
{
	return offset <= reader->size && count <= (reader->size - offset) / size;
}

/* How many program headers there are, and where. */
static enum image_status
find_headers(struct reader *reader)
{
	const unsigned char *file = reader->file;
	uint64_t count = image_u16(file + E_PHNUM), shoff = image_u64(file + E_SHOFF);

	reader->phoff = image_u64(file + E_PHOFF);
	if (count == PHNUM_IN_SECTION) {
		if (image_u16(file + E_SHENTSIZE) != SH_SIZE)
			return image_bad_at(reader->error, E_SHENTSIZE,
			    "section headers of size %u found, 64 expected: section 0 has the "
			    "number of program headers",
			    (unsigned)image_u16(file + E_SHENTSIZE));
		if (!is_inside(reader, shoff, 1, SH_SIZE))
			return image_bad_at(reader->error, E_SHOFF, "section 0 at 0x%llx found, "
			    "a place in the %llu bytes of the file expected",
			    (unsigned long long)shoff, (unsigned long long)reader->size);
		count = image_u32(file + shoff + SH_INFO);
	}
	if (count == 0)
		return image_bad_at(reader->error, E_PHNUM, "no program header found, one for "
		    "each range of memory expected");
	if (!is_inside(reader, reader->phoff, count, P_SIZE))
		return image_bad_at(reader->error, E_PHOFF, "%llu program headers at 0x%llx found, "
		    "a place in the %llu bytes of the file expected", (unsigned long long)count,
		    (unsigned long long)reader->phoff, (unsigned long long)reader->size);
	reader->phnum = (size_t)count;
	return IMAGE_OK;
}

/* --- program headers -------------------------------------------------------------------------- */

static enum image_status
check_place(const struct reader *reader, uint64_t at, const char *kind, uint64_t offset,
    uint64_t size)
{
	if (size == 0 || is_inside(reader, offset, size, 1))
		return IMAGE_OK;
	return image_bad_at(reader->error, at, "%s of 0x%llx bytes at 0x%llx found, but the file "
	    "ends at 0x%llx: cut off, or no such header", kind, (unsigned long long)size,
	    (unsigned long long)offset, (unsigned long long)reader->size);
}

/* Notes what a header has in the file, and what of its memory it has not. */
static void
add_parts(struct reader *reader, uint64_t at, const unsigned char *raw)
{
	uint64_t filesz = image_u64(raw + P_FILESZ), memsz = image_u64(raw + P_MEMSZ);
	struct part part = { .start = image_u64(raw + P_PADDR), .vaddr = image_u64(raw + P_VADDR),
		.at = at };

	/* Without bytes in the file the offset means nothing. */
	if (filesz != 0) {
		part.end = part.start + filesz;
		part.bytes = reader->file + image_u64(raw + P_OFFSET);
		reader->data[reader->datas++] = part;
	}
	if (filesz != memsz) {
		part.end = part.start + memsz;
		part.start += filesz;
		part.bytes = NULL;
		reader->rest[reader->rests++] = part;
	}
}

static enum image_status
take_load(struct reader *reader, uint64_t at, const unsigned char *raw)
{
	uint64_t paddr = image_u64(raw + P_PADDR), filesz = image_u64(raw + P_FILESZ);
	uint64_t memsz = image_u64(raw + P_MEMSZ);
	enum image_status status;

	if (filesz > memsz)
		return image_bad_at(reader->error, at + P_FILESZ, "0x%llx bytes in the file found, "
		    "at most the 0x%llx in memory expected", (unsigned long long)filesz,
		    (unsigned long long)memsz);
	if (paddr > VK_BIT(PHYSICAL_BITS) || memsz > VK_BIT(PHYSICAL_BITS) - paddr)
		return image_bad_at(reader->error, at + P_PADDR, "0x%llx bytes of memory at 0x%llx "
		    "found, addresses of 52 bits expected", (unsigned long long)memsz,
		    (unsigned long long)paddr);
	status = check_place(reader, at + P_OFFSET, "memory", image_u64(raw + P_OFFSET), filesz);
	if (status == IMAGE_OK)
		add_parts(reader, at, raw);
	return status;
}

static enum image_status
take_header(struct reader *reader, uint64_t at)
{
	const unsigned char *raw = reader->file + at;
	uint64_t offset = image_u64(raw + P_OFFSET), size = image_u64(raw + P_FILESZ);
	enum image_status status;

	switch (image_u32(raw + P_TYPE)) {
	case PT_LOAD:
		return take_load(reader, at, raw);
	case PT_NOTE:
		status = check_place(reader, at + P_OFFSET, "notes", offset, size);
		if (status == IMAGE_OK && size != 0)
			status = image_notes_read(reader->file, offset, size, reader->core,
			    reader->error);
		return status;
	default:
		return IMAGE_OK;
	}
}

/* --- memory ----------------------------------------------------------------------------------- */

static int
compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static enum image_status
complain_of_overlap(const struct reader *reader, const struct part *part, uint64_t start)
{
	return image_bad_at(reader->error, part->at + P_PADDR, "memory at 0x%llx found, which "
	    "another program header has at another place in the file; ranges that do not overlap "
	    "expected", (unsigned long long)start);
}

/*
 * What a part has of memory that is there already must be the same: by its place in the file, or,
 * where it has a linear address, by its bytes.
 */
static enum image_status
check_overlap(struct reader *reader, const struct part *part, uint64_t end)
{
	const struct image *image = reader->core->image;
	uint64_t at = part->start;

	while (at < end) {
		const struct image_run *run = image_find(image, vk_hpa(at));
		const unsigned char *mine = part->bytes + (at - part->start);
		const unsigned char *its = run->bytes + (at - run->start);
		uint64_t size = (end < run->end ? end : run->end) - at;

		if (mine != its) {
			reader->compared += size;
			if (part->vaddr == 0 || reader->compared > COMPARED_MAX ||
			    memcmp(mine, its, (size_t)size) != 0)
				return complain_of_overlap(reader, part, at);
		}
		at += size;
	}
	return IMAGE_OK;
}

/* Adds what is in the file, in ascending order. */
static enum image_status
add_data(struct reader *reader)
{
	enum image_status status = IMAGE_OK;
	uint64_t covered = 0; /* all that was added lies below */
	size_t i;

	for (i = 0; i < reader->datas && status == IMAGE_OK; i++) {
		const struct part *part = &reader->data[i];
		uint64_t start = part->start;

		if (start < covered) {
			start = part->end < covered ? part->end : covered;
			status = check_overlap(reader, part, start);
		}
		if (status != IMAGE_OK || start == part->end)
			continue;
		if (!image_append(reader->core->image, start, part->end,
		    part->bytes + (start - part->start)))
			return image_failed(reader->error, "out of memory");
		covered = part->end;
	}
	return status;
}

/* Memory that is put together from runs of bytes and zeroes between them. */
struct filling {
	const struct image *from;
	struct image *to;
	size_t next; /* of the runs of `from`: those before are in `to` */
	bool failed;
};

static void
fill_append(struct filling *filling, uint64_t start, uint64_t end, const unsigned char *bytes)
{
	if (!filling->failed && start < end)
		filling->failed = !image_append(filling->to, start, end, bytes);
}

/* Moves the runs that begin before `end`, with zeroes where there is none from `start` on. */
static void
fill_to(struct filling *filling, uint64_t start, uint64_t end)
{
	const struct image *from = filling->from;

	for (; filling->next < from->runs; filling->next++) {
		const struct image_run *run = &from->run[filling->next];

		if (run->start >= end)
			break;
		fill_append(filling, start, run->start, NULL);
		fill_append(filling, run->start, run->end, run->bytes);
		if (start < run->end)
			start = run->end;
	}
	fill_append(filling, start, end, NULL);
}

/* Memory that is not in the file is zero where no other header has it. */
static enum image_status
add_rests(struct reader *reader)
{
	struct filling filling = { .from = reader->core->image, .to = image_create() };
	uint64_t covered = 0;
	size_t i;

	filling.failed = filling.to == NULL;
	for (i = 0; i < reader->rests && !filling.failed; i++) {
		const struct part *part = &reader->rest[i];
		uint64_t start = part->start > covered ? part->start : covered;

		if (start >= part->end)
			continue;
		fill_to(&filling, start, start);
		if (filling.to->runs != 0 && filling.to->run[filling.to->runs - 1].end > start)
			start = filling.to->run[filling.to->runs - 1].end;
		fill_to(&filling, start, part->end);
		covered = part->end;
	}
	fill_to(&filling, UINT64_MAX, UINT64_MAX);
	if (filling.failed) {
		image_destroy(filling.to);
		return image_failed(reader->error, "out of memory");
	}
	image_destroy(reader->core->image);
	reader->core->image = filling.to;
	return IMAGE_OK;
}

/* --- all -------------------------------------------------------------------------------------- */

static enum image_status
read_headers(struct reader *reader)
{
	enum image_status status = IMAGE_OK;
	size_t i;

	for (i = 0; i < reader->phnum && status == IMAGE_OK; i++)
		status = take_header(reader, reader->phoff + i * P_SIZE);
	if (status != IMAGE_OK)
		return status;
	if (reader->datas == 0)
		return image_bad_at(reader->error, reader->phoff, "no memory in %zu program "
		    "headers found, some (PT_LOAD) expected", reader->phnum);
	qsort(reader->data, reader->datas, sizeof(*reader->data), compare_parts);
	qsort(reader->rest, reader->rests, sizeof(*reader->rest), compare_parts);
	status = add_data(reader);
	if (status == IMAGE_OK && reader->rests != 0)
		status = add_rests(reader);
	return status;
}

enum image_status
image_core_read(const unsigned char *bytes, size_t size, struct image_core *core,
    struct image_error *error)
{
	struct reader reader = { .file = bytes, .size = size, .core = core, .error = error };
	enum image_status status;

	memset(core, 0, sizeof(*core));
	status = check_file_header(&reader);
	if (status == IMAGE_OK)
		status = find_headers(&reader);
	if (status != IMAGE_OK || reader.phnum == 0)
		return status;
	core->image = image_create();
	reader.data = malloc(reader.phnum * sizeof(*reader.data));
	reader.rest = malloc(reader.phnum * sizeof(*reader.rest));
	if (core->image == NULL || reader.data == NULL || reader.rest == NULL)
		status = image_failed(error, "out of memory");
	else
		status = read_headers(&reader);
	free(reader.data);
	free(reader.rest);
	if (status != IMAGE_OK)
		image_core_free(core);
	return status;
}
