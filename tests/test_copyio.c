/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copyin, copyout and their kin, row by row.
 *
 * The first table is played on three paths that must not differ in what the caller sees: an
 * ordinary process (std), a process in guest mode whose own tables deny (ept), and one whose memory
 * map denies (map).  The second table holds what only guest tables can say.  After every call the
 * witness goes through all that was read, set and held.
 *
 * [DF-COPYIO] [DF-EPT-COPYIO] [DF-HOLD]
 */
#include <stdio.h>
#include <string.h>

#include "support/support_alone.h"
#include "support/support_copyio.h"
#include "support/support_rows.h"

#define MARGIN 64
#define BUFFER 0x3000
#define FILL   0xee

enum path { PATH_STD, PATH_EPT, PATH_MAP };

/* A user space, its memory as it was, and the kernel's buffer between two margins. */
struct space {
	struct umem mem;
	struct vk_us us;
	enum path path;
	unsigned char before[UMEM_PAGES * 4096];
	unsigned char buffer[MARGIN + BUFFER + MARGIN];
};

static struct space space;

static void
space_begin(void)
{
	memcpy(space.before, space.mem.bytes, sizeof(space.before));
	umem_forget(&space.mem);
}

static void
buffer_fill(enum copy_name name)
{
	unsigned i;

	memset(space.buffer, FILL, sizeof(space.buffer));
	for (i = 0; name == COPYOUT && i < BUFFER; i++)
		space.buffer[MARGIN + i] = umem_pattern(9, i);
}

/* --- one table, three paths ---------------------------------------------------------------- */

static const uint64_t linear[3] = {COPY_X, COPY_Y, COPY_Z};
static const uint64_t physical[3] = {COPY_A, COPY_B, COPY_C};

/* Where the page that a linear page is meant to show lies in guest-physical memory. */
static uint64_t
home(unsigned page)
{
	return space.path == PATH_STD ? linear[page] : physical[page];
}

/* One page: 'w' writable, 'r' read-only, '-' not there. */
static void
page_make(unsigned page, char kind)
{
	uint64_t slot = COPY_PT + 8 + 8 * page, entry = physical[page] | COPY_PWU;

	if (kind == '-' && space.path == PATH_EPT)
		entry = physical[page];
	if (kind == 'r' && space.path == PATH_EPT)
		entry &= ~VK_PG_RW;
	if (kind != '-' || space.path == PATH_EPT)
		umem_add(&space.mem, home(page),
		    kind == 'r' && space.path != PATH_EPT ? UMEM_R : UMEM_RW, page + 1);
	if (space.path != PATH_STD)
		umem_set_word(&space.mem, slot, entry);
}

/* `pages`: the kinds of X, Y and Z. */
static void
space_make(enum path path, const char *pages, uint64_t end)
{
	unsigned i;

	umem_clear(&space.mem);
	space.path = path;
	if (path == PATH_STD) {
		vk_us_init_std(&space.us, umem_gpm(&space.mem), vk_gva(end));
	} else {
		copy_tables(&space.mem);
		vk_us_init_ept(&space.us, umem_gpm(&space.mem), &copy_mode, vk_gva(end));
	}
	for (i = 0; i < 3; i++)
		page_make(i, pages[i]);
}

/* The byte of user memory at a linear address of the three pages, now or before the call. */
static unsigned char
user_byte(uint64_t at, int was)
{
	unsigned page = (unsigned)((at - COPY_X) >> 12);
	const unsigned char *now = umem_at(&space.mem, home(page) + (at & 0xfff));

	assert_non_null(now);
	return was ? space.before[now - space.mem.bytes] : *now;
}

/* Entries may have gained flags; a leaf is dirty where, and only where, the call meant to write. */
static void
check_tables(unsigned acc, uint64_t gva, uint64_t moved)
{
	uint64_t slot, was, now;
	unsigned page;

	if (space.path == PATH_STD)
		return;
	for (slot = COPY_PML4; slot < COPY_PT + 0x1000; slot += 8) {
		memcpy(&was, &space.before[slot - COPY_PML4], sizeof(was));
		now = umem_word(&space.mem, slot);
		assert_int_equal((was ^ now) & ~(VK_PG_A | VK_PG_D), 0);
		if (!(acc & UMEM_W) || slot <= COPY_PT || slot > COPY_PT + 24)
			assert_int_equal((was ^ now) & VK_PG_D, 0);
	}
	for (page = 0; page < 3; page++) {
		now = umem_word(&space.mem, COPY_PT + 8 + 8 * page);
		if (moved == 0 || gva + moved <= linear[page] || gva >= linear[page] + 0x1000)
			continue;
		assert_true(now & VK_PG_A);
		assert_int_equal((now & VK_PG_D) != 0, (acc & UMEM_W) != 0);
	}
}

/* The data pages hold what they held, but for `size` bytes of `bytes` at `gva`. */
static void
check_data(uint64_t gva, const unsigned char *bytes, uint64_t size)
{
	const unsigned char *now, *was;
	unsigned page, i;

	for (page = 0; page < 3; page++) {
		now = umem_at(&space.mem, home(page));
		if (now == NULL)
			continue;
		was = &space.before[now - space.mem.bytes];
		for (i = 0; i < 0x1000; i++) {
			uint64_t at = linear[page] + i - gva;

			if (now[i] != (at < size ? bytes[at] : was[i]))
				fail_msg("byte %#x of page %u is %#x", i, page, now[i]);
		}
	}
}

struct copy_row {
	const char *what;
	enum copy_name call;
	const char *pages;
	uint64_t at, len;
	int error;
	uint64_t done;
	uint64_t end; /* of user space; 0: the usual */
	uint64_t nul; /* where the string ends; 0: nowhere */
	int silent;   /* memory is not asked at all */
};

#define FAR 0xfffffffffffffff8ull

