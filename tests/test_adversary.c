/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a processor that may have cached anything can still use: a row is what was done, one access,
 * and every way that it can then go, the walk of memory first.
 *
 * [TLB-KINDS] [TLB-TAGS] [TLB-USE] [TLB-INVALIDATE] [GUEST-AD] [EPT-AD]
 *
 * A program is words apart by blanks.  Those before | set the beginning up:
 *
 *	+vpid +pcid +pge +flat	VPID 1, PCID 1, global pages, no EPT
 *	X=A Y=B Z=C PD=1 PD=L	entries of the guest; the value is a page or a table: A B C pages,
 *				1 and 2 page tables, L and M large pages, 0 nothing.  It has P, RW,
 *				US, A and D, but for the letters after it: r no RW, a no A, d no D;
 *				g adds G.  X~A is a locked operation in place of a store
 *	2X=A			the entry for X in page table 2
 *	E.A=F			the EPT leaf of page A, with the frame F or that of a page, likewise
 *	r:X w:X			an access, by the plain way; r!X w!X by the first other way
 *	inv:X ip0.1:X ip1.1	INVLPG, INVPCID with type, PCID and address; cr3.1 cr3.1k cr3R.1k:
 *				MOV to CR3 with that PCID, k keeping, R another root
 *	pge smep wp		change the bit
 *	exit enter vpid2	VM exit, VM entry, another virtual CPU
 *	ie1 ie2 ieo iv0:X iv1 iv2 iv3	INVEPT (o: of another root), INVVPID
 *
 * Ways are A, B, ...: where the access goes; PF, V, M: how it fails.
 */
#include <stdio.h>
#include <string.h>

#include "sim/adversary.h"
#include "support/std_machine.h"
#include "support/support_rows.h"

#define PT2 0x6000ull
#define ROOT2 0x7000ull
#define FRAME 0x1800000ull
#define LARGE_L 0x200000ull
#define LARGE_M 0x40000000ull

struct row {
	const char *what;
	const char *program;
	const char *access; /* "r:X" */
	const char *ways;
};

struct world {
	struct std_machine m;
	struct table_log *log;
	unsigned way;   /* to take at the last access */
	unsigned count; /* how many there were */
	bool flat;
};

/* --- the machine ---------------------------------------------------------------------------- */

static unsigned
choose(void *ctx, unsigned count)
{
	struct world *world = ctx;

	world->count = count;
	return world->way < count ? world->way : 0;
}

static void
entry_changed(void *ctx, const struct table_change *change)
{
	struct world *world = ctx;

	adversary_changed(tlb_adversary(world->m.vcpu.tlb), change);
}

static void
set_guest(struct world *world, uint64_t gpa, uint64_t value)
{
	fake_poke(&world->m.memory, gpa + (world->flat ? 0 : STD_HOST), value);
}

static void
world_init(struct world *world)
{
	static const uint64_t tables[] = { STD_PML4, STD_PDPT, STD_PD, STD_PT, PT2, ROOT2 };
	static const uint64_t ept_tables[] = { STD_EPT_PML4, STD_EPT_PDPT, STD_EPT_PD, STD_EPT_PT,
		STD_EPT_PD_HIGH };
	struct tlb_sizes sizes = { 1, 0, 0 };
	size_t i;

	memset(world, 0, sizeof(*world));
	std_init(&world->m);
	world->log = table_log_create(world->m.memory.mem);
	world->m.vcpu.tlb = tlb_create(&sizes, 0);
	assert_non_null(world->log);
	assert_non_null(world->m.vcpu.tlb);
	assert_true(tlb_follow(world->m.vcpu.tlb, world->m.memory.mem, world->log, true));
	table_log_follow(world->log, entry_changed, world);
	for (i = 0; i < ROWS_COUNT(tables); i++) {
		table_log_add(world->log, vk_hpa(tables[i] + STD_HOST), TABLE_GUEST);
		table_log_add(world->log, vk_hpa(tables[i]), TABLE_GUEST);
	}
	for (i = 0; i < ROWS_COUNT(ept_tables); i++)
		table_log_add(world->log, vk_hpa(ept_tables[i]), TABLE_EPT);
	world->m.vcpu.cpl = 0;
	world->m.vcpu.choose = choose;
	world->m.vcpu.choose_ctx = world;
}

