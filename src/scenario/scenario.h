/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario as it was written: an immutable tree, each part with its place in the file.
 *
 * The language is YAML; docs and schema/scenario.schema.json describe it, and both come from the
 * tables of this room.  A loaded scenario is complete and consistent: every default is filled in,
 * every name is an index, every number is in range.  What it means for a machine is not known here.
 *
 * Addresses are plain 64-bit byte addresses, since a file says by a key in which space one lies;
 * fields are named gva, gpa, hpa where the space is fixed and `at` where the operation decides.
 * Sizes are bytes.  Flags are 0 or 1.  Lists are (pointer, count) and NULL when empty.  Everything
 * belongs to its scenario and lives as long.
 */
#ifndef VK_SCENARIO_SCENARIO_H
#define VK_SCENARIO_SCENARIO_H

#include "base/env.h"
#include "defect/defect_list.h"

/* A place in the file; lines and columns count from 1, columns in characters. */
struct scn_mark {
	uint32_t line;
	uint32_t column;
};

/* Every key of the language that an object can hold; scn_key_name() has the spelling. */
/* clang-format off */
enum scn_key {
	SCN_KEY_NONE, SCN_KEY_SCENARIO, SCN_KEY_ABOUT, SCN_KEY_MATRIX, SCN_KEY_MACHINE,
	SCN_KEY_HOST, SCN_KEY_GUEST, SCN_KEY_THREADS, SCN_KEY_SCHEDULE, SCN_KEY_EXPECT,
	SCN_KEY_MAXPHYADDR, SCN_KEY_CPUS, SCN_KEY_FEATURES, SCN_KEY_TLB, SCN_KEY_TLB_ENTRIES,
	SCN_KEY_TLB_STRUCTURES,
	SCN_KEY_MEMORY, SCN_KEY_SPACES, SCN_KEY_OBJECTS, SCN_KEY_EPT, SCN_KEY_FRAMES,
	SCN_KEY_AT, SCN_KEY_SIZE, SCN_KEY_PROT, SCN_KEY_BACKING, SCN_KEY_OFFSET, SCN_KEY_OBJECT,
	SCN_KEY_COW, SCN_KEY_STRING, SCN_KEY_BYTES, SCN_KEY_WORDS, SCN_KEY_FILL, SCN_KEY_BYTE,
	SCN_KEY_GVA, SCN_KEY_GPA, SCN_KEY_HPA, SCN_KEY_GLA, SCN_KEY_PAGE, SCN_KEY_RIGHTS,
	SCN_KEY_MEMTYPE, SCN_KEY_IPAT, SCN_KEY_FLAGS, SCN_KEY_PKEY, SCN_KEY_LEVEL, SCN_KEY_TABLE,
	SCN_KEY_INDEX, SCN_KEY_ENTRY, SCN_KEY_SET, SCN_KEY_CLEAR, SCN_KEY_BY,
	SCN_KEY_ROOT, SCN_KEY_TABLES, SCN_KEY_LAYOUT, SCN_KEY_LEVELS, SCN_KEY_DEFERRED, SCN_KEY_MAP,
	SCN_KEY_ENTRIES,
	SCN_KEY_NAME, SCN_KEY_ROLE, SCN_KEY_CPU, SCN_KEY_SPACE, SCN_KEY_HOST_SPACE, SCN_KEY_CPL,
	SCN_KEY_MODE, SCN_KEY_CR3_BITS, SCN_KEY_AC, SCN_KEY_PKRU, SCN_KEY_PKRS, SCN_KEY_VPID,
	SCN_KEY_EPTP, SCN_KEY_EPTP_BITS, SCN_KEY_USER_END, SCN_KEY_STEPS, SCN_KEY_NXE,
	SCN_KEY_SEED, SCN_KEY_SCRIPT,
	SCN_KEY_WHAT, SCN_KEY_REPEAT, SCN_KEY_VALUE, SCN_KEY_EXPECTED, SCN_KEY_PCID, SCN_KEY_KEEP,
	SCN_KEY_TYPE, SCN_KEY_LEAF, SCN_KEY_SUBLEAF, SCN_KEY_VECTOR, SCN_KEY_NUMBER, SCN_KEY_ARGS,
	SCN_KEY_OF, SCN_KEY_MASTER, SCN_KEY_EPT_ROOT, SCN_KEY_CR3, SCN_KEY_DST, SCN_KEY_SRC,
	SCN_KEY_THREAD, SCN_KEY_STEP, SCN_KEY_OP,
	SCN_KEY_OUTCOME, SCN_KEY_ERROR_CODE, SCN_KEY_CR2, SCN_KEY_QUALIFICATION, SCN_KEY_REASON,
	SCN_KEY_INTR_INFO, SCN_KEY_INSTRUCTION_ERROR, SCN_KEY_DONE, SCN_KEY_EXITS, SCN_KEY_READS,
	SCN_KEY_STALE, SCN_KEY_EITHER, SCN_KEY_CONSOLE, SCN_KEY_COUNTERS,
	SCN_KEY_IMPLICIT, SCN_KEY_IDT, SCN_KEY_STACK, SCN_KEY_IDT_INFO, SCN_KEY_PAT,
	SCN_KEY_PML_LOG, SCN_KEY_PML_INDEX, SCN_KEY_VE_PAGE, SCN_KEY_SPP, SCN_KEY_DEFECTS,
	SCN_KEY_EXPLORE, SCN_KEY_AFTER, SCN_KEY_PROTOCOL, SCN_KEY_PREEMPTIONS, SCN_KEY_STATES,
	SCN_KEY_DEPTH,
	SCN_KEY_LABEL, SCN_KEY_REACHABLE, SCN_KEY_UNREACHABLE,
	SCN_KEY_RIP, SCN_KEY_LENGTH, SCN_KEY_EXCEPTION_BITMAP, SCN_KEY_PF_MASK, SCN_KEY_PF_MATCH,
	SCN_KEY_OPTIONS, SCN_KEY_STACK_END, SCN_KEY_KIND, SCN_KEY_COUNT, SCN_KEY_GLOBAL,
	SCN_KEY_PROGRAMS, SCN_KEY_PROGRAM, SCN_KEY_FILE, SCN_KEY_INSTRUCTIONS, SCN_KEY_SLICE,
	SCN_KEY_ALWAYS,
	SCN_KEYS
};
/* clang-format on */

