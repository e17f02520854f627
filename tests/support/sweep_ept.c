/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sweep of EPT: one translation of a guest-physical address with its flags, against the naive
 * model.
 *
 * All parts use seven accesses: data read, write and read-modify-write, fetch from a
 * supervisor-mode and from a user-mode address, read of a guest table entry and update of one.
 *
 *  rights     R, W, X and XU at every level of a 4-level EPT, for each page size; for 5 levels,
 *             eight of the sixteen patterns at every level x access x execute-only, MBEC, A/D
 *  low bits   all values of bits 11:0 of one entry, at each level x access x execute-only, 2 MiB
 *             and 1 GiB pages, MBEC, A/D
 *  high bits  each single bit from 12 up, in a present or absent, large or small entry of each
 *             level x MAXPHYADDR 36 to 52 x 2 MiB and 1 GiB pages x read, write, fetch
 *  structure  every pair of levels x 16 classes of entry at each x access x execute-only, MBEC,
 *             A/D x MAXPHYADDR 36, 46, 52
 *  addresses  each single bit of the address and its complement x four and five levels x access
 *             x each page size
 *
 * Compared: the outcome, qualification bits 6:3, the host-physical address, the level, the address
 * of every entry read, all entries afterwards; and that each entry was read once.
 *
 * [EPT-WALK] [EPT-ORDER] [EPT-ENTRY] [EPT-NOT-PRESENT] [EPT-MISCONFIG] [EPT-VIOLATION] [EPT-AD]
 * [EPT-CAP] [EPT-QUALIFICATION]
 */
#include <inttypes.h>

#include "ept/ept_exit.h"
#include "ept/ept_gpm.h"
#include "oracle/naive.h"
#include "support/sweep.h"

#define WB (6ull << EPT_MEMTYPE_SHIFT)
#define MAXPHYADDRS 17 /* 36 to 52 */
#define FIRST_MAXPHYADDR 36
#define LEAF_PATTERN 0x000a5a5a5a5a5000ull
#define QUAL_RIGHTS (0xfull << EPT_QUAL_PERM_SHIFT)

struct ept_sweep {
	struct sweep_memory core;
	struct sweep_memory naive;
	struct ept_gpm gpm;
	struct ept ept;
	struct naive_machine machine;
	/* The case. */
	uint64_t entry[6];
	uint64_t gpa;
	uint64_t eptp;
	uint64_t cap;
	uint32_t controls;
	unsigned acc;
	unsigned levels;
	unsigned maxphyaddr;
	unsigned shape; /* of the part */
};

/* --- the two memories --------------------------------------------------------------------- */

static uint64_t
core_load(void *ctx, hpa_t slot)
{
	return sweep_memory_load(ctx, slot.v);
}

static enum cas_status
core_cas(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	struct sweep_memory *memory = ctx;
	unsigned loads = memory->loads;
	uint64_t seen = sweep_memory_load(memory, slot.v);

	memory->loads = loads;
	if (seen != old)
		return CAS_LOST;
	return sweep_memory_store(memory, slot.v, new_value) ? CAS_DONE : CAS_REFUSED;
}

static const struct hpm_ops core_ops = { core_load, core_cas };

static uint64_t
naive_load(void *ctx, uint64_t hpa)
{
	return sweep_memory_load(ctx, hpa);
}

static void
naive_store(void *ctx, uint64_t hpa, uint64_t value)
{
	sweep_memory_store(ctx, hpa, value);
}

/* --- one case ----------------------------------------------------------------------------- */

static const unsigned accesses[] = {
	VK_ACC_R,
	VK_ACC_W,
	VK_ACC_R | VK_ACC_W,
	VK_ACC_X,
	VK_ACC_X | VK_ACC_USER_ADDR,
	VK_ACC_R | VK_ACC_TABLE,
	VK_ACC_R | VK_ACC_W | VK_ACC_TABLE,
};

#define ACCESSES (sizeof(accesses) / sizeof(accesses[0]))

/* What a processor and its VMM may switch, by number. */
#define SWITCH_EXEC_ONLY 0x01u
#define SWITCH_MBEC 0x02u
#define SWITCH_AD 0x04u
#define SWITCH_2M 0x08u
#define SWITCH_1G 0x10u

