/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The store of decoded code, by frame of memory.
 *
 * It holds for whoever runs the same bytes, at whatever linear address.  Who writes to a frame has
 * it dropped.  When the store is full it is emptied as a whole: what is needed comes back.
 */
#include "x86/x86_code.h"

#include <stdlib.h>

#include "x86/x86_table.h"

#define OPS_MAX 65536u
#define BLOCKS_MAX 32768u
#define FRAMES_MAX 1024u
#define BLOCK_OPS_MAX 32u

struct x86_code *
x86_code_create(void)
{
	struct x86_code *code = calloc(1, sizeof(*code));

	if (code == NULL)
		return NULL;
	code->op = malloc(OPS_MAX * sizeof(*code->op));
	code->block = malloc(BLOCKS_MAX * sizeof(*code->block));
	if (code->op == NULL || code->block == NULL) {
		x86_code_destroy(code);
		return NULL;
	}
	code->blocks = 1;
	return code;
}

static void
empty(struct x86_code *code)
{
	unsigned i;

	for (i = 0; i < X86_FRAME_BUCKETS; i++) {
		while (code->bucket[i] != NULL) {
			struct x86_frame *frame = code->bucket[i];

			code->bucket[i] = frame->next;
			free(frame);
		}
	}
	code->ops = code->frames = 0;
	code->blocks = 1;
	code->generation++;
}

void
x86_code_destroy(struct x86_code *code)
{
	if (code == NULL)
		return;
	empty(code);
	free(code->op);
	free(code->block);
	free(code);
}

static struct x86_frame *
find_frame(struct x86_code *code, uint64_t number)
{
	struct x86_frame *frame = code->bucket[number % X86_FRAME_BUCKETS];

	while (frame != NULL && frame->frame != number)
		frame = frame->next;
	return frame;
}

void
x86_code_drop(struct x86_code *code, uint64_t frame)
{
	struct x86_frame *entry = find_frame(code, frame);

	if (entry != NULL)
		memset(entry->block, 0, sizeof(entry->block));
}

struct x86_frame *
x86_code_frame(struct x86_code *code, uint64_t number)
{
	struct x86_frame *frame = find_frame(code, number);

	if (frame != NULL)
		return frame;
	if (code->frames == FRAMES_MAX)
		empty(code);
	frame = calloc(1, sizeof(*frame));
	if (frame == NULL)
		return NULL;
	frame->frame = number;
	frame->next = code->bucket[number % X86_FRAME_BUCKETS];
	code->bucket[number % X86_FRAME_BUCKETS] = frame;
	code->frames++;
	return frame;
}

/* Room for a block; *frame is what became of the frame's entry. */
static bool
make_room(struct x86_code *code, struct x86_frame **frame)
{
	uint64_t number = (*frame)->frame;

	if (code->ops + BLOCK_OPS_MAX > OPS_MAX || code->blocks == BLOCKS_MAX) {
		empty(code);
		*frame = x86_code_frame(code, number);
	}
	return *frame != NULL;
}

uint32_t
x86_code_decode(struct x86_code *code, struct x86_frame **frame, const unsigned char *page,
    unsigned offset)
{
	unsigned at = offset, count = 0;
	struct x86_op *op;
	bool open = true;

	if (!make_room(code, frame))
		return 0;
	op = &code->op[code->ops];
	while (open && count < BLOCK_OPS_MAX && at < X86_PAGE) {
		size_t room = X86_PAGE - at < X86_LENGTH_MAX ? X86_PAGE - at : X86_LENGTH_MAX;
		const struct x86_row *row;
		unsigned selected;

		if (x86_decode(page + at, room, &op[count], &row, &selected) != X86_DECODED ||
		    op[count].run == NULL)
			break;
		at += op[count++].length;
		open = !(row->flags & X86_F_DECIDES);
	}
	if (count == 0)
		return 0;
	(*frame)->block[offset] = code->blocks;
	code->block[code->blocks] = (struct x86_block){ code->ops, count };
	code->ops += count;
	return code->blocks++;
}
