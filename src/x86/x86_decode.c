/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From bytes to one operation: prefixes, opcode, ModRM, SIB, displacement, immediate, in 64-bit
 * mode [X86-OPCODES].
 *
 * Which bytes belong together is decided here, once for each place in memory; what is found is
 * kept and executed many times.  So this may look through the rows one after the other.
 */
#include "x86/x86_table.h"

struct cursor {
	const unsigned char *bytes;
	size_t size;
	size_t at;
	bool short_of; /* asked for more than there is */
};

struct prefixes {
	bool operand16, address32, lock;
	unsigned char repeat;  /* 0xf2, 0xf3 or 0 */
	unsigned char segment; /* X86_FS_BASE, X86_GS_BASE or X86_ZERO */
	unsigned char rex;
};

#define REX_B 1u
#define REX_X 2u
#define REX_R 4u
#define REX_W 8u

struct modrm {
	unsigned mod, reg, rm;
};

static unsigned char
next_byte(struct cursor *cursor)
{
	if (cursor->at < cursor->size)
		return cursor->bytes[cursor->at++];
	cursor->short_of = true;
	return 0;
}

/* A little-endian number of 1, 2, 4 or 8 bytes, with its sign. */
static uint64_t
next_number(struct cursor *cursor, unsigned size)
{
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < size; i++)
		value |= (uint64_t)next_byte(cursor) << (8 * i);
	return x86_extend(value, size);
}

/* Takes the prefixes and leaves the cursor behind the first byte of the opcode. */
static unsigned char
take_prefixes(struct cursor *cursor, struct prefixes *prefixes)
{
	memset(prefixes, 0, sizeof(*prefixes));
	prefixes->segment = X86_ZERO;
	for (;;) {
		unsigned char byte = next_byte(cursor);

		switch (byte) {
		case 0x26: /* these four have no effect here */
		case 0x2e:
		case 0x36:
		case 0x3e:
			break;
		case 0x64:
			prefixes->segment = X86_FS_BASE;
			break;
		case 0x65:
			prefixes->segment = X86_GS_BASE;
			break;
		case 0x66:
			prefixes->operand16 = true;
			break;
		case 0x67:
			prefixes->address32 = true;
			break;
		case 0xf0:
			prefixes->lock = true;
			break;
		case 0xf2:
		case 0xf3:
			prefixes->repeat = byte;
			break;
		default:
			if ((byte & 0xf0) != 0x40)
				return byte;
			/* Only the REX prefix right before the opcode counts. */
			prefixes->rex = byte;
			continue;
		}
		prefixes->rex = 0;
		if (cursor->short_of)
			return 0;
	}
}

static unsigned
take_map(struct cursor *cursor, unsigned char *opcode)
{
	if (*opcode != 0x0f)
		return X86_MAP_ONE;
	*opcode = next_byte(cursor);
	if (*opcode != 0x38 && *opcode != 0x3a)
		return X86_MAP_0F;
	{
		unsigned map = *opcode == 0x38 ? X86_MAP_38 : X86_MAP_3A;

		*opcode = next_byte(cursor);
		return map;
	}
}

static unsigned
prefix_bit(const struct prefixes *prefixes)
{
	if (prefixes->repeat == 0xf3)
		return X86_P_F3;
	if (prefixes->repeat == 0xf2)
		return X86_P_F2;
	return prefixes->operand16 ? X86_P_66 : X86_P_NONE;
}

/* The word of a list of names; "" when it is "-". */
static void
copy_word(const char *words, unsigned n, char name[X86_NAME_SIZE])
{
	size_t length;

	for (; n > 0; n--)
		words += strcspn(words, " ") + 1;
	length = strcspn(words, " ");
	if (length == 1 && *words == '-')
		length = 0;
	memcpy(name, words, length);
	name[length] = '\0';
}

static unsigned
lowest_bit(unsigned bits)
{
	unsigned n = 0;

	while (!(bits >> n & 1))
		n++;
	return n;
}

/* What the row selects by; whether there is something at that place. */
static bool
row_selects(const struct x86_row *row, unsigned char opcode, const struct modrm *modrm,
    unsigned *selected)
{
	char name[X86_NAME_SIZE];

	*selected = 0;
	if (row->flags & X86_F_BY_STEP)
		*selected = (unsigned)(opcode - row->first) / row->step;
	else if (row->flags & X86_F_BY_REG)
		*selected = modrm->reg - lowest_bit(row->reg);
	else if (row->flags & X86_F_BY_RM)
		*selected = modrm->rm;
	else
		return true;
	copy_word(row->names, *selected, name);
	return name[0] != '\0';
}

