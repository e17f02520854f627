/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases played on one memory that is put back after each of them.
 *
 * Every store to that memory goes through a journal: what the journal says changed is what the case
 * changed, and undoing it costs what the case cost.  Where the model stops: memory outside the
 * recorded paging structures and data frames has unknown content, so a case that gets there cannot
 * be judged.
 */
#include "conform/conform_play.h"

#include <stdlib.h>
#include <string.h>

#define STUB_SUPERVISOR 0x800000ull /* linear address of the steps' code at CPL 0 */
#define STUB_USER 0x801000ull       /* and at CPL 3 */
#define JOURNAL_FIRST 256 /* stores before it grows */
#define FRAME_LIMIT 1100 /* all frames that a recording covers, and a few */

/*
 * A qword of a data frame is `mov $n, %eax` and then, in every other one, `vmcall` or `jmp *%r9`.
 * n is the number of the frame among the data frames, or bit 31 and the case's id once written.
 */
#define CODE_MOV 0xb8ull
#define CODE_VMCALL 0xc1010full
#define CODE_JMP 0xe1ff41ull
#define CODE_TAIL_SHIFT 40
#define DATA_FRAMES ((CONFORM_DATA_END - CONFORM_DATA_START) / VK_PAGE_BYTES)
#define WRITTEN_MARK 0x80000000ull

#define VM_ERROR_CONTROLS 7

struct store {
	uint64_t slot;
	uint64_t before;
	size_t order;
};

struct conform_player {
	struct hostmem *mem;
	struct tlb *tlb;
	struct vcpu vcpu;
	unsigned maxphyaddr;
	uint64_t ept_cap;
	struct store *journal;
	size_t stores;
	size_t capacity;
	size_t first;  /* stores before this one set the case up */
	size_t access; /* stores from this one on belong to the last access */
	bool outside; /* memory that the recording does not cover was used */
	bool failed;  /* out of memory */

	const struct conform_case *c;
	struct conform_played *played;
	struct explanation *why; /* NULL: nobody asks */
	uint64_t code; /* linear address of the step's first instruction */
	bool code_is_known;
	uint64_t address; /* that the steps use: la or la2 */
	unsigned edit;    /* next entry of gpoke */
};

/* --- memory -------------------------------------------------------------------------------- */

static void
frame_fill(unsigned char *bytes, uint64_t number)
{
	unsigned i;

	for (i = 0; i < VK_TABLE_ENTRIES; i++) {
		uint64_t tail = (i & 1) ? CODE_JMP : CODE_VMCALL;
		uint64_t qword = CODE_MOV | number << 8 | tail << CODE_TAIL_SHIFT;

		memcpy(bytes + 8 * i, &qword, sizeof(qword));
	}
}

/* Whether the recording says what an address holds; gives a data frame its content on first use. */
static bool
memory_covers(struct conform_player *player, uint64_t pa)
{
	unsigned char *bytes;

	if (pa >= CONFORM_TABLES_START && pa < CONFORM_TABLES_END)
		return true;
	if (pa < CONFORM_DATA_START || pa >= CONFORM_DATA_END) {
		player->outside = true;
		return false;
	}
	if (hostmem_written(player->mem, vk_hpa(pa)))
		return true;
	bytes = hostmem_frame(player->mem, vk_hpa(pa));
	if (bytes == NULL) {
		player->failed = true;
		return false;
	}
	frame_fill(bytes, (pa - CONFORM_DATA_START) / VK_PAGE_BYTES);
	return true;
}

/* Notes what a qword holds before it is stored to. */
static bool
journal_note(struct conform_player *player, uint64_t slot)
{
	struct store *store;

	if (player->stores == player->capacity) {
		size_t capacity = 2 * player->capacity;
		struct store *grown = realloc(player->journal, capacity * sizeof(*grown));

		if (grown == NULL) {
			player->failed = true;
			return false;
		}
		player->journal = grown;
		player->capacity = capacity;
	}
	store = &player->journal[player->stores];
	store->slot = slot;
	store->before = hostmem_load(player->mem, vk_hpa(slot));
	store->order = player->stores++;
	return true;
}

