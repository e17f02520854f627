/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copyin, copyout and their kin: how a kernel reaches the memory of a user address space that is
 * handed to it as an argument.
 *
 * There are two families.  They take the same arguments, give the same results and differ in what
 * stands between a user address and memory.
 *
 *   std_*  The user space is an ordinary process: a user address is an address of its memory map,
 *          and the map alone judges the access [DF-COPYIO].
 *   ept_*  The user space runs in VMX guest mode: a user address is walked through the guest's
 *          tables by hand, and each page on the way is reached through the process' memory map
 *          [DF-EPT-COPYIO].  Tables and map both have to allow the access.
 *
 * vk_pmap.h has the names that callers use, which choose the family by the user space.  What
 * follows holds for every function; the functions say what is theirs alone.
 *
 * Parameters.  `us` is the user space, which no call changes; it serves as many calls at a time as
 * its memory does, which is one where the memory keeps the page that is held.  `uaddr` is a user
 * address in bytes, linear in the guest (ept_*) or of the process (std_*).  `kaddr`, `value`, `old`
 * and `done` point to memory of the kernel that is no user's; `len` and *done are bytes.  `done`
 * may be NULL, the others may not.
 *
 * Returned values.  VK_OK, VK_EFAULT, or from copyinstr VK_ENAMETOOLONG: nothing else, and no value
 * is ever mistaken for an error.  After an error *value and *old are what they were; *done is set
 * in every case.
 *
 * Before the first byte.  All of [uaddr, uaddr + size) has to lie below us->end and must not go
 * around 2^64, or the call returns VK_EFAULT without having asked the memory for anything.  us->end
 * may itself be beyond what is canonical: such an address is refused by the walk, before it reads
 * an entry [GUEST-CANONICAL].
 *
 * Rights.  What an access at CPL 3 through the same tables could do, no more and no less: U/S, R/W,
 * reserved bits and the page-size bit at every level, XD reserved without NXE, protection keys;
 * neither PAT of a large page nor the low bits of CR3 get into an address [GUEST-RIGHTS]
 * [GUEST-ENTRY] [GUEST-PKEY] [GUEST-CR3].  Data is not executed, so XD itself does not matter.
 * Then the map, which makes present what it backs, copies what a write must not share, and refuses
 * the rest.
 *
 * Flags.  ept_* set accessed in every entry a translation used and dirty in the leaf of a write,
 * from the root down, before the page is asked for; they stay when the map then refuses the page.
 * A translation that the tables refuse sets none [GUEST-AD].
 *
 * Read once.  A translation reads each entry once and believes no second answer; a user byte is
 * read once, so that what was judged is what was moved.  A user who changes entries or bytes during
 * the call gets what some single moment of each entry allowed, or VK_EFAULT.
 *
 * Bounded.  A page costs at most 1024 walks, and these only while another processor changes the
 * very entries that are owed a flag at every try; with us->guard at most 1024 times that, each time
 * overtaken by a shootdown; then VK_EFAULT.  A call ends at the first page that it is refused, so
 * that its time is bounded by `len`, which is the size of the caller's buffer, whatever the tables
 * are.
 *
 * What it calls.  The operations of us->mem, one at a time: load and cas for the entries, hold and
 * release for the page.  Never two pages at once, nothing but the move between hold and release,
 * every page released on every path; tables are only loaded, and for a flag owed compared and
 * swapped [DF-HOLD].  Those of us->guard around them: look before the walk, enter after hold, leave
 * before release.  Beside these, memcpy.  With us->direct, pages that it finds are neither held nor
 * guarded nor released.
 *
 * Context.  load, cas and hold may sleep where the memory's do, as a kernel's do that fault pages
 * in: no spin lock, no critical section, no page of this user space held or busied by the caller.
 * No lock is taken here, nothing is allocated, and no function uses 512 bytes of stack.  With
 * us->guard the kernel's memory has to be resident, since nothing sleeps inside.
 *
 * Ordering.  Pages are moved in ascending order, each between its own hold and release; within a
 * page bytes move in no order.  Only what is said to be in one piece or atomic is.  The call orders
 * nothing else: it is no fence, save that an atomic operation is one.
 *
 * Shootdowns.  Between a translation and the move the tables may change.  The page then moved is
 * the one that the old entry named, as by a processor that has not been told to forget it.  With
 * us->guard this ends where the processor's use would: once a shootdown has returned, no byte is
 * read or written by what it took away.  Without, that is the caller's to exclude [DF-SYNC].
 */
