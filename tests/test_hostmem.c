/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sparse host memory: what was never written, what lies beyond, what is kept within bounds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/hostmem.h"
#include "support/support_rows.h"

#define SIZE VK_BIT(40)

static struct hostmem *
memory(uint64_t size, size_t limit)
{
	struct hostmem *mem = hostmem_create(size, limit);

	assert_non_null(mem);
	assert_int_equal(hostmem_size(mem), size);
	return mem;
}

static void
what_was_never_written_reads_as_zero_and_costs_nothing(void **state)
{
	struct hostmem *mem = memory(SIZE, 1);
	unsigned char bytes[64];
	unsigned i;

	(void)state;
	assert_int_equal(hostmem_load(mem, vk_hpa(0)), 0);
	assert_int_equal(hostmem_load(mem, vk_hpa(SIZE - 8)), 0);
	assert_false(hostmem_written(mem, vk_hpa(0x1000)));
	hostmem_read(mem, vk_hpa(0xffe), bytes, sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], 0);
	assert_int_equal(hostmem_frames(mem), 0);
	hostmem_destroy(mem);
}

static void
beyond_its_end_it_reads_as_ones_and_takes_nothing(void **state)
{
	struct hostmem *mem = memory(0x4000, 8);
	unsigned char bytes[16];

	(void)state;
	assert_int_equal(hostmem_load(mem, vk_hpa(0x4000)), ~0ull);
	assert_int_equal(hostmem_load(mem, vk_hpa(~7ull)), ~0ull);
	assert_false(hostmem_store(mem, vk_hpa(0x4000), 1));
	assert_null(hostmem_frame(mem, vk_hpa(0x4000)));
	assert_false(hostmem_written(mem, vk_hpa(0x4000)));
	/* Half of it inside, half beyond. */
	memset(bytes, 0x55, sizeof(bytes));
	assert_false(hostmem_write(mem, vk_hpa(0x3ff8), bytes, sizeof(bytes)));
	memset(bytes, 0, sizeof(bytes));
	hostmem_read(mem, vk_hpa(0x3ff8), bytes, sizeof(bytes));
	assert_int_equal(bytes[7], 0x55);
	assert_int_equal(bytes[8], 0xff);
	/* Nobody failed: there is simply nothing. */
	assert_int_equal(hostmem_failed(mem), HOSTMEM_FINE);
	hostmem_destroy(mem);
}

static void
what_was_written_is_read_over_a_whole_address_space(void **state)
{
	struct hostmem *mem = memory(VK_BIT(52), 5000);
	uint64_t frame = 0;
	unsigned i;

	(void)state;
	for (i = 0; i < 5000; i++) {
		frame = (frame * 6364136223846793005 + 1442695040888963407) & VK_BITS(51, 12);
		assert_true(hostmem_store(mem, vk_hpa(frame | 8 * (i % 512)), i + 1));
	}
	frame = 0;
	for (i = 0; i < 5000; i++) {
		frame = (frame * 6364136223846793005 + 1442695040888963407) & VK_BITS(51, 12);
		assert_int_equal(hostmem_load(mem, vk_hpa(frame | 8 * (i % 512))), i + 1);
	}
	hostmem_destroy(mem);
}

static void
bytes_cross_frames(void **state)
{
	struct hostmem *mem = memory(SIZE, 8);
	unsigned char out[3 * VK_PAGE_BYTES], in[sizeof(out)];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(out); i++)
		out[i] = (unsigned char)(i * 7 + i / 256);
	assert_true(hostmem_write(mem, vk_hpa(0x12345), out, sizeof(out)));
	hostmem_read(mem, vk_hpa(0x12345), in, sizeof(in));
	assert_memory_equal(in, out, sizeof(out));
	assert_int_equal(hostmem_frames(mem), 4);
	/* A word is what lies at its aligned address, little end first. */
	assert_int_equal(hostmem_load(mem, vk_hpa(0x13000)) & 0xff, out[0x13000 - 0x12345]);
	assert_int_equal(hostmem_load(mem, vk_hpa(0x13003)), hostmem_load(mem, vk_hpa(0x13000)));
	hostmem_destroy(mem);
}

static void
a_frame_keeps_its_place(void **state)
{
	struct hostmem *mem = memory(SIZE, 300);
	unsigned char *first = hostmem_frame(mem, vk_hpa(0x5000));
	uint64_t i;

	(void)state;
	assert_non_null(first);
	first[1] = 0xaa;
	for (i = 0; i < 299; i++)
		assert_non_null(hostmem_frame(mem, vk_hpa(0x100000 + i * VK_PAGE_BYTES)));
	assert_ptr_equal(hostmem_frame(mem, vk_hpa(0x5fff)), first);
	assert_true(hostmem_written(mem, vk_hpa(0x5008)));
	assert_int_equal(hostmem_load(mem, vk_hpa(0x5000)), 0xaa00);
	hostmem_destroy(mem);
}

