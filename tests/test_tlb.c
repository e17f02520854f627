/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cached translations: the cache by itself, what each instruction and event drops and what it
 * spares, and how the virtual CPU uses what it kept.
 *
 * [TLB-TAGS] [TLB-INVALIDATE] [GUEST-CR3] [GUEST-RIGHTS] [EPT-EPTP]
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

/* --- the cache by itself ------------------------------------------------------------------ */

static struct tlb *
cache(unsigned entries)
{
	struct tlb *tlb = tlb_create(entries, 0);

	assert_non_null(tlb);
	return tlb;
}

static struct tlb_entry
entry_of(uint64_t page, uint16_t vpid, uint16_t pcid, uint64_t root)
{
	struct tlb_entry entry;

	memset(&entry, 0, sizeof(entry));
	entry.page = page;
	entry.tag.vpid = vpid;
	entry.tag.pcid = pcid;
	entry.tag.eptrta = root;
	entry.frame = vk_hpa(page << VK_PAGE_SHIFT);
	entry.guest_shift = VK_PAGE_SHIFT;
	return entry;
}

static void
a_translation_is_found_under_its_tag_alone(void **state)
{
	struct tlb_entry entry = entry_of(5, 1, 2, 3);
	struct tlb_tag tag = { 1, 2, 3 }, other;
	struct tlb *tlb = cache(4);

	(void)state;
	tlb_fill(tlb, &entry);
	assert_non_null(tlb_find(tlb, &tag, vk_gva(0x5fff), false));
	assert_null(tlb_find(tlb, &tag, vk_gva(0x6000), false));
	assert_null(tlb_find(tlb, &tag, vk_gva(0x5000), true)); /* fetches are apart */
	other = tag;
	other.vpid = 9;
	assert_null(tlb_find(tlb, &other, vk_gva(0x5000), false));
	other = tag;
	other.pcid = 9;
	assert_null(tlb_find(tlb, &other, vk_gva(0x5000), false));
	other = tag;
	other.eptrta = 9;
	assert_null(tlb_find(tlb, &other, vk_gva(0x5000), false));
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
	assert_non_null(tlb_find(tlb, &same, vk_gva(0x5000), false));
	assert_null(tlb_find(tlb, &vpid, vk_gva(0x5000), false));
	assert_null(tlb_find(tlb, &root, vk_gva(0x5000), false));
	tlb_destroy(tlb);
}

static void
a_full_cache_gives_up_its_oldest(void **state)
{
	struct tlb_tag tag = { 0, 0, 0 };
	struct tlb *tlb = cache(2);
	uint64_t page;

	(void)state;
	for (page = 1; page <= 3; page++) {
		struct tlb_entry entry = entry_of(page, 0, 0, 0);

		tlb_fill(tlb, &entry);
	}
	assert_null(tlb_find(tlb, &tag, vk_gva(0x1000), false));
	assert_int_equal(tlb_entry_at(tlb, 0)->page, 2);
	assert_int_equal(tlb_entry_at(tlb, 1)->page, 3);
	assert_null(tlb_entry_at(tlb, 2));
	assert_int_equal(tlb_stats(tlb)->fills, 3);
	assert_int_equal(tlb_stats(tlb)->evictions, 1);
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
	assert_int_equal(tlb_find(tlb, &tag, vk_gva(0x1000), false)->frame.v, 0x77000);
	assert_non_null(tlb_find(tlb, &tag, vk_gva(0x2000), false));
	assert_null(tlb_entry_at(tlb, 2));
	assert_int_equal(tlb_stats(tlb)->evictions, 0);
	/* And is then the youngest. */
	assert_int_equal(tlb_entry_at(tlb, 1)->page, 1);
	tlb_destroy(tlb);
}

