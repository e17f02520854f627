/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copyio by the short way, through the direct map of a two-dimensional machine.
 *
 * What has to hold: a call with nested_direct() returns, moves and leaves behind what the same call
 * does that walks for every page, on machines with broken and with flagless entries; and pages that
 * are found together cost one reading of each entry.  The walk is compiled once more here, with a
 * read that takes notes.
 *
 * [DF-COPYIO] [GUEST-AD] [EPT-AD]
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint64_t note_read(const uint64_t *place);

#define NESTED_READ(place) note_read(place)
#include "nested/nested_walk.c"

#include "nested/nested_memory.h"
#include "sim/random_numbers.h"
#include "support/flat_machine.h"
#include "support/support_alone.h"
#include "support/support_copyio.h"

#define PAGES    8
#define START    0x00002a5f49dfc000ull /* half of the pages are in the next page table */
#define MACHINES 3000
#define CALLS    24 /* on one machine */
#define BUFFER   (PAGES * VK_PAGE_BYTES)

/* --- notes --------------------------------------------------------------------------------- */

#define NOTES 256

static const uint64_t *noted[NOTES];
static unsigned notes;
static int noting;

static uint64_t
note_read(const uint64_t *place)
{
	if (noting) {
		assert_true(notes < NOTES);
		noted[notes++] = place;
	}
	return *place;
}

/* --- a machine and its user space ------------------------------------------------------------ */

struct side {
	struct flat_machine m;
	struct nested_memory memory;
	struct vk_us us;
	uint64_t frame[PAGES]; /* of the user's pages */
	unsigned char buffer[BUFFER];
};

static struct side direct, walked;
static uint64_t chance;

static unsigned
draw(unsigned below)
{
	return random_xorshift_below(&chance, below);
}

/* Some pages far apart in guest-physical memory, some side by side; on some machines 2 MiB pages.
 */
static void
side_make_tables(struct side *side, uint64_t seed)
{
	struct flat_machine *m = &side->m;
	unsigned i, level = seed % 5 == 4 ? 2 : 1;
	int flagless = seed % 3 == 1;
	uint64_t gpa = FLAT_GPA;

	flat_init_empty(m);
	m->table_level = seed % 7 == 6 ? 2 : 1;
	m->mode.cr3 = flat_new_guest_table(m);
	for (i = 0; i < PAGES; i++) {
		uint64_t none = flagless && draw(3) == 0 ? VK_PG_A | VK_PG_D : 0;
		uint64_t ept_none = flagless && draw(4) == 0 ? EPT_A | EPT_D : 0;

		gpa += level == 2 || draw(3) == 0 ? 0x0000004040403000ull : VK_PAGE_BYTES;
		assert_true(flat_add_page(m, START + i * VK_PAGE_BYTES, gpa, 1, level,
		    FLAT_GUEST_PAGE & ~none, FLAT_EPT_PAGE & ~ept_none));
		side->frame[i] = level == 2 ? flat_load(m, m->guest_leaf) & VK_BITS(29, 12) :
					      flat_load(m, m->ept_leaf) & FLAT_FRAME_BITS;
	}
}

static int
is_ept_frame_bit(uint64_t entry, unsigned bit)
{
	return (entry & EPT_MEMTYPE) == FLAT_WB && bit >= 12 && bit < 18;
}

/*
 * Turns over a bit of some entries.  Frames inside the window stay as they are: two pages on one
 * frame, or a page on a table, would make the outcome depend on when an entry is read.
 */
static void
side_break(struct side *side, unsigned faults)
{
	struct flat_machine *m = &side->m;

	while (faults-- > 0) {
		uint64_t slot = m->entry[draw(m->entries)], entry = flat_load(m, slot);
		unsigned bit = draw(64);

		if (bit < 12 || bit >= 18 || (!is_ept_frame_bit(entry, bit) && entry >> 38 != 0))
			flat_store(m, slot, entry ^ VK_BIT(bit));
	}
}

static void
side_finish(struct side *side, int is_direct)
{
	flat_set(&side->m);
	nested_memory_init(&side->memory, &side->m.nested);
	vk_us_init_ept(
	    &side->us, nested_memory_gpm(&side->memory), &side->m.mode, vk_gva(COPY_END));
	if (is_direct)
		side->us.direct = nested_direct(&side->m.nested);
}

