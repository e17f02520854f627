/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Schedules as files: what is written is read again, and of a wrong file every error is told, with
 * its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explore/explore_file.h"
#include "explore/explore_names.h"
#include "sim/watch.h"

static const char yaml[] =
    "scenario: a \"quoted\" name\n"
    "schedule: explore\n"
    "matrix: {n: [1, 2]}\n"
    "machine: {cpus: 2, tlb: caching}\n"
    "host: {memory: 16M, spaces: {main: [{at: 0x1000, size: 64K}]}}\n"
    "threads:\n"
    "  - {name: one, role: bare, mode: {paging: no},\n"
    "     steps: [write: {at: 0x1000, value: \"${n}\"}]}\n"
    "  - {name: two, role: bare, cpu: 1, mode: {paging: no}, steps: [read: 0x1000]}\n";

static struct scenario *
load(size_t index)
{
	struct scenario_errors errors;
	struct scenario_list list;
	struct scenario *s;

	if (scenario_load("file", yaml, strlen(yaml), &list, &errors) != SCENARIO_OK)
		fail_msg("%u:%u: %s", errors.error[0].line, errors.error[0].column,
		    errors.error[0].text);
	s = scenario_list_make(&list, index);
	assert_non_null(s);
	scenario_errors_free(&errors);
	scenario_list_free(&list);
	return s;
}

/* --- there and back --------------------------------------------------------------------------- */

struct written {
	char bytes[4096];
	size_t size;
};

static void
keep(void *ctx, const char *bytes, size_t size)
{
	struct written *written = ctx;

	assert_true(written->size + size < sizeof(written->bytes));
	memcpy(written->bytes + written->size, bytes, size);
	written->size += size;
	written->bytes[written->size] = '\0';
}

static const char expected[] =
    "vkept-schedule 1\n"
    "# why # this: was kept\n"
    "scenario \"a \\\"quoted\\\" name\"\n"
    "variant \"n=2\"\n"
    "cell word 0x1000\n"
    "cell vmm main invgen\n"
    "cell interrupt 1\n"
    "cell cpu 0\n"
    "cell tlb 1\n"
    "cell host\n"
    "cell thread two\n"
    "cell console\n"
    "move one\n"
    "move two choose 0 255\n"
    "move one\n"
    "end 3\n";

static void
what_is_written_is_read_again(void **state)
{
	watch_cell cell[] = { watch_cell_of(WATCH_WORD, 0x200), explore_vmm_cell(0, 7),
		watch_cell_of(WATCH_INTERRUPT, 1), watch_cell_of(WATCH_CPU, 0),
		watch_cell_of(WATCH_TLB, 1), watch_cell_of(WATCH_HOST, 0),
		watch_cell_of(WATCH_THREAD, 1), watch_cell_of(WATCH_CONSOLE, 0) };
	struct explore_move move[] = { { 0 }, { 1, 2, { 0, 255 } }, { 0 } };
	struct explore_schedule schedule = { cell, 8, move, 3 };
	struct written written = { .size = 0 };
	struct scn_sink sink = { keep, &written };
	struct scenario *s = load(1);
	struct scenario_errors errors;
	struct explore_file file;

	(void)state;
	explore_file_write(&sink, s, &schedule, "why # this:\nwas kept");
	assert_string_equal(written.bytes, expected);
	assert_int_equal(explore_file_read("f", written.bytes, written.size, s, &file, &errors),
	    EXPLORE_FILE_OK);
	assert_string_equal(file.scenario, s->name);
	assert_string_equal(file.variant, s->variant);
	assert_int_equal(file.schedule.cells, 8);
	assert_memory_equal(file.schedule.cell, cell, sizeof(cell));
	assert_int_equal(file.schedule.moves, 3);
	assert_memory_equal(file.schedule.move, move, sizeof(move));
	assert_int_equal(file.mark[2].line, 15);
	assert_int_equal(file.mark[2].column, 6);
	explore_file_free(&file);
	scenario_errors_free(&errors);
	scenario_free(s);
}

/* Without a scenario the form is checked, and the names are there to find it by. */
static void
a_file_tells_which_scenario_it_is_for(void **state)
{
	struct scenario_errors errors;
	struct explore_file file;

	(void)state;
	assert_int_equal(explore_file_read("f", expected, strlen(expected), NULL, &file, &errors),
	    EXPLORE_FILE_OK);
	assert_string_equal(file.scenario, "a \"quoted\" name");
	assert_string_equal(file.variant, "n=2");
	assert_int_equal(file.schedule.moves, 0);
	explore_file_free(&file);
	scenario_errors_free(&errors);
}

