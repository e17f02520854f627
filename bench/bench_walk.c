/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the checks of a two-dimensional walk cost.
 *
 * Three contenders translate the same addresses through the same tables: the bare chain of the 24
 * dependent loads with masks and no check at all, which is the baseline; the walk as callers make
 * it, nested_user_read(); and the readable walk with its full record.  The world is that of
 * common_world.h.
 *
 *	l1-throughput	16 pages, walks that do not depend on each other
 *	l1-latency	the same, each address depends on the result before
 *	pages-64k	65,536 pages in random order, 1 GiB of guest-physical memory
 *	pages-64k-data	the same, and 8 bytes of each page are read
 *	beyond-caches	8 Mi pages, 32 GiB of guest-physical memory: 128 MiB of last-level entries
 *
 * Contenders take turns within a run; times are the thread's processor time; each line is the
 * median of the runs, its ratio the median of the runs' ratios.
 *
 * `bench_walk --count CONTENDER N` makes N walks in a small world and nothing else, for a tool that
 * counts instructions.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common_measure.h"
#include "common_world.h"

#define RUNS 21
#define GIB VK_BIT(30)
#define TABLE_ROOM (256 * VK_BIT(20))

static struct world world;
static uint64_t *order; /* linear addresses to walk, `walks` of them */
static uint64_t walks;

/* Data shares 1 GiB of host memory: entries are what has to be many. */
static void
make_world(uint64_t pages, uint64_t gpa_pages, uint64_t count)
{
	struct world_shape shape = { pages, gpa_pages, TABLE_ROOM, gpa_pages * VK_PAGE_BYTES };
	uint64_t i;

	if (shape.data_bytes > GIB)
		shape.data_bytes = GIB;
	world_init(&world, &shape);
	walks = count;
	order = world_map_memory(walks * sizeof(*order));
	for (i = 0; i < walks; i++)
		order[i] = WORLD_LINEAR + world_draw(&world) % pages * VK_PAGE_BYTES +
		    (world_draw(&world) & 0xff8);
}

static void
destroy_world(void)
{
	world_destroy(&world);
	(void)munmap(order, walks * sizeof(*order));
}

/* --- contenders ---------------------------------------------------------------------------- */

static struct nested_result record;

static __attribute__((noinline)) uint64_t
walk_chain(const struct world *w, uint64_t gva)
{
	return world_chain(w, gva);
}

static inline uint64_t
walk_checked(const struct world *w, uint64_t gva)
{
	hpa_t hpa;

	if (nested_user_read(&w->nested, vk_gva(gva), &hpa, &record) != NESTED_OK)
		world_fail("a walk did not end well");
	return hpa.v;
}

static __attribute__((noinline)) uint64_t
walk_readable(const struct world *w, uint64_t gva)
{
	if (nested_walk_recorded(&w->nested, vk_gva(gva), VK_ACC_R | VK_ACC_USER, &record) !=
	    NESTED_OK)
		world_fail("a readable walk did not end well");
	return record.hpa.v;
}

/* No walk: the loop around one. */
static inline uint64_t
walk_empty(const struct world *w, uint64_t gva)
{
	(void)w;
	return gva;
}

enum how { HOW_THROUGHPUT, HOW_LATENCY, HOW_DATA };

static volatile uint64_t sink;

/* Makes all walks; inlined with everything but `w` constant. */
static inline __attribute__((always_inline)) void
walk_all(const struct world *w, enum how how, uint64_t (*walk)(const struct world *, uint64_t))
{
	uint64_t i, hpa = 0, sum = 0;

	for (i = 0; i < walks; i++) {
		uint64_t gva = order[i];

		if (how == HOW_LATENCY)
			gva |= hpa >> 63; /* no bit, but only the result tells */
		hpa = walk(w, gva);
		sum += how == HOW_DATA ? *world_word(w, hpa) : hpa;
	}
	sink = sum;
}

