/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long a drawing takes, from the start of the process to its last byte.
 *
 * The tables are a guest's with 16 Mi pages of 4 KiB, each mapped by an entry of its own, in a file
 * of 128 MiB.  Beside each drawing stands a bare walk that reads the same entries and counts them.
 *
 *	16m-dot	the drawing as DOT
 *	16m-svg	as a picture, laid out
 *
 * Contenders take turns; each line is the median of the runs, its ratio that of the runs' ratios.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RUNS 15
#define WARM_UP 2
#define PAGE 4096u
#define DIRECTORIES 64u
#define ENTRY 0x67ull
#define PATH_SIZE 4096

static char path[PATH_SIZE];

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "bench graph: %s\n", what);
	(void)unlink(path);
	exit(3);
}

/* --- the tables ------------------------------------------------------------------------------- */

static void
put(FILE *file, uint64_t first, uint64_t step, unsigned count)
{
	uint64_t page[512] = { 0 };
	unsigned i;

	for (i = 0; i < count; i++)
		page[i] = first + i * step;
	if (fwrite(page, sizeof(page), 1, file) != 1)
		fail("cannot write the tables");
}

/* A root, a table of directories, the directories, the page tables. */
static void
make_tables(void)
{
	const char *directory = getenv("TMPDIR");
	unsigned i;
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%s/vkept-bench.XXXXXX",
	    directory != NULL ? directory : "/tmp");
	fd = mkstemp(path);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL)
		fail("cannot make a file for the tables");
	put(file, PAGE | ENTRY, 0, 1);
	put(file, 2 * PAGE | ENTRY, PAGE, DIRECTORIES);
	for (i = 0; i < DIRECTORIES; i++)
		put(file, (uint64_t)(2 + DIRECTORIES + i * 512) * PAGE | ENTRY, PAGE, 512);
	for (i = 0; i < DIRECTORIES * 512; i++)
		put(file, (0x100000000ull + (uint64_t)i * 512 * PAGE) | ENTRY, PAGE, 512);
	if (fclose(file) != 0)
		fail("cannot write the tables");
}

/* --- contenders ------------------------------------------------------------------------------- */

static double
time_once(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	struct timespec begin, end;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, NULL) != 0 ||
	    waitpid(pid, &status, 0) != pid || status != 0)
		fail("a contender failed");
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	posix_spawn_file_actions_destroy(&actions);
	return (double)(end.tv_sec - begin.tv_sec) * 1e3 +
	    (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double values[RUNS])
{
	qsort(values, RUNS, sizeof(*values), compare);
	return values[RUNS / 2];
}

static void
pair(const char *name, char *const argv[], char *const base[])
{
	double a[RUNS], b[RUNS], ratio[RUNS];
	int i;

	for (i = -WARM_UP; i < RUNS; i++) {
		double x = time_once(argv), y = time_once(base);

		if (i < 0)
			continue;
		a[i] = x;
		b[i] = y;
		ratio[i] = x / y;
	}
	printf("{\"bench\": \"graph\", \"case\": \"%s\", \"unit\": \"ms\", \"value\": %.1f, "
	    "\"baseline\": \"bare-walk\", \"baseline_value\": %.1f, \"ratio\": %.3f, "
	    "\"runs\": %d}\n",
	    name, median(a), median(b), median(ratio), RUNS);
	(void)fflush(stdout);
}

int
main(void)
{
	const char *build = getenv("BUILD"), *vkept = getenv("VKEPT");
	char program[PATH_SIZE], walk[PATH_SIZE], raw[PATH_SIZE + 8];
	char graph[] = "graph", option[] = "--raw", cr3[] = "--cr3", zero[] = "0", type[] = "-T";
	char dot[] = "dot", svg[] = "svg";
	char *const as_dot[] = { program, graph, option, raw, cr3, zero, type, dot, NULL };
	char *const as_svg[] = { program, graph, option, raw, cr3, zero, type, svg, NULL };
	char *const bare[] = { walk, path, NULL };

	if (build == NULL || vkept == NULL) {
		fprintf(stderr, "bench graph: start me by ./dev bench graph\n");
		return 2;
	}
	make_tables();
	snprintf(program, sizeof(program), "%s", vkept);
	snprintf(walk, sizeof(walk), "%s/base_tables", build);
	snprintf(raw, sizeof(raw), "%s@0", path);
	pair("16m-dot", as_dot, bare);
	pair("16m-svg", as_svg, bare);
	(void)unlink(path);
	return 0;
}
