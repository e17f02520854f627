/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From a scenario to a machine: host memory, memory maps, the ready-made EPT, guest tables, initial
 * contents.
 *
 * The ready-made EPT is built in two passes, since guest tables are written through it: first its
 * ranges, then, after the guest's memory, the single entries that a test wants exactly so.
 */
#include <stdlib.h>
#include <string.h>

#include "ept/memtype.h"
#include "guestpt/guestpt_edit.h"
#include "guestpt/vpte.h"
#include "play/player.h"
#include "sim/watch.h"

#define FRAME_LIMIT (1u << 17) /* half a GiB of written frames */
#define MIB (1ull << 20)

/* --- configuration -------------------------------------------------------------------------- */

struct feature_bit {
	uint64_t feature;
	uint64_t cap;
	uint32_t control;
};

static const struct feature_bit feature_bits[] = {
	{ SCN_FEATURE_EXEC_ONLY, EPT_CAP_EXEC_ONLY, 0 },
	{ SCN_FEATURE_EPT_2M, EPT_CAP_2M, 0 },
	{ SCN_FEATURE_EPT_1G, EPT_CAP_1G, 0 },
	{ SCN_FEATURE_EPT_5LEVEL, EPT_CAP_WALK5, 0 },
	{ SCN_FEATURE_EPT_AD, EPT_CAP_AD, 0 },
	{ SCN_FEATURE_ADV_INFO, EPT_CAP_ADV_INFO, 0 },
	{ SCN_FEATURE_MBEC, 0, EPT_CTL_MBEC },
	{ SCN_FEATURE_VE, 0, EPT_CTL_VE },
	{ SCN_FEATURE_PML, 0, EPT_CTL_PML },
	{ SCN_FEATURE_SPP, 0, EPT_CTL_SPP },
};

static struct machine_config
config_of(const struct player *player)
{
	static const struct vmm_protocol *const protocols[] = {
		[SCN_PROTOCOL_VKEPT] = &vmm_protocol_vkept,
		[SCN_PROTOCOL_MERGE] = &vmm_protocol_merge,
		[SCN_PROTOCOL_3_8] = &vmm_protocol_3_8,
		[SCN_PROTOCOL_HEAD] = &vmm_protocol_head,
		[SCN_PROTOCOL_MERGE_REPAIRED] = &vmm_protocol_merge_repaired,
		[SCN_PROTOCOL_HEAD_REPAIRED] = &vmm_protocol_head_repaired,
	};
	const struct scenario *s = player->scenario;
	struct machine_config config = { .maxphyaddr = s->machine.maxphyaddr };
	size_t i;

	config.cpus = s->machine.cpus;
	config.memory = s->host.memory;
	config.frame_limit = FRAME_LIMIT;
	config.ept_cap = EPT_CAP_WALK4 | EPT_CAP_UC | EPT_CAP_WB | EPT_CAP_INVEPT;
	for (i = 0; i < sizeof(feature_bits) / sizeof(feature_bits[0]); i++) {
		if (s->machine.features & feature_bits[i].feature) {
			config.ept_cap |= feature_bits[i].cap;
			config.ept_controls |= feature_bits[i].control;
		}
	}
	config.ept_ad = (s->machine.features & SCN_FEATURE_EPT_AD) != 0;
	config.ept_levels = (s->machine.features & SCN_FEATURE_EPT_5LEVEL) ? 5 : 4;
	config.page1g = (s->machine.features & SCN_FEATURE_1G_PAGES) != 0;
	config.protocol = protocols[s->machine.protocol];
	config.vpid = (s->machine.features & SCN_FEATURE_VPID) != 0;
	if (s->machine.tlb != SCN_TLB_NONE) {
		config.tlb.translations = config.tlb.guest_physical = s->machine.tlb_entries;
		config.tlb.structures = s->machine.tlb_structures;
		config.tlb_adversarial = s->machine.tlb == SCN_TLB_ADVERSARIAL;
		config.tlb_revokes = play_is_always(player, SCN_ALWAYS_NO_REVOKED_USE);
		config.tlb_history = player->history || config.tlb_revokes;
	}
	return config;
}

