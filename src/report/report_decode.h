/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries, qualifications and operations of a run in words, as the machine of its scenario reads
 * them.
 */
#ifndef VK_REPORT_REPORT_DECODE_H
#define VK_REPORT_REPORT_DECODE_H

#include "bits/bits.h"
#include "report/report_json.h"
#include "report/report_text.h"
#include "sim/event.h"
#include "view/view.h"

enum decode_format {
	DECODE_GUEST,
	DECODE_EPT,
	DECODE_QUALIFICATION,
	DECODE_ERROR_CODE,
	DECODE_REASON,
	DECODE_INTR_INFO,
	DECODE_FORMATS
};

/* What an entry, or a bit of one, means to a scenario's machine.  Filled by decoder_init(). */
struct decoder {
	const struct scenario *scenario; /* NULL: of a view */
	struct bits_machine machine;     /* of a view */
	const struct bits_format *format[DECODE_FORMATS]; /* those that were asked for so far */
	uint64_t *features; /* BITS_* by thread, as of its last step; NULL: as at its start */
};

/*
 * Prepares *decoder for a scenario, which it keeps a pointer to.  With `follow` it keeps up with
 * steps that change a thread's registers, told by decoder_step().  0 when out of memory.
 */
int decoder_init(struct decoder *decoder, const struct scenario *scenario, int follow);
/* The same for entries of a view; `thread` has no meaning then. */
void decoder_init_view(struct decoder *decoder, const struct view *view);

void decoder_free(struct decoder *decoder);

/* A thread begins a step. */
void decoder_step(struct decoder *decoder, int thread, int step);

/* The manual's name of an entry: PML5E to PTE, EPT L5 to EPT L1. */
const char *decode_level(enum event_side side, unsigned level);

/* Where an entry is: "PDE[3] at GPA 0x203018". */
void decode_slot(struct text *text, enum event_side side, unsigned level, uint64_t slot);

/* An entry's fields: "P RW US A frame=0x10000". */
void decode_entry(struct text *text, struct decoder *decoder, int thread,
    enum event_side side, unsigned level, uint64_t entry);

/* How bits_decode() is to take an entry apart, for whoever wants more than its fields. */
struct bits_view decode_view(struct decoder *decoder, int thread, enum event_side side,
    unsigned level);

/* An entry as members of an object: side, level, name, slot, entry, fields. */
void decode_entry_json(struct json *json, struct decoder *decoder, int thread,
    enum event_side side, unsigned level, uint64_t slot, uint64_t entry);

/* The qualification of an EPT violation, and a page-fault error code, likewise. */
void decode_qualification(struct text *text, struct decoder *decoder, uint64_t qualification);
void decode_error_code(struct text *text, struct decoder *decoder, int thread, uint64_t code);

/* The same as lines "NAME<tab>meaning", for what is set, in plain English. */
void decode_entry_fields(struct text *text, struct decoder *decoder, int thread,
    enum event_side side, unsigned level, uint64_t entry);
void decode_qualification_fields(struct text *text, struct decoder *decoder,
    uint64_t qualification);
void decode_error_code_fields(struct text *text, struct decoder *decoder, int thread,
    uint64_t code);

/* "EPT violation", "#UD", "CPUID"; intr_info tells exceptions apart. */
void decode_exit_name(struct text *text, struct decoder *decoder, const struct vmx_exit *exit);

/* "read", "write", "fetch", "read-modify-write". */
const char *decode_access(unsigned acc);

/* "#PF", "VM exit" ...; "ok" for an access that passed. */
const char *decode_outcome(enum event_outcome outcome);

/* "a fresh page of zeroes" ... */
const char *decode_fault(enum event_fault fault);

/* "write 0x400000, 8 bytes". */
void decode_operation(struct text *text, const struct scenario *scenario, int thread, int step);

/* The name of a thread, "machine" for -1; foreign text. */
const char *decode_thread(const struct scenario *scenario, int thread);

/* The step, or NULL when the index names none. */
const struct scn_step *decode_find_step(const struct scenario *scenario, int thread, int step);

/* "file: name [variant]"; foreign parts made harmless. */
void decode_title(struct text *text, const struct scenario *scenario);

/* "name [variant]". */
void decode_name(struct text *text, const struct scenario *scenario);

#endif
