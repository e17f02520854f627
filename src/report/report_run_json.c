/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as one JSON document.
 *
 * It is written as the run goes: scenarios one after the other, in each the scenes (what each step
 * did, with every event when a trace is wanted) before the outcome.
 */
#include "report/report_formats.h"
#include "report/report_stale.h"

static void
document_begin(struct report *report)
{
	struct json *json = &report->json;

	json_put_object(json, NULL);
	json_put_string(json, "vkept", report->options.version);
	if (report->options.seed_given)
		json_put_address(json, "seed", report->options.seed);
	json_put_array(json, "files");
}

static void
document_file_begin(struct report *report, const char *file)
{
	struct json *json = &report->json;

	json_put_object(json, NULL);
	json_put_string(json, "file", file);
	json_put_array(json, "scenarios");
}

static void
document_file_end(struct report *report)
{
	json_put_end(&report->json); /* scenarios, or errors */
	json_put_end(&report->json);
}

static void
document_bad_file(struct report *report, const struct scenario_errors *errors)
{
	struct json *json = &report->json;
	size_t i;

	json_put_end(json);
	json_put_array(json, "errors");
	for (i = 0; i < errors->count; i++) {
		json_put_line_object(json, NULL);
		json_put_number(json, "line", errors->error[i].line);
		json_put_number(json, "column", errors->error[i].column);
		json_put_string(json, "text", errors->error[i].text);
		json_put_end(json);
	}
}

/* --- scenes ----------------------------------------------------------------------------------- */

static void
document_scenario(struct report *report)
{
	struct json *json = &report->json;

	json_put_object(json, NULL);
	json_put_string(json, "name", report->scenario->name);
	json_put_string(json, "variant", report->scenario->variant);
	json_put_array(json, "scenes");
}

static void
document_scene_begin(struct report *report)
{
	const struct scenario *scenario = report->scenario;
	const struct story_scene *scene = &report->scene;
	const struct scn_step *step = decode_find_step(scenario, scene->thread, scene->step);
	struct json *json = &report->json;

	json_put_object(json, NULL);
	json_put_string(json, "thread", decode_thread(scenario, scene->thread));
	if (step != NULL) {
		json_put_number(json, "step", (uint64_t)scene->step + 1);
		json_put_number(json, "line", step->src.mark.line);
		json_put_number(json, "column", step->src.mark.column);
		json_put_string(json, "op", scn_op_name(step->op));
		if (step->what != NULL)
			json_put_string(json, "what", step->what);
		json_put_bool(json, "continued", scene->continued);
	}
	if (report->options.trace)
		json_put_array(json, "events");
}

static void
document_event(struct report *report, const struct event *event)
{
	trace_event_json(&report->json, &report->decoder, event);
}

static void
document_scene_end(struct report *report)
{
	if (report->options.trace)
		json_put_end(&report->json);
	story_write_json(&report->json, &report->scene);
	json_put_end(&report->json);
}

/* --- outcome ---------------------------------------------------------------------------------- */

static void
write_mismatch(struct report *report, const struct play_mismatch *mismatch)
{
	const struct scenario *scenario = report->scenario;
	const struct scn_step *step = decode_find_step(scenario, mismatch->thread, mismatch->step);
	struct json *json = &report->json;

	json_put_object(json, NULL);
	json_put_number(json, "line", mismatch->mark.line);
	json_put_number(json, "column", mismatch->mark.column);
	if (step != NULL) {
		json_put_string(json, "thread", decode_thread(scenario, mismatch->thread));
		json_put_number(json, "step", (uint64_t)mismatch->step + 1);
		json_put_string(json, "op", scn_op_name(step->op));
		if (step->what != NULL)
			json_put_string(json, "what", step->what);
	}
	json_put_string(json, "field", mismatch->field);
	json_put_string(json, "expected", mismatch->expected);
	json_put_string(json, "found", mismatch->found);
	if (mismatch->stale != NULL) {
		json_put_object(json, "stale");
		stale_write_json(json, scenario, mismatch->stale);
		json_put_end(json);
	}
	if (mismatch->why != NULL)
		why_write_json(json, "why", &report->decoder, mismatch->thread, mismatch->why);
	json_put_end(json);
}