static bool
memory_store(struct conform_player *player, uint64_t slot, uint64_t value)
{
	if (!memory_covers(player, slot) || !journal_note(player, slot))
		return false;
	if (!hostmem_store(player->mem, vk_hpa(slot), value)) {
		player->failed = true;
		return false;
	}
	return true;
}

static uint64_t
hpm_load(void *ctx, hpa_t slot)
{
	struct conform_player *player = ctx;

	return memory_covers(player, slot.v) ? hostmem_load(player->mem, slot) : 0;
}

static enum cas_status
hpm_cas(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	struct conform_player *player = ctx;

	if (hpm_load(ctx, slot) != old)
		return CAS_LOST;
	return memory_store(player, slot.v, new_value) ? CAS_DONE : CAS_REFUSED;
}

static const struct hpm_ops player_memory = { hpm_load, hpm_cas };

void
conform_player_undo(struct conform_player *player)
{
	while (player->stores > 0) {
		const struct store *store = &player->journal[--player->stores];

		hostmem_store(player->mem, vk_hpa(store->slot), store->before);
	}
}

/* --- accesses ------------------------------------------------------------------------------ */

/* For a decision that no access made. */
static void
explain_instead(struct conform_player *player, const char *rule, const char *verdict)
{
	if (player->why == NULL)
		return;
	memset(player->why, 0, sizeof(*player->why));
	player->why->rule = rule;
	conform_copy_text(player->why->verdict, sizeof(player->why->verdict), verdict);
}

static void
outcome_set(struct conform_outcome *outcome, enum conform_value value, uint64_t number)
{
	outcome->present |= 1u << value;
	outcome->value[value] = number;
}

static void
outcome_from_exit(struct conform_outcome *outcome, const struct ept_exit *exit)
{
	outcome_set(outcome, CONFORM_QUAL, exit->qualification);
	outcome_set(outcome, CONFORM_GPA, exit->gpa.v);
	if (exit->gla_valid)
		outcome_set(outcome, CONFORM_GLA, exit->gla.v);
	outcome->out = exit->reason == EPT_EXIT_MISCONFIG ? CONFORM_MISCONFIG : CONFORM_VIOLATION;
}

/* Ends the case with what an instruction at `rip` met. */
static void
end_with(struct conform_player *player, const struct vcpu_result *result, uint64_t rip,
    bool rip_is_known)
{
	struct conform_outcome *outcome = &player->played->outcome;

	switch (result->outcome) {
	case VCPU_PF:
		outcome->out = CONFORM_PF;
		outcome_set(outcome, CONFORM_ERR, result->error_code);
		outcome_set(outcome, CONFORM_CR2, result->cr2.v);
		break;
	case VCPU_EXIT:
		outcome_from_exit(outcome, &result->exit);
		break;
	default:
		outcome->out = CONFORM_GP;
		outcome_set(outcome, CONFORM_ERR, 0);
		break;
	}
	if (rip_is_known)
		outcome_set(outcome, CONFORM_RIP, rip);
}

/* One translation for the instruction at `rip`; false when the case ends with it. */
static bool
access_translate(struct conform_player *player, uint64_t address, unsigned size, unsigned acc,
    uint64_t rip, bool rip_is_known)
{
	struct vcpu_request request = { .gva = vk_gva(address), .size = size, .acc = acc };
	struct vcpu_result *result = &player->played->last;

	if (player->why != NULL)
		explain_access(&player->vcpu, &request, player->why);
	player->played->acc = acc;
	player->access = player->stores;
	if (vcpu_translate(&player->vcpu, &request, result) != VCPU_DONE) {
		end_with(player, result, rip, rip_is_known);
		return false;
	}
	return true;
}

