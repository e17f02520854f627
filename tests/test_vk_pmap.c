/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The function tables, and the public names that go through them.
 *
 * A public name is called on a user space whose table holds a recorder in each place; it has to
 * land in its own place with its own arguments.  The two real tables are held against the names of
 * the functions that belong there.  [DF-EPT-COPYIO] [DF-COPYIO]
 */
#include <string.h>

#include "copyio/vk_pmap.h"
#include "support/support_alone.h"
#include "support/support_rows.h"

/* What the recorder in a place of the table was called with. */
static struct {
	const char *name;
	const struct vk_us *us;
	uint64_t uaddr;
	uint64_t number[2]; /* len or value; expected first */
	const void *pointer[2];
} record;

static void
record_call(const char *name, const struct vk_us *us, gva_t uaddr)
{
	memset(&record, 0, sizeof(record));
	record.name = name;
	record.us = us;
	record.uaddr = uaddr.v;
}

#define ERROR_OF_RECORDER 77

static int
record_copyin(struct vk_us *us, gva_t uaddr, void *kaddr, size_t len, size_t *done)
{
	record_call("copyin", us, uaddr);
	record.pointer[0] = kaddr;
	record.number[0] = len;
	record.pointer[1] = done;
	return ERROR_OF_RECORDER;
}

static int
record_copyout(struct vk_us *us, const void *kaddr, gva_t uaddr, size_t len, size_t *done)
{
	record_call("copyout", us, uaddr);
	record.pointer[0] = kaddr;
	record.number[0] = len;
	record.pointer[1] = done;
	return ERROR_OF_RECORDER;
}

static int
record_copyinstr(struct vk_us *us, gva_t uaddr, char *kaddr, size_t len, size_t *done)
{
	record_call("copyinstr", us, uaddr);
	record.pointer[0] = kaddr;
	record.number[0] = len;
	record.pointer[1] = done;
	return ERROR_OF_RECORDER;
}

