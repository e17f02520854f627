/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work on many items by several OS threads, taken back in order.
 */
#ifndef VK_CLI_CLI_POOL_H
#define VK_CLI_CLI_POOL_H

#include <stddef.h>

struct cli_pool;

/*
 * Starts threads, at most `jobs` of them, that call work(ctx, item) for each item from 0 on; items
 * far ahead of the one that is waited for are not begun.  NULL: out of memory.  Where no thread can
 * be had, the work is done in cli_pool_wait().
 */
struct cli_pool *cli_pool_start(size_t items, size_t jobs, void (*work)(void *ctx, size_t item),
    void *ctx);

/* Waits for an item, and a fifth of a second at most; 0: it is not done yet. */
int cli_pool_wait(struct cli_pool *pool, size_t item);

/* Waits for work under way, and begins no more. */
void cli_pool_end(struct cli_pool *pool);

#endif
