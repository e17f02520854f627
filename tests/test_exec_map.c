/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Areas of a program's address space, and marks of frames: by table, and against a page array that
 * knows of every page what there is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exec/exec_map.h"
#include "exec/exec_marks.h"

#define PAGE(n) ((uint64_t)(n) * EXEC_PAGE)
#define PAGES 64u
#define ROUNDS 20000u

enum what { ADD, REMOVE, PROTECT, FIND, FREE, GAP };

struct step {
	enum what what;
	unsigned from, to; /* pages; GAP: bounds */
	unsigned prot;     /* GAP: pages wanted */
	unsigned expected; /* status, rights (FIND), yes or no (FREE), page (GAP; 0: none) */
};

struct row {
	const char *what;
	struct step step[8];
	unsigned areas; /* in the end */
};

#define RW (EXEC_R | EXEC_W)
#define NOBODY 99u

static const struct row rows[] = {
	{ "areas that touch and are alike are one",
	    { { ADD, 1, 2, RW, EXEC_MAP_DONE }, { ADD, 2, 4, RW, EXEC_MAP_DONE } }, 1 },
	{ "areas with other rights are two",
	    { { ADD, 1, 2, RW, EXEC_MAP_DONE }, { ADD, 2, 4, EXEC_R, EXEC_MAP_DONE } }, 2 },
	{ "a hole that is filled joins both sides",
	    { { ADD, 1, 2, RW, EXEC_MAP_DONE }, { ADD, 3, 4, RW, EXEC_MAP_DONE },
	        { ADD, 2, 3, RW, EXEC_MAP_DONE } }, 1 },
	{ "nothing is put over another area",
	    { { ADD, 2, 4, RW, EXEC_MAP_DONE }, { ADD, 1, 3, RW, EXEC_MAP_TAKEN },
	        { ADD, 3, 5, RW, EXEC_MAP_TAKEN }, { ADD, 1, 9, RW, EXEC_MAP_TAKEN } }, 1 },
	{ "a part that is taken out leaves two",
	    { { ADD, 1, 9, RW, EXEC_MAP_DONE }, { REMOVE, 3, 5, 0, EXEC_MAP_DONE },
	        { FIND, 2, 0, 0, RW }, { FIND, 3, 0, 0, NOBODY }, { FIND, 4, 0, 0, NOBODY },
	        { FIND, 5, 0, 0, RW } }, 2 },
	{ "what is not there can be taken out",
	    { { REMOVE, 3, 5, 0, EXEC_MAP_DONE }, { FREE, 0, 9, 0, 1 } }, 0 },
	{ "rights change for a part, which joins again",
	    { { ADD, 1, 9, RW, EXEC_MAP_DONE }, { PROTECT, 3, 5, EXEC_R, EXEC_MAP_DONE },
	        { FIND, 2, 0, 0, RW }, { FIND, 4, 0, 0, EXEC_R }, { FIND, 5, 0, 0, RW },
	        { PROTECT, 3, 5, RW, EXEC_MAP_DONE } }, 1 },
	{ "holes are told of when rights change",
	    { { ADD, 1, 3, RW, EXEC_MAP_DONE }, { ADD, 4, 6, RW, EXEC_MAP_DONE },
	        { PROTECT, 1, 6, EXEC_R, EXEC_MAP_HOLES }, { FIND, 5, 0, 0, EXEC_R } }, 2 },
	{ "the end of an area is not in it",
	    { { ADD, 1, 3, RW, EXEC_MAP_DONE }, { FIND, 3, 0, 0, NOBODY },
	        { FIND, 0, 0, 0, NOBODY }, { FREE, 3, 4, 0, 1 }, { FREE, 2, 4, 0, 0 } }, 1 },
	{ "the highest gap is taken",
	    { { ADD, 4, 5, RW, EXEC_MAP_DONE }, { ADD, 8, 9, RW, EXEC_MAP_DONE },
	        { GAP, 1, 12, 2, 10 }, { GAP, 1, 10, 2, 6 }, { GAP, 1, 9, 3, 5 },
	        { GAP, 1, 9, 4, 0 }, { GAP, 5, 8, 3, 5 }, { GAP, 5, 8, 4, 0 } }, 2 },
};

