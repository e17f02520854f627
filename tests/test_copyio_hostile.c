/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copyio against a user who works against it: entries that read differently every time, flags that
 * can never be set, pages that are taken away at the worst moment, bytes that change between any
 * two instructions.
 *
 * What must hold is the same each time: the call ends, nothing stays held, and every page it
 * touched is one that the answers of one walk led to (the witness).  Not held against it: a page
 * used after its entry was changed behind the walk; that order is the caller's to exclude.
 *
 * [DF-COPYIO] [DF-HOLD] [DF-EPT-COPYIO] [GUEST-AD]
 */
#define _GNU_SOURCE /* sigaction with SA_NODEFER */
#include <signal.h>
#include <string.h>

#include "sim/random_numbers.h"
#include "sim/sched.h"
#include "support/support_copyio.h"
#include "support/support_rows.h"

static struct umem mem;
static struct vk_us us;
static unsigned char buffer[0x3000];

/* X, Y and Z map A, B and C. */
static void
hostile_fill(void)
{
	unsigned i;

	umem_clear(&mem);
	copy_tables(&mem);
	for (i = 0; i < 3; i++) {
		umem_add(&mem, COPY_A + 0x1000 * i, UMEM_RW, i + 1);
		umem_set_word(&mem, COPY_PT + 8 + 8 * i, (COPY_A + 0x1000 * i) | COPY_PWU);
	}
	vk_us_init_ept(&us, umem_gpm(&mem), &copy_mode, vk_gva(COPY_END));
	memset(buffer, 0x77, sizeof(buffer));
}

static int
hostile_begin(void **state)
{
	(void)state;
	umem_init(&mem);
	hostile_fill();
	return 0;
}

static int
hostile_end(void **state)
{
	(void)state;
	umem_destroy(&mem);
	return 0;
}

/* Makes a call on X + offset, witnesses it and returns its error. */
static int
make(enum copy_name name, uint64_t gva, uint64_t len, size_t *done)
{
	struct umem_translation translation[8];
	struct copy_args args = {
	    .gva = gva, .len = len, .buffer = buffer, .value = 0x1122334455667788ull};
	struct copy_result result;

	umem_forget(&mem);
	copy_make(&us, name, &args, &result);
	umem_witness(
	    &mem, &us, translation, copy_expect(name, &args, translation, ROWS_COUNT(translation)));
	if (done != NULL)
		*done = result.done;
	return result.error;
}

/* --- races that are always lost ------------------------------------------------------------ */

struct countdown {
	enum umem_op op;
	unsigned left; /* grants before it strikes */
	enum cas_status status;
};

/* From its moment on, each operation of that kind is refused, or lost. */
static void
strike(struct umem *memory, void *ctx, struct umem_event *event)
{
	struct countdown *countdown = ctx;

	(void)memory;
	if (event->op != countdown->op)
		return;
	if (countdown->left != 0) {
		countdown->left--;
		return;
	}
	event->granted = 0;
	if (event->op == UMEM_CAS)
		event->status = countdown->status;
}

static void
strike_at(struct countdown *countdown, enum umem_op op, unsigned after, enum cas_status status)
{
	countdown->op = op;
	countdown->left = after;
	countdown->status = status;
	mem.meanwhile = strike;
	mem.meanwhile_ctx = countdown;
}

static void
a_race_that_is_always_lost_ends_in_a_fault(void **state)
{
	struct countdown countdown;
	unsigned name;
	size_t done;

	(void)state;
	for (name = 0; name < COPY_CALLS; name++) {
		strike_at(&countdown, UMEM_CAS, 0, CAS_LOST);
		assert_int_equal(make((enum copy_name)name, COPY_X, 0x1800, &done), VK_EFAULT);
		assert_int_equal(mem.calls[UMEM_HOLD], 0);
		if (copy_call[name].size == 0)
			assert_int_equal(done, 0);
	}
}

static void
a_race_that_is_lost_in_the_second_page_keeps_the_first(void **state)
{
	struct countdown countdown;
	size_t done;

	(void)state;
	strike_at(&countdown, UMEM_CAS, 4, CAS_LOST); /* four flags for the first page */
	assert_int_equal(make(COPYIN, COPY_X + 0xf00, 0x200, &done), VK_EFAULT);
	assert_int_equal(done, 0x100);
	assert_memory_equal(buffer, umem_at(&mem, COPY_A + 0xf00), 0x100);
}

