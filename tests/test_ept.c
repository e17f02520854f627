/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One translation through EPT by rows: status, rule, bits, level, and what the walk did to memory.
 *
 * The tables are those of the standard machine (support/std_machine.h): every guest page below
 * 2 MiB has a 4 KiB leaf, the next 2 MiB one leaf.
 *
 * [EPT-WALK] [EPT-ORDER] [EPT-ENTRY] [EPT-NOT-PRESENT] [EPT-MISCONFIG] [EPT-VIOLATION] [EPT-AD]
 * [EPT-CAP] [EPT-EPTP] [EPT-SPP]
 */
#include <string.h>

#include "support/std_machine.h"
#include "support/support_rows.h"

#define A STD_A
#define WB STD_WB
#define RWX EPT_RWX
#define FRAME (STD_A + STD_HOST)
#define LEAF (FRAME | RWX | WB)
#define SLOT_A (STD_EPT_PT + 8 * (STD_A >> VK_PAGE_SHIFT))
#define PAGE2M (0x200000 + STD_HOST)
#define R VK_ACC_R
#define W VK_ACC_W
#define X VK_ACC_X
#define USER VK_ACC_USER_ADDR

/* What the processor or its VMM does differently. */
#define NO_EXEC_ONLY 0x01u
#define NO_2M 0x02u
#define NO_1G 0x04u
#define MBEC 0x08u
#define NO_AD 0x10u

struct edit {
	uint64_t slot; /* HPA; 0: none */
	uint64_t value;
};

struct row {
	const char *what;
	struct edit edit[3];
	unsigned differs;
	unsigned acc;
	uint64_t gpa; /* 0: A */
	enum ept_status status;
	enum ept_why why;
	uint64_t bits;
	unsigned level; /* of the last entry read */
	uint64_t hpa;   /* 0: A's frame, when the status is OK */
};

#define VIOLATES(w, b, l) .status = EPT_VIOLATION, .why = EPT_WHY_##w, .bits = (b), .level = (l)
#define MISCONFIG(w, b, l) .status = EPT_MISCONFIG, .why = EPT_WHY_##w, .bits = (b), .level = (l)
#define PASSES(l) .status = EPT_OK, .level = (l)

