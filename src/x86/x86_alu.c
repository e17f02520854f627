/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums, differences, logic, moves and exchanges, with their flags [X86-FLAGS].
 *
 * What the manual leaves undefined is taken as processors have it: AF is clear after logic.
 */
#include "x86/x86_alu.h"

/* --- values ----------------------------------------------------------------------------------- */

X86_INLINE uint64_t
add_with(struct x86_cpu *cpu, uint64_t a, uint64_t b, uint64_t carry, unsigned size)
{
	uint64_t r = a + b + carry;

	x86_flags_of(&cpu->flags, x86_extend(r, size),
	    x86_carries((a & b) | ((a | b) & ~r), size));
	return r;
}

X86_INLINE uint64_t
subtract_with(struct x86_cpu *cpu, uint64_t a, uint64_t b, uint64_t borrow, unsigned size)
{
	uint64_t r = a - b - borrow;

	x86_flags_of(&cpu->flags, x86_extend(r, size),
	    x86_carries((~a & b) | ((~a | b) & r), size));
	return r;
}

X86_INLINE uint64_t
value_add(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	return add_with(cpu, a, b, 0, size);
}

X86_INLINE uint64_t
value_adc(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	return add_with(cpu, a, b, x86_cf(&cpu->flags), size);
}

X86_INLINE uint64_t
value_sub(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	return subtract_with(cpu, a, b, 0, size);
}

X86_INLINE uint64_t
value_sbb(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	return subtract_with(cpu, a, b, x86_cf(&cpu->flags), size);
}

X86_INLINE uint64_t
logic(struct x86_cpu *cpu, uint64_t r, unsigned size)
{
	x86_flags_of(&cpu->flags, x86_extend(r, size), 0);
	return r;
}

X86_INLINE uint64_t
value_or(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	return logic(cpu, a | b, size);
}

X86_INLINE uint64_t
value_and(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	return logic(cpu, a & b, size);
}

X86_INLINE uint64_t
value_xor(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	return logic(cpu, a ^ b, size);
}

/* INC and DEC keep CF: it is put back, with OF as it came out. */
X86_INLINE uint64_t
keep_carry(struct x86_cpu *cpu, bool cf, uint64_t r)
{
	x86_set_cf(&cpu->flags, cf);
	return r;
}

X86_INLINE uint64_t
value_inc(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	bool cf = x86_cf(&cpu->flags);

	(void)b;
	return keep_carry(cpu, cf, add_with(cpu, a, 1, 0, size));
}

X86_INLINE uint64_t
value_dec(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	bool cf = x86_cf(&cpu->flags);

	(void)b;
	return keep_carry(cpu, cf, subtract_with(cpu, a, 1, 0, size));
}

/* --- handlers by form and size ---------------------------------------------------------------- */

X86_ALL(add, x86_update, value_add)
X86_ALL(or, x86_update, value_or)
X86_ALL(adc, x86_update, value_adc)
X86_ALL(sbb, x86_update, value_sbb)
X86_ALL(and, x86_update, value_and)
X86_ALL(sub, x86_update, value_sub)
X86_ALL(xor, x86_update, value_xor)
X86_ALL(cmp, x86_compare, value_sub)
X86_ALL(test, x86_compare, value_and)
X86_ALL(mov, x86_assign, value_or)
X86_ALL(inc, x86_update, value_inc)
X86_ALL(dec, x86_update, value_dec)

const x86_handlers x86_alu[8] = {
	X86_LIST(add), X86_LIST(or), X86_LIST(adc), X86_LIST(sbb),
	X86_LIST(and), X86_LIST(sub), X86_LIST(xor), X86_LIST(cmp),
};
const x86_handlers x86_test = X86_LIST(test);
const x86_handlers x86_mov = X86_LIST(mov);
const x86_handlers x86_inc = X86_LIST(inc);
const x86_handlers x86_dec = X86_LIST(dec);

/* --- one handler for all ---------------------------------------------------------------------- */

uint64_t
x86_subtract(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	return value_sub(cpu, a & x86_mask(size), b & x86_mask(size), size);
}

static uint64_t
value_neg(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	(void)b;
	return value_sub(cpu, 0, a, size);
}

static uint64_t
value_not(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size)
{
	(void)cpu;
	(void)b;
	(void)size;
	return ~a;
}

enum x86_step
x86_do_neg(struct x86_cpu *cpu, const struct x86_op *op)
{
	return x86_update(cpu, op, value_neg, op->size, (enum x86_form)op->form);
}

enum x86_step
x86_do_not(struct x86_cpu *cpu, const struct x86_op *op)
{
	return x86_update(cpu, op, value_not, op->size, (enum x86_form)op->form);
}

/* MOV between the accumulator and an address of 64 bits. */
enum x86_step
x86_do_movabs(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t at = op->imm + cpu->reg[op->segment], value;

	if (op->form == X86_MR)
		return x86_store(cpu, at, op->size, x86_reg(cpu, X86_RAX * 8, op->size)) ?
		    X86_NEXT : X86_STAY;
	if (!x86_load(cpu, at, op->size, &value))
		return X86_STAY;
	x86_set_reg(cpu, X86_RAX * 8, op->size, value);
	return X86_NEXT;
}

enum x86_step
x86_do_movzx(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value;

	if (!x86_source(cpu, op, op->detail, &value))
		return X86_STAY;
	x86_set_reg(cpu, op->dst, op->size, value);
	return X86_NEXT;
}

