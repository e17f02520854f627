/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The two-dimensional walk by rows: what an access of the standard machine (support/std_machine.h)
 * leads to, how many entries it reads, which flags it leaves in the EPT; and how the memory that
 * nests the walks behaves when entries change under it.
 *
 * [EPT-ORDER] [EPT-VIOLATION] [EPT-MISCONFIG] [EPT-QUALIFICATION] [EPT-AD] [EPT-AD-TABLE] [EPT-PML]
 * [EPT-VE] [EPT-SPP] [GUEST-ORDER] [GUEST-AD] [GUEST-STRADDLE] [MEMTYPE-EFFECTIVE]
 */
#include <string.h>

#include "ept/memtype.h"
#include "support/std_machine.h"
#include "support/support_rows.h"

#define X STD_X
#define A STD_A
#define B STD_B
#define PWU STD_PWU
#define WB STD_WB
#define RWX EPT_RWX
#define PML4E 0x1008ull /* of X; GPA */
#define PDPTE 0x2008ull
#define PDE 0x3008ull
#define PTE 0x4008ull
#define PTE2 0x4010ull
#define LEAF(gpa) ((gpa) | RWX | WB) /* plus STD_HOST, which edit() adds */

/* What a row edits: a guest word, an EPT leaf by its page, or a word of the EPT's own tables. */
enum place { NOTHING, GUEST, EPT, HOST };

struct edit {
	enum place place;
	uint64_t address;
	uint64_t value; /* of an EPT leaf: without STD_HOST */
};

#define NO_AD 0x01u
#define ADVANCED 0x02u
#define NO_EXEC_ONLY 0x04u
#define CPL0 0x08u
#define WIDE 0x10u /* MAXPHYADDR 52 */
#define MBEC 0x20u
#define NO_PAGING 0x40u

struct row {
	const char *what;
	struct edit edit[3];
	unsigned differs;
	char kind;
	unsigned size; /* 0: one byte */
	uint64_t gva;
	unsigned exit; /* reason; 0: none */
	uint64_t qualification;
	uint64_t gpa;  /* of the exit, or of the page reached */
	uint64_t gla;  /* 0: gva */
	unsigned fault; /* error code plus 1 */
	unsigned reads; /* 0: do not care */
};

#define VIOL(q, g) .exit = 48, .qualification = (q), .gpa = (g)
#define MISC(g) .exit = 49, .gpa = (g)
#define FAULT(code) .fault = (code) + 1
#define OK(g) .gpa = (g)

