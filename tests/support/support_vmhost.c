/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine of vmhost.h, its checks, and the lives of its threads.
 *
 * Chance has two sources: the scheduler's seed decides who goes next at each atomic operation, the
 * machine's own decides CPUs, lengths of stay and host work.
 */
#include "support/support_vmhost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ptlevel.h"
#include "sim/random_numbers.h"

#define POINT_LIMIT 400000
#define PATIENCE    400 /* steps that a guest waits for the interrupt that must come */

static void
vmhost_break(struct vmhost *host, const char *what)
{
	if (host->broken == NULL)
		host->broken = what;
}

static void
vmhost_need(struct vmhost *host, int holds, const char *what)
{
	if (!holds)
		vmhost_break(host, what);
}

/* The words of the gate against what the machine knows for certain. */
static void
vmhost_check_gate(struct vmhost *host)
{
	uint64_t count = host->proc.cpulock / VMM_LOCK_STEP;
	unsigned i, certain = 0, possible = 0;

	for (i = 0; i < host->threads; i++) {
		const struct vmhost_thread *t = &host->thread[i];

		certain += t->counted != 0 || t->copying == 2;
		possible += (t->cpu != VMM_NO_CPU && !t->interrupts) || t->copying != 0;
		if (t->counted && !(host->proc.cpumask & VK_BIT(t->cpu)))
			vmhost_break(host, "a CPU is counted and not in the mask");
	}
	vmhost_need(host, count >= certain, "a CPU in guest mode is not counted");
	vmhost_need(host, count <= possible, "more CPUs are counted than could be");
	for (i = 0; i < 64; i++) {
		if (!(host->proc.cpumask & VK_BIT(i)))
			continue;
		if (i >= host->cpus || host->cpu[i].holder == NULL ||
		    host->cpu[i].holder->interrupts)
			vmhost_break(host, "a CPU is in the mask that is not about to enter");
	}
}

/* --- the host's operations ------------------------------------------------------------------ */

static struct vmhost_cpu *
here(struct vmhost_thread *t)
{
	return &t->host->cpu[t->cpu];
}

static int
vmhost_this_cpu(void *ctx)
{
	struct vmhost_thread *t = ctx;

	vmhost_need(t->host, t->cpu != VMM_NO_CPU, "the CPU is asked outside a critical section");
	return t->cpu;
}

static void
vmhost_critical(void *ctx, int enter)
{
	struct vmhost_thread *t = ctx;
	struct vmhost *host = t->host;

	if (!enter) {
		vmhost_need(host, t->interrupts, "a critical section ends with interrupts off");
		here(t)->holder = NULL;
		t->cpu = VMM_NO_CPU;
		return;
	}
	vmhost_need(host, t->cpu == VMM_NO_CPU, "a critical section within another");
	for (;;) {
		unsigned first = random_xorshift_below(&host->random, host->cpus), i;

		for (i = 0; i < host->cpus; i++) {
			unsigned cpu = (first + i) % host->cpus;

			if (host->cpu[cpu].holder == NULL) {
				host->cpu[cpu].holder = t;
				t->cpu = (int)cpu;
				return;
			}
		}
		sched_pause(host->sched);
	}
}

static void
vmhost_interrupts(void *ctx, int on)
{
	struct vmhost_thread *t = ctx;

	vmhost_need(t->host, t->cpu != VMM_NO_CPU, "interrupts change outside a critical section");
	if (on && !t->interrupts)
		here(t)->interrupt = 0; /* the handler has nothing to do */
	t->interrupts = on;
	vmhost_check_gate(t->host);
}

static int
vmhost_must_leave(void *ctx)
{
	struct vmhost_thread *t = ctx;

	vmhost_need(t->host, !t->interrupts, "host work is looked for with interrupts on");
	t->host->backed_off += (t->host->proc.cpulock & VMM_LOCK_EXCL) != 0;
	return random_xorshift_below(&t->host->random, 10) == 0;
}

static int
vmhost_ept_create(void *ctx, uint64_t *eptp)
{
	struct vmhost *host = ((struct vmhost_thread *)ctx)->host;

	vmhost_need(host, host->live_eptp == 0, "a second EPT is made");
	host->created++;
	host->live_eptp = *eptp = 0x100000 * host->created + 0x1e;
	return 1;
}

static void
vmhost_ept_destroy(void *ctx, uint64_t eptp)
{
	struct vmhost *host = ((struct vmhost_thread *)ctx)->host;
	unsigned i;

	vmhost_need(
	    host, eptp != 0 && eptp == host->live_eptp, "an EPT is freed that is not there");
	for (i = 0; i < host->threads; i++)
		vmhost_need(host, host->thread[i].vmcs_cpu == VMM_NO_CPU,
		    "the EPT is freed while a VMCS that names it is active");
	host->destroyed++;
	host->live_eptp = 0;
}

