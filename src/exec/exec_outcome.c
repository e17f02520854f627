/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names of counts and of ends.
 */
#include "exec/exec_outcome.h"

const char *
exec_count_name(enum exec_count count)
{
	static const char *const names[] = {
		[EXEC_COUNT_INSTRUCTIONS] = "instructions",
		[EXEC_COUNT_ENTRIES] = "entries",
		[EXEC_COUNT_EXITS] = "exits",
		[EXEC_COUNT_EPT_VIOLATIONS] = "ept-violations",
		[EXEC_COUNT_PAGE_FAULTS] = "page-faults",
		[EXEC_COUNT_SYSCALLS] = "syscalls",
		[EXEC_COUNT_COPIES] = "copies",
		[EXEC_COUNT_WALKS] = "walks",
		[EXEC_COUNT_GUEST_READS] = "guest-reads",
		[EXEC_COUNT_EPT_READS] = "ept-reads",
		[EXEC_COUNT_AD_UPDATES] = "ad-updates",
		[EXEC_COUNT_TLB_HITS] = "tlb-hits",
		[EXEC_COUNT_TLB_MISSES] = "tlb-misses",
		[EXEC_COUNT_TLB_FILLS] = "tlb-fills",
		[EXEC_COUNT_TLB_EVICTIONS] = "tlb-evictions",
		[EXEC_COUNT_TLB_DROPPED] = "tlb-dropped",
		[EXEC_COUNT_STALE] = "stale",
		[EXEC_COUNT_INVEPTS] = "invepts",
		[EXEC_COUNT_IPIS] = "ipis",
		[EXEC_COUNT_FAULTS_SERVED] = "faults-served",
		[EXEC_COUNT_PAGES] = "pages",
	};

	return names[count];
}

const char *
exec_end_name(enum exec_end_kind kind)
{
	static const char *const names[] = {
		[EXEC_END_EXITED] = "exited",
		[EXEC_END_SIGNAL] = "signal",
		[EXEC_END_PAGE_FAULT] = "page-fault",
		[EXEC_END_STACK] = "stack-overflow",
		[EXEC_END_EXCEPTION] = "exception",
		[EXEC_END_INTERCEPT] = "exit",
		[EXEC_END_UNKNOWN] = "unknown-instruction",
		[EXEC_END_LIMIT] = "limit",
		[EXEC_END_NO_MEMORY] = "no-memory",
		[EXEC_END_STUCK] = "stuck",
		[EXEC_END_DEADLOCK] = "deadlock",
		[EXEC_END_VMM] = "vmm",
	};

	return names[kind];
}