enum x86_step
x86_do_movsx(struct x86_cpu *cpu, const struct x86_op *op)
{
	/* MOVSXD without REX.W is a plain move of its own size. */
	unsigned from = op->detail < op->size ? op->detail : op->size;
	uint64_t value;

	if (!x86_source(cpu, op, from, &value))
		return X86_STAY;
	x86_set_reg(cpu, op->dst, op->size, x86_extend(value, from));
	return X86_NEXT;
}

enum x86_step
x86_do_lea(struct x86_cpu *cpu, const struct x86_op *op)
{
	/* Without the segment's base. */
	x86_set_reg(cpu, op->dst, op->size, x86_address(cpu, op) - cpu->reg[op->segment]);
	return X86_NEXT;
}

enum x86_step
x86_do_xchg(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t a, b = x86_reg(cpu, op->src, op->size);
	struct x86_place place;

	if (op->form == X86_MR) {
		if (!x86_open(cpu, x86_address(cpu, op), op->size, &place, &a))
			return X86_STAY;
		x86_close(&place, op->size, b);
	} else {
		a = x86_reg(cpu, op->dst, op->size);
		x86_set_reg(cpu, op->dst, op->size, b);
	}
	x86_set_reg(cpu, op->src, op->size, a);
	return X86_NEXT;
}

enum x86_step
x86_do_xadd(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t a, b = x86_reg(cpu, op->src, op->size);
	struct x86_place place;

	if (op->form == X86_MR) {
		if (!x86_open(cpu, x86_address(cpu, op), op->size, &place, &a))
			return X86_STAY;
		x86_set_reg(cpu, op->src, op->size, a);
		x86_close(&place, op->size, value_add(cpu, a, b, op->size));
		return X86_NEXT;
	}
	/* With both operands the same register the sum is what is left. */
	a = x86_reg(cpu, op->dst, op->size);
	x86_set_reg(cpu, op->src, op->size, a);
	x86_set_reg(cpu, op->dst, op->size, value_add(cpu, a, b, op->size));
	return X86_NEXT;
}

/*
 * The destination is written in either case, so that it takes a write fault [X86-CMPXCHG].  A
 * 32-bit register that loses keeps its upper half.
 */
enum x86_step
x86_do_cmpxchg(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t accumulator = x86_reg(cpu, X86_RAX * 8, op->size), a;
	struct x86_place place;

	if (op->form == X86_MR) {
		if (!x86_open(cpu, x86_address(cpu, op), op->size, &place, &a))
			return X86_STAY;
	} else {
		a = x86_reg(cpu, op->dst, op->size);
	}
	(void)value_sub(cpu, accumulator, a, op->size);
	if (!x86_zf(&cpu->flags)) {
		x86_set_reg(cpu, X86_RAX * 8, op->size, a);
		return X86_NEXT;
	}
	if (op->form == X86_MR)
		x86_close(&place, op->size, x86_reg(cpu, op->src, op->size));
	else
		x86_set_reg(cpu, op->dst, op->size, x86_reg(cpu, op->src, op->size));
	return X86_NEXT;
}

/* CMPXCHG8B and, with REX.W, CMPXCHG16B: of the flags only ZF changes. */
enum x86_step
x86_do_cmpxchg16(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t at = x86_address(cpu, op), rflags = x86_flags_get(&cpu->flags) & ~(uint64_t)X86_ZF;
	unsigned half = op->size;
	unsigned char old[16], replacement[16], expected[16];
	struct x86_place place;

	if (half == 8 && (at & 15) != 0)
		return x86_raise_code(cpu, X86_GP, 0);
	if (!x86_reach(cpu, at, 2 * half, X86_MODIFY, &place))
		return X86_STAY;
	x86_take(&place, old, 2 * half);
	memcpy(expected, &cpu->reg[X86_RAX], half);
	memcpy(expected + half, &cpu->reg[X86_RDX], half);
	memcpy(replacement, &cpu->reg[X86_RBX], half);
	memcpy(replacement + half, &cpu->reg[X86_RCX], half);
	if (memcmp(old, expected, 2 * half) == 0) {
		x86_put(&place, replacement, 2 * half);
		rflags |= X86_ZF;
	} else {
		uint64_t low = 0, high = 0;

		memcpy(&low, old, half);
		memcpy(&high, old + half, half);
		x86_set_reg(cpu, X86_RAX * 8, half, low);
		x86_set_reg(cpu, X86_RDX * 8, half, high);
	}
	x86_flags_set(&cpu->flags, rflags);
	return X86_NEXT;
}

/* CBW, CWDE, CDQE. */
enum x86_step
x86_do_cbw(struct x86_cpu *cpu, const struct x86_op *op)
{
	x86_set_reg(cpu, X86_RAX * 8, op->size,
	    x86_extend(x86_reg(cpu, X86_RAX * 8, op->size / 2), op->size / 2));
	return X86_NEXT;
}

/* CWD, CDQ, CQO. */
enum x86_step
x86_do_cwd(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value = x86_extend(x86_reg(cpu, X86_RAX * 8, op->size), op->size);

	x86_set_reg(cpu, X86_RDX * 8, op->size, (uint64_t)((int64_t)value >> 63));
	return X86_NEXT;
}
