/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables in flat memory, built with nothing but shifts and masks: what is right here does not rest
 * on the code that the tests look at.
 */
#include "support/flat_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

uint64_t
flat_load(const struct flat_machine *m, uint64_t hpa)
{
	return hpa < FLAT_BYTES ? m->memory[hpa / 8] : ~0ull;
}

void
flat_store(struct flat_machine *m, uint64_t hpa, uint64_t value)
{
	assert_true(hpa < FLAT_BYTES);
	vk_atomic_store64(&m->memory[hpa / 8], value);
}

static void
write_entry(struct flat_machine *m, uint64_t hpa, uint64_t value)
{
	flat_store(m, hpa, value);
	assert_true(m->entries < FLAT_ENTRIES);
	m->entry[m->entries++] = hpa;
}

uint64_t
flat_new_frame(struct flat_machine *m)
{
	/* Not in the order of their numbers: 37 and 64 have no common divisor. */
	return m->frames < FLAT_FRAMES ? m->frames++ * 37 % FLAT_FRAMES * VK_PAGE_BYTES : 0;
}

static unsigned
ept_levels(const struct flat_machine *m)
{
	return (unsigned)(m->eptp >> EPTP_WALK_SHIFT & 7) + 1;
}

static uint64_t
ept_table_flags(const struct flat_machine *m)
{
	return EPT_RWX | ((m->controls & EPT_CTL_MBEC) ? EPT_XU : 0) |
	    ((m->eptp & EPTP_AD) ? EPT_A : 0) | m->marks;
}

int
flat_map_gpa(struct flat_machine *m, uint64_t gpa, uint64_t hpa, unsigned level, uint64_t flags)
{
	uint64_t table = m->eptp & FLAT_FRAME_BITS, slot, frame;
	unsigned at;

	for (at = ept_levels(m); at > level; at--) {
		slot = table + vk_level_index(gpa, at) * 8;
		if (flat_load(m, slot) == 0) {
			frame = flat_new_frame(m);
			if (frame == 0)
				return 0;
			write_entry(m, slot, frame | ept_table_flags(m));
		}
		if (at <= 3 && (flat_load(m, slot) & EPT_PS))
			return 0;
		table = flat_load(m, slot) & FLAT_FRAME_BITS;
	}
	slot = table + vk_level_index(gpa, level) * 8;
	if (flat_load(m, slot) != 0)
		return 0;
	write_entry(m, slot, hpa | flags | (level > 1 ? EPT_PS : 0));
	return 1;
}

/* Where a guest-physical word is; ~0 when nowhere. */
static uint64_t
hpa_of(const struct flat_machine *m, uint64_t gpa)
{
	uint64_t table = m->eptp & FLAT_FRAME_BITS, entry;
	unsigned level;

	for (level = ept_levels(m);; level--) {
		entry = flat_load(m, table + vk_level_index(gpa, level) * 8);
		if (entry == 0 || entry == ~0ull)
			return ~0ull;
		if (level == 1 || (level <= 3 && (entry & EPT_PS)))
			break;
		table = entry & FLAT_FRAME_BITS;
	}
	return (entry & FLAT_FRAME_BITS & ~(vk_level_size(level) - 1)) |
	    (gpa & (vk_level_size(level) - 1));
}

/* An address whose page of that level has the frame's place in it. */
static uint64_t
with_frame(uint64_t address, uint64_t frame, unsigned level)
{
	return level == 1 ? address : (address & ~VK_BITS(29, 0)) | frame;
}

uint64_t
flat_new_guest_table(struct flat_machine *m)
{
	uint64_t frame = flat_new_frame(m);
	uint64_t gpa = with_frame(m->next_gpa, frame, m->table_level);

	if (frame == 0)
		return 0;
	m->next_gpa += 0x7003000;
	(void)flat_map_gpa(m, gpa, m->table_level > 1 ? 0 : frame, m->table_level, FLAT_EPT_PAGE);
	return hpa_of(m, gpa) == frame ? gpa : 0;
}

int
flat_map_gva(struct flat_machine *m, uint64_t gva, uint64_t gpa, unsigned level, uint64_t flags)
{
	uint64_t table = m->mode.cr3 & FLAT_FRAME_BITS, slot;
	unsigned at;

	for (at = (m->mode.cr4 & VK_CR4_LA57) ? 5 : 4; at > level; at--) {
		slot = hpa_of(m, table + vk_level_index(gva, at) * 8);
		if (slot >= FLAT_BYTES)
			return 0;
		if (flat_load(m, slot) == 0) {
			uint64_t page = flat_new_guest_table(m);

			if (page == 0)
				return 0;
			write_entry(m, slot, page | FLAT_GUEST_TABLE);
		}
		if (at <= 3 && (flat_load(m, slot) & VK_PG_PS))
			return 0;
		table = flat_load(m, slot) & FLAT_FRAME_BITS;
	}
	slot = hpa_of(m, table + vk_level_index(gva, level) * 8);
	if (slot >= FLAT_BYTES || flat_load(m, slot) != 0)
		return 0;
	write_entry(m, slot, gpa | flags | (level > 1 ? VK_PG_PS : 0));
	return 1;
}

