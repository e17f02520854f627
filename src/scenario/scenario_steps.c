/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread can do: operations and their operands, and what can be expected of them.
 */
#include "scenario/scenario_rows.h"

/* clang-format off */

/* --- expectations ----------------------------------------------------------------------------- */

static const struct scn_row rows_expect_memory[] = {
	ROW(GPA, NUMBER, struct scn_memory, at, .detail = &scn_range_phys,
	    .doc = "Guest-physical address."),
	ROW(HPA, NUMBER, struct scn_memory, at, .detail = &scn_range_phys,
	    .doc = "Host-physical address."),
	MEMORY_HOST_SPACE, CONTENT(struct scn_memory),
};

static const struct scn_rule rules_expect_memory[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_GPA }, { SCN_KEY_HPA } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_HOST_SPACE }, { SCN_KEY_GPA } } },
	{ SCN_RULE_ONE, { { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS },
	    { SCN_KEY_FILL } } },
};

static const struct scn_table table_expect_memory = {
	.name = "expect.memory", .what = "expected memory", .doc = "Bytes that must be there.",
	.size = sizeof(struct scn_memory), ROWS(rows_expect_memory), RULES(rules_expect_memory),
	.settle = scn_settle_memory,
};

static const struct scn_row rows_expect_ept[] = {
	EPT_ENTRY_PLACE, EPT_ENTRY_HOST_SPACE, EPT_ENTRY_VALUE,
};

static const struct scn_rule rules_expect_entry_value[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR } } },
};

static const struct scn_table table_expect_ept = {
	.name = "expect.ept", .what = "an expected EPT entry", .doc = "What an EPT entry must be.",
	.size = sizeof(struct scn_ept_entry), ROWS(rows_expect_ept),
	RULES(rules_expect_entry_value),
	.settle = scn_settle_ept_entry,
};

static const struct scn_row rows_expect_entry[] = { ENTRY_SPACE, ENTRY_PLACE, ENTRY_VALUE };

static const struct scn_rule rules_expect_entry[] = {
	ENTRY_PLACE_RULES,
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR } } },
};

static const struct scn_table table_expect_entry = {
	.name = "expect.entry", .what = "an expected entry",
	.doc = "What an entry of guest tables must be.",
	.size = sizeof(struct scn_entry), ROWS(rows_expect_entry), RULES(rules_expect_entry),
	.settle = scn_settle_entry,
};

#define TLB_ITEMS(k, t, member, ...) ROW(k, t, struct scn_tlb_items, member, __VA_ARGS__)

static const struct scn_row rows_expect_tlb[] = {
	TLB_ITEMS(CPU, NUMBER, cpu, .detail = &scn_range_cpu,
	    .doc = "Whose; the thread's, or CPU 0 at the end."),
	TLB_ITEMS(KIND, CHOICE, kind, .detail = &scn_choices_tlb_kind, .doc = "Of this kind."),
	TLB_ITEMS(GVA, NUMBER, gva, .detail = &scn_range_any,
	    .doc = "Linear and combined ones that serve this address."),
	TLB_ITEMS(GPA, NUMBER, gpa, .detail = &scn_range_phys,
	    .doc = "Guest-physical ones that serve this address."),
	TLB_ITEMS(HPA, NUMBER, hpa, .detail = &scn_range_phys,
	    .doc = "Where the address is led to; of an upper entry, the table that it names."),
	TLB_ITEMS(LEVEL, NUMBER, level, .detail = &scn_range_level,
	    .doc = "Upper entries of this level."),
	TLB_ITEMS(VPID, NUMBER, vpid, .detail = &scn_range_vpid, .doc = "Under this VPID."),
	TLB_ITEMS(PCID, NUMBER, pcid, .detail = &scn_range_pcid, .doc = "Filled under this PCID."),
	TLB_ITEMS(EPT_ROOT, NUMBER, ept_root, .detail = &scn_range_page_at,
	    .doc = "Under the EPT with this root; 0: under none."),
	TLB_ITEMS(GLOBAL, BOOL, global, .doc = "Whether they serve any PCID."),
	TLB_ITEMS(COUNT, NUMBER, count, .detail = &scn_range_count,
	    .doc = "Exactly so many; otherwise at least one."),
};

static const struct scn_rule rules_expect_tlb[] = {
	{ SCN_RULE_MOST, { { SCN_KEY_GVA }, { SCN_KEY_GPA } } },
};

static const struct scn_table table_expect_tlb = {
	.name = "expect.tlb", .what = "expected items of a TLB",
	.doc = "How many items are cached that are all of this.",
	.size = sizeof(struct scn_tlb_items), ROWS(rows_expect_tlb), RULES(rules_expect_tlb),
	.settle = scn_settle_tlb_items,
};

static const struct scn_row rows_exit[] = {
	ROW(REASON, CHOICE, struct scn_exit, reason, .detail = &scn_choices_reason, REQUIRED,
	    .doc = "Basic exit reason, by name or number."),
	ROW(QUALIFICATION, NUMBER, struct scn_exit, qualification, .detail = &scn_range_any,
	    .doc = "Exit qualification."),
	ROW(GPA, NUMBER, struct scn_exit, gpa, .detail = &scn_range_any,
	    .doc = "Guest-physical address."),
	ROW(GLA, NUMBER, struct scn_exit, gla, .detail = &scn_range_any,
	    .doc = "Guest-linear address."),
	ROW(INTR_INFO, NUMBER, struct scn_exit, intr_info, .detail = &scn_range_u32,
	    .doc = "Interruption information."),
	ROW(IDT_INFO, NUMBER, struct scn_exit, idt_info, .detail = &scn_range_u32,
	    .doc = "IDT-vectoring information."),
	ROW(LENGTH, NUMBER, struct scn_exit, length, .detail = &scn_range_u32,
	    .doc = "Length of the instruction; 0 where it is undefined."),
};

static const struct scn_table table_exit = {
	.name = "expect.exit", .what = "an expected exit", .doc = "One VM exit.",
	.size = sizeof(struct scn_exit), ROWS(rows_exit),
};

#define EXPECT(k, t, member, ...) ROW(k, t, struct scn_expect, member, __VA_ARGS__)
#define EXPECT_LIST(k, member, n, ...)                                                          \
	LIST(k, LIST, struct scn_expect, member, n, __VA_ARGS__)

