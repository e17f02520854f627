/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench maps: what listing page tables costs, from process start to the last line.
 *
 *	linux-256m	the core of a Linux guest of 256 MiB, 75,749 pages, in the monitor's form
 *	linux-256m-text	the same as text, a page a line; -folded: as it comes without options
 *	16m-leaves	tables of 16 Mi pages scattered over memory; -text
 *	xz-memory	a core of 66,234 program headers, 260 MiB, packed by xz -9
 *	ept-1t		an EPT of a guest of 1 TiB, of which a page every 64 MiB is there
 *
 * The baseline is a bare loop that prints the same lines, except that it folds nothing and knows no
 * EPT: there it prints a line a page in the monitor's form.  The two take turns, and ratios are
 * medians of the pairs'.  Lines whose unit is KiB are of memory: the greatest size of the process,
 * the touched part of the mapped file included, against the file's tables.
 *
 * Files are made in the directory of the build; what is not a table in them is a hole.
 */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "image/image_file.h"

#define ROUNDS 31
#define WARM_UP 3
#define PAGE 4096u
#define OFFSET 0x1000u /* of memory in a core made here */
#define PRESENT 0x67ull
#define EPT_PRESENT 0x37ull

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "bench maps: %s\n", what);
	exit(3);
}

/* --- running ---------------------------------------------------------------------------------- */

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Milliseconds of one run; its output goes to a file, and *kib becomes its greatest size. */
static double
run_once(char *const argv[], const char *output, long *kib)
{
	posix_spawn_file_actions_t actions;
	double start = now_ms();
	struct rusage usage;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, NULL) != 0 ||
	    wait4(pid, &status, 0, &usage) != pid || status != 0)
		fail(argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	*kib = usage.ru_maxrss;
	return now_ms() - start;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return values[count / 2];
}

static void
pair(const char *name, char *const argv[], char *const base[], int rounds)
{
	double a[ROUNDS], b[ROUNDS], ratio[ROUNDS];
	long kib;
	int i;

	for (i = -WARM_UP; i < rounds; i++) {
		double x = run_once(argv, "/dev/null", &kib);
		double y = run_once(base, "/dev/null", &kib);

		if (i < 0)
			continue;
		a[i] = x;
		b[i] = y;
		ratio[i] = x / y;
	}
	printf("{\"bench\": \"maps\", \"case\": \"%s\", \"unit\": \"ms\", \"value\": %.2f, "
	    "\"baseline\": \"bare-loop\", \"baseline_value\": %.2f, \"ratio\": %.3f, "
	    "\"runs\": %d}\n", name, median(a, rounds), median(b, rounds), median(ratio, rounds),
	    rounds);
	fflush(stdout);
}

static void
memory(const char *name, char *const argv[], uint64_t tables)
{
	double kib = (double)(tables * PAGE / 1024);
	long size;

	run_once(argv, "/dev/null", &size);
	printf("{\"bench\": \"maps\", \"case\": \"%s-memory\", \"unit\": \"KiB\", \"value\": %ld, "
	    "\"baseline\": \"tables\", \"baseline_value\": %.0f, \"ratio\": %.3f, \"runs\": 1}\n",
	    name, size, kib, (double)size / kib);
	fflush(stdout);
}

/* Both must print the same, or one of them is not what it says. */
static void
check_same(char *const argv[], char *const base[], const char *directory)
{
	char one[4096], two[4096], command[9000];
	long kib;

	snprintf(one, sizeof(one), "%s/maps.a", directory);
	snprintf(two, sizeof(two), "%s/maps.b", directory);
	run_once(argv, one, &kib);
	run_once(base, two, &kib);
	snprintf(command, sizeof(command), "grep -v '^#' '%s' | cmp - '%s'", one, two);
	if (system(command) != 0)
		fail("the contenders do not print the same");
	unlink(one);
	unlink(two);
}

/* --- files ------------------------------------------------------------------------------------ */

static void
write_at(int fd, const void *bytes, size_t size, uint64_t offset)
{
	if (pwrite(fd, bytes, size, (off_t)offset) != (ssize_t)size)
		fail("cannot write");
}

static int
create(const char *path, uint64_t size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
		fail("cannot create a file");
	return fd;
}

