/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks of a processor that may have cached anything: every way in which an access can go is found
 * first, then one of them is taken.
 *
 * A way is where the guest's entries come from (the present epoch, a past one), by which root,
 * which of its values each entry has, and the same for every page that the EPT translates.  The
 * walkers of the core are run over each without any effect, and ways that come to the same are one.
 * The first is the walk of memory as it is; the others are ordered by what they come to, so that a
 * number names the same way wherever the processor may do the same.
 *
 * Entries of one guest-physical page are translated alike within an access.  A dirty flag is set by
 * a walk of memory alone: a stale leaf serves a write if it is dirty or denies it.
 */
#include "sim/vcpu_choose.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 64u
#define RUNS_MAX 65536u

/* --- scripts -------------------------------------------------------------------------------- */

static unsigned
script_take(struct chosen_walk *walk, unsigned count)
{
	struct choice_script *script = &walk->script;

	if (count < 2)
		return 0;
	if (script->at == CHOICE_DIGITS_MAX || count > 255) {
		script->over = true;
		return 0;
	}
	if (script->at == script->length)
		script->digit[script->length++] = 0;
	script->count[script->at] = (unsigned char)count;
	return script->digit[script->at++];
}

/* The next in order; false when there is none. */
static bool
script_next(struct choice_script *script)
{
	while (script->length > 0) {
		unsigned last = script->length - 1;

		if (++script->digit[last] < script->count[last])
			return true;
		script->length--;
	}
	return false;
}

/* --- one entry ------------------------------------------------------------------------------- */

static void
note_visited(struct chosen_walk *walk, unsigned kind, hpa_t slot)
{
	uint64_t page = kind == TABLE_EPT ? walk->ept_gpa.v >> VK_PAGE_SHIFT : 0;
	unsigned i;

	for (i = 0; i < walk->visits; i++) {
		const struct choice_slot *visited = &walk->visited[i];

		if (visited->slot.v == slot.v && visited->kind == kind && visited->page == page)
			return;
	}
	if (walk->visits == CHOICE_SLOTS_MAX)
		adversary_give_up(walk->adversary);
	else
		walk->visited[walk->visits++] = (struct choice_slot){ kind, slot, page };
}

/* The way takes an entry from elsewhere than memory. */
static void
note_entry(struct chosen_walk *walk, const struct choice_entry *entry)
{
	struct choice_way *way = &walk->now;

	if (way->entries == CHOICE_STALE_MAX)
		walk->script.over = true;
	else
		way->entry[way->entries++] = *entry;
}

/* So many of them are followed; where there are more, the run is given up. */
static unsigned
follow(struct chosen_walk *walk, unsigned count, unsigned most)
{
	if (count <= most)
		return count;
	adversary_give_up(walk->adversary);
	return most;
}

/* The values that an entry may have on this way; the plain one first.  None: no such way. */
static unsigned
find_values(struct chosen_walk *walk, const struct adversary_source *source,
    const struct choice_entry *entry, uint64_t now,
    bool (*fits)(const struct chosen_walk *walk, unsigned level, uint64_t value), uint64_t *value)
{
	bool followed = source != NULL && table_log_has_slot(walk->log, entry->slot);
	bool mixes = source == NULL || source->present;
	uint64_t held[VALUES_MAX + 1];
	unsigned count = 0, helds = 0, i;

	if (followed) {
		note_visited(walk, entry->kind, entry->slot);
		helds = follow(walk, adversary_values(walk->adversary, source, entry->slot, held,
		    VALUES_MAX + 1), VALUES_MAX);
	}
	/* A whole translation is made of what could be cached; what is constant is in memory. */
	if (mixes || (!followed && fits(walk, entry->level, now)))
		value[count++] = now;
	for (i = 0; i < helds; i++) {
		/* Nothing is cached of an entry that was absent, but a walk may be on its way. */
		bool absent = mixes && entry->kind == TABLE_GUEST && !(held[i] & VK_PG_P);

		if ((!mixes || held[i] != now) &&
		    (absent || fits(walk, entry->level, held[i])))
			value[count++] = held[i];
	}
	return count;
}

