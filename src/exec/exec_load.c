/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a program's parts go: segments where they were linked, a program for any address below the
 * middle of user space, the stack at its top, the heap behind the last segment [ELF-START].
 */
#include "exec/exec_load.h"

#include <stdlib.h>
#include <string.h>

#include "exec/exec_copy.h"

#define ANYWHERE 0x0000555555554000ull
#define STACK_TOP (EXEC_USER_END - 0x1000)
#define AUX_PAIRS 16

enum {
	AT_NULL = 0,
	AT_PHDR = 3,
	AT_PHENT = 4,
	AT_PHNUM = 5,
	AT_PAGESZ = 6,
	AT_BASE = 7,
	AT_FLAGS = 8,
	AT_ENTRY = 9,
	AT_UID = 11,
	AT_EUID = 12,
	AT_GID = 13,
	AT_EGID = 14,
	AT_CLKTCK = 17,
	AT_SECURE = 23,
	AT_RANDOM = 25,
	AT_EXECFN = 31
};

static uint64_t
page_up(uint64_t address)
{
	return (address + VK_PAGE_OFFSET_MASK) & ~(uint64_t)VK_PAGE_OFFSET_MASK;
}

static unsigned
prot_of(unsigned elf)
{
	return (elf & ELF_R ? EXEC_R : 0) | (elf & ELF_W ? EXEC_W : 0) | (elf & ELF_X ? EXEC_X : 0);
}

static bool
add_segment(struct exec_space *space, const struct elf_segment *segment, uint64_t base)
{
	struct exec_area area = { .prot = prot_of(segment->prot) };

	area.start = (base + segment->start) & ~(uint64_t)VK_PAGE_OFFSET_MASK;
	area.end = page_up(base + segment->end);
	area.file_start = base + segment->start;
	area.file_size = segment->file_size;
	area.file_offset = segment->offset;
	return exec_space_add(space, &area) == EXEC_MAP_DONE;
}

/* --- the stack -------------------------------------------------------------------------------- */

/* What lies on top of the stack, built from its upper end downwards. */
struct stack {
	unsigned char *bytes;
	size_t size, used;   /* from the end */
};

static uint64_t
address_of(const struct stack *stack)
{
	return STACK_TOP - stack->used;
}

/* Puts bytes below what is there; false: too much. */
static bool
put(struct stack *stack, const void *bytes, size_t size)
{
	if (size > stack->size - stack->used)
		return false;
	stack->used += size;
	memcpy(stack->bytes + stack->size - stack->used, bytes, size);
	return true;
}

static bool
put_word(struct stack *stack, uint64_t value)
{
	return put(stack, &value, sizeof(value));
}

static size_t
count_strings(const char *const *strings)
{
	size_t n = 0;

	while (strings[n] != NULL)
		n++;
	return n;
}

/* Strings, the last first; at[] gets their addresses. */
static bool
put_strings(struct stack *stack, const char *const *strings, size_t count, uint64_t *at)
{
	while (count-- > 0) {
		if (!put(stack, strings[count], strlen(strings[count]) + 1))
			return false;
		at[count] = address_of(stack);
	}
	return true;
}

static bool
put_addresses(struct stack *stack, const uint64_t *at, size_t count)
{
	if (!put_word(stack, 0))
		return false;
	while (count-- > 0) {
		if (!put_word(stack, at[count]))
			return false;
	}
	return true;
}

struct auxiliary {
	uint64_t key, value;
};

static size_t
make_auxiliary(const struct elf_image *image, uint64_t base, uint64_t random, uint64_t name,
    struct auxiliary *aux)
{
	const struct auxiliary all[] = {
		{ AT_PHDR, image->headers == 0 ? 0 : base + image->headers },
		{ AT_PHENT, 56 },
		{ AT_PHNUM, image->header_count },
		{ AT_PAGESZ, EXEC_PAGE },
		{ AT_BASE, 0 },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, base + image->entry },
		{ AT_UID, 0 },
		{ AT_EUID, 0 },
		{ AT_GID, 0 },
		{ AT_EGID, 0 },
		{ AT_SECURE, 0 },
		{ AT_CLKTCK, 100 },
		{ AT_RANDOM, random },
		{ AT_EXECFN, name },
		{ AT_NULL, 0 },
	};

	memcpy(aux, all, sizeof(all));
	return sizeof(all) / sizeof(all[0]);
}

