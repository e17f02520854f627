/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vector registers: moves, and integer operations lane by lane [X86-VECTOR].
 *
 * Those of SSE and SSE2 that compilers emit for copying, clearing, comparing and shuffling; no
 * floating point, no MMX.
 */
#include "x86/x86_alu.h"

typedef union x86_vector vector;

/* --- operands --------------------------------------------------------------------------------- */

static bool
load_vector(struct x86_cpu *cpu, uint64_t at, unsigned size, vector *v)
{
	const unsigned char *bytes = x86_near(cpu, cpu->read, at, size);

	if (bytes == NULL)
		return x86_load_far(cpu, at, v, size);
	memcpy(v, bytes, size);
	return true;
}

static bool
store_vector(struct x86_cpu *cpu, uint64_t at, unsigned size, const vector *v)
{
	unsigned char *bytes = x86_near(cpu, cpu->write, at, size);

	if (bytes == NULL)
		return x86_store_far(cpu, at, v, size);
	memcpy(bytes, v, size);
	return true;
}

/* The 16 bytes of the source; in memory they have to be aligned. */
static enum x86_step
source(struct x86_cpu *cpu, const struct x86_op *op, vector *v)
{
	uint64_t at;

	if (op->form != X86_RM) {
		*v = cpu->xmm[op->src];
		return X86_NEXT;
	}
	at = x86_address(cpu, op);
	if ((at & 15) != 0)
		return x86_raise_code(cpu, X86_GP, 0);
	return load_vector(cpu, at, 16, v) ? X86_NEXT : X86_STAY;
}

/* --- moves ------------------------------------------------------------------------------------ */

static enum x86_step
move_whole(struct x86_cpu *cpu, const struct x86_op *op, uint64_t at)
{
	switch ((enum x86_form)op->form) {
	case X86_RM:
		return load_vector(cpu, at, 16, &cpu->xmm[op->dst]) ? X86_NEXT : X86_STAY;
	case X86_MR:
		return store_vector(cpu, at, 16, &cpu->xmm[op->src]) ? X86_NEXT : X86_STAY;
	default:
		cpu->xmm[op->dst] = cpu->xmm[op->src];
		return X86_NEXT;
	}
}

enum x86_step
x86_do_vmove(struct x86_cpu *cpu, const struct x86_op *op)
{
	return move_whole(cpu, op, x86_address(cpu, op));
}

enum x86_step
x86_do_valigned(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t at = x86_address(cpu, op);

	if (op->form != X86_RR && (at & 15) != 0)
		return x86_raise_code(cpu, X86_GP, 0);
	return move_whole(cpu, op, at);
}

/* MOVSS and MOVSD: a register keeps its upper part, unless the lower one comes from memory. */
enum x86_step
x86_do_vmove_low(struct x86_cpu *cpu, const struct x86_op *op)
{
	vector v = { .q = { 0, 0 } };

	switch ((enum x86_form)op->form) {
	case X86_RM:
		if (!load_vector(cpu, x86_address(cpu, op), op->size, &v))
			return X86_STAY;
		cpu->xmm[op->dst] = v;
		return X86_NEXT;
	case X86_MR:
		return store_vector(cpu, x86_address(cpu, op), op->size, &cpu->xmm[op->src]) ?
		    X86_NEXT : X86_STAY;
	default:
		memcpy(&cpu->xmm[op->dst], &cpu->xmm[op->src], op->size);
		return X86_NEXT;
	}
}

/* MOVQ: the upper half is cleared in either case. */
enum x86_step
x86_do_vmove_quad(struct x86_cpu *cpu, const struct x86_op *op)
{
	vector v = { .q = { cpu->xmm[op->src].q[0], 0 } };

	if (op->form == X86_MR)
		return store_vector(cpu, x86_address(cpu, op), 8, &v) ? X86_NEXT : X86_STAY;
	if (op->form == X86_RM && !load_vector(cpu, x86_address(cpu, op), 8, &v))
		return X86_STAY;
	cpu->xmm[op->dst] = v;
	return X86_NEXT;
}