#define EXPECT_ROWS                                                                             \
	EXPECT(OUTCOME, CHOICE, outcome, .detail = &scn_choices_outcome, .doc = "How it ended."), \
	EXPECT(ERROR_CODE, NUMBER, error_code, .detail = &scn_range_u32,                        \
	    .doc = "Error code of the exception."),                                             \
	EXPECT(CR2, NUMBER, cr2, .detail = &scn_range_any, .doc = "Faulting linear address."),  \
	EXPECT(VECTOR, CHOICE, vector, .detail = &scn_choices_vector,                           \
	    .doc = "The exception, by name or number."),                                        \
	EXPECT(REASON, CHOICE, reason, .detail = &scn_choices_reason,                           \
	    .doc = "Exit reason, by name or number."),                                          \
	EXPECT(QUALIFICATION, NUMBER, qualification, .detail = &scn_range_any,                  \
	    .doc = "Exit qualification."),                                                      \
	EXPECT(GPA, NUMBER, gpa, .detail = &scn_range_any,                                      \
	    .doc = "Guest-physical address: of the exit, otherwise of the first byte."),        \
	EXPECT(GLA, NUMBER, gla, .detail = &scn_range_any, .doc = "Guest-linear address."),     \
	EXPECT(HPA, NUMBER, hpa, .detail = &scn_range_any,                                      \
	    .doc = "Host-physical address of the first byte."),                                 \
	EXPECT(INTR_INFO, NUMBER, intr_info, .detail = &scn_range_u32,                          \
	    .doc = "Interruption information of the exit."),                                    \
	EXPECT(IDT_INFO, NUMBER, idt_info, .detail = &scn_range_u32,                            \
	    .doc = "IDT-vectoring information of the exit."),                                   \
	EXPECT(MEMTYPE, CHOICE, memtype, .detail = &scn_choices_memtype,                        \
	    .doc = "Effective memory type of the access."),                                     \
	EXPECT(PML_INDEX, NUMBER, pml_index, .detail = &scn_range_u16,                          \
	    .doc = "Index of the page-modification log after the step."),                       \
	EXPECT(INSTRUCTION_ERROR, NUMBER, instruction_error, .detail = &scn_range_u32,          \
	    .doc = "VM-instruction error."),                                                    \
	EXPECT(VALUE, NUMBER, value, .detail = &scn_range_any,                                  \
	    .doc = "The value read, the old one of an atomic operation, or an exit status."),   \
	EXPECT(STRING, STRING, content, .doc = "The bytes read or copied, as text."),           \
	EXPECT(BYTES, BYTES, content, .doc = "The bytes read or copied, in hexadecimal."),      \
	EXPECT(WORDS, WORDS, content, .doc = "The bytes read or copied, as words."),            \
	EXPECT(FILL, FILL, content, .detail = &scn_table_fill,                                  \
	    .doc = "The bytes read or copied, all the same."),                                  \
	EXPECT(DONE, NUMBER, done, .detail = &scn_range_count,                                  \
	    .doc = "Bytes moved, or instructions executed."),                                   \
	EXPECT(READS, NUMBER, reads, .detail = &scn_range_count, .doc = "Table entries read."), \
	EXPECT(RIP, NUMBER, rip, .detail = &scn_range_any,                                      \
	    .doc = "Where the next instruction is."),                                           \
	EXPECT(STALE, BOOL, stale,                                                              \
	    .doc = "Whether a cached translation was used that the tables no longer have."),    \
	EXPECT_LIST(EXITS, exit, exits, .detail = &table_exit,                                  \
	    .doc = "All VM exits of the step, in order."),                                      \
	EXPECT_LIST(ENTRIES, entry, entries, .detail = &table_expect_entry,                     \
	    .doc = "Entries of guest tables after the step."),                                  \
	EXPECT_LIST(EPT, ept, epts, .detail = &table_expect_ept,                                \
	    .doc = "EPT entries after the step."),                                              \
	EXPECT_LIST(MEMORY, memory, memories, .detail = &table_expect_memory,                   \
	    .doc = "Memory after the step."),                                                   \
	EXPECT_LIST(TLB, tlb, tlbs, .detail = &table_expect_tlb,                                \
	    .doc = "What is cached after the step.")

static const struct scn_rule rules_content[] = {
	{ SCN_RULE_MOST, { { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS },
	    { SCN_KEY_FILL } } },
};

static const struct scn_row rows_alternative[] = { EXPECT_ROWS };

static const struct scn_table table_alternative = {
	.name = "expect.alternative", .what = "an alternative",
	.doc = "One of several outcomes that are all right.",
	.size = sizeof(struct scn_expect), ROWS(rows_alternative), RULES(rules_content),
};

#define EXPECT_EITHER                                                                           \
	EXPECT_LIST(EITHER, either, eithers, .detail = &table_alternative,                      \
	    .doc = "At least one of these must hold too, where the architecture leaves a choice.")

static const struct scn_row rows_expect[] = { EXPECT_ROWS, EXPECT_EITHER };

static const struct scn_table table_expect = {
	.name = "expect", .what = "an expectation", .doc = "What a step must come to.",
	.size = sizeof(struct scn_expect), ROWS(rows_expect), RULES(rules_content),
};

#define CONDITION(k, t, member, ...) ROW(k, t, struct scn_condition, member, __VA_ARGS__)

static const struct scn_row rows_condition[] = {
	CONDITION(THREAD, REF, thread, .detail = &scn_section_thread, REQUIRED,
	    .doc = "The thread ..."),
	CONDITION(STEP, TEXT, step_name, REQUIRED,
	    .doc = "... and its step, by label or by index from 0; the last time it was made."),
	EXPECT_ROWS, EXPECT_EITHER,
};

_Static_assert(offsetof(struct scn_condition, expect) == 0 &&
    offsetof(struct scn_reach, final) == 0, "rows of the part do for the whole");

static const struct scn_table table_condition = {
	.name = "final.condition", .what = "a step of an outcome",
	.doc = "A step that was made, and what it came to.",
	.size = sizeof(struct scn_condition), ROWS(rows_condition), RULES(rules_content),
	.settle = scn_settle_condition,
};

