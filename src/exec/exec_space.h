/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's address space as its vkernel makes it: guest tables in guest memory, pages brought
 * in when they are first touched.
 *
 * The vkernel's memory is a range of guest-physical addresses of a host process; its tables and
 * its programs' pages come from there.  What it changes in a table goes through the core: entries
 * by guestpt_map(), and what is taken away by the invalidating routines of pmap_inval, so that
 * other vCPUs hear of it.  In the upper half of the linear addresses the vkernel has its own
 * memory, for the supervisor only.
 */
#ifndef VK_EXEC_EXEC_SPACE_H
#define VK_EXEC_EXEC_SPACE_H

#include "exec/exec_map.h"
#include "sim/machine.h"

#define EXEC_USER_END 0x0000800000000000ull   /* first linear address that is not a program's */
#define EXEC_KERNEL_BASE 0xffff800000000000ull /* where the vkernel has its memory */

struct exec_space {
	struct machine_process *process;
	struct exec_map map;
	struct guestpt_mode mode;   /* with the space's CR3 */
	uint64_t ram_start, ram_end; /* guest-physical, the vkernel's to give out */
	uint64_t ram_next;          /* never given out from here on */
	uint64_t *spare;            /* pages that came back */
	size_t spares, room;
	const unsigned char *file;  /* what areas are filled with; the caller's */
	unsigned vcpus;             /* that run on it */
	uint64_t mapped;            /* bytes in areas */
	uint64_t brk_start, brk;
	uint64_t faults;            /* served */
	uint64_t moved;             /* bytes that copies have moved */
};

/* `mode` as the program's threads have it; CR3 is set here.  false: no memory for the tables. */
bool exec_space_init(struct exec_space *space, struct machine_process *process,
    const struct guestpt_mode *mode, uint64_t ram_start, uint64_t ram_end);
void exec_space_free(struct exec_space *space);

/* Most that areas may be together. */
#define EXEC_MAPPED_MAX (16ull << 30)

/* exec_map_add() and its kin, with that limit; nothing is present yet. */
enum exec_map_status exec_space_add(struct exec_space *space, const struct exec_area *area);

/* Takes areas and pages out, on behalf of the thread, which is not in guest mode. */
enum exec_map_status exec_space_unmap(struct exec_space *space, struct machine_thread *thread,
    uint64_t start, uint64_t end);
enum exec_map_status exec_space_protect(struct exec_space *space, struct machine_thread *thread,
    uint64_t start, uint64_t end, unsigned prot);

enum exec_fault {
	EXEC_FAULT_SERVED,
	EXEC_FAULT_NO_AREA,  /* nothing is mapped there */
	EXEC_FAULT_RIGHTS,   /* not for this access */
	EXEC_FAULT_NO_MEMORY /* the vkernel has no page left */
};

/* The vkernel's handler of page faults: makes an access (VK_ACC_R, _W, _X) possible. */
enum exec_fault exec_space_fault(struct exec_space *space, uint64_t address, unsigned acc);

/*
 * The program's memory as copyio sees it; `user` is good for as long as *us.  Bytes that are
 * mapped and not there yet are faulted in: exec_copy.h does that.
 */
void exec_space_user(struct exec_space *space, struct machine_user *user, struct vk_us *us);

#endif
