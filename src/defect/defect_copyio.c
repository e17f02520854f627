/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The copy functions of a guest's memory, with the defects that DragonFly's have had.
 *
 * One family, whose functions ask the set of defects what to leave out.  Without any it keeps to
 * the contract of copyio.h, over the walk of defect_walk.c.
 */
#include "defect/defect.h"

#define STRING_PIECE 32u
#define TRIES        1024
#define KERNEL_EFAULT 14u /* DragonFly's number, as it got into values */

static bool
has(const struct vk_us *us, enum defect defect)
{
	return defects_have(defects_of_us(us), defect);
}

static int
has_range(const struct vk_us *us, gva_t uaddr, size_t len)
{
	return has(us, DEFECT_NO_RANGE_CHECK) ||
	    (uaddr.v + (len - 1) >= uaddr.v && uaddr.v + (len - 1) < us->end.v);
}

static size_t
piece_of(gva_t uaddr, size_t len)
{
	size_t room = VK_PAGE_BYTES - (size_t)(uaddr.v & VK_PAGE_OFFSET_MASK);

	return len < room ? len : room;
}

static void *
hold_gpa(struct vk_us *us, gpa_t gpa, unsigned acc, void **cookie)
{
	struct machine_process *process = defects_of_us(us)->process;
	uint64_t page = gpa.v & ~VK_PAGE_OFFSET_MASK;

	if (has(us, DEFECT_COPY_UNGUARDED))
		defect_window();
	if (has(us, DEFECT_COPYIO_REMOVES_PAGES) && process != NULL)
		machine_process_revoke(process, page, page + VK_PAGE_BYTES, true);
	return us->mem.ops->hold(us->mem.ctx, gpa, acc, cookie);
}

/*
 * Holds the page of uaddr, inside the guard if there is one.  *gpa gets its address, or has it
 * already when the page is `known`.
 */
static void *
hold_page(struct vk_us *us, gva_t uaddr, unsigned acc, bool known, gpa_t *gpa, void **cookie)
{
	const struct vk_guard *guard = &us->guard;
	unsigned tries;

	for (tries = 0; tries < TRIES; tries++) {
		uint64_t seen = guard->ops != NULL ? guard->ops->look(guard->ctx) : 0;
		void *page;

		if (!known && !defect_translate(defects_of_us(us), us, uaddr, acc, gpa))
			return NULL;
		page = hold_gpa(us, *gpa, acc, cookie);
		if (page == NULL || guard->ops == NULL || guard->ops->enter(guard->ctx, seen))
			return page;
		us->mem.ops->release(us->mem.ctx, *cookie);
	}
	return NULL;
}

static void *
hold(struct vk_us *us, gva_t uaddr, unsigned acc, void **cookie)
{
	gpa_t gpa;

	return hold_page(us, uaddr, acc, false, &gpa, cookie);
}

static void
release(struct vk_us *us, void *cookie)
{
	if (us->guard.ops != NULL)
		us->guard.ops->leave(us->guard.ctx);
	us->mem.ops->release(us->mem.ctx, cookie);
}

/* Moves bytes page by page: in when `kin` is given, else out. */
static int
move(struct vk_us *us, gva_t uaddr, char *kin, const char *kout, size_t len, size_t *done)
{
	unsigned acc = kin != NULL ? VK_ACC_R : VK_ACC_W;
	size_t moved = 0;
	gpa_t first = vk_gpa(0);
	int error = len == 0 || has_range(us, uaddr, len) ? VK_OK : VK_EFAULT;

	while (error == VK_OK && moved < len) {
		gva_t at = vk_gva(uaddr.v + moved);
		size_t piece = piece_of(at, len - moved);
		bool follows = moved != 0 && has(us, DEFECT_FIRST_PAGE_ONLY);
		gpa_t gpa = vk_gpa(first.v + moved);
		void *cookie;
		char *page = hold_page(us, at, acc, follows, &gpa, &cookie);

		if (moved == 0)
			first = gpa;
		if (page == NULL) {
			error = VK_EFAULT;
			break;
		}
		if (kin != NULL)
			__builtin_memcpy(kin + moved, page, piece);
		else
			__builtin_memcpy(page, kout + moved, piece);
		release(us, cookie);
		moved += piece;
	}
	if (done != NULL)
		*done = moved;
	return error;
}

