/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random two-dimensional machines: vcpu_translate() against the naive model.
 *
 * Each machine is made from a number.  It has random registers and capabilities; guest tables that
 * map eight linear pages (neighbours, so that accesses straddle; the ends of both canonical halves)
 * by pages of random size; and an EPT that maps the tables and the data, again by pages of random
 * size, to host frames all over the address space.  Up to five entries of either side are then
 * broken: a right or presence withdrawn, a reserved bit, a memory type or a size set, a table
 * pointed at another table, itself included.  Accesses follow of all kinds, sizes and privileges,
 * with page-modification logging and #VE where they are on.
 *
 * EPT tables, log and information page are never reachable as guest memory: what a processor does
 * with tables that describe themselves across the two dimensions depends on when it reads what.
 *
 * Compared after every access: the outcome, error code, CR2, exit reason, qualification, GPA, GLA,
 * the addresses of all pieces, the index of the log; and that explaining the access beforehand,
 * which changes nothing, gives the same answer.  Compared at the end of a machine: all of memory.
 *
 * [EPT-ORDER] [EPT-QUALIFICATION] [EPT-AD-TABLE] [EPT-PML] [EPT-VE] [EPT-VIOLATION] [EPT-MISCONFIG]
 * [GUEST-STRADDLE] [GUEST-AD]
 */
#include <inttypes.h>
#include <string.h>

#include "oracle/naive.h"
#include "sim/random_numbers.h"
#include "sim/vcpu.h"
#include "support/sweep.h"

#define ACCESSES 24 /* of one machine */
#define LINEAR_PAGES 8
#define MAX_FRAMES 256
#define HASH_SLOTS 1024
#define MAX_ENTRIES 256
#define MAX_PAGES 64
#define PWU (VK_PG_P | VK_PG_RW | VK_PG_US)

/* Host addresses with this bit are the guest's; the others the EPT's, the log's, the #VE page's. */
#define GUEST_SIDE VK_BIT(35)
#define EPT_TABLES 0x0000000000100000ull
#define PML_PAGE 0x0000000000010000ull
#define VE_PAGE 0x0000000000020000ull

/* --- the naive model's memory ------------------------------------------------------------- */

struct naive_frame {
	uint64_t number;
	uint64_t word[VK_TABLE_ENTRIES];
};

struct naive_memory {
	uint64_t size;
	unsigned frames;
	unsigned short hash[HASH_SLOTS]; /* index of the frame plus one */
	struct naive_frame frame[MAX_FRAMES];
};

static void
memory_clear(struct naive_memory *memory, uint64_t size)
{
	memory->size = size;
	memory->frames = 0;
	memset(memory->hash, 0, sizeof(memory->hash));
}

static struct naive_frame *
memory_find(struct naive_memory *memory, uint64_t address, bool make)
{
	uint64_t number = address >> VK_PAGE_SHIFT;
	size_t at = (number ^ number >> 9 ^ number >> 18) % HASH_SLOTS;
	struct naive_frame *frame;

	for (; memory->hash[at] != 0; at = (at + 1) % HASH_SLOTS) {
		frame = &memory->frame[memory->hash[at] - 1];
		if (frame->number == number)
			return frame;
	}
	if (!make || address >= memory->size || memory->frames == MAX_FRAMES)
		return NULL;
	frame = &memory->frame[memory->frames++];
	memset(frame, 0, sizeof(*frame));
	frame->number = number;
	memory->hash[at] = (unsigned short)memory->frames;
	return frame;
}

static uint64_t
naive_load(void *ctx, uint64_t address)
{
	struct naive_memory *memory = ctx;
	const struct naive_frame *frame = memory_find(memory, address, false);

	if (frame == NULL)
		return address < memory->size ? 0 : ~0ull;
	return frame->word[(address & VK_PAGE_OFFSET_MASK) / 8];
}

static void
naive_store(void *ctx, uint64_t address, uint64_t value)
{
	struct naive_frame *frame = memory_find(ctx, address, true);

	if (frame != NULL)
		frame->word[(address & VK_PAGE_OFFSET_MASK) / 8] = value;
}

/* --- the machine -------------------------------------------------------------------------- */

enum side { SIDE_GUEST, SIDE_EPT };

