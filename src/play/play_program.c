/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs among steps: a run step executes instructions of the thread's program.
 *
 * The vkernel of a program is the one of src/exec.  A step that is no run step acts on the same
 * address space, whose vkernel brings pages in for it; the program's registers wait meanwhile.
 * Threads of a program take the vCPUs that name it: the first has its main thread, the others wait
 * in a run step until the program creates a thread.
 */
#include <stdlib.h>

#include "elf/elf_image.h"
#include "play/player.h"
#include "sim/watch.h"

/* Instructions of a program in a scenario, elements of repeated ones counted. */
#define WORK_MAX 20000000u

/* --- building --------------------------------------------------------------------------------- */

static bool
program_writes(void *ctx, unsigned descriptor, const void *bytes, size_t size)
{
	(void)descriptor;
	return player_console(ctx, bytes, size);
}

/* How many threads name a program; *mode is that of the first. */
static unsigned
threads_of(struct player *player, uint32_t program, struct guestpt_mode *mode)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; i < player->scenario->threads; i++) {
		if (player->scenario->thread[i].program != program)
			continue;
		if (count++ == 0)
			*mode = player->thread[i].machine.vcpu.mode;
	}
	return count;
}

static void
join_threads(struct player *player, uint32_t program)
{
	struct exec_process *process = &player->program[program];
	unsigned joined = 0;
	size_t i;

	for (i = 0; i < player->scenario->threads; i++) {
		struct play_thread *thread = &player->thread[i];

		if (thread->scn->program != program)
			continue;
		thread->program = &process->thread[joined];
		exec_process_join(process, joined++, &thread->machine);
	}
}

static bool
load_program(struct player *player, const struct scn_program *scn, struct exec_process *process)
{
	static const char *const no_environment[] = { NULL };
	struct exec_program program = { .file = scn->bytes, .file_size = scn->size,
		.name = scn->file, .argv = scn->arg, .envp = no_environment };
	struct elf_image image;
	uint64_t offset;
	const char *wrong = elf_image_read(scn->bytes, scn->size, EXEC_USER_END, &image, &offset);

	if (wrong == NULL)
		wrong = exec_process_load(process, &image, &program);
	return wrong == NULL || player_build_failed(player, scn_mark_of(&scn->src, SCN_KEY_FILE),
	    "a program that can be started", wrong);
}

static bool
build_program(struct player *player, uint32_t index)
{
	const struct scn_program *scn = &player->scenario->program[index];
	struct exec_process *process = &player->program[index];
	struct exec_config config = { .host = &player->process[scn->host_space],
		.memory = &player->exec, .ram_start = scn->at, .limit = WORK_MAX };

	config.ram_end = scn->at + scn->memory;
	config.world = (struct exec_world){ .output = program_writes, .ctx = player };
	config.threads = threads_of(player, index, &config.mode);
	if (config.threads == 0)
		return true;
	if (!exec_process_init(process, &config))
		return player_build_failed(player, scn->src.mark,
		    "memory of the host space for the program's vkernel", "none, or too little");
	join_threads(player, index);
	return load_program(player, scn, process);
}

bool
player_build_programs(struct player *player)
{
	size_t programs = player->scenario->programs, i;

	if (programs == 0)
		return true;
	player->program = calloc(programs, sizeof(*player->program));
	if (player->program == NULL || !exec_memory_init(&player->exec, player->machine.mem)) {
		player->status = PLAY_NO_MEMORY;
		return false;
	}
	for (i = 0; i < programs; i++) {
		if (!build_program(player, (uint32_t)i))
			return false;
	}
	return true;
}

void
player_free_programs(struct player *player)
{
	size_t i;

	for (i = 0; player->program != NULL && i < player->scenario->programs; i++)
		exec_process_free(&player->program[i]);
	exec_memory_free(&player->exec);
	free(player->program);
}

/* --- running ---------------------------------------------------------------------------------- */

struct exec_thread *
play_running(const struct play_thread *thread)
{
	const struct scn_step *step = play_step(thread);

	return thread->begun && !thread->wants_exit && step != NULL && step->op == SCN_OP_RUN ?
	    thread->program : NULL;
}

void
play_run_begin(struct play_thread *thread)
{
	struct exec_thread *program = thread->program;

	thread->machine.rip = vk_gva(program->cpu.x86.reg[X86_RIP]);
	thread->run_from = program->cpu.x86.retired;
	thread->rests = false;
	/* A vCPU whose thread has ended is there for another. */
	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
	if (program->state == EXEC_DONE)
		program->state = EXEC_IDLE;
}

bool
play_run_waits(const struct play_thread *thread)
{
	const struct exec_thread *program = play_running(thread);

	if (program != NULL)
		watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ);
	return program != NULL && !program->process->over &&
	    (program->state == EXEC_IDLE || program->state == EXEC_WAITING);
}

static void
set_exception(struct step_result *result, const struct exec_end *end)
{
	result->vector = end->vector;
	result_set(result, SCN_KEY_VECTOR);
	result->error_code = end->error_code;
	result_set(result, SCN_KEY_ERROR_CODE);
}