static void
a_frame_seen_as_one_is_what_was_written_in_parts(void **state)
{
	struct hostmem *mem = memory(SIZE, 8);
	unsigned char *bytes;
	uint64_t at;

	(void)state;
	for (at = 0; at < VK_PAGE_BYTES; at += 0x600)
		assert_true(hostmem_store(mem, vk_hpa(0x5000 + at), at + 1));
	bytes = hostmem_frame(mem, vk_hpa(0x5000));
	assert_non_null(bytes);
	assert_int_equal(hostmem_frames(mem), 1);
	for (at = 0; at < VK_PAGE_BYTES; at += 8) {
		uint64_t word, expected = at % 0x600 == 0 ? at + 1 : 0;

		memcpy(&word, bytes + at, sizeof(word));
		assert_int_equal(word, expected);
		assert_int_equal(hostmem_load(mem, vk_hpa(0x5000 + at)), expected);
		assert_true(hostmem_store(mem, vk_hpa(0x5000 + at), ~at));
		memcpy(&word, bytes + at, sizeof(word));
		assert_int_equal(word, ~at);
	}
	hostmem_destroy(mem);
}

static void
a_cleared_frame_is_zero_and_counts(void **state)
{
	struct hostmem *mem = memory(0x8000, 2);

	(void)state;
	assert_true(hostmem_store(mem, vk_hpa(0x1008), 1));
	assert_true(hostmem_store(mem, vk_hpa(0x1ff8), 2));
	assert_true(hostmem_clear(mem, vk_hpa(0x1000)));
	assert_int_equal(hostmem_load(mem, vk_hpa(0x1008)), 0);
	assert_int_equal(hostmem_load(mem, vk_hpa(0x1ff8)), 0);
	assert_true(hostmem_written(mem, vk_hpa(0x1000)));
	assert_true(hostmem_clear(mem, vk_hpa(0x2000)));
	assert_true(hostmem_written(mem, vk_hpa(0x2000)));
	assert_int_equal(hostmem_frames(mem), 2);
	assert_false(hostmem_clear(mem, vk_hpa(0x8000)));
	assert_int_equal(hostmem_failed(mem), HOSTMEM_FINE);
	assert_false(hostmem_clear(mem, vk_hpa(0x3000)));
	assert_int_equal(hostmem_failed(mem), HOSTMEM_OVER_LIMIT);
	hostmem_destroy(mem);
}

static void
more_frames_than_allowed_are_a_failure_that_stays(void **state)
{
	struct hostmem *mem = memory(SIZE, 2);

	(void)state;
	assert_true(hostmem_store(mem, vk_hpa(0x1000), 1));
	assert_true(hostmem_store(mem, vk_hpa(0x2000), 2));
	assert_int_equal(hostmem_failed(mem), HOSTMEM_FINE);
	assert_false(hostmem_store(mem, vk_hpa(0x3000), 3));
	assert_int_equal(hostmem_failed(mem), HOSTMEM_OVER_LIMIT);
	/* What there is can still be written. */
	assert_true(hostmem_store(mem, vk_hpa(0x1008), 4));
	assert_int_equal(hostmem_failed(mem), HOSTMEM_OVER_LIMIT);
	assert_int_equal(hostmem_load(mem, vk_hpa(0x3000)), 0);
	assert_int_equal(hostmem_frames(mem), 2);
	hostmem_destroy(mem);
}

static void
a_walker_sees_loads_and_compare_and_swaps(void **state)
{
	struct hostmem *mem = memory(0x10000, 1);
	struct hpm hpm = hostmem_hpm(mem);

	(void)state;
	assert_int_equal(hpm.ops->load(hpm.ctx, vk_hpa(0x1008)), 0);
	assert_int_equal(hpm.ops->cas(hpm.ctx, vk_hpa(0x1008), 1, 2), CAS_LOST);
	assert_int_equal(hpm.ops->cas(hpm.ctx, vk_hpa(0x1008), 0, 2), CAS_DONE);
	assert_int_equal(hpm.ops->load(hpm.ctx, vk_hpa(0x1008)), 2);
	assert_int_equal(hpm.ops->load(hpm.ctx, vk_hpa(0x10000)), ~0ull);
	assert_int_equal(hpm.ops->cas(hpm.ctx, vk_hpa(0x10000), ~0ull, 0), CAS_REFUSED);
	/* A second frame is beyond the limit. */
	assert_int_equal(hpm.ops->cas(hpm.ctx, vk_hpa(0x2000), 0, 1), CAS_REFUSED);
	hostmem_destroy(mem);
}

