/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures: vkept-draw, run for a graph.
 */
#ifndef VK_CLI_CLI_DRAW_H
#define VK_CLI_CLI_DRAW_H

#include "cli/cli.h"

/*
 * Has vkept-draw, which lies beside this program, make a picture of a graph: "svg", "png" or "pdf".
 * The picture goes to the output.  CLI_OK, or CLI_ENVIRONMENT with a complaint.
 */
enum cli_status cli_draw(struct cli *cli, const struct report_bytes *dot, const char *format);

#endif