static const struct row rows[] = {
	/* --- where a translation leads --- */
	{ "a 4 KiB leaf maps its frame", .acc = R | W, PASSES(1) },
	{ "a 2 MiB leaf takes 21 bits of the address", .acc = X, .gpa = 0x2a5678, PASSES(2),
	    .hpa = 0x2a5678 + STD_HOST },
	{ "a 1 GiB leaf takes 30 bits of the address", { { STD_EPT_PDPT + 8,
	    0x4000000000 | RWX | WB | EPT_PS } }, .acc = R, .gpa = 0x6a5a5678, PASSES(3),
	    .hpa = 0x402a5a5678 },
	{ "bit 7 of a 4 KiB leaf is ignored", { { SLOT_A, LEAF | EPT_PS } }, .acc = R, PASSES(1) },
	{ "bits 11, 52 to 62 and XU without MBEC are ignored", { { SLOT_A, LEAF | VK_BITS(62, 52) |
	    VK_BIT(11) | EPT_XU } }, .acc = R, PASSES(1) },
	{ "bit 63 is ignored by a translation", { { SLOT_A, LEAF | EPT_SVE } }, .acc = R,
	    PASSES(1) },
	{ "IPAT and each valid memory type are no misconfiguration", { { SLOT_A, FRAME | RWX |
	    EPT_IPAT | 5ull << 3 } }, .acc = R, PASSES(1) },

	/* --- not present --- */
	{ "an entry without rights is not present", { { SLOT_A, 0 } }, .acc = R,
	    VIOLATES(NOT_PRESENT, RWX, 1) },
	{ "its other bits do not count: no misconfiguration", { { SLOT_A, ~(RWX | EPT_XU) } },
	    .acc = R, VIOLATES(NOT_PRESENT, RWX, 1) },
	{ "nor does bit 10 make it present without MBEC", { { SLOT_A, ~RWX } }, .acc = R,
	    VIOLATES(NOT_PRESENT, RWX, 1) },
	{ "with MBEC bit 10 alone makes it present", { { SLOT_A, FRAME | WB | EPT_XU } }, MBEC,
	    .acc = X | USER, .status = EPT_VIOLATION, .why = EPT_WHY_PERMISSION, .bits = EPT_XU,
	    .level = 1 },
	{ "an absent root entry stops the walk there", { { STD_EPT_PML4, 0 } }, .acc = R,
	    VIOLATES(NOT_PRESENT, RWX, 4) },

	/* --- misconfigured, whatever the access --- */
	{ "a write right without a read right is a misconfiguration", { { SLOT_A, FRAME | WB |
	    EPT_W } }, .acc = W, MISCONFIG(WRITE_WITHOUT_READ, EPT_W, 1) },
	{ "so is write and execute without read", { { SLOT_A, FRAME | WB | EPT_W | EPT_X } },
	    .acc = X, MISCONFIG(WRITE_WITHOUT_READ, EPT_W, 1) },
	{ "so is it in an entry that is no leaf", { { STD_EPT_PD, STD_EPT_PT | EPT_W } }, .acc = R,
	    MISCONFIG(WRITE_WITHOUT_READ, EPT_W, 2) },
	{ "execute-only is a misconfiguration where it does not exist",
	    { { SLOT_A, FRAME | WB | EPT_X } }, NO_EXEC_ONLY, .acc = X,
	    MISCONFIG(EXEC_ONLY, EPT_X, 1) },
	{ "so is XU without R under MBEC", { { SLOT_A, FRAME | WB | EPT_XU } },
	    NO_EXEC_ONLY | MBEC, .acc = R, MISCONFIG(EXEC_ONLY, EPT_XU, 1) },
	{ "execute-only is no misconfiguration where it exists",
	    { { SLOT_A, FRAME | WB | EPT_X } }, .acc = X, PASSES(1) },
	{ "memory type 2 does not exist", { { SLOT_A, FRAME | RWX | 2ull << 3 } }, .acc = R,
	    MISCONFIG(MEMTYPE, 2ull << 3, 1) },
	{ "memory type 3 does not exist", { { SLOT_A, FRAME | RWX | 3ull << 3 } }, .acc = R,
	    MISCONFIG(MEMTYPE, 3ull << 3, 1) },
	{ "memory type 7 does not exist", { { SLOT_A, FRAME | RWX | 7ull << 3 } }, .acc = R,
	    MISCONFIG(MEMTYPE, 7ull << 3, 1) },
	{ "memory type bits are reserved in an entry that is no leaf",
	    { { STD_EPT_PD, STD_EPT_PT | RWX | 1ull << 3 } }, .acc = R,
	    MISCONFIG(RESERVED, 1ull << 3, 2) },
	{ "IPAT is reserved in an entry that is no leaf",
	    { { STD_EPT_PDPT, STD_EPT_PD | RWX | EPT_IPAT } }, .acc = R,
	    MISCONFIG(RESERVED, EPT_IPAT, 3) },
	{ "bit 7 is reserved in a PML4E", { { STD_EPT_PML4, STD_EPT_PDPT | RWX | EPT_PS } },
	    .acc = R, MISCONFIG(RESERVED, EPT_PS, 4) },
	{ "bit 12 of a 2 MiB leaf is reserved",
	    { { STD_EPT_PD + 8, PAGE2M | 0x1000 | RWX | WB | EPT_PS } }, .acc = R, .gpa = 0x200000,
	    MISCONFIG(RESERVED, 0x1000, 2) },
	{ "bit 20 of a 2 MiB leaf is reserved",
	    { { STD_EPT_PD + 8, PAGE2M | 0x100000 | RWX | WB | EPT_PS } }, .acc = R,
	    .gpa = 0x200000, MISCONFIG(RESERVED, 0x100000, 2) },
	{ "bit 12 of a 1 GiB leaf is reserved",
	    { { STD_EPT_PDPT + 8, 0x40001000 | RWX | WB | EPT_PS } }, .acc = R, .gpa = 0x40000000,
	    MISCONFIG(RESERVED, 0x1000, 3) },
	{ "bit 29 of a 1 GiB leaf is reserved",
	    { { STD_EPT_PDPT + 8, 0x60000000 | RWX | WB | EPT_PS } }, .acc = R, .gpa = 0x40000000,
	    MISCONFIG(RESERVED, 0x20000000, 3) },
	{ "an address bit from MAXPHYADDR up is reserved", { { SLOT_A, LEAF | VK_BIT(46) } },
	    .acc = R, MISCONFIG(RESERVED, VK_BIT(46), 1) },
	{ "every bit of an entry set is a misconfiguration", { { SLOT_A, ~0ull } }, .acc = R,
	    MISCONFIG(RESERVED, VK_BITS(51, 46), 1) },
	{ "a table beyond memory reads as ones, a misconfiguration",
	    { { STD_EPT_PD, 0x00003ffffffff000 | RWX } }, .acc = R,
	    MISCONFIG(RESERVED, VK_BITS(51, 46), 1) },

	/* --- rights --- */
	{ "a read needs R", { { SLOT_A, FRAME | WB | EPT_X } }, .acc = R,
	    VIOLATES(PERMISSION, EPT_R, 1) },
	{ "a write needs W", { { SLOT_A, FRAME | WB | EPT_R | EPT_X } }, .acc = W,
	    VIOLATES(PERMISSION, EPT_W, 1) },
	{ "a read-modify-write needs both", { { SLOT_A, FRAME | WB | EPT_X } }, .acc = R | W,
	    VIOLATES(PERMISSION, EPT_R | EPT_W, 1) },
	{ "a read and a fetch at once need both", { { SLOT_A, FRAME | WB | EPT_X } },
	    .acc = R | X, VIOLATES(PERMISSION, EPT_R, 1) },
	{ "so do they with MBEC, from a user address", { { SLOT_A, FRAME | WB | EPT_XU | EPT_X } },
	    MBEC, .acc = R | X | USER, VIOLATES(PERMISSION, EPT_R | EPT_XU, 1) },
	{ "a fetch needs X", { { SLOT_A, FRAME | WB | EPT_R | EPT_W } }, .acc = X,
	    VIOLATES(PERMISSION, EPT_X, 1) },
	{ "a fetch needs no R", { { SLOT_A, FRAME | WB | EPT_X } }, .acc = X, PASSES(1) },
	{ "a right that an upper entry lacks is lacking",
	    { { STD_EPT_PML4, STD_EPT_PDPT | EPT_R | EPT_X } }, .acc = W,
	    VIOLATES(PERMISSION, EPT_W, 1) },
	{ "without MBEC X serves fetches from user addresses", { { SLOT_A, LEAF } },
	    .acc = X | USER, PASSES(1) },
	{ "with MBEC they need XU", { { SLOT_A, LEAF } }, MBEC, .acc = X | USER,
	    VIOLATES(PERMISSION, EPT_XU, 1) },
	{ "with MBEC fetches from supervisor addresses need X", { { SLOT_A, FRAME | WB | EPT_R |
	    EPT_XU } }, MBEC, .acc = X, VIOLATES(PERMISSION, EPT_X, 1) },

	/* --- order --- */
	{ "absence below wins over a right missing above",
	    { { STD_EPT_PML4, STD_EPT_PDPT | EPT_R }, { SLOT_A, 0 } }, .acc = W,
	    VIOLATES(NOT_PRESENT, RWX, 1) },
	{ "misconfiguration below outranks a right missing above",
	    { { STD_EPT_PML4, STD_EPT_PDPT | EPT_R }, { SLOT_A, LEAF | VK_BIT(50) } }, .acc = W,
	    MISCONFIG(RESERVED, VK_BIT(50), 1) },
	{ "absence above wins over misconfiguration below",
	    { { STD_EPT_PDPT, 0 }, { STD_EPT_PD, EPT_W } }, .acc = R,
	    VIOLATES(NOT_PRESENT, RWX, 3) },
	{ "misconfiguration above wins over absence below",
	    { { STD_EPT_PDPT, EPT_W }, { STD_EPT_PD, 0 } }, .acc = R,
	    MISCONFIG(WRITE_WITHOUT_READ, EPT_W, 3) },
	{ "a misconfigured leaf outranks the right that it lacks",
	    { { SLOT_A, FRAME | EPT_R | 7ull << 3 } }, .acc = W, MISCONFIG(MEMTYPE, 7ull << 3, 1) },

	/* --- the processor's capabilities --- */
	{ "without 2 MiB pages bit 7 of a PDE is reserved", .differs = NO_2M, .acc = R,
	    .gpa = 0x200000, MISCONFIG(RESERVED, EPT_PS | WB, 2) },
	{ "so are then the bits of its memory type, and those that 2 MiB pages have reserved",
	    { { STD_EPT_PD, 0x101000 | RWX | EPT_A | EPT_PS | EPT_IPAT | 1ull << 3 } }, NO_2M,
	    .acc = R, MISCONFIG(RESERVED, 0x101000 | EPT_PS | EPT_IPAT | 1ull << 3, 2) },
	{ "so are they without 1 GiB pages",
	    { { STD_EPT_PDPT, 0x20001000 | RWX | EPT_A | EPT_PS | 1ull << 3 } }, NO_1G, .acc = R,
	    MISCONFIG(RESERVED, 0x20001000 | EPT_PS | 1ull << 3, 3) },
	{ "without 1 GiB pages bit 7 of a PDPTE is reserved",
	    { { STD_EPT_PDPT + 8, 0x40000000 | RWX | EPT_PS } }, NO_1G, .acc = R,
	    .gpa = 0x40000000, MISCONFIG(RESERVED, EPT_PS, 3) },
	{ "without 2 MiB pages 1 GiB pages may exist",
	    { { STD_EPT_PDPT + 8, 0x4000000000 | RWX | WB | EPT_PS } }, NO_2M, .acc = R,
	    .gpa = 0x40000000, PASSES(3), .hpa = 0x4000000000 },

	/* --- wide addresses --- */
	{ "four levels do not reach bit 48", .acc = R, .gpa = VK_BIT(48) | A,
	    VIOLATES(GPA_WIDTH, VK_BIT(48), 0) },
	{ "nor bit 51", .acc = R, .gpa = VK_BIT(51) | A, VIOLATES(GPA_WIDTH, VK_BIT(51), 0) },
	{ "bit 47 is the last they reach", .acc = R, .gpa = VK_BIT(47) | A,
	    VIOLATES(NOT_PRESENT, RWX, 4) },

	/* --- tables that point at themselves --- */
	{ "a root that maps itself is its own last table",
	    { { STD_EPT_PML4, STD_EPT_PML4 | RWX } }, NO_AD, .acc = R, .gpa = 0x123,
	    PASSES(1), .hpa = STD_EPT_PML4 + 0x123 },
};

