/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said around a drawing: its title with the lines under it, and the legend.
 *
 * The legend explains the signs and the words that occur in the drawing, and no others.
 */
#include <string.h>

#include "graph/graph_dot.h"

#define TITLE_WIDTH 128 /* characters of a line under the title */

/* A paragraph, broken between words. */
static void
put_wrapped(struct dot *dot, const char *string, size_t width)
{
	struct text *text = &dot->text;

	while (*string != '\0') {
		size_t length = strcspn(string, "\n"), cut = length;

		if (length > width) {
			for (cut = width; cut > 0 && string[cut] != ' '; cut--)
				;
			cut = cut != 0 ? cut : width;
			/* Not in the middle of a character. */
			while (cut < length && ((unsigned char)string[cut] & 0xc0) == 0x80)
				cut++;
		}
		dot_put_markup(dot, string, cut, "");
		text_str(text, "<BR ALIGN=\"LEFT\"/>");
		string += cut + (string[cut] == ' ' || string[cut] == '\n');
	}
}

void
dot_put_title(struct dot *dot)
{
	const struct graph *graph = dot->graph;
	struct text *text = &dot->text;
	unsigned i;

	text_add(text, "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLPADDING=\"2\"><TR><TD "
	    "ALIGN=\"LEFT\" BALIGN=\"LEFT\"><FONT POINT-SIZE=\"18\" COLOR=\"%s\"><B>",
	    dot->theme->ink);
	dot_put_html(dot, graph->title);
	text_str(text, "</B></FONT></TD></TR>\n");
	for (i = 0; i < graph->lines; i++) {
		text_add(text, "<TR><TD ALIGN=\"LEFT\" BALIGN=\"LEFT\"><FONT POINT-SIZE=\"12\" "
		    "COLOR=\"%s\">", dot->theme->ink);
		put_wrapped(dot, graph->line[i], TITLE_WIDTH);
		text_str(text, "</FONT></TD></TR>\n");
	}
	text_str(text, "</TABLE>");
}

enum when { WHEN_TABLES, WHEN_WALK, WHEN_COMPARED, WHEN_THROUGH, WHEN_MISSING,
	WHEN_FAILED };

struct sign {
	enum when when;
	struct graph_word line;
	enum graph_mark mark; /* whose colours it has, or GRAPH_SAME: its part's */
};

static const struct sign signs[] = {
	{ WHEN_TABLES, { GRAPH_SAYING, "[0-3]", "entries 0 to 3, folded into one row" },
	    GRAPH_SAME },
	{ WHEN_TABLES, { GRAPH_SAYING, "-->", "an entry leads to a table or to pages" },
	    GRAPH_SAME },
	{ WHEN_THROUGH, { GRAPH_MEMORY, "- ->", "which entry of the host decides where it is" },
	    GRAPH_SAME },
	{ WHEN_MISSING, { GRAPH_SAYING, "dashed", "a table that the processor cannot reach" },
	    GRAPH_SAME },
	{ WHEN_COMPARED, { GRAPH_SAYING, "+", "only in the later state: thick lines" },
	    GRAPH_ADDED },
	{ WHEN_COMPARED, { GRAPH_SAYING, "-", "only in the earlier state: dashed lines" },
	    GRAPH_REMOVED },
	{ WHEN_COMPARED, { GRAPH_SAYING, "~", "changed: dotted boxes, double arrows" },
	    GRAPH_CHANGED },
	{ WHEN_COMPARED, { GRAPH_SAYING, "+A -D", "flag A was set, flag D was cleared" },
	    GRAPH_CHANGED },
	{ WHEN_WALK, { GRAPH_SAYING, "1 2 3", "the order in which the processor reads" },
	    GRAPH_SAME },
	{ WHEN_FAILED, { GRAPH_SAYING, "X", "the entry that decided, and what came of it" },
	    GRAPH_SAME },
};

#define LEGEND_COLUMNS 3
#define LEGEND_LINES 24

struct legend_line {
	const char *word, *meaning;
	const char *fill; /* behind the word */
};

