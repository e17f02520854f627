/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be written in a scenario: objects, their keys, types and defaults, and which keys go
 * together.  What depends on more than one object is not said here but judged by scenario_check.c.
 */
#include "scenario/scenario_rows.h"
#include "scenario/scenario_scalar.h"

_Static_assert(SCN_KEYS <= SCN_SRC_WORDS * 64, "struct scn_src has too few bits");

/* clang-format off */

/* --- machine ---------------------------------------------------------------------------------- */

#define FEATURES_DEFAULT                                                                        \
	(SCN_FEATURE_1G_PAGES | SCN_FEATURE_NX | SCN_FEATURE_SMEP | SCN_FEATURE_SMAP |          \
	    SCN_FEATURE_PKU | SCN_FEATURE_PKS | SCN_FEATURE_EPT_AD | SCN_FEATURE_EXEC_ONLY |    \
	    SCN_FEATURE_EPT_2M | SCN_FEATURE_EPT_1G)

static const struct scn_row rows_machine[] = {
	ROW(MAXPHYADDR, NUMBER, struct scn_machine, maxphyaddr, .detail = &scn_range_maxphyaddr,
	    DEFAULT(46),
	    .doc = "Width of physical addresses in bits."),
	ROW(CPUS, NUMBER, struct scn_machine, cpus, .detail = &scn_range_cpus, DEFAULT(1),
	    .doc = "Number of physical CPUs."),
	ROW(FEATURES, SWITCHES, struct scn_machine, features, .detail = &scn_flags_feature,
	    DEFAULT(FEATURES_DEFAULT),
	    .doc = "What the processor can do and the VMM has turned on."),
	ROW(PROTOCOL, CHOICE, struct scn_machine, protocol, .detail = &scn_choices_protocol,
	    DEFAULT(SCN_PROTOCOL_VKEPT),
	    .doc = "How virtual CPUs are kept out of guest mode while tables change."),
	ROW(TLB, CHOICE, struct scn_machine, tlb, .detail = &scn_choices_tlb, DEFAULT(SCN_TLB_NONE),
	    .doc = "How translations are cached."),
	ROW(TLB_ENTRIES, NUMBER, struct scn_machine, tlb_entries, .detail = &scn_range_tlb_entries,
	    DEFAULT(64), .doc = "Translations of each kind that a caching TLB holds, a CPU."),
	ROW(TLB_STRUCTURES, NUMBER, struct scn_machine, tlb_structures,
	    .detail = &scn_range_tlb_structures, DEFAULT(32),
	    .doc = "Upper entries of each kind that its paging-structure caches hold, a CPU."),
};

static const struct scn_table table_machine = {
	.name = "machine", .what = "the machine", .doc = "The processors.",
	.size = sizeof(struct scn_machine), ROWS(rows_machine), .settle = scn_settle_machine,
};

/* --- bytes ------------------------------------------------------------------------------------ */

static const struct scn_row rows_fill[] = {
	ROW(BYTE, NUMBER, struct scn_fill, byte, .detail = &scn_range_byte, REQUIRED,
	    .doc = "The byte that is repeated."),
	ROW(SIZE, NUMBER, struct scn_fill, size, .detail = &scn_range_fill, REQUIRED,
	    .doc = "How often."),
};

const struct scn_table scn_table_fill = {
	.name = "fill", .what = "a fill", .doc = "One byte again and again.",
	.size = sizeof(struct scn_fill), ROWS(rows_fill),
};

static const struct scn_rule rules_content[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS },
	    { SCN_KEY_FILL } } },
};

static const struct scn_rule rules_content_optional[] = {
	{ SCN_RULE_MOST, { { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS },
	    { SCN_KEY_FILL } } },
};

static const struct scn_row rows_guest_memory[] = {
	MEMORY_GPA, MEMORY_HOST_SPACE, CONTENT(struct scn_memory),
};

static const struct scn_table table_guest_memory = {
	.name = "guest.memory", .what = "initial memory",
	.doc = "Bytes that are there from the start.",
	.size = sizeof(struct scn_memory), ROWS(rows_guest_memory), RULES(rules_content),
	.settle = scn_settle_memory,
};

