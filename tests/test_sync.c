/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shootdown: the core's own run loop and stop protocol, interleaved at every atomic operation
 * by ten thousand seeds, on a machine that checks each step; and the swap of
 * vmm_guest_sync_addr(2).
 *
 * Held: the count is that of the CPUs and copies between count-in and count-out, nobody is in guest
 * mode while it is kept out, every entry after a stop has flushed, no translation is used after its
 * end, by a CPU or by a copy, and every wait ends (P1, P4b, P11, P12, P13 of the protocol).  A run
 * in which nothing stale was flushed and nobody was thrown out would prove nothing, so that is
 * counted too.
 *
 * [DF-SYNC] [DF-GATE] [DF-GENERATION] [DF-RUN] [DF-MIGRATE] [TLB-INVALIDATE]
 */
#include <string.h>

#include "support/support_copyio.h"
#include "support/support_rows.h"
#include "support/support_vmhost.h"

struct sync_row {
	const char *what;
	unsigned cpus, threads, seeds;
	struct vmhost_program master, slave;
	int migrates; /* there are other CPUs to go to */
};

/* clang-format off */
static const struct sync_row sync_rows[] = {
	{ "one initiator and one other vCPU",
	    2, 2, 10000, { .edits = 2, .calls = 1, .dwell = 2 }, { .calls = 3, .dwell = 6 }, 1 },
	{ "two initiators at once",
	    2, 2, 10000, { .edits = 2, .dwell = 2 }, { .edits = 2, .calls = 1, .dwell = 3 }, 1 },
	{ "one initiator, two others, a CPU for each",
	    3, 3, 10000, { .edits = 3, .dwell = 2 }, { .calls = 2, .dwell = 6 }, 1 },
	{ "three initiators on four CPUs",
	    4, 3, 5000, { .edits = 2, .calls = 1, .dwell = 3 },
	    { .edits = 2, .calls = 1, .dwell = 3 }, 1 },
	{ "two vCPUs that share one CPU",
	    1, 2, 5000, { .edits = 2, .calls = 2, .dwell = 2 },
	    { .edits = 1, .calls = 2, .dwell = 3 }, 0 },
	{ "six vCPUs on two CPUs",
	    2, 6, 1000, { .edits = 3, .calls = 1, .dwell = 2 },
	    { .edits = 1, .calls = 2, .dwell = 3 }, 1 },
	{ "flushes without a change between changes",
	    3, 3, 5000, { .edits = 1, .syncs = 2, .calls = 1, .dwell = 2 },
	    { .edits = 1, .syncs = 1, .calls = 1, .dwell = 4 }, 1 },
	{ "copies on one CPU and changes from another",
	    2, 2, 10000, { .edits = 3, .calls = 1, .dwell = 2 }, { .copies = 4, .dwell = 2 }, 1 },
	{ "copies and changes everywhere",
	    3, 4, 5000, { .edits = 2, .copies = 2, .dwell = 2 },
	    { .edits = 1, .syncs = 1, .copies = 2, .dwell = 2 }, 1 },
};
/* clang-format on */

static void
run_sync_row(void **state)
{
	const struct sync_row *row = *state;
	static struct vmhost host;
	unsigned stops = 0, flushed = 0, used = 0, migrations = 0, backed_off = 0, again = 0, i;
	uint64_t seed;

	for (seed = 0; seed < row->seeds; seed++) {
		vmhost_init(&host, row->cpus, seed);
		host.together = 1;
		for (i = 0; i < row->threads; i++)
			(void)vmhost_add(&host, i == 0 ? &row->master : &row->slave);
		vmhost_run(&host, seed);
		stops += host.stops_with_guests;
		flushed += host.stale_flushed;
		used += host.old_used_in_time;
		migrations += host.migrations;
		backed_off += host.backed_off;
		again += host.copied_again;
	}
	assert_true(again > 100 || row->slave.copies == 0);
	if (row->cpus > 1)
		assert_true(stops > 100 && used > 100);
	assert_true(flushed > 100);
	assert_true(backed_off > 100 || row->cpus == 1);
	assert_true(!row->migrates || migrations > 100);
}

