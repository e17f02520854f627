/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instruction set as rows: which bytes, which operands, which name, what is to be done.
 *
 * One table serves decoding, names and execution.  A row without an action is an instruction that
 * is known and not executed.
 */
#ifndef VK_X86_X86_TABLE_H
#define VK_X86_X86_TABLE_H

#include "x86/x86_op.h"

/* What is done.  The first eight are in the order of ModRM.reg. */
enum x86_what {
	X86_NOTHING, /* known, not executed */
	X86_ADD, X86_OR, X86_ADC, X86_SBB, X86_AND, X86_SUB, X86_XOR, X86_CMP,
	X86_TEST, X86_MOV, X86_MOVABS, X86_MOVZX, X86_MOVSX, X86_LEA, X86_XCHG, X86_XADD,
	X86_CMPXCHG, X86_CMPXCHG16, X86_INC, X86_DEC, X86_NOT, X86_NEG, X86_CBW, X86_CWD,
	X86_SHIFT, X86_DSHIFT, X86_BIT, X86_SCAN, X86_POPCNT, X86_BSWAP, X86_IMUL, X86_MULDIV,
	X86_PUSH, X86_POP, X86_PUSHF, X86_POPF, X86_ENTER, X86_LEAVE,
	X86_CALL, X86_CALL_TO, X86_JMP, X86_JMP_TO, X86_RET, X86_JCC, X86_LOOP,
	X86_SETCC, X86_CMOVCC, X86_MOVS, X86_CMPS, X86_STOS, X86_LODS, X86_SCAS, X86_XLAT,
	X86_FLAG, X86_LAHF, X86_SAHF, X86_NOP, X86_INVALID, X86_BREAK, X86_INTN, X86_PRIVILEGED,
	X86_DO_CPUID, X86_DO_VMX, X86_LDMXCSR, X86_STMXCSR,
	X86_VMOVE, X86_VALIGNED, X86_VMOVE_LOW, X86_VMOVE_QUAD, X86_VMOVE_HALF,
	X86_VTO_G, X86_VFROM_G, X86_VBINARY, X86_VSHIFT, X86_VSHUFFLE, X86_VMASK, X86_VINSERT,
	X86_VEXTRACT,
	X86_WHATS
};

/* The detail of X86_SHIFT is ModRM.reg; of X86_DSHIFT, X86_FLAG, X86_MULDIV and X86_BIT: */
enum x86_double_shift { X86_LEFT, X86_LEFT_CL, X86_RIGHT, X86_RIGHT_CL };
enum x86_flag_change {
	X86_FLAG_CLC, X86_FLAG_STC, X86_FLAG_CMC, X86_FLAG_CLD, X86_FLAG_STD
};
enum x86_multiply { X86_MUL, X86_IMUL_WIDE, X86_DIV, X86_IDIV };
enum x86_bit { X86_BT, X86_BTS, X86_BTR, X86_BTC };

/* Which vector operation: the detail of X86_VBINARY, X86_VSHIFT, X86_VSHUFFLE, X86_VMOVE_HALF. */
enum x86_vector_function {
	X86_V_PADDB, X86_V_PADDW, X86_V_PADDD, X86_V_PADDQ,
	X86_V_PSUBB, X86_V_PSUBW, X86_V_PSUBD, X86_V_PSUBQ,
	X86_V_PADDSB, X86_V_PADDSW, X86_V_PADDUSB, X86_V_PADDUSW,
	X86_V_PSUBSB, X86_V_PSUBSW, X86_V_PSUBUSB, X86_V_PSUBUSW,
	X86_V_PAND, X86_V_PANDN, X86_V_POR, X86_V_PXOR,
	X86_V_PCMPEQB, X86_V_PCMPEQW, X86_V_PCMPEQD,
	X86_V_PCMPGTB, X86_V_PCMPGTW, X86_V_PCMPGTD,
	X86_V_PMINUB, X86_V_PMAXUB, X86_V_PMINSW, X86_V_PMAXSW, X86_V_PAVGB, X86_V_PAVGW,
	X86_V_PMULLW, X86_V_PMULHW, X86_V_PMULHUW, X86_V_PMULUDQ, X86_V_PMADDWD, X86_V_PSADBW,
	X86_V_PUNPCKLBW, X86_V_PUNPCKLWD, X86_V_PUNPCKLDQ, X86_V_PUNPCKLQDQ,
	X86_V_PUNPCKHBW, X86_V_PUNPCKHWD, X86_V_PUNPCKHDQ, X86_V_PUNPCKHQDQ,
	X86_V_PACKSSWB, X86_V_PACKSSDW, X86_V_PACKUSWB,
	X86_V_PSRLW, X86_V_PSRLD, X86_V_PSRLQ, X86_V_PSRAW, X86_V_PSRAD,
	X86_V_PSLLW, X86_V_PSLLD, X86_V_PSLLQ,
	X86_V_PSRLDQ, X86_V_PSLLDQ,
	X86_V_PSHUFD, X86_V_PSHUFHW, X86_V_PSHUFLW, X86_V_SHUFPS, X86_V_SHUFPD,
	X86_V_LOW, X86_V_HIGH, X86_V_LOW_FROM_HIGH, X86_V_HIGH_FROM_LOW
};

