/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The module's glue over a kernel that checks its rules: pages taken and given back, dirtied after
 * a write, and the errno, the value or the -1 that the kernel's callers expect.
 *
 * Rules: [DF-HOLD] [DF-COPYIO] [DF-EPT-COPYIO] [DF-SYNC] [DF-GATE].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kmod/glue_cases.h"
#include "kmod/kmod_kernel.h"

/* The kernel's own numbers. */
#define DF_EFAULT       14
#define DF_ENAMETOOLONG 63

#define CR3            0x1000u
#define USER           0x8040200000u   /* PML4, PDPT and PD entry 1, PT entry 0 */
#define READ_ONLY      (USER + 0x3000) /* by the guest's table */
#define HOST_READ_ONLY (USER + 0x5000)
#define HOLE           (USER + 0x6000) /* the process has no memory there */
#define BEYOND         (USER + 0x7000) /* a guest-physical address no process can have */

static void
word(uint64_t at, uint64_t value)
{
	kernel_memory[at / 8] = value;
}

static int
setup(void **state)
{
	(void)state;
	kernel_reset(CR3 | 0x18);
	word(0x1008, 0x2007);
	word(0x2008, 0x3007);
	word(0x3008, 0x4007);
	word(0x4000, 0x6007);
	word(0x4008, 0x5007);
	word(0x4018, 0x7005);
	word(0x4028, KERNEL_READ_ONLY | 7);
	word(0x4030, 0x20007);
	word(0x4038, 0x00007fffffe00007);
	return 0;
}

/* Whatever a case did, the kernel's rules held. */
static int
teardown(void **state)
{
	(void)state;
	assert_null(kernel_wrong());
	assert_int_equal(kernel_count.held, kernel_count.unheld);
	assert_int_equal(kernel_count.busied, kernel_count.woken);
	return 0;
}

static void
copyin_moves_bytes_and_dirties_tables_alone(void **state)
{
	uint64_t got[2] = {0, 0};

	(void)state;
	word(0x6ff8, 0x1122334455667788);
	word(0x5000, 0x99aabbccddeeff00);
	assert_int_equal(kernel_copyin(USER + 0xff8, got, 16), 0);
	assert_int_equal(got[0], 0x1122334455667788);
	assert_int_equal(got[1], 0x99aabbccddeeff00);
	assert_int_equal(kernel_memory[0x4000 / 8], 0x6027);
	/* Four flags of the first page, one of the second. */
	assert_int_equal(kernel_count.dirtied, 5);
	assert_int_equal(kernel_count.faults, 2 * 4 + 5 + 2);
}

static void
copyin_over_flags_that_are_set_writes_nothing(void **state)
{
	char byte;

	(void)state;
	assert_int_equal(kernel_copyin(USER, &byte, 1), 0);
	kernel_count = (struct kernel_count){0};
	assert_int_equal(kernel_copyin(USER, &byte, 1), 0);
	assert_int_equal(kernel_count.faults, 5);
	assert_int_equal(kernel_count.dirtied, 0);
	assert_int_equal(kernel_count.busied, 0);
}

static void
copyout_moves_bytes_and_dirties_each_page(void **state)
{
	const uint64_t give[2] = {0x1122334455667788, 0x99aabbccddeeff00};

	(void)state;
	assert_int_equal(kernel_copyout(give, USER + 0xff8, 16), 0);
	assert_int_equal(kernel_memory[0x6ff8 / 8], give[0]);
	assert_int_equal(kernel_memory[0x5000 / 8], give[1]);
	assert_int_equal(kernel_memory[0x4000 / 8], 0x6067);
	assert_int_equal(kernel_memory[0x4008 / 8], 0x5067);
	assert_int_equal(kernel_count.dirtied, 5 + 2);
}

static void
pages_for_writing_come_as_the_release_gives_them(void **state)
{
	(void)state;
	assert_int_equal(kernel_copyout("a", USER, 1), 0);
	assert_int_equal(kernel_count.busied, kernel_busies_pages ? 5 : 0);
	assert_int_equal(kernel_count.held, kernel_busies_pages ? 4 : 9);
}

static void
a_page_for_writing_that_comes_held_is_unheld(void **state)
{
	(void)state;
	kernel_hold_only();
	assert_int_equal(kernel_copyout("a", USER, 1), 0);
	assert_int_equal(kernel_count.busied, 0);
	assert_int_equal(kernel_count.unheld, 9);
	assert_int_equal(kernel_count.dirtied, 5);
}

