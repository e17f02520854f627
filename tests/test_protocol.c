/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each protocol does to the words of a process, and what it asks of its host, in which order:
 * one operation at a time, against another processor that acts before an exchange and at each turn
 * of a wait.
 *
 * An operation is told as text: a word that it changed with its new value, in hexadecimal digits
 * with an L for the lock bit of a mask, and what it asked for.  What the other processor changes is
 * left out of it.
 *
 * [DF-GATE] [DF-GATE-MERGE] [DF-SYNC] [DF-EPT-INVAL] [DF-GENERATION]
 */
#include <stdio.h>
#include <string.h>

#include "support/support_rows.h"
#include "vmm/vmm.h"

#define L      VMM_MASK_LOCK /* also the lock of the active CPUs */
#define CPU    2             /* of the vCPU that enters and leaves */
#define POINTS 100           /* an operation that takes more does not end */
#define TURNS  4
#define SEEN   7 /* the generation that a copy saw */

enum operation {
	ENTER,
	LEAVE,
	SYNC_BEGIN,
	SYNC_END,
	EPT_BEGIN,
	EPT_END,
	/* Of no protocol: counting alone, and a copy's guard. */
	COUNT_IN,
	COPY_LOOK,
	COPY_ENTER,
	COPY_LEAVE
};

/* The words, as far as protocols use them. */
struct words {
	uint64_t mask, active, lock, generation;
};

struct operation_row {
	const char *what;
	const struct vmm_protocol *protocol;
	enum operation operation;
	struct words before;
	struct words meanwhile;  /* bits that appear before the first exchange */
	struct words gone[TURNS]; /* bits that go at each turn of a wait; generations that come */
	const char *told;
	uint64_t answer; /* of what has one */
};

static struct {
	struct vmm_proc proc, seen;
	const struct operation_row *row;
	unsigned points, cas, turns;
	char told[256];
} is;

static void
tell(const char *what, uint64_t value)
{
	size_t used = strlen(is.told);

	snprintf(is.told + used, sizeof(is.told) - used, "%s%s%s%llx", used == 0 ? "" : " ", what,
	    (value & L) ? "L" : "", (unsigned long long)(value & ~L));
}

/* What has changed since the last time. */
static void
tell_changes(void)
{
	if (is.proc.cpumask != is.seen.cpumask)
		tell("mask=", is.proc.cpumask);
	if (is.proc.active != is.seen.active)
		tell("active=", is.proc.active);
	if (is.proc.cpulock != is.seen.cpulock)
		tell("lock=", is.proc.cpulock);
	if (is.proc.invgen != is.seen.invgen)
		tell("generation=", is.proc.invgen);
	is.seen = is.proc;
}

static void
other_processor(enum vk_env_op op)
{
	if (op == VK_ENV_CAS && is.cas++ == 0) {
		is.proc.cpumask |= is.row->meanwhile.mask;
		is.proc.active |= is.row->meanwhile.active;
		is.proc.cpulock |= is.row->meanwhile.lock;
		is.proc.invgen += is.row->meanwhile.generation;
	}
	if (op == VK_ENV_PAUSE) {
		assert_true(is.turns < TURNS);
		is.proc.cpumask &= ~is.row->gone[is.turns].mask;
		is.proc.active &= ~is.row->gone[is.turns].active;
		is.proc.cpulock &= ~is.row->gone[is.turns].lock;
		is.proc.invgen += is.row->gone[is.turns].generation;
		is.turns++;
	}
	is.seen = is.proc;
}

void
vk_env_point(enum vk_env_op op, const void *where)
{
	(void)where;
	tell_changes();
	if (op == VK_ENV_PAUSE)
		tell("turn ", is.turns + 1);
	assert_true(is.points++ < POINTS);
	other_processor(op);
}

static int
host_this_cpu(void *ctx)
{
	(void)ctx;
	return 0;
}

static void
host_ipi(void *ctx, uint64_t cpus)
{
	(void)ctx;
	tell_changes();
	tell("ipi ", cpus);
}

static void
host_capture(void *ctx, uint64_t cpus)
{
	(void)ctx;
	tell_changes();
	tell("capture ", cpus);
}

