/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A YAML file as a tree of nodes with marks; private to this room.
 */
#ifndef VK_SCENARIO_SCENARIO_NODE_H
#define VK_SCENARIO_SCENARIO_NODE_H

#include "scenario/scenario.h"
#include "scenario/scenario_arena.h"

enum scn_node_kind {
	SCN_NODE_SCALAR,
	SCN_NODE_LIST,
	SCN_NODE_MAP,  /* children are keys and values in turn */
	SCN_NODE_ALIAS /* stands for `u.target`, which is no alias */
};

struct scn_node {
	struct scn_mark mark;
	uint32_t count;     /* scalar: bytes; list: items; map: pairs */
	uint8_t kind;       /* enum scn_node_kind */
	uint8_t plain;      /* scalar without quotes */
	uint8_t dollar;     /* scalar with a '$' in it */
	union {
		const char *text; /* scalar; NUL-terminated, but may hold NULs */
		const struct scn_node *child; /* the first; the others by `next` */
		const struct scn_node *target;
	} u;
	const struct scn_node *next; /* of the same parent */
};

struct scn_tree {
	const struct scn_node *root; /* NULL when the file has no document */
	size_t nodes;                /* aliases expanded */
};

/* The node itself, or what it stands for. */
static inline const struct scn_node *
scn_node_real(const struct scn_node *node)
{
	return node->kind == SCN_NODE_ALIAS ? node->u.target : node;
}

struct scn_errlist;

/*
 * Parses a file.  The tree lives in `arena`.  SCENARIO_BAD: the errors have been recorded and the
 * tree is not to be used.
 */
enum scenario_status scn_yaml_parse(const char *text, size_t size, struct scn_arena *arena,
    struct scn_errlist *errors, struct scn_tree *tree);

#endif
