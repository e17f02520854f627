/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is made of the SVG and the PDF that Graphviz writes, whole and damaged; the pictures
 * themselves are in check_graph.sh.
 */
#define _XOPEN_SOURCE 700 /* open_memstream */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw/draw.h"

#define FONT                                                                                       \
	"font-family=\"'DejaVu Sans Mono',Menlo,'Liberation Mono',Consolas,monospace\" "

static const struct {
	const char *what, *svg, *expected;
} svgs[] = {
	{ "nothing", "", "" },
	{ "text stays", "<text>a &lt; b</text>\n", "<text>a &lt; b</text>\n" },
	{ "a comment goes, with its line", "a<!-- b -->\nc", "ac" },
	{ "what follows on its line stays", "a<!-- b --> c", "a c" },
	{ "a comment at the end", "a<!-- b -->", "a" },
	{ "a comment without an end", "a<!-- b -", "a" },
	{ "the beginning of one", "a<!-", "a<!-" },
	{ "the font is told once, at the top",
	    "<svg width=\"1\"><text font-family=\"Courier,monospace\" x=\"1\">",
	    "<svg " FONT "width=\"1\"><text x=\"1\">" },
	{ "another font stays", "<text font-family=\"Times\">", "<text font-family=\"Times\">" },
	{ "a tooltip becomes a title", "<a xlink:href=\"#b\" xlink:title=\"c\" x=\"1\">d</a>",
	    "<a xlink:href=\"#b\" x=\"1\"><title>c</title>d</a>" },
	{ "a blank one becomes none", "<a xlink:href=\"#b\" xlink:title=\" \">d</a>",
	    "<a xlink:href=\"#b\">d</a>" },
	{ "a link without one", "<a xlink:href=\"#b\">d</a>", "<a xlink:href=\"#b\">d</a>" },
	{ "that of another tag stays", "<a x=\"1\"><b xlink:title=\"c\">",
	    "<a x=\"1\"><b xlink:title=\"c\">" },
	{ "a link without an end", "<a xlink:href=\"#b", "<a xlink:href=\"#b" },
};

static void
an_svg_is_cleaned(void **state)
{
	size_t i, size;

	(void)state;
	for (i = 0; i < sizeof(svgs) / sizeof(svgs[0]); i++) {
		/* Without a terminator, so that a look beyond the end is noticed. */
		size_t length = strlen(svgs[i].svg);
		char *svg = malloc(length + (length == 0)), *written = NULL;
		FILE *out = open_memstream(&written, &size);

		assert_non_null(svg);
		assert_non_null(out);
		memcpy(svg, svgs[i].svg, length);
		draw_write_svg(svg, length, out);
		assert_int_equal(fclose(out), 0);
		if (strcmp(written, svgs[i].expected) != 0)
			fail_msg("%s: \"%s\", expected \"%s\"", svgs[i].what, written,
			    svgs[i].expected);
		free(written);
		free(svg);
	}
}

static const struct {
	const char *what, *pdf, *expected;
} pdfs[] = {
	{ "nothing", "", "" },
	{ "a date is that of the epoch", "<< /CreationDate (D:20261123054700+00'00)\n>>",
	    "<< /CreationDate (D:19700101000000+00'00)\n>>" },
	{ "no date", "<< /Producer (cairo) >>", "<< /Producer (cairo) >>" },
	{ "half a date", "/CreationDate (D:2026112305470", "/CreationDate (D:2026112305470" },
	{ "a date at the end", "/CreationDate (D:20261123054700",
	    "/CreationDate (D:19700101000000" },
	{ "its name alone", "/CreationDate (D:", "/CreationDate (D:" },
};

static void
a_pdf_has_no_time(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(pdfs) / sizeof(pdfs[0]); i++) {
		size_t length = strlen(pdfs[i].pdf);
		char *pdf = malloc(length + (length == 0));

		assert_non_null(pdf);
		memcpy(pdf, pdfs[i].pdf, length);
		draw_settle_pdf(pdf, length);
		if (memcmp(pdf, pdfs[i].expected, length) != 0)
			fail_msg("%s: \"%.*s\"", pdfs[i].what, (int)length, pdf);
		free(pdf);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_svg_is_cleaned),
		cmocka_unit_test(a_pdf_has_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