/* --- what is wrong ---------------------------------------------------------------------------- */

#define FIRST "vkept-schedule 1\nscenario \"a \\\"quoted\\\" name\"\nvariant \"n=1\"\n"
#define KINDS                                                                                      \
	"expected one of word, vmm, interrupt, cpu, tlb, host, thread, console"

static const struct bad_row {
	const char *what;
	const char *text;
	const char *errors; /* each ended by a newline */
} bad_rows[] = {
	{ "an empty file", "", "1:1: found nothing, expected 'vkept-schedule 1'\n" },
	{ "a file of another kind", "scenario: s\n",
	    "1:1: found 'scenario:', expected 'vkept-schedule 1', with which a schedule begins\n" },
	{ "a later version, of which nothing else is looked at", "vkept-schedule 2\nwhatever\n",
	    "1:16: found '2', expected version 1, the only one that is known\n" },
	{ "no version", "vkept-schedule\n",
	    "1:15: found the end of the line, expected version 1, the only one that is known\n" },
	{ "nothing but the version", "vkept-schedule 1\n",
	    "2:1: found the end of the file, expected 'end 0': the file was cut short\n" },
	{ "a file cut short between lines", FIRST "move one\n",
	    "5:1: found the end of the file, expected 'end 1': the file was cut short\n" },
	{ "a file cut short in a line", FIRST "move one\nmo",
	    "5:1: found the keyword 'mo', expected one of scenario, variant, cell, move, end\n"
	    "5:3: found the end of the file, expected 'end 1': the file was cut short\n" },
	{ "a file cut short in a name", FIRST "move one\nmove tw",
	    "5:6: found the thread 'tw', did you mean 'two'?\n"
	    "5:8: found the end of the file, expected 'end 2': the file was cut short\n" },
	{ "a file cut short in the last number", FIRST
	    "move one\nmove two\nmove one\nmove two\nmove one\n"
	    "move one\nmove two\nmove one\nmove two\nmove one\nend 1",
	    "14:5: found '1', expected 10, the number of moves above\n" },
	{ "moves that are missing", FIRST "move one\nend 2\n",
	    "5:5: found '2', expected 1, the number of moves above\n" },
	{ "something behind the end", FIRST "end 0\n\nmove one\n",
	    "6:1: found 'move', expected nothing behind 'end'\n" },
	{ "a thread that is not there", FIRST "move three\nend 1\n",
	    "4:6: found the thread 'three', expected one of one, two\n" },
	{ "a move of nobody", FIRST "move\nend 1\n",
	    "4:5: found the end of the line, expected one of one, two\n" },
	{ "a thread in quotes", FIRST "move \"one\"\nend 1\n",
	    "4:6: found 'one', expected a name without quotes\n" },
	{ "a keyword that is nearly one", FIRST "mvoe one\nend 0\n",
	    "4:1: found the keyword 'mvoe', did you mean 'move'?\n" },
	{ "another scenario, whose threads are not known",
	    "vkept-schedule 1\nscenario \"other\"\nvariant \"n=3\"\nmove x\nend 1\n",
	    "2:10: found the scenario \"other\", expected \"a \"quoted\" name\"\n" },
	{ "another variant",
	    "vkept-schedule 1\nscenario \"a \\\"quoted\\\" name\"\nvariant \"n=3\"\nend 0\n",
	    "3:9: found the variant \"n=3\", expected \"n=1\"\n" },
	{ "no scenario and no variant", "vkept-schedule 1\nend 0\n",
	    "3:1: found no line 'scenario', expected its name\n"
	    "3:1: found no line 'variant', expected \"n=1\"\n" },
	{ "a second variant", FIRST "variant \"n=1\"\nend 0\n",
	    "4:1: found a second variant, expected one\n" },
	{ "a name without quotes", "vkept-schedule 1\nscenario s\nvariant \"n=1\"\nend 0\n",
	    "2:10: found 's', expected a name in quotes\n" },
	{ "a quote that is not closed", "vkept-schedule 1\nscenario \"s\nvariant \"n=1\"\nend 0\n",
	    "2:10: found the scenario \"s\", expected \"a \"quoted\" name\"\n"
	    "2:12: found the end of the line, expected '\"'\n" },
	{ "an escape that is none",
	    "vkept-schedule 1\nscenario \"\\n\"\nvariant \"n=1\"\nend 0\n",
	    "2:10: found '\\n', expected no escapes but \\\", \\\\ and \\xNN\n" },
	{ "a kind of cell that is none", FIRST "cell tree\nend 0\n",
	    "4:6: found the kind of cell 'tree', " KINDS "\n" },
	{ "a word that is not aligned", FIRST "cell word 0x1004\nend 0\n",
	    "4:11: found '0x1004', expected an address that is a multiple of 8\n" },
	{ "a word beyond memory", FIRST "cell word 0x1000000\nend 0\n",
	    "4:11: found '0x1000000', expected one that the scenario has\n" },
	{ "a number beyond 64 bits", FIRST "cell word 0x10000000000000000\nend 0\n",
	    "4:11: found '0x10000000000000000', expected an address that is a multiple of 8\n" },
	{ "a CPU that is not there", FIRST "cell cpu 2\nend 0\n",
	    "4:10: found '2', expected one that the scenario has\n" },
	{ "a CPU that is no number", FIRST "cell tlb -1\nend 0\n",
	    "4:10: found '-1', expected the number of a CPU\n" },
	{ "a process and a word that are not there", FIRST "cell vmm mian invgen\n"
	    "cell vmm main gen\nend 0\n",
	    "4:10: found the process 'mian', did you mean 'main'?\n"
	    "5:15: found the word 'gen', expected one of ready, eptp, guest_cr3, vcpus, active, "
	    "cpulock, cpumask, invgen\n" },
	{ "the same cell twice", FIRST "cell host\ncell host\nend 0\n",
	    "5:1: found the same cell again, expected it once\n" },
	{ "words too many", FIRST "cell host 1\nmove one two\nend 1 2\n",
	    "4:11: found '1', expected the end of the line\n"
	    "5:10: found 'two', expected 'choose' or the end of the line\n"
	    "6:7: found '2', expected the end of the line\n" },
	{ "choices that are none", FIRST "move one choose\nmove one choose x\n"
	    "move one choose 256\nend 3\n",
	    "4:16: found the end of the line, expected the number of a choice\n"
	    "5:17: found 'x', expected the number of a choice, up to 255\n"
	    "6:17: found '256', expected the number of a choice, up to 255\n" },
	{ "all errors of a file together, columns by character",
	    FIRST "m\xc3\xb6ve x\n\tmove \"one\" two\nend 0x\n",
	    "4:1: found the keyword 'm\xc3\xb6ve', did you mean 'move'?\n"
	    "5:13: found 'two', expected 'choose' or the end of the line\n"
	    "6:5: found '0x', expected 1, the number of moves above\n" },
};

