/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that is only looked at: runs, pages over several of them, words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "image/image.h"

static unsigned char bytes[4 * VK_PAGE_BYTES];

struct fixture {
	struct image *image;
	unsigned char scratch[VK_PAGE_BYTES];
};

/* Runs: [0x1000, 0x2800), its continuation in other bytes to 0x3000, zeroes at [0x8000, 0xa000). */
static int
setup(void **state)
{
	static struct fixture f;
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i >> 3 ^ i >> 11);
	f.image = image_create();
	assert_non_null(f.image);
	assert_true(image_append(f.image, 0x1000, 0x2800, bytes));
	assert_true(image_append(f.image, 0x2800, 0x3000, bytes + 0x3000));
	assert_true(image_append(f.image, 0x8000, 0xa000, NULL));
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	image_destroy(f->image);
	return 0;
}

static void
a_page_in_one_run_is_where_it_lies(void **state)
{
	struct fixture *f = *state;

	assert_ptr_equal(image_page(f->image, vk_hpa(0x1000), f->scratch), bytes);
}

static void
a_page_over_two_runs_is_put_together(void **state)
{
	struct fixture *f = *state;

	assert_ptr_equal(image_page(f->image, vk_hpa(0x2000), f->scratch), f->scratch);
	assert_memory_equal(f->scratch, bytes + 0x1000, 0x800);
	assert_memory_equal(f->scratch + 0x800, bytes + 0x3000, 0x800);
}

static void
a_page_of_zeroes_is_zeroes(void **state)
{
	struct fixture *f = *state;
	const unsigned char *page = image_page(f->image, vk_hpa(0x9000), f->scratch);
	unsigned i;

	for (i = 0; i < VK_TABLE_ENTRIES; i++)
		assert_true(image_entry(page, i) == 0);
}

static void
a_page_that_is_not_there_whole_is_not_there(void **state)
{
	struct fixture *f = *state;

	assert_null(image_page(f->image, vk_hpa(0), f->scratch));
	assert_null(image_page(f->image, vk_hpa(0x3000), f->scratch));
	assert_null(image_page(f->image, vk_hpa(0x9800), f->scratch));
	assert_null(image_page(f->image, vk_hpa(~0xfffull), f->scratch));
}

static void
words_are_read_as_they_lie(void **state)
{
	struct fixture *f = *state;
	uint64_t word, expected;

	memcpy(&expected, bytes + 0x3000, sizeof(expected));
	assert_true(image_load(f->image, vk_hpa(0x2800), &word));
	assert_true(word == expected);
	assert_false(image_load(f->image, vk_hpa(0x3000), &word));
}

static void
to_a_walker_what_is_absent_is_ones_and_nothing_changes(void **state)
{
	struct fixture *f = *state;
	struct hpm hpm = image_hpm(f->image);

	assert_true(hpm.ops->load(hpm.ctx, vk_hpa(0x4000)) == ~0ull);
	assert_true(hpm.ops->load(hpm.ctx, vk_hpa(0x8000)) == 0);
	assert_int_equal(hpm.ops->cas(hpm.ctx, vk_hpa(0x8000), 0, 1), CAS_REFUSED);
}

static void
a_run_that_continues_the_last_is_joined_to_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->image->runs, 3);
	assert_true(image_append(f->image, 0xa000, 0xb000, NULL));
	assert_int_equal(f->image->runs, 3);
	assert_true(image_append(f->image, 0xb000, 0xc000, bytes));
	assert_true(image_append(f->image, 0xc000, 0xd000, bytes + 0x1000));
	assert_int_equal(f->image->runs, 4);
	assert_true(image_append(f->image, 0xe000, 0xf000, bytes + 0x2000));
	assert_int_equal(f->image->runs, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_page_in_one_run_is_where_it_lies),
		TEST(a_page_over_two_runs_is_put_together),
		TEST(a_page_of_zeroes_is_zeroes),
		TEST(a_page_that_is_not_there_whole_is_not_there),
		TEST(words_are_read_as_they_lie),
		TEST(to_a_walker_what_is_absent_is_ones_and_nothing_changes),
		TEST(a_run_that_continues_the_last_is_joined_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
