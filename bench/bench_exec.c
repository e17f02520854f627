/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench exec: how fast programs run under the model, and in how much memory.
 *
 *	sort            instructions a second of a program that sorts, every access by the TLB
 *	sort-8          the same with a TLB of 8 translations
 *	strings, memory the same of programs that go over pages, or map and protect them
 *	start           a program that prints and ends, from its file to its exit
 *	memory-of-100m  the greatest size of a process after so many instructions, against a tenth
 *
 * The baseline of the first two is the interpreter alone: the same program over flat memory that
 * is never asked for again, with the few system calls that it needs.  Both take turns; ratios are
 * medians of the pairs'.  The bar is 70 million instructions a second without a TLB model, and half
 * of that with it.
 */
#define _DEFAULT_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common_measure.h"
#include "elf/elf_image.h"
#include "exec/exec.h"

#define ROUNDS 9
#define MIB (1ull << 20)
#define FILE_MAX (1u << 20)
#define FLAT_SIZE (64 * MIB)
#define FLAT_MAPPINGS (32 * MIB)
#define COUNT "20000" /* numbers that are sorted: 33 million instructions */

static unsigned char file[FILE_MAX];
static size_t file_size;

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "bench exec: %s\n", what);
	exit(3);
}

static void
read_program(const char *name)
{
	const char *build = getenv("BUILD");
	char path[4096];
	FILE *in;

	snprintf(path, sizeof(path), "%s/programs/%s", build != NULL ? build : "build", name);
	in = fopen(path, "rb");
	if (in == NULL)
		fail("the example programs are not built: they need musl-tools");
	file_size = fread(file, 1, sizeof(file), in);
	fclose(in);
}

/* --- under the model -------------------------------------------------------------------------- */

/* Instructions that it took. */
static uint64_t
run_model(const char *argument, unsigned entries, uint64_t limit)
{
	const char *const argv[] = { "program", argument, NULL };
	const char *const envp[] = { NULL };
	struct exec_options options = { .cpus = 1, .memory = 64 * MIB, .limit = limit,
		.slice = 1000, .tlb = { entries, entries, 32 } };
	struct exec_outcome outcome;

	options.program = (struct exec_program){ .file = file, .file_size = file_size,
		.name = "program", .argv = argv, .envp = envp };
	if (exec_run(&options, &outcome) != EXEC_ENDED ||
	    (outcome.end.kind != EXEC_END_EXITED && outcome.end.kind != EXEC_END_LIMIT))
		fail("a program did not end well");
	return outcome.count[EXEC_COUNT_INSTRUCTIONS];
}

/* --- the interpreter alone -------------------------------------------------------------------- */

struct flat {
	struct x86_cpu cpu;
	unsigned char *memory;
	uint64_t mapped; /* the next mapping */
	uint64_t brk;
	bool over;
};

static bool
flat_reach(void *ctx, uint64_t at, unsigned size, enum x86_access access, struct x86_place *place)
{
	struct flat *flat = ctx;

	(void)access;
	if (at >= FLAT_SIZE || size > FLAT_SIZE - at)
		return false;
	place->at[0] = flat->memory + at;
	place->first = size;
	place->frame = at >> 12;
	place->keep = (at & 0xfff) + size <= 4096;
	return true;
}

static void
flat_call(struct flat *flat)
{
	uint64_t *reg = flat->cpu.reg, result = 0;

	switch (reg[X86_RAX]) {
	case 9: /* mmap */
		result = flat->mapped;
		flat->mapped += (reg[X86_RSI] + 4095) & ~4095ull;
		if (flat->mapped > FLAT_SIZE - MIB)
			fail("the flat memory is too small");
		break;
	case 12: /* brk */
		if (reg[X86_RDI] != 0)
			flat->brk = reg[X86_RDI];
		result = flat->brk;
		break;
	case 16: /* ioctl */
		result = (uint64_t)-25;
		break;
	case 20: /* writev: all of it, as far as the program can tell */
		memcpy(&result, flat->memory + reg[X86_RSI] + 8, 8);
		if (reg[X86_RDX] > 1)
			result += *(uint64_t *)(void *)(flat->memory + reg[X86_RSI] + 24);
		break;
	case 158: /* arch_prctl */
		reg[X86_FS_BASE] = reg[X86_RSI];
		break;
	case 231: /* exit_group */
		flat->over = true;
		break;
	default:
		break;
	}
	reg[X86_RAX] = result;
	reg[X86_RIP] += 2;
}

