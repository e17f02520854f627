/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One of the paging structures of a view, to be drawn: where its tables are, what an entry of them
 * is, and in which words to speak of it.
 */
#ifndef VK_GRAPH_GRAPH_SPACE_H
#define VK_GRAPH_GRAPH_SPACE_H

#include "bits/bits.h"
#include "graph/graph_model.h"
#include "view/view.h"

struct graph_space {
	const struct view *view;
	enum graph_part part;      /* GRAPH_GUEST or GRAPH_OUTER */
	bool is_ept;               /* else the entries have the ordinary format */
	unsigned levels;
	uint64_t root;             /* address of the root table */
	uint64_t present;          /* an entry with none of these is not present */
	uint64_t reserved[VK_LEVELS + 1][2]; /* by level; [1]: of a leaf */
	uint64_t free[VK_LEVELS + 1][2]; /* likewise: of a present entry, what nothing looks at */
	unsigned maxphyaddr;
	struct bits_machine machine;
	const struct bits_format *format;
	const char *from, *to;     /* kinds of address: "GVA", "GPA" */
	const char *name;          /* "page table", "EPT", "nested tables" */
};

/* The guest's tables; false: paging is off, there are none. */
bool graph_space_guest(struct graph_space *space, const struct view *view);

/* The outer tables; false: there are none. */
bool graph_space_outer(struct graph_space *space, const struct view *view);

/* Why a table cannot be shown, or that it can. */
enum graph_access {
	GRAPH_READABLE,
	GRAPH_BEHIND,  /* only the host reaches it: the outer tables do not map it */
	GRAPH_UNMAPPED,/* the outer tables do not map it */
	GRAPH_NOWHERE  /* there is no memory at its address */
};

struct graph_page {
	enum graph_access access;
	uint64_t hpa;               /* where it is, unless GRAPH_UNMAPPED */
	const unsigned char *bytes; /* NULL when it cannot be read */
	unsigned char scratch[VK_PAGE_BYTES];
};

/* Finds the table at `address`. */
void graph_space_page(const struct graph_space *space, uint64_t address, struct graph_page *page);

/* What an entry of that level is: one of GRAPH_ROW_TABLE to GRAPH_ROW_EMPTY. */
enum graph_row_kind graph_space_entry(const struct graph_space *space, unsigned level,
    uint64_t entry);

/* The address that a present entry holds. */
uint64_t graph_space_target(const struct graph_space *space, unsigned level, uint64_t entry);

/* The part of an entry that is its address. */
uint64_t graph_space_frame(const struct graph_space *space, unsigned level, uint64_t entry);

/* An address as it is written: the upper half of a guest's is sign-extended. */
uint64_t graph_space_address(const struct graph_space *space, uint64_t address);

/* "PML4", "EPT L4" ...; "PML4E", "EPT L4" ... of its entries. */
const char *graph_space_table_name(const struct graph_space *space, unsigned level);
const char *graph_space_entry_name(const struct graph_space *space, unsigned level);

/* The bits of a present entry that nothing looks at. */
uint64_t graph_space_free(const struct graph_space *space, unsigned level, uint64_t entry);

/*
 * An entry's fields without its address and free bits: "RW US A".  Compared with an entry `other`,
 * unless that is NULL, a field that only `entry` has gets the sign `more` in front, and one that
 * only the other has the sign `less`; free bits, too.  The meanings become words of the
 * drawing.
 */
const char *graph_space_fields(const struct graph_space *space, struct graph *graph,
    unsigned level, uint64_t entry, const uint64_t *other, const char *more, const char *less);

/* How an address gets through a structure, as far as it gets. */
struct graph_way {
	unsigned level;              /* of the last entry; 0: not even the root can be read */
	uint64_t table[VK_LEVELS + 1]; /* by level, from the root to `level` */
	uint64_t entry;              /* the last */
	enum graph_row_kind kind;    /* of it */
	uint64_t target;             /* where the address leads, with GRAPH_ROW_PAGE */
	uint64_t next;               /* the first address behind those that the last entry spans */
};

void graph_space_walk(const struct graph_space *space, uint64_t address, struct graph_way *way);

/* An entry bit by bit, a line each. */
const char *graph_space_decoded(const struct graph_space *space, struct graph *graph,
    unsigned level, uint64_t entry);

#endif
