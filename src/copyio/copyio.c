/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copy functions of both families.
 *
 * The loops are written once, over a function that turns a user address into a guest-physical one:
 * the identity for an ordinary process, a walk of the guest's tables for one in guest mode.  A loop
 * goes page by page: translate, hold, move, release.  Between the translation and the hold the
 * guest may change its tables; that is a change the guest made while the call was under way, and
 * the translation is one that the processor too could have used.  Not after a shootdown, though:
 * what keeps a copy from that is us->guard, where there is one.
 *
 * Where memory can be addressed as it lies, us->direct finds pages without holding them: several at
 * once for a long copy, which asks for the first lines of each next page while it moves one.  What
 * is found there is moved; the page after it goes the long way, so that flags are set and faults
 * found in one place only.
 */
#include "copyio/copyio.h"
#include "copyio/us_string.h"
#include "copyio/vk_pmap.h"

#define US_TRIES 1024 /* of a page, each lost to a shootdown of its own */

/* Translates one user address for an access; 0 when the user could not have made it. */
typedef int (*us_translate_fn)(struct vk_us *us, gva_t uaddr, unsigned acc, gpa_t *gpa);

static int
std_translate(struct vk_us *us, gva_t uaddr, unsigned acc, gpa_t *gpa)
{
	(void)us;
	(void)acc; /* the memory map judges the access when the page is held */
	*gpa = vk_gpa(uaddr.v);
	return 1;
}

static int
ept_translate(struct vk_us *us, gva_t uaddr, unsigned acc, gpa_t *gpa)
{
	struct guestpt_walk walk;

	if (guestpt_access(&us->pt, uaddr, acc | VK_ACC_USER, &walk) != GUESTPT_OK)
		return 0;
	*gpa = walk.gpa;
	return 1;
}

/* The check before the first byte; len is not 0. */
static int
us_has_range(const struct vk_us *us, gva_t uaddr, size_t len)
{
	return uaddr.v + (len - 1) >= uaddr.v && uaddr.v + (len - 1) < us->end.v;
}

/*
 * Moves by a call, whatever the compiler knows of `size`: told that it is a page at most, gcc moves
 * eight bytes at a time with a string instruction.
 */
static inline void
us_move(void *to, const void *from, size_t size)
{
	__asm__("" : "+r"(size));
	__builtin_memcpy(to, from, size);
}

/* Bytes from `uaddr` to the end of its page, at most `len`. */
static size_t
us_piece(gva_t uaddr, size_t len)
{
	size_t room = VK_PAGE_BYTES - (size_t)(uaddr.v & VK_PAGE_OFFSET_MASK);

	return len < room ? len : room;
}

static inline void *
us_hold_page(struct vk_us *us, us_translate_fn translate, gva_t uaddr, unsigned acc, void **cookie)
{
	gpa_t gpa;

	if (!translate(us, uaddr, acc, &gpa))
		return NULL;
	return us->mem.ops->hold(us->mem.ctx, gpa, acc, cookie);
}

/* The same, and inside the guard. */
static __attribute__((noinline)) void *
us_hold_guarded(struct vk_us *us, us_translate_fn translate, gva_t uaddr, unsigned acc,
    void **cookie)
{
	unsigned tries;

	for (tries = 0; tries < US_TRIES; tries++) {
		uint64_t seen = us->guard.ops->look(us->guard.ctx);
		void *page = us_hold_page(us, translate, uaddr, acc, cookie);

		if (page == NULL || us->guard.ops->enter(us->guard.ctx, seen))
			return page;
		us->mem.ops->release(us->mem.ctx, *cookie);
	}
	return NULL;
}

/*
 * Translates and holds; NULL when the user could not have made the access.  A page that needs no
 * holding has the user space itself as its cookie.
 */
static inline void *
us_hold(struct vk_us *us, us_translate_fn translate, gva_t uaddr, unsigned acc, void **cookie)
{
	if (us->direct.ctx != NULL) {
		void *page = (acc & VK_ACC_W) ? us->direct.write(us->direct.ctx, uaddr) :
						us->direct.read(us->direct.ctx, uaddr);

		*cookie = us;
		if (page != NULL)
			return page;
	}
	if (us->guard.ops != NULL)
		return us_hold_guarded(us, translate, uaddr, acc, cookie);
	return us_hold_page(us, translate, uaddr, acc, cookie);
}

static inline void
us_release(struct vk_us *us, void *cookie)
{
	if (cookie == us)
		return;
	if (us->guard.ops != NULL)
		us->guard.ops->leave(us->guard.ctx);
	us->mem.ops->release(us->mem.ctx, cookie);
}

/* --- the short way ------------------------------------------------------------------------- */

