/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reports as text and as JSON, into whatever takes characters.
 */
#include "conform/conform.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform/conform_report.h"

struct writer {
	conform_put put;
	void *ctx;
};

static const char *const kind_names[] = {
	[CONFORM_FIELD] = "field",
	[CONFORM_FAMILY] = "family",
	[CONFORM_STEP] = "step",
	[CONFORM_OUTCOME] = "outcome",
};

static const char *const side_names[] = { [EVENT_GUEST] = "guest", [EVENT_EPT] = "ept" };

static void
write_text(const struct writer *w, const char *text)
{
	w->put(w->ctx, text, strlen(text));
}

/* For pieces that fit a line; file names and messages go through write_text(). */
static void __attribute__((format(printf, 2, 3)))
write_format(const struct writer *w, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_text(w, line);
}

/* --- text ---------------------------------------------------------------------------------- */

static void
text_family(const struct writer *w, const struct conform_family *family)
{
	write_format(w, "%-8s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %11" PRIu64 "\n", family->name,
	    family->cases, family->agree, family->differ, family->unsupported);
}

static void
text_walk(const struct writer *w, const struct conform_difference *difference)
{
	const struct explanation *why = difference->why;
	unsigned i;

	if (difference->cached)
		write_text(w, "  answered by a cached translation; the tables hold:\n");
	else
		write_text(w, why->reads == 0 ? "  walk: no entry was read\n" : "  walk:\n");
	for (i = 0; i < why->reads; i++) {
		const struct explain_read *read = &why->read[i];

		write_format(w, "    %3u  %-5s level %u  at 0x%010" PRIx64 "  0x%016" PRIx64
		    "%s%s\n", read->order, side_names[read->side], read->level, read->slot,
		    read->entry, read->update ? "  to set flags" : "",
		    read->failed ? "  <- here" : "");
	}
	write_format(w, "    %s", why->verdict);
	if (why->rule[0] != '\0')
		write_format(w, " [%s]", why->rule);
	write_text(w, "\n");
	if (why->remedy[0] != '\0')
		write_format(w, "    to pass: %s\n", why->remedy);
}

static void
text_difference(const struct writer *w, const struct conform_difference *difference)
{
	unsigned i;

	write_text(w, "\n");
	write_text(w, difference->file);
	write_format(w, ":%" PRIu64 ": case %" PRIu64 ", family %s, \"%s\"\n", difference->line,
	    difference->id, difference->family, difference->tag);
	if (difference->step == 0)
		write_text(w, "  ended at VM entry\n");
	else
		write_format(w, "  ended at step %u of %u (%s)\n", difference->step,
		    difference->steps, difference->step_name);
	for (i = 0; i < difference->fields; i++)
		write_format(w, "  %-20s expected %s, found %s\n", difference->field[i].name,
		    difference->field[i].expected, difference->field[i].found);
	text_walk(w, difference);
}

static void
text_unknowns(const struct writer *w, const struct conform_report *report)
{
	unsigned i;

	for (i = 0; i < report->unknowns; i++) {
		const struct conform_unknown *unknown = &report->unknown[i];

		write_text(w, unknown->file);
		write_format(w, ":%" PRIu64 ": found unknown %s \"%s\", %" PRIu64 " %s\n",
		    unknown->line, kind_names[unknown->kind], unknown->name, unknown->count,
		    unknown->count == 1 ? "time" : "times");
	}
	if (report->unknowns_left_out != 0)
		write_format(w, "and %" PRIu64 " more of other unknown names\n",
		    report->unknowns_left_out);
}

void
conform_write_text(const struct conform_report *report, const struct conform_options *options,
    conform_put put, void *ctx)
{
	struct writer w = { put, ctx };
	unsigned i;

	if (!options->quiet || report->total.agree != report->total.cases)
		write_format(&w, "%-8s %9s %9s %9s %11s\n", "family", "cases", "agree", "differ",
		    "unsupported");
	for (i = 0; i < report->families; i++) {
		if (!options->quiet || report->family[i].agree != report->family[i].cases)
			text_family(&w, &report->family[i]);
	}
	if (!options->quiet)
		text_family(&w, &report->total);
	for (i = 0; i < report->differences; i++)
		text_difference(&w, &report->difference[i]);
	if (report->differences_left_out != 0)
		write_format(&w, "\nand %" PRIu64 " more\n", report->differences_left_out);
	if (report->unknowns != 0) {
		write_text(&w, "\n");
		text_unknowns(&w, report);
	}
}

void
conform_write_errors(const struct conform_report *report,
    const struct conform_options *options, conform_put put, void *ctx)
{
	struct writer w = { put, ctx };
	unsigned i;

	for (i = 0; i < report->errors; i++) {
		write_text(&w, report->error[i]);
		write_text(&w, "\n");
	}
	if (report->errors_left_out != 0)
		write_text(&w, "and more errors\n");
	if (!options->lenient)
		text_unknowns(&w, report);
}

/* --- JSON ---------------------------------------------------------------------------------- */

