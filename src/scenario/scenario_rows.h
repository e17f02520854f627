/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How rows are written, and those that several tables share; private to the tables of this room.
 */
#ifndef VK_SCENARIO_SCENARIO_ROWS_H
#define VK_SCENARIO_SCENARIO_ROWS_H

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "scenario/scenario_reader.h"

/* clang-format off */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(st, member) .offset = offsetof(st, member), .width = sizeof(((st *)0)->member)
#define ROW(k, t, st, member, ...)                                                              \
	{                                                                                       \
		.key = SCN_KEY_##k, .type = SCN_TYPE_##t, FIELD(st, member), __VA_ARGS__        \
	}
/* A field that is a pointer: a list with its count, an object of its own. */
#define POINTER(k, t, st, member, ...)                                                          \
	{                                                                                       \
		.key = SCN_KEY_##k, .type = SCN_TYPE_##t, .offset = offsetof(st, member),       \
		__VA_ARGS__                                                                     \
	}
#define LIST(k, t, st, member, n, ...)                                                          \
	POINTER(k, t, st, member, .count_offset = offsetof(st, n), __VA_ARGS__)
#define REQUIRED .flags = SCN_ROW_REQUIRED
#define DEFAULT(value) .flags = SCN_ROW_DEFAULT, .dflt = (value)
#define UNSET(value) .flags = SCN_ROW_UNSET, .dflt = (value)
/* A negative array size stops the build where a table has too many rows. */
#define ROWS(array)                                                                             \
	.row = (array),                                                                         \
	.rows = COUNT(array) + 0 * sizeof(char[COUNT(array) <= SCN_ROWS_MAX ? 1 : -1])
#define RULES(array) .rule = (array), .rules = COUNT(array)

/* Values, ranges and flags; see scenario_values.c. */
extern const struct scn_range scn_range_maxphyaddr, scn_range_cpus, scn_range_cpu,
    scn_range_tlb_entries, scn_range_tlb_structures, scn_range_host_memory, scn_range_page_size,
    scn_range_page_at,
    scn_range_page_gva, scn_range_phys, scn_range_word_at, scn_range_offset, scn_range_level,
    scn_range_levels, scn_range_index, scn_range_pkey, scn_range_memtype, scn_range_u8,
    scn_range_u16, scn_range_u32, scn_range_vpid, scn_range_pcid, scn_range_access,
    scn_range_fetch, scn_range_repeat, scn_range_step, scn_range_vector, scn_range_reason,
    scn_range_count, scn_range_instructions,
    scn_range_preemptions, scn_range_states, scn_range_depth;
extern const struct scn_choices scn_choices_atomic, scn_choices_backing, scn_choices_by,
    scn_choices_cpl, scn_choices_invept, scn_choices_invpcid, scn_choices_invvpid,
    scn_choices_layout, scn_choices_memtype, scn_choices_order, scn_choices_page,
    scn_choices_pmap, scn_choices_prot, scn_choices_reason, scn_choices_repeat,
    scn_choices_protocol, scn_choices_stores,
    scn_choices_syscall, scn_choices_tlb, scn_choices_tlb_kind, scn_choices_vector,
    scn_choices_vmx;
extern const struct scn_flags scn_flags_always, scn_flags_cr0, scn_flags_cr4, scn_flags_defect,
    scn_flags_ept, scn_flags_ept_frame, scn_flags_ept_map, scn_flags_guest, scn_flags_map,
    scn_flags_mode;
extern const struct scn_section scn_section_host_space, scn_section_object,
    scn_section_guest_space, scn_section_program, scn_section_thread;

/* Tables that are parts of others in another file. */
extern const struct scn_table scn_table_region;
extern const struct scn_table scn_table_final;

#define PWU (VK_PG_P | VK_PG_RW | VK_PG_US)

#define CONTENT(st)                                                                             \
	ROW(STRING, STRING, st, content, .doc = "Bytes as text, without a NUL at the end."),    \
	ROW(BYTES, BYTES, st, content, .doc = "Bytes as pairs of hexadecimal digits."),         \
	ROW(WORDS, WORDS, st, content, .doc = "Words of 64 bits, in the processor's order."),   \
	ROW(FILL, FILL, st, content, .detail = &scn_table_fill, .doc = "One byte again and again.")

#define MEMORY_GPA ROW(GPA, NUMBER, struct scn_memory, at, .detail = &scn_range_phys, REQUIRED, \
	    .doc = "Guest-physical address.")
#define MEMORY_HOST_SPACE ROW(HOST_SPACE, REF, struct scn_memory, host_space,                   \
	    .detail = &scn_section_host_space, UNSET(SCN_NONE),                                 \
	    .doc = "The host space that the address is in; the thread's, or main.")