static int
defect_copyin(struct vk_us *us, gva_t uaddr, void *kaddr, size_t len, size_t *done)
{
	return move(us, uaddr, kaddr, NULL, len, done);
}

static int
defect_copyout(struct vk_us *us, const void *kaddr, gva_t uaddr, size_t len, size_t *done)
{
	return move(us, uaddr, NULL, kaddr, len, done);
}

/* How many bytes a string has, its NUL among them; 0 when it has none that can be read. */
static size_t
measure(struct vk_us *us, gva_t uaddr, size_t len)
{
	size_t n = 0, piece, i;

	for (; n < len; n += piece) {
		gva_t at = vk_gva(uaddr.v + n);
		const char *page = NULL;
		void *cookie;

		piece = piece_of(at, len - n);
		if (has_range(us, at, 1))
			page = hold(us, at, VK_ACC_R, &cookie);
		if (page == NULL)
			return 0;
		for (i = 0; i < piece && page[i] != '\0'; i++)
			;
		release(us, cookie);
		if (i < piece)
			return n + i + 1;
	}
	return 0;
}

/* The user may write the string between the two readings. */
static int
copy_measured(struct vk_us *us, gva_t uaddr, char *kaddr, size_t len, size_t *done)
{
	size_t size = measure(us, uaddr, len);

	vk_pause();
	if (size != 0)
		return move(us, uaddr, kaddr, NULL, size, done);
	if (done != NULL)
		*done = 0;
	return VK_EFAULT;
}

static int
defect_copyinstr(struct vk_us *us, gva_t uaddr, char *kaddr, size_t len, size_t *done)
{
	bool whole = has(us, DEFECT_STRING_PIECES), ended = false;
	size_t moved = 0, touched = 0;
	int error = VK_ENAMETOOLONG;

	if (has(us, DEFECT_STRING_READ_TWICE))
		return copy_measured(us, uaddr, kaddr, len, done);
	while (!ended && moved < len) {
		gva_t at = vk_gva(uaddr.v + moved);
		size_t piece = piece_of(at, len - moved), i;
		const char *page = NULL;
		void *cookie;

		if (piece > STRING_PIECE)
			piece = STRING_PIECE;
		if (has_range(us, at, 1))
			page = hold(us, at, VK_ACC_R, &cookie);
		if (page == NULL) {
			error = VK_EFAULT;
			break;
		}
		for (i = 0; i < piece && (whole || !ended); i++) {
			kaddr[touched++] = page[i];
			moved += !ended;
			ended = ended || page[i] == '\0';
		}
		release(us, cookie);
	}
	if (done != NULL)
		*done = moved;
	return ended ? VK_OK : error;
}

/* --- words ------------------------------------------------------------------------------------ */

static int
fetch(struct vk_us *us, gva_t uaddr, void *value, size_t size)
{
	int error = move(us, uaddr, value, NULL, size, NULL);

	if (error == VK_OK || !has(us, DEFECT_ERROR_IN_BAND))
		return error;
	__builtin_memset(value, 0xff, size);
	return VK_OK;
}

static int
store(struct vk_us *us, gva_t uaddr, const void *value, size_t size)
{
	size_t piece = piece_of(uaddr, size);
	void *cookie;

	if (piece < size && !has(us, DEFECT_STORE_IN_PARTS)) {
		if (hold(us, vk_gva(uaddr.v + piece), VK_ACC_W, &cookie) == NULL)
			return VK_EFAULT;
		release(us, cookie);
	}
	return move(us, uaddr, NULL, value, size, NULL);
}

/* Holds the word of an atomic operation. */
static void *
hold_word(struct vk_us *us, gva_t uaddr, size_t size, bool twice, void **cookie)
{
	gpa_t gpa;

	if (!has_range(us, uaddr, size) || (uaddr.v & (size - 1)) != 0 ||
	    (has(us, DEFECT_SWAP32_NEEDS_8_BYTES) && piece_of(uaddr, 8) < 8))
		return NULL;
	if (!twice)
		return hold(us, uaddr, VK_ACC_R | VK_ACC_W, cookie);
	if (!defect_translate(defects_of_us(us), us, uaddr, VK_ACC_R, &gpa))
		return NULL;
	return hold(us, vk_gva(gpa.v), VK_ACC_R | VK_ACC_W, cookie);
}

