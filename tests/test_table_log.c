/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of tables: which stores it takes for changes, by whom, and what it remembers of them.
 */
#include <string.h>

#include "ept/ept.h"
#include "guestpt/guestpt.h"
#include "sim/table_log.h"
#include "support/support_rows.h"

#define GUEST 0x1000ull
#define EPT 0x2000ull
#define BOTH 0x3000ull
#define DATA 0x4000ull

struct world {
	struct hostmem *mem;
	struct table_log *log;
	struct table_change last;
	unsigned told;
};

static void
note(void *ctx, const struct table_change *change)
{
	struct world *world = ctx;

	world->last = *change;
	world->told++;
}

static void
thread_2_step_5(void *ctx, struct table_change *change)
{
	(void)ctx;
	change->thread = 2;
	change->step = 5;
}

static void
begin(struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->mem = hostmem_create(VK_BIT(40), 64);
	assert_non_null(world->mem);
	world->log = table_log_create(world->mem);
	assert_non_null(world->log);
	/* In no order. */
	assert_true(table_log_add(world->log, vk_hpa(BOTH), TABLE_EPT));
	assert_true(table_log_add(world->log, vk_hpa(GUEST), TABLE_GUEST));
	assert_true(table_log_add(world->log, vk_hpa(EPT), TABLE_EPT));
	assert_true(table_log_add(world->log, vk_hpa(BOTH), TABLE_GUEST));
	table_log_follow(world->log, note, world);
}

static void
end(struct world *world)
{
	assert_false(table_log_failed(world->log));
	table_log_destroy(world->log);
	hostmem_destroy(world->mem);
}

/* --- what is a change ------------------------------------------------------------------------- */

#define OLD 0x5000ull

static const struct {
	const char *what;
	uint64_t frame, flags; /* OLD becomes OLD with these */
	bool locked, by_walk;
} writers[] = {
	{ "a store is a change", GUEST, VK_PG_A, false, false },
	{ "a locked operation that sets a flag is a walk's", GUEST, VK_PG_A, true, true },
	{ "or both flags", GUEST, VK_PG_A | VK_PG_D, true, true },
	{ "not one that sets something else", GUEST, VK_PG_A | VK_PG_RW, true, false },
	{ "flags of the EPT are others", EPT, EPT_A | EPT_D, true, true },
	{ "and are none of a guest's", GUEST, EPT_A, true, false },
	{ "nor a guest's those of the EPT", EPT, VK_PG_A, true, false },
	{ "where both have tables, either", BOTH, VK_PG_A | EPT_A, true, true },
};

static void
run_writer(void **state)
{
	size_t i = (size_t)*state;
	struct world world;
	hpa_t slot = vk_hpa(writers[i].frame + 0x18);

	begin(&world);
	hostmem_store(world.mem, slot, OLD);
	table_log_start(world.log);
	hostmem_lock(world.mem, writers[i].locked);
	hostmem_store(world.mem, slot, OLD | writers[i].flags);
	hostmem_lock(world.mem, false);
	assert_int_equal(world.told, 1);
	assert_int_equal(world.last.writer, writers[i].by_walk ? TABLE_BY_WALK :
	    writers[i].locked ? TABLE_BY_LOCKED : TABLE_BY_STORE);
	assert_int_equal(table_log_has_slot(world.log, slot), !writers[i].by_walk);
	end(&world);
}

static void
clearing_a_flag_is_a_change(void **state)
{
	struct world world;
	struct hpm hpm;

	(void)state;
	begin(&world);
	hpm = hostmem_hpm(world.mem);
	hostmem_store(world.mem, vk_hpa(GUEST), OLD | VK_PG_A);
	table_log_start(world.log);
	hpm.ops->cas(hpm.ctx, vk_hpa(GUEST), OLD | VK_PG_A, OLD);
	assert_int_equal(world.last.writer, TABLE_BY_LOCKED);
	end(&world);
}

/* --- what is remembered ----------------------------------------------------------------------- */