static const struct row rows[] = {
	/* --- the table pages --- */
	{ "the root's page absent", { { EPT, 0x1000, 0 } }, .kind = 'r', .gva = X,
	    VIOL(0x083, PML4E), .reads = 4 },
	{ "the root's page absent, A/D off", { { EPT, 0x1000, 0 } }, NO_AD, .kind = 'r', .gva = X,
	    VIOL(0x081, PML4E), .reads = 4 },
	{ "bits of a table access describe it, not the write that needs it",
	    { { EPT, 0x4000, 0 } }, .kind = 'w', .gva = X, VIOL(0x083, PTE), .reads = 19 },
	{ "nor the fetch", { { EPT, 0x4000, 0 } }, NO_AD, .kind = 'x', .gva = X,
	    VIOL(0x081, PTE) },
	{ "with A/D on a table's page must be writable for a mere read",
	    { { EPT, 0x4000, 0x4000 | EPT_R | EPT_X | WB },
	    { GUEST, PTE, A | PWU | VK_PG_A | VK_PG_D } }, .kind = 'r', .gva = X,
	    VIOL(0x0ab, PTE) },
	{ "with A/D off it must not, when the flags are set",
	    { { EPT, 0x4000, 0x4000 | EPT_R | EPT_X | WB }, { GUEST, PTE, A | PWU | VK_PG_A } },
	    NO_AD, .kind = 'r', .gva = X, OK(A) },
	{ "with A/D off setting A there is a violation",
	    { { EPT, 0x4000, 0x4000 | EPT_R | EPT_X | WB } }, NO_AD, .kind = 'r', .gva = X,
	    VIOL(0x0ab, PTE) },
	{ "with A/D off setting D there is a violation",
	    { { EPT, 0x4000, 0x4000 | EPT_R | EPT_X | WB }, { GUEST, PTE, A | PWU | VK_PG_A } },
	    NO_AD, .kind = 'w', .gva = X, VIOL(0x0ab, PTE) },
	{ "an execute-only table page cannot be read",
	    { { EPT, 0x3000, 0x3000 | EPT_X | WB } }, NO_AD, .kind = 'r', .gva = X,
	    VIOL(0x0a1, PDE) },
	{ "a table in no memory is a violation at its entry",
	    { { GUEST, PDE, 0x00003ffffffff000 | PWU } }, .kind = 'r', .gva = X,
	    VIOL(0x083, 0x00003ffffffff008) },
	{ "a misconfigured leaf over a table", { { EPT, 0x2000, 0x2000 | RWX | 2 << 3 } },
	    .kind = 'r', .gva = X, MISC(PDPTE) },
	{ "a misconfigured EPT table entry shows at the first address through it",
	    { { HOST, STD_EPT_PD, STD_EPT_PT | RWX | 1 << 3 } }, .kind = 'r', .gva = X,
	    MISC(PML4E), .reads = 3 },
	{ "W clear in the EPT root alone denies table accesses",
	    { { HOST, STD_EPT_PML4, STD_EPT_PDPT | EPT_R | EPT_X } }, .kind = 'w', .gva = X,
	    VIOL(0x0ab, PML4E) },

	/* --- the page itself --- */
	{ "the page absent, with its offset", { { EPT, A, 0 } }, .kind = 'r', .gva = X + 5,
	    VIOL(0x181, A + 5), .reads = 24 },
	{ "a write to a page without W", { { EPT, A, A | EPT_R | EPT_X | WB } }, .kind = 'w',
	    .gva = X, VIOL(0x1aa, A) },
	{ "a fetch from a page without X", { { EPT, A, A | EPT_R | EPT_W | WB } }, .kind = 'x',
	    .gva = X, VIOL(0x19c, A) },
	{ "a fetch from an execute-only page", { { EPT, A, A | EPT_X | WB } }, .kind = 'x',
	    .gva = X, OK(A) },
	{ "a read of an execute-only page", { { EPT, A, A | EPT_X | WB } }, .kind = 'r', .gva = X,
	    VIOL(0x1a1, A) },
	{ "execute-only where there is no such thing", { { EPT, A, A | EPT_X | WB } },
	    NO_EXEC_ONLY, .kind = 'x', .gva = X, MISC(A) },
	{ "a locked instruction on a page of R alone", { { EPT, A, A | EPT_R | WB } },
	    .kind = 'm', .gva = X, VIOL(0x18a, A) },
	{ "a page beyond memory", { { GUEST, PTE, 0x00003ffffffff000 | PWU } }, .kind = 'r',
	    .gva = X, VIOL(0x181, 0x00003ffffffff000) },
	{ "an address that four levels do not reach", { { GUEST, PTE, VK_BIT(50) | A | PWU } },
	    WIDE, .kind = 'r', .gva = X, VIOL(0x181, VK_BIT(50) | A), .reads = 20 },
	{ "write and execute without read", { { EPT, A, A | EPT_W | EPT_X | WB } }, .kind = 'x',
	    .gva = X, MISC(A) },
	{ "bit 7 of an EPT leaf", { { EPT, A, LEAF(A) | EPT_PS } }, .kind = 'r', .gva = X,
	    OK(A) },
	{ "advanced information about a user, writable, execute-disabled page",
	    { { EPT, A, 0 }, { GUEST, PTE, A | PWU | VK_PG_XD } }, ADVANCED, .kind = 'r', .gva = X,
	    VIOL(0xf81, A) },
	{ "advanced information is accumulated over all levels",
	    { { EPT, A, 0 }, { GUEST, PML4E, STD_PDPT | VK_PG_P | VK_PG_US } }, ADVANCED,
	    .kind = 'r', .gva = X, VIOL(0x381, A) },
	{ "advanced information without paging", { { EPT, A, 0 } }, ADVANCED | NO_PAGING,
	    .kind = 'r', .gva = A, VIOL(0x781, A), .reads = 4 },
	{ "with MBEC a fetch from a user page needs XU", { { EPT, A, LEAF(A) } }, MBEC,
	    .kind = 'x', .gva = X, VIOL(0x1bc, A) },
	{ "with MBEC the page, not the CPL, says which right counts", { { EPT, A, LEAF(A) } },
	    MBEC | CPL0, .kind = 'x', .gva = X, VIOL(0x1bc, A) },
	{ "with MBEC a fetch from a supervisor page needs X",
	    { { EPT, A, A | EPT_R | EPT_XU | WB }, { GUEST, PDE, STD_PT | VK_PG_P | VK_PG_RW } },
	    MBEC | CPL0, .kind = 'x', .gva = X, VIOL(0x18c, A) },

	/* --- order --- */
	{ "the guest's rights come before the page's EPT", { { EPT, A, 0 },
	    { GUEST, PTE, A | VK_PG_P | VK_PG_US } }, .kind = 'w', .gva = X, FAULT(7),
	    .reads = 20 },
	{ "absence in the guest comes before the page's EPT", { { EPT, A, 0 }, { GUEST, PTE, 0 } },
	    .kind = 'r', .gva = X, FAULT(4), .reads = 20 },
	{ "EPT on a table comes before what a lower guest level would say",
	    { { EPT, 0x4000, 0 }, { GUEST, PML4E, STD_PDPT | VK_PG_P | VK_PG_RW } }, .kind = 'r',
	    .gva = X, VIOL(0x083, PTE) },
	{ "absence in the guest comes before EPT on the tables below",
	    { { EPT, 0x4000, 0 }, { GUEST, PDE, 0 } }, .kind = 'r', .gva = X, FAULT(4),
	    .reads = 15 },
	{ "a reserved bit comes before EPT on the tables below",
	    { { EPT, 0x4000, 0 }, { GUEST, PDE, STD_PT | PWU | VK_BIT(46) } }, .kind = 'r',
	    .gva = X, FAULT(0xd) },
	{ "the second page of two", { { GUEST, PTE2, B | PWU }, { EPT, B, 0 } }, .kind = 'r',
	    .size = 8, .gva = X + 0xffc, VIOL(0x181, B), .gla = STD_Y, .reads = 48 },

	/* --- how many entries are read --- */
	{ "a 4 KiB page over 4 KiB pages: 24", .kind = 'r', .gva = X, OK(A), .reads = 24 },
	{ "a 2 MiB page over 4 KiB pages: 19",
	    { { GUEST, PDE, 0 | VK_PG_PS | PWU } }, .kind = 'r', .gva = X, OK(0x1000),
	    .reads = 19 },
	{ "a 2 MiB page over 2 MiB pages: 15",
	    { { HOST, STD_EPT_PD, STD_HOST | RWX | WB | EPT_PS },
	    { GUEST, PDE, 0x200000 | VK_PG_PS | PWU } }, .kind = 'r', .gva = X, OK(0x201000),
	    .reads = 15 },
	{ "no paging: 4", .differs = NO_PAGING, .kind = 'r', .gva = A, OK(A), .reads = 4 },
	{ "two pages: 48", { { GUEST, PTE2, B | PWU } }, .kind = 'r', .size = 8,
	    .gva = X + 0xffc, OK(A + 0xffc), .reads = 48 },
};

