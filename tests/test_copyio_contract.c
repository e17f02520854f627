/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contract of copyio.h as a table: every function of both families under every condition.
 *
 * A row is a condition: how tables, map, address and the others in the machine are.  It says for
 * each kind of function what the call must return and how many bytes it must have moved.  A cell,
 * one function of one family under one condition, is a case of its own, "ept copyin: condition".
 * Beside the result each cell checks
 *
 *   - what was read, set, held and released, and in which order (the witness);
 *   - all of memory, buffer and values against a naive copy, flags in the tables included; where
 *     the memory does not keep its word, against the events of the call (the replay);
 *   - that the bytes came from, or went to, the place that the row names;
 *   - that an error left *value and *old alone and every page was released.
 *
 * With --table the program prints the table, as docs/COPYIO.md has it.
 *
 * [DF-COPYIO] [DF-EPT-COPYIO] [DF-HOLD] [GUEST-RIGHTS] [GUEST-ENTRY] [GUEST-CR3] [GUEST-AD]
 */
#include <stdio.h>
#include <string.h>

#include "support/copy_oracle.h"
#include "support/copy_random.h"
#include "support/copy_replay.h"
#include "support/map_memory.h"
#include "support/support_alone.h"
#include "support/support_rows.h"

/* --- what a row says ----------------------------------------------------------------------- */

/* Functions that a condition cannot tell apart, but for the size of their value. */
enum kind { IN, OUT, STRING, FETCH, STORE, ATOMIC, KINDS };

enum family { STD = 1, EPT = 2, BOTH = 3 };

enum what { FAULTS, GIVES, TOO_LONG, ANY, NO_SENSE, ELSEWHERE };

/* `done` counts the bytes of a range, and those that a value has in memory. */
struct verdict {
	enum what what;
	unsigned done;
	unsigned note; /* NO_SENSE: enum reason; ELSEWHERE: enum elsewhere */
};

#define WHOLE 0xffffffffu /* all that was asked for */

/* clang-format off */
#define OK        {GIVES, WHOLE, 0}
#define OK_OF(n)  {GIVES, n, 0} /* a string that ends sooner */
#define F         {FAULTS, 0, 0}
#define F_OF(n)   {FAULTS, n, 0}
#define L(n)      {TOO_LONG, n, 0}
#define RACE      {ANY, 0, 0}
#define NOT(why)  {NO_SENSE, 0, why}
#define SEE(test) {ELSEWHERE, 0, test}

#define ALLOWED   .verdict = {OK, OK, OK, OK, OK, OK}
#define DENIED    .verdict = {F, F, F, F, F, F}
#define READABLE  .verdict = {OK, F, OK, OK, F, F}
#define WRITABLE  .verdict = {F, OK, F, F, OK, F}
#define RACING    .verdict = {RACE, RACE, RACE, RACE, RACE, RACE}
/* clang-format on */

enum reason { NO_LENGTH, NO_BORDER, NO_NUL, NO_TRIAL, NO_DECISION, NO_SECOND_PAGE };

static const char *const reasons[] = {
    [NO_LENGTH] = "A value has one size and no length.",
    [NO_BORDER] = "A byte lies in one page.",
    [NO_NUL] = "A NUL is a byte like any other.",
    [NO_TRIAL] = "Tries no page before it writes another.",
    [NO_DECISION] = "Decides nothing by what the bytes are.",
    [NO_SECOND_PAGE] = "Writes too little to change the translation of a page that it still needs.",
};

enum elsewhere {
	STEPPED_STRING,
	STEPPED_FETCH,
	STEPPED_STORE,
	LOST_UPDATE,
	REMAPPED_COPYOUT,
	SHOOTDOWN,
	SCENARIO_STD,
	SCENARIO_EPT
};

static const char *const elsewhere[] = {
    [STEPPED_STRING] =
	"test_copyio_hostile: a_string_and_its_count_agree_whatever_the_guest_writes",
    [STEPPED_FETCH] = "test_copyio_hostile: an_aligned_word_is_fetched_in_one_piece",
    [STEPPED_STORE] = "test_copyio_hostile: an_aligned_word_is_stored_in_one_piece",
    [LOST_UPDATE] = "test_copyio_hostile: atomic_operations_lose_no_update_of_the_guest",
    [REMAPPED_COPYOUT] = "test_copyio: a_copyout_that_remaps_its_second_page_goes_to_the_new_one",
    [SHOOTDOWN] = "test_copyio_guard: nothing is used after the shootdown by",
    [SCENARIO_STD] = "scenarios/copyio/every-call-std.yaml",
    [SCENARIO_EPT] = "scenarios/copyio/every-call-ept.yaml",
};

struct poke {
	uint64_t gpa, value;
};

/* Who interferes, and when: the operations of one kind after the first `after`. */
struct hook {
	enum umem_op op;
	unsigned after;
	unsigned times; /* 0: from then on */
	enum cas_status status;
};

struct condition {
	const char *group; /* a heading, and nothing else */
	const char *what;
	enum family families;
	struct verdict verdict[KINDS];
	/* The call; 0: at X, 8 bytes, a NUL as the last of them. */
	uint64_t at;
	int at_is_last; /* `at` is the last byte of the range or value */
	uint64_t len;
	int len_is_0;
	uint64_t nul; /* offset from the first byte; FIRST: 0; NO_END: nowhere */
	/* The machine. */
	const char *map;       /* the pages behind X, Y and Z, see map_rights(); NULL: "www" */
	uint64_t table;        /* one of the tables */
	unsigned table_rights; /* what the map lets be done with it */
	struct poke poke[8];   /* changes to the usual tables; ept_* only */
	uint64_t from[2];      /* ept_*: where the first byte of each page is; 0: A, B */
	int unplaced;      /* the bytes are flags that the call sets: only the naive copy knows */
	uint64_t cr3, end; /* 0: the usual */
	void (*adjust)(struct guestpt_mode *mode);
	/* The others. */
	umem_meanwhile meanwhile;
	struct hook hook;
	/* What must be. */
	int silent;    /* a call that moves nothing asks the memory for nothing */
	int straddles; /* a value has bytes in both pages: no atomic operation, no byte */
	int remapped;  /* others wrote into the tables: memory is not compared */
};

#define NO_END (~0ull)
#define FIRST  (~1ull)

/* --- modes --------------------------------------------------------------------------------- */

static void
without_nxe(struct guestpt_mode *mode)
{
	mode->efer = 0;
}

static void
with_52_bits(struct guestpt_mode *mode)
{
	mode->maxphyaddr = 52;
}

static void
without_1g(struct guestpt_mode *mode)
{
	mode->page1g = 0;
}

static void
with_la57(struct guestpt_mode *mode)
{
	mode->cr4 |= VK_CR4_LA57;
	mode->cr3 = 0x5000;
}

static void
with_key_5_closed(struct guestpt_mode *mode)
{
	mode->cr4 |= VK_CR4_PKE;
	mode->pkru = 1u << 10;
}

static void
with_key_5_read_only(struct guestpt_mode *mode)
{
	mode->cr4 |= VK_CR4_PKE;
	mode->pkru = 2u << 10;
}

static void
without_wp(struct guestpt_mode *mode)
{
	mode->cr0 &= ~VK_CR0_WP;
}

/* What guards a supervisor against user pages says nothing about the user's own accesses. */
static void
with_smap_and_smep(struct guestpt_mode *mode)
{
	mode->cr4 |= VK_CR4_SMAP | VK_CR4_SMEP;
}

