/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast two-dimensional walk against the readable one.
 *
 * What has to hold: where nested_fast() or nested_fast_large() answers, the readable walk succeeds,
 * leads to the same address and owes no flag; and in ordinary worlds they do answer.  The first is
 * tried on machines of many kinds, with every combination of the low twelve bits of each of their
 * entries and with every other bit turned over, and on random machines with broken entries; the
 * second on the same machines, each with what is to be taken, and on random ones without broken
 * entries.  Random machines are also played by vcpu_translate(), which has to agree with
 * nested_walk() in outcome, address, error code, exit and all of memory.
 *
 * [EPT-ENTRY] [EPT-ORDER] [EPT-PML] [GUEST-RIGHTS] [GUEST-PKEY]
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/random_numbers.h"
#include "sim/vcpu.h"
#include "support/flat_machine.h"

#define FIRST_SEED 1
#define SOME_MACHINES 4000
#define ALL_MACHINES 100000
#define ACCESSES 16 /* of one random machine */

static const unsigned kind_acc[NESTED_KINDS] = {
	[NESTED_USER_READ] = VK_ACC_R | VK_ACC_USER,
	[NESTED_USER_WRITE] = VK_ACC_W | VK_ACC_USER,
	[NESTED_USER_FETCH] = VK_ACC_X | VK_ACC_USER,
	[NESTED_SUPERVISOR_READ] = VK_ACC_R,
	[NESTED_SUPERVISOR_WRITE] = VK_ACC_W,
	[NESTED_SUPERVISOR_FETCH] = VK_ACC_X,
};

static bool
is_full(void)
{
	const char *full = getenv("VKEPT_FULL");

	return full != NULL && full[0] == '1' && full[1] == '\0';
}

/* --- one walk both ways ---------------------------------------------------------------------- */

static struct nested_result record; /* of the last readable walk */
static uint64_t before[FLAT_WORDS];

static struct nested_fast
fast_walk(const struct flat_machine *m, enum nested_kind kind, uint64_t gva)
{
	return nested_fast(&m->nested, &m->nested.rights[kind], vk_gva(gva));
}

/* Which of the fast walks took an access. */
enum taken { DECLINED, TAKEN_LARGE, TAKEN };

/* Walks both fast ways, which may differ only in that one of them does not know large pages. */
static enum taken
walk_fast(const struct flat_machine *m, enum nested_kind kind, uint64_t gva,
    struct nested_fast *fast)
{
	struct nested_fast small = fast_walk(m, kind, gva);

	*fast = nested_fast_large(&m->nested, &m->nested.rights[kind], vk_gva(gva));
	if (!small.taken)
		return fast->taken ? TAKEN_LARGE : DECLINED;
	assert_true(fast->taken);
	assert_int_equal(fast->hpa.v, small.hpa.v);
	return TAKEN;
}

/*
 * Walks fast and, when that was taken, readably for the kind's access and for a read-modify-write
 * if it is a write.
 */
static enum taken
compare_walks(struct flat_machine *m, enum nested_kind kind, uint64_t gva, const char *what)
{
	struct nested_fast fast;
	enum taken taken = walk_fast(m, kind, gva, &fast);
	unsigned acc = kind_acc[kind];
	unsigned more;

	if (taken == DECLINED)
		return taken;
	m->updates = 0;
	for (more = 0; more <= ((acc & VK_ACC_W) ? VK_ACC_R : 0); more++) {
		if (nested_walk_recorded(&m->nested, vk_gva(gva), acc | more, &record) !=
		    NESTED_OK)
			fail_msg("%s: access %x: taken, but the readable walk fails (%d)", what,
			    acc | more, (int)record.status);
		if (fast.hpa.v != record.hpa.v)
			fail_msg("%s: access %x: leads to %" PRIx64 ", not %" PRIx64, what,
			    acc | more, fast.hpa.v, record.hpa.v);
	}
	if (fast.hpa.v >= m->nested.window.size)
		fail_msg("%s: access %x: leads out of the window", what, acc);
	if (m->updates != 0)
		fail_msg("%s: access %x: taken, but flags were owed", what, acc);
	return taken;
}

/* --- machines of several kinds --------------------------------------------------------------- */

struct variant {
	const char *what;
	uint64_t cr0, cr4, efer; /* turned over in the standard ones */
	uint64_t cap;
	uint64_t eptp;
	uint64_t marks;
	uint64_t guest_leaf, ept_leaf; /* turned over in the page's entries */
	uint32_t controls;
	uint32_t pkru, pkrs;
	int ac;
	int no_page1g;
	unsigned maxphyaddr;  /* 0: as it is */
	unsigned table_level, guest_level, ept_level; /* 0: as it is */
	const char *taken;    /* by kind: '+' is, 'L' by the walk for large pages, '-' is not */
};

