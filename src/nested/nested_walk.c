/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast and the readable two-dimensional walk over a flat window of host-physical memory.
 *
 * The fast walk is made of two steps, from an EPT entry to the next and from a guest entry to the
 * next, that the compiler lays out 20 and 4 times.  What it may answer is decided when the patterns
 * are made, by the functions that the readable walk judges with; a step only compares.
 *
 *	EPT entry naming a table	exactly a frame and the flags of n->table_minus
 *	EPT leaf of a guest table	n->leaf: writable and dirty where A/D makes its use a write
 *	guest entry			rights->table, rights->leaf: P, A and what the access needs
 *	EPT leaf of the page		rights->page
 *
 * One comparison an entry tells all of it.  The expected flags are subtracted; what is left is a
 * frame, and zeroes around it, if and only if the flags were the expected ones, since no two
 * entries have the same difference.  Which frames there are is known: those of the window, or of
 * the guest-physical addresses that a 4-level EPT translates.  So the one test stands for all
 * rights, all flags, all reserved bits and the bounds of memory.
 *
 * Not modelled by the fast walk: five levels, paging switched off, memory types other than
 * write-back, execute-only pages, protection keys other than 0.  The readable walk has the limits
 * of guestpt and ept.
 */
#include "nested/nested_walk.h"

#define NESTED_INLINE static inline __attribute__((always_inline))
#define NESTED_RARELY(condition) __builtin_expect(!!(condition), 0)

/* A test counts the reads of the fast walk by defining this before it includes this file. */
#ifndef NESTED_READ
#define NESTED_READ(place) (*(place))
#endif

#define EPT_WB (6ull << EPT_MEMTYPE_SHIFT)
#define FRAME_BITS VK_BITS(51, VK_PAGE_SHIFT)
#define GPA_WIDTH 48 /* of a 4-level EPT */
#define GVA_WIDTH 48

/* --- the fast walk ------------------------------------------------------------------------- */

/*
 * Returns its argument, in a register, as a value about which the compiler knows nothing: it can
 * neither compute it a second time nor move parts of it elsewhere.
 */
NESTED_INLINE uint64_t
nested_opaque(uint64_t value)
{
	__asm__("" : "+r"(value));
	return value;
}

/*
 * Reads an entry, once.  It is a plain load, which can use every form of address (gcc gives a
 * volatile one an instruction of its own to compute it), and it cannot be repeated: its only use is
 * to become opaque.
 */
NESTED_INLINE uint64_t
nested_read(uintptr_t place)
{
	return nested_opaque(NESTED_READ((const uint64_t *)place));
}

/*
 * A row is where an address has its entry in each table of a level: `row` + the entry that names
 * the table is the place to read.  The entry's flags were subtracted from the row's base, not from
 * the entry, so that nothing but the loads depends on each other.  Being opaque keeps the sum from
 * being made in the other order.
 */
NESTED_INLINE uintptr_t
nested_row(uintptr_t base, uint64_t address, unsigned level)
{
	uint64_t index = address >> (vk_level_shift(level) - 3) & (VK_TABLE_ENTRIES - 1) * 8;

	return nested_opaque(base + index);
}

/*
 * Whether what is left of an EPT entry is anything but a frame of the window.  Turned right by the
 * page shift, a frame is its number, and any other bit makes the number too large.
 */
NESTED_INLINE int
nested_is_outside(const struct nested *n, uint64_t left)
{
	return (left >> VK_PAGE_SHIFT | left << (64 - VK_PAGE_SHIFT)) >= n->frames;
}

/*
 * Makes of an entry that may map a large page the entry that would map the 4 KiB page of `address`
 * in it.  `test` is PS and the address bits that have to be clear in it, or 0 if there are no such
 * pages.
 */
NESTED_INLINE int
nested_split(uint64_t *entry, uint64_t test, uint64_t address, unsigned level)
{
	uint64_t low = VK_BITS(vk_level_shift(level) - 1, VK_PAGE_SHIFT);
	int is_large = (*entry & test) == EPT_PS;

	*entry = (*entry & ~low) | (address & low);
	return is_large;
}

/*
 * Follows the EPT from its root to the leaf for `gpa`, which is read and not judged.  Bits 11:0 of
 * `gpa` may be anything, bits 63:48 are clear.  `row` has the rows of an address known before, or
 * is NULL.  `large` is a constant: whether pages of more than 4 KiB are followed.
 */
