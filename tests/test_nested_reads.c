/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the fast two-dimensional walk reads, by the walk itself, compiled once more with a read that
 * takes notes.
 *
 * [EPT-ORDER]
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t note_read(const uint64_t *place);

#define NESTED_READ(place) note_read(place)
#include "nested/nested_walk.c"

#include "support/flat_machine.h"

#define NOTES 32

static const uint64_t *noted[NOTES];
static unsigned notes;

static uint64_t
note_read(const uint64_t *place)
{
	assert_true(notes < NOTES);
	noted[notes++] = place;
	return *place;
}

/* The HPA of a noted place in the memory of the machine. */
static uint64_t
noted_hpa(const struct flat_machine *m, unsigned i)
{
	assert_true(noted[i] >= m->memory && noted[i] < m->memory + FLAT_WORDS);
	return (uint64_t)(noted[i] - m->memory) * 8;
}

static int
walk_with_notes(const struct flat_machine *m, enum nested_kind kind)
{
	notes = 0;
	return nested_fast(&m->nested, &m->nested.rights[kind], vk_gva(FLAT_GVA)).taken;
}

static void
an_ordinary_walk_reads_24_entries_once_each_and_in_order(void **state)
{
	struct flat_machine m;
	uint64_t slot[FLAT_REFERENCES];
	unsigned kind, i;

	(void)state;
	flat_init(&m);
	flat_path(&m, FLAT_GVA, slot);
	for (kind = 0; kind < NESTED_KINDS; kind++) {
		assert_true(walk_with_notes(&m, kind));
		assert_int_equal(notes, FLAT_REFERENCES);
		for (i = 0; i < FLAT_REFERENCES; i++)
			assert_int_equal(noted_hpa(&m, i), slot[i]);
	}
	flat_destroy(&m);
}

static void
the_readable_walk_reads_as_many(void **state)
{
	static struct nested_result result;
	struct flat_machine m;

	(void)state;
	flat_init(&m);
	m.loads = 0;
	assert_int_equal(nested_walk_recorded(&m.nested, vk_gva(FLAT_GVA), VK_ACC_R, &result),
	    NESTED_OK);
	assert_int_equal(m.loads, FLAT_REFERENCES);
	assert_int_equal(m.updates, 0);
	flat_destroy(&m);
}

static void
a_walk_that_is_declined_stops_at_the_entry_that_is_not_ordinary(void **state)
{
	struct flat_machine m;
	uint64_t slot[FLAT_REFERENCES];
	unsigned i, j;

	(void)state;
	flat_init(&m);
	flat_path(&m, FLAT_GVA, slot);
	for (j = 0; j < FLAT_REFERENCES; j++) {
		uint64_t good = flat_load(&m, slot[j]);
		unsigned first = 0;

		/* The EPT's upper entries serve several guest levels. */
		while (slot[first] != slot[j])
			first++;
		flat_store(&m, slot[j], 0);
		assert_false(walk_with_notes(&m, NESTED_USER_READ));
		assert_int_equal(notes, first + 1);
		for (i = 0; i <= first; i++)
			assert_int_equal(noted_hpa(&m, i), slot[i]);
		flat_store(&m, slot[j], good);
	}
	flat_destroy(&m);
}

/* Every place read is in the window, or is the entry that stands in for a root out of reach. */
static void
nothing_is_read_outside_the_window(void **state)
{
	static const uint64_t frames[] = { 0, FLAT_FRAMES - 1, FLAT_FRAMES, VK_BIT(34) - 1,
		VK_BIT(40) - 1 };
	struct flat_machine m;
	uint64_t slot[FLAT_REFERENCES];
	unsigned i, j, k, bit;

	(void)state;
	flat_init(&m);
	flat_path(&m, FLAT_GVA, slot);
	for (j = 0; j < FLAT_REFERENCES; j++) {
		uint64_t good = flat_load(&m, slot[j]);

		for (i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
			for (bit = 0; bit < 64; bit++) {
				flat_store(&m, slot[j], ((good & VK_PAGE_OFFSET_MASK) |
				    frames[i] << VK_PAGE_SHIFT) ^ VK_BIT(bit));
				(void)walk_with_notes(&m, NESTED_USER_READ);
				for (k = 0; k < notes; k++)
					(void)noted_hpa(&m, k);
			}
		}
		flat_store(&m, slot[j], good);
	}
	flat_destroy(&m);
}

static void
a_root_outside_the_window_is_not_read(void **state)
{
	struct flat_machine m;

	(void)state;
	flat_init(&m);
	m.eptp = FLAT_BYTES | (m.eptp & VK_PAGE_OFFSET_MASK);
	flat_set(&m);
	assert_false(walk_with_notes(&m, NESTED_USER_READ));
	assert_int_equal(notes, 1);
	assert_ptr_equal(noted[0], &m.nested.empty);
	flat_destroy(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ordinary_walk_reads_24_entries_once_each_and_in_order),
		cmocka_unit_test(the_readable_walk_reads_as_many),
		cmocka_unit_test(a_walk_that_is_declined_stops_at_the_entry_that_is_not_ordinary),
		cmocka_unit_test(nothing_is_read_outside_the_window),
		cmocka_unit_test(a_root_outside_the_window_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
