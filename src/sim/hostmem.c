/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sparse host memory: a table from piece number to 512 bytes.
 *
 * Most frames of a simulated machine are page tables of which a few entries are used; in pieces
 * they cost what is written of them, and a small scenario touches a few pages of memory instead of
 * one for every frame.  A frame that somebody wants to see as one has its eight pieces side by side
 * from then on.
 */
#include "sim/hostmem.h"

#include <stdlib.h>
#include <string.h>

#include "sim/keyed.h"
#include "sim/watch.h"

#define PIECE_SHIFT 9
#define PIECE_BYTES ((size_t)1 << PIECE_SHIFT)
#define PIECE_OFFSET (PIECE_BYTES - 1)
#define FRAME_PIECES (VK_PAGE_BYTES / PIECE_BYTES)
#define CHUNK_LEAST 8192u
#define CHUNK_MOST 1048576u
#define FIRST_SLOTS 128 /* a power of two */

struct slot {
	uint64_t key; /* number of the piece plus one */
	unsigned char *bytes;
};

/* Memory for pieces; they are never given back one by one. */
struct chunk {
	struct chunk *next;
	size_t size, used;
	_Alignas(16) unsigned char bytes[];
};

/* A frame that somebody writes by a pointer, and what it held before. */
struct hostmem_loan {
	struct hostmem_loan *next;
	bool lent;
	bool whole; /* nobody comes between until it is returned */
	hpa_t frame;
	unsigned char before[VK_PAGE_BYTES];
};

struct hostmem {
	uint64_t size;
	struct slot *slots;
	size_t slot_count;
	size_t pieces;
	size_t frames;
	size_t frame_limit;
	struct chunk *chunks;
	enum hostmem_failure failure;
	struct hostmem_listener *listeners;
	struct hostmem_loan *loans;
	bool locked; /* what is stored now is stored by a locked operation */
};

struct hostmem *
hostmem_create(uint64_t size, size_t frame_limit)
{
	struct hostmem *mem = calloc(1, sizeof(*mem));

	if (mem == NULL)
		return NULL;
	if (!keyed_grow((void **)&mem->slots, &mem->slot_count, 0, FIRST_SLOTS,
	    sizeof(*mem->slots))) {
		free(mem);
		return NULL;
	}
	mem->size = size;
	mem->frame_limit = frame_limit;
	return mem;
}

void
hostmem_destroy(struct hostmem *mem)
{
	if (mem == NULL)
		return;
	while (mem->chunks != NULL) {
		struct chunk *chunk = mem->chunks;

		mem->chunks = chunk->next;
		free(chunk);
	}
	while (mem->loans != NULL) {
		struct hostmem_loan *loan = mem->loans;

		mem->loans = loan->next;
		free(loan);
	}
	free(mem->slots);
	free(mem);
}

uint64_t
hostmem_size(const struct hostmem *mem)
{
	return mem->size;
}

enum hostmem_failure
hostmem_failed(const struct hostmem *mem)
{
	return mem->failure;
}

void
hostmem_fail(struct hostmem *mem)
{
	mem->failure = HOSTMEM_OUT_OF_MEMORY;
}

size_t
hostmem_frames(const struct hostmem *mem)
{
	return mem->frames;
}

/* --- pieces ----------------------------------------------------------------------------------- */

static uint64_t
key_of(hpa_t hpa)
{
	return (hpa.v >> PIECE_SHIFT) + 1;
}

/* The key of the first piece of its frame. */
static uint64_t
frame_key(hpa_t hpa)
{
	return key_of(vk_hpa(hpa.v & ~(uint64_t)VK_PAGE_OFFSET_MASK));
}

static struct slot *
slot_find(const struct hostmem *mem, uint64_t key)
{
	return keyed_find(mem->slots, mem->slot_count, sizeof(*mem->slots), key);
}

/* Lets a piece be at `bytes`, whether it is new or comes from elsewhere. */
static bool
slot_set(struct hostmem *mem, uint64_t key, unsigned char *bytes)
{
	struct slot *slot = slot_find(mem, key);

	if (slot->key == 0) {
		if (!keyed_grow((void **)&mem->slots, &mem->slot_count, mem->pieces, FIRST_SLOTS,
		    sizeof(*mem->slots)))
			return false;
		slot = slot_find(mem, key);
		slot->key = key;
		mem->pieces++;
	}
	slot->bytes = bytes;
	return true;
}