static void
set_machine(struct std_machine *m, const struct row *row)
{
	uint64_t cap = STD_CAP;
	size_t i;

	std_init(m);
	for (i = 0; i < ROWS_COUNT(row->edit); i++) {
		if (row->edit[i].slot != 0)
			fake_poke(&m->memory, row->edit[i].slot, row->edit[i].value);
	}
	cap &= ~((row->differs & NO_EXEC_ONLY) ? EPT_CAP_EXEC_ONLY : 0);
	cap &= ~((row->differs & NO_2M) ? EPT_CAP_2M : 0);
	cap &= ~((row->differs & NO_1G) ? EPT_CAP_1G : 0);
	std_set_eptp(m, STD_EPTP & ~((row->differs & NO_AD) ? EPTP_AD : 0), cap,
	    (row->differs & MBEC) ? EPT_CTL_MBEC : 0);
}

static void
run_row(void **state)
{
	const struct row *row = *state;
	gpa_t gpa = vk_gpa(row->gpa != 0 ? row->gpa : A);
	struct ept_walk walk;
	struct std_machine m;

	set_machine(&m, row);
	memset(&walk, 0xa5, sizeof(walk)); /* nothing of it is left as it was */
	assert_int_equal(ept_walk(&m.vcpu.ept, gpa, row->acc, &walk), row->status);
	assert_int_equal(walk.why, row->why);
	assert_int_equal(walk.bits, row->bits);
	assert_int_equal(walk.level, row->level);
	if (row->status == EPT_OK)
		assert_int_equal(walk.hpa.v, row->hpa != 0 ? row->hpa : FRAME);
	else if (row->why != EPT_WHY_PERMISSION)
		assert_int_equal(walk.hpa.v, 0);
	/* Each entry once, and nothing written. */
	assert_int_equal(m.memory.loads, row->level == 0 ? 0 : 5 - row->level);
	assert_int_equal(m.memory.events, m.memory.loads);
	std_destroy(&m);
}

