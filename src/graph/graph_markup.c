/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Foreign text in DOT: the markup of Graphviz' HTML-like labels, and quoted strings.
 *
 * Whatever the bytes are, they come out as text: UTF-8 as it is, control characters and anything
 * else as \xNN.
 */
#include <string.h>

#include "graph/graph_dot.h"

/* Graphviz reads a backslash as the beginning of an escape. */
static const char *
entity_of(char c)
{
	return c == '\\' ? "\\\\" : text_entity(c);
}

/* U+FFFE and U+FFFF are UTF-8, but nothing that XML may hold. */
static bool
is_noncharacter(const char *s, size_t length)
{
	return length == 3 && memcmp(s, "\xef\xbf", 2) == 0 && (unsigned char)s[2] >= 0xbe;
}

void
dot_put_markup(struct dot *dot, const char *string, size_t size, const char *newline)
{
	struct text *text = &dot->text;

	while (size != 0) {
		size_t length = text_character(string, size);
		const char *entity = entity_of(*string);

		if (*string == '\n')
			text_str(text, newline);
		else if (entity != NULL)
			text_str(text, entity);
		else if (length == 0 || is_noncharacter(string, length))
			text_add(text, "\\\\x%02x", (unsigned)(unsigned char)*string);
		else
			text_put(text, string, length);
		if (length == 0 || is_noncharacter(string, length))
			length = 1;
		string += length;
		size -= length;
	}
}

void
dot_put_html(struct dot *dot, const char *string)
{
	/* Nothing at all would be a mistake of grammar. */
	if (*string == '\0')
		string = " ";
	dot_put_markup(dot, string, strlen(string), "<BR ALIGN=\"LEFT\"/>");
	if (strchr(string, '\n') != NULL)
		text_str(&dot->text, "<BR ALIGN=\"LEFT\"/>");
}

void
dot_put_quoted(struct dot *dot, const char *string)
{
	struct text *text = &dot->text;

	text_str(text, "\"");
	for (; *string != '\0'; string++) {
		size_t length = text_character(string, strlen(string));

		if (*string == '\n')
			text_str(text, "\\n");
		else if (*string == '"')
			text_str(text, "\\\"");
		else if (*string == '\\')
			text_str(text, "\\\\");
		else if (length == 0 || is_noncharacter(string, length))
			text_add(text, "\\\\x%02x", (unsigned)(unsigned char)*string);
		else
			text_put(text, string, length);
		string += length > 1 && !is_noncharacter(string, length) ? length - 1 : 0;
	}
	text_str(text, "\"");
}

