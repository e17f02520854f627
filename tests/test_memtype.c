/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory types: the combination table, written out once more by name, and the PAT.
 *
 * [MEMTYPE-EFFECTIVE] [MEMTYPE-PAT]
 */
#include "ept/memtype.h"
#include "support/support_rows.h"

/* Columns of the PAT's type, in this order. */
static const enum memtype pat_types[] = { MEMTYPE_UC, MEMTYPE_UC_MINUS, MEMTYPE_WC, MEMTYPE_WT,
	MEMTYPE_WB, MEMTYPE_WP };

static const struct {
	enum memtype ept;
	enum memtype effective[ROWS_COUNT(pat_types)];
} combinations[] = {
	{ MEMTYPE_UC, { MEMTYPE_UC, MEMTYPE_UC, MEMTYPE_WC, MEMTYPE_UC, MEMTYPE_UC, MEMTYPE_UC } },
	{ MEMTYPE_WC, { MEMTYPE_UC, MEMTYPE_WC, MEMTYPE_WC, MEMTYPE_UC, MEMTYPE_WC, MEMTYPE_UC } },
	{ MEMTYPE_WT, { MEMTYPE_UC, MEMTYPE_UC, MEMTYPE_WC, MEMTYPE_WT, MEMTYPE_WT, MEMTYPE_WP } },
	{ MEMTYPE_WP, { MEMTYPE_UC, MEMTYPE_WC, MEMTYPE_WC, MEMTYPE_WT, MEMTYPE_WP, MEMTYPE_WP } },
	{ MEMTYPE_WB, { MEMTYPE_UC, MEMTYPE_UC, MEMTYPE_WC, MEMTYPE_WT, MEMTYPE_WB, MEMTYPE_WP } },
};

static void
ept_and_pat_types_combine_by_the_table(void **state)
{
	size_t row, column;

	(void)state;
	for (row = 0; row < ROWS_COUNT(combinations); row++) {
		for (column = 0; column < ROWS_COUNT(pat_types); column++)
			assert_int_equal(memtype_combine(combinations[row].ept, pat_types[column],
			    0, 0), combinations[row].effective[column]);
	}
}

static void
with_ipat_the_ept_type_stands_alone(void **state)
{
	size_t row, column;

	(void)state;
	for (row = 0; row < ROWS_COUNT(combinations); row++) {
		for (column = 0; column < ROWS_COUNT(pat_types); column++)
			assert_int_equal(memtype_combine(combinations[row].ept, pat_types[column],
			    1, 0), combinations[row].ept);
	}
}

static void
with_caches_disabled_everything_is_uncacheable(void **state)
{
	size_t row, column;

	(void)state;
	for (row = 0; row < ROWS_COUNT(combinations); row++) {
		for (column = 0; column < ROWS_COUNT(pat_types); column++) {
			assert_int_equal(memtype_combine(combinations[row].ept, pat_types[column],
			    0, 1), MEMTYPE_UC);
			assert_int_equal(memtype_combine(combinations[row].ept, pat_types[column],
			    1, 1), MEMTYPE_UC);
		}
	}
}

static void
the_pat_has_eight_entries_of_a_byte(void **state)
{
	static const enum memtype reset[] = { MEMTYPE_WB, MEMTYPE_WT, MEMTYPE_UC_MINUS,
		MEMTYPE_UC };
	unsigned i;

	(void)state;
	for (i = 0; i < 8; i++) {
		assert_int_equal(memtype_from_pat(PAT_RESET, i), reset[i % 4]);
		assert_int_equal(memtype_from_pat(5ull << (8 * i), i), MEMTYPE_WP);
		assert_int_equal(memtype_from_pat(~(7ull << (8 * i)), i), MEMTYPE_UC);
	}
}

static void
a_reserved_code_counts_as_uncacheable(void **state)
{
	(void)state;
	assert_int_equal(memtype_from_pat(2, 0), MEMTYPE_UC);
	assert_int_equal(memtype_from_pat(3, 0), MEMTYPE_UC);
	assert_int_equal(memtype_from_pat(1, 0), MEMTYPE_WC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ept_and_pat_types_combine_by_the_table),
		cmocka_unit_test(with_ipat_the_ept_type_stands_alone),
		cmocka_unit_test(with_caches_disabled_everything_is_uncacheable),
		cmocka_unit_test(the_pat_has_eight_entries_of_a_byte),
		cmocka_unit_test(a_reserved_code_counts_as_uncacheable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
