/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An exploration in words.
 *
 * A violation is told as an outcome that did not hold, in the place where the scenario speaks of
 * it; what an exploration adds is said here: how much was covered, why it fails, what the threads
 * did.
 */
#include "report/report_explore.h"

#include <inttypes.h>
#include <string.h>

#include "report/report_formats.h"
#include "report/report_stale.h"

/* --- what it comes to ------------------------------------------------------------------------- */

uint64_t
report_wanted(const struct scenario *scenario)
{
	uint64_t bits = 0;
	size_t i;

	for (i = 0; i < scenario->reaches; i++)
		bits |= scenario->reach[i].wanted ? (uint64_t)1 << i : 0;
	return bits;
}

uint64_t
report_finding_missing(const struct scenario *scenario, const struct report_finding *finding)
{
	switch (finding->result.end) {
	case EXPLORE_COMPLETE:
	case EXPLORE_DEPTH:
		return report_wanted(scenario) & ~finding->result.reached;
	default:
		return 0; /* who knows */
	}
}

/* Whether the exploration came to the end of what it was to look at. */
static int
is_covered(const struct report_finding *finding)
{
	enum explore_end end = finding->result.end;

	return end == EXPLORE_COMPLETE || end == EXPLORE_DEPTH || end == EXPLORE_SAMPLED;
}

enum report_verdict
report_finding_verdict(const struct scenario *scenario, const struct report_finding *finding)
{
	switch (finding->result.end) {
	case EXPLORE_OVER_LIMIT:
	case EXPLORE_PROGRAMS:
	case EXPLORE_NO_YIELD:
		return REPORT_TOO_LARGE;
	case EXPLORE_NO_MEMORY:
	case EXPLORE_UNFIT:
		return REPORT_BROKEN;
	default:
		break;
	}
	if (finding->result.violation != EXPLORE_NONE)
		return REPORT_VIOLATED;
	if (!is_covered(finding))
		return REPORT_NOT_COVERED;
	return report_finding_missing(scenario, finding) != 0 ? REPORT_VIOLATED : REPORT_HOLDS;
}

/* --- how much was looked at ------------------------------------------------------------------- */

static void
write_bounds(struct text *text, const struct explore_options *options, enum explore_end end)
{
	if (options->bounded) {
		text_str(text, " with at most ");
		text_count(text, options->preemptions, "preemption");
	}
	if (end == EXPLORE_DEPTH) {
		text_str(text, options->bounded ? " and " : " of at most ");
		text_count(text, options->depth_max, "move");
	}
}

void
report_write_coverage(struct text *text, const struct report_finding *finding)
{
	const struct explore_stats *stats = &finding->result.stats;

	if (finding->search == REPORT_REPLAY) {
		text_str(text, "replayed");
		return;
	}
	if (finding->search == REPORT_RANDOM) {
		text_str(text, finding->run != NULL && finding->options->end_at_violation ?
		    "violated after " : "under ");
		text_count(text, stats->runs, "random schedule");
		text_add(text, " from seed %" PRIu64, finding->seed);
		return;
	}
	if (finding->run != NULL && finding->options->end_at_violation) {
		text_str(text, "violated after ");
		text_count(text, stats->states, "state");
		return;
	}
	if (!is_covered(finding))
		text_str(text, "not covered: ");
	else
		text_str(text, "under every schedule");
	if (is_covered(finding))
		write_bounds(text, finding->options, finding->result.end);
	text_str(text, is_covered(finding) ? " (" : "");
	text_count(text, stats->states, "state");
	text_str(text, is_covered(finding) ? ")" : "");
}

/* --- the cause -------------------------------------------------------------------------------- */

/* The step in which a thread was at a move, or -1. */
static int
step_at(const struct columns *columns, unsigned thread, size_t move)
{
	int step = -1;
	size_t i;

	for (i = 0; i < columns->rows; i++) {
		const struct columns_row *row = &columns->row[i];

		if (row->move != COLUMNS_NO_MOVE && row->move > move)
			break;
		if (row->thread == thread && row->kind == COLUMNS_STEP)
			step = row->step;
	}
	return step;
}

static void
write_step(struct text *text, const struct scenario *scenario, unsigned thread, int step)
{
	if (step < 0)
		return;
	text_add(text, "step %d: ", step + 1);
	decode_operation(text, scenario, (int)thread, step);
}

static void
write_moment(struct text *text, const struct scenario *scenario, struct columns *columns,
    const struct explore_moment *moment)
{
	int step = step_at(columns, moment->thread, moment->move);

	text_add(text, "%s %s ", scenario->thread[moment->thread].name,
	    cells_verb(&moment->touch));
	cells_write_name(text, &columns->cells, moment->touch.cell);
	text_add(text, " (move %zu%s", moment->move + 1, step < 0 ? "" : ", ");
	write_step(text, scenario, moment->thread, step);
	text_str(text, ")");
}

/* The last touch of a cell by a thread before a move, or NULL. */
static const struct columns_row *
touch_before(const struct columns *columns, watch_cell cell, unsigned thread, size_t move)
{
	const struct columns_row *found = NULL;
	size_t i;

	for (i = 0; i < columns->rows; i++) {
		const struct columns_row *row = &columns->row[i];

		if (row->kind == COLUMNS_TOUCH && row->thread == thread &&
		    row->touch.cell == cell && row->move < move)
			found = row;
	}
	return found;
}

