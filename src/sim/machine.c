/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's parts, and host processes: their memory, their page faults, their EPT.
 */
#include "sim/machine.h"

#include <stdlib.h>
#include <string.h>

#include "ept/memtype.h"
#include "sim/grow.h"
#include "sim/watch.h"

/* --- events -------------------------------------------------------------------------------- */

static void
count_event(struct machine_counters *count, const struct event *event)
{
	switch (event->kind) {
	case EVENT_ENTER:
		count->entries++;
		break;
	case EVENT_EXIT:
		count->exits++;
		count->ept_violations += (event->exit.reason & 0xffff) == VMX_EXIT_EPT_VIOLATION;
		break;
	case EVENT_ACCESS:
		count->page_faults += event->outcome == EVENT_PAGE_FAULT;
		count->walks += !event->cached;
		break;
	case EVENT_FAULT:
		count->vm_faults += event->fault != EVENT_FAULT_REFUSED;
		count->cow_copies += event->fault == EVENT_FAULT_COPY;
		break;
	case EVENT_TABLE_READ:
		count->guest_reads += event->side == EVENT_GUEST;
		count->ept_reads += event->side == EVENT_EPT;
		break;
	case EVENT_FLAGS:
		count->ad_updates++;
		break;
	case EVENT_INVALIDATE:
		count->tlb_flushes++;
		break;
	case EVENT_COPY:
		count->copies++;
		break;
	default:
		break;
	}
}

void
machine_emit(struct machine *machine, struct event *event)
{
	count_event(&machine->count, event);
	if (machine->sink == NULL)
		return;
	event->thread = -1;
	event->step = -1;
	if (machine->sched != NULL && machine->threads > 0) {
		const struct machine_thread *thread =
		    machine->thread[sched_current(machine->sched)];

		event->thread = (int)thread->index;
		event->step = thread->vcpu.step;
	}
	machine->sink(machine->sink_ctx, event);
}

/* What a vCPU tells about its accesses comes in here. */
static void
vcpu_sink(void *ctx, const struct event *event)
{
	struct machine *machine = ctx;

	count_event(&machine->count, event);
	if (machine->sink != NULL)
		machine->sink(machine->sink_ctx, event);
}

/* --- machine ------------------------------------------------------------------------------- */

bool
machine_init(struct machine *machine, const struct machine_config *config, uint64_t first_free)
{
	memset(machine, 0, sizeof(*machine));
	machine->config = *config;
	machine->own_ops = machine_vmm_ops;
	if (config->protocol != NULL)
		machine->own_ops.protocol = config->protocol;
	machine->vmm_ops = &machine->own_ops;
	machine->mem = hostmem_create(config->memory, config->frame_limit);
	if (machine->mem == NULL)
		return false;
	frames_init(&machine->frames, machine->mem, vk_hpa(first_free), vk_hpa(config->memory));
	return machine_add_tlbs(machine);
}

void
machine_free(struct machine *machine)
{
	unsigned i;

	for (i = 0; i < MACHINE_CPUS_MAX; i++)
		tlb_destroy(machine->cpu[i].tlb);
	table_log_destroy(machine->log);
	vm_objects_free(&machine->frames);
	hostmem_destroy(machine->mem);
	memset(machine, 0, sizeof(*machine));
}

void
machine_thread_init(struct machine_thread *thread, struct machine *machine, unsigned index,
    unsigned cpu)
{
	memset(thread, 0, sizeof(*thread));
	thread->machine = machine;
	thread->index = index;
	thread->cpu = thread->next_cpu = cpu;
	thread->vmcs_cpu = VMM_NO_CPU;
	thread->vmm.last_cpu = VMM_NO_CPU;
	thread->vcpu.mem = machine->mem;
	thread->vcpu.tlb = machine->cpu[cpu].tlb;
	thread->vcpu.thread = (int)index;
	thread->vcpu.step = -1;
	thread->vcpu.vpid_on = machine->config.vpid;
	thread->vcpu.vpid = (uint16_t)(index + 1);
	thread->vcpu.pat = PAT_RESET;
	thread->vcpu.sink = vcpu_sink;
	thread->vcpu.sink_ctx = machine;
	thread->vcpu.choose = machine_choose;
	thread->vcpu.choose_ctx = machine;
}

