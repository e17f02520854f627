/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The allocator of host frames: always the same frames in the same order, each zero when it is
 * given out, none given out twice, and an end.
 */
#include <string.h>

#include "sim/frames.h"
#include "support/support_rows.h"

static struct hostmem *mem;
static struct frames frames;

static int
frames_begin(void **state)
{
	(void)state;
	mem = hostmem_create(0x100000, 1000);
	assert_non_null(mem);
	frames_init(&frames, mem, vk_hpa(0x10000), vk_hpa(0x14000));
	return 0;
}

static int
frames_end(void **state)
{
	(void)state;
	hostmem_destroy(mem);
	return 0;
}

static void
assert_zero(hpa_t frame)
{
	unsigned char bytes[4096];
	unsigned i;

	hostmem_read(mem, frame, bytes, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0);
}

static void
frames_come_lowest_first_until_none_is_left(void **state)
{
	hpa_t frame = vk_hpa(0x77);
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_true(frames_take(&frames, &frame));
		assert_int_equal(frame.v, 0x10000 + 0x1000 * i);
		assert_int_equal(frames.taken, i + 1);
		assert_zero(frame);
	}
	assert_false(frames_take(&frames, &frame));
	assert_int_equal(frame.v, 0x13000);
	assert_int_equal(frames.taken, 4);
}

static void
a_frame_given_back_is_not_given_out_again(void **state)
{
	hpa_t first, second;

	(void)state;
	assert_true(frames_take(&frames, &first));
	assert_true(hostmem_store(mem, first, 0x1234));
	frames_give(&frames, first);
	assert_int_equal(frames.taken, 0);
	assert_true(frames_take(&frames, &second));
	assert_int_not_equal(first.v, second.v);
	assert_int_equal(hostmem_load(mem, first), 0x1234); /* a stale use still shows */
}

static void
a_frame_that_was_written_before_it_was_taken_comes_zeroed(void **state)
{
	hpa_t frame;

	(void)state;
	assert_true(hostmem_store(mem, vk_hpa(0x10ff8), ~0ull));
	assert_true(frames_take(&frames, &frame));
	assert_int_equal(frame.v, 0x10000);
	assert_zero(frame);
}

static void
taking_a_frame_writes_no_other(void **state)
{
	hpa_t frame;

	(void)state;
	assert_true(hostmem_store(mem, vk_hpa(0xfff8), 1));
	assert_true(hostmem_store(mem, vk_hpa(0x11000), 2));
	assert_true(hostmem_store(mem, vk_hpa(0x14000), 3));
	assert_true(frames_take(&frames, &frame));
	assert_int_equal(hostmem_load(mem, vk_hpa(0xfff8)), 1);
	assert_int_equal(hostmem_load(mem, vk_hpa(0x11000)), 2);
	while (frames_take(&frames, &frame))
		;
	assert_int_equal(hostmem_load(mem, vk_hpa(0x14000)), 3);
}

static void
the_end_of_memory_is_an_end(void **state)
{
	hpa_t frame;

	(void)state;
	frames_init(&frames, mem, vk_hpa(0xff000), vk_hpa(0x200000));
	assert_true(frames_take(&frames, &frame));
	assert_false(frames_take(&frames, &frame));
	assert_int_equal(frames.taken, 1);
}

static void
the_limit_on_written_frames_is_an_end(void **state)
{
	struct hostmem *small = hostmem_create(0x100000, 2);
	hpa_t frame;

	(void)state;
	assert_non_null(small);
	frames_init(&frames, small, vk_hpa(0x10000), vk_hpa(0x14000));
	assert_true(frames_take(&frames, &frame));
	assert_true(frames_take(&frames, &frame));
	assert_false(frames_take(&frames, &frame));
	assert_int_equal(hostmem_failed(small), HOSTMEM_OVER_LIMIT);
	hostmem_destroy(small);
}

static void
an_empty_range_has_no_frame(void **state)
{
	hpa_t frame;

	(void)state;
	frames_init(&frames, mem, vk_hpa(0x10000), vk_hpa(0x10000));
	assert_false(frames_take(&frames, &frame));
}

static void
ept_edits_take_and_give_the_same_frames(void **state)
{
	struct ept_frames ops = frames_for_ept(&frames);
	hpa_t frame, next;

	(void)state;
	assert_int_equal(ops.take(ops.ctx, &frame), 1);
	assert_int_equal(frame.v, 0x10000);
	assert_true(frames_take(&frames, &next));
	assert_int_equal(next.v, 0x11000);
	ops.give(ops.ctx, frame);
	assert_int_equal(frames.taken, 1);
	while (frames_take(&frames, &next))
		;
	assert_int_equal(ops.take(ops.ctx, &frame), 0);
}

#define FRAMES(test) cmocka_unit_test_setup_teardown(test, frames_begin, frames_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    FRAMES(frames_come_lowest_first_until_none_is_left),
	    FRAMES(a_frame_given_back_is_not_given_out_again),
	    FRAMES(a_frame_that_was_written_before_it_was_taken_comes_zeroed),
	    FRAMES(taking_a_frame_writes_no_other),
	    FRAMES(the_end_of_memory_is_an_end),
	    FRAMES(the_limit_on_written_frames_is_an_end),
	    FRAMES(an_empty_range_has_no_frame),
	    FRAMES(ept_edits_take_and_give_the_same_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