static void
pieces_of_a_large_page_go_together(void **state)
{
	struct tlb_scope scope = { .by_address = true };
	struct tlb *tlb = cache(8);
	struct tlb_entry entry;

	(void)state;
	entry = entry_of(0x200, 0, 0, 0); /* of the 2 MiB page at 200000 */
	entry.guest_shift = 21;
	tlb_fill(tlb, &entry);
	entry.page = 0x3ff;
	tlb_fill(tlb, &entry);
	entry = entry_of(0x400, 0, 0, 0);
	tlb_fill(tlb, &entry);
	scope.address = vk_gva(0x234567);
	assert_int_equal(tlb_drop(tlb, &scope), 2);
	assert_int_equal(tlb_entry_at(tlb, 0)->page, 0x400);
	assert_int_equal(tlb_stats(tlb)->dropped, 2);
	tlb_destroy(tlb);
}

/* --- what drops what ---------------------------------------------------------------------- */

/* Eight translations, a bit each. */
#define OWN 0x01u          /* page X, the current VPID, PCID and root */
#define OTHER_PAGE 0x02u
#define OTHER_PCID 0x04u   /* page X under PCID 2 */
#define GLOBAL 0x08u       /* page X+7, made under PCID 2 */
#define OTHER_VPID 0x10u   /* page X under VPID 8 */
#define OTHER_ROOT 0x20u   /* page X under another EPT root */
#define VPID_0 0x40u       /* page X under VPID 0 */
#define GLOBAL_PAGE 0x80u  /* page X+1 a second time, global, made under PCID 2 */
#define ALL 0xffu

struct drop_row {
	const char *what;
	bool (*run)(struct vcpu *vcpu);
	unsigned dropped;
};

static bool
invlpg_x(struct vcpu *vcpu)
{
	vcpu_invlpg(vcpu, vk_gva(X + 0xfff));
	return true;
}

static bool
invlpg_global(struct vcpu *vcpu)
{
	vcpu_invlpg(vcpu, vk_gva(X + 0x1000));
	return true;
}

static bool
invlpg_not_canonical(struct vcpu *vcpu)
{
	vcpu_invlpg(vcpu, vk_gva(X | VK_BIT(48)));
	return true;
}

static bool
invpcid_address(struct vcpu *vcpu)
{
	return vcpu_invpcid(vcpu, 0, 2, vk_gva(X));
}

static bool
invpcid_address_global(struct vcpu *vcpu)
{
	return vcpu_invpcid(vcpu, 0, 2, vk_gva(X + 0x1000));
}

static bool
invpcid_single(struct vcpu *vcpu)
{
	return vcpu_invpcid(vcpu, 1, 1, vk_gva(0));
}

static bool
invpcid_all_with_globals(struct vcpu *vcpu)
{
	return vcpu_invpcid(vcpu, 2, 0, vk_gva(0));
}

static bool
invpcid_all(struct vcpu *vcpu)
{
	return vcpu_invpcid(vcpu, 3, 0, vk_gva(0));
}

static bool
mov_cr3(struct vcpu *vcpu)
{
	return vcpu_mov_cr3(vcpu, STD_PML4 | 2);
}

static bool
mov_cr3_keeping(struct vcpu *vcpu)
{
	return vcpu_mov_cr3(vcpu, STD_PML4 | 2 | VK_BIT(63)) && vcpu->mode.cr3 == (STD_PML4 | 2);
}

static bool
toggle_pge(struct vcpu *vcpu)
{
	vcpu_mov_cr4(vcpu, vcpu->mode.cr4 ^ VK_CR4_PGE);
	return true;
}

static bool
clear_pcide(struct vcpu *vcpu)
{
	vcpu_mov_cr4(vcpu, vcpu->mode.cr4 & ~VK_CR4_PCIDE);
	return true;
}

static bool
set_smep(struct vcpu *vcpu)
{
	vcpu_mov_cr4(vcpu, vcpu->mode.cr4 | VK_CR4_SMEP);
	return true;
}

static bool
set_smap_and_pke(struct vcpu *vcpu)
{
	vcpu_mov_cr4(vcpu, vcpu->mode.cr4 | VK_CR4_SMAP | VK_CR4_PKE);
	return true;
}