#define US_PAGES 40 /* found at once */
#define US_LINE  64 /* bytes that a prefetch asks for */

/* Lines of the next page to ask for; by then the processor sees the pattern, of reads sooner. */
#define US_AHEAD_READ  2
#define US_AHEAD_WRITE 8

/* Finds pages of [uaddr, uaddr + len), which is user space, at most US_PAGES. */
static inline size_t
us_find(struct vk_us *us, struct vk_direct_cursor *cursor, gva_t uaddr, size_t len, unsigned acc,
    void **page)
{
	size_t bytes = (size_t)(uaddr.v & VK_PAGE_OFFSET_MASK) + len;
	size_t count = US_PAGES;

	if (bytes < US_PAGES * (size_t)VK_PAGE_BYTES)
		count = (bytes + VK_PAGE_BYTES - 1) >> VK_PAGE_SHIFT;
	return us->direct.find(us->direct.ctx, cursor, uaddr, acc, count, page);
}

static inline void
us_prefetch(const char *page, unsigned lines)
{
	unsigned i;

	for (i = 0; i < lines; i++)
		__builtin_prefetch(page + i * US_LINE);
}

/* Moves pages for as long as some are found; returns how many bytes. */
static __attribute__((noinline)) size_t
us_copyin_found(struct vk_us *us, gva_t uaddr, char *kaddr, size_t len)
{
	struct vk_direct_cursor cursor = {{0, 0, 0}};
	size_t moved = 0, found = 1, i;
	void *page[US_PAGES];

	while (found != 0 && moved < len) {
		found = us_find(us, &cursor, vk_gva(uaddr.v + moved), len - moved, VK_ACC_R,
		    page);
		for (i = 0; i < found; i++) {
			size_t piece = us_piece(vk_gva(uaddr.v + moved), len - moved);

			if (i + 1 < found)
				us_prefetch(page[i + 1], US_AHEAD_READ);
			us_move(kaddr + moved, page[i], piece);
			moved += piece;
		}
	}
	return moved;
}

static __attribute__((noinline)) size_t
us_copyout_found(struct vk_us *us, const char *kaddr, gva_t uaddr, size_t len)
{
	struct vk_direct_cursor cursor = {{0, 0, 0}};
	size_t moved = 0, found = 1, i;
	void *page[US_PAGES];

	while (found != 0 && moved < len) {
		found = us_find(us, &cursor, vk_gva(uaddr.v + moved), len - moved, VK_ACC_W,
		    page);
		for (i = 0; i < found; i++) {
			size_t piece = us_piece(vk_gva(uaddr.v + moved), len - moved);

			if (i + 1 < found)
				us_prefetch(page[i + 1], US_AHEAD_WRITE);
			us_move(page[i], kaddr + moved, piece);
			moved += piece;
		}
	}
	return moved;
}

/* Moves what the short way reaches; where it stops, the next page needs the long way. */
static inline size_t
us_copyin_short(struct vk_us *us, gva_t uaddr, char *kaddr, size_t len)
{
	const void *page;

	if (us->direct.ctx == NULL)
		return 0;
	if (us_piece(uaddr, len) < len)
		return us_copyin_found(us, uaddr, kaddr, len);
	page = us->direct.read(us->direct.ctx, uaddr);
	if (page == NULL)
		return 0;
	us_move(kaddr, page, len);
	return len;
}

static inline size_t
us_copyout_short(struct vk_us *us, const char *kaddr, gva_t uaddr, size_t len)
{
	void *page;

	if (us->direct.ctx == NULL)
		return 0;
	if (us_piece(uaddr, len) < len)
		return us_copyout_found(us, kaddr, uaddr, len);
	page = us->direct.write(us->direct.ctx, uaddr);
	if (page == NULL)
		return 0;
	us_move(page, kaddr, len);
	return len;
}

/* --- ranges and strings -------------------------------------------------------------------- */

/* Goes on with the page after the first `moved` bytes; returns how many have been moved in all. */
static __attribute__((noinline)) size_t
us_copyin_long(struct vk_us *us, us_translate_fn translate, gva_t uaddr, char *kaddr, size_t len,
    size_t moved)
{
	while (moved < len) {
		gva_t at = vk_gva(uaddr.v + moved);
		size_t piece = us_piece(at, len - moved);
		void *cookie;
		const void *page = us_hold(us, translate, at, VK_ACC_R, &cookie);

		if (page == NULL)
			break;
		us_move(kaddr + moved, page, piece);
		us_release(us, cookie);
		moved += piece;
		at = vk_gva(uaddr.v + moved);
		if (moved < len)
			moved += us_copyin_short(us, at, kaddr + moved, len - moved);
	}
	return moved;
}