/* One half of a register, the other stays. */
enum x86_step
x86_do_vmove_half(struct x86_cpu *cpu, const struct x86_op *op)
{
	unsigned half = op->detail == X86_V_HIGH || op->detail == X86_V_HIGH_FROM_LOW;
	uint64_t value;

	if (op->form == X86_MR)
		return x86_store(cpu, x86_address(cpu, op), 8, cpu->xmm[op->src].q[half]) ?
		    X86_NEXT : X86_STAY;
	if (op->form == X86_RM) {
		if (!x86_load(cpu, x86_address(cpu, op), 8, &value))
			return X86_STAY;
	} else {
		value = cpu->xmm[op->src].q[!half];
	}
	cpu->xmm[op->dst].q[half] = value;
	return X86_NEXT;
}

/* MOVD and MOVQ with a general register or memory. */
enum x86_step
x86_do_vto_g(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value = cpu->xmm[op->src].q[0];

	if (op->form == X86_MR)
		return x86_store(cpu, x86_address(cpu, op), op->size, value) ? X86_NEXT : X86_STAY;
	x86_set_reg(cpu, op->dst, op->size, value);
	return X86_NEXT;
}

enum x86_step
x86_do_vfrom_g(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value;

	if (!x86_source(cpu, op, op->size, &value))
		return X86_STAY;
	cpu->xmm[op->dst].q[0] = value;
	cpu->xmm[op->dst].q[1] = 0;
	return X86_NEXT;
}

/* --- lanes ------------------------------------------------------------------------------------ */

/* A vector as lanes of 1, 2, 4 or 8 bytes. */
static uint64_t
lane(const vector *v, unsigned size, unsigned i)
{
	switch (size) {
	case 1:
		return v->b[i];
	case 2:
		return v->w[i];
	case 4:
		return v->d[i];
	default:
		return v->q[i];
	}
}

static void
set_lane(vector *v, unsigned size, unsigned i, uint64_t value)
{
	switch (size) {
	case 1:
		v->b[i] = (uint8_t)value;
		break;
	case 2:
		v->w[i] = (uint16_t)value;
		break;
	case 4:
		v->d[i] = (uint32_t)value;
		break;
	default:
		v->q[i] = value;
		break;
	}
}

static int64_t
as_signed(uint64_t value, unsigned size)
{
	return (int64_t)x86_extend(value, size);
}

static uint64_t
saturate(int64_t value, int64_t least, int64_t most)
{
	return (uint64_t)(value < least ? least : value > most ? most : value);
}

static uint64_t
saturate_signed(int64_t value, unsigned size)
{
	int64_t most = (int64_t)(x86_mask(size) >> 1);

	return saturate(value, -most - 1, most);
}

static uint64_t
saturate_unsigned(int64_t value, unsigned size)
{
	return saturate(value, 0, (int64_t)x86_mask(size));
}

/* Operations on two lanes; no lane of 8 bytes saturates or is compared. */
typedef uint64_t (*lane_fn)(uint64_t a, uint64_t b, unsigned size);

static uint64_t
lane_add(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return a + b;
}

static uint64_t
lane_sub(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return a - b;
}

static uint64_t
lane_adds(uint64_t a, uint64_t b, unsigned size)
{
	return saturate_signed(as_signed(a, size) + as_signed(b, size), size);
}

static uint64_t
lane_addus(uint64_t a, uint64_t b, unsigned size)
{
	return saturate_unsigned((int64_t)(a + b), size);
}

static uint64_t
lane_subs(uint64_t a, uint64_t b, unsigned size)
{
	return saturate_signed(as_signed(a, size) - as_signed(b, size), size);
}

static uint64_t
lane_subus(uint64_t a, uint64_t b, unsigned size)
{
	return saturate_unsigned((int64_t)a - (int64_t)b, size);
}

static uint64_t
lane_and(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return a & b;
}

