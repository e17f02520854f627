/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run: the machine is made, the program loaded, its threads take turns until it ends.
 *
 * Each vCPU has a CPU of its own and a thread of the host that lives in the core's run loop; one
 * that has no thread of the program waits until one is created.  After so many instructions a
 * thread lets another go first, so that a run is the same whenever it is made.
 */
#include "exec/exec.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ull << 20)
#define RAM_START MIB  /* guest-physical, of the vkernel's memory */
#define MAXPHYADDR 46u

#define CR0_PE VK_BIT(0)
#define CR4_PAE VK_BIT(5)
#define EFER_LME VK_BIT(8)
#define EFER_LMA VK_BIT(10)

struct run {
	const struct exec_options *options;
	struct machine machine;
	struct machine_process host;
	struct exec_memory memory;
	struct exec_process process;
	struct machine_thread *thread;   /* one a vCPU */
	struct machine_thread **index;
	struct vm_object *ram;
};

/* --- a vCPU ----------------------------------------------------------------------------------- */

static struct run *
run_of(const struct exec_thread *thread)
{
	return (struct run *)((char *)thread->process - offsetof(struct run, process));
}

/* One turn, under the eyes of whoever looks on. */
static enum exec_ran
take_turn(struct exec_thread *thread, struct vmx_exit *exit)
{
	const struct exec_observer *observer = run_of(thread)->options->observer;
	enum exec_ran ran;

	if (observer != NULL)
		observer->before(observer->ctx, thread);
	ran = exec_thread_run(thread, thread->process->slice, exit);
	if (observer != NULL)
		observer->after(observer->ctx, thread, ran, exit);
	return ran;
}

/* Guest mode, until something leads out of it. */
static void
guest_run(void *ctx, struct vmx_exit *exit)
{
	struct exec_thread *thread = ctx;
	struct exec_process *process = thread->process;
	struct machine *machine = process->machine;
	struct machine_cpu *cpu = &machine->cpu[thread->cpu.machine->cpu];

	for (;;) {
		if (cpu->interrupt) {
			cpu->interrupt = false;
			exit->reason = VMX_EXIT_INTERRUPT;
			return;
		}
		if (!sched_step(machine->sched))
			continue;
		switch (take_turn(thread, exit)) {
		case EXEC_RAN:
			break;
		case EXEC_LEFT:
			return;
		case EXEC_UNKNOWN:
			exec_thread_leave(thread, exit);
			return;
		}
		if (process->threads > 1)
			sched_pause(machine->sched);
	}
}

/* A thread that waits does so in the host. */
static int
guest_host_work(void *ctx)
{
	const struct exec_thread *thread = ctx;

	if (thread->state != EXEC_WAITING || thread->process->over)
		return 0;
	sched_pause(thread->process->machine->sched);
	return 1;
}

static const struct machine_guest_ops guest_ops = {
	.run = guest_run,
	.host_work = guest_host_work,
	.fetch = exec_guest_fetch,
	.advance = exec_guest_advance,
	.is_flush_call = exec_guest_is_flush_call,
	.syscall = exec_guest_syscall,
	.reflect = exec_guest_reflect,
	.emulate_cpuid = exec_guest_cpuid,
};

/* What is left to say when the run loop ended on its own. */
static void
end_of_loop(struct exec_thread *thread, enum vmm_end how)
{
	struct exec_end end = { .kind = EXEC_END_VMM, .tid = thread->tid, .reason = (uint32_t)how };

	if (how != VMM_END_EXIT)
		exec_process_end(thread->process, &end);
}

static bool
become_vcpu(struct exec_thread *thread, bool master)
{
	struct machine_thread *machine = thread->cpu.machine;
	struct vmm_options options = { .master = master, .threads = 1, .maxphyaddr = MAXPHYADDR };

	options.guest_cr3 = thread->process->space.mode.cr3;
	return vmm_init(&machine->vmm, &machine->process->vmm, machine->machine->vmm_ops, machine,
	    &options) == VMM_OK;
}

/* One thread of the program, from its first instruction to its last. */
static void
live(struct exec_thread *thread, bool master)
{
	if (!become_vcpu(thread, master)) {
		end_of_loop(thread, VMM_END_ENTRY_FAILED);
		return;
	}
	thread->process->space.vcpus++;
	end_of_loop(thread, vmm_run(&thread->cpu.machine->vmm));
	vmm_destroy(&thread->cpu.machine->vmm);
	(void)machine_vmcs_free(thread->cpu.machine);
	thread->process->space.vcpus--;
}

