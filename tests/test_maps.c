/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listings: rows for what one table can hold, and random tables against the core's walkers, page by
 * page [EPT-WALK] [GUEST-WALK] [NPT-WALK] [EPT-MISCONFIG] [GUEST-ENTRY].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "maps/maps.h"
#include "sim/random_numbers.h"

#define PAGES 64u
#define CAP                                                                                        \
	(EPT_CAP_EXEC_ONLY | EPT_CAP_WALK4 | EPT_CAP_WB | EPT_CAP_2M | EPT_CAP_1G | EPT_CAP_AD)
#define WB (6ull << EPT_MEMTYPE_SHIFT)
#define USER (VK_PG_P | VK_PG_RW | VK_PG_US)
#define LIST_MAX 4096

/*
 * Memory of 64 pages.  The guest's tables begin at page 1, the outer ones at page 32; a fixture has
 * one table a level, at pages 1 to 4 from the root down.
 */
struct fixture {
	uint64_t memory[PAGES][VK_TABLE_ENTRIES];
	struct view view;
	struct maps_filter filter;
	struct maps_mapping list[LIST_MAX];
	size_t count;
};

static void
make_view(struct fixture *f)
{
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG, .cr3 = 0x1000, .cr4 = VK_CR4_PKE,
		.efer = VK_EFER_NXE, .page1g = 1, .maxphyaddr = 46 };
	struct image *image = image_create();

	assert_non_null(image);
	assert_true(image_append(image, 0, sizeof(f->memory), (unsigned char *)f->memory));
	memset(f->memory, 0, sizeof(f->memory));
	view_init(&f->view, image, &mode, 3);
}

static int
setup(void **state)
{
	static struct fixture f;

	make_view(&f);
	f.memory[1][0] = 0x2000 | USER;
	f.memory[2][0] = 0x3000 | USER;
	f.memory[3][0] = 0x4000 | USER;
	maps_filter_init(&f.filter, &f.view, MAPS_GUEST);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	view_free(&f->view);
	return 0;
}

static void
set_ept(struct fixture *f, uint64_t controls)
{
	struct hpm nowhere = { NULL, NULL };
	struct ept ept;

	assert_int_equal(ept_init(&ept, nowhere, 32 * 0x1000 | EPTP_AD | 3 << 3 | 6, CAP,
	    (uint32_t)controls, 46), EPTP_VALID);
	view_set_ept(&f->view, &ept);
}

static void
set_npt(struct fixture *f)
{
	struct guestpt_mode host = { .cr3 = 32 * 0x1000, .page1g = 1, .maxphyaddr = 46 };

	view_set_npt(&f->view, &host);
}

static enum maps_status
list(struct fixture *f, enum maps_side side)
{
	struct maps *maps;
	enum maps_status status = maps_begin(&maps, &f->view, side, &f->filter);
	size_t n;

	f->count = 0;
	if (status != MAPS_OK)
		return status;
	/* A few at a time, so that every place is gone on from. */
	while ((n = maps_next(maps, f->list + f->count, 3)) != 0) {
		f->count += n;
		assert_true(f->count < LIST_MAX - 3);
	}
	assert_false(maps_failed(maps));
	maps_end(maps);
	return MAPS_OK;
}

static void
check(const struct fixture *f, size_t i, uint64_t start, uint64_t size, uint64_t gpa,
    unsigned rights, unsigned flags)
{
	const struct maps_mapping *mapping = &f->list[i];

	assert_true(i < f->count);
	assert_true(mapping->start == start && mapping->size == size && mapping->gpa == gpa);
	assert_int_equal(maps_kind_of(mapping), MAPS_PAGE);
	assert_int_equal(maps_part(mapping, MAPS_AT_RIGHTS, MAPS_RIGHTS), rights);
	assert_int_equal(maps_part(mapping, MAPS_AT_FLAGS, MAPS_FLAGS), flags);
}

/* --- one table -------------------------------------------------------------------------------- */

