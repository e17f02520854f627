/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole programs here and on another engine: QEMU's translator, as Unicorn has it.
 *
 * Both execute the same instructions; after every turn of some hundreds, and before every system
 * call, general and vector registers must agree, before every call memory too.  Calls are made here
 * alone, and what they did is handed over.  A turn that ends within a repeated instruction is
 * compared after the next.  VKEPT_FULL makes it more than a hundred million instructions.
 *
 * Flags are not compared: some of them are undefined at most times, and those that are looked at
 * decide where a program goes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicorn/unicorn.h>

#include "exec/exec.h"

#define SLICE 499u
#define FILE_MAX (1u << 20)
#define MIB (1ull << 20)
#define CALL_MMAP 9u
#define MAP_FIXED 0x10u

/* What is mapped there. */
struct range {
	uint64_t start, end;
	unsigned prot;
};

struct pair {
	const struct exec_options *options;
	uc_engine *engine;
	struct range range[EXEC_AREAS_MAX];
	size_t ranges;
	uint64_t compared; /* instructions that both have executed */
	uint64_t left;     /* that the engine has still to execute in this turn */
	uint64_t last;     /* where the one before was */
	bool handed;       /* the engine has what there is here */
	uint64_t calls, pages;
	const char *wrong; /* the first disagreement */
	uint64_t rip, found, expected;
};

static const int engine_regs[] = {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,
    UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_R8, UC_X86_REG_R9,
    UC_X86_REG_R10, UC_X86_REG_R11, UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,
    UC_X86_REG_RIP, UC_X86_REG_FS_BASE, UC_X86_REG_GS_BASE};

#define ENGINE_REGS (sizeof(engine_regs) / sizeof(engine_regs[0]))