static void
side_make(struct side *side, uint64_t seed, int is_direct)
{
	unsigned i, j;

	chance = (seed + 1) * 0x9e3779b97f4a7c15ull;
	side_make_tables(side, seed);
	for (i = 0; i < PAGES; i++) {
		for (j = 0; j < VK_PAGE_BYTES; j += 8)
			flat_store(&side->m, side->frame[i] + j,
			    draw(200) == 0 ? 0 : 0x0101010101010101ull * (1 + draw(255)));
	}
	side_break(side, seed % 4 < 2 ? 0 : draw(4));
	for (i = 0; i < BUFFER; i++)
		side->buffer[i] = (unsigned char)(i * 7 + seed);
	side_finish(side, is_direct);
}

/* --- both ways ----------------------------------------------------------------------------- */

static unsigned outcomes[COPY_CALLS][3]; /* by error */

static void
random_args(struct copy_args *args, enum copy_name name)
{
	args->gva = START + draw(BUFFER + 64) - 32;
	if (draw(4) == 0)
		args->gva &= ~VK_PAGE_OFFSET_MASK;
	if (copy_call[name].acc == UMEM_RW && draw(8) != 0)
		args->gva &= ~7ull;
	args->len = draw(3) == 0 ? draw(200) : draw(BUFFER);
	args->value = chance * 0x9e3779b97f4a7c15ull;
	args->expected = chance;
}

static void
compare_call(uint64_t seed, enum copy_name name, struct copy_args *args)
{
	struct copy_result a, b;

	args->buffer = direct.buffer;
	copy_make(&direct.us, name, args, &a);
	args->buffer = walked.buffer;
	copy_make(&walked.us, name, args, &b);
	if (a.error != b.error || a.done != b.done || a.value != b.value ||
	    memcmp(direct.buffer, walked.buffer, BUFFER) != 0 ||
	    memcmp(direct.m.memory, walked.m.memory, FLAT_BYTES) != 0)
		fail_msg("seed %" PRIu64 ", %s at %#" PRIx64 ", length %#" PRIx64
			 ": error %d and %d, count %zu and %zu",
		    seed, copy_call[name].name, args->gva, args->len, a.error, b.error, a.done,
		    b.done);
	outcomes[name][a.error]++;
}

static void
the_short_way_does_what_a_walk_for_every_page_does(void **state)
{
	struct copy_args args;
	uint64_t seed, calls, short_loads = 0, long_loads = 0;
	unsigned i, name;

	(void)state;
	memset(outcomes, 0, sizeof(outcomes));
	for (seed = 0; seed < MACHINES; seed++) {
		side_make(&direct, seed, 1);
		side_make(&walked, seed, 0);
		calls = chance;
		for (i = 0; i < CALLS; i++) {
			enum copy_name call = (enum copy_name)((seed + i) % COPY_CALLS);

			chance = calls + i + 1;
			(void)draw(2);
			random_args(&args, call);
			compare_call(seed, call, &args);
		}
		short_loads += direct.m.loads;
		long_loads += walked.m.loads;
		flat_destroy(&direct.m);
		flat_destroy(&walked.m);
	}
	/* What the short way leaves to the long one is the exception. */
	assert_true(short_loads < long_loads / 2);
	for (name = 0; name < COPY_CALLS; name++)
		assert_true(outcomes[name][VK_OK] > 100 && outcomes[name][VK_EFAULT] > 100);
}

/* --- what is read -------------------------------------------------------------------------- */

static size_t
find_with_notes(
    struct side *side, struct vk_direct_cursor *cursor, uint64_t gva, size_t count, void **page)
{
	size_t found;

	notes = 0;
	noting = 1;
	found =
	    side->us.direct.find(side->us.direct.ctx, cursor, vk_gva(gva), VK_ACC_R, count, page);
	noting = 0;
	return found;
}

static unsigned
times_read(uint64_t slot)
{
	unsigned i, times = 0;

	for (i = 0; i < notes; i++)
		times += noted[i] == &direct.m.memory[slot / 8];
	return times;
}

