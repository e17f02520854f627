/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copyio against a naive copy: random tables, random rights, random calls, by seed.
 *
 * The naive copy moves one byte at a time, each through a translation of its own by the oracle of
 * tests/oracle, on a copy of the memory.  Result, count, value, buffer and all of memory, tables
 * with their flags included, must then be the same.  Two things are not asked byte by byte, because
 * they cannot be: a copy that writes into tables is translated once a page, and so is a value.
 *
 * [DF-COPYIO] [DF-EPT-COPYIO] [GUEST-WALK] [GUEST-RIGHTS] [GUEST-AD]
 */
#include <string.h>

#include "oracle/naive.h"
#include "support/support_alone.h"
#include "support/support_copyio.h"
#include "support/support_rows.h"

#define ROUNDS      6000
#define BUFFER      0x5000
#define TABLE_PAGES 6 /* the first pages of memory are the tables */

static struct umem mem;
static struct vk_us us;
static unsigned char initial[UMEM_PAGES * 4096];
static unsigned char buffer[BUFFER], oracle_buffer[BUFFER];

/* --- chance -------------------------------------------------------------------------------- */

static uint64_t chance;

/* xorshift64, 0 .. below - 1 */
static unsigned
draw(unsigned below)
{
	chance ^= chance << 13;
	chance ^= chance >> 7;
	chance ^= chance << 17;
	return (unsigned)((chance >> 11) % below);
}

static int
one_in(unsigned n)
{
	return draw(n) == 0;
}

/* --- a random machine ---------------------------------------------------------------------- */

static const uint64_t table_gpa[TABLE_PAGES] = {0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000};
static const unsigned table_level[TABLE_PAGES] = {4, 3, 2, 2, 1, 1};
static const uint64_t data_gpa[] = {0x10000, 0x11000, 0x12000, 0x13000, 0x200000, 0x201000,
    0x2ff000, 0x40200000, 0x40201000, 0x400000};

/* The slots of a table that the calls can meet. */
static const unsigned used_slots[] = {0, 1, 2, 3, 4, 5, 0x1fe, 0x1ff};

static uint64_t
random_frame(unsigned level)
{
	unsigned i, tries;

	if (level <= 3 && level > 1 && one_in(6))
		return (level == 3 ? 0x40000000ull : 0x200000ull) | VK_PG_PS |
		    (one_in(2) ? VK_PG_PAT_LARGE : 0) | (one_in(8) ? 1ull << (13 + draw(17)) : 0);
	if (level == 1 && !one_in(8))
		return data_gpa[draw(ROWS_COUNT(data_gpa))];
	if (one_in(16))
		return 0x700000; /* nothing is there */
	for (tries = 0; tries < 16; tries++) {
		i = draw(TABLE_PAGES);
		if (table_level[i] == level - 1 || one_in(24))
			return table_gpa[i];
	}
	return table_gpa[0];
}

static uint64_t
random_entry(unsigned level)
{
	uint64_t entry = random_frame(level) | COPY_PWU;

	if (one_in(12))
		entry &= ~(1ull << draw(3));
	if (one_in(40))
		entry |= 1ull << (30 + draw(34));
	entry |= (uint64_t)draw(4) << 5;
	if (one_in(8))
		entry |= (uint64_t)draw(16) << 59;
	return entry;
}

static unsigned
random_rights(void)
{
	return one_in(10) ? draw(4) : UMEM_RW;
}

static void
random_memory(void)
{
	unsigned i, slot;

	umem_clear(&mem);
	for (i = 0; i < TABLE_PAGES; i++) {
		umem_add(&mem, table_gpa[i], one_in(4) ? random_rights() : UMEM_RW, 0);
		memset(umem_at(&mem, table_gpa[i]), 0, 4096);
		for (slot = 0; slot < ROWS_COUNT(used_slots); slot++)
			umem_set_word(&mem, table_gpa[i] + 8 * used_slots[slot],
			    random_entry(table_level[i]));
	}
	for (i = 0; i < ROWS_COUNT(data_gpa); i++) {
		umem_add(&mem, data_gpa[i], random_rights(), i + 1);
		for (slot = 0; slot < 8; slot++) /* where strings end */
			*umem_at(&mem, data_gpa[i] + draw(4096)) = 0;
	}
}

