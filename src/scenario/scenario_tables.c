/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be written in a scenario: objects, keys, types, ranges, names, defaults, and which keys go
 * together.  What depends on more than one object is not said here but judged by scenario_check.c.
 */
#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "scenario/scenario_reader.h"
#include "scenario/scenario_scalar.h"
#include "scenario/scenario_tables.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELD(st, member) .offset = offsetof(st, member), .width = sizeof(((st *)0)->member)
#define ROW(k, t, st, member, ...)                                                             \
	{                                                                                      \
		.key = SCN_KEY_##k, .type = SCN_TYPE_##t, FIELD(st, member), __VA_ARGS__       \
	}
#define LIST(k, t, st, member, n, ...)                                                         \
	ROW(k, t, st, member, .count_offset = offsetof(st, n), __VA_ARGS__)
#define REQUIRED .flags = SCN_ROW_REQUIRED
#define DEFAULT(value) .flags = SCN_ROW_DEFAULT, .dflt = (value)
#define UNSET(value) .flags = SCN_ROW_UNSET, .dflt = (value)
/* A negative array size stops the build where a table has too many rows. */
#define ROWS(array)                                                                            \
	.row = (array),                                                                        \
	.rows = COUNT(array) + 0 * sizeof(char[COUNT(array) <= SCN_ROWS_MAX ? 1 : -1])
#define RULES(array) .rule = (array), .rules = COUNT(array)

_Static_assert(SCN_KEYS <= SCN_SRC_WORDS * 64, "struct scn_src has too few bits");

/* clang-format off */

/* --- keys ------------------------------------------------------------------------------------- */

const char *const scn_key_names[SCN_KEYS] = {
	[SCN_KEY_NONE] = "", [SCN_KEY_SCENARIO] = "scenario", [SCN_KEY_ABOUT] = "about", [SCN_KEY_MATRIX] = "matrix",
	[SCN_KEY_MACHINE] = "machine", [SCN_KEY_HOST] = "host", [SCN_KEY_GUEST] = "guest",
	[SCN_KEY_THREADS] = "threads", [SCN_KEY_SCHEDULE] = "schedule", [SCN_KEY_EXPECT] = "expect",
	[SCN_KEY_MAXPHYADDR] = "maxphyaddr", [SCN_KEY_CPUS] = "cpus",
	[SCN_KEY_FEATURES] = "features", [SCN_KEY_TLB] = "tlb",
	[SCN_KEY_TLB_ENTRIES] = "tlb-entries", [SCN_KEY_MEMORY] = "memory",
	[SCN_KEY_SPACES] = "spaces", [SCN_KEY_OBJECTS] = "objects", [SCN_KEY_EPT] = "ept",
	[SCN_KEY_FRAMES] = "frames", [SCN_KEY_AT] = "at", [SCN_KEY_SIZE] = "size",
	[SCN_KEY_PROT] = "prot", [SCN_KEY_BACKING] = "backing", [SCN_KEY_OFFSET] = "offset",
	[SCN_KEY_OBJECT] = "object", [SCN_KEY_COW] = "cow", [SCN_KEY_STRING] = "string",
	[SCN_KEY_BYTES] = "bytes", [SCN_KEY_WORDS] = "words", [SCN_KEY_FILL] = "fill",
	[SCN_KEY_BYTE] = "byte", [SCN_KEY_GVA] = "gva", [SCN_KEY_GPA] = "gpa", [SCN_KEY_HPA] = "hpa",
	[SCN_KEY_GLA] = "gla", [SCN_KEY_PAGE] = "page", [SCN_KEY_RIGHTS] = "rights",
	[SCN_KEY_MEMTYPE] = "memtype", [SCN_KEY_IPAT] = "ipat", [SCN_KEY_FLAGS] = "flags",
	[SCN_KEY_PKEY] = "pkey", [SCN_KEY_LEVEL] = "level", [SCN_KEY_TABLE] = "table",
	[SCN_KEY_INDEX] = "index", [SCN_KEY_ENTRY] = "entry", [SCN_KEY_SET] = "set",
	[SCN_KEY_CLEAR] = "clear", [SCN_KEY_BY] = "by", [SCN_KEY_ROOT] = "root",
	[SCN_KEY_TABLES] = "tables", [SCN_KEY_LAYOUT] = "layout", [SCN_KEY_LEVELS] = "levels",
	[SCN_KEY_DEFERRED] = "deferred", [SCN_KEY_MAP] = "map", [SCN_KEY_ENTRIES] = "entries",
	[SCN_KEY_NAME] = "name", [SCN_KEY_ROLE] = "role", [SCN_KEY_CPU] = "cpu",
	[SCN_KEY_SPACE] = "space", [SCN_KEY_HOST_SPACE] = "host-space", [SCN_KEY_CPL] = "cpl",
	[SCN_KEY_MODE] = "mode", [SCN_KEY_CR3_BITS] = "cr3-bits", [SCN_KEY_AC] = "ac",
	[SCN_KEY_PKRU] = "pkru", [SCN_KEY_PKRS] = "pkrs", [SCN_KEY_VPID] = "vpid",
	[SCN_KEY_EPTP] = "eptp", [SCN_KEY_EPTP_BITS] = "eptp-bits",
	[SCN_KEY_USER_END] = "user-end", [SCN_KEY_STEPS] = "steps", [SCN_KEY_NXE] = "nxe",
	[SCN_KEY_SEED] = "seed", [SCN_KEY_SCRIPT] = "script", [SCN_KEY_WHAT] = "what",
	[SCN_KEY_REPEAT] = "repeat", [SCN_KEY_VALUE] = "value", [SCN_KEY_EXPECTED] = "expected",
	[SCN_KEY_PCID] = "pcid", [SCN_KEY_KEEP] = "keep", [SCN_KEY_TYPE] = "type",
	[SCN_KEY_LEAF] = "leaf", [SCN_KEY_SUBLEAF] = "subleaf", [SCN_KEY_VECTOR] = "vector",
	[SCN_KEY_NUMBER] = "number", [SCN_KEY_ARGS] = "args", [SCN_KEY_OF] = "of",
	[SCN_KEY_MASTER] = "master", [SCN_KEY_EPT_ROOT] = "ept-root", [SCN_KEY_CR3] = "cr3",
	[SCN_KEY_DST] = "dst", [SCN_KEY_SRC] = "src", [SCN_KEY_THREAD] = "thread",
	[SCN_KEY_STEP] = "step", [SCN_KEY_OP] = "op", [SCN_KEY_OUTCOME] = "outcome",
	[SCN_KEY_ERROR_CODE] = "error-code", [SCN_KEY_CR2] = "cr2",
	[SCN_KEY_QUALIFICATION] = "qualification", [SCN_KEY_REASON] = "reason",
	[SCN_KEY_INTR_INFO] = "intr-info", [SCN_KEY_INSTRUCTION_ERROR] = "instruction-error",
	[SCN_KEY_DONE] = "done", [SCN_KEY_EXITS] = "exits", [SCN_KEY_READS] = "reads",
	[SCN_KEY_STALE] = "stale", [SCN_KEY_EITHER] = "either", [SCN_KEY_CONSOLE] = "console",
	[SCN_KEY_COUNTERS] = "counters",
};

/* --- ranges ----------------------------------------------------------------------------------- */

#define PAGES_MAX 0x10000000000000ull /* 2^52 */
#define RANGE(name, ...) static const struct scn_range range_##name = { __VA_ARGS__ }

const struct scn_range scn_range_any = { "a number", 0, UINT64_MAX, 1, 1 };
const struct scn_range scn_range_byte = { "a byte", 0, 255, 1, 0 };
const struct scn_range scn_range_fill = { "a size in bytes", 1, SCN_FILL_MAX, 1, 0 };
RANGE(maxphyaddr, "a number of bits", 36, 52, 1, 0);
RANGE(cpus, "a number of CPUs", 1, 64, 1, 0);
RANGE(cpu, "a CPU", 0, 63, 1, 0);
RANGE(tlb_entries, "a number of entries", 1, 65536, 1, 0);
RANGE(host_memory, "a size in bytes", 4096, PAGES_MAX, 4096, 0);
RANGE(page_size, "a size in bytes", 4096, PAGES_MAX, 4096, 0);
RANGE(page_at, "an address", 0, PAGES_MAX - 4096, 4096, 1);
RANGE(page_gva, "a guest-virtual address", 0, UINT64_MAX - 4095, 4096, 1);
RANGE(phys, "a physical address", 0, PAGES_MAX - 1, 1, 1);
RANGE(word_at, "an address", 0, PAGES_MAX - 8, 8, 1);
RANGE(offset, "an offset in bytes", 0, PAGES_MAX, 1, 0);
RANGE(level, "a level", 1, 5, 1, 0);
RANGE(levels, "a number of levels", 4, 5, 1, 0);
RANGE(index, "an index", 0, 511, 1, 0);
RANGE(pkey, "a protection key", 0, 15, 1, 0);
RANGE(memtype, "a memory type", 0, 7, 1, 0);
RANGE(cpl, "a privilege level", 0, 3, 3, 0);
RANGE(u8, "a number of 8 bits", 0, UINT8_MAX, 1, 1);
RANGE(u32, "a number of 32 bits", 0, UINT32_MAX, 1, 1);
RANGE(vpid, "a VPID", 0, UINT16_MAX, 1, 0);
RANGE(pcid, "a PCID", 0, 4095, 1, 0);
RANGE(access, "a size in bytes", 1, 65536, 1, 0);
RANGE(fetch, "a size in bytes", 1, 15, 1, 0);
RANGE(repeat, "a number of times", 1, SCN_STEPS_MAX, 1, 0);
RANGE(step, "a number of steps", 1, SCN_STEPS_MAX, 1, 0);
RANGE(vector, "a vector", 0, 31, 1, 0);
RANGE(reason, "an exit reason", 0, UINT32_MAX, 1, 0);
RANGE(count, "a number", 0, UINT64_MAX, 1, 0);

/* --- names of values -------------------------------------------------------------------------- */

#define CHOICES(name, text) \
	static const struct scn_choices choices_##name = { text, choice_##name, COUNT(choice_##name), NULL }
#define CHOICES_OR(name, text, r) \
	static const struct scn_choices choices_##name = { text, choice_##name, COUNT(choice_##name), r }

static const struct scn_choice choice_tlb[] = {
	{ "none", SCN_TLB_NONE, "Every access walks the tables." },
	{ "caching", SCN_TLB_CACHING, "Translations are kept until something invalidates them." },
};
CHOICES(tlb, "a model of the TLB");

static const struct scn_choice choice_prot[] = {
	{ "none", 0, "No access." },
	{ "r", SCN_PROT_R, "Read." },
	{ "w", SCN_PROT_W, "Write." },
	{ "x", SCN_PROT_X, "Execute." },
	{ "rw", SCN_PROT_R | SCN_PROT_W, "Read and write." },
	{ "rx", SCN_PROT_R | SCN_PROT_X, "Read and execute." },
	{ "wx", SCN_PROT_W | SCN_PROT_X, "Write and execute." },
	{ "rwx", SCN_PROT_R | SCN_PROT_W | SCN_PROT_X, "Everything." },
};
CHOICES(prot, "a protection");

_Static_assert(SCN_PROT_R == EPT_R && SCN_PROT_W == EPT_W && SCN_PROT_X == EPT_X,
    "rights of EPT entries are written like protections");

