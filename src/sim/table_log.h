/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which frames hold tables, and what has become of the entries in them: each change, in order, with
 * who made it.
 *
 * This is how a stale translation is traced to the change that made it stale, and how a processor
 * of the adversarial kind learns which values it could have read.
 */
#ifndef VK_SIM_TABLE_LOG_H
#define VK_SIM_TABLE_LOG_H

#include "sim/hostmem.h"

/* What a frame holds, as far as it is known; it may be both. */
#define TABLE_GUEST 1u
#define TABLE_EPT 2u

/* How an entry was changed. */
enum table_writer {
	TABLE_BY_STORE,  /* what it replaced may have got flags that nobody has seen */
	TABLE_BY_LOCKED, /* seeing what it replaced */
	TABLE_BY_WALK    /* setting accessed or dirty flags, as walks do */
};

struct table_change {
	uint64_t number; /* from 1 on, over all entries */
	hpa_t slot;
	uint64_t before, after;
	unsigned kind;   /* TABLE_GUEST, TABLE_EPT: of the frame */
	enum table_writer writer;
	bool first;      /* that software made of this entry */
	int thread, step; /* who; -1: nobody that is known */
	bool by_guest;    /* in guest mode */
};

struct table_log;

/* NULL when out of memory. */
struct table_log *table_log_create(struct hostmem *mem);
void table_log_destroy(struct table_log *log);

/* From now on it listens to the stores to the memory: what was built before is how it all began. */
void table_log_start(struct table_log *log);

/* Asked at each change to say who makes it.  NULL: nobody that is known. */
void table_log_ask(struct table_log *log, void (*who)(void *ctx, struct table_change *change),
    void *ctx);

/* Told before a frame that holds tables is written, or lent for that. */
void table_log_warn(struct table_log *log, void (*about)(void *ctx), void *ctx);

/* Told of each change, before anything else happens. */
void table_log_follow(struct table_log *log,
    void (*changed)(void *ctx, const struct table_change *change), void *ctx);

/* From now on the frame is known to hold tables; false when out of memory, which is kept. */
bool table_log_add(struct table_log *log, hpa_t frame, unsigned kind);

/* TABLE_*; 0: no table, as far as it is known. */
unsigned table_log_kind(const struct table_log *log, hpa_t frame);

/* How many changes there have been. */
uint64_t table_log_number(const struct table_log *log);

/*
 * The first change after change `number` that took `value` out of an entry, but for accessed and
 * dirty flags, and the last one; NULL when there is none, or it is too long ago.
 */
const struct table_change *table_log_first(const struct table_log *log, hpa_t slot,
    uint64_t value, uint64_t number);
const struct table_change *table_log_last(const struct table_log *log, hpa_t slot,
    uint64_t value);

/* The changes after change `number` that are still known, oldest first. */
const struct table_change *table_log_since(const struct table_log *log, uint64_t number,
    size_t *count);

/* Whether a change took the value, but for accessed and dirty flags, out of the entry. */
bool table_takes_out(const struct table_change *change, hpa_t slot, uint64_t value);

/* Which bits of an entry walks set by themselves; `kind`: of its frame. */
uint64_t table_flags(unsigned kind);

/* Entries that software has changed, in order of address. */
struct table_slot {
	hpa_t slot;
	unsigned kind;
};
const struct table_slot *table_log_slots(const struct table_log *log, size_t *count);
bool table_log_has_slot(const struct table_log *log, hpa_t slot);

/* Whether memory was short for it: it is then not complete. */
bool table_log_failed(const struct table_log *log);

#endif
