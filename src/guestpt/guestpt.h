/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest page tables: entry bits, the walk of 4-level and 5-level paging, accessed and dirty flags.
 *
 * The walk asks its memory for guest-physical words and does not know what stands behind them; over
 * ept_gpm it is the two-dimensional walk, over the VMM's memory it is what copyio uses.
 */
#ifndef VK_GUESTPT_GUESTPT_H
#define VK_GUESTPT_GUESTPT_H

#include "base/access.h"
#include "base/mem.h"
#include "base/ptlevel.h"

/* Entry bits [GUEST-ENTRY]. */
#define VK_PG_P 0x0000000000000001ull   /* present */
#define VK_PG_RW 0x0000000000000002ull  /* writable */
#define VK_PG_US 0x0000000000000004ull  /* user-mode accesses allowed */
#define VK_PG_PWT 0x0000000000000008ull
#define VK_PG_PCD 0x0000000000000010ull
#define VK_PG_A 0x0000000000000020ull   /* accessed */
#define VK_PG_D 0x0000000000000040ull   /* leaf: dirty */
#define VK_PG_PS 0x0000000000000080ull  /* levels 3 and 2: maps a page */
#define VK_PG_PAT 0x0000000000000080ull /* level 1 */
#define VK_PG_G 0x0000000000000100ull   /* leaf: global */
#define VK_PG_PAT_LARGE 0x0000000000001000ull /* levels 3 and 2, leaf */
#define VK_PG_PKEY 0x7800000000000000ull      /* leaf: protection key */
#define VK_PG_PKEY_SHIFT 59
#define VK_PG_XD 0x8000000000000000ull        /* with EFER.NXE: no fetches */

/* Control register and MSR bits that the walk looks at [GUEST-MODE]. */
#define VK_CR0_WP VK_BIT(16)
#define VK_CR0_CD VK_BIT(30)
#define VK_CR0_PG VK_BIT(31)
#define VK_CR4_PAE VK_BIT(5)
#define VK_CR4_PGE VK_BIT(7)
#define VK_CR4_LA57 VK_BIT(12)
#define VK_CR4_PCIDE VK_BIT(17)
#define VK_CR4_SMEP VK_BIT(20)
#define VK_CR4_SMAP VK_BIT(21)
#define VK_CR4_PKE VK_BIT(22)
#define VK_CR4_PKS VK_BIT(24)
#define VK_EFER_NXE VK_BIT(11)
#define VK_CR3_PCID VK_BITS(11, 0)

/* Page-fault error code [GUEST-PF-CODE]. */
#define VK_PF_P 0x01u
#define VK_PF_W 0x02u
#define VK_PF_U 0x04u
#define VK_PF_RSVD 0x08u
#define VK_PF_ID 0x10u
#define VK_PF_PK 0x20u

enum guestpt_status {
	GUESTPT_OK,
	GUESTPT_PF,      /* page fault; the record has the error code */
	GUESTPT_GP,      /* not canonical: no entry was read */
	GUESTPT_REFUSED, /* the memory refused a table access; it knows why */
	GUESTPT_UNSTABLE /* guestpt_access(): entries kept changing before their flags were set */
};

enum guestpt_why {
	GUESTPT_WHY_NONE,
	GUESTPT_WHY_NOT_CANONICAL,
	GUESTPT_WHY_NOT_PRESENT,
	GUESTPT_WHY_RESERVED,
	GUESTPT_WHY_RIGHTS
};

/* Which rights deny an access; several may at once [GUEST-RIGHTS]. */
#define GUESTPT_DENY_US 0x01u   /* user-mode access to a supervisor-mode address */
#define GUESTPT_DENY_RW 0x02u   /* write to a read-only address */
#define GUESTPT_DENY_XD 0x04u   /* fetch from an execute-disabled address */
#define GUESTPT_DENY_SMEP 0x08u /* supervisor fetch from a user-mode address */
#define GUESTPT_DENY_SMAP 0x10u /* supervisor data access to a user-mode address */
#define GUESTPT_DENY_PKEY 0x20u /* protection key */

/* What the guest's registers say about paging; plain values, as the guest loaded them. */
struct guestpt_mode {
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
	uint32_t pkru;
	uint32_t pkrs;
	int ac;              /* RFLAGS.AC */
	int page1g;          /* the processor has 1 GiB pages */
	unsigned maxphyaddr; /* of the processor, 32 to 52 */
};