#define FINAL_ROWS                                                                              \
	ROW(CONSOLE, STRING, struct scn_final, console,                                         \
	    .doc = "Everything written to the console, exactly."),                              \
	LIST(MEMORY, LIST, struct scn_final, memory, memories, .detail = &table_expect_memory,  \
	    .doc = "Memory at the end."),                                                       \
	LIST(ENTRIES, LIST, struct scn_final, entry, entries, .detail = &table_expect_entry,    \
	    .doc = "Entries of guest tables at the end."),                                      \
	LIST(EPT, LIST, struct scn_final, ept, epts, .detail = &table_expect_ept,               \
	    .doc = "EPT entries at the end."),                                                  \
	LIST(TLB, LIST, struct scn_final, tlb, tlbs, .detail = &table_expect_tlb,               \
	    .doc = "What is cached at the end."),                                               \
	LIST(COUNTERS, COUNTERS, struct scn_final, counter, counters,                           \
	    .doc = "Counts of a whole run, by name."),                                          \
	LIST(THREADS, ENDS, struct scn_final, thread, threads,                                  \
	    .doc = "How each thread ended, by name.")

static const struct scn_row rows_reach[] = {
	ROW(WHAT, TEXT, struct scn_reach, what, .doc = "What it would mean, in a sentence."),
	LIST(STEPS, LIST, struct scn_reach, condition, conditions, .detail = &table_condition,
	    .doc = "Steps and what they came to."),
	FINAL_ROWS,
};

static const struct scn_rule rules_reach[] = {
	{ SCN_RULE_ANY, { { SCN_KEY_STEPS, SCN_KEY_CONSOLE, SCN_KEY_MEMORY, SCN_KEY_ENTRIES },
	    { SCN_KEY_EPT, SCN_KEY_TLB, SCN_KEY_COUNTERS, SCN_KEY_THREADS } } },
};

static const struct scn_table table_reach = {
	.name = "final.outcome", .what = "an outcome",
	.doc = "One way in which a run can end: all of its parts hold.",
	.size = sizeof(struct scn_reach), ROWS(rows_reach), RULES(rules_reach),
};

static const struct scn_row rows_final[] = {
	FINAL_ROWS,
	ROW(ALWAYS, FLAGS, struct scn_final, always, .detail = &scn_flags_always,
	    .doc = "Properties of the whole run."),
	{ .key = SCN_KEY_REACHABLE, .type = SCN_TYPE_OUTCOMES, .detail = &table_reach,
	    .doc = "Outcomes that some schedule must come to." },
	{ .key = SCN_KEY_UNREACHABLE, .type = SCN_TYPE_OUTCOMES, .detail = &table_reach,
	    .doc = "Outcomes that no schedule may come to." },
};

const struct scn_table scn_table_final = {
	.name = "final", .what = "the expectation at the end",
	.doc = "What must hold when all threads have ended.",
	.size = sizeof(struct scn_final), ROWS(rows_final),
};

/* --- operands of steps ------------------------------------------------------------------------ */

#define STEP(k, t, member, ...) ROW(k, t, struct scn_step, member, __VA_ARGS__)
#define STEP_TABLE(id, op_name, ...)                                                            \
	static const struct scn_table table_##id = {                                            \
		.name = "step." op_name, .what = op_name, .size = sizeof(struct scn_step),      \
		__VA_ARGS__                                                                     \
	}
#define OPERANDS(array) ROWS(array), .whole = &(array)[0]

#define R_AT STEP(AT, NUMBER, at, .detail = &scn_range_any, REQUIRED,                           \
	    .doc = "Guest-virtual address.")
#define R_USER_AT STEP(AT, NUMBER, at, .detail = &scn_range_any, REQUIRED,                      \
	    .doc = "User address: guest-virtual, or of the process.")
#define R_ACCESS_SIZE STEP(SIZE, NUMBER, size, .detail = &scn_range_access, DEFAULT(8),         \
	    .doc = "Size of the access.")
#define R_ATOMIC_SIZE STEP(SIZE, CHOICE, size, .detail = &scn_choices_atomic, DEFAULT(8),       \
	    .doc = "Size of the word.")
#define R_ANY_SIZE STEP(SIZE, NUMBER, size, .detail = &scn_range_any, REQUIRED,                 \
	    .doc = "Size of the buffer.")
#define R_VALUE_SIZE STEP(SIZE, NUMBER, size, .detail = &scn_range_access, UNSET(0),            \
	    .doc = "Size of the value, 8 by default; otherwise that of the bytes.")
#define R_VALUE(range, ...) STEP(VALUE, NUMBER, value, .detail = &(range), __VA_ARGS__)
#define R_CONTENT_OR_VALUE                                                                      \
	R_VALUE(scn_range_any, .doc = "A value of at most 8 bytes."), CONTENT(struct scn_step)
#define R_OF STEP(OF, REF, thread, .detail = &scn_section_thread, UNSET(SCN_NONE),              \
	    .doc = "The thread on whose behalf; this one unless told.")

static const struct scn_rule rules_value[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_VALUE }, { SCN_KEY_STRING }, { SCN_KEY_BYTES },
	    { SCN_KEY_WORDS },
	    { SCN_KEY_FILL } } },
};
static const struct scn_rule rules_set_clear[] = {
	{ SCN_RULE_ANY, { { SCN_KEY_SET }, { SCN_KEY_CLEAR } } },
};

#define R_IMPLICIT STEP(IMPLICIT, BOOL, implicit, DEFAULT(0),                                   \
	    .doc = "Whether it is the processor's own access to a system structure.")

static const struct scn_row rows_read[] = { R_AT, R_ACCESS_SIZE, R_IMPLICIT };
STEP_TABLE(read, "read", OPERANDS(rows_read));

static const struct scn_row rows_write[] = { R_AT, R_VALUE_SIZE, R_CONTENT_OR_VALUE, R_IMPLICIT };
STEP_TABLE(write, "write", OPERANDS(rows_write), RULES(rules_value));

static const struct scn_row rows_fetch[] = {
	R_AT,
	STEP(SIZE, NUMBER, size, .detail = &scn_range_fetch, DEFAULT(1),
	    .doc = "Length of the instruction."),
};
STEP_TABLE(fetch, "fetch", OPERANDS(rows_fetch));

static const struct scn_row rows_prefetch[] = { R_AT };
STEP_TABLE(prefetch, "prefetch", OPERANDS(rows_prefetch));

static const struct scn_row rows_xchg[] = {
	R_AT, R_ATOMIC_SIZE, R_VALUE(scn_range_any, REQUIRED, .doc = "The value to store."),
};
STEP_TABLE(xchg, "xchg", OPERANDS(rows_xchg));

static const struct scn_row rows_add[] = {
	R_AT, R_ATOMIC_SIZE, R_VALUE(scn_range_any, REQUIRED, .doc = "The value to add."),
};
STEP_TABLE(add, "add", OPERANDS(rows_add));

