/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names for what threads share.
 *
 * Which guest-physical page lies in which host-physical one is taken from the accesses and faults
 * of the run, once; a page that moves keeps its first name.
 */
#include "report/report_cells.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/ptlevel.h"
#include "explore/explore_names.h"
#include "sim/grow.h"
#include "vmm/vmm.h"

#define KNOWN_MAX 4096u /* pages, and entries */

void
cells_init(struct cells *cells, const struct scenario *scenario)
{
	memset(cells, 0, sizeof(*cells));
	cells->scenario = scenario;
}

void
cells_free(struct cells *cells)
{
	free(cells->page);
	free(cells->entry);
	memset(cells, 0, sizeof(*cells));
}

/* --- learning --------------------------------------------------------------------------------- */

static uint64_t
page_of(uint64_t address)
{
	return address & ~VK_PAGE_OFFSET_MASK;
}

static const struct cells_page *
find_page(const struct cells *cells, uint64_t hpa)
{
	size_t i;

	for (i = 0; i < cells->pages; i++) {
		if (cells->page[i].hpa == page_of(hpa))
			return &cells->page[i];
	}
	return NULL;
}

/* Room for one more; 0 when there is none. */
static int
grow(struct cells *cells, void **array, size_t count, size_t *room, size_t size)
{
	if (count >= KNOWN_MAX && count >= *room)
		return 0;
	if (array_grow(array, room, count, 32, size))
		return 1;
	cells->no_memory = 1;
	return 0;
}

static void
learn_page(struct cells *cells, uint64_t gpa, uint64_t hpa)
{
	void *array = cells->page;

	if (find_page(cells, hpa) != NULL ||
	    !grow(cells, &array, cells->pages, &cells->page_room, sizeof(*cells->page)))
		return;
	cells->page = array;
	cells->page[cells->pages].hpa = page_of(hpa);
	cells->page[cells->pages++].gpa = page_of(gpa);
}

static const struct cells_entry *
find_entry(const struct cells *cells, int is_guest, uint64_t slot)
{
	size_t i;

	for (i = 0; i < cells->entries; i++) {
		if (cells->entry[i].slot == slot &&
		    (cells->entry[i].side == EVENT_GUEST) == is_guest)
			return &cells->entry[i];
	}
	return NULL;
}

static void
learn_entry(struct cells *cells, const struct event *event)
{
	void *array = cells->entry;
	struct cells_entry *entry;

	if (event->slot == 0 || event->level == 0 ||
	    find_entry(cells, event->side == EVENT_GUEST, event->slot) != NULL ||
	    !grow(cells, &array, cells->entries, &cells->entry_room, sizeof(*cells->entry)))
		return;
	cells->entry = array;
	entry = &cells->entry[cells->entries++];
	entry->slot = event->slot;
	entry->side = event->side;
	entry->level = event->level;
}

void
cells_learn(struct cells *cells, const struct event *event)
{
	switch (event->kind) {
	case EVENT_ACCESS:
		if (event->outcome == EVENT_OK)
			learn_page(cells, event->gpa, event->value);
		break;
	case EVENT_FAULT:
		if (event->fault != EVENT_FAULT_REFUSED)
			learn_page(cells, event->address, event->gpa);
		break;
	case EVENT_TABLE_READ:
	case EVENT_FLAGS:
	case EVENT_EDIT:
		learn_entry(cells, event);
		break;
	default:
		break;
	}
}

/* --- names ------------------------------------------------------------------------------------ */

static void
name_word(struct text *text, const struct cells *cells, uint64_t number)
{
	uint64_t hpa = number * sizeof(uint64_t), gpa;
	const struct cells_page *page = find_page(cells, hpa);
	const struct cells_entry *entry = find_entry(cells, 0, hpa);

	gpa = page != NULL ? page->gpa | (hpa & VK_PAGE_OFFSET_MASK) : hpa;
	if (entry == NULL)
		entry = find_entry(cells, 1, gpa);
	if (entry != NULL)
		decode_slot(text, entry->side, entry->level, entry->slot);
	else if (page == NULL)
		text_add(text, "HPA 0x%" PRIx64, hpa);
	else if (gpa == hpa)
		text_add(text, "0x%" PRIx64, hpa);
	else
		text_add(text, "GPA 0x%" PRIx64, gpa);
}

static void
name_vmm(struct text *text, const struct cells *cells, uint64_t number)
{
	watch_cell cell = watch_cell_of(WATCH_VMM, number);

	text_str(text, explore_vmm_name(explore_vmm_word(cell)));
	if (cells->scenario->host.spaces > 1)
		text_add(text, " of %s",
		    cells->scenario->host.space[explore_vmm_process(cell)].name);
}

static void
name_interrupt(struct text *text, const struct cells *cells, uint64_t number)
{
	(void)cells;
	text_add(text, "interrupt of CPU %" PRIu64, number);
}

static void
name_cpu(struct text *text, const struct cells *cells, uint64_t number)
{
	(void)cells;
	text_add(text, "CPU %" PRIu64, number);
}

static void
name_tlb(struct text *text, const struct cells *cells, uint64_t number)
{
	(void)cells;
	text_add(text, "the TLB of CPU %" PRIu64, number);
}

