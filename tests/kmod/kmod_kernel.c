/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel under the glue: one process whose memory map is sixteen pages from address 0.
 *
 * vm_fault_page() keeps the contract of the release for which it was compiled.  Rules are checked
 * where they could be broken: asking for a page while one is out, giving back what was not taken or
 * in the wrong way, dirtying a page that was not to be written, not dirtying one that was.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/thread.h>
#if __DragonFly_version >= 400713
#include <sys/thread2.h>
#endif
#include <machine/thread.h>
#include <vm/vm.h>
#include <vm/pmap.h>
#include <vm/vm_map.h>
#include <vm/vm_page.h>
#include <vm/vm_extern.h>
#include <cpu/lwbuf.h>
#include <machine_base/vmm/vmx.h>

#include "df_pmap.h"
#include "kmod/kmod_kernel.h"

#define KERNEL_PAGES (KERNEL_BYTES / PAGE_SIZE)
#define KERN_FAILURE 5 /* not an errno */

enum page_state { PAGE_FREE, PAGE_HELD, PAGE_BUSIED };

uint64_t kernel_memory[KERNEL_BYTES / 8] __attribute__((aligned(4096)));
const int kernel_busies_pages = __DragonFly_version >= 400713;
struct kernel_count kernel_count;
struct globaldata globaldata;

static struct vm_page kernel_page[KERNEL_PAGES];
static enum page_state kernel_state;
static vm_page_t kernel_out; /* the page that is out */
static int kernel_write, kernel_dirty, kernel_only_held;
static const char *kernel_rule;
static struct vmspace kernel_vmspace;
static struct proc kernel_proc;
static struct thread kernel_thread;
static struct vmx_thread_info kernel_vti;

/* --- the gate of vCPUs and copies ------------------------------------------------------------- */

static void
kernel_complain(const char *rule)
{
	if (kernel_rule == NULL)
		kernel_rule = rule;
}

#if __DragonFly_version >= 400713
#define KERNEL_VCPUS (2 * CPULOCK_INCR) /* in guest mode, on other processors */
#define KERNEL_PATIENCE 100

/* A shootdown to come. */
static struct {
	uint64_t page, at, value;
	unsigned times;
	int waiting, storing;
} kernel_shootdown;
static int kernel_own_section;

const uint32_t *const kernel_gate = &kernel_proc.p_vmm_cpulock;

static void
kernel_gate_reset(void)
{
	__builtin_memset(&kernel_shootdown, 0, sizeof(kernel_shootdown));
	kernel_own_section = 0;
	kernel_thread.td_critcount = 0;
	kernel_proc.p_vmm_cpulock = KERNEL_VCPUS;
	kernel_vmspace.vm_pmap.pm_invgen = 7;
}

void
kernel_shoot_down(uint64_t page, uint64_t at, uint64_t value, unsigned times)
{
	kernel_shootdown.page = page;
	kernel_shootdown.at = at;
	kernel_shootdown.value = value;
	kernel_shootdown.times = times;
	kernel_shootdown.waiting = 1;
}

void
kernel_shut_gate(void)
{
	kernel_proc.p_vmm_cpulock |= CPULOCK_EXCL;
}

void
kernel_shut_own_gate(void)
{
	kernel_shut_gate();
	kernel_own_section = 1;
	kernel_thread.td_critcount = 1;
}

static void
kernel_store(void)
{
	kernel_vmspace.vm_pmap.pm_invgen++;
	kernel_memory[kernel_shootdown.at / 8] = kernel_shootdown.value;
}

static void
kernel_page_asked(vm_offset_t va)
{
	if (!kernel_shootdown.waiting || va != kernel_shootdown.page)
		return;
	if (kernel_shootdown.times == 0) {
		kernel_shut_gate();
		kernel_shootdown.storing = 1;
	} else {
		kernel_store();
		kernel_shootdown.times--;
	}
	kernel_shootdown.waiting = kernel_shootdown.times != 0;
}

void
lwkt_yield(void)
{
	if (kernel_state != PAGE_FREE || kernel_thread.td_critcount != 0 ||
	    ++kernel_count.yields == KERNEL_PATIENCE)
		kernel_complain("the thread yields where it must not");
	if (kernel_shootdown.storing)
		kernel_store();
	kernel_shootdown.storing = 0;
	kernel_proc.p_vmm_cpulock &= ~(cpulock_t)CPULOCK_EXCL;
}