static uint64_t
round_up(uint64_t value)
{
	return (value + VK_PAGE_OFFSET_MASK) & ~VK_PAGE_OFFSET_MASK;
}

#define ROOM_FOR_TABLES "room for tables in host memory, behind all that the file places there"

/* Free frames start behind everything that the scenario names by host-physical address. */
static uint64_t
first_free_frame(const struct scenario *s)
{
	uint64_t end = MIB;
	size_t i;

	for (i = 0; i < s->host.epts; i++) {
		const struct scn_ept_map *map = s->host.ept[i].map;

		if (map != NULL && map->hpa + map->size > end && map->hpa < s->host.memory)
			end = map->hpa + map->size;
	}
	for (i = 0; i < s->host.frames; i++) {
		const struct scn_memory *frame = &s->host.frame[i];

		if (frame->at + frame->content.size > end && frame->at < s->host.memory)
			end = frame->at + frame->content.size;
	}
	/* Without an EPT, guest-physical addresses are host-physical ones too. */
	if (s->host.epts == 0 && s->host.spaces == 0)
		end = s->host.memory > 64 * MIB ? s->host.memory - 32 * MIB : end;
	return end > s->host.memory ? s->host.memory : round_up(end);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* The ready-made EPT as a memory without rights or flags: where does this address lie? */
static bool
bare_locate(struct player *player, gpa_t gpa, unsigned acc, hpa_t *hpa)
{
	struct ept_walk walk;

	*hpa = vk_hpa(gpa.v);
	if (!player->has_bare_ept)
		return gpa.v < hostmem_size(player->machine.mem);
	if (ept_walk(&player->bare_ept, gpa, acc, &walk) != EPT_OK)
		return false;
	*hpa = walk.hpa;
	return hpa->v < hostmem_size(player->machine.mem);
}

static int
bare_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct player *player = ctx;
	hpa_t hpa;

	if (!bare_locate(player, slot, 0, &hpa))
		return 0;
	*entry = hostmem_load(player->machine.mem, hpa);
	return 1;
}

static enum cas_status
bare_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct player *player = ctx;
	struct hpm hpm = hostmem_hpm(player->machine.mem);
	hpa_t hpa;

	if (!bare_locate(player, slot, 0, &hpa))
		return CAS_REFUSED;
	return hpm.ops->cas(hpm.ctx, hpa, old, new_value);
}

static void *
bare_user_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	struct player *player = ctx;
	unsigned char *frame;
	hpa_t hpa;

	*cookie = NULL;
	if (!bare_locate(player, gpa, acc, &hpa))
		return NULL;
	frame = hostmem_frame(player->machine.mem, hpa);
	if (frame == NULL)
		return NULL;
	if (acc & VK_ACC_W)
		*cookie = hostmem_lend(player->machine.mem, hpa);
	watch_frame(hpa.v & ~VK_PAGE_OFFSET_MASK,
	    acc & VK_ACC_W ? WATCH_READ | WATCH_WRITE : WATCH_READ);
	return frame + (hpa.v & VK_PAGE_OFFSET_MASK);
}

static void
bare_release(void *ctx, void *cookie)
{
	struct player *player = ctx;

	watch_frame(0, 0);
	hostmem_return(player->machine.mem, cookie);
}

static const struct gpm_ops bare_ops = { bare_load, bare_cas, NULL, NULL };
static const struct gpm_ops bare_user_ops = { bare_load, bare_cas, bare_user_hold, bare_release };

/* A memory map without its rights: for building and looking. */
static bool
raw_locate(struct machine_process *process, gpa_t gpa, hpa_t *hpa)
{
	static const unsigned kinds[] = { VK_ACC_W, VK_ACC_R, VK_ACC_X };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct vm_fault fault = vmspace_fault(process->map, gpa.v, kinds[i]);

		if (fault.status != VM_FAULT_OK)
			continue;
		*hpa = vk_hpa(fault.frame.v | (gpa.v & VK_PAGE_OFFSET_MASK));
		return true;
	}
	return false;
}