/* --- the pointer -------------------------------------------------------------------------- */

static const struct {
	const char *what;
	uint64_t eptp;
	uint64_t cap;
	unsigned maxphyaddr;
	enum eptp_why why;
} eptp_rows[] = {
	{ "the usual one", STD_EPTP, STD_CAP, 46, EPTP_VALID },
	{ "UC with the capability", 0x18, STD_CAP, 46, EPTP_VALID },
	{ "UC without it", 0x18, STD_CAP & ~EPT_CAP_UC, 46, EPTP_BAD_MEMTYPE },
	{ "WB without the capability", 0x1e, STD_CAP & ~EPT_CAP_WB, 46, EPTP_BAD_MEMTYPE },
	{ "memory type 1", 0x19, STD_CAP, 46, EPTP_BAD_MEMTYPE },
	{ "memory type 4", 0x1c, STD_CAP, 46, EPTP_BAD_MEMTYPE },
	{ "memory type 7", 0x1f, STD_CAP, 46, EPTP_BAD_MEMTYPE },
	{ "three levels", 0x16, STD_CAP, 46, EPTP_BAD_WALK_LENGTH },
	{ "six levels", 0x2e, STD_CAP, 46, EPTP_BAD_WALK_LENGTH },
	{ "eight levels", 0x3e, STD_CAP, 46, EPTP_BAD_WALK_LENGTH },
	{ "four levels without the capability", 0x1e, STD_CAP & ~EPT_CAP_WALK4, 46,
	    EPTP_BAD_WALK_LENGTH },
	{ "five levels", 0x26, STD_CAP, 46, EPTP_VALID },
	{ "five levels without the capability", 0x26, STD_CAP & ~EPT_CAP_WALK5, 46,
	    EPTP_BAD_WALK_LENGTH },
	{ "flags without the capability", 0x5e, STD_CAP & ~EPT_CAP_AD, 46, EPTP_BAD_AD },
	{ "shadow stacks without the capability", 0x9e, STD_CAP, 46, EPTP_BAD_RESERVED },
	{ "shadow stacks with the capability", 0x9e, STD_CAP | EPT_CAP_SSS, 46, EPTP_VALID },
	{ "bit 8", 0x11e, STD_CAP, 46, EPTP_BAD_RESERVED },
	{ "bit 11", 0x81e, STD_CAP, 46, EPTP_BAD_RESERVED },
	{ "the highest frame", 0x00003ffffffff01e, STD_CAP, 46, EPTP_VALID },
	{ "a frame beyond MAXPHYADDR", VK_BIT(46) | 0x1e, STD_CAP, 46, EPTP_BAD_RESERVED },
	{ "bit 51 with MAXPHYADDR 52", VK_BIT(51) | 0x1e, STD_CAP, 52, EPTP_VALID },
	{ "bit 52", VK_BIT(52) | 0x1e, STD_CAP, 52, EPTP_BAD_RESERVED },
	{ "bit 63", VK_BIT(63) | 0x1e, STD_CAP, 52, EPTP_BAD_RESERVED },
};

