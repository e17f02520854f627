/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Without memory Jansson 2.14 leaves out a character of a string and goes on, to the end of what
 * it has kept and behind it.  So it is left at once where an allocation fails, by a jump, and what
 * it had taken is given back here.
 */
#include "conform/conform_json.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>

struct block {
	struct block *older, *newer;
	max_align_t bytes[];
};

static struct block *newest; /* of the load that goes on */
static jmp_buf left;

static void *
take(size_t size)
{
	struct block *block = malloc(sizeof(*block) + size);

	if (block == NULL)
		longjmp(left, 1);
	*block = (struct block){ .older = newest };
	if (newest != NULL)
		newest->newer = block;
	newest = block;
	return block->bytes;
}

static void
give_back(void *bytes)
{
	struct block *block;

	if (bytes == NULL)
		return;
	block = (struct block *)(void *)((char *)bytes - offsetof(struct block, bytes));
	if (block->older != NULL)
		block->older->newer = block->newer;
	if (block->newer != NULL)
		block->newer->older = block->older;
	else
		newest = block->older;
	free(block);
}

static json_t *
try_load(const char *text, size_t size, json_error_t *error, bool *no_memory)
{
	*no_memory = setjmp(left) != 0;
	return *no_memory ? NULL : json_loadb(text, size, JSON_REJECT_DUPLICATES, error);
}

json_t *
conform_json_load(const char *text, size_t size, json_error_t *error, bool *no_memory)
{
	json_malloc_t usual_take;
	json_free_t usual_give_back;
	json_t *value;

	newest = NULL;
	json_get_alloc_funcs(&usual_take, &usual_give_back);
	json_set_alloc_funcs(take, give_back);
	value = try_load(text, size, error, no_memory);
	json_set_alloc_funcs(usual_take, usual_give_back);
	while (*no_memory && newest != NULL)
		give_back(newest->bytes);
	return value;
}

void
conform_json_free(json_t *value)
{
	json_malloc_t usual_take;
	json_free_t usual_give_back;

	json_get_alloc_funcs(&usual_take, &usual_give_back);
	json_set_alloc_funcs(take, give_back);
	json_decref(value);
	json_set_alloc_funcs(usual_take, usual_give_back);
}
