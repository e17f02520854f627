/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random sequences of instructions here and on another engine: QEMU's translator, as Unicorn has
 * it.  Registers, flags, vectors and memory must agree.  VKEPT_FULL makes it many more; VKEPT_SEED
 * chooses others.
 *
 * Where the engine is known to be no processor (left_out), or the manual leaves flags undefined,
 * nothing is compared.  Sequences have no faults and no branches: after a fault the engine is not
 * itself any more.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <unicorn/unicorn.h>

#include "support/support_x86.h"

#define SEQUENCES 30u
#define SEQUENCES_FULL 4000u
#define LENGTH 400u /* instructions of one */

static unsigned char code[RANDOM_CODE_SIZE] __attribute__((aligned(4096)));
static unsigned char ours[RANDOM_DATA_SIZE];
static unsigned char theirs[RANDOM_DATA_SIZE] __attribute__((aligned(4096)));
static struct random_world world;
static uc_engine *engine;

/* What comes back from the process that runs a sequence. */
static struct tally {
	unsigned passed, failed, refused;
} * tally;

/* Where the engine deviates from the manual, or from every processor. */
static bool
left_out(const struct random_case *c)
{
	switch (c->row->what) {
	case X86_TEST: /* /1 is taken for an invalid opcode */
		return c->row->reg == 0x03 && c->reg == 1;
	case X86_MOV: /* with REX.R, so is C6 */
		return c->row->reg == 0x01 && c->rex;
	case X86_LAHF: /* with REX, SPL instead of AH */
	case X86_SAHF:
		return c->rex;
	case X86_ENTER: /* the new stack is not tried; with a prefix, RBP gets more than 16 bits */
		return true;
	case X86_DSHIFT: /* its immediate is not counted into RIP-relative addresses */
		return c->rip_relative;
	case X86_SCAN:    /* 32 bits: the upper half of the destination when nothing is found */
	case X86_CMPXCHG: /* 32 bits: the upper halves of RAX and of the destination */
		return c->op.size == 4;
	case X86_POPF: /* may set TF, and every instruction traps */
		return true;
	case X86_LDMXCSR: /* reserved bits are taken */
	case X86_STMXCSR: /* MXCSR is not what was set */
	case X86_POPCNT:  /* no model has it */
		return true;
	case X86_NOP: /* 0F 0D and its like with a register */
		return c->op.form == X86_RR && c->row->reg != 0;
	default:
		return false;
	}
}

static const int engine_regs[] = {UC_X86_REG_RAX, UC_X86_REG_RCX, UC_X86_REG_RDX, UC_X86_REG_RBX,
    UC_X86_REG_RSP, UC_X86_REG_RBP, UC_X86_REG_RSI, UC_X86_REG_RDI, UC_X86_REG_R8, UC_X86_REG_R9,
    UC_X86_REG_R10, UC_X86_REG_R11, UC_X86_REG_R12, UC_X86_REG_R13, UC_X86_REG_R14, UC_X86_REG_R15,
    UC_X86_REG_RIP};

static bool
engine_open(void)
{
	return uc_open(UC_ARCH_X86, UC_MODE_64, &engine) == UC_ERR_OK &&
	    uc_mem_map(engine, RANDOM_CODE, RANDOM_CODE_SIZE, UC_PROT_ALL) == UC_ERR_OK &&
	    uc_mem_map_ptr(engine, RANDOM_DATA, RANDOM_DATA_SIZE, UC_PROT_ALL, theirs) == UC_ERR_OK;
}

/* --- a sequence ------------------------------------------------------------------------------- */

/* What was so before an instruction, as we have it. */
struct moment {
	struct random_case c;
	uint64_t reg[X86_RIP + 1];
	uint64_t rflags;
	union x86_vector xmm[16];
};

static struct moment moment[LENGTH + 1];
static unsigned moments, reached;

static void
remember(struct moment *m)
{
	memcpy(m->reg, world.cpu.reg, sizeof(m->reg));
	m->rflags = x86_rflags(&world.cpu);
	memcpy(m->xmm, world.cpu.xmm, sizeof(m->xmm));
}

