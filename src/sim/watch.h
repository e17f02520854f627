/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who touches what: how an explorer of schedules watches a simulated thread.
 *
 * All that threads share is made of cells: words of memory, words of the VMM's protocol, a CPU's
 * pending interrupt, its cached translations, the memory maps.  The simulator announces each touch
 * of a cell before it is made.  An explorer may let another thread go first, and it learns on what
 * a thread's next move depends.  What is not announced belongs to one thread alone.
 *
 * In an ordinary run nobody watches, and announcing costs one comparison.
 */
#ifndef VK_SIM_WATCH_H
#define VK_SIM_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a cell is; its number says which one of these. */
enum watch_kind {
	WATCH_WORD,      /* an aligned word of host memory: HPA / 8 */
	WATCH_VMM,       /* a word of a process' struct vmm_proc: process * 64 + offset / 8 */
	WATCH_INTERRUPT, /* whether an interrupt is pending: CPU */
	WATCH_CPU,       /* who is in a critical section, whose VMCS is loaded: CPU */
	WATCH_TLB,       /* what is cached: CPU */
	WATCH_HOST,      /* memory maps, frames and EPTs that the host made: 0 */
	WATCH_THREAD,    /* what others see of a thread: its index */
	WATCH_CONSOLE,   /* 0 */
	WATCH_KINDS
};

/* A kind in bits 63:56 and a number below. */
typedef uint64_t watch_cell;

static inline watch_cell
watch_cell_of(enum watch_kind kind, uint64_t number)
{
	return (uint64_t)kind << 56 | number;
}

static inline enum watch_kind
watch_kind_of(watch_cell cell)
{
	return (enum watch_kind)(cell >> 56);
}

static inline uint64_t
watch_number_of(watch_cell cell)
{
	return cell & 0x00ffffffffffffffull;
}

#define WATCH_READ 1u
#define WATCH_WRITE 2u /* alone: the cell is overwritten whatever it held */
#define WATCH_BLIND 8u /* with both: the thread does not learn what it held */
#define WATCH_CAS 4u   /* with both: nothing is kept of an earlier value when it has lost */

struct watch {
	/* Before a touch; another thread may run before it returns. */
	void (*touch)(void *ctx, watch_cell cell, unsigned how);
	/* One of `count` outcomes, of which the architecture allows each; 0 is the plain one. */
	unsigned (*choose)(void *ctx, unsigned count);
	/* One turn of a wait for somebody else. */
	void (*pause)(void *ctx);
	/*
	 * The thread stands at a known place, and all that it will do follows from what its owner
	 * tells of it (play_thread_state), from that place, and from what it will read.
	 */
	void (*anchor)(void *ctx, unsigned place);
	/*
	 * The whole frame at this HPA is about to be read, or written, by whoever asked for its
	 * bytes; `how` 0: that is over.
	 */
	void (*frame)(void *ctx, uint64_t hpa, unsigned how);
	/* Which cell an atomic operation of the core is about to touch; false: nobody shares it. */
	bool (*cell_at)(void *ctx, const void *where, watch_cell *cell);
	void *ctx;
	unsigned quiet; /* touches are not told: somebody only looks */
	unsigned whole; /* depth of sections in which nobody may come between */
	unsigned section; /* counts the outermost of these */
};

/* The watch on the thread that runs, or NULL. */
extern _Thread_local struct watch *watch_current;

static inline void
watch_touch(watch_cell cell, unsigned how)
{
	struct watch *watch = watch_current;

	if (watch != NULL && watch->quiet == 0)
		watch->touch(watch->ctx, cell, how);
}

static inline void
watch_frame(uint64_t hpa, unsigned how)
{
	struct watch *watch = watch_current;

	if (watch != NULL && watch->quiet == 0)
		watch->frame(watch->ctx, hpa, how);
}

static inline void
watch_anchor(unsigned place)
{
	struct watch *watch = watch_current;

	if (watch != NULL)
		watch->anchor(watch->ctx, place);
}

/* 0 when nobody watches. */
static inline unsigned
watch_choose(unsigned count)
{
	struct watch *watch = watch_current;

	return watch != NULL && watch->quiet == 0 ? watch->choose(watch->ctx, count) : 0;
}

/* Between these nobody is told; they nest. */
static inline void
watch_quiet(bool on)
{
	struct watch *watch = watch_current;

	if (watch != NULL)
		watch->quiet += on ? 1 : ~0u;
}

/* Between these no other thread runs, but before the first touch and in a wait; they nest. */
static inline void
watch_whole(bool on)
{
	struct watch *watch = watch_current;

	if (watch == NULL)
		return;
	watch->section += on && watch->whole == 0;
	watch->whole += on ? 1 : ~0u;
}

/* Leaves all whole sections for a while, and takes them up again. */
static inline unsigned
watch_whole_leave(void)
{
	struct watch *watch = watch_current;
	unsigned whole = 0;

	if (watch != NULL) {
		whole = watch->whole;
		watch->whole = 0;
	}
	return whole;
}

static inline void
watch_whole_rejoin(unsigned whole)
{
	if (watch_current != NULL)
		watch_current->whole = whole;
}

/* How canonical bytes are handed over, piece by piece. */
struct watch_sink {
	void (*put)(void *ctx, const void *bytes, size_t size);
	void *ctx;
};

static inline void
watch_put(const struct watch_sink *sink, const void *bytes, size_t size)
{
	sink->put(sink->ctx, bytes, size);
}

static inline void
watch_put64(const struct watch_sink *sink, uint64_t value)
{
	sink->put(sink->ctx, &value, sizeof(value));
}

#endif
