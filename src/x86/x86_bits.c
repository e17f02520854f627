/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shifts, rotations, bits, products and quotients [X86-FLAGS].
 *
 * Flags that the manual leaves undefined: OF of a shift by more than one is what one more shift by
 * one would set, AF is clear; a product sets ZF, SF and PF by its low half; a quotient changes
 * none; BT and its kin change CF only; BSF and BSR of nothing leave their register alone.
 */
#include "x86/x86_alu.h"

__extension__ typedef unsigned __int128 wide;

/* --- an operand that is read and written, in a register or in memory -------------------------- */

struct spot {
	struct x86_place place;
	bool in_memory;
};

static bool
spot_open(struct x86_cpu *cpu, const struct x86_op *op, struct spot *spot, uint64_t *value)
{
	spot->in_memory = op->form >= X86_MR;
	if (spot->in_memory)
		return x86_open(cpu, x86_address(cpu, op), op->size, &spot->place, value);
	*value = x86_reg(cpu, op->dst, op->size);
	return true;
}

static void
spot_close(struct x86_cpu *cpu, const struct x86_op *op, const struct spot *spot, uint64_t value)
{
	if (spot->in_memory)
		x86_close(&spot->place, op->size, value);
	else
		x86_set_reg(cpu, op->dst, op->size, value);
}

/* An operand that is only read. */
static bool
rm_value(struct x86_cpu *cpu, const struct x86_op *op, uint64_t *value)
{
	if (op->form >= X86_RM)
		return x86_load(cpu, x86_address(cpu, op), op->size, value);
	*value = x86_reg(cpu, op->src, op->size);
	return true;
}

static bool
top_bit(uint64_t value, unsigned size)
{
	return value >> (8 * size - 1) & 1;
}

/* --- shifts ----------------------------------------------------------------------------------- */

/* What a shift makes of a value, and the same with one step less: between them CF falls out. */
struct shifted {
	uint64_t before, after;
	bool cf;
};

static struct shifted
shift_left(uint64_t a, unsigned count, unsigned size)
{
	struct shifted s = { a << (count - 1), 0, false };

	s.cf = top_bit(s.before, size);
	s.after = s.before << 1;
	return s;
}

static struct shifted
shift_right(uint64_t a, unsigned count, unsigned size)
{
	struct shifted s = { a >> (count - 1), 0, false };

	(void)size;
	s.cf = s.before & 1;
	s.after = s.before >> 1;
	return s;
}

static struct shifted
shift_signed(uint64_t a, unsigned count, unsigned size)
{
	struct shifted s = { (uint64_t)((int64_t)x86_extend(a, size) >> (count - 1)), 0, false };

	s.cf = s.before & 1;
	s.after = (uint64_t)((int64_t)s.before >> 1);
	return s;
}

typedef struct shifted (*shift_fn)(uint64_t a, unsigned count, unsigned size);

static uint64_t
do_shift(struct x86_cpu *cpu, shift_fn f, uint64_t a, unsigned count, unsigned size)
{
	struct shifted s = f(a, count, size);

	x86_flags_of(&cpu->flags, x86_extend(s.after, size),
	    x86_carry_of(s.cf, top_bit(s.before, size) != top_bit(s.after, size)));
	return s.after;
}

/* --- rotations -------------------------------------------------------------------------------- */

static uint64_t
rotate_left(uint64_t a, unsigned count, unsigned size)
{
	unsigned bits = 8 * size, by = count % bits;

	return by == 0 ? a : (a << by | a >> (bits - by)) & x86_mask(size);
}

static uint64_t
do_rotate(struct x86_cpu *cpu, bool right, uint64_t a, unsigned count, unsigned size)
{
	unsigned bits = 8 * size;
	uint64_t r = rotate_left(a, right ? bits - count % bits : count, size);
	bool top = top_bit(r, size);

	if (right)
		x86_set_cf_of(&cpu->flags, top, top != (r >> (bits - 2) & 1));
	else
		x86_set_cf_of(&cpu->flags, r & 1, top != (r & 1));
	return r;
}

