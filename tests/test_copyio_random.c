/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copyio by seed: random tables, random rights, random calls.
 *
 * With a memory that keeps its word, result, count, value, buffer and all of memory, tables with
 * their flags included, must be what a naive copy makes of them.  With one that answers differently
 * every time, no more must have happened than its own answers allowed (the witness), and nothing
 * but the bytes of the pages held may have moved (the replay).
 *
 * [DF-COPYIO] [DF-EPT-COPYIO] [DF-HOLD] [GUEST-WALK] [GUEST-RIGHTS] [GUEST-AD]
 */
#include <string.h>

#include "support/copy_oracle.h"
#include "support/copy_random.h"
#include "support/copy_replay.h"
#include "support/support_alone.h"
#include "support/support_rows.h"

#define ROUNDS         6000
#define HOSTILE_ROUNDS 20000
#define FILL           0x77

static struct umem mem;
static struct vk_us us;
static struct copy_chance chance;
static unsigned char before[UMEM_PAGES * 4096];
static unsigned char buffer[COPY_RANDOM_BUFFER];
static unsigned outcomes[COPY_CALLS][3]; /* by error */

static void
compare(const struct copy_oracle *o, enum copy_name name, const struct copy_args *args,
    const struct copy_result *found, const struct copy_result *expected, uint64_t seed)
{
	const char *what = NULL;

	if (found->error != expected->error)
		what = "error";
	else if (found->done != expected->done)
		what = "count";
	else if (found->value != expected->value)
		what = "value";
	else if (name != COPYOUT && memcmp(buffer, o->buffer, sizeof(buffer)) != 0)
		what = "buffer";
	else if (memcmp(mem.bytes, o->bytes, mem.pages * 4096ul) != 0)
		what = "memory";
	if (what != NULL)
		fail_msg("seed %llu, %s at %#llx, length %#llx: another %s; error %d and %d, "
			 "count %zu and %zu, value %#llx and %#llx",
		    (unsigned long long)seed, copy_call[name].name, (unsigned long long)args->gva,
		    (unsigned long long)args->len, what, found->error, expected->error, found->done,
		    expected->done, (unsigned long long)found->value,
		    (unsigned long long)expected->value);
}

/* Makes the space and the call of a seed, with the others in between, and witnesses it. */
static void
make_call(uint64_t seed, int ept, umem_meanwhile meanwhile, struct copy_args *args,
    struct copy_result *found)
{
	enum copy_name name = (enum copy_name)(seed % COPY_CALLS);
	struct umem_translation translation[16];

	copy_chance_seed(&chance, seed);
	copy_random_space(&chance, &mem, &us, ept);
	copy_random_args(&chance, &mem, &us, name, args, buffer, FILL);
	memcpy(before, mem.bytes, mem.pages * 4096ul);
	mem.meanwhile = meanwhile;
	mem.meanwhile_ctx = &chance;
	copy_make(&us, name, args, found);
	umem_witness(&mem, &us, translation, copy_expect(name, args, translation, 16));
	copy_replay(&mem, &us, before, name, args, found, sizeof(buffer), FILL);
	outcomes[name][found->error]++;
}

static void
one_round(uint64_t seed, int ept)
{
	static struct copy_oracle o;
	enum copy_name name = (enum copy_name)(seed % COPY_CALLS);
	struct copy_result found, expected;
	struct copy_args args;

	make_call(seed, ept, NULL, &args, &found);
	copy_oracle_call(&o, &mem, &us, before, COPY_RANDOM_TABLES, FILL, name, &args, &expected);
	compare(&o, name, &args, &found, &expected, seed);
}

/* A comparison of nothing but faults would not be one. */
static void
check_outcomes(void)
{
	unsigned name;

	for (name = 0; name < COPY_CALLS; name++)
		assert_true(outcomes[name][VK_OK] > 30 && outcomes[name][VK_EFAULT] > 30);
	assert_true(outcomes[COPYINSTR][VK_ENAMETOOLONG] > 30);
}

static void
random_rounds(int ept)
{
	uint64_t seed;

	memset(outcomes, 0, sizeof(outcomes));
	umem_init(&mem);
	for (seed = 0; seed < ROUNDS; seed++)
		one_round(seed, ept);
	umem_destroy(&mem);
	check_outcomes();
}

static void
the_calls_of_an_ordinary_process_do_what_a_naive_copy_does(void **state)
{
	(void)state;
	random_rounds(0);
}

static void
the_calls_through_guest_tables_do_what_a_naive_copy_does(void **state)
{
	(void)state;
	random_rounds(1);
}

static void
answers_that_differ_at_every_read_lead_to_no_page_but_their_own(void **state)
{
	struct copy_result found;
	struct copy_args args;
	unsigned lost = 0, refused = 0;
	uint64_t seed;

	(void)state;
	memset(outcomes, 0, sizeof(outcomes));
	umem_init(&mem);
	for (seed = 0; seed < HOSTILE_ROUNDS; seed++) {
		make_call(seed, seed % 4 != 0, copy_random_answer, &args, &found);
		lost += chance.lost;
		refused += chance.refused;
	}
	umem_destroy(&mem);
	check_outcomes();
	assert_true(lost > 300 && refused > 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_calls_of_an_ordinary_process_do_what_a_naive_copy_does),
	    cmocka_unit_test(the_calls_through_guest_tables_do_what_a_naive_copy_does),
	    cmocka_unit_test(answers_that_differ_at_every_read_lead_to_no_page_but_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