static const struct variant variants[] = {
	{ "a user page", .taken = "++++++" },
	{ "a supervisor page", .guest_leaf = VK_PG_US, .taken = "---+++" },
	{ "a user page under SMAP", .cr4 = VK_CR4_SMAP, .taken = "+++--+" },
	{ "a user page under SMAP with AC", .cr4 = VK_CR4_SMAP, .ac = 1, .taken = "++++++" },
	{ "a user page under SMEP", .cr4 = VK_CR4_SMEP, .taken = "+++++-" },
	{ "a supervisor page under SMAP and SMEP", .cr4 = VK_CR4_SMAP | VK_CR4_SMEP,
	    .guest_leaf = VK_PG_US, .taken = "---+++" },
	{ "a page that cannot be written", .guest_leaf = VK_PG_RW | VK_PG_D, .taken = "+-++-+" },
	{ "the same without WP", .cr0 = VK_CR0_WP, .guest_leaf = VK_PG_RW, .taken = "+-++-+" },
	{ "a page that cannot be executed", .guest_leaf = VK_PG_XD, .taken = "++-++-" },
	{ "bit 63 without NXE", .efer = VK_EFER_NXE, .guest_leaf = VK_PG_XD, .taken = "------" },
	{ "a page without bit 63 without NXE", .efer = VK_EFER_NXE, .taken = "++++++" },
	{ "a clean guest page", .guest_leaf = VK_PG_D, .taken = "+-++-+" },
	{ "a guest page not accessed", .guest_leaf = VK_PG_A, .taken = "------" },
	{ "a global page with software bits, PWT, PCD and PAT",
	    .guest_leaf = VK_PG_G | VK_PG_PWT | VK_PG_PCD | VK_PG_PAT | 0x7ff0000000000e00,
	    .taken = "++++++" },
	{ "protection key 0 under PKE", .cr4 = VK_CR4_PKE, .pkru = ~3u, .taken = "++++++" },
	{ "protection key 0 with accesses disabled", .cr4 = VK_CR4_PKE, .pkru = 1,
	    .taken = "--+--+" },
	{ "protection key 0 with writes disabled", .cr4 = VK_CR4_PKE, .pkru = 2,
	    .taken = "+-++-+" },
	{ "another protection key", .cr4 = VK_CR4_PKE, .guest_leaf = 1ull << VK_PG_PKEY_SHIFT,
	    .taken = "------" },
	{ "key 0 of supervisor pages with writes disabled", .cr4 = VK_CR4_PKS, .pkrs = 2,
	    .taken = "++++-+" },
	{ "the same for a supervisor page", .cr4 = VK_CR4_PKS, .pkrs = 2, .guest_leaf = VK_PG_US,
	    .taken = "---+-+" },
	{ "an EPT page not accessed", .ept_leaf = EPT_A, .taken = "------" },
	{ "a clean EPT page", .ept_leaf = EPT_D, .taken = "+-++-+" },
	{ "no flags without A/D", .eptp = EPTP_AD, .ept_leaf = EPT_A | EPT_D, .taken = "++++++" },
	{ "flags without A/D are ignored", .eptp = EPTP_AD, .taken = "++++++" },
	{ "an EPT page without execution", .ept_leaf = EPT_X, .taken = "++-++-" },
	{ "an EPT page without writes", .ept_leaf = EPT_W | EPT_D, .taken = "+-++-+" },
	{ "an EPT page for execution alone", .ept_leaf = EPT_R | EPT_W, .taken = "------" },
	{ "an EPT page that is not write-back", .ept_leaf = FLAT_WB, .taken = "------" },
	{ "ignored bits of an EPT page", .ept_leaf = 0xfff0000000000c80, .taken = "++++++" },
	{ "IPAT of an EPT page", .ept_leaf = EPT_IPAT, .taken = "++++++" },
	{ "bit 10 without mode-based execution", .ept_leaf = EPT_XU, .taken = "++++++" },
	{ "mode-based execution of a page without XU", .controls = EPT_CTL_MBEC,
	    .taken = "++-++-" },
	{ "mode-based execution of a page with both", .controls = EPT_CTL_MBEC,
	    .ept_leaf = EPT_XU, .taken = "++++++" },
	{ "sub-page permissions", .controls = EPT_CTL_SPP, .ept_leaf = EPT_SPP,
	    .taken = "++++++" },
	{ "tables that are marked", .marks = 0x7ff0000000000e00, .taken = "++++++" },
	{ "tables that are marked without A/D", .eptp = EPTP_AD, .marks = 0x7ff0000000000f00,
	    .taken = "++++++" },
	{ "no large pages and no execute-only pages",
	    .cap = EPT_CAP_EXEC_ONLY | EPT_CAP_1G | EPT_CAP_2M, .taken = "++++++" },
	{ "the widest addresses", .maxphyaddr = 52, .taken = "++++++" },
	{ "a 2 MiB guest page", .guest_level = 2, .taken = "LLLLLL" },
	{ "a 1 GiB guest page", .guest_level = 3, .taken = "LLLLLL" },
	{ "a 2 MiB EPT page", .ept_level = 2, .taken = "LLLLLL" },
	{ "a 1 GiB EPT page", .ept_level = 3, .taken = "LLLLLL" },
	{ "guest tables in 2 MiB EPT pages", .table_level = 2, .taken = "LLLLLL" },
	{ "guest tables in a 1 GiB EPT page", .table_level = 3, .taken = "LLLLLL" },
	{ "large pages everywhere", .table_level = 2, .guest_level = 3, .ept_level = 2,
	    .taken = "LLLLLL" },
	{ "a large guest page with PAT, global and with software bits", .guest_level = 2,
	    .guest_leaf = VK_PG_PAT_LARGE | VK_PG_G | 0x7ff0000000000e18, .taken = "LLLLLL" },
	{ "a reserved bit of a large guest page", .guest_level = 3,
	    .guest_leaf = VK_BIT(13), .taken = "------" },
	{ "a large supervisor page under SMEP and SMAP", .guest_level = 2,
	    .guest_leaf = VK_PG_US, .cr4 = VK_CR4_SMEP | VK_CR4_SMAP, .taken = "---LLL" },
	{ "a large guest page, clean", .guest_level = 2, .guest_leaf = VK_PG_D,
	    .taken = "L-LL-L" },
	{ "a large EPT page, clean", .ept_level = 2, .ept_leaf = EPT_D, .taken = "L-LL-L" },
	{ "a large EPT page with an address bit too many", .ept_level = 2,
	    .ept_leaf = VK_BIT(12), .taken = "------" },
	{ "EPT pages of 1 GiB where there are none", .cap = EPT_CAP_1G, .ept_level = 3,
	    .taken = "------" },
	{ "EPT pages of 2 MiB where there are none", .cap = EPT_CAP_2M, .ept_level = 2,
	    .taken = "------" },
	{ "guest pages of 1 GiB where there are none", .no_page1g = 1, .guest_level = 3,
	    .taken = "------" },
	{ "large pages without A/D", .eptp = EPTP_AD, .table_level = 3, .guest_level = 2,
	    .ept_level = 3, .ept_leaf = EPT_A | EPT_D, .taken = "LLLLLL" },
	{ "guest-physical addresses beyond MAXPHYADDR", .maxphyaddr = 45, .taken = "------" },
	{ "five guest levels", .cr4 = VK_CR4_LA57, .taken = "------" },
	{ "no paging", .cr0 = VK_CR0_PG, .taken = "------" },
};

#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static void
make_variant(struct flat_machine *m, const struct variant *v)
{
	flat_init_empty(m);
	m->eptp ^= v->eptp;
	m->cap ^= v->cap;
	m->controls = v->controls;
	m->marks = v->marks;
	m->mode.cr0 ^= v->cr0;
	m->mode.efer ^= v->efer;
	m->mode.ac = v->ac;
	m->mode.page1g = !v->no_page1g;
	m->mode.pkru = v->pkru;
	m->mode.pkrs = v->pkrs;
	m->mode.maxphyaddr = v->maxphyaddr ? v->maxphyaddr : m->mode.maxphyaddr;
	m->table_level = v->table_level ? v->table_level : 1;
	m->guest_level = v->guest_level ? v->guest_level : 1;
	m->ept_level = v->ept_level ? v->ept_level : 1;
	flat_fill(m);
	/* What follows a wrong entry to address 0 finds something there, and is not hidden. */
	(void)flat_map_gpa(m, 0, flat_new_frame(m), 1, FLAT_EPT_PAGE);
	flat_store(m, m->guest_leaf, flat_load(m, m->guest_leaf) ^ v->guest_leaf);
	flat_store(m, m->ept_leaf, flat_load(m, m->ept_leaf) ^ v->ept_leaf);
	m->mode.cr4 ^= v->cr4; /* not before: five levels have other tables */
	flat_set(m);
}

