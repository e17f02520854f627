/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coroutines over the two C entry points of Boost.Context.  Each stack has an unmapped page below
 * it, so that an overflow is a fault and not a silent overwrite.  To map and unmap a stack costs as
 * much as the steps of a small scenario: a few are kept for the coroutines that come next.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "sim/coro.h"

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
	void *fake_stack;   /* of the address sanitizer */
	const void *outer_stack;
	size_t outer_size;
};

#if defined(__SANITIZE_ADDRESS__)
#define CORO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CORO_ASAN 1
#endif
#endif

#ifdef CORO_ASAN
/* The address sanitizer has to be told when the stack changes. */
void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom, size_t *size);
/* And that what an earlier coroutine left on a stack is of no account. */
void __asan_unpoison_memory_region(const volatile void *bytes, size_t size);
#else
static inline void
__asan_unpoison_memory_region(const volatile void *bytes, size_t size)
{
	(void)bytes;
	(void)size;
}

static inline void
__sanitizer_start_switch_fiber(void **fake_stack, const void *bottom, size_t size)
{
	(void)fake_stack;
	(void)bottom;
	(void)size;
}

static inline void
__sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom, size_t *size)
{
	(void)fake_stack;
	(void)bottom;
	(void)size;
}
#endif

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
	__asan_unpoison_memory_region(stack + GUARD_BYTES, STACK_BYTES);
	spare.stack[spare.count++] = stack;
}

/* --- coroutines ------------------------------------------------------------------------------- */

static void
coro_begin(struct transfer from)
{
	struct coro *coro = from.data;

	__sanitizer_finish_switch_fiber(NULL, &coro->outer_stack, &coro->outer_size);
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
	coro->inside = make_fcontext(coro->stack + GUARD_BYTES + STACK_BYTES, STACK_BYTES,
	    coro_begin);
	return coro;
}

void
coro_destroy(struct coro *coro)
{
	if (coro == NULL)
		return;
	stack_destroy(coro->stack);
	free(coro);
}

void
coro_resume(struct coro *coro)
{
	void *fake_stack = NULL;

	__sanitizer_start_switch_fiber(&fake_stack, coro->stack + GUARD_BYTES, STACK_BYTES);
	coro->inside = jump_fcontext(coro->inside, coro).context;
	__sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

void
coro_leave(struct coro *coro)
{
	__sanitizer_start_switch_fiber(&coro->fake_stack, coro->outer_stack, coro->outer_size);
	coro->outside = jump_fcontext(coro->outside, coro).context;
	__sanitizer_finish_switch_fiber(coro->fake_stack, &coro->outer_stack, &coro->outer_size);
}