static void
world_end(struct world *world)
{
	assert_int_equal(adversary_failed(tlb_adversary(world->m.vcpu.tlb)), ADVERSARY_FINE);
	tlb_destroy(world->m.vcpu.tlb);
	table_log_destroy(world->log);
	std_destroy(&world->m);
}

/* --- words of a program ----------------------------------------------------------------------- */

static uint64_t
page_of(char name)
{
	switch (name) {
	case 'A':
		return STD_A;
	case 'B':
		return STD_B;
	case 'C':
		return STD_C;
	case '1':
		return STD_PT;
	case '2':
		return PT2;
	case 'L':
		return LARGE_L | VK_PG_PS;
	case 'M':
		return LARGE_M | VK_PG_PS;
	default:
		fail_msg("no page %c", name);
		return 0;
	}
}

static uint64_t
linear_of(char name)
{
	assert_true(name >= 'X' && name <= 'Z');
	return STD_X + (uint64_t)(name - 'X') * VK_PAGE_BYTES;
}

/* "Ar": an entry of guest tables. */
static uint64_t
guest_value(const char *text)
{
	uint64_t value;

	if (*text == '0')
		return 0;
	value = page_of(*text) | STD_PWU | VK_PG_A | VK_PG_D;
	if (strchr(text, 'r') != NULL)
		value &= ~VK_PG_RW;
	if (strchr(text, 'a') != NULL)
		value &= ~VK_PG_A;
	if (strchr(text, 'd') != NULL)
		value &= ~VK_PG_D;
	return strchr(text, 'g') != NULL ? value | VK_PG_G : value;
}

static uint64_t
ept_value(const char *text)
{
	uint64_t value;

	if (*text == '0')
		return 0;
	value = (*text == 'F' ? FRAME : page_of(*text) + STD_HOST) | EPT_RWX | STD_WB | EPT_A |
	    EPT_D;
	if (strchr(text, 'r') != NULL)
		value &= ~EPT_W;
	if (strchr(text, 'a') != NULL)
		value &= ~EPT_A;
	return strchr(text, 'd') != NULL ? value & ~EPT_D : value;
}

static void
do_change(struct world *world, const char *word, const char *value)
{
	bool locked = *value == '~';

	hostmem_lock(world->m.memory.mem, locked);
	value++;
	if (strncmp(word, "E.", 2) == 0)
		std_set_ept(&world->m, page_of(word[2]), ept_value(value));
	else if (strncmp(word, "PD", 2) == 0)
		set_guest(world, STD_PD + 8, guest_value(value));
	else if (*word == '2')
		set_guest(world, PT2 + 8 * (uint64_t)(word[1] - 'X' + 1), guest_value(value));
	else
		set_guest(world, STD_PT + 8 * (uint64_t)(*word - 'X' + 1), guest_value(value));
	hostmem_lock(world->m.memory.mem, false);
}

/* "r:X" */
static enum vcpu_outcome
do_access(struct world *world, const char *word)
{
	return std_access(&world->m, word[0], linear_of(word[2]), 1);
}

static void
do_invpcid(struct world *world, const char *word)
{
	const char *dot = strchr(word, '.'), *colon = strchr(word, ':');

	assert_true(vcpu_invpcid(&world->m.vcpu, (unsigned)(word[2] - '0'),
	    dot != NULL ? (uint64_t)(dot[1] - '0') : 0,
	    vk_gva(colon != NULL ? linear_of(colon[1]) : 0)));
}

static void
do_cr3(struct world *world, const char *word)
{
	struct vcpu *vcpu = &world->m.vcpu;
	const char *dot = strchr(word, '.');
	uint64_t value = word[3] == 'R' ? ROOT2 : STD_PML4;

	if (dot != NULL)
		value |= (uint64_t)(dot[1] - '0');
	if (strchr(word, 'k') != NULL)
		value |= VK_BIT(63);
	assert_true(vcpu_mov_cr3(vcpu, value));
}