static const struct scn_choice choice_backing[] = {
	{ "zero", SCN_BACKING_ZERO, "Filled with zeros at the first touch." },
	{ "file", SCN_BACKING_FILE, "The bytes given here, read at the first touch; zeros follow." },
	{ "object", SCN_BACKING_OBJECT, "A shared memory object." },
};
CHOICES(backing, "a backing");

static const struct scn_choice choice_page[] = {
	{ "4K", 0x1000, "A level 1 entry." },
	{ "2M", 0x200000, "A level 2 entry with bit 7 set." },
	{ "1G", 0x40000000, "A level 3 entry with bit 7 set." },
};
CHOICES(page, "a page size");

static const struct scn_choice choice_memtype[] = {
	{ "uc", 0, "Uncacheable." },
	{ "wc", 1, "Write combining." },
	{ "wt", 4, "Write through." },
	{ "wp", 5, "Write protected." },
	{ "wb", 6, "Write back." },
};
CHOICES_OR(memtype, "a memory type", &range_memtype);

static const struct scn_choice choice_layout[] = {
	{ "hardware", SCN_LAYOUT_HARDWARE, "What the processor defines." },
	{ "vpte", SCN_LAYOUT_VPTE, "The vkernel's bits, which are the processor's." },
	{ "vpte-old", SCN_LAYOUT_VPTE_OLD, "The vkernel's bits before they became the processor's." },
};
CHOICES(layout, "a layout of entries");

static const struct scn_choice choice_role[] = {
	{ "bare", SCN_ROLE_BARE, "A virtual CPU under host.ept, whose exits are outcomes." },
	{ "master", SCN_ROLE_MASTER, "A virtual CPU under the VMM that makes the EPT of its process." },
	{ "slave", SCN_ROLE_SLAVE, "A virtual CPU under the VMM that takes the EPT over." },
	{ "process", SCN_ROLE_PROCESS, "A thread of a host process that uses no VMM." },
	{ "kernel", SCN_ROLE_KERNEL, "A thread of the host kernel." },
};
const struct scn_choices scn_choices_role = { "a role", choice_role, COUNT(choice_role), NULL };

static const struct scn_choice choice_order[] = {
	{ "in-order", SCN_ORDER_IN_ORDER, "Each thread runs to its end, or until it waits." },
};
CHOICES(order, "a schedule");

static const struct scn_choice choice_by[] = {
	{ "store", 0, "A plain store." },
	{ "swap", 1, "An atomic swap, which gives back the old entry." },
};
CHOICES(by, "a way to write");

static const struct scn_choice choice_invpcid[] = {
	{ "address", SCN_INV_ADDRESS, "One address of one PCID." },
	{ "single", SCN_INV_SINGLE, "One PCID, except globals." },
	{ "all", SCN_INV_ALL, "Everything, globals too." },
	{ "keep-globals", SCN_INV_KEEP_GLOBALS, "All PCIDs, except globals." },
};
CHOICES(invpcid, "an INVPCID type");

static const struct scn_choice choice_invept[] = {
	{ "single", SCN_INV_SINGLE, "One EPTP." },
	{ "all", SCN_INV_ALL, "All EPTPs." },
};
CHOICES(invept, "an INVEPT type");

static const struct scn_choice choice_invvpid[] = {
	{ "address", SCN_INV_ADDRESS, "One address of one VPID." },
	{ "single", SCN_INV_SINGLE, "One VPID." },
	{ "all", SCN_INV_ALL, "All VPIDs." },
	{ "keep-globals", SCN_INV_KEEP_GLOBALS, "One VPID, except globals." },
};
CHOICES(invvpid, "an INVVPID type");

static const struct scn_choice choice_vmx[] = {
	{ "vmclear", 19, "VMCLEAR." },
	{ "vmlaunch", 20, "VMLAUNCH." },
	{ "vmptrld", 21, "VMPTRLD." },
	{ "vmptrst", 22, "VMPTRST." },
	{ "vmread", 23, "VMREAD." },
	{ "vmresume", 24, "VMRESUME." },
	{ "vmwrite", 25, "VMWRITE." },
	{ "vmxoff", 26, "VMXOFF." },
	{ "vmxon", 27, "VMXON." },
	{ "invept", 50, "INVEPT." },
	{ "invvpid", 53, "INVVPID." },
	{ "vmfunc", 59, "VMFUNC." },
};
CHOICES(vmx, "a VMX instruction");

static const struct scn_choice choice_vector[] = {
	{ "de", 0, "Divide error." },
	{ "db", 1, "Debug." },
	{ "bp", 3, "Breakpoint." },
	{ "of", 4, "Overflow." },
	{ "br", 5, "Bound range exceeded." },
	{ "ud", 6, "Invalid opcode." },
	{ "nm", 7, "Device not available." },
	{ "df", 8, "Double fault." },
	{ "ts", 10, "Invalid TSS." },
	{ "np", 11, "Segment not present." },
	{ "ss", 12, "Stack fault." },
	{ "gp", 13, "General protection." },
	{ "pf", 14, "Page fault." },
	{ "mf", 16, "Floating-point error." },
	{ "ac", 17, "Alignment check." },
	{ "mc", 18, "Machine check." },
	{ "xm", 19, "SIMD floating-point error." },
	{ "ve", 20, "Virtualization exception." },
};
CHOICES_OR(vector, "an exception", &range_vector);

static const struct scn_choice choice_syscall[] = {
	{ "exit", 1, "exit(2): status." },
	{ "write", 4, "write(2): descriptor, buffer, size." },
	{ "getpid", 20, "getpid(2)." },
	{ "munmap", 73, "munmap(2): address, size." },
	{ "mprotect", 74, "mprotect(2): address, size, protection." },
	{ "madvise", 75, "madvise(2): address, size, advice." },
	{ "mmap", 197, "mmap(2): address, size, protection, flags, descriptor." },
	{ "vmspace-create", 486, "vmspace_create(2)." },
	{ "vmspace-destroy", 487, "vmspace_destroy(2)." },
	{ "vmspace-ctl", 488, "vmspace_ctl(2)." },
	{ "vmm-guest-ctl", 534, "vmm_guest_ctl(2): operation, options." },
	{ "sync-addr", 535, "vmm_guest_sync_addr(2): destination, source." },
};
CHOICES(syscall, "a system call");

static const struct scn_choice choice_pmap[] = {
	{ "inval", SCN_PMAP_INVAL, "Removes the entry everywhere." },
	{ "inval-quick", SCN_PMAP_INVAL_QUICK, "Removes the entry for this virtual CPU alone." },
	{ "clean", SCN_PMAP_CLEAN, "Makes the entry read-only and clean." },
	{ "setro", SCN_PMAP_SETRO, "Makes the entry read-only." },
	{ "load-and-clear", SCN_PMAP_LOAD_AND_CLEAR, "Takes the entry out and gives it back." },
};
CHOICES(pmap, "a routine of the vkernel's pmap");

static const struct scn_choice choice_reason[] = {
	{ "exception", 0, "Exception or NMI." },
	{ "interrupt", 1, "External interrupt." },
	{ "triple-fault", 2, "Triple fault." },
	{ "cpuid", 10, "CPUID." },
	{ "hlt", 12, "HLT." },
	{ "invlpg", 14, "INVLPG." },
	{ "vmcall", 18, "VMCALL." },
	{ "vmclear", 19, "VMCLEAR." },
	{ "vmlaunch", 20, "VMLAUNCH." },
	{ "vmptrld", 21, "VMPTRLD." },
	{ "vmptrst", 22, "VMPTRST." },
	{ "vmread", 23, "VMREAD." },
	{ "vmresume", 24, "VMRESUME." },
	{ "vmwrite", 25, "VMWRITE." },
	{ "vmxoff", 26, "VMXOFF." },
	{ "vmxon", 27, "VMXON." },
	{ "cr-access", 28, "Control-register access." },
	{ "guest-state", 33, "VM-entry failure due to invalid guest state." },
	{ "pause", 40, "PAUSE." },
	{ "ept-violation", 48, "EPT violation." },
	{ "ept-misconfig", 49, "EPT misconfiguration." },
	{ "invept", 50, "INVEPT." },
	{ "preemption-timer", 52, "VMX-preemption timer." },
	{ "invvpid", 53, "INVVPID." },
	{ "invpcid", 58, "INVPCID." },
	{ "vmfunc", 59, "VMFUNC." },
	{ "pml-full", 62, "Page-modification log full." },
	{ "spp-event", 66, "Sub-page permission table without a usable entry." },
};
CHOICES_OR(reason, "an exit reason", &range_reason);

static const struct scn_choice choice_outcome[] = {
	{ "ok", SCN_OUTCOME_OK, "It was done." },
	{ "pf", SCN_OUTCOME_PF, "Page fault." },
	{ "gp", SCN_OUTCOME_GP, "General protection." },
	{ "ud", SCN_OUTCOME_UD, "Invalid opcode." },
	{ "exception", SCN_OUTCOME_EXCEPTION, "Another exception; see vector." },
	{ "ept-violation", SCN_OUTCOME_EPT_VIOLATION, "Exit 48." },
	{ "ept-misconfig", SCN_OUTCOME_EPT_MISCONFIG, "Exit 49." },
	{ "spp-event", SCN_OUTCOME_SPP_EVENT, "Exit 66." },
	{ "exit", SCN_OUTCOME_EXIT, "Another exit; see reason." },
	{ "entry-failed", SCN_OUTCOME_ENTRY_FAILED, "VM entry failed after loading guest state." },
	{ "vmfail", SCN_OUTCOME_VMFAIL, "A VMX instruction failed; see instruction-error." },
	{ "efault", SCN_OUTCOME_EFAULT, "An address that could not be used." },
	{ "enametoolong", SCN_OUTCOME_ENAMETOOLONG, "No NUL within the size given." },
	{ "einval", SCN_OUTCOME_EINVAL, "Wrong arguments." },
	{ "enosys", SCN_OUTCOME_ENOSYS, "Not for such a process." },
	{ "enomem", SCN_OUTCOME_ENOMEM, "No memory." },
	{ "no-record", SCN_OUTCOME_NO_RECORD, "A slave of a process without master." },
	{ "second-master", SCN_OUTCOME_SECOND_MASTER, "A master where there is one." },
	{ "is-vcpu", SCN_OUTCOME_IS_VCPU, "This thread is a virtual CPU already." },
	{ "not-alone", SCN_OUTCOME_NOT_ALONE, "A master in a process with several threads." },
	{ "bad-root", SCN_OUTCOME_BAD_ROOT, "A slave with an EPT root of its own." },
	{ "bad-cr3", SCN_OUTCOME_BAD_CR3, "A guest CR3 with reserved bits." },
	{ "refused", SCN_OUTCOME_REFUSED, "Not possible in this state." },
	{ "signal", SCN_OUTCOME_SIGNAL, "The process got a signal; see vector." },
	{ "vkernel", SCN_OUTCOME_VKERNEL, "Control went from a process to its vkernel." },
	{ "exited", SCN_OUTCOME_EXITED, "The thread ended." },
	{ "killed", SCN_OUTCOME_KILLED, "The thread was ended." },
	{ "livelock", SCN_OUTCOME_LIVELOCK, "The same exit again and again." },
};
const struct scn_choices scn_choices_outcome = { "an outcome", choice_outcome, COUNT(choice_outcome),
	NULL };

