/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run loop, one vCPU at a time: which step comes before which, what holds at each of them, and
 * what another processor may do in between.
 *
 * This program has its own vk_env_point(), so that it sees every atomic operation on the words of
 * the gate, in order with what the loop asks of its host, and can act as the other processor right
 * before any one of them.
 *
 * [DF-RUN] [DF-GATE] [DF-GENERATION] [DF-MIGRATE] [VMX-ENTRY] [VMX-ERROR]
 */
#include <stdio.h>
#include <string.h>

#include "base/ptlevel.h"
#include "support/support_rows.h"
#include "vmm/vmm.h"

#define EPTP    0x10001eull
#define LOG     1024
#define ENTRIES 16

/* What a VM entry found. */
struct entry {
	int resume, cpu;
	uint64_t cr3;
	enum vmm_entry answer;
};

/* A host with one vCPU, and another processor. */
static struct host {
	struct vmm_proc proc;
	struct vmm_vcpu vcpu;
	char log[LOG][24];
	unsigned logs;
	/* Plans: the CPU of each passage (the last one goes on), and so on by number of passage. */
	int cpu[8];
	unsigned passages;
	unsigned must_leave;  /* so many times */
	unsigned other_vmcs;  /* bit n: before passage n another VMCS was loaded on this CPU */
	unsigned entries;     /* how many before the guest exits for good */
	uint32_t last_reason; /* 0: the system call exit(2) */
	enum vmm_entry last_answer;
	uint64_t next_cr3; /* from the first exit on; 0: no change */
	/* Where the loop is. */
	int critical, interrupts, loaded_on;
	struct entry entry[ENTRIES];
	unsigned made;    /* entries */
	uint64_t flushed; /* generation at the last INVEPT on this CPU */
	uint64_t cr3;     /* as last written */
	/* The other processor. */
	unsigned points, strike;
	int stopping, struck, stop_at_pause;
	uint64_t vmclear_eptp; /* what has to be flushed where a VMCS leaves */
	const char *broken;
} host;

static void
need(int holds, const char *what)
{
	if (!holds && host.broken == NULL)
		host.broken = what;
}

static void
say(const char *what)
{
	if (host.logs < LOG)
		snprintf(host.log[host.logs++], sizeof(host.log[0]), "%s", what);
}

static const char *
word_name(const void *where)
{
	if (where == &host.proc.cpulock)
		return "lock";
	if (where == &host.proc.cpumask)
		return "mask";
	if (where == &host.proc.invgen)
		return "generation";
	return where == &host.proc.eptp ? "eptp" : "other";
}

/* Stops all vCPUs as another processor would, in an instant, when none is counted in. */
static void
other_processor(enum vk_env_op op)
{
	if (op == VK_ENV_PAUSE)
		host.proc.active &= ~VMM_ACTIVE_LOCK;
	if (host.stopping && (op == VK_ENV_PAUSE || !host.stop_at_pause)) {
		host.proc.invgen++;
		host.proc.cpulock &= ~VMM_LOCK_EXCL;
		host.stopping = 0;
	} else if (host.points == host.strike && host.proc.cpulock == 0) {
		host.proc.cpulock |= VMM_LOCK_EXCL;
		host.stopping = host.struck = 1;
	}
}

void
vk_env_point(enum vk_env_op op, const void *where)
{
	static const char *const names[] = {[VK_ENV_LOAD] = "load",
	    [VK_ENV_STORE] = "store",
	    [VK_ENV_ADD] = "add",
	    [VK_ENV_CHANGE] = "change",
	    [VK_ENV_SWAP] = "swap",
	    [VK_ENV_CAS] = "cas",
	    [VK_ENV_PAUSE] = "pause"};
	char text[24];

	snprintf(text, sizeof(text), "%s%s%s", names[op], op == VK_ENV_PAUSE ? "" : " ",
	    op == VK_ENV_PAUSE ? "" : word_name(where));
	say(text);
	host.points++;
	other_processor(op);
}

/* --- the host's operations ------------------------------------------------------------------ */

static int
host_this_cpu(void *ctx)
{
	(void)ctx;
	say("cpu");
	need(host.critical, "the CPU is asked outside the critical section");
	return host.cpu[host.passages - 1];
}

