/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What copyin, copyout and copyinstr cost beside a plain copy.
 *
 * The world is a guest of 4-level tables over a 4-level EPT, all pages 4 KiB, all accessed and
 * dirty flags set, 1 GiB of linear memory whose pages lie on randomly permuted frames of one
 * mapping with large pages where the system gives them, as a kernel's direct map has.
 *
 * Cases are named OPERATION-SIZE-WHERE[-HOW].
 *
 *	hot	the same user memory again and again
 *	l3	12 MiB of user memory in random order, more than a second-level cache holds
 *	dram	512 MiB of user memory in random order
 *	aligned	the kernel's buffer begins a page, so that source and destination have the same
 *		low twelve bits; of copies beyond 4 KiB it always does
 *	chained	each address depends on the bytes copied before; else calls may overlap
 *	held	through hold() and release() with a count in every page, and a walk a page, as in a
 *		kernel whose pages may go; the others use the direct map (base/direct.h)
 *
 * Copies of 4 KiB and more are measured in bytes a nanosecond against "list": memcpy() page by page
 * from a ready list of frames.  Their ratio is that of the throughputs: 0.95 is 95 % of the list's.
 * 64-byte copies are measured in nanoseconds against "walk+memcpy", and strings against
 * "walk+strnlen+memcpy", where the walk is the bare chain of 24 dependent loads with masks and no
 * check; their ratio is that of the times, and less is better.
 *
 * Contenders take turns within a run; times are the thread's processor time; each line is the
 * median of the runs, its ratio the median of the runs' ratios.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common_measure.h"
#include "common_world.h"
#include "copyio/vk_pmap.h"
#include "nested/nested_memory.h"

#define RUNS         101
#define KIB          1024u
#define MIB          (1024u * KIB)
#define USER_END     0x0000800000000000ull
#define LINEAR_PAGES (VK_BIT(30) / VK_PAGE_BYTES)
#define GPA_PAGES    (LINEAR_PAGES + 1024) /* the last ones are for guest tables */
#define TABLE_ROOM   (16 * (uint64_t)MIB)

static struct world world;
static char **frames;  /* the ready list: where each linear page is */
static uint32_t *held; /* hold counts, by frame */
static char *room;     /* for the kernel's buffers, page aligned */
static char *buffer;   /* the kernel's, in it */

static struct nested_memory memory;
static struct vk_us direct_us, held_us;

/* Nobody else runs here. */
void
vk_env_point(enum vk_env_op op, const void *where)
{
	(void)op;
	(void)where;
}

/* The bare walk. */
static __attribute__((noinline)) char *
walk_chain(uint64_t gva)
{
	return world.base + world_chain(&world, gva);
}

/* --- a kernel that counts who holds a page ------------------------------------------------- */

/* One EPT lookup with the checks that any kernel makes: rights, and memory of its own. */
static void *
held_find(uint64_t gpa, uint64_t need)
{
	uint64_t table = world.root;
	unsigned level;

	for (level = 4; level > 0; level--) {
		uint64_t entry = world_chain_read(&world, table, gpa, level);

		table = entry & WORLD_FRAME;
		if ((entry & need) != need || table >= world.size)
			return NULL;
	}
	return world.base + table + (gpa & VK_PAGE_OFFSET_MASK);
}

static void *
held_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	char *page = held_find(gpa.v, EPT_R | (acc & VK_ACC_W));
	uint32_t *count = ctx;

	if (page == NULL)
		return NULL;
	count += (uint64_t)(page - world.base) >> VK_PAGE_SHIFT;
	(void)__atomic_fetch_add(count, 1, __ATOMIC_SEQ_CST);
	*cookie = count;
	return page;
}

static void
held_release(void *ctx, void *cookie)
{
	(void)ctx;
	(void)__atomic_fetch_sub((uint32_t *)cookie, 1, __ATOMIC_SEQ_CST);
}

static int
held_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	void *cookie;
	const uint64_t *word = held_hold(ctx, slot, VK_ACC_R, &cookie);

	if (word == NULL)
		return 0;
	*entry = __atomic_load_n(word, __ATOMIC_RELAXED);
	held_release(ctx, cookie);
	return 1;
}

/* No flag is owed in this world. */
static enum cas_status
held_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	(void)ctx;
	(void)slot;
	(void)old;
	(void)new_value;
	return CAS_REFUSED;
}

static const struct gpm_ops held_ops = {held_load, held_cas, held_hold, held_release};

