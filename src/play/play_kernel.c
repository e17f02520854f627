/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the host kernel does: system calls, the VMM's calls, the memory map, edits of tables; and
 * the vkernel's routines over its page tables, which are the core's too.
 */
#include <stdlib.h>
#include <string.h>

#include "guestpt/pmap_inval.h"
#include "play/player.h"
#include "sim/watch.h"

typedef void (*kernel_fn)(struct play_thread *thread, const struct scn_step *step);

/* DragonFly's numbers of the system calls that a vkernel's program makes here. */
#define SYS_EXIT 1
#define SYS_WRITE 4
#define SYS_VMM_GUEST_SYNC_ADDR 535

static struct machine_process *
process_of(struct play_thread *thread, uint32_t host_space)
{
	return host_space == SCN_NONE ? NULL : &thread->player->process[host_space];
}

static void
emit_call(struct play_thread *thread, const char *name, const char *result)
{
	struct event event = { .kind = EVENT_CALL, .name = name, .result = result };

	machine_emit(&thread->player->machine, &event);
}

static size_t
clip(uint64_t size)
{
	return size > PLAYER_BYTES_MAX ? PLAYER_BYTES_MAX : (size_t)size;
}

/* --- console ---------------------------------------------------------------------------------- */

#define CONSOLE_MAX (1u << 20)

bool
player_console(struct player *player, const unsigned char *bytes, size_t size)
{
	struct play_outcome *outcome = player->outcome;

	watch_touch(watch_cell_of(WATCH_CONSOLE, 0), WATCH_READ | WATCH_WRITE);
	if (size > CONSOLE_MAX - outcome->console_size)
		return false;
	if (outcome->console_size + size > player->console_room) {
		size_t room = 2 * (outcome->console_size + size);
		unsigned char *bigger = realloc(outcome->console, room);

		if (bigger == NULL) {
			player->status = PLAY_NO_MEMORY;
			return false;
		}
		outcome->console = bigger;
		player->console_room = room;
	}
	memcpy(outcome->console + outcome->console_size, bytes, size);
	outcome->console_size += size;
	return true;
}

static bool
console_write(struct play_thread *thread, const unsigned char *bytes, size_t size)
{
	struct event event = { .kind = EVENT_CONSOLE, .bytes = bytes, .size = size };

	if (!player_console(thread->player, bytes, size))
		return false;
	machine_emit(&thread->player->machine, &event);
	return true;
}

/* write(2) of any length, by pieces that copyin moves. */
static void
sys_write(struct play_thread *thread, const struct scn_step *step)
{
	struct step_result *result = &thread->result;
	uint64_t at = step->arg_count > 1 ? step->args[1] : 0;
	uint64_t left = step->arg_count > 2 ? step->args[2] : 0;
	struct scn_step copy = *step;
	struct play_user user;
	size_t total = 0;
	int error = VK_OK;

	play_user_init(&user, thread, &thread->result);
	copy.op = SCN_OP_COPYIN;
	if (left != 0 && (at + left - 1 < at || at + left - 1 >= user.us.end.v))
		error = VK_EFAULT;
	while (error == VK_OK && left != 0) {
		size_t done = 0, size = clip(left);

		if (!result_room(thread, size))
			return;
		copy.at = at;
		play_user_init(&user, thread, &thread->result);
		play_user_guard(&user, &thread->player->defects);
		error = vk_copyin(&user.us, vk_gva(at), result->bytes, size, &done);
		play_copy_ended(thread, &copy, &user, error, size, done);
		if (error != VK_OK || !console_write(thread, result->bytes, done))
			break;
		at += done;
		left -= done;
		total += done;
	}
	result_outcome(result, error == VK_OK ? SCN_OUTCOME_OK : SCN_OUTCOME_EFAULT);
	result_value(result, total);
	emit_call(thread, "write", error == VK_OK ? "ok" : "EFAULT");
}

/* --- the VMM's calls -------------------------------------------------------------------------- */

