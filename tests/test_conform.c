/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Vectors against the model: that the recorded cases agree, that every field counts, what is open,
 * and what becomes of files that are not as they should be.
 *
 * The cases come from tests/data/vectors; the tests change lines of these and look at the report.
 * [EPT-QUALIFICATION] [EPT-AD] [EPT-ORDER] [GUEST-AD]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "conform/conform.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define VECTORS "tests/data/vectors/"
#define LINE_SIZE 8192

static const struct conform_options strict = { .show = CONFORM_SHOW_DEFAULT };

/* --- lines to play with -------------------------------------------------------------------- */

static char *
file_text(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *text;
	long end;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	end = ftell(file);
	assert_true(end > 0);
	rewind(file);
	text = malloc((size_t)end + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)end, file), (size_t)end);
	text[end] = '\0';
	fclose(file);
	*size = (size_t)end;
	return text;
}

/* Copies the first line that has all of `marks` (separated by '|'), without its newline. */
static void
find_line(const char *path, const char *marks, char *line)
{
	size_t size;
	char *text = file_text(path, &size), *at, *end;

	for (at = text; *at != '\0'; at = end + 1) {
		char wanted[256], *mark, *rest = wanted;
		int all = 1;

		end = strchr(at, '\n');
		assert_non_null(end);
		*end = '\0';
		snprintf(wanted, sizeof(wanted), "%s", marks);
		while (all && (mark = strtok_r(rest, "|", &rest)) != NULL)
			all = strstr(at, mark) != NULL;
		if (all) {
			assert_true(strlen(at) < LINE_SIZE);
			strcpy(line, at);
			free(text);
			return;
		}
	}
	fail_msg("no line of %s has %s", path, marks);
}

/* Replaces the first `from` after `after` ("" for anywhere). */
static void
replace(char *line, const char *after, const char *from, const char *to)
{
	char result[LINE_SIZE], *at = strstr(line, after);

	assert_non_null(at);
	at = strstr(at + strlen(after), from);
	assert_non_null(at);
	snprintf(result, sizeof(result), "%.*s%s%s", (int)(at - line), line, to,
	    at + strlen(from));
	strcpy(line, result);
}

static void
append(char *text, const char *line)
{
	strcat(text, line);
	strcat(text, "\n");
}

/* A file of a header and one line. */
static void
play_line(const char *path, const char *line, const struct conform_options *options,
    struct conform_report *report)
{
	char *text = calloc(1, 2 * LINE_SIZE), header[LINE_SIZE];

	assert_non_null(text);
	find_line(path, "\"schema\"", header);
	append(text, header);
	append(text, line);
	conform_report_init(report);
	conform_memory("t.jsonl", text, strlen(text), options, report);
	free(text);
}

struct text {
	char *bytes;
	size_t size;
};

static void
text_put(void *ctx, const char *bytes, size_t size)
{
	struct text *text = ctx;

	text->bytes = realloc(text->bytes, text->size + size + 1);
	assert_non_null(text->bytes);
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
	text->bytes[text->size] = '\0';
}

/* --- the recorded cases -------------------------------------------------------------------- */

static void
play_all(const struct conform_options *options, struct conform_report *report)
{
	conform_report_init(report);
	conform_file(VECTORS "ept.jsonl", options, report);
	conform_file(VECTORS "guest-paging.jsonl", options, report);
	conform_file(VECTORS "pku.jsonl", options, report);
}

static void
every_recorded_case_of_every_family_agrees(void **state)
{
	static const char families[] = "abcdefghijklnp";
	struct conform_report report;
	unsigned i;

	(void)state;
	play_all(&strict, &report);
	assert_int_equal(report.families, strlen(families));
	for (i = 0; i < report.families; i++) {
		assert_int_equal(report.family[i].name[0], families[i]);
		assert_true(report.family[i].cases >= 18);
		assert_int_equal(report.family[i].agree, report.family[i].cases);
	}
	assert_int_equal(report.total.cases, 682);
	assert_int_equal(conform_verdict(&report, &strict), CONFORM_HELD);
	conform_report_free(&report);
}

static void
what_agrees_still_agrees_where_choices_are_accepted(void **state)
{
	struct conform_options either = { .either = true };
	struct conform_report report;

	(void)state;
	play_all(&either, &report);
	assert_int_equal(report.total.agree, 682);
	assert_int_equal(conform_verdict(&report, &either), CONFORM_HELD);
	conform_report_free(&report);
}

static void
a_case_leaves_nothing_behind_for_the_next(void **state)
{
	struct conform_report report;
	size_t size, header;
	char *text = file_text(VECTORS "ept.jsonl", &size), *twice;

	(void)state;
	header = (size_t)(strchr(text, '\n') + 1 - text);
	twice = malloc(2 * size);
	assert_non_null(twice);
	memcpy(twice, text, size);
	memcpy(twice + size, text + header, size - header);
	conform_report_init(&report);
	conform_memory("twice", twice, 2 * size - header, &strict, &report);
	assert_int_equal(report.total.cases, 992);
	assert_int_equal(report.total.agree, 992);
	conform_report_free(&report);
	free(twice);
	free(text);
}

static void
a_compressed_file_reads_like_a_plain_one(void **state)
{
	struct conform_report report;

	(void)state;
	conform_report_init(&report);
	conform_file(VECTORS "pku-few.jsonl.gz", &strict, &report);
	assert_int_equal(report.total.agree, 11);
	assert_int_equal(conform_verdict(&report, &strict), CONFORM_HELD);
	conform_report_free(&report);
}

/* --- every field counts -------------------------------------------------------------------- */

