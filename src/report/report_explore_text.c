/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An exploration for people: cause, columns, outcomes and figures, under the scenario's line.
 */
#include "report/report_formats.h"

#include <inttypes.h>
#include <string.h>

#define INDENT 6
#define STATES_TO_MEASURE 100000u /* of fewer, what one takes says nothing */
#define LINE_WIDTH 100u

/* Words over as many lines as they need. */
static void
write_words(struct text *text, const char *words, unsigned indent)
{
	while (*words != '\0') {
		size_t word = strcspn(words, " ");

		if (text->column + 1 + word > LINE_WIDTH)
			text_str(text, "\n");
		if (text->column < indent)
			text_to(text, indent);
		else
			text_str(text, " ");
		text_put(text, words, word);
		words += word;
		words += strspn(words, " ");
	}
	text_str(text, "\n");
}

static void
write_schedule(struct text *text, struct report_run *run, size_t shortest)
{
	const struct explore_schedule *made = &run->replayed.made;

	text_to(text, INDENT);
	text_count(text, made->moves, "move");
	text_str(text, ", ");
	text_count(text, explore_switches(made), "change");
	text_str(text, " of thread");
	if (shortest > made->moves)
		text_add(text, "; found with %zu moves", shortest);
	text_str(text, ":\n");
	columns_write(text, &run->columns, made->moves, INDENT);
}

static void
write_failing(struct report *report)
{
	const struct report_finding *finding = report->finding;
	struct text *text = &report->text;
	char cause[REPORT_LINE_SIZE];

	report_cause_line(report, cause, sizeof(cause));
	if (cause[0] != '\0') {
		text_to(text, INDENT);
		text_style(text, TEXT_STRONG);
		text_str(text, "cause:");
		text_style(text, TEXT_PLAIN);
		write_words(text, cause, INDENT + 2);
	}
	write_schedule(text, finding->run, finding->shortest);
	if (finding->saved == NULL)
		return;
	text_to(text, INDENT);
	text_str(text, "saved; to run it again: vkept explore --replay ");
	text_safe(text, finding->saved);
	text_str(text, " ");
	text_safe(text, report->scenario->file);
	text_str(text, "\n");
}

/* "the new flag with the old data (12:7)". */
static void
write_outcome_name(struct text *text, const struct scn_reach *reach)
{
	if (reach->what != NULL)
		text_safe(text, reach->what);
	else
		text_str(text, "the outcome");
	text_add(text, " (%u:%u)", (unsigned)reach->final.src.mark.line,
	    (unsigned)reach->final.src.mark.column);
}

static void
write_witness(struct report *report, size_t outcome)
{
	const struct report_finding *finding = report->finding;
	struct text *text = &report->text;

	text_to(text, INDENT);
	text_str(text, "a way to: ");
	text_style(text, TEXT_STRONG);
	write_outcome_name(text, &report->scenario->reach[outcome]);
	text_style(text, TEXT_PLAIN);
	text_str(text, "\n");
	write_schedule(text, &finding->witness[outcome], 0);
}

static void
write_reached(struct report *report)
{
	const struct scenario *scenario = report->scenario;
	const struct report_finding *finding = report->finding;
	uint64_t wanted = report_wanted(scenario), reached = finding->result.reached & wanted;
	struct text *text = &report->text;
	size_t i;

	if (wanted == 0)
		return;
	text_to(text, INDENT);
	text_add(text, "reachable outcomes: %u of %u found",
	    (unsigned)__builtin_popcountll(reached),
	    (unsigned)__builtin_popcountll(wanted));
	/* Where they had to be found they have been told of. */
	for (i = 0; i < scenario->reaches && report_finding_missing(scenario, finding) == 0; i++) {
		if ((wanted & ~reached) >> i & 1) {
			text_str(text, "\n");
			text_to(text, INDENT + 2);
			text_str(text, "not found: ");
			write_outcome_name(text, &scenario->reach[i]);
		}
	}
	text_str(text, "\n");
}

static void
write_figures(struct report *report)
{
	const struct report_finding *finding = report->finding;
	const struct explore_stats *stats = &finding->result.stats;
	struct text *text = &report->text;

	if (finding->search == REPORT_REPLAY)
		return;
	text_to(text, INDENT);
	text_str(text, "explored: ");
	if (finding->search == REPORT_RANDOM)
		text_count(text, stats->runs, "run");
	else
		text_count(text, stats->states, "state");
	text_str(text, ", ");
	text_count(text, finding->search == REPORT_RANDOM ? stats->live_moves : stats->moves,
	    "move");
	text_str(text, ", ");
	text_count(text, stats->ends, "end");
	text_add(text, ", depth %" PRIu64, stats->depth);
	text_str(text, "\n");
	if (report->options.details < 2)
		return;
	text_to(text, INDENT);
	text_count(text, stats->cells, "cell");
	text_add(text, " that change, %" PRIu64 " of them shared", stats->shared);
	if (finding->search != REPORT_RANDOM)
		text_add(text, "; %" PRIu64 " places", stats->places);
	if (stats->states >= STATES_TO_MEASURE)
		text_add(text, "; %" PRIu64 " bytes a state", stats->state_bytes);
	text_str(text, "\n");
	if (finding->search == REPORT_RANDOM)
		return;
	text_to(text, INDENT);
	text_count(text, stats->live_moves, "move");
	text_str(text, " made by the code itself, in ");
	text_count(text, stats->runs, "run");
	text_str(text, " and ");
	text_add(text, "%" PRIu64 " %s\n", stats->passes, stats->passes == 1 ? "pass" : "passes");
}

void
report_explored_text(struct report *report)
{
	const struct report_finding *finding = report->finding;
	size_t i;

	if (finding->run != NULL)
		write_failing(report);
	if (report->options.details == 0)
		return;
	write_figures(report);
	write_reached(report);
	if (report->options.details < 2 || finding->witness == NULL)
		return;
	for (i = 0; i < finding->result.witnesses; i++) {
		if (finding->result.witness[i].move != NULL && report->scenario->reach[i].wanted)
			write_witness(report, i);
	}
}