#ifndef VK_COPYIO_COPYIO_H
#define VK_COPYIO_COPYIO_H

#include "base/direct.h"
#include "base/guard.h"
#include "guestpt/guestpt.h"

/* The core's own numbers; glue turns them into the kernel's errno. */
enum vk_error {
	VK_OK = 0,
	VK_EFAULT,      /* an address that the user could not have used in this way */
	VK_ENAMETOOLONG /* no NUL within the length given */
};

struct vk_pmap;

/* A user address space as copyio sees it. */
struct vk_us {
	const struct vk_pmap *pmap; /* std_* or ept_* */
	struct gpm mem;             /* its memory, as the host kernel reaches it */
	struct guestpt pt;          /* ept_*: the guest's tables; pt.mem is `mem` */
	struct vk_direct direct;    /* a short way to the same memory; ctx NULL: none */
	struct vk_guard guard;      /* against shootdowns during a call; ops NULL: none */
	gva_t end;                  /* first address that is not user space */
};

/* The two functions of a name. */
/* clang-format off */
#define VK_COPYIO(name, params) \
	int std_##name params;  \
	int ept_##name params

/*
 * copyin -- user memory to kernel memory.
 *
 * Moves `len` bytes from `uaddr` to `kaddr`; needs the right to read.  With len 0 returns VK_OK and
 * looks at nothing, whatever the address.
 *
 * VK_OK      *done == len.
 * VK_EFAULT  Out of range: *done == 0.  Else a page could not be read: the bytes before it have
 *            been moved and *done counts them; the rest of the buffer is as it was.
 *
 * Page by page in ascending order, no wider unit is atomic.  Where a long range can be addressed
 * directly, several pages are translated before the first of them is moved.  [DF-COPYIO]
 */
VK_COPYIO(copyin, (struct vk_us *us, gva_t uaddr, void *kaddr, size_t len, size_t *done));

/*
 * copyout -- kernel memory to user memory.
 *
 * Moves `len` bytes from `kaddr` to `uaddr`; needs the right to write.  With len 0 returns VK_OK
 * and looks at nothing, whatever the address.
 *
 * VK_OK      *done == len.
 * VK_EFAULT  Out of range: *done == 0.  Else a page could not be written: the pages before it have
 *            been, and *done counts their bytes.
 *
 * As copyin.  The range may hold the tables that translate it: bytes land where the translation of
 * their page led, and the next page that is translated is by what then stands in the tables.
 * [DF-COPYIO]
 */
VK_COPYIO(copyout, (struct vk_us *us, const void *kaddr, gva_t uaddr, size_t len, size_t *done));

/*
 * copyinstr -- a string from user memory, with its NUL.
 *
 * Moves bytes from `uaddr` to `kaddr` up to and including the first NUL, at most `len`; needs the
 * right to read.
 *
 * VK_OK            The last byte moved is the NUL; *done counts it.
 * VK_ENAMETOOLONG  `len` bytes were moved and none is NUL; with len 0 at once, looking at nothing.
 * VK_EFAULT        The next byte could not be read, or is not below us->end; *done counts what was
 *                  moved before.
 *
 * The range is judged as it is read: a string that ends before the end of user space may be asked
 * for with any len.  Each byte is read once, so that the count and the buffer agree whoever writes
 * the string meanwhile.  The page after the one with the NUL is not asked for, and nothing after
 * the NUL is written to the buffer.  [DF-COPYIO]
 */
