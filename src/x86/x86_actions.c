/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an action to the function that carries it out.
 */
#include "x86/x86_alu.h"

/* The one handler of an action that has one. */
static const x86_handler handlers[X86_WHATS] = {
	[X86_MOVABS] = x86_do_movabs,
	[X86_MOVZX] = x86_do_movzx,
	[X86_MOVSX] = x86_do_movsx,
	[X86_LEA] = x86_do_lea,
	[X86_XCHG] = x86_do_xchg,
	[X86_XADD] = x86_do_xadd,
	[X86_CMPXCHG] = x86_do_cmpxchg,
	[X86_CMPXCHG16] = x86_do_cmpxchg16,
	[X86_NOT] = x86_do_not,
	[X86_NEG] = x86_do_neg,
	[X86_CBW] = x86_do_cbw,
	[X86_CWD] = x86_do_cwd,
	[X86_SHIFT] = x86_do_shift,
	[X86_DSHIFT] = x86_do_double_shift,
	[X86_BIT] = x86_do_bit,
	[X86_SCAN] = x86_do_scan,
	[X86_POPCNT] = x86_do_popcnt,
	[X86_BSWAP] = x86_do_bswap,
	[X86_IMUL] = x86_do_imul,
	[X86_MULDIV] = x86_do_muldiv,
	[X86_PUSH] = x86_do_push,
	[X86_POP] = x86_do_pop,
	[X86_PUSHF] = x86_do_pushf,
	[X86_POPF] = x86_do_popf,
	[X86_ENTER] = x86_do_enter,
	[X86_LEAVE] = x86_do_leave,
	[X86_CALL] = x86_do_call,
	[X86_CALL_TO] = x86_do_call_to,
	[X86_JMP] = x86_do_jmp,
	[X86_JMP_TO] = x86_do_jmp_to,
	[X86_RET] = x86_do_ret,
	[X86_LOOP] = x86_do_loop,
	[X86_SETCC] = x86_do_setcc,
	[X86_CMOVCC] = x86_do_cmovcc,
	[X86_MOVS] = x86_do_movs,
	[X86_CMPS] = x86_do_cmps,
	[X86_STOS] = x86_do_stos,
	[X86_LODS] = x86_do_lods,
	[X86_SCAS] = x86_do_scas,
	[X86_XLAT] = x86_do_xlat,
	[X86_FLAG] = x86_do_flag,
	[X86_LAHF] = x86_do_lahf,
	[X86_SAHF] = x86_do_sahf,
	[X86_NOP] = x86_do_nop,
	[X86_INVALID] = x86_do_invalid,
	[X86_BREAK] = x86_do_break,
	[X86_INTN] = x86_do_intn,
	[X86_PRIVILEGED] = x86_do_privileged,
	[X86_DO_CPUID] = x86_do_intercept,
	[X86_DO_VMX] = x86_do_intercept,
	[X86_LDMXCSR] = x86_do_ldmxcsr,
	[X86_STMXCSR] = x86_do_stmxcsr,
	[X86_VMOVE] = x86_do_vmove,
	[X86_VALIGNED] = x86_do_valigned,
	[X86_VMOVE_LOW] = x86_do_vmove_low,
	[X86_VMOVE_QUAD] = x86_do_vmove_quad,
	[X86_VMOVE_HALF] = x86_do_vmove_half,
	[X86_VTO_G] = x86_do_vto_g,
	[X86_VFROM_G] = x86_do_vfrom_g,
	[X86_VBINARY] = x86_do_vbinary,
	[X86_VSHIFT] = x86_do_vshift,
	[X86_VSHUFFLE] = x86_do_vshuffle,
	[X86_VMASK] = x86_do_vmask,
	[X86_VINSERT] = x86_do_vinsert,
	[X86_VEXTRACT] = x86_do_vextract,
};

/* Those by form and size, or NULL. */
static const x86_handlers *
by_form(enum x86_what what)
{
	switch (what) {
	case X86_TEST:
		return &x86_test;
	case X86_MOV:
		return &x86_mov;
	case X86_INC:
		return &x86_inc;
	case X86_DEC:
		return &x86_dec;
	default:
		return what >= X86_ADD && what <= X86_CMP ? &x86_alu[what - X86_ADD] : NULL;
	}
}

x86_handler
x86_handler_for(enum x86_what what, const struct x86_op *op)
{
	const x86_handlers *many = by_form(what);
	unsigned size = op->size == 8 ? 3 : op->size == 4 ? 2 : op->size == 2 ? 1 : 0;

	if (what == X86_JCC)
		return x86_jcc[op->detail];
	return many != NULL ? (*many)[op->form][size] : handlers[what];
}