static void
vmhost_flush(struct vmhost *host, struct vmhost_cpu *cpu, uint64_t eptp)
{
	vmhost_need(host, eptp != 0 && eptp == host->live_eptp, "INVEPT with another EPT pointer");
	host->stale_flushed += cpu->cached != 0 && cpu->cached != host->entry;
	cpu->cached = 0;
	cpu->flushed = host->proc.invgen;
}

static void
vmhost_vmclear_on(void *ctx, int cpu, uint64_t eptp)
{
	struct vmhost_thread *t = ctx;
	struct vmhost *host = t->host;

	vmhost_need(
	    host, cpu >= 0 && cpu == t->vmcs_cpu, "VMCLEAR on a CPU where the VMCS is not active");
	vmhost_need(host, !t->counted, "VMCLEAR from within the gate");
	if (host->sched != NULL)
		sched_pause(host->sched); /* the other CPU takes its time */
	vmhost_flush(host, &host->cpu[t->vmcs_cpu], eptp);
	if (host->cpu[t->vmcs_cpu].loaded == t)
		host->cpu[t->vmcs_cpu].loaded = NULL;
	t->vmcs_cpu = VMM_NO_CPU;
	t->vmcs_launched = 0;
	host->migrations++;
}

static void
vmhost_vmptrld(void *ctx, int first_time_here)
{
	struct vmhost_thread *t = ctx;

	vmhost_need(t->host, t->vmcs_cpu == VMM_NO_CPU || t->vmcs_cpu == t->cpu,
	    "VMPTRLD of a VMCS that is active on another CPU");
	vmhost_need(t->host, first_time_here == (t->vmcs_cpu == VMM_NO_CPU),
	    "VMPTRLD takes a new place for an old one");
	t->vmcs_cpu = t->cpu;
	here(t)->loaded = t;
}

static int
vmhost_is_current(void *ctx)
{
	struct vmhost_thread *t = ctx;

	return here(t)->loaded == t;
}

static void
vmhost_invept(void *ctx, uint64_t eptp)
{
	struct vmhost_thread *t = ctx;

	vmhost_need(t->host, t->cpu != VMM_NO_CPU, "INVEPT outside a critical section");
	vmhost_flush(t->host, here(t), eptp);
}

static void
vmhost_write_guest(void *ctx, uint64_t cr3)
{
	struct vmhost_thread *t = ctx;

	vmhost_need(t->host, cr3 == t->vcpu.cr3, "the guest gets another CR3");
	vmhost_need(t->host, here(t)->loaded == t, "the VMCS of another vCPU is written");
	t->counted = 1;
	vmhost_check_gate(t->host);
}

/* --- in guest mode -------------------------------------------------------------------------- */

/* One access through the CPU's cache. */
static void
vmhost_access(struct vmhost_thread *t)
{
	struct vmhost *host = t->host;
	struct vmhost_cpu *cpu = here(t);

	vmhost_need(host, host->exclusive == NULL, "a guest runs while it is kept out");
	if (cpu->cached == 0 || random_xorshift_below(&host->random, 16) == 0)
		cpu->cached = host->entry;
	vmhost_need(host, cpu->cached >= host->required, "a translation is used after its end");
	host->old_used_in_time += (host->proc.cpulock & VMM_LOCK_EXCL) != 0;
}

/* Runs until an interrupt or until the guest has had enough; non-zero for the latter. */
static int
vmhost_guest(struct vmhost_thread *t)
{
	struct vmhost *host = t->host;
	unsigned left = 1 + random_xorshift_below(&host->random, t->program.dwell + 1), waited = 0;

	for (;;) {
		if (here(t)->interrupt) {
			here(t)->interrupt = 0;
			return 0;
		}
		vmhost_access(t);
		if (host->broken != NULL)
			return 1;
		if (host->proc.cpulock & VMM_LOCK_EXCL) {
			/* Stays until it is thrown out, as a guest in a loop would. */
			vmhost_need(host, ++waited < PATIENCE,
			    "a guest that is to leave gets no interrupt");
			sched_pause(host->sched);
			continue;
		}
		if (--left == 0)
			return 1;
		(void)sched_step(host->sched);
	}
}