/* Zeroed bytes for pieces; NULL when out of memory. */
static unsigned char *
chunk_take(struct hostmem *mem, size_t size)
{
	struct chunk *chunk = mem->chunks;

	if (chunk == NULL || chunk->size - chunk->used < size) {
		size_t room = mem->pieces * PIECE_BYTES / 8;

		if (room < CHUNK_LEAST)
			room = CHUNK_LEAST;
		if (room > CHUNK_MOST)
			room = CHUNK_MOST;
		chunk = malloc(sizeof(*chunk) + room);
		if (chunk == NULL)
			return NULL;
		chunk->size = room;
		chunk->used = 0;
		chunk->next = mem->chunks;
		mem->chunks = chunk;
	}
	chunk->used += size;
	return memset(chunk->bytes + chunk->used - size, 0, size);
}

/* --- who watches ------------------------------------------------------------------------------ */

/* Tells who watches of each word of a range; one that is written in part keeps the rest. */
void
hostmem_touch(hpa_t hpa, size_t size, unsigned how)
{
	uint64_t word = hpa.v / 8, end = (hpa.v + size + 7) / 8;

	if (watch_current == NULL)
		return;
	for (; word < end; word++) {
		bool in_part = word * 8 < hpa.v || word * 8 + 8 > hpa.v + size;

		watch_touch(watch_cell_of(WATCH_WORD, word), in_part ? how | WATCH_READ : how);
	}
}

/* --- frames ----------------------------------------------------------------------------------- */

bool
hostmem_written(const struct hostmem *mem, hpa_t hpa)
{
	uint64_t key = frame_key(hpa), end = key + FRAME_PIECES;

	for (; key < end; key++) {
		if (slot_find(mem, key)->key != 0)
			return true;
	}
	return false;
}

/* Whether the frame may be written; one that is new counts from here on. */
static bool
frame_admit(struct hostmem *mem, hpa_t hpa)
{
	if (hpa.v >= mem->size)
		return false;
	if (hostmem_written(mem, hpa))
		return true;
	if (mem->frames >= mem->frame_limit) {
		mem->failure = HOSTMEM_OVER_LIMIT;
		return false;
	}
	mem->frames++;
	return true;
}

/* The bytes of the piece for reading; NULL when none was written. */
static const unsigned char *
piece_read(const struct hostmem *mem, hpa_t hpa)
{
	return slot_find(mem, key_of(hpa))->bytes;
}

/* The bytes of the piece for writing; NULL beyond `size` or on failure. */
static unsigned char *
piece_write(struct hostmem *mem, hpa_t hpa)
{
	uint64_t key = key_of(hpa);
	const struct slot *slot = slot_find(mem, key);
	unsigned char *bytes;

	if (slot->key != 0)
		return slot->bytes;
	if (!frame_admit(mem, hpa))
		return NULL;
	bytes = chunk_take(mem, PIECE_BYTES);
	if (bytes == NULL || !slot_set(mem, key, bytes)) {
		mem->failure = HOSTMEM_OUT_OF_MEMORY;
		return NULL;
	}
	return bytes;
}

/* Where a frame's pieces are when they lie side by side, else NULL. */
static unsigned char *
frame_whole(const struct hostmem *mem, hpa_t hpa)
{
	uint64_t key = frame_key(hpa);
	unsigned char *bytes = slot_find(mem, key)->bytes;
	size_t i;

	for (i = 1; i < FRAME_PIECES && bytes != NULL; i++) {
		if (slot_find(mem, key + i)->bytes != bytes + i * PIECE_BYTES)
			bytes = NULL;
	}
	return bytes;
}

void *
hostmem_frame(struct hostmem *mem, hpa_t hpa)
{
	uint64_t key = frame_key(hpa);
	unsigned char *bytes = frame_whole(mem, hpa);
	size_t i;

	if (bytes != NULL)
		return bytes;
	if (!frame_admit(mem, hpa))
		return NULL;
	bytes = chunk_take(mem, VK_PAGE_BYTES);
	for (i = 0; i < FRAME_PIECES && bytes != NULL; i++) {
		const struct slot *slot = slot_find(mem, key + i);
		unsigned char *piece = bytes + i * PIECE_BYTES;

		if (slot->key != 0)
			memcpy(piece, slot->bytes, PIECE_BYTES);
		if (!slot_set(mem, key + i, piece))
			bytes = NULL;
	}
	if (bytes == NULL)
		mem->failure = HOSTMEM_OUT_OF_MEMORY;
	return bytes;
}

