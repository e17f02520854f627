/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vkernel's invalidating routines: which entry they leave, what they report, and which
 * invalidation they ask for.  Below them stands one entry with a list of what was done to it.
 *
 * [DF-INVAL] [DF-INVAL-QUICK] [DF-CLEAN] [DF-SETRO]
 */
#include <string.h>

#include "guestpt/pmap_inval.h"
#include "guestpt/vpte.h"
#include "support/support_rows.h"

#define SLOT 0x4008ull
#define GVA 0x8040201000ull
#define RO (0x10000ull | VK_VPTE_V | VK_VPTE_U | VK_VPTE_A)
#define RW (RO | VK_VPTE_RW)
#define DIRTY (RW | VK_VPTE_M)
#define CALLS 8

/* What was asked for, a letter each: load, swap, flush of oneself, synchronised swap. */
struct below {
	uint64_t entry;
	int elsewhere;            /* another virtual CPU has the space active */
	char calls[CALLS];
	unsigned count;
	char refuse;              /* the call that is refused; 0: none */
	uint64_t dirtied_before;  /* set in the entry just before the first swap */
};

static int
called(struct below *below, char what, gpa_t slot)
{
	assert_int_equal(slot.v, SLOT);
	assert_true(below->count < CALLS - 1);
	below->calls[below->count++] = what;
	return what != below->refuse;
}

static int
below_load(void *ctx, gpa_t slot, uint64_t *value)
{
	struct below *below = ctx;

	if (!called(below, 'l', slot))
		return 0;
	*value = below->entry;
	return 1;
}

static int
exchange(struct below *below, uint64_t value, uint64_t *old)
{
	below->entry |= below->dirtied_before;
	below->dirtied_before = 0;
	*old = below->entry;
	below->entry = value;
	return 1;
}

static int
below_swap(void *ctx, gpa_t slot, uint64_t value, uint64_t *old)
{
	return called(ctx, 's', slot) && exchange(ctx, value, old);
}

static int
below_sync(void *ctx, gpa_t slot, uint64_t value, uint64_t *old)
{
	return called(ctx, 'S', slot) && exchange(ctx, value, old);
}

static void
below_flush_self(void *ctx, gva_t gva)
{
	assert_int_equal(gva.v, GVA);
	(void)called(ctx, 'f', vk_gpa(SLOT));
}

static int
below_active_elsewhere(void *ctx)
{
	const struct below *below = ctx;

	return below->elsewhere;
}

static const struct pmap_inval_ops below_ops = { below_swap, below_load,
	below_flush_self, below_sync, below_active_elsewhere };

typedef int routine(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old);

static const struct row {
	const char *what;
	routine *run;
	uint64_t before;
	int elsewhere;
	uint64_t dirtied; /* by a processor, between the look and the exchange */
	uint64_t old;
	uint64_t after;
	const char *calls;
} rows[] = {
	{ "invalidating clears the entry and flushes here", pmap_inval_pte, DIRTY, 0, 0, DIRTY, 0,
	    "sf" },
	{ "invalidating what others use synchronises with them", pmap_inval_pte, DIRTY, 1, 0,
	    DIRTY, 0, "S" },
	{ "the quick form never asks others", pmap_inval_pte_quick, DIRTY, 1, 0, DIRTY, 0, "sf" },
	{ "loading and clearing hands the flags over", pmap_load_and_clear_pte, RW, 0, VK_VPTE_M,
	    DIRTY, 0, "sf" },
	{ "so it does when others use the entry", pmap_load_and_clear_pte, RW, 1, VK_VPTE_M, DIRTY,
	    0, "S" },
	{ "cleaning withdraws write and modified together", pmap_clean_pte, DIRTY, 0, 0, DIRTY, RO,
	    "lsf" },
	{ "cleaning what others use synchronises", pmap_clean_pte, DIRTY, 1, 0, DIRTY, RO, "lS" },
	{ "a page dirtied while it is cleaned is reported as dirty", pmap_clean_pte, RW, 1,
	    VK_VPTE_M, DIRTY, RO, "lS" },
	{ "cleaning a clean page reports it as clean", pmap_clean_pte, RW, 0, 0, RW, RO, "lsf" },
	{ "write-protecting a clean page is one exchange", pmap_setro_pte, RW, 1, 0, RW, RO,
	    "lS" },
	{ "write-protecting keeps the modified flag", pmap_setro_pte, DIRTY, 0, 0, DIRTY,
	    RO | VK_VPTE_M, NULL },
	{ "a page dirtied while it is write-protected stays dirty", pmap_setro_pte, RW, 1,
	    VK_VPTE_M, DIRTY, RO | VK_VPTE_M, NULL },
};