static void
do_vmx(struct world *world, const char *word)
{
	struct vcpu *vcpu = &world->m.vcpu;
	const char *colon = strchr(word, ':');

	if (strcmp(word, "ieo") == 0)
		assert_true(vcpu_invept(vcpu, 1, STD_EPTP ^ 0x8000));
	else if (word[1] == 'e')
		assert_true(vcpu_invept(vcpu, (unsigned)(word[2] - '0'), STD_EPTP));
	else
		assert_true(vcpu_invvpid(vcpu, (unsigned)(word[2] - '0'), 1,
		    vk_gva(colon != NULL ? linear_of(colon[1]) : 0)));
}

static void
do_option(struct world *world, const char *word)
{
	struct vcpu *vcpu = &world->m.vcpu;

	if (strcmp(word, "+vpid") == 0) {
		vcpu->vpid_on = true;
		vcpu->vpid = 1;
	} else if (strcmp(word, "+pcid") == 0) {
		vcpu->mode.cr4 |= VK_CR4_PCIDE;
		vcpu->mode.cr3 |= 1;
	} else if (strcmp(word, "+pge") == 0) {
		vcpu->mode.cr4 |= VK_CR4_PGE;
	} else if (strcmp(word, "+flat") == 0) {
		vcpu->ept_on = false;
		world->flat = true;
	} else {
		fail_msg("no option %s", word);
	}
}

/* All upper entries with their flags, so that ways differ by where they go alone. */
static void
begin(struct world *world)
{
	uint64_t page;

	for (page = 0; page < 0x200000; page += VK_PAGE_BYTES)
		std_set_ept(&world->m, page, std_ept(&world->m, page) | EPT_A | EPT_D);
	fake_poke(&world->m.memory, STD_EPT_PML4, STD_EPT_PDPT | EPT_RWX | EPT_A);
	fake_poke(&world->m.memory, STD_EPT_PDPT, STD_EPT_PD | EPT_RWX | EPT_A);
	fake_poke(&world->m.memory, STD_EPT_PDPT + 8, STD_EPT_PD_HIGH | EPT_RWX | EPT_A);
	fake_poke(&world->m.memory, STD_EPT_PD, STD_EPT_PT | EPT_RWX | EPT_A);
	fake_poke(&world->m.memory, STD_EPT_PD + 8,
	    (LARGE_L + STD_HOST) | EPT_RWX | STD_WB | EPT_PS | EPT_A | EPT_D);
	fake_poke(&world->m.memory, STD_EPT_PD_HIGH,
	    (LARGE_M + STD_HOST) | EPT_RWX | STD_WB | EPT_PS | EPT_A | EPT_D);
	set_guest(world, STD_PML4 + 8, STD_PDPT | STD_PWU | VK_PG_A);
	set_guest(world, STD_PDPT + 8, STD_PD | STD_PWU | VK_PG_A);
	set_guest(world, STD_PD + 8, guest_value("1"));
	set_guest(world, STD_PT + 8, guest_value("A"));
	set_guest(world, STD_PT + 16, guest_value("B"));
	set_guest(world, STD_PT + 24, guest_value("C"));
	set_guest(world, PT2 + 8, guest_value("B"));
	set_guest(world, PT2 + 16, guest_value("C"));
	set_guest(world, PT2 + 24, guest_value("A"));
}

