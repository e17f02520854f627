/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A naive copy, for comparison: one byte at a time, each through a translation of its own by the
 * model of tests/oracle, on a copy of the memory.
 *
 * Two things are not asked byte by byte, because they cannot be: a copy that writes into tables is
 * translated once a page, and so is a value.
 */
#ifndef TESTS_COPY_ORACLE_H
#define TESTS_COPY_ORACLE_H

#include "oracle/naive.h"
#include "support/support_copyio.h"

#define COPY_ORACLE_BUFFER 0x5000

struct copy_oracle {
	unsigned char bytes[UMEM_PAGES * 4096];   /* of memory, as in struct umem */
	unsigned char buffer[COPY_ORACLE_BUFFER]; /* of the kernel, for what is read */
	/* Within a call. */
	struct naive_machine m;
	const struct umem *mem;
	const struct vk_us *us;
	unsigned table_pages; /* the first pages of memory are tables */
	int refused;          /* the map denied the walk something */
	int wrote_table;
	int by_page; /* translate the first byte of each page only */
};

/*
 * Makes the call on memory that holds `before` in the pages of `mem`, of which the first
 * `table_pages` are tables, with every byte of the kernel's buffer `fill`.  o->bytes and o->buffer
 * are then what the real call must leave behind; copyout takes its bytes from args->buffer.
 */
void copy_oracle_call(struct copy_oracle *o, const struct umem *mem, const struct vk_us *us,
    const unsigned char *before, unsigned table_pages, unsigned char fill, enum copy_name name,
    const struct copy_args *args, struct copy_result *result);

#endif