static void
put(unsigned char *at, unsigned size, uint64_t value)
{
	for (; size-- != 0; value >>= 8)
		*at++ = (unsigned char)value;
}

/* The head of a core with all of memory in one piece. */
static void
write_head(int fd, uint64_t size)
{
	unsigned char head[64 + 56] = "\177ELF\2\1\1";

	put(head + 16, 2, 4);
	put(head + 18, 2, 62);
	put(head + 32, 8, 64);
	put(head + 54, 2, 56);
	put(head + 56, 2, 1);
	put(head + 64, 4, 1);
	put(head + 64 + 8, 8, OFFSET);
	put(head + 64 + 32, 8, size);
	put(head + 64 + 40, 8, size);
	write_at(fd, head, sizeof(head), 0);
}

/* The tables of a recorded machine in a core of all its memory.  Returns CR3. */
static uint64_t
write_linux(const char *path, const char *recorded, uint64_t size)
{
	struct image_core core;
	struct image_error error;
	uint64_t cr3;
	size_t i;
	int fd;

	if (image_core_open(recorded, &core, &error) != IMAGE_OK)
		fail(error.text);
	fd = create(path, OFFSET + size);
	write_head(fd, size);
	for (i = 0; i < core.image->runs; i++) {
		const struct image_run *run = &core.image->run[i];

		write_at(fd, run->bytes, (size_t)(run->end - run->start), OFFSET + run->start);
	}
	cr3 = core.cpu[0].cr3;
	close(fd);
	image_core_free(&core);
	return cr3;
}

/* Four levels, from the root at 0, that map 16 Mi pages.  Returns how many tables. */
static uint64_t
write_leaves(const char *path)
{
	static uint64_t table[512];
	uint64_t pts = 32768, pds = 64, i, j, page = 0;
	int fd = create(path, (2 + pds + pts) * PAGE);

	memset(table, 0, sizeof(table));
	table[273] = PAGE | PRESENT;
	write_at(fd, table, PAGE, 0);
	memset(table, 0, sizeof(table));
	for (i = 0; i < pds; i++)
		table[i] = (2 + i) * PAGE | PRESENT;
	write_at(fd, table, PAGE, PAGE);
	for (i = 0; i < pds; i++) {
		for (j = 0; j < 512; j++)
			table[j] = (2 + pds + i * 512 + j) * PAGE | PRESENT;
		write_at(fd, table, PAGE, (2 + i) * PAGE);
	}
	for (i = 0; i < pts; i++) {
		for (j = 0; j < 512; j++, page++) {
			uint64_t frame = page * 0x9e3779b1u & 0xffffff;

			table[j] = frame << 12 | PRESENT | (page & 3) << 5 | (page & 4) << 6 |
			    (page & 3) << 62;
		}
		write_at(fd, table, PAGE, (2 + pds + i) * PAGE);
	}
	close(fd);
	return 2 + pds + pts;
}

/* An EPT that maps a page every 64 MiB of 1 TiB.  Returns how many tables. */
static uint64_t
write_ept(const char *path)
{
	static uint64_t table[512];
	uint64_t pds = 1024, pts = pds * 16, i, j;
	int fd = create(path, (3 + pds + pts) * PAGE);

	memset(table, 0, sizeof(table));
	table[0] = PAGE | 7;
	table[1] = 2 * PAGE | 7;
	write_at(fd, table, PAGE, 0);
	for (i = 0; i < pds; i++)
		table[i % 512] = (3 + i) * PAGE | 7;
	write_at(fd, table, PAGE, PAGE);
	for (i = 0; i < 512; i++)
		table[i] = (3 + 512 + i) * PAGE | 7;
	write_at(fd, table, PAGE, 2 * PAGE);
	for (i = 0; i < 512; i++)
		table[i] = (3 + i) * PAGE | 7;
	write_at(fd, table, PAGE, PAGE);
	for (i = 0; i < pds; i++) {
		memset(table, 0, sizeof(table));
		for (j = 0; j < 16; j++)
			table[j * 32] = (3 + pds + i * 16 + j) * PAGE | 7;
		write_at(fd, table, PAGE, (3 + i) * PAGE);
	}
	for (i = 0; i < pts; i++) {
		memset(table, 0, sizeof(table));
		table[i & 511] = (i * 0x9e3779b1u & 0xffffff) << 12 | EPT_PRESENT;
		write_at(fd, table, PAGE, (3 + pds + i) * PAGE);
	}
	close(fd);
	return 3 + pds + pts;
}