static const enum scn_outcome vmm_outcomes[] = {
	[VMM_OK] = SCN_OUTCOME_OK,
	[VMM_NO_RECORD] = SCN_OUTCOME_NO_RECORD,
	[VMM_SECOND_MASTER] = SCN_OUTCOME_SECOND_MASTER,
	[VMM_IS_VCPU] = SCN_OUTCOME_IS_VCPU,
	[VMM_NOT_ALONE] = SCN_OUTCOME_NOT_ALONE,
	[VMM_BAD_ROOT] = SCN_OUTCOME_BAD_ROOT,
	[VMM_BAD_CR3] = SCN_OUTCOME_BAD_CR3,
	[VMM_NO_MEMORY] = SCN_OUTCOME_ENOMEM,
	[VMM_FAULT] = SCN_OUTCOME_EFAULT,
};

/* One that has done no more than to wait for its turn to be made. */
static bool
is_yet_to_begin(const struct play_thread *thread)
{
	const struct scn_step *step = play_step(thread);

	return thread->at == 0 && (!thread->begun || (step != NULL && step->op == SCN_OP_WAIT));
}

/* Threads of the process that have begun and not ended. */
static unsigned
threads_alive(const struct play_thread *thread)
{
	const struct player *player = thread->player;
	unsigned alive = 0;
	size_t i;

	for (i = 0; i < player->scenario->threads; i++) {
		const struct play_thread *other = &player->thread[i];

		play_touch_thread(other);
		alive += other == thread || (!other->ended &&
		    other->machine.process == thread->machine.process &&
		    (other->machine.vmm.exists || !is_yet_to_begin(other)) &&
		    other->scn->role != SCN_ROLE_KERNEL);
	}
	return alive;
}

/* By the options that the caller has in its memory, which is still that of a plain process. */
static enum vmm_status
run_by_options(struct play_thread *thread, const struct scn_step *step)
{
	struct machine_thread *machine = &thread->machine;
	struct vmm_caller caller = { .sp = { step->stack }, .stack_end = { step->stack_end },
		.threads = threads_alive(thread),
		.maxphyaddr = thread->player->scenario->machine.maxphyaddr };
	struct machine_user user;
	struct vk_us us;

	vk_us_init_std(&us, player_user_memory(thread->player, thread->scn->host_space, &user),
	    vk_gva(thread->scn->user_end));
	caller.us = &us;
	return vmm_guest_run(&machine->vmm, &machine->process->vmm,
	    machine->machine->vmm_ops, machine, &caller, vk_gva(step->at));
}

static enum vmm_status
run_by_step(struct play_thread *thread, const struct scn_step *step)
{
	struct vmm_options options = { .master = thread->scn->role == SCN_ROLE_MASTER };

	options.guest_cr3 = thread->machine.vcpu.mode.cr3;
	options.maxphyaddr = thread->player->scenario->machine.maxphyaddr;
	options.threads = threads_alive(thread);
	if (step != NULL) {
		options.master = step->master;
		if (scn_has(&step->src, SCN_KEY_EPT_ROOT))
			options.ept_root = step->ept_root;
		if (scn_has(&step->src, SCN_KEY_CR3))
			options.guest_cr3 = step->cr3;
	}
	return defects_vminit(&thread->player->defects, &thread->machine, &options);
}

bool
play_vminit(struct play_thread *thread, const struct scn_step *step)
{
	bool by_options = step != NULL && scn_has(&step->src, SCN_KEY_OPTIONS);
	bool master = step != NULL ? step->master != 0 : thread->scn->role == SCN_ROLE_MASTER;
	enum vmm_status status = by_options ? run_by_options(thread, step) :
	    run_by_step(thread, step);

	result_outcome(&thread->result, vmm_outcomes[status]);
	emit_call(thread, by_options ? "vmm_guest_ctl" : master ? "vminit master" : "vminit slave",
	    scn_outcome_name(vmm_outcomes[status]));
	return status == VMM_OK;
}

