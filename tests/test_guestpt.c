/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest paging by rows: one rule, one access, one outcome.
 *
 * Each row starts from the standard machine (support/std_machine.h) with a few entries and
 * registers changed.  It runs twice: the core's walk over a flat memory, and the virtual CPU over
 * EPT, which changes nothing about what a guest sees.  Checked are the outcome, the error code, the
 * address, how often each entry was read, and every word of the tables afterwards.
 *
 * [GUEST-WALK] [GUEST-ORDER] [GUEST-ENTRY] [GUEST-RIGHTS] [GUEST-PKEY] [GUEST-PF-CODE] [GUEST-AD]
 * [GUEST-CANONICAL] [GUEST-INDEX] [GUEST-MODE] [GUEST-CR3] [GUEST-STRADDLE] [MEMTYPE-PAT]
 */
#include <string.h>

#include "support/std_machine.h"
#include "support/support_rows.h"

#define X STD_X
#define A STD_A
#define PWU STD_PWU
#define PML4E 0x1008ull /* of X; GPA */
#define PDPTE 0x2008ull
#define PDE 0x3008ull
#define PTE 0x4008ull
#define PTE2 0x4010ull /* of Y */
#define TOP 0xfffffffffffff000ull /* the last page of all */

/* How a row's machine differs from the standard one. */
#define CPL0 0x0001u
#define NO_NXE 0x0002u
#define NO_WP 0x0004u
#define SMEP 0x0008u
#define SMAP 0x0010u
#define AC 0x0020u
#define PKE 0x0040u
#define PKS 0x0080u
#define NO_1G 0x0100u
#define IMPLICIT 0x0200u
#define WIDE 0x0400u /* MAXPHYADDR 52 */
#define LA57 0x0800u
#define PCIDE 0x1000u

#define GP 0x10000u
#define PF(code) (0x20000u | (code))
#define LEVELS_SHOWN 5

struct edit {
	uint64_t gpa; /* 0: none */
	uint64_t value;
};

struct row {
	const char *what;
	struct edit edit[4];
	unsigned mode;
	uint32_t pkru, pkrs;
	uint64_t cr3; /* 0: as it is */
	char kind;
	unsigned size; /* 0: one byte */
	uint64_t gva;
	unsigned fault; /* PF(code), GP; 0: none */
	uint64_t cr2;   /* 0: gva */
	uint64_t gpa;   /* if none */
	unsigned leaf;  /* its level */
	unsigned walks; /* 0: one */
};