bool
hostmem_clear(struct hostmem *mem, hpa_t hpa)
{
	uint64_t key = frame_key(hpa), end = key + FRAME_PIECES;

	if (!hostmem_written(mem, hpa))
		return piece_write(mem, hpa) != NULL;
	hostmem_touch(vk_hpa(hpa.v & ~VK_PAGE_OFFSET_MASK), VK_PAGE_BYTES, WATCH_WRITE);
	for (; key < end; key++) {
		const struct slot *slot = slot_find(mem, key);

		if (slot->key != 0)
			memset(slot->bytes, 0, PIECE_BYTES);
	}
	return true;
}

/* --- words and bytes -------------------------------------------------------------------------- */

/* The word as it is; nobody is told of the look. */
static uint64_t
word_now(const struct hostmem *mem, hpa_t slot)
{
	uint64_t word;

	watch_quiet(true);
	word = hostmem_load(mem, slot);
	watch_quiet(false);
	return word;
}

static bool
store_word(struct hostmem *mem, hpa_t slot, uint64_t value)
{
	unsigned char *piece;

	hostmem_touch(slot, sizeof(value), WATCH_WRITE);
	piece = piece_write(mem, slot);
	if (piece == NULL)
		return false;
	memcpy(piece + (slot.v & PIECE_OFFSET & ~7ull), &value, sizeof(value));
	return true;
}

/* Whether it asks for a frame of these bytes. */
static bool
wants_any(const struct hostmem_listener *listener, hpa_t hpa, size_t size)
{
	uint64_t page, last = (hpa.v + size - 1) >> VK_PAGE_SHIFT;

	for (page = hpa.v >> VK_PAGE_SHIFT; page <= last; page++) {
		if (listener->wants(listener->ctx, vk_hpa(page << VK_PAGE_SHIFT)))
			return true;
	}
	return false;
}

/* Whether somebody asks for a frame of these bytes, and wants to be warned. */
static bool
is_heard(const struct hostmem *mem, hpa_t hpa, size_t size, bool warned)
{
	const struct hostmem_listener *listener = mem->listeners;

	if (size == 0)
		return false;
	while (listener != NULL &&
	    ((warned && listener->about == NULL) || !wants_any(listener, hpa, size)))
		listener = listener->next;
	return listener != NULL;
}

/*
 * Who is warned has effects of its own: then nobody comes between here and the end of the section.
 */
static bool
begin_heard(const struct hostmem *mem, hpa_t hpa, size_t size)
{
	const struct hostmem_listener *listener;

	if (!is_heard(mem, hpa, size, true))
		return false;
	watch_whole(true);
	for (listener = mem->listeners; listener != NULL; listener = listener->next) {
		if (listener->about != NULL && wants_any(listener, hpa, size))
			listener->about(listener->ctx);
	}
	return true;
}

static void
end_heard(bool whole)
{
	if (whole)
		watch_whole(false);
}

/* What has been told of a word need not be told again when a loan is returned. */
static void
note_in_loans(struct hostmem *mem, hpa_t slot, uint64_t value)
{
	uint64_t frame = slot.v & ~VK_PAGE_OFFSET_MASK;
	struct hostmem_loan *loan;

	for (loan = mem->loans; loan != NULL; loan = loan->next) {
		if (loan->lent && loan->frame.v == frame)
			memcpy(loan->before + (slot.v & VK_PAGE_OFFSET_MASK), &value,
			    sizeof(value));
	}
}

/* Tells of a change that has just been made. */
static void
tell(struct hostmem *mem, hpa_t slot, uint64_t before, uint64_t after)
{
	const struct hostmem_listener *listener;
	hpa_t frame = vk_hpa(slot.v & ~VK_PAGE_OFFSET_MASK);

	if (before == after)
		return;
	note_in_loans(mem, slot, after);
	for (listener = mem->listeners; listener != NULL; listener = listener->next) {
		if (listener->wants(listener->ctx, frame))
			listener->changed(listener->ctx, slot, before, after, mem->locked);
	}
}