/* Loses a number of races and then wins. */
static void
lose_some(struct umem *memory, void *ctx, struct umem_event *event)
{
	unsigned *left = ctx;

	(void)memory;
	if (event->op == UMEM_CAS && *left != 0) {
		(*left)--;
		event->status = CAS_LOST;
	}
}

static void
a_race_that_is_lost_some_times_is_won_in_the_end(void **state)
{
	unsigned losses, left, name;

	(void)state;
	for (losses = 1; losses <= 100; losses++) {
		for (name = 0; name < COPY_CALLS; name++) {
			hostile_fill();
			left = losses;
			mem.meanwhile = lose_some;
			mem.meanwhile_ctx = &left;
			*umem_at(&mem, COPY_A + 8) = 0;
			assert_int_equal(make((enum copy_name)name, COPY_X, 16, NULL), VK_OK);
			assert_int_equal(left, 0);
		}
	}
}

static void
flags_that_may_not_be_set_deny_the_access(void **state)
{
	struct countdown countdown;
	unsigned after, name;

	(void)state;
	for (name = 0; name < COPY_CALLS; name++) {
		for (after = 0; after < 4; after++) {
			hostile_fill();
			strike_at(&countdown, UMEM_CAS, after, CAS_REFUSED);
			assert_int_equal(make((enum copy_name)name, COPY_X, 16, NULL), VK_EFAULT);
			assert_int_equal(mem.calls[UMEM_HOLD], 0);
		}
	}
}

/* --- what is taken away at the n-th call --------------------------------------------------- */

static void
a_page_refused_at_any_moment_ends_the_call_there(void **state)
{
	static const enum copy_name names[] = {COPYIN, COPYOUT, COPYINSTR};
	struct countdown countdown;
	unsigned n, after;
	size_t done;

	(void)state;
	for (n = 0; n < ROWS_COUNT(names); n++) {
		for (after = 0; after < 3; after++) {
			strike_at(&countdown, UMEM_HOLD, after, CAS_DONE);
			assert_int_equal(make(names[n], COPY_X + 0x10, 0x2ff0, &done), VK_EFAULT);
			assert_int_equal(done, after == 0 ? 0 : 0x1000 * after - 0x10);
			assert_int_equal(mem.calls[UMEM_RELEASE], after);
		}
	}
}

static void
an_entry_refused_at_any_moment_ends_the_call_there(void **state)
{
	static const enum copy_name names[] = {COPYIN, COPYOUT, COPYINSTR};
	struct countdown countdown;
	unsigned n, after;
	size_t done;

	(void)state;
	for (n = 0; n < ROWS_COUNT(names); n++) {
		for (after = 0; after < 12; after++) {
			strike_at(&countdown, UMEM_LOAD, after, CAS_DONE);
			assert_int_equal(make(names[n], COPY_X + 0x10, 0x2ff0, &done), VK_EFAULT);
			assert_int_equal(done, after < 4 ? 0 : 0x1000 * (after / 4) - 0x10);
		}
	}
}

/*
 * A store over two pages tries the second first.  Only a page that was there and is taken away
 * before its turn leaves half a value behind; the call then says so.
 */
static void
a_store_over_two_pages_stores_nothing_when_either_is_refused(void **state)
{
	struct countdown countdown;
	unsigned after, size;

	(void)state;
	for (size = 4; size <= 8; size += 4) {
		enum copy_name name = size == 4 ? SUWORD32 : SUWORD64;
		unsigned char was[8];

		for (after = 0; after < 2; after++) {
			memcpy(was, umem_at(&mem, COPY_A + 0xffd), 3);
			memcpy(was + 3, umem_at(&mem, COPY_B), 5);
			strike_at(&countdown, UMEM_HOLD, after, CAS_DONE);
			assert_int_equal(make(name, COPY_X + 0xffd, 0, NULL), VK_EFAULT);
			assert_memory_equal(was, umem_at(&mem, COPY_A + 0xffd), 3);
			assert_memory_equal(was + 3, umem_at(&mem, COPY_B), 5);
		}
		strike_at(&countdown, UMEM_HOLD, 2, CAS_DONE);
		assert_int_equal(make(name, COPY_X + 0xffd, 0, NULL), VK_EFAULT);
		assert_memory_equal(was + 3, umem_at(&mem, COPY_B), 5);
	}
}

/* --- tables that change between the walk and the page -------------------------------------- */

static uint64_t hold_entry; /* what PT[1] becomes when a page is about to be held */

