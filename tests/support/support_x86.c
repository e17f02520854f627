/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions are made from the rows of the instruction set: one of them, its opcode, a ModRM
 * that it takes, and chance for the rest.
 */
#include "support/support_x86.h"

#include <stdio.h>
#include <string.h>

#include "sim/random_numbers.h"

#define MIDDLE (RANDOM_DATA + 0x1800)
#define SHOWN 10

static uint64_t
any(struct random_world *world)
{
	return random_xorshift(&world->state);
}

unsigned
random_below(struct random_world *world, unsigned n)
{
	return (unsigned)(any(world) >> 33) % n;
}

uint64_t
random_value(struct random_world *world)
{
	unsigned kind = random_below(world, 8);
	uint64_t value = kind < 3 ? random_below(world, 64) :
	    kind == 3             ? any(world) :
	    kind == 4             ? RANDOM_CODE + random_below(world, 2048) :
				    MIDDLE + random_below(world, 1024);

	return random_below(world, 8) == 0 ? value & ~15ull : value;
}

/* --- an instruction --------------------------------------------------------------------------- */

static bool
is_executed(const struct x86_row *row)
{
	switch (row->what) {
	case X86_NOTHING:
	case X86_INVALID:
	case X86_PRIVILEGED:
	case X86_INTN:
	case X86_BREAK:
	case X86_DO_CPUID:
	case X86_DO_VMX:
		return false;
	default:
		return true;
	}
}

static unsigned
put_prefixes(struct random_world *world, struct random_case *c)
{
	static const unsigned char prefixes[] = {0, 0x66, 0xf3, 0xf2};
	const struct x86_row *row = c->row;
	unsigned p, n = 0;

	if (row->prefix != X86_P_ANY) {
		do
			p = random_below(world, 4);
		while (!(row->prefix >> p & 1));
	} else {
		p = random_is_string(c) ? random_below(world, 4) : random_below(world, 4) == 0;
	}
	c->operand16 = p == 1;
	if (prefixes[p] != 0)
		c->bytes[n++] = prefixes[p];
	if (random_below(world, 16) == 0)
		c->bytes[n++] = 0x67;
	c->rex = random_below(world, 2) == 0;
	if (c->rex)
		c->bytes[n++] = (unsigned char)(0x40 | (any(world) & 15));
	return n;
}

/* Memory operands mostly reach the data: small displacements. */
static void
put_modrm(struct random_world *world, struct random_case *c, unsigned n)
{
	const struct x86_row *row = c->row;
	unsigned mod = row->mod == X86_M_REG ? 3 :
	    row->mod == X86_M_MEM            ? random_below(world, 3) :
					       random_below(world, 4);
	unsigned rm = random_below(world, 8);
	uint32_t disp = random_below(world, 512) - 256u;

	do
		c->reg = random_below(world, 8);
	while (!(row->reg >> c->reg & 1));
	c->bytes[n++] = (unsigned char)(mod << 6 | c->reg << 3 | rm);
	if (mod == 3)
		return;
	if (rm == 4 && (c->bytes[n++] & 7) == 5 && mod == 0) {
		disp = (uint32_t)RANDOM_DATA + random_below(world, RANDOM_DATA_SIZE);
		mod = 2;
	}
	c->rip_relative = mod == 0 && rm == 5;
	if (c->rip_relative) {
		disp =
		    (uint32_t)(RANDOM_DATA - RANDOM_CODE) + random_below(world, RANDOM_DATA_SIZE);
		mod = 2;
	}
	if (mod == 2)
		memcpy(c->bytes + n, &disp, 4);
}

bool
random_instruction(struct random_world *world, struct random_case *c, unsigned offset)
{
	const struct x86_row *found;
	unsigned n, i;

	memset(c, 0, sizeof(*c));
	c->row = &x86_rows[random_below(world, (unsigned)x86_row_count)];
	if (!is_executed(c->row))
		return false;
	for (i = 0; i < sizeof(c->bytes); i++)
		c->bytes[i] = (unsigned char)any(world);
	n = put_prefixes(world, c);
	if (c->row->map != X86_MAP_ONE)
		c->bytes[n++] = 0x0f;
	c->bytes[n++] = (unsigned char)(c->row->first +
	    c->row->step *
		random_below(world, (unsigned)(c->row->last - c->row->first) / c->row->step + 1u));
	if (c->row->reg != 0)
		put_modrm(world, c, n);
	if (c->row->encoding == X86_E_JZ)
		memset(c->bytes + n + 1, c->bytes[n + 1] & 1 ? 0xff : 0, 3);
	if (x86_decode(c->bytes, X86_LENGTH_MAX, &c->op, &found, &c->selected) != X86_DECODED ||
	    c->op.run == NULL)
		return false;
	c->row = found;
	c->offset = offset;
	memcpy(world->code + c->offset, c->bytes, sizeof(c->bytes));
	return true;
}

/* --- a state ---------------------------------------------------------------------------------- */