struct visits {
	uint64_t frame[4];
	unsigned count;
};

static void
visit(void *ctx, hpa_t frame, const void *bytes)
{
	struct visits *visits = ctx;
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	assert_int_equal(word, frame.v + 1);
	assert_true(visits->count < 4);
	visits->frame[visits->count++] = frame.v;
}

static void
frames_are_visited_in_ascending_order(void **state)
{
	static const uint64_t frames[] = { 0x7000000000, 0x1000, 0xfffff000, 0x2000 };
	struct hostmem *mem = memory(SIZE, 8);
	struct visits visits = { .count = 0 };
	unsigned i;

	(void)state;
	assert_true(hostmem_visit(mem, visit, &visits));
	assert_int_equal(visits.count, 0);
	for (i = 0; i < 4; i++)
		assert_true(hostmem_store(mem, vk_hpa(frames[i]), frames[i] + 1));
	assert_true(hostmem_visit(mem, visit, &visits));
	assert_int_equal(visits.count, 4);
	assert_int_equal(visits.frame[0], 0x1000);
	assert_int_equal(visits.frame[1], 0x2000);
	assert_int_equal(visits.frame[2], 0xfffff000);
	assert_int_equal(visits.frame[3], 0x7000000000);
	hostmem_destroy(mem);
}

/* --- who listens ------------------------------------------------------------------------------ */

/* What was told, one after the other: "1000=5 2008=7!", ! where the operation was locked. */
struct ear {
	unsigned warnings; /* that something is about to be written */
	uint64_t frame; /* the one that is listened to */
	char told[256];
};

static bool
wants_one(void *ctx, hpa_t frame)
{
	const struct ear *ear = ctx;

	return frame.v == ear->frame;
}

static void
be_warned(void *ctx)
{
	((struct ear *)ctx)->warnings++;
}

static void
write_down(void *ctx, hpa_t slot, uint64_t before, uint64_t after, bool locked)
{
	struct ear *ear = ctx;
	size_t at = strlen(ear->told);

	snprintf(ear->told + at, sizeof(ear->told) - at,
	    "%s%" PRIx64 ":%" PRIx64 "=%" PRIx64 "%s", at ? " " : "", slot.v, before, after,
	    locked ? "!" : "");
}

static void
words_that_change_are_told(void **state)
{
	struct ear ear = { .frame = 0x2000 };
	struct hostmem_listener listener = { .wants = wants_one, .about = be_warned,
		.changed = write_down, .ctx = &ear };
	struct hostmem *mem = memory(SIZE, 16);
	unsigned char bytes[3 * VK_PAGE_BYTES] = { 0 };
	struct hpm hpm = hostmem_hpm(mem);

	(void)state;
	hostmem_listen(mem, &listener);
	hostmem_store(mem, vk_hpa(0x1000), 1);
	hostmem_store(mem, vk_hpa(0x2000), 1);
	hostmem_store(mem, vk_hpa(0x2000), 1); /* as it was */
	hpm.ops->cas(hpm.ctx, vk_hpa(0x2000), 1, 2);
	hpm.ops->cas(hpm.ctx, vk_hpa(0x2000), 1, 3); /* lost */
	bytes[0] = 0x12;
	hostmem_write(mem, vk_hpa(0x2009), bytes, 1);
	hostmem_lock(mem, true);
	hostmem_write(mem, vk_hpa(0x2009), bytes + 1, 1);
	hostmem_lock(mem, false);
	/* Its frame is neither the first nor the last. */
	bytes[VK_PAGE_BYTES] = 7;
	hostmem_write(mem, vk_hpa(0x1000), bytes, sizeof(bytes));
	hostmem_unlisten(mem, &listener);
	hostmem_store(mem, vk_hpa(0x2000), 9);
	assert_string_equal(ear.told, "2000:0=1 2000:1=2! 2008:0=1200 2008:1200=0! 2000:2=7");
	assert_in_range(ear.warnings, 5, 7); /* each store, be there a change or not */
	hostmem_destroy(mem);
}

