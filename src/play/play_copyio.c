/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls of the copyio family: the kernel's on behalf of a thread, and the vkernel's own into the
 * memory of its processes.
 *
 * The kernel's buffer stands between guard bytes and is filled with a pattern first, so that what a
 * call wrote is seen and need not be believed.  Behind the user space a watcher counts the entries
 * that walks read, and refuses more pages than the buffer has room for: the length is handed on as
 * the scenario has it, whatever it is.
 */
#include <stdio.h>
#include <string.h>

#include "play/player.h"

/* --- the user space --------------------------------------------------------------------------- */

static int
watch_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct play_user *user = ctx;

	if (!user->under.ops->load(user->under.ctx, slot, entry))
		return 0;
	if (user->result != NULL)
		user->result->reads++;
	return 1;
}

static enum cas_status
watch_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct play_user *user = ctx;

	return user->under.ops->cas(user->under.ctx, slot, old, new_value);
}

static void *
watch_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	struct play_user *user = ctx;

	user->piece = VK_PAGE_BYTES - (size_t)(gpa.v & VK_PAGE_OFFSET_MASK);
	if (user->piece > user->room) {
		user->no_room = true;
		return NULL;
	}
	user->room -= user->piece;
	return user->under.ops->hold(user->under.ctx, gpa, acc, cookie);
}

static void
watch_release(void *ctx, void *cookie)
{
	struct play_user *user = ctx;

	user->under.ops->release(user->under.ctx, cookie);
}

static const struct gpm_ops watch_ops = { watch_load, watch_cas, watch_hold, watch_release };

static uint64_t
watch_look(void *ctx)
{
	struct play_user *user = ctx;

	return user->guard.ops->look(user->guard.ctx);
}

/* A page that is refused will be held once more. */
static int
watch_enter(void *ctx, uint64_t seen)
{
	struct play_user *user = ctx;

	if (user->guard.ops->enter(user->guard.ctx, seen))
		return 1;
	user->room += user->piece;
	return 0;
}

static void
watch_leave(void *ctx)
{
	struct play_user *user = ctx;

	user->guard.ops->leave(user->guard.ctx);
}

static const struct vk_guard_ops watch_guard_ops = { watch_look, watch_enter, watch_leave };

/* The watcher as a memory; what is under it is still to come. */
static struct gpm
user_watch(struct play_user *user, struct step_result *result)
{
	struct gpm memory = { &watch_ops, user };

	*user = (struct play_user){ .result = result, .room = PLAY_BUFFER_BYTES };
	if (result != NULL)
		result_set(result, SCN_KEY_READS);
	return memory;
}

void
play_user_init(struct play_user *user, struct play_thread *of, struct step_result *result)
{
	struct gpm memory = user_watch(user, result);
	gva_t end = vk_gva(of->scn->user_end);

	user->under = player_user_memory(of->player, of->scn->host_space, &user->memory);
	play_touch_thread(of);
	if (of->scn->role == SCN_ROLE_PROCESS || of->scn->role == SCN_ROLE_KERNEL) {
		vk_us_init_std(&user->us, memory, end);
		return;
	}
	if (of->machine.vmm.exists)
		of->machine.vcpu.mode.cr3 = of->machine.vmm.cr3;
	vk_us_init_ept(&user->us, memory, &of->machine.vcpu.mode, end);
	defects_join_us(&of->player->defects, &user->us, of->machine.process);
}

void
play_user_guard(struct play_user *user, const struct defects *defects)
{
	if (user->memory.process == NULL || user->us.pmap == &vk_pmap_std ||
	    defects_have(defects, DEFECT_COPY_UNGUARDED))
		return;
	user->guard = machine_user_guard(&user->memory);
	user->us.guard = (struct vk_guard){ &watch_guard_ops, user };
}