static int
raw_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct machine_process *process = ctx;

	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ);
	return vmspace_peek(process->map, slot.v, entry);
}

static enum cas_status
raw_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct machine_process *process = ctx;
	struct hpm hpm = hostmem_hpm(process->machine->mem);
	hpa_t hpa;

	if (!raw_locate(process, slot, &hpa))
		return CAS_REFUSED;
	return hpm.ops->cas(hpm.ctx, hpa, old, new_value);
}

static const struct gpm_ops raw_ops = { raw_load, raw_cas, NULL, NULL };

struct gpm
player_raw_memory(struct player *player, uint32_t host_space)
{
	struct gpm memory = { &bare_ops, player };

	if (host_space != SCN_NONE) {
		memory.ops = &raw_ops;
		memory.ctx = &player->process[host_space];
	}
	return memory;
}

struct gpm
player_user_memory(struct player *player, uint32_t host_space, struct machine_user *user)
{
	struct gpm memory = { &bare_user_ops, player };

	if (host_space == SCN_NONE)
		return memory;
	machine_user_init(user, &player->process[host_space]);
	return machine_user_memory(user);
}

static size_t
piece_in_page(uint64_t address, size_t size)
{
	size_t room = VK_PAGE_BYTES - (size_t)(address & VK_PAGE_OFFSET_MASK);

	return size < room ? size : room;
}

bool
player_locate(struct player *player, uint32_t host_space, gpa_t gpa, hpa_t *hpa)
{
	return host_space == SCN_NONE ? bare_locate(player, gpa, 0, hpa) :
	    raw_locate(&player->process[host_space], gpa, hpa);
}

bool
player_write(struct player *player, uint32_t host_space, uint64_t gpa, const void *bytes,
    size_t size)
{
	const unsigned char *from = bytes;

	while (size != 0) {
		size_t piece = piece_in_page(gpa, size);
		hpa_t hpa;

		if (!player_locate(player, host_space, vk_gpa(gpa), &hpa))
			return false;
		if (!hostmem_write(player->machine.mem, hpa, from, piece))
			return false;
		gpa += piece;
		from += piece;
		size -= piece;
	}
	return true;
}

/* Reads without bringing anything in: what is not there yet reads as it would come in. */
bool
player_read(struct player *player, uint32_t host_space, uint64_t gpa, void *bytes, size_t size)
{
	struct gpm memory = player_raw_memory(player, host_space);
	unsigned char *to = bytes;

	while (size != 0) {
		uint64_t word, offset = gpa & 7;
		size_t piece = 8 - (size_t)offset < size ? 8 - (size_t)offset : size;

		if (!memory.ops->load(memory.ctx, vk_gpa(gpa & ~7ull), &word))
			return false;
		memcpy(to, (const unsigned char *)&word + offset, piece);
		gpa += piece;
		to += piece;
		size -= piece;
	}
	return true;
}

/* --- problems --------------------------------------------------------------------------------- */

bool
player_build_failed(struct player *player, struct scn_mark mark, const char *expected,
    const char *found)
{
	if (hostmem_failed(player->machine.mem) == HOSTMEM_FINE)
		expect_failed(player, mark, -1, -1, "machine", expected, found, NULL);
	return false;
}

static bool
no_memory(struct player *player)
{
	player->status = PLAY_NO_MEMORY;
	return false;
}

/* --- host ------------------------------------------------------------------------------------- */

/* The bytes of a content, as one array; NULL when out of memory or empty. */
static unsigned char *
content_bytes(const struct scn_content *content)
{
	unsigned char *bytes;

	if (content->size == 0 || content->size > SIZE_MAX)
		return NULL;
	bytes = malloc((size_t)content->size);
	if (bytes == NULL)
		return NULL;
	if (content->data != NULL)
		memcpy(bytes, content->data, (size_t)content->size);
	else
		memset(bytes, content->fill, (size_t)content->size);
	return bytes;
}

