/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What chance makes: six tables whose used slots lead anywhere, ten pages of data with any rights,
 * any mode of 64-bit paging.
 */
#include "support/copy_random.h"

#include <string.h>

#include "sim/random_numbers.h"
#include "support/support_rows.h"

/* --- numbers ------------------------------------------------------------------------------- */

void
copy_chance_seed(struct copy_chance *chance, uint64_t seed)
{
	unsigned i;

	memset(chance, 0, sizeof(*chance));
	chance->state = (seed + 1) * 0x9e3779b97f4a7c15ull;
	for (i = 0; i < 4; i++)
		(void)copy_draw(chance, 2);
}

void
copy_chance_bytes(struct copy_chance *chance, const unsigned char *bytes, size_t size)
{
	copy_chance_seed(chance, size);
	chance->bytes = bytes;
	chance->size = size;
}

unsigned
copy_draw(struct copy_chance *chance, unsigned below)
{
	unsigned value = 0, size = below <= 0x100 ? 1 : 2;

	if (chance->size < size)
		return random_xorshift_below(&chance->state, below);
	memcpy(&value, chance->bytes, size);
	chance->bytes += size;
	chance->size -= size;
	return value % below;
}

uint64_t
copy_draw64(struct copy_chance *chance)
{
	uint64_t value;

	if (chance->size < sizeof(value))
		return random_xorshift(&chance->state) * 0x9e3779b97f4a7c15ull;
	memcpy(&value, chance->bytes, sizeof(value));
	chance->bytes += sizeof(value);
	chance->size -= sizeof(value);
	return value;
}

static int
one_in(struct copy_chance *chance, unsigned n)
{
	return copy_draw(chance, n) == 0;
}

/* --- memory and mode ----------------------------------------------------------------------- */

static const uint64_t table_gpa[COPY_RANDOM_TABLES] = {
    0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000};
static const unsigned table_level[COPY_RANDOM_TABLES] = {4, 3, 2, 2, 1, 1};
static const uint64_t data_gpa[] = {0x10000, 0x11000, 0x12000, 0x13000, 0x200000, 0x201000,
    0x2ff000, 0x40200000, 0x40201000, 0x400000};

#define NO_PAGE 0x700000 /* nothing is there */

/* The slots of a table that the calls can meet. */
static const unsigned used_slots[] = {0, 1, 2, 3, 4, 5, 0x1fe, 0x1ff};

static uint64_t
random_frame(struct copy_chance *c, unsigned level)
{
	unsigned i, tries;

	if (level <= 3 && level > 1 && one_in(c, 6))
		return (level == 3 ? 0x40000000ull : 0x200000ull) | VK_PG_PS |
		    (one_in(c, 2) ? VK_PG_PAT_LARGE : 0) |
		    (one_in(c, 8) ? 1ull << (13 + copy_draw(c, 17)) : 0);
	if (level == 1 && !one_in(c, 8))
		return data_gpa[copy_draw(c, ROWS_COUNT(data_gpa))];
	if (one_in(c, 16))
		return NO_PAGE;
	for (tries = 0; tries < 16; tries++) {
		i = copy_draw(c, COPY_RANDOM_TABLES);
		if (table_level[i] == level - 1 || one_in(c, 24))
			return table_gpa[i];
	}
	return table_gpa[0];
}

static uint64_t
random_entry(struct copy_chance *c, unsigned level)
{
	uint64_t entry = random_frame(c, level) | COPY_PWU;

	if (one_in(c, 12))
		entry &= ~(1ull << copy_draw(c, 3));
	if (one_in(c, 40))
		entry |= 1ull << (30 + copy_draw(c, 34));
	entry |= (uint64_t)copy_draw(c, 4) << 5;
	if (one_in(c, 8))
		entry |= (uint64_t)copy_draw(c, 16) << 59;
	return entry;
}

static unsigned
random_rights(struct copy_chance *c)
{
	return one_in(c, 10) ? copy_draw(c, 4) : UMEM_RW;
}

static void
random_memory(struct copy_chance *c, struct umem *mem)
{
	unsigned i, slot;

	umem_clear(mem);
	for (i = 0; i < COPY_RANDOM_TABLES; i++) {
		umem_add(mem, table_gpa[i], one_in(c, 4) ? random_rights(c) : UMEM_RW, 0);
		memset(umem_at(mem, table_gpa[i]), 0, 4096);
		for (slot = 0; slot < ROWS_COUNT(used_slots); slot++)
			umem_set_word(mem, table_gpa[i] + 8 * used_slots[slot],
			    random_entry(c, table_level[i]));
	}
	for (i = 0; i < ROWS_COUNT(data_gpa); i++) {
		umem_add(mem, data_gpa[i], random_rights(c), i + 1);
		for (slot = 0; slot < 8; slot++) /* where strings end */
			*umem_at(mem, data_gpa[i] + copy_draw(c, 4096)) = 0;
	}
}

