/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cores: what their headers say of memory, what their notes say of processors, and what is wrong
 * with those that are no good [ELF-CORE] [NOTE-QEMU] [NOTE-VMCOREINFO].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <lzma.h>
#include <zlib.h>

#include "guestpt/guestpt.h"
#include "image/image_reader.h"

/* --- a core in the making --------------------------------------------------------------------- */

#define FILE_SIZE 0x8000u
#define HEADERS 8u
#define PHOFF 64u
#define NOTES 0x400u
#define DATA 0x1000u /* where memory begins; word n of it is n */

struct builder {
	unsigned char file[FILE_SIZE];
	size_t size;
	unsigned headers;
	size_t notes; /* bytes of them */
};

static void
put(struct builder *b, size_t at, unsigned size, uint64_t value)
{
	while (size-- != 0) {
		b->file[at++] = (unsigned char)value;
		value >>= 8;
	}
}

static void
put_header(struct builder *b, uint32_t type, uint64_t offset, uint64_t vaddr, uint64_t paddr,
    uint64_t filesz, uint64_t memsz)
{
	size_t at = PHOFF + 56 * b->headers++;

	put(b, at, 4, type);
	put(b, at + 8, 8, offset);
	put(b, at + 16, 8, vaddr);
	put(b, at + 24, 8, paddr);
	put(b, at + 32, 8, filesz);
	put(b, at + 40, 8, memsz);
	put(b, 56, 2, b->headers);
}

static void
put_load(struct builder *b, uint64_t offset, uint64_t paddr, uint64_t size)
{
	put_header(b, 1, offset, 0, paddr, size, size);
}

static void
begin(struct builder *b)
{
	size_t i;

	memset(b, 0, sizeof(*b));
	b->size = FILE_SIZE;
	memcpy(b->file, "\177ELF\2\1\1", 7);
	put(b, 16, 2, 4);
	put(b, 18, 2, 62);
	put(b, 32, 8, PHOFF);
	put(b, 54, 2, 56);
	put(b, 58, 2, 64);
	for (i = DATA; i < FILE_SIZE; i += 8)
		put(b, i, 8, (i - DATA) / 8);
}

static void
put_note(struct builder *b, const char *name, uint32_t type, const void *held, size_t size)
{
	size_t at = NOTES + b->notes, named = strlen(name) + 1;

	put(b, at, 4, named);
	put(b, at + 4, 4, size);
	put(b, at + 8, 4, type);
	memcpy(b->file + at + 12, name, named);
	memcpy(b->file + at + 12 + (named + 3) / 4 * 4, held, size);
	b->notes += 12 + (named + 3) / 4 * 4 + (size + 3) / 4 * 4;
}

static void
put_cpu(struct builder *b, uint64_t cr0, uint64_t cr3, uint64_t cr4)
{
	static struct builder held;

	put(&held, 0, 4, 1);
	put(&held, 4, 4, 440);
	put(&held, 392, 8, cr0);
	put(&held, 416, 8, cr3);
	put(&held, 424, 8, cr4);
	put_note(b, "CORE", 1, held.file, 336);
	put_note(b, "QEMU", 0, held.file, 440);
}

static void
end_notes(struct builder *b)
{
	put_header(b, 4, NOTES, 0, 0, b->notes, b->notes);
}

static struct builder builder;
static struct image_core core;
static struct image_error error;

static enum image_status
read_core(void)
{
	memset(&error, 0, sizeof(error));
	return image_core_read(builder.file, builder.size, &core, &error);
}

static void
check_reads(void)
{
	if (read_core() != IMAGE_OK)
		fail_msg("0x%llx: %s", (unsigned long long)error.offset, error.text);
}

static uint64_t
word(uint64_t hpa)
{
	uint64_t value;

	return image_load(core.image, vk_hpa(hpa), &value) ? value : ~0ull;
}

/* --- memory ----------------------------------------------------------------------------------- */

static void
headers_say_where_memory_is(void **state)
{
	(void)state;
	begin(&builder);
	put_load(&builder, DATA + 0x1000, 0x7000, 0x1000);
	put_load(&builder, DATA, 0x100000000, 0x800);
	check_reads();
	assert_int_equal(core.image->runs, 2);
	assert_true(word(0x7008) == 0x201);
	assert_true(word(0x100000000) == 0);
	assert_true(word(0x1000007f8) == 0xff);
	assert_true(word(0x100000800) == ~0ull);
	assert_true(word(0x6ff8) == ~0ull);
	image_core_free(&core);
}

