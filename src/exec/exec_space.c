/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages and tables of a program, as its vkernel handles them.
 *
 * The vkernel's part runs here as the host's code, over guest memory as the host reaches it; its
 * own instructions are not executed.  An entry that loses all rights keeps its frame while it is
 * not present, as the memory of what belongs there.
 */
#include "exec/exec_space.h"

#include <stdlib.h>
#include <string.h>

#include "guestpt/guestpt_edit.h"
#include "guestpt/pmap_inval.h"

#define LARGE_SHIFT 21
#define LARGE_SIZE (1ull << LARGE_SHIFT)

/* --- pages ------------------------------------------------------------------------------------ */

/* A page of the vkernel's memory; *fresh: nobody has written to it yet. */
static bool
take_page(struct exec_space *space, gpa_t *page, bool *fresh)
{
	*fresh = space->spares == 0;
	if (space->spares > 0) {
		*page = vk_gpa(space->spare[--space->spares]);
		return true;
	}
	if (space->ram_next == space->ram_end)
		return false;
	*page = vk_gpa(space->ram_next);
	space->ram_next += EXEC_PAGE;
	return true;
}

/* Room for one more was made before: a page can always be given back. */
static void
give_page(struct exec_space *space, gpa_t page)
{
	space->spare[space->spares++] = page.v;
}

/* Room for all pages that are out. */
static bool
make_room(struct exec_space *space)
{
	size_t out = (size_t)((space->ram_next - space->ram_start) / EXEC_PAGE) + 1;
	uint64_t *bigger;

	if (out <= space->room)
		return true;
	bigger = realloc(space->spare, 2 * out * sizeof(*bigger));
	if (bigger == NULL) {
		space->map.failed = true;
		return false;
	}
	space->spare = bigger;
	space->room = 2 * out;
	return true;
}

/* What a page holds when it first comes in: zeroes, and bytes of the file among them. */
static bool
fill_page(struct exec_space *space, const struct exec_area *area, uint64_t address, gpa_t page,
    bool fresh)
{
	uint64_t start = address & ~(uint64_t)VK_PAGE_OFFSET_MASK, end = start + EXEC_PAGE;
	uint64_t from = area->file_start, to = area->file_start + area->file_size;
	struct machine_user user;
	struct gpm memory;
	unsigned char *bytes;
	void *cookie;

	if (from < start)
		from = start;
	if (to > end)
		to = end;
	if (fresh && from >= to)
		return true;
	machine_user_init(&user, space->process);
	memory = machine_user_memory(&user);
	bytes = memory.ops->hold(memory.ctx, page, VK_ACC_W, &cookie);
	if (bytes == NULL)
		return false;
	if (!fresh)
		memset(bytes, 0, EXEC_PAGE);
	if (from < to)
		memcpy(bytes + (from - start),
		    space->file + area->file_offset + (from - area->file_start), to - from);
	memory.ops->release(memory.ctx, cookie);
	return true;
}

/* --- entries ---------------------------------------------------------------------------------- */

/* The tables through the vkernel's own access to its memory. */
struct tables {
	struct machine_user user;
	struct guestpt pt;
};

static void
tables_init(struct exec_space *space, struct tables *tables)
{
	machine_user_init(&tables->user, space->process);
	guestpt_init(&tables->pt, machine_user_memory(&tables->user), &space->mode);
}

static int
take_table(void *ctx, gpa_t *page)
{
	static const struct exec_area zeroes;
	struct exec_space *space = ctx;
	bool fresh;

	return make_room(space) && take_page(space, page, &fresh) &&
	    fill_page(space, &zeroes, 0, *page, fresh);
}

static void
give_table(void *ctx, gpa_t page)
{
	give_page(ctx, page);
}

static void
emit_edit(struct exec_space *space, gpa_t slot, uint64_t before, uint64_t after)
{
	struct event event = { .kind = EVENT_EDIT, .side = EVENT_GUEST, .level = 1 };

	event.slot = slot.v;
	event.before = before;
	event.value = after;
	machine_emit(space->process->machine, &event);
}

/*
 * Where the entry of an address is and what it holds; false: there is no table, and *level tells
 * whose entry misses it.
 */
static bool
find_entry(struct tables *tables, uint64_t address, gpa_t *slot, uint64_t *entry, unsigned *level)
{
	const struct gpm *memory = &tables->pt.mem;

	return guestpt_find(&tables->pt, vk_gva(address), 1, slot, level) ==
	    GUESTPT_EDIT_DONE && *level == 1 && memory->ops->load(memory->ctx, *slot, entry);
}

static uint64_t
flags_of(const struct exec_space *space, unsigned prot)
{
	uint64_t flags = VK_PG_P | VK_PG_US;

	if (prot == 0)
		return 0;
	if (prot & EXEC_W)
		flags |= VK_PG_RW;
	if (!(prot & EXEC_X) && (space->mode.efer & VK_EFER_NXE))
		flags |= VK_PG_XD;
	return flags;
}

