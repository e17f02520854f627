/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report for people: one line a scenario, under it what did not hold and why, and, where they
 * are asked for, the story or the trace of the run.
 */
#include "report/report_formats.h"

#include <inttypes.h>
#include <string.h>

#include "report/report_stale.h"

#define INDENT 6

/* --- story and trace -------------------------------------------------------------------------- */

static void
plain_scenario(struct report *report)
{
	struct text *text = &report->text;

	if (!report_wants_events(report))
		return;
	text_style(text, TEXT_STRONG);
	decode_title(text, report->scenario);
	text_style(text, TEXT_PLAIN);
	text_str(text, "\n");
	report->line[0] = '\0';
	report->line_again = 0;
}

static void
plain_scene_begin(struct report *report)
{
	const struct story_scene *scene = &report->scene;
	const struct scn_step *step;
	struct text *text = &report->text;

	if (!report->options.trace)
		return;
	text_str(text, "  ");
	text_style(text, TEXT_STRONG);
	text_safe(text, decode_thread(report->scenario, scene->thread));
	if (scene->step >= 0) {
		text_add(text, " %d: ", scene->step + 1);
		decode_operation(text, report->scenario, scene->thread, scene->step);
	}
	text_style(text, TEXT_PLAIN);
	if (scene->continued)
		text_str(text, " goes on");
	step = decode_find_step(report->scenario, scene->thread, scene->step);
	if (step != NULL && step->what != NULL && !scene->continued) {
		text_str(text, "  # ");
		text_safe(text, step->what);
	}
	text_str(text, "\n");
}

static void
plain_event(struct report *report, const struct event *event)
{
	trace_event_text(&report->text, &report->decoder, event);
}

static void
tell_again(struct report *report)
{
	if (report->line_again != 0) {
		text_str(&report->text, "    the same again, ");
		text_count(&report->text, report->line_again, "time");
		text_str(&report->text, "\n");
	}
	report->line_again = 0;
}

static void
plain_scene_end(struct report *report)
{
	char line[REPORT_LINE_SIZE];
	struct text_buffer buffer = { line, sizeof(line), 0 };
	struct scn_sink sink;
	struct text text;

	if (report->options.trace || story_is_empty(&report->scene))
		return;
	sink = text_buffer_sink(&buffer);
	text_init(&text, &sink, 0);
	story_write_text(&text, report->scenario, &report->scene);
	if (strcmp(line, report->line) == 0) {
		report->line_again++;
		return;
	}
	tell_again(report);
	text_put(&report->text, line, buffer.used);
	text_str(&report->text, "\n");
	memcpy(report->line, line, buffer.used + 1);
}

/* --- outcome ---------------------------------------------------------------------------------- */

static void
write_console(struct text *text, const struct play_outcome *outcome)
{
	const unsigned char *at = outcome->console, *end;

	if (outcome->console_size == 0)
		return;
	end = at + outcome->console_size;
	while (at < end) {
		const unsigned char *newline = memchr(at, '\n', (size_t)(end - at));
		const unsigned char *stop = newline != NULL ? newline : end;

		text_to(text, INDENT);
		text_str(text, "| ");
		text_bytes(text, at, (size_t)(stop - at));
		text_str(text, newline != NULL ? "\n" : "\\\n");
		at = newline != NULL ? newline + 1 : end;
	}
}

/* Where it was and why, for all that did not hold of one step. */
static void
write_reason(struct report *report, const struct play_mismatch *mismatch)
{
	const struct scenario *scenario = report->scenario;
	const struct explanation *why = mismatch->why;
	struct text *text = &report->text;

	if (decode_find_step(scenario, mismatch->thread, mismatch->step) != NULL) {
		text_to(text, INDENT + 2);
		report_write_where(text, scenario, mismatch);
		text_str(text, "\n");
	}
	/* Of an exploration the cause says it. */
	if (mismatch->stale != NULL && report->finding == NULL) {
		text_to(text, INDENT + 2);
		text_str(text, "stale: ");
		stale_write(text, scenario, mismatch->stale);
		text_str(text, "\n");
	}
	if (why == NULL)
		return;
	why_write_verdict(text, &report->decoder, mismatch->thread, why, INDENT + 2);
	/* How an access went that passes is for those who want every event. */
	if (report->finding != NULL ? report->options.details > 1 :
	    why->outcome != EVENT_OK || report->options.trace)
		why_write_reads(text, &report->decoder, mismatch->thread, why, INDENT + 2);
}

