/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses of a virtual CPU from the outside: the bytes that move, the pieces of an access over a
 * border, the same without EPT, and what a listener is told.
 *
 * [GUEST-STRADDLE] [GUEST-CANONICAL] [GUEST-AD] [EPT-WALK] [EPT-AD]
 */
#include <string.h>

#include "ept/memtype.h"
#include "support/std_machine.h"
#include "support/support_rows.h"

#define X STD_X
#define A STD_A
#define B STD_B
#define PWU STD_PWU
#define PTE 0x4008ull
#define PTE2 0x4010ull

/* --- bytes -------------------------------------------------------------------------------- */

static void
bytes_over_a_border_go_to_both_pages(void **state)
{
	static const unsigned char bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	unsigned char back[8];
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_guest(&m, PTE2, STD_C | PWU);
	assert_int_equal(vcpu_write(&m.vcpu, vk_gva(X + 0xffd), bytes, 8, &m.result), VCPU_DONE);
	assert_int_equal(m.result.pieces, 2);
	assert_int_equal(m.result.piece[0].size, 3);
	assert_int_equal(m.result.piece[0].hpa.v, A + 0xffd + STD_HOST);
	assert_int_equal(m.result.piece[1].size, 5);
	assert_int_equal(m.result.piece[1].gva.v, STD_Y);
	assert_int_equal(m.result.piece[1].hpa.v, STD_C + STD_HOST);
	assert_int_equal(std_guest(&m, A + 0xff8) >> 40, 0x030201);
	assert_int_equal(std_guest(&m, STD_C), 0x0807060504);
	assert_int_equal(vcpu_read(&m.vcpu, vk_gva(X + 0xffd), back, 8, &m.result), VCPU_DONE);
	assert_memory_equal(back, bytes, 8);
	assert_int_equal(vcpu_fetch(&m.vcpu, vk_gva(X + 0xffd), back, 8, &m.result), VCPU_DONE);
	assert_memory_equal(back, bytes, 8);
	std_destroy(&m);
}

static void
no_byte_moves_when_the_second_page_fails(void **state)
{
	unsigned char bytes[8] = { 9, 9, 9, 9, 9, 9, 9, 9 }, kept[8];
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_guest(&m, PTE2, B | VK_PG_P | VK_PG_US);
	assert_int_equal(vcpu_write(&m.vcpu, vk_gva(X + 0xffc), bytes, 8, &m.result), VCPU_PF);
	assert_int_equal(m.result.cr2.v, STD_Y);
	assert_int_equal(std_guest(&m, A + 0xff8), 0);
	/* The first page was translated to the end, its dirty flag with it. */
	assert_int_equal(std_guest(&m, PTE), A | PWU | VK_PG_A | VK_PG_D);
	std_set_guest(&m, PTE2, 0);
	memcpy(kept, bytes, sizeof(kept));
	assert_int_equal(vcpu_read(&m.vcpu, vk_gva(X + 0xffc), bytes, 8, &m.result), VCPU_PF);
	assert_memory_equal(bytes, kept, 8);
	std_destroy(&m);
}

static void
an_access_that_ends_at_the_border_is_one_piece(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	assert_int_equal(std_access(&m, 'r', X + 0xff8, 8), VCPU_DONE);
	assert_int_equal(m.result.pieces, 1);
	std_destroy(&m);
}

static void
an_access_past_the_last_address_goes_on_at_zero(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_guest(&m, 0x1ff8, 0x2000 | PWU);
	std_set_guest(&m, 0x2ff8, 0x3000 | PWU);
	std_set_guest(&m, 0x3ff8, 0x4000 | PWU);
	std_set_guest(&m, 0x4ff8, B | PWU);
	std_set_guest(&m, 0x1000, 0x2000 | PWU);
	std_set_guest(&m, 0x2000, 0x3000 | PWU);
	std_set_guest(&m, 0x3000, 0x4000 | PWU);
	std_set_guest(&m, 0x4000, STD_C | PWU);
	assert_int_equal(std_access(&m, 'r', ~3ull, 8), VCPU_DONE);
	assert_int_equal(m.result.piece[0].gpa.v, B + 0xffc);
	assert_int_equal(m.result.piece[1].gva.v, 0);
	assert_int_equal(m.result.piece[1].gpa.v, STD_C);
	std_destroy(&m);
}

static void
flip_for_ever(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op == FAKE_CAS && address == PTE + STD_HOST)
		fake_poke(memory, address, fake_peek(memory, address) ^ 0x200);
}

static void
a_guest_entry_that_changes_for_ever_gives_no_access(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = flip_for_ever;
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_GP);
	assert_int_equal(std_guest(&m, PTE) & (VK_PG_A | VK_PG_D), 0);
	std_destroy(&m);
}