/* Enters a page where none is present, or adds rights to it: nothing is owed to anybody. */
static bool
enter_page(struct exec_space *space, struct tables *tables, uint64_t address, gpa_t page,
    unsigned prot)
{
	struct guestpt_pages pages = { take_table, give_table, space };
	uint64_t flags = flags_of(space, prot), now;
	struct guestpt_edit edit;
	unsigned level;
	gpa_t slot;

	edit = guestpt_map(&tables->pt, &pages, vk_gva(address), page, 1, flags);
	if (edit.status != GUESTPT_EDIT_DONE)
		return false;
	if (find_entry(tables, address, &slot, &now, &level))
		emit_edit(space, slot, edit.before, now);
	return true;
}

/* --- faults ----------------------------------------------------------------------------------- */

static bool
is_allowed(unsigned prot, unsigned acc)
{
	if ((acc & VK_ACC_W) && !(prot & EXEC_W))
		return false;
	return (acc & VK_ACC_X) ? (prot & EXEC_X) != 0 : prot != 0;
}

enum exec_fault
exec_space_fault(struct exec_space *space, uint64_t address, unsigned acc)
{
	const struct exec_area *area = exec_map_find(&space->map, address);
	uint64_t mask = vk_frame_mask(space->mode.maxphyaddr, VK_PAGE_SHIFT), entry = 0;
	struct tables tables;
	gpa_t slot, page;
	unsigned level;
	bool fresh;

	if (area == NULL)
		return EXEC_FAULT_NO_AREA;
	if (!is_allowed(area->prot, acc))
		return EXEC_FAULT_RIGHTS;
	tables_init(space, &tables);
	if (!find_entry(&tables, address, &slot, &entry, &level))
		entry = 0;
	page = vk_gpa(entry & mask);
	if (page.v == 0 && (!make_room(space) || !take_page(space, &page, &fresh) ||
	    !fill_page(space, area, address, page, fresh)))
		return EXEC_FAULT_NO_MEMORY;
	if (!enter_page(space, &tables, address, page, area->prot))
		return EXEC_FAULT_NO_MEMORY;
	space->faults++;
	return EXEC_FAULT_SERVED;
}

/* --- what is taken away ----------------------------------------------------------------------- */

/* What the invalidating routines of the core work on. */
struct change {
	struct exec_space *space;
	struct machine_thread *thread;
	struct tables tables;
};

static int
change_load(void *ctx, gpa_t slot, uint64_t *value)
{
	struct change *change = ctx;
	const struct gpm *memory = &change->tables.pt.mem;

	return memory->ops->load(memory->ctx, slot, value);
}

static int
change_swap(void *ctx, gpa_t slot, uint64_t value, uint64_t *old)
{
	struct change *change = ctx;
	const struct gpm *memory = &change->tables.pt.mem;
	enum cas_status status;

	do {
		if (!change_load(ctx, slot, old))
			return 0;
		status = memory->ops->cas(memory->ctx, slot, *old, value);
	} while (status == CAS_LOST);
	if (status == CAS_DONE)
		emit_edit(change->space, slot, *old, value);
	return status == CAS_DONE;
}

/* The exit that brought us here, and the entry to come, flush a vCPU without VPID; with one: */
static void
change_flush_self(void *ctx, gva_t gva)
{
	struct vcpu *vcpu = &((struct change *)ctx)->thread->vcpu;

	if (vcpu->vpid_on && vcpu_invvpid(vcpu, 0, vcpu->vpid, gva))
		((struct change *)ctx)->thread->machine->count.invvpids++;
}

static int
change_sync(void *ctx, gpa_t slot, uint64_t value, uint64_t *old)
{
	struct machine_thread *thread = ((struct change *)ctx)->thread;
	const struct vmm_host_ops *ops = thread->machine->vmm_ops;
	int swapped;

	ops->protocol->sync_begin(&thread->process->vmm, ops, thread);
	thread->syncing = true;
	swapped = change_swap(ctx, slot, value, old);
	thread->syncing = false;
	ops->protocol->sync_end(&thread->process->vmm, ops, thread);
	return swapped;
}

static int
change_active_elsewhere(void *ctx)
{
	return ((struct change *)ctx)->space->vcpus > 1;
}

static const struct pmap_inval_ops change_ops = {
	change_swap,
	change_load,
	change_flush_self,
	change_sync,
	change_active_elsewhere,
};

/* What becomes of one page's entry; false: the tables could not be reached. */
typedef bool (*change_page)(struct change *change, uint64_t address, gpa_t slot, unsigned prot);

/* Takes the page out and gives it back. */
static bool
drop_page(struct change *change, uint64_t address, gpa_t slot, unsigned prot)
{
	struct pmap_inval pi = { &change_ops, change };
	struct exec_space *space = change->space;
	uint64_t old;

	(void)prot;
	if (!pmap_inval_pte(&pi, slot, vk_gva(address), &old))
		return false;
	give_page(space, vk_gpa(old & vk_frame_mask(space->mode.maxphyaddr, VK_PAGE_SHIFT)));
	return true;
}

