/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of vkept-draw, the program that lays out and renders a drawing.
 *
 * It is a program of its own because Graphviz comes as shared libraries, which the program vkept,
 * linked fully statically, could not load.  So nothing that lays out a graph can harm vkept either.
 */
#ifndef VK_DRAW_DRAW_H
#define VK_DRAW_DRAW_H

#include <stdio.h>

/*
 * Lays out and renders a graph in the language of Graphviz, as "svg", "png" or "pdf".  NULL: what
 * is wrong stands on standard error.  The bytes are the caller's; they are never freed, since the
 * program ends with them.
 */
char *draw_render(const char *dot, const char *format, size_t *size);

/*
 * Writes an SVG without what depends on the version of Graphviz or on nothing: its comments.
 * Tooltips become <title> elements, which every viewer shows; the one font becomes a list of fonts
 * of the same width, said once.
 */
void draw_write_svg(const char *svg, size_t size, FILE *out);

/* Takes the time out of a PDF. */
void draw_settle_pdf(char *pdf, size_t size);

#endif
