/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What was decoded: for each byte of a frame at which something was executed, the operations from
 * there to the next branch or the end of the page.
 */
#ifndef VK_X86_X86_CODE_H
#define VK_X86_X86_CODE_H

#include "x86/x86_op.h"

#define X86_PAGE 4096u

struct x86_frame {
	struct x86_frame *next;    /* of the same bucket */
	uint64_t frame;
	uint32_t block[X86_PAGE];  /* by offset; 0: nothing decoded */
};

struct x86_block {
	uint32_t first;            /* index of its first operation */
	uint32_t count;
};

#define X86_FRAME_BUCKETS 256u

struct x86_code {
	uint64_t generation;       /* counts up when everything was thrown away */
	struct x86_op *op;
	struct x86_block *block;   /* from 1 on */
	uint32_t ops, blocks, frames;
	struct x86_frame *bucket[X86_FRAME_BUCKETS];
};

/* The entry of a frame, made if there is none; NULL: out of memory. */
struct x86_frame *x86_code_frame(struct x86_code *code, uint64_t frame);

/*
 * Decodes what begins at `offset` of a page's bytes and keeps it for the frame.  The index of a
 * block; 0: the first instruction goes beyond the page, is none, or is not executed.  When the
 * store had to be emptied, *frame is the frame's new entry, or NULL.
 */
uint32_t x86_code_decode(struct x86_code *code, struct x86_frame **frame,
    const unsigned char *page, unsigned offset);

#endif
