/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store buffer of x86-TSO: stores that a processor has made and nobody else sees yet.
 *
 * A buffer hands its stores to memory in the order in which they were made, at any time; its own
 * processor reads them before that, and so do its walks for data.  Walks for fetches read memory:
 * they may miss such a store.  Locked and serialising operations wait until the buffer is empty; a
 * walk that sets flags waits for the stores to that entry.  [TSO-BUFFER] [TSO-WALK]
 */
#ifndef VK_SIM_VCPU_STORES_H
#define VK_SIM_VCPU_STORES_H

#include "sim/hostmem.h"

#define VCPU_STORES_MAX 16 /* one more waits for the oldest to leave */
#define VCPU_STORE_BYTES 16

struct vcpu_store {
	hpa_t hpa;
	unsigned size;
	unsigned char bytes[VCPU_STORE_BYTES];
};

struct vcpu_stores {
	struct hostmem *mem;
	unsigned count;
	struct vcpu_store store[VCPU_STORES_MAX]; /* oldest first */
};

/* Puts a store of up to VCPU_STORE_BYTES in; where there is no room the oldest goes to memory. */
void vcpu_stores_put(struct vcpu_stores *stores, hpa_t hpa, const void *bytes, unsigned size);

/* Lays what the buffer holds of these bytes over what memory holds of them. */
void vcpu_stores_overlay(const struct vcpu_stores *stores, hpa_t hpa, void *bytes, unsigned size);

/* The oldest store goes to memory; there must be one. */
void vcpu_stores_drain(struct vcpu_stores *stores);

/* All of them do.  `stores` may be NULL: stores are seen at once. */
void vcpu_stores_fence(struct vcpu_stores *stores);

/* Memory as the processor's walks for data see it. */
struct hpm vcpu_stores_hpm(struct vcpu_stores *stores);

#endif