#define R_EXPECTED(range) STEP(EXPECTED, NUMBER, expected, .detail = &(range), REQUIRED,        \
	    .doc = "The value that must be there for the store to happen.")

static const struct scn_row rows_cas[] = {
	R_AT, R_ATOMIC_SIZE, R_EXPECTED(scn_range_any),
	R_VALUE(scn_range_any, REQUIRED, .doc = "The value to store."),
};
STEP_TABLE(cas, "cas", OPERANDS(rows_cas));

static const struct scn_row rows_mov_cr3[] = {
	STEP(SPACE, REF, space, .detail = &scn_section_guest_space,
	    .doc = "The guest space whose root is loaded."),
	R_VALUE(scn_range_any, .doc = "The whole value, bit 63 included."),
	STEP(PCID, NUMBER, pcid, .detail = &scn_range_pcid, DEFAULT(0), .doc = "Bits 11:0."),
	STEP(KEEP, BOOL, keep, DEFAULT(0), .doc = "Whether bit 63 asks to keep translations."),
};
static const struct scn_rule rules_mov_cr3[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_SPACE }, { SCN_KEY_VALUE } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_PCID, SCN_KEY_KEEP }, { SCN_KEY_SPACE } } },
};
STEP_TABLE(mov_cr3, "mov-cr3", OPERANDS(rows_mov_cr3), RULES(rules_mov_cr3));

#define R_SET_CLEAR(flags)                                                                      \
	STEP(SET, FLAGS, set, .detail = &(flags), .doc = "Bits to set."),                       \
	STEP(CLEAR, FLAGS, clear, .detail = &(flags), .doc = "Bits to clear.")

static const struct scn_row rows_mov_cr0[] = { R_SET_CLEAR(scn_flags_cr0) };
STEP_TABLE(mov_cr0, "mov-cr0", ROWS(rows_mov_cr0), RULES(rules_set_clear));
static const struct scn_row rows_mov_cr4[] = { R_SET_CLEAR(scn_flags_cr4) };
STEP_TABLE(mov_cr4, "mov-cr4", ROWS(rows_mov_cr4), RULES(rules_set_clear));

static const struct scn_row rows_mode[] = {
	STEP(NXE, BOOL, nxe, .doc = "EFER.NXE."),
	STEP(AC, BOOL, ac, .doc = "RFLAGS.AC."),
	STEP(CPL, CHOICE, cpl, .detail = &scn_choices_cpl, .doc = "Privilege level, 0 or 3."),
	STEP(PKRU, NUMBER, pkru, .detail = &scn_range_u32, .doc = "PKRU."),
	STEP(PKRS, NUMBER, pkrs, .detail = &scn_range_u32, .doc = "IA32_PKRS."),
};
static const struct scn_rule rules_mode[] = {
	{ SCN_RULE_ANY, { { SCN_KEY_NXE }, { SCN_KEY_AC }, { SCN_KEY_CPL }, { SCN_KEY_PKRU },
	    { SCN_KEY_PKRS } } },
};
STEP_TABLE(mode, "mode", ROWS(rows_mode), RULES(rules_mode));

static const struct scn_row rows_invlpg[] = { R_AT };
STEP_TABLE(invlpg, "invlpg", OPERANDS(rows_invlpg));

#define R_INV_AT STEP(AT, NUMBER, at, .detail = &scn_range_any, DEFAULT(0),                     \
	    .doc = "Linear address.")

static const struct scn_row rows_invpcid[] = {
	STEP(TYPE, CHOICE, type, .detail = &scn_choices_invpcid, REQUIRED,
	    .doc = "What is dropped; a number of no type is refused."),
	STEP(PCID, NUMBER, inv_id, .detail = &scn_range_any, DEFAULT(0),
	    .doc = "The PCID; bits 63:12 of it are reserved."),
	R_INV_AT,
};
STEP_TABLE(invpcid, "invpcid", OPERANDS(rows_invpcid));

#define R_RIP STEP(AT, NUMBER, at, .detail = &scn_range_any,                                    \
	    .doc = "Where the instruction is, if it is to be fetched from there.")

static const struct scn_row rows_cpuid[] = {
	STEP(LEAF, NUMBER, leaf, .detail = &scn_range_u32, DEFAULT(0), .doc = "EAX."),
	STEP(SUBLEAF, NUMBER, subleaf, .detail = &scn_range_u32, DEFAULT(0), .doc = "ECX."),
	R_RIP,
};
STEP_TABLE(cpuid, "cpuid", OPERANDS(rows_cpuid));

STEP_TABLE(hlt, "hlt");
STEP_TABLE(pause, "pause");
STEP_TABLE(vmcall, "vmcall");
STEP_TABLE(flush, "flush");
STEP_TABLE(interrupt, "interrupt");

static const struct scn_row rows_at_rip[] = { R_RIP };
STEP_TABLE(int3, "int3", OPERANDS(rows_at_rip));
STEP_TABLE(ud2, "ud2", OPERANDS(rows_at_rip));

static const struct scn_row rows_int[] = {
	STEP(VECTOR, NUMBER, vector, .detail = &scn_range_byte, REQUIRED, .doc = "The vector."),
};
STEP_TABLE(int, "int", OPERANDS(rows_int));

static const struct scn_row rows_violation[] = {
	STEP(QUALIFICATION, NUMBER, qualification, .detail = &scn_range_any, REQUIRED,
	    .doc = "Exit qualification."),
	STEP(GPA, NUMBER, gpa, .detail = &scn_range_phys, REQUIRED,
	    .doc = "Guest-physical address."),
	STEP(GLA, NUMBER, gla, .detail = &scn_range_any, UNSET(0),
	    .doc = "Guest-linear address, if it is valid."),
};
STEP_TABLE(violation, "violation", ROWS(rows_violation));

static const struct scn_row rows_vmx[] = {
	STEP(NAME, CHOICE, reason, .detail = &scn_choices_vmx, REQUIRED, .doc = "The instruction."),
};
STEP_TABLE(vmx, "vmx", OPERANDS(rows_vmx));

static const struct scn_row rows_exception[] = {
	STEP(VECTOR, CHOICE, vector, .detail = &scn_choices_vector, REQUIRED,
	    .doc = "The exception, by name or number."),
	STEP(ERROR_CODE, NUMBER, error_code, .detail = &scn_range_u32, DEFAULT(0),
	    .doc = "Its error code, if it has one."),
};
STEP_TABLE(exception, "exception", OPERANDS(rows_exception));

