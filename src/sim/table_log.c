/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of tables: an ordered array of frames, one of changed entries, and a list of changes.
 *
 * Where it stops: a frame is known from the moment that its owner or a walk names it, and stays a
 * table for ever.  The list keeps the younger half when it is full.
 */
#include "sim/table_log.h"

#include <stdlib.h>
#include <string.h>

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "sim/grow.h"

#define CHANGES_MAX 65536u

struct frame {
	uint64_t frame;
	unsigned kind;
};

struct table_log {
	struct hostmem *mem;
	struct hostmem_listener listener;
	struct frame *frame; /* ascending */
	size_t frames, frame_room;
	struct table_slot *slot; /* ascending */
	size_t slots, slot_room;
	struct table_change *change;
	size_t changes, change_room;
	uint64_t number;
	bool failed;
	void (*who)(void *ctx, struct table_change *change);
	void *who_ctx;
	void (*changed)(void *ctx, const struct table_change *change);
	void *changed_ctx;
	void (*about)(void *ctx);
	void *about_ctx;
};

/* Room for one more; false when out of memory. */
static bool
grow(struct table_log *log, void **array, size_t *room, size_t count, size_t element)
{
	if (array_grow(array, room, count, 16, element))
		return true;
	log->failed = true;
	return false;
}

/* --- frames ----------------------------------------------------------------------------------- */