#define SCN_SRC_WORDS 3 /* of 64 bits each: enough for SCN_KEYS */

/* The beginning of every object: where it stands and which keys it was given. */
struct scn_src {
	struct scn_mark mark; /* of the object; of a step, of its operation's key */
	uint64_t has[SCN_SRC_WORDS]; /* bit n: key n stands in the file */
	const struct scn_mark *value;   /* marks of the values given, in order of their keys */
};

/* Whether the file gives this key; otherwise the field has its default. */
static inline int
scn_has(const struct scn_src *src, enum scn_key key)
{
	return (int)(src->has[(unsigned)key / 64] >> ((unsigned)key % 64) & 1);
}

/* Where the value of this key stands; the mark of the object when it is not given. */
struct scn_mark scn_mark_of(const struct scn_src *src, enum scn_key key);

/* Bytes: `string`, `bytes`, `words` or `fill`.  Absent: size 0 and none of these keys given. */
struct scn_content {
	const unsigned char *data; /* NULL: `size` times the byte `fill` */
	uint64_t size;
	unsigned char fill;
};

#define SCN_NONE UINT32_MAX /* no such index: the reference is absent and has no default */

/* --- machine ---------------------------------------------------------------------------------- */

/* Features of the processor, and VMX controls, that are on. */
#define SCN_FEATURE_1G_PAGES 0x00001u
#define SCN_FEATURE_LA57 0x00002u
#define SCN_FEATURE_NX 0x00004u
#define SCN_FEATURE_SMEP 0x00008u
#define SCN_FEATURE_SMAP 0x00010u
#define SCN_FEATURE_PKU 0x00020u
#define SCN_FEATURE_PKS 0x00040u
#define SCN_FEATURE_PCID 0x00080u
#define SCN_FEATURE_VPID 0x00100u       /* control: "enable VPID" */
#define SCN_FEATURE_EPT_AD 0x00200u     /* EPTP bit 6 of EPTs that the machine makes */
#define SCN_FEATURE_EXEC_ONLY 0x00400u
#define SCN_FEATURE_EPT_2M 0x00800u
#define SCN_FEATURE_EPT_1G 0x01000u
#define SCN_FEATURE_EPT_5LEVEL 0x02000u /* EPTs have five levels */
#define SCN_FEATURE_MBEC 0x04000u       /* control: mode-based execute */
#define SCN_FEATURE_ADV_INFO 0x08000u   /* qualification bits 11:9 */
#define SCN_FEATURE_VE 0x10000u         /* control: EPT-violation #VE */
#define SCN_FEATURE_PML 0x20000u        /* control */
#define SCN_FEATURE_SPP 0x40000u        /* control: sub-page write permissions */

/* By which vCPUs and changes of tables keep out of each other's way. */
enum scn_protocol {
	SCN_PROTOCOL_VKEPT,
	SCN_PROTOCOL_MERGE,
	SCN_PROTOCOL_3_8,
	SCN_PROTOCOL_HEAD,
	SCN_PROTOCOL_MERGE_REPAIRED,
	SCN_PROTOCOL_HEAD_REPAIRED
};

enum scn_tlb { SCN_TLB_NONE, SCN_TLB_CACHING, SCN_TLB_ADVERSARIAL };

struct scn_machine {
	struct scn_src src;
	uint32_t maxphyaddr;  /* 36 to 52; default 46 */
	uint32_t cpus;        /* 1 to 64; default 1 */
	uint64_t features;    /* SCN_FEATURE_*; default 1g-pages nx smep smap pku pks ept-ad
	                       * exec-only ept-2m ept-1g */
	enum scn_protocol protocol; /* default vkept */
	enum scn_tlb tlb;     /* default none */
	uint32_t tlb_entries; /* of a caching TLB, per CPU and kind of translation; default 64 */
	uint32_t tlb_structures; /* per CPU and kind of paging-structure cache; default 32 */
};

/* --- host ------------------------------------------------------------------------------------- */

/* Protection; the bits are those of VK_ACC_R, _W, _X. */
#define SCN_PROT_R 1u
#define SCN_PROT_W 2u
#define SCN_PROT_X 4u

enum scn_backing {
	SCN_BACKING_ZERO,  /* zero-filled on first touch */
	SCN_BACKING_FILE,  /* the bytes of `content` from `offset` on, then zeros; private */
	SCN_BACKING_OBJECT /* shared memory, from `offset` in it on */
};

/* One range of a host process' memory map; also the operand of an mmap step. */
struct scn_region {
	struct scn_src src;
	uint64_t at;   /* host user address (for a VMM's process: the guest-physical address) */
	uint64_t size; /* both multiples of 4096 */
	uint32_t prot; /* SCN_PROT_*; default rw */
	enum scn_backing backing; /* default zero */
	struct scn_content content; /* file only, and required */
	uint64_t offset; /* into the file, any; into the object, a multiple of 4096; default 0 */
	uint32_t object; /* index into host.object; SCN_NONE unless backing is object */
	int cow;         /* writes go to a private copy; default: file yes, others no */
};

struct scn_host_space {
	struct scn_src src;
	const char *name;
	const struct scn_region *region; /* in the order of the file; they do not overlap */
	size_t regions;
};