static const struct scn_choice choice_end[] = {
	{ "finished", SCN_END_FINISHED, "It came to the end of its steps." },
	{ "exited", SCN_END_EXITED, "By an exit step, or exit(2)." },
	{ "killed", SCN_END_KILLED, "By an exit that cannot be handled, or a signal." },
	{ "failed", SCN_END_FAILED, "VM entry failed, or it could not become a virtual CPU." },
	{ "livelock", SCN_END_LIVELOCK, "The same exit again and again." },
	{ "blocked", SCN_END_BLOCKED, "It waits for what never came." },
};
const struct scn_choices scn_choices_end = { "the end of a thread", choice_end, COUNT(choice_end),
	NULL };

static const struct scn_choice choice_counter[] = {
	{ "entries", SCN_COUNTER_ENTRIES, "VM entries." },
	{ "exits", SCN_COUNTER_EXITS, "VM exits." },
	{ "ept-violations", SCN_COUNTER_EPT_VIOLATIONS, "Exits 48." },
	{ "page-faults", SCN_COUNTER_PAGE_FAULTS, "Page faults of guests." },
	{ "vm-faults", SCN_COUNTER_VM_FAULTS, "Faults that a host's memory map resolved." },
	{ "cow-copies", SCN_COUNTER_COW_COPIES, "Pages copied on write." },
	{ "guest-reads", SCN_COUNTER_GUEST_READS, "Entries read from guest tables." },
	{ "ept-reads", SCN_COUNTER_EPT_READS, "Entries read from EPTs." },
	{ "ad-updates", SCN_COUNTER_AD_UPDATES, "Entries in which walks set flags." },
	{ "tlb-hits", SCN_COUNTER_TLB_HITS, "Accesses by a cached translation." },
	{ "tlb-misses", SCN_COUNTER_TLB_MISSES, "Accesses that had to walk." },
	{ "tlb-flushes", SCN_COUNTER_TLB_FLUSHES, "Invalidations of any kind." },
	{ "invepts", SCN_COUNTER_INVEPTS, "INVEPT instructions." },
	{ "invvpids", SCN_COUNTER_INVVPIDS, "INVVPID instructions." },
	{ "ipis", SCN_COUNTER_IPIS, "Interrupts between CPUs." },
	{ "syscalls", SCN_COUNTER_SYSCALLS, "System calls of guests." },
	{ "copies", SCN_COUNTER_COPIES, "Calls of the copyio family." },
};
const struct scn_choices scn_choices_counter = { "a counter", choice_counter, COUNT(choice_counter),
	NULL };

/* --- flags ------------------------------------------------------------------------------------ */

#define FLAGS(name, text, is_open) \
	static const struct scn_flags flags_##name = { text, flag_##name, COUNT(flag_##name), is_open }

static const struct scn_flag flag_feature[] = {
	{ "1g-pages", SCN_FEATURE_1G_PAGES, 0, "Guest pages of 1 GiB." },
	{ "la57", SCN_FEATURE_LA57, 0, "Five levels of guest tables." },
	{ "nx", SCN_FEATURE_NX, 0, "Execute-disable in guest tables." },
	{ "smep", SCN_FEATURE_SMEP, 0, "CR4.SMEP can be set." },
	{ "smap", SCN_FEATURE_SMAP, 0, "CR4.SMAP can be set." },
	{ "pku", SCN_FEATURE_PKU, 0, "CR4.PKE can be set." },
	{ "pks", SCN_FEATURE_PKS, 0, "CR4.PKS can be set." },
	{ "pcid", SCN_FEATURE_PCID, 0, "CR4.PCIDE can be set." },
	{ "vpid", SCN_FEATURE_VPID, 0, "Virtual CPUs have VPIDs." },
	{ "ept-ad", SCN_FEATURE_EPT_AD, 0, "EPTs have accessed and dirty flags." },
	{ "exec-only", SCN_FEATURE_EXEC_ONLY, 0, "EPT entries may allow execution alone." },
	{ "ept-2m", SCN_FEATURE_EPT_2M, 0, "EPT pages of 2 MiB." },
	{ "ept-1g", SCN_FEATURE_EPT_1G, 0, "EPT pages of 1 GiB." },
	{ "ept-5level", SCN_FEATURE_EPT_5LEVEL, 0, "EPTs have five levels." },
	{ "mbec", SCN_FEATURE_MBEC, 0, "Mode-based execute control is on." },
	{ "adv-info", SCN_FEATURE_ADV_INFO, 0, "Advanced information about EPT violations." },
	{ "ve", SCN_FEATURE_VE, 0, "EPT violations can become virtualization exceptions." },
	{ "pml", SCN_FEATURE_PML, 0, "Page-modification logging is on." },
	{ "spp", SCN_FEATURE_SPP, 0, "Sub-page write permissions are on." },
};
const struct scn_flags scn_flags_feature = { "a feature", flag_feature, COUNT(flag_feature), 0 };

/* Words: CR0, CR4, EFER, as struct scn_thread has them. */
static const struct scn_flag flag_mode[] = {
	{ "wp", VK_CR0_WP, 0, "CR0.WP." },
	{ "cd", VK_CR0_CD, 0, "CR0.CD." },
	{ "paging", VK_CR0_PG, 0, "CR0.PG." },
	{ "pge", VK_CR4_PGE, 1, "CR4.PGE." },
	{ "la57", VK_CR4_LA57, 1, "CR4.LA57." },
	{ "pcide", VK_CR4_PCIDE, 1, "CR4.PCIDE." },
	{ "smep", VK_CR4_SMEP, 1, "CR4.SMEP." },
	{ "smap", VK_CR4_SMAP, 1, "CR4.SMAP." },
	{ "pke", VK_CR4_PKE, 1, "CR4.PKE." },
	{ "pks", VK_CR4_PKS, 1, "CR4.PKS." },
	{ "nxe", VK_EFER_NXE, 2, "EFER.NXE." },
};
FLAGS(mode, "a register bit", 0);
static const struct scn_flags flags_cr0 = { "a bit of CR0", &flag_mode[0], 3, 1 };
static const struct scn_flags flags_cr4 = { "a bit of CR4", &flag_mode[3], 7, 1 };

static const struct scn_flag flag_guest[] = {
	{ "p", VK_PG_P, 0, "Present." },
	{ "w", VK_PG_RW, 0, "Writable." },
	{ "u", VK_PG_US, 0, "User." },
	{ "pwt", VK_PG_PWT, 0, "Page-level write-through." },
	{ "pcd", VK_PG_PCD, 0, "Page-level cache disable." },
	{ "a", VK_PG_A, 0, "Accessed." },
	{ "d", VK_PG_D, 0, "Dirty." },
	{ "pat", VK_PG_PAT, 0, "PAT: bit 7 of a level 1 entry; in a map, its place by page size." },
	{ "g", VK_PG_G, 0, "Global." },
	{ "xd", VK_PG_XD, 0, "Execute-disable." },
	{ "wired", 0x200, 0, "The vkernel's own: wired." },
	{ "managed", 0x400, 0, "The vkernel's own: managed." },
	{ "nx", 0x800, 0, "The vkernel's own: not executable, bit 11." },
	/* Not in maps, which know their page size. */
	{ "ps", VK_PG_PS, 0, "Maps a page, at level 2 or 3." },
	{ "patl", VK_PG_PAT_LARGE, 0, "PAT of a page of 2 MiB or 1 GiB: bit 12." },
};
static const struct scn_flags flags_map = { "a flag of a mapping", flag_guest,
	COUNT(flag_guest) - 2, 1 };
FLAGS(guest, "a flag of a guest entry", 1);

static const struct scn_flag flag_ept[] = {
	{ "a", EPT_A, 0, "Accessed." },
	{ "d", EPT_D, 0, "Dirty." },
	{ "xu", EPT_XU, 0, "Execute from user-mode addresses, with mbec." },
	{ "spp", EPT_SPP, 0, "Writes are decided for every 128 bytes." },
	{ "sve", EPT_SVE, 0, "No virtualization exception." },
	{ "ps", EPT_PS, 0, "Maps a page, at level 2 or 3." },
	{ "r", EPT_R, 0, "Read." },
	{ "w", EPT_W, 0, "Write." },
	{ "x", EPT_X, 0, "Execute." },
	{ "ipat", EPT_IPAT, 0, "Ignore PAT." },
};
static const struct scn_flags flags_ept_map = { "a flag of an EPT entry", flag_ept, 5, 1 };
static const struct scn_flags flags_ept_frame = { "a flag of an EPT entry", flag_ept, 6, 1 };
FLAGS(ept, "a flag of an EPT entry", 1);

/* --- sections --------------------------------------------------------------------------------- */

static const struct scn_section section_host_space = { SCN_SECTION_HOST_SPACE, "a host space" };
static const struct scn_section section_object = { SCN_SECTION_OBJECT, "an object" };
static const struct scn_section section_guest_space = { SCN_SECTION_GUEST_SPACE, "a guest space" };
static const struct scn_section section_thread = { SCN_SECTION_THREAD, "a thread" };

/* --- machine ---------------------------------------------------------------------------------- */

#define FEATURES_DEFAULT                                                                       \
	(SCN_FEATURE_1G_PAGES | SCN_FEATURE_NX | SCN_FEATURE_SMEP | SCN_FEATURE_SMAP |         \
	    SCN_FEATURE_PKU | SCN_FEATURE_PKS | SCN_FEATURE_EPT_AD | SCN_FEATURE_EXEC_ONLY |   \
	    SCN_FEATURE_EPT_2M | SCN_FEATURE_EPT_1G)

static const struct scn_row rows_machine[] = {
	ROW(MAXPHYADDR, NUMBER, struct scn_machine, maxphyaddr, .detail = &range_maxphyaddr, DEFAULT(46),
	    .doc = "Width of physical addresses in bits."),
	ROW(CPUS, NUMBER, struct scn_machine, cpus, .detail = &range_cpus, DEFAULT(1),
	    .doc = "Number of physical CPUs."),
	ROW(FEATURES, SWITCHES, struct scn_machine, features, .detail = &scn_flags_feature,
	    DEFAULT(FEATURES_DEFAULT), .doc = "What the processor can do and the VMM has turned on."),
	ROW(TLB, CHOICE, struct scn_machine, tlb, .detail = &choices_tlb, DEFAULT(SCN_TLB_NONE),
	    .doc = "How translations are cached."),
	ROW(TLB_ENTRIES, NUMBER, struct scn_machine, tlb_entries, .detail = &range_tlb_entries,
	    DEFAULT(64), .doc = "Translations that a caching TLB holds, for each CPU."),
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

#define CONTENT(st)                                                                            \
	ROW(STRING, STRING, st, content, .doc = "Bytes as text, without a NUL at the end."),   \
	ROW(BYTES, BYTES, st, content, .doc = "Bytes as pairs of hexadecimal digits."),        \
	ROW(WORDS, WORDS, st, content, .doc = "Words of 64 bits, in the processor's order."),  \
	ROW(FILL, FILL, st, content, .detail = &scn_table_fill, .doc = "One byte again and again.")

static const struct scn_rule rules_content[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS }, { SCN_KEY_FILL } } },
};

static const struct scn_rule rules_content_optional[] = {
	{ SCN_RULE_MOST, { { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS }, { SCN_KEY_FILL } } },
};

