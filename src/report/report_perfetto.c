/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenarios on a timeline: each is a process, what did not hold is a mark where it ends.
 */
#include "report/report_formats.h"

#define NAME_SIZE 160

static void
perfetto_begin(struct report *report)
{
	struct scn_sink sink = report->json.sink;

	timeline_begin(&report->timeline, &sink, report->options.version,
	    report->options.timeline_most);
}

static void
perfetto_scenario(struct report *report)
{
	const struct scenario *scenario = report->scenario;
	char name[NAME_SIZE];
	struct text_buffer buffer = { name, sizeof(name), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;
	size_t i;

	text_init(&text, &sink, 0);
	decode_name(&text, scenario);
	if (!timeline_process(&report->timeline, &report->decoder, name, scenario->threads)) {
		report->no_memory = 1;
		return;
	}
	for (i = 0; i < scenario->threads; i++)
		timeline_thread(&report->timeline, i, scenario->thread[i].name);
}

static void
perfetto_event(struct report *report, const struct event *event)
{
	timeline_event(&report->timeline, event);
}

static void
mark_failure(struct report *report, const struct play_mismatch *mismatch)
{
	char name[NAME_SIZE];
	struct text_buffer buffer = { name, sizeof(name), 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	text_add(&text, "FAILS: %s: expected ", mismatch->field);
	text_safe(&text, mismatch->expected);
	text_str(&text, ", found ");
	text_safe(&text, mismatch->found);
	timeline_mark(&report->timeline, mismatch->thread, "failure", name);
}

static void
perfetto_outcome(struct report *report, enum play_status status, const struct play_outcome *outcome)
{
	size_t i;

	timeline_stop(&report->timeline);
	for (i = 0; status == PLAY_DONE && i < outcome->mismatches; i++)
		mark_failure(report, &outcome->mismatch[i]);
	timeline_process_end(&report->timeline);
}

static void
perfetto_end(struct report *report)
{
	timeline_end(&report->timeline);
}

const struct report_format report_format_perfetto = {
	.begin = perfetto_begin,
	.scenario = perfetto_scenario,
	.event = perfetto_event,
	.outcome = perfetto_outcome,
	.end = perfetto_end,
};
