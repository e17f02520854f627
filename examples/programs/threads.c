/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads that share a counter: with LOCK no increment is lost, without it some may be.
 *
 * Needs three vCPUs: vkept exec --cpus 3 threads
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#define ROUNDS 20000

static atomic_uint locked;
static volatile unsigned plain;
static unsigned guarded;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *
count(void *arg)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		atomic_fetch_add(&locked, 1);
		plain = plain + 1;
		if (i % 16 == 0) {
			pthread_mutex_lock(&mutex);
			guarded++;
			pthread_mutex_unlock(&mutex);
		}
	}
	return arg;
}

int
main(void)
{
	pthread_t thread[2];
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (pthread_create(&thread[i], NULL, count, NULL) != 0) {
			printf("there is no vCPU for a thread\n");
			return 1;
		}
	}
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	printf("with LOCK %u, under a mutex %u, of %u and %u\n", atomic_load(&locked), guarded,
	    2 * ROUNDS, 2 * ROUNDS / 16);
	printf("without either %s\n", plain == 2 * ROUNDS ? "none was lost" : "some were lost");
	return atomic_load(&locked) != 2 * ROUNDS || guarded != 2 * ROUNDS / 16;
}