struct entry {
	enum side side;
	unsigned level;
	uint64_t hpa;
};

struct page {
	uint64_t gpa;
	uint64_t hpa;
};

struct nested {
	uint64_t seed;
	uint64_t random;
	unsigned number; /* of the access */
	struct naive_memory memory;
	struct naive_machine machine;
	struct vcpu vcpu;
	struct vcpu_result result;
	struct vcpu_result explained;
	unsigned maxphyaddr;
	unsigned guest_levels;
	unsigned ept_levels;
	unsigned gpa_width;
	bool user_pages; /* most pages are user pages */
	uint64_t gpa_base[3];
	unsigned ept_tables;
	unsigned pages; /* mapped guest pages */
	struct page page[MAX_PAGES];
	unsigned tables; /* guest tables among them */
	uint64_t table[MAX_PAGES];
	unsigned entries; /* all that were written */
	struct entry entry[MAX_ENTRIES];
	uint64_t linear[LINEAR_PAGES];
};

static uint64_t
draw(struct nested *n)
{
	return random_splitmix(&n->random);
}

static unsigned
below(struct nested *n, unsigned limit)
{
	return (unsigned)(draw(n) >> 33) % limit;
}

static bool
chance(struct nested *n, unsigned percent)
{
	return below(n, 100) < percent;
}

/* `bits` with the given chance, else none. */
static uint64_t
maybe(struct nested *n, unsigned percent, uint64_t bits)
{
	return chance(n, percent) ? bits : 0;
}

static void
store(struct nested *n, uint64_t hpa, uint64_t value)
{
	naive_store(&n->memory, hpa, value);
	(void)hostmem_store(n->vcpu.mem, vk_hpa(hpa), value);
}

static void
store_entry(struct nested *n, enum side side, unsigned level, uint64_t hpa, uint64_t value)
{
	store(n, hpa, value);
	if (n->entries < MAX_ENTRIES)
		n->entry[n->entries++] = (struct entry){ side, level, hpa };
}

/* --- EPT ---------------------------------------------------------------------------------- */

static uint64_t
new_ept_table(struct nested *n)
{
	return EPT_TABLES + VK_PAGE_BYTES * (uint64_t)n->ept_tables++;
}

/* A frame of the guest's side of host memory, for a page of that level. */
static uint64_t
guest_side_frame(struct nested *n, unsigned level)
{
	uint64_t mask = vk_frame_mask(n->maxphyaddr, vk_level_shift(level));

	return (draw(n) & mask & ~VK_BITS(34, 33)) | GUEST_SIDE;
}

static uint64_t
ept_noise(struct nested *n)
{
	return (draw(n) & (VK_BITS(62, 52) | VK_BIT(11))) | maybe(n, 30, EPT_A) |
	    maybe(n, 30, EPT_D) | maybe(n, 50, EPT_SVE);
}

static uint64_t
ept_rights(struct nested *n)
{
	return EPT_R | maybe(n, 99, EPT_W) | maybe(n, 98, EPT_X) | maybe(n, 97, EPT_XU);
}

static uint64_t
ept_leaf_bits(struct nested *n, unsigned level)
{
	static const uint64_t types[] = { 6, 6, 6, 0, 1, 4, 5 };

	return types[below(n, 7)] << EPT_MEMTYPE_SHIFT | maybe(n, 20, EPT_IPAT) |
	    (level > 1 ? EPT_PS : maybe(n, 20, EPT_PS));
}

/* Whether an entry of that level shall be a leaf; seldom one of a size that there is not. */
static bool
is_leaf_wanted(struct nested *n, unsigned level, bool has_2m, bool has_1g)
{
	if (level == 2)
		return chance(n, has_2m ? 20 : 1);
	if (level == 3)
		return chance(n, has_1g ? 8 : 1);
	return level == 1;
}