static void
the_fast_walks_take_what_is_ordinary_and_decline_what_is_not(void **state)
{
	static const char letters[] = { [DECLINED] = '-', [TAKEN_LARGE] = 'L', [TAKEN] = '+' };
	struct flat_machine m;
	unsigned i, kind;

	(void)state;
	for (i = 0; i < VARIANTS; i++) {
		make_variant(&m, &variants[i]);
		for (kind = 0; kind < NESTED_KINDS; kind++) {
			enum taken taken = compare_walks(&m, kind, m.gva + 0x123, variants[i].what);

			if (letters[taken] != variants[i].taken[kind])
				fail_msg("%s: access %x: %c", variants[i].what, kind_acc[kind],
				    letters[taken]);
		}
		flat_destroy(&m);
	}
}

/* --- every entry, broken --------------------------------------------------------------------- */

/* Tries one value of one entry with every kind of access, and counts how many are taken. */
static unsigned
try_entry(struct flat_machine *m, uint64_t slot, uint64_t value, const char *what)
{
	uint64_t good = flat_load(m, slot);
	unsigned kind, taken = 0;

	flat_store(m, slot, value);
	for (kind = 0; kind < NESTED_KINDS; kind++)
		taken += compare_walks(m, kind, m->gva + 0xff8, what) != DECLINED ? 1 : 0;
	flat_store(m, slot, good);
	return taken;
}

static void
an_answer_is_right_whatever_the_low_bits_of_an_entry(void **state)
{
	struct flat_machine m;
	unsigned i, j, bits, taken;
	uint64_t tried = 0;

	(void)state;
	for (i = 0; i < VARIANTS; i++) {
		make_variant(&m, &variants[i]);
		taken = 0;
		tried += m.entries * VK_PAGE_BYTES * NESTED_KINDS;
		for (j = 0; j < m.entries; j++) {
			uint64_t rest = flat_load(&m, m.entry[j]) & ~VK_PAGE_OFFSET_MASK;

			for (bits = 0; bits < VK_PAGE_BYTES; bits++)
				taken += try_entry(&m, m.entry[j], rest | bits, variants[i].what);
		}
		if (strcmp(variants[i].taken, "------") != 0)
			assert_true(taken >= m.entries);
		flat_destroy(&m);
	}
	print_message("%" PRIu64 " walks\n", tried);
}

static void
an_answer_is_right_whichever_bit_of_an_entry_is_turned_over(void **state)
{
	struct flat_machine m;
	unsigned i, j, bit;

	(void)state;
	for (i = 0; i < VARIANTS; i++) {
		make_variant(&m, &variants[i]);
		for (j = 0; j < m.entries; j++)
			for (bit = 0; bit < 64; bit++)
				(void)try_entry(&m, m.entry[j],
				    flat_load(&m, m.entry[j]) ^ VK_BIT(bit), variants[i].what);
		flat_destroy(&m);
	}
}

/* Each entry made to name the frames around either end of the window. */
static void
an_answer_lies_in_the_window_and_so_does_all_that_was_read(void **state)
{
	static const uint64_t frames[] = { 0, 1, FLAT_FRAMES - 1, FLAT_FRAMES, FLAT_FRAMES + 1,
		VK_BIT(33), VK_BIT(34) - 1, VK_BIT(40) - 1 };
	struct flat_machine m;
	unsigned i, j, k;

	(void)state;
	for (i = 0; i < VARIANTS; i++) {
		make_variant(&m, &variants[i]);
		for (j = 0; j < m.entries; j++) {
			uint64_t flags = flat_load(&m, m.entry[j]) & VK_PAGE_OFFSET_MASK;

			for (k = 0; k < sizeof(frames) / sizeof(frames[0]); k++)
				(void)try_entry(&m, m.entry[j], frames[k] << VK_PAGE_SHIFT | flags,
				    variants[i].what);
		}
		flat_destroy(&m);
	}
}

/* Whether a user read is taken when the page is on that frame of the standard machine. */
static bool
taken_at(struct flat_machine *m, uint64_t frame)
{
	flat_store(m, m->ept_leaf, frame << VK_PAGE_SHIFT | FLAT_EPT_PAGE);
	return fast_walk(m, NESTED_USER_READ, FLAT_GVA).taken != 0;
}

static void
the_last_whole_frame_is_the_last(void **state)
{
	struct flat_machine m;
	struct nested_window window;

	(void)state;
	flat_init(&m);
	window.base = m.memory;
	window.size = FLAT_BYTES;
	assert_true(taken_at(&m, FLAT_FRAMES - 1));
	assert_false(taken_at(&m, FLAT_FRAMES));
	window.size = FLAT_BYTES + VK_PAGE_BYTES - 1;
	flat_set_window(&m, window);
	assert_false(taken_at(&m, FLAT_FRAMES));
	/* A window beyond what an entry may name: nothing is read there. */
	window.size = VK_BIT(50);
	flat_set_window(&m, window);
	assert_true(taken_at(&m, VK_BIT(34) - 1));
	assert_false(taken_at(&m, VK_BIT(34)));
	flat_destroy(&m);
}

/* Every bit of the address in a large leaf of the host, where the window goes as far. */
static void
a_large_page_of_the_host_may_lie_anywhere(void **state)
{
	struct flat_machine m;
	unsigned level, bit;

	(void)state;
	for (level = 2; level <= 3; level++) {
		struct variant v = { .ept_level = level };
		struct nested_window window;

		make_variant(&m, &v);
		window.base = m.memory;
		window.size = VK_BIT(50);
		flat_set_window(&m, window);
		for (bit = vk_level_shift(level); bit < m.mode.maxphyaddr; bit++) {
			uint64_t leaf = flat_load(&m, m.ept_leaf);

			flat_store(&m, m.ept_leaf, leaf | VK_BIT(bit));
			assert_int_equal(compare_walks(&m, NESTED_USER_READ, m.gva, "a high page"),
			    TAKEN_LARGE);
			assert_int_equal(record.hpa.v / FLAT_BYTES,
			    VK_BIT(bit) / FLAT_BYTES);
			flat_store(&m, m.ept_leaf, leaf);
		}
		flat_destroy(&m);
	}
}