static void
leaves_of_each_size_are_listed(void **state)
{
	struct fixture *f = *state;

	f->memory[4][511] = 0x9000 | USER | VK_PG_A | VK_PG_D;
	f->memory[3][1] = 0x40200000 | USER | VK_PG_PS | VK_PG_PAT_LARGE | VK_PG_G;
	f->memory[2][511] = 0x80000000 | VK_PG_P | VK_PG_PS | VK_PG_XD;
	f->memory[1][256] = 0x2000 | USER;
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	assert_int_equal(f->count, 6);
	check(f, 0, 0x1ff000, 0x1000, 0x9000, MAPS_R | MAPS_W | MAPS_X | MAPS_U, MAPS_A | MAPS_D);
	check(f, 1, 0x200000, 0x200000, 0x40200000, MAPS_R | MAPS_W | MAPS_X | MAPS_U, MAPS_G);
	assert_int_equal(maps_part(&f->list[1], MAPS_AT_CACHE, 7), 4);
	check(f, 2, 511ull << 30, 1 << 30, 0x80000000, MAPS_R, 0);
	check(f, 3, VK_BIT(47) | 0x1ff000, 0x1000, 0x9000, MAPS_R | MAPS_W | MAPS_X | MAPS_U,
	    MAPS_A | MAPS_D);
	assert_true(maps_canonical(f->list[3].start, 48, MAPS_GUEST) == 0xffff8000001ff000);
	assert_true(maps_canonical(f->list[3].start, 48, MAPS_OUTER) == 0x8000001ff000);
	assert_true(f->list[0].hpa == 0x9000);
}

static void
rights_are_those_of_all_entries(void **state)
{
	struct fixture *f = *state;

	f->memory[4][0] = 0x9000 | USER;
	f->memory[1][0] &= ~VK_PG_RW;
	f->memory[2][0] |= VK_PG_XD;
	f->memory[3][0] &= ~VK_PG_US;
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	check(f, 0, 0, 0x1000, 0x9000, MAPS_R, 0);
}

static void
keys_count_where_they_are_on(void **state)
{
	struct fixture *f = *state;

	f->memory[4][0] = 0x9000 | USER | 5ull << VK_PG_PKEY_SHIFT;
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	assert_int_equal(maps_part(&f->list[0], MAPS_AT_KEY, 15), 5);
	f->view.mode.cr4 = 0;
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	assert_int_equal(maps_part(&f->list[0], MAPS_AT_KEY, 15), 0);
}

static void
what_leads_nowhere_is_told(void **state)
{
	struct fixture *f = *state;

	f->memory[4][0] = 0x9000 | USER | VK_BIT(46);
	f->memory[3][1] = 0x201000 | USER | VK_PG_PS | VK_BIT(13);
	f->memory[2][1] = 0x100000 | USER;
	f->memory[1][3] = 0x2000 | USER | VK_PG_PS;
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	assert_int_equal(f->count, 4);
	assert_int_equal(maps_kind_of(&f->list[0]), MAPS_MALFORMED);
	assert_int_equal(maps_kind_of(&f->list[1]), MAPS_MALFORMED);
	assert_true(f->list[1].start == 0x200000 && f->list[1].size == 0x200000);
	assert_int_equal(maps_kind_of(&f->list[2]), MAPS_ABSENT);
	assert_true(f->list[2].gpa == 0x100000 && f->list[2].size == 1 << 30);
	assert_int_equal(maps_kind_of(&f->list[3]), MAPS_MALFORMED);
	assert_true(f->list[3].start == 3ull << 39);
	f->filter.flags = MAPS_A;
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	assert_int_equal(f->count, 0);
}

static void
a_root_that_is_not_there_is_an_error(void **state)
{
	struct fixture *f = *state;

	f->view.mode.cr3 = 0x100000;
	assert_int_equal(list(f, MAPS_GUEST), MAPS_NO_ROOT);
	set_ept(f, 0);
	f->view.ept.eptp += 0x100000;
	assert_int_equal(list(f, MAPS_OUTER), MAPS_NO_ROOT);
	/* One that the outer tables do not map is part of what is listed. */
	f->view.ept.eptp -= 0x100000;
	assert_int_equal(list(f, MAPS_BOTH), MAPS_OK);
	assert_int_equal(f->count, 1);
	assert_int_equal(maps_kind_of(&f->list[0]), MAPS_LOST);
	assert_true(f->list[0].start == 0 && f->list[0].size == VK_BIT(48));
	assert_true(f->list[0].gpa == 0x100000);
}

