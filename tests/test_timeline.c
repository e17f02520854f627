/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timeline of a run, as its readers need it: on every track slices that lie within each other
 * and have an end, arrows with both ends on slices, tracks with the names of their threads.  The
 * same of programs, and of what a limit ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "exec/exec.h"
#include "report/report.h"
#include "report/report_exec.h"

#define TEXT 65536
#define DEPTH 8
#define TRACKS 16

struct bytes {
	char *at;
	size_t size, room;
};

static void
put(void *ctx, const char *from, size_t size)
{
	struct bytes *bytes = ctx;

	if (bytes->size + size > bytes->room) {
		bytes->room = 2 * (bytes->size + size);
		bytes->at = realloc(bytes->at, bytes->room);
		assert_non_null(bytes->at);
	}
	memcpy(bytes->at + bytes->size, from, size);
	bytes->size += size;
}

static void
play(struct report *report, const struct scenario *scenario)
{
	struct play_options options = { .sink = report_event_sink(report), .sink_ctx = report };
	struct play_outcome outcome;
	enum play_status status;

	report_scenario(report, scenario);
	status = play_run(scenario, &options, &outcome);
	report_outcome(report, status, &outcome);
	play_outcome_free(&outcome);
}

static size_t
read_file(const char *path, char text[TEXT])
{
	FILE *file = fopen(path, "r");
	size_t size;

	if (file == NULL)
		fail_msg("%s: no such file", path);
	size = fread(text, 1, TEXT, file);
	fclose(file);
	return size;
}

static json_t *
parse(struct bytes *bytes, const char *path)
{
	json_error_t error;
	json_t *root = json_loadb(bytes->at, bytes->size, 0, &error);

	if (root == NULL)
		fail_msg("%s: line %d: %s", path, error.line, error.text);
	free(bytes->at);
	bytes->at = NULL;
	return root;
}

/* The timeline of all scenarios of a file, parsed; of so many bytes at most, 0: as usual. */
static json_t *
timeline_of_most(const char *path, uint64_t most, struct timeline *timeline)
{
	const struct report_options options = { .format = REPORT_PERFETTO, .trace = 1,
		.timeline_most = most, .version = "0", .command = "run" };
	struct bytes bytes = { NULL, 0, 0 };
	struct scn_sink sink = { put, &bytes };
	struct scenario_errors errors;
	struct scenario_list list;
	static struct report report;
	static char text[TEXT];
	size_t i = read_file(path, text);

	assert_int_equal(scenario_load(path, text, i, &list, &errors), SCENARIO_OK);
	scenario_errors_free(&errors);
	report_begin(&report, &options, &sink);
	report_file_begin(&report, path);
	for (i = 0; i < list.count; i++) {
		struct scenario *scenario = scenario_list_make(&list, i);

		play(&report, scenario);
		scenario_free(scenario);
	}
	report_file_end(&report);
	report_end(&report);
	scenario_list_free(&list);
	*timeline = report.timeline;
	return parse(&bytes, path);
}

static json_t *
timeline_of(const char *path)
{
	struct timeline timeline;
	json_t *root = timeline_of_most(path, 0, &timeline);

	assert_int_equal(timeline.left_out, 0);
	return root;
}

static void
take_event(void *ctx, const struct event *event)
{
	exec_report_event_timeline(ctx, event);
}

/* The timeline of a program on so many vCPUs, parsed. */
static json_t *
timeline_of_program(const char *path, unsigned cpus)
{
	static char text[TEXT];
	const char *const argv[] = { path, NULL }, *const envp[] = { NULL };
	struct exec_options options = { .cpus = cpus, .memory = 1u << 20, .limit = 100000,
		.slice = 5, .tlb = { 16, 16, 16 }, .sink = take_event };
	struct bytes bytes = { NULL, 0, 0 };
	struct scn_sink sink = { put, &bytes };
	struct exec_outcome outcome;
	struct timeline timeline;
	struct decoder decoder;

	options.program = (struct exec_program){ .file = (const unsigned char *)text,
		.file_size = read_file(path, text), .name = path, .argv = argv, .envp = envp };
	options.sink_ctx = &timeline;
	exec_report_decoder(&decoder);
	timeline_begin(&timeline, &sink, "0", 0);
	assert_true(exec_report_timeline(&timeline, &decoder, path, cpus));
	assert_int_equal(exec_run(&options, &outcome), EXEC_ENDED);
	exec_report_end_timeline(&timeline, &outcome);
	timeline_end(&timeline);
	return parse(&bytes, path);
}

/* --- what readers need ------------------------------------------------------------------------ */

static long long
number(const json_t *record, const char *key)
{
	const json_t *value = json_object_get(record, key);

	if (!json_is_integer(value))
		fail_msg("no number '%s' in a record", key);
	return json_integer_value(value);
}

static char
phase(const json_t *record)
{
	return json_string_value(json_object_get(record, "ph"))[0];
}

