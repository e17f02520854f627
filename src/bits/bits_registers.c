/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats of control registers 0 and 4, IA32_EFER and RFLAGS, as Intel processors define them.
 *
 * Whether a processor has a feature is in CPUID and not asked here: a bit is reserved only where
 * the architecture gives it no meaning, or one too new for this table.
 */
#include "bits/bits_rows.h"

/* clang-format off */

#define SWITCH(name, bit, what) FLAG(name, bit, 0, 0, 0, what ": off", what ": on")

static const struct bits_rule cr0_rule[] = {
	NOTE(0, 0, 0, VK_BIT(31) | VK_BIT(0), VK_BIT(31), "PG without PE: loading it gives #GP"),
	NOTE(0, 0, 0, VK_BIT(30) | VK_BIT(29), VK_BIT(29), "NW without CD: loading it gives #GP"),
};

/* [REG-CR] */
static const struct bits_row cr0_row[] = {
	SWITCH("PE", 0, "protected mode"),
	FLAG("MP", 1, 0, 0, 0, "WAIT ignores TS", "WAIT gives #NM while TS is set"),
	FLAG("EM", 2, 0, 0, 0, "x87 instructions run", "x87 instructions give #NM"),
	FLAG("TS", 3, 0, 0, 0, "floating-point state is current", "its next use gives #NM"),
	FLAG("ET", 4, 0, 0, 0, "0 on no current processor", "fixed at 1"),
	FLAG("NE", 5, 0, 0, 0, "x87 errors by external interrupt", "x87 errors by #MF"),
	ZERO(NULL, 15, 6, 0, 0, 0, "reserved"),
	FLAG("WP", 16, 0, 0, 0, "supervisor writes ignore R/W", "supervisor writes obey R/W"),
	ZERO(NULL, 17, 17, 0, 0, 0, "reserved"),
	FLAG("AM", 18, 0, 0, 0, "no alignment checks", "alignment checks with RFLAGS.AC at CPL 3"),
	ZERO(NULL, 28, 19, 0, 0, 0, "reserved"),
	FLAG("NW", 29, 0, 0, 0, "write-back caching as usual", "not write-through"),
	FLAG("CD", 30, 0, 0, 0, "caching on", "caching off: memory type UC"),
	SWITCH("PG", 31, "paging"),
	ZERO(NULL, 63, 32, 0, 0, 0, "reserved"),
};

/* [REG-CR] */
static const struct bits_row cr4_row[] = {
	SWITCH("VME", 0, "virtual-8086 mode extensions"),
	SWITCH("PVI", 1, "protected-mode virtual interrupts"),
	FLAG("TSD", 2, 0, 0, 0, "RDTSC at any CPL", "RDTSC at CPL 0 only"),
	SWITCH("DE", 3, "debugging extensions"),
	FLAG("PSE", 4, 0, 0, 0, "no 4 MiB pages in 32-bit paging", "4 MiB pages in 32-bit paging"),
	SWITCH("PAE", 5, "physical-address extension"),
	SWITCH("MCE", 6, "machine-check exceptions"),
	SWITCH("PGE", 7, "global pages"),
	FLAG("PCE", 8, 0, 0, 0, "RDPMC at CPL 0 only", "RDPMC at any CPL"),
	SWITCH("OSFXSR", 9, "FXSAVE and SSE"),
	SWITCH("OSXMMEXCPT", 10, "#XM for SIMD floating-point errors"),
	SWITCH("UMIP", 11, "user-mode instruction prevention"),
	FLAG("LA57", 12, 0, 0, 0, "4-level paging, 48-bit linear addresses",
	    "5-level paging, 57-bit linear addresses"),
	SWITCH("VMXE", 13, "VMX"),
	SWITCH("SMXE", 14, "SMX"),
	ZERO(NULL, 15, 15, 0, 0, 0, "reserved"),
	SWITCH("FSGSBASE", 16, "RDFSBASE and its relatives"),
	SWITCH("PCIDE", 17, "process-context identifiers"),
	SWITCH("OSXSAVE", 18, "XSAVE"),
	SWITCH("KL", 19, "key locker"),
	FLAG("SMEP", 20, 0, 0, 0, "supervisor fetches from user-mode addresses allowed",
	    "supervisor fetches from user-mode addresses denied"),
	FLAG("SMAP", 21, 0, 0, 0, "supervisor accesses to user-mode addresses allowed",
	    "supervisor accesses to user-mode addresses denied"),
	SWITCH("PKE", 22, "protection keys of user-mode addresses"),
	SWITCH("CET", 23, "control-flow enforcement"),
	SWITCH("PKS", 24, "protection keys of supervisor-mode addresses"),
	SWITCH("UINTR", 25, "user interrupts"),
	ZERO(NULL, 63, 26, 0, 0, 0, "reserved"),
};

