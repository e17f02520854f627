/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tables cannot say: defaults that follow from other parts, and whether parts fit
 * together.
 *
 * Objects are settled from the inside out, each when all of its keys were read without errors, so a
 * file's independent mistakes all show at once.  A scenario may well ask for what a processor or a
 * kernel refuses (reserved bits, a misaligned root of an EPT, addresses where nothing is): that is
 * what scenarios are for.  Refused is only what has no meaning.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "scenario/scenario_reader.h"
#include "scenario/scenario_scalar.h"

#define PHYS_END 0x10000000000000ull /* 2^52 */
#define PAGE 4096u
#define TABLES_DEFAULT (16 * PAGE)
#define GUEST_WRITE_MAX 65536u

/* --- references ------------------------------------------------------------------------------- */

/*
 * The index that stands for a reference that is not given: the thread's own, or main, or the only
 * one.  0 after recording that there is nothing of the kind to choose; where nothing at all is
 * declared *index is SCN_NONE and that is for the caller to judge.
 */
static int
ref_default(struct scn_reader *rd, enum scn_section_id section, enum scn_key key,
    const struct scn_src *src, uint32_t own, uint32_t *index)
{
	const struct scn_names *names = &rd->names[section];
	size_t i;

	if (*index != SCN_NONE)
		return 1;
	if (rd->thread != NULL && (own != SCN_NONE || !rd->thread_good)) {
		*index = own;
		return 1;
	}
	for (i = 0; i < names->count; i++) {
		if (names->count == 1 || strcmp(names->name[i], "main") == 0)
			*index = (uint32_t)i;
	}
	if (*index != SCN_NONE || names->count == 0)
		return 1;
	scn_error(rd->errors, src->mark,
	    "found no '%s', expected one, since there are several and none is called main",
	    scn_key_names[key]);
	return 0;
}

int
scn_host_space_default(struct scn_reader *rd, const struct scn_src *src, uint32_t *index)
{
	return ref_default(rd, SCN_SECTION_HOST_SPACE, SCN_KEY_HOST_SPACE, src,
	    rd->thread != NULL ? rd->thread->host_space : SCN_NONE, index);
}

static int
guest_space_default(struct scn_reader *rd, const struct scn_src *src, uint32_t *index)
{
	if (rd->item != SCN_NONE)
		*index = rd->item;
	if (!ref_default(rd, SCN_SECTION_GUEST_SPACE, SCN_KEY_SPACE, src,
	    rd->thread != NULL ? rd->thread->space : SCN_NONE, index))
		return 0;
	if (*index != SCN_NONE || (rd->thread != NULL && !rd->thread_good))
		return 1;
	scn_error(rd->errors, src->mark, "found no guest space, expected one under guest.spaces");
	return 0;
}

/* --- ranges ----------------------------------------------------------------------------------- */

/* Records that [at, at + size) goes beyond physical addresses. */
static int
range_judge(struct scn_reader *rd, const struct scn_src *src, enum scn_key key, uint64_t at,
    uint64_t size)
{
	if (at <= PHYS_END && size <= PHYS_END - at)
		return 1;
	scn_error(rd->errors, scn_mark_of(src, key),
	    "found %#" PRIx64 " with a size of %#" PRIx64 ", expected an end of at most %#llx", at,
	    size, PHYS_END);
	return 0;
}

/* Records that a field is no multiple of a page size. */
static int
aligned_judge(struct scn_reader *rd, const struct scn_src *src, enum scn_key key, uint64_t value,
    uint64_t page)
{
	if (value % page == 0)
		return 1;
	scn_error(rd->errors, scn_mark_of(src, key),
	    "found %#" PRIx64 " for '%s', expected a multiple of the page size %#" PRIx64, value,
	    scn_key_names[key], page);
	return 0;
}

/* --- machine and host ------------------------------------------------------------------------- */

int
scn_settle_machine(struct scn_reader *rd, void *object)
{
	static const enum scn_key sizes[] = { SCN_KEY_TLB_ENTRIES, SCN_KEY_TLB_STRUCTURES };
	const struct scn_machine *machine = object;
	int good = 1;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		if (!scn_has(&machine->src, sizes[i]) || machine->tlb == SCN_TLB_CACHING)
			continue;
		scn_error(rd->errors, scn_mark_of(&machine->src, sizes[i]),
		    "found '%s' where nothing is filled, expected it only with 'tlb: caching'",
		    scn_key_names[sizes[i]]);
		good = 0;
	}
	return good;
}

int
scn_settle_host(struct scn_reader *rd, void *object)
{
	const struct scn_host *host = object;
	uint64_t most = (uint64_t)1 << rd->scenario->machine.maxphyaddr;

	if (host->memory <= most)
		return 1;
	scn_error(rd->errors, scn_mark_of(&host->src, SCN_KEY_MEMORY),
	    "found %#" PRIx64 " for 'memory', expected at most %#" PRIx64 ", which is 2^maxphyaddr",
	    host->memory, most);
	return 0;
}

static int
content_given(const struct scn_src *src)
{
	return scn_has(src, SCN_KEY_STRING) || scn_has(src, SCN_KEY_BYTES) ||
	    scn_has(src, SCN_KEY_WORDS) || scn_has(src, SCN_KEY_FILL);
}

