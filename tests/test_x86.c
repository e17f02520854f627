/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor for programs: results and flags of single instructions [X86-FLAGS] [X86-REGISTERS]
 * [X86-OPCODES] [X86-CMPXCHG] [X86-ENTER] [X86-INTERCEPT] [X86-VECTOR], how it uses memory, what
 * it leaves behind when memory refuses [X86-REP], and that it sees code change.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/support_rows.h"
#include "x86/x86_op.h"

#define PAGES 8u
#define PAGE 4096u
#define CODE 0x1000ull  /* page 1 */
#define DATA 0x3000ull  /* pages 3 and 4 */
#define STACK 0x6000ull /* page 6, down from 0x7000 */

enum { CAN_READ = 1, CAN_WRITE = 2, CAN_FETCH = 4 };

struct asked {
	enum x86_access access;
	uint64_t at;
	unsigned size;
};

/* Linear pages 0 to 7, each with rights of its own; a page may be another name of a frame. */
static struct world {
	unsigned char frame[PAGES][PAGE];
	unsigned rights[PAGES];
	unsigned alias[PAGES];
	bool keep;
	struct asked asked[64];
	unsigned count;
	bool decoded[PAGES];
	struct x86_code *code;
	struct x86_cpu cpu;
} w;

static bool
reach_piece(uint64_t at, unsigned access, unsigned char **bytes, unsigned *frame)
{
	static const unsigned need[] = { CAN_READ, CAN_WRITE, CAN_WRITE, CAN_FETCH };
	uint64_t page = at / PAGE;

	if (page >= PAGES || !(w.rights[page] & need[access]))
		return false;
	*frame = w.alias[page];
	*bytes = w.frame[*frame] + at % PAGE;
	return true;
}

static bool
reach(void *ctx, uint64_t at, unsigned size, enum x86_access access, struct x86_place *place)
{
	unsigned room = PAGE - (unsigned)(at % PAGE), frame = 0, other = 0;

	(void)ctx;
	if (w.count < 64)
		w.asked[w.count++] = (struct asked){ access, at, size };
	place->first = size < room ? size : room;
	if (!reach_piece(at, access, &place->at[0], &frame) ||
	    (size > room && !reach_piece(at + room, access, &place->at[1], &other)))
		return false;
	place->frame = frame;
	place->keep = w.keep;
	if (access == X86_FETCH && !w.decoded[frame]) {
		w.decoded[frame] = true;
		x86_forget(&w.cpu); /* windows for writes among them */
	} else if (access == X86_WRITE || access == X86_MODIFY) {
		if (w.decoded[frame] || (size > room && w.decoded[other])) {
			x86_code_drop(w.code, frame);
			x86_code_drop(w.code, other);
			x86_forget(&w.cpu);
			place->keep = false;
		}
	}
	return true;
}

static int
world_begin(void **state)
{
	struct x86_memory memory = { reach, NULL };
	unsigned i;

	(void)state;
	memset(&w, 0, sizeof(w));
	for (i = 1; i < PAGES; i++) {
		w.rights[i] = CAN_READ | CAN_WRITE | CAN_FETCH;
		w.alias[i] = i;
	}
	w.code = x86_code_create();
	assert_non_null(w.code);
	x86_init(&w.cpu, &memory, w.code);
	w.cpu.reg[X86_RIP] = CODE;
	w.cpu.reg[X86_RSP] = STACK + PAGE - 64;
	w.keep = true;
	return 0;
}

static int
world_end(void **state)
{
	(void)state;
	x86_code_destroy(w.code);
	return 0;
}

/* Bytes from hexadecimal digits; blanks are skipped.  Returns how many. */
static unsigned
hex(unsigned char *to, const char *text)
{
	unsigned n = 0, value;

	for (; *text != '\0'; text++) {
		if (*text == ' ')
			continue;
		assert_int_equal(sscanf(text++, "%2x", &value), 1);
		to[n++] = (unsigned char)value;
	}
	return n;
}

static void
put_code(uint64_t at, const char *text)
{
	hex(w.frame[at / PAGE] + at % PAGE, text);
}

static uint64_t
word(uint64_t at)
{
	uint64_t value;

	memcpy(&value, w.frame[at / PAGE] + at % PAGE, 8);
	return value;
}

static void
set_word(uint64_t at, uint64_t value)
{
	memcpy(w.frame[at / PAGE] + at % PAGE, &value, 8);
}

static unsigned
asked_for(enum x86_access access)
{
	unsigned i, n = 0;

	for (i = 0; i < w.count; i++)
		n += w.asked[i].access == access;
	return n;
}

/* --- one instruction, by rows ----------------------------------------------------------------- */

#define ALL_FLAGS (X86_STATUS | X86_DF)

struct effect {
	const char *what;
	const char *code;
	uint64_t rax, rcx, rdx, rbx; /* before */
	uint64_t flags;              /* before, among ALL_FLAGS */
	unsigned reg;                /* looked at afterwards */
	uint64_t value;
	uint64_t flags_after;
};

