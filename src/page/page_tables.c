/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frames hold tables, and what the entries in them mean.
 *
 * From the roots in the threads' registers downwards, whatever the rights: what can be reached by
 * entries that refer to a table is one, and is looked at once in a round.  The page draws tables
 * from words and from what is found here of each word as an entry of its level; it takes no entry
 * apart itself.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "page/page_record.h"

/* A table on its way to being looked at. */
struct table {
	enum event_side side;
	unsigned level;
	uint32_t space;
	unsigned thread; /* by whose registers entries are read */
	uint64_t address;
};

static bool
is_present(const struct page *page, enum event_side side, uint64_t value)
{
	uint64_t rights = page->scenario->machine.features & SCN_FEATURE_MBEC ?
	    EPT_RWX | EPT_XU : EPT_RWX;

	return (value & (side == EVENT_EPT ? rights : VK_PG_P)) != 0;
}

static uint64_t
frame_of(uint64_t value, uint64_t size)
{
	return value & VK_BITS(51, 12) & ~(size - 1);
}

static void
fill_entry(struct page *page, const struct table *table, uint64_t value, struct page_entry *entry)
{
	struct bits_view view = decode_view(&page->decoder, (int)table->thread, table->side,
	    table->level);
	char fields[TEXT_PIECE] = "";
	struct bits_masks masks;

	bits_masks_get(&view, value, &masks);
	(void)bits_write_short(&view, value, fields, sizeof(fields));
	entry->fields = page_strings_add(&page->strings, fields);
	entry->size = vk_level_size(table->level);
	if (!is_present(page, table->side, value)) {
		entry->kind = PAGE_ENTRY_ABSENT;
	} else if (masks.bad != 0) {
		entry->kind = PAGE_ENTRY_BAD;
	} else if (guestpt_is_leaf(table->level, value)) {
		/* Bit 7 says so in both formats. */
		entry->kind = PAGE_ENTRY_MAPS;
		entry->target = frame_of(value, entry->size);
	} else {
		entry->kind = PAGE_ENTRY_TABLE;
		entry->target = frame_of(value, VK_PAGE_BYTES);
	}
}

/* What an entry means, found once for each value and level; NULL: out of memory. */
static const struct page_entry *
take_entry(struct page *page, const struct table *table, uint64_t value)
{
	uint32_t known = page->keys.count, at;
	void *array = page->entry;
	char key[40];

	snprintf(key, sizeof(key), "%c%u:%" PRIx64, table->side == EVENT_EPT ? 'e' : 'g',
	    table->level, value);
	at = page_strings_add(&page->keys, key);
	if (at == 0)
		return NULL;
	if (at < known)
		return &page->entry[at];
	if (!page_grow(page, &array, at, &page->entry_room, sizeof(*page->entry)))
		return NULL;
	page->entry = array;
	memset(&page->entry[at], 0, sizeof(page->entry[at]));
	fill_entry(page, table, value, &page->entry[at]);
	return &page->entry[at];
}

static void find_table(struct page *page, const struct table *table);

/* Finds the table that a word refers to, if it does. */
static void
follow_word(struct page *page, const struct table *table, uint64_t value)
{
	const struct page_entry *entry;
	struct table below = *table;

	if (value == 0)
		return;
	entry = take_entry(page, table, value);
	if (entry == NULL || entry->kind != PAGE_ENTRY_TABLE)
		return;
	below.level--;
	below.address = entry->target;
	find_table(page, &below);
}

static void
find_table(struct page *page, const struct table *table)
{
	unsigned char bit = (unsigned char)(1u << table->level);
	uint64_t hpa = table->address;
	struct page_frame *frame;
	unsigned char *levels;
	size_t i;

	if (table->side == EVENT_GUEST &&
	    !page_find_mapped(page, table->space, table->address, &hpa))
		return;
	frame = page_follow_frame(page, hpa);
	if (frame == NULL)
		return;
	if (frame->round != page->round)
		frame->seen_guest = frame->seen_ept = 0;
	frame->round = page->round;
	levels = table->side == EVENT_EPT ? &frame->seen_ept : &frame->seen_guest;
	if (*levels & bit)
		return;
	*levels |= bit;
	frame->guest |= frame->seen_guest;
	frame->ept |= frame->seen_ept;
	frame->space = table->space;
	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		follow_word(page, table, frame->word[i]);
}

void
page_table_changed(struct page *page, const struct page_frame *frame, uint64_t value)
{
	struct table table = { .space = frame->space };

	for (table.level = 1; table.level <= VK_LEVELS; table.level++) {
		table.side = EVENT_GUEST;
		if (frame->guest >> table.level & 1)
			follow_word(page, &table, value);
		table.side = EVENT_EPT;
		if (frame->ept >> table.level & 1)
			follow_word(page, &table, value);
	}
}

void
page_find_tables(struct page *page)
{
	unsigned thread;

	page->round++;
	for (thread = 0; thread < page->scenario->threads; thread++) {
		const uint64_t *value = page->registers[thread];
		struct table table = { EVENT_GUEST, value[PLAY_CR4] & VK_CR4_LA57 ? 5 : 4,
			page_space_of(page, thread), thread, frame_of(value[PLAY_CR3],
			VK_PAGE_BYTES) };

		if (value[PLAY_CR0] & VK_CR0_PG)
			find_table(page, &table);
		table.side = EVENT_EPT;
		table.level = (value[PLAY_EPTP] >> EPTP_WALK_SHIFT & 7) + 1;
		table.address = frame_of(value[PLAY_EPTP], VK_PAGE_BYTES);
		if (value[PLAY_EPTP] != 0 && table.level <= VK_LEVELS)
			find_table(page, &table);
	}
	page->roots_changed = false;
}