static bool
clear_wp(struct vcpu *vcpu)
{
	vcpu_mov_cr0(vcpu, vcpu->mode.cr0 & ~VK_CR0_WP);
	return true;
}

static bool
clear_pg(struct vcpu *vcpu)
{
	vcpu_mov_cr0(vcpu, vcpu->mode.cr0 & ~VK_CR0_PG);
	return true;
}

static bool
transition(struct vcpu *vcpu)
{
	vcpu_transition(vcpu);
	return true;
}

static bool
transition_without_vpid(struct vcpu *vcpu)
{
	vcpu->vpid_on = false;
	vcpu_transition(vcpu);
	return true;
}

static bool
invept_single(struct vcpu *vcpu)
{
	return vcpu_invept(vcpu, 1, STD_EPTP);
}

static bool
invept_all(struct vcpu *vcpu)
{
	return vcpu_invept(vcpu, 2, 0);
}

static bool
invvpid_address(struct vcpu *vcpu)
{
	return vcpu_invvpid(vcpu, 0, 7, vk_gva(X));
}

static bool
invvpid_single(struct vcpu *vcpu)
{
	return vcpu_invvpid(vcpu, 1, 7, vk_gva(0));
}

static bool
invvpid_all(struct vcpu *vcpu)
{
	return vcpu_invvpid(vcpu, 2, 0, vk_gva(0));
}

static bool
invvpid_keeping_globals(struct vcpu *vcpu)
{
	return vcpu_invvpid(vcpu, 3, 7, vk_gva(0));
}

/* Of the current VPID (7): OWN, OTHER_PAGE, OTHER_PCID, GLOBAL, OTHER_ROOT, GLOBAL_PAGE. */
#define OF_VPID (ALL & ~(OTHER_VPID | VPID_0))
#define GLOBALS (GLOBAL | GLOBAL_PAGE)

static const struct drop_row drop_rows[] = {
	{ "INVLPG drops its page of the PCID, under every EPT", invlpg_x, OWN | OTHER_ROOT },
	{ "INVLPG drops a global page of any PCID", invlpg_global, OTHER_PAGE | GLOBAL_PAGE },
	{ "INVLPG of an address that is not canonical does nothing", invlpg_not_canonical, 0 },
	{ "INVPCID 0 drops one page of one PCID", invpcid_address, OTHER_PCID },
	{ "INVPCID 0 spares globals", invpcid_address_global, 0 },
	{ "INVPCID 1 drops one PCID but globals", invpcid_single, OWN | OTHER_PAGE | OTHER_ROOT },
	{ "INVPCID 2 drops all PCIDs and globals", invpcid_all_with_globals, OF_VPID },
	{ "INVPCID 3 drops all PCIDs but globals", invpcid_all, OF_VPID & ~GLOBALS },
	{ "MOV to CR3 drops the new PCID but globals", mov_cr3, OTHER_PCID },
	{ "MOV to CR3 with bit 63 drops nothing", mov_cr3_keeping, 0 },
	{ "a change of CR4.PGE drops all", toggle_pge, OF_VPID },
	{ "clearing CR4.PCIDE drops all", clear_pcide, OF_VPID },
	{ "setting CR4.SMEP drops the PCID and globals", set_smep,
	    OWN | OTHER_PAGE | OTHER_ROOT | GLOBALS },
	{ "setting CR4.SMAP and PKE drops nothing", set_smap_and_pke, 0 },
	{ "a change of CR0.WP drops nothing", clear_wp, 0 },
	{ "clearing CR0.PG drops all", clear_pg, OF_VPID },
	{ "a transition with VPIDs drops nothing", transition, 0 },
	{ "a transition without VPIDs drops VPID 0", transition_without_vpid, VPID_0 },
	{ "INVEPT 1 drops one root, of every VPID", invept_single, ALL & ~OTHER_ROOT },
	{ "INVEPT 2 drops every root", invept_all, ALL },
	{ "INVVPID 0 drops one page of one VPID, of every PCID", invvpid_address,
	    OWN | OTHER_PCID | OTHER_ROOT },
	{ "INVVPID 1 drops one VPID", invvpid_single, OF_VPID },
	{ "INVVPID 2 drops every VPID but 0", invvpid_all, ALL & ~VPID_0 },
	{ "INVVPID 3 drops one VPID but globals", invvpid_keeping_globals, OF_VPID & ~GLOBALS },
};