/* The same for an access whose eight bytes are then used. */
static bool
access_bytes(struct conform_player *player, uint64_t address, unsigned acc, uint64_t rip,
    bool rip_is_known)
{
	const struct vcpu_result *result = &player->played->last;
	unsigned i;

	if (!access_translate(player, address, 8, acc, rip, rip_is_known))
		return false;
	for (i = 0; i < result->pieces; i++) {
		if (!memory_covers(player, result->piece[i].hpa.v))
			return false;
	}
	return true;
}

static bool
access_data(struct conform_player *player, uint64_t address, unsigned acc, unsigned at)
{
	return access_bytes(player, address, acc, player->code + at, player->code_is_known);
}

static uint64_t
data_load(const struct conform_player *player)
{
	uint64_t value;

	vcpu_load_pieces(&player->vcpu, &player->played->last, &value);
	return value;
}

static bool
data_store(struct conform_player *player, uint64_t value)
{
	const struct vcpu_result *result = &player->played->last;
	unsigned i;

	for (i = 0; i < result->pieces; i++) {
		uint64_t first = result->piece[i].hpa.v & ~7ull;
		uint64_t last = (result->piece[i].hpa.v + result->piece[i].size - 1) & ~7ull;

		if (!journal_note(player, first) ||
		    (last != first && !journal_note(player, last)))
			return false;
	}
	vcpu_store_pieces(&player->vcpu, result, &value);
	return true;
}

/* --- what was reached ---------------------------------------------------------------------- */

static void
reach_add(struct conform_player *player, uint64_t value, bool raw)
{
	struct conform_outcome *outcome = &player->played->outcome;
	struct conform_reached *reach = &outcome->reach[outcome->reached++];

	reach->value = raw ? value : CONFORM_DATA_START + value * VK_PAGE_BYTES;
	reach->raw = raw;
}

/* A qword that was read: the content of a frame, or not. */
static void
reach_by_data(struct conform_player *player, uint64_t qword)
{
	uint64_t number = (qword >> 8) & 0xffffffff, tail = qword >> CODE_TAIL_SHIFT;
	bool is_frame = (qword & 0xff) == CODE_MOV && number < DATA_FRAMES &&
	    (tail == CODE_VMCALL || tail == CODE_JMP);

	reach_add(player, is_frame ? number : qword, !is_frame);
}

/* Code that was run: EAX tells the frame, or holds what was written there. */
static bool
reach_by_code(struct conform_player *player, uint64_t qword)
{
	uint64_t number = (qword >> 8) & 0xffffffff;

	if ((qword & 0xff) != CODE_MOV) {
		player->played->unsupported = "a fetch reaches bytes that are no recorded code";
		return false;
	}
	reach_add(player, number, number >= DATA_FRAMES);
	return true;
}

/* --- steps --------------------------------------------------------------------------------- */

/* The recorder drops everything, tagged or global. */
static void
drop_all(struct conform_player *player)
{
	struct tlb_scope everything = { .kinds = TLB_ALL };

	tlb_drop(player->tlb, &everything);
}

static bool
play_read(struct conform_player *player, unsigned at)
{
	if (!access_data(player, player->address, VK_ACC_R, at))
		return false;
	reach_by_data(player, data_load(player));
	return true;
}

/* What a write stores: code that gives the id of the case back, marked. */
static bool
store_mark(struct conform_player *player)
{
	uint64_t number = player->c->id | WRITTEN_MARK;

	return data_store(player, CODE_MOV | number << 8 | CODE_JMP << CODE_TAIL_SHIFT);
}

static bool
play_write(struct conform_player *player, unsigned at)
{
	return access_data(player, player->address, VK_ACC_W, at) && store_mark(player);
}

static bool
play_exchange(struct conform_player *player, unsigned at)
{
	if (!access_data(player, player->address, VK_ACC_R | VK_ACC_W, at))
		return false;
	reach_by_data(player, data_load(player));
	return store_mark(player);
}