static const struct effect effects[] = {
	{ "a 32-bit result clears the upper half", "01 c8", ~0ull, 1, 0, 0, 0, X86_RAX, 0,
	    X86_CF | X86_PF | X86_AF | X86_ZF },
	{ "a 16-bit result keeps the rest", "66 01 c8", 0x1234567800000001, 0xffff, 0, 0, 0,
	    X86_RAX, 0x1234567800000000, X86_CF | X86_PF | X86_AF | X86_ZF },
	{ "AH is the second byte", "00 cc", 0x1101, 0x22, 0, 0, 0, X86_RAX, 0x3301, X86_PF },
	{ "with REX the fifth byte register is SPL", "40 88 e0", 0x1122, 0, 0, 0, 0, X86_RAX,
	    0x11c0, 0 },
	{ "ADC adds the carry", "48 11 c8", 1, 2, 0, 0, X86_CF, X86_RAX, 4, 0 },
	{ "SBB takes the borrow", "48 19 c8", 0, 0, 0, 0, X86_CF, X86_RAX, ~0ull,
	    X86_CF | X86_PF | X86_AF | X86_SF },
	{ "INC keeps the carry", "48 ff c0", 0x7fffffffffffffff, 0, 0, 0, X86_CF, X86_RAX,
	    1ull << 63, X86_CF | X86_PF | X86_AF | X86_SF | X86_OF },
	{ "NEG of the least number overflows", "f7 d8", 0x80000000, 0, 0, 0, 0, X86_RAX, 0x80000000,
	    X86_CF | X86_PF | X86_SF | X86_OF },
	{ "NOT changes no flag", "48 f7 d0", 0, 0, 0, 0, ALL_FLAGS, X86_RAX, ~0ull, ALL_FLAGS },
	{ "CMOV that does not move clears the upper half", "0f 44 c1", ~0ull, 5, 0, 0, 0, X86_RAX,
	    0xffffffff, 0 },
	{ "LEA with an address of 32 bits", "67 48 8d 04 08", 0xffffffff, 2, 0, 0, 0, X86_RAX, 1,
	    0 },
	{ "MOVSXD extends the sign", "48 63 c1", 0, 0x80000000, 0, 0, 0, X86_RAX,
	    0xffffffff80000000, 0 },
	{ "MOVZX of AH", "0f b6 c4", 0xab00, 0, 0, 0, 0, X86_RAX, 0xab, 0 },
	{ "XADD of a register with itself", "48 0f c1 c0", 3, 0, 0, 0, 0, X86_RAX, 6, X86_PF },
	{ "CMPXCHG that fails loads the accumulator", "48 0f b1 d1", 1, 2, 3, 0, 0, X86_RAX, 2,
	    X86_CF | X86_PF | X86_AF | X86_SF },
	{ "CMPXCHG of 32 bits that succeeds keeps all of RAX", "0f b1 d1", 0x1100000002, 2, 3, 0, 0,
	    X86_RAX, 0x1100000002, X86_PF | X86_ZF },
	{ "BSWAP", "48 0f c8", 0x0102030405060708, 0, 0, 0, 0, X86_RAX, 0x0807060504030201, 0 },
	{ "BSF of nothing keeps its register", "48 0f bc c1", 7, 0, 0, 0, 0, X86_RAX, 7,
	    X86_PF | X86_ZF },
	{ "BSR finds the highest", "48 0f bd c1", 0, 0x8001, 0, 0, 0, X86_RAX, 15, 0 },
	{ "POPCNT clears the other flags", "f3 48 0f b8 c1", 0, 0xff, 0, 0, ALL_FLAGS, X86_RAX, 8,
	    X86_DF },
	{ "a shift by nothing keeps the flags", "48 d3 e0", 1, 64, 0, 0, ALL_FLAGS, X86_RAX, 1,
	    ALL_FLAGS },
	{ "a 32-bit shift counts modulo 32", "d3 e0", 1, 33, 0, 0, 0, X86_RAX, 2, 0 },
	{ "SAR by one clears OF", "48 d1 f8", 1ull << 63, 0, 0, 0, X86_OF, X86_RAX, 3ull << 62,
	    X86_PF | X86_SF },
	{ "ROR moves the bit into the carry", "48 d1 c8", 1, 0, 0, 0, 0, X86_RAX, 1ull << 63,
	    X86_CF | X86_OF },
	{ "RCL goes through the carry", "d0 d0", 0x80, 0, 0, 0, X86_CF, X86_RAX, 1,
	    X86_CF | X86_OF },
	{ "SHLD takes bits from the other register", "48 0f a4 c8 08", 0, 0xab00000000000000, 0,
	    0, 0, X86_RAX, 0xab, 0 },
	{ "SHRD too", "48 0f ac c8 08", 0, 0xab, 0, 0, 0, X86_RAX, 0xab00000000000000,
	    X86_PF | X86_SF | X86_OF },
	{ "BTS of a register counts modulo its size", "48 0f ab c8", 0, 65, 0, 0, 0, X86_RAX, 2,
	    0 },
	{ "MUL gives the upper half", "48 f7 e1", ~0ull, 2, 0, 0, 0, X86_RDX, 1,
	    X86_CF | X86_OF | X86_SF },
	{ "IMUL of signed halves", "48 f7 e9", ~0ull, 2, 0, 0, 0, X86_RDX, ~0ull, X86_SF },
	{ "IMUL with an immediate", "48 6b c1 fe", 0, 3, 0, 0, 0, X86_RAX, (uint64_t)-6,
	    X86_PF | X86_SF },
	{ "DIV by bytes leaves the rest in AH", "f6 f1", 0x0107, 16, 0, 0, 0, X86_RAX, 0x0710, 0 },
	{ "IDIV rounds towards zero", "48 f7 f9", (uint64_t)-7, 2, ~0ull, 0, 0, X86_RAX,
	    (uint64_t)-3, 0 },
	{ "and the rest has the sign of the dividend", "48 f7 f9", (uint64_t)-7, 2, ~0ull, 0, 0,
	    X86_RDX, (uint64_t)-1, 0 },
	{ "CQO", "48 99", 1ull << 63, 0, 0, 0, 0, X86_RDX, ~0ull, 0 },
	{ "CBW", "66 98", 0x80, 0, 0, 0, 0, X86_RAX, 0xff80, 0 },
	{ "LAHF", "9f", 0, 0, 0, 0, X86_CF | X86_ZF, X86_RAX, 0x4300, X86_CF | X86_ZF },
	{ "SAHF keeps OF", "9e", 0xd500, 0, 0, 0, X86_OF, X86_RAX, 0xd500,
	    X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF | X86_OF },
	{ "SETcc writes one byte", "0f 95 c0", 0xffff, 0, 0, 0, 0, X86_RAX, 0xff01, 0 },
	{ "XCHG R8, RAX is no NOP", "49 90", 5, 0, 0, 0, 0, X86_R8, 5, 0 },
	{ "NOP is", "90", 5, 0, 0, 0, 0, X86_RAX, 5, 0 },
	{ "the last REX counts, and only right before the opcode", "48 66 01 c8", 0x10000, 1, 0, 0,
	    0, X86_RAX, 0x10001, 0 },
	{ "LOOP counts without flags", "e2 10", 0, 2, 0, 0, ALL_FLAGS, X86_RIP, CODE + 0x12,
	    ALL_FLAGS },
	{ "JRCXZ with an address size looks at ECX", "67 e3 10", 0, 1ull << 32, 0, 0, 0, X86_RIP,
	    CODE + 0x13, 0 },
	{ "a branch ignores the operand size", "66 e9 00 01 00 00", 0, 0, 0, 0, 0, X86_RIP,
	    CODE + 0x106, 0 },
	{ "MOVQ from a vector register", "66 48 0f 7e c0", 0, 0, 0, 0, 0, X86_RAX, 0x1111, 0 },
	{ "PMOVMSKB gathers the signs", "66 0f d7 c1", 0, 0, 0, 0, 0, X86_RAX, 0x8001, 0 },
	{ "a hint is executed as none", "0f 18 01", 9, 0, 0, 0, 0, X86_RAX, 9, 0 },
};

