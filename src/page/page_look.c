/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Compares the machine with what it was at the last look.
 *
 * Frames are followed from their first byte on, up to a number of them; tables always.  A frame
 * that was never written is one of zeroes, so that a new one has changed in what it holds.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ptlevel.h"
#include "page/page_record.h"

#define FRAMES_MAX 256u  /* that are followed because somebody wrote them */
#define TABLES_MAX 1024u /* likewise and because they hold tables */
#define PAGES_MAX 2048u  /* of a memory map; of a larger one nothing new is learned */

/* --- frames ----------------------------------------------------------------------------------- */

/* Index of the first frame from an address on. */
static size_t
frame_index(const struct page *page, uint64_t hpa)
{
	size_t low = 0, high = page->frames;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (page->frame[middle]->hpa < hpa)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct page_frame *
page_find_frame(const struct page *page, uint64_t hpa)
{
	size_t at = frame_index(page, hpa & ~VK_PAGE_OFFSET_MASK);

	return at < page->frames && page->frame[at]->hpa == (hpa & ~VK_PAGE_OFFSET_MASK) ?
	    page->frame[at] : NULL;
}

static void
note_word(struct page *page, const struct page_frame *frame, size_t at, uint64_t before)
{
	uint64_t after = frame->word[at];

	page_add_change(page, PAGE_WORD, 0, frame->hpa + at * sizeof(after), before, after);
	if (frame->guest != 0 || frame->ept != 0)
		page_table_changed(page, frame, after);
}

/* Looks at the words of a frame from one to another, exclusive. */
static void
look_at_words(struct page *page, struct page_frame *frame, size_t from, size_t to)
{
	uint64_t now[VK_TABLE_ENTRIES];
	size_t i;

	play_sight_read(page->sight, vk_hpa(frame->hpa), (unsigned char *)now);
	if (memcmp(now, frame->word, sizeof(now)) == 0)
		return;
	for (i = from; i < to; i++) {
		uint64_t before = frame->word[i];

		frame->word[i] = now[i];
		if (before != now[i])
			note_word(page, frame, i, before);
	}
}

static void
look_at_frame(struct page *page, struct page_frame *frame)
{
	look_at_words(page, frame, 0, VK_TABLE_ENTRIES);
}

struct page_frame *
page_follow_frame(struct page *page, uint64_t hpa)
{
	struct page_frame *frame = page_find_frame(page, hpa);
	void *array = page->frame;
	size_t at;

	if (frame != NULL)
		return frame;
	if (page->frames >= TABLES_MAX ||
	    !page_grow(page, &array, page->frames, &page->frame_room,
	    sizeof(struct page_frame *)))
		return NULL;
	page->frame = array;
	frame = calloc(1, sizeof(*frame));
	if (frame == NULL) {
		page->failed = true;
		return NULL;
	}
	frame->hpa = hpa & ~VK_PAGE_OFFSET_MASK;
	at = frame_index(page, frame->hpa);
	memmove(&page->frame[at + 1], &page->frame[at],
	    (page->frames - at) * sizeof(struct page_frame *));
	page->frame[at] = frame;
	page->frames++;
	look_at_frame(page, frame);
	return frame;
}

static void
take_frame(void *ctx, hpa_t hpa, const void *bytes)
{
	struct page *page = ctx;

	(void)bytes;
	if (page->frames < FRAMES_MAX)
		(void)page_follow_frame(page, hpa.v);
}

static void
look_at_memory(struct page *page)
{
	size_t i, count = play_sight_frame_count(page->sight);

	if (count != page->frame_count && page->frames < FRAMES_MAX &&
	    !play_sight_frames(page->sight, take_frame, page))
		page->failed = true;
	page->frame_count = count;
	for (i = 0; i < page->frames; i++)
		look_at_frame(page, page->frame[i]);
}

/* --- registers, and the words of the VMM ------------------------------------------------------ */

void
page_look_at_registers(struct page *page)
{
	uint64_t now[PLAY_REGISTERS];
	unsigned i, thread;

	for (thread = 0; thread < page->scenario->threads; thread++) {
		uint64_t *before = page->registers[thread];

		play_sight_registers(page->sight, thread, now);
		page->roots_changed |= before[PLAY_CR3] != now[PLAY_CR3] ||
		    before[PLAY_EPTP] != now[PLAY_EPTP] || before[PLAY_CR4] != now[PLAY_CR4] ||
		    before[PLAY_CR0] != now[PLAY_CR0];
		for (i = 0; i < PLAY_REGISTERS; i++)
			page_add_change(page, PAGE_REGISTER, thread, i, before[i], now[i]);
		memcpy(before, now, sizeof(now));
	}
}

static void
look_at_vmm(struct page *page)
{
	uint64_t now[PLAY_VMM_WORDS];
	unsigned i, process;

	for (process = 0; process < page->scenario->host.spaces; process++) {
		play_sight_vmm(page->sight, process, now);
		for (i = 0; i < PLAY_VMM_WORDS; i++)
			page_add_change(page, PAGE_VMM, process, i, page->vmm[process][i], now[i]);
		memcpy(page->vmm[process], now, sizeof(now));
	}
}

/* --- what is cached --------------------------------------------------------------------------- */

static int
compare_items(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, two = *(const uint32_t *)b;

	return (one > two) - (one < two);
}

/* All that a CPU has cached now, in order. */
static void
list_items(struct page *page, unsigned cpu, struct page_cache *list)
{
	const struct tlb_entry *entry;
	unsigned kind, i;
	void *array;

	memset(list, 0, sizeof(*list));
	for (kind = 0; kind < TLB_KINDS; kind++) {
		for (i = 0; (entry = play_sight_cached(page->sight, cpu, (enum tlb_kind)kind,
		    i)) != NULL; i++) {
			array = list->item;
			if (!page_grow(page, &array, list->items, &list->room,
			    sizeof(*list->item)))
				return;
			list->item = array;
			list->item[list->items++] = page_describe_cached(page, entry);
		}
	}
	if (list->items != 0)
		qsort(list->item, list->items, sizeof(*list->item), compare_items);
}

static void
look_at_cache(struct page *page, unsigned cpu)
{
	struct page_cache *before = &page->cache[cpu], now;
	uint64_t age = play_sight_cache_age(page->sight, cpu);
	size_t i = 0, j = 0;

	if (age == before->age)
		return;
	list_items(page, cpu, &now);
	while (i < before->items || j < now.items) {
		bool gone = j == now.items ||
		    (i < before->items && before->item[i] < now.item[j]);
		bool fresh = i == before->items ||
		    (j < now.items && now.item[j] < before->item[i]);

		if (gone)
			page_add_change(page, PAGE_CACHED, cpu, before->item[i], 1, 0);
		else if (fresh)
			page_add_change(page, PAGE_CACHED, cpu, now.item[j], 0, 1);
		i += !fresh;
		j += !gone;
	}
	free(before->item);
	*before = now;
	before->age = age;
}

/* --- memory maps ------------------------------------------------------------------------------ */

/* Index of the first mapping from a page of a space on. */
static size_t
mapped_index(const struct page *page, uint32_t space, uint64_t gpa)
{
	size_t low = 0, high = page->mappings;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct page_mapped *mapped = &page->mapped[middle];

		if (mapped->space < space || (mapped->space == space && mapped->gpa < gpa))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
set_mapped(struct page *page, uint32_t space, uint64_t gpa, uint64_t hpa)
{
	size_t at = mapped_index(page, space, gpa);
	struct page_mapped *mapped = &page->mapped[at];
	void *array = page->mapped;
	bool there = at < page->mappings && mapped->space == space && mapped->gpa == gpa;

	if (there && mapped->hpa == hpa)
		return;
	page->roots_changed = true;
	page_add_change(page, PAGE_MAPPED, space, gpa, there ? mapped->hpa : PAGE_NOWHERE, hpa);
	if (there) {
		mapped->hpa = hpa;
		return;
	}
	if (!page_grow(page, &array, page->mappings, &page->mapped_room, sizeof(*mapped)))
		return;
	page->mapped = array;
	memmove(&page->mapped[at + 1], &page->mapped[at],
	    (page->mappings - at) * sizeof(*mapped));
	page->mapped[at] = (struct page_mapped){ space, gpa, hpa };
	page->mappings++;
}

struct mapping {
	struct page *page;
	uint32_t space;
	struct page_mapped *now; /* what there is, to be told from what there was */
	size_t count, room; /* of which the first PAGES_MAX are kept */
};

static void
take_page(void *ctx, uint64_t gpa, hpa_t frame)
{
	struct mapping *mapping = ctx;
	void *array = mapping->now;

	if (mapping->count++ >= PAGES_MAX || !page_grow(mapping->page, &array,
	    mapping->count - 1, &mapping->room, sizeof(*mapping->now)))
		return;
	mapping->now = array;
	mapping->now[mapping->count - 1] = (struct page_mapped){ mapping->space, gpa, frame.v };
}

static int
compare_mapped(const void *a, const void *b)
{
	const struct page_mapped *one = a, *two = b;

	return (one->gpa > two->gpa) - (one->gpa < two->gpa);
}

static void
look_at_map(struct page *page, uint32_t process)
{
	struct mapping mapping = { .page = page, .space = process };
	size_t i, j = 0;

	play_sight_pages(page->sight, process, take_page, &mapping);
	if (mapping.count > PAGES_MAX || page->failed) {
		free(mapping.now);
		return;
	}
	if (mapping.count != 0)
		qsort(mapping.now, mapping.count, sizeof(*mapping.now), compare_mapped);
	for (i = mapped_index(page, process, 0);
	    i < page->mappings && page->mapped[i].space == process; i++) {
		while (j < mapping.count && mapping.now[j].gpa < page->mapped[i].gpa)
			j++;
		if (j == mapping.count || mapping.now[j].gpa != page->mapped[i].gpa)
			set_mapped(page, process, page->mapped[i].gpa, PAGE_NOWHERE);
	}
	for (j = 0; j < mapping.count; j++)
		set_mapped(page, process, mapping.now[j].gpa, mapping.now[j].hpa);
	free(mapping.now);
}

/* What is known of the ready-made EPT, which may have changed. */
static void
look_at_bare(struct page *page)
{
	uint32_t space = (uint32_t)page->scenario->host.spaces;
	size_t i;
	hpa_t hpa;

	for (i = mapped_index(page, space, 0); i < page->mappings; i++) {
		bool found = play_sight_locate(page->sight, vk_gpa(page->mapped[i].gpa), &hpa);

		set_mapped(page, space, page->mapped[i].gpa, found ? hpa.v : PAGE_NOWHERE);
	}
}

bool
page_find_mapped(struct page *page, uint32_t space, uint64_t gpa, uint64_t *hpa)
{
	size_t at = mapped_index(page, space, gpa);
	bool recording = page->recording;
	hpa_t found;

	if (at < page->mappings && page->mapped[at].space == space &&
	    page->mapped[at].gpa == gpa) {
		*hpa = page->mapped[at].hpa;
		return *hpa != PAGE_NOWHERE;
	}
	if (space < page->scenario->host.spaces ||
	    !play_sight_locate(page->sight, vk_gpa(gpa), &found))
		return false;
	/* It is nothing new that it is there; only nobody has asked before. */
	page->recording = false;
	set_mapped(page, space, gpa, found.v);
	page->recording = recording;
	*hpa = found.v;
	return true;
}

uint32_t
page_space_of(const struct page *page, unsigned thread)
{
	const struct scn_thread *scn = &page->scenario->thread[thread];

	return (scn->role & SCN_ROLE_BARE) != 0 || scn->host_space == SCN_NONE ?
	    (uint32_t)page->scenario->host.spaces : scn->host_space;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Whether memory maps can have changed with the last row: most of what happens leaves them. */
static bool
may_have_mapped(const struct page *page)
{
	switch (page->rows == 0 ? (int)EVENT_STEP : page->row[page->rows - 1].kind) {
	case EVENT_ACCESS:
	case EVENT_FLAGS:
	case EVENT_ENTER:
	case EVENT_STALE:
		return false;
	default:
		return true;
	}
}

void
page_look_at_entry(struct page *page, const struct event *event)
{
	uint64_t hpa = event->slot & ~VK_PAGE_OFFSET_MASK;
	size_t at = (size_t)(event->slot & VK_PAGE_OFFSET_MASK) / sizeof(uint64_t);
	struct page_frame *frame = NULL;

	if (event->side == EVENT_EPT || (event->thread >= 0 && page_find_mapped(page,
	    page_space_of(page, (unsigned)event->thread), hpa, &hpa)))
		frame = page_find_frame(page, hpa);
	if (frame != NULL)
		look_at_words(page, frame, at, at + 1);
	else
		page_look(page);
}

void
page_look(struct page *page)
{
	uint32_t i;

	if (page->failed)
		return;
	look_at_memory(page);
	page_look_at_registers(page);
	look_at_vmm(page);
	for (i = 0; i < page->scenario->machine.cpus; i++)
		look_at_cache(page, i);
	for (i = 0; may_have_mapped(page) && i < page->scenario->host.spaces; i++)
		look_at_map(page, i);
	look_at_bare(page);
	if (page->roots_changed)
		page_find_tables(page);
}
