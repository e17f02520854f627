/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What copyio asks for by the short way, call by call.
 *
 * A row is a copy, or a value, over pages that the short way finds or does not; it says all that
 * the call must have asked of us->direct and of the memory, in order.  So a copy of 64 KiB finds 16
 * pages by one call, holds none and asks for no page that is not in its range.  Beside this each
 * row checks the bytes, and that the first lines of a page that was found with others, no line
 * more and of no other page, are asked for before the page in front of it is moved.
 *
 * copyio is compiled once more here, with notes in the place of its prefetches and moves.  Pages
 * are found and held by their address alone: an ordinary process and a guest without paging have
 * the same table of rows.
 *
 * [DF-COPYIO] [DF-HOLD]
 */
#include <stdio.h>
#include <string.h>

#include "support/support_alone.h"
#include "support/support_copyio.h"
#include "support/support_rows.h"

static void note_ahead(const char *line);
static void note_move(void *to, const void *from, size_t size);

#define __builtin_prefetch(line)           note_ahead(line)
#define __builtin_memcpy(to, from, length) note_move(to, from, length)
#include "copyio/copyio.c"
#undef __builtin_prefetch
#undef __builtin_memcpy

#define START     0x100000ull
#define AT_ONCE   40 /* pages; more are asked for again */
#define PAGES     (2 * AT_ONCE + 3)
#define LINE      64
#define LINES_IN  2 /* of the next page, asked for ahead */
#define LINES_OUT 8

struct row {
	const char *what;
	enum copy_name first, last; /* the calls that it holds for */
	size_t at, len;             /* the first byte, from START on; of a range */
	/*
	 * Kinds of the first pages: 'f' found, 'e' found unless with a page before it, '-' not
	 * found but held, 'x' neither.  The others are found.
	 */
	const char *pages;
	size_t nul;        /* where the string ends, from START on; 0: nowhere */
	const char *asked; /* find and then: with a new cursor, with the same */
	size_t done;       /* of a range with a page that is refused */
};

/* clang-format off */
#define RANGES   COPYIN, COPYOUT
#define STRINGS  COPYINSTR, COPYINSTR
#define VALUES   FUBYTE, FUWORDADD64
#define ANYWHERE FUBYTE, SUWORD64 /* values that need not be aligned */
#define FETCHES  FUWORD32, FUWORD64
#define STORES   SUWORD32, SUWORD64