/* --- all -------------------------------------------------------------------------------------- */

static char *vkept, *base;

static void
measure_linux(const char *source, const char *build)
{
	char path[4096], recorded[4096], cr3[32], offset[32];

	snprintf(path, sizeof(path), "%s/maps-linux.elf", build);
	snprintf(recorded, sizeof(recorded), "%s/tests/data/linux-guest/l4-basic/pt.elf.gz",
	    source);
	snprintf(cr3, sizeof(cr3), "0x%llx",
	    (unsigned long long)write_linux(path, recorded, 256u << 20));
	snprintf(offset, sizeof(offset), "%u", OFFSET);
	{
		char *const loop[] = { base, path, offset, cr3, NULL };
		char *const text_loop[] = { base, path, offset, cr3, "text", NULL };
		char *const tlb[] = { vkept, "maps", "--core", path, "--cr3", cr3, "-f",
			"info-tlb", NULL };
		char *const text[] = { vkept, "maps", "--core", path, "--cr3", cr3, "--fold",
			"none", NULL };
		char *const folded[] = { vkept, "maps", "--core", path, "--cr3", cr3, NULL };

		check_same(tlb, loop, build);
		check_same(text, text_loop, build);
		pair("linux-256m", tlb, loop, ROUNDS);
		pair("linux-256m-text", text, text_loop, ROUNDS);
		pair("linux-256m-folded", folded, loop, ROUNDS);
		memory("linux-256m", tlb, 232);
	}
	unlink(path);
}

/* What packs a dump remembers 64 MiB of it; its tables are 230 pages. */
static void
measure_packed(const char *source)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/data/linux-guest/l4-basic/paging-core.elf.xz",
	    source);
	{
		char *const tlb[] = { vkept, "maps", "--core", path, "-f", "info-tlb", NULL };

		memory("xz", tlb, 232);
	}
}

static void
measure_leaves(const char *build)
{
	char path[4096], raw[4200];
	uint64_t tables;

	snprintf(path, sizeof(path), "%s/maps-leaves.raw", build);
	snprintf(raw, sizeof(raw), "%s@0", path);
	tables = write_leaves(path);
	{
		char *const loop[] = { base, path, "0", "0", NULL };
		char *const text_loop[] = { base, path, "0", "0", "text", NULL };
		char *const tlb[] = { vkept, "maps", "--raw", raw, "--cr3", "0", "-f",
			"info-tlb", NULL };
		char *const text[] = { vkept, "maps", "--raw", raw, "--cr3", "0", "--fold",
			"none", NULL };

		check_same(tlb, loop, build);
		check_same(text, text_loop, build);
		pair("16m-leaves", tlb, loop, 7);
		pair("16m-leaves-text", text, text_loop, 7);
		memory("16m-leaves", tlb, tables);
	}
	unlink(path);
}

static void
measure_ept(const char *build)
{
	char path[4096], raw[4200];
	uint64_t tables;

	snprintf(path, sizeof(path), "%s/maps-ept.raw", build);
	snprintf(raw, sizeof(raw), "%s@0", path);
	tables = write_ept(path);
	{
		char *const loop[] = { base, path, "0", "0", NULL };
		char *const list[] = { vkept, "maps", "--raw", raw, "--nested", "ept",
			"--nested-root", "0", "--table", "ept", NULL };

		pair("ept-1t", list, loop, ROUNDS);
		memory("ept-1t", list, tables);
	}
	unlink(path);
}

int
main(void)
{
	const char *source = getenv("SRC"), *build = getenv("BUILD"), *program = getenv("VKEPT");
	char path[4096];

	if (source == NULL || build == NULL || program == NULL) {
		fprintf(stderr, "bench maps: start me by ./dev bench maps\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/base_maps", build);
	vkept = strdup(program);
	base = path;
	if (vkept == NULL)
		fail("out of memory");
	measure_linux(source, build);
	measure_packed(source);
	measure_leaves(build);
	measure_ept(build);
	free(vkept);
	return 0;
}