static uint64_t
choose_entry(struct chosen_walk *walk, const struct adversary_source *source,
    struct choice_entry *entry, uint64_t now,
    bool (*fits)(const struct chosen_walk *walk, unsigned level, uint64_t value))
{
	uint64_t value[VALUES_MAX + 1];
	unsigned count = find_values(walk, source, entry, now, fits, value);

	if (count == 0) {
		walk->impossible = true;
		return now;
	}
	entry->used = value[script_take(walk, count)];
	if (entry->used != now)
		note_entry(walk, entry);
	return entry->used;
}

/* What the way that was taken has there. */
static uint64_t
replay_entry(struct chosen_walk *walk, uint64_t now)
{
	const struct choice_way *way = &walk->way[walk->taken];

	if (walk->replayed == way->entries || way->entry[walk->replayed].load != walk->loads)
		return now;
	return way->entry[walk->replayed++].used;
}

static uint64_t
next_entry(struct chosen_walk *walk, const struct adversary_source *source,
    struct choice_entry *entry, uint64_t now,
    bool (*fits)(const struct chosen_walk *walk, unsigned level, uint64_t value))
{
	uint64_t used = now;

	entry->load = walk->loads;
	if (walk->replay)
		used = replay_entry(walk, now);
	else if (!walk->of_memory)
		used = choose_entry(walk, source, entry, now, fits);
	walk->loads++;
	return used;
}

/* --- the EPT's entries ----------------------------------------------------------------------- */

static bool
ept_entry_fits(const struct chosen_walk *walk, unsigned level, uint64_t value)
{
	uint64_t bits;

	if (!ept_is_present(&walk->ept, value) ||
	    ept_entry_check(&walk->ept, value, level, &bits) != EPT_WHY_NONE ||
	    (walk->ept.ad && !(value & EPT_A)))
		return false;
	return !ept_is_leaf(level, value) || !walk->ept.ad || !(walk->ept_acc & VK_ACC_W) ||
	    !(value & EPT_W) || (value & EPT_D);
}

static uint64_t
load_ept_entry(void *ctx, hpa_t slot)
{
	struct chosen_walk *walk = ctx;
	unsigned level = walk->ept_next;
	struct choice_entry read = { .kind = TABLE_EPT, .level = level, .slot = slot,
		.place = slot.v };
	uint64_t now;

	if (level == 0) /* sub-page permissions are read past the leaf */
		return walk->memory.ops->load(walk->memory.ctx, slot);
	walk->ept_next--;
	if (walk->known != NULL)
		return walk->known->step[level];
	now = walk->memory.ops->load(walk->memory.ctx, slot);
	return next_entry(walk, walk->ept_source, &read, now, ept_entry_fits);
}

/* Flags are set where memory was read; whatever is stale has them. */
static enum cas_status
cas_entry(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	struct chosen_walk *walk = ctx;

	return walk->memory.ops->cas(walk->memory.ctx, slot, old, new_value);
}

static const struct hpm_ops ept_entry_ops = { load_ept_entry, cas_entry };

/* --- pages of guest-physical memory ----------------------------------------------------------- */

static struct choice_page *
find_page(struct chosen_walk *walk, gpa_t gpa)
{
	unsigned i;

	for (i = 0; i < walk->pages; i++) {
		if (walk->page[i].page == gpa.v >> VK_PAGE_SHIFT)
			return &walk->page[i];
	}
	return NULL;
}

static void
choose_ept_source(struct chosen_walk *walk)
{
	struct adversary_source *source = walk->ept_sources;
	unsigned count = follow(walk, adversary_sources(walk->adversary, &walk->ept_key,
	    walk->ept_gpa.v, false, source, CHOICE_SOURCES_MAX + 1), CHOICE_SOURCES_MAX);
	unsigned plain = count == 0 || !source[0].present, taken;

	/* The present epoch, where it holds anything, begins with what is in memory. */
	taken = script_take(walk, count + plain);
	walk->ept_source = taken < plain ? NULL : &source[taken - plain];
}