static void
print_errors(const struct scenario_errors *errors, char *text, size_t room)
{
	size_t used = 0, i;

	text[0] = '\0';
	for (i = 0; i < errors->count && used < room; i++)
		used += (size_t)snprintf(text + used, room - used, "%u:%u: %s\n",
		    errors->error[i].line, errors->error[i].column, errors->error[i].text);
}

static void
errors_are_told_with_their_places(void **state)
{
	struct scenario *s = load(0);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
		const struct bad_row *row = &bad_rows[i];
		struct scenario_errors errors;
		struct explore_file file;
		char found[2048];

		assert_int_equal(explore_file_read("f", row->text, strlen(row->text), s, &file,
		    &errors), EXPLORE_FILE_BAD);
		print_errors(&errors, found, sizeof(found));
		if (strcmp(found, row->errors) != 0)
			fail_msg("%s:\n%sexpected\n%s", row->what, found, row->errors);
		explore_file_free(&file);
		scenario_errors_free(&errors);
	}
	scenario_free(s);
}

static void
a_file_with_too_many_choices_or_cells_is_refused(void **state)
{
	struct scenario *s = load(0);
	struct scenario_errors errors;
	struct explore_file file;
	static char text[40000];
	size_t used = (size_t)snprintf(text, sizeof(text), FIRST "move one choose");
	unsigned i;

	(void)state;
	for (i = 0; i < EXPLORE_CHOICES_MAX + 5; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " 0");
	used += (size_t)snprintf(text + used, sizeof(text) - used, "\n");
	for (i = 0; i < 1025; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "cell word 0x%x\n",
		    i * 8);
	used += (size_t)snprintf(text + used, sizeof(text) - used, "end 1\n");
	assert_int_equal(explore_file_read("f", text, used, s, &file, &errors), EXPLORE_FILE_BAD);
	assert_int_equal(errors.count, 2);
	assert_string_equal(errors.error[0].text,
	    "found '0', expected no more choices in one move");
	assert_string_equal(errors.error[1].text,
	    "found more than 1024 cells, expected fewer");
	explore_file_free(&file);
	scenario_errors_free(&errors);
	scenario_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_file_tells_which_scenario_it_is_for),
		cmocka_unit_test(errors_are_told_with_their_places),
		cmocka_unit_test(a_file_with_too_many_choices_or_cells_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