void
random_state(struct random_world *world, struct random_case *c)
{
	struct x86_cpu *cpu = &world->cpu;
	unsigned i;

	for (i = 0; i < 16; i++) {
		c->before[i] = random_value(world);
		cpu->xmm[i].q[0] =
		    random_below(world, 4) == 0 ? random_below(world, 64) : any(world);
		cpu->xmm[i].q[1] = any(world);
	}
	c->before[X86_RSP] = MIDDLE + 8 * random_below(world, 128);
	if (random_is_string(c)) {
		c->before[X86_RCX] = random_below(world, 20);
		c->before[X86_RSI] = MIDDLE + random_below(world, 512);
		c->before[X86_RDI] = MIDDLE + random_below(world, 512);
	}
	c->before[X86_RIP] = RANDOM_CODE + c->offset;
	c->rflags = (any(world) & (X86_STATUS | X86_DF)) | X86_FIXED | X86_IF;
	for (i = 0; i < 16; i++) {
		uint64_t word = random_below(world, 3) == 0 ?
		    RANDOM_CODE + random_below(world, 2048) :
		    any(world);

		memcpy(world->data + 0x1000 + 8 * random_below(world, 0x1000 / 8), &word, 8);
	}
	memcpy(cpu->reg, c->before, sizeof(c->before));
	x86_set_rflags(cpu, c->rflags);
}

bool
random_unchanged(const struct random_world *world, const struct random_case *c)
{
	if (random_is_string(c) || c->row->what == X86_ENTER)
		return true;
	return memcmp(world->cpu.reg, c->before, sizeof(c->before)) == 0 &&
	    x86_rflags(&world->cpu) == c->rflags;
}

/* Shifts and rotations by the masked count. */
static uint64_t
undefined_by_shift(const struct random_case *c, uint64_t count, bool is_double)
{
	uint64_t flags;

	count &= c->op.size == 8 ? 63 : 31;
	flags = count <= 1 ? 0 : X86_OF;
	if (is_double)
		return count == 0 ? 0 : flags | X86_AF | (count > 8u * c->op.size ? X86_STATUS : 0);
	if (c->op.detail >= 4 && count != 0)
		flags |= X86_AF | (count > 8u * c->op.size ? X86_CF : 0);
	return flags;
}

uint64_t
random_undefined(const struct random_case *c)
{
	const struct x86_op *op = &c->op;

	switch (c->row->what) {
	case X86_ADD: /* this and the seven after it: OR, AND and XOR among them */
		return c->selected == 1 || c->selected == 4 || c->selected == 6 ? X86_AF : 0;
	case X86_TEST:
		return X86_AF;
	case X86_BIT:
		return X86_OF | X86_SF | X86_AF | X86_PF;
	case X86_SCAN:
		return X86_STATUS & ~X86_ZF;
	case X86_IMUL:
		return X86_SF | X86_ZF | X86_AF | X86_PF;
	case X86_MULDIV:
		return op->detail >= X86_DIV ? X86_STATUS : X86_SF | X86_ZF | X86_AF | X86_PF;
	case X86_SHIFT:
		return undefined_by_shift(c,
		    op->form == X86_RI || op->form == X86_MI ? op->imm : c->before[X86_RCX], false);
	case X86_DSHIFT:
		return undefined_by_shift(c,
		    op->detail == X86_LEFT || op->detail == X86_RIGHT ? op->imm :
									c->before[X86_RCX],
		    true);
	default:
		return 0;
	}
}

void
random_tell(struct random_world *world, const struct random_case *c, const char *what,
    uint64_t found, uint64_t expected)
{
	char name[X86_NAME_SIZE];
	unsigned i;

	if (world->shown++ >= SHOWN)
		return;
	(void)x86_name(c->bytes, X86_LENGTH_MAX, name);
	printf("FAILED: %s:", name);
	for (i = 0; i < c->op.length; i++)
		printf(" %02x", c->bytes[i]);
	printf(": %s: found 0x%llx, expected 0x%llx\n", what, (unsigned long long)found,
	    (unsigned long long)expected);
}

/* --- the world -------------------------------------------------------------------------------- */

static bool
reach(void *ctx, uint64_t at, unsigned size, enum x86_access access, struct x86_place *place)
{
	struct random_world *world = ctx;
	bool fetch = access == X86_FETCH;
	uint64_t base = fetch ? RANDOM_CODE : RANDOM_DATA;
	uint64_t end = base + (fetch ? RANDOM_CODE_SIZE : RANDOM_DATA_SIZE);

	if (at < base || at >= end || size > end - at)
		return false;
	place->at[0] = (fetch ? world->code : world->data) + (at - base);
	place->first = size;
	place->frame = fetch;
	return true;
}

bool
random_world_init(
    struct random_world *world, unsigned char *code, unsigned char *data, uint64_t seed)
{
	struct x86_memory memory = {reach, world};

	memset(world, 0, sizeof(*world));
	world->code = code;
	world->data = data;
	world->state = 88172645463325252ull ^ seed * 0x9e3779b97f4a7c15ull;
	world->decoded = x86_code_create();
	if (world->decoded == NULL)
		return false;
	x86_init(&world->cpu, &memory, world->decoded);
	return true;
}

void
random_world_free(struct random_world *world)
{
	x86_code_destroy(world->decoded);
}