static const struct {
	const char *file;
	const char *marks;
	const char *after;
	const char *from;
	const char *to;
	const char *field; /* in which the case then differs */
} field_rows[] = {
	{ "pku", "\"out\":\"pf\"", "", "\"out\":\"pf\"", "\"out\":\"pf\" ", NULL },
	{ "guest-paging", "\"out\":\"pf\"", "\"err\":\"", "\"", "0\"", "err" },
	{ "guest-paging", "\"out\":\"pf\"", "\"cr2\":\"", "f", "e", "cr2" },
	{ "guest-paging", "\"out\":\"pf\"|\"rip\":\"8", "\"rip\":\"", "8", "7", "rip" },
	{ "guest-paging", "\"stub\":0|\"out\":\"pf\"", "\"rip\":\"", "f", "e", "rip" },
	{ "ept", "\"id\":0,", "\"qual\":\"", "1", "9", "qual" },
	{ "ept", "\"id\":0,", "\"gpa\":\"", "0", "1", "gpa" },
	{ "ept", "\"id\":0,", "\"gla\":\"", "f", "e", "gla" },
	{ "ept", "\"out\":\"ept-misconfig\"", "\"gpa\":\"", "0", "1", "gpa" },
	{ "ept", "\"inst\":\"7\"", "\"inst\":\"", "7", "8", "inst" },
	{ "ept", "bad-guest-state\"", "\"qual\":\"", "0", "2", "qual" },
	{ "ept", "\"frames\":[\"607000\"]", "\"frames\":[\"", "607", "608", "frames" },
	{ "ept", "\"frames\":[\"607000\"]", "\"frames\":[", "\"", "\"v", "frames" },
	{ "ept", "\"frames\":[\"607000\"]", "\"frames\":[\"607000\"", "", ",\"607000\"", "frames" },
	{ "ept", "\"frames\":[\"v", "\"frames\":[\"v", "8", "9", "frames" },
	{ "ept", "\"written\":[\"607560\"]", "\"written\":[", "\"607560\"", "", "written" },
	{ "ept", "\"written\":[\"607560\"]", "\"written\":[\"", "607560", "607568", "written" },
	{ "ept", "\"chg\":[[\"200d00\",", "\"chg\":[",
	    "[\"200d00\",\"80201007\",\"80201027\"],", "", "chg 0x200d00" },
	{ "ept", "\"chg\":[[\"200d00\",", "\"chg\":[[\"200d00\",\"80201007\",\"", "80201027",
	    "80201067", "chg 0x200d00" },
	{ "ept", "\"chg\":[[\"200d00\",", "\"chg\":[[\"200d00\",\"", "80201007", "80201005",
	    "before 0x200d00" },
	{ "ept", "\"chg\":[[\"200d00\",", "\"chg\":[", "", "[\"217ff8\",\"0\",\"1\"],",
	    "chg 0x217ff8" },
	{ "ept", "\"chg\":[]", "\"chg\":[", "", "[\"217ff8\",\"0\",\"1\"]", "chg 0x217ff8" },
	{ "ept", "\"tlb\":\"stale\"", "\"tlb\":\"", "stale", "new", "tlb" },
	{ "ept", "\"tlb\":\"new\"", "\"tlb\":\"", "new", "stale", "tlb" },
	{ "ept", "\"out\":\"ok\"|\"fam\":\"a\"", "\"out\":\"", "ok", "exc13\",\"err\":\"0", "out" },
	{ "pku", "\"sdm\":{\"out\":\"pf\"", "\"sdm\":{\"out\":\"pf\",\"err\":\"", "\"", "0\"",
	    "err" },
	{ "ept", "\"ad\":1|\"sdm\":{\"out\":\"ept-violation\"|\"chg\":[[", "\"sdm\":{", "\"chg\":[",
	    "\"chg\":[[\"217ff8\",\"0\",\"1\"],", "chg 0x217ff8" },
	{ "ept", "\"sdm\":{\"out\":\"ept-violation\",\"qual\":\"8b\"", "\"sdm\":{", "8b", "89",
	    "qual" },
};

static bool
has_field(const struct conform_report *report, const char *name)
{
	unsigned i;

	for (i = 0; i < report->difference[0].fields; i++) {
		if (strcmp(report->difference[0].field[i].name, name) == 0)
			return true;
	}
	return false;
}

static void
every_recorded_field_is_compared(void **state)
{
	struct conform_report report;
	char path[64], line[LINE_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(field_rows); i++) {
		snprintf(path, sizeof(path), VECTORS "%s.jsonl", field_rows[i].file);
		find_line(path, field_rows[i].marks, line);
		replace(line, field_rows[i].after, field_rows[i].from, field_rows[i].to);
		play_line(path, line, &strict, &report);
		if (report.errors != 0)
			fail_msg("row %zu: %s", i, report.error[0]);
		if (report.total.differ != (field_rows[i].field != NULL))
			fail_msg("row %zu: %d cases differ", i, (int)report.total.differ);
		if (field_rows[i].field != NULL && !has_field(&report, field_rows[i].field))
			fail_msg("row %zu: not in %s", i, field_rows[i].field);
		assert_int_equal(conform_verdict(&report, &strict),
		    field_rows[i].field != NULL ? CONFORM_DIFFERED : CONFORM_HELD);
		conform_report_free(&report);
	}
}

/* The recorder sets these flags, and the order of the updates is not specified. */
static void
flags_of_a_refused_update_are_not_compared(void **state)
{
	struct conform_report report;
	char line[LINE_SIZE];

	(void)state;
	find_line(VECTORS "ept.jsonl", "\"ad\":0|\"sdm\":{\"out\":\"ept-violation\"", line);
	replace(line, "\"sdm\":", "\"chg\":[", "\"chg\":[[\"217ff8\",\"0\",\"1\"],");
	replace(line, "", ",]", "]");
	play_line(VECTORS "ept.jsonl", line, &strict, &report);
	assert_int_equal(report.total.agree, 1);
	conform_report_free(&report);
}

