/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copy functions of both families.
 *
 * The loops are written once, over a function that turns a user address into a guest-physical one:
 * the identity for an ordinary process, a walk of the guest's tables for one in guest mode.  A loop
 * goes page by page: translate, hold, move, release.  Between the translation and the hold the
 * guest may change its tables; that is a change the guest made while the call was under way, and
 * the translation is one that the processor too could have used.
 */
#include "copyio/copyio.h"
#include "copyio/vk_pmap.h"

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

/* Bytes from `uaddr` to the end of its page, at most `len`. */
static size_t
us_piece(gva_t uaddr, size_t len)
{
	size_t room = VK_PAGE_BYTES - (size_t)(uaddr.v & VK_PAGE_OFFSET_MASK);

	return len < room ? len : room;
}

/* Translates and holds; NULL when the user could not have made the access. */
static inline void *
us_hold(struct vk_us *us, us_translate_fn translate, gva_t uaddr, unsigned acc, void **cookie)
{
	gpa_t gpa;

	if (!translate(us, uaddr, acc, &gpa))
		return NULL;
	return us->mem.ops->hold(us->mem.ctx, gpa, acc, cookie);
}

static void
us_release(struct vk_us *us, void *cookie)
{
	us->mem.ops->release(us->mem.ctx, cookie);
}

static inline int
us_copyin(struct vk_us *us, us_translate_fn translate, gva_t uaddr, void *kaddr, size_t len,
    size_t *done)
{
	size_t moved = 0;
	int error = VK_OK;

	if (len != 0 && !us_has_range(us, uaddr, len))
		error = VK_EFAULT;
	while (error == VK_OK && moved < len) {
		gva_t at = vk_gva(uaddr.v + moved);
		size_t piece = us_piece(at, len - moved);
		void *cookie;
		const void *page = us_hold(us, translate, at, VK_ACC_R, &cookie);

		if (page == NULL) {
			error = VK_EFAULT;
			break;
		}
		__builtin_memcpy((char *)kaddr + moved, page, piece);
		us_release(us, cookie);
		moved += piece;
	}
	if (done != NULL)
		*done = moved;
	return error;
}

static inline int
us_copyout(struct vk_us *us, us_translate_fn translate, const void *kaddr, gva_t uaddr, size_t len,
    size_t *done)
{
	size_t moved = 0;
	int error = VK_OK;

	if (len != 0 && !us_has_range(us, uaddr, len))
		error = VK_EFAULT;
	while (error == VK_OK && moved < len) {
		gva_t at = vk_gva(uaddr.v + moved);
		size_t piece = us_piece(at, len - moved);
		void *cookie;
		void *page = us_hold(us, translate, at, VK_ACC_W, &cookie);

		if (page == NULL) {
			error = VK_EFAULT;
			break;
		}
		__builtin_memcpy(page, (const char *)kaddr + moved, piece);
		us_release(us, cookie);
		moved += piece;
	}
	if (done != NULL)
		*done = moved;
	return error;
}

/* Moves bytes up to and including a NUL, each read once; returns how many. */
static size_t
us_move_string(char *to, const char *from, size_t limit, int *ended)
{
	size_t n = 0;

	while (n < limit && !*ended) {
		char byte = __atomic_load_n(&from[n], __ATOMIC_RELAXED);

		to[n++] = byte;
		*ended = byte == '\0';
	}
	return n;
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
		if (at.v >= uaddr.v && at.v < us->end.v)
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