static struct vm_object *
object_of_content(struct player *player, const struct scn_content *content, uint64_t offset)
{
	struct vm_object *object;
	unsigned char *bytes;

	if (content->size <= offset)
		return vm_object_create(&player->machine.frames, NULL, 0);
	bytes = content_bytes(content);
	if (bytes == NULL)
		return NULL;
	object = vm_object_create(&player->machine.frames, bytes + offset,
	    (size_t)(content->size - offset));
	free(bytes);
	return object;
}

enum player_mapped
player_map_region(struct player *player, uint32_t host_space, const struct scn_region *region)
{
	struct vm_range range = { .start = region->at, .end = region->at + region->size };
	struct vm_object *own = NULL;
	bool mapped;

	range.prot = region->prot;
	range.copy_on_write = region->cow;
	if (region->backing == SCN_BACKING_OBJECT) {
		range.object = player->object[region->object];
		range.offset = region->offset;
	} else {
		own = object_of_content(player, &region->content, region->offset);
		if (own == NULL) {
			player->status = PLAY_NO_MEMORY;
			return PLAYER_MAP_NO_MEMORY;
		}
		range.object = own;
	}
	mapped = vmspace_map(player->process[host_space].map, &range);
	vm_object_release(own);
	return mapped ? PLAYER_MAPPED : PLAYER_MAP_OVERLAPS;
}

static bool
build_region(struct player *player, uint32_t host_space, const struct scn_region *region)
{
	switch (player_map_region(player, host_space, region)) {
	case PLAYER_MAPPED:
		return true;
	case PLAYER_MAP_OVERLAPS:
		return player_build_failed(player, region->src.mark, "a range that is free",
		    "one that overlaps another");
	case PLAYER_MAP_NO_MEMORY:
		break;
	}
	return false;
}

static bool
build_host(struct player *player)
{
	const struct scn_host *host = &player->scenario->host;
	size_t i, j;

	player->object = calloc(host->objects + 1, sizeof(struct vm_object *));
	player->process = calloc(host->spaces + 1, sizeof(*player->process));
	if (player->object == NULL || player->process == NULL)
		return no_memory(player);
	for (i = 0; i < host->objects; i++) {
		player->object[i] = object_of_content(player, &host->object[i].content, 0);
		if (player->object[i] == NULL)
			return no_memory(player);
	}
	for (i = 0; i < host->spaces; i++) {
		if (!machine_process_init(&player->process[i], &player->machine))
			return no_memory(player);
		defects_join_process(&player->defects, &player->process[i]);
		for (j = 0; j < host->space[i].regions; j++) {
			if (!build_region(player, (uint32_t)i, &host->space[i].region[j]))
				return false;
		}
	}
	for (i = 0; i < host->frames; i++) {
		uint64_t at;

		for (at = 0; at < host->frame[i].content.size; at++) {
			unsigned char byte = content_byte(&host->frame[i].content, at);

			if (!hostmem_write(player->machine.mem,
			    vk_hpa(host->frame[i].at + at), &byte, 1))
				return player_build_failed(player, host->frame[i].src.mark,
				    "an address within host memory", "one beyond it");
		}
	}
	return true;
}

/* --- the ready-made EPT ----------------------------------------------------------------------- */

static bool
build_ept_root(struct player *player)
{
	const struct machine_config *config = &player->machine.config;
	uint64_t eptp;
	hpa_t root;

	if (player->scenario->host.epts == 0)
		return true;
	if (!frames_take(&player->machine.frames, &root))
		return player_build_failed(player, player->scenario->host.src.mark,
		    ROOM_FOR_TABLES, "none");
	machine_table_frame(&player->machine, root, TABLE_EPT);
	eptp = root.v | MEMTYPE_WB | ((uint64_t)(config->ept_levels - 1) << EPTP_WALK_SHIFT) |
	    (config->ept_ad ? EPTP_AD : 0);
	player->has_bare_ept = ept_init(&player->bare_ept, hostmem_hpm(player->machine.mem), eptp,
	    config->ept_cap, config->ept_controls, config->maxphyaddr) == EPTP_VALID;
	return player->has_bare_ept;
}