NESTED_INLINE int
nested_find_leaf(const struct nested *n, uint64_t gpa, const uintptr_t *row, int large,
    uint64_t *leaf)
{
	*leaf = nested_read(row ? row[4] : n->root + (gpa >> vk_level_shift(4)) * 8);
	if (NESTED_RARELY(nested_is_outside(n, *leaf + n->table_minus)))
		return 0;
	*leaf = nested_read(*leaf + (row ? row[3] : nested_row(n->table_row, gpa, 3)));
	if (NESTED_RARELY(nested_is_outside(n, *leaf + n->table_minus)))
		return large && nested_split(leaf, n->ept_large[3], gpa, 3);
	*leaf = nested_read(*leaf + (row ? row[2] : nested_row(n->table_row, gpa, 2)));
	if (NESTED_RARELY(nested_is_outside(n, *leaf + n->table_minus)))
		return large && nested_split(leaf, n->ept_large[2], gpa, 2);
	*leaf = nested_read(*leaf + (row ? row[1] : nested_row(n->table_row, gpa, 1)));
	return 1;
}

/* Reads the guest entry of `level`; `table` is the entry, or CR3, that names the table it is in. */
NESTED_INLINE int
nested_find_entry(const struct nested *n, uint64_t table, const uintptr_t *row, int large,
    gva_t gva, unsigned level, uint64_t *entry)
{
	uint64_t leaf;

	if (NESTED_RARELY(!nested_find_leaf(n, table, row, large, &leaf)))
		return 0;
	leaf &= n->leaf.care;
	if (NESTED_RARELY(nested_is_outside(n, leaf + n->leaf.minus)))
		return 0;
	*entry = nested_read(leaf + nested_row(n->leaf_row, gva.v, level));
	return 1;
}

/* Whether a guest entry is as the pattern wants it; drops what the pattern does not care for. */
NESTED_INLINE int
nested_guest_passes(const struct nested *n, const struct nested_pattern *pattern, uint64_t *entry)
{
	*entry &= pattern->care;
	return !NESTED_RARELY((*entry + pattern->minus) & n->not_gpa_frame);
}

/* Finds the guest entry that maps the page of `gva`, for a large page as if it were many small. */
NESTED_INLINE int
nested_find_page(const struct nested *n, const struct nested_pattern *table, gva_t gva, int large,
    uint64_t *page)
{
	uint64_t entry, next;

	if (!nested_find_entry(n, n->mode.cr3, n->cr3_row, large, gva, 4, &entry) ||
	    !nested_guest_passes(n, table, &entry) ||
	    !nested_find_entry(n, entry, NULL, large, gva, 3, page))
		return 0;
	next = *page;
	if (!nested_guest_passes(n, table, &next))
		return large && nested_split(page, n->guest_large[3], gva.v, 3);
	if (!nested_find_entry(n, next, NULL, large, gva, 2, page))
		return 0;
	next = *page;
	if (!nested_guest_passes(n, table, &next))
		return large && nested_split(page, n->guest_large[2], gva.v, 2);
	return nested_find_entry(n, next, NULL, large, gva, 1, page);
}

/* The whole walk, compiled for small pages alone and for pages of all sizes. */
NESTED_INLINE struct nested_fast
nested_walk_fast(const struct nested *n, const struct nested_rights *rights, gva_t gva, int large)
{
	struct nested_fast fast = { { 0 }, 0 };
	uint64_t page, leaf;

	__asm__ volatile("" ::: "memory"); /* what was read before this call does not count */
	if (NESTED_RARELY(!vk_gva_is_canonical(gva, GVA_WIDTH)) ||
	    !nested_find_page(n, &rights->table, gva, large, &page) ||
	    !nested_guest_passes(n, &rights->leaf, &page) ||
	    !nested_find_leaf(n, page, NULL, large, &leaf))
		return fast;
	leaf = (leaf & rights->page.care) + rights->page.minus;
	if (NESTED_RARELY(nested_is_outside(n, leaf)))
		return fast;
	fast.hpa = vk_hpa(leaf + (gva.v & VK_PAGE_OFFSET_MASK));
	fast.taken = 1;
	return fast;
}