static void
host_critical(void *ctx, int enter)
{
	(void)ctx;
	say(enter ? "critical" : "uncritical");
	need(enter == !host.critical, "critical sections do not match");
	need(host.interrupts, "a critical section begins or ends with interrupts off");
	host.critical = enter;
	if (enter) {
		host.passages++;
		if (host.other_vmcs & (1u << host.passages))
			host.loaded_on = VMM_NO_CPU;
	}
}

static void
host_interrupts(void *ctx, int on)
{
	(void)ctx;
	say(on ? "interrupts on" : "interrupts off");
	need(host.critical, "interrupts change outside the critical section");
	need(on == !host.interrupts, "interrupts are made what they are");
	if (on) {
		need(host.proc.cpulock / VMM_LOCK_STEP == 0, "interrupts come on while counted");
		need(host.proc.cpumask == 0, "interrupts come on while in the mask");
	}
	host.interrupts = on;
}

static int
host_must_leave(void *ctx)
{
	(void)ctx;
	say("must leave?");
	need(!host.interrupts, "host work is looked for with interrupts on");
	if (host.must_leave == 0)
		return 0;
	host.must_leave--;
	return 1;
}

static void
host_vmclear_on(void *ctx, int cpu, uint64_t eptp)
{
	char text[24];

	(void)ctx;
	snprintf(text, sizeof(text), "vmclear on %d", cpu);
	say(text);
	need(eptp == host.vmclear_eptp, "another EPT is flushed");
	need(host.interrupts, "another CPU is waited for with interrupts off");
	host.loaded_on = VMM_NO_CPU;
}

static void
host_vmptrld(void *ctx, int first_time_here)
{
	(void)ctx;
	say(first_time_here ? "vmptrld first" : "vmptrld again");
	host.loaded_on = host.cpu[host.passages - 1];
}

static int
host_is_current(void *ctx)
{
	(void)ctx;
	return host.loaded_on == host.cpu[host.passages - 1];
}

static void
host_invept(void *ctx, uint64_t eptp)
{
	(void)ctx;
	say("invept");
	need(eptp == EPTP, "another EPT is flushed");
	need(host.critical, "INVEPT outside the critical section");
	host.flushed = host.proc.invgen;
}

static void
host_write_guest(void *ctx, uint64_t cr3)
{
	(void)ctx;
	say("write guest");
	host.cr3 = cr3;
}

static enum vmm_entry
host_enter(void *ctx, int resume, struct vmx_exit *exit)
{
	int cpu = host.cpu[host.passages - 1], last = host.made + 1 == host.entries;

	(void)ctx;
	say("enter");
	need(!host.interrupts, "entry with interrupts on");
	need(host.loaded_on == cpu, "entry with another VMCS");
	need(host.proc.cpumask == VK_BIT(cpu), "entry without the CPU's mask bit");
	need(host.proc.cpulock == VMM_LOCK_STEP, "entry without being counted, or past a stop");
	need(host.flushed == host.proc.invgen, "entry without a flush of the newest generation");
	assert_true(host.made < ENTRIES);
	host.entry[host.made].resume = resume;
	host.entry[host.made].cpu = cpu;
	host.entry[host.made].cr3 = host.cr3;
	host.entry[host.made].answer = last ? host.last_answer : VMM_ENTERED;
	if (last && host.last_answer == VMM_ENTRY_VMFAIL) {
		memset(exit, 0xff, sizeof(*exit)); /* no exit took place: nothing here is valid */
	} else {
		memset(exit, 0, sizeof(*exit));
		exit->reason = !last ? VMX_EXIT_CPUID : host.last_reason;
		exit->intr_info = vmx_intr_info(VMX_VECTOR_UD, VMX_INTR_HARDWARE, 0);
	}
	return host.entry[host.made++].answer;
}

static void
host_emulate_cpuid(void *ctx)
{
	(void)ctx;
	say("handle");
	need(host.interrupts && !host.critical, "an exit is handled inside the critical section");
	need(host.proc.cpulock / VMM_LOCK_STEP == 0, "an exit is handled while counted");
	if (host.next_cr3 != 0)
		host.vcpu.cr3 = host.next_cr3;
}

static int
host_advance(void *ctx, unsigned bytes)
{
	(void)ctx;
	(void)bytes;
	return 1;
}