/* What a leaf of an EPT is made of; the rows collect it in one word. */
#define EPT_LEAF(st, member, leaf_flags, default_flag)                                          \
	ROW(RIGHTS, CHOICE, st, member, .detail = &scn_choices_prot,                            \
	    .flags = SCN_ROW_BITS | (default_flag), .dflt = EPT_RWX, .doc = "Rights."),         \
	ROW(MEMTYPE, CHOICE, st, member, .detail = &scn_choices_memtype,                        \
	    .shift = EPT_MEMTYPE_SHIFT,                                                         \
	    .flags = SCN_ROW_BITS | (default_flag), .dflt = 6,                                  \
	    .doc = "Memory type, by name or number."),                                          \
	ROW(IPAT, BOOL, st, member, .shift = 6, .flags = SCN_ROW_BITS | (default_flag),         \
	    .doc = "Whether the guest's PAT is ignored."),                                      \
	ROW(FLAGS, FLAGS, st, member, .detail = &(leaf_flags), .flags = SCN_ROW_BITS,           \
	    .doc = "Further flags.")

#define EPT_ENTRY_PLACE                                                                         \
	ROW(GPA, NUMBER, struct scn_ept_entry, gpa, .detail = &scn_range_phys, REQUIRED,        \
	    .doc = "The entry on the path of this guest-physical address ..."),                 \
	ROW(LEVEL, NUMBER, struct scn_ept_entry, level, .detail = &scn_range_level, DEFAULT(1), \
	    .doc = "... at this level.")
#define EPT_ENTRY_VALUE                                                                         \
	ROW(ENTRY, NUMBER, struct scn_ept_entry, entry, .detail = &scn_range_any,               \
	    .doc = "The whole entry."),                                                         \
	ROW(SET, FLAGS, struct scn_ept_entry, set, .detail = &scn_flags_ept,                    \
	    .doc = "Bits that are 1."),                                                         \
	ROW(CLEAR, FLAGS, struct scn_ept_entry, clear, .detail = &scn_flags_ept,               \
	    .doc = "Bits that are 0.")
#define EPT_ENTRY_FRAME                                                                         \
	ROW(HPA, NUMBER, struct scn_ept_entry, frame, .detail = &scn_range_page_at,             \
	    .doc = "The host-physical frame that it maps, or the table that it points to."),    \
	EPT_LEAF(struct scn_ept_entry, set, scn_flags_ept_frame, SCN_ROW_UNSET)
#define EPT_ENTRY_HOST_SPACE                                                                    \
	ROW(HOST_SPACE, REF, struct scn_ept_entry, host_space,                                  \
	    .detail = &scn_section_host_space, UNSET(SCN_NONE),                                 \
	    .doc = "The host space whose EPT is meant; the thread's, or main.")

#define ENTRY_SPACE                                                                             \
	ROW(SPACE, REF, struct scn_entry, space, .detail = &scn_section_guest_space,            \
	    UNSET(SCN_NONE),                                                                    \
	    .doc = "The guest space whose tables are meant; the thread's, or main.")
#define ENTRY_PLACE                                                                             \
	ROW(GVA, NUMBER, struct scn_entry, gva, .detail = &scn_range_any,                       \
	    .doc = "The entry on the path of this guest-virtual address ..."),                  \
	ROW(LEVEL, NUMBER, struct scn_entry, level, .detail = &scn_range_level, DEFAULT(1),     \
	    .doc = "... at this level."),                                                       \
	ROW(TABLE, NUMBER, struct scn_entry, table, .detail = &scn_range_page_at,               \
	    .doc = "The entry in the table at this guest-physical address ..."),                \
	ROW(INDEX, NUMBER, struct scn_entry, index, .detail = &scn_range_index,                 \
	    .doc = "... with this index."),                                                     \
	ROW(AT, NUMBER, struct scn_entry, at, .detail = &scn_range_word_at,                     \
	    .doc = "The entry at this guest-physical address.")
#define ENTRY_VALUE                                                                             \
	ROW(ENTRY, NUMBER, struct scn_entry, entry, .detail = &scn_range_any,                   \
	    .doc = "The whole entry."),                                                         \
	ROW(SET, FLAGS, struct scn_entry, set, .detail = &scn_flags_guest,                      \
	    .doc = "Bits that are 1."),                                                         \
	ROW(CLEAR, FLAGS, struct scn_entry, clear, .detail = &scn_flags_guest,                 \
	    .doc = "Bits that are 0.")
#define ENTRY_FRAME                                                                             \
	ROW(GPA, NUMBER, struct scn_entry, frame, .detail = &scn_range_page_at,                 \
	    .doc = "The guest-physical frame that it maps, or the table that it points to."),   \
	ROW(FLAGS, FLAGS, struct scn_entry, set, .detail = &scn_flags_guest,                    \
	    .flags = SCN_ROW_BITS | SCN_ROW_UNSET, .doc = "Its flags; by default p, w and u.")

#define ENTRY_PLACE_RULES                                                                       \
	{ SCN_RULE_ONE, { { SCN_KEY_GVA }, { SCN_KEY_TABLE }, { SCN_KEY_AT } } },               \
	{ SCN_RULE_NEEDS, { { SCN_KEY_LEVEL }, { SCN_KEY_GVA } } },                             \
	{ SCN_RULE_NEEDS, { { SCN_KEY_INDEX }, { SCN_KEY_TABLE } } },                           \
	{ SCN_RULE_NEEDS, { { SCN_KEY_TABLE }, { SCN_KEY_INDEX } } }

/* clang-format on */

#endif
