/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Listings of mappings, and their differences, as text and as JSON.
 */
#ifndef VK_REPORT_REPORT_MAPS_H
#define VK_REPORT_REPORT_MAPS_H

#include "maps/maps.h"
#include "report/report_line.h"

/* What stands in a line around the addresses.  A listing has it over and over: it is kept. */
#define MAPS_LINES 64u /* a power of two */
#define MAPS_LINE_SHORT 32u

struct maps_line {
	bool valid;
	uint64_t size, what;
	size_t middle_size, tail_size;
	char middle[256], tail[512];
};

enum maps_report_form { MAPS_REPORT_LIST, MAPS_REPORT_DIFFERENCES, MAPS_REPORT_COUNTS };

/* What a report is of, and how it looks. */
struct maps_subject {
	const struct view *view;
	enum maps_side side;
	enum maps_report_form form;
	int json;
	int quiet;           /* text without its heading */
	int color;           /* of text: differences */
	const char *name;    /* what is looked at; foreign text */
	const char *against; /* what it is compared with, likewise; NULL: with itself, or nothing */
	const struct maps_filter *filter; /* where it has a target, who leads there is located */
};

struct maps_report {
	struct lines lines;
	struct maps_line line[MAPS_LINES];
	const struct view *view;
	enum maps_side side;
	unsigned width;
	int json;
	int color;
	const struct maps_filter *filter;
	const char *array;       /* of JSON: what the ranges are members of */
	uint64_t listed;         /* ranges so far */
	uint64_t pages[VK_LEVELS + 1]; /* mappings counted, by level */
	uint64_t outer_pages[VK_LEVELS + 1]; /* of both sides: by the level of the outer leaf */
	uint64_t bytes;
	uint64_t unbacked, unbacked_bytes; /* of the guest's pages, in parts as they are listed */
};

void maps_report_begin(struct maps_report *report, const struct scn_sink *sink,
    const struct maps_subject *subject);

/* One mapping, several folded to one, and one that two states map differently. */
void maps_report_mapping(struct maps_report *report, const struct maps_mapping *mapping);
void maps_report_range(struct maps_report *report, const struct maps_range *range);
void maps_report_difference(struct maps_report *report, const struct maps_difference *difference);

/* Counts a mapping that is not to be listed. */
void maps_report_count(struct maps_report *report, const struct maps_mapping *mapping);

/* Counts of tables; of pages too, unless they were counted one by one. */
void maps_report_census(struct maps_report *report, enum maps_side side,
    const struct maps_census *census);
void maps_report_pages(struct maps_report *report);

void maps_report_end(struct maps_report *report);

#endif