static uint64_t
lane_andn(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return ~a & b;
}

static uint64_t
lane_or(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return a | b;
}

static uint64_t
lane_xor(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return a ^ b;
}

static uint64_t
lane_equal(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return a == b ? ~0ull : 0;
}

static uint64_t
lane_greater(uint64_t a, uint64_t b, unsigned size)
{
	return as_signed(a, size) > as_signed(b, size) ? ~0ull : 0;
}

static uint64_t
lane_minu(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return a < b ? a : b;
}

static uint64_t
lane_maxu(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return a > b ? a : b;
}

static uint64_t
lane_mins(uint64_t a, uint64_t b, unsigned size)
{
	return as_signed(a, size) < as_signed(b, size) ? a : b;
}

static uint64_t
lane_maxs(uint64_t a, uint64_t b, unsigned size)
{
	return as_signed(a, size) > as_signed(b, size) ? a : b;
}

static uint64_t
lane_avg(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return (a + b + 1) >> 1;
}

static uint64_t
lane_mull(uint64_t a, uint64_t b, unsigned size)
{
	(void)size;
	return a * b;
}

static uint64_t
lane_mulh(uint64_t a, uint64_t b, unsigned size)
{
	return (uint64_t)((as_signed(a, size) * as_signed(b, size)) >> (8 * size));
}

static uint64_t
lane_mulhu(uint64_t a, uint64_t b, unsigned size)
{
	return (a * b) >> (8 * size);
}

struct lanes {
	lane_fn f;
	unsigned size;
};

static const struct lanes lane_table[] = {
	[X86_V_PADDB] = { lane_add, 1 }, [X86_V_PADDW] = { lane_add, 2 },
	[X86_V_PADDD] = { lane_add, 4 }, [X86_V_PADDQ] = { lane_add, 8 },
	[X86_V_PSUBB] = { lane_sub, 1 }, [X86_V_PSUBW] = { lane_sub, 2 },
	[X86_V_PSUBD] = { lane_sub, 4 }, [X86_V_PSUBQ] = { lane_sub, 8 },
	[X86_V_PADDSB] = { lane_adds, 1 }, [X86_V_PADDSW] = { lane_adds, 2 },
	[X86_V_PADDUSB] = { lane_addus, 1 }, [X86_V_PADDUSW] = { lane_addus, 2 },
	[X86_V_PSUBSB] = { lane_subs, 1 }, [X86_V_PSUBSW] = { lane_subs, 2 },
	[X86_V_PSUBUSB] = { lane_subus, 1 }, [X86_V_PSUBUSW] = { lane_subus, 2 },
	[X86_V_PAND] = { lane_and, 8 }, [X86_V_PANDN] = { lane_andn, 8 },
	[X86_V_POR] = { lane_or, 8 }, [X86_V_PXOR] = { lane_xor, 8 },
	[X86_V_PCMPEQB] = { lane_equal, 1 }, [X86_V_PCMPEQW] = { lane_equal, 2 },
	[X86_V_PCMPEQD] = { lane_equal, 4 }, [X86_V_PCMPGTB] = { lane_greater, 1 },
	[X86_V_PCMPGTW] = { lane_greater, 2 }, [X86_V_PCMPGTD] = { lane_greater, 4 },
	[X86_V_PMINUB] = { lane_minu, 1 }, [X86_V_PMAXUB] = { lane_maxu, 1 },
	[X86_V_PMINSW] = { lane_mins, 2 }, [X86_V_PMAXSW] = { lane_maxs, 2 },
	[X86_V_PAVGB] = { lane_avg, 1 }, [X86_V_PAVGW] = { lane_avg, 2 },
	[X86_V_PMULLW] = { lane_mull, 2 }, [X86_V_PMULHW] = { lane_mulh, 2 },
	[X86_V_PMULHUW] = { lane_mulhu, 2 },
};

/* --- operations between lanes ----------------------------------------------------------------- */