static bool
build_ept_map(struct player *player, const struct scn_ept_map *map)
{
	struct ept_frames frames = frames_for_ept(&player->machine.frames);
	unsigned level = map->page == vk_level_size(1) ? 1 : map->page == vk_level_size(2) ? 2 : 3;
	uint64_t at;

	for (at = 0; at < map->size; at += map->page) {
		struct ept_edit edit = ept_map(&player->bare_ept, &frames, vk_gpa(map->gpa + at),
		    vk_hpa(map->hpa + at), level, map->bits & ~EPT_PS);

		if (edit.status != EPT_EDIT_DONE)
			return player_build_failed(player, map->src.mark,
			    "a range that the EPT can take", edit.status == EPT_EDIT_NO_FRAME ?
			    "no host memory left for tables" : "a larger page in the way");
	}
	return true;
}

static bool
build_ept_maps(struct player *player)
{
	const struct scn_host *host = &player->scenario->host;
	size_t i;

	for (i = 0; i < host->epts; i++) {
		if (host->ept[i].map != NULL && !build_ept_map(player, host->ept[i].map))
			return false;
	}
	return true;
}

uint64_t
player_changed_ept(const struct scn_ept_entry *entry, uint64_t before)
{
	switch (entry->form) {
	case SCN_ENTRY_EXACT:
		return entry->entry;
	case SCN_ENTRY_BITS:
		return (before | entry->set) & ~entry->clear;
	case SCN_ENTRY_FRAME:
		break;
	}
	return (entry->frame & VK_BITS(51, 12)) | entry->set;
}

static const struct ept *
ept_of(struct player *player, uint32_t host_space)
{
	if (host_space == SCN_NONE)
		return player->has_bare_ept ? &player->bare_ept : NULL;
	return player->process[host_space].has_ept ? &player->process[host_space].ept : NULL;
}

bool
player_ept_slot(struct player *player, const struct scn_ept_entry *entry, hpa_t *slot)
{
	const struct ept *ept = ept_of(player, entry->host_space);
	unsigned found;

	return ept != NULL && ept_find(ept, vk_gpa(entry->gpa), entry->level, slot, &found) &&
	    found == entry->level;
}

static bool
build_ept_entry(struct player *player, const struct scn_ept_entry *entry)
{
	struct ept_frames frames = frames_for_ept(&player->machine.frames);
	struct scn_ept_entry bare = *entry;
	hpa_t slot;

	bare.host_space = SCN_NONE; /* an item of host.ept belongs to no process */
	if (!player_ept_slot(player, &bare, &slot)) {
		struct ept_edit edit = ept_map(&player->bare_ept, &frames, vk_gpa(entry->gpa),
		    vk_hpa(0), entry->level, 0);

		if (edit.status != EPT_EDIT_DONE || !player_ept_slot(player, &bare, &slot))
			return player_build_failed(player, entry->src.mark,
			    "an entry that can be reached", "a larger page in the way");
	}
	hostmem_store(player->machine.mem, slot,
	    player_changed_ept(entry, hostmem_load(player->machine.mem, slot)));
	return true;
}

static bool
build_ept_entries(struct player *player)
{
	const struct scn_host *host = &player->scenario->host;
	size_t i;

	for (i = 0; i < host->epts; i++) {
		if (host->ept[i].entry != NULL && !build_ept_entry(player, host->ept[i].entry))
			return false;
	}
	return true;
}

