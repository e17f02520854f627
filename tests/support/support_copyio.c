/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages live in one file of memory.  The tests see all of it at one place; a held page is mapped a
 * second time, at the next of a ring of windows that are otherwise without access.
 */
#define _GNU_SOURCE /* memfd_create */
#include "support/support_copyio.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define WINDOWS 4
#define PAGE    4096ul

static void
umem_break(struct umem *mem, const char *rule)
{
	if (mem->broken == NULL)
		mem->broken = rule;
}

void
umem_init(struct umem *mem)
{
	void *bytes, *windows;

	umem_clear(mem);
	mem->file = memfd_create("umem", 0);
	assert_true(mem->file >= 0);
	assert_int_equal(ftruncate(mem->file, UMEM_PAGES * PAGE), 0);
	bytes = mmap(NULL, UMEM_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mem->file, 0);
	windows =
	    mmap(NULL, (2 * WINDOWS + 1) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(bytes != MAP_FAILED && windows != MAP_FAILED);
	mem->bytes = bytes;
	mem->windows = windows;
	mem->window = 0;
}

void
umem_destroy(struct umem *mem)
{
	munmap(mem->bytes, UMEM_PAGES * PAGE);
	munmap(mem->windows, (2 * WINDOWS + 1) * PAGE);
	close(mem->file);
}

void
umem_forget(struct umem *mem)
{
	memset(mem->calls, 0, sizeof(mem->calls));
	mem->events = 0;
}

void
umem_clear(struct umem *mem)
{
	umem_forget(mem);
	mem->pages = 0;
	mem->held = -1;
	mem->meanwhile = NULL;
	mem->broken = NULL;
}

static int
umem_find(const struct umem *mem, uint64_t gpa)
{
	unsigned i;

	for (i = 0; i < mem->pages; i++) {
		if (mem->page[i].gpa == (gpa & ~VK_PAGE_OFFSET_MASK))
			return (int)i;
	}
	return -1;
}

unsigned char
umem_pattern(unsigned pattern, uint64_t offset)
{
	return (unsigned char)(1 + (pattern * 37 + offset * 7 + (offset >> 8) * 11) % 255);
}

/* A page of a pattern, made once. */
static const unsigned char *
umem_pattern_page(unsigned pattern)
{
	static unsigned char page[UMEM_PAGES][PAGE];
	unsigned i;

	assert_true(pattern < UMEM_PAGES);
	if (page[pattern][0] != 0)
		return page[pattern];
	for (i = 0; i < PAGE; i++)
		page[pattern][i] = umem_pattern(pattern, i);
	return page[pattern];
}

void
umem_add(struct umem *mem, uint64_t gpa, unsigned rights, unsigned pattern)
{
	assert_true(mem->pages < UMEM_PAGES && umem_find(mem, gpa) < 0);
	mem->page[mem->pages].gpa = gpa;
	mem->page[mem->pages].rights = rights;
	memcpy(&mem->bytes[mem->pages * PAGE], umem_pattern_page(pattern), PAGE);
	mem->pages++;
}

void
umem_set_rights(struct umem *mem, uint64_t gpa, unsigned rights)
{
	int at = umem_find(mem, gpa);

	assert_true(at >= 0);
	mem->page[at].rights = rights;
}

unsigned char *
umem_at(struct umem *mem, uint64_t gpa)
{
	int at = umem_find(mem, gpa);

	return at < 0 ? NULL : mem->bytes + (unsigned)at * PAGE + (gpa & VK_PAGE_OFFSET_MASK);
}

uint64_t
umem_word(struct umem *mem, uint64_t gpa)
{
	uint64_t word;

	assert_non_null(umem_at(mem, gpa));
	memcpy(&word, umem_at(mem, gpa), sizeof(word));
	return word;
}

void
umem_set_word(struct umem *mem, uint64_t gpa, uint64_t value)
{
	assert_non_null(umem_at(mem, gpa));
	memcpy(umem_at(mem, gpa), &value, sizeof(value));
}

/* --- the four operations ------------------------------------------------------------------- */

/* Lets the others go first, then keeps the event as it will be answered. */
static void
umem_note(struct umem *mem, struct umem_event *event)
{
	if (mem->held >= 0 && event->op != UMEM_RELEASE)
		umem_break(mem, "another operation while a page is held");
	if (mem->meanwhile != NULL && event->granted)
		mem->meanwhile(mem, mem->meanwhile_ctx, event);
	mem->calls[event->op]++;
	if (mem->events < UMEM_EVENTS)
		mem->event[mem->events] = *event;
	else
		fail_msg("%u operations, and no end", mem->events);
	mem->events++;
}

static int
umem_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct umem *mem = ctx;
	struct umem_event event = {.op = UMEM_LOAD, .gpa = slot.v};
	int at = umem_find(mem, slot.v);

	if (slot.v & 7)
		umem_break(mem, "a load that is not aligned");
	event.granted = at >= 0 && (mem->page[at].rights & UMEM_R) != 0;
	if (event.granted)
		event.entry = umem_word(mem, slot.v & ~7ull);
	umem_note(mem, &event);
	if (event.granted)
		*entry = event.entry;
	return event.granted;
}

