/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cached translations: the cache by itself, what each instruction and event drops and what it
 * spares, and how the virtual CPU uses what it kept.
 *
 * [TLB-KINDS] [TLB-TAGS] [TLB-INVALIDATE] [GUEST-CR3] [GUEST-RIGHTS] [EPT-EPTP]
 */
#include <string.h>

#include "support/std_machine.h"
#include "support/support_rows.h"

#define X STD_X
#define A STD_A
#define B STD_B
#define PWU STD_PWU
#define PTE 0x4008ull
#define PDE 0x3008ull
#define ROOT (STD_EPTP >> VK_PAGE_SHIFT)

/* --- the store by itself ------------------------------------------------------------------ */

static struct tlb *
cache(unsigned entries)
{
	struct tlb_sizes sizes = { entries, entries, entries };
	struct tlb *tlb = tlb_create(&sizes, 0);

	assert_non_null(tlb);
	return tlb;
}

static struct tlb_entry
entry_of(uint64_t page, uint16_t vpid, uint16_t pcid, uint64_t root)
{
	struct tlb_entry entry = { .kind = TLB_COMBINED, .shift = VK_PAGE_SHIFT };

	entry.address = page << VK_PAGE_SHIFT;
	entry.tag.vpid = vpid;
	entry.tag.pcid = pcid;
	entry.tag.eptrta = root;
	entry.frame = vk_hpa(page << VK_PAGE_SHIFT);
	entry.guest_shift = VK_PAGE_SHIFT;
	return entry;
}

static const struct tlb_entry *
find(struct tlb *tlb, const struct tlb_tag *tag, uint64_t address)
{
	return tlb_find(tlb, TLB_COMBINED, tag, address, false);
}

static void
a_translation_is_found_under_its_tag_alone(void **state)
{
	struct tlb_entry entry = entry_of(5, 1, 2, 3);
	struct tlb_tag tag = { 1, 2, 3 }, other;
	struct tlb *tlb = cache(4);

	(void)state;
	tlb_fill(tlb, &entry);
	assert_non_null(find(tlb, &tag, 0x5fff));
	assert_null(find(tlb, &tag, 0x6000));
	assert_null(tlb_find(tlb, TLB_COMBINED, &tag, 0x5000, true)); /* fetches are apart */
	assert_null(tlb_find(tlb, TLB_LINEAR, &tag, 0x5000, false));  /* so are the kinds */
	other = tag;
	other.vpid = 9;
	assert_null(find(tlb, &other, 0x5000));
	other = tag;
	other.pcid = 9;
	assert_null(find(tlb, &other, 0x5000));
	other = tag;
	other.eptrta = 9;
	assert_null(find(tlb, &other, 0x5000));
	tlb_destroy(tlb);
}

static void
a_global_translation_serves_every_pcid_of_its_vpid_and_root(void **state)
{
	struct tlb_entry entry = entry_of(5, 1, 2, 3);
	struct tlb_tag same = { 1, 9, 3 }, vpid = { 9, 2, 3 }, root = { 1, 2, 9 };
	struct tlb *tlb = cache(4);

	(void)state;
	entry.global = true;
	tlb_fill(tlb, &entry);
	assert_non_null(find(tlb, &same, 0x5000));
	assert_null(find(tlb, &vpid, 0x5000));
	assert_null(find(tlb, &root, 0x5000));
	tlb_destroy(tlb);
}

static void
a_guest_physical_item_serves_every_vpid_and_pcid_of_its_root(void **state)
{
	struct tlb_entry entry = entry_of(5, 1, 2, 3);
	struct tlb_tag same = { 8, 9, 3 }, root = { 1, 2, 9 };
	struct tlb *tlb = cache(4);

	(void)state;
	entry.kind = TLB_GUEST_PHYSICAL;
	tlb_fill(tlb, &entry);
	assert_non_null(tlb_find(tlb, TLB_GUEST_PHYSICAL, &same, 0x5000, false));
	assert_null(tlb_find(tlb, TLB_GUEST_PHYSICAL, &root, 0x5000, false));
	tlb_destroy(tlb);
}

static void
the_longest_prefix_is_found(void **state)
{
	struct tlb_entry entry = entry_of(0, 1, 2, 3);
	struct tlb_tag tag = { 1, 2, 3 };
	struct tlb *tlb = cache(4);

	(void)state;
	entry.kind = TLB_COMBINED_STRUCTURE;
	entry.shift = 39;
	tlb_fill(tlb, &entry);
	entry.shift = 21;
	tlb_fill(tlb, &entry);
	entry.shift = 30;
	tlb_fill(tlb, &entry);
	assert_int_equal(tlb_find(tlb, entry.kind, &tag, 0x1fffff, false)->shift, 21);
	assert_int_equal(tlb_find(tlb, entry.kind, &tag, 0x200000, false)->shift, 30);
	assert_int_equal(tlb_find(tlb, entry.kind, &tag, 0x40000000, false)->shift, 39);
	assert_null(tlb_find(tlb, entry.kind, &tag, 0x8000000000, false));
	tlb_destroy(tlb);
}