static void
an_ept_pointer_is_judged_field_by_field(void **state)
{
	struct hpm none = { NULL, NULL };
	struct ept ept;
	size_t i;

	(void)state;
	for (i = 0; i < ROWS_COUNT(eptp_rows); i++) {
		enum eptp_why why = ept_eptp_check(eptp_rows[i].eptp, eptp_rows[i].cap,
		    eptp_rows[i].maxphyaddr);

		if (why != eptp_rows[i].why)
			fail_msg("%s: %d", eptp_rows[i].what, (int)why);
		memset(&ept, 0xa5, sizeof(ept));
		assert_int_equal(ept_init(&ept, none, eptp_rows[i].eptp, eptp_rows[i].cap, 0,
		    eptp_rows[i].maxphyaddr), why);
		if (why == EPTP_VALID)
			assert_int_equal(ept.spptp.v, 0);
	}
}

static void
the_root_is_the_frame_of_the_pointer(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_eptp(&m, (STD_EPTP & ~7ull) | 0, STD_CAP, 0); /* UC, A/D on */
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), R, &walk), EPT_OK);
	assert_int_equal(walk.step[4].slot.v, STD_EPT_PML4);
	std_destroy(&m);
}

/* --- levels ------------------------------------------------------------------------------- */

static void
reserved_bits_are_those_of_the_format_at_each_level(void **state)
{
	/* Which of bits 3 to 62 an entry that is no leaf, or a leaf, may not have. */
	static const struct {
		unsigned level;
		uint64_t entry;
		uint64_t reserved;
	} formats[] = {
		{ 5, RWX, VK_BITS(7, 3) | VK_BITS(51, 40) },
		{ 4, RWX, VK_BITS(7, 3) | VK_BITS(51, 40) },
		{ 3, RWX, VK_BITS(6, 3) | VK_BITS(51, 40) },
		{ 2, RWX, VK_BITS(6, 3) | VK_BITS(51, 40) },
		{ 3, RWX | EPT_PS, VK_BITS(29, 12) | VK_BITS(51, 40) },
		{ 2, RWX | EPT_PS, VK_BITS(20, 12) | VK_BITS(51, 40) },
		{ 1, RWX, VK_BITS(51, 40) },
	};
	struct hpm none = { NULL, NULL };
	struct ept ept;
	unsigned bit;
	size_t i;

	(void)state;
	assert_int_equal(ept_init(&ept, none, 0x26, STD_CAP, 0, 40), EPTP_VALID);
	for (i = 0; i < ROWS_COUNT(formats); i++) {
		for (bit = 3; bit < 63; bit++) {
			uint64_t bits, entry = formats[i].entry | VK_BIT(bit);
			/* A PS that makes a leaf of it leads to another row. */
			int other = bit == 7 && !(formats[i].entry & EPT_PS) &&
			    (formats[i].level == 2 || formats[i].level == 3);
			enum ept_why why = ept_entry_check(&ept, entry, formats[i].level, &bits);

			if (!other && (why == EPT_WHY_RESERVED) !=
			    ((formats[i].reserved & VK_BIT(bit)) != 0))
				fail_msg("level %u, entry %llx", formats[i].level,
				    (unsigned long long)entry);
		}
	}
}

