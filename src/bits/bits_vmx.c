/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats of VM exits and entries: exit reason, event information, the exit qualifications of
 * control-register, debug-register and I/O exits, and three words of execution controls.
 *
 * Which controls a processor lets be 0 or 1 is in its capability MSRs, which are not asked here: a
 * control is reserved only where no processor gives it a meaning.
 */
#include "bits/bits_rows.h"

/* clang-format off */

static const struct bits_value register_value[] = {
	{ 0, "RAX", "RAX" }, { 1, "RCX", "RCX" }, { 2, "RDX", "RDX" }, { 3, "RBX", "RBX" },
	{ 4, "RSP", "RSP" }, { 5, "RBP", "RBP" }, { 6, "RSI", "RSI" }, { 7, "RDI", "RDI" },
	{ 8, "R8", "R8" }, { 9, "R9", "R9" }, { 10, "R10", "R10" }, { 11, "R11", "R11" },
	{ 12, "R12", "R12" }, { 13, "R13", "R13" }, { 14, "R14", "R14" }, { 15, "R15", "R15" },
	{ 0, NULL, NULL }
};

static const struct bits_value cr_value[] = {
	{ 0, "CR0", "CR0" },
	{ 3, "CR3", "CR3" },
	{ 4, "CR4", "CR4" },
	{ 8, "CR8", "CR8" },
	{ 0, NULL, NULL }
};

static const struct bits_value cr_access_value[] = {
	{ 0, "to-CR", "MOV to the control register" },
	{ 1, "from-CR", "MOV from the control register" },
	{ 2, "CLTS", "CLTS" },
	{ 3, "LMSW", "LMSW" },
	{ 0, NULL, NULL }
};

static const struct bits_rule cr_rule[] = {
	RULE(FACT_MOV,  0, 0, 0, 0x20, 0x00),
	RULE(FACT_LMSW, 0, 0, 0, 0x30, 0x30),
};

/* [EXIT-CR] */
static const struct bits_row cr_row[] = {
	CHOICE("CR", 3, 0, 0, 0, 0, cr_value),
	CHOICE("access", 5, 4, 0, 0, 0, cr_access_value),
	FLAG("MEM", 6, 0, FACT_LMSW, 0, "LMSW from a register", "LMSW from memory"),
	ZERO(NULL, 6, 6, 0, 0, FACT_LMSW, "always 0: not LMSW"),
	ZERO(NULL, 7, 7, 0, 0, 0, "always 0"),
	CHOICE("register", 11, 8, 0, FACT_MOV, 0, register_value),
	ZERO(NULL, 11, 8, 0, 0, FACT_MOV, "always 0: no MOV"),
	ZERO(NULL, 15, 12, 0, 0, 0, "always 0"),
	NUMBER("source", 31, 16, 0, FACT_LMSW, 0, NULL, "source data of LMSW"),
	ZERO(NULL, 31, 16, 0, 0, FACT_LMSW, "always 0: not LMSW"),
	ZERO(NULL, 63, 32, 0, 0, 0, "always 0"),
};

/* [EXIT-DR] */
static const struct bits_row dr_row[] = {
	NUMBER("DR", 2, 0, 0, 0, 0, NULL, "number of the debug register"),
	ZERO(NULL, 3, 3, 0, 0, 0, "always 0"),
	FLAG("FROM", 4, 0, 0, 0, "MOV to the debug register", "MOV from the debug register"),
	ZERO(NULL, 7, 5, 0, 0, 0, "always 0"),
	CHOICE("register", 11, 8, 0, 0, 0, register_value),
	ZERO(NULL, 63, 12, 0, 0, 0, "always 0"),
};

static const struct bits_value io_size_value[] = {
	{ 0, "1-byte", "1 byte" },
	{ 1, "2-byte", "2 bytes" },
	{ 3, "4-byte", "4 bytes" },
	{ 0, NULL, NULL }
};

/* [EXIT-IO] */
static const struct bits_row io_row[] = {
	CHOICE("size", 2, 0, 0, 0, 0, io_size_value),
	FLAG("IN", 3, 0, 0, 0, "OUT", "IN"),
	FLAG("STRING", 4, 0, 0, 0, "not a string instruction", "INS or OUTS"),
	FLAG("REP", 5, 0, 0, 0, "no REP prefix", "REP prefix"),
	FLAG("IMM", 6, 0, 0, 0, "port number in DX", "port number in the instruction"),
	ZERO(NULL, 15, 7, 0, 0, 0, "always 0"),
	NUMBER("port", 31, 16, 0, 0, 0, NULL, "port number"),
	ZERO(NULL, 63, 32, 0, 0, 0, "always 0"),
};

