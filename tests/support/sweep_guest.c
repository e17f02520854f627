/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sweep of guest paging: guestpt_access() against the naive model, which shares no code with
 * it.
 *
 * A case is a legal combination of five or four table entries, the registers and one access.  All
 * parts use the eleven kinds of access there are: read, write, read-modify-write and fetch, by user
 * mode and by supervisor mode, and the first three also as implicit supervisor accesses.
 *
 *  rights     R/W, U/S and XD at every level, for each number of levels and each page size
 *             x access x WP SMEP SMAP AC NXE; MAXPHYADDR 37 to 51 in turn
 *  structure  every pair of levels x 18 classes of entry at each (not present with and without
 *             other bits, plain, large, each kind of reserved bit, all ones, ...) x access
 *             x MAXPHYADDR 36 to 52 x 1 GiB pages x NXE SMEP
 *  low bits   all values of bits 11:0 and 63 of one entry, at each level x access x 1 GiB pages
 *             x NXE
 *  high bits  each single bit from 12 up, in a present or absent, large or small entry of each
 *             level x MAXPHYADDR 36 to 52 x 1 GiB pages x NXE x read, write, fetch
 *  keys       each key x what PKRU and PKRS say of it (and the opposite of all others) x PKE PKS
 *             x U/S R/W of the page x WP SMEP SMAP AC x access x each page size
 *  flags      accessed and bit 6 of every entry, set and clear, x R/W U/S of the page x WP x access
 *  addresses  each single bit, its complement, and the runs of ones below and above it, as linear
 *             address x four and five levels x access x each page size
 *
 * Compared: the outcome, the error code, the guest-physical address, the level, the address of
 * every entry read, all entries afterwards; and that each entry was read once.
 *
 * [GUEST-WALK] [GUEST-ORDER] [GUEST-RIGHTS] [GUEST-PKEY] [GUEST-PF-CODE] [GUEST-AD] [GUEST-INDEX]
 * [GUEST-CANONICAL] [GUEST-ENTRY] [GUEST-MODE]
 */
#include <inttypes.h>

#include "guestpt/guestpt.h"
#include "oracle/naive.h"
#include "support/sweep.h"

#define PWU (VK_PG_P | VK_PG_RW | VK_PG_US)
#define MAXPHYADDRS 17 /* 36 to 52 */
#define FIRST_MAXPHYADDR 36
#define LEAF_PATTERN 0x000a5a5a5a5a5000ull /* cut to the frame of the page size */

struct guest_sweep {
	struct sweep_memory core;
	struct sweep_memory naive;
	struct guestpt pt;
	struct naive_machine machine;
	/* The case. */
	struct guestpt_mode mode;
	uint64_t entry[6];
	uint64_t gva;
	unsigned acc;
	unsigned levels;
	unsigned shape; /* of the part */
};

/* --- the two memories --------------------------------------------------------------------- */

static int
core_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	*entry = sweep_memory_load(ctx, slot.v);
	return 1;
}

static enum cas_status
core_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct sweep_memory *memory = ctx;
	unsigned loads = memory->loads;
	uint64_t seen = sweep_memory_load(memory, slot.v);

	memory->loads = loads;
	if (seen != old)
		return CAS_LOST;
	return sweep_memory_store(memory, slot.v, new_value) ? CAS_DONE : CAS_REFUSED;
}

static const struct gpm_ops core_ops = { core_load, core_cas, NULL, NULL };

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
	VK_ACC_R | VK_ACC_USER,
	VK_ACC_W | VK_ACC_USER,
	VK_ACC_R | VK_ACC_W | VK_ACC_USER,
	VK_ACC_X | VK_ACC_USER,
	VK_ACC_R | VK_ACC_IMPLICIT,
	VK_ACC_W | VK_ACC_IMPLICIT,
	VK_ACC_R | VK_ACC_W | VK_ACC_IMPLICIT,
};

#define ACCESSES (sizeof(accesses) / sizeof(accesses[0]))

/* Registers by number, so that a digit can be a set of them. */
#define REG_WP 0x01u
#define REG_SMEP 0x02u
#define REG_SMAP 0x04u
#define REG_AC 0x08u
#define REG_NXE 0x10u
#define REG_1G 0x20u
#define REG_PKE 0x40u
#define REG_PKS 0x80u

