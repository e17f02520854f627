/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stack, and where RIP goes next.
 *
 * A handler finds RIP at the instruction after its own.  Branches are near; the operand size
 * prefix does not cut them.  A target that is not canonical is refused where it is fetched.
 */
#include "x86/x86_alu.h"

/* Stores below the stack pointer; RSP is the caller's to move when this went well. */
static bool
push(struct x86_cpu *cpu, unsigned size, uint64_t value)
{
	return x86_store(cpu, cpu->reg[X86_RSP] - size, size, value);
}

enum x86_step
x86_do_push(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value = op->imm;

	if (op->form == X86_MR) {
		if (!x86_load(cpu, x86_address(cpu, op), op->size, &value))
			return X86_STAY;
	} else if (op->form == X86_RR) {
		value = x86_reg(cpu, op->dst, op->size);
	}
	if (!push(cpu, op->size, value))
		return X86_STAY;
	cpu->reg[X86_RSP] -= op->size;
	return X86_NEXT;
}

/* An address that is relative to RSP is taken after RSP has moved. */
enum x86_step
x86_do_pop(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value, before = cpu->reg[X86_RSP];

	if (!x86_load(cpu, before, op->size, &value))
		return X86_STAY;
	cpu->reg[X86_RSP] = before + op->size;
	if (op->form != X86_MR) {
		x86_set_reg(cpu, op->dst, op->size, value);
		return X86_NEXT;
	}
	if (x86_store(cpu, x86_address(cpu, op), op->size, value))
		return X86_NEXT;
	cpu->reg[X86_RSP] = before;
	return X86_STAY;
}

enum x86_step
x86_do_pushf(struct x86_cpu *cpu, const struct x86_op *op)
{
	if (!push(cpu, op->size, x86_rflags(cpu)))
		return X86_STAY;
	cpu->reg[X86_RSP] -= op->size;
	return X86_NEXT;
}

enum x86_step
x86_do_popf(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value;

	if (!x86_load(cpu, cpu->reg[X86_RSP], op->size, &value))
		return X86_STAY;
	if (op->size == 2)
		value |= x86_rflags(cpu) & ~0xffffull;
	x86_set_rflags(cpu, value);
	cpu->reg[X86_RSP] += op->size;
	return X86_NEXT;
}

/*
 * disp: how many frame pointers are kept.  What was stored below RSP before a fault is stored
 * again when it is tried again.  Where RSP comes to stand must be writable too [X86-ENTER].
 */
enum x86_step
x86_do_enter(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t rsp = cpu->reg[X86_RSP] - op->size, rbp = cpu->reg[X86_RBP], frame = rsp, link;
	unsigned level = (unsigned)op->disp & 31, i;
	struct x86_place place;

	if (!x86_store(cpu, rsp, op->size, rbp))
		return X86_STAY;
	for (i = 1; i < level; i++) {
		rbp -= op->size;
		rsp -= op->size;
		if (!x86_load(cpu, rbp, op->size, &link) || !x86_store(cpu, rsp, op->size, link))
			return X86_STAY;
	}
	if (level > 0) {
		rsp -= op->size;
		if (!x86_store(cpu, rsp, op->size, frame))
			return X86_STAY;
	}
	rsp -= op->imm;
	if (!x86_reach(cpu, rsp, op->size, X86_WRITE, &place))
		return X86_STAY;
	x86_set_reg(cpu, X86_RBP * 8, op->size, frame);
	cpu->reg[X86_RSP] = rsp;
	return X86_NEXT;
}

enum x86_step
x86_do_leave(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t frame = cpu->reg[X86_RBP], value;

	if (!x86_load(cpu, frame, op->size, &value))
		return X86_STAY;
	cpu->reg[X86_RSP] = frame + op->size;
	x86_set_reg(cpu, X86_RBP * 8, op->size, value);
	return X86_NEXT;
}

/* --- calls and jumps -------------------------------------------------------------------------- */