static void
kernel_vminit(struct play_thread *thread, const struct scn_step *step)
{
	(void)play_vminit(thread, step);
}

static void
sync_addr(struct play_thread *thread, uint64_t dst, uint64_t src)
{
	enum vmm_status status;
	struct play_user user;

	play_user_init(&user, thread, &thread->result);
	thread->machine.syncing = true;
	status = defects_sync_addr(&thread->player->defects, &thread->machine, &user.us,
	    vk_gva(dst), vk_gva(src));
	thread->machine.syncing = false;
	/* What a process without a record gets from this call, and not from the other. */
	result_outcome(&thread->result, status == VMM_NO_RECORD ? SCN_OUTCOME_ENOSYS :
	    vmm_outcomes[status]);
	emit_call(thread, "vmm_guest_sync_addr", scn_outcome_name(thread->result.outcome));
}

static void
kernel_sync_addr(struct play_thread *thread, const struct scn_step *step)
{
	sync_addr(thread, step->dst, step->src_addr);
}

static void
kernel_invept(struct play_thread *thread, const struct scn_step *step)
{
	struct vcpu *vcpu = &thread->machine.vcpu;
	uint64_t eptp = scn_has(&step->src, SCN_KEY_EPTP) ? step->eptp : vcpu->ept.eptp;

	/* Executed in root mode. */
	machine_guest_stop(&thread->player->machine, thread->machine.cpu);
	thread->player->machine.count.invepts++;
	if (!vcpu_invept(vcpu, step->type, eptp)) {
		result_outcome(&thread->result, SCN_OUTCOME_VMFAIL);
		thread->result.instruction_error = VMX_ERROR_INV_OPERAND;
		result_set(&thread->result, SCN_KEY_INSTRUCTION_ERROR);
	}
}

static void
kernel_invvpid(struct play_thread *thread, const struct scn_step *step)
{
	struct vcpu *vcpu = &thread->machine.vcpu;

	machine_guest_stop(&thread->player->machine, thread->machine.cpu);
	thread->player->machine.count.invvpids++;
	if (!vcpu_invvpid(vcpu, step->type, step->inv_id, vk_gva(step->at))) {
		result_outcome(&thread->result, SCN_OUTCOME_VMFAIL);
		thread->result.instruction_error = VMX_ERROR_INV_OPERAND;
		result_set(&thread->result, SCN_KEY_INSTRUCTION_ERROR);
	}
}

static void
kernel_exit(struct play_thread *thread, const struct scn_step *step)
{
	result_value(&thread->result, step->value);
	result_outcome(&thread->result, SCN_OUTCOME_EXITED);
	thread->wants_exit = thread->exited = true;
}

/* Where the scheduler of the host puts the thread: takes effect when it may be moved. */
static void
kernel_migrate(struct play_thread *thread, const struct scn_step *step)
{
	struct machine_thread *machine = &thread->machine;

	machine_thread_move(machine, step->cpu);
	thread->entry_checked = false;
}

static void
vmcs_used(struct play_thread *thread, bool defined)
{
	thread->entry_checked = false;
	if (!defined)
		result_outcome(&thread->result, SCN_OUTCOME_UNDEFINED);
}

static void
kernel_vmclear(struct play_thread *thread, const struct scn_step *step)
{
	(void)step;
	vmcs_used(thread, machine_vmclear(&thread->machine, thread->machine.cpu));
}

static void
kernel_vmptrld(struct play_thread *thread, const struct scn_step *step)
{
	(void)step;
	vmcs_used(thread, machine_vmptrld(&thread->machine));
}

static void
kernel_vm_entry(struct play_thread *thread, const struct scn_step *step)
{
	thread->entry_checked = play_bare_entry(thread, step->op == SCN_OP_VMRESUME);
}

static void
kernel_wait(struct play_thread *thread, const struct scn_step *step)
{
	const struct play_thread *other = &thread->player->thread[step->thread];

	play_touch_thread(other);
	while (other->at < step->count && !other->ended && !play_is_taken_down(thread)) {
		sched_pause(thread->player->machine.sched);
		play_touch_thread(other);
	}
	if (other->at < step->count && !play_is_taken_down(thread))
		result_outcome(&thread->result, SCN_OUTCOME_REFUSED);
}