static void
a_full_store_gives_up_its_oldest(void **state)
{
	struct tlb_tag tag = { 0, 0, 0 };
	struct tlb *tlb = cache(20);
	struct tlb_entry entry;
	uint64_t page;

	(void)state;
	for (page = 1; page <= 22; page++) {
		entry = entry_of(page, 0, 0, 0);
		tlb_fill(tlb, &entry);
	}
	entry.kind = TLB_GUEST_PHYSICAL; /* another kind, another store */
	tlb_fill(tlb, &entry);
	assert_null(find(tlb, &tag, 0x2000));
	assert_int_equal(tlb_entry_at(tlb, TLB_COMBINED, 0)->address, 0x3000);
	assert_int_equal(tlb_entry_at(tlb, TLB_COMBINED, 19)->address, 22 << 12);
	assert_null(tlb_entry_at(tlb, TLB_COMBINED, 20));
	assert_int_equal(tlb_stats(tlb)->kind[TLB_COMBINED].fills, 22);
	assert_int_equal(tlb_stats(tlb)->kind[TLB_COMBINED].evictions, 2);
	assert_int_equal(tlb_stats(tlb)->kind[TLB_GUEST_PHYSICAL].fills, 1);
	assert_int_equal(tlb_stats(tlb)->kind[TLB_GUEST_PHYSICAL].evictions, 0);
	tlb_destroy(tlb);
}

static void
kinds_without_room_are_not_kept(void **state)
{
	struct tlb_sizes sizes = { .translations = 2 };
	struct tlb *tlb = tlb_create(&sizes, 0);
	struct tlb_entry entry = entry_of(1, 0, 0, 0);

	(void)state;
	assert_non_null(tlb);
	entry.kind = TLB_GUEST_PHYSICAL;
	tlb_fill(tlb, &entry);
	assert_null(tlb_entry_at(tlb, TLB_GUEST_PHYSICAL, 0));
	entry.kind = TLB_COMBINED_STRUCTURE;
	tlb_fill(tlb, &entry);
	assert_null(tlb_entry_at(tlb, TLB_COMBINED_STRUCTURE, 0));
	entry.kind = TLB_LINEAR;
	tlb_fill(tlb, &entry);
	assert_non_null(tlb_entry_at(tlb, TLB_LINEAR, 0));
	tlb_destroy(tlb);
}

static void
filling_a_page_again_replaces_its_translation(void **state)
{
	struct tlb_entry entry = entry_of(1, 0, 0, 0), other = entry_of(2, 0, 0, 0);
	struct tlb_tag tag = { 0, 0, 0 };
	struct tlb *tlb = cache(2);

	(void)state;
	tlb_fill(tlb, &entry);
	tlb_fill(tlb, &other);
	entry.frame = vk_hpa(0x77000);
	tlb_fill(tlb, &entry);
	assert_int_equal(find(tlb, &tag, 0x1000)->frame.v, 0x77000);
	assert_non_null(find(tlb, &tag, 0x2000));
	assert_null(tlb_entry_at(tlb, TLB_COMBINED, 2));
	assert_int_equal(tlb_stats(tlb)->kind[TLB_COMBINED].evictions, 0);
	/* And is then the youngest. */
	assert_int_equal(tlb_entry_at(tlb, TLB_COMBINED, 1)->address, 0x1000);
	tlb_destroy(tlb);
}

static void
pieces_of_a_large_page_go_together(void **state)
{
	struct tlb_scope scope = { .kinds = TLB_ALL, .by_address = true };
	struct tlb *tlb = cache(8);
	struct tlb_entry entry;

	(void)state;
	entry = entry_of(0x200, 0, 0, 0); /* of the 2 MiB page at 200000 */
	entry.guest_shift = 21;
	tlb_fill(tlb, &entry);
	entry.address = 0x3ff000;
	tlb_fill(tlb, &entry);
	entry = entry_of(0x400, 0, 0, 0);
	tlb_fill(tlb, &entry);
	scope.address = 0x234567;
	assert_int_equal(tlb_drop(tlb, &scope), 2);
	assert_int_equal(tlb_entry_at(tlb, TLB_COMBINED, 0)->address, 0x400000);
	assert_int_equal(tlb_stats(tlb)->kind[TLB_COMBINED].dropped, 2);
	tlb_destroy(tlb);
}

static void
a_walk_that_an_invalidation_overtakes_fills_nothing(void **state)
{
	struct tlb_scope scope = { .kinds = TLB_ALL };
	struct tlb_entry entry = entry_of(1, 0, 0, 0);
	struct tlb *tlb = cache(2);

	(void)state;
	tlb_walk_begin(tlb);
	tlb_drop(tlb, &scope);
	tlb_fill(tlb, &entry);
	assert_null(tlb_entry_at(tlb, TLB_COMBINED, 0));
	tlb_drop(tlb, &scope);
	tlb_walk_begin(tlb);
	tlb_fill(tlb, &entry);
	assert_non_null(tlb_entry_at(tlb, TLB_COMBINED, 0));
	tlb_destroy(tlb);
}

/* --- what drops what ---------------------------------------------------------------------- */

/*
 * One item of every sort, a bit each.  The current VPID, PCID and root are 7, 1 and ROOT; the
 * faulting GPA of the rows about violations is FAR.
 */
#define OWN 0x01u          /* page X */
#define OTHER_PAGE 0x02u
#define OTHER_PCID 0x04u   /* page X under PCID 2 */
#define GLOBAL 0x08u       /* page X+7, made under PCID 2 */
#define OTHER_VPID 0x10u   /* page X under VPID 8 */
#define OTHER_ROOT 0x20u   /* page X under another EPT root */
#define VPID_0 0x40u       /* page X under VPID 0 */
#define GLOBAL_PAGE 0x80u  /* page X+1 a second time, global, made under PCID 2 */
#define S_OWN 0x0100u      /* the 2 MiB around X */
#define S_OTHER 0x0200u    /* another region */
#define S_PCID 0x0400u     /* that of X under PCID 2 */
#define S_OTHER_PCID 0x0800u /* another region under PCID 2 */
#define S_VPID 0x1000u     /* that of X under VPID 8 */
#define S_ROOT 0x2000u     /* under another EPT root */
#define S_VPID_0 0x4000u   /* under VPID 0 */
#define L_OWN 0x010000u    /* page X, without EPT */
#define L_PCID 0x020000u   /* under PCID 2 */
#define L_VPID_0 0x040000u
#define LS_OWN 0x080000u   /* the region of X, without EPT */
#define LS_OTHER 0x100000u
#define GP_FAR 0x200000u   /* guest-physical page FAR */
#define GP_B 0x400000u
#define GP_ROOT 0x800000u  /* FAR under another root */
#define GPS_FAR 0x1000000u /* the 1 GiB around FAR */
#define GPS_B 0x2000000u
#define GPS_ROOT 0x4000000u
#define GP_TABLE 0x8000000u /* the guest-physical page of the page table */
#define ALL 0xfff7fffu