struct nested_fast
nested_fast(const struct nested *n, const struct nested_rights *rights, gva_t gva)
{
	return nested_walk_fast(n, rights, gva, 0);
}

struct nested_fast
nested_fast_large(const struct nested *n, const struct nested_rights *rights, gva_t gva)
{
	return nested_walk_fast(n, rights, gva, 1);
}

/* --- many pages at once -------------------------------------------------------------------- */

/* Where a walk of consecutive pages is: what it need not read again. */
struct nested_cursor {
	uintptr_t row;     /* the guest's page table, biased as its rows are */
	uint64_t region;   /* bits 47:30 of the guest-physical addresses that `ept_row` is of */
	uintptr_t ept_row; /* biased likewise: the EPT's page directory for them */
};

#define NESTED_REGION(gpa) ((gpa) >> vk_level_shift(3))

/* Goes down to the guest's page table for `gva`. */
NESTED_INLINE int
nested_cursor_init(const struct nested *n, const struct nested_pattern *table, gva_t gva,
    struct nested_cursor *cursor)
{
	uint64_t entry, leaf;

	cursor->region = ~0ull;
	if (NESTED_RARELY(!vk_gva_is_canonical(gva, GVA_WIDTH)) ||
	    !nested_find_entry(n, n->mode.cr3, n->cr3_row, 1, gva, 4, &entry) ||
	    !nested_guest_passes(n, table, &entry) ||
	    !nested_find_entry(n, entry, NULL, 1, gva, 3, &entry) ||
	    !nested_guest_passes(n, table, &entry) ||
	    !nested_find_entry(n, entry, NULL, 1, gva, 2, &entry) ||
	    !nested_guest_passes(n, table, &entry) ||
	    !nested_find_leaf(n, entry, NULL, 1, &leaf))
		return 0;
	leaf &= n->leaf.care;
	cursor->row = leaf + n->leaf_row;
	return !NESTED_RARELY(nested_is_outside(n, leaf + n->leaf.minus));
}

/* Finds the EPT's page directory for another GiB of guest-physical memory. */
static int
nested_cursor_move(const struct nested *n, uint64_t gpa, struct nested_cursor *cursor)
{
	uint64_t entry = nested_read(n->root + (gpa >> vk_level_shift(4)) * 8);

	if (nested_is_outside(n, entry + n->table_minus))
		return 0;
	entry = nested_read(entry + nested_row(n->table_row, gpa, 3));
	if (nested_is_outside(n, entry + n->table_minus))
		return 0;
	cursor->ept_row = entry + n->table_row;
	cursor->region = NESTED_REGION(gpa);
	return 1;
}

/*
 * Where the EPT has its leaf for the page that the guest entry at `slot` maps: the first two reads
 * of three.  In the place of a large page's leaf, which is known by then, stands what it would be
 * for 4 KiB: it has R set, and so is no address of an entry.
 */
NESTED_INLINE int
nested_cursor_place(const struct nested *n, const struct nested_rights *rights, uintptr_t slot,
    struct nested_cursor *cursor, uint64_t *place)
{
	uint64_t page = nested_read(slot), entry;

	if (!nested_guest_passes(n, &rights->leaf, &page) ||
	    (NESTED_RARELY(NESTED_REGION(page) != cursor->region) &&
	    !nested_cursor_move(n, page, cursor)))
		return 0;
	entry = nested_read(cursor->ept_row + vk_level_index(page, 2) * 8);
	if (NESTED_RARELY(nested_is_outside(n, entry + n->table_minus))) {
		*place = entry;
		return nested_split(place, n->ept_large[2], page, 2) && (*place & EPT_R);
	}
	*place = entry + nested_row(n->table_row, page, 1);
	__builtin_prefetch((const void *)(uintptr_t)*place);
	return 1;
}

/* The third read: the offset in the window of the page whose leaf is at `place`. */
NESTED_INLINE int
nested_place_page(const struct nested *n, const struct nested_pattern *pattern, uint64_t place,
    uint64_t *offset)
{
	uint64_t leaf = NESTED_RARELY(place & EPT_R) ? place : nested_read((uintptr_t)place);

	*offset = (leaf & pattern->care) + pattern->minus;
	return !NESTED_RARELY(nested_is_outside(n, *offset));
}