static void
main_body(void *arg)
{
	live(arg, true);
}

static void
other_body(void *arg)
{
	struct exec_thread *thread = arg;

	while (!thread->process->over) {
		if (thread->state != EXEC_RUNNABLE) {
			sched_pause(thread->process->machine->sched);
			continue;
		}
		thread->leaving = false;
		live(thread, false);
		thread->state = EXEC_IDLE;
	}
}

/* --- the machine ------------------------------------------------------------------------------ */

static struct machine_config
config_of(const struct exec_options *options)
{
	struct machine_config config = { .maxphyaddr = MAXPHYADDR, .cpus = options->cpus };

	/* Frames for all of the vkernel's memory, and for the tables that map it. */
	config.memory = 2 * options->memory + 64 * MIB;
	config.frame_limit = (size_t)(config.memory / EXEC_PAGE);
	config.ept_cap = EPT_CAP_WALK4 | EPT_CAP_UC | EPT_CAP_WB | EPT_CAP_INVEPT | EPT_CAP_AD;
	config.ept_ad = true;
	config.ept_levels = 4;
	config.page1g = true;
	config.vpid = options->vpid;
	config.tlb = options->tlb;
	return config;
}

static struct guestpt_mode
mode_of_programs(void)
{
	struct guestpt_mode mode = { .cr0 = CR0_PE | VK_CR0_WP | VK_CR0_PG, .cr4 = CR4_PAE,
		.efer = EFER_LME | EFER_LMA | VK_EFER_NXE, .page1g = 1, .maxphyaddr = MAXPHYADDR };

	return mode;
}

static bool
make_host(struct run *run)
{
	struct machine_config config = config_of(run->options);
	struct vm_range range = { .start = RAM_START, .end = RAM_START + run->options->memory,
		.prot = VMSPACE_R | VMSPACE_W | VMSPACE_X };

	if (!machine_init(&run->machine, &config, MIB))
		return false;
	if (!exec_memory_init(&run->memory, run->machine.mem) ||
	    !machine_process_init(&run->host, &run->machine))
		return false;
	run->ram = vm_object_create(&run->machine.frames, NULL, 0);
	range.object = run->ram;
	return run->ram != NULL && vmspace_map(run->host.map, &range);
}

static bool
make_threads(struct run *run)
{
	const struct exec_options *options = run->options;
	struct exec_process *process = &run->process;
	unsigned i;

	run->thread = calloc(options->cpus, sizeof(*run->thread));
	run->index = calloc(options->cpus, sizeof(*run->index));
	if (run->thread == NULL || run->index == NULL)
		return false;
	for (i = 0; i < options->cpus; i++) {
		struct machine_thread *machine = &run->thread[i];

		machine_thread_init(machine, &run->machine, i, i);
		machine->process = &run->host;
		machine->guest = &guest_ops;
		machine->ctx = &process->thread[i];
		run->index[i] = machine;
		exec_process_join(process, i, machine);
	}
	run->machine.thread = run->index;
	run->machine.threads = options->cpus;
	return true;
}

static bool
make_process(struct run *run)
{
	const struct exec_options *options = run->options;
	struct exec_config config = { .host = &run->host, .memory = &run->memory,
		.mode = mode_of_programs(), .ram_start = RAM_START, .threads = options->cpus };

	config.ram_end = RAM_START + options->memory;
	config.world = options->world;
	config.seed = options->seed;
	config.limit = options->limit;
	config.slice = options->slice;
	return exec_process_init(&run->process, &config) && make_threads(run);
}

static bool
make_schedule(struct run *run)
{
	const struct exec_options *options = run->options;
	struct sched_policy policy = { .kind = options->seed_given ? SCHED_SEED : SCHED_IN_ORDER,
		.seed = options->seed };
	unsigned i;

	run->machine.sched = sched_create(&policy, options->cpus);
	if (run->machine.sched == NULL)
		return false;
	for (i = 0; i < options->cpus; i++) {
		if (!sched_add(run->machine.sched, i == 0 ? main_body : other_body,
		    &run->process.thread[i], &run->machine.cpu[i].interrupt))
			return false;
	}
	return true;
}

static void
free_run(struct run *run)
{
	sched_destroy(run->machine.sched);
	exec_process_free(&run->process);
	free(run->thread);
	free(run->index);
	if (run->host.machine != NULL)
		machine_process_free(&run->host);
	vm_object_release(run->ram);
	exec_memory_free(&run->memory);
	machine_free(&run->machine);
}

/* --- the run ---------------------------------------------------------------------------------- */