static void
without_paging(struct guestpt_mode *mode)
{
	mode->cr0 = 1;
}

/* --- others -------------------------------------------------------------------------------- */

static const struct hook *hook; /* of the row that is played */
static unsigned hook_seen;      /* operations of its kind */
static struct copy_chance hook_chance;

/* Whether it is this operation's turn. */
static int
hook_strikes(const struct umem_event *event)
{
	unsigned n;

	if (event->op != hook->op)
		return 0;
	n = hook_seen++;
	return n >= hook->after && (hook->times == 0 || n < hook->after + hook->times);
}

/* An operation is refused, or a race lost. */
static void
refuse(struct umem *mem, void *ctx, struct umem_event *event)
{
	(void)mem;
	(void)ctx;
	if (!hook_strikes(event))
		return;
	event->granted = 0;
	if (event->op == UMEM_CAS)
		event->status = hook->status;
}

/* The entry of X comes to name another page, between the walk and the move. */
static void
remap(struct umem *mem, void *ctx, struct umem_event *event)
{
	(void)ctx;
	if (hook_strikes(event))
		umem_set_word(mem, COPY_PT + 8, COPY_C | COPY_PWU);
}

/* Entries come and go: every third reading or so finds one that is not present. */
static void
flicker(struct umem *mem, void *ctx, struct umem_event *event)
{
	(void)mem;
	(void)ctx;
	if (event->op == UMEM_LOAD && copy_draw(&hook_chance, 12) == 0)
		event->entry &= ~VK_PG_P;
}

static void
answer_at_random(struct umem *mem, void *ctx, struct umem_event *event)
{
	(void)ctx;
	copy_random_answer(mem, &hook_chance, event);
}

#define RACES 100 /* seeds of a row whose outcome is open */

/* --- the rows ------------------------------------------------------------------------------ */

/* clang-format off */
#define PWU   COPY_PWU
#define PS    VK_PG_PS
#define PATL  VK_PG_PAT_LARGE
#define KEY5  (5ull << 59)
#define BIT46 (1ull << 46)
#define X     COPY_X
#define Y     COPY_Y
#define E4    (COPY_PML4 + 8) /* the entries that X goes through */
#define E3    (COPY_PDPT + 8)
#define E2    (COPY_PD + 8)
#define E1    (COPY_PT + 8)
#define EY    (COPY_PT + 16) /* the last entry of Y */
#define A     COPY_A
#define B     COPY_B
#define C     COPY_C
#define BIG   0x200000ull   /* 2 MiB */
#define HUGE  0x40000000ull /* 1 GiB */
#define GONE  0x700000ull   /* not in the memory map */
#define TOP   0xfffffffffffff000ull /* the last page */
#define FLAGS (VK_PG_A | VK_PG_D)

/* An address whose four indices are all 2, and what maps there when PML4[2] maps the PML4. */
#define SELF     0x0000010080402000ull
#define SELF_MAP {COPY_PML4 + 0x10, COPY_PML4 | PWU}
/* A way to the last page of each half. */
#define TOP_MAP                                                                   \
	{COPY_PML4 + 0xff8, COPY_PDPT | PWU}, {COPY_PDPT + 0xff8, COPY_PD | PWU}, \
	    {COPY_PD + 0xff8, COPY_PT | PWU}, {COPY_PT + 0xff8, C | PWU}
#define LOW_TOP_MAP                                                               \
	{COPY_PML4 + 0x7f8, COPY_PDPT | PWU}, {COPY_PDPT + 0xff8, COPY_PD | PWU}, \
	    {COPY_PD + 0xff8, COPY_PT | PWU}, {COPY_PT + 0xff8, C | PWU}

/* And to the first page of all. */
#define ZERO_MAP                                                                \
	{COPY_PML4, COPY_PDPT | PWU}, {COPY_PDPT, COPY_PD | PWU}, {COPY_PD, COPY_PT | PWU}, \
	    {COPY_PT, A | PWU}

#define BORDER .at = Y - 2, .straddles = 1