static void
roots_out_of_reach_are_left_to_the_readable_walk(void **state)
{
	struct flat_machine m;
	uint64_t eptp, cr3;

	(void)state;
	flat_init(&m);
	eptp = m.eptp;
	m.eptp = FLAT_BYTES | (eptp & VK_PAGE_OFFSET_MASK);
	flat_set(&m);
	assert_false(fast_walk(&m, NESTED_USER_READ, FLAT_GVA).taken);
	assert_int_equal(nested_walk(&m.nested, vk_gva(FLAT_GVA), kind_acc[NESTED_USER_READ],
	    &record), NESTED_EXIT);
	assert_int_equal(record.exit.reason, EPT_EXIT_MISCONFIG);
	m.eptp = eptp ^ (3 ^ 4) << EPTP_WALK_SHIFT;
	flat_set(&m);
	assert_false(fast_walk(&m, NESTED_USER_READ, FLAT_GVA).taken);
	m.eptp = eptp;
	cr3 = m.mode.cr3;
	m.mode.cr3 = VK_BIT(48) | cr3;
	m.mode.maxphyaddr = 52;
	flat_set(&m);
	assert_false(fast_walk(&m, NESTED_USER_READ, FLAT_GVA).taken);
	assert_int_equal(nested_walk(&m.nested, vk_gva(FLAT_GVA), kind_acc[NESTED_USER_READ],
	    &record), NESTED_EXIT);
	assert_int_equal(record.exit.reason, EPT_EXIT_VIOLATION);
	m.mode.cr3 = cr3 | 0xfff;
	flat_set(&m);
	assert_int_equal(compare_walks(&m, NESTED_USER_READ, FLAT_GVA, "low bits of CR3"),
	    TAKEN);
	flat_destroy(&m);
}

static void
in_a_window_smaller_than_an_entry_there_is_none(void **state)
{
	struct nested_window window;
	struct flat_machine m;

	(void)state;
	flat_init(&m);
	window.base = m.memory;
	window.size = sizeof(uint64_t) - 1;
	flat_set_window(&m, window);
	assert_int_equal(nested_walk(&m.nested, vk_gva(FLAT_GVA), VK_ACC_R, &record), NESTED_EXIT);
	assert_int_equal(record.exit.reason, EPT_EXIT_MISCONFIG);
	flat_destroy(&m);
}

static void
the_last_whole_word_is_the_last(void **state)
{
	struct nested_window window;
	struct flat_machine m;
	struct hpm mem;
	uint64_t size;

	(void)state;
	flat_init(&m);
	window.base = m.memory;
	for (size = 8; size <= 24; size++) {
		uint64_t last = (size - 8) & ~7ull;

		window.size = size;
		flat_set_window(&m, window);
		mem = m.window;
		flat_store(&m, last, 0x1234);
		flat_store(&m, last + 8, 0x5678);
		assert_int_equal(mem.ops->load(mem.ctx, vk_hpa(last)), 0x1234);
		assert_int_equal(mem.ops->cas(mem.ctx, vk_hpa(last), 0x1234, 1), CAS_DONE);
		assert_int_equal(mem.ops->load(mem.ctx, vk_hpa(last + 8)), ~0ull);
		assert_int_equal(mem.ops->cas(mem.ctx, vk_hpa(last + 8), 0x5678, 1), CAS_REFUSED);
	}
	flat_destroy(&m);
}

static void
an_address_that_is_not_canonical_is_a_general_protection_fault(void **state)
{
	struct flat_machine m;
	unsigned bit;

	(void)state;
	flat_init(&m);
	for (bit = 47; bit < 64; bit++) {
		assert_false(fast_walk(&m, NESTED_USER_READ, FLAT_GVA ^ VK_BIT(bit)).taken);
		assert_int_equal(nested_walk(&m.nested, vk_gva(FLAT_GVA ^ VK_BIT(bit)),
		    kind_acc[NESTED_USER_READ], &record), NESTED_GP);
	}
	flat_destroy(&m);
}

static void
only_ignored_bits_can_be_marks(void **state)
{
	struct flat_machine m;

	(void)state;
	flat_init(&m);
	m.marks = 0x000ffffffffff1ff;
	flat_set(&m);
	assert_int_equal(compare_walks(&m, NESTED_USER_READ, FLAT_GVA, "marks that are none"),
	    TAKEN);
	flat_destroy(&m);
}

/* --- from the first touch on ----------------------------------------------------------------- */

static void
clear_flags(struct flat_machine *m)
{
	uint64_t slot[FLAT_REFERENCES];
	unsigned i;

	flat_path(m, FLAT_GVA, slot);
	for (i = 0; i < FLAT_REFERENCES; i++)
		flat_store(m, slot[i], flat_load(m, slot[i]) &
		    ~(i % 5 == 4 ? VK_PG_A | VK_PG_D : EPT_A | EPT_D));
}

static void
the_first_touch_sets_flags_and_the_second_walk_is_fast(void **state)
{
	struct flat_machine m;
	unsigned kind;

	(void)state;
	flat_init(&m);
	for (kind = 0; kind < NESTED_KINDS; kind++) {
		hpa_t hpa = vk_hpa(0), again = vk_hpa(0);

		clear_flags(&m);
		assert_false(fast_walk(&m, kind, FLAT_GVA).taken);
		assert_int_equal(nested_access(&m.nested, kind, vk_gva(FLAT_GVA), &hpa, &record),
		    NESTED_OK);
		assert_int_equal(record.hpa.v, hpa.v);
		assert_true(record.page_walked);
		assert_true(fast_walk(&m, kind, FLAT_GVA).taken);
		assert_int_equal(nested_access(&m.nested, kind, vk_gva(FLAT_GVA), &again, &record),
		    NESTED_OK);
		assert_int_equal(again.v, hpa.v);
	}
	flat_destroy(&m);
}

