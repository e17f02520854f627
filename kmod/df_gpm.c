/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages of a process for the core, by vm_fault_page() and lwbuf.
 *
 * Two contracts of vm_fault_page() are served.  Up to 4.6 every page comes back held.  Later a page
 * faulted in for writing comes back busied, and says so; the others are held.  Whoever asks for a
 * page that he himself has busied sleeps for ever, so there is never more than one: asking for a
 * second is refused.  A page that was to be written is marked dirty after the last byte and before
 * it is given back, because a page cleaned in between would lose what was written.
 *
 * Whether the host's map allows the access, copies the page or reads it from a file is the map's
 * affair.  Its errors are not the core's: an access is granted or refused.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <vm/vm.h>
#include <vm/pmap.h>
#include <vm/vm_map.h>
#include <vm/vm_page.h>
#include <vm/vm_extern.h>
#include <cpu/lwbuf.h>

#include "df_gpm.h"

#include "base/access.h"
#include "base/ptlevel.h"

/* From here on a page for writing may come back busied. */
#define DF_VERSION_BUSIED 400713

static vm_page_t
df_page_fault(struct df_gpm *mem, gpa_t gpa)
{
	vm_prot_t prot = mem->written ? VM_PROT_READ | VM_PROT_WRITE : VM_PROT_READ;
	vm_offset_t va = trunc_page(gpa.v);
	int error = 0;
	vm_page_t page;

	mem->busied = 0;
#if __DragonFly_version >= DF_VERSION_BUSIED
	page = vm_fault_page(&mem->vm->vm_map, va, prot, VM_FAULT_NORMAL, &error,
	    mem->written ? &mem->busied : NULL);
#else
	page = vm_fault_page(&mem->vm->vm_map, va, prot, VM_FAULT_NORMAL, &error);
#endif
	return error == 0 ? page : NULL;
}

/* Makes the page of gpa ours and returns where its byte is; NULL when it cannot be had. */
static void *
df_page_take(struct df_gpm *mem, gpa_t gpa, unsigned acc)
{
	if (mem->page != NULL || gpa.v >= VM_MAX_USER_ADDRESS)
		return NULL;
	mem->written = (acc & VK_ACC_W) != 0;
	mem->page = df_page_fault(mem, gpa);
	if (mem->page == NULL)
		return NULL;
	mem->lwb = lwbuf_alloc(mem->page, &mem->cache);
	return (char *)lwbuf_kva(mem->lwb) + (gpa.v & VK_PAGE_OFFSET_MASK);
}

static void
df_page_give(struct df_gpm *mem)
{
	vm_page_t page = mem->page;

	if (mem->written)
		vm_page_dirty(page);
	lwbuf_free(mem->lwb);
	mem->page = NULL;
	if (mem->busied)
		vm_page_wakeup(page);
	else
		vm_page_unhold(page);
}

static int
df_gpm_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct df_gpm *mem = ctx;
	const uint64_t *word = df_page_take(mem, slot, VK_ACC_R);

	if (word == NULL)
		return 0;
	*entry = vk_atomic_load64(word);
	df_page_give(mem);
	return 1;
}

static enum cas_status
df_gpm_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct df_gpm *mem = ctx;
	uint64_t *word = df_page_take(mem, slot, VK_ACC_R | VK_ACC_W);
	uint64_t seen;
	int done;

	if (word == NULL)
		return CAS_REFUSED;
	done = vk_atomic_cas64(word, old, new_value, &seen);
	df_page_give(mem);
	return done ? CAS_DONE : CAS_LOST;
}

static void *
df_gpm_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	*cookie = NULL; /* all that release needs is in ctx */
	return df_page_take(ctx, gpa, acc);
}

static void
df_gpm_release(void *ctx, void *cookie)
{
	(void)cookie;
	df_page_give(ctx);
}

const struct gpm_ops df_gpm_ops = {df_gpm_load, df_gpm_cas, df_gpm_hold, df_gpm_release};

void
df_gpm_init(struct df_gpm *mem, struct vmspace *vm)
{
	mem->vm = vm;
	mem->page = NULL;
	mem->lwb = NULL;
	mem->busied = 0;
	mem->written = 0;
}
