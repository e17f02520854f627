/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The naive copy.  It knows the contract of copyio.h and the rights of the memory map; what the
 * tables say it asks the naive model, for each byte anew.
 */
#include "support/copy_oracle.h"

#include <string.h>

#define TABLE_BYTES(o) ((o)->table_pages * 4096ul)

/* Where the byte is in the oracle's copy; NULL when the map does not allow it. */
static unsigned char *
oracle_at(struct copy_oracle *o, uint64_t gpa, unsigned rights)
{
	unsigned i;

	for (i = 0; i < o->mem->pages; i++) {
		if (o->mem->page[i].gpa == (gpa & ~0xfffull) &&
		    (rights & ~o->mem->page[i].rights) == 0)
			return &o->bytes[i * 4096 + (gpa & 0xfff)];
	}
	return NULL;
}

static uint64_t
oracle_read(void *ctx, uint64_t gpa)
{
	struct copy_oracle *o = ctx;
	const unsigned char *at = oracle_at(o, gpa, UMEM_R);
	uint64_t value = 0;

	if (at == NULL)
		o->refused = 1;
	else
		memcpy(&value, at, sizeof(value));
	return value;
}

/* After one refusal the walk is over: what the naive model would still write is dropped. */
static void
oracle_write(void *ctx, uint64_t gpa, uint64_t value)
{
	struct copy_oracle *o = ctx;
	unsigned char *at = oracle_at(o, gpa, UMEM_W);

	if (at == NULL)
		o->refused = 1;
	else if (!o->refused)
		memcpy(at, &value, sizeof(value));
}

static void
oracle_set_mode(struct naive_machine *m, const struct guestpt_mode *mode)
{
	m->maxphyaddr = mode->maxphyaddr;
	m->p1g = mode->page1g != 0;
	m->levels = (mode->cr4 & VK_CR4_LA57) ? 5 : 4;
	m->cpl = 3;
	m->cr3 = mode->cr3;
	m->nxe = (mode->efer & VK_EFER_NXE) != 0;
	m->wp = (mode->cr0 & VK_CR0_WP) != 0;
	m->smap = (mode->cr4 & VK_CR4_SMAP) != 0;
	m->smep = (mode->cr4 & VK_CR4_SMEP) != 0;
	m->pke = (mode->cr4 & VK_CR4_PKE) != 0;
	m->pkru = mode->pkru;
}

static void
oracle_begin(struct copy_oracle *o, const unsigned char *before, unsigned char fill, int by_page)
{
	memset(&o->m, 0, sizeof(o->m));
	memcpy(o->bytes, before, o->mem->pages * 4096ul);
	memset(o->buffer, fill, sizeof(o->buffer));
	o->wrote_table = 0;
	o->by_page = by_page;
	o->m.ctx = o;
	o->m.read = oracle_read;
	o->m.write = oracle_write;
	oracle_set_mode(&o->m, &o->us->pt.mode);
}

/* One user byte for an access; NULL: the user could not have used it so. */
static unsigned char *
oracle_byte(struct copy_oracle *o, uint64_t gva, unsigned acc)
{
	struct naive_access a = {.la = gva,
	    .size = 1,
	    .kind = acc == UMEM_R ? NAIVE_READ :
		acc == UMEM_W     ? NAIVE_WRITE :
				    NAIVE_RMW};
	struct naive_result r;

	/* Without tables an address is its own translation. */
	if (o->us->pmap == &vk_pmap_std || !(o->us->pt.mode.cr0 & VK_CR0_PG))
		return oracle_at(o, gva, acc);
	o->refused = 0;
	naive_translate(&o->m, &a, &r);
	if (r.outcome != NAIVE_OK || o->refused)
		return NULL;
	return oracle_at(o, r.piece[0].gpa, acc);
}

static int
oracle_has_range(const struct copy_oracle *o, uint64_t gva, uint64_t len)
{
	return len == 0 || (gva < o->us->end.v && len <= o->us->end.v - gva);
}

/* The byte after `at`, by a translation of its own or by the one of its page. */
static unsigned char *
oracle_next(struct copy_oracle *o, unsigned char *at, uint64_t gva, unsigned acc)
{
	if (at != NULL && o->by_page && (gva & 0xfff) != 0)
		return at + 1;
	return oracle_byte(o, gva, acc);
}