/* What the keys of a range say that its backing is; 0 where `backing` says something else. */
static int
region_backing(struct scn_reader *rd, struct scn_region *region)
{
	static const char *const names[] = { "zero", "file", "object" };
	static const char *const keys[] = { "neither bytes nor an object",
		"string, bytes, words or fill", "object" };
	enum scn_backing implied = SCN_BACKING_ZERO;

	if (content_given(&region->src))
		implied = SCN_BACKING_FILE;
	else if (region->object != SCN_NONE)
		implied = SCN_BACKING_OBJECT;
	if (scn_has(&region->src, SCN_KEY_BACKING) && region->backing != implied) {
		scn_error(rd->errors, scn_mark_of(&region->src, SCN_KEY_BACKING),
		    "found '%s' for 'backing' with %s, expected it with %s",
		    names[region->backing], keys[implied], keys[region->backing]);
		return 0;
	}
	region->backing = implied;
	return 1;
}

static int
region_object(struct scn_reader *rd, const struct scn_region *region)
{
	const struct scn_object *object;

	if (region->object == SCN_NONE || region->object >= rd->scenario->host.objects)
		return 1;
	object = &rd->scenario->host.object[region->object];
	if (region->offset % PAGE != 0)
		return aligned_judge(rd, &region->src, SCN_KEY_OFFSET, region->offset, PAGE);
	if (object->size == 0 || region->offset + region->size <= object->size)
		return 1;
	scn_error(rd->errors, scn_mark_of(&region->src, SCN_KEY_SIZE),
	    "found a range of %#" PRIx64 " bytes from %#" PRIx64 " on in the object '%s', expected "
	    "an end of at most %#" PRIx64, region->size, region->offset,
	    rd->names[SCN_SECTION_OBJECT].name[region->object], object->size);
	return 0;
}

int
scn_settle_region(struct scn_reader *rd, void *object)
{
	static const enum scn_key backed_only[] = { SCN_KEY_OFFSET, SCN_KEY_COW };
	struct scn_region *region = object;
	int good = region_backing(rd, region);
	size_t i;

	for (i = 0; i < 2 && good && region->backing == SCN_BACKING_ZERO; i++) {
		if (!scn_has(&region->src, backed_only[i]))
			continue;
		scn_error(rd->errors, scn_mark_of(&region->src, backed_only[i]),
		    "found '%s' on a range of zeros, expected it only with bytes or an object",
		    scn_key_names[backed_only[i]]);
		good = 0;
	}
	if (!scn_has(&region->src, SCN_KEY_COW))
		region->cow = region->backing == SCN_BACKING_FILE;
	good &= range_judge(rd, &region->src, SCN_KEY_SIZE, region->at, region->size);
	return good && region_object(rd, region);
}

/* For sorting ranges by address. */
struct region_place {
	const struct scn_region *region;
};