static const struct scn_row rows_deliver[] = {
	STEP(VECTOR, CHOICE, vector, .detail = &scn_choices_vector, REQUIRED,
	    .doc = "The exception, by name or number."),
	STEP(ERROR_CODE, NUMBER, error_code, .detail = &scn_range_u32, DEFAULT(0),
	    .doc = "Its error code, if it has one."),
	STEP(IDT, NUMBER, idt, .detail = &scn_range_any, REQUIRED,
	    .doc = "Linear address of the IDT."),
	STEP(STACK, NUMBER, stack, .detail = &scn_range_any, REQUIRED,
	    .doc = "RSP of the handler."),
};
STEP_TABLE(deliver, "deliver", ROWS(rows_deliver));

static const struct scn_row rows_syscall[] = {
	STEP(NAME, CHOICE, number, .detail = &scn_choices_syscall, .doc = "The call, by name ..."),
	STEP(NUMBER, NUMBER, number, .detail = &scn_range_any, .doc = "... or by RAX."),
	LIST(ARGS, NUMBERS, struct scn_step, args, arg_count, .detail = &scn_range_any,
	    .doc = "Up to six arguments."),
	STEP(BYTES, BYTES, content, .doc = "The instruction's bytes; 0f 05 unless told."),
	R_RIP,
	STEP(SIZE, NUMBER, size, .detail = &scn_range_fetch, DEFAULT(2),
	    .doc = "The length of the instruction that is there."),
	STEP(CPU, NUMBER, cpu, .detail = &scn_range_cpu, UNSET(0),
	    .doc = "The physical CPU on which it goes on, after it has slept."),
};
static const struct scn_rule rules_syscall[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_NAME }, { SCN_KEY_NUMBER } } },
	{ SCN_RULE_MOST, { { SCN_KEY_BYTES }, { SCN_KEY_AT } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_SIZE }, { SCN_KEY_AT } } },
};
STEP_TABLE(syscall, "syscall", OPERANDS(rows_syscall), RULES(rules_syscall));

static const struct scn_row rows_copyin[] = { R_USER_AT, R_ANY_SIZE, R_OF };
STEP_TABLE(copyin, "copyin", OPERANDS(rows_copyin));
STEP_TABLE(copyinstr, "copyinstr", OPERANDS(rows_copyin));

static const struct scn_row rows_copyout[] = { R_USER_AT, R_VALUE_SIZE, R_CONTENT_OR_VALUE, R_OF };
STEP_TABLE(copyout, "copyout", OPERANDS(rows_copyout), RULES(rules_value));

static const struct scn_row rows_fu[] = { R_USER_AT, R_OF };
STEP_TABLE(fubyte, "fubyte", OPERANDS(rows_fu));
STEP_TABLE(fuword32, "fuword32", OPERANDS(rows_fu));
STEP_TABLE(fuword64, "fuword64", OPERANDS(rows_fu));

#define SU_ROWS(range) { R_USER_AT, R_VALUE(range, REQUIRED, .doc = "The value."), R_OF }
static const struct scn_row rows_su8[] = SU_ROWS(scn_range_u8);
static const struct scn_row rows_su32[] = SU_ROWS(scn_range_u32);
static const struct scn_row rows_su64[] = SU_ROWS(scn_range_any);
STEP_TABLE(subyte, "subyte", OPERANDS(rows_su8));
STEP_TABLE(suword32, "suword32", OPERANDS(rows_su32));
STEP_TABLE(suword64, "suword64", OPERANDS(rows_su64));
STEP_TABLE(swapu32, "swapu32", OPERANDS(rows_su32));
STEP_TABLE(swapu64, "swapu64", OPERANDS(rows_su64));
STEP_TABLE(fuwordadd32, "fuwordadd32", OPERANDS(rows_su32));
STEP_TABLE(fuwordadd64, "fuwordadd64", OPERANDS(rows_su64));

static const struct scn_row rows_casu32[] = {
	R_USER_AT, R_EXPECTED(scn_range_u32),
	R_VALUE(scn_range_u32, REQUIRED, .doc = "The value."), R_OF,
};
static const struct scn_row rows_casu64[] = {
	R_USER_AT, R_EXPECTED(scn_range_any),
	R_VALUE(scn_range_any, REQUIRED, .doc = "The value."), R_OF,
};
STEP_TABLE(casu32, "casu32", OPERANDS(rows_casu32));
STEP_TABLE(casu64, "casu64", OPERANDS(rows_casu64));

static const struct scn_row rows_vminit[] = {
	STEP(MASTER, BOOL, master, UNSET(0), .doc = "Whether it asks to be master; by role."),
	STEP(EPT_ROOT, NUMBER, ept_root, .detail = &scn_range_any, UNSET(0),
	    .doc = "An EPT root that a slave brings along."),
	STEP(CR3, NUMBER, cr3, .detail = &scn_range_any, UNSET(0),
	    .doc = "Guest CR3; that of the thread unless told."),
	STEP(OPTIONS, NUMBER, at, .detail = &scn_range_any,
	    .doc = "Where the caller has all of these: CR3, EPT root, new stack, master."),
	STEP(STACK, NUMBER, stack, .detail = &scn_range_any, UNSET(0),
	    .doc = "The caller's RSP, ..."),
	STEP(STACK_END, NUMBER, stack_end, .detail = &scn_range_page_gva, UNSET(0),
	    .doc = "... and the first address above its stack; a master's is copied."),
};
static const struct scn_rule rules_vminit[] = {
	{ SCN_RULE_MOST, { { SCN_KEY_OPTIONS }, { SCN_KEY_MASTER, SCN_KEY_EPT_ROOT,
	    SCN_KEY_CR3 } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_STACK }, { SCN_KEY_STACK_END } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_STACK_END }, { SCN_KEY_STACK } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_STACK }, { SCN_KEY_OPTIONS } } },
};
STEP_TABLE(vminit, "vminit", ROWS(rows_vminit), RULES(rules_vminit));

static const struct scn_row rows_sync_addr[] = {
	STEP(DST, NUMBER, dst, .detail = &scn_range_any, DEFAULT(0),
	    .doc = "Guest-virtual address of the word that is replaced; 0 flushes only."),
	STEP(SRC, NUMBER, src_addr, .detail = &scn_range_any, DEFAULT(0),
	    .doc = "Guest-virtual address of the new word, which gets the old one."),
};
STEP_TABLE(sync_addr, "sync-addr", OPERANDS(rows_sync_addr));