static inline int
us_copyin(struct vk_us *us, us_translate_fn translate, gva_t uaddr, void *kaddr, size_t len,
    size_t *done)
{
	size_t moved = 0;

	if (len != 0 && us_has_range(us, uaddr, len)) {
		moved = us_copyin_short(us, uaddr, kaddr, len);
		if (moved < len)
			moved = us_copyin_long(us, translate, uaddr, kaddr, len, moved);
	}
	if (done != NULL)
		*done = moved;
	return moved == len ? VK_OK : VK_EFAULT;
}

static __attribute__((noinline)) size_t
us_copyout_long(struct vk_us *us, us_translate_fn translate, const char *kaddr, gva_t uaddr,
    size_t len, size_t moved)
{
	while (moved < len) {
		gva_t at = vk_gva(uaddr.v + moved);
		size_t piece = us_piece(at, len - moved);
		void *cookie;
		void *page = us_hold(us, translate, at, VK_ACC_W, &cookie);

		if (page == NULL)
			break;
		us_move(page, kaddr + moved, piece);
		us_release(us, cookie);
		moved += piece;
		at = vk_gva(uaddr.v + moved);
		if (moved < len)
			moved += us_copyout_short(us, kaddr + moved, at, len - moved);
	}
	return moved;
}

static inline int
us_copyout(struct vk_us *us, us_translate_fn translate, const void *kaddr, gva_t uaddr, size_t len,
    size_t *done)
{
	size_t moved = 0;

	if (len != 0 && us_has_range(us, uaddr, len)) {
		moved = us_copyout_short(us, kaddr, uaddr, len);
		if (moved < len)
			moved = us_copyout_long(us, translate, kaddr, uaddr, len, moved);
	}
	if (done != NULL)
		*done = moved;
	return moved == len ? VK_OK : VK_EFAULT;
}

static inline int
us_copyinstr(struct vk_us *us, us_translate_fn translate, gva_t uaddr, char *kaddr, size_t len,
    size_t *done)
{
	int error = VK_ENAMETOOLONG, ended = 0;
	size_t moved = 0;

	while (!ended && moved < len) {
		gva_t at = vk_gva(uaddr.v + moved);
		size_t piece = us_piece(at, len - moved);
		const char *page = NULL;
		void *cookie;

		/* The string may end long before len: only what is read must be user space. */
		if (at.v < us->end.v)
			page = us_hold(us, translate, at, VK_ACC_R, &cookie);
		if (page == NULL) {
			error = VK_EFAULT;
			break;
		}
		if (piece > us->end.v - at.v)
			piece = (size_t)(us->end.v - at.v);
		moved += us_move_string(kaddr + moved, page, piece, &ended);
		us_release(us, cookie);
	}
	if (done != NULL)
		*done = moved;
	return ended ? VK_OK : error;
}

/*
 * Stores a value that straddles two pages: the second page is tried before the first is written, so
 * that a store which faults has stored nothing.
 */
static inline int
us_store(struct vk_us *us, us_translate_fn translate, gva_t uaddr, const void *value, size_t size)
{
	size_t piece = us_piece(uaddr, size);

	if (!us_has_range(us, uaddr, size))
		return VK_EFAULT;
	if (piece < size) {
		void *cookie;

		if (us_hold(us, translate, vk_gva(uaddr.v + piece), VK_ACC_W, &cookie) == NULL)
			return VK_EFAULT;
		us_release(us, cookie);
	}
	return us_copyout(us, translate, value, uaddr, size, NULL);
}

static inline int
us_is_aligned(gva_t uaddr, size_t size)
{
	return (uaddr.v & (size - 1)) == 0;
}

/* Holds the aligned word at uaddr, to be used in one piece. */
static inline void *
us_hold_word(struct vk_us *us, us_translate_fn translate, gva_t uaddr, size_t size, unsigned acc,
    void **cookie)
{
	if (!us_is_aligned(uaddr, size) || !us_has_range(us, uaddr, size))
		return NULL;
	return us_hold(us, translate, uaddr, acc, cookie);
}

