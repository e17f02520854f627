/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any entries in 16 pages of memory: listed within bounds, in order, and as the core's walkers have
 * it; compared with itself; explained.
 *
 * The first 16 bytes choose registers and what is asked.  Each further ten are an entry: its index
 * with that of the table, and its bits.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "maps/maps.h"
#include "view/view_explain.h"

#define HEAD 16u
#define ITEM 10u
#define PAGES 16u
#define MAPPINGS 1200u /* of one listing */
#define BATCH 61u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int condition)
{
	if (!condition)
		abort();
}

static unsigned char memory[PAGES * VK_PAGE_BYTES];

static struct image *
make_image(const uint8_t *item, size_t size)
{
	struct image *image = image_create();

	memset(memory, 0, sizeof(memory));
	for (; size >= ITEM; item += ITEM, size -= ITEM) {
		size_t word = (item[0] | (size_t)item[1] << 8) % (sizeof(memory) / 8);

		memcpy(memory + 8 * word, item + 2, 8);
	}
	check(image != NULL && image_append(image, 0, sizeof(memory), memory));
	/* A little of it again elsewhere, across the edge of a page. */
	check(image_append(image, 0x100000, 0x101800, memory + 0x1800));
	return image;
}

static void
make_view(struct view *view, const uint8_t *head, const uint8_t *data, size_t size)
{
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG, .cr3 = (uint64_t)(head[0] & 15) << 12,
		.cr4 = (head[1] & 1 ? VK_CR4_LA57 : 0) | (head[1] & 2 ? VK_CR4_PKE : 0) |
		    (head[1] & 4 ? VK_CR4_SMEP : 0) | (head[1] & 8 ? VK_CR4_SMAP : 0),
		.efer = head[1] & 16 ? 0 : VK_EFER_NXE, .page1g = (head[1] & 32) == 0,
		.maxphyaddr = 36u + (head[2] & 15) };
	uint64_t root = (uint64_t)(head[3] & 15) << 12;
	struct hpm nowhere = { NULL, NULL };
	struct ept ept;

	view_init(view, make_image(data, size), &mode, head[4] & 1 ? 3 : 0);
	mode.cr3 = root;
	mode.cr4 = head[5] & 1 ? VK_CR4_LA57 : 0;
	if (head[6] % 3 == 1 && ept_init(&ept, nowhere, root | (head[5] & 1 ? 0x20 : 0x18) | 6 |
	    (head[5] & 2 ? EPTP_AD : 0), ~0ull, head[5] & 4 ? EPT_CTL_MBEC : 0,
	    mode.maxphyaddr) == EPTP_VALID)
		view_set_ept(view, &ept);
	else if (head[6] % 3 == 2)
		view_set_npt(view, &mode);
}

static void
make_filter(struct maps_filter *filter, const struct view *view, enum maps_side side,
    const uint8_t *head)
{
	maps_filter_init(filter, view, side);
	if (head[7] & 1)
		filter->start = (uint64_t)head[8] << (maps_width(view, side) - 8);
	if (head[7] & 2)
		filter->end = filter->start + ((uint64_t)head[9] << 12);
	if (head[7] & 4)
		filter->rights = head[10] & MAPS_RIGHTS;
	if (head[7] & 8)
		filter->levels = head[11];
	if (head[7] & 16)
		filter->no_flags = head[10] >> 4 & MAPS_FLAGS;
	filter->by_gpa = (head[7] & 32) != 0;
	filter->gpa = (uint64_t)head[12] << 12;
}