/* Before a translation: from where its entries are taken. */
static void
begin_ept_walk(struct chosen_walk *walk, gpa_t gpa, unsigned acc)
{
	walk->ept_next = walk->ept.levels;
	walk->ept_acc = acc;
	walk->ept_gpa = gpa;
	walk->ept_source = NULL;
	walk->known = find_page(walk, gpa);
	if (walk->known != NULL && walk->ept.ad && (acc & VK_ACC_W) && !walk->known->dirty)
		walk->known = NULL; /* the dirty flag has to be set in memory */
	if (walk->known == NULL && !walk->replay && !walk->of_memory)
		choose_ept_source(walk);
}

static void
mix(uint64_t *number, uint64_t word)
{
	*number = (*number ^ word) * 0xff51afd7ed558ccdull;
	*number ^= *number >> 32;
}

/* After one that succeeded: what it used, with the flags that it sets, which count as effects. */
static void
remember_page(struct chosen_walk *walk, const struct ept_walk *found)
{
	struct choice_page *page = find_page(walk, found->gpa);
	unsigned level;

	if (walk->known != NULL)
		return;
	if (page == NULL) {
		if (walk->pages == CHOICE_PAGES_MAX)
			return;
		page = &walk->page[walk->pages++];
	}
	page->page = found->gpa.v >> VK_PAGE_SHIFT;
	page->dirty = (found->acc & VK_ACC_W) != 0;
	for (level = walk->ept.levels; level >= found->level; level--) {
		uint64_t flags = walk->ept.ad ? EPT_A : 0;

		if (walk->ept.ad && level == found->level && page->dirty)
			flags |= EPT_D;
		page->step[level] = found->step[level].entry | flags;
		if (page->step[level] != found->step[level].entry) {
			mix(&walk->effects, found->step[level].slot.v);
			mix(&walk->effects, page->step[level]);
		}
	}
}

enum ept_status
chosen_walk_translate(struct chosen_walk *walk, unsigned acc)
{
	struct vcpu_piece *piece = walk->piece;
	enum ept_status status;

	begin_ept_walk(walk, piece->gpa, acc);
	status = ept_gpm_translate(&walk->state->result->gpm, piece->gpa, acc, &piece->final);
	if (status == EPT_OK)
		remember_page(walk, &piece->final);
	return status;
}

/* --- the guest's entries ---------------------------------------------------------------------- */

static bool
guest_entry_fits(const struct chosen_walk *walk, unsigned level, uint64_t value)
{
	int leaf = guestpt_is_leaf(level, value);

	if (!(value & VK_PG_P) || !(value & VK_PG_A) || (value & walk->pt->reserved[level][leaf]))
		return false;
	return !leaf || !(walk->state->acc & VK_ACC_W) || !(value & VK_PG_RW) ||
	    (value & VK_PG_D);
}

static uint64_t
load_word(void *ctx, hpa_t slot)
{
	struct chosen_walk *walk = ctx;

	walk->word = slot;
	return walk->memory.ops->load(walk->memory.ctx, slot);
}

static const struct hpm_ops word_ops = { load_word, cas_entry };

/* A large page of the past: INVLPG takes all of it, unless a table stands in its place now. */
static void
note_large(struct chosen_walk *walk, unsigned level, uint64_t used, uint64_t now)
{
	bool table = (now & VK_PG_P) && !guestpt_is_leaf(level, now);

	if (level > 1 && guestpt_is_leaf(level, used) && !table &&
	    walk->large < vk_level_shift(level))
		walk->large = vk_level_shift(level);
}