static const struct bits_rule efer_rule[] = {
	NOTE(0, 0, 0, VK_BIT(10) | VK_BIT(8), VK_BIT(10),
	    "LMA without LME: VM entry refuses it with paging"),
};

/* [REG-EFER] */
static const struct bits_row efer_row[] = {
	FLAG("SCE", 0, 0, 0, 0, "SYSCALL gives #UD", "SYSCALL and SYSRET"),
	ZERO(NULL, 7, 1, 0, 0, 0, "reserved"),
	FLAG("LME", 8, 0, 0, 0, "paging does not start IA-32e mode", "paging starts IA-32e mode"),
	ZERO(NULL, 9, 9, 0, 0, 0, "reserved"),
	FLAG("LMA", 10, 0, 0, 0, "not in IA-32e mode", "in IA-32e mode"),
	FLAG("NXE", 11, 0, 0, 0, "bit 63 of entries is reserved", "bit 63 of entries is XD"),
	ZERO(NULL, 63, 12, 0, 0, 0, "reserved"),
};

/* [REG-FLAGS] */
static const struct bits_row rflags_row[] = {
	FLAG("CF", 0, 0, 0, 0, "no carry", "carry"),
	ONE(1, 1, "reserved: 1"),
	FLAG("PF", 2, 0, 0, 0, "odd parity", "even parity"),
	ZERO(NULL, 3, 3, 0, 0, 0, "reserved"),
	FLAG("AF", 4, 0, 0, 0, "no auxiliary carry", "auxiliary carry"),
	ZERO(NULL, 5, 5, 0, 0, 0, "reserved"),
	FLAG("ZF", 6, 0, 0, 0, "not zero", "zero"),
	FLAG("SF", 7, 0, 0, 0, "positive", "negative"),
	FLAG("TF", 8, 0, 0, 0, "no single steps", "#DB after each instruction"),
	FLAG("IF", 9, 0, 0, 0, "maskable interrupts blocked", "maskable interrupts taken"),
	FLAG("DF", 10, 0, 0, 0, "strings run upwards", "strings run downwards"),
	FLAG("OF", 11, 0, 0, 0, "no overflow", "overflow"),
	NUMBER("IOPL", 13, 12, 0, 0, 0, NULL, "I/O privilege level"),
	FLAG("NT", 14, 0, 0, 0, "not a nested task", "nested task"),
	ZERO(NULL, 15, 15, 0, 0, 0, "reserved"),
	FLAG("RF", 16, 0, 0, 0, "instruction breakpoints count", "the next one is skipped"),
	FLAG("VM", 17, 0, 0, 0, "not in virtual-8086 mode", "virtual-8086 mode"),
	FLAG("AC", 18, 0, 0, 0, "SMAP applies; no alignment checks",
	    "SMAP lifted for explicit accesses; alignment checks at CPL 3"),
	FLAG("VIF", 19, 0, 0, 0, "virtual interrupts blocked", "virtual interrupts taken"),
	FLAG("VIP", 20, 0, 0, 0, "no virtual interrupt pending", "virtual interrupt pending"),
	FLAG("ID", 21, 0, 0, 0, "identification flag clear", "identification flag set"),
	ZERO(NULL, 63, 22, 0, 0, 0, "reserved"),
};

const struct bits_format bits_register_formats[] = {
	{ "cr0", "control register 0", "REG-CR", NULL,
	    cr0_row, BITS_COUNT(cr0_row), cr0_rule, BITS_COUNT(cr0_rule), 0 },
	{ "cr4", "control register 4", "REG-CR", NULL, cr4_row, BITS_COUNT(cr4_row), NULL, 0, 0 },
	{ "efer", "IA32_EFER", "REG-EFER", NULL,
	    efer_row, BITS_COUNT(efer_row), efer_rule, BITS_COUNT(efer_rule), 0 },
	{ "rflags", "flags register", "REG-FLAGS", NULL,
	    rflags_row, BITS_COUNT(rflags_row), NULL, 0, 0 },
};
const size_t bits_register_formats_count = BITS_COUNT(bits_register_formats);

/* clang-format on */