static void
set_registers(struct guest_sweep *g, unsigned levels, unsigned maxphyaddr, unsigned regs)
{
	struct guestpt_mode *mode = &g->mode;

	mode->cr0 = VK_CR0_PG | ((regs & REG_WP) ? VK_CR0_WP : 0);
	mode->cr4 = (levels == 5 ? VK_CR4_LA57 : 0) | ((regs & REG_SMEP) ? VK_CR4_SMEP : 0) |
	    ((regs & REG_SMAP) ? VK_CR4_SMAP : 0) | ((regs & REG_PKE) ? VK_CR4_PKE : 0) |
	    ((regs & REG_PKS) ? VK_CR4_PKS : 0);
	mode->efer = (regs & REG_NXE) ? VK_EFER_NXE : 0;
	mode->pkru = mode->pkrs = 0;
	mode->ac = (regs & REG_AC) != 0;
	mode->page1g = (regs & REG_1G) != 0;
	mode->maxphyaddr = maxphyaddr;
	g->levels = levels;
	/* Different indices at all levels, and an offset. */
	g->gva = levels == 5 ? 0x00a5b3c2d1e4f678ull : 0x000033c2d1e4f678ull;
	sweep_memory_place(&g->core, maxphyaddr);
	sweep_memory_place(&g->naive, maxphyaddr);
	mode->cr3 = g->core.frame[levels];
}

static uint64_t
leaf_frame(unsigned level, unsigned maxphyaddr)
{
	return LEAF_PATTERN & vk_frame_mask(maxphyaddr, vk_level_shift(level));
}

/* All levels permissive, the leaf at `leaf`; entries below it are not reached. */
static void
set_plain_entries(struct guest_sweep *g, unsigned leaf)
{
	unsigned level;

	for (level = 1; level <= 5; level++)
		g->entry[level] = g->core.frame[level - 1] | PWU;
	g->entry[leaf] = leaf_frame(leaf, g->mode.maxphyaddr) | PWU | (leaf > 1 ? VK_PG_PS : 0);
}

static void
set_machine(struct guest_sweep *g)
{
	const struct guestpt_mode *mode = &g->mode;
	struct naive_machine *m = &g->machine;

	m->ctx = &g->naive;
	m->read = naive_load;
	m->write = naive_store;
	m->maxphyaddr = mode->maxphyaddr;
	m->p1g = mode->page1g != 0;
	m->levels = g->levels;
	m->cpl = (g->acc & VK_ACC_USER) ? 3 : 0;
	m->cr3 = mode->cr3;
	m->nxe = (mode->efer & VK_EFER_NXE) != 0;
	m->wp = (mode->cr0 & VK_CR0_WP) != 0;
	m->smep = (mode->cr4 & VK_CR4_SMEP) != 0;
	m->smap = (mode->cr4 & VK_CR4_SMAP) != 0;
	m->pke = (mode->cr4 & VK_CR4_PKE) != 0;
	m->pks = (mode->cr4 & VK_CR4_PKS) != 0;
	m->ac = mode->ac != 0;
	m->pkru = mode->pkru;
	m->pkrs = mode->pkrs;
}

static enum naive_kind
kind_of(unsigned acc)
{
	if (acc & VK_ACC_X)
		return NAIVE_FETCH;
	if (acc & VK_ACC_W)
		return (acc & VK_ACC_R) ? NAIVE_RMW : NAIVE_WRITE;
	return NAIVE_READ;
}

static bool
describe(struct sweep *s, const struct guest_sweep *g, const char *what, uint64_t core,
    uint64_t naive)
{
	const struct guestpt_mode *mode = &g->mode;

	sweep_differs(s, "%s: core %" PRIx64 ", naive %" PRIx64 "; %u levels, access %x at %" PRIx64
	    ", CR0 %" PRIx64 " CR4 %" PRIx64 " EFER %" PRIx64 " AC %d PKRU %x PKRS %x"
	    " MAXPHYADDR %u 1G %d", what, core, naive, g->levels, g->acc, g->gva, mode->cr0,
	    mode->cr4, mode->efer, mode->ac, mode->pkru, mode->pkrs, mode->maxphyaddr,
	    mode->page1g);
	sweep_describe_entries(s, g->entry, g->levels);
	return false;
}

