/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is taken for a program, and what is refused and why [ELF-HEADER] [ELF-SEGMENT].
 *
 * Each case changes one field of a small good file.
 */
#include <stdbool.h>
#include <string.h>

#include "elf/elf_image.h"
#include "support/support_rows.h"

#define LIMIT (1ull << 47)
#define FILE_SIZE 0x2100u
#define PHDR 64u /* the first of three */
#define PHDR_SIZE 56u

static unsigned char file[FILE_SIZE];
static struct elf_image image;
static uint64_t offset;

static void
put(size_t at, uint64_t value, unsigned width)
{
	unsigned i;

	for (i = 0; i < width; i++)
		file[at + i] = (unsigned char)(value >> (8 * i));
}

static void
put_segment(unsigned n, uint32_t type, uint32_t flags, uint64_t from, uint64_t at, uint64_t size,
    uint64_t memory)
{
	size_t phdr = PHDR + n * PHDR_SIZE;

	put(phdr, type, 4);
	put(phdr + 4, flags, 4);
	put(phdr + 8, from, 8);
	put(phdr + 16, at, 8);
	put(phdr + 24, at, 8);
	put(phdr + 32, size, 8);
	put(phdr + 40, memory, 8);
	put(phdr + 48, 0x1000, 8);
}

/* Headers and code at 0x400000, data at 0x402000 with zeroes behind, and a note about the stack. */
static void
make_file(void)
{
	memset(file, 0, sizeof(file));
	memcpy(file, "\177ELF\2\1\1", 7);
	put(16, 2, 2);
	put(18, 62, 2);
	put(20, 1, 4);
	put(24, 0x401000, 8);
	put(32, PHDR, 8);
	put(52, 64, 2);
	put(54, PHDR_SIZE, 2);
	put(56, 3, 2);
	put_segment(0, 1, ELF_R | ELF_X, 0, 0x400000, 0x1800, 0x1800);
	put_segment(1, 1, ELF_R | ELF_W, 0x2000, 0x402000, 0x100, 0x5000);
	put_segment(2, 0x6474e551, ELF_R | ELF_W, 0, 0, 0, 0);
}

static const char *
read_file(size_t size)
{
	return elf_image_read(file, size, LIMIT, &image, &offset);
}

static void
a_good_file_is_read(void **state)
{
	(void)state;
	make_file();
	assert_null(read_file(FILE_SIZE));
	assert_int_equal(image.entry, 0x401000);
	assert_false(image.relocatable);
	assert_false(image.stack_executable);
	assert_int_equal(image.headers, 0x400000 + PHDR);
	assert_int_equal(image.header_count, 3);
	assert_int_equal(image.segments, 2);
	assert_int_equal(image.segment[0].start, 0x400000);
	assert_int_equal(image.segment[0].end, 0x401800);
	assert_int_equal(image.segment[0].prot, ELF_R | ELF_X);
	assert_int_equal(image.segment[1].offset, 0x2000);
	assert_int_equal(image.segment[1].file_size, 0x100);
	assert_int_equal(image.segment[1].end, 0x407000);
}

static void
segments_are_handed_out_by_address(void **state)
{
	(void)state;
	make_file();
	put_segment(0, 1, ELF_R | ELF_W, 0x2000, 0x402000, 0x100, 0x5000);
	put_segment(1, 1, ELF_R | ELF_X, 0, 0x400000, 0x1800, 0x1800);
	assert_null(read_file(FILE_SIZE));
	assert_int_equal(image.segment[0].start, 0x400000);
	assert_int_equal(image.segment[1].start, 0x402000);
}

static void
an_executable_stack_is_noticed(void **state)
{
	(void)state;
	make_file();
	put(PHDR + 2 * PHDR_SIZE + 4, 7, 4);
	assert_null(read_file(FILE_SIZE));
	assert_true(image.stack_executable);
}

static void
a_file_that_can_be_put_anywhere_is_told(void **state)
{
	(void)state;
	make_file();
	put(16, 3, 2);
	assert_null(read_file(FILE_SIZE));
	assert_true(image.relocatable);
}

static void
a_file_cut_anywhere_is_refused_or_whole(void **state)
{
	size_t size;

	(void)state;
	make_file();
	for (size = 0; size < FILE_SIZE; size++)
		assert_non_null(read_file(size));
}

/* --- what is refused -------------------------------------------------------------------------- */