/* --- the swap ------------------------------------------------------------------------------- */

static struct umem mem;
static struct vk_us us;
static struct vmhost host;

/* Every access of the swap happens while all vCPUs are out. */
static void
look_at_the_gate(struct umem *memory, void *ctx, struct umem_event *event)
{
	(void)memory;
	(void)ctx;
	(void)event;
	assert_int_equal(host.proc.cpulock, VMM_LOCK_EXCL);
	assert_int_equal(host.proc.invgen, 1);
}

/* A record of a process whose vCPUs are all in the host; X, Y and Z are writable. */
static int
swap_begin(void **state)
{
	static const struct vmhost_program none = {.calls = 0};
	unsigned i;

	(void)state;
	umem_init(&mem);
	copy_tables(&mem);
	for (i = 0; i < 3; i++) {
		umem_add(&mem, COPY_A + 0x1000 * i, UMEM_RW, i + 1);
		umem_set_word(&mem, COPY_PT + 8 + 8 * i, (COPY_A + 0x1000 * i) | COPY_PWU);
	}
	vk_us_init_ept(&us, umem_gpm(&mem), &copy_mode, vk_gva(COPY_END));
	vmhost_init(&host, 2, 0);
	(void)vmhost_add(&host, &none);
	host.proc.ready = 1;
	host.proc.vcpus = 1;
	umem_set_word(&mem, COPY_A + 8, 0x1111);
	umem_set_word(&mem, COPY_B + 16, 0x2222);
	mem.meanwhile = look_at_the_gate;
	return 0;
}

static int
swap_end(void **state)
{
	(void)state;
	umem_destroy(&mem);
	return 0;
}

static enum vmm_status
sync_addr(uint64_t dst, uint64_t src)
{
	enum vmm_status status = vmm_guest_sync_addr(
	    &host.proc, &vmhost_ops, &host.thread[0], &us, vk_gva(dst), vk_gva(src));

	assert_int_equal(host.proc.cpulock, 0);
	umem_check(&mem);
	return status;
}

static void
the_word_and_the_entry_change_places_while_all_are_out(void **state)
{
	(void)state;
	assert_int_equal(sync_addr(COPY_X + 8, COPY_Y + 16), VMM_OK);
	assert_int_equal(umem_word(&mem, COPY_A + 8), 0x2222);
	assert_int_equal(umem_word(&mem, COPY_B + 16), 0x1111);
	assert_int_equal(host.proc.invgen, 1);
	assert_true(umem_operations(&mem) > 0);
}

static uint64_t
must_not_look(void *ctx)
{
	(void)ctx;
	fail_msg("the swap waits for its own gate");
	return 0;
}

static void
the_swap_does_not_wait_for_its_own_gate(void **state)
{
	static const struct vk_guard_ops ops = {.look = must_not_look};

	(void)state;
	us.guard.ops = &ops;
	assert_int_equal(sync_addr(COPY_X + 8, COPY_Y + 16), VMM_OK);
	assert_int_equal(umem_word(&mem, COPY_A + 8), 0x2222);
	assert_ptr_equal(us.guard.ops, &ops);
}

static void
without_a_destination_only_the_flush_is_done(void **state)
{
	(void)state;
	assert_int_equal(sync_addr(0, COPY_Y + 16), VMM_OK);
	assert_int_equal(host.proc.invgen, 1);
	assert_int_equal(umem_operations(&mem), 0);
}

static void
without_a_record_there_is_nothing_to_sync(void **state)
{
	(void)state;
	host.proc.ready = 0;
	assert_int_equal(sync_addr(COPY_X + 8, COPY_Y + 16), VMM_NO_RECORD);
	assert_int_equal(sync_addr(0, 0), VMM_NO_RECORD);
	assert_int_equal(host.proc.invgen, 0);
	assert_int_equal(umem_operations(&mem), 0);
}

