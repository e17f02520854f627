/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs of a scenario: their files, read once, and the memory that is theirs.
 *
 * Files are somebody else's to read; what is wrong with one is told where the scenario names it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf_image.h"
#include "scenario/scenario_reader.h"

/* Programs end where the lower half of the addresses does. */
#define USER_END 0x0000800000000000ull

/* Reads a file into the memory of the scenario's own; NULL after recording why not. */
static struct scn_bytes *
file_read(struct scn_reader *rd, const struct scn_program *program)
{
	struct scn_file *file = rd->file;
	const char *why = "no files may be named here";
	struct scn_bytes *kept;
	unsigned char *bytes = NULL;
	size_t size = 0;

	if (file->files != NULL)
		bytes = file->files->read(file->name, program->file, SCN_PROGRAM_MAX, &size, &why);
	if (bytes == NULL) {
		scn_error(rd->errors, scn_mark_of(&program->src, SCN_KEY_FILE),
		    "found the program '%s': %s, expected a file that can be read", program->file,
		    why);
		return NULL;
	}
	kept = scn_arena_alloc(file->arena, 1, sizeof(*kept));
	if (kept != NULL) {
		kept->name = scn_arena_copy(file->arena, program->file, strlen(program->file));
		kept->bytes = (unsigned char *)scn_arena_copy(file->arena, (const char *)bytes,
		    size);
		kept->size = size;
	}
	free(bytes);
	if (kept == NULL || kept->name == NULL || kept->bytes == NULL) {
		rd->errors->failed = 1;
		return NULL;
	}
	kept->next = file->bytes;
	file->bytes = kept;
	return kept;
}

/* The bytes of a program's file, which are the scenario's; 0: an error was recorded. */
static int
take_bytes(struct scn_reader *rd, struct scn_program *program)
{
	const struct scn_bytes *kept = rd->file->bytes;

	while (kept != NULL && strcmp(kept->name, program->file) != 0)
		kept = kept->next;
	if (kept == NULL)
		kept = file_read(rd, program);
	if (kept == NULL)
		return 0;
	if (!rd->file->checked)
		rd->file->program_bytes += kept->size;
	if (rd->file->program_bytes > SCN_PROGRAMS_MAX) {
		scn_error(rd->errors, scn_mark_of(&program->src, SCN_KEY_FILE),
		    "found more than %u bytes of programs in all scenarios, expected less",
		    SCN_PROGRAMS_MAX);
		return 0;
	}
	program->bytes = (unsigned char *)scn_arena_copy(rd->arena, (const char *)kept->bytes,
	    kept->size);
	program->size = kept->size;
	return program->bytes != NULL;
}

static int
judge_bytes(struct scn_reader *rd, const struct scn_program *program)
{
	struct elf_image image;
	uint64_t offset;
	const char *wrong;

	wrong = elf_image_read(program->bytes, program->size, USER_END, &image, &offset);
	if (wrong == NULL)
		return 1;
	scn_error(rd->errors, scn_mark_of(&program->src, SCN_KEY_FILE),
	    "found the program '%s': at byte %" PRIu64 ": %s", program->file, offset, wrong);
	return 0;
}

/* The memory of one vkernel is not another's. */
static int
judge_memory(struct scn_reader *rd, const struct scn_program *program)
{
	const struct scenario *scenario = rd->scenario;
	size_t i;

	if (program->at == 0) {
		scn_error(rd->errors, scn_mark_of(&program->src, SCN_KEY_AT),
		    "found memory at 0, expected it above the first page");
		return 0;
	}
	for (i = 0; i < rd->item && i < scenario->programs; i++) {
		const struct scn_program *other = &scenario->program[i];

		if (other->bytes == NULL || other->host_space != program->host_space ||
		    program->at >= other->at + other->memory ||
		    other->at >= program->at + program->memory)
			continue;
		scn_error(rd->errors, scn_mark_of(&program->src, SCN_KEY_AT),
		    "found memory that the program '%s' has too, expected memory of its own",
		    rd->names[SCN_SECTION_PROGRAM].name[i]);
		return 0;
	}
	return 1;
}

int
scn_settle_program(struct scn_reader *rd, void *object)
{
	struct scn_program *program = object;
	const char **arg;

	if (!scn_has(&program->src, SCN_KEY_ARGS)) {
		arg = scn_arena_alloc(rd->arena, 2, sizeof(*arg));
		if (arg == NULL)
			return 0;
		arg[0] = program->file;
		program->arg = arg;
		program->args = 1;
	}
	if (!scn_host_space_default(rd, &program->src, &program->host_space))
		return 0;
	if (program->host_space == SCN_NONE) {
		scn_error(rd->errors, program->src.mark,
		    "found no host space for a program, expected one under host.spaces");
		return 0;
	}
	return judge_memory(rd, program) && take_bytes(rd, program) && judge_bytes(rd, program);
}