#define FAR 0x40700000ull /* guest-physical, behind which there is nothing */

struct kept {
	unsigned bit;
	enum tlb_kind kind;
	uint64_t address;
	unsigned shift;
	uint16_t vpid, pcid;
	uint64_t root;
	bool global;
};

static const struct kept kept[] = {
	{ OWN, TLB_COMBINED, X, 12, 7, 1, ROOT, false },
	{ OTHER_PAGE, TLB_COMBINED, X + 0x1000, 12, 7, 1, ROOT, false },
	{ OTHER_PCID, TLB_COMBINED, X, 12, 7, 2, ROOT, false },
	{ GLOBAL, TLB_COMBINED, X + 0x7000, 12, 7, 2, ROOT, true },
	{ OTHER_VPID, TLB_COMBINED, X, 12, 8, 1, ROOT, false },
	{ OTHER_ROOT, TLB_COMBINED, X, 12, 7, 1, ROOT + 1, false },
	{ VPID_0, TLB_COMBINED, X, 12, 0, 1, ROOT, false },
	{ GLOBAL_PAGE, TLB_COMBINED, X + 0x1000, 12, 7, 2, ROOT, true },
	{ S_OWN, TLB_COMBINED_STRUCTURE, X & ~0x1fffffull, 21, 7, 1, ROOT, false },
	{ S_OTHER, TLB_COMBINED_STRUCTURE, 0, 21, 7, 1, ROOT, false },
	{ S_PCID, TLB_COMBINED_STRUCTURE, X & ~0x1fffffull, 21, 7, 2, ROOT, false },
	{ S_OTHER_PCID, TLB_COMBINED_STRUCTURE, 0, 21, 7, 2, ROOT, false },
	{ S_VPID, TLB_COMBINED_STRUCTURE, X & ~0x1fffffull, 21, 8, 1, ROOT, false },
	{ S_ROOT, TLB_COMBINED_STRUCTURE, X & ~0x1fffffull, 21, 7, 1, ROOT + 1, false },
	{ S_VPID_0, TLB_COMBINED_STRUCTURE, X & ~0x1fffffull, 21, 0, 1, ROOT, false },
	{ L_OWN, TLB_LINEAR, X, 12, 7, 1, 0, false },
	{ L_PCID, TLB_LINEAR, X, 12, 7, 2, 0, false },
	{ L_VPID_0, TLB_LINEAR, X, 12, 0, 1, 0, false },
	{ LS_OWN, TLB_LINEAR_STRUCTURE, X & ~0x1fffffull, 21, 7, 1, 0, false },
	{ LS_OTHER, TLB_LINEAR_STRUCTURE, 0, 21, 7, 1, 0, false },
	{ GP_FAR, TLB_GUEST_PHYSICAL, FAR, 12, 0, 0, ROOT, false },
	{ GP_B, TLB_GUEST_PHYSICAL, B, 12, 0, 0, ROOT, false },
	{ GP_ROOT, TLB_GUEST_PHYSICAL, FAR, 12, 0, 0, ROOT + 1, false },
	{ GPS_FAR, TLB_GUEST_PHYSICAL_STRUCTURE, 0x40000000, 30, 0, 0, ROOT, false },
	{ GPS_B, TLB_GUEST_PHYSICAL_STRUCTURE, 0x80000000, 30, 0, 0, ROOT, false },
	{ GPS_ROOT, TLB_GUEST_PHYSICAL_STRUCTURE, 0x40000000, 30, 0, 0, ROOT + 1, false },
	{ GP_TABLE, TLB_GUEST_PHYSICAL, STD_PT, 12, 0, 0, ROOT, false },
};

static void
fill_all(struct std_machine *m)
{
	size_t i;

	std_init(m);
	m->vcpu.tlb = cache(64);
	m->vcpu.vpid_on = true;
	m->vcpu.vpid = 7;
	m->vcpu.mode.cr3 |= 1;
	m->vcpu.mode.cr4 |= VK_CR4_PCIDE | VK_CR4_PGE;
	for (i = 0; i < ROWS_COUNT(kept); i++) {
		struct tlb_entry entry = entry_of(0, kept[i].vpid, kept[i].pcid, kept[i].root);

		entry.kind = kept[i].kind;
		entry.address = kept[i].address;
		entry.shift = kept[i].shift;
		entry.global = kept[i].global;
		entry.guest_shift = entry.kind == TLB_COMBINED || entry.kind == TLB_LINEAR ?
		    VK_PAGE_SHIFT : 0;
		entry.levels = entry.level = 4; /* a right to nothing: no access is helped */
		tlb_fill(m->vcpu.tlb, &entry);
	}
}