/* As it was before the instruction: a repetition may have gone half-way. */
static void
go_back(const struct moment *m, const unsigned char *data)
{
	memcpy(world.cpu.reg, m->reg, sizeof(m->reg));
	x86_set_rflags(&world.cpu, m->rflags);
	memcpy(ours, data, RANDOM_DATA_SIZE);
}

/* Appends bytes to the sequence, executes them here; false: they were refused and are not there. */
static bool
append(struct random_case *c)
{
	static unsigned char data[RANDOM_DATA_SIZE];
	struct moment *m = &moment[moments];

	world.cpu.reg[X86_RIP] = RANDOM_CODE + c->offset;
	remember(m);
	memcpy(c->before, m->reg, sizeof(c->before));
	c->rflags = m->rflags;
	m->c = *c;
	memcpy(world.code + c->offset, c->bytes, sizeof(c->bytes));
	if (random_is_string(c))
		memcpy(data, ours, RANDOM_DATA_SIZE);
	if (x86_run(&world.cpu, 1) == X86_BUDGET && world.cpu.reg[X86_RIP] != m->reg[X86_RIP]) {
		moments++;
		return true;
	}
	tally->refused++;
	if (!random_unchanged(&world, c)) {
		tally->failed++;
		random_tell(&world, c, "a refused instruction changed something", 0, 0);
	}
	if (random_is_string(c))
		go_back(m, data);
	return false;
}

/* MOV of a value to a register, so that addresses do not run out; CMP, so that flags are defined.
 */
static void
append_plain(unsigned *at, bool compare)
{
	struct random_case c = {.offset = *at};
	const struct x86_row *row;
	unsigned reg = random_below(&world, 16), selected;
	uint64_t value = random_value(&world);

	c.bytes[0] = (unsigned char)(0x48 | (reg >= 8));
	c.bytes[1] = (unsigned char)(0xb8 | (reg & 7));
	memcpy(c.bytes + 2, &value, 8);
	if (compare)
		memcpy(c.bytes, "\x48\x39\xd8", 3);
	(void)x86_decode(c.bytes, X86_LENGTH_MAX, &c.op, &row, &selected);
	c.row = row;
	if (append(&c))
		*at += c.op.length;
}

static bool
is_branch(const struct random_case *c)
{
	return (c->row->flags & X86_F_DECIDES) != 0;
}

/* Writes a sequence and what becomes of it here. */
static unsigned
make_sequence(void)
{
	unsigned at = 0;
	struct random_case c;

	moments = 0;
	while (moments < LENGTH - 3 && at < RANDOM_CODE_SIZE - 64) {
		if (random_below(&world, 2) == 0)
			append_plain(&at, false);
		if (!random_instruction(&world, &c, at) || left_out(&c) || is_branch(&c))
			continue;
		if (append(&c))
			at += c.op.length;
		if (random_undefined(&c) != 0)
			append_plain(&at, true);
	}
	world.cpu.reg[X86_RIP] = RANDOM_CODE + at;
	remember(&moment[moments]);
	return at;
}

static void
fail(const struct random_case *c, const char *what, uint64_t found, uint64_t expected)
{
	tally->failed++;
	random_tell(&world, c, what, found, expected);
	(void)uc_emu_stop(engine);
}

/* Compares the engine with what was so here; `c` is the instruction that led there. */
static bool
same_state(const struct moment *m, const struct random_case *c)
{
	uint64_t mask = (X86_STATUS | X86_DF) & ~(c != NULL ? random_undefined(c) : 0), value = 0;
	union x86_vector vector;
	unsigned i;

	for (i = 0; i <= X86_RIP; i++) {
		(void)uc_reg_read(engine, engine_regs[i], &value);
		if (value != m->reg[i]) {
			fail(c, "a register", m->reg[i], value);
			return false;
		}
	}
	(void)uc_reg_read(engine, UC_X86_REG_EFLAGS, &value);
	if (((value ^ m->rflags) & mask) != 0) {
		fail(c, "flags", m->rflags & mask, value & mask);
		return false;
	}
	for (i = 0; i < 16; i++) {
		(void)uc_reg_read(engine, UC_X86_REG_XMM0 + (int)i, &vector);
		if (memcmp(&vector, &m->xmm[i], 16) != 0) {
			fail(c, "a vector register", m->xmm[i].q[0], vector.q[0]);
			return false;
		}
	}
	return true;
}