static const struct scn_row rows_invept[] = {
	STEP(TYPE, CHOICE, type, .detail = &scn_choices_invept, DEFAULT(SCN_INV_SINGLE),
	    .doc = "What is dropped; a number of no type is refused."),
	STEP(EPTP, NUMBER, eptp, .detail = &scn_range_any, UNSET(0),
	    .doc = "The EPTP; that of the thread unless told."),
};
STEP_TABLE(invept, "invept", OPERANDS(rows_invept));

static const struct scn_row rows_invvpid[] = {
	STEP(TYPE, CHOICE, type, .detail = &scn_choices_invvpid, REQUIRED,
	    .doc = "What is dropped; a number of no type is refused."),
	STEP(VPID, NUMBER, inv_id, .detail = &scn_range_any, UNSET(0),
	    .doc = "The VPID; that of the thread unless told. Bits 63:16 of it are reserved."),
	R_INV_AT,
};
STEP_TABLE(invvpid, "invvpid", OPERANDS(rows_invvpid));

static const struct scn_row rows_exit_step[] = {
	R_VALUE(scn_range_byte, DEFAULT(0), .doc = "Exit status."),
};
STEP_TABLE(exit_step, "exit", OPERANDS(rows_exit_step));

static const struct scn_row rows_migrate[] = {
	STEP(CPU, NUMBER, cpu, .detail = &scn_range_cpu, REQUIRED, .doc = "The physical CPU."),
};
STEP_TABLE(migrate, "migrate", OPERANDS(rows_migrate));
STEP_TABLE(vmclear, "vmclear");
STEP_TABLE(vmptrld, "vmptrld");
STEP_TABLE(vmlaunch, "vmlaunch");
STEP_TABLE(vmresume, "vmresume");

static const struct scn_row rows_wait[] = {
	STEP(THREAD, REF, thread, .detail = &scn_section_thread, REQUIRED,
	    .doc = "The thread that is waited for."),
	STEP(STEP, NUMBER, count, .detail = &scn_range_step, UNSET(0),
	    .doc = "How many of its steps must be done; all unless told."),
};
STEP_TABLE(wait, "wait", OPERANDS(rows_wait));

#define R_MAP_AT STEP(AT, NUMBER, at, .detail = &scn_range_page_at, REQUIRED,                   \
	    .doc = "First address in the host space.")
#define R_MAP_SIZE STEP(SIZE, NUMBER, size, .detail = &scn_range_page_size, REQUIRED,           \
	    .doc = "Size of the range.")

static const struct scn_row rows_mprotect[] = {
	R_MAP_AT, R_MAP_SIZE,
	STEP(PROT, CHOICE, prot, .detail = &scn_choices_prot, REQUIRED,
	    .doc = "The new protection."),
};
STEP_TABLE(mprotect, "mprotect", OPERANDS(rows_mprotect));
static const struct scn_row rows_munmap[] = { R_MAP_AT, R_MAP_SIZE };
STEP_TABLE(munmap, "munmap", OPERANDS(rows_munmap));

static const struct scn_row rows_set_entry[] = {
	ENTRY_SPACE, ENTRY_PLACE, ENTRY_VALUE, ENTRY_FRAME,
	ROW(BY, CHOICE, struct scn_entry, swap, .detail = &scn_choices_by, DEFAULT(0),
	    .doc = "How it is written."),
};

static const struct scn_rule rules_entry[] = {
	ENTRY_PLACE_RULES,
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR }, { SCN_KEY_GPA } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_FLAGS }, { SCN_KEY_GPA } } },
};

static const struct scn_row rows_set_ept[] = {
	EPT_ENTRY_PLACE, EPT_ENTRY_HOST_SPACE, EPT_ENTRY_VALUE, EPT_ENTRY_FRAME,
};

static const struct scn_rule rules_ept_entry[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR }, { SCN_KEY_HPA } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_RIGHTS, SCN_KEY_MEMTYPE, SCN_KEY_IPAT, SCN_KEY_FLAGS },
	    { SCN_KEY_HPA } } },
};

static const struct scn_table table_set_entry = {
	.name = "step.set-entry", .what = "set-entry", .size = sizeof(struct scn_entry),
	ROWS(rows_set_entry), RULES(rules_entry), .settle = scn_settle_entry,
};
static const struct scn_table table_set_ept = {
	.name = "step.set-ept", .what = "set-ept", .size = sizeof(struct scn_ept_entry),
	ROWS(rows_set_ept), RULES(rules_ept_entry), .settle = scn_settle_ept_entry,
};

#define R_PHYS_ROWS                                                                             \
	STEP(GPA, NUMBER, at, .detail = &scn_range_phys, .doc = "Guest-physical address."),     \
	STEP(HPA, NUMBER, at, .detail = &scn_range_phys, .doc = "Host-physical address."),      \
	STEP(HOST_SPACE, REF, host_space, .detail = &scn_section_host_space, UNSET(SCN_NONE),   \
	    .doc = "The host space that the guest-physical address is in; the thread's.")
#define PHYS_RULES                                                                              \
	{ SCN_RULE_ONE, { { SCN_KEY_GPA }, { SCN_KEY_HPA } } },                                 \
	{ SCN_RULE_NEEDS, { { SCN_KEY_HOST_SPACE }, { SCN_KEY_GPA } } }

static const struct scn_row rows_poke[] = { R_PHYS_ROWS, R_VALUE_SIZE, R_CONTENT_OR_VALUE };
static const struct scn_rule rules_poke[] = {
	PHYS_RULES,
	{ SCN_RULE_ONE, { { SCN_KEY_VALUE }, { SCN_KEY_STRING }, { SCN_KEY_BYTES },
	    { SCN_KEY_WORDS },
	    { SCN_KEY_FILL } } },
};
STEP_TABLE(poke, "poke", ROWS(rows_poke), RULES(rules_poke));
static const struct scn_row rows_peek[] = { R_PHYS_ROWS, R_ACCESS_SIZE };
static const struct scn_rule rules_peek[] = { PHYS_RULES };
STEP_TABLE(peek, "peek", ROWS(rows_peek), RULES(rules_peek));

#define R_SPACE_OR_OWN STEP(SPACE, REF, space, .detail = &scn_section_guest_space,              \
	    UNSET(SCN_NONE),                                                                    \
	    .doc = "The guest space; the thread's unless told.")