static bool
is_kept(const struct tlb *tlb, const struct kept *item)
{
	const struct tlb_entry *entry;
	unsigned i;

	for (i = 0; (entry = tlb_entry_at(tlb, item->kind, i)) != NULL; i++) {
		if (entry->address == item->address && entry->shift == item->shift &&
		    entry->tag.vpid == item->vpid && entry->tag.pcid == item->pcid &&
		    entry->tag.eptrta == item->root && entry->global == item->global)
			return true;
	}
	return false;
}

static unsigned
still_there(const struct tlb *tlb)
{
	unsigned there = 0;
	size_t i;

	for (i = 0; i < ROWS_COUNT(kept); i++) {
		if (is_kept(tlb, &kept[i]))
			there |= kept[i].bit;
	}
	return there;
}

struct drop_row {
	const char *what;
	bool (*run)(struct std_machine *m);
	unsigned dropped;
};

static bool
invlpg_x(struct std_machine *m)
{
	vcpu_invlpg(&m->vcpu, vk_gva(X + 0xfff));
	return true;
}

static bool
invlpg_global(struct std_machine *m)
{
	vcpu_invlpg(&m->vcpu, vk_gva(X + 0x1000));
	return true;
}

static bool
invlpg_not_canonical(struct std_machine *m)
{
	vcpu_invlpg(&m->vcpu, vk_gva(X | VK_BIT(48)));
	return true;
}

static bool
invpcid_address(struct std_machine *m)
{
	return vcpu_invpcid(&m->vcpu, 0, 2, vk_gva(X));
}

static bool
invpcid_address_global(struct std_machine *m)
{
	return vcpu_invpcid(&m->vcpu, 0, 2, vk_gva(X + 0x1000));
}

static bool
invpcid_address_elsewhere(struct std_machine *m)
{
	return vcpu_invpcid(&m->vcpu, 0, 2, vk_gva(X + 0x400000)) &&
	    vcpu_invpcid(&m->vcpu, 0, 3, vk_gva(X));
}

static bool
invpcid_single(struct std_machine *m)
{
	return vcpu_invpcid(&m->vcpu, 1, 1, vk_gva(0));
}

static bool
invpcid_single_with_globals(struct std_machine *m)
{
	return vcpu_invpcid(&m->vcpu, 1, 2, vk_gva(0));
}

static bool
invpcid_all_with_globals(struct std_machine *m)
{
	return vcpu_invpcid(&m->vcpu, 2, 0, vk_gva(0));
}

static bool
invpcid_all(struct std_machine *m)
{
	return vcpu_invpcid(&m->vcpu, 3, 0, vk_gva(0));
}

static bool
mov_cr3(struct std_machine *m)
{
	return vcpu_mov_cr3(&m->vcpu, STD_PML4 | 2);
}

static bool
mov_cr3_keeping(struct std_machine *m)
{
	return vcpu_mov_cr3(&m->vcpu, STD_PML4 | 2 | VK_BIT(63)) &&
	    m->vcpu.mode.cr3 == (STD_PML4 | 2);
}

static bool
mov_cr3_without_pcids(struct std_machine *m)
{
	m->vcpu.mode.cr4 &= ~VK_CR4_PCIDE;
	return vcpu_mov_cr3(&m->vcpu, STD_PML4 | 2); /* of PCID 0, under which nothing is */
}

static bool
toggle_pge(struct std_machine *m)
{
	vcpu_mov_cr4(&m->vcpu, m->vcpu.mode.cr4 ^ VK_CR4_PGE);
	return true;
}

static bool
toggle_pge_back(struct std_machine *m)
{
	m->vcpu.mode.cr4 &= ~VK_CR4_PGE;
	return toggle_pge(m);
}

static bool
clear_pcide(struct std_machine *m)
{
	vcpu_mov_cr4(&m->vcpu, m->vcpu.mode.cr4 & ~VK_CR4_PCIDE);
	return true;
}

static bool
set_pcide(struct std_machine *m)
{
	m->vcpu.mode.cr4 &= ~VK_CR4_PCIDE;
	m->vcpu.mode.cr3 = STD_PML4;
	return vcpu_mov_cr4(&m->vcpu, m->vcpu.mode.cr4 | VK_CR4_PCIDE);
}

static bool
set_smep(struct std_machine *m)
{
	vcpu_mov_cr4(&m->vcpu, m->vcpu.mode.cr4 | VK_CR4_SMEP);
	return true;
}

static bool
clear_smep(struct std_machine *m)
{
	m->vcpu.mode.cr4 |= VK_CR4_SMEP;
	vcpu_mov_cr4(&m->vcpu, m->vcpu.mode.cr4 & ~VK_CR4_SMEP);
	return true;
}

static bool
set_smap_and_pke(struct std_machine *m)
{
	vcpu_mov_cr4(&m->vcpu, m->vcpu.mode.cr4 | VK_CR4_SMAP | VK_CR4_PKE);
	vcpu_mov_cr4(&m->vcpu, m->vcpu.mode.cr4 & ~(VK_CR4_SMAP | VK_CR4_PKE));
	return true;
}

static bool
toggle_wp(struct std_machine *m)
{
	vcpu_mov_cr0(&m->vcpu, m->vcpu.mode.cr0 & ~VK_CR0_WP);
	vcpu_mov_cr0(&m->vcpu, m->vcpu.mode.cr0 | VK_CR0_WP);
	return true;
}

static bool
clear_pg(struct std_machine *m)
{
	m->vcpu.mode.cr4 &= ~VK_CR4_PCIDE; /* else it is refused */
	return vcpu_mov_cr0(&m->vcpu, m->vcpu.mode.cr0 & ~VK_CR0_PG);
}

