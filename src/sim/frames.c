/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frame allocation for the simulated host.  A freed frame is not reused: whatever still points at
 * it by mistake then shows as a stale access to a frame that nobody owns, not as a lucky hit.
 */
#include "sim/frames.h"

void
frames_init(struct frames *frames, struct hostmem *mem, hpa_t start, hpa_t end)
{
	frames->mem = mem;
	frames->next = start.v;
	frames->end = end.v;
	frames->taken = 0;
	frames->objects = NULL;
	frames->log = NULL;
}

bool
frames_take(struct frames *frames, hpa_t *frame)
{
	hpa_t next = vk_hpa(frames->next);

	/* Somebody may have written there before the frame was anybody's. */
	if (next.v >= frames->end || !hostmem_clear(frames->mem, next))
		return false;
	*frame = next;
	frames->next += VK_PAGE_BYTES;
	frames->taken++;
	return true;
}

void
frames_give(struct frames *frames, hpa_t frame)
{
	(void)frame;
	frames->taken--;
}

static int
take_for_ept(void *ctx, hpa_t *frame)
{
	struct frames *frames = ctx;

	if (!frames_take(frames, frame))
		return 0;
	return frames->log == NULL || table_log_add(frames->log, *frame, TABLE_EPT);
}

static void
give_for_ept(void *ctx, hpa_t frame)
{
	frames_give(ctx, frame);
}

struct ept_frames
frames_for_ept(struct frames *frames)
{
	struct ept_frames ops = { take_for_ept, give_for_ept, frames };

	return ops;
}