/* A shared memory object. */
struct scn_object {
	struct scn_src src;
	const char *name;
	uint64_t size; /* a multiple of 4096 */
	struct scn_content content; /* at its start; zeros follow */
};

/* What a change or an expectation says about one entry. */
enum scn_entry_form {
	SCN_ENTRY_EXACT, /* the whole entry is `entry` */
	SCN_ENTRY_BITS,  /* bits of `set` are 1, bits of `clear` are 0, others as they are */
	SCN_ENTRY_FRAME  /* maps `frame` with the bits of `set`; not in expectations */
};

/* A range of a ready-made EPT: `size` bytes mapped by leaves of `page` bytes. */
struct scn_ept_map {
	struct scn_src src;
	uint64_t gpa, hpa, size; /* multiples of page */
	uint64_t page;     /* 4K (default), 2M or 1G */
	uint64_t bits;     /* of each leaf: rights (default rwx), memory type (wb), ipat (no),
	                    * `flags`, and bit 7 where page is larger than 4K */
};

/* One EPT entry: of host.ept, of a set-ept step, of an expectation. */
struct scn_ept_entry {
	struct scn_src src;
	uint64_t gpa;      /* the entry on the path of this address ... */
	uint32_t level;    /* ... at this level, 1 to 5; default 1 */
	enum scn_entry_form form;
	uint64_t entry;
	uint64_t set, clear; /* EPT_* bits in their places */
	uint64_t frame;    /* form frame: host-physical, `set` has rights, memory type, flags */
	uint32_t host_space; /* steps, expectations: whose EPT; default as in scn_memory;
	                      * SCN_NONE is host.ept */
};

/* An item of host.ept: one of the two. */
struct scn_ept_item {
	const struct scn_ept_map *map;
	const struct scn_ept_entry *entry;
};

enum scn_at {
	SCN_AT_HPA, /* host-physical */
	SCN_AT_GPA  /* an address of a host space; with none (SCN_NONE), through host.ept */
};

/* Bytes at an address. */
struct scn_memory {
	struct scn_src src;
	enum scn_at kind;
	uint64_t at;
	uint32_t host_space; /* of SCN_AT_GPA: index into host.space; default that of the step's
	                      * thread, or main; SCN_NONE in a scenario without host spaces */
	struct scn_content content;
};

/* A vector of the sub-page permission tables. */
struct scn_spp {
	struct scn_src src;
	uint64_t gpa;    /* page aligned */
	uint64_t vector;
};

struct scn_host {
	struct scn_src src;
	const struct scn_spp *spp;
	size_t spps;
	uint64_t memory; /* bytes of host-physical memory; default 1G; at most 2^maxphyaddr */
	const struct scn_host_space *space;
	size_t spaces;
	const struct scn_object *object;
	size_t objects;
	const struct scn_ept_item *ept; /* for bare threads: built in this order */
	size_t epts;
	const struct scn_memory *frame; /* initial host-physical memory; SCN_AT_HPA */
	size_t frames;
};

/* --- guest ------------------------------------------------------------------------------------ */

enum scn_layout {
	SCN_LAYOUT_HARDWARE, /* PG_* */
	SCN_LAYOUT_VPTE,     /* the vkernel's, since 2013: PG_* and software bits */
	SCN_LAYOUT_VPTE_OLD  /* the vkernel's before: tables that no processor can walk */
};

/* A range mapped by guest tables. */
struct scn_guest_map {
	struct scn_src src;
	uint64_t gva, gpa, size; /* multiples of page */
	uint64_t page; /* 4K (default), 2M or 1G */
	/*
	 * Bits of each leaf without frame, in hardware places (VK_PG_*, and the software bits
	 * VK_VPTE_*): flags (default p w u), protection key, bit 7 where page is larger than 4K.
	 * With layout vpte-old it is vpte_to_old() of this that belongs into the table.
	 */
	uint64_t bits;
};

/* How an entry of a guest table is named. */
enum scn_entry_at {
	SCN_ENTRY_AT_GVA,   /* on the path of gva at level */
	SCN_ENTRY_AT_TABLE, /* in the table at guest-physical `table`, entry `index` */
	SCN_ENTRY_AT_GPA    /* the word at guest-physical `at` */
};

/* One entry of guest tables: of a space, of a set-entry step, of an expectation. */
struct scn_entry {
	struct scn_src src;
	uint32_t space;  /* index into guest.space; default: the space it stands in, that of the
	                  * step's thread, or main */
	enum scn_entry_at where;
	uint64_t gva;
	uint32_t level;  /* 1 to 5; default 1 */
	uint64_t table;  /* page aligned */
	uint32_t index;  /* 0 to 511 */
	uint64_t at;     /* a multiple of 8 */
	enum scn_entry_form form;
	uint64_t entry;
	uint64_t set, clear; /* bits in hardware places, as in scn_guest_map */
	uint64_t frame;  /* form frame: guest-physical */
	int swap;        /* set-entry: by an atomic swap rather than a plain store */
};

struct scn_guest_space {
	struct scn_src src;
	const char *name;
	uint32_t host_space;  /* in which its tables are; default main; SCN_NONE: under host.ept */
	uint64_t root;        /* guest-physical address of the root table, page aligned */
	struct scn_src tables_src; /* of the key `tables` */
	uint64_t tables_at;   /* guest-physical; further tables are taken from here, in order of */
	uint64_t tables_size; /* need; default: the 16 pages behind the root */
	enum scn_layout layout; /* default hardware */
	uint32_t levels;      /* 4 (default) or 5 */
	int deferred;         /* not built at the start; a new-space step does */
	const struct scn_guest_map *map;
	size_t maps;
	const struct scn_entry *entry; /* poked after the maps, in order */
	size_t entries;
};