#define R_SPACE_REQUIRED STEP(SPACE, REF, space, .detail = &scn_section_guest_space, REQUIRED,  \
	    .doc = "The guest space.")

static const struct scn_row rows_pmap[] = {
	STEP(OP, CHOICE, pmap, .detail = &scn_choices_pmap, REQUIRED, .doc = "The routine."),
	R_SPACE_OR_OWN,
	STEP(GVA, NUMBER, at, .detail = &scn_range_any, REQUIRED,
	    .doc = "Guest-virtual address whose level 1 entry is changed."),
};
STEP_TABLE(pmap, "pmap", OPERANDS(rows_pmap));

static const struct scn_row rows_vk_copyin[] = { R_SPACE_REQUIRED, R_AT, R_ANY_SIZE };
STEP_TABLE(vk_copyin, "vk-copyin", OPERANDS(rows_vk_copyin));
static const struct scn_row rows_vk_copyout[] = { R_SPACE_REQUIRED, R_AT, R_VALUE_SIZE,
    R_CONTENT_OR_VALUE };
STEP_TABLE(vk_copyout, "vk-copyout", OPERANDS(rows_vk_copyout), RULES(rules_value));
static const struct scn_row rows_new_space[] = { R_SPACE_REQUIRED };
STEP_TABLE(new_space, "new-space", OPERANDS(rows_new_space));
static const struct scn_row rows_run[] = {
	STEP(INSTRUCTIONS, NUMBER, instructions, .detail = &scn_range_instructions, UNSET(0),
	    .doc = "How many are executed; to the thread's end unless told."),
	STEP(SLICE, NUMBER, slice, .detail = &scn_range_instructions, DEFAULT(1000),
	    .doc = "After how many other threads may go first."),
};
STEP_TABLE(run, "run", OPERANDS(rows_run));
static const struct scn_row rows_run_user[] = {
	R_SPACE_REQUIRED,
	STEP(CR3, NUMBER, cr3, .detail = &scn_range_any, UNSET(0),
	    .doc = "The process' identifier, which is its CR3; the root unless told."),
};
STEP_TABLE(run_user, "run-user", OPERANDS(rows_run_user));

/* --- operations ------------------------------------------------------------------------------- */

enum group { GUEST, KERNEL, VMM, HOST, STATE, VKERNEL };

const char *const scn_op_groups[] = {
	[GUEST] = "Instructions of the guest",
	[KERNEL] = "The kernel on behalf of a thread",
	[VMM] = "The virtual-machine monitor",
	[HOST] = "The host process",
	[STATE] = "Tables and memory",
	[VKERNEL] = "The vkernel",
};

