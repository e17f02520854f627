/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drawings in the language of Graphviz.
 *
 * A box is an HTML-like table of which each row has ports: rN on its right, from which arrows
 * leave, lN on its left, h the heading; N counts the rows of the box.  Boxes are named after what
 * they show.  Text is set in one width, so that boxes fit whatever monospaced font is at hand.
 */
#include <inttypes.h>
#include <string.h>

#include "graph/graph_dot.h"

#define FONT "Courier,monospace"

/* --- looks ------------------------------------------------------------------------------------ */

/* How a border, or an arrow, shows a mark without colour. */
struct form {
	const char *sign;
	const char *border; /* attributes of a box */
	const char *arrow;  /* attributes of an arrow */
};

static const struct form forms[GRAPH_MARKS] = {
	[GRAPH_SAME] = { "", "BORDER=\"1\"", "" },
	[GRAPH_ADDED] = { "+", "BORDER=\"3\"", " penwidth=2.6" },
	[GRAPH_REMOVED] = { "-", "BORDER=\"2\" STYLE=\"dashed\"", " style=dashed penwidth=1.4" },
	[GRAPH_CHANGED] = { "~", "BORDER=\"2\" STYLE=\"dotted\"", " penwidth=1.4" },
};

static const struct graph_shade *
row_shade(const struct dot *dot, const struct graph_node *node, const struct graph_row *row)
{
	if (row->mark != GRAPH_SAME)
		return &dot->theme->mark[row->mark];
	if (row->kind == GRAPH_ROW_BAD)
		return &dot->theme->bad;
	return &dot->theme->part[node->part];
}

static const struct graph_shade *
node_shade(const struct dot *dot, const struct graph_node *node)
{
	if (node->failed)
		return &dot->theme->bad;
	if (node->mark != GRAPH_SAME)
		return &dot->theme->mark[node->mark];
	return &dot->theme->part[node->part];
}

/* Cells of a row that are not empty, but one at least. */
static unsigned
cells_of(const struct graph_row *row)
{
	unsigned cells = GRAPH_CELLS;

	while (cells > 1 && *row->cell[cells - 1] == '\0')
		cells--;
	return cells;
}

/* Columns of a box, without the one for marks. */
static unsigned
columns_of(const struct dot *dot, const struct graph_node *node)
{
	unsigned columns = 1;
	size_t i;

	for (i = node->row; i < node->row + node->rows; i++) {
		unsigned cells = cells_of(&dot->graph->row[i]);

		if (cells > columns)
			columns = cells;
	}
	return columns;
}

static void
put_tip(struct dot *dot, const char *string)
{
	dot_put_markup(dot, string, strlen(string), "&#10;");
}

/* --- boxes ------------------------------------------------------------------------------------ */

static bool
is_faint(const struct graph_row *row)
{
	return row->weak || row->kind == GRAPH_ROW_EMPTY || row->kind == GRAPH_ROW_ABSENT;
}

static void
begin_cell(struct dot *dot, const struct graph_node *node, const struct graph_row *row,
    bool first, unsigned span)
{
	const struct graph_shade *shade = row_shade(dot, node, row);
	struct text *text = &dot->text;

	text_add(text, "<TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" BORDER=\"1\" SIDES=\"%s\" COLOR=\"%s\" "
	    "BGCOLOR=\"%s\"", first ? "T" : "TL", dot->theme->part[node->part].line, shade->body);
	if (span > 1)
		text_add(text, " COLSPAN=\"%u\"", span);
	if (row->tip != NULL) {
		text_add(text, " HREF=\"#n%zu\" TITLE=\"", (size_t)(node - dot->graph->node));
		put_tip(dot, row->tip);
		text_str(text, "\"");
	}
}

static void
put_cell_text(struct dot *dot, const struct graph_row *row, const char *string)
{
	struct text *text = &dot->text;

	text_add(text, "<FONT COLOR=\"%s\">", is_faint(row) ? dot->theme->faint : dot->theme->ink);
	dot_put_html(dot, string);
	text_str(text, "</FONT></TD>\n");
}

