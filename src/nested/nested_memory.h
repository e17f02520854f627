/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest-physical memory behind an EPT whose host-physical memory is a window: what copyio needs to
 * go the long way where nested_direct() goes the short one.
 */
#ifndef VK_NESTED_NESTED_MEMORY_H
#define VK_NESTED_NESTED_MEMORY_H

#include "nested/nested_walk.h"

struct nested_memory {
	const struct nested *nested;
	struct ept_gpm gpm; /* the EPT walks; of no use to anybody else */
};

/* *n is to be initialised already, and stays the caller's. */
void nested_memory_init(struct nested_memory *memory, const struct nested *n);

/*
 * The operations.  Every access goes through the EPT, sets the flags that it owes and is refused
 * where the EPT denies it or leads out of the window.  hold() pins nothing: the window is always
 * there.  The EPT's owner may take a page away while it is in use, as with the processor's own
 * accesses that are under way.
 */
struct gpm nested_memory_gpm(struct nested_memory *memory);

#endif
