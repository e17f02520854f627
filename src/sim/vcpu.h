/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One virtual CPU's accesses to memory: TLB, guest walk, EPT walk, flags; each to its completion or
 * to a fault or an exit.
 *
 * An access has no callback that could inject anything: it returns what happened, with the full
 * record of every walk it made.
 */
#ifndef VK_SIM_VCPU_H
#define VK_SIM_VCPU_H

#include "ept/ept_exit.h"
#include "ept/ept_gpm.h"
#include "guestpt/guestpt.h"
#include "sim/event.h"
#include "sim/hostmem.h"
#include "sim/stale.h"
#include "sim/tlb.h"
#include "sim/vcpu_stores.h"
#include "vmm/vmx.h"

#define VCPU_MAX_ACCESS 16 /* bytes of one access */

enum vcpu_outcome {
	VCPU_DONE,
	VCPU_PF,   /* page fault: error_code, cr2 */
	VCPU_GP,   /* not canonical */
	VCPU_EXIT, /* EPT violation, misconfiguration, sub-page event or full log: exit */
	VCPU_VE    /* the violation became exception 20; the information page is filled */
};

/* Page-modification logging [EPT-PML]. */
struct vcpu_pml {
	hpa_t log;      /* 4 KiB of 512 entries */
	uint16_t index; /* of the next entry, counting down */
};

struct vcpu {
	struct guestpt_mode mode;
	unsigned cpl;
	bool ept_on;             /* without it, guest-physical is host-physical */
	struct ept ept;
	bool vpid_on;
	uint16_t vpid;
	struct hostmem *mem;
	struct hpm look;         /* tables for vcpu_explain(); without operations: in mem */
	struct tlb *tlb;         /* NULL: nothing is cached */
	struct vcpu_stores *stores; /* NULL: stores are seen at once */
	bool judged;             /* whether a translation is stale matters: who watches is told */
	/* Asked where there are `count` ways, 0 being the plain one.  NULL: whoever watches is. */
	unsigned (*choose)(void *ctx, unsigned count);
	void *choose_ctx;
	hpa_t ve_page;           /* virtualization-exception information, with EPT_CTL_VE */
	struct vcpu_pml pml;     /* with EPT_CTL_PML */
	uint64_t pat;            /* the guest's IA32_PAT */
	bool intercepts;         /* the three below say which exceptions exit; else nobody asks */
	uint32_t exception_bitmap, pf_mask, pf_match;
	event_sink sink;         /* NULL: nobody listens */
	void *sink_ctx;
	int thread;              /* for events */
	int step;
};

/* One access as asked for. */
struct vcpu_request {
	gva_t gva;
	unsigned size;        /* 1 to VCPU_MAX_ACCESS bytes */
	unsigned acc;         /* VK_ACC_R, _W, _X; R and W together: read-modify-write */
	bool implicit;        /* the processor's own, to a system structure */
	bool delivering;      /* during event delivery: no #VE */
};

/* One page's part of an access. */
struct vcpu_piece {
	gva_t gva;
	unsigned size;
	gpa_t gpa;
	hpa_t hpa;
	bool cached;                /* from the TLB: no walk was made */
	bool stale;                 /* cached items were used and the tables no longer agree */
	struct guestpt_walk guest;
	unsigned guest_cached;      /* the lowest level whose entry was cached; 0: none was */
	bool guest_direct;          /* and where the table below it is was cached too */
	struct ept_walk final;      /* valid if final_walked */
	enum ept_status final_status;
	bool final_walked;
	unsigned final_cached;      /* as guest_cached, of the EPT walk of the page */
	bool revoked;               /* stale, by what a shootdown had taken away */
	struct stale history;       /* valid if stale */
};

struct vcpu_result {
	enum vcpu_outcome outcome;
	uint32_t error_code;
	gva_t cr2;
	struct ept_exit exit;
	unsigned reads;              /* entries read, over all pieces */
	unsigned pieces;             /* begun; the last is the one that failed */
	struct vcpu_piece piece[2];
	struct ept_gpm gpm;          /* the table accesses of the last piece that was walked */
	unsigned table_cached[EPT_GPM_ACCESSES]; /* of each: as guest_cached, of its EPT walk */
};