static void
no_length_asks_for_nothing(void **state)
{
	(void)state;
	assert_int_equal(kernel_copyin(HOLE, NULL, 0), 0);
	assert_int_equal(kernel_copyout("", UINT64_MAX, 0), 0);
	assert_int_equal(kernel_count.faults, 0);
}

static void
copies_that_fault_are_efault(void **state)
{
	char byte = 'a';

	(void)state;
	assert_int_equal(kernel_copyin(HOLE, &byte, 1), DF_EFAULT);
	assert_int_equal(kernel_copyin(BEYOND, &byte, 1), DF_EFAULT);
	assert_int_equal(kernel_copyin(USER, &byte, SIZE_MAX), DF_EFAULT);
	assert_int_equal(kernel_copyin(0x7fffffe00000, &byte, 1), DF_EFAULT);
	assert_int_equal(kernel_copyin(0xffff804040200000, &byte, 1), DF_EFAULT);
	assert_int_equal(kernel_copyout(&byte, READ_ONLY, 1), DF_EFAULT);
	assert_int_equal(kernel_copyout(&byte, HOST_READ_ONLY, 1), DF_EFAULT);
	assert_int_equal(kernel_copyin(READ_ONLY, &byte, 1), 0);
	assert_int_equal(kernel_copyin(HOST_READ_ONLY, &byte, 1), 0);
}

static void
strings_count_their_bytes_and_tell_too_long_from_fault(void **state)
{
	char got[16] = "";
	size_t done = 99;

	(void)state;
	word(0x6000, 0x0000000000434241);
	assert_int_equal(kernel_copyinstr(USER, got, sizeof(got), &done), 0);
	assert_int_equal(done, 4);
	assert_string_equal(got, "ABC");
	assert_int_equal(kernel_copyinstr(USER, got, 2, &done), DF_ENAMETOOLONG);
	assert_int_equal(done, 2);
	assert_int_equal(kernel_copyinstr(USER, got, 2, NULL), DF_ENAMETOOLONG);
	assert_int_equal(kernel_copyinstr(HOLE, got, 2, &done), DF_EFAULT);
	assert_int_equal(done, 0);
}

static void
fetches_and_stores_move_words(void **state)
{
	(void)state;
	word(0x6000, 0x8877665544332211);
	assert_int_equal(kernel_fubyte(USER + 1), 0x22);
	assert_true(kernel_fuword64(USER) == (int64_t)0x8877665544332211);
	assert_int_equal(kernel_subyte(USER, 0xff), 0);
	assert_int_equal(kernel_fubyte(USER), 0xff);
	assert_int_equal(kernel_suword32(USER, 0x55), 0);
	assert_true(kernel_fuword64(USER) == (int64_t)0x8877665500000055);
	assert_int_equal(kernel_suword64(USER, UINT64_MAX), 0);
	assert_true(kernel_fuword64(USER) == -1);
}

static void
fetches_and_stores_that_fault_are_minus_one(void **state)
{
	(void)state;
	assert_int_equal(kernel_fubyte(HOLE), -1);
	assert_true(kernel_fuword64(HOLE) == -1);
	assert_int_equal(kernel_subyte(READ_ONLY, 1), -1);
	assert_int_equal(kernel_suword32(READ_ONLY, 1), -1);
	assert_int_equal(kernel_suword64(READ_ONLY, 1), -1);
	assert_int_equal(kernel_memory[0x7000 / 8], 0);
}

static void
compare_and_exchange_returns_what_was_there(void **state)
{
	(void)state;
	word(0x6000, 5);
	assert_true(kernel_casu64(USER, 5, 6) == 5);
	assert_true(kernel_casu64(USER, 5, 7) == 6);
	assert_int_equal(kernel_memory[0x6000 / 8], 6);
	assert_true(kernel_casu32(USER + 4, 0, 9) == 0);
	assert_true(kernel_memory[0x6000 / 8] == 0x0000000900000006);
	assert_true(kernel_casu64(READ_ONLY, 0, 1) == UINT64_MAX);
	assert_true(kernel_casu32(USER + 2, 0, 1) == UINT32_MAX);
}

