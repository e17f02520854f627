/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the checks of a two-dimensional walk cost.
 *
 * Three contenders translate the same addresses through the same tables: the bare chain of the 24
 * dependent loads with masks and no check at all, which is the baseline; the walk as callers make
 * it, nested_user_read(); and the readable walk with its full record.  The world is a guest of
 * 4-level tables over a 4-level EPT, all pages 4 KiB, all accessed and dirty flags set, linear
 * pages mapped to randomly permuted guest-physical ones.
 *
 *	l1-throughput	16 pages, walks that do not depend on each other
 *	l1-latency	the same, each address depends on the result before
 *	pages-64k	65,536 pages in random order, 1 GiB of guest-physical memory
 *	pages-64k-data	the same, and 8 bytes of each page are read
 *	beyond-caches	8 Mi pages, 32 GiB of guest-physical memory: 128 MiB of last-level entries
 *
 * Contenders take turns within a run; times are the thread's processor time; each line is the
 * median of the runs, its ratio the median of the runs' ratios.  Host-physical memory is one
 * mapping with large pages where the system gives them, as a kernel's direct map has.
 *
 * `bench_walk --count CONTENDER N` makes N walks in a small world and nothing else, for a tool that
 * counts instructions.
 */
#define _DEFAULT_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "nested/nested_walk.h"

#define RUNS 21
#define GIB VK_BIT(30)
#define TABLE_ROOM (256 * VK_BIT(20)) /* host-physical: tables come first, data after them */
#define LINEAR_BASE 0x00002a5f40000000ull
#define FRAME_BITS VK_BITS(51, 12)
#define EPT_TABLE (EPT_RWX | EPT_A)
#define EPT_PAGE (EPT_RWX | EPT_A | EPT_D | 6ull << EPT_MEMTYPE_SHIFT)
#define GUEST_TABLE (VK_PG_P | VK_PG_RW | VK_PG_US | VK_PG_A)
#define GUEST_PAGE (GUEST_TABLE | VK_PG_D)

struct world {
	char *base;         /* host-physical address 0 */
	uint64_t size;
	uint64_t next;      /* host frame for the next table */
	uint64_t root;      /* of the EPT */
	uint64_t cr3;
	uint32_t *page;     /* guest-physical page numbers, permuted */
	uint64_t pages;     /* linear pages, mapped to the first of these; guest tables follow */
	uint64_t next_page; /* of them */
	uint64_t *order;    /* linear addresses to walk, `walks` of them */
	uint64_t walks;
	struct nested nested;
};

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "bench_walk: %s\n", what);
	exit(3);
}

/* --- the world ----------------------------------------------------------------------------- */

static uint64_t random_state;

