/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random instructions here and on the processor that the test runs on: registers, flags, vectors,
 * memory and exceptions must agree.  VKEPT_FULL makes it many more; VKEPT_SEED chooses others.
 *
 * The page of code is full of INT3.  An instruction is put into it, a signal handler returns into
 * the state for it, and the trap after it, or its exception, comes back to the handler.  What
 * would touch memory outside of the test's data is not tried.
 */
#define _GNU_SOURCE /* the registers of a signal frame */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__) && defined(__linux__)
#include <ucontext.h>

#include "support/support_x86.h"

#define CASES 60000u
#define CASES_FULL 3000000u
#define HANDLER_STACK 65536u
#define INT3 0xcc

static struct random_world world;
static struct random_case now;
static ucontext_t home; /* where the test was called from */
static unsigned char *their_data;
static unsigned left, passed, failed, refused;
static bool under_way;

static const int greg[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};

/* What cannot be made comparable. */
static bool
left_out(const struct random_case *c)
{
	switch (c->row->what) {
	case X86_POPF:    /* may set flags that the handler would suffer from */
	case X86_LDMXCSR: /* and exceptions */
	case X86_STMXCSR:
		return true;
	case X86_JCC: /* with 66, RIP is cut to 16 bits by one maker and not by the other */
	case X86_LOOP:
	case X86_JMP:
	case X86_JMP_TO:
	case X86_CALL:
	case X86_CALL_TO:
	case X86_RET:
		return c->operand16;
	case X86_NOP: /* 0F 0D with a register is none to one maker */
		return c->op.form == X86_RR && c->row->reg != 0;
	case X86_BSWAP: /* of 16 bits: undefined */
		return c->operand16;
	case X86_DSHIFT: /* of a word by more than 16: undefined */
		return c->op.size == 2;
	default:
		return false;
	}
}

static void
fail(const char *what, uint64_t found, uint64_t expected)
{
	failed++;
	random_tell(&world, &now, what, found, expected);
}

/* The signal that an exception becomes. */
static int
signal_of(const struct x86_cpu *cpu)
{
	if (cpu->stop == X86_BUDGET)
		return SIGTRAP;
	return cpu->vector == X86_DE ? SIGFPE : cpu->vector == X86_UD ? SIGILL : SIGSEGV;
}

static bool
same_registers(const ucontext_t *frame, int signal)
{
	uint64_t mask = (X86_STATUS | X86_DF) & ~random_undefined(&now);
	uint64_t flags = (uint64_t)frame->uc_mcontext.gregs[REG_EFL];
	unsigned i;

	for (i = 0; i <= X86_RIP; i++) {
		uint64_t value = (uint64_t)frame->uc_mcontext.gregs[greg[i]];

		if (i == X86_RIP && signal == SIGTRAP)
			value--;
		if (value != world.cpu.reg[i]) {
			fail("a register", world.cpu.reg[i], value);
			return false;
		}
	}
	if (world.cpu.stop == X86_BUDGET && ((flags ^ x86_rflags(&world.cpu)) & mask) != 0) {
		fail("flags", x86_rflags(&world.cpu) & mask, flags & mask);
		return false;
	}
	return true;
}

static void
compare(const ucontext_t *frame, int signal)
{
	const struct _libc_fpstate *fp = frame->uc_mcontext.fpregs;
	bool nowhere = signal == SIGSEGV && world.cpu.stop == X86_BUDGET; /* a branch led there */
	unsigned i;

	if (signal != signal_of(&world.cpu) && !nowhere) {
		fail("a signal", (uint64_t)signal_of(&world.cpu), (uint64_t)signal);
		return;
	}
	if (!same_registers(frame, signal))
		return;
	for (i = 0; i < 16; i++) {
		if (memcmp(&fp->_xmm[i], &world.cpu.xmm[i], 16) != 0) {
			fail("a vector register", world.cpu.xmm[i].d[0], fp->_xmm[i].element[0]);
			return;
		}
	}
	if (memcmp(world.data, their_data, RANDOM_DATA_SIZE) != 0) {
		fail("memory", 0, 0);
		memcpy(world.data, their_data, RANDOM_DATA_SIZE);
		return;
	}
	passed++;
}