/* --- the memory map --------------------------------------------------------------------------- */

static void
kernel_mmap(struct play_thread *thread, const struct scn_step *step)
{
	watch_whole(true);
	if (player_map_region(thread->player, step->host_space, step->region) ==
	    PLAYER_MAP_OVERLAPS)
		result_outcome(&thread->result, SCN_OUTCOME_EINVAL);
	watch_whole(false);
	emit_call(thread, "mmap", scn_outcome_name(thread->result.outcome));
}

static void
kernel_mprotect(struct play_thread *thread, const struct scn_step *step)
{
	watch_whole(true);
	if (!vmspace_protect(process_of(thread, step->host_space)->map, step->at,
	    step->at + step->size, step->prot))
		thread->player->status = PLAY_NO_MEMORY;
	watch_whole(false);
	emit_call(thread, "mprotect", "ok");
}

static void
kernel_munmap(struct play_thread *thread, const struct scn_step *step)
{
	watch_whole(true);
	if (!vmspace_unmap(process_of(thread, step->host_space)->map, step->at,
	    step->at + step->size))
		thread->player->status = PLAY_NO_MEMORY;
	watch_whole(false);
	emit_call(thread, "munmap", "ok");
}

/* --- edits in place --------------------------------------------------------------------------- */

static void
emit_edit(struct play_thread *thread, enum event_side side, unsigned level, uint64_t slot,
    uint64_t before, uint64_t after)
{
	struct event event = { .kind = EVENT_EDIT, .side = side, .level = level };

	event.slot = slot;
	event.before = before;
	event.value = after;
	machine_emit(&thread->player->machine, &event);
}

static void
kernel_set_entry(struct play_thread *thread, const struct scn_step *step)
{
	struct player *player = thread->player;
	const struct scn_entry *entry = step->entry;
	enum scn_layout layout = player->scenario->guest.space[entry->space].layout;
	uint64_t before, after;
	uint32_t host_space;
	gpa_t slot;

	if (!player_entry_slot(player, entry, &slot, &host_space) ||
	    !player_read(player, host_space, slot.v, &before, sizeof(before))) {
		result_outcome(&thread->result, SCN_OUTCOME_REFUSED);
		return;
	}
	after = player_changed_entry(entry, layout, before);
	if (!player_write(player, host_space, slot.v, &after, sizeof(after))) {
		result_outcome(&thread->result, SCN_OUTCOME_REFUSED);
		return;
	}
	result_value(&thread->result, before);
	emit_edit(thread, EVENT_GUEST, entry->level, slot.v, before, after);
}

static void
kernel_set_ept(struct play_thread *thread, const struct scn_step *step)
{
	struct player *player = thread->player;
	uint64_t before, after;
	hpa_t slot;

	if (!player_ept_slot(player, step->ept, &slot)) {
		result_outcome(&thread->result, SCN_OUTCOME_REFUSED);
		return;
	}
	before = hostmem_load(player->machine.mem, slot);
	after = player_changed_ept(step->ept, before);
	hostmem_store(player->machine.mem, slot, after);
	result_value(&thread->result, before);
	emit_edit(thread, EVENT_EPT, step->ept->level, slot.v, before, after);
}

static bool
poke_bytes(struct play_thread *thread, const struct scn_step *step, const void *bytes, size_t size,
    uint64_t offset)
{
	if (step->kind == SCN_AT_HPA)
		return hostmem_write(thread->player->machine.mem, vk_hpa(step->at + offset), bytes,
		    size);
	return player_write(thread->player, step->host_space, step->at + offset, bytes, size);
}