/* Text that may come from a file name: what is not UTF-8 shows as '?'. */
static json_t *
json_text(const char *text)
{
	json_t *value = json_string(text);
	size_t size = strlen(text) + 1;
	char *clean;

	if (value != NULL)
		return value;
	clean = malloc(size);
	if (clean == NULL)
		return NULL;
	conform_copy_text(clean, size, text);
	value = json_string(clean);
	free(clean);
	return value;
}

static json_t *
json_hex(uint64_t value)
{
	return json_sprintf("0x%" PRIx64, value);
}

static json_t *
json_count(uint64_t count)
{
	return json_integer((json_int_t)count);
}

static json_t *
json_family(const struct conform_report *report, unsigned i)
{
	const struct conform_family *family = &report->family[i];

	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "family", family->name, "cases",
	    json_count(family->cases), "agree", json_count(family->agree), "differ",
	    json_count(family->differ), "unsupported", json_count(family->unsupported));
}

static json_t *
json_total(const struct conform_report *report)
{
	const struct conform_family *total = &report->total;

	return json_pack("{s:o, s:o, s:o, s:o}", "cases", json_count(total->cases), "agree",
	    json_count(total->agree), "differ", json_count(total->differ), "unsupported",
	    json_count(total->unsupported));
}

static json_t *
json_fields(const struct conform_difference *difference)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < difference->fields; i++) {
		const struct conform_field *field = &difference->field[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "field", field->name,
		    "expected", field->expected, "found", field->found));
	}
	return list;
}

static json_t *
json_reads(const struct explanation *why)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < why->reads; i++) {
		const struct explain_read *read = &why->read[i];

		json_array_append_new(list, json_pack("{s:i, s:s, s:i, s:o, s:o, s:o, s:b, s:b}",
		    "order", (int)read->order, "side", side_names[read->side], "level",
		    (int)read->level, "slot", json_hex(read->slot), "entry",
		    json_hex(read->entry), "address", json_hex(read->address), "update",
		    (int)read->update, "failed", (int)read->failed));
	}
	return list;
}

static json_t *
json_difference(const struct conform_report *report, unsigned i)
{
	const struct conform_difference *difference = &report->difference[i];
	const struct explanation *why = difference->why;

	return json_pack("{s:o, s:o, s:o, s:s, s:s, s:i, s:i, s:s, s:o, s:b, s:o, s:s, s:s, s:s}",
	    "file", json_text(difference->file), "line", json_count(difference->line), "id",
	    json_count(difference->id), "family", difference->family, "tag", difference->tag,
	    "step", (int)difference->step, "steps", (int)difference->steps, "step-name",
	    difference->step_name, "fields", json_fields(difference), "cached",
	    (int)difference->cached, "walk", json_reads(why), "rule", why->rule, "verdict",
	    why->verdict, "remedy", why->remedy);
}

static json_t *
json_unknown(const struct conform_report *report, unsigned i)
{
	const struct conform_unknown *unknown = &report->unknown[i];

	return json_pack("{s:s, s:s, s:o, s:o, s:o}", "kind", kind_names[unknown->kind], "name",
	    unknown->name, "file", json_text(unknown->file), "line", json_count(unknown->line),
	    "count", json_count(unknown->count));
}

static json_t *
json_error(const struct conform_report *report, unsigned i)
{
	return json_text(report->error[i]);
}

static int
dump_put(const char *text, size_t size, void *ctx)
{
	const struct writer *w = ctx;

	w->put(w->ctx, text, size);
	return 0;
}

/* Writes a value on the rest of the line and releases it; NULL: there was no memory for it. */
static bool
dump(struct writer *w, json_t *value)
{
	bool good = value != NULL &&
	    json_dump_callback(value, dump_put, w, JSON_ENCODE_ANY) == 0;

	json_decref(value);
	return good;
}

static bool
dump_list(struct writer *w, const char *name, const struct conform_report *report, unsigned count,
    json_t *(*make)(const struct conform_report *report, unsigned i))
{
	bool good = true;
	unsigned i;

	write_format(w, "\"%s\": [", name);
	for (i = 0; good && i < count; i++) {
		write_text(w, i == 0 ? "\n  " : ",\n  ");
		good = dump(w, make(report, i));
	}
	write_text(w, count == 0 ? "]" : "\n]");
	return good;
}

bool
conform_write_json(const struct conform_report *report, conform_put put, void *ctx)
{
	struct writer w = { put, ctx };
	bool good;

	write_text(&w, "{\"vkept\": \"" VKEPT_VERSION "\",\n");
	good = dump_list(&w, "families", report, report->families, json_family);
	write_text(&w, ",\n\"total\": ");
	good = good && dump(&w, json_total(report));
	write_text(&w, ",\n");
	good = good && dump_list(&w, "differences", report, report->differences, json_difference);
	write_text(&w, ",\n");
	good = good && dump_list(&w, "unknown", report, report->unknowns, json_unknown);
	write_text(&w, ",\n");
	good = good && dump_list(&w, "errors", report, report->errors, json_error);
	write_text(&w, "}\n");
	return good;
}