void
crit_exit_wrapper(void)
{
	kernel_thread.td_critcount--;
	kernel_count.guarded += kernel_state != PAGE_FREE;
}

static int
kernel_is_inside(void)
{
	return kernel_thread.td_critcount != kernel_own_section;
}

static void
kernel_check_gate(void)
{
	if (kernel_is_inside() ||
	    (kernel_proc.p_vmm_cpulock & ~(cpulock_t)CPULOCK_EXCL) != KERNEL_VCPUS)
		kernel_complain("a copy is still counted at the gate");
}
#else
static void
kernel_gate_reset(void)
{
}

static void
kernel_page_asked(vm_offset_t va)
{
	(void)va;
}

static int
kernel_is_inside(void)
{
	return 0;
}

static void
kernel_check_gate(void)
{
}
#endif

/* --- pages ------------------------------------------------------------------------------------ */

void
kernel_reset(uint64_t guest_cr3)
{
	unsigned i;

	__builtin_memset(kernel_memory, 0, sizeof(kernel_memory));
	__builtin_memset(&kernel_count, 0, sizeof(kernel_count));
	for (i = 0; i < KERNEL_PAGES; i++)
		kernel_page[i].phys_addr =
		    (uintptr_t)kernel_memory + i * PAGE_SIZE - DMAP_MIN_ADDRESS;
	kernel_state = PAGE_FREE;
	kernel_rule = NULL;
	kernel_only_held = 0;
	kernel_gate_reset();
	df_pmap_init();
	df_pmap_install(&kernel_vmspace.vm_pmap);
	kernel_vti.guest_cr3 = (__typeof__(kernel_vti.guest_cr3))guest_cr3;
	kernel_proc.p_vmspace = &kernel_vmspace;
	kernel_thread.td_proc = &kernel_proc;
	kernel_thread.td_vmm = &kernel_vti;
	globaldata.gd_curthread = &kernel_thread;
}

void
kernel_leave_guest(void)
{
	kernel_thread.td_vmm = NULL;
}

void
kernel_leave_process(void)
{
	kernel_thread.td_proc = NULL;
}

void
kernel_hold_only(void)
{
	kernel_only_held = 1;
}

const char *
kernel_wrong(void)
{
	if (kernel_state != PAGE_FREE)
		kernel_complain("a page was not given back");
	kernel_check_gate();
	return kernel_rule;
}

static vm_page_t
kernel_fault(vm_map_t map, vm_offset_t va, vm_prot_t prot, int *errorp, int *busyp)
{
	kernel_write = (prot & VM_PROT_WRITE) != 0;
	kernel_count.faults++;
	if (map != &kernel_vmspace.vm_map || (va & PAGE_MASK) != 0 || va >= VM_MAX_USER_ADDRESS ||
	    !(prot & VM_PROT_READ))
		kernel_complain("vm_fault_page was called with wrong arguments");
	if (kernel_state != PAGE_FREE)
		kernel_complain("a page was asked for while one was out");
	if (kernel_is_inside())
		kernel_complain("a page was asked for while the copy was counted at the gate");
	kernel_page_asked(va);
	if (va >= KERNEL_BYTES || (kernel_write && va == KERNEL_READ_ONLY)) {
		*errorp = KERN_FAILURE;
		return NULL;
	}
	*errorp = 0;
	kernel_dirty = 0;
	kernel_state = busyp != NULL && kernel_write && !kernel_only_held ? PAGE_BUSIED : PAGE_HELD;
	if (busyp != NULL)
		*busyp = kernel_state == PAGE_BUSIED;
	if (kernel_state == PAGE_BUSIED)
		kernel_count.busied++;
	else
		kernel_count.held++;
	kernel_out = &kernel_page[va / PAGE_SIZE];
	return kernel_out;
}

#if __DragonFly_version >= 400713
vm_page_t
vm_fault_page(vm_map_t map, vm_offset_t va, vm_prot_t prot, int flags, int *errorp, int *busyp)
{
	(void)flags;
	return kernel_fault(map, va, prot, errorp, busyp);
}
#else
vm_page_t
vm_fault_page(vm_map_t map, vm_offset_t va, vm_prot_t prot, int flags, int *errorp)
{
	(void)flags;
	return kernel_fault(map, va, prot, errorp, NULL);
}
#endif

void
vm_page_dirty(vm_page_t page)
{
	kernel_count.dirtied++;
	if (page != kernel_out || kernel_state == PAGE_FREE || !kernel_write)
		kernel_complain("a page was dirtied that was not there to be written");
	kernel_dirty = 1;
}