/* clang-format off */
static const struct copy_row copy_rows[] = {
	/* Nothing to move: C01, C27. */
	{ .what = "copyin of nothing succeeds", COPYIN, "w--", COPY_X, 0, VK_OK, 0, .silent = 1 },
	{ .what = "copyout of nothing succeeds",
	    COPYOUT, "w--", COPY_X, 0, VK_OK, 0, .silent = 1 },
	{ .what = "copyin of nothing from an unmapped page succeeds",
	    COPYIN, "---", COPY_X, 0, VK_OK, 0, .silent = 1 },
	{ .what = "copyout of nothing to a read-only page succeeds",
	    COPYOUT, "r--", COPY_X, 0, VK_OK, 0, .silent = 1 },
	{ .what = "copyin of nothing from the end of user space succeeds",
	    COPYIN, "w--", COPY_END, 0, VK_OK, 0, .silent = 1 },
	{ .what = "copyin of nothing from beyond user space succeeds",
	    COPYIN, "w--", FAR, 0, VK_OK, 0, .silent = 1 },
	{ .what = "copyout of nothing to the last address succeeds",
	    COPYOUT, "w--", ~0ull, 0, VK_OK, 0, .silent = 1 },
	{ .what = "copyinstr with no room is too long and reads nothing",
	    COPYINSTR, "w--", COPY_X, 0, VK_ENAMETOOLONG, 0, .silent = 1 },
	{ .what = "copyinstr with no room is too long at any address",
	    COPYINSTR, "w--", FAR, 0, VK_ENAMETOOLONG, 0, .silent = 1 },

	/* One page and several: C02, C03, C09. */
	{ .what = "copyin moves bytes of one page", COPYIN, "w--", COPY_X + 0x10, 16, VK_OK, 16 },
	{ .what = "copyout moves bytes to one page",
	    COPYOUT, "w--", COPY_X + 0x10, 16, VK_OK, 16 },
	{ .what = "copyin moves one byte", COPYIN, "w--", COPY_X + 7, 1, VK_OK, 1 },
	{ .what = "copyin moves a page's last byte", COPYIN, "w--", COPY_X + 0xfff, 1, VK_OK, 1 },
	{ .what = "copyout moves to a page's last byte",
	    COPYOUT, "w--", COPY_X + 0xfff, 1, VK_OK, 1 },
	{ .what = "copyin of a whole page asks for no other",
	    COPYIN, "w--", COPY_X, 0x1000, VK_OK, 0x1000 },
	{ .what = "copyout of a whole page asks for no other",
	    COPYOUT, "w--", COPY_X, 0x1000, VK_OK, 0x1000 },
	{ .what = "copyin crosses into the next page",
	    COPYIN, "ww-", COPY_X + 0xfd8, 100, VK_OK, 100 },
	{ .what = "copyout crosses into the next page",
	    COPYOUT, "ww-", COPY_X + 0xfd8, 100, VK_OK, 100 },
	{ .what = "copyin moves two bytes of two pages",
	    COPYIN, "ww-", COPY_X + 0xfff, 2, VK_OK, 2 },
	{ .what = "copyin goes over three pages",
	    COPYIN, "www", COPY_X + 0x800, 0x2000, VK_OK, 0x2000 },
	{ .what = "copyout goes over three pages",
	    COPYOUT, "www", COPY_X + 0x800, 0x2000, VK_OK, 0x2000 },
	{ .what = "copyin moves three whole pages",
	    COPYIN, "www", COPY_X, 0x3000, VK_OK, 0x3000 },
	{ .what = "copyout moves three whole pages",
	    COPYOUT, "www", COPY_X, 0x3000, VK_OK, 0x3000 },
	{ .what = "copyin reads a read-only page", COPYIN, "r--", COPY_X, 8, VK_OK, 8 },

	/* Faults before, in the middle, at the end: C04-C07, C10, C21. */
	{ .what = "copyin from an unmapped page moves nothing",
	    COPYIN, "---", COPY_X, 8, VK_EFAULT, 0 },
	{ .what = "copyout to an unmapped page moves nothing",
	    COPYOUT, "---", COPY_X, 8, VK_EFAULT, 0 },
	{ .what = "copyout to a read-only page moves nothing",
	    COPYOUT, "r--", COPY_X, 8, VK_EFAULT, 0 },
	{ .what = "copyin counts what came before the fault",
	    COPYIN, "w--", COPY_X + 0xfd8, 100, VK_EFAULT, 40 },
	{ .what = "copyout counts what came before the fault",
	    COPYOUT, "w--", COPY_X + 0xfd8, 100, VK_EFAULT, 40 },
	{ .what = "copyout counts what came before a read-only page",
	    COPYOUT, "wr-", COPY_X + 0xfd8, 100, VK_EFAULT, 40 },
	{ .what = "copyin that begins in an unmapped page does not go on to a mapped one",
	    COPYIN, "-w-", COPY_X + 0xfd8, 100, VK_EFAULT, 0 },
	{ .what = "copyout that begins in an unmapped page does not go on to a mapped one",
	    COPYOUT, "-w-", COPY_X + 0xfd8, 100, VK_EFAULT, 0 },
	{ .what = "copyin stops at a hole", COPYIN, "w-w", COPY_X, 0x3000, VK_EFAULT, 0x1000 },
	{ .what = "copyout stops at a hole", COPYOUT, "w-w", COPY_X, 0x3000, VK_EFAULT, 0x1000 },
	{ .what = "copyin of 4 GiB and five bytes is not one of five bytes",
	    COPYIN, "www", COPY_X, 0x100000005, VK_EFAULT, 0x3000 },
	{ .what = "copyout of 4 GiB and five bytes is not one of five bytes",
	    COPYOUT, "www", COPY_X, 0x100000005, VK_EFAULT, 0x3000 },
	{ .what = "copyin of all that is left of user space stops at the first unmapped page",
	    COPYIN, "www", COPY_X, COPY_END - COPY_X, VK_EFAULT, 0x3000 },

	/* The end of user space and of all addresses: C16-C20. */
	{ .what = "copyin up to the end of user space succeeds",
	    COPYIN, "ww-", COPY_X, 0x1000, VK_OK, 0x1000, .end = COPY_Y },
	{ .what = "copyout up to the end of user space succeeds",
	    COPYOUT, "ww-", COPY_X, 0x1000, VK_OK, 0x1000, .end = COPY_Y },
	{ .what = "copyin one byte past the end of user space moves nothing",
	    COPYIN, "ww-", COPY_X, 0x1001, VK_EFAULT, 0, .end = COPY_Y, .silent = 1 },
	{ .what = "copyout one byte past the end of user space moves nothing",
	    COPYOUT, "ww-", COPY_X, 0x1001, VK_EFAULT, 0, .end = COPY_Y, .silent = 1 },
	{ .what = "copyin that begins at the end of user space moves nothing",
	    COPYIN, "ww-", COPY_Y, 1, VK_EFAULT, 0, .end = COPY_Y, .silent = 1 },
	{ .what = "copyin up to an end inside a page succeeds",
	    COPYIN, "w--", COPY_X, 0x800, VK_OK, 0x800, .end = COPY_X + 0x800 },
	{ .what = "copyin past an end inside a page moves nothing",
	    COPYIN, "w--", COPY_X, 0x801, VK_EFAULT, 0, .end = COPY_X + 0x800, .silent = 1 },
	{ .what = "copyin around 2^64 moves nothing",
	    COPYIN, "w--", FAR, 16, VK_EFAULT, 0, .end = ~0ull, .silent = 1 },
	{ .what = "copyout around 2^64 moves nothing",
	    COPYOUT, "w--", FAR, 16, VK_EFAULT, 0, .end = ~0ull, .silent = 1 },
	{ .what = "copyin of 2^64 - 1 bytes moves nothing",
	    COPYIN, "w--", COPY_X, ~0ull, VK_EFAULT, 0, .silent = 1 },
	{ .what = "copyin of 2^63 bytes moves nothing",
	    COPYIN, "w--", COPY_X, 1ull << 63, VK_EFAULT, 0, .silent = 1 },
	{ .what = "copyin of 2^64 less a page moves nothing",
	    COPYIN, "w--", COPY_X, ~0xfffull, VK_EFAULT, 0, .silent = 1 },
	{ .what = "copyout of 2^64 - 1 bytes moves nothing",
	    COPYOUT, "w--", COPY_X, ~0ull, VK_EFAULT, 0, .silent = 1 },
	{ .what = "copyin of 2^64 - 1 bytes from address 1 does not come round to 0",
	    COPYIN, "w--", 1, ~0ull, VK_EFAULT, 0, .end = ~0ull, .silent = 1 },

	/* Strings: C22-C26, C28. */
	{ .what = "copyinstr moves a string and its NUL",
	    COPYINSTR, "w--", COPY_X + 0x100, 64, VK_OK, 8, .nul = COPY_X + 0x107 },
	{ .what = "copyinstr moves an empty string",
	    COPYINSTR, "w--", COPY_X + 0x100, 64, VK_OK, 1, .nul = COPY_X + 0x100 },
	{ .what = "copyinstr reads a read-only page",
	    COPYINSTR, "r--", COPY_X + 0x100, 64, VK_OK, 8, .nul = COPY_X + 0x107 },
	{ .what = "copyinstr without a NUL in reach is too long",
	    COPYINSTR, "w--", COPY_X + 0x100, 64, VK_ENAMETOOLONG, 64 },
	{ .what = "copyinstr does not look past its length",
	    COPYINSTR, "w--", COPY_X + 0x100, 15, VK_ENAMETOOLONG, 15, .nul = COPY_X + 0x10f },
	{ .what = "copyinstr of exactly its length succeeds",
	    COPYINSTR, "w--", COPY_X + 0x100, 16, VK_OK, 16, .nul = COPY_X + 0x10f },
	{ .what = "a string that ends at a page's last byte does not ask for the next page",
	    COPYINSTR, "w--", COPY_X + 0xff0, 100, VK_OK, 16, .nul = COPY_X + 0xfff },
	{ .what = "a string may end with the first byte of the next page",
	    COPYINSTR, "ww-", COPY_X + 0xff0, 100, VK_OK, 17, .nul = COPY_Y },
	{ .what = "a string may go over three pages",
	    COPYINSTR, "www", COPY_X + 0xff0, 0x2000, VK_OK, 0x1019, .nul = COPY_Z + 8 },
	{ .what = "a string without end in its page faults at the next",
	    COPYINSTR, "w--", COPY_X + 0xff0, 100, VK_EFAULT, 16 },
	{ .what = "copyinstr whose length ends with the page does not fault",
	    COPYINSTR, "w--", COPY_X + 0xff0, 16, VK_ENAMETOOLONG, 16 },
	{ .what = "copyinstr from an unmapped page moves nothing",
	    COPYINSTR, "---", COPY_X, 8, VK_EFAULT, 0 },
	{ .what = "a short string may be asked for with a length of 2^64 - 1",
	    COPYINSTR, "w--", COPY_X + 0x100, ~0ull, VK_OK, 8, .nul = COPY_X + 0x107 },
	{ .what = "a string may end right before the end of user space",
	    COPYINSTR, "ww-", COPY_X + 0xff0, 100, VK_OK, 16, .nul = COPY_X + 0xfff,
	    .end = COPY_Y },
	{ .what = "a string does not go past the end of user space",
	    COPYINSTR, "ww-", COPY_X + 0xff0, 100, VK_EFAULT, 16, .nul = COPY_Y, .end = COPY_Y },
	{ .what = "a string does not go past an end inside a page",
	    COPYINSTR, "w--", COPY_X + 0x7f0, 100, VK_EFAULT, 16, .nul = COPY_X + 0x800,
	    .end = COPY_X + 0x800 },
	{ .what = "copyinstr that begins beyond user space moves nothing",
	    COPYINSTR, "w--", FAR, 100, VK_EFAULT, 0, .silent = 1 },
};
/* clang-format on */

