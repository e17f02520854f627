/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lies under a table: counted, in one state or in two that are compared.
 *
 * A table above the last level is read once, however many entries lead to it, and tables that refer
 * to themselves come to an end because the level goes down.
 */
#ifndef VK_GRAPH_GRAPH_SCAN_H
#define VK_GRAPH_GRAPH_SCAN_H

#include "graph/graph_space.h"

#define GRAPH_NO_TABLE UINT64_MAX

/* The table at one place of a structure, in both states; one of the two may be missing. */
struct graph_pair {
	uint64_t before; /* always GRAPH_NO_TABLE when only one state is looked at */
	uint64_t after;
};

/* Sums over everything under a table; they stop at UINT64_MAX. */
struct graph_count {
	uint64_t pages[VK_LEVELS + 1]; /* mappings, by the level of their entry */
	uint64_t absent, bad;          /* entries */
	uint64_t differ[GRAPH_MARKS];  /* entries that were added, removed, changed */
	uint64_t unread;               /* tables that cannot be read */
	bool cut;                      /* not everything was looked at */
};

/* Tables are read so many times at most: enough for the 4 KiB pages of 2 TiB. */
#define GRAPH_SCAN_MAX 1048576u

struct graph_seen;

struct graph_scan {
	const struct graph_space *before; /* NULL: one state only */
	const struct graph_space *after;
	uint64_t start, last;  /* addresses that are looked at, inclusive */
	struct graph_seen *seen;
	size_t seen_count, seen_room; /* a power of two */
	unsigned reads;        /* of tables, so far */
	bool failed;           /* out of memory */
};

void graph_scan_init(struct graph_scan *scan, const struct graph_space *before,
    const struct graph_space *after, uint64_t start, uint64_t last);
void graph_scan_free(struct graph_scan *scan);

/* Both states of a table's page; .bytes is NULL where there is none. */
struct graph_pages {
	struct graph_page before, after;
};

void graph_scan_pages(const struct graph_scan *scan, struct graph_pair pair,
    struct graph_pages *pages);

/* One entry in both states, and what has become of it. */
struct graph_item {
	uint64_t before, after;
	enum graph_row_kind kind;      /* of the later state, unless the entry was removed */
	enum graph_mark mark;
	struct graph_pair child;       /* tables that it refers to */
};

struct graph_item graph_scan_item(const struct graph_scan *scan, const struct graph_pages *pages,
    unsigned level, unsigned index);

static inline bool
graph_pair_is_table(struct graph_pair pair)
{
	return pair.before != GRAPH_NO_TABLE || pair.after != GRAPH_NO_TABLE;
}

/* Whether any address of an entry is looked at; `base` is the first that its table translates. */
bool graph_scan_covers(const struct graph_scan *scan, uint64_t base, unsigned level,
    unsigned index);

/* Counts what lies under a table of that level. */
struct graph_count graph_scan_count(struct graph_scan *scan, struct graph_pair pair,
    unsigned level, uint64_t base);

/* The roots. */
struct graph_pair graph_scan_root(const struct graph_scan *scan);

/* a += b, which is reached once more. */
void graph_count_add(struct graph_count *count, const struct graph_count *more);

/* Whether anything differs. */
bool graph_count_differs(const struct graph_count *count);

#endif
