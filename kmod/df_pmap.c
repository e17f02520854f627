/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Glue between the pmap's copy functions and the core.
 *
 * Here alone the current thread is looked up, and here alone a status becomes an errno or the -1
 * that is also a value.  Two shapes of the table are served: up to 4.6 untyped pointers and one
 * word size, later typed pointers, both sizes and exchanges, and still later additions.
 *
 * The guest's paging is that of a vkernel: four levels, no execute-disable, no protection keys, all
 * code at CPL 3.  Not served: the std_ family, which is the kernel's own.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/thread.h>
#include <sys/errno.h>
#include <machine/thread.h>
#include <vm/vm.h>
#include <vm/pmap.h>
#include <vm/vm_map.h>
#include <vm/vm_page.h>
#include <vm/vm_extern.h>
#include <cpu/lwbuf.h>
#include <machine_base/vmm/vmx.h>

#include "df_gpm.h"
#include "df_guard.h"
#include "df_pmap.h"

/* The first versions by number in which the pmap has typed words, and additions. */
#define DF_VERSION_WORDS 400713
#define DF_VERSION_ADD   500308

/* What a user pointer points to, and a value to be stored, in the pmap's prototypes. */
#if __DragonFly_version >= DF_VERSION_WORDS
typedef uint8_t df_user8;
typedef uint32_t df_user32;
typedef uint64_t df_user64;
typedef uint8_t df_byte_arg;
typedef uint64_t df_word_arg;
#else
typedef void df_user8;
typedef void df_user32;
typedef void df_user64;
typedef int df_byte_arg;
typedef long df_word_arg;
#endif

#define DF_CPUID_ADDRESS_SIZES 0x80000008u /* EAX 7:0: MAXPHYADDR */
#define DF_CPUID_FEATURES      0x80000001u /* EDX 26: 1 GiB pages */
#define DF_CPUID_PAGE1G        (1u << 26)

/* A user space and its memory, for the time of one call. */
struct df_us {
	struct vk_us us;
	struct df_gpm mem;
};

/* What every guest has in common; only CR3 differs.  Written once, by df_pmap_init(). */
static struct guestpt_mode df_mode;

/* EAX and EDX of a CPUID leaf. */
static void
df_cpuid(uint32_t leaf, uint32_t *eax, uint32_t *edx)
{
	uint32_t ebx, ecx = 0;

	*eax = leaf;
	__asm__ __volatile__("cpuid" : "+a"(*eax), "=b"(ebx), "+c"(ecx), "=d"(*edx));
}

void
df_pmap_init(void)
{
	uint32_t eax, edx;

	df_mode.cr0 = VK_CR0_PG | VK_CR0_WP;
	df_cpuid(DF_CPUID_FEATURES, &eax, &edx);
	df_mode.page1g = (edx & DF_CPUID_PAGE1G) != 0;
	df_cpuid(DF_CPUID_ADDRESS_SIZES, &eax, &edx);
	df_mode.maxphyaddr = eax & 0xff;
}

static void
df_us_init(struct df_us *space, struct vmspace *vm, uint64_t guest_cr3)
{
	struct guestpt_mode mode = df_mode;
	struct gpm mem = {&df_gpm_ops, &space->mem};

	mode.cr3 = guest_cr3;
	df_gpm_init(&space->mem, vm);
	vk_us_init_ept(&space->us, mem, &mode, vk_gva(VM_MAX_USER_ADDRESS));
}

/* The user space of the current thread; 0 when it is no vCPU. */
static int
df_us_current(struct df_us *space)
{
	const struct thread *td = curthread;
	const struct vmx_thread_info *vti = td->td_vmm;

	if (vti == NULL || td->td_proc == NULL)
		return 0;
	df_us_init(space, td->td_proc->p_vmspace, (uint64_t)vti->guest_cr3);
	space->us.guard = df_guard(td->td_proc);
	return 1;
}

static gva_t
df_gva(const volatile void *uaddr)
{
	return vk_gva((uint64_t)(uintptr_t)uaddr);
}

static int
df_errno(int error)
{
	switch (error) {
	case VK_OK:
		return 0;
	case VK_ENAMETOOLONG:
		return ENAMETOOLONG;
	default:
		return EFAULT;
	}
}

static int
df_copyin(const void *udaddr, void *kaddr, size_t len)
{
	struct df_us space;

	if (!df_us_current(&space))
		return EFAULT;
	return df_errno(vk_copyin(&space.us, df_gva(udaddr), kaddr, len, NULL));
}

static int
df_copyout(const void *kaddr, void *udaddr, size_t len)
{
	struct df_us space;

	if (!df_us_current(&space))
		return EFAULT;
	return df_errno(vk_copyout(&space.us, kaddr, df_gva(udaddr), len, NULL));
}

static int
df_copyinstr(const void *udaddr, void *kaddr, size_t len, size_t *lencopied)
{
	struct df_us space;

	if (!df_us_current(&space)) {
		if (lencopied != NULL)
			*lencopied = 0;
		return EFAULT;
	}
	return df_errno(vk_copyinstr(&space.us, df_gva(udaddr), kaddr, len, lencopied));
}