struct change {
	const char *what;
	size_t at;
	uint64_t value;
	unsigned width;
	const char *found; /* a part of what is said */
};

static const struct change changes[] = {
	{ "bytes that are no ELF file", 0, 0x7f, 4, "found other bytes" },
	{ "a 32-bit file", 4, 1, 1, "64-bit" },
	{ "a big-endian file", 5, 2, 1, "little-endian" },
	{ "another version", 6, 2, 1, "version" },
	{ "a program for ARM", 18, 183, 2, "x86-64" },
	{ "an object file", 16, 1, 2, "executable" },
	{ "a core file", 16, 4, 2, "executable" },
	{ "program headers of another size", 54, 32, 2, "56 bytes" },
	{ "no program headers", 56, 0, 2, "found none" },
	{ "more program headers than the file holds", 56, 0xffff, 2, "beyond its end" },
	{ "program headers outside", 32, ~0ull - 100, 8, "beyond its end" },
	{ "an interpreter", PHDR + 2 * PHDR_SIZE, 3, 4, "statically linked" },
	{ "a segment from beyond the file", PHDR + 8, 0x10000, 8, "beyond its end" },
	{ "a segment whose end wraps around", PHDR + 8, ~0xfffull, 8, "beyond its end" },
	{ "more bytes from the file than in memory", PHDR + 40, 0x1000, 8, "no more bytes" },
	{ "a segment beyond user space", PHDR + 16, LIMIT, 8, "user space" },
	{ "a segment that ends beyond user space", PHDR + PHDR_SIZE + 40, LIMIT, 8, "user space" },
	{ "an absurd size", PHDR + PHDR_SIZE + 40, ~0ull, 8, "user space" },
	{ "a segment that cannot be mapped", PHDR + 16, 0x400010, 8, "modulo 4096" },
	{ "segments that overlap", PHDR + PHDR_SIZE + 16, 0x400000, 8, "overlap" },
	{ "an entry point nowhere", 24, 0x500000, 8, "found one in none" },
	{ "an entry point before all segments", 24, 0x1000, 8, "found one in none" },
	{ "an entry point in data", 24, 0x402000, 8, "found one in data" },
};

static void
row_change(void **state)
{
	const struct change *row = *state;
	const char *wrong;

	make_file();
	put(row->at, row->value, row->width);
	wrong = read_file(FILE_SIZE);
	assert_non_null(wrong);
	assert_non_null(strstr(wrong, row->found));
	assert_true(strncmp(wrong, "expected ", 9) == 0);
}

static void
segments_that_share_a_page_are_refused(void **state)
{
	(void)state;
	make_file();
	put_segment(1, 1, ELF_R | ELF_W, 0x1900, 0x401900, 0x100, 0x100);
	assert_non_null(strstr(read_file(FILE_SIZE), "overlap"));
}

static void
a_segment_that_reaches_into_the_next_is_refused(void **state)
{
	(void)state;
	make_file();
	put_segment(0, 1, ELF_R | ELF_W, 0x2000, 0x402000, 0x100, 0x5000);
	put_segment(1, 1, ELF_R | ELF_X, 0, 0x400000, 0x1800, 0x2800);
	assert_non_null(strstr(read_file(FILE_SIZE), "overlap"));
}

static void
segments_are_counted(void **state)
{
	unsigned i;

	(void)state;
	make_file();
	for (i = 0; i <= ELF_SEGMENTS_MAX; i++)
		put_segment(i, 1, ELF_R | ELF_X, 0, 0x400000 + i * 0x1000ull, 0x100, 0x100);
	put(56, ELF_SEGMENTS_MAX, 2);
	assert_null(read_file(FILE_SIZE));
	put(56, ELF_SEGMENTS_MAX + 1, 2);
	assert_non_null(strstr(read_file(FILE_SIZE), "at most 64 segments"));
}

static void
a_segment_of_nothing_is_none(void **state)
{
	(void)state;
	make_file();
	put_segment(1, 1, ELF_R | ELF_W, 0x2000, 0x402000, 0, 0);
	assert_null(read_file(FILE_SIZE));
	assert_int_equal(image.segments, 1);
}

static void
headers_that_are_in_no_segment_have_no_address(void **state)
{
	(void)state;
	make_file();
	put_segment(0, 1, ELF_R | ELF_X, 0x1000, 0x401000, 0x100, 0x100);
	assert_null(read_file(FILE_SIZE));
	assert_int_equal(image.headers, 0);
}