/* Through the carry: a rotation of one bit more. */
static uint64_t
do_rotate_carry(struct x86_cpu *cpu, bool right, uint64_t a, unsigned count, unsigned size)
{
	unsigned bits = 8 * size, by = count % (bits + 1);
	bool cf = x86_cf(&cpu->flags);
	uint64_t r = a;

	if (by == 0)
		return a;
	if (right)
		by = bits + 1 - by;
	/* by: how far to the left, 1 to `bits` */
	r = by == bits ? 0 : a << by;
	r |= (uint64_t)cf << (by - 1);
	if (by > 1)
		r |= a >> (bits + 1 - by);
	cf = a >> (bits - by) & 1;
	r &= x86_mask(size);
	x86_set_cf_of(&cpu->flags, cf, top_bit(a, size) != top_bit(r, size));
	return r;
}

/* Detail: ModRM.reg. */
static uint64_t
shift_by_kind(struct x86_cpu *cpu, unsigned kind, uint64_t a, unsigned count, unsigned size)
{
	static const shift_fn shifts[] = { shift_left, shift_right, shift_left, shift_signed };

	if (kind < 2)
		return do_rotate(cpu, kind == 1, a, count, size);
	if (kind < 4)
		return do_rotate_carry(cpu, kind == 3, a, count, size);
	return do_shift(cpu, shifts[kind - 4], a, count, size);
}

enum x86_step
x86_do_shift(struct x86_cpu *cpu, const struct x86_op *op)
{
	bool by_cl = op->form == X86_RR || op->form == X86_MR;
	uint64_t a, count = by_cl ? cpu->reg[X86_RCX] : op->imm;
	struct spot spot;

	count &= op->size == 8 ? 63 : 31;
	if (!spot_open(cpu, op, &spot, &a))
		return X86_STAY;
	if (count != 0)
		a = shift_by_kind(cpu, op->detail, a, (unsigned)count, op->size);
	spot_close(cpu, op, &spot, a);
	return X86_NEXT;
}

/*
 * SHLD and SHRD.  A word is shifted as if it stood on both sides of the other operand, which is
 * what processors do with counts above 16.
 */
static struct shifted
double_shift(uint64_t a, uint64_t b, unsigned count, unsigned size, bool right)
{
	unsigned bits = 8 * size;
	unsigned outer = size == 2 ? 16 : 0; /* the second copy of a */
	wide v, before;
	struct shifted s;

	if (right) {
		v = (wide)b << bits | a | (size == 2 ? (wide)a << 32 : 0);
		before = v >> (count - 1);
		s.cf = before & 1;
		s.before = (uint64_t)before & x86_mask(size);
		s.after = (uint64_t)(before >> 1) & x86_mask(size);
		return s;
	}
	v = ((wide)a << bits | b) << outer | (size == 2 ? a : 0);
	before = v << (count - 1);
	s.before = (uint64_t)(before >> (bits + outer)) & x86_mask(size);
	s.cf = top_bit(s.before, size);
	s.after = (uint64_t)(before << 1 >> (bits + outer)) & x86_mask(size);
	return s;
}

enum x86_step
x86_do_double_shift(struct x86_cpu *cpu, const struct x86_op *op)
{
	bool by_cl = op->detail == X86_LEFT_CL || op->detail == X86_RIGHT_CL;
	uint64_t a, count = by_cl ? cpu->reg[X86_RCX] : op->imm;
	struct spot spot;

	count &= op->size == 8 ? 63 : 31;
	if (!spot_open(cpu, op, &spot, &a))
		return X86_STAY;
	if (count != 0) {
		struct shifted s = double_shift(a, x86_reg(cpu, op->src, op->size),
		    (unsigned)count, op->size, op->detail >= X86_RIGHT);

		x86_flags_of(&cpu->flags, x86_extend(s.after, op->size), x86_carry_of(s.cf,
		    top_bit(s.before, op->size) != top_bit(s.after, op->size)));
		a = s.after;
	}
	spot_close(cpu, op, &spot, a);
	return X86_NEXT;
}

/* --- bits ------------------------------------------------------------------------------------- */