static int
df_fubyte(const df_user8 *base)
{
	struct df_us space;
	uint8_t value;

	if (!df_us_current(&space) || vk_fubyte(&space.us, df_gva(base), &value) != VK_OK)
		return -1;
	return value;
}

static int
df_subyte(df_user8 *base, df_byte_arg byte)
{
	struct df_us space;

	if (!df_us_current(&space) || vk_subyte(&space.us, df_gva(base), (uint8_t)byte) != VK_OK)
		return -1;
	return 0;
}

static int64_t
df_fuword64(const df_user64 *base)
{
	struct df_us space;
	uint64_t value;

	if (!df_us_current(&space) || vk_fuword64(&space.us, df_gva(base), &value) != VK_OK)
		return -1;
	return (int64_t)value;
}

static int
df_suword64(df_user64 *base, df_word_arg word)
{
	struct df_us space;

	if (!df_us_current(&space) || vk_suword64(&space.us, df_gva(base), (uint64_t)word) != VK_OK)
		return -1;
	return 0;
}

static int
df_suword32(df_user32 *base, int word)
{
	struct df_us space;

	if (!df_us_current(&space) || vk_suword32(&space.us, df_gva(base), (uint32_t)word) != VK_OK)
		return -1;
	return 0;
}

#if __DragonFly_version >= DF_VERSION_WORDS
static int32_t
df_fuword32(const uint32_t *base)
{
	struct df_us space;
	uint32_t value;

	if (!df_us_current(&space) || vk_fuword32(&space.us, df_gva(base), &value) != VK_OK)
		return -1;
	return (int32_t)value;
}

static uint32_t
df_swapu32(volatile uint32_t *uaddr, uint32_t value)
{
	struct df_us space;
	uint32_t old;

	if (!df_us_current(&space) || vk_swapu32(&space.us, df_gva(uaddr), value, &old) != VK_OK)
		return (uint32_t)-1;
	return old;
}

static uint64_t
df_swapu64(volatile uint64_t *uaddr, uint64_t value)
{
	struct df_us space;
	uint64_t old;

	if (!df_us_current(&space) || vk_swapu64(&space.us, df_gva(uaddr), value, &old) != VK_OK)
		return (uint64_t)-1;
	return old;
}
#endif

#if __DragonFly_version >= DF_VERSION_ADD
static uint32_t
df_fuwordadd32(volatile uint32_t *uaddr, uint32_t add)
{
	struct df_us space;
	uint32_t old;

	if (!df_us_current(&space) || vk_fuwordadd32(&space.us, df_gva(uaddr), add, &old) != VK_OK)
		return (uint32_t)-1;
	return old;
}

static uint64_t
df_fuwordadd64(volatile uint64_t *uaddr, uint64_t add)
{
	struct df_us space;
	uint64_t old;

	if (!df_us_current(&space) || vk_fuwordadd64(&space.us, df_gva(uaddr), add, &old) != VK_OK)
		return (uint64_t)-1;
	return old;
}
#endif

uint32_t
df_casu32(volatile uint32_t *uaddr, uint32_t expected, uint32_t value)
{
	struct df_us space;
	uint32_t old;

	if (!df_us_current(&space) ||
	    vk_casu32(&space.us, df_gva(uaddr), expected, value, &old) != VK_OK)
		return (uint32_t)-1;
	return old;
}

uint64_t
df_casu64(volatile uint64_t *uaddr, uint64_t expected, uint64_t value)
{
	struct df_us space;
	uint64_t old;

	if (!df_us_current(&space) ||
	    vk_casu64(&space.us, df_gva(uaddr), expected, value, &old) != VK_OK)
		return (uint64_t)-1;
	return old;
}

void
df_pmap_install(struct pmap *pmap)
{
	pmap->copyinstr = df_copyinstr;
	pmap->copyin = df_copyin;
	pmap->copyout = df_copyout;
	pmap->fubyte = df_fubyte;
	pmap->subyte = df_subyte;
	pmap->suword32 = df_suword32;
#if __DragonFly_version >= DF_VERSION_WORDS
	pmap->fuword32 = df_fuword32;
	pmap->fuword64 = df_fuword64;
	pmap->suword64 = df_suword64;
	pmap->swapu32 = df_swapu32;
	pmap->swapu64 = df_swapu64;
#else
	pmap->fuword = df_fuword64;
	pmap->suword = df_suword64;
#endif
#if __DragonFly_version >= DF_VERSION_ADD
	pmap->fuwordadd32 = df_fuwordadd32;
	pmap->fuwordadd64 = df_fuwordadd64;
#endif
}

int
df_guest_phys_addr(struct vmspace *vm, register_t *gpa, register_t guest_cr3, vm_offset_t uaddr)
{
	struct df_us space;
	struct guestpt_walk walk;

	df_us_init(&space, vm, (uint64_t)guest_cr3);
	if (guestpt_walk(&space.us.pt, vk_gva(uaddr), VK_ACC_R | VK_ACC_USER, &walk) !=
	    GUESTPT_OK) {
		*gpa = -1;
		return EFAULT;
	}
	*gpa = (register_t)walk.gpa.v;
	return 0;
}