static void
a_difference_shows_its_walk_and_where_it_ended(void **state)
{
	const struct conform_difference *difference;
	struct conform_report report;
	char line[LINE_SIZE];

	(void)state;
	find_line(VECTORS "ept.jsonl", "\"id\":0,", line);
	replace(line, "\"qual\":\"", "181", "182");
	play_line(VECTORS "ept.jsonl", line, &strict, &report);
	assert_int_equal(report.differences, 1);
	difference = &report.difference[0];
	assert_string_equal(difference->file, "t.jsonl");
	assert_int_equal(difference->line, 2);
	assert_string_equal(difference->family, "a");
	assert_int_equal(difference->step, 1);
	assert_string_equal(difference->step_name, "r");
	assert_string_equal(difference->field[0].expected, "0x182");
	assert_string_equal(difference->field[0].found, "0x181");
	assert_false(difference->cached);
	assert_true(difference->why->reads >= 24);
	assert_int_equal(difference->why->read[0].order, 1);
	assert_int_equal(difference->why->read[0].slot, 0x208000);
	assert_true(difference->why->read[difference->why->reads - 1].failed);
	assert_string_equal(difference->why->rule, "EPT-NOT-PRESENT");
	conform_report_free(&report);
}

static void
only_the_first_differences_are_kept(void **state)
{
	struct conform_options two = { .show = 2 };
	struct conform_report report;
	char *text = calloc(8, LINE_SIZE), line[LINE_SIZE];
	int i;

	(void)state;
	assert_non_null(text);
	find_line(VECTORS "ept.jsonl", "\"schema\"", text);
	strcat(text, "\n");
	find_line(VECTORS "ept.jsonl", "\"id\":0,", line);
	replace(line, "\"qual\":\"", "181", "182");
	for (i = 0; i < 5; i++)
		append(text, line);
	conform_report_init(&report);
	conform_memory("t.jsonl", text, strlen(text), &two, &report);
	assert_int_equal(report.total.differ, 5);
	assert_int_equal(report.differences, 2);
	assert_int_equal(report.differences_left_out, 3);
	assert_int_equal(report.difference[1].line, 3);
	conform_report_free(&report);
	free(text);
}

/* --- steps that the recording has no example of --------------------------------------------- */

static void
expect_line(const char *line, const char *agrees)
{
	struct conform_report report;

	play_line(VECTORS "ept.jsonl", line, &strict, &report);
	if (report.errors != 0)
		fail_msg("%s: %s", agrees, report.error[0]);
	if (report.total.agree != 1)
		fail_msg("%s: differs in %s", agrees, report.difference[0].field[0].name);
	conform_report_free(&report);
}

static void
privileged_steps_fault_at_cpl_3(void **state)
{
	static const char *const steps[][2] = { { "cr3", "80100a" }, { "invlpg", "801000" },
		{ "pge", "801000" }, { "wp", "801000" } };
	char line[LINE_SIZE], text[64];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(steps); i++) {
		find_line(VECTORS "ept.jsonl", "noncanonical|\"cpl\":3|[\"r\"]", line);
		snprintf(text, sizeof(text), "[\"%s\"]", steps[i][0]);
		replace(line, "\"steps\":", "[\"r\"]", text);
		replace(line, "\"rip\":\"", "801000", steps[i][1]);
		expect_line(line, steps[i][0]);
	}
}

static void
a_root_with_reserved_bits_faults_at_the_move_to_cr3(void **state)
{
	char line[LINE_SIZE];

	(void)state;
	find_line(VECTORS "ept.jsonl", "noncanonical|\"cpl\":0|[\"r\"]", line);
	replace(line, "\"steps\":", "[\"r\"]", "[\"cr3\"]");
	replace(line, "\"la\":", "\"", "\"0\",\"cr3b\":\"10000000000000\",\"pkru\":\"");
	replace(line, "\"pkru\":", "\"8", "\"0");
	replace(line, "\"rip\":\"", "800000", "80000a");
	expect_line(line, "cr3");
}

static void
rip_is_not_compared_after_an_exchange(void **state)
{
	char line[LINE_SIZE];

	(void)state;
	find_line(VECTORS "ept.jsonl", "\"id\":56,", line);
	replace(line, "", "[\"m\"]", "[\"m\",\"cr3\"],\"cr3b\":\"10000000000000\"");
	replace(line, "\"out\":", "\"ok\"", "\"exc13\",\"err\":\"0\",\"rip\":\"1\"");
	expect_line(line, "rip");
}

static void
a_fetch_from_a_non_canonical_rip_fails_vm_entry(void **state)
{
	struct conform_report report;
	char line[LINE_SIZE];

	(void)state;
	find_line(VECTORS "ept.jsonl", "\"id\":76,", line);
	replace(line, "\"la\":\"", "f", "e");
	play_line(VECTORS "ept.jsonl", line, &strict, &report);
	assert_int_equal(report.total.differ, 1);
	assert_string_equal(report.difference[0].field[0].found, "entry-bad-guest-state");
	assert_int_equal(report.difference[0].step, 0);
	assert_int_equal(report.difference[0].why->reads, 0);
	conform_report_free(&report);
}

static void
memory_beyond_the_recording_makes_a_case_unsupported(void **state)
{
	struct conform_options allow = { .allow_unsupported = true };
	struct conform_report report;
	char line[LINE_SIZE];

	(void)state;
	find_line(VECTORS "ept.jsonl", "\"id\":4205,", line);
	replace(line, "\"poke\":[", "", "[\"20c038\",\"1000037\"]");
	play_line(VECTORS "ept.jsonl", line, &strict, &report);
	assert_int_equal(report.total.unsupported, 1);
	assert_string_equal(report.difference[0].field[0].name, "unsupported");
	assert_int_equal(conform_verdict(&report, &strict), CONFORM_DIFFERED);
	assert_int_equal(conform_verdict(&report, &allow), CONFORM_HELD);
	conform_report_free(&report);
}

/* --- what is open -------------------------------------------------------------------------- */