static enum cas_status
umem_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct umem *mem = ctx;
	struct umem_event event = {.op = UMEM_CAS,
	    .gpa = slot.v,
	    .entry = old,
	    .wanted = new_value,
	    .status = CAS_REFUSED};
	int at = umem_find(mem, slot.v);

	if (slot.v & 7)
		umem_break(mem, "a compare-and-swap that is not aligned");
	event.granted = at >= 0 && (mem->page[at].rights & UMEM_W) != 0;
	if (event.granted)
		event.status = umem_word(mem, slot.v & ~7ull) == old ? CAS_DONE : CAS_LOST;
	umem_note(mem, &event);
	/* A change that was made meanwhile decides as well. */
	if (event.status == CAS_DONE && at >= 0 && umem_word(mem, slot.v & ~7ull) != old) {
		event.status = CAS_LOST;
		if (mem->events <= UMEM_EVENTS)
			mem->event[mem->events - 1].status = CAS_LOST;
	}
	if (event.status == CAS_DONE)
		umem_set_word(mem, slot.v & ~7ull, new_value);
	return event.status;
}

static unsigned char *
umem_window(const struct umem *mem)
{
	return mem->windows + (2 * mem->window + 1) * PAGE;
}

static void *
umem_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	struct umem *mem = ctx;
	struct umem_event event = {.op = UMEM_HOLD, .gpa = gpa.v, .acc = acc};
	int at = umem_find(mem, gpa.v), prot = PROT_READ;

	if (acc != UMEM_R && acc != UMEM_W && acc != UMEM_RW)
		umem_break(mem, "a hold for neither reading nor writing");
	if (mem->held >= 0)
		umem_break(mem, "two pages held at once");
	event.granted = at >= 0 && (acc & ~mem->page[at].rights) == 0;
	umem_note(mem, &event);
	if (!event.granted)
		return NULL;
	if (acc & UMEM_W)
		prot |= PROT_WRITE;
	mem->held = at;
	mem->window = (mem->window + 1) % WINDOWS;
	if (mmap(umem_window(mem), PAGE, prot, MAP_SHARED | MAP_FIXED, mem->file,
		(off_t)at * (off_t)PAGE) == MAP_FAILED)
		fail_msg("a window could not be mapped");
	*cookie = &mem->page[at];
	return umem_window(mem) + (gpa.v & VK_PAGE_OFFSET_MASK);
}

static void
umem_release(void *ctx, void *cookie)
{
	struct umem *mem = ctx;
	struct umem_event event = {.op = UMEM_RELEASE, .granted = 1};

	if (mem->held < 0)
		umem_break(mem, "a release of no page");
	else if (cookie != &mem->page[mem->held])
		umem_break(mem, "a release of another page");
	else
		event.gpa = mem->page[mem->held].gpa;
	umem_note(mem, &event);
	mem->held = -1;
	if (mmap(umem_window(mem), PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		0) == MAP_FAILED)
		fail_msg("a window could not be unmapped");
}

static const struct gpm_ops umem_ops = {umem_load, umem_cas, umem_hold, umem_release};

struct gpm
umem_gpm(struct umem *mem)
{
	struct gpm gpm = {&umem_ops, mem};

	return gpm;
}

void
umem_check(const struct umem *mem)
{
	if (mem->broken != NULL)
		fail_msg("%s", mem->broken);
	if (mem->held >= 0 || mem->calls[UMEM_RELEASE] > mem->calls[UMEM_HOLD])
		fail_msg("a page is still held");
}

unsigned
umem_operations(const struct umem *mem)
{
	return mem->events;
}

/* --- the witness --------------------------------------------------------------------------- */