static uint64_t
change_bit(unsigned how, uint64_t value, uint64_t bit)
{
	switch (how) {
	case X86_BTS:
		return value | bit;
	case X86_BTR:
		return value & ~bit;
	case X86_BTC:
		return value ^ bit;
	default:
		return value;
	}
}

/*
 * With the bit's number in a register, memory is a string of bits that reaches both ways from the
 * operand.
 */
enum x86_step
x86_do_bit(struct x86_cpu *cpu, const struct x86_op *op)
{
	bool by_register = op->form == X86_RR || op->form == X86_MR;
	uint64_t number = by_register ? x86_reg(cpu, op->src, op->size) : op->imm;
	uint64_t bit = 1ull << (number & (8u * op->size - 1)), value, at;
	struct x86_place place;

	if (op->form < X86_MR) {
		value = x86_reg(cpu, op->dst, op->size);
		if (op->detail != X86_BT)
			x86_set_reg(cpu, op->dst, op->size, change_bit(op->detail, value, bit));
		x86_set_cf(&cpu->flags, (value & bit) != 0);
		return X86_NEXT;
	}
	at = x86_address(cpu, op);
	if (by_register)
		at += ((uint64_t)((int64_t)x86_extend(number, op->size) >> 3)) &
		    ~(uint64_t)(op->size - 1u);
	if (op->detail == X86_BT) {
		if (!x86_load(cpu, at, op->size, &value))
			return X86_STAY;
	} else {
		if (!x86_open(cpu, at, op->size, &place, &value))
			return X86_STAY;
		x86_close(&place, op->size, change_bit(op->detail, value, bit));
	}
	x86_set_cf(&cpu->flags, (value & bit) != 0);
	return X86_NEXT;
}

/* BSF, and with detail 1 BSR. */
enum x86_step
x86_do_scan(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value;

	if (!rm_value(cpu, op, &value))
		return X86_STAY;
	x86_flags_of(&cpu->flags, x86_extend(value, op->size), 0);
	if (value != 0)
		x86_set_reg(cpu, op->dst, op->size, op->detail ?
		    63u - (unsigned)__builtin_clzll(value) : (unsigned)__builtin_ctzll(value));
	return X86_NEXT;
}

enum x86_step
x86_do_popcnt(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value;

	if (!rm_value(cpu, op, &value))
		return X86_STAY;
	x86_flags_set(&cpu->flags, value == 0 ? X86_ZF : 0);
	x86_set_reg(cpu, op->dst, op->size, (unsigned)__builtin_popcountll(value));
	return X86_NEXT;
}

enum x86_step
x86_do_bswap(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value = __builtin_bswap64(x86_reg(cpu, op->dst, op->size));

	x86_set_reg(cpu, op->dst, op->size, value >> (64 - 8 * op->size));
	return X86_NEXT;
}

/* --- products and quotients ------------------------------------------------------------------- */

/* The upper half of a product of two numbers of `size` bytes; *low gets the lower. */
static uint64_t
multiply(uint64_t a, uint64_t b, unsigned size, bool is_signed, uint64_t *low)
{
	wide product = (wide)a * b;

	/* A negative factor stands for itself minus 2^64. */
	if (is_signed) {
		product -= (int64_t)a < 0 ? (wide)b << 64 : 0;
		product -= (int64_t)b < 0 ? (wide)a << 64 : 0;
	}
	*low = (uint64_t)product & x86_mask(size);
	return (uint64_t)(product >> (8 * size)) & x86_mask(size);
}

static void
product_flags(struct x86_cpu *cpu, uint64_t low, bool overflow, unsigned size)
{
	x86_flags_of(&cpu->flags, x86_extend(low, size), x86_carry_of(overflow, overflow));
}

/* Whether the upper half is no more than the sign of the lower one. */
static bool
is_sign_of(uint64_t high, uint64_t low, unsigned size)
{
	return high == (top_bit(low, size) ? x86_mask(size) : 0);
}