static const struct condition conditions[] = {
	{ .group = "Nothing to move" },
	{ .what = "length 0", BOTH, .len_is_0 = 1, .silent = 1,
	    .verdict = {OK, OK, L(0), NOT(NO_LENGTH), NOT(NO_LENGTH), NOT(NO_LENGTH)} },
	{ .what = "length 0 where nothing is mapped", BOTH, .len_is_0 = 1, .silent = 1,
	    .map = "---", .poke = {{E1, 0}},
	    .verdict = {OK, OK, L(0), NOT(NO_LENGTH), NOT(NO_LENGTH), NOT(NO_LENGTH)} },
	{ .what = "length 0 beyond user space", BOTH, .len_is_0 = 1, .silent = 1,
	    .at = 0xfffffffffffffff8,
	    .verdict = {OK, OK, L(0), NOT(NO_LENGTH), NOT(NO_LENGTH), NOT(NO_LENGTH)} },

	{ .group = "The range, before the first byte" },
	{ .what = "the last byte is the last of user space", BOTH, ALLOWED,
	    .at = X + 0x7ff, .at_is_last = 1, .end = X + 0x800 },
	{ .what = "the last byte is the first that is not user space", BOTH,
	    .at = X + 0x800, .at_is_last = 1, .end = X + 0x800, .silent = 1,
	    .verdict = {F, F, F_OF(7), F, F, F} },
	{ .what = "the first byte is not user space", BOTH, DENIED, .end = X, .silent = 1 },
	{ .what = "the very last address", BOTH, DENIED,
	    .at = ~0ull, .end = ~0ull, .silent = 1 },
	{ .what = "around 2^64, both pages mapped", BOTH, .at = TOP + 0xffe, .straddles = 1,
	    .end = ~0ull, .poke = {TOP_MAP, ZERO_MAP}, .from = {C + 0xffe}, .nul = NO_END,
	    .verdict = {F, F, F_OF(1), F, F, F} },
	{ .what = "length 2^64 - 1", BOTH, .len = ~0ull, .nul = 7,
	    .verdict = {F, F, OK_OF(8), NOT(NO_LENGTH), NOT(NO_LENGTH), NOT(NO_LENGTH)} },
	{ .what = "length 2^63", BOTH, .len = 1ull << 63, .nul = 7,
	    .verdict = {F, F, OK_OF(8), NOT(NO_LENGTH), NOT(NO_LENGTH), NOT(NO_LENGTH)} },
	{ .what = "length 2^32 + 5, three pages mapped", BOTH, .len = 0x100000005, .nul = NO_END,
	    .verdict = {F_OF(0x3000), F_OF(0x3000), F_OF(0x3000), NOT(NO_LENGTH), NOT(NO_LENGTH),
	    NOT(NO_LENGTH)} },
	{ .what = "all that is left of user space", BOTH, .len = COPY_END - X, .nul = NO_END,
	    .verdict = {F_OF(0x3000), F_OF(0x3000), F_OF(0x3000), NOT(NO_LENGTH), NOT(NO_LENGTH),
	    NOT(NO_LENGTH)} },

	{ .group = "Canonical addresses" },
	{ .what = "the first address that is not canonical", EPT, DENIED,
	    .at = 0x800000000000, .end = ~0ull, .silent = 1 },
	{ .what = "the last address that is not canonical", EPT, DENIED,
	    .at = 0xffff7fffffffffff, .at_is_last = 1, .end = ~0ull, .silent = 1 },
	{ .what = "from the lower half into the hole", EPT, .at = 0x7ffffffffffe, .straddles = 1,
	    .end = ~0ull, .poke = {LOW_TOP_MAP}, .from = {C + 0xffe},
	    .verdict = {F_OF(2), F_OF(2), F_OF(2), F, F, F} },
	{ .what = "2^48, with four levels", EPT, DENIED,
	    .at = 0x0001000000000000 | X, .end = ~0ull, .silent = 1 },
	{ .what = "2^48, with five levels", EPT, ALLOWED, .at = 0x0001000000000000 | X,
	    .end = ~0ull, .poke = {{0x5008, COPY_PML4 | PWU}}, .adjust = with_la57 },
	{ .what = "the upper half, which is not user space", EPT, DENIED,
	    .at = 0xffff808040201000, .poke = {{COPY_PML4 + 0x808, COPY_PDPT | PWU}},
	    .silent = 1 },
	{ .what = "the upper half, where that is user space", EPT, ALLOWED,
	    .at = 0xffff808040201000, .poke = {{COPY_PML4 + 0x808, COPY_PDPT | PWU}},
	    .end = ~0ull },
	{ .what = "no paging", EPT, ALLOWED, .at = B + 8, .from = {B + 8},
	    .adjust = without_paging },

	{ .group = "Borders" },
	{ .what = "ends with its page, the next is not there", BOTH, ALLOWED,
	    .at = Y - 1, .at_is_last = 1, .map = "w--", .poke = {{EY, 0}} },
	{ .what = "the next page is there", BOTH, BORDER,
	    .verdict = {OK, OK, OK, OK, OK, F} },
	{ .what = "the next page is read-only in the map", BOTH, BORDER, .map = "wr-",
	    .verdict = {OK, F_OF(2), OK, OK, F, F} },
	{ .what = "the next page is read-only in the tables", EPT, BORDER, .poke = {{EY, B | 5}},
	    .verdict = {OK, F_OF(2), OK, OK, F, F} },
	{ .what = "the next page is not in the map", BOTH, BORDER, .map = "w--",
	    .verdict = {F_OF(2), F_OF(2), F_OF(2), F, F, F} },
	{ .what = "the next page is not in the tables", EPT, BORDER, .poke = {{EY, 0}},
	    .verdict = {F_OF(2), F_OF(2), F_OF(2), F, F, F} },
	{ .what = "the next page is a supervisor's", EPT, BORDER, .poke = {{EY, B | 3}},
	    .verdict = {F_OF(2), F_OF(2), F_OF(2), F, F, F} },
	{ .what = "only the next page is there", BOTH, BORDER, .map = "-w-",
	    .verdict = {F, F, F, F, F, F} },
	{ .what = "a page on the far side of a hole", BOTH, .len = 0x3000, .nul = NO_END,
	    .map = "w-w",
	    .verdict = {F_OF(0x1000), F_OF(0x1000), F_OF(0x1000), NOT(NO_LENGTH), NOT(NO_LENGTH),
	    NOT(NO_LENGTH)} },
	{ .what = "a whole page, the next is not there", BOTH, .len = 0x1000, .map = "w--",
	    .poke = {{EY, 0}},
	    .verdict = {OK, OK, OK, NOT(NO_LENGTH), NOT(NO_LENGTH), NOT(NO_LENGTH)} },
	{ .what = "three whole pages", BOTH, .len = 0x3000,
	    .verdict = {OK, OK, OK, NOT(NO_LENGTH), NOT(NO_LENGTH), NOT(NO_LENGTH)} },
	{ .what = "from a 4 KiB page into a 2 MiB page", EPT, .at = 0x80403ffffe, .straddles = 1,
	    .poke = {{COPY_PT + 0xff8, B | PWU}, {COPY_PD + 0x10, BIG | PWU | PS}},
	    .from = {B + 0xffe, BIG}, .verdict = {OK, OK, OK, OK, OK, F} },
	{ .what = "not aligned, within a page", BOTH, .at = X + 0x101,
	    .from = {A + 0x101}, .verdict = {OK, OK, OK, OK, OK, F} },

	{ .group = "Strings and values" },
	{ .what = "a NUL as the first byte", BOTH, .len = 64, .nul = FIRST,
	    .verdict = {NOT(NO_NUL), NOT(NO_NUL), OK_OF(1), NOT(NO_NUL), NOT(NO_NUL),
	    NOT(NO_NUL)} },
	{ .what = "a NUL before the last byte, other bytes after it", BOTH, .len = 64, .nul = 40,
	    .verdict = {NOT(NO_NUL), NOT(NO_NUL), OK_OF(41), NOT(NO_NUL), NOT(NO_NUL),
	    NOT(NO_NUL)} },
	{ .what = "the NUL right after the length", BOTH, .len = 15, .nul = 15,
	    .verdict = {NOT(NO_NUL), NOT(NO_NUL), L(15), NOT(NO_NUL), NOT(NO_NUL),
	    NOT(NO_NUL)} },
	{ .what = "the NUL as a page's last byte, the next is not there", BOTH,
	    .at = Y - 16, .len = 100, .nul = 15, .map = "w--", .poke = {{EY, 0}},
	    .verdict = {NOT(NO_NUL), NOT(NO_NUL), OK_OF(16), NOT(NO_NUL), NOT(NO_NUL),
	    NOT(NO_NUL)} },
	{ .what = "no NUL, the length ends with the page, the next is not there", BOTH,
	    .at = Y - 16, .len = 16, .nul = NO_END, .map = "w--", .poke = {{EY, 0}},
	    .verdict = {NOT(NO_NUL), NOT(NO_NUL), L(16), NOT(NO_NUL), NOT(NO_NUL),
	    NOT(NO_NUL)} },
	{ .what = "the NUL as the first byte of the next page", BOTH,
	    .at = Y - 16, .len = 100, .nul = 16,
	    .verdict = {NOT(NO_NUL), NOT(NO_NUL), OK_OF(17), NOT(NO_NUL), NOT(NO_NUL),
	    NOT(NO_NUL)} },
	{ .what = "no NUL before the next page, which is not there", BOTH,
	    .at = Y - 16, .len = 100, .nul = NO_END, .map = "w--",
	    .verdict = {NOT(NO_NUL), NOT(NO_NUL), F_OF(16), NOT(NO_NUL), NOT(NO_NUL),
	    NOT(NO_NUL)} },
	{ .what = "every bit set in what is there", BOTH, .nul = NO_END, .map = "fww",
	    .verdict = {OK, OK, L(8), OK, OK, OK} },

	{ .group = "Rights in the tables" },
	{ .what = "all may do all", BOTH, ALLOWED },
	{ .what = "U/S clear in the PML4E", EPT, DENIED, .poke = {{E4, COPY_PDPT | 3}} },
	{ .what = "U/S clear in the PDPTE", EPT, DENIED, .poke = {{E3, COPY_PD | 3}} },
	{ .what = "U/S clear in the PDE", EPT, DENIED, .poke = {{E2, COPY_PT | 3}} },
	{ .what = "U/S clear in the PTE", EPT, DENIED, .poke = {{E1, A | 3}} },
	{ .what = "R/W clear in the PML4E", EPT, READABLE, .poke = {{E4, COPY_PDPT | 5}} },
	{ .what = "R/W clear in the PDPTE", EPT, READABLE, .poke = {{E3, COPY_PD | 5}} },
	{ .what = "R/W clear in the PDE", EPT, READABLE, .poke = {{E2, COPY_PT | 5}} },
	{ .what = "R/W clear in the PTE", EPT, READABLE, .poke = {{E1, A | 5}} },
	{ .what = "R/W clear in the PTE, CR0.WP clear", EPT, READABLE, .poke = {{E1, A | 5}},
	    .adjust = without_wp },
	{ .what = "XD in the PTE", EPT, ALLOWED, .poke = {{E1, A | PWU | VK_PG_XD}} },
	{ .what = "SMAP and SMEP", EPT, ALLOWED, .adjust = with_smap_and_smep },
	{ .what = "a protection key that is closed", EPT, DENIED,
	    .poke = {{E1, A | PWU | KEY5}}, .adjust = with_key_5_closed },
	{ .what = "a protection key that is read-only", EPT, READABLE,
	    .poke = {{E1, A | PWU | KEY5}}, .adjust = with_key_5_read_only },
	{ .what = "another key is closed", EPT, ALLOWED, .adjust = with_key_5_closed },

	{ .group = "Presence and reserved bits" },
	{ .what = "P clear in the PML4E", EPT, DENIED, .poke = {{E4, COPY_PDPT | 6}} },
	{ .what = "P clear in the PDPTE", EPT, DENIED, .poke = {{E3, COPY_PD | 6}} },
	{ .what = "P clear in the PDE", EPT, DENIED, .poke = {{E2, COPY_PT | 6}} },
	{ .what = "P clear in the PTE", EPT, DENIED, .poke = {{E1, A | 6}} },
	{ .what = "every bit but P in the PTE", EPT, DENIED, .poke = {{E1, ~1ull}} },
	{ .what = "bit 46 of the PML4E, beyond MAXPHYADDR", EPT, DENIED,
	    .poke = {{E4, COPY_PDPT | PWU | BIT46}} },
	{ .what = "bit 46 of the PDPTE", EPT, DENIED, .poke = {{E3, COPY_PD | PWU | BIT46}} },
	{ .what = "bit 46 of the PDE", EPT, DENIED, .poke = {{E2, COPY_PT | PWU | BIT46}} },
	{ .what = "bit 46 of the PTE", EPT, DENIED, .poke = {{E1, A | PWU | BIT46}} },
	{ .what = "bit 46 of the PTE, with 52 bits of addresses", EPT, DENIED,
	    .poke = {{E1, A | PWU | BIT46}}, .adjust = with_52_bits },
	{ .what = "bit 46 of the PDE above a PTE that is not present", EPT, DENIED,
	    .poke = {{E2, COPY_PT | PWU | BIT46}, {E1, 0}} },
	{ .what = "PS in the PML4E", EPT, DENIED, .poke = {{E4, COPY_PDPT | PWU | PS}} },
	{ .what = "bit 13 of a 2 MiB leaf", EPT, DENIED, .poke = {{E2, BIG | PWU | PS | 0x2000}} },
	{ .what = "bit 20 of a 2 MiB leaf", EPT, DENIED,
	    .poke = {{E2, BIG | PWU | PS | 0x100000}} },
	{ .what = "bit 13 of a 1 GiB leaf", EPT, DENIED,
	    .poke = {{E3, HUGE | PWU | PS | 0x2000}} },
	{ .what = "bit 29 of a 1 GiB leaf", EPT, DENIED,
	    .poke = {{E3, HUGE | PWU | PS | 0x20000000}} },
	{ .what = "a 1 GiB leaf on a processor without them", EPT, DENIED,
	    .poke = {{E3, HUGE | PWU | PS}}, .adjust = without_1g },
	{ .what = "XD in the PML4E, EFER.NXE clear", EPT, DENIED,
	    .poke = {{E4, COPY_PDPT | PWU | VK_PG_XD}}, .adjust = without_nxe },
	{ .what = "XD in the PTE, EFER.NXE clear", EPT, DENIED,
	    .poke = {{E1, A | PWU | VK_PG_XD}}, .adjust = without_nxe },

	{ .group = "What is no part of an address" },
	{ .what = "a PCID in CR3", EPT, ALLOWED, .cr3 = COPY_PML4 | 0x123 },
	{ .what = "PWT and PCD in CR3", EPT, ALLOWED, .cr3 = COPY_PML4 | 0x18 },
	{ .what = "PAT in a PTE", EPT, ALLOWED, .poke = {{E1, A | PWU | VK_PG_PAT}} },
	{ .what = "PAT in a 2 MiB leaf, bit 12 of the address clear", EPT, ALLOWED,
	    .at = X - 0x1000, .from = {BIG}, .poke = {{E2, BIG | PWU | PS | PATL}} },
	{ .what = "PAT in a 2 MiB leaf, bit 12 of the address set", EPT, ALLOWED,
	    .from = {BIG + 0x1000}, .poke = {{E2, BIG | PWU | PS | PATL}} },
	{ .what = "PAT in a 1 GiB leaf", EPT, ALLOWED, .at = X - 0x1000, .from = {HUGE + BIG},
	    .poke = {{E3, HUGE | PWU | PS | PATL}} },
	{ .what = "no PAT in a 1 GiB leaf", EPT, ALLOWED, .from = {HUGE + BIG + 0x1000},
	    .poke = {{E3, HUGE | PWU | PS}} },

	{ .group = "Accessed and dirty flags" },
	{ .what = "all set already", EPT, ALLOWED,
	    .poke = {{E4, COPY_PDPT | PWU | VK_PG_A}, {E3, COPY_PD | PWU | VK_PG_A},
	    {E2, COPY_PT | PWU | VK_PG_A}, {E1, A | PWU | FLAGS}} },
	{ .what = "none set in a 2 MiB leaf", EPT, ALLOWED, .from = {BIG + 0x1000},
	    .poke = {{E2, BIG | PWU | PS}} },
	{ .what = "bit 6 of a table's entry", EPT, ALLOWED,
	    .poke = {{E2, COPY_PT | PWU | VK_PG_D}} },
	{ .what = "the map does not let the PML4 be written", EPT, DENIED, .table = COPY_PML4,
	    .table_rights = UMEM_R },
	{ .what = "the same, nothing owed in it", EPT, ALLOWED, .table = COPY_PML4,
	    .table_rights = UMEM_R,
	    .poke = {{E4, COPY_PDPT | PWU | VK_PG_A}} },
	{ .what = "the map does not let the page table be written", EPT, DENIED, .table = COPY_PT,
	    .table_rights = UMEM_R },
	{ .what = "the same, only D owed in it", EPT, READABLE, .table = COPY_PT,
	    .table_rights = UMEM_R,
	    .poke = {{E1, A | PWU | VK_PG_A}} },

	{ .group = "The memory map" },
	{ .what = "the page is read-only", BOTH, READABLE, .map = "rww" },
	{ .what = "the page is write-only", BOTH, WRITABLE, .map = "oww" },
	{ .what = "the page is not there", BOTH, DENIED, .map = "-ww" },
	{ .what = "the leaf names a page outside", EPT, DENIED, .poke = {{E1, GONE | PWU}} },
	{ .what = "an entry names a table outside", EPT, DENIED, .poke = {{E2, GONE | PWU}} },
	{ .what = "CR3 names a table outside", EPT, DENIED, .cr3 = GONE },
	{ .what = "the page table may only be written", EPT, DENIED, .table = COPY_PT,
	    .table_rights = UMEM_W },

	{ .group = "Tables that are data" },
	{ .what = "a self map in user space, the entry of X through it", EPT, .at = SELF + 8,
	    .poke = {SELF_MAP}, .from = {E4}, .nul = NO_END,
	    .verdict = {OK, OK, OK_OF(3), OK, OK, OK} },
	{ .what = "a self map in the upper half, where that is user space", EPT,
	    .at = 0xfffffffffffff008, .end = ~0ull, .from = {E4}, .nul = NO_END,
	    .poke = {{COPY_PML4 + 0xff8, COPY_PML4 | PWU}},
	    .verdict = {OK, OK, OK_OF(3), OK, OK, OK} },
	{ .what = "a self map in the upper half, beyond user space", EPT, DENIED,
	    .at = 0xfffffffffffff008, .silent = 1, .nul = NO_END,
	    .poke = {{COPY_PML4 + 0xff8, COPY_PML4 | PWU}} },
	{ .what = "the page table is the page, another entry of it", EPT, .at = X + 0x20,
	    .poke = {{E1, COPY_PT | PWU}, {COPY_PT + 0x20, ~0ull}}, .from = {COPY_PT + 0x20},
	    .nul = NO_END, .verdict = {OK, OK, L(8), OK, OK, OK} },
	{ .what = "the page table is the page, its own entry", EPT, .at = X + 8, .unplaced = 1,
	    .poke = {{E1, COPY_PT | PWU}}, .nul = NO_END,
	    .verdict = {OK, OK, OK_OF(3), OK, OK, OK} },
	{ .what = "all four levels are one table", EPT, .at = SELF, .nul = NO_END,
	    .from = {COPY_PML4}, .poke = {SELF_MAP, {COPY_PML4, ~0ull}},
	    .verdict = {OK, OK, L(8), OK, OK, OK} },
	{ .what = "the first page moved changes the entry of the second", EPT,
	    .verdict = {NOT(NO_SECOND_PAGE), SEE(REMAPPED_COPYOUT), NOT(NO_SECOND_PAGE),
	    NOT(NO_SECOND_PAGE), NOT(NO_SECOND_PAGE), NOT(NO_SECOND_PAGE)} },

	{ .group = "Others change entries and pages" },
	{ .what = "the read of the PML4E is refused", EPT, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_LOAD, 0, 0, CAS_DONE} },
	{ .what = "the read of the PDPTE is refused", EPT, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_LOAD, 1, 0, CAS_DONE} },
	{ .what = "the read of the PDE is refused", EPT, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_LOAD, 2, 0, CAS_DONE} },
	{ .what = "the read of the PTE is refused", EPT, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_LOAD, 3, 0, CAS_DONE} },
	{ .what = "the flag of the PML4E is refused", EPT, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_CAS, 0, 0, CAS_REFUSED} },
	{ .what = "the flag of the PDPTE is refused", EPT, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_CAS, 1, 0, CAS_REFUSED} },
	{ .what = "the flag of the PDE is refused", EPT, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_CAS, 2, 0, CAS_REFUSED} },
	{ .what = "the flags of the PTE are refused", EPT, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_CAS, 3, 0, CAS_REFUSED} },
	{ .what = "every flag is a race lost", EPT, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_CAS, 0, 0, CAS_LOST} },
	{ .what = "the flags of the PTE are a race lost for ever", EPT, DENIED,
	    .meanwhile = refuse, .hook = {UMEM_CAS, 3, 0, CAS_LOST} },
	{ .what = "a race is lost 100 times and then won", EPT, ALLOWED, .meanwhile = refuse,
	    .hook = {UMEM_CAS, 0, 100, CAS_LOST} },
	{ .what = "the page is refused", BOTH, DENIED, .meanwhile = refuse,
	    .hook = {UMEM_HOLD, 0, 0, CAS_DONE} },
	{ .what = "the second page that is asked for is refused", BOTH, BORDER,
	    .meanwhile = refuse, .hook = {UMEM_HOLD, 1, 0, CAS_DONE},
	    .verdict = {F_OF(2), F_OF(2), F_OF(2), F, F, F} },
	{ .what = "the second page goes after it was tried", BOTH, BORDER,
	    .meanwhile = refuse, .hook = {UMEM_HOLD, 2, 0, CAS_DONE},
	    .verdict = {NOT(NO_TRIAL), NOT(NO_TRIAL), NOT(NO_TRIAL), NOT(NO_TRIAL), F_OF(2),
	    NOT(NO_TRIAL)} },
	{ .what = "the entry names another page after the walk", EPT, ALLOWED, .from = {A},
	    .meanwhile = remap, .hook = {UMEM_HOLD, 0, 0, CAS_DONE}, .remapped = 1 },
	{ .what = "a shootdown between walk and move, with a guard", EPT,
	    .verdict = {SEE(SHOOTDOWN), SEE(SHOOTDOWN), SEE(SHOOTDOWN), SEE(SHOOTDOWN),
	    SEE(SHOOTDOWN), SEE(SHOOTDOWN)} },
	{ .what = "entries come and go", EPT, RACING, .meanwhile = flicker },
	{ .what = "every reading of every entry differs", EPT, RACING,
	    .meanwhile = answer_at_random },
	{ .what = "the map refuses now and then", STD, RACING, .meanwhile = answer_at_random },
	{ .what = "bytes change between any two instructions", BOTH,
	    .verdict = {NOT(NO_DECISION), NOT(NO_DECISION), SEE(STEPPED_STRING),
	    SEE(STEPPED_FETCH), SEE(STEPPED_STORE), SEE(LOST_UPDATE)} },
};
/* clang-format on */

