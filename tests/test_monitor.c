/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor's formats: lines for what the recorded machines do not have, and random tables
 * against a second, naive listing made from the rules [QEMU-INFO].
 *
 * The naive one takes the addresses of all pages one by one, and looks for none that is not there.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/report_monitor.h"

#define PAGES 24u
#define ROOT 1u
#define TABLE (VK_PG_P | VK_PG_RW | VK_PG_US)
#define TEXT_SIZE ((size_t)1 << 23)

struct text_made {
	char text[TEXT_SIZE];
	size_t size;
};

struct fixture {
	uint64_t memory[PAGES][VK_TABLE_ENTRIES];
	struct view view;
	struct maps_filter filter;
	unsigned levels;
	struct text_made found, expected;
};

static struct fixture f;

/* A machine without tables. */
static void
begin(unsigned levels)
{
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG, .cr3 = ROOT * VK_PAGE_BYTES,
		.cr4 = VK_CR4_PAE | (levels == 5 ? VK_CR4_LA57 : 0), .efer = VK_EFER_NXE,
		.page1g = 1, .maxphyaddr = 40 };
	struct image *image = image_create();

	assert_non_null(image);
	assert_true(image_append(image, 0, sizeof(f.memory), (unsigned char *)f.memory));
	memset(f.memory, 0, sizeof(f.memory));
	f.levels = levels;
	view_init(&f.view, image, &mode, 0);
	maps_filter_init(&f.filter, &f.view, MAPS_GUEST);
}

static void
end(void)
{
	view_free(&f.view);
}

static void
keep(void *ctx, const char *bytes, size_t size)
{
	struct text_made *made = ctx;

	assert_true(size < TEXT_SIZE - made->size);
	memcpy(made->text + made->size, bytes, size);
	made->size += size;
	made->text[made->size] = '\0';
}

static void
list(bool mem)
{
	struct scn_sink sink = { keep, &f.found };
	uint64_t absent;

	f.found.size = 0;
	f.found.text[0] = '\0';
	assert_int_equal((mem ? monitor_write_mem : monitor_write_tlb)(&sink, &f.view, MAPS_GUEST,
	    &f.filter, &absent), MAPS_OK);
	assert_true(absent == 0);
}

/* --- the naive listing ------------------------------------------------------------------------ */

/* A page, and the AND over all entries on the way to it. */
struct page {
	uint64_t start, size, entry, all;
};

static struct page pages[65536];
static size_t page_count;

static void
find_pages(uint64_t table, unsigned level, uint64_t start, uint64_t all)
{
	uint64_t size = 1ull << (12 + 9 * (level - 1));
	unsigned i;

	for (i = 0; i < VK_TABLE_ENTRIES; i++, start += size) {
		uint64_t entry = f.memory[table][i];

		if ((entry & 1) == 0)
			continue;
		if (level > 3 || (level > 1 && (entry & 0x80) == 0)) {
			find_pages((entry & 0x3fffffffff000) >> 12, level - 1, start, all & entry);
			continue;
		}
		assert_true(page_count < sizeof(pages) / sizeof(pages[0]));
		pages[page_count++] = (struct page){ start, size, entry, all & entry };
	}
}

static uint64_t
extended(uint64_t address)
{
	uint64_t top = f.levels == 5 ? 1ull << 56 : 1ull << 47;

	return (address & top) != 0 ? address | ~(top - 1) : address;
}

static void
expect(const char *line)
{
	keep(&f.expected, line, strlen(line));
}

static void
expect_tlb(void)
{
	static const char letter[] = "XGPDACTUW";
	static const unsigned bit[] = { 63, 8, 7, 6, 5, 4, 3, 2, 1 };
	char line[128];
	size_t i;
	unsigned j;

	for (i = 0; i < page_count; i++) {
		const struct page *page = &pages[i];
		uint64_t entry = page->size == 0x1000 ? page->entry & ~0x80ull : page->entry;
		char flags[sizeof(letter)] = "";

		for (j = 0; j < sizeof(bit) / sizeof(bit[0]); j++)
			flags[j] = (entry >> bit[j] & 1) != 0 ? letter[j] : '-';
		snprintf(line, sizeof(line), "%016" PRIx64 ": %016" PRIx64 " %s\n",
		    extended(page->start), entry & 0x3fffffffff000 & ~(page->size - 1), flags);
		expect(line);
	}
}