static void
five_levels_are_five(void **state)
{
	struct fixture *f = *state;

	f->view.mode.cr4 |= VK_CR4_LA57;
	f->memory[4][1] = 0x5000 | USER;
	f->memory[5][2] = 0x9000 | USER;
	f->memory[1][256] = 0x2000 | USER;
	maps_filter_init(&f->filter, &f->view, MAPS_GUEST);
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	assert_int_equal(f->count, 2);
	check(f, 0, 0x202000, 0x1000, 0x9000, MAPS_R | MAPS_W | MAPS_X | MAPS_U, 0);
	assert_true(maps_canonical(f->list[1].start, 57, MAPS_GUEST) == 0xff00000000202000);
}

/* --- filters ---------------------------------------------------------------------------------- */

struct filter_row {
	const char *what;
	unsigned rights, no_rights, flags, no_flags, levels;
	uint64_t start, end, maps;
	const char *expected; /* letters of the pages that are wanted */
};

/*
 * Pages: a 0x0 read-only user, b 0x1000 writable user dirty, c 0x2000 writable, executable, global,
 * d 0x200000 (2M) user, not executable, e 0x40000000 (1G) supervisor, read-only.
 */
static const struct filter_row filter_rows[] = {
	{ "everything", 0, 0, 0, 0, ~0u, 0, VK_BIT(48), 0, "abcde" },
	{ "writable", MAPS_W, 0, 0, 0, ~0u, 0, VK_BIT(48), 0, "bcd" },
	{ "writable and executable", MAPS_W | MAPS_X, 0, 0, 0, ~0u, 0, VK_BIT(48), 0, "bc" },
	{ "of user mode", MAPS_U, 0, 0, 0, ~0u, 0, VK_BIT(48), 0, "abd" },
	{ "not of user mode", 0, MAPS_U, 0, 0, ~0u, 0, VK_BIT(48), 0, "ce" },
	{ "not executable", 0, MAPS_X, 0, 0, ~0u, 0, VK_BIT(48), 0, "d" },
	{ "global", 0, 0, MAPS_G, 0, ~0u, 0, VK_BIT(48), 0, "c" },
	{ "dirty", 0, 0, MAPS_D, 0, ~0u, 0, VK_BIT(48), 0, "b" },
	{ "clean", 0, 0, 0, MAPS_D, ~0u, 0, VK_BIT(48), 0, "acde" },
	{ "of 4K", 0, 0, 0, 0, 2, 0, VK_BIT(48), 0, "abc" },
	{ "of 2M", 0, 0, 0, 0, 4, 0, VK_BIT(48), 0, "d" },
	{ "of 1G", 0, 0, 0, 0, 8, 0, VK_BIT(48), 0, "e" },
	{ "from a page on", 0, 0, 0, 0, ~0u, 0x1000, VK_BIT(48), 0, "bcde" },
	{ "from within a large page on", 0, 0, 0, 0, ~0u, 0x300000, VK_BIT(48), 0, "de" },
	{ "below a page", 0, 0, 0, 0, ~0u, 0, 0x2000, 0, "ab" },
	{ "below the next byte", 0, 0, 0, 0, ~0u, 0, 0x2001, 0, "abc" },
	{ "one byte", 0, 0, 0, 0, ~0u, 0x4fffffff, 0x50000000, 0, "e" },
	{ "nothing", 0, 0, 0, 0, ~0u, 0x3000, 0x3000, 0, "" },
	{ "what maps an address", 0, 0, 0, 0, ~0u, 0, VK_BIT(48), 0x9fff, "b" },
	{ "what maps an address of a large page", 0, 0, 0, 0, ~0u, 0, VK_BIT(48), 0x80123456,
	    "e" },
};

static void
fill_for_filters(struct fixture *f)
{
	f->memory[4][0] = 0x8000 | VK_PG_P | VK_PG_US;
	f->memory[4][1] = 0x9000 | USER | VK_PG_D;
	f->memory[4][2] = 0xa000 | VK_PG_P | VK_PG_RW | VK_PG_G;
	f->memory[3][1] = 0x40200000 | USER | VK_PG_PS | VK_PG_XD;
	f->memory[2][1] = 0x80000000 | VK_PG_P | VK_PG_PS;
}

static char
letter_of(const struct maps_mapping *mapping)
{
	if (mapping->size != 0x1000)
		return mapping->size == 0x200000 ? 'd' : 'e';
	return (char)('a' + (mapping->start >> 12));
}