static void
nothing_is_left_of_what_was_there_before(void **state)
{
	uint64_t slot[FLAT_REFERENCES];
	struct flat_machine m;
	hpa_t hpa = vk_hpa(0);

	(void)state;
	flat_init(&m);
	clear_flags(&m);
	memset(&m.nested, 0xff, sizeof(m.nested));
	flat_set(&m);
	assert_null(m.nested.log_ctx);
	assert_int_equal(nested_access(&m.nested, NESTED_USER_WRITE, vk_gva(FLAT_GVA), &hpa,
	    &record), NESTED_OK);
	/* The entry that stands in for a root out of reach is no longer that of the real one. */
	flat_path(&m, FLAT_GVA, slot);
	m.nested.empty = flat_load(&m, slot[0]);
	m.mode.cr4 |= VK_CR4_LA57;
	flat_set(&m);
	assert_false(fast_walk(&m, NESTED_USER_WRITE, FLAT_GVA).taken);
	flat_destroy(&m);
}

static void
a_page_of_any_size_is_read_by_its_kind(void **state)
{
	static const unsigned levels[] = { 1, 2, 3 };
	struct flat_machine m;
	hpa_t hpa;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct variant v = { .guest_level = levels[i], .ept_level = levels[i] };

		make_variant(&m, &v);
		hpa = vk_hpa(0);
		assert_int_equal(nested_user_read(&m.nested, vk_gva(m.gva + 0x123), &hpa, &record),
		    NESTED_OK);
		assert_int_equal(nested_walk_recorded(&m.nested, vk_gva(m.gva + 0x123),
		    VK_ACC_R | VK_ACC_USER, &record), NESTED_OK);
		assert_int_equal(hpa.v, record.hpa.v);
		flat_destroy(&m);
	}
}

/* --- another processor at the same tables ---------------------------------------------------- */

static uint64_t path[FLAT_REFERENCES]; /* of the standard page */

#define CR3_LEAF   3  /* in it: of the EPT, for the guest's root table */
#define ROOT_ENTRY 4  /* the guest's */
#define LAST_ENTRY 19 /* the guest's, of its page table */

static void
touch_the_root_entry(struct flat_machine *m, uint64_t slot, int is_update)
{
	if (is_update && slot == path[ROOT_ENTRY])
		flat_store(m, slot, flat_load(m, slot) ^ VK_BIT(9));
}

static void
move_the_root_table_out(struct flat_machine *m, uint64_t slot, int is_update)
{
	if (!is_update && slot == path[LAST_ENTRY])
		flat_store(m, path[CR3_LEAF], FLAT_BYTES | FLAT_EPT_PAGE);
}

static void
tables_that_change_under_a_walk_make_it_unstable(void **state)
{
	static const struct {
		const char *what;
		void (*meanwhile)(struct flat_machine *m, uint64_t slot, int is_update);
	} rows[] = {
		{ "an entry is another each time its flag is to be set", touch_the_root_entry },
		{ "a table has left the window when a flag in it is to be set",
		    move_the_root_table_out },
	};
	struct flat_machine m;
	uint64_t entry;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		flat_init(&m);
		flat_path(&m, FLAT_GVA, path);
		entry = flat_load(&m, path[ROOT_ENTRY]) & ~VK_PG_A;
		flat_store(&m, path[ROOT_ENTRY], entry);
		m.meanwhile = rows[i].meanwhile;
		if (nested_walk(&m.nested, vk_gva(FLAT_GVA), VK_ACC_R, &record) !=
		    NESTED_UNSTABLE)
			fail_msg("%s: status %d", rows[i].what, (int)record.status);
		assert_int_equal(flat_load(&m, path[ROOT_ENTRY]) & VK_PG_A, 0);
		flat_destroy(&m);
	}
}

static int
forbid(void *ctx, const struct ept_walk *walk, int done)
{
	unsigned *asked = ctx;

	(void)walk;
	*asked += done ? 0 : 1;
	return 1;
}

static void
a_log_is_asked_before_flags_of_the_ept_are_set(void **state)
{
	struct flat_machine m;
	unsigned asked = 0;

	(void)state;
	flat_init(&m);
	m.nested.log = forbid;
	m.nested.log_ctx = &asked;
	assert_int_equal(nested_walk(&m.nested, vk_gva(FLAT_GVA), VK_ACC_W, &record), NESTED_OK);
	assert_int_equal(asked, 0);
	clear_flags(&m);
	memcpy(before, m.memory, FLAT_BYTES);
	assert_int_equal(nested_walk(&m.nested, vk_gva(FLAT_GVA), VK_ACC_W, &record),
	    NESTED_LOG_FULL);
	assert_int_equal(asked, 1);
	assert_memory_equal(before, m.memory, FLAT_BYTES);
	flat_destroy(&m);
}

/* What nested_walk() says, and that its record is of that walk. */
static enum nested_status
walk_and_check(struct flat_machine *m, uint64_t gva, unsigned acc)
{
	enum nested_status status;

	memset(&record, 0xff, sizeof(record));
	m->loads = 0;
	status = nested_walk(&m->nested, vk_gva(gva), acc, &record);
	assert_int_equal(record.status, status);
	return status;
}

static void
what_is_ordinary_is_not_walked_readably(void **state)
{
	static const unsigned levels[] = { 1, 2, 3 };
	struct flat_machine m;
	unsigned i, kind;

	(void)state;
	for (i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct variant v = { .guest_level = levels[i] };

		make_variant(&m, &v);
		for (kind = 0; kind < NESTED_KINDS; kind++) {
			assert_int_equal(walk_and_check(&m, m.gva, kind_acc[kind]), NESTED_OK);
			assert_int_equal(m.loads, 0);
		}
		flat_destroy(&m);
	}
}