#define MEMORY_GPA ROW(GPA, NUMBER, struct scn_memory, at, .detail = &range_phys, REQUIRED,    \
	    .doc = "Guest-physical address.")
#define MEMORY_HOST_SPACE ROW(HOST_SPACE, REF, struct scn_memory, host_space,                  \
	    .detail = &section_host_space, UNSET(SCN_NONE),                                    \
	    .doc = "The host space that the address is in; the thread's, or main.")

static const struct scn_row rows_guest_memory[] = {
	MEMORY_GPA, MEMORY_HOST_SPACE, CONTENT(struct scn_memory),
};

static const struct scn_table table_guest_memory = {
	.name = "guest.memory", .what = "initial memory", .doc = "Bytes that are there from the start.",
	.size = sizeof(struct scn_memory), ROWS(rows_guest_memory), RULES(rules_content),
	.settle = scn_settle_memory,
};

static const struct scn_row rows_frames[] = {
	ROW(HPA, NUMBER, struct scn_memory, at, .detail = &range_phys, REQUIRED,
	    .doc = "Host-physical address."),
	CONTENT(struct scn_memory),
};

static const struct scn_table table_frames = {
	.name = "host.frames", .what = "initial host memory",
	.doc = "Host-physical memory that is there from the start.",
	.size = sizeof(struct scn_memory), ROWS(rows_frames), RULES(rules_content),
	.settle = scn_settle_memory,
};

static const struct scn_row rows_expect_memory[] = {
	ROW(GPA, NUMBER, struct scn_memory, at, .detail = &range_phys,
	    .doc = "Guest-physical address."),
	ROW(HPA, NUMBER, struct scn_memory, at, .detail = &range_phys,
	    .doc = "Host-physical address."),
	MEMORY_HOST_SPACE, CONTENT(struct scn_memory),
};

static const struct scn_rule rules_expect_memory[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_GPA }, { SCN_KEY_HPA } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_HOST_SPACE }, { SCN_KEY_GPA } } },
	{ SCN_RULE_ONE, { { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS }, { SCN_KEY_FILL } } },
};

static const struct scn_table table_expect_memory = {
	.name = "expect.memory", .what = "expected memory", .doc = "Bytes that must be there.",
	.size = sizeof(struct scn_memory), ROWS(rows_expect_memory), RULES(rules_expect_memory),
	.settle = scn_settle_memory,
};

/* --- host ------------------------------------------------------------------------------------- */

static const struct scn_row rows_region[] = {
	ROW(AT, NUMBER, struct scn_region, at, .detail = &range_page_at, REQUIRED,
	    .doc = "First address; for a VMM's process these are the guest-physical addresses."),
	ROW(SIZE, NUMBER, struct scn_region, size, .detail = &range_page_size, REQUIRED,
	    .doc = "Size of the range."),
	ROW(PROT, CHOICE, struct scn_region, prot, .detail = &choices_prot,
	    DEFAULT(SCN_PROT_R | SCN_PROT_W), .doc = "What may be done with it."),
	ROW(BACKING, CHOICE, struct scn_region, backing, .detail = &choices_backing,
	    UNSET(SCN_BACKING_ZERO),
	    .doc = "What fills it; by default what the other keys imply, otherwise zero."),
	CONTENT(struct scn_region),
	ROW(OFFSET, NUMBER, struct scn_region, offset, .detail = &range_offset, DEFAULT(0),
	    .doc = "Where in the file or object the range begins."),
	ROW(OBJECT, REF, struct scn_region, object, .detail = &section_object, UNSET(SCN_NONE),
	    .doc = "The shared memory object."),
	ROW(COW, BOOL, struct scn_region, cow, UNSET(0),
	    .doc = "Whether writes go to a private copy; by default only those of a file do."),
};

static const struct scn_rule rules_region[] = {
	{ SCN_RULE_MOST, { { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS }, { SCN_KEY_FILL },
	    { SCN_KEY_OBJECT } } },
};

static const struct scn_table table_region = {
	.name = "host.region", .what = "a range of a host space",
	.doc = "A range of a host process' memory map.",
	.size = sizeof(struct scn_region), ROWS(rows_region), RULES(rules_region),
	.settle = scn_settle_region,
};

/* Of a host space only its list can be written. */
static const struct scn_row row_regions = LIST(NONE, LIST, struct scn_host_space, region, regions,
    .detail = &table_region, .doc = "Ranges of the memory map.");

static const struct scn_table table_host_space = {
	.name = "host.space", .what = "a host space",
	.doc = "The memory map of a host process, as a list of ranges.",
	.size = sizeof(struct scn_host_space), .name_offset = offsetof(struct scn_host_space, name),
	.whole = &row_regions, .settle = scn_settle_host_space,
};

static const struct scn_row rows_object[] = {
	ROW(SIZE, NUMBER, struct scn_object, size, .detail = &range_page_size, REQUIRED,
	    .doc = "Size of the object."),
	CONTENT(struct scn_object),
};

static const struct scn_table table_object = {
	.name = "host.object", .what = "an object", .doc = "Memory that several ranges can share.",
	.size = sizeof(struct scn_object), .name_offset = offsetof(struct scn_object, name),
	ROWS(rows_object), RULES(rules_content_optional), .settle = scn_settle_object,
};

/* What a leaf of an EPT is made of; the rows collect it in one word. */
#define EPT_LEAF(st, member, leaf_flags, default_flag)                                         \
	ROW(RIGHTS, CHOICE, st, member, .detail = &choices_prot,                               \
	    .flags = SCN_ROW_BITS | (default_flag), .dflt = EPT_RWX, .doc = "Rights."),        \
	ROW(MEMTYPE, CHOICE, st, member, .detail = &choices_memtype, .shift = EPT_MEMTYPE_SHIFT, \
	    .flags = SCN_ROW_BITS | (default_flag), .dflt = 6,                                 \
	    .doc = "Memory type, by name or number."),                                         \
	ROW(IPAT, BOOL, st, member, .shift = 6, .flags = SCN_ROW_BITS | (default_flag),        \
	    .doc = "Whether the guest's PAT is ignored."),                                     \
	ROW(FLAGS, FLAGS, st, member, .detail = &(leaf_flags), .flags = SCN_ROW_BITS,          \
	    .doc = "Further flags.")

static const struct scn_row rows_ept_map[] = {
	ROW(GPA, NUMBER, struct scn_ept_map, gpa, .detail = &range_page_at, REQUIRED,
	    .doc = "First guest-physical address."),
	ROW(SIZE, NUMBER, struct scn_ept_map, size, .detail = &range_page_size, REQUIRED,
	    .doc = "Size of the range."),
	ROW(HPA, NUMBER, struct scn_ept_map, hpa, .detail = &range_page_at, REQUIRED,
	    .doc = "First host-physical address."),
	ROW(PAGE, CHOICE, struct scn_ept_map, page, .detail = &choices_page, DEFAULT(4096),
	    .doc = "Size of the pages that map it."),
	EPT_LEAF(struct scn_ept_map, bits, flags_ept_map, SCN_ROW_DEFAULT),
};

const struct scn_table scn_table_ept_map = {
	.name = "host.ept.map", .what = "an EPT mapping", .doc = "A range that an EPT maps.",
	.size = sizeof(struct scn_ept_map), ROWS(rows_ept_map), .settle = scn_settle_ept_map,
};

#define EPT_ENTRY_PLACE                                                                        \
	ROW(GPA, NUMBER, struct scn_ept_entry, gpa, .detail = &range_phys, REQUIRED,           \
	    .doc = "The entry on the path of this guest-physical address ..."),                \
	ROW(LEVEL, NUMBER, struct scn_ept_entry, level, .detail = &range_level, DEFAULT(1),    \
	    .doc = "... at this level.")
#define EPT_ENTRY_VALUE                                                                        \
	ROW(ENTRY, NUMBER, struct scn_ept_entry, entry, .detail = &scn_range_any,              \
	    .doc = "The whole entry."),                                                        \
	ROW(SET, FLAGS, struct scn_ept_entry, set, .detail = &flags_ept, .doc = "Bits that are 1."), \
	ROW(CLEAR, FLAGS, struct scn_ept_entry, clear, .detail = &flags_ept, .doc = "Bits that are 0.")
#define EPT_ENTRY_FRAME                                                                        \
	ROW(HPA, NUMBER, struct scn_ept_entry, frame, .detail = &range_page_at,                \
	    .doc = "The host-physical frame that it maps, or the table that it points to."),   \
	EPT_LEAF(struct scn_ept_entry, set, flags_ept_frame, SCN_ROW_UNSET)
#define EPT_ENTRY_HOST_SPACE                                                                   \
	ROW(HOST_SPACE, REF, struct scn_ept_entry, host_space, .detail = &section_host_space,  \
	    UNSET(SCN_NONE), .doc = "The host space whose EPT is meant; the thread's, or main.")

static const struct scn_row rows_ept_entry[] = {
	EPT_ENTRY_PLACE, EPT_ENTRY_VALUE, EPT_ENTRY_FRAME,
};
static const struct scn_row rows_set_ept[] = {
	EPT_ENTRY_PLACE, EPT_ENTRY_HOST_SPACE, EPT_ENTRY_VALUE, EPT_ENTRY_FRAME,
};
static const struct scn_row rows_expect_ept[] = {
	EPT_ENTRY_PLACE, EPT_ENTRY_HOST_SPACE, EPT_ENTRY_VALUE,
};

static const struct scn_rule rules_ept_entry[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR }, { SCN_KEY_HPA } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_RIGHTS, SCN_KEY_MEMTYPE, SCN_KEY_IPAT, SCN_KEY_FLAGS },
	    { SCN_KEY_HPA } } },
};
static const struct scn_rule rules_expect_entry_value[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR } } },
};

const struct scn_table scn_table_ept_entry = {
	.name = "host.ept.entry", .what = "an EPT entry",
	.doc = "One EPT entry; tables above it are made as needed.",
	.size = sizeof(struct scn_ept_entry), ROWS(rows_ept_entry), RULES(rules_ept_entry),
	.settle = scn_settle_ept_entry,
};
static const struct scn_table table_expect_ept = {
	.name = "expect.ept", .what = "an expected EPT entry", .doc = "What an EPT entry must be.",
	.size = sizeof(struct scn_ept_entry), ROWS(rows_expect_ept), RULES(rules_expect_entry_value),
	.settle = scn_settle_ept_entry,
};

static const struct scn_row rows_host[] = {
	ROW(MEMORY, NUMBER, struct scn_host, memory, .detail = &range_host_memory, DEFAULT(1u << 30),
	    .doc = "Size of host-physical memory, which begins at 0."),
	LIST(OBJECTS, NAMED, struct scn_host, object, objects, .detail = &table_object,
	    .doc = "Shared memory objects by name."),
	LIST(SPACES, NAMED, struct scn_host, space, spaces, .detail = &table_host_space,
	    .doc = "Memory maps of host processes by name."),
	LIST(EPT, EPT_ITEMS, struct scn_host, ept, epts,
	    .doc = "The EPT of bare threads, built in this order."),
	LIST(FRAMES, LIST, struct scn_host, frame, frames, .detail = &table_frames,
	    .doc = "Initial contents of host-physical memory."),
};

static const struct scn_table table_host = {
	.name = "host", .what = "the host", .doc = "What is below the guest.",
	.size = sizeof(struct scn_host), ROWS(rows_host), .settle = scn_settle_host,
};

/* --- guest ------------------------------------------------------------------------------------ */