/*
 * In two passes, since the EPT's leaves lie far apart and are seldom in the nearest cache: the
 * first asks for all of them, the second reads them.  In between page[] holds their places.
 */
static size_t
nested_find(void *ctx, struct vk_direct_cursor *kept, gva_t gva, unsigned acc, size_t count,
    void **page)
{
	const struct nested *n = ctx;
	enum nested_kind kind = (acc & VK_ACC_W) ? NESTED_USER_WRITE : NESTED_USER_READ;
	const struct nested_rights *rights = &n->rights[kind];
	size_t left = VK_TABLE_ENTRIES - vk_level_index(gva.v, 1), placed, found;
	struct nested_cursor cursor = {kept->note[0], kept->note[1], kept->note[2]};
	uint64_t offset = gva.v & VK_PAGE_OFFSET_MASK, value;
	uintptr_t slot;

	__asm__ volatile("" ::: "memory"); /* what was read before this call does not count */
	if (cursor.row == 0 && !nested_cursor_init(n, &rights->table, gva, &cursor))
		return 0;
	if (count > left)
		count = left;
	slot = cursor.row + vk_level_index(gva.v, 1) * sizeof(uint64_t);
	for (placed = 0; placed < count; placed++) {
		if (!nested_cursor_place(n, rights, slot, &cursor, &value))
			break;
		page[placed] = (void *)(uintptr_t)value;
		slot += sizeof(uint64_t);
	}
	for (found = 0; found < placed; found++) {
		if (!nested_place_page(n, &rights->page, (uintptr_t)page[found], &value))
			break;
		page[found] = (char *)n->window.base + value + offset;
		offset = 0;
	}
	kept->note[0] = found == left ? 0 : cursor.row; /* another table comes next */
	kept->note[1] = cursor.region;
	kept->note[2] = cursor.ept_row;
	return found;
}

static __attribute__((noinline)) void *
nested_direct_large(const struct nested *n, enum nested_kind kind, gva_t gva)
{
	struct nested_fast fast = nested_fast_large(n, &n->rights[kind], gva);

	return fast.taken ? (char *)n->window.base + fast.hpa.v : NULL;
}

NESTED_INLINE void *
nested_direct_page(const struct nested *n, enum nested_kind kind, gva_t gva)
{
	struct nested_fast fast = nested_walk_fast(n, &n->rights[kind], gva, 0);

	if (NESTED_RARELY(!fast.taken))
		return nested_direct_large(n, kind, gva);
	return (char *)n->window.base + fast.hpa.v;
}

static void *
nested_direct_read(void *ctx, gva_t gva)
{
	return nested_direct_page(ctx, NESTED_USER_READ, gva);
}

static void *
nested_direct_write(void *ctx, gva_t gva)
{
	return nested_direct_page(ctx, NESTED_USER_WRITE, gva);
}

struct vk_direct
nested_direct(struct nested *n)
{
	struct vk_direct direct;

	direct.read = nested_direct_read;
	direct.write = nested_direct_write;
	direct.find = nested_find;
	direct.ctx = n;
	return direct;
}

/* --- what is ordinary ---------------------------------------------------------------------- */

/* What each kind asks for, by enum nested_kind. */
static const unsigned nested_acc[NESTED_KINDS] = {
	VK_ACC_R | VK_ACC_USER,
	VK_ACC_W | VK_ACC_USER,
	VK_ACC_X | VK_ACC_USER,
	VK_ACC_R,
	VK_ACC_W,
	VK_ACC_X,
};

static uint64_t
nested_bits_if(int condition, uint64_t bits)
{
	return condition ? bits : 0;
}

/* A pattern of entries whose bits in `care` are a frame and `flags`. */
static struct nested_pattern
nested_pattern_of(uint64_t care, uint64_t flags)
{
	struct nested_pattern pattern;

	pattern.care = FRAME_BITS | care;
	pattern.minus = 0 - flags;
	return pattern;
}

/* A pattern that no entry has: what is left is never 0 in its low bits. */
static struct nested_pattern
nested_no_pattern(void)
{
	struct nested_pattern pattern = { 0, 1 };

	return pattern;
}