/* --- a machine for a row ------------------------------------------------------------------- */

#define BUFFER COPY_ORACLE_BUFFER
#define FILL   0xee

static struct {
	const struct condition *row;
	enum family family;
	enum copy_name name;
	enum kind kind;
	struct umem mem;
	struct vk_us us;
	struct copy_args args;
	unsigned char before[UMEM_PAGES * 4096];
	unsigned char margin[64]; /* nobody writes here */
	unsigned char buffer[BUFFER];
} cell;

static enum kind
kind_of(enum copy_name name)
{
	switch (name) {
	case COPYIN:
		return IN;
	case COPYOUT:
		return OUT;
	case COPYINSTR:
		return STRING;
	default:
		return copy_call[name].acc == UMEM_R ? FETCH :
		    copy_call[name].acc == UMEM_W    ? STORE :
						       ATOMIC;
	}
}

static struct verdict
verdict_of(const struct condition *row, enum copy_name name)
{
	struct verdict no_border = NOT(NO_BORDER);

	return row->straddles && copy_call[name].size == 1 ? no_border :
							     row->verdict[kind_of(name)];
}

/* 'w' all, 'f' all, every bit set; 'r' read-only, 'o' write-only, '-' not there */
static unsigned
map_rights(char kind)
{
	return kind == '-' ? 0 : kind == 'r' ? UMEM_R : kind == 'o' ? UMEM_W : UMEM_RW;
}