/* Lines that another processor might have recorded, or none could. */
static const struct {
	const char *what;
	const char *marks;
	const char *after;
	const char *from;
	const char *to;
	bool accepted; /* with `either`; without it none is */
} either_rows[] = {
	{ "an exchange may report its read", "\"id\":8,", "\"qual\":\"", "182", "183",
	    true },
	{ "a write reports no read", "\"id\":4,", "\"qual\":\"", "182", "183", false },
	{ "an exchange reports its write", "\"id\":8,", "\"qual\":\"", "182", "181",
	    false },
	{ "a misconfiguration may leave any qualification", "\"out\":\"ept-misconfig\"|\"ad\":0",
	    "\"out\":\"ept-misconfig\"", "", ",\"qual\":\"5\"", true },
	{ "an upper accessed flag may wait for the final translation",
	    "\"id\":0,", "\"chg\":[",
	    "[\"200d00\",\"80201007\",\"80201027\"],", "", true },
	{ "so may the dirty flag of the leaf", "\"id\":4,", "\"chg\":[", "80c0607067", "80c0607027",
	    true },
	{ "and flags of the EPT", "\"fam\":\"a\"|\"ad\":1|\"out\":\"ept-v|[\"213008\"",
	    "\"213008\",", "\"201337\"", "\"201137\"", true },
	{ "but not what the fetch of the code has set",
	    "\"fam\":\"a\"|\"ad\":1|\"out\":\"ept-v|[\"211000\"", "\"211000\",", "\"200337\"",
	    "\"200137\"", false },
	{ "no other bit may", "\"id\":0,",
	    "\"chg\":[[\"200d00\",\"80201007\",\"", "80201027", "80201067", false },
	{ "an access that succeeds sets all its flags",
	    "\"id\":16,", "\"chg\":[",
	    "[\"200d00\",\"80201007\",\"80201027\"],", "", false },
	{ "a fault may leave accessed flags above its entry",
	    "\"id\":3411,", "\"chg\":[", "",
	    "[\"200d00\",\"80201007\",\"80201027\"]", true },
	{ "but none in it", "\"id\":3411,",
	    "\"chg\":[", "", "[\"203038\",\"80c0607000\",\"80c0607020\"]", false },
	{ "what an earlier step set stays set",
	    "\"fam\":\"j\"|\"out\":\"pf\"|\"chg\":[[\"200d00\",", "\"chg\":[",
	    "[\"200d00\",\"80201007\",\"80201027\"],", "", false },
};

static void
test_either_row(size_t i, const struct conform_options *options, bool accepted)
{
	struct conform_report report;
	char line[LINE_SIZE];

	find_line(VECTORS "ept.jsonl", either_rows[i].marks, line);
	replace(line, either_rows[i].after, either_rows[i].from, either_rows[i].to);
	play_line(VECTORS "ept.jsonl", line, options, &report);
	if (report.errors != 0)
		fail_msg("%s: %s", either_rows[i].what, report.error[0]);
	if (report.total.agree != accepted)
		fail_msg("%s", either_rows[i].what);
	conform_report_free(&report);
}

static void
open_choices_are_accepted_only_when_asked_for(void **state)
{
	struct conform_options either = { .either = true, .show = 1 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(either_rows); i++) {
		test_either_row(i, &strict, false);
		test_either_row(i, &either, either_rows[i].accepted);
	}
}

/* Two guest tables on read-only pages, no flag set yet: either may stop the walk. */
static void
any_table_that_refuses_a_flag_may_be_the_first(void **state)
{
	static const struct {
		const char *gpa, *qualification;
		bool accepted;
	} rows[] = {
		{ "40200d00", "aa", true },
		{ "40200d00", "ab", true },
		{ "100202018", "aa", true },
		{ "100202018", "a9", false }, /* a table access that writes nothing */
		{ "80201028", "aa", false },
		{ "80201028", "ba", false },  /* a page that may be written */
	};
	struct conform_options either = { .either = true };
	struct conform_report report;
	char line[LINE_SIZE], outcome[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		find_line(VECTORS "ept.jsonl", "\"id\":4205,", line);
		replace(line, "\"poke\":[", "",
		    "[\"211000\",\"200035\"],[\"215010\",\"202035\"]");
		snprintf(outcome, sizeof(outcome), "\"out\":\"ept-violation\",\"qual\":\"%s\","
		    "\"gpa\":\"%s\",\"gla\":\"ffffd00140607560\",\"chg\":[]}",
		    rows[i].qualification, rows[i].gpa);
		strcpy(strstr(line, "\"out\":"), outcome);
		play_line(VECTORS "ept.jsonl", line, &strict, &report);
		assert_int_equal(report.errors, 0);
		assert_int_equal(report.total.agree, strcmp(rows[i].qualification, "ab") == 0);
		conform_report_free(&report);
		play_line(VECTORS "ept.jsonl", line, &either, &report);
		assert_int_equal(report.total.agree, rows[i].accepted);
		conform_report_free(&report);
	}
}

/* --- files that are not as they should be --------------------------------------------------- */