static void
edit(struct std_machine *m, const struct edit *edit)
{
	switch (edit->place) {
	case GUEST:
		std_set_guest(m, edit->address, edit->value);
		break;
	case EPT:
		std_set_ept(m, edit->address, edit->value != 0 ? edit->value + STD_HOST : 0);
		break;
	case HOST:
		fake_poke(&m->memory, edit->address, edit->value);
		break;
	case NOTHING:
		break;
	}
}

static void
set_machine(struct std_machine *m, const struct row *row)
{
	unsigned differs = row->differs;
	uint64_t cap = STD_CAP;
	size_t i;

	std_init(m);
	for (i = 0; i < ROWS_COUNT(row->edit); i++)
		edit(m, &row->edit[i]);
	cap |= (differs & ADVANCED) ? EPT_CAP_ADV_INFO : 0;
	cap &= ~((differs & NO_EXEC_ONLY) ? EPT_CAP_EXEC_ONLY : 0);
	m->vcpu.cpl = (differs & CPL0) ? 0 : 3;
	m->vcpu.mode.maxphyaddr = (differs & WIDE) ? 52 : STD_MAXPHYADDR;
	m->vcpu.mode.cr0 &= ~((differs & NO_PAGING) ? VK_CR0_PG : 0);
	std_set_eptp(m, STD_EPTP & ~((differs & NO_AD) ? EPTP_AD : 0), cap,
	    (differs & MBEC) ? EPT_CTL_MBEC : 0);
}

static void
check_exit(const struct row *row, const struct vcpu_result *result)
{
	const struct ept_exit *exit = &result->exit;

	assert_int_equal(result->outcome, VCPU_EXIT);
	assert_int_equal(exit->reason, row->exit);
	assert_int_equal(exit->qualification, row->qualification);
	assert_int_equal(exit->gpa.v, row->gpa);
	if (row->exit == EPT_EXIT_VIOLATION)
		assert_int_equal(exit->gla.v, row->gla != 0 ? row->gla : row->gva);
}

static void
run_row(void **state)
{
	const struct row *row = *state;
	const struct vcpu_result *result;
	struct std_machine m;

	set_machine(&m, row);
	(void)std_access(&m, row->kind, row->gva, row->size != 0 ? row->size : 1);
	result = &m.result;
	if (row->exit != 0) {
		check_exit(row, result);
	} else if (row->fault != 0) {
		assert_int_equal(result->outcome, VCPU_PF);
		assert_int_equal(result->error_code, row->fault - 1);
	} else {
		assert_int_equal(result->outcome, VCPU_DONE);
		assert_int_equal(result->piece[0].gpa.v, row->gpa);
		assert_int_equal(result->piece[0].hpa.v, row->gpa + STD_HOST);
	}
	if (row->reads != 0)
		assert_int_equal(result->reads, row->reads);
	std_destroy(&m);
}

/* --- counting ----------------------------------------------------------------------------- */

/* All flags that an access may want, so that only reads remain. */
static void
set_all_flags(struct std_machine *m)
{
	unsigned level;

	for (level = 1; level <= 4; level++)
		std_set_guest(m, std_slot(level), std_guest(m, std_slot(level)) | VK_PG_A |
		    (level == 1 ? VK_PG_D : 0));
}

static void
memory_sees_24_loads_for_four_levels_over_four(void **state)
{
	struct std_machine m;
	unsigned level;

	(void)state;
	std_init(&m);
	set_all_flags(&m);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_DONE);
	assert_int_equal(m.memory.loads, 24);
	assert_int_equal(m.result.reads, 24);
	/* Each guest entry once; each EPT leaf once, since no page is used twice. */
	for (level = 1; level <= 4; level++)
		assert_int_equal(fake_loads_of(&m.memory, std_slot(level) + STD_HOST), 1);
	assert_int_equal(fake_loads_of(&m.memory, std_ept_slot(A)), 1);
	assert_int_equal(fake_loads_of(&m.memory, STD_EPT_PML4), 5);
	std_destroy(&m);
}

static void
memory_sees_35_loads_for_five_levels_over_five(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_use_five_levels(&m);
	set_all_flags(&m);
	std_set_guest(&m, STD_PML5, std_guest(&m, STD_PML5) | VK_PG_A);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(m.memory.loads, 35);
	assert_int_equal(m.result.reads, 35);
	std_destroy(&m);
}

static void
memory_sees_19_and_15_loads_for_larger_pages(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	set_all_flags(&m);
	std_set_guest(&m, PDE, VK_PG_PS | PWU | VK_PG_A | VK_PG_D);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(m.memory.loads, 19);
	fake_poke(&m.memory, STD_EPT_PD, STD_HOST | RWX | WB | EPT_PS);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(m.memory.loads, 15);
	m.vcpu.mode.cr0 = 0;
	assert_int_equal(std_access(&m, 'r', A, 1), VCPU_DONE);
	assert_int_equal(m.memory.loads, 3);
	std_destroy(&m);
}

