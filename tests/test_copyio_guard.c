/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A copy against another processor that takes the page back by a shootdown in the middle of it.
 *
 * Two threads: one makes a call on X, which A is behind; the other shoots X down with the VMM's own
 * stop, changes its entry, and after its return gives A to somebody else, who fills it with bytes
 * of his own.  They are interleaved at every operation of the memory and every atomic operation, by
 * seeds.  From the return on no byte of A may be read or written for the call (P3 and P4b of the
 * protocol; R01, R03, R04 and R10 of its races).  Without a guard the same runs see such bytes.
 *
 * [DF-COPYIO] [DF-SYNC] [DF-HOLD] [DF-GATE]
 */
#include <string.h>

#include "sim/sched.h"
#include "support/support_copyio.h"
#include "support/support_rows.h"
#include "vmm/vmm.h"

#define SEEDS       1500
#define POINT_LIMIT 100000
#define SECRET      0xee /* what A's next owner keeps there; no pattern of umem_add() has it */
#define MINE        0x77 /* what the call stores */
#define LENGTH      64u  /* of the calls that move a range */
#define STRING      40   /* bytes before the NUL */

struct shootdown_row {
	const char *what;
	enum copy_name call;
	uint64_t entry; /* what maps X afterwards */
	int error;      /* of a call that comes later */
};

#define GONE      0ull
#define PRIVATE   (COPY_A | VK_PG_P | VK_PG_RW)
#define READ_ONLY (COPY_A | VK_PG_P | VK_PG_US)
#define MOVED     (COPY_B | COPY_PWU)

/* clang-format off */
static const struct shootdown_row shootdown_rows[] = {
	{ "copyin of a page that is unmapped", COPYIN, GONE, VK_EFAULT },
	{ "copyin of a page that becomes the supervisor's", COPYIN, PRIVATE, VK_EFAULT },
	{ "copyin of a page that another takes the place of", COPYIN, MOVED, VK_OK },
	{ "copyout to a page that is unmapped", COPYOUT, GONE, VK_EFAULT },
	{ "copyout to a page that becomes read-only", COPYOUT, READ_ONLY, VK_EFAULT },
	{ "copyout to a page that another takes the place of", COPYOUT, MOVED, VK_OK },
	{ "copyinstr of a page that is unmapped", COPYINSTR, GONE, VK_EFAULT },
	{ "fubyte of a page that becomes the supervisor's", FUBYTE, PRIVATE, VK_EFAULT },
	{ "fuword32 of a page that another takes the place of", FUWORD32, MOVED, VK_OK },
	{ "fuword64 of a page that is unmapped", FUWORD64, GONE, VK_EFAULT },
	{ "subyte to a page that is unmapped", SUBYTE, GONE, VK_EFAULT },
	{ "suword32 to a page that another takes the place of", SUWORD32, MOVED, VK_OK },
	{ "suword64 to a page that becomes read-only", SUWORD64, READ_ONLY, VK_EFAULT },
	{ "swapu32 on a page that is unmapped", SWAPU32, GONE, VK_EFAULT },
	{ "swapu64 on a page that becomes read-only", SWAPU64, READ_ONLY, VK_EFAULT },
	{ "casu32 on a page that is unmapped", CASU32, GONE, VK_EFAULT },
	{ "casu64 on a page that becomes read-only", CASU64, READ_ONLY, VK_EFAULT },
	{ "fuwordadd32 on a page that becomes the supervisor's", FUWORDADD32, PRIVATE, VK_EFAULT },
	{ "fuwordadd64 on a page that another takes the place of", FUWORDADD64, MOVED, VK_OK },
};
/* clang-format on */

static struct umem mem;
static struct vk_us us;
static struct vmm_proc proc;
static const struct shootdown_row *row;
static struct copy_args args;
static struct copy_result result;
static unsigned char buffer[LENGTH];
static unsigned copy_delay, shootdown_delay; /* points that go by before each begins */
static int returned;                         /* the shootdown has */
static int began_after;

static void
nobody_to_interrupt(void *ctx, uint64_t cpus)
{
	(void)ctx;
	assert_int_equal(cpus, 0);
}

static const struct vmm_host_ops host_ops = {.ipi = nobody_to_interrupt};

static void
let_others_go(struct umem *memory, void *ctx, struct umem_event *event)
{
	(void)memory;
	(void)ctx;
	vk_env_point(VK_ENV_LOAD, event);
}

static void
wait_points(unsigned points)
{
	while (points-- > 0)
		vk_env_point(VK_ENV_LOAD, NULL);
}

static void
copy_thread(void *arg)
{
	(void)arg;
	wait_points(copy_delay);
	began_after = returned;
	copy_make(&us, row->call, &args, &result);
}

static void
shootdown_thread(void *arg)
{
	(void)arg;
	wait_points(shootdown_delay);
	vmm_stop_begin(&proc, &host_ops, NULL);
	wait_points(2);
	umem_set_word(&mem, COPY_PT + 8, row->entry);
	vmm_stop_end(&proc);
	memset(umem_at(&mem, COPY_A), SECRET, VK_PAGE_BYTES);
	returned = 1;
}