static const struct {
	const char *after; /* NULL: `to` is the whole line */
	const char *from;
	const char *to;
	const char *error; /* after "t.jsonl:2: " */
} error_rows[] = {
	{ NULL, "", "", "column 0: found '[' or '{' expected near end of file, "
	    "expected a JSON object on one line" },
	{ NULL, "", "[1]", "found a list, expected a JSON object" },
	{ NULL, "", "{\"id\":0,\"id\":1}", "column 12: found duplicate object key near '\"id\"', "
	    "expected a JSON object on one line" },
	{ "\"id\":", "0", "-1",
	    "field \"id\": found -1, expected an integer from 0 to 2147483647" },
	{ "\"id\":", "0", "4294968296",
	    "field \"id\": found 4294968296, expected an integer from 0 to 2147483647" },
	{ "\"id\":", "0", "1.5", "field \"id\": found a fraction, "
	    "expected an integer from 0 to 2147483647" },
	{ "", "\"fam\":\"a\",", "", "field \"fam\": found nothing, expected a value" },
	{ "\"fam\":", "\"a\"", "1", "field \"fam\": found 1, expected the letter of a family" },
	{ "\"tag\":", "\"leaf1 perm0\"", "null", "field \"tag\": found null, expected a string" },
	{ "\"fam\":", "\"a\"", "\"\"",
	    "field \"fam\": found \"\", expected the letter of a family" },
	{ "\"cpl\":", "0", "2", "field \"cpl\": found 2, expected 0 or 3" },
	{ "\"cpl\":", "0", "false", "field \"cpl\": found false, expected 0 or 3" },
	{ "\"cr3\":", "\"40200000\"", "\"\"", "field \"cr3\": found \"\", "
	    "expected a string of hexadecimal digits up to ffffffffffffffff" },
	{ "", "\"rip\"", "\"frames\":\"607000\",\"rip\"",
	    "field \"frames\": found \"607000\", expected a list of at most 32" },
	{ "", "\"rip\"", "\"frames\":[1],\"rip\"", "field \"frames\": found 1, "
	    "expected a frame, or \"v\" and a value" },
	{ "\"g\":", "[", "\"1\",\"x\":[",
	    "field \"g\": found \"1\", expected a list of at most 5" },
	{ "\"wp\":", "1", "2", "field \"wp\": found 2, expected an integer from 0 to 1" },
	{ "\"wp\":", "1", "0", "field \"wp\": found 0, expected 1 as in \"cr0\"" },
	{ "\"cr3\":", "\"40200000\"", "\"0x1000\"", "field \"cr3\": found \"0x1000\", "
	    "expected a string of hexadecimal digits up to ffffffffffffffff" },
	{ "\"cr3\":", "\"40200000\"", "\"10000000000000000\"",
	    "field \"cr3\": found \"10000000000000000\", "
	    "expected a string of hexadecimal digits up to ffffffffffffffff" },
	{ "\"cr3\":", "\"40200000\"", "true", "field \"cr3\": found true, "
	    "expected a string of hexadecimal digits up to ffffffffffffffff" },
	{ "\"la\":", "\"", "\"0\",\"vpid\":\"10000\",\"pkru\":\"0", "field \"pkru\": found "
	    "\"0ffffd00140607560\", expected a string of hexadecimal digits up to ffffffff" },
	{ "\"steps\":", "[\"r\"]", "\"r\"",
	    "field \"steps\": found \"r\", expected a list of at most 32" },
	{ "\"steps\":", "[\"r\"]", "[]",
	    "field \"steps\": found a list of 0, expected at least one step" },
	{ "\"steps\":", "[\"r\"]", "[[]]",
	    "field \"steps\": found a list of 0, expected the name of a step" },
	{ "\"steps\":", "[\"r\"]", "[\"poke\"]",
	    "field \"gpoke\": found 0 edits, expected 1, one for each such step" },
	{ "\"stub\":", "1", "0",
	    "field \"steps\": found other steps, expected [\"x\"] where \"stub\" is 0" },
	{ "\"poke\":[[", "\"20c038\"", "\"20c039\"", "field \"poke\": found address 20c039, "
	    "expected a multiple of 8 from 200000 to 217ff8" },
	{ "\"poke\":[[", "\"20c038\"", "\"400000\"", "field \"poke\": found address 400000, "
	    "expected a multiple of 8 from 200000 to 217ff8" },
	{ "\"poke\":[", "[", "[\"0\",",
	    "field \"poke\": found a list of 3, expected [address, qword]" },
	{ "\"chg\":[[", "\"", "1,\"", "field \"chg\": found a list of 4, "
	    "expected [address, qword before, qword after]" },
	{ "\"chg\":[[\"200d00\",", "\"80201007\"", "80201007", "field \"chg\": found 80201007, "
	    "expected a string of 1 to 16 hexadecimal digits" },
	{ "\"out\":", "\"ept-violation\"", "{}", "field \"out\": found an object, "
	    "expected the name of an outcome" },
	{ "", "\"qual\":\"181\",", "", "field \"qual\": found nothing, "
	    "expected a value with outcome \"ept-violation\"" },
	{ "", "\"qual\":\"181\",", "\"qual\":\"181\",\"err\":\"0\",",
	    "field \"err\": found a value, expected nothing with outcome \"ept-violation\"" },
	{ "", "\"rip\"", "\"frames\":[\"w1\"],\"rip\"", "field \"frames\": found \"w1\", "
	    "expected a frame, or \"v\" and a value" },
	{ "", "\"rip\"", "\"tlb\":\"old\",\"rip\"", "field \"tlb\": found \"old\", "
	    "expected \"same\", \"new\" or \"stale\"" },
	{ "", "\"rip\"", "\"sdm\":[],\"rip\"",
	    "field \"sdm\": found a list of 0, expected an object" },
	{ "", "\"rip\"", "\"sdm\":{\"out\":\"ok\"},\"rip\"", "field \"chg\": found nothing, "
	    "expected a value" },
};

static void
errors_name_file_line_and_both_sides(void **state)
{
	char line[LINE_SIZE], expected[512];
	struct conform_report report;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(error_rows); i++) {
		find_line(VECTORS "ept.jsonl", "\"id\":0,", line);
		if (error_rows[i].after == NULL)
			strcpy(line, error_rows[i].to);
		else
			replace(line, error_rows[i].after, error_rows[i].from, error_rows[i].to);
		play_line(VECTORS "ept.jsonl", line, &strict, &report);
		assert_true(report.errors >= 1);
		snprintf(expected, sizeof(expected), "t.jsonl:2: %s", error_rows[i].error);
		assert_string_equal(report.error[report.errors - 1], expected);
		assert_int_equal(report.total.cases, 0);
		assert_int_equal(conform_verdict(&report, &strict), CONFORM_BAD_INPUT);
		conform_report_free(&report);
	}
}

static void
a_file_with_many_errors_is_given_up_with_the_first_hundred(void **state)
{
	struct conform_report report;
	char *text = calloc(1, 2 * LINE_SIZE);
	int i;

	(void)state;
	assert_non_null(text);
	find_line(VECTORS "ept.jsonl", "\"schema\"", text);
	strcat(text, "\n");
	for (i = 0; i < 1000; i++)
		append(text, "[]");
	conform_report_init(&report);
	conform_memory("t.jsonl", text, strlen(text), &strict, &report);
	assert_int_equal(report.errors, CONFORM_ERRORS_MAX);
	assert_int_equal(report.errors_left_out, 1);
	conform_report_free(&report);
	free(text);
}

