/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A queue of stores, and reads through it.
 */
#include "sim/vcpu_stores.h"

#include <string.h>

void
vcpu_stores_put(struct vcpu_stores *stores, struct hostmem *mem, hpa_t hpa, const void *bytes,
    unsigned size)
{
	struct vcpu_store *store;

	if (stores->count == VCPU_STORES_MAX)
		vcpu_stores_drain(stores, mem);
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
vcpu_stores_drain(struct vcpu_stores *stores, struct hostmem *mem)
{
	struct vcpu_store oldest = stores->store[0];

	/* Others may run before it is in memory: its own processor still reads it till then. */
	hostmem_write(mem, oldest.hpa, oldest.bytes, oldest.size);
	stores->count--;
	memmove(&stores->store[0], &stores->store[1], stores->count * sizeof(stores->store[0]));
}

void
vcpu_stores_fence(struct vcpu_stores *stores, struct hostmem *mem)
{
	while (stores != NULL && stores->count != 0)
		vcpu_stores_drain(stores, mem);
}
