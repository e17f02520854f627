/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting, with memory of what was counted.  Tables of pages are counted anew each time, which
 * costs little more than remembering them all would.
 *
 * Where the states differ in the table that an entry refers to, the entry has changed; what lies
 * under the two tables is compared all the same.  Where both states have a table at the same
 * address, its entry is the same and the difference is below.
 */
#include "graph/graph_scan.h"

#include <stdlib.h>
#include <string.h>

struct graph_seen {
	struct graph_pair pair;
	unsigned level; /* 0: the place is free */
	struct graph_count count;
};

void
graph_scan_init(struct graph_scan *scan, const struct graph_space *before,
    const struct graph_space *after, uint64_t start, uint64_t last)
{
	memset(scan, 0, sizeof(*scan));
	scan->before = before;
	scan->after = after;
	scan->start = start;
	scan->last = last;
}

void
graph_scan_free(struct graph_scan *scan)
{
	free(scan->seen);
	scan->seen = NULL;
}

struct graph_pair
graph_scan_root(const struct graph_scan *scan)
{
	struct graph_pair root = { GRAPH_NO_TABLE, scan->after->root };

	if (scan->before != NULL)
		root.before = scan->before->root;
	return root;
}

/* --- memory ----------------------------------------------------------------------------------- */

static size_t
place_of(const struct graph_scan *scan, struct graph_pair pair, unsigned level)
{
	uint64_t hash = (pair.before * 31 + pair.after + level) * 0x9e3779b97f4a7c15ull;
	size_t at = (size_t)(hash >> 20) & (scan->seen_room - 1);

	while (scan->seen[at].level != 0 && (scan->seen[at].level != level ||
	    scan->seen[at].pair.before != pair.before || scan->seen[at].pair.after != pair.after))
		at = (at + 1) & (scan->seen_room - 1);
	return at;
}

static bool
grow_seen(struct graph_scan *scan)
{
	struct graph_seen *old = scan->seen;
	size_t i, old_room = scan->seen_room;

	if (scan->seen_count * 2 < old_room)
		return true;
	scan->seen_room = old_room != 0 ? 2 * old_room : 64;
	scan->seen = calloc(scan->seen_room, sizeof(*scan->seen));
	if (scan->seen == NULL) {
		scan->seen = old;
		scan->seen_room = old_room;
		scan->failed = true;
		return false;
	}
	for (i = 0; i < old_room; i++) {
		if (old[i].level != 0)
			scan->seen[place_of(scan, old[i].pair, old[i].level)] = old[i];
	}
	free(old);
	return true;
}

static void
remember(struct graph_scan *scan, struct graph_pair pair, unsigned level,
    const struct graph_count *count)
{
	struct graph_seen *seen;

	if (scan->failed || !grow_seen(scan))
		return;
	seen = &scan->seen[place_of(scan, pair, level)];
	scan->seen_count += seen->level == 0;
	*seen = (struct graph_seen){ pair, level, *count };
}

/* --- entries ---------------------------------------------------------------------------------- */


bool
graph_scan_covers(const struct graph_scan *scan, uint64_t base, unsigned level, unsigned index)
{
	uint64_t size = vk_level_size(level), first = base + index * size;

	return first <= scan->last && first + (size - 1) >= scan->start;
}

static void
page_of(const struct graph_space *space, uint64_t address, struct graph_page *page)
{
	page->bytes = NULL;
	page->access = GRAPH_READABLE;
	if (space != NULL && address != GRAPH_NO_TABLE)
		graph_space_page(space, address, page);
}

void
graph_scan_pages(const struct graph_scan *scan, struct graph_pair pair, struct graph_pages *pages)
{
	page_of(scan->before, pair.before, &pages->before);
	page_of(scan->after, pair.after, &pages->after);
}

static uint64_t
child_of(const struct graph_space *space, unsigned level, uint64_t entry, enum graph_row_kind kind)
{
	return kind == GRAPH_ROW_TABLE ? graph_space_target(space, level, entry) : GRAPH_NO_TABLE;
}

static bool
is_there(enum graph_row_kind kind)
{
	return kind == GRAPH_ROW_TABLE || kind == GRAPH_ROW_PAGE || kind == GRAPH_ROW_BAD;
}

static enum graph_mark
mark_of(const struct graph_item *item, enum graph_row_kind before, enum graph_row_kind after)
{
	if (item->before == item->after && before == after)
		return GRAPH_SAME;
	if (!is_there(before) && is_there(after))
		return GRAPH_ADDED;
	if (is_there(before) && !is_there(after))
		return GRAPH_REMOVED;
	return GRAPH_CHANGED;
}

struct graph_item
graph_scan_item(const struct graph_scan *scan, const struct graph_pages *pages, unsigned level,
    unsigned index)
{
	struct graph_item item = { 0 };
	enum graph_row_kind before = GRAPH_ROW_EMPTY, after = GRAPH_ROW_EMPTY;

	if (pages->after.bytes != NULL) {
		item.after = image_entry(pages->after.bytes, index);
		after = graph_space_entry(scan->after, level, item.after);
	}
	item.kind = after;
	item.child.before = GRAPH_NO_TABLE;
	item.child.after = child_of(scan->after, level, item.after, after);
	if (scan->before == NULL)
		return item;
	if (pages->before.bytes != NULL) {
		item.before = image_entry(pages->before.bytes, index);
		before = graph_space_entry(scan->before, level, item.before);
	}
	item.mark = mark_of(&item, before, after);
	item.child.before = child_of(scan->before, level, item.before, before);
	if (item.mark == GRAPH_REMOVED)
		item.kind = before;
	return item;
}

