/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why an access to what a view shows would end as it would.
 */
#ifndef VK_VIEW_VIEW_EXPLAIN_H
#define VK_VIEW_VIEW_EXPLAIN_H

#include "sim/explain.h"
#include "view/view.h"

/* Whose access: of a CPL, or of the one that the page is for. */
enum view_cpl { VIEW_SUPERVISOR = 0, VIEW_USER = 3, VIEW_EITHER = 4 };

/*
 * Explains a data access or fetch at `gva`, of `size` bytes (1 to 16), of kind `acc` (VK_ACC_R, _W,
 * _X).  VIEW_ABSENT: an entry that the walk needs is not in the memory; *absent is where it is
 * looked for, and *why tells what was read before.  [NPT-WALK] [NPT-FAULT]
 */
enum view_status view_explain(const struct view *view, gva_t gva, unsigned size, unsigned acc,
    enum view_cpl cpl, struct explanation *why, hpa_t *absent);

#endif