static const struct scn_row rows_frames[] = {
	ROW(HPA, NUMBER, struct scn_memory, at, .detail = &scn_range_phys, REQUIRED,
	    .doc = "Host-physical address."),
	CONTENT(struct scn_memory),
};

static const struct scn_table table_frames = {
	.name = "host.frames", .what = "initial host memory",
	.doc = "Host-physical memory that is there from the start.",
	.size = sizeof(struct scn_memory), ROWS(rows_frames), RULES(rules_content),
	.settle = scn_settle_memory,
};

/* --- host ------------------------------------------------------------------------------------- */

static const struct scn_row rows_region[] = {
	ROW(AT, NUMBER, struct scn_region, at, .detail = &scn_range_page_at, REQUIRED,
	    .doc = "First address; for a VMM's process these are the guest-physical addresses."),
	ROW(SIZE, NUMBER, struct scn_region, size, .detail = &scn_range_page_size, REQUIRED,
	    .doc = "Size of the range."),
	ROW(PROT, CHOICE, struct scn_region, prot, .detail = &scn_choices_prot,
	    DEFAULT(SCN_PROT_R | SCN_PROT_W), .doc = "What may be done with it."),
	ROW(BACKING, CHOICE, struct scn_region, backing, .detail = &scn_choices_backing,
	    UNSET(SCN_BACKING_ZERO),
	    .doc = "What fills it; by default what the other keys imply, otherwise zero."),
	CONTENT(struct scn_region),
	ROW(OFFSET, NUMBER, struct scn_region, offset, .detail = &scn_range_offset, DEFAULT(0),
	    .doc = "Where in the file or object the range begins."),
	ROW(OBJECT, REF, struct scn_region, object, .detail = &scn_section_object, UNSET(SCN_NONE),
	    .doc = "The shared memory object."),
	ROW(COW, BOOL, struct scn_region, cow, UNSET(0),
	    .doc = "Whether writes go to a private copy; by default only those of a file do."),
};

static const struct scn_rule rules_region[] = {
	{ SCN_RULE_MOST, { { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS },
	    { SCN_KEY_FILL },
	    { SCN_KEY_OBJECT } } },
};

const struct scn_table scn_table_region = {
	.name = "host.region", .what = "a range of a host space",
	.doc = "A range of a host process' memory map.",
	.size = sizeof(struct scn_region), ROWS(rows_region), RULES(rules_region),
	.settle = scn_settle_region,
};

/* Of a host space only its list can be written. */
static const struct scn_row row_regions = LIST(NONE, LIST, struct scn_host_space, region, regions,
    .detail = &scn_table_region, .doc = "Ranges of the memory map.");

static const struct scn_table table_host_space = {
	.name = "host.space", .what = "a host space",
	.doc = "The memory map of a host process, as a list of ranges.",
	.size = sizeof(struct scn_host_space), .name_offset = offsetof(struct scn_host_space, name),
	.whole = &row_regions, .settle = scn_settle_host_space,
};

static const struct scn_row rows_object[] = {
	ROW(SIZE, NUMBER, struct scn_object, size, .detail = &scn_range_page_size, REQUIRED,
	    .doc = "Size of the object."),
	CONTENT(struct scn_object),
};

static const struct scn_table table_object = {
	.name = "host.object", .what = "an object", .doc = "Memory that several ranges can share.",
	.size = sizeof(struct scn_object), .name_offset = offsetof(struct scn_object, name),
	ROWS(rows_object), RULES(rules_content_optional), .settle = scn_settle_object,
};

static const struct scn_row rows_ept_map[] = {
	ROW(GPA, NUMBER, struct scn_ept_map, gpa, .detail = &scn_range_page_at, REQUIRED,
	    .doc = "First guest-physical address."),
	ROW(SIZE, NUMBER, struct scn_ept_map, size, .detail = &scn_range_page_size, REQUIRED,
	    .doc = "Size of the range."),
	ROW(HPA, NUMBER, struct scn_ept_map, hpa, .detail = &scn_range_page_at, REQUIRED,
	    .doc = "First host-physical address."),
	ROW(PAGE, CHOICE, struct scn_ept_map, page, .detail = &scn_choices_page, DEFAULT(4096),
	    .doc = "Size of the pages that map it."),
	EPT_LEAF(struct scn_ept_map, bits, scn_flags_ept_map, SCN_ROW_DEFAULT),
};