/* A read of X that faults: its entry is not present. */
static bool
page_fault(struct std_machine *m)
{
	std_set_guest(m, PTE, 0);
	return std_access(m, 'r', X, 1) == VCPU_PF;
}

static bool
page_fault_at_the_global_page(struct std_machine *m)
{
	return std_access(m, 'r', X + 0x1000, 1) == VCPU_PF;
}

static bool
violation_at_the_page(struct std_machine *m)
{
	std_set_guest(m, PTE, FAR | PWU);
	return std_access(m, 'r', X, 1) == VCPU_EXIT && m->result.exit.gpa.v == FAR;
}

static bool
violation_at_a_table(struct std_machine *m)
{
	std_set_ept(m, STD_PT, 0);
	return std_access(m, 'r', X, 1) == VCPU_EXIT && m->result.exit.gpa.v == STD_PT + 8;
}

static bool
misconfiguration(struct std_machine *m)
{
	std_set_ept(m, A, EPT_W);
	return std_access(m, 'r', X, 1) == VCPU_EXIT &&
	    m->result.exit.reason == EPT_EXIT_MISCONFIG;
}

static bool
virtualization_exception(struct std_machine *m)
{
	std_set_guest(m, PTE, FAR | PWU);
	std_set_eptp(m, STD_EPTP, STD_CAP, EPT_CTL_VE);
	m->vcpu.ve_page = vk_hpa(0x3000);
	return std_access(m, 'r', X, 1) == VCPU_VE;
}

static bool
transition(struct std_machine *m)
{
	vcpu_exit(&m->vcpu);
	return true;
}

static bool
transition_without_vpid(struct std_machine *m)
{
	m->vcpu.vpid_on = false;
	vcpu_exit(&m->vcpu);
	return true;
}

static bool
invept_single(struct std_machine *m)
{
	/* Neither memory type nor accessed and dirty flags are part of the tag. */
	return vcpu_invept(&m->vcpu, 1, STD_EPTP & ~EPTP_AD);
}

static bool
invept_all(struct std_machine *m)
{
	return vcpu_invept(&m->vcpu, 2, 0);
}

static bool
invvpid_address(struct std_machine *m)
{
	return vcpu_invvpid(&m->vcpu, 0, 7, vk_gva(X));
}

static bool
invvpid_single(struct std_machine *m)
{
	return vcpu_invvpid(&m->vcpu, 1, 7, vk_gva(0));
}

static bool
invvpid_all(struct std_machine *m)
{
	return vcpu_invvpid(&m->vcpu, 2, 0, vk_gva(0));
}

static bool
invvpid_keeping_globals(struct std_machine *m)
{
	return vcpu_invvpid(&m->vcpu, 3, 7, vk_gva(0));
}

#define OF_PCID                                                                                    \
	(OWN | OTHER_PAGE | OTHER_ROOT | S_OWN | S_OTHER | S_ROOT | L_OWN | LS_OWN | LS_OTHER)
#define OF_PCID_2 (OTHER_PCID | S_PCID | S_OTHER_PCID | L_PCID)
#define GLOBALS (GLOBAL | GLOBAL_PAGE)
#define OF_VPID (OF_PCID | OF_PCID_2 | GLOBALS)
#define OF_VPID_0 (VPID_0 | S_VPID_0 | L_VPID_0)
#define WITHOUT_EPT (L_OWN | L_PCID | L_VPID_0 | LS_OWN | LS_OTHER)
#define OF_THE_EPT (GP_FAR | GP_B | GPS_FAR | GPS_B | GP_TABLE)
#define OF_ANOTHER_EPT (OTHER_ROOT | S_ROOT | GP_ROOT | GPS_ROOT)