static void
a_file_without_segments_is_refused(void **state)
{
	(void)state;
	make_file();
	put(PHDR, 0, 4);
	put(PHDR + PHDR_SIZE, 0, 4);
	assert_non_null(strstr(read_file(FILE_SIZE), "to be loaded, found none"));
}

/* --- symbols ---------------------------------------------------------------------------------- */

#define TABLE 0x1900u
#define STRINGS 0x1980u
#define SECTIONS 0x1a00u

static void
make_symbols(void)
{
	make_file();
	put(40, SECTIONS, 8);
	put(58, 64, 2);
	put(60, 3, 2);
	put(SECTIONS + 64 + 4, 2, 4); /* a table of symbols */
	put(SECTIONS + 64 + 24, TABLE, 8);
	put(SECTIONS + 64 + 32, 72, 8);
	put(SECTIONS + 64 + 40, 2, 4);
	put(SECTIONS + 128 + 24, STRINGS, 8);
	put(SECTIONS + 128 + 32, 16, 8);
	memcpy(file + STRINGS, "\0main\0loop", 11);
	put(TABLE + 24, 1, 4); /* main */
	put(TABLE + 24 + 6, 1, 2);
	put(TABLE + 24 + 8, 0x401234, 8);
	put(TABLE + 48, 6, 4); /* loop, which is not defined */
}

static void
a_symbol_is_found_by_its_name(void **state)
{
	uint64_t value = 0;

	(void)state;
	make_symbols();
	assert_true(elf_image_symbol(file, FILE_SIZE, "main", &value));
	assert_int_equal(value, 0x401234);
	assert_false(elf_image_symbol(file, FILE_SIZE, "mai", &value));
	assert_false(elf_image_symbol(file, FILE_SIZE, "loop", &value));
}

static void
tables_of_symbols_are_not_believed(void **state)
{
	uint64_t value = 0;

	(void)state;
	make_symbols();
	put(SECTIONS + 64 + 32, ~0ull, 8);
	assert_false(elf_image_symbol(file, FILE_SIZE, "main", &value));
	make_symbols();
	put(SECTIONS + 64 + 40, 99, 4);
	assert_false(elf_image_symbol(file, FILE_SIZE, "main", &value));
	make_symbols();
	put(SECTIONS + 128 + 24, ~0ull, 8);
	assert_false(elf_image_symbol(file, FILE_SIZE, "main", &value));
	make_symbols();
	put(TABLE + 24, 0xffffffff, 4);
	assert_false(elf_image_symbol(file, FILE_SIZE, "main", &value));
	make_symbols();
	put(58, 40, 2);
	assert_false(elf_image_symbol(file, FILE_SIZE, "main", &value));
	make_symbols();
	put(0, 0, 4);
	assert_false(elf_image_symbol(file, FILE_SIZE, "main", &value));
	make_symbols();
	put(40, ~0ull, 8);
	assert_false(elf_image_symbol(file, FILE_SIZE, "main", &value));
}

int
main(void)
{
	struct rows rows = { NULL, 0, 0 };
	size_t i;

	ROWS_ADD_TEST(&rows, a_good_file_is_read);
	ROWS_ADD_TEST(&rows, segments_are_handed_out_by_address);
	ROWS_ADD_TEST(&rows, an_executable_stack_is_noticed);
	ROWS_ADD_TEST(&rows, a_file_that_can_be_put_anywhere_is_told);
	ROWS_ADD_TEST(&rows, a_file_cut_anywhere_is_refused_or_whole);
	ROWS_ADD_TEST(&rows, segments_that_share_a_page_are_refused);
	ROWS_ADD_TEST(&rows, a_segment_that_reaches_into_the_next_is_refused);
	ROWS_ADD_TEST(&rows, segments_are_counted);
	ROWS_ADD_TEST(&rows, a_segment_of_nothing_is_none);
	ROWS_ADD_TEST(&rows, headers_that_are_in_no_segment_have_no_address);
	ROWS_ADD_TEST(&rows, a_file_without_segments_is_refused);
	ROWS_ADD_TEST(&rows, a_symbol_is_found_by_its_name);
	ROWS_ADD_TEST(&rows, tables_of_symbols_are_not_believed);
	for (i = 0; i < ROWS_COUNT(changes); i++)
		rows_add(&rows, "refused", changes[i].what, row_change, &changes[i]);
	return rows_run(&rows, "elf");
}