static void
do_word(struct world *world, const char *word)
{
	struct vcpu *vcpu = &world->m.vcpu;
	const char *value = strpbrk(word, "=~");

	if (*word == '+') {
		do_option(world, word);
	} else if (strcmp(word, "|") == 0) {
		table_log_start(world->log);
		vcpu_enter(vcpu);
	} else if (value != NULL) {
		do_change(world, word, value);
	} else if (strncmp(word, "inv:", 4) == 0) {
		vcpu_invlpg(vcpu, vk_gva(linear_of(word[4])));
	} else if (strncmp(word, "ip", 2) == 0) {
		do_invpcid(world, word);
	} else if (strncmp(word, "cr3", 3) == 0) {
		do_cr3(world, word);
	} else if (strcmp(word, "pge") == 0) {
		vcpu_mov_cr4(vcpu, vcpu->mode.cr4 ^ VK_CR4_PGE);
	} else if (strcmp(word, "smep") == 0) {
		vcpu_mov_cr4(vcpu, vcpu->mode.cr4 ^ VK_CR4_SMEP);
	} else if (strcmp(word, "wp") == 0) {
		vcpu_mov_cr0(vcpu, vcpu->mode.cr0 ^ VK_CR0_WP);
	} else if (strcmp(word, "exit") == 0) {
		vcpu_exit(vcpu);
	} else if (strcmp(word, "enter") == 0) {
		vcpu_enter(vcpu);
	} else if (strncmp(word, "vpid", 4) == 0) {
		vcpu->vpid = (uint16_t)(word[4] - '0');
	} else if (*word == 'i') {
		do_vmx(world, word);
	} else {
		world->way = word[1] == '!';
		(void)do_access(world, word);
		world->way = 0;
	}
}

/* Runs a program; options come before the beginning is built, and all else after. */
static void
run_program(struct world *world, const char *program)
{
	char words[256], *word, *rest = words;
	bool built = false;

	world_init(world);
	assert_true(strlen(program) < sizeof(words));
	strcpy(words, program);
	while ((word = strtok_r(rest, " ", &rest)) != NULL) {
		if (!built && *word != '+') {
			begin(world);
			built = true;
		}
		do_word(world, word);
	}
}

/* --- ways ------------------------------------------------------------------------------------- */

static const char *
name_of(const struct world *world, enum vcpu_outcome outcome)
{
	static const struct {
		uint64_t page;
		const char *name;
	} pages[] = {
		{ STD_A, "A" }, { STD_B, "B" }, { STD_C, "C" }, { FRAME - STD_HOST, "F" },
		{ LARGE_L + 0x1000, "L" }, { LARGE_L + 0x2000, "L" }, { LARGE_M + 0x1000, "M" },
		{ LARGE_M + 0x2000, "M" },
	};
	uint64_t hpa = world->m.result.piece[0].hpa.v - (world->flat ? 0 : STD_HOST);
	size_t i;

	if (outcome == VCPU_PF)
		return "PF";
	if (outcome == VCPU_EXIT)
		return world->m.result.exit.reason == EPT_EXIT_VIOLATION ? "V" : "M";
	for (i = 0; i < ROWS_COUNT(pages); i++) {
		if (pages[i].page == hpa)
			return pages[i].name;
	}
	return "?";
}

static void
run_row(void **state)
{
	const struct row *row = *state;
	char ways[256] = "";
	unsigned way = 0, count = 1;

	for (; way < count; way++) {
		struct world world;

		run_program(&world, row->program);
		world.way = way;
		world.count = 1;
		if (way != 0)
			strcat(ways, " ");
		strcat(ways, name_of(&world, do_access(&world, row->access)));
		count = world.count;
		assert_true(count < 32);
		world_end(&world);
	}
	assert_string_equal(ways, row->ways);
}