/* --- counting --------------------------------------------------------------------------------- */

static void
add(uint64_t *sum, uint64_t more)
{
	*sum = *sum + more < more ? UINT64_MAX : *sum + more;
}

void
graph_count_add(struct graph_count *count, const struct graph_count *more)
{
	unsigned i;

	for (i = 1; i <= VK_LEVELS; i++)
		add(&count->pages[i], more->pages[i]);
	for (i = 0; i < GRAPH_MARKS; i++)
		add(&count->differ[i], more->differ[i]);
	add(&count->absent, more->absent);
	add(&count->bad, more->bad);
	add(&count->unread, more->unread);
	count->cut |= more->cut;
}

bool
graph_count_differs(const struct graph_count *count)
{
	return (count->differ[GRAPH_ADDED] | count->differ[GRAPH_REMOVED] |
	    count->differ[GRAPH_CHANGED]) != 0;
}

static void
count_item(struct graph_scan *scan, const struct graph_item *item, unsigned level, uint64_t base,
    struct graph_count *count)
{
	struct graph_count below;

	count->differ[item->mark] += item->mark != GRAPH_SAME;
	switch (item->kind) {
	case GRAPH_ROW_PAGE:
		count->pages[level]++;
		break;
	case GRAPH_ROW_ABSENT:
		count->absent++;
		break;
	case GRAPH_ROW_BAD:
		count->bad++;
		break;
	default:
		break;
	}
	if (level > 1 && graph_pair_is_table(item->child)) {
		below = graph_scan_count(scan, item->child, level - 1, base);
		graph_count_add(count, &below);
	}
}

/* A page of leaves by itself, of which most tables consist: nothing but looking at its words. */
static void
count_leaves(const struct graph_space *space, const struct graph_page *page,
    struct graph_count *count)
{
	unsigned index;

	for (index = 0; index < VK_TABLE_ENTRIES; index++) {
		uint64_t entry = image_entry(page->bytes, index);

		if (entry == 0)
			continue;
		switch (graph_space_entry(space, 1, entry)) {
		case GRAPH_ROW_PAGE:
			count->pages[1]++;
			break;
		case GRAPH_ROW_ABSENT:
			count->absent++;
			break;
		default:
			count->bad++;
			break;
		}
	}
}

/* Whether two states are equal in a table of leaves. */
static bool
is_equal(const struct graph_scan *scan, const struct graph_pages *pages)
{
	return memcmp(pages->before.bytes, pages->after.bytes, VK_PAGE_BYTES) == 0 &&
	    scan->before->reserved[1][1] == scan->after->reserved[1][1];
}

/*
 * Counts a table of leaves where entries need not be compared one by one: there is one state, both
 * are equal, or one has no such table.  false: that is not so.
 */
static bool
count_plain(const struct graph_scan *scan, const struct graph_pages *pages,
    struct graph_count *count)
{
	const unsigned char *before = pages->before.bytes, *after = pages->after.bytes;
	bool compared = scan->before != NULL;

	if (before == NULL && after == NULL)
		return true;
	if (compared && before != NULL && after != NULL && !is_equal(scan, pages))
		return false;
	if (after != NULL)
		count_leaves(scan->after, &pages->after, count);
	else
		count_leaves(scan->before, &pages->before, count);
	if (!compared || (before != NULL && after != NULL))
		return true;
	count->differ[after != NULL ? GRAPH_ADDED : GRAPH_REMOVED] =
	    count->pages[1] + count->bad;
	count->differ[GRAPH_CHANGED] = count->absent;
	return true;
}

static bool
is_whole(const struct graph_scan *scan, unsigned level, uint64_t base)
{
	return base >= scan->start && base + ((vk_level_size(level) << 9) - 1) <= scan->last;
}

static void
count_table(struct graph_scan *scan, struct graph_pair pair, unsigned level, uint64_t base,
    struct graph_count *count)
{
	struct graph_pages pages;
	unsigned index;

	graph_scan_pages(scan, pair, &pages);
	count->unread = pages.after.access > GRAPH_BEHIND || pages.before.access > GRAPH_BEHIND;
	if (level == 1 && is_whole(scan, level, base) && count_plain(scan, &pages, count))
		return;
	for (index = 0; index < VK_TABLE_ENTRIES; index++) {
		struct graph_item item;

		if (!graph_scan_covers(scan, base, level, index))
			continue;
		item = graph_scan_item(scan, &pages, level, index);
		count_item(scan, &item, level, base + index * vk_level_size(level), count);
	}
}

struct graph_count
graph_scan_count(struct graph_scan *scan, struct graph_pair pair, unsigned level, uint64_t base)
{
	struct graph_count count = { .cut = false };
	bool keep = level > 1 && is_whole(scan, level, base);

	if (keep && scan->seen_room != 0) {
		const struct graph_seen *seen = &scan->seen[place_of(scan, pair, level)];

		if (seen->level != 0)
			return seen->count;
	}
	if (scan->failed || scan->reads >= GRAPH_SCAN_MAX) {
		count.cut = true;
		return count;
	}
	scan->reads++;
	count_table(scan, pair, level, base, &count);
	if (keep)
		remember(scan, pair, level, &count);
	return count;
}