static void
oracle_range(
    struct copy_oracle *o, enum copy_name name, const struct copy_args *args, struct copy_result *r)
{
	unsigned char *at = NULL;

	r->done = 0;
	r->error = name == COPYINSTR ? VK_ENAMETOOLONG : VK_OK;
	if (name != COPYINSTR && !oracle_has_range(o, args->gva, args->len)) {
		r->error = VK_EFAULT;
		return;
	}
	while (r->done < args->len) {
		uint64_t gva = args->gva + r->done;

		if (name == COPYINSTR && (gva < args->gva || !oracle_has_range(o, gva, 1)))
			at = NULL;
		else
			at = oracle_next(o, at, gva, copy_call[name].acc);
		if (at == NULL) {
			r->error = VK_EFAULT;
			return;
		}
		if (name == COPYOUT) {
			o->wrote_table |= at < o->bytes + TABLE_BYTES(o);
			*at = args->buffer[r->done++];
			continue;
		}
		o->buffer[r->done++] = *at;
		if (name == COPYINSTR && *at == 0) {
			r->error = VK_OK;
			return;
		}
	}
}

static void
oracle_store(
    struct copy_oracle *o, const struct copy_args *args, unsigned size, struct copy_result *r)
{
	unsigned char *at = NULL;
	unsigned i, first = 4096 - (unsigned)(args->gva & 0xfff);

	r->error = VK_EFAULT;
	if (!oracle_has_range(o, args->gva, size) ||
	    (first < size && oracle_byte(o, args->gva + first, UMEM_W) == NULL))
		return;
	for (i = 0; i < size; i++) {
		at = oracle_next(o, at, args->gva + i, UMEM_W);
		if (at == NULL)
			return;
		*at = (unsigned char)(args->value >> (8 * i));
	}
	r->error = VK_OK;
}

/* What memory holds after a call that found `old` there. */
static uint64_t
oracle_after(enum copy_name name, const struct copy_args *args, uint64_t old, uint64_t mask)
{
	if (name == FUWORDADD32 || name == FUWORDADD64)
		return old + args->value;
	if ((name == CASU32 || name == CASU64) && old != (args->expected & mask))
		return old;
	return args->value;
}

static void
oracle_value(
    struct copy_oracle *o, enum copy_name name, const struct copy_args *args, struct copy_result *r)
{
	const struct copy_call *call = &copy_call[name];
	unsigned char *at = NULL;
	uint64_t old = 0, mask = call->size == 8 ? ~0ull : (1ull << (8 * call->size)) - 1;
	unsigned i;

	r->value = COPY_UNTOUCHED & mask;
	r->error = VK_EFAULT;
	if (!oracle_has_range(o, args->gva, call->size) ||
	    (call->acc == UMEM_RW && args->gva % call->size != 0))
		return;
	for (i = 0; i < call->size; i++) {
		at = oracle_next(o, at, args->gva + i, call->acc);
		if (at == NULL)
			return;
		old |= (uint64_t)*at << (8 * i);
	}
	r->value = old;
	r->error = VK_OK;
	if (call->acc == UMEM_RW) {
		uint64_t after = oracle_after(name, args, old, mask);

		memcpy(at - (call->size - 1), &after, call->size);
	}
}

static void
oracle_make(
    struct copy_oracle *o, enum copy_name name, const struct copy_args *args, struct copy_result *r)
{
	memset(r, 0, sizeof(*r));
	r->done = (size_t)COPY_UNTOUCHED;
	r->value = COPY_UNTOUCHED;
	if (copy_call[name].size == 0)
		oracle_range(o, name, args, r);
	else if (copy_call[name].acc == UMEM_W)
		oracle_store(o, args, copy_call[name].size, r);
	else
		oracle_value(o, name, args, r);
}

void
copy_oracle_call(struct copy_oracle *o, const struct umem *mem, const struct vk_us *us,
    const unsigned char *before, unsigned table_pages, unsigned char fill, enum copy_name name,
    const struct copy_args *args, struct copy_result *result)
{
	o->mem = mem;
	o->us = us;
	o->table_pages = table_pages;
	oracle_begin(o, before, fill, copy_call[name].size != 0);
	oracle_make(o, name, args, result);
	if (!o->wrote_table)
		return;
	oracle_begin(o, before, fill, 1);
	oracle_make(o, name, args, result);
}
