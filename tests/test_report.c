/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is printed: foreign bytes made harmless, JSON that parses, events as lines and objects,
 * scenes, outcomes in every format.  Scenarios, events and outcomes are made up here, so that each
 * case is about the words alone.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/access.h"
#include "copyio/copyio.h"
#include "ept/ept.h"
#include "ept/memtype.h"
#include "guestpt/guestpt.h"
#include "report/report.h"
#include "report/report_why.h"

#define OUT_SIZE 65536

static char out[OUT_SIZE];
static struct text_buffer out_buffer;

static struct scn_sink
out_sink(void)
{
	out_buffer.buf = out;
	out_buffer.size = sizeof(out);
	return text_buffer_sink(&out_buffer);
}

static struct text
out_text(int color)
{
	struct scn_sink sink = out_sink();
	struct text text;

	text_init(&text, &sink, color);
	return text;
}

static void
assert_has(const char *part)
{
	if (strstr(out, part) == NULL)
		fail_msg("no \"%s\" in:\n%s", part, out);
}

static void
assert_has_not(const char *part)
{
	if (strstr(out, part) != NULL)
		fail_msg("\"%s\" in:\n%s", part, out);
}

/* --- text ------------------------------------------------------------------------------------- */

static void
control_characters_become_visible(void **state)
{
	struct text text = out_text(0);

	(void)state;
	text_safe(&text, "a\033[31mb\nc\x7f" "d");
	assert_string_equal(out, "a\\x1b[31mb\\x0ac\\x7fd");
}