static const struct row rows[] = {
	{ "without a change there is one way", "| w:X", "r:X", "A" },
	{ "a changed entry may be used as it was", "| w:X X=B", "r:X", "B A" },
	{ "not after INVLPG of the page", "| w:X X=B inv:X", "r:X", "B" },
	{ "INVLPG before the change is of no use", "| w:X inv:X X=B", "r:X", "B A" },
	{ "INVLPG of another page spares it", "| w:X X=B inv:Y", "r:X", "B A" },
	{ "even a page that was never used may be cached", "| X=B", "r:X", "B A" },
	{ "each value that there was may be used", "| w:X X=B r:X X=C", "r:X", "C A B" },
	{ "absence is not cached", "Z=0 | Z=C", "r:Z", "C" },
	{ "neither is an entry whose accessed flag nobody set", "X=Aa | X~B", "r:X", "B" },
	{ "but a plain store may have hidden that it was set", "X=Aa | X=B", "r:X", "B A" },
	{ "without EPT it is the same", "+flat | w:X X=B", "r:X", "B A" },
	{ "and INVLPG too", "+flat | w:X X=B inv:X", "r:X", "B" },
	{ "but INVEPT is not", "+flat +vpid | w:X X=B ie2", "r:X", "B A" },

	/* Upper entries. */
	{ "a changed upper entry may lead through the old table", "| w:X PD=2", "r:Z", "A C" },
	{ "old and new levels mix", "| w:X PD=2 X=C", "r:X", "B A C" },
	{ "INVLPG of any page drops upper entries, so that nothing new mixes with them",
	    "| w:X PD=2 inv:Y X=C", "r:X", "B A" },
	{ "and the page itself is walked anew", "| w:X PD=2 inv:Y", "r:Y", "C" },
	{ "and the others keep their translations", "| w:X PD=2 inv:Y", "r:X", "B A" },
	{ "which they did not fail to have", "| w:X PD=2 inv:Y E.1=0", "r:X", "B A" },
	{ "a table that is reused is not walked after any INVLPG", "| w:X PD=0 inv:Y Z=A", "r:Z",
	    "PF C" },

	/* Page sizes. */
	{ "a large page and a table in its place coexist", "PD=L | w:X PD=2", "r:X", "B L" },
	{ "INVLPG then drops one piece of the large page", "PD=L | w:X PD=2 inv:X", "r:X", "B" },
	{ "and no other", "PD=L | w:X PD=2 inv:X", "r:Y", "C L" },
	{ "a large page that went first goes whole", "PD=L | w:X PD=0 inv:X PD=2", "r:Y", "C" },
	{ "and one that another large page replaces", "PD=L | w:X PD=M inv:X", "r:Y", "M" },

	/* CR3, PCIDs, global pages. */
	{ "MOV to CR3 drops it", "| w:X X=B cr3", "r:X", "B" },
	{ "but not a global translation", "+pge X=Ag | w:X X=Bg cr3", "r:X", "B A" },
	{ "which a change of CR4.PGE drops", "+pge X=Ag | w:X X=Bg pge", "r:X", "B" },
	{ "a translation that is not global goes with CR3 where others are",
	    "+pge | w:X X=B cr3", "r:X", "B" },
	{ "MOV to CR3 drops upper entries of global pages, too", "+pge X=Ag | w:X PD=2 cr3 X=Cg",
	    "r:X", "B A" },
	{ "a PCID that is left and come back to is kept", "+pcid | w:X X=B cr3.2 cr3.1k", "r:X",
	    "B A" },
	{ "unless the load says otherwise", "+pcid | w:X X=B cr3.2 cr3.1", "r:X", "B" },
	{ "the other PCID does not see it", "+pcid | w:X X=B cr3.2k", "r:X", "B" },
	{ "unless it is global", "+pcid +pge X=Ag | w:X X=Bg cr3.2k", "r:X", "B A" },
	{ "INVLPG drops a global translation of any PCID",
	    "+pcid +pge X=Ag | w:X X=Bg cr3.2k inv:X", "r:X", "B" },
	{ "for good", "+pcid +pge X=Ag | w:X X=Bg cr3.2k inv:X cr3.1k", "r:X", "B" },
	{ "and none but that page's", "+pcid +pge X=Ag | w:X X=Bg cr3.2k inv:Y", "r:X", "B A" },
	{ "a change while another PCID is current concerns both",
	    "+pcid | w:X cr3.2 X=B cr3.1k", "r:X", "B A" },
	{ "tables of an old root are not told apart", "+pcid | w:X cr3R.1k", "r:X", "PF A" },
	{ "but nothing is cached of what they do not map", "+pcid | cr3R.1k cr3.1k", "r:X", "A" },
	{ "unless CR3 was loaded to drop them", "+pcid | w:X cr3R.1", "r:X", "PF" },
	{ "INVPCID 0 drops the address", "+pcid | w:X X=B cr3.2 ip0.1:X cr3.1k", "r:X", "B" },
	{ "of its PCID alone", "+pcid | w:X X=B cr3.2 ip0.2:X cr3.1k", "r:X", "B A" },
	{ "and no other address", "+pcid | w:X X=B ip0.1:Y", "r:X", "B A" },
	{ "nor a global translation", "+pcid +pge X=Ag | w:X X=Bg ip0.1:X", "r:X", "B A" },
	{ "INVPCID 0 drops upper entries on its way", "+pcid | w:X PD=2 ip0.1:Y", "r:Y", "C" },
	{ "INVPCID 1 drops the PCID", "+pcid | w:X X=B cr3.2 ip1.1 cr3.1k", "r:X", "B" },
	{ "and not another", "+pcid | w:X X=B cr3.2 ip1.2 cr3.1k", "r:X", "B A" },
	{ "INVPCID 2 drops globals", "+pcid +pge X=Ag | w:X X=Bg ip2", "r:X", "B" },
	{ "INVPCID 3 keeps globals", "+pcid +pge X=Ag | w:X X=Bg ip3", "r:X", "B A" },
	{ "and nothing else", "+pcid +pge | w:X X=B ip3", "r:X", "B" },
	{ "setting CR4.SMEP drops the PCID", "| w:X X=B smep", "r:X", "B" },
	{ "a change of CR0.WP drops nothing", "| w:X X=B wp", "r:X", "B A" },

	/* VM exits, VPIDs. */
	{ "an exit without VPID drops it", "| w:X X=B exit enter", "r:X", "B" },
	{ "and what changes outside is not seen inside", "| w:X exit X=B enter", "r:X", "B" },
	{ "with VPID it is kept", "+vpid | w:X exit X=B enter", "r:X", "B A" },
	{ "what is only there outside guest mode is not seen", "+vpid | w:X exit X=B X=C enter",
	    "r:X", "C A" },
	{ "what was there at a VM entry is", "+vpid | w:X exit X=B enter exit X=C enter", "r:X",
	    "C A B" },
	{ "INVVPID 1 drops it", "+vpid | w:X exit X=B iv1 enter", "r:X", "B" },
	{ "also before the change, outside", "+vpid | w:X exit iv1 X=B enter", "r:X", "B" },
	{ "INVVPID 2 drops it", "+vpid | w:X exit X=B iv2 enter", "r:X", "B" },
	{ "INVVPID 0 drops its address", "+vpid | w:X exit X=B iv0:X enter", "r:X", "B" },
	{ "also before the change, outside", "+vpid | w:X exit iv0:X X=B enter", "r:X", "B" },
	{ "and no other", "+vpid | w:X exit X=B iv0:Y enter", "r:X", "B A" },
	{ "INVVPID 3 drops what is not global", "+vpid +pge | w:X exit X=B iv3 enter", "r:X", "B" },
	{ "and keeps what is", "+vpid +pge X=Ag | w:X exit X=Bg iv3 enter", "r:X", "B A" },
	{ "INVVPID leaves other VPIDs alone",
	    "+vpid | exit vpid2 enter w:X X=B exit iv1 enter", "r:X", "B A" },
	{ "INVEPT drops the combined translations of every VPID", "+vpid | w:X exit X=B ie1 enter",
	    "r:X", "B" },
	{ "INVEPT of another root does not", "+vpid | w:X exit X=B ieo enter", "r:X", "B A" },

	/* The EPT. */
	{ "an EPT change survives exits without VPID", "| w:X E.A=F exit enter", "r:X", "F A" },
	{ "and what the guest flushes", "| w:X E.A=F cr3 inv:X", "r:X", "F A" },
	{ "and INVVPID", "+vpid | w:X E.A=F exit iv2 enter", "r:X", "F A" },
	{ "INVEPT drops it", "| w:X E.A=F exit ie1 enter", "r:X", "F" },
	{ "INVEPT of all roots too", "| w:X E.A=F exit ie2 enter", "r:X", "F" },
	{ "INVEPT of another root does not", "| w:X E.A=F exit ieo enter", "r:X", "F A" },
	{ "INVEPT before the change is enough outside", "| w:X exit ie1 E.A=F enter", "r:X", "F" },
	{ "inside, it is not", "| w:X ie1 E.A=F", "r:X", "F A" },
	{ "another VPID of the root shares it", "+vpid | w:X exit vpid2 E.A=F enter", "r:X",
	    "F A" },
	{ "a table page that moved may be read where it was", "| w:X E.1=F", "r:X", "PF A" },
	{ "until INVEPT", "| w:X E.1=F ie1", "r:X", "PF" },

	/* Rights, faults, exits. */
	{ "a right that was taken away may be used", "| w:X X=Ar", "w:X", "PF A" },
	{ "until INVLPG", "| w:X X=Ar inv:X", "w:X", "PF" },
	{ "a right that was given may be missing", "X=Ar | r:X X=A", "w:X", "A PF" },
	{ "once: the fault drops the page", "X=Ar | r:X X=A w!X", "w:X", "A" },
	{ "the fault of another page does not", "Y=0 | w:X X=B r:Y", "r:X", "B A" },
	{ "a fault drops the upper entries on its way", "| w:X PD=0 r:Y", "r:Y", "PF" },
	{ "and no translation of another page", "| w:X PD=0 r:Y", "r:X", "PF A" },
	{ "a right that the EPT gave may be missing", "E.A=Ar | r:X E.A=A", "w:X", "A V" },
	{ "once: the exit drops the GPA", "E.A=Ar | r:X E.A=A w!X", "w:X", "A" },
	{ "an exit at another GPA does not", "E.B=0 | w:X E.A=F r:Y", "r:X", "F A" },
	{ "nor those of the tables on its way", "E.B=0 | w:X E.1=F r!Y", "r:X", "PF A" },
	{ "a right that the EPT took away may be used", "| w:X E.A=Ar", "w:X", "V A" },
	{ "what the EPT did not map is not cached", "E.C=0 | E.C=C", "r:Z", "C" },

	/* Accessed and dirty flags. */
	{ "an accessed flag that was cleared may stay clear", "| w:X X=Aa", "r:X", "A A" },
	{ "not after INVLPG", "| w:X X=Aa inv:X", "r:X", "A" },
	{ "a dirty flag that was cleared may stay clear", "| w:X X=Ad", "w:X", "A A" },
	{ "not after INVLPG", "| w:X X=Ad inv:X", "w:X", "A" },
	{ "an entry may be used with the flag that a walk has set", "| X=Ba r:X X~C", "r:X",
	    "C A B" },
	{ "a clean translation serves no write", "X=Ad | r:X X=B", "w:X", "B" },
	{ "but a read", "X=Ad | r:X X=B", "r:X", "B A" },
	{ "a clean translation without the right fails a write", "X=Adr | r:X X=B", "w:X", "B PF" },
	{ "a flag of the EPT that was cleared may stay clear", "| w:X E.A=Ad", "w:X", "A A" },
	{ "not after INVEPT", "| w:X E.A=Ad ie1", "w:X", "A" },
	{ "a clean page of the EPT serves no write", "E.A=Ad | r:X E.A=F", "w:X", "F" },
};