static void
remap_at_hold(struct umem *memory, void *ctx, struct umem_event *event)
{
	(void)ctx;
	if (event->op == UMEM_HOLD)
		umem_set_word(memory, COPY_PT + 8, hold_entry);
}

static void
a_page_is_copied_whole_from_where_its_walk_led(void **state)
{
	static const uint64_t entries[] = {0, COPY_B | COPY_PWU, COPY_A | 1, COPY_PML4 | COPY_PWU};
	unsigned i;

	(void)state;
	for (i = 0; i < ROWS_COUNT(entries); i++) {
		hostile_fill();
		hold_entry = entries[i];
		mem.meanwhile = remap_at_hold;
		assert_int_equal(make(COPYIN, COPY_X, 0x1000, NULL), VK_OK);
		assert_memory_equal(buffer, umem_at(&mem, COPY_A), 0x1000);
	}
}

/* PD[1] shows now the page table, now a page full of entries that the user wrote as data. */
static void
flip_the_table(struct umem *memory, void *ctx, struct umem_event *event)
{
	unsigned *turn = ctx;

	if (event->op == UMEM_LOAD && event->gpa == COPY_PD + 8) {
		umem_set_word(
		    memory, COPY_PD + 8, (++*turn % 2 != 0 ? COPY_PT : COPY_B) | COPY_PWU);
		event->entry = umem_word(memory, COPY_PD + 8);
	}
}

static void
forged_entries_reach_nothing_outside_the_users_memory(void **state)
{
	static const uint64_t forged[] = {COPY_C | COPY_PWU, 0x700000 | COPY_PWU,
	    0x3ffffffff000 | COPY_PWU, ~0ull, COPY_PML4 | COPY_PWU};
	unsigned i, round, turn = 0;

	(void)state;
	mem.meanwhile = flip_the_table;
	mem.meanwhile_ctx = &turn;
	for (i = 0; i < ROWS_COUNT(forged); i++) {
		for (round = 0; round < 10; round++) {
			umem_set_word(&mem, COPY_B + 8, forged[i]);
			(void)make(COPYOUT, COPY_X, 0x1000, NULL);
			(void)make(COPYIN, COPY_X, 0x1000, NULL);
		}
	}
	assert_true(turn >= 100);
}

/* Turns P over before every third operation or so. */
static void
toggle_present(struct umem *memory, void *ctx, struct umem_event *event)
{
	uint64_t slot = COPY_PT + 8;

	if (random_xorshift(ctx) % 3 == 0)
		umem_set_word(memory, slot, umem_word(memory, slot) ^ VK_PG_P);
	if (event->op == UMEM_LOAD && event->gpa == slot)
		event->entry = umem_word(memory, slot);
}

static void
an_entry_that_comes_and_goes_gives_the_page_or_a_fault(void **state)
{
	unsigned round, ok = 0, faults = 0;
	uint64_t random = 1;

	(void)state;
	mem.meanwhile = toggle_present;
	mem.meanwhile_ctx = &random;
	for (round = 0; round < 1000; round++) {
		memset(buffer, 0, 64);
		if (make(round % 3 ? COPYIN : SUBYTE, COPY_X, 64, NULL) != VK_OK) {
			faults++;
			continue;
		}
		ok++;
		if (round % 3)
			assert_memory_equal(buffer, umem_at(&mem, COPY_A), 64);
	}
	assert_true(ok > 100 && faults > 100);
}

/* --- another thread on the same word ------------------------------------------------------- */

#define CHANGES 20

/* What the kernel does with the word, and what a swap has taken out of it. */
struct changer {
	enum copy_name name;
	uint64_t taken;
};

static uint64_t
change(enum copy_name name, uint64_t value, uint64_t expected)
{
	struct copy_args args = {.gva = COPY_X, .value = value, .expected = expected};
	struct copy_result result;

	copy_make(&us, name, &args, &result);
	assert_int_equal(result.error, VK_OK);
	return result.value;
}

/* Adds one, in the way of its operation, or takes out all there is. */
static void
kernel_changes(void *arg)
{
	struct changer *changer = arg;
	uint64_t seen;
	unsigned i;

	for (i = 0; i < CHANGES; i++) {
		switch (changer->name) {
		case SWAPU32:
		case SWAPU64:
			changer->taken += change(changer->name, 0, 0);
			break;
		case CASU32:
		case CASU64:
			do
				seen = change(FUWORD32, 0, 0);
			while (change(changer->name, seen + 1, seen) != seen);
			break;
		default:
			(void)change(changer->name, 1, 0);
			break;
		}
	}
}

