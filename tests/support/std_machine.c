/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds the standard machine.  The virtual CPU is the simulator's; its EPT stands on the counting
 * memory, so that each table access of either dimension is counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ept/memtype.h"
#include "support/std_machine.h"

/* Half of what MAXPHYADDR allows: above it nobody answers. */
#define HOST_SIZE (1ull << (STD_MAXPHYADDR - 1))

static void
std_build_guest(struct std_machine *m)
{
	std_set_guest(m, std_slot(4), STD_PDPT | STD_PWU);
	std_set_guest(m, std_slot(3), STD_PD | STD_PWU);
	std_set_guest(m, std_slot(2), STD_PT | STD_PWU);
	std_set_guest(m, std_slot(1), STD_A | STD_PWU);
}

static void
std_build_ept(struct std_machine *m)
{
	uint64_t page = EPT_RWX | STD_WB, large = page | EPT_PS;
	uint64_t i;

	fake_poke(&m->memory, STD_EPT_PML4, STD_EPT_PDPT | EPT_RWX);
	fake_poke(&m->memory, STD_EPT_PDPT, STD_EPT_PD | EPT_RWX);
	fake_poke(&m->memory, STD_EPT_PDPT + 8, STD_EPT_PD_HIGH | EPT_RWX);
	fake_poke(&m->memory, STD_EPT_PD, STD_EPT_PT | EPT_RWX);
	fake_poke(&m->memory, STD_EPT_PD + 8, (0x200000 + STD_HOST) | large);
	for (i = 0; i < 3; i++)
		fake_poke(&m->memory, STD_EPT_PD_HIGH + 8 * i,
		    (0x40000000 + i * 0x200000 + STD_HOST) | large);
	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		fake_poke(&m->memory, STD_EPT_PT + 8 * i, (i * VK_PAGE_BYTES + STD_HOST) | page);
}

void
std_init(struct std_machine *m)
{
	struct guestpt_mode *mode = &m->vcpu.mode;

	memset(m, 0, sizeof(*m));
	fake_init(&m->memory, HOST_SIZE);
	std_build_guest(m);
	std_build_ept(m);
	mode->cr0 = VK_CR0_PG | VK_CR0_WP;
	mode->cr3 = STD_PML4;
	mode->efer = VK_EFER_NXE;
	mode->page1g = 1;
	mode->maxphyaddr = STD_MAXPHYADDR;
	m->vcpu.cpl = 3;
	m->vcpu.ept_on = true;
	m->vcpu.mem = m->memory.mem;
	m->vcpu.pat = PAT_RESET;
	m->vcpu.thread = m->vcpu.step = -1;
	std_set_eptp(m, STD_EPTP, STD_CAP, 0);
}

void
std_destroy(struct std_machine *m)
{
	fake_destroy(&m->memory);
}

void
std_set_eptp(struct std_machine *m, uint64_t eptp, uint64_t cap, uint32_t controls)
{
	assert_int_equal(ept_init(&m->vcpu.ept, fake_hpm(&m->memory), eptp, cap, controls,
	    m->vcpu.mode.maxphyaddr), EPTP_VALID);
}

void
std_use_five_levels(struct std_machine *m)
{
	fake_poke(&m->memory, STD_EPT_PML5, STD_EPT_PML4 | EPT_RWX);
	std_set_guest(m, STD_PML5, STD_PML4 | STD_PWU);
	m->vcpu.mode.cr3 = STD_PML5;
	m->vcpu.mode.cr4 |= VK_CR4_LA57;
	std_set_eptp(m, STD_EPT_PML5 | EPTP_AD | (4ull << EPTP_WALK_SHIFT) | 6, STD_CAP,
	    m->vcpu.ept.controls);
}

uint64_t
std_slot(unsigned level)
{
	static const uint64_t table[VK_LEVELS + 1] = { 0, STD_PT, STD_PD, STD_PDPT, STD_PML4,
		STD_PML5 };

	return table[level] + 8 * vk_level_index(STD_X, level);
}

uint64_t
std_guest(const struct std_machine *m, uint64_t gpa)
{
	return fake_peek(&m->memory, gpa + STD_HOST);
}

void
std_set_guest(struct std_machine *m, uint64_t gpa, uint64_t value)
{
	fake_poke(&m->memory, gpa + STD_HOST, value);
}

uint64_t
std_ept_slot(uint64_t gpa)
{
	assert_true(gpa < 0x200000);
	return STD_EPT_PT + 8 * (gpa >> VK_PAGE_SHIFT);
}

uint64_t
std_ept(const struct std_machine *m, uint64_t gpa)
{
	return fake_peek(&m->memory, std_ept_slot(gpa));
}

void
std_set_ept(struct std_machine *m, uint64_t gpa, uint64_t value)
{
	fake_poke(&m->memory, std_ept_slot(gpa), value);
}

unsigned
std_acc(char kind)
{
	switch (kind) {
	case 'r':
		return VK_ACC_R;
	case 'w':
		return VK_ACC_W;
	case 'm':
		return VK_ACC_R | VK_ACC_W;
	default:
		return VK_ACC_X;
	}
}

enum vcpu_outcome
std_access(struct std_machine *m, char kind, uint64_t gva, unsigned size)
{
	struct vcpu_request request = { .gva = vk_gva(gva), .size = size, .acc = std_acc(kind) };

	fake_reset(&m->memory);
	return vcpu_translate(&m->vcpu, &request, &m->result);
}
