/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * String instructions and their repetition [X86-REP].
 *
 * Each element is an access, or two, of its own.  One that is refused leaves the registers as the
 * element before left them, so that the instruction goes on where it stood.  After so many
 * elements the instruction is left and begun again, as an interrupt would have it, so that no
 * program can make a single instruction last for ever.
 */
#include "x86/x86_alu.h"

#define ELEMENTS_MAX 4096u

struct string {
	unsigned size;       /* of an element */
	unsigned address;    /* bytes of an address: 8, or 4 by prefix */
	uint64_t step;       /* from one element to the next */
	uint64_t base;       /* of the source's segment */
};

static struct string
string_of(const struct x86_cpu *cpu, const struct x86_op *op)
{
	struct string s = { op->size, op->address32 ? 4 : 8, op->size, cpu->reg[op->segment] };

	if (cpu->other_flags & X86_DF)
		s.step = 0 - s.step;
	return s;
}

static uint64_t
source_at(const struct x86_cpu *cpu, const struct string *s)
{
	return x86_reg(cpu, X86_RSI * 8, s->address) + s->base;
}

static uint64_t
target_at(const struct x86_cpu *cpu, const struct string *s)
{
	return x86_reg(cpu, X86_RDI * 8, s->address);
}

static void
advance(struct x86_cpu *cpu, const struct string *s, unsigned reg)
{
	x86_set_reg(cpu, reg * 8, s->address, cpu->reg[reg] + s->step);
}

/* One element; false: memory refused, and nothing has changed. */
typedef bool (*element_fn)(struct x86_cpu *cpu, const struct string *s);

static bool
element_movs(struct x86_cpu *cpu, const struct string *s)
{
	uint64_t value;

	if (!x86_load(cpu, source_at(cpu, s), s->size, &value) ||
	    !x86_store(cpu, target_at(cpu, s), s->size, value))
		return false;
	advance(cpu, s, X86_RSI);
	advance(cpu, s, X86_RDI);
	return true;
}

static bool
element_stos(struct x86_cpu *cpu, const struct string *s)
{
	if (!x86_store(cpu, target_at(cpu, s), s->size, x86_reg(cpu, X86_RAX * 8, s->size)))
		return false;
	advance(cpu, s, X86_RDI);
	return true;
}

static bool
element_lods(struct x86_cpu *cpu, const struct string *s)
{
	uint64_t value;

	if (!x86_load(cpu, source_at(cpu, s), s->size, &value))
		return false;
	x86_set_reg(cpu, X86_RAX * 8, s->size, value);
	advance(cpu, s, X86_RSI);
	return true;
}

static bool
element_cmps(struct x86_cpu *cpu, const struct string *s)
{
	uint64_t a, b;

	if (!x86_load(cpu, source_at(cpu, s), s->size, &a) ||
	    !x86_load(cpu, target_at(cpu, s), s->size, &b))
		return false;
	(void)x86_subtract(cpu, a, b, s->size);
	advance(cpu, s, X86_RSI);
	advance(cpu, s, X86_RDI);
	return true;
}

static bool
element_scas(struct x86_cpu *cpu, const struct string *s)
{
	uint64_t b;

	if (!x86_load(cpu, target_at(cpu, s), s->size, &b))
		return false;
	(void)x86_subtract(cpu, x86_reg(cpu, X86_RAX * 8, s->size), b, s->size);
	advance(cpu, s, X86_RDI);
	return true;
}

/* Repeats as the prefix says; `compares`: ZF can end it. */
X86_INLINE enum x86_step
repeat(struct x86_cpu *cpu, const struct x86_op *op, element_fn element, bool compares)
{
	struct string s = string_of(cpu, op);
	unsigned i;

	if (op->repeat == X86_ONCE)
		return element(cpu, &s) ? X86_NEXT : X86_STAY;
	for (i = 0; i < ELEMENTS_MAX; i++) {
		uint64_t count = x86_reg(cpu, X86_RCX * 8, s.address);

		if (count == 0)
			return X86_NEXT;
		if (!element(cpu, &s))
			return X86_STAY;
		x86_set_reg(cpu, X86_RCX * 8, s.address, count - 1);
		cpu->repeated++;
		if (compares && x86_zf(&cpu->flags) != (op->repeat == X86_REP))
			return X86_NEXT;
	}
	return x86_reg(cpu, X86_RCX * 8, s.address) == 0 ? X86_NEXT : X86_AGAIN;
}

enum x86_step
x86_do_movs(struct x86_cpu *cpu, const struct x86_op *op)
{
	return repeat(cpu, op, element_movs, false);
}

enum x86_step
x86_do_stos(struct x86_cpu *cpu, const struct x86_op *op)
{
	return repeat(cpu, op, element_stos, false);
}

enum x86_step
x86_do_lods(struct x86_cpu *cpu, const struct x86_op *op)
{
	return repeat(cpu, op, element_lods, false);
}

enum x86_step
x86_do_cmps(struct x86_cpu *cpu, const struct x86_op *op)
{
	return repeat(cpu, op, element_cmps, true);
}

enum x86_step
x86_do_scas(struct x86_cpu *cpu, const struct x86_op *op)
{
	return repeat(cpu, op, element_scas, true);
}

enum x86_step
x86_do_xlat(struct x86_cpu *cpu, const struct x86_op *op)
{
	unsigned size = op->address32 ? 4 : 8;
	uint64_t at = (cpu->reg[X86_RBX] + x86_reg(cpu, X86_RAX * 8, 1)) & x86_mask(size);
	uint64_t value;

	if (!x86_load(cpu, at + cpu->reg[op->segment], 1, &value))
		return X86_STAY;
	x86_set_reg(cpu, X86_RAX * 8, 1, value);
	return X86_NEXT;
}