struct scn_guest {
	struct scn_src src;
	const struct scn_guest_space *space;
	size_t spaces;
	const struct scn_memory *memory; /* SCN_AT_GPA; written before the tables are */
	size_t memories;
};

/* --- programs --------------------------------------------------------------------------------- */

/* A program and the vkernel that it runs in. */
struct scn_program {
	struct scn_src src;
	const char *name;
	const char *file;           /* a static ELF file, as seen from the scenario's own */
	const unsigned char *bytes; /* its contents, which a loader accepts */
	size_t size;
	const char *const *arg;     /* NULL at the end; by default the file's name alone */
	size_t args;
	uint32_t host_space;        /* default main */
	uint64_t at, memory;        /* guest-physical range that is the vkernel's to give out */
};

/* --- threads ---------------------------------------------------------------------------------- */

/* Bits, so that the tables can say for which roles an operation is. */
enum scn_role {
	SCN_ROLE_BARE = 1,    /* a vCPU under host.ept; its exits are outcomes */
	SCN_ROLE_MASTER = 2,  /* a vCPU run by the VMM, which makes the EPT of its process */
	SCN_ROLE_SLAVE = 4,   /* a vCPU run by the VMM, which takes the EPT over */
	SCN_ROLE_PROCESS = 8, /* a thread of a host process without VMM */
	SCN_ROLE_KERNEL = 16  /* a thread of the host kernel, which acts on others */
};

#define SCN_ROLE_VCPUS (SCN_ROLE_BARE | SCN_ROLE_MASTER | SCN_ROLE_SLAVE)

/*
 * A thread.  A master or slave without a vminit step becomes a vCPU before its first step.
 */
struct scn_thread {
	struct scn_src src;
	const char *name;
	enum scn_role role;  /* required */
	uint32_t cpu;        /* default 0 */
	uint32_t space;      /* vCPUs: index into guest.space, whose root is CR3; default main.
	                      * SCN_NONE for others and where paging is off and none is given */
	uint32_t host_space; /* index into host.space; default main; SCN_NONE where there is none */
	uint32_t program;    /* masters, slaves: index into program, whose root is CR3; default
	                      * SCN_NONE.  Then host_space is the program's, space SCN_NONE */
	uint32_t cpl;        /* 0 or 3 (default) */
	/* Register bits that `mode` decides, others 0: VK_CR0_WP, _CD, _PG (default WP, PG) ... */
	uint64_t cr0;
	uint64_t cr4;        /* ... VK_CR4_*; default none, LA57 if the space has five levels ... */
	uint64_t efer;       /* ... VK_EFER_NXE (default on if the machine has nx) */
	uint64_t cr3_bits;   /* ORed into CR3; default 0 */
	int ac;              /* RFLAGS.AC; default 0 */
	uint32_t pkru, pkrs; /* default 0 */
	uint64_t pat;        /* IA32_PAT */
	uint64_t pml_log;    /* bare: host-physical, page aligned */
	uint32_t pml_index;  /* bare: 0 to 65535 */
	uint64_t ve_page;    /* bare: host-physical, page aligned */
	uint32_t exception_bitmap; /* bare, if given: which exceptions exit, by vector; the others
	                      * are the guest's.  Else each is the outcome of its step */
	uint32_t pf_mask, pf_match; /* bare: for #PF, the error code under this mask is that */
	uint32_t vpid;       /* 0 without the feature, else default 1 + index of the thread */
	uint64_t eptp;       /* bare, if given: the whole EPTP */
	uint64_t eptp_bits;  /* bare: XORed into the EPTP; default 0 */
	uint64_t user_end;   /* first address beyond user space, for copyio; default
	                      * 0x00007fffffe00000 */
	const struct scn_step *step;
	size_t steps;
};

/* --- steps ------------------------------------------------------------------------------------ */