/* Maps a guest page, unless it is mapped; returns the host address of the page. */
static uint64_t
ept_make(struct nested *n, uint64_t gpa)
{
	uint64_t table = n->vcpu.ept.eptp & VK_BITS(51, 12);
	unsigned level;

	for (level = n->ept_levels;; level--) {
		uint64_t slot = table + 8 * naive_index(gpa, level);
		uint64_t entry = naive_load(&n->memory, slot);
		bool is_new = entry == 0;

		if (is_new && is_leaf_wanted(n, level, (n->machine.ept_cap & NAIVE_CAP_2M) != 0,
		    (n->machine.ept_cap & NAIVE_CAP_1G) != 0))
			entry = guest_side_frame(n, level) | ept_leaf_bits(n, level) |
			    ept_rights(n) | ept_noise(n);
		else if (is_new)
			entry = new_ept_table(n) | ept_rights(n) | ept_noise(n);
		if (is_new)
			store_entry(n, SIDE_EPT, level, slot, entry);
		if (naive_ept_is_leaf(level, entry))
			return naive_ept_frame(&n->machine, level, entry) |
			    (gpa & (vk_level_size(level) - 1) & ~VK_PAGE_OFFSET_MASK);
		table = naive_ept_frame(&n->machine, level, entry);
	}
}

/* --- guest -------------------------------------------------------------------------------- */

/* A guest page that the EPT maps, anywhere near one of three bases. */
static struct page
new_page(struct nested *n)
{
	struct page page;

	page.gpa = n->gpa_base[below(n, 3)] + VK_PAGE_BYTES * (uint64_t)below(n, 1024);
	page.hpa = ept_make(n, page.gpa);
	if (n->pages < MAX_PAGES)
		n->page[n->pages++] = page;
	return page;
}

/* A new guest table; its host address is found again by its guest one. */
static uint64_t
new_guest_table(struct nested *n)
{
	uint64_t gpa = new_page(n).gpa;

	if (n->tables < MAX_PAGES)
		n->table[n->tables++] = gpa;
	return gpa;
}

static uint64_t
guest_noise(struct nested *n)
{
	return (draw(n) & (VK_BITS(62, 52) | VK_BITS(11, 8) | VK_PG_PWT | VK_PG_PCD)) |
	    maybe(n, 40, VK_PG_A) | maybe(n, 30, VK_PG_D);
}

static uint64_t
guest_rights(struct nested *n)
{
	return VK_PG_P | maybe(n, 97, VK_PG_RW) | maybe(n, n->user_pages ? 96 : 40, VK_PG_US) |
	    maybe(n, n->machine.nxe ? 4 : 0, VK_PG_XD);
}

static uint64_t
guest_leaf(struct nested *n, unsigned level)
{
	uint64_t frame;

	if (level == 1)
		return new_page(n).gpa | maybe(n, 20, VK_PG_PAT);
	frame = n->gpa_base[below(n, 3)] & vk_frame_mask(n->maxphyaddr, vk_level_shift(level));
	return frame | VK_PG_PS | maybe(n, 30, VK_PG_PAT_LARGE);
}

/* Maps a linear page in the guest's tables; of a large page, the 4 KiB asked for in the EPT. */
static void
guest_make(struct nested *n, uint64_t la)
{
	uint64_t table = n->machine.cr3 & VK_BITS(51, 12);
	unsigned level;

	for (level = n->guest_levels;; level--) {
		uint64_t slot = ept_make(n, table) + 8 * naive_index(la, level);
		uint64_t entry = naive_load(&n->memory, slot);

		if (entry == 0) {
			entry = is_leaf_wanted(n, level, true, n->machine.p1g) ?
			    guest_leaf(n, level) : new_guest_table(n);
			entry |= guest_rights(n) | guest_noise(n);
			store_entry(n, SIDE_GUEST, level, slot, entry);
		}
		table = naive_guest_frame(&n->machine, level, entry);
		if (naive_guest_is_leaf(level, entry)) {
			if (level > 1 && chance(n, 80))
				(void)ept_make(n, table | (la & (vk_level_size(level) - 1)));
			return;
		}
	}
}

/* --- registers ---------------------------------------------------------------------------- */