static void
kernel_poke(struct play_thread *thread, const struct scn_step *step)
{
	bool ok = true;
	uint64_t i;

	if (step->content.size == 0)
		ok = poke_bytes(thread, step, &step->value, step->size < 8 ? (size_t)step->size :
		    8, 0);
	for (i = 0; ok && i < step->content.size; i++) {
		unsigned char byte = content_byte(&step->content, i);

		ok = poke_bytes(thread, step, &byte, 1, i);
	}
	if (!ok)
		result_outcome(&thread->result, SCN_OUTCOME_REFUSED);
}

static void
kernel_peek(struct play_thread *thread, const struct scn_step *step)
{
	struct step_result *result = &thread->result;
	size_t size = clip(step->size);
	uint64_t value = 0;
	bool ok = true;

	if (!result_bytes(thread, size))
		return;
	if (step->kind == SCN_AT_HPA)
		hostmem_read(thread->player->machine.mem, vk_hpa(step->at), result->bytes, size);
	else
		ok = player_read(thread->player, step->host_space, step->at, result->bytes, size);
	if (!ok) {
		result_outcome(result, SCN_OUTCOME_REFUSED);
		return;
	}
	memcpy(&value, result->bytes, size < 8 ? size : 8);
	result_value(result, value);
	result_set(result, SCN_KEY_BYTES);
}

/* --- the vkernel ------------------------------------------------------------------------------ */

/* What a pmap routine works on. */
struct pmap_work {
	struct play_thread *thread;
	struct machine_user user;
	struct gpm memory;
	uint32_t space;
};

static int
pmap_swap(void *ctx, gpa_t slot, uint64_t value, uint64_t *old)
{
	struct pmap_work *work = ctx;
	enum cas_status status;

	do {
		if (!work->memory.ops->load(work->memory.ctx, slot, old))
			return 0;
		status = work->memory.ops->cas(work->memory.ctx, slot, *old, value);
	} while (status == CAS_LOST);
	if (status == CAS_DONE)
		emit_edit(work->thread, EVENT_GUEST, 1, slot.v, *old, value);
	return status == CAS_DONE;
}

static int
pmap_load(void *ctx, gpa_t slot, uint64_t *value)
{
	struct pmap_work *work = ctx;

	return work->memory.ops->load(work->memory.ctx, slot, value);
}

/* The exit that brought us here, and the entry to come, flush a vCPU without VPID; with one: */
static void
pmap_flush_self(void *ctx, gva_t gva)
{
	struct pmap_work *work = ctx;
	struct vcpu *vcpu = &work->thread->machine.vcpu;

	if (vcpu->vpid_on && vcpu_invvpid(vcpu, 0, vcpu->vpid, gva))
		work->thread->player->machine.count.invvpids++;
}

static int
pmap_sync(void *ctx, gpa_t slot, uint64_t value, uint64_t *old)
{
	struct pmap_work *work = ctx;
	struct machine_thread *machine = &work->thread->machine;
	const struct vmm_host_ops *ops = machine->machine->vmm_ops;
	int swapped;

	ops->protocol->sync_begin(&machine->process->vmm, ops, machine);
	machine->syncing = true;
	swapped = pmap_swap(ctx, slot, value, old);
	machine->syncing = false;
	ops->protocol->sync_end(&machine->process->vmm, ops, machine);
	emit_call(work->thread, "vmm_guest_sync_addr", swapped ? "ok" : "efault");
	return swapped;
}

/* Whether another vCPU of the process runs on the tables of this space. */
static int
pmap_active_elsewhere(void *ctx)
{
	struct pmap_work *work = ctx;
	const struct player *player = work->thread->player;
	uint64_t root = player->scenario->guest.space[work->space].root;
	size_t i;

	for (i = 0; i < player->scenario->threads; i++) {
		const struct play_thread *other = &player->thread[i];

		play_touch_thread(other);
		if (other != work->thread && other->machine.vmm.exists && !other->ended &&
		    (other->machine.vmm.cr3 & VK_BITS(51, 12)) == root)
			return 1;
	}
	return 0;
}