static void
put_row(struct dot *dot, const struct graph_node *node, size_t index, unsigned columns)
{
	const struct graph_row *row = &dot->graph->row[index];
	unsigned cells = cells_of(row), i;
	size_t number = index - node->row;
	struct text *text = &dot->text;

	text_str(text, "<TR>");
	if (dot->graph->compares) {
		begin_cell(dot, node, row, true, 1);
		text_str(text, "><B>");
		text_add(text, "<FONT COLOR=\"%s\">%s</FONT>", dot->theme->ink,
		    *forms[row->mark].sign != '\0' ? forms[row->mark].sign : " ");
		text_str(text, "</B></TD>\n");
	}
	for (i = 0; i < cells; i++) {
		begin_cell(dot, node, row, i == 0 && !dot->graph->compares,
		    i == cells - 1 ? columns - i : 1);
		if (i == cells - 1)
			text_add(text, " PORT=\"r%zu\"", number);
		else if (i == 0)
			text_add(text, " PORT=\"l%zu\"", number);
		text_str(text, ">");
		put_cell_text(dot, row, row->cell[i]);
	}
	text_str(text, "</TR>\n");
}

static void
put_head(struct dot *dot, const struct graph_node *node, unsigned columns)
{
	const struct graph_shade *shade = node_shade(dot, node);
	struct text *text = &dot->text;

	text_str(text, "<TR><TD PORT=\"h\" ALIGN=\"LEFT\" BALIGN=\"LEFT\" BORDER=\"0\"");
	text_add(text, " BGCOLOR=\"%s\"", shade->head);
	if (columns > 1)
		text_add(text, " COLSPAN=\"%u\"", columns);
	text_add(text, "><FONT COLOR=\"%s\"><B>", dot->theme->ink);
	if (*forms[node->mark].sign != '\0')
		text_add(text, "%s ", forms[node->mark].sign);
	dot_put_html(dot, node->head);
	text_str(text, "</B></FONT>");
	if (node->sub != NULL) {
		text_add(text, "<BR ALIGN=\"LEFT\"/><FONT COLOR=\"%s\" POINT-SIZE=\"9\">",
		    dot->theme->ink);
		dot_put_html(dot, node->sub);
		text_str(text, "</FONT>");
	}
	text_str(text, "</TD></TR>\n");
}

static const char *
border_of(const struct graph_node *node)
{
	if (node->failed)
		return "BORDER=\"4\"";
	if (node->missing)
		return "BORDER=\"1\" STYLE=\"dashed\"";
	return forms[node->mark].border;
}

/* A reference of a walk: its number, large, beside what was read. */
static void
put_step(struct dot *dot, const struct graph_node *node)
{
	const struct graph_shade *shade = node_shade(dot, node);
	struct text *text = &dot->text;

	text_str(text, "<TR>");
	if (node->order != 0)
		text_add(text, "<TD BGCOLOR=\"%s\" WIDTH=\"30\"><FONT COLOR=\"%s\" "
		    "POINT-SIZE=\"16\"><B>%u</B></FONT></TD>", shade->head, dot->theme->ink,
		    node->order);
	text_add(text, "<TD ALIGN=\"LEFT\" BALIGN=\"LEFT\" BGCOLOR=\"%s\"", shade->body);
	if (node->tip != NULL) {
		text_add(text, " HREF=\"#n%zu\" TITLE=\"", (size_t)(node - dot->graph->node));
		put_tip(dot, node->tip);
		text_str(text, "\"");
	}
	text_add(text, "><FONT COLOR=\"%s\"><B>", dot->theme->ink);
	dot_put_html(dot, node->head);
	text_str(text, "</B>");
	if (node->sub != NULL) {
		text_str(text, "<BR ALIGN=\"LEFT\"/>");
		dot_put_html(dot, node->sub);
		if (strchr(node->sub, '\n') == NULL)
			text_str(text, "<BR ALIGN=\"LEFT\"/>");
	}
	text_str(text, "</FONT></TD></TR>\n");
}

static void
put_node(struct dot *dot, size_t index)
{
	const struct graph_node *node = &dot->graph->node[index];
	const struct graph_shade *shade = node_shade(dot, node);
	bool table = node->kind == GRAPH_NODE_TABLE || node->kind == GRAPH_NODE_PAGES ||
	    node->kind == GRAPH_NODE_REGISTER;
	unsigned columns = columns_of(dot, node);
	struct text *text = &dot->text;
	size_t i;

	dot_put_quoted(dot, node->name);
	text_add(text, " [id=\"n%zu\"", index);
	if (dot->graph->layout == GRAPH_WALK)
		text_add(text, " group=\"lane%u\"", node->lane);
	if (table && node->tip != NULL) {
		text_str(text, " tooltip=");
		dot_put_quoted(dot, node->tip);
	}
	text_add(text, " label=<\n<TABLE %s CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"5\" "
	    "COLOR=\"%s\" BGCOLOR=\"%s\">\n", border_of(node), shade->line, shade->body);
	if (table)
		put_head(dot, node, columns + (dot->graph->compares && node->rows != 0));
	else
		put_step(dot, node);
	for (i = node->row; i < node->row + node->rows; i++)
		put_row(dot, node, i, columns);
	text_str(text, "</TABLE>>];\n");
}

