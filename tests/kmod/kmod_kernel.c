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
kernel_hold_only(void)
{
	kernel_only_held = 1;
}

static void
kernel_complain(const char *rule)
{
	if (kernel_rule == NULL)
		kernel_rule = rule;
}

const char *
kernel_wrong(void)
{
	if (kernel_state != PAGE_FREE)
		kernel_complain("a page was not given back");
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