static const struct row rows[] = {
	/* --- where a translation leads --- */
	{ "a read goes to its page and sets A in all four entries", .kind = 'r', .gva = X + 0x123,
	    .gpa = A + 0x123, .leaf = 1 },
	{ "a write sets D in the leaf alone", .kind = 'w', .gva = X, .gpa = A, .leaf = 1 },
	{ "a read-modify-write sets D", .kind = 'm', .gva = X, .gpa = A, .leaf = 1 },
	{ "a fetch sets no D", .kind = 'x', .gva = X, .gpa = A, .leaf = 1 },
	{ "a 1 GiB page takes 30 bits of the address", { { PDPTE, 0x40000000 | VK_PG_PS | PWU } },
	    .kind = 'r', .gva = X + 5, .gpa = 0x40201005, .leaf = 3 },
	{ "a 1 GiB page does not exist on every processor",
	    { { PDPTE, 0x40000000 | VK_PG_PS | PWU } }, NO_1G, .kind = 'r', .gva = X,
	    .fault = PF(0xd) },
	{ "a 2 MiB page takes 21 bits of the address", { { PDE, 0x200000 | VK_PG_PS | PWU } },
	    .kind = 'r', .gva = X, .gpa = 0x201000, .leaf = 2 },
	{ "bit 12 of a 2 MiB page is PAT, not address",
	    { { PDE, 0x200000 | VK_PG_PS | VK_PG_PAT_LARGE | PWU } }, .kind = 'r',
	    .gva = X - 0x1000, .gpa = 0x200000, .leaf = 2 },
	{ "bit 12 of a 2 MiB page does not count twice",
	    { { PDE, 0x200000 | VK_PG_PS | VK_PG_PAT_LARGE | PWU } }, .kind = 'r', .gva = X,
	    .gpa = 0x201000, .leaf = 2 },
	{ "bit 13 of a 2 MiB page is reserved", { { PDE, 0x202000 | VK_PG_PS | PWU } },
	    .kind = 'r', .gva = X, .fault = PF(0xd) },
	{ "bit 20 of a 2 MiB page is reserved", { { PDE, 0x300000 | VK_PG_PS | PWU } },
	    .kind = 'r', .gva = X, .fault = PF(0xd) },
	{ "bit 12 of a 1 GiB page is PAT",
	    { { PDPTE, 0x40000000 | VK_PG_PS | VK_PG_PAT_LARGE | PWU } }, .kind = 'r',
	    .gva = X - 0x1000, .gpa = 0x40200000, .leaf = 3 },
	{ "bit 13 of a 1 GiB page is reserved", { { PDPTE, 0x40002000 | VK_PG_PS | PWU } },
	    .kind = 'r', .gva = X, .fault = PF(0xd) },
	{ "bit 29 of a 1 GiB page is reserved", { { PDPTE, 0x60000000 | VK_PG_PS | PWU } },
	    .kind = 'r', .gva = X, .fault = PF(0xd) },
	{ "bit 7 of a PTE is PAT", { { PTE, A | VK_PG_PAT | PWU } }, .kind = 'r', .gva = X,
	    .gpa = A, .leaf = 1 },
	{ "bits 11:9 and 58:52 are software's", { { PTE, A | PWU | 0x07f0000000000e00 },
	    { PDE, STD_PT | PWU | 0x07f0000000000e00 } }, .kind = 'r', .gva = X, .gpa = A,
	    .leaf = 1 },
	{ "the key's bits are software's where no key applies",
	    { { PTE, A | PWU | VK_PG_PKEY } }, .pkru = ~0u, .pkrs = ~0u, .kind = 'w', .gva = X,
	    .gpa = A, .leaf = 1 },
	{ "the key's bits are software's in an entry that is no leaf",
	    { { PDE, STD_PT | PWU | VK_PG_PKEY } }, PKE, .pkru = ~3u, .kind = 'w', .gva = X,
	    .gpa = A, .leaf = 1 },
	{ "bit 6 of a PDE that is no leaf stays as it was",
	    { { PDE, STD_PT | PWU | VK_PG_D } }, .kind = 'w', .gva = X, .gpa = A, .leaf = 1 },
	{ "PWT and PCD of CR3 are no address bits", .cr3 = 0x1018, .kind = 'r', .gva = X,
	    .gpa = A, .leaf = 1 },
	{ "ignored bits of CR3 are no address bits", .cr3 = 0x1fe7, .kind = 'r', .gva = X,
	    .gpa = A, .leaf = 1 },
	{ "a PCID is no address bit", .mode = PCIDE, .cr3 = 0x1123, .kind = 'r', .gva = X,
	    .gpa = A, .leaf = 1 },
	{ "the last page of all has index 511 four times", { { 0x1ff8, STD_PDPT | PWU },
	    { 0x2ff8, STD_PD | PWU }, { 0x3ff8, STD_PT | PWU }, { 0x4ff8, STD_B | PWU } },
	    .kind = 'r', .gva = ~0ull, .gpa = STD_B + 0xfff, .leaf = 1 },
	{ "an entry that maps its own table is used at every level",
	    { { 0x1ff8, STD_PML4 | PWU } }, .kind = 'r', .gva = 0xfffffffffffff008, .gpa = PML4E,
	    .leaf = 1, .walks = 2 },
	{ "an entry that maps its own table is the leaf of a write too",
	    { { 0x1ff8, STD_PML4 | PWU } }, .kind = 'w', .gva = 0xfffffffffffff010, .gpa = 0x1010,
	    .leaf = 1, .walks = 2 },
	{ "a page may be the page table that maps it", { { PTE, STD_PT | PWU } }, .kind = 'w',
	    .gva = X + 8, .gpa = PTE, .leaf = 1 },
	{ "five levels take nine bits more", { { STD_PML5, STD_PML4 | PWU } }, LA57,
	    .cr3 = STD_PML5, .kind = 'r', .gva = X, .gpa = A, .leaf = 1 },
	{ "the fifth index is bits 56:48", { { STD_PML5 + 8 * 0xa5, STD_PML4 | PWU } }, LA57,
	    .cr3 = STD_PML5, .kind = 'r', .gva = X | 0x00a5000000000000, .gpa = A, .leaf = 1 },

	/* --- not present --- */
	{ "other bits of an entry that is not present count for nothing", { { PTE, ~VK_PG_P } },
	    .kind = 'r', .gva = X, .fault = PF(0x4) },
	{ "without NXE and SMEP a fault does not tell that it was a fetch", { { PTE, 0 } }, NO_NXE,
	    .kind = 'x', .gva = X, .fault = PF(0x4) },
	{ "with NXE it does", { { PDE, 0 } }, .kind = 'x', .gva = X, .fault = PF(0x14) },
	{ "with SMEP it does", { { PDE, 0 } }, NO_NXE | SMEP, .kind = 'x', .gva = X,
	    .fault = PF(0x14) },
	{ "a supervisor read of nothing has code 0", { { PTE, 0 } }, CPL0, .kind = 'r', .gva = X,
	    .fault = PF(0x0) },
	{ "a supervisor write of nothing has code 2", { { PTE, 0 } }, CPL0, .kind = 'w', .gva = X,
	    .fault = PF(0x2) },
	{ "a read-modify-write is reported as a write", { { PTE, 0 } }, .kind = 'm', .gva = X,
	    .fault = PF(0x6) },
	{ "an implicit access is never a user access", { { PTE, 0 } }, IMPLICIT, .kind = 'r',
	    .gva = X, .fault = PF(0x0) },
	{ "CR2 has the address with its offset", { { PML4E, 0 } }, .kind = 'r', .gva = X + 0xabc,
	    .fault = PF(0x4) },

	/* --- reserved bits --- */
	{ "PS in a PML4E is reserved", { { PML4E, STD_PDPT | PWU | VK_PG_PS } }, .kind = 'r',
	    .gva = X, .fault = PF(0xd) },
	{ "PS in a PML5E is reserved", { { STD_PML5, STD_PML4 | PWU | VK_PG_PS } }, LA57,
	    .cr3 = STD_PML5, .kind = 'w', .gva = X, .fault = PF(0xf) },
	{ "XD is reserved without NXE", { { PML4E, STD_PDPT | PWU | VK_PG_XD } }, NO_NXE,
	    .kind = 'r', .gva = X, .fault = PF(0xd) },
	{ "a reserved bit in an upper entry wins over absence below",
	    { { PDE, STD_PT | PWU | VK_BIT(46) }, { PTE, 0 } }, .kind = 'r', .gva = X,
	    .fault = PF(0xd) },
	{ "absence above wins over a reserved bit below",
	    { { PDPTE, 0 }, { PDE, STD_PT | PWU | VK_BIT(46) } }, .kind = 'r', .gva = X,
	    .fault = PF(0x4) },
	{ "absence wins over a reserved bit of the same entry",
	    { { PDE, VK_BIT(46) | VK_BIT(51) | VK_PG_RW } }, .kind = 'r', .gva = X,
	    .fault = PF(0x4) },
	{ "a reserved bit below wins over a right that is missing above",
	    { { PML4E, STD_PDPT | VK_PG_P }, { PTE, A | PWU | VK_BIT(46) } }, .kind = 'w', .gva = X,
	    .fault = PF(0xf) },
	{ "absence below wins over a right that is missing above",
	    { { PML4E, STD_PDPT | VK_PG_P }, { PTE, 0 } }, .kind = 'w', .gva = X,
	    .fault = PF(0x6) },
	{ "every bit of the root entry set: a reserved bit", { { PML4E, ~0ull } }, .kind = 'r',
	    .gva = X, .fault = PF(0xd) },
	{ "every bit of the PDPTE set: a reserved bit", { { PDPTE, ~0ull } }, .kind = 'r',
	    .gva = X, .fault = PF(0xd) },
	{ "every bit of the PDE set: a reserved bit", { { PDE, ~0ull } }, .kind = 'r', .gva = X,
	    .fault = PF(0xd) },
	{ "every bit of the PTE set: a reserved bit", { { PTE, ~0ull } }, .kind = 'r', .gva = X,
	    .fault = PF(0xd) },

	/* --- rights --- */
	{ "XD at any level leaves reads alone", { { PML4E, STD_PDPT | PWU | VK_PG_XD } },
	    .kind = 'r', .gva = X, .gpa = A, .leaf = 1 },
	{ "XD at any level denies fetches", { { PML4E, STD_PDPT | PWU | VK_PG_XD } }, .kind = 'x',
	    .gva = X, .fault = PF(0x15) },
	{ "R/W clear at any level leaves reads alone", { { PML4E, STD_PDPT | VK_PG_P | VK_PG_US } },
	    .kind = 'r', .gva = X, .gpa = A, .leaf = 1 },
	{ "R/W clear at any level denies user writes",
	    { { PML4E, STD_PDPT | VK_PG_P | VK_PG_US } }, .kind = 'w', .gva = X, .fault = PF(0x7) },
	{ "R/W clear at any level denies a read-modify-write",
	    { { PDE, STD_PT | VK_PG_P | VK_PG_US } }, .kind = 'm', .gva = X, .fault = PF(0x7) },
	{ "R/W clear leaves fetches alone", { { PTE, A | VK_PG_P | VK_PG_US } }, .kind = 'x',
	    .gva = X, .gpa = A, .leaf = 1 },
	{ "U/S clear at any level denies user reads",
	    { { PDPTE, STD_PD | VK_PG_P | VK_PG_RW } }, .kind = 'r', .gva = X, .fault = PF(0x5) },
	{ "U/S clear at any level denies user fetches",
	    { { PDPTE, STD_PD | VK_PG_P | VK_PG_RW } }, .kind = 'x', .gva = X,
	    .fault = PF(0x15) },
	{ "WP holds supervisor writes to R/W", { { PTE, A | VK_PG_P | VK_PG_US } }, CPL0,
	    .kind = 'w', .gva = X, .fault = PF(0x3) },
	{ "without WP a supervisor writes a read-only page, and D is set",
	    { { PTE, A | VK_PG_P | VK_PG_US } }, CPL0 | NO_WP, .kind = 'w', .gva = X, .gpa = A,
	    .leaf = 1 },
	{ "without WP a user still may not", { { PTE, A | VK_PG_P | VK_PG_US } }, NO_WP,
	    .kind = 'w', .gva = X, .fault = PF(0x7) },
	{ "without SMEP a supervisor fetches user pages", .mode = CPL0, .kind = 'x', .gva = X,
	    .gpa = A, .leaf = 1 },
	{ "with SMEP it does not", .mode = CPL0 | SMEP, .kind = 'x', .gva = X,
	    .fault = PF(0x11) },
	{ "SMEP leaves supervisor pages alone", { { PDE, STD_PT | VK_PG_P | VK_PG_RW } },
	    CPL0 | SMEP, .kind = 'x', .gva = X, .gpa = A, .leaf = 1 },
	{ "SMEP leaves user fetches alone", .mode = SMEP, .kind = 'x', .gva = X, .gpa = A,
	    .leaf = 1 },
	{ "SMEP leaves data alone", .mode = CPL0 | SMEP, .kind = 'w', .gva = X, .gpa = A,
	    .leaf = 1 },
	{ "SMAP denies supervisor reads of user pages", .mode = CPL0 | SMAP, .kind = 'r',
	    .gva = X, .fault = PF(0x1) },
	{ "SMAP denies supervisor writes to user pages", .mode = CPL0 | SMAP, .kind = 'w',
	    .gva = X, .fault = PF(0x3) },
	{ "SMAP denies them without WP as well", .mode = CPL0 | SMAP | NO_WP, .kind = 'w',
	    .gva = X, .fault = PF(0x3) },
	{ "SMAP leaves fetches alone", .mode = CPL0 | SMAP, .kind = 'x', .gva = X, .gpa = A,
	    .leaf = 1 },
	{ "SMAP leaves supervisor pages alone", { { PTE, A | VK_PG_P | VK_PG_RW } }, CPL0 | SMAP,
	    .kind = 'w', .gva = X, .gpa = A, .leaf = 1 },
	{ "AC lifts SMAP from reads", .mode = CPL0 | SMAP | AC, .kind = 'r', .gva = X, .gpa = A,
	    .leaf = 1 },
	{ "AC lifts SMAP from writes", .mode = CPL0 | SMAP | AC, .kind = 'w', .gva = X, .gpa = A,
	    .leaf = 1 },
	{ "AC does not lift SMAP from implicit accesses", .mode = SMAP | AC | IMPLICIT,
	    .kind = 'r', .gva = X, .fault = PF(0x1) },
	{ "an implicit access at CPL 3 reaches supervisor pages",
	    { { PTE, A | VK_PG_P | VK_PG_RW } }, IMPLICIT, .kind = 'r', .gva = X, .gpa = A,
	    .leaf = 1 },
	{ "rights are the user's at CPL 3 whatever SMAP says", .mode = SMAP, .kind = 'w',
	    .gva = X, .gpa = A, .leaf = 1 },

	/* --- keys --- */
	{ "a key with AD denies reads, and says so", { { PTE, A | PWU | 5ull << 59 } }, PKE,
	    .pkru = 1u << 10, .kind = 'r', .gva = X, .fault = PF(0x25) },
	{ "a key denies no fetches", { { PTE, A | PWU | 5ull << 59 } }, PKE, .pkru = 1u << 10,
	    .kind = 'x', .gva = X, .gpa = A, .leaf = 1 },
	{ "a key with AD denies supervisor reads of user pages",
	    { { PTE, A | PWU | 5ull << 59 } }, CPL0 | PKE, .pkru = 1u << 10, .kind = 'r',
	    .gva = X, .fault = PF(0x21) },
	{ "a key with WD leaves reads alone", { { PTE, A | PWU | 5ull << 59 } }, PKE,
	    .pkru = 2u << 10, .kind = 'r', .gva = X, .gpa = A, .leaf = 1 },
	{ "a key with WD denies user writes whatever WP is", { { PTE, A | PWU | 5ull << 59 } },
	    PKE | NO_WP, .pkru = 2u << 10, .kind = 'w', .gva = X, .fault = PF(0x27) },
	{ "a key with WD leaves supervisor writes alone without WP",
	    { { PTE, A | PWU | 5ull << 59 } }, CPL0 | PKE | NO_WP, .pkru = 2u << 10, .kind = 'w',
	    .gva = X, .gpa = A, .leaf = 1 },
	{ "a key with WD denies supervisor writes with WP", { { PTE, A | PWU | 5ull << 59 } },
	    CPL0 | PKE, .pkru = 2u << 10, .kind = 'w', .gva = X, .fault = PF(0x23) },
	{ "the key's denial is reported beside that of R/W",
	    { { PTE, A | VK_PG_P | VK_PG_US | 5ull << 59 } }, PKE, .pkru = 2u << 10, .kind = 'w',
	    .gva = X, .fault = PF(0x27) },
	{ "other keys do not matter", { { PTE, A | PWU | 5ull << 59 } }, PKE, .pkru = ~(3u << 10),
	    .kind = 'w', .gva = X, .gpa = A, .leaf = 1 },
	{ "PKRU is not asked about supervisor pages",
	    { { PTE, A | VK_PG_P | VK_PG_RW | 5ull << 59 } }, CPL0 | PKE, .pkru = ~0u,
	    .kind = 'w', .gva = X, .gpa = A, .leaf = 1 },
	{ "PKRS is not asked about user pages", { { PTE, A | PWU | 5ull << 59 } }, CPL0 | PKS,
	    .pkrs = ~0u, .kind = 'w', .gva = X, .gpa = A, .leaf = 1 },
	{ "PKRS denies supervisor pages", { { PTE, A | VK_PG_P | VK_PG_RW | 5ull << 59 } },
	    CPL0 | PKS, .pkrs = 1u << 10, .kind = 'r', .gva = X, .fault = PF(0x21) },
	{ "PKRS with WD needs WP", { { PTE, A | VK_PG_P | VK_PG_RW | 5ull << 59 } },
	    CPL0 | PKS | NO_WP, .pkrs = 2u << 10, .kind = 'w', .gva = X, .gpa = A, .leaf = 1 },
	{ "key 15 has the last two bits", { { PTE, A | PWU | VK_PG_PKEY } }, PKE,
	    .pkru = 1u << 30, .kind = 'r', .gva = X, .fault = PF(0x25) },
	{ "a large page has its key in its own entry",
	    { { PDE, 0x200000 | VK_PG_PS | PWU | 5ull << 59 } }, PKE, .pkru = 1u << 10,
	    .kind = 'r', .gva = X, .fault = PF(0x25) },

	/* --- canonical addresses, borders --- */
	{ "the first address beyond the low half is not canonical", .kind = 'r',
	    .gva = 0x0000800000000000, .fault = GP },
	{ "the last address below the high half is not canonical", .kind = 'w',
	    .gva = 0xffff7fffffffffff, .fault = GP },
	{ "bit 57 apart from bit 56 is not canonical with LA57", { { STD_PML5, STD_PML4 | PWU } },
	    LA57, .cr3 = STD_PML5, .kind = 'r', .gva = X | VK_BIT(57), .fault = GP },
	{ "nor is bit 56 apart from those above it", { { STD_PML5, STD_PML4 | PWU } },
	    LA57, .cr3 = STD_PML5, .kind = 'r', .gva = X | VK_BIT(56), .fault = GP },
	{ "bit 47 alone is canonical with LA57, and not present",
	    { { STD_PML5, STD_PML4 | PWU } }, LA57, .cr3 = STD_PML5, .kind = 'r',
	    .gva = 0x0000800000000000, .fault = PF(0x4) },
	{ "an access that ends beyond the low half is not canonical at all", .kind = 'r',
	    .size = 8, .gva = 0x00007ffffffffffc, .fault = GP },
	{ "CR2 is the first byte of the second page when that is missing", .kind = 'r',
	    .size = 8, .gva = X + 0xffc, .fault = PF(0x4), .cr2 = STD_Y },
	{ "a write into a read-only second page faults there",
	    { { PTE2, STD_B | VK_PG_P | VK_PG_US } }, .kind = 'w', .size = 8, .gva = X + 0xffc,
	    .fault = PF(0x7), .cr2 = STD_Y },
	{ "the first page is judged before the second", { { PTE, 0 }, { PTE2, 0 } }, .kind = 'r',
	    .size = 8, .gva = X + 0xffc, .fault = PF(0x4) },
};

