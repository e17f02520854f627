/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page of a run: its changes lead back from the end to the beginning without a contradiction,
 * they belong to the events that made them, and no text of a scenario is anything but text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "explore/explore.h"
#include "page/page.h"

#define TEXT 65536

struct bytes {
	char *at;
	size_t size, room;
};

static void
put(void *ctx, const char *from, size_t size)
{
	struct bytes *bytes = ctx;

	if (bytes->size + size + 1 > bytes->room) {
		bytes->room = 2 * (bytes->size + size + 1);
		bytes->at = realloc(bytes->at, bytes->room);
		assert_non_null(bytes->at);
	}
	memcpy(bytes->at + bytes->size, from, size);
	bytes->size += size;
	bytes->at[bytes->size] = '\0';
}

/* --- making pages ----------------------------------------------------------------------------- */

struct made {
	struct scenario_list list;
	struct scenario *scenario;
	struct play_outcome outcome;
	struct page *page;
};

static void
load(struct made *made, const char *name, const char *text)
{
	struct scenario_errors errors;

	memset(made, 0, sizeof(*made));
	if (scenario_load(name, text, strlen(text), &made->list, &errors) != SCENARIO_OK)
		fail_msg("%s:%u: %s", name, errors.error[0].line, errors.error[0].text);
	scenario_errors_free(&errors);
	made->scenario = scenario_list_make(&made->list, 0);
	assert_non_null(made->scenario);
}

static void
load_file(struct made *made, const char *path)
{
	static char text[TEXT];
	FILE *file = fopen(path, "r");
	size_t size;

	if (file == NULL)
		fail_msg("%s: no such file", path);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	fclose(file);
	load(made, path, text);
}

static void
play(struct made *made, uint64_t skip)
{
	struct play_options options = { .sink = page_event };
	struct play_observer observer;

	made->page = page_create(made->scenario, skip);
	assert_non_null(made->page);
	observer = page_observer(made->page);
	options.sink_ctx = made->page;
	options.observer = &observer;
	assert_int_equal(play_run(made->scenario, &options, &made->outcome), PLAY_DONE);
	page_end(made->page, &made->outcome);
	assert_false(page_failed(made->page));
}

static void
forget(struct made *made)
{
	page_free(made->page);
	play_outcome_free(&made->outcome);
	memset(&made->outcome, 0, sizeof(made->outcome));
	made->page = NULL;
}

static void
unload(struct made *made)
{
	forget(made);
	scenario_free(made->scenario);
	scenario_list_free(&made->list);
}

static const struct page_facts facts = { .version = "0" };

static json_t *
data_of(struct made *made)
{
	struct bytes bytes = { NULL, 0, 0 };
	struct scn_sink sink = { put, &bytes };
	json_error_t error;
	json_t *root;

	page_write_data(made->page, &facts, &sink);
	root = json_loadb(bytes.at, bytes.size, 0, &error);
	if (root == NULL)
		fail_msg("line %d: %s", error.line, error.text);
	free(bytes.at);
	return root;
}

/* --- a machine that is led back --------------------------------------------------------------- */

/* What there is, as strings: "w 108000" -> "27"; what is missing is as it is when nothing is. */
static void
set(json_t *machine, const char *key, const char *value)
{
	if (strcmp(value, "0") == 0 || value[0] == '\0')
		json_object_del(machine, key);
	else
		json_object_set_new(machine, key, json_string(value));
}

static const char *
get(const json_t *machine, const char *key, const char *nothing)
{
	const json_t *value = json_object_get(machine, key);

	return value != NULL ? json_string_value(value) : nothing;
}

static void
take_array(json_t *machine, const char *kind, const json_t *rows)
{
	size_t i, j;
	json_t *row, *value;
	char key[64];

	json_array_foreach(rows, i, row) {
		json_array_foreach(row, j, value) {
			snprintf(key, sizeof(key), "%s %zu %zu", kind, i, j);
			set(machine, key, json_string_value(value));
		}
	}
}

static void
take_memory(json_t *machine, const json_t *memory)
{
	size_t i, j;
	json_t *frame;
	char key[64];

	json_array_foreach(memory, i, frame) {
		uint64_t hpa = strtoull(json_string_value(json_array_get(frame, 0)), NULL, 16);

		for (j = 1; j < json_array_size(frame); j += 2) {
			snprintf(key, sizeof(key), "w %llx", (unsigned long long)(hpa + 8 *
			    (uint64_t)json_integer_value(json_array_get(frame, j))));
			set(machine, key, json_string_value(json_array_get(frame, j + 1)));
		}
	}
}