/* --- processes ------------------------------------------------------------------------------ */

static bool
remember_mapped(struct machine_process *process, uint64_t page)
{
	size_t i;

	for (i = 0; i < process->mapped_count; i++) {
		if (process->mapped[i] == page)
			return true;
	}
	if (!array_grow((void **)&process->mapped, &process->mapped_room, process->mapped_count, 16,
	    sizeof(*process->mapped))) {
		hostmem_fail(process->machine->mem);
		return false;
	}
	process->mapped[process->mapped_count++] = page;
	return true;
}

/*
 * Shuts the gate for a change of the EPT, unless the thread that runs has done so already.  Returns
 * the thread that is to open it again, or NULL.
 */
static struct machine_thread *
stop_guests(struct machine_process *process)
{
	struct machine *machine = process->machine;
	struct machine_thread *thread;
	unsigned whole;

	if (machine->sched == NULL || !vk_atomic_load64(&process->vmm.ready))
		return NULL;
	thread = machine->thread[sched_current(machine->sched)];
	if (thread->syncing)
		return NULL;
	whole = watch_whole_leave();
	machine->vmm_ops->protocol->ept_begin(&process->vmm, machine->vmm_ops, thread);
	watch_whole_rejoin(whole);
	return thread;
}

static void
emit_edit(struct machine_process *process, uint64_t gpa, uint64_t before, uint64_t after)
{
	struct event event = { .kind = EVENT_EDIT, .side = EVENT_EPT, .level = 1 };

	event.address = gpa;
	event.before = before;
	event.value = after;
	machine_emit(process->machine, &event);
}

void
machine_process_revoke(void *ctx, uint64_t start, uint64_t end, bool take_all)
{
	struct machine_process *process = ctx;
	const struct vmm_host_ops *ops = process->machine->vmm_ops;
	struct machine_thread *stopped = NULL;
	size_t i = 0;
	bool any = false;

	(void)take_all; /* removal is always enough: what is still allowed is faulted in again */
	while (process->has_ept && i < process->mapped_count) {
		struct ept_edit edit;

		if (process->mapped[i] < start || process->mapped[i] >= end) {
			i++;
			continue;
		}
		if (!any) {
			/* Others ran while we waited for the gate: the list may have changed. */
			stopped = stop_guests(process);
			any = true;
			watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ);
			i = 0;
			continue;
		}
		watch_whole(true);
		watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
		edit = ept_unmap(&process->ept, vk_gpa(process->mapped[i]));
		emit_edit(process, process->mapped[i], edit.before, 0);
		process->mapped[i] = process->mapped[--process->mapped_count];
		watch_whole(false);
	}
	if (stopped != NULL) {
		unsigned whole = watch_whole_leave();

		ops->protocol->ept_end(&process->vmm, ops, stopped);
		watch_whole_rejoin(whole);
	}
}

bool
machine_process_init(struct machine_process *process, struct machine *machine)
{
	memset(process, 0, sizeof(*process));
	process->machine = machine;
	process->map = vmspace_create(&machine->frames);
	if (process->map == NULL)
		return false;
	vmspace_set_revoke(process->map, machine_process_revoke, process);
	return true;
}

void
machine_process_free(struct machine_process *process)
{
	vmspace_destroy(process->map);
	free(process->mapped);
	memset(process, 0, sizeof(*process));
}