/* `looks`: what is replaced counts as read. */
static bool
store_and_tell(struct hostmem *mem, hpa_t slot, uint64_t value, bool looks)
{
	uint64_t before = looks ? hostmem_load(mem, slot) : word_now(mem, slot);

	if (!store_word(mem, slot, value))
		return false;
	tell(mem, slot, before, value);
	return true;
}

void
hostmem_listen(struct hostmem *mem, struct hostmem_listener *listener)
{
	listener->next = mem->listeners;
	mem->listeners = listener;
}

void
hostmem_unlisten(struct hostmem *mem, struct hostmem_listener *listener)
{
	struct hostmem_listener **at = &mem->listeners;

	while (*at != NULL && *at != listener)
		at = &(*at)->next;
	if (*at != NULL)
		*at = listener->next;
}

void
hostmem_lock(struct hostmem *mem, bool on)
{
	mem->locked = on;
}

/* One that was returned, or a new one; they go with the memory. */
static struct hostmem_loan *
find_loan(struct hostmem *mem)
{
	struct hostmem_loan *loan = mem->loans;

	while (loan != NULL && loan->lent)
		loan = loan->next;
	if (loan != NULL)
		return loan;
	loan = calloc(1, sizeof(*loan));
	if (loan == NULL) {
		mem->failure = HOSTMEM_OUT_OF_MEMORY;
		return NULL;
	}
	loan->next = mem->loans;
	mem->loans = loan;
	return loan;
}

struct hostmem_loan *
hostmem_lend(struct hostmem *mem, hpa_t frame)
{
	struct hostmem_loan *loan;
	const void *bytes;

	if (!is_heard(mem, frame, 1, false))
		return NULL;
	loan = find_loan(mem);
	bytes = hostmem_frame(mem, frame);
	if (loan == NULL || bytes == NULL)
		return NULL;
	loan->whole = begin_heard(mem, frame, 1);
	loan->lent = true;
	loan->frame = vk_hpa(frame.v & ~VK_PAGE_OFFSET_MASK);
	memcpy(loan->before, bytes, VK_PAGE_BYTES);
	return loan;
}

void
hostmem_return(struct hostmem *mem, struct hostmem_loan *loan)
{
	size_t at;

	if (loan == NULL)
		return;
	for (at = 0; at < VK_PAGE_BYTES; at += sizeof(uint64_t)) {
		hpa_t slot = vk_hpa(loan->frame.v + at);
		uint64_t before;

		memcpy(&before, loan->before + at, sizeof(before));
		tell(mem, slot, before, word_now(mem, slot));
	}
	loan->lent = false;
	end_heard(loan->whole);
}

uint64_t
hostmem_load(const struct hostmem *mem, hpa_t slot)
{
	const unsigned char *piece;
	uint64_t value;

	hostmem_touch(slot, sizeof(value), WATCH_READ);
	piece = piece_read(mem, slot);
	if (piece == NULL)
		return slot.v < mem->size ? 0 : ~0ull;
	memcpy(&value, piece + (slot.v & PIECE_OFFSET & ~7ull), sizeof(value));
	return value;
}

bool
hostmem_store(struct hostmem *mem, hpa_t slot, uint64_t value)
{
	bool stored, whole;

	if (!is_heard(mem, slot, sizeof(value), false))
		return store_word(mem, slot, value);
	whole = begin_heard(mem, slot, sizeof(value));
	stored = store_and_tell(mem, vk_hpa(slot.v & ~7ull), value, whole);
	end_heard(whole);
	return stored;
}

/* How many of so many bytes are in the piece that they begin in. */
static size_t
part_of(hpa_t hpa, size_t size)
{
	size_t room = PIECE_BYTES - (size_t)(hpa.v & PIECE_OFFSET);

	return size < room ? size : room;
}

void
hostmem_read(const struct hostmem *mem, hpa_t hpa, void *bytes, size_t size)
{
	unsigned char *to = bytes;

	hostmem_touch(hpa, size, WATCH_READ);
	while (size != 0) {
		size_t part = part_of(hpa, size);
		const unsigned char *piece = piece_read(mem, hpa);

		if (piece != NULL)
			memcpy(to, piece + (hpa.v & PIECE_OFFSET), part);
		else
			memset(to, hpa.v < mem->size ? 0 : 0xff, part);
		to += part;
		hpa.v += part;
		size -= part;
	}
}

