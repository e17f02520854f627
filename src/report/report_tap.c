/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for test harnesses: TAP, version 13.
 *
 * A test point is a scenario, or a file that could not be loaded.  What did not hold stands in the
 * YAML block under its point; the plan comes last, since a directory is not counted before it is
 * run.
 */
#include "report/report_formats.h"

#include <inttypes.h>
#include <string.h>

#include "report/report_stale.h"

static void
tap_begin(struct report *report)
{
	text_str(&report->text, "TAP version 13\n");
}

static uint64_t
points(const struct report_counts *counts)
{
	return counts->passed + counts->failed + counts->unplayed + counts->bad_files;
}

static void
write_point(struct report *report, int good, const char *file)
{
	struct text text = text_description(&report->text);

	text_add(&report->text, "%s %" PRIu64 " - ", good ? "ok" : "not ok",
	    points(&report->counts));
	if (report->scenario != NULL)
		report_write_title(report, &text);
	else
		text_safe(&text, file);
	text_str(&report->text, "\n");
}

static void
write_place(struct text *text, const char *file, uint32_t line, uint32_t column)
{
	if (line == 0)
		return;
	text_str(text, "  at:\n    file: ");
	json_put_quoted(&text->sink, file);
	text_add(text, "\n    line: %u\n    column: %u\n", (unsigned)line, (unsigned)column);
}

static void
quote_mismatch(struct report *report, const struct play_mismatch *mismatch)
{
	char line[REPORT_LINE_SIZE];
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	report_write_mismatch(&text, report->scenario, mismatch);
	json_put_quoted(&report->text.sink, line);
	text_str(&report->text, "\n");
}

static void
quote_stale(struct report *report, const struct stale *stale)
{
	char line[REPORT_LINE_SIZE];
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	stale_write(&text, report->scenario, stale);
	json_put_quoted(&report->text.sink, line);
	text_str(&report->text, "\n");
}

static void
write_failures(struct report *report, const struct play_outcome *outcome)
{
	struct text *text = &report->text;
	size_t i;

	if (outcome->mismatches == 0)
		return;
	text_str(text, "  ---\n  message: ");
	quote_mismatch(report, &outcome->mismatch[0]);
	text_str(text, "  severity: fail\n");
	write_place(text, report->scenario->file, outcome->mismatch[0].mark.line,
	    outcome->mismatch[0].mark.column);
	if (outcome->mismatch[0].why != NULL && outcome->mismatch[0].why->outcome != EVENT_OK) {
		text_str(text, "  why: ");
		json_put_quoted(&text->sink, outcome->mismatch[0].why->verdict);
		text_str(text, "\n");
	}
	if (outcome->mismatch[0].stale != NULL) {
		text_str(text, "  stale: ");
		quote_stale(report, outcome->mismatch[0].stale);
	}
	text_str(text, "  mismatches:\n");
	for (i = 0; i < outcome->mismatches; i++) {
		text_str(text, "    - ");
		quote_mismatch(report, &outcome->mismatch[i]);
	}
	if (report->finding != NULL)
		report_explored_tap(report);
	text_str(text, "  ...\n");
}

static void
tap_outcome(struct report *report, enum play_status status, const struct play_outcome *outcome)
{
	struct text *text = &report->text;

	if (status == PLAY_DONE) {
		write_point(report, outcome->passed, report->scenario->file);
		write_failures(report, outcome);
		return;
	}
	write_point(report, 0, report->scenario->file);
	text_str(text, "  ---\n  message: ");
	json_put_quoted(&text->sink, report_reason(report, status));
	text_str(text, "\n  severity: error\n  ...\n");
}

static void
tap_bad_file(struct report *report, const struct scenario_errors *errors)
{
	struct text *text = &report->text;
	size_t i;

	write_point(report, 0, errors->file);
	if (errors->count == 0)
		return;
	text_str(text, "  ---\n  message: ");
	json_put_quoted(&text->sink, errors->error[0].text);
	text_str(text, "\n  severity: error\n");
	write_place(text, errors->file, errors->error[0].line, errors->error[0].column);
	text_str(text, "  errors:\n");
	for (i = 0; i < errors->count; i++) {
		text_str(text, "    - ");
		if (errors->error[i].line != 0)
			text_add(text, "\"%u:%u\": ", (unsigned)errors->error[i].line,
			    (unsigned)errors->error[i].column);
		json_put_quoted(&text->sink, errors->error[i].text);
		text_str(text, "\n");
	}
	text_str(text, "  ...\n");
}

static void
tap_end(struct report *report)
{
	text_add(&report->text, "1..%" PRIu64 "\n", points(&report->counts));
}

const struct report_format report_format_tap = {
	.begin = tap_begin,
	.bad_file = tap_bad_file,
	.outcome = tap_outcome,
	.end = tap_end,
};