/* Where the frame is, or would go. */
static size_t
frame_place(const struct table_log *log, uint64_t frame)
{
	size_t low = 0, high = log->frames;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (log->frame[middle].frame < frame)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

unsigned
table_log_kind(const struct table_log *log, hpa_t frame)
{
	size_t at = frame_place(log, frame.v);

	return at < log->frames && log->frame[at].frame == frame.v ? log->frame[at].kind : 0;
}

bool
table_log_add(struct table_log *log, hpa_t frame, unsigned kind)
{
	size_t at = frame_place(log, frame.v);

	if (at < log->frames && log->frame[at].frame == frame.v) {
		log->frame[at].kind |= kind;
		return true;
	}
	if (!grow(log, (void **)&log->frame, &log->frame_room, log->frames, sizeof(*log->frame)))
		return false;
	memmove(&log->frame[at + 1], &log->frame[at],
	    (log->frames - at) * sizeof(log->frame[0]));
	log->frame[at].frame = frame.v;
	log->frame[at].kind = kind;
	log->frames++;
	return true;
}

/* --- entries ---------------------------------------------------------------------------------- */

static size_t
slot_place(const struct table_log *log, uint64_t slot)
{
	size_t low = 0, high = log->slots;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (log->slot[middle].slot.v < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
table_log_has_slot(const struct table_log *log, hpa_t slot)
{
	size_t at = slot_place(log, slot.v);

	return at < log->slots && log->slot[at].slot.v == slot.v;
}

const struct table_slot *
table_log_slots(const struct table_log *log, size_t *count)
{
	*count = log->slots;
	return log->slot;
}

static void
add_slot(struct table_log *log, hpa_t slot, unsigned kind)
{
	size_t at = slot_place(log, slot.v);

	if ((at < log->slots && log->slot[at].slot.v == slot.v) ||
	    !grow(log, (void **)&log->slot, &log->slot_room, log->slots, sizeof(*log->slot)))
		return;
	memmove(&log->slot[at + 1], &log->slot[at], (log->slots - at) * sizeof(log->slot[0]));
	log->slot[at].slot = slot;
	log->slot[at].kind = kind;
	log->slots++;
}

/* --- changes ---------------------------------------------------------------------------------- */

static void
keep_change(struct table_log *log, const struct table_change *change)
{
	if (log->changes == CHANGES_MAX) {
		log->changes /= 2;
		memmove(log->change, log->change + log->changes,
		    log->changes * sizeof(log->change[0]));
	}
	if (grow(log, (void **)&log->change, &log->change_room, log->changes,
	    sizeof(*log->change)))
		log->change[log->changes++] = *change;
}

uint64_t
table_flags(unsigned kind)
{
	return (kind & TABLE_EPT ? EPT_A | EPT_D : 0) |
	    (kind & TABLE_GUEST ? VK_PG_A | VK_PG_D : 0);
}

static bool
sets_flags_only(const struct table_change *change)
{
	return (change->before & ~change->after) == 0 &&
	    ((change->before ^ change->after) & ~table_flags(change->kind)) == 0;
}

static bool
wants_frame(void *ctx, hpa_t frame)
{
	return table_log_kind(ctx, frame) != 0;
}

static void
about_to_change(void *ctx)
{
	const struct table_log *log = ctx;

	log->about(log->about_ctx);
}

static void
word_changed(void *ctx, hpa_t slot, uint64_t before, uint64_t after, bool locked)
{
	struct table_log *log = ctx;
	struct table_change change = { .slot = slot, .before = before, .after = after,
		.thread = -1, .step = -1 };

	change.number = ++log->number;
	change.kind = table_log_kind(log, vk_hpa(slot.v & ~VK_PAGE_OFFSET_MASK));
	change.writer = locked ? TABLE_BY_LOCKED : TABLE_BY_STORE;
	if (locked && sets_flags_only(&change))
		change.writer = TABLE_BY_WALK;
	if (log->who != NULL)
		log->who(log->who_ctx, &change);
	if (change.writer != TABLE_BY_WALK) {
		change.first = !table_log_has_slot(log, slot);
		add_slot(log, slot, change.kind);
		keep_change(log, &change);
	}
	if (log->changed != NULL)
		log->changed(log->changed_ctx, &change);
}

uint64_t
table_log_number(const struct table_log *log)
{
	return log->number;
}

bool
table_takes_out(const struct table_change *change, hpa_t slot, uint64_t value)
{
	uint64_t rest = ~table_flags(change->kind);

	return change->slot.v == slot.v && ((change->before ^ value) & rest) == 0 &&
	    ((change->before ^ change->after) & rest) != 0;
}

const struct table_change *
table_log_first(const struct table_log *log, hpa_t slot, uint64_t value, uint64_t number)
{
	size_t i;

	for (i = 0; i < log->changes; i++) {
		if (log->change[i].number > number && table_takes_out(&log->change[i], slot, value))
			return &log->change[i];
	}
	return NULL;
}

const struct table_change *
table_log_since(const struct table_log *log, uint64_t number, size_t *count)
{
	size_t i = log->changes;

	while (i > 0 && log->change[i - 1].number > number)
		i--;
	*count = log->changes - i;
	return &log->change[i];
}

const struct table_change *
table_log_last(const struct table_log *log, hpa_t slot, uint64_t value)
{
	size_t i;

	for (i = log->changes; i-- > 0;) {
		if (table_takes_out(&log->change[i], slot, value))
			return &log->change[i];
	}
	return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

struct table_log *
table_log_create(struct hostmem *mem)
{
	struct table_log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return NULL;
	log->mem = mem;
	log->listener.wants = wants_frame;
	log->listener.changed = word_changed;
	log->listener.ctx = log;
	return log;
}

void
table_log_start(struct table_log *log)
{
	hostmem_listen(log->mem, &log->listener);
}

void
table_log_destroy(struct table_log *log)
{
	if (log == NULL)
		return;
	hostmem_unlisten(log->mem, &log->listener);
	free(log->frame);
	free(log->slot);
	free(log->change);
	free(log);
}

void
table_log_ask(struct table_log *log, void (*who)(void *ctx, struct table_change *change),
    void *ctx)
{
	log->who = who;
	log->who_ctx = ctx;
}

void
table_log_follow(struct table_log *log,
    void (*changed)(void *ctx, const struct table_change *change), void *ctx)
{
	log->changed = changed;
	log->changed_ctx = ctx;
}

void
table_log_warn(struct table_log *log, void (*about)(void *ctx), void *ctx)
{
	log->about = about;
	log->about_ctx = ctx;
	log->listener.about = about_to_change;
}

bool
table_log_failed(const struct table_log *log)
{
	return log->failed;
}