/* Before each instruction of the engine; a repetition comes here for each of its elements. */
static void
on_code(uc_engine *uc, uint64_t address, uint32_t size, void *ctx)
{
	(void)uc;
	(void)size;
	(void)ctx;
	if (reached > 0 && address == moment[reached - 1].reg[X86_RIP])
		return;
	if (same_state(&moment[reached], reached > 0 ? &moment[reached - 1].c : NULL))
		tally->passed++;
	reached++;
}

static void
give_state(const struct moment *m)
{
	unsigned i;

	(void)uc_mem_write(engine, RANDOM_CODE, world.code, RANDOM_CODE_SIZE);
	for (i = 0; i <= X86_RIP; i++)
		(void)uc_reg_write(engine, engine_regs[i], &m->reg[i]);
	(void)uc_reg_write(engine, UC_X86_REG_EFLAGS, &m->rflags);
	for (i = 0; i < 16; i++)
		(void)uc_reg_write(engine, UC_X86_REG_XMM0 + (int)i, &m->xmm[i]);
}

static void
run_sequence(void)
{
	struct random_case start = {.offset = 0};
	unsigned end, before = tally->failed;
	uc_err err;

	start.row = &x86_rows[0];
	random_state(&world, &start);
	memcpy(theirs, ours, RANDOM_DATA_SIZE);
	end = make_sequence();
	give_state(&moment[0]);
	reached = 0;
	err = uc_emu_start(engine, RANDOM_CODE, RANDOM_CODE + end, 0, 0);
	if (tally->failed != before)
		return;
	if (err != UC_ERR_OK || reached != moments)
		fail(&moment[reached > 0 ? reached - 1 : 0].c, uc_strerror(err), reached, moments);
	else if (same_state(&moment[moments], &moment[moments - 1].c) &&
	    memcmp(ours, theirs, RANDOM_DATA_SIZE) != 0)
		fail(&moment[moments - 1].c, "memory after the sequence", 0, 0);
}

/* --- each alone ------------------------------------------------------------------------------- */

/* An engine for each: it does not take back what it has translated. */
static int
run_alone(uint64_t seed)
{
	uc_hook hook;

	if (!random_world_init(&world, code, ours, seed) || !engine_open())
		return 1;
	(void)uc_hook_add(engine, &hook, UC_HOOK_CODE, (void *)(uintptr_t)on_code, NULL, 1, 0);
	run_sequence();
	(void)uc_close(engine);
	random_world_free(&world);
	return 0;
}

/* In a process of its own: now and then the engine ends with a fatal error of its own making. */
static bool
fork_sequence(uint64_t seed)
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int result;

		(void)close(STDERR_FILENO);
		result = run_alone(seed);
		fflush(stdout);
		_exit(result);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0;
}

int
main(void)
{
	const char *seed = getenv("VKEPT_SEED");
	unsigned sequences = getenv("VKEPT_FULL") != NULL ? SEQUENCES_FULL : SEQUENCES, i, died = 0;
	uint64_t first = seed != NULL ? strtoull(seed, NULL, 0) * sequences : 0;

	tally =
	    mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED)
		return 1;
	for (i = 0; i < sequences; i++)
		died += !fork_sequence(first + i);
	printf("%u instructions agree, %u were refused, the engine died %u times\n", tally->passed,
	    tally->refused, died);
	if (died > sequences / 4)
		tally->failed++;
	printf("# cases: %u passed, %u failed\n", tally->failed == 0 && tally->passed != 0,
	    tally->failed != 0);
	return tally->failed != 0;
}
