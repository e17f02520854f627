/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as a program: executed for a while over two pages, one of which is its own code.  It
 * comes to a stop that has a reason, and no register holds what it never can.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "x86/x86.h"

#define PAGE 4096u
#define CODE 0x1000u
#define INSTRUCTIONS 300u

static unsigned char memory[2 * PAGE]; /* from CODE on */
static struct x86_code *code;
static struct x86_cpu cpu;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(int condition)
{
	if (!condition)
		abort();
}

/* Every other access may be kept, by the bits of its address. */
static bool
reach(void *ctx, uint64_t at, unsigned size, enum x86_access access, struct x86_place *place)
{
	(void)ctx;
	check(size >= 1 && size <= 16);
	if (at < CODE || at >= CODE + sizeof(memory) || size > CODE + sizeof(memory) - at)
		return false;
	place->at[0] = memory + (at - CODE);
	place->first = size;
	place->frame = at / PAGE;
	place->keep = (at & 3) != 0 && (at + size - 1) / PAGE == at / PAGE;
	if (access == X86_WRITE || access == X86_MODIFY) {
		x86_code_drop(code, at / PAGE);
		x86_code_drop(code, (at + size - 1) / PAGE);
		x86_forget(&cpu);
		place->keep = false;
	}
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct x86_memory ops = { reach, NULL };
	char name[X86_NAME_SIZE];
	enum x86_stop stop;
	unsigned i, length;

	if (code == NULL)
		code = x86_code_create(); /* kept from run to run */
	check(code != NULL);
	x86_code_drop(code, CODE / PAGE);
	x86_code_drop(code, CODE / PAGE + 1);
	memset(memory, 0, sizeof(memory));
	memcpy(memory, data, size < sizeof(memory) ? size : sizeof(memory));
	x86_init(&cpu, &ops, code);
	for (i = 0; i < 16; i++)
		cpu.reg[i] = i % 3 == 0 ? i : CODE + 16 * (size + i) % sizeof(memory);
	cpu.reg[X86_RIP] = CODE;
	length = x86_name(data, size, name);
	check(length <= X86_LENGTH_MAX && strlen(name) < sizeof(name));
	stop = x86_run(&cpu, INSTRUCTIONS);
	check(stop == cpu.stop && cpu.retired <= INSTRUCTIONS);
	/* An element that is repeated counts as an instruction. */
	check(stop == X86_BUDGET ? cpu.retired + cpu.repeated >= INSTRUCTIONS :
	    cpu.retired < INSTRUCTIONS);
	check(stop != X86_EXCEPTION || cpu.vector < 32);
	check(cpu.reg[X86_ZERO] == 0 && cpu.reg[X86_FS_BASE] == 0);
	check((x86_rflags(&cpu) & (X86_FIXED | X86_IF)) == (X86_FIXED | X86_IF));
	return 0;
}