static const struct bits_value reason_value[] = {
	{ 0, "exception", "exception or NMI" },
	{ 1, "external-interrupt", "external interrupt" },
	{ 2, "triple-fault", "triple fault" },
	{ 3, "INIT", "INIT signal" },
	{ 4, "SIPI", "start-up IPI" },
	{ 7, "interrupt-window", "interrupt window" },
	{ 8, "NMI-window", "NMI window" },
	{ 9, "task-switch", "task switch" },
	{ 10, "CPUID", "CPUID" },
	{ 11, "GETSEC", "GETSEC" },
	{ 12, "HLT", "HLT" },
	{ 13, "INVD", "INVD" },
	{ 14, "INVLPG", "INVLPG" },
	{ 15, "RDPMC", "RDPMC" },
	{ 16, "RDTSC", "RDTSC" },
	{ 18, "VMCALL", "VMCALL" },
	{ 19, "VMCLEAR", "VMCLEAR" },
	{ 20, "VMLAUNCH", "VMLAUNCH" },
	{ 21, "VMPTRLD", "VMPTRLD" },
	{ 22, "VMPTRST", "VMPTRST" },
	{ 23, "VMREAD", "VMREAD" },
	{ 24, "VMRESUME", "VMRESUME" },
	{ 25, "VMWRITE", "VMWRITE" },
	{ 26, "VMXOFF", "VMXOFF" },
	{ 27, "VMXON", "VMXON" },
	{ 28, "CR-access", "control-register access" },
	{ 29, "MOV-DR", "MOV DR" },
	{ 30, "IO", "I/O instruction" },
	{ 31, "RDMSR", "RDMSR" },
	{ 32, "WRMSR", "WRMSR" },
	{ 33, "bad-guest-state", "VM entry failed: invalid guest state" },
	{ 34, "bad-MSR-load", "VM entry failed: MSR loading" },
	{ 36, "MWAIT", "MWAIT" },
	{ 37, "monitor-trap", "monitor trap flag" },
	{ 39, "MONITOR", "MONITOR" },
	{ 40, "PAUSE", "PAUSE" },
	{ 41, "machine-check", "VM entry failed: machine check" },
	{ 43, "TPR", "TPR below threshold" },
	{ 44, "APIC-access", "APIC access" },
	{ 46, "GDTR-IDTR", "access to GDTR or IDTR" },
	{ 47, "LDTR-TR", "access to LDTR or TR" },
	{ 48, "EPT-violation", "EPT violation" },
	{ 49, "EPT-misconfig", "EPT misconfiguration" },
	{ 50, "INVEPT", "INVEPT" },
	{ 51, "RDTSCP", "RDTSCP" },
	{ 52, "preemption-timer", "preemption timer" },
	{ 53, "INVVPID", "INVVPID" },
	{ 54, "WBINVD", "WBINVD" },
	{ 55, "XSETBV", "XSETBV" },
	{ 58, "INVPCID", "INVPCID" },
	{ 59, "VMFUNC", "VMFUNC" },
	{ 62, "PML-full", "page-modification log full" },
	{ 63, "XSAVES", "XSAVES" },
	{ 64, "XRSTORS", "XRSTORS" },
	{ 66, "SPP", "sub-page permission event" },
	{ 0, NULL, NULL }
};

/* [VMX-REASON] */
static const struct bits_row reason_row[] = {
	NUMBER("reason", 15, 0, 0, 0, 0, reason_value, "basic exit reason"),
	ZERO(NULL, 26, 16, 0, 0, 0, "always 0"),
	FLAG("ENCLAVE", 27, 0, 0, 0, "not in enclave mode", "in enclave mode"),
	FLAG("MTF", 28, 0, 0, 0, "no pending monitor trap flag", "monitor trap flag pending"),
	FLAG("ROOT", 29, 0, 0, 0, "exit from non-root operation", "exit from root operation (SMM)"),
	ZERO(NULL, 30, 30, 0, 0, 0, "always 0"),
	FLAG("ENTRY-FAILURE", 31, 0, 0, 0, "a VM exit", "VM entry failed"),
	ZERO(NULL, 63, 32, 0, 0, 0, "beyond this 32-bit field"),
};

