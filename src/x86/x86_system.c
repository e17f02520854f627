/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flags one by one, hints, and what a program at CPL 3 may not do.
 */
#include "x86/x86_alu.h"

enum x86_step
x86_raise(struct x86_cpu *cpu, unsigned vector)
{
	cpu->stop = X86_EXCEPTION;
	cpu->vector = vector;
	cpu->has_code = false;
	cpu->error_code = 0;
	cpu->trap = false;
	return X86_STAY;
}

enum x86_step
x86_raise_code(struct x86_cpu *cpu, unsigned vector, uint32_t code)
{
	(void)x86_raise(cpu, vector);
	cpu->has_code = true;
	cpu->error_code = code;
	return X86_STAY;
}

/* --- flags ------------------------------------------------------------------------------------ */

void
x86_flags_set(struct x86_flags *flags, uint64_t rflags)
{
	bool cf = (rflags & X86_CF) != 0, of = (rflags & X86_OF) != 0;

	/* 0 has even parity, 1 has not; what that does not give, the fix turns over. */
	flags->result = rflags & X86_ZF ? 0 : 1;
	flags->fix = (rflags & X86_SF) |
	    ((rflags ^ (rflags & X86_ZF ? X86_PF : 0)) & X86_PF);
	flags->carry = x86_carry_of(cf, of) | (rflags & X86_AF ? 8 : 0);
}

uint64_t
x86_flags_get(const struct x86_flags *flags)
{
	return (x86_cf(flags) ? X86_CF : 0) | (x86_pf(flags) ? X86_PF : 0) |
	    (x86_af(flags) ? X86_AF : 0) | (x86_zf(flags) ? X86_ZF : 0) |
	    (x86_sf(flags) ? X86_SF : 0) | (x86_of(flags) ? X86_OF : 0);
}

uint64_t
x86_rflags(const struct x86_cpu *cpu)
{
	return x86_flags_get(&cpu->flags) | cpu->other_flags;
}

#define SETTABLE (X86_TF | X86_DF | X86_NT | X86_AC | X86_ID)

void
x86_set_rflags(struct x86_cpu *cpu, uint64_t value)
{
	x86_flags_set(&cpu->flags, value);
	cpu->other_flags = (cpu->other_flags & ~(uint64_t)SETTABLE) | (value & SETTABLE);
}

enum x86_step
x86_do_flag(struct x86_cpu *cpu, const struct x86_op *op)
{
	switch ((enum x86_flag_change)op->detail) {
	case X86_FLAG_CLC:
		x86_set_cf(&cpu->flags, false);
		break;
	case X86_FLAG_STC:
		x86_set_cf(&cpu->flags, true);
		break;
	case X86_FLAG_CMC:
		x86_set_cf(&cpu->flags, !x86_cf(&cpu->flags));
		break;
	case X86_FLAG_CLD:
		cpu->other_flags &= ~(uint64_t)X86_DF;
		break;
	case X86_FLAG_STD:
		cpu->other_flags |= X86_DF;
		break;
	}
	return X86_NEXT;
}

enum x86_step
x86_do_lahf(struct x86_cpu *cpu, const struct x86_op *op)
{
	(void)op;
	x86_set_reg(cpu, 1, 1, x86_rflags(cpu));
	return X86_NEXT;
}

enum x86_step
x86_do_sahf(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t keep = x86_of(&cpu->flags) ? X86_OF : 0;

	(void)op;
	x86_flags_set(&cpu->flags, (x86_reg(cpu, 1, 1) & ~(uint64_t)X86_OF) | keep);
	return X86_NEXT;
}

/* --- what does nothing, and what is not allowed ----------------------------------------------- */

/* NOP, hints, fences: memory is in order here. */
enum x86_step
x86_do_nop(struct x86_cpu *cpu, const struct x86_op *op)
{
	(void)cpu;
	(void)op;
	return X86_NEXT;
}

enum x86_step
x86_do_invalid(struct x86_cpu *cpu, const struct x86_op *op)
{
	(void)op;
	return x86_raise(cpu, X86_UD);
}

enum x86_step
x86_do_break(struct x86_cpu *cpu, const struct x86_op *op)
{
	cpu->length = op->length;
	return x86_raise(cpu, X86_BP);
}

/* The IDT has no gate that CPL 3 may use: #GP with the selector of the gate. */
enum x86_step
x86_do_intn(struct x86_cpu *cpu, const struct x86_op *op)
{
	return x86_raise_code(cpu, X86_GP, (uint32_t)(op->imm & 0xff) * 8 + 2);
}

enum x86_step
x86_do_privileged(struct x86_cpu *cpu, const struct x86_op *op)
{
	(void)op;
	return x86_raise_code(cpu, X86_GP, 0);
}

enum x86_step
x86_do_intercept(struct x86_cpu *cpu, const struct x86_op *op)
{
	cpu->stop = X86_INTERCEPT;
	cpu->intercept = (enum x86_intercept)op->detail;
	cpu->length = op->length;
	return X86_STAY;
}

/* --- MXCSR ------------------------------------------------------------------------------------ */

#define MXCSR_BITS 0xffffu

enum x86_step
x86_do_ldmxcsr(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value;

	if (!x86_load(cpu, x86_address(cpu, op), 4, &value))
		return X86_STAY;
	if (value & ~(uint64_t)MXCSR_BITS)
		return x86_raise_code(cpu, X86_GP, 0);
	cpu->mxcsr = (uint32_t)value;
	return X86_NEXT;
}

enum x86_step
x86_do_stmxcsr(struct x86_cpu *cpu, const struct x86_op *op)
{
	return x86_store(cpu, x86_address(cpu, op), 4, cpu->mxcsr) ? X86_NEXT : X86_STAY;
}
