/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The value calls at every place around a page border, and calls that follow each other.
 *
 * Values are played on three paths that must not differ in what the caller sees: an ordinary
 * process (std), a process in guest mode whose own tables deny (ept), and one whose memory map
 * denies (map).  After every call the witness goes through all that was read, set and held.  What
 * one call does under one condition stands in test_copyio_contract.
 *
 * [DF-COPYIO] [DF-EPT-COPYIO] [DF-HOLD]
 */
#include <string.h>

#include "support/support_alone.h"
#include "support/support_copyio.h"
#include "support/support_rows.h"

enum path { PATH_STD, PATH_EPT, PATH_MAP };

/* A user space, its memory as it was, and the kernel's buffer. */
struct space {
	struct umem mem;
	struct vk_us us;
	enum path path;
	unsigned char before[UMEM_PAGES * 4096];
	unsigned char buffer[0x1000];
};

static struct space space;

static void
space_begin(void)
{
	memcpy(space.before, space.mem.bytes, sizeof(space.before));
	umem_forget(&space.mem);
}

/* --- three paths --------------------------------------------------------------------------- */

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

/* --- tables that a copy changes under itself ----------------------------------------------- */

#define PWU COPY_PWU
#define X   COPY_X
#define E4  (COPY_PML4 + 8) /* the entries that X goes through */
#define E1  (COPY_PT + 8)
/* An address whose four indices are all 2, and what maps there when PML4[2] maps the PML4. */
#define SELF 0x0000010080402000ull

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
	for (i = FUBYTE; i < COPY_CALLS; i++) {
		rows_add(&rows, copy_call[i].name, "std: works at every place, or faults whole",
		    value_on_std, &copy_call[i]);
		rows_add(&rows, copy_call[i].name, "ept: works at every place, or faults whole",
		    value_on_ept, &copy_call[i]);
		rows_add(&rows, copy_call[i].name, "map: works at every place, or faults whole",
		    value_on_map, &copy_call[i]);
	}
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