static void
random_mode(struct guestpt_mode *mode)
{
	memset(mode, 0, sizeof(*mode));
	mode->cr0 = VK_CR0_PG | 1 | (one_in(2) ? VK_CR0_WP : 0);
	mode->cr3 = table_gpa[0] | draw(4096);
	mode->cr4 = 0x20 | (one_in(2) ? VK_CR4_SMAP : 0) | (one_in(2) ? VK_CR4_SMEP : 0) |
	    (one_in(3) ? VK_CR4_PKE : 0);
	mode->efer = one_in(4) ? 0 : VK_EFER_NXE;
	mode->pkru = (uint32_t)chance;
	mode->page1g = !one_in(4);
	mode->maxphyaddr = 36 + draw(17);
}

/* An address near the pages that are mapped; often near a border. */
static uint64_t
random_address(int ept)
{
	uint64_t page, offset = one_in(2) ? draw(4096) : one_in(2) ? draw(16) : 4095 - draw(16);

	if (!ept)
		page = data_gpa[draw(ROWS_COUNT(data_gpa))] + (one_in(8) ? 0x1000 : 0);
	else if (one_in(3))
		page = 0x80403fe000 + 0x1000 * draw(4);
	else
		page = COPY_X + 0x1000 * draw(5);
	if (ept && one_in(20))
		page ^= 1ull << (30 + draw(18));
	return page | (one_in(4) ? offset & ~7ull : offset);
}

static uint64_t
random_length(uint64_t gva)
{
	if (one_in(40))
		return ~0ull - draw(0x3000);
	if (one_in(20))
		return 0 - gva + draw(8);
	return one_in(4) ? draw(0x2800) : draw(96);
}

/* --- the oracle ---------------------------------------------------------------------------- */

struct oracle {
	struct naive_machine m;
	unsigned char bytes[UMEM_PAGES * 4096];
	int refused; /* the map denied the walk something */
	int wrote_table;
	int by_page; /* translate the first byte of each page only */
};

/* Where the byte is in the oracle's copy; NULL when the map does not allow it. */
static unsigned char *
oracle_at(struct oracle *o, uint64_t gpa, unsigned rights)
{
	unsigned i;

	for (i = 0; i < mem.pages; i++) {
		if (mem.page[i].gpa == (gpa & ~0xfffull) && (rights & ~mem.page[i].rights) == 0)
			return &o->bytes[i * 4096 + (gpa & 0xfff)];
	}
	return NULL;
}

static uint64_t
oracle_read(void *ctx, uint64_t gpa)
{
	struct oracle *o = ctx;
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
	struct oracle *o = ctx;
	unsigned char *at = oracle_at(o, gpa, UMEM_W);

	if (at == NULL)
		o->refused = 1;
	else if (!o->refused)
		memcpy(at, &value, sizeof(value));
}

static void
oracle_begin(struct oracle *o, const struct guestpt_mode *mode, int by_page)
{
	memset(&o->m, 0, sizeof(o->m));
	memcpy(o->bytes, initial, mem.pages * 4096ul);
	memset(oracle_buffer, 0x77, sizeof(oracle_buffer));
	o->wrote_table = 0;
	o->by_page = by_page;
	o->m.ctx = o;
	o->m.read = oracle_read;
	o->m.write = oracle_write;
	o->m.maxphyaddr = mode->maxphyaddr;
	o->m.p1g = mode->page1g != 0;
	o->m.levels = 4;
	o->m.cpl = 3;
	o->m.cr3 = mode->cr3;
	o->m.nxe = (mode->efer & VK_EFER_NXE) != 0;
	o->m.wp = (mode->cr0 & VK_CR0_WP) != 0;
	o->m.smap = (mode->cr4 & VK_CR4_SMAP) != 0;
	o->m.smep = (mode->cr4 & VK_CR4_SMEP) != 0;
	o->m.pke = (mode->cr4 & VK_CR4_PKE) != 0;
	o->m.pkru = mode->pkru;
}