static void
row_effect(void **state)
{
	const struct effect *row = *state;
	unsigned length;

	world_begin(NULL);
	length = hex(w.frame[1], row->code);
	w.cpu.reg[X86_RAX] = row->rax;
	w.cpu.reg[X86_RCX] = row->rcx;
	w.cpu.reg[X86_RDX] = row->rdx;
	w.cpu.reg[X86_RBX] = row->rbx;
	w.cpu.xmm[0].q[0] = 0x1111;
	w.cpu.xmm[1].b[0] = w.cpu.xmm[1].b[15] = 0x80;
	x86_set_rflags(&w.cpu, row->flags);
	assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
	assert_true(w.cpu.reg[row->reg] == row->value);
	assert_int_equal(x86_rflags(&w.cpu) & ALL_FLAGS, row->flags_after);
	if (row->reg != X86_RIP)
		assert_int_equal(w.cpu.reg[X86_RIP], CODE + length);
	world_end(NULL);
}

/* --- exceptions and stops, by rows ------------------------------------------------------------ */

struct stopping {
	const char *what;
	const char *code;
	enum x86_stop stop;
	unsigned vector;
	int64_t error; /* -1: no code */
};

static const struct stopping stops[] = {
	{ "SYSCALL is invalid where EFER.SCE is clear", "0f 05", X86_EXCEPTION, X86_UD, -1 },
	{ "UD2", "0f 0b", X86_EXCEPTION, X86_UD, -1 },
	{ "PUSH ES is none in 64-bit mode", "06", X86_EXCEPTION, X86_UD, -1 },
	{ "LOCK before a register form", "f0 48 01 c8", X86_EXCEPTION, X86_UD, -1 },
	{ "LOCK before CMP", "f0 48 39 08", X86_EXCEPTION, X86_UD, -1 },
	{ "LOCK before BT", "f0 48 0f a3 08", X86_EXCEPTION, X86_UD, -1 },
	{ "LOCK before MOV", "f0 48 89 08", X86_EXCEPTION, X86_UD, -1 },
	{ "LEA of a register", "48 8d c0", X86_EXCEPTION, X86_UD, -1 },
	{ "division by zero", "48 f7 f1", X86_EXCEPTION, X86_DE, -1 },
	{ "a quotient that does not fit", "f6 f2", X86_EXCEPTION, X86_DE, -1 },
	{ "HLT at CPL 3", "f4", X86_EXCEPTION, X86_GP, 0 },
	{ "CLI at CPL 3", "fa", X86_EXCEPTION, X86_GP, 0 },
	{ "OUT at CPL 3", "e6 80", X86_EXCEPTION, X86_GP, 0 },
	{ "MOV to CR3 at CPL 3", "0f 22 d8", X86_EXCEPTION, X86_GP, 0 },
	{ "INT n finds no gate", "cd 80", X86_EXCEPTION, X86_GP, 0x402 },
	{ "INT3 breaks", "cc", X86_EXCEPTION, X86_BP, -1 },
	{ "MOVAPS of a misaligned operand", "0f 28 03", X86_EXCEPTION, X86_GP, 0 },
	{ "CMPXCHG16B of a misaligned operand", "48 0f c7 0b", X86_EXCEPTION, X86_GP, 0 },
	{ "more than 15 bytes", "66 66 66 66 66 66 66 66 66 66 66 66 66 66 48 90", X86_EXCEPTION,
	    X86_GP, 0 },
	{ "CPUID leaves the guest", "0f a2", X86_INTERCEPT, X86_CPUID, -1 },
	{ "so does VMCALL", "0f 01 c1", X86_INTERCEPT, X86_VMCALL, -1 },
	{ "and VMREAD, whatever its operand", "0f 78 04 25 00 00 00 00", X86_INTERCEPT, X86_VMREAD,
	    -1 },
	{ "floating point is not executed", "f2 0f 58 c1", X86_UNKNOWN, 0, -1 },
	{ "x87 is not executed", "d9 e8", X86_UNKNOWN, 0, -1 },
	{ "whatever ModRM selects", "d9 ee", X86_UNKNOWN, 0, -1 },
	{ "or in memory", "d8 2b", X86_UNKNOWN, 0, -1 },
	{ "LTR at CPL 3", "0f 00 d8", X86_EXCEPTION, X86_GP, 0 },
	{ "LIDT at CPL 3", "0f 01 1b", X86_EXCEPTION, X86_GP, 0 },
	{ "SWAPGS at CPL 3", "0f 01 f8", X86_EXCEPTION, X86_GP, 0 },
	{ "XGETBV without OSXSAVE", "0f 01 d0", X86_EXCEPTION, X86_UD, -1 },
	{ "a load from nowhere is refused", "48 8b 04 25 00 00 00 00", X86_REFUSED, 0, -1 },
};