/* Two touches in the order that decides; and a third, where the first comes in between. */
static void
write_order(struct text *text, const struct scenario *scenario, struct columns *columns,
    const struct explore_cause *cause)
{
	const struct explore_moment *first = &cause->first, *second = &cause->second;
	const struct columns_row *earlier = touch_before(columns, first->touch.cell,
	    second->thread, first->move);

	write_moment(text, scenario, columns, first);
	if (earlier != NULL)
		text_add(text, " after %s %s it (move %zu) and",
		    scenario->thread[second->thread].name, cells_verb(&earlier->touch),
		    earlier->move + 1);
	text_str(text, " before ");
	write_moment(text, scenario, columns, second);
	text_add(text, "; with move %zu before move %zu %s", second->move + 1, first->move + 1,
	    cause->holds ? "everything holds" : "this does not fail");
}

/* The last thing that a thread was seen to look at, or NULL. */
static const struct columns_row *
last_touch(const struct columns *columns, unsigned thread)
{
	size_t i;

	for (i = columns->rows; i-- != 0;) {
		if (columns->row[i].thread == thread && columns->row[i].kind == COLUMNS_TOUCH)
			return &columns->row[i];
	}
	return NULL;
}

static int
has_ended(const struct report_run *run, unsigned thread)
{
	enum scn_end end = run->replayed.outcome.end[thread];

	return end != SCN_END_BLOCKED && end != SCN_END_LIVELOCK;
}

static void
write_stuck(struct text *text, const struct scenario *scenario, struct report_run *run)
{
	const char *before = run->replayed.stop == EXPLORE_QUIET ? "nobody can go on: " :
	    "the end is out of reach: ";
	unsigned i;

	for (i = 0; i < scenario->threads; i++) {
		const struct columns_row *touch = last_touch(&run->columns, i);
		int step = step_at(&run->columns, i, COLUMNS_NO_MOVE - 1);

		if (has_ended(run, i))
			continue;
		text_add(text, "%s%s stands %s", before, scenario->thread[i].name,
		    step < 0 ? "before its first step" : "in ");
		write_step(text, scenario, i, step);
		if (touch != NULL) {
			text_str(text, ", where it ");
			columns_write_row(text, &run->columns, touch);
		}
		before = "; ";
	}
}

/* Whether what fails is a step that used a stale translation, or an end after one was used. */
static int
is_stale(const struct report_run *run)
{
	const struct columns_stale *stale = &run->columns.stale;
	const struct play_mismatch *mismatch = run->replayed.outcome.mismatch;

	if (!stale->seen || run->replayed.outcome.mismatches == 0)
		return 0;
	return mismatch->thread < 0 ||
	    (mismatch->thread == (int)stale->thread && mismatch->step == stale->step);
}

static void
write_stale(struct text *text, const struct scenario *scenario, const struct columns *columns)
{
	const struct columns_stale *stale = &columns->stale;

	text_add(text, "%s uses a cached translation of 0x%" PRIx64 " (",
	    scenario->thread[stale->thread].name, stale->address);
	write_step(text, scenario, stale->thread, stale->step);
	text_str(text, ") that its tables no longer hold: ");
	stale_write(text, scenario, &stale->history);
}

/* Whether threads took over from each other more often than they must. */
static int
is_interleaved(const struct scenario *scenario, const struct report_run *run)
{
	return explore_switches(&run->replayed.made) >= scenario->threads;
}

void
report_write_cause(struct text *text, const struct scenario *scenario,
    const struct report_finding *finding)
{
	const struct explore_cause *cause = &finding->cause;
	struct report_run *run = finding->run;

	if (run == NULL)
		return;
	if (finding->result.violation == EXPLORE_STUCK) {
		write_stuck(text, scenario, run);
	} else if (is_stale(run)) {
		write_stale(text, scenario, &run->columns);
		/* An order counts beside that where it let the translation live on. */
		if (cause->found && cause->second.move > run->columns.stale.change_move) {
			text_str(text, "; ");
			write_order(text, scenario, &run->columns, cause);
		}
	} else if (cause->found) {
		write_order(text, scenario, &run->columns, cause);
	} else if (explore_switches(&run->replayed.made) == 0) {
		text_str(text, "it takes one thread, whatever the others do");
	} else if (!is_interleaved(scenario, run)) {
		text_str(text, "it fails already when one thread goes after the other");
	} else {
		text_str(text, "it takes more than the order of two touches");
	}
}

void
report_cause_line(const struct report *report, char *line, size_t size)
{
	struct text_buffer buffer = { line, size, 0 };
	struct scn_sink sink = text_buffer_sink(&buffer);
	struct text text;

	text_init(&text, &sink, 0);
	report_write_cause(&text, report->scenario, report->finding);
}

void
report_write_title(const struct report *report, struct text *text)
{
	decode_title(text, report->scenario);
	if (report->finding == NULL || report_unexplored(report->finding) != NULL)
		return;
	text_str(text, ", ");
	report_write_coverage(text, report->finding);
}
