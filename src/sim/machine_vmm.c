/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the core's VMM asks of the machine: VMCS operations, VM entry, interrupts, the EPT root.
 *
 * Every thread has one VMCS.  Its launch state and the CPU on which it is active are kept apart
 * from the core's own notion of them, so that an entry which the core should not have made is seen.
 */
#include "ept/memtype.h"
#include "sim/machine.h"
#include "sim/watch.h"

/* Who holds a CPU, and whose VMCS is loaded there. */
static void
touch_cpu(unsigned cpu, unsigned how)
{
	watch_touch(watch_cell_of(WATCH_CPU, cpu), how);
}

static int
host_this_cpu(void *ctx)
{
	return (int)((const struct machine_thread *)ctx)->cpu;
}

static void
go_to_next_cpu(struct machine_thread *thread)
{
	thread->cpu = thread->next_cpu;
	sched_set_wake(thread->machine->sched, thread->index,
	    &thread->machine->cpu[thread->cpu].interrupt);
}

void
machine_thread_move(struct machine_thread *thread, unsigned cpu)
{
	thread->next_cpu = cpu;
	touch_cpu(thread->cpu, WATCH_READ);
	if (thread->machine->cpu[thread->cpu].critical != thread)
		go_to_next_cpu(thread);
}

/* Nobody else runs on this CPU until we leave: a CPU has one thread in its critical section. */
static void
host_critical(void *ctx, int enter)
{
	struct machine_thread *thread = ctx;
	struct machine_cpu *cpu = &thread->machine->cpu[thread->cpu];

	if (!enter) {
		touch_cpu(thread->cpu, WATCH_READ | WATCH_WRITE);
		cpu->critical = NULL;
		go_to_next_cpu(thread);
		return;
	}
	watch_whole(true);
	touch_cpu(thread->cpu, WATCH_READ);
	while (cpu->critical != NULL && cpu->critical != thread) {
		watch_whole(false);
		sched_pause(thread->machine->sched);
		watch_whole(true);
		touch_cpu(thread->cpu, WATCH_READ);
	}
	touch_cpu(thread->cpu, WATCH_WRITE);
	cpu->critical = thread;
	watch_whole(false);
}

static void
touch_interrupt(unsigned cpu, unsigned how)
{
	watch_touch(watch_cell_of(WATCH_INTERRUPT, cpu), how);
}

static void
host_interrupts(void *ctx, int on)
{
	struct machine_thread *thread = ctx;
	struct machine_cpu *cpu = &thread->machine->cpu[thread->cpu];

	if (on) {
		touch_interrupt(thread->cpu, WATCH_WRITE | (thread->machine->vmm_ops->protocol->
		    captures ? WATCH_READ | WATCH_BLIND : 0));
		/* An interrupt that is pending, be it what threw the guest out, is taken here. */
		thread->machine->count.interrupts += cpu->interrupt;
		cpu->interrupt = cpu->interrupts_off = false;
		return;
	}
	if (!thread->machine->vmm_ops->protocol->captures)
		return; /* nobody asks */
	/* A handler that has the CPU lets nobody turn interrupts off. */
	watch_whole(true);
	touch_interrupt(thread->cpu, WATCH_READ);
	while (cpu->captured != 0) {
		watch_whole(false);
		sched_pause(thread->machine->sched);
		watch_whole(true);
		touch_interrupt(thread->cpu, WATCH_READ);
	}
	touch_interrupt(thread->cpu, WATCH_WRITE);
	cpu->interrupts_off = true;
	watch_whole(false);
}

void
machine_thread_work(struct machine_thread *thread, bool begin)
{
	if (begin) {
		host_interrupts(thread, 1);
		host_critical(thread, 0);
	} else {
		host_critical(thread, 1);
		host_interrupts(thread, 0);
	}
}

static int
host_must_leave(void *ctx)
{
	struct machine_thread *thread = ctx;

	return thread->guest->host_work(thread->ctx);
}

