/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is kept of a run for its page; private to this room.
 */
#ifndef VK_PAGE_PAGE_RECORD_H
#define VK_PAGE_PAGE_RECORD_H

#include "page/page.h"
#include "page/page_strings.h"
#include "report/report_cells.h"

#define PAGE_NOWHERE UINT64_MAX /* as a host-physical address: there is none */
#define PAGE_TOUCH (EVENT_UNDEFINED + 1) /* a kind of row: a touch of what threads share */

/* One thing that is not what it was; `who` and `which` say what. */
enum page_change_kind {
	PAGE_WORD,     /* of host memory: which is its HPA */
	PAGE_REGISTER, /* who: thread, which: enum play_register */
	PAGE_VMM,      /* who: process, which: word of its struct vmm_proc */
	PAGE_CACHED,   /* who: CPU, which: a string; 1: it is cached */
	PAGE_MAPPED,   /* who: space, which: guest-physical page; its frame, or PAGE_NOWHERE */
	PAGE_CHANGES
};

struct page_change {
	enum page_change_kind kind;
	uint32_t who;
	uint64_t which, before, after;
};

/* An event, or a touch; numbers of strings are 0 where there is nothing to say. */
struct page_row {
	int kind; /* enum event_kind, or PAGE_TOUCH */
	enum event_side side;
	unsigned level, order;
	int thread, step;
	int moved;       /* of a replay: it was made by move `move` */
	size_t move;
	uint64_t address, slot, value, gpa, size;
	bool passed;     /* an access that was made, to HPA `value` */
	bool cached;     /* by what was cached */
	uint32_t text;
	uint32_t fields; /* lines of what is set in an entry, a qualification or an error code */
	uint32_t verdict, remedy, rule; /* of an access that failed */
	size_t change, changes; /* in page->change */
};

/* A frame that is followed. */
struct page_frame {
	uint64_t hpa;
	unsigned char guest, ept; /* bit n: it is, or was, a table of level n */
	unsigned char seen_guest, seen_ept; /* likewise, as of the round */
	uint32_t round;
	uint32_t space;           /* of the guest table */
	uint64_t word[VK_TABLE_ENTRIES];
};

/* Where a page of guest-physical memory is. */
struct page_mapped {
	uint32_t space; /* a host process, or behind these the ready-made EPT */
	uint64_t gpa, hpa;
};

/* What an entry of tables means, for the drawing. */
enum page_entry_kind { PAGE_ENTRY_ABSENT, PAGE_ENTRY_BAD, PAGE_ENTRY_TABLE, PAGE_ENTRY_MAPS };

struct page_entry {
	enum page_entry_kind kind;
	uint64_t target; /* of a table or page */
	uint64_t size;   /* of what it maps */
	uint32_t fields; /* a string: "P RW US frame=0x2000" */
};

/* What a CPU has cached, as strings in order. */
struct page_cache {
	uint64_t age;
	uint32_t *item;
	size_t items, room;
};

struct page {
	const struct scenario *scenario;
	const struct play_sight *sight; /* NULL: not now */
	const struct play_outcome *outcome;
	struct decoder decoder;
	struct cells cells;
	struct page_strings strings;
	uint64_t skip, events; /* events to be left out; events so far */
	uint64_t first_failure; /* events when the first mismatch was seen; UINT64_MAX: none yet */
	bool full, failed;
	bool recording;        /* changes are changes of the last row */

	struct page_row *row;
	size_t rows, row_room;
	struct page_change *change;
	size_t changes, change_room;
	size_t at[PLAY_MISMATCHES_MAX]; /* row at which each mismatch was found */
	size_t found;

	/* The machine as it was when it was looked at last. */
	struct page_frame **frame; /* by address */
	size_t frames, frame_room;
	size_t frame_count;        /* of the machine; above `frames`, some are not followed */
	struct page_mapped *mapped; /* in order of space and address */
	size_t mappings, mapped_room;
	uint64_t (*registers)[PLAY_REGISTERS];
	uint64_t (*vmm)[PLAY_VMM_WORDS];
	struct page_cache *cache;
	bool roots_changed; /* or pages moved: all tables are to be found again */
	uint32_t round;     /* counts how often they were */

	/* Entries of tables by "side, level, value" as a string. */
	struct page_strings keys;
	struct page_entry *entry;
	size_t entry_room;

	/* Of a replay. */
	size_t move, move_row;
	bool moving;
	unsigned mover;
};

/* --- page_record.c ---------------------------------------------------------------------------- */

void page_add_change(struct page *page, enum page_change_kind kind, uint32_t who, uint64_t which,
    uint64_t before, uint64_t after);

/* Room for one more element of an array; false: the page has failed. */
bool page_grow(struct page *page, void **array, size_t count, size_t *room, size_t size);

/* Kinds of rows: "entry", "touch". */
const char *page_row_kind(const struct page_row *row);

/* --- page_words.c: an event in words ---------------------------------------------------------- */

/* Fills in the strings of a row. */
void page_describe(struct page *page, struct page_row *row, const struct event *event);

/* What stands for an item that is cached: parts with bars between. */
uint32_t page_describe_cached(struct page *page, const struct tlb_entry *entry);

/* --- page_look.c: what has changed since the last look ---------------------------------------- */

void page_look(struct page *page);

/* The same for registers alone, and for the entry that an event is about. */
void page_look_at_registers(struct page *page);
void page_look_at_entry(struct page *page, const struct event *event);

/* The frame if it is followed. */
struct page_frame *page_find_frame(const struct page *page, uint64_t hpa);

/* Follows a frame; NULL when it cannot be. */
struct page_frame *page_follow_frame(struct page *page, uint64_t hpa);

/* Where a guest-physical page is; false: nowhere. */
bool page_find_mapped(struct page *page, uint32_t space, uint64_t gpa, uint64_t *hpa);

/* The space of a thread: its process, or what the ready-made EPT translates. */
uint32_t page_space_of(const struct page *page, unsigned thread);

/* --- page_tables.c: which frames hold tables, and what their entries mean --------------------- */

/* Finds all tables from the roots that the threads have. */
void page_find_tables(struct page *page);

/* A word of a frame that holds tables has a new value. */
void page_table_changed(struct page *page, const struct page_frame *frame, uint64_t value);

#endif
