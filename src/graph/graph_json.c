/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Drawings for programs.
 *
 * Boxes refer to rows and to each other by number, as they stand in the lists.  Addresses and
 * entries are strings of hexadecimal digits.
 */
#include "graph/graph.h"
#include "report/report_json.h"

static void
put_row(struct json *json, const struct graph *graph, const struct graph_row *row)
{
	unsigned i;

	json_put_line_object(json, NULL);
	json_put_string(json, "kind", graph_row_kind_name(row->kind));
	if (graph->compares)
		json_put_string(json, "mark", graph_mark_name(row->mark));
	json_put_number(json, "first", row->first);
	json_put_number(json, "count", row->count);
	json_put_address(json, "address", row->address);
	json_put_address(json, "size", row->size);
	json_put_address(json, "entry", row->entry);
	if (row->mark != GRAPH_SAME)
		json_put_address(json, "before", row->before);
	json_put_address(json, "target", row->target);
	json_put_line_array(json, "text");
	for (i = 0; i < GRAPH_CELLS; i++) {
		if (*row->cell[i] != '\0')
			json_put_string(json, NULL, row->cell[i]);
	}
	json_put_end(json);
	json_put_end(json);
}

static void
put_node(struct json *json, const struct graph *graph, const struct graph_node *node)
{
	static const char *const kind[] = { "register", "table", "pages", "step", "question",
		"answer" };
	size_t i;

	json_put_object(json, NULL);
	json_put_string(json, "name", node->name);
	json_put_string(json, "kind", kind[node->kind]);
	json_put_string(json, "part", graph_part_name(node->part));
	if (graph->compares)
		json_put_string(json, "mark", graph_mark_name(node->mark));
	json_put_number(json, "level", node->level);
	json_put_address(json, "address", node->address);
	if (node->order != 0) {
		json_put_number(json, "order", node->order);
		json_put_address(json, "entry", node->entry);
		json_put_bool(json, "failed", node->failed);
	}
	json_put_bool(json, "missing", node->missing);
	json_put_string(json, "head", node->head);
	json_put_string(json, "sub", node->sub);
	json_put_array(json, "rows");
	for (i = node->row; i < node->row + node->rows; i++)
		put_row(json, graph, &graph->row[i]);
	json_put_end(json);
	json_put_end(json);
}

static void
put_edge(struct json *json, const struct graph *graph, const struct graph_edge *edge)
{
	static const char *const kind[GRAPH_EDGE_KINDS] = { "refers", "maps", "through", "step" };

	json_put_line_object(json, NULL);
	json_put_string(json, "kind", kind[edge->kind]);
	if (graph->compares)
		json_put_string(json, "mark", graph_mark_name(edge->mark));
	json_put_number(json, "from", edge->from);
	if (edge->from_row != GRAPH_NO_ROW)
		json_put_number(json, "from-row", edge->from_row - graph->node[edge->from].row);
	json_put_number(json, "to", edge->to);
	if (edge->to_row != GRAPH_NO_ROW)
		json_put_number(json, "to-row", edge->to_row - graph->node[edge->to].row);
	json_put_end(json);
}

void
graph_write_json(const struct graph *graph, const struct scn_sink *sink)
{
	struct json json;
	unsigned line;
	size_t i;

	json_put_init(&json, sink);
	json_put_object(&json, NULL);
	json_put_string(&json, "vkept", VKEPT_VERSION);
	json_put_string(&json, "title", graph->title);
	json_put_array(&json, "lines");
	for (line = 0; line < graph->lines; line++)
		json_put_string(&json, NULL, graph->line[line]);
	json_put_end(&json);
	json_put_array(&json, "nodes");
	for (i = 0; i < graph->nodes; i++)
		put_node(&json, graph, &graph->node[i]);
	json_put_end(&json);
	json_put_array(&json, "edges");
	for (i = 0; i < graph->edges; i++)
		put_edge(&json, graph, &graph->edge[i]);
	json_put_end(&json);
	json_put_end(&json);
}
