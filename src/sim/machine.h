/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated machine: host memory, processors with their TLBs, host processes with their memory
 * maps and EPTs, and the threads that run on them.
 *
 * It is also the kernel under the core's VMM: machine_vmm_ops is the struct vmm_host_ops with which
 * the core's own run loop runs here.
 */
#ifndef VK_SIM_MACHINE_H
#define VK_SIM_MACHINE_H

#include "copyio/vk_pmap.h"
#include "sim/adversary.h"
#include "sim/sched.h"
#include "sim/vcpu.h"
#include "sim/vmspace.h"
#include "sim/watch.h"
#include "vmm/vmm.h"

#define MACHINE_CPUS_MAX 64

struct machine_config {
	unsigned maxphyaddr;
	unsigned cpus;
	uint64_t memory;        /* bytes of host memory */
	size_t frame_limit;     /* frames that may be written before the run is stopped */
	uint64_t ept_cap;       /* EPT_CAP_* */
	uint32_t ept_controls;  /* EPT_CTL_* */
	bool ept_ad;            /* EPTs made by the VMM have EPTP bit 6 set */
	unsigned ept_levels;    /* of EPTs made by the VMM: 4 or 5 */
	bool page1g;
	bool vpid;
	const struct vmm_protocol *protocol; /* NULL: vmm_protocol_vkept */
	struct tlb_sizes tlb;   /* of a CPU; no translations: no TLB */
	bool tlb_adversarial;   /* TLBs hold whatever they may, not what was put in */
	bool tlb_history;       /* what is cached remembers where it came from ... */
	bool tlb_revokes;       /* ... and machine_revoke() is going to be called */
};

struct machine_counters {
	uint64_t entries, exits, ept_violations, page_faults, vm_faults, cow_copies, guest_reads,
	    ept_reads, ad_updates, tlb_flushes, invepts, invvpids, ipis, interrupts, syscalls,
	    copies, ept_frees, undefined, walks;
};

struct machine;
struct machine_thread;

/* One logical processor. */
struct machine_cpu {
	bool interrupts_off;           /* by the thread that is in its critical section */
	unsigned captured;             /* by how many whose interrupt has the CPU; 0: by nobody */
	struct tlb *tlb;
	bool interrupt;                /* pending: whoever is in guest mode here leaves it */
	struct machine_thread *loaded; /* whose VMCS is current */
	struct machine_thread *critical; /* in its critical section; NULL: nobody */
	struct machine_thread *guest;  /* in guest mode; NULL: nobody */
};

/* A host process: its memory map and, once it has a master, its EPT. */
struct machine_process {
	struct machine *machine;
	struct vmspace *map;
	struct vmm_proc vmm;
	struct ept ept;          /* valid while has_ept */
	bool has_ept;
	unsigned ept_frees;      /* how often it had one that was freed */
	uint64_t *mapped;        /* guest-physical pages in the EPT, unordered */
	size_t mapped_count, mapped_room;
	unsigned threads;
};

/* What a thread does when its guest runs, and what becomes of its events; set by its owner. */
struct machine_guest_ops {
	/* Runs guest instructions until an exit; fills the exit fields. */
	void (*run)(void *ctx, struct vmx_exit *exit);
	/* Host work that comes before the next entry; non-zero when there was some. */
	int (*host_work)(void *ctx);
	/* As in struct vmm_host_ops; `advance` is called when RIP has moved. */
	unsigned (*fetch)(void *ctx, unsigned char *bytes, unsigned size, struct vmx_exit *fault);
	void (*advance)(void *ctx);
	int (*is_flush_call)(void *ctx);
	enum vmm_end (*syscall)(void *ctx);
	enum vmm_end (*reflect)(void *ctx, const struct vmx_exit *exit);
	void (*emulate_cpuid)(void *ctx);
};

struct machine_thread {
	struct machine *machine;
	struct machine_process *process; /* NULL: a vCPU under a ready-made EPT */
	unsigned index;
	unsigned cpu;
	unsigned next_cpu;               /* where it goes on after its critical section */
	struct vcpu vcpu;                /* registers of the guest ... */
	gva_t rip;                       /* ... and where its instruction is */
	struct vmm_vcpu vmm;
	const struct machine_guest_ops *guest;
	void *ctx;
	bool syncing;                    /* inside vmm_guest_sync_addr: the gate is shut by us */
	uint64_t captures;               /* CPUs that it has captured, as of the last capture() */
	uint32_t instruction_error;      /* of the last VMfail */
	bool vmcs_launched;
	int vmcs_cpu;                    /* where the VMCS is active, or VMM_NO_CPU */
	unsigned undefined;              /* uses of it that the architecture leaves undefined */
};

struct machine {
	struct machine_config config;
	/*
	 * What the VMM asks of this machine, its protocol included.  The machine starts with its
	 * own; its owner may put others in their place before the first thread runs.
	 */
	const struct vmm_host_ops *vmm_ops;
	struct vmm_host_ops own_ops;
	struct hostmem *mem;
	struct frames frames;
	struct table_log *log;           /* where there are TLBs */
	struct machine_cpu cpu[MACHINE_CPUS_MAX];
	struct sched *sched;             /* NULL until there are threads */
	struct machine_thread **thread;  /* by index of the scheduler */
	unsigned threads;
	struct machine_counters count;
	/* Told of what the architecture leaves undefined, as it happens; may be NULL. */
	void (*undefined)(void *ctx, const struct machine_thread *thread, const char *what);
	void *undefined_ctx;
	event_sink sink;
	void *sink_ctx;
	uint64_t random;                 /* chooses where nobody watches; 0: the plain way */
};