/* --- without EPT -------------------------------------------------------------------------- */

/* The guest's tables at their own addresses in host memory. */
static void
set_flat(struct std_machine *m)
{
	std_init(m);
	m->vcpu.ept_on = false;
	fake_poke(&m->memory, 0x1008, STD_PDPT | PWU);
	fake_poke(&m->memory, 0x2008, STD_PD | PWU);
	fake_poke(&m->memory, 0x3008, STD_PT | PWU);
	fake_poke(&m->memory, PTE, A | PWU);
}

static void
without_ept_guest_physical_is_host_physical(void **state)
{
	struct std_machine m;

	(void)state;
	set_flat(&m);
	assert_int_equal(std_access(&m, 'w', X + 7, 1), VCPU_DONE);
	assert_int_equal(m.result.piece[0].hpa.v, A + 7);
	assert_int_equal(m.result.reads, 4);
	assert_int_equal(fake_peek(&m.memory, PTE), A | PWU | VK_PG_A | VK_PG_D);
	fake_poke(&m.memory, PTE, 0);
	assert_int_equal(std_access(&m, 'w', X + 7, 1), VCPU_PF);
	assert_int_equal(m.result.error_code, 6);
	std_destroy(&m);
}

static void
without_ept_the_type_is_that_of_the_pat(void **state)
{
	struct std_machine m;

	(void)state;
	set_flat(&m);
	fake_poke(&m.memory, PTE, A | PWU | VK_PG_PWT);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(vcpu_memtype(&m.vcpu, &m.result.piece[0]), MEMTYPE_WT);
	m.vcpu.mode.cr0 |= VK_CR0_CD;
	assert_int_equal(vcpu_memtype(&m.vcpu, &m.result.piece[0]), MEMTYPE_UC);
	std_destroy(&m);
}

static void
without_ept_translations_are_cached_too(void **state)
{
	struct std_machine m;

	(void)state;
	set_flat(&m);
	m.vcpu.tlb = tlb_create(&(struct tlb_sizes){ 4, 4, 4 }, 0);
	assert_non_null(m.vcpu.tlb);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	fake_poke(&m.memory, PTE, B | PWU);
	assert_int_equal(std_access(&m, 'r', X + 9, 1), VCPU_DONE);
	assert_true(m.result.piece[0].cached);
	assert_true(m.result.piece[0].stale);
	assert_int_equal(m.result.piece[0].hpa.v, A + 9);
	tlb_destroy(m.vcpu.tlb);
	std_destroy(&m);
}

static void
explaining_without_ept_sets_no_flag(void **state)
{
	struct vcpu_request request = { .gva = vk_gva(X), .size = 1, .acc = VK_ACC_W };
	struct std_machine m;

	(void)state;
	set_flat(&m);
	assert_int_equal(vcpu_explain(&m.vcpu, &request, &m.result), VCPU_DONE);
	assert_int_equal(m.result.piece[0].hpa.v, A);
	assert_int_equal(fake_peek(&m.memory, PTE), A | PWU);
	std_destroy(&m);
}

static void
tables_beyond_memory_read_as_ones_without_ept(void **state)
{
	struct std_machine m;

	(void)state;
	set_flat(&m);
	m.vcpu.mode.cr3 = 0x00003ffffffff000;
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_PF);
	assert_int_equal(m.result.error_code, 0xd);
	std_destroy(&m);
}

/* --- what a listener is told -------------------------------------------------------------- */

struct heard {
	unsigned reads;   /* references of a walk, which are numbered */
	unsigned updates; /* entries read to set a guest flag, which are not */
	unsigned flags, accesses, stale;
	unsigned order; /* of the last reference */
	struct event last;
};

static void
hear(void *ctx, const struct event *event)
{
	struct heard *heard = ctx;

	switch (event->kind) {
	case EVENT_TABLE_READ:
		if (event->order == 0) {
			heard->updates++;
			break;
		}
		heard->reads++;
		assert_int_equal(event->order, heard->order + 1);
		heard->order = event->order;
		break;
	case EVENT_FLAGS:
		heard->flags++;
		assert_int_not_equal(event->before, event->value);
		assert_int_equal(event->before & ~event->value, 0);
		break;
	case EVENT_ACCESS:
		heard->accesses++;
		heard->order = 0;
		heard->last = *event;
		break;
	case EVENT_STALE:
		heard->stale++;
		break;
	default:
		fail_msg("an event of kind %d", (int)event->kind);
	}
}

