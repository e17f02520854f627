/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Graphviz writes, made the same for the same drawing, and good to look at.
 *
 * The SVG is one that Graphviz made: a comment, a tag and an attribute can be told by how they
 * begin, since text and attributes have their angle brackets escaped.
 */
#include <string.h>

#include "draw/draw.h"

#define FONT_BEFORE " font-family=\"Courier,monospace\""
#define FONT_AFTER                                                                                 \
	"font-family=\"'DejaVu Sans Mono',Menlo,'Liberation Mono',Consolas,monospace\" "
#define TITLE_BEFORE " xlink:title=\""

static size_t
begins(const char *at, const char *end, const char *with)
{
	size_t length = strlen(with);

	return (size_t)(end - at) >= length && memcmp(at, with, length) == 0 ? length : 0;
}

/* Behind the next `what`, or at the end. */
static const char *
behind(const char *at, const char *end, const char *what)
{
	for (; at < end; at++) {
		size_t length = begins(at, end, what);

		if (length != 0)
			return at + length;
	}
	return end;
}

/* A link's tag: its tooltip becomes its first child.  Returns what follows the tag. */
static const char *
write_link(const char *at, const char *end, FILE *out)
{
	const char *close = behind(at, end, ">"), *title, *after;

	title = behind(at, close, TITLE_BEFORE);
	after = behind(title, close, "\"");
	if (title == close) {
		(void)fwrite(at, 1, (size_t)(close - at), out);
		return close;
	}
	(void)fwrite(at, 1, (size_t)(title - at) - strlen(TITLE_BEFORE), out);
	(void)fwrite(after, 1, (size_t)(close - after), out);
	if (begins(title, close, " \"") == 0)
		fprintf(out, "<title>%.*s</title>", (int)(after - title - 1), title);
	return close;
}

void
draw_write_svg(const char *svg, size_t size, FILE *out)
{
	const char *at = svg, *end = svg + size;

	while (at < end) {
		if (begins(at, end, "<!--")) {
			at = behind(at, end, "-->");
			at += at < end && *at == '\n';
		} else if (begins(at, end, "<a ")) {
			at = write_link(at, end, out);
		} else if (begins(at, end, "<svg ")) {
			(void)fputs("<svg " FONT_AFTER, out);
			at += strlen("<svg ");
		} else if (begins(at, end, FONT_BEFORE)) {
			at += strlen(FONT_BEFORE);
		} else {
			(void)fputc(*at++, out);
		}
	}
}

void
draw_settle_pdf(char *pdf, size_t size)
{
	static const char epoch[] = "19700101000000";
	char *end = pdf + size;
	char *at = pdf + (behind(pdf, end, "/CreationDate (D:") - pdf);

	if ((size_t)(end - at) >= sizeof(epoch) - 1)
		memcpy(at, epoch, sizeof(epoch) - 1);
}