/* Outcome and where the walk got to. */
static bool
compare_answers(struct sweep *s, const struct guest_sweep *g, enum guestpt_status status,
    const struct guestpt_walk *walk, const struct naive_result *r)
{
	static const enum naive_outcome outcomes[] = {
		[GUESTPT_OK] = NAIVE_OK,
		[GUESTPT_PF] = NAIVE_PF,
		[GUESTPT_GP] = NAIVE_GP,
		[GUESTPT_REFUSED] = NAIVE_VE, /* never the naive model's */
		[GUESTPT_UNSTABLE] = NAIVE_VE,
	};

	if (outcomes[status] != r->outcome)
		return describe(s, g, "outcome", outcomes[status], r->outcome);
	if (status == GUESTPT_PF && walk->error_code != r->error_code)
		return describe(s, g, "error code", walk->error_code, r->error_code);
	if (status == GUESTPT_PF && r->cr2 != walk->gva.v)
		return describe(s, g, "CR2", walk->gva.v, r->cr2);
	if (status == GUESTPT_OK && walk->gpa.v != r->piece[0].gpa)
		return describe(s, g, "guest-physical address", walk->gpa.v, r->piece[0].gpa);
	if (status == GUESTPT_OK && walk->level != r->piece[0].guest_level)
		return describe(s, g, "level of the leaf", walk->level, r->piece[0].guest_level);
	return true;
}

/* What was read, how often, and what is left. */
static bool
compare_memories(struct sweep *s, const struct guest_sweep *g, enum guestpt_status status,
    const struct guestpt_walk *walk)
{
	unsigned expected = status == GUESTPT_GP ? 0 : g->levels - walk->level + 1;
	unsigned level;

	if (g->core.loads != expected)
		return describe(s, g, "entries read", g->core.loads, expected);
	for (level = 1; level <= g->levels; level++) {
		if (g->core.slot[level] != g->naive.slot[level])
			return describe(s, g, "address of an entry read", g->core.slot[level],
			    g->naive.slot[level]);
		if (g->core.word[level] != g->naive.word[level])
			return describe(s, g, "entry afterwards", g->core.word[level],
			    g->naive.word[level]);
	}
	return true;
}

static bool
compare(struct sweep *s, struct guest_sweep *g)
{
	struct naive_access access = { .la = g->gva, .size = 1, .kind = kind_of(g->acc),
		.implicit = (g->acc & VK_ACC_IMPLICIT) != 0 };
	struct gpm memory = { &core_ops, &g->core };
	enum guestpt_status status;
	struct guestpt_walk walk;
	struct naive_result r;

	sweep_memory_fill(&g->core, g->entry);
	sweep_memory_fill(&g->naive, g->entry);
	guestpt_init(&g->pt, memory, &g->mode);
	status = guestpt_access(&g->pt, vk_gva(g->gva), g->acc, &walk);
	set_machine(g);
	naive_guest_walk(&g->machine, &access, &r);
	return compare_answers(s, g, status, &walk, &r) && compare_memories(s, g, status, &walk);
}

/* --- the parts ---------------------------------------------------------------------------- */

/* Number of levels and level of the leaf. */
static const unsigned char shapes[6][2] = { { 4, 1 }, { 4, 2 }, { 4, 3 }, { 5, 1 }, { 5, 2 },
	{ 5, 3 } };

static bool
check_rights(struct sweep *s, void *ctx, const unsigned *digit)
{
	struct guest_sweep *g = ctx;
	unsigned levels = shapes[g->shape][0], leaf = shapes[g->shape][1];
	unsigned rights = digit[0], level;

	set_registers(g, levels, 37 + digit[2] % 15, digit[2] | REG_1G);
	set_plain_entries(g, leaf);
	for (level = leaf; level <= levels; level++, rights >>= 3) {
		g->entry[level] &= ~(VK_PG_RW | VK_PG_US);
		g->entry[level] |= ((rights & 1) ? VK_PG_RW : 0) | ((rights & 2) ? VK_PG_US : 0) |
		    ((rights & 4) ? VK_PG_XD : 0);
	}
	g->acc = accesses[digit[1]];
	return compare(s, g);
}

#define CLASSES 18