static void
host_release(void *ctx, uint64_t cpus)
{
	(void)ctx;
	tell_changes();
	tell("release ", cpus);
}

static const struct vmm_host_ops host_ops = {
    .this_cpu = host_this_cpu,
    .ipi = host_ipi,
    .capture = host_capture,
    .release = host_release,
};

#define VKEPT    &vmm_protocol_vkept
#define MERGE    &vmm_protocol_merge
#define MERGE_R  &vmm_protocol_merge_repaired
#define D3_8     &vmm_protocol_3_8
#define HEAD     &vmm_protocol_head
#define HEAD_R   &vmm_protocol_head_repaired
#define NONE     {0, 0, 0, 0}
#define MASK(v)  {.mask = (v)}
#define ACT(v)   {.active = (v)}
#define LOCK(v)  {.lock = (v)}

/* clang-format off */
static const struct operation_row gate_rows[] = {
	{ "a vCPU marks its CPU, then is counted",
	    VKEPT, ENTER, NONE, NONE, {NONE}, "mask=4 lock=2", 1 },
	{ "of two that are counted at once neither is lost",
	    VKEPT, ENTER, NONE, LOCK(2), {NONE}, "mask=4 lock=4", 1 },
	{ "a gate that is shut takes nobody",
	    VKEPT, ENTER, LOCK(1), NONE, {NONE}, "mask=4 mask=0", 0 },
	{ "nor does one that shuts before the count",
	    VKEPT, ENTER, NONE, LOCK(1), {NONE}, "mask=4 mask=0", 0 },
	{ "a vCPU leaves the mask, then the count",
	    VKEPT, LEAVE, {6, 0, 4, 0}, NONE, {NONE}, "mask=2 lock=2", 0 },
	{ "a stop without guests interrupts nobody",
	    VKEPT, SYNC_BEGIN, MASK(4), NONE, {NONE}, "lock=1 generation=1", 0 },
	{ "a stop interrupts and waits for the last, then raises the generation",
	    VKEPT, SYNC_BEGIN, {6, 0, 4, 0}, NONE, {{2, 0, 4, 0}, NONE},
	    "lock=5 ipi 6 turn 1 generation=1", 0 },
	{ "a stop counts who came while it shut the gate",
	    VKEPT, SYNC_BEGIN, MASK(4), LOCK(2), {LOCK(2)},
	    "lock=3 ipi 4 turn 1 generation=1", 0 },
	{ "a stop waits for another stop, without an interrupt",
	    VKEPT, SYNC_BEGIN, LOCK(1), NONE, {NONE, LOCK(1)},
	    "turn 1 turn 2 lock=1 generation=1", 0 },
	{ "the gate opens", VKEPT, SYNC_END, LOCK(1), NONE, {NONE}, "lock=0", 0 },
	{ "a change of the EPT shuts the same gate",
	    VKEPT, EPT_BEGIN, {2, 7, 2, 0}, NONE, {LOCK(2)},
	    "lock=3 ipi 2 turn 1 generation=1", 0 },
	{ "and opens it", VKEPT, EPT_END, {0, 7, 1, 0}, NONE, {NONE}, "lock=0", 0 },
};

static const struct operation_row copy_rows[] = {
	{ "what counts itself in is told so", NULL, COUNT_IN, LOCK(2), NONE, {NONE}, "lock=4", 1 },
	{ "or that it may not", NULL, COUNT_IN, LOCK(3), NONE, {NONE}, "", 0 },
	{ "a copy looks at the generation", NULL, COPY_LOOK, {0, 0, 2, 5}, NONE, {NONE}, "", 5 },
	{ "and waits for a stop, whose generation it then takes",
	    NULL, COPY_LOOK, {0, 0, 3, 5}, NONE, {NONE, {0, 0, 1, 1}}, "turn 1 turn 2", 6 },
	{ "a copy enters under the generation that it saw",
	    NULL, COPY_ENTER, {0, 0, 2, SEEN}, NONE, {NONE}, "lock=4", 1 },
	{ "not under another", NULL, COPY_ENTER, {0, 0, 2, SEEN + 1}, NONE, {NONE},
	    "lock=4 lock=2", 0 },
	{ "nor under one that came while it was counted",
	    NULL, COPY_ENTER, {0, 0, 2, SEEN}, {0, 0, 0, 1}, {NONE}, "lock=4 lock=2", 0 },
	{ "nor during a stop", NULL, COPY_ENTER, {0, 0, 1, SEEN}, NONE, {NONE}, "", 0 },
	{ "a copy is counted out", NULL, COPY_LEAVE, LOCK(4), NONE, {NONE}, "lock=2", 0 },
};