static void
make_user_spaces(void)
{
	struct gpm counted = {&held_ops, held};

	nested_memory_init(&memory, &world.nested);
	vk_us_init_ept(&direct_us, nested_memory_gpm(&memory), &world.mode, vk_gva(USER_END));
	direct_us.direct = nested_direct(&world.nested);
	vk_us_init_ept(&held_us, counted, &world.mode, vk_gva(USER_END));
}

static void
make_world(void)
{
	struct world_shape shape = {
	    LINEAR_PAGES, GPA_PAGES, TABLE_ROOM, GPA_PAGES * VK_PAGE_BYTES};
	uint64_t i;

	world_init(&world, &shape);
	room = buffer = world_map_memory(2 * MIB);
	frames = world_map_memory(LINEAR_PAGES * sizeof(*frames));
	held = world_map_memory(world.size / VK_PAGE_BYTES * sizeof(*held));
	for (i = 0; i < LINEAR_PAGES; i++) {
		frames[i] = walk_chain(WORLD_LINEAR + i * VK_PAGE_BYTES);
		memset(frames[i], 'a' + (int)(i % 26), VK_PAGE_BYTES);
	}
	make_user_spaces();
}

/* --- contenders ---------------------------------------------------------------------------- */

enum operation { OP_COPYIN, OP_COPYOUT, OP_COPYINSTR };

#define MAX_BLOCKS 4096

struct job {
	enum operation operation;
	size_t size;    /* of one copy, or of the string without its NUL */
	unsigned calls; /* in one run of a contender */
	unsigned blocks;
	unsigned next;
	uint64_t at[MAX_BLOCKS]; /* their linear offsets, in the order in which they are copied */
	int chained;
	struct vk_us *us;
};

static struct job job;

/* The next block.  Contenders do not follow each other over the same ones. */
static inline uint64_t
next_block(void)
{
	uint64_t at = job.at[job.next];

	/* User bytes are letters: nothing is added, but only the copy tells. */
	if (job.chained)
		at += (unsigned char)*(volatile char *)buffer >> 7;

	if (++job.next == job.blocks)
		job.next = 0;
	return at;
}

static const char *prefix; /* of the cases to run */

static void
run_copyio(void)
{
	int error = VK_OK;
	unsigned i;

	for (i = 0; i < job.calls; i++) {
		gva_t gva = vk_gva(WORLD_LINEAR + next_block());

		switch (job.operation) {
		case OP_COPYIN:
			error |= vk_copyin(job.us, gva, buffer, job.size, NULL);
			break;
		case OP_COPYOUT:
			error |= vk_copyout(job.us, buffer, gva, job.size, NULL);
			break;
		case OP_COPYINSTR:
			error |= vk_copyinstr(job.us, gva, buffer, VK_PAGE_BYTES, NULL);
			break;
		}
	}
	if (error != VK_OK)
		world_fail("a copy did not end well");
}

/* The library's memcpy(), which for a bounded size gcc would replace by a string instruction. */
static inline void
move(void *to, const void *from, size_t size)
{
	__asm__("" : "+r"(size));
	memcpy(to, from, size);
}

/* Page by page from, or to, the ready list; copies begin at a page's start. */
static void
run_list(void)
{
	unsigned i;

	for (i = 0; i < job.calls; i++) {
		char *const *page = &frames[next_block() >> VK_PAGE_SHIFT];
		size_t moved, piece;

		for (moved = 0; moved < job.size; moved += piece) {
			piece = job.size - moved;
			if (piece > VK_PAGE_BYTES)
				piece = VK_PAGE_BYTES;
			if (job.operation == OP_COPYIN)
				move(buffer + moved, *page++, piece);
			else
				move(*page++, buffer + moved, piece);
		}
	}
}

static void
run_walk(void)
{
	unsigned i;

	for (i = 0; i < job.calls; i++) {
		uint64_t at = next_block();
		char *user = walk_chain(WORLD_LINEAR + at);
		size_t size = job.size;

		if (job.operation == OP_COPYINSTR)
			size = strnlen(user, VK_PAGE_BYTES - (at & VK_PAGE_OFFSET_MASK)) + 1;
		if (job.operation == OP_COPYOUT)
			move(user, buffer, size);
		else
			move(buffer, user, size);
	}
}

/* --- measuring ----------------------------------------------------------------------------- */

static double
time_of(void (*run)(void))
{
	double before = measure_clock();

	run();
	return measure_clock() - before;
}