static void
run_seed(uint64_t seed, int guarded)
{
	struct sched_policy policy = {.kind = SCHED_SEED, .seed = seed};
	struct sched *sched = sched_create(&policy, 2);

	umem_clear(&mem);
	copy_tables(&mem);
	umem_add(&mem, COPY_A, UMEM_RW, 1);
	umem_add(&mem, COPY_B, UMEM_RW, 2);
	umem_set_word(&mem, COPY_PT + 8, COPY_A | COPY_PWU);
	*umem_at(&mem, COPY_A + STRING) = *umem_at(&mem, COPY_B + STRING) = '\0';
	mem.meanwhile = let_others_go;
	memset(&proc, 0, sizeof(proc));
	vk_us_init_ept(&us, umem_gpm(&mem), &copy_mode, vk_gva(COPY_END));
	if (guarded)
		us.guard = vmm_copy_guard(&proc);
	memset(buffer, MINE, sizeof(buffer));
	args = (struct copy_args){
	    .gva = COPY_X, .len = LENGTH, .buffer = buffer, .value = 0x7777777777777777ull};
	copy_delay = seed % 5 == 0 ? 16 : 0;
	shootdown_delay = (unsigned)(seed % 32);
	returned = 0;
	assert_non_null(sched);
	assert_true(sched_add(sched, copy_thread, NULL, NULL));
	assert_true(sched_add(sched, shootdown_thread, NULL, NULL));
	assert_int_equal(sched_run(sched, POINT_LIMIT), SCHED_DONE);
	sched_destroy(sched);
	assert_int_equal(proc.cpulock, 0);
	assert_int_equal(proc.invgen, 1);
	umem_check(&mem);
}

static int
is_of_the_next_owner(uint64_t value, unsigned size)
{
	while (size-- > 0) {
		if ((value >> 8 * size & 0xff) == SECRET)
			return 1;
	}
	return 0;
}

/* Whether the call read or wrote A after its next owner had it. */
static int
is_violated(void)
{
	const unsigned char *page = umem_at(&mem, COPY_A);
	size_t i;

	if (is_of_the_next_owner(result.value, copy_call[row->call].size))
		return 1;
	for (i = 0; i < LENGTH; i++) {
		if (buffer[i] == SECRET || page[i] != SECRET)
			return 1;
	}
	return 0;
}

static void
run_shootdown_row(void **state)
{
	unsigned after = 0, again = 0, moved = 0;
	uint64_t seed;

	row = *state;
	for (seed = 0; seed < SEEDS; seed++) {
		run_seed(seed, 1);
		if (is_violated())
			fail_msg("seed %llu: used after the shootdown", (unsigned long long)seed);
		if (began_after || result.error != VK_OK)
			assert_int_equal(result.error, row->error);
		after += began_after != 0;
		again += mem.calls[UMEM_HOLD] > 1;
		moved += result.error == VK_OK;
	}
	/* It came before the call, within it, and too late. */
	assert_true(after > 10 && moved > 100);
	assert_true(row->error == VK_OK ? again > 20 && moved == SEEDS : moved < SEEDS - 100);
}

static void
without_a_guard_every_one_of_these_calls_uses_what_was_shot_down(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ROWS_COUNT(shootdown_rows); i++) {
		unsigned violations = 0;
		uint64_t seed;

		row = &shootdown_rows[i];
		for (seed = 0; seed < SEEDS; seed++) {
			run_seed(seed, 0);
			violations += is_violated() != 0;
		}
		if (violations < 10)
			fail_msg("%s: %u violations", row->what, violations);
	}
}

/* --- the order of its operations -------------------------------------------------------------- */

/* A guard that looks where its operations stand among those of the memory. */
struct order {
	int looked, inside;
	unsigned looks, enters, leaves;
	unsigned refusals; /* left to give */
};

static uint64_t
order_look(void *ctx)
{
	struct order *order = ctx;

	assert_int_equal(mem.held, -1);
	assert_false(order->inside);
	order->looked = 1;
	return ++order->looks;
}

static int
order_enter(void *ctx, uint64_t seen)
{
	struct order *order = ctx;

	assert_true(mem.held >= 0);
	assert_true(order->looked);
	assert_int_equal(seen, order->looks);
	order->looked = 0;
	order->enters++;
	if (order->refusals > 0) {
		order->refusals--;
		return 0;
	}
	order->inside = 1;
	return 1;
}

static void
order_leave(void *ctx)
{
	struct order *order = ctx;

	assert_true(order->inside);
	assert_true(mem.held >= 0);
	order->inside = 0;
	order->leaves++;
}

static const struct vk_guard_ops order_ops = {order_look, order_enter, order_leave};

static void
nothing_inside(struct umem *memory, void *ctx, struct umem_event *event)
{
	const struct order *order = ctx;

	(void)memory;
	assert_false(order->inside);
	assert_true(order->looked || event->op == UMEM_RELEASE);
}