const struct scn_table scn_table_ept_map = {
	.name = "host.ept.map", .what = "an EPT mapping", .doc = "A range that an EPT maps.",
	.size = sizeof(struct scn_ept_map), ROWS(rows_ept_map), .settle = scn_settle_ept_map,
};

static const struct scn_row rows_ept_entry[] = {
	EPT_ENTRY_PLACE, EPT_ENTRY_VALUE, EPT_ENTRY_FRAME,
};
static const struct scn_rule rules_ept_entry[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR }, { SCN_KEY_HPA } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_RIGHTS, SCN_KEY_MEMTYPE, SCN_KEY_IPAT, SCN_KEY_FLAGS },
	    { SCN_KEY_HPA } } },
};
const struct scn_table scn_table_ept_entry = {
	.name = "host.ept.entry", .what = "an EPT entry",
	.doc = "One EPT entry; tables above it are made as needed.",
	.size = sizeof(struct scn_ept_entry), ROWS(rows_ept_entry), RULES(rules_ept_entry),
	.settle = scn_settle_ept_entry,
};

static const struct scn_row rows_spp[] = {
	ROW(GPA, NUMBER, struct scn_spp, gpa, .detail = &scn_range_page_at, REQUIRED,
	    .doc = "The guest-physical page."),
	ROW(ENTRY, NUMBER, struct scn_spp, vector, .detail = &scn_range_any, REQUIRED,
	    .doc = "Its vector: bit 2i allows writes to the i-th 128 bytes."),
};

static const struct scn_table table_spp = {
	.name = "host.spp", .what = "a sub-page permission vector",
	.doc = "Which 128-byte pieces of a page may be written; tables above are made as needed.",
	.size = sizeof(struct scn_spp), ROWS(rows_spp),
};

static const struct scn_row rows_host[] = {
	ROW(MEMORY, NUMBER, struct scn_host, memory, .detail = &scn_range_host_memory,
	    DEFAULT(1u << 30),
	    .doc = "Size of host-physical memory, which begins at 0. What the file does not place "
	    "goes behind all that it places."),
	LIST(OBJECTS, NAMED, struct scn_host, object, objects, .detail = &table_object,
	    .doc = "Shared memory objects by name."),
	LIST(SPACES, NAMED, struct scn_host, space, spaces, .detail = &table_host_space,
	    .doc = "Memory maps of host processes by name."),
	LIST(EPT, EPT_ITEMS, struct scn_host, ept, epts,
	    .doc = "The EPT of bare threads, built in this order."),
	LIST(FRAMES, LIST, struct scn_host, frame, frames, .detail = &table_frames,
	    .doc = "Initial contents of host-physical memory."),
	LIST(SPP, LIST, struct scn_host, spp, spps, .detail = &table_spp,
	    .doc = "Sub-page write permissions of bare threads."),
};

static const struct scn_table table_host = {
	.name = "host", .what = "the host", .doc = "What is below the guest.",
	.size = sizeof(struct scn_host), ROWS(rows_host), .settle = scn_settle_host,
};

/* --- guest ------------------------------------------------------------------------------------ */

static const struct scn_row rows_guest_map[] = {
	ROW(GVA, NUMBER, struct scn_guest_map, gva, .detail = &scn_range_page_gva, REQUIRED,
	    .doc = "First guest-virtual address."),
	ROW(GPA, NUMBER, struct scn_guest_map, gpa, .detail = &scn_range_page_at, REQUIRED,
	    .doc = "First guest-physical address."),
	ROW(SIZE, NUMBER, struct scn_guest_map, size, .detail = &scn_range_page_size, REQUIRED,
	    .doc = "Size of the range."),
	ROW(PAGE, CHOICE, struct scn_guest_map, page, .detail = &scn_choices_page, DEFAULT(4096),
	    .doc = "Size of the pages that map it."),
	ROW(FLAGS, FLAGS, struct scn_guest_map, bits, .detail = &scn_flags_map,
	    .flags = SCN_ROW_BITS | SCN_ROW_DEFAULT, .dflt = PWU, .doc = "Flags of each leaf."),
	ROW(PKEY, NUMBER, struct scn_guest_map, bits, .detail = &scn_range_pkey,
	    .shift = VK_PG_PKEY_SHIFT, .flags = SCN_ROW_BITS | SCN_ROW_DEFAULT,
	    .doc = "Protection key."),
};

