/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vectors that the kernel module runs when it is loaded, each a case here; and the judge of
 * the vectors, which must notice each kind of wrong expectation.
 *
 * Rules: [DF-COPYIO] [DF-EPT-COPYIO] [DF-HOLD].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kmod_vectors.h"

static void
vector_holds(void **state)
{
	const struct kmod_vector *vector = *state;
	void *scratch = test_malloc(kmod_scratch_bytes());
	const char *wrong;

	memset(scratch, 0xcc, kmod_scratch_bytes());
	wrong = kmod_vector_run(vector, scratch);
	test_free(scratch);
	if (wrong != NULL)
		fail_msg("%s", wrong);
}

/* The vector of that name, to be made wrong. */
static struct kmod_vector
vector_named(const char *name)
{
	unsigned i;

	for (i = 0; i < kmod_vectors_count; i++)
		if (strcmp(kmod_vectors[i].name, name) == 0)
			return kmod_vectors[i];
	fail_msg("no vector: %s", name);
	return kmod_vectors[0];
}

static void
assert_wrong(const struct kmod_vector *vector, const char *expected)
{
	void *scratch = test_malloc(kmod_scratch_bytes());
	const char *wrong = kmod_vector_run(vector, scratch);

	test_free(scratch);
	assert_non_null(wrong);
	assert_string_equal(wrong, expected);
}

static void
judge_sees_another_status(void **state)
{
	struct kmod_vector vector = vector_named("a supervisor page is not read");

	(void)state;
	vector.error = VK_OK;
	assert_wrong(&vector, "another status");
}

static void
judge_sees_another_value(void **state)
{
	struct kmod_vector vector = vector_named("a byte of all ones is a value");

	(void)state;
	vector.result = 0xfe;
	assert_wrong(&vector, "another value or count");
}

static void
judge_sees_bytes_of_another_frame(void **state)
{
	struct kmod_vector vector =
	    vector_named("a copy in over scattered pages takes each from its frame");

	(void)state;
	vector.from[1] = 0x7000;
	assert_wrong(&vector, "the bytes differ");
}

static void
judge_sees_another_word_in_memory(void **state)
{
	struct kmod_vector vector =
	    vector_named("a copy out sets the dirty flag of the leaf alone");

	(void)state;
	vector.left[3].value = 0x6027;
	assert_wrong(&vector, "another word left in memory");
}

static void
judge_sees_what_a_failed_call_changed(void **state)
{
	struct kmod_vector vector = vector_named("a page that the host has not is not read");

	(void)state;
	vector.left[0].at = 0;
	assert_wrong(&vector, "a call that failed changed memory");
}

static void
vectors_have_names_of_their_own(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 0; i < kmod_vectors_count; i++)
		for (j = 0; j < i; j++)
			assert_string_not_equal(kmod_vectors[i].name, kmod_vectors[j].name);
}

int
main(void)
{
	static const struct CMUnitTest judge[] = {
	    cmocka_unit_test(judge_sees_another_status),
	    cmocka_unit_test(judge_sees_another_value),
	    cmocka_unit_test(judge_sees_bytes_of_another_frame),
	    cmocka_unit_test(judge_sees_another_word_in_memory),
	    cmocka_unit_test(judge_sees_what_a_failed_call_changed),
	    cmocka_unit_test(vectors_have_names_of_their_own),
	};
	struct CMUnitTest *cases = calloc(kmod_vectors_count, sizeof(*cases));
	unsigned i;
	int failed;

	if (cases == NULL)
		return 1;
	for (i = 0; i < kmod_vectors_count; i++) {
		cases[i].name = kmod_vectors[i].name;
		cases[i].test_func = vector_holds;
		cases[i].initial_state = (void *)(uintptr_t)&kmod_vectors[i];
	}
	failed = _cmocka_run_group_tests("vectors", cases, kmod_vectors_count, NULL, NULL);
	failed += cmocka_run_group_tests(judge, NULL, NULL);
	free(cases);
	return failed;
}
