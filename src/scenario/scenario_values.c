/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of the language: keys, ranges of numbers, names of values, flags.
 */
#include "defect/defect_list.h"
#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "scenario/scenario_rows.h"
#include "scenario/scenario_scalar.h"

/* clang-format off */

/* --- keys ------------------------------------------------------------------------------------- */

const char *const scn_key_names[SCN_KEYS] = {
	[SCN_KEY_NONE] = "",
	[SCN_KEY_SCENARIO] = "scenario", [SCN_KEY_ABOUT] = "about", [SCN_KEY_MATRIX] = "matrix",
	[SCN_KEY_MACHINE] = "machine", [SCN_KEY_HOST] = "host", [SCN_KEY_GUEST] = "guest",
	[SCN_KEY_THREADS] = "threads", [SCN_KEY_SCHEDULE] = "schedule", [SCN_KEY_EXPECT] = "expect",
	[SCN_KEY_MAXPHYADDR] = "maxphyaddr", [SCN_KEY_CPUS] = "cpus",
	[SCN_KEY_FEATURES] = "features", [SCN_KEY_TLB] = "tlb",
	[SCN_KEY_TLB_ENTRIES] = "tlb-entries", [SCN_KEY_TLB_STRUCTURES] = "tlb-structures",
	[SCN_KEY_MEMORY] = "memory",
	[SCN_KEY_SPACES] = "spaces", [SCN_KEY_OBJECTS] = "objects", [SCN_KEY_EPT] = "ept",
	[SCN_KEY_FRAMES] = "frames", [SCN_KEY_AT] = "at", [SCN_KEY_SIZE] = "size",
	[SCN_KEY_PROT] = "prot", [SCN_KEY_BACKING] = "backing", [SCN_KEY_OFFSET] = "offset",
	[SCN_KEY_OBJECT] = "object", [SCN_KEY_COW] = "cow", [SCN_KEY_STRING] = "string",
	[SCN_KEY_BYTES] = "bytes", [SCN_KEY_WORDS] = "words", [SCN_KEY_FILL] = "fill",
	[SCN_KEY_BYTE] = "byte", [SCN_KEY_GVA] = "gva", [SCN_KEY_GPA] = "gpa",
	[SCN_KEY_HPA] = "hpa",
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
	[SCN_KEY_COUNTERS] = "counters", [SCN_KEY_IMPLICIT] = "implicit", [SCN_KEY_IDT] = "idt",
	[SCN_KEY_STACK] = "stack", [SCN_KEY_IDT_INFO] = "idt-info", [SCN_KEY_PAT] = "pat",
	[SCN_KEY_PML_LOG] = "pml-log", [SCN_KEY_PML_INDEX] = "pml-index",
	[SCN_KEY_VE_PAGE] = "ve-page", [SCN_KEY_SPP] = "spp",
	[SCN_KEY_DEFECTS] = "defects", [SCN_KEY_EXPLORE] = "explore",
	[SCN_KEY_PREEMPTIONS] = "preemptions", [SCN_KEY_STATES] = "states",
	[SCN_KEY_DEPTH] = "depth", [SCN_KEY_AFTER] = "after",
	[SCN_KEY_PROTOCOL] = "protocol",
	[SCN_KEY_LABEL] = "label", [SCN_KEY_REACHABLE] = "reachable",
	[SCN_KEY_UNREACHABLE] = "unreachable",
	[SCN_KEY_RIP] = "rip", [SCN_KEY_LENGTH] = "length",
	[SCN_KEY_EXCEPTION_BITMAP] = "exception-bitmap", [SCN_KEY_PF_MASK] = "pf-mask",
	[SCN_KEY_PF_MATCH] = "pf-match", [SCN_KEY_OPTIONS] = "options",
	[SCN_KEY_STACK_END] = "stack-end", [SCN_KEY_KIND] = "kind", [SCN_KEY_COUNT] = "count",
	[SCN_KEY_GLOBAL] = "global", [SCN_KEY_ALWAYS] = "always",
	[SCN_KEY_PROGRAMS] = "programs", [SCN_KEY_PROGRAM] = "program", [SCN_KEY_FILE] = "file",
	[SCN_KEY_INSTRUCTIONS] = "instructions", [SCN_KEY_SLICE] = "slice",
};

/* --- ranges ----------------------------------------------------------------------------------- */