/* The pages that X, Y and Z are meant to show. */
static void
make_pages(void)
{
	static const uint64_t linear[] = {X, Y, COPY_Z}, physical[] = {A, B, C};
	const char *map = cell.row->map != NULL ? cell.row->map : "www";
	unsigned i;

	for (i = 0; i < 3; i++) {
		uint64_t at = cell.family == STD ? linear[i] : physical[i];

		if (map[i] == '-')
			continue;
		umem_add(&cell.mem, at, map_rights(map[i]), i + 1);
		if (map[i] == 'f')
			memset(umem_at(&cell.mem, at), 0xff, 4096);
	}
}

#define TABLES 5 /* the last one, a PML5, only where there is one */

static void
make_tables(void)
{
	static const uint64_t large[] = {BIG, BIG + 0x1000, HUGE + BIG, HUGE + BIG + 0x1000};
	const struct condition *row = cell.row;
	unsigned i;

	copy_tables(&cell.mem);
	umem_add(&cell.mem, 0x5000, UMEM_RW, 0);
	memset(umem_at(&cell.mem, 0x5000), 0, 4096);
	umem_set_word(&cell.mem, EY, B | PWU);
	umem_set_word(&cell.mem, EY + 8, C | PWU);
	for (i = 0; i < ROWS_COUNT(large); i++)
		umem_add(&cell.mem, large[i], UMEM_RW, 10 + i);
	for (i = 0; i < ROWS_COUNT(row->poke) && row->poke[i].gpa != 0; i++)
		umem_set_word(&cell.mem, row->poke[i].gpa, row->poke[i].value);
	if (row->table != 0)
		umem_set_rights(&cell.mem, row->table, row->table_rights);
}