/* Operations, and the fields of struct scn_step that each uses besides what every step has. */
enum scn_op {
	/* Instructions of the guest.  Accesses of more than 8 bytes are made 8 at a time. */
	SCN_OP_READ,    /* at, size (default 8, at most 64K) */
	SCN_OP_WRITE,   /* at, size, and value (size 1 to 8, default 8) or content */
	SCN_OP_FETCH,   /* at, size (default 1, at most 15) */
	SCN_OP_PREFETCH, /* at */
	SCN_OP_XCHG,    /* at, size (1, 2, 4, 8; default 8), value */
	SCN_OP_ADD,     /* at, size, value: LOCK XADD */
	SCN_OP_CAS,     /* at, size, expected, value: LOCK CMPXCHG */
	SCN_OP_MOV_CR3, /* space, pcid, keep; or value when SCN_KEY_VALUE is given */
	SCN_OP_MOV_CR0, /* set, clear: VK_CR0_* */
	SCN_OP_MOV_CR4, /* set, clear: VK_CR4_* */
	SCN_OP_MODE,    /* nxe, ac, cpl, pkru, pkrs: each if given; not an access */
	SCN_OP_INVLPG,  /* at */
	SCN_OP_INVPCID, /* type, inv_id, at */
	/* With `at`, the instruction is fetched from there first, and what is there is decoded. */
	SCN_OP_CPUID,   /* leaf, subleaf (default 0), at */
	SCN_OP_HLT,
	SCN_OP_PAUSE,
	SCN_OP_VMCALL,
	SCN_OP_INT3,    /* at */
	SCN_OP_INT,     /* vector: INT n, whose IDT has no entries */
	SCN_OP_UD2,     /* at */
	SCN_OP_VMX,       /* reason: basic exit reason of the instruction named (19 ... 59) */
	SCN_OP_EXCEPTION, /* vector, error_code (if given) */
	SCN_OP_DELIVER,   /* vector, error_code (if given), idt, stack */
	SCN_OP_SYSCALL,   /* number, args, arg_count; at and size (default 2) of the instruction,
	                   * or content: its bytes (default 0f 05); cpu (if given): it sleeps, and
	                   * goes on there */
	SCN_OP_INTERRUPT, /* a device's interrupt comes while the guest runs */
	SCN_OP_VIOLATION, /* qualification, gpa, gla: an EPT violation, whatever the tables say */
	SCN_OP_FLUSH,     /* SYSCALL with RAX = -1, the vkernel's "just exit" */
	/* The kernel on behalf of thread `of`; sizes from 0, any address. */
	SCN_OP_COPYIN,    /* at, size */
	SCN_OP_COPYOUT,   /* at, size, and content or (SCN_KEY_VALUE given, size 1 to 8) value */
	SCN_OP_COPYINSTR, /* at, size */
	SCN_OP_FUBYTE, SCN_OP_FUWORD32, SCN_OP_FUWORD64, /* at */
	SCN_OP_SUBYTE, SCN_OP_SUWORD32, SCN_OP_SUWORD64, /* at, value */
	SCN_OP_SWAPU32, SCN_OP_SWAPU64,                  /* at, value */
	SCN_OP_CASU32, SCN_OP_CASU64,                    /* at, expected, value */
	SCN_OP_FUWORDADD32, SCN_OP_FUWORDADD64,          /* at, value */
	/* The VMM. */
	SCN_OP_VMINIT,    /* master (default by role), ept_root, cr3 (each if given); or at: where
	                   * the options are in user memory, and stack, stack_end */
	SCN_OP_SYNC_ADDR, /* dst, src (guest-virtual; default 0): vmm_guest_sync_addr(2) */
	SCN_OP_INVEPT,    /* type (single, the default, or all), eptp if given */
	SCN_OP_INVVPID,   /* type, inv_id, at */
	SCN_OP_MIGRATE,   /* cpu: the thread goes on there */
	SCN_OP_VMCLEAR, SCN_OP_VMPTRLD, SCN_OP_VMLAUNCH, SCN_OP_VMRESUME, /* of the thread's VMCS */
	SCN_OP_EXIT,      /* value: exit status, default 0; the thread ends */
	SCN_OP_WAIT,      /* thread, count: until it has completed so many of its steps */
	/* The host process' memory map, host_space. */
	SCN_OP_MMAP,     /* region */
	SCN_OP_MPROTECT, /* at, size, prot */
	SCN_OP_MUNMAP,   /* at, size */
	/* Tables and memory, without an access of the guest. */
	SCN_OP_SET_ENTRY, /* entry */
	SCN_OP_SET_EPT,   /* ept */
	SCN_OP_POKE,      /* kind, at, host_space, size, and value or content */
	SCN_OP_PEEK,      /* kind, at, host_space, size (default 8, at most 64K) */
	/* The vkernel. */
	SCN_OP_PMAP,       /* pmap, space, at: guest-virtual address whose entry is meant */
	SCN_OP_VK_COPYIN,  /* space, at, size */
	SCN_OP_VK_COPYOUT, /* space, at, size, content or value */
	SCN_OP_NEW_SPACE,  /* space, a deferred one: its tables are built now */
	SCN_OP_RUN,        /* instructions (0: to the end), slice: executes the thread's program */
	SCN_OP_RUN_USER,   /* space: what follows runs as that process, until it returns; cr3, if
	                    * given: its identifier */
	SCN_OPS
};

/* Type operands of INVEPT, INVVPID, INVPCID, as the instructions number them. */
enum scn_inv {
	SCN_INV_ADDRESS = 0,
	SCN_INV_SINGLE = 1,
	SCN_INV_ALL = 2,
	SCN_INV_KEEP_GLOBALS = 3 /* INVVPID: of one VPID; INVPCID: of all PCIDs */
};

/* Routines of the vkernel's pmap. */
enum scn_pmap {
	SCN_PMAP_INVAL,
	SCN_PMAP_INVAL_QUICK,
	SCN_PMAP_CLEAN,
	SCN_PMAP_SETRO,
	SCN_PMAP_LOAD_AND_CLEAR
};

#define SCN_ARGS_MAX 6
#define SCN_FOREVER UINT32_MAX /* as the number of repetitions */

struct scn_step {
	struct scn_src src;  /* keys of the step and of its operands (a scalar is the first), except
	                      * operands that are in region, entry or ept, which have their own */
	enum scn_op op;
	/*
	 * Default 1; the sum over a scenario is at most SCN_STEPS_MAX, in which SCN_FOREVER, for
	 * the last step of its thread only, counts as one.
	 */
	uint32_t repeat;
	uint64_t conditions; /* bit n: scenario.condition[n] is about this step */
	const char *what;    /* a sentence, or NULL */
	const char *label;   /* unique in its thread, or NULL */
	const struct scn_expect *expect; /* NULL when nothing is expected */
	uint64_t at;
	uint64_t size;
	uint64_t value;
	uint64_t expected;
	struct scn_content content;
	union {
		struct {
			uint64_t set, clear;
		};
		struct {
			uint64_t dst, src_addr;
		};
		struct {
			uint64_t instructions, slice;
		};
		struct {
			uint64_t ept_root, cr3, stack_end;
		};
		struct {
			const uint64_t *args; /* of a system call, SCN_ARGS_MAX at most */
			size_t arg_count;
		};
		struct {
			uint32_t leaf, subleaf;
			uint32_t vector, error_code;
		};
		struct {
			uint32_t nxe, ac, pkru, pkrs;
		};
		struct {
			uint64_t gpa, gla;
		};
	};
	union {
		const struct scn_region *region;
		const struct scn_entry *entry;
		const struct scn_ept_entry *ept;
		uint64_t eptp;
		uint64_t number; /* of a system call, DragonFly's */
		uint64_t inv_id; /* first word of a descriptor: PCID, or VPID (the thread's) */
		uint64_t count;  /* wait: steps, repetitions counted as one */
		uint64_t qualification; /* of a violation */
	};
	uint32_t space;      /* index into guest.space, or SCN_NONE */
	uint32_t host_space; /* index into host.space, or SCN_NONE; default: the thread's */
	uint32_t thread;     /* `of` (default: the thread itself) or the thread waited for */
	uint32_t prot;       /* SCN_PROT_* */
	uint32_t pcid;       /* default 0 */
	uint32_t cpl;        /* 0 or 3 */
	uint32_t cpu;        /* less than machine.cpus */
	uint32_t reason;
	uint32_t type;       /* enum scn_inv, or a number that is no type */
	enum scn_pmap pmap;
	enum scn_at kind;
	int keep;            /* MOV to CR3 with bit 63 set */
	int implicit;        /* read, write: the processor's own access, at supervisor level */
	uint64_t idt, stack; /* deliver: base of the IDT, RSP of the handler; vminit: RSP */
	int master;
};