static unsigned
make(struct exec_map *map, const struct step *step)
{
	struct exec_area area = { .start = PAGE(step->from), .end = PAGE(step->to),
		.prot = step->prot };
	const struct exec_area *found;

	switch (step->what) {
	case ADD:
		return exec_map_add(map, &area);
	case REMOVE:
		return exec_map_remove(map, area.start, area.end);
	case PROTECT:
		return exec_map_protect(map, area.start, area.end, step->prot);
	case FIND:
		found = exec_map_find(map, area.start);
		return found != NULL ? found->prot : NOBODY;
	case FREE:
		return exec_map_is_free(map, area.start, area.end);
	case GAP:
		break;
	}
	return (unsigned)(exec_map_gap(map, area.start, area.end, PAGE(step->prot)) / EXEC_PAGE);
}

static void
areas_are_as_the_table_says(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct exec_map map = { 0 };

		for (j = 0; j < 8 && rows[i].step[j].to + rows[i].step[j].from +
		    rows[i].step[j].expected != 0; j++) {
			unsigned found = make(&map, &rows[i].step[j]);

			if (found != rows[i].step[j].expected)
				fail_msg("%s: step %zu: found %u, expected %u", rows[i].what, j,
				    found, rows[i].step[j].expected);
		}
		if (map.areas != rows[i].areas)
			fail_msg("%s: found %zu areas, expected %u", rows[i].what, map.areas,
			    rows[i].areas);
		exec_map_free(&map);
	}
}

/* Where bytes of the file are stays as it was, whatever is cut. */
static void
parts_keep_their_place_in_the_file(void **state)
{
	struct exec_area area = { PAGE(1), PAGE(9), EXEC_R, PAGE(1) + 16, PAGE(6), 123 };
	struct exec_map map = { 0 };
	size_t i;

	(void)state;
	assert_int_equal(exec_map_add(&map, &area), EXEC_MAP_DONE);
	assert_int_equal(exec_map_protect(&map, PAGE(3), PAGE(4), 0), EXEC_MAP_DONE);
	assert_int_equal(exec_map_remove(&map, PAGE(6), PAGE(7)), EXEC_MAP_DONE);
	assert_int_equal(map.areas, 4);
	for (i = 0; i < map.areas; i++) {
		assert_int_equal(map.area[i].file_start, PAGE(1) + 16);
		assert_int_equal(map.area[i].file_size, PAGE(6));
		assert_int_equal(map.area[i].file_offset, 123);
	}
	area = (struct exec_area){ PAGE(9), PAGE(10), EXEC_R, 0, 0, 0 };
	assert_int_equal(exec_map_add(&map, &area), EXEC_MAP_DONE);
	assert_int_equal(map.areas, 5); /* the same rights, but not of the file */
	exec_map_free(&map);
}

static void
there_are_not_more_areas_than_there_may_be(void **state)
{
	struct exec_map map = { 0 };
	enum exec_map_status status = EXEC_MAP_DONE;
	uint64_t n;

	(void)state;
	for (n = 0; status == EXEC_MAP_DONE && n < 2 * EXEC_AREAS_MAX; n++) {
		struct exec_area area = { PAGE(2 * n), PAGE(2 * n + 1), RW, 0, 0, 0 };

		status = exec_map_add(&map, &area);
	}
	assert_int_equal(status, EXEC_MAP_NO_MEMORY);
	assert_int_equal(map.areas, EXEC_AREAS_MAX);
	assert_int_equal(exec_map_remove(&map, 0, PAGE(1)), EXEC_MAP_DONE);
	assert_int_equal(map.areas, EXEC_AREAS_MAX - 1);
	exec_map_free(&map);
}