static const struct pmap_inval_ops pmap_ops = {
	pmap_swap,
	pmap_load,
	pmap_flush_self,
	pmap_sync,
	pmap_active_elsewhere,
};

void
play_pmap(struct play_thread *thread, const struct scn_step *step)
{
	typedef int (*pmap_fn)(const struct pmap_inval *pi, gpa_t slot, gva_t gva, uint64_t *old);
	static const pmap_fn functions[] = {
		[SCN_PMAP_INVAL] = pmap_inval_pte,
		[SCN_PMAP_INVAL_QUICK] = pmap_inval_pte_quick,
		[SCN_PMAP_CLEAN] = pmap_clean_pte,
		[SCN_PMAP_SETRO] = pmap_setro_pte,
		[SCN_PMAP_LOAD_AND_CLEAR] = pmap_load_and_clear_pte,
	};
	struct pmap_work work = { .thread = thread, .space = step->space };
	struct defect_pmap deviating = { &thread->player->defects, &pmap_ops, &work };
	struct pmap_inval pi = { &pmap_ops, &work };
	struct scn_entry entry = { .space = step->space, .where = SCN_ENTRY_AT_GVA, .level = 1,
		.gva = step->at };
	uint32_t host_space;
	uint64_t old = 0;
	gpa_t slot;

	if (!player_entry_slot(thread->player, &entry, &slot, &host_space)) {
		result_outcome(&thread->result, SCN_OUTCOME_REFUSED);
		return;
	}
	work.memory = player_user_memory(thread->player, host_space, &work.user);
	if (defects_any(&thread->player->defects))
		pi = (struct pmap_inval){ &defect_pmap_ops, &deviating };
	if (!functions[step->pmap](&pi, slot, vk_gva(step->at), &old)) {
		result_outcome(&thread->result, SCN_OUTCOME_REFUSED);
		return;
	}
	result_value(&thread->result, old);
	emit_call(thread, "pmap", "ok");
}

static void
kernel_new_space(struct play_thread *thread, const struct scn_step *step)
{
	if (!player_build_space(thread->player, step->space))
		result_outcome(&thread->result, SCN_OUTCOME_REFUSED);
	player_name_space(thread->player, step->space);
	emit_call(thread, "new-space", scn_outcome_name(thread->result.outcome));
}

/* vmspace_ctl(2): what follows runs on the process' tables. */
static void
run_user(struct play_thread *thread, const struct scn_step *step)
{
	const struct scenario *s = thread->player->scenario;
	uint64_t cr3 = scn_has(&step->src, SCN_KEY_CR3) ? step->cr3 :
	    s->guest.space[step->space].root;

	/* The identifier of the process is its CR3; a bad one is refused here, not at VM entry. */
	if (!defects_cr3_is_valid(&thread->player->defects, cr3, s->machine.maxphyaddr)) {
		result_outcome(&thread->result, SCN_OUTCOME_EINVAL);
		return;
	}
	thread->machine.vmm.cr3 = cr3;
	thread->in_user = true;
	emit_call(thread, "vmspace_ctl", "ok");
}

/* --- tables ----------------------------------------------------------------------------------- */