static void
expect_mem(void)
{
	char line[128];
	size_t i, j;

	for (i = 0; i < page_count; i = j) {
		uint64_t start = pages[i].start, stop = start;

		for (j = i; j < page_count && pages[j].start == stop &&
		    ((pages[i].all ^ pages[j].all) & 6) == 0; j++)
			stop += pages[j].size;
		snprintf(line, sizeof(line), "%016" PRIx64 "-%016" PRIx64 " %016" PRIx64 " %cr%c\n",
		    extended(start), extended(stop), extended(stop - start),
		    (pages[i].all & 4) != 0 ? 'u' : '-', (pages[i].all & 2) != 0 ? 'w' : '-');
		expect(line);
	}
}

static void
compare(bool mem)
{
	list(mem);
	f.expected.size = 0;
	f.expected.text[0] = '\0';
	page_count = 0;
	find_pages(ROOT, f.levels, 0, ~0ull);
	(mem ? expect_mem : expect_tlb)();
	assert_string_equal(f.found.text, f.expected.text);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Tables at pages 1 to 5 from the root down; of each, entries [first, last] hold one value. */
struct fill {
	unsigned page, first, last;
	uint64_t entry;
};

struct row {
	const char *what;
	unsigned levels;
	struct fill fill[5];
	const char *tlb, *mem; /* NULL: not looked at */
};

static const struct row rows[] = {
	{ "the end of all addresses is beyond them, and not extended", 4,
	    { { 1, 511, 511, 0x2000 | TABLE }, { 2, 511, 511, 0x40000000 | TABLE | VK_PG_PS } },
	    "ffffffffc0000000: 0000000040000000 --P----UW\n",
	    "ffffffffc0000000-0001000000000000 0000000040000000 urw\n" },
	{ "the same with 5 levels", 5,
	    { { 1, 511, 511, 0x2000 | TABLE }, { 2, 511, 511, 0x3000 | TABLE },
		{ 3, 511, 511, 0x40000000 | VK_PG_P | VK_PG_PS } },
	    "ffffffffc0000000: 0000000040000000 --P------\n",
	    "ffffffffc0000000-0200000000000000 0000000040000000 -r-\n" },
	{ "the size of one half is extended as if it were an address", 4,
	    { { 1, 0, 255, 0x2000 | TABLE }, { 2, 0, 511, TABLE | VK_PG_PS } }, NULL,
	    "0000000000000000-ffff800000000000 ffff800000000000 urw\n" },
	{ "a range goes on over the middle of 5-level addresses", 5,
	    { { 1, 0, 0, 0x2000 | TABLE }, { 2, 255, 256, 0x3000 | TABLE },
		{ 3, 0, 0, TABLE | VK_PG_PS }, { 3, 511, 511, TABLE | VK_PG_PS } }, NULL,
	    "00007f8000000000-00007f8040000000 0000000040000000 urw\n"
	    "00007fffc0000000-0000800040000000 0000000080000000 urw\n"
	    "0000807fc0000000-0000808000000000 0000000040000000 urw\n" },
	{ "bits 51 and 50 are no address; no-execute counts for tlb alone", 4,
	    { { 1, 0, 0, 0x2000 | TABLE }, { 2, 0, 0, 0x3000 | TABLE },
		{ 3, 0, 0, 0x4000 | TABLE | VK_PG_XD | VK_BITS(51, 50) },
		{ 4, 0, 0, 0x9000 | TABLE | VK_BITS(51, 49) },
		{ 4, 1, 1, 0xa000 | TABLE | VK_PG_XD } },
	    "0000000000000000: 0002000000009000 -------UW\n"
	    "0000000000001000: 000000000000a000 X------UW\n",
	    "0000000000000000-0000000000002000 0000000000002000 urw\n" },
	{ "bit 7 of a small page is PAT, and not shown; bit 12 of a large one is none either", 4,
	    { { 1, 0, 0, 0x2000 | TABLE }, { 2, 0, 0, 0x3000 | TABLE },
		{ 2, 1, 1, 0x40001000 | TABLE | VK_PG_PS }, { 3, 0, 0, 0x4000 | TABLE },
		{ 4, 3, 3, 0x9000 | TABLE | VK_PG_PS } },
	    "0000000000003000: 0000000000009000 -------UW\n"
	    "0000000040000000: 0000000040000000 --P----UW\n", NULL },
	{ "large pages have no reserved bits", 4,
	    { { 1, 0, 0, 0x2000 | TABLE }, { 2, 0, 0, 0x3000 | TABLE },
		{ 3, 0, 0, 0x1fe000 | VK_PG_P | VK_PG_PS } },
	    "0000000000000000: 0000000000000000 --P------\n",
	    "0000000000000000-0000000000200000 0000000000200000 -r-\n" },
	{ "bit 7 above level 3 means nothing", 5,
	    { { 1, 0, 0, 0x2000 | TABLE | VK_PG_PS }, { 2, 0, 0, 0x3000 | TABLE | VK_PG_PS },
		{ 3, 2, 2, TABLE | VK_PG_PS } },
	    "0000000080000000: 0000000000000000 --P----UW\n", NULL },
	{ "protection keys and software bits are not looked at", 4,
	    { { 1, 0, 0, 0x2000 | TABLE }, { 2, 0, 0, 0x3000 | TABLE }, { 3, 0, 0, 0x4000 | TABLE },
		{ 4, 0, 0, 0x9000 | TABLE | VK_PG_PKEY | VK_BITS(58, 52) | VK_BITS(11, 9) } },
	    "0000000000000000: 0000000000009000 -------UW\n", NULL },
	{ "rights of all levels make a range, over pages of any size and place", 4,
	    { { 1, 0, 0, 0x2000 | TABLE }, { 2, 0, 0, 0x3000 | (TABLE & ~VK_PG_RW) },
		{ 3, 0, 0, 0x4000 | TABLE },
		{ 3, 1, 1, 0x80000000 | (TABLE & ~VK_PG_RW) | VK_PG_PS },
		{ 4, 500, 511, 0x9000 | TABLE } }, NULL,
	    "00000000001f4000-0000000000400000 000000000020c000 ur-\n" },
	{ "nothing is nothing", 4, { { 0, 0, 0, 0 } }, "", "" },
};

static void
each_row_has_its_lines(void **state)
{
	size_t i, j;
	unsigned k;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(rows[i].levels);
		for (j = 0; j < 5; j++) {
			const struct fill *fill = &rows[i].fill[j];

			for (k = fill->first; k <= fill->last; k++)
				f.memory[fill->page][k] = fill->entry;
		}
		list(false);
		if (rows[i].tlb != NULL && strcmp(f.found.text, rows[i].tlb) != 0)
			fail_msg("%s: %s", rows[i].what, f.found.text);
		list(true);
		if (rows[i].mem != NULL && strcmp(f.found.text, rows[i].mem) != 0)
			fail_msg("%s: %s", rows[i].what, f.found.text);
		end();
	}
}

