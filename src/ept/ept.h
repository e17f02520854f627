/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Extended page tables: entry bits, the walk, accessed and dirty flags.
 *
 * A walk looks and changes nothing.  It returns a status and leaves in its record all that it saw;
 * the exit, the trace and the drawings read the record.  Flags are written by a second step.
 */
#ifndef VK_EPT_EPT_H
#define VK_EPT_EPT_H

#include "base/access.h"
#include "base/mem.h"
#include "base/ptlevel.h"

/* Entry bits [EPT-ENTRY]. */
#define EPT_R 0x0000000000000001ull   /* data reads allowed */
#define EPT_W 0x0000000000000002ull   /* data writes allowed */
#define EPT_X 0x0000000000000004ull   /* fetches; with MBEC, from supervisor-mode addresses */
#define EPT_RWX 0x0000000000000007ull
#define EPT_MEMTYPE 0x0000000000000038ull /* leaf: memory type */
#define EPT_MEMTYPE_SHIFT 3
#define EPT_IPAT 0x0000000000000040ull /* leaf: the guest's PAT is ignored */
#define EPT_PS 0x0000000000000080ull   /* levels 3 and 2: maps a page */
#define EPT_A 0x0000000000000100ull    /* accessed, if EPTP bit 6 is set */
#define EPT_D 0x0000000000000200ull    /* leaf: dirty, if EPTP bit 6 is set */
#define EPT_XU 0x0000000000000400ull   /* with MBEC: fetches from user-mode addresses */
#define EPT_SPP 0x2000000000000000ull  /* 4 KiB leaf: writes decided per 128 bytes */
#define EPT_SVE 0x8000000000000000ull  /* leaf or not present: no #VE for a violation here */

/* EPTP fields [EPT-EPTP]. */
#define EPTP_MEMTYPE 0x7ull
#define EPTP_WALK_SHIFT 3 /* bits 5:3: walk length minus one */
#define EPTP_AD 0x40ull
#define EPTP_SSS 0x80ull

/* Bits of IA32_VMX_EPT_VPID_CAP that decide the meaning of entries and EPTP [EPT-CAP]. */
#define EPT_CAP_EXEC_ONLY VK_BIT(0)
#define EPT_CAP_WALK4 VK_BIT(6)
#define EPT_CAP_WALK5 VK_BIT(7)
#define EPT_CAP_UC VK_BIT(8)
#define EPT_CAP_WB VK_BIT(14)
#define EPT_CAP_2M VK_BIT(16)
#define EPT_CAP_1G VK_BIT(17)
#define EPT_CAP_INVEPT VK_BIT(20)
#define EPT_CAP_AD VK_BIT(21)
#define EPT_CAP_ADV_INFO VK_BIT(22)
#define EPT_CAP_SSS VK_BIT(23)

/* Execution controls that change what an entry means, by their bit in the secondary controls. */
#define EPT_CTL_PML (1u << 17)
#define EPT_CTL_VE (1u << 18)
#define EPT_CTL_MBEC (1u << 22)
#define EPT_CTL_SPP (1u << 23)

enum ept_status {
	EPT_OK,
	EPT_VIOLATION, /* exit reason 48 [EPT-VIOLATION] */
	EPT_MISCONFIG, /* exit reason 49 [EPT-MISCONFIG] */
	EPT_SPP_EVENT  /* exit reason 66: the sub-page table has no usable entry [EPT-SPP] */
};

/* Why a walk did not end well; the rule behind the status. */
enum ept_why {
	EPT_WHY_NONE,
	EPT_WHY_GPA_WIDTH,         /* GPA bits 51:48 with a 4-level EPT */
	EPT_WHY_NOT_PRESENT,       /* no right in the entry at all */
	EPT_WHY_PERMISSION,        /* the AND of the entries lacks a right */
	EPT_WHY_SUBPAGE,           /* the sub-page table denies the write */
	EPT_WHY_WRITE_WITHOUT_READ,
	EPT_WHY_EXEC_ONLY,         /* X without R on a processor without execute-only pages */
	EPT_WHY_RESERVED,
	EPT_WHY_MEMTYPE,
	EPT_WHY_SPP_MISS,          /* a sub-page table entry is not valid */
	EPT_WHY_SPP_MISCONFIG,     /* a sub-page table entry has a reserved bit set */
	EPT_WHY_UNSTABLE           /* entries kept changing between the walk and its flags */
};