static void
filters_pass_what_they_want(void **state)
{
	struct fixture *f = *state;
	size_t i, n;

	fill_for_filters(f);
	for (i = 0; i < sizeof(filter_rows) / sizeof(filter_rows[0]); i++) {
		const struct filter_row *row = &filter_rows[i];
		char found[16] = "";

		maps_filter_init(&f->filter, &f->view, MAPS_GUEST);
		f->filter.rights = row->rights;
		f->filter.no_rights = row->no_rights;
		f->filter.flags = row->flags;
		f->filter.no_flags = row->no_flags;
		f->filter.levels = row->levels;
		f->filter.start = row->start;
		f->filter.end = row->end;
		f->filter.by_gpa = row->maps != 0;
		f->filter.gpa = row->maps;
		assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
		for (n = 0; n < f->count; n++)
			found[n] = letter_of(&f->list[n]);
		if (strcmp(found, row->expected) != 0)
			fail_msg("%s: found %s, expected %s", row->what, found, row->expected);
		f->filter.by_hpa = f->filter.by_gpa;
		f->filter.hpa = f->filter.gpa;
		assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
		assert_int_equal(f->count, strlen(row->expected));
	}
}

/* --- through both ----------------------------------------------------------------------------- */

static void
map_outer(struct fixture *f, uint64_t table, uint64_t page)
{
	unsigned i;

	f->memory[32][0] = 33 * 0x1000 | table;
	f->memory[33][0] = 34 * 0x1000 | table;
	f->memory[34][0] = 35 * 0x1000 | table;
	for (i = 0; i < 16; i++)
		f->memory[35][i] = i * 0x1000 | page;
}

static void
a_page_comes_in_the_parts_that_back_it(void **state)
{
	struct fixture *f = *state;

	set_ept(f, 0);
	map_outer(f, EPT_RWX, EPT_RWX | WB | EPT_A | EPT_D);
	f->memory[35][20] = 0x77000 | EPT_R | EPT_X | WB;
	f->memory[34][3] = 0x800000 | EPT_RWX | WB | EPT_PS | EPT_IPAT;
	f->memory[2][1] = VK_PG_P | VK_PG_RW | VK_PG_PS; /* 1G at guest-physical 0 */
	f->filter.start = 0x40000000;
	f->filter.end = 0x80000000;
	assert_int_equal(list(f, MAPS_BOTH), MAPS_OK);
	/* 16 pages, a hole, the page at 20, holes of 4K and of 2M, a page of 2M, holes. */
	assert_true(f->count > 20);
	check(f, 0, 0x40000000, 0x1000, 0, MAPS_R | MAPS_W | MAPS_X, 0);
	assert_int_equal(maps_part(&f->list[0], MAPS_AT_OUTER_FLAGS, 7), MAPS_A | MAPS_D);
	assert_int_equal(maps_kind_of(&f->list[16]), MAPS_UNBACKED);
	assert_true(f->list[16].start == 0x40010000 && f->list[16].hpa == MAPS_NOWHERE);
	check(f, 20, 0x40014000, 0x1000, 0x14000, MAPS_R | MAPS_X, 0);
	assert_true(f->list[20].hpa == 0x77000);
	assert_int_equal(maps_part(&f->list[20], MAPS_AT_GUEST_RIGHTS, MAPS_RIGHTS),
	    MAPS_R | MAPS_W | MAPS_X);
	assert_int_equal(maps_part(&f->list[20], MAPS_AT_OUTER_RIGHTS, MAPS_RIGHTS),
	    MAPS_R | MAPS_X);
	f->filter.by_hpa = true;
	f->filter.hpa = 0x812345;
	assert_int_equal(list(f, MAPS_BOTH), MAPS_OK);
	assert_int_equal(f->count, 1);
	check(f, 0, 0x40600000, 0x200000, 0x600000, MAPS_R | MAPS_W | MAPS_X, 0);
	assert_int_equal(maps_part(&f->list[0], MAPS_AT_OUTER_LEVEL, 7), 2);
	assert_int_equal(maps_part(&f->list[0], MAPS_AT_MEMTYPE, 15), 6 | 8);
}