static int
host_ept_create(void *ctx, uint64_t *eptp)
{
	struct machine_thread *thread = ctx;
	struct machine_process *process = thread->process;
	const struct machine_config *config = &process->machine->config;
	hpa_t root;

	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
	if (!frames_take(&process->machine->frames, &root))
		return 0;
	machine_table_frame(process->machine, root, TABLE_EPT);
	*eptp = root.v | MEMTYPE_WB | ((uint64_t)(config->ept_levels - 1) << EPTP_WALK_SHIFT) |
	    (config->ept_ad ? EPTP_AD : 0);
	if (ept_init(&process->ept, hostmem_hpm(process->machine->mem), *eptp, config->ept_cap,
	    config->ept_controls, config->maxphyaddr) != EPTP_VALID)
		return 0;
	process->has_ept = true;
	return 1;
}

static void
host_ept_destroy(void *ctx, uint64_t eptp)
{
	struct machine_thread *thread = ctx;

	(void)eptp;
	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
	thread->machine->count.ept_frees++;
	thread->process->ept_frees++;
	thread->process->has_ept = false;
	thread->process->mapped_count = 0;
}

static void
host_invept(void *ctx, uint64_t eptp)
{
	struct machine_thread *thread = ctx;

	thread->machine->count.invepts++;
	(void)vcpu_invept(&thread->vcpu, 1, eptp);
}

static void
clear_vmcs_on(struct machine_thread *thread, unsigned cpu, uint64_t eptp)
{
	struct tlb *here = thread->vcpu.tlb;

	/* INVEPT acts on the CPU that executes it: the old one. */
	thread->vcpu.tlb = thread->machine->cpu[cpu].tlb;
	if (eptp != 0)
		host_invept(thread, eptp);
	thread->vcpu.tlb = here;
	(void)machine_vmclear(thread, cpu);
}

static void
host_vmclear_on(void *ctx, int cpu, uint64_t eptp)
{
	struct machine_thread *thread = ctx;
	/* On its own CPU it has to be running, so that no other's guest is. */
	bool alone = (unsigned)cpu == thread->cpu &&
	    thread->machine->cpu[cpu].critical != thread;

	if (alone)
		host_critical(ctx, 1);
	clear_vmcs_on(thread, (unsigned)cpu, eptp);
	if (alone)
		host_critical(ctx, 0);
}

static void
host_vmptrld(void *ctx, int first_time_here)
{
	struct machine_thread *thread = ctx;

	(void)first_time_here;
	(void)machine_vmptrld(thread);
	/* The EPT pointer is a field of the VMCS. */
	thread->vcpu.ept = thread->process->ept;
	thread->vcpu.ept_on = true;
}

static int
host_is_current(void *ctx)
{
	const struct machine_thread *thread = ctx;

	touch_cpu(thread->cpu, WATCH_READ);
	return thread->machine->cpu[thread->cpu].loaded == thread;
}

static void
host_write_guest(void *ctx, uint64_t cr3)
{
	struct machine_thread *thread = ctx;

	thread->vcpu.mode.cr3 = cr3;
}

static void
emit_transition(struct machine *machine, enum event_kind kind, const char *result,
    const struct vmx_exit *exit)
{
	struct event event = { .kind = kind, .result = result };

	if (exit != NULL)
		event.exit = *exit;
	machine_emit(machine, &event);
}

static enum vmm_entry
host_enter(void *ctx, int resume, struct vmx_exit *exit)
{
	struct machine_thread *thread = ctx;
	bool bad_guest;

	*exit = (struct vmx_exit){ .reason = 0 };
	thread->instruction_error = machine_entry_check(thread, resume, &bad_guest);
	if (thread->instruction_error != 0) {
		emit_transition(thread->machine, EVENT_ENTER, "VMfail", NULL);
		return VMM_ENTRY_VMFAIL;
	}
	if (bad_guest) {
		exit->reason = VMX_REASON_ENTRY_FAILED | VMX_EXIT_GUEST_STATE;
		emit_transition(thread->machine, EVENT_EXIT, NULL, exit);
		return VMM_ENTERED;
	}
	emit_transition(thread->machine, EVENT_ENTER, resume ? "VMRESUME" : "VMLAUNCH", NULL);
	thread->vmcs_launched = true;
	machine_guest_enter(thread);
	thread->guest->run(thread->ctx, exit);
	machine_guest_stop(thread->machine, thread->cpu);
	emit_transition(thread->machine, EVENT_EXIT, NULL, exit);
	return VMM_ENTERED;
}

