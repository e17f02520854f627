/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A drawing before it is drawn: boxes with rows, arrows between them, and what the boxes mean.
 *
 * Who builds a drawing decides what it shows and in which words; who writes it decides how that
 * looks.  Both know the drawing as lists in a fixed order, so that equal input gives equal output.
 *
 * All strings belong to the drawing.  They may hold foreign bytes, which the writers make harmless.
 * Memory that runs out is remembered: everything may be called as if nothing had happened, and
 * graph_failed() tells at the end.
 */
#ifndef VK_GRAPH_GRAPH_MODEL_H
#define VK_GRAPH_GRAPH_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a box belongs to; decides its colours. */
enum graph_part {
	GRAPH_GUEST,  /* the guest's page table */
	GRAPH_OUTER,  /* the tables that guest-physical addresses go through */
	GRAPH_MEMORY, /* guest-physical memory, between the two */
	GRAPH_SAYING, /* no structure of the machine: headings and explanations */
	GRAPH_PARTS
};

/* How something differs between two states. */
enum graph_mark {
	GRAPH_SAME, /* or there is only one state */
	GRAPH_ADDED,
	GRAPH_REMOVED,
	GRAPH_CHANGED,
	GRAPH_MARKS
};

enum graph_row_kind {
	GRAPH_ROW_TABLE,  /* entries that refer to a table */
	GRAPH_ROW_PAGE,   /* entries that map a page */
	GRAPH_ROW_ABSENT, /* entries that are not present, but not zero either */
	GRAPH_ROW_BAD,    /* entries that the processor refuses: reserved bits, misconfigured */
	GRAPH_ROW_EMPTY,  /* entries that are zero */
	GRAPH_ROW_MORE,   /* entries that are left out */
	GRAPH_ROW_TEXT,   /* no entries */
	GRAPH_ROW_KINDS
};

#define GRAPH_CELLS 4

struct graph_row {
	enum graph_row_kind kind;
	enum graph_mark mark;
	bool weak;        /* drawn faint: nothing can be reached by it */
	unsigned first;   /* index of the first entry */
	unsigned count;   /* entries; 0 when the row is about none */
	uint64_t address; /* that the first entry translates, or that the row is about */
	uint64_t size;    /* bytes from there on */
	uint64_t entry;   /* the first entry */
	uint64_t before;  /* the same in the earlier state, when the mark says that it differs */
	uint64_t target;  /* address in the first entry */
	const char *cell[GRAPH_CELLS]; /* "" where there is nothing; the last spans the rest */
	const char *tip;  /* NULL: none */
};

enum graph_node_kind {
	GRAPH_NODE_REGISTER, /* where a structure begins */
	GRAPH_NODE_TABLE,
	GRAPH_NODE_PAGES,    /* a list of address ranges */
	GRAPH_NODE_STEP,     /* one reference of a walk */
	GRAPH_NODE_QUESTION, /* what a row of steps asks for */
	GRAPH_NODE_ANSWER    /* how it ended */
};

struct graph_node {
	enum graph_node_kind kind;
	enum graph_part part;
	enum graph_mark mark;
	bool missing;     /* it cannot be reached or read */
	bool failed;      /* a step that decided how the walk failed */
	bool shared;      /* several entries refer to it */
	unsigned level;   /* of tables and steps */
	unsigned order;   /* of a step of a walk, from 1; 0: none */
	unsigned lane;    /* of a walk: the row of the drawing, from 0 */
	unsigned column;  /* of a walk: from 0 */
	uint64_t address; /* of the table, or of the entry that a step reads */
	uint64_t before;  /* of the table in the earlier state, where two are compared */
	uint64_t entry;   /* of a step */
	const char *name; /* unique */
	const char *head; /* in bold */
	const char *sub;  /* under it; NULL: nothing */
	const char *tip;  /* NULL: none */
	size_t row, rows; /* the rows of the box: rows from graph->row[row] on */
};

#define GRAPH_NO_ROW SIZE_MAX

enum graph_edge_kind {
	GRAPH_EDGE_REFERS, /* an entry, or a register, to a table */
	GRAPH_EDGE_MAPS,   /* an entry to the guest-physical pages that it maps */
	GRAPH_EDGE_THROUGH,/* guest-physical pages to the outer entry that translates them */
	GRAPH_EDGE_STEP,   /* from one reference of a walk to the next */
	GRAPH_EDGE_KINDS
};

struct graph_edge {
	enum graph_edge_kind kind;
	enum graph_mark mark;
	size_t from, from_row; /* nodes, and rows of graph->row or GRAPH_NO_ROW: the box itself */
	size_t to, to_row;
};

/* A word of the drawing with its meaning. */
struct graph_word {
	enum graph_part part;
	const char *word;
	const char *meaning;
};

enum graph_layout {
	GRAPH_TABLES, /* levels in ranks */
	GRAPH_WALK    /* lanes and columns */
};

#define GRAPH_LINES_MAX 12

struct scn_arena;

struct graph {
	enum graph_layout layout;
	bool compares;     /* it shows the difference of two states */
	const char *title;
	const char *line[GRAPH_LINES_MAX]; /* under the title, from the most important on */
	unsigned lines;
	const char *label[GRAPH_PARTS];    /* over the boxes of a part; NULL: none */
	struct graph_node *node;
	size_t nodes, node_room;
	struct graph_row *row;
	size_t rows, row_room;
	struct graph_edge *edge;
	size_t edges, edge_room;
	struct graph_word *word;
	size_t words, word_room;
	struct scn_arena *arena;
	bool failed;
};

void graph_init(struct graph *graph);
void graph_free(struct graph *graph);

/* Whether memory ran out on the way. */
bool graph_failed(const struct graph *graph);

/* Text as printf makes it; cut where it is longer than GRAPH_TEXT_MAX. */
#define GRAPH_TEXT_MAX 4096
const char *graph_text(struct graph *graph, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a line under the title. */
void graph_add_line(struct graph *graph, const char *line);

/*
 * Each appends an element and returns its index; what it points to is valid until the next of its
 * kind.  The rows of a node are those added until the next node.
 */
size_t graph_add_node(struct graph *graph, const struct graph_node *node);
size_t graph_add_row(struct graph *graph, const struct graph_row *row);
size_t graph_add_edge(struct graph *graph, const struct graph_edge *edge);

/* Explains a word of a part's boxes, once however often it is asked to. */
void graph_add_word(struct graph *graph, enum graph_part part, const char *word,
    const char *meaning);

/* "guest", "outer" ...; "added" ...; the names of the formats for programs. */
const char *graph_part_name(enum graph_part part);
const char *graph_mark_name(enum graph_mark mark);
const char *graph_row_kind_name(enum graph_row_kind kind);

#endif