/* The classes of entry of the part on structure. */
static uint64_t
entry_of_class(const struct guest_sweep *g, unsigned level, unsigned class)
{
	unsigned maxphyaddr = g->mode.maxphyaddr;
	uint64_t beyond = 1ull << maxphyaddr; /* with 52 bits an ignored bit */
	uint64_t plain = g->core.frame[level - 1] | PWU;
	uint64_t large = leaf_frame(level, maxphyaddr) | PWU | VK_PG_PS;

	switch (class) {
	case 0:
		return 0;
	case 1:
		return ~VK_PG_P;
	case 2:
		return plain;
	case 3:
		return plain | VK_PG_A | VK_PG_D;
	case 4:
		return large;
	case 5:
		return large | VK_PG_PAT_LARGE;
	case 6:
		return large | VK_BIT(13);
	case 7:
		return large | VK_BIT(20);
	case 8:
		return large | VK_BIT(21);
	case 9:
		return large | VK_BIT(29);
	case 10:
		return plain | beyond;
	case 11:
		return plain | VK_BIT(51);
	case 12:
		return plain | VK_PG_XD;
	case 13:
		return plain & ~(VK_PG_RW | VK_PG_US);
	case 14:
		return plain | VK_BITS(62, 52) | VK_BITS(11, 8) | VK_BIT(6);
	case 15:
		return large | beyond;
	case 16:
		return large | VK_PG_XD;
	default:
		return ~0ull;
	}
}

static const unsigned char pairs[10][2] = { { 1, 2 }, { 1, 3 }, { 2, 3 }, { 1, 4 }, { 2, 4 },
	{ 3, 4 }, { 1, 5 }, { 2, 5 }, { 3, 5 }, { 4, 5 } };

static bool
check_structure(struct sweep *s, void *ctx, const unsigned *digit)
{
	struct guest_sweep *g = ctx;
	const unsigned char *pair = pairs[digit[2]];
	unsigned regs = REG_WP | ((digit[4] & 1) ? REG_1G : 0) | ((digit[4] & 2) ? REG_NXE : 0) |
	    ((digit[4] & 4) ? REG_SMEP : 0);

	set_registers(g, 4 + g->shape, FIRST_MAXPHYADDR + digit[5], regs);
	set_plain_entries(g, 1);
	g->entry[pair[0]] = entry_of_class(g, pair[0], digit[0]);
	g->entry[pair[1]] = entry_of_class(g, pair[1], digit[1]);
	g->acc = accesses[digit[3]];
	return compare(s, g);
}

static bool
check_low_bits(struct sweep *s, void *ctx, const unsigned *digit)
{
	struct guest_sweep *g = ctx;
	unsigned level = 1 + digit[1];
	unsigned regs = REG_WP | ((digit[3] & 1) ? REG_1G : 0) | ((digit[3] & 2) ? REG_NXE : 0);
	uint64_t low = digit[0] & 0xfff;
	uint64_t frame;

	set_registers(g, 4 + g->shape, 46, regs);
	set_plain_entries(g, 1);
	frame = (low & VK_PG_PS) && level < 4 ? leaf_frame(level, 46) : g->core.frame[level - 1];
	g->entry[level] = frame | low | ((digit[0] & 0x1000) ? VK_PG_XD : 0);
	g->acc = accesses[digit[2]];
	return compare(s, g);
}

static bool
check_high_bits(struct sweep *s, void *ctx, const unsigned *digit)
{
	static const unsigned some[] = { VK_ACC_R, VK_ACC_W | VK_ACC_USER, VK_ACC_X };
	struct guest_sweep *g = ctx;
	unsigned level = 1 + digit[1], maxphyaddr = FIRST_MAXPHYADDR + digit[4];
	unsigned regs = ((digit[3] & 1) ? REG_1G : 0) | ((digit[3] & 2) ? REG_NXE : 0);

	set_registers(g, 4 + g->shape, maxphyaddr, regs);
	set_plain_entries(g, 1);
	g->entry[level] = (digit[2] & 1) ? leaf_frame(level, maxphyaddr) | VK_PG_PS | PWU :
	    g->core.frame[level - 1] | PWU;
	if (digit[2] & 2)
		g->entry[level] &= ~VK_PG_P;
	g->entry[level] ^= VK_BIT(12 + digit[0]);
	g->acc = some[digit[5]];
	return compare(s, g);
}

static bool
check_keys(struct sweep *s, void *ctx, const unsigned *digit)
{
	struct guest_sweep *g = ctx;
	unsigned leaf = shapes[digit[6]][1], key = digit[0], shift = 2 * key;
	unsigned pku = digit[1] & 3, pks = digit[1] >> 2;
	uint64_t *entry = &g->entry[leaf];

	set_registers(g, shapes[digit[6]][0], 46, digit[3] | REG_1G | REG_NXE |
	    ((digit[2] & 1) ? REG_PKE : 0) | ((digit[2] & 2) ? REG_PKS : 0));
	set_plain_entries(g, leaf);
	*entry |= (uint64_t)key << VK_PG_PKEY_SHIFT;
	*entry &= ~(((digit[4] & 1) ? VK_PG_RW : 0) | ((digit[4] & 2) ? VK_PG_US : 0));
	/* Every other key says the opposite. */
	g->mode.pkru = (0x55555555u * (pku ^ 3) & ~(3u << shift)) | pku << shift;
	g->mode.pkrs = (0x55555555u * (pks ^ 3) & ~(3u << shift)) | pks << shift;
	g->acc = accesses[digit[5]];
	return compare(s, g);
}

