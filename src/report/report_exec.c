/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program's end in a sentence, and its counts in words.
 */
#include "report/report_exec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "guestpt/guestpt.h"
#include "report/report_trace.h"

#define COLUMN_VALUE 16
#define SENTENCE_SIZE 256

/* --- the trace -------------------------------------------------------------------------------- */

void
exec_report_decoder(struct decoder *decoder)
{
	memset(decoder, 0, sizeof(*decoder));
	decoder->machine.maxphyaddr = 46;
	decoder->machine.features = BITS_NXE | BITS_PAGE1G | BITS_EPT_AD;
}

static int
is_left_out(const struct event *event)
{
	return (event->kind == EVENT_ACCESS && event->cached && event->outcome == EVENT_OK) ||
	    (event->kind == EVENT_FAULT && event->fault == EVENT_FAULT_PRESENT);
}

void
exec_report_event(struct text *text, struct decoder *decoder, const struct event *event)
{
	if (!is_left_out(event))
		trace_event_text(text, decoder, event);
}

void
exec_report_event_json(struct json *json, struct decoder *decoder, const struct event *event)
{
	if (!is_left_out(event))
		trace_event_json(json, decoder, event);
}

/* --- the end ---------------------------------------------------------------------------------- */

static void
put_bytes(struct text *text, const unsigned char *bytes, unsigned size)
{
	unsigned i;

	for (i = 0; i < size; i++)
		text_add(text, "%s%02x", i == 0 ? "" : " ", bytes[i]);
}

/* "at 0x401000 ('mov', 48 89 03)"; of what is no instruction the first bytes. */
static void
put_instruction(struct text *text, const struct exec_end *end)
{
	unsigned size = end->length != 0 ? end->length : end->size < 8 ? end->size : 8;

	text_add(text, "at 0x%" PRIx64, end->rip);
	if (end->size == 0)
		return;
	text_str(text, " (");
	if (end->name[0] != '\0')
		text_add(text, "%s, ", end->name);
	put_bytes(text, end->bytes, size);
	text_str(text, ")");
}

static const char *
fault_access(uint32_t code)
{
	return code & VK_PF_W ? "write to" : code & VK_PF_ID ? "fetch from" : "read from";
}

static void
put_fault(struct text *text, const struct exec_end *end)
{
	text_add(text, "page fault: %s 0x%" PRIx64, fault_access(end->error_code), end->address);
	if (end->rip != end->address) {
		text_str(text, " ");
		put_instruction(text, end);
	}
	text_str(text, end->mapped || (end->error_code & VK_PF_P) ?
	    ": the page does not allow it" : ": nothing is mapped there");
}

static const char *
exception_name(unsigned vector)
{
	static const char *const names[] = { "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
		"#DF", "exception 9", "#TS", "#NP", "#SS", "#GP", "#PF", "exception 15", "#MF",
		"#AC", "#MC", "#XM", "#VE" };

	return vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "an exception";
}

static void
put_exception(struct text *text, const struct exec_end *end)
{
	text_add(text, "%s ", exception_name(end->vector));
	put_instruction(text, end);
	if (end->vector == VMX_VECTOR_UD && end->length == 0)
		text_str(text, ": no instruction of this processor");
}

static void
put_unknown(struct text *text, const struct exec_end *end)
{
	text_str(text, "an instruction that is not executed here, ");
	put_instruction(text, end);
}

void
exec_report_end(struct text *text, const struct exec_outcome *outcome)
{
	const struct exec_end *end = &outcome->end;

	switch (end->kind) {
	case EXEC_END_EXITED:
		text_add(text, "exited with status %d", end->status);
		break;
	case EXEC_END_SIGNAL:
		text_add(text, "ended by signal %d, which it sent to itself", end->status);
		break;
	case EXEC_END_PAGE_FAULT:
		put_fault(text, end);
		break;
	case EXEC_END_STACK:
		text_add(text, "stack overflow: %s 0x%" PRIx64 " ", fault_access(end->error_code),
		    end->address);
		put_instruction(text, end);
		break;
	case EXEC_END_EXCEPTION:
		put_exception(text, end);
		break;
	case EXEC_END_INTERCEPT:
		text_add(text, "VM exit %u that its kernel has no answer to, ",
		    end->reason & 0xffffu);
		put_instruction(text, end);
		break;
	case EXEC_END_UNKNOWN:
		put_unknown(text, end);
		break;
	case EXEC_END_LIMIT:
		text_add(text, "stopped after %" PRIu64 " instructions, ",
		    outcome->count[EXEC_COUNT_INSTRUCTIONS]);
		put_instruction(text, end);
		break;
	case EXEC_END_NO_MEMORY:
		text_add(text, "out of memory: %s 0x%" PRIx64, fault_access(end->error_code),
		    end->address);
		break;
	case EXEC_END_STUCK:
		text_str(text, "no progress: exit after exit ");
		put_instruction(text, end);
		break;
	case EXEC_END_DEADLOCK:
		text_str(text, "deadlock: every thread waits for another");
		break;
	case EXEC_END_VMM:
		text_str(text, "the VMM gave up");
		break;
	case EXEC_END_KINDS:
		break;
	}
}