static const struct operation_row merge_rows[] = {
	{ "a vCPU is its bit", MERGE, ENTER, NONE, NONE, {NONE}, "mask=4", 1 },
	{ "of two that come at once neither is lost",
	    MERGE, ENTER, NONE, MASK(2), {NONE}, "mask=6", 1 },
	{ "a mask that is locked takes nobody", MERGE, ENTER, MASK(L), NONE, {NONE}, "", 0 },
	{ "nor does one that is locked meanwhile", MERGE, ENTER, NONE, MASK(L), {NONE}, "", 0 },
	{ "a vCPU takes its bit back, and no other",
	    MERGE, LEAVE, MASK(L | 6), NONE, {NONE}, "mask=L2", 0 },
	{ "a sync without guests interrupts nobody",
	    MERGE, SYNC_BEGIN, NONE, NONE, {NONE}, "mask=L0", 0 },
	{ "a sync interrupts whoever is in the mask, and waits for the last",
	    MERGE, SYNC_BEGIN, MASK(6), NONE, {MASK(2), NONE, MASK(4)},
	    "mask=L6 ipi 6 turn 1 turn 2 turn 3", 0 },
	{ "and whoever came while it took the lock",
	    MERGE, SYNC_BEGIN, NONE, MASK(1), {MASK(1)}, "mask=L1 ipi 1 turn 1", 0 },
	{ "a sync waits for another sync",
	    MERGE, SYNC_BEGIN, MASK(L), NONE, {NONE, MASK(L)}, "turn 1 turn 2 mask=L0", 0 },
	{ "the lock is taken back", MERGE, SYNC_END, MASK(L), NONE, {NONE}, "mask=0", 0 },
	{ "repaired: the generation is raised when everybody is out",
	    MERGE_R, SYNC_BEGIN, MASK(2), NONE, {MASK(2)},
	    "mask=L2 ipi 2 turn 1 generation=1", 0 },
};

static const struct operation_row capture_rows[] = {
	{ "merge: the lock, the others captured, the generation",
	    MERGE, EPT_BEGIN, ACT(7), NONE, {NONE}, "active=L7 capture 6 generation=1", 0 },
	{ "merge: who came while the lock was taken is captured",
	    MERGE, EPT_BEGIN, ACT(3), ACT(8), {NONE}, "active=Lb capture a generation=1", 0 },
	{ "merge: a second change waits for the lock",
	    MERGE, EPT_BEGIN, ACT(L | 7), NONE, {NONE, ACT(L)},
	    "turn 1 turn 2 active=L7 capture 6 generation=1", 0 },
	{ "merge: the lock goes before the others",
	    MERGE, EPT_END, ACT(L | 7), NONE, {NONE}, "active=7 release 6", 0 },
	{ "head: the generation is raised before the capture",
	    HEAD, EPT_BEGIN, ACT(7), NONE, {NONE}, "active=L7 generation=1 capture 6", 0 },
	{ "head: a second change waits for the lock",
	    HEAD, EPT_BEGIN, ACT(L | 7), NONE, {ACT(L)},
	    "turn 1 active=L7 generation=1 capture 6", 0 },
	{ "head: the others go, the generation is raised, then the lock goes",
	    HEAD, EPT_END, ACT(L | 7), NONE, {NONE}, "release 6 generation=1 active=7", 0 },
	{ "head repaired: the generation is raised while they are held",
	    HEAD_R, EPT_END, ACT(L | 7), NONE, {NONE}, "generation=1 active=7 release 6", 0 },
};

