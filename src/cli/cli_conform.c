/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of vkept conform as TAP, version 13, and as JUnit's XML.
 *
 * A family is a test, with those of the differences that are kept below it.  What the reader did
 * not know, and errors of the input, are told on standard error and by the exit status alone.
 */
#include "cli/cli_conform.h"

#include <inttypes.h>

#include "report/report_json.h"

#define LINE_SIZE 1024

static int
is_good(const struct conform_family *family, const struct conform_options *options)
{
	return family->differ == 0 && (family->unsupported == 0 || options->allow_unsupported);
}

/* "file:12: case 7: qualification: expected 0x1aa, found 0x1ab", field after field. */
static void
write_difference(struct text *text, const struct conform_difference *difference)
{
	unsigned i;

	text_safe(text, difference->file);
	text_add(text, ":%" PRIu64 ": case %" PRIu64, difference->line, difference->id);
	for (i = 0; i < difference->fields; i++) {
		text_str(text, i == 0 ? ": " : "; ");
		text_safe(text, difference->field[i].name);
		text_str(text, ": expected ");
		text_safe(text, difference->field[i].expected);
		text_str(text, ", found ");
		text_safe(text, difference->field[i].found);
	}
}

static void
write_counts(struct text *text, const struct conform_family *family)
{
	text_count(text, family->cases, "case");
	if (family->differ != 0)
		text_add(text, ", %" PRIu64 " differ", family->differ);
	if (family->unsupported != 0)
		text_add(text, ", %" PRIu64 " unsupported", family->unsupported);
}

/* The next difference of the family that was kept, from *at on; NULL behind the last. */
static const struct conform_difference *
next_difference(const struct conform_report *report, const struct conform_family *family,
    unsigned *at)
{
	while (*at < report->differences) {
		const struct conform_difference *difference = &report->difference[(*at)++];

		if (conform_family_of(report, difference->family) == family)
			return difference;
	}
	return NULL;
}

/* --- TAP -------------------------------------------------------------------------------------- */

static void
quote_difference(struct text *text, const struct conform_difference *difference)
{
	char line[LINE_SIZE];
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text words;

	text_init(&words, &sink, 0);
	write_difference(&words, difference);
	text_str(text, "    - ");
	json_put_quoted(&text->sink, line);
	text_str(text, "\n");
}

static void
tap_family(struct text *text, const struct conform_report *report,
    const struct conform_options *options, unsigned number)
{
	const struct conform_family *family = &report->family[number];
	struct text description = text_description(text);
	const struct conform_difference *difference;
	unsigned at = 0;

	text_add(text, "%s %u - ", is_good(family, options) ? "ok" : "not ok", number + 1);
	text_str(&description, "family ");
	text_safe(&description, family->name);
	text_str(&description, ": ");
	write_counts(&description, family);
	text_str(text, "\n");
	difference = next_difference(report, family, &at);
	if (difference == NULL)
		return;
	text_str(text, "  ---\n  differences:\n");
	for (; difference != NULL; difference = next_difference(report, family, &at))
		quote_difference(text, difference);
	text_str(text, "  ...\n");
}

void
cli_conform_tap(const struct conform_report *report, const struct conform_options *options,
    const struct scn_sink *sink)
{
	struct text text;
	unsigned i;

	text_init(&text, sink, 0);
	text_str(&text, "TAP version 13\n");
	for (i = 0; i < report->families; i++)
		tap_family(&text, report, options, i);
	text_add(&text, "1..%u\n", report->families);
}

/* --- JUnit ------------------------------------------------------------------------------------ */

static void
junit_family(struct text *text, const struct conform_report *report,
    const struct conform_options *options, const struct conform_family *family)
{
	struct text content = text_content(text);
	const struct conform_difference *difference;
	unsigned at = 0;

	text_str(text, "    <testcase name=\"");
	text_safe(&content, family->name);
	text_str(text, "\" classname=\"conform\">\n");
	if (!is_good(family, options)) {
		text_str(text, "      <failure type=\"difference\" message=\"");
		write_counts(&content, family);
		text_str(text, "\">");
		while ((difference = next_difference(report, family, &at)) != NULL) {
			write_difference(&content, difference);
			text_str(text, "\n");
		}
		text_str(text, "</failure>\n");
	}
	text_str(text, "    </testcase>\n");
}

void
cli_conform_junit(const struct conform_report *report, const struct conform_options *options,
    const struct scn_sink *sink)
{
	unsigned failed = 0, i;
	struct text text;

	for (i = 0; i < report->families; i++)
		failed += !is_good(&report->family[i], options);
	text_init(&text, sink, 0);
	text_str(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<testsuites name=\"vkept conform\">\n");
	text_add(&text, "  <testsuite name=\"conform\" tests=\"%u\" failures=\"%u\" "
	    "errors=\"0\">\n", report->families, failed);
	for (i = 0; i < report->families; i++)
		junit_family(&text, report, options, &report->family[i]);
	text_str(&text, "  </testsuite>\n</testsuites>\n");
}
