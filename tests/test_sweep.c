/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The core against the naive model, over the sweeps of tests/support/sweep_*.c.
 *
 * By default every nineteenth case is compared (nineteen divides the size of no dimension, so that
 * every value of each is met) and some thousand random machines.  With VKEPT_FULL=1 in the
 * environment, all of it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "support/sweep.h"

#define STRIDE 19
#define FIRST_SEED 1
#define SOME_MACHINES 5000
#define ALL_MACHINES 250000
#define GUEST_CASES_AT_LEAST 19000000

static bool
is_full(void)
{
	const char *full = getenv("VKEPT_FULL");

	return full != NULL && full[0] == '1' && full[1] == '\0';
}

static bool
all_machines(struct sweep *s)
{
	return sweep_nested(s, FIRST_SEED, is_full() ? ALL_MACHINES : SOME_MACHINES);
}

/* The time goes to standard error alone, the count to both. */
static void
compare_all(const char *what, bool (*sweep)(struct sweep *))
{
	struct sweep s = { .stride = is_full() ? 1 : STRIDE };
	clock_t start = clock();
	bool same = sweep(&s);

	if (!same)
		fail_msg("case %" PRIu64 " of %s differs: %s", s.cases, what, s.difference);
	print_message("%s: %" PRIu64 " cases agree\n", what, s.cases);
	fprintf(stderr, "%s: %" PRIu64 " cases in %.1f s\n", what, s.cases,
	    (double)(clock() - start) / CLOCKS_PER_SEC);
}

static void
the_core_and_the_naive_model_agree_on_guest_paging(void **state)
{
	(void)state;
	compare_all("guest paging", sweep_guest);
}

static void
the_core_and_the_naive_model_agree_on_ept(void **state)
{
	(void)state;
	compare_all("EPT", sweep_ept);
}

static void
the_core_and_the_naive_model_agree_on_random_machines(void **state)
{
	(void)state;
	compare_all("random machines", all_machines);
}

static void
the_whole_guest_sweep_has_nineteen_million_cases(void **state)
{
	struct sweep s = { .stride = 1, .only_count = true };

	(void)state;
	assert_true(sweep_guest(&s));
	assert_true(s.cases >= GUEST_CASES_AT_LEAST);
	print_message("the whole guest sweep: %" PRIu64 " cases\n", s.cases);
	s.cases = 0;
	assert_true(sweep_ept(&s));
	print_message("the whole EPT sweep: %" PRIu64 " cases\n", s.cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_core_and_the_naive_model_agree_on_guest_paging),
		cmocka_unit_test(the_core_and_the_naive_model_agree_on_ept),
		cmocka_unit_test(the_core_and_the_naive_model_agree_on_random_machines),
		cmocka_unit_test(the_whole_guest_sweep_has_nineteen_million_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
