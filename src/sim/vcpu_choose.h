/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One access of a processor that may have cached anything: which ways it can go, and the one taken.
 */
#ifndef VK_SIM_VCPU_CHOOSE_H
#define VK_SIM_VCPU_CHOOSE_H

#include "sim/adversary.h"
#include "sim/vcpu_access.h"

#define CHOICE_DIGITS_MAX 64u  /* choices on one way */
#define CHOICE_NUMBERS 5u
#define CHOICE_WAYS_MAX 128u   /* kept of one access */
#define CHOICE_STALE_MAX 16u   /* entries of one way that memory does not hold */
#define CHOICE_SOURCES_MAX 64u /* of an address */
#define CHOICE_SLOTS_MAX 64u   /* changed entries that an access may meet */
#define CHOICE_PAGES_MAX 16u

/* What to take where there is a choice: a number for each, as they come. */
struct choice_script {
	unsigned char digit[CHOICE_DIGITS_MAX], count[CHOICE_DIGITS_MAX];
	unsigned length, at;
	bool over; /* more choices than there is room for */
};

/* An entry that a way takes from elsewhere than memory. */
struct choice_entry {
	unsigned load;  /* the how manyth entry asked for */
	unsigned kind;  /* TABLE_GUEST, TABLE_EPT */
	unsigned level;
	hpa_t slot;
	uint64_t place; /* in the space of its tables */
	uint64_t used;
};

/* A way that the access can go. */
struct choice_way {
	uint64_t number[CHOICE_NUMBERS]; /* what it comes to: ways with equal numbers are one */
	uint64_t cr3;
	unsigned entries;
	struct choice_entry entry[CHOICE_STALE_MAX];
	enum vcpu_outcome outcome;
	hpa_t hpa;
};

/* How a page of guest-physical memory has been translated in this access. */
struct choice_page {
	uint64_t page;
	uint64_t step[VK_LEVELS + 1];
	bool dirty;
};

/* An entry that leads to an address and has changed. */
struct choice_slot {
	unsigned kind;  /* as above */
	hpa_t slot;
	uint64_t page; /* EPT: of which guest-physical page */
};

struct chosen_walk {
	struct access_state *state;
	struct vcpu_piece *piece;
	struct guestpt *pt;
	struct adversary *adversary;
	const struct table_log *log;
	struct adversary_key key, ept_key;
	struct gpm below;      /* guest-physical memory without these choices */
	struct hpm memory;
	struct ept ept;        /* the vCPU's, but that its entries come through here */
	unsigned levels;       /* of guest tables */
	uint64_t cr3, root_mask;
	bool globals;          /* global pages are on */
	bool of_memory;        /* there is nothing to choose */
	/* The way being tried, or made: */
	bool replay;           /* by `way`, not by a script */
	struct choice_script script;
	struct choice_way now;
	unsigned loads, replayed;
	uint64_t effects;      /* a number made of the flags that it sets */
	bool impossible;       /* nothing like it can have been cached */
	bool old_root;
	const struct adversary_source *guest_source, *ept_source; /* NULL: memory */
	/* One more than there may be. */
	struct adversary_source guest_sources[CHOICE_SOURCES_MAX + 1];
	struct adversary_source ept_sources[CHOICE_SOURCES_MAX + 1];
	unsigned guest_next, ept_next; /* levels of the entries asked for next */
	unsigned ept_acc;
	gpa_t ept_gpa;
	hpa_t word;            /* where the last guest entry was read */
	struct choice_page *known, page[CHOICE_PAGES_MAX];
	unsigned pages;
	/* Over all ways: */
	struct choice_slot visited[CHOICE_SLOTS_MAX];
	unsigned visits;
	unsigned large;        /* log2 of the largest page that was replaced by no table */
	struct choice_way *way; /* the first is that of memory */
	unsigned ways, taken;
};

/*
 * Prepares the ways of a piece, whose tables are *pt.  To be ended by chosen_walk_end(), before
 * anything else is done with the processor's cache.
 */
void chosen_walk_init(struct chosen_walk *walk, struct access_state *state,
    struct vcpu_piece *piece, struct guestpt *pt);
void chosen_walk_end(struct chosen_walk *walk);

/* Finds the ways. */
void chosen_walk_find(struct chosen_walk *walk);

/* Takes one of them: the attempts that follow go it. */
void chosen_walk_take(struct chosen_walk *walk, unsigned way);

/* Before each attempt. */
void chosen_walk_begin(struct chosen_walk *walk);

/* The EPT translation of the page that the guest's walk has come to. */
enum ept_status chosen_walk_translate(struct chosen_walk *walk, unsigned acc);

/* Sees whether the way taken leads where memory does not, and why. */
void chosen_walk_judge(const struct chosen_walk *walk);

/* What an invalidation of the address has to know; `slot` has room for CHOICE_SLOTS_MAX. */
void chosen_walk_path(const struct chosen_walk *walk, unsigned kind, uint64_t address, hpa_t *slot,
    struct adversary_path *path);

#endif