/* --- the machine of a row ----------------------------------------------------------------- */

static void
set_mode(struct guestpt_mode *mode, const struct row *row)
{
	unsigned set = row->mode;

	mode->cr0 = VK_CR0_PG | ((set & NO_WP) ? 0 : VK_CR0_WP);
	mode->cr3 = row->cr3 != 0 ? row->cr3 : STD_PML4;
	mode->cr4 = ((set & SMEP) ? VK_CR4_SMEP : 0) | ((set & SMAP) ? VK_CR4_SMAP : 0) |
	    ((set & PKE) ? VK_CR4_PKE : 0) | ((set & PKS) ? VK_CR4_PKS : 0) |
	    ((set & LA57) ? VK_CR4_LA57 : 0) | ((set & PCIDE) ? VK_CR4_PCIDE : 0);
	mode->efer = (set & NO_NXE) ? 0 : VK_EFER_NXE;
	mode->pkru = row->pkru;
	mode->pkrs = row->pkrs;
	mode->ac = (set & AC) != 0;
	mode->page1g = (set & NO_1G) == 0;
	mode->maxphyaddr = (set & WIDE) ? 52 : STD_MAXPHYADDR;
}

/* The guest tables' five frames, by GPA; `base` is where GPA 0 is in that memory. */
struct tables {
	uint64_t word[LEVELS_SHOWN][VK_TABLE_ENTRIES];
};