void
play_copy_ended(struct play_thread *thread, const struct scn_step *step,
    const struct play_user *user, int error, size_t asked, size_t done)
{
	static const enum scn_outcome outcomes[] = {
		[VK_OK] = SCN_OUTCOME_OK,
		[VK_EFAULT] = SCN_OUTCOME_EFAULT,
		[VK_ENAMETOOLONG] = SCN_OUTCOME_ENAMETOOLONG,
	};
	struct event event = { .kind = EVENT_COPY, .name = scn_op_name(step->op) };
	struct step_result *result = &thread->result;

	result_outcome(result, user->no_room ? SCN_OUTCOME_REFUSED : outcomes[error]);
	result->done = done;
	result_set(result, SCN_KEY_DONE);
	event.address = step->at;
	event.size = asked;
	event.done = done;
	event.error = (unsigned)error;
	event.result = user->us.pmap->name;
	machine_emit(&thread->player->machine, &event);
}

/* --- the kernel's buffer ---------------------------------------------------------------------- */

#define GUARD 64u /* bytes before the buffer and behind it */

/* No byte of user memory is likely to be the same at the same place. */
static unsigned char
pattern(size_t i)
{
	return (unsigned char)(0xa5 + 37 * i);
}

static size_t
buffer_size(uint64_t size)
{
	return size > PLAY_BUFFER_BYTES ? PLAY_BUFFER_BYTES : (size_t)size;
}

/* The buffer of a step, `size` bytes between its guards; NULL: out of memory. */
static unsigned char *
buffer_begin(struct play_thread *thread, size_t size)
{
	struct step_result *result = &thread->result;
	size_t i;

	if (!result_room(thread, GUARD + size + GUARD))
		return NULL;
	for (i = 0; i < GUARD + size + GUARD; i++)
		result->bytes[i] = pattern(i);
	return result->bytes + GUARD;
}

static void
check_guards(struct play_thread *thread, const struct scn_step *step, size_t size)
{
	const unsigned char *bytes = thread->result.bytes;
	char found[64];
	size_t i;

	for (i = 0; i < GUARD + size + GUARD; i++) {
		if (i >= GUARD && i < GUARD + size)
			continue;
		if (bytes[i] == pattern(i))
			continue;
		snprintf(found, sizeof(found), "byte %td of a buffer of %zu written",
		    (ptrdiff_t)i - GUARD, size);
		expect_failed(thread->player, step->src.mark, (int)thread->index, (int)thread->at,
		    "guard", "nothing written outside the kernel's buffer", found, NULL);
		return;
	}
}

/*
 * Looks at a buffer after the call.  What was written of it becomes the result: `done` bytes, or
 * more if there are.
 */
static void
buffer_end(struct play_thread *thread, const struct scn_step *step, size_t size, size_t done)
{
	struct step_result *result = &thread->result;
	size_t written = size;

	check_guards(thread, step, size);
	while (written > done && result->bytes[GUARD + written - 1] == pattern(GUARD + written - 1))
		written--;
	memmove(result->bytes, result->bytes + GUARD, written);
	result->size = written;
	result_set(result, SCN_KEY_BYTES);
}

/* --- the kernel's calls ----------------------------------------------------------------------- */

static bool
copy_in(struct play_thread *thread, const struct scn_step *step, struct play_user *user,
    int *error, size_t *done)
{
	size_t size = buffer_size(step->size), len = (size_t)step->size;
	unsigned char *buffer = buffer_begin(thread, size);

	if (buffer == NULL)
		return false;
	if (step->op == SCN_OP_COPYINSTR)
		*error = vk_copyinstr(&user->us, vk_gva(step->at), (char *)buffer, len, done);
	else
		*error = vk_copyin(&user->us, vk_gva(step->at), buffer, len, done);
	buffer_end(thread, step, size, *done);
	return true;
}

/* What a copyout takes its bytes from: a value, or a content; zeroes fill up the size. */
static void
fill_source(unsigned char *buffer, const struct scn_step *step, size_t size)
{
	size_t value = sizeof(step->value) < size ? sizeof(step->value) : size;
	uint64_t i;

	memset(buffer, 0, size);
	if (step->content.size == 0)
		memcpy(buffer, &step->value, value);
	for (i = 0; i < step->content.size && i < size; i++)
		buffer[i] = content_byte(&step->content, i);
}