/* Whose operations are another's: told once, above. */
static const struct protocol_row {
	const struct vmm_protocol *protocol;
	const char *name;
	int flushes_on_migration, captures;
	const struct vmm_protocol *gate, *sync_begin, *ept_begin, *ept_end;
} protocol_rows[] = {
	{ VKEPT, "vkept", 1, 0, VKEPT, VKEPT, VKEPT, VKEPT },
	{ MERGE, "merge", 0, 1, MERGE, MERGE, MERGE, MERGE },
	{ MERGE_R, "merge-repaired", 1, 1, MERGE, MERGE_R, MERGE, MERGE },
	{ D3_8, "3.8", 0, 1, MERGE, MERGE, MERGE, MERGE },
	{ HEAD, "head", 1, 1, VKEPT, VKEPT, HEAD, HEAD },
	{ HEAD_R, "head-repaired", 1, 1, VKEPT, VKEPT, HEAD, HEAD_R },
};
/* clang-format on */

static uint64_t
operate(const struct vmm_protocol *protocol, enum operation operation)
{
	struct vk_guard guard = vmm_copy_guard(&is.proc);

	switch (operation) {
	case ENTER:
		return (uint64_t)protocol->enter(&is.proc, CPU);
	case LEAVE:
		protocol->leave(&is.proc, CPU);
		break;
	case SYNC_BEGIN:
		protocol->sync_begin(&is.proc, &host_ops, NULL);
		break;
	case SYNC_END:
		protocol->sync_end(&is.proc, &host_ops, NULL);
		break;
	case EPT_BEGIN:
		protocol->ept_begin(&is.proc, &host_ops, NULL);
		break;
	case EPT_END:
		protocol->ept_end(&is.proc, &host_ops, NULL);
		break;
	case COUNT_IN:
		return (uint64_t)vmm_gate_count_in(&is.proc);
	case COPY_LOOK:
		return guard.ops->look(guard.ctx);
	case COPY_ENTER:
		return (uint64_t)guard.ops->enter(guard.ctx, SEEN);
	case COPY_LEAVE:
		guard.ops->leave(guard.ctx);
		break;
	}
	return 0;
}

static void
run_operation_row(void **state)
{
	const struct operation_row *row = *state;

	memset(&is, 0, sizeof(is));
	is.row = row;
	is.proc.cpumask = row->before.mask;
	is.proc.active = row->before.active;
	is.proc.cpulock = row->before.lock;
	is.proc.invgen = row->before.generation;
	is.seen = is.proc;
	assert_int_equal(operate(row->protocol, row->operation), row->answer);
	tell_changes();
	assert_string_equal(is.told, row->told);
}

static void
run_protocol_row(void **state)
{
	const struct protocol_row *row = *state;
	const struct vmm_protocol *protocol = row->protocol;

	assert_string_equal(protocol->name, row->name);
	assert_int_equal(protocol->flushes_on_migration, row->flushes_on_migration);
	assert_int_equal(protocol->captures, row->captures);
	assert_true(protocol->enter == row->gate->enter);
	assert_true(protocol->leave == row->gate->leave);
	assert_true(protocol->sync_begin == row->sync_begin->sync_begin);
	assert_true(protocol->sync_end == row->gate->sync_end);
	assert_true(protocol->ept_begin == row->ept_begin->ept_begin);
	assert_true(protocol->ept_end == row->ept_end->ept_end);
}

int
main(void)
{
	struct rows rows = {0};
	size_t i;

	for (i = 0; i < ROWS_COUNT(gate_rows); i++)
		rows_add(&rows, "gate", gate_rows[i].what, run_operation_row, &gate_rows[i]);
	for (i = 0; i < ROWS_COUNT(copy_rows); i++)
		rows_add(&rows, "copy", copy_rows[i].what, run_operation_row, &copy_rows[i]);
	for (i = 0; i < ROWS_COUNT(merge_rows); i++)
		rows_add(&rows, "merge", merge_rows[i].what, run_operation_row, &merge_rows[i]);
	for (i = 0; i < ROWS_COUNT(capture_rows); i++)
		rows_add(&rows, "capture", capture_rows[i].what, run_operation_row,
		    &capture_rows[i]);
	for (i = 0; i < ROWS_COUNT(protocol_rows); i++)
		rows_add(&rows, "protocol", protocol_rows[i].name, run_protocol_row,
		    &protocol_rows[i]);
	return rows_run(&rows, "protocol");
}
