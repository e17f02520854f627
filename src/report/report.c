/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the formats of a report share: counts, the first failure, the cutting of events into scenes.
 */
#include "report/report_formats.h"

#include <inttypes.h>
#include <string.h>

void
report_begin(struct report *report, const struct report_options *options,
    const struct scn_sink *sink)
{
	static const struct report_format *const formats[] = {
		[REPORT_TEXT] = &report_format_text,
		[REPORT_JSON] = &report_format_json,
		[REPORT_TAP] = &report_format_tap,
		[REPORT_JUNIT] = &report_format_junit,
		[REPORT_PERFETTO] = &report_format_perfetto,
	};

	report->options = *options;
	report->format = formats[options->format];
	text_init(&report->text, sink, options->format == REPORT_TEXT && options->color);
	json_put_init(&report->json, sink);
	memset(&report->counts, 0, sizeof(report->counts));
	report->first[0] = '\0';
	report->no_memory = 0;
	report->scenario = NULL;
	report->in_scene = 0;
	report->finding = NULL;
	report->line[0] = '\0';
	report->line_again = 0;
	if (report->format->begin != NULL)
		report->format->begin(report);
}

void
report_file_begin(struct report *report, const char *file)
{
	if (report->format->file_begin != NULL)
		report->format->file_begin(report, file);
}

void
report_file_end(struct report *report)
{
	if (report->format->file_end != NULL)
		report->format->file_end(report);
}

/* --- the first failure ------------------------------------------------------------------------ */

static void
note_place(struct report *report, const char *file, uint32_t line, uint32_t column)
{
	struct text_buffer buffer = { report->first, sizeof(report->first), 0 };
	struct scn_sink sink;
	struct text text;

	if (report->first[0] != '\0')
		return;
	sink = text_buffer_sink(&buffer);
	text_init(&text, &sink, 0);
	text_safe(&text, file);
	if (line != 0)
		text_add(&text, ":%u:%u", (unsigned)line, (unsigned)column);
}

void
report_bad_file(struct report *report, const struct scenario_errors *errors)
{
	report->counts.bad_files++;
	if (errors->count != 0)
		note_place(report, errors->file, errors->error[0].line, errors->error[0].column);
	if (report->format->bad_file != NULL)
		report->format->bad_file(report, errors);
}

/* --- events ----------------------------------------------------------------------------------- */

int
report_wants_events(const struct report *report)
{
	switch (report->options.format) {
	case REPORT_TEXT:
		return report->options.trace || report->options.story;
	case REPORT_JSON:
	case REPORT_PERFETTO:
		return 1;
	case REPORT_TAP:
	case REPORT_JUNIT:
		break;
	}
	return 0;
}

static void
end_scene(struct report *report)
{
	if (report->in_scene)
		report->format->scene_end(report);
	report->in_scene = 0;
}

static void
take_event(void *ctx, const struct event *event)
{
	struct report *report = ctx;

	if (!report->in_scene || story_is_over(&report->scene, event)) {
		end_scene(report);
		if (event->kind == EVENT_STEP)
			decoder_step(&report->decoder, event->thread, event->step);
		story_begin(&report->scene, event);
		report->in_scene = 1;
		report->format->scene_begin(report);
	}
	story_add(&report->scene, &report->decoder, event);
	if (report->options.trace)
		report->format->event(report, event);
}

static void
take_event_alone(void *ctx, const struct event *event)
{
	struct report *report = ctx;

	if (event->kind == EVENT_STEP)
		decoder_step(&report->decoder, event->thread, event->step);
	report->format->event(report, event);
}

event_sink
report_event_sink(const struct report *report)
{
	if (!report_wants_events(report))
		return NULL;
	return report->format->scene_begin != NULL ? take_event : take_event_alone;
}

int
report_tells_explored(const struct report *report)
{
	return report->options.format == REPORT_PERFETTO;
}

/* --- scenarios -------------------------------------------------------------------------------- */

void
report_scenario(struct report *report, const struct scenario *scenario)
{
	report->scenario = scenario;
	report->in_scene = 0;
	if (!decoder_init(&report->decoder, scenario, report->options.trace))
		report->no_memory = 1;
	if (report->format->scenario != NULL)
		report->format->scenario(report);
}

const char *
report_unplayed(enum play_status status)
{
	switch (status) {
	case PLAY_DONE:
		break;
	case PLAY_NO_MEMORY:
		return "out of memory";
	case PLAY_OVER_LIMIT:
		return "the scenario writes more memory than a run may";
	case PLAY_OVER_CHOICES:
		return "more can have been cached, after so many changes, than a run follows";
	}
	return NULL;
}

const char *
report_unexplored(const struct report_finding *finding)
{
	switch (finding->result.end) {
	case EXPLORE_OVER_LIMIT:
		return "the scenario has more threads, memory, choices or moves than can be "
		    "explored";
	case EXPLORE_PROGRAMS:
		return "the scenario has programs, which do not store through buffers: expected no "
		    "'memory: tso'";
	case EXPLORE_NO_YIELD:
		return "a thread goes on and on, and lets no other thread go on";
	case EXPLORE_NO_MEMORY:
		return "out of memory";
	case EXPLORE_UNFIT:
		return "the same moves came to different ends: a mistake in the simulator";
	default:
		return NULL;
	}
}

const char *
report_reason(const struct report *report, enum play_status status)
{
	return report->finding != NULL ? report_unexplored(report->finding) :
	    report_unplayed(status);
}

