/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A counter of items that threads draw from, and a flag for each item that is done.
 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "cli/cli_pool.h"

#define AHEAD 4u /* items a thread, beyond the one that is waited for */

struct cli_pool {
	void (*work)(void *ctx, size_t item);
	void *ctx;
	size_t items, next, wanted, window;
	int ending;
	unsigned char *done; /* a flag an item */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t *thread;
	size_t threads;
};

/* The next item for whoever asks; 0: there is none, or not yet. */
static int
take(struct cli_pool *pool, size_t *item)
{
	if (pool->next == pool->items || pool->next > pool->wanted + pool->window)
		return 0;
	*item = pool->next++;
	return 1;
}

static void
do_item(struct cli_pool *pool, size_t item)
{
	(void)pthread_mutex_unlock(&pool->lock);
	pool->work(pool->ctx, item);
	(void)pthread_mutex_lock(&pool->lock);
	pool->done[item] = 1;
	(void)pthread_cond_broadcast(&pool->changed);
}

static void *
run(void *arg)
{
	struct cli_pool *pool = arg;
	size_t item;

	(void)pthread_mutex_lock(&pool->lock);
	while (!pool->ending && pool->next != pool->items) {
		if (take(pool, &item))
			do_item(pool, item);
		else
			(void)pthread_cond_wait(&pool->changed, &pool->lock);
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return NULL;
}

struct cli_pool *
cli_pool_start(size_t items, size_t jobs, void (*work)(void *ctx, size_t item), void *ctx)
{
	struct cli_pool *pool = calloc(1, sizeof(*pool));
	size_t threads = jobs < items ? jobs : items;

	if (pool == NULL)
		return NULL;
	pool->work = work;
	pool->ctx = ctx;
	pool->items = items;
	pool->window = AHEAD * jobs;
	pool->done = calloc(items + 1, 1);
	pool->thread = calloc(threads + 1, sizeof(*pool->thread));
	if (pool->done == NULL || pool->thread == NULL) {
		free(pool->done);
		free(pool->thread);
		free(pool);
		return NULL;
	}
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->changed, NULL);
	while (pool->threads < threads &&
	    pthread_create(&pool->thread[pool->threads], NULL, run, pool) == 0)
		pool->threads++;
	return pool;
}

int
cli_pool_wait(struct cli_pool *pool, size_t item)
{
	struct timespec until;
	size_t own;
	int done;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 200000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_mutex_lock(&pool->lock);
	if (pool->wanted != item) {
		pool->wanted = item;
		(void)pthread_cond_broadcast(&pool->changed);
	}
	if (pool->threads == 0 && take(pool, &own))
		do_item(pool, own);
	while (!pool->done[item] &&
	    pthread_cond_timedwait(&pool->changed, &pool->lock, &until) == 0)
		;
	done = pool->done[item];
	(void)pthread_mutex_unlock(&pool->lock);
	return done;
}

void
cli_pool_end(struct cli_pool *pool)
{
	size_t i;

	(void)pthread_mutex_lock(&pool->lock);
	pool->ending = 1;
	(void)pthread_cond_broadcast(&pool->changed);
	(void)pthread_mutex_unlock(&pool->lock);
	for (i = 0; i < pool->threads; i++)
		(void)pthread_join(pool->thread[i], NULL);
	(void)pthread_mutex_destroy(&pool->lock);
	(void)pthread_cond_destroy(&pool->changed);
	free(pool->done);
	free(pool->thread);
	free(pool);
}