static void
loads_come_in_the_order_of_the_walk(void **state)
{
	/* Of each EPT walk its four, then the guest entry; at the end the page's four. */
	static const uint64_t guest[] = { PML4E, PDPTE, PDE, PTE };
	struct std_machine m;
	unsigned i;

	(void)state;
	std_init(&m);
	set_all_flags(&m);
	std_set_eptp(&m, STD_EPTP & ~EPTP_AD, STD_CAP, 0);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(m.memory.events, 24);
	for (i = 0; i < 24; i++) {
		uint64_t page = i < 20 ? guest[i / 5] : A;
		const uint64_t expected[] = { STD_EPT_PML4, STD_EPT_PDPT, STD_EPT_PD,
			std_ept_slot(page), page + STD_HOST };

		assert_int_equal(m.memory.event[i].address, expected[i % 5]);
	}
	std_destroy(&m);
}

/* --- flags -------------------------------------------------------------------------------- */

static void
check_ept_flags(const struct std_machine *m, uint64_t flags_of_data)
{
	static const uint64_t tables[] = { 0x1000, 0x2000, 0x3000, 0x4000 };
	unsigned i;

	for (i = 0; i < 4; i++)
		assert_int_equal(std_ept(m, tables[i]) & (EPT_A | EPT_D), EPT_A | EPT_D);
	assert_int_equal(std_ept(m, A) & (EPT_A | EPT_D), flags_of_data);
	assert_int_equal(std_ept(m, B) & (EPT_A | EPT_D), 0);
	assert_int_equal(fake_peek(&m->memory, STD_EPT_PML4) & (EPT_A | EPT_D), EPT_A);
	assert_int_equal(fake_peek(&m->memory, STD_EPT_PDPT) & (EPT_A | EPT_D), EPT_A);
	assert_int_equal(fake_peek(&m->memory, STD_EPT_PD) & (EPT_A | EPT_D), EPT_A);
}

static void
a_read_dirties_the_pages_of_tables_and_not_its_own(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	check_ept_flags(&m, EPT_A);
	std_destroy(&m);
}

static void
a_write_dirties_its_own_too(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_DONE);
	check_ept_flags(&m, EPT_A | EPT_D);
	std_destroy(&m);
}

static void
without_ad_the_ept_is_not_written(void **state)
{
	struct std_machine m;
	unsigned i;

	(void)state;
	std_init(&m);
	std_set_eptp(&m, STD_EPTP & ~EPTP_AD, STD_CAP, 0);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_DONE);
	assert_int_equal(m.memory.swaps, 4); /* the guest's A, A, A and A with D */
	for (i = 0; i < m.memory.events; i++) {
		if (m.memory.event[i].op == FAKE_CAS)
			assert_true(m.memory.event[i].address >= STD_HOST);
	}
	std_destroy(&m);
}

static void
guest_flags_stay_set_when_the_page_violates(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_ept(&m, A, 0);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_EXIT);
	assert_int_equal(std_guest(&m, PTE), A | PWU | VK_PG_A | VK_PG_D);
	assert_int_equal(std_ept(&m, A), 0);
	std_destroy(&m);
}

static void
a_page_fault_sets_no_guest_flag(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_guest(&m, PTE, A | VK_PG_P | VK_PG_US);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_PF);
	assert_int_equal(std_guest(&m, PML4E), STD_PDPT | PWU);
	assert_int_equal(std_guest(&m, PTE), A | VK_PG_P | VK_PG_US);
	/* The EPT's flags of the table pages were set as each was reached. */
	check_ept_flags(&m, 0);
	std_destroy(&m);
}

static void
a_read_only_table_stops_flags_at_the_first_that_is_owed(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_eptp(&m, STD_EPTP & ~EPTP_AD, STD_CAP, 0);
	std_set_ept(&m, 0x3000, (0x3000 + STD_HOST) | EPT_R | EPT_X | WB);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.gpa.v, PDE);
	assert_int_equal(m.result.exit.qualification, 0x0ab);
	/* Root first: those above are set, those below not. */
	assert_int_equal(std_guest(&m, PML4E), STD_PDPT | PWU | VK_PG_A);
	assert_int_equal(std_guest(&m, PDPTE), STD_PD | PWU | VK_PG_A);
	assert_int_equal(std_guest(&m, PDE), STD_PT | PWU);
	assert_int_equal(std_guest(&m, PTE), A | PWU);
	std_destroy(&m);
}

/* --- where pages lie ---------------------------------------------------------------------- */

static void
a_large_guest_page_lies_scattered_over_small_ept_pages(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_guest(&m, PDE, VK_PG_PS | PWU); /* 2 MiB at GPA 0 */
	std_set_ept(&m, 0x111000, 0x7770000 | RWX | WB);
	std_set_ept(&m, 0x112000, 0x5550000 | RWX | WB);
	assert_int_equal(std_access(&m, 'r', X - 0x1000 + 0x111234, 1), VCPU_DONE);
	assert_int_equal(m.result.piece[0].hpa.v, 0x7770234);
	assert_int_equal(std_access(&m, 'r', X - 0x1000 + 0x112fff, 1), VCPU_DONE);
	assert_int_equal(m.result.piece[0].hpa.v, 0x5550fff);
	std_destroy(&m);
}