static void
a_header_is_needed_and_judged(void **state)
{
	static const char *const rows[][3] = {
		{ "\"schema\":1", "\"schema\":2", "field \"schema\": found 2, expected 1" },
		{ "\"maxphyaddr\":40", "\"maxphyaddr\":53",
		    "field \"maxphyaddr\": found 53, expected an integer from 32 to 52" },
		{ "ept_vpid_cap", "ept_vpid_cap_",
		    "expected a string with \"ept_vpid_cap VALUE\"" },
		{ "ept_vpid_cap f", "ept_vpid_cap 1234567f",
		    "expected a string with \"ept_vpid_cap VALUE\"" },
		{ "ept_vpid_cap f0106334141", "ept_vpid_cap f0106334141g",
		    "expected a string with \"ept_vpid_cap VALUE\"" },
		{ "[\"200000\"", "[\"100000\"", "field \"base\": found address 100000, " },
		{ "\"maxphyaddr\":40,", "",
		    "field \"maxphyaddr\": found nothing, expected a value" },
		{ "{\"schema\":1", "\"schema\":1", "expected a JSON object on one line" },
	};
	struct conform_report report;
	char line[LINE_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		find_line(VECTORS "ept.jsonl", "\"schema\"", line);
		replace(line, "", rows[i][0], rows[i][1]);
		conform_report_init(&report);
		conform_memory("h.jsonl", line, strlen(line), &strict, &report);
		assert_int_equal(report.errors, 1);
		assert_non_null(strstr(report.error[0], rows[i][2]));
		assert_int_equal(strncmp(report.error[0], "h.jsonl:1: ", 11), 0);
		assert_int_equal(conform_verdict(&report, &strict), CONFORM_BAD_INPUT);
		conform_report_free(&report);
	}
}

static void
a_file_without_a_case_is_an_error(void **state)
{
	struct conform_report report;
	char line[LINE_SIZE];

	(void)state;
	find_line(VECTORS "ept.jsonl", "\"schema\"", line);
	conform_report_init(&report);
	conform_memory("empty", "", 0, &strict, &report);
	conform_memory("header", line, strlen(line), &strict, &report);
	assert_int_equal(report.errors, 2);
	assert_string_equal(report.error[0],
	    "empty:1: found the end of the file, expected a header line");
	assert_string_equal(report.error[1],
	    "header:2: found the end of the file, expected a case");
	conform_report_free(&report);
}

/* --- truncation ---------------------------------------------------------------------------- */

static void
small_file(char *text)
{
	char line[LINE_SIZE];

	text[0] = '\0';
	find_line(VECTORS "pku.jsonl", "\"schema\"", line);
	append(text, line);
	find_line(VECTORS "pku.jsonl", "\"out\":\"ok\"", line);
	append(text, line);
	find_line(VECTORS "pku.jsonl", "\"sdm\"", line);
	append(text, line);
}

/* Cut anywhere but after a whole case, a file is an error that names its last line. */
static void
a_file_cut_at_any_byte_is_noticed(void **state)
{
	char *text = calloc(3, LINE_SIZE), *piece, where[32];
	struct conform_report report;
	size_t size, cut;
	unsigned line = 1, whole = 0;

	(void)state;
	assert_non_null(text);
	small_file(text);
	size = strlen(text);
	for (cut = 0; cut <= size; cut++) {
		bool ends = cut > 0 && (text[cut - 1] == '\n' || text[cut] == '\n');

		line += cut > 0 && text[cut - 1] == '\n';
		piece = malloc(cut + 1); /* exactly as long, so that reading on is noticed */
		assert_non_null(piece);
		memcpy(piece, text, cut);
		conform_report_init(&report);
		conform_memory("cut", piece, cut, &strict, &report);
		if (ends && report.total.cases > 0) {
			assert_int_equal(conform_verdict(&report, &strict), CONFORM_HELD);
			whole++;
		} else {
			assert_int_equal(conform_verdict(&report, &strict), CONFORM_BAD_INPUT);
			snprintf(where, sizeof(where), "cut:%u: ",
			    line + (text[cut] == '\n' && line == 1));
			assert_int_equal(strncmp(report.error[0], where, strlen(where)), 0);
		}
		conform_report_free(&report);
		free(piece);
	}
	assert_int_equal(whole, 4);
	free(text);
}

/* A nameless file, opened by its descriptor. */
static void
play_bytes(const char *bytes, size_t size, struct conform_report *report)
{
	FILE *file = tmpfile();
	char path[32];

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fflush(file), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fileno(file));
	conform_report_init(report);
	conform_file(path, &strict, report);
	fclose(file);
}

static void
a_compressed_file_cut_at_any_byte_is_noticed(void **state)
{
	struct conform_report report;
	size_t size, cut;
	char *bytes = file_text(VECTORS "pku-few.jsonl.gz", &size);

	(void)state;
	for (cut = 0; cut < size; cut++) {
		play_bytes(bytes, cut, &report);
		assert_int_equal(conform_verdict(&report, &strict), CONFORM_BAD_INPUT);
		assert_int_equal(report.errors, 1);
		conform_report_free(&report);
	}
	play_bytes(bytes, size, &report);
	assert_int_equal(conform_verdict(&report, &strict), CONFORM_HELD);
	conform_report_free(&report);
	free(bytes);
}

static void
damaged_compressed_data_is_noticed(void **state)
{
	struct conform_report report;
	size_t size;
	char *bytes = file_text(VECTORS "pku-few.jsonl.gz", &size);

	(void)state;
	bytes[size - 6] ^= 1; /* the checksum */
	play_bytes(bytes, size, &report);
	assert_int_equal(conform_verdict(&report, &strict), CONFORM_BAD_INPUT);
	assert_non_null(strstr(report.error[0], "damaged compressed data"));
	conform_report_free(&report);
	free(bytes);
}

