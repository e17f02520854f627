/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a VM exit says: reasons, interruption information, and the fields that go with them.
 */
#ifndef VK_VMM_VMX_H
#define VK_VMM_VMX_H

#include "base/addr.h"

/* Basic exit reasons [VMX-REASON]. */
enum vmx_reason {
	VMX_EXIT_EXCEPTION = 0,
	VMX_EXIT_INTERRUPT = 1,
	VMX_EXIT_TRIPLE_FAULT = 2,
	VMX_EXIT_CPUID = 10,
	VMX_EXIT_HLT = 12,
	VMX_EXIT_INVLPG = 14,
	VMX_EXIT_VMCALL = 18,
	VMX_EXIT_VMCLEAR = 19,
	VMX_EXIT_VMXON = 27,
	VMX_EXIT_CR = 28,
	VMX_EXIT_GUEST_STATE = 33,
	VMX_EXIT_PAUSE = 40,
	VMX_EXIT_EPT_VIOLATION = 48,
	VMX_EXIT_EPT_MISCONFIG = 49,
	VMX_EXIT_INVEPT = 50,
	VMX_EXIT_PREEMPTION_TIMER = 52,
	VMX_EXIT_INVVPID = 53,
	VMX_EXIT_VMFUNC = 59,
	VMX_EXIT_PML_FULL = 62,
	VMX_EXIT_SPP = 66
};

#define VMX_REASON_ENTRY_FAILED 0x80000000u /* bit 31 of the exit-reason word */

/* Interruption information: exits, IDT vectoring, injection [VMX-INTR-INFO]. */
#define VMX_INTR_VECTOR 0x000000ffu
#define VMX_INTR_TYPE_SHIFT 8
#define VMX_INTR_TYPE 0x00000700u
#define VMX_INTR_CODE_VALID 0x00000800u
#define VMX_INTR_VALID 0x80000000u
#define VMX_INTR_EXTERNAL 0u
#define VMX_INTR_NMI 2u
#define VMX_INTR_HARDWARE 3u /* hardware exception */
#define VMX_INTR_SOFTWARE 6u /* software exception: INT3, INTO */

enum vmx_vector {
	VMX_VECTOR_DE = 0,
	VMX_VECTOR_DB = 1,
	VMX_VECTOR_NMI = 2,
	VMX_VECTOR_BP = 3,
	VMX_VECTOR_UD = 6,
	VMX_VECTOR_NM = 7,
	VMX_VECTOR_DF = 8,
	VMX_VECTOR_SS = 12,
	VMX_VECTOR_GP = 13,
	VMX_VECTOR_PF = 14,
	VMX_VECTOR_AC = 17,
	VMX_VECTOR_MC = 18,
	VMX_VECTOR_VE = 20
};

/* VM-instruction error numbers [VMX-ERROR]. */
#define VMX_ERROR_LAUNCH_NOT_CLEAR 4u
#define VMX_ERROR_RESUME_NOT_LAUNCHED 5u
#define VMX_ERROR_CONTROLS 7u
#define VMX_ERROR_HOST_STATE 8u
#define VMX_ERROR_INV_OPERAND 28u

/* The exit fields of a VMCS.  A field that the exit does not define is 0. */
struct vmx_exit {
	uint32_t reason; /* the whole exit-reason word */
	uint64_t qualification;
	gpa_t gpa;
	gva_t gla;
	int gla_valid;
	uint32_t intr_info;
	uint32_t intr_error;
	uint32_t idt_info; /* an event was being delivered when this exit happened */
	uint32_t idt_error;
	uint32_t instruction_length; /* 0 where the manual leaves it undefined */
};

static inline uint32_t
vmx_intr_type(uint32_t info)
{
	return (info & VMX_INTR_TYPE) >> VMX_INTR_TYPE_SHIFT;
}

/* The information word of an event; code_valid is 0 or 1. */
static inline uint32_t
vmx_intr_info(unsigned vector, uint32_t type, int code_valid)
{
	return VMX_INTR_VALID | (code_valid ? VMX_INTR_CODE_VALID : 0) |
	    (type << VMX_INTR_TYPE_SHIFT) | (vector & VMX_INTR_VECTOR);
}

#endif