static enum vmm_entry
vmhost_enter(void *ctx, int resume, struct vmx_exit *exit)
{
	struct vmhost_thread *t = ctx;
	struct vmhost *host = t->host;

	host->entries++;
	memset(exit, 0, sizeof(*exit));
	vmhost_need(host, !t->interrupts, "entry with interrupts on");
	vmhost_need(host, t->vmcs_cpu == t->cpu && here(t)->loaded == t,
	    "entry with a VMCS that is not current");
	vmhost_need(host, resume == t->vmcs_launched, "VMLAUNCH and VMRESUME are mistaken");
	vmhost_need(host, t->vcpu.proc->eptp == host->live_eptp, "entry without an EPT");
	vmhost_need(host, here(t)->flushed == host->proc.invgen,
	    "entry without a flush of the newest generation");
	t->vmcs_launched = 1;
	t->in_guest = 1;
	if (vmhost_guest(t)) {
		exit->reason = VMX_EXIT_EXCEPTION;
		exit->intr_info = vmx_intr_info(VMX_VECTOR_UD, VMX_INTR_HARDWARE, 0);
	} else {
		exit->reason = VMX_EXIT_INTERRUPT;
	}
	t->in_guest = 0;
	vmhost_check_gate(host);
	t->counted = 0;
	return VMM_ENTERED;
}

/* An interrupt stays pending while they are off, or makes a guest leave; else nothing is left. */
static void
vmhost_ipi(void *ctx, uint64_t cpus)
{
	struct vmhost *host = ((struct vmhost_thread *)ctx)->host;
	unsigned i;

	for (i = 0; i < host->cpus; i++) {
		const struct vmhost_thread *holder = host->cpu[i].holder;

		if ((cpus & VK_BIT(i)) && holder != NULL && !holder->interrupts)
			host->cpu[i].interrupt = 1;
	}
}

/* --- system calls --------------------------------------------------------------------------- */

static void
vmhost_edit(struct vmhost_thread *t)
{
	struct vmhost *host = t->host;
	unsigned i, points = random_xorshift_below(&host->random, 4);

	host->stops_with_guests += host->proc.cpulock >= VMM_LOCK_STEP;
	vmm_stop_begin(&host->proc, &vmhost_ops, t);
	vmhost_need(host, host->exclusive == NULL, "two stops at once");
	vmhost_need(host, host->proc.cpulock == VMM_LOCK_EXCL, "stopped with CPUs still counted");
	for (i = 0; i < host->threads; i++)
		vmhost_need(host, !host->thread[i].in_guest, "stopped with a guest running");
	host->exclusive = t;
	while (points-- != 0)
		sched_pause(host->sched);
	host->entry++;
	host->exclusive = NULL;
	vmm_stop_end(&host->proc);
	if (host->required < host->entry)
		host->required = host->entry;
}

/* The page is touched here; `version` is that of the entry that was walked. */
static void
vmhost_touch(struct vmhost_thread *t, uint64_t version)
{
	struct vmhost *host = t->host;

	vmhost_check_gate(host);
	vmhost_need(host, host->exclusive == NULL, "a copy goes on while it is kept out");
	vmhost_need(host, version >= host->required, "a copy uses a translation after its end");
}

static void
vmhost_copy(struct vmhost_thread *t)
{
	struct vmhost *host = t->host;
	struct vk_guard guard = vmm_copy_guard(&host->proc);
	unsigned points = random_xorshift_below(&host->random, 6);
	uint64_t seen, version;

	for (;;) {
		seen = guard.ops->look(guard.ctx);
		version = host->entry;
		while (points > 3 && points-- != 0)
			sched_pause(host->sched);
		t->copying = 1;
		if (guard.ops->enter(guard.ctx, seen))
			break;
		t->copying = 0;
		host->copied_again++;
	}
	t->copying = 2;
	vmhost_touch(t, version);
	while (points-- != 0)
		sched_pause(host->sched);
	vmhost_touch(t, version);
	t->copying = 1;
	guard.ops->leave(guard.ctx);
	t->copying = 0;
}

static enum vmm_end
vmhost_syscall(void *ctx)
{
	struct vmhost_thread *t = ctx;
	struct vmhost_program *p = &t->program;
	unsigned left = p->edits + p->syncs + p->calls + p->copies, n;

	vmhost_need(
	    t->host, t->cpu == VMM_NO_CPU && t->interrupts, "an exit is handled inside the gate");
	if (left == 0 || t->host->broken != NULL)
		return VMM_END_EXIT;
	n = random_xorshift_below(&t->host->random, left);
	if (n < p->edits) {
		p->edits--;
		vmhost_edit(t);
	} else if (n < p->edits + p->syncs) {
		uint64_t before = t->host->proc.invgen;

		p->syncs--;
		if (vmm_guest_sync_addr(
			&t->host->proc, &vmhost_ops, t, NULL, vk_gva(0), vk_gva(0)) != VMM_OK)
			vmhost_break(t->host, "a flush without a word to swap fails");
		vmhost_need(t->host, t->host->proc.invgen != before,
		    "a flush without a word to swap does nothing");
	} else if (n < p->edits + p->syncs + p->copies) {
		p->copies--;
		vmhost_copy(t);
	} else {
		p->calls--;
	}
	return VMM_RUNNING;
}

