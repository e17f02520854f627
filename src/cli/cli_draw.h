/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures: vkept-draw, run for a graph.
 */
#ifndef VK_CLI_CLI_DRAW_H
#define VK_CLI_CLI_DRAW_H

#include "cli/cli.h"

/* Bytes that grow as they are written to; a sink for what is not the result itself. */
struct cli_bytes {
	char *bytes;
	size_t size, room;
	int failed; /* out of memory: what was written is incomplete */
};

struct scn_sink cli_bytes_sink(struct cli_bytes *bytes);

/*
 * Has vkept-draw, which lies beside this program, make a picture of a graph: "svg", "png" or "pdf".
 * The picture goes to the output.  CLI_OK, or CLI_ENVIRONMENT with a complaint.
 */
enum cli_status cli_draw(struct cli *cli, const struct cli_bytes *dot, const char *format);

#endif