static void
utf8_passes_and_what_is_none_becomes_visible(void **state)
{
	/* An umlaut; a lone lead byte; an overlong slash; a surrogate; C1; beyond Unicode. */
	static const char *const row[][2] = {
		{ "\xc3\xa4", "\xc3\xa4" },
		{ "\xe2\x82\xac!", "\xe2\x82\xac!" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "x\xc3", "x\\xc3" },
		{ "\xc0\xaf", "\\xc0\\xaf" },
		{ "\xe0\x82\xa4", "\\xe0\\x82\\xa4" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xc2\x85", "\\xc2\\x85" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xff", "\\xff" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct text text = out_text(0);

		text_safe(&text, row[i][0]);
		assert_string_equal(out, row[i][1]);
	}
}

static void
raw_bytes_are_ascii_or_escapes(void **state)
{
	struct text text = out_text(0);

	(void)state;
	text_bytes(&text, "a\\\"\n\0\xc3", 6);
	assert_string_equal(out, "a\\\"\\x0a\\x00\\xc3");
	text = out_text(0);
	text_quoted(&text, "a\\\"\n\t\0", 6);
	assert_string_equal(out, "\"a\\\\\\\"\\n\\t\\x00\"");
}

static void
columns_count_characters_not_bytes_or_colours(void **state)
{
	struct text text = out_text(1);

	(void)state;
	text_style(&text, TEXT_BAD);
	text_safe(&text, "\xc3\xa4");
	text_style(&text, TEXT_PLAIN);
	text_to(&text, 4);
	text_str(&text, "x");
	assert_string_equal(out, "\033[1;31m\xc3\xa4\033[0m   x");
	assert_int_equal(text.column, 5);
	text_to(&text, 2);
	assert_int_equal(text.column, 6);
}

static void
no_colours_means_no_escapes(void **state)
{
	struct text text = out_text(0);

	(void)state;
	text_style(&text, TEXT_BAD);
	text_str(&text, "x");
	text_style(&text, TEXT_PLAIN);
	assert_string_equal(out, "x");
}

static void
a_buffer_keeps_what_fits(void **state)
{
	char small[4];
	struct text_buffer buffer = { small, sizeof(small), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	(void)state;
	text_init(&text, &sink, 0);
	text_str(&text, "abcdef");
	text_str(&text, "g");
	assert_string_equal(small, "abc");
	assert_int_equal(buffer.used, 3);
}

static void
a_format_means_what_printf_means(void **state)
{
	static char expected[256];
	struct text text = out_text(0);

	(void)state;
#define FORMAT "%s|%4s|%c|%%|%u|%3u|%05u|%d|%x|%016lx|%lu|%llu|%zu|%2x"
#define VALUES                                                                                     \
	"text", "ab", 'c', UINT_MAX, 7u, 42u, 13, 0xbeefu, 0xffffffffffffffffUL, 0UL,              \
	    18446744073709551615ULL, (size_t)9, 0x123u
	text_add(&text, FORMAT, VALUES);
	snprintf(expected, sizeof(expected), FORMAT, VALUES);
	assert_string_equal(out, expected);
	assert_int_equal(text.column, strlen(expected));
}

static void
counts_agree_with_their_noun(void **state)
{
	struct text text = out_text(0);

	(void)state;
	text_count(&text, 0, "step");
	text_str(&text, ",");
	text_count(&text, 1, "step");
	text_str(&text, ",");
	text_count(&text, 2, "step");
	text_str(&text, ",");
	text_amount(&text, UINT32_MAX);
	text_str(&text, ",");
	text_amount(&text, 1ull << 32);
	assert_string_equal(out, "0 steps,1 step,2 steps,4294967295 bytes,0x100000000 bytes");
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *
parse(void)
{
	json_error_t error;
	json_t *root = json_loads(out, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);

	if (root == NULL)
		fail_msg("line %d: %s in:\n%s", error.line, error.text, out);
	return root;
}

/* The value at a path of keys and indices: "files.0.scenarios.1.name". */
static json_t *
at(json_t *value, const char *path)
{
	char key[64];

	while (*path != '\0') {
		size_t length = strcspn(path, ".");

		assert_true(length < sizeof(key));
		memcpy(key, path, length);
		key[length] = '\0';
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(key)) :
		    json_object_get(value, key);
		if (value == NULL)
			fail_msg("no \"%s\" in:\n%s", key, out);
		path += length + (path[length] == '.');
	}
	return value;
}

static void
assert_member(json_t *root, const char *path, const char *expected)
{
	json_t *value = at(root, path);

	if (!json_is_string(value))
		fail_msg("%s is no string in:\n%s", path, out);
	assert_string_equal(json_string_value(value), expected);
}

static void
assert_number(json_t *root, const char *path, json_int_t expected)
{
	json_t *value = at(root, path);

	if (!json_is_integer(value))
		fail_msg("%s is no number in:\n%s", path, out);
	assert_int_equal(json_integer_value(value), expected);
}

static void
a_document_of_all_kinds_parses(void **state)
{
	struct scn_sink sink = out_sink();
	struct json json;
	json_t *root;

	(void)state;
	json_put_init(&json, &sink);
	json_put_object(&json, NULL);
	json_put_string(&json, "string", "a\"\\\n\001\xc3\xa4\xff");
	json_put_bytes(&json, "bytes", "\0a\"\\\xff\n", 6);
	json_put_number(&json, "number", 1ull << 53);
	json_put_number(&json, "large", (1ull << 53) + 1);
	json_put_address(&json, "address", 0xffffffffffffffffull);
	json_put_bool(&json, "true", 1);
	json_put_bool(&json, "false", 0);
	json_put_string(&json, "nothing", NULL);
	json_put_array(&json, "empty");
	json_put_end(&json);
	json_put_line_array(&json, "line");
	json_put_line_object(&json, NULL);
	json_put_number(&json, "x", 1);
	json_put_end(&json);
	json_put_number(&json, NULL, 2);
	json_put_end(&json);
	json_put_end(&json);
	root = parse();
	assert_member(root, "string", "a\"\\\n\001\xc3\xa4\xef\xbf\xbd");
	assert_int_equal(json_string_length(at(root, "bytes")), 7);
	assert_memory_equal(json_string_value(at(root, "bytes")), "\0a\"\\\xc3\xbf\n", 7);
	assert_number(root, "number", (json_int_t)1 << 53);
	assert_member(root, "large", "0x20000000000001");
	assert_member(root, "address", "0xffffffffffffffff");
	assert_true(json_is_true(at(root, "true")));
	assert_true(json_is_false(at(root, "false")));
	assert_member(root, "nothing", "");
	assert_int_equal(json_array_size(at(root, "empty")), 0);
	assert_number(root, "line.0.x", 1);
	assert_number(root, "line.1", 2);
	assert_has("\n  \"line\": [{\"x\": 1}, 2]\n}\n");
	json_decref(root);
}

/* --- a scenario ------------------------------------------------------------------------------- */

/* The reader fills in key sets; here they are all of nothing. */
static struct scn_step steps[4];
static struct scn_thread threads[2];
static struct scenario scenario;

static void
make_scenario(void)
{
	memset(steps, 0, sizeof(steps));
	memset(threads, 0, sizeof(threads));
	memset(&scenario, 0, sizeof(scenario));
	steps[0].op = SCN_OP_VMINIT;
	steps[0].src.mark = (struct scn_mark){ 10, 5 };
	steps[1].op = SCN_OP_WRITE;
	steps[1].at = 0x400000;
	steps[1].size = 8;
	steps[1].what = "the first \033touch";
	steps[1].src.mark = (struct scn_mark){ 11, 5 };
	steps[2].op = SCN_OP_MOV_CR4;
	steps[2].set = VK_CR4_PKE;
	steps[3].op = SCN_OP_COPYIN;
	steps[3].at = 0x1000;
	steps[3].size = 1;
	threads[0].name = "vk";
	threads[0].role = SCN_ROLE_MASTER;
	threads[0].efer = VK_EFER_NXE;
	threads[0].step = steps;
	threads[0].steps = 3;
	threads[1].name = "kernel";
	threads[1].role = SCN_ROLE_KERNEL;
	threads[1].step = steps + 3;
	threads[1].steps = 1;
	scenario.file = "dir/a#b.yaml";
	scenario.name = "it <is> \"good\" & true";
	scenario.variant = "page=2M";
	scenario.machine.maxphyaddr = 46;
	scenario.machine.features = SCN_FEATURE_NX | SCN_FEATURE_EPT_AD;
	scenario.thread = threads;
	scenario.threads = 2;
	scenario.src.mark = (struct scn_mark){ 1, 1 };
}

static struct event
event_of(enum event_kind kind, int thread, int step)
{
	struct event event = { .kind = kind, .thread = thread, .step = step };

	return event;
}

static struct event
violation(void)
{
	struct event event = event_of(EVENT_EXIT, 0, 1);

	event.exit.reason = VMX_EXIT_EPT_VIOLATION;
	event.exit.qualification = 0x182;
	event.exit.gpa = vk_gpa(0x10008);
	event.exit.gla = vk_gva(0x400008);
	event.exit.gla_valid = 1;
	return event;
}

static const struct stale stale = { .reader = -1, .changer = -1 };

/* --- the trace -------------------------------------------------------------------------------- */

static void
trace_one(const struct event *event)
{
	struct text text = out_text(0);
	struct decoder decoder;

	assert_true(decoder_init(&decoder, &scenario, 1));
	trace_event_text(&text, &decoder, event);
	decoder_free(&decoder);
}

static void
an_entry_shows_its_place_in_the_walk_and_its_fields(void **state)
{
	struct event event = event_of(EVENT_TABLE_READ, 0, 1);

	(void)state;
	make_scenario();
	event.order = 10;
	event.side = EVENT_GUEST;
	event.level = 3;
	event.slot = 0x201018;
	event.value = VK_PG_P | VK_PG_RW | VK_PG_US | VK_PG_A | 0x203000;
	trace_one(&event);
	assert_string_equal(out,
	    "      entry   10 PDPTE[3] at GPA 0x201018    0x0000000000203027  "
	    "P RW US A frame=0x203000\n");
	event.side = EVENT_EPT;
	event.level = 1;
	event.value = EPT_R | EPT_W | ((uint64_t)MEMTYPE_WB << EPT_MEMTYPE_SHIFT) | 0x5000;
	trace_one(&event);
	assert_has("EPT L1[3] at HPA 0x201018");
	assert_has("R W memtype=WB frame=0x5000");
}

static void
an_entry_is_read_as_the_thread_reads_it(void **state)
{
	struct event event = event_of(EVENT_TABLE_READ, 0, 1);

	(void)state;
	make_scenario();
	event.side = EVENT_GUEST;
	event.level = 1;
	event.value = VK_PG_XD | VK_PG_P;
	trace_one(&event);
	assert_has("P XD\n");
	threads[0].efer = 0;
	trace_one(&event);
	assert_has("bit63");
	assert_has_not("XD");
}

static void
a_step_that_changes_registers_changes_what_bits_mean(void **state)
{
	struct event event = event_of(EVENT_TABLE_READ, 0, 2);
	struct text text = out_text(0);
	struct decoder decoder;

	(void)state;
	make_scenario();
	event.side = EVENT_GUEST;
	event.level = 1;
	event.value = VK_PG_P | 3ull << VK_PG_PKEY_SHIFT;
	assert_true(decoder_init(&decoder, &scenario, 1));
	trace_event_text(&text, &decoder, &event);
	assert_has("bits[62:59]=0x3");
	decoder_step(&decoder, 0, 2);
	text = out_text(0);
	trace_event_text(&text, &decoder, &event);
	assert_has("=0x3");
	assert_has_not("bits[62:59]");
	decoder_free(&decoder);
}

static void
an_exit_shows_reason_qualification_and_addresses(void **state)
{
	struct event event = violation();

	(void)state;
	make_scenario();
	trace_one(&event);
	assert_string_equal(out, "      exit   48 EPT violation, qualification 0x182 "
	    "(WRITE GLA FINAL), GPA 0x10008, GLA 0x400008\n");
	event = event_of(EVENT_EXIT, 0, 1);
	event.exit.intr_info = vmx_intr_info(VMX_VECTOR_UD, VMX_INTR_HARDWARE, 0);
	event.exit.instruction_length = 2;
	trace_one(&event);
	assert_string_equal(out, "      exit   0 #UD, instruction length 2\n");
	event.exit.intr_info = vmx_intr_info(VMX_VECTOR_PF, VMX_INTR_HARDWARE, 1);
	event.exit.intr_error = 6;
	event.exit.qualification = 0x5000;
	event.exit.idt_info = vmx_intr_info(3, VMX_INTR_SOFTWARE, 0);
	trace_one(&event);
	assert_has("#PF, qualification 0x5000, error code 0x6, delivering vector 3");
	event = event_of(EVENT_EXIT, 0, 1);
	event.exit.reason = VMX_REASON_ENTRY_FAILED | VMX_EXIT_GUEST_STATE;
	trace_one(&event);
	assert_has("33 VM entry failed: invalid guest state");
	event.exit.reason = 77;
	trace_one(&event);
	assert_has("77 exit 77");
}

static void
an_access_shows_its_translation_or_its_fault(void **state)
{
	struct event event = event_of(EVENT_ACCESS, 0, 1);

	(void)state;
	make_scenario();
	event.acc = VK_ACC_W | VK_ACC_USER;
	event.address = 0x400008;
	event.size = 8;
	event.gpa = 0x10008;
	event.value = 0x5008;
	trace_one(&event);
	assert_string_equal(out,
	    "      access write 0x400008, 8 bytes -> GPA 0x10008 -> HPA 0x5008\n");
	event.cached = true;
	trace_one(&event);
	assert_has("HPA 0x5008, from the TLB\n");
	event.outcome = EVENT_PAGE_FAULT;
	event.error = VK_PF_P | VK_PF_W | VK_PF_U;
	trace_one(&event);
	assert_string_equal(out, "      access write 0x400008, 8 bytes: #PF 0x7 (P W US)\n");
	event.outcome = EVENT_VIRTUALIZATION;
	trace_one(&event);
	assert_has(": #VE\n");
	event.outcome = EVENT_GENERAL_PROTECTION;
	trace_one(&event);
	assert_has(": #GP\n");
}

static void
flags_edits_faults_and_the_rest_have_their_lines(void **state)
{
	struct event event = event_of(EVENT_FLAGS, 0, 1);

	(void)state;
	make_scenario();
	event.side = EVENT_EPT;
	event.level = 1;
	event.slot = 0x8;
	event.before = 0x7;
	event.value = 0x307;
	trace_one(&event);
	assert_has("flags      EPT L1[1] at HPA 0x8");
	assert_has("sets A D\n");
	event.side = EVENT_GUEST;
	event.value = 0x47;
	trace_one(&event);
	assert_has("sets D\n");
	event = event_of(EVENT_EDIT, 0, 1);
	event.side = EVENT_EPT;
	event.level = 1;
	event.address = 0x10000;
	event.value = 0x5037;
	trace_one(&event);
	assert_has("edit   EPT L1 of 0x10000: 0x0 -> 0x5037 (R W X memtype=WB");
	event = event_of(EVENT_FAULT, 0, 1);
	event.acc = VK_ACC_W;
	event.address = 0x10008;
	event.gpa = 0x6000;
	event.fault = EVENT_FAULT_COPY;
	trace_one(&event);
	assert_has("fault  write of GPA 0x10008: a private copy, HPA 0x6000\n");
	event.fault = EVENT_FAULT_REFUSED;
	trace_one(&event);
	assert_has("GPA 0x10008: refused\n");
	event = event_of(EVENT_CACHED, 0, 1);
	event.side = EVENT_EPT;
	event.level = 2;
	event.address = 0x4010;
	event.value = 0x1023107;
	event.name = "guest-physical-structure";
	trace_one(&event);
	assert_has("cached     EPT L2 for GPA 0x4010       0x0000000001023107  ");
	assert_has("  R W X A frame=0x1023000 (guest-physical-structure)\n");
	event = event_of(EVENT_INVALIDATE, 0, 1);
	event.name = "INVEPT single";
	event.address = 0x105e;
	event.done = 1;
	trace_one(&event);
	assert_has("flush  INVEPT single 0x105e: 1 item dropped\n");
	event = event_of(EVENT_COPY, 0, 1);
	event.name = "copyin";
	event.address = 0x1000;
	event.size = 13;
	event.done = 5;
	event.error = VK_EFAULT;
	trace_one(&event);
	assert_has("copy   copyin 0x1000: EFAULT, 5 of 13 bytes\n");
	event = event_of(EVENT_CALL, 0, 1);
	event.name = "write";
	event.result = "13";
	trace_one(&event);
	assert_has("call   write: 13\n");
	event = event_of(EVENT_CONSOLE, 0, 1);
	event.bytes = "Hi\n\033";
	event.size = 4;
	trace_one(&event);
	assert_has("console \"Hi\\n\\x1b\"\n");
	event = event_of(EVENT_STALE, 0, 1);
	event.acc = VK_ACC_R;
	event.value = 0x5000;
	event.stale = &stale;
	trace_one(&event);
	assert_has("stale  read 0x0 went to HPA 0x5000 by a translation that the tables no longer"
	    " hold: its history is not known\n");
	event = event_of(EVENT_ENTER, 0, 1);
	event.result = "VMRESUME";
	trace_one(&event);
	assert_has("enter  VMRESUME\n");
}

/* Every kind of event as an object: it parses and is called by its kind. */
static void
every_event_is_an_object(void **state)
{
	struct scn_sink sink = out_sink();
	struct decoder decoder;
	struct json json;
	json_t *root;
	int kind;

	(void)state;
	make_scenario();
	assert_true(decoder_init(&decoder, &scenario, 1));
	json_put_init(&json, &sink);
	json_put_array(&json, NULL);
	for (kind = EVENT_STEP; kind <= EVENT_CONSOLE; kind++) {
		struct event event = violation();

		event.kind = (enum event_kind)kind;
		event.name = "name";
		event.result = "result";
		event.bytes = "\xff";
		event.stale = &stale;
		event.size = 1;
		event.level = 1;
		event.slot = 0x8;
		event.value = 0x27;
		trace_event_json(&json, &decoder, &event);
	}
	json_put_end(&json);
	decoder_free(&decoder);
	root = parse();
	assert_int_equal(json_array_size(root), EVENT_CONSOLE + 1);
	assert_member(root, "0.event", "step");
	assert_member(root, "1.hpa", "0x27");
	assert_member(root, "2.fields", "P RW US A");
	assert_member(root, "3.kind", "name");
	assert_member(root, "4.before", "0x0");
	assert_member(root, "5.name", "EPT violation");
	assert_member(root, "5.qualification", "0x182");
	assert_member(root, "5.gla", "0x400008");
	assert_member(root, "13.bytes", "\xc3\xbf");
	json_decref(root);
}

/* --- scenes ----------------------------------------------------------------------------------- */

static struct report report;

static void
begin(enum report_format_id format, int trace, int story)
{
	struct report_options options = { .format = format, .trace = trace, .story = story };
	struct scn_sink sink = out_sink();

	make_scenario();
	options.version = "9.9";
	options.command = "run";
	report_begin(&report, &options, &sink);
	report_file_begin(&report, scenario.file);
}

static void
send(const struct event *event)
{
	event_sink sink = report_event_sink(&report);

	assert_non_null(sink);
	sink(&report, event);
}

static void
send_kind(enum event_kind kind, int thread, int step)
{
	struct event event = event_of(kind, thread, step);

	send(&event);
}

static void
send_story(void)
{
	struct event event = event_of(EVENT_FAULT, 0, 1);

	send_kind(EVENT_STEP, 0, 1);
	send_kind(EVENT_TABLE_READ, 0, 1);
	event = violation();
	send(&event);
	event = event_of(EVENT_FAULT, 0, 1);
	event.fault = EVENT_FAULT_ZERO;
	send(&event);
	event = event_of(EVENT_ENTER, 0, 1);
	event.result = "VMRESUME";
	send(&event);
	send_kind(EVENT_ACCESS, 0, 1);
}

static enum scn_end ends[2] = { SCN_END_FINISHED, SCN_END_EXITED };
static unsigned char console[] = "Hello\n\033no newline";

static struct play_outcome
outcome_of(bool passed)
{
	struct play_outcome outcome = { .passed = passed, .end = ends, .steps = 4 };

	outcome.console = console;
	outcome.console_size = sizeof(console) - 1;
	outcome.counter[SCN_COUNTER_EXITS] = 7;
	return outcome;
}

static void
finish(enum play_status status, const struct play_outcome *outcome)
{
	report_outcome(&report, status, outcome);
	report_file_end(&report);
	report_end(&report);
}

static void
a_step_is_told_on_one_line(void **state)
{
	struct play_outcome outcome = outcome_of(true);

	(void)state;
	begin(REPORT_TEXT, 0, 1);
	report_scenario(&report, &scenario);
	send_story();
	finish(PLAY_DONE, &outcome);
	assert_string_equal(out,
	    "dir/a#b.yaml: it <is> \"good\" & true [page=2M]\n"
	    "  vk            2  write 0x400000, 8 bytes          "
	    "EPT violation (write) at GPA 0x10008, a fresh page of zeroes, ok\n"
	    "ok    dir/a#b.yaml: it <is> \"good\" & true [page=2M]\n"
	    "      | Hello\n"
	    "      | \\x1bno newline\\\n"
	    "1 scenario: 1 passed, 0 failed\n");
}

static void
a_step_that_is_interrupted_makes_several_scenes(void **state)
{
	struct play_outcome outcome = outcome_of(true);

	(void)state;
	begin(REPORT_TEXT, 0, 1);
	report_scenario(&report, &scenario);
	send_kind(EVENT_STEP, 0, 0);
	send_kind(EVENT_STEP, 1, 0);
	send_kind(EVENT_ACCESS, 1, 0);
	send_kind(EVENT_ACCESS, 0, 0);
	finish(PLAY_DONE, &outcome);
	assert_has("  vk            1  vminit\n"
	    "  kernel        1  copyin 0x1000, 1 byte            ok\n"
	    "  vk            1  vminit, goes on                  ok\n");
}

static void
what_repeats_is_counted(void **state)
{
	struct play_outcome outcome = outcome_of(true);
	int i;

	(void)state;
	begin(REPORT_TEXT, 0, 1);
	report_scenario(&report, &scenario);
	for (i = 0; i < 3; i++) {
		send_kind(EVENT_STEP, 0, 1);
		send_kind(EVENT_ACCESS, 0, 1);
		send_kind(EVENT_ACCESS, 0, 1);
	}
	finish(PLAY_DONE, &outcome);
	assert_has("ok (2 times)\n    the same again, 2 times\nok ");
}

static void
a_scene_has_a_limit(void **state)
{
	struct play_outcome outcome = outcome_of(true);
	struct event event = event_of(EVENT_FAULT, 0, 1);
	int i;

	(void)state;
	begin(REPORT_TEXT, 0, 1);
	report_scenario(&report, &scenario);
	event.fault = EVENT_FAULT_REFUSED;
	for (i = 0; i < 100; i++) {
		event.address++;
		send(&event);
	}
	finish(PLAY_DONE, &outcome);
	assert_has("GPA 0x1 refused, ");
	assert_has("GPA 0x5 refused, 92 more, GPA 0x62 refused, ");
	assert_has("GPA 0x64 refused\n");
	assert_has_not("GPA 0x6 refused");
	assert_has_not("GPA 0x61 refused");
}

static void
a_trace_has_every_event_under_its_step(void **state)
{
	struct play_outcome outcome = outcome_of(true);

	(void)state;
	begin(REPORT_TEXT, 1, 0);
	report_scenario(&report, &scenario);
	send_story();
	finish(PLAY_DONE, &outcome);
	assert_has("  vk 2: write 0x400000, 8 bytes  # the first \\x1btouch\n"
	    "      entry    - ");
	assert_has("      exit   48 EPT violation");
	assert_has("      enter  VMRESUME\n      access ");
}

/* --- outcomes --------------------------------------------------------------------------------- */

static char expected_text[] = "ok", found_text[] = "ept-violation\001";
static struct explanation why;

static struct play_mismatch
mismatch_of(const char *field)
{
	struct play_mismatch mismatch = { .mark = { 14, 20 }, .thread = 0, .step = 1 };

	memset(&why, 0, sizeof(why));
	why.outcome = EVENT_VM_EXIT;
	why.exit_reason = VMX_EXIT_EPT_VIOLATION;
	why.qualification = 0x182;
	why.gva = 0x400008;
	why.gpa = 0x10008;
	why.acc = VK_ACC_W;
	why.reads = 1;
	why.read[0].order = 4;
	why.read[0].side = EVENT_EPT;
	why.read[0].level = 1;
	why.read[0].slot = 0x3010;
	why.read[0].entry = 0x5031;
	why.read[0].address = 0x10008;
	why.read[0].failed = true;
	why.side = EVENT_EPT;
	why.level = 1;
	why.slot = 0x3010;
	why.entry = 0x5031;
	why.bits = EPT_W;
	why.rule = "EPT-RIGHTS";
	strcpy(why.verdict, "The entry does not allow writes.");
	strcpy(why.remedy, "Set W.");
	mismatch.field = field;
	mismatch.expected = expected_text;
	mismatch.found = found_text;
	mismatch.why = &why;
	return mismatch;
}

static void
a_failure_names_place_step_verdict_rule_and_entries(void **state)
{
	struct play_mismatch mismatch[2] = { mismatch_of("outcome"), mismatch_of("reads") };
	struct play_outcome outcome = outcome_of(false);

	(void)state;
	outcome.mismatch = mismatch;
	outcome.mismatches = 2;
	outcome.more = 3;
	begin(REPORT_TEXT, 0, 0);
	assert_null(report_event_sink(&report));
	report_scenario(&report, &scenario);
	finish(PLAY_DONE, &outcome);
	assert_has("FAIL  dir/a#b.yaml: it <is> \"good\" & true [page=2M]\n");
	assert_has("      dir/a#b.yaml:14:20: outcome: expected ok, found ept-violation\\x01\n"
	    "      dir/a#b.yaml:14:20: reads: expected ok, found ept-violation\\x01\n"
	    "        vk, step 2 (write 0x400000, 8 bytes): the first \\x1btouch\n"
	    "        outcome  EPT violation, qualification 0x182 (WRITE GLA FINAL), GPA 0x10008\n"
	    "        why      The entry does not allow writes. [EPT-RIGHTS]\n"
	    "        entry    EPT L1[2] at HPA 0x3010 is 0x5031; bits 0x2 decide\n"
	    "        to pass  Set W.\n"
	    "        GPA 0x10008 through the EPT\n"
	    "          1 EPT L1[2] at HPA 0x3010           0x0000000000005031  "
	    "R memtype=WB frame=0x5000  <- here\n"
	    "      and 3 more\n"
	    "1 scenario: 0 passed, 1 failed; first: dir/a#b.yaml:14:20\n");
}

/* What is wrong may be a value: the walk is then no explanation. */
static void
entries_of_an_access_that_passes_are_for_a_trace(void **state)
{
	struct play_mismatch mismatch[2] = { mismatch_of("value"), mismatch_of("console") };
	struct play_outcome outcome = outcome_of(false);
	int trace;

	(void)state;
	why.outcome = EVENT_OK;
	mismatch[1].thread = mismatch[1].step = -1;
	mismatch[1].why = NULL;
	outcome.mismatch = mismatch;
	outcome.mismatches = 2;
	for (trace = 0; trace < 2; trace++) {
		begin(REPORT_TEXT, trace, 0);
		report_scenario(&report, &scenario);
		finish(PLAY_DONE, &outcome);
		assert_has("        outcome  ok, GPA 0x10008");
		assert_has("console: expected ok, found ept-violation\\x01\n1 scenario");
		if (trace)
			assert_has("EPT L1[2] at HPA 0x3010           0x");
		else
			assert_has_not("EPT L1[2] at HPA 0x3010           0x");
	}
}

static void
quiet_says_nothing_of_what_holds(void **state)
{
	struct play_outcome outcome = outcome_of(true);

	(void)state;
	begin(REPORT_TEXT, 0, 0);
	report.options.quiet = 1;
	report_scenario(&report, &scenario);
	finish(PLAY_DONE, &outcome);
	assert_string_equal(out, "");
}

static void
a_seed_that_was_given_is_said_with_the_failure(void **state)
{
	struct play_mismatch mismatch = mismatch_of("outcome");
	struct play_outcome outcome = outcome_of(false);

	(void)state;
	outcome.mismatch = &mismatch;
	outcome.mismatches = 1;
	begin(REPORT_TEXT, 0, 0);
	report.options.seed_given = 1;
	report.options.seed = 42;
	report_scenario(&report, &scenario);
	finish(PLAY_DONE, &outcome);
	assert_has("      with --seed 42\n");
}

static void
a_run_that_could_not_end_is_no_success(void **state)
{
	(void)state;
	begin(REPORT_TEXT, 0, 0);
	report_scenario(&report, &scenario);
	finish(PLAY_OVER_LIMIT, NULL);
	assert_has("FAIL  dir/a#b.yaml");
	assert_has("the scenario writes more memory than a run may\n");
	assert_has("1 scenario: 0 passed, 0 failed, 1 not played; first: dir/a#b.yaml:1:1\n");
}

static void
the_summary_names_the_first_failure(void **state)
{
	struct play_mismatch mismatch = mismatch_of("outcome");
	struct play_outcome outcome = outcome_of(false);

	(void)state;
	outcome.mismatch = &mismatch;
	outcome.mismatches = 1;
	begin(REPORT_TEXT, 0, 0);
	report_scenario(&report, &scenario);
	report_outcome(&report, PLAY_DONE, &outcome);
	mismatch.mark.line = 99;
	report_scenario(&report, &scenario);
	finish(PLAY_DONE, &outcome);
	assert_has("2 scenarios: 0 passed, 2 failed; first: dir/a#b.yaml:14:20\n");
}

static struct scenario_error load_error[2] = {
	{ 3, 7, "found '<x>', expected a number" },
	{ 9, 1, "unknown key" },
};

static void
send_bad_file(void)
{
	struct scenario_errors errors = { .file = "bad.yaml", .error = load_error, .count = 2 };

	report_bad_file(&report, &errors);
	report_file_end(&report);
	report_end(&report);
}

static void
json_of_a_failure_carries_the_explanation(void **state)
{
	struct play_mismatch mismatch = mismatch_of("outcome");
	struct play_outcome outcome = outcome_of(false);
	json_t *root;

	(void)state;
	outcome.mismatch = &mismatch;
	outcome.mismatches = 1;
	begin(REPORT_JSON, 1, 0);
	report_scenario(&report, &scenario);
	send_story();
	finish(PLAY_DONE, &outcome);
	root = parse();
	assert_member(root, "vkept", "9.9");
	assert_member(root, "files.0.file", "dir/a#b.yaml");
#define SCENARIO "files.0.scenarios.0."
	assert_member(root, SCENARIO "status", "failed");
	assert_member(root, SCENARIO "variant", "page=2M");
	assert_member(root, SCENARIO "scenes.0.thread", "vk");
	assert_number(root, SCENARIO "scenes.0.step", 2);
	assert_number(root, SCENARIO "scenes.0.line", 11);
	assert_member(root, SCENARIO "scenes.0.events.2.event", "exit");
	assert_member(root, SCENARIO "scenes.0.happened.2.what", "ok");
	assert_number(root, SCENARIO "mismatches.0.line", 14);
	assert_number(root, SCENARIO "mismatches.0.column", 20);
	assert_number(root, SCENARIO "mismatches.0.step", 2);
	assert_member(root, SCENARIO "mismatches.0.field", "outcome");
	assert_member(root, SCENARIO "mismatches.0.found", "ept-violation\001");
	assert_member(root, SCENARIO "mismatches.0.why.rule", "EPT-RIGHTS");
	assert_member(root, SCENARIO "mismatches.0.why.verdict",
	    "The entry does not allow writes.");
	assert_member(root, SCENARIO "mismatches.0.why.remedy", "Set W.");
	assert_member(root, SCENARIO "mismatches.0.why.entry.bits", "0x2");
	assert_member(root, SCENARIO "mismatches.0.why.reads.0.entry", "0x5031");
	assert_true(json_is_true(at(root, SCENARIO "mismatches.0.why.reads.0.failed")));
	assert_number(root, SCENARIO "counters.exits", 7);
	assert_member(root, SCENARIO "threads.1.end", "exited");
	assert_member(root, SCENARIO "console", "Hello\n\033no newline");
	assert_number(root, "summary.failed", 1);
	assert_member(root, "summary.first", "dir/a#b.yaml:14:20");
	json_decref(root);
}

static void
json_of_a_bad_file_carries_its_errors(void **state)
{
	json_t *root;

	(void)state;
	begin(REPORT_JSON, 0, 0);
	send_bad_file();
	root = parse();
	assert_number(root, "files.0.errors.0.line", 3);
	assert_number(root, "files.0.errors.0.column", 7);
	assert_member(root, "files.0.errors.1.text", "unknown key");
	assert_number(root, "summary.bad-files", 1);
	json_decref(root);
}

static void
tap_has_points_a_plan_and_yaml_under_failures(void **state)
{
	struct play_mismatch mismatch = mismatch_of("outcome");
	struct play_outcome outcome = outcome_of(true);

	(void)state;
	begin(REPORT_TAP, 0, 0);
	assert_null(report_event_sink(&report));
	report_scenario(&report, &scenario);
	report_outcome(&report, PLAY_DONE, &outcome);
	outcome.passed = false;
	outcome.mismatch = &mismatch;
	outcome.mismatches = 1;
	report_scenario(&report, &scenario);
	report_outcome(&report, PLAY_DONE, &outcome);
	report_scenario(&report, &scenario);
	report_outcome(&report, PLAY_NO_MEMORY, NULL);
	send_bad_file();
	assert_string_equal(out,
	    "TAP version 13\n"
	    "ok 1 - dir/a\\#b.yaml: it <is> \"good\" & true [page=2M]\n"
	    "not ok 2 - dir/a\\#b.yaml: it <is> \"good\" & true [page=2M]\n"
	    "  ---\n"
	    "  message: \"dir/a#b.yaml:14:20: outcome: expected ok, found "
	    "ept-violation\\\\x01\"\n"
	    "  severity: fail\n"
	    "  at:\n"
	    "    file: \"dir/a#b.yaml\"\n"
	    "    line: 14\n"
	    "    column: 20\n"
	    "  why: \"The entry does not allow writes.\"\n"
	    "  mismatches:\n"
	    "    - \"dir/a#b.yaml:14:20: outcome: expected ok, found ept-violation\\\\x01\"\n"
	    "  ...\n"
	    "not ok 3 - dir/a\\#b.yaml: it <is> \"good\" & true [page=2M]\n"
	    "  ---\n"
	    "  message: \"out of memory\"\n"
	    "  severity: error\n"
	    "  ...\n"
	    "not ok 4 - bad.yaml\n"
	    "  ---\n"
	    "  message: \"found '<x>', expected a number\"\n"
	    "  severity: error\n"
	    "  at:\n"
	    "    file: \"bad.yaml\"\n"
	    "    line: 3\n"
	    "    column: 7\n"
	    "  errors:\n"
	    "    - \"3:7\": \"found '<x>', expected a number\"\n"
	    "    - \"9:1\": \"unknown key\"\n"
	    "  ...\n"
	    "1..4\n");
}

static void
junit_escapes_what_xml_cannot_hold(void **state)
{
	struct play_mismatch mismatch = mismatch_of("outcome");
	struct play_outcome outcome = outcome_of(false);

	(void)state;
	outcome.mismatch = &mismatch;
	outcome.mismatches = 1;
	begin(REPORT_JUNIT, 0, 0);
	report_scenario(&report, &scenario);
	finish(PLAY_DONE, &outcome);
	assert_has("<testcase name=\"it &lt;is&gt; &quot;good&quot; &amp; true [page=2M]\" "
	    "classname=\"dir/a#b.yaml\">\n");
	assert_has("<failure type=\"expectation\" message=\"dir/a#b.yaml:14:20: outcome: "
	    "expected ok, found ept-violation\\x01\">");
	assert_has("The entry does not allow writes. [EPT-RIGHTS]");
	assert_has("<system-out>Hello\n\\x1bno newline</system-out>");
	assert_has("</testsuite>\n</testsuites>\n");
	begin(REPORT_JUNIT, 0, 0);
	send_bad_file();
	assert_has("<error message=\"the file cannot be loaded\">"
	    "bad.yaml:3:7: found '&lt;x&gt;', expected a number\n"
	    "bad.yaml:9:1: unknown key\n</error>");
}

/* --- explanations ----------------------------------------------------------------------------- */

static void
explain(enum event_outcome outcome)
{
	struct text text = out_text(0);
	struct decoder decoder;

	make_scenario();
	(void)mismatch_of("outcome");
	why.outcome = outcome;
	assert_true(decoder_init(&decoder, &scenario, 1));
	why_write_verdict(&text, &decoder, 0, &why, 2);
	decoder_free(&decoder);
}

static void
an_explanation_begins_with_the_outcome(void **state)
{
	(void)state;
	explain(EVENT_OK);
	assert_has("  outcome  ok, GPA 0x10008, HPA 0x0, memory type UC\n");
	explain(EVENT_PAGE_FAULT);
	assert_has("  outcome  #PF, error code 0x0 (0), CR2 0x400008\n");
	explain(EVENT_GENERAL_PROTECTION);
	assert_has("  outcome  #GP\n");
	explain(EVENT_VIRTUALIZATION);
	assert_has("  outcome  #VE\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_become_visible),
		cmocka_unit_test(utf8_passes_and_what_is_none_becomes_visible),
		cmocka_unit_test(raw_bytes_are_ascii_or_escapes),
		cmocka_unit_test(columns_count_characters_not_bytes_or_colours),
		cmocka_unit_test(no_colours_means_no_escapes),
		cmocka_unit_test(a_buffer_keeps_what_fits),
		cmocka_unit_test(a_format_means_what_printf_means),
		cmocka_unit_test(counts_agree_with_their_noun),
		cmocka_unit_test(a_document_of_all_kinds_parses),
		cmocka_unit_test(an_entry_shows_its_place_in_the_walk_and_its_fields),
		cmocka_unit_test(an_entry_is_read_as_the_thread_reads_it),
		cmocka_unit_test(a_step_that_changes_registers_changes_what_bits_mean),
		cmocka_unit_test(an_exit_shows_reason_qualification_and_addresses),
		cmocka_unit_test(an_access_shows_its_translation_or_its_fault),
		cmocka_unit_test(flags_edits_faults_and_the_rest_have_their_lines),
		cmocka_unit_test(every_event_is_an_object),
		cmocka_unit_test(a_step_is_told_on_one_line),
		cmocka_unit_test(a_step_that_is_interrupted_makes_several_scenes),
		cmocka_unit_test(what_repeats_is_counted),
		cmocka_unit_test(a_scene_has_a_limit),
		cmocka_unit_test(a_trace_has_every_event_under_its_step),
		cmocka_unit_test(a_failure_names_place_step_verdict_rule_and_entries),
		cmocka_unit_test(entries_of_an_access_that_passes_are_for_a_trace),
		cmocka_unit_test(quiet_says_nothing_of_what_holds),
		cmocka_unit_test(a_seed_that_was_given_is_said_with_the_failure),
		cmocka_unit_test(a_run_that_could_not_end_is_no_success),
		cmocka_unit_test(the_summary_names_the_first_failure),
		cmocka_unit_test(json_of_a_failure_carries_the_explanation),
		cmocka_unit_test(json_of_a_bad_file_carries_its_errors),
		cmocka_unit_test(tap_has_points_a_plan_and_yaml_under_failures),
		cmocka_unit_test(junit_escapes_what_xml_cannot_hold),
		cmocka_unit_test(an_explanation_begins_with_the_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