/* --- what flags are left ---------------------------------------------------------------------- */

static void
a_stale_way_sets_no_flag(void **state)
{
	struct world world;
	unsigned way;

	(void)state;
	for (way = 0; way < 2; way++) {
		run_program(&world, "| w:X X=Ad");
		world.way = way;
		(void)do_access(&world, "w:X");
		assert_int_equal(world.count, 2);
		/* The plain way comes first. */
		assert_int_equal(std_guest(&world.m, STD_PT + 8) & VK_PG_D, way ? 0 : VK_PG_D);
		assert_false(world.m.result.piece[0].stale);
		world_end(&world);
	}
}

static void
a_stale_way_is_told_from_the_plain_one(void **state)
{
	struct world world;
	unsigned way;

	(void)state;
	for (way = 0; way < 2; way++) {
		run_program(&world, "| w:X X=B");
		world.way = way;
		assert_int_equal(do_access(&world, "r:X"), VCPU_DONE);
		assert_int_equal(world.m.result.piece[0].stale, way);
		assert_int_equal(tlb_stats(world.m.vcpu.tlb)->stale, way);
		world_end(&world);
	}
}

/* --- canonical bytes -------------------------------------------------------------------------- */

struct bytes {
	unsigned char byte[8192];
	size_t size;
};