static void
name_host(struct text *text, const struct cells *cells, uint64_t number)
{
	(void)cells;
	(void)number;
	text_str(text, "the memory map");
}

static void
name_thread(struct text *text, const struct cells *cells, uint64_t number)
{
	text_add(text, "how far %s is", cells->scenario->thread[number].name);
}

static void
name_console(struct text *text, const struct cells *cells, uint64_t number)
{
	(void)cells;
	(void)number;
	text_str(text, "the console");
}

/* --- values ----------------------------------------------------------------------------------- */

static void
value_number(struct text *text, const struct cells *cells, watch_cell cell, uint64_t value)
{
	(void)cells;
	(void)cell;
	text_add(text, value < 10 ? "%" PRIu64 : "0x%" PRIx64, value);
}

static void
value_cpus(struct text *text, uint64_t mask)
{
	unsigned cpu;
	const char *before = "CPU ";

	for (cpu = 0; cpu < 64; cpu++) {
		if ((mask >> cpu & 1) == 0)
			continue;
		text_add(text, "%s%u", before, cpu);
		before = ", ";
	}
	if (mask == 0)
		text_str(text, "no CPU");
}

static void
value_vmm(struct text *text, const struct cells *cells, watch_cell cell, uint64_t value)
{
	static const size_t lock = offsetof(struct vmm_proc, cpulock) / sizeof(uint64_t);
	static const size_t mask = offsetof(struct vmm_proc, cpumask) / sizeof(uint64_t);
	uint64_t word = explore_vmm_word(cell);

	if (word == mask)
		value_cpus(text, value);
	else if (word == lock)
		text_add(text, "%s%" PRIu64 " in", (value & VMM_LOCK_EXCL) ? "shut, " : "",
		    (uint64_t)(value / VMM_LOCK_STEP));
	else
		value_number(text, cells, cell, value);
}

static void
value_interrupt(struct text *text, const struct cells *cells, watch_cell cell, uint64_t value)
{
	(void)cells;
	(void)cell;
	text_str(text, value != 0 ? "pending" : "none");
}

/* Who is in a critical section, who in guest mode, whose VMCS is loaded; each an index plus one. */
static void
value_cpu(struct text *text, const struct cells *cells, watch_cell cell, uint64_t value)
{
	uint64_t critical = value & UINT16_MAX, guest = value >> 16 & UINT16_MAX;
	uint64_t loaded = value >> 32;

	(void)cell;
	if (critical != 0 && critical <= cells->scenario->threads)
		text_add(text, "%s critical", cells->scenario->thread[critical - 1].name);
	else
		text_str(text, "free");
	if (guest != 0 && guest <= cells->scenario->threads)
		text_add(text, ", guest of %s", cells->scenario->thread[guest - 1].name);
	if (loaded != 0 && loaded <= cells->scenario->threads)
		text_add(text, ", VMCS of %s", cells->scenario->thread[loaded - 1].name);
}

/* --- by kind ---------------------------------------------------------------------------------- */

static const struct kind {
	void (*name)(struct text *text, const struct cells *cells, uint64_t number);
	/* NULL: a number made of its contents, which says nothing to anybody. */
	void (*value)(struct text *text, const struct cells *cells, watch_cell cell,
	    uint64_t value);
} kinds[WATCH_KINDS] = {
	[WATCH_WORD] = { name_word, value_number },
	[WATCH_VMM] = { name_vmm, value_vmm },
	[WATCH_INTERRUPT] = { name_interrupt, value_interrupt },
	[WATCH_CPU] = { name_cpu, value_cpu },
	[WATCH_TLB] = { name_tlb, NULL },
	[WATCH_HOST] = { name_host, NULL },
	[WATCH_THREAD] = { name_thread, NULL },
	[WATCH_CONSOLE] = { name_console, NULL },
};

_Static_assert(WATCH_KINDS == WATCH_CONSOLE + 1, "a kind of cell without a name");

void
cells_write_name(struct text *text, const struct cells *cells, watch_cell cell)
{
	kinds[watch_kind_of(cell)].name(text, cells, watch_number_of(cell));
}

const char *
cells_verb(const struct explore_touch *touch)
{
	int changes = touch->before != touch->after;

	if (!(touch->how & WATCH_WRITE))
		return "reads";
	if (touch->how & WATCH_CAS)
		return changes ? "swaps" : "fails to swap";
	if (!(touch->how & WATCH_READ))
		return "writes";
	return changes ? "changes" : "looks at";
}

void
cells_write_touch(struct text *text, const struct cells *cells, const struct explore_touch *touch)
{
	const struct kind *kind = &kinds[watch_kind_of(touch->cell)];

	text_add(text, "%s ", cells_verb(touch));
	cells_write_name(text, cells, touch->cell);
	if (kind->value == NULL)
		return;
	text_str(text, ": ");
	kind->value(text, cells, touch->cell, touch->before);
	if (touch->after == touch->before || !(touch->how & WATCH_WRITE))
		return;
	text_str(text, " -> ");
	kind->value(text, cells, touch->cell, touch->after);
}
