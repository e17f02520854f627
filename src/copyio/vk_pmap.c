/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two function tables, and the user spaces that go with them.
 */
#include "copyio/vk_pmap.h"

#define VK_PMAP_FAMILY(family)                                                                  \
	{                                                                                       \
		#family, family##_copyin, family##_copyout, family##_copyinstr,                 \
		family##_fubyte, family##_subyte, family##_fuword32, family##_fuword64,         \
		family##_suword32, family##_suword64, family##_swapu32, family##_swapu64,       \
		family##_casu32, family##_casu64, family##_fuwordadd32, family##_fuwordadd64    \
	}

const struct vk_pmap vk_pmap_std = VK_PMAP_FAMILY(std);
const struct vk_pmap vk_pmap_ept = VK_PMAP_FAMILY(ept);

static const struct vk_direct no_direct = {NULL, NULL, NULL, NULL};
static const struct vk_guard no_guard = {NULL, NULL};
static const struct guestpt_mode no_tables = {.maxphyaddr = 52};

void
vk_us_init_std(struct vk_us *us, struct gpm mem, gva_t end)
{
	us->pmap = &vk_pmap_std;
	us->mem = mem;
	us->end = end;
	us->direct = no_direct;
	us->guard = no_guard;
	guestpt_init(&us->pt, mem, &no_tables);
}

void
vk_us_init_ept(struct vk_us *us, struct gpm mem, const struct guestpt_mode *mode, gva_t end)
{
	us->pmap = &vk_pmap_ept;
	us->mem = mem;
	us->end = end;
	us->direct = no_direct;
	us->guard = no_guard;
	guestpt_init(&us->pt, mem, mode);
}