static unsigned
host_fetch(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault)
{
	(void)ctx;
	(void)fault;
	(void)size;
	bytes[0] = 0x0f;
	bytes[1] = 0x05;
	return 2;
}

static int
host_is_flush_call(void *ctx)
{
	(void)ctx;
	return 0;
}

static enum vmm_end
host_syscall(void *ctx)
{
	host_emulate_cpuid(ctx);
	return VMM_END_EXIT;
}

static const struct vmm_host_ops host_ops = {
    .protocol = &vmm_protocol_vkept,
    .this_cpu = host_this_cpu,
    .critical = host_critical,
    .interrupts = host_interrupts,
    .must_leave = host_must_leave,
    .vmclear_on = host_vmclear_on,
    .vmptrld = host_vmptrld,
    .is_current = host_is_current,
    .invept = host_invept,
    .write_guest = host_write_guest,
    .enter = host_enter,
    .fetch = host_fetch,
    .advance = host_advance,
    .is_flush_call = host_is_flush_call,
    .syscall = host_syscall,
    .emulate_cpuid = host_emulate_cpuid,
};

/* A vCPU that has never run, in a process with one; one entry, on CPU 3. */
static int
host_begin(void **state)
{
	unsigned i;

	(void)state;
	memset(&host, 0, sizeof(host));
	host.proc.ready = 1;
	host.proc.vcpus = 1;
	host.proc.eptp = EPTP;
	host.vcpu.proc = &host.proc;
	host.vcpu.ops = &host_ops;
	host.vcpu.cr3 = 0x1000;
	host.vcpu.last_cpu = VMM_NO_CPU;
	host.vcpu.exists = 1;
	for (i = 0; i < 8; i++)
		host.cpu[i] = 3;
	host.entries = 1;
	host.interrupts = 1;
	host.loaded_on = VMM_NO_CPU;
	host.flushed = ~0ull;
	host.vmclear_eptp = EPTP;
	return 0;
}

/* Runs to the end, which must leave the gate as it was found. */
static enum vmm_end
run(void)
{
	enum vmm_end end = vmm_run(&host.vcpu);

	if (host.broken != NULL)
		fail_msg("%s", host.broken);
	assert_int_not_equal(end, VMM_RUNNING);
	assert_int_equal(host.proc.cpulock & ~VMM_LOCK_EXCL, 0);
	assert_int_equal(host.proc.cpumask, 0);
	assert_true(host.interrupts && !host.critical);
	return end;
}

/* Where the text stands in the log for the n-th time (from 1); -1: nowhere. */
static int
find(const char *what, unsigned nth)
{
	unsigned i;

	for (i = 0; i < host.logs; i++) {
		if (strcmp(host.log[i], what) == 0 && --nth == 0)
			return (int)i;
	}
	return -1;
}

static unsigned
count(const char *what)
{
	unsigned n = 0;

	while (find(what, n + 1) >= 0)
		n++;
	return n;
}

/* --- which comes first ---------------------------------------------------------------------- */

struct order_row {
	const char *what;
	const char *first;
	unsigned first_nth;
	const char *then;
	unsigned then_nth;
};

/* One passage on a fresh CPU with a generation that has moved on. */
/* clang-format off */
static const struct order_row order_rows[] = {
	{ "the critical section begins before the CPU is asked for", "critical", 1, "cpu", 1 },
	{ "the VMCS is loaded before anything is flushed for it",
	    "vmptrld first", 1, "invept", 1 },
	{ "arrival flushes before interrupts go off", "invept", 1, "interrupts off", 1 },
	{ "interrupts are off before host work is looked for",
	    "interrupts off", 1, "must leave?", 1 },
	{ "host work is looked for before the mask bit goes up",
	    "must leave?", 1, "change mask", 1 },
	{ "interrupts are off before the mask bit goes up", "interrupts off", 1, "change mask", 1 },
	{ "the mask bit goes up before the gate is looked at", "change mask", 1, "load lock", 1 },
	{ "the mask bit goes up before the count", "change mask", 1, "cas lock", 1 },
	{ "the count goes up before the generation is compared",
	    "cas lock", 1, "load generation", 1 },
	{ "the count goes up before the guest's registers are written",
	    "cas lock", 1, "write guest", 1 },
	{ "the generation is compared before the flush", "load generation", 1, "invept", 2 },
	{ "the flush comes before the entry", "invept", 2, "enter", 1 },
	{ "the guest's registers are written before the entry", "write guest", 1, "enter", 1 },
	{ "the mask bit comes down after the exit", "enter", 1, "change mask", 2 },
	{ "the mask bit comes down before the count", "change mask", 2, "change lock", 1 },
	{ "the count comes down before interrupts come on", "change lock", 1, "interrupts on", 1 },
	{ "interrupts come on before the critical section ends",
	    "interrupts on", 1, "uncritical", 1 },
	{ "the critical section ends before the exit is handled", "uncritical", 1, "handle", 1 },
};
/* clang-format on */