static void
flat_start(struct flat *flat, const char *argument)
{
	uint64_t top = FLAT_SIZE - 4096, stack[12] = { 2, top, top + 16, 0, 0, 6, 4096, 25, top,
		0, 0, 0 };
	struct elf_image image;
	uint64_t offset;
	size_t i;

	if (elf_image_read(file, file_size, FLAT_MAPPINGS, &image, &offset) != NULL)
		fail("a program that is none");
	for (i = 0; i < image.segments; i++)
		memcpy(flat->memory + image.segment[i].start, file + image.segment[i].offset,
		    image.segment[i].file_size);
	memcpy(flat->memory + top, "program", 8);
	memcpy(flat->memory + top + 16, argument, strlen(argument) + 1);
	memcpy(flat->memory + top - sizeof(stack), stack, sizeof(stack));
	flat->cpu.reg[X86_RSP] = top - sizeof(stack);
	flat->cpu.reg[X86_RIP] = image.entry;
	flat->brk = (image.segment[image.segments - 1].end + 4095) & ~4095ull;
	flat->mapped = FLAT_MAPPINGS;
}

static uint64_t
run_flat(const char *argument)
{
	static struct flat flat;
	struct x86_memory memory = { flat_reach, &flat };
	struct x86_code *code = x86_code_create();

	memset(&flat, 0, sizeof(flat));
	flat.memory = calloc(1, FLAT_SIZE);
	if (code == NULL || flat.memory == NULL)
		fail("out of memory");
	x86_init(&flat.cpu, &memory, code);
	flat_start(&flat, argument);
	while (!flat.over) {
		if (x86_run(&flat.cpu, UINT64_MAX) != X86_EXCEPTION || flat.cpu.vector != 6)
			fail("the interpreter alone came to a stop");
		flat_call(&flat);
	}
	x86_code_destroy(code);
	free(flat.memory);
	return flat.cpu.retired;
}

/* --- measures --------------------------------------------------------------------------------- */

/* Millions of instructions a second. */
static double
speed(uint64_t (*run)(const char *argument, unsigned entries, uint64_t limit),
    const char *argument, unsigned entries)
{
	double start = measure_clock();
	uint64_t count = run(argument, entries, UINT64_MAX);

	return (double)count * 1e3 / (measure_clock() - start);
}

static uint64_t
run_alone(const char *argument, unsigned entries, uint64_t limit)
{
	(void)entries;
	(void)limit;
	return run_flat(argument);
}

static void
bench_pair(const char *name, unsigned entries)
{
	double ours[ROUNDS], theirs[ROUNDS], ratio[ROUNDS];
	size_t i;

	read_program("sort");
	for (i = 0; i < ROUNDS; i++) {
		ours[i] = speed(run_model, COUNT, entries);
		theirs[i] = speed(run_alone, COUNT, 0);
		ratio[i] = ours[i] / theirs[i];
	}
	printf("{\"bench\": \"exec\", \"case\": \"%s\", \"value\": %.1f, \"unit\": \"M/s\", "
	    "\"baseline\": \"interpreter alone\", \"baseline_value\": %.1f, \"ratio\": %.3f, "
	    "\"runs\": %d}\n", name, measure_median(ours, ROUNDS), measure_median(theirs, ROUNDS),
	    measure_median(ratio, ROUNDS), ROUNDS);
}

static void
bench_speed(const char *name)
{
	double ours[ROUNDS];
	size_t i;

	read_program(name);
	for (i = 0; i < ROUNDS; i++)
		ours[i] = speed(run_model, NULL, 512);
	printf("{\"bench\": \"exec\", \"case\": \"%s\", \"value\": %.1f, \"unit\": \"M/s\", "
	    "\"runs\": %d}\n", name, measure_median(ours, ROUNDS), ROUNDS);
}

static void
bench_start(void)
{
	double took[ROUNDS];
	size_t i;

	read_program("printf");
	for (i = 0; i < ROUNDS; i++) {
		double start = measure_clock();

		(void)run_model(NULL, 512, UINT64_MAX);
		took[i] = (measure_clock() - start) / 1e3;
	}
	printf("{\"bench\": \"exec\", \"case\": \"start\", \"value\": %.0f, \"unit\": \"us\", "
	    "\"runs\": %d}\n", measure_median(took, ROUNDS), ROUNDS);
}

/* The greatest size of a process of its own, in KiB. */
static double
size_after(uint64_t instructions)
{
	struct rusage usage;
	int status;
	pid_t child = fork();

	if (child == 0) {
		(void)run_model("80000", 512, instructions);
		_exit(0);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
		fail("a process could not be measured");
	return (double)usage.ru_maxrss;
}

static void
bench_memory(void)
{
	double more, less;

	read_program("sort");
	less = size_after(10000000);
	more = size_after(100000000);
	printf("{\"bench\": \"exec\", \"case\": \"memory-of-100m\", \"value\": %.0f, "
	    "\"unit\": \"KiB\", \"baseline\": \"10 million instructions\", "
	    "\"baseline_value\": %.0f, \"ratio\": %.3f, \"runs\": 1}\n", more, less, more / less);
}

int
main(void)
{
	bench_pair("sort", 512);
	bench_pair("sort-8", 8);
	bench_speed("strings");
	bench_speed("memory");
	bench_start();
	bench_memory();
	return 0;
}