static void
a_record_tells_of_its_walk_alone(void **state)
{
	static const struct {
		const char *what;
		unsigned absent;   /* which entry of the path is none; past the last: all are */
		uint64_t flip;     /* in the address */
		uint64_t leaf;     /* turned over in the guest's leaf */
		unsigned acc, page_acc;
		enum nested_status status;
		int page_walked;
	} rows[] = {
		{ "a supervisor read of a user page", FLAT_REFERENCES, 0, 0, VK_ACC_R,
		    VK_ACC_R | VK_ACC_USER_ADDR, NESTED_OK, 1 },
		{ "a user write of a user page", FLAT_REFERENCES, 0, 0, VK_ACC_W | VK_ACC_USER,
		    VK_ACC_W | VK_ACC_USER_ADDR, NESTED_OK, 1 },
		{ "an implicit read of a supervisor page", FLAT_REFERENCES, 0, VK_PG_US,
		    VK_ACC_R | VK_ACC_IMPLICIT, VK_ACC_R, NESTED_OK, 1 },
		{ "the EPT has no page", FLAT_REFERENCES - 1, 0, 0, VK_ACC_R | VK_ACC_USER,
		    VK_ACC_R | VK_ACC_USER_ADDR, NESTED_EXIT, 1 },
		{ "the guest has no page", FLAT_REFERENCES - 5, 0, 0, VK_ACC_R | VK_ACC_USER, 0,
		    NESTED_PF, 0 },
		{ "the EPT has no guest table", FLAT_REFERENCES - 6, 0, 0, VK_ACC_R | VK_ACC_USER,
		    0, NESTED_EXIT, 0 },
		{ "the guest may not", FLAT_REFERENCES, 0, VK_PG_US, VK_ACC_R | VK_ACC_USER, 0,
		    NESTED_PF, 0 },
		{ "the address is not canonical", FLAT_REFERENCES, VK_BIT(60), 0,
		    VK_ACC_R | VK_ACC_USER, 0, NESTED_GP, 0 },
	};
	uint64_t slot[FLAT_REFERENCES];
	struct flat_machine m;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum nested_status status;

		flat_init(&m);
		flat_path(&m, FLAT_GVA, slot);
		flat_store(&m, m.guest_leaf, flat_load(&m, m.guest_leaf) ^ rows[i].leaf);
		if (rows[i].absent < FLAT_REFERENCES)
			flat_store(&m, slot[rows[i].absent], 0);
		memset(&record, 0xff, sizeof(record));
		status = nested_walk_recorded(&m.nested, vk_gva(FLAT_GVA ^ rows[i].flip),
		    rows[i].acc, &record);
		if (status != rows[i].status || record.status != status ||
		    record.page_walked != rows[i].page_walked ||
		    (record.page_walked && record.page.acc != rows[i].page_acc))
			fail_msg("%s: status %d (%d), page walked %d for %x", rows[i].what,
			    (int)status, (int)record.status, record.page_walked,
			    record.page.acc);
		flat_destroy(&m);
	}
}

/* On pages that refuse some accesses: any mixture, of whatever side, is that of the other walk. */
static void
every_mixture_of_accesses_ends_as_the_readable_walk_does(void **state)
{
	static const uint64_t leaf[] = { 0, VK_PG_US, VK_PG_RW | VK_PG_D, VK_PG_XD };
	static struct nested_result other;
	struct flat_machine m;
	unsigned i, acc;

	(void)state;
	for (i = 0; i < sizeof(leaf) / sizeof(leaf[0]); i++) {
		struct variant v = { .guest_leaf = leaf[i] };

		make_variant(&m, &v);
		for (acc = 0; acc <= (VK_ACC_RWX | VK_ACC_USER | VK_ACC_IMPLICIT); acc++) {
			enum nested_status status = walk_and_check(&m, m.gva, acc);

			assert_int_equal(status, nested_walk_recorded(&m.nested, vk_gva(m.gva),
			    acc, &other));
			if (status == NESTED_PF)
				assert_int_equal(record.guest.error_code, other.guest.error_code);
			else
				assert_int_equal(record.hpa.v, other.hpa.v);
		}
		flat_destroy(&m);
	}
}

static void
implicit_accesses_and_mixtures_are_walked_readably(void **state)
{
	static const unsigned accs[] = { VK_ACC_R | VK_ACC_IMPLICIT, VK_ACC_W | VK_ACC_IMPLICIT,
		VK_ACC_R | VK_ACC_X, 0 };
	struct flat_machine m;
	unsigned i;

	(void)state;
	flat_init(&m);
	for (i = 0; i < sizeof(accs) / sizeof(accs[0]); i++) {
		memset(&record, 0, sizeof(record));
		assert_int_equal(nested_walk(&m.nested, vk_gva(FLAT_GVA), accs[i], &record),
		    NESTED_OK);
		assert_true(record.page_walked);
	}
	/* AC lets the kernel at a user page, but not the processor itself. */
	m.mode.cr4 |= VK_CR4_SMAP;
	m.mode.ac = 1;
	flat_set(&m);
	assert_int_equal(nested_walk(&m.nested, vk_gva(FLAT_GVA), VK_ACC_R, &record), NESTED_OK);
	assert_int_equal(nested_walk(&m.nested, vk_gva(FLAT_GVA), VK_ACC_R | VK_ACC_IMPLICIT,
	    &record), NESTED_PF);
	flat_destroy(&m);
}

/* --- random machines ------------------------------------------------------------------------- */

#define PAGES 6 /* linear ones */

struct random_machine {
	struct flat_machine flat;
	uint64_t seed;
	uint64_t state;
	bool broken;             /* entries are broken; otherwise all is ordinary */
	bool large;              /* pages have all sizes */
	uint64_t gva[PAGES];
	unsigned pages;
	struct vcpu vcpu;        /* the same machine again, in memory of its own */
	struct vcpu_result result;
};

static uint64_t
draw(struct random_machine *r)
{
	return random_splitmix(&r->state);
}

static unsigned
below(struct random_machine *r, unsigned limit)
{
	return (unsigned)(draw(r) >> 33) % limit;
}

static bool
chance(struct random_machine *r, unsigned percent)
{
	return below(r, 100) < percent;
}

static uint64_t
maybe(struct random_machine *r, unsigned percent, uint64_t bits)
{
	return chance(r, percent) ? bits : 0;
}

static void
draw_registers(struct random_machine *r)
{
	struct flat_machine *m = &r->flat;
	static const unsigned widths[] = { 36, 40, 46, 48, 52 };

	m->eptp ^= maybe(r, 30, EPTP_AD);
	m->controls |= (uint32_t)maybe(r, 25, EPT_CTL_MBEC);
	m->marks = maybe(r, 20, draw(r) & 0x7ff0000000000a00);
	m->mode.maxphyaddr = widths[below(r, 5)];
	m->mode.cr4 |= maybe(r, 20, VK_CR4_PKE) | maybe(r, 20, VK_CR4_PKS);
	m->mode.efer ^= maybe(r, 20, VK_EFER_NXE);
	if (!r->broken)
		return;
	m->controls |= (uint32_t)maybe(r, 10, EPT_CTL_SPP);
	m->cap ^= maybe(r, 20, EPT_CAP_EXEC_ONLY) | maybe(r, 20, EPT_CAP_1G) |
	    maybe(r, 20, EPT_CAP_2M);
	if (chance(r, 5))
		m->eptp ^= (3 ^ 4) << EPTP_WALK_SHIFT;
	m->mode.cr0 ^= maybe(r, 20, VK_CR0_WP) | maybe(r, 3, VK_CR0_PG);
	m->mode.cr4 |= maybe(r, 30, VK_CR4_SMEP) | maybe(r, 30, VK_CR4_SMAP) |
	    maybe(r, 5, VK_CR4_LA57);
	m->mode.pkru = (uint32_t)maybe(r, 30, draw(r));
	m->mode.pkrs = (uint32_t)maybe(r, 30, draw(r));
	m->mode.ac = (int)maybe(r, 30, 1);
	m->mode.page1g = chance(r, 80);
}