static void
five_levels_read_five_entries(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_use_five_levels(&m);
	fake_reset(&m.memory);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), R, &walk), EPT_OK);
	assert_int_equal(walk.hpa.v, FRAME);
	assert_int_equal(m.memory.loads, 5);
	/* The fifth index is bits 56:48; no address is too wide. */
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(VK_BIT(51) | A), R, &walk), EPT_VIOLATION);
	assert_int_equal(walk.why, EPT_WHY_NOT_PRESENT);
	assert_int_equal(walk.step[5].slot.v, STD_EPT_PML5 + 8 * 8);
	std_destroy(&m);
}

static void
rights_are_the_and_over_all_entries(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	std_init(&m);
	fake_poke(&m.memory, STD_EPT_PML4, STD_EPT_PDPT | EPT_R | EPT_W);
	fake_poke(&m.memory, STD_EPT_PD, STD_EPT_PT | EPT_R | EPT_X);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), R, &walk), EPT_OK);
	assert_int_equal(walk.perm, EPT_R);
	std_destroy(&m);
}

static void
the_record_has_every_entry_read(void **state)
{
	static const uint64_t slots[] = { 0, SLOT_A, STD_EPT_PD, STD_EPT_PDPT, STD_EPT_PML4 };
	struct ept_walk walk;
	struct std_machine m;
	unsigned level;

	(void)state;
	std_init(&m);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), R | W, &walk), EPT_OK);
	for (level = 1; level <= 4; level++) {
		assert_int_equal(walk.step[level].slot.v, slots[level]);
		assert_int_equal(walk.step[level].entry, fake_peek(&m.memory, slots[level]));
		assert_int_equal(fake_loads_of(&m.memory, slots[level]), 1);
	}
	assert_int_equal(walk.gpa.v, A);
	assert_int_equal(walk.acc, R | W);
	std_destroy(&m);
}

/* --- flags -------------------------------------------------------------------------------- */

static void
a_read_owes_accessed_flags_and_a_write_dirty_too(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	std_init(&m);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), R, &walk), EPT_OK);
	assert_int_equal(ept_ad_owed(&m.vcpu.ept, &walk), EPT_A);
	assert_int_equal(ept_commit_ad(&m.vcpu.ept, &walk), CAS_DONE);
	assert_int_equal(std_ept(&m, A), LEAF | EPT_A);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PML4), STD_EPT_PDPT | RWX | EPT_A);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PDPT), STD_EPT_PD | RWX | EPT_A);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD), STD_EPT_PT | RWX | EPT_A);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_OK);
	assert_int_equal(ept_ad_owed(&m.vcpu.ept, &walk), EPT_D);
	assert_int_equal(ept_commit_ad(&m.vcpu.ept, &walk), CAS_DONE);
	assert_int_equal(std_ept(&m, A), LEAF | EPT_A | EPT_D);
	/* What one entry owes is not forgotten for those below it. */
	fake_poke(&m.memory, STD_EPT_PDPT, STD_EPT_PD | RWX);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), R, &walk), EPT_OK);
	assert_int_equal(ept_ad_owed(&m.vcpu.ept, &walk), EPT_A);
	assert_int_equal(ept_commit_ad(&m.vcpu.ept, &walk), CAS_DONE);
	/* Nothing is owed any more, and nothing written. */
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), R | W, &walk), EPT_OK);
	assert_int_equal(ept_ad_owed(&m.vcpu.ept, &walk), 0);
	fake_reset(&m.memory);
	assert_int_equal(ept_commit_ad(&m.vcpu.ept, &walk), CAS_DONE);
	assert_int_equal(m.memory.events, 0);
	std_destroy(&m);
}

static void
the_dirty_flag_of_a_large_page_is_in_its_leaf(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	std_init(&m);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(0x212345), W, &walk), EPT_OK);
	assert_int_equal(ept_commit_ad(&m.vcpu.ept, &walk), CAS_DONE);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PD + 8),
	    PAGE2M | RWX | WB | EPT_PS | EPT_A | EPT_D);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PDPT), STD_EPT_PD | RWX | EPT_A);
	std_destroy(&m);
}

static void
without_eptp_bit_6_no_flag_is_owed(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_eptp(&m, STD_EPTP & ~EPTP_AD, STD_CAP, 0);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_OK);
	assert_int_equal(ept_ad_owed(&m.vcpu.ept, &walk), 0);
	fake_reset(&m.memory);
	assert_int_equal(ept_commit_ad(&m.vcpu.ept, &walk), CAS_DONE);
	assert_int_equal(m.memory.events, 0);
	std_destroy(&m);
}