static void
row_stop(void **state)
{
	const struct stopping *row = *state;
	uint64_t before[X86_REGISTERS];

	world_begin(NULL);
	put_code(CODE, row->code);
	w.cpu.reg[X86_RAX] = 0x1000;
	w.cpu.reg[X86_RDX] = 1;
	w.cpu.reg[X86_RBX] = DATA + 8;
	memcpy(before, w.cpu.reg, sizeof(before));
	assert_int_equal(x86_run(&w.cpu, 5), row->stop);
	assert_memory_equal(before, w.cpu.reg, sizeof(before));
	assert_int_equal(w.cpu.retired, 0);
	if (row->stop == X86_EXCEPTION) {
		assert_int_equal(w.cpu.vector, row->vector);
		assert_int_equal(w.cpu.has_code, row->error >= 0);
		if (row->error >= 0)
			assert_int_equal(w.cpu.error_code, row->error);
	} else if (row->stop == X86_INTERCEPT) {
		assert_int_equal(w.cpu.intercept, row->vector);
	}
	world_end(NULL);
}

/* --- flags against a second notion of them ---------------------------------------------------- */

/* The flags of an 8-bit sum or difference, written down bit by bit. */
static unsigned
naive_flags(unsigned a, unsigned b, unsigned carry, bool subtract)
{
	int sa = (int)(signed char)a, sb = (int)(signed char)b;
	int wide = subtract ? sa - sb - (int)carry : sa + sb + (int)carry;
	unsigned sum = subtract ? a - b - carry : a + b + carry, r = sum & 0xff;
	unsigned low = subtract ? (a & 15) - (b & 15) - carry : (a & 15) + (b & 15) + carry;
	unsigned flags = 0, ones = 0, i;

	for (i = 0; i < 8; i++)
		ones += r >> i & 1;
	flags |= sum > 0xff ? X86_CF : 0;
	flags |= ones % 2 == 0 ? X86_PF : 0;
	flags |= low > 15 ? X86_AF : 0;
	flags |= r == 0 ? X86_ZF : 0;
	flags |= r >= 0x80 ? X86_SF : 0;
	flags |= wide < -128 || wide > 127 ? X86_OF : 0;
	return flags;
}