static bool
row_matches(const struct x86_row *row, unsigned map, unsigned char opcode,
    const struct prefixes *prefixes, const struct modrm *modrm)
{
	if (row->map != map || opcode < row->first || opcode > row->last ||
	    (opcode - row->first) % row->step != 0 || !(row->prefix & prefix_bit(prefixes)))
		return false;
	/* With REX.B this is XCHG of R8, not NOP. */
	if (row->what == X86_NOP && row->reg == 0 && (prefixes->rex & REX_B))
		return false;
	if (row->reg == 0)
		return true;
	return (row->reg >> modrm->reg & 1) && (row->mod & (modrm->mod == 3 ? X86_M_REG :
	    X86_M_MEM));
}

static const struct x86_row *
find_row(unsigned map, unsigned char opcode, const struct prefixes *prefixes,
    const struct modrm *modrm, unsigned *selected)
{
	size_t i;

	for (i = 0; i < x86_row_count; i++) {
		if (row_matches(&x86_rows[i], map, opcode, prefixes, modrm) &&
		    row_selects(&x86_rows[i], opcode, modrm, selected))
			return &x86_rows[i];
	}
	return NULL;
}

/* --- operands --------------------------------------------------------------------------------- */

static unsigned
size_of(const struct x86_row *row, const struct prefixes *prefixes)
{
	bool wide = (prefixes->rex & REX_W) != 0;

	switch ((enum x86_sizing)row->sizing) {
	case X86_S_0:
		return 0;
	case X86_S_1:
		return 1;
	case X86_S_2:
		return 2;
	case X86_S_4:
		return 4;
	case X86_S_8:
		return 8;
	case X86_S_16:
		return 16;
	case X86_S_V:
		return wide ? 8 : prefixes->operand16 ? 2 : 4;
	case X86_S_Y:
		return wide ? 8 : 4;
	case X86_S_K:
		break;
	}
	return prefixes->operand16 && !wide ? 2 : 8;
}

/* The byte offset of a general register; without REX, bytes 4 to 7 are AH, CH, DH and BH. */
static uint8_t
reg_offset(const struct prefixes *prefixes, unsigned number, unsigned size)
{
	if (size == 1 && prefixes->rex == 0 && number >= 4 && number < 8)
		return (uint8_t)((number - 4) * 8 + 1);
	return (uint8_t)(number * 8);
}

static void
take_memory(struct cursor *cursor, const struct prefixes *prefixes, const struct modrm *modrm,
    struct x86_op *op)
{
	unsigned base = modrm->rm, displacement = modrm->mod == 1 ? 1 : modrm->mod == 2 ? 4 : 0;
	bool has_sib = modrm->rm == 4;

	op->index = X86_ZERO;
	if (has_sib) {
		unsigned char sib = next_byte(cursor);
		unsigned index = (sib >> 3 & 7) | (prefixes->rex & REX_X ? 8 : 0);

		op->shift = sib >> 6;
		if (index != X86_RSP)
			op->index = (uint8_t)index;
		base = sib & 7;
	}
	op->base = (uint8_t)(base | (prefixes->rex & REX_B ? 8 : 0));
	if (base == 5 && modrm->mod == 0) {
		op->base = has_sib ? X86_ZERO : X86_RIP;
		displacement = 4;
	}
	if (displacement != 0)
		op->disp = (int32_t)next_number(cursor, displacement);
}

/* What an operand is. */
enum operand {
	O_NONE,
	O_E,   /* general register or memory, by ModRM.mod and rm */
	O_G,   /* general register, by ModRM.reg */
	O_A,   /* accumulator */
	O_C,   /* CL */
	O_Z,   /* general register, by the opcode */
	O_V,   /* vector register, by ModRM.reg */
	O_W,   /* vector register or memory, by ModRM.mod and rm */
	O_I,   /* immediate */
	O_O    /* memory at an address in the instruction */
};

enum immediate {
	I_NONE,
	I_1,    /* one byte */
	I_2,
	I_Z,    /* 4 bytes, 2 for a size of 2, 1 for a size of 1 */
	I_FULL, /* as long as the operand */
	I_4,
	I_2_1,  /* two bytes and one */
	I_ONE,  /* the number 1, which takes no byte */
	I_ADDRESS
};

struct binding {
	uint8_t dst, src, imm;
};