static const struct row rows[] = {
	{ "no byte", RANGES, 8, 0, "", 0, "", 0 },
	{ "one byte", RANGES, 8, 1, "", 0, "page 0x8", 0 },
	{ "the last bytes of a page", RANGES, 0xff0, 0x10, "", 0, "page 0xff0", 0 },
	{ "a page", RANGES, 0, 0x1000, "", 0, "page 0", 0 },
	{ "two bytes around the end of a page", RANGES, 0xfff, 2, "", 0, "find 0xfff: 2 of 2", 0 },
	{ "one byte over the end of a page", RANGES, 0xf00, 0x101, "", 0,
	    "find 0xf00: 2 of 2", 0 },
	{ "a page and a byte", RANGES, 0, 0x1001, "", 0, "find 0: 2 of 2", 0 },
	{ "the bytes of a page in two", RANGES, 0x800, 0x1000, "", 0, "find 0x800: 2 of 2", 0 },
	{ "two pages", RANGES, 0, 0x2000, "", 0, "find 0: 2 of 2", 0 },
	{ "64 KiB", RANGES, 0, 0x10000, "", 0, "find 0: 16 of 16", 0 },
	{ "64 KiB from the middle of a page", RANGES, 0x123, 0x10000, "", 0,
	    "find 0x123: 17 of 17", 0 },
	{ "a byte less than is found at once", RANGES, 0, 0x27fff, "", 0,
	    "find 0: 40 of 40", 0 },
	{ "as much as is found at once", RANGES, 0, 0x28000, "", 0,
	    "find 0: 40 of 40", 0 },
	{ "a byte more than is found at once", RANGES, 0, 0x28001, "", 0,
	    "find 0: 40 of 40; then 0x28000: 1 of 1", 0 },
	{ "as many bytes in one page more", RANGES, 0x10, 0x28000, "", 0,
	    "find 0x10: 40 of 40; then 0x28000: 1 of 1", 0 },
	{ "twice what is found at once, and a page", RANGES, 0, 0x51000, "", 0,
	    "find 0: 40 of 40; then 0x28000: 40 of 40; then 0x50000: 1 of 1", 0 },

	{ "a page table that ends", RANGES, 0x10, 0x3ff0, "ffef", 0,
	    "find 0x10: 2 of 4; then 0x2000: 2 of 2", 0 },
	{ "a page that is not found", RANGES, 0x10, 0x20, "-", 0,
	    "no page 0x10; no page 0x10; hold 0x10", 0 },
	{ "the first page is not found", RANGES, 0x10, 0x2ff0, "-", 0,
	    "find 0x10: 0 of 3; no page 0x10; hold 0x10; find 0x1000: 2 of 2", 0 },
	{ "a page in the middle is not found", RANGES, 0x10, 0x4ff0, "ff-", 0,
	    "find 0x10: 2 of 5; then 0x2000: 0 of 3; no page 0x2000; hold 0x2000; "
	    "find 0x3000: 2 of 2", 0 },
	{ "the last page but one is not found", RANGES, 0x10, 0x2000, "f-", 0,
	    "find 0x10: 1 of 3; then 0x1000: 0 of 2; no page 0x1000; hold 0x1000; page 0x2000", 0 },
	{ "the last page is not found", RANGES, 0x10, 0x2ff0, "ff-", 0,
	    "find 0x10: 2 of 3; then 0x2000: 0 of 1; no page 0x2000; hold 0x2000", 0 },
	{ "no page is found", RANGES, 0x10, 0x1ff0, "--", 0,
	    "find 0x10: 0 of 2; no page 0x10; hold 0x10; no page 0x1000; no page 0x1000; "
	    "hold 0x1000", 0 },
	{ "the first page is refused", RANGES, 0x10, 0x2ff0, "x", 0,
	    "find 0x10: 0 of 3; no page 0x10; refused 0x10", 0 },
	{ "a page in the middle is refused", RANGES, 0x10, 0x2ff0, "fx", 0,
	    "find 0x10: 1 of 3; then 0x1000: 0 of 2; no page 0x1000; refused 0x1000", 0xff0 },

	{ "a string", STRINGS, 0x10, 0x3000, "", 0x20, "page 0x10", 0 },
	{ "a string that ends with its page", STRINGS, 0xff0, 0x3000, "", 0xfff, "page 0xff0", 0 },
	{ "a string over three pages", STRINGS, 0xff0, 0x3000, "", 0x2000,
	    "page 0xff0; page 0x1000; page 0x2000", 0 },
	{ "a string that goes on in a page that is not found", STRINGS, 0xff0, 0x3000, "f-",
	    0x1010, "page 0xff0; no page 0x1000; hold 0x1000", 0 },

	{ "a value", VALUES, 8, 0, "", 0, "page 0x8", 0 },
	{ "a value in a page that is not found", VALUES, 8, 0, "-", 0,
	    "no page 0x8; hold 0x8", 0 },
	{ "a value that is not aligned", ANYWHERE, 9, 0, "", 0, "page 0x9", 0 },
	{ "a fetch from two pages", FETCHES, 0xffe, 0, "", 0, "find 0xffe: 2 of 2", 0 },
	{ "a store to two pages", STORES, 0xffe, 0, "", 0, "page 0x1000; find 0xffe: 2 of 2", 0 },
	{ "a store to two pages, the second of which is not found", STORES, 0xffe, 0, "f-", 0,
	    "no page 0x1000; hold 0x1000; find 0xffe: 1 of 2; then 0x1000: 0 of 1; "
	    "no page 0x1000; hold 0x1000", 0 },
};
/* clang-format on */