/*
 * An EPT leaf with the rights in `need` and write-back memory, and with A/D the flags that such an
 * access would set.  Bit 7 is ignored at level 1; bits above the frames of the window are in `care`
 * with the frame.  W without R, X without R and bad memory types do not pass.  [EPT-ENTRY]
 */
static struct nested_pattern
nested_ept_leaf(const struct ept *ept, uint64_t need)
{
	uint64_t flags = EPT_R | need | EPT_WB;

	if (ept->ad)
		flags |= (need & EPT_W) ? EPT_A | EPT_D : EPT_A;
	return nested_pattern_of(flags | EPT_MEMTYPE, flags);
}

/* The EPT rights that such an access needs at its page; with MBEC, whatever the linear address. */
static uint64_t
nested_ept_need(const struct ept *ept, unsigned acc)
{
	if (acc & VK_ACC_X)
		return ept->exec;
	return (acc & VK_ACC_W) ? EPT_W : EPT_R;
}

/*
 * The guest entries that an access of that kind passes, as far as they are ordinary: present, all
 * flags set, the right to write for a write, protection key 0 where there are keys.  Whether that
 * is enough is for guestpt_denials() to say, which is asked about the least that the pattern lets
 * through: an access that it denies at user-mode addresses is ordinary at the others only, and one
 * that it denies where it would be made has no pattern.  [GUEST-RIGHTS] [GUEST-PKEY]
 */
static void
nested_guest_patterns(const struct guestpt *pt, unsigned acc, struct nested_rights *rights)
{
	int is_user = (acc & VK_ACC_USER) != 0, is_write = (acc & VK_ACC_W) != 0;
	int has_keys = (pt->mode.cr4 & (VK_CR4_PKE | VK_CR4_PKS)) != 0;
	int xd_matters = (acc & VK_ACC_X) || !(pt->mode.efer & VK_EFER_NXE);
	uint64_t write = nested_bits_if(is_write, VK_PG_RW);
	uint64_t dirty = nested_bits_if(is_write, VK_PG_D);
	uint64_t xd = nested_bits_if(xd_matters, VK_PG_XD);
	uint64_t keys = nested_bits_if(has_keys, VK_PG_PKEY);
	uint64_t flags = VK_PG_P | VK_PG_A | write | nested_bits_if(is_user, VK_PG_US);
	/* As a walk accumulates rights: XD turned over, set where no entry has it. */
	uint64_t perm = VK_PG_P | write | xd;
	int user_denied = guestpt_denials(pt, acc, perm | VK_PG_US, flags) != 0;
	int supervisor_denied = guestpt_denials(pt, acc, perm, flags) != 0;

	rights->table = nested_pattern_of(flags | xd | VK_PG_PS, flags);
	rights->leaf = nested_pattern_of(
	    flags | xd | dirty | keys | nested_bits_if(user_denied, VK_PG_US), flags | dirty);
	if (is_user ? user_denied : supervisor_denied)
		rights->table = rights->leaf = nested_no_pattern();
}

void
nested_set_guest(struct nested *n, const struct guestpt_mode *mode)
{
	struct gpm none = { NULL, NULL };
	unsigned width = mode->maxphyaddr < GPA_WIDTH ? mode->maxphyaddr : GPA_WIDTH;
	uint64_t cr3 = mode->cr3 & vk_frame_mask(mode->maxphyaddr, VK_PAGE_SHIFT);
	struct guestpt pt;
	unsigned level;
	int kind;

	n->mode = *mode;
	/* Bit 12 of a guest's large page is PAT; a reserved PS means that there are none. */
	n->guest_large[3] = nested_bits_if(mode->page1g, VK_PG_PS | VK_BITS(29, 13));
	n->guest_large[2] = VK_PG_PS | VK_BITS(20, 13);
	n->not_gpa_frame = ~vk_frame_mask(width, VK_PAGE_SHIFT);
	guestpt_init(&pt, none, mode);
	for (kind = 0; kind < NESTED_KINDS; kind++)
		nested_guest_patterns(&pt, nested_acc[kind], &n->rights[kind]);
	n->cr3_row[4] = nested_row(n->root, cr3, 4);
	/* What the fast walk does not know begins, and ends, at an entry that is not present. */
	if (n->root == 0 || pt.levels != 4 || (cr3 & n->not_gpa_frame))
		n->cr3_row[4] = (uintptr_t)&n->empty;
	for (level = 3; level > 0; level--)
		n->cr3_row[level] = nested_row(n->table_row, cr3, level);
}