static const struct binding bindings[X86_ENCODINGS] = {
	[X86_E_E_G] = { O_E, O_G, I_NONE },
	[X86_E_G_E] = { O_G, O_E, I_NONE },
	[X86_E_E_I] = { O_E, O_I, I_Z },
	[X86_E_E_IB] = { O_E, O_I, I_1 },
	[X86_E_E_1] = { O_E, O_I, I_ONE },
	[X86_E_E_CL] = { O_E, O_C, I_NONE },
	[X86_E_E] = { O_E, O_NONE, I_NONE },
	[X86_E_G_M] = { O_G, O_E, I_NONE },
	[X86_E_G_E_I] = { O_G, O_E, I_Z },
	[X86_E_G_E_IB] = { O_G, O_E, I_1 },
	[X86_E_E_G_IB] = { O_E, O_G, I_1 },
	[X86_E_E_G_CL] = { O_E, O_G, I_NONE },
	[X86_E_A_I] = { O_A, O_I, I_Z },
	[X86_E_Z] = { O_Z, O_NONE, I_NONE },
	[X86_E_Z_I] = { O_Z, O_I, I_FULL },
	[X86_E_Z_A] = { O_Z, O_A, I_NONE },
	[X86_E_A_O] = { O_A, O_O, I_ADDRESS },
	[X86_E_O_A] = { O_O, O_A, I_ADDRESS },
	[X86_E_I] = { O_NONE, O_I, I_Z },
	[X86_E_IB] = { O_NONE, O_I, I_1 },
	[X86_E_JB] = { O_NONE, O_I, I_1 },
	[X86_E_JZ] = { O_NONE, O_I, I_4 },
	[X86_E_IW] = { O_NONE, O_I, I_2 },
	[X86_E_IW_IB] = { O_NONE, O_I, I_2_1 },
	[X86_E_V_W] = { O_V, O_W, I_NONE },
	[X86_E_W_V] = { O_W, O_V, I_NONE },
	[X86_E_V_E] = { O_V, O_E, I_NONE },
	[X86_E_E_V] = { O_E, O_V, I_NONE },
	[X86_E_V_W_IB] = { O_V, O_W, I_1 },
	[X86_E_W_IB] = { O_W, O_I, I_1 },
	[X86_E_G_W] = { O_G, O_W, I_NONE },
	[X86_E_V_E_IB] = { O_V, O_E, I_1 },
	[X86_E_G_W_IB] = { O_G, O_W, I_1 },
	[X86_E_CONTROL] = { O_NONE, O_NONE, I_NONE },
};

/* Everything that is known of an instruction while its operands are bound. */
struct scene {
	const struct x86_row *row;
	const struct prefixes *prefixes;
	const struct modrm *modrm;
	unsigned char opcode;
	unsigned size;     /* of the operation */
	bool in_memory;    /* ModRM names memory */
};

/* What stands for a register operand in an operation. */
static uint8_t
operand_place(const struct scene *scene, enum operand operand, unsigned size)
{
	unsigned rex = scene->prefixes->rex;
	unsigned reg = scene->modrm->reg | (rex & REX_R ? 8 : 0);
	unsigned rm = scene->modrm->rm | (rex & REX_B ? 8 : 0);

	switch (operand) {
	case O_E:
		return reg_offset(scene->prefixes, rm, size);
	case O_G:
		return reg_offset(scene->prefixes, reg, size);
	case O_Z:
		return reg_offset(scene->prefixes, (scene->opcode & 7u) | (rex & REX_B ? 8 : 0),
		    size);
	case O_V:
		return (uint8_t)reg;
	case O_W:
		return (uint8_t)rm;
	case O_C:
		return X86_RCX * 8;
	default:
		return X86_RAX * 8;
	}
}

static bool
is_memory(const struct scene *scene, enum operand operand)
{
	return operand == O_O || ((operand == O_E || operand == O_W) && scene->in_memory);
}

static void
bind_operands(const struct scene *scene, struct x86_op *op)
{
	const struct binding *binding = &bindings[scene->row->encoding];
	enum operand dst = (enum operand)binding->dst, src = (enum operand)binding->src;
	/* MOVZX and its like have a source of another size. */
	unsigned from = (scene->row->what == X86_MOVZX || scene->row->what == X86_MOVSX) ?
	    scene->row->detail : scene->size;

	op->dst = operand_place(scene, dst, scene->size);
	op->src = operand_place(scene, src, from);
	if (is_memory(scene, dst))
		op->form = src == O_I ? X86_MI : X86_MR;
	else if (is_memory(scene, src))
		op->form = X86_RM;
	else
		op->form = src == O_I ? X86_RI : X86_RR;
}