static void
read_tables(struct tables *tables, const struct fake_memory *memory, uint64_t base)
{
	uint64_t table, i;

	for (table = 0; table < LEVELS_SHOWN; table++) {
		for (i = 0; i < VK_TABLE_ENTRIES; i++)
			tables->word[table][i] = fake_peek(memory,
			    base + STD_PML4 + table * VK_PAGE_BYTES + i * 8);
	}
}

static uint64_t *
word_at(struct tables *tables, uint64_t gpa)
{
	uint64_t offset = gpa - STD_PML4;

	assert_true(offset < sizeof(tables->word));
	return &tables->word[offset / VK_PAGE_BYTES][offset % VK_PAGE_BYTES / 8];
}

/* What a completed access leaves: A in every entry on its path, D in the leaf of a write. */
static void
set_flags(struct tables *tables, const struct row *row)
{
	unsigned top = (row->mode & LA57) ? 5 : 4, level;
	uint64_t table = (row->cr3 != 0 ? row->cr3 : STD_PML4) & ~0xfffull;

	for (level = top; level >= row->leaf; level--) {
		uint64_t *entry = word_at(tables, table + (row->gva >> (12 + 9 * (level - 1)) &
		    0x1ff) * 8);

		table = *entry & 0x000ffffffffff000;
		*entry |= VK_PG_A;
		if (level == row->leaf && (std_acc(row->kind) & VK_ACC_W))
			*entry |= VK_PG_D;
	}
}

static void
compare_tables(const struct tables *found, const struct tables *expected)
{
	unsigned table, i;

	for (table = 0; table < LEVELS_SHOWN; table++) {
		for (i = 0; i < VK_TABLE_ENTRIES; i++)
			assert_int_equal(found->word[table][i], expected->word[table][i]);
	}
}

/* A straddling access may have completed its first page before its second failed. */
static void
check_tables(const struct row *row, struct tables *before, const struct fake_memory *memory,
    uint64_t base)
{
	struct tables after;

	read_tables(&after, memory, base);
	if (row->fault == 0 || row->cr2 != 0) {
		struct row first = *row;

		first.leaf = row->leaf != 0 ? row->leaf : 1;
		set_flags(before, &first);
	}
	compare_tables(&after, before);
}

/* --- over flat memory --------------------------------------------------------------------- */

static void
flat_init(struct fake_memory *memory, const struct edit *edit, size_t edits)
{
	size_t i;

	fake_init(memory, 0x10000000);
	fake_poke(memory, PML4E, STD_PDPT | PWU);
	fake_poke(memory, PDPTE, STD_PD | PWU);
	fake_poke(memory, PDE, STD_PT | PWU);
	fake_poke(memory, PTE, A | PWU);
	for (i = 0; i < edits; i++) {
		if (edit[i].gpa != 0)
			fake_poke(memory, edit[i].gpa, edit[i].value);
	}
}

