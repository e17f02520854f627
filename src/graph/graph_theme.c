/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Three themes: for a bright screen, for a dark one, and for paper without colour.
 *
 * Text has a contrast of at least 7 to what is behind it, faint text of 4.5, lines of 3 (WCAG 2.1);
 * a test computes it.
 */
#include "graph/graph_theme.h"

#include <string.h>

static const struct graph_theme themes[] = {
	{
		.name = "light",
		.paper = "#ffffff",
		.ink = "#1a1a1a",
		.faint = "#565656",
		.part = {
			[GRAPH_GUEST] = { "#1f5fa8", "#cfe0f5", "#f4f8fd" },
			[GRAPH_OUTER] = { "#a04a00", "#fadcc0", "#fef6ee" },
			[GRAPH_MEMORY] = { "#2e7d32", "#d0e8d0", "#f3faf3" },
			[GRAPH_SAYING] = { "#6b6b6b", "#e6e6e6", "#f7f7f7" },
		},
		.mark = {
			[GRAPH_ADDED] = { "#1b7a2f", "#bfeac8", "#dff5e3" },
			[GRAPH_REMOVED] = { "#b00020", "#f8cdcd", "#fde4e4" },
			[GRAPH_CHANGED] = { "#8a6100", "#ffe49a", "#fff3cf" },
		},
		.bad = { "#b00020", "#f8cdcd", "#fde4e4" },
	},
	{
		.name = "dark",
		.paper = "#14181d",
		.ink = "#eceef0",
		.faint = "#a9b1b9",
		.part = {
			[GRAPH_GUEST] = { "#6aa9f0", "#1d3b5c", "#182230" },
			[GRAPH_OUTER] = { "#f0a060", "#573310", "#2a2018" },
			[GRAPH_MEMORY] = { "#7cc88a", "#1f4a2a", "#18261c" },
			[GRAPH_SAYING] = { "#9aa0a6", "#33383e", "#20242a" },
		},
		.mark = {
			[GRAPH_ADDED] = { "#6fd08a", "#1c4a2a", "#17301f" },
			[GRAPH_REMOVED] = { "#ff8a8a", "#5a2020", "#3a1a1a" },
			[GRAPH_CHANGED] = { "#f0c050", "#4f3d10", "#332a12" },
		},
		.bad = { "#ff7b7b", "#5a2020", "#3a1a1a" },
	},
	{
		.name = "print",
		.paper = "#ffffff",
		.ink = "#000000",
		.faint = "#4a4a4a",
		.part = {
			[GRAPH_GUEST] = { "#000000", "#dcdcdc", "#ffffff" },
			[GRAPH_OUTER] = { "#000000", "#c4c4c4", "#ffffff" },
			[GRAPH_MEMORY] = { "#000000", "#eeeeee", "#ffffff" },
			[GRAPH_SAYING] = { "#555555", "#f2f2f2", "#ffffff" },
		},
		.mark = {
			[GRAPH_ADDED] = { "#000000", "#e6e6e6", "#e6e6e6" },
			[GRAPH_REMOVED] = { "#000000", "#ffffff", "#ffffff" },
			[GRAPH_CHANGED] = { "#000000", "#f2f2f2", "#f2f2f2" },
		},
		.bad = { "#000000", "#d0d0d0", "#d0d0d0" },
	},
};

const struct graph_theme *
graph_theme_at(size_t index)
{
	return index < sizeof(themes) / sizeof(themes[0]) ? &themes[index] : NULL;
}

const struct graph_theme *
graph_theme_find(const char *name)
{
	const struct graph_theme *theme;
	size_t i;

	for (i = 0; (theme = graph_theme_at(i)) != NULL; i++) {
		if (strcmp(theme->name, name) == 0)
			return theme;
	}
	return NULL;
}
