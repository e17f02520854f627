/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest tables, EPT and nested tables, as drawings speak of them.
 *
 * An entry is judged by itself, as the walk judges it before it goes on: rights are what the entry
 * says, not what is left of them after the levels above.
 */
#include "graph/graph_space.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "report/report_decode.h"

/* --- making ----------------------------------------------------------------------------------- */

/* Tables of the ordinary format, by what guestpt_init() makes of the registers. */
static void
take_ordinary(struct graph_space *space, const struct guestpt *pt)
{
	memcpy(space->reserved, pt->reserved, sizeof(space->reserved));
	space->levels = pt->levels;
	space->present = VK_PG_P;
	space->maxphyaddr = pt->mode.maxphyaddr;
	space->format = bits_format_find("guest-pte");
}

/* Which bits are free depends on an entry by its shape only. */
static void
take_free(struct graph_space *space)
{
	struct bits_view view = { space->format, 0, space->machine };
	struct bits_masks masks;
	unsigned leaf;

	for (view.level = 1; view.level <= space->levels; view.level++) {
		for (leaf = 0; leaf < 2; leaf++) {
			bits_masks_get(&view, space->present | (leaf ? VK_PG_PS : 0), &masks);
			space->free[view.level][leaf] = masks.free;
		}
	}
}

/* What the entries mean depends on the machine. */
static void
take_machine(struct graph_space *space, const struct view *view)
{
	struct decoder decoder;

	decoder_init_view(&decoder, view);
	space->view = view;
	space->machine = decoder.machine;
	/* Nested tables are the host's, whose no-execute is on. */
	if (view->outer == VIEW_NPT && space->part == GRAPH_OUTER)
		space->machine.features |= BITS_NXE;
	take_free(space);
}

bool
graph_space_guest(struct graph_space *space, const struct view *view)
{
	struct guestpt pt;

	memset(space, 0, sizeof(*space));
	if (view_guest_levels(view) == 0)
		return false;
	guestpt_init(&pt, view_guest_memory(view), &view->mode);
	take_ordinary(space, &pt);
	space->part = GRAPH_GUEST;
	take_machine(space, view);
	space->root = view_guest_root(view).v;
	space->from = view->outer == VIEW_FLAT ? "VA" : "GVA";
	space->to = view->outer == VIEW_FLAT ? "PA" : "GPA";
	space->name = "page table";
	return true;
}

bool
graph_space_outer(struct graph_space *space, const struct view *view)
{
	memset(space, 0, sizeof(*space));
	if (view->outer == VIEW_FLAT)
		return false;
	if (view->outer == VIEW_NPT) {
		take_ordinary(space, &view->npt);
	} else {
		memcpy(space->reserved, view->ept.reserved, sizeof(space->reserved));
		space->is_ept = true;
		space->levels = view->ept.levels;
		space->present = view->ept.present;
		space->maxphyaddr = view->ept.maxphyaddr;
		space->format = bits_format_find("ept");
	}
	space->part = GRAPH_OUTER;
	take_machine(space, view);
	space->root = view_outer_root(view).v;
	space->from = "GPA";
	space->to = "HPA";
	space->name = view->outer == VIEW_EPT ? "EPT" : "nested tables";
	return true;
}

/* --- tables ----------------------------------------------------------------------------------- */

void
graph_space_page(const struct graph_space *space, uint64_t address, struct graph_page *page)
{
	const struct view *view = space->view;
	enum view_status status = VIEW_OK;
	hpa_t hpa = vk_hpa(address);

	page->access = GRAPH_READABLE;
	page->bytes = NULL;
	if (space->part == GRAPH_GUEST)
		status = view_translate(view, vk_gpa(address), &hpa);
	if (status != VIEW_OK) {
		page->access = GRAPH_UNMAPPED;
		if (!view_find_held(view, vk_gpa(address), &hpa))
			return;
		page->access = GRAPH_BEHIND;
	}
	page->hpa = hpa.v;
	page->bytes = image_page(view->image, hpa, page->scratch);
	if (page->bytes == NULL)
		page->access = GRAPH_NOWHERE;
}