static void
make_registers(struct nested *n)
{
	struct naive_machine *m = &n->machine;

	m->maxphyaddr = n->maxphyaddr;
	m->p1g = chance(n, 85);
	m->levels = n->guest_levels;
	m->nxe = chance(n, 85);
	m->wp = chance(n, 60);
	m->smep = chance(n, 40);
	m->smap = chance(n, 40);
	m->pke = chance(n, 40);
	m->pks = chance(n, 40);
	m->pkru = (uint32_t)(draw(n) & draw(n) & draw(n));
	m->pkrs = (uint32_t)(draw(n) & draw(n) & draw(n));
	m->ept = true;
	m->ept_cap = NAIVE_CAP_WALK4 | NAIVE_CAP_WALK5 | NAIVE_CAP_WB | NAIVE_CAP_UC |
	    NAIVE_CAP_AD | maybe(n, 70, NAIVE_CAP_EXEC_ONLY) | maybe(n, 90, NAIVE_CAP_2M) |
	    maybe(n, 85, NAIVE_CAP_1G) | maybe(n, 60, NAIVE_CAP_ADVANCED);
	m->mbec = chance(n, 40);
	m->eptp = new_ept_table(n) | (uint64_t)(n->ept_levels - 1) << EPTP_WALK_SHIFT | 6 |
	    maybe(n, 65, EPTP_AD);
	m->pml = (m->eptp & EPTP_AD) && chance(n, 40);
	m->pml_log = PML_PAGE;
	m->ve = chance(n, 40);
	m->ve_info = VE_PAGE;
	m->ctx = &n->memory;
	m->read = naive_load;
	m->write = naive_store;
}

static void
refill_log(struct nested *n)
{
	static const uint16_t indices[] = { 511, 510, 9, 3, 1, 0, 512, 0xffff };

	n->machine.pml_index = n->vcpu.pml.index = indices[below(n, 8)];
}

/* The same machine for the core. */
static bool
make_vcpu(struct nested *n)
{
	const struct naive_machine *m = &n->machine;
	struct guestpt_mode *mode = &n->vcpu.mode;
	uint32_t controls = (m->mbec ? EPT_CTL_MBEC : 0) | (m->ve ? EPT_CTL_VE : 0) |
	    (m->pml ? EPT_CTL_PML : 0);

	mode->cr0 = VK_CR0_PG | (m->wp ? VK_CR0_WP : 0);
	mode->cr4 = (m->levels == 5 ? VK_CR4_LA57 : 0) | (m->smep ? VK_CR4_SMEP : 0) |
	    (m->smap ? VK_CR4_SMAP : 0) | (m->pke ? VK_CR4_PKE : 0) | (m->pks ? VK_CR4_PKS : 0);
	mode->efer = m->nxe ? VK_EFER_NXE : 0;
	mode->pkru = m->pkru;
	mode->pkrs = m->pkrs;
	mode->page1g = m->p1g;
	mode->maxphyaddr = m->maxphyaddr;
	n->vcpu.ept_on = true;
	n->vcpu.tlb = NULL;
	n->vcpu.sink = NULL;
	n->vcpu.ve_page = vk_hpa(m->ve_info);
	n->vcpu.pml.log = vk_hpa(m->pml_log);
	return ept_init(&n->vcpu.ept, hostmem_hpm(n->vcpu.mem), m->eptp, m->ept_cap, controls,
	    m->maxphyaddr) == EPTP_VALID;
}

/* --- what gets broken --------------------------------------------------------------------- */

static uint64_t
broken_guest_entry(struct nested *n, unsigned level, uint64_t entry)
{
	switch (below(n, 8)) {
	case 0:
		return entry & ~VK_PG_P;
	case 1:
		return entry & ~VK_PG_RW;
	case 2:
		return entry ^ VK_PG_US;
	case 3:
		return entry | VK_PG_XD;
	case 4:
		return entry ^ VK_BIT(12 + below(n, 52));
	case 5:
		return entry ^ VK_PG_PS;
	case 6: /* another table, or this one */
		return (entry & ~VK_BITS(51, 12)) | n->table[below(n, n->tables)];
	default:
		return level == 1 ? ~0ull : entry ^ VK_PG_A;
	}
}