#if DECL_VERSION >= 500308
static void
exchanges_and_additions_return_values_or_minus_one(void **state)
{
	(void)state;
	word(0x6000, 0x0000000700000005);
	assert_int_equal(kernel_fuword32(USER + 4), 7);
	assert_int_equal(kernel_fuword32(HOLE), -1);
	assert_true(kernel_swapu32(USER, 6) == 5);
	assert_true(kernel_fuwordadd32(USER, 1) == 6);
	assert_true(kernel_swapu64(USER, 40) == 0x0000000700000007);
	assert_true(kernel_fuwordadd64(USER, 2) == 40);
	assert_int_equal(kernel_memory[0x6000 / 8], 42);
	assert_true(kernel_swapu32(READ_ONLY, 1) == UINT32_MAX);
	assert_true(kernel_swapu64(HOLE, 1) == UINT64_MAX);
	assert_true(kernel_swapu32(USER + 0xffe, 1) == UINT32_MAX);
	assert_true(kernel_fuwordadd32(HOLE, 1) == UINT32_MAX);
	assert_true(kernel_fuwordadd64(USER + 4, 1) == UINT64_MAX);
}
#endif

#if DECL_VERSION >= 400713
static void
a_copy_is_counted_at_the_gate_while_it_touches_a_page(void **state)
{
	uint32_t outside = *kernel_gate;
	char byte;

	(void)state;
	/* What is copied is the count itself. */
	assert_int_equal(kernel_copyout(kernel_gate, USER, sizeof(outside)), 0);
	assert_int_equal(kernel_memory[0x6000 / 8], outside + 2);
	assert_int_equal(*kernel_gate, outside);
	assert_int_equal(kernel_count.guarded, 1);
	assert_int_equal(kernel_copyin(USER + 0xfff, &byte, 1), 0);
	assert_int_equal(kernel_subyte(USER, 1), 0);
	assert_true(kernel_casu64(USER, 0, 0) != UINT64_MAX);
	assert_int_equal(kernel_count.guarded, 4);
	assert_int_equal(kernel_count.yields, 0);
}

static void
a_copy_waits_for_the_gate_before_it_walks(void **state)
{
	char byte;

	(void)state;
	kernel_shut_gate();
	assert_int_equal(kernel_copyin(USER, &byte, 1), 0);
	assert_int_equal(kernel_count.yields, 1);
	assert_int_equal(kernel_count.guarded, 1);
}

static void
a_page_that_was_shot_down_is_walked_again(void **state)
{
	uint64_t got = 0;

	(void)state;
	word(0x6000, 0x6666);
	word(0x5000, 0x5555);
	kernel_shoot_down(0x6000, 0x4000, 0x5007, 1);
	assert_int_equal(kernel_copyin(USER, &got, 8), 0);
	assert_int_equal(got, 0x5555);
	kernel_shoot_down(0x5000, 0x4000, 0, 1);
	assert_int_equal(kernel_suword64(USER, 1), -1);
	assert_int_equal(kernel_memory[0x5000 / 8], 0x5555);
	assert_int_equal(kernel_count.yields, 0);
}

static void
a_page_is_given_back_to_a_shootdown_that_has_begun(void **state)
{
	uint64_t got = 0;

	(void)state;
	word(0x6000, 0x6666);
	word(0x5000, 0x5555);
	kernel_shoot_down(0x6000, 0x4000, 0x5007, 0);
	assert_int_equal(kernel_copyin(USER, &got, 8), 0);
	assert_int_equal(got, 0x5555);
	assert_int_equal(kernel_count.yields, 1);
}

static void
a_page_that_is_shot_down_for_ever_is_efault(void **state)
{
	uint64_t got = 0;

	(void)state;
	kernel_shoot_down(0x6000, 0x4000, 0x6027, 100000);
	assert_int_equal(kernel_copyin(USER, &got, 8), DF_EFAULT);
	assert_int_equal(kernel_count.guarded, 1024);
}

static void
a_shootdown_does_not_wait_for_its_own_copies(void **state)
{
	uint64_t got = 0;

	(void)state;
	word(0x6000, 0x6666);
	kernel_shut_own_gate();
	assert_int_equal(kernel_copyin(USER, &got, 8), 0);
	assert_int_equal(got, 0x6666);
	assert_int_equal(kernel_count.yields, 0);
	assert_int_equal(kernel_count.guarded, 0);
}
#endif