/* The tables of one CR3 under one mode.  Filled by guestpt_init(); read-only afterwards. */
struct guestpt {
	struct gpm mem;
	struct guestpt_mode mode;
	uint64_t reserved[VK_LEVELS + 1][2]; /* by level; [1]: of a leaf, where it may be */
	unsigned levels;                     /* 4 or 5; 0 with CR0.PG clear */
	unsigned width;                      /* of a canonical address: 48 or 57 */
};

struct guestpt_step {
	gpa_t slot;     /* where the entry was read */
	uint64_t entry; /* as read */
};

/* All that one walk saw. */
struct guestpt_walk {
	gva_t gva;
	gpa_t gpa;           /* valid when the walk returned GUESTPT_OK, or GUESTPT_PF for rights */
	unsigned acc;        /* asked for: VK_ACC_* */
	unsigned level;      /* of the last entry read or asked for; 0 when none was */
	uint64_t perm;       /* AND over the entries of P, RW, US and "not XD" (in the XD place) */
	uint64_t bits;       /* the bits that `why` is about */
	enum guestpt_why why;
	unsigned deny;       /* GUESTPT_DENY_* */
	uint32_t error_code; /* of a page fault */
	struct guestpt_step step[VK_LEVELS + 1]; /* by level; read at levels .. level */
};

/* Prepares *pt for walks.  The tables stay the caller's. [GUEST-MODE] */
void guestpt_init(struct guestpt *pt, struct gpm mem, const struct guestpt_mode *mode);

/* Whether an entry of that level maps a page; bit 7 of a PTE is PAT, not PS [GUEST-ENTRY]. */
static inline int
guestpt_is_leaf(unsigned level, uint64_t entry)
{
	return level == 1 || (level <= 3 && (entry & VK_PG_PS) != 0);
}

/*
 * Translates a linear address for an access of kind `acc` (VK_ACC_R, _W, _X with VK_ACC_USER or
 * VK_ACC_IMPLICIT).  Reads each entry once, from the top, and stops at the first that is not
 * present or has a reserved bit set; rights are judged after the leaf.  Writes only *walk.  The
 * address is that of one byte; an access over a page border is two walks.  [GUEST-WALK]
 * [GUEST-ORDER]
 */
enum guestpt_status guestpt_walk(const struct guestpt *pt, gva_t gva, unsigned acc,
    struct guestpt_walk *walk);

/*
 * Sets the accessed flag in every entry that a successful walk used, and for a write the dirty flag
 * in its leaf, from the root down, each by compare-and-swap against the value read.  CAS_LOST: an
 * entry changed; walk again.  CAS_REFUSED: the memory denied an update. [GUEST-AD]
 */
enum cas_status guestpt_commit_ad(const struct guestpt *pt, const struct guestpt_walk *walk);

/*
 * Walk and flags together: walks, sets the flags owed and walks again for as long as it lost a
 * race, up to a bound.  *walk is the record of the last walk.
 */
enum guestpt_status guestpt_access(const struct guestpt *pt, gva_t gva, unsigned acc,
    struct guestpt_walk *walk);

/*
 * Which rights deny an access of kind `acc` at an address whose walk gave `perm` and ended at
 * `leaf`: GUESTPT_DENY_*, 0 when it may proceed.  For translations that were kept from an earlier
 * walk; the mode is judged as it is now [GUEST-RIGHTS] [GUEST-PKEY].
 */
unsigned guestpt_denials(const struct guestpt *pt, unsigned acc, uint64_t perm, uint64_t leaf);

/* Whether the walk ended at a user-mode, a writable, an execute-disabled address [GUEST-RIGHTS]. */
static inline int
guestpt_is_user(const struct guestpt_walk *walk)
{
	return (walk->perm & VK_PG_US) != 0;
}

static inline int
guestpt_is_writable(const struct guestpt_walk *walk)
{
	return (walk->perm & VK_PG_RW) != 0;
}

static inline int
guestpt_is_xd(const struct guestpt *pt, const struct guestpt_walk *walk)
{
	return (pt->mode.efer & VK_EFER_NXE) != 0 && (walk->perm & VK_PG_XD) == 0;
}

/* The PAT index, 0 to 7, that the leaf of a successful walk selects [MEMTYPE-PAT]. */
unsigned guestpt_pat_index(const struct guestpt_walk *walk);

/*
 * What MOV to CR3 and VM entry would say of a CR3 value: non-zero when it may be loaded [GUEST-
 * CR3].
 */
int guestpt_cr3_is_valid(uint64_t cr3, unsigned maxphyaddr);

#endif