static void
write_ends(struct report *report, const struct play_outcome *outcome)
{
	const struct scenario *scenario = report->scenario;
	struct json *json = &report->json;
	size_t i;

	json_put_array(json, "threads");
	for (i = 0; i < scenario->threads; i++) {
		json_put_line_object(json, NULL);
		json_put_string(json, "name", scenario->thread[i].name);
		json_put_string(json, "role", scn_role_name(scenario->thread[i].role));
		json_put_string(json, "end", scn_end_name(outcome->end[i]));
		json_put_end(json);
	}
	json_put_end(json);
}

static void
write_advice(struct json *json, const struct scenario *scenario, const struct play_advice *advice)
{
	json_put_object(json, NULL);
	stale_write_json(json, scenario, &advice->stale);
	json_put_number(json, "uses", advice->uses);
	if (advice->uses != 0) {
		json_put_string(json, "thread", decode_thread(scenario, advice->thread));
		json_put_number(json, "step", (uint64_t)advice->step + 1);
	} else {
		json_put_string(json, "kept", advice->kept);
	}
	json_put_address(json, "address", advice->address);
	json_put_end(json);
}

static void
write_advices(struct report *report, const struct play_outcome *outcome)
{
	struct json *json = &report->json;
	size_t i;

	json_put_array(json, "missing");
	for (i = 0; i < outcome->advices; i++)
		write_advice(json, report->scenario, &outcome->advice[i]);
	json_put_end(json);
	json_put_number(json, "more-missing", outcome->more_advices);
}

static void
write_outcome(struct report *report, const struct play_outcome *outcome)
{
	struct json *json = &report->json;
	size_t i;

	json_put_array(json, "mismatches");
	for (i = 0; i < outcome->mismatches; i++)
		write_mismatch(report, &outcome->mismatch[i]);
	json_put_end(json);
	json_put_number(json, "more-mismatches", outcome->more);
	if (report->finding != NULL) {
		report_explored_json(report);
		return;
	}
	json_put_number(json, "steps", outcome->steps);
	write_ends(report, outcome);
	json_put_bytes(json, "console", outcome->console, outcome->console_size);
	if (report->options.advise)
		write_advices(report, outcome);
	json_put_object(json, "counters");
	for (i = 0; i < SCN_COUNTERS; i++)
		json_put_number(json, scn_counter_name((enum scn_counter)i), outcome->counter[i]);
	json_put_end(json);
}

static void
document_outcome(struct report *report, enum play_status status, const struct play_outcome *outcome)
{
	struct json *json = &report->json;

	json_put_end(json); /* scenes */
	if (status == PLAY_DONE) {
		json_put_string(json, "status", outcome->passed ? "passed" : "failed");
		write_outcome(report, outcome);
	} else {
		json_put_string(json, "status", "not-played");
		json_put_string(json, "reason", report_reason(report, status));
	}
	json_put_end(json);
}

static void
document_end(struct report *report)
{
	const struct report_counts *counts = &report->counts;
	struct json *json = &report->json;

	json_put_end(json); /* files */
	json_put_line_object(json, "summary");
	json_put_number(json, "passed", counts->passed);
	json_put_number(json, "failed", counts->failed);
	json_put_number(json, "not-played", counts->unplayed);
	json_put_number(json, "bad-files", counts->bad_files);
	if (report->first[0] != '\0')
		json_put_string(json, "first", report->first);
	json_put_end(json);
	json_put_end(json);
}

const struct report_format report_format_json = {
	.begin = document_begin,
	.file_begin = document_file_begin,
	.file_end = document_file_end,
	.bad_file = document_bad_file,
	.scenario = document_scenario,
	.scene_begin = document_scene_begin,
	.event = document_event,
	.scene_end = document_scene_end,
	.outcome = document_outcome,
	.end = document_end,
};