static void
kernel_take_back(vm_page_t page, enum page_state state)
{
	if (page != kernel_out || kernel_state != state)
		kernel_complain("a page was given back in a way it was not taken");
	if (kernel_is_inside())
		kernel_complain("a page was given back while the copy was counted at the gate");
	if (kernel_write && !kernel_dirty)
		kernel_complain("a page that was written was given back clean");
	kernel_state = PAGE_FREE;
}

void
vm_page_unhold(vm_page_t page)
{
	kernel_count.unheld++;
	kernel_take_back(page, PAGE_HELD);
}

void
vm_page_wakeup(vm_page_t page)
{
	kernel_count.woken++;
	kernel_take_back(page, PAGE_BUSIED);
}

/* --- the calls -------------------------------------------------------------------------------- */

#define KERNEL_CALL(call)  (kernel_vmspace.vm_pmap.call)
#define KERNEL_USER(uaddr) ((void *)(uintptr_t)(uaddr))

int
kernel_copyin(uint64_t uaddr, void *kaddr, size_t len)
{
	return KERNEL_CALL(copyin)(KERNEL_USER(uaddr), kaddr, len);
}

int
kernel_copyout(const void *kaddr, uint64_t uaddr, size_t len)
{
	return KERNEL_CALL(copyout)(kaddr, KERNEL_USER(uaddr), len);
}

int
kernel_copyinstr(uint64_t uaddr, char *kaddr, size_t len, size_t *done)
{
	return KERNEL_CALL(copyinstr)(KERNEL_USER(uaddr), kaddr, len, done);
}

int
kernel_fubyte(uint64_t uaddr)
{
	return KERNEL_CALL(fubyte)(KERNEL_USER(uaddr));
}

int
kernel_subyte(uint64_t uaddr, uint8_t value)
{
	return KERNEL_CALL(subyte)(KERNEL_USER(uaddr), value);
}

int
kernel_suword32(uint64_t uaddr, uint32_t value)
{
	return KERNEL_CALL(suword32)(KERNEL_USER(uaddr), (int)value);
}

#if __DragonFly_version >= 500308
int64_t
kernel_fuword64(uint64_t uaddr)
{
	return KERNEL_CALL(fuword64)(KERNEL_USER(uaddr));
}

int
kernel_suword64(uint64_t uaddr, uint64_t value)
{
	return KERNEL_CALL(suword64)(KERNEL_USER(uaddr), value);
}

int32_t
kernel_fuword32(uint64_t uaddr)
{
	return KERNEL_CALL(fuword32)(KERNEL_USER(uaddr));
}

uint32_t
kernel_swapu32(uint64_t uaddr, uint32_t value)
{
	return KERNEL_CALL(swapu32)(KERNEL_USER(uaddr), value);
}

uint64_t
kernel_swapu64(uint64_t uaddr, uint64_t value)
{
	return KERNEL_CALL(swapu64)(KERNEL_USER(uaddr), value);
}

uint32_t
kernel_fuwordadd32(uint64_t uaddr, uint32_t value)
{
	return KERNEL_CALL(fuwordadd32)(KERNEL_USER(uaddr), value);
}

uint64_t
kernel_fuwordadd64(uint64_t uaddr, uint64_t value)
{
	return KERNEL_CALL(fuwordadd64)(KERNEL_USER(uaddr), value);
}
#else
int64_t
kernel_fuword64(uint64_t uaddr)
{
	return KERNEL_CALL(fuword)(KERNEL_USER(uaddr));
}

int
kernel_suword64(uint64_t uaddr, uint64_t value)
{
	return KERNEL_CALL(suword)(KERNEL_USER(uaddr), (long)value);
}
#endif

uint32_t
kernel_casu32(uint64_t uaddr, uint32_t expected, uint32_t value)
{
	return df_casu32(KERNEL_USER(uaddr), expected, value);
}

uint64_t
kernel_casu64(uint64_t uaddr, uint64_t expected, uint64_t value)
{
	return df_casu64(KERNEL_USER(uaddr), expected, value);
}

int
kernel_guest_phys_addr(uint64_t *gpa, uint64_t guest_cr3, uint64_t uaddr)
{
	register_t found = 0;
	int error = df_guest_phys_addr(&kernel_vmspace, &found, (register_t)guest_cr3, uaddr);

	*gpa = (uint64_t)found;
	return error;
}