static void
headers_of_the_same_bytes_may_overlap(void **state)
{
	(void)state;
	begin(&builder);
	put_header(&builder, 1, DATA + 0x1000, 0xffff888000001000, 0x1000, 0x2000, 0x2000);
	put_header(&builder, 1, DATA, 0xffff888000000000, 0, 0x2000, 0x2000);
	put_header(&builder, 1, DATA + 0x800, 0x400000, 0x800, 0x400, 0x400);
	put_header(&builder, 1, DATA + 0x2800, 0x401000, 0x2800, 0x800, 0x800);
	check_reads();
	assert_int_equal(core.image->runs, 1);
	assert_true(word(0x2ff8) == 0x5ff);
	image_core_free(&core);
}

static void
equal_bytes_at_two_places_may_overlap_where_mapped_twice(void **state)
{
	(void)state;
	begin(&builder);
	memcpy(builder.file + DATA + 0x4000, builder.file + DATA + 0x800, 0x800);
	put_header(&builder, 1, DATA, 0xffff888000000000, 0, 0x1000, 0x1000);
	put_header(&builder, 1, DATA + 0x4000, 0xffffffff81000000, 0x800, 0x800, 0x800);
	check_reads();
	assert_int_equal(core.image->runs, 1);
	image_core_free(&core);
	builder.file[DATA + 0x4400] ^= 1;
	assert_int_equal(read_core(), IMAGE_BAD);
	assert_true(error.at_offset && error.offset == PHOFF + 56 + 24);
}

static void
memory_that_is_not_in_the_file_is_zero(void **state)
{
	(void)state;
	begin(&builder);
	put_header(&builder, 1, ~0ull, 0, 0x10000, 0, 0x1000);
	put_header(&builder, 1, DATA, 0, 0x4000, 0x800, 0x4000);
	put_header(&builder, 1, DATA + 0x1000, 0, 0x5000, 0x1000, 0x1800);
	put_header(&builder, 1, DATA, 0, 0x20000, 0x1000, 0x1000);
	check_reads();
	assert_true(word(0x4008) == 1);
	assert_true(word(0x4800) == 0);
	assert_true(word(0x5008) == 0x201);
	assert_true(word(0x6000) == 0);
	assert_true(word(0x7ff8) == 0);
	assert_true(word(0x8000) == ~0ull);
	assert_true(word(0x10ff8) == 0);
	assert_true(word(0x20008) == 1);
	image_core_free(&core);
}

static void
the_number_of_headers_may_be_in_section_0(void **state)
{
	(void)state;
	begin(&builder);
	put_load(&builder, DATA, 0, 0x1000);
	put_load(&builder, DATA + 0x1000, 0x2000, 0x1000);
	put(&builder, 56, 2, 0xffff);
	put(&builder, 40, 8, 0x300);
	put(&builder, 0x300 + 44, 4, 2);
	check_reads();
	assert_int_equal(core.image->runs, 2);
	image_core_free(&core);
	put(&builder, 40, 8, FILE_SIZE - 63);
	assert_int_equal(read_core(), IMAGE_BAD);
	assert_true(error.offset == 40);
}

/* --- notes ------------------------------------------------------------------------------------ */

static void
notes_of_qemu_tell_control_registers(void **state)
{
	(void)state;
	begin(&builder);
	put_load(&builder, DATA, 0, 0x1000);
	put_cpu(&builder, 0x80050033, 0x1234000, 0x6f0);
	put_cpu(&builder, 0x80050033, 0x5678000, 0x1000);
	end_notes(&builder);
	check_reads();
	assert_int_equal(core.cpus, 2);
	assert_true(core.cpu[0].cr0 == 0x80050033 && core.cpu[0].cr3 == 0x1234000);
	assert_true(core.cpu[1].cr3 == 0x5678000 && core.cpu[1].cr4 == 0x1000);
	assert_false(core.has_kernel);
	image_core_free(&core);
}

