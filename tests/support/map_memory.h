/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory map of a process as copyio's memory: what is asked for is faulted in.
 */
#ifndef TESTS_MAP_MEMORY_H
#define TESTS_MAP_MEMORY_H

#include "base/mem.h"
#include "sim/vmspace.h"

/* Guest-physical addresses are those of the map.  One page may be held at a time. */
struct map_memory {
	struct hostmem *host;
	struct vmspace *space;
	int held;
};

struct gpm map_memory_gpm(struct map_memory *memory);

#endif
