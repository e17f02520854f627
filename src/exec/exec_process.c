/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a thread between its exits, and the ends of programs.
 *
 * A page fault goes to the vkernel's handler; what that cannot resolve ends the program, as does
 * any other exception: there are no signal handlers.
 */
#include "exec/exec_process.h"

#include <stdlib.h>
#include <string.h>

/* What an exit costs in instructions, about: so that no limit takes for ever. */
#define WORK_OF_EXIT 1000u

/* An instruction touches a handful of pages, each behind two sets of tables. */
#define EXITS_MAX 256u

/* What lies so far below the stack was meant for it. */
#define STACK_GUARD (1ull << 20)

uint64_t
exec_process_retired(const struct exec_process *process)
{
	uint64_t retired = 0;
	unsigned i;

	for (i = 0; i < process->threads; i++)
		retired += process->thread[i].cpu.x86.retired;
	return retired;
}

uint64_t
exec_process_work(const struct exec_process *process)
{
	uint64_t work = exec_process_retired(process) + process->space.moved +
	    process->exits * WORK_OF_EXIT;
	unsigned i;

	for (i = 0; i < process->threads; i++)
		work += process->thread[i].cpu.x86.repeated;
	return work;
}

void
exec_process_end(struct exec_process *process, const struct exec_end *end)
{
	if (process->over)
		return;
	process->over = true;
	process->end = *end;
}

void
exec_process_exit(struct exec_process *process, int status)
{
	struct exec_end end = { .kind = EXEC_END_EXITED, .status = status };

	exec_process_end(process, &end);
}

/* The end of the process where this thread stands. */
static void
end_here(struct exec_thread *thread, struct exec_end *end)
{
	struct vmx_exit fault;

	end->tid = thread->tid;
	end->rip = thread->cpu.machine->rip.v;
	end->size = exec_cpu_fetch(&thread->cpu, end->bytes, sizeof(end->bytes), &fault);
	end->length = x86_name(end->bytes, end->size, end->name);
	exec_process_end(thread->process, end);
}

/* --- from its beginning ----------------------------------------------------------------------- */

bool
exec_process_init(struct exec_process *process, const struct exec_config *config)
{
	memset(process, 0, sizeof(*process));
	process->machine = config->host->machine;
	process->memory = config->memory;
	process->world = config->world;
	process->random = config->seed;
	process->limit = config->limit;
	process->slice = config->slice;
	process->next_tid = EXEC_PID + 1;
	process->threads = config->threads;
	process->thread = calloc(config->threads, sizeof(*process->thread));
	return process->thread != NULL && exec_space_init(&process->space, config->host,
	    &config->mode, config->ram_start, config->ram_end);
}

void
exec_process_free(struct exec_process *process)
{
	exec_space_free(&process->space);
	free(process->thread);
	memset(process, 0, sizeof(*process));
}

void
exec_process_join(struct exec_process *process, unsigned index, struct machine_thread *machine)
{
	struct exec_thread *thread = &process->thread[index];

	machine->vcpu.mode = process->space.mode;
	machine->vcpu.cpl = 3;
	exec_cpu_init(&thread->cpu, machine, process->memory);
	thread->process = process;
	thread->tid = EXEC_PID;
}

const char *
exec_process_load(struct exec_process *process, const struct elf_image *image,
    const struct exec_program *program)
{
	struct exec_thread *thread = &process->thread[0];
	struct exec_start start;
	const char *wrong = exec_load(&process->space, image, program, &start);

	if (wrong != NULL)
		return wrong;
	thread->state = EXEC_RUNNABLE;
	thread->cpu.machine->rip = vk_gva(start.rip);
	thread->cpu.x86.reg[X86_RIP] = start.rip;
	thread->cpu.x86.reg[X86_RSP] = start.rsp;
	return NULL;
}

/* --- who watches ------------------------------------------------------------------------------ */

/* What the kernel keeps is one cell: a call or a fault is handled in one go, but for its waits. */
static void
begin_kernel(void)
{
	watch_whole(true);
	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
}

static void
end_kernel(void)
{
	watch_whole(false);
}

static void
put_registers(const struct x86_cpu *x86, const struct watch_sink *sink)
{
	watch_put(sink, x86->reg, sizeof(x86->reg));
	watch_put(sink, x86->xmm, sizeof(x86->xmm));
	watch_put64(sink, x86_rflags(x86));
	watch_put64(sink, x86->mxcsr);
}

void
exec_process_state(const struct exec_process *process, const struct watch_sink *sink)
{
	const struct exec_space *space = &process->space;
	unsigned i;

	watch_put(sink, space->map.area, space->map.areas * sizeof(space->map.area[0]));
	watch_put(sink, space->spare, space->spares * sizeof(space->spare[0]));
	watch_put64(sink, space->ram_next);
	watch_put64(sink, space->brk);
	watch_put64(sink, process->random);
	watch_put64(sink, process->slept);
	watch_put64(sink, process->next_tid | (uint64_t)process->over << 32);
	for (i = 0; i < process->threads; i++) {
		const struct exec_thread *thread = &process->thread[i];

		watch_put64(sink, thread->state | (uint64_t)thread->tid << 32);
		watch_put64(sink, thread->futex);
		watch_put64(sink, thread->clear_tid);
		if (thread->created)
			put_registers(&thread->cpu.x86, sink);
	}
}

void
exec_thread_state(const struct exec_thread *thread, const struct watch_sink *sink)
{
	/* Before it has run they are the kernel's. */
	if (thread->state == EXEC_IDLE || thread->created)
		return;
	watch_put64(sink, thread->exits_there);
	put_registers(&thread->cpu.x86, sink);
}