static int
compare_pages(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void
machine_process_state(const struct machine_process *process, const struct watch_sink *sink)
{
	vmspace_state(process->map, sink);
	watch_put64(sink, (uint64_t)process->has_ept | (uint64_t)process->threads << 1 |
	    (uint64_t)process->ept_frees << 32);
	if (!process->has_ept)
		return;
	watch_put64(sink, process->ept.eptp);
	/* The order in which pages came in is of no matter. */
	if (process->mapped_count != 0)
		qsort(process->mapped, process->mapped_count, sizeof(process->mapped[0]),
		    compare_pages);
	watch_put(sink, process->mapped, process->mapped_count * sizeof(process->mapped[0]));
}

static struct vm_fault
fault_page(struct machine_process *process, gpa_t gpa, unsigned acc)
{
	struct event event = { .kind = EVENT_FAULT, .acc = acc };
	struct vm_fault fault;

	watch_whole(true);
	fault = vmspace_fault(process->map, gpa.v, acc);
	watch_whole(false);
	event.address = gpa.v;
	event.fault = fault.status == VM_FAULT_OK ? fault.kind : EVENT_FAULT_REFUSED;
	event.gpa = fault.frame.v;
	machine_emit(process->machine, &event);
	return fault;
}

/* The rights of the page in the EPT; 0 when no well-formed entry could give any. */
static uint64_t
ept_rights_for(const struct machine_process *process, const struct vm_fault *fault, unsigned acc)
{
	uint64_t rights = 0;

	if (fault->readable)
		rights |= EPT_R;
	/* Without dirty flags in the EPT, a page is writable only once it was written. */
	if (fault->writable && fault->readable && (process->ept.ad || (acc & VK_ACC_W)))
		rights |= EPT_W;
	if (fault->executable &&
	    (fault->readable || (process->ept.cap & EPT_CAP_EXEC_ONLY)))
		rights |= process->ept.exec;
	return rights;
}

/*
 * Whether the EPT has the page in that frame already, as another vCPU may have left it; its rights
 * are added to *rights.
 */
static bool
is_mapped_to(const struct machine_process *process, gpa_t page, hpa_t frame, uint64_t *rights)
{
	const struct ept *ept = &process->ept;
	uint64_t entry;
	unsigned level;
	hpa_t slot;

	if (!ept_find(ept, page, 1, &slot, &level))
		return false;
	entry = hostmem_load(process->machine->mem, slot);
	if (!ept_is_present(ept, entry) ||
	    (entry & vk_frame_mask(ept->maxphyaddr, VK_PAGE_SHIFT)) != frame.v)
		return false;
	*rights |= entry & ept->present;
	return true;
}

/* Gives the page those rights in the EPT, and takes nothing from an entry that is there. */
static bool
enter_page(struct machine_process *process, gpa_t page, hpa_t frame, uint64_t rights)
{
	struct ept_frames frames = frames_for_ept(&process->machine->frames);
	uint64_t after = frame.v | ((uint64_t)MEMTYPE_WB << EPT_MEMTYPE_SHIFT) | EPT_IPAT;
	struct ept_edit edit;
	bool mapped;

	watch_whole(true);
	watch_touch(watch_cell_of(WATCH_HOST, 0), WATCH_READ | WATCH_WRITE);
	if (is_mapped_to(process, page, frame, &rights)) {
		edit = ept_protect(&process->ept, page, rights);
		after = (edit.before & ~process->ept.present) | rights;
	} else {
		after |= rights;
		edit = ept_map(&process->ept, &frames, page, frame, 1, after & ~frame.v);
	}
	mapped = edit.status == EPT_EDIT_DONE && remember_mapped(process, page.v);
	watch_whole(false);
	if (mapped && edit.before != after)
		emit_edit(process, page.v, edit.before, after);
	return mapped;
}

static int
resolve_fault(struct machine_process *process, gpa_t gpa, unsigned acc)
{
	gpa_t page = vk_gpa(gpa.v & ~VK_PAGE_OFFSET_MASK);
	struct vm_fault fault = fault_page(process, gpa, acc);
	uint64_t rights;

	if (fault.status != VM_FAULT_OK)
		return 0;
	rights = ept_rights_for(process, &fault, acc);
	/* The right that was asked for must be one that the entry can give. */
	if ((rights & acc & (VK_ACC_R | VK_ACC_W)) != (acc & (VK_ACC_R | VK_ACC_W)) ||
	    ((acc & VK_ACC_X) && !(rights & process->ept.exec)))
		return 0;
	/* The map has revoked what it took back: nothing is owed for what is added here. */
	return enter_page(process, page, fault.frame, rights);
}

/* What the map allows cannot change before it is in the EPT: a kernel holds the map's lock. */
int
machine_process_fault(struct machine_process *process, gpa_t gpa, unsigned acc)
{
	int resolved;

	watch_whole(true);
	resolved = resolve_fault(process, gpa, acc);
	watch_whole(false);
	return resolved;
}

/* --- a process' memory as the host kernel reaches it ---------------------------------------- */

static int
user_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct machine_process *process = ((struct machine_user *)ctx)->process;
	struct vm_fault fault = fault_page(process, slot, VK_ACC_R);

	if (fault.status != VM_FAULT_OK)
		return 0;
	*entry = hostmem_load(process->machine->mem,
	    vk_hpa(fault.frame.v | (slot.v & VK_PAGE_OFFSET_MASK)));
	return 1;
}