/* --- arrows ----------------------------------------------------------------------------------- */

static void
put_end(struct dot *dot, size_t node, size_t row, bool leaves)
{
	const struct graph_node *box = &dot->graph->node[node];
	struct text *text = &dot->text;

	dot_put_quoted(dot, box->name);
	if (row == GRAPH_NO_ROW) {
		if (!leaves)
			text_str(text, ":h:w");
		else
			text_str(text, ":h:e");
		return;
	}
	text_add(text, ":%s%zu:%s", leaves || cells_of(&dot->graph->row[row]) == 1 ? "r" : "l",
	    row - box->row, leaves ? "e" : "w");
}

static void
put_edge(struct dot *dot, const struct graph_edge *edge)
{
	const struct graph_node *from = &dot->graph->node[edge->from];
	enum graph_part part = edge->kind == GRAPH_EDGE_THROUGH ? GRAPH_MEMORY : from->part;
	struct text *text = &dot->text;
	const char *color = edge->mark != GRAPH_SAME ? dot->theme->mark[edge->mark].line :
	    dot->theme->part[part].line;

	put_end(dot, edge->from, edge->from_row, true);
	text_str(text, " -> ");
	put_end(dot, edge->to, edge->to_row, false);
	/* Two lines beside each other are the form of a change. */
	if (edge->mark == GRAPH_CHANGED)
		text_add(text, " [color=\"%s:%s:%s\"", color, dot->theme->paper, color);
	else
		text_add(text, " [color=\"%s\"", color);
	text_str(text, forms[edge->mark].arrow);
	if (edge->kind == GRAPH_EDGE_THROUGH)
		text_str(text, " style=dashed");
	text_str(text, "];\n");
}

/* --- walks ------------------------------------------------------------------------------------ */

static bool
are_connected(const struct graph *graph, size_t from, size_t to)
{
	size_t i;

	for (i = 0; i < graph->edges; i++) {
		if (graph->edge[i].from == from && graph->edge[i].to == to)
			return true;
	}
	return false;
}

/*
 * Keeps the boxes of a column below each other in the order of their lanes.  A second arrow between
 * two boxes, even an invisible one, would bend the first.
 */
static void
put_column(struct dot *dot, unsigned column)
{
	const struct graph *graph = dot->graph;
	struct text *text = &dot->text;
	size_t i, above = graph->nodes;

	text_str(text, "{ rank=same;");
	for (i = 0; i < graph->nodes; i++) {
		if (graph->node[i].column != column)
			continue;
		text_str(text, " ");
		if (above != graph->nodes && !are_connected(graph, above, i)) {
			dot_put_quoted(dot, graph->node[above].name);
			text_str(text, " -> ");
			dot_put_quoted(dot, graph->node[i].name);
			text_str(text, " [style=invis];");
		} else {
			dot_put_quoted(dot, graph->node[i].name);
			text_str(text, ";");
		}
		above = i;
	}
	text_str(text, " }\n");
}

static void
put_step_edge(struct dot *dot, const struct graph_edge *edge)
{
	const struct graph_node *from = &dot->graph->node[edge->from];
	const struct graph_node *to = &dot->graph->node[edge->to];
	struct text *text = &dot->text;
	const struct graph_shade *shade = to->failed ? &dot->theme->bad :
	    &dot->theme->part[from->column == to->column ? from->part : to->part];

	dot_put_quoted(dot, from->name);
	text_str(text, " -> ");
	dot_put_quoted(dot, to->name);
	text_add(text, " [color=\"%s\"%s%s];\n", shade->line,
	    from->column == to->column ? " penwidth=2" : " weight=100",
	    to->failed ? " style=bold" : "");
}

static void
put_walk(struct dot *dot)
{
	const struct graph *graph = dot->graph;
	unsigned column, columns = 0;
	size_t i;

	for (i = 0; i < graph->nodes; i++) {
		put_node(dot, i);
		if (graph->node[i].column >= columns)
			columns = graph->node[i].column + 1;
	}
	for (column = 0; column < columns; column++)
		put_column(dot, column);
	for (i = 0; i < graph->edges; i++)
		put_step_edge(dot, &graph->edge[i]);
}