static unsigned
acc_of_row(const struct row *row)
{
	if (row->mode & IMPLICIT)
		return std_acc(row->kind) | VK_ACC_IMPLICIT;
	return std_acc(row->kind) | ((row->mode & CPL0) ? 0 : VK_ACC_USER);
}

static void
check_flat_answer(const struct row *row, enum guestpt_status status,
    const struct guestpt_walk *walk, const struct fake_memory *memory, unsigned levels)
{
	unsigned walks = row->walks != 0 ? row->walks : 1;

	if (row->fault == GP) {
		assert_int_equal(status, GUESTPT_GP);
		assert_int_equal(walk->why, GUESTPT_WHY_NOT_CANONICAL);
		assert_int_equal(walk->deny, 0);
		assert_int_equal(walk->error_code, 0);
		assert_int_equal(memory->loads, 0);
		return;
	}
	assert_int_equal(memory->loads, walks * (levels - walk->level + 1));
	assert_int_equal(walk->deny != 0, walk->why == GUESTPT_WHY_RIGHTS);
	if (row->fault != 0) {
		assert_int_equal(status, GUESTPT_PF);
		assert_int_equal(PF(walk->error_code), row->fault);
		assert_int_equal(memory->swaps, 0);
		return;
	}
	assert_int_equal(status, GUESTPT_OK);
	assert_int_equal(walk->gpa.v, row->gpa);
	assert_int_equal(walk->level, row->leaf);
	assert_int_equal(walk->why, GUESTPT_WHY_NONE);
	assert_int_equal(walk->bits, 0);
	assert_int_equal(walk->error_code, 0);
}

static void
run_flat(void **state)
{
	const struct row *row = *state;
	struct fake_memory memory;
	struct guestpt_mode mode;
	enum guestpt_status status;
	struct guestpt_walk walk;
	struct tables before;
	struct guestpt pt;

	flat_init(&memory, row->edit, ROWS_COUNT(row->edit));
	set_mode(&mode, row);
	read_tables(&before, &memory, 0);
	guestpt_init(&pt, fake_gpm(&memory), &mode);
	memset(&walk, 0xa5, sizeof(walk));
	status = guestpt_access(&pt, vk_gva(row->gva), acc_of_row(row), &walk);
	check_flat_answer(row, status, &walk, &memory, pt.levels);
	check_tables(row, &before, &memory, 0);
	fake_destroy(&memory);
}

/* --- over EPT ----------------------------------------------------------------------------- */

static void
check_nested_answer(const struct row *row, const struct vcpu_result *result)
{
	if (row->fault == GP) {
		assert_int_equal(result->outcome, VCPU_GP);
		assert_int_equal(result->reads, 0);
	} else if (row->fault != 0) {
		assert_int_equal(result->outcome, VCPU_PF);
		assert_int_equal(PF(result->error_code), row->fault);
		assert_int_equal(result->cr2.v, row->cr2 != 0 ? row->cr2 : row->gva);
	} else {
		assert_int_equal(result->outcome, VCPU_DONE);
		assert_int_equal(result->piece[0].gpa.v, row->gpa);
		assert_int_equal(result->piece[0].hpa.v, row->gpa + STD_HOST);
	}
}

static void
run_nested(void **state)
{
	const struct row *row = *state;
	struct vcpu_request request = { .gva = vk_gva(row->gva),
		.size = row->size != 0 ? row->size : 1, .acc = std_acc(row->kind),
		.implicit = (row->mode & IMPLICIT) != 0 };
	struct tables before;
	struct std_machine m;
	size_t i;

	std_init(&m);
	for (i = 0; i < ROWS_COUNT(row->edit); i++) {
		if (row->edit[i].gpa != 0)
			std_set_guest(&m, row->edit[i].gpa, row->edit[i].value);
	}
	set_mode(&m.vcpu.mode, row);
	m.vcpu.cpl = (row->mode & CPL0) ? 0 : 3;
	read_tables(&before, &m.memory, STD_HOST);
	(void)vcpu_translate(&m.vcpu, &request, &m.result);
	check_nested_answer(row, &m.result);
	check_tables(row, &before, &m.memory, STD_HOST);
	std_destroy(&m);
}

/* --- rules that hold at every level ------------------------------------------------------- */

static const struct guestpt_mode std_mode = { .cr0 = VK_CR0_PG | VK_CR0_WP, .cr3 = STD_PML4,
	.efer = VK_EFER_NXE, .page1g = 1, .maxphyaddr = STD_MAXPHYADDR };

static void
absence_at_each_level_faults_and_reads_nothing_below(void **state)
{
	static const char kinds[] = { 'r', 'w', 'x' };
	static const uint32_t codes[] = { 0x4, 0x6, 0x14 };
	unsigned level, kind;

	(void)state;
	for (level = 1; level <= 4; level++) {
		for (kind = 0; kind < 3; kind++) {
			struct edit edit = { std_slot(level), 0 };
			struct fake_memory memory;
			struct guestpt_walk walk;
			struct guestpt pt;

			flat_init(&memory, &edit, 1);
			guestpt_init(&pt, fake_gpm(&memory), &std_mode);
			assert_int_equal(guestpt_access(&pt, vk_gva(X),
			    std_acc(kinds[kind]) | VK_ACC_USER, &walk), GUESTPT_PF);
			assert_int_equal(walk.error_code, codes[kind]);
			assert_int_equal(walk.why, GUESTPT_WHY_NOT_PRESENT);
			assert_int_equal(walk.bits, VK_PG_P);
			assert_int_equal(walk.level, level);
			assert_int_equal(memory.loads, 5 - level);
			fake_destroy(&memory);
		}
	}
}

static void
bits_from_maxphyaddr_up_are_reserved_at_each_level(void **state)
{
	unsigned level, maxphyaddr, bit;

	(void)state;
	for (level = 1; level <= 4; level++) {
		for (maxphyaddr = 37; maxphyaddr <= 52; maxphyaddr++) {
			for (bit = maxphyaddr; bit < 52; bit++) {
				struct guestpt_mode mode = std_mode;
				struct fake_memory memory;
				struct guestpt_walk walk;
				struct guestpt pt;

				flat_init(&memory, NULL, 0);
				fake_poke(&memory, std_slot(level),
				    fake_peek(&memory, std_slot(level)) | VK_BIT(bit));
				mode.maxphyaddr = maxphyaddr;
				guestpt_init(&pt, fake_gpm(&memory), &mode);
				assert_int_equal(guestpt_access(&pt, vk_gva(X),
				    VK_ACC_R | VK_ACC_USER, &walk), GUESTPT_PF);
				assert_int_equal(walk.error_code, 0xd);
				assert_int_equal(walk.why, GUESTPT_WHY_RESERVED);
				assert_int_equal(walk.bits, VK_BIT(bit));
				fake_destroy(&memory);
			}
		}
	}
}