static enum cas_status
user_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct machine_process *process = ((struct machine_user *)ctx)->process;
	struct vm_fault fault = fault_page(process, slot, VK_ACC_W);
	struct hpm hpm = hostmem_hpm(process->machine->mem);

	if (fault.status != VM_FAULT_OK)
		return CAS_REFUSED;
	return hpm.ops->cas(hpm.ctx, vk_hpa(fault.frame.v | (slot.v & VK_PAGE_OFFSET_MASK)), old,
	    new_value);
}

/* From here on the page is read or written by its pointer. */
static void
begin_touch(struct machine_user *user)
{
	if (user->how & WATCH_WRITE)
		user->loan = hostmem_lend(user->process->machine->mem, user->frame);
	watch_frame(user->frame.v, user->how);
}

static void
end_touch(struct machine_user *user)
{
	watch_frame(0, 0);
	hostmem_return(user->process->machine->mem, user->loan);
	user->loan = NULL;
}

static void *
user_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	struct machine_user *user = ctx;
	struct vm_fault fault;
	unsigned char *frame;

	*cookie = user;
	if (user->holds) /* two pages at once: a kernel could sleep for ever here */
		return NULL;
	fault = fault_page(user->process, gpa, acc & VK_ACC_W ? VK_ACC_W : VK_ACC_R);
	if (fault.status != VM_FAULT_OK)
		return NULL;
	frame = hostmem_frame(user->process->machine->mem, fault.frame);
	if (frame == NULL)
		return NULL;
	user->holds = true;
	user->frame = fault.frame;
	user->how = acc & VK_ACC_W ? WATCH_READ | WATCH_WRITE : WATCH_READ;
	if (user->gate.ops == NULL)
		begin_touch(user);
	return frame + (gpa.v & VK_PAGE_OFFSET_MASK);
}

static void
user_release(void *ctx, void *cookie)
{
	struct machine_user *user = ctx;

	(void)cookie;
	if (user->gate.ops == NULL)
		end_touch(user);
	user->holds = false;
}

static const struct gpm_ops user_memory_ops = { user_load, user_cas, user_hold, user_release };

void
machine_user_init(struct machine_user *user, struct machine_process *process)
{
	*user = (struct machine_user){ .process = process };
}

struct gpm
machine_user_memory(struct machine_user *user)
{
	struct gpm memory = { &user_memory_ops, user };

	return memory;
}

static uint64_t
user_look(void *ctx)
{
	struct machine_user *user = ctx;

	return user->gate.ops->look(user->gate.ctx);
}

/* With a guard the page is touched inside it, and nobody else runs there. */
static int
user_enter(void *ctx, uint64_t seen)
{
	struct machine_user *user = ctx;

	if (!user->gate.ops->enter(user->gate.ctx, seen))
		return 0;
	begin_touch(user);
	return 1;
}

static void
user_leave(void *ctx)
{
	struct machine_user *user = ctx;

	end_touch(user);
	user->gate.ops->leave(user->gate.ctx);
}

static const struct vk_guard_ops user_guard_ops = { user_look, user_enter, user_leave };

struct vk_guard
machine_user_guard(struct machine_user *user)
{
	struct vk_guard guard = { &user_guard_ops, user };

	user->gate = vmm_copy_guard(&user->process->vmm);
	return guard;
}