static const struct scn_table table_guest_map = {
	.name = "guest.map", .what = "a mapping", .doc = "A range that guest tables map.",
	.size = sizeof(struct scn_guest_map), ROWS(rows_guest_map), .settle = scn_settle_guest_map,
};

static const struct scn_row rows_guest_entry[] = { ENTRY_PLACE, ENTRY_VALUE, ENTRY_FRAME };

static const struct scn_rule rules_entry[] = {
	ENTRY_PLACE_RULES,
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR }, { SCN_KEY_GPA } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_FLAGS }, { SCN_KEY_GPA } } },
};

static const struct scn_table table_guest_entry = {
	.name = "guest.entry", .what = "an entry", .doc = "One entry of guest tables.",
	.size = sizeof(struct scn_entry), ROWS(rows_guest_entry), RULES(rules_entry),
	.settle = scn_settle_entry,
};
struct tables {
	struct scn_src src;
	uint64_t at, size;
};

static const struct scn_row rows_tables[] = {
	ROW(AT, NUMBER, struct tables, at, .detail = &scn_range_page_at, REQUIRED,
	    .doc = "Guest-physical address of the first."),
	ROW(SIZE, NUMBER, struct tables, size, .detail = &scn_range_page_size, REQUIRED,
	    .doc = "Size of all together."),
};

static const struct scn_table table_tables = {
	.name = "guest.tables", .what = "the place of tables",
	.doc = "Where table pages are taken from.",
	.size = sizeof(struct tables), ROWS(rows_tables),
};

_Static_assert(offsetof(struct scn_guest_space, tables_size) -
    offsetof(struct scn_guest_space, tables_src) == offsetof(struct tables, size) &&
    offsetof(struct scn_guest_space, tables_at) -
    offsetof(struct scn_guest_space, tables_src) == offsetof(struct tables, at),
    "a guest space holds struct tables");

static const struct scn_row rows_guest_space[] = {
	ROW(HOST_SPACE, REF, struct scn_guest_space, host_space, .detail = &scn_section_host_space,
	    UNSET(SCN_NONE), .doc = "The host space in which its tables are; main."),
	ROW(ROOT, NUMBER, struct scn_guest_space, root, .detail = &scn_range_page_at, REQUIRED,
	    .doc = "Guest-physical address of the root table."),
	ROW(TABLES, OBJECT, struct scn_guest_space, tables_src, .detail = &table_tables, UNSET(0),
	    .doc = "Where further tables are taken from; by default the 16 pages behind the root."),
	ROW(LAYOUT, CHOICE, struct scn_guest_space, layout, .detail = &scn_choices_layout,
	    DEFAULT(SCN_LAYOUT_HARDWARE), .doc = "How entries are encoded."),
	ROW(LEVELS, NUMBER, struct scn_guest_space, levels, .detail = &scn_range_levels, DEFAULT(4),
	    .doc = "Levels of tables."),
	ROW(DEFERRED, BOOL, struct scn_guest_space, deferred, DEFAULT(0),
	    .doc = "Whether it is not built before a new-space step."),
	LIST(MAP, LIST, struct scn_guest_space, map, maps, .detail = &table_guest_map,
	    .doc = "Ranges to map, in order."),
	LIST(ENTRIES, LIST, struct scn_guest_space, entry, entries, .detail = &table_guest_entry,
	    .doc = "Entries to poke afterwards, in order."),
};

static const struct scn_table table_guest_space = {
	.name = "guest.space", .what = "a guest space", .doc = "Guest page tables under one root.",
	.size = sizeof(struct scn_guest_space),
	.name_offset = offsetof(struct scn_guest_space, name),
	ROWS(rows_guest_space), .settle = scn_settle_guest_space,
};

static const struct scn_row rows_guest[] = {
	LIST(SPACES, NAMED, struct scn_guest, space, spaces, .detail = &table_guest_space,
	    .doc = "Address spaces by name."),
	LIST(MEMORY, LIST, struct scn_guest, memory, memories, .detail = &table_guest_memory,
	    .doc = "Initial contents of guest-physical memory."),
};