static void
every_call_has_nowhere_to_go(void)
{
	char byte = 'a';
	size_t done = 99;

	assert_int_equal(kernel_copyin(USER, &byte, 1), DF_EFAULT);
	assert_int_equal(kernel_copyout(&byte, USER, 1), DF_EFAULT);
	assert_int_equal(kernel_copyinstr(USER, &byte, 1, &done), DF_EFAULT);
	assert_int_equal(done, 0);
	assert_int_equal(kernel_copyinstr(USER, &byte, 1, NULL), DF_EFAULT);
	assert_int_equal(kernel_fubyte(USER), -1);
	assert_int_equal(kernel_subyte(USER, 1), -1);
	assert_true(kernel_fuword64(USER) == -1);
	assert_int_equal(kernel_suword32(USER, 1), -1);
	assert_int_equal(kernel_suword64(USER, 1), -1);
	assert_true(kernel_casu32(USER, 0, 1) == UINT32_MAX);
	assert_true(kernel_casu64(USER, 0, 1) == UINT64_MAX);
#if DECL_VERSION >= 500308
	assert_int_equal(kernel_fuword32(USER), -1);
	assert_true(kernel_swapu32(USER, 1) == UINT32_MAX);
	assert_true(kernel_swapu64(USER, 1) == UINT64_MAX);
	assert_true(kernel_fuwordadd32(USER, 1) == UINT32_MAX);
	assert_true(kernel_fuwordadd64(USER, 1) == UINT64_MAX);
#endif
	assert_int_equal(kernel_count.faults, 0);
}

static void
a_thread_that_is_no_vcpu_has_no_user_space(void **state)
{
	(void)state;
	kernel_leave_guest();
	every_call_has_nowhere_to_go();
}

static void
a_thread_without_a_process_has_none_either(void **state)
{
	(void)state;
	kernel_leave_process();
	every_call_has_nowhere_to_go();
}

static void
guest_phys_addr_translates_and_sets_no_flag(void **state)
{
	uint64_t gpa;

	(void)state;
	assert_int_equal(kernel_guest_phys_addr(&gpa, CR3 | 0x18, USER + 0x1234), 0);
	assert_int_equal(gpa, 0x5234);
	assert_int_equal(kernel_memory[0x4008 / 8], 0x5007);
	assert_int_equal(kernel_count.dirtied, 0);
}

static void
guest_phys_addr_gives_no_address_with_efault(void **state)
{
	uint64_t gpa = 0;

	(void)state;
	assert_int_equal(kernel_guest_phys_addr(&gpa, CR3, USER + 0x2000), DF_EFAULT);
	assert_true(gpa == UINT64_MAX);
	assert_int_equal(kernel_guest_phys_addr(&gpa, CR3, USER | 1ull << 48), DF_EFAULT);
	assert_true(gpa == UINT64_MAX);
}

#define GLUE_CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
glue_cases_run(const char *release)
{
	const struct CMUnitTest cases[] = {
		GLUE_CASE(copyin_moves_bytes_and_dirties_tables_alone),
		GLUE_CASE(copyin_over_flags_that_are_set_writes_nothing),
		GLUE_CASE(copyout_moves_bytes_and_dirties_each_page),
		GLUE_CASE(pages_for_writing_come_as_the_release_gives_them),
		GLUE_CASE(a_page_for_writing_that_comes_held_is_unheld),
		GLUE_CASE(no_length_asks_for_nothing),
		GLUE_CASE(copies_that_fault_are_efault),
		GLUE_CASE(strings_count_their_bytes_and_tell_too_long_from_fault),
		GLUE_CASE(fetches_and_stores_move_words),
		GLUE_CASE(fetches_and_stores_that_fault_are_minus_one),
		GLUE_CASE(compare_and_exchange_returns_what_was_there),
#if DECL_VERSION >= 500308
		GLUE_CASE(exchanges_and_additions_return_values_or_minus_one),
#endif
#if DECL_VERSION >= 400713
		GLUE_CASE(a_copy_is_counted_at_the_gate_while_it_touches_a_page),
		GLUE_CASE(a_copy_waits_for_the_gate_before_it_walks),
		GLUE_CASE(a_page_that_was_shot_down_is_walked_again),
		GLUE_CASE(a_page_is_given_back_to_a_shootdown_that_has_begun),
		GLUE_CASE(a_page_that_is_shot_down_for_ever_is_efault),
		GLUE_CASE(a_shootdown_does_not_wait_for_its_own_copies),
#endif
		GLUE_CASE(a_thread_that_is_no_vcpu_has_no_user_space),
		GLUE_CASE(a_thread_without_a_process_has_none_either),
		GLUE_CASE(guest_phys_addr_translates_and_sets_no_flag),
		GLUE_CASE(guest_phys_addr_gives_no_address_with_efault),
	};

	return cmocka_run_group_tests_name(release, cases, NULL, NULL);
}