/* Whether our processor has found it harmless: executed, or an exception of its own. */
static bool
is_safe(void)
{
	uint64_t rip = world.cpu.reg[X86_RIP];

	if (world.cpu.stop == X86_REFUSED) {
		refused++;
		if (!random_unchanged(&world, &now))
			fail("a refused instruction changed something", 0, 0);
		return false;
	}
	if (world.cpu.stop == X86_BUDGET && rip - now.before[X86_RIP] < now.op.length)
		return false;  /* a branch into its own bytes, which may never come back */
	return rip >> 47 == 0; /* others are refused at one place or the other */
}

/* Puts the next case into the frame; false: there are no more. */
static bool
prepare(ucontext_t *frame)
{
	struct _libc_fpstate *fp = frame->uc_mcontext.fpregs;
	unsigned i;

	do {
		memset(world.code, INT3, RANDOM_CODE_SIZE);
		do {
			if (left-- == 0)
				return false;
		} while (!random_instruction(&world, &now, 0x100 + random_below(&world, 0x800)) ||
		    left_out(&now));
		random_state(&world, &now);
		memcpy(their_data, world.data, RANDOM_DATA_SIZE);
		for (i = 0; i <= X86_RIP; i++)
			frame->uc_mcontext.gregs[greg[i]] = (greg_t)now.before[i];
		frame->uc_mcontext.gregs[REG_EFL] = (greg_t)now.rflags;
		memcpy(fp->_xmm, world.cpu.xmm, sizeof(world.cpu.xmm));
		(void)x86_run(&world.cpu, 1);
	} while (!is_safe());
	memset(world.code, INT3, RANDOM_CODE_SIZE);
	memcpy(world.code + now.offset, now.bytes, now.op.length);
	return true;
}

static void
handler(int signal, siginfo_t *info, void *context)
{
	ucontext_t *frame = context;

	(void)info;
	if (under_way)
		compare(frame, signal);
	else
		home = *frame;
	under_way = prepare(frame);
	if (!under_way)
		memcpy(frame->uc_mcontext.gregs, home.uc_mcontext.gregs,
		    sizeof(home.uc_mcontext.gregs));
}

static void *
fixed_pages(uint64_t at, size_t size, int prot)
{
	return mmap((void *)(uintptr_t)at, size, prot,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
}

static bool
catch_signals(void)
{
	static const int signals[] = {SIGTRAP, SIGSEGV, SIGFPE, SIGILL, SIGBUS};
	static unsigned char stack[HANDLER_STACK];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
	size_t i;

	action.sa_sigaction = handler;
	if (sigaltstack(&alternate, NULL) != 0)
		return false;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (sigaction(signals[i], &action, NULL) != 0)
			return false;
	}
	return true;
}

int
main(void)
{
	const char *seed = getenv("VKEPT_SEED");
	static unsigned char our_data[RANDOM_DATA_SIZE];
	unsigned char *code;

	code = fixed_pages(RANDOM_CODE, RANDOM_CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
	their_data = fixed_pages(RANDOM_DATA, RANDOM_DATA_SIZE, PROT_READ | PROT_WRITE);
	if (code == MAP_FAILED || their_data == MAP_FAILED || !catch_signals()) {
		printf("no page at the addresses of the test, or no signals\n");
		return 77;
	}
	left = getenv("VKEPT_FULL") != NULL ? CASES_FULL : CASES;
	if (!random_world_init(&world, code, our_data, seed != NULL ? strtoull(seed, NULL, 0) : 0))
		return 1;
	__asm__ volatile("int3");
	random_world_free(&world);
	printf("%u instructions agree, %u were refused\n", passed, refused);
	printf("# cases: %u passed, %u failed\n", failed == 0 && passed != 0, failed != 0);
	return failed != 0;
}

#else

int
main(void)
{
	printf("this machine has another processor\n");
	return 77;
}

#endif
