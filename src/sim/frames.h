/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which host frames are free: a deterministic allocator, lowest first.  A frame that was given back
 * is not given out again.
 */
#ifndef VK_SIM_FRAMES_H
#define VK_SIM_FRAMES_H

#include "ept/ept_edit.h"
#include "sim/table_log.h"

struct frames {
	struct hostmem *mem;
	uint64_t next;  /* first frame address never given out */
	uint64_t end;
	uint64_t taken; /* how many are out */
	struct vm_object *objects; /* whose pages lie in them; of vmspace.c alone */
	struct table_log *log; /* told of frames that become EPT tables; may be NULL */
};

/* Frames from [start, end), byte addresses, multiples of 4 KiB. */
void frames_init(struct frames *frames, struct hostmem *mem, hpa_t start, hpa_t end);

/* A zeroed frame; false when none is left. */
bool frames_take(struct frames *frames, hpa_t *frame);

/* Gives a frame back; its contents stay. */
void frames_give(struct frames *frames, hpa_t frame);

/* As the EPT edits want it. */
struct ept_frames frames_for_ept(struct frames *frames);

#endif