/* A jump to the address: RIP is already there when the fetch fails. */
static bool
play_fetch(struct conform_player *player, unsigned at)
{
	(void)at;
	return access_bytes(player, player->address, VK_ACC_X, player->address, true) &&
	    reach_by_code(player, data_load(player));
}

/* A general-protection fault that no address is to blame for. */
static bool
refuse(struct conform_player *player, unsigned at, const char *rule, const char *verdict)
{
	struct vcpu_result *result = &player->played->last;

	explain_instead(player, rule, verdict);
	result->outcome = VCPU_GP;
	result->pieces = 0;
	end_with(player, result, player->code + at, player->code_is_known);
	return false;
}

static bool
play_cr3(struct conform_player *player, unsigned at)
{
	return vcpu_mov_cr3(&player->vcpu, player->c->cr3b) ||
	    refuse(player, at, "GUEST-CR3", "MOV to CR3 with reserved bits set");
}

static bool
play_poke(struct conform_player *player, unsigned at)
{
	const struct conform_word *word = &player->c->gpoke[player->edit++];

	return access_data(player, word->pa, VK_ACC_W, at) && data_store(player, word->value);
}

/* Out of the guest and in again; INVEPT and INVVPID on the way find nothing left to drop. */
static bool
play_exit(struct conform_player *player, unsigned at)
{
	(void)at;
	drop_all(player);
	return true;
}

static bool
play_hpoke(struct conform_player *player, unsigned at)
{
	const struct conform_word *word = &player->c->gpoke[player->edit++];

	return play_exit(player, at) && memory_store(player, word->pa, word->value);
}

static bool
play_invlpg(struct conform_player *player, unsigned at)
{
	(void)at;
	vcpu_invlpg(&player->vcpu, vk_gva(player->address));
	return true;
}

static bool
play_pge(struct conform_player *player, unsigned at)
{
	uint64_t cr4 = player->vcpu.mode.cr4;

	(void)at;
	(void)vcpu_mov_cr4(&player->vcpu, cr4 ^ VK_CR4_PGE);
	(void)vcpu_mov_cr4(&player->vcpu, cr4);
	return true;
}

static bool
play_wp(struct conform_player *player, unsigned at)
{
	(void)at;
	(void)vcpu_mov_cr0(&player->vcpu, player->vcpu.mode.cr0 ^ VK_CR0_WP);
	drop_all(player);
	return true;
}

static bool
play_la1(struct conform_player *player, unsigned at)
{
	(void)at;
	player->address = player->c->la;
	return true;
}

static bool
play_la2(struct conform_player *player, unsigned at)
{
	(void)at;
	player->address = player->c->la2;
	return true;
}

/*
 * Bytes of code of each step (0: not known), where in them the instruction that may fail is, what
 * it does, and whether it is refused at CPL 3.
 */
static const struct {
	unsigned length;
	unsigned at;
	bool (*play)(struct conform_player *player, unsigned at);
	bool privileged;
} step_rules[CONFORM_STEPS] = {
	[CONFORM_STEP_READ] = { 6, 0, play_read, false },
	[CONFORM_STEP_WRITE] = { 3, 0, play_write, false },
	[CONFORM_STEP_EXCHANGE] = { 0, 3, play_exchange, false },
	[CONFORM_STEP_FETCH] = { 12, 0, play_fetch, false },
	[CONFORM_STEP_CR3] = { 13, 10, play_cr3, true },
	[CONFORM_STEP_POKE] = { 23, 20, play_poke, false },
	[CONFORM_STEP_HPOKE] = { 3, 0, play_hpoke, false },
	[CONFORM_STEP_INVLPG] = { 3, 0, play_invlpg, true },
	[CONFORM_STEP_PGE] = { 19, 0, play_pge, true },
	[CONFORM_STEP_WP] = { 11, 0, play_wp, true },
	[CONFORM_STEP_VMCALL] = { 3, 0, play_exit, false },
	[CONFORM_STEP_INVEPT_SINGLE] = { 3, 0, play_exit, false },
	[CONFORM_STEP_INVEPT_ALL] = { 3, 0, play_exit, false },
	[CONFORM_STEP_INVVPID_ADDRESS] = { 3, 0, play_exit, false },
	[CONFORM_STEP_INVVPID_SINGLE] = { 3, 0, play_exit, false },
	[CONFORM_STEP_INVVPID_ALL] = { 3, 0, play_exit, false },
	[CONFORM_STEP_INVVPID_GLOBALS] = { 3, 0, play_exit, false },
	[CONFORM_STEP_LA1] = { 10, 0, play_la1, false },
	[CONFORM_STEP_LA2] = { 10, 0, play_la2, false },
};