/* One user byte for an access; NULL: the user could not have used it so. */
static unsigned char *
oracle_byte(struct oracle *o, uint64_t gva, unsigned acc)
{
	struct naive_access a = {.la = gva,
	    .size = 1,
	    .kind = acc == UMEM_R ? NAIVE_READ :
		acc == UMEM_W     ? NAIVE_WRITE :
				    NAIVE_RMW};
	struct naive_result r;

	if (us.pmap == &vk_pmap_std)
		return oracle_at(o, gva, acc);
	o->refused = 0;
	naive_translate(&o->m, &a, &r);
	if (r.outcome != NAIVE_OK || o->refused)
		return NULL;
	return oracle_at(o, r.piece[0].gpa, acc);
}

static int
oracle_has_range(uint64_t gva, uint64_t len)
{
	return len == 0 || (gva < us.end.v && len <= us.end.v - gva);
}

/* The byte after `at`, by a translation of its own or by the one of its page. */
static unsigned char *
oracle_next(struct oracle *o, unsigned char *at, uint64_t gva, unsigned acc)
{
	if (at != NULL && o->by_page && (gva & 0xfff) != 0)
		return at + 1;
	return oracle_byte(o, gva, acc);
}

static void
oracle_range(
    struct oracle *o, enum copy_name name, const struct copy_args *args, struct copy_result *r)
{
	unsigned char *at = NULL;

	r->done = 0;
	r->error = name == COPYINSTR ? VK_ENAMETOOLONG : VK_OK;
	if (name != COPYINSTR && !oracle_has_range(args->gva, args->len)) {
		r->error = VK_EFAULT;
		return;
	}
	while (r->done < args->len) {
		uint64_t gva = args->gva + r->done;

		if (name == COPYINSTR && !oracle_has_range(gva, 1))
			at = NULL;
		else
			at = oracle_next(o, at, gva, copy_call[name].acc);
		if (at == NULL) {
			r->error = VK_EFAULT;
			return;
		}
		if (name == COPYOUT) {
			o->wrote_table |= at < o->bytes + TABLE_PAGES * 4096;
			*at = args->buffer[r->done++];
			continue;
		}
		oracle_buffer[r->done++] = *at;
		if (name == COPYINSTR && *at == 0) {
			r->error = VK_OK;
			return;
		}
	}
}