static void
all_sums_and_differences_of_bytes_set_the_flags_of_a_naive_model(void **state)
{
	static const unsigned char opcode[4] = { 0x00, 0x10, 0x28, 0x18 }; /* ADD ADC SUB SBB */
	unsigned a, b, carry, kind;

	(void)state;
	w.rights[1] = CAN_READ | CAN_FETCH;
	for (kind = 0; kind < 4; kind++) {
		bool with_carry = kind == 1 || kind == 3;

		x86_code_drop(w.code, 1);
		w.frame[1][0] = opcode[kind];
		w.frame[1][1] = 0xc8; /* AL, CL */
		for (a = 0; a < 256; a++) {
			for (b = 0; b < 256; b++) {
				for (carry = 0; carry < 2; carry++) {
					w.cpu.reg[X86_RIP] = CODE;
					w.cpu.reg[X86_RAX] = a;
					w.cpu.reg[X86_RCX] = b;
					x86_set_rflags(&w.cpu, carry ? X86_STATUS : 0);
					(void)x86_run(&w.cpu, 1);
					if ((x86_rflags(&w.cpu) & X86_STATUS) != naive_flags(a, b,
					    with_carry ? carry : 0, kind >= 2))
						fail_msg("%u: %u, %u, carry %u", kind, a, b, carry);
				}
			}
		}
	}
}

static void
every_combination_of_flags_can_be_set_and_read_back(void **state)
{
	uint64_t flags;

	(void)state;
	for (flags = 0; flags < 0x1000; flags++) {
		if ((flags & ~(uint64_t)ALL_FLAGS) != 0)
			continue;
		x86_set_rflags(&w.cpu, flags);
		assert_int_equal(x86_rflags(&w.cpu), flags | X86_FIXED | X86_IF);
	}
}

static void
conditions_are_those_of_their_numbers(void **state)
{
	uint64_t flags;
	unsigned n;

	(void)state;
	for (flags = 0; flags < 0x1000; flags++) {
		bool cf = flags & X86_CF, zf = flags & X86_ZF, sf = flags & X86_SF;
		bool of = flags & X86_OF, pf = flags & X86_PF;
		bool holds[8] = { of, cf, zf, cf || zf, sf, pf, sf != of, zf || sf != of };

		if ((flags & ~(uint64_t)X86_STATUS) != 0)
			continue;
		x86_set_rflags(&w.cpu, flags);
		for (n = 0; n < 16; n++)
			assert_int_equal(x86_condition(&w.cpu.flags, n), holds[n / 2] != (n % 2));
	}
}

/* --- memory ----------------------------------------------------------------------------------- */

static void
a_read_modify_write_asks_once_and_as_such(void **state)
{
	(void)state;
	put_code(CODE, "48 01 03 f0 48 0f c1 03 48 0f ab 03 48 d1 23");
	w.cpu.reg[X86_RBX] = DATA;
	w.keep = false;
	assert_int_equal(x86_run(&w.cpu, 4), X86_BUDGET);
	assert_int_equal(asked_for(X86_MODIFY), 4);
	assert_int_equal(asked_for(X86_READ) + asked_for(X86_WRITE), 0);
}

static void
a_comparison_only_reads(void **state)
{
	(void)state;
	put_code(CODE, "48 39 03 48 85 03 48 0f ba 23 01");
	w.cpu.reg[X86_RBX] = DATA;
	w.rights[3] = CAN_READ;
	assert_int_equal(x86_run(&w.cpu, 3), X86_BUDGET);
}

static void
a_failing_cmpxchg_is_a_write(void **state)
{
	(void)state;
	put_code(CODE, "48 0f b1 0b");
	w.cpu.reg[X86_RBX] = DATA;
	w.cpu.reg[X86_RAX] = 1;
	w.rights[3] = CAN_READ;
	assert_int_equal(x86_run(&w.cpu, 1), X86_REFUSED);
	assert_int_equal(w.cpu.reg[X86_RAX], 1);
}

static void
a_store_over_a_border_is_all_or_nothing(void **state)
{
	(void)state;
	put_code(CODE, "48 89 03");
	w.cpu.reg[X86_RBX] = DATA + PAGE - 4;
	w.cpu.reg[X86_RAX] = 0x1122334455667788;
	w.rights[4] = CAN_READ;
	assert_int_equal(x86_run(&w.cpu, 1), X86_REFUSED);
	assert_int_equal(w.frame[3][PAGE - 4], 0);
	w.rights[4] |= CAN_WRITE;
	assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
	assert_int_equal(w.frame[3][PAGE - 1], 0x55);
	assert_int_equal(w.frame[4][0], 0x44);
}

static void
a_modification_over_a_border_too(void **state)
{
	(void)state;
	put_code(CODE, "48 ff 03");
	w.cpu.reg[X86_RBX] = DATA + PAGE - 1;
	w.frame[3][PAGE - 1] = 0xff;
	w.rights[4] = CAN_READ;
	assert_int_equal(x86_run(&w.cpu, 1), X86_REFUSED);
	assert_int_equal(w.frame[3][PAGE - 1], 0xff);
	w.rights[4] |= CAN_WRITE;
	assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
	assert_int_equal(w.frame[3][PAGE - 1], 0);
	assert_int_equal(w.frame[4][0], 1);
}

