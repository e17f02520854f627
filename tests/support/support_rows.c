/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list behind rows_add(): CMocka wants an array, and each name has to outlive the run.
 */
#include "support/support_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
rows_allocate(void *old, size_t size)
{
	void *memory = realloc(old, size);

	if (memory == NULL) {
		fputs("out of memory\n", stderr);
		exit(3);
	}
	return memory;
}

void
rows_add(struct rows *rows, const char *prefix, const char *what, CMUnitTestFunction run,
    const void *row)
{
	size_t size = strlen(what) + (prefix == NULL ? 0 : strlen(prefix)) + 3;
	struct CMUnitTest *test;
	char *name = rows_allocate(NULL, size);

	snprintf(
	    name, size, "%s%s%s", prefix == NULL ? "" : prefix, prefix == NULL ? "" : ": ", what);
	if (rows->count == rows->room) {
		rows->room = rows->room == 0 ? 64 : 2 * rows->room;
		rows->test = rows_allocate(rows->test, rows->room * sizeof(*rows->test));
	}
	test = &rows->test[rows->count++];
	memset(test, 0, sizeof(*test));
	test->name = name;
	test->test_func = run;
	memcpy(&test->initial_state, &row, sizeof(row)); /* CMocka's pointer is not const */
}

int
rows_run(struct rows *rows, const char *group)
{
	int failed = _cmocka_run_group_tests(group, rows->test, rows->count, NULL, NULL);
	size_t i;

	for (i = 0; i < rows->count; i++) {
		const char *name = rows->test[i].name;
		char *mine;

		memcpy(&mine, &name, sizeof(mine));
		free(mine);
	}
	free(rows->test);
	memset(rows, 0, sizeof(*rows));
	return failed;
}