static void
set_page_fault(struct step_result *result, const struct exec_end *end)
{
	set_exception(result, end);
	result->cr2 = end->address;
	result_set(result, SCN_KEY_CR2);
}

/* How the program's end is called among outcomes. */
static void
set_end(struct step_result *result, const struct exec_end *end)
{
	static const enum scn_outcome outcomes[] = {
		[EXEC_END_EXITED] = SCN_OUTCOME_EXITED,
		[EXEC_END_SIGNAL] = SCN_OUTCOME_SIGNAL,
		[EXEC_END_PAGE_FAULT] = SCN_OUTCOME_PF,
		[EXEC_END_STACK] = SCN_OUTCOME_PF,
		[EXEC_END_EXCEPTION] = SCN_OUTCOME_EXCEPTION,
		[EXEC_END_INTERCEPT] = SCN_OUTCOME_EXIT,
		[EXEC_END_UNKNOWN] = SCN_OUTCOME_REFUSED,
		[EXEC_END_LIMIT] = SCN_OUTCOME_LIVELOCK,
		[EXEC_END_NO_MEMORY] = SCN_OUTCOME_ENOMEM,
		[EXEC_END_STUCK] = SCN_OUTCOME_LIVELOCK,
		[EXEC_END_DEADLOCK] = SCN_OUTCOME_LIVELOCK,
		[EXEC_END_VMM] = SCN_OUTCOME_KILLED,
	};

	result_outcome(result, outcomes[end->kind]);
	switch (end->kind) {
	case EXEC_END_EXITED:
	case EXEC_END_SIGNAL:
		result_value(result, (uint64_t)end->status);
		break;
	case EXEC_END_PAGE_FAULT:
	case EXEC_END_STACK:
		set_page_fault(result, end);
		break;
	case EXEC_END_EXCEPTION:
		if (end->vector == VMX_VECTOR_UD)
			result_outcome(result, SCN_OUTCOME_UD);
		else if (end->vector == VMX_VECTOR_GP)
			result_outcome(result, SCN_OUTCOME_GP);
		set_exception(result, end);
		break;
	case EXEC_END_INTERCEPT:
		result->reason = end->reason;
		result_set(result, SCN_KEY_REASON);
		break;
	default:
		break;
	}
}

/* The step is done, be it for the moment or because there is nothing left to execute. */
static enum guest_progress
run_ends(struct play_thread *thread)
{
	struct exec_thread *program = thread->program;
	struct step_result *result = &thread->result;

	program->cpu.x86.reg[X86_RIP] = thread->machine.rip.v;
	result->done = program->cpu.x86.retired - thread->run_from;
	result_set(result, SCN_KEY_DONE);
	if (program->process->over)
		set_end(result, &program->process->end);
	else if (program->state == EXEC_DONE)
		result_outcome(result, SCN_OUTCOME_EXITED);
	return GUEST_COMPLETED;
}

enum guest_progress
play_slice(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	struct exec_thread *program = thread->program;
	uint64_t done = program->cpu.x86.retired - thread->run_from;
	uint64_t left = step->instructions == 0 ? UINT64_MAX : step->instructions - done;
	uint64_t slice = watch_current == NULL ? step->slice : 1;

	if (left == 0)
		return run_ends(thread);
	switch (exec_thread_run(program, left < slice ? left : slice, exit)) {
	case EXEC_LEFT:
		return GUEST_EXITED;
	case EXEC_UNKNOWN:
		return run_ends(thread);
	case EXEC_RAN:
		break;
	}
	done = program->cpu.x86.retired - thread->run_from;
	return done == step->instructions ? run_ends(thread) : GUEST_TURN;
}

void
play_program_state(const struct play_thread *thread, const struct watch_sink *sink)
{
	const struct scn_step *step = play_step(thread);
	uint64_t done = thread->program->cpu.x86.retired - thread->run_from;
	bool counts = play_running(thread) != NULL && (step->instructions != 0 ||
	    (step->expect != NULL && scn_has(&step->expect->src, SCN_KEY_DONE)));

	watch_put64(sink, counts ? done : 0);
	exec_thread_state(thread->program, sink);
}

void
play_run_over(struct play_thread *thread)
{
	if (!thread->program->process->over)
		return;
	(void)run_ends(thread);
	play_step_finish(thread);
	/* From anywhere: where the program was must not be in the way of the next entry. */
	thread->machine.rip = vk_gva(0);
}

bool
play_serve_fault(struct play_thread *thread, const struct vmx_exit *exit)
{
	unsigned acc = exit->intr_error & VK_PF_W ? VK_ACC_W :
	    exit->intr_error & VK_PF_ID ? VK_ACC_X : VK_ACC_R;

	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
	return thread->program != NULL && (exit->intr_info & VMX_INTR_VALID) != 0 &&
	    (exit->intr_info & VMX_INTR_VECTOR) == VMX_VECTOR_PF &&
	    exec_space_fault(&thread->program->process->space, exit->qualification, acc) ==
	    EXEC_FAULT_SERVED;
}
