/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program that runs: its space, its threads, what it asks of its kernel, and how it ends.
 *
 * The kernel's part is the host's code, reached through the exits of the core's run loop: the
 * functions here stand behind a struct machine_guest_ops.
 */
#ifndef VK_EXEC_EXEC_PROCESS_H
#define VK_EXEC_EXEC_PROCESS_H

#include "exec/exec_cpu.h"
#include "exec/exec_end.h"
#include "exec/exec_load.h"

/* What the kernel reaches of the world; each may be NULL. */
struct exec_world {
	/* Bytes that the program writes to descriptor 1 or 2; false: they could not be. */
	bool (*output)(void *ctx, unsigned descriptor, const void *bytes, size_t size);
	/* Up to `size` bytes of standard input; 0 at its end. */
	size_t (*input)(void *ctx, void *bytes, size_t size);
	void *ctx;
};

enum exec_thread_state {
	EXEC_IDLE,    /* a vCPU that no thread has */
	EXEC_RUNNABLE,
	EXEC_WAITING, /* for a futex */
	EXEC_DONE
};

struct exec_process;

struct exec_thread {
	struct exec_process *process;
	struct exec_cpu cpu;
	enum exec_thread_state state;
	unsigned tid;
	uint64_t futex;        /* waited for */
	uint64_t clear_tid;    /* word that is cleared when it ends; 0: none */
	bool created;          /* by clone(2), and it has not run since */
	bool leaving;          /* it goes out of guest mode and does not come back */
	uint64_t at_exit[2];   /* how far it was at the last exit, and */
	unsigned exits_there;  /* how often it has left since without getting further */
};

struct exec_process {
	struct machine *machine;
	struct exec_memory *memory;
	struct exec_space space;
	struct exec_thread *thread; /* one a vCPU that it may have; the first is its main thread */
	unsigned threads;
	unsigned next_tid;
	struct exec_world world;
	uint64_t random;            /* state of getrandom(2) */
	uint64_t slept;             /* nanoseconds, beside one for each instruction */
	uint64_t limit;             /* of work, all threads together */
	uint64_t slice;             /* instructions of a thread before another may go on */
	uint64_t calls;             /* of the system */
	uint64_t exits;             /* of all threads */
	bool over;                  /* how is in `end` */
	struct exec_end end;
};

#define EXEC_PID 1u

/* What a process is made of. */
struct exec_config {
	struct machine_process *host;
	struct exec_memory *memory;
	struct guestpt_mode mode;    /* of its threads; CR3 is the process' to choose */
	uint64_t ram_start, ram_end; /* guest-physical, the vkernel's to give out */
	unsigned threads;            /* most at a time: one a vCPU */
	struct exec_world world;
	uint64_t seed, limit, slice;
};

/* false: no memory, here or for the first tables.  In each case it is to be freed. */
bool exec_process_init(struct exec_process *process, const struct exec_config *config);
void exec_process_free(struct exec_process *process);

/* Gives a thread of it the vCPU that it runs on whenever it runs. */
void exec_process_join(struct exec_process *process, unsigned index,
    struct machine_thread *machine);

/*
 * Loads a program, at whose start the first thread stands then: NULL.  Else what was found that
 * does not fit, in words.
 */
const char *exec_process_load(struct exec_process *process, const struct elf_image *image,
    const struct exec_program *program);

/*
 * What all threads did so far.  Work is what counts against the limit: besides instructions,
 * elements of repeated ones, bytes that the kernel moves, and a lump for each exit.
 */
uint64_t exec_process_work(const struct exec_process *process);
uint64_t exec_process_retired(const struct exec_process *process);

/* The process ends so, unless it has ended already. */
void exec_process_end(struct exec_process *process, const struct exec_end *end);
void exec_process_exit(struct exec_process *process, int status);

/* --- behind struct machine_guest_ops; ctx is a struct exec_thread ----------------------------- */

/*
 * Executes up to `budget` instructions.  EXEC_LEFT: an exit, to be handled; EXEC_UNKNOWN: there is
 * nothing to execute, since the thread does not run, or the process is over, as it may be now.
 */
enum exec_ran exec_thread_run(struct exec_thread *thread, uint64_t budget, struct vmx_exit *exit);

/* The exit by which a thread leaves the run loop for good: it looks like a call of exit(2). */
void exec_thread_leave(struct exec_thread *thread, struct vmx_exit *exit);

unsigned exec_guest_fetch(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault);
void exec_guest_advance(void *ctx);
int exec_guest_is_flush_call(void *ctx);
enum vmm_end exec_guest_syscall(void *ctx);
enum vmm_end exec_guest_reflect(void *ctx, const struct vmx_exit *exit);
void exec_guest_cpuid(void *ctx);

/* --- who watches ------------------------------------------------------------------------------ */

/* What the kernel knows of a process and its threads, as canonical bytes: part of WATCH_HOST. */
void exec_process_state(const struct exec_process *process, const struct watch_sink *sink);

/* What a thread is besides: its registers, between two instructions. */
void exec_thread_state(const struct exec_thread *thread, const struct watch_sink *sink);

/* --- exec_syscall.c --------------------------------------------------------------------------- */

/* Carries out the call that the registers describe and leaves its result there. */
void exec_syscall(struct exec_thread *thread);

/* The thread ends, with what its end does to memory. */
void exec_thread_exit(struct exec_thread *thread);

#endif