static void
run_order_row(void **state)
{
	const struct order_row *row = *state;
	int first, then;

	host_begin(NULL);
	host.proc.invgen = 5;
	assert_int_equal(run(), VMM_END_EXIT);
	first = find(row->first, row->first_nth);
	then = find(row->then, row->then_nth);
	assert_true(first >= 0 && then >= 0);
	assert_true(first < then);
}

/* --- launch, resume, migration: L14, L15, L18 ----------------------------------------------- */

struct life_row {
	const char *what;
	int cpu[4];          /* of the passages */
	unsigned other_vmcs; /* bit n: before passage n */
	unsigned entries;
	unsigned resumes; /* bit n: the n-th entry (from 0) resumes */
	unsigned firsts, agains, flushes;
	const char *vmclear; /* the only one; NULL: none */
};

/* clang-format off */
static const struct life_row life_rows[] = {
	{ "a fresh VMCS is launched", { 3 }, 0, 1, 0, 1, 0, 1, NULL },
	{ "on the same CPU it is then resumed", { 3, 3, 3 }, 0, 3, 6, 1, 0, 1, NULL },
	{ "after a migration it is launched again", { 1, 2 }, 0, 2, 0, 2, 0, 2, "vmclear on 1" },
	{ "after a migration it is resumed on the new CPU",
	    { 1, 2, 2 }, 0, 3, 4, 2, 0, 2, "vmclear on 1" },
	{ "when another VMCS was loaded it is loaded again, and resumed",
	    { 3, 3, 3 }, 1u << 2, 3, 6, 1, 1, 1, NULL },
	{ "a VMCS that migrates is cleared where it was, even if another is loaded there",
	    { 1, 1, 2 }, 1u << 3, 3, 2, 2, 0, 2, "vmclear on 1" },
};
/* clang-format on */

static void
run_life_row(void **state)
{
	const struct life_row *row = *state;
	unsigned i;

	host_begin(NULL);
	for (i = 0; i < 4; i++)
		host.cpu[i] = row->cpu[i];
	host.other_vmcs = row->other_vmcs;
	host.entries = row->entries;
	assert_int_equal(run(), VMM_END_EXIT);
	assert_int_equal(host.made, row->entries);
	for (i = 0; i < host.made; i++) {
		assert_int_equal(host.entry[i].resume, (row->resumes >> i) & 1);
		assert_int_equal(host.entry[i].cpu, row->cpu[i]);
	}
	assert_int_equal(count("vmptrld first"), row->firsts);
	assert_int_equal(count("vmptrld again"), row->agains);
	assert_int_equal(count("invept"), row->flushes);
	if (row->vmclear != NULL)
		assert_true(
		    find(row->vmclear, 1) >= 0 && find(row->vmclear, 1) < find("vmptrld first", 2));
	for (i = 0; i < host.logs; i++) {
		if (strncmp(host.log[i], "vmclear", 7) == 0)
			assert_string_equal(host.log[i], row->vmclear);
	}
	assert_int_equal(host.vcpu.last_cpu, row->cpu[row->entries - 1]);
}

static void
a_cpu_that_is_come_back_to_is_flushed_again(void **state)
{
	(void)state;
	host.cpu[0] = 1;
	host.cpu[1] = 2;
	host.cpu[2] = 1;
	host.entries = 3;
	assert_int_equal(run(), VMM_END_EXIT);
	assert_int_equal(count("invept"), 3);
	assert_true(find("vmclear on 1", 1) < find("vmclear on 2", 1));
	assert_int_equal(host.entry[2].resume, 0);
}