/* Keeps the two sides of host memory apart: a table stays a table, a page a page of the guest. */
static uint64_t
broken_ept_entry(struct nested *n, unsigned level, uint64_t entry)
{
	uint64_t low = entry & ~VK_BITS(51, 12);

	switch (below(n, 10)) {
	case 0:
		return entry & ~(EPT_RWX | EPT_XU);
	case 1:
		return entry & ~EPT_W;
	case 2:
		return entry & ~(EPT_R | EPT_W);
	case 3:
		return entry & ~EPT_R;
	case 4:
		return entry ^ (EPT_X | maybe(n, 50, EPT_XU));
	case 5:
		return entry ^ (EPT_MEMTYPE & draw(n));
	case 6:
		return entry | (VK_BITS(51, 12) & ~vk_frame_mask(n->maxphyaddr, 12) & draw(n));
	case 7: /* a large page where a table was; reserved where there are none */
		if (level == 1)
			return entry ^ EPT_PS;
		return guest_side_frame(n, level < 4 ? level : 1) | low | EPT_PS;
	case 8: /* a low frame bit of a large page */
		if (level == 1 || !naive_ept_is_leaf(level, entry))
			return entry ^ EPT_A;
		return entry | VK_BIT(12 + below(n, 9 * (level - 1)));
	default: /* another table, or this one */
		if (naive_ept_is_leaf(level, entry))
			return entry ^ EPT_D;
		return low | (EPT_TABLES + VK_PAGE_BYTES * (uint64_t)below(n, n->ept_tables));
	}
}

static void
break_something(struct nested *n)
{
	unsigned i, times = below(n, 6);

	for (i = 0; i < times; i++) {
		const struct entry *at = &n->entry[below(n, n->entries)];
		uint64_t value = naive_load(&n->memory, at->hpa);

		store(n, at->hpa, at->side == SIDE_GUEST ? broken_guest_entry(n, at->level, value) :
		    broken_ept_entry(n, at->level, value));
	}
}

/* --- making one --------------------------------------------------------------------------- */

static void
choose_linear_pages(struct nested *n)
{
	unsigned width = n->guest_levels == 5 ? 57 : 48;
	uint64_t low = draw(n) & (VK_BIT(width - 1) - 1) & ~VK_PAGE_OFFSET_MASK;
	uint64_t high = ~(draw(n) & (VK_BIT(width - 1) - 1)) & ~VK_PAGE_OFFSET_MASK;

	/* Often the end of a table, so that a straddling access changes the upper levels. */
	low |= maybe(n, 30, VK_BITS(20, 12)) | maybe(n, 10, VK_BITS(29, 12));
	n->linear[0] = low;
	n->linear[1] = low + VK_PAGE_BYTES;
	n->linear[2] = high;
	n->linear[3] = high + VK_PAGE_BYTES;
	n->linear[4] = VK_BIT(width - 1) - VK_PAGE_BYTES; /* the last of the low half */
	n->linear[5] = ~(VK_BIT(width - 1) - 1);          /* the first of the high half */
	n->linear[6] = 0ull - VK_PAGE_BYTES;
	n->linear[7] = 0;
}

static bool
make_machine(struct nested *n, uint64_t seed)
{
	unsigned i;

	n->seed = n->random = seed;
	n->maxphyaddr = 36 + below(n, 17);
	n->guest_levels = chance(n, 50) ? 4 : 5;
	n->ept_levels = chance(n, 50) ? 4 : 5;
	/* Some guests use addresses that a 4-level EPT cannot translate. */
	n->gpa_width = n->maxphyaddr > 48 && chance(n, 90) ? 48 : n->maxphyaddr;
	n->user_pages = chance(n, 65);
	n->ept_tables = n->pages = n->tables = n->entries = 0;
	for (i = 0; i < 3; i++)
		n->gpa_base[i] = draw(n) & (VK_BIT(n->gpa_width - 1) - 1) & ~VK_BITS(21, 0);
	memory_clear(&n->memory, VK_BIT(n->maxphyaddr) - maybe(n, 20, VK_BIT(n->maxphyaddr - 1)));
	n->vcpu.mem = hostmem_create(n->memory.size, MAX_FRAMES);
	if (n->vcpu.mem == NULL)
		return false;
	make_registers(n);
	if (!make_vcpu(n))
		return false;
	n->machine.cr3 = n->vcpu.mode.cr3 = new_guest_table(n) | (draw(n) & VK_CR3_PCID);
	choose_linear_pages(n);
	for (i = 0; i < LINEAR_PAGES; i++)
		guest_make(n, n->linear[i]);
	break_something(n);
	for (i = 0; i < 5; i++)
		store(n, VE_PAGE + 8 * i, i == 0 ? maybe(n, 10, VK_BIT(40)) : draw(n));
	refill_log(n);
	return true;
}