static void
host_ipi(void *ctx, uint64_t cpus)
{
	struct machine_thread *thread = ctx;
	unsigned i;

	for (i = 0; i < thread->machine->config.cpus; i++) {
		if (cpus & VK_BIT(i)) {
			touch_interrupt(i, WATCH_READ | WATCH_WRITE | WATCH_BLIND);
			thread->machine->cpu[i].interrupt = true;
			thread->machine->count.ipis++;
		}
	}
}

/* Whoever has interrupts off is in guest mode, or on the way there or back: he is waited for. */
static void
host_capture(void *ctx, uint64_t cpus)
{
	struct machine_thread *thread = ctx;
	struct machine *machine = thread->machine;
	unsigned i;

	thread->captures = cpus;
	for (i = 0; i < machine->config.cpus; i++) {
		if (cpus & VK_BIT(i)) {
			touch_interrupt(i, WATCH_READ | WATCH_WRITE | WATCH_BLIND);
			machine->cpu[i].captured++;
			machine->cpu[i].interrupt = machine->cpu[i].interrupts_off;
			machine->count.ipis++;
		}
	}
	for (i = 0; i < machine->config.cpus; i++) {
		if (!(cpus & VK_BIT(i)))
			continue;
		touch_interrupt(i, WATCH_READ);
		while (machine->cpu[i].interrupts_off) {
			sched_pause(machine->sched);
			touch_interrupt(i, WATCH_READ);
		}
	}
}

static void
host_release(void *ctx, uint64_t cpus)
{
	struct machine_thread *thread = ctx;
	struct machine *machine = thread->machine;
	unsigned i;

	/* A CPU on which the process became active meanwhile was not captured. */
	cpus &= thread->captures;
	for (i = 0; i < machine->config.cpus; i++) {
		if (cpus & VK_BIT(i)) {
			touch_interrupt(i, WATCH_READ | WATCH_WRITE | WATCH_BLIND);
			machine->cpu[i].captured--;
		}
	}
}

static int
host_fault(void *ctx, gpa_t gpa, unsigned acc)
{
	return machine_process_fault(((struct machine_thread *)ctx)->process, gpa, acc);
}

static unsigned
host_fetch(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault)
{
	struct machine_thread *thread = ctx;

	return thread->guest->fetch(thread->ctx, bytes, size, fault);
}

static int
host_advance(void *ctx, unsigned bytes)
{
	struct machine_thread *thread = ctx;
	gva_t next = vk_gva(thread->rip.v + bytes);

	if (!vcpu_is_canonical(&thread->vcpu, next))
		return 0;
	thread->rip = next;
	thread->guest->advance(thread->ctx);
	return 1;
}

static int
host_is_flush_call(void *ctx)
{
	struct machine_thread *thread = ctx;

	return thread->guest->is_flush_call(thread->ctx);
}

static enum vmm_end
host_syscall(void *ctx)
{
	struct machine_thread *thread = ctx;

	thread->machine->count.syscalls++;
	return thread->guest->syscall(thread->ctx);
}

static enum vmm_end
host_reflect(void *ctx, const struct vmx_exit *exit)
{
	struct machine_thread *thread = ctx;

	return thread->guest->reflect(thread->ctx, exit);
}

static void
host_emulate_cpuid(void *ctx)
{
	struct machine_thread *thread = ctx;

	thread->guest->emulate_cpuid(thread->ctx);
}

const struct vmm_host_ops machine_vmm_ops = {
	.protocol = &vmm_protocol_vkept,
	.this_cpu = host_this_cpu,
	.critical = host_critical,
	.interrupts = host_interrupts,
	.must_leave = host_must_leave,
	.ept_create = host_ept_create,
	.ept_destroy = host_ept_destroy,
	.vmclear_on = host_vmclear_on,
	.vmptrld = host_vmptrld,
	.is_current = host_is_current,
	.invept = host_invept,
	.write_guest = host_write_guest,
	.enter = host_enter,
	.ipi = host_ipi,
	.capture = host_capture,
	.release = host_release,
	.fault = host_fault,
	.fetch = host_fetch,
	.advance = host_advance,
	.is_flush_call = host_is_flush_call,
	.syscall = host_syscall,
	.reflect = host_reflect,
	.emulate_cpuid = host_emulate_cpuid,
};
