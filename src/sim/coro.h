/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coroutines: a stack of its own for each simulated thread, and a switch between them.
 *
 * The switch itself is Boost.Context's; this hides its types.
 */
#ifndef VK_SIM_CORO_H
#define VK_SIM_CORO_H

#include <stdbool.h>
#include <stddef.h>

struct coro;

/* Runs body(arg) when first resumed.  NULL when out of memory.  body must not return. */
struct coro *coro_create(void (*body)(void *arg), void *arg);

/* Frees the stack, wherever the body stands on it; not from within. */
void coro_destroy(struct coro *coro);

/* From outside: runs the coroutine until it calls coro_leave(). */
void coro_resume(struct coro *coro);

/* From inside: back to whoever resumed it; returns at the next coro_resume(). */
void coro_leave(struct coro *coro);

#endif