#define PAGES_MAX 0x10000000000000ull /* 2^52 */
#define RANGE(name, ...) const struct scn_range scn_range_##name = { __VA_ARGS__ }

RANGE(any, "a number", 0, UINT64_MAX, 1, 1);
RANGE(byte, "a byte", 0, 255, 1, 0);
RANGE(fill, "a size in bytes", 1, SCN_FILL_MAX, 1, 0);
RANGE(maxphyaddr, "a number of bits", 36, 52, 1, 0);
RANGE(instructions, "a number of instructions", 1, UINT32_MAX, 1, 0);
RANGE(cpus, "a number of CPUs", 1, 64, 1, 0);
RANGE(cpu, "a CPU", 0, 63, 1, 0);
RANGE(tlb_entries, "a number of entries", 1, 65536, 1, 0);
RANGE(tlb_structures, "a number of entries", 0, 65536, 1, 0);
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
RANGE(u8, "a number of 8 bits", 0, UINT8_MAX, 1, 1);
RANGE(u16, "a number of 16 bits", 0, UINT16_MAX, 1, 0);
RANGE(u32, "a number of 32 bits", 0, UINT32_MAX, 1, 1);
RANGE(vpid, "a VPID", 0, UINT16_MAX, 1, 0);
RANGE(pcid, "a PCID", 0, 4095, 1, 0);
RANGE(access, "a size in bytes", 1, 65536, 1, 0);
RANGE(fetch, "a size in bytes", 1, 15, 1, 0);
RANGE(repeat, "a number of times", 1, SCN_STEPS_MAX, 1, 0);
RANGE(preemptions, "a number of preemptions", 0, UINT16_MAX, 1, 0);
RANGE(states, "a number of states", 1, 0x10000000000, 1, 0);
RANGE(depth, "a number of scheduling points", 1, 0x10000000, 1, 0);
RANGE(step, "a number of steps", 1, SCN_STEPS_MAX, 1, 0);
RANGE(vector, "a vector", 0, 31, 1, 0);
RANGE(reason, "an exit reason", 0, UINT32_MAX, 1, 0);
RANGE(count, "a number", 0, UINT64_MAX, 1, 0);

/* --- names of values -------------------------------------------------------------------------- */

#define CHOICES(name, text)                                                                     \
	const struct scn_choices scn_choices_##name = {                                         \
		text, choice_##name, COUNT(choice_##name), NULL                                 \
	}
#define CHOICES_OR(name, text, r)                                                               \
	const struct scn_choices scn_choices_##name = {                                         \
		text, choice_##name, COUNT(choice_##name), r                                    \
	}

static const struct scn_choice choice_protocol[] = {
	{ "vkept", SCN_PROTOCOL_VKEPT, "The core's own." },
	{ "merge", SCN_PROTOCOL_MERGE, "DragonFly's when nested paging came, 2013." },
	{ "3.8", SCN_PROTOCOL_3_8, "DragonFly 3.8's." },
	{ "head", SCN_PROTOCOL_HEAD, "DragonFly's of 2020." },
	{ "merge-repaired", SCN_PROTOCOL_MERGE_REPAIRED, "That of 2013, flushing for VPIDs." },
	{ "head-repaired", SCN_PROTOCOL_HEAD_REPAIRED, "That of 2020, raising before releasing." },
};
CHOICES(protocol, "a protocol");

static const struct scn_choice choice_tlb[] = {
	{ "none", SCN_TLB_NONE, "Every access walks the tables." },
	{ "caching", SCN_TLB_CACHING, "Translations are kept until something invalidates them." },
	{ "adversarial", SCN_TLB_ADVERSARIAL,
	    "Whatever may be cached may be used, or not, at each access." },
};
CHOICES(tlb, "a model of the TLB");

static const struct scn_choice choice_tlb_kind[] = {
	{ "linear", SCN_TLB_LINEAR, "Translations of linear pages, without EPT." },
	{ "linear-structure", SCN_TLB_LINEAR_STRUCTURE, "Upper entries for those." },
	{ "guest-physical", SCN_TLB_GUEST_PHYSICAL, "Translations of guest-physical pages." },
	{ "guest-physical-structure", SCN_TLB_GUEST_PHYSICAL_STRUCTURE,
	    "Upper entries for those." },
	{ "combined", SCN_TLB_COMBINED, "Translations of linear pages through an EPT." },
	{ "combined-structure", SCN_TLB_COMBINED_STRUCTURE, "Upper entries for those." },
};
CHOICES(tlb_kind, "a kind of cached item");

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
	{ "file", SCN_BACKING_FILE,
	    "The bytes given here, read at the first touch; zeros follow." },
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
CHOICES_OR(memtype, "a memory type", &scn_range_memtype);