/* --- expectations ----------------------------------------------------------------------------- */

enum scn_outcome {
	SCN_OUTCOME_OK,
	SCN_OUTCOME_PF,            /* #PF: error-code, cr2 */
	SCN_OUTCOME_GP,
	SCN_OUTCOME_UD,
	SCN_OUTCOME_EXCEPTION,     /* any other: vector */
	SCN_OUTCOME_EPT_VIOLATION, /* qualification, gpa, gla */
	SCN_OUTCOME_EPT_MISCONFIG, /* gpa */
	SCN_OUTCOME_SPP_EVENT,
	SCN_OUTCOME_EXIT,          /* any other exit: reason, qualification ... */
	SCN_OUTCOME_ENTRY_FAILED,  /* VM-entry failure: reason 33, qualification */
	SCN_OUTCOME_VMFAIL,        /* VMfail: instruction-error */
	SCN_OUTCOME_EFAULT,
	SCN_OUTCOME_ENAMETOOLONG,
	SCN_OUTCOME_EINVAL,
	SCN_OUTCOME_ENOSYS,
	SCN_OUTCOME_ENOMEM,
	SCN_OUTCOME_NO_RECORD,     /* a slave without a master */
	SCN_OUTCOME_SECOND_MASTER,
	SCN_OUTCOME_IS_VCPU,
	SCN_OUTCOME_NOT_ALONE,
	SCN_OUTCOME_BAD_ROOT,
	SCN_OUTCOME_BAD_CR3,
	SCN_OUTCOME_REFUSED,       /* not possible in this state */
	SCN_OUTCOME_UNDEFINED,     /* done, but what comes of it is undefined */
	SCN_OUTCOME_SIGNAL,        /* the process got a signal: vector tells which exception */
	SCN_OUTCOME_VKERNEL,       /* control went back from a process to the vkernel */
	SCN_OUTCOME_EXITED,
	SCN_OUTCOME_KILLED,
	SCN_OUTCOME_LIVELOCK,      /* the same exit again and again */
	SCN_OUTCOMES
};

/* One exit expected; fields count only if given. */
struct scn_exit {
	struct scn_src src;
	uint32_t reason; /* basic exit reason */
	uint64_t qualification, gpa, gla;
	uint32_t intr_info;
	uint32_t idt_info;
	uint32_t length; /* of the instruction; 0 where it is undefined */
};

/* What a step must come to.  Fields count only if given (scn_has); the key is the field's name. */
/* Of what kind a cached item is [TLB-KINDS]. */
enum scn_tlb_kind {
	SCN_TLB_LINEAR,
	SCN_TLB_LINEAR_STRUCTURE,
	SCN_TLB_GUEST_PHYSICAL,
	SCN_TLB_GUEST_PHYSICAL_STRUCTURE,
	SCN_TLB_COMBINED,
	SCN_TLB_COMBINED_STRUCTURE
};

/* How many items of a CPU's TLB are like this; a field that is not given is met by all. */
struct scn_tlb_items {
	struct scn_src src;
	uint32_t cpu;    /* less than machine.cpus; default: the thread's, 0 at the end of a run */
	enum scn_tlb_kind kind;
	uint64_t gva, gpa; /* an address that it serves */
	uint64_t hpa;    /* where it leads that address; of a structure, the table that it names */
	uint32_t level;  /* of a structure: of the entry that names the table */
	uint32_t vpid, pcid;
	uint64_t ept_root; /* page aligned; 0: none */
	int global;
	uint64_t count;  /* exactly; not given: at least one */
};

struct scn_expect {
	struct scn_src src;
	enum scn_outcome outcome;
	uint32_t reason;            /* basic exit reason, or the whole word with bit 31 */
	uint32_t intr_info;
	uint32_t idt_info;          /* the event under delivery when the exit happened */
	uint32_t memtype;           /* effective memory type of the access */
	uint32_t pml_index;         /* after the step */
	uint32_t instruction_error;
	uint32_t vector;
	uint32_t error_code;        /* of #PF and others */
	int stale;                  /* whether a cached translation was used that tables now deny */
	uint64_t cr2, qualification, gpa, gla, hpa;
	uint64_t value;             /* read, or the old value of an atomic operation */
	uint64_t done;              /* bytes moved; instructions executed */
	uint64_t reads;             /* entries read by walks, guest and EPT */
	uint64_t rip;               /* after the step; of steps that have an address of their own */
	struct scn_content content; /* string, bytes, words or fill: bytes read or copied */
	const struct scn_exit *exit; /* SCN_KEY_EXITS: all exits of the step; may be none */
	size_t exits;
	const struct scn_entry *entry; /* entries after the step */
	size_t entries;
	const struct scn_ept_entry *ept;
	size_t epts;
	const struct scn_memory *memory; /* bytes after the step */
	size_t memories;
	const struct scn_tlb_items *tlb; /* what is cached after the step */
	size_t tlbs;
	const struct scn_expect *either; /* one of these must hold, with all of the above */
	size_t eithers;
};