/* Runs copyio and its baseline in turn, A B B A A B ...; the first run warms up. */
static void
measure_pair(
    const char *name, const char *suffix, const char *baseline_name, void (*baseline)(void))
{
	double mine[RUNS], theirs[RUNS], ratio[RUNS], time[2];
	int in_time = job.size < VK_PAGE_BYTES, run, i;

	for (run = -1; run < RUNS; run++) {
		for (i = 0; i < 2; i++)
			time[i ^ (run & 1)] = time_of((i ^ (run & 1)) ? run_copyio : baseline);
		if (run < 0)
			continue;
		theirs[run] =
		    in_time ? time[0] / job.calls : (double)job.size * job.calls / time[0];
		mine[run] = in_time ? time[1] / job.calls : (double)job.size * job.calls / time[1];
		ratio[run] = mine[run] / theirs[run];
	}
	printf("{\"bench\": \"copyio\", \"case\": \"%s%s\", \"unit\": \"%s\", \"value\": %.2f, "
	       "\"baseline\": \"%s\", \"baseline_value\": %.2f, \"ratio\": %.3f, \"runs\": %d}\n",
	    name, suffix, in_time ? "ns" : "GB/s", measure_median(mine, RUNS), baseline_name,
	    measure_median(theirs, RUNS), measure_median(ratio, RUNS), RUNS);
	fflush(stdout);
}

static void
plan(enum operation operation, size_t size, uint64_t span, unsigned calls)
{
	unsigned i;

	job.operation = operation;
	job.size = size;
	job.calls = calls;
	job.blocks = span <= size ? 1 : (unsigned)(span / size);
	job.next = 0;
	for (i = 0; i < job.blocks; i++) {
		unsigned j = (unsigned)(world_draw(&world) % (i + 1));

		job.at[i] = job.at[j];
		job.at[j] = i * (uint64_t)size;
	}
}

static void
measure_string(const char *name, size_t size)
{
	char *end = frames[0] + size;
	char kept = *end;

	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return;
	*end = '\0';
	plan(OP_COPYINSTR, size, 0, 2048);
	job.us = &direct_us;
	measure_pair(name, "", "walk+strnlen+memcpy", run_walk);
	job.us = &held_us;
	measure_pair(name, "-held", "walk+strnlen+memcpy", run_walk);
	*end = kept;
}

struct copy_case {
	const char *name;
	size_t size;
	uint64_t span;
	unsigned calls;
	unsigned offset; /* of the kernel's buffer in its page */
	int chained;     /* the address of each call depends on what the last one brought */
};

static void
measure_copies(const struct copy_case *c, enum operation operation)
{
	const char *baseline = c->size < VK_PAGE_BYTES ? "walk+memcpy" : "list";
	void (*run)(void) = c->size < VK_PAGE_BYTES ? run_walk : run_list;
	char name[64];

	(void)snprintf(
	    name, sizeof(name), "%s-%s", operation == OP_COPYIN ? "copyin" : "copyout", c->name);
	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return;
	plan(operation, c->size, c->span, c->calls);
	buffer = room + c->offset;
	job.chained = c->chained;
	job.us = &direct_us;
	measure_pair(name, "", baseline, run);
	job.us = &held_us;
	measure_pair(name, "-held", baseline, run);
	job.chained = 0;
	buffer = room;
}

#define L3   (12 * MIB)
#define DRAM (512 * MIB)

#define HEAP 1088 /* where in its page a buffer on a kernel's stack or heap may begin */

static const struct copy_case copies[] = {
    {"64-hot", 64, 0, 4096, HEAP, 0},
    {"64-hot-chained", 64, 0, 4096, HEAP, 1},
    {"4k-hot", 4 * KIB, 0, 2048, HEAP, 0},
    {"4k-hot-aligned", 4 * KIB, 0, 2048, 0, 0},
    {"64k-hot", 64 * KIB, 0, 128, 0, 0},
    {"1m-hot", MIB, 0, 8, 0, 0},
    {"4k-l3", 4 * KIB, L3, 2048, 0, 0},
    {"64k-l3", 64 * KIB, L3, 256, 0, 0},
    {"1m-l3", MIB, L3, 24, 0, 0},
    {"1m-dram", MIB, DRAM, 8, 0, 0},
};

int
main(int argc, char **argv)
{
	size_t i;

	if (argc > 2) {
		fprintf(stderr, "usage: bench_copyio [PREFIX]\n");
		return 2;
	}
	prefix = argc == 2 ? argv[1] : "";
	make_world();
	for (i = 0; i < sizeof(copies) / sizeof(copies[0]); i++)
		measure_copies(&copies[i], OP_COPYIN);
	measure_string("copyinstr-255", 255);
	measure_string("copyinstr-4000", 4000);
	for (i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		if (!copies[i].chained) /* a copyout brings nothing to depend on */
			measure_copies(&copies[i], OP_COPYOUT);
	}
	return 0;
}