static void
a_window_ends_with_its_page(void **state)
{
	(void)state;
	put_code(CODE, "48 89 03 48 89 43 08");
	w.cpu.reg[X86_RBX] = DATA + PAGE - 12;
	w.cpu.reg[X86_RAX] = ~0ull;
	assert_int_equal(x86_run(&w.cpu, 2), X86_BUDGET);
	assert_true(word(DATA + PAGE) == 0xffffffff);
	assert_int_equal(asked_for(X86_WRITE), 2);
}

struct restart {
	const char *what;
	const char *code;
	unsigned page; /* that cannot be written at first */
};

static const struct restart restarts[] = {
	{ "PUSH of memory", "ff 33", 6 },
	{ "POP to memory", "8f 03", 3 },
	{ "CALL", "e8 00 01 00 00", 6 },
	{ "CALL through memory", "ff 13", 6 },
	{ "PUSHF", "9c", 6 },
	{ "ENTER", "c8 10 00 00", 6 },
	{ "ENTER that would leave no stack to write", "c8 00 20 00", 4 },
	{ "XCHG", "48 87 03", 3 },
	{ "CMPXCHG16B", "48 0f c7 0b", 3 },
	{ "a vector store", "0f 29 03", 3 },
	{ "MOVS", "48 a5", 3 },
	{ "SHLD to memory", "48 0f a4 03 04", 3 },
};

static void
row_restart(void **state)
{
	const struct restart *row = *state;
	struct x86_cpu before;

	world_begin(NULL);
	put_code(CODE, row->code);
	w.cpu.reg[X86_RBX] = w.cpu.reg[X86_RDI] = DATA;
	w.cpu.reg[X86_RSI] = DATA + PAGE;
	w.keep = false;
	w.rights[row->page] &= ~(unsigned)CAN_WRITE;
	before = w.cpu;
	assert_int_equal(x86_run(&w.cpu, 1), X86_REFUSED);
	assert_memory_equal(before.reg, w.cpu.reg, sizeof(before.reg));
	assert_int_equal(x86_rflags(&before), x86_rflags(&w.cpu));
	w.rights[row->page] |= CAN_WRITE;
	assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
	assert_int_not_equal(w.cpu.reg[X86_RIP], CODE);
	world_end(NULL);
}

static void
a_repetition_goes_on_where_it_was_refused(void **state)
{
	(void)state;
	put_code(CODE, "f3 48 ab"); /* REP STOSQ */
	w.cpu.reg[X86_RDI] = DATA + PAGE - 16;
	w.cpu.reg[X86_RCX] = 5;
	w.cpu.reg[X86_RAX] = ~0ull;
	w.rights[4] = CAN_READ;
	assert_int_equal(x86_run(&w.cpu, 1), X86_REFUSED);
	assert_int_equal(w.cpu.reg[X86_RCX], 3);
	assert_int_equal(w.cpu.reg[X86_RDI], DATA + PAGE);
	assert_int_equal(w.cpu.reg[X86_RIP], CODE);
	assert_int_equal(w.cpu.retired, 0);
	w.rights[4] |= CAN_WRITE;
	assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
	assert_int_equal(w.cpu.reg[X86_RCX], 0);
	assert_true(word(DATA + PAGE + 16) == ~0ull);
	assert_int_equal(word(DATA + PAGE + 24), 0);
}

static void
an_endless_repetition_gives_way(void **state)
{
	(void)state;
	put_code(CODE, "67 f3 ac"); /* REP LODSB by ESI */
	w.cpu.reg[X86_RSI] = 0;
	w.cpu.reg[X86_RCX] = 0xffffffff;
	w.rights[0] = CAN_READ;
	assert_int_equal(x86_run(&w.cpu, 2), X86_BUDGET);
	assert_int_equal(w.cpu.reg[X86_RIP], CODE);
	assert_int_equal(w.cpu.reg[X86_RSI], 0x1000);
	assert_int_equal(w.cpu.retired, 1);
	assert_int_equal(w.cpu.repeated, 0x1000);
}

static void
a_window_saves_asking_and_is_counted(void **state)
{
	(void)state;
	put_code(CODE, "48 8b 03 48 8b 43 08 48 89 43 10 48 89 43 18");
	w.cpu.reg[X86_RBX] = DATA;
	assert_int_equal(x86_run(&w.cpu, 4), X86_BUDGET);
	assert_int_equal(asked_for(X86_FETCH), 1);
	assert_int_equal(asked_for(X86_READ), 1);
	assert_int_equal(asked_for(X86_WRITE), 1);
	/* Four fetches, two loads, two stores; three of the eight were asked for. */
	assert_int_equal(w.cpu.kept, 5);
}

static void
nothing_is_kept_that_may_not_be(void **state)
{
	(void)state;
	put_code(CODE, "48 8b 03 48 8b 43 08");
	w.cpu.reg[X86_RBX] = DATA;
	w.keep = false;
	assert_int_equal(x86_run(&w.cpu, 2), X86_BUDGET);
	assert_int_equal(asked_for(X86_FETCH), 2);
	assert_int_equal(asked_for(X86_READ), 2);
	assert_int_equal(w.cpu.kept, 0);
}

