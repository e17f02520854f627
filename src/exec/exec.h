/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program under the model: one machine, one vkernel, one program, from its load to its end.
 */
#ifndef VK_EXEC_EXEC_H
#define VK_EXEC_EXEC_H

#include "exec/exec_outcome.h"
#include "exec/exec_process.h"

#define EXEC_CPUS_MAX 16u

/* Who looks at a thread around each of its turns. */
struct exec_observer {
	void (*before)(void *ctx, const struct exec_thread *thread);
	/* What the turn led to is not handled yet; *exit counts with EXEC_LEFT. */
	void (*after)(void *ctx, const struct exec_thread *thread, enum exec_ran ran,
	    const struct vmx_exit *exit);
	void *ctx;
};

struct exec_options {
	struct exec_program program;
	struct exec_world world;
	unsigned cpus;          /* vCPUs: as many threads can there be at a time */
	uint64_t memory;        /* bytes of the vkernel */
	uint64_t limit;         /* instructions */
	uint64_t slice;         /* instructions that a thread executes before another may */
	bool seed_given;        /* by it, and not in turn, the next one is chosen */
	uint64_t seed;
	bool vpid;
	struct tlb_sizes tlb;   /* no translations: no TLB */
	event_sink sink;        /* NULL: nobody listens */
	void *sink_ctx;
	const struct exec_observer *observer; /* NULL: nobody */
};

/* Runs a program from its load to its end. */
enum exec_status exec_run(const struct exec_options *options, struct exec_outcome *outcome);

#endif
