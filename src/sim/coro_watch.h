/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tools that watch a program have to be told of its coroutines: the address sanitizer, the
 * thread sanitizer and valgrind, each in a build of its own.  In any other build nothing is told.
 */
#ifndef VK_SIM_CORO_WATCH_H
#define VK_SIM_CORO_WATCH_H

#include <stddef.h>

#if defined(__has_feature)
#define CORO_HAS_FEATURE(name) __has_feature(name)
#else
#define CORO_HAS_FEATURE(name) 0
#endif

/* What is known of one coroutine. */
struct coro_watch {
	const unsigned char *stack; /* its lowest byte, and its size */
	size_t size;
	void *fake_stack;           /* of the address sanitizer: what it keeps of a frame */
	const void *outer_stack;    /* where its resumer stands */
	size_t outer_size;
	void *fiber, *outer_fiber;  /* of the thread sanitizer: who runs */
	unsigned number;            /* of its stack, to valgrind */
};

#if defined(__SANITIZE_ADDRESS__) || CORO_HAS_FEATURE(address_sanitizer)

void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom, size_t *size);
void __asan_unpoison_memory_region(const volatile void *bytes, size_t size);

static inline void
coro_watch_create(struct coro_watch *watch)
{
	(void)watch;
}

/* What the coroutine left on its stack is of no account to the next one. */
static inline void
coro_watch_destroy(struct coro_watch *watch)
{
	__asan_unpoison_memory_region(watch->stack, watch->size);
}

static inline void
coro_watch_resume(struct coro_watch *watch, void **own)
{
	__sanitizer_start_switch_fiber(own, watch->stack, watch->size);
}

static inline void
coro_watch_resumed(void *own)
{
	__sanitizer_finish_switch_fiber(own, NULL, NULL);
}

static inline void
coro_watch_leave(struct coro_watch *watch)
{
	__sanitizer_start_switch_fiber(&watch->fake_stack, watch->outer_stack, watch->outer_size);
}

static inline void
coro_watch_enter(struct coro_watch *watch)
{
	__sanitizer_finish_switch_fiber(watch->fake_stack, &watch->outer_stack,
	    &watch->outer_size);
}

#else

#if defined(__SANITIZE_THREAD__) || CORO_HAS_FEATURE(thread_sanitizer)

void *__tsan_get_current_fiber(void);
void *__tsan_create_fiber(unsigned flags);
void __tsan_destroy_fiber(void *fiber);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);

static inline void
coro_watch_create(struct coro_watch *watch)
{
	watch->fiber = __tsan_create_fiber(0);
}

static inline void
coro_watch_destroy(struct coro_watch *watch)
{
	__tsan_destroy_fiber(watch->fiber);
}

static inline void
coro_watch_resume(struct coro_watch *watch, void **own)
{
	(void)own;
	watch->outer_fiber = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(watch->fiber, 0);
}

static inline void
coro_watch_leave(struct coro_watch *watch)
{
	__tsan_switch_to_fiber(watch->outer_fiber, 0);
}

#else

#ifdef VKEPT_VALGRIND
#include <valgrind/memcheck.h>
#else
#define VALGRIND_STACK_REGISTER(low, high) 0
#define VALGRIND_STACK_DEREGISTER(number) ((void)(number))
#define VALGRIND_MAKE_MEM_UNDEFINED(bytes, size) 0
#endif

/* What an earlier coroutine left on the stack is not to be read. */
static inline void
coro_watch_create(struct coro_watch *watch)
{
	watch->number = VALGRIND_STACK_REGISTER(watch->stack, watch->stack + watch->size - 1);
	(void)VALGRIND_MAKE_MEM_UNDEFINED(watch->stack, watch->size);
}

static inline void
coro_watch_destroy(struct coro_watch *watch)
{
	VALGRIND_STACK_DEREGISTER(watch->number);
}

static inline void
coro_watch_resume(struct coro_watch *watch, void **own)
{
	(void)watch;
	(void)own;
}

static inline void
coro_watch_leave(struct coro_watch *watch)
{
	(void)watch;
}

#endif

static inline void
coro_watch_resumed(void *own)
{
	(void)own;
}

static inline void
coro_watch_enter(struct coro_watch *watch)
{
	(void)watch;
}

#endif

#endif
