/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as tables, drawn: as they are, as what differs between two roots, and as a walk.
 *
 * The first bytes choose the outer tables, the limits and the roots.  The memory repeats what
 * follows, so that few bytes make many tables.  Arrows must lead from a row to a box, rows must
 * account for all entries of a table, and whatever comes out is written as DOT and as JSON.
 */
#include <stdlib.h>
#include <string.h>

#include "base/access.h"
#include "graph/graph.h"
#include "support/support_alone.h"
#include "view/view_explain.h"

#define PAGES 32u
#define HEAD  8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t memory[PAGES * VK_TABLE_ENTRIES];

static void
check(bool condition)
{
	if (!condition)
		abort();
}

static void
drop(void *ctx, const char *text, size_t size)
{
	size_t *sum = ctx;

	*sum += size + (text[0] == '\0');
}

/* Words of the input; most of those that are present lead to where there is memory. */
static void
fill(const uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < PAGES * VK_TABLE_ENTRIES; i++) {
		uint64_t word = 0;

		memcpy(&word, data + i * 3 % (size - 7), 8);
		if ((word >> 40 & 3) != 0)
			word &= VK_BITS(63, 52) | (uint64_t)(2 * PAGES - 1) << 12 | 0xfff;
		if ((word >> 42 & 7) == 0 || (word & 0x700) == 0x700)
			word = 0;
		memory[i] = word;
	}
}

static void
view_make(struct view *view, const uint8_t *head)
{
	struct guestpt_mode mode = { .cr0 = VK_CR0_PG, .cr3 = (uint64_t)(head[0] % PAGES) << 12,
		.efer = head[1] & 1 ? VK_EFER_NXE : 0, .cr4 = head[1] & 2 ? VK_CR4_LA57 : 0,
		.page1g = head[1] >> 2 & 1, .maxphyaddr = 32 + head[2] % 21 };
	uint64_t outer = (uint64_t)(head[3] % PAGES) << 12;
	struct guestpt_mode host = { .cr3 = outer, .page1g = 1, .maxphyaddr = mode.maxphyaddr };
	struct image *image = image_create();
	struct ept ept;

	check(image != NULL && image_append(image, 0, sizeof(memory), (unsigned char *)memory));
	view_init(view, image, &mode, 3);
	if (head[1] & 8)
		view_set_npt(view, &host);
	else if ((head[1] & 16) && ept_init(&ept, image_hpm(image), outer | 0x1e, ~0ull, 0,
	    mode.maxphyaddr) == EPTP_VALID)
		view_set_ept(view, &ept);
}

static void
check_graph(const struct graph *graph)
{
	struct scn_sink sink;
	size_t i, j, sum = 0;

	check(!graph_failed(graph));
	for (i = 0; i < graph->edges; i++) {
		const struct graph_edge *edge = &graph->edge[i];

		check(edge->from < graph->nodes && edge->to < graph->nodes);
		check(edge->from_row == GRAPH_NO_ROW ||
		    edge->from_row - graph->node[edge->from].row < graph->node[edge->from].rows);
		check(edge->to_row == GRAPH_NO_ROW ||
		    edge->to_row - graph->node[edge->to].row < graph->node[edge->to].rows);
	}
	for (i = 0; i < graph->nodes; i++) {
		const struct graph_node *node = &graph->node[i];
		unsigned entries = 0;

		for (j = node->row; j < node->row + node->rows; j++)
			entries += graph->row[j].count;
		check(node->kind != GRAPH_NODE_TABLE || entries == 0 ||
		    entries == VK_TABLE_ENTRIES);
	}
	sink = (struct scn_sink){ drop, &sum };
	graph_write_dot(graph, graph_theme_at(0), &sink);
	graph_write_json(graph, &sink);
	check(sum > 100);
}

static void
draw_tables(const struct view *before, const struct view *after, const uint8_t *head)
{
	struct graph_request request = { .before = before, .after = after, .guest = true,
		.outer = true, .limit = GRAPH_LIMIT_LEAST + head[4] % 12,
		.rows = GRAPH_ROWS_LEAST + head[5] % 12, .ranged = (head[1] & 32) != 0 };
	struct graph graph;

	request.start = (uint64_t)head[6] << 40;
	request.last = request.start + ((uint64_t)head[7] << 32);
	graph_init(&graph);
	if (graph_draw_tables(&graph, &request))
		check_graph(&graph);
	graph_free(&graph);
}

static void
draw_walk(const struct view *view, const uint8_t *head)
{
	static struct explanation why;
	struct graph graph;
	uint64_t gva = (uint64_t)head[6] << 39 | (uint64_t)head[7] << 12;
	hpa_t absent = vk_hpa(0);
	enum view_status status = view_explain(view, vk_gva(gva), 1,
	    VK_ACC_R << head[5] % 3, VIEW_EITHER, &why, &absent);

	graph_init(&graph);
	graph_draw_walk(&graph, view, &why, status == VIEW_OK ? NULL : &absent.v);
	check_graph(&graph);
	graph_free(&graph);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view one, other;
	uint8_t head[HEAD];

	if (size < HEAD + 16)
		return 0;
	memcpy(head, data, HEAD);
	fill(data + HEAD, size - HEAD);
	view_make(&one, head);
	head[0] = (uint8_t)(head[0] + 1 + head[4] % 3);
	view_make(&other, head);
	draw_tables(NULL, &one, head);
	draw_tables(&one, &other, head);
	draw_walk(&one, head);
	view_free(&one);
	view_free(&other);
	return 0;
}
