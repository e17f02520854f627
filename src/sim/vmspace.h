/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map of a host process: ranges of addresses, what backs them, and vm_fault.
 *
 * For a vkernel these addresses are the guest-physical ones.  A page exists from its first fault
 * on. Where a page is mapped for the processor (in the process' EPT), every change that takes
 * something away goes through the map's `revoke`, so that nothing stale is left behind [DF-VM].
 */
#ifndef VK_SIM_VMSPACE_H
#define VK_SIM_VMSPACE_H

#include "ept/ept_edit.h"
#include "sim/event.h"
#include "sim/frames.h"
#include "sim/watch.h"

#define VMSPACE_R 1u
#define VMSPACE_W 2u
#define VMSPACE_X 4u

/* Pages that several ranges, or several processes, can share. */
struct vm_object;

struct vmspace;

/* What stands behind a range. */
struct vm_range {
	uint64_t start, end;      /* bytes, [start, end), multiples of 4 KiB */
	unsigned prot;            /* VMSPACE_* */
	bool copy_on_write;       /* writes go to a private copy of the object's page */
	struct vm_object *object; /* the map takes a reference */
	uint64_t offset;          /* of start in the object, a multiple of 4 KiB */
};

enum vm_fault_status {
	VM_FAULT_OK,
	VM_FAULT_NO_RANGE,   /* nothing at that address */
	VM_FAULT_PROTECTION, /* not for this kind of access */
	VM_FAULT_NO_MEMORY
};

struct vm_fault {
	enum vm_fault_status status;
	enum event_fault kind; /* how it was resolved */
	hpa_t frame;           /* of the page */
	bool writable;         /* it may be mapped writable now */
	bool executable;
	bool readable;
};

/*
 * Zero-filled, or with `size` bytes of contents at offset 0 (copied).  NULL when out of memory.
 * Destroyed with its last reference.
 */
struct vm_object *vm_object_create(struct frames *frames, const void *bytes, size_t size);
void vm_object_release(struct vm_object *object);

/*
 * Frees what is left of the objects of these frames, whoever refers to them: a thread that is
 * abandoned on its way through a map gives nothing back.
 */
void vm_objects_free(struct frames *frames);

struct vmspace *vmspace_create(struct frames *frames);
void vmspace_destroy(struct vmspace *space);

/*
 * Called when mapped pages of [start, end) lose rights or change frame: whoever has given them to a
 * processor takes them back.  `take_all` asks for removal, else only for write permission.
 */
void vmspace_set_revoke(struct vmspace *space, void (*revoke)(void *ctx, uint64_t start,
    uint64_t end, bool take_all), void *ctx);

/* Adds a range; false when it is empty, overlaps another, or memory is out. */
bool vmspace_map(struct vmspace *space, const struct vm_range *range);

/* Removes, or changes the protection of, what lies in [start, end).  false: out of memory. */
bool vmspace_unmap(struct vmspace *space, uint64_t start, uint64_t end);
bool vmspace_protect(struct vmspace *space, uint64_t start, uint64_t end, unsigned prot);

/*
 * Makes the page of `address` present for an access (VK_ACC_R, _W, _X), copying it when a write
 * needs a private one.  Does not touch any page table. [DF-VM]
 */
struct vm_fault vmspace_fault(struct vmspace *space, uint64_t address, unsigned acc);

/*
 * The aligned word at `address` as a read would find it, without bringing the page in and whatever
 * the protection.  false when nothing is there.
 */
bool vmspace_peek(const struct vmspace *space, uint64_t address, uint64_t *word);

/* Calls `visit` for every page that is there, with its frame; by range, in no order within one. */
void vmspace_visit(const struct vmspace *space,
    void (*visit)(void *ctx, uint64_t address, hpa_t frame), void *ctx);

/* Hands over the ranges and the pages behind them as canonical bytes. */
void vmspace_state(const struct vmspace *space, const struct watch_sink *sink);

#endif