/* Finds pages, which must be those of single walks, by one reading of each entry that names one. */
static void
find_and_check(struct vk_direct_cursor *cursor, uint64_t gva, size_t count, size_t expected)
{
	uint64_t slot[FLAT_REFERENCES];
	void *page[PAGES];
	size_t i;

	assert_int_equal(find_with_notes(&direct, cursor, gva, count, page), expected);
	for (i = 0; i < expected; i++) {
		flat_path(&direct.m, gva, slot);
		assert_int_equal(times_read(slot[FLAT_REFERENCES - 5]), 1);
		assert_int_equal(times_read(slot[FLAT_REFERENCES - 1]), 1);
		assert_ptr_equal(page[i],
		    (char *)direct.m.memory + (gva & VK_PAGE_OFFSET_MASK) +
			(flat_load(&direct.m, slot[FLAT_REFERENCES - 1]) & FLAT_FRAME_BITS));
		gva = (gva | VK_PAGE_OFFSET_MASK) + 1;
	}
}

#define WAY_DOWN 19u /* reads, to the guest's page table */
#define A_PAGE   3u
#define A_REGION 2u /* more, for another GiB of guest-physical memory */

/* Two GiB of guest-physical addresses. */
#define NEAR 0x0000351e40000000ull
#define FAR  0x0000351f80000000ull

static void
pages_found_together_cost_one_reading_of_what_is_above_them(void **state)
{
	static const uint64_t region[PAGES] = {NEAR, NEAR, NEAR, FAR, FAR, FAR, NEAR, NEAR};
	struct vk_direct_cursor cursor = {{0, 0, 0}};
	struct flat_machine *m = &direct.m;
	uint64_t slot[FLAT_REFERENCES], behind;
	unsigned i;

	(void)state;
	flat_init_empty(m);
	m->mode.cr3 = flat_new_guest_table(m);
	for (i = 0; i < PAGES; i++)
		assert_true(flat_add_page(m, START + i * VK_PAGE_BYTES,
		    region[i] + i * VK_PAGE_BYTES, 1, 1, FLAT_GUEST_PAGE, FLAT_EPT_PAGE));
	side_finish(&direct, 1);
	/* What lies behind the first page table looks like an entry of it. */
	flat_path(m, START + 3 * VK_PAGE_BYTES, slot);
	behind = slot[FLAT_REFERENCES - 5] + 8;
	flat_store(m, behind, flat_load(m, slot[FLAT_REFERENCES - 5]));
	find_and_check(&cursor, START + 0x123, 2, 2);
	assert_int_equal(notes, WAY_DOWN + 2 * A_PAGE + A_REGION);
	/* The cursor goes on; pages of another table are not found with these. */
	find_and_check(&cursor, START + 0x2000, 6, 2);
	assert_int_equal(notes, 2 * A_PAGE + A_REGION);
	find_and_check(&cursor, START + 0x4000, 1, 1);
	assert_int_equal(notes, WAY_DOWN + A_PAGE + A_REGION);
	find_and_check(&cursor, START + 0x5000, 3, 3);
	assert_int_equal(notes, 3 * A_PAGE + A_REGION);
	flat_destroy(m);
}

static void
an_entry_that_is_not_ordinary_ends_what_is_found_before_its_page(void **state)
{
	static const struct {
		unsigned reference; /* of the walk */
		uint64_t bits;      /* turned over */
	} faults[] = {
	    {FLAT_REFERENCES - 5, VK_PG_P},
	    {FLAT_REFERENCES - 5, VK_PG_US},
	    {FLAT_REFERENCES - 5, VK_PG_A},
	    {FLAT_REFERENCES - 5, VK_BIT(51)},
	    {FLAT_REFERENCES - 1, EPT_R},
	    {FLAT_REFERENCES - 1, EPT_A},
	    {FLAT_REFERENCES - 1, VK_BIT(4)},
	    {FLAT_REFERENCES - 1, VK_BIT(30)},
	};
	uint64_t slot[FLAT_REFERENCES], kept;
	void *page[PAGES];
	unsigned at, i;

	(void)state;
	side_make(&direct, 0, 1);
	for (at = 0; at < PAGES / 2; at++) {
		flat_path(&direct.m, START + at * VK_PAGE_BYTES, slot);
		for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
			struct vk_direct_cursor cursor = {{0, 0, 0}};

			kept = flat_load(&direct.m, slot[faults[i].reference]);
			flat_store(&direct.m, slot[faults[i].reference], kept ^ faults[i].bits);
			assert_int_equal(
			    find_with_notes(&direct, &cursor, START, PAGES / 2, page), at);
			flat_store(&direct.m, slot[faults[i].reference], kept);
		}
	}
	flat_destroy(&direct.m);
}

