/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layout and rendering by Graphviz: libcgraph reads the graph, libgvc does the rest.
 *
 * The plugins are linked, not searched for, so that no configuration of the machine has a say.  For
 * SVG text is not measured with the fonts of the machine: Graphviz then takes each character of the
 * one font to be as wide as the font says it is, and the layout is the same everywhere.
 */
#include <graphviz/gvc.h>

#include <stddef.h>
#include <string.h>

#include "draw/draw.h"

extern gvplugin_library_t gvplugin_core_LTX_library;
extern gvplugin_library_t gvplugin_dot_layout_LTX_library;
extern gvplugin_library_t gvplugin_pango_LTX_library;

static char core_name[] = "gvplugin_core_LTX_library";
static char dot_name[] = "gvplugin_dot_layout_LTX_library";
static char pango_name[] = "gvplugin_pango_LTX_library";

static lt_symlist_t plain_plugins[] = {
	{ core_name, &gvplugin_core_LTX_library },
	{ dot_name, &gvplugin_dot_layout_LTX_library },
	{ NULL, NULL },
};

static lt_symlist_t pixel_plugins[] = {
	{ core_name, &gvplugin_core_LTX_library },
	{ dot_name, &gvplugin_dot_layout_LTX_library },
	{ pango_name, &gvplugin_pango_LTX_library },
	{ NULL, NULL },
};

char *
draw_render(const char *dot, const char *format, size_t *size)
{
	GVC_t *context = gvContextPlugins(strcmp(format, "svg") == 0 ? plain_plugins :
	    pixel_plugins, 0);
	char *bytes = NULL;
	unsigned length = 0;
	Agraph_t *graph;

	(void)agseterr(AGERR);
	graph = context != NULL ? agmemread(dot) : NULL;
	if (graph == NULL || gvLayout(context, graph, "dot") != 0 ||
	    gvRenderData(context, graph, format, &bytes, &length) != 0 || bytes == NULL ||
	    agerrors() >= AGERR) {
		fprintf(stderr, "vkept-draw: Graphviz cannot draw this graph\n");
		return NULL;
	}
	*size = length;
	return bytes;
}