static void
vmcoreinfo_tells_where_the_kernels_tables_are(void **state)
{
	static const char text[] = "OSRELEASE=6.1.0\nSYMBOL(init_top_pgt)=ffffffff82a10000\n"
	    "NUMBER(phys_base)=-16777216\nNUMBER(pgtable_l5_enabled)=1\nKERNELOFFSET=1a000000\n";

	(void)state;
	begin(&builder);
	put_load(&builder, DATA, 0, 0x1000);
	put_note(&builder, "VMCOREINFO", 0, text, sizeof(text) - 1);
	builder.notes += 12; /* kdump leaves zeroes */
	end_notes(&builder);
	check_reads();
	assert_int_equal(core.cpus, 0);
	assert_true(core.has_kernel);
	assert_true(core.kernel.cr3 == 0x1a10000);
	assert_true((core.kernel.cr4 & VK_CR4_LA57) != 0 && (core.kernel.cr0 & VK_CR0_PG) != 0);
	image_core_free(&core);
}

static void
vmcoreinfo_without_what_it_takes_tells_nothing(void **state)
{
	static const char *const texts[] = {
		"SYMBOL(init_top_pgt)=ffffffff82a10000x\nNUMBER(phys_base)=",
		"SYMBOL(init_top_pgt)=ffffffff82a10000x\nNUMBER(phys_base)=0\n",
		"SYMBOL(init_top_pgt)=1ffffffff82a10000\nNUMBER(phys_base)=0\n",
		"SYMBOL(init_top_pgt)=ffffffff82a10000\nNUMBER(phys_base)=9223372036854775808\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		begin(&builder);
		put_load(&builder, DATA, 0, 0x1000);
		put_note(&builder, "VMCOREINFO", 0, texts[i], strlen(texts[i]));
		end_notes(&builder);
		check_reads();
		assert_false(core.has_kernel);
		image_core_free(&core);
	}
}

/* --- what is wrong ---------------------------------------------------------------------------- */

struct wrong {
	const char *what;
	size_t at;         /* bytes to change in a good core */
	unsigned size;
	uint64_t value;
	uint64_t offset;   /* what the complaint is about */
	const char *says;
};

static const struct wrong wrongs[] = {
	{ "no ELF", 0, 4, 0x12345678, 0, "no ELF file found" },
	{ "compressed by makedumpfile", 0, 8, 0x202020504d55444b, 0, "makedumpfile -E" },
	{ "32 bits", 4, 1, 1, 4, "2 (64-bit) expected" },
	{ "big-endian", 5, 1, 2, 5, "1 (little-endian) expected" },
	{ "another version", 6, 1, 9, 6, "version 9 found" },
	{ "a program", 16, 2, 2, 16, "type 2 found, 4 (core) expected" },
	{ "of another processor", 18, 2, 183, 18, "machine 183 found" },
	{ "program headers of another size", 54, 2, 32, 54, "size 32 found, 56 expected" },
	{ "no program headers", 56, 2, 0, 56, "no program header" },
	{ "program headers beyond the end", 32, 8, FILE_SIZE - 100, 32, "3 program headers at" },
	{ "program headers at the end of addresses", 32, 8, ~0ull, 32, "3 program headers at" },
	{ "more program headers than bytes", 56, 2, 0xfffe, 32, "65534 program headers" },
	{ "the number in no section", 56, 2, 0xffff, 56, "no program header" },
	{ "memory beyond the end", PHOFF + 8, 8, FILE_SIZE - 0xfff, PHOFF + 8, "cut off" },
	{ "memory at the end of offsets", PHOFF + 8, 8, ~0xfffull, PHOFF + 8, "cut off" },
	{ "more in the file than in memory", PHOFF + 40, 8, 0xfff, PHOFF + 32, "at most" },
	{ "addresses of 53 bits", PHOFF + 24, 8, 0xffffffffff001, PHOFF + 24, "52 bits" },
	{ "addresses that wrap", PHOFF + 24, 8, ~0ull, PHOFF + 24, "52 bits" },
	{ "more memory than addresses", PHOFF + 40, 8, ~0ull, PHOFF + 24, "52 bits" },
	{ "overlapping memory", PHOFF + 24, 8, 0x2800, PHOFF + 56 + 24, "do not overlap" },
	{ "no memory", PHOFF, 4, 6, 0, NULL },
	{ "notes beyond the end", PHOFF + 112 + 32, 8, FILE_SIZE, PHOFF + 112 + 8, "notes of" },
	{ "a note of a name too long", NOTES, 4, 0xffffffff, NOTES, "a note of 4294967295" },
	{ "a note that is too long", NOTES + 4, 4, 0x7fffffff, NOTES, "a note of" },
};

static void
good(void)
{
	begin(&builder);
	put_load(&builder, DATA, 0x2000, 0x1000);
	put_load(&builder, DATA + 0x1000, 0x3000, 0x1000);
	put_cpu(&builder, 0x80050033, 0x2000, 0x20);
	end_notes(&builder);
}

