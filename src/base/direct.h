/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of a user space where it can be addressed as it lies: a short way past the tables.
 *
 * A kernel with a direct map of host-physical memory need not hold a page to reach it.  Who has
 * such a map may offer this beside the operations of mem.h; copyio then asks here first, for
 * several pages at once, and goes the long way wherever the answer is short.
 *
 * A page is found only if the access would be allowed and would owe no flag, so that nothing is
 * written.  Several pages may be found by way of one reading of the entries above them, as a
 * processor would from what it keeps.  Who offers this promises that nobody is told that a
 * translation is gone while the copy that uses it is under way: what sleeps, or lets another
 * simulated thread run, does not offer it.
 */
#ifndef VK_BASE_DIRECT_H
#define VK_BASE_DIRECT_H

#include "base/addr.h"

/* How far a walk over consecutive pages is: the memory's own notes, all 0 in the beginning. */
struct vk_direct_cursor {
	uint64_t note[3];
};

struct vk_direct {
	/*
	 * Where the byte at `gva` can be read, or written, at CPL 3; valid to the end of its 4 KiB
	 * page.  NULL says nothing but that the long way has to be gone.
	 */
	void *(*read)(void *ctx, gva_t gva);
	void *(*write)(void *ctx, gva_t gva);
	/*
	 * The same for up to `count` (1 or more) consecutive pages, to read (VK_ACC_R) or to write
	 * (VK_ACC_W): page[0] gets the place of `gva`, page[i] the start of the i-th page after it.
	 * Returns how many were found, from the first on.  A later call with the same cursor goes
	 * on with the page after these, for the same kind of access, and need not read again what
	 * led to them; after a return of 0 the cursor is of no more use.
	 */
	size_t (*find)(void *ctx, struct vk_direct_cursor *cursor, gva_t gva, unsigned acc,
	    size_t count, void **page);
	void *ctx;
};

#endif