/* The host with a protocol that differs from this project's in two of its fields. */
static void
run_with(int flushes_on_migration, int captures)
{
	struct vmm_protocol protocol = vmm_protocol_vkept;
	struct vmm_host_ops ops = host_ops;

	protocol.flushes_on_migration = flushes_on_migration;
	protocol.captures = captures;
	ops.protocol = &protocol;
	host.vcpu.ops = &ops;
	assert_int_equal(run(), VMM_END_EXIT);
}

static void
a_cpu_that_is_come_to_waits_for_who_captures(void **state)
{
	(void)state;
	host.proc.active = VMM_ACTIVE_LOCK | 1;
	run_with(1, 1);
	assert_int_equal(count("pause"), 1);
	assert_true(find("vmptrld first", 1) < find("pause", 1));
	assert_true(find("pause", 1) < find("invept", 1));
	assert_int_equal(host.proc.active, VK_BIT(3) | 1);
}

static void
where_nobody_captures_nobody_is_waited_for(void **state)
{
	(void)state;
	host.proc.active = VMM_ACTIVE_LOCK | 1;
	run_with(1, 0);
	assert_int_equal(count("pause"), 0);
	assert_int_equal(host.proc.active, VMM_ACTIVE_LOCK | VK_BIT(3) | 1);
}

static void
without_a_flush_on_migration_no_ept_is_named(void **state)
{
	(void)state;
	host.cpu[0] = 1;
	host.cpu[1] = 2;
	host.entries = 2;
	host.flushed = host.vmclear_eptp = 0;
	run_with(0, 0);
	assert_int_equal(count("vmclear on 1"), 1);
	assert_int_equal(count("invept"), 0);
}

/* --- the generation ------------------------------------------------------------------------- */

static void
a_generation_is_flushed_once(void **state)
{
	(void)state;
	host.proc.invgen = 3;
	host.vcpu.eptgen = 1;
	host.entries = 4;
	assert_int_equal(run(), VMM_END_EXIT);
	assert_int_equal(count("invept"), 2); /* arrival, and the generation */
	assert_int_equal(host.vcpu.eptgen, 3);
}

static void
an_old_generation_is_told_by_inequality(void **state)
{
	(void)state;
	host.proc.invgen = 0; /* has wrapped around */
	host.vcpu.eptgen = ~0ull;
	assert_int_equal(run(), VMM_END_EXIT);
	assert_int_equal(count("invept"), 2);
	assert_int_equal(host.vcpu.eptgen, 0);
}

/* --- registers, host work, ends ------------------------------------------------------------- */

static void
the_guest_gets_the_cr3_that_the_handler_left(void **state)
{
	(void)state;
	host.entries = 3;
	host.next_cr3 = 0x5000;
	assert_int_equal(run(), VMM_END_EXIT);
	assert_int_equal(host.entry[0].cr3, 0x1000);
	assert_int_equal(host.entry[1].cr3, 0x5000);
	assert_int_equal(host.entry[2].cr3, 0x5000);
}

static void
host_work_goes_first_and_may_change_the_cpu(void **state)
{
	(void)state;
	host.must_leave = 2;
	host.cpu[0] = 1;
	host.cpu[1] = 1;
	host.cpu[2] = 2;
	assert_int_equal(run(), VMM_END_EXIT);
	assert_int_equal(count("must leave?"), 3);
	assert_int_equal(count("enter"), 1);
	assert_int_equal(host.entry[0].cpu, 2);
	assert_int_equal(count("cas lock"), 1); /* the gate was not touched before */
	assert_true(find("must leave?", 3) < find("change mask", 1));
}

struct end_row {
	const char *what;
	uint32_t reason;
	enum vmm_entry answer;
	enum vmm_end end;
	int launched; /* afterwards */
};

/* clang-format off */
static const struct end_row end_rows[] = {
	{ "exit(2) ends it in peace", 0, VMM_ENTERED, VMM_END_EXIT, 1 },
	{ "an entry that fails as an instruction", 0, VMM_ENTRY_VMFAIL, VMM_END_ENTRY_FAILED, 0 },
	{ "an entry that fails for the guest's state",
	    0x80000021, VMM_ENTERED, VMM_END_KILLED, 0 },
	{ "an exit that nobody handles", VMX_EXIT_TRIPLE_FAULT, VMM_ENTERED, VMM_END_KILLED, 1 },
	{ "an exit that the host is to blame for", VMX_EXIT_EPT_MISCONFIG, VMM_ENTERED,
	    VMM_END_HOST_BUG, 1 },
};
/* clang-format on */