/* A level for a page: 4 KiB more often than not. */
static unsigned
draw_size(struct random_machine *r)
{
	return r->large && chance(r, 30) ? 2 + below(r, 2) : 1;
}

static void
add_page(struct random_machine *r)
{
	struct flat_machine *m = &r->flat;
	unsigned ept_level = draw_size(r), guest_level = draw_size(r);
	uint64_t wide, gpa, gva, guest_flags, ept_flags;

	/* Few regions: their tables have to fit. */
	wide = VK_BITS(m->mode.maxphyaddr < 48 ? m->mode.maxphyaddr - 1 : 47, 12);
	gpa = (0x00002a5551e00000 * (1 + below(r, 2)) & wide & ~VK_BITS(29, 0)) |
	    below(r, 4) * 0x10003000;
	gva = (0x0000351e40000000 * (1 + below(r, 2)) & VK_BITS(46, 30)) | below(r, 4) * 0x10005000;
	ept_flags = EPT_RWX | FLAT_WB | ((m->eptp & EPTP_AD) ? EPT_A | EPT_D : 0) |
	    ((m->controls & EPT_CTL_MBEC) ? EPT_XU : 0) |
	    maybe(r, 30, draw(r) & (ept_level == 1 ? 0xfff0000000000840 : 0xfff0000000000800));
	guest_flags = (FLAT_GUEST_PAGE & ~maybe(r, 30, VK_PG_US)) |
	    maybe(r, 30, draw(r) & (guest_level == 1 ? 0x07f0000000000f98 : 0x07f0000000001f18));
	if (flat_add_page(m, gva, gpa, guest_level, ept_level, guest_flags, ept_flags))
		r->gva[r->pages++] = m->gva;
}

/* Changes one entry in one of the ways in which entries differ. */
static void
break_entry(struct random_machine *r)
{
	struct flat_machine *m = &r->flat;
	uint64_t slot = m->entry[below(r, m->entries)];
	uint64_t entry = flat_load(m, slot);

	switch (below(r, 8)) {
	case 0:
	case 1:
		entry &= ~VK_BIT(below(r, 12));
		break;
	case 2:
		entry ^= VK_BIT(below(r, 64));
		break;
	case 3:
		entry ^= VK_BIT(below(r, 12));
		break;
	case 4: /* another table, this one too, or just outside */
		entry = (entry & ~FLAT_FRAME_BITS) |
		    (uint64_t)below(r, FLAT_FRAMES + 2) << VK_PAGE_SHIFT;
		break;
	case 5:
		entry = draw(r);
		break;
	case 6:
		entry = maybe(r, 50, ~0ull);
		break;
	default:
		entry &= ~(EPT_A | EPT_D | VK_PG_A | VK_PG_D);
		break;
	}
	flat_store(m, slot, entry);
}

static void
make_twin(struct random_machine *r)
{
	struct flat_machine *m = &r->flat;
	struct vcpu *vcpu = &r->vcpu;
	unsigned i;

	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->mem = hostmem_create(FLAT_BYTES, FLAT_FRAMES);
	assert_non_null(vcpu->mem);
	for (i = 0; i < FLAT_WORDS; i++)
		if (m->memory[i] != 0)
			(void)hostmem_store(vcpu->mem, vk_hpa(i * 8ull), m->memory[i]);
	vcpu->mode = m->mode;
	vcpu->ept_on = true;
	assert_int_equal(ept_init(&vcpu->ept, hostmem_hpm(vcpu->mem), m->eptp, m->cap, m->controls,
	    m->mode.maxphyaddr), EPTP_VALID);
}

static void
make_machine(struct random_machine *r, uint64_t seed, bool broken)
{
	struct flat_machine *m = &r->flat;
	unsigned i, breaks;

	memset(r, 0, sizeof(*r));
	r->seed = seed;
	r->state = seed * 2 + (broken ? 1 : 0);
	r->broken = broken;
	flat_init_empty(m);
	r->large = chance(r, 50);
	draw_registers(r);
	m->table_level = draw_size(r);
	m->next_gpa &= VK_BITS(35, 12);
	m->mode.cr3 = flat_new_guest_table(m);
	for (i = 0; i < PAGES; i++)
		add_page(r);
	for (breaks = broken ? below(r, 6) : 0; breaks > 0; breaks--)
		break_entry(r);
	flat_set(m);
	make_twin(r);
}

static void
destroy_machine(struct random_machine *r)
{
	hostmem_destroy(r->vcpu.mem);
	flat_destroy(&r->flat);
}

static const enum vcpu_outcome outcomes[] = {
	[NESTED_OK] = VCPU_DONE,
	[NESTED_PF] = VCPU_PF,
	[NESTED_GP] = VCPU_GP,
	[NESTED_EXIT] = VCPU_EXIT,
	[NESTED_LOG_FULL] = VCPU_EXIT,
	[NESTED_UNSTABLE] = VCPU_GP,
};

static void
compare_outcomes(const struct random_machine *r, enum nested_status status, const char *access)
{
	const struct vcpu_result *result = &r->result;
	const struct ept_exit *exit = &record.exit, *other = &result->exit;
	bool same = outcomes[status] == result->outcome;

	if (same && status == NESTED_OK)
		same = record.hpa.v == result->piece[0].hpa.v;
	if (same && status == NESTED_PF)
		same = record.guest.error_code == result->error_code;
	if (same && status == NESTED_EXIT)
		same = exit->reason == other->reason &&
		    exit->qualification == other->qualification && exit->gpa.v == other->gpa.v &&
		    exit->gla.v == other->gla.v && exit->gla_valid == other->gla_valid;
	if (!same)
		fail_msg("%s: status %d, hpa %" PRIx64 "; the virtual CPU: %d, %" PRIx64, access,
		    (int)status, record.hpa.v, (int)result->outcome, result->piece[0].hpa.v);
}