#define PWU (VK_PG_P | VK_PG_RW | VK_PG_US)

static const struct scn_row rows_guest_map[] = {
	ROW(GVA, NUMBER, struct scn_guest_map, gva, .detail = &range_page_gva, REQUIRED,
	    .doc = "First guest-virtual address."),
	ROW(GPA, NUMBER, struct scn_guest_map, gpa, .detail = &range_page_at, REQUIRED,
	    .doc = "First guest-physical address."),
	ROW(SIZE, NUMBER, struct scn_guest_map, size, .detail = &range_page_size, REQUIRED,
	    .doc = "Size of the range."),
	ROW(PAGE, CHOICE, struct scn_guest_map, page, .detail = &choices_page, DEFAULT(4096),
	    .doc = "Size of the pages that map it."),
	ROW(FLAGS, FLAGS, struct scn_guest_map, bits, .detail = &flags_map,
	    .flags = SCN_ROW_BITS | SCN_ROW_DEFAULT, .dflt = PWU, .doc = "Flags of each leaf."),
	ROW(PKEY, NUMBER, struct scn_guest_map, bits, .detail = &range_pkey,
	    .shift = VK_PG_PKEY_SHIFT, .flags = SCN_ROW_BITS | SCN_ROW_DEFAULT,
	    .doc = "Protection key."),
};

static const struct scn_table table_guest_map = {
	.name = "guest.map", .what = "a mapping", .doc = "A range that guest tables map.",
	.size = sizeof(struct scn_guest_map), ROWS(rows_guest_map), .settle = scn_settle_guest_map,
};

#define ENTRY_SPACE                                                                            \
	ROW(SPACE, REF, struct scn_entry, space, .detail = &section_guest_space, UNSET(SCN_NONE), \
	    .doc = "The guest space whose tables are meant; the thread's, or main.")
#define ENTRY_PLACE                                                                            \
	ROW(GVA, NUMBER, struct scn_entry, gva, .detail = &scn_range_any,                      \
	    .doc = "The entry on the path of this guest-virtual address ..."),                 \
	ROW(LEVEL, NUMBER, struct scn_entry, level, .detail = &range_level, DEFAULT(1),        \
	    .doc = "... at this level."),                                                      \
	ROW(TABLE, NUMBER, struct scn_entry, table, .detail = &range_page_at,                  \
	    .doc = "The entry in the table at this guest-physical address ..."),               \
	ROW(INDEX, NUMBER, struct scn_entry, index, .detail = &range_index,                    \
	    .doc = "... with this index."),                                                    \
	ROW(AT, NUMBER, struct scn_entry, at, .detail = &range_word_at,                        \
	    .doc = "The entry at this guest-physical address.")
#define ENTRY_VALUE                                                                            \
	ROW(ENTRY, NUMBER, struct scn_entry, entry, .detail = &scn_range_any,                  \
	    .doc = "The whole entry."),                                                        \
	ROW(SET, FLAGS, struct scn_entry, set, .detail = &flags_guest, .doc = "Bits that are 1."), \
	ROW(CLEAR, FLAGS, struct scn_entry, clear, .detail = &flags_guest, .doc = "Bits that are 0.")
#define ENTRY_FRAME                                                                            \
	ROW(GPA, NUMBER, struct scn_entry, frame, .detail = &range_page_at,                    \
	    .doc = "The guest-physical frame that it maps, or the table that it points to."),  \
	ROW(FLAGS, FLAGS, struct scn_entry, set, .detail = &flags_guest,                       \
	    .flags = SCN_ROW_BITS | SCN_ROW_UNSET, .doc = "Its flags; by default p, w and u.")

static const struct scn_row rows_guest_entry[] = { ENTRY_PLACE, ENTRY_VALUE, ENTRY_FRAME };
static const struct scn_row rows_set_entry[] = {
	ENTRY_SPACE, ENTRY_PLACE, ENTRY_VALUE, ENTRY_FRAME,
	ROW(BY, CHOICE, struct scn_entry, swap, .detail = &choices_by, DEFAULT(0),
	    .doc = "How it is written."),
};
static const struct scn_row rows_expect_entry[] = { ENTRY_SPACE, ENTRY_PLACE, ENTRY_VALUE };

#define ENTRY_PLACE_RULES                                                                      \
	{ SCN_RULE_ONE, { { SCN_KEY_GVA }, { SCN_KEY_TABLE }, { SCN_KEY_AT } } },              \
	{ SCN_RULE_NEEDS, { { SCN_KEY_LEVEL }, { SCN_KEY_GVA } } },                            \
	{ SCN_RULE_NEEDS, { { SCN_KEY_INDEX }, { SCN_KEY_TABLE } } },                          \
	{ SCN_RULE_NEEDS, { { SCN_KEY_TABLE }, { SCN_KEY_INDEX } } }

static const struct scn_rule rules_entry[] = {
	ENTRY_PLACE_RULES,
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR }, { SCN_KEY_GPA } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_FLAGS }, { SCN_KEY_GPA } } },
};
static const struct scn_rule rules_expect_entry[] = {
	ENTRY_PLACE_RULES,
	{ SCN_RULE_ONE, { { SCN_KEY_ENTRY }, { SCN_KEY_SET, SCN_KEY_CLEAR } } },
};

static const struct scn_table table_guest_entry = {
	.name = "guest.entry", .what = "an entry", .doc = "One entry of guest tables.",
	.size = sizeof(struct scn_entry), ROWS(rows_guest_entry), RULES(rules_entry),
	.settle = scn_settle_entry,
};
static const struct scn_table table_expect_entry = {
	.name = "expect.entry", .what = "an expected entry",
	.doc = "What an entry of guest tables must be.",
	.size = sizeof(struct scn_entry), ROWS(rows_expect_entry), RULES(rules_expect_entry),
	.settle = scn_settle_entry,
};

struct tables {
	struct scn_src src;
	uint64_t at, size;
};

static const struct scn_row rows_tables[] = {
	ROW(AT, NUMBER, struct tables, at, .detail = &range_page_at, REQUIRED,
	    .doc = "Guest-physical address of the first."),
	ROW(SIZE, NUMBER, struct tables, size, .detail = &range_page_size, REQUIRED,
	    .doc = "Size of all together."),
};

static const struct scn_table table_tables = {
	.name = "guest.tables", .what = "the place of tables", .doc = "Where table pages are taken from.",
	.size = sizeof(struct tables), ROWS(rows_tables),
};

_Static_assert(offsetof(struct scn_guest_space, tables_size) -
    offsetof(struct scn_guest_space, tables_src) == offsetof(struct tables, size) &&
    offsetof(struct scn_guest_space, tables_at) -
    offsetof(struct scn_guest_space, tables_src) == offsetof(struct tables, at),
    "a guest space holds struct tables");

static const struct scn_row rows_guest_space[] = {
	ROW(HOST_SPACE, REF, struct scn_guest_space, host_space, .detail = &section_host_space,
	    UNSET(SCN_NONE), .doc = "The host space in which its tables are; main."),
	ROW(ROOT, NUMBER, struct scn_guest_space, root, .detail = &range_page_at, REQUIRED,
	    .doc = "Guest-physical address of the root table."),
	ROW(TABLES, OBJECT, struct scn_guest_space, tables_src, .detail = &table_tables, UNSET(0),
	    .doc = "Where further tables are taken from; by default the 16 pages behind the root."),
	ROW(LAYOUT, CHOICE, struct scn_guest_space, layout, .detail = &choices_layout,
	    DEFAULT(SCN_LAYOUT_HARDWARE), .doc = "How entries are encoded."),
	ROW(LEVELS, NUMBER, struct scn_guest_space, levels, .detail = &range_levels, DEFAULT(4),
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
	.size = sizeof(struct scn_guest_space), .name_offset = offsetof(struct scn_guest_space, name),
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

/* --- expectations ----------------------------------------------------------------------------- */

static const struct scn_row rows_exit[] = {
	ROW(REASON, CHOICE, struct scn_exit, reason, .detail = &choices_reason, REQUIRED,
	    .doc = "Basic exit reason, by name or number."),
	ROW(QUALIFICATION, NUMBER, struct scn_exit, qualification, .detail = &scn_range_any,
	    .doc = "Exit qualification."),
	ROW(GPA, NUMBER, struct scn_exit, gpa, .detail = &scn_range_any,
	    .doc = "Guest-physical address."),
	ROW(GLA, NUMBER, struct scn_exit, gla, .detail = &scn_range_any,
	    .doc = "Guest-linear address."),
	ROW(INTR_INFO, NUMBER, struct scn_exit, intr_info, .detail = &range_u32,
	    .doc = "Interruption information."),
};

static const struct scn_table table_exit = {
	.name = "expect.exit", .what = "an expected exit", .doc = "One VM exit.",
	.size = sizeof(struct scn_exit), ROWS(rows_exit),
};

#define EXPECT(k, t, member, ...) ROW(k, t, struct scn_expect, member, __VA_ARGS__)
#define EXPECT_LIST(k, member, n, ...)                                                         \
	LIST(k, LIST, struct scn_expect, member, n, __VA_ARGS__)

#define EXPECT_ROWS                                                                            \
	EXPECT(OUTCOME, CHOICE, outcome, .detail = &scn_choices_outcome, .doc = "How it ended."), \
	EXPECT(ERROR_CODE, NUMBER, error_code, .detail = &range_u32,                           \
	    .doc = "Error code of the exception."),                                            \
	EXPECT(CR2, NUMBER, cr2, .detail = &scn_range_any, .doc = "Faulting linear address."), \
	EXPECT(VECTOR, CHOICE, vector, .detail = &choices_vector,                              \
	    .doc = "The exception, by name or number."),                                       \
	EXPECT(REASON, CHOICE, reason, .detail = &choices_reason,                              \
	    .doc = "Exit reason, by name or number."),                                         \
	EXPECT(QUALIFICATION, NUMBER, qualification, .detail = &scn_range_any,                 \
	    .doc = "Exit qualification."),                                                     \
	EXPECT(GPA, NUMBER, gpa, .detail = &scn_range_any,                                     \
	    .doc = "Guest-physical address: of the exit, otherwise of the first byte."),       \
	EXPECT(GLA, NUMBER, gla, .detail = &scn_range_any, .doc = "Guest-linear address."),    \
	EXPECT(HPA, NUMBER, hpa, .detail = &scn_range_any,                                     \
	    .doc = "Host-physical address of the first byte."),                                \
	EXPECT(INTR_INFO, NUMBER, intr_info, .detail = &range_u32,                             \
	    .doc = "Interruption information of the exit."),                                   \
	EXPECT(INSTRUCTION_ERROR, NUMBER, instruction_error, .detail = &range_u32,             \
	    .doc = "VM-instruction error."),                                                   \
	EXPECT(VALUE, NUMBER, value, .detail = &scn_range_any,                                 \
	    .doc = "The value read, or the old one of an atomic operation."),                  \
	EXPECT(STRING, STRING, content, .doc = "The bytes read or copied, as text."),          \
	EXPECT(BYTES, BYTES, content, .doc = "The bytes read or copied, in hexadecimal."),     \
	EXPECT(WORDS, WORDS, content, .doc = "The bytes read or copied, as words."),           \
	EXPECT(FILL, FILL, content, .detail = &scn_table_fill,                                 \
	    .doc = "The bytes read or copied, all the same."),                                 \
	EXPECT(DONE, NUMBER, done, .detail = &range_count, .doc = "Bytes moved."),             \
	EXPECT(READS, NUMBER, reads, .detail = &range_count, .doc = "Table entries read."),    \
	EXPECT(STALE, BOOL, stale,                                                             \
	    .doc = "Whether a cached translation was used that the tables no longer have."),   \
	EXPECT_LIST(EXITS, exit, exits, .detail = &table_exit,                                 \
	    .doc = "All VM exits of the step, in order."),                                     \
	EXPECT_LIST(ENTRIES, entry, entries, .detail = &table_expect_entry,                    \
	    .doc = "Entries of guest tables after the step."),                                 \
	EXPECT_LIST(EPT, ept, epts, .detail = &table_expect_ept,                               \
	    .doc = "EPT entries after the step."),                                             \
	EXPECT_LIST(MEMORY, memory, memories, .detail = &table_expect_memory,                  \
	    .doc = "Memory after the step.")

static const struct scn_row rows_alternative[] = { EXPECT_ROWS };

static const struct scn_table table_alternative = {
	.name = "expect.alternative", .what = "an alternative",
	.doc = "One of several outcomes that are all right.",
	.size = sizeof(struct scn_expect), ROWS(rows_alternative), RULES(rules_content_optional),
};

static const struct scn_row rows_expect[] = {
	EXPECT_ROWS,
	EXPECT_LIST(EITHER, either, eithers, .detail = &table_alternative,
	    .doc = "At least one of these must hold too, where the architecture leaves a choice."),
};

static const struct scn_table table_expect = {
	.name = "expect", .what = "an expectation", .doc = "What a step must come to.",
	.size = sizeof(struct scn_expect), ROWS(rows_expect), RULES(rules_content_optional),
};

static const struct scn_row rows_final[] = {
	ROW(CONSOLE, STRING, struct scn_final, console,
	    .doc = "Everything written to the console, exactly."),
	LIST(MEMORY, LIST, struct scn_final, memory, memories, .detail = &table_expect_memory,
	    .doc = "Memory at the end."),
	LIST(ENTRIES, LIST, struct scn_final, entry, entries, .detail = &table_expect_entry,
	    .doc = "Entries of guest tables at the end."),
	LIST(EPT, LIST, struct scn_final, ept, epts, .detail = &table_expect_ept,
	    .doc = "EPT entries at the end."),
	LIST(COUNTERS, COUNTERS, struct scn_final, counter, counters,
	    .doc = "Counts of a whole run, by name."),
	LIST(THREADS, ENDS, struct scn_final, thread, threads,
	    .doc = "How each thread ended, by name."),
};

static const struct scn_table table_final = {
	.name = "final", .what = "the expectation at the end",
	.doc = "What must hold when all threads have ended.",
	.size = sizeof(struct scn_final), ROWS(rows_final),
};

/* --- operands of steps ------------------------------------------------------------------------ */

#define STEP(k, t, member, ...) ROW(k, t, struct scn_step, member, __VA_ARGS__)
#define STEP_TABLE(id, op_name, ...)                                                           \
	static const struct scn_table table_##id = {                                           \
		.name = "step." op_name, .what = op_name, .size = sizeof(struct scn_step),     \
		__VA_ARGS__                                                                    \
	}
#define OPERANDS(array) ROWS(array), .whole = &(array)[0]

#define R_AT STEP(AT, NUMBER, at, .detail = &scn_range_any, REQUIRED, .doc = "Guest-virtual address.")
#define R_USER_AT STEP(AT, NUMBER, at, .detail = &scn_range_any, REQUIRED,                       \
	    .doc = "User address: guest-virtual, or of the process.")
