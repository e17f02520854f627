/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An exploration for programs: as lines in the reports of test harnesses, and as an object.
 */
#include "report/report_formats.h"

/* --- lines for programs ----------------------------------------------------------------------- */

/* "3 master: reads cpulock: 0", one line a row. */
static void
row_line(struct columns *columns, const struct columns_row *row, char *line, size_t size)
{
	struct text_buffer buffer = { line, size, 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	if (row->move != COLUMNS_NO_MOVE)
		text_add(&text, "%zu ", row->move + 1);
	text_add(&text, "%s: ", decode_thread(columns->scenario, (int)row->thread));
	columns_write_row(&text, columns, row);
}

static int
is_of_run(const struct report_run *run, const struct columns_row *row)
{
	return row->move == COLUMNS_NO_MOVE || row->move < run->replayed.made.moves;
}

void
report_explored_lines(struct report *report, struct text *text)
{
	struct report_run *run = report->finding->run;
	char line[REPORT_LINE_SIZE];
	size_t i;

	if (run == NULL)
		return;
	report_cause_line(report, line, sizeof(line));
	text_add(text, "cause: %s\n", line);
	for (i = 0; i < run->columns.rows; i++) {
		if (!is_of_run(run, &run->columns.row[i]))
			continue;
		row_line(&run->columns, &run->columns.row[i], line, sizeof(line));
		text_add(text, "%s\n", line);
	}
}

void
report_explored_tap(struct report *report)
{
	struct report_run *run = report->finding->run;
	struct text *text = &report->text;
	char line[REPORT_LINE_SIZE];
	size_t i;

	if (run == NULL)
		return;
	report_cause_line(report, line, sizeof(line));
	text_str(text, "  cause: ");
	json_put_quoted(&text->sink, line);
	text_str(text, "\n  schedule:\n");
	for (i = 0; i < run->columns.rows; i++) {
		if (!is_of_run(run, &run->columns.row[i]))
			continue;
		row_line(&run->columns, &run->columns.row[i], line, sizeof(line));
		text_str(text, "    - ");
		json_put_quoted(&text->sink, line);
		text_str(text, "\n");
	}
}

/* --- JSON ------------------------------------------------------------------------------------- */

static const char *
end_name(const struct report_finding *finding)
{
	static const char *const names[] = {
		[EXPLORE_COMPLETE] = "complete",
		[EXPLORE_BUDGET] = "states",
		[EXPLORE_BYTES] = "memory",
		[EXPLORE_DEPTH] = "depth",
		[EXPLORE_SAMPLED] = "random",
		[EXPLORE_NO_MEMORY] = "no-memory",
		[EXPLORE_OVER_LIMIT] = "over-limit",
		[EXPLORE_PROGRAMS] = "programs",
		[EXPLORE_NO_YIELD] = "no-yield",
		[EXPLORE_UNFIT] = "unfit",
	};

	if (finding->search == REPORT_REPLAY)
		return "replay";
	if (finding->run != NULL && finding->options->end_at_violation)
		return "violation";
	return names[finding->result.end];
}

static void
put_bounds(struct json *json, const struct report_finding *finding)
{
	const struct explore_options *options = finding->options;

	json_put_line_object(json, "bounds");
	if (options->bounded)
		json_put_number(json, "preemptions", options->preemptions);
	if (options->depth_max != 0)
		json_put_number(json, "depth", options->depth_max);
	if (options->states_max != 0)
		json_put_number(json, "states", options->states_max);
	if (options->bytes_max != 0)
		json_put_number(json, "memory", options->bytes_max);
	if (finding->search == REPORT_RANDOM) {
		json_put_number(json, "runs", finding->runs);
		json_put_address(json, "seed", finding->seed);
	}
	json_put_end(json);
}

static void
put_stats(struct json *json, const struct explore_stats *stats)
{
	const struct {
		const char *key;
		uint64_t number;
	} rows[] = {
		{ "states", stats->states }, { "followed", stats->visited },
		{ "moves", stats->moves }, { "ends", stats->ends }, { "depth", stats->depth },
		{ "live-moves", stats->live_moves }, { "runs", stats->runs },
		{ "passes", stats->passes }, { "bytes-per-state", stats->state_bytes },
		{ "cells", stats->cells }, { "shared", stats->shared },
		{ "places", stats->places },
	};
	size_t i;

	json_put_line_object(json, "stats");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_put_number(json, rows[i].key, rows[i].number);
	json_put_end(json);
}

static void
put_outcomes(struct json *json, const struct scenario *scenario, uint64_t reached)
{
	size_t i;

	json_put_array(json, "outcomes");
	for (i = 0; i < scenario->reaches; i++) {
		const struct scn_reach *reach = &scenario->reach[i];

		json_put_line_object(json, NULL);
		json_put_number(json, "line", reach->final.src.mark.line);
		json_put_number(json, "column", reach->final.src.mark.column);
		if (reach->what != NULL)
			json_put_string(json, "what", reach->what);
		json_put_bool(json, "wanted", reach->wanted);
		json_put_bool(json, "found", (int)(reached >> i & 1));
		json_put_end(json);
	}
	json_put_end(json);
}

static void
put_row(struct json *json, struct columns *columns, const struct columns_row *row)
{
	static const char *const names[] = {
		[COLUMNS_STEP] = "step",
		[COLUMNS_TOUCH] = "touch",
		[COLUMNS_HAPPENED] = "happened",
		[COLUMNS_FAILURE] = "failure",
	};
	char line[REPORT_LINE_SIZE];
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	columns_write_row(&text, columns, row);
	json_put_line_object(json, NULL);
	if (row->move != COLUMNS_NO_MOVE)
		json_put_number(json, "move", row->move + 1);
	json_put_string(json, "thread", decode_thread(columns->scenario, (int)row->thread));
	json_put_string(json, names[row->kind], line);
	json_put_end(json);
}

static void
put_run(struct json *json, struct report_run *run)
{
	size_t i;

	json_put_number(json, "moves", run->replayed.made.moves);
	json_put_number(json, "switches", explore_switches(&run->replayed.made));
	json_put_array(json, "schedule");
	for (i = 0; i < run->columns.rows; i++) {
		const struct columns_row *row = &run->columns.row[i];

		if (is_of_run(run, row))
			put_row(json, &run->columns, row);
	}
	json_put_end(json);
}

void
report_explored_json(struct report *report)
{
	static const char *const violations[] = {
		[EXPLORE_NONE] = "none",
		[EXPLORE_EXPECTATION] = "expectation",
		[EXPLORE_STUCK] = "stuck",
		[EXPLORE_UNREACHED] = "unreached",
	};
	const struct report_finding *finding = report->finding;
	struct json *json = &report->json;
	enum explore_violation violation = finding->result.violation;
	char cause[REPORT_LINE_SIZE];

	if (violation == EXPLORE_NONE && report_finding_missing(report->scenario, finding) != 0)
		violation = EXPLORE_UNREACHED;
	json_put_object(json, "exploration");
	json_put_string(json, "end", end_name(finding));
	json_put_string(json, "violation", violations[violation]);
	put_bounds(json, finding);
	put_stats(json, &finding->result.stats);
	put_outcomes(json, report->scenario, finding->result.reached);
	if (finding->run != NULL) {
		report_cause_line(report, cause, sizeof(cause));
		json_put_string(json, "cause", cause);
		put_run(json, finding->run);
	}
	json_put_end(json);
}