static void
mode_based_execute_has_a_right_for_user_pages(void **state)
{
	struct fixture *f = *state;

	set_ept(f, EPT_CTL_MBEC);
	map_outer(f, EPT_RWX | EPT_XU, EPT_R | EPT_X | WB);
	f->memory[35][9] = 0x9000 | EPT_R | EPT_XU | WB;
	f->memory[4][0] = 0x8000 | USER;
	f->memory[4][1] = 0x9000 | USER;
	f->memory[4][2] = 0x8000 | VK_PG_P | VK_PG_RW;
	f->memory[4][3] = 0x9000 | VK_PG_P | VK_PG_RW;
	assert_int_equal(list(f, MAPS_BOTH), MAPS_OK);
	check(f, 0, 0x0000, 0x1000, 0x8000, MAPS_R | MAPS_U, 0);
	check(f, 1, 0x1000, 0x1000, 0x9000, MAPS_R | MAPS_X | MAPS_U, 0);
	check(f, 2, 0x2000, 0x1000, 0x8000, MAPS_R | MAPS_X, 0);
	check(f, 3, 0x3000, 0x1000, 0x9000, MAPS_R, 0);
	assert_int_equal(list(f, MAPS_OUTER), MAPS_OK);
	assert_int_equal(maps_part(&f->list[9], MAPS_AT_RIGHTS, MAPS_RIGHTS), MAPS_R | MAPS_U);
}

static void
nested_tables_without_user_give_nothing(void **state)
{
	struct fixture *f = *state;

	set_npt(f);
	map_outer(f, USER, USER | VK_PG_A);
	f->memory[35][9] = 0x9000 | VK_PG_P | VK_PG_RW;
	f->memory[4][0] = 0x9000 | USER;
	assert_int_equal(list(f, MAPS_BOTH), MAPS_OK);
	check(f, 0, 0, 0x1000, 0x9000, MAPS_U, 0);
	f->memory[35][4] = 0x4000 | VK_PG_P;
	assert_int_equal(list(f, MAPS_BOTH), MAPS_OK);
	assert_int_equal(maps_kind_of(&f->list[0]), MAPS_LOST);
}

/* --- random tables ---------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t
draw(void)
{
	return random_splitmix(&random_state);
}

/* A few entries in each table of [first, first + 24), which lead to others or to pages. */
static void
fill_at_random(struct fixture *f, unsigned first, uint64_t rights, uint64_t odd)
{
	unsigned table, n;

	for (table = first; table < first + 24; table++) {
		for (n = 0; n < 6; n++) {
			uint64_t entry = (first + 1 + draw() % 23) << 12 | rights;

			entry ^= draw() & draw() & draw() & odd;
			if (draw() % 3 == 0)
				entry |= 0x80 | (draw() & VK_BITS(45, 30));
			f->memory[table][draw() % 4 * 170] = entry;
		}
	}
}

/* What the core's walkers say of one page: through both tables, or one. */
static bool
walk_page(const struct fixture *f, enum maps_side side, uint64_t address, uint64_t *to,
    uint64_t *perm, uint64_t *outer_perm)
{
	struct guestpt_walk guest;
	struct guestpt pt;
	struct ept_walk ept;
	enum ept_status status;

	*to = address;
	if (side != MAPS_OUTER) {
		guestpt_init(&pt, view_guest_memory(&f->view), &f->view.mode);
		if (guestpt_walk(&pt, vk_gva(maps_canonical(address, 48, MAPS_GUEST)),
		    VK_ACC_R | VK_ACC_USER, &guest) != GUESTPT_OK &&
		    guest.why != GUESTPT_WHY_RIGHTS)
			return false;
		*to = guest.gpa.v;
		*perm = guest.perm;
	}
	if (side == MAPS_GUEST)
		return true;
	if (f->view.outer == VIEW_NPT) {
		enum guestpt_status npt = view_npt_walk(&f->view.npt, vk_gpa(*to), VK_ACC_R,
		    &guest);

		*to = guest.gpa.v;
		*outer_perm = guest.perm;
		return npt == GUESTPT_OK || guest.why == GUESTPT_WHY_RIGHTS;
	}
	status = ept_walk(&f->view.ept, vk_gpa(*to), 0, &ept);
	*to = ept.hpa.v;
	*outer_perm = ept.perm;
	return status == EPT_OK;
}

static unsigned
expected_rights(const struct fixture *f, enum maps_side side, uint64_t perm, uint64_t outer_perm)
{
	unsigned outer = f->view.outer == VIEW_NPT ? maps_npt_rights(outer_perm) :
	    maps_ept_rights(outer_perm);

	if (side == MAPS_GUEST)
		return maps_guest_rights(perm);
	return side == MAPS_OUTER ? outer : maps_guest_rights(perm) & (outer | MAPS_U);
}