static void
flags_are_set_from_the_root_down(void **state)
{
	static const uint64_t slots[] = { STD_EPT_PML4, STD_EPT_PDPT, STD_EPT_PD, SLOT_A };
	struct ept_walk walk;
	struct std_machine m;
	unsigned i;

	(void)state;
	std_init(&m);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_OK);
	fake_reset(&m.memory);
	assert_int_equal(ept_commit_ad(&m.vcpu.ept, &walk), CAS_DONE);
	assert_int_equal(m.memory.events, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(m.memory.event[i].address, slots[i]);
	std_destroy(&m);
}

static void
a_flag_update_against_an_entry_that_changed_is_lost(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	std_init(&m);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_OK);
	std_set_ept(&m, A, LEAF & ~EPT_W);
	assert_int_equal(ept_commit_ad(&m.vcpu.ept, &walk), CAS_LOST);
	assert_int_equal(std_ept(&m, A), LEAF & ~EPT_W);
	std_destroy(&m);
}

static void
a_flag_update_that_memory_refuses_is_refused(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	std_init(&m);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_OK);
	m.memory.refuse_cas = STD_EPT_PD;
	assert_int_equal(ept_commit_ad(&m.vcpu.ept, &walk), CAS_REFUSED);
	std_destroy(&m);
}

/* --- sub-pages ---------------------------------------------------------------------------- */

#define SPPTP 0x200000ull /* four tables, HPA */
#define VECTOR_SLOT (SPPTP + 0x3000 + 8 * (STD_A >> VK_PAGE_SHIFT))

static void
set_subpages(struct std_machine *m, uint64_t vector)
{
	std_init(m);
	std_set_eptp(m, STD_EPTP, STD_CAP, EPT_CTL_SPP);
	m->vcpu.ept.spptp = vk_hpa(SPPTP);
	fake_poke(&m->memory, SPPTP, (SPPTP + 0x1000) | 1);
	fake_poke(&m->memory, SPPTP + 0x1000, (SPPTP + 0x2000) | 1);
	fake_poke(&m->memory, SPPTP + 0x2000, (SPPTP + 0x3000) | 1);
	fake_poke(&m->memory, VECTOR_SLOT, vector);
	std_set_ept(m, A, (LEAF & ~EPT_W) | EPT_SPP);
}

static void
a_sub_page_is_written_where_its_bit_allows(void **state)
{
	struct ept_walk walk;
	struct std_machine m;
	unsigned i, j;

	(void)state;
	for (i = 0; i < 32; i++) {
		set_subpages(&m, VK_BIT(2 * i));
		for (j = 0; j < 32; j++) {
			enum ept_status status = ept_walk(&m.vcpu.ept, vk_gpa(A + 128 * j + 127), W,
			    &walk);

			assert_int_equal(status, i == j ? EPT_OK : EPT_VIOLATION);
			assert_int_equal(walk.why, i == j ? EPT_WHY_NONE : EPT_WHY_SUBPAGE);
		}
		std_destroy(&m);
	}
}

static void
sub_page_permission_asks_for_all_its_conditions(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	set_subpages(&m, ~0ull & 0x5555555555555555);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_OK);
	/* The processor's own accesses to tables do not profit. */
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), R | W | VK_ACC_TABLE, &walk),
	    EPT_VIOLATION);
	assert_int_equal(walk.why, EPT_WHY_PERMISSION);
	/* Nor a page without bit 61, nor any page with the control off. */
	std_set_ept(&m, A, LEAF & ~EPT_W);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_VIOLATION);
	std_set_ept(&m, A, (LEAF & ~EPT_W) | EPT_SPP);
	std_set_eptp(&m, STD_EPTP, STD_CAP, 0);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_VIOLATION);
	assert_int_equal(walk.why, EPT_WHY_PERMISSION);
	std_destroy(&m);
}

static void
sub_pages_are_of_4k_pages_only(void **state)
{
	struct ept_walk walk;
	struct std_machine m;

	(void)state;
	set_subpages(&m, 0x5555555555555555);
	fake_poke(&m.memory, STD_EPT_PD + 8, PAGE2M | EPT_R | WB | EPT_PS | EPT_SPP);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(0x200000), W, &walk), EPT_VIOLATION);
	assert_int_equal(walk.why, EPT_WHY_PERMISSION);
	std_destroy(&m);
}