/* What an operation that could not be made gives back. */
static int
atomic_failed(const struct vk_us *us, gva_t uaddr, size_t size, uint64_t *old)
{
	uint64_t number = KERNEL_EFAULT;

	if (!has(us, DEFECT_EFAULT_AS_VALUE))
		return VK_EFAULT;
	*old = piece_of(uaddr, size) < size ? 0 - number : number;
	return VK_OK;
}

#define DEFECT_VALUES(bits, name)                                                                \
	static int defect_fu##name(struct vk_us *us, gva_t uaddr, uint##bits##_t *value)        \
	{                                                                                       \
		return fetch(us, uaddr, value, sizeof(*value));                                 \
	}                                                                                       \
                                                                                                \
	static int defect_su##name(struct vk_us *us, gva_t uaddr, uint##bits##_t value)         \
	{                                                                                       \
		return store(us, uaddr, &value, sizeof(value));                                 \
	}

#define DEFECT_ATOMICS(bits)                                                                    \
	static int defect_swapu##bits(struct vk_us *us, gva_t uaddr, uint##bits##_t value,      \
	    uint##bits##_t *old)                                                                \
	{                                                                                       \
		void *cookie;                                                                   \
		uint##bits##_t *word = hold_word(us, uaddr, sizeof(value), false, &cookie);     \
		uint64_t failed = 0;                                                            \
		int error;                                                                      \
                                                                                                \
		if (word == NULL) {                                                             \
			error = atomic_failed(us, uaddr, sizeof(value), &failed);               \
			*old = (uint##bits##_t)failed;                                          \
			return error;                                                           \
		}                                                                               \
		*old = vk_atomic_swap##bits(word, value);                                       \
		release(us, cookie);                                                            \
		return VK_OK;                                                                   \
	}                                                                                       \
                                                                                                \
	static int defect_casu##bits(struct vk_us *us, gva_t uaddr, uint##bits##_t expected,    \
	    uint##bits##_t value, uint##bits##_t *old)                                          \
	{                                                                                       \
		void *cookie;                                                                   \
		uint##bits##_t *word;                                                           \
                                                                                                \
		if (has(us, DEFECT_CAS_BYPASSES_TABLE))                                         \
			return std_casu##bits(us, uaddr, expected, value, old);                 \
		word = hold_word(us, uaddr, sizeof(value), false, &cookie);                     \
		if (word == NULL)                                                               \
			return VK_EFAULT;                                                       \
		(void)vk_atomic_cas##bits(word, expected, value, old);                          \
		release(us, cookie);                                                            \
		return VK_OK;                                                                   \
	}                                                                                       \
                                                                                                \
	static int defect_fuwordadd##bits(struct vk_us *us, gva_t uaddr, uint##bits##_t add,    \
	    uint##bits##_t *old)                                                                \
	{                                                                                       \
		void *cookie;                                                                   \
		uint##bits##_t *word = hold_word(us, uaddr, sizeof(add),                        \
		    has(us, DEFECT_ADD_TRANSLATES_TWICE), &cookie);                             \
		uint64_t failed = 0;                                                            \
		int error;                                                                      \
                                                                                                \
		if (word == NULL) {                                                             \
			error = atomic_failed(us, uaddr, sizeof(add), &failed);                 \
			*old = (uint##bits##_t)failed;                                          \
			return error;                                                           \
		}                                                                               \
		*old = vk_atomic_add##bits(word, add);                                          \
		release(us, cookie);                                                            \
		return VK_OK;                                                                   \
	}

DEFECT_VALUES(8, byte)
DEFECT_VALUES(32, word32)
DEFECT_VALUES(64, word64)
DEFECT_ATOMICS(32)
DEFECT_ATOMICS(64)

const struct vk_pmap defect_family = {
	.name = "ept",
	.copyin = defect_copyin,
	.copyout = defect_copyout,
	.copyinstr = defect_copyinstr,
	.fubyte = defect_fubyte,
	.subyte = defect_subyte,
	.fuword32 = defect_fuword32,
	.fuword64 = defect_fuword64,
	.suword32 = defect_suword32,
	.suword64 = defect_suword64,
	.swapu32 = defect_swapu32,
	.swapu64 = defect_swapu64,
	.casu32 = defect_casu32,
	.casu64 = defect_casu64,
	.fuwordadd32 = defect_fuwordadd32,
	.fuwordadd64 = defect_fuwordadd64,
};
