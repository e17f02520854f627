/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How threads become vCPUs and cease to be: the rows of the master's and the slaves' life, and the
 * same lives at once, by seed, with slaves that come too early, too late, and with a root of their
 * own.  Whatever happens, the EPT is made once, outlives every vCPU, and is freed once.
 *
 * [DF-MASTER] [DF-SLAVE] [DF-LAST] [GUEST-CR3]
 */
#include <string.h>

#include "support/support_rows.h"
#include "support/support_vmhost.h"

static struct vmhost host;
static struct vmhost_thread *master, *slave;

static int
lives_begin(void **state)
{
	static const struct vmhost_program none = {.calls = 0};

	(void)state;
	vmhost_init(&host, 2, 0);
	master = vmhost_add(&host, &none);
	slave = vmhost_add(&host, &none);
	return 0;
}

static enum vmm_status
init(struct vmhost_thread *t)
{
	return vmm_init(&t->vcpu, &host.proc, &vmhost_ops, t, &t->options);
}

static void
destroy(struct vmhost_thread *t)
{
	vmm_destroy(&t->vcpu);
	assert_null(host.broken);
}

/* Neither the record nor the machine has anything of a vCPU. */
static void
assert_nothing_is_left(void)
{
	assert_null(host.broken);
	assert_int_equal(host.proc.ready, 0);
	assert_int_equal(host.proc.vcpus, 0);
	assert_int_equal(host.proc.cpulock, 0);
	assert_int_equal(host.created, host.destroyed);
}

static void
a_master_makes_the_ept_and_publishes_the_record(void **state)
{
	(void)state;
	host.proc.active = 6; /* of vCPUs before */
	assert_int_equal(init(master), VMM_OK);
	assert_int_equal(host.proc.active, 0);
	assert_int_equal(host.created, 1);
	assert_int_equal(host.proc.ready, 1);
	assert_int_equal(host.proc.eptp, host.live_eptp);
	assert_int_equal(host.proc.guest_cr3, VMHOST_CR3);
	assert_int_equal(host.proc.vcpus, 1);
	assert_int_equal(host.proc.cpulock | host.proc.cpumask | host.proc.invgen, 0);
	assert_int_equal(master->vcpu.cr3, VMHOST_CR3);
	assert_int_equal(master->vcpu.last_cpu, VMM_NO_CPU);
	assert_int_equal(master->vcpu.launched, 0);
	destroy(master);
	assert_nothing_is_left();
}

static void
a_slave_takes_only_the_pointer(void **state)
{
	(void)state;
	assert_int_equal(init(master), VMM_OK);
	slave->options.guest_cr3 = 0x666000; /* not asked for */
	assert_int_equal(init(slave), VMM_OK);
	assert_int_equal(host.created, 1);
	assert_int_equal(slave->vcpu.cr3, VMHOST_CR3);
	assert_ptr_equal(slave->vcpu.proc, master->vcpu.proc);
	assert_int_equal(host.proc.vcpus, 2);
	destroy(slave);
	destroy(master);
	assert_nothing_is_left();
}

static void
a_slave_before_the_master_is_refused(void **state)
{
	(void)state;
	assert_int_equal(init(slave), VMM_NO_RECORD);
	assert_nothing_is_left();
	assert_int_equal(init(master), VMM_OK);
	assert_int_equal(init(slave), VMM_OK);
}

static void
a_slave_may_name_the_root_of_the_record_and_no_other(void **state)
{
	static const uint64_t roots[] = {0x200000, 0x10001e ^ 0x1000, 1, ~0ull};
	unsigned i;

	(void)state;
	assert_int_equal(init(master), VMM_OK);
	for (i = 0; i < ROWS_COUNT(roots); i++) {
		slave->options.ept_root = roots[i];
		assert_int_equal(init(slave), VMM_BAD_ROOT);
		assert_int_equal(host.proc.vcpus, 1);
	}
	slave->options.ept_root = host.live_eptp;
	assert_int_equal(init(slave), VMM_OK);
}