/* Fetches the step's code, then does what it says; false when the case ends. */
static bool
play_step(struct conform_player *player, enum conform_step step)
{
	if (player->c->stub && !access_translate(player, player->code, 1, VK_ACC_X, player->code,
	    player->code_is_known))
		return false;
	if (step_rules[step].privileged && player->c->cpl != 0)
		return refuse(player, step_rules[step].at, "GUEST-MODE",
		    "a privileged instruction at CPL 3");
	if (!step_rules[step].play(player, step_rules[step].at))
		return false;
	player->code += step_rules[step].length;
	player->code_is_known &= step_rules[step].length != 0;
	return true;
}

/* --- a case -------------------------------------------------------------------------------- */

/* What VM entry says of the roots and of RIP; false when it fails. [EPT-EPTP] [GUEST-CR3] */
static bool
enter_guest(struct conform_player *player)
{
	struct conform_outcome *outcome = &player->played->outcome;
	const struct conform_case *c = player->c;
	struct hpm memory = { &player_memory, player };

	if (ept_init(&player->vcpu.ept, memory, c->eptp, player->ept_cap, 0,
	    player->maxphyaddr) != EPTP_VALID) {
		explain_instead(player, "EPT-EPTP", "VM entry refuses the EPTP");
		outcome->out = CONFORM_ENTRY_ERROR;
		outcome_set(outcome, CONFORM_INST, VM_ERROR_CONTROLS);
		return false;
	}
	if (!guestpt_cr3_is_valid(c->cr3, player->maxphyaddr) ||
	    (!c->stub && !vk_gva_is_canonical(vk_gva(c->la), 48))) {
		explain_instead(player, "GUEST-CR3", "VM entry refuses the guest's CR3 or RIP");
		outcome->out = CONFORM_ENTRY_STATE;
		outcome_set(outcome, CONFORM_QUAL, 0);
		return false;
	}
	return true;
}

static void
set_registers(struct conform_player *player)
{
	const struct conform_case *c = player->c;
	struct vcpu *vcpu = &player->vcpu;

	memset(vcpu, 0, sizeof(*vcpu));
	vcpu->mode.cr0 = c->cr0;
	vcpu->mode.cr3 = c->cr3;
	vcpu->mode.cr4 = c->cr4;
	vcpu->mode.efer = c->efer;
	vcpu->mode.pkru = (uint32_t)c->pkru;
	vcpu->mode.ac = (c->rflags & VK_BIT(18)) != 0;
	vcpu->mode.page1g = 1;
	vcpu->mode.maxphyaddr = player->maxphyaddr;
	vcpu->cpl = (unsigned)c->cpl;
	vcpu->ept_on = true;
	vcpu->vpid_on = c->vpid != 0;
	vcpu->vpid = (uint16_t)c->vpid;
	vcpu->mem = player->mem;
	vcpu->tlb = player->tlb;
}