static void
make_space(void)
{
	gva_t end = vk_gva(cell.row->end != 0 ? cell.row->end : COPY_END);
	struct guestpt_mode mode = copy_mode;

	umem_clear(&cell.mem);
	if (cell.family == STD) {
		make_pages();
		umem_add(&cell.mem, 0, UMEM_RW, 4);
		umem_add(&cell.mem, TOP, UMEM_RW, 5);
		vk_us_init_std(&cell.us, umem_gpm(&cell.mem), end);
		return;
	}
	make_tables();
	make_pages();
	if (cell.row->cr3 != 0)
		mode.cr3 = cell.row->cr3;
	if (cell.row->adjust != NULL)
		cell.row->adjust(&mode);
	vk_us_init_ept(&cell.us, umem_gpm(&cell.mem), &mode, end);
}

/* Where the row says that the i-th byte is; NULL where there is no page. */
static unsigned char *
place(uint64_t i)
{
	uint64_t offset = (cell.args.gva & 0xfff) + i;
	const uint64_t *from = cell.row->from;

	if (cell.family == STD)
		return umem_at(&cell.mem, cell.args.gva + i);
	if (offset >= 0x1000)
		return umem_at(&cell.mem, (from[1] != 0 ? from[1] : B) + (offset - 0x1000));
	return umem_at(&cell.mem, (from[0] != 0 ? from[0] : A | (cell.args.gva & 0xfff)) + i);
}

static uint64_t
cell_size(void)
{
	const struct copy_call *call = &copy_call[cell.name];

	return call->size != 0 ? call->size : cell.args.len;
}

static uint64_t
cut(uint64_t value)
{
	unsigned size = copy_call[cell.name].size;

	return size == 8 ? value : value & ((1ull << (8 * size)) - 1);
}

/* The value that stood at the place of the row. */
static uint64_t
value_before(void)
{
	uint64_t value = 0, i;

	for (i = 0; i < copy_call[cell.name].size; i++) {
		const unsigned char *at = place(i);

		if (at != NULL)
			value |= (uint64_t)cell.before[at - cell.mem.bytes] << (8 * i);
	}
	return value;
}

static void
make_call(void)
{
	const struct condition *row = cell.row;
	uint64_t nul = row->nul == FIRST ? 0 : row->nul;
	unsigned i;

	memset(&cell.args, 0, sizeof(cell.args));
	cell.args.gva = row->at != 0 ? row->at : X;
	cell.args.len = row->len_is_0 ? 0 : row->len != 0 ? row->len : 8;
	cell.args.buffer = cell.buffer;
	cell.args.value = 0x8877665544332211ull;
	if (row->at_is_last)
		cell.args.gva -= cell_size() - 1;
	if (row->nul == 0)
		nul = cell.args.len - 1;
	if (nul != NO_END && place(nul) != NULL)
		*place(nul) = 0;
	memset(cell.margin, FILL, sizeof(cell.margin));
	memset(cell.buffer, FILL, sizeof(cell.buffer));
	for (i = 0; cell.kind == OUT && i < BUFFER; i++)
		cell.buffer[i] = umem_pattern(9, i);
	memcpy(cell.before, cell.mem.bytes, cell.mem.pages * 4096ul);
	cell.args.expected = value_before();
}

/* --- what must hold of a call -------------------------------------------------------------- */

static void
check_verdict(const struct verdict *verdict, const struct copy_result *result)
{
	static const int errors[] = {
	    [FAULTS] = VK_EFAULT, [GIVES] = VK_OK, [TOO_LONG] = VK_ENAMETOOLONG};
	uint64_t done = verdict->done == WHOLE ? cell_size() : verdict->done;

	if (verdict->what == ANY)
		return;
	assert_int_equal(result->error, errors[verdict->what]);
	if (copy_call[cell.name].size == 0)
		assert_int_equal(result->done, done);
	else if (copy_call[cell.name].acc != UMEM_W && result->error != VK_OK)
		assert_int_equal(result->value, cut(COPY_UNTOUCHED));
}

/* What was to be asked of memory at all: nothing by a call that is refused beforehand. */
static void
check_silence(const struct verdict *verdict)
{
	int misaligned = cell.kind == ATOMIC && cell.args.gva % copy_call[cell.name].size != 0;

	if (misaligned || (cell.row->silent && verdict->done == 0) || cell_size() == 0)
		assert_int_equal(umem_operations(&cell.mem), 0);
}

/* The byte that the row's place must hold after a call that gave what it was asked for. */
static unsigned char
byte_after(uint64_t i, uint64_t old)
{
	uint64_t after = cell.args.value;

	if (cell.kind == OUT)
		return cell.buffer[i];
	if (cell.name == FUWORDADD32 || cell.name == FUWORDADD64)
		after += old;
	return (unsigned char)(after >> (8 * i));
}

/* The bytes came from, or went to, where the row says. */
static void
check_place(const struct verdict *verdict, const struct copy_result *result)
{
	uint64_t done = verdict->done == WHOLE ? cell_size() : verdict->done, old = value_before(),
		 i;

	if (verdict->what == ANY || cell.row->unplaced)
		return;
	for (i = 0; i < done; i++) {
		const unsigned char *at = place(i);
		unsigned char was;

		assert_non_null(at);
		was = cell.before[at - cell.mem.bytes];
		if (copy_call[cell.name].acc & UMEM_W)
			assert_int_equal(*at, byte_after(i, old));
		else if (copy_call[cell.name].size == 0)
			assert_int_equal(cell.buffer[i], was);
	}
	if ((cell.kind == FETCH || cell.kind == ATOMIC) && result->error == VK_OK)
		assert_int_equal(result->value, old);
}