static void
changes_have_numbers_and_who_made_them(void **state)
{
	const struct table_change *found;
	struct world world;
	size_t count;

	(void)state;
	begin(&world);
	hostmem_store(world.mem, vk_hpa(GUEST), OLD);
	table_log_start(world.log);
	hostmem_store(world.mem, vk_hpa(DATA), 1); /* no table */
	hostmem_store(world.mem, vk_hpa(GUEST), 1);
	assert_int_equal(world.last.thread, -1);
	assert_true(world.last.first);
	table_log_ask(world.log, thread_2_step_5, NULL);
	hostmem_store(world.mem, vk_hpa(EPT), 2);
	hostmem_store(world.mem, vk_hpa(GUEST), 3);
	assert_false(world.last.first);
	assert_int_equal(table_log_number(world.log), 3);
	hostmem_store(world.mem, vk_hpa(GUEST), 1);
	hostmem_store(world.mem, vk_hpa(GUEST), 1 | VK_PG_A);
	hostmem_store(world.mem, vk_hpa(GUEST), 4);
	found = table_log_first(world.log, vk_hpa(GUEST), OLD, 0);
	assert_non_null(found);
	assert_int_equal(found->number, 1);
	assert_int_equal(found->before, OLD);
	assert_int_equal(found->after, 1);
	assert_int_equal(found->kind, TABLE_GUEST);
	/* A value that was there twice was taken out twice; a flag more is the same value. */
	found = table_log_first(world.log, vk_hpa(GUEST), 1, 1);
	assert_non_null(found);
	assert_int_equal(found->number, 3);
	assert_int_equal(found->thread, 2);
	assert_int_equal(found->step, 5);
	assert_int_equal(table_log_first(world.log, vk_hpa(GUEST), 1, 3)->number, 6);
	assert_int_equal(table_log_last(world.log, vk_hpa(GUEST), 1)->number, 6);
	assert_null(table_log_first(world.log, vk_hpa(GUEST), 1, 6));
	assert_null(table_log_last(world.log, vk_hpa(GUEST), 7));
	assert_int_equal(table_log_since(world.log, 4, &count)->number, 5);
	assert_int_equal(count, 2);
	(void)table_log_since(world.log, 6, &count);
	assert_int_equal(count, 0);
	end(&world);
}

static void
of_too_many_changes_the_older_half_goes(void **state)
{
	const struct table_change *found;
	struct world world;
	uint64_t i;

	(void)state;
	begin(&world);
	table_log_start(world.log);
	for (i = 1; i <= 65537; i++)
		hostmem_store(world.mem, vk_hpa(GUEST), i << VK_PAGE_SHIFT);
	assert_null(table_log_last(world.log, vk_hpa(GUEST), 32767ull << VK_PAGE_SHIFT));
	found = table_log_last(world.log, vk_hpa(GUEST), 32768ull << VK_PAGE_SHIFT);
	assert_non_null(found);
	assert_int_equal(found->number, 32769);
	assert_int_equal(table_log_number(world.log), 65537);
	end(&world);
}

static void
entries_come_in_order_of_address(void **state)
{
	static const uint64_t order[] = { GUEST + 8, GUEST + 16, EPT, BOTH + 0xff8 };
	const struct table_slot *slot;
	struct world world;
	size_t count, i;

	(void)state;
	begin(&world);
	table_log_start(world.log);
	for (i = ROWS_COUNT(order); i-- > 0;)
		hostmem_store(world.mem, vk_hpa(order[i]), 1);
	slot = table_log_slots(world.log, &count);
	assert_int_equal(count, ROWS_COUNT(order));
	for (i = 0; i < count; i++)
		assert_int_equal(slot[i].slot.v, order[i]);
	assert_int_equal(slot[3].kind, TABLE_GUEST | TABLE_EPT);
	assert_false(table_log_has_slot(world.log, vk_hpa(GUEST)));
	assert_int_equal(table_log_kind(world.log, vk_hpa(DATA)), 0);
	end(&world);
}

int
main(void)
{
	struct rows list = { 0 };
	size_t i;

	for (i = 0; i < ROWS_COUNT(writers); i++)
		rows_add(&list, NULL, writers[i].what, run_writer, (const void *)i);
	ROWS_ADD_TEST(&list, clearing_a_flag_is_a_change);
	ROWS_ADD_TEST(&list, changes_have_numbers_and_who_made_them);
	ROWS_ADD_TEST(&list, of_too_many_changes_the_older_half_goes);
	ROWS_ADD_TEST(&list, entries_come_in_order_of_address);
	return rows_run(&list, "table_log");
}