static void
check_buffer(const struct copy_row *row, const unsigned char *was)
{
	size_t i;

	for (i = 0; i < sizeof(space.buffer); i++) {
		unsigned char expected = was[i];

		if (row->call != COPYOUT && i >= MARGIN && i - MARGIN < row->done)
			expected = user_byte(row->at + (i - MARGIN), 1);
		if (space.buffer[i] != expected)
			fail_msg("byte %zd of the buffer is %#x and not %#x", (ssize_t)i - MARGIN,
			    space.buffer[i], expected);
	}
}

static void
run_copy_row(enum path path, const struct copy_row *row)
{
	struct umem_translation translation[8];
	static unsigned char was[sizeof(space.buffer)];
	struct copy_args args = {.gva = row->at, .len = row->len, .buffer = space.buffer + MARGIN};
	struct copy_result result;

	space_make(path, row->pages, row->end != 0 ? row->end : COPY_END);
	if (row->nul != 0)
		*umem_at(&space.mem,
		    home((unsigned)((row->nul - COPY_X) >> 12)) + (row->nul & 0xfff)) = 0;
	buffer_fill(row->call);
	memcpy(was, space.buffer, sizeof(was));
	space_begin();
	copy_make(&space.us, row->call, &args, &result);
	assert_int_equal(result.error, row->error);
	assert_int_equal(result.done, row->done);
	if (row->silent)
		assert_int_equal(umem_operations(&space.mem), 0);
	umem_witness(&space.mem, &space.us, translation,
	    copy_expect(row->call, &args, translation, ROWS_COUNT(translation)));
	check_buffer(row, was);
	check_data(row->at, args.buffer, row->call == COPYOUT ? row->done : 0);
	check_tables(copy_call[row->call].acc, row->at, row->done);
}

static void
row_on_std(void **state)
{
	run_copy_row(PATH_STD, *state);
}

static void
row_on_ept(void **state)
{
	run_copy_row(PATH_EPT, *state);
}

static void
row_on_map(void **state)
{
	run_copy_row(PATH_MAP, *state);
}

/* --- values: every width at every place, on every path ------------------------------------- */

static const char *const value_pages[] = {"ww-", "wr-", "rw-", "rr-", "w--", "-w-", "---"};

/* Whether all bytes of a value may be used in this way. */
static int
value_is_allowed(const char *pages, uint64_t at, unsigned size, unsigned acc)
{
	unsigned i;

	for (i = 0; i < size; i++) {
		char kind = pages[(at + i - COPY_X) >> 12];

		if (kind == '-' || (kind == 'r' && (acc & UMEM_W)))
			return 0;
	}
	return 1;
}

static uint64_t
value_cut(uint64_t value, unsigned size)
{
	return size == 8 ? value : value & ((1ull << (8 * size)) - 1);
}

static uint64_t
value_before(uint64_t at, unsigned size)
{
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < size; i++)
		value |= (uint64_t)user_byte(at + i, 1) << (8 * i);
	return value;
}