/* --- the window as a memory ---------------------------------------------------------------- */

/* The aligned word at `slot`, or NULL when it is not in the window. */
static uint64_t *
nested_word(const struct nested *n, hpa_t slot)
{
	if (n->window.size < sizeof(uint64_t) || slot.v > n->window.size - sizeof(uint64_t))
		return NULL;
	return (uint64_t *)(void *)((char *)n->window.base + slot.v);
}

static uint64_t
nested_load(void *ctx, hpa_t slot)
{
	const uint64_t *word = nested_word(ctx, slot);

	return word != NULL ? vk_atomic_load64(word) : ~0ull;
}

static enum cas_status
nested_cas(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	uint64_t *word = nested_word(ctx, slot);
	uint64_t seen;

	if (word == NULL)
		return CAS_REFUSED;
	return vk_atomic_cas64(word, old, new_value, &seen) ? CAS_DONE : CAS_LOST;
}

static const struct hpm_ops nested_ops = { nested_load, nested_cas };

/* The bits of an EPT entry that names a table which no processor looks at. [EPT-ENTRY] */
static uint64_t
nested_ignored(const struct ept *ept)
{
	return VK_BITS(63, 52) | VK_BIT(11) | EPT_D | (EPT_XU & ~ept->exec) |
	    nested_bits_if(!ept->ad, EPT_A);
}

void
nested_init(struct nested *n, struct nested_window window, const struct ept *ept, uint64_t marks)
{
	uint64_t root = ept->eptp & FRAME_BITS;
	int kind;

	n->window = window;
	n->ept = *ept;
	n->ept.mem.ops = &nested_ops;
	n->ept.mem.ctx = n;
	n->log = NULL;
	n->log_ctx = NULL;
	n->empty = 0;
	/* A frame beyond MAXPHYADDR has reserved bits, however large the window is. */
	n->frames = window.size >> VK_PAGE_SHIFT;
	if (n->frames > VK_BIT(ept->maxphyaddr - VK_PAGE_SHIFT))
		n->frames = VK_BIT(ept->maxphyaddr - VK_PAGE_SHIFT);
	n->table_minus = 0 - (ept->present | nested_bits_if(ept->ad, EPT_A) |
	    (marks & nested_ignored(ept)));
	n->leaf = nested_ept_leaf(ept, nested_bits_if(ept->ad, EPT_W));
	n->table_row = (uintptr_t)window.base + n->table_minus;
	n->leaf_row = (uintptr_t)window.base + n->leaf.minus;
	n->ept_large[3] =
	    nested_bits_if((ept->cap & EPT_CAP_1G) != 0, EPT_PS | VK_BITS(29, 12));
	n->ept_large[2] =
	    nested_bits_if((ept->cap & EPT_CAP_2M) != 0, EPT_PS | VK_BITS(20, 12));
	n->root = 0;
	if (ept->levels == 4 && root >> VK_PAGE_SHIFT < n->frames)
		n->root = (uintptr_t)window.base + root;
	for (kind = 0; kind < NESTED_KINDS; kind++)
		n->rights[kind].page = nested_ept_leaf(ept, nested_ept_need(ept, nested_acc[kind]));
}

/* --- the readable walk ----------------------------------------------------------------------- */

static enum nested_status
nested_finish(struct nested_result *result, enum nested_status status)
{
	result->status = status;
	return status;
}

/* What a failed EPT translation of a table page or, `final`, of the page itself comes to. */
static enum nested_status
nested_exit(const struct nested *n, const struct guestpt *pt, const struct ept_walk *walk,
    enum ept_status status, int final, struct nested_result *result)
{
	struct ept_linear linear = { .gla = result->guest.gva, .valid = 1, .final = final };

	if (final) {
		linear.user = guestpt_is_user(&result->guest);
		linear.writable = guestpt_is_writable(&result->guest);
		linear.xd = guestpt_is_xd(pt, &result->guest);
	}
	if (result->gpm.stopped_by_log)
		return nested_finish(result, NESTED_LOG_FULL);
	ept_exit_build(&n->ept, walk, status, &linear, &result->exit);
	return nested_finish(result, NESTED_EXIT);
}