static void
a_file_that_cannot_be_read_is_the_environment(void **state)
{
	static const char *const paths[] = { VECTORS "absent.jsonl", "tests" };
	struct conform_report report;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(paths); i++) {
		conform_report_init(&report);
		conform_file(paths[i], &strict, &report);
		assert_int_equal(report.errors, 1);
		assert_non_null(strstr(report.error[0], ": cannot "));
		assert_int_equal(conform_verdict(&report, &strict), CONFORM_ENVIRONMENT);
		conform_report_free(&report);
	}
}

/* --- input that means harm ------------------------------------------------------------------ */

/* A header, then `count` times `unit`, then a newline. */
static void
play_flood(const char *unit, size_t count, struct conform_report *report)
{
	size_t length = strlen(unit), i;
	char *text = calloc(1, LINE_SIZE + count * length + 2), *at;

	assert_non_null(text);
	find_line(VECTORS "ept.jsonl", "\"schema\"", text);
	at = text + strlen(text);
	*at++ = '\n';
	for (i = 0; i < count; i++, at += length)
		memcpy(at, unit, length);
	*at++ = '\n';
	conform_report_init(report);
	conform_memory("flood", text, (size_t)(at - text), &strict, report);
	free(text);
}

static void
a_line_without_end_is_refused(void **state)
{
	struct conform_report report;

	(void)state;
	play_flood("{\"a\":1,", 4u << 20, &report);
	assert_int_equal(report.errors, 1);
	assert_string_equal(report.error[0], "flood:2: found a line longer than 1048576 bytes, "
	    "expected a case");
	conform_report_free(&report);
}

static void
deep_nesting_is_refused(void **state)
{
	struct conform_report report;

	(void)state;
	play_flood("[", 1000000, &report);
	assert_int_equal(report.errors, 1);
	assert_non_null(strstr(report.error[0], "maximum parsing depth"));
	conform_report_free(&report);
}

static void
long_lists_are_refused(void **state)
{
	struct conform_report report;
	size_t size = 900000;
	char *text = calloc(1, size + 2 * LINE_SIZE), *line;

	(void)state;
	assert_non_null(text);
	find_line(VECTORS "ept.jsonl", "\"schema\"", text);
	strcat(text, "\n{\"steps\":[\"r\"");
	for (line = text + strlen(text); size > 4; size -= 4, line += 4)
		memcpy(line, ",\"r\"", 4);
	strcpy(line, "]}\n");
	conform_report_init(&report);
	conform_memory("flood", text, strlen(text), &strict, &report);
	assert_string_equal(report.error[0], "flood:2: field \"steps\": found a list of 225000, "
	    "expected a list of at most 32");
	conform_report_free(&report);
	free(text);
}

static void
bytes_that_are_no_text_are_refused(void **state)
{
	static const char bytes[] = "\x00\x01\xff\xfe{\n\x1f\x8b";
	struct conform_report report;

	(void)state;
	conform_report_init(&report);
	conform_memory("bytes", bytes, sizeof(bytes), &strict, &report);
	assert_int_equal(report.errors, 1);
	assert_int_equal(conform_verdict(&report, &strict), CONFORM_BAD_INPUT);
	conform_report_free(&report);
}

/* --- what is not known ---------------------------------------------------------------------- */

static const struct {
	const char *after, *from, *to;
	enum conform_kind kind;
	const char *name;
	bool playable;
} unknown_rows[] = {
	{ "", "\"rip\"", "\"colour\":\"red\",\"rip\"", CONFORM_FIELD, "colour", true },
	{ "\"fam\":\"", "a", "z", CONFORM_FAMILY, "z", true },
	{ "\"fam\":\"", "a", "zebra", CONFORM_FAMILY, "zebra", true },
	{ "\"fam\":\"", "a", "\\u001b[1m", CONFORM_FAMILY, "?[1m", true },
	{ "\"steps\":[\"", "r", "dance", CONFORM_STEP, "dance", false },
	{ "\"out\":\"", "ept-violation", "smoke", CONFORM_OUTCOME, "smoke", false },
};

static void
unknown_names_are_counted_and_fail_the_run_unless_lenient(void **state)
{
	struct conform_options lenient = { .lenient = true };
	struct conform_options most = { .lenient = true, .allow_unsupported = true };
	struct conform_report report;
	char line[LINE_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(unknown_rows); i++) {
		bool playable = unknown_rows[i].playable;

		find_line(VECTORS "ept.jsonl", "\"id\":0,", line);
		replace(line, unknown_rows[i].after, unknown_rows[i].from, unknown_rows[i].to);
		play_line(VECTORS "ept.jsonl", line, &strict, &report);
		assert_int_equal(report.errors, 0);
		assert_int_equal(report.unknowns, 1);
		assert_int_equal(report.unknown[0].kind, unknown_rows[i].kind);
		assert_string_equal(report.unknown[0].name, unknown_rows[i].name);
		assert_int_equal(report.unknown[0].count, 1);
		assert_int_equal(report.unknown[0].line, 2);
		assert_int_equal(report.total.agree, playable);
		assert_int_equal(report.total.unsupported, !playable);
		assert_int_equal(conform_verdict(&report, &strict), CONFORM_BAD_INPUT);
		assert_int_equal(conform_verdict(&report, &lenient),
		    playable ? CONFORM_HELD : CONFORM_DIFFERED);
		assert_int_equal(conform_verdict(&report, &most), CONFORM_HELD);
		conform_report_free(&report);
	}
}

/* --- renderings ----------------------------------------------------------------------------- */

static void
the_text_has_a_line_a_family_and_a_total(void **state)
{
	struct conform_report report;
	struct text text = { NULL, 0 };

	(void)state;
	conform_report_init(&report);
	conform_file(VECTORS "pku-few.jsonl.gz", &strict, &report);
	conform_write_text(&report, &strict, text_put, &text);
	assert_string_equal(text.bytes,
	    "family       cases     agree    differ unsupported\n"
	    "p               11        11         0           0\n"
	    "total           11        11         0           0\n");
	free(text.bytes);
	conform_report_free(&report);
}