/* A walk under examination: what its answers say so far, written out rule by rule. */
struct witness {
	const struct umem *mem;
	const struct vk_us *us;
	size_t at; /* next event */
	uint64_t gva;
	unsigned acc;
	unsigned level;
	uint64_t slot[VK_LEVELS + 1], answer[VK_LEVELS + 1];
	uint64_t gpa;
};

enum verdict { GOES_ON, BEGINS_ANEW, ENDS };

static const struct umem_event *
witness_next(const struct witness *w, enum umem_op op)
{
	const struct umem_event *event = &w->mem->event[w->at];

	if (w->at >= w->mem->events || event->op != op)
		return NULL;
	return event;
}

static void
witness_complain(const struct witness *w, const char *what)
{
	fail_msg("address %#llx, event %zu of %u: %s", (unsigned long long)w->gva, w->at,
	    w->mem->events, what);
}

/* Bits of an entry that the answers must not have; by hand, not by the core's table. */
static uint64_t
witness_reserved(const struct guestpt *pt, unsigned level, uint64_t entry)
{
	uint64_t bits = 0;
	unsigned bit;
	int large = (entry & 0x80) != 0;

	for (bit = pt->mode.maxphyaddr; bit <= 51; bit++)
		bits |= 1ull << bit;
	if (!(pt->mode.efer & VK_EFER_NXE))
		bits |= 1ull << 63;
	if (level >= 4 || (level == 3 && !pt->mode.page1g))
		bits |= 0x80;
	if (level == 3 && large)
		bits |= 0x3fffe000;
	if (level == 2 && large)
		bits |= 0x1fe000;
	return bits;
}

static uint64_t
witness_frame(const struct guestpt *pt, uint64_t entry, unsigned low)
{
	uint64_t frame = entry & ~(~0ull << pt->mode.maxphyaddr);

	return frame >> low << low;
}

/* What an access at CPL 3 needs: U/S everywhere, R/W for a write, and no key that denies it. */
static enum verdict
witness_rights(const struct witness *w, uint64_t all, uint64_t leaf)
{
	const struct guestpt_mode *mode = &w->us->pt.mode;
	unsigned denied = (mode->pkru >> (2 * ((leaf >> 59) & 15))) & 3;
	int writes = (w->acc & UMEM_W) != 0;

	if (!(all & 4) || (writes && !(all & 2)))
		return ENDS;
	if ((mode->cr4 & VK_CR4_PKE) && ((denied & 1) || (writes && (denied & 2))))
		return ENDS;
	return GOES_ON;
}

/* Reads one entry a level; GOES_ON at a leaf whose rights suffice. */
static enum verdict
witness_walk(struct witness *w)
{
	const struct guestpt *pt = &w->us->pt;
	uint64_t table = witness_frame(pt, pt->mode.cr3, 12), all = ~0ull, entry;
	unsigned shift;

	if (pt->levels == 0)
		return GOES_ON; /* without paging an address is its own translation */
	for (w->level = pt->levels;; w->level--) {
		const struct umem_event *event = witness_next(w, UMEM_LOAD);

		shift = 12 + 9 * (w->level - 1);
		w->slot[w->level] = table + 8 * ((w->gva >> shift) & 511);
		if (event == NULL || event->gpa != w->slot[w->level])
			witness_complain(w, "the walk's next entry was not read");
		w->at++;
		if (!event->granted)
			return ENDS;
		entry = w->answer[w->level] = event->entry;
		if (!(entry & 1) || (entry & witness_reserved(pt, w->level, entry)))
			return ENDS;
		all &= entry;
		if (w->level == 1 || (w->level <= 3 && (entry & 0x80)))
			break;
		table = witness_frame(pt, entry, 12);
	}
	w->gpa = witness_frame(pt, entry, shift) | (w->gva & ((1ull << shift) - 1));
	return witness_rights(w, all, entry);
}

/* Sets what is owed, root first. */
static enum verdict
witness_flags(struct witness *w)
{
	unsigned level;

	for (level = w->us->pt.levels; level != 0 && level >= w->level; level--) {
		uint64_t owed = 0x20 | (level == w->level && (w->acc & UMEM_W) ? 0x40 : 0);
		const struct umem_event *event;

		if ((w->answer[level] & owed) == owed)
			continue;
		event = witness_next(w, UMEM_CAS);
		if (event == NULL || event->gpa != w->slot[level])
			witness_complain(w, "flags that are owed were not set");
		if (event->entry != w->answer[level] || event->wanted != (w->answer[level] | owed))
			witness_complain(w, "flags were set over another value than was read");
		w->at++;
		if (event->status != CAS_DONE)
			return event->status == CAS_LOST ? BEGINS_ANEW : ENDS;
	}
	return GOES_ON;
}

