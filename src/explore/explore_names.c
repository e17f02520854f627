/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The names of cells, for files and for people, by table.
 */
#include "explore/explore_names.h"

#include <stddef.h>

#include "vmm/vmm.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct kind {
	const char *name;
	enum explore_operand operand;
} kinds[WATCH_KINDS] = {
	[WATCH_WORD] = { "word", EXPLORE_OPERAND_HPA },
	[WATCH_VMM] = { "vmm", EXPLORE_OPERAND_VMM },
	[WATCH_INTERRUPT] = { "interrupt", EXPLORE_OPERAND_CPU },
	[WATCH_CPU] = { "cpu", EXPLORE_OPERAND_CPU },
	[WATCH_TLB] = { "tlb", EXPLORE_OPERAND_CPU },
	[WATCH_HOST] = { "host", EXPLORE_OPERAND_NONE },
	[WATCH_THREAD] = { "thread", EXPLORE_OPERAND_THREAD },
	[WATCH_CONSOLE] = { "console", EXPLORE_OPERAND_NONE },
};

_Static_assert(WATCH_KINDS == WATCH_CONSOLE + 1, "a kind of cell without a name");

#define VMM_WORD(member) [offsetof(struct vmm_proc, member) / sizeof(uint64_t)] = #member

static const char *const vmm_words[] = {
	VMM_WORD(ready),
	VMM_WORD(eptp),
	VMM_WORD(guest_cr3),
	VMM_WORD(vcpus),
	VMM_WORD(active),
	VMM_WORD(cpulock),
	VMM_WORD(cpumask),
	VMM_WORD(invgen),
};

_Static_assert(COUNT(vmm_words) == sizeof(struct vmm_proc) / sizeof(uint64_t), "a word unnamed");

const char *
explore_kind_name(enum watch_kind kind)
{
	return (size_t)kind < COUNT(kinds) ? kinds[kind].name : NULL;
}

enum explore_operand
explore_kind_operand(enum watch_kind kind)
{
	return (size_t)kind < COUNT(kinds) ? kinds[kind].operand : EXPLORE_OPERAND_NONE;
}

const char *
explore_vmm_name(uint64_t word)
{
	return word < COUNT(vmm_words) ? vmm_words[word] : NULL;
}

bool
explore_cell_exists(const struct scenario *scenario, watch_cell cell)
{
	uint64_t number = watch_number_of(cell);

	if (explore_kind_name(watch_kind_of(cell)) == NULL)
		return false;
	if (watch_kind_of(cell) == WATCH_TLB && scenario->machine.tlb == SCN_TLB_NONE)
		return false;
	switch (explore_kind_operand(watch_kind_of(cell))) {
	case EXPLORE_OPERAND_HPA:
		return number < scenario->host.memory / sizeof(uint64_t);
	case EXPLORE_OPERAND_VMM:
		return explore_vmm_process(cell) < scenario->host.spaces &&
		    explore_vmm_name(explore_vmm_word(cell)) != NULL;
	case EXPLORE_OPERAND_CPU:
		return number < scenario->machine.cpus;
	case EXPLORE_OPERAND_THREAD:
		return number < scenario->threads;
	case EXPLORE_OPERAND_NONE:
		break;
	}
	return number == 0;
}