static void
a_value_that_looks_like_an_error_is_swapped_like_any_other(void **state)
{
	(void)state;
	umem_set_word(&mem, COPY_B + 16, ~0ull);
	umem_set_word(&mem, COPY_A + 8, (uint64_t)-14);
	assert_int_equal(sync_addr(COPY_X + 8, COPY_Y + 16), VMM_OK);
	assert_int_equal(umem_word(&mem, COPY_A + 8), ~0ull);
	assert_int_equal(umem_word(&mem, COPY_B + 16), (uint64_t)-14);
}

static void
an_entry_swapped_with_itself_stays(void **state)
{
	(void)state;
	assert_int_equal(sync_addr(COPY_X + 8, COPY_X + 8), VMM_OK);
	assert_int_equal(umem_word(&mem, COPY_A + 8), 0x1111);
}

struct refusal_row {
	const char *what;
	uint64_t dst, src;
	uint64_t x, y; /* entries that map X and Y; 0: the usual */
};

#define PWU COPY_PWU

/* clang-format off */
static const struct refusal_row refusal_rows[] = {
	{ "a source that is not mapped", COPY_X + 8, COPY_X + 0x9000, 0, 0 },
	{ "a source that is read-only", COPY_X + 8, COPY_Y + 16, 0, COPY_B | 5 },
	{ "a source of the supervisor", COPY_X + 8, COPY_Y + 16, 0, COPY_B | 3 },
	{ "a source beyond user space", COPY_X + 8, 0xffff800000000000, 0, 0 },
	{ "a source that wraps", COPY_X + 8, 0xfffffffffffffffc, 0, 0 },
	{ "a destination that is not mapped", COPY_X + 0x9000, COPY_Y + 16, 0, 0 },
	{ "a destination that is read-only", COPY_X + 8, COPY_Y + 16, COPY_A | 5, 0 },
	{ "a destination of the supervisor", COPY_X + 8, COPY_Y + 16, COPY_A | 3, 0 },
	{ "a destination that is not aligned", COPY_X + 9, COPY_Y + 16, 0, 0 },
	{ "a destination that is not aligned and crosses", COPY_X + 0xffc, COPY_Y + 16, 0, 0 },
	{ "a destination beyond user space", 0xffff800000000000, COPY_Y + 16, 0, 0 },
	{ "both not mapped", COPY_X + 0x9000, COPY_X + 0xa000, 0, 0 },
};
/* clang-format on */

/* Neither word changed, nor did anybody see it changed: its page was not held for writing. */
static void
assert_destination_untouched(void)
{
	unsigned i;

	assert_int_equal(umem_word(&mem, COPY_A + 8), 0x1111);
	for (i = 0; i < mem.events; i++) {
		const struct umem_event *event = &mem.event[i];

		assert_false(event->op == UMEM_HOLD && event->granted && (event->acc & UMEM_W) &&
		    (event->gpa & ~0xfffull) == COPY_A);
	}
}

static void
run_refusal_row(void **state)
{
	const struct refusal_row *row = *state;

	swap_begin(NULL);
	if (row->x != 0)
		umem_set_word(&mem, COPY_PT + 8, row->x);
	if (row->y != 0)
		umem_set_word(&mem, COPY_PT + 16, row->y);
	assert_int_equal(sync_addr(row->dst, row->src), VMM_FAULT);
	assert_destination_untouched();
	assert_int_equal(umem_word(&mem, COPY_B + 16), 0x2222);
	swap_end(NULL);
}