/* One user address, from its first walk to its release; ENDS when the call had to give up. */
static enum verdict
witness_translation(struct witness *w)
{
	const struct umem_event *event;
	enum verdict verdict = w->us->pmap == &vk_pmap_std ? GOES_ON : BEGINS_ANEW;

	w->gpa = w->gva;
	while (verdict == BEGINS_ANEW) {
		if (w->at == w->mem->events)
			return ENDS; /* gave up after too many lost races */
		verdict = witness_walk(w);
		if (verdict == GOES_ON)
			verdict = witness_flags(w);
	}
	if (verdict == ENDS)
		return ENDS;
	event = witness_next(w, UMEM_HOLD);
	if (event == NULL)
		witness_complain(w, "the page was not held");
	if (event->gpa != w->gpa)
		witness_complain(w, "the page held is not the one that was translated to");
	if (event->acc != w->acc)
		witness_complain(w, "the page is held for another kind of access");
	w->at++;
	if (!event->granted)
		return ENDS;
	if (witness_next(w, UMEM_RELEASE) == NULL)
		witness_complain(w, "the page was not released at once");
	w->at++;
	return GOES_ON;
}

void
umem_witness(const struct umem *mem, const struct vk_us *us,
    const struct umem_translation *translation, size_t count)
{
	struct witness w = {.mem = mem, .us = us};
	size_t i;

	umem_check(mem);
	for (i = 0; i < count && w.at < mem->events; i++) {
		w.gva = translation[i].gva;
		w.acc = translation[i].acc;
		/* An address that is not canonical reads no entry, and nothing after it. */
		if (us->pmap == &vk_pmap_ept && !vk_gva_is_canonical(vk_gva(w.gva), us->pt.width))
			break;
		if (witness_translation(&w) == ENDS)
			break;
	}
	if (w.at != mem->events)
		witness_complain(&w, "more happened than the call asked for");
}

size_t
umem_expect_range(
    struct umem_translation *translation, size_t room, uint64_t gva, uint64_t size, unsigned acc)
{
	size_t count = 0;

	while (size != 0 && count < room) {
		uint64_t piece = PAGE - (gva & VK_PAGE_OFFSET_MASK);

		translation[count].gva = gva;
		translation[count++].acc = acc;
		piece = piece < size ? piece : size;
		gva += piece;
		size -= piece;
	}
	return count;
}

/* A store that straddles two pages tries the second before it writes the first. */
size_t
umem_expect_store(struct umem_translation *translation, uint64_t gva, unsigned size)
{
	size_t count = umem_expect_range(translation + 1, 2, gva, size, UMEM_W);

	if (count == 1) {
		translation[0] = translation[1];
		return 1;
	}
	translation[0] = translation[2];
	return 3;
}

/* --- the calls ----------------------------------------------------------------------------- */

#define RANGE(name, acc)                   \
	{                                  \
#name, 0, acc, call_##name \
	}
#define VALUE(name, size, acc)                \
	{                                     \
#name, size, acc, call_##name \
	}

static void
call_copyin(struct vk_us *us, const struct copy_args *args, struct copy_result *r)
{
	r->error = vk_copyin(us, vk_gva(args->gva), args->buffer, args->len, &r->done);
}

static void
call_copyout(struct vk_us *us, const struct copy_args *args, struct copy_result *r)
{
	r->error = vk_copyout(us, args->buffer, vk_gva(args->gva), args->len, &r->done);
}

static void
call_copyinstr(struct vk_us *us, const struct copy_args *args, struct copy_result *r)
{
	r->error = vk_copyinstr(us, vk_gva(args->gva), (char *)args->buffer, args->len, &r->done);
}

#define FETCH(name, type)                                                          \
	static void call_##name(                                                   \
	    struct vk_us *us, const struct copy_args *args, struct copy_result *r) \
	{                                                                          \
		type value = (type)COPY_UNTOUCHED;                                 \
                                                                                   \
		r->error = vk_##name(us, vk_gva(args->gva), &value);               \
		r->value = value;                                                  \
	}