static json_t *
machine_at_the_end(const json_t *root)
{
	const json_t *end = json_object_get(root, "end"), *lists;
	json_t *machine = json_object(), *list, *item;
	char key[64];
	size_t i, j;

	take_memory(machine, json_object_get(end, "memory"));
	take_array(machine, "r", json_object_get(end, "registers"));
	take_array(machine, "v", json_object_get(end, "vmm"));
	lists = json_object_get(end, "cached");
	json_array_foreach(lists, i, list) {
		json_array_foreach(list, j, item) {
			snprintf(key, sizeof(key), "c %zu %lld", i,
			    (long long)json_integer_value(item));
			set(machine, key, "1");
		}
	}
	lists = json_object_get(end, "mapped");
	json_array_foreach(lists, i, item) {
		snprintf(key, sizeof(key), "m %lld %s",
		    (long long)json_integer_value(json_array_get(item, 0)),
		    json_string_value(json_array_get(item, 1)));
		set(machine, key, json_string_value(json_array_get(item, 2)));
	}
	return machine;
}

/* Where a change is: all of it but what was before and after. */
static void
key_of(const json_t *change, char key[64])
{
	size_t i, size = json_array_size(change);

	key[0] = '\0';
	for (i = 0; i + 2 < size; i++) {
		const json_t *part = json_array_get(change, i);
		size_t length = strlen(key);

		if (json_is_string(part))
			snprintf(key + length, 64 - length, "%s%s", i == 0 ? "" : " ",
			    json_string_value(part));
		else
			snprintf(key + length, 64 - length, " %lld",
			    (long long)json_integer_value(part));
	}
}

/* Unmakes what an event changed; returns how much that was. */
static size_t
undo(json_t *machine, const json_t *event, size_t number)
{
	const json_t *changes = json_object_get(event, "changes");
	size_t i = json_array_size(changes);
	char key[64];

	while (i-- > 0) {
		const json_t *change = json_array_get(changes, i);
		size_t size = json_array_size(change);
		const char *before = json_string_value(json_array_get(change, size - 2));
		const char *after = json_string_value(json_array_get(change, size - 1));

		key_of(change, key);
		if (strcmp(get(machine, key, key[0] == 'm' ? "" : "0"), after) != 0)
			fail_msg("event %zu: %s is '%s', not '%s'", number, key,
			    get(machine, key, ""), after);
		assert_string_not_equal(before, after);
		set(machine, key, before);
	}
	return json_array_size(changes);
}

static json_t *
event_at(const json_t *root, size_t index)
{
	return json_array_get(json_object_get(root, "events"), index);
}

static const char *
kind_at(const json_t *root, size_t index)
{
	return json_string_value(json_object_get(event_at(root, index), "kind"));
}

static const char *
text_at(const json_t *root, size_t index)
{
	return json_string_value(json_array_get(json_object_get(root, "strings"),
	    (size_t)json_integer_value(json_object_get(event_at(root, index), "text"))));
}

static size_t
events_of(const json_t *root)
{
	return json_array_size(json_object_get(root, "events"));
}

/* --- cases ------------------------------------------------------------------------------------ */

static void
changes_lead_back_to_the_beginning(void **state)
{
	static const struct {
		const char *path;
		size_t changes_least;
	} row[] = {
		{ "scenarios/copyio/printf.yaml", 100 },
		{ "scenarios/tlb/pmap-inval.yaml", 100 },
		{ "scenarios/tlb/invalidation-left-out.yaml", 10 },
		{ "scenarios/vmm/concurrent-revoke.yaml", 90 },
		{ "scenarios/process/vkernel-copyio.yaml", 50 },
		{ "scenarios/regress/copy-on-write-without-flush-bad.yaml", 20 },
		{ "scenarios/paging/t29-self-map-write.yaml", 1 },
		{ "tests/data/cli/bare.yaml", 5 },
	};
	size_t i, j, changes;

	(void)state;
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct made made;
		json_t *root, *machine;

		load_file(&made, row[i].path);
		play(&made, 0);
		root = data_of(&made);
		machine = machine_at_the_end(root);
		for (changes = 0, j = events_of(root); j-- > 0;)
			changes += undo(machine, event_at(root, j), j);
		if (changes < row[i].changes_least)
			fail_msg("%s: %zu changes", row[i].path, changes);
		json_decref(machine);
		json_decref(root);
		unload(&made);
	}
}

