/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an ELF file to a program about to start: areas for its segments, a stack with arguments,
 * environment and auxiliary vector.
 */
#ifndef VK_EXEC_EXEC_LOAD_H
#define VK_EXEC_EXEC_LOAD_H

#include "elf/elf_image.h"
#include "exec/exec_space.h"

struct exec_program {
	const unsigned char *file;   /* has to live as long as the space */
	size_t file_size;
	const char *name;            /* for AT_EXECFN */
	const char *const *argv;     /* NULL at the end; argv[0] is the name */
	const char *const *envp;     /* NULL at the end */
	uint64_t seed;               /* of AT_RANDOM */
};

struct exec_start {
	uint64_t rip, rsp;
};

#define EXEC_STACK_SIZE (8ull << 20)
#define EXEC_ARGUMENTS_MAX (128u << 10) /* bytes of strings */

/*
 * Loads an image that elf_image_read() has accepted.  NULL, or what was found that does not fit.
 * Only the top of the stack is touched; the rest comes in when the program touches it.
 */
const char *exec_load(struct exec_space *space, const struct elf_image *image,
    const struct exec_program *program, struct exec_start *start);

#endif