#define FETCH(name, type)                                                    \
	static int record_##name(struct vk_us *us, gva_t uaddr, type *value) \
	{                                                                    \
		record_call(#name, us, uaddr);                               \
		record.pointer[0] = value;                                   \
		return ERROR_OF_RECORDER;                                    \
	}
#define STORE(name, type)                                                   \
	static int record_##name(struct vk_us *us, gva_t uaddr, type value) \
	{                                                                   \
		record_call(#name, us, uaddr);                              \
		record.number[0] = value;                                   \
		return ERROR_OF_RECORDER;                                   \
	}
#define CHANGE(name, type)                                                             \
	static int record_##name(struct vk_us *us, gva_t uaddr, type value, type *old) \
	{                                                                              \
		record_call(#name, us, uaddr);                                         \
		record.number[0] = value;                                              \
		record.pointer[0] = old;                                               \
		return ERROR_OF_RECORDER;                                              \
	}
#define CAS(name, type)                                                          \
	static int record_##name(                                                \
	    struct vk_us *us, gva_t uaddr, type expected, type value, type *old) \
	{                                                                        \
		record_call(#name, us, uaddr);                                   \
		record.number[0] = expected;                                     \
		record.number[1] = value;                                        \
		record.pointer[0] = old;                                         \
		return ERROR_OF_RECORDER;                                        \
	}

FETCH(fubyte, uint8_t)
FETCH(fuword32, uint32_t)
FETCH(fuword64, uint64_t)
STORE(subyte, uint8_t)
STORE(suword32, uint32_t)
STORE(suword64, uint64_t)
CHANGE(swapu32, uint32_t)
CHANGE(swapu64, uint64_t)
CAS(casu32, uint32_t)
CAS(casu64, uint64_t)
CHANGE(fuwordadd32, uint32_t)
CHANGE(fuwordadd64, uint64_t)

#define FAMILY(family)                                                                             \
	{                                                                                          \
		.name = #family, .copyin = family##_copyin, .copyout = family##_copyout,           \
		.copyinstr = family##_copyinstr, .fubyte = family##_fubyte,                        \
		.subyte = family##_subyte, .fuword32 = family##_fuword32,                          \
		.fuword64 = family##_fuword64, .suword32 = family##_suword32,                      \
		.suword64 = family##_suword64, .swapu32 = family##_swapu32,                        \
		.swapu64 = family##_swapu64, .casu32 = family##_casu32, .casu64 = family##_casu64, \
		.fuwordadd32 = family##_fuwordadd32, .fuwordadd64 = family##_fuwordadd64           \
	}

static const struct vk_pmap recorder = FAMILY(record);
static struct vk_us us = {.pmap = &recorder};

static void
check(int result, const char *name, uint64_t first, uint64_t second, const void *pointer)
{
	assert_int_equal(result, ERROR_OF_RECORDER);
	assert_string_equal(record.name, name);
	assert_ptr_equal(record.us, &us);
	assert_int_equal(record.uaddr, 0x1234);
	assert_int_equal(record.number[0], first);
	assert_int_equal(record.number[1], second);
	assert_ptr_equal(record.pointer[0], pointer);
}

static void
ranges_go_to_their_place_in_the_table(void **state)
{
	gva_t at = vk_gva(0x1234);
	char buffer[8];
	size_t done;

	(void)state;
	check(vk_copyin(&us, at, buffer, 5, &done), "copyin", 5, 0, buffer);
	assert_ptr_equal(record.pointer[1], &done);
	check(vk_copyout(&us, buffer, at, 6, &done), "copyout", 6, 0, buffer);
	assert_ptr_equal(record.pointer[1], &done);
	check(vk_copyinstr(&us, at, buffer, 7, &done), "copyinstr", 7, 0, buffer);
	assert_ptr_equal(record.pointer[1], &done);
}

static void
values_go_to_their_place_in_the_table(void **state)
{
	gva_t at = vk_gva(0x1234);
	uint8_t byte;
	uint32_t word;
	uint64_t quad;

	(void)state;
	check(vk_fubyte(&us, at, &byte), "fubyte", 0, 0, &byte);
	check(vk_subyte(&us, at, 0xfe), "subyte", 0xfe, 0, NULL);
	check(vk_fuword32(&us, at, &word), "fuword32", 0, 0, &word);
	check(vk_fuword64(&us, at, &quad), "fuword64", 0, 0, &quad);
	check(vk_suword32(&us, at, ~0u), "suword32", ~0u, 0, NULL);
	check(vk_suword64(&us, at, ~0ull), "suword64", ~0ull, 0, NULL);
}

static void
atomic_operations_go_to_their_place_in_the_table(void **state)
{
	gva_t at = vk_gva(0x1234);
	uint32_t word;
	uint64_t quad;

	(void)state;
	check(vk_swapu32(&us, at, 3, &word), "swapu32", 3, 0, &word);
	check(vk_swapu64(&us, at, 1ull << 40, &quad), "swapu64", 1ull << 40, 0, &quad);
	check(vk_casu32(&us, at, 4, 5, &word), "casu32", 4, 5, &word);
	check(vk_casu64(&us, at, 1ull << 41, 1ull << 42, &quad), "casu64", 1ull << 41, 1ull << 42,
	    &quad);
	check(vk_fuwordadd32(&us, at, 6, &word), "fuwordadd32", 6, 0, &word);
	check(vk_fuwordadd64(&us, at, 1ull << 43, &quad), "fuwordadd64", 1ull << 43, 0, &quad);
}

static void
each_family_has_its_own_functions_in_its_table(void **state)
{
	static const struct vk_pmap std = FAMILY(std), ept = FAMILY(ept);

	(void)state;
	assert_string_equal(vk_pmap_std.name, std.name);
	assert_string_equal(vk_pmap_ept.name, ept.name);
	assert_memory_equal(
	    &vk_pmap_std.copyin, &std.copyin, sizeof(std) - offsetof(struct vk_pmap, copyin));
	assert_memory_equal(
	    &vk_pmap_ept.copyin, &ept.copyin, sizeof(ept) - offsetof(struct vk_pmap, copyin));
}

static const struct gpm_ops no_ops;

/* A short way and a guard are offered afterwards, or not at all. */
static void
assert_nothing_offered(const struct vk_us *space)
{
	assert_null(space->direct.read);
	assert_null(space->direct.write);
	assert_null(space->direct.find);
	assert_null(space->guard.ops);
}

static void
an_ordinary_process_gets_the_std_family(void **state)
{
	struct gpm mem = {&no_ops, &record};
	struct guestpt_walk walk;
	struct vk_us space;

	(void)state;
	memset(&space, 0xee, sizeof(space));
	vk_us_init_std(&space, mem, vk_gva(0x7fffffe00000));
	assert_ptr_equal(space.pmap, &vk_pmap_std);
	assert_ptr_equal(space.mem.ops, &no_ops);
	assert_ptr_equal(space.mem.ctx, &record);
	assert_int_equal(space.end.v, 0x7fffffe00000);
	assert_nothing_offered(&space);
	/* It has no tables: each address is its own. */
	assert_in_range(space.pt.mode.maxphyaddr, 32, 52);
	assert_int_equal(guestpt_walk(&space.pt, vk_gva(0x123456789), VK_ACC_W, &walk), GUESTPT_OK);
	assert_int_equal(walk.gpa.v, 0x123456789);
}

static void
a_process_in_guest_mode_gets_the_ept_family_and_its_tables(void **state)
{
	struct guestpt_mode mode = {
	    .cr0 = VK_CR0_PG, .cr3 = 0x1018, .efer = VK_EFER_NXE, .maxphyaddr = 46};
	struct gpm mem = {&no_ops, &record};
	struct vk_us space;

	(void)state;
	memset(&space, 0xee, sizeof(space));
	vk_us_init_ept(&space, mem, &mode, vk_gva(0x8000));
	assert_ptr_equal(space.pmap, &vk_pmap_ept);
	assert_ptr_equal(space.pt.mem.ops, &no_ops);
	assert_ptr_equal(space.pt.mem.ctx, &record);
	assert_ptr_equal(space.mem.ctx, &record);
	assert_int_equal(space.pt.levels, 4);
	assert_int_equal(space.pt.mode.cr3, 0x1018);
	assert_int_equal(space.end.v, 0x8000);
	assert_nothing_offered(&space);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ranges_go_to_their_place_in_the_table),
	    cmocka_unit_test(values_go_to_their_place_in_the_table),
	    cmocka_unit_test(atomic_operations_go_to_their_place_in_the_table),
	    cmocka_unit_test(each_family_has_its_own_functions_in_its_table),
	    cmocka_unit_test(an_ordinary_process_gets_the_std_family),
	    cmocka_unit_test(a_process_in_guest_mode_gets_the_ept_family_and_its_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