static int
place_compare(const void *a, const void *b)
{
	const struct scn_region *x = ((const struct region_place *)a)->region;
	const struct scn_region *y = ((const struct region_place *)b)->region;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Records that two ranges overlap, at the one that stands later in the file. */
static void
overlap_record(struct scn_reader *rd, const struct scn_region *a, const struct scn_region *b)
{
	const struct scn_region *late = a > b ? a : b, *early = a > b ? b : a;

	scn_error(rd->errors, late->src.mark,
	    "found a range from %#" PRIx64 " to %#" PRIx64 " over the one of line %" PRIu32
	    " from %#" PRIx64 " to %#" PRIx64 ", expected ranges apart", late->at,
	    late->at + late->size, early->src.mark.line, early->at, early->at + early->size);
}

/* Ranges of one space may touch, not overlap. */
int
scn_settle_host_space(struct scn_reader *rd, void *object)
{
	const struct scn_host_space *space = object;
	const struct scn_region *reaches = NULL, *region;
	struct region_place *sorted;
	int good = 1;
	size_t i;

	sorted = scn_arena_alloc(rd->arena, space->regions + 1, sizeof(*sorted));
	if (sorted == NULL)
		return 0;
	for (i = 0; i < space->regions; i++)
		sorted[i].region = &space->region[i];
	qsort(sorted, space->regions, sizeof(*sorted), place_compare);
	for (i = 0; i < space->regions; i++) {
		region = sorted[i].region;
		/* One that could not be read is empty. */
		if (region->size == 0)
			continue;
		if (reaches != NULL && reaches->at + reaches->size > region->at) {
			overlap_record(rd, reaches, region);
			good = 0;
		}
		if (reaches == NULL || region->at + region->size > reaches->at + reaches->size)
			reaches = region;
	}
	return good;
}

int
scn_settle_object(struct scn_reader *rd, void *object)
{
	const struct scn_object *shared = object;

	if (shared->content.size <= shared->size)
		return 1;
	scn_error(rd->errors, shared->src.mark,
	    "found %#" PRIx64 " bytes for an object of %#" PRIx64 ", expected no more than fit",
	    shared->content.size, shared->size);
	return 0;
}

int
scn_settle_ept_map(struct scn_reader *rd, void *object)
{
	struct scn_ept_map *map = object;
	int good;

	good = aligned_judge(rd, &map->src, SCN_KEY_GPA, map->gpa, map->page);
	good &= aligned_judge(rd, &map->src, SCN_KEY_HPA, map->hpa, map->page);
	good &= aligned_judge(rd, &map->src, SCN_KEY_SIZE, map->size, map->page);
	good &= range_judge(rd, &map->src, SCN_KEY_SIZE, map->gpa, map->size);
	good &= range_judge(rd, &map->src, SCN_KEY_SIZE, map->hpa, map->size);
	if (map->page > PAGE)
		map->bits |= EPT_PS;
	return good;
}

/* Records that the same bit is to be both. */
static int
bits_judge(struct scn_reader *rd, const struct scn_src *src, uint64_t set, uint64_t clear)
{
	if ((set & clear) == 0)
		return 1;
	scn_error(rd->errors, scn_mark_of(src, SCN_KEY_CLEAR),
	    "found bits %#" PRIx64 " in both 'set' and 'clear', expected them in one", set & clear);
	return 0;
}

int
scn_settle_ept_entry(struct scn_reader *rd, void *object)
{
	struct scn_ept_entry *entry = object;
	int leaf = entry->level == 1 || (entry->set & EPT_PS) != 0;

	entry->form = SCN_ENTRY_BITS;
	if (scn_has(&entry->src, SCN_KEY_ENTRY))
		entry->form = SCN_ENTRY_EXACT;
	if (scn_has(&entry->src, SCN_KEY_HPA)) {
		entry->form = SCN_ENTRY_FRAME;
		if (!scn_has(&entry->src, SCN_KEY_RIGHTS))
			entry->set |= EPT_RWX;
		if (!scn_has(&entry->src, SCN_KEY_MEMTYPE) && leaf)
			entry->set |= (uint64_t)6 << EPT_MEMTYPE_SHIFT;
	}
	return bits_judge(rd, &entry->src, entry->set, entry->clear) &&
	    scn_host_space_default(rd, &entry->src, &entry->host_space);
}

static int
cpu_judge(struct scn_reader *rd, const struct scn_src *src, uint32_t cpu)
{
	uint32_t cpus = rd->scenario->machine.cpus;

	if (cpu < cpus)
		return 1;
	scn_error(rd->errors, scn_mark_of(src, SCN_KEY_CPU),
	    "found CPU %" PRIu32 " of a machine with %" PRIu32 ", expected 0 to %" PRIu32, cpu,
	    cpus, cpus - 1);
	return 0;
}

/* A TLB of another kind keeps no items. */
int
scn_settle_tlb_items(struct scn_reader *rd, void *object)
{
	struct scn_tlb_items *items = object;

	if (rd->scenario->machine.tlb != SCN_TLB_CACHING) {
		scn_error(rd->errors, items->src.mark,
		    "found items of a TLB, which only a caching one has, expected machine.tlb: "
		    "caching");
		return 0;
	}
	return !scn_has(&items->src, SCN_KEY_CPU) || cpu_judge(rd, &items->src, items->cpu);
}

int
scn_settle_memory(struct scn_reader *rd, void *object)
{
	struct scn_memory *memory = object;

	memory->kind = scn_has(&memory->src, SCN_KEY_HPA) ? SCN_AT_HPA : SCN_AT_GPA;
	if (memory->kind == SCN_AT_HPA)
		memory->host_space = SCN_NONE;
	else if (!scn_host_space_default(rd, &memory->src, &memory->host_space))
		return 0;
	return range_judge(rd, &memory->src, memory->kind == SCN_AT_HPA ? SCN_KEY_HPA : SCN_KEY_GPA,
	    memory->at, memory->content.size);
}

/* --- guest ------------------------------------------------------------------------------------ */

int
scn_settle_guest_map(struct scn_reader *rd, void *object)
{
	struct scn_guest_map *map = object;
	int good;

	good = aligned_judge(rd, &map->src, SCN_KEY_GVA, map->gva, map->page);
	good &= aligned_judge(rd, &map->src, SCN_KEY_GPA, map->gpa, map->page);
	good &= aligned_judge(rd, &map->src, SCN_KEY_SIZE, map->size, map->page);
	good &= range_judge(rd, &map->src, SCN_KEY_SIZE, map->gpa, map->size);
	if (map->size - 1 > UINT64_MAX - map->gva) {
		scn_error(rd->errors, scn_mark_of(&map->src, SCN_KEY_SIZE),
		    "found %#" PRIx64 " with a size of %#" PRIx64 ", expected an end of at most "
		    "2^64", map->gva, map->size);
		good = 0;
	}
	if (map->page > PAGE && (map->bits & VK_PG_PAT))
		map->bits |= VK_PG_PAT_LARGE;
	if (map->page > PAGE)
		map->bits |= VK_PG_PS;
	return good;
}

int
scn_settle_entry(struct scn_reader *rd, void *object)
{
	struct scn_entry *entry = object;

	entry->where = SCN_ENTRY_AT_GVA;
	if (scn_has(&entry->src, SCN_KEY_TABLE))
		entry->where = SCN_ENTRY_AT_TABLE;
	else if (scn_has(&entry->src, SCN_KEY_AT))
		entry->where = SCN_ENTRY_AT_GPA;
	entry->form = SCN_ENTRY_BITS;
	if (scn_has(&entry->src, SCN_KEY_ENTRY))
		entry->form = SCN_ENTRY_EXACT;
	if (scn_has(&entry->src, SCN_KEY_GPA)) {
		entry->form = SCN_ENTRY_FRAME;
		if (!scn_has(&entry->src, SCN_KEY_FLAGS))
			entry->set = VK_PG_P | VK_PG_RW | VK_PG_US;
	}
	return bits_judge(rd, &entry->src, entry->set, entry->clear) &&
	    guest_space_default(rd, &entry->src, &entry->space);
}

int
scn_settle_guest_space(struct scn_reader *rd, void *object)
{
	struct scn_guest_space *space = object;

	if (!scn_has(&space->src, SCN_KEY_TABLES)) {
		space->tables_at = space->root + PAGE;
		space->tables_size = TABLES_DEFAULT;
		if (!range_judge(rd, &space->src, SCN_KEY_ROOT, space->tables_at,
		    space->tables_size))
			return 0;
	} else if (!range_judge(rd, &space->tables_src, SCN_KEY_SIZE, space->tables_at,
	    space->tables_size)) {
		return 0;
	} else if (space->root - space->tables_at < space->tables_size) {
		scn_error(rd->errors, scn_mark_of(&space->src, SCN_KEY_ROOT),
		    "found the root %#" PRIx64 " inside the place of further tables, expected it "
		    "outside", space->root);
		return 0;
	}
	return scn_host_space_default(rd, &space->src, &space->host_space);
}

/* --- threads ---------------------------------------------------------------------------------- */

/* Which feature of the machine a register bit belongs to. */
static const struct {
	const char *name;
	unsigned word; /* CR0, CR4, EFER */
	uint64_t bit;
	uint64_t feature;
} mode_features[] = {
	{ "la57", 1, VK_CR4_LA57, SCN_FEATURE_LA57 },
	{ "pcide", 1, VK_CR4_PCIDE, SCN_FEATURE_PCID },
	{ "smep", 1, VK_CR4_SMEP, SCN_FEATURE_SMEP },
	{ "smap", 1, VK_CR4_SMAP, SCN_FEATURE_SMAP },
	{ "pke", 1, VK_CR4_PKE, SCN_FEATURE_PKU },
	{ "pks", 1, VK_CR4_PKS, SCN_FEATURE_PKS },
	{ "nxe", 2, VK_EFER_NXE, SCN_FEATURE_NX },
};

uint64_t
scn_cr4_lacking(uint64_t features)
{
	uint64_t lacking = 0;
	size_t i;

	for (i = 0; i < sizeof(mode_features) / sizeof(mode_features[0]); i++) {
		if (mode_features[i].word == 1 && (features & mode_features[i].feature) == 0)
			lacking |= mode_features[i].bit;
	}
	return lacking;
}

/* "bare, master, slave" */
static const char *
roles_show(char buf[64], unsigned roles)
{
	size_t used = 0, i;

	for (i = 0; i < scn_choices_role.count; i++) {
		if ((roles & scn_choices_role.choice[i].value) != 0)
			used += (size_t)snprintf(buf + used, 64 - used, "%s%s",
			    used > 0 ? ", " : "", scn_choices_role.choice[i].name);
	}
	return buf;
}

/* Records keys that a thread of its role cannot have. */
static int
thread_keys(struct scn_reader *rd, const struct scn_thread *thread)
{
	const struct scn_row *row = scn_table_thread.row;
	char roles[64];
	int good = 1;
	size_t i;

	for (i = 0; i < scn_table_thread.rows; i++) {
		if (row[i].roles == 0 || (row[i].roles & thread->role) != 0 ||
		    !scn_has(&thread->src, row[i].key))
			continue;
		scn_error(rd->errors, scn_mark_of(&thread->src, row[i].key),
		    "found '%s' on a thread of role %s, expected it only with %s",
		    scn_key_names[row[i].key], scn_role_name(thread->role),
		    roles_show(roles, row[i].roles));
		good = 0;
	}
	return good;
}

/* Register bits that the file leaves open, and whether the machine has those it does not. */
static int
thread_mode(struct scn_reader *rd, struct scn_thread *thread)
{
	uint64_t features = rd->scenario->machine.features;
	uint64_t *word[3] = { &thread->cr0, &thread->cr4, &thread->efer };
	int good = 1;
	size_t i;

	thread->cr0 |= (VK_CR0_WP | VK_CR0_PG) & ~rd->given[0];
	if ((features & SCN_FEATURE_NX) != 0)
		thread->efer |= VK_EFER_NXE & ~rd->given[2];
	if (thread->space != SCN_NONE && rd->scenario->guest.space[thread->space].levels == 5)
		thread->cr4 |= VK_CR4_LA57 & ~rd->given[1];
	for (i = 0; i < sizeof(mode_features) / sizeof(mode_features[0]); i++) {
		if ((*word[mode_features[i].word] & mode_features[i].bit) == 0 ||
		    (features & mode_features[i].feature) != 0)
			continue;
		scn_error(rd->errors, scn_mark_of(&thread->src, SCN_KEY_MODE),
		    "found the mode bit '%s' on a machine without the feature %s, expected it "
		    "under machine.features", mode_features[i].name,
		    scn_feature_name(mode_features[i].feature));
		good = 0;
	}
	return good;
}

static int
thread_vpid(struct scn_reader *rd, struct scn_thread *thread)
{
	int has_feature = (rd->scenario->machine.features & SCN_FEATURE_VPID) != 0;

	if (!scn_has(&thread->src, SCN_KEY_VPID))
		thread->vpid = has_feature ? (uint32_t)rd->thread_index + 1 : 0;
	if (has_feature || thread->vpid == 0)
		return 1;
	scn_error(rd->errors, scn_mark_of(&thread->src, SCN_KEY_VPID),
	    "found a VPID on a machine without the feature vpid, expected it under "
	    "machine.features");
	return 0;
}

static int
thread_space(struct scn_reader *rd, struct scn_thread *thread)
{
	int paging = (rd->given[0] & VK_CR0_PG) == 0 || (thread->cr0 & VK_CR0_PG) != 0;

	if (thread->program != SCN_NONE)
		return 1;
	if (!ref_default(rd, SCN_SECTION_GUEST_SPACE, SCN_KEY_SPACE, &thread->src, SCN_NONE,
	    &thread->space))
		return 0;
	if (thread->space == SCN_NONE) {
		if (!paging)
			return 1;
		scn_error(rd->errors, thread->src.mark,
		    "found no guest space for a virtual CPU with paging, expected one under "
		    "guest.spaces");
		return 0;
	}
	if (thread->space >= rd->scenario->guest.spaces) {
		thread->space = SCN_NONE;
		return 0;
	}
	if (!rd->scenario->guest.space[thread->space].deferred)
		return 1;
	scn_error(rd->errors, scn_mark_of(&thread->src, SCN_KEY_SPACE),
	    "found the deferred space '%s' for a thread, expected one that exists from the start",
	    rd->names[SCN_SECTION_GUEST_SPACE].name[thread->space]);
	return 0;
}

/* That of its program, if it has one. */
static int
thread_host_space(struct scn_reader *rd, struct scn_thread *thread)
{
	if (thread->program == SCN_NONE)
		return scn_host_space_default(rd, &thread->src, &thread->host_space);
	if (thread->program >= rd->scenario->programs)
		return 0;
	thread->host_space = rd->scenario->program[thread->program].host_space;
	return 1;
}

int
scn_settle_thread(struct scn_reader *rd, void *object)
{
	struct scn_thread *thread = object;
	int good = thread_keys(rd, thread);

	if (thread->cpu >= rd->scenario->machine.cpus) {
		scn_error(rd->errors, scn_mark_of(&thread->src, SCN_KEY_CPU),
		    "found CPU %" PRIu32 " of a machine with %" PRIu32 ", expected one from 0 to %"
		    PRIu32, thread->cpu, rd->scenario->machine.cpus,
		    rd->scenario->machine.cpus - 1);
		good = 0;
	}
	good &= thread_host_space(rd, thread);
	if (good && thread->host_space == SCN_NONE &&
	    (thread->role & (SCN_ROLE_BARE | SCN_ROLE_KERNEL)) == 0) {
		scn_error(rd->errors, thread->src.mark,
		    "found no host space for a thread of role %s, expected one under host.spaces",
		    scn_role_name(thread->role));
		good = 0;
	}
	if ((thread->role & SCN_ROLE_VCPUS) == 0)
		return good;
	good &= thread_space(rd, thread);
	good &= thread_mode(rd, thread);
	return thread_vpid(rd, thread) && good;
}

int
scn_settle_schedule(struct scn_reader *rd, void *object)
{
	struct scn_schedule *schedule = object;

	(void)rd;
	if (scn_has(&schedule->src, SCN_KEY_SEED))
		schedule->order = SCN_ORDER_SEED;
	else if (scn_has(&schedule->src, SCN_KEY_SCRIPT))
		schedule->order = SCN_ORDER_SCRIPT;
	else if (scn_has(&schedule->src, SCN_KEY_EXPLORE))
		schedule->order = SCN_ORDER_EXPLORE;
	return 1;
}

/* --- outcomes of runs ------------------------------------------------------------------------- */

/* Labels of a thread, for suggestions; those of further steps are not suggested. */
static const char *
label_at(const void *ctx, size_t index)
{
	const struct scn_thread *thread = ctx;

	if (index >= thread->steps || index >= SCN_NAMES_MAX)
		return NULL;
	return thread->step[index].label != NULL ? thread->step[index].label : "";
}

/* Which step of a thread is meant by its index or label; thread->steps when there is none. */
static size_t
step_find(const struct scn_thread *thread, const char *name)
{
	uint64_t index;
	size_t i;

	if (scn_number_parse(name, strlen(name), &index) != BITS_NUMBER_NONE)
		return index < thread->steps ? (size_t)index : thread->steps;
	for (i = 0; i < thread->steps; i++) {
		if (thread->step[i].label != NULL && strcmp(thread->step[i].label, name) == 0)
			break;
	}
	return i;
}

/* Records that there is no such step, unless it may be one that could not be read. */
static void
step_missing(struct scn_reader *rd, const struct scn_condition *condition,
    const struct scn_thread *thread)
{
	struct scn_mark mark = scn_mark_of(&condition->expect.src, SCN_KEY_STEP);
	const char *name = condition->step_name;
	char shown[SCN_SHOWN_SIZE], hint[SCN_SUGGEST_SIZE];
	size_t size = strlen(name);
	uint64_t index;

	if (scn_number_parse(name, size, &index) != BITS_NUMBER_NONE)
		scn_error(rd->errors, mark,
		    "found step '%s' of a thread with %zu steps, expected an index below that, "
		    "from 0, or a label", scn_show(shown, name, size), thread->steps);
	else if (!rd->step_lost && !scn_errors_enough(rd->errors))
		scn_error(rd->errors, mark,
		    "found '%s' for 'step', which is not the label of a step of '%s'%s",
		    scn_show(shown, name, size),
		    rd->names[SCN_SECTION_THREAD].name[condition->thread],
		    scn_suggest(hint, name, size, label_at, thread));
}

/* Threads are complete when this is read; each condition gets a bit, in order of reading. */
int
scn_settle_condition(struct scn_reader *rd, void *object)
{
	struct scenario *scenario = rd->scenario;
	struct scn_condition *condition = object;
	const struct scn_thread *thread;
	size_t step;

	if (condition->thread >= scenario->threads || scn_errors_enough(rd->errors))
		return 0;
	if (scenario->conditions >= SCN_CONDITIONS_MAX) {
		/* Said once: the scenario is bad now. */
		if (scenario->conditions++ == SCN_CONDITIONS_MAX)
			scn_error(rd->errors, condition->expect.src.mark,
			    "found more than %u steps in the outcomes of a scenario, expected at "
			    "most that many", SCN_CONDITIONS_MAX);
		return 0;
	}
	thread = &scenario->thread[condition->thread];
	step = step_find(thread, condition->step_name);
	if (step == thread->steps) {
		step_missing(rd, condition, thread);
		return 0;
	}
	condition->step = (uint32_t)step;
	condition->bit = (uint32_t)scenario->conditions;
	scenario->condition[scenario->conditions++] = condition;
	/* Still being built: nobody else has seen it. */
	((struct scn_step *)thread->step)[step].conditions |= (uint64_t)1 << condition->bit;
	return 1;
}

/* --- steps ------------------------------------------------------------------------------------ */

static int
step_role(struct scn_reader *rd, const struct scn_step *step)
{
	const struct scn_op_row *op = &scn_op_table[step->op];
	char roles[64];

	if (rd->thread->role == 0 || (op->roles & rd->thread->role) != 0)
		return 1;
	scn_error(rd->errors, step->src.mark,
	    "found the operation '%s' on a thread of role %s, expected it only with %s", op->name,
	    scn_role_name(rd->thread->role), roles_show(roles, op->roles));
	return 0;
}

static int
value_fits(struct scn_reader *rd, const struct scn_step *step, enum scn_key key, uint64_t value)
{
	if (step->size >= 8 || value >> (step->size * 8) == 0)
		return 1;
	scn_error(rd->errors, scn_mark_of(&step->src, key),
	    "found %#" PRIx64 " for '%s', expected a value of %" PRIu64 " %s", value,
	    scn_key_names[key], step->size, step->size == 1 ? "byte" : "bytes");
	return 0;
}

static int
settle_atomic(struct scn_reader *rd, struct scn_step *step)
{
	return value_fits(rd, step, SCN_KEY_VALUE, step->value) &&
	    value_fits(rd, step, SCN_KEY_EXPECTED, step->expected);
}

/* The size of what is written: that of a value, 8 by default, or that of the bytes. */
static int
settle_written(struct scn_reader *rd, struct scn_step *step)
{
	int given = scn_has(&step->src, SCN_KEY_SIZE);

	if (scn_has(&step->src, SCN_KEY_VALUE)) {
		if (!given)
			step->size = 8;
		if (step->size <= 8)
			return value_fits(rd, step, SCN_KEY_VALUE, step->value);
		scn_error(rd->errors, scn_mark_of(&step->src, SCN_KEY_SIZE),
		    "found a value of %" PRIu64 " bytes, expected at most 8", step->size);
		return 0;
	}
	if (given && step->size != step->content.size) {
		scn_error(rd->errors, scn_mark_of(&step->src, SCN_KEY_SIZE),
		    "found a size of %" PRIu64 " for %" PRIu64 " bytes, expected the same or none",
		    step->size, step->content.size);
		return 0;
	}
	step->size = step->content.size;
	return 1;
}

static int
settle_write(struct scn_reader *rd, struct scn_step *step)
{
	if (!settle_written(rd, step))
		return 0;
	if (step->size >= 1 && step->size <= GUEST_WRITE_MAX)
		return 1;
	scn_error(rd->errors, step->src.mark,
	    "found %" PRIu64 " bytes to write, expected 1 to %u", step->size, GUEST_WRITE_MAX);
	return 0;
}

/* Where a poke or peek goes. */
static int
settle_phys(struct scn_reader *rd, struct scn_step *step)
{
	int hpa = scn_has(&step->src, SCN_KEY_HPA);

	step->kind = hpa ? SCN_AT_HPA : SCN_AT_GPA;
	if (!hpa && !scn_host_space_default(rd, &step->src, &step->host_space))
		return 0;
	return range_judge(rd, &step->src, hpa ? SCN_KEY_HPA : SCN_KEY_GPA, step->at, step->size);
}

static int
settle_poke(struct scn_reader *rd, struct scn_step *step)
{
	return settle_write(rd, step) && settle_phys(rd, step);
}

static int
settle_migrate(struct scn_reader *rd, struct scn_step *step)
{
	return cpu_judge(rd, &step->src, step->cpu);
}

static int
settle_syscall(struct scn_reader *rd, struct scn_step *step)
{
	static const unsigned char plain[2] = { 0x0f, 0x05 };

	if (!scn_has(&step->src, SCN_KEY_BYTES)) {
		step->content.data = plain;
		step->content.size = sizeof(plain);
	}
	if (scn_has(&step->src, SCN_KEY_CPU) && !settle_migrate(rd, step))
		return 0;
	if (step->content.size >= 1 && step->content.size <= 15)
		return 1;
	scn_error(rd->errors, scn_mark_of(&step->src, SCN_KEY_BYTES),
	    "found an instruction of %" PRIu64 " bytes, expected 1 to 15", step->content.size);
	return 0;
}

static int
settle_vminit(struct scn_reader *rd, struct scn_step *step)
{
	if (!scn_has(&step->src, SCN_KEY_MASTER))
		step->master = rd->thread->role == SCN_ROLE_MASTER;
	return 1;
}

static int
settle_invvpid(struct scn_reader *rd, struct scn_step *step)
{
	if (!scn_has(&step->src, SCN_KEY_VPID))
		step->inv_id = rd->thread->vpid;
	return 1;
}

/* On whose behalf the kernel acts. */
static int
settle_copyio(struct scn_reader *rd, struct scn_step *step)
{
	if (step->thread != SCN_NONE)
		return 1;
	if (rd->thread->role == SCN_ROLE_KERNEL) {
		scn_error(rd->errors, step->src.mark,
		    "found no 'of' in %s on a thread of role kernel, expected the thread on whose "
		    "behalf it is", scn_op_table[step->op].name);
		return 0;
	}
	step->thread = (uint32_t)rd->thread_index;
	return 1;
}

static int
settle_copyout(struct scn_reader *rd, struct scn_step *step)
{
	return settle_written(rd, step) && settle_copyio(rd, step);
}

static int
settle_wait(struct scn_reader *rd, struct scn_step *step)
{
	if (step->thread != rd->thread_index)
		return 1;
	scn_error(rd->errors, scn_mark_of(&step->src, SCN_KEY_THREAD),
	    "found a thread that waits for itself, expected another one");
	return 0;
}

/* The host space whose map is changed. */
static int
settle_map(struct scn_reader *rd, struct scn_step *step)
{
	const struct scn_src *src = step->op == SCN_OP_MMAP ? &step->region->src : &step->src;

	if (!scn_host_space_default(rd, src, &step->host_space))
		return 0;
	if (step->host_space == SCN_NONE && rd->thread_good) {
		scn_error(rd->errors, step->src.mark,
		    "found no host space, expected one under host.spaces");
		return 0;
	}
	if (step->op == SCN_OP_MMAP)
		return 1;
	return range_judge(rd, src, SCN_KEY_SIZE, step->at, step->size);
}

static int
settle_space(struct scn_reader *rd, struct scn_step *step)
{
	return guest_space_default(rd, &step->src, &step->space);
}

static int
settle_new_space(struct scn_reader *rd, struct scn_step *step)
{
	const struct scn_guest *guest = &rd->scenario->guest;

	if (step->space >= guest->spaces || guest->space[step->space].deferred)
		return 1;
	scn_error(rd->errors, scn_mark_of(&step->src, SCN_KEY_SPACE),
	    "found the space '%s', which exists from the start, expected one with 'deferred: yes'",
	    rd->names[SCN_SECTION_GUEST_SPACE].name[step->space]);
	return 0;
}

static int
settle_run(struct scn_reader *rd, struct scn_step *step)
{
	if (rd->thread->program != SCN_NONE || !rd->thread_good)
		return 1;
	scn_error(rd->errors, step->src.mark,
	    "found '%s' on a thread without a program, expected 'program' there",
	    scn_op_table[step->op].name);
	return 0;
}

typedef int step_settler(struct scn_reader *rd, struct scn_step *step);

static step_settler *const step_settlers[SCN_OPS] = {
	[SCN_OP_WRITE] = settle_write,
	[SCN_OP_XCHG] = settle_atomic,
	[SCN_OP_ADD] = settle_atomic,
	[SCN_OP_CAS] = settle_atomic,
	[SCN_OP_SYSCALL] = settle_syscall,
	[SCN_OP_COPYIN] = settle_copyio,
	[SCN_OP_COPYOUT] = settle_copyout,
	[SCN_OP_COPYINSTR] = settle_copyio,
	[SCN_OP_FUBYTE] = settle_copyio,
	[SCN_OP_FUWORD32] = settle_copyio,
	[SCN_OP_FUWORD64] = settle_copyio,
	[SCN_OP_SUBYTE] = settle_copyio,
	[SCN_OP_SUWORD32] = settle_copyio,
	[SCN_OP_SUWORD64] = settle_copyio,
	[SCN_OP_SWAPU32] = settle_copyio,
	[SCN_OP_SWAPU64] = settle_copyio,
	[SCN_OP_CASU32] = settle_copyio,
	[SCN_OP_CASU64] = settle_copyio,
	[SCN_OP_FUWORDADD32] = settle_copyio,
	[SCN_OP_FUWORDADD64] = settle_copyio,
	[SCN_OP_VMINIT] = settle_vminit,
	[SCN_OP_INVVPID] = settle_invvpid,
	[SCN_OP_MIGRATE] = settle_migrate,
	[SCN_OP_WAIT] = settle_wait,
	[SCN_OP_MMAP] = settle_map,
	[SCN_OP_MPROTECT] = settle_map,
	[SCN_OP_MUNMAP] = settle_map,
	[SCN_OP_POKE] = settle_poke,
	[SCN_OP_PEEK] = settle_phys,
	[SCN_OP_PMAP] = settle_space,
	[SCN_OP_VK_COPYOUT] = settle_written,
	[SCN_OP_NEW_SPACE] = settle_new_space,
	[SCN_OP_RUN] = settle_run,
};

void
scn_settle_step(struct scn_reader *rd, struct scn_step *step, int good)
{
	if (!step_role(rd, step) || !good)
		return;
	if (step_settlers[step->op] != NULL)
		step_settlers[step->op](rd, step);
}

/* --- the scenario as a whole ------------------------------------------------------------------ */

/* Whether a step acts on behalf of a thread that has user memory. */
static void
check_of(struct scn_reader *rd, const struct scn_step *step)
{
	if (!scn_has(&step->src, SCN_KEY_OF) || step->thread >= rd->scenario->threads ||
	    rd->scenario->thread[step->thread].role != SCN_ROLE_KERNEL)
		return;
	scn_error(rd->errors, scn_mark_of(&step->src, SCN_KEY_OF),
	    "found the thread '%s' of role kernel for 'of', expected one that has user memory",
	    rd->names[SCN_SECTION_THREAD].name[step->thread]);
}

static void
check_wait(struct scn_reader *rd, struct scn_step *step)
{
	const struct scn_thread *thread;
	enum scn_key key = SCN_KEY_STEP;

	if (step->op != SCN_OP_WAIT || step->thread >= rd->scenario->threads)
		return;
	thread = &rd->scenario->thread[step->thread];
	if (!scn_has(&step->src, key)) {
		step->count = thread->steps;
		key = SCN_KEY_THREAD;
	}
	if (step->count > thread->steps)
		scn_error(rd->errors, scn_mark_of(&step->src, key),
		    "found step %" PRIu64 " of a thread with %zu, expected at most that",
		    step->count, thread->steps);
	else if (step->count == thread->steps && scn_thread_is_daemon(thread))
		scn_error(rd->errors, scn_mark_of(&step->src, key),
		    "found a wait for a step that is repeated forever, expected one for the steps "
		    "before it");
}

/* What comes after a step that is repeated for ever is never made. */
static void
check_forever(struct scn_reader *rd, const struct scn_thread *thread)
{
	size_t i;

	for (i = 0; i + 1 < thread->steps; i++) {
		if (thread->step[i].repeat != SCN_FOREVER)
			continue;
		scn_error(rd->errors, thread->step[i + 1].src.mark,
		    "found a step behind one that is repeated forever, expected none");
		return;
	}
}

/* A run lasts as long as a thread that ends by itself. */
static void
check_lasts(struct scn_reader *rd)
{
	const struct scenario *scenario = rd->scenario;
	size_t i;

	for (i = 0; i < scenario->threads; i++) {
		if (!scn_thread_is_daemon(&scenario->thread[i]))
			return;
	}
	if (scenario->threads != 0)
		scn_error(rd->errors, scn_mark_of(&scenario->src, SCN_KEY_THREADS),
		    "found only threads that repeat a step forever, expected one that ends");
}

static int
label_compare(const void *a, const void *b)
{
	const struct scn_step *x = *(const struct scn_step *const *)a;
	const struct scn_step *y = *(const struct scn_step *const *)b;
	int order = strcmp(x->label, y->label);

	return order != 0 ? order : x < y ? -1 : x > y;
}

/* Labels are unique in their thread. */
static void
check_labels(struct scn_reader *rd, const struct scn_thread *thread)
{
	const struct scn_step **labelled;
	size_t count = 0, i;

	for (i = 0; i < thread->steps; i++)
		count += thread->step[i].label != NULL;
	labelled = scn_arena_alloc(rd->arena, count + 1, sizeof(*labelled));
	if (labelled == NULL)
		return;
	for (count = i = 0; i < thread->steps; i++) {
		if (thread->step[i].label != NULL)
			labelled[count++] = &thread->step[i];
	}
	qsort(labelled, count, sizeof(*labelled), label_compare);
	for (i = 1; i < count; i++) {
		if (strcmp(labelled[i - 1]->label, labelled[i]->label) == 0)
			scn_error(rd->errors, scn_mark_of(&labelled[i]->src, SCN_KEY_LABEL),
			    "found a second use of the label '%s' in a thread, expected another "
			    "one", labelled[i]->label);
	}
}

static void
check_steps(struct scn_reader *rd)
{
	struct scenario *scenario = rd->scenario;
	uint64_t total = 0;
	size_t i, j;

	for (i = 0; i < scenario->threads; i++) {
		/* Still being built: nobody else has seen it. */
		struct scn_step *step = (struct scn_step *)scenario->thread[i].step;

		for (j = 0; j < scenario->thread[i].steps; j++) {
			total += step[j].repeat == SCN_FOREVER ? 1 : step[j].repeat;
			if (total > SCN_STEPS_MAX) {
				scn_error(rd->errors, step[j].src.mark,
				    "found more than %u steps, repetitions counted, expected less",
				    SCN_STEPS_MAX);
				return;
			}
			check_of(rd, &step[j]);
			check_wait(rd, &step[j]);
		}
	}
}

/* Adds the entries that a map makes; 0 after recording that they are too many. */
static int
pages_add(struct scn_reader *rd, uint64_t *total, const struct scn_src *src, uint64_t size,
    uint64_t page)
{
	if (page != 0)
		*total += size / page;
	if (*total <= SCN_PAGES_MAX)
		return 1;
	scn_error(rd->errors, scn_mark_of(src, SCN_KEY_SIZE),
	    "found maps of %" PRIu64 " pages up to here, expected at most %u", *total,
	    SCN_PAGES_MAX);
	return 0;
}

static void
check_pages(struct scn_reader *rd)
{
	const struct scn_host *host = &rd->scenario->host;
	const struct scn_guest *guest = &rd->scenario->guest;
	uint64_t total = 0;
	size_t i, j;

	for (i = 0; i < host->epts; i++) {
		const struct scn_ept_map *map = host->ept[i].map;

		if (map != NULL && !pages_add(rd, &total, &map->src, map->size, map->page))
			return;
	}
	for (i = 0; i < guest->spaces; i++) {
		for (j = 0; j < guest->space[i].maps; j++) {
			const struct scn_guest_map *map = &guest->space[i].map[j];

			if (!pages_add(rd, &total, &map->src, map->size, map->page))
				return;
		}
	}
}

static int
fill_add(struct scn_reader *rd, uint64_t *total, const struct scn_src *src, uint64_t size)
{
	*total += size;
	if (*total <= SCN_FILL_MAX)
		return 1;
	scn_error(rd->errors, src->mark,
	    "found %" PRIu64 " bytes of initial memory up to here, expected at most %u", *total,
	    SCN_FILL_MAX);
	return 0;
}

static void
check_contents(struct scn_reader *rd)
{
	const struct scn_host *host = &rd->scenario->host;
	const struct scn_guest *guest = &rd->scenario->guest;
	uint64_t total = 0;
	size_t i;

	for (i = 0; i < host->objects; i++) {
		if (!fill_add(rd, &total, &host->object[i].src, host->object[i].content.size))
			return;
	}
	for (i = 0; i < host->frames; i++) {
		if (!fill_add(rd, &total, &host->frame[i].src, host->frame[i].content.size))
			return;
	}
	for (i = 0; i < guest->memories; i++) {
		if (!fill_add(rd, &total, &guest->memory[i].src, guest->memory[i].content.size))
			return;
	}
}

void
scn_check(struct scn_reader *rd)
{
	struct scenario *scenario = rd->scenario;
	size_t i;

	if (scn_has(&scenario->src, SCN_KEY_THREADS) && scenario->threads == 0)
		scn_error(rd->errors, scn_mark_of(&scenario->src, SCN_KEY_THREADS),
		    "found no threads, expected at least one");
	check_pages(rd);
	check_contents(rd);
	check_steps(rd);
	for (i = 0; i < scenario->threads && !scn_errors_enough(rd->errors); i++) {
		check_forever(rd, &scenario->thread[i]);
		check_labels(rd, &scenario->thread[i]);
	}
	check_lasts(rd);
}