/* --- what is asked ------------------------------------------------------------------------- */

static const struct row *row;
static unsigned call_acc;
static unsigned char user[PAGES * VK_PAGE_BYTES], buffer[PAGES * VK_PAGE_BYTES];
static char asked[1024];
static int held;

/* The pages found last: how many have been moved, how many lines of the next asked for. */
static struct {
	const char *page[AT_ONCE];
	size_t count, moved, ahead;
	struct vk_direct_cursor cursor;
} found;

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
note(const char *format, ...)
{
	size_t used = strlen(asked);
	va_list args;

	if (used != 0)
		used += (size_t)snprintf(asked + used, sizeof(asked) - used, "; ");
	va_start(args, format);
	vsnprintf(asked + used, sizeof(asked) - used, format, args);
	va_end(args);
	assert_true(strlen(asked) + 64 < sizeof(asked));
}

static char
kind_of(size_t offset)
{
	size_t page = offset >> VK_PAGE_SHIFT;

	assert_in_range(page, 0, PAGES - 1);
	return page < strlen(row->pages) ? row->pages[page] : 'f';
}

static int
is_found(size_t offset)
{
	return kind_of(offset) == 'f' || kind_of(offset) == 'e';
}

static void *
page_at(gva_t gva, int writes)
{
	size_t offset = gva.v - START;

	assert_false(held);
	assert_int_equal((call_acc & VK_ACC_W) != 0, writes);
	note(is_found(offset) ? "page %#zx" : "no page %#zx", offset);
	return is_found(offset) ? user + offset : NULL;
}

static void *
read_page(void *ctx, gva_t gva)
{
	assert_ptr_equal(ctx, user);
	return page_at(gva, 0);
}

static void *
write_page(void *ctx, gva_t gva)
{
	assert_ptr_equal(ctx, user);
	return page_at(gva, 1);
}

static int
is_new(const struct vk_direct_cursor *cursor)
{
	return (cursor->note[0] | cursor->note[1] | cursor->note[2]) == 0;
}

static size_t
find_pages(void *ctx, struct vk_direct_cursor *cursor, gva_t gva, unsigned acc, size_t count,
    void **page)
{
	size_t offset = gva.v - START, at = offset, i, n = 0;

	assert_ptr_equal(ctx, user);
	assert_false(held);
	assert_int_equal(acc, call_acc);
	assert_in_range(count, 1, AT_ONCE);
	assert_int_equal(found.moved, found.count);
	assert_true(is_new(cursor) || memcmp(cursor, &found.cursor, sizeof(*cursor)) == 0);
	for (; n < count && is_found(at) && (n == 0 || kind_of(at) != 'e'); n++) {
		found.page[n] = page[n] = user + at;
		at = (at | VK_PAGE_OFFSET_MASK) + 1;
	}
	for (i = n; i < count; i++)
		page[i] = NULL;
	note("%s %#zx: %zu of %zu", is_new(cursor) ? "find" : "then", offset, n, count);
	found.count = n;
	found.moved = 0;
	cursor->note[0] = ~0ull;
	cursor->note[1] = cursor->note[2] = at;
	found.cursor = *cursor;
	return n;
}

static size_t
lines_of_next(void)
{
	size_t lines = (call_acc & VK_ACC_W) ? LINES_OUT : LINES_IN;

	return found.moved + 1 < found.count ? lines : 0;
}

static void
note_ahead(const char *line)
{
	assert_true(found.ahead < lines_of_next());
	assert_ptr_equal(line, found.page[found.moved + 1] + found.ahead * LINE);
	found.ahead++;
}

static void
note_move(void *to, const void *from, size_t size)
{
	assert_int_equal(found.ahead, lines_of_next());
	found.ahead = 0;
	found.moved += found.moved < found.count;
	memcpy(to, from, size);
}