/* --- one access --------------------------------------------------------------------------- */

static bool
describe(struct sweep *s, const struct nested *n, const char *what, uint64_t core, uint64_t naive)
{
	sweep_differs(s, "machine %" PRIu64 ", access %u, %s: core %" PRIx64 ", naive %" PRIx64,
	    n->seed, n->number, what, core, naive);
	return false;
}

static void
choose_access(struct nested *n, struct naive_access *access, struct vcpu_request *request)
{
	static const unsigned acc[] = { [NAIVE_READ] = VK_ACC_R, [NAIVE_WRITE] = VK_ACC_W,
		[NAIVE_RMW] = VK_ACC_R | VK_ACC_W, [NAIVE_FETCH] = VK_ACC_X };

	n->machine.cpl = n->vcpu.cpl = chance(n, 60) ? 3 : below(n, 3);
	n->machine.ac = chance(n, 50);
	n->vcpu.mode.ac = n->machine.ac;
	access->la = n->linear[below(n, LINEAR_PAGES)] +
	    (chance(n, 40) ? 0xff8 + below(n, 8) : below(n, VK_PAGE_BYTES));
	access->size = 1 + below(n, 8);
	access->kind = (enum naive_kind)below(n, 4);
	access->implicit = access->kind != NAIVE_FETCH && chance(n, 10);
	*request = (struct vcpu_request){ .gva = vk_gva(access->la), .size = access->size,
		.acc = acc[access->kind], .implicit = access->implicit };
}

static bool
compare_exit(struct sweep *s, const struct nested *n, const struct naive_result *r)
{
	const struct ept_exit *exit = &n->result.exit;
	unsigned reason = r->outcome == NAIVE_EPT_MISCONFIG ? EPT_EXIT_MISCONFIG :
	    r->outcome == NAIVE_PML_FULL ? 62 : EPT_EXIT_VIOLATION;

	if (exit->reason != reason)
		return describe(s, n, "exit reason", exit->reason, reason);
	if (exit->qualification != r->qualification)
		return describe(s, n, "qualification", exit->qualification, r->qualification);
	if (exit->gpa.v != r->gpa)
		return describe(s, n, "GPA", exit->gpa.v, r->gpa);
	/* Of a misconfiguration the linear address is not defined. */
	if (reason == EPT_EXIT_VIOLATION && exit->gla.v != r->gla)
		return describe(s, n, "GLA", exit->gla.v, r->gla);
	return true;
}

static bool
compare_pieces(struct sweep *s, const struct nested *n, const struct naive_result *r)
{
	unsigned i;

	if (r->outcome == NAIVE_OK && n->result.pieces != r->npieces)
		return describe(s, n, "pieces", n->result.pieces, r->npieces);
	for (i = 0; i < r->npieces; i++) {
		const struct vcpu_piece *piece = &n->result.piece[i];

		if (piece->gpa.v != r->piece[i].gpa)
			return describe(s, n, "GPA of a piece", piece->gpa.v, r->piece[i].gpa);
		if (piece->hpa.v != r->piece[i].hpa)
			return describe(s, n, "HPA of a piece", piece->hpa.v, r->piece[i].hpa);
		if (piece->size != r->piece[i].size)
			return describe(s, n, "size of a piece", piece->size, r->piece[i].size);
	}
	return true;
}

static bool
compare_results(struct sweep *s, const struct nested *n, const struct naive_result *r)
{
	static const enum vcpu_outcome outcomes[] = {
		[NAIVE_OK] = VCPU_DONE,
		[NAIVE_GP] = VCPU_GP,
		[NAIVE_PF] = VCPU_PF,
		[NAIVE_EPT_VIOLATION] = VCPU_EXIT,
		[NAIVE_EPT_MISCONFIG] = VCPU_EXIT,
		[NAIVE_PML_FULL] = VCPU_EXIT,
		[NAIVE_VE] = VCPU_VE,
	};

	if (n->result.outcome != outcomes[r->outcome])
		return describe(s, n, "outcome", n->result.outcome, outcomes[r->outcome]);
	if (n->result.error_code != r->error_code)
		return describe(s, n, "error code", n->result.error_code, r->error_code);
	if (n->result.cr2.v != r->cr2)
		return describe(s, n, "CR2", n->result.cr2.v, r->cr2);
	if (n->result.outcome == VCPU_EXIT && !compare_exit(s, n, r))
		return false;
	if (n->vcpu.pml.index != n->machine.pml_index)
		return describe(s, n, "index of the log", n->vcpu.pml.index, n->machine.pml_index);
	return compare_pieces(s, n, r);
}