/* The strings, then below them what points to them; the stack pointer comes out aligned to 16. */
static bool
build_stack(struct stack *stack, const struct elf_image *image, const struct exec_program *program,
    uint64_t base, uint64_t *at)
{
	size_t args = count_strings(program->argv), envs = count_strings(program->envp);
	size_t pairs, words;
	uint64_t random[2] = { program->seed * 0x9e3779b97f4a7c15ull + 1, ~program->seed };
	struct auxiliary aux[AUX_PAIRS];
	uint64_t name, random_at;

	if (!put_word(stack, 0) || !put(stack, program->name, strlen(program->name) + 1))
		return false;
	name = address_of(stack);
	if (!put_strings(stack, program->envp, envs, at + args) ||
	    !put_strings(stack, program->argv, args, at) || !put(stack, random, sizeof(random)))
		return false;
	random_at = address_of(stack);
	pairs = make_auxiliary(image, base, random_at, name, aux);
	words = 2 * pairs + envs + 1 + args + 1 + 1;
	while ((stack->used + 8 * words) % 16 != 0) {
		if (!put(stack, "", 1))
			return false;
	}
	return put(stack, aux, pairs * sizeof(*aux)) && put_addresses(stack, at + args, envs) &&
	    put_addresses(stack, at, args) && put_word(stack, args);
}

static const char *
make_stack(struct exec_space *space, const struct elf_image *image,
    const struct exec_program *program, uint64_t base, struct exec_start *start)
{
	struct exec_area area = { .start = STACK_TOP - EXEC_STACK_SIZE, .end = STACK_TOP,
		.prot = EXEC_R | EXEC_W | (image->stack_executable ? EXEC_X : 0) };
	size_t strings = count_strings(program->argv) + count_strings(program->envp);
	struct stack stack = { .size = EXEC_ARGUMENTS_MAX };
	const char *wrong = "no memory to build the stack in";
	uint64_t *at = calloc(strings + 1, sizeof(*at));

	stack.bytes = malloc(stack.size);
	if (stack.bytes == NULL || at == NULL) {
		space->map.failed = true;
		goto out;
	}
	wrong = "a segment where the stack goes";
	if (exec_space_add(space, &area) != EXEC_MAP_DONE)
		goto out;
	_Static_assert(EXEC_ARGUMENTS_MAX == 128 << 10, "the message says another number");
	wrong = "more than 128 KiB of arguments";
	if (!build_stack(&stack, image, program, base, at))
		goto out;
	start->rsp = address_of(&stack);
	wrong = "no memory left for the stack";
	if (exec_copyout(space, stack.bytes + stack.size - stack.used, start->rsp, stack.used,
	    NULL) == VK_OK)
		wrong = NULL;
out:
	free(stack.bytes);
	free(at);
	return wrong;
}

const char *
exec_load(struct exec_space *space, const struct elf_image *image,
    const struct exec_program *program, struct exec_start *start)
{
	uint64_t base = image->relocatable ? ANYWHERE : 0;
	size_t i;

	space->file = program->file;
	if (base + image->segment[image->segments - 1].end > STACK_TOP - EXEC_STACK_SIZE)
		return "a segment where the stack goes";
	for (i = 0; i < image->segments; i++) {
		_Static_assert(EXEC_MAPPED_MAX == 16ull << 30, "the message says another number");
		if (!add_segment(space, &image->segment[i], base))
			return "segments of more than 16 GiB together";
	}
	space->brk_start = space->brk = page_up(base + image->segment[image->segments - 1].end);
	start->rip = base + image->entry;
	return make_stack(space, image, program, base, start);
}