static int
no_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	(void)ctx;
	(void)slot;
	(void)entry;
	fail_msg("there are no tables");
	return 0;
}

static enum cas_status
no_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	(void)old;
	(void)new_value;
	return no_load(ctx, slot, NULL) ? CAS_DONE : CAS_REFUSED;
}

static void *
hold_page(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	size_t offset = gpa.v - START;
	int refused = kind_of(offset) == 'x';

	assert_false(held);
	assert_int_equal(acc, call_acc);
	note(refused ? "refused %#zx" : "hold %#zx", offset);
	held = !refused;
	*cookie = ctx;
	return refused ? NULL : user + offset;
}

static void
release_page(void *ctx, void *cookie)
{
	assert_true(held);
	assert_ptr_equal(cookie, ctx);
	held = 0;
}

/* --- the rows ------------------------------------------------------------------------------ */

static const struct gpm_ops page_ops = { no_load, no_cas, hold_page, release_page };
static const struct guestpt_mode no_paging = { .cr0 = 1, .maxphyaddr = 46 };

static unsigned char
user_byte(size_t i)
{
	return row->nul != 0 && i == row->nul ? 0 : (unsigned char)(i % 251 + 1);
}

static unsigned char
buffer_byte(size_t i)
{
	return (unsigned char)~user_byte(i);
}

/* How many bytes are looked at: all that the row is about, and two pages more. */
static size_t
extent(void)
{
	return row->at + row->len + 2 * VK_PAGE_BYTES;
}

/* The bytes that were to be moved have been, and no others. */
static void
check_range(enum copy_name name, size_t moved)
{
	size_t i;

	for (i = 0; i < extent(); i++) {
		unsigned char in_user = user_byte(i), in_buffer = buffer_byte(i);

		if (name == COPYOUT && i - row->at < moved)
			in_user = buffer_byte(i - row->at);
		if (name == COPYIN && i < moved)
			in_buffer = user_byte(row->at + i);
		if (user[i] != in_user || buffer[i] != in_buffer)
			fail_msg("%s: byte %#zx is wrong", copy_call[name].name, i);
	}
}

static void
run_call(struct vk_us *us, enum copy_name name)
{
	struct copy_args args = { .gva = START + row->at, .len = row->len, .buffer = buffer };
	int is_refused = strchr(row->pages, 'x') != NULL;
	struct copy_result result;
	size_t i;

	for (i = 0; i < extent(); i++) {
		user[i] = user_byte(i);
		buffer[i] = buffer_byte(i);
	}
	memset(&found, 0, sizeof(found));
	asked[0] = '\0';
	assert_true(extent() <= sizeof(user));
	call_acc = copy_call[name].acc;
	us->direct = (struct vk_direct){read_page, write_page, find_pages, user};
	copy_make(us, name, &args, &result);
	if (strcmp(asked, row->asked) != 0)
		fail_msg("%s %s: %s", us->pmap->name, copy_call[name].name, asked);
	assert_int_equal(result.error, is_refused ? VK_EFAULT : VK_OK);
	assert_false(held);
	if (name == COPYIN || name == COPYOUT) {
		assert_int_equal(result.done, is_refused ? row->done : row->len);
		check_range(name, result.done);
	}
}

static void
run_row(void **state)
{
	struct gpm mem = { &page_ops, user };
	struct vk_us us;
	unsigned name;

	row = *state;
	for (name = row->first; name <= row->last; name++) {
		vk_us_init_std(&us, mem, vk_gva(COPY_END));
		run_call(&us, (enum copy_name)name);
		vk_us_init_ept(&us, mem, &no_paging, vk_gva(COPY_END));
		run_call(&us, (enum copy_name)name);
	}
}

int
main(void)
{
	struct rows cases = {0};
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++)
		rows_add(&cases, "the short way", rows[i].what, run_row, &rows[i]);
	return rows_run(&cases, "short") != 0;
}
