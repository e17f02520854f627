/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that can stand in a trace.
 *
 * The simulator tells what happens through one function, in order.  An event is complete in itself:
 * whoever receives it needs no live machine to print it, and may keep a copy (pointers are valid
 * only during the call).
 */
#ifndef VK_SIM_EVENT_H
#define VK_SIM_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/vmx.h"

enum event_kind {
	EVENT_STEP,       /* a thread begins a step of its script */
	EVENT_ACCESS,     /* one piece of a guest access ended */
	EVENT_TABLE_READ, /* a guest or EPT entry was read */
	EVENT_CACHED,     /* a walk did not read its entries down to here: they were cached */
	EVENT_FLAGS,      /* accessed or dirty flags were set */
	EVENT_EXIT,       /* VM exit */
	EVENT_ENTER,      /* VM entry */
	EVENT_FAULT,      /* the host resolved, or refused, an access to guest-physical memory */
	EVENT_INVALIDATE, /* cached translations were dropped */
	EVENT_STALE,      /* an access used a translation that its tables no longer hold */
	EVENT_COPY,       /* a copyio call ended */
	EVENT_EDIT,       /* software changed an entry */
	EVENT_CALL,       /* a system call or a call of the VMM, with its result */
	EVENT_CONSOLE,    /* bytes reached the console */
	EVENT_UNDEFINED   /* software did what the architecture leaves undefined */
};

/* Which tables an entry belongs to. */
enum event_side {
	EVENT_GUEST,
	EVENT_EPT,
	EVENT_NPT  /* nested tables of the ordinary format; of views only */
};

enum event_outcome {
	EVENT_OK,
	EVENT_PAGE_FAULT,
	EVENT_GENERAL_PROTECTION,
	EVENT_VM_EXIT,
	EVENT_VIRTUALIZATION, /* #VE */
	EVENT_NESTED_FAULT    /* a page fault of nested tables; of views only */
};

enum event_fault {
	EVENT_FAULT_ZERO,    /* a fresh page of zeroes */
	EVENT_FAULT_FILE,    /* a page of the backing file or object */
	EVENT_FAULT_COPY,    /* a private copy of it, for a write */
	EVENT_FAULT_PRESENT, /* the page was there; only a mapping or a right was missing */
	EVENT_FAULT_REFUSED  /* nothing there, or not for this access */
};

struct stale;

struct event {
	enum event_kind kind;
	int thread;       /* index, or -1: the machine itself */
	int step;         /* index in the thread's script, or -1 */
	uint64_t address; /* linear address; guest-physical for FAULT, and for CACHED of an EPT */
	uint64_t slot;    /* TABLE_READ, FLAGS, EDIT: where the entry is, in its side's space */
	uint64_t before;  /* FLAGS, EDIT */
	uint64_t value;   /* TABLE_READ, CACHED: the entry; FLAGS, EDIT: after; ACCESS: HPA */
	uint64_t gpa;     /* ACCESS: guest-physical address; FAULT: HPA of the page */
	uint64_t size;    /* ACCESS, COPY: bytes; COPY: asked for */
	uint64_t done;    /* COPY: moved */
	unsigned acc;     /* ACCESS, FAULT, COPY: VK_ACC_* */
	unsigned level;   /* TABLE_READ, CACHED, FLAGS, EDIT */
	unsigned order;   /* TABLE_READ: its place in the walk, from 1; 0: read to set a flag */
	unsigned error;   /* ACCESS: page-fault error code; COPY: enum vk_error */
	enum event_side side;
	enum event_outcome outcome;
	enum event_fault fault;
	bool cached;             /* ACCESS: answered by the TLB */
	/* STEP, INVALIDATE, COPY, CALL, UNDEFINED: what it was; CACHED: the kind */
	const char *name;
	const char *result;      /* CALL, ENTER: how it ended */
	const void *bytes;       /* CONSOLE, `size` bytes */
	const struct stale *stale; /* STALE: how it came to that */
	struct vmx_exit exit;    /* EXIT */
};

typedef void (*event_sink)(void *ctx, const struct event *event);

#endif