enum graph_row_kind
graph_space_entry(const struct graph_space *space, unsigned level, uint64_t entry)
{
	uint64_t bits;
	int leaf;

	if (!(entry & space->present))
		return entry == 0 ? GRAPH_ROW_EMPTY : GRAPH_ROW_ABSENT;
	/* Both formats have the bit that tells a page from a table in the same place. */
	leaf = guestpt_is_leaf(level, entry);
	if ((entry & space->reserved[level][leaf]) != 0)
		return GRAPH_ROW_BAD;
	if (space->is_ept &&
	    ept_entry_check(&space->view->ept, entry, level, &bits) != EPT_WHY_NONE)
		return GRAPH_ROW_BAD;
	return leaf ? GRAPH_ROW_PAGE : GRAPH_ROW_TABLE;
}

uint64_t
graph_space_free(const struct graph_space *space, unsigned level, uint64_t entry)
{
	return space->free[level][guestpt_is_leaf(level, entry)];
}

static unsigned
frame_shift(unsigned level, uint64_t entry)
{
	return guestpt_is_leaf(level, entry) ? vk_level_shift(level) : VK_PAGE_SHIFT;
}

uint64_t
graph_space_frame(const struct graph_space *space, unsigned level, uint64_t entry)
{
	if (level > 3 && (entry & VK_PG_PS))
		return vk_frame_mask(space->maxphyaddr, VK_PAGE_SHIFT);
	return vk_frame_mask(space->maxphyaddr, frame_shift(level, entry));
}

uint64_t
graph_space_target(const struct graph_space *space, unsigned level, uint64_t entry)
{
	return entry & graph_space_frame(space, level, entry);
}

uint64_t
graph_space_address(const struct graph_space *space, uint64_t address)
{
	unsigned unused = 64 - (VK_PAGE_SHIFT + 9 * space->levels);

	if (space->part != GRAPH_GUEST)
		return address;
	return (uint64_t)((int64_t)(address << unused) >> unused);
}

void
graph_space_walk(const struct graph_space *space, uint64_t address, struct graph_way *way)
{
	struct graph_page page;
	uint64_t table = space->root;
	unsigned level;

	memset(way, 0, sizeof(*way));
	way->kind = GRAPH_ROW_EMPTY;
	way->next = UINT64_MAX;
	/* What has more bits than the tables translate gets nowhere. */
	if (address >> vk_level_shift(space->levels) >= VK_TABLE_ENTRIES)
		return;
	for (level = space->levels; level > 0; level--) {
		graph_space_page(space, table, &page);
		way->next = (address | (vk_level_size(level) - 1)) + 1;
		if (page.bytes == NULL)
			return;
		way->level = level;
		way->table[level] = table;
		way->entry = image_entry(page.bytes, vk_level_index(address, level));
		way->kind = graph_space_entry(space, level, way->entry);
		table = graph_space_target(space, level, way->entry);
		if (way->kind != GRAPH_ROW_TABLE)
			break;
	}
	if (way->kind == GRAPH_ROW_PAGE)
		way->target = table | (address & (vk_level_size(level) - 1));
}

/* --- words ------------------------------------------------------------------------------------ */

const char *
graph_space_table_name(const struct graph_space *space, unsigned level)
{
	static const char guest[VK_LEVELS + 1][5] = { "", "PT", "PD", "PDPT", "PML4", "PML5" };
	static const char ept[VK_LEVELS + 1][7] = { "", "EPT L1", "EPT L2", "EPT L3", "EPT L4",
		"EPT L5" };
	static const char npt[VK_LEVELS + 1][7] = { "", "NPT L1", "NPT L2", "NPT L3", "NPT L4",
		"NPT L5" };

	if (space->part == GRAPH_GUEST)
		return guest[level];
	return space->is_ept ? ept[level] : npt[level];
}

const char *
graph_space_entry_name(const struct graph_space *space, unsigned level)
{
	static const char guest[VK_LEVELS + 1][6] = { "", "PTE", "PDE", "PDPTE", "PML4E", "PML5E" };

	return space->part == GRAPH_GUEST ? guest[level] : graph_space_table_name(space, level);
}

#define WORDS_MAX 24
#define WORD_SIZE 32

/* The fields of an entry that say something, as words. */
struct words {
	char word[WORDS_MAX][WORD_SIZE];
	const char *meaning[WORDS_MAX];
	bool free[WORDS_MAX];    /* of bits that nothing looks at */
	unsigned words;
};

