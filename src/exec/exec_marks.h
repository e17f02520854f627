/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of frames of host memory: which hold decoded code, which hold tables that a kept
 * translation came from.
 */
#ifndef VK_EXEC_EXEC_MARKS_H
#define VK_EXEC_EXEC_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXEC_MARK_CODE 1u
#define EXEC_MARK_TABLE 2u

struct exec_mark;

/* All zero in the beginning. */
struct exec_marks {
	struct exec_mark *mark;
	size_t room, used;
	bool failed; /* out of memory */
};

void exec_marks_free(struct exec_marks *marks);

/* `frame` is a number of a frame.  *added: it was not there; false: out of memory. */
bool exec_marks_set(struct exec_marks *marks, uint64_t frame, unsigned mark, bool *added);
void exec_marks_clear(struct exec_marks *marks, uint64_t frame, unsigned mark);
unsigned exec_marks_of(const struct exec_marks *marks, uint64_t frame);

#endif