static enum x86_step
call(struct x86_cpu *cpu, uint64_t target)
{
	if (!push(cpu, 8, cpu->reg[X86_RIP]))
		return X86_STAY;
	cpu->reg[X86_RSP] -= 8;
	cpu->reg[X86_RIP] = target;
	return X86_NEXT;
}

static bool
target_of(struct x86_cpu *cpu, const struct x86_op *op, uint64_t *target)
{
	if (op->form == X86_MR)
		return x86_load(cpu, x86_address(cpu, op), 8, target);
	*target = x86_reg(cpu, op->dst, 8);
	return true;
}

enum x86_step
x86_do_call(struct x86_cpu *cpu, const struct x86_op *op)
{
	return call(cpu, cpu->reg[X86_RIP] + op->imm);
}

enum x86_step
x86_do_call_to(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t target;

	return target_of(cpu, op, &target) ? call(cpu, target) : X86_STAY;
}

enum x86_step
x86_do_jmp(struct x86_cpu *cpu, const struct x86_op *op)
{
	cpu->reg[X86_RIP] += op->imm;
	return X86_NEXT;
}

enum x86_step
x86_do_jmp_to(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t target;

	if (!target_of(cpu, op, &target))
		return X86_STAY;
	cpu->reg[X86_RIP] = target;
	return X86_NEXT;
}

enum x86_step
x86_do_ret(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t target;

	if (!x86_load(cpu, cpu->reg[X86_RSP], 8, &target))
		return X86_STAY;
	cpu->reg[X86_RSP] += 8 + op->imm;
	cpu->reg[X86_RIP] = target;
	return X86_NEXT;
}

/* LOOPNE, LOOPE, LOOP and JRCXZ by detail. */
enum x86_step
x86_do_loop(struct x86_cpu *cpu, const struct x86_op *op)
{
	unsigned size = op->address32 ? 4 : 8;
	uint64_t count = x86_reg(cpu, X86_RCX * 8, size);
	bool taken = count == 0;

	if (op->detail < 3) {
		count = (count - 1) & x86_mask(size);
		x86_set_reg(cpu, X86_RCX * 8, size, count);
		taken = count != 0 && (op->detail == 2 ||
		    x86_zf(&cpu->flags) == (op->detail == 1));
	}
	if (taken)
		cpu->reg[X86_RIP] += op->imm;
	return X86_NEXT;
}

/* --- conditions ------------------------------------------------------------------------------- */

#define JCC(n)                                                                                     \
	static enum x86_step jcc_##n(struct x86_cpu *cpu, const struct x86_op *op)                 \
	{                                                                                          \
		if (x86_condition(&cpu->flags, n))                                                 \
			cpu->reg[X86_RIP] += op->imm;                                              \
		return X86_NEXT;                                                                   \
	}

JCC(0) JCC(1) JCC(2) JCC(3) JCC(4) JCC(5) JCC(6) JCC(7)
JCC(8) JCC(9) JCC(10) JCC(11) JCC(12) JCC(13) JCC(14) JCC(15)

const x86_handler x86_jcc[16] = {
	jcc_0, jcc_1, jcc_2, jcc_3, jcc_4, jcc_5, jcc_6, jcc_7,
	jcc_8, jcc_9, jcc_10, jcc_11, jcc_12, jcc_13, jcc_14, jcc_15,
};

enum x86_step
x86_do_setcc(struct x86_cpu *cpu, const struct x86_op *op)
{
	bool holds = x86_condition(&cpu->flags, op->detail);

	if (op->form == X86_MR)
		return x86_store(cpu, x86_address(cpu, op), 1, holds) ? X86_NEXT : X86_STAY;
	x86_set_reg(cpu, op->dst, 1, holds);
	return X86_NEXT;
}

/* The source is read, and a 32-bit destination cut, whatever the condition. */
enum x86_step
x86_do_cmovcc(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value;

	if (!x86_source(cpu, op, op->size, &value))
		return X86_STAY;
	if (!x86_condition(&cpu->flags, op->detail))
		value = x86_reg(cpu, op->dst, op->size);
	x86_set_reg(cpu, op->dst, op->size, value);
	return X86_NEXT;
}
