/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entries of one table as rows.
 */
#ifndef VK_GRAPH_GRAPH_ROWS_H
#define VK_GRAPH_GRAPH_ROWS_H

#include "graph/graph_tables.h"

/* Adds the rows of a table to the node that was added last, and the arrows that leave them. */
void graph_rows_add(struct graph_tables *tables, const struct graph_open *open,
    const struct graph_pages *pages);

#endif