/* Memory, buffer and value to the last byte. */
static void
check_all(const struct copy_result *result)
{
	static struct copy_oracle oracle;
	struct copy_result expected;
	size_t i;

	for (i = 0; i < sizeof(cell.margin); i++)
		assert_int_equal(cell.margin[i], FILL);
	if (cell.row->remapped)
		return;
	if (cell.row->meanwhile != NULL) {
		copy_replay(
		    &cell.mem, &cell.us, cell.before, cell.name, &cell.args, result, BUFFER, FILL);
		return;
	}
	copy_oracle_call(&oracle, &cell.mem, &cell.us, cell.before, cell.family == STD ? 0 : TABLES,
	    FILL, cell.name, &cell.args, &expected);
	assert_int_equal(result->error, expected.error);
	assert_int_equal(result->done, expected.done);
	assert_int_equal(result->value, expected.value);
	assert_true(cell.kind == OUT || memcmp(cell.buffer, oracle.buffer, BUFFER) == 0);
	assert_int_equal(memcmp(cell.mem.bytes, oracle.bytes, cell.mem.pages * 4096ul), 0);
}

/* Once; `seed` for the others where chance plays a part. */
static int
play(const struct verdict *verdict, uint64_t seed)
{
	struct umem_translation translation[8];
	struct copy_result result;

	make_space();
	make_call();
	hook = &cell.row->hook;
	hook_seen = 0;
	copy_chance_seed(&hook_chance, seed);
	cell.mem.meanwhile = cell.row->meanwhile;
	copy_make(&cell.us, cell.name, &cell.args, &result);
	umem_witness(&cell.mem, &cell.us, translation,
	    copy_expect(cell.name, &cell.args, translation, ROWS_COUNT(translation)));
	check_verdict(verdict, &result);
	check_silence(verdict);
	check_place(verdict, &result);
	check_all(&result);
	return result.error;
}

/* One cell: a function of a family under a condition. */
struct cell_case {
	const struct condition *row;
	const struct map_condition *map_row;
	enum family family;
	enum copy_name name;
};

static void
run_case(void **state)
{
	const struct cell_case *which = *state;
	struct verdict verdict = verdict_of(which->row, which->name);
	unsigned seed, faults = 0, seeds = verdict.what == ANY ? RACES : 1;

	cell.row = which->row;
	cell.family = which->family;
	cell.name = which->name;
	cell.kind = kind_of(which->name);
	for (seed = 0; seed < seeds; seed++)
		faults += play(&verdict, seed) == VK_EFAULT;
	/* Both came about, or the race was none. */
	if (verdict.what == ANY)
		assert_in_range(faults, 1, RACES - 1);
}

/* --- over a real memory map ---------------------------------------------------------------- */

enum backing { NOTHING, FILE_PAGES, SHARED, SHARED_READ_ONLY };

/* What the process' map has behind tables and data when the call is made. */
struct map_condition {
	const char *what;
	enum family families;
	struct verdict verdict[KINDS];
	enum backing tables, data;
	int came_in;  /* everything has been read once already */
	int no_frame; /* none is left */
};

/* clang-format off */
static const struct map_condition map_conditions[] = {
	{ .what = "the page has not come in yet", BOTH, ALLOWED, FILE_PAGES, FILE_PAGES },
	{ .what = "the page is there", BOTH, ALLOWED, FILE_PAGES, FILE_PAGES, .came_in = 1 },
	{ .what = "the page is another's too, to be copied when written", BOTH, ALLOWED,
	    FILE_PAGES, SHARED },
	{ .what = "the same, and has been read", BOTH, ALLOWED, FILE_PAGES, SHARED,
	    .came_in = 1 },
	{ .what = "the page is another's too, and read-only", BOTH, READABLE, FILE_PAGES,
	    SHARED_READ_ONLY },
	{ .what = "there is nothing at that address", BOTH, DENIED, FILE_PAGES, NOTHING },
	{ .what = "no frame is left for the page", BOTH, DENIED, FILE_PAGES, FILE_PAGES,
	    .no_frame = 1 },
	{ .what = "no frame is left for the copy of the page", BOTH, READABLE, FILE_PAGES, SHARED,
	    .came_in = 1, .no_frame = 1 },
	{ .what = "the tables are another's too, to be copied for a flag", EPT, ALLOWED, SHARED,
	    FILE_PAGES },
	{ .what = "no frame is left for the copy of a table that owes a flag", EPT, DENIED,
	    SHARED, FILE_PAGES, .came_in = 1, .no_frame = 1 },
	{ .what = "the tables may not be written, and owe flags", EPT, DENIED, SHARED_READ_ONLY,
	    FILE_PAGES },
	{ .what = "there is nothing where the tables should be", EPT, DENIED, NOTHING,
	    FILE_PAGES },
};
/* clang-format on */

#define FRAMES 64

/* Two processes with the same files; the call is made on the first. */
static struct {
	struct hostmem *host;
	struct frames frames;
	struct map_memory memory[2];
	struct vk_us us[2];
	uint64_t hoarded; /* frames, so that none is left */
} world;

static const unsigned char world_string[8] = "abcdefg";

static void
world_map(uint64_t at, uint64_t pages, enum backing backing, const void *bytes)
{
	struct vm_range range = {.start = at,
	    .end = at + pages * 4096,
	    .prot = backing == SHARED_READ_ONLY ? VMSPACE_R : VMSPACE_R | VMSPACE_W,
	    .copy_on_write = backing == SHARED || backing == SHARED_READ_ONLY};
	unsigned i;

	if (backing == NOTHING)
		return;
	for (i = 0; i < 2; i++) {
		/* A file of each one's own, or the same one. */
		if (i == 0 || !range.copy_on_write)
			range.object = vm_object_create(&world.frames, bytes, pages * 4096);
		assert_non_null(range.object);
		assert_true(vmspace_map(world.memory[i].space, &range));
		if (i == 1 || !range.copy_on_write)
			vm_object_release(range.object);
	}
}

static void
world_make(const struct map_condition *row, enum family family)
{
	static uint64_t tables[4][512], data[512];
	unsigned i;

	memset(&world, 0, sizeof(world));
	world.host = hostmem_create(0x10000000, 100000);
	assert_non_null(world.host);
	frames_init(&world.frames, world.host, vk_hpa(0x100000), vk_hpa(0x100000 + FRAMES * 4096));
	for (i = 0; i < 4; i++)
		tables[i][1] = (i < 3 ? COPY_PML4 + 0x1000 * (i + 1) : A) | PWU;
	memset(data, 0x5a, sizeof(data));
	memcpy(data, world_string, sizeof(world_string));
	for (i = 0; i < 2; i++) {
		world.memory[i].host = world.host;
		world.memory[i].space = vmspace_create(&world.frames);
		assert_non_null(world.memory[i].space);
		if (family == STD)
			vk_us_init_std(
			    &world.us[i], map_memory_gpm(&world.memory[i]), vk_gva(COPY_END));
		else
			vk_us_init_ept(&world.us[i], map_memory_gpm(&world.memory[i]), &copy_mode,
			    vk_gva(COPY_END));
	}
	world_map(COPY_PML4, 4, row->tables, tables);
	world_map(A, 1, row->data, data);
}

static void
world_end(void)
{
	vmspace_destroy(world.memory[0].space);
	vmspace_destroy(world.memory[1].space);
	assert_int_equal(world.frames.taken, world.hoarded); /* nothing was lost on any path */
	hostmem_destroy(world.host);
}

/* The word at a guest-physical address of either process, without faulting it in. */
static uint64_t
world_word(unsigned process, uint64_t at)
{
	uint64_t word = 0;

	assert_true(vmspace_peek(world.memory[process].space, at, &word));
	return word;
}