struct track {
	long long pid, tid;
	long long last; /* where its last record is */
	long long end;  /* of its last slice of one unit */
	unsigned depth;
	size_t slices;
};

static struct track *
find_track(struct track track[TRACKS], const json_t *record)
{
	long long pid = number(record, "pid"), tid = number(record, "tid");
	size_t i = 0;

	while (i < TRACKS && track[i].pid != 0 && (track[i].pid != pid || track[i].tid != tid))
		i++;
	assert_true(i < TRACKS);
	track[i].pid = pid;
	track[i].tid = tid;
	return &track[i];
}

/* Takes in a record of a track in order of the file. */
static void
take_slice(struct track *track, const json_t *record)
{
	long long at = number(record, "ts");

	if (at < track->last || at < track->end)
		fail_msg("a record at %lld behind one at %lld", at, track->last);
	track->last = at;
	switch (phase(record)) {
	case 'B':
		track->slices++;
		assert_true(++track->depth <= DEPTH);
		break;
	case 'E':
		assert_true(track->depth-- != 0);
		break;
	default:
		track->slices++;
		track->end = at + number(record, "dur");
		break;
	}
}

/* Whether some slice of a track covers what one end of an arrow points at. */
static int
is_on_slice(const json_t *records, const json_t *end)
{
	size_t i;
	json_t *record;

	json_array_foreach(records, i, record) {
		if (phase(record) == 'X' && number(record, "pid") == number(end, "pid") &&
		    number(record, "tid") == number(end, "tid") &&
		    number(record, "ts") == number(end, "ts"))
			return 1;
	}
	return 0;
}

/* Arrows are written begin and end side by side; returns how many there are. */
static size_t
check_flows(const json_t *records)
{
	const json_t *begun = NULL;
	size_t i, flows = 0;
	json_t *record;

	json_array_foreach(records, i, record) {
		if (phase(record) == 's') {
			assert_null(begun);
			begun = record;
		} else if (phase(record) == 'f') {
			assert_non_null(begun);
			assert_int_equal(number(begun, "id"), number(record, "id"));
			assert_int_equal(number(record, "id"), ++flows);
			assert_true(number(begun, "ts") < number(record, "ts"));
			begun = NULL;
		}
		if (phase(record) == 's' || phase(record) == 'f')
			assert_true(is_on_slice(records, record));
	}
	assert_null(begun);
	return flows;
}

static size_t
check_slices(const json_t *records)
{
	struct track track[TRACKS] = { { 0 } };
	size_t i, slices = 0;
	json_t *record;

	json_array_foreach(records, i, record) {
		if (strchr("BEX", phase(record)) != NULL)
			take_slice(find_track(track, record), record);
	}
	for (i = 0; i < TRACKS; i++) {
		assert_int_equal(track[i].depth, 0);
		slices += track[i].slices;
	}
	return slices;
}

/* How many records have this phase, category and name. */
static size_t
count(const json_t *records, char wanted, const char *category, const char *name)
{
	size_t i, found = 0;
	json_t *record;

	json_array_foreach(records, i, record) {
		const char *own = json_string_value(json_object_get(record, "cat"));

		found += phase(record) == wanted && own != NULL && strcmp(own, category) == 0 &&
		    strcmp(json_string_value(json_object_get(record, "name")), name) == 0;
	}
	return found;
}

static size_t
count_category(const json_t *records, const char *category)
{
	size_t i, found = 0;
	json_t *record;

	json_array_foreach(records, i, record) {
		const char *own = json_string_value(json_object_get(record, "cat"));

		found += own != NULL && strcmp(own, category) == 0;
	}
	return found;
}

/* --- cases ------------------------------------------------------------------------------------ */

static void
slices_lie_within_each_other_and_arrows_have_both_ends(void **state)
{
	static const struct {
		const char *path;
		size_t slices_least, flows;
	} row[] = {
		{ "scenarios/copyio/printf.yaml", 100, 0 },
		{ "scenarios/tlb/pmap-inval.yaml", 100, 7 },
		{ "scenarios/vmm/concurrent-revoke.yaml", 1000, 0 },
		{ "scenarios/vmm/l02-master-and-slave.yaml", 100, 0 },
		{ "tests/data/cli/failing.yaml", 60, 0 },
	};
	size_t i, slices, flows;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		json_t *root = timeline_of(row[i].path);
		const json_t *records = json_object_get(root, "traceEvents");

		slices = check_slices(records);
		flows = check_flows(records);
		if (slices < row[i].slices_least || flows != row[i].flows)
			fail_msg("%s: %zu slices, %zu flows", row[i].path, slices, flows);
		json_decref(root);
	}
}

