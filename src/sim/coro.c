/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coroutines over the two C entry points of Boost.Context.  Each stack has an unmapped page below
 * it, so that an overflow is a fault and not a silent overwrite.  To map and unmap a stack costs as
 * much as the steps of a small scenario: a few are kept for the coroutines that come next.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "sim/coro.h"
#include "sim/coro_watch.h"

#include <stdlib.h>
#include <sys/mman.h>

#define STACK_BYTES (128u * 1024)
#define GUARD_BYTES 4096u
#define SPARE_STACKS 16u

/* The interface of the library, as its assembly defines it. */
typedef void *fcontext_t;

struct transfer {
	fcontext_t context;
	void *data;
};

extern struct transfer jump_fcontext(fcontext_t to, void *data);
extern fcontext_t make_fcontext(void *stack_top, size_t size, void (*body)(struct transfer));

struct coro {
	fcontext_t inside;  /* where the body stands */
	fcontext_t outside; /* where its resumer stands */
	void (*body)(void *arg);
	void *arg;
	unsigned char *stack;
	struct coro_watch watch;
};

/* --- stacks ----------------------------------------------------------------------------------- */

/* Stacks without a coroutine; the guard page is the first of each.  OS threads share none. */
static _Thread_local struct {
	unsigned char *stack[SPARE_STACKS];
	unsigned count;
} spare;

static unsigned char *
stack_create(void)
{
	void *stack;

	if (spare.count != 0)
		return spare.stack[--spare.count];
	stack = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stack == MAP_FAILED)
		return NULL;
	if (mprotect(stack, GUARD_BYTES, PROT_NONE) != 0) {
		munmap(stack, GUARD_BYTES + STACK_BYTES);
		return NULL;
	}
	return stack;
}

static void
stack_destroy(unsigned char *stack)
{
	if (spare.count == SPARE_STACKS) {
		munmap(stack, GUARD_BYTES + STACK_BYTES);
		return;
	}
	spare.stack[spare.count++] = stack;
}

/* --- coroutines ------------------------------------------------------------------------------- */

static void
coro_begin(struct transfer from)
{
	struct coro *coro = from.data;

	coro_watch_enter(&coro->watch);
	coro->outside = from.context;
	coro->body(coro->arg);
	abort(); /* a body does not return */
}

struct coro *
coro_create(void (*body)(void *arg), void *arg)
{
	struct coro *coro = calloc(1, sizeof(*coro));

	if (coro == NULL)
		return NULL;
	coro->stack = stack_create();
	if (coro->stack == NULL) {
		free(coro);
		return NULL;
	}
	coro->body = body;
	coro->arg = arg;
	coro->watch.stack = coro->stack + GUARD_BYTES;
	coro->watch.size = STACK_BYTES;
	coro_watch_create(&coro->watch);
	coro->inside = make_fcontext(coro->stack + GUARD_BYTES + STACK_BYTES, STACK_BYTES,
	    coro_begin);
	return coro;
}

void
coro_destroy(struct coro *coro)
{
	if (coro == NULL)
		return;
	coro_watch_destroy(&coro->watch);
	stack_destroy(coro->stack);
	free(coro);
}

void
coro_resume(struct coro *coro)
{
	void *own = NULL;

	coro_watch_resume(&coro->watch, &own);
	coro->inside = jump_fcontext(coro->inside, coro).context;
	coro_watch_resumed(own);
}

void
coro_leave(struct coro *coro)
{
	coro_watch_leave(&coro->watch);
	coro->outside = jump_fcontext(coro->outside, coro).context;
	coro_watch_enter(&coro->watch);
}
