/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where another thread may come in between when a word of user memory is changed in one piece.
 *
 * This program has its own vk_env_point().  What has to hold: each of these calls offers it once,
 * with the page held and the word as it was, and then finds what was stored meanwhile.
 *
 * [DF-COPYIO]
 */
#include <string.h>

#include "support/support_copyio.h"
#include "support/support_rows.h"

#define WAS   0x1111111111111111ull
#define IS    0x2222222222222222ull /* stored meanwhile */
#define VALUE 0x0303030303030303ull

static struct umem mem;
static struct vk_us us;

static struct {
	unsigned points;
	enum vk_env_op op;
	int is_held, is_there; /* the page; the word in it */
	uint64_t word;
} seen;

void
vk_env_point(enum vk_env_op op, const void *where)
{
	seen.points++;
	seen.op = op;
	seen.is_held = mem.held >= 0;
	seen.is_there = (uintptr_t)where % VK_PAGE_BYTES == 8;
	seen.word = umem_word(&mem, COPY_A + 8);
	umem_set_word(&mem, COPY_A + 8, IS);
}

static const struct point_row {
	const char *what;
	enum copy_name name;
	enum vk_env_op op;
	uint64_t after; /* the word */
} point_rows[] = {
    {"an exchange of 32 bits", SWAPU32, VK_ENV_SWAP, (IS & ~0xffffffffull) | 0x03030303},
    {"an exchange of 64 bits", SWAPU64, VK_ENV_SWAP, VALUE},
    {"a compare-and-swap of 32 bits", CASU32, VK_ENV_CAS, (IS & ~0xffffffffull) | 0x03030303},
    {"a compare-and-swap of 64 bits", CASU64, VK_ENV_CAS, VALUE},
    {"an addition of 32 bits", FUWORDADD32, VK_ENV_ADD, (IS & ~0xffffffffull) | 0x25252525},
    {"an addition of 64 bits", FUWORDADD64, VK_ENV_ADD, IS + VALUE},
};

static void
run_point_row(void **state)
{
	const struct point_row *row = *state;
	struct copy_args args = { .gva = COPY_X + 8, .value = VALUE, .expected = IS };
	struct copy_result result;

	umem_init(&mem);
	copy_tables(&mem);
	umem_add(&mem, COPY_A, UMEM_RW, 1);
	umem_set_word(&mem, COPY_A + 8, WAS);
	vk_us_init_ept(&us, umem_gpm(&mem), &copy_mode, vk_gva(COPY_END));
	memset(&seen, 0, sizeof(seen));
	copy_make(&us, row->name, &args, &result);
	assert_int_equal(result.error, VK_OK);
	assert_int_equal(seen.points, 1);
	assert_int_equal(seen.op, row->op);
	assert_true(seen.is_held);
	assert_true(seen.is_there);
	assert_int_equal(seen.word, WAS);
	assert_int_equal(result.value, copy_call[row->name].size == 4 ? IS & 0xffffffff : IS);
	assert_int_equal(umem_word(&mem, COPY_A + 8), row->after);
	umem_check(&mem);
	umem_destroy(&mem);
}

int
main(void)
{
	struct rows list = {0};
	size_t i;

	for (i = 0; i < ROWS_COUNT(point_rows); i++)
		rows_add(&list, NULL, point_rows[i].what, run_point_row, &point_rows[i]);
	return rows_run(&list, "copyio_points");
}