/* Looks at a few pages of every mapping, and between them where nothing may be. */
static void
check_listing(const struct fixture *f, enum maps_side side)
{
	uint64_t end = 0, to, perm = 0, outer_perm = 0;
	size_t i;

	for (i = 0; i < f->count; i++) {
		const struct maps_mapping *m = &f->list[i];
		uint64_t offset = draw() % m->size;
		bool mapped = walk_page(f, side, m->start + offset, &to, &perm, &outer_perm);

		assert_true(m->start >= end);
		end = m->start + m->size;
		assert_int_equal(mapped, maps_kind_of(m) == MAPS_PAGE);
		if (!mapped)
			continue;
		assert_true(to == (side == MAPS_GUEST ? m->gpa : m->hpa) + offset);
		assert_int_equal(maps_part(m, MAPS_AT_RIGHTS, MAPS_RIGHTS),
		    expected_rights(f, side, perm, outer_perm));
	}
	for (i = 0; i < 2000 && f->count != 0; i++) {
		/* By the indices in use, and so never far from something. */
		uint64_t address = f->filter.start | (draw() % 4 * 170) << 30 |
		    (draw() % 4 * 170 + draw() % 2) << 21 | (draw() % 4 * 170 + draw() % 2) << 12;
		size_t n = 0;

		if (!walk_page(f, side, address, &to, &perm, &outer_perm))
			continue;
		while (n < f->count && address - f->list[n].start >= f->list[n].size)
			n++;
		assert_true(n < f->count && maps_kind_of(&f->list[n]) == MAPS_PAGE);
	}
}

static void
check_random(struct fixture *f, enum maps_side side)
{
	enum maps_status status;

	maps_filter_init(&f->filter, &f->view, side);
	f->filter.start = (draw() % 4 * 170) << 39;
	f->filter.end = f->filter.start + VK_BIT(39);
	status = list(f, side);
	assert_true(status == MAPS_OK || status == MAPS_NO_ROOT);
	if (status == MAPS_OK)
		check_listing(f, side);
}

static void
random_tables_are_listed_as_they_are_walked(void **state)
{
	struct fixture *f = *state;
	unsigned run;

	for (run = 0; run < 60; run++) {
		random_state = run;
		view_free(&f->view);
		make_view(f);
		if (run & 1) {
			fill_at_random(f, 32, USER, USER | VK_PG_XD | VK_BIT(50));
			set_npt(f);
		} else {
			fill_at_random(f, 32, EPT_RWX | WB, EPT_RWX | VK_BIT(50) | EPT_IPAT);
			set_ept(f, 0);
		}
		fill_at_random(f, 1, USER, USER | VK_PG_XD | VK_BIT(48));
		check_random(f, MAPS_OUTER);
		/* So that tables are found, the first pages are what they are. */
		map_outer(f, run & 1 ? USER : EPT_RWX, run & 1 ? USER : EPT_RWX | WB);
		f->memory[34][0] = (run & 1 ? USER : EPT_RWX | WB) | 0x80;
		check_random(f, MAPS_GUEST);
		check_random(f, MAPS_BOTH);
	}
}

/* --- census ----------------------------------------------------------------------------------- */

static void
shared_tables_are_counted_once_and_listed_each_time(void **state)
{
	struct fixture *f = *state;
	struct maps_census census;

	f->memory[4][0] = 0x9000 | USER;
	f->memory[4][1] = 0xa000 | USER;
	f->memory[3][7] = 0x4000 | USER;
	f->memory[2][9] = 0x3000 | USER;
	f->memory[2][10] = 0x80000000 | USER | VK_PG_PS;
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	assert_int_equal(f->count, 9);
	assert_int_equal(maps_census_make(&census, &f->view, MAPS_GUEST, &f->filter, true),
	    MAPS_OK);
	assert_int_equal(census.tables[4], 1);
	assert_int_equal(census.tables[2], 1);
	assert_int_equal(census.tables[1], 1);
	assert_int_equal(census.entered, 1 + 1 + 2 + 4);
	assert_int_equal(census.pages[1], 8);
	assert_int_equal(census.pages[3], 1);
	f->filter.start = 0x1000;
	assert_int_equal(maps_census_make(&census, &f->view, MAPS_GUEST, &f->filter, true),
	    MAPS_OK);
	assert_int_equal(census.pages[1], 7);
}