static int
store_compare(const void *a, const void *b)
{
	const struct store *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

/* The first note of a slot has what it held before the case. */
static void
collect_changes(struct conform_player *player)
{
	struct conform_outcome *outcome = &player->played->outcome;
	size_t count = player->stores - player->first, i;
	struct store *sorted = malloc((count + 1) * sizeof(*sorted));

	if (sorted == NULL) {
		player->failed = true;
		return;
	}
	memcpy(sorted, player->journal + player->first, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), store_compare);
	for (i = 0; i < count; i++) {
		const struct store *store = &sorted[i];
		uint64_t after = conform_player_load(player, store->slot);

		if ((i > 0 && sorted[i - 1].slot == store->slot) || after == store->before)
			continue;
		if (outcome->changes == CONFORM_WORDS_MAX || outcome->written == CONFORM_WORDS_MAX)
			player->played->unsupported = "more qwords change than a case may state";
		else if (store->slot >= CONFORM_TABLES_END)
			outcome->write[outcome->written++] = store->slot;
		else
			outcome->change[outcome->changes++] = (struct conform_change){ store->slot,
				store->before, after };
	}
	free(sorted);
}

void
conform_player_run(struct conform_player *player, const struct conform_case *c,
    struct conform_played *played, struct explanation *why)
{
	unsigned i;

	memset(played, 0, sizeof(*played));
	player->c = c;
	player->played = played;
	player->why = why;
	player->outside = player->failed = false;
	player->code = c->cpl == 3 ? STUB_USER : STUB_SUPERVISOR;
	player->code_is_known = true;
	player->address = c->la;
	player->edit = 0;
	set_registers(player);
	drop_all(player);
	for (i = 0; i < c->pokes; i++)
		memory_store(player, c->poke[i].pa, c->poke[i].value);
	player->first = player->access = player->stores;
	if (enter_guest(player)) {
		played->outcome.out = CONFORM_OK;
		do
			played->step++;
		while (play_step(player, c->step[played->step - 1]) && played->step < c->steps);
	}
	collect_changes(player);
	if (player->outside)
		played->unsupported = "memory that the recording does not cover is used";
	played->out_of_memory = player->failed || tlb_failed(player->tlb) ||
	    hostmem_failed(player->mem) == HOSTMEM_OUT_OF_MEMORY;
}

/* As the recorded processor: translations of linear addresses, and nothing else. */
static const struct tlb_sizes recorded_tlb = { .translations = 64 };

struct conform_player *
conform_player_create(const struct conform_header *header)
{
	struct conform_player *player = calloc(1, sizeof(*player));
	unsigned i;

	if (player == NULL)
		return NULL;
	player->maxphyaddr = (unsigned)header->maxphyaddr;
	player->ept_cap = header->ept_cap;
	player->mem = hostmem_create(1ull << header->maxphyaddr, FRAME_LIMIT);
	player->tlb = tlb_create(&recorded_tlb, 0);
	player->capacity = JOURNAL_FIRST;
	player->journal = malloc(JOURNAL_FIRST * sizeof(*player->journal));
	if (player->mem == NULL || player->tlb == NULL || player->journal == NULL) {
		conform_player_destroy(player);
		return NULL;
	}
	for (i = 0; i < header->words; i++) {
		if (hostmem_store(player->mem, vk_hpa(header->word[i].pa), header->word[i].value))
			continue;
		conform_player_destroy(player);
		return NULL;
	}
	return player;
}

void
conform_player_destroy(struct conform_player *player)
{
	if (player == NULL)
		return;
	hostmem_destroy(player->mem);
	tlb_destroy(player->tlb);
	free(player->journal);
	free(player);
}

const struct vcpu *
conform_player_vcpu(const struct conform_player *player)
{
	return &player->vcpu;
}

uint64_t
conform_player_load(const struct conform_player *player, uint64_t pa)
{
	return hostmem_load(player->mem, vk_hpa(pa));
}

uint64_t
conform_player_load_before(const struct conform_player *player, uint64_t pa)
{
	size_t i;

	for (i = player->access; i < player->stores; i++) {
		if (player->journal[i].slot == pa)
			return player->journal[i].before;
	}
	return conform_player_load(player, pa);
}