static int
load_guest_entry(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct chosen_walk *walk = ctx;
	const struct ept_gpm *gpm = &walk->state->result->gpm;
	unsigned level = walk->guest_next--;
	struct choice_entry read = { .kind = TABLE_GUEST, .level = level, .place = slot.v };
	uint64_t now;

	walk->word = vk_hpa(slot.v);
	if (walk->state->vcpu->ept_on)
		begin_ept_walk(walk, slot,
		    VK_ACC_R | VK_ACC_TABLE | (walk->ept.ad ? VK_ACC_W : 0));
	if (!walk->below.ops->load(walk->below.ctx, slot, &now))
		return 0;
	if (walk->state->vcpu->ept_on)
		remember_page(walk, &gpm->access[gpm->count - 1].walk);
	read.slot = walk->word;
	*entry = next_entry(walk, walk->guest_source, &read, now, guest_entry_fits);
	note_large(walk, level, *entry, now);
	/* By a root that was left, only what is cached leads on. */
	if (walk->old_root && level == walk->levels && !guest_entry_fits(walk, level, *entry))
		walk->impossible = true;
	return 1;
}

static enum cas_status
cas_guest_entry(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct chosen_walk *walk = ctx;

	mix(&walk->effects, slot.v);
	mix(&walk->effects, new_value);
	if (walk->state->vcpu->ept_on)
		begin_ept_walk(walk, slot, VK_ACC_R | VK_ACC_W | VK_ACC_TABLE);
	else if (walk->state->look_only)
		return CAS_DONE;
	return walk->below.ops->cas(walk->below.ctx, slot, old, new_value);
}

static const struct gpm_ops guest_entry_ops = { load_guest_entry, cas_guest_entry, NULL, NULL };

/* Where the guest's entries come from, and by which root. */
static void
choose_guest_source(struct chosen_walk *walk)
{
	uint64_t root[VALUES_MAX + 1], now = walk->cr3 & walk->root_mask;
	struct adversary_source *source = walk->guest_sources;
	unsigned count, roots, taken;

	count = follow(walk, adversary_sources(walk->adversary, &walk->key, walk->piece->gva.v,
	    walk->globals, source, CHOICE_SOURCES_MAX + 1), CHOICE_SOURCES_MAX);
	taken = script_take(walk, count + 1);
	if (taken == 0)
		return;
	walk->guest_source = &source[taken - 1];
	roots = follow(walk, adversary_values(walk->adversary, walk->guest_source,
	    vk_hpa(ADVERSARY_ROOT), root, VALUES_MAX + 1), VALUES_MAX);
	walk->now.cr3 = roots == 0 ? walk->guest_source->root :
	    root[script_take(walk, roots)] & ~(uint64_t)VK_PG_P;
	walk->old_root = walk->now.cr3 != now;
}

void
chosen_walk_begin(struct chosen_walk *walk)
{
	walk->guest_next = walk->levels;
	walk->loads = walk->replayed = walk->pages = 0;
	walk->effects = 0;
	walk->impossible = walk->old_root = false;
	walk->guest_source = NULL;
	walk->script.at = 0;
	walk->now.entries = 0;
	walk->now.cr3 = walk->cr3;
	if (walk->replay)
		walk->now.cr3 = walk->way[walk->taken].cr3;
	else if (!walk->of_memory && walk->levels != 0)
		choose_guest_source(walk);
	walk->pt->mode.cr3 = walk->now.cr3;
}

/* --- all ways --------------------------------------------------------------------------------- */

/* Whether a whole translation that was kept may serve here. */
static bool
may_serve(const struct chosen_walk *walk, enum vcpu_outcome outcome)
{
	const struct guestpt_walk *guest = &walk->piece->guest;
	const struct adversary_source *source = walk->guest_source;
	bool global;

	if (source == NULL || source->present)
		return true;
	/* It fails for want of a right, or at the page; what ends before was never translated. */
	if (outcome != VCPU_DONE && guest->why != GUESTPT_WHY_RIGHTS && !walk->piece->final_walked)
		return false;
	global = walk->globals && (guest->step[guest->level].entry & VK_PG_G) != 0;
	return (source->uses & (global ? ADVERSARY_GLOBAL : ADVERSARY_LOCAL)) != 0;
}