/* The atomic operations of one width, over one translation. */
#define US_ATOMICS(family, bits)                                                                \
	int family##_swapu##bits(struct vk_us *us, gva_t uaddr, uint##bits##_t value,           \
	    uint##bits##_t *old)                                                                \
	{                                                                                       \
		void *cookie;                                                                   \
		uint##bits##_t *word = us_hold_word(us, family##_translate, uaddr,              \
		    sizeof(value), VK_ACC_R | VK_ACC_W, &cookie);                               \
                                                                                                \
		if (word == NULL)                                                               \
			return VK_EFAULT;                                                       \
		*old = vk_atomic_swap##bits(word, value);                                       \
		us_release(us, cookie);                                                         \
		return VK_OK;                                                                   \
	}                                                                                       \
                                                                                                \
	int family##_casu##bits(struct vk_us *us, gva_t uaddr, uint##bits##_t expected,         \
	    uint##bits##_t value, uint##bits##_t *old)                                          \
	{                                                                                       \
		void *cookie;                                                                   \
		uint##bits##_t *word = us_hold_word(us, family##_translate, uaddr,              \
		    sizeof(value), VK_ACC_R | VK_ACC_W, &cookie);                               \
                                                                                                \
		if (word == NULL)                                                               \
			return VK_EFAULT;                                                       \
		(void)vk_atomic_cas##bits(word, expected, value, old);                          \
		us_release(us, cookie);                                                         \
		return VK_OK;                                                                   \
	}                                                                                       \
                                                                                                \
	int family##_fuwordadd##bits(struct vk_us *us, gva_t uaddr, uint##bits##_t add,         \
	    uint##bits##_t *old)                                                                \
	{                                                                                       \
		void *cookie;                                                                   \
		uint##bits##_t *word = us_hold_word(us, family##_translate, uaddr,              \
		    sizeof(add), VK_ACC_R | VK_ACC_W, &cookie);                                 \
                                                                                                \
		if (word == NULL)                                                               \
			return VK_EFAULT;                                                       \
		*old = vk_atomic_add##bits(word, add);                                          \
		us_release(us, cookie);                                                         \
		return VK_OK;                                                                   \
	}

/* Fetch and store of one width: an aligned value in one piece, as the instructions do it. */
#define US_WORDS(family, fetch, store, type)                                                    \
	int family##_##fetch(struct vk_us *us, gva_t uaddr, type *value)                        \
	{                                                                                       \
		void *cookie;                                                                   \
		const type *at;                                                                 \
		type word;                                                                      \
                                                                                                \
		if (!us_is_aligned(uaddr, sizeof(word))) {                                      \
			if (us_copyin(us, family##_translate, uaddr, &word, sizeof(word),       \
				NULL) != VK_OK)                                                 \
				return VK_EFAULT;                                               \
			*value = word;                                                          \
			return VK_OK;                                                           \
		}                                                                               \
		at = us_hold_word(us, family##_translate, uaddr, sizeof(word), VK_ACC_R,        \
		    &cookie);                                                                   \
		if (at == NULL)                                                                 \
			return VK_EFAULT;                                                       \
		*value = __atomic_load_n(at, __ATOMIC_RELAXED);                                 \
		us_release(us, cookie);                                                         \
		return VK_OK;                                                                   \
	}                                                                                       \
                                                                                                \
	int family##_##store(struct vk_us *us, gva_t uaddr, type value)                         \
	{                                                                                       \
		void *cookie;                                                                   \
		type *at;                                                                       \
                                                                                                \
		if (!us_is_aligned(uaddr, sizeof(value)))                                       \
			return us_store(us, family##_translate, uaddr, &value, sizeof(value));  \
		at = us_hold_word(us, family##_translate, uaddr, sizeof(value), VK_ACC_W,       \
		    &cookie);                                                                   \
		if (at == NULL)                                                                 \
			return VK_EFAULT;                                                       \
		__atomic_store_n(at, value, __ATOMIC_RELAXED);                                  \
		us_release(us, cookie);                                                         \
		return VK_OK;                                                                   \
	}

#define US_FAMILY(family)                                                                       \
	int family##_copyin(struct vk_us *us, gva_t uaddr, void *kaddr, size_t len,             \
	    size_t *done)                                                                       \
	{                                                                                       \
		return us_copyin(us, family##_translate, uaddr, kaddr, len, done);              \
	}                                                                                       \
                                                                                                \
	int family##_copyout(struct vk_us *us, const void *kaddr, gva_t uaddr, size_t len,      \
	    size_t *done)                                                                       \
	{                                                                                       \
		return us_copyout(us, family##_translate, kaddr, uaddr, len, done);             \
	}                                                                                       \
                                                                                                \
	int family##_copyinstr(struct vk_us *us, gva_t uaddr, char *kaddr, size_t len,          \
	    size_t *done)                                                                       \
	{                                                                                       \
		return us_copyinstr(us, family##_translate, uaddr, kaddr, len, done);           \
	}                                                                                       \
                                                                                                \
	US_WORDS(family, fubyte, subyte, uint8_t)                                               \
	US_WORDS(family, fuword32, suword32, uint32_t)                                          \
	US_WORDS(family, fuword64, suword64, uint64_t)                                          \
	US_ATOMICS(family, 32)                                                                  \
	US_ATOMICS(family, 64)

US_FAMILY(std)
US_FAMILY(ept)
