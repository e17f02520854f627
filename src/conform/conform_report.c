/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report: counts, differences, unknown names and errors, each bounded, so that no input makes
 * it grow without end.
 */
#include "conform/conform_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
conform_copy_text(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] != '\0' && i + 1 < size; i++)
		to[i] = (from[i] >= ' ' && from[i] <= '~') ? from[i] : '?';
	to[i] = '\0';
}

void
conform_report_init(struct conform_report *report)
{
	memset(report, 0, sizeof(*report));
	conform_copy_text(report->total.name, sizeof(report->total.name), "total");
}

void
conform_difference_free(struct conform_difference *difference)
{
	free(difference->file);
	free(difference->field);
	free(difference->why);
}

void
conform_report_free(struct conform_report *report)
{
	unsigned i;

	for (i = 0; i < report->differences; i++)
		conform_difference_free(&report->difference[i]);
	free(report->difference);
	for (i = 0; i < report->unknowns; i++)
		free(report->unknown[i].file);
	for (i = 0; i < report->errors; i++)
		free(report->error[i]);
	conform_report_init(report);
}

void
conform_report_memory(struct conform_report *report)
{
	report->environment_failed = true;
}

bool
conform_report_is_full(const struct conform_report *report)
{
	return report->errors_left_out != 0;
}

void
conform_report_error(struct conform_report *report, const char *file, uint64_t line,
    const char *format, ...)
{
	char message[512], place[32] = "", *text;
	size_t size;
	va_list args;

	if (report->errors == CONFORM_ERRORS_MAX) {
		report->errors_left_out++;
		return;
	}
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (line != 0)
		snprintf(place, sizeof(place), ":%llu", (unsigned long long)line);
	size = strlen(file) + strlen(place) + strlen(message) + sizeof(": ");
	text = malloc(size);
	if (text == NULL) {
		conform_report_memory(report);
		return;
	}
	snprintf(text, size, "%s%s: %s", file, place, message);
	report->error[report->errors++] = text;
}

void
conform_report_unknown(struct conform_report *report, const char *file, uint64_t line,
    enum conform_kind kind, const char *name)
{
	struct conform_unknown *unknown;
	char clean[CONFORM_NAME_SIZE];
	unsigned i;

	conform_copy_text(clean, sizeof(clean), name);
	for (i = 0; i < report->unknowns; i++) {
		unknown = &report->unknown[i];
		if (unknown->kind == kind && strcmp(unknown->name, clean) == 0) {
			unknown->count++;
			return;
		}
	}
	if (report->unknowns == CONFORM_UNKNOWNS_MAX) {
		report->unknowns_left_out++;
		return;
	}
	unknown = &report->unknown[report->unknowns];
	unknown->kind = kind;
	memcpy(unknown->name, clean, sizeof(clean));
	unknown->line = line;
	unknown->count = 1;
	unknown->file = strdup(file);
	if (unknown->file == NULL)
		conform_report_memory(report);
	else
		report->unknowns++;
}

static void
family_count(struct conform_family *family, enum conform_result result)
{
	family->cases++;
	family->agree += result == CONFORM_AGREES;
	family->differ += result == CONFORM_DIFFERS;
	family->unsupported += result == CONFORM_UNSUPPORTED;
}

/* Where the name of a family stands among those with a row of their own, or would stand. */
static unsigned
family_place(const struct conform_report *report, const char *name, bool *found)
{
	unsigned own = report->families < CONFORM_FAMILIES_MAX ? report->families :
	    CONFORM_FAMILIES_MAX;
	unsigned at = 0;
	int order = 1;

	while (at < own && (order = strcmp(report->family[at].name, name)) < 0)
		at++;
	*found = at < own && order == 0;
	return at;
}

const struct conform_family *
conform_family_of(const struct conform_report *report, const char *name)
{
	bool found;
	unsigned at = family_place(report, name, &found);

	if (found)
		return &report->family[at];
	return report->families > CONFORM_FAMILIES_MAX ? &report->family[CONFORM_FAMILIES_MAX] :
	    NULL;
}

/* The row of a family, kept in the order of names; past the bound the one that others share. */
static struct conform_family *
family_row(struct conform_report *report, const char *name)
{
	bool found;
	unsigned at = family_place(report, name, &found);

	if (found || report->families > CONFORM_FAMILIES_MAX)
		return &report->family[found ? at : CONFORM_FAMILIES_MAX];
	if (report->families == CONFORM_FAMILIES_MAX) {
		at = CONFORM_FAMILIES_MAX;
		name = "(others)";
	}
	memmove(&report->family[at + 1], &report->family[at],
	    (report->families - at) * sizeof(report->family[0]));
	report->families++;
	memset(&report->family[at], 0, sizeof(report->family[at]));
	conform_copy_text(report->family[at].name, sizeof(report->family[at].name), name);
	return &report->family[at];
}

void
conform_report_count(struct conform_report *report, const char *family,
    enum conform_result result)
{
	family_count(family_row(report, family), result);
	family_count(&report->total, result);
}

void
conform_report_difference(struct conform_report *report,
    const struct conform_difference *difference)
{
	struct conform_difference copy = *difference, *grown;

	grown = realloc(report->difference, (report->differences + 1) * sizeof(*grown));
	if (grown == NULL) {
		conform_difference_free(&copy);
		conform_report_memory(report);
		return;
	}
	report->difference = grown;
	report->difference[report->differences++] = copy;
}

enum conform_verdict
conform_verdict(const struct conform_report *report, const struct conform_options *options)
{
	if (report->environment_failed)
		return CONFORM_ENVIRONMENT;
	if (report->errors != 0 || (report->unknowns != 0 && !options->lenient))
		return CONFORM_BAD_INPUT;
	if (report->total.differ != 0 ||
	    (report->total.unsupported != 0 && !options->allow_unsupported))
		return CONFORM_DIFFERED;
	return CONFORM_HELD;
}