/* A write to a page that the EPT lets be written. */
#define SMALL                                                                                      \
	"host:\n"                                                                                  \
	"  ept:\n"                                                                                 \
	"    - {gpa: 0x0, hpa: 0x100000, size: 128K}\n"                                            \
	"guest:\n"                                                                                 \
	"  spaces:\n"                                                                              \
	"    main:\n"                                                                              \
	"      root: 0x1000\n"                                                                     \
	"      tables: {at: 0x2000, size: 12K}\n"                                                  \
	"      map:\n"                                                                             \
	"        - {gva: 0x400000, gpa: 0x10000, size: 4K, flags: [p, w, u]}\n"                    \
	"threads:\n"                                                                               \
	"  - name: vcpu\n"                                                                         \
	"    role: bare\n"                                                                         \
	"    steps:\n"

/* The one change of an event, as its parts with blanks between; "" for none. */
static const char *
change_of(const json_t *event)
{
	static char line[256];
	const json_t *changes = json_object_get(event, "changes");
	const json_t *change = json_array_get(changes, 0);

	line[0] = '\0';
	if (json_array_size(changes) == 1 && json_array_size(change) == 4)
		snprintf(line, sizeof(line), "%s %s %s %s",
		    json_string_value(json_array_get(change, 0)),
		    json_string_value(json_array_get(change, 1)),
		    json_string_value(json_array_get(change, 2)),
		    json_string_value(json_array_get(change, 3)));
	return line;
}

static void
a_change_belongs_to_what_made_it(void **state)
{
	struct made made;
	json_t *root;
	size_t i, flags = 0, last = 0;

	(void)state;
	load(&made, "small", "scenario: a write\n" SMALL
	    "      - write: {at: 0x400008, value: 7}\n");
	play(&made, 0);
	root = data_of(&made);
	for (i = 0; i < events_of(root); i++) {
		const char *change = change_of(event_at(root, i));
		const char *slot = json_string_value(json_object_get(event_at(root, i), "slot"));

		if (strcmp(kind_at(root, i), "flags") == 0) {
			/* The guest's slots are guest-physical. */
			uint64_t hpa = strtoull(slot, NULL, 16);

			if (strcmp(json_string_value(json_object_get(event_at(root, i), "side")),
			    "g") == 0)
				hpa += 0x100000;
			assert_int_equal(change[0], 'w');
			assert_int_equal(strtoull(change + 2, NULL, 16), hpa);
			flags++;
		} else if (change[0] == 'w') {
			assert_string_equal(kind_at(root, i), "access");
			assert_string_equal(change, "w 110008 0 7");
			last = i;
		}
	}
	assert_true(flags >= 8);
	assert_int_equal(last, events_of(root) - 1);
	json_decref(root);
	unload(&made);
}

static void
words_of_tables_have_their_meaning(void **state)
{
	static const struct {
		const char *key, *kind, *target;
	} row[] = {
		{ "g4:2027", "table", "2000" },
		{ "g2:4027", "table", "4000" },
		{ "g1:10067", "maps", "10000" },
		{ "e1:110337", "maps", "110000" },
		{ "g1:666", "absent", NULL },
		{ "g1:4000000010007", "bad", NULL },
	};
	const json_t *entries, *entry;
	struct made made;
	json_t *root;
	size_t i;

	(void)state;
	load(&made, "small", "scenario: entries\n" SMALL
	    "      - write: {at: 0x400008, value: 7}\n"
	    "      - set-entry: {gva: 0x400000, entry: 0x666}\n"
	    "      - set-entry: {gva: 0x400000, entry: 0x4000000010007}\n");
	play(&made, 0);
	root = data_of(&made);
	entries = json_object_get(root, "entries");
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		entry = json_object_get(entries, row[i].key);
		if (entry == NULL)
			fail_msg("%s: unknown", row[i].key);
		assert_string_equal(json_string_value(json_array_get(entry, 0)), row[i].kind);
		if (row[i].target != NULL)
			assert_string_equal(json_string_value(json_array_get(entry, 2)),
			    row[i].target);
	}
	json_decref(root);
	unload(&made);
}