static void
count_tlb(struct exec_outcome *outcome, const struct tlb_stats *stats)
{
	static const enum tlb_kind kinds[] = { TLB_LINEAR, TLB_COMBINED };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct tlb_kind_stats *kind = &stats->kind[kinds[i]];

		outcome->count[EXEC_COUNT_TLB_HITS] += kind->hits;
		outcome->count[EXEC_COUNT_TLB_MISSES] += kind->misses;
		outcome->count[EXEC_COUNT_TLB_FILLS] += kind->fills;
		outcome->count[EXEC_COUNT_TLB_EVICTIONS] += kind->evictions;
		outcome->count[EXEC_COUNT_TLB_DROPPED] += kind->dropped;
	}
	outcome->count[EXEC_COUNT_STALE] += stats->stale;
}

static void
count_machine(struct exec_outcome *outcome, const struct machine_counters *count)
{
	outcome->count[EXEC_COUNT_ENTRIES] = count->entries;
	outcome->count[EXEC_COUNT_EXITS] = count->exits;
	outcome->count[EXEC_COUNT_EPT_VIOLATIONS] = count->ept_violations;
	outcome->count[EXEC_COUNT_PAGE_FAULTS] = count->page_faults;
	outcome->count[EXEC_COUNT_COPIES] = count->copies;
	outcome->count[EXEC_COUNT_WALKS] = count->walks;
	outcome->count[EXEC_COUNT_GUEST_READS] = count->guest_reads;
	outcome->count[EXEC_COUNT_EPT_READS] = count->ept_reads;
	outcome->count[EXEC_COUNT_AD_UPDATES] = count->ad_updates;
	outcome->count[EXEC_COUNT_INVEPTS] = count->invepts;
	outcome->count[EXEC_COUNT_IPIS] = count->ipis;
}

static void
collect(const struct run *run, struct exec_outcome *outcome)
{
	const struct exec_process *process = &run->process;
	const struct exec_space *space = &process->space;
	unsigned i;

	outcome->end = process->end;
	count_machine(outcome, &run->machine.count);
	outcome->count[EXEC_COUNT_INSTRUCTIONS] = exec_process_retired(process);
	outcome->count[EXEC_COUNT_SYSCALLS] = process->calls;
	outcome->count[EXEC_COUNT_FAULTS_SERVED] = space->faults;
	outcome->count[EXEC_COUNT_PAGES] = (space->ram_next - space->ram_start) / EXEC_PAGE;
	outcome->cpus = process->threads;
	for (i = 0; i < process->threads; i++) {
		outcome->retired[i] = process->thread[i].cpu.x86.retired;
		if (run->machine.cpu[i].tlb == NULL)
			continue;
		outcome->has_tlb = true;
		count_tlb(outcome, tlb_stats(run->machine.cpu[i].tlb));
	}
}

/* Whether this process, and not the vkernel, ran out of memory. */
static bool
ran_out(const struct run *run)
{
	return run->process.space.map.failed || run->memory.marks.failed ||
	    machine_failed(&run->machine) == MACHINE_NO_MEMORY;
}

static enum exec_status
play(struct run *run, const struct elf_image *image, struct exec_outcome *outcome)
{
	struct exec_end deadlock = { .kind = EXEC_END_DEADLOCK };

	if (!make_host(run) || !make_process(run) || !make_schedule(run))
		return EXEC_HOST_MEMORY;
	outcome->wrong = exec_process_load(&run->process, image, &run->options->program);
	if (ran_out(run))
		return EXEC_HOST_MEMORY;
	if (outcome->wrong != NULL)
		return EXEC_BAD_START;
	run->machine.sink = run->options->sink;
	run->machine.sink_ctx = run->options->sink_ctx;
	if (sched_run(run->machine.sched, UINT64_MAX) == SCHED_LIVELOCK)
		exec_process_end(&run->process, &deadlock);
	if (ran_out(run))
		return EXEC_HOST_MEMORY;
	collect(run, outcome);
	return EXEC_ENDED;
}

enum exec_status
exec_run(const struct exec_options *options, struct exec_outcome *outcome)
{
	struct run run = { .options = options };
	struct elf_image image;
	enum exec_status status;

	memset(outcome, 0, sizeof(*outcome));
	outcome->wrong = elf_image_read(options->program.file, options->program.file_size,
	    EXEC_USER_END, &image, &outcome->offset);
	if (outcome->wrong != NULL)
		return EXEC_BAD_FILE;
	status = play(&run, &image, outcome);
	free_run(&run);
	return status;
}