#define STORE(name, type)                                                          \
	static void call_##name(                                                   \
	    struct vk_us *us, const struct copy_args *args, struct copy_result *r) \
	{                                                                          \
		r->error = vk_##name(us, vk_gva(args->gva), (type)args->value);    \
	}
#define ATOMIC(name, type, operands)                                               \
	static void call_##name(                                                   \
	    struct vk_us *us, const struct copy_args *args, struct copy_result *r) \
	{                                                                          \
		type old = (type)COPY_UNTOUCHED;                                   \
                                                                                   \
		r->error = vk_##name operands;                                     \
		r->value = old;                                                    \
	}
#define ONE(type) (us, vk_gva(args->gva), (type)args->value, &old)
#define TWO(type) (us, vk_gva(args->gva), (type)args->expected, (type)args->value, &old)

FETCH(fubyte, uint8_t)
FETCH(fuword32, uint32_t)
FETCH(fuword64, uint64_t)
STORE(subyte, uint8_t)
STORE(suword32, uint32_t)
STORE(suword64, uint64_t)
ATOMIC(swapu32, uint32_t, ONE(uint32_t))
ATOMIC(swapu64, uint64_t, ONE(uint64_t))
ATOMIC(casu32, uint32_t, TWO(uint32_t))
ATOMIC(casu64, uint64_t, TWO(uint64_t))
ATOMIC(fuwordadd32, uint32_t, ONE(uint32_t))
ATOMIC(fuwordadd64, uint64_t, ONE(uint64_t))

const struct copy_call copy_call[COPY_CALLS] = {
    [COPYIN] = RANGE(copyin, UMEM_R),
    [COPYOUT] = RANGE(copyout, UMEM_W),
    [COPYINSTR] = RANGE(copyinstr, UMEM_R),
    [FUBYTE] = VALUE(fubyte, 1, UMEM_R),
    [FUWORD32] = VALUE(fuword32, 4, UMEM_R),
    [FUWORD64] = VALUE(fuword64, 8, UMEM_R),
    [SUBYTE] = VALUE(subyte, 1, UMEM_W),
    [SUWORD32] = VALUE(suword32, 4, UMEM_W),
    [SUWORD64] = VALUE(suword64, 8, UMEM_W),
    [SWAPU32] = VALUE(swapu32, 4, UMEM_RW),
    [SWAPU64] = VALUE(swapu64, 8, UMEM_RW),
    [CASU32] = VALUE(casu32, 4, UMEM_RW),
    [CASU64] = VALUE(casu64, 8, UMEM_RW),
    [FUWORDADD32] = VALUE(fuwordadd32, 4, UMEM_RW),
    [FUWORDADD64] = VALUE(fuwordadd64, 8, UMEM_RW),
};

void
copy_make(
    struct vk_us *us, enum copy_name name, const struct copy_args *args, struct copy_result *result)
{
	memset(result, 0, sizeof(*result));
	result->done = (size_t)COPY_UNTOUCHED;
	result->value = COPY_UNTOUCHED;
	copy_call[name].make(us, args, result);
}

size_t
copy_expect(enum copy_name name, const struct copy_args *args, struct umem_translation *translation,
    size_t room)
{
	const struct copy_call *call = &copy_call[name];

	if (call->size == 0)
		return umem_expect_range(translation, room, args->gva, args->len, call->acc);
	if (call->acc == UMEM_W)
		return umem_expect_store(translation, args->gva, call->size);
	return umem_expect_range(translation, room, args->gva, call->size, call->acc);
}

/* --- the usual user spaces ----------------------------------------------------------------- */

const struct guestpt_mode copy_mode = {
    .cr0 = VK_CR0_PG | VK_CR0_WP | 1,
    .cr3 = COPY_PML4,
    .cr4 = 0x20,
    .efer = VK_EFER_NXE,
    .page1g = 1,
    .maxphyaddr = 46,
};

void
copy_tables(struct umem *mem)
{
	static const uint64_t table[] = {COPY_PML4, COPY_PDPT, COPY_PD, COPY_PT};
	unsigned i;

	for (i = 0; i < 4; i++) {
		umem_add(mem, table[i], UMEM_RW, 0);
		memset(umem_at(mem, table[i]), 0, PAGE);
	}
	for (i = 0; i < 3; i++)
		umem_set_word(mem, table[i] + 8, table[i + 1] | COPY_PWU);
	umem_set_word(mem, COPY_PT + 8, COPY_A | COPY_PWU);
}
