/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the writers of DOT share.  Not for other rooms.
 */
#ifndef VK_GRAPH_GRAPH_DOT_H
#define VK_GRAPH_GRAPH_DOT_H

#include "graph/graph.h"
#include "report/report_text.h"

struct dot {
	const struct graph *graph;
	const struct graph_theme *theme;
	struct text text;
};

/*
 * Text of any bytes as HTML-like text or as an attribute of it; `newline` stands for a line break.
 */
void dot_put_markup(struct dot *dot, const char *string, size_t size, const char *newline);

/* The same as text that is never empty, with each line ended. */
void dot_put_html(struct dot *dot, const char *string);

/* Text of any bytes in double quotes: the name of a graph or of a box, or a tooltip. */
void dot_put_quoted(struct dot *dot, const char *string);

/* The title with its lines, and the legend: tables of HTML-like text. */
void dot_put_title(struct dot *dot);
void dot_put_legend(struct dot *dot);

#endif