/* --- the long way's memory ------------------------------------------------------------------- */

static void
a_page_is_held_as_far_as_the_window_goes(void **state)
{
	struct nested_memory memory;
	struct flat_machine m;
	struct gpm gpm;
	void *cookie;

	(void)state;
	flat_init(&m);
	nested_memory_init(&memory, &m.nested);
	gpm = nested_memory_gpm(&memory);
	flat_store(&m, m.ept_leaf, (FLAT_BYTES - VK_PAGE_BYTES) | FLAT_EPT_PAGE);
	assert_ptr_equal(gpm.ops->hold(gpm.ctx, vk_gpa(FLAT_GPA + 8), VK_ACC_R, &cookie),
	    (char *)m.memory + FLAT_BYTES - VK_PAGE_BYTES + 8);
	flat_store(&m, m.ept_leaf, FLAT_BYTES | FLAT_EPT_PAGE);
	assert_null(gpm.ops->hold(gpm.ctx, vk_gpa(FLAT_GPA + 8), VK_ACC_R, &cookie));
	flat_destroy(&m);
}

/* Counts what it is asked, and refuses when told so. */
struct log {
	unsigned asked, told;
	int full;
};

static int
log_page(void *ctx, const struct ept_walk *walk, int done)
{
	struct log *log = ctx;

	assert_int_equal(walk->gpa.v, FLAT_GPA);
	log->asked += !done;
	log->told += (unsigned)done; /* 0 or 1 */
	return log->full;
}

static void
flags_that_holding_a_page_sets_are_logged(void **state)
{
	struct nested_memory memory;
	struct log log = {0, 0, 0};
	struct flat_machine m;
	struct gpm gpm;
	void *cookie;

	(void)state;
	flat_init(&m);
	flat_store(&m, m.ept_leaf, flat_load(&m, m.ept_leaf) & ~EPT_D);
	m.nested.log = log_page;
	m.nested.log_ctx = &log;
	nested_memory_init(&memory, &m.nested);
	gpm = nested_memory_gpm(&memory);
	log.full = 1;
	assert_null(gpm.ops->hold(gpm.ctx, vk_gpa(FLAT_GPA), VK_ACC_W, &cookie));
	assert_int_equal(flat_load(&m, m.ept_leaf) & EPT_D, 0);
	log.full = 0;
	assert_non_null(gpm.ops->hold(gpm.ctx, vk_gpa(FLAT_GPA), VK_ACC_W, &cookie));
	assert_int_equal(flat_load(&m, m.ept_leaf) & EPT_D, EPT_D);
	assert_int_equal(log.asked, 2);
	assert_int_equal(log.told, 1);
	flat_destroy(&m);
}

/* One page, of these levels at either side; returns the HPA of its frame. */
static uint64_t
make_one_page(uint64_t gpa, unsigned guest_level, unsigned ept_level)
{
	struct flat_machine *m = &direct.m;

	flat_init_empty(m);
	m->mode.cr3 = flat_new_guest_table(m);
	assert_true(flat_add_page(m, START, gpa, guest_level, ept_level, FLAT_GUEST_PAGE,
	    FLAT_EPT_PAGE));
	side_finish(&direct, 1);
	if (ept_level == 1)
		return flat_load(m, m->ept_leaf) & FLAT_FRAME_BITS;
	/* All of memory is in the first large page. */
	return (guest_level == 1 ? flat_load(m, m->guest_leaf) : m->gva) &
	    (FLAT_BYTES - VK_PAGE_BYTES);
}

