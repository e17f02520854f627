/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The colours of a drawing.  Nothing is said by colour alone: marks, words and the style of lines
 * say it, too.
 */
#ifndef VK_GRAPH_GRAPH_THEME_H
#define VK_GRAPH_GRAPH_THEME_H

#include "graph/graph_model.h"

/* "#rrggbb" each. */
struct graph_shade {
	const char *line; /* borders and arrows, on paper and beside the fills */
	const char *head; /* behind the heading */
	const char *body; /* behind the rows */
};

struct graph_theme {
	const char *name;
	const char *paper;
	const char *ink;   /* text, on paper and on every fill */
	const char *faint; /* text of what leads nowhere, on paper and on every body */
	struct graph_shade part[GRAPH_PARTS];
	struct graph_shade mark[GRAPH_MARKS]; /* GRAPH_SAME is unused */
	struct graph_shade bad;               /* what the processor refuses, what failed */
};

/* The theme of that name, or NULL. */
const struct graph_theme *graph_theme_find(const char *name);

/* Themes in order; NULL from the last on. */
const struct graph_theme *graph_theme_at(size_t index);

#define GRAPH_THEME_NAMES "light|dark|print"

#endif