static void
what_is_forgotten_is_asked_for_again(void **state)
{
	(void)state;
	put_code(CODE, "48 8b 03 48 8b 43 08");
	w.cpu.reg[X86_RBX] = DATA;
	assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
	w.rights[3] = 0;
	x86_forget(&w.cpu);
	assert_int_equal(x86_run(&w.cpu, 1), X86_REFUSED);
}

/* --- fetches ---------------------------------------------------------------------------------- */

static void
an_instruction_over_a_border_asks_for_both_pages(void **state)
{
	(void)state;
	put_code(CODE + PAGE - 2, "48 b8 88 77 66 55 44 33 22 11");
	w.cpu.reg[X86_RIP] = CODE + PAGE - 2;
	w.rights[2] = 0;
	assert_int_equal(x86_run(&w.cpu, 1), X86_REFUSED);
	assert_int_equal(w.cpu.reg[X86_RIP], CODE + PAGE - 2);
	assert_int_equal(w.asked[1].at, CODE + PAGE);
	w.rights[2] = CAN_FETCH;
	assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
	assert_true(w.cpu.reg[X86_RAX] == 0x1122334455667788);
}

static void
an_instruction_that_ends_with_its_page_asks_for_no_other(void **state)
{
	(void)state;
	put_code(CODE + PAGE - 3, "48 01 c8");
	w.cpu.reg[X86_RIP] = CODE + PAGE - 3;
	w.rights[2] = 0;
	assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
	assert_int_equal(w.cpu.reg[X86_RIP], CODE + PAGE);
	assert_int_equal(x86_run(&w.cpu, 1), X86_REFUSED);
}

static void
a_fetch_is_refused_at_its_instruction_and_not_before(void **state)
{
	(void)state;
	put_code(CODE + PAGE - 6, "48 ff c0 48 ff c0");
	w.cpu.reg[X86_RIP] = CODE + PAGE - 6;
	w.rights[2] = 0;
	assert_int_equal(x86_run(&w.cpu, 9), X86_REFUSED);
	assert_int_equal(w.cpu.reg[X86_RAX], 2);
	assert_int_equal(w.cpu.retired, 2);
}

static void
a_program_that_changes_its_own_next_instruction_executes_what_it_wrote(void **state)
{
	(void)state;
	put_code(CODE, "c6 05 01 00 00 00 07 b0 01"); /* MOV BYTE [next + 1], 7; MOV AL, 1 */
	assert_int_equal(x86_run(&w.cpu, 2), X86_BUDGET);
	assert_int_equal(w.cpu.reg[X86_RAX] & 0xff, 7);
}

static void
code_written_through_another_page_is_seen(void **state)
{
	(void)state;
	w.alias[3] = 1; /* the data is the code's frame */
	put_code(CODE, "c6 43 0a 07 eb 03 90 90 90 b0 01 90");
	w.cpu.reg[X86_RBX] = DATA;
	assert_int_equal(x86_run(&w.cpu, 3), X86_BUDGET);
	assert_int_equal(w.cpu.reg[X86_RAX] & 0xff, 7);
}

static void
code_that_somebody_else_changed_is_seen_once_it_was_dropped(void **state)
{
	(void)state;
	put_code(CODE, "b0 01 eb fc");
	assert_int_equal(x86_run(&w.cpu, 2), X86_BUDGET);
	assert_int_equal(w.cpu.reg[X86_RAX], 1);
	put_code(CODE, "b0 02");
	x86_code_drop(w.code, 1);
	assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
	assert_int_equal(w.cpu.reg[X86_RAX], 2);
}

static void
a_store_that_is_full_is_emptied(void **state)
{
	unsigned i, round;

	(void)state;
	memset(w.frame[1], 0x90, PAGE);
	for (round = 0; round < 40; round++) {
		for (i = 0; i < PAGE - 64; i++) {
			w.cpu.reg[X86_RIP] = CODE + i;
			assert_int_equal(x86_run(&w.cpu, 1), X86_BUDGET);
		}
		x86_code_drop(w.code, 1);
	}
	assert_int_equal(w.cpu.retired, 40 * (PAGE - 64));
}

static void
a_trap_follows_the_instruction_after_the_flag_was_set(void **state)
{
	(void)state;
	put_code(CODE, "9d 48 ff c0 48 ff c0"); /* POPF; INC RAX; INC RAX */
	set_word(w.cpu.reg[X86_RSP], X86_TF);
	assert_int_equal(x86_run(&w.cpu, 9), X86_EXCEPTION);
	assert_int_equal(w.cpu.vector, X86_DB);
	assert_true(w.cpu.trap);
	assert_int_equal(w.cpu.reg[X86_RAX], 1);
	assert_int_equal(w.cpu.reg[X86_RIP], CODE + 4);
}

static void
so_many_instructions_are_executed_and_no_more(void **state)
{
	(void)state;
	put_code(CODE, "48 ff c0 eb fb");
	assert_int_equal(x86_run(&w.cpu, 1001), X86_BUDGET);
	assert_int_equal(w.cpu.retired, 1001);
	assert_int_equal(w.cpu.reg[X86_RAX], 501);
	assert_int_equal(w.cpu.reg[X86_RIP], CODE + 3);
}