static void
take_immediate(struct cursor *cursor, const struct scene *scene, struct x86_op *op)
{
	unsigned size = scene->size;

	switch ((enum immediate)bindings[scene->row->encoding].imm) {
	case I_NONE:
		break;
	case I_1:
		op->imm = next_number(cursor, 1);
		break;
	case I_2:
		op->imm = next_number(cursor, 2) & 0xffff;
		break;
	case I_4:
		op->imm = next_number(cursor, 4);
		break;
	case I_Z:
		op->imm = next_number(cursor, size > 4 ? 4 : size);
		break;
	case I_FULL:
		op->imm = next_number(cursor, size);
		break;
	case I_2_1:
		op->imm = next_number(cursor, 2) & 0xffff;
		op->disp = next_byte(cursor);
		break;
	case I_ONE:
		op->imm = 1;
		break;
	case I_ADDRESS:
		op->imm = next_number(cursor, scene->prefixes->address32 ? 4 : 8);
		if (scene->prefixes->address32)
			op->imm &= 0xffffffffu;
		break;
	}
}

/* LOCK stands only before what reads and writes memory. */
static bool
lock_is_legal(const struct scene *scene, enum x86_what what, const struct x86_op *op)
{
	bool only_reads = what == X86_CMP || (what == X86_BIT && op->detail == X86_BT);

	return !scene->prefixes->lock ||
	    ((scene->row->flags & X86_F_LOCK) && !only_reads && op->form >= X86_MR);
}

/* What selects among the eight of X86_ADD is the action; elsewhere it is a name or a detail. */
static enum x86_what
what_of(const struct x86_row *row, unsigned selected)
{
	return (enum x86_what)(row->what == X86_ADD ? X86_ADD + selected : row->what);
}

static enum x86_decoded
finish(const struct cursor *cursor, struct x86_op *op)
{
	if (cursor->short_of)
		return cursor->size >= X86_LENGTH_MAX ? X86_TOO_LONG : X86_MORE;
	if (cursor->at > X86_LENGTH_MAX)
		return X86_TOO_LONG;
	op->length = (uint8_t)cursor->at;
	return X86_DECODED;
}

enum x86_decoded
x86_decode(const unsigned char *bytes, size_t size, struct x86_op *op, const struct x86_row **row,
    unsigned *selected)
{
	struct cursor cursor = { bytes, size, 0, false };
	struct modrm modrm = { 0, 0, 0 };
	struct scene scene = { .modrm = &modrm };
	struct prefixes prefixes;
	unsigned char byte;
	unsigned map;

	memset(op, 0, sizeof(*op));
	scene.prefixes = &prefixes;
	scene.opcode = take_prefixes(&cursor, &prefixes);
	map = take_map(&cursor, &scene.opcode);
	/* A byte that belongs to no ModRM is looked at in vain. */
	byte = cursor.at < size ? bytes[cursor.at] : 0;
	modrm = (struct modrm){ byte >> 6, byte >> 3 & 7, byte & 7 };
	*row = scene.row = find_row(map, scene.opcode, &prefixes, &modrm, selected);
	if (scene.row == NULL) {
		/* What decides may be the byte that is not there. */
		cursor.short_of = cursor.at >= size;
		return cursor.short_of ? finish(&cursor, op) : X86_NO_CODE;
	}
	op->base = op->index = X86_ZERO;
	op->segment = prefixes.segment;
	scene.size = size_of(scene.row, &prefixes);
	scene.in_memory = scene.row->reg != 0 && modrm.mod != 3 &&
	    scene.row->encoding != X86_E_CONTROL;
	if (scene.row->reg != 0)
		(void)next_byte(&cursor);
	if (scene.in_memory)
		take_memory(&cursor, &prefixes, &modrm, op);
	bind_operands(&scene, op);
	take_immediate(&cursor, &scene, op);
	op->size = (uint8_t)scene.size;
	op->address32 = prefixes.address32;
	op->detail = scene.row->flags & X86_F_DETAIL ? (uint8_t)*selected : scene.row->detail;
	op->repeat = prefixes.repeat == 0xf3 ? X86_REP : prefixes.repeat == 0xf2 ? X86_REPNE :
	    X86_ONCE;
	if (!lock_is_legal(&scene, what_of(scene.row, *selected), op))
		return X86_NO_CODE;
	op->run = x86_handler_for(what_of(scene.row, *selected), op);
	return finish(&cursor, op);
}

unsigned
x86_name(const unsigned char *bytes, size_t size, char name[X86_NAME_SIZE])
{
	const struct x86_row *row;
	unsigned selected;
	struct x86_op op;

	name[0] = '\0';
	if (x86_decode(bytes, size, &op, &row, &selected) != X86_DECODED)
		return 0;
	if (row->flags & X86_F_BY_SIZE)
		selected = op.size == 8 ? 2 : op.size == 4;
	copy_word(row->names, selected, name);
	return op.length;
}