#define R_ACCESS_SIZE STEP(SIZE, NUMBER, size, .detail = &range_access, DEFAULT(8),              \
	    .doc = "Size of the access.")
#define R_ATOMIC_SIZE STEP(SIZE, CHOICE, size, .detail = &choices_atomic, DEFAULT(8),            \
	    .doc = "Size of the word.")
#define R_ANY_SIZE STEP(SIZE, NUMBER, size, .detail = &scn_range_any, REQUIRED,                  \
	    .doc = "Size of the buffer.")
#define R_VALUE_SIZE STEP(SIZE, NUMBER, size, .detail = &range_access, UNSET(0),                 \
	    .doc = "Size of the value, 8 by default; otherwise that of the bytes.")
#define R_VALUE(range, ...) STEP(VALUE, NUMBER, value, .detail = &(range), __VA_ARGS__)
#define R_CONTENT_OR_VALUE R_VALUE(scn_range_any, .doc = "A value of at most 8 bytes."), CONTENT(struct scn_step)
#define R_OF STEP(OF, REF, thread, .detail = &section_thread, UNSET(SCN_NONE),                   \
	    .doc = "The thread on whose behalf; this one unless told.")

static const struct scn_choice choice_atomic[] = {
	{ "1", 1, "A byte." }, { "2", 2, "Two bytes." }, { "4", 4, "Four bytes." },
	{ "8", 8, "Eight bytes." },
};
CHOICES(atomic, "a size in bytes");

static const struct scn_rule rules_value[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_VALUE }, { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS },
	    { SCN_KEY_FILL } } },
};
static const struct scn_rule rules_set_clear[] = {
	{ SCN_RULE_ANY, { { SCN_KEY_SET }, { SCN_KEY_CLEAR } } },
};

static const struct scn_row rows_read[] = { R_AT, R_ACCESS_SIZE };
STEP_TABLE(read, "read", OPERANDS(rows_read));

static const struct scn_row rows_write[] = { R_AT, R_VALUE_SIZE, R_CONTENT_OR_VALUE };
STEP_TABLE(write, "write", OPERANDS(rows_write), RULES(rules_value));

static const struct scn_row rows_fetch[] = {
	R_AT,
	STEP(SIZE, NUMBER, size, .detail = &range_fetch, DEFAULT(1),
	    .doc = "Length of the instruction."),
};
STEP_TABLE(fetch, "fetch", OPERANDS(rows_fetch));

static const struct scn_row rows_xchg[] = {
	R_AT, R_ATOMIC_SIZE, R_VALUE(scn_range_any, REQUIRED, .doc = "The value to store."),
};
STEP_TABLE(xchg, "xchg", OPERANDS(rows_xchg));

static const struct scn_row rows_add[] = {
	R_AT, R_ATOMIC_SIZE, R_VALUE(scn_range_any, REQUIRED, .doc = "The value to add."),
};
STEP_TABLE(add, "add", OPERANDS(rows_add));

#define R_EXPECTED(range) STEP(EXPECTED, NUMBER, expected, .detail = &(range), REQUIRED,         \
	    .doc = "The value that must be there for the store to happen.")

static const struct scn_row rows_cas[] = {
	R_AT, R_ATOMIC_SIZE, R_EXPECTED(scn_range_any),
	R_VALUE(scn_range_any, REQUIRED, .doc = "The value to store."),
};
STEP_TABLE(cas, "cas", OPERANDS(rows_cas));

static const struct scn_row rows_mov_cr3[] = {
	STEP(SPACE, REF, space, .detail = &section_guest_space,
	    .doc = "The guest space whose root is loaded."),
	R_VALUE(scn_range_any, .doc = "The whole value, bit 63 included."),
	STEP(PCID, NUMBER, pcid, .detail = &range_pcid, DEFAULT(0), .doc = "Bits 11:0."),
	STEP(KEEP, BOOL, keep, DEFAULT(0), .doc = "Whether bit 63 asks to keep translations."),
};
static const struct scn_rule rules_mov_cr3[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_SPACE }, { SCN_KEY_VALUE } } },
	{ SCN_RULE_NEEDS, { { SCN_KEY_PCID, SCN_KEY_KEEP }, { SCN_KEY_SPACE } } },
};
STEP_TABLE(mov_cr3, "mov-cr3", OPERANDS(rows_mov_cr3), RULES(rules_mov_cr3));

#define R_SET_CLEAR(flags)                                                                       \
	STEP(SET, FLAGS, set, .detail = &(flags), .doc = "Bits to set."),                      \
	STEP(CLEAR, FLAGS, clear, .detail = &(flags), .doc = "Bits to clear.")

static const struct scn_row rows_mov_cr0[] = { R_SET_CLEAR(flags_cr0) };
STEP_TABLE(mov_cr0, "mov-cr0", ROWS(rows_mov_cr0), RULES(rules_set_clear));
static const struct scn_row rows_mov_cr4[] = { R_SET_CLEAR(flags_cr4) };
STEP_TABLE(mov_cr4, "mov-cr4", ROWS(rows_mov_cr4), RULES(rules_set_clear));

static const struct scn_row rows_mode[] = {
	STEP(NXE, BOOL, nxe, .doc = "EFER.NXE."),
	STEP(AC, BOOL, ac, .doc = "RFLAGS.AC."),
	STEP(CPL, NUMBER, cpl, .detail = &range_cpl, .doc = "Privilege level, 0 or 3."),
	STEP(PKRU, NUMBER, pkru, .detail = &range_u32, .doc = "PKRU."),
	STEP(PKRS, NUMBER, pkrs, .detail = &range_u32, .doc = "IA32_PKRS."),
};
static const struct scn_rule rules_mode[] = {
	{ SCN_RULE_ANY, { { SCN_KEY_NXE }, { SCN_KEY_AC }, { SCN_KEY_CPL }, { SCN_KEY_PKRU },
	    { SCN_KEY_PKRS } } },
};
STEP_TABLE(mode, "mode", ROWS(rows_mode), RULES(rules_mode));

static const struct scn_row rows_invlpg[] = { R_AT };
STEP_TABLE(invlpg, "invlpg", OPERANDS(rows_invlpg));

#define R_INV_AT STEP(AT, NUMBER, at, .detail = &scn_range_any, DEFAULT(0), .doc = "Linear address.")

static const struct scn_row rows_invpcid[] = {
	STEP(TYPE, CHOICE, type, .detail = &choices_invpcid, REQUIRED, .doc = "What is dropped."),
	STEP(PCID, NUMBER, pcid, .detail = &range_pcid, DEFAULT(0), .doc = "The PCID."), R_INV_AT,
};
STEP_TABLE(invpcid, "invpcid", OPERANDS(rows_invpcid));

static const struct scn_row rows_cpuid[] = {
	STEP(LEAF, NUMBER, leaf, .detail = &range_u32, DEFAULT(0), .doc = "EAX."),
	STEP(SUBLEAF, NUMBER, subleaf, .detail = &range_u32, DEFAULT(0), .doc = "ECX."),
};
STEP_TABLE(cpuid, "cpuid", OPERANDS(rows_cpuid));

STEP_TABLE(hlt, "hlt");
STEP_TABLE(pause, "pause");
STEP_TABLE(vmcall, "vmcall");
STEP_TABLE(int3, "int3");
STEP_TABLE(ud2, "ud2");
STEP_TABLE(flush, "flush");

static const struct scn_row rows_vmx[] = {
	STEP(NAME, CHOICE, reason, .detail = &choices_vmx, REQUIRED, .doc = "The instruction."),
};
STEP_TABLE(vmx, "vmx", OPERANDS(rows_vmx));