static void
a_second_master_is_refused(void **state)
{
	struct vmm_proc before;

	(void)state;
	assert_int_equal(init(master), VMM_OK);
	before = host.proc;
	slave->options.master = 1;
	slave->options.guest_cr3 = 0x5000;
	assert_int_equal(init(slave), VMM_SECOND_MASTER);
	assert_memory_equal(&before, &host.proc, sizeof(before));
	assert_int_equal(host.created, 1);
}

static void
a_thread_that_is_a_vcpu_does_not_become_one_again(void **state)
{
	struct vmhost_thread *both[2];
	struct vmm_vcpu vcpu;
	struct vmm_proc proc;
	unsigned i, as_master;

	(void)state;
	both[0] = master;
	both[1] = slave;
	assert_int_equal(init(master), VMM_OK);
	assert_int_equal(init(slave), VMM_OK);
	for (i = 0; i < 2; i++) {
		both[i]->vcpu.last_cpu = 1; /* as after a run */
		both[i]->vcpu.launched = 1;
		vcpu = both[i]->vcpu;
		proc = host.proc;
		for (as_master = 0; as_master < 2; as_master++) {
			both[i]->options.master = (int)as_master;
			assert_int_equal(init(both[i]), VMM_IS_VCPU);
			assert_memory_equal(&vcpu, &both[i]->vcpu, sizeof(vcpu));
			assert_memory_equal(&proc, &host.proc, sizeof(proc));
		}
	}
}

static void
a_master_among_other_threads_is_refused(void **state)
{
	(void)state;
	for (master->options.threads = 2; master->options.threads < 100;
	     master->options.threads *= 3) {
		assert_int_equal(init(master), VMM_NOT_ALONE);
		assert_int_equal(host.created, 0);
	}
	assert_nothing_is_left();
}

static void
a_cr3_with_reserved_bits_is_refused(void **state)
{
	static const uint64_t bad[] = {1ull << 46, 1ull << 51, 1ull << 52, 1ull << 63, ~0ull};
	static const uint64_t good[] = {0, 0x1000, 0x1018, 0x1fff, (1ull << 46) - 1};
	unsigned i;

	(void)state;
	for (i = 0; i < ROWS_COUNT(bad); i++) {
		master->options.guest_cr3 = bad[i];
		assert_int_equal(init(master), VMM_BAD_CR3);
		assert_int_equal(host.created, 0);
	}
	assert_nothing_is_left();
	for (i = 0; i < ROWS_COUNT(good); i++) {
		master->options.guest_cr3 = good[i];
		assert_int_equal(init(master), VMM_OK);
		assert_int_equal(master->vcpu.cr3, good[i]);
		destroy(master);
	}
	master->options.maxphyaddr = 52;
	master->options.guest_cr3 = 1ull << 51;
	assert_int_equal(init(master), VMM_OK);
}

static int
no_memory(void *ctx, uint64_t *eptp)
{
	(void)ctx;
	*eptp = 0xbad;
	return 0;
}

static void
a_master_without_memory_leaves_nothing_behind(void **state)
{
	struct vmm_host_ops ops = vmhost_ops;

	(void)state;
	ops.ept_create = no_memory;
	assert_int_equal(
	    vmm_init(&master->vcpu, &host.proc, &ops, master, &master->options), VMM_NO_MEMORY);
	assert_int_equal(master->vcpu.exists, 0);
	destroy(master);
	assert_nothing_is_left();
	assert_int_equal(init(slave), VMM_NO_RECORD);
	assert_int_equal(init(master), VMM_OK);
}

static void
a_vcpu_that_never_was_is_destroyed_without_effect(void **state)
{
	static const struct vmhost_program none = {.calls = 0};
	struct vmhost_thread *third = vmhost_add(&host, &none);

	(void)state;
	destroy(third);
	assert_int_equal(init(master), VMM_OK);
	destroy(third);
	assert_int_equal(init(slave), VMM_OK);
	slave->options.ept_root = 0x200000;
	third->options.ept_root = 0x200000;
	assert_int_equal(init(third), VMM_BAD_ROOT);
	destroy(third);
	assert_int_equal(host.proc.vcpus, 2);
	assert_int_equal(host.destroyed, 0);
}