/* What memory holds after the call, by its name. */
static uint64_t
value_after(enum copy_name name, uint64_t old, const struct copy_args *args)
{
	switch (name) {
	case CASU32:
	case CASU64:
		return old == args->expected ? args->value : old;
	case FUWORDADD32:
	case FUWORDADD64:
		return old + args->value;
	case FUBYTE:
	case FUWORD32:
	case FUWORD64:
		return old;
	default:
		return args->value;
	}
}

/* One value call at one place; `hit`: a compare-and-swap expects what is there. */
static void
check_value_call(enum path path, const char *pages, enum copy_name name, uint64_t at, int hit)
{
	const struct copy_call *call = &copy_call[name];
	struct umem_translation translation[4];
	struct copy_args args = {.gva = at, .value = 0x8877665544332211ull};
	struct copy_result result;
	uint64_t old = 0, after = 0;
	unsigned char bytes[8];
	int allowed = value_is_allowed(pages, at, call->size, call->acc);

	if (call->acc == UMEM_RW && at % call->size != 0)
		allowed = 0;
	space_make(path, pages, COPY_END);
	space_begin();
	if (allowed)
		old = value_before(at, call->size);
	args.expected = hit ? old : ~old;
	args.value = value_cut(args.value, call->size);
	args.expected = value_cut(args.expected, call->size);
	copy_make(&space.us, name, &args, &result);
	assert_int_equal(result.error, allowed ? VK_OK : VK_EFAULT);
	after = value_cut(value_after(name, old, &args), call->size);
	if (!allowed)
		old = COPY_UNTOUCHED;
	if (call->acc != UMEM_W)
		assert_int_equal(result.value, value_cut(old, call->size));
	if (call->acc == UMEM_RW && at % call->size != 0)
		assert_int_equal(umem_operations(&space.mem), 0);
	umem_witness(&space.mem, &space.us, translation,
	    copy_expect(name, &args, translation, ROWS_COUNT(translation)));
	memcpy(bytes, &after, sizeof(bytes));
	check_data(at, bytes, allowed ? call->size : 0);
	check_tables(call->acc, at, allowed ? call->size : 0);
}

/* All places around a page border, all kinds of the two pages. */
static void
check_value(enum path path, enum copy_name name)
{
	unsigned kind, offset;

	for (kind = 0; kind < ROWS_COUNT(value_pages); kind++) {
		for (offset = 0; offset < 12; offset++) {
			check_value_call(path, value_pages[kind], name, COPY_Y - 12 + offset, 1);
			check_value_call(path, value_pages[kind], name, COPY_Y - 12 + offset, 0);
		}
		for (offset = 0; offset < 9; offset++)
			check_value_call(path, value_pages[kind], name, COPY_Y + offset, 1);
	}
}

static void
value_on_std(void **state)
{
	check_value(PATH_STD, (enum copy_name)((const struct copy_call *)*state - copy_call));
}

static void
value_on_ept(void **state)
{
	check_value(PATH_EPT, (enum copy_name)((const struct copy_call *)*state - copy_call));
}

static void
value_on_map(void **state)
{
	check_value(PATH_MAP, (enum copy_name)((const struct copy_call *)*state - copy_call));
}

/* The values that the kernel's own interface could not tell from an error: C29, C30. */
static void
values_that_look_like_errors_are_values(void **state)
{
	static const enum path paths[] = {PATH_STD, PATH_EPT};
	struct copy_args args = {.gva = COPY_X, .value = ~0ull};
	struct copy_result result;
	unsigned p, name;

	(void)state;
	for (p = 0; p < ROWS_COUNT(paths); p++) {
		for (name = FUBYTE; name < COPY_CALLS; name++) {
			space_make(paths[p], "w--", COPY_END);
			memset(umem_at(&space.mem, home(0)), 0xff, 8);
			copy_make(&space.us, (enum copy_name)name, &args, &result);
			assert_int_equal(result.error, VK_OK);
			if (copy_call[name].acc != UMEM_W)
				assert_int_equal(
				    result.value, value_cut(~0ull, copy_call[name].size));
		}
	}
}

/* A value that would reach past the end of user space is refused before memory is asked. */
static void
a_value_at_the_end_of_user_space_has_to_fit(void **state)
{
	unsigned p, name;

	(void)state;
	for (p = PATH_STD; p <= PATH_EPT; p++) {
		for (name = FUBYTE; name < COPY_CALLS; name++) {
			struct copy_args args = {.gva = COPY_Y - copy_call[name].size};
			struct copy_result result;

			space_make((enum path)p, "ww-", COPY_Y);
			copy_make(&space.us, (enum copy_name)name, &args, &result);
			assert_int_equal(result.error, VK_OK);
			umem_forget(&space.mem);
			args.gva++;
			copy_make(&space.us, (enum copy_name)name, &args, &result);
			assert_int_equal(result.error, VK_EFAULT);
			args.gva = ~0ull;
			copy_make(&space.us, (enum copy_name)name, &args, &result);
			assert_int_equal(result.error, VK_EFAULT);
			assert_int_equal(umem_operations(&space.mem), 0);
		}
	}
}

/* A page that can only be written serves copyout and no call that also reads. */
static void
an_atomic_operation_needs_a_page_that_may_be_read(void **state)
{
	struct copy_args args = {.gva = COPY_X, .len = 8, .buffer = space.buffer};
	struct copy_result result;
	unsigned p, name;

	(void)state;
	for (p = PATH_STD; p <= PATH_EPT; p++) {
		for (name = 0; name < COPY_CALLS; name++) {
			space_make((enum path)p, "w--", COPY_END);
			umem_set_rights(&space.mem, home(0), UMEM_W);
			copy_make(&space.us, (enum copy_name)name, &args, &result);
			assert_int_equal(
			    result.error, copy_call[name].acc == UMEM_W ? VK_OK : VK_EFAULT);
		}
	}
}

static void
the_count_may_be_left_out(void **state)
{
	unsigned p;

	(void)state;
	for (p = PATH_STD; p <= PATH_EPT; p++) {
		space_make((enum path)p, "w--", COPY_END);
		*umem_at(&space.mem, home(0) + 4) = 0;
		assert_int_equal(
		    vk_copyin(&space.us, vk_gva(COPY_X), space.buffer, 8, NULL), VK_OK);
		assert_int_equal(
		    vk_copyout(&space.us, space.buffer, vk_gva(COPY_X), 8, NULL), VK_OK);
		assert_int_equal(
		    vk_copyinstr(&space.us, vk_gva(COPY_X), (char *)space.buffer, 8, NULL), VK_OK);
		assert_int_equal(
		    vk_copyin(&space.us, vk_gva(COPY_Y), space.buffer, 8, NULL), VK_EFAULT);
		umem_check(&space.mem);
	}
}

/* --- what only guest tables can say -------------------------------------------------------- */