VK_COPYIO(copyinstr, (struct vk_us *us, gva_t uaddr, char *kaddr, size_t len, size_t *done));

/*
 * fubyte, fuword32, fuword64 -- fetch a value.
 *
 * Reads 1, 4 or 8 bytes at `uaddr`, low byte first, into *value; needs the right to read.
 *
 * VK_OK      *value is what was read; every value is possible, all ones too.
 * VK_EFAULT  Out of range, or one of its pages could not be read: *value is as it was.
 *
 * An aligned value is read in one piece.  Others are as copyin, and may be of two moments.
 * [DF-COPYIO]
 */
VK_COPYIO(fubyte, (struct vk_us *us, gva_t uaddr, uint8_t *value));
VK_COPYIO(fuword32, (struct vk_us *us, gva_t uaddr, uint32_t *value));
VK_COPYIO(fuword64, (struct vk_us *us, gva_t uaddr, uint64_t *value));

/*
 * subyte, suword32, suword64 -- store a value.
 *
 * Writes the 1, 4 or 8 bytes of `value` at `uaddr`, low byte first; needs the right to write.
 *
 * VK_OK      All bytes are stored.
 * VK_EFAULT  Out of range, or one of its pages could not be written: nothing is stored.
 *
 * An aligned value is stored in one piece.  One that straddles pages is stored in two, after its
 * second page has been translated, held for writing and released; only if that page is taken away
 * during the rest of the call has the first part been stored when VK_EFAULT is returned.
 * [DF-COPYIO]
 */
VK_COPYIO(subyte, (struct vk_us *us, gva_t uaddr, uint8_t value));
VK_COPYIO(suword32, (struct vk_us *us, gva_t uaddr, uint32_t value));
VK_COPYIO(suword64, (struct vk_us *us, gva_t uaddr, uint64_t value));

/*
 * swapu32, swapu64 -- exchange a value atomically.
 *
 * Stores `value` at `uaddr` and gives what stood there in *old, in one atomic operation that is
 * also a full fence; needs the rights to read and to write, and is a write to the flags.
 *
 * VK_OK      Done.  Every old value is possible.
 * VK_EFAULT  `uaddr` is not a multiple of the size, which is judged before memory is asked; or out
 *            of range; or the page could not be used.  The value and *old are as they
 *            were.
 *
 * [DF-COPYIO]
 */
VK_COPYIO(swapu32, (struct vk_us *us, gva_t uaddr, uint32_t value, uint32_t *old));
VK_COPYIO(swapu64, (struct vk_us *us, gva_t uaddr, uint64_t value, uint64_t *old));

/*
 * casu32, casu64 -- compare and exchange a value atomically.
 *
 * As swapu, but stores `value` only if `expected` stands there.  Whether it did is for the caller
 * to see: *old == expected.  A write to rights and flags even when nothing is stored, as LOCK
 * CMPXCHG is.  [DF-COPYIO] [GUEST-AD]
 */
VK_COPYIO(casu32, (struct vk_us *us, gva_t uaddr, uint32_t expected, uint32_t value,
    uint32_t *old));
VK_COPYIO(casu64, (struct vk_us *us, gva_t uaddr, uint64_t expected, uint64_t value,
    uint64_t *old));

/*
 * fuwordadd32, fuwordadd64 -- fetch a value and add to it atomically.
 *
 * As swapu, but stores the sum of what stood there and `add`, modulo 2^32 or 2^64.  [DF-COPYIO]
 */
VK_COPYIO(fuwordadd32, (struct vk_us *us, gva_t uaddr, uint32_t add, uint32_t *old));
VK_COPYIO(fuwordadd64, (struct vk_us *us, gva_t uaddr, uint64_t add, uint64_t *old));
/* clang-format on */

#endif