static void
a_vcpu_is_destroyed_once(void **state)
{
	(void)state;
	assert_int_equal(init(master), VMM_OK);
	assert_int_equal(init(slave), VMM_OK);
	destroy(slave);
	destroy(slave);
	assert_int_equal(host.proc.vcpus, 1);
	destroy(master);
	destroy(master);
	assert_int_equal(host.destroyed, 1);
	assert_nothing_is_left();
}

static void
a_master_that_goes_first_leaves_the_ept_to_the_slaves(void **state)
{
	static const struct vmhost_program none = {.calls = 0};
	struct vmhost_thread *late = vmhost_add(&host, &none);
	uint64_t eptp;

	(void)state;
	assert_int_equal(init(master), VMM_OK);
	eptp = host.live_eptp;
	assert_int_equal(init(slave), VMM_OK);
	destroy(master);
	assert_int_equal(host.destroyed, 0);
	assert_int_equal(host.proc.eptp, eptp);
	assert_int_equal(init(late), VMM_OK);
	destroy(slave);
	assert_int_equal(host.destroyed, 0);
	destroy(late);
	assert_int_equal(host.destroyed, 1);
	assert_nothing_is_left();
}

static void
after_the_last_vcpu_a_new_master_starts_afresh(void **state)
{
	(void)state;
	assert_int_equal(init(master), VMM_OK);
	host.proc.invgen = 7;
	destroy(master);
	assert_int_equal(init(slave), VMM_NO_RECORD);
	assert_int_equal(init(master), VMM_OK);
	assert_int_equal(host.created, 2);
	assert_int_equal(host.proc.eptp, host.live_eptp);
	assert_int_equal(init(slave), VMM_OK);
	/* Copies may have looked at the generation; to a new vCPU it means one flush more. */
	assert_int_equal(host.proc.invgen, 7);
	assert_int_equal(master->vcpu.eptgen, 0);
}

static void
a_copy_under_way_stays_counted_when_a_master_comes(void **state)
{
	struct vk_guard guard = vmm_copy_guard(&host.proc);

	(void)state;
	assert_true(guard.ops->enter(guard.ctx, guard.ops->look(guard.ctx)));
	assert_int_equal(init(master), VMM_OK);
	assert_int_equal(host.proc.cpulock, VMM_LOCK_STEP);
	guard.ops->leave(guard.ctx);
	assert_int_equal(host.proc.cpulock, 0);
}

/* A vCPU of before has left its VMCS launched, under a generation. */
static void
a_vcpu_begins_with_nothing_of_one_before(void **state)
{
	(void)state;
	master->vcpu.launched = 1;
	master->vcpu.eptgen = 9;
	assert_int_equal(init(master), VMM_OK);
	assert_int_equal(master->vcpu.launched, 0);
	assert_int_equal(master->vcpu.eptgen, 0);
	assert_int_equal(master->vcpu.exists, 1);
	master->vcpu.launched = 1;
	destroy(master);
	assert_int_equal(master->vcpu.launched, 0);
	assert_nothing_is_left();
}

/* The VMCS is cleared where it is active before anything of it is forgotten. */
static void
a_vcpu_that_ran_is_cleared_where_it_ran(void **state)
{
	(void)state;
	vmhost_init(&host, 2, 5);
	master = vmhost_add(&host, &(struct vmhost_program){.calls = 2, .dwell = 1});
	slave = vmhost_add(&host, &(struct vmhost_program){.calls = 2, .dwell = 1});
	host.together = 1;
	vmhost_run(&host, 5);
	assert_int_equal(master->joined, VMM_OK);
	assert_int_equal(slave->joined, VMM_OK);
	assert_int_equal(master->end, VMM_END_EXIT);
	assert_int_equal(slave->end, VMM_END_EXIT);
	assert_int_equal(master->vcpu.last_cpu, VMM_NO_CPU);
	assert_int_equal(master->vmcs_cpu, VMM_NO_CPU);
	assert_true(host.migrations >= 2);
	assert_nothing_is_left();
}