/* What one way comes to. */
static void
sign(struct chosen_walk *walk, enum vcpu_outcome outcome)
{
	const struct vcpu_result *result = walk->state->result;
	const struct vcpu_piece *piece = walk->piece;
	uint64_t *number = walk->now.number;

	memset(number, 0, sizeof(walk->now.number));
	number[0] = outcome;
	number[1] = walk->effects;
	if (outcome == VCPU_DONE) {
		number[2] = piece->hpa.v;
		number[3] = piece->gpa.v;
		number[4] = vcpu_memtype(walk->state->vcpu, piece);
	} else if (outcome == VCPU_PF) {
		number[2] = result->error_code;
	} else {
		number[2] = result->exit.reason;
		number[3] = result->exit.qualification;
		number[4] = result->exit.gpa.v;
	}
	walk->now.outcome = outcome;
	walk->now.hpa = piece->hpa;
}

static int
compare_ways(const void *x, const void *y)
{
	const struct choice_way *a = x, *b = y;
	unsigned i;

	for (i = 0; i < CHOICE_NUMBERS; i++) {
		if (a->number[i] != b->number[i])
			return a->number[i] < b->number[i] ? -1 : 1;
	}
	return 0;
}

static void
add_way(struct chosen_walk *walk)
{
	unsigned i;

	for (i = 0; i < walk->ways; i++) {
		if (compare_ways(&walk->way[i], &walk->now) == 0)
			return;
	}
	if (walk->ways == CHOICE_WAYS_MAX)
		adversary_give_up(walk->adversary);
	else
		walk->way[walk->ways++] = walk->now;
}

void
chosen_walk_find(struct chosen_walk *walk)
{
	struct access_state *state = walk->state;
	unsigned runs = 0;

	walk->way = adversary_room(walk->adversary, CHOICE_WAYS_MAX * sizeof(*walk->way));
	walk->of_memory = walk->of_memory || walk->way == NULL;
	if (walk->of_memory)
		return;
	state->look_only = true;
	state->result->gpm.look_only = 1;
	do {
		enum vcpu_outcome outcome = vcpu_try_piece(state, walk->piece, walk->pt);

		sign(walk, outcome);
		if (!walk->impossible && !walk->script.over && may_serve(walk, outcome))
			add_way(walk);
		if (++runs == RUNS_MAX || walk->script.over)
			adversary_give_up(walk->adversary);
	} while (runs < RUNS_MAX && !walk->script.over && script_next(&walk->script));
	state->look_only = false;
	state->result->gpm.look_only = 0;
	if (walk->ways > 1)
		qsort(walk->way + 1, walk->ways - 1, sizeof(walk->way[0]), compare_ways);
}

void
chosen_walk_take(struct chosen_walk *walk, unsigned way)
{
	walk->taken = way;
	walk->replay = walk->ways != 0;
	walk->of_memory = !walk->replay;
}

/* Whether the way taken leads where memory does not. */
static bool
is_stale(const struct chosen_walk *walk)
{
	const struct choice_way *way = walk->way;

	return walk->replay && walk->taken != 0 && way[walk->taken].outcome == VCPU_DONE &&
	    (way->outcome != VCPU_DONE || way->hpa.v != way[walk->taken].hpa.v);
}

/* The first entry of the way that nobody may use any more, or NULL. */
static const struct choice_entry *
find_revoked(const struct chosen_walk *walk, const struct choice_way *way)
{
	unsigned i;

	for (i = 0; i < way->entries; i++) {
		if (adversary_is_revoked(walk->adversary, way->entry[i].slot, way->entry[i].used))
			return &way->entry[i];
	}
	return NULL;
}