static void
run_row(void **state)
{
	const struct row *row = *state;
	struct below below = { .entry = row->before, .elsewhere = row->elsewhere,
		.dirtied_before = row->dirtied };
	struct pmap_inval pi = { &below_ops, &below };
	uint64_t old = 0;

	assert_int_not_equal(row->run(&pi, vk_gpa(SLOT), vk_gva(GVA), &old), 0);
	assert_int_equal(old, row->old);
	assert_int_equal(below.entry, row->after);
	if (row->calls != NULL)
		assert_string_equal(below.calls, row->calls);
	/* Whoever may have cached the entry is told, and told of the final rights. */
	assert_true(strchr(below.calls, row->elsewhere && row->run != pmap_inval_pte_quick ? 'S' :
	    'f') != NULL);
}

static void
a_refusal_below_is_a_refusal(void **state)
{
	static routine *const routines[] = { pmap_inval_pte, pmap_inval_pte_quick, pmap_clean_pte,
		pmap_setro_pte, pmap_load_and_clear_pte };
	static const char calls[] = { 'l', 's', 'S' };
	size_t i, j, elsewhere;

	(void)state;
	for (i = 0; i < ROWS_COUNT(routines); i++) {
		for (j = 0; j < ROWS_COUNT(calls); j++) {
			for (elsewhere = 0; elsewhere < 2; elsewhere++) {
				struct below below = { .entry = RW, .elsewhere = (int)elsewhere,
					.refuse = calls[j] };
				struct pmap_inval pi = { &below_ops, &below };
				uint64_t old = 0;
				int done = routines[i](&pi, vk_gpa(SLOT), vk_gva(GVA), &old);
				int refused = strchr(below.calls, calls[j]) != NULL;

				assert_int_equal(done != 0, !refused);
				if (refused)
					assert_int_equal(below.entry, RW);
			}
		}
	}
}

static void
a_refused_exchange_flushes_nothing(void **state)
{
	struct below below = { .entry = RW, .refuse = 's' };
	struct pmap_inval pi = { &below_ops, &below };
	uint64_t old = 0;

	(void)state;
	assert_int_equal(pmap_inval_pte(&pi, vk_gpa(SLOT), vk_gva(GVA), &old), 0);
	assert_string_equal(below.calls, "s");
}

/* The entry has its rights withdrawn by then, which is told; the flag alone is not back. */
static void
a_dirty_flag_that_cannot_go_back_is_a_refusal(void **state)
{
	struct below below = { .entry = DIRTY, .elsewhere = 1, .refuse = 's' };
	struct pmap_inval pi = { &below_ops, &below };
	uint64_t old = 0;

	(void)state;
	assert_int_equal(pmap_setro_pte(&pi, vk_gpa(SLOT), vk_gva(GVA), &old), 0);
	assert_string_equal(below.calls, "lSs");
	assert_int_equal(old, DIRTY);
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++)
		rows_add(&list, NULL, rows[i].what, run_row, &rows[i]);
	ROWS_ADD_TEST(&list, a_refusal_below_is_a_refusal);
	ROWS_ADD_TEST(&list, a_refused_exchange_flushes_nothing);
	ROWS_ADD_TEST(&list, a_dirty_flag_that_cannot_go_back_is_a_refusal);
	return rows_run(&list, "pmap_inval");
}
