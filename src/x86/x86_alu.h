/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How handlers are made: an operation over values, wrapped once for each form and size, so that
 * what is executed most has nothing left to decide; and the operations that have one handler for
 * all.
 */
#ifndef VK_X86_X86_ALU_H
#define VK_X86_X86_ALU_H

#include "x86/x86_table.h"

#define X86_INLINE static inline __attribute__((always_inline))

/* Computes a result of `size` bytes and sets the flags.  What is above them is of no account. */
typedef uint64_t (*x86_binary)(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size);

/* a = f(a, b); a in memory is one access that is read and written. */
X86_INLINE enum x86_step
x86_update(struct x86_cpu *cpu, const struct x86_op *op, x86_binary f, unsigned size,
    enum x86_form form)
{
	struct x86_place place;
	uint64_t a, b = op->imm;

	if (form == X86_MR || form == X86_MI) {
		if (!x86_open(cpu, x86_address(cpu, op), size, &place, &a))
			return X86_STAY;
		if (form == X86_MR)
			b = x86_reg(cpu, op->src, size);
		x86_close(&place, size, f(cpu, a, b, size));
		return X86_NEXT;
	}
	if (form == X86_RM && !x86_load(cpu, x86_address(cpu, op), size, &b))
		return X86_STAY;
	if (form == X86_RR)
		b = x86_reg(cpu, op->src, size);
	a = x86_reg(cpu, op->dst, size);
	x86_set_reg(cpu, op->dst, size, f(cpu, a, b, size));
	return X86_NEXT;
}

/* f(a, b) for its flags alone. */
X86_INLINE enum x86_step
x86_compare(struct x86_cpu *cpu, const struct x86_op *op, x86_binary f, unsigned size,
    enum x86_form form)
{
	uint64_t a, b = op->imm;

	if (form == X86_MR || form == X86_MI) {
		if (!x86_load(cpu, x86_address(cpu, op), size, &a))
			return X86_STAY;
	} else {
		a = x86_reg(cpu, op->dst, size);
	}
	if (form == X86_RM && !x86_load(cpu, x86_address(cpu, op), size, &b))
		return X86_STAY;
	if (form == X86_RR || form == X86_MR)
		b = x86_reg(cpu, op->src, size);
	(void)f(cpu, a, b, size);
	return X86_NEXT;
}

/* a = b */
X86_INLINE enum x86_step
x86_assign(struct x86_cpu *cpu, const struct x86_op *op, x86_binary f, unsigned size,
    enum x86_form form)
{
	uint64_t b = op->imm;

	(void)f;
	if (form == X86_RM && !x86_load(cpu, x86_address(cpu, op), size, &b))
		return X86_STAY;
	if (form == X86_RR || form == X86_MR)
		b = x86_reg(cpu, op->src, size);
	if (form == X86_MR || form == X86_MI)
		return x86_store(cpu, x86_address(cpu, op), size, b) ? X86_NEXT : X86_STAY;
	x86_set_reg(cpu, op->dst, size, b);
	return X86_NEXT;
}

/* One handler: name_FORM_SIZE; all sizes of a form; all forms. */
#define X86_ONE(name, how, f, form, size)                                                          \
	static enum x86_step name##_##form##_##size(struct x86_cpu *cpu, const struct x86_op *op)  \
	{                                                                                          \
		return how(cpu, op, f, size, X86_##form);                                          \
	}
#define X86_SIZES(name, how, f, form)                                                              \
	X86_ONE(name, how, f, form, 1)                                                             \
	X86_ONE(name, how, f, form, 2)                                                             \
	X86_ONE(name, how, f, form, 4)                                                             \
	X86_ONE(name, how, f, form, 8)
#define X86_ALL(name, how, f)                                                                      \
	X86_SIZES(name, how, f, RR)                                                                \
	X86_SIZES(name, how, f, RI)                                                                \
	X86_SIZES(name, how, f, RM)                                                                \
	X86_SIZES(name, how, f, MR)                                                                \
	X86_SIZES(name, how, f, MI)

/* Their addresses. */
typedef x86_handler x86_handlers[X86_FORMS][4];

#define X86_LIST_SIZES(name, form)                                                                 \
	[X86_##form] = { name##_##form##_1, name##_##form##_2, name##_##form##_4,                  \
	    name##_##form##_8 }
#define X86_LIST(name)                                                                             \
	{                                                                                          \
		X86_LIST_SIZES(name, RR), X86_LIST_SIZES(name, RI), X86_LIST_SIZES(name, RM),      \
		    X86_LIST_SIZES(name, MR), X86_LIST_SIZES(name, MI)                             \
	}

/* x86_alu.c */
extern const x86_handlers x86_alu[8]; /* from X86_ADD to X86_CMP */
extern const x86_handlers x86_test, x86_mov, x86_inc, x86_dec;
enum x86_step x86_do_not(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_neg(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_movabs(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_movzx(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_movsx(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_lea(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_xchg(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_xadd(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_cmpxchg(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_cmpxchg16(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_cbw(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_cwd(struct x86_cpu *cpu, const struct x86_op *op);
uint64_t x86_subtract(struct x86_cpu *cpu, uint64_t a, uint64_t b, unsigned size);

/* x86_bits.c */
enum x86_step x86_do_shift(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_double_shift(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_bit(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_scan(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_popcnt(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_bswap(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_imul(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_muldiv(struct x86_cpu *cpu, const struct x86_op *op);

/* x86_flow.c */
enum x86_step x86_do_push(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_pop(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_pushf(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_popf(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_enter(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_leave(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_call(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_call_to(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_jmp(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_jmp_to(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_ret(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_loop(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_setcc(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_cmovcc(struct x86_cpu *cpu, const struct x86_op *op);
extern const x86_handler x86_jcc[16];

/* x86_string.c */
enum x86_step x86_do_movs(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_cmps(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_stos(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_lods(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_scas(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_xlat(struct x86_cpu *cpu, const struct x86_op *op);

/* x86_system.c */
enum x86_step x86_do_flag(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_lahf(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_sahf(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_nop(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_invalid(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_break(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_intn(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_privileged(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_intercept(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_ldmxcsr(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_stmxcsr(struct x86_cpu *cpu, const struct x86_op *op);

/* x86_vector.c */
enum x86_step x86_do_vmove(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_valigned(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vmove_low(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vmove_quad(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vmove_half(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vto_g(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vfrom_g(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vbinary(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vshift(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vshuffle(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vmask(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vinsert(struct x86_cpu *cpu, const struct x86_op *op);
enum x86_step x86_do_vextract(struct x86_cpu *cpu, const struct x86_op *op);

#endif