/* That a step was made and came to this; a part of an outcome of the whole run. */
struct scn_condition {
	struct scn_expect expect; /* its src is that of the condition */
	const char *step_name; /* as written: an index or a label */
	uint32_t thread;
	uint32_t step;         /* index */
	uint32_t bit;          /* index in scenario.condition */
};

enum scn_end {
	/* came to the end of its steps, or would have repeated the last one for ever */
	SCN_END_FINISHED,
	SCN_END_EXITED,   /* by an exit step or exit(2) */
	SCN_END_KILLED,   /* by an exit that cannot be handled, or a signal */
	SCN_END_HOST_BUG, /* by an exit that shows the host to be wrong */
	SCN_END_FAILED,   /* VM entry failed, or it could not become a vCPU */
	SCN_END_LIVELOCK,
	SCN_END_BLOCKED   /* waits for something that never came */
};

struct scn_expect_thread {
	struct scn_mark mark; /* of the end's name */
	uint32_t thread;
	enum scn_end end;
};

/* What a run is counted by. */
enum scn_counter {
	SCN_COUNTER_ENTRIES,        /* VM entries */
	SCN_COUNTER_EXITS,
	SCN_COUNTER_EPT_VIOLATIONS,
	SCN_COUNTER_PAGE_FAULTS,    /* #PF of guests */
	SCN_COUNTER_VM_FAULTS,      /* faults that the host's map resolved */
	SCN_COUNTER_COW_COPIES,
	SCN_COUNTER_GUEST_READS,    /* entries read from guest tables */
	SCN_COUNTER_EPT_READS,
	SCN_COUNTER_AD_UPDATES,     /* entries in which a walk set flags */
	SCN_COUNTER_TLB_HITS,
	SCN_COUNTER_TLB_MISSES,
	SCN_COUNTER_TLB_FLUSHES,
	SCN_COUNTER_INVEPTS,
	SCN_COUNTER_INVVPIDS,
	SCN_COUNTER_IPIS,
	SCN_COUNTER_INTERRUPTS,     /* that the host took */
	SCN_COUNTER_SYSCALLS,
	SCN_COUNTER_COPIES,         /* calls of the copyio family */
	SCN_COUNTER_EPT_FREES,      /* EPTs of processes that were freed */
	SCN_COUNTER_UNDEFINED,      /* what the architecture leaves undefined; if not expected, each
	                             * is a mismatch */
	SCN_COUNTERS
};

struct scn_expect_counter {
	struct scn_mark mark; /* of the number */
	enum scn_counter counter;
	uint64_t value;
};

/* What must hold when all threads have ended. */
/* What must hold all the time. */
#define SCN_ALWAYS_NO_REVOKED_USE 1u
#define SCN_ALWAYS_SAME_ROOT 2u
#define SCN_ALWAYS_GATE_BALANCED 4u

struct scn_final {
	struct scn_src src; /* the mark is that of the scenario where `expect` is absent */
	struct scn_content console; /* SCN_KEY_CONSOLE: everything written, exactly */
	const struct scn_memory *memory;
	size_t memories;
	const struct scn_entry *entry;
	size_t entries;
	const struct scn_ept_entry *ept;
	size_t epts;
	const struct scn_tlb_items *tlb;
	size_t tlbs;
	const struct scn_expect_counter *counter;
	size_t counters;
	const struct scn_expect_thread *thread;
	size_t threads;
	uint64_t always; /* SCN_ALWAYS_*, of whole runs; not in outcomes */
};

/* An outcome that some schedule must come to, or none may: all of its parts hold. */
struct scn_reach {
	struct scn_final final; /* its src is that of the outcome */
	const char *what;       /* a sentence, or NULL */
	int wanted;             /* reachable; otherwise unreachable */
	const struct scn_condition *condition;
	size_t conditions;
	uint64_t needs;         /* the bits of its conditions */
};

/* --- scenario --------------------------------------------------------------------------------- */

enum scn_order {
	SCN_ORDER_IN_ORDER, /* each thread to its end, or until it waits, in order of the file */
	SCN_ORDER_SEED,     /* chosen step by step by a generator seeded with `seed` */
	SCN_ORDER_SCRIPT,   /* script[i] makes its next step; afterwards as in order */
	SCN_ORDER_EXPLORE   /* all of them; a single run goes in order */
};

/* In which order stores become visible to other CPUs. */
enum scn_stores {
	SCN_STORES_SC, /* at once */
	SCN_STORES_TSO /* through a store buffer, x86-TSO */
};

/* Bounds of an exploration; each counts only if given (scn_has). */
struct scn_explore {
	struct scn_src src;
	const uint32_t *after; /* indexes of threads, whose steps come first, in this order */
	const struct scn_mark *after_mark;
	size_t afters;
	uint32_t preemptions; /* of threads that could go on; 0: none */
	uint32_t depth;       /* scheduling points of a schedule, at least 1 */
	uint64_t states;      /* at least 1 */
	enum scn_stores memory;   /* default sc */
};

struct scn_schedule {
	struct scn_src src;
	enum scn_order order; /* default in-order */
	struct scn_explore explore;
	uint64_t seed;
	const uint32_t *script; /* indexes of threads */
	const struct scn_mark *script_mark;
	size_t scripts;
};

/* Whether the thread repeats its last step for ever: a run is over without it. */
static inline int
scn_thread_is_daemon(const struct scn_thread *thread)
{
	return thread->steps != 0 && thread->step[thread->steps - 1].repeat == SCN_FOREVER;
}