/* --- random tables ---------------------------------------------------------------------------- */

static uint64_t seed = 1;

static uint64_t
chance(uint64_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % below;
}

/* An entry of any flags that leads to one of the tables below its level, or to anywhere. */
static uint64_t
random_entry(unsigned level)
{
	static const uint64_t rights[] = { 0, VK_PG_RW, VK_PG_US, VK_PG_RW | VK_PG_US };
	uint64_t entry = rights[chance(4)] | (chance(10) != 0 ? VK_PG_P : 0);

	if (chance(3) == 0)
		entry |= chance(1 << 12) & ~(TABLE | VK_PG_PS);
	if (chance(5) == 0)
		entry |= chance(1 << 12) << 52;
	if (level <= 3 && (level == 1 || chance(2) != 0))
		return entry | chance(1 << 20) << 32 | chance(1 << 20) << 12 |
		    (level > 1 || chance(8) == 0 ? VK_PG_PS : 0);
	if (level > 3 && chance(4) == 0)
		entry |= VK_PG_PS;
	if (chance(4) == 0)
		entry |= VK_BITS(51, 50);
	return entry | ((uint64_t)(7 - level) * 4 + chance(4)) << 12;
}

/* Pages 4n to 4n + 3 are tables of level 6 - n, few of whose entries are there, mostly in rows. */
static void
random_tables(unsigned levels)
{
	unsigned page, level, i, count;

	for (page = 4; page < PAGES; page++) {
		level = 6 - page / 4;
		for (count = level == 1 ? 12 : 3; count > 0; count--) {
			i = (unsigned)chance(VK_TABLE_ENTRIES);
			if (chance(4) == 0)
				i = chance(2) != 0 ? 0 : VK_TABLE_ENTRIES - 1;
			f.memory[page][i] = random_entry(level);
			if (i > 0 && chance(2) != 0)
				f.memory[page][i - 1] = f.memory[page][i];
		}
	}
	memcpy(f.memory[ROOT], f.memory[levels == 5 ? 4 : 8], sizeof(f.memory[ROOT]));
}

static void
random_tables_are_listed_as_the_rules_say(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 200; i++) {
		begin(4 + (i & 1));
		random_tables(f.levels);
		compare(false);
		compare(true);
		end();
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_its_lines),
		cmocka_unit_test(random_tables_are_listed_as_the_rules_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
