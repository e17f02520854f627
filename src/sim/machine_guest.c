/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose guest runs on a CPU, and what the machine knows of tables: whatever its TLBs depend on.
 */
#include "sim/machine.h"

#include "sim/random_numbers.h"

/* --- guest mode ---------------------------------------------------------------------------- */

static void
touch_cpu(unsigned cpu, unsigned how)
{
	watch_touch(watch_cell_of(WATCH_CPU, cpu), how);
}

void
machine_guest_stop(struct machine *machine, unsigned cpu)
{
	struct machine_thread *thread;

	touch_cpu(cpu, WATCH_READ);
	thread = machine->cpu[cpu].guest;
	if (thread == NULL)
		return;
	touch_cpu(cpu, WATCH_READ | WATCH_WRITE);
	machine->cpu[cpu].guest = NULL;
	vcpu_exit(&thread->vcpu);
}

void
machine_guest_enter(struct machine_thread *thread)
{
	struct machine_cpu *cpu = &thread->machine->cpu[thread->cpu];

	touch_cpu(thread->cpu, WATCH_READ);
	if (cpu->guest == thread)
		return;
	machine_guest_stop(thread->machine, thread->cpu);
	touch_cpu(thread->cpu, WATCH_READ | WATCH_WRITE);
	cpu->guest = thread;
	vcpu_enter(&thread->vcpu);
}

/* --- choices ------------------------------------------------------------------------------- */

unsigned
machine_choose(void *ctx, unsigned count)
{
	struct machine *machine = ctx;

	if (watch_current != NULL || machine->random == 0)
		return watch_choose(count);
	return (unsigned)(random_xorshift(&machine->random) % count);
}

void
machine_choose_by(struct machine *machine, uint64_t seed)
{
	machine->random = random_seeded(seed);
}

/* --- tables -------------------------------------------------------------------------------- */

static void
who_stores(void *ctx, struct table_change *change)
{
	const struct machine *machine = ctx;
	const struct machine_thread *current;

	if (machine->sched == NULL || machine->threads == 0)
		return;
	current = machine->thread[sched_current(machine->sched)];
	change->thread = (int)current->index;
	change->step = current->vcpu.step;
	change->by_guest = machine->cpu[current->cpu].guest == current;
}

/* A change of a table changes what each processor of the adversarial kind may use. */
static void
about_to_change(void *ctx)
{
	const struct machine *machine = ctx;
	unsigned i;

	for (i = 0; i < machine->config.cpus; i++)
		tlb_touch(machine->cpu[i].tlb, WATCH_READ | WATCH_WRITE);
}

static unsigned
cpu_that_stores(const struct machine *machine)
{
	if (machine->sched == NULL || machine->threads == 0)
		return 0;
	return machine->thread[sched_current(machine->sched)]->cpu;
}

/* Each processor of the adversarial kind has to know what it could have read. */
static void
entry_changed(void *ctx, const struct table_change *change)
{
	struct machine *machine = ctx;
	unsigned i;

	if (change->writer == TABLE_BY_WALK && !table_log_has_slot(machine->log, change->slot))
		return;
	for (i = 0; i < machine->config.cpus; i++) {
		struct adversary *adversary = tlb_adversary(machine->cpu[i].tlb);

		adversary_changed(adversary, change);
		if (i != cpu_that_stores(machine))
			adversary_was_absent(adversary, change);
	}
}

static bool
add_tlb(struct machine *machine, unsigned cpu)
{
	const struct machine_config *config = &machine->config;

	machine->cpu[cpu].tlb = tlb_create(&config->tlb, cpu);
	if (machine->cpu[cpu].tlb == NULL)
		return false;
	if (config->tlb_revokes)
		tlb_count_origins(machine->cpu[cpu].tlb);
	return machine->log == NULL || tlb_follow(machine->cpu[cpu].tlb, machine->mem,
	    machine->log, config->tlb_adversarial);
}

static bool
add_log(struct machine *machine)
{
	machine->log = table_log_create(machine->mem);
	if (machine->log == NULL)
		return false;
	machine->frames.log = machine->log;
	table_log_ask(machine->log, who_stores, machine);
	if (machine->config.tlb_adversarial) {
		table_log_warn(machine->log, about_to_change, machine);
		table_log_follow(machine->log, entry_changed, machine);
	}
	return true;
}

bool
machine_add_tlbs(struct machine *machine)
{
	const struct machine_config *config = &machine->config;
	unsigned i;

	if (config->tlb.translations == 0)
		return true;
	if ((config->tlb_adversarial || config->tlb_history) && !add_log(machine))
		return false;
	for (i = 0; i < machine->config.cpus; i++) {
		if (!add_tlb(machine, i))
			return false;
	}
	return true;
}

/* --- what was taken away ---------------------------------------------------------------------- */

static bool
is_taken_out(void *ctx, const struct tlb_origin *origin)
{
	return origin->kind != TLB_ROOT && table_takes_out(ctx, origin->slot, origin->value);
}

static void
revoke_change(struct machine *machine, struct table_change change)
{
	uint64_t now = hostmem_load(machine->mem, change.slot);
	unsigned i;

	if (((now ^ change.before) & ~table_flags(change.kind)) == 0)
		return; /* somebody has put it back */
	for (i = 0; i < machine->config.cpus; i++) {
		struct tlb *tlb = machine->cpu[i].tlb;

		if (tlb_adversary(tlb) == NULL) {
			tlb_revoke(tlb, is_taken_out, &change);
			continue;
		}
		tlb_touch(tlb, WATCH_READ | WATCH_WRITE);
		adversary_revoke(tlb_adversary(tlb), &change);
	}
}

/* Others may make changes before the first touch: what the log gave is not kept. */
void
machine_revoke(struct machine *machine, const struct machine_thread *thread, uint64_t number)
{
	const struct table_change *change;
	size_t count;

	if (machine->log == NULL)
		return;
	while (change = table_log_since(machine->log, number, &count), count != 0) {
		number = change->number;
		if (change->thread == (int)thread->index)
			revoke_change(machine, *change);
	}
}

/* --- frames of tables ------------------------------------------------------------------------- */

void
machine_table_frame(struct machine *machine, hpa_t hpa, unsigned kind)
{
	if (machine->log != NULL)
		(void)table_log_add(machine->log, vk_hpa(hpa.v & ~VK_PAGE_OFFSET_MASK), kind);
}

void
machine_tables_built(struct machine *machine)
{
	if (machine->log != NULL)
		table_log_start(machine->log);
}

enum machine_failure
machine_failed(const struct machine *machine)
{
	enum hostmem_failure failure = hostmem_failed(machine->mem);
	enum adversary_failure worst = ADVERSARY_FINE;
	unsigned i;

	for (i = 0; i < machine->config.cpus; i++) {
		const struct tlb *tlb = machine->cpu[i].tlb;
		const struct adversary *adversary = tlb == NULL ? NULL : tlb_adversary(tlb);

		if (tlb == NULL ? machine->log != NULL : tlb_failed(tlb))
			return MACHINE_NO_MEMORY;
		if (adversary != NULL && adversary_failed(adversary) > worst)
			worst = adversary_failed(adversary);
	}
	if (failure == HOSTMEM_OUT_OF_MEMORY || worst == ADVERSARY_NO_MEMORY ||
	    (machine->log != NULL && table_log_failed(machine->log)))
		return MACHINE_NO_MEMORY;
	if (failure == HOSTMEM_OVER_LIMIT)
		return MACHINE_OVER_FRAMES;
	return worst == ADVERSARY_OVER_LIMIT ? MACHINE_OVER_CHOICES : MACHINE_FINE;
}