static const struct drop_row drop_rows[] = {
	{ "INVLPG drops its page, and all structures of the PCID, under every EPT", invlpg_x,
	    OWN | OTHER_ROOT | L_OWN | S_OWN | S_OTHER | S_ROOT | LS_OWN | LS_OTHER },
	{ "INVLPG drops a global page of any PCID", invlpg_global,
	    OTHER_PAGE | GLOBAL_PAGE | S_OWN | S_OTHER | S_ROOT | LS_OWN | LS_OTHER },
	{ "INVLPG of an address that is not canonical does nothing", invlpg_not_canonical, 0 },
	{ "INVPCID 0 drops one page of one PCID and the structures on its way", invpcid_address,
	    OTHER_PCID | S_PCID | L_PCID },
	{ "INVPCID 0 spares globals", invpcid_address_global, S_PCID },
	{ "INVPCID 0 spares other addresses and PCIDs", invpcid_address_elsewhere, 0 },
	{ "INVPCID 1 drops one PCID", invpcid_single, OF_PCID },
	{ "INVPCID 1 spares globals", invpcid_single_with_globals, OF_PCID_2 },
	{ "INVPCID 2 drops all PCIDs and globals", invpcid_all_with_globals, OF_VPID },
	{ "INVPCID 3 drops all PCIDs but globals", invpcid_all, OF_VPID & ~GLOBALS },
	{ "MOV to CR3 drops the new PCID but globals", mov_cr3, OF_PCID_2 },
	{ "MOV to CR3 with bit 63 drops nothing", mov_cr3_keeping, 0 },
	{ "MOV to CR3 without PCIDs drops PCID 0, whatever bits 11:0 are",
	    mov_cr3_without_pcids, 0 },
	{ "clearing CR4.PGE drops all", toggle_pge, OF_VPID },
	{ "setting CR4.PGE drops all", toggle_pge_back, OF_VPID },
	{ "clearing CR4.PCIDE drops all", clear_pcide, OF_VPID },
	{ "setting CR4.PCIDE drops nothing", set_pcide, 0 },
	{ "setting CR4.SMEP drops the PCID and globals", set_smep, OF_PCID | GLOBALS },
	{ "clearing CR4.SMEP drops nothing", clear_smep, 0 },
	{ "changes of CR4.SMAP and PKE drop nothing", set_smap_and_pke, 0 },
	{ "changes of CR0.WP drop nothing", toggle_wp, 0 },
	{ "clearing CR0.PG drops all", clear_pg, OF_VPID },
	{ "#PF drops its page and the structures on its way", page_fault,
	    OWN | OTHER_ROOT | L_OWN | S_OWN | S_ROOT | LS_OWN },
	{ "#PF drops a global translation of another PCID", page_fault_at_the_global_page,
	    OTHER_PAGE | GLOBAL_PAGE | S_OWN | S_ROOT | LS_OWN },
	{ "an EPT violation drops its GPA, and the page that it is of", violation_at_the_page,
	    OWN | S_OWN | GP_FAR | GPS_FAR },
	{ "an EPT violation at a table drops its GPA alone", violation_at_a_table, GP_TABLE },
	{ "an EPT violation that becomes #VE drops the same", virtualization_exception,
	    OWN | S_OWN | GP_FAR | GPS_FAR },
	{ "a misconfiguration drops nothing", misconfiguration, 0 },
	{ "a transition with VPIDs drops nothing", transition, 0 },
	{ "a transition without VPIDs drops VPID 0, and nothing of the EPT",
	    transition_without_vpid, OF_VPID_0 },
	{ "INVEPT 1 drops one root, of every VPID, and what has no VPID", invept_single,
	    ALL & ~(OF_ANOTHER_EPT | WITHOUT_EPT) },
	{ "INVEPT 2 drops every root", invept_all, ALL & ~WITHOUT_EPT },
	{ "INVVPID 0 drops one page of one VPID, of every PCID", invvpid_address,
	    OWN | OTHER_PCID | OTHER_ROOT | L_OWN | L_PCID | S_OWN | S_PCID | S_ROOT | LS_OWN },
	{ "INVVPID 1 drops one VPID, and nothing of the EPT", invvpid_single, OF_VPID },
	{ "INVVPID 2 drops every VPID but 0", invvpid_all, OF_VPID | OTHER_VPID | S_VPID },
	{ "INVVPID 3 drops one VPID but globals", invvpid_keeping_globals, OF_VPID & ~GLOBALS },
};

static void
run_drop_row(void **state)
{
	const struct drop_row *row = *state;
	struct std_machine m;

	fill_all(&m);
	assert_int_equal(still_there(m.vcpu.tlb), ALL);
	assert_true(row->run(&m));
	assert_int_equal(ALL & ~still_there(m.vcpu.tlb), row->dropped);
	tlb_destroy(m.vcpu.tlb);
	std_destroy(&m);
}

static void
operands_that_fault_drop_nothing(void **state)
{
	gva_t bad = vk_gva(X | VK_BIT(48));
	struct std_machine m;

	(void)state;
	fill_all(&m);
	assert_false(vcpu_invpcid(&m.vcpu, 4, 0, vk_gva(X)));
	assert_false(vcpu_invpcid(&m.vcpu, 1, 0x1000, vk_gva(X)));
	assert_false(vcpu_invpcid(&m.vcpu, 0, 1, bad));
	assert_false(vcpu_mov_cr3(&m.vcpu, VK_BIT(STD_MAXPHYADDR)));
	assert_false(vcpu_mov_cr3(&m.vcpu, VK_BIT(62)));
	assert_false(vcpu_invept(&m.vcpu, 0, STD_EPTP));
	assert_false(vcpu_invept(&m.vcpu, 3, STD_EPTP));
	assert_false(vcpu_invept(&m.vcpu, 1, STD_EPTP | 0x100));
	assert_false(vcpu_invvpid(&m.vcpu, 4, 7, vk_gva(X)));
	assert_false(vcpu_invvpid(&m.vcpu, 1, 0, vk_gva(X)));
	assert_false(vcpu_invvpid(&m.vcpu, 0, 7, bad));
	assert_false(vcpu_invvpid(&m.vcpu, 2, 0x10000, vk_gva(X)));
	assert_false(vcpu_mov_cr0(&m.vcpu, m.vcpu.mode.cr0 & ~VK_CR0_PG));
	assert_false(vcpu_mov_cr4(&m.vcpu, m.vcpu.mode.cr4 ^ VK_CR4_LA57));
	assert_int_equal(still_there(m.vcpu.tlb), ALL);
	assert_int_equal(m.vcpu.mode.cr3, STD_PML4 | 1);
	m.vcpu.mode.cr4 &= ~VK_CR4_PCIDE;
	assert_false(vcpu_invpcid(&m.vcpu, 1, 1, vk_gva(X)));
	assert_false(vcpu_invpcid(&m.vcpu, 0, 1, vk_gva(X)));
	assert_false(vcpu_mov_cr3(&m.vcpu, STD_PML4 | VK_BIT(63)));
	assert_false(vcpu_mov_cr4(&m.vcpu, m.vcpu.mode.cr4 | VK_CR4_PCIDE));
	tlb_destroy(m.vcpu.tlb);
	std_destroy(&m);
}

/* --- use ---------------------------------------------------------------------------------- */

static void
machine_with_cache(struct std_machine *m)
{
	std_init(m);
	m->vcpu.tlb = cache(16);
}

static void
machine_end(struct std_machine *m)
{
	tlb_destroy(m->vcpu.tlb);
	std_destroy(m);
}