struct poke {
	uint64_t gpa, value;
};

/* Guest-physical bytes that a call moves, in order. */
struct piece {
	uint64_t gpa, size;
};

struct ept_row {
	const char *what;
	enum copy_name call;
	uint64_t at, len;
	int error;
	struct piece piece[3];
	struct poke poke[4];  /* changes to the usual tables */
	struct poke after[2]; /* entries that are looked at afterwards */
	uint64_t cr3;         /* 0: the usual */
	uint64_t end;         /* 0: the usual */
	void (*adjust)(struct guestpt_mode *mode);
	int silent;
};

static void
without_nxe(struct guestpt_mode *mode)
{
	mode->efer = 0;
}

static void
with_52_bits(struct guestpt_mode *mode)
{
	mode->maxphyaddr = 52;
}

static void
without_1g(struct guestpt_mode *mode)
{
	mode->page1g = 0;
}

static void
with_la57(struct guestpt_mode *mode)
{
	mode->cr4 |= VK_CR4_LA57;
	mode->cr3 = 0x5000;
}

static void
with_key_5_closed(struct guestpt_mode *mode)
{
	mode->cr4 |= VK_CR4_PKE;
	mode->pkru = 1u << 10;
}

static void
with_key_5_read_only(struct guestpt_mode *mode)
{
	mode->cr4 |= VK_CR4_PKE;
	mode->pkru = 2u << 10;
}

static void
without_wp(struct guestpt_mode *mode)
{
	mode->cr0 &= ~VK_CR0_WP;
}

/* What guards a supervisor against user pages says nothing about the user's own accesses. */
static void
with_smap_and_smep(struct guestpt_mode *mode)
{
	mode->cr4 |= VK_CR4_SMAP | VK_CR4_SMEP;
}

static void
without_paging(struct guestpt_mode *mode)
{
	mode->cr0 = 1;
}

#define PWU   COPY_PWU
#define PS    VK_PG_PS
#define PATL  VK_PG_PAT_LARGE
#define KEY5  (5ull << 59)
#define E4    (COPY_PML4 + 8) /* the entries that X goes through */
#define E3    (COPY_PDPT + 8)
#define E2    (COPY_PD + 8)
#define E1    (COPY_PT + 8)
#define BIT46 (1ull << 46)
#define X     COPY_X
#define DENIED(call_, what_, ...)                                              \
	{                                                                      \
		.what = what_, call_, X, 8, VK_EFAULT, .poke = { __VA_ARGS__ } \
	}
#define BOTH_DENIED(what_, ...)                        \
	DENIED(COPYIN, "copyin: " what_, __VA_ARGS__), \
	    DENIED(COPYOUT, "copyout: " what_, __VA_ARGS__)
/* An address whose four indices are all 2, and what maps there when PML4[2] maps the PML4. */
#define SELF 0x0000010080402000ull