static const struct scn_table table_guest = {
	.name = "guest", .what = "the guest", .doc = "Address spaces and memory of the guest.",
	.size = sizeof(struct scn_guest), ROWS(rows_guest),
};

/* --- programs --------------------------------------------------------------------------------- */

#define PROGRAM(k, t, member, ...) ROW(k, t, struct scn_program, member, __VA_ARGS__)

static const struct scn_row rows_program[] = {
	PROGRAM(FILE, TEXT, file, REQUIRED,
	    .doc = "A statically linked ELF file, as seen from the scenario's own."),
	LIST(ARGS, TEXTS, struct scn_program, arg, args,
	    .doc = "Its arguments from the name on; by default the file's name alone."),
	PROGRAM(HOST_SPACE, REF, host_space, .detail = &scn_section_host_space, UNSET(SCN_NONE),
	    .doc = "The memory map of its vkernel's process; main unless told."),
	PROGRAM(AT, NUMBER, at, .detail = &scn_range_page_at, REQUIRED,
	    .doc = "Guest-physical address of the memory that its vkernel gives out."),
	PROGRAM(SIZE, NUMBER, memory, .detail = &scn_range_page_size, REQUIRED,
	    .doc = "Size of that memory."),
};

static const struct scn_table table_program = {
	.name = "program", .what = "a program", .doc = "A program and the vkernel it runs in.",
	.size = sizeof(struct scn_program), .name_offset = offsetof(struct scn_program, name),
	ROWS(rows_program), .settle = scn_settle_program,
};

/* --- threads ---------------------------------------------------------------------------------- */

#define THREAD(k, t, member, ...) ROW(k, t, struct scn_thread, member, __VA_ARGS__)