/* The guest's own walk did not end well. */
static enum nested_status
nested_guest_failure(const struct nested *n, const struct guestpt *pt, enum guestpt_status status,
    struct nested_result *result)
{
	const struct ept_gpm_access *last;

	if (status == GUESTPT_PF)
		return nested_finish(result, NESTED_PF);
	if (status == GUESTPT_GP)
		return nested_finish(result, NESTED_GP);
	if (status == GUESTPT_UNSTABLE)
		return nested_finish(result, NESTED_UNSTABLE);
	last = &result->gpm.access[result->gpm.count - 1];
	if (last->status == EPT_OK) /* a frame that was in the window, and no longer is */
		return nested_finish(result, NESTED_UNSTABLE);
	return nested_exit(n, pt, &last->walk, last->status, 0, result);
}

enum nested_status
nested_walk_recorded(const struct nested *n, gva_t gva, unsigned acc, struct nested_result *result)
{
	enum guestpt_status guest;
	enum ept_status status;
	struct guestpt pt;

	ept_gpm_init(&result->gpm, &n->ept);
	result->gpm.log = n->log;
	result->gpm.log_ctx = n->log_ctx;
	result->page_walked = 0;
	guestpt_init(&pt, ept_gpm_memory(&result->gpm), &n->mode);
	guest = guestpt_access(&pt, gva, acc, &result->guest);
	if (guest != GUESTPT_OK)
		return nested_guest_failure(n, &pt, guest, result);
	acc &= VK_ACC_RWX;
	if (guestpt_is_user(&result->guest))
		acc |= VK_ACC_USER_ADDR;
	status = ept_gpm_translate(&result->gpm, result->guest.gpa, acc, &result->page);
	result->page_walked = 1;
	if (status != EPT_OK)
		return nested_exit(n, &pt, &result->page, status, 1, result);
	result->hpa = result->page.hpa;
	return nested_finish(result, NESTED_OK);
}

/* An answer of the fast walk as a result. */
static enum nested_status
nested_answer(struct nested_fast fast, struct nested_result *result)
{
	result->hpa = fast.hpa;
	return nested_finish(result, NESTED_OK);
}

/* What nested_fast() has declined. */
static enum nested_status
nested_walk_declined(const struct nested *n, gva_t gva, enum nested_kind kind, unsigned acc,
    struct nested_result *result)
{
	struct nested_fast fast = nested_fast_large(n, &n->rights[kind], gva);

	if (fast.taken)
		return nested_answer(fast, result);
	return nested_walk_recorded(n, gva, acc, result);
}

enum nested_status
nested_walk_kind(const struct nested *n, gva_t gva, enum nested_kind kind,
    struct nested_result *result)
{
	return nested_walk_declined(n, gva, kind, nested_acc[kind], result);
}

/* The kind of an access, or NESTED_KINDS: implicit accesses and mixtures are not ordinary. */
static enum nested_kind
nested_kind_of(unsigned acc)
{
	static const enum nested_kind kinds[][VK_ACC_RWX + 1] = {
		{ NESTED_KINDS, NESTED_SUPERVISOR_READ, NESTED_SUPERVISOR_WRITE,
		    NESTED_SUPERVISOR_WRITE, NESTED_SUPERVISOR_FETCH, NESTED_KINDS, NESTED_KINDS,
		    NESTED_KINDS },
		{ NESTED_KINDS, NESTED_USER_READ, NESTED_USER_WRITE, NESTED_USER_WRITE,
		    NESTED_USER_FETCH, NESTED_KINDS, NESTED_KINDS, NESTED_KINDS },
	};

	if (acc & ~(VK_ACC_RWX | VK_ACC_USER))
		return NESTED_KINDS;
	return kinds[(acc & VK_ACC_USER) != 0][acc & VK_ACC_RWX];
}

enum nested_status
nested_walk(const struct nested *n, gva_t gva, unsigned acc, struct nested_result *result)
{
	enum nested_kind kind = nested_kind_of(acc);
	struct nested_fast fast;

	if (kind == NESTED_KINDS)
		return nested_walk_recorded(n, gva, acc, result);
	fast = nested_fast(n, &n->rights[kind], gva);
	if (fast.taken)
		return nested_answer(fast, result);
	return nested_walk_declined(n, gva, kind, acc, result);
}