static void
a_listener_hears_every_entry_in_order_and_every_flag(void **state)
{
	struct heard heard = { .reads = 0 };
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.vcpu.sink = hear;
	m.vcpu.sink_ctx = &heard;
	assert_int_equal(std_access(&m, 'w', X + 5, 1), VCPU_DONE);
	assert_int_equal(heard.accesses, 1);
	assert_int_equal(heard.reads, 24);
	/* Each of the four updates of guest flags goes through the EPT once more. */
	assert_int_equal(heard.updates, 16);
	/* The upper three EPT entries, five leaves, four guest entries. */
	assert_int_equal(heard.flags, 3 + 5 + 4);
	assert_int_equal(heard.last.address, X + 5);
	assert_int_equal(heard.last.gpa, A + 5);
	assert_int_equal(heard.last.value, A + 5 + STD_HOST);
	assert_int_equal(heard.last.acc, VK_ACC_W);
	assert_int_equal(heard.last.outcome, EVENT_OK);
	/* Once more: nothing is left to be set. */
	heard.reads = heard.updates = heard.flags = 0;
	assert_int_equal(std_access(&m, 'w', X + 5, 1), VCPU_DONE);
	assert_int_equal(heard.reads, 24);
	assert_int_equal(heard.updates + heard.flags, 0);
	std_destroy(&m);
}

static void
a_listener_hears_how_an_access_ended(void **state)
{
	struct heard heard = { .reads = 0 };
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.vcpu.sink = hear;
	m.vcpu.sink_ctx = &heard;
	std_set_guest(&m, PTE, 0);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_PF);
	assert_int_equal(heard.last.outcome, EVENT_PAGE_FAULT);
	assert_int_equal(heard.last.error, 6);
	assert_int_equal(heard.reads, 20);
	std_set_guest(&m, PTE, A | PWU);
	std_set_ept(&m, A, 0);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(heard.last.outcome, EVENT_VM_EXIT);
	/* A table page that is absent: the four entries that say so, and no guest entry. */
	std_set_ept(&m, 0x1000, 0);
	heard.reads = 0;
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(heard.reads, 4);
	/* An address too wide for the EPT: its root is not read. */
	m.vcpu.mode.maxphyaddr = 52;
	m.vcpu.mode.cr3 = VK_BIT(50);
	heard.reads = 0;
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(heard.reads, 0);
	std_destroy(&m);
}

static void
a_listener_hears_of_cached_and_stale_translations(void **state)
{
	struct heard heard = { .reads = 0 };
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.vcpu.tlb = tlb_create(&(struct tlb_sizes){ 4, 4, 4 }, 0);
	assert_non_null(m.vcpu.tlb);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	m.vcpu.sink = hear;
	m.vcpu.sink_ctx = &heard;
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(heard.reads, 0);
	assert_true(heard.last.cached);
	assert_int_equal(heard.stale, 0);
	std_set_guest(&m, PTE, 0);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(heard.stale, 1);
	tlb_destroy(m.vcpu.tlb);
	std_destroy(&m);
}

static void
a_listener_hears_nothing_of_explanations(void **state)
{
	struct vcpu_request request = { .gva = vk_gva(X), .size = 1, .acc = VK_ACC_W };
	struct heard heard = { .reads = 0 };
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.vcpu.sink = hear;
	m.vcpu.sink_ctx = &heard;
	assert_int_equal(vcpu_explain(&m.vcpu, &request, &m.result), VCPU_DONE);
	assert_int_equal(heard.reads + heard.flags + heard.accesses, 0);
	std_destroy(&m);
}

static void
a_listener_hears_guest_flags_without_ept_too(void **state)
{
	struct heard heard = { .reads = 0 };
	struct std_machine m;

	(void)state;
	set_flat(&m);
	m.vcpu.sink = hear;
	m.vcpu.sink_ctx = &heard;
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_DONE);
	assert_int_equal(heard.reads, 4);
	assert_int_equal(heard.flags, 4);
	std_destroy(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_over_a_border_go_to_both_pages),
		cmocka_unit_test(no_byte_moves_when_the_second_page_fails),
		cmocka_unit_test(an_access_that_ends_at_the_border_is_one_piece),
		cmocka_unit_test(an_access_past_the_last_address_goes_on_at_zero),
		cmocka_unit_test(a_guest_entry_that_changes_for_ever_gives_no_access),
		cmocka_unit_test(without_ept_guest_physical_is_host_physical),
		cmocka_unit_test(without_ept_the_type_is_that_of_the_pat),
		cmocka_unit_test(without_ept_translations_are_cached_too),
		cmocka_unit_test(explaining_without_ept_sets_no_flag),
		cmocka_unit_test(tables_beyond_memory_read_as_ones_without_ept),
		cmocka_unit_test(a_listener_hears_every_entry_in_order_and_every_flag),
		cmocka_unit_test(a_listener_hears_how_an_access_ended),
		cmocka_unit_test(a_listener_hears_of_cached_and_stale_translations),
		cmocka_unit_test(a_listener_hears_nothing_of_explanations),
		cmocka_unit_test(a_listener_hears_guest_flags_without_ept_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
