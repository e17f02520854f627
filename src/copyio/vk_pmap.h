/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The function table of a user space, and the names that the rest of a kernel calls.
 *
 * This is the wrapper of 2013: the public call looks up the family of the user space and goes
 * through its pointer, so that no caller knows which tables stand between it and memory.
 */
#ifndef VK_COPYIO_VK_PMAP_H
#define VK_COPYIO_VK_PMAP_H

#include "copyio/copyio.h"

/*
 * One family: its name and its functions, each with the contract that copyio.h gives it.  Constant;
 * a table of one's own may stand in a user space as well, to count calls or to deviate.
 */
struct vk_pmap {
	const char *name; /* "std" or "ept" */
	int (*copyin)(struct vk_us *us, gva_t uaddr, void *kaddr, size_t len, size_t *done);
	int (*copyout)(struct vk_us *us, const void *kaddr, gva_t uaddr, size_t len, size_t *done);
	int (*copyinstr)(struct vk_us *us, gva_t uaddr, char *kaddr, size_t len, size_t *done);
	int (*fubyte)(struct vk_us *us, gva_t uaddr, uint8_t *value);
	int (*subyte)(struct vk_us *us, gva_t uaddr, uint8_t value);
	int (*fuword32)(struct vk_us *us, gva_t uaddr, uint32_t *value);
	int (*fuword64)(struct vk_us *us, gva_t uaddr, uint64_t *value);
	int (*suword32)(struct vk_us *us, gva_t uaddr, uint32_t value);
	int (*suword64)(struct vk_us *us, gva_t uaddr, uint64_t value);
	int (*swapu32)(struct vk_us *us, gva_t uaddr, uint32_t value, uint32_t *old);
	int (*swapu64)(struct vk_us *us, gva_t uaddr, uint64_t value, uint64_t *old);
	int (*casu32)(struct vk_us *us, gva_t uaddr, uint32_t expected, uint32_t value,
	    uint32_t *old);
	int (*casu64)(struct vk_us *us, gva_t uaddr, uint64_t expected, uint64_t value,
	    uint64_t *old);
	int (*fuwordadd32)(struct vk_us *us, gva_t uaddr, uint32_t add, uint32_t *old);
	int (*fuwordadd64)(struct vk_us *us, gva_t uaddr, uint64_t add, uint64_t *old);
};

extern const struct vk_pmap vk_pmap_std;
extern const struct vk_pmap vk_pmap_ept;

/*
 * Two functions make a user space; neither can fail or calls an operation of `mem`, so both may be
 * used in any context.  What they fill is good for as long as what `mem` refers to, which stays the
 * caller's, and has to be undone by nobody.  There is no short way in it: who has one puts it into
 * us->direct afterwards, for an ept_* space only, and answers for it finding what `mode` and `mem`
 * would give.  Nor is there a guard: who has one puts it into us->guard.  The short way goes
 * without it, by the promise in base/direct.h.
 *
 * `end` is the first address that is not user space, as the interface to the user defines it.
 */

/*
 * vk_us_init_std -- the user space of an ordinary process.
 *
 * `mem` is its memory map: user addresses are the gpa_t that hold() gets; load and cas are never
 * called.  [DF-COPYIO]
 */
void vk_us_init_std(struct vk_us *us, struct gpm mem, gva_t end);

/*
 * vk_us_init_ept -- a user space behind the guest's tables.
 *
 * `mem` is guest-physical memory as the host kernel reaches it, through the process' memory map;
 * the tables and the pages are looked for there.  `mode` is copied: the registers of the guest as
 * they are for the calls to come, with CR3 as it was loaded, flags and PCID included.  After the
 * guest loads another the user space has to be made anew.  CPL and RFLAGS.AC do not matter: every
 * access is a user's.  [DF-EPT-COPYIO] [GUEST-MODE] [GUEST-CR3]
 */
void vk_us_init_ept(struct vk_us *us, struct gpm mem, const struct guestpt_mode *mode, gva_t end);

/*
 * The names that the rest of a kernel calls: vk_NAME() is NAME of the family of `us`, with the
 * arguments, results and context that copyio.h gives.  [DF-EPT-COPYIO]
 */
#define VK_PMAP_CALL(name, params, args)                                                       \
	static inline int vk_##name params                                                     \
	{                                                                                      \
		return us->pmap->name args;                                                    \
	}
/* clang-format off */
VK_PMAP_CALL(copyin, (struct vk_us *us, gva_t uaddr, void *kaddr, size_t len, size_t *done),
    (us, uaddr, kaddr, len, done))
VK_PMAP_CALL(copyout, (struct vk_us *us, const void *kaddr, gva_t uaddr, size_t len, size_t *done),
    (us, kaddr, uaddr, len, done))
VK_PMAP_CALL(copyinstr, (struct vk_us *us, gva_t uaddr, char *kaddr, size_t len, size_t *done),
    (us, uaddr, kaddr, len, done))
VK_PMAP_CALL(fubyte, (struct vk_us *us, gva_t uaddr, uint8_t *value), (us, uaddr, value))
VK_PMAP_CALL(subyte, (struct vk_us *us, gva_t uaddr, uint8_t value), (us, uaddr, value))
VK_PMAP_CALL(fuword32, (struct vk_us *us, gva_t uaddr, uint32_t *value), (us, uaddr, value))
VK_PMAP_CALL(fuword64, (struct vk_us *us, gva_t uaddr, uint64_t *value), (us, uaddr, value))
VK_PMAP_CALL(suword32, (struct vk_us *us, gva_t uaddr, uint32_t value), (us, uaddr, value))
VK_PMAP_CALL(suword64, (struct vk_us *us, gva_t uaddr, uint64_t value), (us, uaddr, value))
VK_PMAP_CALL(swapu32, (struct vk_us *us, gva_t uaddr, uint32_t value, uint32_t *old),
    (us, uaddr, value, old))
VK_PMAP_CALL(swapu64, (struct vk_us *us, gva_t uaddr, uint64_t value, uint64_t *old),
    (us, uaddr, value, old))
VK_PMAP_CALL(casu32,
    (struct vk_us *us, gva_t uaddr, uint32_t expected, uint32_t value, uint32_t *old),
    (us, uaddr, expected, value, old))
VK_PMAP_CALL(casu64,
    (struct vk_us *us, gva_t uaddr, uint64_t expected, uint64_t value, uint64_t *old),
    (us, uaddr, expected, value, old))
VK_PMAP_CALL(fuwordadd32, (struct vk_us *us, gva_t uaddr, uint32_t add, uint32_t *old),
    (us, uaddr, add, old))
VK_PMAP_CALL(fuwordadd64, (struct vk_us *us, gva_t uaddr, uint64_t add, uint64_t *old),
    (us, uaddr, add, old))
/* clang-format on */

#endif
