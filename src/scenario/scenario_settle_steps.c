/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tables cannot say of a step and of a condition on one: defaults that follow from the
 * thread, and whether the operands fit together.
 */
#include <inttypes.h>
#include <string.h>

#include "scenario/scenario_reader.h"
#include "scenario/scenario_scalar.h"

#define GUEST_WRITE_MAX 65536u

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
	char roles[SCN_ROLES_SIZE];

	if (rd->thread->role == 0 || (op->roles & rd->thread->role) != 0)
		return 1;
	scn_error(rd->errors, step->src.mark,
	    "found the operation '%s' on a thread of role %s, expected it only with %s", op->name,
	    scn_role_name(rd->thread->role), scn_roles_show(roles, op->roles));
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
	return scn_range_judge(rd, &step->src, hpa ? SCN_KEY_HPA : SCN_KEY_GPA, step->at,
	    step->size);
}

static int
settle_poke(struct scn_reader *rd, struct scn_step *step)
{
	return settle_write(rd, step) && settle_phys(rd, step);
}

static int
settle_migrate(struct scn_reader *rd, struct scn_step *step)
{
	return scn_cpu_judge(rd, &step->src, step->cpu);
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
	return scn_range_judge(rd, src, SCN_KEY_SIZE, step->at, step->size);
}

static int
settle_space(struct scn_reader *rd, struct scn_step *step)
{
	return scn_guest_space_default(rd, &step->src, &step->space);
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