static const struct bits_value vector_value[] = {
	{ 0, "#DE", "divide error" },
	{ 1, "#DB", "debug exception" },
	{ 3, "#BP", "breakpoint" },
	{ 4, "#OF", "overflow" },
	{ 5, "#BR", "bound range exceeded" },
	{ 6, "#UD", "invalid opcode" },
	{ 7, "#NM", "device not available" },
	{ 8, "#DF", "double fault" },
	{ 10, "#TS", "invalid TSS" },
	{ 11, "#NP", "segment not present" },
	{ 12, "#SS", "stack-segment fault" },
	{ 13, "#GP", "general protection" },
	{ 14, "#PF", "page fault" },
	{ 16, "#MF", "x87 floating-point error" },
	{ 17, "#AC", "alignment check" },
	{ 18, "#MC", "machine check" },
	{ 19, "#XM", "SIMD floating-point error" },
	{ 20, "#VE", "virtualization exception" },
	{ 21, "#CP", "control protection" },
	{ 0, NULL, NULL }
};

static const struct bits_value exit_type_value[] = {
	{ 0, "external", "external interrupt" },
	{ 2, "NMI", "non-maskable interrupt" },
	{ 3, "hw-exception", "hardware exception" },
	{ 6, "sw-exception", "software exception" },
	{ 0, NULL, NULL }
};

static const struct bits_value idt_type_value[] = {
	{ 0, "external", "external interrupt" },
	{ 2, "NMI", "non-maskable interrupt" },
	{ 3, "hw-exception", "hardware exception" },
	{ 4, "sw-interrupt", "software interrupt" },
	{ 5, "priv-sw-exception", "privileged software exception" },
	{ 6, "sw-exception", "software exception" },
	{ 0, NULL, NULL }
};

static const struct bits_value entry_type_value[] = {
	{ 0, "external", "external interrupt" },
	{ 2, "NMI", "non-maskable interrupt" },
	{ 3, "hw-exception", "hardware exception" },
	{ 4, "sw-interrupt", "software interrupt" },
	{ 5, "priv-sw-exception", "privileged software exception" },
	{ 6, "sw-exception", "software exception" },
	{ 7, "other", "pending monitor trap flag" },
	{ 0, NULL, NULL }
};

/* Types 3, 5 and 6 name an exception by its vector; types 1 and 7 name nothing. */
static const struct bits_rule event_rule[] = {
	RULE(FACT_ABSENT,    0, 0, 0, VK_BIT(31), 0),
	RULE(FACT_EXCEPTION, 0, 0, 0, 0x700, 0x300),
	RULE(FACT_EXCEPTION, 0, 0, 0, 0x700, 0x500),
	RULE(FACT_EXCEPTION, 0, 0, 0, 0x700, 0x600),
};

#define EVENT_VECTOR_ROWS                                                                          \
	FREE(NULL, 30, 0, 0, FACT_ABSENT, 0, "undefined: the field is not valid"),                 \
	NUMBER("vector", 7, 0, 0, FACT_EXCEPTION, FACT_ABSENT, vector_value, "exception vector"),  \
	NUMBER("vector", 7, 0, 0, 0, FACT_ABSENT | FACT_EXCEPTION, NULL, "vector")

#define EVENT_VALID_ROWS                                                                           \
	FLAG("VALID", 31, 0, 0, 0, "no event", "the field is valid"),                              \
	ZERO(NULL, 63, 32, 0, 0, 0, "beyond this 32-bit field")

/* [VMX-INTR-INFO] */
static const struct bits_row exit_event_row[] = {
	EVENT_VECTOR_ROWS,
	CHOICE("type", 10, 8, 0, 0, FACT_ABSENT, exit_type_value),
	FLAG("ERROR-CODE", 11, 0, 0, FACT_ABSENT, "no error code", "the error-code field is valid"),
	FLAG("NMI-UNBLOCK", 12, 0, 0, FACT_ABSENT, "no NMI unblocking", "IRET had unblocked NMIs"),
	ZERO(NULL, 30, 13, 0, 0, FACT_ABSENT, "always 0"),
	EVENT_VALID_ROWS,
};