static unsigned
vmhost_fetch(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault)
{
	(void)ctx;
	(void)fault;
	assert_true(size >= 2);
	bytes[0] = 0x0f;
	bytes[1] = 0x05;
	return 2;
}

static int
vmhost_advance(void *ctx, unsigned bytes)
{
	(void)ctx;
	(void)bytes;
	return 1;
}

static int
vmhost_is_flush_call(void *ctx)
{
	(void)ctx;
	return 0;
}

const struct vmm_host_ops vmhost_ops = {
    .protocol = &vmm_protocol_vkept,
    .this_cpu = vmhost_this_cpu,
    .critical = vmhost_critical,
    .interrupts = vmhost_interrupts,
    .must_leave = vmhost_must_leave,
    .ept_create = vmhost_ept_create,
    .ept_destroy = vmhost_ept_destroy,
    .vmclear_on = vmhost_vmclear_on,
    .vmptrld = vmhost_vmptrld,
    .is_current = vmhost_is_current,
    .invept = vmhost_invept,
    .write_guest = vmhost_write_guest,
    .enter = vmhost_enter,
    .ipi = vmhost_ipi,
    .fetch = vmhost_fetch,
    .advance = vmhost_advance,
    .is_flush_call = vmhost_is_flush_call,
    .syscall = vmhost_syscall,
};

/* --- lives ---------------------------------------------------------------------------------- */

static void
vmhost_life(void *arg)
{
	struct vmhost_thread *t = arg;
	struct vmhost *host = t->host;

	/* To be together, slaves wait for the record of their master. */
	while (!t->options.master &&
	    ((host->together && !host->proc.ready) || (host->patient && host->created == 0)))
		sched_pause(host->sched);
	t->joined = vmm_init(&t->vcpu, &host->proc, &vmhost_ops, t, &t->options);
	if (t->joined == VMM_OK)
		vmhost_need(host, t->vcpu.cr3 == VMHOST_CR3, "a vCPU starts with another CR3");
	host->tried++;
	while (host->together && host->tried < host->threads)
		sched_pause(host->sched);
	if (t->joined != VMM_OK)
		return;
	vmhost_need(host, host->live_eptp != 0 && host->proc.eptp == host->live_eptp,
	    "a vCPU comes to life without an EPT");
	t->end = vmm_run(&t->vcpu);
	vmhost_need(host, host->live_eptp != 0, "the EPT is freed while a vCPU has it");
	vmm_destroy(&t->vcpu);
}

void
vmhost_init(struct vmhost *host, unsigned cpus, uint64_t seed)
{
	memset(host, 0, sizeof(*host));
	host->cpus = cpus;
	host->random = (seed + 1) * 0x9e3779b97f4a7c15ull;
	host->entry = host->required = 1;
}

struct vmhost_thread *
vmhost_add(struct vmhost *host, const struct vmhost_program *program)
{
	struct vmhost_thread *t = &host->thread[host->threads];

	t->host = host;
	t->index = host->threads++;
	t->program = *program;
	t->cpu = t->vmcs_cpu = VMM_NO_CPU;
	t->interrupts = 1;
	t->options.master = t->index == 0;
	t->options.guest_cr3 = t->options.master ? VMHOST_CR3 : 0;
	t->options.threads = 1;
	t->options.maxphyaddr = 46;
	return t;
}

void
vmhost_run(struct vmhost *host, uint64_t seed)
{
	struct sched_policy policy = {.kind = SCHED_SEED, .seed = seed};
	enum sched_end end;
	unsigned i;

	host->sched = sched_create(&policy, host->threads);
	assert_non_null(host->sched);
	for (i = 0; i < host->threads; i++)
		assert_true(sched_add(host->sched, vmhost_life, &host->thread[i], NULL));
	end = sched_run(host->sched, POINT_LIMIT);
	sched_destroy(host->sched);
	vmhost_need(host, end == SCHED_DONE, "the threads wait for each other for ever");
	vmhost_need(host, host->proc.cpulock == 0, "the count does not return to zero");
	vmhost_need(host, host->proc.cpumask == 0, "the mask does not return to zero");
	vmhost_need(host, host->proc.vcpus == 0, "vCPUs are left over");
	vmhost_need(host, host->created == host->destroyed, "the last vCPU does not free the EPT");
	if (host->broken != NULL)
		fail_msg("seed %llu: %s", (unsigned long long)seed, host->broken);
}