void
chosen_walk_judge(const struct chosen_walk *walk)
{
	const struct vcpu *vcpu = walk->state->vcpu;
	struct vcpu_piece *piece = walk->piece;
	struct tlb_origin origin;
	const struct choice_entry *entry;
	const struct choice_way *way;

	piece->stale = is_stale(walk);
	if (!piece->stale)
		return;
	way = &walk->way[walk->taken];
	entry = find_revoked(walk, way);
	piece->revoked = entry != NULL;
	if (entry == NULL && (((way->cr3 ^ walk->cr3) & walk->root_mask) != 0 ||
	    way->entries == 0)) {
		stale_of_root(vcpu, -1, &piece->history);
		return;
	}
	if (entry == NULL)
		entry = &way->entry[0];
	memset(&origin, 0, sizeof(origin));
	origin.kind = entry->kind;
	origin.level = entry->level;
	origin.slot = entry->slot;
	origin.place = entry->place;
	origin.value = entry->used;
	stale_of_entry(vcpu, piece->gva, &origin, &piece->history);
}

void
chosen_walk_path(const struct chosen_walk *walk, unsigned kind, uint64_t address, hpa_t *slot,
    struct adversary_path *path)
{
	unsigned i;

	path->address = address;
	path->shift = VK_PAGE_SHIFT;
	if (kind == TABLE_GUEST && walk->large > path->shift)
		path->shift = walk->large;
	path->slot = slot;
	path->slots = 0;
	path->known = true;
	path->globals = walk->globals;
	for (i = 0; i < walk->visits; i++) {
		const struct choice_slot *visited = &walk->visited[i];

		if (visited->kind == kind &&
		    (kind == TABLE_GUEST || visited->page == address >> VK_PAGE_SHIFT))
			slot[path->slots++] = visited->slot;
	}
}

/* --- an access -------------------------------------------------------------------------------- */

void
chosen_walk_init(struct chosen_walk *walk, struct access_state *state, struct vcpu_piece *piece,
    struct guestpt *pt)
{
	struct vcpu *vcpu = state->vcpu;

	memset(walk, 0, sizeof(*walk));
	walk->state = state;
	walk->piece = piece;
	walk->pt = pt;
	walk->adversary = tlb_adversary(vcpu->tlb);
	walk->log = tlb_log(vcpu->tlb);
	walk->key.side = vcpu->ept_on ? ADVERSARY_COMBINED : ADVERSARY_LINEAR;
	walk->key.tag = vcpu_tag(vcpu);
	walk->ept_key.side = ADVERSARY_EPT;
	walk->ept_key.tag.eptrta = walk->key.tag.eptrta;
	walk->globals = (vcpu->mode.cr4 & VK_CR4_PGE) != 0;
	walk->levels = vcpu_levels(vcpu);
	walk->cr3 = vcpu->mode.cr3;
	walk->root_mask = vk_frame_mask(vcpu->mode.maxphyaddr, VK_PAGE_SHIFT);
	walk->below = pt->mem;
	walk->memory = vcpu->ept_on ? vcpu->ept.mem : state->memory;
	if (vcpu->ept_on) {
		walk->ept = vcpu->ept;
		walk->ept.mem.ops = &ept_entry_ops;
		walk->ept.mem.ctx = walk;
		state->result->gpm.ept = &walk->ept;
		state->result->gpm.words.ops = &word_ops;
		state->result->gpm.words.ctx = walk;
	}
	pt->mem.ops = &guest_entry_ops;
	pt->mem.ctx = walk;
	state->choices = walk;
	walk->of_memory = adversary_is_plain(walk->adversary, &walk->key, walk->globals) &&
	    (!vcpu->ept_on || adversary_is_plain(walk->adversary, &walk->ept_key, false));
}

void
chosen_walk_end(struct chosen_walk *walk)
{
	walk->state->choices = NULL;
	if (walk->state->vcpu->ept_on)
		walk->state->result->gpm.ept = &walk->state->vcpu->ept;
}
