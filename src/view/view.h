/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paging structures as they are at one moment, to be looked at: listed, drawn, walked.
 *
 * A view holds the memory, the registers that give its tables their meaning, and the tables that
 * guest-physical addresses go through, if any: an EPT, or nested tables of the ordinary format.  It
 * comes from a scenario's machine at a step, or from the memory of a real one, and who looks at it
 * need not know which.  Nothing is changed by looking: no flag is set.
 */
#ifndef VK_VIEW_VIEW_H
#define VK_VIEW_VIEW_H

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "image/image.h"

/* What guest-physical addresses go through. */
enum view_outer {
	VIEW_FLAT, /* nothing: guest-physical is host-physical */
	VIEW_EPT,
	VIEW_NPT   /* ordinary tables, in which every access is one of user mode */
};

/* A page of guest-physical memory that the host kernel has brought in. */
struct view_page {
	gpa_t gpa;
	hpa_t hpa;
};

struct view {
	struct image *image;      /* host-physical memory; the view's own */
	struct guestpt_mode mode; /* the guest's registers, and the processor's MAXPHYADDR */
	unsigned cpl;             /* 0 or 3 */
	enum view_outer outer;
	struct ept ept;           /* with VIEW_EPT */
	struct guestpt npt;       /* with VIEW_NPT */
	struct view_page *held;   /* by its memory map, ascending; the view's own */
	size_t helds;             /* 0 where the memory map is not known */
};

/*
 * Prepares a view of `image`, which it takes over: a guest in `mode` whose guest-physical addresses
 * are host-physical ones.
 */
void view_init(struct view *view, struct image *image, const struct guestpt_mode *mode,
    unsigned cpl);

/* Lets guest-physical addresses go through a copy of `ept`, whose tables are in view->image. */
void view_set_ept(struct view *view, const struct ept *ept);

/*
 * Lets them go through the ordinary tables of view->image that these registers of the host name;
 * paging and no-execute are taken to be on [NPT-WALK].
 */
void view_set_npt(struct view *view, const struct guestpt_mode *host);

void view_free(struct view *view);

/* Levels of the guest's tables, 4 or 5, 0 with paging off; and of the outer ones, 0 with none. */
unsigned view_guest_levels(const struct view *view);
unsigned view_outer_levels(const struct view *view);

/* Where the root tables are: the guest's by guest-physical, the outer by host-physical address. */
gpa_t view_guest_root(const struct view *view);
hpa_t view_outer_root(const struct view *view);

enum view_status {
	VIEW_OK,
	VIEW_REFUSED, /* the outer tables do not translate the address, or do not let it be read */
	VIEW_ABSENT   /* the memory has no such page */
};

/* Where a guest-physical address is, for a read [NPT-WALK]. */
enum view_status view_translate(const struct view *view, gpa_t gpa, hpa_t *hpa);

/*
 * One walk of nested tables of the ordinary format, as guestpt_walk() records it; VK_ACC_USER is
 * implied.
 * A guest-physical address is not sign-extended: in the record it has the form of a linear one, and
 * GUESTPT_GP means that the tables have too few levels for it [NPT-WALK].
 */
enum guestpt_status view_npt_walk(const struct guestpt *npt, gpa_t gpa, unsigned acc,
    struct guestpt_walk *walk);

/*
 * Where the host kernel has the page of a guest-physical address, whether the outer tables map it
 * or not; false: it has none, or nobody knows.
 */
bool view_find_held(const struct view *view, gpa_t gpa, hpa_t *hpa);

/*
 * The page of a guest table: where it lies, or put together in `scratch`.  *hpa is where it was
 * looked for, unless VIEW_REFUSED.
 */
enum view_status view_guest_page(const struct view *view, gpa_t page, hpa_t *hpa,
    unsigned char scratch[VK_PAGE_BYTES], const unsigned char **bytes);

/*
 * Guest-physical memory as a walk reads it: through the outer tables.  It refuses what they do not
 * translate and what is not there; it takes every flag and sets none.  The view must outlive it.
 */
struct gpm view_guest_memory(const struct view *view);

#endif