static void
all_52_address_bits_count_where_they_exist(void **state)
{
	struct edit edit = { PTE, 0x000ffffffffff000 | PWU };
	struct guestpt_mode mode = std_mode;
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, &edit, 1);
	mode.maxphyaddr = 52;
	guestpt_init(&pt, fake_gpm(&memory), &mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(X + 7), VK_ACC_R, &walk), GUESTPT_OK);
	assert_int_equal(walk.gpa.v, 0x000ffffffffff007);
	fake_destroy(&memory);
}

static void
missing_rights_are_named_together(void **state)
{
	struct edit edit = { PTE, A | VK_PG_P };
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, &edit, 1);
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_W | VK_ACC_USER, &walk), GUESTPT_PF);
	assert_int_equal(walk.why, GUESTPT_WHY_RIGHTS);
	assert_int_equal(walk.bits, 0);
	assert_int_equal(walk.deny, GUESTPT_DENY_US | GUESTPT_DENY_RW);
	assert_int_equal(walk.gpa.v, A);
	fake_destroy(&memory);
}

static void
without_paging_an_address_is_its_own_translation(void **state)
{
	struct guestpt_mode mode = std_mode;
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, NULL, 0);
	mode.cr0 = 0;
	guestpt_init(&pt, fake_gpm(&memory), &mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(0x12345678), VK_ACC_W, &walk), GUESTPT_OK);
	assert_int_equal(walk.gpa.v, 0x12345678);
	assert_int_equal(walk.level, 0);
	assert_int_equal(memory.events, 0);
	fake_destroy(&memory);
}

/* --- how memory is used ------------------------------------------------------------------- */

static void
each_entry_is_read_once_from_the_root(void **state)
{
	static const uint64_t slots[] = { PML4E, PDPTE, PDE, PTE };
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;
	unsigned i;

	(void)state;
	flat_init(&memory, NULL, 0);
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_walk(&pt, vk_gva(X), VK_ACC_W, &walk), GUESTPT_OK);
	assert_int_equal(memory.events, 4);
	for (i = 0; i < 4; i++) {
		assert_int_equal(memory.event[i].op, FAKE_LOAD);
		assert_int_equal(memory.event[i].address, slots[i]);
		assert_int_equal(walk.step[4 - i].slot.v, slots[i]);
		assert_int_equal(walk.step[4 - i].entry, memory.event[i].value);
	}
	fake_destroy(&memory);
}

static void
flags_are_set_from_the_root_down_against_the_value_read(void **state)
{
	static const uint64_t slots[] = { PML4E, PDPTE, PDE, PTE };
	static const uint64_t values[] = { STD_PDPT | PWU | VK_PG_A, STD_PD | PWU | VK_PG_A,
		STD_PT | PWU | VK_PG_A, A | PWU | VK_PG_A | VK_PG_D };
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;
	unsigned i;

	(void)state;
	flat_init(&memory, NULL, 0);
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_walk(&pt, vk_gva(X), VK_ACC_W, &walk), GUESTPT_OK);
	fake_reset(&memory);
	assert_int_equal(guestpt_commit_ad(&pt, &walk), CAS_DONE);
	assert_int_equal(memory.events, 4);
	for (i = 0; i < 4; i++) {
		assert_int_equal(memory.event[i].op, FAKE_CAS);
		assert_int_equal(memory.event[i].address, slots[i]);
		assert_int_equal(memory.event[i].value, values[i]);
	}
	fake_destroy(&memory);
}

static void
flags_that_are_set_are_not_written_again(void **state)
{
	struct edit edits[] = { { PML4E, STD_PDPT | PWU | VK_PG_A },
		{ PDPTE, STD_PD | PWU | VK_PG_A }, { PDE, STD_PT | PWU | VK_PG_A },
		{ PTE, A | PWU | VK_PG_A | VK_PG_D } };
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, edits, 4);
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_W, &walk), GUESTPT_OK);
	assert_int_equal(memory.loads, 4);
	assert_int_equal(memory.events, 4);
	fake_destroy(&memory);
}

/* --- memory that others change, or that misbehaves ---------------------------------------- */

/* Another processor marks the leaf dirty just before we set its accessed flag. */
static void
dirty_the_leaf_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != PTE)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, PTE, A | PWU | VK_PG_A | VK_PG_D);
}

static void
a_flag_that_another_processor_sets_is_not_lost(void **state)
{
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, NULL, 0);
	memory.meanwhile = dirty_the_leaf_once;
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_R, &walk), GUESTPT_OK);
	assert_int_equal(fake_peek(&memory, PTE), A | PWU | VK_PG_A | VK_PG_D);
	assert_int_equal(memory.loads, 8);
	fake_destroy(&memory);
}

static void
remap_the_leaf_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != PTE)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, PTE, STD_B | PWU);
}

static void
an_entry_that_changes_before_its_flag_is_walked_again(void **state)
{
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, NULL, 0);
	memory.meanwhile = remap_the_leaf_once;
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_W, &walk), GUESTPT_OK);
	assert_int_equal(walk.gpa.v, STD_B);
	assert_int_equal(fake_peek(&memory, PTE), STD_B | PWU | VK_PG_A | VK_PG_D);
	fake_destroy(&memory);
}

static void
remove_the_leaf_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != PTE)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, PTE, 0);
}

static void
an_entry_that_goes_before_its_flag_stays_zero(void **state)
{
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, NULL, 0);
	memory.meanwhile = remove_the_leaf_once;
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_R, &walk), GUESTPT_PF);
	assert_int_equal(walk.error_code, 0);
	assert_int_equal(fake_peek(&memory, PTE), 0);
	fake_destroy(&memory);
}

/* A commit by itself reports the lost race. */
static void
a_commit_against_an_old_walk_is_lost(void **state)
{
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, NULL, 0);
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_walk(&pt, vk_gva(X), VK_ACC_R, &walk), GUESTPT_OK);
	fake_poke(&memory, PDE, STD_PT | PWU | VK_PG_PCD);
	assert_int_equal(guestpt_commit_ad(&pt, &walk), CAS_LOST);
	assert_int_equal(fake_peek(&memory, PDE), STD_PT | PWU | VK_PG_PCD);
	assert_int_equal(fake_peek(&memory, PTE), A | PWU);
	fake_destroy(&memory);
}

/* The guest flips an ignored bit for ever. */
static void
flip_the_leaf(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op == FAKE_CAS)
		fake_poke(memory, address, fake_peek(memory, address) ^ 0x200);
}