static bool
check_flags(struct sweep *s, void *ctx, const unsigned *digit)
{
	struct guest_sweep *g = ctx;
	unsigned levels = shapes[g->shape][0], leaf = shapes[g->shape][1];
	unsigned flags = digit[0], level;

	set_registers(g, levels, 46, REG_1G | REG_NXE | ((digit[1] & 1) ? REG_WP : 0));
	set_plain_entries(g, leaf);
	for (level = leaf; level <= levels; level++, flags >>= 2)
		g->entry[level] |= ((flags & 1) ? VK_PG_A : 0) | ((flags & 2) ? VK_PG_D : 0);
	g->entry[leaf] &= ~(((digit[1] & 2) ? VK_PG_RW : 0) | ((digit[1] & 4) ? VK_PG_US : 0));
	g->acc = accesses[digit[2]];
	return compare(s, g);
}

static bool
check_addresses(struct sweep *s, void *ctx, const unsigned *digit)
{
	struct guest_sweep *g = ctx;
	uint64_t bit = VK_BIT(digit[0]);

	set_registers(g, 4 + digit[2], 46, REG_WP | REG_NXE | REG_1G);
	set_plain_entries(g, 1 + digit[4]);
	switch (digit[1]) {
	case 0:
		g->gva = bit;
		break;
	case 1:
		g->gva = ~bit;
		break;
	case 2:
		g->gva = bit - 1;
		break;
	default:
		g->gva = ~(bit - 1);
		break;
	}
	g->acc = accesses[digit[3]];
	return compare(s, g);
}

/* --- the whole ---------------------------------------------------------------------------- */

struct guest_part {
	sweep_check *check;
	unsigned shapes; /* how often it is run, with g->shape counting up */
	unsigned dimensions;
	unsigned count[SWEEP_DIMENSIONS];
	/* The dimension whose size depends on the number of entries, and its size for one. */
	int by_entries;
	unsigned base;
};

static const struct guest_part parts[] = {
	{ check_rights, 6, 3, { 0, ACCESSES, 32 }, 0, 8 },
	{ check_structure, 2, 6, { CLASSES, CLASSES, 0, ACCESSES, 8, MAXPHYADDRS }, -1, 0 },
	{ check_low_bits, 2, 4, { 0x2000, 0, ACCESSES, 4 }, -1, 0 },
	{ check_high_bits, 2, 6, { 52, 0, 4, 4, MAXPHYADDRS, 3 }, -1, 0 },
	{ check_keys, 1, 7, { 16, 16, 4, 16, 4, ACCESSES, 6 }, -1, 0 },
	{ check_flags, 6, 3, { 0, 8, ACCESSES }, 0, 4 },
	{ check_addresses, 1, 5, { 64, 4, 2, ACCESSES, 3 }, -1, 0 },
};

/* The sizes that depend on the shape: entries on the path, levels, pairs of levels. */
static void
set_counts(const struct guest_part *part, unsigned shape, unsigned *count)
{
	unsigned i, entries;

	for (i = 0; i < part->dimensions; i++)
		count[i] = part->count[i];
	if (part->by_entries >= 0) {
		count[part->by_entries] = 1;
		for (entries = shapes[shape][1]; entries <= shapes[shape][0]; entries++)
			count[part->by_entries] *= part->base;
	} else if (part->check == check_structure) {
		count[2] = shape == 0 ? 6 : 10;
	} else if (part->check == check_low_bits || part->check == check_high_bits) {
		count[1] = 4 + shape;
	}
}

bool
sweep_guest(struct sweep *s)
{
	struct guest_sweep g = { .shape = 0 };
	unsigned count[SWEEP_DIMENSIONS];
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (g.shape = 0; g.shape < parts[i].shapes; g.shape++) {
			set_counts(&parts[i], g.shape, count);
			if (!sweep_run(s, count, parts[i].dimensions, parts[i].check, &g))
				return false;
		}
	}
	return true;
}