static void
oracle_store(struct oracle *o, const struct copy_args *args, unsigned size, struct copy_result *r)
{
	unsigned char *at = NULL;
	unsigned i, first = 4096 - (unsigned)(args->gva & 0xfff);

	r->error = VK_EFAULT;
	if (!oracle_has_range(args->gva, size) ||
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

static void
oracle_value(
    struct oracle *o, enum copy_name name, const struct copy_args *args, struct copy_result *r)
{
	const struct copy_call *call = &copy_call[name];
	unsigned char *at = NULL;
	uint64_t old = 0, mask = call->size == 8 ? ~0ull : (1ull << (8 * call->size)) - 1;
	unsigned i;

	r->value = COPY_UNTOUCHED & mask;
	r->error = VK_EFAULT;
	if (!oracle_has_range(args->gva, call->size) ||
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
	if (name >= SWAPU32) {
		uint64_t after = args->value;

		if (name == FUWORDADD32 || name == FUWORDADD64)
			after += old;
		else if ((name == CASU32 || name == CASU64) && old != (args->expected & mask))
			after = old;
		memcpy(at - (call->size - 1), &after, call->size);
	}
}

static void
oracle_call(
    struct oracle *o, enum copy_name name, const struct copy_args *args, struct copy_result *r)
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

/* --- both, compared ------------------------------------------------------------------------ */

static unsigned outcomes[COPY_CALLS][3]; /* by error */

static void
compare(const struct oracle *o, enum copy_name name, const struct copy_args *args,
    const struct copy_result *found, const struct copy_result *expected, uint64_t seed)
{
	const char *what = NULL;

	if (found->error != expected->error)
		what = "error";
	else if (found->done != expected->done)
		what = "count";
	else if (found->value != expected->value)
		what = "value";
	else if (name != COPYOUT && memcmp(buffer, oracle_buffer, sizeof(buffer)) != 0)
		what = "buffer";
	else if (memcmp(mem.bytes, o->bytes, mem.pages * 4096ul) != 0)
		what = "memory";
	if (what != NULL)
		fail_msg("seed %llu, %s at %#llx, length %#llx: another %s; error %d and %d, "
			 "count %zu and %zu, value %#llx and %#llx",
		    (unsigned long long)seed, copy_call[name].name, (unsigned long long)args->gva,
		    (unsigned long long)args->len, what, found->error, expected->error, found->done,
		    expected->done, (unsigned long long)found->value,
		    (unsigned long long)expected->value);
}

static void
random_args(struct copy_args *args, enum copy_name name, int ept)
{
	uint64_t slot;

	args->gva = random_address(ept);
	args->len = random_length(args->gva);
	args->buffer = buffer;
	args->value = one_in(8) ? 0 : chance * 0x9e3779b97f4a7c15ull;
	if (copy_call[name].acc == UMEM_RW && !one_in(8))
		args->gva &= ~(uint64_t)(copy_call[name].size - 1);
	args->expected = chance;
	/* Half of the compare-and-swaps should hit: take what is there, by the oracle's eyes. */
	slot = args->gva & ~7ull;
	if (!ept && one_in(2) && umem_at(&mem, slot) != NULL)
		args->expected = umem_word(&mem, slot) >> (args->gva & 4 ? 32 : 0);
}

static void
one_round(uint64_t seed, int ept)
{
	static struct oracle o;
	struct umem_translation translation[16];
	struct guestpt_mode mode;
	struct copy_args args;
	struct copy_result found, expected;
	enum copy_name name;
	unsigned i;

	chance = (seed + 1) * 0x9e3779b97f4a7c15ull;
	for (i = 0; i < 4; i++)
		(void)draw(2);
	random_memory();
	random_mode(&mode);
	name = (enum copy_name)(seed % COPY_CALLS);
	random_args(&args, name, ept);
	if (ept)
		vk_us_init_ept(&us, umem_gpm(&mem), &mode, vk_gva(COPY_END));
	else
		vk_us_init_std(&us, umem_gpm(&mem), vk_gva(COPY_END));
	if (one_in(10))
		us.end.v = args.gva + draw(0x2000);
	memset(buffer, 0x77, sizeof(buffer));
	for (i = 0; name == COPYOUT && i < sizeof(buffer); i++)
		buffer[i] = umem_pattern(77, i);
	memcpy(initial, mem.bytes, mem.pages * 4096ul);

	copy_make(&us, name, &args, &found);
	umem_witness(&mem, &us, translation, copy_expect(name, &args, translation, 16));
	oracle_begin(&o, &mode, copy_call[name].size != 0);
	oracle_call(&o, name, &args, &expected);
	if (o.wrote_table) {
		oracle_begin(&o, &mode, 1);
		oracle_call(&o, name, &args, &expected);
	}
	compare(&o, name, &args, &found, &expected, seed);
	outcomes[name][found.error]++;
}

static void
random_rounds(int ept)
{
	uint64_t seed;
	unsigned name;

	memset(outcomes, 0, sizeof(outcomes));
	umem_init(&mem);
	for (seed = 0; seed < ROUNDS; seed++)
		one_round(seed, ept);
	umem_destroy(&mem);
	/* A comparison of nothing but faults would not be one. */
	for (name = 0; name < COPY_CALLS; name++)
		assert_true(outcomes[name][VK_OK] > 40 && outcomes[name][VK_EFAULT] > 40);
	assert_true(outcomes[COPYINSTR][VK_ENAMETOOLONG] > 40);
}

static void
the_calls_of_an_ordinary_process_do_what_a_naive_copy_does(void **state)
{
	(void)state;
	random_rounds(0);
}

static void
the_calls_through_guest_tables_do_what_a_naive_copy_does(void **state)
{
	(void)state;
	random_rounds(1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_calls_of_an_ordinary_process_do_what_a_naive_copy_does),
	    cmocka_unit_test(the_calls_through_guest_tables_do_what_a_naive_copy_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
