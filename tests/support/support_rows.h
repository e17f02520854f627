/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases from rows: each row of a table becomes a CMocka case of its own, named by its sentence.
 */
#ifndef TESTS_SUPPORT_ROWS_H
#define TESTS_SUPPORT_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROWS_COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct rows {
	struct CMUnitTest *test;
	size_t count, room;
};

/*
 * Adds a case: `run` is called with *state == row, which has to live until rows_run().  `prefix`
 * may be NULL; else the case is called "prefix: what".
 */
void rows_add(struct rows *rows, const char *prefix, const char *what, CMUnitTestFunction run,
    const void *row);

/* A function whose name is its sentence. */
#define ROWS_ADD_TEST(rows, run) rows_add((rows), NULL, #run, (run), NULL)

/* Runs them all and frees the list; returns the number of failures, for main(). */
int rows_run(struct rows *rows, const char *group);

#endif
