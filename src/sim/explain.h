/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why an access ended as it did: which entry, at which level, which bit, by which rule, and what
 * would have to change for it to pass.  All of it data, for whoever prints.
 */
#ifndef VK_SIM_EXPLAIN_H
#define VK_SIM_EXPLAIN_H

#include "guestpt/guestpt.h"
#include "sim/event.h"

/* 24 reads of a walk of 4 levels on 4, 35 of 5 on 5; two pages; flag updates through the EPT. */
#define EXPLAIN_READS 160
#define EXPLAIN_TEXT 320
#define EXPLAIN_MEMTYPE_UNKNOWN 8u

struct explain_read {
	unsigned order;      /* from 1, within its page's walk */
	enum event_side side;
	unsigned level;
	uint64_t slot;       /* guest-physical of a guest entry, host-physical of an EPT entry */
	uint64_t entry;
	uint64_t address;    /* what is being translated here: linear, or guest-physical */
	bool update;         /* part of setting a guest flag, not of the walk itself */
	bool failed;         /* the entry that decided the outcome */
};

struct explanation {
	uint64_t gva, gpa, hpa;  /* of the first piece, or of the one that failed */
	unsigned acc;            /* VK_ACC_* as asked for */
	enum event_outcome outcome;
	uint32_t error_code;     /* EVENT_PAGE_FAULT, EVENT_NESTED_FAULT */
	uint32_t exit_reason;    /* EVENT_VM_EXIT */
	uint64_t qualification;  /* EVENT_VM_EXIT; EVENT_NESTED_FAULT: all of EXITINFO1 */
	unsigned memtype;        /* of a completed access: enum memtype, or _UNKNOWN */
	unsigned reads;          /* in `read` */
	struct explain_read read[EXPLAIN_READS];

	/* The verdict; rule is "" for an access that passed. */
	enum event_side side;
	unsigned level;          /* 0: not about an entry */
	uint64_t slot, entry;
	uint64_t bits;           /* the bits that decided */
	const char *rule;        /* tag, such as "EPT-MISCONFIG" */
	char verdict[EXPLAIN_TEXT]; /* a sentence */
	char remedy[EXPLAIN_TEXT];  /* what would have to change */
};

struct vcpu;
struct vcpu_request;

/* Makes the access without any effect and says what would come of it. */
void explain_access(const struct vcpu *vcpu, const struct vcpu_request *request,
    struct explanation *why);

/* --- for explanations of other than a vCPU's accesses, piece by piece ------------------------- */

/* Makes it one of an access that read nothing and passed. */
void explain_begin(struct explanation *why, uint64_t gva, unsigned acc);

/* Adds an entry that was read; never NULL. */
struct explain_read *explain_add_read(struct explanation *why, enum event_side side,
    unsigned level, uint64_t slot, uint64_t entry, uint64_t address);

/* Names the entry and the rule that decided, and the bits it is about. */
void explain_blame(struct explanation *why, enum event_side side, unsigned level, uint64_t slot,
    uint64_t entry, uint64_t bits, const char *rule);

/* The verdict of a walk of ordinary tables, of `levels` levels, that ended in a page fault. */
void explain_page_fault(struct explanation *why, enum event_side side, unsigned levels,
    const struct guestpt_walk *walk);

/* Of an address that is not canonical; of an access that passed, from its addresses. */
void explain_not_canonical(struct explanation *why, unsigned width);
void explain_passed(struct explanation *why);

/* Marks the last read of the entry that decided. */
void explain_mark_failed(struct explanation *why);

#endif