static void
random_mode(struct copy_chance *c, struct guestpt_mode *mode)
{
	memset(mode, 0, sizeof(*mode));
	mode->cr0 = VK_CR0_PG | 1 | (one_in(c, 2) ? VK_CR0_WP : 0);
	mode->cr3 = table_gpa[0] | copy_draw(c, 4096);
	mode->cr4 = 0x20 | (one_in(c, 2) ? VK_CR4_SMAP : 0) | (one_in(c, 2) ? VK_CR4_SMEP : 0) |
	    (one_in(c, 3) ? VK_CR4_PKE : 0);
	mode->efer = one_in(c, 4) ? 0 : VK_EFER_NXE;
	mode->pkru = (uint32_t)copy_draw64(c);
	mode->page1g = !one_in(c, 4);
	mode->maxphyaddr = 36 + copy_draw(c, 17);
}

void
copy_random_space(struct copy_chance *chance, struct umem *mem, struct vk_us *us, int ept)
{
	struct guestpt_mode mode;

	random_memory(chance, mem);
	random_mode(chance, &mode);
	if (ept)
		vk_us_init_ept(us, umem_gpm(mem), &mode, vk_gva(COPY_END));
	else
		vk_us_init_std(us, umem_gpm(mem), vk_gva(COPY_END));
}

/* --- calls --------------------------------------------------------------------------------- */

/* An address near the pages that are mapped; often near a border. */
static uint64_t
random_address(struct copy_chance *c, int ept)
{
	uint64_t page, offset = 4095 - copy_draw(c, 16);

	if (one_in(c, 2))
		offset = copy_draw(c, 4096);
	else if (one_in(c, 2))
		offset = copy_draw(c, 16);
	if (!ept)
		page = data_gpa[copy_draw(c, ROWS_COUNT(data_gpa))] + (one_in(c, 8) ? 0x1000 : 0);
	else if (one_in(c, 3))
		page = 0x80403fe000 + 0x1000 * copy_draw(c, 4);
	else
		page = COPY_X + 0x1000 * copy_draw(c, 5);
	if (ept && one_in(c, 20))
		page ^= 1ull << (30 + copy_draw(c, 18));
	return page | (one_in(c, 4) ? offset & ~7ull : offset);
}

/* One that fits the buffer, or one that goes around. */
static uint64_t
random_length(struct copy_chance *c, uint64_t gva)
{
	if (one_in(c, 40))
		return ~0ull - copy_draw(c, 0x3000);
	if (one_in(c, 20))
		return 0 - gva + copy_draw(c, 8);
	return one_in(c, 4) ? copy_draw(c, 0x2800) : copy_draw(c, 96);
}

void
copy_random_args(struct copy_chance *chance, struct umem *mem, struct vk_us *us,
    enum copy_name name, struct copy_args *args, unsigned char *buffer, unsigned char fill)
{
	int ept = us->pmap == &vk_pmap_ept;
	uint64_t slot;
	unsigned i;

	memset(args, 0, sizeof(*args));
	args->gva = random_address(chance, ept);
	args->len = random_length(chance, args->gva);
	args->buffer = buffer;
	args->value = one_in(chance, 8) ? 0 : copy_draw64(chance);
	if (copy_call[name].acc == UMEM_RW && !one_in(chance, 8))
		args->gva &= ~(uint64_t)(copy_call[name].size - 1);
	args->expected = copy_draw64(chance);
	/* Half of the compare-and-swaps should hit where one can tell what is there. */
	slot = args->gva & ~7ull;
	if (!ept && one_in(chance, 2) && umem_at(mem, slot) != NULL)
		args->expected = umem_word(mem, slot) >> (args->gva & 4 ? 32 : 0);
	us->end.v = one_in(chance, 10) ? args->gva + copy_draw(chance, 0x2000) : COPY_END;
	memset(buffer, fill, COPY_RANDOM_BUFFER);
	for (i = 0; name == COPYOUT && i < COPY_RANDOM_BUFFER; i++)
		buffer[i] = umem_pattern(77, i);
}

/* --- answers ------------------------------------------------------------------------------- */

static uint64_t
any_entry(struct copy_chance *c)
{
	static const uint64_t frame[] = {0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000, 0x10000,
	    0x11000, 0x12000, 0x200000, 0, NO_PAGE, 0x3ffffffff000};
	uint64_t entry = frame[copy_draw(c, ROWS_COUNT(frame))] | COPY_PWU;

	entry |= (uint64_t)copy_draw(c, 4) << 5; /* flags that are set already */
	if (one_in(c, 16))
		entry &= ~(1ull << copy_draw(c, 3)); /* P, RW or US */
	if (one_in(c, 16))
		entry |= VK_PG_PS;
	if (one_in(c, 64))
		entry |= 1ull << (46 + copy_draw(c, 16));
	return entry;
}

static enum cas_status
any_status(struct copy_chance *c)
{
	if (one_in(c, 8)) {
		c->lost++;
		return CAS_LOST;
	}
	return one_in(c, 32) ? CAS_REFUSED : CAS_DONE;
}

void
copy_random_answer(struct umem *mem, void *ctx, struct umem_event *event)
{
	struct copy_chance *c = ctx;

	switch (event->op) {
	case UMEM_LOAD:
		event->entry = any_entry(c);
		event->granted = !one_in(c, 64);
		break;
	case UMEM_CAS:
		event->status = any_status(c);
		if (event->status == CAS_DONE) /* it had come back to that value */
			umem_set_word(mem, event->gpa, event->entry);
		break;
	case UMEM_HOLD:
		event->granted = !one_in(c, 8);
		c->refused += !event->granted;
		break;
	default:
		break;
	}
}