static void
what_changes_on_a_loan_is_told_when_it_is_returned(void **state)
{
	struct ear ear = { .frame = 0x2000 };
	struct hostmem_listener listener = { .wants = wants_one, .about = be_warned,
		.changed = write_down, .ctx = &ear };
	struct hostmem *mem = memory(SIZE, 16);
	struct hostmem_loan *loan, *other;
	uint64_t *words = hostmem_frame(mem, vk_hpa(0x2000));

	(void)state;
	assert_null(hostmem_lend(mem, vk_hpa(0x2000))); /* nobody listens */
	hostmem_return(mem, NULL);
	hostmem_listen(mem, &listener);
	assert_null(hostmem_lend(mem, vk_hpa(0x1000)));
	loan = hostmem_lend(mem, vk_hpa(0x2008));
	assert_non_null(loan);
	other = hostmem_lend(mem, vk_hpa(0x2000)); /* two at a time */
	assert_ptr_not_equal(other, loan);
	words[0] = 5;
	words[511] = 6;
	assert_string_equal(ear.told, "");
	hostmem_store(mem, vk_hpa(0x2100), 7); /* by somebody else: told at once, and once */
	hostmem_return(mem, loan);
	assert_string_equal(ear.told, "2100:0=7 2000:0=5 2ff8:0=6");
	ear.told[0] = 0;
	loan = hostmem_lend(mem, vk_hpa(0x2000));
	hostmem_return(mem, loan); /* unchanged since it was lent */
	assert_string_equal(ear.told, "");
	hostmem_destroy(mem); /* with `other` still out */
}

static void
several_listen_each_to_frames_of_its_own(void **state)
{
	struct ear one = { .frame = 0x2000 }, two = { .frame = 0x3000 }, both = { .frame = 0x2000 };
	struct hostmem_listener first = { .wants = wants_one, .about = be_warned,
		.changed = write_down, .ctx = &one };
	struct hostmem_listener second = { .wants = wants_one, .changed = write_down, .ctx = &two };
	struct hostmem_listener third = { .wants = wants_one, .about = be_warned,
		.changed = write_down, .ctx = &both };
	struct hostmem *mem = memory(SIZE, 16);
	struct hostmem_loan *loan;

	(void)state;
	hostmem_listen(mem, &first);
	hostmem_listen(mem, &second); /* nobody warns it */
	hostmem_listen(mem, &third);
	hostmem_store(mem, vk_hpa(0x2000), 1);
	hostmem_store(mem, vk_hpa(0x3000), 2);
	hostmem_store(mem, vk_hpa(0x4000), 3);
	loan = hostmem_lend(mem, vk_hpa(0x3000));
	((uint64_t *)hostmem_frame(mem, vk_hpa(0x3000)))[1] = 4;
	hostmem_return(mem, loan);
	hostmem_unlisten(mem, &second); /* from the middle */
	hostmem_store(mem, vk_hpa(0x3000), 5);
	hostmem_unlisten(mem, &second); /* it does not listen */
	hostmem_store(mem, vk_hpa(0x2008), 6);
	hostmem_unlisten(mem, &first);
	hostmem_unlisten(mem, &third);
	hostmem_store(mem, vk_hpa(0x2010), 7);
	assert_string_equal(one.told, "2000:0=1 2008:0=6");
	assert_string_equal(both.told, "2000:0=1 2008:0=6");
	assert_string_equal(two.told, "3000:0=2 3008:0=4");
	assert_int_equal(one.warnings, 2); /* of its own frame alone */
	assert_int_equal(both.warnings, 2);
	hostmem_destroy(mem);
}

static void
destroying_nothing_does_nothing(void **state)
{
	(void)state;
	hostmem_destroy(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_never_written_reads_as_zero_and_costs_nothing),
		cmocka_unit_test(beyond_its_end_it_reads_as_ones_and_takes_nothing),
		cmocka_unit_test(what_was_written_is_read_over_a_whole_address_space),
		cmocka_unit_test(bytes_cross_frames),
		cmocka_unit_test(a_frame_keeps_its_place),
		cmocka_unit_test(a_frame_seen_as_one_is_what_was_written_in_parts),
		cmocka_unit_test(a_cleared_frame_is_zero_and_counts),
		cmocka_unit_test(more_frames_than_allowed_are_a_failure_that_stays),
		cmocka_unit_test(a_walker_sees_loads_and_compare_and_swaps),
		cmocka_unit_test(frames_are_visited_in_ascending_order),
		cmocka_unit_test(words_that_change_are_told),
		cmocka_unit_test(what_changes_on_a_loan_is_told_when_it_is_returned),
		cmocka_unit_test(several_listen_each_to_frames_of_its_own),
		cmocka_unit_test(destroying_nothing_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