static void
put_bytes(void *ctx, const void *bytes, size_t size)
{
	struct bytes *to = ctx;

	assert_true(to->size + size <= sizeof(to->byte));
	memcpy(to->byte + to->size, bytes, size);
	to->size += size;
}

static void
bytes_after(const char *program, struct bytes *bytes)
{
	struct watch_sink sink = { put_bytes, bytes };
	struct world world;

	bytes->size = 0;
	run_program(&world, program);
	tlb_state(world.m.vcpu.tlb, &sink);
	world_end(&world);
}

static const struct {
	const char *what;
	const char *one, *other;
	bool equal;
} byte_rows[] = {
	{ "what was used by the plain way leaves no trace", "| X=B", "| X=B r:X r:Y", true },
	{ "nor do the flags that it sets", "X=Aa |", "X=Aa | r:X", true },
	{ "the order of changes is of no matter", "| X=B Y=C", "| Y=C X=B", true },
	{ "nor is that of invalidations", "| X=B Y=C inv:X inv:Y", "| X=B Y=C inv:Y inv:X", true },
	{ "nor how often", "| X=B inv:Y", "| X=B inv:Y inv:Y", true },
	{ "an invalidation of everything forgets what there was", "| X=B X=C cr3", "| X=B cr3 X=C",
	    false },
	{ "and how it came about", "| X=B cr3 X=C cr3", "| X=B X=C cr3", true },
	{ "a value more is another state", "| X=B X=C", "| X=C", false },
	{ "a page that was invalidated is another state", "| X=B inv:Y", "| X=B inv:Z", false },
	{ "being outside is another state", "+vpid | X=B exit", "+vpid | X=B", false },
	{ "PCIDs come in order", "+pcid | X=B cr3.2k cr3.3k cr3.1k",
	    "+pcid | X=B cr3.3k cr3.2k cr3.1k", true },
};