/* Where the access went; the test fails if it went nowhere. */
static uint64_t
reached(struct std_machine *m, char kind, uint64_t gva)
{
	assert_int_equal(std_access(m, kind, gva, 1), VCPU_DONE);
	return m->result.piece[0].hpa.v - STD_HOST;
}

static void
a_second_access_reads_no_table(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(reached(&m, 'r', X + 5), A + 5);
	assert_true(m.result.piece[0].cached);
	assert_false(m.result.piece[0].stale);
	assert_int_equal(m.result.reads, 0);
	assert_int_equal(tlb_stats(m.vcpu.tlb)->kind[TLB_COMBINED].hits, 1);
	assert_int_equal(tlb_stats(m.vcpu.tlb)->kind[TLB_COMBINED].misses, 1);
	machine_end(&m);
}

static void
a_changed_entry_is_seen_after_its_invalidation(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PTE, B | PWU);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_true(m.result.piece[0].stale);
	assert_int_equal(tlb_stats(m.vcpu.tlb)->stale, 1);
	vcpu_invlpg(&m.vcpu, vk_gva(X));
	assert_int_equal(reached(&m, 'r', X), B);
	assert_false(m.result.piece[0].cached);
	machine_end(&m);
}

static void
an_ept_change_is_seen_after_invept_alone(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	m.vcpu.vpid_on = true;
	m.vcpu.vpid = 1;
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_ept(&m, A, (B + STD_HOST) | EPT_RWX | STD_WB);
	vcpu_exit(&m.vcpu);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_true(m.result.piece[0].stale);
	assert_true(vcpu_invept(&m.vcpu, 1, STD_EPTP));
	assert_int_equal(reached(&m, 'r', X), B);
	machine_end(&m);
}

static void
data_and_fetches_are_kept_apart(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PTE, B | PWU);
	assert_int_equal(reached(&m, 'x', X), B);
	assert_int_equal(reached(&m, 'r', X), A);
	machine_end(&m);
}

static void
what_a_read_filled_does_not_serve_a_write(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(reached(&m, 'w', X), A);
	assert_false(m.result.piece[0].cached);
	assert_int_equal(std_guest(&m, PTE), A | PWU | VK_PG_A | VK_PG_D);
	/* What a write filled serves both. */
	assert_int_equal(reached(&m, 'w', X), A);
	assert_true(m.result.piece[0].cached);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_true(m.result.piece[0].cached);
	machine_end(&m);
}

static void
absence_is_not_cached(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_set_guest(&m, PTE, 0);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_PF);
	std_set_guest(&m, PTE, A | PWU);
	std_set_ept(&m, A, 0);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	std_set_ept(&m, A, (A + STD_HOST) | EPT_RWX | STD_WB);
	assert_int_equal(reached(&m, 'r', X), A);
	machine_end(&m);
}

static void
a_fault_drops_what_caused_it(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_set_guest(&m, PTE, A | VK_PG_P | VK_PG_US);
	assert_int_equal(reached(&m, 'r', X), A);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_PF);
	assert_null(tlb_entry_at(m.vcpu.tlb, TLB_COMBINED, 0));
	machine_end(&m);
}

static void
rights_are_judged_by_the_registers_of_each_use(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	m.vcpu.cpl = 0;
	m.vcpu.mode.cr0 &= ~VK_CR0_WP;
	std_set_guest(&m, PTE, A | VK_PG_P | VK_PG_US);
	assert_int_equal(reached(&m, 'w', X), A);
	assert_int_equal(reached(&m, 'w', X), A);
	assert_true(m.result.piece[0].cached);
	vcpu_mov_cr0(&m.vcpu, m.vcpu.mode.cr0 | VK_CR0_WP);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_PF);
	assert_int_equal(m.result.error_code, 3);
	assert_int_equal(reached(&m, 'r', X), A);
	vcpu_mov_cr4(&m.vcpu, VK_CR4_SMAP);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_PF);
	m.vcpu.mode.ac = 1;
	assert_int_equal(reached(&m, 'r', X), A);
	machine_end(&m);
}

static void
a_right_withdrawn_in_the_ept_stays_usable_until_invept(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'w', X), A);
	std_set_ept(&m, A, (A + STD_HOST) | EPT_R | STD_WB);
	assert_int_equal(reached(&m, 'w', X), A);
	assert_true(m.result.piece[0].cached);
	assert_true(m.result.piece[0].stale);
	assert_true(vcpu_invept(&m.vcpu, 2, 0));
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_EXIT);
	machine_end(&m);
}

static void
a_cached_fetch_needs_the_execute_right_of_its_kind(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'x', X), A);
	assert_int_equal(reached(&m, 'x', X), A);
	assert_true(m.result.piece[0].cached);
	/* Under MBEC a user page needs the other right, which was not there when it was cached. */
	std_set_eptp(&m, STD_EPTP, STD_CAP, EPT_CTL_MBEC);
	assert_int_equal(std_access(&m, 'x', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.qualification, 0x1bc);
	machine_end(&m);
}

struct heard {
	const char *name;
	uint64_t dropped;
	unsigned count;
};

static void
hear(void *ctx, const struct event *event)
{
	struct heard *heard = ctx;

	assert_int_equal(event->kind, EVENT_INVALIDATE);
	heard->name = event->name;
	heard->dropped = event->done;
	heard->count++;
}