#define CONTENDER(name)                                                                            \
	static __attribute__((noinline)) void run_##name(const struct world *w, enum how how)      \
	{                                                                                          \
		switch (how) {                                                                     \
		case HOW_THROUGHPUT:                                                               \
			walk_all(w, HOW_THROUGHPUT, walk_##name);                                  \
			break;                                                                     \
		case HOW_LATENCY:                                                                  \
			walk_all(w, HOW_LATENCY, walk_##name);                                     \
			break;                                                                     \
		case HOW_DATA:                                                                     \
			walk_all(w, HOW_DATA, walk_##name);                                        \
			break;                                                                     \
		}                                                                                  \
	}

CONTENDER(chain)
CONTENDER(checked)
CONTENDER(readable)
CONTENDER(empty)

struct contender {
	const char *name;
	void (*run)(const struct world *w, enum how how);
};

static const struct contender contenders[] = {
	{ "chain", run_chain },
	{ "checked", run_checked },
	{ "readable", run_readable },
	{ "empty", run_empty },
};

/* All contenders must say the same, and the fast walk must be the one that is measured. */
static void
check_world(const struct world *w)
{
	uint64_t i;

	for (i = 0; i < walks; i++) {
		uint64_t gva = order[i], hpa = walk_chain(w, gva);
		struct nested_fast fast = nested_fast(&w->nested,
		    &w->nested.rights[NESTED_USER_READ], vk_gva(gva));

		if (!fast.taken)
			world_fail("the fast walk declined");
		if (fast.hpa.v != hpa || walk_readable(w, gva) != hpa)
			world_fail("the contenders do not agree");
	}
}

/* --- measuring ----------------------------------------------------------------------------- */

static double
time_of(const struct world *w, const struct contender *contender, enum how how)
{
	double before = measure_clock();

	contender->run(w, how);
	return (measure_clock() - before) / (double)walks;
}

static void
print_line(const char *name, const char *suffix, double *value, double *baseline)
{
	double ratio[RUNS];
	unsigned i;

	for (i = 0; i < RUNS; i++)
		ratio[i] = value[i] / baseline[i];
	printf("{\"bench\": \"walk\", \"case\": \"%s%s\", \"unit\": \"ns\", \"value\": %.2f, "
	       "\"baseline\": \"bare-chain\", \"baseline_value\": %.2f, \"ratio\": %.3f, "
	       "\"runs\": %d}\n",
	    name, suffix, measure_median(value, RUNS), measure_median(baseline, RUNS),
	    measure_median(ratio, RUNS), RUNS);
	fflush(stdout);
}

/* Runs a contender and the chain in turn: A B, B A, A B, ...; the first run warms up. */
static void
measure_against_chain(const struct world *w, const char *name, const char *suffix, enum how how,
    const struct contender *contender)
{
	double value[RUNS], baseline[RUNS], time[2];
	const struct contender *pair[2] = { &contenders[0], contender };
	int run, i;

	for (run = -1; run < RUNS; run++) {
		for (i = 0; i < 2; i++)
			time[i ^ (run & 1)] = time_of(w, pair[i ^ (run & 1)], how);
		if (run < 0)
			continue;
		baseline[run] = time[0];
		value[run] = time[1];
	}
	print_line(name, suffix, value, baseline);
}

static void
measure(const struct world *w, const char *name, enum how how)
{
	measure_against_chain(w, name, "", how, &contenders[1]);
	measure_against_chain(w, name, "-readable", how, &contenders[2]);
}

static void
measure_all(void)
{
	make_world(16, GIB / VK_PAGE_BYTES, 65536);
	check_world(&world);
	measure(&world, "l1-throughput", HOW_THROUGHPUT);
	measure(&world, "l1-latency", HOW_LATENCY);
	destroy_world();

	make_world(65536, GIB / VK_PAGE_BYTES, 65536);
	memset(world.base + TABLE_ROOM, 1, GIB); /* real frames, not one of zeroes for all */
	check_world(&world);
	measure(&world, "pages-64k", HOW_THROUGHPUT);
	measure(&world, "pages-64k-data", HOW_DATA);
	destroy_world();

	make_world(VK_BIT(23), VK_BIT(23) + VK_BIT(16), VK_BIT(19));
	check_world(&world);
	measure(&world, "beyond-caches", HOW_THROUGHPUT);
	destroy_world();
}

static int
count(const char *name, const char *number)
{
	char *end;
	unsigned long n = strtoul(number, &end, 10);
	size_t i;

	if (*end != '\0' || n == 0 || n > 10000000)
		return 2;
	make_world(16, 4096, n);
	for (i = 0; i < sizeof(contenders) / sizeof(contenders[0]); i++) {
		if (strcmp(name, contenders[i].name) != 0)
			continue;
		contenders[i].run(&world, HOW_THROUGHPUT);
		return 0;
	}
	return 2;
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "--count") == 0 && count(argv[2], argv[3]) == 0)
		return 0;
	if (argc != 1) {
		fprintf(stderr, "usage: bench_walk [--count chain|checked|readable|empty N]\n");
		return 2;
	}
	measure_all();
	return 0;
}