/* What was explained is what happened; a log or #VE is an effect, and explaining has none. */
static bool
compare_explanation(struct sweep *s, const struct nested *n)
{
	const struct vcpu_result *a = &n->explained, *b = &n->result;

	if (n->machine.pml || n->machine.ve)
		return true;
	if (a->outcome != b->outcome)
		return describe(s, n, "outcome as explained", a->outcome, b->outcome);
	if (a->error_code != b->error_code || a->cr2.v != b->cr2.v)
		return describe(s, n, "fault as explained", a->error_code, b->error_code);
	if (a->exit.qualification != b->exit.qualification || a->exit.gpa.v != b->exit.gpa.v)
		return describe(s, n, "exit as explained", a->exit.qualification,
		    b->exit.qualification);
	return true;
}

static bool
check_access(struct sweep *s, struct nested *n)
{
	struct vcpu_request request;
	struct naive_access access;
	struct naive_result r;

	choose_access(n, &access, &request);
	(void)vcpu_explain(&n->vcpu, &request, &n->explained);
	(void)vcpu_translate(&n->vcpu, &request, &n->result);
	naive_translate(&n->machine, &access, &r);
	if (!compare_results(s, n, &r) || !compare_explanation(s, n))
		return false;
	if (r.outcome == NAIVE_PML_FULL && chance(n, 50))
		refill_log(n);
	if (r.outcome == NAIVE_VE && chance(n, 70))
		store(n, VE_PAGE, 0);
	return true;
}

/* --- all of memory ------------------------------------------------------------------------ */

struct memory_comparison {
	struct sweep *s;
	struct nested *n;
};

static void
compare_core_frame(void *ctx, hpa_t hpa, const void *bytes)
{
	static const struct naive_frame zero;
	const struct memory_comparison *c = ctx;
	const struct naive_frame *frame = memory_find(&c->n->memory, hpa.v, false);
	const unsigned char *core = bytes;
	unsigned i;

	if (frame == NULL)
		frame = &zero;
	for (i = 0; i < VK_TABLE_ENTRIES && c->s->difference[0] == '\0'; i++) {
		uint64_t word;

		memcpy(&word, core + sizeof(word) * i, sizeof(word));
		if (word != frame->word[i]) {
			describe(c->s, c->n, "memory afterwards", word, frame->word[i]);
			sweep_differs(c->s, " at %" PRIx64, hpa.v + 8 * i);
		}
	}
}

static bool
compare_memory(struct sweep *s, struct nested *n)
{
	struct memory_comparison c = { s, n };
	unsigned i;

	if (!hostmem_visit(n->vcpu.mem, compare_core_frame, &c))
		return sweep_differs(s, "out of memory");
	/* What only the naive model wrote. */
	for (i = 0; i < n->memory.frames; i++) {
		hpa_t hpa = vk_hpa(n->memory.frame[i].number << VK_PAGE_SHIFT);

		if (!hostmem_written(n->vcpu.mem, hpa))
			return describe(s, n, "a frame", 0, hpa.v);
	}
	return s->difference[0] == '\0';
}

static bool
check_machine(struct sweep *s, struct nested *n)
{
	for (n->number = 0; n->number < ACCESSES; n->number++) {
		s->cases++;
		if (!check_access(s, n))
			return false;
	}
	return compare_memory(s, n);
}

bool
sweep_nested(struct sweep *s, uint64_t seed, unsigned machines)
{
	static struct nested n;
	unsigned i;
	bool same;

	if (s->only_count) {
		s->cases += (uint64_t)machines * ACCESSES;
		return true;
	}
	for (i = 0; i < machines; i++) {
		same = make_machine(&n, seed + i) ? check_machine(s, &n) :
		    sweep_differs(s, "machine %" PRIu64 " could not be made", n.seed);
		hostmem_destroy(n.vcpu.mem);
		if (!same)
			return false;
	}
	return true;
}