static void
set_switches(struct ept_sweep *e, unsigned levels, unsigned maxphyaddr, unsigned switches)
{
	e->cap = EPT_CAP_WALK4 | EPT_CAP_WALK5 | EPT_CAP_WB | EPT_CAP_AD |
	    ((switches & SWITCH_EXEC_ONLY) ? EPT_CAP_EXEC_ONLY : 0) |
	    ((switches & SWITCH_2M) ? EPT_CAP_2M : 0) | ((switches & SWITCH_1G) ? EPT_CAP_1G : 0);
	e->controls = (switches & SWITCH_MBEC) ? EPT_CTL_MBEC : 0;
	e->levels = levels;
	e->maxphyaddr = maxphyaddr;
	e->gpa = levels == 5 ? 0x000a5b3c2d1e4f678ull : 0x0000b3c2d1e4f678ull;
	sweep_memory_place(&e->core, maxphyaddr);
	sweep_memory_place(&e->naive, maxphyaddr);
	e->eptp = e->core.frame[levels] | ((uint64_t)(levels - 1) << EPTP_WALK_SHIFT) | 6 |
	    ((switches & SWITCH_AD) ? EPTP_AD : 0);
}

static uint64_t
leaf_frame(unsigned level, unsigned maxphyaddr)
{
	return LEAF_PATTERN & vk_frame_mask(maxphyaddr, vk_level_shift(level));
}

static void
set_plain_entries(struct ept_sweep *e, unsigned leaf)
{
	uint64_t all = EPT_RWX | ((e->controls & EPT_CTL_MBEC) ? EPT_XU : 0);
	unsigned level;

	for (level = 1; level <= 5; level++)
		e->entry[level] = e->core.frame[level - 1] | all;
	e->entry[leaf] = leaf_frame(leaf, e->maxphyaddr) | all | WB | (leaf > 1 ? EPT_PS : 0);
}

static void
set_machine(struct ept_sweep *e)
{
	struct naive_machine *m = &e->machine;

	m->ctx = &e->naive;
	m->read = naive_load;
	m->write = naive_store;
	m->maxphyaddr = e->maxphyaddr;
	m->ept = true;
	m->eptp = e->eptp;
	m->ept_cap = e->cap;
	m->mbec = (e->controls & EPT_CTL_MBEC) != 0;
}

static bool
describe(struct sweep *s, const struct ept_sweep *e, const char *what, uint64_t core,
    uint64_t naive)
{
	sweep_differs(s, "%s: core %" PRIx64 ", naive %" PRIx64 "; access %x at %" PRIx64
	    ", EPTP %" PRIx64 " capabilities %" PRIx64 " controls %x MAXPHYADDR %u", what, core,
	    naive, e->acc, e->gpa, e->eptp, e->cap, e->controls, e->maxphyaddr);
	sweep_describe_entries(s, e->entry, e->levels);
	return false;
}

static bool
compare_answers(struct sweep *s, const struct ept_sweep *e, enum ept_status status,
    const struct ept_walk *walk, const struct naive_ept_result *r)
{
	static const enum naive_outcome outcomes[] = {
		[EPT_OK] = NAIVE_OK,
		[EPT_VIOLATION] = NAIVE_EPT_VIOLATION,
		[EPT_MISCONFIG] = NAIVE_EPT_MISCONFIG,
		[EPT_SPP_EVENT] = NAIVE_VE, /* never the naive model's */
	};
	struct ept_linear linear = { .valid = 0 };
	struct ept_exit exit;

	if (outcomes[status] != r->outcome)
		return describe(s, e, "outcome", outcomes[status], r->outcome);
	if (walk->level != r->level)
		return describe(s, e, "level", walk->level, r->level);
	if (status == EPT_OK)
		return walk->hpa.v == r->hpa ||
		    describe(s, e, "host-physical address", walk->hpa.v, r->hpa);
	ept_exit_build(&e->ept, walk, status, &linear, &exit);
	return (exit.qualification & QUAL_RIGHTS) == r->rights ||
	    describe(s, e, "qualification bits 6:3", exit.qualification, r->rights);
}

static bool
compare_memories(struct sweep *s, const struct ept_sweep *e, const struct ept_walk *walk)
{
	unsigned expected = walk->level == 0 ? 0 : e->levels - walk->level + 1;
	unsigned level;

	if (e->core.loads != expected)
		return describe(s, e, "entries read", e->core.loads, expected);
	for (level = 1; level <= e->levels; level++) {
		if (e->core.slot[level] != e->naive.slot[level])
			return describe(s, e, "address of an entry read", e->core.slot[level],
			    e->naive.slot[level]);
		if (e->core.word[level] != e->naive.word[level])
			return describe(s, e, "entry afterwards", e->core.word[level],
			    e->naive.word[level]);
	}
	return true;
}