static void
a_small_guest_page_lies_in_a_large_ept_page(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_guest(&m, PTE, 0x2a5000 | PWU);
	assert_int_equal(std_access(&m, 'r', X + 0x678, 1), VCPU_DONE);
	assert_int_equal(m.result.piece[0].hpa.v, 0x2a5678 + STD_HOST);
	std_destroy(&m);
}

/* --- the record --------------------------------------------------------------------------- */

static void
the_record_keeps_every_table_access_in_order(void **state)
{
	static const uint64_t slots[] = { PML4E, PDPTE, PDE, PTE };
	const struct ept_gpm *gpm;
	struct std_machine m;
	unsigned i;

	(void)state;
	std_init(&m);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_DONE);
	gpm = &m.result.gpm;
	assert_int_equal(gpm->count, 8);
	for (i = 0; i < 8; i++) {
		assert_int_equal(gpm->access[i].walk.gpa.v, slots[i % 4]);
		assert_int_equal(gpm->access[i].update, i >= 4);
		assert_int_equal(gpm->access[i].status, EPT_OK);
		assert_int_equal(gpm->access[i].walk.acc, VK_ACC_R | VK_ACC_W | VK_ACC_TABLE);
	}
	assert_int_equal(gpm->access[3].entry, A | PWU);
	assert_int_equal(gpm->access[7].entry, A | PWU | VK_PG_A | VK_PG_D);
	std_destroy(&m);
}

static void
a_full_record_still_has_the_last_access(void **state)
{
	struct std_machine m;
	struct ept_gpm gpm;
	struct gpm memory;
	uint64_t entry;
	unsigned i;

	(void)state;
	std_init(&m);
	ept_gpm_init(&gpm, &m.vcpu.ept);
	memory = ept_gpm_memory(&gpm);
	for (i = 0; i < 3 * EPT_GPM_ACCESSES; i++)
		assert_int_equal(memory.ops->load(memory.ctx, vk_gpa(PTE), &entry), 1);
	assert_int_equal(gpm.count, EPT_GPM_ACCESSES);
	assert_int_equal(memory.ops->load(memory.ctx, vk_gpa(0x50000000), &entry), 0);
	assert_int_equal(gpm.count, EPT_GPM_ACCESSES);
	assert_int_equal(gpm.access[gpm.count - 1].walk.gpa.v, 0x50000000);
	assert_int_equal(gpm.access[gpm.count - 1].status, EPT_VIOLATION);
	ept_gpm_reset(&gpm);
	assert_int_equal(gpm.count, 0);
	std_destroy(&m);
}

static void
a_refused_load_leaves_the_answer_alone(void **state)
{
	uint64_t entry = 0x5555;
	struct std_machine m;
	struct ept_gpm gpm;
	struct gpm memory;

	(void)state;
	std_init(&m);
	ept_gpm_init(&gpm, &m.vcpu.ept);
	memory = ept_gpm_memory(&gpm);
	std_set_ept(&m, 0x4000, 0);
	memset(gpm.access, 0xa5, sizeof(gpm.access));
	assert_int_equal(memory.ops->load(memory.ctx, vk_gpa(PTE), &entry), 0);
	assert_int_equal(entry, 0x5555);
	assert_int_equal(gpm.access[0].entry, 0);
	assert_int_equal(memory.ops->cas(memory.ctx, vk_gpa(PTE), 0, 1), CAS_REFUSED);
	assert_null(memory.ops->hold);
	std_destroy(&m);
}

static void
looking_only_changes_nothing(void **state)
{
	struct vcpu_request request = { .gva = vk_gva(X), .size = 8, .acc = VK_ACC_W };
	struct vcpu_result result;
	struct std_machine m;

	(void)state;
	std_init(&m);
	assert_int_equal(vcpu_explain(&m.vcpu, &request, &result), VCPU_DONE);
	assert_int_equal(result.piece[0].hpa.v, A + STD_HOST);
	assert_int_equal(m.memory.swaps, 0);
	assert_int_equal(m.memory.loads, 24 + 4 * 4); /* updates are looked at as well */
	std_set_eptp(&m, STD_EPTP & ~EPTP_AD, STD_CAP, 0);
	std_set_ept(&m, 0x4000, (0x4000 + STD_HOST) | EPT_R | WB);
	assert_int_equal(vcpu_explain(&m.vcpu, &request, &result), VCPU_EXIT);
	assert_int_equal(result.exit.qualification, 0x08b);
	assert_int_equal(m.memory.swaps, 0);
	std_destroy(&m);
}

/* --- others who change entries meanwhile -------------------------------------------------- */

/* Once, before the first update of the EPT leaf of A: another processor sets flags there. */
static void
touch_the_leaf_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != std_ept_slot(A))
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, fake_peek(memory, address) | EPT_A | EPT_D);
}

static void
an_ept_flag_that_another_processor_sets_is_not_lost(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = touch_the_leaf_once;
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(std_ept(&m, A), (A + STD_HOST) | RWX | WB | EPT_A | EPT_D);
	std_destroy(&m);
}

static void
withdraw_the_page_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != std_ept_slot(A))
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, 0);
}

static void
an_ept_leaf_that_goes_before_its_flag_is_a_violation(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = withdraw_the_page_once;
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.qualification, 0x182);
	assert_int_equal(std_ept(&m, A), 0);
	std_destroy(&m);
}

/* The guest replaces its leaf before the update of its flags, once. */
static void
remap_in_the_guest_once(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	if (op != FAKE_CAS || address != PTE + STD_HOST)
		return;
	memory->meanwhile = NULL;
	fake_poke(memory, address, B | PWU);
}

