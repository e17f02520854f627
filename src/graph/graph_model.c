/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lists that a drawing consists of.
 *
 * They only grow.  Once memory has run out an addition is dropped and the index of a place that
 * exists is returned, so that builders need not look after each call.
 */
#include "graph/graph_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/scenario_arena.h"

void
graph_init(struct graph *graph)
{
	memset(graph, 0, sizeof(*graph));
	graph->title = "";
	graph->arena = scn_arena_new();
	graph->failed = graph->arena == NULL;
}

void
graph_free(struct graph *graph)
{
	free(graph->node);
	free(graph->row);
	free(graph->edge);
	free(graph->word);
	scn_arena_free(graph->arena);
	memset(graph, 0, sizeof(*graph));
}

bool
graph_failed(const struct graph *graph)
{
	return graph->failed;
}

const char *
graph_text(struct graph *graph, const char *format, ...)
{
	char buf[GRAPH_TEXT_MAX];
	const char *text = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(buf, sizeof(buf), format, args);
	va_end(args);
	if (length >= (int)sizeof(buf))
		length = (int)sizeof(buf) - 1;
	if (length >= 0 && !graph->failed)
		text = scn_arena_copy(graph->arena, buf, (size_t)length);
	if (text == NULL)
		graph->failed = true;
	return text != NULL ? text : "";
}

void
graph_add_line(struct graph *graph, const char *line)
{
	if (graph->lines < GRAPH_LINES_MAX)
		graph->line[graph->lines++] = line;
}

/* The list with room for one more element of `size` bytes; as it was when memory runs out. */
static void *
with_room(struct graph *graph, void *list, size_t used, size_t *room, size_t size)
{
	size_t wanted = *room != 0 ? 2 * *room : 32;
	void *grown;

	if (graph->failed || used < *room)
		return list;
	grown = realloc(list, wanted * size);
	if (grown == NULL) {
		graph->failed = true;
		return list;
	}
	*room = wanted;
	return grown;
}

size_t
graph_add_node(struct graph *graph, const struct graph_node *node)
{
	struct graph_node *added;

	graph->node = with_room(graph, graph->node, graph->nodes, &graph->node_room,
	    sizeof(*node));
	if (graph->failed)
		return 0;
	added = &graph->node[graph->nodes];
	*added = *node;
	added->row = graph->rows;
	added->rows = 0;
	return graph->nodes++;
}

size_t
graph_add_row(struct graph *graph, const struct graph_row *row)
{
	struct graph_row *added;
	size_t i;

	graph->row = with_room(graph, graph->row, graph->rows, &graph->row_room, sizeof(*row));
	if (graph->failed)
		return 0;
	added = &graph->row[graph->rows];
	*added = *row;
	for (i = 0; i < GRAPH_CELLS; i++) {
		if (added->cell[i] == NULL)
			added->cell[i] = "";
	}
	graph->node[graph->nodes - 1].rows++;
	return graph->rows++;
}

size_t
graph_add_edge(struct graph *graph, const struct graph_edge *edge)
{
	graph->edge = with_room(graph, graph->edge, graph->edges, &graph->edge_room,
	    sizeof(*edge));
	if (graph->failed)
		return 0;
	graph->edge[graph->edges] = *edge;
	return graph->edges++;
}

void
graph_add_word(struct graph *graph, enum graph_part part, const char *word, const char *meaning)
{
	struct graph_word added = { part, word, meaning };
	size_t i;

	for (i = 0; i < graph->words; i++) {
		if (graph->word[i].part == part && strcmp(graph->word[i].word, word) == 0 &&
		    strcmp(graph->word[i].meaning, meaning) == 0)
			return;
	}
	graph->word = with_room(graph, graph->word, graph->words, &graph->word_room,
	    sizeof(added));
	if (!graph->failed)
		graph->word[graph->words++] = added;
}

/* --- names ------------------------------------------------------------------------------------ */

const char *
graph_part_name(enum graph_part part)
{
	static const char name[GRAPH_PARTS][8] = {
		[GRAPH_GUEST] = "guest",
		[GRAPH_OUTER] = "outer",
		[GRAPH_MEMORY] = "memory",
		[GRAPH_SAYING] = "text",
	};

	return name[part];
}

const char *
graph_mark_name(enum graph_mark mark)
{
	static const char name[GRAPH_MARKS][8] = {
		[GRAPH_SAME] = "same",
		[GRAPH_ADDED] = "added",
		[GRAPH_REMOVED] = "removed",
		[GRAPH_CHANGED] = "changed",
	};

	return name[mark];
}

const char *
graph_row_kind_name(enum graph_row_kind kind)
{
	static const char name[GRAPH_ROW_KINDS][8] = {
		[GRAPH_ROW_TABLE] = "table",
		[GRAPH_ROW_PAGE] = "page",
		[GRAPH_ROW_ABSENT] = "absent",
		[GRAPH_ROW_BAD] = "bad",
		[GRAPH_ROW_EMPTY] = "empty",
		[GRAPH_ROW_MORE] = "more",
		[GRAPH_ROW_TEXT] = "text",
	};

	return name[kind];
}