static bool
compare(struct sweep *s, struct ept_sweep *e)
{
	struct naive_ept_need need = {
		.read = (e->acc & VK_ACC_R) != 0,
		.write = (e->acc & VK_ACC_W) != 0,
		.fetch = (e->acc & VK_ACC_X) != 0,
		.user_address = (e->acc & VK_ACC_USER_ADDR) != 0,
		.table = (e->acc & VK_ACC_TABLE) != 0,
	};
	struct hpm memory = { &core_ops, &e->core };
	struct naive_ept_result r;
	enum ept_status status;
	struct ept_walk walk;

	sweep_memory_fill(&e->core, e->entry);
	sweep_memory_fill(&e->naive, e->entry);
	if (ept_init(&e->ept, memory, e->eptp, e->cap, e->controls, e->maxphyaddr) != EPTP_VALID)
		return describe(s, e, "EPTP", 0, 1);
	ept_gpm_init(&e->gpm, &e->ept);
	status = ept_gpm_translate(&e->gpm, vk_gpa(e->gpa), e->acc, &walk);
	set_machine(e);
	naive_ept_translate(&e->machine, e->gpa, &need, &r);
	return compare_answers(s, e, status, &walk, &r) && compare_memories(s, e, &walk);
}

/* --- the parts ---------------------------------------------------------------------------- */

/* Number of levels and level of the leaf. */
static const unsigned char shapes[6][2] = { { 4, 1 }, { 4, 2 }, { 4, 3 }, { 5, 1 }, { 5, 2 },
	{ 5, 3 } };

/* R, W, X and, fourth, XU. */
static uint64_t
rights_of(unsigned pattern)
{
	return (pattern & 7) | ((pattern & 8) ? EPT_XU : 0);
}

static bool
check_rights(struct sweep *s, void *ctx, const unsigned *digit)
{
	static const unsigned eight[] = { 0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0xf, 0x8 };
	struct ept_sweep *e = ctx;
	unsigned levels = shapes[e->shape][0], leaf = shapes[e->shape][1];
	unsigned rights = digit[0], level;

	set_switches(e, levels, 46, digit[2] | SWITCH_2M | SWITCH_1G);
	set_plain_entries(e, leaf);
	for (level = leaf; level <= levels; level++) {
		unsigned pattern = levels == 4 ? rights & 15 : eight[rights & 7];

		rights >>= levels == 4 ? 4 : 3;
		e->entry[level] = (e->entry[level] & ~(EPT_RWX | EPT_XU)) | rights_of(pattern);
	}
	e->acc = accesses[digit[1]];
	return compare(s, e);
}

static bool
check_low_bits(struct sweep *s, void *ctx, const unsigned *digit)
{
	struct ept_sweep *e = ctx;
	unsigned level = 1 + digit[1];
	uint64_t frame;

	set_switches(e, 4 + e->shape, 46, digit[3]);
	set_plain_entries(e, 1);
	frame = (digit[0] & EPT_PS) && level < 4 ? leaf_frame(level, 46) : e->core.frame[level - 1];
	e->entry[level] = frame | digit[0];
	e->acc = accesses[digit[2]];
	return compare(s, e);
}

static bool
check_high_bits(struct sweep *s, void *ctx, const unsigned *digit)
{
	static const unsigned some[] = { VK_ACC_R, VK_ACC_W, VK_ACC_X };
	struct ept_sweep *e = ctx;
	unsigned level = 1 + digit[1], maxphyaddr = FIRST_MAXPHYADDR + digit[4];

	set_switches(e, 4 + e->shape, maxphyaddr,
	    ((digit[3] & 1) ? SWITCH_2M : 0) | ((digit[3] & 2) ? SWITCH_1G : 0));
	set_plain_entries(e, 1);
	e->entry[level] = (digit[2] & 1) ? leaf_frame(level, maxphyaddr) | EPT_PS | WB | EPT_RWX :
	    e->core.frame[level - 1] | EPT_RWX;
	if (digit[2] & 2)
		e->entry[level] &= ~EPT_RWX;
	e->entry[level] ^= VK_BIT(12 + digit[0]);
	e->acc = some[digit[5]];
	return compare(s, e);
}

#define CLASSES 16