/* The sub-page permission tables: an entry of levels 4 to 2 is a frame with bit 0 set. */
static bool
build_spp_vector(struct player *player, const struct scn_spp *spp)
{
	struct hostmem *mem = player->machine.mem;
	uint64_t table = player->spptp.v;
	unsigned level;

	for (level = 4; level > 1; level--) {
		hpa_t slot = vk_hpa(table + 8 * vk_level_index(spp->gpa, level));
		uint64_t entry = hostmem_load(mem, slot);
		hpa_t frame;

		if (entry == 0) {
			if (!frames_take(&player->machine.frames, &frame))
				return player_build_failed(player, spp->src.mark,
				    ROOM_FOR_TABLES, "none");
			entry = frame.v | 1;
			hostmem_store(mem, slot, entry);
		}
		table = entry & ~VK_PAGE_OFFSET_MASK;
	}
	hostmem_store(mem, vk_hpa(table + 8 * vk_level_index(spp->gpa, 1)), spp->vector);
	return true;
}

static bool
build_spp(struct player *player)
{
	const struct scn_host *host = &player->scenario->host;
	size_t i;

	if (host->spps != 0 && !frames_take(&player->machine.frames, &player->spptp))
		return player_build_failed(player, host->src.mark, ROOM_FOR_TABLES, "none");
	for (i = 0; i < host->spps; i++) {
		if (!build_spp_vector(player, &host->spp[i]))
			return false;
	}
	return true;
}

/* --- guest tables ----------------------------------------------------------------------------- */

struct table_pages {
	struct player *player;
	unsigned space;
};

static int
take_table_page(void *ctx, gpa_t *page)
{
	struct table_pages *pages = ctx;
	const struct scn_guest_space *space = &pages->player->scenario->guest.space[pages->space];
	uint64_t *next = &pages->player->tables_next[pages->space];

	if (*next >= space->tables_at + space->tables_size)
		return 0;
	*page = vk_gpa(*next);
	*next += VK_PAGE_BYTES;
	return 1;
}

static void
give_table_page(void *ctx, gpa_t page)
{
	struct table_pages *pages = ctx;

	pages->player->tables_next[pages->space] = page.v;
}

static struct guestpt
space_tables(struct player *player, unsigned index)
{
	const struct scn_guest_space *space = &player->scenario->guest.space[index];
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG | VK_CR0_WP, .cr3 = space->root };
	struct guestpt pt;

	mode.cr4 = space->levels == 5 ? VK_CR4_LA57 : 0;
	mode.efer = VK_EFER_NXE;
	mode.page1g = 1;
	mode.maxphyaddr = player->scenario->machine.maxphyaddr;
	guestpt_init(&pt, player_raw_memory(player, space->host_space), &mode);
	return pt;
}

static const char *
edit_problem(enum guestpt_edit_status status)
{
	static const char *const problems[] = {
		[GUESTPT_EDIT_DONE] = "",
		[GUESTPT_EDIT_NO_PAGE] = "no page left for a table: `tables` is too small",
		[GUESTPT_EDIT_NO_ENTRY] = "a larger page in the way",
		[GUESTPT_EDIT_REFUSED] = "nothing behind the guest-physical address of a table",
	};

	return problems[status];
}

static bool
build_guest_map(struct player *player, unsigned index, const struct scn_guest_map *map)
{
	struct guestpt pt = space_tables(player, index);
	struct table_pages source = { player, index };
	struct guestpt_pages pages = { take_table_page, give_table_page, &source };
	unsigned level = map->page == vk_level_size(1) ? 1 : map->page == vk_level_size(2) ? 2 : 3;
	uint64_t at;

	for (at = 0; at < map->size; at += map->page) {
		struct guestpt_edit edit = guestpt_map(&pt, &pages, vk_gva(map->gva + at),
		    vk_gpa(map->gpa + at), level, map->bits & ~(level > 1 ? VK_PG_PS : 0));

		if (edit.status != GUESTPT_EDIT_DONE)
			return player_build_failed(player, map->src.mark,
			    "a range that can be mapped", edit_problem(edit.status));
	}
	return true;
}