/* The EPT of one EPTP on one processor.  Filled by ept_init(); read-only afterwards. */
struct ept {
	struct hpm mem;        /* where the tables live */
	uint64_t eptp;
	uint64_t cap;          /* EPT_CAP_* */
	uint64_t present;      /* an entry with none of these is not present */
	uint64_t exec;         /* the bits that are execute rights */
	uint64_t reserved[VK_LEVELS + 1][2]; /* by level; [1]: of a leaf, where it may be */
	hpa_t spptp;           /* root of the sub-page permission tables, with EPT_CTL_SPP */
	uint32_t controls;     /* EPT_CTL_* */
	unsigned levels;       /* 4 or 5 */
	unsigned maxphyaddr;
	int ad;                /* EPTP bit 6 */
};

struct ept_step {
	hpa_t slot;     /* where the entry was read */
	uint64_t entry; /* as read */
};

/* All that one walk saw. */
struct ept_walk {
	gpa_t gpa;
	hpa_t hpa;      /* valid when the walk returned EPT_OK */
	unsigned acc;   /* asked for: VK_ACC_* */
	unsigned level; /* of the last entry read; 0 when none was */
	uint64_t perm;  /* AND over the entries read: EPT_R, EPT_W, EPT_X, EPT_XU */
	uint64_t bits;  /* the bits that `why` is about: set ones, or missing rights */
	enum ept_why why;
	struct ept_step step[VK_LEVELS + 1]; /* by level; read at levels .. level */
};

/* What VM entry would find wrong with an EPTP [EPT-EPTP]. */
enum eptp_why {
	EPTP_VALID,
	EPTP_BAD_MEMTYPE,
	EPTP_BAD_WALK_LENGTH,
	EPTP_BAD_AD,
	EPTP_BAD_RESERVED
};

/*
 * Judges an EPTP as VM entry and INVEPT do.  `cap` is IA32_VMX_EPT_VPID_CAP, maxphyaddr 32 to 52.
 * [EPT-EPTP]
 */
enum eptp_why ept_eptp_check(uint64_t eptp, uint64_t cap, unsigned maxphyaddr);

/*
 * Prepares *ept for walks from `eptp`.  Returns what ept_eptp_check() says; on anything but
 * EPTP_VALID *ept is not to be used.  The tables stay the caller's.
 */
enum eptp_why ept_init(struct ept *ept, struct hpm mem, uint64_t eptp, uint64_t cap,
    uint32_t controls, unsigned maxphyaddr);

/* Whether an entry has no right at all, so that its other bits are ignored [EPT-NOT-PRESENT]. */
static inline int
ept_is_present(const struct ept *ept, uint64_t entry)
{
	return (entry & ept->present) != 0;
}

/* Whether an entry of that level maps a page; bit 7 counts only where it can [EPT-ENTRY]. */
static inline int
ept_is_leaf(unsigned level, uint64_t entry)
{
	return level == 1 || (level <= 3 && (entry & EPT_PS) != 0);
}

/*
 * Judges one present entry by itself, whatever the access.  Returns EPT_WHY_NONE when it is well
 * formed, else the rule it breaks, with the offending bits in *bits.  [EPT-MISCONFIG]
 */
enum ept_why ept_entry_check(const struct ept *ept, uint64_t entry, unsigned level,
    uint64_t *bits);

/*
 * Translates a guest-physical address for an access of kind `acc` (VK_ACC_R, _W, _X; with MBEC
 * VK_ACC_USER_ADDR says which execute right counts).  Reads each entry once, from the top, and
 * stops at the first that is not present or misconfigured; rights are judged after the leaf.
 * Writes only *walk.  [EPT-WALK] [EPT-ORDER]
 */
enum ept_status ept_walk(const struct ept *ept, gpa_t gpa, unsigned acc, struct ept_walk *walk);

/*
 * Sets the accessed flag in every entry that a successful walk used, and for a write the dirty flag
 * in its leaf, each by compare-and-swap against the value read.  Does nothing when EPTP bit 6 is
 * clear.  CAS_LOST: an entry changed; walk again.  [EPT-AD]
 */
enum cas_status ept_commit_ad(const struct ept *ept, const struct ept_walk *walk);

/* What ept_commit_ad() would write: EPT_A when any accessed flag, EPT_D when the dirty flag. */
uint64_t ept_ad_owed(const struct ept *ept, const struct ept_walk *walk);

/*
 * Whether a 128-byte sub-page may be written, by the sub-page permission tables [EPT-SPP].  Fills
 * walk->why and walk->bits when not.
 */
enum ept_status ept_spp_check(const struct ept *ept, gpa_t gpa, struct ept_walk *walk);

#endif