/* SplitMix64. */
static uint64_t
draw(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static uint64_t *
host_word(const struct world *w, uint64_t hpa)
{
	return (uint64_t *)(void *)(w->base + hpa);
}

static uint64_t
new_frame(struct world *w)
{
	uint64_t frame = w->next;

	w->next += VK_PAGE_BYTES;
	if (w->next > TABLE_ROOM)
		fail("the room for tables is too small");
	return frame;
}

static void
map_gpa(struct world *w, uint64_t gpa, uint64_t hpa)
{
	uint64_t table = w->root;
	unsigned level;

	for (level = 4; level > 1; level--) {
		uint64_t *entry = host_word(w, table + vk_level_index(gpa, level) * 8);

		if (*entry == 0)
			vk_atomic_store64(entry, new_frame(w) | EPT_TABLE);
		table = *entry & FRAME_BITS;
	}
	vk_atomic_store64(host_word(w, table + vk_level_index(gpa, 1) * 8), hpa | EPT_PAGE);
}

static uint64_t
hpa_of(const struct world *w, uint64_t gpa)
{
	uint64_t table = w->root;
	unsigned level;

	for (level = 4; level > 0; level--)
		table = *host_word(w, table + vk_level_index(gpa, level) * 8) & FRAME_BITS;
	return table | (gpa & VK_PAGE_OFFSET_MASK);
}

/* A guest-physical page for a guest table, on a host frame of its own. */
static uint64_t
new_guest_table(struct world *w)
{
	uint64_t gpa = (uint64_t)w->page[w->next_page++] << VK_PAGE_SHIFT;

	map_gpa(w, gpa, new_frame(w));
	return gpa;
}

static void
map_gva(struct world *w, uint64_t gva, uint64_t gpa)
{
	uint64_t table = w->cr3;
	unsigned level;

	for (level = 4; level > 1; level--) {
		uint64_t *entry = host_word(w,
		    hpa_of(w, table + vk_level_index(gva, level) * 8));

		if (*entry == 0)
			vk_atomic_store64(entry, new_guest_table(w) | GUEST_TABLE);
		table = *entry & FRAME_BITS;
	}
	vk_atomic_store64(host_word(w, hpa_of(w, table + vk_level_index(gva, 1) * 8)),
	    gpa | GUEST_PAGE);
}

static void *
map_memory(uint64_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		fail("out of memory");
	(void)madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

static void
init_nested(struct world *w)
{
	struct nested_window window = { w->base, w->size };
	uint64_t cap = EPT_CAP_WALK4 | EPT_CAP_WB | EPT_CAP_AD | EPT_CAP_2M | EPT_CAP_1G;
	uint64_t eptp = w->root | EPTP_AD | 3ull << EPTP_WALK_SHIFT | 6;
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG | VK_CR0_WP,
		.cr3 = w->cr3,
		.cr4 = VK_CR4_PGE | VK_CR4_SMEP | VK_CR4_SMAP,
		.efer = VK_EFER_NXE,
		.page1g = 1,
		.maxphyaddr = 46 };
	struct hpm nowhere = { NULL, NULL };
	struct ept ept;

	if (ept_init(&ept, nowhere, eptp, cap, 0, mode.maxphyaddr) != EPTP_VALID)
		fail("the EPTP is not valid");
	nested_init(&w->nested, window, &ept, 0);
	nested_set_guest(&w->nested, &mode);
}

/*
 * A world of `pages` linear pages in `gpa_pages` guest-physical ones.  Those share up to 1 GiB of
 * host memory for their data: entries are what has to be many.
 */
static void
make_world(struct world *w, uint64_t pages, uint64_t gpa_pages, uint64_t walks)
{
	uint64_t data = gpa_pages * VK_PAGE_BYTES < GIB ? gpa_pages * VK_PAGE_BYTES : GIB;
	uint64_t i;

	memset(w, 0, sizeof(*w));
	random_state = 1;
	w->size = TABLE_ROOM + data;
	w->base = map_memory(w->size);
	w->page = map_memory(gpa_pages * sizeof(*w->page));
	w->order = map_memory(walks * sizeof(*w->order));
	w->pages = w->next_page = pages;
	w->walks = walks;
	w->root = new_frame(w);
	for (i = 0; i < gpa_pages; i++) {
		uint64_t j = draw() % (i + 1);

		w->page[i] = w->page[j];
		w->page[j] = (uint32_t)i;
		map_gpa(w, i * VK_PAGE_BYTES, TABLE_ROOM + i * VK_PAGE_BYTES % data);
	}
	w->cr3 = new_guest_table(w);
	for (i = 0; i < pages; i++) {
		uint64_t gpa = (uint64_t)w->page[i] << VK_PAGE_SHIFT;

		map_gva(w, LINEAR_BASE + i * VK_PAGE_BYTES, gpa);
	}
	for (i = 0; i < walks; i++)
		w->order[i] = LINEAR_BASE + draw() % pages * VK_PAGE_BYTES + (draw() & 0xff8);
	init_nested(w);
}

static void
destroy_world(struct world *w, uint64_t gpa_pages)
{
	(void)munmap(w->base, w->size);
	(void)munmap(w->page, gpa_pages * sizeof(*w->page));
	(void)munmap(w->order, w->walks * sizeof(*w->order));
}

/* --- contenders ---------------------------------------------------------------------------- */

static struct nested_result record;

static inline uint64_t
chain_read(const struct world *w, uint64_t table, uint64_t address, unsigned level)
{
	return *host_word(w, table + (address >> (vk_level_shift(level) - 3) & 0xff8));
}

static inline uint64_t
chain_gpa(const struct world *w, uint64_t gpa)
{
	uint64_t table = w->root;

	table = chain_read(w, table, gpa, 4) & FRAME_BITS;
	table = chain_read(w, table, gpa, 3) & FRAME_BITS;
	table = chain_read(w, table, gpa, 2) & FRAME_BITS;
	table = chain_read(w, table, gpa, 1) & FRAME_BITS;
	return table;
}

static __attribute__((noinline)) uint64_t
walk_chain(const struct world *w, uint64_t gva)
{
	uint64_t table = w->cr3;

	table = chain_read(w, chain_gpa(w, table), gva, 4) & FRAME_BITS;
	table = chain_read(w, chain_gpa(w, table), gva, 3) & FRAME_BITS;
	table = chain_read(w, chain_gpa(w, table), gva, 2) & FRAME_BITS;
	table = chain_read(w, chain_gpa(w, table), gva, 1) & FRAME_BITS;
	return chain_gpa(w, table) + (gva & VK_PAGE_OFFSET_MASK);
}

static inline uint64_t
walk_checked(const struct world *w, uint64_t gva)
{
	hpa_t hpa;

	if (nested_user_read(&w->nested, vk_gva(gva), &hpa, &record) != NESTED_OK)
		fail("a walk did not end well");
	return hpa.v;
}

static __attribute__((noinline)) uint64_t
walk_readable(const struct world *w, uint64_t gva)
{
	if (nested_walk_recorded(&w->nested, vk_gva(gva), VK_ACC_R | VK_ACC_USER, &record) !=
	    NESTED_OK)
		fail("a readable walk did not end well");
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

/* Walks all of w->order; inlined with everything but `w` constant. */
static inline __attribute__((always_inline)) void
walk_all(const struct world *w, enum how how, uint64_t (*walk)(const struct world *, uint64_t))
{
	uint64_t i, hpa = 0, sum = 0;

	for (i = 0; i < w->walks; i++) {
		uint64_t gva = w->order[i];

		if (how == HOW_LATENCY)
			gva |= hpa >> 63; /* no bit, but only the result tells */
		hpa = walk(w, gva);
		sum += how == HOW_DATA ? *host_word(w, hpa) : hpa;
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

	for (i = 0; i < w->walks; i++) {
		uint64_t gva = w->order[i], hpa = walk_chain(w, gva);
		struct nested_fast fast = nested_fast(&w->nested,
		    &w->nested.rights[NESTED_USER_READ], vk_gva(gva));

		if (!fast.taken)
			fail("the fast walk declined");
		if (fast.hpa.v != hpa || walk_readable(w, gva) != hpa)
			fail("the contenders do not agree");
	}
}

/* --- measuring ----------------------------------------------------------------------------- */

static double
time_of(const struct world *w, const struct contender *contender, enum how how)
{
	struct timespec before, after;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	contender->run(w, how);
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
	return ((double)(after.tv_sec - before.tv_sec) * 1e9 +
	    (double)(after.tv_nsec - before.tv_nsec)) / (double)w->walks;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double
median(double *values)
{
	qsort(values, RUNS, sizeof(*values), compare);
	return values[RUNS / 2];
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
	    name, suffix, median(value), median(baseline), median(ratio), RUNS);
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
	static struct world w;

	make_world(&w, 16, GIB / VK_PAGE_BYTES, 65536);
	check_world(&w);
	measure(&w, "l1-throughput", HOW_THROUGHPUT);
	measure(&w, "l1-latency", HOW_LATENCY);
	destroy_world(&w, GIB / VK_PAGE_BYTES);

	make_world(&w, 65536, GIB / VK_PAGE_BYTES, 65536);
	memset(w.base + TABLE_ROOM, 1, GIB); /* real frames, not one of zeroes for all */
	check_world(&w);
	measure(&w, "pages-64k", HOW_THROUGHPUT);
	measure(&w, "pages-64k-data", HOW_DATA);
	destroy_world(&w, GIB / VK_PAGE_BYTES);

	make_world(&w, VK_BIT(23), VK_BIT(23) + VK_BIT(16), VK_BIT(19));
	check_world(&w);
	measure(&w, "beyond-caches", HOW_THROUGHPUT);
	destroy_world(&w, VK_BIT(23) + VK_BIT(16));
}

static int
count(const char *name, const char *number)
{
	char *end;
	unsigned long walks = strtoul(number, &end, 10);
	static struct world w;
	size_t i;

	if (*end != '\0' || walks == 0 || walks > 10000000)
		return 2;
	make_world(&w, 16, 4096, walks);
	for (i = 0; i < sizeof(contenders) / sizeof(contenders[0]); i++) {
		if (strcmp(name, contenders[i].name) != 0)
			continue;
		contenders[i].run(&w, HOW_THROUGHPUT);
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