/* Rewrites every table page of the space in the layout of before 2013. */
static bool
convert_to_old_layout(struct player *player, unsigned index)
{
	const struct scn_guest_space *space = &player->scenario->guest.space[index];
	uint64_t page = space->root, entry, slot;

	for (;;) {
		for (slot = page; slot < page + VK_PAGE_BYTES; slot += 8) {
			if (!player_read(player, space->host_space, slot, &entry, 8))
				return false;
			entry = entry == 0 ? 0 : vpte_to_old(entry);
			if (!player_write(player, space->host_space, slot, &entry, 8))
				return false;
		}
		page = page == space->root ? space->tables_at : page + VK_PAGE_BYTES;
		if (page >= player->tables_next[index])
			return true;
	}
}

uint64_t
player_changed_entry(const struct scn_entry *entry, enum scn_layout layout, uint64_t before)
{
	uint64_t after = 0;

	switch (entry->form) {
	case SCN_ENTRY_EXACT:
		return entry->entry;
	case SCN_ENTRY_BITS:
		after = layout == SCN_LAYOUT_VPTE_OLD ? vpte_from_old(before) : before;
		after = (after | entry->set) & ~entry->clear;
		break;
	case SCN_ENTRY_FRAME:
		after = (entry->frame & VK_BITS(51, 12)) | entry->set;
		break;
	}
	return layout == SCN_LAYOUT_VPTE_OLD ? vpte_to_old(after) : after;
}

bool
player_entry_slot(struct player *player, const struct scn_entry *entry, gpa_t *slot,
    uint32_t *host_space)
{
	const struct scn_guest_space *space = &player->scenario->guest.space[entry->space];
	struct guestpt pt;
	unsigned found;

	*host_space = space->host_space;
	switch (entry->where) {
	case SCN_ENTRY_AT_TABLE:
		*slot = vk_gpa(entry->table + 8ull * entry->index);
		return true;
	case SCN_ENTRY_AT_GPA:
		*slot = vk_gpa(entry->at);
		return true;
	case SCN_ENTRY_AT_GVA:
		break;
	}
	pt = space_tables(player, entry->space);
	return guestpt_find(&pt, vk_gva(entry->gva), entry->level, slot, &found) ==
	    GUESTPT_EDIT_DONE && found == entry->level;
}

static bool
build_entry(struct player *player, unsigned index, const struct scn_entry *entry)
{
	enum scn_layout layout = player->scenario->guest.space[index].layout;
	struct table_pages source = { player, index };
	struct guestpt_pages pages = { take_table_page, give_table_page, &source };
	struct guestpt pt = space_tables(player, index);
	uint32_t host_space;
	uint64_t value = 0;
	gpa_t slot;

	if (!player_entry_slot(player, entry, &slot, &host_space)) {
		/* Tables above it are made as needed. */
		struct guestpt_edit edit = guestpt_map(&pt, &pages, vk_gva(entry->gva), vk_gpa(0),
		    entry->level, 0);

		if (edit.status != GUESTPT_EDIT_DONE ||
		    !player_entry_slot(player, entry, &slot, &host_space))
			return player_build_failed(player, entry->src.mark,
			    "an entry that can be reached",
			    edit_problem(edit.status == GUESTPT_EDIT_DONE ?
			    GUESTPT_EDIT_NO_ENTRY : edit.status));
	}
	if (!player_read(player, host_space, slot.v, &value, 8))
		return player_build_failed(player, entry->src.mark, "a table in memory",
		    edit_problem(GUESTPT_EDIT_REFUSED));
	value = player_changed_entry(entry, layout, value);
	return player_write(player, host_space, slot.v, &value, 8) ||
	    player_build_failed(player, entry->src.mark, "a table in memory",
	    edit_problem(GUESTPT_EDIT_REFUSED));
}

bool
player_build_space(struct player *player, unsigned index)
{
	const struct scn_guest_space *space = &player->scenario->guest.space[index];
	size_t i;

	player->tables_next[index] = space->tables_at;
	for (i = 0; i < space->maps; i++) {
		if (!build_guest_map(player, index, &space->map[i]))
			return false;
	}
	if (space->layout == SCN_LAYOUT_VPTE_OLD && !convert_to_old_layout(player, index))
		return player_build_failed(player, space->src.mark, "tables in memory",
		    edit_problem(GUESTPT_EDIT_REFUSED));
	for (i = 0; i < space->entries; i++) {
		if (!build_entry(player, index, &space->entry[i]))
			return false;
	}
	return true;
}