/* clang-format off */
static const struct ept_row ept_rows[] = {
	/* Rights count at every level: C08, C11, C12. */
	BOTH_DENIED("U/S clear in the PML4E denies", { E4, COPY_PDPT | 3 }),
	BOTH_DENIED("U/S clear in the PDPTE denies", { E3, COPY_PD | 3 }),
	BOTH_DENIED("U/S clear in the PDE denies", { E2, COPY_PT | 3 }),
	BOTH_DENIED("U/S clear in the PTE denies", { E1, COPY_A | 3 }),
	BOTH_DENIED("a PML4E that is not present denies", { E4, COPY_PDPT | 6 }),
	BOTH_DENIED("a PDPTE that is not present denies", { E3, COPY_PD | 6 }),
	BOTH_DENIED("a PDE that is not present denies", { E2, COPY_PT | 6 }),
	BOTH_DENIED("a PTE that is not present denies", { E1, COPY_A | 6 }),
	BOTH_DENIED("an entry with every bit but P set denies", { E1, ~1ull }),
	DENIED(COPYOUT, "R/W clear in the PML4E denies a write", { E4, COPY_PDPT | 5 }),
	DENIED(COPYOUT, "R/W clear in the PDPTE denies a write", { E3, COPY_PD | 5 }),
	DENIED(COPYOUT, "R/W clear in the PDE denies a write", { E2, COPY_PT | 5 }),
	DENIED(COPYOUT, "R/W clear in the PTE denies a write", { E1, COPY_A | 5 }),
	{ .what = "CR0.WP clear does not let the user write a read-only page",
	    COPYOUT, X, 8, VK_EFAULT, .poke = { { E1, COPY_A | 5 } }, .adjust = without_wp },
	{ .what = "R/W clear in the PML4E allows a read",
	    COPYIN, X, 8, VK_OK, { { COPY_A, 8 } }, { { E4, COPY_PDPT | 5 } } },
	{ .what = "SMAP and SMEP do not concern the user",
	    COPYIN, X, 8, VK_OK, { { COPY_A, 8 } }, .adjust = with_smap_and_smep },

	/* Reserved bits: C13, C14. */
	BOTH_DENIED("bit 46 in the PML4E is reserved", { E4, COPY_PDPT | PWU | BIT46 }),
	BOTH_DENIED("bit 46 in the PDPTE is reserved", { E3, COPY_PD | PWU | BIT46 }),
	BOTH_DENIED("bit 46 in the PDE is reserved", { E2, COPY_PT | PWU | BIT46 }),
	BOTH_DENIED("bit 46 in the PTE is reserved", { E1, COPY_A | PWU | BIT46 }),
	BOTH_DENIED("bit 7 in the PML4E is reserved", { E4, COPY_PDPT | PWU | PS }),
	BOTH_DENIED("bit 13 of a 2 MiB leaf is reserved", { E2, 0x200000 | PWU | PS | 0x2000 }),
	BOTH_DENIED("bit 20 of a 2 MiB leaf is reserved", { E2, 0x200000 | PWU | PS | 0x100000 }),
	BOTH_DENIED("bit 13 of a 1 GiB leaf is reserved", { E3, 0x40000000 | PWU | PS | 0x2000 }),
	BOTH_DENIED("bit 29 of a 1 GiB leaf is reserved",
	    { E3, 0x40000000 | PWU | PS | 0x20000000 }),
	{ .what = "without 1 GiB pages their PS bit is reserved",
	    COPYIN, X, 8, VK_EFAULT, .poke = { { E3, 0x40000000 | PWU | PS } },
	    .adjust = without_1g },
	{ .what = "with 52 bits bit 46 belongs to the frame",
	    COPYIN, X, 8, VK_EFAULT, .poke = { { E1, COPY_A | PWU | BIT46 } },
	    .adjust = with_52_bits, .after = { { E1, COPY_A | PWU | BIT46 | VK_PG_A } } },
	{ .what = "XD does not deny data with NXE set",
	    COPYIN, X, 8, VK_OK, { { COPY_A, 8 } }, { { E1, COPY_A | PWU | VK_PG_XD } } },
	{ .what = "XD is reserved with NXE clear",
	    COPYIN, X, 8, VK_EFAULT, .poke = { { E1, COPY_A | PWU | VK_PG_XD } },
	    .adjust = without_nxe },
	{ .what = "a reserved bit outranks a lower entry that is not present",
	    COPYIN, X, 8, VK_EFAULT, .poke = { { E2, COPY_PT | PWU | BIT46 }, { E1, 0 } } },

	/* Protection keys. */
	{ .what = "a closed protection key denies a read",
	    COPYIN, X, 8, VK_EFAULT, .poke = { { E1, COPY_A | PWU | KEY5 } },
	    .adjust = with_key_5_closed },
	{ .what = "a read-only protection key allows a read",
	    COPYIN, X, 8, VK_OK, { { COPY_A, 8 } }, { { E1, COPY_A | PWU | KEY5 } },
	    .adjust = with_key_5_read_only },
	{ .what = "a read-only protection key denies a write",
	    COPYOUT, X, 8, VK_EFAULT, .poke = { { E1, COPY_A | PWU | KEY5 } },
	    .adjust = with_key_5_read_only },
	{ .what = "another key is not asked",
	    COPYOUT, X, 8, VK_OK, { { COPY_A, 8 } }, .adjust = with_key_5_closed },

	/* Addresses: C15, C39, C45. */
	{ .what = "an address that is not canonical reads no entry",
	    COPYIN, 0x800000000000, 1, VK_EFAULT, .end = ~0ull, .silent = 1 },
	{ .what = "the highest address that is not canonical reads no entry",
	    COPYIN, 0xffff7fffffffffff, 1, VK_EFAULT, .end = ~0ull, .silent = 1 },
	{ .what = "a copy into the hole between the halves stops at its edge",
	    COPYIN, 0x7ffffffffffc, 8, VK_EFAULT, { { COPY_C + 0xffc, 4 } },
	    { { COPY_PML4 + 0x7f8, COPY_PDPT | PWU }, { COPY_PDPT + 0xff8, COPY_PD | PWU },
	    { COPY_PD + 0xff8, COPY_PT | PWU }, { COPY_PT + 0xff8, COPY_C | PWU } },
	    .end = ~0ull },
	{ .what = "the upper half is not user space",
	    COPYIN, 0xffff808040201000, 8, VK_EFAULT,
	    .poke = { { COPY_PML4 + 0x808, COPY_PDPT | PWU } }, .silent = 1 },
	{ .what = "where the upper half is user space its index is nine bits",
	    COPYIN, 0xffff808040201000, 8, VK_OK, { { COPY_A, 8 } },
	    { { COPY_PML4 + 0x808, COPY_PDPT | PWU } }, .end = ~0ull },
	{ .what = "the self map in the upper half shows the top table",
	    COPYIN, 0xfffffffffffff008, 8, VK_OK, { { E4, 8 } },
	    { { COPY_PML4 + 0xff8, COPY_PML4 | PWU } }, .end = ~0ull },
	{ .what = "the self map in the upper half is beyond user space",
	    COPYIN, 0xfffffffffffff008, 8, VK_EFAULT,
	    .poke = { { COPY_PML4 + 0xff8, COPY_PML4 | PWU } }, .silent = 1 },
	{ .what = "five levels are walked",
	    COPYIN, 0x0001000000000000 | X, 8, VK_OK, { { COPY_A, 8 } },
	    { { 0x5008, COPY_PML4 | PWU } }, .adjust = with_la57, .end = ~0ull },
	{ .what = "with four levels bit 48 is not canonical",
	    COPYIN, 0x0001000000000000 | X, 8, VK_EFAULT, .end = ~0ull, .silent = 1 },
	{ .what = "without paging an address is its own translation",
	    COPYIN, COPY_B + 4, 8, VK_OK, { { COPY_B + 4, 8 } }, .adjust = without_paging },

	/* Tables and pages that the process does not have: C34, C47. */
	BOTH_DENIED("a table outside the map", { E2, 0x700000 | PWU }),
	BOTH_DENIED("a page outside the map", { E1, 0x700000 | PWU }),
	{ .what = "a top table outside the map", COPYIN, X, 8, VK_EFAULT, .cr3 = 0x700000 },

	/* CR3 holds more than an address: C44. */
	{ .what = "a PCID is no part of the table's address",
	    COPYIN, X, 8, VK_OK, { { COPY_A, 8 } }, .cr3 = COPY_PML4 | 0x123 },
	{ .what = "PWT and PCD are no part of the table's address",
	    COPYIN, X, 8, VK_OK, { { COPY_A, 8 } }, .cr3 = COPY_PML4 | 0x18 },

	/* Large pages: C42, C43, C46, C49. */
	{ .what = "a 2 MiB page is one page",
	    COPYIN, X - 0x1000, 0x2000, VK_OK, { { 0x200000, 0x2000 } },
	    { { E2, 0x200000 | PWU | PS } } },
	{ .what = "PAT of a 2 MiB leaf is no address bit",
	    COPYIN, X - 0x1000, 8, VK_OK, { { 0x200000, 8 } },
	    { { E2, 0x200000 | PWU | PS | PATL } } },
	{ .what = "PAT of a 2 MiB leaf does not hide the address's own bit 12",
	    COPYIN, X, 8, VK_OK, { { 0x201000, 8 } }, { { E2, 0x200000 | PWU | PS | PATL } } },
	{ .what = "a 1 GiB page is one page",
	    COPYIN, X, 8, VK_OK, { { 0x40201000, 8 } }, { { E3, 0x40000000 | PWU | PS } } },
	{ .what = "PAT of a 1 GiB leaf is no address bit",
	    COPYIN, X - 0x1000, 8, VK_OK, { { 0x40200000, 8 } },
	    { { E3, 0x40000000 | PWU | PS | PATL } } },
	{ .what = "PAT of a PTE is not PS",
	    COPYIN, X, 8, VK_OK, { { COPY_A, 8 } }, { { E1, COPY_A | PWU | VK_PG_PAT } } },
	{ .what = "a copy goes on from a 4 KiB page into a 2 MiB page",
	    COPYIN, 0x80403ffff0, 32, VK_OK, { { COPY_B + 0xff0, 16 }, { 0x200000, 16 } },
	    { { COPY_PT + 0xff8, COPY_B | PWU }, { COPY_PD + 0x10, 0x200000 | PWU | PS } } },

	/* Accessed and dirty flags: C48, and what a processor leaves alone. */
	{ .what = "copyin sets the accessed flag and not the dirty one",
	    COPYIN, X, 1, VK_OK, { { COPY_A, 1 } },
	    .after = { { E1, COPY_A | PWU | 0x20 }, { E4, COPY_PDPT | PWU | 0x20 } } },
	{ .what = "copyout sets the dirty flag in the leaf",
	    COPYOUT, X, 1, VK_OK, { { COPY_A, 1 } },
	    .after = { { E1, COPY_A | PWU | 0x60 }, { E2, COPY_PT | PWU | 0x20 } } },
	{ .what = "copyout sets the dirty flag in a large leaf",
	    COPYOUT, X, 1, VK_OK, { { 0x201000, 1 } }, { { E2, 0x200000 | PWU | PS } },
	    { { E2, 0x200000 | PWU | PS | 0x60 } } },
	{ .what = "bit 6 of an entry above the leaf is left alone",
	    COPYOUT, X, 1, VK_OK, { { COPY_A, 1 } }, { { E2, COPY_PT | PWU | 0x40 } },
	    { { E2, COPY_PT | PWU | 0x60 } } },
	{ .what = "a copy that is denied leaves the leaf without flags",
	    COPYOUT, X, 1, VK_EFAULT, .poke = { { E1, COPY_A | 5 } },
	    .after = { { E1, COPY_A | 5 } } },

	/* Tables that are their own data: C40. */
	{ .what = "a self map in user space shows the top table",
	    COPYIN, SELF + 8, 8, VK_OK, { { E4, 8 } },
	    { { COPY_PML4 + 0x10, COPY_PML4 | PWU } } },
	{ .what = "copyout through a self map writes the table",
	    COPYOUT, SELF + 8, 8, VK_OK, { { E4, 8 } }, { { COPY_PML4 + 0x10, COPY_PML4 | PWU } },
	    { { COPY_PML4 + 0x10, COPY_PML4 | PWU | 0x60 } } },
};
/* clang-format on */

