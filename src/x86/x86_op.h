/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One decoded instruction, and how its handler reaches registers and memory.
 *
 * The processor is written for little-endian hosts, as the rest of the simulator is: a register is
 * reached by its byte offset in x86_cpu.reg, so that AH is a byte like any other.
 */
#ifndef VK_X86_X86_OP_H
#define VK_X86_X86_OP_H

#include <string.h>

#include "x86/x86.h"

typedef enum x86_step (*x86_handler)(struct x86_cpu *cpu, const struct x86_op *op);

/* Where the operands are, the destination first; a lone operand is R or M with anything. */
enum x86_form { X86_RR, X86_RI, X86_RM, X86_MR, X86_MI, X86_FORMS };

enum x86_repeat { X86_ONCE, X86_REP, X86_REPNE };

/* --- stops ------------------------------------------------------------------------------------ */

enum x86_step x86_raise(struct x86_cpu *cpu, unsigned vector);
enum x86_step x86_raise_code(struct x86_cpu *cpu, unsigned vector, uint32_t code);

#define X86_DE 0u
#define X86_DB 1u
#define X86_BP 3u
#define X86_UD 6u
#define X86_GP 13u

/* --- registers -------------------------------------------------------------------------------- */

/* Sizes are constants in most calls and fold away. */
static inline uint64_t
x86_reg(const struct x86_cpu *cpu, unsigned offset, unsigned size)
{
	const unsigned char *at = (const unsigned char *)cpu->reg + offset;
	uint64_t value = 0;

	switch (size) {
	case 1:
		return *at;
	case 2:
		memcpy(&value, at, 2);
		return value;
	case 4:
		memcpy(&value, at, 4);
		return value;
	default:
		memcpy(&value, at, 8);
		return value;
	}
}

/* A 32-bit result clears the upper half of its register [X86-REGISTERS]. */
static inline void
x86_set_reg(struct x86_cpu *cpu, unsigned offset, unsigned size, uint64_t value)
{
	unsigned char *at = (unsigned char *)cpu->reg + offset;

	switch (size) {
	case 1:
		*at = (unsigned char)value;
		break;
	case 2:
		memcpy(at, &value, 2);
		break;
	case 4:
		value &= 0xffffffffu;
		memcpy(at, &value, 8);
		break;
	default:
		memcpy(at, &value, 8);
		break;
	}
}

static inline uint64_t
x86_mask(unsigned size)
{
	return ~0ull >> (64 - 8 * size);
}

/* The low `size` bytes of a value, with their sign. */
static inline uint64_t
x86_extend(uint64_t value, unsigned size)
{
	unsigned up = 64 - 8 * size;

	return (uint64_t)((int64_t)(value << up) >> up);
}

/* --- memory ----------------------------------------------------------------------------------- */

static inline uint64_t
x86_address(const struct x86_cpu *cpu, const struct x86_op *op)
{
	uint64_t at = cpu->reg[op->base] + (cpu->reg[op->index] << op->shift) +
	    (uint64_t)(int64_t)op->disp;

	if (op->address32)
		at &= 0xffffffffu;
	return at + cpu->reg[op->segment];
}

/* The bytes of an access that a window answers, or NULL. */
static inline unsigned char *
x86_near(struct x86_cpu *cpu, const struct x86_window *windows, uint64_t at, unsigned size)
{
	const struct x86_window *window = &windows[(at >> 12) & (X86_WINDOWS - 1)];

	/* One comparison: a page border in between, and the last byte is in another page. */
	if (window->page != (at + size - 1) >> 12)
		return NULL;
	cpu->kept++;
	return window->bytes + (at & 0xfff);
}

/* The long way: asks the memory; false: refused. */
bool x86_reach(struct x86_cpu *cpu, uint64_t at, unsigned size, enum x86_access access,
    struct x86_place *place);
bool x86_load_far(struct x86_cpu *cpu, uint64_t at, void *bytes, unsigned size);
bool x86_store_far(struct x86_cpu *cpu, uint64_t at, const void *bytes, unsigned size);
void x86_take(const struct x86_place *place, void *bytes, unsigned size);
void x86_put(const struct x86_place *place, const void *bytes, unsigned size);

static inline bool
x86_load(struct x86_cpu *cpu, uint64_t at, unsigned size, uint64_t *value)
{
	const unsigned char *bytes = x86_near(cpu, cpu->read, at, size);

	*value = 0;
	if (bytes == NULL)
		return x86_load_far(cpu, at, value, size);
	memcpy(value, bytes, size);
	return true;
}