/* The destination is the very entry that maps the source; the new value takes the source away. */
static void
an_entry_that_takes_the_source_away_is_put_back(void **state)
{
	uint64_t entry;

	(void)state;
	umem_set_word(&mem, COPY_PT + 8, COPY_PT | PWU); /* X shows the page table */
	umem_set_word(&mem, COPY_B + 16, 0);             /* what is to become of PT[2], Y's entry */
	assert_int_equal(sync_addr(COPY_X + 16, COPY_Y + 16), VMM_FAULT);
	entry = umem_word(&mem, COPY_PT + 16);
	assert_int_equal(entry & ~0x60ull, COPY_B | PWU);
	assert_int_equal(umem_word(&mem, COPY_B + 16), 0);
}

static struct {
	unsigned holds, refuse;
} refusal;

static void
refuse_one_hold(struct umem *memory, void *ctx, struct umem_event *event)
{
	look_at_the_gate(memory, ctx, event);
	if (event->op == UMEM_HOLD && refusal.holds++ == refusal.refuse)
		event->granted = 0;
}

/* The map takes one page away, for once, at each of the moments at which the swap needs one. */
static void
a_swap_interrupted_at_any_moment_is_whole_or_not_at_all(void **state)
{
	unsigned whole = 0, not_at_all = 0;

	for (refusal.refuse = 0; refusal.refuse < 8; refusal.refuse++) {
		enum vmm_status status;
		int done;

		swap_end(state);
		swap_begin(state);
		refusal.holds = 0;
		mem.meanwhile = refuse_one_hold;
		status = sync_addr(COPY_X + 8, COPY_Y + 16);
		done = status == VMM_OK;
		assert_true(done || status == VMM_FAULT);
		assert_int_equal(umem_word(&mem, COPY_A + 8), done ? 0x2222 : 0x1111);
		assert_int_equal(umem_word(&mem, COPY_B + 16), done ? 0x1111 : 0x2222);
		whole += done != 0;
		not_at_all += !done;
	}
	assert_true(whole > 0 && not_at_all >= 3);
}

/* --- who waits for whom ---------------------------------------------------------------------- */

/* A stop with nobody in the gate sends no interrupt, whatever the mask says. */
static void
a_stop_without_guests_disturbs_nobody(void **state)
{
	(void)state;
	host.cpu[1].holder = &host.thread[0];
	host.thread[0].interrupts = 0;
	host.proc.cpumask = 2;
	vmm_stop_begin(&host.proc, &vmhost_ops, &host.thread[0]);
	assert_int_equal(host.cpu[1].interrupt, 0);
	assert_int_equal(host.proc.invgen, 1);
	vmm_stop_end(&host.proc);
	assert_int_equal(host.proc.cpulock, 0);
}

#define SWAP(test) cmocka_unit_test_setup_teardown(test, swap_begin, swap_end)

static int
run_swap_tests(void)
{
	const struct CMUnitTest tests[] = {
	    SWAP(the_word_and_the_entry_change_places_while_all_are_out),
	    SWAP(the_swap_does_not_wait_for_its_own_gate),
	    SWAP(without_a_destination_only_the_flush_is_done),
	    SWAP(without_a_record_there_is_nothing_to_sync),
	    SWAP(a_value_that_looks_like_an_error_is_swapped_like_any_other),
	    SWAP(an_entry_swapped_with_itself_stays),
	    SWAP(an_entry_that_takes_the_source_away_is_put_back),
	    SWAP(a_swap_interrupted_at_any_moment_is_whole_or_not_at_all),
	    SWAP(a_stop_without_guests_disturbs_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	struct rows rows = {0};
	int failed;
	size_t i;

	for (i = 0; i < ROWS_COUNT(sync_rows); i++)
		rows_add(&rows, "stop and go", sync_rows[i].what, run_sync_row, &sync_rows[i]);
	for (i = 0; i < ROWS_COUNT(refusal_rows); i++)
		rows_add(&rows, "nothing is stored for", refusal_rows[i].what, run_refusal_row,
		    &refusal_rows[i]);
	failed = rows_run(&rows, "sync");
	failed += run_swap_tests();
	return failed != 0;
}