/* How the operands are encoded; the letters are the manual's [X86-OPCODES]. */
enum x86_encoding {
	X86_E_NONE,
	X86_E_E_G, X86_E_G_E, X86_E_E_I, X86_E_E_IB, X86_E_E_1, X86_E_E_CL, X86_E_E, X86_E_G_M,
	X86_E_G_E_I, X86_E_G_E_IB, X86_E_E_G_IB, X86_E_E_G_CL,
	X86_E_A_I, X86_E_Z, X86_E_Z_I, X86_E_Z_A, X86_E_A_O, X86_E_O_A,
	X86_E_I, X86_E_IB, X86_E_JB, X86_E_JZ, X86_E_IW, X86_E_IW_IB,
	X86_E_V_W, X86_E_W_V, X86_E_V_E, X86_E_E_V, X86_E_V_W_IB, X86_E_W_IB, X86_E_G_W,
	X86_E_V_E_IB, X86_E_G_W_IB,
	X86_E_CONTROL, /* registers only, whatever ModRM.mod says */
	X86_ENCODINGS
};

/* Size of the operation. */
enum x86_sizing {
	X86_S_0,  /* none */
	X86_S_1, X86_S_2, X86_S_4, X86_S_8, X86_S_16,
	X86_S_V,  /* 4; 8 with REX.W; 2 with 66 */
	X86_S_Y,  /* 4; 8 with REX.W */
	X86_S_K   /* of the stack: 8; 2 with 66 */
};

#define X86_MAP_ONE 0 /* one byte */
#define X86_MAP_0F 1
#define X86_MAP_38 2
#define X86_MAP_3A 3

/* Mandatory prefixes that a row is for. */
#define X86_P_NONE 1u
#define X86_P_66 2u
#define X86_P_F3 4u
#define X86_P_F2 8u
#define X86_P_ANY 15u

#define X86_R_ANY 0xffu /* ModRM.reg: a bit for each value; none for a row without ModRM */

#define X86_M_REG 1u
#define X86_M_MEM 2u
#define X86_M_ANY 3u

#define X86_F_LOCK 1u     /* LOCK may stand before the form that writes memory */
#define X86_F_BY_REG 2u   /* ModRM.reg selects the name, and of X86_ADD the action */
#define X86_F_BY_STEP 4u  /* the opcode does */
#define X86_F_BY_RM 32u   /* ModRM.rm does */
#define X86_F_BY_SIZE 64u /* the size does, 2, 4 or 8, and of the name alone */
#define X86_F_DETAIL 8u   /* what selects is the handler's detail */
#define X86_F_DECIDES 16u /* RIP is set by it, or it has to be the last that is decoded */

struct x86_row {
	uint8_t map;
	uint8_t first, last;  /* opcodes */
	uint8_t step;         /* between them */
	uint8_t prefix;       /* X86_P_* */
	uint8_t reg;          /* ModRM.reg values; 0: no ModRM byte */
	uint8_t mod;          /* X86_M_* */
	uint8_t encoding;
	uint8_t sizing;
	uint8_t what;         /* X86_ADD stands for all eight from there on */
	uint8_t detail;       /* the handler's, where nothing selects one */
	uint8_t flags;
	const char *names;    /* words; the selected one counts */
};

extern const struct x86_row x86_rows[];
extern const size_t x86_row_count;

enum x86_decoded {
	X86_DECODED,
	X86_MORE,    /* the bytes end within the instruction */
	X86_NO_CODE, /* no instruction begins so: #UD */
	X86_TOO_LONG /* more than 15 bytes: #GP */
};

/* Decodes the instruction at the start of `bytes`; *row tells which, op->run NULL if unknown. */
enum x86_decoded x86_decode(const unsigned char *bytes, size_t size, struct x86_op *op,
    const struct x86_row **row, unsigned *selected);

/* The handler for an action with the operands of `op`; NULL: not executed. */
x86_handler x86_handler_for(enum x86_what what, const struct x86_op *op);


#endif