#define VCPUS SCN_ROLE_VCPUS
#define RUN_BY_VMM (SCN_ROLE_MASTER | SCN_ROLE_SLAVE)
#define EVERY (VCPUS | SCN_ROLE_PROCESS | SCN_ROLE_KERNEL)
#define OP(id, op_name, tbl, group, who, ...)                                                   \
	[SCN_OP_##id] = { op_name, &table_##tbl, SCN_TARGET_STEP, who, group, __VA_ARGS__ }
#define OP_TO(id, op_name, tbl, to, group, who, ...)                                            \
	[SCN_OP_##id] = { op_name, &tbl, SCN_TARGET_##to, who, group, __VA_ARGS__ }

const struct scn_op_row scn_op_table[SCN_OPS] = {
	OP(READ, "read", read, GUEST, VCPUS, "Reads data."),
	OP(WRITE, "write", write, GUEST, VCPUS, "Writes data."),
	OP(FETCH, "fetch", fetch, GUEST, VCPUS, "Fetches an instruction."),
	OP(PREFETCH, "prefetch", prefetch, GUEST, VCPUS,
	    "A read ahead, or on a wrong path: it may be walked for, and no fault comes of it."),
	OP(XCHG, "xchg", xchg, GUEST, VCPUS, "Exchanges a word atomically."),
	OP(ADD, "add", add, GUEST, VCPUS, "Adds to a word atomically: LOCK XADD."),
	OP(CAS, "cas", cas, GUEST, VCPUS, "Replaces a word if it is as expected: LOCK CMPXCHG."),
	OP(MOV_CR3, "mov-cr3", mov_cr3, GUEST, VCPUS, "MOV to CR3."),
	OP(MOV_CR0, "mov-cr0", mov_cr0, GUEST, VCPUS, "MOV to CR0."),
	OP(MOV_CR4, "mov-cr4", mov_cr4, GUEST, VCPUS, "MOV to CR4."),
	OP(MODE, "mode", mode, GUEST, VCPUS,
	    "Changes registers that decide rights; no instruction."),
	OP(INVLPG, "invlpg", invlpg, GUEST, VCPUS, "INVLPG."),
	OP(INVPCID, "invpcid", invpcid, GUEST, VCPUS, "INVPCID."),
	OP(CPUID, "cpuid", cpuid, GUEST, VCPUS, "CPUID."),
	OP(HLT, "hlt", hlt, GUEST, VCPUS, "HLT."),
	OP(PAUSE, "pause", pause, GUEST, VCPUS, "PAUSE."),
	OP(VMCALL, "vmcall", vmcall, GUEST, VCPUS, "VMCALL."),
	OP(INT3, "int3", int3, GUEST, VCPUS, "INT3."),
	OP(INT, "int", int, GUEST, VCPUS, "INT n, with an IDT that has no entries."),
	OP(UD2, "ud2", ud2, GUEST, VCPUS, "UD2."),
	OP(VMX, "vmx", vmx, GUEST, VCPUS, "Another VMX instruction, attempted by the guest."),
	OP(EXCEPTION, "exception", exception, GUEST, VCPUS, "Raises an exception."),
	OP(DELIVER, "deliver", deliver, GUEST, SCN_ROLE_BARE,
	    "Delivers an exception through the guest's IDT, as far as it touches memory."),
	OP(SYSCALL, "syscall", syscall, GUEST, VCPUS, "SYSCALL."),
	OP(INTERRUPT, "interrupt", interrupt, GUEST, RUN_BY_VMM,
	    "A device's interrupt comes while the guest runs."),
	OP(VIOLATION, "violation", violation, GUEST, RUN_BY_VMM,
	    "An EPT violation, as a stale translation could cause it, whatever the tables say."),
	OP(FLUSH, "flush", flush, GUEST, VCPUS, "SYSCALL with RAX -1: an exit and nothing else."),
	OP(COPYIN, "copyin", copyin, KERNEL, EVERY, "Copies from user memory."),
	OP(COPYOUT, "copyout", copyout, KERNEL, EVERY, "Copies to user memory."),
	OP(COPYINSTR, "copyinstr", copyinstr, KERNEL, EVERY, "Copies a string from user memory."),
	OP(FUBYTE, "fubyte", fubyte, KERNEL, EVERY, "Reads a byte of user memory."),
	OP(FUWORD32, "fuword32", fuword32, KERNEL, EVERY, "Reads 32 bits of user memory."),
	OP(FUWORD64, "fuword64", fuword64, KERNEL, EVERY, "Reads 64 bits of user memory."),
	OP(SUBYTE, "subyte", subyte, KERNEL, EVERY, "Writes a byte of user memory."),
	OP(SUWORD32, "suword32", suword32, KERNEL, EVERY, "Writes 32 bits of user memory."),
	OP(SUWORD64, "suword64", suword64, KERNEL, EVERY, "Writes 64 bits of user memory."),
	OP(SWAPU32, "swapu32", swapu32, KERNEL, EVERY, "Exchanges 32 bits of user memory."),
	OP(SWAPU64, "swapu64", swapu64, KERNEL, EVERY, "Exchanges 64 bits of user memory."),
	OP(CASU32, "casu32", casu32, KERNEL, EVERY,
	    "Compares and exchanges 32 bits of user memory."),
	OP(CASU64, "casu64", casu64, KERNEL, EVERY,
	    "Compares and exchanges 64 bits of user memory."),
	OP(FUWORDADD32, "fuwordadd32", fuwordadd32, KERNEL, EVERY,
	    "Adds to 32 bits of user memory."),
	OP(FUWORDADD64, "fuwordadd64", fuwordadd64, KERNEL, EVERY,
	    "Adds to 64 bits of user memory."),
	OP(VMINIT, "vminit", vminit, VMM, RUN_BY_VMM | SCN_ROLE_PROCESS, "Becomes a virtual CPU."),
	OP(SYNC_ADDR, "sync-addr", sync_addr, VMM, RUN_BY_VMM | SCN_ROLE_PROCESS,
	    "Replaces a word while no virtual CPU runs, and has all of them flush."),
	OP(INVEPT, "invept", invept, VMM, VCPUS | SCN_ROLE_KERNEL, "INVEPT, by the host."),
	OP(INVVPID, "invvpid", invvpid, VMM, VCPUS | SCN_ROLE_KERNEL, "INVVPID, by the host."),
	OP(EXIT, "exit", exit_step, VMM, VCPUS | SCN_ROLE_PROCESS, "Ends the thread."),
	OP(MIGRATE, "migrate", migrate, VMM, VCPUS,
	    "Moves the thread to another physical CPU."),
	OP(VMCLEAR, "vmclear", vmclear, VMM, SCN_ROLE_BARE, "VMCLEAR, by the host."),
	OP(VMPTRLD, "vmptrld", vmptrld, VMM, SCN_ROLE_BARE, "VMPTRLD, by the host."),
	OP(VMLAUNCH, "vmlaunch", vmlaunch, VMM, SCN_ROLE_BARE,
	    "VMLAUNCH, by the host. The first step of the guest does it where nobody has."),
	OP(VMRESUME, "vmresume", vmresume, VMM, SCN_ROLE_BARE, "VMRESUME, by the host."),
	OP(WAIT, "wait", wait, VMM, EVERY, "Waits for another thread."),
	OP_TO(MMAP, "mmap", scn_table_region, REGION, HOST,
	    RUN_BY_VMM | SCN_ROLE_PROCESS | SCN_ROLE_KERNEL,
	    "Maps a range of the host space, in place of what was there."),
	OP(MPROTECT, "mprotect", mprotect, HOST, RUN_BY_VMM | SCN_ROLE_PROCESS | SCN_ROLE_KERNEL,
	    "Changes the protection of a range of the host space."),
	OP(MUNMAP, "munmap", munmap, HOST, RUN_BY_VMM | SCN_ROLE_PROCESS | SCN_ROLE_KERNEL,
	    "Unmaps a range of the host space."),
	OP_TO(SET_ENTRY, "set-entry", table_set_entry, ENTRY, STATE, EVERY,
	    "Changes an entry of guest tables."),
	OP_TO(SET_EPT, "set-ept", table_set_ept, EPT, STATE, EVERY, "Changes an EPT entry."),
	OP(POKE, "poke", poke, STATE, EVERY, "Writes memory, without an access of the guest."),
	OP(PEEK, "peek", peek, STATE, EVERY, "Reads memory, without an access of the guest."),
	OP(PMAP, "pmap", pmap, VKERNEL, RUN_BY_VMM, "A routine of the vkernel's pmap."),
	OP(VK_COPYIN, "vk-copyin", vk_copyin, VKERNEL, RUN_BY_VMM,
	    "The vkernel copies from the memory of one of its processes."),
	OP(VK_COPYOUT, "vk-copyout", vk_copyout, VKERNEL, RUN_BY_VMM,
	    "The vkernel copies to the memory of one of its processes."),
	OP(NEW_SPACE, "new-space", new_space, VKERNEL, RUN_BY_VMM,
	    "The vkernel builds the tables of a new process."),
	OP(RUN, "run", run, VKERNEL, RUN_BY_VMM, "Executes the thread's program."),
	OP(RUN_USER, "run-user", run_user, VKERNEL, RUN_BY_VMM,
	    "The vkernel lets one of its processes run."),
};

/* --- steps ------------------------------------------------------------------------------------ */

static const struct scn_row rows_step[] = {
	STEP(WHAT, TEXT, what, .doc = "What the step is for, in a sentence."),
	STEP(LABEL, NAME, label, .doc = "The name that outcomes call it by."),
	STEP(REPEAT, CHOICE, repeat, .detail = &scn_choices_repeat, DEFAULT(1),
	    .doc = "How many times it is made, or forever: until all other threads have ended."),
	POINTER(EXPECT, POINTER, struct scn_step, expect, .detail = &table_expect,
	    .doc = "What it must come to."),
};

const struct scn_table scn_table_step = {
	.name = "step", .what = "a step", .doc = "One operation with its operands.",
	.size = sizeof(struct scn_step), ROWS(rows_step),
};

/* clang-format on */

const char *
scn_op_name(enum scn_op op)
{
	return scn_op_table[op].name;
}