extern const struct vmm_host_ops machine_vmm_ops;

/* false: out of memory.  Free frames are those from `first_free` to the end of memory. */
bool machine_init(struct machine *machine, const struct machine_config *config,
    uint64_t first_free);
void machine_free(struct machine *machine);

/* Counts and hands on an event; fills in the thread that runs. */
void machine_emit(struct machine *machine, struct event *event);

bool machine_process_init(struct machine_process *process, struct machine *machine);
void machine_process_free(struct machine_process *process);

/*
 * Takes the pages of [start, end) out of the process' EPT and out of every TLB: what its memory map
 * calls when it takes pages back.  `process` is a struct machine_process.
 */
void machine_process_revoke(void *process, uint64_t start, uint64_t end, bool take_all);

/* What the host knows of a process' memory, as canonical bytes: its map, its pages, its EPT. */
void machine_process_state(const struct machine_process *process, const struct watch_sink *sink);

/* A vCPU thread's processor state; the caller then sets its mode and, for a bare one, its EPT. */
void machine_thread_init(struct machine_thread *thread, struct machine *machine, unsigned index,
    unsigned cpu);

/*
 * Around what a vCPU thread does for its process between two passages through guest mode, in its
 * host_work(): out of the critical section of its CPU, with interrupts on.
 */
void machine_thread_work(struct machine_thread *thread, bool begin);

/* The host's scheduler moves the thread: at once, or at the end of its critical section. */
void machine_thread_move(struct machine_thread *thread, unsigned cpu);

/*
 * The memory of a process as the host kernel reaches it for one caller: every page by its memory
 * map, faulted in.  This is what copyio uses [DF-EPT-COPYIO].
 */
struct machine_user {
	struct machine_process *process;
	struct vk_guard gate; /* without operations: the caller's guard is not in use */
	bool holds;           /* a page */
	hpa_t frame;          /* its frame, and */
	unsigned how;         /* WATCH_READ, WATCH_WRITE: how it is going to be touched */
	struct hostmem_loan *loan; /* while it is written */
};

void machine_user_init(struct machine_user *user, struct machine_process *process);
struct gpm machine_user_memory(struct machine_user *user);

/* Keeps shootdowns of the process away from the page that this caller touches [DF-SYNC]. */
struct vk_guard machine_user_guard(struct machine_user *user);

/* vm_fault on the map, entered into the EPT if there is one; 0 when not allowed [DF-VM]. */
int machine_process_fault(struct machine_process *process, gpa_t gpa, unsigned acc);

/* --- machine_vmcs.c: the VMCS of a thread [VMX-VMCS] ------------------------------------------ */

/*
 * VMCLEAR on that CPU, VMPTRLD on the thread's, and the end of the region.  false: the architecture
 * leaves it undefined, which is counted, told, and otherwise done as asked.
 */
bool machine_vmclear(struct machine_thread *thread, unsigned cpu);
bool machine_vmptrld(struct machine_thread *thread);
bool machine_vmcs_free(struct machine_thread *thread);

/* --- machine_guest.c: guest mode and tables --------------------------------------------------- */

/*
 * The thread's guest runs on its CPU, if it did not; another that was in guest mode there has left
 * it.  To be called before each instruction, since others may stop it.
 */
void machine_guest_enter(struct machine_thread *thread);

/* Whoever is in guest mode on the CPU leaves it. */
void machine_guest_stop(struct machine *machine, unsigned cpu);

/*
 * One of `count` ways that the architecture leaves open: asked of whoever watches; else by the
 * machine's generator, if it has one.  `ctx` is the machine.
 */
unsigned machine_choose(void *ctx, unsigned count);

/* Gives it a generator that starts from this. */
void machine_choose_by(struct machine *machine, uint64_t seed);

/* The frame of this address holds tables: TABLE_GUEST, TABLE_EPT. */
void machine_table_frame(struct machine *machine, hpa_t hpa, unsigned kind);

/* From now on changes of tables are changes. */
void machine_tables_built(struct machine *machine);

/* Makes the TLBs that the configuration asks for; false: out of memory. */
bool machine_add_tlbs(struct machine *machine);

/*
 * A shootdown by the thread has returned: of the entries that it has changed since change `number`
 * of the log, no processor may use what was there.
 */
void machine_revoke(struct machine *machine, const struct machine_thread *thread,
    uint64_t number);

enum machine_failure {
	MACHINE_FINE,
	MACHINE_NO_MEMORY,   /* the process could not get more */
	MACHINE_OVER_FRAMES, /* more frames were written than may be */
	MACHINE_OVER_CHOICES /* more can have been cached than is followed */
};

/* The first failure, which is kept. */
enum machine_failure machine_failed(const struct machine *machine);

/* What VM entry would say: 0, or the VM-instruction error; *bad_guest for exit 33 [VMX-ENTRY]. */
uint32_t machine_entry_check(const struct machine_thread *thread, int resume, bool *bad_guest);

#endif