/* Adds by compare-and-swap, as a guest's LOCK instruction would. */
static void
guest_adds(void *arg)
{
	uint32_t *word = arg, seen;
	unsigned i;

	for (i = 0; i < CHANGES; i++) {
		seen = vk_atomic_add32(word, 0);
		while (!vk_atomic_cas32(word, seen, seen + 1, &seen))
			;
	}
}

static void
change_together(struct changer *changer, uint64_t seed, uint64_t *switches)
{
	uint32_t *word = (uint32_t *)(void *)umem_at(&mem, COPY_A);
	struct sched_policy policy = {.kind = SCHED_SEED, .seed = seed};
	struct sched *sched = sched_create(&policy, 2);
	int swaps = changer->name == SWAPU32 || changer->name == SWAPU64;

	umem_set_word(&mem, COPY_A, 0);
	umem_forget(&mem);
	assert_non_null(sched);
	assert_true(sched_add(sched, kernel_changes, changer, NULL));
	assert_true(sched_add(sched, guest_adds, word, NULL));
	assert_int_equal(sched_run(sched, 100000), SCHED_DONE);
	*switches += sched_switches(sched);
	sched_destroy(sched);
	assert_int_equal(umem_word(&mem, COPY_A) + changer->taken, swaps ? CHANGES : 2 * CHANGES);
}

static void
atomic_operations_lose_no_update_of_the_guest(void **state)
{
	uint64_t seed, switches = 0;
	unsigned name;

	(void)state;
	for (name = SWAPU32; name < COPY_CALLS; name++) {
		for (seed = 0; seed < 50; seed++) {
			struct changer changer = {.name = (enum copy_name)name};

			change_together(&changer, seed, &switches);
		}
	}
	assert_true(switches > 1000);
}

/* --- bytes that change between any two instructions ---------------------------------------- */

static volatile uint64_t *step_word; /* changes at every so many instructions */
static unsigned step_period = 1;
static uint64_t step_with; /* by exclusive or */
static volatile unsigned step_count;
static volatile const uint64_t *watch; /* its values are counted */
static uint64_t watch_value[2];
static volatile unsigned watch_count[3]; /* of the two values, and of others */

static void
on_step(int signal)
{
	(void)signal;
	step_count++;
	if (step_word != NULL && step_count % step_period == 0)
		*step_word ^= step_with;
	if (watch != NULL)
		watch_count[*watch == watch_value[0] ? 0 : *watch == watch_value[1] ? 1 : 2]++;
}

/* The trap flag makes every instruction raise SIGTRAP.  The red zone is stepped over. */
static inline void
steps_begin(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
			 "lea 128(%%rsp), %%rsp" ::
			     : "memory", "cc");
}

static inline void
steps_end(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\t"
			 "lea 128(%%rsp), %%rsp" ::
			     : "memory", "cc");
}

/* Steps for as long as a page is held. */
static void
step_while_held(struct umem *memory, void *ctx, struct umem_event *event)
{
	(void)memory;
	(void)ctx;
	if (event->op == UMEM_RELEASE)
		steps_end();
	else if (event->op == UMEM_HOLD)
		steps_begin();
}

static struct sigaction step_old_action;

static int
step_begin(void **state)
{
	struct sigaction action;

	hostile_begin(state);
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_step;
	step_word = NULL;
	watch = NULL;
	step_count = 0;
	if (sigaction(SIGTRAP, &action, &step_old_action) != 0)
		return -1;
	steps_begin();
	steps_end();
	return 0;
}

static int
step_end(void **state)
{
	(void)sigaction(SIGTRAP, &step_old_action, NULL);
	return hostile_end(state);
}

/* Not every environment lets a process step itself. */
static void
need_steps(void)
{
	if (step_count == 0)
		skip();
	mem.meanwhile = step_while_held;
}