static void
run_end_row(void **state)
{
	const struct end_row *row = *state;
	unsigned entries;

	for (entries = 1; entries <= 3; entries++) {
		host_begin(NULL);
		host.entries = entries;
		host.last_reason = row->reason;
		host.last_answer = row->answer;
		assert_int_equal(run(), row->end);
		assert_int_equal(host.made, entries);
		assert_int_equal(host.vcpu.launched, row->launched);
	}
}

/* --- another processor, at every point ------------------------------------------------------ */

/* Three passages, the last on another CPU; the other processor acts before the given point. */
static void
strike_at(unsigned point, int stop_at_pause)
{
	host_begin(NULL);
	host.entries = 3;
	host.cpu[2] = 2;
	host.strike = point;
	host.stop_at_pause = stop_at_pause;
	assert_int_equal(run(), VMM_END_EXIT);
	assert_int_equal(host.made, 3);
}

/* At every point of an undisturbed run; returns at how many of them it could act. */
static unsigned
strike_everywhere(int stop_at_pause)
{
	unsigned points, point, struck = 0;

	strike_at(0, stop_at_pause);
	points = host.points;
	for (point = 1; point <= points; point++) {
		strike_at(point, stop_at_pause);
		struck += host.struck != 0;
	}
	return struck;
}

static void
a_stop_at_any_moment_is_waited_out(void **state)
{
	(void)state;
	assert_true(strike_everywhere(1) > 10);
}

static void
a_stop_that_is_over_at_once_is_flushed_all_the_same(void **state)
{
	(void)state;
	assert_true(strike_everywhere(0) > 10);
}

/* With the gate shut for long, nothing of the vCPU stands in the words of the gate. */
static void
a_closed_gate_is_left_alone_between_looks(void **state)
{
	unsigned i, looks = 0;

	(void)state;
	host.strike = 1;
	host.stop_at_pause = 1;
	assert_int_equal(run(), VMM_END_EXIT);
	assert_int_equal(count("pause"), 1);
	for (i = 0; i < host.logs; i++)
		looks += strcmp(host.log[i], "critical") == 0;
	assert_int_equal(looks, 2);
	assert_true(find("interrupts on", 1) < find("pause", 1));
	assert_true(find("uncritical", 1) < find("pause", 1));
	assert_int_equal(count("cas lock"), 1);
	assert_true(find("pause", 1) < find("cas lock", 1));
}

#define RUN(test) cmocka_unit_test_setup(test, host_begin)

static int
run_others(void)
{
	const struct CMUnitTest tests[] = {
	    RUN(a_cpu_that_is_come_back_to_is_flushed_again),
	    RUN(a_cpu_that_is_come_to_waits_for_who_captures),
	    RUN(where_nobody_captures_nobody_is_waited_for),
	    RUN(without_a_flush_on_migration_no_ept_is_named),
	    RUN(a_generation_is_flushed_once),
	    RUN(an_old_generation_is_told_by_inequality),
	    RUN(the_guest_gets_the_cr3_that_the_handler_left),
	    RUN(host_work_goes_first_and_may_change_the_cpu),
	    RUN(a_stop_at_any_moment_is_waited_out),
	    RUN(a_stop_that_is_over_at_once_is_flushed_all_the_same),
	    RUN(a_closed_gate_is_left_alone_between_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int
main(void)
{
	struct rows rows = {0};
	int failed;
	size_t i;

	for (i = 0; i < ROWS_COUNT(order_rows); i++)
		rows_add(&rows, "order", order_rows[i].what, run_order_row, &order_rows[i]);
	for (i = 0; i < ROWS_COUNT(life_rows); i++)
		rows_add(&rows, "VMCS", life_rows[i].what, run_life_row, &life_rows[i]);
	for (i = 0; i < ROWS_COUNT(end_rows); i++)
		rows_add(&rows, "end", end_rows[i].what, run_end_row, &end_rows[i]);
	failed = rows_run(&rows, "vmrun");
	failed += run_others();
	return failed != 0;
}