static void
what_is_wrong_is_found_with_its_place(void **state)
{
	size_t i;

	(void)state;
	good();
	check_reads();
	image_core_free(&core);
	for (i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		const struct wrong *wrong = &wrongs[i];

		good();
		put(&builder, wrong->at, wrong->size, wrong->value);
		if (wrong->at == 56)
			put(&builder, 40, 8, 0x300);
		if (wrong->says == NULL) {
			check_reads();
			image_core_free(&core);
			continue;
		}
		if (read_core() != IMAGE_BAD)
			fail_msg("%s: accepted", wrong->what);
		if (!error.at_offset || error.offset != wrong->offset ||
		    strstr(error.text, wrong->says) == NULL)
			fail_msg("%s: 0x%llx: %s", wrong->what, (unsigned long long)error.offset,
			    error.text);
	}
}

static void
notes_of_qemu_that_are_none_are_refused(void **state)
{
	(void)state;
	good();
	put(&builder, NOTES + 12 + 8 + 336 + 12 + 8, 4, 2);
	assert_int_equal(read_core(), IMAGE_BAD);
	assert_non_null(strstr(error.text, "version 2 found"));
	good();
	builder.notes = 0;
	put_note(&builder, "QEMU", 0, "xxxxyyyy", 8);
	put(&builder, PHOFF + 112 + 32, 8, builder.notes);
	assert_int_equal(read_core(), IMAGE_BAD);
	assert_non_null(strstr(error.text, "8 bytes found"));
}

static void
a_core_without_memory_is_refused(void **state)
{
	(void)state;
	begin(&builder);
	put_cpu(&builder, 0x80050033, 0x2000, 0x20);
	end_notes(&builder);
	assert_int_equal(read_core(), IMAGE_BAD);
	assert_non_null(strstr(error.text, "no memory"));
}

static void
a_core_that_is_cut_anywhere_is_refused(void **state)
{
	(void)state;
	good();
	for (builder.size = 0; builder.size < DATA + 0x2000; builder.size += 13) {
		if (read_core() != IMAGE_BAD)
			fail_msg("cut after %zu bytes: accepted", builder.size);
		assert_true(error.at_offset && error.offset <= FILE_SIZE);
	}
}

/* --- files ------------------------------------------------------------------------------------ */

static char path[] = "/tmp/vkept-image.XXXXXX";

static void
write_file(const void *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void
check_file(void)
{
	if (image_core_open(path, &core, &error) != IMAGE_OK)
		fail_msg("%s", error.text);
	assert_true(word(0x2008) == 1 && word(0x3ff8) == 0x3ff);
	assert_int_equal(core.cpus, 1);
	image_core_free(&core);
}

static unsigned char packed[2 * FILE_SIZE];

static size_t
pack_gzip(const void *bytes, size_t size, unsigned char *to, size_t room)
{
	z_stream stream;

	memset(&stream, 0, sizeof(stream));
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	stream.next_in = (unsigned char *)(uintptr_t)bytes;
	stream.avail_in = (uInt)size;
	stream.next_out = to;
	stream.avail_out = (uInt)room;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&stream), Z_OK);
	return stream.total_out;
}

static size_t
pack_xz(const void *bytes, size_t size, unsigned char *to, size_t room)
{
	size_t used = 0;

	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, bytes, size, to, &used,
	    room), LZMA_OK);
	return used;
}

static void
a_file_is_read_plain_and_packed(void **state)
{
	size_t size;

	(void)state;
	good();
	write_file(builder.file, builder.size);
	check_file();
	size = pack_gzip(builder.file, builder.size, packed, sizeof(packed));
	write_file(packed, size);
	check_file();
	/* In two members, as gzip -c a; gzip -c b leaves them. */
	size = pack_gzip(builder.file, 5000, packed, sizeof(packed));
	size += pack_gzip(builder.file + 5000, builder.size - 5000, packed + size,
	    sizeof(packed) - size);
	write_file(packed, size);
	check_file();
	size = pack_xz(builder.file, builder.size, packed, sizeof(packed));
	write_file(packed, size);
	check_file();
}

