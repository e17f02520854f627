/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What paging structures map: all of it, in ascending order, or that part which a filter wants.
 *
 * A listing is of one table (the guest's, or the outer one: an EPT or nested tables) or of the
 * guest's through the outer one, in which a page has the rights that both give.  It is pulled: the
 * walk goes on when more is asked for, and holds one table a level.  Tables that several entries
 * share are listed each time; a census, made first, keeps that within bounds.
 *
 * Addresses are those that a table's indices make up: without the copies of the top bit that a
 * linear address has above them.  maps_canonical() adds them.
 */
#ifndef VK_MAPS_MAPS_H
#define VK_MAPS_MAPS_H

#include "view/view.h"

enum maps_side {
	MAPS_GUEST, /* linear to guest-physical */
	MAPS_OUTER, /* guest-physical to host-physical */
	MAPS_BOTH   /* linear to host-physical, through both */
};

/* Rights.  A page that only one side has maps with that side's. */
#define MAPS_R 0x1u
#define MAPS_W 0x2u
#define MAPS_X 0x4u /* of a page of user mode under mode-based execute control: user-mode fetches */
#define MAPS_U 0x8u /* guest: of user mode.  EPT: user-mode fetches, with that control */
#define MAPS_RIGHTS 0xfu

/* Flags of the guest's leaf; where the outer table is listed alone, of its leaf. */
#define MAPS_G 0x1u
#define MAPS_A 0x2u
#define MAPS_D 0x4u
#define MAPS_FLAGS 0x7u

enum maps_kind {
	MAPS_PAGE,      /* mapped */
	MAPS_UNBACKED,  /* the guest maps it, the outer tables do not */
	MAPS_LOST,      /* a guest table that the outer tables do not map */
	MAPS_ABSENT,    /* a table that is not in the memory */
	MAPS_MALFORMED  /* an entry with reserved bits set, or misconfigured */
};

/*
 * One mapping: a leaf or, in MAPS_BOTH, the part of it that one outer leaf backs.  Of the kinds
 * from MAPS_LOST on, the range that the entry would map, and in gpa, or hpa for MAPS_OUTER, the
 * table that it names.
 */
struct maps_mapping {
	uint64_t start, size;
	uint64_t gpa;  /* of MAPS_OUTER the start itself */
	uint64_t hpa;  /* MAPS_NOWHERE for MAPS_GUEST under outer tables, and MAPS_UNBACKED */
	uint64_t what; /* all else: see below */
};

#define MAPS_NOWHERE UINT64_MAX

/* The parts of `what`, by their lowest bit. */
enum {
	MAPS_AT_RIGHTS = 0,        /* 4 bits: what an access may do */
	MAPS_AT_GUEST_RIGHTS = 4,  /* 4 bits */
	MAPS_AT_OUTER_RIGHTS = 8,  /* 4 bits: in MAPS_BOTH, what counts for this page */
	MAPS_AT_FLAGS = 12,        /* 3 bits */
	MAPS_AT_CACHE = 15,        /* 3 bits: PWT, PCD, PAT of the guest's leaf */
	MAPS_AT_KEY = 18,          /* 4 bits: protection key */
	MAPS_AT_MEMTYPE = 22,      /* 4 bits: of an EPT leaf, IPAT above the type */
	MAPS_AT_OUTER_FLAGS = 26,  /* 3 bits: in MAPS_BOTH, of the outer leaf */
	MAPS_AT_LEVEL = 29,        /* 3 bits: of the guest's leaf, or of the only one */
	MAPS_AT_OUTER_LEVEL = 32,  /* 3 bits: in MAPS_BOTH, of the outer leaf */
	MAPS_AT_KIND = 35          /* 3 bits */
};

static inline unsigned
maps_part(const struct maps_mapping *mapping, unsigned at, unsigned mask)
{
	return (unsigned)(mapping->what >> at) & mask;
}

static inline enum maps_kind
maps_kind_of(const struct maps_mapping *mapping)
{
	return (enum maps_kind)maps_part(mapping, MAPS_AT_KIND, 7);
}

/* What is wanted.  Filled by maps_filter_init() with all there is. */
struct maps_filter {
	uint64_t start, end;    /* the range of addresses */
	unsigned rights, no_rights; /* that a page must have, and must not have */
	unsigned flags, no_flags;
	unsigned levels;        /* bit n: leaves of level n */
	bool by_gpa, by_hpa;    /* those that map this address: */
	uint64_t gpa, hpa;
};

void maps_filter_init(struct maps_filter *filter, const struct view *view, enum maps_side side);

/* Bits of an address on that side: 48 or 57. */
unsigned maps_width(const struct view *view, enum maps_side side);

/* A linear address as programs have it; a guest-physical one stays as it is. */
static inline uint64_t
maps_canonical(uint64_t address, unsigned width, enum maps_side side)
{
	if (side == MAPS_OUTER)
		return address;
	return (uint64_t)((int64_t)(address << (64 - width)) >> (64 - width));
}

/* The rights that entries of the ordinary format give, by their AND with XD turned over. */
static inline unsigned
maps_guest_rights(uint64_t perm)
{
	return (unsigned)(MAPS_R | (perm & VK_PG_RW) | (perm >> 61 & MAPS_X) |
	    (perm & VK_PG_US) << 1);
}

/* The same of nested tables, in which every access is one of user mode [NPT-WALK]. */
static inline unsigned
maps_npt_rights(uint64_t perm)
{
	return (perm & VK_PG_US) ? maps_guest_rights(perm) & (MAPS_R | MAPS_W | MAPS_X) : 0;
}

/* The same of an EPT. */
static inline unsigned
maps_ept_rights(uint64_t perm)
{
	return (unsigned)((perm & EPT_RWX) | (perm & EPT_XU) >> 7);
}

enum maps_status {
	MAPS_OK,
	MAPS_NO_ROOT,   /* the root table is not in the memory */
	MAPS_TOO_MANY,  /* tables that are shared, or loop, make more mappings than can be listed */
	MAPS_NO_MEMORY
};

/* --- runs of entries, for who reads them as they are ------------------------------------------ */

/*
 * Entries of one table, side by side, of which each maps a page or is not present; or, where `kind`
 * is not MAPS_PAGE, one entry that leads nowhere.
 */
struct maps_run {
	enum maps_kind kind;
	unsigned level;
	unsigned count;
	uint64_t start;             /* what the first one translates */
	uint64_t perm;              /* AND over the entries above, XD turned over */
	uint64_t target;            /* of an entry that leads nowhere: the table */
	const unsigned char *entry; /* the first one's bytes; see image_entry() */
};

struct maps_frame {
	const unsigned char *table;
	uint64_t base, perm;
	unsigned next, end;         /* entries still to be looked at */
};

struct maps_walk {
	const struct view *view;
	enum maps_side side;        /* MAPS_GUEST or MAPS_OUTER */
	bool lost_root;             /* to be told: the outer tables do not map the root */
	bool as_monitor;            /* as QEMU's monitor: no entry is malformed, 50-bit addresses */
	const struct maps_filter *filter;
	const struct ept *ept;      /* NULL: entries have the ordinary format */
	uint64_t present;           /* an entry with none of these is not present */
	uint64_t flip, perm_bits, frame_bits;
	uint64_t reserved[VK_LEVELS + 1][2]; /* of the ordinary format */
	unsigned levels, level;     /* of the frame on top */
	struct maps_frame frame[VK_LEVELS + 1];
	unsigned char scratch[VK_LEVELS + 1][VK_PAGE_BYTES];
};

/*
 * Begins a walk over one table; the view and the filter must outlive it.  Of the filter it keeps
 * to the range, and passes over tables below which nothing can have the rights or the size; the
 * rest is up to who reads the runs.
 */
enum maps_status maps_walk_begin(struct maps_walk *walk, const struct view *view,
    enum maps_side side, const struct maps_filter *filter, bool as_monitor);

/* Whether a present entry has what it must not have [EPT-MISCONFIG] [GUEST-ENTRY]. */
bool maps_walk_is_malformed(const struct maps_walk *walk, uint64_t entry, unsigned level);

/* The rights that go with such an AND over entries. */
unsigned maps_walk_rights(const struct maps_walk *walk, uint64_t perm);

/* The next run; false at the end. */
bool maps_walk_next(struct maps_walk *walk, struct maps_run *run);

/* --- mappings --------------------------------------------------------------------------------- */

struct maps;

/*
 * Begins a listing.  MAPS_OK: *maps is to be ended.  MAPS_TOO_MANY comes before anything is listed,
 * except that in MAPS_BOTH the number of parts may show only later: see maps_failed().
 */
enum maps_status maps_begin(struct maps **maps, const struct view *view, enum maps_side side,
    const struct maps_filter *filter);
void maps_end(struct maps *maps);

/* Up to `room` further mappings; 0 at the end. */
size_t maps_next(struct maps *maps, struct maps_mapping *mapping, size_t room);

/* Whether the listing ended before its end. */
bool maps_failed(const struct maps *maps);

/* --- census ----------------------------------------------------------------------------------- */

/* How often tables may be entered more than once, before a listing is refused. */
#define MAPS_REPEATS_MAX (1u << 17)

/* What there is, each table counted once however often it is entered. */
struct maps_census {
	uint64_t tables[VK_LEVELS + 1];  /* by level */
	uint64_t entered;                /* times that tables are entered, root included */
	uint64_t pages[VK_LEVELS + 1];   /* leaves by level, each as often as it is reached */
	uint64_t absent;                 /* tables that are not in the memory, or not mapped */
	uint64_t malformed;              /* entries */
};

/*
 * Counts tables within the range and at the levels of the filter, and with `pages` their leaves.
 * What a shared table leads to is counted once and remembered: the work is in proportion to the
 * tables.
 */
enum maps_status maps_census_make(struct maps_census *census, const struct view *view,
    enum maps_side side, const struct maps_filter *filter, bool pages);

/* --- folding ---------------------------------------------------------------------------------- */

enum maps_fold {
	MAPS_FOLD_EQUAL,  /* neighbours that are alike and go on in memory too */
	MAPS_FOLD_RIGHTS, /* neighbours of the same rights, wherever they lead */
	MAPS_FOLD_NONE
};

/* Whether a mapping goes on where one before it ends, so that both may be folded to one. */
bool maps_continues(enum maps_fold fold, const struct maps_mapping *range,
    const struct maps_mapping *mapping);

/* Mappings folded to one. */
struct maps_range {
	struct maps_mapping mapping; /* the first, of all their size together */
	uint64_t pages;              /* leaves, or parts of leaves */
	uint64_t repeats;            /* such ranges, ... */
	uint64_t step;               /* ... each so far from the one before, to the same memory */
};

struct maps_folder {
	enum maps_fold fold;
	bool has_range, has_series;
	struct maps_range range;     /* grows while neighbours come */
	struct maps_range series;    /* grows while ranges come that repeat it */
};

void maps_folder_init(struct maps_folder *folder, enum maps_fold fold);

/* Takes in a mapping.  true: *range is complete, and to be listed. */
bool maps_folder_add(struct maps_folder *folder, const struct maps_mapping *mapping,
    struct maps_range *range);

/* After the last mapping, until it returns false: what is left. */
bool maps_folder_finish(struct maps_folder *folder, struct maps_range *range);

/* --- differences ------------------------------------------------------------------------------ */

/*
 * A range that two states map differently.  Only one of them may map it at all; what leads nowhere,
 * from MAPS_LOST on, counts as not mapped.
 */
struct maps_difference {
	bool has[2];
	struct maps_mapping mapping[2]; /* of the same start and size */
	uint64_t pages;
};

struct maps_differ;

/* Compares two listings and takes them over.  NULL: out of memory, and they are ended. */
struct maps_differ *maps_differ_begin(struct maps *before, struct maps *after,
    enum maps_fold fold);
void maps_differ_end(struct maps_differ *differ);

/* The next difference, neighbours folded; false at the end. */
bool maps_differ_next(struct maps_differ *differ, struct maps_difference *difference);

/* Whether one of the listings ended before its end. */
bool maps_differ_failed(const struct maps_differ *differ);

#endif