static void
a_page_that_is_unmapped_is_nowhere(void **state)
{
	static const char text[] = "scenario: unmapped\nhost:\n  spaces:\n    main:\n"
	    "      - {at: 0x0, size: 64K, prot: rwx}\n"
	    "guest:\n  spaces:\n    main:\n      root: 0x1000\n"
	    "      tables: {at: 0x2000, size: 16K}\n"
	    "      map:\n        - {gva: 0x400000, gpa: 0x8000, size: 4K, flags: [p, w, u]}\n"
	    "threads:\n  - name: one\n    role: master\n    steps:\n"
	    "      - write: {at: 0x400000, value: 7}\n"
	    "      - munmap: {at: 0x8000, size: 4K}\n";
	struct made made;
	json_t *root;
	size_t i, gone = 0;

	(void)state;
	load(&made, "unmapped", text);
	play(&made, 0);
	root = data_of(&made);
	for (i = 0; i < events_of(root); i++) {
		const json_t *changes = json_object_get(event_at(root, i), "changes");
		json_t *change;
		size_t j;

		json_array_foreach(changes, j, change) {
			if (strcmp(json_string_value(json_array_get(change, 0)), "m") != 0 ||
			    strcmp(json_string_value(json_array_get(change, 2)), "8000") != 0)
				continue;
			if (json_string_value(json_array_get(change, 4))[0] == '\0')
				gone++;
		}
	}
	assert_int_equal(gone, 1);
	json_decref(root);
	unload(&made);
}

static void
a_failure_stands_at_the_last_event_of_its_step(void **state)
{
	struct made made;
	json_t *root, *failure;
	size_t at;

	(void)state;
	load(&made, "small", "scenario: wrong\n" SMALL
	    "      - write: {at: 0x400008, value: 7}\n"
	    "      - {read: 0x400008, expect: {value: 8}}\n"
	    "      - read: 0x400010\n");
	play(&made, 0);
	root = data_of(&made);
	assert_false(json_is_true(json_object_get(root, "passed")));
	failure = json_array_get(json_object_get(root, "failures"), 0);
	at = (size_t)json_integer_value(json_object_get(failure, "event"));
	assert_string_equal(kind_at(root, at), "access");
	assert_int_equal(json_integer_value(json_object_get(event_at(root, at), "step")), 1);
	assert_string_equal(kind_at(root, at + 1), "step");
	assert_string_equal(json_string_value(json_object_get(failure, "expected")), "0x8");
	assert_int_equal(json_integer_value(json_object_get(failure, "line")), 17);
	json_decref(root);
	unload(&made);
}

static void
a_run_that_is_too_long_is_shown_where_it_fails(void **state)
{
	struct made made;
	json_t *root, *machine;
	uint64_t skip;
	size_t at, i;

	(void)state;
	load(&made, "long", "scenario: long\nmachine: {tlb: caching}\n" SMALL
	    "      - {read: 0x400008, repeat: 15000}\n"
	    "      - {write: {at: 0x400008, value: 5}}\n"
	    "      - {read: 0x400008, expect: {value: 8}}\n"
	    "      - {read: 0x400008, repeat: 15000}\n");
	play(&made, 0);
	assert_true(page_events(made.page) > 60000);
	skip = page_skip(made.page);
	assert_true(skip > 10000 && skip < 30000);
	forget(&made);
	play(&made, skip);
	root = data_of(&made);
	assert_int_equal(events_of(root), PAGE_EVENTS_MAX);
	assert_int_equal(json_integer_value(json_object_get(root, "first")), skip + 1);
	at = (size_t)json_integer_value(json_object_get(json_array_get(json_object_get(root,
	    "failures"), 0), "event"));
	assert_string_equal(text_at(root, at),
	    "read 0x400008, 8 bytes -> GPA 0x10008 -> HPA 0x110008, from the TLB");
	assert_int_equal(json_integer_value(json_object_get(event_at(root, at), "step")), 2);
	machine = machine_at_the_end(root);
	assert_string_equal(get(machine, "w 110008", "0"), "5");
	for (i = events_of(root); i-- > 0;)
		(void)undo(machine, event_at(root, i), i);
	assert_string_equal(get(machine, "w 110008", "0"), "0");
	json_decref(machine);
	json_decref(root);
	unload(&made);
}