/* A page that is written at no cost is found to be written, any that is read to be read. */
static void
a_page_is_found_for_the_access_that_is_asked_for(void **state)
{
	static const struct {
		const char *what;
		uint64_t guest, ept; /* turned over in the leaves */
		unsigned read, written;
	} rows[] = {
	    {"a page that may be written", 0, 0, 1, 1},
	    {"a page that may not", VK_PG_RW, 0, 1, 0},
	    {"a clean page", VK_PG_D, 0, 1, 0},
	    {"a page that the host protects", 0, EPT_W, 1, 0},
	    {"a page that is clean for the host", 0, EPT_D, 1, 0},
	    {"a page for the supervisor", VK_PG_US, 0, 0, 0},
	};
	struct flat_machine *m = &direct.m;
	void *page[PAGES];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vk_direct_cursor reading = {{0, 0, 0}}, writing = {{0, 0, 0}};
		size_t read, written;

		(void)make_one_page(FLAT_GPA, 1, 1);
		flat_store(m, m->guest_leaf, flat_load(m, m->guest_leaf) ^ rows[i].guest);
		flat_store(m, m->ept_leaf, flat_load(m, m->ept_leaf) ^ rows[i].ept);
		read = direct.us.direct.find(
		    direct.us.direct.ctx, &reading, vk_gva(START), VK_ACC_R, 1, page);
		written = direct.us.direct.find(
		    direct.us.direct.ctx, &writing, vk_gva(START), VK_ACC_W, 1, page);
		if (read != rows[i].read || written != rows[i].written)
			fail_msg(
			    "%s: found %zu to read, %zu to write", rows[i].what, read, written);
		flat_destroy(m);
	}
}

/* Every bit of the address in a 2 MiB leaf of the host, where the window goes as far. */
static void
a_large_page_that_is_found_may_lie_anywhere(void **state)
{
	struct flat_machine *m = &direct.m;
	struct nested_window window;
	uint64_t frame, leaf;
	void *page[PAGES];
	unsigned bit;

	(void)state;
	frame = make_one_page(FLAT_GPA, 1, 2);
	window.base = m->memory;
	window.size = VK_BIT(50);
	flat_set_window(m, window);
	leaf = flat_load(m, m->ept_leaf);
	for (bit = vk_level_shift(2); bit < m->mode.maxphyaddr; bit++) {
		struct vk_direct_cursor cursor = {{0, 0, 0}};

		flat_store(m, m->ept_leaf, leaf | VK_BIT(bit));
		assert_int_equal(find_with_notes(&direct, &cursor, START, 1, page), 1);
		assert_int_equal(
		    (uintptr_t)page[0] - (uintptr_t)m->memory, VK_BIT(bit) | frame);
	}
	flat_destroy(m);
}

static void
a_large_page_is_found_if_its_leaf_is_ordinary(void **state)
{
	static const uint64_t bits[] = {EPT_R, EPT_R | EPT_W | EPT_X, EPT_A, VK_BIT(13)};
	uint64_t slot[FLAT_REFERENCES], kept, leaf;
	void *page[PAGES];
	unsigned at, i;

	(void)state;
	side_make(&direct, 9, 1);
	for (at = 0; at < PAGES / 2; at++) {
		flat_path(&direct.m, START + at * VK_PAGE_BYTES, slot);
		leaf = slot[FLAT_REFERENCES - 2];
		kept = flat_load(&direct.m, leaf);
		assert_true(kept & EPT_PS);
		for (i = 0; i <= sizeof(bits) / sizeof(bits[0]); i++) {
			struct vk_direct_cursor cursor = {{0, 0, 0}};
			int broken = i < sizeof(bits) / sizeof(bits[0]);

			flat_store(&direct.m, leaf, kept ^ (broken ? bits[i] : 0));
			assert_int_equal(
			    find_with_notes(&direct, &cursor, START, PAGES / 2, page),
			    broken ? at : PAGES / 2);
			assert_int_equal(times_read(leaf), 1);
			flat_store(&direct.m, leaf, kept);
		}
		assert_ptr_equal(page[at], (char *)direct.m.memory + direct.frame[at]);
	}
	flat_destroy(&direct.m);
}

static void
a_page_of_the_first_gigabyte_is_found(void **state)
{
	struct vk_direct_cursor cursor = {{0, 0, 0}};
	void *page[PAGES];
	uint64_t frame;

	(void)state;
	frame = make_one_page(0x5000, 1, 1);
	assert_int_equal(find_with_notes(&direct, &cursor, START, 1, page), 1);
	assert_ptr_equal(page[0], (char *)direct.m.memory + frame);
	flat_destroy(&direct.m);
}

static void
a_page_of_each_size_is_walked_fast(void **state)
{
	unsigned guest_level, ept_level;

	(void)state;
	for (guest_level = 1; guest_level <= 3; guest_level++) {
		for (ept_level = 1; ept_level <= 3; ept_level++) {
			uint64_t frame = make_one_page(FLAT_GPA, guest_level, ept_level);
			const struct nested *n = &direct.m.nested;
			struct nested_fast fast = nested_fast_large(
			    n, &n->rights[NESTED_USER_READ], vk_gva(direct.m.gva + 8));

			assert_int_equal(fast.taken, 1);
			assert_int_equal(fast.hpa.v, frame + 8);
			flat_destroy(&direct.m);
		}
	}
}

