/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table from frame to marks.  A frame that was once marked keeps its place.
 */
#include "exec/exec_marks.h"

#include <stdlib.h>
#include <string.h>

#include "sim/keyed.h"

#define FIRST_ROOM 256u /* a power of two */

struct exec_mark {
	uint64_t key; /* number of the frame plus one */
	unsigned bits;
};

void
exec_marks_free(struct exec_marks *marks)
{
	free(marks->mark);
	memset(marks, 0, sizeof(*marks));
}

static struct exec_mark *
find(const struct exec_marks *marks, uint64_t frame)
{
	return keyed_find(marks->mark, marks->room, sizeof(*marks->mark), frame + 1);
}

bool
exec_marks_set(struct exec_marks *marks, uint64_t frame, unsigned mark, bool *added)
{
	struct exec_mark *found;

	if (!keyed_grow((void **)&marks->mark, &marks->room, marks->used, FIRST_ROOM,
	    sizeof(*marks->mark))) {
		marks->failed = true;
		return false;
	}
	found = find(marks, frame);
	marks->used += found->key == 0;
	*added = (found->bits & mark) != mark;
	found->key = frame + 1;
	found->bits |= mark;
	return true;
}

void
exec_marks_clear(struct exec_marks *marks, uint64_t frame, unsigned mark)
{
	struct exec_mark *found;

	if (marks->room == 0)
		return;
	found = find(marks, frame);
	if (found->key != 0)
		found->bits &= ~mark;
}

unsigned
exec_marks_of(const struct exec_marks *marks, uint64_t frame)
{
	return marks->room == 0 ? 0 : find(marks, frame)->bits;
}
