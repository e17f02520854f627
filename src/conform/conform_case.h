/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One line of a vector file as a value: the header of a recording, or one case.
 *
 * All numbers in the file are hexadecimal strings without prefix, save small decimal ones.  A case
 * states registers, edits of the paging structures, steps, and what came of them.
 */
#ifndef VK_CONFORM_CONFORM_CASE_H
#define VK_CONFORM_CONFORM_CASE_H

#include "conform/conform_report.h"

/* Host-physical memory that a recording covers, as [start, end). */
#define CONFORM_TABLES_START 0x200000ull /* the paging structures */
#define CONFORM_TABLES_END 0x218000ull
#define CONFORM_DATA_START 0x400000ull /* frames whose content tells which frame it is */
#define CONFORM_DATA_END 0x800000ull

#define CONFORM_WORDS_MAX 256 /* edits, or changes, of one case */
#define CONFORM_STEPS_MAX 32
#define CONFORM_LEVELS_MAX 5

enum conform_step {
	CONFORM_STEP_READ,
	CONFORM_STEP_WRITE,
	CONFORM_STEP_EXCHANGE,
	CONFORM_STEP_FETCH,
	CONFORM_STEP_CR3,
	CONFORM_STEP_POKE,  /* the guest edits its tables */
	CONFORM_STEP_HPOKE, /* the host does, between exit and entry */
	CONFORM_STEP_INVLPG,
	CONFORM_STEP_PGE,
	CONFORM_STEP_WP,
	CONFORM_STEP_VMCALL,
	CONFORM_STEP_INVEPT_SINGLE,
	CONFORM_STEP_INVEPT_ALL,
	CONFORM_STEP_INVVPID_ADDRESS,
	CONFORM_STEP_INVVPID_SINGLE,
	CONFORM_STEP_INVVPID_ALL,
	CONFORM_STEP_INVVPID_GLOBALS,
	CONFORM_STEP_LA1,
	CONFORM_STEP_LA2,
	CONFORM_STEPS
};

enum conform_out {
	CONFORM_OK,
	CONFORM_PF,
	CONFORM_GP,
	CONFORM_VIOLATION,
	CONFORM_MISCONFIG,
	CONFORM_ENTRY_ERROR,
	CONFORM_ENTRY_STATE,
	CONFORM_OUTS
};

/* The fields that an outcome may have besides its kind. */
enum conform_value {
	CONFORM_ERR,
	CONFORM_CR2,
	CONFORM_QUAL,
	CONFORM_GPA,
	CONFORM_GLA,
	CONFORM_INST,
	CONFORM_RIP,
	CONFORM_VALUES
};

struct conform_word {
	uint64_t pa;
	uint64_t value;
};

struct conform_change {
	uint64_t pa;
	uint64_t before;
	uint64_t after;
};

/* What a read, exchange or fetch brought: the frame that the content names, or the raw value. */
struct conform_reached {
	uint64_t value;
	bool raw;
};

/* The outcome of a case, as recorded or as the model has it. */
struct conform_outcome {
	enum conform_out out;
	unsigned present; /* bit n: value[n] is given */
	uint64_t value[CONFORM_VALUES];
	unsigned changes;
	struct conform_change change[CONFORM_WORDS_MAX]; /* by ascending address */
	unsigned reached;
	struct conform_reached reach[CONFORM_STEPS_MAX];
	unsigned written;
	uint64_t write[CONFORM_WORDS_MAX]; /* host-physical addresses, ascending */
};

enum conform_tlb { CONFORM_TLB_SAME, CONFORM_TLB_NEW, CONFORM_TLB_STALE };

struct conform_case {
	uint64_t id;
	char family[CONFORM_NAME_SIZE];
	char tag[CONFORM_TEXT_SIZE];
	uint64_t cpl;
	uint64_t stub; /* 1: the steps are code at a fixed address; 0: RIP is `la` itself */
	uint64_t wp, smep, smap, ac, nxe, ad;
	uint64_t cr0, cr3, cr4, efer, rflags, eptp;
	uint64_t la, la2, cr3b, vpid, pkru;
	enum conform_tlb tlb;
	unsigned steps;
	enum conform_step step[CONFORM_STEPS_MAX];
	/* The entries of both walks, for readers of the file; the edits have them too. */
	unsigned guest_entries, ept_entries;
	uint64_t guest_entry[CONFORM_LEVELS_MAX], ept_entry[CONFORM_LEVELS_MAX];
	unsigned pokes, gpokes;
	struct conform_word poke[CONFORM_WORDS_MAX];
	struct conform_word gpoke[CONFORM_STEPS_MAX];
	struct conform_outcome recorded;
	/* Where the recorder deviates from the manual: what that says. */
	bool has_manual;
	struct conform_outcome manual;
	bool unsupported; /* has a step or an outcome that nobody here knows */
};

struct conform_header {
	uint64_t maxphyaddr;
	uint64_t ept_cap; /* IA32_VMX_EPT_VPID_CAP of the recorded processor */
	unsigned words;
	struct conform_word word[CONFORM_WORDS_MAX]; /* the paging structures before any edit */
};

/* For messages: the file and line that are being read. */
struct conform_place {
	struct conform_report *report;
	const char *file;
	uint64_t line;
};

/*
 * Read a line of `size` bytes.  False when it has errors, all of which have gone to the report;
 * unknown names have too, and do not count as errors here.
 */
bool conform_header_parse(const struct conform_place *place, const char *text, size_t size,
    struct conform_header *header);
bool conform_case_parse(const struct conform_place *place, const char *text, size_t size,
    struct conform_case *c);

/* As in the file. */
const char *conform_step_name(enum conform_step step);
const char *conform_out_name(enum conform_out out);
const char *conform_value_name(enum conform_value value);

#endif