/* --- tables ----------------------------------------------------------------------------------- */

static void
put_part(struct dot *dot, enum graph_part part)
{
	const struct graph *graph = dot->graph;
	struct text *text = &dot->text;
	bool framed = graph->label[part] != NULL;
	size_t i;

	if (framed) {
		text_add(text, "subgraph \"cluster_%s\" {\nlabel=<<FONT COLOR=\"%s\"><B>",
		    graph_part_name(part), dot->theme->ink);
		dot_put_html(dot, graph->label[part]);
		text_add(text, "</B></FONT>>; labeljust=l; style=rounded; penwidth=1; "
		    "color=\"%s\";\n", dot->theme->part[part].line);
	}
	for (i = 0; i < graph->nodes; i++) {
		if (graph->node[i].part == part)
			put_node(dot, i);
	}
	if (framed)
		text_str(text, "}\n");
}

/*
 * Puts one structure above the other.  Graphviz stacks what hangs together from below, in the order
 * in which it hears of it; so an invisible box leads to the registers, the last one first.
 */
static void
put_order(struct dot *dot)
{
	const struct graph *graph = dot->graph;
	struct text *text = &dot->text;
	size_t i, registers = 0;

	for (i = 0; i < graph->nodes; i++)
		registers += graph->node[i].kind == GRAPH_NODE_REGISTER;
	if (registers < 2)
		return;
	text_str(text, "\"order\" [shape=point, width=0, style=invis];\n");
	for (i = graph->nodes; i-- > 0;) {
		if (graph->node[i].kind != GRAPH_NODE_REGISTER)
			continue;
		text_str(text, "\"order\" -> ");
		dot_put_quoted(dot, graph->node[i].name);
		text_str(text, " [style=invis];\n");
	}
}

static void
put_tables(struct dot *dot)
{
	size_t i;
	int part;

	put_order(dot);
	for (part = 0; part < GRAPH_PARTS; part++)
		put_part(dot, (enum graph_part)part);
	for (i = 0; i < dot->graph->edges; i++)
		put_edge(dot, &dot->graph->edge[i]);
}

/*
 * Tables have the title above them and the legend below, which takes a frame around everything.
 * Lanes must not be in a frame, or Graphviz does not keep their order: they have both above them.
 */
static void
put_body(struct dot *dot)
{
	struct text *text = &dot->text;

	if (dot->graph->layout == GRAPH_TABLES) {
		text_str(text, "graph [labelloc=b, label=<");
		dot_put_legend(dot);
		text_str(text, ">];\nsubgraph \"cluster_all\" {\npenwidth=0; labelloc=t; "
		    "labeljust=l; label=<");
		dot_put_title(dot);
		text_str(text, ">;\n");
		put_tables(dot);
		text_str(text, "}\n");
		return;
	}
	text_str(text, "graph [labelloc=t, label=<<TABLE BORDER=\"0\" CELLBORDER=\"0\"><TR><TD "
	    "ALIGN=\"LEFT\">");
	dot_put_title(dot);
	text_str(text, "</TD></TR><TR><TD ALIGN=\"LEFT\">");
	dot_put_legend(dot);
	text_str(text, "</TD></TR></TABLE>>];\n");
	put_walk(dot);
}

void
graph_write_dot(const struct graph *graph, const struct graph_theme *theme,
    const struct scn_sink *sink)
{
	struct dot dot = { .graph = graph, .theme = theme };
	struct text *text = &dot.text;

	text_init(text, sink, 0);
	text_str(text, "digraph ");
	dot_put_quoted(&dot, graph->title);
	text_add(text, " {\ngraph [rankdir=LR, bgcolor=\"%s\", fontname=\"" FONT "\", fontsize=11, "
	    "nodesep=0.3, ranksep=%s, labeljust=l, pad=0.2, tooltip=\" \"];\n", theme->paper,
	    graph->layout == GRAPH_WALK ? "0.35" : "0.6");
	text_str(text, "node [shape=plain, fontname=\"" FONT "\", fontsize=10];\n"
	    "edge [arrowsize=0.7, fontname=\"" FONT "\", fontsize=9];\n");
	put_body(&dot);
	text_str(text, "}\n");
}