/* Word by word, for who listens. */
static bool
write_and_tell(struct hostmem *mem, hpa_t hpa, const void *bytes, size_t size, bool looks)
{
	const unsigned char *from = bytes;
	bool all = true;

	while (size != 0) {
		hpa_t slot = vk_hpa(hpa.v & ~7ull);
		size_t offset = (size_t)(hpa.v & 7), part = 8 - offset < size ? 8 - offset : size;
		uint64_t word = word_now(mem, slot);

		memcpy((unsigned char *)&word + offset, from, part);
		all = store_and_tell(mem, slot, word, looks) && all;
		from += part;
		hpa.v += part;
		size -= part;
	}
	return all;
}

/* One touch, whoever listens. */
static bool
write_heard(struct hostmem *mem, hpa_t hpa, const void *bytes, size_t size)
{
	bool all, whole = begin_heard(mem, hpa, size);

	if (!whole) {
		hostmem_touch(hpa, size, WATCH_WRITE);
		watch_quiet(true);
	}
	all = write_and_tell(mem, hpa, bytes, size, whole);
	if (!whole)
		watch_quiet(false);
	end_heard(whole);
	return all;
}

bool
hostmem_write(struct hostmem *mem, hpa_t hpa, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;
	bool all = true;

	if (is_heard(mem, hpa, size, false))
		return write_heard(mem, hpa, bytes, size);
	hostmem_touch(hpa, size, WATCH_WRITE);
	while (size != 0) {
		size_t part = part_of(hpa, size);
		unsigned char *piece = piece_write(mem, hpa);

		if (piece != NULL)
			memcpy(piece + (hpa.v & PIECE_OFFSET), from, part);
		else
			all = false;
		from += part;
		hpa.v += part;
		size -= part;
	}
	return all;
}

static uint64_t
hpm_load(void *ctx, hpa_t slot)
{
	return hostmem_load(ctx, slot);
}

static enum cas_status
hpm_cas(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	enum cas_status status = CAS_LOST;
	struct hostmem *mem = ctx;

	/* One locked operation. */
	watch_whole(true);
	hostmem_touch(slot, sizeof(old), WATCH_READ | WATCH_WRITE);
	mem->locked = true;
	if (hostmem_load(mem, slot) == old)
		status = hostmem_store(mem, slot, new_value) ? CAS_DONE : CAS_REFUSED;
	mem->locked = false;
	watch_whole(false);
	return status;
}

static const struct hpm_ops hostmem_ops = { hpm_load, hpm_cas };

struct hpm
hostmem_hpm(struct hostmem *mem)
{
	struct hpm hpm = { &hostmem_ops, mem };

	return hpm;
}

/* --- comparison ------------------------------------------------------------------------------- */

static int
slot_compare(const void *a, const void *b)
{
	uint64_t x = ((const struct slot *)a)->key, y = ((const struct slot *)b)->key;

	return (x > y) - (x < y);
}

bool
hostmem_visit(const struct hostmem *mem, void (*visit)(void *ctx, hpa_t frame, const void *bytes),
    void *ctx)
{
	unsigned char bytes[VK_PAGE_BYTES];
	struct slot *sorted;
	size_t i, n = 0;

	if (mem->pieces == 0)
		return true;
	sorted = malloc(mem->pieces * sizeof(*sorted));
	if (sorted == NULL)
		return false;
	for (i = 0; i < mem->slot_count; i++) {
		if (mem->slots[i].key != 0)
			sorted[n++] = mem->slots[i];
	}
	qsort(sorted, n, sizeof(*sorted), slot_compare);
	for (i = 0; i < n;) {
		uint64_t frame = (sorted[i].key - 1) / FRAME_PIECES;

		memset(bytes, 0, sizeof(bytes));
		for (; i < n && (sorted[i].key - 1) / FRAME_PIECES == frame; i++)
			memcpy(bytes + (sorted[i].key - 1) % FRAME_PIECES * PIECE_BYTES,
			    sorted[i].bytes, PIECE_BYTES);
		visit(ctx, vk_hpa(frame << VK_PAGE_SHIFT), bytes);
	}
	free(sorted);
	return true;
}