static int
is_same_step(const struct play_mismatch *a, const struct play_mismatch *b)
{
	return a->thread == b->thread && a->step == b->step;
}

static void
write_failures(struct report *report, const struct play_outcome *outcome)
{
	struct text *text = &report->text;
	size_t i;

	for (i = 0; i < outcome->mismatches; i++) {
		const struct play_mismatch *mismatch = &outcome->mismatch[i];

		text_to(text, INDENT);
		report_write_mismatch(text, report->scenario, mismatch);
		text_str(text, "\n");
		if (i + 1 == outcome->mismatches || !is_same_step(mismatch, mismatch + 1))
			write_reason(report, mismatch);
	}
	if (outcome->more != 0) {
		text_to(text, INDENT);
		text_add(text, "and %zu more\n", outcome->more);
	}
	if (report->options.seed_given) {
		text_to(text, INDENT);
		text_add(text, "with --seed %" PRIu64 "\n", report->options.seed);
	}
}

/* When it was due. */
static void
write_after(struct text *text, const struct scenario *scenario, const struct stale *stale)
{
	if (stale->changer < 0 || stale->changer_step < 0)
		return;
	text_add(text, ", after step %d of ", stale->changer_step + 1);
	text_safe(text, decode_thread(scenario, stale->changer));
}

static void
write_advice(struct text *text, const struct scenario *scenario, const struct play_advice *advice)
{
	text_to(text, INDENT);
	text_str(text, "missing: ");
	stale_write_remedy(text, &advice->stale);
	write_after(text, scenario, &advice->stale);
	text_str(text, "\n");
	text_to(text, INDENT + 2);
	stale_write_cause(text, scenario, &advice->stale);
	text_str(text, "\n");
	text_to(text, INDENT + 2);
	if (advice->uses == 0) {
		text_add(text, "cached to the end: %s 0x%" PRIx64 "\n", advice->kept,
		    advice->address);
		return;
	}
	text_str(text, "used by ");
	text_safe(text, decode_thread(scenario, advice->thread));
	text_add(text, " in step %d: 0x%" PRIx64, advice->step + 1, advice->address);
	if (advice->uses > 1) {
		text_str(text, ", ");
		text_count(text, advice->uses, "time");
	}
	text_str(text, "\n");
}

static void
write_advices(struct report *report, const struct play_outcome *outcome)
{
	struct text *text = &report->text;
	size_t i;

	for (i = 0; i < outcome->advices; i++)
		write_advice(text, report->scenario, &outcome->advice[i]);
	if (outcome->more_advices != 0) {
		text_to(text, INDENT);
		text_add(text, "and %zu more\n", outcome->more_advices);
	}
}

static void
plain_outcome(struct report *report, enum play_status status, const struct play_outcome *outcome)
{
	int passed = status == PLAY_DONE && outcome->passed;
	struct text *text = &report->text;

	tell_again(report);
	if (passed && report->options.quiet && outcome->advices == 0)
		return;
	text_style(text, passed ? TEXT_GOOD : TEXT_BAD);
	text_str(text, passed ? "ok" : "FAIL");
	text_style(text, TEXT_PLAIN);
	text_to(text, INDENT);
	report_write_title(report, text);
	text_str(text, "\n");
	if (status != PLAY_DONE) {
		text_to(text, INDENT);
		text_str(text, report_reason(report, status));
		text_str(text, "\n");
		return;
	}
	if (!report->options.quiet && outcome->console_size != 0)
		write_console(text, outcome);
	write_failures(report, outcome);
	write_advices(report, outcome);
	if (report->finding != NULL)
		report_explored_text(report);
}

static void
plain_end(struct report *report)
{
	if (report_is_good(report) && report->options.quiet)
		return;
	report_write_summary(&report->text, report);
	text_str(&report->text, "\n");
}

const struct report_format report_format_text = {
	.scenario = plain_scenario,
	.scene_begin = plain_scene_begin,
	.event = plain_event,
	.scene_end = plain_scene_end,
	.outcome = plain_outcome,
	.end = plain_end,
};