static void
multiply_even(vector *a, const vector *b)
{
	a->q[0] = (uint64_t)a->d[0] * b->d[0];
	a->q[1] = (uint64_t)a->d[2] * b->d[2];
}

static void
multiply_add(vector *a, const vector *b)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		a->d[i] = (uint32_t)(as_signed(a->w[2 * i], 2) * as_signed(b->w[2 * i], 2) +
		    as_signed(a->w[2 * i + 1], 2) * as_signed(b->w[2 * i + 1], 2));
}

static void
sum_differences(vector *a, const vector *b)
{
	uint64_t sum[2] = { 0, 0 };
	unsigned i;

	for (i = 0; i < 16; i++)
		sum[i / 8] += (uint64_t)(a->b[i] > b->b[i] ? a->b[i] - b->b[i] :
		    b->b[i] - a->b[i]);
	a->q[0] = sum[0];
	a->q[1] = sum[1];
}

/* Lanes of the lower, or upper, halves in turn. */
static void
interleave(vector *a, const vector *b, unsigned size, bool high)
{
	unsigned half = 8 / size, from = high ? half : 0, i;
	vector v;

	for (i = 0; i < half; i++) {
		set_lane(&v, size, 2 * i, lane(a, size, from + i));
		set_lane(&v, size, 2 * i + 1, lane(b, size, from + i));
	}
	*a = v;
}

/* Lanes of half the size from those of both, cut to what fits. */
static void
pack(vector *a, const vector *b, unsigned size, bool is_signed)
{
	unsigned n = 16 / size, i;
	vector v;

	for (i = 0; i < 2 * n; i++) {
		int64_t value = as_signed(lane(i < n ? a : b, size, i % n), size);

		set_lane(&v, size / 2, i, is_signed ? saturate_signed(value, size / 2) :
		    saturate_unsigned(value, size / 2));
	}
	*a = v;
}

enum shift_kind { SHIFT_LEFT, SHIFT_RIGHT, SHIFT_SIGNED };

/* All lanes by the same count, which may be more than they have bits. */
static void
shift_lanes(vector *a, unsigned size, enum shift_kind kind, uint64_t count)
{
	unsigned bits = 8 * size, n = 16 / size, i;

	for (i = 0; i < n; i++) {
		uint64_t value = lane(a, size, i);

		if (kind == SHIFT_SIGNED)
			value = (uint64_t)(as_signed(value, size) >>
			    (count < bits ? count : bits - 1));
		else if (count >= bits)
			value = 0;
		else
			value = kind == SHIFT_LEFT ? value << count : value >> count;
		set_lane(a, size, i, value);
	}
}

static void
shift_bytes(vector *a, bool right, unsigned count)
{
	vector v = { .q = { 0, 0 } };

	if (count < 16 && right)
		memcpy(v.b, a->b + count, 16 - count);
	else if (count < 16)
		memcpy(v.b + count, a->b, 16 - count);
	*a = v;
}

struct shifter {
	enum shift_kind kind;
	unsigned size;
};

static const struct shifter shifters[] = {
	[X86_V_PSRLW] = { SHIFT_RIGHT, 2 }, [X86_V_PSRLD] = { SHIFT_RIGHT, 4 },
	[X86_V_PSRLQ] = { SHIFT_RIGHT, 8 }, [X86_V_PSRAW] = { SHIFT_SIGNED, 2 },
	[X86_V_PSRAD] = { SHIFT_SIGNED, 4 }, [X86_V_PSLLW] = { SHIFT_LEFT, 2 },
	[X86_V_PSLLD] = { SHIFT_LEFT, 4 }, [X86_V_PSLLQ] = { SHIFT_LEFT, 8 },
};

