/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of stores, and reads through it.
 */
#include "sim/vcpu_stores.h"

#include <string.h>

void
vcpu_stores_put(struct vcpu_stores *stores, hpa_t hpa, const void *bytes, unsigned size)
{
	struct vcpu_store *store;

	if (stores->count == VCPU_STORES_MAX)
		vcpu_stores_drain(stores);
	store = &stores->store[stores->count++];
	memset(store, 0, sizeof(*store));
	store->hpa = hpa;
	store->size = size;
	memcpy(store->bytes, bytes, size);
}

void
vcpu_stores_overlay(const struct vcpu_stores *stores, hpa_t hpa, void *bytes, unsigned size)
{
	unsigned char *to = bytes;
	unsigned i, at;

	for (i = 0; i < stores->count; i++) {
		const struct vcpu_store *store = &stores->store[i];

		for (at = 0; at < store->size; at++) {
			uint64_t place = store->hpa.v + at - hpa.v;

			if (place < size)
				to[place] = store->bytes[at];
		}
	}
}

void
vcpu_stores_drain(struct vcpu_stores *stores)
{
	struct vcpu_store oldest = stores->store[0];

	/* Others may run before it is in memory: its own processor still reads it till then. */
	hostmem_write(stores->mem, oldest.hpa, oldest.bytes, oldest.size);
	stores->count--;
	memmove(&stores->store[0], &stores->store[1], stores->count * sizeof(stores->store[0]));
}

void
vcpu_stores_fence(struct vcpu_stores *stores)
{
	while (stores != NULL && stores->count != 0)
		vcpu_stores_drain(stores);
}

/* --- what walks see --------------------------------------------------------------------------- */

static bool
holds_word(const struct vcpu_stores *stores, hpa_t slot)
{
	unsigned i;

	for (i = 0; i < stores->count; i++) {
		const struct vcpu_store *store = &stores->store[i];

		if (store->hpa.v < slot.v + sizeof(uint64_t) &&
		    slot.v < store->hpa.v + store->size)
			return true;
	}
	return false;
}

static uint64_t
buffered_load(void *ctx, hpa_t slot)
{
	const struct vcpu_stores *stores = ctx;
	uint64_t word = hostmem_load(stores->mem, slot);

	vcpu_stores_overlay(stores, slot, &word, sizeof(word));
	return word;
}

/* A locked operation on the word; the stores to it come first, and with them all before. */
static enum cas_status
buffered_cas(void *ctx, hpa_t slot, uint64_t old, uint64_t new_value)
{
	struct vcpu_stores *stores = ctx;
	struct hpm hpm = hostmem_hpm(stores->mem);

	while (holds_word(stores, slot))
		vcpu_stores_drain(stores);
	return hpm.ops->cas(hpm.ctx, slot, old, new_value);
}

static const struct hpm_ops buffered_ops = { buffered_load, buffered_cas };

struct hpm
vcpu_stores_hpm(struct vcpu_stores *stores)
{
	struct hpm hpm = { &buffered_ops, stores };

	return hpm;
}
