/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copyin, copyout and their kin: how a kernel reaches the memory of a user address space that is
 * handed to it as an argument.
 *
 * Two families do the same work by different paths.  std_*: the user space is an ordinary process;
 * a user address is an address of its memory map.  ept_*: the user space runs in VMX guest mode; a
 * user address is walked through the guest's page tables by hand, and every page on the way is
 * faulted in through the host's map.  vk_pmap.h has the table that chooses.
 *
 * A call does exactly what an access at CPL 3 through the same tables could do [DF-COPYIO]: same
 * rights, same reserved bits, same accessed and dirty flags.  Every entry is read once per walk and
 * every user byte once per call.  No page is held while another is asked for [DF-HOLD].
 *
 * All functions return VK_OK or an error; values and counts come back through pointers.
 */
#ifndef VK_COPYIO_COPYIO_H
#define VK_COPYIO_COPYIO_H

#include "base/direct.h"
#include "guestpt/guestpt.h"

/* The core's own numbers; glue turns them into the kernel's errno. */
enum vk_error {
	VK_OK = 0,
	VK_EFAULT,       /* an address that the user could not have used in this way */
	VK_ENAMETOOLONG  /* no NUL within the length given */
};

struct vk_pmap;

/* A user address space as copyio sees it. */
struct vk_us {
	const struct vk_pmap *pmap; /* std_* or ept_* */
	struct gpm mem;             /* its memory, as the host kernel reaches it */
	struct guestpt pt;          /* ept_*: the guest's tables; pt.mem is `mem` */
	struct vk_direct direct;    /* a short way to the same memory; ctx NULL: none */
	gva_t end;                  /* first address that is not user space */
};

/*
 * The family of calls.  `len`, `size` are bytes; user addresses are gva_t, kernel buffers plain
 * pointers.  Common rules [DF-COPYIO]:
 *
 *  - len 0 succeeds and touches nothing, whatever the address (copyinstr: VK_ENAMETOOLONG).
 *  - uaddr + len beyond the end of user space, or around 2^64: VK_EFAULT before the first byte.
 *  - a fault in the middle: VK_EFAULT; the bytes before it have been moved and *done counts them.
 *  - `done` may be NULL.
 *
 * copyinstr moves a string with its NUL; *done counts the NUL.  Bytes after the NUL, in the buffer
 * and in user space, are not touched.
 *
 * fu* and su* move one value, which may straddle pages; an aligned one moves in one piece.  su*
 * store all of it or nothing; only when the second page is taken away during the call itself has
 * the first part of a straddling value been stored, and the error tells.
 *
 * swap, cas and add are atomic and need a naturally aligned address; *old gets the value from
 * before.  cas is a write even when it does not store, as LOCK CMPXCHG is.
 */
#define VK_COPYIO_DECLARE(family)                                                               \
	int family##_copyin(struct vk_us *us, gva_t uaddr, void *kaddr, size_t len, size_t *done); \
	int family##_copyout(struct vk_us *us, const void *kaddr, gva_t uaddr, size_t len,         \
	    size_t *done);                                                                         \
	int family##_copyinstr(struct vk_us *us, gva_t uaddr, char *kaddr, size_t len,             \
	    size_t *done);                                                                         \
	int family##_fubyte(struct vk_us *us, gva_t uaddr, uint8_t *value);                        \
	int family##_subyte(struct vk_us *us, gva_t uaddr, uint8_t value);                         \
	int family##_fuword32(struct vk_us *us, gva_t uaddr, uint32_t *value);                     \
	int family##_fuword64(struct vk_us *us, gva_t uaddr, uint64_t *value);                     \
	int family##_suword32(struct vk_us *us, gva_t uaddr, uint32_t value);                      \
	int family##_suword64(struct vk_us *us, gva_t uaddr, uint64_t value);                      \
	int family##_swapu32(struct vk_us *us, gva_t uaddr, uint32_t value, uint32_t *old);        \
	int family##_swapu64(struct vk_us *us, gva_t uaddr, uint64_t value, uint64_t *old);        \
	int family##_casu32(struct vk_us *us, gva_t uaddr, uint32_t expected, uint32_t value,      \
	    uint32_t *old);                                                                        \
	int family##_casu64(struct vk_us *us, gva_t uaddr, uint64_t expected, uint64_t value,      \
	    uint64_t *old);                                                                        \
	int family##_fuwordadd32(struct vk_us *us, gva_t uaddr, uint32_t add, uint32_t *old);      \
	int family##_fuwordadd64(struct vk_us *us, gva_t uaddr, uint64_t add, uint64_t *old)

VK_COPYIO_DECLARE(std);
VK_COPYIO_DECLARE(ept);

#endif