static const struct scn_row rows_exception[] = {
	STEP(VECTOR, CHOICE, vector, .detail = &choices_vector, REQUIRED,
	    .doc = "The exception, by name or number."),
	STEP(ERROR_CODE, NUMBER, error_code, .detail = &range_u32, DEFAULT(0),
	    .doc = "Its error code, if it has one."),
};
STEP_TABLE(exception, "exception", OPERANDS(rows_exception));

static const struct scn_row rows_syscall[] = {
	STEP(NAME, CHOICE, number, .detail = &choices_syscall, .doc = "The call, by name ..."),
	STEP(NUMBER, NUMBER, number, .detail = &scn_range_any, .doc = "... or by RAX."),
	LIST(ARGS, NUMBERS, struct scn_step, args, arg_count, .detail = &scn_range_any,
	    .doc = "Up to six arguments."),
	STEP(BYTES, BYTES, content, .doc = "The instruction's bytes; 0f 05 unless told."),
};
static const struct scn_rule rules_syscall[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_NAME }, { SCN_KEY_NUMBER } } },
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
static const struct scn_row rows_su8[] = SU_ROWS(range_u8);
static const struct scn_row rows_su32[] = SU_ROWS(range_u32);
static const struct scn_row rows_su64[] = SU_ROWS(scn_range_any);
STEP_TABLE(subyte, "subyte", OPERANDS(rows_su8));
STEP_TABLE(suword32, "suword32", OPERANDS(rows_su32));
STEP_TABLE(suword64, "suword64", OPERANDS(rows_su64));
STEP_TABLE(swapu32, "swapu32", OPERANDS(rows_su32));
STEP_TABLE(swapu64, "swapu64", OPERANDS(rows_su64));
STEP_TABLE(fuwordadd32, "fuwordadd32", OPERANDS(rows_su32));
STEP_TABLE(fuwordadd64, "fuwordadd64", OPERANDS(rows_su64));

static const struct scn_row rows_casu32[] = {
	R_USER_AT, R_EXPECTED(range_u32), R_VALUE(range_u32, REQUIRED, .doc = "The value."), R_OF,
};
static const struct scn_row rows_casu64[] = {
	R_USER_AT, R_EXPECTED(scn_range_any), R_VALUE(scn_range_any, REQUIRED, .doc = "The value."), R_OF,
};
STEP_TABLE(casu32, "casu32", OPERANDS(rows_casu32));
STEP_TABLE(casu64, "casu64", OPERANDS(rows_casu64));

static const struct scn_row rows_vminit[] = {
	STEP(MASTER, BOOL, master, UNSET(0), .doc = "Whether it asks to be master; by role."),
	STEP(EPT_ROOT, NUMBER, ept_root, .detail = &scn_range_any, UNSET(0),
	    .doc = "An EPT root that a slave brings along."),
	STEP(CR3, NUMBER, cr3, .detail = &scn_range_any, UNSET(0),
	    .doc = "Guest CR3; that of the thread unless told."),
};
STEP_TABLE(vminit, "vminit", ROWS(rows_vminit));

static const struct scn_row rows_sync_addr[] = {
	STEP(DST, NUMBER, dst, .detail = &scn_range_any, DEFAULT(0),
	    .doc = "Guest-virtual address of the word that is replaced; 0 flushes only."),
	STEP(SRC, NUMBER, src_addr, .detail = &scn_range_any, DEFAULT(0),
	    .doc = "Guest-virtual address of the new word, which gets the old one."),
};
STEP_TABLE(sync_addr, "sync-addr", OPERANDS(rows_sync_addr));

static const struct scn_row rows_invept[] = {
	STEP(TYPE, CHOICE, type, .detail = &choices_invept, DEFAULT(SCN_INV_SINGLE),
	    .doc = "What is dropped."),
	STEP(EPTP, NUMBER, eptp, .detail = &scn_range_any, UNSET(0),
	    .doc = "The EPTP; that of the thread unless told."),
};
STEP_TABLE(invept, "invept", OPERANDS(rows_invept));

static const struct scn_row rows_invvpid[] = {
	STEP(TYPE, CHOICE, type, .detail = &choices_invvpid, REQUIRED, .doc = "What is dropped."),
	STEP(VPID, NUMBER, vpid, .detail = &range_vpid, UNSET(0),
	    .doc = "The VPID; that of the thread unless told."),
	R_INV_AT,
};
STEP_TABLE(invvpid, "invvpid", OPERANDS(rows_invvpid));

static const struct scn_row rows_exit_step[] = {
	R_VALUE(scn_range_byte, DEFAULT(0), .doc = "Exit status."),
};
STEP_TABLE(exit_step, "exit", OPERANDS(rows_exit_step));

static const struct scn_row rows_wait[] = {
	STEP(THREAD, REF, thread, .detail = &section_thread, REQUIRED,
	    .doc = "The thread that is waited for."),
	STEP(STEP, NUMBER, count, .detail = &range_step, UNSET(0),
	    .doc = "How many of its steps must be done; all unless told."),
};
STEP_TABLE(wait, "wait", OPERANDS(rows_wait));

#define R_MAP_AT STEP(AT, NUMBER, at, .detail = &range_page_at, REQUIRED,                        \
	    .doc = "First address in the host space.")
#define R_MAP_SIZE STEP(SIZE, NUMBER, size, .detail = &range_page_size, REQUIRED,                \
	    .doc = "Size of the range.")

static const struct scn_row rows_mprotect[] = {
	R_MAP_AT, R_MAP_SIZE,
	STEP(PROT, CHOICE, prot, .detail = &choices_prot, REQUIRED, .doc = "The new protection."),
};
STEP_TABLE(mprotect, "mprotect", OPERANDS(rows_mprotect));
static const struct scn_row rows_munmap[] = { R_MAP_AT, R_MAP_SIZE };
STEP_TABLE(munmap, "munmap", OPERANDS(rows_munmap));

static const struct scn_table table_mmap = {
	.name = "step.mmap", .what = "mmap", .size = sizeof(struct scn_region), ROWS(rows_region),
	RULES(rules_region), .settle = scn_settle_region,
};
static const struct scn_table table_set_entry = {
	.name = "step.set-entry", .what = "set-entry", .size = sizeof(struct scn_entry),
	ROWS(rows_set_entry), RULES(rules_entry), .settle = scn_settle_entry,
};
static const struct scn_table table_set_ept = {
	.name = "step.set-ept", .what = "set-ept", .size = sizeof(struct scn_ept_entry),
	ROWS(rows_set_ept), RULES(rules_ept_entry), .settle = scn_settle_ept_entry,
};

#define R_PHYS_ROWS                                                                              \
	STEP(GPA, NUMBER, at, .detail = &range_phys, .doc = "Guest-physical address."),        \
	STEP(HPA, NUMBER, at, .detail = &range_phys, .doc = "Host-physical address."),         \
	STEP(HOST_SPACE, REF, host_space, .detail = &section_host_space, UNSET(SCN_NONE),      \
	    .doc = "The host space that the guest-physical address is in; the thread's.")
#define PHYS_RULES                                                                             \
	{ SCN_RULE_ONE, { { SCN_KEY_GPA }, { SCN_KEY_HPA } } },                                \
	{ SCN_RULE_NEEDS, { { SCN_KEY_HOST_SPACE }, { SCN_KEY_GPA } } }

static const struct scn_row rows_poke[] = { R_PHYS_ROWS, R_VALUE_SIZE, R_CONTENT_OR_VALUE };
static const struct scn_rule rules_poke[] = {
	PHYS_RULES,
	{ SCN_RULE_ONE, { { SCN_KEY_VALUE }, { SCN_KEY_STRING }, { SCN_KEY_BYTES }, { SCN_KEY_WORDS },
	    { SCN_KEY_FILL } } },
};
STEP_TABLE(poke, "poke", ROWS(rows_poke), RULES(rules_poke));
static const struct scn_row rows_peek[] = { R_PHYS_ROWS, R_ACCESS_SIZE };
static const struct scn_rule rules_peek[] = { PHYS_RULES };
STEP_TABLE(peek, "peek", ROWS(rows_peek), RULES(rules_peek));

#define R_SPACE_OR_OWN STEP(SPACE, REF, space, .detail = &section_guest_space, UNSET(SCN_NONE),  \
	    .doc = "The guest space; the thread's unless told.")
#define R_SPACE_REQUIRED STEP(SPACE, REF, space, .detail = &section_guest_space, REQUIRED,       \
	    .doc = "The guest space.")

static const struct scn_row rows_pmap[] = {
	STEP(OP, CHOICE, pmap, .detail = &choices_pmap, REQUIRED, .doc = "The routine."),
	R_SPACE_OR_OWN,
	STEP(GVA, NUMBER, at, .detail = &scn_range_any, REQUIRED,
	    .doc = "Guest-virtual address whose level 1 entry is changed."),
};
STEP_TABLE(pmap, "pmap", OPERANDS(rows_pmap));