static void
world_come_in(void)
{
	uint64_t at, entry;
	unsigned i;

	for (i = 0; i < 2; i++) {
		struct gpm gpm = map_memory_gpm(&world.memory[i]);

		for (at = COPY_PML4; at <= A; at += 0x1000)
			(void)gpm.ops->load(gpm.ctx, vk_gpa(at), &entry);
	}
}

/* The other process still has what the files hold. */
static void
world_check_other(const struct map_condition *row)
{
	uint64_t string;

	memcpy(&string, world_string, sizeof(string));
	if (row->data == SHARED)
		assert_int_equal(world_word(1, A), string);
	if (row->tables == SHARED)
		assert_int_equal(world_word(1, COPY_PT + 8), A | PWU);
}

static void
world_check_bytes(enum copy_name name, const struct copy_args *args)
{
	uint64_t string, now = world_word(0, A), size = copy_call[name].size;
	uint64_t mask = size == 4 ? 0xffffffff : size == 1 ? 0xff : ~0ull, wanted;

	memcpy(&string, world_string, sizeof(string));
	memcpy(&wanted, cell.buffer, sizeof(wanted));
	if (kind_of(name) == IN || kind_of(name) == STRING)
		assert_int_equal(wanted, string);
	if (kind_of(name) == STORE || kind_of(name) == ATOMIC)
		wanted = args->value;
	if (name == FUWORDADD32 || name == FUWORDADD64)
		wanted += string;
	if (copy_call[name].acc & UMEM_W)
		assert_int_equal(now, (string & ~mask) | (wanted & mask));
	else
		assert_int_equal(now, string);
}

static void
run_map_case(void **state)
{
	const struct cell_case *which = *state;
	const struct map_condition *row = which->map_row;
	struct copy_args args = {.gva = which->family == STD ? A : X,
	    .len = 8,
	    .buffer = cell.buffer,
	    .value = 0x8877665544332211ull};
	struct copy_result result;
	hpa_t frame;

	world_make(row, which->family);
	memset(cell.buffer, FILL, sizeof(cell.buffer));
	memcpy(&args.expected, world_string, sizeof(args.expected));
	if (row->came_in)
		world_come_in();
	while (row->no_frame && frames_take(&world.frames, &frame))
		world.hoarded++;
	copy_make(&world.us[0], which->name, &args, &result);
	assert_int_equal(
	    result.error, row->verdict[kind_of(which->name)].what == GIVES ? VK_OK : VK_EFAULT);
	assert_false(world.memory[0].held);
	if (result.error == VK_OK)
		world_check_bytes(which->name, &args);
	world_check_other(row);
	world_end();
}

/* --- the table in print -------------------------------------------------------------------- */

static void
print_cell(const struct verdict *verdict)
{
	static const char *const words[] = {[FAULTS] = "F", [GIVES] = "ok", [TOO_LONG] = "L"};

	switch (verdict->what) {
	case ANY:
		printf(" any |");
		break;
	case NO_SENSE:
		printf(" – (%u) |", verdict->note + 1);
		break;
	case ELSEWHERE:
		printf(" [%c] |", (char)('a' + verdict->note));
		break;
	default:
		printf(" %s", words[verdict->what]);
		if (verdict->done != WHOLE && !(verdict->what == FAULTS && verdict->done == 0))
			printf(" %u", verdict->done);
		printf(" |");
		break;
	}
}

static void
print_heading(const char *heading)
{
	unsigned name;

	printf("\n### %s\n\n| condition |", heading);
	for (name = 0; name < COPY_CALLS; name++)
		printf(" %s |", copy_call[name].name);
	printf("\n|---|");
	for (name = 0; name < COPY_CALLS; name++)
		printf("---|");
	printf("\n");
}

static void
print_rows(enum family family)
{
	const char *group = NULL;
	unsigned i, name;

	for (i = 0; i < ROWS_COUNT(conditions); i++) {
		const struct condition *row = &conditions[i];

		if (row->group != NULL)
			group = row->group;
		if (!(row->families & family))
			continue;
		if (group != NULL)
			print_heading(group);
		group = NULL;
		printf("| %s |", row->what);
		for (name = 0; name < COPY_CALLS; name++) {
			struct verdict verdict = verdict_of(row, (enum copy_name)name);

			print_cell(&verdict);
		}
		printf("\n");
	}
}

static void
print_map_rows(enum family family)
{
	struct verdict see = SEE(family == STD ? SCENARIO_STD : SCENARIO_EPT);
	unsigned i, name;

	print_heading("The process' memory map");
	for (i = 0; i < ROWS_COUNT(map_conditions); i++) {
		const struct map_condition *row = &map_conditions[i];

		if (!(row->families & family))
			continue;
		printf("| %s |", row->what);
		for (name = 0; name < COPY_CALLS; name++)
			print_cell(&row->verdict[kind_of((enum copy_name)name)]);
		printf("\n");
	}
	printf("| the page is in no EPT yet |");
	for (name = 0; name < COPY_CALLS; name++)
		print_cell(&see);
	printf("\n");
}

static void
print_table(void)
{
	unsigned i;

	printf("## ept_*: through the guest's tables\n");
	print_rows(EPT);
	print_map_rows(EPT);
	printf("\n## std_*: an ordinary process\n");
	print_rows(STD);
	print_map_rows(STD);
	printf("\n## Notes\n\n");
	for (i = 0; i < ROWS_COUNT(reasons); i++)
		printf("%u. %s\n", i + 1, reasons[i]);
	printf("\n| mark | test |\n|---|---|\n");
	for (i = 0; i < ROWS_COUNT(elsewhere); i++)
		printf("| [%c] | `%s` |\n", (char)('a' + i), elsewhere[i]);
}

/* --- the list ------------------------------------------------------------------------------ */

#define CASES ((ROWS_COUNT(conditions) + ROWS_COUNT(map_conditions)) * 2 * COPY_CALLS)

static struct cell_case cases[CASES];
static size_t case_count;

static void
add_case(struct rows *rows, const struct cell_case *which, const char *what, CMUnitTestFunction run)
{
	struct cell_case *kept = &cases[case_count++];
	char prefix[32];

	*kept = *which;
	snprintf(prefix, sizeof(prefix), "%s %s", which->family == STD ? "std" : "ept",
	    copy_call[which->name].name);
	rows_add(rows, prefix, what, run, kept);
}

static void
add_cases(struct rows *rows, enum family family, enum copy_name name)
{
	struct cell_case which = {.family = family, .name = name};
	unsigned i;

	for (i = 0; i < ROWS_COUNT(conditions); i++) {
		which.row = &conditions[i];
		if ((which.row->families & family) && verdict_of(which.row, name).what < NO_SENSE)
			add_case(rows, &which, which.row->what, run_case);
	}
	for (i = 0; i < ROWS_COUNT(map_conditions); i++) {
		which.map_row = &map_conditions[i];
		if (which.map_row->families & family)
			add_case(rows, &which, which.map_row->what, run_map_case);
	}
}

int
main(int argc, char **argv)
{
	struct rows rows = {0};
	unsigned name;
	int failed;

	if (argc == 2 && strcmp(argv[1], "--table") == 0) {
		print_table();
		return 0;
	}
	for (name = 0; name < COPY_CALLS; name++) {
		add_cases(&rows, STD, (enum copy_name)name);
		add_cases(&rows, EPT, (enum copy_name)name);
	}
	umem_init(&cell.mem);
	failed = rows_run(&rows, "copyio_contract");
	umem_destroy(&cell.mem);
	return failed != 0;
}