static void
a_guest_that_changes_entries_for_ever_does_not_hold_us(void **state)
{
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, NULL, 0);
	memory.meanwhile = flip_the_leaf;
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_R, &walk), GUESTPT_UNSTABLE);
	assert_int_equal(memory.loads, 1024 * 4);
	assert_int_equal(memory.swaps, 0);
	fake_destroy(&memory);
}

/* Whatever was read is overwritten at once: a second look would find something else. */
static void
shred_behind(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	uint64_t *last = memory->meanwhile_ctx;

	if (*last != 0)
		fake_poke(memory, *last, ~0ull);
	*last = op == FAKE_LOAD ? address : 0;
}

static void
decisions_rest_on_the_one_value_that_was_read(void **state)
{
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;
	uint64_t last = 0;

	(void)state;
	flat_init(&memory, NULL, 0);
	memory.meanwhile = shred_behind;
	memory.meanwhile_ctx = &last;
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_walk(&pt, vk_gva(X), VK_ACC_W | VK_ACC_USER, &walk), GUESTPT_OK);
	assert_int_equal(walk.gpa.v, A);
	assert_int_equal(memory.loads, 4);
	/* The flags fail at the first shredded entry and leave it as it is. */
	assert_int_equal(guestpt_commit_ad(&pt, &walk), CAS_LOST);
	assert_int_equal(fake_peek(&memory, PML4E), ~0ull);
	fake_destroy(&memory);
}

static void
a_refused_read_ends_the_walk_at_its_level(void **state)
{
	unsigned level;

	(void)state;
	for (level = 1; level <= 4; level++) {
		struct fake_memory memory;
		struct guestpt_walk walk;
		struct guestpt pt;

		flat_init(&memory, NULL, 0);
		memory.refuse_load = std_slot(level);
		guestpt_init(&pt, fake_gpm(&memory), &std_mode);
		assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_R, &walk),
		    GUESTPT_REFUSED);
		assert_int_equal(walk.level, level);
		assert_int_equal(walk.step[level].slot.v, std_slot(level));
		assert_int_equal(walk.step[level].entry, 0);
		assert_int_equal(memory.loads, 4 - level);
		assert_int_equal(memory.swaps, 0);
		fake_destroy(&memory);
	}
}

static void
a_refused_flag_ends_the_access(void **state)
{
	unsigned level;

	(void)state;
	for (level = 1; level <= 4; level++) {
		struct fake_memory memory;
		struct guestpt_walk walk;
		struct guestpt pt;

		flat_init(&memory, NULL, 0);
		memory.refuse_cas = std_slot(level);
		guestpt_init(&pt, fake_gpm(&memory), &std_mode);
		assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_R, &walk),
		    GUESTPT_REFUSED);
		/* Those above, which come first, are set. */
		assert_int_equal(memory.swaps, 4 - level);
		fake_destroy(&memory);
	}
}

static void
a_root_beyond_memory_reads_as_ones(void **state)
{
	struct guestpt_mode mode = std_mode;
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, NULL, 0);
	mode.cr3 = 0x00003ffffffff000;
	guestpt_init(&pt, fake_gpm(&memory), &mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_R, &walk), GUESTPT_PF);
	assert_int_equal(walk.error_code, VK_PF_P | VK_PF_RSVD);
	assert_int_equal(walk.level, 4);
	fake_destroy(&memory);
}

static void
a_page_table_of_all_ones_maps_where_nothing_is_reserved(void **state)
{
	struct edit edit = { PDE, 0x000ffffffffff000 | PWU }; /* far beyond memory */
	struct guestpt_mode mode = std_mode;
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, &edit, 1);
	mode.maxphyaddr = 52;
	guestpt_init(&pt, fake_gpm(&memory), &mode);
	assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_W, &walk), GUESTPT_OK);
	assert_int_equal(walk.gpa.v, 0x000ffffffffff000);
	assert_int_equal(memory.swaps, 3); /* A and D of the leaf are ones already */
	assert_int_equal(guestpt_access(&pt, vk_gva(X), VK_ACC_X, &walk), GUESTPT_PF);
	fake_destroy(&memory);
}

/* --- the small functions ------------------------------------------------------------------ */

static void
a_kept_translation_is_judged_by_the_registers_of_today(void **state)
{
	uint64_t perm = VK_PG_P | VK_PG_US | VK_PG_XD; /* user, read-only, executable */
	uint64_t leaf = A | PWU | 3ull << VK_PG_PKEY_SHIFT;
	struct guestpt_mode mode = std_mode;
	struct gpm none = { NULL, NULL };
	struct guestpt pt;

	(void)state;
	guestpt_init(&pt, none, &mode);
	assert_int_equal(guestpt_denials(&pt, VK_ACC_R, perm, leaf), 0);
	assert_int_equal(guestpt_denials(&pt, VK_ACC_W, perm, leaf), GUESTPT_DENY_RW);
	mode.cr0 &= ~VK_CR0_WP;
	mode.cr4 = VK_CR4_SMAP | VK_CR4_SMEP | VK_CR4_PKE;
	mode.pkru = 2u << 6;
	guestpt_init(&pt, none, &mode);
	assert_int_equal(guestpt_denials(&pt, VK_ACC_W, perm, leaf), GUESTPT_DENY_SMAP);
	assert_int_equal(guestpt_denials(&pt, VK_ACC_X, perm, leaf), GUESTPT_DENY_SMEP);
	assert_int_equal(guestpt_denials(&pt, VK_ACC_W | VK_ACC_USER, perm, leaf),
	    GUESTPT_DENY_RW | GUESTPT_DENY_PKEY);
	assert_int_equal(guestpt_denials(&pt, VK_ACC_R | VK_ACC_USER, VK_PG_P, leaf),
	    GUESTPT_DENY_US);
	assert_int_equal(guestpt_denials(&pt, VK_ACC_X | VK_ACC_USER, VK_PG_P | VK_PG_US, leaf),
	    GUESTPT_DENY_XD);
	mode.efer &= ~VK_EFER_NXE;
	guestpt_init(&pt, none, &mode);
	assert_int_equal(guestpt_denials(&pt, VK_ACC_X | VK_ACC_USER, VK_PG_P | VK_PG_US, leaf),
	    0);
}

static void
a_walk_tells_what_kind_of_address_it_met(void **state)
{
	struct edit edits[] = { { PML4E, STD_PDPT | VK_PG_P | VK_PG_US }, { PDE, STD_PT | PWU |
	    VK_PG_XD } };
	struct fake_memory memory;
	struct guestpt_walk walk;
	struct guestpt pt;

	(void)state;
	flat_init(&memory, edits, 2);
	guestpt_init(&pt, fake_gpm(&memory), &std_mode);
	assert_int_equal(guestpt_walk(&pt, vk_gva(X), VK_ACC_R, &walk), GUESTPT_OK);
	assert_true(guestpt_is_user(&walk));
	assert_false(guestpt_is_writable(&walk));
	assert_true(guestpt_is_xd(&pt, &walk));
	fake_poke(&memory, PML4E, STD_PDPT | VK_PG_P | VK_PG_RW);
	fake_poke(&memory, PDE, STD_PT | PWU);
	assert_int_equal(guestpt_walk(&pt, vk_gva(X), VK_ACC_R, &walk), GUESTPT_OK);
	assert_false(guestpt_is_user(&walk));
	assert_true(guestpt_is_writable(&walk));
	assert_false(guestpt_is_xd(&pt, &walk));
	fake_destroy(&memory);
}