/* The usual tables with the row's changes; data pages of distinct bytes. */
static void
ept_row_make(const struct ept_row *row)
{
	static const uint64_t data[] = {
	    COPY_A, COPY_B, COPY_C, 0x200000, 0x201000, 0x40200000, 0x40201000};
	struct guestpt_mode mode = copy_mode;
	unsigned i;

	umem_clear(&space.mem);
	copy_tables(&space.mem);
	umem_add(&space.mem, 0x5000, UMEM_RW, 0); /* the PML5 */
	memset(umem_at(&space.mem, 0x5000), 0, 0x1000);
	for (i = 0; i < ROWS_COUNT(data); i++)
		umem_add(&space.mem, data[i], UMEM_RW, i + 1);
	for (i = 0; i < 4 && row->poke[i].gpa != 0; i++)
		umem_set_word(&space.mem, row->poke[i].gpa, row->poke[i].value);
	if (row->cr3 != 0)
		mode.cr3 = row->cr3;
	if (row->adjust != NULL)
		row->adjust(&mode);
	vk_us_init_ept(
	    &space.us, umem_gpm(&space.mem), &mode, vk_gva(row->end != 0 ? row->end : COPY_END));
}

/* The pieces, as they were or as they are now, one after the other; returns their size. */
static uint64_t
gather(const struct piece *piece, unsigned char *to, int was)
{
	uint64_t size = 0, i;
	unsigned n;

	for (n = 0; n < 3; n++) {
		for (i = 0; i < piece[n].size; i++) {
			const unsigned char *now = umem_at(&space.mem, piece[n].gpa + i);

			assert_non_null(now);
			to[size++] = was ? space.before[now - space.mem.bytes] : *now;
		}
	}
	return size;
}

/* How many bytes of memory differ from before, flags in the tables not counted. */
static uint64_t
count_changes(void)
{
	uint64_t changes = 0, was, now;
	unsigned page, i, b;

	for (page = 0; page < space.mem.pages; page++) {
		for (i = 0; i < 0x1000; i += 8) {
			memcpy(&was, &space.before[page * 0x1000 + i], sizeof(was));
			memcpy(&now, &space.mem.bytes[page * 0x1000 + i], sizeof(now));
			if (space.mem.page[page].gpa <= 0x5000)
				now = (now & ~0x60ull) | (was & 0x60);
			for (b = 0; b < 64; b += 8)
				changes += ((was ^ now) >> b & 0xff) != 0;
		}
	}
	return changes;
}

static void
run_ept_row(void **state)
{
	const struct ept_row *row = *state;
	struct umem_translation translation[8];
	unsigned char bytes[BUFFER];
	struct copy_args args = {.gva = row->at, .len = row->len, .buffer = space.buffer + MARGIN};
	struct copy_result result;
	uint64_t moved;
	unsigned i;

	ept_row_make(row);
	buffer_fill(row->call);
	space_begin();
	copy_make(&space.us, row->call, &args, &result);
	assert_int_equal(result.error, row->error);
	umem_witness(&space.mem, &space.us, translation,
	    copy_expect(row->call, &args, translation, ROWS_COUNT(translation)));
	if (row->silent)
		assert_int_equal(umem_operations(&space.mem), 0);
	moved = gather(row->piece, bytes, row->call != COPYOUT);
	assert_int_equal(result.done, moved);
	assert_memory_equal(args.buffer, bytes, moved);
	for (i = (unsigned)moved; row->call != COPYOUT && i < BUFFER; i++)
		assert_int_equal(args.buffer[i], FILL);
	assert_true(count_changes() <= (row->call == COPYOUT ? moved : 0));
	for (i = 0; i < 2 && row->after[i].gpa != 0; i++)
		assert_int_equal(umem_word(&space.mem, row->after[i].gpa), row->after[i].value);
}

/* --- every call has the rights of its access ----------------------------------------------- */

struct access_row {
	const char *what;
	uint64_t entry;
	int reads, writes; /* what calls that only read, and others, return */
};

/* clang-format off */
static const struct access_row access_rows[] = {
	{ .what = "uses a page of the user", COPY_A | PWU, VK_OK, VK_OK },
	{ .what = "only reads a read-only page", COPY_A | 5, VK_OK, VK_EFAULT },
	{ .what = "leaves a supervisor page alone", COPY_A | 3, VK_EFAULT, VK_EFAULT },
	{ .what = "leaves a page that is not present alone", COPY_A | 6, VK_EFAULT, VK_EFAULT },
	{ .what = "stops at a reserved bit", COPY_A | PWU | BIT46, VK_EFAULT, VK_EFAULT },
};
/* clang-format on */

/* Row number `name` of the calls against all rows of access. */
static void
run_access_rows(void **state)
{
	const struct copy_call *call = *state;
	struct copy_args args = {.gva = X, .len = 8, .buffer = space.buffer};
	struct copy_result result;
	unsigned i;

	for (i = 0; i < ROWS_COUNT(access_rows); i++) {
		const struct access_row *row = &access_rows[i];
		int expected = (call->acc & UMEM_W) ? row->writes : row->reads;
		uint64_t flags = expected != VK_OK ? 0 : (call->acc & UMEM_W) ? 0x60 : 0x20;

		space_make(PATH_EPT, "w--", COPY_END);
		umem_set_word(&space.mem, E1, row->entry);
		*umem_at(&space.mem, COPY_A + 7) = 0; /* a string that ends */
		copy_make(&space.us, (enum copy_name)(call - copy_call), &args, &result);
		if (result.error != expected)
			fail_msg("%s %s: %d", call->name, row->what, result.error);
		assert_int_equal(umem_word(&space.mem, E1), row->entry | flags);
		umem_check(&space.mem);
	}
}