static void
an_exit_is_a_slice_up_to_the_next_entry(void **state)
{
	json_t *root = timeline_of("scenarios/copyio/printf.yaml");
	const json_t *records = json_object_get(root, "traceEvents");
	long long began = -1;
	size_t i, exits = 0;
	json_t *record;

	(void)state;
	json_array_foreach(records, i, record) {
		const char *category = json_string_value(json_object_get(record, "cat"));

		if (phase(record) == 'B' && strcmp(category, "exit") == 0) {
			assert_int_equal(began, -1);
			began = number(record, "ts");
			assert_non_null(json_object_get(json_object_get(record, "args"),
			    "qualification"));
		} else if (began >= 0 && phase(record) == 'X' && strcmp(category, "enter") == 0) {
			/* The next record of the track ends it, behind the entry. */
			assert_int_equal(phase(json_array_get(records, i + 1)), 'E');
			assert_int_equal(number(json_array_get(records, i + 1), "ts"),
			    number(record, "ts") + 1);
			began = -1;
			exits++;
		}
	}
	assert_true(exits >= 8);
	json_decref(root);
}

static void
steps_walks_and_failures_are_named(void **state)
{
	json_t *root = timeline_of("tests/data/cli/failing.yaml");
	const json_t *records = json_object_get(root, "traceEvents");

	(void)state;
	assert_int_equal(count(records, 'B', "step", "2 write 0x400008, 8 bytes"), 1);
	assert_int_equal(count(records, 'B', "walk", "walk"), 2);
	assert_int_equal(count(records, 'i', "failure",
	    "FAILS: qualification: expected 0x182, found 0x18a"), 1);
	json_decref(root);
}

static void
every_variant_of_a_matrix_is_a_process(void **state)
{
	json_t *root = timeline_of("tests/data/cli/matrix.yaml");
	const json_t *records = json_object_get(root, "traceEvents");
	long long processes = 0;
	size_t i;
	json_t *record;

	(void)state;
	json_array_foreach(records, i, record) {
		const char *name = json_string_value(json_object_get(record, "name"));

		if (phase(record) == 'M' && strcmp(name, "process_name") == 0)
			assert_int_equal(number(record, "pid"), ++processes);
		assert_int_equal(number(record, "pid"), processes);
	}
	assert_int_equal(processes, 4);
	json_decref(root);
}

static void
a_program_is_a_process_and_each_vcpu_a_track(void **state)
{
	json_t *root = timeline_of_program("scenarios/programs/hello.elf", 2);
	const json_t *records = json_object_get(root, "traceEvents");

	(void)state;
	assert_true(check_slices(records) > 100);
	assert_true(count(records, 'B', "exit", "#PF") >= 1);
	assert_true(count(records, 'B', "exit", "EPT violation") >= 5);
	assert_int_equal(count(records, 'X', "call", "write"), 1);
	assert_int_equal(count(records, 'X', "copy", "copyin"), 2); /* one faults */
	assert_int_equal(count(records, 'i', "end", "exited with status 1"), 1);
	assert_string_equal(json_string_value(json_object_get(json_object_get(
	    json_array_get(records, 3), "args"), "name")), "vCPU 1");
	json_decref(root);
}

static void
what_the_tlb_answers_is_not_on_it(void **state)
{
	json_t *root = timeline_of_program("scenarios/programs/hello.elf", 1);
	const json_t *records = json_object_get(root, "traceEvents");
	size_t i;
	json_t *record;

	(void)state;
	json_array_foreach(records, i, record) {
		const json_t *args = json_object_get(record, "args");

		assert_false(json_is_true(json_object_get(args, "cached")));
	}
	json_decref(root);
}

/* However many scenarios follow, each is named and has what failed, and nothing is open. */
static void
a_limit_of_bytes_ends_every_slice(void **state)
{
	static const char *const path[] = { "scenarios/tlb/pmap-inval.yaml",
		"tests/data/cli/matrix.yaml", "tests/data/cli/failing.yaml" };
	struct timeline all, timeline;
	json_t *root;
	size_t i;
	uint64_t most;

	(void)state;
	for (i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		json_decref(timeline_of_most(path[i], 0, &all));
		for (most = 1; most < all.written + 500; most += 499) {
			const json_t *records;

			root = timeline_of_most(path[i], most, &timeline);
			records = json_object_get(root, "traceEvents");
			(void)check_slices(records);
			assert_int_equal(timeline.processes, all.processes);
			assert_int_equal(count_category(records, "limit"), timeline.left_out != 0);
			if (timeline.left_out == 0)
				assert_int_equal(timeline.written, all.written);
			/* A walk, its slices and an arrow, and what is told in any case. */
			assert_true(timeline.written <= most + 8192);
			json_decref(root);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_lie_within_each_other_and_arrows_have_both_ends),
		cmocka_unit_test(an_exit_is_a_slice_up_to_the_next_entry),
		cmocka_unit_test(steps_walks_and_failures_are_named),
		cmocka_unit_test(every_variant_of_a_matrix_is_a_process),
		cmocka_unit_test(a_program_is_a_process_and_each_vcpu_a_track),
		cmocka_unit_test(what_the_tlb_answers_is_not_on_it),
		cmocka_unit_test(a_limit_of_bytes_ends_every_slice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