/* A present entry's P goes without saying, and its address has a place of its own. */
static bool
is_worth_saying(const struct bits_field *field, bool compared)
{
	if (field->kind == BITS_FRAME || (field->kind == BITS_FREE && !compared) ||
	    (field->value == 0 && field->value_name == NULL))
		return false;
	return field->name == NULL || strcmp(field->name, "P") != 0;
}

static void
take_words(const struct graph_space *space, unsigned level, uint64_t entry, bool compared,
    struct words *words)
{
	struct bits_view view = { space->format, level, space->machine };
	struct bits_field field[BITS_FIELDS_MAX];
	size_t i, fields = bits_decode(&view, entry, field);

	words->words = 0;
	for (i = 0; i < fields && words->words < WORDS_MAX; i++) {
		char *word = words->word[words->words];

		if (!is_worth_saying(&field[i], compared))
			continue;
		if (field[i].value_name != NULL)
			snprintf(word, WORD_SIZE, "%s", field[i].value_name);
		else
			(void)bits_write_field(&field[i], word, WORD_SIZE);
		words->free[words->words] = field[i].kind == BITS_FREE;
		words->meaning[words->words++] = field[i].meaning;
	}
}

static bool
has_word(const struct words *words, const char *word)
{
	unsigned i;

	for (i = 0; i < words->words; i++) {
		if (strcmp(words->word[i], word) == 0)
			return true;
	}
	return false;
}

struct line {
	char buf[WORDS_MAX * WORD_SIZE * 2];
	size_t used;
};

static void
line_add(struct line *line, const char *sign, const char *word)
{
	int length = snprintf(line->buf + line->used, sizeof(line->buf) - line->used, "%s%s%s",
	    line->used != 0 ? " " : "", sign, word);

	if (length > 0)
		line->used += (size_t)length;
}

const char *
graph_space_fields(const struct graph_space *space, struct graph *graph, unsigned level,
    uint64_t entry, const uint64_t *other, const char *more, const char *less)
{
	struct words mine, theirs = { .words = 0 };
	struct line line = { .used = 0 };
	unsigned i;

	line.buf[0] = '\0';
	take_words(space, level, entry, other != NULL, &mine);
	if (other != NULL)
		take_words(space, level, *other, true, &theirs);
	for (i = 0; i < mine.words; i++) {
		bool is_more = other != NULL && !has_word(&theirs, mine.word[i]);

		if (mine.free[i] && !is_more)
			continue;
		line_add(&line, is_more ? more : "", mine.word[i]);
		graph_add_word(graph, space->part, graph_text(graph, "%s", mine.word[i]),
		    mine.meaning[i]);
	}
	for (i = 0; i < theirs.words; i++) {
		if (has_word(&mine, theirs.word[i]))
			continue;
		line_add(&line, less, theirs.word[i]);
		graph_add_word(graph, space->part, graph_text(graph, "%s", theirs.word[i]),
		    theirs.meaning[i]);
	}
	return graph_text(graph, "%s", line.buf);
}

const char *
graph_space_decoded(const struct graph_space *space, struct graph *graph, unsigned level,
    uint64_t entry)
{
	struct bits_view view = { space->format, level, space->machine };
	struct bits_field field[BITS_FIELDS_MAX];
	size_t i, used, fields = bits_decode(&view, entry, field);
	char buf[GRAPH_TEXT_MAX - 512], word[64];

	used = (size_t)snprintf(buf, sizeof(buf), "0x%016" PRIx64, entry);
	for (i = 0; i < fields && used < sizeof(buf); i++) {
		const struct bits_field *f = &field[i];

		/* Bits that mean nothing, and are 0 besides. */
		if (f->value == 0 && (f->name == NULL || f->kind == BITS_FREE ||
		    f->kind == BITS_ZERO))
			continue;
		if (bits_write_field(f, word, sizeof(word)) == 0)
			snprintf(word, sizeof(word), "%s=0", f->name);
		used += (size_t)snprintf(buf + used, sizeof(buf) - used, "\n%s: %s", word,
		    f->meaning);
	}
	return graph_text(graph, "%s", buf);
}