static void
tables_that_loop_are_counted_and_not_listed(void **state)
{
	struct fixture *f = *state;
	struct maps_census census;
	unsigned i;

	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		f->memory[1][i] = 0x1000 | USER;
	assert_int_equal(maps_census_make(&census, &f->view, MAPS_GUEST, &f->filter, true),
	    MAPS_TOO_MANY);
	assert_true(census.pages[1] == VK_BIT(36));
	assert_true(census.entered == 1 + VK_BIT(9) + VK_BIT(18) + VK_BIT(27));
	assert_int_equal(list(f, MAPS_GUEST), MAPS_TOO_MANY);
	f->filter.start = 0x12345678000;
	f->filter.end = 0x1234567a000;
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	assert_int_equal(f->count, 2);
	/* A table that names itself once is one that programs make to see their tables. */
	memset(f->memory[1], 0, sizeof(f->memory[1]));
	f->memory[1][3] = 0x1000 | USER;
	maps_filter_init(&f->filter, &f->view, MAPS_GUEST);
	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	assert_int_equal(f->count, 1);
	check(f, 0, 3ull << 39 | 3ull << 30 | 3ull << 21 | 3ull << 12, 0x1000, 0x1000,
	    MAPS_R | MAPS_W | MAPS_X | MAPS_U, 0);
}

static void
parts_without_end_end_the_listing(void **state)
{
	struct fixture *f = *state;
	struct maps_mapping batch[64];
	struct maps *maps;
	unsigned i, table;

	/* 512 pages of 1G, each of 2^18 parts, under 500 tables. */
	set_ept(f, 0);
	map_outer(f, EPT_RWX, EPT_RWX | WB);
	for (table = 32; table < 35; table++) {
		for (i = 0; i < VK_TABLE_ENTRIES; i++)
			f->memory[table][i] = f->memory[table][0];
	}
	for (i = 0; i < VK_TABLE_ENTRIES; i++) {
		f->memory[35][i] = (i & 15) << 12 | EPT_RWX | WB;
		f->memory[1][i] = 0x2000 | USER;
		f->memory[2][i] = USER | VK_PG_PS;
	}
	f->filter.by_hpa = true; /* nothing, so that this test need not take it in */
	f->filter.hpa = VK_BIT(45);
	assert_int_equal(maps_begin(&maps, &f->view, MAPS_BOTH, &f->filter), MAPS_OK);
	while (maps_next(maps, batch, 64) != 0)
		;
	assert_true(maps_failed(maps));
	maps_end(maps);
}

/* --- folding ---------------------------------------------------------------------------------- */

static size_t
fold(struct fixture *f, enum maps_fold how, struct maps_range *range, size_t room)
{
	struct maps_folder folder;
	size_t i, n = 0;

	assert_int_equal(list(f, MAPS_GUEST), MAPS_OK);
	maps_folder_init(&folder, how);
	for (i = 0; i < f->count; i++) {
		assert_true(n < room);
		n += maps_folder_add(&folder, &f->list[i], &range[n]);
	}
	while (n < room && maps_folder_finish(&folder, &range[n]))
		n++;
	return n;
}

static void
neighbours_that_are_alike_are_folded(void **state)
{
	struct fixture *f = *state;
	struct maps_range range[16];

	f->memory[4][0] = 0x9000 | USER;
	f->memory[4][1] = 0xa000 | USER;
	f->memory[4][2] = 0xb000 | USER | VK_PG_A;
	f->memory[4][3] = 0xd000 | USER | VK_PG_A;
	f->memory[4][5] = 0xf000 | USER | VK_PG_A;
	assert_int_equal(fold(f, MAPS_FOLD_EQUAL, range, 16), 4);
	assert_true(range[0].mapping.size == 0x2000 && range[0].pages == 2);
	assert_true(range[1].mapping.gpa == 0xb000 && range[1].pages == 1);
	assert_int_equal(fold(f, MAPS_FOLD_RIGHTS, range, 16), 2);
	assert_true(range[0].mapping.size == 0x4000 && range[0].pages == 4);
	assert_int_equal(fold(f, MAPS_FOLD_NONE, range, 16), 5);
}