static void
write_sentence(char sentence[SENTENCE_SIZE], const struct exec_outcome *outcome)
{
	struct text_buffer buffer = { sentence, SENTENCE_SIZE, 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	exec_report_end(&text, outcome);
}

/* --- the timeline ----------------------------------------------------------------------------- */

int
exec_report_timeline(struct timeline *timeline, struct decoder *decoder, const char *program,
    unsigned cpus)
{
	char name[16];
	unsigned i;

	if (!timeline_process(timeline, decoder, program, cpus))
		return 0;
	for (i = 0; i < cpus; i++) {
		snprintf(name, sizeof(name), "vCPU %u", i);
		timeline_thread(timeline, i, name);
	}
	return 1;
}

void
exec_report_event_timeline(struct timeline *timeline, const struct event *event)
{
	if (!is_left_out(event))
		timeline_event(timeline, event);
}

void
exec_report_end_timeline(struct timeline *timeline, const struct exec_outcome *outcome)
{
	char sentence[SENTENCE_SIZE];

	write_sentence(sentence, outcome);
	timeline_stop(timeline);
	timeline_mark(timeline, -1, "end", sentence);
	timeline_process_end(timeline);
}

/* --- counts ----------------------------------------------------------------------------------- */

static void
put_label(struct text *text, const char *label)
{
	text_add(text, "  %s", label);
	text_to(text, COLUMN_VALUE);
}

static void
put_exits(struct text *text, const uint64_t *count)
{
	put_label(text, "VM exits");
	text_add(text, "%" PRIu64 ": ", count[EXEC_COUNT_EXITS]);
	text_count(text, count[EXEC_COUNT_EPT_VIOLATIONS], "EPT violation");
	text_str(text, ", ");
	text_count(text, count[EXEC_COUNT_PAGE_FAULTS], "page fault");
	text_str(text, ", ");
	text_count(text, count[EXEC_COUNT_SYSCALLS], "system call");
	text_str(text, "\n");
}

static void
put_walks(struct text *text, const uint64_t *count)
{
	put_label(text, "page walks");
	text_add(text, "%" PRIu64 ": %" PRIu64 " guest and %" PRIu64
	    " EPT entries read, flags set in %" PRIu64 "\n", count[EXEC_COUNT_WALKS],
	    count[EXEC_COUNT_GUEST_READS], count[EXEC_COUNT_EPT_READS],
	    count[EXEC_COUNT_AD_UPDATES]);
}

static void
put_tlb(struct text *text, const uint64_t *count)
{
	put_label(text, "TLB");
	text_add(text, "%" PRIu64 " hits, %" PRIu64 " misses, %" PRIu64 " fills, %" PRIu64
	    " evicted, %" PRIu64 " dropped", count[EXEC_COUNT_TLB_HITS],
	    count[EXEC_COUNT_TLB_MISSES], count[EXEC_COUNT_TLB_FILLS],
	    count[EXEC_COUNT_TLB_EVICTIONS], count[EXEC_COUNT_TLB_DROPPED]);
	if (count[EXEC_COUNT_STALE] != 0)
		text_add(text, ", %" PRIu64 " stale", count[EXEC_COUNT_STALE]);
	text_str(text, "\n");
}

void
exec_report_text(struct text *text, const char *program, const struct exec_outcome *outcome)
{
	const uint64_t *count = outcome->count;
	unsigned i;

	text_style(text, outcome->end.kind == EXEC_END_EXITED ? TEXT_STRONG : TEXT_BAD);
	text_safe(text, program);
	text_style(text, TEXT_PLAIN);
	text_str(text, ": ");
	exec_report_end(text, outcome);
	text_str(text, "\n");
	put_label(text, "instructions");
	text_add(text, "%" PRIu64, count[EXEC_COUNT_INSTRUCTIONS]);
	for (i = 0; outcome->cpus > 1 && i < outcome->cpus; i++)
		text_add(text, "%s%" PRIu64, i == 0 ? ": " : ", ", outcome->retired[i]);
	text_str(text, outcome->cpus > 1 ? " by vCPU\n" : "\n");
	put_exits(text, count);
	put_walks(text, count);
	if (outcome->has_tlb)
		put_tlb(text, count);
	put_label(text, "copies");
	text_add(text, "%" PRIu64 "\n", count[EXEC_COUNT_COPIES]);
	put_label(text, "memory");
	text_count(text, count[EXEC_COUNT_PAGES], "page");
	text_add(text, ", %" PRIu64 " brought in by faults\n", count[EXEC_COUNT_FAULTS_SERVED]);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void
put_end_json(struct json *json, const struct exec_outcome *outcome)
{
	const struct exec_end *end = &outcome->end;
	char sentence[SENTENCE_SIZE];

	write_sentence(sentence, outcome);
	json_put_object(json, "end");
	json_put_string(json, "kind", exec_end_name(end->kind));
	json_put_string(json, "text", sentence);
	if (end->kind == EXEC_END_EXITED || end->kind == EXEC_END_SIGNAL) {
		json_put_number(json, "status", (uint64_t)end->status);
		json_put_end(json);
		return;
	}
	json_put_number(json, "thread", end->tid);
	json_put_address(json, "rip", end->rip);
	json_put_address(json, "address", end->address);
	json_put_number(json, "vector", end->vector);
	json_put_address(json, "error-code", end->error_code);
	json_put_string(json, "instruction", end->name);
	json_put_end(json);
}

void
exec_report_json(struct json *json, const char *program, const struct exec_outcome *outcome)
{
	unsigned i;

	json_put_string(json, "program", program);
	put_end_json(json, outcome);
	json_put_object(json, "counters");
	for (i = 0; i < EXEC_COUNTS; i++)
		json_put_number(json, exec_count_name((enum exec_count)i), outcome->count[i]);
	json_put_end(json);
	json_put_line_array(json, "instructions-by-vcpu");
	for (i = 0; i < outcome->cpus; i++)
		json_put_number(json, NULL, outcome->retired[i]);
	json_put_end(json);
}