static void
disagree(struct pair *pair, const struct exec_thread *thread, const char *what, uint64_t found,
    uint64_t expected)
{
	if (pair->wrong != NULL)
		return;
	pair->wrong = what;
	pair->rip = thread->cpu.machine->rip.v;
	pair->found = found;
	pair->expected = expected;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Where a page is that the program can read now; false: nothing is there, or not for it. */
static bool
page_at(const struct exec_thread *thread, uint64_t address, hpa_t *page)
{
	struct exec_space *space = &thread->process->space;
	struct guestpt_walk walk;
	struct machine_user user;
	struct vm_fault fault;
	struct vk_us us;

	exec_space_user(space, &user, &us);
	if (guestpt_access(&us.pt, vk_gva(address), VK_ACC_R | VK_ACC_USER, &walk) != GUESTPT_OK)
		return false;
	fault = vmspace_fault(space->process->map, walk.gpa.v, VK_ACC_R);
	*page = fault.frame;
	return fault.status == VM_FAULT_OK;
}

/* Calls for each page of the program that is there. */
static void
each_page(struct pair *pair, const struct exec_thread *thread,
    void (*f)(struct pair *pair, const struct exec_thread *thread, uint64_t address,
    const unsigned char *bytes))
{
	const struct exec_map *map = &thread->process->space.map;
	unsigned char bytes[VK_PAGE_BYTES];
	size_t i;

	for (i = 0; i < map->areas; i++) {
		uint64_t at;
		hpa_t page;

		for (at = map->area[i].start; at < map->area[i].end; at += VK_PAGE_BYTES) {
			if (!page_at(thread, at, &page))
				continue;
			hostmem_read(thread->process->machine->mem, page, bytes, sizeof(bytes));
			f(pair, thread, at, bytes);
		}
	}
}

static void
hand_page(struct pair *pair, const struct exec_thread *thread, uint64_t address,
    const unsigned char *bytes)
{
	if (uc_mem_write(pair->engine, address, bytes, VK_PAGE_BYTES) != UC_ERR_OK)
		disagree(pair, thread, "a page cannot be handed over", address, 0);
}

static void
compare_page(struct pair *pair, const struct exec_thread *thread, uint64_t address,
    const unsigned char *bytes)
{
	unsigned char theirs[VK_PAGE_BYTES];

	pair->pages++;
	if (uc_mem_read(pair->engine, address, theirs, sizeof(theirs)) != UC_ERR_OK ||
	    memcmp(bytes, theirs, sizeof(theirs)) != 0)
		disagree(pair, thread, "memory differs", address, 0);
}

static uint32_t
engine_prot(unsigned prot)
{
	/* What may be written or executed may be read. */
	return prot == 0 ? UC_PROT_NONE : UC_PROT_READ | (prot & EXEC_W ? UC_PROT_WRITE : 0) |
	    (prot & EXEC_X ? UC_PROT_EXEC : 0);
}

/* What an area holds before it is touched. */
static void
fill_range(struct pair *pair, const struct exec_thread *thread, const struct exec_area *area,
    uint64_t start, uint64_t end)
{
	const unsigned char *file = thread->process->space.file;
	uint64_t from = area->file_start > start ? area->file_start : start;
	uint64_t to = area->file_start + area->file_size;

	if (to > end)
		to = end;
	if (from < to)
		(void)uc_mem_write(pair->engine, from,
		    file + area->file_offset + (from - area->file_start), to - from);
}

static const struct range *
range_at(const struct pair *pair, uint64_t page)
{
	size_t i;

	for (i = 0; i < pair->ranges; i++) {
		if (page >= pair->range[i].start && page < pair->range[i].end)
			return &pair->range[i];
	}
	return NULL;
}

/* Maps there what is mapped here; what stays keeps its contents. */
static void
hand_map(struct pair *pair, const struct exec_thread *thread)
{
	const struct exec_map *map = &thread->process->space.map;
	size_t i;

	for (i = 0; i < pair->ranges; i++) {
		uint64_t start = pair->range[i].start, end;

		while (start < pair->range[i].end) {
			bool kept = exec_map_find(map, start) != NULL;

			end = start + VK_PAGE_BYTES;
			while (end < pair->range[i].end &&
			    (exec_map_find(map, end) != NULL) == kept)
				end += VK_PAGE_BYTES;
			if (!kept)
				(void)uc_mem_unmap(pair->engine, start, end - start);
			start = end;
		}
	}
	for (i = 0; i < map->areas; i++) {
		const struct exec_area *area = &map->area[i];
		uint64_t start = area->start, end;

		while (start < area->end) {
			const struct range *mapped = range_at(pair, start);

			end = start + VK_PAGE_BYTES;
			while (end < area->end && range_at(pair, end) == mapped)
				end += VK_PAGE_BYTES;
			if (mapped == NULL) {
				(void)uc_mem_map(pair->engine, start, end - start, UC_PROT_ALL);
				fill_range(pair, thread, area, start, end);
			}
			if (mapped == NULL || mapped->prot != area->prot)
				(void)uc_mem_protect(pair->engine, start, end - start,
				    engine_prot(area->prot));
			start = end;
		}
	}
	pair->ranges = map->areas;
	for (i = 0; i < map->areas; i++)
		pair->range[i] = (struct range){ map->area[i].start, map->area[i].end,
			map->area[i].prot };
}

/* A mapping that replaces another begins anew. */
static void
forget_replaced(struct pair *pair, const struct exec_thread *thread)
{
	const uint64_t *reg = thread->cpu.x86.reg;
	uint64_t start = reg[X86_RDI], end = (start + reg[X86_RSI] + 4095) & ~4095ull;
	size_t i, ranges = pair->ranges;

	if (reg[X86_RAX] != CALL_MMAP || !(reg[X86_R10] & MAP_FIXED))
		return;
	for (i = 0; i < ranges; i++) {
		struct range *range = &pair->range[i];
		uint64_t from = range->start > start ? range->start : start;
		uint64_t to = range->end < end ? range->end : end;

		if (from >= to)
			continue;
		(void)uc_mem_unmap(pair->engine, from, to - from);
		if (range->start < start && range->end > end &&
		    pair->ranges < EXEC_AREAS_MAX)
			pair->range[pair->ranges++] = (struct range){ end, range->end,
				range->prot };
		if (range->start < start)
			range->end = start;
		else if (range->end > end)
			range->start = end;
		else
			range->end = range->start;
	}
}

/* --- registers -------------------------------------------------------------------------------- */

static uint64_t
our_reg(const struct exec_thread *thread, size_t i)
{
	return i == X86_RIP ? thread->cpu.machine->rip.v : thread->cpu.x86.reg[i];
}

static void
hand_registers(struct pair *pair, const struct exec_thread *thread)
{
	uint64_t flags = x86_rflags(&thread->cpu.x86);
	size_t i;

	for (i = 0; i < ENGINE_REGS; i++) {
		uint64_t value = our_reg(thread, i);

		(void)uc_reg_write(pair->engine, engine_regs[i], &value);
	}
	(void)uc_reg_write(pair->engine, UC_X86_REG_RFLAGS, &flags);
	for (i = 0; i < 16; i++)
		(void)uc_reg_write(pair->engine, UC_X86_REG_XMM0 + (int)i, &thread->cpu.x86.xmm[i]);
}

static void
compare_registers(struct pair *pair, const struct exec_thread *thread)
{
	static const char *const names[] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
	    "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15", "RIP", "FS", "GS"};
	size_t i;

	for (i = 0; i < ENGINE_REGS; i++) {
		uint64_t theirs = 0, ours = our_reg(thread, i);

		(void)uc_reg_read(pair->engine, engine_regs[i], &theirs);
		if (ours != theirs)
			disagree(pair, thread, names[i], ours, theirs);
	}
	for (i = 0; i < 16; i++) {
		union x86_vector theirs;

		(void)uc_reg_read(pair->engine, UC_X86_REG_XMM0 + (int)i, &theirs);
		if (memcmp(&theirs, &thread->cpu.x86.xmm[i], sizeof(theirs)) != 0)
			disagree(pair, thread, "a vector register", i, 0);
	}
}