static void
run_byte_row(void **state)
{
	size_t i = (size_t)*state;
	struct bytes one, other;

	bytes_after(byte_rows[i].one, &one);
	bytes_after(byte_rows[i].other, &other);
	assert_int_equal(one.size == other.size && memcmp(one.byte, other.byte, one.size) == 0,
	    byte_rows[i].equal);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void
more_values_than_are_kept_are_a_failure(void **state)
{
	struct world world;
	uint64_t i;

	(void)state;
	run_program(&world, "| w:X");
	for (i = 0; i < 5000; i++)
		set_guest(&world, STD_PT + 8, (0x100000 + (i << 12)) | STD_PWU | VK_PG_A);
	assert_int_equal(adversary_failed(tlb_adversary(world.m.vcpu.tlb)), ADVERSARY_OVER_LIMIT);
	tlb_destroy(world.m.vcpu.tlb);
	table_log_destroy(world.log);
	std_destroy(&world.m);
}

int
main(void)
{
	struct rows list = { 0 };
	char name[ROWS_COUNT(rows)][160];
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++) {
		snprintf(name[i], sizeof(name[i]), "%s: %s", rows[i].what, rows[i].program);
		rows_add(&list, NULL, name[i], run_row, &rows[i]);
	}
	for (i = 0; i < ROWS_COUNT(byte_rows); i++)
		rows_add(&list, NULL, byte_rows[i].what, run_byte_row, (const void *)i);
	ROWS_ADD_TEST(&list, a_stale_way_sets_no_flag);
	ROWS_ADD_TEST(&list, a_stale_way_is_told_from_the_plain_one);
	ROWS_ADD_TEST(&list, more_values_than_are_kept_are_a_failure);
	return rows_run(&list, "adversary");
}
