/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views: memory, registers and outer tables, put together.
 *
 * Guest-physical memory is read as the processor would read it for a walk, but for flags: an EPT
 * with accessed and dirty flags counts such a read as a write, and a view does not, so that tables
 * in read-only memory can still be looked at.
 */
#include "view/view.h"

#include <stdlib.h>

/* --- guest-physical memory -------------------------------------------------------------------- */

static int
flat_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	return image_load(ctx, vk_hpa(slot.v), entry);
}

static int
guest_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	const struct view *view = ctx;
	hpa_t hpa;

	if (view_translate(view, slot, &hpa) != VIEW_OK)
		return 0;
	return image_load(view->image, hpa, entry);
}

static enum cas_status
take_flags(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	(void)ctx;
	(void)slot;
	(void)old;
	(void)new_value;
	return CAS_DONE;
}

static const struct gpm_ops flat_ops = { flat_load, take_flags, NULL, NULL };
static const struct gpm_ops guest_ops = { guest_load, take_flags, NULL, NULL };

struct gpm
view_guest_memory(const struct view *view)
{
	/* Nothing is written through this pointer. */
	struct gpm memory = { &guest_ops, (void *)(uintptr_t)view };

	return memory;
}

enum guestpt_status
view_npt_walk(const struct guestpt *npt, gpa_t gpa, unsigned acc, struct guestpt_walk *walk)
{
	unsigned unused = 64 - npt->width;
	uint64_t linear = (uint64_t)((int64_t)(gpa.v << unused) >> unused);

	/* What has more bits than the tables translate is left as it is: it is not canonical. */
	if (gpa.v >> npt->width == 0)
		gpa.v = linear;
	else
		gpa.v |= VK_BIT(63);
	return guestpt_walk(npt, vk_gva(gpa.v), acc | VK_ACC_USER, walk);
}

enum view_status
view_translate(const struct view *view, gpa_t gpa, hpa_t *hpa)
{
	struct guestpt_walk walk;
	struct ept_walk ept;

	switch (view->outer) {
	case VIEW_EPT:
		if (ept_walk(&view->ept, gpa, VK_ACC_R, &ept) != EPT_OK)
			return VIEW_REFUSED;
		*hpa = ept.hpa;
		break;
	case VIEW_NPT:
		if (view_npt_walk(&view->npt, gpa, VK_ACC_R, &walk) != GUESTPT_OK)
			return VIEW_REFUSED;
		*hpa = vk_hpa(walk.gpa.v);
		break;
	case VIEW_FLAT:
		*hpa = vk_hpa(gpa.v);
		break;
	}
	return VIEW_OK;
}

bool
view_find_held(const struct view *view, gpa_t gpa, hpa_t *hpa)
{
	uint64_t page = gpa.v & ~VK_PAGE_OFFSET_MASK;
	size_t low = 0, high = view->helds;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (view->held[middle].gpa.v < page)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == view->helds || view->held[low].gpa.v != page)
		return false;
	*hpa = vk_hpa(view->held[low].hpa.v | (gpa.v & VK_PAGE_OFFSET_MASK));
	return true;
}

enum view_status
view_guest_page(const struct view *view, gpa_t page, hpa_t *hpa,
    unsigned char scratch[VK_PAGE_BYTES], const unsigned char **bytes)
{
	enum view_status status = view_translate(view, page, hpa);

	if (status != VIEW_OK)
		return status;
	*bytes = image_page(view->image, *hpa, scratch);
	return *bytes != NULL ? VIEW_OK : VIEW_ABSENT;
}

/* --- making ----------------------------------------------------------------------------------- */

void
view_init(struct view *view, struct image *image, const struct guestpt_mode *mode, unsigned cpl)
{
	memset(view, 0, sizeof(*view));
	view->image = image;
	view->mode = *mode;
	view->cpl = cpl;
	view->outer = VIEW_FLAT;
}

void
view_set_ept(struct view *view, const struct ept *ept)
{
	view->outer = VIEW_EPT;
	view->ept = *ept;
	view->ept.mem = image_hpm(view->image);
}

void
view_set_npt(struct view *view, const struct guestpt_mode *host)
{
	struct gpm memory = { &flat_ops, view->image };
	struct guestpt_mode mode = *host;

	mode.cr0 |= VK_CR0_PG | VK_CR0_WP;
	mode.efer |= VK_EFER_NXE;
	view->outer = VIEW_NPT;
	guestpt_init(&view->npt, memory, &mode);
}

void
view_free(struct view *view)
{
	image_destroy(view->image);
	free(view->held);
	view->image = NULL;
	view->held = NULL;
}

/* --- shape ------------------------------------------------------------------------------------ */

unsigned
view_guest_levels(const struct view *view)
{
	if (!(view->mode.cr0 & VK_CR0_PG))
		return 0;
	return (view->mode.cr4 & VK_CR4_LA57) ? 5 : 4;
}

unsigned
view_outer_levels(const struct view *view)
{
	switch (view->outer) {
	case VIEW_EPT:
		return view->ept.levels;
	case VIEW_NPT:
		return view->npt.levels;
	case VIEW_FLAT:
		break;
	}
	return 0;
}

gpa_t
view_guest_root(const struct view *view)
{
	return vk_gpa(view->mode.cr3 & VK_BITS(51, VK_PAGE_SHIFT));
}

hpa_t
view_outer_root(const struct view *view)
{
	if (view->outer == VIEW_EPT)
		return vk_hpa(view->ept.eptp & VK_BITS(51, VK_PAGE_SHIFT));
	return vk_hpa(view->npt.mode.cr3 & VK_BITS(51, VK_PAGE_SHIFT));
}
