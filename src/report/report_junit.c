/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for CI servers: JUnit's XML.
 *
 * A file is a test suite, a scenario of it a test case.  There are no times and no host name, so
 * that the same run gives the same bytes.  The counts of a suite stand before its cases: these are
 * kept until their file is over.
 */
#include "report/report_formats.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/report_stale.h"

/* --- suites and cases ------------------------------------------------------------------------- */

static void
junit_begin(struct report *report)
{
	text_add(&report->text,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vkept %s\">\n",
	    report->options.command);
}

static void
junit_file_begin(struct report *report, const char *file)
{
	struct text content = text_content(&report->text);
	struct scn_sink sink;

	text_str(&report->text, "  <testsuite name=\"");
	text_safe(&content, file);
	report->before = report->counts;
	report->suites = report->text;
	sink = report_bytes_sink(&report->suite);
	text_init(&report->text, &sink, 0);
}

static void
junit_file_end(struct report *report)
{
	const struct report_counts *counts = &report->counts, *before = &report->before;
	uint64_t failed = counts->failed - before->failed;
	uint64_t errors = counts->unplayed - before->unplayed +
	    counts->bad_files - before->bad_files;

	report->text = report->suites;
	text_add(&report->text,
	    "\" tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64 "\">\n",
	    counts->passed - before->passed + failed + errors, failed, errors);
	text_put(&report->text, report->suite.bytes, report->suite.size);
	text_str(&report->text, "  </testsuite>\n");
	report->no_memory |= report->suite.failed;
	free(report->suite.bytes);
}

static void
junit_bad_file(struct report *report, const struct scenario_errors *errors)
{
	struct text content = text_content(&report->text);
	struct text *text = &report->text;
	size_t i;

	text_str(text, "    <testcase name=\"load\" classname=\"");
	text_safe(&content, errors->file);
	text_str(text, "\">\n      <error message=\"the file cannot be loaded\">");
	for (i = 0; i < errors->count; i++) {
		text_safe(&content, errors->file);
		if (errors->error[i].line != 0)
			text_add(text, ":%u:%u", (unsigned)errors->error[i].line,
			    (unsigned)errors->error[i].column);
		text_str(text, ": ");
		text_safe(&content, errors->error[i].text);
		text_str(text, "\n");
	}
	text_str(text, "</error>\n    </testcase>\n");
}

static void
write_failure(struct report *report, const struct play_outcome *outcome)
{
	struct text content = text_content(&report->text);
	struct text *text = &report->text;
	size_t i;

	text_str(text, "      <failure type=\"expectation\" message=\"");
	if (outcome->mismatches != 0)
		report_write_mismatch(&content, report->scenario, &outcome->mismatch[0]);
	text_str(text, "\">");
	for (i = 0; i < outcome->mismatches; i++) {
		const struct play_mismatch *mismatch = &outcome->mismatch[i];

		report_write_mismatch(&content, report->scenario, mismatch);
		text_str(text, "\n");
		if (decode_find_step(report->scenario, mismatch->thread, mismatch->step) != NULL) {
			report_write_where(&content, report->scenario, mismatch);
			text_str(text, "\n");
		}
		if (mismatch->stale != NULL) {
			stale_write(&content, report->scenario, mismatch->stale);
			text_str(text, "\n");
		}
		if (mismatch->why != NULL)
			why_write_verdict(&content, &report->decoder, mismatch->thread,
			    mismatch->why, 0);
	}
	if (report->finding != NULL)
		report_explored_lines(report, &content);
	text_str(text, "</failure>\n");
}

static void
write_console(struct report *report, const struct play_outcome *outcome)
{
	const unsigned char *at = outcome->console, *end = at + outcome->console_size;
	struct text content = text_content(&report->text);

	if (outcome->console_size == 0)
		return;
	text_str(&report->text, "      <system-out>");
	while (at < end) {
		const unsigned char *newline = memchr(at, '\n', (size_t)(end - at));
		const unsigned char *stop = newline != NULL ? newline : end;

		text_bytes(&content, at, (size_t)(stop - at));
		if (newline != NULL)
			text_str(&report->text, "\n");
		at = newline != NULL ? newline + 1 : end;
	}
	text_str(&report->text, "</system-out>\n");
}

static void
write_coverage(struct report *report)
{
	text_str(&report->text, "      <system-out>");
	report_write_coverage(&report->text, report->finding);
	text_str(&report->text, "</system-out>\n");
}

static void
junit_outcome(struct report *report, enum play_status status, const struct play_outcome *outcome)
{
	struct text content = text_content(&report->text);
	struct text *text = &report->text;

	text_str(text, "    <testcase name=\"");
	decode_name(&content, report->scenario);
	text_str(text, "\" classname=\"");
	text_safe(&content, report->scenario->file);
	text_str(text, "\">\n");
	if (status != PLAY_DONE)
		text_add(text, "      <error message=\"%s\"/>\n", report_reason(report, status));
	if (status == PLAY_DONE && !outcome->passed)
		write_failure(report, outcome);
	if (status == PLAY_DONE && report->finding != NULL)
		write_coverage(report);
	else if (status == PLAY_DONE)
		write_console(report, outcome);
	text_str(text, "    </testcase>\n");
}

static void
junit_end(struct report *report)
{
	text_str(&report->text, "</testsuites>\n");
}

const struct report_format report_format_junit = {
	.begin = junit_begin,
	.file_begin = junit_file_begin,
	.file_end = junit_file_end,
	.bad_file = junit_bad_file,
	.outcome = junit_outcome,
	.end = junit_end,
};