/* [VMX-INTR-INFO] */
static const struct bits_row idt_event_row[] = {
	EVENT_VECTOR_ROWS,
	CHOICE("type", 10, 8, 0, 0, FACT_ABSENT, idt_type_value),
	FLAG("ERROR-CODE", 11, 0, 0, FACT_ABSENT, "no error code", "the error-code field is valid"),
	FREE(NULL, 12, 12, 0, 0, FACT_ABSENT, "undefined"),
	ZERO(NULL, 30, 13, 0, 0, FACT_ABSENT, "always 0"),
	EVENT_VALID_ROWS,
};

/* [VMX-INTR-INFO] */
static const struct bits_row entry_event_row[] = {
	EVENT_VECTOR_ROWS,
	CHOICE("type", 10, 8, 0, 0, FACT_ABSENT, entry_type_value),
	FLAG("ERROR-CODE", 11, 0, 0, FACT_ABSENT, "deliver no error code", "deliver an error code"),
	ZERO(NULL, 30, 12, 0, 0, FACT_ABSENT, "reserved"),
	EVENT_VALID_ROWS,
};

#define EXITING(name, bit, what) FLAG(name, bit, 0, 0, 0, what " does not exit", what " exits")
#define CONTROL(name, bit, what) FLAG(name, bit, 0, 0, 0, what ": off", what ": on")

/* [VMX-CONTROLS] */
static const struct bits_row pin_row[] = {
	EXITING("external-interrupt", 0, "an external interrupt"),
	ONE(2, 1, "reserved: 1 on every processor"),
	EXITING("NMI", 3, "an NMI"),
	ONE(4, 4, "reserved: 1 on every processor"),
	CONTROL("virtual-NMIs", 5, "virtual NMIs"),
	CONTROL("preemption-timer", 6, "preemption timer"),
	CONTROL("posted-interrupts", 7, "posted interrupts"),
	ZERO(NULL, 63, 8, 0, 0, 0, "reserved"),
};

static const struct bits_row primary_row[] = {
	ZERO(NULL, 0, 0, 0, 0, 0, "reserved"),
	ONE(1, 1, "reserved: 1 on every processor"),
	EXITING("interrupt-window", 2, "an open interrupt window"),
	CONTROL("TSC-offsetting", 3, "TSC offsetting"),
	ONE(6, 4, "reserved: 1 on every processor"),
	EXITING("HLT", 7, "HLT"),
	ONE(8, 8, "reserved: 1 on every processor"),
	EXITING("INVLPG", 9, "INVLPG"),
	EXITING("MWAIT", 10, "MWAIT"),
	EXITING("RDPMC", 11, "RDPMC"),
	EXITING("RDTSC", 12, "RDTSC"),
	ONE(14, 13, "reserved: 1 on every processor"),
	EXITING("CR3-load", 15, "MOV to CR3"),
	EXITING("CR3-store", 16, "MOV from CR3"),
	CONTROL("tertiary", 17, "tertiary controls"),
	ZERO(NULL, 18, 18, 0, 0, 0, "reserved"),
	EXITING("CR8-load", 19, "MOV to CR8"),
	EXITING("CR8-store", 20, "MOV from CR8"),
	CONTROL("TPR-shadow", 21, "TPR shadow"),
	EXITING("NMI-window", 22, "an open NMI window"),
	EXITING("MOV-DR", 23, "MOV DR"),
	EXITING("unconditional-IO", 24, "every I/O instruction"),
	CONTROL("IO-bitmaps", 25, "I/O bitmaps"),
	ONE(26, 26, "reserved: 1 on every processor"),
	CONTROL("monitor-trap", 27, "monitor trap flag"),
	CONTROL("MSR-bitmaps", 28, "MSR bitmaps"),
	EXITING("MONITOR", 29, "MONITOR"),
	EXITING("PAUSE", 30, "PAUSE"),
	CONTROL("secondary", 31, "secondary controls"),
	ZERO(NULL, 63, 32, 0, 0, 0, "beyond this 32-bit field"),
};