static void
a_packed_file_that_is_cut_or_broken_is_refused(void **state)
{
	size_t size, i;

	(void)state;
	good();
	for (i = 0; i < 4; i++) {
		size = (i & 1 ? pack_xz : pack_gzip)(builder.file, builder.size, packed,
		    sizeof(packed));
		if (i & 2)
			memset(packed + size / 2, 0x55, 16);
		else
			size -= 9;
		write_file(packed, size);
		assert_int_equal(image_core_open(path, &core, &error), IMAGE_BAD);
		assert_non_null(strstr(error.text, "data expected"));
	}
}

static void
check_limits(size_t all, size_t kept, const unsigned char *bytes, size_t size, int is_refused)
{
	struct image_limits limits = { all, kept };
	struct image_bytes unpacked;
	enum image_packing packing = image_packing_of(bytes, size);

	if (is_refused) {
		assert_int_equal(image_unpack(packing, bytes, size, &limits, &unpacked, &error),
		    IMAGE_BAD);
		assert_non_null(strstr(error.text, "it unpacks to more than"));
		return;
	}
	assert_int_equal(image_unpack(packing, bytes, size, &limits, &unpacked, &error), IMAGE_OK);
	assert_int_equal(munmap(unpacked.block, unpacked.mapped), 0);
}

static void
what_unpacks_to_too_much_is_refused(void **state)
{
	const size_t large = 16u << 20;
	unsigned char *bytes = calloc(1, large);
	size_t size, i;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, 1, 4096);
	memset(bytes + large - 4096, 1, 4096);
	for (i = 0; i < 2; i++) {
		size = (i == 0 ? pack_xz : pack_gzip)(bytes, large, packed, sizeof(packed));
		check_limits(large, 8192, packed, size, 0);
		check_limits(large - 1, 8192, packed, size, 1);
		check_limits(large, 8191, packed, size, 1);
	}
	free(bytes);
}

static void
raw_memory_begins_where_it_is_told_to(void **state)
{
	(void)state;
	good();
	write_file(builder.file + DATA, 0x1800);
	assert_int_equal(image_raw_open(path, 0x40000000, &core, &error), IMAGE_OK);
	assert_true(word(0x40000008) == 1 && word(0x400017f8) == 0x2ff);
	assert_true(word(0x40001800) == ~0ull);
	assert_int_equal(core.cpus, 0);
	image_core_free(&core);
	assert_int_equal(image_raw_open(path, VK_BIT(52) - 0x1000, &core, &error), IMAGE_BAD);
	assert_int_equal(image_raw_open(path, ~0ull, &core, &error), IMAGE_BAD);
	assert_non_null(strstr(error.text, "52 bits"));
}

static void
what_is_no_file_is_refused(void **state)
{
	(void)state;
	write_file("", 0);
	assert_int_equal(image_core_open(path, &core, &error), IMAGE_BAD);
	assert_non_null(strstr(error.text, "an empty file"));
	assert_int_equal(image_core_open("/", &core, &error), IMAGE_BAD);
	assert_non_null(strstr(error.text, "a directory"));
	assert_int_equal(image_core_open("/dev/null", &core, &error), IMAGE_BAD);
	assert_non_null(strstr(error.text, "a device"));
	assert_int_equal(image_core_open("/nowhere", &core, &error), IMAGE_ENVIRONMENT);
}

static int
make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int
remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_say_where_memory_is),
		cmocka_unit_test(headers_of_the_same_bytes_may_overlap),
		cmocka_unit_test(equal_bytes_at_two_places_may_overlap_where_mapped_twice),
		cmocka_unit_test(memory_that_is_not_in_the_file_is_zero),
		cmocka_unit_test(the_number_of_headers_may_be_in_section_0),
		cmocka_unit_test(notes_of_qemu_tell_control_registers),
		cmocka_unit_test(vmcoreinfo_tells_where_the_kernels_tables_are),
		cmocka_unit_test(vmcoreinfo_without_what_it_takes_tells_nothing),
		cmocka_unit_test(what_is_wrong_is_found_with_its_place),
		cmocka_unit_test(notes_of_qemu_that_are_none_are_refused),
		cmocka_unit_test(a_core_without_memory_is_refused),
		cmocka_unit_test(a_core_that_is_cut_anywhere_is_refused),
		cmocka_unit_test(a_file_is_read_plain_and_packed),
		cmocka_unit_test(a_packed_file_that_is_cut_or_broken_is_refused),
		cmocka_unit_test(what_unpacks_to_too_much_is_refused),
		cmocka_unit_test(raw_memory_begins_where_it_is_told_to),
		cmocka_unit_test(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