/* Takes the page out and puts it back with other rights; without any it stays where it was. */
static bool
protect_page(struct change *change, uint64_t address, gpa_t slot, unsigned prot)
{
	struct pmap_inval pi = { &change_ops, change };
	struct exec_space *space = change->space;
	uint64_t mask = vk_frame_mask(space->mode.maxphyaddr, VK_PAGE_SHIFT), old, nothing;

	if (!pmap_load_and_clear_pte(&pi, slot, vk_gva(address), &old))
		return false;
	/* Accessed and dirty flags are the vkernel's to keep. */
	return change_swap(change, slot, (old & (mask | VK_PG_A | VK_PG_D)) |
	    flags_of(space, prot), &nothing);
}

/* Calls for each page of [start, end) that has one; where there is no table, none has. */
static bool
for_each_page(struct exec_space *space, struct machine_thread *thread, uint64_t start,
    uint64_t end, change_page f, unsigned prot)
{
	struct change change = { .space = space, .thread = thread };
	uint64_t at = start, entry;
	unsigned level;
	gpa_t slot;

	tables_init(space, &change.tables);
	while (at < end) {
		if (!find_entry(&change.tables, at, &slot, &entry, &level)) {
			/* All that this entry would have led to. */
			at = (at | (vk_level_size(level) - 1)) + 1;
			continue;
		}
		if (entry != 0 && !f(&change, at, slot, prot))
			return false;
		at += EXEC_PAGE;
	}
	return true;
}

static uint64_t
bytes_mapped(const struct exec_map *map)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < map->areas; i++)
		bytes += map->area[i].end - map->area[i].start;
	return bytes;
}

enum exec_map_status
exec_space_add(struct exec_space *space, const struct exec_area *area)
{
	enum exec_map_status status;

	if (area->end - area->start > EXEC_MAPPED_MAX - space->mapped)
		return EXEC_MAP_NO_MEMORY;
	status = exec_map_add(&space->map, area);
	if (status == EXEC_MAP_DONE)
		space->mapped += area->end - area->start;
	return status;
}

enum exec_map_status
exec_space_unmap(struct exec_space *space, struct machine_thread *thread, uint64_t start,
    uint64_t end)
{
	enum exec_map_status status = exec_map_remove(&space->map, start, end);

	if (status != EXEC_MAP_DONE)
		return status;
	space->mapped = bytes_mapped(&space->map);
	return for_each_page(space, thread, start, end, drop_page, 0) ? EXEC_MAP_DONE :
	    EXEC_MAP_NO_MEMORY;
}

enum exec_map_status
exec_space_protect(struct exec_space *space, struct machine_thread *thread, uint64_t start,
    uint64_t end, unsigned prot)
{
	enum exec_map_status status = exec_map_protect(&space->map, start, end, prot);

	if (status == EXEC_MAP_NO_MEMORY)
		return status;
	if (!for_each_page(space, thread, start, end, protect_page, prot))
		return EXEC_MAP_NO_MEMORY;
	return status;
}

/* --- the space -------------------------------------------------------------------------------- */

/* The vkernel's memory in the upper half, in large pages, for the supervisor only. */
static bool
map_kernel(struct exec_space *space)
{
	struct guestpt_pages pages = { take_table, give_table, space };
	uint64_t start = space->ram_start & ~(LARGE_SIZE - 1), at;
	struct tables tables;

	tables_init(space, &tables);
	for (at = start; at < space->ram_end; at += LARGE_SIZE) {
		struct guestpt_edit edit = guestpt_map(&tables.pt, &pages,
		    vk_gva(EXEC_KERNEL_BASE + at), vk_gpa(at), 2, VK_PG_P | VK_PG_RW);

		if (edit.status != GUESTPT_EDIT_DONE)
			return false;
	}
	return true;
}

bool
exec_space_init(struct exec_space *space, struct machine_process *process,
    const struct guestpt_mode *mode, uint64_t ram_start, uint64_t ram_end)
{
	gpa_t root;

	memset(space, 0, sizeof(*space));
	space->process = process;
	space->mode = *mode;
	space->ram_start = space->ram_next = ram_start;
	space->ram_end = ram_end;
	if (!take_table(space, &root))
		return false;
	space->mode.cr3 = root.v;
	return map_kernel(space);
}

void
exec_space_free(struct exec_space *space)
{
	exec_map_free(&space->map);
	free(space->spare);
	memset(space, 0, sizeof(*space));
}

void
exec_space_user(struct exec_space *space, struct machine_user *user, struct vk_us *us)
{
	machine_user_init(user, space->process);
	vk_us_init_ept(us, machine_user_memory(user), &space->mode, vk_gva(EXEC_USER_END));
	us->guard = machine_user_guard(user);
}
