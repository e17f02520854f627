/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A kernel of sixteen pages under the module's glue, which holds the glue to the kernel's rules.
 *
 * The calls are made through the pmap that the glue filled in, in the release for which this was
 * compiled.  Types are plain, so that a test needs no declaration of the kernel's.
 */
#ifndef TESTS_KMOD_KERNEL_H
#define TESTS_KMOD_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define KERNEL_BYTES     0x10000u
#define KERNEL_READ_ONLY 0xc000u /* the memory map has this page read-only */

extern uint64_t kernel_memory[KERNEL_BYTES / 8];
extern const int kernel_busies_pages; /* a page for writing comes back busied */

/* What the glue did since kernel_reset(). */
struct kernel_count {
	unsigned faults; /* pages asked for */
	unsigned held;   /* pages that came held */
	unsigned busied; /* pages that came busied */
	unsigned dirtied;
	unsigned unheld;
	unsigned woken;
	unsigned yields;
	unsigned guarded; /* critical sections that were left with a page out */
};
extern struct kernel_count kernel_count;

/* Zeroes memory and counts, fills in the pmap, makes the thread a vCPU with this CR3. */
void kernel_reset(uint64_t guest_cr3);

/* The thread is no vCPU any more. */
void kernel_leave_guest(void);
/* The same for one of the kernel's own, which has no process. */
void kernel_leave_process(void);

/* From now on even pages for writing come held, as a kernel's fast path may give them. */
void kernel_hold_only(void);

/*
 * In releases with a gate: its word, of which a copy can be made, and who shuts it.  A shootdown
 * comes when the page `page` is asked for, which is after the walk to it: `value` is stored in the
 * word at `at`.  It has returned by then, `times` times; or, with 0, it has only shut the gate, and
 * stores when the thread yields.
 */
extern const uint32_t *const kernel_gate;
void kernel_shoot_down(uint64_t page, uint64_t at, uint64_t value, unsigned times);
/* The gate is shut until the thread yields. */
void kernel_shut_gate(void);
/* The gate is shut by the thread itself, in a critical section, as for a shootdown of its own. */
void kernel_shut_own_gate(void);

/* The first rule that was broken, or NULL: also when a page was not given back. */
const char *kernel_wrong(void);

int kernel_copyin(uint64_t uaddr, void *kaddr, size_t len);
int kernel_copyout(const void *kaddr, uint64_t uaddr, size_t len);
int kernel_copyinstr(uint64_t uaddr, char *kaddr, size_t len, size_t *done);
int kernel_fubyte(uint64_t uaddr);
int kernel_subyte(uint64_t uaddr, uint8_t value);
int64_t kernel_fuword64(uint64_t uaddr);
int kernel_suword32(uint64_t uaddr, uint32_t value);
int kernel_suword64(uint64_t uaddr, uint64_t value);
uint32_t kernel_casu32(uint64_t uaddr, uint32_t expected, uint32_t value);
uint64_t kernel_casu64(uint64_t uaddr, uint64_t expected, uint64_t value);

/* In releases that have exchanges in the pmap. */
int32_t kernel_fuword32(uint64_t uaddr);
uint32_t kernel_swapu32(uint64_t uaddr, uint32_t value);
uint64_t kernel_swapu64(uint64_t uaddr, uint64_t value);
uint32_t kernel_fuwordadd32(uint64_t uaddr, uint32_t value);
uint64_t kernel_fuwordadd64(uint64_t uaddr, uint64_t value);

int kernel_guest_phys_addr(uint64_t *gpa, uint64_t guest_cr3, uint64_t uaddr);

#endif