static void
names_are_those_of_the_instructions(void **state)
{
	static const struct {
		const char *code, *name;
		unsigned length;
	} rows[] = {
		{ "48 0f c7 0b", "cmpxchg16b", 4 },
		{ "f2 0f 58 c1", "addsd", 4 },
		{ "d9 e8", "fld1", 2 },
		{ "66 0f 38 00 c1", "pshufb", 5 },
		{ "06", "", 0 },
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char bytes[16] = { 0 };
		char name[X86_NAME_SIZE];

		hex(bytes, rows[i].code);
		assert_int_equal(x86_name(bytes, 15, name), rows[i].length);
		assert_string_equal(name, rows[i].name);
	}
}

#define WORLD(rows, run) ROWS_ADD_TEST(rows, world_##run)
#define IN_A_WORLD(run)                                                                            \
	static void world_##run(void **state)                                                      \
	{                                                                                          \
		world_begin(state);                                                                \
		run(state);                                                                        \
		world_end(state);                                                                  \
	}

IN_A_WORLD(all_sums_and_differences_of_bytes_set_the_flags_of_a_naive_model)
IN_A_WORLD(every_combination_of_flags_can_be_set_and_read_back)
IN_A_WORLD(conditions_are_those_of_their_numbers)
IN_A_WORLD(a_read_modify_write_asks_once_and_as_such)
IN_A_WORLD(a_comparison_only_reads)
IN_A_WORLD(a_failing_cmpxchg_is_a_write)
IN_A_WORLD(a_store_over_a_border_is_all_or_nothing)
IN_A_WORLD(a_modification_over_a_border_too)
IN_A_WORLD(a_window_ends_with_its_page)
IN_A_WORLD(a_repetition_goes_on_where_it_was_refused)
IN_A_WORLD(an_endless_repetition_gives_way)
IN_A_WORLD(a_window_saves_asking_and_is_counted)
IN_A_WORLD(nothing_is_kept_that_may_not_be)
IN_A_WORLD(what_is_forgotten_is_asked_for_again)
IN_A_WORLD(an_instruction_over_a_border_asks_for_both_pages)
IN_A_WORLD(an_instruction_that_ends_with_its_page_asks_for_no_other)
IN_A_WORLD(a_fetch_is_refused_at_its_instruction_and_not_before)
IN_A_WORLD(a_program_that_changes_its_own_next_instruction_executes_what_it_wrote)
IN_A_WORLD(code_written_through_another_page_is_seen)
IN_A_WORLD(code_that_somebody_else_changed_is_seen_once_it_was_dropped)
IN_A_WORLD(a_store_that_is_full_is_emptied)
IN_A_WORLD(a_trap_follows_the_instruction_after_the_flag_was_set)
IN_A_WORLD(so_many_instructions_are_executed_and_no_more)

int
main(void)
{
	struct rows rows = { NULL, 0, 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(effects); i++)
		rows_add(&rows, "effect", effects[i].what, row_effect, &effects[i]);
	for (i = 0; i < ROWS_COUNT(stops); i++)
		rows_add(&rows, "stop", stops[i].what, row_stop, &stops[i]);
	for (i = 0; i < ROWS_COUNT(restarts); i++)
		rows_add(&rows, "restart", restarts[i].what, row_restart, &restarts[i]);
	WORLD(&rows, all_sums_and_differences_of_bytes_set_the_flags_of_a_naive_model);
	WORLD(&rows, every_combination_of_flags_can_be_set_and_read_back);
	WORLD(&rows, conditions_are_those_of_their_numbers);
	WORLD(&rows, a_read_modify_write_asks_once_and_as_such);
	WORLD(&rows, a_comparison_only_reads);
	WORLD(&rows, a_failing_cmpxchg_is_a_write);
	WORLD(&rows, a_store_over_a_border_is_all_or_nothing);
	WORLD(&rows, a_modification_over_a_border_too);
	WORLD(&rows, a_window_ends_with_its_page);
	WORLD(&rows, a_repetition_goes_on_where_it_was_refused);
	WORLD(&rows, an_endless_repetition_gives_way);
	WORLD(&rows, a_window_saves_asking_and_is_counted);
	WORLD(&rows, nothing_is_kept_that_may_not_be);
	WORLD(&rows, what_is_forgotten_is_asked_for_again);
	WORLD(&rows, an_instruction_over_a_border_asks_for_both_pages);
	WORLD(&rows, an_instruction_that_ends_with_its_page_asks_for_no_other);
	WORLD(&rows, a_fetch_is_refused_at_its_instruction_and_not_before);
	WORLD(&rows, a_program_that_changes_its_own_next_instruction_executes_what_it_wrote);
	WORLD(&rows, code_written_through_another_page_is_seen);
	WORLD(&rows, code_that_somebody_else_changed_is_seen_once_it_was_dropped);
	WORLD(&rows, a_store_that_is_full_is_emptied);
	WORLD(&rows, a_trap_follows_the_instruction_after_the_flag_was_set);
	WORLD(&rows, so_many_instructions_are_executed_and_no_more);
	ROWS_ADD_TEST(&rows, names_are_those_of_the_instructions);
	return rows_run(&rows, "x86");
}