static const struct scn_row rows_vk_copyin[] = { R_SPACE_REQUIRED, R_AT, R_ANY_SIZE };
STEP_TABLE(vk_copyin, "vk-copyin", OPERANDS(rows_vk_copyin));
static const struct scn_row rows_vk_copyout[] = { R_SPACE_REQUIRED, R_AT, R_VALUE_SIZE, R_CONTENT_OR_VALUE };
STEP_TABLE(vk_copyout, "vk-copyout", OPERANDS(rows_vk_copyout), RULES(rules_value));
static const struct scn_row rows_space[] = { R_SPACE_REQUIRED };
STEP_TABLE(new_space, "new-space", OPERANDS(rows_space));
STEP_TABLE(run_user, "run-user", OPERANDS(rows_space));

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
#define OP(id, op_name, tbl, group, who, ...)                                                  \
	[SCN_OP_##id] = { op_name, &table_##tbl, SCN_TARGET_STEP, who, group, __VA_ARGS__ }
#define OP_TO(id, op_name, tbl, to, group, who, ...)                                           \
	[SCN_OP_##id] = { op_name, &table_##tbl, SCN_TARGET_##to, who, group, __VA_ARGS__ }

const struct scn_op_row scn_op_table[SCN_OPS] = {
	OP(READ, "read", read, GUEST, VCPUS, "Reads data."),
	OP(WRITE, "write", write, GUEST, VCPUS, "Writes data."),
	OP(FETCH, "fetch", fetch, GUEST, VCPUS, "Fetches an instruction."),
	OP(XCHG, "xchg", xchg, GUEST, VCPUS, "Exchanges a word atomically."),
	OP(ADD, "add", add, GUEST, VCPUS, "Adds to a word atomically: LOCK XADD."),
	OP(CAS, "cas", cas, GUEST, VCPUS, "Replaces a word if it is as expected: LOCK CMPXCHG."),
	OP(MOV_CR3, "mov-cr3", mov_cr3, GUEST, VCPUS, "MOV to CR3."),
	OP(MOV_CR0, "mov-cr0", mov_cr0, GUEST, VCPUS, "MOV to CR0."),
	OP(MOV_CR4, "mov-cr4", mov_cr4, GUEST, VCPUS, "MOV to CR4."),
	OP(MODE, "mode", mode, GUEST, VCPUS, "Changes registers that decide rights; no instruction."),
	OP(INVLPG, "invlpg", invlpg, GUEST, VCPUS, "INVLPG."),
	OP(INVPCID, "invpcid", invpcid, GUEST, VCPUS, "INVPCID."),
	OP(CPUID, "cpuid", cpuid, GUEST, VCPUS, "CPUID."),
	OP(HLT, "hlt", hlt, GUEST, VCPUS, "HLT."),
	OP(PAUSE, "pause", pause, GUEST, VCPUS, "PAUSE."),
	OP(VMCALL, "vmcall", vmcall, GUEST, VCPUS, "VMCALL."),
	OP(INT3, "int3", int3, GUEST, VCPUS, "INT3."),
	OP(UD2, "ud2", ud2, GUEST, VCPUS, "UD2."),
	OP(VMX, "vmx", vmx, GUEST, VCPUS, "Another VMX instruction, attempted by the guest."),
	OP(EXCEPTION, "exception", exception, GUEST, VCPUS, "Raises an exception."),
	OP(SYSCALL, "syscall", syscall, GUEST, VCPUS, "SYSCALL."),
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
	OP(CASU32, "casu32", casu32, KERNEL, EVERY, "Compares and exchanges 32 bits of user memory."),
	OP(CASU64, "casu64", casu64, KERNEL, EVERY, "Compares and exchanges 64 bits of user memory."),
	OP(FUWORDADD32, "fuwordadd32", fuwordadd32, KERNEL, EVERY, "Adds to 32 bits of user memory."),
	OP(FUWORDADD64, "fuwordadd64", fuwordadd64, KERNEL, EVERY, "Adds to 64 bits of user memory."),
	OP(VMINIT, "vminit", vminit, VMM, RUN_BY_VMM | SCN_ROLE_PROCESS, "Becomes a virtual CPU."),
	OP(SYNC_ADDR, "sync-addr", sync_addr, VMM, RUN_BY_VMM | SCN_ROLE_PROCESS,
	    "Replaces a word while no virtual CPU runs, and has all of them flush."),
	OP(INVEPT, "invept", invept, VMM, VCPUS | SCN_ROLE_KERNEL, "INVEPT, by the host."),
	OP(INVVPID, "invvpid", invvpid, VMM, VCPUS | SCN_ROLE_KERNEL, "INVVPID, by the host."),
	OP(EXIT, "exit", exit_step, VMM, VCPUS | SCN_ROLE_PROCESS, "Ends the thread."),
	OP(WAIT, "wait", wait, VMM, EVERY, "Waits for another thread."),
	OP_TO(MMAP, "mmap", mmap, REGION, HOST, RUN_BY_VMM | SCN_ROLE_PROCESS | SCN_ROLE_KERNEL,
	    "Maps a range of the host space, in place of what was there."),
	OP(MPROTECT, "mprotect", mprotect, HOST, RUN_BY_VMM | SCN_ROLE_PROCESS | SCN_ROLE_KERNEL,
	    "Changes the protection of a range of the host space."),
	OP(MUNMAP, "munmap", munmap, HOST, RUN_BY_VMM | SCN_ROLE_PROCESS | SCN_ROLE_KERNEL,
	    "Unmaps a range of the host space."),
	OP_TO(SET_ENTRY, "set-entry", set_entry, ENTRY, STATE, EVERY, "Changes an entry of guest tables."),
	OP_TO(SET_EPT, "set-ept", set_ept, EPT, STATE, EVERY, "Changes an EPT entry."),
	OP(POKE, "poke", poke, STATE, EVERY, "Writes memory, without an access of the guest."),
	OP(PEEK, "peek", peek, STATE, EVERY, "Reads memory, without an access of the guest."),
	OP(PMAP, "pmap", pmap, VKERNEL, RUN_BY_VMM, "A routine of the vkernel's pmap."),
	OP(VK_COPYIN, "vk-copyin", vk_copyin, VKERNEL, RUN_BY_VMM,
	    "The vkernel copies from the memory of one of its processes."),
	OP(VK_COPYOUT, "vk-copyout", vk_copyout, VKERNEL, RUN_BY_VMM,
	    "The vkernel copies to the memory of one of its processes."),
	OP(NEW_SPACE, "new-space", new_space, VKERNEL, RUN_BY_VMM,
	    "The vkernel builds the tables of a new process."),
	OP(RUN_USER, "run-user", run_user, VKERNEL, RUN_BY_VMM, "The vkernel lets one of its processes run."),
};

/* --- steps and threads ------------------------------------------------------------------------ */

static const struct scn_row rows_step[] = {
	STEP(WHAT, TEXT, what, .doc = "What the step is for, in a sentence."),
	STEP(REPEAT, NUMBER, repeat, .detail = &range_repeat, DEFAULT(1),
	    .doc = "How many times it is made."),
	STEP(EXPECT, POINTER, expect, .detail = &table_expect, .doc = "What it must come to."),
};

const struct scn_table scn_table_step = {
	.name = "step", .what = "a step", .doc = "One operation with its operands.",
	.size = sizeof(struct scn_step), ROWS(rows_step),
};

#define THREAD(k, t, member, ...) ROW(k, t, struct scn_thread, member, __VA_ARGS__)

static const struct scn_row rows_thread[] = {
	THREAD(NAME, NAME, name, REQUIRED, .doc = "The name that other parts call it by."),
	THREAD(ROLE, CHOICE, role, .detail = &scn_choices_role, REQUIRED, .doc = "What it is."),
	THREAD(CPU, NUMBER, cpu, .detail = &range_cpu, DEFAULT(0), .doc = "The CPU that it starts on."),
	THREAD(SPACE, REF, space, .detail = &section_guest_space, .roles = VCPUS, UNSET(SCN_NONE),
	    .doc = "The guest space that CR3 points to; main unless told."),
	THREAD(HOST_SPACE, REF, host_space, .detail = &section_host_space, UNSET(SCN_NONE),
	    .doc = "The memory map of its process; main unless told."),
	THREAD(CPL, NUMBER, cpl, .detail = &range_cpl, .roles = VCPUS, DEFAULT(3),
	    .doc = "Privilege level, 0 or 3."),
	THREAD(MODE, SWITCHES, cr0, .detail = &flags_mode, .roles = VCPUS, UNSET(0),
	    .doc = "Register bits; wp, paging and, where the machine has nx, nxe are on by default."),
	THREAD(CR3_BITS, NUMBER, cr3_bits, .detail = &scn_range_any, .roles = VCPUS, DEFAULT(0),
	    .doc = "Bits that CR3 has besides the root."),
	THREAD(AC, BOOL, ac, .roles = VCPUS, DEFAULT(0), .doc = "RFLAGS.AC."),
	THREAD(PKRU, NUMBER, pkru, .detail = &range_u32, .roles = VCPUS, DEFAULT(0), .doc = "PKRU."),
	THREAD(PKRS, NUMBER, pkrs, .detail = &range_u32, .roles = VCPUS, DEFAULT(0),
	    .doc = "IA32_PKRS."),
	THREAD(VPID, NUMBER, vpid, .detail = &range_vpid, .roles = VCPUS, UNSET(0),
	    .doc = "VPID; one of its own unless told, where the machine has vpid."),
	THREAD(EPTP, NUMBER, eptp, .detail = &scn_range_any, .roles = SCN_ROLE_BARE, UNSET(0),
	    .doc = "The whole EPTP, in place of that of host.ept."),
	THREAD(EPTP_BITS, NUMBER, eptp_bits, .detail = &scn_range_any, .roles = SCN_ROLE_BARE,
	    DEFAULT(0), .doc = "Bits of the EPTP to turn over."),
	THREAD(USER_END, NUMBER, user_end, .detail = &scn_range_any, DEFAULT(0x7fffffe00000),
	    .doc = "First address that is not user memory, for copyio."),
	LIST(STEPS, STEPS, struct scn_thread, step, steps, REQUIRED, .doc = "What it does, in order."),
};

_Static_assert(offsetof(struct scn_thread, cr4) == offsetof(struct scn_thread, cr0) + 8 &&
    offsetof(struct scn_thread, efer) == offsetof(struct scn_thread, cr0) + 16,
    "the words of flag_mode follow each other");

static const struct scn_rule rules_thread[] = {
	{ SCN_RULE_MOST, { { SCN_KEY_EPTP }, { SCN_KEY_EPTP_BITS } } },
};

const struct scn_table scn_table_thread = {
	.name = "thread", .what = "a thread", .doc = "What runs.",
	.size = sizeof(struct scn_thread), .name_offset = offsetof(struct scn_thread, name),
	ROWS(rows_thread), RULES(rules_thread), .settle = scn_settle_thread,
};

/* --- scenario --------------------------------------------------------------------------------- */

static const struct scn_row row_order = ROW(NONE, CHOICE, struct scn_schedule, order,
    .detail = &choices_order, .doc = "A schedule without parameters.");

static const struct scn_row rows_schedule[] = {
	ROW(SEED, NUMBER, struct scn_schedule, seed, .detail = &scn_range_any,
	    .doc = "Threads are chosen by a generator that starts from this."),
	LIST(SCRIPT, REFS, struct scn_schedule, script, scripts, .detail = &section_thread,
	    .mark_offset = offsetof(struct scn_schedule, script_mark),
	    .doc = "Threads in the order in which they make steps; then in order."),
};

static const struct scn_rule rules_schedule[] = {
	{ SCN_RULE_ONE, { { SCN_KEY_SEED }, { SCN_KEY_SCRIPT } } },
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
	ROW(MACHINE, OBJECT, struct scenario, machine, .detail = &table_machine,
	    .doc = "The processors."),
	ROW(HOST, OBJECT, struct scenario, host, .detail = &table_host,
	    .doc = "What is below the guest."),
	ROW(GUEST, OBJECT, struct scenario, guest, .detail = &table_guest,
	    .doc = "Address spaces and memory of the guest."),
	LIST(THREADS, LIST, struct scenario, thread, threads, .detail = &scn_table_thread, REQUIRED,
	    .doc = "What runs."),
	ROW(SCHEDULE, OBJECT, struct scenario, schedule, .detail = &table_schedule,
	    .doc = "Who makes the next step."),
	ROW(EXPECT, OBJECT, struct scenario, expect, .detail = &table_final,
	    .doc = "What must hold when all threads have ended."),
};

const struct scn_table scn_table_scenario = {
	.name = "scenario", .what = "a scenario", .doc = "A scenario of nested page tables.",
	.size = sizeof(struct scenario), ROWS(rows_scenario),
};

/* clang-format on */

/* --- looking up ------------------------------------------------------------------------------- */

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

const char *
scn_key_name(enum scn_key key)
{
	return scn_key_names[key];
}

const char *
scn_op_name(enum scn_op op)
{
	return scn_op_table[op].name;
}

static const char *
choice_name(const struct scn_choices *choices, uint64_t value)
{
	size_t i;

	for (i = 0; i < choices->count; i++) {
		if (choices->choice[i].value == value)
			return choices->choice[i].name;
	}
	return "?";
}

const char *
scn_role_name(enum scn_role role)
{
	return choice_name(&scn_choices_role, role);
}

const char *
scn_outcome_name(enum scn_outcome outcome)
{
	return choice_name(&scn_choices_outcome, outcome);
}

const char *
scn_end_name(enum scn_end end)
{
	return choice_name(&scn_choices_end, end);
}

const char *
scn_counter_name(enum scn_counter counter)
{
	return choice_name(&scn_choices_counter, counter);
}

const char *
scn_feature_name(uint64_t feature)
{
	size_t i;

	for (i = 0; i < scn_flags_feature.count; i++) {
		if (scn_flags_feature.flag[i].mask == feature)
			return scn_flags_feature.flag[i].name;
	}
	return "?";
}