static const struct scn_choice choice_layout[] = {
	{ "hardware", SCN_LAYOUT_HARDWARE, "What the processor defines." },
	{ "vpte", SCN_LAYOUT_VPTE, "The vkernel's bits, which are the processor's." },
	{ "vpte-old", SCN_LAYOUT_VPTE_OLD,
	    "The vkernel's bits before they became the processor's." },
};
CHOICES(layout, "a layout of entries");

static const struct scn_choice choice_role[] = {
	{ "bare", SCN_ROLE_BARE, "A virtual CPU under host.ept, whose exits are outcomes." },
	{ "master", SCN_ROLE_MASTER,
	    "A virtual CPU under the VMM that makes the EPT of its process." },
	{ "slave", SCN_ROLE_SLAVE, "A virtual CPU under the VMM that takes the EPT over." },
	{ "process", SCN_ROLE_PROCESS, "A thread of a host process that uses no VMM." },
	{ "kernel", SCN_ROLE_KERNEL, "A thread of the host kernel." },
};
CHOICES(role, "a role");

static const struct scn_choice choice_cpl[] = {
	{ "0", 0, "Supervisor mode." },
	{ "3", 3, "User mode." },
};
CHOICES(cpl, "a privilege level");

static const struct scn_choice choice_repeat[] = {
	{ "forever", SCN_FOREVER, "Until every thread without such a step has ended." },
};
CHOICES_OR(repeat, "a number of times or 'forever'", &scn_range_repeat);

static const struct scn_choice choice_stores[] = {
	{ "sc", SCN_STORES_SC, "Every store is seen by all CPUs at once." },
	{ "tso", SCN_STORES_TSO, "Stores go through a buffer of their CPU, as x86-TSO allows." },
};
CHOICES(stores, "a memory model");

static const struct scn_choice choice_order[] = {
	{ "in-order", SCN_ORDER_IN_ORDER, "Each thread runs to its end, or until it waits." },
	{ "explore", SCN_ORDER_EXPLORE, "Every schedule, without bounds of its own." },
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
CHOICES_OR(invpcid, "an INVPCID type", &scn_range_u32);

static const struct scn_choice choice_invept[] = {
	{ "single", SCN_INV_SINGLE, "One EPTP." },
	{ "all", SCN_INV_ALL, "All EPTPs." },
};
CHOICES_OR(invept, "an INVEPT type", &scn_range_u32);

static const struct scn_choice choice_invvpid[] = {
	{ "address", SCN_INV_ADDRESS, "One address of one VPID." },
	{ "single", SCN_INV_SINGLE, "One VPID." },
	{ "all", SCN_INV_ALL, "All VPIDs." },
	{ "keep-globals", SCN_INV_KEEP_GLOBALS, "One VPID, except globals." },
};
CHOICES_OR(invvpid, "an INVVPID type", &scn_range_u32);

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
CHOICES_OR(vector, "an exception", &scn_range_vector);

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
CHOICES_OR(reason, "an exit reason", &scn_range_reason);

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
	{ "undefined", SCN_OUTCOME_UNDEFINED, "It was done, and what comes of it is undefined." },
	{ "signal", SCN_OUTCOME_SIGNAL, "The process got a signal; see vector." },
	{ "vkernel", SCN_OUTCOME_VKERNEL, "Control went from a process to its vkernel." },
	{ "exited", SCN_OUTCOME_EXITED, "The thread ended." },
	{ "killed", SCN_OUTCOME_KILLED, "The thread was ended." },
	{ "livelock", SCN_OUTCOME_LIVELOCK, "The same exit again and again." },
};
CHOICES(outcome, "an outcome");