/* --- at once -------------------------------------------------------------------------------- */

struct race_row {
	const char *what;
	unsigned slaves, bad_roots; /* the last ones bring a root of their own */
	unsigned calls;             /* of the master; 0: it goes as soon as it can */
};

/* clang-format off */
static const struct race_row race_rows[] = {
	{ "a slave against a master that goes", 1, 0, 0 },
	{ "three slaves against a master that goes", 3, 0, 0 },
	{ "a slave with a root of its own against a master that goes", 1, 1, 0 },
	{ "slaves with and without a root of their own", 4, 2, 0 },
	{ "slaves against a master that stays a while", 3, 1, 2 },
};
/* clang-format on */

static void
run_race_row(void **state)
{
	const struct race_row *row = *state;
	unsigned ok = 0, early_or_late = 0, bad = 0, i;
	uint64_t seed;

	for (seed = 0; seed < 5000; seed++) {
		vmhost_init(&host, 3, seed);
		host.patient = 1;
		(void)vmhost_add(&host, &(struct vmhost_program){.calls = row->calls});
		for (i = 0; i < row->slaves; i++) {
			slave = vmhost_add(&host, &(struct vmhost_program){.calls = 0});
			if (i + row->bad_roots >= row->slaves)
				slave->options.ept_root = 0x666000;
		}
		vmhost_run(&host, seed);
		assert_nothing_is_left();
		assert_int_equal(host.created, 1);
		for (i = 1; i <= row->slaves; i++) {
			ok += host.thread[i].joined == VMM_OK;
			early_or_late += host.thread[i].joined == VMM_NO_RECORD;
			bad += host.thread[i].joined == VMM_BAD_ROOT;
		}
	}
	assert_true(early_or_late > 50);
	assert_true((ok > 50) == (row->slaves > row->bad_roots));
	assert_true((bad > 50) == (row->bad_roots != 0));
	assert_int_equal(ok + early_or_late + bad, 5000 * row->slaves);
}

#define LIFE(test) cmocka_unit_test_setup(test, lives_begin)

static int
run_lives(void)
{
	const struct CMUnitTest tests[] = {
	    LIFE(a_master_makes_the_ept_and_publishes_the_record),
	    LIFE(a_slave_takes_only_the_pointer),
	    LIFE(a_slave_before_the_master_is_refused),
	    LIFE(a_slave_may_name_the_root_of_the_record_and_no_other),
	    LIFE(a_second_master_is_refused),
	    LIFE(a_thread_that_is_a_vcpu_does_not_become_one_again),
	    LIFE(a_master_among_other_threads_is_refused),
	    LIFE(a_cr3_with_reserved_bits_is_refused),
	    LIFE(a_master_without_memory_leaves_nothing_behind),
	    LIFE(a_vcpu_that_never_was_is_destroyed_without_effect),
	    LIFE(a_vcpu_is_destroyed_once),
	    LIFE(a_master_that_goes_first_leaves_the_ept_to_the_slaves),
	    LIFE(after_the_last_vcpu_a_new_master_starts_afresh),
	    LIFE(a_copy_under_way_stays_counted_when_a_master_comes),
	    LIFE(a_vcpu_begins_with_nothing_of_one_before),
	    LIFE(a_vcpu_that_ran_is_cleared_where_it_ran),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	struct rows rows = {0};
	int failed;
	size_t i;

	for (i = 0; i < ROWS_COUNT(race_rows); i++)
		rows_add(&rows, "at once", race_rows[i].what, run_race_row, &race_rows[i]);
	failed = rows_run(&rows, "vminit");
	failed += run_lives();
	return failed != 0;
}