static void
a_guest_leaf_that_changes_before_its_flag_is_walked_again(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = remap_in_the_guest_once;
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_DONE);
	assert_int_equal(m.result.piece[0].hpa.v, B + STD_HOST);
	assert_int_equal(std_guest(&m, PTE), B | PWU | VK_PG_A | VK_PG_D);
	assert_int_equal(std_ept(&m, A) & (EPT_A | EPT_D), 0);
	assert_int_equal(std_ept(&m, B) & (EPT_A | EPT_D), EPT_A | EPT_D);
	std_destroy(&m);
}

static void
flip_for_ever(struct fake_memory *memory, enum fake_op op, uint64_t address)
{
	const uint64_t *slot = memory->meanwhile_ctx;

	if (op == FAKE_CAS && address == *slot)
		fake_poke(memory, address, fake_peek(memory, address) ^ VK_BIT(11));
}

static void
an_ept_entry_that_changes_for_ever_ends_as_unstable(void **state)
{
	uint64_t slot = std_ept_slot(A);
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.meanwhile = flip_for_ever;
	m.memory.meanwhile_ctx = &slot;
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.piece[0].final.why, EPT_WHY_UNSTABLE);
	assert_int_equal(m.result.exit.reason, EPT_EXIT_VIOLATION);
	assert_int_equal(m.result.exit.qualification, 0x181);
	std_destroy(&m);
}

static void
so_many_walks_are_made_before_it_is_called_unstable(void **state)
{
	uint64_t slot = std_ept_slot(A);
	struct ept_walk walk;
	struct std_machine m;
	struct ept_gpm gpm;

	(void)state;
	std_init(&m);
	ept_gpm_init(&gpm, &m.vcpu.ept);
	m.memory.meanwhile = flip_for_ever;
	m.memory.meanwhile_ctx = &slot;
	assert_int_equal(ept_gpm_translate(&gpm, vk_gpa(A), VK_ACC_R, &walk), EPT_VIOLATION);
	assert_int_equal(walk.why, EPT_WHY_UNSTABLE);
	assert_int_equal(m.memory.loads, 1024 * 4);
	std_destroy(&m);
}

static int
full_log(void *ctx, const struct ept_walk *walk, int done)
{
	(void)ctx;
	(void)walk;
	assert_false(done);
	return 1;
}

static void
what_a_full_log_stopped_is_forgotten_by_the_next_translation(void **state)
{
	struct ept_walk walk;
	struct std_machine m;
	struct ept_gpm gpm;

	(void)state;
	std_init(&m);
	ept_gpm_init(&gpm, &m.vcpu.ept);
	gpm.log = full_log;
	assert_int_equal(ept_gpm_translate(&gpm, vk_gpa(A), VK_ACC_R, &walk), EPT_VIOLATION);
	assert_int_equal(gpm.stopped_by_log, 1);
	std_set_ept(&m, A, 0);
	assert_int_equal(ept_gpm_translate(&gpm, vk_gpa(A), VK_ACC_R, &walk), EPT_VIOLATION);
	assert_int_equal(gpm.stopped_by_log, 0);
	std_destroy(&m);
}

static void
ept_memory_that_takes_no_flag_ends_as_unstable(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	m.memory.refuse_cas = std_ept_slot(0x1000);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.gpm.access[0].walk.why, EPT_WHY_UNSTABLE);
	assert_int_equal(m.result.exit.gpa.v, PML4E);
	std_destroy(&m);
}

/* --- the log of modified pages ------------------------------------------------------------ */

#define LOG 0x300000ull /* HPA */

static void
set_log(struct std_machine *m, uint16_t index)
{
	std_init(m);
	set_all_flags(m);
	std_set_eptp(m, STD_EPTP, STD_CAP, EPT_CTL_PML);
	m->vcpu.pml.log = vk_hpa(LOG);
	m->vcpu.pml.index = index;
}

static void
pages_are_logged_as_they_become_dirty(void **state)
{
	static const uint64_t pages[] = { 0x1000, 0x2000, 0x3000, 0x4000, A };
	struct std_machine m;
	unsigned i;

	(void)state;
	set_log(&m, 511);
	assert_int_equal(std_access(&m, 'w', X + 0x123, 1), VCPU_DONE);
	assert_int_equal(m.vcpu.pml.index, 506);
	for (i = 0; i < 5; i++)
		assert_int_equal(fake_peek(&m.memory, LOG + 8 * (511 - i)), pages[i]);
	/* Dirty already: not logged again. */
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_DONE);
	assert_int_equal(m.vcpu.pml.index, 506);
	std_destroy(&m);
}

static void
a_page_that_is_only_read_is_not_logged(void **state)
{
	struct std_machine m;

	(void)state;
	set_log(&m, 511);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(m.vcpu.pml.index, 507);
	std_destroy(&m);
}

static void
a_full_log_stops_the_access_before_any_flag(void **state)
{
	struct std_machine m;

	(void)state;
	set_log(&m, 0xffff);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.reason, 62);
	assert_int_equal(m.memory.swaps, 0);
	assert_int_equal(m.vcpu.pml.index, 0xffff);
	std_destroy(&m);
}

static void
the_last_place_of_the_log_is_used(void **state)
{
	struct std_machine m;

	(void)state;
	set_log(&m, 0);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.reason, 62);
	assert_int_equal(fake_peek(&m.memory, LOG), 0x1000);
	assert_int_equal(m.vcpu.pml.index, 0xffff);
	std_destroy(&m);
}