static const struct scn_row rows_thread[] = {
	THREAD(NAME, NAME, name, REQUIRED, .doc = "The name that other parts call it by."),
	THREAD(ROLE, CHOICE, role, .detail = &scn_choices_role, REQUIRED, .doc = "What it is."),
	THREAD(CPU, NUMBER, cpu, .detail = &scn_range_cpu, DEFAULT(0),
	    .doc = "The CPU that it starts on."),
	THREAD(SPACE, REF, space, .detail = &scn_section_guest_space, .roles = SCN_ROLE_VCPUS,
	    UNSET(SCN_NONE),
	    .doc = "The guest space that CR3 points to; main unless told."),
	THREAD(HOST_SPACE, REF, host_space, .detail = &scn_section_host_space, UNSET(SCN_NONE),
	    .doc = "The memory map of its process; main unless told."),
	THREAD(PROGRAM, REF, program, .detail = &scn_section_program,
	    .roles = SCN_ROLE_MASTER | SCN_ROLE_SLAVE, UNSET(SCN_NONE),
	    .doc = "The program that its run steps execute; CR3 points to its tables."),
	THREAD(CPL, CHOICE, cpl, .detail = &scn_choices_cpl, .roles = SCN_ROLE_VCPUS, DEFAULT(3),
	    .doc = "Privilege level, 0 or 3."),
	THREAD(MODE, SWITCHES, cr0, .detail = &scn_flags_mode, .roles = SCN_ROLE_VCPUS, UNSET(0),
	    .doc = "Register bits; by default wp, paging and, where there is nx, nxe are on."),
	THREAD(CR3_BITS, NUMBER, cr3_bits, .detail = &scn_range_any, .roles = SCN_ROLE_VCPUS,
	    DEFAULT(0),
	    .doc = "Bits that CR3 has besides the root."),
	THREAD(AC, BOOL, ac, .roles = SCN_ROLE_VCPUS, DEFAULT(0), .doc = "RFLAGS.AC."),
	THREAD(PKRU, NUMBER, pkru, .detail = &scn_range_u32, .roles = SCN_ROLE_VCPUS, DEFAULT(0),
	    .doc = "PKRU."),
	THREAD(PKRS, NUMBER, pkrs, .detail = &scn_range_u32, .roles = SCN_ROLE_VCPUS, DEFAULT(0),
	    .doc = "IA32_PKRS."),
	THREAD(PAT, NUMBER, pat, .detail = &scn_range_any, .roles = SCN_ROLE_VCPUS,
	    DEFAULT(0x0007040600070406),
	    .doc = "IA32_PAT."),
	THREAD(PML_LOG, NUMBER, pml_log, .detail = &scn_range_page_at, .roles = SCN_ROLE_BARE,
	    DEFAULT(0), .doc = "Host-physical address of the page-modification log."),
	THREAD(PML_INDEX, NUMBER, pml_index, .detail = &scn_range_u16, .roles = SCN_ROLE_BARE,
	    DEFAULT(511), .doc = "Index of the log's next entry."),
	THREAD(VE_PAGE, NUMBER, ve_page, .detail = &scn_range_page_at, .roles = SCN_ROLE_BARE,
	    DEFAULT(0), .doc = "Host-physical address of the information page of #VE."),
	THREAD(EXCEPTION_BITMAP, NUMBER, exception_bitmap, .detail = &scn_range_u32,
	    .roles = SCN_ROLE_BARE, UNSET(0),
	    .doc = "Which exceptions exit, a bit a vector; each ends its step unless told."),
	THREAD(PF_MASK, NUMBER, pf_mask, .detail = &scn_range_u32, .roles = SCN_ROLE_BARE,
	    DEFAULT(0), .doc = "Which bits of the error code decide whether a #PF exits ..."),
	THREAD(PF_MATCH, NUMBER, pf_match, .detail = &scn_range_u32, .roles = SCN_ROLE_BARE,
	    DEFAULT(0), .doc = "... by being these: then bit 14 of the bitmap counts, else its "
	    "opposite."),
	THREAD(VPID, NUMBER, vpid, .detail = &scn_range_vpid, .roles = SCN_ROLE_VCPUS, UNSET(0),
	    .doc = "VPID; one of its own unless told, where the machine has vpid."),
	THREAD(EPTP, NUMBER, eptp, .detail = &scn_range_any, .roles = SCN_ROLE_BARE, UNSET(0),
	    .doc = "The whole EPTP, in place of that of host.ept."),
	THREAD(EPTP_BITS, NUMBER, eptp_bits, .detail = &scn_range_any, .roles = SCN_ROLE_BARE,
	    DEFAULT(0), .doc = "Bits of the EPTP to turn over."),
	THREAD(USER_END, NUMBER, user_end, .detail = &scn_range_any, DEFAULT(0x7fffffe00000),
	    .doc = "First address that is not user memory, for copyio."),
	LIST(STEPS, STEPS, struct scn_thread, step, steps, REQUIRED,
	    .doc = "What it does, in order."),
};

_Static_assert(offsetof(struct scn_thread, cr4) == offsetof(struct scn_thread, cr0) + 8 &&
    offsetof(struct scn_thread, efer) == offsetof(struct scn_thread, cr0) + 16,
    "the words of flag_mode follow each other");

static const struct scn_rule rules_thread[] = {
	{ SCN_RULE_MOST, { { SCN_KEY_EPTP }, { SCN_KEY_EPTP_BITS } } },
	{ SCN_RULE_MOST, { { SCN_KEY_PROGRAM }, { SCN_KEY_SPACE, SCN_KEY_HOST_SPACE } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_PF_MASK, SCN_KEY_PF_MATCH }, { SCN_KEY_EXCEPTION_BITMAP } } },
};

const struct scn_table scn_table_thread = {
	.name = "thread", .what = "a thread", .doc = "What runs.",
	.size = sizeof(struct scn_thread), .name_offset = offsetof(struct scn_thread, name),
	ROWS(rows_thread), RULES(rules_thread), .settle = scn_settle_thread,
};

/* --- scenario --------------------------------------------------------------------------------- */