void
flat_path(const struct flat_machine *m, uint64_t gva, uint64_t slot[FLAT_REFERENCES])
{
	uint64_t gpa = (m->mode.cr3 & FLAT_FRAME_BITS) | vk_level_index(gva, 4) * 8;
	unsigned level, at, n = 0;

	for (level = 4;; level--) {
		uint64_t table = m->eptp & FLAT_FRAME_BITS;

		for (at = 4; at > 0; at--) {
			slot[n] = table + vk_level_index(gpa, at) * 8;
			table = flat_load(m, slot[n++]) & FLAT_FRAME_BITS;
		}
		if (level == 0)
			return;
		slot[n] = table | (gpa & VK_PAGE_OFFSET_MASK);
		gpa = flat_load(m, slot[n++]) & FLAT_FRAME_BITS;
		gpa |= level > 1 ? vk_level_index(gva, level - 1) * 8 : 0;
	}
}

static uint64_t
counting_load(void *ctx, hpa_t slot)
{
	struct flat_machine *m = ctx;

	if (m->meanwhile != NULL)
		m->meanwhile(m, slot.v, 0);
	m->loads++;
	return m->window.ops->load(m->window.ctx, slot);
}

static enum cas_status
counting_cas(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	struct flat_machine *m = ctx;

	if (m->meanwhile != NULL)
		m->meanwhile(m, slot.v, 1);
	m->updates++;
	return m->window.ops->cas(m->window.ctx, slot, old, new_value);
}

static const struct hpm_ops counting_ops = { counting_load, counting_cas };

void
flat_set(struct flat_machine *m)
{
	struct nested_window window = { m->memory, FLAT_BYTES };

	flat_set_window(m, window);
}

void
flat_set_window(struct flat_machine *m, struct nested_window window)
{
	struct hpm nowhere = { NULL, NULL };
	struct ept ept;

	assert_int_equal(ept_init(&ept, nowhere, m->eptp, m->cap, m->controls, m->mode.maxphyaddr),
	    EPTP_VALID);
	nested_init(&m->nested, window, &ept, m->marks);
	nested_set_guest(&m->nested, &m->mode);
	m->window = m->nested.ept.mem;
	m->nested.ept.mem.ops = &counting_ops;
	m->nested.ept.mem.ctx = m;
}

void
flat_init_empty(struct flat_machine *m)
{
	memset(m, 0, sizeof(*m));
	m->memory = aligned_alloc(VK_PAGE_BYTES, FLAT_BYTES);
	assert_non_null(m->memory);
	memset(m->memory, 0, FLAT_BYTES);
	m->frames = 1;
	m->eptp = flat_new_frame(m) | EPTP_AD | 3ull << EPTP_WALK_SHIFT | 6;
	m->cap = EPT_CAP_EXEC_ONLY | EPT_CAP_WALK4 | EPT_CAP_WALK5 | EPT_CAP_UC | EPT_CAP_WB |
	    EPT_CAP_2M | EPT_CAP_1G | EPT_CAP_AD | EPT_CAP_ADV_INFO;
	m->next_gpa = 0x00001c0d5e6f7000;
	m->table_level = m->guest_level = m->ept_level = 1;
	m->mode.cr0 = VK_CR0_PG | VK_CR0_WP;
	m->mode.cr4 = VK_CR4_PGE;
	m->mode.efer = VK_EFER_NXE;
	m->mode.page1g = 1;
	m->mode.maxphyaddr = 46;
}

int
flat_add_page(struct flat_machine *m, uint64_t gva, uint64_t gpa, unsigned guest_level,
    unsigned ept_level, uint64_t guest_flags, uint64_t ept_flags)
{
	uint64_t frame = flat_new_frame(m), page;

	gpa = with_frame(gpa, frame, ept_level > guest_level ? ept_level : guest_level);
	gva = with_frame(gva, frame, guest_level);
	page = gpa & ~(vk_level_size(guest_level) - 1);
	if (frame == 0 ||
	    !flat_map_gpa(m, gpa, ept_level > 1 ? 0 : frame, ept_level, ept_flags))
		return 0;
	m->ept_leaf = m->entry[m->entries - 1];
	if (!flat_map_gva(m, gva, page, guest_level, guest_flags))
		return 0;
	m->guest_leaf = m->entry[m->entries - 1];
	m->gva = gva;
	return 1;
}

void
flat_fill(struct flat_machine *m)
{
	m->mode.cr3 = flat_new_guest_table(m);
	assert_true(flat_add_page(m, FLAT_GVA, FLAT_GPA, m->guest_level, m->ept_level,
	    FLAT_GUEST_PAGE, FLAT_EPT_PAGE));
}

void
flat_init(struct flat_machine *m)
{
	flat_init_empty(m);
	flat_fill(m);
	flat_set(m);
}

void
flat_destroy(struct flat_machine *m)
{
	free(m->memory);
	m->memory = NULL;
}