static void
the_pat_index_has_its_bits_where_the_page_size_puts_them(void **state)
{
	static const struct {
		unsigned level;
		uint64_t entry;
		unsigned index;
	} cases[] = {
		{ 1, 0, 0 }, { 1, VK_PG_PWT, 1 }, { 1, VK_PG_PCD, 2 }, { 1, VK_PG_PAT, 4 },
		{ 1, VK_PG_PAT | VK_PG_PCD | VK_PG_PWT, 7 }, { 1, VK_PG_PAT_LARGE, 0 },
		{ 2, VK_PG_PS, 0 }, { 2, VK_PG_PS | VK_PG_PAT_LARGE, 4 },
		{ 3, VK_PG_PS | VK_PG_PAT_LARGE | VK_PG_PWT, 5 },
	};
	struct guestpt_walk walk;
	size_t i;

	(void)state;
	memset(&walk, 0, sizeof(walk));
	for (i = 0; i < ROWS_COUNT(cases); i++) {
		walk.level = cases[i].level;
		walk.step[walk.level].entry = cases[i].entry;
		assert_int_equal(guestpt_pat_index(&walk), cases[i].index);
	}
}

static void
cr3_may_hold_a_frame_and_twelve_low_bits(void **state)
{
	unsigned maxphyaddr;

	(void)state;
	for (maxphyaddr = 36; maxphyaddr <= 52; maxphyaddr++) {
		assert_true(guestpt_cr3_is_valid(VK_BIT(maxphyaddr) - 1, maxphyaddr));
		assert_false(guestpt_cr3_is_valid(VK_BIT(maxphyaddr), maxphyaddr));
		assert_false(guestpt_cr3_is_valid(VK_BIT(63) | 0x1000, maxphyaddr));
	}
}

/* --- all that denies an access ------------------------------------------------------------- */

static const struct denial_row {
	const char *what;
	unsigned acc;
	uint64_t perm; /* as accumulated: XD turned over */
	uint64_t cr4, efer;
	unsigned deny;
} denial_rows[] = {
	{ "a user's fetch of a supervisor's data", VK_ACC_X | VK_ACC_USER, VK_PG_P, 0, VK_EFER_NXE,
	    GUESTPT_DENY_US | GUESTPT_DENY_XD },
	{ "a supervisor's fetch of a user's data with SMEP", VK_ACC_X, VK_PG_P | VK_PG_US,
	    VK_CR4_SMEP, VK_EFER_NXE, GUESTPT_DENY_XD | GUESTPT_DENY_SMEP },
	{ "a supervisor's write to a user's read-only page with SMAP", VK_ACC_W,
	    VK_PG_P | VK_PG_US | VK_PG_XD, VK_CR4_SMAP, 0, GUESTPT_DENY_RW | GUESTPT_DENY_SMAP },
	{ "a user's write to a supervisor's read-only page", VK_ACC_W | VK_ACC_USER, VK_PG_P, 0, 0,
	    GUESTPT_DENY_US | GUESTPT_DENY_RW },
	{ "without NXE nothing denies a fetch from data", VK_ACC_X, VK_PG_P, 0, 0, 0 },
};

static void
run_denial_row(void **state)
{
	const struct denial_row *row = *state;
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG | VK_CR0_WP, .cr4 = row->cr4,
		.efer = row->efer, .maxphyaddr = STD_MAXPHYADDR };
	struct gpm none = { NULL, NULL };
	struct guestpt pt;

	guestpt_init(&pt, none, &mode);
	assert_int_equal(guestpt_denials(&pt, row->acc, row->perm, 0), row->deny);
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++) {
		if (rows[i].size == 0)
			rows_add(&list, "walk", rows[i].what, run_flat, &rows[i]);
		rows_add(&list, "access", rows[i].what, run_nested, &rows[i]);
	}
	for (i = 0; i < ROWS_COUNT(denial_rows); i++)
		rows_add(&list, "denied", denial_rows[i].what, run_denial_row, &denial_rows[i]);
	ROWS_ADD_TEST(&list, absence_at_each_level_faults_and_reads_nothing_below);
	ROWS_ADD_TEST(&list, bits_from_maxphyaddr_up_are_reserved_at_each_level);
	ROWS_ADD_TEST(&list, all_52_address_bits_count_where_they_exist);
	ROWS_ADD_TEST(&list, missing_rights_are_named_together);
	ROWS_ADD_TEST(&list, without_paging_an_address_is_its_own_translation);
	ROWS_ADD_TEST(&list, each_entry_is_read_once_from_the_root);
	ROWS_ADD_TEST(&list, flags_are_set_from_the_root_down_against_the_value_read);
	ROWS_ADD_TEST(&list, flags_that_are_set_are_not_written_again);
	ROWS_ADD_TEST(&list, a_flag_that_another_processor_sets_is_not_lost);
	ROWS_ADD_TEST(&list, an_entry_that_changes_before_its_flag_is_walked_again);
	ROWS_ADD_TEST(&list, an_entry_that_goes_before_its_flag_stays_zero);
	ROWS_ADD_TEST(&list, a_commit_against_an_old_walk_is_lost);
	ROWS_ADD_TEST(&list, a_guest_that_changes_entries_for_ever_does_not_hold_us);
	ROWS_ADD_TEST(&list, decisions_rest_on_the_one_value_that_was_read);
	ROWS_ADD_TEST(&list, a_refused_read_ends_the_walk_at_its_level);
	ROWS_ADD_TEST(&list, a_refused_flag_ends_the_access);
	ROWS_ADD_TEST(&list, a_root_beyond_memory_reads_as_ones);
	ROWS_ADD_TEST(&list, a_page_table_of_all_ones_maps_where_nothing_is_reserved);
	ROWS_ADD_TEST(&list, a_kept_translation_is_judged_by_the_registers_of_today);
	ROWS_ADD_TEST(&list, a_walk_tells_what_kind_of_address_it_met);
	ROWS_ADD_TEST(&list, the_pat_index_has_its_bits_where_the_page_size_puts_them);
	ROWS_ADD_TEST(&list, cr3_may_hold_a_frame_and_twelve_low_bits);
	return rows_run(&list, "guest paging");
}