static bool
copy_out(struct play_thread *thread, const struct scn_step *step, struct play_user *user,
    int *error, size_t *done)
{
	size_t size = buffer_size(step->size);
	unsigned char *buffer = buffer_begin(thread, size);

	if (buffer == NULL)
		return false;
	fill_source(buffer, step, size);
	*error = vk_copyout(&user->us, buffer, vk_gva(step->at), (size_t)step->size, done);
	check_guards(thread, step, size);
	return true;
}

/* Calls the function of the step; the sizes and values are the step's. */
static int
call_word(struct vk_us *us, const struct scn_step *step, uint64_t *old)
{
	gva_t at = vk_gva(step->at);
	uint32_t value32 = (uint32_t)step->value, old32 = 0;
	uint8_t byte = 0;
	int error;

	switch (step->op) {
	case SCN_OP_FUBYTE:
		error = vk_fubyte(us, at, &byte);
		*old = byte;
		return error;
	case SCN_OP_SUBYTE:
		return vk_subyte(us, at, (uint8_t)step->value);
	case SCN_OP_FUWORD32:
		error = vk_fuword32(us, at, &old32);
		break;
	case SCN_OP_SUWORD32:
		return vk_suword32(us, at, value32);
	case SCN_OP_SWAPU32:
		error = vk_swapu32(us, at, value32, &old32);
		break;
	case SCN_OP_CASU32:
		error = vk_casu32(us, at, (uint32_t)step->expected, value32, &old32);
		break;
	case SCN_OP_FUWORDADD32:
		error = vk_fuwordadd32(us, at, value32, &old32);
		break;
	case SCN_OP_FUWORD64:
		return vk_fuword64(us, at, old);
	case SCN_OP_SUWORD64:
		return vk_suword64(us, at, step->value);
	case SCN_OP_SWAPU64:
		return vk_swapu64(us, at, step->value, old);
	case SCN_OP_CASU64:
		return vk_casu64(us, at, step->expected, step->value, old);
	default:
		return vk_fuwordadd64(us, at, step->value, old);
	}
	*old = old32;
	return error;
}

static void
copy_word(struct play_thread *thread, const struct scn_step *step)
{
	static const unsigned char sizes[SCN_OPS] = {
		[SCN_OP_FUBYTE] = 1, [SCN_OP_SUBYTE] = 1, [SCN_OP_FUWORD32] = 4,
		[SCN_OP_SUWORD32] = 4, [SCN_OP_SWAPU32] = 4, [SCN_OP_CASU32] = 4,
		[SCN_OP_FUWORDADD32] = 4,
	};
	size_t size = sizes[step->op] != 0 ? sizes[step->op] : 8;
	bool stores_only = step->op == SCN_OP_SUBYTE || step->op == SCN_OP_SUWORD32 ||
	    step->op == SCN_OP_SUWORD64;
	uint64_t old = 0;
	struct play_user user;
	int error;

	play_user_init(&user, &thread->player->thread[step->thread], &thread->result);
	play_user_guard(&user, &thread->player->defects);
	error = call_word(&user.us, step, &old);
	if (error == VK_OK && !stores_only)
		result_value(&thread->result, old);
	play_copy_ended(thread, step, &user, error, size, error == VK_OK ? size : 0);
}

static bool
is_copyout(const struct scn_step *step)
{
	return step->op == SCN_OP_COPYOUT || step->op == SCN_OP_VK_COPYOUT;
}

/* Copies bytes for the step; false: out of memory. */
static bool
copy_bytes(struct play_thread *thread, const struct scn_step *step, struct play_user *user,
    int *error, size_t *done)
{
	return is_copyout(step) ? copy_out(thread, step, user, error, done) :
	    copy_in(thread, step, user, error, done);
}