/* --- turns ------------------------------------------------------------------------------------ */

/*
 * Before each instruction there, and each element of a repeated one; again before one that has
 * written to the page that it is in.  No program here has an instruction that jumps to itself.
 */
static void
engine_steps(uc_engine *engine, uint64_t address, uint32_t size, void *ctx)
{
	struct pair *pair = ctx;

	(void)size;
	if (address == pair->last)
		return;
	if (pair->left-- == 0) {
		(void)uc_emu_stop(engine);
		return;
	}
	pair->last = address;
}

/* The engine executes so many instructions. */
static void
follow(struct pair *pair, const struct exec_thread *thread, uint64_t count)
{
	uint64_t rip = 0;
	uc_err error;

	if (count == 0 || pair->wrong != NULL)
		return;
	(void)uc_reg_read(pair->engine, UC_X86_REG_RIP, &rip);
	pair->left = count;
	pair->last = 0;
	error = uc_emu_start(pair->engine, rip, UINT64_MAX, 0, 0);
	if (error != UC_ERR_OK)
		disagree(pair, thread, uc_strerror(error), 0, 0);
	pair->compared += count;
	compare_registers(pair, thread);
}

static void
before_turn(void *ctx, const struct exec_thread *thread)
{
	struct pair *pair = ctx;

	if (pair->handed || pair->wrong != NULL)
		return;
	hand_map(pair, thread);
	each_page(pair, thread, hand_page);
	hand_registers(pair, thread);
	pair->handed = true;
}