/* --- in guest mode ---------------------------------------------------------------------------- */

void
exec_thread_leave(struct exec_thread *thread, struct vmx_exit *exit)
{
	thread->leaving = true;
	/* From anywhere: stepping over the call must not be in the way. */
	thread->cpu.machine->rip = vk_gva(0);
	*exit = (struct vmx_exit){ .reason = VMX_EXIT_EXCEPTION };
	exit->intr_info = vmx_intr_info(VMX_VECTOR_UD, VMX_INTR_HARDWARE, 0);
}

/* Whether the thread has left too often without getting further, be it by a repetition. */
static bool
is_stuck(struct exec_thread *thread)
{
	const struct x86_cpu *x86 = &thread->cpu.x86;

	if (thread->at_exit[0] != x86->retired || thread->at_exit[1] != x86->reg[X86_RCX])
		thread->exits_there = 0;
	thread->at_exit[0] = x86->retired;
	thread->at_exit[1] = x86->reg[X86_RCX];
	return ++thread->exits_there > EXITS_MAX;
}

enum exec_ran
exec_thread_run(struct exec_thread *thread, uint64_t budget, struct vmx_exit *exit)
{
	struct exec_process *process = thread->process;
	struct exec_end end = { .kind = EXEC_END_LIMIT };
	uint64_t work = exec_process_work(process);
	uint64_t left = work < process->limit ? process->limit - work : 0;
	enum exec_ran ran;

	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ);
	if (process->over || thread->state != EXEC_RUNNABLE)
		return EXEC_UNKNOWN;
	if (left == 0) {
		end_here(thread, &end);
		return EXEC_UNKNOWN;
	}
	if (thread->created) {
		begin_kernel();
		thread->created = false;
		thread->cpu.machine->rip = vk_gva(thread->cpu.x86.reg[X86_RIP]);
		end_kernel();
	}
	ran = exec_cpu_run(&thread->cpu, budget < left ? budget : left, exit);
	if (ran == EXEC_RAN)
		return ran;
	process->exits++;
	end.kind = ran == EXEC_UNKNOWN ? EXEC_END_UNKNOWN : EXEC_END_STUCK;
	if (ran == EXEC_LEFT && !is_stuck(thread))
		return ran;
	end_here(thread, &end);
	return EXEC_UNKNOWN;
}

/* --- out of it -------------------------------------------------------------------------------- */

unsigned
exec_guest_fetch(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault)
{
	static const unsigned char syscall_bytes[] = { 0x0f, 0x05 };
	struct exec_thread *thread = ctx;

	if (!thread->leaving)
		return exec_cpu_fetch(&thread->cpu, bytes, size, fault);
	memcpy(bytes, syscall_bytes, sizeof(syscall_bytes));
	return sizeof(syscall_bytes);
}

void
exec_guest_advance(void *ctx)
{
	(void)ctx; /* the thread's RIP is what counts */
}

int
exec_guest_is_flush_call(void *ctx)
{
	const struct exec_thread *thread = ctx;

	return !thread->leaving && thread->cpu.x86.reg[X86_RAX] == ~0ull;
}

enum vmm_end
exec_guest_syscall(void *ctx)
{
	struct exec_thread *thread = ctx;

	if (thread->leaving)
		return VMM_END_EXIT;
	begin_kernel();
	exec_syscall(thread);
	end_kernel();
	return VMM_RUNNING;
}

/* A page fault that the handler resolves, or the end. */
static void
page_fault(struct exec_thread *thread, const struct vmx_exit *exit)
{
	struct exec_end end = { .kind = EXEC_END_PAGE_FAULT, .vector = VMX_VECTOR_PF };
	unsigned acc = exit->intr_error & VK_PF_W ? VK_ACC_W :
	    exit->intr_error & VK_PF_ID ? VK_ACC_X : VK_ACC_R;
	uint64_t below = EXEC_USER_END - 0x1000 - EXEC_STACK_SIZE - exit->qualification;

	switch (exec_space_fault(&thread->process->space, exit->qualification, acc)) {
	case EXEC_FAULT_SERVED:
		return;
	case EXEC_FAULT_NO_MEMORY:
		end.kind = EXEC_END_NO_MEMORY;
		break;
	case EXEC_FAULT_NO_AREA:
		if (below - 1 < STACK_GUARD)
			end.kind = EXEC_END_STACK;
		break;
	case EXEC_FAULT_RIGHTS:
		end.mapped = true;
		break;
	}
	end.address = exit->qualification;
	end.error_code = exit->intr_error;
	end_here(thread, &end);
}

enum vmm_end
exec_guest_reflect(void *ctx, const struct vmx_exit *exit)
{
	struct exec_thread *thread = ctx;
	struct exec_end end = { .kind = EXEC_END_INTERCEPT, .reason = exit->reason,
		.address = exit->gpa.v };

	if ((exit->reason & 0xffff) == VMX_EXIT_EXCEPTION) {
		end.kind = EXEC_END_EXCEPTION;
		end.vector = exit->intr_info & VMX_INTR_VECTOR;
		end.error_code = exit->intr_error;
	}
	begin_kernel();
	if (end.kind == EXEC_END_EXCEPTION && end.vector == VMX_VECTOR_PF)
		page_fault(thread, exit);
	else
		end_here(thread, &end);
	end_kernel();
	/* Where the process is over the next entry finds the way out. */
	return VMM_RUNNING;
}

void
exec_guest_cpuid(void *ctx)
{
	exec_cpu_cpuid(&((struct exec_thread *)ctx)->cpu);
}