static void
a_replayed_schedule_shows_what_threads_share(void **state)
{
	const struct explore_options options = { .end_at_violation = true };
	struct explore_replay_options replay = { .sink = page_event, .before = page_before,
		.after = page_after };
	struct explore_replayed replayed;
	struct explore_result result;
	struct play_observer observer;
	struct made made;
	json_t *root, *machine;
	size_t i, touches = 0;

	(void)state;
	load_file(&made, "tests/data/explore/stale.yaml");
	explore_run(made.scenario, &options, &result);
	assert_int_equal(result.violation, EXPLORE_EXPECTATION);
	made.page = page_create(made.scenario, 0);
	observer = page_observer(made.page);
	replay.sink_ctx = replay.ctx = made.page;
	replay.observer = &observer;
	explore_replay(made.scenario, &result.schedule, &replay, &replayed);
	page_end(made.page, &replayed.outcome);
	root = data_of(&made);
	machine = machine_at_the_end(root);
	for (i = events_of(root); i-- > 0;) {
		touches += strcmp(kind_at(root, i), "touch") == 0;
		(void)undo(machine, event_at(root, i), i);
	}
	assert_true(touches > 10);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(root,
	    "failures"), 0), "event")), events_of(root) - 1);
	assert_string_equal(kind_at(root, events_of(root) - 1), "stale");
	json_decref(machine);
	json_decref(root);
	explore_replayed_free(&replayed);
	explore_result_free(&result);
	unload(&made);
}

/* How often a string stands in another. */
static size_t
occurrences(const char *in, const char *what)
{
	size_t count = 0;

	for (; (in = strstr(in, what)) != NULL; in += strlen(what))
		count++;
	return count;
}

static void
no_text_of_a_scenario_is_markup(void **state)
{
	static const char evil[] = "scenario: '</script><script>alert(1)</script><!--&amp;'\n"
	    "about: '</title></style><b onclick=x>'\n" SMALL
	    "      - {read: 0x400000, what: '</script><img src=x onerror=y>'}\n";
	static const char tame[] = "scenario: tame\n" SMALL "      - read: 0x400000\n";
	static const char *const markup[] = { "</script", "<script", "</title", "</style", "<!--",
		"<b ", "<img" };
	struct bytes out[2] = { { NULL, 0, 0 }, { NULL, 0, 0 } };
	struct made made;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct scn_sink sink = { put, &out[i] };

		load(&made, i == 0 ? evil : tame, i == 0 ? evil : tame);
		play(&made, 0);
		page_write(made.page, &facts, &sink);
		unload(&made);
	}
	for (i = 0; i < sizeof(markup) / sizeof(markup[0]); i++)
		assert_int_equal(occurrences(out[0].at, markup[i]),
		    occurrences(out[1].at, markup[i]));
	assert_int_equal(occurrences(out[0].at, "&lt;/script&gt;&lt;script&gt;alert(1)"), 1);
	assert_true(occurrences(out[0].at, "\\u003c/script\\u003e") >= 3);
	free(out[0].at);
	free(out[1].at);
}

static void
a_page_needs_nothing_else_and_allows_nothing_else(void **state)
{
	static const char *const never[] = { "http:", "https:", " src=", " onclick", "javascript:",
		"eval(", "innerHTML", "unsafe-inline", "@import", "url(" };
	struct bytes out = { NULL, 0, 0 };
	struct scn_sink sink = { put, &out };
	struct made made;
	size_t i;

	(void)state;
	load(&made, "small", "scenario: a page\n" SMALL "      - read: 0x400000\n");
	play(&made, 0);
	page_write(made.page, &facts, &sink);
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		/* The name of a namespace is no address. */
		size_t allowed = strcmp(never[i], "http:") == 0 ? 2 : 0;

		if (occurrences(out.at, never[i]) != allowed)
			fail_msg("'%s' in the page", never[i]);
	}
	assert_int_equal(occurrences(out.at, "default-src 'none'; script-src 'sha256-"), 1);
	unload(&made);
	free(out.at);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_lead_back_to_the_beginning),
		cmocka_unit_test(a_change_belongs_to_what_made_it),
		cmocka_unit_test(words_of_tables_have_their_meaning),
		cmocka_unit_test(a_page_that_is_unmapped_is_nowhere),
		cmocka_unit_test(a_failure_stands_at_the_last_event_of_its_step),
		cmocka_unit_test(a_run_that_is_too_long_is_shown_where_it_fails),
		cmocka_unit_test(a_replayed_schedule_shows_what_threads_share),
		cmocka_unit_test(no_text_of_a_scenario_is_markup),
		cmocka_unit_test(a_page_needs_nothing_else_and_allows_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
