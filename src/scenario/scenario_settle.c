/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tables cannot say of an object: defaults that follow from other parts, and whether its
 * parts fit together.
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

#define PHYS_END 0x10000000000000ull /* 2^52 */
#define PAGE 4096u
#define TABLES_DEFAULT (16 * PAGE)

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

int
scn_guest_space_default(struct scn_reader *rd, const struct scn_src *src, uint32_t *index)
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

int
scn_range_judge(struct scn_reader *rd, const struct scn_src *src, enum scn_key key, uint64_t at,
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
	good &= scn_range_judge(rd, &region->src, SCN_KEY_SIZE, region->at, region->size);
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
	good &= scn_range_judge(rd, &map->src, SCN_KEY_SIZE, map->gpa, map->size);
	good &= scn_range_judge(rd, &map->src, SCN_KEY_SIZE, map->hpa, map->size);
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

int
scn_cpu_judge(struct scn_reader *rd, const struct scn_src *src, uint32_t cpu)
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
	return !scn_has(&items->src, SCN_KEY_CPU) || scn_cpu_judge(rd, &items->src, items->cpu);
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
	return scn_range_judge(rd, &memory->src,
	    memory->kind == SCN_AT_HPA ? SCN_KEY_HPA : SCN_KEY_GPA, memory->at,
	    memory->content.size);
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
	good &= scn_range_judge(rd, &map->src, SCN_KEY_SIZE, map->gpa, map->size);
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
	    scn_guest_space_default(rd, &entry->src, &entry->space);
}

int
scn_settle_guest_space(struct scn_reader *rd, void *object)
{
	struct scn_guest_space *space = object;

	if (!scn_has(&space->src, SCN_KEY_TABLES)) {
		space->tables_at = space->root + PAGE;
		space->tables_size = TABLES_DEFAULT;
		if (!scn_range_judge(rd, &space->src, SCN_KEY_ROOT, space->tables_at,
		    space->tables_size))
			return 0;
	} else if (!scn_range_judge(rd, &space->tables_src, SCN_KEY_SIZE, space->tables_at,
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

const char *
scn_roles_show(char buf[SCN_ROLES_SIZE], unsigned roles)
{
	size_t used = 0, i;

	for (i = 0; i < scn_choices_role.count; i++) {
		if ((roles & scn_choices_role.choice[i].value) != 0)
			used += (size_t)snprintf(buf + used, SCN_ROLES_SIZE - used, "%s%s",
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
		    scn_roles_show(roles, row[i].roles));
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