static const struct {
	uint64_t page;
	uint16_t vpid, pcid;
	uint64_t root;
	bool global;
} kept[] = {
	{ X >> 12, 7, 1, ROOT, false },
	{ (X >> 12) + 1, 7, 1, ROOT, false },
	{ X >> 12, 7, 2, ROOT, false },
	{ (X >> 12) + 7, 7, 2, ROOT, true },
	{ X >> 12, 8, 1, ROOT, false },
	{ X >> 12, 7, 1, ROOT + 1, false },
	{ X >> 12, 0, 1, ROOT, false },
	{ (X >> 12) + 1, 7, 2, ROOT, true },
};

/* VPID 7, PCID 1, and one translation for each row of kept[], its number in place of the frame. */
static void
fill_all(struct std_machine *m)
{
	size_t i;

	std_init(m);
	m->vcpu.tlb = cache(16);
	m->vcpu.vpid_on = true;
	m->vcpu.vpid = 7;
	m->vcpu.mode.cr3 |= 1;
	m->vcpu.mode.cr4 |= VK_CR4_PCIDE | VK_CR4_PGE;
	for (i = 0; i < ROWS_COUNT(kept); i++) {
		struct tlb_entry entry = entry_of(kept[i].page, kept[i].vpid, kept[i].pcid,
		    kept[i].root);

		entry.global = kept[i].global;
		entry.frame = vk_hpa(i << VK_PAGE_SHIFT);
		tlb_fill(m->vcpu.tlb, &entry);
	}
}

static unsigned
still_there(const struct tlb *tlb)
{
	unsigned there = 0, i;

	for (i = 0; tlb_entry_at(tlb, i) != NULL; i++)
		there |= 1u << (tlb_entry_at(tlb, i)->frame.v >> VK_PAGE_SHIFT);
	return there;
}

static void
run_drop_row(void **state)
{
	const struct drop_row *row = *state;
	struct std_machine m;

	fill_all(&m);
	assert_int_equal(still_there(m.vcpu.tlb), ALL);
	assert_true(row->run(&m.vcpu));
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
	assert_int_equal(still_there(m.vcpu.tlb), ALL);
	assert_int_equal(m.vcpu.mode.cr3, STD_PML4 | 1);
	m.vcpu.mode.cr4 &= ~VK_CR4_PCIDE;
	assert_false(vcpu_invpcid(&m.vcpu, 1, 1, vk_gva(X)));
	assert_false(vcpu_invpcid(&m.vcpu, 0, 1, vk_gva(X)));
	assert_false(vcpu_mov_cr3(&m.vcpu, STD_PML4 | VK_BIT(63)));
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
	assert_int_equal(tlb_stats(m.vcpu.tlb)->hits, 1);
	assert_int_equal(tlb_stats(m.vcpu.tlb)->misses, 1);
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
	vcpu_transition(&m.vcpu);
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
	assert_null(tlb_entry_at(m.vcpu.tlb, 0));
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
	assert_int_equal(heard.dropped, 2);
	assert_true(vcpu_invept(&m.vcpu, 2, 0));
	assert_string_equal(heard.name, "INVEPT all");
	assert_int_equal(heard.dropped, 6);
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
	vcpu_transition(&m.vcpu);
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
	ROWS_ADD_TEST(&list, a_full_cache_gives_up_its_oldest);
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
