/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the kernel sees a page: in its direct map, so that nothing is allocated. */
#ifndef VK_DECL_CPU_LWBUF_H
#define VK_DECL_CPU_LWBUF_H

#include <vm/vm_page.h>

#define DMAP_MIN_ADDRESS 0xffff880000000000ul

struct lwbuf {
	vm_page_t m;
	vm_offset_t kva;
};

static inline struct lwbuf *
lwbuf_alloc(vm_page_t page, struct lwbuf *cache)
{
	cache->m = page;
	cache->kva = DMAP_MIN_ADDRESS + VM_PAGE_TO_PHYS(page);
	return cache;
}

static inline vm_offset_t
lwbuf_kva(struct lwbuf *lwb)
{
	return lwb->kva;
}

static inline void
lwbuf_free(struct lwbuf *lwb)
{
	lwb->m = NULL;
}

#endif