/* The lines of the legend, in columns. */
struct legend {
	struct legend_line line[LEGEND_COLUMNS][LEGEND_LINES];
	unsigned lines[LEGEND_COLUMNS];
};

static void
legend_add(struct legend *legend, unsigned column, const struct graph_word *word,
    const char *fill)
{
	struct legend_line line = { word->word, word->meaning, fill };

	if (legend->lines[column] < LEGEND_LINES)
		legend->line[column][legend->lines[column]++] = line;
}

static bool
is_when(const struct graph *graph, enum when when)
{
	size_t i;

	switch (when) {
	case WHEN_TABLES:
		return graph->layout == GRAPH_TABLES;
	case WHEN_WALK:
		return graph->layout == GRAPH_WALK;
	case WHEN_COMPARED:
		return graph->compares;
	case WHEN_THROUGH:
		for (i = 0; i < graph->edges; i++) {
			if (graph->edge[i].kind == GRAPH_EDGE_THROUGH)
				return true;
		}
		return false;
	case WHEN_MISSING:
		for (i = 0; i < graph->nodes; i++) {
			if (graph->node[i].missing)
				return true;
		}
		return false;
	case WHEN_FAILED:
		for (i = 0; i < graph->nodes; i++) {
			if (graph->node[i].failed)
				return true;
		}
		return false;
	}
	return false;
}

static void
gather_legend(const struct dot *dot, struct legend *legend)
{
	const struct graph *graph = dot->graph;
	const struct graph_theme *theme = dot->theme;
	size_t i;

	memset(legend, 0, sizeof(*legend));
	for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		const struct sign *sign = &signs[i];

		if (is_when(graph, sign->when))
			legend_add(legend, 0, &sign->line, sign->mark != GRAPH_SAME ?
			    theme->mark[sign->mark].head : theme->part[sign->line.part].head);
	}
	for (i = 0; i < graph->words; i++)
		legend_add(legend, graph->word[i].part == GRAPH_GUEST ? 1 : 2, &graph->word[i],
		    theme->part[graph->word[i].part].head);
}

static void
put_legend_line(struct dot *dot, const struct legend_line *line)
{
	struct text *text = &dot->text;

	if (line->word == NULL) {
		text_str(text, "<TD> </TD><TD> </TD>");
		return;
	}
	text_add(text, "<TD ALIGN=\"LEFT\" BGCOLOR=\"%s\"><FONT COLOR=\"%s\"><B>", line->fill,
	    dot->theme->ink);
	dot_put_html(dot, line->word);
	text_add(text, "</B></FONT></TD><TD ALIGN=\"LEFT\"><FONT COLOR=\"%s\">", dot->theme->ink);
	dot_put_html(dot, line->meaning);
	text_str(text, "   </FONT></TD>");
}

void
dot_put_legend(struct dot *dot)
{
	static const char heading[LEGEND_COLUMNS][32] = { "legend", "flags of the guest's entries",
		"flags of the host's entries" };
	struct text *text = &dot->text;
	struct legend legend;
	unsigned column, line, lines = 0;

	gather_legend(dot, &legend);
	text_add(text, "<TABLE BORDER=\"1\" COLOR=\"%s\" CELLBORDER=\"0\" CELLPADDING=\"2\">"
	    "<TR>", dot->theme->part[GRAPH_SAYING].line);
	for (column = 0; column < LEGEND_COLUMNS; column++) {
		if (legend.lines[column] == 0)
			continue;
		if (legend.lines[column] > lines)
			lines = legend.lines[column];
		text_add(text, "<TD COLSPAN=\"2\" ALIGN=\"LEFT\"><FONT COLOR=\"%s\"><B>%s</B>"
		    "   </FONT></TD>", dot->theme->ink, heading[column]);
	}
	text_str(text, "</TR>\n");
	for (line = 0; line < lines; line++) {
		text_str(text, "<TR>");
		for (column = 0; column < LEGEND_COLUMNS; column++) {
			if (legend.lines[column] != 0)
				put_legend_line(dot, &legend.line[column][line]);
		}
		text_str(text, "</TR>\n");
	}
	text_str(text, "</TABLE>");
}