/* An address that has another index at each level. */
#define FAR (100 * VK_BIT(39) | 200 * VK_BIT(30) | 300 * VK_BIT(21) | 400 * VK_BIT(12))
#define FAR_SLOT(level) (8 * 100 * (5 - (level)))
#define FAR_TABLES 0x210000ull

static void
each_level_of_sub_page_tables_takes_its_part_of_the_address(void **state)
{
	struct ept_walk walk;
	struct std_machine m;
	unsigned level;

	(void)state;
	set_subpages(&m, 0);
	fake_poke(&m.memory, STD_EPT_PML4 + FAR_SLOT(4), FAR_TABLES | EPT_RWX);
	for (level = 3; level > 1; level--)
		fake_poke(&m.memory, FAR_TABLES + (3 - level) * 0x1000 + FAR_SLOT(level),
		    (FAR_TABLES + (4 - level) * 0x1000) | EPT_RWX);
	fake_poke(&m.memory, FAR_TABLES + 0x2000 + FAR_SLOT(1), (LEAF & ~EPT_W) | EPT_SPP);
	for (level = 4; level > 1; level--)
		fake_poke(&m.memory, SPPTP + (4 - level) * 0x1000 + FAR_SLOT(level),
		    (SPPTP + (5 - level) * 0x1000) | 1);
	fake_poke(&m.memory, SPPTP + 0x3000 + FAR_SLOT(1), VK_BIT(2));
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(FAR + 128), W, &walk), EPT_OK);
	assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(FAR), W, &walk), EPT_VIOLATION);
	assert_int_equal(walk.why, EPT_WHY_SUBPAGE);
	assert_int_equal(walk.bits, EPT_W);
	std_destroy(&m);
}

static void
a_sub_page_table_that_says_nothing_or_nonsense_is_an_event(void **state)
{
	unsigned level;

	(void)state;
	for (level = 0; level < 3; level++) {
		uint64_t slot = SPPTP + level * 0x1000, entry;
		struct ept_walk walk;
		struct std_machine m;

		set_subpages(&m, 1);
		entry = fake_peek(&m.memory, slot);
		fake_poke(&m.memory, slot, entry & ~1ull);
		assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_SPP_EVENT);
		assert_int_equal(walk.why, EPT_WHY_SPP_MISS);
		fake_poke(&m.memory, slot, entry | 2);
		assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_SPP_EVENT);
		assert_int_equal(walk.why, EPT_WHY_SPP_MISCONFIG);
		assert_int_equal(walk.bits, 2);
		fake_poke(&m.memory, slot, entry);
		fake_poke(&m.memory, VECTOR_SLOT, 1 | VK_BIT(63));
		assert_int_equal(ept_walk(&m.vcpu.ept, vk_gpa(A), W, &walk), EPT_SPP_EVENT);
		assert_int_equal(walk.why, EPT_WHY_SPP_MISCONFIG);
		assert_int_equal(walk.bits, VK_BIT(63));
		std_destroy(&m);
	}
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++)
		rows_add(&list, NULL, rows[i].what, run_row, &rows[i]);
	ROWS_ADD_TEST(&list, an_ept_pointer_is_judged_field_by_field);
	ROWS_ADD_TEST(&list, the_root_is_the_frame_of_the_pointer);
	ROWS_ADD_TEST(&list, reserved_bits_are_those_of_the_format_at_each_level);
	ROWS_ADD_TEST(&list, five_levels_read_five_entries);
	ROWS_ADD_TEST(&list, rights_are_the_and_over_all_entries);
	ROWS_ADD_TEST(&list, the_record_has_every_entry_read);
	ROWS_ADD_TEST(&list, a_read_owes_accessed_flags_and_a_write_dirty_too);
	ROWS_ADD_TEST(&list, the_dirty_flag_of_a_large_page_is_in_its_leaf);
	ROWS_ADD_TEST(&list, without_eptp_bit_6_no_flag_is_owed);
	ROWS_ADD_TEST(&list, flags_are_set_from_the_root_down);
	ROWS_ADD_TEST(&list, a_flag_update_against_an_entry_that_changed_is_lost);
	ROWS_ADD_TEST(&list, a_flag_update_that_memory_refuses_is_refused);
	ROWS_ADD_TEST(&list, a_sub_page_is_written_where_its_bit_allows);
	ROWS_ADD_TEST(&list, sub_page_permission_asks_for_all_its_conditions);
	ROWS_ADD_TEST(&list, sub_pages_are_of_4k_pages_only);
	ROWS_ADD_TEST(&list, each_level_of_sub_page_tables_takes_its_part_of_the_address);
	ROWS_ADD_TEST(&list, a_sub_page_table_that_says_nothing_or_nonsense_is_an_event);
	return rows_run(&list, "ept");
}
