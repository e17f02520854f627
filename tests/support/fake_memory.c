/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counting, history, refusals and the interference of "another processor".  Holding pages is not
 * offered: no walker holds any.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "support/fake_memory.h"

void
fake_init(struct fake_memory *memory, uint64_t size)
{
	memset(memory, 0, sizeof(*memory));
	memory->mem = hostmem_create(size, 4096);
	assert_non_null(memory->mem);
	memory->refuse_load = memory->refuse_cas = FAKE_NOWHERE;
}

void
fake_destroy(struct fake_memory *memory)
{
	hostmem_destroy(memory->mem);
	memory->mem = NULL;
}

void
fake_reset(struct fake_memory *memory)
{
	memory->loads = memory->swaps = memory->events = 0;
}

uint64_t
fake_peek(const struct fake_memory *memory, uint64_t address)
{
	return hostmem_load(memory->mem, vk_hpa(address));
}

void
fake_poke(struct fake_memory *memory, uint64_t address, uint64_t value)
{
	assert_true(hostmem_store(memory->mem, vk_hpa(address), value));
}

unsigned
fake_loads_of(const struct fake_memory *memory, uint64_t address)
{
	unsigned i, n = 0;

	for (i = 0; i < memory->events; i++) {
		if (memory->event[i].op == FAKE_LOAD && memory->event[i].address == address)
			n++;
	}
	return n;
}

static void
fake_record(struct fake_memory *memory, enum fake_op op, uint64_t address, uint64_t value,
    enum cas_status status)
{
	struct fake_event *event;

	if (memory->events == FAKE_EVENTS)
		return;
	event = &memory->event[memory->events++];
	event->op = op;
	event->address = address;
	event->value = value;
	event->status = status;
}

static uint64_t
fake_load(struct fake_memory *memory, uint64_t address)
{
	uint64_t value;

	if (memory->meanwhile != NULL)
		memory->meanwhile(memory, FAKE_LOAD, address);
	value = fake_peek(memory, address);
	memory->loads++;
	fake_record(memory, FAKE_LOAD, address, value, CAS_DONE);
	return value;
}

static enum cas_status
swap_in(struct hostmem *mem, hpa_t slot, uint64_t value)
{
	bool stored;

	hostmem_lock(mem, true);
	stored = hostmem_store(mem, slot, value);
	hostmem_lock(mem, false);
	return stored ? CAS_DONE : CAS_REFUSED;
}

static enum cas_status
fake_cas(struct fake_memory *memory, uint64_t address, uint64_t old, uint64_t new_value)
{
	enum cas_status status = CAS_DONE;

	if (memory->meanwhile != NULL)
		memory->meanwhile(memory, FAKE_CAS, address);
	if (address == memory->refuse_cas)
		status = CAS_REFUSED;
	else if (fake_peek(memory, address) != old)
		status = CAS_LOST;
	else
		status = swap_in(memory->mem, vk_hpa(address), new_value);
	memory->swaps += status == CAS_DONE;
	fake_record(memory, FAKE_CAS, address, new_value, status);
	return status;
}

static int
fake_gpm_load(void *ctx, gpa_t slot, uint64_t *entry)
{
	struct fake_memory *memory = ctx;

	if (slot.v == memory->refuse_load)
		return 0;
	*entry = fake_load(memory, slot.v);
	return 1;
}

static enum cas_status
fake_gpm_cas(void *ctx, gpa_t slot, uint64_t old, uint64_t new_value)
{
	return fake_cas(ctx, slot.v, old, new_value);
}

static uint64_t
fake_hpm_load(void *ctx, hpa_t slot)
{
	return fake_load(ctx, slot.v);
}

static enum cas_status
fake_hpm_cas(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	return fake_cas(ctx, slot.v, old, new_value);
}

struct gpm
fake_gpm(struct fake_memory *memory)
{
	static const struct gpm_ops ops = { fake_gpm_load, fake_gpm_cas, NULL, NULL };
	struct gpm gpm = { &ops, memory };

	return gpm;
}

struct hpm
fake_hpm(struct fake_memory *memory)
{
	static const struct hpm_ops ops = { fake_hpm_load, fake_hpm_cas };
	struct hpm hpm = { &ops, memory };

	return hpm;
}