/* IMUL of two operands, and with detail 1 of a source and an immediate. */
enum x86_step
x86_do_imul(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t a, b, high, low;

	if (!rm_value(cpu, op, &a))
		return X86_STAY;
	b = op->detail ? op->imm : x86_extend(x86_reg(cpu, op->dst, op->size), op->size);
	high = multiply(x86_extend(a, op->size), b, op->size, true, &low);
	product_flags(cpu, low, !is_sign_of(high, low, op->size), op->size);
	x86_set_reg(cpu, op->dst, op->size, low);
	return X86_NEXT;
}

/* Two halves of a double-sized number: AH and AL, or RDX and RAX of some size. */
static void
set_halves(struct x86_cpu *cpu, unsigned size, uint64_t high, uint64_t low)
{
	x86_set_reg(cpu, X86_RAX * 8, size, low);
	x86_set_reg(cpu, size == 1 ? 1 : X86_RDX * 8, size, high);
}

static void
multiply_wide(struct x86_cpu *cpu, unsigned size, uint64_t value, bool is_signed)
{
	uint64_t a = x86_reg(cpu, X86_RAX * 8, size), high, low;

	if (is_signed) {
		a = x86_extend(a, size);
		value = x86_extend(value, size);
	}
	high = multiply(a, value, size, is_signed, &low);
	product_flags(cpu, low, is_signed ? !is_sign_of(high, low, size) : high != 0, size);
	set_halves(cpu, size, high, low);
}

/* false: the quotient does not exist or does not fit. */
static bool
divide(wide dividend, uint64_t divisor, unsigned size, uint64_t *quotient, uint64_t *rest)
{
	if (divisor == 0 || (dividend / divisor) >> (8 * size) != 0)
		return false;
	*quotient = (uint64_t)(dividend / divisor);
	*rest = (uint64_t)(dividend % divisor);
	return true;
}

/* By magnitudes; the rest has the sign of the dividend. */
static bool
divide_signed(wide dividend, uint64_t divisor, unsigned size, uint64_t *quotient, uint64_t *rest)
{
	bool minus = (dividend >> 127) != 0, minus_divisor = (divisor >> 63) != 0;
	uint64_t limit = (x86_mask(size) >> 1) + (minus != minus_divisor);

	if (minus)
		dividend = 0 - dividend;
	if (minus_divisor)
		divisor = 0 - divisor;
	if (!divide(dividend, divisor, size, quotient, rest) || *quotient > limit)
		return false;
	if (minus != minus_divisor)
		*quotient = 0 - *quotient;
	if (minus)
		*rest = 0 - *rest;
	return true;
}

static bool
divide_wide(struct x86_cpu *cpu, unsigned size, uint64_t value, bool is_signed)
{
	unsigned bits = 8 * size;
	wide dividend = (wide)x86_reg(cpu, size == 1 ? 1 : X86_RDX * 8, size) << bits |
	    x86_reg(cpu, X86_RAX * 8, size);
	uint64_t quotient, rest;
	bool fits;

	if (is_signed) {
		/* The sign of 2 * bits reaches up to bit 127. */
		if (dividend >> (2 * bits - 1) & 1)
			dividend |= size == 8 ? 0 : ~(wide)0 << (2 * bits);
		fits = divide_signed(dividend, x86_extend(value, size), size, &quotient, &rest);
	} else {
		fits = divide(dividend, value, size, &quotient, &rest);
	}
	if (fits)
		set_halves(cpu, size, rest, quotient);
	return fits;
}

enum x86_step
x86_do_muldiv(struct x86_cpu *cpu, const struct x86_op *op)
{
	bool is_signed = op->detail == X86_IMUL_WIDE || op->detail == X86_IDIV;
	uint64_t value;

	if (op->form >= X86_RM) {
		if (!x86_load(cpu, x86_address(cpu, op), op->size, &value))
			return X86_STAY;
	} else {
		value = x86_reg(cpu, op->dst, op->size);
	}
	if (op->detail == X86_MUL || op->detail == X86_IMUL_WIDE)
		multiply_wide(cpu, op->size, value, is_signed);
	else if (!divide_wide(cpu, op->size, value, is_signed))
		return x86_raise(cpu, X86_DE);
	return X86_NEXT;
}
