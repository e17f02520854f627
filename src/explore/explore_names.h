/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What cells are called.
 */
#ifndef VK_EXPLORE_EXPLORE_NAMES_H
#define VK_EXPLORE_EXPLORE_NAMES_H

#include "scenario/scenario.h"
#include "sim/watch.h"

/* What tells cells of one kind apart. */
enum explore_operand {
	EXPLORE_OPERAND_NONE,
	EXPLORE_OPERAND_HPA,    /* of a word: its host-physical address */
	EXPLORE_OPERAND_VMM,    /* a process, and a word of its record */
	EXPLORE_OPERAND_CPU,
	EXPLORE_OPERAND_THREAD
};

/* One word, "vmm"; NULL for what is no kind. */
const char *explore_kind_name(enum watch_kind kind);
enum explore_operand explore_kind_operand(enum watch_kind kind);

/* A member of struct vmm_proc by its place in 64-bit words; NULL beyond the last. */
const char *explore_vmm_name(uint64_t word);

/* The parts of a WATCH_VMM's number, and back. */
static inline uint64_t
explore_vmm_process(watch_cell cell)
{
	return watch_number_of(cell) / 64;
}

static inline uint64_t
explore_vmm_word(watch_cell cell)
{
	return watch_number_of(cell) % 64;
}

static inline watch_cell
explore_vmm_cell(uint64_t process, uint64_t word)
{
	return watch_cell_of(WATCH_VMM, process * 64 + word);
}

/* Whether a scenario has that cell. */
bool explore_cell_exists(const struct scenario *scenario, watch_cell cell);

#endif