static uint64_t
entry_of_class(const struct ept_sweep *e, unsigned level, unsigned class)
{
	uint64_t plain = e->core.frame[level - 1] | EPT_RWX | EPT_XU;
	uint64_t large = leaf_frame(level, e->maxphyaddr) | EPT_RWX | EPT_XU | EPT_PS | WB;

	switch (class) {
	case 0:
		return 0;
	case 1:
		return ~(EPT_RWX | EPT_XU);
	case 2:
		return plain;
	case 3:
		return large;
	case 4:
		return plain | EPT_A | EPT_D;
	case 5:
		return plain & ~EPT_W;
	case 6:
		return plain & ~EPT_R;
	case 7:
		return plain & ~(EPT_R | EPT_W);
	case 8:
		return (plain & ~EPT_RWX) | EPT_XU;
	case 9:
		return plain | EPT_IPAT | (7ull << EPT_MEMTYPE_SHIFT);
	case 10:
		return large | VK_BIT(12);
	case 11:
		return plain | VK_BIT(51);
	case 12:
		return large & ~EPT_MEMTYPE;
	case 13:
		return plain | VK_BITS(63, 52) | VK_BIT(11);
	case 14:
		return (large & ~EPT_MEMTYPE) | (2ull << EPT_MEMTYPE_SHIFT);
	default:
		return ~0ull;
	}
}

static const unsigned char pairs[10][2] = { { 1, 2 }, { 1, 3 }, { 2, 3 }, { 1, 4 }, { 2, 4 },
	{ 3, 4 }, { 1, 5 }, { 2, 5 }, { 3, 5 }, { 4, 5 } };

static bool
check_structure(struct sweep *s, void *ctx, const unsigned *digit)
{
	static const unsigned widths[] = { 36, 46, 52 };
	struct ept_sweep *e = ctx;
	const unsigned char *pair = pairs[digit[2]];

	set_switches(e, 4 + e->shape, widths[digit[5]], digit[4] | SWITCH_2M | SWITCH_1G);
	set_plain_entries(e, 1);
	e->entry[pair[0]] = entry_of_class(e, pair[0], digit[0]);
	e->entry[pair[1]] = entry_of_class(e, pair[1], digit[1]);
	e->acc = accesses[digit[3]];
	return compare(s, e);
}

static bool
check_addresses(struct sweep *s, void *ctx, const unsigned *digit)
{
	struct ept_sweep *e = ctx;
	uint64_t bit = VK_BIT(digit[0]);

	set_switches(e, 4 + digit[2], 52, SWITCH_2M | SWITCH_1G | SWITCH_AD);
	set_plain_entries(e, 1 + digit[4]);
	e->gpa = digit[1] ? ~bit & VK_BITS(51, 0) : bit;
	e->acc = accesses[digit[3]];
	return compare(s, e);
}

/* --- the whole ---------------------------------------------------------------------------- */

struct ept_part {
	sweep_check *check;
	unsigned shapes; /* how often it is run, with e->shape counting up */
	unsigned dimensions;
	unsigned count[SWEEP_DIMENSIONS]; /* 0: depends on the shape */
};

static const struct ept_part parts[] = {
	{ check_rights, 6, 3, { 0, ACCESSES, 8 } },
	{ check_low_bits, 2, 4, { 0x1000, 0, ACCESSES, 32 } },
	{ check_high_bits, 2, 6, { 52, 0, 4, 4, MAXPHYADDRS, 3 } },
	{ check_structure, 2, 6, { CLASSES, CLASSES, 0, ACCESSES, 8, 3 } },
	{ check_addresses, 1, 5, { 52, 2, 2, ACCESSES, 3 } },
};

static unsigned
count_by_shape(const struct ept_part *part, unsigned shape)
{
	unsigned n = 1, level;

	if (part->check == check_structure)
		return shape == 0 ? 6 : 10;
	if (part->check != check_rights)
		return 4 + shape;
	for (level = shapes[shape][1]; level <= shapes[shape][0]; level++)
		n *= shapes[shape][0] == 4 ? 16 : 8;
	return n;
}

bool
sweep_ept(struct sweep *s)
{
	struct ept_sweep e = { .shape = 0 };
	unsigned count[SWEEP_DIMENSIONS];
	unsigned d;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (e.shape = 0; e.shape < parts[i].shapes; e.shape++) {
			for (d = 0; d < parts[i].dimensions; d++)
				count[d] = parts[i].count[d] ? parts[i].count[d] :
				    count_by_shape(&parts[i], e.shape);
			if (!sweep_run(s, count, parts[i].dimensions, parts[i].check, &e))
				return false;
		}
	}
	return true;
}