static const kernel_fn kernel_table[SCN_OPS] = {
	[SCN_OP_COPYIN] = play_copy,
	[SCN_OP_COPYOUT] = play_copy,
	[SCN_OP_COPYINSTR] = play_copy,
	[SCN_OP_FUBYTE] = play_copy,
	[SCN_OP_FUWORD32] = play_copy,
	[SCN_OP_FUWORD64] = play_copy,
	[SCN_OP_SUBYTE] = play_copy,
	[SCN_OP_SUWORD32] = play_copy,
	[SCN_OP_SUWORD64] = play_copy,
	[SCN_OP_SWAPU32] = play_copy,
	[SCN_OP_SWAPU64] = play_copy,
	[SCN_OP_CASU32] = play_copy,
	[SCN_OP_CASU64] = play_copy,
	[SCN_OP_FUWORDADD32] = play_copy,
	[SCN_OP_FUWORDADD64] = play_copy,
	[SCN_OP_VMINIT] = kernel_vminit,
	[SCN_OP_SYNC_ADDR] = kernel_sync_addr,
	[SCN_OP_INVEPT] = kernel_invept,
	[SCN_OP_INVVPID] = kernel_invvpid,
	[SCN_OP_EXIT] = kernel_exit,
	[SCN_OP_MIGRATE] = kernel_migrate,
	[SCN_OP_VMCLEAR] = kernel_vmclear,
	[SCN_OP_VMPTRLD] = kernel_vmptrld,
	[SCN_OP_VMLAUNCH] = kernel_vm_entry,
	[SCN_OP_VMRESUME] = kernel_vm_entry,
	[SCN_OP_WAIT] = kernel_wait,
	[SCN_OP_MMAP] = kernel_mmap,
	[SCN_OP_MPROTECT] = kernel_mprotect,
	[SCN_OP_MUNMAP] = kernel_munmap,
	[SCN_OP_SET_ENTRY] = kernel_set_entry,
	[SCN_OP_SET_EPT] = kernel_set_ept,
	[SCN_OP_POKE] = kernel_poke,
	[SCN_OP_PEEK] = kernel_peek,
	[SCN_OP_PMAP] = play_pmap,
	[SCN_OP_NEW_SPACE] = kernel_new_space,
};

/* Edits of memory that a scenario makes at once, as one store. */
static bool
is_edit_in_place(enum scn_op op)
{
	return op == SCN_OP_SET_ENTRY || op == SCN_OP_SET_EPT || op == SCN_OP_POKE ||
	    op == SCN_OP_PEEK || op == SCN_OP_NEW_SPACE;
}

static void
edit_in_place(struct play_thread *thread, const struct scn_step *step)
{
	watch_whole(true);
	kernel_table[step->op](thread, step);
	watch_whole(false);
}

void
play_kernel_step(struct play_thread *thread, const struct scn_step *step)
{
	vcpu_stores_fence(thread->machine.vcpu.stores);
	/* The loader lets only operations through that the thread's role can do. */
	if (is_edit_in_place(step->op))
		edit_in_place(thread, step);
	else if (kernel_table[step->op] != NULL)
		kernel_table[step->op](thread, step);
	else
		result_outcome(&thread->result, SCN_OUTCOME_REFUSED);
}

/* A system call while a process of the vkernel runs is the vkernel's to handle. */
static void
back_to_vkernel(struct play_thread *thread)
{
	thread->in_user = false;
	thread->machine.vmm.cr3 = vk_atomic_load64(&thread->machine.process->vmm.guest_cr3);
	result_outcome(&thread->result, SCN_OUTCOME_VKERNEL);
	emit_call(thread, "return to vkernel", "ok");
}

enum vmm_end
play_syscall(struct play_thread *thread, const struct scn_step *step)
{
	uint64_t number = step->number;

	if (step->op == SCN_OP_SYSCALL && scn_has(&step->src, SCN_KEY_CPU))
		machine_thread_move(&thread->machine, step->cpu);
	if (thread->in_user) {
		back_to_vkernel(thread);
	} else if (step->op == SCN_OP_PMAP) {
		play_pmap(thread, step);
	} else if (step->op == SCN_OP_RUN_USER) {
		run_user(thread, step);
	} else if (number == SYS_EXIT) {
		result_outcome(&thread->result, SCN_OUTCOME_EXITED);
		thread->exited = true;
		play_step_finish(thread);
		return VMM_END_EXIT;
	} else if (number == SYS_WRITE) {
		sys_write(thread, step);
	} else if (number == SYS_VMM_GUEST_SYNC_ADDR) {
		sync_addr(thread, step->arg_count > 0 ? step->args[0] : 0,
		    step->arg_count > 1 ? step->args[1] : 0);
	} else {
		result_outcome(&thread->result, SCN_OUTCOME_ENOSYS);
	}
	play_step_finish(thread);
	return VMM_RUNNING;
}