/* --- tables that a copy changes under itself: C40, C41, C50 -------------------------------- */

static void
the_walk_after_a_self_mapped_write_uses_the_new_entry(void **state)
{
	uint64_t none = 0;
	unsigned char byte;

	(void)state;
	space_make(PATH_EPT, "w--", COPY_END);
	umem_set_word(&space.mem, COPY_PML4 + 0x10, COPY_PML4 | PWU);
	assert_int_equal(vk_copyin(&space.us, vk_gva(X), &byte, 1, NULL), VK_OK);
	assert_int_equal(vk_copyout(&space.us, &none, vk_gva(SELF + 8), 8, NULL), VK_OK);
	assert_int_equal(umem_word(&space.mem, E4), 0);
	assert_int_equal(vk_copyin(&space.us, vk_gva(X), &byte, 1, NULL), VK_EFAULT);
	umem_check(&space.mem);
}

static void
a_copyout_that_remaps_its_second_page_goes_to_the_new_one(void **state)
{
	uint64_t entry = COPY_C | PWU;
	size_t done;

	(void)state;
	space_make(PATH_EPT, "www", COPY_END);
	umem_set_word(&space.mem, E1, COPY_PT | PWU); /* X shows the page table itself */
	space_begin();
	memset(space.buffer, 0, sizeof(space.buffer));
	memcpy(space.buffer, &entry, sizeof(entry)); /* for PT[2], which maps Y */
	memset(space.buffer + 0xff0, 0x5a, 0x10);
	assert_int_equal(
	    vk_copyout(&space.us, space.buffer, vk_gva(X + 0x10), 0x1000, &done), VK_OK);
	assert_int_equal(done, 0x1000);
	assert_int_equal(umem_word(&space.mem, COPY_C), 0x5a5a5a5a5a5a5a5aull);
	assert_memory_equal(umem_at(&space.mem, COPY_B),
	    &space.before[umem_at(&space.mem, COPY_B) - space.mem.bytes], 0x1000);
	umem_check(&space.mem);
}

static void
a_copyout_over_its_own_entry_lands_in_the_old_frame(void **state)
{
	uint64_t entry = COPY_B | PWU;
	unsigned char byte;

	(void)state;
	space_make(PATH_EPT, "ww-", COPY_END);
	umem_set_word(&space.mem, E1, COPY_PT | PWU);
	assert_int_equal(vk_copyout(&space.us, &entry, vk_gva(X + 8), 8, NULL), VK_OK);
	assert_int_equal(umem_word(&space.mem, E1), entry);
	assert_int_equal(vk_copyin(&space.us, vk_gva(X + 8), &byte, 1, NULL), VK_OK);
	assert_int_equal(byte, umem_pattern(2, 8));
	umem_check(&space.mem);
}

static void
an_atomic_operation_on_its_own_entry_sees_the_flags_it_set(void **state)
{
	uint64_t old;

	(void)state;
	space_make(PATH_EPT, "w--", COPY_END);
	umem_set_word(&space.mem, E1, COPY_PT | PWU);
	assert_int_equal(vk_swapu64(&space.us, vk_gva(X + 8), 0, &old), VK_OK);
	assert_int_equal(old, COPY_PT | PWU | 0x60);
	assert_int_equal(umem_word(&space.mem, E1), 0);
	umem_check(&space.mem);
}

/* Accesses whose flags are set already write no table. */
static void
flags_that_are_set_are_not_set_again(void **state)
{
	unsigned char byte = 0;

	(void)state;
	space_make(PATH_EPT, "w--", COPY_END);
	assert_int_equal(vk_copyout(&space.us, &byte, vk_gva(X), 1, NULL), VK_OK);
	assert_int_equal(space.mem.calls[UMEM_CAS], 4);
	umem_forget(&space.mem);
	assert_int_equal(vk_copyout(&space.us, &byte, vk_gva(X), 1, NULL), VK_OK);
	assert_int_equal(vk_copyin(&space.us, vk_gva(X), &byte, 1, NULL), VK_OK);
	assert_int_equal(space.mem.calls[UMEM_CAS], 0);
	assert_int_equal(space.mem.calls[UMEM_LOAD], 8);
	umem_check(&space.mem);
}

/* --- the list ------------------------------------------------------------------------------ */

int
main(void)
{
	struct rows rows = {0};
	size_t i;
	int failed;

	umem_init(&space.mem);
	for (i = 0; i < ROWS_COUNT(copy_rows); i++) {
		rows_add(&rows, "std", copy_rows[i].what, row_on_std, &copy_rows[i]);
		rows_add(&rows, "ept", copy_rows[i].what, row_on_ept, &copy_rows[i]);
		rows_add(&rows, "map", copy_rows[i].what, row_on_map, &copy_rows[i]);
	}
	for (i = FUBYTE; i < COPY_CALLS; i++) {
		rows_add(&rows, copy_call[i].name, "std: works at every place, or faults whole",
		    value_on_std, &copy_call[i]);
		rows_add(&rows, copy_call[i].name, "ept: works at every place, or faults whole",
		    value_on_ept, &copy_call[i]);
		rows_add(&rows, copy_call[i].name, "map: works at every place, or faults whole",
		    value_on_map, &copy_call[i]);
	}
	for (i = 0; i < COPY_CALLS; i++)
		rows_add(&rows, copy_call[i].name, "has the rights of its access and no more",
		    run_access_rows, &copy_call[i]);
	for (i = 0; i < ROWS_COUNT(ept_rows); i++)
		rows_add(&rows, "ept", ept_rows[i].what, run_ept_row, &ept_rows[i]);
	ROWS_ADD_TEST(&rows, values_that_look_like_errors_are_values);
	ROWS_ADD_TEST(&rows, a_value_at_the_end_of_user_space_has_to_fit);
	ROWS_ADD_TEST(&rows, an_atomic_operation_needs_a_page_that_may_be_read);
	ROWS_ADD_TEST(&rows, the_count_may_be_left_out);
	ROWS_ADD_TEST(&rows, the_walk_after_a_self_mapped_write_uses_the_new_entry);
	ROWS_ADD_TEST(&rows, a_copyout_that_remaps_its_second_page_goes_to_the_new_one);
	ROWS_ADD_TEST(&rows, a_copyout_over_its_own_entry_lands_in_the_old_frame);
	ROWS_ADD_TEST(&rows, an_atomic_operation_on_its_own_entry_sees_the_flags_it_set);
	ROWS_ADD_TEST(&rows, flags_that_are_set_are_not_set_again);
	failed = rows_run(&rows, "copyio");
	umem_destroy(&space.mem);
	return failed != 0;
}