/* The EPT maps all of the guest's tables by pages of 2 MiB. */
static void
pages_under_tables_in_large_pages_are_found(void **state)
{
	struct vk_direct_cursor cursor = {{0, 0, 0}};
	struct flat_machine *m = &direct.m;
	void *page[PAGES];

	(void)state;
	flat_init_empty(m);
	m->table_level = 2;
	m->mode.cr3 = flat_new_guest_table(m);
	assert_true(
	    flat_add_page(m, START, FLAT_GPA, 1, 1, FLAT_GUEST_PAGE, FLAT_EPT_PAGE));
	side_finish(&direct, 1);
	assert_int_equal(find_with_notes(&direct, &cursor, START, 1, page), 1);
	assert_ptr_equal(
	    page[0], (char *)m->memory + (flat_load(m, m->ept_leaf) & FLAT_FRAME_BITS));
	flat_destroy(m);
}

#define LAST_FRAME (FLAT_BYTES - VK_PAGE_BYTES)
#define FAR_GVA    0x00002a5f49c00000ull /* bits 29:21 differ, and are clear in neither */
#define FAR_GPA    0x0000351e7a200000ull

/* A 2 MiB page lets 20 bits of the address through, at either side, and not what is above them. */
static void
a_large_page_is_split_where_its_size_ends(void **state)
{
	struct flat_machine *m = &direct.m;
	unsigned guest_level;

	(void)state;
	for (guest_level = 1; guest_level <= 2; guest_level++) {
		const struct nested *n = &direct.m.nested;
		uint64_t low = guest_level == 1 ? LAST_FRAME : 0x5000;
		struct nested_fast fast;

		flat_init_empty(m);
		m->mode.cr3 = flat_new_guest_table(m);
		assert_true(flat_map_gpa(m, FAR_GPA + low, guest_level == 1 ? 0 : LAST_FRAME,
		    3 - guest_level, FLAT_EPT_PAGE));
		assert_true(flat_map_gva(m, FAR_GVA + low, FAR_GPA + (guest_level == 1 ? low : 0),
		    guest_level, FLAT_GUEST_PAGE));
		side_finish(&direct, 1);
		fast = nested_fast_large(
		    n, &n->rights[NESTED_USER_READ], vk_gva(FAR_GVA + low + 8));
		assert_int_equal(fast.taken, 1);
		assert_int_equal(fast.hpa.v, LAST_FRAME + 8);
		flat_destroy(m);
	}
}

static void
nothing_is_found_at_an_address_that_is_not_canonical(void **state)
{
	struct vk_direct_cursor cursor = {{0, 0, 0}};
	void *page[PAGES];

	(void)state;
	side_make(&direct, 0, 1);
	assert_int_equal(find_with_notes(&direct, &cursor, START ^ VK_BIT(47), 1, page), 0);
	assert_int_equal(notes, 0);
	flat_destroy(&direct.m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_short_way_does_what_a_walk_for_every_page_does),
	    cmocka_unit_test(pages_found_together_cost_one_reading_of_what_is_above_them),
	    cmocka_unit_test(an_entry_that_is_not_ordinary_ends_what_is_found_before_its_page),
	    cmocka_unit_test(a_page_is_found_for_the_access_that_is_asked_for),
	    cmocka_unit_test(a_large_page_is_found_if_its_leaf_is_ordinary),
	    cmocka_unit_test(a_large_page_that_is_found_may_lie_anywhere),
	    cmocka_unit_test(a_page_of_the_first_gigabyte_is_found),
	    cmocka_unit_test(a_page_of_each_size_is_walked_fast),
	    cmocka_unit_test(pages_under_tables_in_large_pages_are_found),
	    cmocka_unit_test(a_large_page_is_split_where_its_size_ends),
	    cmocka_unit_test(nothing_is_found_at_an_address_that_is_not_canonical),
	    cmocka_unit_test(a_page_is_held_as_far_as_the_window_goes),
	    cmocka_unit_test(flags_that_holding_a_page_sets_are_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
