/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An open-addressed table from frame to marks.  A frame that was once marked keeps its place.
 */
#include "exec/exec_marks.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256u /* a power of two */

struct exec_mark {
	uint64_t key; /* number of the frame plus one; 0: empty */
	unsigned bits;
};

void
exec_marks_free(struct exec_marks *marks)
{
	free(marks->mark);
	memset(marks, 0, sizeof(*marks));
}

static struct exec_mark *
find(struct exec_mark *mark, size_t room, uint64_t key)
{
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15ull) >> 32) & (room - 1);

	while (mark[at].key != 0 && mark[at].key != key)
		at = (at + 1) & (room - 1);
	return &mark[at];
}

static bool
grow(struct exec_marks *marks)
{
	size_t room = marks->room == 0 ? FIRST_ROOM : 2 * marks->room, i;
	struct exec_mark *bigger = calloc(room, sizeof(*bigger));

	if (bigger == NULL) {
		marks->failed = true;
		return false;
	}
	for (i = 0; i < marks->room; i++) {
		if (marks->mark[i].key != 0)
			*find(bigger, room, marks->mark[i].key) = marks->mark[i];
	}
	free(marks->mark);
	marks->mark = bigger;
	marks->room = room;
	return true;
}

bool
exec_marks_set(struct exec_marks *marks, uint64_t frame, unsigned mark, bool *added)
{
	struct exec_mark *found;

	if (2 * marks->used >= marks->room && !grow(marks))
		return false;
	found = find(marks->mark, marks->room, frame + 1);
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
	found = find(marks->mark, marks->room, frame + 1);
	if (found->key != 0)
		found->bits &= ~mark;
}

unsigned
exec_marks_of(const struct exec_marks *marks, uint64_t frame)
{
	return marks->room == 0 ? 0 : find(marks->mark, marks->room, frame + 1)->bits;
}