void
play_copy(struct play_thread *thread, const struct scn_step *step)
{
	struct play_user user;
	size_t done = 0;
	int error;

	if (step->op > SCN_OP_COPYINSTR) {
		copy_word(thread, step);
		return;
	}
	play_user_init(&user, &thread->player->thread[step->thread], &thread->result);
	play_user_guard(&user, &thread->player->defects);
	if (copy_bytes(thread, step, &user, &error, &done))
		play_copy_ended(thread, step, &user, error, (size_t)step->size, done);
}

/* --- the vkernel's own calls ------------------------------------------------------------------ */

/*
 * The memory of a vkernel as it sees it itself: through its identity map, by its own accesses.  An
 * access that exits ends the copy; the whole of it is made again when the exit was resolved.
 */
struct own_memory {
	struct play_thread *thread;
	struct vmx_exit *exit;
	bool exited;
};

static bool
own_access(struct own_memory *own, gpa_t gpa, unsigned size, unsigned acc,
    struct vcpu_result *access)
{
	struct vcpu_request request = { .gva = { gpa.v }, .size = size, .acc = acc };

	if (vcpu_translate(&own->thread->machine.vcpu, &request, access) == VCPU_DONE)
		return true;
	own->exited = access->outcome == VCPU_EXIT;
	if (own->exited)
		vcpu_exit_fields(access, own->exit);
	return false;
}

static int
own_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct own_memory *own = ctx;
	struct vcpu_result access;

	if (!own_access(own, slot, 8, VK_ACC_R, &access))
		return 0;
	vcpu_load_pieces(&own->thread->machine.vcpu, &access, entry);
	return 1;
}

static enum cas_status
own_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	struct own_memory *own = ctx;
	struct vcpu_result access;
	uint64_t now;

	if (!own_access(own, slot, 8, VK_ACC_R | VK_ACC_W, &access))
		return CAS_REFUSED;
	vcpu_load_pieces(&own->thread->machine.vcpu, &access, &now);
	if (now != old)
		return CAS_LOST;
	vcpu_store_pieces(&own->thread->machine.vcpu, &access, &new_value);
	return CAS_DONE;
}

static void *
own_hold(void *ctx, gpa_t gpa, unsigned acc, void **cookie)
{
	struct own_memory *own = ctx;
	struct vcpu_result access;
	unsigned char *frame;

	*cookie = NULL;
	if (!own_access(own, gpa, 1, acc, &access))
		return NULL;
	frame = hostmem_frame(own->thread->player->machine.mem, access.piece[0].hpa);
	if (frame == NULL)
		return NULL;
	if (acc & VK_ACC_W)
		*cookie = hostmem_lend(own->thread->player->machine.mem, access.piece[0].hpa);
	return frame + (gpa.v & VK_PAGE_OFFSET_MASK);
}

static void
own_release(void *ctx, void *cookie)
{
	struct own_memory *own = ctx;

	hostmem_return(own->thread->player->machine.mem, cookie);
}

static const struct gpm_ops own_ops = { own_load, own_cas, own_hold, own_release };

enum guest_progress
play_vk_copy(struct play_thread *thread, const struct scn_step *step, struct vmx_exit *exit)
{
	struct own_memory own = { thread, exit, false };
	struct guestpt_mode mode = thread->machine.vcpu.mode;
	struct play_user user;
	size_t done = 0;
	int error;

	mode.cr3 = thread->player->scenario->guest.space[step->space].root;
	vk_us_init_ept(&user.us, user_watch(&user, &thread->result), &mode,
	    vk_gva(thread->scn->user_end));
	user.under = (struct gpm){ &own_ops, &own };
	if (!copy_bytes(thread, step, &user, &error, &done))
		return GUEST_COMPLETED;
	if (own.exited)
		return GUEST_EXITED;
	play_copy_ended(thread, step, &user, error, (size_t)step->size, done);
	return GUEST_COMPLETED;
}