/* A report with one of everything. */
static void
mixed_report(const struct conform_options *options, struct conform_report *report)
{
	char line[LINE_SIZE];

	find_line(VECTORS "ept.jsonl", "\"id\":0,", line);
	replace(line, "\"qual\":\"", "181", "182");
	replace(line, "", "\"rip\"", "\"colour\":1,\"rip\"");
	play_line(VECTORS "ept.jsonl", line, options, report);
	conform_memory("bad \xff name", "", 0, options, report);
}

static void
the_text_shows_a_difference_field_by_field_with_its_walk(void **state)
{
	struct conform_report report;
	struct text text = { NULL, 0 };

	(void)state;
	mixed_report(&strict, &report);
	conform_write_text(&report, &strict, text_put, &text);
	assert_non_null(strstr(text.bytes,
	    "\nt.jsonl:2: case 0, family a, \"leaf1 perm0\"\n"
	    "  ended at step 1 of 1 (r)\n"
	    "  qual                 expected 0x182, found 0x181\n"
	    "  walk:\n"
	    "      1  ept   level 4  at 0x0000208000  0x0000000000209107\n"));
	assert_non_null(strstr(text.bytes, "  <- here\n"));
	assert_non_null(strstr(text.bytes, "t.jsonl:2: found unknown field \"colour\", 1 time\n"));
	free(text.bytes);
	conform_report_free(&report);
}

static void
errors_go_to_a_writer_of_their_own(void **state)
{
	struct conform_options lenient = { .lenient = true };
	struct conform_report report;
	struct text text = { NULL, 0 };

	(void)state;
	mixed_report(&strict, &report);
	conform_write_errors(&report, &strict, text_put, &text);
	assert_string_equal(text.bytes,
	    "bad \xff name:1: found the end of the file, expected a header line\n"
	    "t.jsonl:2: found unknown field \"colour\", 1 time\n");
	text.size = 0;
	conform_write_errors(&report, &lenient, text_put, &text);
	assert_string_equal(text.bytes,
	    "bad \xff name:1: found the end of the file, expected a header line\n");
	free(text.bytes);
	conform_report_free(&report);
}

static void
json_says_the_same_and_never_otherwise(void **state)
{
	struct conform_report report;
	struct text first = { NULL, 0 }, second = { NULL, 0 };
	const char *expected, *side;
	json_t *root, *item;
	json_error_t error;
	int order;

	(void)state;
	mixed_report(&strict, &report);
	assert_true(conform_write_json(&report, text_put, &first));
	conform_report_free(&report);
	mixed_report(&strict, &report);
	assert_true(conform_write_json(&report, text_put, &second));
	conform_report_free(&report);
	assert_string_equal(first.bytes, second.bytes);
	root = json_loads(first.bytes, 0, &error);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "total"),
	    "differ")), 1);
	assert_int_equal(json_array_size(json_object_get(root, "families")), 1);
	assert_int_equal(json_array_size(json_object_get(root, "unknown")), 1);
	assert_int_equal(json_array_size(json_object_get(root, "errors")), 1);
	item = json_array_get(json_object_get(root, "differences"), 0);
	assert_true(json_array_size(json_object_get(item, "walk")) >= 24);
	assert_int_equal(json_unpack(item, "{s:[{s:s}], s:[{s:i, s:s}]}", "fields", "expected",
	    &expected, "walk", "order", &order, "side", &side), 0);
	assert_string_equal(expected, "0x182");
	assert_int_equal(order, 1);
	assert_string_equal(side, "ept");
	json_decref(root);
	free(first.bytes);
	free(second.bytes);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_case_of_every_family_agrees),
		cmocka_unit_test(what_agrees_still_agrees_where_choices_are_accepted),
		cmocka_unit_test(a_case_leaves_nothing_behind_for_the_next),
		cmocka_unit_test(a_compressed_file_reads_like_a_plain_one),
		cmocka_unit_test(every_recorded_field_is_compared),
		cmocka_unit_test(flags_of_a_refused_update_are_not_compared),
		cmocka_unit_test(a_difference_shows_its_walk_and_where_it_ended),
		cmocka_unit_test(only_the_first_differences_are_kept),
		cmocka_unit_test(privileged_steps_fault_at_cpl_3),
		cmocka_unit_test(a_root_with_reserved_bits_faults_at_the_move_to_cr3),
		cmocka_unit_test(rip_is_not_compared_after_an_exchange),
		cmocka_unit_test(a_fetch_from_a_non_canonical_rip_fails_vm_entry),
		cmocka_unit_test(memory_beyond_the_recording_makes_a_case_unsupported),
		cmocka_unit_test(open_choices_are_accepted_only_when_asked_for),
		cmocka_unit_test(any_table_that_refuses_a_flag_may_be_the_first),
		cmocka_unit_test(errors_name_file_line_and_both_sides),
		cmocka_unit_test(a_file_with_many_errors_is_given_up_with_the_first_hundred),
		cmocka_unit_test(a_header_is_needed_and_judged),
		cmocka_unit_test(a_file_without_a_case_is_an_error),
		cmocka_unit_test(a_file_cut_at_any_byte_is_noticed),
		cmocka_unit_test(a_compressed_file_cut_at_any_byte_is_noticed),
		cmocka_unit_test(damaged_compressed_data_is_noticed),
		cmocka_unit_test(a_file_that_cannot_be_read_is_the_environment),
		cmocka_unit_test(a_line_without_end_is_refused),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(long_lists_are_refused),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(unknown_names_are_counted_and_fail_the_run_unless_lenient),
		cmocka_unit_test(the_text_has_a_line_a_family_and_a_total),
		cmocka_unit_test(the_text_shows_a_difference_field_by_field_with_its_walk),
		cmocka_unit_test(errors_go_to_a_writer_of_their_own),
		cmocka_unit_test(json_says_the_same_and_never_otherwise),
	};

	return cmocka_run_group_tests_name("conform", tests, NULL, NULL);
}