static void
a_full_log_stops_accessed_flags_too(void **state)
{
	struct std_machine m;

	(void)state;
	set_log(&m, 512);
	std_set_ept(&m, 0x1000, std_ept(&m, 0x1000) | EPT_D);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.reason, 62);
	std_destroy(&m);
}

static void
a_full_log_does_not_matter_when_no_flag_is_owed(void **state)
{
	struct std_machine m;

	(void)state;
	set_log(&m, 511);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_DONE);
	m.vcpu.pml.index = 0xffff;
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_DONE);
	std_destroy(&m);
}

/* The one entry of a root that maps itself is all four levels: its flags race each other. */
static void
a_lost_race_does_not_log_twice(void **state)
{
	struct std_machine m;

	(void)state;
	set_log(&m, 511);
	m.vcpu.mode.cr0 = 0;
	fake_poke(&m.memory, STD_EPT_PML4, STD_EPT_PML4 | RWX);
	assert_int_equal(std_access(&m, 'w', 0x123, 1), VCPU_DONE);
	assert_int_equal(fake_peek(&m.memory, STD_EPT_PML4), STD_EPT_PML4 | RWX | EPT_A | EPT_D);
	assert_int_equal(fake_peek(&m.memory, LOG + 8 * 511), 0);
	assert_int_equal(m.vcpu.pml.index, 510);
	std_destroy(&m);
}

/* --- virtualization exceptions ------------------------------------------------------------ */

#define VE_PAGE 0x301000ull

static void
set_ve(struct std_machine *m)
{
	std_init(m);
	std_set_eptp(m, STD_EPTP, STD_CAP, EPT_CTL_VE);
	m->vcpu.ve_page = vk_hpa(VE_PAGE);
	std_set_ept(m, A, 0);
	fake_poke(&m->memory, VE_PAGE + 32, 0xabcdef0123456789);
}

static void
a_violation_becomes_an_exception_with_all_its_fields(void **state)
{
	struct std_machine m;

	(void)state;
	set_ve(&m);
	assert_int_equal(std_access(&m, 'w', X + 5, 1), VCPU_VE);
	assert_int_equal(fake_peek(&m.memory, VE_PAGE), 0xffffffff00000030);
	assert_int_equal(fake_peek(&m.memory, VE_PAGE + 8), 0x182);
	assert_int_equal(fake_peek(&m.memory, VE_PAGE + 16), X + 5);
	assert_int_equal(fake_peek(&m.memory, VE_PAGE + 24), A + 5);
	/* The EPTP index has sixteen bits. */
	assert_int_equal(fake_peek(&m.memory, VE_PAGE + 32), 0xabcdef0123450000);
	/* Not released: the next violation exits. */
	assert_int_equal(std_access(&m, 'w', X + 5, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.reason, EPT_EXIT_VIOLATION);
	std_destroy(&m);
}

static void
a_violation_stays_an_exit_where_its_entry_says_so(void **state)
{
	struct std_machine m;

	(void)state;
	set_ve(&m);
	std_set_ept(&m, A, EPT_SVE);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_EXIT);
	std_set_ept(&m, A, (A + STD_HOST) | EPT_R | WB | EPT_SVE);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_EXIT);
	std_set_ept(&m, A, (A + STD_HOST) | EPT_R | WB);
	assert_int_equal(std_access(&m, 'w', X, 1), VCPU_VE);
	std_destroy(&m);
}

static void
a_violation_stays_an_exit_without_the_control_or_during_delivery(void **state)
{
	struct vcpu_request request = { .gva = vk_gva(X), .size = 1, .acc = VK_ACC_R,
		.delivering = true };
	struct std_machine m;

	(void)state;
	set_ve(&m);
	assert_int_equal(vcpu_translate(&m.vcpu, &request, &m.result), VCPU_EXIT);
	std_set_eptp(&m, STD_EPTP, STD_CAP, 0);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(fake_peek(&m.memory, VE_PAGE), 0);
	std_destroy(&m);
}

static void
misconfigurations_and_full_logs_are_never_exceptions(void **state)
{
	struct std_machine m;

	(void)state;
	set_ve(&m);
	std_set_ept(&m, A, (A + STD_HOST) | EPT_W | WB);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.reason, EPT_EXIT_MISCONFIG);
	std_set_eptp(&m, STD_EPTP, STD_CAP, EPT_CTL_VE | EPT_CTL_PML);
	m.vcpu.pml.index = 512;
	std_set_ept(&m, 0x1000, (0x1000 + STD_HOST) | RWX | WB);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.reason, 62);
	assert_int_equal(fake_peek(&m.memory, VE_PAGE), 0);
	std_destroy(&m);
}

/* --- the rest ----------------------------------------------------------------------------- */

static void
a_sub_page_event_is_an_exit_of_its_own(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_eptp(&m, STD_EPTP, STD_CAP, EPT_CTL_SPP);
	m.vcpu.ept.spptp = vk_hpa(0x302000);
	std_set_ept(&m, A, (A + STD_HOST) | EPT_R | WB | EPT_SPP);
	assert_int_equal(std_access(&m, 'w', X + 7, 1), VCPU_EXIT);
	assert_int_equal(m.result.exit.reason, EPT_EXIT_SPP);
	assert_int_equal(m.result.exit.qualification, EPT_QUAL_SPP_MISS);
	assert_int_equal(m.result.exit.gpa.v, A + 7);
	assert_int_equal(m.result.exit.gla.v, X + 7);
	std_destroy(&m);
}