static const struct scn_row rows_explore[] = {
	LIST(AFTER, REFS, struct scn_explore, after, afters, .detail = &scn_section_thread,
	    .mark_offset = offsetof(struct scn_explore, after_mark),
	    .doc = "Threads in the order in which they make steps first, by one schedule."),
	ROW(PREEMPTIONS, NUMBER, struct scn_explore, preemptions, .detail = &scn_range_preemptions,
	    .doc = "How often a thread that could go on is made to wait; any number unless told."),
	ROW(STATES, NUMBER, struct scn_explore, states, .detail = &scn_range_states,
	    .doc = "How many states are looked at; all unless told."),
	ROW(DEPTH, NUMBER, struct scn_explore, depth, .detail = &scn_range_depth,
	    .doc = "How many scheduling points of a schedule are decided."),
	ROW(MEMORY, CHOICE, struct scn_explore, memory, .detail = &scn_choices_stores,
	    DEFAULT(SCN_STORES_SC), .doc = "When stores are seen by other CPUs."),
};

static const struct scn_table table_explore = {
	.name = "schedule.explore", .what = "the exploration",
	.doc = "Every schedule, within bounds.",
	.size = sizeof(struct scn_explore), ROWS(rows_explore),
};

static const struct scn_row row_order = ROW(NONE, CHOICE, struct scn_schedule, order,
    .detail = &scn_choices_order, .doc = "A schedule without parameters.");

static const struct scn_row rows_schedule[] = {
	ROW(SEED, NUMBER, struct scn_schedule, seed, .detail = &scn_range_any,
	    .doc = "Threads are chosen by a generator that starts from this."),
	LIST(SCRIPT, REFS, struct scn_schedule, script, scripts, .detail = &scn_section_thread,
	    .mark_offset = offsetof(struct scn_schedule, script_mark),
	    .doc = "Threads in the order in which they make steps; then in order."),
	ROW(EXPLORE, OBJECT, struct scn_schedule, explore, .detail = &table_explore,
	    .doc = "Every schedule, within bounds; a single run goes in order."),
};

static const struct scn_rule rules_schedule[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_SEED }, { SCN_KEY_SCRIPT }, { SCN_KEY_EXPLORE } } },
};

static const struct scn_table table_schedule = {
	.name = "schedule", .what = "the schedule", .doc = "Who makes the next step.",
	.size = sizeof(struct scn_schedule), ROWS(rows_schedule), RULES(rules_schedule),
	.whole = &row_order, .settle = scn_settle_schedule,
};

/* In this order: what comes later refers to what comes before. */
static const struct scn_row rows_scenario[] = {
	ROW(SCENARIO, TEXT, struct scenario, name, REQUIRED, .doc = "What the scenario shows."),
	ROW(ABOUT, TEXT, struct scenario, about, .doc = "More about it."),
	ROW(MATRIX, MATRIX, struct scenario, variant,
	    .doc = "Variables and their values: one scenario for each combination."),
	ROW(DEFECTS, FLAGS, struct scenario, defects, .detail = &scn_flags_defect,
	    .doc = "What is wrong on purpose, to show the damage."),
	ROW(MACHINE, OBJECT, struct scenario, machine, .detail = &table_machine,
	    .doc = "The processors."),
	ROW(HOST, OBJECT, struct scenario, host, .detail = &table_host,
	    .doc = "What is below the guest."),
	ROW(GUEST, OBJECT, struct scenario, guest, .detail = &table_guest,
	    .doc = "Address spaces and memory of the guest."),
	LIST(PROGRAMS, NAMED, struct scenario, program, programs, .detail = &table_program,
	    .doc = "Programs by name."),
	LIST(THREADS, THREADS, struct scenario, thread, threads, .detail = &scn_table_thread,
	    REQUIRED,
	    .doc = "What runs."),
	ROW(SCHEDULE, OBJECT, struct scenario, schedule, .detail = &table_schedule,
	    .doc = "Who makes the next step."),
	ROW(EXPECT, OBJECT, struct scenario, expect, .detail = &scn_table_final,
	    .doc = "What must hold when all threads have ended."),
};

const struct scn_table scn_table_scenario = {
	.name = "scenario", .what = "a scenario", .doc = "A scenario of nested page tables.",
	.size = sizeof(struct scenario), ROWS(rows_scenario),
};

/* clang-format on */

const struct scn_row *
scn_row_find(const struct scn_table *table, const char *name, size_t size)
{
	size_t i;

	for (i = 0; i < table->rows; i++) {
		if (scn_text_is(name, size, scn_key_names[table->row[i].key]))
			return &table->row[i];
	}
	return NULL;
}
