/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a string is moved: every length from none to several blocks, at every distance from an end of
 * memory, with the NUL at each place and at none.
 *
 * What has to hold: as many bytes as a copy byte by byte would move are moved, no other byte of the
 * destination changes, and nothing before or behind either buffer is touched; beyond their last
 * bytes there is no memory.
 *
 * [DF-COPYIO]
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "copyio/us_string.h"

#define ROOM    4096u
#define LONGEST 160u /* two blocks of the move, and pieces of a third */

/* Memory of one page that ends where no other begins. */
static unsigned char *
make_room(void)
{
	unsigned char *room = mmap(NULL, 2 * (size_t)ROOM, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(room, MAP_FAILED);
	assert_int_equal(mprotect(room + ROOM, ROOM, PROT_NONE), 0);
	return room;
}

/* One move of at most `limit` bytes, of which the one at `nul` is the first NUL, if it is one. */
static void
move_and_check(unsigned char *source, unsigned char *to, unsigned limit, unsigned nul)
{
	static unsigned char expected[ROOM];
	unsigned char *from = source + ROOM - limit;
	size_t moved = nul < limit ? nul + 1 : limit;
	int ended = 0;
	unsigned i;

	for (i = 0; i < limit; i++)
		from[i] = (unsigned char)(1 + (i * 7 + limit) % 255);
	if (nul < limit)
		from[nul] = '\0';
	memset(to - LONGEST, 0xee, 2 * LONGEST);
	memset(expected, 0xee, 2 * LONGEST);
	memcpy(expected + LONGEST, from, moved);
	assert_int_equal(us_move_string((char *)to, (const char *)from, limit, &ended), moved);
	assert_int_equal(ended, nul < limit);
	assert_memory_equal(to - LONGEST, expected, 2 * LONGEST);
}

static void
a_string_is_moved_to_its_nul_and_no_further(void **state)
{
	unsigned char *source = make_room(), *destination = make_room();
	unsigned limit, nul;

	(void)state;
	for (limit = 0; limit <= LONGEST; limit++)
		for (nul = 0; nul <= limit; nul++)
			move_and_check(source, destination + ROOM - LONGEST, limit, nul);
	assert_int_equal(munmap(source, 2 * (size_t)ROOM), 0);
	assert_int_equal(munmap(destination, 2 * (size_t)ROOM), 0);
}

/* A string of `length` with its NUL that ends with the memory it is moved to. */
static void
what_is_moved_fits_where_it_just_fits(void **state)
{
	unsigned char *source = make_room(), *destination = make_room();
	unsigned length;

	(void)state;
	memset(source, 'a', ROOM);
	for (length = 1; length <= LONGEST; length++) {
		char *from = (char *)source, *to = (char *)destination + ROOM - length;
		int ended = 0;

		from[length - 1] = '\0';
		assert_int_equal(us_move_string(to, from, ROOM, &ended), length);
		assert_true(ended);
		assert_string_equal(to, from);
		from[length - 1] = 'a';
	}
	assert_int_equal(munmap(source, 2 * (size_t)ROOM), 0);
	assert_int_equal(munmap(destination, 2 * (size_t)ROOM), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_string_is_moved_to_its_nul_and_no_further),
	    cmocka_unit_test(what_is_moved_fits_where_it_just_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