/* The source of an instruction, a general register or memory; false: refused. */
static inline bool
x86_source(struct x86_cpu *cpu, const struct x86_op *op, unsigned size, uint64_t *value)
{
	if (op->form == X86_RM)
		return x86_load(cpu, x86_address(cpu, op), size, value);
	*value = x86_reg(cpu, op->src, size);
	return true;
}

static inline bool
x86_store(struct x86_cpu *cpu, uint64_t at, unsigned size, uint64_t value)
{
	unsigned char *bytes = x86_near(cpu, cpu->write, at, size);

	if (bytes == NULL)
		return x86_store_far(cpu, at, &value, size);
	memcpy(bytes, &value, size);
	return true;
}

/* Memory that is read and written by one instruction: opened as a write, then stored into. */
static inline bool
x86_open(struct x86_cpu *cpu, uint64_t at, unsigned size, struct x86_place *place, uint64_t *value)
{
	unsigned char *bytes = x86_near(cpu, cpu->write, at, size);

	*value = 0;
	if (bytes == NULL) {
		if (!x86_reach(cpu, at, size, X86_MODIFY, place))
			return false;
		x86_take(place, value, size);
		return true;
	}
	place->at[0] = bytes;
	place->first = size;
	memcpy(value, bytes, size);
	return true;
}

static inline void
x86_close(const struct x86_place *place, unsigned size, uint64_t value)
{
	if (place->first >= size)
		memcpy(place->at[0], &value, size);
	else
		x86_put(place, &value, size);
}

/* --- status flags ----------------------------------------------------------------------------- */

/* The carries of a sum or the borrows of a difference, brought to where x86_flags has them. */
static inline uint64_t
x86_carries(uint64_t vector, unsigned size)
{
	unsigned up = 64 - 8 * size;

	return up == 0 ? vector : vector << up | (vector & 8);
}

static inline void
x86_flags_of(struct x86_flags *flags, uint64_t result, uint64_t carry)
{
	flags->result = result;
	flags->carry = carry;
	flags->fix = 0;
}

static inline bool
x86_cf(const struct x86_flags *flags)
{
	return flags->carry >> 63;
}

static inline bool
x86_of(const struct x86_flags *flags)
{
	return ((flags->carry ^ flags->carry << 1) >> 63) != 0;
}

static inline bool
x86_af(const struct x86_flags *flags)
{
	return (flags->carry & 8) != 0;
}

static inline bool
x86_zf(const struct x86_flags *flags)
{
	return flags->result == 0;
}

static inline bool
x86_sf(const struct x86_flags *flags)
{
	return ((flags->result >> 56 ^ flags->fix) & X86_SF) != 0;
}

static inline bool
x86_pf(const struct x86_flags *flags)
{
	/* Bit n: the nibble n has an even number of bits set. */
	unsigned low = (unsigned)(flags->result ^ flags->result >> 4) & 15;

	return ((0x9669u >> low ^ (unsigned)flags->fix >> 2) & 1) != 0;
}

/* CF and OF as given, AF clear. */
static inline uint64_t
x86_carry_of(bool cf, bool of)
{
	return (uint64_t)cf << 63 | (uint64_t)(cf != of) << 62;
}

/* CF alone. */
static inline void
x86_set_cf(struct x86_flags *flags, bool cf)
{
	flags->carry = x86_carry_of(cf, x86_of(flags)) | (flags->carry & 8);
}

/* CF and OF alone. */
static inline void
x86_set_cf_of(struct x86_flags *flags, bool cf, bool of)
{
	flags->carry = x86_carry_of(cf, of) | (flags->carry & 8);
}

/* The six of them from their places in RFLAGS, whatever the combination. */
void x86_flags_set(struct x86_flags *flags, uint64_t rflags);
uint64_t x86_flags_get(const struct x86_flags *flags);

/* The condition of Jcc, SETcc and CMOVcc by its number, 0 to 15. */
static inline bool
x86_condition(const struct x86_flags *flags, unsigned condition)
{
	bool holds;

	switch (condition >> 1) {
	case 0:
		holds = x86_of(flags);
		break;
	case 1:
		holds = x86_cf(flags);
		break;
	case 2:
		holds = x86_zf(flags);
		break;
	case 3:
		holds = x86_cf(flags) || x86_zf(flags);
		break;
	case 4:
		holds = x86_sf(flags);
		break;
	case 5:
		holds = x86_pf(flags);
		break;
	case 6:
		holds = x86_sf(flags) != x86_of(flags);
		break;
	default:
		holds = x86_zf(flags) || x86_sf(flags) != x86_of(flags);
		break;
	}
	return holds != (condition & 1);
}

#endif