static void
a_listener_hears_what_an_invalidation_dropped(void **state)
{
	struct heard heard = { .count = 0 };
	struct std_machine m;

	(void)state;
	fill_all(&m);
	m.vcpu.sink = hear;
	m.vcpu.sink_ctx = &heard;
	vcpu_invlpg(&m.vcpu, vk_gva(X));
	assert_string_equal(heard.name, "INVLPG");
	assert_int_equal(heard.dropped, 8);
	assert_true(vcpu_invept(&m.vcpu, 2, 0));
	assert_string_equal(heard.name, "INVEPT all");
	assert_int_equal(heard.dropped, 17);
	assert_int_equal(heard.count, 2);
	tlb_destroy(m.vcpu.tlb);
	std_destroy(&m);
}

static void
global_pages_survive_a_load_of_cr3_where_pge_is_on(void **state)
{
	struct std_machine m;
	unsigned pge;

	(void)state;
	for (pge = 0; pge < 2; pge++) {
		machine_with_cache(&m);
		m.vcpu.mode.cr4 = pge ? VK_CR4_PGE : 0;
		std_set_guest(&m, PTE, A | PWU | VK_PG_G);
		assert_int_equal(reached(&m, 'r', X), A);
		std_set_guest(&m, PTE, B | PWU);
		assert_true(vcpu_mov_cr3(&m.vcpu, STD_PML4));
		assert_int_equal(reached(&m, 'r', X), pge ? A : B);
		machine_end(&m);
	}
}

static void
a_large_page_is_dropped_by_any_of_its_addresses(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	std_set_guest(&m, PDE, PWU | VK_PG_PS);
	assert_int_equal(reached(&m, 'r', X), 0x1000);
	assert_int_equal(reached(&m, 'r', X + 0x5000), 0x6000);
	std_set_guest(&m, PDE, 0x200000 | PWU | VK_PG_PS);
	vcpu_invlpg(&m.vcpu, vk_gva(X + 0x77000));
	assert_int_equal(reached(&m, 'r', X), 0x201000);
	assert_int_equal(reached(&m, 'r', X + 0x5000), 0x206000);
	machine_end(&m);
}

static void
two_pcids_see_their_own_translations(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	m.vcpu.mode.cr4 |= VK_CR4_PCIDE;
	m.vcpu.mode.cr3 = STD_PML4 | 1;
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PTE, B | PWU);
	assert_true(vcpu_mov_cr3(&m.vcpu, STD_PML4 | 2));
	assert_int_equal(reached(&m, 'r', X), B);
	/* Back, and nothing dropped. */
	assert_true(vcpu_mov_cr3(&m.vcpu, STD_PML4 | 1 | VK_BIT(63)));
	assert_int_equal(reached(&m, 'r', X), A);
	assert_true(m.result.piece[0].stale);
	assert_true(vcpu_mov_cr3(&m.vcpu, STD_PML4 | 1));
	assert_int_equal(reached(&m, 'r', X), B);
	machine_end(&m);
}

static void
without_vpids_a_transition_forgets_the_guest(void **state)
{
	struct std_machine m;

	(void)state;
	machine_with_cache(&m);
	assert_int_equal(reached(&m, 'r', X), A);
	std_set_guest(&m, PTE, B | PWU);
	vcpu_exit(&m.vcpu);
	assert_int_equal(reached(&m, 'r', X), B);
	machine_end(&m);
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(drop_rows); i++)
		rows_add(&list, NULL, drop_rows[i].what, run_drop_row, &drop_rows[i]);
	ROWS_ADD_TEST(&list, a_translation_is_found_under_its_tag_alone);
	ROWS_ADD_TEST(&list, a_global_translation_serves_every_pcid_of_its_vpid_and_root);
	ROWS_ADD_TEST(&list, a_guest_physical_item_serves_every_vpid_and_pcid_of_its_root);
	ROWS_ADD_TEST(&list, the_longest_prefix_is_found);
	ROWS_ADD_TEST(&list, a_full_store_gives_up_its_oldest);
	ROWS_ADD_TEST(&list, kinds_without_room_are_not_kept);
	ROWS_ADD_TEST(&list, a_walk_that_an_invalidation_overtakes_fills_nothing);
	ROWS_ADD_TEST(&list, filling_a_page_again_replaces_its_translation);
	ROWS_ADD_TEST(&list, pieces_of_a_large_page_go_together);
	ROWS_ADD_TEST(&list, operands_that_fault_drop_nothing);
	ROWS_ADD_TEST(&list, a_second_access_reads_no_table);
	ROWS_ADD_TEST(&list, a_changed_entry_is_seen_after_its_invalidation);
	ROWS_ADD_TEST(&list, an_ept_change_is_seen_after_invept_alone);
	ROWS_ADD_TEST(&list, data_and_fetches_are_kept_apart);
	ROWS_ADD_TEST(&list, what_a_read_filled_does_not_serve_a_write);
	ROWS_ADD_TEST(&list, absence_is_not_cached);
	ROWS_ADD_TEST(&list, a_fault_drops_what_caused_it);
	ROWS_ADD_TEST(&list, rights_are_judged_by_the_registers_of_each_use);
	ROWS_ADD_TEST(&list, a_right_withdrawn_in_the_ept_stays_usable_until_invept);
	ROWS_ADD_TEST(&list, a_cached_fetch_needs_the_execute_right_of_its_kind);
	ROWS_ADD_TEST(&list, a_listener_hears_what_an_invalidation_dropped);
	ROWS_ADD_TEST(&list, global_pages_survive_a_load_of_cr3_where_pge_is_on);
	ROWS_ADD_TEST(&list, a_large_page_is_dropped_by_any_of_its_addresses);
	ROWS_ADD_TEST(&list, two_pcids_see_their_own_translations);
	ROWS_ADD_TEST(&list, without_vpids_a_transition_forgets_the_guest);
	return rows_run(&list, "tlb");
}