/*
 * Translates an access, setting flags as the processor does; moves no data.  A page-straddling
 * access completes its first page before its second.  [EPT-ORDER] [GUEST-STRADDLE]
 */
enum vcpu_outcome vcpu_translate(struct vcpu *vcpu, const struct vcpu_request *request,
    struct vcpu_result *result);

/*
 * What a processor may do ahead of a read that is then not made: a walk of memory, which sets
 * accessed flags if it comes to its end.  Nothing is cached, a failure is nobody's.  [GUEST-AD]
 */
void vcpu_prefetch(struct vcpu *vcpu, gva_t gva);

/* A translation without any effect: no flag, no cache, no event.  For tools that explain. */
enum vcpu_outcome vcpu_explain(const struct vcpu *vcpu, const struct vcpu_request *request,
    struct vcpu_result *result);

/* Data accesses over a translation: all of the bytes move, or none. */
enum vcpu_outcome vcpu_read(struct vcpu *vcpu, gva_t gva, void *bytes, unsigned size,
    struct vcpu_result *result);
enum vcpu_outcome vcpu_write(struct vcpu *vcpu, gva_t gva, const void *bytes, unsigned size,
    struct vcpu_result *result);
enum vcpu_outcome vcpu_fetch(struct vcpu *vcpu, gva_t gva, void *bytes, unsigned size,
    struct vcpu_result *result);

/* Moves the bytes of a translated access between its pieces and a buffer. */
void vcpu_load_pieces(const struct vcpu *vcpu, const struct vcpu_result *result, void *bytes);
void vcpu_store_pieces(struct vcpu *vcpu, const struct vcpu_result *result, const void *bytes);

/* The fields of the VMCS that an EPT exit of an access fills; the others are left alone. */
void vcpu_exit_fields(const struct vcpu_result *result, struct vmx_exit *exit);

/*
 * Invalidations, each doing what it must [TLB-INVALIDATE].  `name` for the trace; `address` and
 * operands as the instruction has them.
 */
void vcpu_invlpg(struct vcpu *vcpu, gva_t gva);
/* type 0 to 3; false: #GP, nothing done. */
bool vcpu_invpcid(struct vcpu *vcpu, unsigned type, uint64_t pcid, gva_t gva);
/* Loads CR3; `keep` is bit 63 of the source.  false: #GP, nothing done. [GUEST-CR3] */
bool vcpu_mov_cr3(struct vcpu *vcpu, uint64_t value);
/*
 * Loads CR0 or CR4 and drops what the change of bits demands.  false: #GP, nothing done: for PG
 * cleared while PCIDE is set, PCIDE set without paging or while CR3 has other low bits, LA57
 * changed while paging is on.  [GUEST-MODE] [GUEST-CR3]
 */
bool vcpu_mov_cr0(struct vcpu *vcpu, uint64_t value);
bool vcpu_mov_cr4(struct vcpu *vcpu, uint64_t value);
/* VM entry and VM exit: with VPID off, all of VPID 0 goes. */
void vcpu_enter(struct vcpu *vcpu);
void vcpu_exit(struct vcpu *vcpu);
/* type 1 single (that EPTP), 2 all; false: VMfail 28. */
bool vcpu_invept(struct vcpu *vcpu, unsigned type, uint64_t eptp);
/*
 * type 0 address, 1 single, 2 all, 3 single keeping globals; `vpid` is the descriptor's first word,
 * bits 63:16 of which are reserved.  false: VMfail 28.
 */
bool vcpu_invvpid(struct vcpu *vcpu, unsigned type, uint64_t vpid, gva_t gva);

/* The tags of what the vCPU caches now [TLB-TAGS]. */
struct tlb_tag vcpu_tag(const struct vcpu *vcpu);

/* Whether the address is canonical for the paging that is on [GUEST-CANONICAL]. */
static inline bool
vcpu_is_canonical(const struct vcpu *vcpu, gva_t gva)
{
	return vk_gva_is_canonical(gva, vcpu->mode.cr4 & VK_CR4_LA57 ? 57 : 48);
}

/* The effective memory type of a piece that was walked, not cached [MEMTYPE-EFFECTIVE]. */
unsigned vcpu_memtype(const struct vcpu *vcpu, const struct vcpu_piece *piece);

#endif