static void
the_type_of_a_piece_combines_both_leaves(void **state)
{
	struct std_machine m;

	(void)state;
	std_init(&m);
	std_set_guest(&m, PTE, A | PWU | VK_PG_PWT); /* index 1: WT */
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(vcpu_memtype(&m.vcpu, &m.result.piece[0]), MEMTYPE_WT);
	std_set_ept(&m, A, (A + STD_HOST) | RWX | WB | EPT_IPAT);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(vcpu_memtype(&m.vcpu, &m.result.piece[0]), MEMTYPE_WB);
	std_set_ept(&m, A, (A + STD_HOST) | RWX | MEMTYPE_UC << EPT_MEMTYPE_SHIFT);
	assert_int_equal(std_access(&m, 'r', X, 1), VCPU_DONE);
	assert_int_equal(vcpu_memtype(&m.vcpu, &m.result.piece[0]), MEMTYPE_UC);
	std_destroy(&m);
}

static void
memory_begins_without_a_log_and_with_nothing_recorded(void **state)
{
	struct std_machine m;
	struct ept_gpm gpm;

	(void)state;
	std_init(&m);
	memset(&gpm, 0xa5, sizeof(gpm));
	ept_gpm_init(&gpm, &m.vcpu.ept);
	assert_null(gpm.log);
	assert_null(gpm.log_ctx);
	assert_int_equal(gpm.look_only, 0);
	assert_int_equal(gpm.stopped_by_log, 0);
	assert_int_equal(gpm.count, 0);
	std_destroy(&m);
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(rows); i++)
		rows_add(&list, NULL, rows[i].what, run_row, &rows[i]);
	ROWS_ADD_TEST(&list, memory_begins_without_a_log_and_with_nothing_recorded);
	ROWS_ADD_TEST(&list, memory_sees_24_loads_for_four_levels_over_four);
	ROWS_ADD_TEST(&list, memory_sees_35_loads_for_five_levels_over_five);
	ROWS_ADD_TEST(&list, memory_sees_19_and_15_loads_for_larger_pages);
	ROWS_ADD_TEST(&list, loads_come_in_the_order_of_the_walk);
	ROWS_ADD_TEST(&list, a_read_dirties_the_pages_of_tables_and_not_its_own);
	ROWS_ADD_TEST(&list, a_write_dirties_its_own_too);
	ROWS_ADD_TEST(&list, without_ad_the_ept_is_not_written);
	ROWS_ADD_TEST(&list, guest_flags_stay_set_when_the_page_violates);
	ROWS_ADD_TEST(&list, a_page_fault_sets_no_guest_flag);
	ROWS_ADD_TEST(&list, a_read_only_table_stops_flags_at_the_first_that_is_owed);
	ROWS_ADD_TEST(&list, a_large_guest_page_lies_scattered_over_small_ept_pages);
	ROWS_ADD_TEST(&list, a_small_guest_page_lies_in_a_large_ept_page);
	ROWS_ADD_TEST(&list, the_record_keeps_every_table_access_in_order);
	ROWS_ADD_TEST(&list, a_full_record_still_has_the_last_access);
	ROWS_ADD_TEST(&list, a_refused_load_leaves_the_answer_alone);
	ROWS_ADD_TEST(&list, looking_only_changes_nothing);
	ROWS_ADD_TEST(&list, an_ept_flag_that_another_processor_sets_is_not_lost);
	ROWS_ADD_TEST(&list, an_ept_leaf_that_goes_before_its_flag_is_a_violation);
	ROWS_ADD_TEST(&list, a_guest_leaf_that_changes_before_its_flag_is_walked_again);
	ROWS_ADD_TEST(&list, an_ept_entry_that_changes_for_ever_ends_as_unstable);
	ROWS_ADD_TEST(&list, so_many_walks_are_made_before_it_is_called_unstable);
	ROWS_ADD_TEST(&list, what_a_full_log_stopped_is_forgotten_by_the_next_translation);
	ROWS_ADD_TEST(&list, ept_memory_that_takes_no_flag_ends_as_unstable);
	ROWS_ADD_TEST(&list, pages_are_logged_as_they_become_dirty);
	ROWS_ADD_TEST(&list, a_page_that_is_only_read_is_not_logged);
	ROWS_ADD_TEST(&list, a_full_log_stops_the_access_before_any_flag);
	ROWS_ADD_TEST(&list, the_last_place_of_the_log_is_used);
	ROWS_ADD_TEST(&list, a_full_log_stops_accessed_flags_too);
	ROWS_ADD_TEST(&list, a_full_log_does_not_matter_when_no_flag_is_owed);
	ROWS_ADD_TEST(&list, a_lost_race_does_not_log_twice);
	ROWS_ADD_TEST(&list, a_violation_becomes_an_exception_with_all_its_fields);
	ROWS_ADD_TEST(&list, a_violation_stays_an_exit_where_its_entry_says_so);
	ROWS_ADD_TEST(&list, a_violation_stays_an_exit_without_the_control_or_during_delivery);
	ROWS_ADD_TEST(&list, misconfigurations_and_full_logs_are_never_exceptions);
	ROWS_ADD_TEST(&list, a_sub_page_event_is_an_exit_of_its_own);
	ROWS_ADD_TEST(&list, the_type_of_a_piece_combines_both_leaves);
	return rows_run(&list, "ept_gpm");
}