static void
the_same_memory_at_equal_distances_is_a_series(void **state)
{
	struct fixture *f = *state;
	struct maps_range range[64];
	unsigned i;

	for (i = 0; i < 10; i++)
		f->memory[4][3 + 16 * i] = 0x9000 | USER;
	f->memory[4][200] = 0x9000 | USER;
	f->memory[4][216] = 0xa000 | USER;
	assert_int_equal(fold(f, MAPS_FOLD_EQUAL, range, 64), 3);
	assert_true(range[0].mapping.start == 0x3000);
	assert_int_equal(range[0].repeats, 10);
	assert_true(range[0].step == 0x10000);
	assert_int_equal(range[1].repeats, 1);
	assert_int_equal(fold(f, MAPS_FOLD_NONE, range, 64), 12);
}

/* --- differences ------------------------------------------------------------------------------ */

static size_t
differ(struct fixture *a, struct fixture *b, struct maps_difference *found, size_t room)
{
	struct maps *before, *after;
	struct maps_differ *work;
	size_t n = 0;

	assert_int_equal(maps_begin(&before, &a->view, MAPS_GUEST, &a->filter), MAPS_OK);
	assert_int_equal(maps_begin(&after, &b->view, MAPS_GUEST, &a->filter), MAPS_OK);
	work = maps_differ_begin(before, after, MAPS_FOLD_EQUAL);
	assert_non_null(work);
	while (n < room && maps_differ_next(work, &found[n]))
		n++;
	assert_false(maps_differ_failed(work));
	maps_differ_end(work);
	return n;
}

static void
differences_are_found_whatever_the_size_of_pages(void **state)
{
	static struct fixture other;
	struct fixture *f = *state;
	struct maps_difference found[16];
	unsigned i;

	make_view(&other);
	memcpy(other.memory, f->memory, sizeof(f->memory));
	assert_int_equal(differ(f, &other, found, 16), 0);
	f->memory[4][0] = 0x9000 | USER;
	f->memory[4][1] = 0xa000 | USER;
	other.memory[4][1] = 0xa000 | USER;
	other.memory[4][2] = 0xb000 | USER;
	other.memory[4][3] = 0xc000 | USER;
	assert_int_equal(differ(f, &other, found, 16), 2);
	assert_true(found[0].has[0] && !found[0].has[1] && found[0].mapping[0].start == 0);
	assert_true(!found[1].has[0] && found[1].has[1] && found[1].pages == 2);
	assert_true(found[1].mapping[1].size == 0x2000);
	other.memory[4][0] = 0xb000 | USER;
	assert_int_equal(differ(f, &other, found, 16), 2);
	assert_true(found[0].has[0] && found[0].has[1] && found[0].mapping[1].gpa == 0xb000);
	/* A large page against the same memory in small ones, of which one is elsewhere. */
	f->memory[3][1] = 0x40200000 | USER | VK_PG_PS;
	other.memory[3][1] = 0x5000 | USER;
	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		other.memory[5][i] = 0x40200000 | (uint64_t)i << 12 | USER;
	other.memory[5][100] += 0x1000;
	f->memory[4][2] = other.memory[4][2];
	f->memory[4][3] = other.memory[4][3];
	other.memory[4][0] = f->memory[4][0];
	i = (unsigned)differ(f, &other, found, 16);
	assert_int_equal(i, 3); /* another level is another mapping, and 100 splits it */
	assert_true(found[1].mapping[0].start == 0x264000 && found[1].mapping[0].size == 0x1000);
	assert_true(found[1].mapping[0].gpa + 0x1000 == found[1].mapping[1].gpa);
	view_free(&other.view);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(leaves_of_each_size_are_listed),
		TEST(rights_are_those_of_all_entries),
		TEST(keys_count_where_they_are_on),
		TEST(what_leads_nowhere_is_told),
		TEST(a_root_that_is_not_there_is_an_error),
		TEST(five_levels_are_five),
		TEST(filters_pass_what_they_want),
		TEST(a_page_comes_in_the_parts_that_back_it),
		TEST(mode_based_execute_has_a_right_for_user_pages),
		TEST(nested_tables_without_user_give_nothing),
		TEST(random_tables_are_listed_as_they_are_walked),
		TEST(shared_tables_are_counted_once_and_listed_each_time),
		TEST(tables_that_loop_are_counted_and_not_listed),
		TEST(parts_without_end_end_the_listing),
		TEST(neighbours_that_are_alike_are_folded),
		TEST(the_same_memory_at_equal_distances_is_a_series),
		TEST(differences_are_found_whatever_the_size_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