#define SCN_REACHES_MAX 64u    /* outcomes of a scenario: bits of a word */
#define SCN_CONDITIONS_MAX 64u /* of steps, in all of them: bits of a word */

struct scenario {
	struct scn_src src;
	const char *file;    /* the name given to scenario_load() */
	const char *name;    /* key `scenario` */
	const char *variant; /* "page=2M cpl=3" in a matrix, otherwise "" */
	const char *about;   /* or NULL */
	uint64_t defects[DEFECT_WORDS]; /* bit n: enum defect n is switched on; default none */
	struct scn_machine machine;
	struct scn_host host;
	struct scn_guest guest;
	const struct scn_program *program;
	size_t programs;
	const struct scn_thread *thread; /* at least one */
	size_t threads;
	struct scn_schedule schedule;
	struct scn_final expect;
	const struct scn_reach *reach; /* reachable and unreachable, each in order of the file */
	size_t reaches;                /* at most SCN_REACHES_MAX */
	const struct scn_condition *condition[SCN_CONDITIONS_MAX]; /* of all of them, by bit */
	size_t conditions;
	struct scn_arena *arena; /* where all of it lives */
};

/* Limits; beyond each there is an error that names it. */
#define SCN_NODES_MAX 300000u        /* YAML nodes of a file, aliases expanded */
#define SCN_TEXT_MAX 0x1000000u      /* bytes in them, aliases and variables expanded: 16M */
#define SCN_DEPTH_MAX 64u
#define SCN_NAMES_MAX 256u           /* of one kind: threads, spaces, objects */
#define SCN_VARIABLES_MAX 16u        /* of a matrix */
#define SCN_STEPS_MAX 1000000u       /* of a scenario, repetitions counted */
#define SCN_MATRIX_MAX 10000u        /* scenarios of a file */
#define SCN_MATRIX_NODES_MAX 10000000u /* nodes of a file times its scenarios */
#define SCN_PAGES_MAX 1048576u       /* entries made by the maps of a scenario */
#define SCN_FILL_MAX 0x4000000u      /* bytes of initial content of a scenario: 64M */
#define SCN_PROGRAM_MAX 0x100000u    /* bytes of a program's file: 1M */
#define SCN_PROGRAMS_MAX 0x40000000u /* bytes of them in all scenarios of a file: 1G */
#define SCN_ERRORS_MAX 50u           /* errors kept of a file */

enum scenario_status {
	SCENARIO_OK,
	SCENARIO_BAD,      /* the file is wrong: see the errors */
	SCENARIO_NO_MEMORY /* no error is recorded for that */
};

struct scenario_error {
	uint32_t line, column; /* 0, 0: not about a place */
	const char *text;      /* one line: what was found, what was expected */
};

/* The errors of one file, in order of position. */
struct scenario_errors {
	const char *file; /* as given to scenario_load() */
	struct scenario_error *error;
	size_t count; /* where there were more than SCN_ERRORS_MAX, the last says how many more */
	struct scn_arena *arena;
};

/* The scenarios of one file. */
struct scenario_list {
	size_t count; /* 1, or the product over a matrix */
	struct scn_file *file;
};

/* How the files are read that a scenario names. */
struct scenario_files {
	/*
	 * The bytes of a file, named as seen from the scenario `from`, in a block for free(); NULL:
	 * *why tells why, in words.  Files of more than `limit` bytes are refused.
	 */
	unsigned char *(*read)(const char *from, const char *name, size_t limit, size_t *size,
	    const char **why);
};

/*
 * Reads a file's bytes: `size` of them at `text`, which need not outlast the call; `name` is what
 * messages call it, copied.  Without `files`, which has to outlast the list, it may name none.
 * Checks every scenario of the file.  On SCENARIO_OK *list is to be given to scenario_list_free(),
 * and *errors is empty; on anything else *list is empty and *errors has every error.  *errors is to
 * be given to scenario_errors_free() in each case.
 */
enum scenario_status scenario_load_from(const char *name, const char *text, size_t size,
    const struct scenario_files *files, struct scenario_list *list,
    struct scenario_errors *errors);

/* The same for one that names no files. */
enum scenario_status scenario_load(const char *name, const char *text, size_t size,
    struct scenario_list *list, struct scenario_errors *errors);

/*
 * Makes scenario `index` of a list; the first variable of a matrix changes slowest.  NULL only when
 * there is no memory.  It is the caller's and independent of the list and of others.
 */
struct scenario *scenario_list_make(struct scenario_list *list, size_t index);

void scenario_free(struct scenario *scenario);
void scenario_list_free(struct scenario_list *list);
void scenario_errors_free(struct scenario_errors *errors);

/* Spellings, for reports; each as in a file. */
const char *scn_key_name(enum scn_key key);
const char *scn_op_name(enum scn_op op);
const char *scn_role_name(enum scn_role role);
const char *scn_outcome_name(enum scn_outcome outcome);
const char *scn_end_name(enum scn_end end);
const char *scn_counter_name(enum scn_counter counter);
const char *scn_feature_name(uint64_t feature); /* one SCN_FEATURE_* */

/* The bits of CR4, of those that a scenario can name, that come with none of these features. */
uint64_t scn_cr4_lacking(uint64_t features);

/* Where text goes; called with pieces in order. */
struct scn_sink {
	void (*write)(void *ctx, const char *text, size_t size);
	void *ctx;
};

/* Writes the JSON Schema of the language: the text of schema/scenario.schema.json. */
void scenario_schema_write(const struct scn_sink *sink);

enum scenario_manual_format { SCENARIO_MANUAL_MARKDOWN, SCENARIO_MANUAL_MDOC };

/* Writes the reference of the language: docs/SCENARIOS.md, or docs/man/vkept-scenario.5. */
void scenario_manual_write(const struct scn_sink *sink, enum scenario_manual_format format);

#endif