static const struct scn_choice choice_end[] = {
	{ "finished", SCN_END_FINISHED, "It came to the end of its steps." },
	{ "exited", SCN_END_EXITED, "By an exit step, or exit(2)." },
	{ "killed", SCN_END_KILLED, "By an exit that cannot be handled, or a signal." },
	{ "host-bug", SCN_END_HOST_BUG, "By an exit that shows the host to be wrong." },
	{ "failed", SCN_END_FAILED, "VM entry failed, or it could not become a virtual CPU." },
	{ "livelock", SCN_END_LIVELOCK, "The same exit again and again." },
	{ "blocked", SCN_END_BLOCKED, "It waits for what never came." },
};
CHOICES(end, "the end of a thread");

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
	{ "interrupts", SCN_COUNTER_INTERRUPTS, "Interrupts that the host has taken." },
	{ "syscalls", SCN_COUNTER_SYSCALLS, "System calls of guests." },
	{ "copies", SCN_COUNTER_COPIES, "Calls of the copyio family." },
	{ "ept-frees", SCN_COUNTER_EPT_FREES, "EPTs of processes that were freed." },
	{ "undefined", SCN_COUNTER_UNDEFINED,
	    "Times that software did what is undefined; unless told, there must be none." },
};
CHOICES(counter, "a counter");

static const struct scn_choice choice_atomic[] = {
	{ "1", 1, "A byte." }, { "2", 2, "Two bytes." }, { "4", 4, "Four bytes." },
	{ "8", 8, "Eight bytes." },
};
CHOICES(atomic, "a size in bytes");

/* --- flags ------------------------------------------------------------------------------------ */

#define FLAGS(name, text, is_open)                                                              \
	const struct scn_flags scn_flags_##name = {                                             \
		text, flag_##name, COUNT(flag_##name), is_open, 0                               \
	}

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
FLAGS(feature, "a feature", 0);

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
const struct scn_flags scn_flags_cr0 = { "a bit of CR0", &flag_mode[0], 3, 1, 0 };
const struct scn_flags scn_flags_cr4 = { "a bit of CR4", &flag_mode[3], 7, 1, 0 };

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
const struct scn_flags scn_flags_map = { "a flag of a mapping", flag_guest,
	COUNT(flag_guest) - 2, 1, 0 };
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
const struct scn_flags scn_flags_ept_map = { "a flag of an EPT entry", flag_ept, 5, 1, 0 };
const struct scn_flags scn_flags_ept_frame = { "a flag of an EPT entry", flag_ept, 6, 1, 0 };
FLAGS(ept, "a flag of an EPT entry", 1);

static const struct scn_flag flag_always[] = {
	{ "no-revoked-use", SCN_ALWAYS_NO_REVOKED_USE, 0,
	    "No access by a translation after the shootdown that took it away has returned." },
	{ "same-root", SCN_ALWAYS_SAME_ROOT, 0,
	    "VM entries of a process only with the root of the EPT that it has." },
	{ "gate-balanced", SCN_ALWAYS_GATE_BALANCED, 0,
	    "Once its threads have ended, nobody is counted at a process' gate, and it is open." },
};
FLAGS(always, "a property", 0);

#define DEFECT_FLAG(id, name, deviates)                                                         \
	{ name, VK_BIT(DEFECT_##id & 63), DEFECT_##id / 64, deviates "." },
static const struct scn_flag flag_defect[] = { DEFECT_LIST(DEFECT_FLAG) };
const struct scn_flags scn_flags_defect = { "a defect", flag_defect, COUNT(flag_defect), 0,
	DEFECT_WORDS };

_Static_assert(SCN_FLAG_WORDS == DEFECT_WORDS && COUNT(flag_defect) <= 64 * DEFECT_WORDS,
    "the defects are bits of these words");

/* --- sections --------------------------------------------------------------------------------- */

const struct scn_section scn_section_host_space = { SCN_SECTION_HOST_SPACE, "a host space" };
const struct scn_section scn_section_object = { SCN_SECTION_OBJECT, "an object" };
const struct scn_section scn_section_guest_space = { SCN_SECTION_GUEST_SPACE, "a guest space" };
const struct scn_section scn_section_program = { SCN_SECTION_PROGRAM, "a program" };
const struct scn_section scn_section_thread = { SCN_SECTION_THREAD, "a thread" };

/* clang-format on */

/* --- looking up ------------------------------------------------------------------------------- */

const char *
scn_key_name(enum scn_key key)
{
	return scn_key_names[key];
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