void
report_outcome(struct report *report, enum play_status status, const struct play_outcome *outcome)
{
	const struct scenario *scenario = report->scenario;
	struct scn_mark mark = scenario->src.mark;

	end_scene(report);
	if (status != PLAY_DONE)
		report->counts.unplayed++;
	else if (outcome->passed)
		report->counts.passed++;
	else
		report->counts.failed++;
	if (status == PLAY_DONE && outcome->mismatches != 0)
		mark = outcome->mismatch[0].mark;
	if (status != PLAY_DONE || !outcome->passed)
		note_place(report, scenario->file, mark.line, mark.column);
	report->format->outcome(report, status, outcome);
	decoder_free(&report->decoder);
	report->scenario = NULL;
}

/* --- explorations ----------------------------------------------------------------------------- */

/* Outcomes that should have been found, as things that did not hold. */
static void
tell_missing(const struct scenario *scenario, uint64_t missing, struct play_outcome *outcome)
{
	static char expected[] = "some schedule to come to it", found[] = "none";

	for (; missing != 0; missing &= missing - 1) {
		const struct scn_reach *reach = &scenario->reach[__builtin_ctzll(missing)];
		struct play_mismatch *mismatch = &outcome->mismatch[outcome->mismatches++];

		memset(mismatch, 0, sizeof(*mismatch));
		mismatch->mark = reach->final.src.mark;
		mismatch->thread = mismatch->step = -1;
		mismatch->field = "reachable";
		mismatch->expected = expected;
		mismatch->found = found;
	}
}

static void
tell_not_covered(const struct scenario *scenario, const struct report_finding *finding,
    struct play_outcome *outcome, char *found, size_t room)
{
	static char expected[] = "all to be covered";
	const struct explore_stats *stats = &finding->result.stats;
	struct play_mismatch *mismatch = &outcome->mismatch[outcome->mismatches++];
	struct text_buffer buffer = { found, room, 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	text_str(&text, finding->result.end == EXPLORE_BYTES ? "the limit of memory after " :
	    "the limit of states after ");
	text_count(&text, stats->states, "state");
	text_str(&text, ": every schedule is covered up to ");
	text_count(&text, stats->depth, "move");
	text_str(&text, ", ");
	text_count(&text, stats->states - stats->visited, "state");
	text_str(&text, " not followed");
	memset(mismatch, 0, sizeof(*mismatch));
	mismatch->mark = scn_mark_of(&scenario->src, SCN_KEY_SCHEDULE);
	mismatch->thread = mismatch->step = -1;
	mismatch->field = "schedules";
	mismatch->expected = expected;
	mismatch->found = found;
}

void
report_explored(struct report *report, const struct report_finding *finding)
{
	struct play_mismatch mismatch[SCN_REACHES_MAX];
	struct play_outcome outcome = { .mismatch = mismatch };
	enum play_status status = PLAY_DONE;
	char found[128];

	switch (report_finding_verdict(report->scenario, finding)) {
	case REPORT_HOLDS:
		outcome.passed = true;
		break;
	case REPORT_VIOLATED:
		if (finding->run != NULL)
			outcome = finding->run->replayed.outcome;
		else
			tell_missing(report->scenario,
			    report_finding_missing(report->scenario, finding), &outcome);
		break;
	case REPORT_NOT_COVERED:
		tell_not_covered(report->scenario, finding, &outcome, found, sizeof(found));
		break;
	case REPORT_TOO_LARGE:
		status = PLAY_OVER_LIMIT;
		break;
	case REPORT_BROKEN:
		status = PLAY_NO_MEMORY;
		break;
	}
	report->finding = finding;
	report_outcome(report, status, &outcome);
	report->finding = NULL;
}

void
report_end(struct report *report)
{
	if (report->format->end != NULL)
		report->format->end(report);
}

int
report_is_good(const struct report *report)
{
	const struct report_counts *counts = &report->counts;

	return counts->failed == 0 && counts->unplayed == 0 && counts->bad_files == 0;
}

void
report_write_summary(struct text *text, const struct report *report)
{
	const struct report_counts *counts = &report->counts;

	text_count(text, counts->passed + counts->failed + counts->unplayed, "scenario");
	text_add(text, ": %" PRIu64 " passed, %" PRIu64 " failed", counts->passed, counts->failed);
	if (counts->unplayed != 0)
		text_add(text, ", %" PRIu64 " not played", counts->unplayed);
	if (counts->bad_files != 0) {
		text_str(text, ", ");
		text_count(text, counts->bad_files, "bad file");
	}
	if (!report_is_good(report)) {
		text_str(text, "; first: ");
		text_str(text, report->first);
	}
}

/* --- mismatches ------------------------------------------------------------------------------- */

void
report_write_mismatch(struct text *text, const struct scenario *scenario,
    const struct play_mismatch *mismatch)
{
	text_safe(text, scenario->file);
	text_add(text, ":%u:%u: ", (unsigned)mismatch->mark.line, (unsigned)mismatch->mark.column);
	text_safe(text, mismatch->field);
	text_str(text, ": expected ");
	text_safe(text, mismatch->expected);
	text_str(text, ", found ");
	text_safe(text, mismatch->found);
}

void
report_write_where(struct text *text, const struct scenario *scenario,
    const struct play_mismatch *mismatch)
{
	const struct scn_step *step = decode_find_step(scenario, mismatch->thread, mismatch->step);

	if (step == NULL)
		return;
	text_safe(text, decode_thread(scenario, mismatch->thread));
	text_add(text, ", step %d (", mismatch->step + 1);
	decode_operation(text, scenario, mismatch->thread, mismatch->step);
	text_str(text, ")");
	if (step->what != NULL) {
		text_str(text, ": ");
		text_safe(text, step->what);
	}
}