static uint64_t
next(uint64_t *random, uint64_t below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (*random >> 33) % below;
}

/* What one page has: rights plus one; 0: nothing. */
static unsigned
naive(unsigned *page, const struct step *step)
{
	unsigned i, holes = 0, taken = 0;

	for (i = step->from; i < step->to; i++) {
		holes += page[i] == 0;
		taken += page[i] != 0;
	}
	if (step->what == ADD && taken != 0)
		return EXEC_MAP_TAKEN;
	for (i = step->from; i < step->to; i++) {
		if (step->what == REMOVE)
			page[i] = 0;
		else if (step->what == ADD || page[i] != 0)
			page[i] = step->prot + 1;
	}
	return step->what == PROTECT && holes != 0 ? EXEC_MAP_HOLES : EXEC_MAP_DONE;
}

static void
agree(const struct exec_map *map, const unsigned *page)
{
	unsigned i;

	for (i = 0; i < PAGES; i++) {
		const struct exec_area *area = exec_map_find(map, PAGE(i));

		assert_int_equal(area != NULL ? area->prot + 1 : 0, page[i]);
	}
	for (i = 0; i + 1 < map->areas; i++) {
		const struct exec_area *low = &map->area[i], *high = &map->area[i + 1];

		assert_true(low->start < low->end && low->end <= high->start);
		assert_false(low->end == high->start && low->prot == high->prot);
	}
}

static void
any_changes_leave_what_a_page_array_has(void **state)
{
	struct exec_map map = { 0 };
	unsigned page[PAGES] = { 0 }, n;
	uint64_t random = 7;

	(void)state;
	for (n = 0; n < ROUNDS; n++) {
		struct step step = { (enum what)next(&random, 3), 0, 0, 0, 0 };

		step.from = (unsigned)next(&random, PAGES - 1);
		step.to = step.from + 1 + (unsigned)next(&random, PAGES - step.from - 1);
		step.prot = (unsigned)next(&random, 4);
		assert_int_equal(make(&map, &step), naive(page, &step));
		/* Taking out may leave neighbours that have been cut; rights join them again. */
		if (n % 16 == 0)
			agree(&map, page);
	}
	exec_map_free(&map);
}

static void
marks_of_frames_are_kept_apart(void **state)
{
	struct exec_marks marks = { 0 };
	uint64_t frame;
	bool added;

	(void)state;
	assert_int_equal(exec_marks_of(&marks, 5), 0);
	exec_marks_clear(&marks, 5, EXEC_MARK_CODE);
	for (frame = 0; frame < 3000; frame++) {
		assert_true(exec_marks_set(&marks, frame * 7, EXEC_MARK_CODE, &added));
		assert_true(added);
	}
	assert_true(exec_marks_set(&marks, 14, EXEC_MARK_CODE, &added));
	assert_false(added);
	assert_true(exec_marks_set(&marks, 14, EXEC_MARK_TABLE, &added));
	assert_true(added);
	assert_int_equal(exec_marks_of(&marks, 14), EXEC_MARK_CODE | EXEC_MARK_TABLE);
	exec_marks_clear(&marks, 14, EXEC_MARK_CODE);
	assert_int_equal(exec_marks_of(&marks, 14), EXEC_MARK_TABLE);
	assert_int_equal(exec_marks_of(&marks, 13), 0);
	assert_int_equal(exec_marks_of(&marks, 2999 * 7), EXEC_MARK_CODE);
	exec_marks_free(&marks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(areas_are_as_the_table_says),
		cmocka_unit_test(parts_keep_their_place_in_the_file),
		cmocka_unit_test(there_are_not_more_areas_than_there_may_be),
		cmocka_unit_test(any_changes_leave_what_a_page_array_has),
		cmocka_unit_test(marks_of_frames_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