static void
combine(enum x86_vector_function function, vector *a, const vector *b)
{
	if (function <= X86_V_PMULHUW) {
		const struct lanes *lanes = &lane_table[function];
		unsigned i;

		for (i = 0; i < 16 / lanes->size; i++)
			set_lane(a, lanes->size, i, lanes->f(lane(a, lanes->size, i),
			    lane(b, lanes->size, i), lanes->size));
	} else if (function >= X86_V_PUNPCKLBW && function <= X86_V_PUNPCKHQDQ) {
		unsigned which = function - X86_V_PUNPCKLBW;

		interleave(a, b, 1u << (which & 3), which >= 4);
	} else if (function >= X86_V_PSRLW && function <= X86_V_PSLLQ) {
		shift_lanes(a, shifters[function].size, shifters[function].kind, b->q[0]);
	} else if (function == X86_V_PMULUDQ) {
		multiply_even(a, b);
	} else if (function == X86_V_PMADDWD) {
		multiply_add(a, b);
	} else if (function == X86_V_PSADBW) {
		sum_differences(a, b);
	} else {
		pack(a, b, function == X86_V_PACKSSDW ? 4 : 2, function != X86_V_PACKUSWB);
	}
}

/* What is said most: XORPS and PXOR of a register, PCMPEQB, POR go through the same table. */
enum x86_step
x86_do_vbinary(struct x86_cpu *cpu, const struct x86_op *op)
{
	enum x86_step step;
	vector b;

	step = source(cpu, op, &b);
	if (step == X86_NEXT)
		combine((enum x86_vector_function)op->detail, &cpu->xmm[op->dst], &b);
	return step;
}

/* Shifts by an immediate. */
enum x86_step
x86_do_vshift(struct x86_cpu *cpu, const struct x86_op *op)
{
	vector *a = &cpu->xmm[op->dst];
	unsigned count = op->imm & 0xff;

	if (op->detail == X86_V_PSRLDQ || op->detail == X86_V_PSLLDQ)
		shift_bytes(a, op->detail == X86_V_PSRLDQ, count);
	else
		shift_lanes(a, shifters[op->detail].size, shifters[op->detail].kind, count);
	return X86_NEXT;
}

enum x86_step
x86_do_vshuffle(struct x86_cpu *cpu, const struct x86_op *op)
{
	unsigned order = op->imm & 0xff, i;
	vector a = cpu->xmm[op->dst], b, v;

	if (source(cpu, op, &b) != X86_NEXT)
		return X86_STAY;
	v = b;
	for (i = 0; i < 4; i++) {
		unsigned from = order >> (2 * i) & 3;

		switch (op->detail) {
		case X86_V_PSHUFD:
			v.d[i] = b.d[from];
			break;
		case X86_V_PSHUFLW:
			v.w[i] = b.w[from];
			break;
		case X86_V_PSHUFHW:
			v.w[4 + i] = b.w[4 + from];
			break;
		case X86_V_SHUFPS:
			v.d[i] = (i < 2 ? &a : &b)->d[from];
			break;
		default: /* SHUFPD */
			v.q[i & 1] = ((i & 1) == 0 ? &a : &b)->q[order >> (i & 1) & 1];
			break;
		}
	}
	cpu->xmm[op->dst] = v;
	return X86_NEXT;
}

/* The top bits of all lanes; detail: bytes of a lane. */
enum x86_step
x86_do_vmask(struct x86_cpu *cpu, const struct x86_op *op)
{
	unsigned size = op->detail, i;
	uint64_t mask = 0;

	for (i = 0; i < 16 / size; i++)
		mask |= (lane(&cpu->xmm[op->src], size, i) >> (8 * size - 1) & 1) << i;
	x86_set_reg(cpu, op->dst, 8, mask);
	return X86_NEXT;
}

enum x86_step
x86_do_vinsert(struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t value;

	if (!x86_source(cpu, op, 2, &value))
		return X86_STAY;
	cpu->xmm[op->dst].w[op->imm & 7] = (uint16_t)value;
	return X86_NEXT;
}

enum x86_step
x86_do_vextract(struct x86_cpu *cpu, const struct x86_op *op)
{
	x86_set_reg(cpu, op->dst, 8, cpu->xmm[op->src].w[op->imm & 7]);
	return X86_NEXT;
}