static void
a_string_and_its_count_agree_whatever_the_guest_writes(void **state)
{
	/* Lengths for every size of piece; with a NUL in reach, and without. */
	static const struct {
		unsigned len, nul;
	} strings[] = {{64, 12}, {64, 100}, {40, 12}, {40, 100}, {8, 12}};
	unsigned at, phase, len;
	size_t done, i;

	(void)state;
	need_steps();
	/* Two readings may be any number of instructions apart. */
	for (at = 0; at < 4 * 8; at++) {
		step_period = 1 + at / 8;
		for (phase = 0; phase < 2 * ROWS_COUNT(strings); phase++) {
			unsigned char *string = umem_at(&mem, COPY_A);
			int error;

			len = strings[phase / 2].len;
			memset(string, 'a', 64);
			string[strings[phase / 2].nul] = '\0';
			string[at % 8] = phase % 2 ? 'a' : '\0';
			step_with = (uint64_t)'a' << (8 * (at % 8));
			step_word = (volatile uint64_t *)(void *)string;
			error = make(COPYINSTR, COPY_X, len, &done);
			step_word = NULL;
			assert_true(error == VK_OK || (error == VK_ENAMETOOLONG && done == len));
			for (i = 0; i < done; i++)
				assert_int_equal(
				    buffer[i], error == VK_OK && i == done - 1 ? '\0' : 'a');
		}
	}
	step_period = 1;
	assert_true(step_count > 1000);
}

static void
an_aligned_word_is_fetched_in_one_piece(void **state)
{
	static const enum copy_name names[] = {FUWORD32, FUWORD64};
	unsigned n, phase, seen = 0;

	(void)state;
	need_steps();
	for (n = 0; n < ROWS_COUNT(names); n++) {
		for (phase = 0; phase < 8; phase++) {
			struct copy_args args = {.gva = COPY_X};
			struct copy_result result;

			umem_set_word(&mem, COPY_A,
			    phase % 2 ? 0x1111111111111111ull : 0x2222222222222222ull);
			step_with = 0x3333333333333333ull;
			step_word = (volatile uint64_t *)(void *)umem_at(&mem, COPY_A);
			umem_forget(&mem);
			copy_make(&us, names[n], &args, &result);
			step_word = NULL;
			assert_int_equal(result.error, VK_OK);
			assert_true(result.value % 0x11111111 == 0);
			seen |= 1u << (result.value & 3);
		}
	}
	assert_int_equal(seen, 6);
}

static void
an_aligned_word_is_stored_in_one_piece(void **state)
{
	static const enum copy_name names[] = {SUWORD32, SUWORD64};
	unsigned n;

	(void)state;
	need_steps();
	for (n = 0; n < ROWS_COUNT(names); n++) {
		struct copy_args args = {.gva = COPY_X, .value = 0x1122334455667788ull};
		struct copy_result result;
		uint64_t mask = n == 0 ? 0xffffffff : ~0ull;

		memset((void *)(uintptr_t)watch_count, 0, sizeof(watch_count));
		watch_value[0] = umem_word(&mem, COPY_A);
		watch_value[1] = (watch_value[0] & ~mask) | (args.value & mask);
		watch = (volatile const uint64_t *)(const void *)umem_at(&mem, COPY_A);
		umem_forget(&mem);
		copy_make(&us, names[n], &args, &result);
		assert_int_equal(result.error, VK_OK);
		assert_int_equal(umem_word(&mem, COPY_A), watch_value[1]);
		watch = NULL;
		assert_true(watch_count[0] > 0 && watch_count[1] > 0);
		assert_int_equal(watch_count[2], 0);
	}
}

#define HOSTILE(test) cmocka_unit_test_setup_teardown(test, hostile_begin, hostile_end)
#define STEPPED(test) cmocka_unit_test_setup_teardown(test, step_begin, step_end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    HOSTILE(a_race_that_is_always_lost_ends_in_a_fault),
	    HOSTILE(a_race_that_is_lost_in_the_second_page_keeps_the_first),
	    HOSTILE(a_race_that_is_lost_some_times_is_won_in_the_end),
	    HOSTILE(flags_that_may_not_be_set_deny_the_access),
	    HOSTILE(a_page_refused_at_any_moment_ends_the_call_there),
	    HOSTILE(an_entry_refused_at_any_moment_ends_the_call_there),
	    HOSTILE(a_store_over_two_pages_stores_nothing_when_either_is_refused),
	    HOSTILE(a_page_is_copied_whole_from_where_its_walk_led),
	    HOSTILE(forged_entries_reach_nothing_outside_the_users_memory),
	    HOSTILE(an_entry_that_comes_and_goes_gives_the_page_or_a_fault),
	    HOSTILE(atomic_operations_lose_no_update_of_the_guest),
	    STEPPED(a_string_and_its_count_agree_whatever_the_guest_writes),
	    STEPPED(an_aligned_word_is_fetched_in_one_piece),
	    STEPPED(an_aligned_word_is_stored_in_one_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