static void
order_begin(struct order *order)
{
	unsigned i;

	umem_clear(&mem);
	copy_tables(&mem);
	for (i = 0; i < 3; i++) {
		umem_add(&mem, COPY_A + 0x1000 * i, UMEM_RW, i + 1);
		umem_set_word(&mem, COPY_PT + 8 + 8 * i, (COPY_A + 0x1000 * i) | COPY_PWU);
	}
	memset(order, 0, sizeof(*order));
	mem.meanwhile = nothing_inside;
	mem.meanwhile_ctx = order;
	vk_us_init_ept(&us, umem_gpm(&mem), &copy_mode, vk_gva(COPY_END));
	us.guard.ops = &order_ops;
	us.guard.ctx = order;
}

static void
each_page_is_walked_held_and_moved_in_the_order_of_the_guard(void **state)
{
	static unsigned char pages[0x2100];
	struct order order;
	unsigned name, over;

	(void)state;
	for (name = 0; name < COPY_CALLS; name++) {
		/* Within the page, and over its end; the third page refuses both. */
		for (over = 0; over < 2; over++) {
			args = (struct copy_args){.gva = COPY_X + 0x800 + 0x7fc * over,
			    .len = over ? 0x2004 : LENGTH,
			    .buffer = pages};
			order_begin(&order);
			umem_set_word(&mem, COPY_PT + 24, 0);
			copy_make(&us, (enum copy_name)name, &args, &result);
			umem_check(&mem);
			assert_int_equal(order.enters, order.leaves);
			assert_false(order.inside);
			assert_int_equal(mem.calls[UMEM_HOLD], order.enters);
			if (!over)
				assert_int_equal(order.enters, 1);
		}
	}
}

static void
a_page_that_is_refused_is_released_and_walked_again(void **state)
{
	struct order order;

	(void)state;
	order_begin(&order);
	order.refusals = 3;
	args = (struct copy_args){.gva = COPY_X, .len = LENGTH, .buffer = buffer};
	copy_make(&us, COPYIN, &args, &result);
	umem_check(&mem);
	assert_int_equal(result.error, VK_OK);
	assert_int_equal(order.looks, 4);
	assert_int_equal(order.leaves, 1);
	assert_int_equal(mem.calls[UMEM_HOLD], 4);
	/* The first walk has set the flag in each of four entries. */
	assert_int_equal(mem.calls[UMEM_LOAD], 16);
	assert_int_equal(mem.calls[UMEM_CAS], 4);
}

static void
a_page_that_is_refused_for_ever_is_a_fault(void **state)
{
	struct order order;

	(void)state;
	order_begin(&order);
	order.refusals = ~0u;
	args = (struct copy_args){.gva = COPY_X, .len = LENGTH, .buffer = buffer};
	memset(buffer, MINE, sizeof(buffer));
	copy_make(&us, COPYIN, &args, &result);
	umem_check(&mem);
	assert_int_equal(result.error, VK_EFAULT);
	assert_int_equal(result.done, 0);
	assert_int_equal(buffer[0], MINE);
	assert_int_equal(order.looks, 1024);
	assert_int_equal(order.leaves, 0);
}

/* The short way promises by itself what a guard does. */
static void *
short_way(void *ctx, gva_t gva)
{
	(void)gva;
	return ctx;
}

static size_t
no_pages(void *ctx, struct vk_direct_cursor *cursor, gva_t gva, unsigned acc, size_t count,
    void **page)
{
	(void)ctx;
	(void)cursor;
	(void)gva;
	(void)acc;
	(void)count;
	(void)page;
	return 0;
}

static void
the_short_way_does_not_enter(void **state)
{
	struct order order;
	uint64_t word = 5;

	(void)state;
	order_begin(&order);
	us.direct = (struct vk_direct){short_way, short_way, no_pages, &word};
	args = (struct copy_args){.gva = COPY_X, .value = 6};
	copy_make(&us, SWAPU64, &args, &result);
	assert_int_equal(result.value, 5);
	assert_int_equal(word, 6);
	assert_int_equal(order.looks + order.enters + order.leaves, 0);
}

static int
group_begin(void **state)
{
	(void)state;
	umem_init(&mem);
	return 0;
}

static int
group_end(void **state)
{
	(void)state;
	umem_destroy(&mem);
	return 0;
}

static int
run_order_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_guard_every_one_of_these_calls_uses_what_was_shot_down),
	    cmocka_unit_test(each_page_is_walked_held_and_moved_in_the_order_of_the_guard),
	    cmocka_unit_test(a_page_that_is_refused_is_released_and_walked_again),
	    cmocka_unit_test(a_page_that_is_refused_for_ever_is_a_fault),
	    cmocka_unit_test(the_short_way_does_not_enter),
	};

	return cmocka_run_group_tests(tests, group_begin, group_end);
}

int
main(void)
{
	struct rows rows = {0};
	size_t i;
	int failed;

	umem_init(&mem);
	for (i = 0; i < ROWS_COUNT(shootdown_rows); i++)
		rows_add(&rows, "nothing is used after the shootdown by", shootdown_rows[i].what,
		    run_shootdown_row, &shootdown_rows[i]);
	failed = rows_run(&rows, "guard");
	umem_destroy(&mem);
	failed += run_order_tests();
	return failed != 0;
}