static void
after_turn(void *ctx, const struct exec_thread *thread, enum exec_ran ran,
    const struct vmx_exit *exit)
{
	struct pair *pair = ctx;
	uint64_t behind = thread->cpu.x86.retired - pair->compared;
	bool call = ran == EXEC_LEFT && (exit->reason == VMX_EXIT_CPUID ||
	    (exit->reason == VMX_EXIT_EXCEPTION &&
	    (exit->intr_info & VMX_INTR_VECTOR) == VMX_VECTOR_UD));

	/* A budget that is not used up ended within a repeated instruction. */
	if (!call && (ran != EXEC_RAN || behind < SLICE))
		return;
	follow(pair, thread, behind);
	if (!call)
		return;
	each_page(pair, thread, compare_page);
	forget_replaced(pair, thread);
	pair->calls++;
	pair->handed = false;
}

/* --- programs --------------------------------------------------------------------------------- */

struct row {
	const char *name;
	const char *argument;      /* or NULL */
	const char *full_argument; /* with VKEPT_FULL */
};

static const struct row rows[] = {
	{ "printf", "one argument", NULL },
	{ "strings", NULL, NULL },
	{ "modify", NULL, NULL },
	{ "memory", NULL, NULL },
	{ "sort", "2000", "80000" },
};

static unsigned char file[FILE_MAX];

static size_t
read_program(const char *name)
{
	const char *build = getenv("BUILD");
	char path[4096];
	size_t size;
	FILE *in;

	snprintf(path, sizeof(path), "%s/programs/%s", build != NULL ? build : "build", name);
	in = fopen(path, "rb");
	if (in == NULL)
		return 0;
	size = fread(file, 1, sizeof(file), in);
	fclose(in);
	return size;
}

/* Runs a program on both; the instructions that were compared, or 0 after a disagreement. */
static uint64_t
run_row(const struct row *row, size_t size)
{
	static struct pair pair;
	const char *argument = row->full_argument != NULL && getenv("VKEPT_FULL") != NULL ?
	    row->full_argument : row->argument;
	const char *const argv[] = { row->name, argument, NULL };
	const char *const envp[] = { NULL };
	const struct exec_observer observer = { before_turn, after_turn, &pair };
	struct exec_options options = { .cpus = 1, .memory = 64 * MIB, .limit = 10000000000ull,
		.slice = SLICE, .tlb = { 512, 512, 32 }, .observer = &observer };
	struct exec_outcome outcome;
	uc_hook hook;

	memset(&pair, 0, sizeof(pair));
	options.program = (struct exec_program){ .file = file, .file_size = size,
		.name = row->name, .argv = argv, .envp = envp };
	if (uc_open(UC_ARCH_X86, UC_MODE_64, &pair.engine) != UC_ERR_OK ||
	    uc_hook_add(pair.engine, &hook, UC_HOOK_CODE, (void *)engine_steps, &pair, 1, 0) !=
	    UC_ERR_OK) {
		printf("# no engine\n");
		return 0;
	}
	if (exec_run(&options, &outcome) != EXEC_ENDED || outcome.end.kind != EXEC_END_EXITED ||
	    outcome.end.status != 0)
		pair.wrong = "it did not end well";
	uc_close(pair.engine);
	if (pair.wrong == NULL) {
		printf("ok: %s: %llu instructions, %llu calls, %llu pages compared\n", row->name,
		    (unsigned long long)pair.compared, (unsigned long long)pair.calls,
		    (unsigned long long)pair.pages);
		return pair.compared;
	}
	printf("FAILED: %s: after %llu instructions, at %#llx: %s: found %#llx, expected %#llx\n",
	    row->name, (unsigned long long)pair.compared, (unsigned long long)pair.rip, pair.wrong,
	    (unsigned long long)pair.found, (unsigned long long)pair.expected);
	return 0;
}

int
main(void)
{
	unsigned passed = 0, failed = 0;
	uint64_t all = 0;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t size = read_program(rows[i].name);
		uint64_t compared;

		if (size == 0) {
			printf("the example programs are not built\n");
			return 77;
		}
		compared = run_row(&rows[i], size);
		passed += compared != 0;
		failed += compared == 0;
		all += compared;
	}
	printf("%llu instructions in all\n", (unsigned long long)all);
	printf("# cases: %u passed, %u failed\n", passed, failed);
	return failed != 0;
}
