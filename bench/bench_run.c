/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench run: what a whole `vkept run` costs from process start to end.
 *
 * Each round starts vkept on one scenario, a program that does nothing, and a bare libyaml parse of
 * the same file, in turn, and times each from before its start to after its end; the ratios are
 * medians over the rounds.  All three are linked the same way.  The last case is the whole scenario
 * suite in one process.
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common_measure.h"

#define ROUNDS 301
#define SUITE_ROUNDS 11
#define WARM_UP 5

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Microseconds of one run; output is dropped.  A program that fails ends the benchmark. */
static double
time_once(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	double start, end;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	start = now_us();
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, NULL) != 0 ||
	    waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "bench run: %s failed\n", argv[0]);
		exit(1);
	}
	end = now_us();
	posix_spawn_file_actions_destroy(&actions);
	return end - start;
}

/* A B A B ...: prints one line with the median of each and of the pairwise ratios. */
static void
pair(const char *name, const char *against, char *const argv[], char *const base[], int rounds)
{
	double a[ROUNDS], b[ROUNDS], ratio[ROUNDS];
	size_t count = (size_t)rounds;
	int i;

	for (i = -WARM_UP; i < rounds; i++) {
		double x = time_once(argv), y = time_once(base);

		if (i < 0)
			continue;
		a[i] = x;
		b[i] = y;
		ratio[i] = x / y;
	}
	printf("{\"bench\": \"run\", \"case\": \"%s\", \"unit\": \"us\", \"value\": %.1f, "
	    "\"baseline\": \"%s\", \"baseline_value\": %.1f, \"ratio\": %.3f, \"runs\": %d}\n",
	    name, measure_median(a, count), against, measure_median(b, count),
	    measure_median(ratio, count), rounds);
	fflush(stdout);
}

static char *
join(const char *directory, const char *name)
{
	size_t size = strlen(directory) + strlen(name) + 2;
	char *path = malloc(size);

	if (path == NULL)
		exit(1);
	snprintf(path, size, "%s/%s", directory, name);
	return path;
}

int
main(void)
{
	const char *source = getenv("SRC"), *build = getenv("BUILD"), *vkept = getenv("VKEPT");
	char run[] = "run";

	if (source == NULL || build == NULL || vkept == NULL) {
		fprintf(stderr, "bench run: start me by ./dev bench run\n");
		return 2;
	}
	{
		char *program = strdup(vkept);
		char *scenario = join(source, "scenarios/copyio/printf.yaml");
		char *all = join(source, "scenarios");
		char *nothing = join(build, "base_nothing"), *yaml = join(build, "base_yaml");
		char *const one[] = { program, run, scenario, NULL };
		char *const suite[] = { program, run, all, NULL };
		char *const null[] = { nothing, NULL };
		char *const parse[] = { yaml, scenario, NULL };

		pair("printf", "nothing", one, null, ROUNDS);
		pair("printf", "libyaml", one, parse, ROUNDS);
		pair("suite", "nothing", suite, null, SUITE_ROUNDS);
		free(program);
		free(scenario);
		free(all);
		free(nothing);
		free(yaml);
	}
	return 0;
}