/* What is listed must be what a walk finds. */
static void
check_by_walk(const struct view *view, enum maps_side side, const struct maps_mapping *mapping)
{
	uint64_t to = mapping->start;
	struct guestpt_walk guest;
	struct ept_walk ept;
	struct guestpt pt;

	if (maps_kind_of(mapping) != MAPS_PAGE)
		return;
	if (side != MAPS_OUTER) {
		guestpt_init(&pt, view_guest_memory(view), &view->mode);
		(void)guestpt_walk(&pt, vk_gva(maps_canonical(mapping->start,
		    maps_width(view, side), side)), VK_ACC_R | VK_ACC_USER, &guest);
		check(guest.why == GUESTPT_WHY_NONE || guest.why == GUESTPT_WHY_RIGHTS);
		to = guest.gpa.v;
		check(to == mapping->gpa);
	}
	if (side == MAPS_GUEST || view->outer == VIEW_FLAT)
		return;
	if (view->outer == VIEW_EPT) {
		check(ept_walk(&view->ept, vk_gpa(to), 0, &ept) == EPT_OK);
		check(ept.hpa.v == mapping->hpa);
		return;
	}
	(void)view_npt_walk(&view->npt, vk_gpa(to), VK_ACC_R, &guest);
	check(guest.why == GUESTPT_WHY_NONE || guest.why == GUESTPT_WHY_RIGHTS);
	check(guest.gpa.v == mapping->hpa);
}

static void
try_listing(const struct view *view, enum maps_side side, const struct maps_filter *filter)
{
	struct maps_mapping batch[BATCH];
	struct maps_folder folder;
	struct maps_range range;
	struct maps *maps;
	uint64_t end = 0, pages = 0, listed = 0;
	size_t count, i;

	if (maps_begin(&maps, view, side, filter) != MAPS_OK)
		return;
	maps_folder_init(&folder, MAPS_FOLD_EQUAL);
	while (listed < MAPPINGS && (count = maps_next(maps, batch, BATCH)) != 0) {
		listed += count;
		for (i = 0; i < count; i++) {
			check(batch[i].start >= end && batch[i].size != 0);
			end = batch[i].start + batch[i].size;
			check(batch[i].start < filter->end && end > filter->start);
			if (i % 8 == 0)
				check_by_walk(view, side, &batch[i]);
			if (maps_folder_add(&folder, &batch[i], &range))
				pages += range.pages * range.repeats;
		}
	}
	while (maps_folder_finish(&folder, &range))
		pages += range.pages * range.repeats;
	check(pages == listed);
	maps_end(maps);
}

/* A state does not differ from itself; the work is bounded by what one listing may be. */
static void
try_difference(const struct view *view, enum maps_side side, const struct maps_filter *filter)
{
	struct maps_difference difference;
	struct maps_filter narrow = *filter;
	struct maps *before, *after;
	struct maps_differ *differ;

	if (narrow.end > narrow.start + 0x400000)
		narrow.end = narrow.start + 0x400000;
	if (maps_begin(&before, view, side, &narrow) != MAPS_OK)
		return;
	check(maps_begin(&after, view, side, &narrow) == MAPS_OK);
	differ = maps_differ_begin(before, after, MAPS_FOLD_EQUAL);
	check(differ != NULL && !maps_differ_next(differ, &difference));
	maps_differ_end(differ);
}

static void
try_explanation(const struct view *view, const uint8_t *head)
{
	static struct explanation why;
	uint64_t gva = (uint64_t)head[12] << 39 | (uint64_t)head[13] << 21 |
	    (uint64_t)head[14] << 12 | 0xff8;
	hpa_t absent;

	(void)view_explain(view, vk_gva(gva), 16, VK_ACC_R << head[15] % 3, VIEW_EITHER, &why,
	    &absent);
	check(why.reads <= EXPLAIN_READS && why.verdict[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum maps_side side;
	struct maps_census census;
	struct maps_filter filter;
	struct view view;

	if (size < HEAD)
		return 0;
	make_view(&view, data, data + HEAD, size - HEAD);
	side = view.outer == VIEW_FLAT ? MAPS_GUEST : (enum maps_side)(data[6] / 3 % 3);
	make_filter(&filter, &view, side, data);
	if (filter.start < filter.end) {
		(void)maps_census_make(&census, &view, side, &filter, true);
		try_listing(&view, side, &filter);
		try_difference(&view, side, &filter);
	}
	try_explanation(&view, data);
	view_free(&view);
	return 0;
}