/* One access to both machines. */
static enum taken
make_access(struct random_machine *r, enum nested_kind *kind)
{
	struct vcpu_request request = { .size = 1 };
	enum taken taken = DECLINED;
	enum nested_status status;
	unsigned acc;
	char access[64];

	request.gva = vk_gva(r->gva[below(r, r->pages)] + below(r, VK_PAGE_BYTES));
	if (r->broken && chance(r, 5))
		request.gva.v ^= VK_BIT(below(r, 64));
	*kind = below(r, NESTED_KINDS);
	acc = kind_acc[*kind];
	request.implicit = r->broken && !(acc & VK_ACC_USER) && chance(r, 10);
	acc |= request.implicit ? VK_ACC_IMPLICIT : 0;
	acc |= (acc & VK_ACC_W) && chance(r, 30) ? VK_ACC_R : 0;
	request.acc = acc & VK_ACC_RWX;
	r->vcpu.cpl = (acc & VK_ACC_USER) ? 3 : 0;
	(void)snprintf(access, sizeof(access), "machine %" PRIu64 ", gva %" PRIx64, r->seed,
	    request.gva.v);
	if (!request.implicit)
		taken = compare_walks(&r->flat, *kind, request.gva.v, access);
	memset(&record, 0, sizeof(record));
	(void)vcpu_translate(&r->vcpu, &request, &r->result);
	status = nested_walk(&r->flat.nested, request.gva, acc, &record);
	compare_outcomes(r, status, access);
	if (!r->broken && status == NESTED_OK && taken < (r->large ? TAKEN_LARGE : TAKEN))
		fail_msg("%s: the machine is ordinary, but the fast walk declined", access);
	return taken;
}

static void
compare_memories(const struct random_machine *r)
{
	unsigned i;

	for (i = 0; i < FLAT_WORDS; i++)
		if (r->flat.memory[i] != hostmem_load(r->vcpu.mem, vk_hpa(i * 8ull)))
			fail_msg("machine %" PRIu64 ": memory differs at %x", r->seed, i * 8);
}

struct tally {
	uint64_t accesses;
	uint64_t taken[TAKEN + 1];
	uint64_t by_kind[NESTED_KINDS]; /* taken by either */
	uint64_t outcome[VCPU_VE + 1];
};

static void
play_machines(struct tally *tally, bool broken, uint64_t machines)
{
	static struct random_machine r;
	uint64_t seed;
	unsigned i;

	memset(tally, 0, sizeof(*tally));
	for (seed = FIRST_SEED; seed < FIRST_SEED + machines; seed++) {
		make_machine(&r, seed, broken);
		for (i = 0; i < ACCESSES && r.pages > 0; i++) {
			enum nested_kind kind;
			enum taken taken = make_access(&r, &kind);

			tally->accesses++;
			tally->taken[taken]++;
			tally->outcome[r.result.outcome]++;
			tally->by_kind[kind] += taken != DECLINED ? 1 : 0;
		}
		compare_memories(&r);
		destroy_machine(&r);
	}
	print_message("%" PRIu64 " machines, %" PRIu64 " accesses, fast %" PRIu64 ", %" PRIu64
	    " by the walk for large pages\n", machines, tally->accesses, tally->taken[TAKEN],
	    tally->taken[TAKEN_LARGE]);
}

/* Every access that succeeds there is fast; the others are user accesses to supervisor pages. */
static void
ordinary_machines_are_walked_fast(void **state)
{
	struct tally tally;
	unsigned kind;

	(void)state;
	play_machines(&tally, false, SOME_MACHINES);
	assert_true(tally.taken[DECLINED] * 100 <= tally.accesses * 20);
	assert_true(tally.taken[TAKEN] * 100 >= tally.accesses * 40);
	assert_true(tally.taken[TAKEN_LARGE] * 100 >= tally.accesses * 15);
	for (kind = 0; kind < NESTED_KINDS; kind++)
		assert_true(tally.by_kind[kind] * 100 >= tally.accesses * 10);
}

static void
broken_machines_have_the_outcome_that_a_virtual_cpu_has(void **state)
{
	struct tally tally;

	(void)state;
	play_machines(&tally, true, is_full() ? ALL_MACHINES : SOME_MACHINES);
	assert_true(tally.outcome[VCPU_PF] * 100 >= tally.accesses * 10);
	assert_true(tally.outcome[VCPU_EXIT] * 100 >= tally.accesses * 10);
	assert_true(tally.outcome[VCPU_GP] > 0);
	assert_true(tally.taken[DECLINED] * 100 >= tally.accesses * 30);
	assert_true(tally.taken[TAKEN] * 100 >= tally.accesses * 5);
	assert_true(tally.taken[TAKEN_LARGE] * 100 >= tally.accesses * 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fast_walks_take_what_is_ordinary_and_decline_what_is_not),
		cmocka_unit_test(the_last_whole_frame_is_the_last),
		cmocka_unit_test(a_large_page_of_the_host_may_lie_anywhere),
		cmocka_unit_test(roots_out_of_reach_are_left_to_the_readable_walk),
		cmocka_unit_test(in_a_window_smaller_than_an_entry_there_is_none),
		cmocka_unit_test(the_last_whole_word_is_the_last),
		cmocka_unit_test(an_address_that_is_not_canonical_is_a_general_protection_fault),
		cmocka_unit_test(only_ignored_bits_can_be_marks),
		cmocka_unit_test(the_first_touch_sets_flags_and_the_second_walk_is_fast),
		cmocka_unit_test(nothing_is_left_of_what_was_there_before),
		cmocka_unit_test(a_page_of_any_size_is_read_by_its_kind),
		cmocka_unit_test(tables_that_change_under_a_walk_make_it_unstable),
		cmocka_unit_test(a_log_is_asked_before_flags_of_the_ept_are_set),
		cmocka_unit_test(what_is_ordinary_is_not_walked_readably),
		cmocka_unit_test(a_record_tells_of_its_walk_alone),
		cmocka_unit_test(every_mixture_of_accesses_ends_as_the_readable_walk_does),
		cmocka_unit_test(implicit_accesses_and_mixtures_are_walked_readably),
		cmocka_unit_test(an_answer_lies_in_the_window_and_so_does_all_that_was_read),
		cmocka_unit_test(an_answer_is_right_whichever_bit_of_an_entry_is_turned_over),
		cmocka_unit_test(an_answer_is_right_whatever_the_low_bits_of_an_entry),
		cmocka_unit_test(ordinary_machines_are_walked_fast),
		cmocka_unit_test(broken_machines_have_the_outcome_that_a_virtual_cpu_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