static bool
build_guest(struct player *player)
{
	const struct scn_guest *guest = &player->scenario->guest;
	size_t i;

	player->tables_next = calloc(guest->spaces + 1, sizeof(uint64_t));
	if (player->tables_next == NULL)
		return no_memory(player);
	for (i = 0; i < guest->memories; i++) {
		const struct scn_memory *memory = &guest->memory[i];
		unsigned char *bytes = content_bytes(&memory->content);
		bool written;

		if (bytes == NULL && memory->content.size != 0)
			return no_memory(player);
		written = player_write(player, memory->host_space, memory->at, bytes,
		    (size_t)memory->content.size);
		free(bytes);
		if (!written)
			return player_build_failed(player, memory->src.mark,
			    "guest-physical memory at this address", "nothing behind it");
	}
	for (i = 0; i < guest->spaces; i++) {
		if (!guest->space[i].deferred && !player_build_space(player, (unsigned)i))
			return false;
	}
	return true;
}

/* --- threads ---------------------------------------------------------------------------------- */

static bool
build_threads(struct player *player)
{
	const struct scenario *s = player->scenario;
	size_t i;

	player->thread = calloc(s->threads, sizeof(*player->thread));
	player->machine_thread = calloc(s->threads, sizeof(struct machine_thread *));
	if (player->thread == NULL || player->machine_thread == NULL)
		return no_memory(player);
	for (i = 0; i < s->threads; i++) {
		play_thread_init(&player->thread[i], player, (unsigned)i);
		player->machine_thread[i] = &player->thread[i].machine;
	}
	player->machine.thread = player->machine_thread;
	player->machine.threads = (unsigned)s->threads;
	return true;
}

static bool
has_migration(const struct scenario *s)
{
	size_t i, j;

	for (i = 0; i < s->threads; i++) {
		for (j = 0; j < s->thread[i].steps; j++) {
			const struct scn_step *step = &s->thread[i].step[j];

			if (step->op == SCN_OP_MIGRATE || (step->op == SCN_OP_SYSCALL &&
			    scn_has(&step->src, SCN_KEY_CPU)))
				return true;
		}
	}
	return false;
}

bool
player_build(struct player *player)
{
	struct machine_config config = config_of(player);

	if (!machine_init(&player->machine, &config, first_free_frame(player->scenario)))
		return no_memory(player);
	defects_init(&player->defects, &player->machine, player->scenario->defects);
	player->judges = play_is_always(player, SCN_ALWAYS_NO_REVOKED_USE) ||
	    play_expects_stale(player->scenario);
	if (!build_host(player) || !build_ept_root(player) || !build_ept_maps(player) ||
	    !build_guest(player) || !build_ept_entries(player) || !build_spp(player) ||
	    !build_threads(player) || !player_build_programs(player))
		return false;
	player->migrates = has_migration(player->scenario);
	player->machine.undefined = expect_defined;
	player->machine.undefined_ctx = player;
	player_name_tables(player);
	/* What building cost is not the run's. */
	memset(&player->machine.count, 0, sizeof(player->machine.count));
	return true;
}

void
player_free(struct player *player)
{
	const struct scenario *s = player->scenario;
	size_t i;

	for (i = 0; player->thread != NULL && i < s->threads; i++)
		play_thread_free(&player->thread[i]);
	sched_destroy(player->machine.sched);
	player_free_programs(player);
	for (i = 0; player->process != NULL && i < s->host.spaces; i++)
		machine_process_free(&player->process[i]);
	for (i = 0; player->object != NULL && i < s->host.objects; i++)
		vm_object_release(player->object[i]);
	free(player->thread);
	free(player->machine_thread);
	free(player->process);
	free(player->object);
	free(player->tables_next);
	machine_free(&player->machine);
}