static const struct bits_row secondary_row[] = {
	CONTROL("APIC-accesses", 0, "virtual APIC accesses"),
	CONTROL("EPT", 1, "extended page tables"),
	EXITING("descriptor-table", 2, "an access to GDTR, IDTR, LDTR or TR"),
	CONTROL("RDTSCP", 3, "RDTSCP"),
	CONTROL("x2APIC", 4, "virtual x2APIC mode"),
	CONTROL("VPID", 5, "virtual-processor identifiers"),
	EXITING("WBINVD", 6, "WBINVD"),
	CONTROL("unrestricted-guest", 7, "unrestricted guest"),
	CONTROL("APIC-registers", 8, "APIC-register virtualization"),
	CONTROL("interrupt-delivery", 9, "virtual-interrupt delivery"),
	EXITING("PAUSE-loop", 10, "a loop of PAUSE at CPL 0"),
	EXITING("RDRAND", 11, "RDRAND"),
	CONTROL("INVPCID", 12, "INVPCID"),
	CONTROL("VMFUNC", 13, "VM functions"),
	CONTROL("VMCS-shadowing", 14, "VMCS shadowing"),
	EXITING("ENCLS", 15, "ENCLS"),
	EXITING("RDSEED", 16, "RDSEED"),
	CONTROL("PML", 17, "page-modification logging"),
	CONTROL("VE", 18, "EPT-violation #VE"),
	CONTROL("PT-conceal", 19, "concealing VMX from processor trace"),
	CONTROL("XSAVES", 20, "XSAVES and XRSTORS"),
	CONTROL("PASID", 21, "PASID translation"),
	CONTROL("MBEC", 22, "mode-based execute control"),
	CONTROL("SPP", 23, "sub-page write permission"),
	CONTROL("PT-GPA", 24, "guest-physical addresses in processor trace"),
	CONTROL("TSC-scaling", 25, "TSC scaling"),
	CONTROL("user-wait", 26, "TPAUSE, UMONITOR and UMWAIT"),
	CONTROL("PCONFIG", 27, "PCONFIG"),
	EXITING("ENCLV", 28, "ENCLV"),
	ZERO(NULL, 29, 29, 0, 0, 0, "reserved"),
	EXITING("bus-lock", 30, "a bus lock"),
	CONTROL("instruction-timeout", 31, "instruction timeout"),
	ZERO(NULL, 63, 32, 0, 0, 0, "beyond this 32-bit field"),
};

const struct bits_format bits_vmx_formats[] = {
	{ "qualification-cr", "exit qualification of a control-register access (exit 28)",
	    "EXIT-CR",
	    NULL, cr_row, BITS_COUNT(cr_row), cr_rule, BITS_COUNT(cr_rule), 0 },
	{ "qualification-dr", "exit qualification of MOV DR (exit 29)", "EXIT-DR",
	    NULL, dr_row, BITS_COUNT(dr_row), NULL, 0, 0 },
	{ "qualification-io", "exit qualification of an I/O instruction (exit 30)", "EXIT-IO",
	    NULL, io_row, BITS_COUNT(io_row), NULL, 0, 0 },
	{ "exit-reason", "VM-exit reason (4402H)", "VMX-REASON",
	    NULL, reason_row, BITS_COUNT(reason_row), NULL, 0, 0 },
	{ "interruption-info", "VM-exit interruption information (4404H)", "VMX-INTR-INFO",
	    NULL, exit_event_row, BITS_COUNT(exit_event_row),
	    event_rule, BITS_COUNT(event_rule), 0 },
	{ "idt-vectoring-info", "IDT-vectoring information (4408H)", "VMX-INTR-INFO",
	    NULL, idt_event_row, BITS_COUNT(idt_event_row),
	    event_rule, BITS_COUNT(event_rule), 0 },
	{ "entry-interruption-info", "VM-entry interruption information (4016H)", "VMX-INTR-INFO",
	    NULL, entry_event_row, BITS_COUNT(entry_event_row),
	    event_rule, BITS_COUNT(event_rule), 0 },
	{ "pin-controls", "pin-based VM-execution controls (4000H)", "VMX-CONTROLS",
	    NULL, pin_row, BITS_COUNT(pin_row), NULL, 0, 0 },
	{ "primary-controls", "primary processor-based controls (4002H)", "VMX-CONTROLS",
	    NULL, primary_row, BITS_COUNT(primary_row), NULL, 0, 0 },
	{ "secondary-controls", "secondary processor-based controls (401EH)", "VMX-CONTROLS",
	    NULL, secondary_row, BITS_COUNT(secondary_row), NULL, 0, 0 },
};
const size_t bits_vmx_formats_count = BITS_COUNT(bits_vmx_formats);

/* clang-format on */
